/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "roost-compat.h"
#include "pim-html.h"

#include <ctype.h>
#include <libxml/HTMLparser.h>

/* Dovecot's mail_html2text() is made for indexing words: it keeps no lines
   and puts blanks into words with tags inside. People read what comes out
   here. The tokenizer is a state machine because libxml2's is not linear in
   what a hostile document can nest; its table of entities is used. */

#define TAG_NAME_MAX 16
#define ENTITY_MAX 12
#define HREF_MAX 1024
#define QUOTE_MAX 8

enum html_state {
	STATE_TEXT,
	STATE_ENTITY,
	/* "<" was seen */
	STATE_TAG_OPEN,
	STATE_TAG_NAME,
	/* within a tag, outside quotes */
	STATE_TAG,
	STATE_TAG_DQUOTE,
	STATE_TAG_SQUOTE,
	/* "<!": comment or declaration */
	STATE_MARKUP,
	STATE_COMMENT,
	/* within script or style, until the end tag */
	STATE_RAW,
};

/* Where within a tag's attributes. */
enum html_attr_state {
	ATTR_NAME,
	/* blanks behind a name: "=" may still come */
	ATTR_NAME_END,
	/* "=" was seen */
	ATTR_VALUE_BEGIN,
	ATTR_VALUE,
};

enum html_tag_flags {
	/* begins and ends a line */
	TAG_BLOCK	= 0x01,
	/* with an empty line before and after */
	TAG_PARAGRAPH	= 0x02,
	TAG_BREAK	= 0x04,
	TAG_ITEM	= 0x08,
	TAG_QUOTE	= 0x10,
	TAG_CELL	= 0x20,
	TAG_RULE	= 0x40,
	TAG_PRE		= 0x80,
	/* content is no text */
	TAG_RAW		= 0x100,
	TAG_LINK	= 0x200,
};

static const struct html_tag {
	const char *name;
	enum html_tag_flags flags;
} html_tags[] = {
	{ "a", TAG_LINK },
	{ "address", TAG_BLOCK },
	{ "article", TAG_BLOCK },
	{ "blockquote", TAG_BLOCK | TAG_QUOTE },
	{ "br", TAG_BREAK },
	{ "center", TAG_BLOCK },
	{ "dd", TAG_BLOCK },
	{ "div", TAG_BLOCK },
	{ "dl", TAG_BLOCK },
	{ "dt", TAG_BLOCK },
	{ "footer", TAG_BLOCK },
	{ "form", TAG_BLOCK },
	{ "h1", TAG_PARAGRAPH },
	{ "h2", TAG_PARAGRAPH },
	{ "h3", TAG_PARAGRAPH },
	{ "h4", TAG_PARAGRAPH },
	{ "h5", TAG_PARAGRAPH },
	{ "h6", TAG_PARAGRAPH },
	{ "header", TAG_BLOCK },
	{ "hr", TAG_RULE },
	{ "li", TAG_BLOCK | TAG_ITEM },
	{ "ol", TAG_BLOCK },
	{ "p", TAG_PARAGRAPH },
	{ "pre", TAG_BLOCK | TAG_PRE },
	{ "script", TAG_RAW },
	{ "section", TAG_BLOCK },
	{ "style", TAG_RAW },
	{ "table", TAG_BLOCK },
	{ "td", TAG_CELL },
	{ "th", TAG_CELL },
	{ "title", TAG_RAW },
	{ "tr", TAG_BLOCK },
	{ "ul", TAG_BLOCK },
};

struct pim_html2text {
	enum html_state state;
	/* of the tag being read */
	char name[TAG_NAME_MAX + 1];
	unsigned int name_len;
	bool end_tag;
	const struct html_tag *tag;
	/* the raw element that is open, and how much of its end tag was seen */
	const struct html_tag *raw;
	unsigned int raw_match;
	/* characters of "--" at a comment's end */
	unsigned int dashes;
	char entity[ENTITY_MAX + 1];
	unsigned int entity_len;

	/* the attribute that is read: href or another; the link that is open */
	char attr[8];
	unsigned int attr_len;
	enum html_attr_state attr_state;
	string_t *href_read, *href, *link_text;

	unsigned int quote_level, pre_level;
	/* empty lines before the next text: 0 none, 1 a new line, 2 one
	   empty line */
	unsigned int newlines;
	bool blank, cell, item;
	bool line_begun, any;
};

struct pim_html2text *pim_html2text_init(void)
{
	struct pim_html2text *conv = i_new(struct pim_html2text, 1);

	conv->href_read = str_new(default_pool, 64);
	conv->href = str_new(default_pool, 64);
	conv->link_text = str_new(default_pool, 64);
	return conv;
}

void pim_html2text_deinit(struct pim_html2text **_conv)
{
	struct pim_html2text *conv = *_conv;

	*_conv = NULL;
	if (conv == NULL)
		return;
	str_free(&conv->href_read);
	str_free(&conv->href);
	str_free(&conv->link_text);
	i_free(conv);
}

static void conv_newline(struct pim_html2text *conv, unsigned int count)
{
	if (conv->newlines < count && conv->any)
		conv->newlines = count;
	conv->blank = FALSE;
	conv->cell = FALSE;
}

/* Everything that was put off until there is text again. */
static void conv_begin(struct pim_html2text *conv, buffer_t *dest)
{
	if (conv->newlines > 0) {
		/* the first one ends the line that stands */
		for (; conv->newlines > 0; conv->newlines--) {
			buffer_append(dest, "\r\n", 2);
			if (conv->newlines > 1) {
				for (unsigned int i = 0;
				     i < conv->quote_level; i++)
					buffer_append_c(dest, '>');
			}
		}
		conv->line_begun = FALSE;
	}
	if (!conv->line_begun) {
		for (unsigned int i = 0; i < conv->quote_level; i++)
			buffer_append_c(dest, '>');
		if (conv->quote_level > 0)
			buffer_append_c(dest, ' ');
	} else if (conv->cell) {
		buffer_append_c(dest, '\t');
	} else if (conv->blank) {
		buffer_append_c(dest, ' ');
	}
	if (conv->item)
		buffer_append(dest, "- ", 2);
	conv->item = conv->blank = conv->cell = FALSE;
	conv->line_begun = conv->any = TRUE;
}

static void
conv_text(struct pim_html2text *conv, const void *data, size_t size,
	  buffer_t *dest)
{
	if (conv->newlines > 0 || conv->blank || conv->cell || conv->item ||
	    !conv->line_begun)
		conv_begin(conv, dest);
	buffer_append(dest, data, size);
	if (str_len(conv->href) > 0 && str_len(conv->link_text) < HREF_MAX)
		str_append_data(conv->link_text, data, size);
}

static void
conv_char(struct pim_html2text *conv, unsigned char c, buffer_t *dest)
{
	if (c == '\r')
		return;
	if (conv->pre_level > 0 && c == '\n') {
		conv->newlines++;
		conv->blank = FALSE;
		return;
	}
	if (c == ' ' || c == '\t' || c == '\n') {
		if (conv->pre_level > 0)
			conv_text(conv, " ", 1, dest);
		else if (conv->line_begun && conv->newlines == 0)
			conv->blank = TRUE;
		return;
	}
	conv_text(conv, &c, 1, dest);
}

static void conv_entity_end(struct pim_html2text *conv, bool semicolon,
			    buffer_t *dest)
{
	const htmlEntityDesc *desc;
	uint32_t chr = 0;
	int ret = 0;

	conv->entity[conv->entity_len] = '\0';
	conv->state = STATE_TEXT;
	if (conv->entity[0] == '#') {
		ret = i_tolower(conv->entity[1]) == 'x' ?
			str_to_uint32_hex(conv->entity + 2, &chr) :
			str_to_uint32(conv->entity + 1, &chr);
	} else {
		desc = htmlEntityLookup((const xmlChar *)conv->entity);
		chr = desc == NULL ? 0 : desc->value;
	}
	if (ret < 0 || chr < 0x20 || chr == 0xfffe || chr == 0xffff ||
	    !uni_is_valid_ucs4(chr)) {
		if (chr == '\t' || chr == '\n' || chr == '\r') {
			conv_char(conv, ' ', dest);
			return;
		}
		/* no entity after all: as it stands */
		conv_text(conv, "&", 1, dest);
		if (conv->entity_len > 0)
			conv_text(conv, conv->entity, conv->entity_len, dest);
		if (semicolon)
			conv_text(conv, ";", 1, dest);
	} else if (chr == 0xa0) {
		/* not collapsed, but a plain blank in plain text */
		conv_text(conv, " ", 1, dest);
	} else {
		unsigned char bytes[8];
		buffer_t utf8;

		buffer_create_from_data(&utf8, bytes, sizeof(bytes));
		uni_ucs4_to_utf8_c(chr, &utf8);
		conv_text(conv, utf8.data, utf8.used, dest);
	}
}

static const struct html_tag *html_tag_find(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(html_tags); i++) {
		if (strcmp(html_tags[i].name, name) == 0)
			return &html_tags[i];
	}
	return NULL;
}

static void conv_link_end(struct pim_html2text *conv, buffer_t *dest)
{
	const char *href = str_c(conv->href);

	if ((str_begins_with(href, "http:") ||
	     str_begins_with(href, "https:")) &&
	    str_len(conv->link_text) > 0 &&
	    strstr(str_c(conv->link_text), href) == NULL) {
		str_truncate(conv->href, HREF_MAX);
		conv->blank = TRUE;
		conv_begin(conv, dest);
		str_printfa(dest, "<%s>", str_c(conv->href));
	}
	str_truncate(conv->href, 0);
	str_truncate(conv->link_text, 0);
}

static void conv_link_begin(struct pim_html2text *conv)
{
	const char *p = str_c(conv->href_read), *amp;

	/* the one entity that addresses have */
	while ((amp = strstr(p, "&amp;")) != NULL) {
		str_append_data(conv->href, p, amp + 1 - p);
		p = amp + 5;
	}
	str_append(conv->href, p);
}

/* A whole tag was read. */
static void conv_tag(struct pim_html2text *conv, buffer_t *dest)
{
	enum html_tag_flags flags = conv->tag == NULL ? 0 : conv->tag->flags;

	conv->state = STATE_TEXT;
	if ((flags & TAG_RAW) != 0 && !conv->end_tag) {
		conv->raw = conv->tag;
		conv->raw_match = 0;
		conv->state = STATE_RAW;
		return;
	}
	if ((flags & TAG_PARAGRAPH) != 0)
		conv_newline(conv, 2);
	if ((flags & TAG_BLOCK) != 0)
		conv_newline(conv, 1);
	if ((flags & TAG_BREAK) != 0 && conv->any && conv->newlines < 3) {
		conv->newlines++;
		conv->blank = FALSE;
	}
	if ((flags & TAG_CELL) != 0 && !conv->end_tag && conv->line_begun &&
	    conv->newlines == 0)
		conv->cell = TRUE;
	if ((flags & TAG_RULE) != 0) {
		conv_newline(conv, 1);
		conv_text(conv, "________________________________", 32, dest);
		conv_newline(conv, 1);
	}
	if ((flags & TAG_ITEM) != 0)
		conv->item = !conv->end_tag;
	if ((flags & TAG_QUOTE) != 0) {
		if (!conv->end_tag && conv->quote_level < QUOTE_MAX)
			conv->quote_level++;
		else if (conv->end_tag && conv->quote_level > 0)
			conv->quote_level--;
	}
	if ((flags & TAG_PRE) != 0) {
		if (!conv->end_tag)
			conv->pre_level = 1;
		else
			conv->pre_level = 0;
	}
	if ((flags & TAG_LINK) != 0) {
		conv_link_end(conv, dest);
		if (!conv->end_tag)
			conv_link_begin(conv);
	}
}

static void conv_tag_named(struct pim_html2text *conv)
{
	conv->name[conv->name_len] = '\0';
	conv->tag = html_tag_find(conv->name);
	conv->state = STATE_TAG;
	conv->attr_len = 0;
	conv->attr_state = ATTR_NAME;
	str_truncate(conv->href_read, 0);
}

static void conv_href_add(struct pim_html2text *conv, unsigned char c)
{
	if (conv->attr_len == 4 && memcmp(conv->attr, "href", 4) == 0 &&
	    str_len(conv->href_read) < HREF_MAX && c > ' ')
		str_append_c(conv->href_read, c);
}

static void conv_attr_next(struct pim_html2text *conv)
{
	conv->attr_state = ATTR_NAME;
	conv->attr_len = 0;
}

static void conv_attr_char(struct pim_html2text *conv, unsigned char c)
{
	switch (conv->attr_state) {
	case ATTR_NAME_END:
		conv_attr_next(conv);
		/* fall through */
	case ATTR_NAME:
		if (c == '/')
			conv_attr_next(conv);
		else if (conv->attr_len < sizeof(conv->attr))
			conv->attr[conv->attr_len++] = i_tolower(c);
		break;
	case ATTR_VALUE_BEGIN:
		conv->attr_state = ATTR_VALUE;
		/* fall through */
	case ATTR_VALUE:
		conv_href_add(conv, c);
		break;
	}
}

/* A character within a tag, behind its name. */
static void
conv_tag_char(struct pim_html2text *conv, unsigned char c, buffer_t *dest)
{
	switch (c) {
	case '>':
		conv_tag(conv, dest);
		break;
	case '"':
		conv->state = STATE_TAG_DQUOTE;
		break;
	case '\'':
		conv->state = STATE_TAG_SQUOTE;
		break;
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		if (conv->attr_state == ATTR_VALUE)
			conv_attr_next(conv);
		else if (conv->attr_state == ATTR_NAME && conv->attr_len > 0)
			conv->attr_state = ATTR_NAME_END;
		break;
	case '=':
		if (conv->attr_state <= ATTR_NAME_END) {
			conv->attr_state = ATTR_VALUE_BEGIN;
			break;
		}
		/* fall through */
	default:
		conv_attr_char(conv, c);
		break;
	}
}

static void conv_raw_char(struct pim_html2text *conv, unsigned char c)
{
	const char *name = conv->raw->name;
	unsigned int len = strlen(name);

	/* "</name" and then anything up to ">" */
	if (conv->raw_match == len + 2) {
		if (c == '>')
			conv->state = STATE_TEXT;
	} else if (c == '<') {
		conv->raw_match = 1;
	} else if (conv->raw_match == 1 && c == '/') {
		conv->raw_match = 2;
	} else if (conv->raw_match >= 2 &&
		   i_tolower(c) == name[conv->raw_match - 2]) {
		conv->raw_match++;
	} else {
		conv->raw_match = 0;
	}
}

static void
conv_markup_char(struct pim_html2text *conv, unsigned char c)
{
	/* "<!--" is a comment, other declarations end at the first ">" */
	if (conv->state == STATE_MARKUP) {
		if (c == '-' && ++conv->dashes == 2) {
			conv->state = STATE_COMMENT;
			conv->dashes = 0;
		} else if (c == '>') {
			conv->state = STATE_TEXT;
		}
	} else if (c == '-') {
		conv->dashes++;
	} else {
		if (c == '>' && conv->dashes >= 2)
			conv->state = STATE_TEXT;
		conv->dashes = 0;
	}
}

/* Returns FALSE if the character has to be looked at again in the new state. */
static bool
conv_input(struct pim_html2text *conv, unsigned char c, buffer_t *dest)
{
	switch (conv->state) {
	case STATE_TEXT:
		if (c == '<') {
			conv->state = STATE_TAG_OPEN;
		} else if (c == '&') {
			conv->state = STATE_ENTITY;
			conv->entity_len = 0;
		} else {
			conv_char(conv, c, dest);
		}
		break;
	case STATE_ENTITY:
		if (conv->entity_len < ENTITY_MAX &&
		    (i_isalnum(c) || (c == '#' && conv->entity_len == 0))) {
			conv->entity[conv->entity_len++] = c;
			break;
		}
		conv_entity_end(conv, c == ';', dest);
		return c == ';';
	case STATE_TAG_OPEN:
		conv->name_len = 0;
		conv->end_tag = c == '/';
		if (c == '!' || c == '?') {
			conv->dashes = 0;
			conv->state = STATE_MARKUP;
		} else if (c == '/') {
			conv->state = STATE_TAG_NAME;
		} else if (i_isalpha(c)) {
			conv->state = STATE_TAG_NAME;
			return FALSE;
		} else {
			/* "a < b" */
			conv->state = STATE_TEXT;
			conv_text(conv, "<", 1, dest);
			return FALSE;
		}
		break;
	case STATE_TAG_NAME:
		if (i_isalnum(c) || c == ':') {
			if (conv->name_len < TAG_NAME_MAX)
				conv->name[conv->name_len++] = i_tolower(c);
			break;
		}
		conv_tag_named(conv);
		return FALSE;
	case STATE_TAG:
		conv_tag_char(conv, c, dest);
		break;
	case STATE_TAG_DQUOTE:
	case STATE_TAG_SQUOTE:
		if (c == (conv->state == STATE_TAG_DQUOTE ? '"' : '\'')) {
			conv->state = STATE_TAG;
			conv_attr_next(conv);
		} else {
			conv_href_add(conv, c);
		}
		break;
	case STATE_MARKUP:
	case STATE_COMMENT:
		conv_markup_char(conv, c);
		break;
	case STATE_RAW:
		conv_raw_char(conv, c);
		break;
	}
	return TRUE;
}

void pim_html2text_more(struct pim_html2text *conv, const unsigned char *data,
			size_t size, buffer_t *dest)
{
	size_t i, run;

	for (i = 0; i < size; ) {
		/* words in one piece: most of a mail */
		for (run = i; conv->state == STATE_TEXT && run < size &&
		     data[run] > ' ' && data[run] != '<' && data[run] != '&';
		     run++) ;
		if (run > i) {
			conv_text(conv, data + i, run - i, dest);
			i = run;
		} else if (conv_input(conv, data[i], dest)) {
			i++;
		}
	}
}

void pim_html2text_finish(struct pim_html2text *conv, buffer_t *dest)
{
	if (conv->state == STATE_ENTITY)
		conv_entity_end(conv, FALSE, dest);
	conv_link_end(conv, dest);
	if (conv->line_begun)
		buffer_append(dest, "\r\n", 2);
}
