/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-folder.h"
#include "store-pim.h"

#include <time.h>

static const struct {
	const char *name, *folder_name;
} store_kinds[STORE_KIND_COUNT] = {
	[STORE_KIND_CALENDAR] = { "calendar", "Calendar" },
	[STORE_KIND_CONTACTS] = { "contacts", "Contacts" },
	[STORE_KIND_TASKS] = { "tasks", "Tasks" },
	[STORE_KIND_NOTES] = { "notes", "Notes" },
};

const char *store_kind_name(enum store_kind kind)
{
	i_assert(kind > STORE_KIND_NONE && kind < STORE_KIND_COUNT);
	return store_kinds[kind].name;
}

const char *store_kind_folder_name(enum store_kind kind)
{
	i_assert(kind > STORE_KIND_NONE && kind < STORE_KIND_COUNT);
	return store_kinds[kind].folder_name;
}

enum store_kind store_kind_find(const char *name)
{
	enum store_kind kind;

	for (kind = STORE_KIND_NONE + 1; kind < STORE_KIND_COUNT; kind++) {
		if (strcasecmp(store_kinds[kind].name, name) == 0)
			return kind;
	}
	return STORE_KIND_NONE;
}

/* The order of PIM_SELECT. */
static void
pim_folder_read(sqlite3_stmt *stmt, pool_t pool,
		struct store_pim_folder *folder_r)
{
	i_zero(folder_r);
	folder_r->id = store_column_uint(stmt, 0);
	folder_r->kind = store_column_uint(stmt, 1);
	if (folder_r->kind >= STORE_KIND_COUNT)
		folder_r->kind = STORE_KIND_NONE;
	folder_r->main = store_column_uint(stmt, 2) != 0;
	folder_r->parent = store_column_uint(stmt, 3);
	folder_r->name = store_column_strdup(stmt, 4, pool);
	folder_r->uidvalidity = store_column_uint(stmt, 5);
	folder_r->uidnext = store_column_uint(stmt, 6);
	folder_r->modseq = store_column_uint64(stmt, 7);
	folder_r->items = store_column_uint(stmt, 8);
	folder_r->bytes = store_column_uint64(stmt, 9);
	if (sqlite3_column_bytes(stmt, 10) == GUID_128_SIZE) {
		memcpy(folder_r->guid, sqlite3_column_blob(stmt, 10),
		       GUID_128_SIZE);
	}
}

static int
pim_folder_query(struct store *store, enum store_sql id, uint32_t param,
		 pool_t pool, struct store_pim_folder *folder_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, param);
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		pim_folder_read(stmt, pool, folder_r);
	store_sql_done(stmt);
	return ret;
}

int store_pim_folder_get(struct store *store, pool_t pool, uint32_t id,
			 struct store_pim_folder *folder_r)
{
	return pim_folder_query(store, STORE_SQL_PIM_GET, id, pool, folder_r);
}

static int
pim_folder_insert(struct store *store, enum store_kind kind, bool main,
		  uint32_t parent, const char *name, uint32_t *id_r)
{
	sqlite3_stmt *stmt;
	guid_128_t guid;
	unsigned int changes;

	guid_128_generate(guid);
	if (store_folder_get_id(store, guid, NULL, id_r) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_PIM_INSERT);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, *id_r);
	store_bind_uint(stmt, 2, kind);
	store_bind_uint(stmt, 3, main ? 1 : 0);
	store_bind_uint(stmt, 4, parent);
	store_bind_text(stmt, 5, name);
	store_bind_uint(stmt, 6, (uint32_t)time(NULL));
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	return changes > 0 ? 1 : 0;
}

/* The default folders; one whose name a user's folder has already gets another. */
static int pim_folders_make(struct store *store)
{
	struct store_pim_folder folder;
	enum store_kind kind;
	const char *name;
	unsigned int n;
	uint32_t id;
	int ret;

	for (kind = STORE_KIND_NONE + 1; kind < STORE_KIND_COUNT; kind++) {
		ret = pim_folder_query(store, STORE_SQL_PIM_GET_MAIN, kind,
				       pool_datastack_create(), &folder);
		name = store_kinds[kind].folder_name;
		for (n = 2; ret == 0; n++) {
			ret = pim_folder_insert(store, kind, TRUE, 0, name,
						&id);
			name = t_strdup_printf("%s %u",
				store_kinds[kind].folder_name, n);
		}
		if (ret < 0)
			return -1;
	}
	return 0;
}

static int pim_folders_init(struct store *store)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_COUNT_MAIN);
	uint32_t count = 0;
	bool own;
	int ret;

	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		count = store_column_uint(stmt, 0);
	store_sql_done(stmt);
	if (ret < 0)
		return -1;
	if (count == STORE_KIND_COUNT - 1)
		return 0;
	/* under the lock it is looked again who exists */
	if (store_change_begin(store, &own) < 0)
		return -1;
	T_BEGIN {
		ret = pim_folders_make(store);
	} T_END;
	return store_change_end(store, own, ret);
}

int store_pim_folder_list(struct store *store, pool_t pool,
			  ARRAY_TYPE(store_pim_folder) *folders)
{
	sqlite3_stmt *stmt;
	int ret;

	if (pim_folders_init(store) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_PIM_LIST);
	if (stmt == NULL)
		return -1;
	while ((ret = store_sql_step(store, stmt)) > 0)
		pim_folder_read(stmt, pool, array_append_space(folders));
	store_sql_done(stmt);
	return ret;
}

int store_pim_folder_get_main(struct store *store, pool_t pool,
			      enum store_kind kind,
			      struct store_pim_folder *folder_r)
{
	int ret;

	i_assert(kind > STORE_KIND_NONE && kind < STORE_KIND_COUNT);

	ret = pim_folder_query(store, STORE_SQL_PIM_GET_MAIN, kind, pool,
			       folder_r);
	if (ret == 0) {
		if (pim_folders_init(store) < 0)
			return -1;
		ret = pim_folder_query(store, STORE_SQL_PIM_GET_MAIN, kind,
				       pool, folder_r);
	}
	return ret > 0 ? 0 : -1;
}

int store_pim_folder_create(struct store *store, enum store_kind kind,
			    uint32_t parent, const char *name, uint32_t *id_r)
{
	bool own;
	int ret;

	i_assert(kind > STORE_KIND_NONE && kind < STORE_KIND_COUNT);

	/* the default ones have the first choice of names */
	if (pim_folders_init(store) < 0 || store_change_begin(store, &own) < 0)
		return -1;
	ret = pim_folder_insert(store, kind, FALSE, parent, name, id_r);
	return store_change_end(store, own, ret);
}

int store_pim_folder_update(struct store *store, uint32_t id, uint32_t parent,
			    const char *name)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_UPDATE);
	unsigned int changes;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	store_bind_uint(stmt, 2, parent);
	store_bind_text(stmt, 3, name);
	if (store_sql_run(store, stmt, &changes) < 0)
		return -1;
	return changes > 0 ? 1 : 0;
}

static int pim_folder_delete(struct store *store, uint32_t id)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_DELETABLE);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	ret = store_sql_step(store, stmt);
	store_sql_done(stmt);
	if (ret <= 0)
		return ret;
	if (store_index_forget(store, store_item_id(id, 0),
			       store_item_id(id, (uint32_t)-1)) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_PIM_DELETE);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_PIM_ORPHANS);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, id);
	return store_sql_run(store, stmt, NULL) < 0 ? -1 : 1;
}

int store_pim_folder_delete(struct store *store, uint32_t id)
{
	bool own;

	if (store_change_begin(store, &own) < 0)
		return -1;
	return store_change_end(store, own, pim_folder_delete(store, id));
}

int store_pim_usage(struct store *store, uint64_t *bytes_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_USAGE);
	int ret;

	*bytes_r = 0;
	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		*bytes_r = store_column_uint64(stmt, 0);
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}
