#ifndef STORE_FOLDER_H
#define STORE_FOLDER_H

#include "guid.h"

struct store;

/* Short numbers for mailboxes: a mailbox' GUID gets one when it is first seen and keeps it
   for ever (renames included; numbers are never used again). The name is a hint
   that saves the walk through the list: check the GUID of what it leads to. */
struct store_folder {
	uint32_t id;
	guid_128_t guid;
	const char *vname_hint;		/* NULL = none */
};
ARRAY_DEFINE_TYPE(store_folder, struct store_folder);

/* Returns 1, 0 unknown id, -1. */
int store_folder_get(struct store *store, pool_t pool, uint32_t id,
		     struct store_folder *folder_r);
/* Finds or creates the number of guid; updates the hint if it differs (NULL: leave). */
int store_folder_get_id(struct store *store, const guid_128_t guid,
			const char *vname_hint, uint32_t *id_r);
/* All folders ever numbered. */
int store_folder_list(struct store *store, pool_t pool,
		      ARRAY_TYPE(store_folder) *folders);

#endif
