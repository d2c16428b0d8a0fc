#ifndef STORE_MAINT_H
#define STORE_MAINT_H

struct store;

/* What an operator does with a database. */

/* Copies the whole database to a new file while others use it: the copy is the state of one
   moment. Returns 0, or -1 and a sentence. */
int store_backup(struct store *store, const char *path, const char **error_r);
/* Replaces the content of the open database by that of a backup, in one transaction: whoever has it
   open sees the new content. The backup is looked at first: a damaged file and
   another program's is refused. Devices whose state is newer than the backup
   start anew. Returns 0, or -1 and a sentence. */
int store_restore(struct store *store, const char *path, const char **error_r);

/* Looks at everything: SQLite's own structures, rows that refer to nothing, deletions of what is there,
   whether folders' numbers are those of their items, and whether the index of words is that of the indexed texts. Calls found with a sentence for each
   problem; repaired: it was mended (only with repair, only in a database whose structures are
   whole, and only what can be computed or nobody can reach). Returns the number of problems
   that are left, or -1 (logged). */
typedef void store_check_found_t(const char *problem, bool repaired,
				 void *context);
int store_check(struct store *store, bool repair, store_check_found_t *found,
		void *context);

#endif
