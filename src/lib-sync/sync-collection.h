#ifndef SYNC_COLLECTION_H
#define SYNC_COLLECTION_H

#include "seq-range-array.h"

/* What the engine asks of a collection. Whoever has items with UIDs and modseqs as IMAP
   has them (RFC 7162) implements these few functions and can then be synchronised with by
   every protocol: mailboxes do it in sync-mail.c.

   A collection works on a view, as an opened mailbox does: refresh() moves it, nothing else.
   All functions return 0, or -1 for a failure that was logged. */

struct sync_collection;

/* Numbers that tell whether anything happened. If two looks give the same, nothing did. */
struct sync_status {
	uint32_t uidvalidity;
	uint32_t uidnext;
	uint32_t items;
	uint64_t modseq;		/* the highest one */
};

/* Which items a device wants to have. */
struct sync_filter {
	/* nothing dated before this day, days since the epoch (UTC); 0 = everything */
	uint32_t first_day;
	/* the whole of a conversation if one item of it is inside */
	bool conversations;
};

struct sync_collection_vfuncs {
	/* A change may bring an item into a filter or out of it. */
	bool dates_change;
	/* The numbers as cheap as they can be had, without opening anything if possible:
	   they need not be those of the view. Returns 1, 0 if the collection is
	   gone, -1. */
	int (*get_status)(struct sync_collection *coll,
			  struct sync_status *status_r);
	/* Brings the view up to date (opens it the first time). incarnation_r is a number that
	   changes when modseqs lose their meaning (an index was rebuilt from
	   nothing). Returns as get_status(). */
	int (*refresh)(struct sync_collection *coll,
		       struct sync_status *status_r, uint32_t *incarnation_r);
	/* Adds the UIDs of the view from first_uid on. */
	int (*get_uids)(struct sync_collection *coll, uint32_t first_uid,
			ARRAY_TYPE(seq_range) *uids);
	/* Removes from uids what is outside the filter. Items that don't exist may
	   stay or go. */
	int (*apply_filter)(struct sync_collection *coll,
			    const struct sync_filter *filter,
			    ARRAY_TYPE(seq_range) *uids);
	/* Adds the UIDs below max_uid whose flags changed after modseq. */
	int (*get_changed)(struct sync_collection *coll, uint64_t modseq,
			   uint32_t max_uid, ARRAY_TYPE(seq_range) *uids);
	/* Adds the UIDs below max_uid that vanished after modseq, 0 = at any time. It may add
	   others that the view doesn't have. */
	int (*get_vanished)(struct sync_collection *coll, uint64_t modseq,
			    uint32_t max_uid, ARRAY_TYPE(seq_range) *uids);
	/* The item's modseq in the view. Returns 1, 0 if the view hasn't the item. */
	int (*get_modseq)(struct sync_collection *coll, uint32_t uid,
			  uint64_t *modseq_r);
};

/* The base of every implementation. */
struct sync_collection {
	const struct sync_collection_vfuncs *v;
};

#endif
