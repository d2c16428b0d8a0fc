/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mkdir-parents.h"
#include "store-private.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* A worker keeps several users' stores open, so each is kept small: the pages that
   a request touches fit twice. */
#define STORE_CACHE_PAGES 16
/* Pages in the write-ahead log before they are moved into the database: readers
   look at the log first, so it is kept short. */
#define STORE_WAL_PAGES 256
/* Small allocations of a connection: slots of 128 bytes */
#define STORE_LOOKASIDE_SIZE 128
#define STORE_LOOKASIDE_COUNT 64

static void store_library_init(void)
{
	static bool initialized = FALSE;

	if (initialized)
		return;
	initialized = TRUE;
	/* By default each connection allocates 20 pages at once. If somebody else
	   in this process has started SQLite already, that stays so. */
	(void)sqlite3_config(SQLITE_CONFIG_PAGECACHE, NULL, 0, 0);
}

/* SQLite would give the file the umask's mode; its companions (-wal, -shm) get
   that of the file. An existing file is not touched: closing a second descriptor
   would drop the locks of another connection in this process. */
static int store_create_file(const char *path, const char **error_r)
{
	const char *dir = NULL, *p = strrchr(path, '/');
	int fd, dir_fd;

	if (p != NULL && p != path) {
		dir = t_strdup_until(path, p);
		if (mkdir_parents(dir, 0700) < 0 && errno != EEXIST) {
			*error_r = t_strdup_printf("mkdir(%s) failed: %m", dir);
			return -1;
		}
	}
	fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
	if (fd == -1) {
		if (errno == EEXIST)
			return 0;
		*error_r = t_strdup_printf("creat(%s) failed: %m", path);
		return -1;
	}
	i_close_fd(&fd);

	dir_fd = open(dir == NULL ? "." : dir, O_RDONLY | O_CLOEXEC);
	if (dir_fd == -1 || fsync(dir_fd) < 0) {
		*error_r = t_strdup_printf("fsync(%s) failed: %m",
					   dir == NULL ? "." : dir);
		i_close_fd(&dir_fd);
		return -1;
	}
	i_close_fd(&dir_fd);
	return 0;
}

/* busy_r may be NULL; TRUE if it is to be tried again. */
static int
store_pragma_try(sqlite3 *db, const char *pragma, const char *expected,
		 bool *busy_r, const char **error_r)
{
	sqlite3_stmt *stmt;
	const char *value = "";
	int ret;

	ret = sqlite3_prepare_v2(db, t_strconcat("PRAGMA ", pragma, NULL), -1,
				 &stmt, NULL);
	if (ret == SQLITE_OK) {
		ret = sqlite3_step(stmt);
		if (ret == SQLITE_ROW) {
			value = t_strdup((const char *)
					 sqlite3_column_text(stmt, 0));
		}
	}
	if (busy_r != NULL)
		*busy_r = (ret & 0xff) == SQLITE_BUSY;
	if (ret != SQLITE_ROW && ret != SQLITE_DONE) {
		*error_r = t_strdup_printf("PRAGMA %s failed: %s", pragma,
					   sqlite3_errmsg(db));
		ret = -1;
	} else if (expected != NULL && null_strcmp(value, expected) != 0) {
		*error_r = t_strdup_printf("PRAGMA %s gave '%s'", pragma,
					   value == NULL ? "" : value);
		ret = -1;
	} else {
		ret = 0;
	}
	(void)sqlite3_finalize(stmt);
	return ret;
}

static int
store_pragma(sqlite3 *db, const char *pragma, const char *expected,
	     const char **error_r)
{
	return store_pragma_try(db, pragma, expected, NULL, error_r);
}

/* The change of the journal is the one step for which SQLite does not wait: it needs the
   database alone, and two processes may be creating it. */
static int
store_set_journal(sqlite3 *db, const char *journal, unsigned int busy_msecs,
		  const char **error_r)
{
	const char *pragma = t_strconcat("journal_mode = ", journal, NULL);
	const unsigned int step_msecs = 5;
	unsigned int waited = 0;
	bool busy;

	for (;;) {
		if (store_pragma_try(db, pragma, journal, &busy, error_r) == 0)
			return 0;
		if (!busy || waited >= busy_msecs)
			return -1;
		usleep(step_msecs * 1000);
		waited += step_msecs;
	}
}

static int
store_configure(sqlite3 *db, const struct store_settings *set,
		const char **error_r)
{
	const char *journal = set->journal != NULL ? set->journal : "wal";

	(void)sqlite3_extended_result_codes(db, 1);
	(void)sqlite3_busy_timeout(db, (int)I_MIN(set->busy_msecs, INT_MAX));
	(void)sqlite3_wal_autocheckpoint(db, STORE_WAL_PAGES);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_LOOKASIDE, NULL,
				STORE_LOOKASIDE_SIZE, STORE_LOOKASIDE_COUNT);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	/* SQL that a damaged file may hold in its schema is not run */
	(void)sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);

	/* the journal's mode stands in the file: a database that is not ours to change
	   keeps its own */
	if (store_pragma(db, "mmap_size = 0", NULL, error_r) < 0 ||
	    store_schema_check(db, error_r) < 0 ||
	    store_set_journal(db, journal, set->busy_msecs, error_r) < 0 ||
	    store_pragma(db, "synchronous = FULL", NULL, error_r) < 0 ||
	    store_pragma(db, t_strdup_printf("cache_size = %d",
					     STORE_CACHE_PAGES),
			 NULL, error_r) < 0)
		return -1;
	return store_schema_init(db, error_r);
}

int store_open(const char *path, const struct store_settings *set,
	       struct event *event_parent, struct store **store_r,
	       const char **error_r)
{
	struct store *store;
	sqlite3 *db = NULL;
	const char *error = NULL;
	struct stat st;
	int ret;

	store_library_init();
	if (store_create_file(path, error_r) < 0)
		return -1;
	/* before it is opened: if it is replaced in between, that is seen later */
	if (stat(path, &st) < 0) {
		*error_r = t_strdup_printf("stat(%s) failed: %m", path);
		return -1;
	}
	ret = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE |
			      SQLITE_OPEN_NOMUTEX, NULL);
	if (ret != SQLITE_OK) {
		error = t_strdup(db == NULL ? sqlite3_errstr(ret) :
				 sqlite3_errmsg(db));
	} else {
		ret = store_configure(db, set, &error);
	}
	if (error != NULL) {
		*error_r = t_strdup_printf("Opening %s failed: %s", path, error);
		(void)sqlite3_close_v2(db);
		return -1;
	}
	i_assert(ret == 0);

	store = i_new(struct store, 1);
	store->db = db;
	store->path = i_strdup(path);
	store->quota = set->quota;
	store->conflicts_keep = set->conflicts_keep;
	store->dev = st.st_dev;
	store->ino = st.st_ino;
	store->event = event_create(event_parent);
	event_set_append_log_prefix(store->event, "store: ");
	*store_r = store;
	return 0;
}

void store_close(struct store **_store)
{
	struct store *store = *_store;
	unsigned int i;

	*_store = NULL;
	if (store == NULL)
		return;
	if (store->in_transaction)
		store_rollback(store);
	for (i = 0; i < STORE_SQL_COUNT; i++)
		(void)sqlite3_finalize(store->stmts[i]);
	if (sqlite3_close(store->db) != SQLITE_OK)
		i_panic("store: a statement was left open");
	event_unref(&store->event);
	i_free(store->path);
	i_free(store);
}

bool store_is_current(const struct store *store)
{
	struct stat st;

	return stat(store->path, &st) == 0 && st.st_ino == store->ino &&
		st.st_dev == store->dev;
}

struct event *store_get_event(struct store *store)
{
	return store->event;
}

static int store_run_simple(struct store *store, enum store_sql id)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	return stmt == NULL ? -1 : store_sql_run(store, stmt, NULL);
}

int store_begin(struct store *store)
{
	i_assert(!store->in_transaction);

	if (store_run_simple(store, STORE_SQL_BEGIN) < 0)
		return -1;
	store->in_transaction = TRUE;
	return 0;
}

int store_commit(struct store *store)
{
	i_assert(store->in_transaction);

	if (sqlite3_get_autocommit(store->db) != 0) {
		/* an error (disk full, ...) that was logged undid it already */
		store->in_transaction = FALSE;
		return -1;
	}
	if (store_run_simple(store, STORE_SQL_COMMIT) < 0) {
		store_rollback(store);
		return -1;
	}
	store->in_transaction = FALSE;
	return 0;
}

void store_rollback(struct store *store)
{
	i_assert(store->in_transaction);

	store->in_transaction = FALSE;
	if (sqlite3_get_autocommit(store->db) == 0)
		(void)store_run_simple(store, STORE_SQL_ROLLBACK);
}

int store_savepoint(struct store *store)
{
	i_assert(store->in_transaction);

	return store_run_simple(store, STORE_SQL_SAVEPOINT);
}

int store_savepoint_end(struct store *store, bool undo)
{
	i_assert(store->in_transaction);

	if (undo && store_run_simple(store, STORE_SQL_SAVEPOINT_UNDO) < 0)
		return -1;
	return store_run_simple(store, STORE_SQL_SAVEPOINT_RELEASE);
}

int store_change_begin(struct store *store, bool *own_r)
{
	*own_r = !store->in_transaction;
	return *own_r ? store_begin(store) : 0;
}

int store_change_end(struct store *store, bool own, int ret)
{
	if (!own)
		return ret;
	if (ret < 0)
		store_rollback(store);
	else if (store_commit(store) < 0)
		ret = -1;
	return ret;
}
