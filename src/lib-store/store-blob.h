#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store-item.h"

/* Attachments of items. They are written and read in pieces, never held whole; they go
   when their item goes, and count for the quota. The item's text names one by its
   number. */

struct istream;

struct store_blob {
	uint32_t num;
	uint32_t folder, uid;		/* whose */
	const char *name;		/* file name, NULL = none */
	const char *type;		/* MIME type, NULL = none */
	uoff_t size;
};
ARRAY_DEFINE_TYPE(store_blob, struct store_blob);

/* Adds what input has, which has to know its size. Takes name, type, folder and uid of blob, sets
   num and size. In an open transaction only, so that text and blobs are one change. */
enum store_put store_blob_add(struct store *store, struct store_blob *blob,
			      struct istream *input);
/* Returns 1, 0 if there is none, -1. */
int store_blob_get(struct store *store, pool_t pool, uint32_t num,
		   struct store_blob *blob_r);
/* An item's blobs. */
int store_blob_list(struct store *store, pool_t pool, uint32_t folder,
		    uint32_t uid, ARRAY_TYPE(store_blob) *blobs);
/* The content as a stream that can be sought, read in pieces. It has the view of the database of
   this moment as long as it is open, and has to be freed before the store is closed
   and before the next transaction. NULL on failure (logged). */
struct istream *store_blob_open(struct store *store, uint32_t num);
/* Returns 1, 0 if there is none, -1. */
int store_blob_remove(struct store *store, uint32_t num);

#endif
