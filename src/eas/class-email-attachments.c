/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "pim-body.h"
#include "eas-folders.h"
#include "class-email-private.h"

/* more goes to a file */
#define EAS_ATTACHMENT_SPOOL_MEM (256*1024)

/* [MS-ASAIRS] 2.2.2.31.2 Method; 6 (OLE) is no thing of the Internet, inline
   pictures are told by IsInline */
enum eas_attachment_method {
	EAS_ATTACHMENT_NORMAL = 1,
	EAS_ATTACHMENT_MESSAGE = 5,
};

static const char *
eas_file_reference(struct eas_email_context *ctx, const struct pim_part *part)
{
	return t_strdup_printf("%s:%s",
		eas_item_id(ctx->folder->id, ctx->mail->uid), part->number);
}

static enum eas_attachment_method
eas_attachment_method(const struct pim_part *part)
{
	return part->message ? EAS_ATTACHMENT_MESSAGE : EAS_ATTACHMENT_NORMAL;
}

static uoff_t eas_attachment_size(const struct pim_part *part)
{
	return I_MIN(pim_encoding_estimate(part->encoding,
					   part->body_virtual_size,
					   part->body_lines), UINT32_MAX);
}

/* What the device called it when it added it with this request, NULL = it
   didn't. */
static const char *
eas_attachment_client_id(struct eas_email_context *ctx,
			 const struct pim_part *part)
{
	const struct eas_added_attachment *added;

	if (!array_is_created(&ctx->req->added_attachments) ||
	    ctx->folder->type != EAS_FOLDER_DRAFTS)
		return NULL;
	array_foreach(&ctx->req->added_attachments, added) {
		if (added->uid == ctx->mail->uid &&
		    strcmp(added->part, part->number) == 0)
			return added->client_id;
	}
	return NULL;
}

/* airsyncbase:Attachment, in the schema's order */
static void
eas_email_write_attachment(struct eas_email_context *ctx,
			   const struct pim_part *part)
{
	struct wbxml_writer *writer = ctx->writer;

	wbxml_open(writer, EAS_AIRSYNCBASE_ATTACHMENT);
	wbxml_text(writer, EAS_AIRSYNCBASE_DISPLAY_NAME,
		   pim_part_file_name(part, ctx->input));
	wbxml_text(writer, EAS_AIRSYNCBASE_FILE_REFERENCE,
		   eas_file_reference(ctx, part));
	wbxml_text(writer, EAS_AIRSYNCBASE_CLIENT_ID,
		   eas_attachment_client_id(ctx, part));
	wbxml_uint(writer, EAS_AIRSYNCBASE_METHOD,
		   eas_attachment_method(part));
	wbxml_uint(writer, EAS_AIRSYNCBASE_ESTIMATED_DATA_SIZE,
		   eas_attachment_size(part));
	wbxml_text(writer, EAS_AIRSYNCBASE_CONTENT_ID, part->content_id);
	wbxml_text(writer, EAS_AIRSYNCBASE_CONTENT_LOCATION,
		   part->content_location);
	if (part->is_inline)
		wbxml_bool(writer, EAS_AIRSYNCBASE_IS_INLINE, TRUE);
	eas_email_write_voice_attachment(ctx, part);
	wbxml_close(writer);
}

/* email:Attachment of 2.5 */
static void
eas_email_write_attachment_25(struct eas_email_context *ctx,
			      const struct pim_part *part)
{
	struct wbxml_writer *writer = ctx->writer;

	wbxml_open(writer, EAS_EMAIL_ATTACHMENT);
	wbxml_text(writer, EAS_EMAIL_ATT_NAME, eas_file_reference(ctx, part));
	wbxml_uint(writer, EAS_EMAIL_ATT_SIZE, eas_attachment_size(part));
	wbxml_uint(writer, EAS_EMAIL_ATT_METHOD, eas_attachment_method(part));
	wbxml_text(writer, EAS_EMAIL_DISPLAY_NAME,
		   pim_part_file_name(part, ctx->input));
	wbxml_close(writer);
}

void eas_email_write_added_attachments(struct eas_email_context *ctx)
{
	struct pim_part *const *partp;
	const char *client_id;
	bool open = FALSE;

	array_foreach(&ctx->msg->attachments, partp) {
		client_id = eas_attachment_client_id(ctx, *partp);
		if (client_id == NULL)
			continue;
		if (!open)
			wbxml_open(ctx->writer, EAS_AIRSYNCBASE_ATTACHMENTS);
		open = TRUE;
		wbxml_open(ctx->writer, EAS_AIRSYNCBASE_ATTACHMENT);
		wbxml_text(ctx->writer, EAS_AIRSYNCBASE_CLIENT_ID, client_id);
		wbxml_text(ctx->writer, EAS_AIRSYNCBASE_FILE_REFERENCE,
			   eas_file_reference(ctx, *partp));
		wbxml_close(ctx->writer);
	}
	if (open)
		wbxml_close(ctx->writer);
}

void eas_email_write_attachments(struct eas_email_context *ctx)
{
	struct pim_part *const *partp;
	bool v25 = ctx->req->version < EAS_VERSION_12_0;

	if (array_is_empty(&ctx->msg->attachments))
		return;
	wbxml_open(ctx->writer, v25 ? EAS_EMAIL_ATTACHMENTS :
		   EAS_AIRSYNCBASE_ATTACHMENTS);
	array_foreach(&ctx->msg->attachments, partp) {
		if (v25)
			eas_email_write_attachment_25(ctx, *partp);
		else
			eas_email_write_attachment(ctx, *partp);
	}
	wbxml_close(ctx->writer);
}

int eas_file_reference_parse(const char *ref, const char **folder_id_r,
			     uint32_t *uid_r, const char **part_r)
{
	const char *p = strrchr(ref, ':');

	if (p == NULL || p[1] == '\0' ||
	    strspn(p + 1, "0123456789.") != strlen(p + 1))
		return -1;
	*part_r = t_strdup(p + 1);
	return eas_item_id_parse(t_strdup_until(ref, p), folder_id_r, uid_r);
}

static int
eas_attachment_spool(struct mail *mail, struct istream *input,
		     const struct pim_part *part, struct ostream *output,
		     struct istream **input_r, uoff_t *size_r)
{
	const char *error;

	if (pim_part_write(part, input, output) < 0) {
		o_stream_abort(output);
		if (eas_email_input_failed(mail, input, &error) == 0) {
			o_stream_unref(&output);
			return 0;
		}
		e_error(mail_event(mail), "%s", error);
		o_stream_unref(&output);
		return -1;
	}
	if (o_stream_finish(output) < 0) {
		e_error(mail_event(mail), "Spooling an attachment failed: %s",
			o_stream_get_error(output));
		o_stream_unref(&output);
		return -1;
	}
	*size_r = output->offset;
	*input_r = iostream_temp_finish(&output, IO_BLOCK_SIZE);
	return 1;
}

static int
eas_email_open_part(struct mail *mail, pool_t pool, const char *number,
		    struct istream **input_r, uoff_t *size_r,
		    const char **content_type_r, const char **filename_r)
{
	struct message_part *parts;
	struct istream *input;
	struct pim_part *part;
	string_t *prefix;
	const char *error;
	int ret;

	if (mail_get_stream(mail, NULL, NULL, &input) < 0 ||
	    mail_get_parts(mail, &parts) < 0)
		return eas_email_failed(mail, &error);
	ret = pim_message_find_part(pool, input, parts, number, &part);
	if (ret <= 0)
		return ret == 0 ? 0 : eas_email_input_failed(mail, input,
							     &error);
	*content_type_r = t_strdup(part->type);
	*filename_r = pim_part_file_name(part, input);
	prefix = t_str_new(64);
	mail_user_set_get_temp_prefix(prefix,
		mailbox_get_namespace(mail->box)->user->set);
	return eas_attachment_spool(mail, input, part,
		iostream_temp_create_sized(str_c(prefix), 0, "attachment",
					   EAS_ATTACHMENT_SPOOL_MEM),
		input_r, size_r);
}

int eas_email_open_attachment(struct mail *mail, const char *part,
			      struct istream **input_r, uoff_t *size_r,
			      const char **content_type_r,
			      const char **filename_r)
{
	pool_t pool = pool_alloconly_create("eas attachment", 2048);
	int ret;

	ret = eas_email_open_part(mail, pool, part, input_r, size_r,
				  content_type_r, filename_r);
	pool_unref(&pool);
	return ret;
}
