/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "unichar.h"
#include "store-private.h"
#include "store-index.h"

/* More of a query's trigrams would not leave out much more. */
#define INDEX_MAX_TRIGRAMS 32
#define INDEX_TRIGRAM_CHARS 3

struct index_find {
	struct store *store;
	uint32_t folder;
	const char *const *parts;
	store_index_found_t *found;
	void *context;
	bool stopped;
};

/* -- writing -- */

int store_index_next(struct store *store, pool_t pool, uint32_t folder,
		     struct store_item *item_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_INDEX_NEXT);
	uint32_t uid = 0;
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, 0));
	store_bind_uint(stmt, 2, store_item_id(folder, (uint32_t)-1));
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		uid = store_column_uint(stmt, 0);
	store_sql_done(stmt);
	return ret <= 0 ? ret :
		store_item_get(store, pool, folder, uid, item_r);
}

/* FTS5 has to be told what it had indexed, by a statement of one row: it writes everything
   out before one of several. */
static int index_fts_run(struct store *store, enum store_sql id,
			 uint64_t item, const char *keys, const char *text)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, item);
	store_bind_text(stmt, 2, keys);
	store_bind_text(stmt, 3, text);
	return store_sql_run(store, stmt, NULL);
}

static int index_text_run(struct store *store, enum store_sql id,
			  uint64_t first, uint64_t last)
{
	sqlite3_stmt *stmt = store_sql_get(store, id);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, first);
	store_bind_uint(stmt, 2, last);
	return store_sql_run(store, stmt, NULL);
}

/* Returns 1, 0 at the end, -1. */
static int
index_forget_row(struct store *store, sqlite3_stmt *stmt)
{
	int ret = store_sql_step(store, stmt);

	if (ret > 0 && index_fts_run(store, STORE_SQL_INDEX_FTS_DELETE,
			store_column_uint64(stmt, 0),
			(const char *)sqlite3_column_text(stmt, 1),
			(const char *)sqlite3_column_text(stmt, 2)) < 0)
		ret = -1;
	return ret;
}

int store_index_forget(struct store *store, uint64_t first, uint64_t last)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_INDEX_ROWS);
	int ret;

	i_assert(store->in_transaction);

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, first);
	store_bind_uint(stmt, 2, last);
	while ((ret = index_forget_row(store, stmt)) > 0) ;
	store_sql_done(stmt);
	return ret < 0 ? -1 : index_text_run(store,
		STORE_SQL_INDEX_TEXT_DELETE, first, last);
}

/* What is kept of an item. */
struct index_entry {
	const char *text, *keys;
	bool whole;
};

static void
index_entry_init(struct index_entry *entry_r, const char *text,
		 const char *keys)
{
	entry_r->whole = strlen(text) <= STORE_INDEX_MAX_TEXT;
	entry_r->text = entry_r->whole ? text : "";
	entry_r->keys = strlen(keys) <= STORE_INDEX_MAX_TEXT ? keys : "";
}

static int
index_put(struct store *store, uint64_t item, const struct index_entry *entry)
{
	sqlite3_stmt *stmt;

	if (index_text_run(store, STORE_SQL_INDEX_DONE, item, item) < 0 ||
	    store_index_forget(store, item, item) < 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_INDEX_TEXT_INSERT);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, item);
	store_bind_uint(stmt, 2, entry->whole ? 1 : 0);
	store_bind_text(stmt, 3, entry->keys);
	store_bind_text(stmt, 4, entry->text);
	if (store_sql_run(store, stmt, NULL) < 0)
		return -1;
	return index_fts_run(store, STORE_SQL_INDEX_FTS_INSERT, item,
			     entry->keys, entry->text);
}

int store_index_put(struct store *store, uint32_t folder, uint32_t uid,
		    const char *text, const char *keys)
{
	struct index_entry entry;
	bool own;

	index_entry_init(&entry, text, keys);
	if (store_change_begin(store, &own) < 0)
		return -1;
	return store_change_end(store, own, index_put(store,
		store_item_id(folder, uid), &entry));
}

static int index_reset(struct store *store, uint64_t item)
{
	return store_index_forget(store, item, item) < 0 ? -1 :
		index_text_run(store, STORE_SQL_INDEX_WAIT, item, item);
}

int store_index_reset(struct store *store, uint32_t folder, uint32_t uid)
{
	bool own;

	if (store_change_begin(store, &own) < 0)
		return -1;
	return store_change_end(store, own, index_reset(store,
		store_item_id(folder, uid)));
}

int store_index_check(struct store *store, uint32_t folder, uint32_t uid,
		      const char *text, const char *keys)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_INDEX_ROWS);
	struct index_entry entry;
	int ret;

	if (stmt == NULL)
		return -1;
	index_entry_init(&entry, text, keys);
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	store_bind_uint(stmt, 2, store_item_id(folder, uid));
	ret = store_sql_step(store, stmt);
	if (ret == 0)
		ret = 1;
	else if (ret > 0) {
		ret = (store_column_uint(stmt, 3) != 0) == entry.whole &&
			strcmp((const char *)sqlite3_column_text(stmt, 1),
			       entry.keys) == 0 &&
			strcmp((const char *)sqlite3_column_text(stmt, 2),
			       entry.text) == 0 ? 1 : 0;
	}
	store_sql_done(stmt);
	return ret;
}

/* -- searching -- */

/* The first max trigrams of a part, each as a string of FTS5's query language; all of them are
   wanted. */
static void
index_add_trigrams(string_t *query, const char *part, unsigned int max)
{
	const char *start = part, *p = part;
	unsigned int chars = 0, count = 0;

	while (*p != '\0' && count < max) {
		p += uni_utf8_char_bytes((unsigned char)*p);
		if (++chars < INDEX_TRIGRAM_CHARS)
			continue;
		str_append_c(query, '"');
		for (const char *c = start; c < p; c++) {
			if (*c == '"')
				str_append_c(query, '"');
			str_append_c(query, *c);
		}
		str_append(query, "\" ");
		start += uni_utf8_char_bytes((unsigned char)*start);
		count++;
	}
}

static const char *index_query(const char *const *parts)
{
	string_t *query = t_str_new(256);
	unsigned int count = str_array_length(parts);

	for (unsigned int i = 0; i < count && i < INDEX_MAX_TRIGRAMS; i++) {
		index_add_trigrams(query, parts[i],
				   I_MAX(INDEX_MAX_TRIGRAMS / count, 1));
	}
	return str_c(query);
}

static bool
index_has_parts(const char *text, const char *const *parts)
{
	for (; *parts != NULL; parts++) {
		if (strstr(text, *parts) == NULL)
			return FALSE;
	}
	return TRUE;
}

static void index_found_row(struct index_find *find, sqlite3_stmt *stmt)
{
	/* NULL: it isn't whole */
	const char *text = (const char *)sqlite3_column_text(stmt, 2);

	if (text != NULL && !index_has_parts(text, find->parts))
		return;
	if (!find->found(store_column_uint(stmt, 0),
			 (time_t)sqlite3_column_int64(stmt, 1), text,
			 find->context))
		find->stopped = TRUE;
}

static int
index_find_run(struct index_find *find, enum store_sql id, const char *query)
{
	sqlite3_stmt *stmt = store_sql_get(find->store, id);
	int ret = 0;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(find->folder, 0));
	store_bind_uint(stmt, 2, store_item_id(find->folder, (uint32_t)-1));
	if (query != NULL)
		store_bind_text(stmt, 3, query);
	while (!find->stopped &&
	       (ret = store_sql_step(find->store, stmt)) > 0) T_BEGIN {
		index_found_row(find, stmt);
	} T_END;
	store_sql_done(stmt);
	return ret < 0 ? -1 : 0;
}

static int
index_find(struct index_find *find, enum store_sql match, enum store_sql scan)
{
	const char *query = index_query(find->parts);

	return *query == '\0' ? index_find_run(find, scan, NULL) :
		index_find_run(find, match, query);
}

int store_index_find_text(struct store *store, uint32_t folder,
			  const char *const *parts, store_index_found_t *found,
			  void *context)
{
	struct index_find find = {
		.store = store, .folder = folder, .parts = parts,
		.found = found, .context = context,
	};

	if (index_find_run(&find, STORE_SQL_INDEX_NOT_WHOLE, NULL) < 0)
		return -1;
	return index_find(&find, STORE_SQL_INDEX_MATCH_TEXT,
			  STORE_SQL_INDEX_SCAN_TEXT);
}

int store_index_find_keys(struct store *store, uint32_t folder,
			  const char *const *parts, store_index_found_t *found,
			  void *context)
{
	struct index_find find = {
		.store = store, .folder = folder, .parts = parts,
		.found = found, .context = context,
	};

	return index_find(&find, STORE_SQL_INDEX_MATCH_KEYS,
			  STORE_SQL_INDEX_SCAN_KEYS);
}
