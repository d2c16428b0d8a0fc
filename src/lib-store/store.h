#ifndef STORE_H
#define STORE_H

#include "guid.h"

/* roost.db: one SQLite database per user, for what Dovecot does not hold. The one idea: the
   store keeps small records and opaque states; whoever puts a blob in knows its meaning. All SQL
   stands in this folder as prepared statements. A commit survives a power cut
   (synchronous=FULL); with WAL reading takes no lock that a writer waits for.

   All functions return 1 (0) for found (not found) where that makes sense, else 0
   for success; -1 is an error that was logged once with the store's event.
   Strings and buffers returned are allocated from the given pool. */

struct store;
struct event;

struct store_settings {
	/* how long to wait for another process' write */
	unsigned int busy_msecs;
	/* "wal" (NULL = this), or "delete" for file systems where processes share
	   no memory: NFS */
	const char *journal;
	/* bytes of items, their blobs and conflicts, 0 = any number */
	uint64_t quota;
	/* seconds for which conflicts are kept, 0 = for ever */
	unsigned int conflicts_keep;
};

/* Opens or creates the database. Missing directories are created (0700), the file is 0600.
   Runs schema upgrades in a transaction. A damaged file is an error, never replaced. */
int store_open(const char *path, const struct store_settings *set,
	       struct event *event_parent, struct store **store_r,
	       const char **error_r);
void store_close(struct store **store);
/* Is the file that was opened still the one at that path? A file that was removed or
   replaced (by a backup) would be written to in vain: open it anew. */
bool store_is_current(const struct store *store);
struct event *store_get_event(struct store *store);

/* A write transaction (BEGIN IMMEDIATE). Nesting is a bug. Every single put below is a
   transaction of its own when none is open. */
int store_begin(struct store *store);
int store_commit(struct store *store);
void store_rollback(struct store *store);

/* A part of the open transaction that can be undone by itself: it begins here, */
int store_savepoint(struct store *store);
/* and ends here. No part within a part. Both return 0, or -1 if the transaction is lost
   (logged): roll it back. */
int store_savepoint_end(struct store *store, bool undo);

#endif
