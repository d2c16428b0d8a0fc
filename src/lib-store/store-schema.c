/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"

/* An upgrade is never changed once it was released: test-store-schema.c keeps the
   text and rows of every earlier version and upgrades from each, and
   test_store_doveadm.py lets devices go on after it.

   - AUTOINCREMENT: a number that stood in a device's memory must never mean
     something else.
   - The sync state is a table with rowid: a state of some hundred bytes to
     some KiB then lies in one page, so a put writes one page.
   - What belongs to a device goes with it (ON DELETE CASCADE). */
static const struct store_upgrade store_upgrades[] = {
	{ 1,
"CREATE TABLE device ("
" num INTEGER PRIMARY KEY AUTOINCREMENT,"
" protocol TEXT NOT NULL,"
" id TEXT NOT NULL,"
" type TEXT,"
" user_agent TEXT,"
" model TEXT,"
" imei TEXT,"
" friendly_name TEXT,"
" os TEXT,"
" os_language TEXT,"
" phone_number TEXT,"
" mobile_operator TEXT,"
" version INTEGER NOT NULL,"
" version_max INTEGER NOT NULL,"
" first_seen INTEGER NOT NULL,"
" last_seen INTEGER NOT NULL,"
" access INTEGER NOT NULL,"
" wipe INTEGER NOT NULL,"
" wipe_account_only INTEGER NOT NULL,"
" policy_key INTEGER NOT NULL,"
" policy_key_pending INTEGER NOT NULL,"
" policy_hash TEXT,"
" heartbeat INTEGER NOT NULL,"
" UNIQUE (protocol, id));"

"CREATE TABLE device_param ("
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE,"
" name TEXT NOT NULL,"
" value BLOB NOT NULL,"
" PRIMARY KEY (device, name)) WITHOUT ROWID;"

"CREATE TABLE state ("
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE,"
" collection TEXT NOT NULL,"
" epoch INTEGER NOT NULL,"
" counter INTEGER NOT NULL,"
" repeats INTEGER NOT NULL,"
" confirmed BLOB,"
" issued BLOB,"
" UNIQUE (device, collection));"

"CREATE TABLE op ("
" device INTEGER NOT NULL REFERENCES device (num) ON DELETE CASCADE,"
" kind TEXT NOT NULL,"
" key TEXT NOT NULL,"
" value BLOB NOT NULL,"
" time INTEGER NOT NULL,"
" PRIMARY KEY (device, kind, key)) WITHOUT ROWID;"
"CREATE INDEX op_time ON op (time);"

"CREATE TABLE folder ("
" id INTEGER PRIMARY KEY AUTOINCREMENT,"
" guid BLOB NOT NULL UNIQUE,"
" vname TEXT);"
	},
	{ 2,
"CREATE TABLE mail_param ("
" guid TEXT NOT NULL,"
" name TEXT NOT NULL,"
" value BLOB NOT NULL,"
" PRIMARY KEY (guid, name)) WITHOUT ROWID;"
	},
	{ 3,
"CREATE TABLE draft ("
" folder TEXT NOT NULL,"
" uid INTEGER NOT NULL,"
" new_uid INTEGER NOT NULL,"
" author TEXT NOT NULL,"
" parts TEXT NOT NULL,"
" time INTEGER NOT NULL,"
" PRIMARY KEY (folder, uid)) WITHOUT ROWID;"
"CREATE INDEX draft_time ON draft (time);"
	},
	/* - An item's id is its folder's id and its UID in one number, so that a folder's
	     items lie together in the order of their UIDs.
	   - item_look has all that a look of the sync engine reads: texts are not
	     touched by it.
	   - item.text is the last column: what stands before is read without it. */
	{ 4,
"CREATE TABLE pim_folder ("
" id INTEGER PRIMARY KEY REFERENCES folder (id),"
" kind INTEGER NOT NULL,"
" main INTEGER NOT NULL,"
" parent INTEGER NOT NULL,"
" name TEXT NOT NULL,"
" uidvalidity INTEGER NOT NULL,"
" uidnext INTEGER NOT NULL,"
" modseq INTEGER NOT NULL,"
" items INTEGER NOT NULL,"
" bytes INTEGER NOT NULL);"
"CREATE UNIQUE INDEX pim_folder_main ON pim_folder (kind) WHERE main = 1;"
"CREATE UNIQUE INDEX pim_folder_name ON pim_folder (parent, name);"

"CREATE TABLE item ("
" id INTEGER PRIMARY KEY,"
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE,"
" uid INTEGER NOT NULL,"
" modseq INTEGER NOT NULL,"
" first_day INTEGER NOT NULL,"
" last_day INTEGER NOT NULL,"
" changed INTEGER NOT NULL,"
" pim_uid TEXT NOT NULL,"
" name TEXT NOT NULL,"
" text TEXT NOT NULL);"
"CREATE UNIQUE INDEX item_look ON item"
" (folder, modseq, uid, first_day, last_day);"
"CREATE INDEX item_pim_uid ON item (pim_uid, folder, uid);"

"CREATE TABLE tombstone ("
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE,"
" modseq INTEGER NOT NULL,"
" uid INTEGER NOT NULL,"
" PRIMARY KEY (folder, modseq, uid)) WITHOUT ROWID;"

"CREATE TABLE conflict ("
" num INTEGER PRIMARY KEY AUTOINCREMENT,"
" folder INTEGER NOT NULL REFERENCES pim_folder (id) ON DELETE CASCADE,"
" uid INTEGER NOT NULL,"
" time INTEGER NOT NULL,"
" device TEXT,"
" device_won INTEGER NOT NULL,"
" won TEXT,"
" lost TEXT);"
"CREATE INDEX conflict_folder ON conflict (folder);"

"CREATE TABLE blob ("
" num INTEGER PRIMARY KEY AUTOINCREMENT,"
" item INTEGER NOT NULL REFERENCES item (id) ON DELETE CASCADE,"
" name TEXT,"
" type TEXT,"
" data BLOB NOT NULL);"
"CREATE INDEX blob_item ON blob (item);"
	},
	{ 5,
"CREATE TABLE recipient ("
" address TEXT PRIMARY KEY,"
" shown TEXT NOT NULL,"
" name TEXT,"
" score INTEGER NOT NULL) WITHOUT ROWID;"
	},
	{ 6,
"CREATE TABLE outbox ("
" num INTEGER PRIMARY KEY AUTOINCREMENT,"
" rcpts TEXT NOT NULL,"
" message_id TEXT NOT NULL,"
" save INTEGER NOT NULL,"
" sent INTEGER NOT NULL,"
" uidvalidity INTEGER NOT NULL,"
" uidnext INTEGER NOT NULL,"
" tries INTEGER NOT NULL,"
" next_try INTEGER NOT NULL,"
" created INTEGER NOT NULL,"
" mail BLOB NOT NULL);"

"CREATE TABLE meeting_gone ("
" uid TEXT PRIMARY KEY,"
" sequence INTEGER NOT NULL,"
" stamp INTEGER NOT NULL,"
" time INTEGER NOT NULL) WITHOUT ROWID;"

"CREATE TABLE mail_seen ("
" mailbox TEXT PRIMARY KEY,"
" uidvalidity INTEGER NOT NULL,"
" uidnext INTEGER NOT NULL) WITHOUT ROWID;"
	},
	{ 7,
"CREATE TABLE meeting_cancelled ("
" uid TEXT NOT NULL,"
" organizer TEXT NOT NULL,"
" sequence INTEGER NOT NULL,"
" stamp INTEGER NOT NULL,"
" time INTEGER NOT NULL,"
" PRIMARY KEY (uid, organizer)) WITHOUT ROWID;"

"ALTER TABLE mail_seen ADD COLUMN uidold INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mail_seen ADD COLUMN trying INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mail_seen ADD COLUMN tries INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE mail_seen ADD COLUMN since INTEGER NOT NULL DEFAULT 0;"
	},
	/* what the sync engine needs of recipients; there is one row of
	   recipient_status */
	{ 8,
"ALTER TABLE recipient ADD COLUMN uid INTEGER NOT NULL DEFAULT 0;"
"ALTER TABLE recipient ADD COLUMN modseq INTEGER NOT NULL DEFAULT 1;"
"UPDATE recipient SET uid = (SELECT count(*) FROM recipient AS r"
" WHERE r.address <= recipient.address);"
"CREATE UNIQUE INDEX recipient_uid ON recipient (uid);"

"CREATE TABLE recipient_status ("
" uidvalidity INTEGER NOT NULL,"
" uidnext INTEGER NOT NULL,"
" modseq INTEGER NOT NULL);"
"INSERT INTO recipient_status SELECT CAST(strftime('%s','now') AS INTEGER),"
" count(*) + 1, 1 FROM recipient;"
	},
	/* see store-index.h. Only numbers are written here, so that the upgrade takes
	   no time; what is before text in item_text is read without it. */
	{ 9,
"CREATE TABLE item_text ("
" id INTEGER PRIMARY KEY REFERENCES item (id),"
" whole INTEGER NOT NULL,"
" keys TEXT NOT NULL,"
" text TEXT NOT NULL);"
"CREATE INDEX item_text_not_whole ON item_text (id) WHERE whole = 0;"
"CREATE VIRTUAL TABLE item_fts USING fts5 (keys, text,"
" content='item_text', content_rowid='id', columnsize=0, detail=none,"
" tokenize='trigram case_sensitive 1');"

"CREATE TABLE item_waiting ("
" id INTEGER PRIMARY KEY REFERENCES item (id) ON DELETE CASCADE);"
"INSERT INTO item_waiting SELECT id FROM item;"
"CREATE TRIGGER item_added AFTER INSERT ON item BEGIN"
" INSERT INTO item_waiting VALUES (new.id); END;"
"CREATE TRIGGER item_changed AFTER UPDATE OF text ON item BEGIN"
" INSERT OR IGNORE INTO item_waiting VALUES (new.id); END;"
	},
	/* conflicts count for the quota, and have the attachments of the version that lost; there is an
	   index because bytes stands behind the texts */
	{ 10,
"ALTER TABLE conflict ADD COLUMN bytes INTEGER NOT NULL DEFAULT 0;"
"UPDATE conflict SET bytes = ifnull(length(CAST(won AS BLOB)), 0) +"
" ifnull(length(CAST(lost AS BLOB)), 0);"
"CREATE INDEX conflict_bytes ON conflict (bytes);"

"CREATE TABLE conflict_blob ("
" conflict INTEGER NOT NULL REFERENCES conflict (num) ON DELETE CASCADE,"
" blob INTEGER NOT NULL,"
" data BLOB NOT NULL,"
" UNIQUE (conflict, blob));"
	},
};

static int
schema_exec(sqlite3 *db, const char *sql, const char *what,
	    const char **error_r)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK)
		return 0;
	*error_r = t_strdup_printf("%s failed: %s", what, sqlite3_errmsg(db));
	return -1;
}

static int
schema_get_number(sqlite3 *db, const char *sql, int64_t *value_r,
		  const char **error_r)
{
	sqlite3_stmt *stmt;
	int ret = -1;

	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK &&
	    sqlite3_step(stmt) == SQLITE_ROW) {
		*value_r = sqlite3_column_int64(stmt, 0);
		ret = 0;
	} else {
		*error_r = t_strdup_printf("Reading the schema failed: %s",
					   sqlite3_errmsg(db));
	}
	(void)sqlite3_finalize(stmt);
	return ret;
}

/* A newer program has other tables, or reads these in another way: hands off. */
static int
schema_check_version(int64_t version, unsigned int count, const char **error_r)
{
	if (version >= 0 && version <= count)
		return 0;
	*error_r = t_strdup_printf("Schema version %"PRId64" is newer than "
				   "this program's (%u)", version, count);
	return -1;
}

/* Inside of the transaction: another process may have upgraded meanwhile. */
static int
schema_upgrade_locked(sqlite3 *db, const struct store_upgrade *upgrades,
		      unsigned int count, const char **error_r)
{
	int64_t version;
	unsigned int i;

	if (schema_get_number(db, "PRAGMA user_version", &version,
			      error_r) < 0 ||
	    schema_check_version(version, count, error_r) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		i_assert(upgrades[i].version == i + 1);
		if (upgrades[i].version <= version)
			continue;
		if (schema_exec(db, upgrades[i].sql, t_strdup_printf(
				"Upgrading the schema to version %u",
				upgrades[i].version), error_r) < 0)
			return -1;
	}
	if (version == count)
		return 0;
	return schema_exec(db, t_strdup_printf("PRAGMA user_version = %u",
					       count),
			   "Setting the schema's version", error_r);
}

int store_schema_upgrade(sqlite3 *db, const struct store_upgrade *upgrades,
			 unsigned int count, const char **error_r)
{
	int64_t version;

	if (schema_get_number(db, "PRAGMA user_version", &version,
			      error_r) < 0 ||
	    schema_check_version(version, count, error_r) < 0)
		return -1;
	if (version == count)
		return 0;
	if (schema_exec(db, "BEGIN IMMEDIATE", "Locking for the upgrade",
			error_r) < 0)
		return -1;
	if (schema_upgrade_locked(db, upgrades, count, error_r) < 0) {
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	if (schema_exec(db, "COMMIT", "Committing the upgrade", error_r) < 0) {
		(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
		return -1;
	}
	return 0;
}

/* A new database is claimed before its first table is made, so whatever has tables
   but not our mark is somebody else's. The mark is read last: another process may be making
   the database at this moment. */
static int schema_check_owner(sqlite3 *db, int64_t *id_r, const char **error_r)
{
	int64_t tables;

	if (schema_get_number(db, "SELECT count(*) FROM sqlite_master",
			      &tables, error_r) < 0 ||
	    schema_get_number(db, "PRAGMA application_id", id_r, error_r) < 0)
		return -1;
	if (*id_r == STORE_APPLICATION_ID || (*id_r == 0 && tables == 0))
		return 0;
	*error_r = "It is another program's database";
	return -1;
}

int store_schema_check(sqlite3 *db, const char **error_r)
{
	int64_t id, version;

	if (schema_check_owner(db, &id, error_r) < 0 ||
	    schema_get_number(db, "PRAGMA user_version", &version,
			      error_r) < 0)
		return -1;
	return schema_check_version(version, N_ELEMENTS(store_upgrades),
				    error_r);
}

static int schema_claim(sqlite3 *db, const char **error_r)
{
	int64_t id;

	if (schema_check_owner(db, &id, error_r) < 0)
		return -1;
	if (id == STORE_APPLICATION_ID)
		return 0;
	return schema_exec(db, t_strdup_printf("PRAGMA application_id = %d",
					       STORE_APPLICATION_ID),
			   "Marking the new database", error_r);
}

int store_schema_init(sqlite3 *db, const char **error_r)
{
	i_assert(N_ELEMENTS(store_upgrades) == STORE_SCHEMA_VERSION);

	if (schema_claim(db, error_r) < 0)
		return -1;
	return store_schema_upgrade(db, store_upgrades,
				    N_ELEMENTS(store_upgrades), error_r);
}
