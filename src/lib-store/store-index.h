#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include "store-item.h"

/* The index of items' words: what a search reads instead of all texts.

   item_text has, for each item, its texts as they are compared (folded: no case, no accents; a line
   feed after each) and keys (lines as well; their meaning is the caller's). item_fts is SQLite's
   FTS5 over both, by trigrams: the rows that have some three characters in a row. So it
   finds parts of words, and gives a few rows too many; each is compared with item_text then. It
   keeps rows only, no positions (detail=none): about as large as the texts themselves. None of
   that counts for the quota.

   The index is made by who searches: whoever adds or changes an item only notes its number in
   item_waiting (a trigger does it, so nobody can forget it), and the next search
   indexes what waits in its folder. An item is always in exactly one of item_text and
   item_waiting: what is indexed is of the text that is stored, since a change or removal takes it
   out first, in its own transaction. So after kill -9 at any moment the rest waits as before, an
   upgrade or a restored older backup just has everything wait, and who never searches
   pays nothing. FTS5 is not written to by triggers: SQLite allows that for trusted schemas only. */

/* Texts that are larger than this are not kept: such an item is always read. Nor are keys: nothing
   finds them. */
#define STORE_INDEX_MAX_TEXT (64*1024)

/* The next item of the folder that waits. Returns 1, 0 if there is none, -1. */
int store_index_next(struct store *store, pool_t pool, uint32_t folder,
		     struct store_item *item_r);
/* Indexes an item that waits. Returns 0 or -1. */
int store_index_put(struct store *store, uint32_t folder, uint32_t uid,
		    const char *text, const char *keys);
/* Returns 1 if the item waits, or is indexed as store_index_put() would do it with these; 0 if it
   is indexed with others, -1. */
int store_index_check(struct store *store, uint32_t folder, uint32_t uid,
		      const char *text, const char *keys);
/* Takes the item out: it waits again. Returns 0 or -1. */
int store_index_reset(struct store *store, uint32_t folder, uint32_t uid);

/* text: of the item, NULL if it is not whole. Returns FALSE to stop. No change of the
   store may be made here. */
typedef bool store_index_found_t(uint32_t uid, time_t changed,
				 const char *text, void *context);

/* Calls found for each indexed item of the folder whose texts have all parts in them (none =
   all items), and for those that are not whole. If all parts are of one or two characters, all rows
   of the folder in item_text are read. Returns 0 or -1. */
int store_index_find_text(struct store *store, uint32_t folder,
			  const char *const *parts, store_index_found_t *found,
			  void *context);
/* The same of keys: text is the keys. */
int store_index_find_keys(struct store *store, uint32_t folder,
			  const char *const *parts, store_index_found_t *found,
			  void *context);

#endif
