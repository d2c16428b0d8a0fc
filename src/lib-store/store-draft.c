/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-draft.h"

#include <time.h>

int store_draft_get(struct store *store, pool_t pool, const char *folder,
		    uint32_t uid, struct store_draft *draft_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DRAFT_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, folder);
	store_bind_uint(stmt, 2, uid);
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		i_zero(draft_r);
		draft_r->uid = store_column_uint(stmt, 0);
		draft_r->author = store_column_strdup(stmt, 1, pool);
		draft_r->parts = store_column_strdup(stmt, 2, pool);
	}
	store_sql_done(stmt);
	return ret;
}

int store_draft_put(struct store *store, const char *folder, uint32_t uid,
		    const struct store_draft *draft)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DRAFT_PUT);

	i_assert(uid != draft->uid);
	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, folder);
	store_bind_uint(stmt, 2, uid);
	store_bind_uint(stmt, 3, draft->uid);
	store_bind_text(stmt, 4, draft->author);
	store_bind_text(stmt, 5, draft->parts);
	store_bind_uint(stmt, 6, time(NULL));
	return store_sql_run(store, stmt, NULL);
}

/* Looked up first, as store_op_expire() does. */
int store_draft_expire(struct store *store, unsigned int max_age)
{
	time_t now = time(NULL);
	uint64_t limit = now < (time_t)max_age ? 0 : now - max_age;
	sqlite3_stmt *stmt;
	int ret;

	stmt = store_sql_get(store, STORE_SQL_DRAFT_OLDEST);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, limit);
	ret = store_sql_step(store, stmt);
	store_sql_done(stmt);
	if (ret <= 0)
		return ret;

	stmt = store_sql_get(store, STORE_SQL_DRAFT_EXPIRE);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, limit);
	return store_sql_run(store, stmt, NULL);
}
