/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "time-util.h"
#include "pim-item-text.h"
#include "store-item.h"
#include "eas-term.h"
#include "eas-item-search.h"

static bool
item_matches_list(const struct eas_term *term, const char *text,
		  time_t received)
{
	const struct eas_term *child;
	bool all = term->type == EAS_TERM_AND;

	for (child = term->children; child != NULL; child = child->next) {
		if (eas_item_search_matches(child, text, received) != all)
			return !all;
	}
	return all;
}

static bool
item_matches_term(const struct eas_term *term, const char *text,
		  time_t received)
{
	switch (term->type) {
	case EAS_TERM_AND:
	case EAS_TERM_OR:
		return item_matches_list(term, text, received);
	case EAS_TERM_ANYWHERE:
		/* accents alone leave nothing to compare with */
		return *term->folded != '\0' &&
			strstr(text, term->folded) != NULL;
	case EAS_TERM_SINCE:
		return received >= term->time;
	case EAS_TERM_BEFORE:
		return received < term->time;
	case EAS_TERM_ALL:
		return TRUE;
	case EAS_TERM_BODY:
	case EAS_TERM_HEADER:
	case EAS_TERM_FILE_NAME:
	case EAS_TERM_HAS_ATTACHMENT:
	case EAS_TERM_SENT_SINCE:
	case EAS_TERM_SENT_BEFORE:
	case EAS_TERM_SEEN:
	case EAS_TERM_FLAGGED:
		break;
	}
	return FALSE;
}

bool eas_item_search_matches(const struct eas_term *term, const char *text,
			     time_t received)
{
	return item_matches_term(term, text, received) != term->not;
}

static bool
item_matches(const struct eas_term *term, const struct store_item *item)
{
	struct pim_lines *doc;
	const char *error;
	string_t *text;
	bool ret;

	if (term == NULL)
		return TRUE;
	/* one that is broken is for who shows it to complain of */
	if (pim_lines_parse(item->text, item->size, NULL, &doc, &error) < 0)
		return FALSE;
	text = str_new(default_pool, 1024);
	pim_item_text_fold(doc, text);
	pim_lines_free(&doc);
	ret = eas_item_search_matches(term, str_c(text), item->changed);
	str_free(&text);
	return ret;
}

int eas_item_search_folder(struct store *store, uint32_t folder,
			   const struct eas_term *term, uint64_t deadline,
			   eas_item_search_callback_t *callback, void *context)
{
	struct store_item item;
	uint32_t uid = 0;
	int ret;

	do {
		if (i_microseconds() >= deadline)
			return 0;
		T_BEGIN {
			ret = store_item_get_next(store,
						  pool_datastack_create(),
						  folder, uid, &item);
			if (ret > 0) {
				uid = item.uid;
				if (item_matches(term, &item)) {
					callback(uid, item.changed,
						 context);
				}
			}
		} T_END;
	} while (ret > 0);
	return ret < 0 ? -1 : 1;
}
