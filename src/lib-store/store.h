#ifndef STORE_H
#define STORE_H

#include "guid.h"

/* roost.db: one SQLite database per user, for what Dovecot does not hold. The one idea: the
   store keeps small records and opaque states; whoever puts a blob in knows its meaning. All SQL
   stands in this folder as prepared statements. A commit survives a power cut
   (WAL, synchronous=FULL); reading takes no lock that a writer waits for.

   All functions return 1 (0) for found (not found) where that makes sense, else 0
   for success; -1 is an error that was logged once with the store's event.
   Strings and buffers returned are allocated from the given pool. */

struct store;
struct event;

/* Opens or creates the database. Missing directories are created (0700), the file is 0600.
   Runs schema upgrades in a transaction. A damaged file is an error, never replaced.
   busy_msecs: how long to wait for another process' write. */
int store_open(const char *path, unsigned int busy_msecs,
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

#endif
