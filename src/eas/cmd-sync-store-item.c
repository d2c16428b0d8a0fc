/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "str.h"
#include "store.h"
#include "store-blob.h"
#include "store-conflict.h"
#include "pim-attach.h"
#include "pim-item.h"
#include "eas-meeting.h"
#include "cmd-sync-store.h"

/* What a command's content makes of an item. */
struct item_applied {
	string_t *text;
	struct store_item_props props;
	/* another item that the change makes, NULL = none */
	string_t *more;
	/* the item is not what the device has after its command */
	bool tell;
	/* whom others are told of it; text NULL = nobody */
	struct eas_meeting_plan plan;
};

const char *eas_sync_store_instance(struct eas_sync_store *ctx,
				    const struct wbxml_node *node)
{
	return ctx->class->has_instances && node->tag != EAS_AIRSYNC_ADD &&
		ctx->sync->req->version >= EAS_VERSION_16_0 ?
		wbxml_child_text(node, EAS_AIRSYNCBASE_INSTANCE_ID) : NULL;
}

/* An occurrence is deleted without any. */
static const struct wbxml_node *item_data(const struct wbxml_node *node)
{
	return node->tag == EAS_AIRSYNC_DELETE ? NULL :
		wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
}

static int
item_read_props(const string_t *text, struct store_item_props *props_r,
		const char **error_r)
{
	struct pim_item_props props;

	if (pim_item_props_read(str_data(text), str_len(text), &props,
				error_r) < 0)
		return -1;
	props_r->pim_uid = props.uid;
	props_r->name = props.name;
	props_r->first_day = props.first_day;
	props_r->last_day = props.last_day;
	return 0;
}

/* Returns 0, or -1 if the content is wrong (logged). */
static int
item_apply(struct eas_sync_store *ctx, const struct wbxml_node *data,
	   const char *instance, const struct store_item *old,
	   struct item_applied *new_r)
{
	struct eas_request *req = ctx->sync->req;
	struct eas_class_apply apply;
	guid_128_t guid;

	guid_128_generate(guid);
	i_zero(new_r);
	i_zero(&apply);
	apply.req = req;
	apply.old = old;
	apply.data = data;
	apply.instance_id = instance;
	apply.supported = &ctx->supported;
	apply.options = &ctx->coll->state.options;
	apply.now = ioloop_time;
	apply.new_uid = guid_128_to_string(guid);
	apply.text = t_str_new(1024);
	if (ctx->class->apply(&apply) < 0 ||
	    item_read_props(apply.text, &new_r->props, &apply.error) < 0) {
		e_info(req->event, "Folder %s: Device sent a wrong item: %s",
		       ctx->coll->id, apply.error == NULL ? "" : apply.error);
		return -1;
	}
	new_r->text = apply.text;
	new_r->more = apply.more;
	new_r->tell = apply.tell;
	return 0;
}

static enum eas_sync_status item_put_status(enum store_put put)
{
	switch (put) {
	case STORE_PUT_OK:
		return EAS_SYNC_STATUS_SUCCESS;
	case STORE_PUT_GONE:
		return EAS_SYNC_STATUS_NOT_FOUND;
	case STORE_PUT_NOQUOTA:
		return EAS_SYNC_STATUS_NO_SPACE;
	case STORE_PUT_TOO_LARGE:
		return EAS_SYNC_STATUS_INVALID_ITEM;
	case STORE_PUT_FAILED:
		break;
	}
	return EAS_SYNC_STATUS_SERVER_ERROR;
}

/* Meetings: from 16.0 on others are told of the change, and new->text becomes what is
   to be stored; if that is not what the device sent it has to get it. */
static void
item_plan_meeting(struct eas_sync_store *ctx, const struct store_item *old,
		  struct item_applied *new)
{
	if (ctx->class->kind != STORE_KIND_CALENDAR ||
	    eas_meeting_plan(ctx->sync->req, old, new->text, &new->plan) == 0)
		return;
	ctx->sync->meetings_changed = TRUE;
	if (!str_equals(new->text, new->plan.text)) {
		new->text = new->plan.text;
		new->tell = TRUE;
	}
}

/* -- conflicts -- */

/* Before the version that loses is changed: its attachments are kept with it. num_r may be
   NULL. */
static int
item_keep_conflict(struct eas_sync_store *ctx, uint32_t uid, bool device_won,
		   const char *won, const char *lost, uint32_t *num_r)
{
	ARRAY_TYPE(uint32_t) blobs;
	struct store_conflict conflict;

	t_array_init(&blobs, 4);
	pim_attach_list(lost, strlen(lost), &blobs);
	i_zero(&conflict);
	conflict.folder = ctx->coll->folder->pim_id;
	conflict.uid = uid;
	conflict.device = ctx->sync->req->device_id;
	conflict.device_won = device_won;
	conflict.won = won;
	conflict.lost = lost;
	if (store_conflict_add(ctx->sync->req->store, &conflict, &blobs) < 0)
		return -1;
	if (num_r != NULL)
		*num_r = conflict.num;
	e_info(ctx->sync->req->event, "Folder %s: Conflict about item %u: "
	       "the %s version is kept as conflict %u", ctx->coll->id, uid,
	       device_won ? "server's" : "device's", conflict.num);
	return 0;
}

/* Did somebody else change it after the device's version? Others may have done so after the
   look as well. */
static bool
item_is_conflict(struct eas_sync_store *ctx, const struct store_item *item)
{
	const struct sync_state *state = &ctx->coll->state.sync;

	if (item->modseq == eas_sync_journal_modseq(ctx, item->uid))
		return FALSE;
	return item->modseq > state->status.modseq ||
		sync_device_conflicts(state, item->uid);
}

/* -- writing -- */

static bool
item_has_attachments(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	const struct wbxml_node *data =
		wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);

	return ctx->class->attach != NULL &&
		ctx->sync->req->version >= EAS_VERSION_16_0 &&
		wbxml_node_child(data, EAS_AIRSYNCBASE_ATTACHMENTS) != NULL;
}

/* What the item that was just written gets attached. text is what was written. */
static int
item_attach(struct eas_sync_store *ctx, const struct wbxml_node *node,
	    const char *text, size_t size, struct eas_sync_store_done *done)
{
	struct eas_request *req = ctx->sync->req;
	struct store_item_props props;
	struct eas_class_apply apply;
	enum store_put put = STORE_PUT_OK;
	struct store_item item;
	int ret;

	if (!item_has_attachments(ctx, node))
		return 0;
	i_zero(&item);
	item.folder = ctx->coll->folder->pim_id;
	item.uid = done->uid;
	item.text = text;
	item.size = size;
	i_zero(&apply);
	apply.req = req;
	apply.old = &item;
	apply.data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	apply.instance_id = eas_sync_store_instance(ctx, node);
	apply.text = t_str_new(item.size + 512);
	ret = ctx->class->attach(&apply, &put);
	if (ret > 0) {
		if (item_read_props(apply.text, &props, &apply.error) < 0)
			i_unreached();
		put = store_item_change(req->store, item.folder, item.uid,
					&props, str_c(apply.text),
					str_len(apply.text), &done->modseq);
		ctx->modified = TRUE;
		/* What new ones are called has a place in the response of an Add
		   only: a Change gets the item. */
		if (node->tag != EAS_AIRSYNC_ADD)
			done->tell = TRUE;
	} else if (ret < 0 && put == STORE_PUT_OK) {
		e_info(req->event, "Folder %s: Device sent a wrong attachment: "
		       "%s", ctx->coll->id, apply.error);
		done->status = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	done->status = item_put_status(put);
	return put == STORE_PUT_FAILED ? -1 : 0;
}

/* It names the blobs of the one it was copied from: it gets its own. One whose content is gone keeps
   its number, and is none. */
static enum store_put
item_copy_blobs(struct eas_sync_store *ctx, uint32_t uid,
		const struct store_item_props *props, string_t *more)
{
	struct store *store = ctx->sync->req->store;
	struct store_blob blob;
	ARRAY_TYPE(uint32_t) nums;
	struct istream *input;
	enum store_put put;
	uint32_t *nump;
	string_t *text;
	int ret;

	t_array_init(&nums, 4);
	pim_attach_list(str_c(more), str_len(more), &nums);
	if (array_count(&nums) == 0)
		return STORE_PUT_OK;
	array_foreach_modifiable(&nums, nump) {
		ret = store_blob_get(store, pool_datastack_create(), *nump,
				     &blob);
		if (ret == 0)
			continue;
		input = ret < 0 ? NULL : store_blob_open(store, *nump);
		if (input == NULL)
			return STORE_PUT_FAILED;
		blob.folder = ctx->coll->folder->pim_id;
		blob.uid = uid;
		put = store_blob_add(store, &blob, input);
		i_stream_unref(&input);
		if (put != STORE_PUT_OK)
			return put;
		*nump = blob.num;
	}
	text = t_str_new(str_len(more) + 64);
	pim_attach_renumber(str_c(more), str_len(more), array_front(&nums),
			    text);
	return store_item_change(store, ctx->coll->folder->pim_id, uid, props,
				 str_c(text), str_len(text), NULL);
}

/* The item that a change makes beside the one it changes. */
static enum store_put
item_add_more(struct eas_sync_store *ctx, string_t *more)
{
	struct store *store = ctx->sync->req->store;
	uint32_t folder = ctx->coll->folder->pim_id, uid;
	struct store_item_props props;
	enum store_put put;
	const char *error;
	int ret;

	if (item_read_props(more, &props, &error) < 0) {
		e_error(ctx->sync->req->event, "Folder %s: Item made by a "
			"change: %s", ctx->coll->id, error);
		return STORE_PUT_TOO_LARGE;
	}
	ret = store_item_find(store, folder, props.pim_uid, &uid);
	if (ret != 0)
		return ret < 0 ? STORE_PUT_FAILED : STORE_PUT_OK;
	put = store_item_add(store, folder, &props, str_c(more), str_len(more),
			     &uid, NULL);
	return put != STORE_PUT_OK ? put :
		item_copy_blobs(ctx, uid, &props, more);
}

/* old NULL = it is a new item */
static enum store_put
item_put(struct eas_sync_store *ctx, const struct store_item *old,
	 const struct item_applied *new, struct eas_sync_store_done *done)
{
	struct store *store = ctx->sync->req->store;
	uint32_t folder = ctx->coll->folder->pim_id;
	enum store_put put = STORE_PUT_OK;

	if (new->more != NULL)
		put = item_add_more(ctx, new->more);
	if (put != STORE_PUT_OK)
		return put;
	return old == NULL ?
		store_item_add(store, folder, &new->props, str_c(new->text),
			       str_len(new->text), &done->uid, &done->modseq) :
		store_item_change(store, folder, old->uid, &new->props,
				  str_c(new->text), str_len(new->text),
				  &done->modseq);
}

/* The item's new text, its attachments, and the mails about it. */
static int
item_write_parts(struct eas_sync_store *ctx, const struct wbxml_node *node,
		 const struct store_item *old, const struct item_applied *new,
		 struct eas_sync_store_done *done)
{
	enum store_put put = item_put(ctx, old, new, done);

	done->status = item_put_status(put);
	if (put != STORE_PUT_OK)
		return put == STORE_PUT_FAILED ? -1 : 0;
	ctx->modified = TRUE;
	if (item_attach(ctx, node, str_c(new->text), str_len(new->text),
			done) < 0)
		return -1;
	return done->status != EAS_SYNC_STATUS_SUCCESS ||
		new->plan.text == NULL ? 0 :
		eas_meeting_tell(ctx->sync->req, &new->plan);
}

/* All of it or nothing. old NULL = it is a new item; new NULL = the text stays as it is. */
static int
item_write(struct eas_sync_store *ctx, const struct wbxml_node *node,
	   const struct store_item *old, const struct item_applied *new,
	   struct eas_sync_store_done *done)
{
	struct store *store = ctx->sync->req->store;
	bool parts = item_has_attachments(ctx, node) ||
		(new != NULL && new->more != NULL);
	int ret;

	if (parts && store_savepoint(store) < 0)
		return -1;
	ret = new != NULL ? item_write_parts(ctx, node, old, new, done) :
		item_attach(ctx, node, old->text, old->size, done);
	if (ret < 0)
		return -1;
	return !parts ? 0 : store_savepoint_end(store,
			done->status != EAS_SYNC_STATUS_SUCCESS);
}

/* -- commands -- */

int eas_sync_store_item_change(struct eas_sync_store *ctx,
			       const struct wbxml_node *node,
			       const struct store_item *item,
			       struct eas_sync_store_done *done_r)
{
	struct item_applied new;
	uint32_t num = 0;
	bool conflict;

	i_zero(done_r);
	done_r->uid = item->uid;
	if (item_apply(ctx, item_data(node),
		       eas_sync_store_instance(ctx, node), item, &new) < 0) {
		done_r->status = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	if (str_len(new.text) == item->size &&
	    memcmp(str_data(new.text), item->text, item->size) == 0) {
		/* both want the same */
		done_r->status = EAS_SYNC_STATUS_SUCCESS;
		done_r->modseq = item->modseq;
		done_r->tell = new.tell;
		return item_write(ctx, node, item, NULL, done_r);
	}
	conflict = item_is_conflict(ctx, item);
	if (conflict && ctx->coll->state.options.conflict != 0 &&
	    node->tag != EAS_AIRSYNC_ADD) {
		/* the server wins; its version goes to the device with the
		   same answer */
		done_r->status = EAS_SYNC_STATUS_CONFLICT;
		return item_keep_conflict(ctx, item->uid, FALSE, item->text,
					  str_c(new.text), NULL);
	}
	item_plan_meeting(ctx, item, &new);
	done_r->tell = new.tell || conflict;
	if (conflict && item_keep_conflict(ctx, item->uid, TRUE,
					   str_c(new.text), item->text,
					   &num) < 0)
		return -1;
	if (item_write(ctx, node, item, &new, done_r) < 0)
		return -1;
	return !conflict || done_r->status == EAS_SYNC_STATUS_SUCCESS ? 0 :
		store_conflict_remove(ctx->sync->req->store, num) < 0 ? -1 : 0;
}

int eas_sync_store_item_add(struct eas_sync_store *ctx,
			    const struct wbxml_node *node,
			    struct eas_sync_store_done *done_r)
{
	struct store *store = ctx->sync->req->store;
	uint32_t folder = ctx->coll->folder->pim_id;
	struct item_applied new;
	struct store_item item;
	int ret;

	i_zero(done_r);
	if (item_apply(ctx, item_data(node), NULL, NULL, &new) < 0) {
		done_r->status = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	ret = store_item_find(store, folder, new.props.pim_uid, &done_r->uid);
	/* [MS-ASCAL] 2.2.2.13: "to detect if the item being added already
	   exists" */
	if (ret > 0 && (!sync_device_has(&ctx->coll->state.sync, done_r->uid) ||
			wbxml_node_child(item_data(node),
					 EAS_CALENDAR_CLIENT_UID) != NULL)) {
		ret = store_item_get(store, pool_datastack_create(), folder,
				     done_r->uid, &item);
		if (ret > 0) {
			ret = eas_sync_store_item_change(ctx, node, &item,
							 done_r);
			done_r->tell = TRUE;
			return ret;
		}
	}
	if (ret < 0)
		return -1;
	item_plan_meeting(ctx, NULL, &new);
	done_r->tell = new.tell;
	return item_write(ctx, node, NULL, &new, done_r);
}

int eas_sync_store_item_delete(struct eas_sync_store *ctx,
			       const struct store_item *item,
			       enum eas_sync_status *status_r)
{
	*status_r = EAS_SYNC_STATUS_SUCCESS;
	if (item_is_conflict(ctx, item)) {
		if (ctx->coll->state.options.conflict != 0) {
			/* the server's version comes back to the device */
			*status_r = EAS_SYNC_STATUS_CONFLICT;
			return 0;
		}
		if (item_keep_conflict(ctx, item->uid, TRUE, NULL,
				       item->text, NULL) < 0)
			return -1;
	}
	if (store_item_remove(ctx->sync->req->store, item->folder,
			      item->uid) < 0)
		return -1;
	ctx->modified = TRUE;
	if (ctx->class->kind != STORE_KIND_CALENDAR)
		return 0;
	ctx->sync->meetings_changed = TRUE;
	return eas_meeting_deleted(ctx->sync->req, item);
}

int eas_sync_store_item_gone(struct eas_sync_store *ctx,
			     const struct wbxml_node *node, uint32_t uid)
{
	struct item_applied new;

	/* an occurrence is nothing by itself */
	if (eas_sync_store_instance(ctx, node) != NULL ||
	    item_apply(ctx, item_data(node), NULL, NULL, &new) < 0)
		return 0;
	return item_keep_conflict(ctx, uid, FALSE, NULL, str_c(new.text), NULL);
}
