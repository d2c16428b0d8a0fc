/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "guid.h"
#include "istream.h"
#include "istream-base64.h"
#include "istream-crlf.h"
#include "istream-header-filter.h"
#include "istream-qp.h"
#include "ostream.h"
#include "str.h"
#include "pim-charset.h"
#include "pim-html.h"
#include "pim-compose-private.h"

#define PIM_COMPOSE_BASE64_LINE 76

enum pim_compose_kind {
	PIM_COMPOSE_MULTIPART,
	PIM_COMPOSE_PLAIN,
	PIM_COMPOSE_HTML,
	PIM_COMPOSE_ATTACHMENT,
};

struct pim_compose_node {
	struct pim_compose_node *next, *children, **tail;
	enum pim_compose_kind kind;
	const char *subtype;		/* of a multipart */
	struct pim_compose_part *part;
};

struct pim_compose_writer {
	struct pim_compose *compose;
	struct ostream *output;
	const char *error;
};

void pim_compose_init(struct pim_compose *compose_r, pool_t pool)
{
	i_zero(compose_r);
	compose_r->pool = pool;
	compose_r->header = str_new(pool, 512);
	p_array_init(&compose_r->texts, pool, 2);
	p_array_init(&compose_r->parts, pool, 4);
}

struct pim_compose_text *pim_compose_add_text(struct pim_compose *compose)
{
	return array_append_space(&compose->texts);
}

struct pim_compose_part *pim_compose_add_part(struct pim_compose *compose)
{
	return array_append_space(&compose->parts);
}

static struct pim_compose_node *
pim_compose_node_new(struct pim_compose *compose,
		     struct pim_compose_node *parent,
		     enum pim_compose_kind kind)
{
	struct pim_compose_node *node =
		p_new(compose->pool, struct pim_compose_node, 1);

	node->kind = kind;
	node->tail = &node->children;
	if (parent != NULL) {
		*parent->tail = node;
		parent->tail = &node->next;
	}
	return node;
}

static void
pim_compose_leaf(struct pim_compose *compose, struct pim_compose_node *parent,
		 enum pim_compose_kind kind, struct pim_compose_part *part)
{
	pim_compose_node_new(compose, parent, kind)->part = part;
}

static struct pim_compose_node *
pim_compose_multipart(struct pim_compose *compose,
		      struct pim_compose_node *parent, const char *subtype)
{
	struct pim_compose_node *node;

	node = pim_compose_node_new(compose, parent, PIM_COMPOSE_MULTIPART);
	node->subtype = subtype;
	return node;
}

static bool pim_compose_has(const struct pim_compose_part *part)
{
	return part->content != NULL || part->entity != NULL;
}

static bool pim_compose_has_inline(struct pim_compose *compose)
{
	const struct pim_compose_part *part;

	array_foreach(&compose->parts, part) {
		if (part->is_inline)
			return TRUE;
	}
	return FALSE;
}

/* HTML, and the pictures that it shows if they were not put elsewhere. */
static void
pim_compose_build_html(struct pim_compose *compose,
		       struct pim_compose_node *parent,
		       struct pim_compose_part *html, bool related)
{
	struct pim_compose_part *part;

	if (!related) {
		pim_compose_leaf(compose, parent, PIM_COMPOSE_HTML, html);
		return;
	}
	parent = pim_compose_multipart(compose, parent, "related");
	pim_compose_leaf(compose, parent, PIM_COMPOSE_HTML, html);
	array_foreach_modifiable(&compose->parts, part) {
		if (part->is_inline) {
			pim_compose_leaf(compose, parent,
					 PIM_COMPOSE_ATTACHMENT, part);
		}
	}
}

/* A multipart with one text is not needed. */
static struct pim_compose_node *
pim_compose_build(struct pim_compose *compose)
{
	struct pim_compose_node *root, *parent;
	struct pim_compose_text *text;
	struct pim_compose_part *part;
	bool related = pim_compose_has_inline(compose), done = FALSE;

	root = pim_compose_multipart(compose, NULL, "mixed");
	array_foreach_modifiable(&compose->texts, text) {
		parent = root;
		if (pim_compose_has(&text->plain) &&
		    pim_compose_has(&text->html)) {
			parent = pim_compose_multipart(compose, root,
						       "alternative");
		}
		if (pim_compose_has(&text->plain)) {
			pim_compose_leaf(compose, parent, PIM_COMPOSE_PLAIN,
					 &text->plain);
		}
		if (pim_compose_has(&text->html)) {
			pim_compose_build_html(compose, parent, &text->html,
					       related && !done);
			done = TRUE;
		}
	}
	array_foreach_modifiable(&compose->parts, part) {
		if (!part->is_inline || !done) {
			pim_compose_leaf(compose, root,
					 PIM_COMPOSE_ATTACHMENT, part);
		}
	}
	if (root->children == NULL) {
		/* a mail without anything has an empty text */
		part = p_new(compose->pool, struct pim_compose_part, 1);
		pim_compose_leaf(compose, root, PIM_COMPOSE_PLAIN, part);
	}
	return root->children->next == NULL &&
		root->children->kind != PIM_COMPOSE_ATTACHMENT ?
		root->children : root;
}

static void
pim_compose_number(struct pim_compose *compose, struct pim_compose_node *node,
		   const char *number)
{
	struct pim_compose_node *child;
	unsigned int index = 0;

	if (node->kind != PIM_COMPOSE_MULTIPART) {
		node->part->number = p_strdup(compose->pool,
			*number == '\0' ? "1" : number);
		return;
	}
	for (child = node->children; child != NULL; child = child->next) {
		index++;
		pim_compose_number(compose, child, *number == '\0' ?
			t_strdup_printf("%u", index) :
			t_strdup_printf("%s.%u", number, index));
	}
}

static int pim_compose_failed_output(struct pim_compose_writer *writer)
{
	writer->error = t_strdup_printf("Writing a mail failed: %s",
		o_stream_get_error(writer->output));
	return -1;
}

static int
pim_compose_put(struct pim_compose_writer *writer, const char *text)
{
	return o_stream_send_str(writer->output, text) < 0 ?
		pim_compose_failed_output(writer) : 0;
}

/* Writes all of input, and unrefs it. */
static int
pim_compose_send(struct pim_compose_writer *writer, struct istream *input)
{
	int ret = 0;

	switch (o_stream_send_istream(writer->output, input)) {
	case OSTREAM_SEND_ISTREAM_RESULT_FINISHED:
		break;
	case OSTREAM_SEND_ISTREAM_RESULT_ERROR_INPUT:
		writer->error = t_strdup_printf("Reading %s failed: %s",
			i_stream_get_name(input), i_stream_get_error(input));
		ret = -1;
		break;
	case OSTREAM_SEND_ISTREAM_RESULT_WAIT_INPUT:
	case OSTREAM_SEND_ISTREAM_RESULT_WAIT_OUTPUT:
		i_unreached();
	case OSTREAM_SEND_ISTREAM_RESULT_ERROR_OUTPUT:
		ret = pim_compose_failed_output(writer);
		break;
	}
	i_stream_unref(&input);
	return ret;
}

/* The header of an entity that was a whole mail: what is said of the content. */
static int
pim_compose_write_entity(struct pim_compose_writer *writer,
			 const struct pim_compose_part *part)
{
	static const char *const content[] = {
		"Content-Class", "Content-Description", "Content-Disposition",
		"Content-Duration", "Content-ID", "Content-Language",
		"Content-Location", "Content-MD5",
		"Content-Transfer-Encoding", "Content-Type",
	};
	static const char *const version[] = { "MIME-Version" };
	struct istream *header, *crlf;

	header = part->entity_is_mail ?
		i_stream_create_header_filter(part->entity,
			HEADER_FILTER_INCLUDE | HEADER_FILTER_ADD_MISSING_EOH,
			content, N_ELEMENTS(content),
			*null_header_filter_callback, NULL) :
		i_stream_create_header_filter(part->entity,
			HEADER_FILTER_EXCLUDE | HEADER_FILTER_ADD_MISSING_EOH,
			version, N_ELEMENTS(version),
			*null_header_filter_callback, NULL);
	crlf = i_stream_create_crlf(header);
	i_stream_unref(&header);
	return pim_compose_send(writer, crlf);
}

static int
pim_compose_write_text(struct pim_compose_writer *writer,
		       const struct pim_compose_part *part, const char *type)
{
	struct istream *qp;

	if (pim_compose_put(writer, t_strdup_printf(
			"Content-Type: %s; charset=utf-8\r\n"
			"Content-Transfer-Encoding: quoted-printable\r\n\r\n",
			type)) < 0)
		return -1;
	if (part->content == NULL)
		return 0;
	qp = i_stream_create_qp_encoder(part->content, 0);
	return pim_compose_send(writer, qp);
}

static int
pim_compose_write_part(struct pim_compose_writer *writer,
		       const struct pim_compose_part *part)
{
	struct istream *encoded;
	string_t *header = t_str_new(256);
	bool message;

	message = pim_compose_part_header(header, part);
	str_append(header, message ?
		   "Content-Transfer-Encoding: 8bit\r\n\r\n" :
		   "Content-Transfer-Encoding: base64\r\n\r\n");
	if (pim_compose_put(writer, str_c(header)) < 0)
		return -1;
	/* RFC 2046 5.2.1: an embedded mail is not encoded */
	encoded = message ? i_stream_create_crlf(part->content) :
		i_stream_create_base64_encoder(part->content,
					       PIM_COMPOSE_BASE64_LINE, TRUE);
	return pim_compose_send(writer, encoded);
}

static int
pim_compose_write_node(struct pim_compose_writer *writer,
		       const struct pim_compose_node *node);

static int
pim_compose_write_multipart(struct pim_compose_writer *writer,
			    const struct pim_compose_node *node)
{
	const struct pim_compose_node *child;
	const char *boundary;
	guid_128_t guid;

	/* cannot stand in quoted-printable nor base64 */
	guid_128_generate(guid);
	boundary = t_strconcat("=_", guid_128_to_string(guid), NULL);
	if (pim_compose_put(writer, t_strdup_printf(
			"Content-Type: multipart/%s;\r\n boundary=\"%s\"\r\n"
			"\r\n", node->subtype, boundary)) < 0)
		return -1;
	for (child = node->children; child != NULL; child = child->next) {
		if (pim_compose_put(writer, t_strdup_printf(
				"--%s\r\n", boundary)) < 0 ||
		    pim_compose_write_node(writer, child) < 0 ||
		    pim_compose_put(writer, "\r\n") < 0)
			return -1;
	}
	return pim_compose_put(writer, t_strdup_printf("--%s--\r\n", boundary));
}

static int
pim_compose_write_node(struct pim_compose_writer *writer,
		       const struct pim_compose_node *node)
{
	if (node->kind != PIM_COMPOSE_MULTIPART && node->part->entity != NULL)
		return pim_compose_write_entity(writer, node->part);
	switch (node->kind) {
	case PIM_COMPOSE_MULTIPART:
		return pim_compose_write_multipart(writer, node);
	case PIM_COMPOSE_PLAIN:
		return pim_compose_write_text(writer, node->part,
					      "text/plain");
	case PIM_COMPOSE_HTML:
		return pim_compose_write_text(writer, node->part, "text/html");
	case PIM_COMPOSE_ATTACHMENT:
		return pim_compose_write_part(writer, node->part);
	}
	i_unreached();
}

int pim_compose_write(struct pim_compose *compose, struct ostream *output,
		      const char **error_r)
{
	struct pim_compose_writer writer = {
		.compose = compose, .output = output,
	};
	struct pim_compose_node *root;

	root = pim_compose_build(compose);
	pim_compose_number(compose, root, "");
	*error_r = NULL;
	if (pim_compose_put(&writer, str_c(compose->header)) < 0 ||
	    pim_compose_put(&writer, "MIME-Version: 1.0\r\n") < 0 ||
	    pim_compose_write_node(&writer, root) < 0) {
		*error_r = writer.error;
		return -1;
	}
	return 0;
}

int pim_compose_html_to_text(struct istream *html, struct ostream *output)
{
	struct pim_charset_decoder *dec = pim_charset_decoder_init("utf-8");
	struct pim_html2text *conv = pim_html2text_init();
	buffer_t *utf8 = buffer_create_dynamic(default_pool, IO_BLOCK_SIZE);
	buffer_t *text = buffer_create_dynamic(default_pool, IO_BLOCK_SIZE);
	const unsigned char *data;
	size_t size;

	while (i_stream_read_more(html, &data, &size) > 0) {
		buffer_set_used_size(utf8, 0);
		buffer_set_used_size(text, 0);
		pim_charset_decoder_more(dec, data, size, utf8);
		pim_html2text_more(conv, utf8->data, utf8->used, text);
		o_stream_nsend(output, text->data, text->used);
		i_stream_skip(html, size);
	}
	buffer_set_used_size(utf8, 0);
	buffer_set_used_size(text, 0);
	pim_charset_decoder_finish(dec, utf8);
	pim_html2text_more(conv, utf8->data, utf8->used, text);
	pim_html2text_finish(conv, text);
	o_stream_nsend(output, text->data, text->used);
	buffer_free(&utf8);
	buffer_free(&text);
	pim_html2text_deinit(&conv);
	pim_charset_decoder_deinit(&dec);
	return html->stream_errno == 0 ? 0 : -1;
}
