/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-conflict.h"

#include <time.h>

int store_conflict_add(struct store *store, struct store_conflict *conflict)
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
