/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "istream-crlf.h"
#include "ostream.h"
#include "str.h"
#include "pim-charset.h"
#include "pim-html.h"
#include "pim-text.h"
#include "pim-tnef.h"
#include "pim-body.h"

/* How much of a document is looked through for its <meta charset>. */
#define PIM_BODY_HEAD_MAX 2048
#define PIM_BODY_SLICE 512

struct pim_body_context {
	const struct pim_message *msg;
	struct istream *input;
	struct ostream *output;
	enum pim_body_type type;
	uoff_t max_bytes;
	struct pim_body_result *result;

	/* of the part that is read */
	struct pim_decoder *decoder;
	struct pim_charset_decoder *charset;
	struct pim_text2html *text2html;
	struct pim_html2text *html2text;
	/* decoded bytes of a document's head, until the charset is decided */
	buffer_t *head;
	const char *charset_name;
	bool last_cr;

	/* the last byte that was put out */
	unsigned char last;
	buffer_t *bytes, *utf8, *converted;
};

static struct pim_part *
pim_section_choose(const struct pim_section *section, enum pim_body_type type)
{
	if (type == PIM_BODY_HTML)
		return section->html != NULL ? section->html : section->plain;
	if (section->html_only)
		return NULL;
	/* some mailers send an empty alternative */
	if (section->plain != NULL &&
	    (section->html == NULL || section->plain->body_size > 2))
		return section->plain;
	return section->html;
}

static bool pim_part_is_html(const struct pim_part *part)
{
	return strcmp(part->type, "text/plain") != 0;
}

uoff_t pim_body_estimate(const struct pim_message *msg,
			 enum pim_body_type type)
{
	const struct pim_section *section;
	const struct pim_part *part;
	uoff_t size = 0;

	array_foreach(&msg->sections, section) {
		part = pim_section_choose(section, type);
		if (part != NULL) {
			size += pim_encoding_estimate(part->encoding,
				part->body_virtual_size, part->body_lines);
		}
	}
	return size;
}

const char *pim_body_charset(const struct pim_message *msg)
{
	const struct pim_section *section;

	if (array_is_empty(&msg->sections))
		return NULL;
	section = array_front(&msg->sections);
	return section->html != NULL ? section->html->charset :
		section->plain->charset;
}

/* Puts out converted text; sets truncated when the limit is reached. */
static void
pim_body_out(struct pim_body_context *ctx, const void *data, size_t size)
{
	uoff_t left = ctx->max_bytes - ctx->result->size;

	if (ctx->result->truncated)
		return;
	if (size > left) {
		size = pim_text_cut(data, size, left);
		ctx->result->truncated = TRUE;
	}
	o_stream_nsend(ctx->output, data, size);
	ctx->result->size += size;
	if (size > 0)
		ctx->last = ((const unsigned char *)data)[size-1];
}

/* LF and CR alone to CRLF */
static void
pim_body_lines(struct pim_body_context *ctx, const unsigned char *data,
	       size_t size, buffer_t *dest)
{
	size_t i, start = 0;

	for (i = 0; i < size; i++) {
		if (data[i] == '\n' && !ctx->last_cr) {
			buffer_append(dest, data + start, i - start);
			buffer_append_c(dest, '\r');
			start = i;
		}
		ctx->last_cr = data[i] == '\r';
	}
	buffer_append(dest, data + start, size - start);
}

static void
pim_body_convert(struct pim_body_context *ctx, const void *data, size_t size)
{
	buffer_set_used_size(ctx->converted, 0);
	if (ctx->text2html != NULL)
		pim_text2html_more(ctx->text2html, data, size, ctx->converted);
	else if (ctx->html2text != NULL)
		pim_html2text_more(ctx->html2text, data, size, ctx->converted);
	else if (ctx->type == PIM_BODY_PLAIN)
		pim_body_lines(ctx, data, size, ctx->converted);
	else {
		pim_body_out(ctx, data, size);
		return;
	}
	pim_body_out(ctx, ctx->converted->data, ctx->converted->used);
}

static void
pim_body_chars(struct pim_body_context *ctx, const void *data, size_t size)
{
	buffer_set_used_size(ctx->utf8, 0);
	pim_charset_decoder_more(ctx->charset, data, size, ctx->utf8);
	pim_body_convert(ctx, ctx->utf8->data, ctx->utf8->used);
}

/* Enough of the document's head is there: decides on the charset, and lets
   the <meta> say UTF-8, because that is what the device gets. */
static void pim_body_head_done(struct pim_body_context *ctx)
{
	const unsigned char *data = ctx->head->data;
	size_t size = ctx->head->used, start, len;
	const char *meta;

	meta = pim_html_meta_charset(data, size, &start, &len);
	ctx->charset = pim_charset_decoder_init(
		ctx->charset_name != NULL ? ctx->charset_name : meta);
	if (meta == NULL)
		pim_body_chars(ctx, data, size);
	else {
		pim_body_chars(ctx, data, start);
		pim_body_chars(ctx, "utf-8", 5);
		pim_body_chars(ctx, data + start + len, size - start - len);
	}
	buffer_free(&ctx->head);
}

static void
pim_body_bytes(struct pim_body_context *ctx, const void *data, size_t size)
{
	if (ctx->head == NULL)
		pim_body_chars(ctx, data, size);
	else {
		buffer_append(ctx->head, data, size);
		if (ctx->head->used >= PIM_BODY_HEAD_MAX)
			pim_body_head_done(ctx);
	}
}

static void
pim_body_part_begin(struct pim_body_context *ctx, const struct pim_part *part)
{
	ctx->decoder = pim_decoder_init(part->encoding);
	ctx->charset_name = part->charset;
	ctx->last_cr = FALSE;
	if (pim_part_is_html(part)) {
		ctx->head = buffer_create_dynamic(default_pool, 4096);
		if (ctx->type == PIM_BODY_PLAIN)
			ctx->html2text = pim_html2text_init();
	} else {
		ctx->charset = pim_charset_decoder_init(part->charset);
		if (ctx->type == PIM_BODY_HTML)
			ctx->text2html = pim_text2html_init();
	}
}

static void pim_body_part_finish(struct pim_body_context *ctx)
{
	buffer_set_used_size(ctx->bytes, 0);
	pim_decoder_finish(ctx->decoder, ctx->bytes);
	pim_body_bytes(ctx, ctx->bytes->data, ctx->bytes->used);
	if (ctx->head != NULL)
		pim_body_head_done(ctx);
	buffer_set_used_size(ctx->utf8, 0);
	pim_charset_decoder_finish(ctx->charset, ctx->utf8);
	pim_body_convert(ctx, ctx->utf8->data, ctx->utf8->used);
	if (ctx->html2text != NULL) {
		buffer_set_used_size(ctx->converted, 0);
		pim_html2text_finish(ctx->html2text, ctx->converted);
		pim_body_out(ctx, ctx->converted->data, ctx->converted->used);
	}
}

static void pim_body_part_deinit(struct pim_body_context *ctx)
{
	pim_decoder_deinit(&ctx->decoder);
	if (ctx->charset != NULL)
		pim_charset_decoder_deinit(&ctx->charset);
	if (ctx->text2html != NULL)
		pim_text2html_deinit(&ctx->text2html);
	if (ctx->html2text != NULL)
		pim_html2text_deinit(&ctx->html2text);
	buffer_free(&ctx->head);
}

/* The content as it stands there, encoded. */
static struct istream *
pim_part_raw(const struct pim_part *part, struct istream *input)
{
	struct istream *outer, *raw;

	if (part->made != NULL)
		return i_stream_create_from_data(part->made, part->body_size);
	if (part->inside == NULL) {
		return i_stream_create_range(input, part->body_pos,
					     part->body_size);
	}
	outer = pim_part_stream(part->inside, input);
	raw = i_stream_create_range(outer, part->body_pos, part->body_size);
	i_stream_unref(&outer);
	return raw;
}

struct istream *
pim_part_stream(const struct pim_part *part, struct istream *input)
{
	struct istream *decoded, *raw = pim_part_raw(part, input);

	if (part->encoding == PIM_ENCODING_BINARY)
		return raw;
	decoded = i_stream_create_pim_decoder(raw, part->encoding);
	i_stream_unref(&raw);
	return decoded;
}

static int
pim_body_part(struct pim_body_context *ctx, const struct pim_part *part)
{
	struct istream *body;
	const unsigned char *data;
	size_t size;
	uoff_t left;
	int ret;

	body = pim_part_raw(part, ctx->input);
	pim_body_part_begin(ctx, part);
	while (!ctx->result->truncated &&
	       i_stream_read_more(body, &data, &size) > 0) {
		/* not much more than what fits is worth converting */
		left = ctx->max_bytes - ctx->result->size;
		if (left < size)
			size = I_MIN(size, left + PIM_BODY_SLICE);
		buffer_set_used_size(ctx->bytes, 0);
		pim_decoder_more(ctx->decoder, data, size, ctx->bytes);
		pim_body_bytes(ctx, ctx->bytes->data, ctx->bytes->used);
		i_stream_skip(body, size);
	}
	if (!ctx->result->truncated)
		pim_body_part_finish(ctx);
	pim_body_part_deinit(ctx);
	ret = body->stream_errno == 0 ? 0 : -1;
	i_stream_unref(&body);
	return ret;
}

/* Every section begins a line. */
static void
pim_body_separate(struct pim_body_context *ctx, const struct pim_part *part,
		  const struct pim_part *prev)
{
	if (prev == NULL)
		return;
	if (ctx->type == PIM_BODY_HTML &&
	    (!pim_part_is_html(part) || !pim_part_is_html(prev)))
		pim_body_out(ctx, "<br>\r\n", 6);
	else if (ctx->last != '\n')
		pim_body_out(ctx, "\r\n", 2);
}

static int pim_body_sections(struct pim_body_context *ctx)
{
	const struct pim_section *section;
	const struct pim_part *part, *prev = NULL;
	/* a document made of text alone gets a frame of ours */
	bool frame = ctx->type == PIM_BODY_HTML && !ctx->msg->has_html &&
		!array_is_empty(&ctx->msg->sections);

	if (frame) {
		pim_body_out(ctx, pim_text2html_head,
			     strlen(pim_text2html_head));
	}
	array_foreach(&ctx->msg->sections, section) {
		part = pim_section_choose(section, ctx->type);
		if (part == NULL)
			continue;
		pim_body_separate(ctx, part, prev);
		if (ctx->result->truncated)
			break;
		if (pim_body_part(ctx, part) < 0)
			return -1;
		prev = part;
	}
	if (frame && !ctx->result->truncated) {
		pim_body_out(ctx, pim_text2html_tail,
			     strlen(pim_text2html_tail));
	}
	return 0;
}

int pim_body_write(const struct pim_message *msg, struct istream *input,
		   enum pim_body_type type, uoff_t max_bytes,
		   struct ostream *output, struct pim_body_result *result_r)
{
	struct pim_body_context ctx = {
		.msg = msg, .input = input, .output = output, .type = type,
		.max_bytes = max_bytes, .result = result_r,
	};
	int ret;

	i_zero(result_r);
	ctx.bytes = buffer_create_dynamic(default_pool, 8192);
	ctx.utf8 = buffer_create_dynamic(default_pool, 8192);
	ctx.converted = buffer_create_dynamic(default_pool, 8192);
	T_BEGIN {
		ret = pim_body_sections(&ctx);
	} T_END;
	buffer_free(&ctx.bytes);
	buffer_free(&ctx.utf8);
	buffer_free(&ctx.converted);

	result_r->estimated_size = result_r->size;
	if (result_r->truncated) {
		result_r->estimated_size =
			I_MAX(pim_body_estimate(msg, type),
			      result_r->size + 1);
	}
	return ret;
}

static int
pim_part_write_decoded(const struct pim_part *part, struct istream *input,
		       struct ostream *output)
{
	struct pim_decoder *decoder = pim_decoder_init(part->encoding);
	buffer_t *bytes = buffer_create_dynamic(default_pool, 8192);
	struct istream *body, *limited;
	const unsigned char *data;
	size_t size;
	int ret;

	body = limited = pim_part_raw(part, input);
	if (part->encoding == PIM_ENCODING_NONE) {
		/* stored lines may end in LF; on their way they didn't */
		body = i_stream_create_crlf(limited);
		i_stream_unref(&limited);
	}
	while (i_stream_read_more(body, &data, &size) > 0) {
		buffer_set_used_size(bytes, 0);
		pim_decoder_more(decoder, data, size, bytes);
		o_stream_nsend(output, bytes->data, bytes->used);
		i_stream_skip(body, size);
	}
	buffer_set_used_size(bytes, 0);
	pim_decoder_finish(decoder, bytes);
	o_stream_nsend(output, bytes->data, bytes->used);
	pim_decoder_deinit(&decoder);
	buffer_free(&bytes);
	ret = body->stream_errno == 0 ? 0 : -1;
	i_stream_unref(&body);
	return ret;
}

int pim_part_write(const struct pim_part *part, struct istream *input,
		   struct ostream *output)
{
	return pim_tnef_part_is_mail(part) ?
		pim_tnef_mail_write(part, input, output) :
		pim_part_write_decoded(part, input, output);
}
