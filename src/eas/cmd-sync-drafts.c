/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "class-email.h"
#include "eas-draft.h"
#include "sync-mail.h"
#include "cmd-sync-drafts.h"

/* Drafts of 16.x ([MS-ASEMAIL] 3.1.5.4): what a device writes, and how it sees a draft that
   became another mail.

   - An edited draft keeps its ServerId: the state says which UID the device's name stands for
     (aliases). That goes for edits by other devices as well; what an IMAP client puts in
     the place of a draft is a new item, since nobody can tell.
   - A request that is repeated finds its result by SyncKey, item and content. If the device
     says more by now, that is done to the result.
   - Send makes the mail of the draft and the request, submits it, notes that, and removes the
     draft. Until the note is there a repeat makes the same mail again, of the same Message-ID, and
     eas_submit_mail() knows it; the note knows it when the draft is gone. A repeat that says
     something else is not sent (Status 118). What a Change can't send it saves; what an Add
     can't send the device keeps. What may be sent or not (Status 111) fails the whole collection:
     the device repeats the request as it was, under the same SyncKey.
   - Nothing that was typed is lost: an edit of a draft that another device has edited becomes a
     draft of its own (Status 7), and so does one of a draft that is gone (Status 8). */

bool eas_sync_has_drafts(const struct eas_sync *sync,
			 const struct eas_sync_collection *coll)
{
	return sync->req->version >= EAS_VERSION_16_0 &&
		coll->folder != NULL &&
		coll->folder->type == EAS_FOLDER_DRAFTS;
}

static bool eas_sync_is_send(const struct wbxml_node *node)
{
	return wbxml_node_child(node, EAS_EMAIL2_SEND) != NULL ||
		wbxml_node_child(wbxml_node_child(node,
				EAS_AIRSYNC_APPLICATION_DATA),
				EAS_EMAIL2_SEND) != NULL;
}

/* Anything of a Change but what all mails have */
static bool eas_sync_changes_content(const struct wbxml_node *node)
{
	node = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (node == NULL)
		return FALSE;
	for (node = node->children; node != NULL; node = node->next) {
		switch (node->tag) {
		case EAS_EMAIL_TO:
		case EAS_EMAIL_CC:
		case EAS_EMAIL2_BCC:
		case EAS_EMAIL_SUBJECT:
		case EAS_EMAIL_REPLY_TO:
		case EAS_EMAIL_IMPORTANCE:
		case EAS_AIRSYNCBASE_BODY:
		case EAS_AIRSYNCBASE_ATTACHMENTS:
			return TRUE;
		}
	}
	return FALSE;
}

bool eas_sync_is_draft_command(const struct eas_sync *sync,
			       const struct eas_sync_collection *coll,
			       const struct wbxml_node *node)
{
	const char *class;

	if (!eas_sync_has_drafts(sync, coll))
		return FALSE;
	switch (node->tag) {
	case EAS_AIRSYNC_ADD:
		class = wbxml_child_text(node, EAS_AIRSYNC_CLASS);
		return class == NULL || *class == '\0' ||
			strcasecmp(class, "Email") == 0;
	case EAS_AIRSYNC_CHANGE:
		return eas_sync_is_send(node) || eas_sync_changes_content(node);
	}
	return FALSE;
}

static void
eas_sync_draft_run(struct eas_sync_drafts *ctx, const struct wbxml_node *node)
{
	struct eas_sync_draft draft;

	i_zero(&draft);
	draft.ctx = ctx;
	draft.node = node;
	draft.data_node = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	draft.send = eas_sync_is_send(node);
	if (node->tag == EAS_AIRSYNC_ADD) {
		draft.client_id = wbxml_child_text(node,
						   EAS_AIRSYNC_CLIENT_ID);
		if (draft.client_id == NULL || *draft.client_id == '\0') {
			(void)eas_sync_draft_respond(&draft,
				EAS_SYNC_STATUS_PROTOCOL_ERROR);
			return;
		}
	}
	if (eas_draft_data_parse(ctx->req, draft.data_node, &draft.data) < 0 ||
	    !eas_email_change_is_valid(draft.data_node)) {
		(void)eas_sync_draft_respond(&draft,
					     EAS_SYNC_STATUS_INVALID_ITEM);
		return;
	}
	draft.digest = eas_draft_digest(ctx->req, node);
	if (node->tag == EAS_AIRSYNC_ADD)
		eas_sync_draft_add(&draft);
	else
		eas_sync_draft_change(&draft);
}

/* Read, Flag and Categories, as of any mail; set again by a repeat. */
static int eas_sync_drafts_apply_flags(struct eas_sync_drafts *ctx)
{
	struct mailbox *box = ctx->coll->box;
	struct mailbox_transaction_context *trans;
	const struct eas_sync_draft_flags *flags;
	unsigned int status;
	struct mail *mail;

	if (array_count(&ctx->flags) == 0)
		return 0;
	if (mailbox_sync(box, 0) < 0)
		return -1;
	trans = mailbox_transaction_begin(box, 0, __func__);
	mail = mail_alloc(trans, MAIL_FETCH_FLAGS, NULL);
	array_foreach(&ctx->flags, flags) {
		if (sync_mail_set_uid(mail, flags->uid)) {
			(void)eas_email_apply_change(ctx->req, mail,
						     flags->data, &status);
		}
	}
	mail_free(&mail);
	return mailbox_transaction_commit(&trans);
}

int eas_sync_drafts_run(struct eas_sync *sync,
			struct eas_sync_collection *coll, bool *modified_r)
{
	struct eas_sync_drafts ctx = {
		.sync = sync, .req = sync->req, .coll = coll,
	};
	const struct wbxml_node *node;

	*modified_r = FALSE;
	if (!eas_sync_has_drafts(sync, coll))
		return 0;
	ctx.author = p_strdup(sync->req->pool,
			      eas_sync_draft_author(sync, coll));
	ctx.uidvalidity = coll->state.sync.status.uidvalidity;
	t_array_init(&ctx.flags, 8);
	for (node = coll->commands->children; node != NULL; node = node->next) {
		if (eas_sync_is_draft_command(sync, coll, node))
			eas_sync_draft_run(&ctx, node);
		if (ctx.retry)
			return -1;
	}
	*modified_r = ctx.modified;
	if (eas_sync_drafts_apply_flags(&ctx) < 0) {
		e_error(sync->req->event, "Mailbox %s: Changing flags failed: "
			"%s", coll->folder->vname,
			mailbox_get_last_internal_error(coll->box, NULL));
		return -1;
	}
	return 0;
}

void eas_sync_drafts_verify(struct eas_sync_collection *coll)
{
	struct sync_state *state = &coll->state.sync;
	struct eas_sync_response *response;
	uint64_t modseq;

	array_foreach_modifiable(&coll->responses, response) {
		if (!response->added_draft)
			continue;
		(void)sync_device_added(coll->coll, state, response->uid);
		/* it was there, and the answer that said so was lost */
		if (coll->coll->v->get_modseq(coll->coll, response->uid,
					      &modseq) == 0)
			seq_range_array_add(&state->deletes, response->uid);
	}
}
