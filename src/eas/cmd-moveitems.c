/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "eas-commands.h"
#include "eas-folders.h"
#include "eas-draft.h"
#include "eas-move.h"

/* [MS-ASCMD] 2.2.3.177.10 */
enum moveitems_status {
	MOVEITEMS_INVALID_SOURCE = 1,
	MOVEITEMS_INVALID_DESTINATION = 2,
	MOVEITEMS_SUCCESS = 3,
	MOVEITEMS_SAME_FOLDER = 4,
	MOVEITEMS_CANNOT_MOVE = 5,
	MOVEITEMS_LOCKED = 7,		/* transient: try again */
};

/* [MS-ASCMD] 2.2.3.175: and so are ours */
#define MAX_ID_LENGTH 64
/* 3.1.5.10 */
#define MAX_MOVES 1000

struct moveitems_folder {
	struct eas_folder *folder;
	int ret;
};
HASH_TABLE_DEFINE_TYPE(moveitems_folder, char *, struct moveitems_folder *);

struct moveitems_item {
	const char *src_msg_id;
	struct eas_folder *src, *dest;
	uint32_t uid, dest_uid;
	unsigned int status;		/* 0 = to be moved */
};

struct moveitems_context {
	struct eas_request *req;
	/* each folder is looked up once */
	HASH_TABLE_TYPE(moveitems_folder) folders;
	ARRAY(struct moveitems_item) items;
};

static unsigned int
moveitems_result_status(struct eas_request *req, enum eas_move_result result)
{
	switch (result) {
	case EAS_MOVE_OK:
		return MOVEITEMS_SUCCESS;
	case EAS_MOVE_NO_SOURCE:
		return MOVEITEMS_INVALID_SOURCE;
	case EAS_MOVE_SAME_FOLDER:
		return MOVEITEMS_SAME_FOLDER;
	case EAS_MOVE_NO_DESTINATION:
		return MOVEITEMS_INVALID_DESTINATION;
	case EAS_MOVE_DENIED:
		return MOVEITEMS_CANNOT_MOVE;
	case EAS_MOVE_QUOTA:
		return req->version < EAS_VERSION_14_0 ?
			MOVEITEMS_CANNOT_MOVE :
			EAS_STATUS_MAILBOX_QUOTA_EXCEEDED;
	case EAS_MOVE_FAILED:
		return MOVEITEMS_LOCKED;
	}
	i_unreached();
}

static int
moveitems_find_folder(struct moveitems_context *ctx, const char *id,
		      struct eas_folder **folder_r)
{
	struct moveitems_folder *folder;
	char *key;

	folder = hash_table_lookup(ctx->folders, id);
	if (folder == NULL) {
		folder = p_new(ctx->req->pool, struct moveitems_folder, 1);
		folder->ret = eas_folder_find(ctx->req, id, &folder->folder);
		key = p_strdup(ctx->req->pool, id);
		hash_table_insert(ctx->folders, key, folder);
	}
	*folder_r = folder->folder;
	return folder->ret;
}

static unsigned int
moveitems_check(struct moveitems_context *ctx, struct moveitems_item *item,
		const char *src_id, const char *dest_id)
{
	const char *folder_id;
	int ret;

	if (eas_item_id_parse(item->src_msg_id, &folder_id, &item->uid) < 0 ||
	    strcmp(folder_id, src_id) != 0)
		return MOVEITEMS_INVALID_SOURCE;
	ret = moveitems_find_folder(ctx, src_id, &item->src);
	if (ret <= 0)
		return ret < 0 ? MOVEITEMS_LOCKED : MOVEITEMS_INVALID_SOURCE;
	/* an edited draft has another UID now */
	if (eas_draft_resolve_device(ctx->req, item->src, &item->uid) < 0)
		return MOVEITEMS_LOCKED;
	if (strcmp(src_id, dest_id) == 0)
		return MOVEITEMS_SAME_FOLDER;
	ret = moveitems_find_folder(ctx, dest_id, &item->dest);
	if (ret <= 0) {
		return ret < 0 ? MOVEITEMS_LOCKED :
			MOVEITEMS_INVALID_DESTINATION;
	}
	return 0;
}

/* Returns -1 if the request can't be understood. */
static int
moveitems_parse(struct moveitems_context *ctx, const struct wbxml_node *node)
{
	const char *src_msg_id, *src_id, *dest_id;
	const struct wbxml_node *dest;
	struct moveitems_item *item;

	src_msg_id = wbxml_child_text(node, EAS_MOVE_SRC_MSG_ID);
	src_id = wbxml_child_text(node, EAS_MOVE_SRC_FLD_ID);
	dest = wbxml_node_child(node, EAS_MOVE_DST_FLD_ID);
	dest_id = wbxml_node_text(dest);
	if (src_msg_id == NULL || *src_msg_id == '\0' ||
	    strlen(src_msg_id) > MAX_ID_LENGTH ||
	    src_id == NULL || dest_id == NULL)
		return -1;

	item = array_append_space(&ctx->items);
	item->src_msg_id = src_msg_id;
	item->status = wbxml_node_next_same(dest) != NULL ?
		MOVEITEMS_CANNOT_MOVE :
		moveitems_check(ctx, item, src_id, dest_id);
	return 0;
}

/* Moves all that go the same way as the item at first. */
static void moveitems_move(struct moveitems_context *ctx, unsigned int first)
{
	struct moveitems_item *items, **batch;
	struct eas_move *moves;
	unsigned int i, count, n = 0;

	items = array_get_modifiable(&ctx->items, &count);
	batch = t_new(struct moveitems_item *, count - first);
	moves = t_new(struct eas_move, count - first);
	for (i = first; i < count; i++) {
		if (items[i].status != 0 || items[i].src != items[first].src ||
		    items[i].dest != items[first].dest)
			continue;
		batch[n] = &items[i];
		moves[n++].uid = items[i].uid;
	}
	(void)eas_move_mails(ctx->req, items[first].src, items[first].dest,
			     moves, n);
	for (i = 0; i < n; i++) {
		batch[i]->status = moveitems_result_status(ctx->req,
							   moves[i].result);
		batch[i]->dest_uid = moves[i].dest_uid;
	}
}

static void
moveitems_write(struct wbxml_writer *writer, const struct moveitems_item *item)
{
	wbxml_open(writer, EAS_MOVE_RESPONSE);
	wbxml_text(writer, EAS_MOVE_SRC_MSG_ID, item->src_msg_id);
	wbxml_uint(writer, EAS_MOVE_STATUS, item->status);
	if (item->status == MOVEITEMS_SUCCESS && item->dest_uid != 0) {
		wbxml_text(writer, EAS_MOVE_DST_MSG_ID,
			   eas_item_id(item->dest->id, item->dest_uid));
	}
	wbxml_close(writer);
}

static int moveitems_run(struct moveitems_context *ctx)
{
	const struct wbxml_node *node;
	struct wbxml_writer *writer;
	const struct moveitems_item *item;
	unsigned int i;

	node = wbxml_node_child(ctx->req->root, EAS_MOVE_MOVE);
	if (node == NULL)
		return eas_request_fail(ctx->req, EAS_STATUS_INVALID_XML);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (array_count(&ctx->items) == MAX_MOVES ||
		    moveitems_parse(ctx, node) < 0) {
			return eas_request_fail(ctx->req,
						EAS_STATUS_INVALID_XML);
		}
	}
	for (i = 0; i < array_count(&ctx->items); i++) {
		item = array_idx(&ctx->items, i);
		if (item->status == 0) T_BEGIN {
			moveitems_move(ctx, i);
		} T_END;
	}

	writer = eas_request_writer(ctx->req);
	wbxml_open(writer, EAS_MOVE_MOVE_ITEMS);
	array_foreach(&ctx->items, item)
		moveitems_write(writer, item);
	wbxml_close(writer);
	return 1;
}

int eas_cmd_moveitems(struct eas_request *req)
{
	struct moveitems_context ctx;
	int ret;

	i_zero(&ctx);
	ctx.req = req;
	p_array_init(&ctx.items, req->pool, 16);
	hash_table_create(&ctx.folders, req->pool, 0, str_hash, strcmp);
	ret = moveitems_run(&ctx);
	hash_table_destroy(&ctx.folders);
	return ret;
}
