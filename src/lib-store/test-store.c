/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "randgen.h"
#include "write-full.h"
#include "store-private.h"
#include "store-device.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static uint32_t test_device(struct store *store)
{
	struct store_device device = { .protocol = "eas", .id = "1" };

	if (store_device_save(store, &device) < 0)
		i_fatal("store_device_save() failed");
	return device.num;
}

static bool test_integrity(struct store *store)
{
	sqlite3_stmt *stmt;
	bool ok;

	if (sqlite3_prepare_v2(store->db, "PRAGMA integrity_check", -1, &stmt,
			       NULL) != SQLITE_OK ||
	    sqlite3_step(stmt) != SQLITE_ROW)
		return FALSE;
	ok = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	(void)sqlite3_finalize(stmt);
	return ok;
}

static void test_store_open_create(void)
{
	struct store *store;
	const char *error, *path;
	struct stat st;
	mode_t old_umask = umask(0);

	test_begin("store: directories and modes");
	path = test_store_path("a/b/roost.db");
	test_assert(store_open(path, &test_store_settings, NULL, &store, &error) == 0);
	(void)test_device(store);
	test_assert(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
	test_assert(stat(t_strconcat(path, "-wal", NULL), &st) == 0 &&
		    (st.st_mode & 0777) == 0600);
	test_assert(stat(test_store_path("a"), &st) == 0 &&
		    (st.st_mode & 0777) == 0700);
	test_assert(stat(test_store_path("a/b"), &st) == 0 &&
		    (st.st_mode & 0777) == 0700);
	store_close(&store);
	test_assert(store == NULL);
	store_close(&store);
	(void)umask(old_umask);

	/* not a directory, or no right to it */
	test_assert(store_open(t_strconcat(path, "/x/y", NULL), &test_store_settings, NULL,
			       &store, &error) < 0);
	test_assert(strstr(error, "failed: ") != NULL);
	test_assert(store_open("/proc/roost/roost.db", &test_store_settings, NULL, &store,
			       &error) < 0);
	test_end();
}

static void test_store_damaged(void)
{
	struct store *store;
	const char *error, *path = test_store_path("damaged");
	unsigned char buf[8192];
	struct stat st;
	int fd;

	test_begin("store: damaged files are refused and left alone");
	random_fill(buf, sizeof(buf));
	fd = open(path, O_CREAT | O_RDWR, 0600);
	if (fd == -1 || write_full(fd, buf, sizeof(buf)) < 0)
		i_fatal("write(%s) failed: %m", path);
	i_close_fd(&fd);
	test_assert(store_open(path, &test_store_settings, NULL, &store, &error) < 0);
	test_assert(strstr(error, path) != NULL);
	test_assert(stat(path, &st) == 0 && st.st_size == sizeof(buf));

	/* ours, but cut off */
	store = test_store_create("cut");
	(void)test_device(store);
	store_close(&store);
	path = test_store_path("cut");
	if (truncate(path, 4096 + 100) < 0)
		i_fatal("truncate(%s) failed: %m", path);
	test_assert(store_open(path, &test_store_settings, NULL, &store, &error) < 0);
	test_assert(stat(path, &st) == 0 && st.st_size == 4096 + 100);

	/* an empty file is what a crash before the first write leaves */
	path = test_store_path("empty");
	fd = open(path, O_CREAT | O_RDWR, 0600);
	i_close_fd(&fd);
	test_assert(store_open(path, &test_store_settings, NULL, &store, &error) == 0);
	(void)test_device(store);
	store_close(&store);
	test_end();
}

static void test_store_transaction(void)
{
	struct store *store = test_store_create("transaction");
	pool_t pool = pool_datastack_create();
	uint32_t num = test_device(store);
	buffer_t *value;

	test_begin("store: transactions");
	test_assert(store_begin(store) == 0);
	test_assert(store_op_put(store, num, "k", "1", "x", 1) == 0);
	test_assert(store_op_put(store, num, "k", "2", "x", 1) == 0);
	store_rollback(store);
	test_assert(store_op_get(store, pool, num, "k", "1", &value) == 0);

	test_assert(store_begin(store) == 0);
	test_assert(store_op_put(store, num, "k", "1", "x", 1) == 0);
	test_assert(store_op_put(store, num, "k", "2", "x", 1) == 0);
	test_assert(store_commit(store) == 0);
	test_assert(store_op_get(store, pool, num, "k", "2", &value) == 1);

	/* a part */
	test_assert(store_begin(store) == 0);
	test_assert(store_op_put(store, num, "k", "a", "x", 1) == 0);
	test_assert(store_savepoint(store) == 0);
	test_assert(store_op_put(store, num, "k", "b", "x", 1) == 0);
	test_assert(store_savepoint_end(store, TRUE) == 0);
	test_assert(store_savepoint(store) == 0);
	test_assert(store_op_put(store, num, "k", "c", "x", 1) == 0);
	test_assert(store_savepoint_end(store, FALSE) == 0);
	test_assert(store_commit(store) == 0);
	test_assert(store_op_get(store, pool, num, "k", "a", &value) == 1);
	test_assert(store_op_get(store, pool, num, "k", "b", &value) == 0);
	test_assert(store_op_get(store, pool, num, "k", "c", &value) == 1);

	/* closing undoes it */
	test_assert(store_begin(store) == 0);
	test_assert(store_op_delete(store, num, "k", "1") == 0);
	store_close(&store);
	store = test_store_open("transaction");
	test_assert(store_op_get(store, pool, num, "k", "1", &value) == 1);

	/* when SQLite has undone it (as when the disk is full), nothing that
	   follows is written */
	test_assert(store_begin(store) == 0);
	test_assert(sqlite3_exec(store->db, "ROLLBACK", NULL, NULL,
				 NULL) == SQLITE_OK);
	test_expect_error_string("transaction was lost");
	test_assert(store_op_put(store, num, "k", "3", "x", 1) < 0);
	test_expect_no_more_errors();
	test_assert(store_commit(store) < 0);
	test_assert(store_op_get(store, pool, num, "k", "3", &value) == 0);
	store_close(&store);
	test_end();
}

static void test_store_locked(void)
{
	struct store *store1 = test_store_create("locked"), *store2;
	pool_t pool = pool_datastack_create();
	uint32_t num = test_device(store1);
	const char *error;
	buffer_t *value;

	test_begin("store: a writer does not stop readers");
	test_assert(store_open(test_store_path("locked"), &test_store_settings, NULL, &store2,
			       &error) == 0);
	test_assert(store_begin(store1) == 0);
	test_assert(store_op_put(store1, num, "k", "1", "x", 1) == 0);
	test_assert(store_op_get(store2, pool, num, "k", "1", &value) == 0);
	test_expect_error_string("locked");
	test_assert(store_op_put(store2, num, "k", "2", "x", 1) < 0);
	test_expect_no_more_errors();
	test_assert(store_commit(store1) == 0);
	test_assert(store_op_get(store2, pool, num, "k", "1", &value) == 1);
	test_assert(store_op_put(store2, num, "k", "2", "x", 1) == 0);
	store_close(&store1);
	store_close(&store2);
	test_end();
}

/* Counts up: a state and two operations in one transaction, and says on fd how
   far it came. Runs until it is killed. */
static void test_writer(const char *name, uint32_t num, int fd)
{
	struct store *store = test_store_open(name);
	struct store_state state, next;
	uint32_t i;

	for (;;) T_BEGIN {
		if (store_state_get(store, pool_datastack_create(), num, "f1",
				    &state) < 0)
			i_fatal("store_state_get() failed");
		i = state.counter + 1;
		i_zero(&next);
		next.epoch = 1;
		next.counter = i;
		next.issued = next.confirmed = &i;
		next.issued_size = next.confirmed_size = sizeof(i);
		if (store_begin(store) < 0 ||
		    store_op_put(store, num, "a", "", &i, sizeof(i)) < 0 ||
		    store_state_put(store, num, "f1", &state, &next) != 1 ||
		    store_op_put(store, num, "b", "", &i, sizeof(i)) < 0 ||
		    store_commit(store) < 0)
			i_fatal("writing failed");
		if (write_full(fd, &i, sizeof(i)) < 0)
			i_fatal("write() failed: %m");
	} T_END;
}

static void test_op_is(struct store *store, uint32_t num, const char *kind,
		       uint32_t expected)
{
	buffer_t *value;

	test_assert(store_op_get(store, pool_datastack_create(), num, kind, "",
				 &value) == 1);
	test_assert(value->used == sizeof(expected) &&
		    memcmp(value->data, &expected, sizeof(expected)) == 0);
}

static void test_store_killed(void)
{
	const char *name = "killed";
	struct store *store = test_store_create(name);
	uint32_t num = test_device(store), told = 0, n, last = 0;
	struct store_state state;
	unsigned int round;
	int fds[2], status;

	test_begin("store: kill -9");
	store_close(&store);
	for (round = 0; round < 20; round++) {
		pid_t pid;

		if (pipe(fds) < 0)
			i_fatal("pipe() failed: %m");
		pid = fork();
		if (pid == -1)
			i_fatal("fork() failed: %m");
		if (pid == 0) {
			i_close_fd(&fds[0]);
			test_writer(name, num, fds[1]);
		}
		i_close_fd(&fds[1]);
		/* it runs, now let it be in the middle of anything */
		if (read(fds[0], &told, sizeof(told)) != sizeof(told))
			i_fatal("the writer died");
		usleep(i_rand_limit(15000));
		if (kill(pid, SIGKILL) < 0 || waitpid(pid, &status, 0) < 0)
			i_fatal("kill() failed: %m");
		while (read(fds[0], &n, sizeof(n)) == sizeof(n))
			told = n;
		i_close_fd(&fds[0]);

		store = test_store_open(name);
		test_assert_idx(test_integrity(store), round);
		test_assert(store_state_get(store, pool_datastack_create(), num,
					    "f1", &state) == 1);
		/* all that was acknowledged is there, at most one more, and
		   either all or nothing of that */
		test_assert_idx(state.counter == told ||
				state.counter == told + 1, round);
		test_assert_idx(state.counter > last, round);
		test_op_is(store, num, "a", state.counter);
		test_op_is(store, num, "b", state.counter);
		last = state.counter;
		store_close(&store);
	}
	test_end();
}

/* Swaps the state's counter up by one, count times, whoever else does so. */
static int test_swapper(const char *name, uint32_t num, unsigned int count)
{
	struct store *store = test_store_open(name);
	struct store_state state, next;
	int ret = 0;

	while (count > 0 && ret >= 0) T_BEGIN {
		if (store_state_get(store, pool_datastack_create(), num, "f1",
				    &state) < 0)
			ret = -1;
		else {
			i_zero(&next);
			next.epoch = 1;
			next.counter = state.counter + 1;
			ret = store_state_put(store, num, "f1", &state, &next);
			if (ret > 0)
				count--;
		}
	} T_END;
	store_close(&store);
	return ret < 0 ? 1 : 0;
}

static void test_store_concurrent(void)
{
	const char *name = "concurrent";
	const unsigned int count = 200;
	struct store *store;
	struct store_state state;
	uint32_t num = 1;
	int status = 0;
	pid_t pid;
	unsigned int i;

	test_begin("store: two processes");
	pid = fork();
	if (pid == -1)
		i_fatal("fork() failed: %m");
	/* both create it at the same moment, too */
	store = test_store_open(name);
	num = test_device(store);
	store_close(&store);
	i = test_swapper(name, num, count);
	if (pid == 0)
		_exit(i);
	test_assert(i == 0);
	test_assert(waitpid(pid, &status, 0) == pid && status == 0);

	store = test_store_open(name);
	test_assert(test_integrity(store));
	test_assert(store_state_get(store, pool_datastack_create(), num, "f1",
				    &state) == 1);
	test_assert(state.counter == count * 2);
	store_close(&store);
	test_end();
}

static void test_store_memory(void)
{
	struct store *stores[20];
	pool_t pool = pool_datastack_create();
	sqlite3_int64 used, before;
	struct store_device *device;
	struct store_state state;
	unsigned int i;

	test_begin("store: memory of an open one");
	before = sqlite3_memory_used();
	for (i = 0; i < N_ELEMENTS(stores); i++) {
		uint32_t num;

		stores[i] = test_store_create(t_strdup_printf("mem%u", i));
		num = test_device(stores[i]);
		i_zero(&state);
		state.epoch = 1;
		test_assert(store_state_put(stores[i], num, "f1", NULL,
					    &state) == 1);
		test_assert(store_device_get(stores[i], pool, "eas", "1",
					     &device) == 1);
		test_assert(store_state_get(stores[i], pool, num, "f1",
					    &state) == 1);
	}
	used = (sqlite3_memory_used() - before) / N_ELEMENTS(stores);
	i_info("%d bytes per open store", (int)used);
	test_assert(used < 160 * 1024);
	for (i = 0; i < N_ELEMENTS(stores); i++)
		store_close(&stores[i]);
	test_assert(sqlite3_memory_used() <= before + 64 * 1024);
	test_end();
}

/* A backup is put in its place, or it is removed, while a worker has it open. */
static void test_store_replaced(void)
{
	const char *path = test_store_path("replaced");
	pool_t pool = pool_datastack_create();
	struct store_device second = { .protocol = "eas", .id = "2" };
	struct store_device *device;
	struct store *old, *new, *reader;

	test_begin("store: file replaced while open");
	old = test_store_create("replaced");
	(void)test_device(old);
	test_assert(store_is_current(old));
	if (unlink(path) < 0 || unlink(t_strconcat(path, "-wal", NULL)) < 0 ||
	    unlink(t_strconcat(path, "-shm", NULL)) < 0)
		i_fatal("unlink(%s) failed: %m", path);
	test_assert(!store_is_current(old));

	/* somebody else has made a new one, with what is in its log only */
	new = test_store_open("replaced");
	test_assert(store_is_current(new));
	test_assert(!store_is_current(old));
	test_assert(store_device_save(new, &second) == 0);
	store_close(&old);
	reader = test_store_open("replaced");
	test_assert(store_device_get(reader, pool, "eas", "2", &device) == 1);
	test_assert(store_device_get(reader, pool, "eas", "1", &device) == 0);
	store_close(&reader);
	test_assert(store_device_get(new, pool, "eas", "2", &device) == 1);
	test_assert(test_integrity(new));
	store_close(&new);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_open_create,
		test_store_damaged,
		test_store_transaction,
		test_store_locked,
		test_store_killed,
		test_store_concurrent,
		test_store_memory,
		test_store_replaced,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
