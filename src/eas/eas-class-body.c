/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "istream.h"
#include "str.h"
#include "unichar.h"
#include "pim-decode.h"
#include "pim-html.h"
#include "pim-rtf.h"
#include "pim-charset.h"
#include "pim-text.h"
#include "roost-compat.h"
#include "class-email.h"
#include "eas-class.h"

const char *eas_class_html_to_text(const char *html)
{
	struct pim_html2text *conv = pim_html2text_init();
	string_t *dest = t_str_new(strlen(html) + 16);
	string_t *text;
	const char *p;

	pim_html2text_more(conv, (const unsigned char *)html, strlen(html),
			   dest);
	pim_html2text_finish(conv, dest);
	pim_html2text_deinit(&conv);
	text = t_str_new(str_len(dest));
	for (p = str_c(dest); *p != '\0'; p++) {
		if (p[0] != '\r' || p[1] != '\n')
			str_append_c(text, *p);
	}
	return str_c(text);
}

const char *eas_class_text_to_html(const char *text)
{
	struct pim_text2html *conv = pim_text2html_init();
	string_t *dest = t_str_new(strlen(text) * 2 + 256);

	str_append(dest, pim_text2html_head);
	pim_text2html_more(conv, (const unsigned char *)text, strlen(text),
			   dest);
	pim_text2html_deinit(&conv);
	str_append(dest, pim_text2html_tail);
	return str_c(dest);
}

int eas_class_read_bytes(struct eas_request *req, const struct wbxml_node *node,
			 struct istream **input_r)
{
	buffer_t *buf;

	if (node->external || node->opaque || node->size == 0) {
		*input_r = wbxml_node_stream(node, req->req->body);
		return 0;
	}
	buf = buffer_create_dynamic(req->pool, node->size);
	if (base64_scheme_decode(&base64_scheme, 0, node->data, node->size,
				 buf) < 0)
		return -1;
	*input_r = i_stream_create_from_buffer(buf);
	return 0;
}

buffer_t *eas_class_read_data(struct eas_request *req,
			      const struct wbxml_node *node)
{
	const unsigned char *data;
	struct istream *input;
	buffer_t *raw;
	size_t size;

	raw = buffer_create_dynamic(req->pool, 256);
	input = wbxml_node_stream(node, req->req->body);
	while (i_stream_read_more(input, &data, &size) > 0) {
		buffer_append(raw, data, size);
		i_stream_skip(input, size);
	}
	i_stream_unref(&input);
	return raw;
}

const char *eas_class_read_text(struct eas_request *req,
				const struct wbxml_node *node)
{
	string_t *raw, *text;
	size_t size;

	if (node == NULL)
		return NULL;
	raw = eas_class_read_data(req, node);
	text = str_new(req->pool, str_len(raw) + 1);
	/* a NUL ends it */
	size = strlen(str_c(raw));
	if (uni_utf8_get_valid_data(str_data(raw), size, text))
		str_append_data(text, str_data(raw), size);
	else {
		/* of a device that has it in its own character set */
		str_truncate(text, 0);
		pim_charset_to_utf8(NULL, str_data(raw), size, text);
	}
	pim_text_clean(text, 0);
	return str_c(text);
}

/* Lines that end in CRLF, as devices have them, or in LF, as texts have them. */
static const char *body_with_lf(pool_t pool, const char *text)
{
	string_t *str = str_new(pool, strlen(text) + 1);
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if (*p != '\r')
			str_append_c(str, *p);
		else if (p[1] != '\n')
			str_append_c(str, '\n');
	}
	return str_c(str);
}

const char *eas_class_crlf(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 64);
	const char *p;

	for (p = text; *p != '\0'; p++) {
		if (*p == '\n' && (p == text || p[-1] != '\r'))
			str_append_c(str, '\r');
		str_append_c(str, *p);
	}
	return str_c(str);
}

/* Packed or plain, in base64 or as it is. Returns -1 if it is no RTF. */
static int body_read_rtf(struct eas_request *req, const struct wbxml_node *node,
			 const char **text_r)
{
	buffer_t *data = eas_class_read_data(req, node);
	buffer_t *rtf = buffer_create_dynamic(req->pool, data->used);
	string_t *text = str_new(req->pool, 256);
	struct pim_decoder *decoder;
	const char *error;

	if (!pim_rtf_is_compressed(data->data, data->used) &&
	    !str_begins_with(str_c(data), "{\\rtf")) {
		decoder = pim_decoder_init(PIM_ENCODING_BASE64);
		pim_decoder_more(decoder, data->data, data->used, rtf);
		pim_decoder_finish(decoder, rtf);
		pim_decoder_deinit(&decoder);
		data = rtf;
	}
	if (pim_rtf_is_compressed(data->data, data->used)) {
		rtf = buffer_create_dynamic(req->pool, data->used * 2);
		if (pim_rtf_decompress(data->data, data->used, rtf,
				       &error) < 0) {
			e_debug(req->event, "%s", error);
			return -1;
		}
		data = rtf;
	}
	if (!str_begins_with(str_c(data), "{\\rtf"))
		return -1;
	pim_rtf_to_text(data->data, data->used, text);
	*text_r = str_c(text);
	return 0;
}

static int
body_read_25(struct eas_request *req, const struct wbxml_node *data,
	     const struct eas_class_body_tags *tags, const char **text_r)
{
	const struct wbxml_node *body = NULL, *rtf = NULL;
	const char *text;

	if (tags->body != 0)
		body = wbxml_node_child(data, tags->body);
	if (tags->rtf != 0)
		rtf = wbxml_node_child(data, tags->rtf);
	if (body == NULL && rtf == NULL)
		return 0;
	text = eas_class_read_text(req, body);
	if (rtf != NULL && (text == NULL || *text == '\0')) {
		if (rtf->data != NULL || rtf->external)
			return body_read_rtf(req, rtf, text_r) < 0 ? -1 : 1;
		text = "";
	}
	*text_r = body_with_lf(req->pool, text);
	return 1;
}

int eas_class_read_body(struct eas_request *req, const struct wbxml_node *data,
			const struct eas_class_body_tags *tags,
			const char **text_r, enum eas_body_type *type_r)
{
	const struct wbxml_node *body;
	const char *text;
	unsigned int type;

	*type_r = EAS_BODY_PLAIN;
	if (req->version < EAS_VERSION_12_0 && tags != NULL)
		return body_read_25(req, data, tags, text_r);
	body = wbxml_node_child(data, EAS_AIRSYNCBASE_BODY);
	if (body == NULL)
		return 0;
	if (wbxml_child_uint(body, EAS_AIRSYNCBASE_TYPE, &type) <= 0)
		return -1;
	body = wbxml_node_child(body, EAS_AIRSYNCBASE_DATA);
	/* [MS-ASCMD] 2.2.3.24: no Data leaves it as it is */
	if (body == NULL)
		return 0;
	if (type == EAS_BODY_RTF && (body->data != NULL || body->external))
		return body_read_rtf(req, body, text_r) < 0 ? -1 : 1;
	if (type != EAS_BODY_PLAIN && type != EAS_BODY_HTML &&
	    type != EAS_BODY_RTF)
		return -1;
	text = eas_class_read_text(req, body);
	*text_r = body_with_lf(req->pool, text);
	if (type == EAS_BODY_HTML)
		*type_r = type;
	return 1;
}

static const char *
body_convert(const char *text, enum eas_body_type from, enum eas_body_type to)
{
	if (from != to) {
		text = to == EAS_BODY_HTML ? eas_class_text_to_html(text) :
			eas_class_html_to_text(text);
	}
	return to == EAS_BODY_PLAIN ? eas_class_crlf(text) : text;
}

/* How much of a body of this type the device wants. */
static size_t
body_limit(const struct eas_item_options *options, unsigned int version,
	   enum eas_body_type type)
{
	uint32_t limit = options == NULL ? UINT32_MAX :
		version < EAS_VERSION_12_0 ? options->truncation :
		options->body[type].set ? options->body[type].truncation_size :
		UINT32_MAX;

	return limit == UINT32_MAX ? SIZE_MAX : limit;
}

bool eas_class_body_is_shown(const struct eas_class_apply *apply,
			     const char *stored, enum eas_body_type stored_type,
			     const char *text, enum eas_body_type type)
{
	const char *shown;
	size_t cut;
	bool ret;

	T_BEGIN {
		shown = body_convert(stored, stored_type, type);
		cut = pim_text_cut(shown, strlen(shown),
				   body_limit(apply->options,
					      apply->req->version, type));
		shown = body_with_lf(pool_datastack_create(),
				     t_strndup(shown, cut));
		ret = strcmp(shown, text) == 0;
	} T_END;
	return ret;
}

static void
body_write_25(const struct eas_class_write *write, struct wbxml_writer *writer,
	      const struct eas_class_body_tags *tags, const char *text)
{
	size_t size = strlen(text), cut;

	if (size == 0)
		return;
	cut = pim_text_cut(text, size, body_limit(write->options,
						  write->req->version,
						  EAS_BODY_PLAIN));
	wbxml_text_begin(writer, tags->body);
	wbxml_text_add(writer, text, cut);
	wbxml_text_end(writer);
	if (tags->size != 0)
		wbxml_uint(writer, tags->size, size);
	if (tags->truncated != 0)
		wbxml_bool(writer, tags->truncated, cut < size);
}

static void
body_write(const struct eas_class_write *write, struct wbxml_writer *writer,
	   enum eas_body_type type, const char *text)
{
	size_t size = strlen(text), cut;
	struct istream *input;

	cut = pim_text_cut(text, size, body_limit(write->options,
						  write->req->version, type));
	wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
	wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, type);
	wbxml_uint(writer, EAS_AIRSYNCBASE_ESTIMATED_DATA_SIZE, size);
	if (cut < size)
		wbxml_bool(writer, EAS_AIRSYNCBASE_TRUNCATED, TRUE);
	/* TruncationSize 0: who wants to know that there is one */
	if (cut == 0 && size > 0) {
		wbxml_close(writer);
		return;
	}
	if (write->parts != NULL) {
		input = i_stream_create_copy_from_data(text, cut);
		wbxml_uint(writer, EAS_ITEMOPERATIONS_PART,
			   write->parts->add(write->parts->context, input,
					     cut));
		i_stream_unref(&input);
	} else {
		wbxml_text_begin(writer, EAS_AIRSYNCBASE_DATA);
		wbxml_text_add(writer, text, cut);
		wbxml_text_end(writer);
	}
	wbxml_close(writer);
}

void eas_class_write_body(const struct eas_class_write *write,
			  struct wbxml_writer *writer,
			  const struct eas_class_body_tags *tags,
			  const char *text, size_t size,
			  enum eas_body_type type)
{
	/* the text's own type first, then the other one */
	const enum eas_body_type types[] = {
		type, type == EAS_BODY_PLAIN ? EAS_BODY_HTML : EAS_BODY_PLAIN
	};
	const struct eas_body_preference *pref;
	const char *converted;
	bool wanted = FALSE;
	unsigned int i;

	text = t_strndup(text, size);
	if (write->req->version < EAS_VERSION_12_0 && tags != NULL) {
		body_write_25(write, writer, tags,
			      body_convert(text, type, EAS_BODY_PLAIN));
		return;
	}
	for (i = 0; i < N_ELEMENTS(types); i++) {
		pref = &write->options->body[types[i]];
		if (!pref->set)
			continue;
		wanted = TRUE;
		converted = body_convert(text, type, types[i]);
		if (pref->all_or_none &&
		    strlen(converted) > pref->truncation_size)
			continue;
		body_write(write, writer, types[i], converted);
		return;
	}
	/* who says nothing, or wants only what is not made (RTF, MIME) */
	if (!wanted) {
		body_write(write, writer, type,
			   body_convert(text, type, type));
	}
}
