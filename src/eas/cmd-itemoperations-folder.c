/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "store-item.h"
#include "eas-move.h"
#include "class-email.h"
#include "sync-mail.h"
#include "cmd-itemoperations.h"

/* -- EmptyFolderContents -- */

static int empty_mailbox(struct mailbox *box)
{
	struct mailbox_transaction_context *trans;
	struct mail_search_args *args;
	struct mail_search_context *ctx;
	struct mail *mail;
	int ret = 0;

	if (sync_mail_open(box) < 0)
		return -1;
	args = mail_search_build_init();
	mail_search_build_add_all(args);
	trans = mailbox_transaction_begin(box, 0, "eas empty folder");
	ctx = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	while (mailbox_search_next(ctx, &mail)) T_BEGIN {
		mail_expunge(mail);
	} T_END;
	if (mailbox_search_deinit(&ctx) < 0) {
		mailbox_transaction_rollback(&trans);
		return -1;
	}
	if (mailbox_transaction_commit(&trans) < 0 ||
	    mailbox_sync(box, MAILBOX_SYNC_FLAG_EXPUNGE) < 0)
		ret = -1;
	return ret;
}

/* Without the right, expunges are silently left undone. */
static bool mailbox_is_empty(struct mailbox *box)
{
	struct mailbox_status status;

	mailbox_get_open_status(box, STATUS_MESSAGES, &status);
	return status.messages == 0;
}

static enum itemoperations_status
empty_store_folder(struct eas_request *req, struct eas_folder *folder)
{
	unsigned int removed;

	if (store_item_remove_all(req->store, folder->pim_id, &removed) < 0)
		return ITEMOPERATIONS_SERVER_ERROR;
	if (removed > 0)
		roost_user_notify(req->req->user, folder->guid);
	return ITEMOPERATIONS_SUCCESS;
}

static enum itemoperations_status
empty_one_folder(struct eas_request *req, struct eas_folder *folder)
{
	enum itemoperations_status status = ITEMOPERATIONS_SUCCESS;
	struct mailbox *box;
	int ret;

	if (folder->kind != STORE_KIND_NONE)
		return empty_store_folder(req, folder);
	if (eas_folder_is_recipients(folder))
		return ITEMOPERATIONS_ACCESS_DENIED;
	ret = eas_folder_mailbox_alloc(req, folder, FALSE, &box);
	if (ret <= 0) {
		/* a folder without a mailbox is empty */
		return ret == 0 ? ITEMOPERATIONS_SUCCESS :
			ITEMOPERATIONS_SERVER_ERROR;
	}
	if (empty_mailbox(box) < 0)
		status = itemoperations_storage_status(req, box, folder->vname);
	else if (!mailbox_is_empty(box))
		status = ITEMOPERATIONS_PARTIAL;
	mailbox_free(&box);
	return status;
}

static enum itemoperations_status
delete_one_folder(struct eas_request *req, const struct eas_folder *folder)
{
	enum itemoperations_status status = ITEMOPERATIONS_SUCCESS;
	struct mailbox *box;

	if (folder->kind != STORE_KIND_NONE && !folder->special) {
		return store_pim_folder_delete(req->store,
					       folder->pim_id) < 0 ?
			ITEMOPERATIONS_SERVER_ERROR : ITEMOPERATIONS_SUCCESS;
	}
	if (folder->special || folder->ns == NULL)
		return ITEMOPERATIONS_PARTIAL;
	box = mailbox_alloc(folder->ns->list, folder->vname, 0);
	/* a level that was no mailbox goes with its last child */
	if (mailbox_delete(box) < 0 && !folder->noselect) {
		status = itemoperations_storage_status(req, box, folder->vname);
		if (status == ITEMOPERATIONS_NOT_FOUND)
			status = ITEMOPERATIONS_SUCCESS;
	}
	if (status == ITEMOPERATIONS_SUCCESS)
		(void)mailbox_set_subscribed(box, FALSE);
	mailbox_free(&box);
	return status;
}

/* The folders below one, parents first. */
static void
folders_below(const ARRAY_TYPE(eas_folder) *folders, const char *id,
	      ARRAY_TYPE(eas_folder) *below)
{
	struct eas_folder *const *folderp, *const *parentp;

	array_foreach(folders, folderp) {
		bool found = strcmp((*folderp)->parent_id, id) == 0;

		if (!found) {
			array_foreach(below, parentp) {
				if (strcmp((*folderp)->parent_id,
					   (*parentp)->id) == 0) {
					found = TRUE;
					break;
				}
			}
		}
		if (found)
			array_push_back(below, folderp);
	}
}

static enum itemoperations_status
delete_subfolders(struct eas_request *req, const char *id)
{
	const ARRAY_TYPE(eas_folder) *folders;
	ARRAY_TYPE(eas_folder) below;
	enum itemoperations_status status = ITEMOPERATIONS_SUCCESS;
	unsigned int i;

	eas_folders_reset(req);
	if (eas_folders_get(req, &folders) < 0)
		return ITEMOPERATIONS_SERVER_ERROR;
	t_array_init(&below, 16);
	folders_below(folders, id, &below);
	for (i = array_count(&below); i > 0; i--) {
		if (delete_one_folder(req, array_idx_elem(&below, i - 1)) !=
		    ITEMOPERATIONS_SUCCESS)
			status = ITEMOPERATIONS_PARTIAL;
	}
	eas_folders_reset(req);
	return status;
}

enum itemoperations_status
itemoperations_empty_folder(struct eas_request *req,
			    const struct wbxml_node *node)
{
	const struct wbxml_node *options, *option;
	struct eas_folder *folder;
	enum itemoperations_status status, sub_status;
	bool subfolders = FALSE;
	const char *id;
	int ret;

	id = wbxml_child_text(node, EAS_AIRSYNC_COLLECTION_ID);
	if (id == NULL || *id == '\0')
		return ITEMOPERATIONS_PROTOCOL_ERROR;
	options = wbxml_node_child(node, EAS_ITEMOPERATIONS_OPTIONS);
	for (option = options == NULL ? NULL : options->children;
	     option != NULL; option = option->next) {
		if (option->tag != EAS_ITEMOPERATIONS_DELETE_SUB_FOLDERS)
			return ITEMOPERATIONS_PROTOCOL_ERROR;
		/* an empty tag; "0" takes it back */
		if (wbxml_child_bool(options, option->tag, &subfolders) < 0)
			return ITEMOPERATIONS_PROTOCOL_ERROR;
	}

	ret = eas_folder_find(req, id, &folder);
	if (ret <= 0) {
		return ret < 0 ? ITEMOPERATIONS_SERVER_ERROR :
			ITEMOPERATIONS_NOT_FOUND;
	}
	status = empty_one_folder(req, folder);
	if (!subfolders)
		return status;
	sub_status = delete_subfolders(req, id);
	return status == ITEMOPERATIONS_SUCCESS ? sub_status : status;
}

/* -- Move -- */

struct conversation_move {
	struct eas_request *req;
	uint8_t id[EAS_CONVERSATION_ID_SIZE];
	struct eas_folder *dest;
	unsigned int moved, failed;
};

/* The UIDs of the conversation's mails. A ConversationId is made from headers that
   lib-storage has in its cache, so this reads no mail. */
static int
conversation_find(struct conversation_move *ctx, struct mailbox *box,
		  ARRAY_TYPE(uint32_t) *uids)
{
	struct mailbox_header_lookup_ctx *wanted_headers;
	struct mailbox_transaction_context *trans;
	struct mail_search_args *args;
	struct mail_search_context *search;
	struct mail *mail;
	int ret = 0;

	if (sync_mail_open(box) < 0)
		return -1;
	wanted_headers = eas_conversation_headers(box);
	args = mail_search_build_init();
	mail_search_build_add_all(args);
	trans = mailbox_transaction_begin(box, 0, "eas move conversation");
	search = mailbox_search_init(trans, args, NULL, 0, wanted_headers);
	mail_search_args_unref(&args);
	mailbox_header_lookup_unref(&wanted_headers);
	while (mailbox_search_next(search, &mail)) T_BEGIN {
		uint8_t id[EAS_CONVERSATION_ID_SIZE];
		const char *error;

		if (eas_conversation_id(mail, id, &error) > 0 &&
		    memcmp(id, ctx->id, sizeof(id)) == 0)
			array_push_back(uids, &mail->uid);
	} T_END;
	if (mailbox_search_deinit(&search) < 0)
		ret = -1;
	/* what the cache has learned is kept */
	(void)mailbox_transaction_commit(&trans);
	return ret;
}

static int
conversation_find_in(struct conversation_move *ctx, struct eas_folder *folder,
		     ARRAY_TYPE(uint32_t) *uids)
{
	struct mailbox *box;
	int ret;

	ret = eas_folder_mailbox_alloc(ctx->req, folder, FALSE, &box);
	if (ret <= 0)
		return ret;
	ret = conversation_find(ctx, box, uids);
	if (ret < 0 && itemoperations_storage_status(ctx->req, box,
			folder->vname) != ITEMOPERATIONS_SERVER_ERROR) {
		/* a folder that may not be read, or is gone, has none of it */
		ret = 0;
	}
	mailbox_free(&box);
	return ret;
}

static void
conversation_move_from(struct conversation_move *ctx, struct eas_folder *src)
{
	ARRAY_TYPE(uint32_t) uids;
	const uint32_t *uidp;
	struct eas_move *moves;
	unsigned int i, count;

	t_array_init(&uids, 16);
	if (conversation_find_in(ctx, src, &uids) < 0) {
		ctx->failed++;
		return;
	}
	uidp = array_get(&uids, &count);
	if (count == 0)
		return;
	moves = t_new(struct eas_move, count);
	for (i = 0; i < count; i++)
		moves[i].uid = uidp[i];
	(void)eas_move_mails(ctx->req, src, ctx->dest, moves, count);
	for (i = 0; i < count; i++) {
		if (moves[i].result == EAS_MOVE_OK)
			ctx->moved++;
		else if (moves[i].result != EAS_MOVE_NO_SOURCE)
			ctx->failed++;
	}
}

/* [MS-ASCON] 3.2.4.6: from all folders except Sent Items. That is meant for the
   user's own mailbox: what others share with him stays there, unless the
   conversation is to go to another folder of theirs. */
static bool
conversation_is_taken_from(const struct conversation_move *ctx,
			   const struct eas_folder *src)
{
	return src->ns != NULL && src->type != EAS_FOLDER_SENT_ITEMS &&
		strcmp(src->id, ctx->dest->id) != 0 &&
		(src->ns == ctx->dest->ns ||
		 src->ns->type == MAIL_NAMESPACE_TYPE_PRIVATE);
}

static enum itemoperations_status
conversation_move(struct conversation_move *ctx)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *const *folderp;

	if (eas_folders_get(ctx->req, &folders) < 0)
		return ITEMOPERATIONS_SERVER_ERROR;
	array_foreach(folders, folderp) {
		if (conversation_is_taken_from(ctx, *folderp)) T_BEGIN {
			conversation_move_from(ctx, *folderp);
		} T_END;
	}
	if (ctx->failed == 0)
		return ITEMOPERATIONS_SUCCESS;
	return ctx->moved > 0 ? ITEMOPERATIONS_PARTIAL :
		ITEMOPERATIONS_SERVER_ERROR;
}

enum itemoperations_status
itemoperations_move(struct eas_request *req, const struct wbxml_node *node)
{
	const struct wbxml_node *id_node, *options;
	struct conversation_move ctx;
	const char *dest_id;
	int ret;

	i_zero(&ctx);
	ctx.req = req;
	id_node = wbxml_node_child(node, EAS_ITEMOPERATIONS_CONVERSATION_ID);
	dest_id = wbxml_child_text(node, EAS_ITEMOPERATIONS_DST_FLD_ID);
	if (id_node == NULL || dest_id == NULL || *dest_id == '\0')
		return ITEMOPERATIONS_PROTOCOL_ERROR;
	options = wbxml_node_child(node, EAS_ITEMOPERATIONS_OPTIONS);
	if (wbxml_node_child(options, EAS_ITEMOPERATIONS_MOVE_ALWAYS) == NULL)
		return ITEMOPERATIONS_NO_MOVE_ALWAYS;
	if (eas_conversation_id_parse(id_node, ctx.id) < 0)
		return ITEMOPERATIONS_NOT_FOUND;
	ret = eas_folder_find(req, dest_id, &ctx.dest);
	if (ret <= 0) {
		return ret < 0 ? ITEMOPERATIONS_SERVER_ERROR :
			ITEMOPERATIONS_NOT_FOUND;
	}
	if (eas_folder_is_recipients(ctx.dest))
		return ITEMOPERATIONS_INVALID_DESTINATION;
	if (ctx.dest->ns == NULL || ctx.dest->noselect)
		return ITEMOPERATIONS_NOT_SUPPORTED;
	return conversation_move(&ctx);
}
