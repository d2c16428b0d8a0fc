/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "mail-storage.h"
#include "store.h"
#include "eas-draft.h"
#include "sync-mail.h"
#include "cmd-sync-drafts.h"

/* Making the mail of a draft and saving it, and what the device is told. */

/* -- responses -- */

struct eas_sync_response *
eas_sync_draft_respond(struct eas_sync_draft *draft, unsigned int status)
{
	struct eas_sync_response *response;

	response = array_append_space(&draft->ctx->coll->responses);
	response->tag = draft->node->tag;
	response->client_id = draft->client_id;
	response->server_id = wbxml_child_text(draft->node,
					       EAS_AIRSYNC_SERVER_ID);
	response->status = status;
	return response;
}

enum eas_sync_status eas_sync_draft_status(enum eas_draft_error error)
{
	switch (error) {
	case EAS_DRAFT_OK:
		return EAS_SYNC_STATUS_SUCCESS;
	case EAS_DRAFT_INVALID:
	case EAS_DRAFT_DENIED:
		return EAS_SYNC_STATUS_INVALID_ITEM;
	case EAS_DRAFT_QUOTA:
		return EAS_SYNC_STATUS_NO_SPACE;
	case EAS_DRAFT_FAILED:
		break;
	}
	return EAS_SYNC_STATUS_SERVER_ERROR;
}

void
eas_sync_draft_respond_added(struct eas_sync_draft *draft,
			     const struct eas_draft_saved *saved)
{
	struct eas_sync_response *response;

	response = eas_sync_draft_respond(draft, EAS_SYNC_STATUS_SUCCESS);
	response->uid = saved->uid;
	response->added_draft = TRUE;
	(void)eas_sync_draft_note_attachments(draft->ctx->req, saved->uid,
					      saved->parts);
}

void
eas_sync_draft_note_flags(struct eas_sync_draft *draft, uint32_t uid)
{
	struct eas_sync_draft_flags *flags;

	draft->ctx->modified = TRUE;
	if (draft->data_node == NULL)
		return;
	flags = array_append_space(&draft->ctx->flags);
	flags->uid = uid;
	flags->data = draft->data_node;
}

/* -- making and saving -- */

bool eas_sync_draft_exists(struct eas_sync_drafts *ctx, uint32_t uid)
{
	uint32_t seq1, seq2;

	mailbox_get_seq_range(ctx->coll->box, uid, uid, &seq1, &seq2);
	return seq1 != 0;
}

enum eas_draft_error
eas_sync_draft_compose(struct eas_sync_draft *draft, uint32_t base_uid,
		       const char *marker, const char *message_id,
		       struct istream **mail_r, const char **parts_r)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	struct mailbox_transaction_context *trans;
	struct eas_draft_base base;
	enum eas_draft_error error = EAS_DRAFT_FAILED;
	struct mail *mail;

	i_zero(&base);
	base.folder_id = ctx->coll->id;
	base.uidvalidity = ctx->uidvalidity;
	base.message_id = message_id;
	if (base_uid == 0) {
		return eas_draft_compose(ctx->req, &draft->data, &base, marker,
					 mail_r, parts_r);
	}
	base.uid = base_uid;
	if (draft->author != NULL && strcmp(draft->author, ctx->author) == 0)
		base.earlier_parts = draft->parts;
	trans = mailbox_transaction_begin(ctx->coll->box, 0, __func__);
	mail = mail_alloc(trans, MAIL_FETCH_STREAM_HEADER |
			  MAIL_FETCH_STREAM_BODY | MAIL_FETCH_MESSAGE_PARTS,
			  NULL);
	if (sync_mail_set_uid(mail, base_uid) &&
	    mail_get_stream(mail, NULL, NULL, &base.input) == 0 &&
	    mail_get_parts(mail, &base.parts) == 0) {
		error = eas_draft_compose(ctx->req, &draft->data, &base,
					  marker, mail_r, parts_r);
	} else {
		e_error(ctx->req->event, "Mailbox %s: Reading draft UID %u "
			"failed: %s", ctx->coll->folder->vname, base_uid,
			mailbox_get_last_internal_error(ctx->coll->box, NULL));
	}
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return error;
}

void
eas_sync_draft_save_init(struct eas_sync_draft *draft, const char *key,
			 uint32_t replaces, struct eas_draft_save *save_r)
{
	i_zero(save_r);
	save_r->req = draft->ctx->req;
	save_r->folder = draft->ctx->coll->folder;
	save_r->box = draft->ctx->coll->box;
	save_r->key = key;
	save_r->author = draft->ctx->author;
	save_r->replaces = replaces;
}

enum eas_draft_error
eas_sync_draft_save(struct eas_sync_draft *draft, const char *key,
		    uint32_t base_uid, uint32_t replaces,
		    struct eas_draft_saved *saved_r)
{
	struct eas_sync_drafts *ctx = draft->ctx;
	struct eas_draft_save save;
	enum eas_draft_error error;
	struct istream *mail;
	const char *parts;

	eas_sync_draft_save_init(draft, key, replaces, &save);
	error = eas_sync_draft_compose(draft, base_uid,
				       eas_draft_marker(ctx->req, key), NULL,
				       &mail, &parts);
	if (error != EAS_DRAFT_OK)
		return error;
	error = eas_draft_save(&save, mail, draft->digest, parts, saved_r);
	i_stream_unref(&mail);
	if (error == EAS_DRAFT_OK)
		eas_sync_draft_note_flags(draft, saved_r->uid);
	return error;
}
