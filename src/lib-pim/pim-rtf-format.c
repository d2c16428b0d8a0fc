/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "pim-html.h"
#include "pim-merge-html.h"
#include "pim-rtf.h"
#include "pim-rtf-format.h"

/* More of them are plain text. */
#define RTF_MAX_COLORS 256
#define RTF_MAX_LINKS 1000
#define RTF_MAX_LINK_SIZE 2000

struct pim_rtf_format {
	pool_t pool;
	buffer_t *dest;
	struct pim_text2html *conv;
	/* 0xRRGGBB; black is what text has anyway */
	ARRAY(unsigned int) colors;
	ARRAY_TYPE(const_string) links;
	string_t *instruction;

	struct pim_rtf_style open;
	bool formatted:1;
};

static const char *const rtf_schemes[] = {
	"http:", "https:", "mailto:", "ftp:", "tel:",
};

struct pim_rtf_format *pim_rtf_format_init(buffer_t *dest)
{
	pool_t pool = pool_alloconly_create("rtf format", 4096);
	struct pim_rtf_format *format = p_new(pool, struct pim_rtf_format, 1);

	format->pool = pool;
	format->dest = dest;
	format->conv = pim_text2html_init();
	format->instruction = str_new(pool, 256);
	p_array_init(&format->colors, pool, 16);
	p_array_init(&format->links, pool, 16);
	str_append(dest, pim_text2html_head);
	return format;
}

static unsigned int
rtf_format_color_of(const struct pim_rtf_format *format,
		    const struct pim_rtf_style *style)
{
	return style->color >= array_count(&format->colors) ? 0 :
		*array_idx(&format->colors, style->color);
}

/* Tags are closed in the opposite order, and opened anew. */
static void rtf_format_close(struct pim_rtf_format *format)
{
	const struct pim_rtf_style *open = &format->open;

	if (open->strike)
		str_append(format->dest, "</s>");
	if (open->underline)
		str_append(format->dest, "</u>");
	if (open->italic)
		str_append(format->dest, "</i>");
	if (open->bold)
		str_append(format->dest, "</b>");
	if (rtf_format_color_of(format, open) != 0)
		str_append(format->dest, "</span>");
	if (open->link != 0)
		str_append(format->dest, "</a>");
	i_zero(&format->open);
}

static void rtf_format_open(struct pim_rtf_format *format,
			    const struct pim_rtf_style *style)
{
	unsigned int color = rtf_format_color_of(format, style);

	if (style->link != 0) {
		str_append(format->dest, "<a href=\"");
		pim_merge_html_escape(format->dest, array_idx_elem(
			&format->links, style->link - 1));
		str_append(format->dest, "\">");
	}
	if (color != 0)
		str_printfa(format->dest, "<span style=\"color:#%06x\">", color);
	if (style->bold)
		str_append(format->dest, "<b>");
	if (style->italic)
		str_append(format->dest, "<i>");
	if (style->underline)
		str_append(format->dest, "<u>");
	if (style->strike)
		str_append(format->dest, "<s>");
	format->open = *style;
	if (style->link != 0 || color != 0 || style->bold || style->italic ||
	    style->underline || style->strike)
		format->formatted = TRUE;
}

void pim_rtf_format_text(struct pim_rtf_format *format,
			 const struct pim_rtf_style *style,
			 const void *data, size_t size)
{
	const struct pim_rtf_style *open = &format->open;

	/* tags may be larger than what they are made of */
	if (size == 0 || format->dest->used > PIM_RTF_MAX_SIZE)
		return;
	if (open->color != style->color || open->link != style->link ||
	    open->bold != style->bold || open->italic != style->italic ||
	    open->underline != style->underline ||
	    open->strike != style->strike) {
		rtf_format_close(format);
		rtf_format_open(format, style);
	}
	pim_text2html_more(format->conv, data, size, format->dest);
}

void pim_rtf_format_color(struct pim_rtf_format *format, unsigned int red,
			  unsigned int green, unsigned int blue)
{
	unsigned int color = (red & 0xff) << 16 | (green & 0xff) << 8 |
		(blue & 0xff);

	if (array_count(&format->colors) < RTF_MAX_COLORS)
		array_push_back(&format->colors, &color);
}

/* -- links -- */

void pim_rtf_format_field_begin(struct pim_rtf_format *format)
{
	str_truncate(format->instruction, 0);
}

void pim_rtf_format_field_byte(struct pim_rtf_format *format,
			       unsigned char byte)
{
	if (str_len(format->instruction) <= RTF_MAX_LINK_SIZE)
		str_append_c(format->instruction, byte);
}

/* Data stack; NULL = none. */
static const char *rtf_format_url(const char *instruction)
{
	static const char keyword[] = "HYPERLINK";
	const char *url = instruction + strspn(instruction, " \t");

	if (strncasecmp(url, keyword, strlen(keyword)) != 0)
		return NULL;
	url += strlen(keyword);
	url += strspn(url, " \t");
	return *url == '"' ? t_strcut(url + 1, '"') : t_strcut(url, ' ');
}

static bool rtf_format_url_is_good(const char *url)
{
	for (const char *p = url; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || (unsigned char)*p >= 0x7f ||
		    *p == '"' || *p == '<' || *p == '>')
			return FALSE;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(rtf_schemes); i++) {
		if (strncasecmp(url, rtf_schemes[i],
				strlen(rtf_schemes[i])) == 0)
			return TRUE;
	}
	return FALSE;
}

unsigned int pim_rtf_format_link(struct pim_rtf_format *format)
{
	unsigned int link = 0;

	if (str_len(format->instruction) > RTF_MAX_LINK_SIZE ||
	    array_count(&format->links) >= RTF_MAX_LINKS)
		return 0;
	T_BEGIN {
		const char *url = rtf_format_url(str_c(format->instruction));

		if (url != NULL && rtf_format_url_is_good(url)) {
			url = p_strdup(format->pool, url);
			array_push_back(&format->links, &url);
			link = array_count(&format->links);
		}
	} T_END;
	return link;
}

bool pim_rtf_format_deinit(struct pim_rtf_format **_format)
{
	struct pim_rtf_format *format = *_format;
	bool formatted = format->formatted;

	*_format = NULL;
	rtf_format_close(format);
	str_append(format->dest, pim_text2html_tail);
	pim_text2html_deinit(&format->conv);
	pool_unref(&format->pool);
	return formatted;
}
