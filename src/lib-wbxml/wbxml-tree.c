#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "istream.h"
#include "wbxml-tree.h"
#include "wbxml-private.h"

/* One pass without recursion. Text is gathered in one buffer and copied to the pool once, when
   its element ends: that works because an element has either children or
   text here (mixed content exists in neither ActiveSync nor SyncML and is refused), and it makes
   the cost of a hostile document linear in its bytes. */

const struct wbxml_limits wbxml_default_limits = {
	.max_depth = 32,
	/* an event with 10,000 attendees, who have 5 each */
	.max_nodes = 150000,
	.max_text = 8 * 1024 * 1024,
	.max_inline = 64 * 1024,
};

struct wbxml_reader {
	struct istream *input;
	const struct wbxml_code_space *space;
	const struct wbxml_limits *limits;
	pool_t pool;

	buffer_t *string_table;
	buffer_t *text;
	/* the text came (also) as OPAQUE */
	bool text_opaque;

	struct wbxml_node *root, *node;
	unsigned int page, depth, nodes;
	size_t text_total;

	enum wbxml_error kind;
	const char *error;
};

static int
wbxml_fail(struct wbxml_reader *reader, enum wbxml_error kind,
	   const char *error)
{
	reader->kind = kind;
	reader->error = error;
	return -1;
}

static int wbxml_fail_syntax(struct wbxml_reader *reader, const char *error)
{
	return wbxml_fail(reader, WBXML_ERROR_SYNTAX, t_strdup_printf(
		"%s at byte %"PRIuUOFF_T, error, reader->input->v_offset));
}

static int wbxml_fail_input(struct wbxml_reader *reader)
{
	if (reader->input->stream_errno != 0) {
		return wbxml_fail(reader, WBXML_ERROR_IO, t_strdup_printf(
			"read(%s) failed: %s", i_stream_get_name(reader->input),
			i_stream_get_error(reader->input)));
	}
	return wbxml_fail_syntax(reader, "document ends early");
}

static int wbxml_read_byte(struct wbxml_reader *reader, unsigned char *byte_r)
{
	const unsigned char *data;
	size_t size;

	if (i_stream_read_more(reader->input, &data, &size) <= 0)
		return wbxml_fail_input(reader);
	*byte_r = data[0];
	i_stream_skip(reader->input, 1);
	return 0;
}

/* multi-byte unsigned integer, WAP-192-WBXML 5.1 */
static int wbxml_read_mb_uint32(struct wbxml_reader *reader, uint32_t *value_r)
{
	uint64_t value = 0;
	unsigned char byte;

	for (unsigned int i = 0; i < 5; i++) {
		if (wbxml_read_byte(reader, &byte) < 0)
			return -1;
		value = (value << 7) | (byte & 0x7f);
		if ((byte & 0x80) == 0) {
			if (value > UINT32_MAX)
				break;
			*value_r = value;
			return 0;
		}
	}
	return wbxml_fail_syntax(reader, "integer is too large");
}

static int wbxml_count_text(struct wbxml_reader *reader, size_t size)
{
	if (size > reader->limits->max_text - reader->text_total) {
		return wbxml_fail(reader, WBXML_ERROR_LIMIT, t_strdup_printf(
			"document has more than %zu bytes of text",
			reader->limits->max_text));
	}
	reader->text_total += size;
	return 0;
}

/* Appends size bytes of input, as they come: a size that the document only claims costs
   nothing. */
static int wbxml_read_bytes(struct wbxml_reader *reader, uint32_t size,
			    buffer_t *dest)
{
	const unsigned char *data;
	size_t avail;

	if (wbxml_count_text(reader, size) < 0)
		return -1;
	while (size > 0) {
		if (i_stream_read_more(reader->input, &data, &avail) <= 0)
			return wbxml_fail_input(reader);
		avail = I_MIN(avail, size);
		buffer_append(dest, data, avail);
		i_stream_skip(reader->input, avail);
		size -= avail;
	}
	return 0;
}

static int wbxml_read_header(struct wbxml_reader *reader)
{
	unsigned char version;
	uint32_t public_id, charset, size;

	if (wbxml_read_byte(reader, &version) < 0)
		return -1;
	if (version > WBXML_VERSION_1_3)
		return wbxml_fail_syntax(reader, "unknown WBXML version");
	if (wbxml_read_mb_uint32(reader, &public_id) < 0)
		return -1;
	/* 0: an index into the string table follows */
	if (public_id == 0 && wbxml_read_mb_uint32(reader, &public_id) < 0)
		return -1;
	if (wbxml_read_mb_uint32(reader, &charset) < 0)
		return -1;
	if (charset != WBXML_CHARSET_UTF8 &&
	    charset != WBXML_CHARSET_US_ASCII &&
	    charset != WBXML_CHARSET_UNKNOWN)
		return wbxml_fail_syntax(reader, "charset is not UTF-8");
	if (wbxml_read_mb_uint32(reader, &size) < 0)
		return -1;
	return wbxml_read_bytes(reader, size, reader->string_table);
}

static bool wbxml_is_blank(const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] != ' ' && data[i] != '\t' &&
		    data[i] != '\r' && data[i] != '\n')
			return FALSE;
	}
	return TRUE;
}

/* Copies the gathered text to the current element. */
static int wbxml_end_text(struct wbxml_reader *reader)
{
	struct wbxml_node *node = reader->node;

	if (reader->text->used == 0)
		return 0;
	if (node == NULL || node->children != NULL || node->external) {
		if (!wbxml_is_blank(reader->text->data, reader->text->used)) {
			return wbxml_fail_syntax(reader,
				"text beside other content");
		}
	} else {
		char *copy = p_malloc(reader->pool, reader->text->used + 1);
		memcpy(copy, reader->text->data, reader->text->used);
		node->data = copy;
		node->size = reader->text->used;
		node->opaque = reader->text_opaque;
	}
	buffer_set_used_size(reader->text, 0);
	reader->text_opaque = FALSE;
	return 0;
}

static int wbxml_start_tag(struct wbxml_reader *reader, unsigned char byte)
{
	struct wbxml_node *parent = reader->node, *node;
	unsigned int tag = WBXML_TAG(reader->page, byte & WBXML_TOKEN_MASK);

	if ((byte & WBXML_HAS_ATTRIBUTES) != 0)
		return wbxml_fail_syntax(reader, "element has attributes");
	if (wbxml_tag_name(reader->space, tag) == NULL) {
		return wbxml_fail(reader, WBXML_ERROR_UNKNOWN_TAG,
			t_strdup_printf("unknown token 0x%02x in code page %u",
					WBXML_TAG_TOKEN(tag), reader->page));
	}
	if (++reader->nodes > reader->limits->max_nodes) {
		return wbxml_fail(reader, WBXML_ERROR_LIMIT, t_strdup_printf(
			"document has more than %u elements",
			reader->limits->max_nodes));
	}
	if (parent != NULL && parent->external)
		return wbxml_fail_syntax(reader, "element beside opaque data");
	if (wbxml_is_blank(reader->text->data, reader->text->used))
		buffer_set_used_size(reader->text, 0);
	else
		return wbxml_fail_syntax(reader, "element beside text");

	node = p_new(reader->pool, struct wbxml_node, 1);
	node->tag = tag;
	node->parent = parent;
	if (parent == NULL)
		reader->root = node;
	else if (parent->last_child == NULL)
		parent->children = parent->last_child = node;
	else {
		parent->last_child->next = node;
		parent->last_child = node;
	}
	if ((byte & WBXML_HAS_CONTENT) == 0)
		return 0;
	if (++reader->depth > reader->limits->max_depth) {
		return wbxml_fail(reader, WBXML_ERROR_LIMIT, t_strdup_printf(
			"elements are nested deeper than %u",
			reader->limits->max_depth));
	}
	reader->node = node;
	return 0;
}

static int wbxml_read_str_i(struct wbxml_reader *reader)
{
	const unsigned char *data, *end;
	size_t size;

	do {
		if (i_stream_read_more(reader->input, &data, &size) <= 0)
			return wbxml_fail_input(reader);
		end = memchr(data, '\0', size);
		if (end != NULL)
			size = end - data;
		if (wbxml_count_text(reader, size) < 0)
			return -1;
		buffer_append(reader->text, data, size);
		i_stream_skip(reader->input, end == NULL ? size : size + 1);
	} while (end == NULL);
	return 0;
}

static int wbxml_read_str_t(struct wbxml_reader *reader)
{
	const char *table = reader->string_table->data;
	size_t size = reader->string_table->used;
	uint32_t index;
	size_t len;

	if (wbxml_read_mb_uint32(reader, &index) < 0)
		return -1;
	if (index >= size)
		return wbxml_fail_syntax(reader, "no such string in the table");
	len = strnlen(table + index, size - index);
	if (wbxml_count_text(reader, len) < 0)
		return -1;
	buffer_append(reader->text, table + index, len);
	return 0;
}

static int wbxml_read_entity(struct wbxml_reader *reader)
{
	uint32_t chr;

	if (wbxml_read_mb_uint32(reader, &chr) < 0)
		return -1;
	if (chr == 0 || !uni_is_valid_ucs4(chr))
		return wbxml_fail_syntax(reader, "entity is no character");
	if (wbxml_count_text(reader, 4) < 0)
		return -1;
	uni_ucs4_to_utf8_c(chr, reader->text);
	return 0;
}

/* Leaves the next size bytes in the input. */
static int wbxml_skip_external(struct wbxml_reader *reader, uint32_t size)
{
	struct wbxml_node *node = reader->node;
	uoff_t input_size;

	if (node->external || node->children != NULL ||
	    reader->text->used > 0)
		return wbxml_fail_syntax(reader, "opaque data beside content");
	if (i_stream_get_size(reader->input, TRUE, &input_size) <= 0 ||
	    input_size < reader->input->v_offset ||
	    input_size - reader->input->v_offset < size)
		return wbxml_fail_input(reader);
	node->external = TRUE;
	node->opaque = TRUE;
	node->offset = reader->input->v_offset;
	node->size = size;
	i_stream_seek(reader->input, reader->input->v_offset + size);
	return 0;
}

static int wbxml_read_opaque(struct wbxml_reader *reader)
{
	uint32_t size;

	if (wbxml_read_mb_uint32(reader, &size) < 0)
		return -1;
	if (size > reader->limits->max_inline)
		return wbxml_skip_external(reader, size);
	reader->text_opaque = TRUE;
	return wbxml_read_bytes(reader, size, reader->text);
}

static int wbxml_read_token(struct wbxml_reader *reader)
{
	unsigned char byte, page;

	if (wbxml_read_byte(reader, &byte) < 0)
		return -1;
	if (byte == WBXML_SWITCH_PAGE) {
		if (wbxml_read_byte(reader, &page) < 0)
			return -1;
		reader->page = page;
		return 0;
	}
	if ((byte & WBXML_TOKEN_MASK) >= WBXML_FIRST_TAG_TOKEN)
		return wbxml_start_tag(reader, byte);
	if (reader->node == NULL)
		return wbxml_fail_syntax(reader, "content outside the root");

	switch (byte) {
	case WBXML_END:
		if (wbxml_end_text(reader) < 0)
			return -1;
		reader->node = reader->node->parent;
		reader->depth--;
		return 0;
	case WBXML_ENTITY:
		return wbxml_read_entity(reader);
	case WBXML_STR_I:
		return wbxml_read_str_i(reader);
	case WBXML_STR_T:
		return wbxml_read_str_t(reader);
	case WBXML_OPAQUE:
		return wbxml_read_opaque(reader);
	}
	return wbxml_fail_syntax(reader, t_strdup_printf(
		"token 0x%02x has no meaning here", byte));
}

int wbxml_tree_read(struct istream *input, const struct wbxml_code_space *space,
		    const struct wbxml_limits *limits, pool_t pool,
		    struct wbxml_node **root_r, enum wbxml_error *kind_r,
		    const char **error_r)
{
	struct wbxml_reader reader = {
		.input = input,
		.space = space,
		.limits = limits,
		.pool = pool,
		.kind = WBXML_ERROR_NONE,
	};
	int ret;

	reader.string_table = buffer_create_dynamic(default_pool, 64);
	reader.text = buffer_create_dynamic(default_pool, 1024);
	ret = wbxml_read_header(&reader);
	while (ret == 0 && (reader.root == NULL || reader.node != NULL))
		ret = wbxml_read_token(&reader);
	buffer_free(&reader.string_table);
	buffer_free(&reader.text);

	*root_r = ret < 0 && !limits->partial ? NULL : reader.root;
	*kind_r = reader.kind;
	*error_r = reader.error;
	return ret;
}

struct wbxml_node *
wbxml_node_child(const struct wbxml_node *node, unsigned int tag)
{
	struct wbxml_node *child = node == NULL ? NULL : node->children;

	while (child != NULL && child->tag != tag)
		child = child->next;
	return child;
}

struct wbxml_node *wbxml_node_next_same(const struct wbxml_node *node)
{
	struct wbxml_node *next = node->next;

	while (next != NULL && next->tag != node->tag)
		next = next->next;
	return next;
}

const char *wbxml_node_text(const struct wbxml_node *node)
{
	if (node == NULL || node->external)
		return NULL;
	return node->data == NULL ? "" : node->data;
}

const char *
wbxml_child_text(const struct wbxml_node *node, unsigned int tag)
{
	return wbxml_node_text(wbxml_node_child(node, tag));
}

int wbxml_child_uint(const struct wbxml_node *node, unsigned int tag,
		     unsigned int *value_r)
{
	const struct wbxml_node *child = wbxml_node_child(node, tag);
	const char *text = wbxml_node_text(child);

	if (child == NULL)
		return 0;
	return text == NULL || str_to_uint(text, value_r) < 0 ? -1 : 1;
}

int wbxml_child_bool(const struct wbxml_node *node, unsigned int tag,
		     bool *value_r)
{
	const struct wbxml_node *child = wbxml_node_child(node, tag);
	const char *text = wbxml_node_text(child);

	if (child == NULL)
		return 0;
	if (text == NULL)
		return -1;
	if (*text == '\0' || strcmp(text, "1") == 0)
		*value_r = TRUE;
	else if (strcmp(text, "0") == 0)
		*value_r = FALSE;
	else
		return -1;
	return 1;
}

struct istream *
wbxml_node_stream(const struct wbxml_node *node, struct istream *input)
{
	if (node->external) {
		i_stream_seek(input, node->offset);
		return i_stream_create_limit(input, node->size);
	}
	return i_stream_create_from_data(node->data == NULL ? "" : node->data,
					 node->size);
}
