/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-private.h"
#include "store-outbox.h"

#include <time.h>

int store_outbox_add(struct store *store, struct store_outbox *mail)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_OUTBOX_INSERT);

	if (stmt == NULL)
		return -1;
	mail->created = mail->next_try = time(NULL);
	store_bind_text(stmt, 1, mail->rcpts);
	store_bind_text(stmt, 2, mail->message_id);
	store_bind_uint(stmt, 3, mail->save ? 1 : 0);
	store_bind_uint(stmt, 4, mail->created);
	store_bind_blob(stmt, 5, mail->mail, mail->size);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;
	mail->num = sqlite3_last_insert_rowid(store->db);
	return 0;
}

int store_outbox_next(struct store *store, pool_t pool, uint32_t after,
		      time_t now, struct store_outbox *mail_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_OUTBOX_NEXT);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, after);
	store_bind_uint(stmt, 2, now);
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		i_zero(mail_r);
		mail_r->num = store_column_uint(stmt, 0);
		mail_r->rcpts = store_column_strdup(stmt, 1, pool);
		mail_r->message_id = store_column_strdup(stmt, 2, pool);
		mail_r->save = store_column_uint(stmt, 3) != 0;
		mail_r->sent = store_column_uint(stmt, 4) != 0;
		mail_r->uidvalidity = store_column_uint(stmt, 5);
		mail_r->uidnext = store_column_uint(stmt, 6);
		mail_r->tries = store_column_uint(stmt, 7);
		mail_r->next_try = store_column_uint64(stmt, 8);
		mail_r->created = store_column_uint64(stmt, 9);
		mail_r->mail = store_column_memdup(stmt, 10, pool,
						   &mail_r->size);
	}
	store_sql_done(stmt);
	return ret;
}

int store_outbox_update(struct store *store, const struct store_outbox *mail)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_OUTBOX_UPDATE);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, mail->num);
	store_bind_uint(stmt, 2, mail->sent ? 1 : 0);
	store_bind_uint(stmt, 3, mail->uidvalidity);
	store_bind_uint(stmt, 4, mail->uidnext);
	store_bind_uint(stmt, 5, mail->tries);
	store_bind_uint(stmt, 6, mail->next_try);
	return store_sql_run(store, stmt, NULL);
}

int store_outbox_remove(struct store *store, uint32_t num)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_OUTBOX_DELETE);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	return store_sql_run(store, stmt, NULL);
}
