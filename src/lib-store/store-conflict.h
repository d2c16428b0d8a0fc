#ifndef STORE_CONFLICT_H
#define STORE_CONFLICT_H

#include "store-item.h"

/* When two sides changed an item, the protocol's rule picks the winner, and the version that lost
   is kept here until somebody decides about it, with its attachments. They count for the quota, but are
   kept even if there is no room: then the oldest go. The oldest go as well when they are older than
   the setting says, and when there are too many. */

/* more than these nobody looks at */
#define STORE_CONFLICTS_MAX 1000

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

/* num and time are set. blobs (may be NULL) are the numbers that the version which lost
   names: as long as they are the item's their contents are copied. Returns 0 or -1. */
int store_conflict_add(struct store *store, struct store_conflict *conflict,
		       const ARRAY_TYPE(uint32_t) *blobs);
/* The content of a blob that the version which lost names. Returns 1 (see store_blob_open()), 0 if
   there is none, -1. */
int store_conflict_open_blob(struct store *store, uint32_t num, uint32_t blob,
			     struct istream **input_r);
/* Forgets those that are too old. Costs nothing if there are none. Returns 0 or -1. */
int store_conflict_expire(struct store *store);
/* All of them, the oldest first; without texts unless with_texts. */
int store_conflict_list(struct store *store, pool_t pool, bool with_texts,
			ARRAY_TYPE(store_conflict) *conflicts);
/* Returns 1, 0 if there is none, -1. */
int store_conflict_get(struct store *store, pool_t pool, uint32_t num,
		       struct store_conflict *conflict_r);
/* Forgets it. Returns 1, 0, -1. */
int store_conflict_remove(struct store *store, uint32_t num);

#endif
