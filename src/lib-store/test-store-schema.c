/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "store-private.h"
#include "store-recipient.h"
#include "store-blob.h"
#include "store-device.h"
#include "store-folder.h"
#include "store-index.h"
#include "store-item.h"
#include "store-maint.h"
#include "store-state.h"
#include "str.h"
#include "test-common.h"
#include "test-store-common.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

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
#define TABLES_7 TABLES_6 \
"CREATE TABLE meeting_cancelled (" \
" uid TEXT NOT NULL," \
" organizer TEXT NOT NULL," \
" sequence INTEGER NOT NULL," \
" stamp INTEGER NOT NULL," \
" time INTEGER NOT NULL," \
" PRIMARY KEY (uid, organizer)) WITHOUT ROWID;" \
"ALTER TABLE mail_seen ADD COLUMN uidold INTEGER NOT NULL DEFAULT 0;" \
"ALTER TABLE mail_seen ADD COLUMN trying INTEGER NOT NULL DEFAULT 0;" \
"ALTER TABLE mail_seen ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;" \
"ALTER TABLE mail_seen ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
#define TABLES_8 TABLES_7 \
"ALTER TABLE recipient ADD COLUMN uid INTEGER NOT NULL DEFAULT 0;" \
"ALTER TABLE recipient ADD COLUMN modseq INTEGER NOT NULL DEFAULT 1;" \
"CREATE UNIQUE INDEX recipient_uid ON recipient (uid);" \
"CREATE TABLE recipient_status (" \
" uidvalidity INTEGER NOT NULL," \
" uidnext INTEGER NOT NULL," \
" modseq INTEGER NOT NULL);" \
"INSERT INTO recipient_status VALUES (1800000000, 1, 1);"
#define TABLES_9 TABLES_8 \
"CREATE TABLE item_text (" \
" id INTEGER PRIMARY KEY REFERENCES item (id)," \
" whole INTEGER NOT NULL," \
" keys TEXT NOT NULL," \
" text TEXT NOT NULL);" \
"CREATE INDEX item_text_not_whole ON item_text (id) WHERE whole = 0;" \
"CREATE VIRTUAL TABLE item_fts USING fts5 (keys, text," \
" content='item_text', content_rowid='id', columnsize=0, detail=none," \
" tokenize='trigram case_sensitive 1');" \
"CREATE TABLE item_waiting (" \
" id INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE);" \
"CREATE TRIGGER item_added AFTER INSERT ON item BEGIN" \
" INSERT INTO item_waiting VALUES (new.id); END;" \
"CREATE TRIGGER item_changed AFTER UPDATE OF text ON item BEGIN" \
" INSERT OR IGNORE INTO item_waiting VALUES (new.id); END;"
#define TABLES_10 TABLES_9 \
"ALTER TABLE conflict ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;" \
"CREATE INDEX conflict_bytes ON conflict (bytes);" \
"CREATE TABLE conflict_blob (" \
" conflict INTEGER NOT NULL REFERENCES conflict (num) ON DELETE CASCADE," \
" blob INTEGER NOT NULL," \
" data BLOB NOT NULL," \
" UNIQUE (conflict, blob));"
#define APPLICATION_ID "PRAGMA application_id = 1383298049;"

static const char *const released_schemas[STORE_SCHEMA_VERSION] = {
	TABLES_1 APPLICATION_ID "PRAGMA user_version = 1;",
	TABLES_2 APPLICATION_ID "PRAGMA user_version = 2;",
	TABLES_3 APPLICATION_ID "PRAGMA user_version = 3;",
	TABLES_4 APPLICATION_ID "PRAGMA user_version = 4;",
	TABLES_5 APPLICATION_ID "PRAGMA user_version = 5;",
	TABLES_6 APPLICATION_ID "PRAGMA user_version = 6;",
	TABLES_7 APPLICATION_ID "PRAGMA user_version = 7;",
	TABLES_8 APPLICATION_ID "PRAGMA user_version = 8;",
	TABLES_9 APPLICATION_ID "PRAGMA user_version = 9;",
	TABLES_10 APPLICATION_ID "PRAGMA user_version = 10;",
};

/* What each version has added to a database that was in use: rows for each of its tables.
   Those of a version are those of the earlier ones, too. */
static const char *const released_rows[STORE_SCHEMA_VERSION] = {
"INSERT INTO device VALUES (7, 'eas', 'ID', 'SP', 'agent', 'model', NULL,"
" 'name', 'os', NULL, NULL, NULL, 141, 0, 1000, 2000, 2, 1, 1, 11, 12, 'hash',"
" 900);"
"INSERT INTO device VALUES (9, 'eas', 'NEW', NULL, NULL, NULL, NULL, NULL,"
" NULL, NULL, NULL, NULL, 0, 0, 0, 0, 0, 0, 0, 0, 0, NULL, 0);"
"INSERT INTO device_param VALUES (7, 'ping', X'01FF');"
"INSERT INTO state VALUES (7, 'f17', 5, 6, 1, X'aa', X'bbcc');"
"INSERT INTO state VALUES (7, 'hierarchy', 4294967295, 1, 0, NULL, X'');"
"INSERT INTO op VALUES (7, 'move', '17:200>5', X'dd', 3000);"
"INSERT INTO folder VALUES"
" (17, X'000102030405060708090a0b0c0d0e0f', 'INBOX');"
"INSERT INTO folder VALUES"
" (40, X'400102030405060708090a0b0c0d0e0f', 'gone');"
"DELETE FROM folder WHERE id = 40;",
"INSERT INTO mail_param VALUES ('0a0b', 'category', 'Red');",
"INSERT INTO draft VALUES ('f17', 3, 4, 'ID', '1 2', 4000000000);",
/* f18 is a calendar with a meeting that has an attachment, f19 a folder below it */
"INSERT INTO folder VALUES"
" (41, X'410102030405060708090a0b0c0d0e0f', NULL),"
" (42, X'420102030405060708090a0b0c0d0e0f', NULL);"
"INSERT INTO pim_folder VALUES (41, 1, 1, 0, 'Calendar', 55, 6, 9, 1, 24),"
" (42, 1, 0, 41, 'Kalend\xc3\xa4r', 56, 3, 5, 1, 1);"
"INSERT INTO item VALUES (41 << 32 | 5, 41, 5, 8, 10, 4294967295, 6000, 'uid',"
" 'name', 'BEGIN:VCALENDAR\r\n\xc3\xa4\r\n');"
"INSERT INTO item VALUES (42 << 32 | 2, 42, 2, 5, 0, 0, 6001, '', '', 'x');"
"INSERT INTO tombstone VALUES (41, 9, 3), (41, 9, 4), (42, 3, 1);"
"INSERT INTO conflict (num, folder, uid, time, device, device_won, won, lost)"
" VALUES (3, 41, 5, 7000, 'ID', 1, 'won', 'lost'),"
" (4, 42, 1, 7001, NULL, 0, NULL, 'lost');"
"INSERT INTO blob VALUES (2, 41 << 32 | 5, 'a.bin', 'image/png', X'00ff01');",
"INSERT INTO recipient (address, shown, name, score)"
" VALUES ('a@example.test', 'A@example.test', 'A', 123);",
"INSERT INTO outbox VALUES (8, 'a@example.test', '<id>', 1, 0, 55, 66, 2,"
" 8000, 7999, 'Subject: x');"
"INSERT INTO meeting_gone VALUES ('uid2', 3, 9000, 9001);"
"INSERT INTO mail_seen (mailbox, uidvalidity, uidnext)"
" VALUES ('INBOX', 55, 77);",
"INSERT INTO meeting_cancelled VALUES"
" ('uid3', 'a@example.test', 4, 9100, 9101);"
"UPDATE mail_seen SET uidold = 70, trying = 75, tries = 2, since = 9200;",
"UPDATE recipient SET uid = 4, modseq = 9;"
"INSERT INTO recipient VALUES ('b@example.test', 'b@example.test', NULL, 124,"
" 5, 8);"
"UPDATE recipient_status SET uidnext = 6, modseq = 9;",
/* one item is indexed, the other one waits */
"DELETE FROM item_waiting WHERE id = (41 << 32 | 5);"
"INSERT INTO item_text VALUES (41 << 32 | 5, 1, '', 'SUMMARY\n');"
"INSERT INTO item_fts (rowid, keys, text) VALUES"
" (41 << 32 | 5, '', 'SUMMARY\n');",
"INSERT INTO conflict_blob VALUES (3, 2, X'0102');"
"UPDATE conflict SET bytes = CASE num WHEN 3 THEN 9 ELSE 4 END;",
};

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

/* An expression for the values of all of a table's columns. */
static const char *
test_db_columns(sqlite3 *db, const char *table)
{
	string_t *str = t_str_new(256);
	sqlite3_stmt *stmt;

	if (sqlite3_prepare_v2(db, t_strdup_printf(
			"SELECT name FROM pragma_table_info('%s') "
			"ORDER BY name", table), -1, &stmt, NULL) != SQLITE_OK)
		i_fatal("%s: %s", table, sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		str_printfa(str, "%squote(%s)",
			    str_len(str) == 0 ? "" : " || ',' || ",
			    sqlite3_column_text(stmt, 0));
	}
	(void)sqlite3_finalize(stmt);
	return str_c(str);
}

/* Statements that read the columns of all tables that are there now, and no others that an
   upgrade may add. */
static void test_db_dumpers(sqlite3 *db, ARRAY_TYPE(const_string) *dumpers)
{
	sqlite3_stmt *stmt;
	const char *table, *sql;

	if (sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE "
			       "type='table' ORDER BY name", -1, &stmt,
			       NULL) != SQLITE_OK)
		i_fatal("sqlite_master: %s", sqlite3_errmsg(db));
	while (sqlite3_step(stmt) == SQLITE_ROW) {
		table = (const char *)sqlite3_column_text(stmt, 0);
		sql = t_strdup_printf(
			"SELECT '%s: ' || %s FROM %s ORDER BY 1", table,
			test_db_columns(db, table), table);
		array_push_back(dumpers, &sql);
	}
	(void)sqlite3_finalize(stmt);
}

static const char *
test_db_dump(sqlite3 *db, const ARRAY_TYPE(const_string) *dumpers)
{
	string_t *str = t_str_new(4096);
	sqlite3_stmt *stmt;
	const char *const *sqlp;

	array_foreach(dumpers, sqlp) {
		if (sqlite3_prepare_v2(db, *sqlp, -1, &stmt,
				       NULL) != SQLITE_OK)
			i_fatal("%s: %s", *sqlp, sqlite3_errmsg(db));
		while (sqlite3_step(stmt) == SQLITE_ROW) {
			str_printfa(str, "%s\n",
				    sqlite3_column_text(stmt, 0));
		}
		(void)sqlite3_finalize(stmt);
	}
	return str_c(str);
}

/* A database as a program of that version has left it. */
static void test_db_create(const char *name, unsigned int version)
{
	unsigned int i;
	sqlite3 *db;

	db = test_db_open(name);
	test_db_exec(db, released_schemas[version - 1]);
	for (i = 0; i < version; i++)
		test_db_exec(db, released_rows[i]);
	(void)sqlite3_close(db);
}

static void test_device_rows(struct store *store, unsigned int version)
{
	static const guid_128_t guid = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
					 11, 12, 13, 14, 15 };
	pool_t pool = pool_datastack_create();
	struct store_device *device;
	struct store_state state, next;
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
	/* its next request goes on from there */
	next = state;
	next.counter++;
	test_assert_idx(store_state_put(store, 7, "f17", &state, &next) == 1,
			version);
	test_assert_idx(store_op_get(store, pool, 7, "move", "17:200>5",
				     &value) == 1, version);
	test_assert_idx(store_folder_get_id(store, guid, NULL, &id) == 0,
			version);
	test_assert_idx(id == 17, version);
}

/* What a version of the database does not have yet is empty and works. */
static void test_pim_rows(struct store *store, unsigned int version)
{
	pool_t pool = pool_datastack_create();
	struct store_pim_folder folder;
	struct store_item item;
	const unsigned char *data;
	struct istream *input;
	size_t size;
	uint32_t uid;

	/* a number that a device may have seen is not used again */
	test_assert_idx(store_pim_folder_get_main(store, pool,
						  STORE_KIND_NOTES,
						  &folder) == 0, version);
	test_assert_idx(folder.id > 40 && folder.uidnext == 1, version);
	if (version < 4)
		return;
	test_assert_idx(store_pim_folder_get_main(store, pool,
						  STORE_KIND_CALENDAR,
						  &folder) == 0, version);
	test_assert_idx(folder.id == 41 && folder.uidnext == 6, version);
	test_assert_idx(store_item_get(store, pool, 41, 5, &item) == 1,
			version);
	test_assert_idx(strcmp(item.text, "BEGIN:VCALENDAR\r\n\xc3\xa4\r\n")
			== 0 && item.props.last_day == STORE_DAY_EVER, version);
	input = store_blob_open(store, 2);
	test_assert_idx(i_stream_read_bytes(input, &data, &size, 3) == 1,
			version);
	test_assert_idx(size == 3 && data[1] == 0xff, version);
	i_stream_unref(&input);
	test_assert_idx(store_item_add(store, 41, &item.props, "y", 1, &uid,
				       NULL) == STORE_PUT_OK, version);
	test_assert_idx(uid == 6, version);
}

static bool test_index_found(uint32_t uid, time_t changed ATTR_UNUSED,
			     const char *text ATTR_UNUSED, void *context)
{
	uint32_t *found = context;

	*found = uid;
	return TRUE;
}

/* All items of before wait for a search that indexes them, but for those that are indexed. */
static void test_index_rows(struct store *store, unsigned int version)
{
	static const char *const parts[] = { "SUMMARY", NULL };
	pool_t pool = pool_datastack_create();
	struct store_item item;
	uint32_t found = 0;

	if (version < 4)
		return;
	if (version < 9) {
		test_assert_idx(store_index_next(store, pool, 41, &item) == 1,
				version);
		test_assert_idx(item.uid == 5, version);
		test_assert_idx(store_index_put(store, 41, 5, "SUMMARY\n",
						"") == 0, version);
	}
	test_assert_idx(store_index_next(store, pool, 42, &item) == 1, version);
	test_assert_idx(item.uid == 2, version);
	test_assert_idx(store_index_find_text(store, 41, parts,
			test_index_found, &found) == 0 && found == 5, version);
}

static void test_recipient_rows(struct store *store, unsigned int version)
{
	struct store_recipient recipient = { .address = "c@example.test" };
	struct store_recipient_status status;
	uint32_t uidnext = version < 5 ? 1 : version < 8 ? 2 : 6;

	test_assert_idx(store_recipient_status(store, &status) == 0, version);
	test_assert_idx(status.uidvalidity != 0 && status.uidnext == uidnext,
			version);
	test_assert_idx(store_recipient_add(store, &recipient, 1,
					    1800000000) == 0, version);
	test_assert_idx(store_recipient_get(store, pool_datastack_create(),
					    uidnext, &recipient) == 1, version);
}

static void test_check_found(const char *problem, bool repaired ATTR_UNUSED,
			     void *context ATTR_UNUSED)
{
	i_error("%s", problem);
}

static void test_upgraded(const char *name, unsigned int version,
			  const ARRAY_TYPE(const_string) *dumpers,
			  const char *before)
{
	struct store *store = test_store_open(name);

	test_assert_idx(test_db_number(store->db, "PRAGMA user_version") ==
			STORE_SCHEMA_VERSION, version);
	test_assert_strcmp_idx(test_db_dump(store->db, dumpers), before,
			       version);
	test_device_rows(store, version);
	test_pim_rows(store, version);
	test_index_rows(store, version);
	test_recipient_rows(store, version);
	test_assert_idx(store_check(store, FALSE, test_check_found, NULL) == 0,
			version);
	store_close(&store);
}

static void test_store_schema_released(void)
{
	unsigned int version;
	sqlite3 *db;

	test_begin("store schema: upgrade from every released version");
	for (version = 1; version <= STORE_SCHEMA_VERSION; version++) T_BEGIN {
		const char *name = t_strdup_printf("v%u", version), *before;
		ARRAY_TYPE(const_string) dumpers;

		test_db_create(name, version);
		db = test_db_open(name);
		t_array_init(&dumpers, 32);
		test_db_dumpers(db, &dumpers);
		before = test_db_dump(db, &dumpers);
		(void)sqlite3_close(db);
		test_upgraded(name, version, &dumpers, before);
	} T_END;
	test_end();
}

static void test_store_schema_recipients(void)
{
	struct store *store;
	sqlite3 *db;

	test_begin("store schema: earlier recipients get numbers");
	test_db_create("recipients", 6);
	db = test_db_open("recipients");
	test_db_exec(db, "INSERT INTO recipient VALUES "
		     "('c@x.test', 'C@x.test', NULL, 7),"
		     "('b@x.test', 'b@x.test', 'B', 5)");
	(void)sqlite3_close(db);
	store = test_store_open("recipients");
	test_assert(test_db_number(store->db, "SELECT count(DISTINCT uid) "
		"FROM recipient WHERE uid BETWEEN 1 AND 3 AND modseq=1") == 3);
	test_assert(test_db_number(store->db,
		"SELECT uidnext FROM recipient_status") == 4);
	store_close(&store);
	test_end();
}

/* The schema of a database that was upgraded is that of a new one. */
static void test_store_schema_same(void)
{
	static const char *const sql =
		"SELECT group_concat(replace(sql, '( ', '('), char(10)) "
		"FROM (SELECT sql FROM "
		"sqlite_master WHERE sql IS NOT NULL ORDER BY name)";
	ARRAY_TYPE(const_string) dumpers;
	struct store *store;
	const char *fresh;
	unsigned int version;

	test_begin("store schema: an upgraded database is as a new one");
	t_array_init(&dumpers, 1);
	array_push_back(&dumpers, &sql);
	store = test_store_create("fresh");
	fresh = test_db_dump(store->db, &dumpers);
	store_close(&store);
	for (version = 1; version <= STORE_SCHEMA_VERSION; version++) {
		store = test_store_open(t_strdup_printf("v%u", version));
		test_assert_strcmp_idx(test_db_dump(store->db, &dumpers),
				       fresh, version);
		store_close(&store);
	}
	test_end();
}

/* -- kill -9 while it is being upgraded -- */

#define TEST_KILL_AT_COMMIT UINT_MAX

static unsigned int test_steps_left;

static int test_count_step(void *context)
{
	unsigned int *steps = context;

	++*steps;
	return 0;
}

static int test_die_at_step(void *context ATTR_UNUSED)
{
	if (test_steps_left-- == 0)
		(void)kill(getpid(), SIGKILL);
	return 0;
}

static int test_die_at_commit(void *context ATTR_UNUSED)
{
	(void)kill(getpid(), SIGKILL);
	return 0;
}

/* Upgrades in a process that dies after so many of SQLite's steps. */
static void test_upgrade_killed(const char *name, unsigned int steps)
{
	const char *error;
	int status = 0;
	sqlite3 *db;
	pid_t pid;

	pid = fork();
	if (pid == -1)
		i_fatal("fork() failed: %m");
	if (pid == 0) {
		db = test_db_open(name);
		test_db_exec(db, "PRAGMA journal_mode=wal");
		test_steps_left = steps;
		if (steps == TEST_KILL_AT_COMMIT)
			(void)sqlite3_commit_hook(db, test_die_at_commit, NULL);
		else
			sqlite3_progress_handler(db, 1, test_die_at_step, NULL);
		(void)store_schema_init(db, &error);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid)
		i_fatal("waitpid() failed: %m");
	test_assert_idx(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
			steps);
}

static void test_store_schema_killed(void)
{
	const unsigned int rounds = 10;
	ARRAY_TYPE(const_string) dumpers;
	unsigned int version, steps, i;
	const char *name, *before, *error;
	sqlite3 *db;

	test_begin("store schema: kill -9 in the middle of an upgrade");
	for (version = 1; version < STORE_SCHEMA_VERSION; version++) T_BEGIN {
		/* how many steps it takes */
		name = t_strdup_printf("count%u", version);
		test_db_create(name, version);
		db = test_db_open(name);
		t_array_init(&dumpers, 32);
		test_db_dumpers(db, &dumpers);
		before = test_db_dump(db, &dumpers);
		steps = 0;
		sqlite3_progress_handler(db, 1, test_count_step, &steps);
		test_assert(store_schema_init(db, &error) == 0);
		(void)sqlite3_close(db);
		test_assert_idx(steps > rounds, version);

		name = t_strdup_printf("killed%u", version);
		test_db_create(name, version);
		for (i = 0; i < rounds; i++)
			test_upgrade_killed(name, steps * i / rounds);
		test_upgrade_killed(name, TEST_KILL_AT_COMMIT);
		test_upgraded(name, version, &dumpers, before);
	} T_END;
	test_end();
}

static const buffer_t *test_file_read(const char *name)
{
	const char *path = test_store_path(name);
	buffer_t *data = t_buffer_create(65536);
	ssize_t ret;
	int fd;

	fd = open(path, O_RDONLY);
	if (fd == -1)
		i_fatal("open(%s) failed: %m", path);
	while ((ret = read(fd, buffer_get_space_unsafe(data, data->used, 4096),
			   4096)) > 0)
		buffer_set_used_size(data, data->used - 4096 + ret);
	i_close_fd(&fd);
	return data;
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
	const buffer_t *before;
	sqlite3 *db;
	unsigned int i;

	test_begin("store schema: foreign and newer databases are refused");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *name = t_strdup_printf("foreign%u", i);

		db = test_db_open(name);
		test_db_exec(db, tests[i].sql);
		(void)sqlite3_close(db);
		before = test_file_read(name);
		test_assert_idx(store_open(test_store_path(name), &test_store_settings, NULL,
					   &store, &error) < 0, i);
		test_assert_idx(strstr(error, tests[i].error) != NULL, i);

		/* it was left alone */
		test_assert_idx(buffer_cmp(test_file_read(name),
					   before), i);
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
		test_store_schema_recipients,
		test_store_schema_same,
		test_store_schema_killed,
		test_store_schema_refused,
		test_store_schema_steps,
		test_store_schema_statements,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
