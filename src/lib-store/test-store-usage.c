/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "store-private.h"
#include "store-blob.h"
#include "store-conflict.h"
#include "store-item.h"
#include "store-maint.h"
#include "test-common.h"
#include "test-store-common.h"
#include "test-store-item-common.h"

/* The quota, and the conflicts that count for it and are bounded by it. */

static void test_store_quota(void)
{
	static const struct store_settings set = {
		.busy_msecs = 100, .quota = 100, .journal = "delete",
	};
	struct store_item_props props = test_item_props("1", 0, STORE_DAY_EVER);
	struct store *store;
	const char *error;
	char text[101];
	uint32_t id, uid;

	test_begin("store quota, and the journal for NFS");
	store = test_store_create("quota");
	store_close(&store);
	test_assert(store_open(test_store_path("quota"), &set, NULL, &store,
			       &error) == 0);
	id = test_main_folder(store, STORE_KIND_NOTES);
	memset(text, 'x', sizeof(text));
	test_assert(store_item_add(store, id, &props, text, 101, NULL,
				   NULL) == STORE_PUT_NOQUOTA);
	test_assert(store_item_add(store, id, &props, text, 60, &uid,
				   NULL) == STORE_PUT_OK);
	test_assert(store_item_add(store, id, &props, text, 41, NULL,
				   NULL) == STORE_PUT_NOQUOTA);
	test_assert(store_item_change(store, id, uid, &props, text, 101,
				      NULL) == STORE_PUT_NOQUOTA);
	test_assert(store_item_change(store, id, uid, &props, text, 100,
				      NULL) == STORE_PUT_OK);
	/* what makes room is always possible */
	test_assert(store_item_change(store, id, uid, &props, text, 10,
				      NULL) == STORE_PUT_OK);
	test_assert(store_item_remove(store, id, uid) == STORE_PUT_OK);
	test_assert(store_item_add(store, id, &props, text,
				   STORE_ITEM_MAX_SIZE + 1, NULL, NULL) ==
		    STORE_PUT_TOO_LARGE);
	store_close(&store);
	test_end();
}

static void test_store_conflicts(void)
{
	struct store_conflict conflict;
	ARRAY_TYPE(store_conflict) conflicts;
	struct store *store;
	uint32_t id, uid;
	pool_t pool = pool_datastack_create();

	test_begin("store conflicts");
	store = test_store_create("conflicts");
	id = test_main_folder(store, STORE_KIND_CONTACTS);
	uid = test_item_add(store, id, "1", "won");
	i_zero(&conflict);
	conflict.folder = id;
	conflict.uid = uid;
	conflict.device = "dev";
	conflict.won = "won";
	conflict.lost = "lost";
	test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	conflict.won = NULL;
	conflict.device_won = TRUE;
	test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	t_array_init(&conflicts, 4);
	test_assert(store_conflict_list(store, pool, FALSE, &conflicts) == 0);
	test_assert(array_count(&conflicts) == 2);
	test_assert((array_idx(&conflicts, 0))->lost == NULL);
	test_assert(store_conflict_get(store, pool, 1, &conflict) == 1);
	test_assert_strcmp(conflict.won, "won");
	test_assert_strcmp(conflict.lost, "lost");
	test_assert_strcmp(conflict.device, "dev");
	test_assert(!conflict.device_won && conflict.uid == uid);
	test_assert(store_conflict_get(store, pool, 2, &conflict) == 1);
	test_assert(conflict.won == NULL && conflict.device_won);
	test_assert(store_conflict_remove(store, 1) == 1);
	test_assert(store_conflict_remove(store, 1) == 0);
	test_assert(store_conflict_get(store, pool, 1, &conflict) == 0);
	store_close(&store);
	test_end();
}

static unsigned int test_conflict_count(struct store *store, uint32_t *first_r)
{
	ARRAY_TYPE(store_conflict) conflicts;

	t_array_init(&conflicts, 16);
	test_assert(store_conflict_list(store, pool_datastack_create(), FALSE,
					&conflicts) == 0);
	*first_r = array_count(&conflicts) == 0 ? 0 :
		(array_idx(&conflicts, 0))->num;
	return array_count(&conflicts);
}

/* The oldest go when they are too old, too many or too large; a new one stays in any case. */
static void test_store_conflict_bounds(void)
{
	struct store_settings set = {
		.busy_msecs = 100, .quota = 1000, .conflicts_keep = 1000,
	};
	struct store_item_props props = test_item_props("1", 0, STORE_DAY_EVER);
	struct store_conflict conflict;
	ARRAY_TYPE(uint32_t) blobs;
	struct istream *input;
	struct store *store;
	const char *error;
	char text[801];
	buffer_t *data = t_buffer_create(64);
	uint32_t id, uid, num, first;
	uint64_t used;
	unsigned int i;
	sqlite3 *db;

	test_begin("store conflicts: bounds");
	store = test_store_create("bounds");
	store_close(&store);
	test_assert(store_open(test_store_path("bounds"), &set, NULL, &store,
			       &error) == 0);
	id = test_main_folder(store, STORE_KIND_CALENDAR);
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	test_assert(store_item_add(store, id, &props, text, 100, &uid,
				   NULL) == STORE_PUT_OK);
	buffer_append(data, "0123456789", 10);
	num = test_blob_add(store, id, uid, data);

	/* the content of a blob is copied, a stranger's is not */
	t_array_init(&blobs, 4);
	array_push_back(&blobs, &num);
	array_push_back(&blobs, &num);
	i_zero(&conflict);
	conflict.folder = id;
	conflict.uid = uid;
	conflict.lost = "lost";
	test_assert(store_conflict_add(store, &conflict, &blobs) == 0);
	test_assert(store_pim_usage(store, &used) == 0 && used == 124);
	conflict.uid++;
	test_assert(store_conflict_add(store, &conflict, &blobs) == 0);
	test_assert(store_pim_usage(store, &used) == 0 && used == 128);
	test_assert(store_conflict_open_blob(store, 2, num, &input) == 0);
	test_assert(store_blob_remove(store, num) == 1);
	test_assert(store_conflict_open_blob(store, 1, num, &input) == 1);
	test_assert(i_stream_get_size(input, TRUE, &used) == 1 && used == 10);
	i_stream_unref(&input);

	/* no room: it is kept, and the others go */
	test_expect_errors(3);
	conflict.lost = text;
	test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	test_assert(test_conflict_count(store, &first) == 3);
	test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	test_assert(test_conflict_count(store, &first) == 1 && first == 4);
	test_expect_no_more_errors();
	test_assert(store_item_add(store, id, &props, text, 200, NULL,
				   NULL) == STORE_PUT_NOQUOTA);
	store_close(&store);

	/* too many */
	set.quota = 0;
	test_assert(store_open(test_store_path("bounds"), &set, NULL, &store,
			       &error) == 0);
	test_assert(store_begin(store) == 0);
	conflict.lost = "lost";
	for (i = 0; i < STORE_CONFLICTS_MAX - 1; i++)
		test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	test_assert(test_conflict_count(store, &first) == STORE_CONFLICTS_MAX &&
		    first == 4);
	test_expect_errors(1);
	test_assert(store_conflict_add(store, &conflict, NULL) == 0);
	test_expect_no_more_errors();
	test_assert(test_conflict_count(store, &first) == STORE_CONFLICTS_MAX &&
		    first == 5);
	test_assert(store_commit(store) == 0);
	test_assert(store_conflict_expire(store) == 0);
	test_assert(test_conflict_count(store, &first) == STORE_CONFLICTS_MAX);
	store_close(&store);

	/* too old */
	if (sqlite3_open(test_store_path("bounds"), &db) != SQLITE_OK ||
	    sqlite3_exec(db, "UPDATE conflict SET time = time - 1100 "
			 "WHERE num < 8", NULL, NULL, NULL) != SQLITE_OK)
		i_fatal("sqlite3 failed");
	(void)sqlite3_close(db);
	test_assert(store_open(test_store_path("bounds"), &set, NULL, &store,
			       &error) == 0);
	test_expect_errors(3);
	test_assert(store_conflict_expire(store) == 0);
	test_expect_no_more_errors();
	test_assert(test_conflict_count(store, &first) ==
		    STORE_CONFLICTS_MAX - 3 && first == 8);
	store_close(&store);
	test_end();
}

/* -- what is used, after any number of changes, is what a recount says -- */

struct test_usage {
	struct store *store;
	uint32_t folders[3];
	unsigned int count;
};

/* A number below max; the same ones in each run. */
static uint32_t test_rand(uint32_t max)
{
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % max;
}

static void test_usage_found(const char *problem, bool repaired ATTR_UNUSED,
			     void *context ATTR_UNUSED)
{
	i_error("%s", problem);
}

static uint32_t test_usage_uid(struct test_usage *usage, uint32_t folder)
{
	ARRAY_TYPE(seq_range) uids;
	struct seq_range_iter iter;
	uint32_t uid = 0;

	t_array_init(&uids, 16);
	test_assert(store_item_uids(usage->store, folder, 1, (uint32_t)-1, 0,
				    &uids) == 0);
	usage->count = seq_range_count(&uids);
	seq_range_array_iter_init(&iter, &uids);
	if (usage->count > 0) {
		(void)seq_range_array_iter_nth(&iter, test_rand(
			usage->count), &uid);
	}
	return uid;
}

static void test_usage_step(struct test_usage *usage)
{
	static char text[4096];
	struct store *store = usage->store;
	struct store_item_props props = test_item_props("1", 0, STORE_DAY_EVER);
	struct store_conflict conflict = { .won = "w\xc3\xa4", .lost = "lost" };
	uint32_t folder = usage->folders[test_rand(3)], uid, dest, num;
	ARRAY_TYPE(store_blob) blobs;
	ARRAY_TYPE(uint32_t) nums;
	size_t size = test_rand(sizeof(text));
	buffer_t *data = t_buffer_create(4096);

	memset(text, 'a' + test_rand(20), sizeof(text));
	/* more bytes than characters */
	memcpy(text, "\xc3\xa4\xe2\x82\xac", 5);
	t_array_init(&blobs, 4);
	t_array_init(&nums, 4);
	uid = test_usage_uid(usage, folder);
	if (uid != 0) {
		test_assert(store_blob_list(store, pool_datastack_create(),
					    folder, uid, &blobs) == 0);
	}
	num = array_count(&blobs) == 0 ? 0 : (array_idx(&blobs, 0))->num;
	switch (test_rand(12)) {
	case 0:
	case 1:
	case 2:
		test_assert(store_item_add(store, folder, &props, text, size,
					   NULL, NULL) != STORE_PUT_FAILED);
		break;
	case 3:
		test_assert(store_item_change(store, folder, uid, &props, text,
					      size, NULL) != STORE_PUT_FAILED);
		break;
	case 4:
		test_assert(store_item_remove(store, folder, uid) !=
			    STORE_PUT_FAILED);
		break;
	case 5:
	case 6:
		buffer_append(data, text, size);
		if (uid != 0)
			(void)test_blob_add(store, folder, uid, data);
		break;
	case 7:
		test_assert(store_blob_remove(store, num) >= 0);
		break;
	case 8:
		dest = usage->folders[test_rand(3)];
		if (dest != folder && uid != 0) {
			test_assert(store_item_move(store, folder, uid, dest,
						    &uid) == STORE_PUT_OK);
		}
		break;
	case 9:
		conflict.folder = folder;
		conflict.uid = uid;
		array_push_back(&nums, &num);
		test_assert(store_conflict_add(store, &conflict, &nums) == 0);
		break;
	case 10:
		(void)test_conflict_count(store, &num);
		test_assert(store_conflict_remove(store, num) >= 0);
		break;
	case 11:
		if (test_rand(4) == 0) {
			test_assert(store_item_remove_all(store, folder,
							  NULL) == 0);
		}
		break;
	}
}

static void test_store_usage(void)
{
	struct test_usage usage;
	uint64_t used, sum;
	unsigned int i;
	sqlite3_stmt *stmt;

	test_begin("store: what is used is what a recount says");
	usage.store = test_store_create("usage");
	usage.folders[0] = test_main_folder(usage.store, STORE_KIND_CALENDAR);
	usage.folders[1] = test_main_folder(usage.store, STORE_KIND_NOTES);
	usage.folders[2] = 0;
	for (i = 0; i < 600; i++) T_BEGIN {
		/* a folder that goes takes its items and conflicts along */
		if (i % 60 == 0) {
			if (usage.folders[2] != 0) {
				test_assert(store_pim_folder_delete(
					usage.store, usage.folders[2]) == 1);
			}
			test_assert(store_pim_folder_create(usage.store,
				STORE_KIND_TASKS, 0, "More",
				&usage.folders[2]) == 1);
		}
		test_usage_step(&usage);
		if (sqlite3_prepare_v2(usage.store->db,
			"SELECT (SELECT ifnull(sum(length(CAST(text AS BLOB)))"
			", 0) FROM item) + (SELECT ifnull(sum(length(data)), 0)"
			" FROM blob) + (SELECT ifnull(sum(length(data)), 0) "
			"FROM conflict_blob) + (SELECT ifnull(sum(length(CAST("
			"won AS BLOB)) + length(CAST(lost AS BLOB))), 0) "
			"FROM conflict)", -1, &stmt, NULL) != SQLITE_OK ||
		    sqlite3_step(stmt) != SQLITE_ROW)
			i_fatal("sqlite3 failed");
		sum = sqlite3_column_int64(stmt, 0);
		(void)sqlite3_finalize(stmt);
		test_assert_idx(store_pim_usage(usage.store, &used) == 0 &&
				used == sum, i);
	} T_END;
	test_assert(store_check(usage.store, FALSE, test_usage_found,
				NULL) == 0);
	store_close(&usage.store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_quota,
		test_store_conflicts,
		test_store_conflict_bounds,
		test_store_usage,
		test_store_dir_deinit,
		NULL
	};
	return test_run(test_functions);
}
