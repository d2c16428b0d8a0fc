/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-meeting.h"

#include <time.h>

/* Takes the row of a bound statement. */
static int
meeting_gone_step(struct store *store, sqlite3_stmt *stmt,
		  struct store_meeting_gone *gone_r)
{
	int ret;

	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		gone_r->sequence = store_column_uint(stmt, 0);
		gone_r->stamp = store_column_uint64(stmt, 1);
	}
	store_sql_done(stmt);
	return ret;
}

int store_meeting_gone_get(struct store *store, const char *pim_uid,
			   struct store_meeting_gone *gone_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_GONE_GET);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, pim_uid);
	return meeting_gone_step(store, stmt, gone_r);
}

int store_meeting_gone_put(struct store *store, const char *pim_uid,
			   const struct store_meeting_gone *gone)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_GONE_PUT);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, pim_uid);
	store_bind_uint(stmt, 2, gone->sequence);
	store_bind_uint(stmt, 3, I_MAX(gone->stamp, 0));
	store_bind_uint(stmt, 4, time(NULL));
	return store_sql_run(store, stmt, NULL);
}

int store_meeting_cancelled_get(struct store *store, const char *pim_uid,
				const char *organizer,
				struct store_meeting_gone *gone_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CANCELLED_GET);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, pim_uid);
	store_bind_text(stmt, 2, organizer);
	return meeting_gone_step(store, stmt, gone_r);
}

int store_meeting_cancelled_put(struct store *store, const char *pim_uid,
				const char *organizer,
				const struct store_meeting_gone *gone)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_CANCELLED_PUT);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, pim_uid);
	store_bind_text(stmt, 2, organizer);
	store_bind_uint(stmt, 3, gone->sequence);
	store_bind_uint(stmt, 4, I_MAX(gone->stamp, 0));
	store_bind_uint(stmt, 5, time(NULL));
	return store_sql_run(store, stmt, NULL);
}

static int
store_meeting_expire(struct store *store, enum store_sql id,
		     unsigned int max_age)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);
	time_t now = time(NULL);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, now < (time_t)max_age ? 0 : now - max_age);
	return store_sql_run(store, stmt, NULL);
}

int store_meeting_gone_expire(struct store *store, unsigned int max_age)
{
	if (store_meeting_expire(store, STORE_SQL_GONE_EXPIRE, max_age) < 0)
		return -1;
	return store_meeting_expire(store, STORE_SQL_CANCELLED_EXPIRE,
				    max_age);
}

int store_mail_seen_get(struct store *store, const char *mailbox,
			struct store_mail_seen *seen_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_SEEN_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, mailbox);
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		seen_r->uidvalidity = store_column_uint(stmt, 0);
		seen_r->uidnext = store_column_uint(stmt, 1);
		seen_r->uidold = store_column_uint(stmt, 2);
		seen_r->trying = store_column_uint(stmt, 3);
		seen_r->tries = store_column_uint(stmt, 4);
		seen_r->since = store_column_uint64(stmt, 5);
	}
	store_sql_done(stmt);
	return ret;
}

int store_mail_seen_put(struct store *store, const char *mailbox,
			const struct store_mail_seen *seen)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_SEEN_PUT);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, mailbox);
	store_bind_uint(stmt, 2, seen->uidvalidity);
	store_bind_uint(stmt, 3, seen->uidnext);
	store_bind_uint(stmt, 4, seen->uidold);
	store_bind_uint(stmt, 5, seen->trying);
	store_bind_uint(stmt, 6, seen->tries);
	store_bind_uint(stmt, 7, seen->since);
	return store_sql_run(store, stmt, NULL);
}
