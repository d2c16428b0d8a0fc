/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-mail.h"

static sqlite3_stmt *
mail_param_stmt(struct store *store, enum store_sql id, const char *guid,
		const char *name)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt != NULL) {
		store_bind_text(stmt, 1, guid);
		store_bind_text(stmt, 2, name);
	}
	return stmt;
}

int store_mail_param_get(struct store *store, pool_t pool, const char *guid,
			 const char *name, buffer_t **value_r)
{
	sqlite3_stmt *stmt =
		mail_param_stmt(store, STORE_SQL_MAIL_GET, guid, name);

	return stmt == NULL ? -1 :
		store_sql_run_value(store, stmt, pool, value_r);
}

int store_mail_param_set(struct store *store, const char *guid,
			 const char *name, const void *value, size_t size)
{
	sqlite3_stmt *stmt;

	stmt = mail_param_stmt(store, value == NULL ? STORE_SQL_MAIL_DELETE :
			       STORE_SQL_MAIL_PUT, guid, name);
	if (stmt == NULL)
		return -1;
	if (value != NULL)
		store_bind_blob(stmt, 3, value, size);
	return store_sql_run(store, stmt, NULL);
}
