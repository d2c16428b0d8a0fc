/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-private.h"
#include "store-maint.h"
#include "store-pim.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* pages at a time; writers get in between */
#define STORE_BACKUP_PAGES 256
/* for how long others may be in the way */
#define STORE_BACKUP_WAIT_SECS 60

/* Copies all pages; a source that changes in between is copied from the start. */
static int
backup_copy(sqlite3 *dest, sqlite3 *src, int pages, const char **error_r)
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
		ret = sqlite3_backup_step(backup, pages);
		if (ret == SQLITE_BUSY || ret == SQLITE_LOCKED)
			usleep(10 * 1000);
	} while (ret == SQLITE_OK ||
		 ((ret == SQLITE_BUSY || ret == SQLITE_LOCKED) &&
		  time(NULL) - start < STORE_BACKUP_WAIT_SECS));
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
		ret = backup_copy(dest, store->db, STORE_BACKUP_PAGES, &error);
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
		ret = backup_copy(store->db, src, -1, &error);
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

/* -- check -- */

struct store_check {
	struct store *store;
	bool repair;
	store_check_found_t *found;
	void *context;
	int problems;
};

static void
check_found(struct store_check *check, bool repaired, const char *problem)
{
	if (!repaired)
		check->problems++;
	check->found(problem, repaired, check->context);
}

static int
check_step_failed(struct store_check *check)
{
	e_error(check->store->event, "Checking failed: %s",
		sqlite3_errmsg(check->store->db));
	return -1;
}

/* A pragma whose rows are problems; ok NULL: a row that says that there is none. */
static int
check_pragma(struct store_check *check, const char *sql, const char *what,
	     const char *ok)
{
	sqlite3_stmt *stmt;
	const char *value;
	int ret;

	if (sqlite3_prepare_v2(check->store->db, sql, -1, &stmt,
			       NULL) != SQLITE_OK)
		return check_step_failed(check);
	while ((ret = sqlite3_step(stmt)) == SQLITE_ROW) {
		value = (const char *)sqlite3_column_text(stmt, 0);
		if (ok == NULL || null_strcmp(value, ok) != 0) {
			check_found(check, FALSE, t_strdup_printf("%s: %s",
				what, value == NULL ? "" : value));
		}
	}
	(void)sqlite3_finalize(stmt);
	return ret == SQLITE_DONE ? 0 : check_step_failed(check);
}

/* What a folder's numbers have to be, from its items. */
static int
check_count(struct store_check *check, const struct store_pim_folder *folder,
	    struct store_pim_numbers *numbers_r)
{
	static const char sql[] =
		"SELECT count(*), ifnull(max(uid), 0), ifnull(max(modseq), 0), "
		"ifnull(sum(length(CAST(text AS BLOB))), 0) + "
		"ifnull((SELECT sum(length(b.data)) FROM blob b JOIN item i "
		"ON i.id=b.item WHERE i.folder=?1), 0), "
		"ifnull((SELECT max(modseq) FROM tombstone WHERE folder=?1), "
		"0), ifnull((SELECT max(uid) FROM tombstone WHERE folder=?1), "
		"0) FROM item WHERE folder=?1";
	sqlite3_stmt *stmt;
	uint32_t uid;
	uint64_t modseq;

	if (sqlite3_prepare_v2(check->store->db, sql, -1, &stmt,
			       NULL) != SQLITE_OK)
		return check_step_failed(check);
	store_bind_uint(stmt, 1, folder->id);
	if (sqlite3_step(stmt) != SQLITE_ROW) {
		(void)sqlite3_finalize(stmt);
		return check_step_failed(check);
	}
	numbers_r->items = store_column_uint(stmt, 0);
	uid = I_MAX(store_column_uint(stmt, 1), store_column_uint(stmt, 5));
	modseq = I_MAX(store_column_uint64(stmt, 2),
		       store_column_uint64(stmt, 4));
	numbers_r->bytes = store_column_uint64(stmt, 3);
	/* larger ones are right, too: others were deleted */
	numbers_r->uidnext = I_MAX(folder->uidnext, uid + 1);
	numbers_r->modseq = I_MAX(folder->modseq, modseq);
	(void)sqlite3_finalize(stmt);
	return 0;
}

static int
check_folder(struct store_check *check, const struct store_pim_folder *folder)
{
	struct store_pim_numbers numbers;
	bool repaired = FALSE;

	if (check_count(check, folder, &numbers) < 0)
		return -1;
	if (numbers.items == folder->items &&
	    numbers.bytes == folder->bytes &&
	    numbers.uidnext == folder->uidnext &&
	    numbers.modseq == folder->modseq)
		return 0;
	if (check->repair) {
		if (store_pim_numbers_set(check->store, folder->id,
					  &numbers) < 0)
			return -1;
		repaired = TRUE;
	}
	check_found(check, repaired, t_strdup_printf(
		"Folder %s: numbers are wrong: items %u, bytes %"PRIu64
		", UIDNEXT %u, modseq %"PRIu64" should be %u, %"PRIu64
		", %u, %"PRIu64, folder->name, folder->items, folder->bytes,
		folder->uidnext, folder->modseq, numbers.items, numbers.bytes,
		numbers.uidnext, numbers.modseq));
	return 0;
}

static int check_all(struct store_check *check)
{
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;

	t_array_init(&folders, 16);
	if (check_pragma(check, "PRAGMA integrity_check", "SQLite", "ok") < 0 ||
	    check_pragma(check, "PRAGMA foreign_key_check",
			 "A row refers to nothing, in table", NULL) < 0 ||
	    store_pim_folder_list(check->store, pool_datastack_create(),
				  &folders) < 0)
		return -1;
	array_foreach(&folders, folder) {
		if (check_folder(check, folder) < 0)
			return -1;
	}
	return 0;
}

int store_check(struct store *store, bool repair, store_check_found_t *found,
		void *context)
{
	struct store_check check;
	bool own;
	int ret;

	i_zero(&check);
	check.store = store;
	check.repair = repair;
	check.found = found;
	check.context = context;
	/* nobody changes it meanwhile: what is compared is of one moment */
	if (store_change_begin(store, &own) < 0)
		return -1;
	T_BEGIN {
		ret = check_all(&check);
	} T_END;
	ret = store_change_end(store, own, ret);
	return ret < 0 ? -1 : check.problems;
}
