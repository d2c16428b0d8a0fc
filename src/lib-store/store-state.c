/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-state.h"

static sqlite3_stmt *
state_stmt(struct store *store, enum store_sql id, uint32_t device_num,
	   const char *collection)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt != NULL) {
		store_bind_uint(stmt, 1, device_num);
		store_bind_text(stmt, 2, collection);
	}
	return stmt;
}

int store_state_get(struct store *store, pool_t pool, uint32_t device_num,
		    const char *collection, struct store_state *state_r)
{
	sqlite3_stmt *stmt = state_stmt(store, STORE_SQL_STATE_GET, device_num,
					collection);
	int ret;

	i_zero(state_r);
	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		state_r->epoch = store_column_uint(stmt, 0);
		state_r->counter = store_column_uint(stmt, 1);
		state_r->repeats = store_column_uint(stmt, 2);
		state_r->confirmed = store_column_memdup(
			stmt, 3, pool, &state_r->confirmed_size);
		state_r->issued = store_column_memdup(
			stmt, 4, pool, &state_r->issued_size);
	}
	store_sql_done(stmt);
	return ret;
}

int store_state_put(struct store *store, uint32_t device_num,
		    const char *collection, const struct store_state *expected,
		    const struct store_state *state)
{
	enum store_sql id;
	sqlite3_stmt *stmt;
	unsigned int changes;

	i_assert(state->epoch != 0);

	if (expected == NULL)
		id = STORE_SQL_STATE_REPLACE;
	else if (expected->epoch == 0)
		id = STORE_SQL_STATE_INSERT;
	else
		id = STORE_SQL_STATE_SWAP;

	stmt = state_stmt(store, id, device_num, collection);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 3, state->epoch);
	store_bind_uint(stmt, 4, state->counter);
	store_bind_uint(stmt, 5, state->repeats);
	store_bind_blob(stmt, 6, state->confirmed, state->confirmed_size);
	store_bind_blob(stmt, 7, state->issued, state->issued_size);
	if (id == STORE_SQL_STATE_SWAP) {
		store_bind_uint(stmt, 8, expected->epoch);
		store_bind_uint(stmt, 9, expected->counter);
		store_bind_uint(stmt, 10, expected->repeats);
	}
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	return changes > 0 ? 1 : 0;
}

int store_state_delete(struct store *store, uint32_t device_num,
		       const char *collection)
{
	sqlite3_stmt *stmt = state_stmt(store, STORE_SQL_STATE_DELETE,
					device_num, collection);

	return stmt == NULL ? -1 : store_sql_run(store, stmt, NULL);
}

int store_state_list(struct store *store, pool_t pool, uint32_t device_num,
		     ARRAY_TYPE(store_state_info) *states)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_STATE_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, device_num);
	while ((ret = store_sql_step(store, stmt)) > 0) {
		struct store_state_info *info = array_append_space(states);

		info->collection = store_column_strdup(stmt, 0, pool);
		info->epoch = store_column_uint(stmt, 1);
		info->counter = store_column_uint(stmt, 2);
		info->repeats = store_column_uint(stmt, 3);
		info->size = store_column_uint(stmt, 4);
	}
	store_sql_done(stmt);
	return ret;
}
