/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-conflict.h"

#include <time.h>

/* -- bounds -- */

/* Returns 1, 0 if there are none, -1. */
static int
conflict_oldest(struct store *store, uint32_t *num_r, time_t *time_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_OLDEST);
	int ret;

	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		*num_r = store_column_uint(stmt, 0);
		*time_r = (time_t)sqlite3_column_int64(stmt, 1);
	}
	store_sql_done(stmt);
	return ret;
}

static int conflict_count(struct store *store, unsigned int *count_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_COUNT);
	int ret;

	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	*count_r = ret > 0 ? store_column_uint(stmt, 0) : 0;
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}

static const char *
conflict_why_too_old(struct store *store, time_t time_of)
{
	return store->conflicts_keep > 0 &&
		time_of < time(NULL) - (time_t)store->conflicts_keep ?
		"it is older than roost_conflicts_keep" : NULL;
}

/* Why the oldest one has to go; NULL = it may stay. */
static int
conflict_why(struct store *store, unsigned int count, time_t time_of,
	     const char **why_r)
{
	uint64_t used;

	*why_r = conflict_why_too_old(store, time_of);
	if (*why_r != NULL)
		return 0;
	if (count > STORE_CONFLICTS_MAX) {
		*why_r = "there are too many";
	} else if (store->quota > 0) {
		if (store_pim_usage(store, &used) < 0)
			return -1;
		if (used > store->quota)
			*why_r = "the quota (roost_db_quota) is exceeded";
	}
	return 0;
}

static int conflict_forget(struct store *store, uint32_t num, const char *why)
{
	e_warning(store->event, "Conflict %u is forgotten: %s", num, why);
	return store_conflict_remove(store, num) < 0 ? -1 : 0;
}

/* num was added: the others make room for it. */
static int conflict_bound(struct store *store, uint32_t num)
{
	unsigned int count;
	const char *why;
	uint32_t oldest;
	time_t time_of;
	int ret;

	if (conflict_count(store, &count) < 0)
		return -1;
	while ((ret = conflict_oldest(store, &oldest, &time_of)) > 0 &&
	       oldest < num) {
		if (conflict_why(store, count--, time_of, &why) < 0)
			return -1;
		if (why == NULL)
			break;
		if (conflict_forget(store, oldest, why) < 0)
			return -1;
	}
	return ret < 0 ? -1 : 0;
}

static int conflict_expire(struct store *store)
{
	const char *why;
	uint32_t oldest;
	time_t time_of;
	int ret;

	while ((ret = conflict_oldest(store, &oldest, &time_of)) > 0 &&
	       (why = conflict_why_too_old(store, time_of)) != NULL) {
		if (conflict_forget(store, oldest, why) < 0)
			return -1;
	}
	return ret < 0 ? -1 : 0;
}

/* Looked up first, as store_op_expire() does. */
int store_conflict_expire(struct store *store)
{
	uint32_t oldest;
	time_t time_of;
	bool own;
	int ret;

	ret = conflict_oldest(store, &oldest, &time_of);
	if (ret <= 0 || conflict_why_too_old(store, time_of) == NULL)
		return ret < 0 ? -1 : 0;
	if (store_change_begin(store, &own) < 0)
		return -1;
	return store_change_end(store, own, conflict_expire(store));
}

/* -- adding -- */

static int
conflict_add_blobs(struct store *store, const struct store_conflict *conflict,
		   const ARRAY_TYPE(uint32_t) *blobs)
{
	const uint32_t *nump;
	sqlite3_stmt *stmt;

	array_foreach(blobs, nump) {
		stmt = store_sql_get(store, STORE_SQL_CONFLICT_BLOB_INSERT);
		if (stmt == NULL)
			return -1;
		store_bind_uint(stmt, 1, conflict->num);
		store_bind_uint(stmt, 2, *nump);
		store_bind_uint(stmt, 3, store_item_id(conflict->folder,
						       conflict->uid));
		if (store_sql_run(store, stmt, NULL) < 0)
			return -1;
	}
	return 0;
}

static int
conflict_insert(struct store *store, struct store_conflict *conflict)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_INSERT);

	if (stmt == NULL)
		return -1;
	conflict->time = time(NULL);
	store_bind_uint(stmt, 1, conflict->folder);
	store_bind_uint(stmt, 2, conflict->uid);
	store_bind_uint(stmt, 3, conflict->time);
	store_bind_text(stmt, 4, conflict->device);
	store_bind_uint(stmt, 5, conflict->device_won ? 1 : 0);
	store_bind_text(stmt, 6, conflict->won);
	store_bind_text(stmt, 7, conflict->lost);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;
	conflict->num = (uint32_t)sqlite3_last_insert_rowid(store->db);
	return 0;
}

static int
conflict_add(struct store *store, struct store_conflict *conflict,
	     const ARRAY_TYPE(uint32_t) *blobs)
{
	sqlite3_stmt *stmt;

	if (conflict_insert(store, conflict) < 0 ||
	    (blobs != NULL && conflict_add_blobs(store, conflict, blobs) < 0))
		return -1;
	stmt = store_sql_get(store, STORE_SQL_CONFLICT_SET_BYTES);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, conflict->num);
	return store_sql_run(store, stmt, NULL) < 0 ? -1 :
		conflict_bound(store, conflict->num);
}

int store_conflict_add(struct store *store, struct store_conflict *conflict,
		       const ARRAY_TYPE(uint32_t) *blobs)
{
	bool own;

	if (store_change_begin(store, &own) < 0)
		return -1;
	return store_change_end(store, own,
				conflict_add(store, conflict, blobs));
}

int store_conflict_open_blob(struct store *store, uint32_t num, uint32_t blob,
			     struct istream **input_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_BLOB_GET);
	uint64_t rowid = 0;
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	store_bind_uint(stmt, 2, blob);
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		rowid = store_column_uint64(stmt, 0);
	store_sql_done(stmt);
	if (ret <= 0)
		return ret;
	*input_r = store_blob_open_table(store, "conflict_blob", rowid);
	return *input_r == NULL ? -1 : 1;
}

/* -- reading -- */

static void
conflict_read(sqlite3_stmt *stmt, pool_t pool,
	      struct store_conflict *conflict_r)
{
	i_zero(conflict_r);
	conflict_r->num = store_column_uint(stmt, 0);
	conflict_r->folder = store_column_uint(stmt, 1);
	conflict_r->uid = store_column_uint(stmt, 2);
	conflict_r->time = (time_t)sqlite3_column_int64(stmt, 3);
	conflict_r->device = store_column_strdup(stmt, 4, pool);
	conflict_r->device_won = store_column_uint(stmt, 5) != 0;
	conflict_r->won = store_column_strdup(stmt, 6, pool);
	conflict_r->lost = store_column_strdup(stmt, 7, pool);
}

int store_conflict_list(struct store *store, pool_t pool, bool with_texts,
			ARRAY_TYPE(store_conflict) *conflicts)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, with_texts ? 1 : 0);
	while ((ret = store_sql_step(store, stmt)) > 0)
		conflict_read(stmt, pool, array_append_space(conflicts));
	store_sql_done(stmt);
	return ret;
}

int store_conflict_get(struct store *store, pool_t pool, uint32_t num,
		       struct store_conflict *conflict_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		conflict_read(stmt, pool, conflict_r);
	store_sql_done(stmt);
	return ret;
}

int store_conflict_remove(struct store *store, uint32_t num)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CONFLICT_DELETE);
	unsigned int changes;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	return changes > 0 ? 1 : 0;
}
