/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "time-util.h"
#include "gal.h"
#include "pim-contact.h"
#include "pim-item-text.h"
#include "pim-vcard.h"
#include "store.h"
#include "store-index.h"
#include "eas-item-index.h"

/* Of one transaction, which is a part of the index by itself until SQLite merges it with others:
   enough for that to be rare, and few enough to keep nobody waiting who wants to write. */
#define INDEX_STEP_ITEMS 500
#define INDEX_STEP_USECS 250000

static void
index_read_keys(struct pim_component *card, size_t size, buffer_t *keys)
{
	ARRAY_TYPE(const_string) addresses;

	t_array_init(&addresses, 1);
	pim_contact_get_addresses(card, 1, &addresses);
	if (!array_is_empty(&addresses))
		(void)gal_card_keys(card, size, keys);
}

void eas_item_index_read(const struct store_item *item, buffer_t *text,
			 buffer_t *keys)
{
	struct pim_component *card;
	struct pim_lines *doc;
	const char *error;

	/* one that is broken is for who shows it to complain of */
	if (pim_lines_parse(item->text, item->size, NULL, &doc, &error) < 0)
		return;
	pim_item_text_fold(doc, text);
	card = pim_vcard_first(doc);
	if (card != NULL) T_BEGIN {
		index_read_keys(card, item->size, keys);
	} T_END;
	pim_lines_free(&doc);
}

/* Returns 1, 0 if nothing waits, -1. */
static int index_next(struct store *store, uint32_t folder)
{
	struct store_item item;
	string_t *text, *keys;
	int ret;

	ret = store_index_next(store, pool_datastack_create(), folder, &item);
	if (ret <= 0)
		return ret;
	text = str_new(default_pool, 1024);
	keys = str_new(default_pool, 256);
	eas_item_index_read(&item, text, keys);
	if (store_index_put(store, folder, item.uid, str_c(text),
			    str_c(keys)) < 0)
		ret = -1;
	str_free(&text);
	str_free(&keys);
	return ret;
}

/* One transaction. Returns as index_next(). */
static int index_step(struct store *store, uint32_t folder, uint64_t deadline)
{
	uint64_t end = I_MIN(deadline, i_microseconds() + INDEX_STEP_USECS);
	unsigned int left = INDEX_STEP_ITEMS;
	int ret;

	if (store_begin(store) < 0)
		return -1;
	do T_BEGIN {
		ret = index_next(store, folder);
	} T_END; while (ret > 0 && --left > 0 && i_microseconds() < end);
	if (ret < 0)
		store_rollback(store);
	else if (store_commit(store) < 0)
		ret = -1;
	return ret;
}

static int index_is_waiting(struct store *store, uint32_t folder)
{
	struct store_item item;
	int ret;

	T_BEGIN {
		ret = store_index_next(store, pool_datastack_create(), folder,
				       &item);
	} T_END;
	return ret;
}

int eas_item_index_update(struct store *store, uint32_t folder,
			  uint64_t deadline)
{
	/* without a lock, if there is nothing to do */
	int ret = index_is_waiting(store, folder);

	while (ret > 0 && i_microseconds() < deadline)
		ret = index_step(store, folder, deadline);
	return ret < 0 ? -1 : ret > 0 ? 0 : 1;
}
