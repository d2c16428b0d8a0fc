/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "time-util.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "eas-folders.h"
#include "pim-body.h"
#include "pim-calendar-text.h"
#include "pim-charset.h"
#include "pim-tnef.h"
#include "class-email-private.h"

/* What stays in memory of a body or an attachment; more goes to a file. */
#define EAS_EMAIL_SPOOL_MEM (256*1024)

enum mail_fetch_field
eas_email_fetch_fields(struct mailbox *box,
		       const struct eas_item_options *options,
		       enum eas_mail_write_flags flags,
		       struct mailbox_header_lookup_ctx **headers_r)
{
	enum mail_fetch_field fields = MAIL_FETCH_FLAGS;
	bool preview = options->body_part.preview > 0;

	*headers_r = NULL;
	if ((flags & EAS_MAIL_WRITE_CHANGE) != 0) {
		/* LastVerbExecutionTime */
		return fields | MAIL_FETCH_RECEIVED_DATE;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(options->body); i++) {
		if (options->body[i].preview > 0)
			preview = TRUE;
	}
	/* The text is wanted of nearly every mail, so its stream is opened,
	   and one pass over its header costs less than a dozen cached
	   headers. The part tree is what saves reading the rest. */
	fields |= MAIL_FETCH_RECEIVED_DATE | MAIL_FETCH_MESSAGE_PARTS |
		MAIL_FETCH_STREAM_HEADER | MAIL_FETCH_STREAM_BODY;
	if (preview)
		fields |= MAIL_FETCH_BODY_SNIPPET;
	if (options->mime_support > 0)
		fields |= MAIL_FETCH_VIRTUAL_SIZE;
	(void)box;
	return fields;
}

int eas_email_failed(struct mail *mail, const char **error_r)
{
	enum mail_error code;
	const char *error;

	error = mailbox_get_last_internal_error(mail->box, &code);
	if (mail->expunged || code == MAIL_ERROR_EXPUNGED)
		return 0;
	*error_r = t_strdup_printf("The mail could not be read: %s", error);
	return -1;
}

int eas_email_input_failed(struct mail *mail, struct istream *input,
			   const char **error_r)
{
	if (mail->expunged || input->stream_errno == ENOENT)
		return 0;
	*error_r = t_strdup_printf("Reading %s failed: %s",
		i_stream_get_name(input), i_stream_get_error(input));
	return -1;
}

struct ostream *eas_email_spool(struct eas_request *req)
{
	const char *prefix = t_strconcat(
		req->req->user->set->roost_spool_dir, "/roost.", NULL);

	return iostream_temp_create_sized(prefix, 0, "mail content",
					  EAS_EMAIL_SPOOL_MEM);
}

const char *eas_email_time(time_t t)
{
	return t_strfgmtime("%Y-%m-%dT%H:%M:%S.000Z", t);
}

static int eas_email_read_flags(struct eas_email_context *ctx,
				const char **error_r)
{
	if (ctx->mail->expunged)
		return 0;
	ctx->flags = mail_get_flags(ctx->mail);
	ctx->keywords = mail_get_keywords(ctx->mail);
	if (mail_get_received_date(ctx->mail, &ctx->received) < 0)
		return eas_email_failed(ctx->mail, error_r);
	return 1;
}

/* Shows what a winmail.dat has in it. A draft's parts stay what they are: a
   device may remove one of them. */
static int eas_email_open_tnef(struct eas_email_context *ctx)
{
	const char *error;
	int ret;

	if (ctx->msg->tnef == NULL || ctx->folder->type == EAS_FOLDER_DRAFTS)
		return 0;
	ret = pim_tnef_read(ctx->pool, ctx->msg->tnef, ctx->input, &ctx->tnef,
			    &error);
	if (ret > 0)
		return pim_tnef_show(ctx->tnef, ctx->input, ctx->msg, FALSE);
	ctx->tnef = NULL;
	if (ret == 0) {
		e_info(ctx->req->event, "Mailbox %s: UID %u: Part %s is shown "
		       "as it is: %s", ctx->folder->name, ctx->mail->uid,
		       ctx->msg->tnef->number, error);
	}
	return ret;
}

int eas_email_open(struct eas_email_context *ctx, const char **error_r)
{
	int ret;

	if ((ret = eas_email_read_flags(ctx, error_r)) <= 0)
		return ret;
	if (mail_get_stream(ctx->mail, NULL, NULL, &ctx->input) < 0 ||
	    mail_get_parts(ctx->mail, &ctx->parts) < 0)
		return eas_email_failed(ctx->mail, error_r);
	if (pim_message_read(ctx->pool, ctx->input, ctx->parts,
			     &ctx->msg) < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	T_BEGIN {
		ret = eas_email_open_tnef(ctx);
		if (ret == 0)
			ret = pim_calendar_show(ctx->pool, ctx->input, ctx->msg);
	} T_END;
	if (ret < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	return eas_email_meeting_read(ctx, error_r);
}

static void eas_email_write_native_type(struct eas_email_context *ctx)
{
	if (ctx->req->version >= EAS_VERSION_12_0) {
		wbxml_uint(ctx->writer, EAS_AIRSYNCBASE_NATIVE_BODY_TYPE,
			   ctx->msg->has_html ? EAS_BODY_HTML :
			   EAS_BODY_PLAIN);
	}
}

static void
eas_email_write_all(struct eas_email_context *ctx,
		    struct eas_email_bodies *bodies)
{
	struct wbxml_writer *writer = ctx->writer;
	unsigned int version = ctx->req->version;

	eas_email_write_headers(ctx);
	wbxml_bool(writer, EAS_EMAIL_READ, (ctx->flags & MAIL_SEEN) != 0);
	eas_email_write_attachments(ctx);
	eas_email_bodies_write(ctx, bodies);
	wbxml_text(writer, EAS_EMAIL_MESSAGE_CLASS,
		   eas_email_message_class(ctx));
	eas_email_write_meeting(ctx);
	wbxml_uint(writer, EAS_EMAIL_INTERNET_CPID,
		   pim_charset_codepage(pim_body_charset(ctx->msg)));
	if (version >= EAS_VERSION_12_0) {
		eas_email_write_flag(ctx);
		/* [MS-ASEMAIL] 2.2.2.20 */
		wbxml_text(writer, EAS_EMAIL_CONTENT_CLASS,
			   ctx->meeting != NULL ?
			   "urn:content-classes:calendarmessage" :
			   "urn:content-classes:message");
	}
	if (version >= EAS_VERSION_14_0)
		eas_email_write_categories(ctx);
	eas_email_write_native_type(ctx);
	if (version >= EAS_VERSION_14_0) {
		eas_email_write_voice_caller(ctx);
		eas_email_write_conversation(ctx);
		eas_email_write_last_verb(ctx);
		eas_email_write_headers2(ctx);
	}
}

static void eas_email_write_change(struct eas_email_context *ctx)
{
	unsigned int version = ctx->req->version;

	wbxml_bool(ctx->writer, EAS_EMAIL_READ,
		   (ctx->flags & MAIL_SEEN) != 0);
	if (version >= EAS_VERSION_12_0)
		eas_email_write_flag(ctx);
	if (version >= EAS_VERSION_14_0) {
		eas_email_write_categories(ctx);
		eas_email_write_last_verb(ctx);
	}
}

static int
eas_email_write_opened(struct eas_email_context *ctx,
		       enum eas_mail_write_flags flags, const char **error_r)
{
	struct eas_email_bodies bodies;
	int ret;

	if ((flags & EAS_MAIL_WRITE_CHANGE) != 0) {
		if ((ret = eas_email_read_flags(ctx, error_r)) > 0)
			eas_email_write_change(ctx);
		return ret;
	}
	if ((ret = eas_email_open(ctx, error_r)) <= 0)
		return ret;
	/* everything that can fail comes before the first byte is written */
	ret = eas_email_bodies_prepare(ctx, &bodies, error_r);
	if (ret > 0)
		eas_email_write_all(ctx, &bodies);
	eas_email_bodies_deinit(&bodies);
	return ret;
}

int eas_email_write_parts(struct eas_request *req, struct eas_folder *folder,
			  struct mail *mail,
			  const struct eas_item_options *options,
			  enum eas_mail_write_flags flags,
			  const struct eas_email_parts *parts,
			  struct wbxml_writer *writer, const char **error_r)
{
	struct eas_email_context ctx = {
		.req = req, .folder = folder, .mail = mail,
		.options = options, .parts_sink = parts, .writer = writer,
	};
	int ret;

	*error_r = NULL;
	ctx.pool = pool_alloconly_create("eas email", 4096);
	ret = eas_email_write_opened(&ctx, flags, error_r);
	pool_unref(&ctx.pool);
	return ret;
}

int eas_email_write_added(struct eas_request *req, struct eas_folder *folder,
			  struct mail *mail,
			  const struct eas_item_options *options,
			  struct wbxml_writer *writer, const char **error_r)
{
	struct eas_email_context ctx = {
		.req = req, .folder = folder, .mail = mail,
		.options = options, .writer = writer,
	};
	int ret;

	*error_r = NULL;
	ctx.pool = pool_alloconly_create("eas email", 4096);
	ret = eas_email_open(&ctx, error_r);
	if (ret > 0) {
		wbxml_open(writer, EAS_AIRSYNC_APPLICATION_DATA);
		eas_email_write_added_attachments(&ctx);
		eas_email_write_conversation(&ctx);
		wbxml_close(writer);
	}
	pool_unref(&ctx.pool);
	return ret;
}

int eas_email_write(struct eas_request *req, struct eas_folder *folder,
		    struct mail *mail, const struct eas_item_options *options,
		    enum eas_mail_write_flags flags,
		    struct wbxml_writer *writer, const char **error_r)
{
	return eas_email_write_parts(req, folder, mail, options, flags, NULL,
				     writer, error_r);
}
