/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "gal-ldap.h"

/* words of one look-up; more make no difference */
#define FILTER_MAX_WORDS 8

/* Where a word is looked for. Attributes that a directory doesn't have are
   undefined, which in an OR does no harm (RFC 4511 4.5.1.7). A word may be in
   the middle of the first ones' values. */
static const char *const filter_texts[] = {
	"cn", "displayName", "o", "company", NULL
};
static const char *const filter_words[] = {
	"givenName", "sn", "mail", "uid", "sAMAccountName", NULL
};
static const char *const filter_exact[] = {
	"cn", "displayName", "mail", "uid", "sAMAccountName", NULL
};

/* RFC 4515 3: nothing of a device's is a filter */
static void filter_append_escaped(string_t *str, const char *text)
{
	for (; *text != '\0'; text++) {
		if (strchr("*()\\", *text) != NULL ||
		    (unsigned char)*text < ' ')
			str_printfa(str, "\\%02x", (unsigned char)*text);
		else
			str_append_c(str, *text);
	}
}

static void
filter_append(string_t *str, const char *attr, const char *before,
	      const char *text, const char *after)
{
	str_printfa(str, "(%s=%s", attr, before);
	filter_append_escaped(str, text);
	str_printfa(str, "%s)", after);
}

static void filter_append_word(string_t *str, const char *word)
{
	const char *const *attr;

	str_append(str, "(|");
	for (attr = filter_texts; *attr != NULL; attr++) {
		filter_append(str, *attr, "", word, "*");
		filter_append(str, *attr, "* ", word, "*");
	}
	for (attr = filter_words; *attr != NULL; attr++)
		filter_append(str, *attr, "", word, "*");
	/* Active Directory's further addresses */
	filter_append(str, "proxyAddresses", "smtp:", word, "*");
	str_append_c(str, ')');
}

static void filter_append_exact(string_t *str, const char *text)
{
	const char *const *attr;

	str_append(str, "(|");
	for (attr = filter_exact; *attr != NULL; attr++)
		filter_append(str, *attr, "", text, "");
	filter_append(str, "proxyAddresses", "smtp:", text, "");
	str_append_c(str, ')');
}

const char *
gal_ldap_filter(const char *base_filter, const char *text, bool exact)
{
	string_t *str = t_str_new(1024);
	const char *const *words = t_strsplit_spaces(text, " \t\r\n,;");

	str_printfa(str, "(&%s", base_filter);
	if (exact) {
		filter_append_exact(str, text);
	} else {
		for (unsigned int i = 0; words[i] != NULL &&
		     i < FILTER_MAX_WORDS; i++)
			filter_append_word(str, words[i]);
	}
	str_append_c(str, ')');
	return str_c(str);
}
