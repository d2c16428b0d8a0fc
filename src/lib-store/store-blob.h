#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "store-item.h"

/* Attachments and photos of items. They are written and read in pieces, never held whole; they go
   when their item goes, and count for the quota. The item's text names one by its
   number (STORE_BLOB_SCHEME "17" as URI). */

#define STORE_BLOB_SCHEME "roost-blob:"

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
/* Reads a piece: *size is what there is room for, and then what was read. */
int store_blob_read(struct store *store, uint32_t num, uoff_t offset,
		    void *data, size_t *size);
/* Returns 1, 0 if there is none, -1. */
int store_blob_remove(struct store *store, uint32_t num);

#endif
