/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-folder.h"

static void
folder_read(sqlite3_stmt *stmt, pool_t pool, struct store_folder *folder_r)
{
	i_zero(folder_r);
	folder_r->id = store_column_uint(stmt, 0);
	if (sqlite3_column_bytes(stmt, 1) == GUID_128_SIZE) {
		memcpy(folder_r->guid, sqlite3_column_blob(stmt, 1),
		       GUID_128_SIZE);
	}
	folder_r->vname_hint = store_column_strdup(stmt, 2, pool);
}

/* Runs a query for at most one folder. */
static int
folder_query(struct store *store, sqlite3_stmt *stmt, pool_t pool,
	     struct store_folder *folder_r)
{
	int ret = store_sql_step(store, stmt);

	if (ret > 0)
		folder_read(stmt, pool, folder_r);
	store_sql_done(stmt);
	return ret;
}

int store_folder_get(struct store *store, pool_t pool, uint32_t id,
		     struct store_folder *folder_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_FOLDER_GET);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	return folder_query(store, stmt, pool, folder_r);
}

static int
folder_get_guid(struct store *store, const guid_128_t guid,
		struct store_folder *folder_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_FOLDER_GET_GUID);

	if (stmt == NULL)
		return -1;
	store_bind_blob(stmt, 1, guid, GUID_128_SIZE);
	return folder_query(store, stmt, pool_datastack_create(), folder_r);
}

static int
folder_insert(struct store *store, const guid_128_t guid,
	      const char *vname_hint, struct store_folder *folder_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_FOLDER_PUT);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_blob(stmt, 1, guid, GUID_128_SIZE);
	store_bind_text(stmt, 2, vname_hint);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;
	/* whether we or somebody else inserted it */
	ret = folder_get_guid(store, guid, folder_r);
	if (ret == 0) {
		e_error(store->event, "Folder %s was not added",
			guid_128_to_string(guid));
	}
	return ret > 0 ? 0 : -1;
}

static int
folder_set_hint(struct store *store, uint32_t id, const char *vname_hint)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_FOLDER_HINT);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	store_bind_text(stmt, 2, vname_hint);
	return store_sql_run(store, stmt, NULL);
}

int store_folder_get_id(struct store *store, const guid_128_t guid,
			const char *vname_hint, uint32_t *id_r)
{
	struct store_folder folder;
	int ret;

	T_BEGIN {
		ret = folder_get_guid(store, guid, &folder);
		if (ret == 0)
			ret = folder_insert(store, guid, vname_hint, &folder);
		if (ret >= 0 && vname_hint != NULL &&
		    null_strcmp(folder.vname_hint, vname_hint) != 0)
			ret = folder_set_hint(store, folder.id, vname_hint);
	} T_END;
	if (ret < 0)
		return -1;
	*id_r = folder.id;
	return 0;
}

int store_folder_list(struct store *store, pool_t pool,
		      ARRAY_TYPE(store_folder) *folders)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_FOLDER_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	while ((ret = store_sql_step(store, stmt)) > 0)
		folder_read(stmt, pool, array_append_space(folders));
	store_sql_done(stmt);
	return ret;
}
