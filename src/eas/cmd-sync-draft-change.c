/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage.h"
#include "roost-compat.h"
#include "store.h"
#include "store-draft.h"
#include "eas-draft.h"
#include "cmd-sync-drafts.h"

/* Change of a draft: what it says is saved as a mail in the draft's place, or sent. */

/* An earlier command of this request may have edited it, or an attempt that died before
   it removed the old mail. */
static int eas_sync_draft_find_newest(struct eas_sync_draft *draft)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	uint32_t uid = draft->uid;
	int ret;

	ret = eas_draft_resolve(ctx->req, ctx->coll->id, ctx->uidvalidity,
				&uid, NULL);
	if (ret <= 0 || !eas_sync_draft_exists(ctx, uid))
		return ret;
	if (eas_sync_draft_exists(ctx, draft->uid)) {
		ctx->modified = TRUE;
		if (eas_draft_expunge(ctx->req, ctx->coll->box,
				      draft->uid) != EAS_DRAFT_OK)
			return -1;
	}
	draft->uid = uid;
	return 0;
}

/* Finds the mail that the device means. Returns 0, or -1 after a response. */
static int eas_sync_draft_find(struct eas_sync_draft *draft)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	const char *id = wbxml_child_text(draft->node, EAS_AIRSYNC_SERVER_ID);
	const char *folder_id;
	struct store_draft step;
	int ret;

	if (id == NULL || ctx->coll->box == NULL ||
	    eas_item_id_parse(id, &folder_id, &draft->id) < 0 ||
	    strcmp(folder_id, ctx->coll->id) != 0) {
		(void)eas_sync_draft_respond(draft, EAS_SYNC_STATUS_NOT_FOUND);
		return -1;
	}
	draft->uid = eas_sync_id_to_uid(&ctx->coll->state, draft->id);
	if (!sync_device_has(&ctx->coll->state.sync, draft->uid)) {
		(void)eas_sync_draft_respond(draft, EAS_SYNC_STATUS_NOT_FOUND);
		return -1;
	}
	ret = eas_sync_draft_find_newest(draft);
	if (ret >= 0) {
		ret = eas_sync_draft_last_step(ctx->req,
			eas_draft_folder(ctx->coll->id, ctx->uidvalidity),
			draft->id, draft->uid, &step);
	}
	if (ret < 0) {
		(void)eas_sync_draft_respond(draft,
					     EAS_SYNC_STATUS_SERVER_ERROR);
		return -1;
	}
	if (ret > 0) {
		draft->author = step.author;
		draft->parts = step.parts;
	}
	draft->exists = eas_sync_draft_exists(ctx, draft->uid);
	return 0;
}

/* Has another device edited it, and this one was not told? */
static bool eas_sync_draft_conflicts(struct eas_sync_draft *draft)
{
	const char *own = t_strdup_printf("%u/", draft->ctx->req->device->num);

	return draft->exists && draft->author != NULL &&
		!str_begins_with(draft->author, own) &&
		sync_device_conflicts(&draft->ctx->coll->state.sync,
				      draft->uid);
}

static void eas_sync_draft_change_saved(struct eas_sync_draft *draft,
					const struct eas_draft_saved *saved)
{
	/* [MS-ASCMD] 2.2.3.24: a change that succeeds is answered if it adds
	   an attachment */
	if (*eas_draft_parts_clients(saved->parts) != NULL)
		(void)eas_sync_draft_respond(draft, EAS_SYNC_STATUS_SUCCESS);
}

/* Saves the change; status is what the device is told if that succeeds. */
static void
eas_sync_draft_save_change(struct eas_sync_draft *draft, bool conflict,
			   unsigned int status)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	const char *key = t_strdup_printf("%s.%u:%u/%s/%s", ctx->coll->id,
		ctx->uidvalidity, draft->id, ctx->coll->key, draft->digest);
	struct eas_draft_saved saved;
	struct eas_draft_save save;
	enum eas_draft_error error = EAS_DRAFT_OK;
	uint32_t replaces = conflict || !draft->exists ? 0 : draft->uid;
	int ret;

	eas_sync_draft_save_init(draft, key, replaces, &save);
	ret = eas_draft_find_saved(&save, &saved);
	if (ret < 0)
		error = EAS_DRAFT_FAILED;
	else if (ret == 0) {
		error = eas_sync_draft_save(draft, key, draft->exists ?
					    draft->uid : 0, replaces, &saved);
	} else {
		eas_sync_draft_note_flags(draft, saved.uid);
	}
	if (error != EAS_DRAFT_OK)
		status = eas_sync_draft_status(error);
	if (status != EAS_SYNC_STATUS_SUCCESS)
		(void)eas_sync_draft_respond(draft, status);
	else
		eas_sync_draft_change_saved(draft, &saved);
}

/* It was not sent. */
static void
eas_sync_draft_send_failed(struct eas_sync_draft *draft, bool conflict,
			   unsigned int status)
{
	if (draft->ctx->retry)
		return;
	if (draft->data.has_content)
		eas_sync_draft_save_change(draft, conflict, status);
	else
		(void)eas_sync_draft_respond(draft, status);
}

/* What can't be sent whatever the mail is: the draft is gone, or it is not what the user of
   this device sees. Returns 0 or the Status. */
static unsigned int
eas_sync_draft_check_send(struct eas_sync_draft *draft, bool conflict)
{
	bool same;

	if (draft->exists && !conflict)
		return 0;
	if (eas_sync_draft_was_sent(draft, &same) != 0)
		return 0;
	if (conflict)
		return EAS_SYNC_STATUS_CONFLICT;
	return draft->data.body == NULL ? EAS_SYNC_STATUS_NOT_FOUND : 0;
}

static void eas_sync_draft_send_change(struct eas_sync_draft *draft)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	bool conflict = eas_sync_draft_conflicts(draft);
	enum eas_draft_error error = EAS_DRAFT_OK;
	unsigned int status;

	status = eas_sync_draft_check_send(draft, conflict);
	if (status == 0) {
		status = eas_sync_draft_send(draft, draft->exists ?
					     draft->uid : 0);
	}
	if (status != 0) {
		eas_sync_draft_send_failed(draft, conflict, status);
		return;
	}
	ctx->modified = TRUE;
	/* what another device wrote into it since was not sent */
	if (draft->exists && !conflict)
		error = eas_draft_expunge(ctx->req, ctx->coll->box, draft->uid);
	if (error != EAS_DRAFT_OK) {
		/* it was sent all the same */
		e_warning(ctx->req->event, "Mailbox %s: Draft UID %u was sent "
			  "but could not be removed", ctx->coll->folder->vname,
			  draft->uid);
	}
}

void eas_sync_draft_change(struct eas_sync_draft *draft)
{
	bool conflict;

	if (eas_sync_draft_find(draft) < 0)
		return;
	if (draft->send) {
		eas_sync_draft_send_change(draft);
		return;
	}
	conflict = eas_sync_draft_conflicts(draft);
	eas_sync_draft_save_change(draft, conflict,
		conflict ? EAS_SYNC_STATUS_CONFLICT :
		(draft->exists ? EAS_SYNC_STATUS_SUCCESS :
		 EAS_SYNC_STATUS_NOT_FOUND));
}
