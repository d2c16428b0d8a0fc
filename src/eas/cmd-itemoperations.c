/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "eas-commands.h"
#include "eas-multipart.h"
#include "cmd-itemoperations.h"

/* Fetches that can't be written at once are kept in memory up to this. */
#define FRAGMENT_MAX_MEMORY (128 * 1024)
/* [MS-ASCMD] 3.1.5.10: EmptyFolderContents, Fetch and Move in one request */
#define MAX_OPERATIONS 100

enum itemoperations_status
itemoperations_storage_status(struct eas_request *req, struct mailbox *box,
			      const char *vname)
{
	enum mail_error error;
	const char *errstr = mailbox_get_last_internal_error(box, &error);

	switch (error) {
	case MAIL_ERROR_NOTFOUND:
	case MAIL_ERROR_EXPUNGED:
		return ITEMOPERATIONS_NOT_FOUND;
	case MAIL_ERROR_PERM:
		return ITEMOPERATIONS_ACCESS_DENIED;
	default:
		e_error(req->event, "Mailbox %s: %s", vname, errstr);
		return ITEMOPERATIONS_SERVER_ERROR;
	}
}

/* The schema has Move, EmptyFolderContents and Fetch in this order, while they are to be
   done in the order of the request. Returns TRUE if a Fetch comes before another. */
static bool itemoperations_is_mixed(const struct wbxml_node *root)
{
	const struct wbxml_node *node;
	bool fetch_seen = FALSE;

	for (node = root->children; node != NULL; node = node->next) {
		if (node->tag == EAS_ITEMOPERATIONS_FETCH)
			fetch_seen = TRUE;
		else if (fetch_seen)
			return TRUE;
	}
	return FALSE;
}

static void
itemoperations_write_move(struct wbxml_writer *writer,
			  const struct itemoperations_result *result)
{
	const struct wbxml_node *id =
		wbxml_node_child(result->node, EAS_ITEMOPERATIONS_CONVERSATION_ID);

	wbxml_open(writer, EAS_ITEMOPERATIONS_MOVE);
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, result->status);
	/* as it came */
	if (id != NULL && id->opaque && !id->external)
		wbxml_opaque(writer, id->tag, id->data, id->size);
	else if (id != NULL)
		wbxml_text(writer, id->tag, wbxml_node_text(id));
	wbxml_close(writer);
}

static void
itemoperations_write_empty(struct wbxml_writer *writer,
			   const struct itemoperations_result *result)
{
	wbxml_open(writer, EAS_ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS);
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, result->status);
	wbxml_text(writer, EAS_AIRSYNC_COLLECTION_ID,
		   wbxml_child_text(result->node, EAS_AIRSYNC_COLLECTION_ID));
	wbxml_close(writer);
}

ARRAY_DEFINE_TYPE(itemoperations_result, struct itemoperations_result);

static void
itemoperations_write_results(struct wbxml_writer *writer,
			     const ARRAY_TYPE(itemoperations_result) *results)
{
	const struct itemoperations_result *result;

	array_foreach(results, result) {
		if (result->node->tag == EAS_ITEMOPERATIONS_MOVE)
			itemoperations_write_move(writer, result);
	}
	array_foreach(results, result) {
		if (result->node->tag != EAS_ITEMOPERATIONS_MOVE)
			itemoperations_write_empty(writer, result);
	}
}

/* Does everything but Fetches, and those too if with_fetches. */
static void
itemoperations_do(struct itemoperations_context *ctx, bool with_fetches,
		  ARRAY_TYPE(itemoperations_result) *results)
{
	const struct wbxml_node *node;
	struct itemoperations_result *result;

	for (node = ctx->req->root->children; node != NULL; node = node->next) {
		if (node->tag == EAS_ITEMOPERATIONS_FETCH) {
			if (with_fetches) T_BEGIN {
				itemoperations_fetch(ctx, node);
			} T_END;
			continue;
		}
		/* what is open would not see what changes now */
		itemoperations_close_folder(ctx);
		result = array_append_space(results);
		result->node = node;
		T_BEGIN {
			result->status = node->tag == EAS_ITEMOPERATIONS_MOVE ?
				itemoperations_move(ctx->req, node) :
				itemoperations_empty_folder(ctx->req, node);
		} T_END;
	}
}

static void
itemoperations_do_fetches(struct itemoperations_context *ctx)
{
	const struct wbxml_node *node;

	for (node = wbxml_node_child(ctx->req->root, EAS_ITEMOPERATIONS_FETCH);
	     node != NULL; node = wbxml_node_next_same(node)) T_BEGIN {
		itemoperations_fetch(ctx, node);
	} T_END;
}

static void
itemoperations_append(struct itemoperations_context *ctx,
		      struct wbxml_writer *writer, struct ostream **spool)
{
	const unsigned char *data;
	struct istream *input;
	size_t size;

	input = iostream_temp_finish(spool, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		wbxml_writer_append(writer, data, size);
		i_stream_skip(input, size);
	}
	if (input->stream_errno != 0) {
		e_error(ctx->req->event, "Reading back items failed: %s",
			i_stream_get_error(input));
		ctx->failed = TRUE;
	}
	i_stream_unref(&input);
}

/* All in the order of the request: the Fetches are written aside. */
static void
itemoperations_run_mixed(struct itemoperations_context *ctx,
			 struct wbxml_writer *writer,
			 ARRAY_TYPE(itemoperations_result) *results)
{
	struct ostream *spool;

	spool = iostream_temp_create_sized(
		t_strconcat(ctx->req->req->user->set->roost_spool_dir,
			    "/roost-items.", NULL), 0, "(items)",
		FRAGMENT_MAX_MEMORY);
	ctx->writer = wbxml_writer_init_fragment(spool);
	itemoperations_do(ctx, TRUE, results);
	itemoperations_write_results(writer, results);
	if (wbxml_writer_finish(&ctx->writer) < 0) {
		e_error(ctx->req->event, "Writing items failed: %s",
			o_stream_get_error(spool));
		ctx->failed = TRUE;
		o_stream_destroy(&spool);
	} else {
		itemoperations_append(ctx, writer, &spool);
	}
}

static void
itemoperations_run(struct itemoperations_context *ctx,
		   struct wbxml_writer *writer)
{
	ARRAY_TYPE(itemoperations_result) results;

	p_array_init(&results, ctx->req->pool, 4);
	wbxml_open(writer, EAS_ITEMOPERATIONS_ITEM_OPERATIONS);
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, ITEMOPERATIONS_SUCCESS);
	wbxml_open(writer, EAS_ITEMOPERATIONS_RESPONSE);
	if (itemoperations_is_mixed(ctx->req->root)) {
		itemoperations_run_mixed(ctx, writer, &results);
	} else {
		ctx->writer = writer;
		itemoperations_do(ctx, FALSE, &results);
		itemoperations_write_results(writer, &results);
		itemoperations_do_fetches(ctx);
	}
	wbxml_close(writer);
	wbxml_close(writer);
	itemoperations_close_folder(ctx);
}

/* Is it something to do, with what its answer must repeat? */
static bool itemoperations_node_is_valid(const struct eas_request *req,
					 const struct wbxml_node *node)
{
	switch (node->tag) {
	case EAS_ITEMOPERATIONS_FETCH:
		return TRUE;
	case EAS_ITEMOPERATIONS_EMPTY_FOLDER_CONTENTS:
		return wbxml_node_child(node, EAS_AIRSYNC_COLLECTION_ID) !=
			NULL;
	case EAS_ITEMOPERATIONS_MOVE:
		return req->version >= EAS_VERSION_14_0 &&
			wbxml_node_child(node,
				EAS_ITEMOPERATIONS_CONVERSATION_ID) != NULL;
	default:
		return FALSE;
	}
}

static enum itemoperations_status
itemoperations_check(const struct eas_request *req)
{
	const struct wbxml_node *node;
	unsigned int count = 0;

	for (node = req->root->children; node != NULL; node = node->next) {
		if (!itemoperations_node_is_valid(req, node))
			return ITEMOPERATIONS_PROTOCOL_ERROR;
		if (++count > MAX_OPERATIONS)
			return ITEMOPERATIONS_TOO_LARGE;
	}
	return count == 0 ? ITEMOPERATIONS_PROTOCOL_ERROR :
		ITEMOPERATIONS_SUCCESS;
}

int eas_cmd_itemoperations(struct eas_request *req)
{
	struct itemoperations_context ctx;
	struct wbxml_writer *writer;
	enum itemoperations_status status;

	status = itemoperations_check(req);
	if (status != ITEMOPERATIONS_SUCCESS)
		return eas_request_fail(req, status);

	i_zero(&ctx);
	ctx.req = req;
	if (req->accept_multipart) {
		ctx.multipart = eas_multipart_init(req);
		writer = eas_multipart_writer(ctx.multipart);
	} else {
		writer = eas_request_writer(req);
	}
	itemoperations_run(&ctx, writer);
	if (ctx.multipart != NULL) {
		if (!ctx.failed && eas_multipart_finish(ctx.multipart) < 0)
			ctx.failed = TRUE;
		eas_multipart_deinit(&ctx.multipart);
	}
	return ctx.failed ? eas_request_fail_temp(req) : 1;
}
