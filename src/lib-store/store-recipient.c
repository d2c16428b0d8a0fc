/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "strfuncs.h"
#include "store-private.h"
#include "store-recipient.h"

#include <math.h>

#define RECIPIENT_HALF_LIFE (30.0*24*3600)
#define RECIPIENT_SCALE 1000000.0
#define RECIPIENT_RANK_STEP 250000
/* as long as addresses and names can be */
#define RECIPIENT_MAX_TEXT 320

/* log2(2^old + 2^(time/30 days)) without leaving the range of a double */
static uint64_t recipient_score(uint64_t old, time_t time)
{
	double now = I_MAX(time, 0) / RECIPIENT_HALF_LIFE;
	double before = old / RECIPIENT_SCALE, max = I_MAX(now, before);

	if (old == 0)
		return now * RECIPIENT_SCALE;
	return (max + log2(1 + exp2(-fabs(now - before)))) * RECIPIENT_SCALE;
}

unsigned int store_recipient_rank(const struct store_recipient *recipient)
{
	return I_MIN(recipient->score / RECIPIENT_RANK_STEP, INT_MAX);
}

static void recipient_read(sqlite3_stmt *stmt, pool_t pool,
			   struct store_recipient *recipient_r)
{
	recipient_r->address = store_column_strdup(stmt, 0, pool);
	recipient_r->name = store_column_strdup(stmt, 1, pool);
	recipient_r->score = store_column_uint64(stmt, 2);
	recipient_r->uid = store_column_uint(stmt, 3);
	recipient_r->modseq = store_column_uint64(stmt, 4);
}

/* Returns 1, 0 if the statement, whose parameter is bound, finds none, -1. */
static int
recipient_read_one(struct store *store, sqlite3_stmt *stmt, pool_t pool,
		   struct store_recipient *recipient_r)
{
	int ret = store_sql_step(store, stmt);

	i_zero(recipient_r);
	if (ret > 0)
		recipient_read(stmt, pool, recipient_r);
	store_sql_done(stmt);
	return ret;
}

static int
recipient_get_address(struct store *store, const char *address,
		      struct store_recipient *recipient_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_GET);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, address);
	return recipient_read_one(store, stmt, pool_datastack_create(),
				  recipient_r);
}

int store_recipient_get(struct store *store, pool_t pool, uint32_t uid,
			struct store_recipient *recipient_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_BY_UID);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, uid);
	return recipient_read_one(store, stmt, pool, recipient_r);
}

int store_recipient_status(struct store *store,
			   struct store_recipient_status *status_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_STATUS);
	int ret;

	i_zero(status_r);
	if (stmt == NULL)
		return -1;
	ret = store_sql_step(store, stmt);
	if (ret > 0) {
		status_r->uidvalidity = store_column_uint(stmt, 0);
		status_r->uidnext = store_column_uint(stmt, 1);
		status_r->modseq = store_column_uint64(stmt, 2);
		status_r->count = store_column_uint(stmt, 3);
	}
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}

static int
recipient_set_status(struct store *store,
		     const struct store_recipient_status *status)
{
	sqlite3_stmt *stmt =
		store_sql_get(store, STORE_SQL_RECIPIENT_STATUS_SET);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, status->uidnext);
	store_bind_uint(stmt, 2, status->modseq);
	return store_sql_run(store, stmt, NULL);
}

static int
recipient_write(struct store *store, const char *address,
		const struct store_recipient *recipient)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_PUT);

	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, address);
	store_bind_text(stmt, 2, recipient->address);
	store_bind_text(stmt, 3, recipient->name);
	store_bind_uint(stmt, 4, recipient->score);
	store_bind_uint(stmt, 5, recipient->uid);
	store_bind_uint(stmt, 6, recipient->modseq);
	return store_sql_run(store, stmt, NULL);
}

/* A mail without name does not take the name away. */
static int
recipient_put(struct store *store, const struct store_recipient *recipient,
	      time_t time, struct store_recipient_status *status)
{
	const char *address = t_str_lcase(recipient->address);
	struct store_recipient old, new;
	int ret;

	if (strlen(address) > RECIPIENT_MAX_TEXT)
		return 0;
	ret = recipient_get_address(store, address, &old);
	if (ret < 0)
		return -1;
	new = old;
	new.address = recipient->address;
	if (recipient->name != NULL &&
	    strlen(recipient->name) <= RECIPIENT_MAX_TEXT)
		new.name = recipient->name;
	new.score = recipient_score(old.score, time);
	if (ret == 0)
		new.uid = status->uidnext++;
	if (ret == 0 || strcmp(new.address, old.address) != 0 ||
	    null_strcmp(new.name, old.name) != 0 ||
	    store_recipient_rank(&new) != store_recipient_rank(&old))
		new.modseq = ++status->modseq;
	return recipient_write(store, address, &new);
}

static int recipient_expire(struct store *store)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_EXPIRE);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, STORE_RECIPIENTS_MAX);
	return store_sql_run(store, stmt, NULL);
}

int store_recipient_add(struct store *store,
			const struct store_recipient *recipients,
			unsigned int count, time_t time)
{
	struct store_recipient_status status;
	int ret;

	if (count == 0)
		return 0;
	if (store_begin(store) < 0)
		return -1;
	ret = store_recipient_status(store, &status);
	for (unsigned int i = 0; ret == 0 && i < count; i++) T_BEGIN {
		ret = recipient_put(store, &recipients[i], time, &status);
	} T_END;
	if (ret == 0)
		ret = recipient_set_status(store, &status);
	if (ret == 0)
		ret = recipient_expire(store);
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store);
}

int store_recipient_list(struct store *store, pool_t pool,
			 ARRAY_TYPE(store_recipient) *recipients)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	while ((ret = store_sql_step(store, stmt)) > 0)
		recipient_read(stmt, pool, array_append_space(recipients));
	store_sql_done(stmt);
	return ret;
}
