/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-device.h"

static sqlite3_stmt *
param_stmt(struct store *store, enum store_sql id, uint32_t num,
	   const char *name)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt != NULL) {
		store_bind_uint(stmt, 1, num);
		store_bind_text(stmt, 2, name);
	}
	return stmt;
}

int store_device_param_get(struct store *store, pool_t pool, uint32_t num,
			   const char *name, buffer_t **value_r)
{
	sqlite3_stmt *stmt = param_stmt(store, STORE_SQL_PARAM_GET, num, name);

	return stmt == NULL ? -1 :
		store_sql_run_value(store, stmt, pool, value_r);
}

int store_device_param_set(struct store *store, uint32_t num,
			   const char *name, const void *value, size_t size)
{
	sqlite3_stmt *stmt;
	unsigned int changes;

	stmt = param_stmt(store, value == NULL ? STORE_SQL_PARAM_DELETE :
			  STORE_SQL_PARAM_PUT, num, name);
	if (stmt == NULL)
		return -1;
	if (value == NULL)
		return store_sql_run(store, stmt, NULL);
	store_bind_blob(stmt, 3, value, size);
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	if (changes == 0) {
		e_error(store->event, "Parameter %s not saved: "
			"device %u was removed", name, num);
		return -1;
	}
	return 0;
}
