/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "store-private.h"
#include "store-device.h"
#include "store-item.h"
#include "store-maint.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static sqlite3 *test_db_open(const char *name)
{
	sqlite3 *db;

	if (sqlite3_open(test_store_path(name), &db) != SQLITE_OK)
		i_fatal("sqlite3_open() failed");
	(void)sqlite3_busy_timeout(db, 60000);
	return db;
}

static void test_db_exec(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("%s: %s", sql, sqlite3_errmsg(db));
}

static void test_exec(const char *name, const char *sql)
{
	sqlite3 *db = test_db_open(name);

	test_db_exec(db, sql);
	if (sqlite3_close(db) != SQLITE_OK)
		i_fatal("sqlite3_close() failed");
}

static int64_t test_number(const char *name, const char *sql)
{
	sqlite3 *db = test_db_open(name);
	sqlite3_stmt *stmt;
	int64_t value;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		i_fatal("%s: %s", sql, sqlite3_errmsg(db));
	value = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	(void)sqlite3_close(db);
	return value;
}

/* A device, and a note with some pages of text. Returns the note's folder. */
static uint32_t test_fill(struct store *store)
{
	struct store_device device = { .protocol = "eas", .id = "1" };
	const struct store_item_props props = {
		.pim_uid = "uid", .name = "name",
	};
	string_t *text = t_str_new(300000);
	struct store_pim_folder folder;
	uint32_t uid;

	while (str_len(text) < 300000)
		str_append(text, "This is a note.\n");
	if (store_device_save(store, &device) < 0 ||
	    store_op_put(store, device.num, "a", "", "0", 1) < 0 ||
	    store_op_put(store, device.num, "b", "", "0", 1) < 0 ||
	    store_pim_folder_get_main(store, pool_datastack_create(),
				      STORE_KIND_NOTES, &folder) < 0 ||
	    store_item_add(store, folder.id, &props, str_c(text),
			   str_len(text), &uid, NULL) != STORE_PUT_OK)
		i_fatal("filling the database failed");
	return folder.id;
}

/* -- check -- */

struct test_found {
	unsigned int repaired;
	string_t *left;
};

static void test_check_found(const char *problem, bool repaired, void *context)
{
	struct test_found *found = context;

	if (repaired)
		found->repaired++;
	else
		str_printfa(found->left, "%s\n", problem);
}

/* Returns the problems that are left. */
static const char *
test_check(const char *name, bool repair, unsigned int *repaired_r)
{
	struct store *store = test_store_open(name);
	struct test_found found = { .left = t_str_new(256) };
	int ret;

	ret = store_check(store, repair, test_check_found, &found);
	store_close(&store);
	test_assert((ret == 0) == (str_len(found.left) == 0) && ret >= 0);
	*repaired_r = found.repaired;
	return str_c(found.left);
}

static void test_store_check_rows(void)
{
	static const struct {
		const char *sql, *problem;
		bool repairable;
	} tests[] = {
		{ "INSERT INTO device_param VALUES (99, 'ping', X'00')",
		  "in table: device_param", TRUE },
		{ "INSERT INTO state VALUES (99, 'f1', 1, 1, 0, NULL, NULL)",
		  "in table: state", TRUE },
		{ "INSERT INTO op VALUES (99, 'move', '', X'00', 0)",
		  "in table: op", TRUE },
		{ "INSERT INTO tombstone VALUES (99, 1, 1)",
		  "in table: tombstone", TRUE },
		{ "INSERT INTO blob (item, data) VALUES (4711, X'00')",
		  "in table: blob", TRUE },
		{ "INSERT INTO tombstone SELECT folder, modseq, uid FROM item",
		  "1 deletions of items that are there", TRUE },
		{ "UPDATE pim_folder SET bytes=1, modseq=1 WHERE items=1",
		  "numbers are wrong", TRUE },
		{ "INSERT INTO conflict_blob VALUES (99, 1, X'00')",
		  "in table: conflict_blob", TRUE },
		{ "INSERT INTO conflict (folder, uid, time, device_won, lost) "
		  "SELECT folder, uid, 1, 0, 'lost' FROM item",
		  "1 conflicts with a wrong size", TRUE },
		/* somebody's data */
		{ "INSERT INTO conflict (folder, uid, time, device_won) "
		  "VALUES (99, 1, 1, 0)", "in table: conflict", FALSE },
		{ "UPDATE item SET uid=5", "items with a wrong key", FALSE },
		{ "UPDATE item SET folder=99", "in table: item", FALSE },
	};
	const char *name, *left;
	unsigned int i, repaired;
	struct store *store;

	test_begin("store check: rows");
	for (i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		name = t_strdup_printf("check%u", i);
		store = test_store_create(name);
		(void)test_fill(store);
		store_close(&store);
		test_assert_idx(*test_check(name, TRUE, &repaired) == '\0', i);
		test_assert_idx(repaired == 0, i);

		test_exec(name, tests[i].sql);
		left = test_check(name, FALSE, &repaired);
		test_assert_idx(strstr(left, tests[i].problem) != NULL, i);
		test_assert_idx(repaired == 0, i);
		left = test_check(name, TRUE, &repaired);
		if (tests[i].repairable) {
			test_assert_idx(*left == '\0' && repaired == 1, i);
			left = test_check(name, FALSE, &repaired);
			test_assert_idx(*left == '\0' && repaired == 0, i);
		} else {
			test_assert_idx(strstr(left, tests[i].problem) != NULL,
					i);
		}
		test_assert_idx(test_number(name, "SELECT count(*) FROM item "
					    "WHERE pim_uid='uid'") == 1, i);
	} T_END;
	test_end();
}

/* An index that has not what its table has. */
static void test_store_check_index(void)
{
	const char *name = "index", *left;
	struct store *store = test_store_create(name);
	unsigned int repaired;

	test_begin("store check: an index is made anew");
	(void)test_fill(store);
	store_close(&store);
	test_exec(name, "CREATE TABLE kept AS SELECT * FROM sqlite_master "
		  "WHERE name='item_pim_uid'");
	test_exec(name, "PRAGMA writable_schema=ON; "
		  "DELETE FROM sqlite_master WHERE name='item_pim_uid'");
	test_exec(name, "UPDATE item SET pim_uid='other'");
	test_exec(name, "PRAGMA writable_schema=ON; INSERT INTO sqlite_master "
		  "SELECT * FROM kept");
	test_exec(name, "DROP TABLE kept");

	left = test_check(name, FALSE, &repaired);
	test_assert(strstr(left, "SQLite: ") != NULL && repaired == 0);
	left = test_check(name, TRUE, &repaired);
	test_assert(*left == '\0' && repaired > 0);
	left = test_check(name, FALSE, &repaired);
	test_assert(*left == '\0' && repaired == 0);
	test_assert(test_number(name, "SELECT count(*) FROM item "
				"WHERE pim_uid='other'") == 1);
	test_end();
}

/* -- backup -- */

/* Counts two numbers up in one transaction, and changes all pages of a text, until it is
   killed. */
static void test_writer(const char *name, const struct store_settings *set)
{
	struct store *store;
	const char *error;
	unsigned int i;

	if (store_open(test_store_path(name), set, NULL, &store, &error) < 0)
		i_fatal("store_open() failed: %s", error);
	for (i = 0;; i++) {
		test_db_exec(store->db, "BEGIN IMMEDIATE;"
			"UPDATE op SET value=CAST(value AS INTEGER)+1 "
			"WHERE kind='a';"
			"UPDATE item SET text=replace(text, 'This', 'That'), "
			"modseq=modseq+1;"
			"UPDATE item SET text=replace(text, 'That', 'This');"
			"UPDATE pim_folder SET modseq=modseq+1 WHERE items=1;"
			"UPDATE op SET value=CAST(value AS INTEGER)+1 "
			"WHERE kind='b';"
			"COMMIT");
	}
}

static int64_t test_backup_one(struct store *store, const char *name)
{
	unsigned int repaired;
	const char *error;

	if (store_backup(store, test_store_path(name), &error) < 0)
		i_fatal("store_backup() failed: %s", error);
	test_assert(*test_check(name, FALSE, &repaired) == '\0');
	test_assert(test_number(name, "SELECT count(DISTINCT CAST(value AS "
				"INTEGER)) FROM op") == 1);
	return test_number(name, "SELECT max(CAST(value AS INTEGER)) FROM op");
}

static void test_store_backup(void)
{
	static const char *const journals[] = { "wal", "delete" };
	struct store_settings set = { .busy_msecs = 60000 };
	const char *name, *error;
	struct store *store;
	int64_t count, last;
	unsigned int i, n;
	pid_t pid;

	test_begin("store backup: while somebody writes all the time");
	for (i = 0; i < N_ELEMENTS(journals); i++) {
		name = t_strconcat("backup-", journals[i], NULL);
		set.journal = journals[i];
		if (store_open(test_store_path(name), &set, NULL, &store,
			       &error) < 0)
			i_fatal("store_open() failed: %s", error);
		(void)test_fill(store);
		last = test_backup_one(store, t_strconcat(name, "0", NULL));
		test_assert(last == 0);
		pid = fork();
		if (pid == -1)
			i_fatal("fork() failed: %m");
		if (pid == 0)
			test_writer(name, &set);
		/* it runs: each backup is of a later moment than the one
		   before, or of the same */
		while (test_number(name, "SELECT max(CAST(value AS INTEGER)) "
				   "FROM op") == 0)
			usleep(1000);
		for (n = 1; n <= 5; n++) {
			count = test_backup_one(store, t_strdup_printf(
							"%s%u", name, n));
			test_assert_idx(count >= last && count > 0, n);
			last = count;
		}
		if (kill(pid, SIGKILL) < 0 || waitpid(pid, NULL, 0) < 0)
			i_fatal("kill() failed: %m");

		/* the newest one comes back */
		test_assert(store_restore(store, test_store_path(
			t_strconcat(name, "5", NULL)), &error) == 0);
		store_close(&store);
		test_assert(test_number(name, "SELECT max(CAST(value AS "
					"INTEGER)) FROM op") == last);
		/* in the journal mode that it has here */
		store = NULL;
		test_assert(store_open(test_store_path(name), &set, NULL,
				       &store, &error) == 0);
		store_close(&store);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_check_rows,
		test_store_check_index,
		test_store_backup,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
