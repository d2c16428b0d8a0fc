/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "istream.h"
#include "istream-concat.h"
#include "pim-merge-html.h"

#include <ctype.h>

/* Documents are cut at tags and put together again, not parsed: whatever stands in
   between stays as it is. A tag that only seems to be one (in a comment) may
   make the result look worse; it can't take anything away. */

/* more <style>s than that make no sense */
#define HTML_MAX_STYLES 16

/* Finds a tag's beginning ("<body") from offset start to end: the first or the last
   one. UOFF_T_MAX = there is none. No '<' may be in needle but the first one. */
static uoff_t
html_find(struct istream *input, uoff_t start, uoff_t end, const char *needle,
	  bool last)
{
	const unsigned char *data;
	size_t i, size, len = strlen(needle), matched = 0;
	uoff_t found = UOFF_T_MAX;

	i_stream_seek(input, start);
	while (input->v_offset < end &&
	       i_stream_read_more(input, &data, &size) > 0) {
		size = I_MIN(size, end - input->v_offset);
		for (i = 0; i < size; i++) {
			if (matched == len) {
				/* not the beginning of a longer name */
				if (!i_isalnum(data[i])) {
					found = input->v_offset + i - len;
					if (!last)
						return found;
				}
				matched = 0;
			}
			if (i_tolower(data[i]) == needle[matched])
				matched++;
			else
				matched = data[i] == '<' ? 1 : 0;
		}
		i_stream_skip(input, size);
	}
	return found;
}

/* The offset behind the next '>'. */
static uoff_t html_tag_end(struct istream *input, uoff_t start)
{
	const unsigned char *data, *p;
	size_t size;

	i_stream_seek(input, start);
	while (i_stream_read_more(input, &data, &size) > 0) {
		p = memchr(data, '>', size);
		if (p != NULL)
			return input->v_offset + (p - data) + 1;
		i_stream_skip(input, size);
	}
	return input->v_offset;
}

struct html_join {
	ARRAY(struct istream *) inputs;
};

static void join_text(struct html_join *join, const char *text)
{
	struct istream *input =
		i_stream_create_copy_from_data(text, strlen(text));

	array_push_back(&join->inputs, &input);
}

static void join_range(struct html_join *join, struct istream *input,
		       uoff_t start, uoff_t end)
{
	struct istream *range;

	if (end <= start)
		return;
	range = i_stream_create_range(input, start, end == UOFF_T_MAX ?
				      UOFF_T_MAX : end - start);
	array_push_back(&join->inputs, &range);
}

static void
join_styles(struct html_join *join, struct istream *input, uoff_t end)
{
	uoff_t start = 0, close;
	unsigned int i;

	for (i = 0; i < HTML_MAX_STYLES; i++) {
		start = html_find(input, start, end, "<style", FALSE);
		if (start == UOFF_T_MAX)
			break;
		close = html_find(input, start, end, "</style", FALSE);
		if (close == UOFF_T_MAX)
			break;
		close = html_tag_end(input, close);
		join_range(join, input, start, close);
		start = close;
	}
}

static void join_second(struct html_join *join, struct istream *input)
{
	uoff_t body, inner, close;

	body = html_find(input, 0, UOFF_T_MAX, "<body", FALSE);
	if (body == UOFF_T_MAX) {
		/* a piece of a document */
		join_text(join, "<div>");
		inner = 0;
	} else {
		join_styles(join, input, body);
		join_text(join, "<div");
		inner = body + strlen("<body");
	}
	close = html_find(input, inner, UOFF_T_MAX, "</body", TRUE);
	join_range(join, input, inner, close);
	join_text(join, "</div>\r\n");
}

struct istream *
pim_merge_html_join(struct istream *first, const char *head,
		    struct istream *second)
{
	struct html_join join;
	struct istream *result, **inputs;
	unsigned int i, count;
	uoff_t close;

	t_array_init(&join.inputs, 32);
	close = html_find(first, 0, UOFF_T_MAX, "</body", TRUE);
	if (close == UOFF_T_MAX)
		close = html_find(first, 0, UOFF_T_MAX, "</html", TRUE);
	join_range(&join, first, 0, close);
	join_text(&join, head);
	join_second(&join, second);
	if (close != UOFF_T_MAX)
		join_range(&join, first, close, UOFF_T_MAX);
	array_append_zero(&join.inputs);
	result = i_stream_create_concat(array_front_modifiable(&join.inputs));
	inputs = array_get_modifiable(&join.inputs, &count);
	for (i = 0; i < count; i++)
		i_stream_unref(&inputs[i]);
	return result;
}

void pim_merge_html_escape(string_t *dest, const char *text)
{
	for (; *text != '\0'; text++) {
		switch (*text) {
		case '<':
			str_append(dest, "&lt;");
			break;
		case '>':
			str_append(dest, "&gt;");
			break;
		case '&':
			str_append(dest, "&amp;");
			break;
		case '"':
			str_append(dest, "&quot;");
			break;
		default:
			str_append_c(dest, *text);
		}
	}
}
