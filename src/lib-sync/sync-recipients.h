#ifndef SYNC_RECIPIENTS_H
#define SYNC_RECIPIENTS_H

#include "sync-collection.h"

struct store;

/* The recipients of the user's mails (store-recipient.h) as a collection: the best of
   them, as many as the device wants to have. They are few, so a view is a list of them.

   A recipient comes into the view only by a change of its own, but it goes when others have become
   better: whatever the view has not is gone. Its places are what the filter counts in days, the
   best one is the last day: sync_recipients_filter() is the filter for so many. */
struct sync_collection *
sync_recipients_init(pool_t pool, struct store *store);
/* To be called before the first look: 0 = all. Others than ours are left alone. */
void sync_recipients_set_max(struct sync_collection *coll, unsigned int max);
void sync_recipients_filter(unsigned int max, struct sync_filter *filter_r);

#endif
