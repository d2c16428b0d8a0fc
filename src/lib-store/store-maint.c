/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-maint.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* for how long others may be in the way */
#define STORE_BACKUP_WAIT_SECS 60

/* Copies all pages, of one moment: the source is locked for reading all the time. With WAL that stops
   nobody. Without, a writer waits; if it got in between, what it changes
   would be copied from the start, again and again while there are changes. */
static int
backup_copy(sqlite3 *dest, sqlite3 *src, const char **error_r)
{
	time_t start = time(NULL);
	sqlite3_backup *backup;
	int ret;

	backup = sqlite3_backup_init(dest, "main", src, "main");
	if (backup == NULL) {
		*error_r = t_strdup(sqlite3_errmsg(dest));
		return -1;
	}
	do {
		ret = sqlite3_backup_step(backup, -1);
		if (ret == SQLITE_BUSY || ret == SQLITE_LOCKED)
			usleep(10 * 1000);
	} while ((ret == SQLITE_BUSY || ret == SQLITE_LOCKED) &&
		 time(NULL) - start < STORE_BACKUP_WAIT_SECS);
	(void)sqlite3_backup_finish(backup);
	if (ret == SQLITE_DONE)
		return 0;
	*error_r = t_strdup(sqlite3_errstr(ret));
	return -1;
}

static int backup_create(const char *path, const char **error_r)
{
	int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);

	if (fd == -1) {
		*error_r = t_strdup_printf("creat(%s) failed: %m", path);
		return -1;
	}
	i_close_fd(&fd);
	return 0;
}

int store_backup(struct store *store, const char *path, const char **error_r)
{
	sqlite3 *dest = NULL;
	const char *error = NULL;
	int ret = -1;

	i_assert(!store->in_transaction);

	if (backup_create(path, error_r) < 0)
		return -1;
	if (sqlite3_open_v2(path, &dest, SQLITE_OPEN_READWRITE |
			    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		error = "It can't be opened";
	else
		ret = backup_copy(dest, store->db, &error);
	/* one file that can be read where nothing can be written */
	if (ret == 0 && sqlite3_exec(dest, "PRAGMA journal_mode=DELETE", NULL,
				     NULL, NULL) != SQLITE_OK) {
		error = t_strdup(sqlite3_errmsg(dest));
		ret = -1;
	}
	if (dest != NULL && sqlite3_close(dest) != SQLITE_OK)
		i_panic("store: a backup was left open");
	if (ret < 0) {
		i_unlink(path);
		*error_r = t_strdup_printf("Backup to %s failed: %s", path,
					   error);
	}
	return ret;
}

static int
check_value(sqlite3 *db, const char *sql, const char **value_r)
{
	sqlite3_stmt *stmt;
	int ret = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		*value_r = t_strdup((const char *)
				    sqlite3_column_text(stmt, 0));
		ret = 0;
	}
	(void)sqlite3_finalize(stmt);
	return ret;
}

/* Is it a whole database of ours, of a version that we know? */
static int restore_check(sqlite3 *db, const char **error_r)
{
	const char *value;
	unsigned int version;

	if (check_value(db, "PRAGMA application_id", &value) < 0 ||
	    strcmp(value, dec2str(STORE_APPLICATION_ID)) != 0) {
		*error_r = "It is not a database of Roost";
		return -1;
	}
	if (check_value(db, "PRAGMA user_version", &value) < 0 ||
	    str_to_uint(value, &version) < 0 || version == 0 ||
	    version > STORE_SCHEMA_VERSION) {
		*error_r = "It is of a newer version";
		return -1;
	}
	if (check_value(db, "PRAGMA integrity_check(1)", &value) < 0 ||
	    null_strcmp(value, "ok") != 0) {
		*error_r = t_strdup_printf("It is damaged: %s", value);
		return -1;
	}
	return 0;
}

int store_restore(struct store *store, const char *path, const char **error_r)
{
	sqlite3 *src = NULL;
	const char *error = NULL;
	unsigned int i;
	int ret = -1;

	i_assert(!store->in_transaction);

	/* statements of the old content would be in the way */
	for (i = 0; i < STORE_SQL_COUNT; i++) {
		(void)sqlite3_finalize(store->stmts[i]);
		store->stmts[i] = NULL;
	}
	if (sqlite3_open_v2(path, &src, SQLITE_OPEN_READONLY |
			    SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		error = "It can't be opened";
	else if (restore_check(src, &error) == 0)
		ret = backup_copy(store->db, src, &error);
	if (src != NULL && sqlite3_close(src) != SQLITE_OK)
		i_panic("store: a backup was left open");
	/* an older one is brought up to date at once */
	if (ret == 0)
		ret = store_schema_init(store->db, &error);
	if (ret < 0) {
		*error_r = t_strdup_printf("Restoring %s failed: %s", path,
					   error);
	}
	return ret;
}
