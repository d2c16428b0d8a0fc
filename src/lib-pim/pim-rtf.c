/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-charset.h"
#include "pim-rtf.h"
#include "pim-rtf-format.h"
#include "pim-text.h"

#include <ctype.h>

/* Groups that are nested deeper are read with the properties of this depth. */
#define RTF_MAX_DEPTH 64
#define RTF_MAX_WORD 32
#define RTF_MAX_FONTS 64
#define RTF_ANSI 1252

/* What a group may change; a group's end brings the outer one's back. */
struct rtf_state {
	/* text is for nobody: tables, pictures, unknown destinations */
	bool skip;
	/* \htmlrtf, \v */
	bool hidden;
	/* behind \*, in a group that is not skipped itself */
	bool star;
	bool fonts;			/* inside \fonttbl */
	bool colors, instruction;	/* inside \colortbl, \fldinst */
	unsigned int font;		/* in the table: the one described */
	unsigned int codepage;
	/* characters that stand for a \u beside it, for readers without Unicode */
	unsigned int unicode_skip;
	struct pim_rtf_style style;
};

struct rtf_reader {
	const unsigned char *p, *end;
	buffer_t *dest;
	/* bytes in the current code page */
	buffer_t *bytes;
	/* for the code page that was converted last */
	struct pim_charset_decoder *decoder;
	unsigned int decoder_codepage;
	struct rtf_state state[RTF_MAX_DEPTH];
	unsigned int depth, too_deep;
	unsigned int codepage;		/* the document's */
	unsigned int font_codepages[RTF_MAX_FONTS];
	unsigned int to_skip;		/* of unicode_skip */
	unichar_t high;			/* first half of a pair */
	/* wanted is HTML; the document was made of it (\fromhtml) */
	bool html, from_html;
	/* NULL = text as it is is wanted; else dest is what goes there next */
	struct pim_rtf_format *format;
	unsigned int red, green, blue;
};

/* Words that are characters */
static const struct {
	const char *word, *text;
} rtf_texts[] = {
	{ "par", "\n" }, { "line", "\n" }, { "sect", "\n" }, { "page", "\n" },
	{ "row", "\n" }, { "cell", "\t" }, { "tab", "\t" },
	{ "bullet", "\xe2\x80\xa2" }, { "emdash", "\xe2\x80\x94" },
	{ "endash", "\xe2\x80\x93" }, { "lquote", "\xe2\x80\x98" },
	{ "rquote", "\xe2\x80\x99" }, { "ldblquote", "\xe2\x80\x9c" },
	{ "rdblquote", "\xe2\x80\x9d" },
};

/* Destinations without text for people; those that begin with \* are skipped anyway */
static const char *const rtf_destinations[] = {
	"colortbl", "stylesheet", "info", "pict", "object", "header",
	"headerl", "headerr", "headerf", "footer", "footerl", "footerr",
	"footerf", "footnote", "fldinst", "xe", "tc", "bkmkstart", "bkmkend",
};

static const char *const rtf_underlines[] = {
	"ul", "uld", "uldb", "uldash", "ulw", "ulth", "ulwave", NULL
};

/* \fcharset */
static const struct {
	int charset;
	unsigned int codepage;
} rtf_charsets[] = {
	{ 0, 1252 }, { 128, 932 }, { 129, 949 }, { 134, 936 }, { 136, 950 },
	{ 161, 1253 }, { 162, 1254 }, { 163, 1258 }, { 177, 1255 },
	{ 178, 1256 }, { 186, 1257 }, { 204, 1251 }, { 222, 874 },
	{ 238, 1250 },
};

static struct rtf_state *rtf_state(struct rtf_reader *rtf)
{
	return &rtf->state[rtf->depth];
}

static void
rtf_prepare_decoder(struct rtf_reader *rtf, unsigned int codepage)
{
	if (rtf->decoder != NULL && rtf->decoder_codepage == codepage)
		return;
	if (rtf->decoder != NULL)
		pim_charset_decoder_deinit(&rtf->decoder);
	rtf->decoder_codepage = codepage;
	T_BEGIN {
		rtf->decoder =
			pim_charset_decoder_init(
			pim_charset_of_codepage(codepage));
	} T_END;
}

/* What is in dest has the style of now. */
static void rtf_written(struct rtf_reader *rtf)
{
	if (rtf->format == NULL || rtf->dest->used == 0)
		return;
	pim_rtf_format_text(rtf->format, &rtf_state(rtf)->style,
			    rtf->dest->data, rtf->dest->used);
	buffer_set_used_size(rtf->dest, 0);
}

static void rtf_flush(struct rtf_reader *rtf)
{
	if (rtf->high != 0) {
		str_append(rtf->dest, UNICODE_REPLACEMENT_CHAR_UTF8);
		rtf->high = 0;
	}
	if (rtf->bytes->used > 0) {
		rtf_prepare_decoder(rtf, rtf_state(rtf)->codepage);
		pim_charset_decoder_more(rtf->decoder, rtf->bytes->data,
					 rtf->bytes->used, rtf->dest);
		pim_charset_decoder_finish(rtf->decoder, rtf->dest);
		buffer_set_used_size(rtf->bytes, 0);
	}
	rtf_written(rtf);
}

static bool rtf_is_visible(struct rtf_reader *rtf)
{
	return !rtf_state(rtf)->skip && !rtf_state(rtf)->hidden &&
		!rtf_state(rtf)->fonts;
}

static void rtf_byte(struct rtf_reader *rtf, unsigned char byte)
{
	if (rtf->to_skip > 0)
		rtf->to_skip--;
	else if (rtf_is_visible(rtf) && byte != '\0')
		buffer_append_c(rtf->bytes, byte);
	else if (rtf->format != NULL && rtf_state(rtf)->instruction)
		pim_rtf_format_field_byte(rtf->format, byte);
	else if (rtf->format != NULL && rtf_state(rtf)->colors && byte == ';') {
		pim_rtf_format_color(rtf->format, rtf->red, rtf->green,
				     rtf->blue);
		rtf->red = rtf->green = rtf->blue = 0;
	}
}

static void rtf_text(struct rtf_reader *rtf, const char *text)
{
	if (rtf->to_skip > 0) {
		rtf->to_skip--;
		return;
	}
	if (rtf_is_visible(rtf)) {
		rtf_flush(rtf);
		str_append(rtf->dest, text);
		rtf_written(rtf);
	}
}

/* \uN: UTF-16, signed */
static void rtf_unicode(struct rtf_reader *rtf, int number)
{
	unichar_t chr = (unsigned int)number & 0xffff;

	rtf->to_skip = rtf_state(rtf)->unicode_skip;
	if (!rtf_is_visible(rtf))
		return;
	if (rtf->high != 0 && chr >= 0xdc00 && chr <= 0xdfff &&
	    rtf->bytes->used == 0) {
		chr = 0x10000 + ((rtf->high - 0xd800) << 10) + (chr - 0xdc00);
		rtf->high = 0;
	}
	rtf_flush(rtf);
	if (chr >= 0xd800 && chr <= 0xdbff)
		rtf->high = chr;
	else if (chr != 0 && uni_is_valid_ucs4(chr))
		uni_ucs4_to_utf8_c(chr, rtf->dest);
	rtf_written(rtf);
}

static void rtf_group_begin(struct rtf_reader *rtf)
{
	rtf->to_skip = 0;
	if (rtf->depth + 1 == RTF_MAX_DEPTH) {
		rtf->too_deep++;
		return;
	}
	rtf->state[rtf->depth + 1] = rtf->state[rtf->depth];
	rtf->depth++;
	rtf_state(rtf)->star = FALSE;
}

static void rtf_group_end(struct rtf_reader *rtf)
{
	rtf->to_skip = 0;
	if (rtf->too_deep > 0) {
		rtf->too_deep--;
	} else if (rtf->depth > 0) {
		rtf_flush(rtf);
		rtf->depth--;
	}
}

static void rtf_set_codepage(struct rtf_reader *rtf, unsigned int codepage)
{
	if (rtf_state(rtf)->codepage == codepage)
		return;
	rtf_flush(rtf);
	rtf_state(rtf)->codepage = codepage;
}

static void rtf_font(struct rtf_reader *rtf, unsigned int font)
{
	rtf_state(rtf)->font = font;
	if (rtf_state(rtf)->fonts)
		return;
	rtf_set_codepage(rtf, font < RTF_MAX_FONTS &&
			 rtf->font_codepages[font] != 0 ?
			 rtf->font_codepages[font] : rtf->codepage);
}

static void rtf_font_charset(struct rtf_reader *rtf, int charset)
{
	unsigned int font = rtf_state(rtf)->font;

	if (!rtf_state(rtf)->fonts || font >= RTF_MAX_FONTS)
		return;
	for (unsigned int i = 0; i < N_ELEMENTS(rtf_charsets); i++) {
		/* ANSI is whatever the document says it is */
		if (rtf_charsets[i].charset == charset && charset != 0)
			rtf->font_codepages[font] = rtf_charsets[i].codepage;
	}
}

/* \binN: N bytes that are no RTF */
static void rtf_binary(struct rtf_reader *rtf, int size)
{
	if (size > 0)
		rtf->p += I_MIN(rtf->end - rtf->p, size);
}

static void rtf_word_destination(struct rtf_reader *rtf, const char *word)
{
	for (unsigned int i = 0; i < N_ELEMENTS(rtf_destinations); i++) {
		if (strcmp(rtf_destinations[i], word) == 0) {
			rtf_flush(rtf);
			rtf_state(rtf)->skip = TRUE;
			return;
		}
	}
}

/* What it looks like. Returns FALSE if the word says nothing of that. */
static bool
rtf_word_style(struct rtf_reader *rtf, const char *word, bool on, int number)
{
	struct pim_rtf_style style = rtf_state(rtf)->style;

	if (strcmp(word, "b") == 0)
		style.bold = on;
	else if (strcmp(word, "i") == 0)
		style.italic = on;
	else if (str_array_find(rtf_underlines, word))
		style.underline = on;
	else if (strcmp(word, "ulnone") == 0)
		style.underline = FALSE;
	else if (strcmp(word, "strike") == 0)
		style.strike = on;
	else if (strcmp(word, "cf") == 0 && number >= 0)
		style.color = number;
	else if (strcmp(word, "plain") == 0) {
		i_zero(&style);
		style.link = rtf_state(rtf)->style.link;
	} else
		return FALSE;
	rtf_flush(rtf);
	rtf_state(rtf)->style = style;
	return TRUE;
}

/* Colours and links. */
static void
rtf_word_format(struct rtf_reader *rtf, const char *word, int number)
{
	if (strcmp(word, "colortbl") == 0)
		rtf_state(rtf)->colors = TRUE;
	else if (strcmp(word, "red") == 0)
		rtf->red = number;
	else if (strcmp(word, "green") == 0)
		rtf->green = number;
	else if (strcmp(word, "blue") == 0)
		rtf->blue = number;
	else if (strcmp(word, "field") == 0)
		pim_rtf_format_field_begin(rtf->format);
	else if (strcmp(word, "fldinst") == 0)
		rtf_state(rtf)->instruction = TRUE;
	else if (strcmp(word, "fldrslt") == 0) {
		rtf_flush(rtf);
		rtf_state(rtf)->style.link = pim_rtf_format_link(rtf->format);
	}
}

static void
rtf_word(struct rtf_reader *rtf, const char *word, bool has_number, int number)
{
	if (strcmp(word, "u") == 0) {
		rtf_unicode(rtf, number);
		return;
	}
	for (unsigned int i = 0; i < N_ELEMENTS(rtf_texts); i++) {
		if (strcmp(rtf_texts[i].word, word) == 0) {
			rtf_text(rtf, rtf_texts[i].text);
			return;
		}
	}
	if (rtf->to_skip > 0) {
		rtf->to_skip--;
		return;
	}
	if (rtf->format != NULL) {
		if (rtf_word_style(rtf, word, !has_number || number != 0,
				   number) && strcmp(word, "plain") != 0)
			return;
		rtf_word_format(rtf, word, number);
	}
	if (strcmp(word, "uc") == 0)
		rtf_state(rtf)->unicode_skip = I_MIN(I_MAX(number, 0), 16);
	else if (strcmp(word, "f") == 0 && number >= 0)
		rtf_font(rtf, number);
	else if (strcmp(word, "plain") == 0 && !rtf_state(rtf)->fonts)
		rtf_set_codepage(rtf, rtf->codepage);
	else if (strcmp(word, "fcharset") == 0)
		rtf_font_charset(rtf, number);
	else if (strcmp(word, "fonttbl") == 0) {
		rtf_flush(rtf);
		rtf_state(rtf)->fonts = TRUE;
	} else if (strcmp(word, "ansicpg") == 0 && number > 0 &&
		   number <= UINT16_MAX) {
		rtf->codepage = number;
		rtf_set_codepage(rtf, number);
	} else if (strcmp(word, "mac") == 0)
		rtf_set_codepage(rtf, rtf->codepage = 10000);
	else if (strcmp(word, "htmlrtf") == 0 || strcmp(word, "v") == 0) {
		rtf_flush(rtf);
		rtf_state(rtf)->hidden = !has_number || number != 0;
	} else if (strcmp(word, "htmltag") == 0) {
		/* [MS-OXRTFEX] 2.1.3.1.5 */
		if (rtf->html && rtf_state(rtf)->star)
			rtf_state(rtf)->skip = FALSE;
	} else if (strcmp(word, "fromhtml") == 0)
		rtf->from_html = TRUE;
	else if (strcmp(word, "bin") == 0)
		rtf_binary(rtf, number);
	else
		rtf_word_destination(rtf, word);
}

/* Behind a backslash stands a letter. */
static void rtf_read_word(struct rtf_reader *rtf)
{
	char word[RTF_MAX_WORD + 1];
	unsigned int len = 0;
	bool has_number = FALSE, negative = FALSE;
	int number = 0;

	for (; rtf->p < rtf->end && i_isalpha(*rtf->p); rtf->p++) {
		if (len < RTF_MAX_WORD)
			word[len++] = *rtf->p;
	}
	word[len] = '\0';
	if (rtf->end - rtf->p >= 2 && *rtf->p == '-' && i_isdigit(rtf->p[1])) {
		negative = TRUE;
		rtf->p++;
	}
	for (; rtf->p < rtf->end && i_isdigit(*rtf->p); rtf->p++) {
		number = I_MIN(number, 100000000) * 10 + (*rtf->p - '0');
		has_number = TRUE;
	}
	if (rtf->p < rtf->end && *rtf->p == ' ')
		rtf->p++;
	rtf_word(rtf, word, has_number, negative ? -number : number);
}

static void rtf_read_hex(struct rtf_reader *rtf)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (rtf->end - rtf->p < 2)
		return;
	high = strchr(digits, i_tolower(rtf->p[0]));
	low = strchr(digits, i_tolower(rtf->p[1]));
	if (rtf->p[0] == '\0' || rtf->p[1] == '\0' ||
	    high == NULL || low == NULL)
		return;
	rtf->p += 2;
	rtf_byte(rtf, (high - digits) << 4 | (low - digits));
}

/* Behind a backslash. */
static void rtf_read_control(struct rtf_reader *rtf)
{
	unsigned char c;

	if (rtf->p == rtf->end)
		return;
	if (i_isalpha(*rtf->p)) {
		rtf_read_word(rtf);
		return;
	}
	switch (c = *rtf->p++) {
	case '\'':
		rtf_read_hex(rtf);
		break;
	case '\\':
	case '{':
	case '}':
		rtf_byte(rtf, c);
		break;
	case '~':
		rtf_text(rtf, "\xc2\xa0");
		break;
	case '_':
		rtf_text(rtf, "-");
		break;
	case '\r':
	case '\n':
		rtf_text(rtf, "\n");
		break;
	case '*':
		rtf_flush(rtf);
		rtf_state(rtf)->star = !rtf_state(rtf)->skip;
		rtf_state(rtf)->skip = TRUE;
		break;
	}
}

static void rtf_read(struct rtf_reader *rtf)
{
	unsigned char c;

	while (rtf->p < rtf->end) {
		switch (c = *rtf->p++) {
		case '{':
			rtf_group_begin(rtf);
			break;
		case '}':
			rtf_group_end(rtf);
			break;
		case '\\':
			rtf_read_control(rtf);
			break;
		case '\r':
		case '\n':
			break;
		default:
			rtf_byte(rtf, c);
			break;
		}
	}
	rtf_flush(rtf);
}

static bool rtf_is(const void *data, size_t size)
{
	return size >= 5 && memcmp(data, "{\\rtf", 5) == 0;
}

static void rtf_run(struct rtf_reader *rtf, const void *data, size_t size)
{
	rtf->p = data;
	rtf->end = rtf->p + size;
	rtf->bytes = buffer_create_dynamic(default_pool, 256);
	rtf->codepage = rtf->state[0].codepage = RTF_ANSI;
	rtf->state[0].unicode_skip = 1;
	rtf_read(rtf);
	if (rtf->decoder != NULL)
		pim_charset_decoder_deinit(&rtf->decoder);
	buffer_free(&rtf->bytes);
}

/* Returns whether the document was made of HTML. */
static bool
rtf_convert(const void *data, size_t size, bool html, buffer_t *dest)
{
	struct rtf_reader rtf;
	size_t start = dest->used;

	if (!rtf_is(data, size))
		return FALSE;
	i_zero(&rtf);
	rtf.dest = dest;
	rtf.html = html;
	rtf_run(&rtf, data, size);

	pim_text_clean(dest, start);
	if (dest->used > start && str_c(dest)[dest->used - 1] == '\n')
		buffer_set_used_size(dest, dest->used - 1);
	return rtf.from_html;
}

void pim_rtf_to_text(const void *data, size_t size, buffer_t *dest)
{
	(void)rtf_convert(data, size, FALSE, dest);
}

bool pim_rtf_to_html(const void *data, size_t size, buffer_t *dest)
{
	size_t start = dest->used;

	if (rtf_convert(data, size, TRUE, dest))
		return TRUE;
	buffer_set_used_size(dest, start);
	return FALSE;
}

bool pim_rtf_to_simple_html(const void *data, size_t size, buffer_t *dest)
{
	struct rtf_reader rtf;
	size_t start = dest->used;
	bool formatted;

	if (!rtf_is(data, size))
		return FALSE;
	i_zero(&rtf);
	rtf.format = pim_rtf_format_init(dest);
	rtf.dest = buffer_create_dynamic(default_pool, 256);
	rtf_run(&rtf, data, size);
	buffer_free(&rtf.dest);
	formatted = pim_rtf_format_deinit(&rtf.format) && !rtf.from_html;
	if (formatted)
		pim_text_clean(dest, start);
	else
		buffer_set_used_size(dest, start);
	return formatted;
}
