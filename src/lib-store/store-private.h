#ifndef STORE_PRIVATE_H
#define STORE_PRIVATE_H

#include "store.h"

#include <sqlite3.h>
#include <sys/types.h>

/* What the files of this folder share; SQLite's objects do not leave it. */

#define STORE_SCHEMA_VERSION 3
/* "Rst\x01", in the file's header: another program's database is refused */
#define STORE_APPLICATION_ID 0x52737401

/* The texts stand in store-sql.c. */
enum store_sql {
	STORE_SQL_BEGIN,
	STORE_SQL_COMMIT,
	STORE_SQL_ROLLBACK,
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
	bool in_transaction:1;
};

/* store-schema.c */

struct store_upgrade {
	unsigned int version;		/* that the database has afterwards */
	const char *sql;		/* any number of statements */
};

/* Brings the schema to the last version of upgrades (ascending from 1, without
   gaps), all steps in one transaction. Returns 0, or -1 and a sentence. */
int store_schema_upgrade(sqlite3 *db, const struct store_upgrade *upgrades,
			 unsigned int count, const char **error_r);
/* The same with the store's own upgrades; refuses foreign databases. */
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
/* 0 if the column does not fit */
uint32_t store_column_uint(sqlite3_stmt *stmt, int column);
/* NULL only for NULL */
const void *store_column_memdup(sqlite3_stmt *stmt, int column, pool_t pool,
				size_t *size_r);
/* Steps a statement whose only column is a value: the answer of store_op_get() and
   store_device_param_get(), which is done afterwards. */
int store_sql_run_value(struct store *store, sqlite3_stmt *stmt, pool_t pool,
			buffer_t **value_r);

#endif
