/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "store-private.h"
#include "store-device.h"
#include "store-folder.h"
#include "store-pim.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

/* What released versions have written. Never change an entry: add the next one
   when the schema's version goes up. */
#define TABLES_1 \
"CREATE TABLE device (num INTEGER PRIMARY KEY AUTOINCREMENT," \
" protocol TEXT NOT NULL, id TEXT NOT NULL, type TEXT, user_agent TEXT," \
" model TEXT, imei TEXT, friendly_name TEXT, os TEXT, os_language TEXT," \
" phone_number TEXT, mobile_operator TEXT, version INTEGER NOT NULL," \
" version_max INTEGER NOT NULL, first_seen INTEGER NOT NULL," \
" last_seen INTEGER NOT NULL, access INTEGER NOT NULL, wipe INTEGER NOT NULL," \
" wipe_account_only INTEGER NOT NULL, policy_key INTEGER NOT NULL," \
" policy_key_pending INTEGER NOT NULL, policy_hash TEXT," \
" heartbeat INTEGER NOT NULL, UNIQUE (protocol, id));" \
"CREATE TABLE device_param (" \
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE," \
" name TEXT NOT NULL, value BLOB NOT NULL," \
" PRIMARY KEY (device, name)) WITHOUT ROWID;" \
"CREATE TABLE state (" \
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE," \
" collection TEXT NOT NULL, epoch INTEGER NOT NULL, counter INTEGER NOT NULL," \
" repeats INTEGER NOT NULL, confirmed BLOB, issued BLOB," \
" UNIQUE (device, collection));" \
"CREATE TABLE op (" \
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE," \
" kind TEXT NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL," \
" time INTEGER NOT NULL, PRIMARY KEY (device, kind, key)) WITHOUT ROWID;" \
"CREATE INDEX op_time ON op (time);" \
"CREATE TABLE folder (id INTEGER PRIMARY KEY AUTOINCREMENT," \
" guid BLOB NOT NULL UNIQUE, vname TEXT);"
#define TABLES_2 TABLES_1 \
"CREATE TABLE mail_param (guid TEXT NOT NULL, name TEXT NOT NULL," \
" value BLOB NOT NULL, PRIMARY KEY (guid, name)) WITHOUT ROWID;"
#define TABLES_3 TABLES_2 \
"CREATE TABLE draft (folder TEXT NOT NULL, uid INTEGER NOT NULL," \
" new_uid INTEGER NOT NULL, author TEXT NOT NULL, parts TEXT NOT NULL," \
" time INTEGER NOT NULL, PRIMARY KEY (folder, uid)) WITHOUT ROWID;" \
"CREATE INDEX draft_time ON draft (time);"
#define TABLES_4 TABLES_3 \
"CREATE TABLE pim_folder (" \
" id INTEGER PRIMARY KEY REFERENCES folder (id)," \
" kind INTEGER NOT NULL," \
" main INTEGER NOT NULL," \
" parent INTEGER NOT NULL," \
" name TEXT NOT NULL," \
" uidvalidity INTEGER NOT NULL," \
" uidnext INTEGER NOT NULL," \
" modseq INTEGER NOT NULL," \
" items INTEGER NOT NULL," \
" bytes INTEGER NOT NULL);" \
"CREATE UNIQUE INDEX pim_folder_main ON pim_folder (kind) WHERE main = 1;" \
"CREATE UNIQUE INDEX pim_folder_name ON pim_folder (parent, name);" \
"CREATE TABLE item (" \
" id INTEGER PRIMARY KEY," \
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE," \
" uid INTEGER NOT NULL," \
" modseq INTEGER NOT NULL," \
" first_day INTEGER NOT NULL," \
" last_day INTEGER NOT NULL," \
" changed INTEGER NOT NULL," \
" pim_uid TEXT NOT NULL," \
" name TEXT NOT NULL," \
" text TEXT NOT NULL);" \
"CREATE UNIQUE INDEX item_look ON item" \
" (folder, modseq, uid, first_day, last_day);" \
"CREATE INDEX item_pim_uid ON item (pim_uid, folder, uid);" \
"CREATE TABLE tombstone (" \
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE," \
" modseq INTEGER NOT NULL," \
" uid INTEGER NOT NULL," \
" PRIMARY KEY (folder, modseq, uid)) WITHOUT ROWID;" \
"CREATE TABLE conflict (" \
" num INTEGER PRIMARY KEY AUTOINCREMENT," \
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE," \
" uid INTEGER NOT NULL," \
" time INTEGER NOT NULL," \
" device TEXT," \
" device_won INTEGER NOT NULL," \
" won TEXT," \
" lost TEXT);" \
"CREATE INDEX conflict_folder ON conflict (folder);" \
"CREATE TABLE blob (" \
" num INTEGER PRIMARY KEY AUTOINCREMENT," \
" item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE," \
" name TEXT," \
" type TEXT," \
" data BLOB NOT NULL);" \
"CREATE INDEX blob_item ON blob (item);"
#define TABLES_5 TABLES_4 \
"CREATE TABLE recipient (" \
" address TEXT PRIMARY KEY," \
" shown TEXT NOT NULL," \
" name TEXT," \
" score INTEGER NOT NULL) WITHOUT ROWID;"
#define TABLES_6 TABLES_5 \
"CREATE TABLE outbox (" \
" num INTEGER PRIMARY KEY AUTOINCREMENT," \
" rcpts TEXT NOT NULL," \
" message_id TEXT NOT NULL," \
" save INTEGER NOT NULL," \
" sent INTEGER NOT NULL," \
" uidvalidity INTEGER NOT NULL," \
" uidnext INTEGER NOT NULL," \
" tries INTEGER NOT NULL," \
" next_try INTEGER NOT NULL," \
" created INTEGER NOT NULL," \
" mail BLOB NOT NULL);" \
"CREATE TABLE meeting_gone (" \
" uid TEXT PRIMARY KEY," \
" sequence INTEGER NOT NULL," \
" stamp INTEGER NOT NULL," \
" time INTEGER NOT NULL) WITHOUT ROWID;" \
"CREATE TABLE mail_seen (" \
" mailbox TEXT PRIMARY KEY," \
" uidvalidity INTEGER NOT NULL," \
" uidnext INTEGER NOT NULL) WITHOUT ROWID;"
#define APPLICATION_ID "PRAGMA application_id = 1383298049;"

static const char *const released_schemas[STORE_SCHEMA_VERSION] = {
	TABLES_1 APPLICATION_ID "PRAGMA user_version = 1;",
	TABLES_2 APPLICATION_ID "PRAGMA user_version = 2;",
	TABLES_3 APPLICATION_ID "PRAGMA user_version = 3;",
	TABLES_4 APPLICATION_ID "PRAGMA user_version = 4;",
	TABLES_5 APPLICATION_ID "PRAGMA user_version = 5;",
	TABLES_6 APPLICATION_ID "PRAGMA user_version = 6;",
};

/* A row for each table, in the columns of version 1. */
static const char *const released_rows =
"INSERT INTO device VALUES (7, 'eas', 'ID', 'SP', 'agent', 'model', NULL,"
" 'name', 'os', NULL, NULL, NULL, 141, 0, 1000, 2000, 2, 1, 1, 11, 12, 'hash',"
" 900);"
"INSERT INTO device_param VALUES (7, 'ping', X'01FF');"
"INSERT INTO state VALUES (7, 'f17', 5, 6, 1, X'aa', X'bbcc');"
"INSERT INTO op VALUES (7, 'move', '17:200>5', X'dd', 3000);"
"INSERT INTO folder VALUES"
" (17, X'000102030405060708090a0b0c0d0e0f', 'INBOX');";

static sqlite3 *test_db_open(const char *name)
{
	sqlite3 *db;

	if (sqlite3_open(test_store_path(name), &db) != SQLITE_OK)
		i_fatal("sqlite3_open() failed");
	return db;
}

static void test_db_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s: %s", sql, sqlite3_errmsg(db));
}

static int64_t test_db_number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	int64_t value;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		i_fatal("%s: %s", sql, sqlite3_errmsg(db));
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return value;
}

static void test_released_rows(struct store *store, unsigned int version)
{
	static const guid_128_t guid = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					 11, 12, 13, 14, 15 };
	pool_t pool = pool_datastack_create();
	struct store_pim_folder folder;
	struct store_device *device;
	struct store_state state;
	buffer_t *value;
	uint32_t id;

	test_assert_idx(store_device_get(store, pool, "eas", "ID",
					 &device) == 1, version);
	test_assert_idx(device->num == 7 && device->version == 141 &&
			device->access == STORE_DEVICE_BLOCKED &&
			device->wipe == STORE_DEVICE_WIPE_ORDERED &&
			device->policy_key == 11 && device->heartbeat == 900,
			version);
	test_assert_idx(store_device_param_get(store, pool, 7, "ping",
					       &value) == 1, version);
	test_assert_idx(value->used == 2, version);
	test_assert_idx(store_state_get(store, pool, 7, "f17", &state) == 1,
			version);
	test_assert_idx(state.epoch == 5 && state.counter == 6 &&
			state.confirmed_size == 1 && state.issued_size == 2,
			version);
	test_assert_idx(store_op_get(store, pool, 7, "move", "17:200>5",
				     &value) == 1, version);
	test_assert_idx(store_folder_get_id(store, guid, NULL, &id) == 0,
			version);
	test_assert_idx(id == 17, version);
	/* what came later works, too */
	test_assert_idx(store_pim_folder_get_main(store, pool,
						  STORE_KIND_NOTES,
						  &folder) == 0, version);
	test_assert_idx(folder.id > 17 && folder.uidnext == 1, version);
}

static void test_store_schema_released(void)
{
	unsigned int version;
	struct store *store;
	sqlite3 *db;

	test_begin("store schema: upgrade from every released version");
	for (version = 1; version <= STORE_SCHEMA_VERSION; version++) {
		const char *name = t_strdup_printf("v%u", version);

		db = test_db_open(name);
		test_db_exec(db, released_schemas[version - 1]);
		test_db_exec(db, released_rows);
		(void)sqlite3_close(db);

		store = test_store_open(name);
		test_released_rows(store, version);
		test_assert_idx(test_db_number(store->db,
			"PRAGMA user_version") == STORE_SCHEMA_VERSION,
			version);
		store_close(&store);
	}
	test_end();
}

static void test_store_schema_refused(void)
{
	static const struct {
		const char *sql, *error;
	} tests[] = {
		{ "CREATE TABLE bookmarks (url)", "another program's" },
		{ "PRAGMA application_id = 5", "another program's" },
		{ "PRAGMA application_id = 1383298049;"
		  "PRAGMA user_version = 99", "newer" },
	};
	struct store *store;
	const char *error;
	sqlite3 *db;
	unsigned int i;

	test_begin("store schema: foreign and newer databases are refused");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *name = t_strdup_printf("foreign%u", i);

		db = test_db_open(name);
		test_db_exec(db, tests[i].sql);
		(void)sqlite3_close(db);
		test_assert_idx(store_open(test_store_path(name), &test_store_settings, NULL,
					   &store, &error) < 0, i);
		test_assert_idx(strstr(error, tests[i].error) != NULL, i);

		/* it was left alone */
		db = test_db_open(name);
		test_assert_idx(test_db_number(db,
			"SELECT count(*) FROM sqlite_master WHERE "
			"name='device'") == 0, i);
		(void)sqlite3_close(db);
	}
	test_end();
}

static void test_store_schema_steps(void)
{
	static const struct store_upgrade steps[] = {
		{ 1, "CREATE TABLE a (x); INSERT INTO a VALUES (1)" },
		{ 2, "ALTER TABLE a ADD COLUMN y DEFAULT 5" },
		{ 3, "CREATE TABLE b (z); INSERT INTO b SELECT x + y FROM a" },
	};
	static const struct store_upgrade broken[] = {
		{ 1, "CREATE TABLE a (x); INSERT INTO a VALUES (1)" },
		{ 2, "CREATE TABLE c (x); INSERT INTO nowhere VALUES (1)" },
	};
	const char *error;
	unsigned int from;
	sqlite3 *db;

	test_begin("store schema: steps");
	/* from each version that the steps themselves make */
	for (from = 0; from <= N_ELEMENTS(steps); from++) {
		db = test_db_open(t_strdup_printf("steps%u", from));
		test_assert_idx(from == 0 ||
			store_schema_upgrade(db, steps, from, &error) == 0,
			from);
		test_assert_idx(store_schema_upgrade(db, steps,
			N_ELEMENTS(steps), &error) == 0, from);
		test_assert_idx(test_db_number(db, "SELECT z FROM b") == 6,
				from);
		test_assert_idx(test_db_number(db,
			"PRAGMA user_version") == 3, from);
		(void)sqlite3_close(db);
	}
	/* a step that fails undoes those before it as well */
	db = test_db_open("broken");
	test_assert(store_schema_upgrade(db, broken, 2, &error) < 0);
	test_assert(strstr(error, "version 2") != NULL);
	test_assert(test_db_number(db,
		"SELECT count(*) FROM sqlite_master") == 0);
	test_assert(test_db_number(db, "PRAGMA user_version") == 0);
	test_assert(sqlite3_get_autocommit(db) != 0);
	(void)sqlite3_close(db);
	test_end();
}

static void test_store_schema_statements(void)
{
	struct store *store;
	unsigned int i;

	test_begin("store schema: every statement fits it");
	store = test_store_create("statements");
	for (i = 0; i < STORE_SQL_COUNT; i++)
		test_assert_idx(store_sql_get(store, i) != NULL, i);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_schema_released,
		test_store_schema_refused,
		test_store_schema_steps,
		test_store_schema_statements,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
