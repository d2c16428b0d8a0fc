/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "eas-schema-filter.h"

/* Only what wbxml_writer writes ([MS-ASWBXML] 2.1.2): no attributes, no string
   table, no extensions. */
#define TOKEN_SWITCH_PAGE 0x00
#define TOKEN_END 0x01
#define TOKEN_STR_I 0x03
#define TOKEN_OPAQUE 0xc3
#define TAG_CONTENT 0x40
#define NO_PAGE 0x100

enum filter_state {
	FILTER_TOKEN,		/* a token comes */
	FILTER_PAGE,		/* the number of a code page comes */
	FILTER_STRING,		/* text up to its NUL */
	FILTER_SIZE,		/* the size of an opaque value */
	FILTER_OPAQUE,		/* opaque_left bytes */
	FILTER_BROKEN,
};

struct eas_schema_filter {
	struct wbxml_writer *writer;
	unsigned int parent_tag;
	const unsigned int *tags;
	/* tags are those that are dropped */
	bool without;

	enum filter_state state;
	unsigned int page, out_page;
	/* open elements; that of parent_tag, 0 = it is not open; the one that is being
	   dropped, 0 = none */
	unsigned int depth, parent_depth, drop_depth;
	uint32_t opaque_left;
	/* what is kept of the bytes at hand */
	buffer_t *out;
};

struct eas_schema_filter *
eas_schema_filter_init(struct wbxml_writer *writer, unsigned int parent_tag,
		       const unsigned int *tags)
{
	struct eas_schema_filter *filter;

	filter = i_new(struct eas_schema_filter, 1);
	filter->writer = writer;
	filter->parent_tag = parent_tag;
	filter->tags = tags;
	filter->page = filter->out_page = NO_PAGE;
	filter->out = buffer_create_dynamic(default_pool, 1024);
	return filter;
}

struct eas_schema_filter *
eas_schema_filter_init_without(struct wbxml_writer *writer,
			       unsigned int parent_tag,
			       const unsigned int *tags)
{
	struct eas_schema_filter *filter =
		eas_schema_filter_init(writer, parent_tag, tags);

	filter->without = TRUE;
	return filter;
}

static bool filter_keeps(const struct eas_schema_filter *filter,
			 unsigned int tag)
{
	const unsigned int *p;

	for (p = filter->tags; *p != 0; p++) {
		if (*p == tag)
			return !filter->without;
	}
	return filter->without;
}

static void filter_put(struct eas_schema_filter *filter, unsigned char byte)
{
	if (filter->drop_depth == 0)
		buffer_append_c(filter->out, byte);
}

static void filter_tag(struct eas_schema_filter *filter, unsigned char token)
{
	unsigned int tag = WBXML_TAG(filter->page, token & ~TAG_CONTENT);
	unsigned int depth = filter->depth + 1;
	bool dropped = FALSE;

	if (filter->drop_depth == 0 && filter->parent_depth == filter->depth &&
	    filter->parent_depth != 0 && !filter_keeps(filter, tag)) {
		filter->drop_depth = depth;
		dropped = TRUE;
	}
	if (filter->drop_depth == 0 && filter->out_page != filter->page) {
		buffer_append_c(filter->out, TOKEN_SWITCH_PAGE);
		buffer_append_c(filter->out, filter->page);
		filter->out_page = filter->page;
	}
	filter_put(filter, token);
	if ((token & TAG_CONTENT) == 0) {
		if (dropped)
			filter->drop_depth = 0;
		return;
	}
	filter->depth = depth;
	if (tag == filter->parent_tag && filter->parent_depth == 0)
		filter->parent_depth = depth;
}

static void filter_end(struct eas_schema_filter *filter)
{
	if (filter->depth == 0) {
		filter->state = FILTER_BROKEN;
		return;
	}
	filter_put(filter, TOKEN_END);
	if (filter->drop_depth == filter->depth)
		filter->drop_depth = 0;
	if (filter->parent_depth == filter->depth)
		filter->parent_depth = 0;
	filter->depth--;
}

static void filter_token(struct eas_schema_filter *filter, unsigned char token)
{
	switch (token) {
	case TOKEN_SWITCH_PAGE:
		filter->state = FILTER_PAGE;
		break;
	case TOKEN_END:
		filter_end(filter);
		break;
	case TOKEN_STR_I:
		filter_put(filter, token);
		filter->state = FILTER_STRING;
		break;
	case TOKEN_OPAQUE:
		filter_put(filter, token);
		filter->opaque_left = 0;
		filter->state = FILTER_SIZE;
		break;
	default:
		if (filter->page == NO_PAGE || token < 5 ||
		    (token & 0x80) != 0)
			filter->state = FILTER_BROKEN;
		else
			filter_tag(filter, token);
		break;
	}
}

/* Content in one piece, as far as it is at hand. Returns its size. */
static size_t
filter_content(struct eas_schema_filter *filter, const unsigned char *data,
	       size_t size)
{
	const unsigned char *end;

	if (filter->state == FILTER_STRING) {
		end = memchr(data, '\0', size);
		if (end != NULL) {
			size = end - data + 1;
			filter->state = FILTER_TOKEN;
		}
	} else {
		size = I_MIN(size, filter->opaque_left);
		filter->opaque_left -= size;
		if (filter->opaque_left == 0)
			filter->state = FILTER_TOKEN;
	}
	if (filter->drop_depth == 0)
		buffer_append(filter->out, data, size);
	return size;
}

static void filter_byte(struct eas_schema_filter *filter, unsigned char byte)
{
	switch (filter->state) {
	case FILTER_TOKEN:
		filter_token(filter, byte);
		break;
	case FILTER_PAGE:
		filter->page = byte;
		filter->state = FILTER_TOKEN;
		break;
	case FILTER_SIZE:
		filter_put(filter, byte);
		filter->opaque_left = filter->opaque_left << 7 | (byte & 0x7f);
		if ((byte & 0x80) == 0) {
			filter->state = filter->opaque_left == 0 ?
				FILTER_TOKEN : FILTER_OPAQUE;
		}
		break;
	default:
		break;
	}
}

void eas_schema_filter_more(struct eas_schema_filter *filter,
			    const unsigned char *data, size_t size)
{
	while (size > 0 && filter->state != FILTER_BROKEN) {
		size_t used = 1;

		if (filter->state == FILTER_STRING ||
		    filter->state == FILTER_OPAQUE)
			used = filter_content(filter, data, size);
		else
			filter_byte(filter, *data);
		data += used;
		size -= used;
	}
	wbxml_writer_append(filter->writer, filter->out->data,
			    filter->out->used);
	buffer_set_used_size(filter->out, 0);
}

int eas_schema_filter_deinit(struct eas_schema_filter **_filter)
{
	struct eas_schema_filter *filter = *_filter;
	bool whole = filter->state == FILTER_TOKEN && filter->depth == 0;

	*_filter = NULL;
	buffer_free(&filter->out);
	i_free(filter);
	return whole ? 0 : -1;
}
