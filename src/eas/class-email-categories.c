/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "hex-dec.h"
#include "imap-utf7.h"
#include "unichar.h"
#include "mail-storage.h"
#include "class-email-private.h"

#include <ctype.h>

/* Categories are IMAP keywords, so that every client has the same. A keyword
   is an atom: a blank is written as "_", letters beyond ASCII in IMAP's
   modified UTF-7 (as Thunderbird names its tags), and what an atom cannot
   hold, and "_" itself, as "=XX". It reads back the same way; whatever is no
   such encoding is shown as it is. Keywords that begin with "$" and those
   below belong to programs. */

/* [MS-ASEMAIL] 2.2.2.17 */
#define EAS_CATEGORIES_MAX 300

static const char *const eas_system_keywords[] = {
	"Junk", "NonJunk", "NotJunk", "JunkRecorded", "Forwarded",
	"Redirected", "receipt-handled", NULL
};

static bool eas_keyword_is_category(const char *keyword)
{
	return keyword[0] != '$' && keyword[0] != '\\' &&
		!str_array_icase_find(eas_system_keywords, keyword);
}

static bool eas_atom_char(unsigned char c)
{
	return c > ' ' && c < 0x7f && strchr("(){%*\"\\]_=", c) == NULL;
}

const char *eas_category_to_keyword(const char *category)
{
	string_t *utf7 = t_str_new(64), *str = t_str_new(64);
	const char *p;

	if (imap_utf8_to_utf7(category, utf7) < 0)
		return NULL;
	for (p = str_c(utf7); *p != '\0'; p++) {
		if (*p == ' ')
			str_append_c(str, '_');
		else if (eas_atom_char(*p))
			str_append_c(str, *p);
		else
			str_printfa(str, "=%02X", (unsigned char)*p);
	}
	/* not one of the programs' own */
	if (str_len(str) > 0 && !eas_keyword_is_category(str_c(str))) {
		str_insert(str, 0, t_strdup_printf("=%02X",
			(unsigned char)str_c(str)[0]));
		str_delete(str, 3, 1);
	}
	return str_c(str);
}

const char *eas_category_from_keyword(const char *keyword)
{
	string_t *utf7 = t_str_new(64), *utf8 = t_str_new(64);
	const char *p;

	for (p = keyword; *p != '\0'; p++) {
		if (*p == '_')
			str_append_c(utf7, ' ');
		else if (p[0] == '=' && i_isxdigit(p[1]) && i_isxdigit(p[2])) {
			str_append_c(utf7, hex2dec((const void *)(p + 1), 2));
			p += 2;
		} else {
			str_append_c(utf7, *p);
		}
	}
	if (imap_utf7_to_utf8(str_c(utf7), utf8) < 0 ||
	    !uni_utf8_str_is_valid(str_c(utf8)))
		return keyword;
	return str_c(utf8);
}

void eas_email_write_categories(struct eas_email_context *ctx)
{
	const char *const *keywords = ctx->keywords;
	unsigned int count = 0;

	/* an empty element says that there are none */
	wbxml_open(ctx->writer, EAS_EMAIL_CATEGORIES);
	for (; keywords != NULL && *keywords != NULL &&
	     count < EAS_CATEGORIES_MAX; keywords++) {
		if (!eas_keyword_is_category(*keywords))
			continue;
		wbxml_text(ctx->writer, EAS_EMAIL_CATEGORY,
			   eas_category_from_keyword(*keywords));
		count++;
	}
	wbxml_close(ctx->writer);
}

/* What the device wants to have, as keywords, ended by NULL. A name that the
   mail has already keeps the keyword it has. */
static void
eas_categories_wanted(struct mail *mail, const struct wbxml_node *categories,
		      ARRAY_TYPE(const_string) *wanted)
{
	const char *const *keywords = mail_get_keywords(mail);
	const struct wbxml_node *node;
	const char *const *namep, *name, *keyword, *error;

	for (; *keywords != NULL; keywords++) {
		if (!eas_keyword_is_category(*keywords))
			array_push_back(wanted, keywords);
	}
	node = wbxml_node_child(categories, EAS_EMAIL_CATEGORY);
	for (; node != NULL && array_count(wanted) < EAS_CATEGORIES_MAX;
	     node = wbxml_node_next_same(node)) {
		name = wbxml_node_text(node);
		if (name == NULL || *name == '\0')
			continue;
		keyword = eas_category_to_keyword(name);
		for (keywords = mail_get_keywords(mail); *keywords != NULL;
		     keywords++) {
			if (eas_keyword_is_category(*keywords) &&
			    strcmp(eas_category_from_keyword(*keywords),
				   name) == 0)
				keyword = *keywords;
		}
		if (keyword != NULL)
			array_push_back(wanted, &keyword);
	}
	/* a name that this mailbox cannot have (too long) is left out, the
	   others are kept */
	for (unsigned int i = array_count(wanted); i > 0; i--) {
		namep = array_idx(wanted, i - 1);
		if (!mailbox_keyword_is_valid(mail->box, *namep, &error))
			array_delete(wanted, i - 1, 1);
	}
	array_append_zero(wanted);
}

int eas_email_categories_apply(struct mail *mail,
			       const struct wbxml_node *categories)
{
	ARRAY_TYPE(const_string) wanted;
	struct mail_keywords *keywords;

	t_array_init(&wanted, 8);
	eas_categories_wanted(mail, categories, &wanted);
	if (mailbox_keywords_create(mail->box, array_front(&wanted),
				    &keywords) < 0)
		return -1;
	mail_update_keywords(mail, MODIFY_REPLACE, keywords);
	mailbox_keywords_unref(&keywords);
	return 0;
}

bool eas_email_categories_is_done(struct mail *mail,
				  const struct wbxml_node *categories)
{
	const char *const *keywords = mail_get_keywords(mail), *const *namep;
	ARRAY_TYPE(const_string) wanted;

	t_array_init(&wanted, 8);
	eas_categories_wanted(mail, categories, &wanted);
	for (namep = keywords; *namep != NULL; namep++) {
		if (!str_array_icase_find(array_front(&wanted), *namep))
			return FALSE;
	}
	for (namep = array_front(&wanted); *namep != NULL; namep++) {
		if (!str_array_icase_find(keywords, *namep))
			return FALSE;
	}
	return TRUE;
}
