#ifndef EAS_ITEM_SEARCH_H
#define EAS_ITEM_SEARCH_H

struct eas_term;
struct store;

/* Searches the items of one of the store's folders, by its index of words (store-index.h),
   which is brought up to date first. Parts of words are found. What counts is what people see
   (pim-item-text.h); that an item was received means that it came, or was changed last. */

/* text: of pim_item_text_fold(). Terms that only mails can have match nothing. */
bool eas_item_search_matches(const struct eas_term *term, const char *text,
			     time_t received);

typedef void
eas_item_search_callback_t(uint32_t uid, time_t received, void *context);

/* Calls callback for each item that matches (term NULL = all). Returns 1, 0 if deadline (of
   i_microseconds()) came before the end, then with some of those that are indexed, -1
   (logged). */
int eas_item_search_folder(struct store *store, uint32_t folder,
			   const struct eas_term *term, uint64_t deadline,
			   eas_item_search_callback_t *callback, void *context);

#endif
