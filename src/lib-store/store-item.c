/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-item.h"

#include <time.h>

/* Deletions are remembered for as many changes of the folder. A device that was away for longer
   has its items compared one by one. */
#define STORE_TOMBSTONE_MODSEQS 20000

/* The order of ITEM_SELECT. */
static void
item_read(sqlite3_stmt *stmt, pool_t pool, struct store_item *item_r)
{
	i_zero(item_r);
	item_r->folder = store_column_uint(stmt, 0);
	item_r->uid = store_column_uint(stmt, 1);
	item_r->modseq = store_column_uint64(stmt, 2);
	item_r->props.first_day = store_column_uint(stmt, 3);
	item_r->props.last_day = store_column_uint(stmt, 4);
	item_r->changed = (time_t)sqlite3_column_int64(stmt, 5);
	item_r->props.pim_uid = store_column_strdup(stmt, 6, pool);
	item_r->props.name = store_column_strdup(stmt, 7, pool);
	item_r->size = sqlite3_column_bytes(stmt, 8);
	item_r->text = p_strndup(pool, sqlite3_column_text(stmt, 8),
				 item_r->size);
}

int store_item_get(struct store *store, pool_t pool, uint32_t folder,
		   uint32_t uid, struct store_item *item_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		item_read(stmt, pool, item_r);
	store_sql_done(stmt);
	return ret;
}

int store_item_get_next(struct store *store, pool_t pool, uint32_t folder,
			uint32_t after_uid, struct store_item *item_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_GET_NEXT);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, after_uid));
	store_bind_uint(stmt, 2, store_item_id(folder, (uint32_t)-1));
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		item_read(stmt, pool, item_r);
	store_sql_done(stmt);
	return ret;
}

static int
item_get_number(struct store *store, enum store_sql id, uint32_t folder,
		uint32_t uid, uint64_t *value_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		*value_r = store_column_uint64(stmt, 0);
	store_sql_done(stmt);
	return ret;
}

int store_item_get_modseq(struct store *store, uint32_t folder, uint32_t uid,
			  uint64_t *modseq_r)
{
	return item_get_number(store, STORE_SQL_ITEM_GET_MODSEQ, folder, uid,
			       modseq_r);
}

static int
item_find(struct store *store, enum store_sql id, uint32_t where,
	  const char *pim_uid, uint32_t *folder_r, uint32_t *uid_r)
{
	sqlite3_stmt *stmt;
	int ret;

	if (*pim_uid == '\0')
		return 0;
	stmt = store_sql_get(store, id);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, where);
	store_bind_text(stmt, 2, pim_uid);
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		*folder_r = store_column_uint(stmt, 0);
		*uid_r = store_column_uint(stmt, 1);
	}
	store_sql_done(stmt);
	return ret;
}

int store_item_find(struct store *store, uint32_t folder, const char *pim_uid,
		    uint32_t *uid_r)
{
	return item_find(store, STORE_SQL_ITEM_FIND, folder, pim_uid, &folder,
			 uid_r);
}

int store_item_find_kind(struct store *store, enum store_kind kind,
			 const char *pim_uid, uint32_t *folder_r,
			 uint32_t *uid_r)
{
	return item_find(store, STORE_SQL_ITEM_FIND_KIND, kind, pim_uid,
			 folder_r, uid_r);
}

/* -- changes -- */

int store_pim_numbers_get(struct store *store, uint32_t folder,
			  struct store_pim_numbers *numbers_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_NUMBERS);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		numbers_r->uidnext = store_column_uint(stmt, 0);
		numbers_r->items = store_column_uint(stmt, 1);
		numbers_r->modseq = store_column_uint64(stmt, 2);
		numbers_r->bytes = store_column_uint64(stmt, 3);
	}
	store_sql_done(stmt);
	return ret;
}

int store_pim_numbers_set(struct store *store, uint32_t folder,
			  const struct store_pim_numbers *numbers)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_PIM_SET_NUMBERS);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, numbers->uidnext);
	store_bind_uint(stmt, 3, numbers->items);
	store_bind_uint(stmt, 4, numbers->modseq);
	store_bind_uint(stmt, 5, numbers->bytes);
	return store_sql_run(store, stmt, NULL);
}

int store_quota_has_room(struct store *store, uint64_t bytes)
{
	uint64_t used;

	if (store->quota == 0 || bytes == 0)
		return 1;
	if (store_pim_usage(store, &used) < 0)
		return -1;
	return used < store->quota && bytes <= store->quota - used ? 1 : 0;
}

static enum store_put item_check_room(struct store *store, uint64_t bytes)
{
	switch (store_quota_has_room(store, bytes)) {
	case 1:
		return STORE_PUT_OK;
	case 0:
		return STORE_PUT_NOQUOTA;
	default:
		return STORE_PUT_FAILED;
	}
}

/* Columns from param on: first_day, last_day, changed, pim_uid, name, text */
static void
item_bind(sqlite3_stmt *stmt, int param, const struct store_item_props *props,
	  const char *text, size_t size)
{
	store_bind_uint(stmt, param, props->first_day);
	store_bind_uint(stmt, param + 1, props->last_day);
	store_bind_uint(stmt, param + 2, time(NULL));
	store_bind_text(stmt, param + 3, props->pim_uid);
	store_bind_text(stmt, param + 4, props->name);
	store_bind_text_size(stmt, param + 5, text, size);
}

static enum store_put
item_add(struct store *store, uint32_t folder,
	 const struct store_item_props *props, const char *text, size_t size,
	 uint32_t *uid_r, uint64_t *modseq_r)
{
	struct store_pim_numbers numbers;
	enum store_put ret;
	sqlite3_stmt *stmt;

	switch (store_pim_numbers_get(store, folder, &numbers)) {
	case 0:
		return STORE_PUT_GONE;
	case -1:
		return STORE_PUT_FAILED;
	}
	if (numbers.uidnext == (uint32_t)-1) {
		e_error(store->event, "Folder %u has no UIDs left", folder);
		return STORE_PUT_FAILED;
	}
	ret = item_check_room(store, size);
	if (ret != STORE_PUT_OK)
		return ret;
	stmt = store_sql_get(store, STORE_SQL_ITEM_INSERT);
	if (stmt == NULL)
		return STORE_PUT_FAILED;
	*uid_r = numbers.uidnext++;
	*modseq_r = ++numbers.modseq;
	numbers.items++;
	numbers.bytes += size;
	store_bind_uint(stmt, 1, store_item_id(folder, *uid_r));
	store_bind_uint(stmt, 2, folder);
	store_bind_uint(stmt, 3, *uid_r);
	store_bind_uint(stmt, 4, *modseq_r);
	item_bind(stmt, 5, props, text, size);
	if (store_sql_run(store, stmt, NULL) < 0 ||
	    store_pim_numbers_set(store, folder, &numbers) < 0)
		return STORE_PUT_FAILED;
	return STORE_PUT_OK;
}

enum store_put
store_item_add(struct store *store, uint32_t folder,
	       const struct store_item_props *props,
	       const char *text, size_t size,
	       uint32_t *uid_r, uint64_t *modseq_r)
{
	uint32_t uid = 0;
	uint64_t modseq = 0;
	bool own;
	int ret;

	if (size > STORE_ITEM_MAX_SIZE)
		return STORE_PUT_TOO_LARGE;
	if (store_change_begin(store, &own) < 0)
		return STORE_PUT_FAILED;
	ret = item_add(store, folder, props, text, size, &uid, &modseq);
	ret = store_change_end(store, own, ret);
	if (ret > 0 && uid_r != NULL)
		*uid_r = uid;
	if (ret > 0 && modseq_r != NULL)
		*modseq_r = modseq;
	return ret;
}

/* Returns 1 and the old text's size, 2 if it is the same text, 0, -1. */
static int
item_compare(struct store *store, uint32_t folder, uint32_t uid,
	     const char *text, size_t size, size_t *old_size_r,
	     uint64_t *modseq_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		*modseq_r = store_column_uint64(stmt, 2);
		*old_size_r = sqlite3_column_bytes(stmt, 8);
		if (*old_size_r == size &&
		    memcmp(sqlite3_column_text(stmt, 8), text, size) == 0)
			ret = 2;
	}
	store_sql_done(stmt);
	return ret;
}

static enum store_put
item_change(struct store *store, uint32_t folder, uint32_t uid,
	    const struct store_item_props *props, const char *text,
	    size_t size, uint64_t *modseq_r)
{
	struct store_pim_numbers numbers;
	enum store_put ret;
	sqlite3_stmt *stmt;
	size_t old_size = 0;

	switch (item_compare(store, folder, uid, text, size, &old_size,
			     modseq_r)) {
	case 2:
		return STORE_PUT_OK;
	case 0:
		return STORE_PUT_GONE;
	case -1:
		return STORE_PUT_FAILED;
	}
	if (store_pim_numbers_get(store, folder, &numbers) <= 0)
		return STORE_PUT_FAILED;
	ret = item_check_room(store, size > old_size ? size - old_size : 0);
	if (ret != STORE_PUT_OK)
		return ret;
	stmt = store_sql_get(store, STORE_SQL_ITEM_UPDATE);
	if (stmt == NULL)
		return STORE_PUT_FAILED;
	*modseq_r = ++numbers.modseq;
	numbers.bytes += size;
	numbers.bytes -= I_MIN(numbers.bytes, old_size);
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	store_bind_uint(stmt, 2, *modseq_r);
	item_bind(stmt, 3, props, text, size);
	if (store_sql_run(store, stmt, NULL) < 0 ||
	    store_index_forget(store, store_item_id(folder, uid),
			       store_item_id(folder, uid)) < 0 ||
	    store_pim_numbers_set(store, folder, &numbers) < 0)
		return STORE_PUT_FAILED;
	return STORE_PUT_OK;
}

enum store_put
store_item_change(struct store *store, uint32_t folder, uint32_t uid,
		  const struct store_item_props *props,
		  const char *text, size_t size, uint64_t *modseq_r)
{
	uint64_t modseq = 0;
	bool own;
	int ret;

	if (size > STORE_ITEM_MAX_SIZE)
		return STORE_PUT_TOO_LARGE;
	if (store_change_begin(store, &own) < 0)
		return STORE_PUT_FAILED;
	ret = item_change(store, folder, uid, props, text, size, &modseq);
	ret = store_change_end(store, own, ret);
	if (ret > 0 && modseq_r != NULL)
		*modseq_r = modseq;
	return ret;
}

int store_item_set_props(struct store *store, uint32_t folder, uint32_t uid,
			 const struct store_item_props *props)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_SET_PROPS);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	store_bind_uint(stmt, 2, props->first_day);
	store_bind_uint(stmt, 3, props->last_day);
	store_bind_text(stmt, 4, props->pim_uid);
	store_bind_text(stmt, 5, props->name);
	return store_sql_run(store, stmt, NULL);
}

static int
tombstone_run(struct store *store, enum store_sql id, uint32_t folder,
	      uint64_t modseq, uint32_t uid)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, modseq);
	if (uid != 0)
		store_bind_uint(stmt, 3, uid);
	return store_sql_run(store, stmt, NULL);
}

static int
tombstone_expire(struct store *store, uint32_t folder, uint64_t modseq)
{
	return modseq <= STORE_TOMBSTONE_MODSEQS ? 0 :
		tombstone_run(store, STORE_SQL_TOMBSTONE_EXPIRE, folder,
			      modseq - STORE_TOMBSTONE_MODSEQS, 0);
}

static enum store_put
item_remove(struct store *store, uint32_t folder, uint32_t uid)
{
	struct store_pim_numbers numbers;
	sqlite3_stmt *stmt;
	uint64_t size;

	switch (item_get_number(store, STORE_SQL_ITEM_GET_SIZE, folder, uid,
				&size)) {
	case 0:
		return STORE_PUT_GONE;
	case -1:
		return STORE_PUT_FAILED;
	}
	if (store_pim_numbers_get(store, folder, &numbers) <= 0 ||
	    store_index_forget(store, store_item_id(folder, uid),
			       store_item_id(folder, uid)) < 0)
		return STORE_PUT_FAILED;
	stmt = store_sql_get(store, STORE_SQL_ITEM_DELETE);
	if (stmt == NULL)
		return STORE_PUT_FAILED;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	numbers.modseq++;
	numbers.items -= I_MIN(numbers.items, 1);
	numbers.bytes -= I_MIN(numbers.bytes, size);
	if (store_sql_run(store, stmt, NULL) < 0 ||
	    tombstone_run(store, STORE_SQL_TOMBSTONE_INSERT, folder,
			  numbers.modseq, uid) < 0 ||
	    tombstone_expire(store, folder, numbers.modseq) < 0 ||
	    store_pim_numbers_set(store, folder, &numbers) < 0)
		return STORE_PUT_FAILED;
	return STORE_PUT_OK;
}

enum store_put
store_item_remove(struct store *store, uint32_t folder, uint32_t uid)
{
	bool own;

	if (store_change_begin(store, &own) < 0)
		return STORE_PUT_FAILED;
	return store_change_end(store, own, item_remove(store, folder, uid));
}

static int
item_copy(struct store *store, uint32_t folder, uint32_t uid, uint32_t dest,
	  uint32_t dest_uid, uint64_t modseq)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_MOVE);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	store_bind_uint(stmt, 2, store_item_id(dest, dest_uid));
	store_bind_uint(stmt, 3, dest);
	store_bind_uint(stmt, 4, dest_uid);
	store_bind_uint(stmt, 5, modseq);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;

	stmt = store_sql_get(store, STORE_SQL_BLOB_MOVE);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	store_bind_uint(stmt, 2, store_item_id(dest, dest_uid));
	return store_sql_run(store, stmt, NULL);
}

static enum store_put
item_move(struct store *store, uint32_t folder, uint32_t uid, uint32_t dest,
	  uint32_t *dest_uid_r)
{
	struct store_pim_numbers numbers, src_numbers;
	uint64_t size, text_size;
	int ret;

	ret = item_get_number(store, STORE_SQL_ITEM_GET_SIZE, folder, uid,
			      &size);
	if (ret > 0)
		ret = store_pim_numbers_get(store, dest, &numbers);
	if (ret <= 0)
		return ret < 0 ? STORE_PUT_FAILED : STORE_PUT_GONE;
	*dest_uid_r = numbers.uidnext++;
	numbers.modseq++;
	numbers.items++;
	numbers.bytes += size;
	if (item_copy(store, folder, uid, dest, *dest_uid_r,
		      numbers.modseq) < 0 ||
	    store_pim_numbers_set(store, dest, &numbers) < 0)
		return STORE_PUT_FAILED;
	/* its blobs left it already: what removing it doesn't subtract */
	if (item_get_number(store, STORE_SQL_ITEM_GET_SIZE, folder, uid,
			    &text_size) <= 0 ||
	    store_pim_numbers_get(store, folder, &src_numbers) <= 0)
		return STORE_PUT_FAILED;
	src_numbers.bytes -= I_MIN(src_numbers.bytes, size - text_size);
	if (store_pim_numbers_set(store, folder, &src_numbers) < 0)
		return STORE_PUT_FAILED;
	return item_remove(store, folder, uid);
}

enum store_put
store_item_move(struct store *store, uint32_t folder, uint32_t uid,
		uint32_t dest, uint32_t *dest_uid_r)
{
	bool own;

	i_assert(folder != dest);

	if (store_change_begin(store, &own) < 0)
		return STORE_PUT_FAILED;
	return store_change_end(store, own, item_move(store, folder, uid, dest,
						      dest_uid_r));
}

static int
item_remove_all(struct store *store, uint32_t folder, unsigned int *removed_r)
{
	struct store_pim_numbers numbers;
	sqlite3_stmt *stmt;
	int ret;

	*removed_r = 0;
	ret = store_pim_numbers_get(store, folder, &numbers);
	if (ret <= 0 || numbers.items == 0)
		return ret < 0 ? -1 : 0;
	*removed_r = numbers.items;
	numbers.modseq++;
	numbers.items = 0;
	numbers.bytes = 0;
	if (tombstone_run(store, STORE_SQL_TOMBSTONE_ALL, folder,
			  numbers.modseq, 0) < 0 ||
	    store_index_forget(store, store_item_id(folder, 0),
			       store_item_id(folder, (uint32_t)-1)) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_ITEM_DELETE_ALL);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	if (store_sql_run(store, stmt, NULL) < 0 ||
	    tombstone_expire(store, folder, numbers.modseq) < 0)
		return -1;
	return store_pim_numbers_set(store, folder, &numbers);
}

int store_item_remove_all(struct store *store, uint32_t folder,
			  unsigned int *removed_r)
{
	unsigned int removed = 0;
	bool own;
	int ret;

	if (store_change_begin(store, &own) < 0)
		return -1;
	ret = store_change_end(store, own,
			       item_remove_all(store, folder, &removed));
	if (removed_r != NULL)
		*removed_r = ret < 0 ? 0 : removed;
	return ret;
}

/* -- UIDs -- */

static int
item_add_uids(struct store *store, sqlite3_stmt *stmt,
	      ARRAY_TYPE(seq_range) *uids)
{
	int ret;

	while ((ret = store_sql_step(store, stmt)) > 0)
		seq_range_array_add(uids, store_column_uint(stmt, 0));
	store_sql_done(stmt);
	return ret;
}

static int
item_uids_from(struct store *store, uint32_t folder, uint32_t first_uid,
	       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_UIDS_FROM);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, first_uid));
	store_bind_uint(stmt, 2, store_item_id(folder, max_uid));
	return item_add_uids(store, stmt, uids);
}

int store_item_uids(struct store *store, uint32_t folder, uint32_t first_uid,
		    uint32_t max_uid, uint32_t first_day,
		    ARRAY_TYPE(seq_range) *uids)
{
	sqlite3_stmt *stmt;

	if (first_uid > 1 && first_day == 0) {
		return item_uids_from(store, folder, first_uid, max_uid,
				      uids);
	}
	stmt = store_sql_get(store, STORE_SQL_ITEM_UIDS);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, first_uid);
	store_bind_uint(stmt, 3, max_uid);
	store_bind_uint(stmt, 4, first_day);
	return item_add_uids(store, stmt, uids);
}

int store_item_uids_between(struct store *store, uint32_t folder,
			    uint32_t first_day, uint32_t last_day,
			    ARRAY_TYPE(seq_range) *uids)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_UIDS_BETWEEN);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, first_day);
	store_bind_uint(stmt, 3, last_day);
	return item_add_uids(store, stmt, uids);
}

int store_item_changed(struct store *store, uint32_t folder, uint64_t modseq,
		       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_ITEM_CHANGED);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, modseq);
	store_bind_uint(stmt, 3, max_uid);
	return item_add_uids(store, stmt, uids);
}

int store_item_vanished(struct store *store, uint32_t folder, uint64_t modseq,
			uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct store_pim_numbers numbers;
	sqlite3_stmt *stmt;
	int ret;

	ret = store_pim_numbers_get(store, folder, &numbers);
	if (ret <= 0)
		return ret;
	/* read before the list: if it grows in between the answer is still no */
	if (modseq == 0 || numbers.modseq > modseq + STORE_TOMBSTONE_MODSEQS)
		return 0;
	stmt = store_sql_get(store, STORE_SQL_TOMBSTONE_LIST);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, folder);
	store_bind_uint(stmt, 2, modseq);
	store_bind_uint(stmt, 3, max_uid);
	return item_add_uids(store, stmt, uids) < 0 ? -1 : 1;
}
