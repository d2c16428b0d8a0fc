/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "sha2.h"
#include "store.h"
#include "store-conflict.h"
#include "store-state.h"
#include "pim-item.h"
#include "eas-meeting.h"
#include "cmd-sync.h"

/* What a device did to the items of a store's folder, in one transaction of the store.

   The transaction has a journal in it: which command with this SyncKey has made which UID and
   modseq. A process that is killed has done nothing, or it has done everything and
   the journal says so: the same request that comes again (the state and its key are
   stored later, with the answer) finds in it what was done, and does it not again. There
   is one journal per device and folder, since a device repeats its last
   request only. Two requests at the same time have the write lock one after the
   other, and the second one finds the journal of the first.

   A command that comes again with other content (the user went on typing) is done. */

#define EAS_SYNC_JOURNAL "items"
/* before an InstanceId in the journal; no ClientId begins like this */
#define EAS_SYNC_JOURNAL_INSTANCE "\001"
/* [MS-ASCMD] 2.2.3.28.2: 64 characters */
#define EAS_SYNC_MAX_CLIENT_ID 64

struct eas_sync_journal_entry {
	const char *client_id;		/* of an Add, else "" */
	uint32_t uid;
	uint64_t modseq;
	uint64_t hash;			/* of the content */
	bool tell;			/* see eas_sync_store_result */
	/* by an earlier try of the request */
	bool loaded;
};

/* What is to be told the engine after the look that follows. */
struct eas_sync_store_result {
	uint32_t uid;
	unsigned int tag;		/* Add, Change, Delete */
	uint64_t modseq;		/* that the device knows */
	/* the device has to get the item as it is */
	bool tell;
};

/* What a command's content makes of an item. */
struct eas_sync_store_applied {
	string_t *text;
	struct store_item_props props;
	/* another item that the change makes, NULL = none */
	string_t *more;
	/* the item is not what the device has after its command */
	bool tell;
};

struct eas_sync_store {
	struct eas_sync *sync;
	struct eas_sync_collection *coll;
	const struct eas_class *class;
	struct eas_supported supported;
	ARRAY(struct eas_sync_journal_entry) journal;
	ARRAY(struct eas_sync_store_result) results;
	bool modified;
	bool journal_changed;
};

/* -- the journal -- */

static int
journal_load_line(struct eas_sync_store *ctx, const char *const *args)
{
	struct eas_sync_journal_entry *entry;

	if (str_array_length(args) != 5)
		return -1;
	entry = array_append_space(&ctx->journal);
	entry->client_id = p_strdup(ctx->sync->req->pool, args[0]);
	entry->loaded = TRUE;
	entry->tell = args[4][0] == '1';
	return str_to_uint32(args[1], &entry->uid) < 0 ||
		str_to_uint64(args[2], &entry->modseq) < 0 ||
		str_to_uint64(args[3], &entry->hash) < 0 ? -1 : 0;
}

static int journal_load(struct eas_sync_store *ctx)
{
	struct eas_request *req = ctx->sync->req;
	const char *const *lines;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, pool_datastack_create(),
			   req->device->num, EAS_SYNC_JOURNAL,
			   ctx->coll->row.name, &value);
	if (ret <= 0)
		return ret;
	lines = t_strsplit(t_strndup(value->data, value->used), "\n");
	/* that of another request is of no use any more */
	if (strcmp(lines[0], ctx->coll->key) != 0)
		return 0;
	for (lines++; *lines != NULL; lines++) {
		if (journal_load_line(ctx, t_strsplit_tabescaped(*lines)) < 0) {
			e_error(req->event, "The journal of folder %s is "
				"malformed", ctx->coll->id);
			return -1;
		}
	}
	return 0;
}

static int journal_save(struct eas_sync_store *ctx)
{
	struct eas_request *req = ctx->sync->req;
	const struct eas_sync_journal_entry *entry;
	string_t *str;

	if (!ctx->journal_changed)
		return 0;
	str = t_str_new(1024);
	str_append(str, ctx->coll->key);
	array_foreach(&ctx->journal, entry) {
		str_append_c(str, '\n');
		str_append_tabescaped(str, entry->client_id);
		str_printfa(str, "\t%u\t%"PRIu64"\t%"PRIu64"\t%u",
			    entry->uid, entry->modseq, entry->hash,
			    entry->tell ? 1 : 0);
	}
	return store_op_put(req->store, req->device->num, EAS_SYNC_JOURNAL,
			    ctx->coll->row.name, str_data(str), str_len(str));
}

/* client_id "": the Change of an item. */
static struct eas_sync_journal_entry *
journal_find(struct eas_sync_store *ctx, const char *client_id, uint32_t uid)
{
	struct eas_sync_journal_entry *entry;

	array_foreach_modifiable(&ctx->journal, entry) {
		if (strcmp(entry->client_id, client_id) == 0 &&
		    (uid == 0 || entry->uid == uid))
			return entry;
	}
	return NULL;
}

/* The last word of this device's request about an item, by whatever command. */
static uint64_t journal_modseq(struct eas_sync_store *ctx, uint32_t uid)
{
	const struct eas_sync_journal_entry *entry;
	uint64_t modseq = 0;

	array_foreach(&ctx->journal, entry) {
		if (entry->uid == uid)
			modseq = I_MAX(modseq, entry->modseq);
	}
	return modseq;
}

static void
journal_put(struct eas_sync_store *ctx, const char *client_id, uint32_t uid,
	    uint64_t modseq, uint64_t hash, bool tell)
{
	struct eas_sync_journal_entry *entry;

	entry = journal_find(ctx, client_id, uid);
	if (entry == NULL) {
		entry = array_append_space(&ctx->journal);
		entry->client_id = client_id;
		entry->uid = uid;
	}
	entry->modseq = modseq;
	entry->hash = hash;
	entry->tell = tell;
	entry->loaded = FALSE;
	ctx->journal_changed = TRUE;
}

static void
content_hash_more(struct sha256_ctx *hash, const struct wbxml_node *node,
		  struct istream *body)
{
	const unsigned char *data;
	struct istream *input;
	size_t size;

	sha256_loop(hash, &node->tag, sizeof(node->tag));
	if (node->external) {
		input = wbxml_node_stream(node, body);
		while (i_stream_read_more(input, &data, &size) > 0) {
			sha256_loop(hash, data, size);
			i_stream_skip(input, size);
		}
		i_stream_unref(&input);
	} else if (node->data != NULL) {
		sha256_loop(hash, node->data, node->size);
	}
	for (node = node->children; node != NULL; node = node->next)
		content_hash_more(hash, node, body);
	sha256_loop(hash, "", 1);
}

static uint64_t
content_hash(struct eas_sync_store *ctx, const struct wbxml_node *data)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx hash;
	uint64_t value;

	sha256_init(&hash);
	content_hash_more(&hash, data, ctx->sync->req->req->body);
	sha256_result(&hash, digest);
	memcpy(&value, digest, sizeof(value));
	/* SQLite and the engine know signed numbers only */
	return value >> 1;
}

/* -- commands -- */

/* [MS-ASCMD] 2.2.3.24, 2.2.3.42.2: from 16.0 on a Change or Delete may be about one
   occurrence of a series. NULL = it is about the item. */
static const char *
store_instance(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	return ctx->class->has_instances && node->tag != EAS_AIRSYNC_ADD &&
		ctx->sync->req->version >= EAS_VERSION_16_0 ?
		wbxml_child_text(node, EAS_AIRSYNCBASE_INSTANCE_ID) : NULL;
}

/* What an item's Change is called in the journal; each occurrence has a line of its own. */
static const char *
store_change_name(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	const char *instance = store_instance(ctx, node);

	return instance == NULL ? "" : p_strconcat(ctx->sync->req->pool,
		EAS_SYNC_JOURNAL_INSTANCE, instance, NULL);
}

static struct eas_sync_response *
store_respond(struct eas_sync_store *ctx, const struct wbxml_node *node,
	      enum eas_sync_status status)
{
	struct eas_sync_response *response;

	response = array_append_space(&ctx->coll->responses);
	response->tag = node->tag;
	response->server_id = wbxml_child_text(node, EAS_AIRSYNC_SERVER_ID);
	response->client_id = wbxml_child_text(node, EAS_AIRSYNC_CLIENT_ID);
	response->instance_id = store_instance(ctx, node);
	response->data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	response->status = status;
	return response;
}

static void
store_result(struct eas_sync_store *ctx, unsigned int tag, uint32_t uid,
	     uint64_t modseq, bool tell)
{
	struct eas_sync_store_result *result;

	/* several changes of an item, as of its occurrences, are one */
	array_foreach_modifiable(&ctx->results, result) {
		if (result->uid == uid && result->tag == tag) {
			result->modseq = I_MAX(result->modseq, modseq);
			result->tell = result->tell || tell;
			return;
		}
	}
	result = array_append_space(&ctx->results);
	result->tag = tag;
	result->uid = uid;
	result->modseq = modseq;
	result->tell = tell;
}

/* Returns 0, or -1 if the device has no such item. */
static int
store_command_uid(struct eas_sync_store *ctx, const struct wbxml_node *node,
		  uint32_t *uid_r)
{
	const char *id, *folder_id;

	id = wbxml_child_text(node, EAS_AIRSYNC_SERVER_ID);
	return id != NULL && eas_item_id_parse(id, &folder_id, uid_r) == 0 &&
		strcmp(folder_id, ctx->coll->id) == 0 &&
		sync_device_has(&ctx->coll->state.sync, *uid_r) ? 0 : -1;
}

static int
store_read_props(const string_t *text, struct store_item_props *props_r,
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
store_apply(struct eas_sync_store *ctx, const struct wbxml_node *data,
	    const char *instance, const struct store_item *old,
	    struct eas_sync_store_applied *applied_r)
{
	struct eas_request *req = ctx->sync->req;
	struct eas_class_apply apply;
	const char *error;
	guid_128_t guid;

	guid_128_generate(guid);
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
	if (ctx->class->apply(&apply) < 0) {
		error = apply.error;
	} else if (store_read_props(apply.text, &applied_r->props,
				    &error) == 0) {
		applied_r->text = apply.text;
		applied_r->more = apply.more;
		applied_r->tell = apply.tell;
		return 0;
	}
	e_info(req->event, "Folder %s: Device sent a wrong item: %s",
	       ctx->coll->id, apply.error == NULL ? "" : apply.error);
	return -1;
}

static enum eas_sync_status store_put_status(enum store_put put)
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

/* What the item that was just written gets attached, in the same transaction. text is what was written.
   Returns 0, or -1 if the transaction is lost. */
static int
store_attach(struct eas_sync_store *ctx, const struct wbxml_node *node,
	     uint32_t uid, string_t *text, enum eas_sync_status *status_r,
	     uint64_t *modseq_r)
{
	struct eas_request *req = ctx->sync->req;
	struct store_item_props props;
	struct eas_class_apply apply;
	enum store_put put = STORE_PUT_OK;
	struct store_item item;
	int ret;

	i_zero(&apply);
	apply.data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (ctx->class->attach == NULL || req->version < EAS_VERSION_16_0 ||
	    wbxml_node_child(apply.data, EAS_AIRSYNCBASE_ATTACHMENTS) == NULL)
		return 0;
	i_zero(&item);
	item.folder = ctx->coll->folder->pim_id;
	item.uid = uid;
	item.text = str_c(text);
	item.size = str_len(text);
	apply.req = req;
	apply.old = &item;
	apply.instance_id = store_instance(ctx, node);
	apply.text = t_str_new(item.size + 512);
	ret = ctx->class->attach(&apply, &put);
	if (ret > 0) {
		if (store_read_props(apply.text, &props, &apply.error) < 0)
			i_unreached();
		put = store_item_change(req->store, item.folder, uid, &props,
					str_c(apply.text), str_len(apply.text),
					modseq_r);
		ctx->modified = TRUE;
	} else if (ret < 0 && put == STORE_PUT_OK) {
		e_info(req->event, "Folder %s: Device sent a wrong attachment: "
		       "%s", ctx->coll->id, apply.error);
		*status_r = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	*status_r = store_put_status(put);
	return put == STORE_PUT_FAILED ? -1 : 0;
}

static int
store_keep_conflict(struct eas_sync_store *ctx, uint32_t uid, bool device_won,
		    const char *won, const char *lost)
{
	struct store_conflict conflict;

	i_zero(&conflict);
	conflict.folder = ctx->coll->folder->pim_id;
	conflict.uid = uid;
	conflict.device = ctx->sync->req->device_id;
	conflict.device_won = device_won;
	conflict.won = won;
	conflict.lost = lost;
	if (store_conflict_add(ctx->sync->req->store, &conflict) < 0)
		return -1;
	e_info(ctx->sync->req->event, "Folder %s: Conflict about item %u: "
	       "the %s version is kept as conflict %u", ctx->coll->id, uid,
	       device_won ? "server's" : "device's", conflict.num);
	return 0;
}

/* Did somebody else change it after the device's version? Others may have done so after the
   look as well. */
static bool
store_is_conflict(struct eas_sync_store *ctx, const struct store_item *item)
{
	const struct sync_state *state = &ctx->coll->state.sync;

	if (item->modseq == journal_modseq(ctx, item->uid))
		return FALSE;
	return item->modseq > state->status.modseq ||
		sync_device_conflicts(state, item->uid);
}

/* The item that a change makes beside the one it changes. */
static enum store_put
store_add_more(struct eas_sync_store *ctx, string_t *more)
{
	struct store *store = ctx->sync->req->store;
	uint32_t folder = ctx->coll->folder->pim_id, uid;
	struct store_item_props props;
	const char *error;
	int ret;

	if (store_read_props(more, &props, &error) < 0) {
		e_error(ctx->sync->req->event, "Folder %s: Item made by a "
			"change: %s", ctx->coll->id, error);
		return STORE_PUT_TOO_LARGE;
	}
	ret = store_item_find(store, folder, props.pim_uid, &uid);
	if (ret != 0)
		return ret < 0 ? STORE_PUT_FAILED : STORE_PUT_OK;
	return store_item_add(store, folder, &props, str_c(more),
			      str_len(more), NULL, NULL);
}

/* Meetings: from 16.0 on others are told of the change, and new->text becomes what is
   to be stored; if that is not what the device sent it has to get it. */
static void
store_plan_meeting(struct eas_sync_store *ctx, const struct store_item *old,
		   struct eas_sync_store_applied *new,
		   struct eas_meeting_plan *plan_r)
{
	i_zero(plan_r);
	if (ctx->class->kind != STORE_KIND_CALENDAR ||
	    eas_meeting_plan(ctx->sync->req, old, new->text, plan_r) == 0)
		return;
	ctx->sync->meetings_changed = TRUE;
	if (!str_equals(new->text, plan_r->text)) {
		new->text = plan_r->text;
		new->tell = TRUE;
	}
}

static int
store_tell_meeting(struct eas_sync_store *ctx,
		   const struct eas_meeting_plan *plan)
{
	return plan->text == NULL ? 0 :
		eas_meeting_tell(ctx->sync->req, plan);
}

/* Writes the item's new text. tell_r: it is not what the device has. Returns 0, or -1 if the
   transaction is lost. */
static int
store_change_item(struct eas_sync_store *ctx, const struct wbxml_node *node,
		  const struct wbxml_node *data, const struct store_item *item,
		  enum eas_sync_status *status_r, uint64_t *modseq_r,
		  bool *tell_r)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct eas_sync_store_applied new;
	enum store_put put = STORE_PUT_OK;
	struct eas_meeting_plan plan;
	bool conflict;

	*tell_r = FALSE;
	if (store_apply(ctx, data, store_instance(ctx, node), item, &new) < 0) {
		*status_r = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	*tell_r = new.tell;
	if (str_len(new.text) == item->size &&
	    memcmp(str_data(new.text), item->text, item->size) == 0) {
		/* both want the same */
		*modseq_r = item->modseq;
		*status_r = EAS_SYNC_STATUS_SUCCESS;
		return store_attach(ctx, node, item->uid, new.text, status_r,
				    modseq_r);
	}
	conflict = store_is_conflict(ctx, item);
	if (conflict && coll->state.options.conflict != 0 &&
	    node->tag != EAS_AIRSYNC_ADD) {
		/* the server wins; its version goes to the device with the
		   same answer */
		*status_r = EAS_SYNC_STATUS_CONFLICT;
		return store_keep_conflict(ctx, item->uid, FALSE, item->text,
					   str_c(new.text));
	}
	store_plan_meeting(ctx, item, &new, &plan);
	*tell_r = new.tell;
	if (new.more != NULL)
		put = store_add_more(ctx, new.more);
	if (put == STORE_PUT_OK) {
		put = store_item_change(ctx->sync->req->store,
					coll->folder->pim_id, item->uid,
					&new.props, str_c(new.text),
					str_len(new.text), modseq_r);
	}
	*status_r = store_put_status(put);
	if (put == STORE_PUT_FAILED)
		return -1;
	if (put != STORE_PUT_OK)
		return 0;
	ctx->modified = TRUE;
	if (store_tell_meeting(ctx, &plan) < 0)
		return -1;
	if (conflict) {
		*tell_r = TRUE;
		if (store_keep_conflict(ctx, item->uid, TRUE, str_c(new.text),
					item->text) < 0)
			return -1;
	}
	return store_attach(ctx, node, item->uid, new.text, status_r, modseq_r);
}

/* [MS-ASAIRS] 2.2.2.14, 2.2.2.24: the device hears what its new attachments are called; of an Add
   that it has a UID ([MS-ASCAL] 2.2.2.46). */
static void
store_respond_attached(struct eas_sync_store *ctx,
		       const struct wbxml_node *node, uint32_t uid)
{
	struct eas_sync_response *response;
	const struct wbxml_node *data;

	data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	data = wbxml_node_child(data, EAS_AIRSYNCBASE_ATTACHMENTS);
	if (ctx->class->write_added == NULL ||
	    ctx->sync->req->version < EAS_VERSION_16_0 ||
	    wbxml_node_child(data, EAS_AIRSYNCBASE_ADD) == NULL)
		return;
	response = store_respond(ctx, node, EAS_SYNC_STATUS_SUCCESS);
	response->uid = uid;
	response->added_item = TRUE;
}

/* A Change of what somebody else has deleted: what the device sent is kept as far as it is an
   item by itself. */
static int
store_change_gone(struct eas_sync_store *ctx, const struct wbxml_node *node,
		  const struct wbxml_node *data, uint32_t uid)
{
	struct eas_sync_store_applied new;

	(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
	/* an occurrence is nothing by itself */
	if (store_instance(ctx, node) != NULL ||
	    store_apply(ctx, data, NULL, NULL, &new) < 0)
		return 0;
	return store_keep_conflict(ctx, uid, FALSE, NULL, str_c(new.text));
}

static int
store_change(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_request *req = ctx->sync->req;
	const char *name = store_change_name(ctx, node);
	struct eas_sync_journal_entry *entry;
	const struct wbxml_node *data;
	struct store_item item;
	enum eas_sync_status status;
	uint64_t modseq, hash;
	bool tell;
	uint32_t uid;
	int ret;

	/* an occurrence is deleted without any */
	data = node->tag == EAS_AIRSYNC_DELETE ? NULL :
		wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (store_command_uid(ctx, node, &uid) < 0) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return 0;
	}
	if (data == NULL && node->tag != EAS_AIRSYNC_DELETE) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_PROTOCOL_ERROR);
		return 0;
	}
	hash = data == NULL ? 0 : content_hash(ctx, data);
	entry = journal_find(ctx, name, uid);
	if (entry != NULL && entry->loaded && entry->hash == hash) {
		store_result(ctx, EAS_AIRSYNC_CHANGE, uid,
			     journal_modseq(ctx, uid), entry->tell);
		store_respond_attached(ctx, node, uid);
		return 0;
	}
	ret = store_item_get(req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, uid, &item);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return store_change_gone(ctx, node, data, uid);
	if (store_change_item(ctx, node, data, &item, &status, &modseq,
			      &tell) < 0)
		return -1;
	if (status != EAS_SYNC_STATUS_SUCCESS) {
		(void)store_respond(ctx, node, status);
		/* the device's version is not the server's */
		store_result(ctx, EAS_AIRSYNC_CHANGE, uid, 0, TRUE);
		return 0;
	}
	journal_put(ctx, name, uid, modseq, hash, tell);
	store_result(ctx, EAS_AIRSYNC_CHANGE, uid, modseq, tell);
	store_respond_attached(ctx, node, uid);
	return 0;
}

/* An Add of an item that is there already: it came by another way (a device that starts anew
   sends what it has), or was made by an earlier try of this request. */
static int
store_add_existing(struct eas_sync_store *ctx, const struct wbxml_node *node,
		   const struct wbxml_node *data, uint32_t uid,
		   enum eas_sync_status *status_r, uint64_t *modseq_r,
		   bool *tell_r)
{
	struct store_item item;
	int ret;

	*tell_r = FALSE;
	ret = store_item_get(ctx->sync->req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, uid, &item);
	if (ret < 0)
		return -1;
	if (ret > 0) {
		return store_change_item(ctx, node, data, &item, status_r,
					 modseq_r, tell_r);
	}
	/* others have deleted it since */
	*status_r = EAS_SYNC_STATUS_SUCCESS;
	*modseq_r = 0;
	return 0;
}

static int
store_add_new(struct eas_sync_store *ctx, const struct wbxml_node *node,
	      const struct wbxml_node *data, enum eas_sync_status *status_r,
	      uint32_t *uid_r, uint64_t *modseq_r, bool *tell_r)
{
	struct store *store = ctx->sync->req->store;
	uint32_t folder = ctx->coll->folder->pim_id;
	struct eas_sync_store_applied new;
	struct eas_meeting_plan plan;
	enum store_put put;
	int ret;

	if (store_apply(ctx, data, NULL, NULL, &new) < 0) {
		*status_r = EAS_SYNC_STATUS_INVALID_ITEM;
		return 0;
	}
	ret = store_item_find(store, folder, new.props.pim_uid, uid_r);
	if (ret < 0)
		return -1;
	/* [MS-ASCAL] 2.2.2.13: "to detect if the item being added already
	   exists" */
	if (ret > 0 && (!sync_device_has(&ctx->coll->state.sync, *uid_r) ||
			wbxml_node_child(data,
					 EAS_CALENDAR_CLIENT_UID) != NULL)) {
		ret = store_add_existing(ctx, node, data, *uid_r, status_r,
					 modseq_r, tell_r);
		*tell_r = TRUE;
		return ret;
	}
	store_plan_meeting(ctx, NULL, &new, &plan);
	*tell_r = new.tell;
	put = store_item_add(store, folder, &new.props, str_c(new.text),
			     str_len(new.text), uid_r, modseq_r);
	if (put == STORE_PUT_FAILED)
		return -1;
	*status_r = store_put_status(put);
	if (put != STORE_PUT_OK)
		return 0;
	ctx->modified = TRUE;
	if (store_attach(ctx, node, *uid_r, new.text, status_r, modseq_r) < 0)
		return -1;
	if (*status_r != EAS_SYNC_STATUS_SUCCESS)
		return store_item_remove(store, folder, *uid_r) < 0 ? -1 : 0;
	if (store_tell_meeting(ctx, &plan) < 0)
		return -1;
	return 0;
}

static int
store_add(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_sync_journal_entry *entry;
	struct eas_sync_response *response;
	const struct wbxml_node *data;
	const char *client_id;
	enum eas_sync_status status = EAS_SYNC_STATUS_SUCCESS;
	uint64_t modseq = 0, hash;
	bool tell = FALSE;
	uint32_t uid = 0;
	int ret = 0;

	client_id = wbxml_child_text(node, EAS_AIRSYNC_CLIENT_ID);
	data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (client_id == NULL || *client_id == '\0' || data == NULL ||
	    strlen(client_id) > EAS_SYNC_MAX_CLIENT_ID) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_PROTOCOL_ERROR);
		return 0;
	}
	hash = content_hash(ctx, data);
	entry = journal_find(ctx, client_id, 0);
	if (entry == NULL) {
		ret = store_add_new(ctx, node, data, &status, &uid, &modseq,
				    &tell);
	} else {
		uid = entry->uid;
		modseq = entry->modseq;
		tell = entry->tell;
		if (entry->hash != hash) {
			ret = store_add_existing(ctx, node, data, uid, &status,
						 &modseq, &tell);
		}
	}
	if (ret < 0)
		return -1;
	response = store_respond(ctx, node, status);
	if (status == EAS_SYNC_STATUS_SUCCESS) {
		store_result(ctx, node->tag, uid, modseq, tell);
		journal_put(ctx, client_id, uid, modseq, hash, tell);
		response->server_id = p_strdup(ctx->sync->req->pool,
					eas_item_id(ctx->coll->id, uid));
		response->uid = uid;
		response->added_item = ctx->class->write_added != NULL &&
			ctx->sync->req->version >= EAS_VERSION_16_0;
	} else {
		response->server_id = NULL;
	}
	return 0;
}

static int
store_delete(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct store *store = ctx->sync->req->store;
	struct store_item item;
	uint32_t uid;
	int ret;

	if (store_command_uid(ctx, node, &uid) < 0) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return 0;
	}
	ret = store_item_get(store, pool_datastack_create(),
			     coll->folder->pim_id, uid, &item);
	if (ret < 0)
		return -1;
	if (ret > 0 && store_is_conflict(ctx, &item)) {
		if (coll->state.options.conflict != 0) {
			/* the server's version comes back to the device */
			(void)store_respond(ctx, node,
					    EAS_SYNC_STATUS_CONFLICT);
			store_result(ctx, node->tag, uid, 0, TRUE);
			return 0;
		}
		if (store_keep_conflict(ctx, uid, TRUE, NULL, item.text) < 0)
			return -1;
	}
	if (ret > 0) {
		if (store_item_remove(store, coll->folder->pim_id, uid) < 0 ||
		    (ctx->class->kind == STORE_KIND_CALENDAR &&
		     eas_meeting_deleted(ctx->sync->req, &item) < 0))
			return -1;
		ctx->modified = TRUE;
		ctx->sync->meetings_changed = TRUE;
	}
	store_result(ctx, node->tag, uid, 0, FALSE);
	return 0;
}

static void
store_fetch(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_sync_response *response;
	uint32_t uid;

	if (store_command_uid(ctx, node, &uid) < 0) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return;
	}
	response = store_respond(ctx, node, EAS_SYNC_STATUS_SUCCESS);
	response->uid = uid;
}

static int
store_command(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	switch (node->tag) {
	case EAS_AIRSYNC_ADD:
		return store_add(ctx, node);
	case EAS_AIRSYNC_CHANGE:
		return store_change(ctx, node);
	case EAS_AIRSYNC_DELETE:
		return store_instance(ctx, node) != NULL ?
			store_change(ctx, node) : store_delete(ctx, node);
	case EAS_AIRSYNC_FETCH:
		store_fetch(ctx, node);
		break;
	}
	return 0;
}

static int store_commands_locked(struct eas_sync_store *ctx)
{
	const struct wbxml_node *node;
	int ret = 0;

	if (journal_load(ctx) < 0)
		return -1;
	for (node = ctx->coll->commands->children; node != NULL && ret == 0;
	     node = node->next) {
		T_BEGIN {
			ret = store_command(ctx, node);
		} T_END;
	}
	return ret < 0 ? -1 : journal_save(ctx);
}

/* -- what the engine has to know -- */

/* The view has not the item that the device made: others have deleted it, or they
   changed it after the look, which the next look finds. */
static int store_tell_added_gone(struct eas_sync_store *ctx, uint32_t uid)
{
	uint64_t modseq;
	int ret;

	ret = store_item_get_modseq(ctx->sync->req->store,
				    ctx->coll->folder->pim_id, uid, &modseq);
	if (ret == 0)
		sync_device_vanished(&ctx->coll->state.sync, uid);
	return ret < 0 ? -1 : 0;
}

static int
store_tell_one(struct eas_sync_store *ctx,
	       const struct eas_sync_store_result *result)
{
	struct sync_collection *coll = ctx->coll->coll;
	struct sync_state *state = &ctx->coll->state.sync;
	uint64_t modseq;
	int ret;

	ret = coll->v->get_modseq(coll, result->uid, &modseq);
	if (ret < 0)
		return -1;
	switch (result->tag) {
	case EAS_AIRSYNC_DELETE:
		if (result->tell)
			sync_device_lost(state, result->uid);
		else
			sync_device_removed(state, result->uid);
		return 0;
	case EAS_AIRSYNC_ADD:
		if (sync_device_added(coll, state, result->uid) < 0)
			return -1;
		if (ret == 0)
			return store_tell_added_gone(ctx, result->uid);
		break;
	default:
		if (ret > 0 && !result->tell && modseq == result->modseq)
			return sync_device_changed(coll, state, result->uid);
		break;
	}
	if (result->tell || (ret > 0 && modseq != result->modseq))
		sync_device_refused(state, result->uid);
	return 0;
}

static int store_tell(struct eas_sync_store *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	const struct eas_sync_store_result *result;

	if (array_count(&ctx->results) == 0)
		return 0;
	if (sync_look(coll->coll, &coll->state.sync, &coll->filter, NULL) !=
	    SYNC_LOOK_OK)
		return -1;
	array_foreach(&ctx->results, result) {
		if (store_tell_one(ctx, result) < 0)
			return -1;
	}
	return 0;
}

int eas_sync_store_commands_run(struct eas_sync *sync,
				struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	struct eas_sync_store ctx;
	int ret;

	i_zero(&ctx);
	ctx.sync = sync;
	ctx.coll = coll;
	ctx.class = eas_class_find(coll->folder->kind, req->version);
	ctx.supported.given = coll->state.has_supported;
	ctx.supported.tags = array_get(&coll->state.supported,
				       &ctx.supported.count);
	/* they grow within the commands' data stack frames */
	p_array_init(&ctx.journal, req->pool, 16);
	p_array_init(&ctx.results, req->pool, 16);

	ret = store_begin(req->store);
	if (ret == 0) {
		ret = store_commands_locked(&ctx);
		if (ret < 0)
			store_rollback(req->store);
		else
			ret = store_commit(req->store);
	}
	if (ret == 0 && ctx.modified)
		roost_user_notify(req->req->user, coll->folder->guid);
	if (ret == 0)
		ret = store_tell(&ctx);
	if (ret < 0)
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
	return ret;
}
