/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "pim-html.h"

#include <ctype.h>

/* Widths are kept, lines may be wrapped. */
const char pim_text2html_head[] =
	"<html><head><meta http-equiv=\"Content-Type\" "
	"content=\"text/html; charset=utf-8\"></head><body>\r\n";
const char pim_text2html_tail[] = "</body></html>\r\n";

struct pim_text2html {
	/* the last character was a blank, or the line begins */
	bool blank;
};

struct pim_text2html *pim_text2html_init(void)
{
	struct pim_text2html *conv = i_new(struct pim_text2html, 1);

	conv->blank = TRUE;
	return conv;
}

static const char *
pim_text2html_char(struct pim_text2html *conv, unsigned char c)
{
	bool blank = FALSE;
	const char *ret = NULL;

	switch (c) {
	case '&':
		ret = "&amp;";
		break;
	case '<':
		ret = "&lt;";
		break;
	case '>':
		ret = "&gt;";
		break;
	case '\r':
		return "";
	case '\n':
		ret = "<br>\r\n";
		blank = TRUE;
		break;
	case '\t':
		ret = "&nbsp;&nbsp;&nbsp; ";
		blank = TRUE;
		break;
	case ' ':
		/* every second one may break the line, none is lost */
		ret = conv->blank ? "&nbsp;" : " ";
		blank = !conv->blank;
		break;
	}
	conv->blank = blank;
	return ret;
}

void pim_text2html_more(struct pim_text2html *conv, const unsigned char *data,
			size_t size, buffer_t *dest)
{
	size_t i, start = 0;
	const char *repl;

	for (i = 0; i < size; i++) {
		if (data[i] > '>') {
			conv->blank = FALSE;
			continue;
		}
		repl = pim_text2html_char(conv, data[i]);
		if (repl == NULL)
			continue;
		buffer_append(dest, data + start, i - start);
		buffer_append(dest, repl, strlen(repl));
		start = i + 1;
	}
	buffer_append(dest, data + start, size - start);
}

void pim_text2html_deinit(struct pim_text2html **_conv)
{
	struct pim_text2html *conv = *_conv;

	*_conv = NULL;
	i_free(conv);
}

static bool pim_is_name_char(unsigned char c)
{
	return i_isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':' ||
		c == '+';
}

const char *pim_html_meta_charset(const unsigned char *data, size_t size,
				  size_t *start_r, size_t *len_r)
{
	size_t i, j, meta = SIZE_MAX;

	for (i = 0; i < size; i++) {
		if (data[i] == '<') {
			meta = i + 5 < size &&
				i_memcasecmp(data + i, "<meta", 5) == 0 ?
				i : SIZE_MAX;
		} else if (data[i] == '>') {
			meta = SIZE_MAX;
		} else if (meta != SIZE_MAX && i + 8 < size &&
			   i_memcasecmp(data + i, "charset=", 8) == 0) {
			i += 8;
			while (i < size && (data[i] == '"' ||
					    data[i] == '\'' || data[i] == ' '))
				i++;
			for (j = i; j < size && pim_is_name_char(data[j]); )
				j++;
			if (j == i || j == size)
				return NULL;
			*start_r = i;
			*len_r = j - i;
			return t_strndup(data + i, j - i);
		}
	}
	return NULL;
}
