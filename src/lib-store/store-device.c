/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-device.h"
#include "store-skip.h"

enum column_type {
	COLUMN_TEXT,
	COLUMN_UINT,	/* unsigned int and enums */
	COLUMN_TIME,
	COLUMN_BOOL,
};

struct column {
	size_t offset;
	enum column_type type;
};

#define COL(type, field) { offsetof(struct store_device, field), type }
/* In the order of DEVICE_COLUMNS in store-sql.c. */
static const struct column columns[] = {
	COL(COLUMN_TEXT, type),
	COL(COLUMN_TEXT, user_agent),
	COL(COLUMN_TEXT, model),
	COL(COLUMN_TEXT, imei),
	COL(COLUMN_TEXT, friendly_name),
	COL(COLUMN_TEXT, os),
	COL(COLUMN_TEXT, os_language),
	COL(COLUMN_TEXT, phone_number),
	COL(COLUMN_TEXT, mobile_operator),
	COL(COLUMN_UINT, version),
	COL(COLUMN_UINT, version_max),
	COL(COLUMN_TIME, first_seen),
	COL(COLUMN_TIME, last_seen),
	COL(COLUMN_UINT, access),
	COL(COLUMN_UINT, wipe),
	COL(COLUMN_BOOL, wipe_account_only),
	COL(COLUMN_UINT, policy_key),
	COL(COLUMN_UINT, policy_key_pending),
	COL(COLUMN_TEXT, policy_hash),
	COL(COLUMN_UINT, heartbeat),
};
/* num, protocol, id stand before them */
#define FIRST_COLUMN 3
#define FIRST_PARAM 3

#define FIELD(ctype, device, column) \
	((ctype *)PTR_OFFSET(device, (column)->offset))
#define CONST_FIELD(ctype, device, column) \
	((ctype const *)CONST_PTR_OFFSET(device, (column)->offset))

static void
column_read(sqlite3_stmt *stmt, unsigned int idx, pool_t pool,
	    struct store_device *device)
{
	const struct column *col = &columns[idx];
	int column = FIRST_COLUMN + idx;

	switch (col->type) {
	case COLUMN_TEXT:
		*FIELD(const char *, device, col) =
			store_column_strdup(stmt, column, pool);
		break;
	case COLUMN_UINT:
		*FIELD(unsigned int, device, col) =
			store_column_uint(stmt, column);
		break;
	case COLUMN_TIME:
		*FIELD(time_t, device, col) =
			(time_t)sqlite3_column_int64(stmt, column);
		break;
	case COLUMN_BOOL:
		*FIELD(bool, device, col) =
			sqlite3_column_int64(stmt, column) != 0;
		break;
	}
}

static void
column_bind(sqlite3_stmt *stmt, unsigned int idx,
	    const struct store_device *device)
{
	const struct column *col = &columns[idx];
	int param = FIRST_PARAM + idx;

	switch (col->type) {
	case COLUMN_TEXT:
		store_bind_text(stmt, param,
				*CONST_FIELD(char *, device, col));
		break;
	case COLUMN_UINT:
		store_bind_uint(stmt, param,
				*CONST_FIELD(unsigned int, device, col));
		break;
	case COLUMN_TIME:
		store_bind_uint(stmt, param, *CONST_FIELD(time_t, device, col));
		break;
	case COLUMN_BOOL:
		store_bind_uint(stmt, param,
				*CONST_FIELD(bool, device, col) ? 1 : 0);
		break;
	}
}

static bool
column_equals(unsigned int idx, const struct store_device *d1,
	      const struct store_device *d2)
{
	const struct column *col = &columns[idx];

	switch (col->type) {
	case COLUMN_TEXT:
		return null_strcmp(*CONST_FIELD(char *, d1, col),
				   *CONST_FIELD(char *, d2, col)) == 0;
	case COLUMN_UINT:
		return *CONST_FIELD(unsigned int, d1, col) ==
			*CONST_FIELD(unsigned int, d2, col);
	case COLUMN_TIME:
		return *CONST_FIELD(time_t, d1, col) ==
			*CONST_FIELD(time_t, d2, col);
	case COLUMN_BOOL:
		return *CONST_FIELD(bool, d1, col) ==
			*CONST_FIELD(bool, d2, col);
	}
	i_unreached();
}

static void
column_copy(unsigned int idx, struct store_device *dest,
	    const struct store_device *src)
{
	const struct column *col = &columns[idx];

	switch (col->type) {
	case COLUMN_TEXT:
		*FIELD(const char *, dest, col) =
			*CONST_FIELD(char *, src, col);
		break;
	case COLUMN_UINT:
		*FIELD(unsigned int, dest, col) =
			*CONST_FIELD(unsigned int, src, col);
		break;
	case COLUMN_TIME:
		*FIELD(time_t, dest, col) = *CONST_FIELD(time_t, src, col);
		break;
	case COLUMN_BOOL:
		*FIELD(bool, dest, col) = *CONST_FIELD(bool, src, col);
		break;
	}
}

static struct store_device *device_read(sqlite3_stmt *stmt, pool_t pool)
{
	struct store_device *device;
	unsigned int i;

	device = p_new(pool, struct store_device, 1);
	device->num = store_column_uint(stmt, 0);
	device->protocol = store_column_strdup(stmt, 1, pool);
	device->id = store_column_strdup(stmt, 2, pool);
	for (i = 0; i < N_ELEMENTS(columns); i++)
		column_read(stmt, i, pool, device);
	device->loaded = p_memdup(pool, device, sizeof(*device));
	return device;
}

/* Runs a query for at most one device, which is allocated from pool. */
static int
device_query(struct store *store, sqlite3_stmt *stmt, pool_t pool,
	     struct store_device **device_r)
{
	int ret = store_sql_step(store, stmt);

	if (ret > 0)
		*device_r = device_read(stmt, pool);
	store_sql_done(stmt);
	return ret;
}

int store_device_get(struct store *store, pool_t pool, const char *protocol,
		     const char *id, struct store_device **device_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DEVICE_GET);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, protocol);
	store_bind_text(stmt, 2, id);
	return device_query(store, stmt, pool, device_r);
}

static int
device_run_write(struct store *store, enum store_sql id,
		 const struct store_device *device, unsigned int *changes_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);
	unsigned int i;

	if (stmt == NULL)
		return -1;
	if (id == STORE_SQL_DEVICE_UPDATE) {
		store_bind_uint(stmt, 1, device->num);
	} else {
		store_bind_text(stmt, 1, device->protocol);
		store_bind_text(stmt, 2, device->id);
	}
	for (i = 0; i < N_ELEMENTS(columns); i++)
		column_bind(stmt, i, device);
	return store_sql_run(store, stmt, changes_r);
}

/* Two workers may see a new device at the same moment: the second one to insert
   it gets the first one's number and changes nothing of it. */
static int device_insert(struct store *store, struct store_device *device)
{
	struct store_device *row;
	unsigned int changes;
	int ret;

	if (device_run_write(store, STORE_SQL_DEVICE_INSERT, device,
			     &changes) < 0)
		return -1;
	if (changes > 0) {
		device->num = (uint32_t)sqlite3_last_insert_rowid(store->db);
		return 0;
	}
	ret = store_device_get(store, pool_datastack_create(),
			       device->protocol, device->id, &row);
	if (ret <= 0) {
		if (ret == 0) {
			e_error(store->event, "Device %s vanished while it was "
				"being added", device->id);
		}
		return -1;
	}
	device->num = row->num;
	return 0;
}

static bool device_is_changed(const struct store_device *device)
{
	const struct store_device *loaded = device->loaded;
	unsigned int i;

	if (loaded == NULL)
		return TRUE;
	for (i = 0; i < N_ELEMENTS(columns); i++) {
		if (columns[i].offset == offsetof(struct store_device,
						  last_seen)) {
			if (device->last_seen < loaded->last_seen ||
			    device->last_seen >= loaded->last_seen +
						 STORE_DEVICE_SEEN_SECS)
				return TRUE;
		} else if (!column_equals(i, device, loaded)) {
			return TRUE;
		}
	}
	return FALSE;
}

/* Writes device over its row; columns that the caller did not touch keep what the
   row has by now. In a transaction. */
static int device_merge(struct store *store, struct store_device *device)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DEVICE_GET_NUM);
	struct store_device *row;
	unsigned int i;
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, device->num);
	ret = device_query(store, stmt, pool_datastack_create(), &row);
	if (ret <= 0)
		return ret;

	for (i = 0; i < N_ELEMENTS(columns); i++) {
		bool ours = device->loaded == NULL ||
			!column_equals(i, device, device->loaded);

		if (ours)
			column_copy(i, row, device);
		else if (columns[i].type != COLUMN_TEXT)
			column_copy(i, device, row);
	}
	return device_run_write(store, STORE_SQL_DEVICE_UPDATE, row, NULL);
}

static int device_update(struct store *store, struct store_device *device)
{
	bool own_transaction = !store->in_transaction;
	int ret;

	if (own_transaction && store_begin(store) < 0)
		return -1;
	T_BEGIN {
		ret = device_merge(store, device);
	} T_END;
	if (own_transaction) {
		if (ret == 0)
			return store_commit(store);
		store_rollback(store);
	}
	return ret;
}

int store_device_save(struct store *store, struct store_device *device)
{
	int ret;

	i_assert(device->protocol != NULL && device->id != NULL);

	if (device->num == 0) {
		T_BEGIN {
			ret = device_insert(store, device);
		} T_END;
	} else if (device_is_changed(device)) {
		ret = device_update(store, device);
	} else {
		return 0;
	}
	if (ret == 0 && device->loaded != NULL) {
		struct store_device *loaded = device->loaded;

		*loaded = *device;
	}
	return ret;
}

int store_device_list(struct store *store, pool_t pool,
		      ARRAY_TYPE(store_device) *devices)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DEVICE_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	while ((ret = store_sql_step(store, stmt)) > 0) {
		struct store_device *device = device_read(stmt, pool);

		array_push_back(devices, &device);
	}
	store_sql_done(stmt);
	return ret;
}

int store_device_count(struct store *store, unsigned int *count_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DEVICE_COUNT);
	int ret;

	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		*count_r = store_column_uint(stmt, 0);
	store_sql_done(stmt);
	return ret > 0 ? 0 : -1;
}

int store_device_remove(struct store *store, uint32_t num)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_DEVICE_REMOVE);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	return store_sql_run(store, stmt, NULL);
}

int store_device_resync(struct store *store, uint32_t num)
{
	sqlite3_stmt *stmt;

	if (store_skips_clear(store, num) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_STATE_DELETE_ALL);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	return store_sql_run(store, stmt, NULL);
}
