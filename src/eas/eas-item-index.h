#ifndef EAS_ITEM_INDEX_H
#define EAS_ITEM_INDEX_H

/* Brings the store's index of words (store-index.h) up to date, for who is about to search:
   an item's texts are those of pim-item-text.h, the keys of a contact to whom mail can be sent
   those of gal.h. What has changed since the last search is little; the first one of a user
   indexes all, in steps that stay if the time is over or the process dies. */

struct store;
struct store_item;

/* Indexes what waits in a folder. Returns 1, 0 if deadline (of i_microseconds()) came first,
   -1 (logged). */
int eas_item_index_update(struct store *store, uint32_t folder,
			  uint64_t deadline);
/* What the index should have of an item: appended to empty buffers (not of the data stack). */
void eas_item_index_read(const struct store_item *item, buffer_t *text,
			 buffer_t *keys);

#endif
