/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strnum.h"
#include "mail-storage.h"
#include "roost-compat.h"
#include "class-email.h"
#include "eas-move.h"
#include "sync-mail.h"
#include "cmd-sync.h"

/* What the device did is done to the mailbox at once and for good, and only then recorded in
   the state: a process that dies in between has done something that it does not know of.
   That is harmless because each command can be done twice: a Change sets what is set
   already, a Delete finds nothing to delete (eas-move.h takes care of moves). The device
   repeats its request with the old key, and the look compares. */

/* ServerIds of SMS messages, which are taken and forgotten: "<folder id>:sms<n>" */
#define EAS_SYNC_SMS_PREFIX "sms"

/* A Change that was made, and what the mail should be like after it. */
struct eas_sync_change {
	uint32_t uid;
	/* somebody else changed it, too: the device has to hear of that */
	bool conflict;
	/* it was left undone */
	bool refused;
	const char *expected;
};

struct eas_sync_commands {
	struct eas_sync *sync;
	struct eas_sync_collection *coll;
	ARRAY(struct eas_sync_change) changes;
	ARRAY(struct eas_move) deletes;
	bool modified;
};

unsigned int eas_sync_commands_count(const struct wbxml_node *commands)
{
	const struct wbxml_node *node;
	unsigned int count = 0;

	if (commands == NULL)
		return 0;
	for (node = commands->children; node != NULL; node = node->next)
		count++;
	return count;
}

static struct eas_sync_response *
eas_sync_respond(struct eas_sync_commands *ctx, const struct wbxml_node *node,
		 enum eas_sync_status status)
{
	struct eas_sync_response *response;

	response = array_append_space(&ctx->coll->responses);
	response->tag = node->tag;
	response->server_id = wbxml_child_text(node, EAS_AIRSYNC_SERVER_ID);
	response->client_id = wbxml_child_text(node, EAS_AIRSYNC_CLIENT_ID);
	response->status = status;
	return response;
}

static void
eas_sync_respond_uid(struct eas_sync_commands *ctx, unsigned int tag,
		     uint32_t uid, enum eas_sync_status status)
{
	struct eas_sync_response *response;

	response = array_append_space(&ctx->coll->responses);
	response->tag = tag;
	response->server_id = p_strdup(ctx->sync->req->pool,
				       eas_item_id(ctx->coll->id,
				eas_sync_uid_to_id(&ctx->coll->state, uid)));
	response->status = status;
}

/* The flags and keywords of a mail as text to be compared. */
static int eas_sync_mail_flags(struct mail *mail, const char **flags_r)
{
	ARRAY_TYPE(const_string) keywords;
	const char *const *list, *const *kw;
	string_t *str = t_str_new(64);

	list = mail_get_keywords(mail);
	t_array_init(&keywords, 8);
	for (kw = list; *kw != NULL; kw++)
		array_push_back(&keywords, kw);
	array_sort(&keywords, i_strcmp_p);
	str_printfa(str, "%x", mail_get_flags(mail) & MAIL_FLAGS_NONRECENT);
	array_foreach(&keywords, kw) {
		str_append_c(str, ' ');
		str_append(str, *kw);
	}
	*flags_r = str_c(str);
	return mail->expunged ? 0 : 1;
}

/* Returns 1 and the UID of the item that the command is for, 0 if there is nothing to be done
   (an SMS), -1 if the device has no such item. */
static int
eas_sync_command_uid(struct eas_sync_commands *ctx,
		     const struct wbxml_node *node, uint32_t *uid_r)
{
	const char *id, *folder_id, *p;

	id = wbxml_child_text(node, EAS_AIRSYNC_SERVER_ID);
	if (id == NULL)
		return -1;
	p = strrchr(id, ':');
	if (p != NULL && str_begins_with(p + 1, EAS_SYNC_SMS_PREFIX))
		return 0;
	if (eas_item_id_parse(id, &folder_id, uid_r) < 0 ||
	    strcmp(folder_id, ctx->coll->id) != 0)
		return -1;
	*uid_r = eas_sync_id_to_uid(&ctx->coll->state, *uid_r);
	return sync_device_has(&ctx->coll->state.sync, *uid_r) ? 1 : -1;
}

/* Mails can't be added by a device (2.2.3.7.2); messages of the class SMS are taken and
   forgotten, as there is nowhere to send them. */
static void
eas_sync_add(struct eas_sync_commands *ctx, const struct wbxml_node *node)
{
	struct eas_sync_response *response;
	const char *class;

	class = wbxml_child_text(node, EAS_AIRSYNC_CLASS);
	if (class == NULL || strcasecmp(class, "SMS") != 0) {
		response = eas_sync_respond(ctx, node,
					    EAS_SYNC_STATUS_INVALID_ITEM);
		response->server_id = NULL;
		return;
	}
	response = eas_sync_respond(ctx, node, EAS_SYNC_STATUS_SUCCESS);
	response->class = "SMS";
	response->server_id =
		p_strdup_printf(ctx->sync->req->pool, "%s:%s%.40s",
				ctx->coll->id, EAS_SYNC_SMS_PREFIX,
				response->client_id == NULL ? "" :
				response->client_id);
}

static void
eas_sync_fetch(struct eas_sync_commands *ctx, const struct wbxml_node *node)
{
	struct eas_sync_response *response;
	uint32_t uid;

	if (eas_sync_command_uid(ctx, node, &uid) <= 0) {
		(void)eas_sync_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return;
	}
	response = eas_sync_respond(ctx, node, EAS_SYNC_STATUS_SUCCESS);
	response->uid = uid;
}

static void
eas_sync_delete(struct eas_sync_commands *ctx, const struct wbxml_node *node)
{
	struct eas_move *move;
	uint32_t uid;
	int ret;

	ret = eas_sync_command_uid(ctx, node, &uid);
	if (ret < 0)
		(void)eas_sync_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
	if (ret <= 0)
		return;
	move = array_append_space(&ctx->deletes);
	move->uid = uid;
}

static void
eas_sync_change(struct eas_sync_commands *ctx, const struct wbxml_node *node,
		struct mail *mail)
{
	struct eas_sync_collection *coll = ctx->coll;
	const struct wbxml_node *data;
	struct eas_sync_change change;
	unsigned int status;
	int ret;

	i_zero(&change);
	ret = eas_sync_command_uid(ctx, node, &change.uid);
	if (ret == 0)
		return;
	if (ret < 0 || mail == NULL || !sync_mail_set_uid(mail, change.uid)) {
		(void)eas_sync_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return;
	}
	data = wbxml_node_child(node, EAS_AIRSYNC_APPLICATION_DATA);
	if (data == NULL) {
		(void)eas_sync_respond(ctx, node,
				       EAS_SYNC_STATUS_PROTOCOL_ERROR);
		return;
	}
	change.conflict = sync_device_conflicts(&coll->state.sync, change.uid);
	if (change.conflict && coll->state.options.conflict != 0 &&
	    !eas_email_change_is_done(mail, data)) {
		/* the server wins; its version goes to the device with the
		   same answer */
		(void)eas_sync_respond(ctx, node, EAS_SYNC_STATUS_CONFLICT);
		return;
	}
	if (eas_email_apply_change(ctx->sync->req, mail, data, &status) < 0) {
		(void)eas_sync_respond(ctx, node, status);
		return;
	}
	if (eas_sync_mail_flags(mail, &change.expected) == 0) {
		(void)eas_sync_respond(ctx, node, EAS_SYNC_STATUS_NOT_FOUND);
		return;
	}
	change.refused = !eas_email_change_is_done(mail, data);
	array_push_back(&ctx->changes, &change);
}

/* Everything but what deletes read in the request's order; returns -1 if it could not
   be committed. */
static int
eas_sync_commands_apply(struct eas_sync_commands *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct mailbox_transaction_context *trans = NULL;
	const struct wbxml_node *node;
	struct mail *mail = NULL;

	if (coll->box != NULL) {
		trans = mailbox_transaction_begin(coll->box, 0, __func__);
		mail = mail_alloc(trans, MAIL_FETCH_FLAGS, NULL);
	}
	for (node = coll->commands->children; node != NULL; node = node->next) {
		if (eas_sync_is_draft_command(ctx->sync, coll, node))
			continue;
		switch (node->tag) {
		case EAS_AIRSYNC_ADD:
			eas_sync_add(ctx, node);
			break;
		case EAS_AIRSYNC_CHANGE:
			eas_sync_change(ctx, node, mail);
			break;
		case EAS_AIRSYNC_DELETE:
			eas_sync_delete(ctx, node);
			break;
		case EAS_AIRSYNC_FETCH:
			eas_sync_fetch(ctx, node);
			break;
		}
	}
	if (coll->box == NULL)
		return 0;
	mail_free(&mail);
	if (array_count(&ctx->changes) == 0) {
		mailbox_transaction_rollback(&trans);
		return 0;
	}
	ctx->modified = TRUE;
	if (mailbox_transaction_commit(&trans) < 0) {
		e_error(ctx->sync->req->event,
			"Mailbox %s: Changing flags failed: %s",
			mailbox_get_vname(coll->box),
			mailbox_get_last_internal_error(coll->box, NULL));
		return -1;
	}
	return 0;
}

static enum eas_sync_status
eas_sync_delete_status(enum eas_move_result result)
{
	switch (result) {
	case EAS_MOVE_QUOTA:
		return EAS_SYNC_STATUS_NO_SPACE;
	case EAS_MOVE_DENIED:
		return EAS_SYNC_STATUS_INVALID_ITEM;
	default:
		return EAS_SYNC_STATUS_SERVER_ERROR;
	}
}

/* After the look. A refused Delete: whatever the device made of its copy, it gets the item
   again. Some refusals (ACL) show only in that the mail is still there. */
static void
eas_sync_deletes_verify(struct eas_sync_commands *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct eas_move *move;
	uint64_t modseq;

	array_foreach_modifiable(&ctx->deletes, move) {
		if ((move->result == EAS_MOVE_OK ||
		     move->result == EAS_MOVE_NO_SOURCE) &&
		    coll->coll->v->get_modseq(coll->coll, move->uid,
					      &modseq) > 0)
			move->result = EAS_MOVE_DENIED;
		if (move->result == EAS_MOVE_OK ||
		    move->result == EAS_MOVE_NO_SOURCE) {
			sync_device_removed(&coll->state.sync, move->uid);
			continue;
		}
		eas_sync_respond_uid(ctx, EAS_AIRSYNC_DELETE, move->uid,
				     eas_sync_delete_status(move->result));
		sync_device_lost(&coll->state.sync, move->uid);
	}
}

static int eas_sync_expunge(struct eas_sync_commands *ctx)
{
	struct mailbox *box = ctx->coll->box;
	struct mailbox_transaction_context *trans;
	struct eas_move *move;
	struct mail *mail;
	enum mail_error error;

	trans = mailbox_transaction_begin(box, 0, __func__);
	mail = mail_alloc(trans, 0, NULL);
	array_foreach_modifiable(&ctx->deletes, move) {
		if (!sync_mail_set_uid(mail, move->uid))
			move->result = EAS_MOVE_NO_SOURCE;
		else
			mail_expunge(mail);
	}
	mail_free(&mail);
	if (mailbox_transaction_commit(&trans) == 0 &&
	    mailbox_sync(box, MAILBOX_SYNC_FLAG_EXPUNGE) == 0)
		return 0;

	e_error(ctx->sync->req->event, "Mailbox %s: Expunging failed: %s",
		mailbox_get_vname(box),
		mailbox_get_last_internal_error(box, &error));
	array_foreach_modifiable(&ctx->deletes, move) {
		move->result = error == MAIL_ERROR_PERM ?
			EAS_MOVE_DENIED : EAS_MOVE_FAILED;
	}
	return error == MAIL_ERROR_PERM ? 0 : -1;
}

/* DeletesAsMoves; what is in Deleted Items already is deleted for good. */
static int eas_sync_commands_delete(struct eas_sync_commands *ctx)
{
	struct eas_request *req = ctx->sync->req;
	struct eas_sync_collection *coll = ctx->coll;
	struct eas_folder *dest = NULL;
	unsigned int count;
	int ret = 1;

	count = array_count(&ctx->deletes);
	if (count == 0 || coll->box == NULL)
		return 0;
	ctx->modified = TRUE;
	if (coll->deletes_as_moves &&
	    coll->folder->type != EAS_FOLDER_DELETED_ITEMS) {
		ret = eas_folder_find_type(req, EAS_FOLDER_DELETED_ITEMS,
					   &dest);
		if (ret < 0)
			return -1;
	}
	if (dest == NULL || guid_128_equals(dest->guid, coll->folder->guid))
		ret = eas_sync_expunge(ctx);
	else {
		ret = eas_move_mails(req, coll->folder, dest,
				     array_front_modifiable(&ctx->deletes),
				     count);
	}
	return ret < 0 ? -1 : 0;
}

/* Are the changed mails as the device thinks? If somebody else changed one in the meantime, or
   a change was silently left undone (ACL), the device has to be told. */
static int eas_sync_changes_verify(struct eas_sync_commands *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct mailbox_transaction_context *trans;
	const struct eas_sync_change *change;
	struct mail *mail;
	const char *flags;
	int ret = 0;

	trans = mailbox_transaction_begin(coll->box, 0, __func__);
	mail = mail_alloc(trans, MAIL_FETCH_FLAGS, NULL);
	array_foreach(&ctx->changes, change) {
		if (change->conflict ||
		    !sync_mail_set_uid(mail, change->uid) ||
		    eas_sync_mail_flags(mail, &flags) == 0)
			continue;
		if (change->refused || strcmp(flags, change->expected) != 0)
			sync_device_refused(&coll->state.sync, change->uid);
		else if (sync_device_changed(coll->coll, &coll->state.sync,
					change->uid) < 0)
			ret = -1;
	}
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return ret;
}

int eas_sync_commands_run(struct eas_sync *sync,
			  struct eas_sync_collection *coll)
{
	struct eas_sync_commands ctx;
	int ret;

	i_zero(&ctx);
	ctx.sync = sync;
	ctx.coll = coll;
	t_array_init(&ctx.changes, 8);
	t_array_init(&ctx.deletes, 8);

	ret = eas_sync_drafts_run(sync, coll, &ctx.modified);
	if (ret == 0)
		ret = eas_sync_commands_apply(&ctx);
	if (ret == 0)
		ret = eas_sync_commands_delete(&ctx);
	if (ret == 0 && ctx.modified) {
		ret = sync_look(coll->coll, &coll->state.sync, &coll->filter,
				NULL) == SYNC_LOOK_OK ? 0 : -1;
		if (ret == 0)
			ret = eas_sync_drafts_rebase(sync, coll);
		if (ret == 0) {
			eas_sync_drafts_verify(coll);
			eas_sync_deletes_verify(&ctx);
			ret = eas_sync_changes_verify(&ctx);
		}
	}
	if (ret < 0)
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
	return ret;
}
