/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "istream-crlf.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "unichar.h"
#include "mail-storage.h"
#include "pim-body.h"
#include "pim-text.h"
#include "class-email-private.h"

/* Which body a device gets ([MS-ASAIRS] 2.2.2.9, 2.2.2.12, [MS-ASCMD]
   2.2.3.100): MIME where it is wanted and allowed, else the mail's own
   format, else the other one. A type that is wanted all or none and does not
   fit makes way for the next one. RTF is not made: a device that asks for
   nothing else gets the mail's own format. */

/* a mail up to this size is held in memory while it is written as MIME */
#define EAS_EMAIL_MIME_MEM (128*1024)
/* what is written of a text to get a preview of it */
#define EAS_EMAIL_SNIPPET_SIZE 2048

static bool eas_email_is_smime(const struct pim_message *msg)
{
	return msg->kind == PIM_MESSAGE_SMIME ||
		msg->kind == PIM_MESSAGE_SMIME_SIGNED;
}

static bool eas_email_mime_wanted(struct eas_email_context *ctx)
{
	switch (ctx->options->mime_support) {
	case 0:
		return FALSE;
	case 1:
		return eas_email_is_smime(ctx->msg);
	default:
		return TRUE;
	}
}

static void eas_email_body_drop(struct eas_email_body *body)
{
	i_stream_unref(&body->data);
	body->size = 0;
}

static int
eas_email_body_prepare_text(struct eas_email_context *ctx,
			    enum eas_body_type type, uoff_t limit,
			    struct eas_email_body *body_r,
			    const char **error_r)
{
	struct ostream *output = eas_email_spool(ctx->req);
	struct pim_body_result result;
	int ret;

	body_r->type = type;
	ret = pim_body_write(ctx->msg, ctx->input,
			     type == EAS_BODY_HTML ? PIM_BODY_HTML :
			     PIM_BODY_PLAIN, limit, output, &result);
	if (ret == 0 && o_stream_flush(output) < 0) {
		*error_r = t_strdup_printf("Spooling a body failed: %s",
					   o_stream_get_error(output));
		o_stream_unref(&output);
		return -1;
	}
	if (ret < 0) {
		o_stream_abort(output);
		o_stream_unref(&output);
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	}
	body_r->size = result.size;
	body_r->estimated_size = I_MIN(result.estimated_size, UINT32_MAX);
	body_r->truncated = result.truncated;
	body_r->data = iostream_temp_finish(&output, IO_BLOCK_SIZE);
	return 1;
}

/* Looks through the mail: how many bytes it has up to limit, and are they
   characters that XML can hold? copy takes the bytes, unless they get too
   many: then it is freed. */
static int
eas_email_mime_scan(struct istream *crlf, uoff_t limit, buffer_t **copy,
		    uoff_t *size_r, bool *text_r)
{
	struct pim_text_check check;
	const unsigned char *data;
	size_t size;

	*size_r = 0;
	pim_text_check_init(&check);
	while (*size_r < limit &&
	       i_stream_read_more(crlf, &data, &size) > 0) {
		size = I_MIN(size, limit - *size_r);
		pim_text_check_more(&check, data, size);
		if (*copy != NULL && *size_r + size > EAS_EMAIL_MIME_MEM)
			buffer_free(copy);
		if (*copy != NULL)
			buffer_append(*copy, data, size);
		*size_r += size;
		i_stream_skip(crlf, size);
	}
	*text_r = pim_text_check_finish(&check, *size_r == limit);
	return crlf->stream_errno == 0 ? 0 : -1;
}

static struct istream *eas_email_crlf_stream(struct eas_email_context *ctx)
{
	i_stream_seek(ctx->input, 0);
	return i_stream_create_crlf(ctx->input);
}

static void eas_email_copy_free(buffer_t *copy)
{
	buffer_free(&copy);
}

static struct istream *eas_email_copy_stream(buffer_t *copy)
{
	struct istream *input =
		i_stream_create_from_data(copy->data, copy->used);

	i_stream_add_destroy_callback(input, eas_email_copy_free, copy);
	return input;
}

static int
eas_email_body_prepare_mime(struct eas_email_context *ctx, uoff_t limit,
			    struct eas_email_body *body_r,
			    const char **error_r)
{
	struct istream *crlf;
	buffer_t *copy = NULL;
	uoff_t total;
	bool text;
	int ret;

	body_r->type = EAS_BODY_MIME;
	if (mail_get_virtual_size(ctx->mail, &total) < 0)
		return eas_email_failed(ctx->mail, error_r);
	/* most mails are small: read once */
	if (I_MIN(total, limit) <= EAS_EMAIL_MIME_MEM)
		copy = buffer_create_dynamic(default_pool, I_MIN(total, limit));
	crlf = eas_email_crlf_stream(ctx);
	ret = eas_email_mime_scan(crlf, limit, &copy, &body_r->size, &text);
	i_stream_unref(&crlf);
	if (ret < 0) {
		buffer_free(&copy);
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	}
	body_r->truncated = body_r->size < total;
	body_r->estimated_size = I_MIN(I_MAX(total, body_r->size), UINT32_MAX);
	body_r->opaque = !text && !ctx->req->quirks->no_opaque;
	body_r->data = copy != NULL ? eas_email_copy_stream(copy) :
		eas_email_crlf_stream(ctx);
	return 1;
}

static int
eas_email_body_prepare_type(struct eas_email_context *ctx,
			    enum eas_body_type type, uint32_t truncation_size,
			    struct eas_email_body *body_r,
			    const char **error_r)
{
	uoff_t limit = truncation_size == UINT32_MAX ? UOFF_T_MAX :
		truncation_size;
	int ret;

	i_zero(body_r);
	ret = type == EAS_BODY_MIME ?
		eas_email_body_prepare_mime(ctx, limit, body_r, error_r) :
		eas_email_body_prepare_text(ctx, type, limit, body_r, error_r);
	if (ret > 0 && body_r->truncated && body_r->size == 0)
		eas_email_body_drop(body_r);
	return ret;
}

/* The types in the order in which they are tried. */
static unsigned int
eas_email_body_candidates(struct eas_email_context *ctx,
			  enum eas_body_type types_r[3])
{
	const struct eas_body_preference *prefs = ctx->options->body;
	enum eas_body_type native, other;
	unsigned int count = 0;

	native = ctx->msg->has_html ? EAS_BODY_HTML : EAS_BODY_PLAIN;
	other = ctx->msg->has_html ? EAS_BODY_PLAIN : EAS_BODY_HTML;
	if (prefs[EAS_BODY_MIME].set && eas_email_mime_wanted(ctx))
		types_r[count++] = EAS_BODY_MIME;
	if (prefs[native].set)
		types_r[count++] = native;
	if (prefs[other].set)
		types_r[count++] = other;
	if (count == 0) {
		/* it wants none that we have */
		types_r[count++] = prefs[EAS_BODY_RTF].set ||
			prefs[EAS_BODY_MIME].set ? native : EAS_BODY_PLAIN;
	}
	return count;
}

/* Dovecot's snippet is that of the first text part, which a calendar is as
   well. Does the text that is shown stand elsewhere? */
static bool eas_email_snippet_is_ours(const struct pim_message *msg)
{
	const struct pim_section *first;
	const struct pim_part *part;

	if (array_is_empty(&msg->sections))
		return msg->calendar != NULL;
	first = array_front(&msg->sections);
	part = first->plain != NULL ? first->plain : first->html;
	return part->made != NULL || part->inside != NULL;
}

static const char *eas_email_snippet(struct eas_email_context *ctx)
{
	struct pim_body_result result;
	struct ostream *output;
	const char *snippet;
	string_t *text;

	if (!eas_email_snippet_is_ours(ctx->msg)) {
		if (mail_get_special(ctx->mail, MAIL_FETCH_BODY_SNIPPET,
				     &snippet) < 0 || *snippet == '\0')
			return NULL;
		/* behind the version of the algorithm */
		return pim_text_clean_line(snippet + 1);
	}
	text = str_new(ctx->pool, EAS_EMAIL_SNIPPET_SIZE);
	output = o_stream_create_buffer(text);
	if (pim_body_write(ctx->msg, ctx->input, PIM_BODY_PLAIN,
			   EAS_EMAIL_SNIPPET_SIZE, output, &result) < 0 ||
	    o_stream_finish(output) < 0)
		str_truncate(text, 0);
	o_stream_abort(output);
	o_stream_unref(&output);
	return pim_text_clean_line(str_c(text));
}

const char *eas_email_preview(struct eas_email_context *ctx, unsigned int chars)
{
	const char *snippet = eas_email_snippet(ctx), *p = snippet;
	unsigned int count;

	if (snippet == NULL || *snippet == '\0')
		return NULL;
	chars = I_MIN(chars, EAS_EMAIL_PREVIEW_MAX);
	for (count = 0; *p != '\0'; p++) {
		if ((*p & 0xc0) != 0x80 && count++ == chars)
			break;
	}
	return t_strdup_until(snippet, p);
}

static int
eas_email_body_prepare(struct eas_email_context *ctx,
		       struct eas_email_body *body_r, const char **error_r)
{
	const struct eas_body_preference *pref;
	enum eas_body_type types[3];
	unsigned int i, count;
	uint32_t limit;
	int ret;

	count = eas_email_body_candidates(ctx, types);
	for (i = 0; i < count; i++) {
		pref = &ctx->options->body[types[i]];
		limit = pref->set ? pref->truncation_size : UINT32_MAX;
		ret = eas_email_body_prepare_type(ctx, types[i], limit, body_r,
						  error_r);
		if (ret <= 0)
			return ret;
		if (!body_r->truncated || !pref->set || !pref->all_or_none)
			break;
		eas_email_body_drop(body_r);
	}
	pref = &ctx->options->body[body_r->type];
	/* [MS-ASAIRS] 2.2.2.35.1: not beside plain text */
	if (pref->preview > 0 &&
	    (body_r->type != EAS_BODY_PLAIN || body_r->data == NULL))
		body_r->preview = eas_email_preview(ctx, pref->preview);
	return 1;
}

static int
eas_email_body_part_prepare(struct eas_email_context *ctx,
			    struct eas_email_body *body_r,
			    const char **error_r)
{
	const struct eas_body_preference *pref = &ctx->options->body_part;
	int ret;

	ret = eas_email_body_prepare_type(ctx, EAS_BODY_HTML,
					  pref->truncation_size, body_r,
					  error_r);
	if (ret <= 0)
		return ret;
	if (body_r->truncated && pref->all_or_none)
		eas_email_body_drop(body_r);
	if (pref->preview > 0)
		body_r->preview = eas_email_preview(ctx, pref->preview);
	return 1;
}

/* 2.5: plain text, or MIME instead of it */
static int
eas_email_body_prepare_25(struct eas_email_context *ctx,
			  struct eas_email_body *body_r, const char **error_r)
{
	if (eas_email_mime_wanted(ctx)) {
		return eas_email_body_prepare_type(ctx, EAS_BODY_MIME,
			ctx->options->mime_truncation, body_r, error_r);
	}
	return eas_email_body_prepare_type(ctx, EAS_BODY_PLAIN,
		ctx->options->truncation, body_r, error_r);
}

static bool eas_email_wants_body(struct eas_email_context *ctx)
{
	const struct eas_item_options *options = ctx->options;

	/* only a device that asks for BodyPart and nothing else does without */
	if (ctx->req->version < EAS_VERSION_14_1 || !options->body_part.set)
		return TRUE;
	for (unsigned int i = 0; i < N_ELEMENTS(options->body); i++) {
		if (options->body[i].set)
			return TRUE;
	}
	return FALSE;
}

int eas_email_bodies_prepare(struct eas_email_context *ctx,
			     struct eas_email_bodies *bodies_r,
			     const char **error_r)
{
	int ret = 1;

	i_zero(bodies_r);
	if (ctx->req->version < EAS_VERSION_12_0) {
		bodies_r->has_body = TRUE;
		return eas_email_body_prepare_25(ctx, &bodies_r->body,
						 error_r);
	}
	if (eas_email_wants_body(ctx)) {
		bodies_r->has_body = TRUE;
		ret = eas_email_body_prepare(ctx, &bodies_r->body, error_r);
	}
	if (ret > 0 && ctx->options->body_part.set &&
	    ctx->req->version >= EAS_VERSION_14_1) {
		bodies_r->has_body_part = TRUE;
		ret = eas_email_body_part_prepare(ctx, &bodies_r->body_part,
						  error_r);
	}
	return ret;
}

void eas_email_bodies_deinit(struct eas_email_bodies *bodies)
{
	i_stream_unref(&bodies->body.data);
	i_stream_unref(&bodies->body_part.data);
}

static void
eas_email_write_data(struct eas_email_context *ctx, unsigned int tag,
		     struct eas_email_body *body)
{
	if (body->opaque)
		wbxml_opaque_stream(ctx->writer, tag, body->data, body->size);
	else {
		(void)wbxml_text_stream(ctx->writer, tag, body->data,
					body->size);
	}
}

static void
eas_email_write_body(struct eas_email_context *ctx,
		     struct eas_email_body *body, unsigned int tag)
{
	struct wbxml_writer *writer = ctx->writer;
	bool multipart = tag == EAS_AIRSYNCBASE_BODY &&
		ctx->parts_sink != NULL;

	wbxml_open(writer, tag);
	if (tag == EAS_AIRSYNCBASE_BODY_PART)
		wbxml_uint(writer, EAS_AIRSYNCBASE_STATUS, 1);
	wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, body->type);
	wbxml_uint(writer, EAS_AIRSYNCBASE_ESTIMATED_DATA_SIZE,
		   body->estimated_size);
	if (body->truncated)
		wbxml_bool(writer, EAS_AIRSYNCBASE_TRUNCATED, TRUE);
	if (body->data != NULL && !multipart)
		eas_email_write_data(ctx, EAS_AIRSYNCBASE_DATA, body);
	if (body->preview != NULL)
		wbxml_text(writer, EAS_AIRSYNCBASE_PREVIEW, body->preview);
	if (body->data != NULL && multipart) {
		wbxml_uint(writer, EAS_ITEMOPERATIONS_PART,
			   ctx->parts_sink->add(ctx->parts_sink->context,
						body->data, body->size));
	}
	wbxml_close(writer);
}

static void
eas_email_write_body_25(struct eas_email_context *ctx,
			struct eas_email_body *body)
{
	struct wbxml_writer *writer = ctx->writer;

	if (body->type == EAS_BODY_MIME) {
		wbxml_bool(writer, EAS_EMAIL_MIME_TRUNCATED, body->truncated);
		if (body->data != NULL)
			eas_email_write_data(ctx, EAS_EMAIL_MIME_DATA, body);
		wbxml_uint(writer, EAS_EMAIL_MIME_SIZE, body->estimated_size);
	} else {
		wbxml_bool(writer, EAS_EMAIL_BODY_TRUNCATED, body->truncated);
		wbxml_uint(writer, EAS_EMAIL_BODY_SIZE, body->estimated_size);
		if (body->data != NULL)
			eas_email_write_data(ctx, EAS_EMAIL_BODY, body);
	}
}

void eas_email_bodies_write(struct eas_email_context *ctx,
			    struct eas_email_bodies *bodies)
{
	if (ctx->req->version < EAS_VERSION_12_0) {
		eas_email_write_body_25(ctx, &bodies->body);
		return;
	}
	if (bodies->has_body) {
		eas_email_write_body(ctx, &bodies->body,
				     EAS_AIRSYNCBASE_BODY);
	}
	if (bodies->has_body_part) {
		eas_email_write_body(ctx, &bodies->body_part,
				     EAS_AIRSYNCBASE_BODY_PART);
	}
}
