/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "store-private.h"

/* The order is that of the table in store-device.c. */
#define DEVICE_COLUMNS \
	"type, user_agent, model, imei, friendly_name, os, os_language, " \
	"phone_number, mobile_operator, version, version_max, first_seen, " \
	"last_seen, access, wipe, wipe_account_only, policy_key, " \
	"policy_key_pending, policy_hash, heartbeat"
#define DEVICE_SELECT \
	"SELECT num, protocol, id, " DEVICE_COLUMNS " FROM device "

#define PIM_SELECT \
	"SELECT p.id, p.kind, p.main, p.parent, p.name, p.uidvalidity, " \
	"p.uidnext, p.modseq, p.items, p.bytes, f.guid " \
	"FROM pim_folder p JOIN folder f ON f.id=p.id "
#define ITEM_SELECT \
	"SELECT folder, uid, modseq, first_day, last_day, changed, pim_uid, " \
	"name, text FROM item "
/* the order of index_found_row() */
#define INDEX_SELECT(text, from) \
	"SELECT i.uid, i.changed, " text " FROM " from \
	" CROSS JOIN item i ON i.id=t.id WHERE t.id BETWEEN ?1 AND ?2 "
/* the words first, then the texts of what they found */
#define INDEX_FROM_FTS \
	"item_fts CROSS JOIN item_text t ON t.id=item_fts.rowid"
#define INDEX_MATCH \
	"AND item_fts MATCH ?3 AND item_fts.rowid BETWEEN ?1 AND ?2"
#define CONFLICT_COLUMNS "num, folder, uid, time, device, device_won, "
#define BLOB_SELECT \
	"SELECT num, item >> 32, item & 4294967295, name, type, " \
	"length(data) FROM blob "

const char *const store_sql_texts[STORE_SQL_COUNT] = {
	[STORE_SQL_BEGIN] = "BEGIN IMMEDIATE",
	[STORE_SQL_COMMIT] = "COMMIT",
	[STORE_SQL_ROLLBACK] = "ROLLBACK",
	[STORE_SQL_SAVEPOINT] = "SAVEPOINT part",
	[STORE_SQL_SAVEPOINT_UNDO] = "ROLLBACK TO part",
	[STORE_SQL_SAVEPOINT_RELEASE] = "RELEASE part",

	[STORE_SQL_DEVICE_GET] = DEVICE_SELECT "WHERE protocol=?1 AND id=?2",
	[STORE_SQL_DEVICE_GET_NUM] = DEVICE_SELECT "WHERE num=?1",
	[STORE_SQL_DEVICE_LIST] = DEVICE_SELECT "ORDER BY num",
	[STORE_SQL_DEVICE_COUNT] = "SELECT count(*) FROM device",
	/* somebody else may have added it since we looked */
	[STORE_SQL_DEVICE_INSERT] =
		"INSERT INTO device (protocol, id, " DEVICE_COLUMNS ") VALUES "
		"(?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,"
		"?18,?19,?20,?21,?22) ON CONFLICT (protocol, id) DO NOTHING",
	[STORE_SQL_DEVICE_UPDATE] =
		"UPDATE device SET (" DEVICE_COLUMNS ") = "
		"(?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15,?16,?17,?18,"
		"?19,?20,?21,?22) WHERE num=?1",
	[STORE_SQL_DEVICE_REMOVE] = "DELETE FROM device WHERE num=?1",

	/* "FROM device": nothing is written for a device that was removed */
	[STORE_SQL_PARAM_GET] =
		"SELECT value FROM device_param WHERE device=?1 AND name=?2",
	[STORE_SQL_PARAM_PUT] =
		"INSERT INTO device_param (device, name, value) "
		"SELECT num, ?2, ?3 FROM device WHERE num=?1 "
		"ON CONFLICT (device, name) DO UPDATE SET value=excluded.value",
	[STORE_SQL_PARAM_DELETE] =
		"DELETE FROM device_param WHERE device=?1 AND name=?2",

	[STORE_SQL_STATE_GET] =
		"SELECT epoch, counter, repeats, confirmed, issued FROM state "
		"WHERE device=?1 AND collection=?2",
	[STORE_SQL_STATE_LIST] =
		"SELECT collection, epoch, counter, repeats, "
		"ifnull(length(confirmed), 0) + ifnull(length(issued), 0) "
		"FROM state WHERE device=?1 ORDER BY collection",
	[STORE_SQL_STATE_REPLACE] =
		"INSERT INTO state "
		"(device, collection, epoch, counter, repeats, confirmed, "
		"issued) SELECT num, ?2, ?3, ?4, ?5, ?6, ?7 "
		"FROM device WHERE num=?1 "
		"ON CONFLICT (device, collection) DO UPDATE SET "
		"epoch=excluded.epoch, counter=excluded.counter, "
		"repeats=excluded.repeats, confirmed=excluded.confirmed, "
		"issued=excluded.issued",
	[STORE_SQL_STATE_INSERT] =
		"INSERT INTO state "
		"(device, collection, epoch, counter, repeats, confirmed, "
		"issued) SELECT num, ?2, ?3, ?4, ?5, ?6, ?7 "
		"FROM device WHERE num=?1 "
		"ON CONFLICT (device, collection) DO NOTHING",
	[STORE_SQL_STATE_SWAP] =
		"UPDATE state SET epoch=?3, counter=?4, repeats=?5, "
		"confirmed=?6, issued=?7 WHERE device=?1 AND collection=?2 "
		"AND epoch=?8 AND counter=?9 AND repeats=?10",
	[STORE_SQL_STATE_DELETE] =
		"DELETE FROM state WHERE device=?1 AND collection=?2",
	[STORE_SQL_STATE_DELETE_ALL] = "DELETE FROM state WHERE device=?1",

	[STORE_SQL_OP_GET] =
		"SELECT value FROM op WHERE device=?1 AND kind=?2 AND key=?3",
	[STORE_SQL_OP_PUT] =
		"INSERT INTO op (device, kind, key, value, time) "
		"SELECT num, ?2, ?3, ?4, ?5 FROM device WHERE num=?1 "
		"ON CONFLICT (device, kind, key) DO UPDATE SET "
		"value=excluded.value, time=excluded.time",
	[STORE_SQL_OP_DELETE] =
		"DELETE FROM op WHERE device=?1 AND kind=?2 AND key=?3",
	[STORE_SQL_OP_DELETE_ALL] = "DELETE FROM op WHERE device=?1",
	[STORE_SQL_OP_OLDEST] = "SELECT 1 FROM op WHERE time < ?1 LIMIT 1",
	[STORE_SQL_OP_EXPIRE] = "DELETE FROM op WHERE time < ?1",

	[STORE_SQL_FOLDER_GET] = "SELECT id, guid, vname FROM folder WHERE id=?1",
	[STORE_SQL_FOLDER_GET_GUID] =
		"SELECT id, guid, vname FROM folder WHERE guid=?1",
	[STORE_SQL_FOLDER_LIST] =
		"SELECT id, guid, vname FROM folder ORDER BY id",
	[STORE_SQL_FOLDER_PUT] =
		"INSERT INTO folder (guid, vname) VALUES (?1, ?2) "
		"ON CONFLICT (guid) DO NOTHING",
	[STORE_SQL_FOLDER_HINT] = "UPDATE folder SET vname=?2 WHERE id=?1",

	[STORE_SQL_MAIL_GET] =
		"SELECT value FROM mail_param WHERE guid=?1 AND name=?2",
	[STORE_SQL_MAIL_PUT] =
		"INSERT INTO mail_param (guid, name, value) "
		"VALUES (?1, ?2, ?3) "
		"ON CONFLICT (guid, name) DO UPDATE SET value=excluded.value",
	[STORE_SQL_MAIL_DELETE] =
		"DELETE FROM mail_param WHERE guid=?1 AND name=?2",
	[STORE_SQL_DRAFT_GET] =
		"SELECT new_uid, author, parts FROM draft "
		"WHERE folder=?1 AND uid=?2",
	[STORE_SQL_DRAFT_PUT] =
		"INSERT INTO draft (folder, uid, new_uid, author, parts, time) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
		"ON CONFLICT (folder, uid) DO UPDATE SET "
		"new_uid=excluded.new_uid, author=excluded.author, "
		"parts=excluded.parts, time=excluded.time",
	[STORE_SQL_DRAFT_OLDEST] =
		"SELECT 1 FROM draft WHERE time<?1 LIMIT 1",
	[STORE_SQL_DRAFT_EXPIRE] =
		"DELETE FROM draft WHERE time<?1",

	[STORE_SQL_PIM_LIST] = PIM_SELECT "ORDER BY p.kind, p.main DESC, p.id",
	[STORE_SQL_PIM_GET] = PIM_SELECT "WHERE p.id=?1",
	[STORE_SQL_PIM_GET_MAIN] = PIM_SELECT "WHERE p.kind=?1 AND p.main=1",
	[STORE_SQL_PIM_COUNT_MAIN] =
		"SELECT count(*) FROM pim_folder WHERE main=1",
	[STORE_SQL_PIM_INSERT] =
		"INSERT INTO pim_folder (id, kind, main, parent, name, "
		"uidvalidity, uidnext, modseq, items, bytes) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, 1, 1, 0, 0) "
		"ON CONFLICT DO NOTHING",
	[STORE_SQL_PIM_UPDATE] =
		"UPDATE OR IGNORE pim_folder SET parent=?2, name=?3 "
		"WHERE id=?1",
	/* whose parent is gone; a name that the root has already gets its
	   number */
	[STORE_SQL_PIM_ORPHANS] =
		"UPDATE pim_folder SET parent=0, name=CASE WHEN EXISTS "
		"(SELECT 1 FROM pim_folder r WHERE r.parent=0 AND "
		"r.name=pim_folder.name) THEN name || ' ' || id ELSE name END "
		"WHERE parent=?1",
	[STORE_SQL_PIM_DELETABLE] =
		"SELECT 1 FROM pim_folder WHERE id=?1 AND main=0",
	[STORE_SQL_PIM_DELETE] = "DELETE FROM pim_folder WHERE id=?1",
	[STORE_SQL_PIM_USAGE] =
		"SELECT (SELECT ifnull(sum(bytes), 0) FROM pim_folder) + "
		"(SELECT ifnull(sum(bytes), 0) FROM conflict)",
	[STORE_SQL_PIM_NUMBERS] =
		"SELECT uidnext, items, modseq, bytes FROM pim_folder "
		"WHERE id=?1",
	[STORE_SQL_PIM_SET_NUMBERS] =
		"UPDATE pim_folder SET uidnext=?2, items=?3, modseq=?4, "
		"bytes=?5 WHERE id=?1",

	[STORE_SQL_ITEM_GET] = ITEM_SELECT "WHERE id=?1",
	[STORE_SQL_ITEM_GET_NEXT] =
		ITEM_SELECT "WHERE id>?1 AND id<=?2 ORDER BY id LIMIT 1",
	[STORE_SQL_ITEM_GET_MODSEQ] = "SELECT modseq FROM item WHERE id=?1",
	/* with its blobs */
	[STORE_SQL_ITEM_GET_SIZE] =
		"SELECT length(CAST(text AS BLOB)) + ifnull((SELECT "
		"sum(length(data)) FROM blob WHERE item=?1), 0) "
		"FROM item WHERE id=?1",
	[STORE_SQL_ITEM_FIND] =
		"SELECT folder, uid FROM item WHERE pim_uid=?2 AND folder=?1 "
		"ORDER BY uid LIMIT 1",
	[STORE_SQL_ITEM_FIND_KIND] =
		"SELECT i.folder, i.uid FROM item i JOIN pim_folder p "
		"ON p.id=i.folder WHERE i.pim_uid=?2 AND p.kind=?1 "
		"ORDER BY p.main DESC, i.folder, i.uid LIMIT 1",
	[STORE_SQL_ITEM_INSERT] =
		"INSERT INTO item (id, folder, uid, modseq, first_day, "
		"last_day, changed, pim_uid, name, text) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
	[STORE_SQL_ITEM_UPDATE] =
		"UPDATE item SET modseq=?2, first_day=?3, last_day=?4, "
		"changed=?5, pim_uid=?6, name=?7, text=?8 WHERE id=?1",
	[STORE_SQL_ITEM_SET_PROPS] =
		"UPDATE item SET first_day=?2, last_day=?3, pim_uid=?4, "
		"name=?5 WHERE id=?1",
	[STORE_SQL_ITEM_MOVE] =
		"INSERT INTO item (id, folder, uid, modseq, first_day, "
		"last_day, changed, pim_uid, name, text) "
		"SELECT ?2, ?3, ?4, ?5, first_day, last_day, changed, "
		"pim_uid, name, text FROM item WHERE id=?1",
	[STORE_SQL_ITEM_DELETE] = "DELETE FROM item WHERE id=?1",
	[STORE_SQL_ITEM_DELETE_ALL] = "DELETE FROM item WHERE folder=?1",
	[STORE_SQL_ITEM_UIDS] =
		"SELECT uid FROM item WHERE folder=?1 AND uid>=?2 AND uid<?3 "
		"AND last_day>=?4 ORDER BY uid",
	/* the newest ones: by the key, and not by the index of all */
	[STORE_SQL_ITEM_UIDS_FROM] =
		"SELECT uid FROM item WHERE id>=?1 AND id<?2 ORDER BY id",
	[STORE_SQL_ITEM_UIDS_BETWEEN] =
		"SELECT uid FROM item WHERE folder=?1 AND first_day<=?3 "
		"AND last_day>=?2 ORDER BY uid",
	[STORE_SQL_ITEM_CHANGED] =
		"SELECT uid FROM item WHERE folder=?1 AND modseq>?2 "
		"AND uid<?3 ORDER BY uid",
	[STORE_SQL_INDEX_NEXT] =
		"SELECT id & 4294967295 FROM item_waiting "
		"WHERE id BETWEEN ?1 AND ?2 ORDER BY id LIMIT 1",
	[STORE_SQL_INDEX_WAIT] =
		"INSERT OR IGNORE INTO item_waiting "
		"SELECT id FROM item WHERE id BETWEEN ?1 AND ?2",
	[STORE_SQL_INDEX_DONE] =
		"DELETE FROM item_waiting WHERE id BETWEEN ?1 AND ?2",
	[STORE_SQL_INDEX_ROWS] =
		"SELECT id, keys, text, whole FROM item_text "
		"WHERE id BETWEEN ?1 AND ?2 ORDER BY id",
	[STORE_SQL_INDEX_TEXT_INSERT] =
		"INSERT INTO item_text (id, whole, keys, text) "
		"VALUES (?1, ?2, ?3, ?4)",
	[STORE_SQL_INDEX_TEXT_DELETE] =
		"DELETE FROM item_text WHERE id BETWEEN ?1 AND ?2",
	[STORE_SQL_INDEX_FTS_INSERT] =
		"INSERT INTO item_fts (rowid, keys, text) "
		"VALUES (?1, ?2, ?3)",
	[STORE_SQL_INDEX_FTS_DELETE] =
		"INSERT INTO item_fts (item_fts, rowid, keys, text) "
		"VALUES ('delete', ?1, ?2, ?3)",
	[STORE_SQL_INDEX_MATCH_TEXT] =
		INDEX_SELECT("t.text", INDEX_FROM_FTS) INDEX_MATCH
		" AND t.whole=1",
	[STORE_SQL_INDEX_SCAN_TEXT] =
		INDEX_SELECT("t.text", "item_text t") "AND t.whole=1",
	[STORE_SQL_INDEX_NOT_WHOLE] =
		INDEX_SELECT("NULL", "item_text t") "AND t.whole=0",
	[STORE_SQL_INDEX_MATCH_KEYS] =
		INDEX_SELECT("t.keys", INDEX_FROM_FTS) INDEX_MATCH,
	[STORE_SQL_INDEX_SCAN_KEYS] =
		INDEX_SELECT("t.keys", "item_text t") "AND t.keys<>''",
	[STORE_SQL_TOMBSTONE_INSERT] =
		"INSERT INTO tombstone (folder, modseq, uid) "
		"VALUES (?1, ?2, ?3)",
	[STORE_SQL_TOMBSTONE_ALL] =
		"INSERT INTO tombstone (folder, modseq, uid) "
		"SELECT folder, ?2, uid FROM item WHERE folder=?1",
	[STORE_SQL_TOMBSTONE_EXPIRE] =
		"DELETE FROM tombstone WHERE folder=?1 AND modseq<=?2",
	[STORE_SQL_TOMBSTONE_LIST] =
		"SELECT uid FROM tombstone WHERE folder=?1 AND modseq>?2 "
		"AND uid<?3 ORDER BY uid",

	[STORE_SQL_CONFLICT_INSERT] =
		"INSERT INTO conflict (folder, uid, time, device, device_won, "
		"won, lost) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
	[STORE_SQL_CONFLICT_SET_BYTES] =
		"UPDATE conflict SET bytes = " STORE_CONFLICT_BYTES
		" WHERE num=?1",
	[STORE_SQL_CONFLICT_LIST] =
		"SELECT " CONFLICT_COLUMNS
		"CASE WHEN ?1 THEN won END, CASE WHEN ?1 THEN lost END "
		"FROM conflict ORDER BY num",
	[STORE_SQL_CONFLICT_GET] =
		"SELECT " CONFLICT_COLUMNS "won, lost FROM conflict "
		"WHERE num=?1",
	[STORE_SQL_CONFLICT_DELETE] = "DELETE FROM conflict WHERE num=?1",
	[STORE_SQL_CONFLICT_OLDEST] =
		"SELECT num, time FROM conflict ORDER BY num LIMIT 1",
	[STORE_SQL_CONFLICT_COUNT] = "SELECT count(*) FROM conflict",
	/* only the item's own */
	[STORE_SQL_CONFLICT_BLOB_INSERT] =
		"INSERT OR IGNORE INTO conflict_blob (conflict, blob, data) "
		"SELECT ?1, num, data FROM blob WHERE num=?2 AND item=?3",
	[STORE_SQL_CONFLICT_BLOB_GET] =
		"SELECT rowid FROM conflict_blob WHERE conflict=?1 AND blob=?2",

	[STORE_SQL_BLOB_INSERT] =
		"INSERT INTO blob (item, name, type, data) "
		"SELECT id, ?2, ?3, ?4 FROM item WHERE id=?1",
	[STORE_SQL_BLOB_GET] = BLOB_SELECT "WHERE num=?1",
	[STORE_SQL_BLOB_LIST] = BLOB_SELECT "WHERE item=?1 ORDER BY num",
	[STORE_SQL_BLOB_MOVE] = "UPDATE blob SET item=?2 WHERE item=?1",
	[STORE_SQL_BLOB_DELETE] = "DELETE FROM blob WHERE num=?1",

	[STORE_SQL_RECIPIENT_GET] =
		"SELECT shown, name, score, uid, modseq FROM recipient "
		"WHERE address=?1",
	[STORE_SQL_RECIPIENT_PUT] =
		"INSERT OR REPLACE INTO recipient "
		"(address, shown, name, score, uid, modseq) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	[STORE_SQL_RECIPIENT_LIST] =
		"SELECT shown, name, score, uid, modseq FROM recipient "
		"ORDER BY score DESC, address",
	[STORE_SQL_RECIPIENT_EXPIRE] =
		"DELETE FROM recipient WHERE address IN (SELECT address "
		"FROM recipient ORDER BY score DESC, address "
		"LIMIT -1 OFFSET ?1)",
	[STORE_SQL_RECIPIENT_BY_UID] =
		"SELECT shown, name, score, uid, modseq FROM recipient "
		"WHERE uid=?1",
	[STORE_SQL_RECIPIENT_STATUS] =
		"SELECT uidvalidity, uidnext, modseq, "
		"(SELECT count(*) FROM recipient) FROM recipient_status",
	[STORE_SQL_RECIPIENT_STATUS_SET] =
		"UPDATE recipient_status SET uidnext=?1, modseq=?2",
	[STORE_SQL_OUTBOX_INSERT] =
		"INSERT INTO outbox (rcpts, message_id, save, sent, "
		"uidvalidity, uidnext, tries, next_try, created, mail) "
		"VALUES (?1, ?2, ?3, 0, 0, 0, 0, ?4, ?4, ?5)",
	[STORE_SQL_OUTBOX_NEXT] =
		"SELECT num, rcpts, message_id, save, sent, uidvalidity, "
		"uidnext, tries, next_try, created, mail FROM outbox "
		"WHERE num>?1 AND next_try<=?2 ORDER BY num LIMIT 1",
	[STORE_SQL_OUTBOX_UPDATE] =
		"UPDATE outbox SET sent=?2, uidvalidity=?3, uidnext=?4, "
		"tries=?5, next_try=?6 WHERE num=?1",
	[STORE_SQL_OUTBOX_DELETE] =
		"DELETE FROM outbox WHERE num=?1",
	[STORE_SQL_GONE_GET] =
		"SELECT sequence, stamp FROM meeting_gone WHERE uid=?1",
	[STORE_SQL_GONE_PUT] =
		"INSERT OR REPLACE INTO meeting_gone "
		"(uid, sequence, stamp, time) VALUES (?1, ?2, ?3, ?4)",
	[STORE_SQL_GONE_EXPIRE] =
		"DELETE FROM meeting_gone WHERE time<?1",
	[STORE_SQL_CANCELLED_GET] =
		"SELECT sequence, stamp FROM meeting_cancelled "
		"WHERE uid=?1 AND organizer=?2",
	/* the newest one counts */
	[STORE_SQL_CANCELLED_PUT] =
		"INSERT INTO meeting_cancelled "
		"(uid, organizer, sequence, stamp, time) "
		"VALUES (?1, ?2, ?3, ?4, ?5) "
		"ON CONFLICT (uid, organizer) DO UPDATE SET "
		"sequence=excluded.sequence, stamp=excluded.stamp, "
		"time=excluded.time WHERE excluded.sequence>sequence OR "
		"(excluded.sequence=sequence AND excluded.stamp>stamp)",
	[STORE_SQL_CANCELLED_EXPIRE] =
		"DELETE FROM meeting_cancelled WHERE time<?1",
	[STORE_SQL_SEEN_GET] =
		"SELECT uidvalidity, uidnext, uidold, trying, tries, since "
		"FROM mail_seen WHERE mailbox=?1",
	[STORE_SQL_SEEN_PUT] =
		"INSERT OR REPLACE INTO mail_seen "
		"(mailbox, uidvalidity, uidnext, uidold, trying, tries, "
		"since) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
};

sqlite3_stmt *store_sql_get(struct store *store, enum store_sql id)
{
	sqlite3_stmt **stmt = &store->stmts[id];

	if (store->in_transaction && sqlite3_get_autocommit(store->db) != 0) {
		/* an earlier error (disk full, ...) has undone the transaction: what
		   follows must not become one of its own */
		e_error(store->event, "The transaction was lost before '%s'",
			store_sql_texts[id]);
		return NULL;
	}
	if (*stmt == NULL &&
	    sqlite3_prepare_v3(store->db, store_sql_texts[id], -1,
			       SQLITE_PREPARE_PERSISTENT, stmt,
			       NULL) != SQLITE_OK) {
		e_error(store->event, "Preparing '%s' failed: %s",
			store_sql_texts[id], sqlite3_errmsg(store->db));
		return NULL;
	}
	return *stmt;
}

int store_sql_step(struct store *store, sqlite3_stmt *stmt)
{
	switch (sqlite3_step(stmt)) {
	case SQLITE_ROW:
		return 1;
	case SQLITE_DONE:
		return 0;
	default:
		e_error(store->event, "'%s' failed: %s", sqlite3_sql(stmt),
			sqlite3_errmsg(store->db));
		return -1;
	}
}

void store_sql_done(sqlite3_stmt *stmt)
{
	/* repeats the error of the last step, which was looked at there */
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

int store_sql_run(struct store *store, sqlite3_stmt *stmt,
		  unsigned int *changes_r)
{
	int ret = store_sql_step(store, stmt);

	if (ret == 0 && changes_r != NULL)
		*changes_r = sqlite3_changes(store->db);
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}

void store_bind_text(sqlite3_stmt *stmt, int param, const char *value)
{
	int ret = sqlite3_bind_text(stmt, param, value, -1, SQLITE_STATIC);

	i_assert(ret == SQLITE_OK);
}

void store_bind_text_size(sqlite3_stmt *stmt, int param, const char *value,
			  size_t size)
{
	int ret = sqlite3_bind_text64(stmt, param, value, size, SQLITE_STATIC,
				      SQLITE_UTF8);

	i_assert(ret == SQLITE_OK);
}

void store_bind_uint(sqlite3_stmt *stmt, int param, uint64_t value)
{
	int ret = sqlite3_bind_int64(stmt, param, (sqlite3_int64)value);

	i_assert(ret == SQLITE_OK);
}

void store_bind_blob(sqlite3_stmt *stmt, int param, const void *data,
		     size_t size)
{
	int ret = sqlite3_bind_blob64(stmt, param, data, size, SQLITE_STATIC);

	i_assert(ret == SQLITE_OK);
}

const char *store_column_strdup(sqlite3_stmt *stmt, int column, pool_t pool)
{
	return p_strdup(pool, (const char *)sqlite3_column_text(stmt, column));
}

uint32_t store_column_uint(sqlite3_stmt *stmt, int column)
{
	sqlite3_int64 value = sqlite3_column_int64(stmt, column);

	return value < 0 || value > UINT32_MAX ? 0 : (uint32_t)value;
}

uint64_t store_column_uint64(sqlite3_stmt *stmt, int column)
{
	sqlite3_int64 value = sqlite3_column_int64(stmt, column);

	return value < 0 ? 0 : (uint64_t)value;
}

const void *store_column_memdup(sqlite3_stmt *stmt, int column, pool_t pool,
				size_t *size_r)
{
	const void *data = sqlite3_column_blob(stmt, column);
	size_t size = sqlite3_column_bytes(stmt, column);

	*size_r = size;
	if (data != NULL)
		return p_memdup(pool, data, size);
	/* SQLite has no address for an empty value */
	return sqlite3_column_type(stmt, column) == SQLITE_NULL ? NULL :
		p_strdup(pool, "");
}

int store_sql_run_value(struct store *store, sqlite3_stmt *stmt, pool_t pool,
			buffer_t **value_r)
{
	int ret = store_sql_step(store, stmt);

	if (ret > 0) {
		const void *data = sqlite3_column_blob(stmt, 0);
		size_t size = sqlite3_column_bytes(stmt, 0);

		*value_r = buffer_create_dynamic(pool, size + 1);
		buffer_append(*value_r, data, size);
	}
	store_sql_done(stmt);
	return ret;
}
