/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage.h"
#include "eas-draft.h"
#include "cmd-sync-drafts.h"

/* Add of a draft: it is saved, or sent. */

/* Drafts is made when the first draft is. */
static int eas_sync_draft_open(struct eas_sync_draft *draft)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	struct eas_sync_collection *coll = ctx->coll;
	struct mailbox_status status;
	struct sync_status sync_status;
	uint32_t incarnation;

	if (coll->box == NULL) {
		if (eas_sync_create_folder(ctx->req, coll->folder, &coll->box,
					   &coll->coll) <= 0)
			return -1;
		if (coll->coll->v->refresh(coll->coll, &sync_status,
					   &incarnation) <= 0)
			return -1;
	}
	mailbox_get_open_status(coll->box, STATUS_UIDVALIDITY, &status);
	ctx->uidvalidity = status.uidvalidity;
	return 0;
}

/* The device adds what it has added before, and says something else of it now. */
static enum eas_draft_error
eas_sync_draft_add_again(struct eas_sync_draft *draft, const char *key,
			 struct eas_draft_saved *saved)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	struct eas_draft_save save;
	uint32_t uid = saved->uid;
	int ret;

	key = t_strdup_printf("%s/%s", key, draft->digest);
	eas_sync_draft_save_init(draft, key, uid, &save);
	ret = eas_draft_find_saved(&save, saved);
	if (ret != 0)
		return ret < 0 ? EAS_DRAFT_FAILED : EAS_DRAFT_OK;
	if (eas_draft_resolve_missing(ctx->req, ctx->coll->folder,
				      ctx->coll->box, &uid, NULL) < 0)
		return EAS_DRAFT_FAILED;
	return eas_sync_draft_save(draft, key, 0,
				   eas_sync_draft_exists(ctx, uid) ? uid : 0,
				   saved);
}

void eas_sync_draft_add(struct eas_sync_draft *draft)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	struct eas_draft_saved saved;
	struct eas_draft_save save;
	enum eas_draft_error error = EAS_DRAFT_OK;
	unsigned int status;
	const char *key;
	int ret;

	if (draft->send) {
		status = eas_sync_draft_send(draft, 0);
		if (ctx->retry)
			return;
		(void)eas_sync_draft_respond(draft, status == 0 ?
			EAS_SYNC_STATUS_SUCCESS : status);
		return;
	}
	if (eas_sync_draft_open(draft) < 0) {
		(void)eas_sync_draft_respond(draft,
					     EAS_SYNC_STATUS_SERVER_ERROR);
		return;
	}
	key = t_strdup_printf("%s.%u+%s/%s", ctx->coll->id, ctx->uidvalidity,
			      ctx->coll->key, draft->client_id);
	eas_sync_draft_save_init(draft, key, 0, &save);
	ret = eas_draft_find_saved(&save, &saved);
	if (ret == 0)
		error = eas_sync_draft_save(draft, key, 0, 0, &saved);
	if (ret < 0)
		error = EAS_DRAFT_FAILED;
	/* of an attempt that died it may be another text as well */
	if (error == EAS_DRAFT_OK &&
	    strcmp(saved.digest, draft->digest) != 0)
		error = eas_sync_draft_add_again(draft, key, &saved);
	if (error != EAS_DRAFT_OK) {
		(void)eas_sync_draft_respond(draft,
					     eas_sync_draft_status(error));
		return;
	}
	if (ret > 0)
		eas_sync_draft_note_flags(draft, saved.uid);
	eas_sync_draft_respond_added(draft, &saved);
}
