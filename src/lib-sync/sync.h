#ifndef SYNC_H
#define SYNC_H

#include "sync-collection.h"
#include "sync-state.h"

/* The sync engine. It knows UIDs and modseqs and answers one question: *what has happened since
   the state that this device confirmed?* It knows no protocol, no mail and no store.

   One exchange with a device goes:

     sync_state_decode()     the state it confirmed by coming with its key
     sync_look()             what others did goes into the state's lists
     (its commands)          the protocol applies them to the items, then tells:
       sync_device_changed(), sync_device_removed(), sync_device_added()
     sync_look()             again, if it had commands
     sync_next(),            the next item to tell it, as long as the window
     sync_told()...          has room; moves the UID in the state
     sync_state_encode()     stored as the state that was issued

   Nothing is kept anywhere else. If the answer is lost the device comes with its old key, and
   the same is computed again from the state it confirmed. If the process dies between any
   two instructions, the stored state is still the old one: what it had not recorded it
   finds again by comparing.

   When nothing happened, sync_unchanged() says so from two sets of numbers. A look costs what
   happened since the last one, not what the collection holds; only the first one, a new
   filter, the turn of a day with a filter, and lost modseqs cost a pass over the UIDs. */

enum sync_kind {
	SYNC_DELETE,		/* the item is gone */
	SYNC_SOFT_DELETE,	/* it left the filter */
	SYNC_CHANGE,		/* the device has it, in an older version */
	SYNC_ADD,		/* the device hasn't it */
};

struct sync_item {
	enum sync_kind kind;
	uint32_t uid;
};

enum sync_look_result {
	SYNC_LOOK_OK = 0,
	SYNC_LOOK_FAILED,	/* temporary; logged */
	SYNC_LOOK_GONE,		/* there is no such collection any more */
	/* The UIDs mean other items now: the device has to start anew. */
	SYNC_LOOK_UIDVALIDITY,
};

/* Is a look bound to find nothing new? Costs nothing but reading the status. Needs only
   status and filter of the state. */
bool sync_unchanged(const struct sync_status *seen,
		    const struct sync_filter *seen_filter,
		    const struct sync_status *now,
		    const struct sync_filter *filter);

/* The other way round: do the numbers alone prove that there is a new item inside the filter? */
bool sync_surely_grown(const struct sync_status *seen,
		       const struct sync_status *now,
		       const struct sync_filter *filter);

/* Brings the state's lists up to date with the collection. repeated (may be NULL) is
   the state that was issued when the device did this step before: its echoes are not
   news. The state is unchanged unless SYNC_LOOK_OK is returned. */
enum sync_look_result
sync_look(struct sync_collection *coll, struct sync_state *state,
	  const struct sync_filter *filter, const struct sync_state *repeated);

/* How many items there are to tell. */
unsigned int sync_count(const struct sync_state *state);
/* The next item to tell: deletes first, the newest additions before the older ones.
   FALSE: the device has everything. */
bool sync_next(const struct sync_state *state, struct sync_item *item_r);
/* It was told of the item. */
void sync_told(struct sync_state *state, const struct sync_item *item);
/* The item can't be told: it vanished since the look (the next one finds out what is
   due). */
void sync_skipped(struct sync_state *state, const struct sync_item *item);
/* The item can't be told: it is broken, or something else is, for a while. It does not keep the
   others back: a device that never got it is not bothered with it on this day (a number
   that grows with time) again. */
void sync_broken(struct sync_state *state, const struct sync_item *item,
		 uint32_t today);
/* To be called before a look: what was broken on another day is to be told now. Returns TRUE
   if there was anything. */
bool sync_retry_broken(struct sync_state *state, uint32_t today);

/* Has the device the item, as far as we know? A command for any other is refused. */
bool sync_device_has(const struct sync_state *state, uint32_t uid);
/* After the look before its commands: did somebody else change the item, so that
   the device's version is not the one it thinks of? */
bool sync_device_conflicts(const struct sync_state *state, uint32_t uid);
/* The device changed the item itself, and the item is now as the device has it. To be called
   after the look that follows the change: takes the item off the list again. */
int sync_device_changed(struct sync_collection *coll, struct sync_state *state,
			uint32_t uid);
/* The device changed an item that it holds, but the item did not become so: it is to be
   told how the item is. */
void sync_device_refused(struct sync_state *state, uint32_t uid);
/* The device removed the item. */
void sync_device_removed(struct sync_state *state, uint32_t uid);
/* The device removed the item and was refused, or gave its version up in another way:
   it is to get the item anew. */
void sync_device_lost(struct sync_state *state, uint32_t uid);
/* The device holds the item, and it is known to be gone: it is to be told. */
void sync_device_vanished(struct sync_state *state, uint32_t uid);
/* The device made the item, and it got this UID: it is held. */
int sync_device_added(struct sync_collection *coll, struct sync_state *state,
		      uint32_t uid);

#endif
