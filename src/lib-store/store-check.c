/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-maint.h"
#include "store-pim.h"

/* Rows that should not be there. What has no owner (its device, folder or item is gone) is found by
   SQLite's own check as well, but only what nobody can reach any more may go: items and
   conflicts are somebody's data. */
static const struct check_rows {
	const char *table, *where, *problem;
	bool orphans;
} check_rows[] = {
	{ "device_param", "device NOT IN (SELECT num FROM device)",
	  "parameters of devices that are gone", TRUE },
	{ "state", "device NOT IN (SELECT num FROM device)",
	  "states of devices that are gone", TRUE },
	{ "op", "device NOT IN (SELECT num FROM device)",
	  "operations of devices that are gone", TRUE },
	{ "tombstone", "folder NOT IN (SELECT id FROM pim_folder)",
	  "deletions in folders that are gone", TRUE },
	{ "blob", "item NOT IN (SELECT id FROM item)",
	  "blobs of items that are gone", TRUE },
	{ "item_text", "id NOT IN (SELECT id FROM item)",
	  "indexed texts of items that are gone", TRUE },
	{ "item_waiting", "id NOT IN (SELECT id FROM item)",
	  "unindexed items that are gone", TRUE },
	{ "item_waiting", "id IN (SELECT id FROM item_text)",
	  "indexed items that wait for it", FALSE },
	{ "conflict_blob", "conflict NOT IN (SELECT num FROM conflict)",
	  "blobs of conflicts that are gone", TRUE },
	/* devices would be told that they are gone */
	{ "tombstone", "EXISTS (SELECT 1 FROM item WHERE "
	  "id = (tombstone.folder << 32 | tombstone.uid))",
	  "deletions of items that are there", FALSE },
};

struct store_check {
	struct store *store;
	bool repair;
	store_check_found_t *found;
	void *context;
	int problems;
};

static void
check_found(struct store_check *check, bool repaired, const char *problem)
{
	if (!repaired)
		check->problems++;
	check->found(problem, repaired, check->context);
}

static int
check_step_failed(struct store_check *check)
{
	e_error(check->store->event, "Checking failed: %s",
		sqlite3_errmsg(check->store->db));
	return -1;
}

/* A pragma whose rows are problems, except for one that says that there is none. */
static int
check_pragma(struct store_check *check, const char *sql,
	     ARRAY_TYPE(const_string) *problems)
{
	sqlite3_stmt *stmt;
	const char *value;
	int ret;

	if (sqlite3_prepare_v2(check->store->db, sql, -1, &stmt,
			       NULL) != SQLITE_OK)
		return check_step_failed(check);
	while ((ret = sqlite3_step(stmt)) == SQLITE_ROW) {
		value = t_strdup((const char *)sqlite3_column_text(stmt, 0));
		if (null_strcmp(value, "ok") != 0)
			array_push_back(problems, &value);
	}
	(void)sqlite3_finalize(stmt);
	return ret == SQLITE_DONE ? 0 : check_step_failed(check);
}

/* Newer SQLites find what check_index() finds, and can mend it. */
static void check_leave_index(ARRAY_TYPE(const_string) *problems)
{
	for (unsigned int i = array_count(problems); i > 0; i--) {
		const char *problem = array_idx_elem(problems, i - 1);

		if (strstr(problem, "FTS5 table") != NULL)
			array_delete(problems, i - 1, 1);
	}
}

/* Is all right after the indexes were made anew from the tables? They may hold what the table
   itself no longer has, so that fails sometimes. */
static bool check_reindex(struct store_check *check)
{
	ARRAY_TYPE(const_string) problems;

	t_array_init(&problems, 8);
	if (sqlite3_exec(check->store->db, "SAVEPOINT reindex; REINDEX", NULL,
			 NULL, NULL) == SQLITE_OK &&
	    check_pragma(check, "PRAGMA integrity_check", &problems) == 0) {
		check_leave_index(&problems);
		if (array_is_empty(&problems))
			return sqlite3_exec(check->store->db, "RELEASE reindex",
					    NULL, NULL, NULL) == SQLITE_OK;
	}
	(void)sqlite3_exec(check->store->db,
			   "ROLLBACK TO reindex; RELEASE reindex", NULL, NULL,
			   NULL);
	return FALSE;
}

static int check_structures(struct store_check *check)
{
	ARRAY_TYPE(const_string) problems;
	const char *const *problemp;
	bool repaired;

	t_array_init(&problems, 8);
	if (check_pragma(check, "PRAGMA integrity_check", &problems) < 0)
		return -1;
	check_leave_index(&problems);
	if (array_is_empty(&problems))
		return 0;
	repaired = check->repair && check_reindex(check);
	/* what is damaged is not written to */
	if (!repaired)
		check->repair = FALSE;
	array_foreach(&problems, problemp) {
		check_found(check, repaired,
			    t_strconcat("SQLite: ", *problemp, NULL));
	}
	return 0;
}

static int check_references(struct store_check *check)
{
	ARRAY_TYPE(const_string) tables;
	const char *const *tablep;

	t_array_init(&tables, 8);
	if (check_pragma(check, "PRAGMA foreign_key_check", &tables) < 0)
		return -1;
	array_foreach(&tables, tablep) {
		check_found(check, FALSE, t_strdup_printf(
			"A row refers to nothing, in table: %s", *tablep));
	}
	return 0;
}

static int
check_run(struct store_check *check, const char *sql, unsigned int *result_r)
{
	sqlite3_stmt *stmt;
	int ret;

	if (sqlite3_prepare_v2(check->store->db, sql, -1, &stmt,
			       NULL) != SQLITE_OK)
		return check_step_failed(check);
	ret = sqlite3_step(stmt);
	*result_r = ret == SQLITE_ROW ? store_column_uint(stmt, 0) :
		(unsigned int)sqlite3_changes(check->store->db);
	(void)sqlite3_finalize(stmt);
	return ret == SQLITE_ROW || ret == SQLITE_DONE ? 0 :
		check_step_failed(check);
}

static int
check_rows_of(struct store_check *check, const struct check_rows *rows)
{
	const char *what = check->repair ? "DELETE" : "SELECT count(*)";
	unsigned int count;

	/* the others are named by SQLite */
	if (rows->orphans && !check->repair)
		return 0;
	if (check_run(check, t_strdup_printf("%s FROM %s WHERE %s", what,
					     rows->table, rows->where),
		      &count) < 0)
		return -1;
	if (count > 0) {
		check_found(check, check->repair, t_strdup_printf(
			"There are %u %s", count, rows->problem));
	}
	return 0;
}

/* An item's key has its folder and UID in it; the columns are what look-ups go by. */
static int check_item_keys(struct store_check *check)
{
	unsigned int count;

	if (check_run(check, "SELECT count(*) FROM item "
		      "WHERE id <> (folder << 32 | uid)", &count) < 0)
		return -1;
	if (count > 0) {
		check_found(check, FALSE, t_strdup_printf(
			"There are %u items with a wrong key", count));
	}
	return 0;
}

/* The words of what is indexed. */
static int check_words(struct store_check *check)
{
	sqlite3 *db = check->store->db;
	int ret;

	ret = sqlite3_exec(db, "INSERT INTO item_fts (item_fts, rank) "
			   "VALUES ('integrity-check', 1)", NULL, NULL, NULL);
	if (ret == SQLITE_OK)
		return 0;
	if ((ret & 0xff) != SQLITE_CORRUPT)
		return check_step_failed(check);
	if (check->repair &&
	    sqlite3_exec(db, "INSERT INTO item_fts (item_fts) "
			 "VALUES ('rebuild')", NULL, NULL, NULL) != SQLITE_OK)
		return check_step_failed(check);
	check_found(check, check->repair, "The index of words is wrong");
	return 0;
}

static int check_index(struct store_check *check)
{
	static const char from[] =
		"FROM item WHERE id NOT IN (SELECT id FROM item_text) "
		"AND id NOT IN (SELECT id FROM item_waiting)";
	unsigned int count;

	if (check_run(check, t_strconcat(check->repair ?
			"INSERT INTO item_waiting SELECT id " :
			"SELECT count(*) ", from, NULL), &count) < 0)
		return -1;
	if (count > 0) {
		check_found(check, check->repair, t_strdup_printf(
			"There are %u items that no search finds", count));
	}
	return check_words(check);
}

/* What conflicts count for the quota. */
static int check_conflicts(struct store_check *check)
{
	const char *what = check->repair ?
		"UPDATE conflict SET bytes=" STORE_CONFLICT_BYTES :
		"SELECT count(*) FROM conflict";
	unsigned int count;

	if (check_run(check, t_strconcat(what, " WHERE bytes<>"
					 STORE_CONFLICT_BYTES, NULL),
		      &count) < 0)
		return -1;
	if (count > 0) {
		check_found(check, check->repair, t_strdup_printf(
			"There are %u conflicts with a wrong size", count));
	}
	return 0;
}

/* What a folder's numbers have to be, from its items. */
static int
check_count(struct store_check *check, const struct store_pim_folder *folder,
	    struct store_pim_numbers *numbers_r)
{
	static const char sql[] =
		"SELECT count(*), ifnull(max(uid), 0), ifnull(max(modseq), 0), "
		"ifnull(sum(length(CAST(text AS BLOB))), 0) + "
		"ifnull((SELECT sum(length(b.data)) FROM blob b JOIN item i "
		"ON i.id=b.item WHERE i.folder=?1), 0), "
		"ifnull((SELECT max(modseq) FROM tombstone WHERE folder=?1), "
		"0), ifnull((SELECT max(uid) FROM tombstone WHERE folder=?1), "
		"0) FROM item WHERE folder=?1";
	sqlite3_stmt *stmt;
	uint32_t uid;
	uint64_t modseq;

	if (sqlite3_prepare_v2(check->store->db, sql, -1, &stmt,
			       NULL) != SQLITE_OK)
		return check_step_failed(check);
	store_bind_uint(stmt, 1, folder->id);
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		(void)sqlite3_finalize(stmt);
		return check_step_failed(check);
	}
	numbers_r->items = store_column_uint(stmt, 0);
	uid = I_MAX(store_column_uint(stmt, 1), store_column_uint(stmt, 5));
	modseq = I_MAX(store_column_uint64(stmt, 2),
		       store_column_uint64(stmt, 4));
	numbers_r->bytes = store_column_uint64(stmt, 3);
	/* larger ones are right, too: others were deleted */
	numbers_r->uidnext = I_MAX(folder->uidnext, uid + 1);
	numbers_r->modseq = I_MAX(folder->modseq, modseq);
	(void)sqlite3_finalize(stmt);
	return 0;
}

static int
check_folder(struct store_check *check, const struct store_pim_folder *folder)
{
	struct store_pim_numbers numbers;
	bool repaired = FALSE;

	if (check_count(check, folder, &numbers) < 0)
		return -1;
	if (numbers.items == folder->items &&
	    numbers.bytes == folder->bytes &&
	    numbers.uidnext == folder->uidnext &&
	    numbers.modseq == folder->modseq)
		return 0;
	if (check->repair) {
		if (store_pim_numbers_set(check->store, folder->id,
					  &numbers) < 0)
			return -1;
		repaired = TRUE;
	}
	check_found(check, repaired, t_strdup_printf(
		"Folder %s: numbers are wrong: items %u, bytes %"PRIu64
		", UIDNEXT %u, modseq %"PRIu64" should be %u, %"PRIu64
		", %u, %"PRIu64, folder->name, folder->items, folder->bytes,
		folder->uidnext, folder->modseq, numbers.items, numbers.bytes,
		numbers.uidnext, numbers.modseq));
	return 0;
}

static int check_all(struct store_check *check)
{
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;

	if (check_structures(check) < 0)
		return -1;
	for (unsigned int i = 0; i < N_ELEMENTS(check_rows); i++) {
		if (check_rows_of(check, &check_rows[i]) < 0)
			return -1;
	}
	t_array_init(&folders, 16);
	if (check_index(check) < 0 || check_conflicts(check) < 0 ||
	    check_item_keys(check) < 0 || check_references(check) < 0 ||
	    store_pim_folder_list(check->store, pool_datastack_create(),
				  &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		if (check_folder(check, folder) < 0)
			return -1;
	}
	return 0;
}

int store_check(struct store *store, bool repair, store_check_found_t *found,
		void *context)
{
	struct store_check check;
	bool own;
	int ret;

	i_zero(&check);
	check.store = store;
	check.repair = repair;
	check.found = found;
	check.context = context;
	/* nobody changes it meanwhile: what is compared is of one moment */
	if (store_change_begin(store, &own) < 0)
		return -1;
	T_BEGIN {
		ret = check_all(&check);
	} T_END;
	ret = store_change_end(store, own, ret);
	return ret < 0 ? -1 : check.problems;
}
