#ifndef TEST_STORE_ITEM_COMMON_H
#define TEST_STORE_ITEM_COMMON_H

#include "store-item.h"

/* Properties of an item on these days, for a store that is being tested. */
struct store_item_props
test_item_props(const char *pim_uid, uint32_t first_day, uint32_t last_day);
/* Adds an item that is on every day, and returns its UID. */
uint32_t test_item_add(struct store *store, uint32_t folder,
		       const char *pim_uid, const char *text);
/* The id of the default folder. */
uint32_t test_main_folder(struct store *store, enum store_kind kind);
/* Adds a blob to an item, in a transaction of its own, and returns its number. */
uint32_t test_blob_add(struct store *store, uint32_t id, uint32_t uid,
		       const buffer_t *data);

#endif
