/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-text.h"
#include "gal-private.h"

#include <ctype.h>

/* By what a card is found, as lines: a word, or a TAB and a whole name or address. Folded
   texts have neither line feeds nor TABs. */

/* words of a query that count */
#define GAL_MAX_QUERY_WORDS 32

const char *gal_fold(const char *text)
{
	string_t *dest = t_str_new(strlen(text) + 16);

	pim_text_fold(text, strlen(text), dest);
	return str_c(dest);
}

const char *const *gal_words(const char *folded)
{
	ARRAY_TYPE(const_string) words;
	const char *start = folded, *p, *word;

	t_array_init(&words, 8);
	for (p = folded;; p++) {
		if ((unsigned char)*p >= 0x80 || i_isalnum(*p))
			continue;
		if (p > start) {
			word = t_strdup_until(start, p);
			array_push_back(&words, &word);
		}
		if (*p == '\0')
			break;
		start = p + 1;
	}
	array_append_zero(&words);
	return array_front(&words);
}

static void keys_add(buffer_t *dest, const char *prefix, const char *key)
{
	if (*key == '\0')
		return;
	buffer_append(dest, prefix, strlen(prefix));
	buffer_append(dest, key, strlen(key));
	buffer_append_c(dest, '\n');
}

static void
keys_add_text(buffer_t *dest, const char *text, bool exact, unsigned int *left)
{
	const char *folded, *const *words;

	if (text == NULL)
		return;
	folded = gal_fold(text);
	if (exact)
		keys_add(dest, "\t", folded);
	for (words = gal_words(folded); *words != NULL && *left > 0; words++) {
		keys_add(dest, "", *words);
		(*left)--;
	}
}

bool gal_card_keys(struct pim_component *card, size_t size, buffer_t *dest)
{
	unsigned int left = GAL_MAX_WORDS;
	struct gal_entry entry;

	gal_entry_fill(&entry, pool_datastack_create(), card);
	if (*gal_fold(entry.display_name) == '\0' || size > GAL_MAX_CARD)
		return FALSE;
	buffer_append_c(dest, '\n');
	keys_add_text(dest, entry.display_name, TRUE, &left);
	keys_add_text(dest, entry.alias, TRUE, &left);
	for (; *entry.emails != NULL && left > 0; entry.emails++) {
		keys_add_text(dest, *entry.emails, TRUE, &left);
		/* "ann.lee@" finds what begins so, and nothing else */
		keys_add(dest, "", gal_fold(*entry.emails));
	}
	keys_add_text(dest, entry.first_name, FALSE, &left);
	keys_add_text(dest, entry.last_name, FALSE, &left);
	keys_add_text(dest, entry.company, FALSE, &left);
	return TRUE;
}

const char *const *gal_query_words(const char *query)
{
	const char *const *parts = t_strsplit_spaces(gal_fold(query), " ,;");
	ARRAY_TYPE(const_string) words;

	t_array_init(&words, 8);
	for (; *parts != NULL; parts++) {
		const char *const *sub, *part = *parts;

		part = t_str_trim(part, "<>\"");
		if (strchr(part, '@') != NULL) {
			array_push_back(&words, &part);
			continue;
		}
		for (sub = gal_words(part); *sub != NULL; sub++)
			array_push_back(&words, sub);
	}
	if (array_count(&words) > GAL_MAX_QUERY_WORDS) {
		array_delete(&words, GAL_MAX_QUERY_WORDS,
			     array_count(&words) - GAL_MAX_QUERY_WORDS);
	}
	array_append_zero(&words);
	return array_front(&words);
}

void gal_query_keys(const char *query, bool exact,
		    ARRAY_TYPE(const_string) *parts)
{
	const char *const *words, *part;

	if (exact) {
		part = gal_fold(query);
		if (*part != '\0') {
			part = t_strconcat("\n\t", part, "\n", NULL);
			array_push_back(parts, &part);
		}
		return;
	}
	for (words = gal_query_words(query); *words != NULL; words++) {
		part = t_strconcat("\n", *words, NULL);
		array_push_back(parts, &part);
	}
}
