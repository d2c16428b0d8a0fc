#ifndef STORE_CONFLICT_H
#define STORE_CONFLICT_H

#include "store-item.h"

/* When two sides changed an item, the protocol's rule picks the winner, and the version that lost
   is kept here until somebody decides about it. */

struct store_conflict {
	uint32_t num;
	uint32_t folder, uid;
	time_t time;
	/* who came last, a device's id; NULL = not known */
	const char *device;
	/* did its version win? */
	bool device_won;
	/* both versions; NULL = the item was deleted */
	const char *won, *lost;
};
ARRAY_DEFINE_TYPE(store_conflict, struct store_conflict);

/* num and time are set. Returns 0 or -1. */
int store_conflict_add(struct store *store, struct store_conflict *conflict);
/* All of them, the oldest first; without texts unless with_texts. */
int store_conflict_list(struct store *store, pool_t pool, bool with_texts,
			ARRAY_TYPE(store_conflict) *conflicts);
/* Returns 1, 0 if there is none, -1. */
int store_conflict_get(struct store *store, pool_t pool, uint32_t num,
		       struct store_conflict *conflict_r);
/* Forgets it. Returns 1, 0, -1. */
int store_conflict_remove(struct store *store, uint32_t num);

#endif
