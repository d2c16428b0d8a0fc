/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "unichar.h"
#include "store-private.h"
#include "store-index.h"
#include "store-maint.h"
#include "test-common.h"
#include "test-store-common.h"

static const struct store_item_props test_props = {
	.pim_uid = "uid", .name = "name", .last_day = STORE_DAY_EVER,
};

static uint32_t test_folder(struct store *store, const char *name)
{
	uint32_t id = 0;

	test_assert(store_pim_folder_create(store, STORE_KIND_CONTACTS, 0,
					    name, &id) > 0);
	return id;
}

static uint32_t
test_add(struct store *store, uint32_t folder, const char *text)
{
	uint32_t uid = 0;

	test_assert(store_item_add(store, folder, &test_props, text,
				   strlen(text), &uid, NULL) == STORE_PUT_OK);
	return uid;
}

/* Items' texts are what is indexed, their keys as well, in brackets. */
static void test_index(struct store *store, uint32_t folder)
{
	struct store_item item;
	int ret = 1;

	while (ret > 0) T_BEGIN {
		ret = store_index_next(store, pool_datastack_create(), folder,
				       &item);
		if (ret > 0) {
			test_assert(store_index_put(store, folder, item.uid,
				item.text, t_strdup_printf("[%s]",
							   item.text)) == 0);
		}
	} T_END;
	test_assert(ret == 0);
}

struct test_find {
	string_t *found;
	unsigned int left;
};

static bool
test_found(uint32_t uid, time_t changed, const char *text, void *context)
{
	struct test_find *find = context;

	test_assert(changed > 0);
	str_printfa(find->found, "%u%s ", uid, text == NULL ? "?" : "");
	return --find->left > 0;
}

static const char *
test_search(struct store *store, uint32_t folder, bool keys,
	    const char *const *parts)
{
	/* not of the data stack: rows have frames of their own */
	struct test_find find = {
		.found = str_new(default_pool, 64), .left = UINT_MAX,
	};
	const char *found;

	test_assert((keys ? store_index_find_keys : store_index_find_text)
		    (store, folder, parts, test_found, &find) == 0);
	found = t_strdup(str_c(find.found));
	str_free(&find.found);
	return found;
}

static const char *
test_words(struct store *store, uint32_t folder, const char *words)
{
	return test_search(store, folder, FALSE, t_strsplit(words, "|"));
}

static void
test_problem(const char *problem, bool repaired, void *context)
{
	string_t *problems = context;

	str_printfa(problems, "%s%s\n", problem, repaired ? " (repaired)" : "");
}

static const char *test_check(struct store *store, bool repair)
{
	string_t *problems = str_new(default_pool, 128);
	const char *found;

	test_assert(store_check(store, repair, test_problem, problems) >= 0);
	found = t_strdup(str_c(problems));
	str_free(&problems);
	return found;
}

static void test_store_index_find(void)
{
	static const struct {
		const char *words, *found;
	} tests[] = {
		{ "LUNCH", "1 3 " },
		{ "UNC", "1 3 " },
		{ "LUNCH|ADA", "1 " },
		{ "H WITH A", "1 " },
		{ "ADA\nLUN", "" },
		{ "DINNER", "" },
		{ "\"QUO\"\"TED", "2 " },
		{ "\"\"T", "2 " },
		{ "OR NOT", "2 " },
		{ "\xe7\x8e\x8b\xe5\xb0\x8f\xe8\x8a\xb3", "3 " },
		/* no three characters */
		{ "\xe7\x8e\x8b\xe5\xb0\x8f", "3 " },
		{ "AD", "1 " },
		{ "A", "1 2 " },
		{ "A|UNC", "1 " },
		{ "QX", "" },
		{ "", "1 2 3 " },
	};
	struct store *store = test_store_create("find");
	uint32_t folder = test_folder(store, "one");
	uint32_t other = test_folder(store, "other");
	const char *parts[101];
	unsigned int i;

	test_begin("store index: find");
	(void)test_add(store, folder, "LUNCH WITH ADA\n+49 123\n");
	(void)test_add(store, folder, "\"QUO\"\"TED\" AND (OR NOT) *^A\n");
	(void)test_add(store, folder, "\xe7\x8e\x8b\xe5\xb0\x8f\xe8\x8a\xb3 "
		       "LUNCH\n");
	(void)test_add(store, other, "LUNCH WITH ADA\n");
	test_assert_strcmp(test_words(store, folder, "LUNCH"), "");
	test_index(store, folder);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(test_words(store, folder,
				tests[i].words), tests[i].found, i);
	}
	test_assert_strcmp(test_words(store, other, "LUNCH"), "");
	test_index(store, other);
	test_assert_strcmp(test_words(store, other, "LUNCH"), "1 ");

	/* more words than trigrams are asked for */
	for (i = 0; i < 100; i++)
		parts[i] = "LUNCH WITH ADA";
	parts[i] = NULL;
	test_assert_strcmp(test_search(store, folder, FALSE, parts), "1 ");
	parts[99] = "LUNCH WITH EVA";
	test_assert_strcmp(test_search(store, folder, FALSE, parts), "");

	parts[0] = "[LUN";
	parts[1] = NULL;
	test_assert_strcmp(test_search(store, folder, TRUE, parts), "1 ");
	test_assert_strcmp(test_search(store, folder, FALSE, parts), "");
	parts[0] = "[L";
	test_assert_strcmp(test_search(store, folder, TRUE, parts), "1 ");
	test_assert_strcmp(test_check(store, FALSE), "");
	store_close(&store);
	test_end();
}

static void test_store_index_stop(void)
{
	static const char *const none[] = { NULL };
	struct store *store = test_store_create("stop");
	uint32_t folder = test_folder(store, "one");
	struct test_find find = {
		.found = str_new(default_pool, 64), .left = 2,
	};

	test_begin("store index: stop");
	for (unsigned int i = 0; i < 5; i++)
		(void)test_add(store, folder, "SAME");
	test_index(store, folder);
	test_assert(store_index_find_text(store, folder, none, test_found,
					  &find) == 0);
	test_assert_strcmp(str_c(find.found), "1 2 ");
	str_free(&find.found);
	store_close(&store);
	test_end();
}

static void test_store_index_large(void)
{
	struct store *store = test_store_create("large");
	uint32_t folder = test_folder(store, "one");
	string_t *text = t_str_new(STORE_INDEX_MAX_TEXT + 100);

	test_begin("store index: texts that are too large");
	while (str_len(text) <= STORE_INDEX_MAX_TEXT)
		str_append(text, "WORDS ");
	(void)test_add(store, folder, str_c(text));
	(void)test_add(store, folder, "WORDS");
	test_index(store, folder);
	/* its keys are too large as well */
	test_assert(store_index_check(store, folder, 1, str_c(text),
				      str_c(text)) == 1);
	test_assert(store_index_check(store, folder, 1, "", "") == 0);
	test_assert(store_index_check(store, folder, 2, "WORDS", "[WORDS]") ==
		    1);
	test_assert(store_index_check(store, folder, 2, "WORDS", "") == 0);
	test_assert_strcmp(test_words(store, folder, "WORDS"), "1? 2 ");
	test_assert_strcmp(test_words(store, folder, "OTHERS"), "1? ");
	test_assert_strcmp(test_words(store, folder, "X"), "1? ");
	test_assert(store_item_remove(store, folder, 1) == STORE_PUT_OK);
	test_assert_strcmp(test_words(store, folder, "OTHERS"), "");
	test_assert_strcmp(test_check(store, FALSE), "");
	store_close(&store);
	test_end();
}

/* -- every change, in any order -- */

static const char *const test_syllables[] = {
	"AN", "BER", "LO", "\xc3\x86", "\"", "KA", "MI", " ", "\n", "42",
};

/* always the same ones */
static uint32_t test_seed;

static uint32_t test_rand(uint32_t count)
{
	test_seed = test_seed * 1664525 + 1013904223;
	return (test_seed >> 8) % count;
}

static const char *test_random_text(void)
{
	string_t *text = t_str_new(64);
	unsigned int count = test_rand(12);

	for (unsigned int i = 0; i < count; i++) {
		str_append(text, test_syllables[
			test_rand(N_ELEMENTS(test_syllables))]);
	}
	return str_c(text);
}

/* Are all rows of the folder what a new index would have? */
static void test_is_rebuild(struct store *store, uint32_t folder)
{
	struct store_item item;
	uint32_t uid = 0;
	int ret;

	while ((ret = store_item_get_next(store, pool_datastack_create(),
					  folder, uid, &item)) > 0) {
		uid = item.uid;
		test_assert(store_index_check(store, folder, uid, item.text,
			t_strdup_printf("[%s]", item.text)) == 1);
	}
	test_assert(ret == 0);
}

static void test_is_found(struct store *store, uint32_t folder)
{
	const char *word = t_strndup(test_random_text(), 1 + test_rand(6));
	const char *const parts[] = { word, NULL };
	string_t *expected = t_str_new(128);
	struct store_item item;
	uint32_t uid = 0;

	if (!uni_utf8_str_is_valid(word))
		return;
	test_index(store, folder);
	while (store_item_get_next(store, pool_datastack_create(), folder,
				   uid, &item) > 0) {
		uid = item.uid;
		if (strstr(item.text, word) != NULL)
			str_printfa(expected, "%u ", uid);
	}
	test_assert_strcmp(test_search(store, folder, FALSE, parts),
			   str_c(expected));
}

static void test_random_step(struct store *store, uint32_t folders[2])
{
	unsigned int which = test_rand(2), what = test_rand(40);
	uint32_t folder = folders[which], uid = 1 + test_rand(20), moved;
	const char *text = test_random_text();

	if (what < 1) {
		test_assert(store_item_remove_all(store, folder, NULL) == 0);
	} else if (what < 2) {
		test_assert(store_pim_folder_delete(store, folder) == 1);
		folders[which] = test_folder(store, which == 0 ? "a" : "b");
	} else if (what < 8) {
		(void)store_item_remove(store, folder, uid);
	} else if (what < 14) {
		(void)store_item_move(store, folder, uid, folders[1 - which],
				      &moved);
	} else if (what < 24) {
		(void)store_item_change(store, folder, uid, &test_props, text,
					strlen(text), NULL);
	} else if (what < 27) {
		test_is_found(store, folder);
	} else {
		(void)test_add(store, folder, text);
	}
}

static void test_random_history(struct store *store, uint32_t folders[2])
{
	bool transaction = test_rand(2) == 0;
	uint32_t before[2] = { folders[0], folders[1] };

	if (transaction)
		test_assert(store_begin(store) == 0);
	for (unsigned int i = 0; i < 5; i++) T_BEGIN {
		test_random_step(store, folders);
	} T_END;
	if (!transaction)
		return;
	if (test_rand(4) > 0) {
		test_assert(store_commit(store) == 0);
		return;
	}
	store_rollback(store);
	memcpy(folders, before, sizeof(before));
}

static void test_store_index_random(void)
{
	struct store *store = test_store_create("random");
	uint32_t folders[2] = {
		test_folder(store, "a"), test_folder(store, "b")
	};

	test_begin("store index: any history");
	test_seed = 20261128;
	for (unsigned int i = 0; i < 300; i++) T_BEGIN {
		test_random_history(store, folders);
		if (i % 10 == 0) {
			test_is_rebuild(store, folders[0]);
			test_is_found(store, folders[1]);
			test_assert_strcmp_idx(test_check(store, FALSE), "", i);
		}
	} T_END;
	store_close(&store);
	test_end();
}

/* -- what check mends -- */

static void test_exec(struct store *store, const char *sql)
{
	test_assert(sqlite3_exec(store->db, t_strconcat(
		"PRAGMA foreign_keys=0;", sql, "; PRAGMA foreign_keys=1",
		NULL), NULL, NULL, NULL) == SQLITE_OK);
}

static void test_store_index_check(void)
{
	static const struct {
		const char *sql, *problem;
	} tests[] = {
		/* rows of the two tables; FTS5 is not told of it */
		{ "DELETE FROM item_text WHERE id & 255 = 1",
		  "There are 1 items that no search finds" },
		{ "UPDATE item_text SET text='OTHER' WHERE id & 255 = 2",
		  "The index of words is wrong" },
		{ "INSERT INTO item_waiting SELECT id FROM item",
		  "There are 3 indexed items that wait for it" },
		{ "INSERT INTO item_text VALUES (99, 1, '', 'GONE')",
		  "There are 1 indexed texts of items that are gone" },
		{ "INSERT INTO item_fts (item_fts) VALUES ('delete-all')",
		  "The index of words is wrong" },
	};
	struct store *store;
	const char *problems;
	uint32_t folder;

	test_begin("store index: check");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		store = test_store_create("check");
		folder = test_folder(store, "one");
		for (unsigned int uid = 1; uid <= 3; uid++)
			(void)test_add(store, folder, "SOME WORDS");
		test_index(store, folder);
		test_exec(store, tests[i].sql);
		test_assert_idx(*test_check(store, FALSE) != '\0', i);
		problems = test_check(store, TRUE);
		test_assert_idx(strstr(problems, t_strconcat(tests[i].problem,
				" (repaired)\n", NULL)) != NULL, i);
		test_assert_strcmp_idx(test_check(store, FALSE), "", i);
		test_index(store, folder);
		test_assert_idx(store_index_reset(store, folder, 2) == 0, i);
		test_assert_idx(store_index_next(store,
			pool_datastack_create(), folder,
			&(struct store_item){ .uid = 0 }) == 1, i);
		test_index(store, folder);
		test_assert_strcmp_idx(test_words(store, folder, "WORDS"),
				       "1 2 3 ", i);
		store_close(&store);
	} T_END;
	test_end();
}

/* A worker has a connection open that has searched. */
static void test_store_index_restore(void)
{
	struct store *store = test_store_create("restore");
	uint32_t folder = test_folder(store, "one");
	const char *error;

	test_begin("store index: backup and restore");
	(void)test_add(store, folder, "BEFORE");
	test_index(store, folder);
	(void)test_add(store, folder, "WAITS");
	test_assert(store_backup(store, test_store_path("restore.bak"),
				 &error) == 0);
	(void)test_add(store, folder, "AFTER");
	test_index(store, folder);
	test_assert_strcmp(test_words(store, folder, "AFTER"), "3 ");
	test_assert(store_restore(store, test_store_path("restore.bak"),
				  &error) == 0);
	test_assert_strcmp(test_words(store, folder, "AFTER"), "");
	test_assert_strcmp(test_words(store, folder, "BEFORE"), "1 ");
	test_index(store, folder);
	test_assert_strcmp(test_words(store, folder, "WAITS"), "2 ");
	test_assert_strcmp(test_check(store, FALSE), "");
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_index_find,
		test_store_index_stop,
		test_store_index_large,
		test_store_index_random,
		test_store_index_check,
		test_store_index_restore,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
