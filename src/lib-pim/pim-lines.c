/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-charset.h"
#include "pim-lines-private.h"

#include <ctype.h>

#define PIM_LINES_MAX_SIZE (32*1024*1024)
#define PIM_LINES_MAX_LINES 1000000
#define PIM_LINES_MAX_DEPTH 16

static const struct pim_lines_limits default_limits = {
	.max_size = PIM_LINES_MAX_SIZE,
	.max_lines = PIM_LINES_MAX_LINES,
	.max_depth = PIM_LINES_MAX_DEPTH,
};

struct pim_lines_parser {
	struct pim_lines *doc;
	struct pim_lines_limits limits;
	const unsigned char *pos, *end;
	struct pim_component *comp;
	unsigned int lines, depth;
	buffer_t *line;
};

/*
 * The tree
 */

void pim_node_insert(struct pim_component *parent, struct pim_node *after,
		     struct pim_node *node)
{
	node->parent = parent;
	node->prev = after;
	node->next = after == NULL ? parent->head : after->next;
	if (node->prev != NULL)
		node->prev->next = node;
	else
		parent->head = node;
	if (node->next != NULL)
		node->next->prev = node;
	else
		parent->tail = node;
	pim_names_inserted(node);
}

void pim_node_remove(struct pim_node *node)
{
	pim_names_removed(node);
	if (node->prev != NULL)
		node->prev->next = node->next;
	else
		node->parent->head = node->next;
	if (node->next != NULL)
		node->next->prev = node->prev;
	else
		node->parent->tail = node->prev;
	node->prev = node->next = NULL;
}

struct pim_property *
pim_property_alloc(struct pim_component *parent, const char *group,
		   const char *name)
{
	struct pim_property *prop =
		p_new(parent->doc->pool, struct pim_property, 1);

	prop->node.type = PIM_NODE_PROPERTY;
	prop->node.parent = parent;
	prop->node.name = name;
	prop->group = group;
	return prop;
}

struct pim_component *
pim_component_alloc(struct pim_component *parent, const char *name)
{
	struct pim_component *comp =
		p_new(parent->doc->pool, struct pim_component, 1);

	comp->node.type = PIM_NODE_COMPONENT;
	comp->node.parent = parent;
	comp->node.name = name;
	comp->doc = parent->doc;
	comp->legacy = parent->legacy;
	return comp;
}

static struct pim_lines *pim_lines_alloc(size_t size)
{
	pool_t pool = pool_alloconly_create("pim lines",
					    I_MAX(1024, size + size/2));
	struct pim_lines *doc = p_new(pool, struct pim_lines, 1);

	doc->pool = pool;
	doc->eol = "\r\n";
	doc->root.node.type = PIM_NODE_COMPONENT;
	doc->root.node.name = "";
	doc->root.doc = doc;
	return doc;
}

struct pim_lines *pim_lines_create(void)
{
	struct pim_lines *doc = pim_lines_alloc(0);

	doc->valid = TRUE;
	return doc;
}

void pim_lines_free(struct pim_lines **_doc)
{
	struct pim_lines *doc = *_doc;

	*_doc = NULL;
	if (doc != NULL)
		pool_unref(&doc->pool);
}

struct pim_component *pim_lines_root(struct pim_lines *doc)
{
	return &doc->root;
}

unsigned int pim_lines_damage(const struct pim_lines *doc)
{
	return doc->damage;
}

/*
 * Reading
 */

/* Behind the line end of the physical line that begins at pos. */
static const unsigned char *
parser_line_end(const struct pim_lines_parser *parser,
		const unsigned char *pos)
{
	const unsigned char *p = memchr(pos, '\n', parser->end - pos);

	return p == NULL ? parser->end : p + 1;
}

/* The line without its line end. */
static size_t line_trim(const unsigned char *line, size_t size)
{
	while (size > 0 && (line[size-1] == '\n' || line[size-1] == '\r'))
		size--;
	return size;
}

/* How the value of a line is written, as far as that makes lines go on that are
   not folded. */
enum line_encoding {
	LINE_ENCODING_UNKNOWN,
	LINE_ENCODING_PLAIN,
	LINE_ENCODING_QUOTED_PRINTABLE,
	LINE_ENCODING_BASE64,
};

static bool
head_contains(const buffer_t *line, size_t colon, const char *word)
{
	const char *head = line->data;
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= colon; i++) {
		if (strncasecmp(head + i, word, len) == 0)
			return TRUE;
	}
	return FALSE;
}

static enum line_encoding
line_encoding(const struct pim_raw *raw, buffer_t *line)
{
	size_t colon;

	buffer_set_used_size(line, 0);
	pim_line_unfold(raw, FALSE, PIM_LINE_NOT_QUOTED, line);
	colon = pim_line_find_colon(line->data, line->used);
	if (colon == line->used)
		return LINE_ENCODING_PLAIN;
	if (head_contains(line, colon, "QUOTED-PRINTABLE"))
		return LINE_ENCODING_QUOTED_PRINTABLE;
	return head_contains(line, colon, "BASE64") ?
		LINE_ENCODING_BASE64 : LINE_ENCODING_PLAIN;
}

static bool line_is_base64(const unsigned char *line, size_t size)
{
	size = line_trim(line, size);
	for (size_t i = 0; i < size; i++) {
		if (!i_isalnum(line[i]) && line[i] != '+' && line[i] != '/' &&
		    line[i] != '=')
			return FALSE;
	}
	return size > 0;
}

/* Does the line raw, whose last physical line is at last, go on with the one at
   parser->pos? Apart from folds there are the soft breaks of
   QUOTED-PRINTABLE, and base64 that nobody folded. *encoding is found
   when it is needed first. */
static bool
parser_goes_on(struct pim_lines_parser *parser, const struct pim_raw *raw,
	       const unsigned char *last, enum line_encoding *encoding)
{
	const unsigned char *pos = parser->pos;
	size_t size = line_trim(last, pos - last);
	bool soft_break = size > 0 && last[size-1] == '=';
	bool base64;

	if (*pos == ' ' || *pos == '\t')
		return TRUE;
	base64 = line_is_base64(pos, parser_line_end(parser, pos) - pos);
	if (!soft_break && !base64)
		return FALSE;
	if (*encoding == LINE_ENCODING_UNKNOWN)
		*encoding = line_encoding(raw, parser->line);
	return (soft_break && *encoding == LINE_ENCODING_QUOTED_PRINTABLE) ||
		(base64 && *encoding == LINE_ENCODING_BASE64);
}

/* The next line with everything that continues it. */
static bool
parser_next_line(struct pim_lines_parser *parser, struct pim_raw *raw_r)
{
	enum line_encoding encoding = LINE_ENCODING_UNKNOWN;
	const unsigned char *last;

	if (parser->pos == parser->end)
		return FALSE;
	raw_r->data = parser->pos;
	do {
		last = parser->pos;
		parser->pos = parser_line_end(parser, parser->pos);
		raw_r->size = parser->pos - raw_r->data;
	} while (parser->pos < parser->end &&
		 parser_goes_on(parser, raw_r, last, &encoding));
	return TRUE;
}

static void
parser_add_junk(struct pim_lines_parser *parser, const struct pim_raw *raw)
{
	struct pim_node *node = p_new(parser->doc->pool, struct pim_node, 1);

	node->type = PIM_NODE_JUNK;
	node->raw = *raw;
	node->name = "";
	pim_node_insert(parser->comp, parser->comp->tail, node);
	if (line_trim(raw->data, raw->size) > 0)
		parser->doc->damage++;
}

/* A component's name behind BEGIN: and END:. */
static const char *
parser_component_name(const unsigned char *line, size_t size, size_t colon)
{
	const char *value = t_strndup(line + colon + 1, size - colon - 1);

	return t_str_trim(value, " \t");
}

static int
parser_begin(struct pim_lines_parser *parser, const struct pim_raw *raw,
	     const char *name, const char **error_r)
{
	struct pim_component *comp;

	if (++parser->depth > parser->limits.max_depth) {
		*error_r = t_strdup_printf(
			"Components are nested deeper than %u",
			parser->limits.max_depth);
		return -1;
	}
	comp = pim_component_alloc(parser->comp,
				   p_strdup(parser->doc->pool, name));
	comp->node.raw = *raw;
	pim_node_insert(parser->comp, parser->comp->tail, &comp->node);
	parser->comp = comp;
	return 0;
}

/* Returns FALSE if no such component is open. Those in it end with it. */
static bool
parser_end(struct pim_lines_parser *parser, const struct pim_raw *raw,
	   const char *name)
{
	struct pim_component *comp = parser->comp;

	while (comp->node.parent != NULL &&
	       strcasecmp(comp->node.name, name) != 0)
		comp = comp->node.parent;
	if (comp->node.parent == NULL)
		return FALSE;
	for (; parser->comp != comp; parser->comp = parser->comp->node.parent) {
		parser->doc->damage++;
		parser->depth--;
	}
	comp->end = *raw;
	parser->comp = comp->node.parent;
	parser->depth--;
	return TRUE;
}

static void parser_check_version(struct pim_component *comp,
				 const char *version)
{
	if ((strcmp(version, "2.1") == 0 &&
	     strcasecmp(comp->node.name, "VCARD") == 0) ||
	    (strcmp(version, "1.0") == 0 &&
	     strcasecmp(comp->node.name, "VCALENDAR") == 0))
		comp->legacy = TRUE;
}

static void
parser_add_property(struct pim_lines_parser *parser, const struct pim_raw *raw,
		    const unsigned char *line, size_t name_len,
		    size_t group_len)
{
	pool_t pool = parser->doc->pool;
	const char *group = NULL, *name;
	struct pim_property *prop;

	if (group_len > 0) {
		group = p_strndup(pool, line, group_len);
		line += group_len + 1;
		name_len -= group_len + 1;
	}
	name = p_strndup(pool, line, name_len);
	prop = pim_property_alloc(parser->comp, group, name);
	prop->node.raw = *raw;
	pim_node_insert(parser->comp, parser->comp->tail, &prop->node);
}

static int
parser_add_line(struct pim_lines_parser *parser, const struct pim_raw *raw,
		const char **error_r)
{
	const unsigned char *line = raw->data;
	size_t size = line_trim(raw->data, raw->size);
	size_t name_len, group_len, colon;
	const char *name;

	if (memchr(line, '\n', size) != NULL) {
		buffer_set_used_size(parser->line, 0);
		pim_line_unfold(raw, parser->comp->legacy,
				PIM_LINE_NOT_QUOTED, parser->line);
		line = parser->line->data;
		size = parser->line->used;
	}
	name_len = pim_line_parse_name(line, size, &group_len);
	if (name_len == 0) {
		parser_add_junk(parser, raw);
		return 0;
	}
	colon = pim_line_find_colon(line, size);
	if (name_len == 5 && strncasecmp((const char *)line, "BEGIN", 5) == 0) {
		name = parser_component_name(line, size, colon);
		return parser_begin(parser, raw, name, error_r);
	}
	if (name_len == 3 && strncasecmp((const char *)line, "END", 3) == 0) {
		name = parser_component_name(line, size, colon);
		if (!parser_end(parser, raw, name))
			parser_add_junk(parser, raw);
		return 0;
	}
	if (name_len == 7 && strncasecmp((const char *)line, "VERSION", 7) == 0)
		parser_check_version(parser->comp,
			parser_component_name(line, size, colon));
	parser_add_property(parser, raw, line, name_len, group_len);
	return 0;
}

/* Where a line names its charset, and where its value begins. */
struct line_charset {
	const char *name;		/* NULL = it names none */
	size_t start, end, value;
};

static void
line_find_charset(const struct pim_raw *raw, struct line_charset *charset_r)
{
	static const char *const word = "CHARSET=";
	size_t colon = pim_line_find_colon(raw->data, raw->size);
	size_t len = strlen(word), start, end;

	i_zero(charset_r);
	charset_r->start = charset_r->end = charset_r->value = raw->size;
	for (start = 0; start + len <= colon; start++) {
		if (strncasecmp((const char *)raw->data + start, word,
				len) == 0)
			break;
	}
	if (start + len > colon)
		return;
	start += len;
	for (end = start; end < colon; end++) {
		if (strchr(";\r\n", raw->data[end]) != NULL)
			break;
	}
	charset_r->name = t_str_trim(t_strndup(raw->data + start, end - start),
				     "\"");
	charset_r->start = start;
	charset_r->end = end;
	charset_r->value = I_MIN(colon + 1, raw->size);
}

/* Appends what of the physical line [pos, end) is between two places. */
static void
convert_append(const struct pim_raw *raw, size_t pos, size_t end, size_t from,
	       size_t to, const char *charset, buffer_t *dest)
{
	size_t start = dest->used;
	unsigned char *text;

	pos = I_MAX(pos, from);
	end = I_MIN(end, to);
	if (pos >= end)
		return;
	pim_charset_to_utf8(charset, raw->data + pos, end - pos, dest);
	/* what would end the line */
	text = buffer_get_modifiable_data(dest, NULL);
	for (; start < dest->used; start++) {
		if (text[start] == '\r' || text[start] == '\n')
			text[start] = ' ';
	}
}

/* A line that is not UTF-8 is made so, and says it. */
static void parser_convert_line(struct pim_lines_parser *parser,
				struct pim_raw *raw)
{
	buffer_t *buf = parser->line;
	struct line_charset charset;
	unsigned char *text;
	size_t pos, end, next;

	if (uni_utf8_data_is_valid(raw->data, raw->size))
		return;
	/* a fold may stand inside of a character */
	buffer_set_used_size(buf, 0);
	pim_line_unfold(raw, FALSE, PIM_LINE_NOT_QUOTED, buf);
	if (uni_utf8_data_is_valid(buf->data, buf->used))
		return;

	buffer_set_used_size(buf, 0);
	line_find_charset(raw, &charset);
	for (pos = 0; pos < raw->size; pos = next) {
		const unsigned char *line = raw->data + pos, *nl;

		nl = memchr(line, '\n', raw->size - pos);
		next = nl == NULL ? raw->size : (size_t)(nl + 1 - raw->data);
		end = pos + line_trim(line, next - pos);
		convert_append(raw, pos, end, 0, charset.start, NULL, buf);
		if (charset.name != NULL && charset.start >= pos &&
		    charset.start <= end)
			buffer_append(buf, "UTF-8", 5);
		convert_append(raw, pos, end, charset.end, charset.value,
			       NULL, buf);
		convert_append(raw, pos, end, charset.value, raw->size,
			       charset.name, buf);
		buffer_append(buf, raw->data + end, next - end);
	}
	/* a control character that became a blank would fold the line to the one
	   before */
	text = buffer_get_modifiable_data(buf, NULL);
	if (buf->used > 0 && raw->data[0] != ' ' && raw->data[0] != '\t' &&
	    (text[0] == ' ' || text[0] == '\t'))
		text[0] = '?';
	raw->size = buf->used;
	raw->data = p_memdup(parser->doc->pool, buf->data, buf->used);
}

static int parser_run(struct pim_lines_parser *parser, const char **error_r)
{
	struct pim_raw raw;
	int ret = 0;

	while (ret == 0 && parser_next_line(parser, &raw)) {
		if (++parser->lines > parser->limits.max_lines) {
			*error_r = t_strdup_printf("There are more than %u "
				"lines", parser->limits.max_lines);
			return -1;
		}
		T_BEGIN {
			if (!parser->doc->valid)
				parser_convert_line(parser, &raw);
			ret = parser_add_line(parser, &raw, error_r);
		} T_END_PASS_STR_IF(ret < 0, error_r);
	}
	for (; ret == 0 && parser->comp->node.parent != NULL;
	     parser->comp = parser->comp->node.parent)
		parser->doc->damage++;
	return ret;
}

/* Returns FALSE if data is not UTF-16 with its byte order mark. */
static bool
parser_convert_utf16(const unsigned char *data, size_t size, buffer_t *dest)
{
	if (size < 2 || !((data[0] == 0xff && data[1] == 0xfe) ||
			  (data[0] == 0xfe && data[1] == 0xff)))
		return FALSE;
	pim_charset_to_utf8(data[0] == 0xff ? "utf-16le" : "utf-16be",
			    data + 2, size - 2, dest);
	return TRUE;
}

/* Returns FALSE if data's line ends are not CR alone. */
static bool
parser_convert_cr(const unsigned char *data, size_t size, buffer_t *dest)
{
	if (memchr(data, '\n', size) != NULL ||
	    memchr(data, '\r', size) == NULL)
		return FALSE;
	for (size_t i = 0; i < size; i++) {
		buffer_append_c(dest, data[i]);
		if (data[i] == '\r')
			buffer_append_c(dest, '\n');
	}
	return TRUE;
}

/* The text in the document's pool, without its byte order mark. */
static void
parser_set_text(struct pim_lines_parser *parser, const void *data, size_t size)
{
	struct pim_lines *doc = parser->doc;
	const unsigned char *text, *nl;
	buffer_t *utf8 = buffer_create_dynamic(default_pool, 256);
	buffer_t *crlf = buffer_create_dynamic(default_pool, 256);

	if (parser_convert_utf16(data, size, utf8)) {
		data = utf8->data;
		size = utf8->used;
	}
	if (size > 0 && parser_convert_cr(data, size, crlf)) {
		data = crlf->data;
		size = crlf->used;
	}
	/* pools give no empty blocks, and memchr() takes no NULL */
	text = size == 0 ? (const unsigned char *)"" :
		p_memdup(doc->pool, data, size);
	buffer_free(&utf8);
	buffer_free(&crlf);
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		doc->prefix.data = text;
		doc->prefix.size = 3;
	}
	doc->valid = uni_utf8_data_is_valid(text, size);
	parser->pos = text + doc->prefix.size;
	parser->end = text + size;
	nl = memchr(text, '\n', size);
	if (nl != NULL && (nl == text || nl[-1] != '\r'))
		doc->eol = "\n";
}

int pim_lines_parse(const void *data, size_t size,
		    const struct pim_lines_limits *limits,
		    struct pim_lines **doc_r, const char **error_r)
{
	struct pim_lines_parser parser;
	int ret;

	i_zero(&parser);
	parser.limits = limits == NULL ? default_limits : *limits;
	if (parser.limits.max_size == 0)
		parser.limits.max_size = PIM_LINES_MAX_SIZE;
	if (parser.limits.max_lines == 0)
		parser.limits.max_lines = PIM_LINES_MAX_LINES;
	if (parser.limits.max_depth == 0)
		parser.limits.max_depth = PIM_LINES_MAX_DEPTH;
	if (size > parser.limits.max_size) {
		*error_r = t_strdup_printf("It has %zu bytes, more than %zu",
					   size, parser.limits.max_size);
		return -1;
	}
	i_assert(data != NULL || size == 0);
	if (size == 0)
		data = "";
	parser.doc = pim_lines_alloc(size);
	parser.comp = &parser.doc->root;
	parser.line = buffer_create_dynamic(default_pool, 256);
	parser_set_text(&parser, data, size);
	ret = parser_run(&parser, error_r);
	buffer_free(&parser.line);
	if (ret < 0)
		pim_lines_free(&parser.doc);
	*doc_r = parser.doc;
	return ret;
}

/*
 * Writing
 */

static void
pim_raw_write(const struct pim_lines *doc, const struct pim_raw *raw,
	      size_t start, buffer_t *dest)
{
	const char *text = dest->data;

	if (raw->size == 0)
		return;
	/* only a last line has no end; something may follow it now */
	if (dest->used > start && text[dest->used-1] != '\n')
		buffer_append(dest, doc->eol, strlen(doc->eol));
	buffer_append(dest, raw->data, raw->size);
}

static void
pim_component_write_from(const struct pim_component *comp, size_t start,
			 buffer_t *dest)
{
	const struct pim_node *node;

	pim_raw_write(comp->doc, &comp->node.raw, start, dest);
	for (node = comp->head; node != NULL; node = node->next) {
		if (node->type == PIM_NODE_COMPONENT) {
			pim_component_write_from(
				container_of(node, const struct pim_component,
					     node), start, dest);
		} else {
			pim_raw_write(comp->doc, &node->raw, start, dest);
		}
	}
	pim_raw_write(comp->doc, &comp->end, start, dest);
}

void pim_component_write(const struct pim_component *comp, buffer_t *dest)
{
	pim_component_write_from(comp, dest->used, dest);
}

void pim_lines_write(const struct pim_lines *doc, buffer_t *dest)
{
	buffer_append(dest, doc->prefix.data, doc->prefix.size);
	pim_component_write(&doc->root, dest);
}
