/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "time-util.h"
#include "store-index.h"
#include "eas-item-index.h"
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

struct item_search {
	struct store *store;
	uint32_t folder;
	const struct eas_term *term;
	uint64_t deadline;
	eas_item_search_callback_t *callback;
	void *context;
	/* late: the time was over */
	bool late, failed;
};

/* The texts that an item must have. */
static void
search_add_parts(const struct eas_term *term, ARRAY_TYPE(const_string) *parts)
{
	const struct eas_term *child;

	if (term == NULL || term->not)
		return;
	if (term->type == EAS_TERM_ANYWHERE) {
		if (*term->folded != '\0')
			array_push_back(parts, &term->folded);
	} else if (term->type == EAS_TERM_AND) {
		child = term->children;
		for (; child != NULL; child = child->next)
			search_add_parts(child, parts);
	}
}

/* An item whose texts are not in the index. */
static bool search_read_item(struct item_search *search, uint32_t uid)
{
	string_t *text, *keys;
	struct store_item item;
	bool ret;

	switch (store_item_get(search->store, pool_datastack_create(),
			       search->folder, uid, &item)) {
	case 0:
		return FALSE;
	case -1:
		search->failed = TRUE;
		return FALSE;
	}
	text = str_new(default_pool, 1024);
	keys = str_new(default_pool, 256);
	eas_item_index_read(&item, text, keys);
	ret = eas_item_search_matches(search->term, str_c(text), item.changed);
	str_free(&text);
	str_free(&keys);
	return ret;
}

static bool
search_found(uint32_t uid, time_t changed, const char *text, void *context)
{
	struct item_search *search = context;

	if (i_microseconds() >= search->deadline) {
		search->late = TRUE;
		return FALSE;
	}
	if (search->term == NULL ||
	    (text == NULL ? search_read_item(search, uid) :
	     eas_item_search_matches(search->term, text, changed)))
		search->callback(uid, changed, search->context);
	return !search->failed;
}

int eas_item_search_folder(struct store *store, uint32_t folder,
			   const struct eas_term *term, uint64_t deadline,
			   eas_item_search_callback_t *callback, void *context)
{
	struct item_search search = {
		.store = store, .folder = folder, .term = term,
		.deadline = deadline, .callback = callback, .context = context,
	};
	ARRAY_TYPE(const_string) parts;
	int ret;

	ret = eas_item_index_update(store, folder, deadline);
	if (ret < 0)
		return -1;
	if (ret == 0)
		search.late = TRUE;
	t_array_init(&parts, 8);
	search_add_parts(term, &parts);
	array_append_zero(&parts);
	ret = store_index_find_text(store, folder, array_front(&parts),
				    search_found, &search);
	return ret < 0 || search.failed ? -1 : search.late ? 0 : 1;
}
