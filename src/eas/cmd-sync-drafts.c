/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "roost-compat.h"
#include "store.h"
#include "store-draft.h"
#include "store-state.h"
#include "pim-compose.h"
#include "pim-header.h"
#include "class-email.h"
#include "eas-draft.h"
#include "eas-submit.h"
#include "sync-mail.h"
#include "cmd-sync.h"

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

#define EAS_SYNC_SENT_OP_KIND "draftsent"

struct eas_sync_draft_flags {
	uint32_t uid;
	const struct wbxml_node *data;
};

struct eas_sync_drafts {
	struct eas_sync *sync;
	struct eas_request *req;
	struct eas_sync_collection *coll;
	uint32_t uidvalidity;
	const char *author;
	/* Read, Flag and Categories to be set on what was saved */
	ARRAY(struct eas_sync_draft_flags) flags;
	bool modified;
	/* The request has to come again as it is. */
	bool retry;
};

/* One Add or Change. */
struct eas_sync_draft {
	struct eas_sync_drafts *ctx;
	const struct wbxml_node *node, *data_node;
	struct eas_draft_data data;
	const char *client_id, *digest;
	bool send;
	/* of a Change: the UID in its ServerId, and the mail's now */
	uint32_t id, uid;
	bool exists;
	/* who made the mail of what the device knows; NULL = it is that */
	const char *author, *parts;
};

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

/* -- the state -- */

/* The last step of the way from one UID to another. Returns 1, 0 if there is none, -1. */
static int
eas_sync_draft_last_step(struct eas_request *req, const char *folder,
			 uint32_t from_uid, uint32_t to_uid,
			 struct store_draft *draft_r)
{
	int ret;

	while (from_uid < to_uid) {
		ret = store_draft_get(req->store, req->pool, folder, from_uid,
				      draft_r);
		if (ret <= 0 || draft_r->uid == to_uid)
			return ret;
		if (draft_r->uid <= from_uid)
			return 0;
		from_uid = draft_r->uid;
	}
	return 0;
}

/* The new mail's attachments that the device has added: it gets their FileReferences with
   their ClientIds. Returns whether there are any. */
static bool
eas_sync_draft_note_attachments(struct eas_request *req, uint32_t uid,
				const char *parts)
{
	struct eas_added_attachment added;
	const char *const *clients = eas_draft_parts_clients(parts);
	bool any = *clients != NULL;

	if (!array_is_created(&req->added_attachments))
		p_array_init(&req->added_attachments, req->pool, 8);
	for (; *clients != NULL; clients += 2) {
		added.uid = uid;
		added.client_id = p_strdup(req->pool, clients[0]);
		added.part = p_strdup(req->pool, clients[1]);
		array_push_back(&req->added_attachments, &added);
	}
	return any;
}

static int
eas_sync_draft_rebase(struct eas_sync *sync, struct eas_sync_collection *coll,
		      uint32_t old_uid)
{
	struct sync_state *state = &coll->state.sync;
	const char *folder = eas_draft_folder(coll->folder->id,
					      state->status.uidvalidity);
	struct store_draft draft;
	uint32_t uid = old_uid;
	uint64_t modseq;
	int ret;

	ret = eas_draft_resolve(sync->req, coll->folder->id,
				state->status.uidvalidity, &uid, NULL);
	if (ret <= 0)
		return ret;
	ret = coll->coll->v->get_modseq(coll->coll, uid, &modseq);
	if (ret <= 0 || sync_device_has(state, uid))
		return ret;
	ret = eas_sync_draft_last_step(sync->req, folder, old_uid, uid, &draft);
	if (ret <= 0)
		return ret;
	sync_device_removed(state, old_uid);
	if (sync_device_added(coll->coll, state, uid) < 0)
		return -1;
	eas_sync_alias(&coll->state, old_uid, uid);
	if (strcmp(draft.author, eas_sync_draft_author(sync, coll)) != 0 ||
	    eas_sync_draft_note_attachments(sync->req, uid, draft.parts))
		sync_device_refused(state, uid);
	return 0;
}

const char *
eas_sync_draft_author(const struct eas_sync *sync,
		      const struct eas_sync_collection *coll)
{
	return t_strdup_printf("%u/%s", sync->req->device->num, coll->key);
}

int eas_sync_drafts_rebase(struct eas_sync *sync,
			   struct eas_sync_collection *coll)
{
	ARRAY_TYPE(seq_range) deletes;
	struct seq_range_iter iter;
	unsigned int n = 0;
	uint32_t uid;
	int ret = 0;

	if (!eas_sync_has_drafts(sync, coll) || coll->coll == NULL)
		return 0;
	t_array_init(&deletes, 8);
	array_append_array(&deletes, &coll->state.sync.deletes);
	seq_range_array_iter_init(&iter, &deletes);
	while (ret >= 0 && seq_range_array_iter_nth(&iter, n++, &uid)) T_BEGIN {
		ret = eas_sync_draft_rebase(sync, coll, uid);
	} T_END;
	return ret < 0 ? -1 : 0;
}

/* -- responses -- */

static struct eas_sync_response *
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

static enum eas_sync_status eas_sync_draft_status(enum eas_draft_error error)
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

/* A saved Add: held from the next look on. */
static void
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

static void
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

static bool eas_sync_draft_exists(struct eas_sync_drafts *ctx, uint32_t uid)
{
	uint32_t seq1, seq2;

	mailbox_get_seq_range(ctx->coll->box, uid, uid, &seq1, &seq2);
	return seq1 != 0;
}

/* Composes on top of the mail with this UID, 0 = of nothing. */
static enum eas_draft_error
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

static void
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

static enum eas_draft_error
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

/* -- Send -- */

static const char *
eas_sync_draft_send_key(struct eas_sync_draft *draft)
{
	return draft->client_id != NULL ?
		t_strdup_printf("%s+%s/%s", draft->ctx->coll->id,
				draft->ctx->coll->key, draft->client_id) :
		t_strdup_printf("%s:%u/%s", draft->ctx->coll->id, draft->id,
				draft->ctx->coll->key);
}

/* [MS-ASCMD] 2.2.2 status 183 */
static int
eas_sync_draft_check_recipients(struct eas_sync_draft *draft,
				struct istream *mail, unsigned int *status_r)
{
	static const enum pim_header_name names[] = {
		PIM_HEADER_TO, PIM_HEADER_CC, PIM_HEADER_BCC,
	};
	struct pim_headers headers;
	unsigned int i, count, total = 0;

	if (pim_headers_read(draft->ctx->req->pool, mail, &headers) < 0) {
		*status_r = EAS_SYNC_STATUS_SERVER_ERROR;
		return -1;
	}
	i_stream_seek(mail, 0);
	*status_r = EAS_STATUS_INVALID_RECIPIENTS;
	for (i = 0; i < N_ELEMENTS(names); i++) {
		if (!pim_compose_addresses_valid(headers.value[names[i]],
						 &count))
			return -1;
		total += count;
	}
	return total > 0 ? 0 : -1;
}

static unsigned int
eas_sync_draft_submit_mail(struct eas_sync_draft *draft, struct istream *mail)
{
	struct eas_submission sub;
	unsigned int status;

	if (eas_sync_draft_check_recipients(draft, mail, &status) < 0)
		return status;
	i_zero(&sub);
	sub.input = mail;
	sub.client_id = t_strdup_printf("draft %s",
					eas_sync_draft_send_key(draft));
	sub.save_in_sent = TRUE;
	status = eas_submit_mail(draft->ctx->req, &sub);
	/* without its copy it is sent all the same */
	return status == EAS_STATUS_MAILBOX_QUOTA_EXCEEDED ? 0 : status;
}

/* Returns 0 if the mail is on its way, or the Status. */
static unsigned int
eas_sync_draft_submit(struct eas_sync_draft *draft, uint32_t base_uid)
{
	struct eas_request *req = draft->ctx->req;
	const char *parts, *id;
	enum eas_draft_error error;
	struct istream *mail;
	unsigned int status;

	id = eas_draft_marker(req, t_strdup_printf("%s %s",
		req->req->user->mail_user->username,
		eas_sync_draft_send_key(draft)));
	error = eas_sync_draft_compose(draft, base_uid, NULL, id, &mail,
				       &parts);
	if (error != EAS_DRAFT_OK)
		return eas_sync_draft_status(error);
	status = eas_sync_draft_submit_mail(draft, mail);
	i_stream_unref(&mail);
	return status;
}

/* Returns 1, 0, -1. *same_r: and the request says what it said then. */
static int eas_sync_draft_was_sent(struct eas_sync_draft *draft, bool *same_r)
{
	struct eas_request *req = draft->ctx->req;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, req->pool,
			   req->device->num, EAS_SYNC_SENT_OP_KIND,
			   eas_sync_draft_send_key(draft), &value);
	*same_r = ret > 0 && strcmp(t_strndup(value->data, value->used),
				    draft->digest) == 0;
	return ret;
}

/* Returns 0 if it was sent, now or before, or the Status. */
static unsigned int
eas_sync_draft_send(struct eas_sync_draft *draft, uint32_t base_uid)
{
	struct eas_request *req = draft->ctx->req;
	unsigned int status;
	bool same;
	int ret;

	ret = eas_sync_draft_was_sent(draft, &same);
	if (ret > 0)
		return same ? 0 : EAS_STATUS_MESSAGE_PREVIOUSLY_SENT;
	status = ret < 0 ? EAS_STATUS_SERVER_ERROR_RETRY_LATER :
		eas_sync_draft_submit(draft, base_uid);
	if (status == 0 &&
	    store_op_put(req->store, req->device->num, EAS_SYNC_SENT_OP_KIND,
			 eas_sync_draft_send_key(draft), draft->digest,
			 strlen(draft->digest)) < 0)
		status = EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	if (status == EAS_STATUS_SERVER_ERROR_RETRY_LATER)
		draft->ctx->retry = TRUE;
	return status;
}

/* -- Change -- */

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

static void eas_sync_draft_change(struct eas_sync_draft *draft)
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

/* -- Add -- */

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

static void eas_sync_draft_add(struct eas_sync_draft *draft)
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

/* -- all of them -- */

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
