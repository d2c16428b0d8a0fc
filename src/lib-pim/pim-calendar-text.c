/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-lines.h"
#include "pim-message.h"
#include "pim-calendar-text.h"

#include <ctype.h>

/* A calendar that is larger has its description no more than its meeting. */
#define CALENDAR_TEXT_SIZE_MAX (4*1024*1024)

/* Properties that hold the description as HTML (the first is everybody's, the
   second RFC 9073 6.5's). */
static const char *const calendar_html_properties[] = {
	"X-ALT-DESC", "STYLED-DESCRIPTION",
};

static int
calendar_read(const struct pim_part *part, struct istream *input,
	      buffer_t *dest)
{
	struct pim_charset_decoder *decoder =
		pim_charset_decoder_init(part->charset);
	struct istream *stream = pim_part_stream(part, input);
	const unsigned char *data;
	size_t size;
	int ret;

	while (dest->used <= CALENDAR_TEXT_SIZE_MAX &&
	       i_stream_read_more(stream, &data, &size) > 0) {
		pim_charset_decoder_more(decoder, data, size, dest);
		i_stream_skip(stream, size);
	}
	pim_charset_decoder_finish(decoder, dest);
	pim_charset_decoder_deinit(&decoder);
	ret = stream->stream_errno == 0 ? 0 : -1;
	i_stream_unref(&stream);
	return ret;
}

/* The series rather than one of its exceptions. */
static struct pim_component *calendar_find_item(struct pim_component *root)
{
	static const char *const names[] = { "VEVENT", "VTODO", "VJOURNAL" };
	struct pim_component *calendar, *comp, *first;

	calendar = pim_component_find(root, "VCALENDAR");
	if (calendar == NULL)
		return NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		first = comp = pim_component_find(calendar, names[i]);
		while (comp != NULL &&
		       pim_property_find(comp, "RECURRENCE-ID") != NULL)
			comp = pim_component_next(comp, names[i]);
		if (first != NULL)
			return comp != NULL ? comp : first;
	}
	return NULL;
}

static void calendar_uri_decode(const char *p, buffer_t *dest)
{
	unsigned int high, low;

	for (; *p != '\0'; p++) {
		if (*p == '%' && i_isxdigit(p[1]) && i_isxdigit(p[2])) {
			high = i_isdigit(p[1]) ? p[1] - '0' :
				i_tolower(p[1]) - 'a' + 10;
			low = i_isdigit(p[2]) ? p[2] - '0' :
				i_tolower(p[2]) - 'a' + 10;
			buffer_append_c(dest, high << 4 | low);
			p += 2;
		} else {
			buffer_append_c(dest, *p);
		}
	}
}

/* ALTREP="data:text/html,..." (RFC 5545 3.2.1, RFC 2397); other addresses are not
   looked up. NULL = it is none. */
static const char *calendar_altrep(const char *uri)
{
	const char *charset = NULL, *const *params, *comma;
	buffer_t *data, *text;
	bool base64 = FALSE;

	if (uri == NULL || strncasecmp(uri, "data:text/html", 14) != 0 ||
	    (comma = strchr(uri, ',')) == NULL ||
	    (uri[14] != ';' && uri[14] != ','))
		return NULL;
	params = t_strsplit(t_strdup_until(uri + 5, comma), ";");
	for (params++; *params != NULL; params++) {
		if (strcasecmp(*params, "base64") == 0)
			base64 = TRUE;
		else if (strncasecmp(*params, "charset=", 8) == 0)
			charset = *params + 8;
	}
	data = t_buffer_create(256);
	calendar_uri_decode(comma + 1, data);
	if (base64) {
		const buffer_t *packed = data;
		struct base64_decoder decoder;

		data = t_buffer_create(packed->used);
		base64_decode_init(&decoder, &base64_scheme, 0);
		if (base64_decode_more(&decoder, packed->data, packed->used,
				       NULL, data) < 0 ||
		    base64_decode_finish(&decoder) < 0)
			return NULL;
	}
	text = t_buffer_create(data->used + 1);
	pim_charset_to_utf8(charset, data->data, data->used, text);
	return str_c(text);
}

static const char *calendar_html(struct pim_component *item)
{
	struct pim_property *prop;
	const char *type;

	for (unsigned int i = 0; i < N_ELEMENTS(calendar_html_properties);
	     i++) {
		prop = pim_property_find(item, calendar_html_properties[i]);
		type = prop == NULL ? NULL :
			pim_property_param(prop, "FMTTYPE");
		if (type != NULL && strcasecmp(type, "text/html") == 0)
			return pim_property_text(prop);
	}
	prop = pim_property_find(item, "DESCRIPTION");
	return prop == NULL ? NULL :
		calendar_altrep(pim_property_param(prop, "ALTREP"));
}

static struct pim_part *
calendar_text_part(pool_t pool, const struct pim_part *calendar,
		   const char *type, const char *text)
{
	struct pim_part *part;

	if (text == NULL || text[strspn(text, " \t\r\n")] == '\0')
		return NULL;
	part = p_new(pool, struct pim_part, 1);
	part->number = calendar->number;
	part->type = type;
	part->charset = "utf-8";
	part->encoding = PIM_ENCODING_BINARY;
	part->made = p_strdup(pool, text);
	part->body_size = part->body_virtual_size = strlen(text);
	return part;
}

static void
calendar_show_item(pool_t pool, struct pim_component *item,
		   struct pim_message *msg)
{
	struct pim_section section;

	i_zero(&section);
	section.plain = calendar_text_part(pool, msg->calendar, "text/plain",
		pim_component_text(item, "DESCRIPTION"));
	section.html = calendar_text_part(pool, msg->calendar, "text/html",
		calendar_html(item));
	if (section.plain == NULL && section.html == NULL)
		return;
	array_push_back(&msg->sections, &section);
	if (section.html != NULL)
		msg->has_html = TRUE;
}

int pim_calendar_show(pool_t pool, struct istream *input,
		      struct pim_message *msg)
{
	struct pim_component *item;
	struct pim_lines *doc;
	const char *error;
	buffer_t *text;
	int ret;

	if (!array_is_empty(&msg->sections) || msg->calendar == NULL ||
	    msg->calendar->attachment)
		return 0;
	text = buffer_create_dynamic(default_pool, 4096);
	ret = calendar_read(msg->calendar, input, text);
	if (ret == 0 && text->used <= CALENDAR_TEXT_SIZE_MAX) T_BEGIN {
		if (pim_lines_parse(text->data, text->used, NULL, &doc,
				    &error) == 0) {
			item = calendar_find_item(pim_lines_root(doc));
			if (item != NULL)
				calendar_show_item(pool, item, msg);
			pim_lines_free(&doc);
		}
	} T_END;
	buffer_free(&text);
	return ret;
}
