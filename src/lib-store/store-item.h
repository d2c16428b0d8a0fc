#ifndef STORE_ITEM_H
#define STORE_ITEM_H

#include "seq-range-array.h"
#include "store-pim.h"

/* Items of the store's folders. An item is the standard's own text, kept to the byte; a few
   values that were extracted from it stand beside it, for look-ups only. */

/* Larger ones are refused: nobody could show them. */
#define STORE_ITEM_MAX_SIZE (16*1024*1024)
/* last_day of what never ends: open tasks, endless series, everything without date */
#define STORE_DAY_EVER ((uint32_t)-1)

struct store_item_props {
	/* the text's UID; never NULL, may be empty */
	const char *pim_uid;
	/* SUMMARY or FN, for people; never NULL */
	const char *name;
	/* The days since the epoch (UTC) from the first to the last moment at which
	   the item matters, series included; 0 and STORE_DAY_EVER if there are none */
	uint32_t first_day, last_day;
};

struct store_item {
	uint32_t folder, uid;
	uint64_t modseq;
	time_t changed;
	struct store_item_props props;
	const char *text;		/* NUL-terminated */
	size_t size;
};

enum store_put {
	STORE_PUT_OK = 1,
	STORE_PUT_GONE = 0,		/* no such item or folder */
	STORE_PUT_FAILED = -1,		/* temporary; logged */
	STORE_PUT_NOQUOTA = -2,
	STORE_PUT_TOO_LARGE = -3,
};

/* Returns 1, 0 if there is none, -1. */
int store_item_get(struct store *store, pool_t pool, uint32_t folder,
		   uint32_t uid, struct store_item *item_r);
/* The next item after a UID (0 = from the start): a walk through a folder that holds no lock. */
int store_item_get_next(struct store *store, pool_t pool, uint32_t folder,
			uint32_t after_uid, struct store_item *item_r);
/* The item's modseq only. */
int store_item_get_modseq(struct store *store, uint32_t folder, uint32_t uid,
			  uint64_t *modseq_r);
/* The first item of the folder with this UID property. Returns 1, 0, -1. */
int store_item_find(struct store *store, uint32_t folder, const char *pim_uid,
		    uint32_t *uid_r);
/* The same in all folders of a kind. */
int store_item_find_kind(struct store *store, enum store_kind kind,
			 const char *pim_uid, uint32_t *folder_r,
			 uint32_t *uid_r);

/* uid_r and modseq_r may be NULL. text needs not be NUL-terminated. */
enum store_put
store_item_add(struct store *store, uint32_t folder,
	       const struct store_item_props *props,
	       const char *text, size_t size,
	       uint32_t *uid_r, uint64_t *modseq_r);
/* Nothing happens, and the modseq stays, if the text is the same already. */
enum store_put
store_item_change(struct store *store, uint32_t folder, uint32_t uid,
		  const struct store_item_props *props,
		  const char *text, size_t size, uint64_t *modseq_r);
/* Corrects what was extracted of an unchanged text: no change of the item. Returns 0 or -1. */
int store_item_set_props(struct store *store, uint32_t folder, uint32_t uid,
			 const struct store_item_props *props);
enum store_put
store_item_remove(struct store *store, uint32_t folder, uint32_t uid);
/* To another folder, with its blobs: it gets a new UID there. */
enum store_put
store_item_move(struct store *store, uint32_t folder, uint32_t uid,
		uint32_t dest, uint32_t *dest_uid_r);
/* Removes all items. removed_r may be NULL. Returns 0 or -1. */
int store_item_remove_all(struct store *store, uint32_t folder,
			  unsigned int *removed_r);

/* What the sync engine asks. Each adds UIDs below max_uid and returns 0 or -1. */

/* Those from first_uid on whose days end at first_day or later. */
int store_item_uids(struct store *store, uint32_t folder, uint32_t first_uid,
		    uint32_t max_uid, uint32_t first_day,
		    ARRAY_TYPE(seq_range) *uids);
/* Those with days between the two. */
int store_item_uids_between(struct store *store, uint32_t folder,
			    uint32_t first_day, uint32_t last_day,
			    ARRAY_TYPE(seq_range) *uids);
/* Those changed after modseq. */
int store_item_changed(struct store *store, uint32_t folder, uint64_t modseq,
		       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids);
/* Those that vanished after modseq. Returns 1, or 0 if that is not known so far back:
   compare. */
int store_item_vanished(struct store *store, uint32_t folder, uint64_t modseq,
			uint32_t max_uid, ARRAY_TYPE(seq_range) *uids);

#endif
