/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-state.h"

#include <time.h>

static sqlite3_stmt *
op_stmt(struct store *store, enum store_sql id, uint32_t device_num,
	const char *kind, const char *key)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt != NULL) {
		store_bind_uint(stmt, 1, device_num);
		store_bind_text(stmt, 2, kind);
		store_bind_text(stmt, 3, key);
	}
	return stmt;
}

int store_op_get(struct store *store, pool_t pool, uint32_t device_num,
		 const char *kind, const char *key, buffer_t **value_r)
{
	sqlite3_stmt *stmt =
		op_stmt(store, STORE_SQL_OP_GET, device_num, kind, key);

	return stmt == NULL ? -1 :
		store_sql_run_value(store, stmt, pool, value_r);
}

int store_op_put(struct store *store, uint32_t device_num, const char *kind,
		 const char *key, const void *value, size_t size)
{
	sqlite3_stmt *stmt =
		op_stmt(store, STORE_SQL_OP_PUT, device_num, kind, key);
	unsigned int changes;

	if (stmt == NULL)
		return -1;
	store_bind_blob(stmt, 4, value == NULL ? "" : value, size);
	/* not ioloop_time: a process that has been busy for long still writes the
	   true time */
	store_bind_uint(stmt, 5, time(NULL));
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	if (changes == 0) {
		e_error(store->event, "Operation %s not recorded: "
			"device %u was removed", kind, device_num);
		return -1;
	}
	return 0;
}

int store_op_delete(struct store *store, uint32_t device_num,
		    const char *kind, const char *key)
{
	sqlite3_stmt *stmt =
		op_stmt(store, STORE_SQL_OP_DELETE, device_num, kind, key);

	return stmt == NULL ? -1 : store_sql_run(store, stmt, NULL);
}

/* Is looked up before it is deleted: a write would take the lock and, on most
   days, find nothing. */
int store_op_expire(struct store *store, unsigned int max_age)
{
	time_t now = time(NULL);
	uint64_t limit = now < (time_t)max_age ? 0 : now - max_age;
	sqlite3_stmt *stmt;
	int ret;

	stmt = store_sql_get(store, STORE_SQL_OP_OLDEST);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, limit);
	ret = store_sql_step(store, stmt);
	store_sql_done(stmt);
	if (ret <= 0)
		return ret;

	stmt = store_sql_get(store, STORE_SQL_OP_EXPIRE);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, limit);
	return store_sql_run(store, stmt, NULL);
}
