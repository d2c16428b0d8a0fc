/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* SmartReply and SmartForward ([MS-ASCMD] 2.2.1.19, 2.2.1.20): a mail is sent that
   answers or forwards another one, which is not in it: the server appends it
   (lib-pim/pim-merge.h), unless the client says that it has put it in (ReplaceMime). The
   original is marked as answered or forwarded afterwards. Marking it twice does no
   harm, so that a repeat of the request does it as well.

   The original may also be an event of a calendar (cmd-smart-event.c). */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "mail-storage.h"
#include "message-id.h"
#include "message-parser.h"
#include "pim-calendar-text.h"
#include "pim-tnef.h"
#include "pim-message.h"
#include "pim-outgoing.h"
#include "roost-settings.h"
#include "sync-mail.h"
#include "eas-collection.h"
#include "eas-commands.h"
#include "eas-folders.h"
#include "eas-long-id.h"
#include "eas-meeting.h"
#include "cmd-sendmail.h"
#include "cmd-smart.h"

/* RFC 5322 has no limit for References; the first and the last ones are those
   that threads are made of. */
#define SMART_MAX_REFERENCES 50
#define SMART_SPOOL_MEMORY (128 * 1024)
#define SMART_FORWARDED_KEYWORD "$Forwarded"

/* -- which mail -- */

static int
smart_parse_ids(struct smart_context *ctx, const char *folder_id,
		const char *item_id, const char *long_id)
{
	struct eas_request *req = ctx->req;
	const char *id;

	if (long_id != NULL) {
		if (folder_id != NULL || item_id != NULL) {
			return eas_request_fail(req,
				EAS_STATUS_INVALID_COMBINATION_OF_IDS);
		}
		if (eas_long_id_parse(long_id, &id, &ctx->uidvalidity,
				      &ctx->uid) < 0)
			return eas_request_fail(req, EAS_STATUS_INVALID_IDS);
		ctx->folder_id = p_strdup(req->pool, id);
		return 0;
	}
	if (item_id == NULL) {
		return eas_request_fail(req,
			EAS_STATUS_INVALID_COMBINATION_OF_IDS);
	}
	if (eas_item_id_parse(item_id, &id, &ctx->uid) < 0)
		return eas_request_fail(req, EAS_STATUS_INVALID_IDS);
	if (folder_id != NULL && strcmp(id, folder_id) != 0)
		return eas_request_fail(req, EAS_STATUS_ITEM_NOT_FOUND);
	ctx->folder_id = p_strdup(req->pool, id);
	return 0;
}

/* 2.2.3.92.2. A mail has no instances: what names one of the meeting that it
   invites to is about the whole mail. */
static int smart_parse_instance(struct smart_context *ctx, const char *instance)
{
	if (instance == NULL)
		return 0;
	if (eas_meeting_instance_parse(instance, &ctx->instance) < 0) {
		return eas_request_fail(ctx->req,
					EAS_STATUS_INVALID_DATE_TIME);
	}
	ctx->has_instance = TRUE;
	return 0;
}

static int smart_parse_document(struct smart_context *ctx)
{
	struct eas_request *req = ctx->req;
	const struct wbxml_node *source;

	if (ctx->forward && smart_event_check_forwardees(ctx) < 0)
		return -1;
	source = wbxml_node_child(req->root, EAS_COMPOSEMAIL_SOURCE);
	if (source == NULL)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	ctx->replace_mime = wbxml_node_child(req->root,
		EAS_COMPOSEMAIL_REPLACE_MIME) != NULL;
	if (smart_parse_instance(ctx, wbxml_child_text(source,
					EAS_COMPOSEMAIL_INSTANCE_ID)) < 0)
		return -1;
	return smart_parse_ids(ctx,
		wbxml_child_text(source, EAS_COMPOSEMAIL_FOLDER_ID),
		wbxml_child_text(source, EAS_COMPOSEMAIL_ITEM_ID),
		wbxml_child_text(source, EAS_COMPOSEMAIL_LONG_ID));
}

static int smart_parse(struct smart_context *ctx, struct eas_submission *sub_r)
{
	struct eas_request *req = ctx->req;
	int ret;

	if (req->root != NULL)
		ret = smart_parse_document(ctx);
	else if ((ret = smart_parse_instance(ctx, req->occurrence)) == 0) {
		ret = smart_parse_ids(ctx, req->collection_id, req->item_id,
				      req->long_id);
	}
	if (ret < 0)
		return -1;
	return ctx->forwardees != NULL ? smart_event_parse(ctx, sub_r) :
		eas_sendmail_parse(req, sub_r);
}

/* -- the original -- */

static void smart_close(struct smart_context *ctx)
{
	if (ctx->mail != NULL)
		mail_free(&ctx->mail);
	if (ctx->trans != NULL)
		mailbox_transaction_rollback(&ctx->trans);
	if (ctx->box != NULL)
		mailbox_free(&ctx->box);
}

/* Returns 1, 0 if there is no such folder, -1 (logged). */
static int smart_find_folder(struct smart_context *ctx)
{
	return ctx->folder != NULL ? 1 :
		eas_folder_find(ctx->req, ctx->folder_id, &ctx->folder);
}

/* Returns 1, 0 if there is no such mail, -1 (logged). */
static int smart_open_box(struct smart_context *ctx)
{
	struct eas_request *req = ctx->req;
	struct mailbox_status status;
	enum mail_error error;
	const char *errstr;
	int ret;

	ret = smart_find_folder(ctx);
	if (ret > 0 && ctx->folder->kind != STORE_KIND_NONE)
		ret = 0;
	if (ret > 0)
		ret = eas_folder_mailbox_alloc(req, ctx->folder, FALSE,
					       &ctx->box);
	if (ret <= 0)
		return ret;
	if (sync_mail_open(ctx->box) < 0) {
		errstr = mailbox_get_last_internal_error(ctx->box, &error);
		if (error == MAIL_ERROR_NOTFOUND || error == MAIL_ERROR_PERM)
			return 0;
		e_error(req->event, "Mailbox %s: %s", ctx->folder->vname,
			errstr);
		return -1;
	}
	mailbox_get_open_status(ctx->box, STATUS_UIDVALIDITY, &status);
	if (ctx->uidvalidity == 0 &&
	    eas_collection_uidvalidity(req, ctx->folder_id,
				       &ctx->uidvalidity) < 0)
		return -1;
	return ctx->uidvalidity == 0 ||
		ctx->uidvalidity == status.uidvalidity ? 1 : 0;
}

/* As smart_open_box(). It stays open. */
static int smart_open(struct smart_context *ctx)
{
	int ret;

	if (ctx->mail != NULL)
		return 1;
	smart_close(ctx);
	T_BEGIN {
		ret = smart_open_box(ctx);
	} T_END;
	if (ret <= 0)
		return ret;
	ctx->trans = mailbox_transaction_begin(ctx->box, 0, "eas smart");
	ctx->mail = mail_alloc(ctx->trans, 0, NULL);
	if (mail_set_uid(ctx->mail, ctx->uid))
		return 1;
	smart_close(ctx);
	return 0;
}

/* \Answered or $Forwarded. The mail is sent: a failure is logged, no more. */
static void smart_mark(struct smart_context *ctx)
{
	static const char *const names[] = { SMART_FORWARDED_KEYWORD, NULL };
	struct mail_keywords *keywords;

	if (smart_open(ctx) <= 0)
		return;
	if (!ctx->forward)
		mail_update_flags(ctx->mail, MODIFY_ADD, MAIL_ANSWERED);
	else if (mailbox_keywords_create(ctx->box, names, &keywords) == 0) {
		mail_update_keywords(ctx->mail, MODIFY_ADD, keywords);
		mailbox_keywords_unref(&keywords);
	}
	mail_free(&ctx->mail);
	if (mailbox_transaction_commit(&ctx->trans) < 0) {
		e_error(ctx->req->event, "Mailbox %s: Marking UID %u as %s "
			"failed: %s", ctx->folder->vname, ctx->uid,
			ctx->forward ? "forwarded" : "answered",
			mailbox_get_last_internal_error(ctx->box, NULL));
	}
}

/* -- threads -- */

static void
smart_get_ids(const char *value, ARRAY_TYPE(const_string) *ids)
{
	const char *id;

	while (value != NULL && (id = message_id_get_next(&value)) != NULL) {
		id = t_strdup_printf("<%s>", id);
		array_push_back(ids, &id);
	}
}

static void smart_add_references(struct pim_outgoing *out,
				 const ARRAY_TYPE(const_string) *ids)
{
	string_t *str = t_str_new(256);
	unsigned int i, count = array_count(ids);

	for (i = 0; i < count; i++) {
		if (i > 0 && count - i >= SMART_MAX_REFERENCES)
			continue;
		if (str_len(str) > 0)
			str_append(str, "\r\n ");
		str_append(str, array_idx_elem(ids, i));
	}
	pim_outgoing_set(out, "References", str_c(str));
}

/* RFC 5322 3.6.4, as far as the client has not done it. */
static void smart_thread(struct smart_context *ctx, struct pim_outgoing *out)
{
	ARRAY_TYPE(const_string) ids, own;
	const char *message_id, *value;

	t_array_init(&own, 1);
	if (mail_get_first_header(ctx->mail, "Message-ID", &message_id) <= 0)
		return;
	smart_get_ids(message_id, &own);
	if (array_is_empty(&own))
		return;
	message_id = array_idx_elem(&own, 0);
	if (!ctx->forward && pim_outgoing_value(out, "In-Reply-To") == NULL)
		pim_outgoing_set(out, "In-Reply-To", message_id);
	if (pim_outgoing_value(out, "References") != NULL)
		return;
	t_array_init(&ids, 16);
	if (mail_get_first_header(ctx->mail, "References", &value) > 0 ||
	    mail_get_first_header(ctx->mail, "In-Reply-To", &value) > 0)
		smart_get_ids(value, &ids);
	array_push_back(&ids, &message_id);
	smart_add_references(out, &ids);
}

/* -- one mail of two -- */

struct ostream *smart_spool(void *context)
{
	struct smart_context *ctx = context;
	const char *prefix = t_strconcat(
		ctx->req->req->user->set->roost_spool_dir, "/roost-send.",
		NULL);

	return iostream_temp_create_sized(prefix, 0, "(mail to send)",
					  SMART_SPOOL_MEMORY);
}

int smart_read(struct smart_context *ctx, struct istream *input,
	       struct pim_merge_mail *mail_r)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct message_parser_ctx *parser;
	struct message_block block;
	struct message_part *parts;
	struct pim_message *msg;

	i_stream_seek(input, 0);
	parser = message_parser_init(ctx->req->pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &parts);
	if (input->stream_errno != 0 ||
	    pim_message_read(ctx->req->pool, input, parts, &msg) < 0) {
		e_error(ctx->req->event, "Reading a mail failed: %s",
			i_stream_get_error(input));
		return -1;
	}
	mail_r->input = input;
	mail_r->msg = msg;
	return 0;
}

/* The original's text and attachments as the device has seen them. A meeting is
   forwarded in its winmail.dat as well: nothing else has it. */
static int
smart_show_inside(struct smart_context *ctx, struct istream *input,
		  struct pim_message *msg)
{
	pool_t pool = ctx->req->pool;
	struct pim_tnef *tnef;
	struct pim_itip *itip;
	const char *error;
	int ret;

	if (msg->tnef != NULL) {
		ret = pim_tnef_read(pool, msg->tnef, input, &tnef, &error);
		if (ret > 0) {
			ret = pim_tnef_show(tnef, input, msg,
				pim_tnef_meeting(pool, tnef, NULL, &itip,
						 &error) > 0);
		}
		if (ret < 0)
			return -1;
	}
	return pim_calendar_show(pool, input, msg);
}

static int
smart_read_original(struct smart_context *ctx, struct pim_merge_mail *mail_r)
{
	struct message_part *parts;
	struct pim_message *msg;

	if (mail_get_stream(ctx->mail, NULL, NULL, &mail_r->input) < 0 ||
	    mail_get_parts(ctx->mail, &parts) < 0) {
		e_error(ctx->req->event, "Mailbox %s: Reading UID %u failed: "
			"%s", ctx->folder->vname, ctx->uid,
			mailbox_get_last_internal_error(ctx->box, NULL));
		return -1;
	}
	if (pim_message_read(ctx->req->pool, mail_r->input, parts, &msg) < 0) {
		e_error(ctx->req->event, "Mailbox %s: Reading UID %u failed: "
			"%s", ctx->folder->vname, ctx->uid,
			i_stream_get_error(mail_r->input));
		return -1;
	}
	mail_r->msg = msg;
	if (smart_show_inside(ctx, mail_r->input, msg) < 0) {
		e_error(ctx->req->event, "Mailbox %s: Reading UID %u failed: "
			"%s", ctx->folder->vname, ctx->uid,
			i_stream_get_error(mail_r->input));
		return -1;
	}
	return 0;
}

unsigned int
smart_merge(struct smart_context *ctx, struct pim_outgoing *out,
	    const struct pim_merge_mail *original, struct istream **merged_r)
{
	struct pim_merge merge;
	struct ostream *output;
	const char *error;

	i_zero(&merge);
	merge.pool = ctx->req->pool;
	merge.forward = ctx->forward;
	merge.spool = smart_spool;
	merge.spool_context = ctx;
	merge.original = *original;
	if (smart_read(ctx, ctx->input, &merge.new_mail) < 0)
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	if (!pim_merge_is_possible(&merge)) {
		e_info(ctx->req->event, "Folder %s: UID %u was not appended: "
		       "The new mail is signed or encrypted",
		       ctx->folder->name, ctx->uid);
		return 0;
	}
	/* what the two say of their content is said anew */
	pim_outgoing_remove_prefix(out, "Content-");
	pim_outgoing_remove(out, "MIME-Version");
	merge.header = str_new(ctx->req->pool, 1024);
	pim_outgoing_write_header(out, merge.header, NULL);

	output = smart_spool(ctx);
	if (pim_merge_write(&merge, output, &error) < 0 ||
	    o_stream_flush(output) < 0) {
		e_error(ctx->req->event, "Folder %s: Appending UID %u to a "
			"mail failed: %s", ctx->folder->name, ctx->uid,
			output->stream_errno != 0 ?
			o_stream_get_error(output) : error);
		o_stream_abort(output);
		o_stream_destroy(&output);
		return EAS_STATUS_MESSAGE_REPLY_FAILED;
	}
	*merged_r = iostream_temp_finish(&output, IO_BLOCK_SIZE);
	return 0;
}

static unsigned int
smart_compose_mail(struct smart_context *ctx, struct pim_outgoing *out,
		   struct istream **merged_r)
{
	struct pim_merge_mail original;
	int ret = smart_open(ctx);

	if (ret <= 0) {
		return ret < 0 ? EAS_STATUS_SERVER_ERROR_RETRY_LATER :
			EAS_STATUS_ITEM_NOT_FOUND;
	}
	smart_thread(ctx, out);
	if (ctx->replace_mime)
		return 0;
	return smart_read_original(ctx, &original) < 0 ?
		EAS_STATUS_MESSAGE_REPLY_FAILED :
		smart_merge(ctx, out, &original, merged_r);
}

static unsigned int
smart_compose(struct eas_request *req ATTR_UNUSED, struct pim_outgoing *out,
	      struct istream **merged_r, void *context)
{
	struct smart_context *ctx = context;
	unsigned int status;
	int ret = smart_find_folder(ctx);

	if (ret < 0)
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	if (ret == 0)
		return EAS_STATUS_ITEM_NOT_FOUND;
	T_BEGIN {
		if (ctx->folder->kind == STORE_KIND_CALENDAR)
			status = smart_event_compose(ctx, out, merged_r);
		else if (ctx->forwardees != NULL) {
			/* 2.2.3.169: these are for calendar items only */
			status = EAS_STATUS_ITEM_NOT_FOUND;
		} else
			status = smart_compose_mail(ctx, out, merged_r);
	} T_END;
	return status;
}

static int smart_run(struct eas_request *req, bool forward)
{
	struct smart_context ctx;
	struct eas_submission sub;
	int ret;

	i_zero(&ctx);
	ctx.req = req;
	ctx.forward = forward;
	if (smart_parse(&ctx, &sub) < 0)
		return -1;
	sub.compose = smart_compose;
	sub.compose_context = &ctx;
	ctx.input = sub.input;
	ret = eas_sendmail_run(req, &sub);
	if (ret > 0 || req->status == EAS_STATUS_MAILBOX_QUOTA_EXCEEDED)
		smart_mark(&ctx);
	smart_close(&ctx);
	return ret;
}

int eas_cmd_smartreply(struct eas_request *req)
{
	return smart_run(req, FALSE);
}

int eas_cmd_smartforward(struct eas_request *req)
{
	return smart_run(req, TRUE);
}
