#ifndef DOVEADM_ROOST_ATTACH_H
#define DOVEADM_ROOST_ATTACH_H

#include "store-item.h"

/* Attachments of items that leave the database and come into it: a text from outside has their contents in
   it, one of ours names blobs. */

struct istream;
struct ostream;

/* Writes the item's text with the contents of its attachments, of one moment: if it was changed since it
   was read, item is read again. missing_r is the number of those that are gone. Returns 1, 0 if the
   item is gone, -1 (logged). */
int doveadm_roost_attach_export(struct store *store, pool_t pool,
				struct store_item *item,
				struct ostream *output,
				unsigned int *missing_r);

struct doveadm_roost_put {
	struct store *store;
	uint32_t folder;
	/* 0 = it is a new one */
	uint32_t uid;
	const struct store_item_props *props;
	const char *text;
	size_t size;
	/* The content of an ATTACH with this value; NULL = it is nothing that has one here. An
	   ATTACH that names a blob which is not the item's, and has none, is left out. */
	struct istream *(*open_content)(const char *value, void *context);
	void *context;
};

/* Puts an item with its attachments: contents that the item has already are those, what is new is added,
   what the text does not name any more goes. All of it or nothing, in an open
   transaction. modseq_r is the item's afterwards. */
enum store_put doveadm_roost_attach_put(const struct doveadm_roost_put *put,
					uint64_t *modseq_r);

#endif
