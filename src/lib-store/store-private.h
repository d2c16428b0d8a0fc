#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store.h"

#include <sqlite3.h>
#include <sys/types.h>

/* What the files of this folder share; SQLite's objects do not leave it. */

#define STORE_SCHEMA_VERSION 10
/* "Rst\x01", in the file's header: another program's database is refused */
#define STORE_APPLICATION_ID 0x52737401

/* What a conflict counts for the quota. */
#define STORE_CONFLICT_BYTES \
	"(ifnull(length(CAST(won AS BLOB)), 0) + " \
	"ifnull(length(CAST(lost AS BLOB)), 0) + " \
	"ifnull((SELECT sum(length(data)) FROM conflict_blob " \
	"WHERE conflict=num), 0))"

/* The texts stand in store-sql.c. */
enum store_sql {
	STORE_SQL_BEGIN,
	STORE_SQL_COMMIT,
	STORE_SQL_ROLLBACK,
	STORE_SQL_SAVEPOINT,
	STORE_SQL_SAVEPOINT_UNDO,
	STORE_SQL_SAVEPOINT_RELEASE,
	STORE_SQL_DEVICE_GET,
	STORE_SQL_DEVICE_GET_NUM,
	STORE_SQL_DEVICE_LIST,
	STORE_SQL_DEVICE_COUNT,
	STORE_SQL_DEVICE_INSERT,
	STORE_SQL_DEVICE_UPDATE,
	STORE_SQL_DEVICE_REMOVE,
	STORE_SQL_PARAM_GET,
	STORE_SQL_PARAM_PUT,
	STORE_SQL_PARAM_DELETE,
	STORE_SQL_STATE_GET,
	STORE_SQL_STATE_LIST,
	STORE_SQL_STATE_REPLACE,
	STORE_SQL_STATE_INSERT,
	STORE_SQL_STATE_SWAP,
	STORE_SQL_STATE_DELETE,
	STORE_SQL_STATE_DELETE_ALL,
	STORE_SQL_OP_GET,
	STORE_SQL_OP_PUT,
	STORE_SQL_OP_DELETE,
	STORE_SQL_OP_DELETE_ALL,
	STORE_SQL_OP_OLDEST,
	STORE_SQL_OP_EXPIRE,
	STORE_SQL_FOLDER_GET,
	STORE_SQL_FOLDER_GET_GUID,
	STORE_SQL_FOLDER_LIST,
	STORE_SQL_FOLDER_PUT,
	STORE_SQL_FOLDER_HINT,
	STORE_SQL_MAIL_GET,
	STORE_SQL_MAIL_PUT,
	STORE_SQL_MAIL_DELETE,
	STORE_SQL_DRAFT_GET,
	STORE_SQL_DRAFT_PUT,
	STORE_SQL_DRAFT_OLDEST,
	STORE_SQL_DRAFT_EXPIRE,
	STORE_SQL_PIM_LIST,
	STORE_SQL_PIM_GET,
	STORE_SQL_PIM_GET_MAIN,
	STORE_SQL_PIM_COUNT_MAIN,
	STORE_SQL_PIM_INSERT,
	STORE_SQL_PIM_UPDATE,
	STORE_SQL_PIM_ORPHANS,
	STORE_SQL_PIM_DELETABLE,
	STORE_SQL_PIM_DELETE,
	STORE_SQL_PIM_USAGE,
	STORE_SQL_PIM_NUMBERS,
	STORE_SQL_PIM_SET_NUMBERS,
	STORE_SQL_ITEM_GET,
	STORE_SQL_ITEM_GET_NEXT,
	STORE_SQL_ITEM_GET_MODSEQ,
	STORE_SQL_ITEM_GET_SIZE,
	STORE_SQL_ITEM_FIND,
	STORE_SQL_ITEM_FIND_KIND,
	STORE_SQL_ITEM_INSERT,
	STORE_SQL_ITEM_UPDATE,
	STORE_SQL_ITEM_SET_PROPS,
	STORE_SQL_ITEM_MOVE,
	STORE_SQL_ITEM_DELETE,
	STORE_SQL_ITEM_DELETE_ALL,
	STORE_SQL_ITEM_UIDS,
	STORE_SQL_ITEM_UIDS_FROM,
	STORE_SQL_ITEM_UIDS_BETWEEN,
	STORE_SQL_ITEM_CHANGED,
	STORE_SQL_INDEX_NEXT,
	STORE_SQL_INDEX_WAIT,
	STORE_SQL_INDEX_DONE,
	STORE_SQL_INDEX_ROWS,
	STORE_SQL_INDEX_TEXT_INSERT,
	STORE_SQL_INDEX_TEXT_DELETE,
	STORE_SQL_INDEX_FTS_INSERT,
	STORE_SQL_INDEX_FTS_DELETE,
	STORE_SQL_INDEX_MATCH_TEXT,
	STORE_SQL_INDEX_SCAN_TEXT,
	STORE_SQL_INDEX_NOT_WHOLE,
	STORE_SQL_INDEX_MATCH_KEYS,
	STORE_SQL_INDEX_SCAN_KEYS,
	STORE_SQL_TOMBSTONE_INSERT,
	STORE_SQL_TOMBSTONE_ALL,
	STORE_SQL_TOMBSTONE_EXPIRE,
	STORE_SQL_TOMBSTONE_LIST,
	STORE_SQL_CONFLICT_INSERT,
	STORE_SQL_CONFLICT_SET_BYTES,
	STORE_SQL_CONFLICT_LIST,
	STORE_SQL_CONFLICT_GET,
	STORE_SQL_CONFLICT_DELETE,
	STORE_SQL_CONFLICT_OLDEST,
	STORE_SQL_CONFLICT_COUNT,
	STORE_SQL_CONFLICT_BLOB_INSERT,
	STORE_SQL_CONFLICT_BLOB_GET,
	STORE_SQL_BLOB_INSERT,
	STORE_SQL_BLOB_GET,
	STORE_SQL_BLOB_LIST,
	STORE_SQL_BLOB_MOVE,
	STORE_SQL_BLOB_DELETE,
	STORE_SQL_RECIPIENT_GET,
	STORE_SQL_RECIPIENT_PUT,
	STORE_SQL_RECIPIENT_LIST,
	STORE_SQL_RECIPIENT_EXPIRE,
	STORE_SQL_RECIPIENT_BY_UID,
	STORE_SQL_RECIPIENT_STATUS,
	STORE_SQL_RECIPIENT_STATUS_SET,
	STORE_SQL_OUTBOX_INSERT,
	STORE_SQL_OUTBOX_NEXT,
	STORE_SQL_OUTBOX_UPDATE,
	STORE_SQL_OUTBOX_DELETE,
	STORE_SQL_GONE_GET,
	STORE_SQL_GONE_PUT,
	STORE_SQL_GONE_EXPIRE,
	STORE_SQL_CANCELLED_GET,
	STORE_SQL_CANCELLED_PUT,
	STORE_SQL_CANCELLED_EXPIRE,
	STORE_SQL_SEEN_GET,
	STORE_SQL_SEEN_PUT,

	STORE_SQL_COUNT
};

struct store {
	sqlite3 *db;
	struct event *event;
	char *path;
	/* of the file when it was opened */
	dev_t dev;
	ino_t ino;
	/* prepared when first used */
	sqlite3_stmt *stmts[STORE_SQL_COUNT];
	/* bytes of items and blobs, 0 = any number */
	uint64_t quota;
	/* how long conflicts are kept, 0 = for ever */
	unsigned int conflicts_keep;
	bool in_transaction:1;
};

/* store.c: a transaction for a change that is several statements. It begins one unless one
   is open; *own_r is what end has to be told. end commits if ret >= 0 and gives
   ret back, or -1. */
int store_change_begin(struct store *store, bool *own_r);
int store_change_end(struct store *store, bool own, int ret);

/* store-blob.c: a blob of another table, by its rowid */
struct istream *
store_blob_open_table(struct store *store, const char *table, uint64_t rowid);

/* store-item.c */

/* Of the folder's row, for a change of it. */
struct store_pim_numbers {
	uint32_t uidnext, items;
	uint64_t modseq, bytes;
};
/* Returns 1, 0 if there is no such folder, -1. */
int store_pim_numbers_get(struct store *store, uint32_t folder,
			  struct store_pim_numbers *numbers_r);
int store_pim_numbers_set(struct store *store, uint32_t folder,
			  const struct store_pim_numbers *numbers);
/* Is there room for so many bytes more? Returns 1, 0, -1. */
int store_quota_has_room(struct store *store, uint64_t bytes);
/* The key of an item's row. */
static inline uint64_t store_item_id(uint32_t folder, uint32_t uid)
{
	return ((uint64_t)folder << 32) | uid;
}

/* store-index.c: takes the items of these ids out of the index, before they change or go.
   Inside of a transaction. Returns 0 or -1. */
int store_index_forget(struct store *store, uint64_t first, uint64_t last);

/* store-schema.c */

struct store_upgrade {
	unsigned int version;		/* that the database has afterwards */
	const char *sql;		/* any number of statements */
};

/* Brings the schema to the last version of upgrades (ascending from 1, without
   gaps), all steps in one transaction. Returns 0, or -1 and a sentence. */
int store_schema_upgrade(sqlite3 *db, const struct store_upgrade *upgrades,
			 unsigned int count, const char **error_r);
/* Refuses another program's database and one of a newer version. Writes nothing.
   Returns 0, or -1 and a sentence. */
int store_schema_check(sqlite3 *db, const char **error_r);
/* The same as store_schema_upgrade() with the store's own upgrades, after that check. */
int store_schema_init(sqlite3 *db, const char **error_r);

/* store-sql.c: every use of a statement is get, bind, step, and done in any case:
   an unfinished one would keep an old snapshot of the database. */

extern const char *const store_sql_texts[STORE_SQL_COUNT];

/* Returns NULL if it can't be prepared (logged). */
sqlite3_stmt *store_sql_get(struct store *store, enum store_sql id);
/* Returns 1 = a row, 0 = finished, -1 = failed (logged). */
int store_sql_step(struct store *store, sqlite3_stmt *stmt);
/* Resets the statement and forgets what was bound. */
void store_sql_done(sqlite3_stmt *stmt);
/* A statement that gives no rows: step and done. changes_r (may be NULL) is the
   number of rows that it wrote. Returns 0 or -1. */
int store_sql_run(struct store *store, sqlite3_stmt *stmt,
		  unsigned int *changes_r);

/* Parameters count from 1, columns from 0. The data must live until done. */
void store_bind_text(sqlite3_stmt *stmt, int param, const char *value);
void store_bind_uint(sqlite3_stmt *stmt, int param, uint64_t value);
/* data NULL binds NULL, size 0 an empty value */
void store_bind_blob(sqlite3_stmt *stmt, int param, const void *data,
		     size_t size);
const char *store_column_strdup(sqlite3_stmt *stmt, int column, pool_t pool);
void store_bind_text_size(sqlite3_stmt *stmt, int param, const char *value,
			  size_t size);
/* 0 if the column does not fit */
uint32_t store_column_uint(sqlite3_stmt *stmt, int column);
uint64_t store_column_uint64(sqlite3_stmt *stmt, int column);
/* NULL only for NULL */
const void *store_column_memdup(sqlite3_stmt *stmt, int column, pool_t pool,
				size_t *size_r);
/* Steps a statement whose only column is a value: the answer of store_op_get() and
   store_device_param_get(), which is done afterwards. */
int store_sql_run_value(struct store *store, sqlite3_stmt *stmt, pool_t pool,
			buffer_t **value_r);

#endif
