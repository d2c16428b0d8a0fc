#ifndef SYNC_STORE_H
#define SYNC_STORE_H

#include "sync-collection.h"

struct store;

/* A folder of the store (store-pim.h) as a collection.

   The view is a UID and a modseq below which everything was seen. What others change
   after refresh() may show earlier than the view does, and is then found by the next look
   as well: an item that is told twice is told as it is, nothing is left out. */
struct sync_collection *
sync_store_init(pool_t pool, struct store *store, uint32_t folder);

#endif
