/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "strfuncs.h"
#include "store-private.h"
#include "store-recipient.h"

#include <math.h>

#define RECIPIENT_HALF_LIFE (30.0*24*3600)
#define RECIPIENT_SCALE 1000000.0
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

unsigned int store_recipient_rank(const struct store_recipient *recipient,
				  time_t now)
{
	double age = now / RECIPIENT_HALF_LIFE -
		recipient->score / RECIPIENT_SCALE;

	return I_MIN(1000 * exp2(-age), 1000000000.0);
}

static int
recipient_get_score(struct store *store, const char *address,
		    uint64_t *score_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_RECIPIENT_GET);
	int ret;

	*score_r = 0;
	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, address);
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		*score_r = sqlite3_column_int64(stmt, 0);
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}

static int
recipient_put(struct store *store, const struct store_recipient *recipient,
	      time_t time)
{
	const char *address = t_str_lcase(recipient->address);
	uint64_t score;
	sqlite3_stmt *stmt;

	if (strlen(address) > RECIPIENT_MAX_TEXT)
		return 0;
	if (recipient_get_score(store, address, &score) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_RECIPIENT_PUT);
	if (stmt == NULL)
		return -1;
	store_bind_text(stmt, 1, address);
	store_bind_text(stmt, 2, recipient->address);
	store_bind_text(stmt, 3, recipient->name == NULL ||
			strlen(recipient->name) > RECIPIENT_MAX_TEXT ?
			NULL : recipient->name);
	store_bind_uint(stmt, 4, recipient_score(score, time));
	return store_sql_run(store, stmt, NULL);
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
	int ret = 0;

	if (count == 0)
		return 0;
	if (store_begin(store) < 0)
		return -1;
	for (unsigned int i = 0; ret == 0 && i < count; i++) T_BEGIN {
		ret = recipient_put(store, &recipients[i], time);
	} T_END;
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
	struct store_recipient *recipient;
	int ret;

	if (stmt == NULL)
		return -1;
	while ((ret = store_sql_step(store, stmt)) > 0) {
		recipient = array_append_space(recipients);
		recipient->address = store_column_strdup(stmt, 0, pool);
		recipient->name = store_column_strdup(stmt, 1, pool);
		recipient->score = sqlite3_column_int64(stmt, 2);
	}
	store_sql_done(stmt);
	return ret;
}
