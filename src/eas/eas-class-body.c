/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "unichar.h"
#include "pim-html.h"
#include "pim-text.h"
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

const char *eas_class_read_text(struct eas_request *req,
				const struct wbxml_node *node)
{
	const unsigned char *data;
	struct istream *input;
	string_t *raw, *text;
	size_t size;

	if (node == NULL)
		return NULL;
	raw = str_new(req->pool, 256);
	input = wbxml_node_stream(node, req->req->body);
	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(raw, data, size);
		i_stream_skip(input, size);
	}
	i_stream_unref(&input);
	text = str_new(req->pool, str_len(raw) + 1);
	/* a NUL ends it */
	size = strlen(str_c(raw));
	if (uni_utf8_get_valid_data(str_data(raw), size, text))
		str_append_data(text, str_data(raw), size);
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

static const char *body_with_crlf(const char *text)
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

int eas_class_read_body(struct eas_request *req, const struct wbxml_node *data,
			const char **text_r, enum eas_body_type *type_r)
{
	const struct wbxml_node *body;
	const char *text;
	unsigned int type;

	body = wbxml_node_child(data, EAS_AIRSYNCBASE_BODY);
	if (body == NULL)
		return 0;
	if (wbxml_child_uint(body, EAS_AIRSYNCBASE_TYPE, &type) <= 0 ||
	    (type != EAS_BODY_PLAIN && type != EAS_BODY_HTML))
		return -1;
	text = eas_class_read_text(req, wbxml_node_child(body,
						EAS_AIRSYNCBASE_DATA));
	*text_r = text == NULL ? "" : body_with_lf(req->pool, text);
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
	return to == EAS_BODY_PLAIN ? body_with_crlf(text) : text;
}

static void
body_write(const struct eas_class_write *write, struct wbxml_writer *writer,
	   enum eas_body_type type, const char *text, size_t limit)
{
	size_t size = strlen(text), cut = pim_text_cut(text, size, limit);
	struct istream *input;

	wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
	wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, type);
	wbxml_uint(writer, EAS_AIRSYNCBASE_ESTIMATED_DATA_SIZE, size);
	if (cut < size)
		wbxml_bool(writer, EAS_AIRSYNCBASE_TRUNCATED, TRUE);
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
			  struct wbxml_writer *writer, const char *text,
			  size_t size, enum eas_body_type type)
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
	for (i = 0; i < N_ELEMENTS(types); i++) {
		pref = &write->options->body[types[i]];
		if (!pref->set)
			continue;
		wanted = TRUE;
		converted = body_convert(text, type, types[i]);
		if (pref->all_or_none &&
		    strlen(converted) > pref->truncation_size)
			continue;
		body_write(write, writer, types[i], converted,
			   pref->truncation_size);
		return;
	}
	/* who says nothing, or wants only what is not made (RTF, MIME) */
	if (!wanted) {
		body_write(write, writer, type, body_convert(text, type, type),
			   UINT32_MAX);
	}
}
