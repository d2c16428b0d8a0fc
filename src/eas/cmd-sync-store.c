/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store.h"
#include "store-conflict.h"
#include "cmd-sync-store.h"

/* What a device did to the items of a store's folder, in one transaction of the store.

   The transaction has a journal in it: which command with this SyncKey has made which UID and
   modseq. A process that is killed has done nothing, or it has done everything and
   the journal says so: the same request that comes again (the state and its key are
   stored later, with the answer) finds in it what was done, and does it not again. There
   is one journal per device and folder, since a device repeats its last
   request only. Two requests at the same time have the write lock one after the
   other, and the second one finds the journal of the first.

   A command that comes again with other content (the user went on typing) is done. */

/* [MS-ASCMD] 2.2.3.28.2: 64 characters */
#define EAS_SYNC_MAX_CLIENT_ID 64

/* -- commands -- */

/* What an item's Change is called in the journal; each occurrence has a line of its own. */
static const char *
store_change_name(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	const char *instance = eas_sync_store_instance(ctx, node);

	return instance == NULL ? EAS_SYNC_JOURNAL_ITEM :
		p_strconcat(ctx->sync->req->pool, EAS_SYNC_JOURNAL_INSTANCE,
			    instance, NULL);
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
	response->instance_id = eas_sync_store_instance(ctx, node);
	response->data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	response->status = status;
	return response;
}

static void
store_result(struct eas_sync_store *ctx, unsigned int tag, uint32_t uid,
	     uint64_t modseq, bool tell)
{
	struct eas_sync_store_item *item = eas_sync_store_item_get(ctx, uid);
	struct eas_sync_store_result *result;

	/* several changes of an item, as of its occurrences, are one */
	for (result = item->results; result != NULL; result = result->next) {
		if (result->tag == tag) {
			result->modseq = I_MAX(result->modseq, modseq);
			result->tell = result->tell || tell;
			return;
		}
	}
	result = p_new(ctx->sync->req->pool, struct eas_sync_store_result, 1);
	result->tag = tag;
	result->uid = uid;
	result->modseq = modseq;
	result->tell = tell;
	result->next = item->results;
	item->results = result;
	array_push_back(&ctx->results, &result);
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
store_change(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_request *req = ctx->sync->req;
	const char *name = store_change_name(ctx, node);
	struct eas_sync_journal_entry *entry;
	struct eas_sync_store_done done;
	const struct wbxml_node *data;
	struct store_item item;
	uint64_t hash;
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
	hash = data == NULL ? 0 : eas_sync_content_hash(ctx, data);
	entry = eas_sync_journal_find(ctx, name, uid);
	if (entry != NULL && entry->loaded && entry->hash == hash) {
		store_result(ctx, EAS_AIRSYNC_CHANGE, uid,
			     eas_sync_journal_modseq(ctx, uid), entry->tell);
		return 0;
	}
	ret = store_item_get(req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, uid, &item);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return eas_sync_store_item_gone(ctx, node, uid);
	}
	if (eas_sync_store_item_change(ctx, node, &item, &done) < 0)
		return -1;
	if (done.status != EAS_SYNC_STATUS_SUCCESS) {
		(void)store_respond(ctx, node, done.status);
		/* the device's version is not the server's */
		store_result(ctx, EAS_AIRSYNC_CHANGE, uid, 0, TRUE);
		return 0;
	}
	eas_sync_journal_put(ctx, name, uid, done.modseq, hash, done.tell);
	store_result(ctx, EAS_AIRSYNC_CHANGE, uid, done.modseq, done.tell);
	return 0;
}

/* An Add that an earlier try of this request has made, with other content then. */
static int
store_add_again(struct eas_sync_store *ctx, const struct wbxml_node *node,
		struct eas_sync_store_done *done)
{
	struct store_item item;
	int ret;

	ret = store_item_get(ctx->sync->req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, done->uid, &item);
	if (ret > 0)
		return eas_sync_store_item_change(ctx, node, &item, done);
	/* others have deleted it since */
	done->modseq = 0;
	done->tell = FALSE;
	return ret;
}

static int
store_add(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	struct eas_sync_journal_entry *entry;
	struct eas_sync_response *response;
	struct eas_sync_store_done done;
	const struct wbxml_node *data;
	const char *client_id;
	uint64_t hash;
	int ret = 0;

	client_id = wbxml_child_text(node, EAS_AIRSYNC_CLIENT_ID);
	data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (client_id == NULL || *client_id == '\0' || data == NULL ||
	    strlen(client_id) > EAS_SYNC_MAX_CLIENT_ID) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_PROTOCOL_ERROR);
		return 0;
	}
	hash = eas_sync_content_hash(ctx, data);
	entry = eas_sync_journal_find(ctx, client_id, 0);
	if (entry == NULL) {
		ret = eas_sync_store_item_add(ctx, node, &done);
	} else {
		done.status = EAS_SYNC_STATUS_SUCCESS;
		done.uid = entry->uid;
		done.modseq = entry->modseq;
		done.tell = entry->tell;
		if (entry->hash != hash)
			ret = store_add_again(ctx, node, &done);
	}
	if (ret < 0)
		return -1;
	response = store_respond(ctx, node, done.status);
	if (done.status != EAS_SYNC_STATUS_SUCCESS) {
		response->server_id = NULL;
		return 0;
	}
	store_result(ctx, node->tag, done.uid, done.modseq, done.tell);
	eas_sync_journal_put(ctx, client_id, done.uid, done.modseq, hash,
			     done.tell);
	response->server_id = p_strdup(ctx->sync->req->pool,
				       eas_item_id(ctx->coll->id, done.uid));
	/* [MS-ASAIRS] 2.2.2.14, 2.2.2.24: what the new attachments are called,
	   [MS-ASCAL] 2.2.2.46: the UID */
	response->uid = done.uid;
	response->added_item = ctx->class->write_added != NULL &&
		ctx->sync->req->version >= EAS_VERSION_16_0;
	return 0;
}

static int
store_delete(struct eas_sync_store *ctx, const struct wbxml_node *node)
{
	enum eas_sync_status status = EAS_SYNC_STATUS_SUCCESS;
	struct store_item item;
	uint32_t uid;
	int ret;

	if (store_command_uid(ctx, node, &uid) < 0) {
		(void)store_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return 0;
	}
	ret = store_item_get(ctx->sync->req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, uid, &item);
	if (ret < 0 ||
	    (ret > 0 && eas_sync_store_item_delete(ctx, &item, &status) < 0))
		return -1;
	if (status != EAS_SYNC_STATUS_SUCCESS)
		(void)store_respond(ctx, node, status);
	store_result(ctx, node->tag, uid, 0,
		     status != EAS_SYNC_STATUS_SUCCESS);
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
		return eas_sync_store_instance(ctx, node) != NULL ?
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

	if (eas_sync_journal_load(ctx) < 0)
		return -1;
	for (node = ctx->coll->commands->children; node != NULL && ret == 0;
	     node = node->next) {
		T_BEGIN {
			ret = store_command(ctx, node);
		} T_END;
	}
	if (ret < 0 || store_conflict_expire(ctx->sync->req->store) < 0)
		return -1;
	return eas_sync_journal_save(ctx);
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
	struct eas_sync_store_result *result;

	if (array_count(&ctx->results) == 0)
		return 0;
	if (sync_look(coll->coll, &coll->state.sync, &coll->filter, NULL) !=
	    SYNC_LOOK_OK)
		return -1;
	array_foreach_elem(&ctx->results, result) {
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
	eas_sync_journal_init(&ctx);

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
	eas_sync_journal_deinit(&ctx);
	if (ret < 0)
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
	return ret;
}
