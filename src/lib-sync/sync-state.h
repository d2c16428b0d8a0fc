#ifndef SYNC_STATE_H
#define SYNC_STATE_H

#include "sync-collection.h"

/* What one device has of one collection, and what it still has to be told.

   Every UID below status.uidnext was judged once: it is in *held* (the device has it), in *adds*
   (it will get it), or outside the filter and forgotten. Everything that happened up to
   status.modseq was seen and stands in one of the four lists, which are all that windows
   have to cut: an item is told by moving its UID, so that nothing can be skipped or told
   twice wherever the cut is. UIDs are kept as ranges; a state is small. */

/* A change that the device itself made in the last step: at this modseq it is no news. */
struct sync_echo {
	uint32_t uid;
	uint64_t modseq;
};
ARRAY_DEFINE_TYPE(sync_echo, struct sync_echo);

struct sync_state {
	/* the numbers of the last look; uidnext 0 = there was none yet */
	struct sync_status status;
	uint32_t incarnation;
	struct sync_filter filter;

	ARRAY_TYPE(seq_range) held;
	/* to be told; deletes, soft_deletes and changes are parts of held */
	ARRAY_TYPE(seq_range) deletes, soft_deletes, changes, adds;

	/* What it couldn't be told, since the items could not be read on this
	   day: that may pass. */
	ARRAY_TYPE(seq_range) broken;
	uint32_t broken_day;

	/* of the step that led to this state only: a repeat of that step sees in them
	   what it has done already */
	ARRAY_TYPE(sync_echo) echoes;
};

/* A state of a device that has nothing: the first look will find everything new. Its lists
   grow in pool, which may not be the data stack if sync_look() is to be called. */
void sync_state_init(struct sync_state *state, pool_t pool);
void sync_state_copy(struct sync_state *dest, pool_t pool,
		     const struct sync_state *src);

/* Appends the state as bytes, and reads it back. decode allocates from pool and returns
   0, or -1 if the bytes are not a state of a version we know. They must end with it. */
void sync_state_encode(const struct sync_state *state, buffer_t *dest);
int sync_state_decode(struct sync_state *state_r, pool_t pool,
		      const void *data, size_t size);
/* Reads only the beginning, for a look at the numbers: pending_r = there is something to be
   told already. */
int sync_state_decode_status(const void *data, size_t size,
			     struct sync_status *status_r,
			     struct sync_filter *filter_r, bool *pending_r);

#endif
