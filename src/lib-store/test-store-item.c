/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "store-private.h"
#include "store-blob.h"
#include "store-item.h"
#include "test-common.h"
#include "test-store-common.h"
#include "test-store-item-common.h"

#include <sys/wait.h>
#include <unistd.h>

static void test_folder(struct store *store, uint32_t id,
			struct store_pim_folder *folder_r)
{
	test_assert(store_pim_folder_get(store, pool_datastack_create(), id,
					 folder_r) == 1);
}

static const char *test_uids(const ARRAY_TYPE(seq_range) *uids)
{
	const struct seq_range *range;
	string_t *str = t_str_new(64);
	uint32_t uid;

	array_foreach(uids, range) {
		for (uid = range->seq1; uid <= range->seq2; uid++)
			str_printfa(str, "%u ", uid);
	}
	return str_c(str);
}

static void test_store_pim_folders(void)
{
	struct store *store;
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;
	struct store_pim_folder sub;
	enum store_kind kind = STORE_KIND_NONE;
	uint32_t id, id2, id3, item;

	test_begin("store pim: folders");
	store = test_store_create("folders");
	t_array_init(&folders, 8);
	test_assert(store_pim_folder_list(store, pool_datastack_create(),
					  &folders) == 0);
	test_assert(array_count(&folders) == 4);
	array_foreach(&folders, folder) {
		test_assert(folder->kind == ++kind && folder->main &&
			    folder->uidnext == 1 && folder->uidvalidity != 0 &&
			    !guid_128_is_empty(folder->guid));
		test_assert_strcmp(folder->name, store_kind_folder_name(kind));
		test_assert(store_kind_find(store_kind_name(kind)) == kind);
	}
	id = (array_idx(&folders, 0))->id;

	test_assert(store_pim_folder_create(store, STORE_KIND_CALENDAR, id,
					    "Work", &id2) == 1);
	test_assert(store_pim_folder_create(store, STORE_KIND_TASKS, id,
					    "Work", &id3) == 0);
	test_assert(store_pim_folder_create(store, STORE_KIND_TASKS, id2,
					    "Below", &id3) == 1);
	item = test_item_add(store, id2, "x", "text");
	test_assert(store_pim_folder_update(store, id3, id, "Work") == 0);
	test_assert(store_pim_folder_update(store, id3, id2, "Other") == 1);
	test_folder(store, id3, &sub);
	test_assert_strcmp(sub.name, "Other");
	test_assert(sub.parent == id2 && !sub.main);

	/* default folders stay, what is in a folder goes with it */
	test_assert(store_pim_folder_delete(store, id) == 0);
	test_assert(store_pim_folder_delete(store, id2) == 1);
	test_assert(store_pim_folder_delete(store, id2) == 0);
	test_assert(store_pim_folder_get(store, pool_datastack_create(), id2,
					 &sub) == 0);
	test_folder(store, id3, &sub);
	test_assert(sub.parent == 0);
	test_assert(store_item_remove(store, id2, item) == STORE_PUT_GONE);
	store_close(&store);
	test_end();
}

/* Several processes ask for the default folders of a new database at once. */
static void test_store_pim_race(void)
{
	ARRAY_TYPE(store_pim_folder) folders;
	struct store *store;
	unsigned int i;
	pid_t pids[4];
	int status;

	test_begin("store pim: default folders are made once");
	store = test_store_create("race");
	store_close(&store);
	for (i = 0; i < N_ELEMENTS(pids); i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			store = test_store_open("race");
			t_array_init(&folders, 8);
			status = store_pim_folder_list(store,
				pool_datastack_create(), &folders);
			_exit(status == 0 && array_count(&folders) == 4 ?
			      0 : 1);
		}
	}
	for (i = 0; i < N_ELEMENTS(pids); i++) {
		test_assert(waitpid(pids[i], &status, 0) == pids[i]);
		test_assert(status == 0);
	}
	store = test_store_open("race");
	t_array_init(&folders, 8);
	test_assert(store_pim_folder_list(store, pool_datastack_create(),
					  &folders) == 0);
	test_assert(array_count(&folders) == 4);
	store_close(&store);
	test_end();
}

static void test_store_items(void)
{
	static const char text[] = "BEGIN:X\r\n\xc3\xa4 \xff\r\nEND:X\r\n";
	struct store_item_props props = test_item_props("uid-2", 5, 9);
	struct store_pim_folder folder;
	struct store_item item;
	struct store *store;
	uint64_t modseq, modseq2;
	uint32_t id, uid1, uid2, uid3, found, found_folder;
	pool_t pool = pool_datastack_create();

	test_begin("store items");
	store = test_store_create("items");
	id = test_main_folder(store, STORE_KIND_NOTES);
	uid1 = test_item_add(store, id, "uid-1", text);
	test_assert(uid1 == 1);
	test_assert(store_item_get(store, pool, id, uid1, &item) == 1);
	/* to the byte */
	test_assert(item.size == sizeof(text)-1 &&
		    memcmp(item.text, text, sizeof(text)) == 0);
	test_assert(item.modseq == 2 && item.folder == id && item.uid == uid1);

	/* the same again is no change, something else is one */
	test_assert(store_item_change(store, id, uid1, &props, text,
				      sizeof(text)-1, &modseq) == STORE_PUT_OK);
	test_assert(modseq == 2);
	test_assert(store_item_change(store, id, uid1, &props, "other", 5,
				      &modseq) == STORE_PUT_OK);
	test_assert(modseq == 3);
	test_assert(store_item_get(store, pool, id, uid1, &item) == 1);
	test_assert_strcmp(item.text, "other");
	test_assert(item.props.first_day == 5 && item.props.last_day == 9);
	test_assert(store_item_find(store, id, "uid-1", &found) == 0);
	test_assert(store_item_find(store, id, "uid-2", &found) == 1 &&
		    found == uid1);
	test_assert(store_item_find_kind(store, STORE_KIND_NOTES, "uid-2",
					 &found_folder, &found) == 1 &&
		    found_folder == id && found == uid1);
	test_assert(store_item_find_kind(store, STORE_KIND_TASKS, "uid-2",
					 &found_folder, &found) == 0);
	test_assert(store_item_find(store, id, "", &found) == 0);

	/* a UID is never used again */
	uid2 = test_item_add(store, id, "uid-3", "22");
	test_assert(uid2 == 2);
	test_assert(store_item_remove(store, id, uid2) == STORE_PUT_OK);
	test_assert(store_item_remove(store, id, uid2) == STORE_PUT_GONE);
	test_assert(store_item_change(store, id, uid2, &props, "x", 1,
				      NULL) == STORE_PUT_GONE);
	uid3 = test_item_add(store, id, "uid-4", "333");
	test_assert(uid3 == 3);
	test_folder(store, id, &folder);
	test_assert(folder.items == 2 && folder.uidnext == 4 &&
		    folder.bytes == 8 && folder.modseq == 6);

	/* the walk */
	test_assert(store_item_get_next(store, pool, id, 0, &item) == 1 &&
		    item.uid == uid1);
	test_assert(store_item_get_next(store, pool, id, uid1, &item) == 1 &&
		    item.uid == uid3);
	test_assert(store_item_get_next(store, pool, id, uid3, &item) == 0);

	/* a transaction that is rolled back leaves nothing */
	test_assert(store_begin(store) == 0);
	(void)test_item_add(store, id, "uid-5", "4444");
	store_rollback(store);
	test_assert(store_item_get_modseq(store, id, 4, &modseq) == 0);
	test_assert(test_item_add(store, id, "uid-6", "55555") == 4);
	test_assert(store_item_get_modseq(store, id, 4, &modseq2) == 1 &&
		    modseq2 == 7);
	test_assert(store_item_add(store, 999, &props, "x", 1, NULL, NULL) ==
		    STORE_PUT_GONE);
	store_close(&store);
	test_end();
}

static void test_store_uids(void)
{
	struct store_item_props props;
	ARRAY_TYPE(seq_range) uids;
	struct store *store;
	unsigned int i, removed;
	uint32_t id;

	test_begin("store items: what the sync engine asks");
	store = test_store_create("uids");
	id = test_main_folder(store, STORE_KIND_CALENDAR);
	for (i = 1; i <= 6; i++) {
		/* the last one has no end */
		props = test_item_props(dec2str(i), i * 10,
				   i == 6 ? STORE_DAY_EVER : i * 10 + 5);
		test_assert(store_item_add(store, id, &props, "x", 1, NULL,
					   NULL) == STORE_PUT_OK);
	}
	/* modseqs 2..7 */
	t_array_init(&uids, 8);
#define TEST_UIDS(call, expected) \
	array_clear(&uids); \
	test_assert(call); \
	test_assert_strcmp(test_uids(&uids), expected)
	TEST_UIDS(store_item_uids(store, id, 1, 7, 0, &uids) == 0,
		  "1 2 3 4 5 6 ");
	TEST_UIDS(store_item_uids(store, id, 3, 6, 0, &uids) == 0, "3 4 5 ");
	TEST_UIDS(store_item_uids(store, id, 1, 7, 35, &uids) == 0,
		  "3 4 5 6 ");
	TEST_UIDS(store_item_uids(store, id, 1, 7, STORE_DAY_EVER,
				  &uids) == 0, "6 ");
	TEST_UIDS(store_item_uids_between(store, id, 26, 40, &uids) == 0,
		  "3 4 ");
	TEST_UIDS(store_item_uids_between(store, id, 1000, 1000, &uids) == 0,
		  "6 ");
	TEST_UIDS(store_item_changed(store, id, 5, 7, &uids) == 0, "5 6 ");
	TEST_UIDS(store_item_changed(store, id, 5, 6, &uids) == 0, "5 ");
	props = test_item_props("2", 1, 2);
	test_assert(store_item_change(store, id, 2, &props, "y", 1, NULL) ==
		    STORE_PUT_OK);
	TEST_UIDS(store_item_changed(store, id, 7, 7, &uids) == 0, "2 ");
	TEST_UIDS(store_item_vanished(store, id, 1, 7, &uids) == 1, "");
	test_assert(store_item_remove(store, id, 3) == STORE_PUT_OK);
	test_assert(store_item_remove(store, id, 4) == STORE_PUT_OK);
	TEST_UIDS(store_item_vanished(store, id, 8, 7, &uids) == 1, "3 4 ");
	TEST_UIDS(store_item_vanished(store, id, 9, 7, &uids) == 1, "4 ");
	TEST_UIDS(store_item_vanished(store, id, 8, 4, &uids) == 1, "3 ");
	TEST_UIDS(store_item_vanished(store, id, 0, 7, &uids) == 0, "");
	test_assert(store_item_remove_all(store, id, &removed) == 0 &&
		    removed == 4);
	TEST_UIDS(store_item_vanished(store, id, 10, 7, &uids) == 1,
		  "1 2 5 6 ");
	test_assert(store_item_remove_all(store, id, &removed) == 0 &&
		    removed == 0);
	store_close(&store);
	test_end();
}

static void test_store_tombstones(void)
{
	ARRAY_TYPE(seq_range) uids;
	struct store_pim_numbers numbers;
	struct store *store;
	sqlite3_stmt *stmt;
	uint32_t id, uid;

	test_begin("store items: old tombstones are forgotten");
	store = test_store_create("tombstones");
	id = test_main_folder(store, STORE_KIND_CONTACTS);
	uid = test_item_add(store, id, "1", "x");
	test_assert(store_item_remove(store, id, uid) == STORE_PUT_OK);
	test_assert(store_pim_numbers_get(store, id, &numbers) == 1);
	numbers.modseq += 30000;
	test_assert(store_pim_numbers_set(store, id, &numbers) == 0);
	t_array_init(&uids, 8);
	/* it is still there, but others may be gone */
	test_assert(store_item_vanished(store, id, 2, 10, &uids) == 0);
	uid = test_item_add(store, id, "2", "x");
	test_assert(store_item_remove(store, id, uid) == STORE_PUT_OK);
	test_assert(sqlite3_prepare_v2(store->db,
		"SELECT count(*) FROM tombstone", -1, &stmt, NULL) ==
		SQLITE_OK);
	test_assert(sqlite3_step(stmt) == SQLITE_ROW &&
		    sqlite3_column_int(stmt, 0) == 1);
	(void)sqlite3_finalize(stmt);
	store_close(&store);
	test_end();
}

static bool
test_stream_equals(struct istream *input, const buffer_t *data, size_t offset,
		   size_t size)
{
	const unsigned char *piece;
	size_t len, pos = 0;

	while (i_stream_read_more(input, &piece, &len) > 0) {
		if (pos + len > size ||
		    memcmp(piece, CONST_PTR_OFFSET(data->data, offset + pos),
			   len) != 0)
			return FALSE;
		i_stream_skip(input, len);
		pos += len;
	}
	return input->stream_errno == 0 && pos == size;
}

static void
test_blob_read(struct store *store, uint32_t num, const buffer_t *data)
{
	static const struct {
		uoff_t first, size;
	} ranges[] = {
		{ 0, 1 }, { 199500, 500 }, { 65535, 2 }, { 4000, 150000 },
		{ 199999, 1 }, { 200000, 0 }, { 0, 200000 },
	};
	struct istream *input, *part;
	struct store *other;
	uoff_t size;
	unsigned int i;

	input = store_blob_open(store, num);
	test_assert(i_stream_get_size(input, TRUE, &size) == 1 &&
		    size == data->used);
	test_assert(test_stream_equals(input, data, 0, data->used));
	for (i = 0; i < N_ELEMENTS(ranges); i++) {
		part = i_stream_create_range(input, ranges[i].first,
					     ranges[i].size);
		test_assert_idx(test_stream_equals(part, data, ranges[i].first,
						   ranges[i].size), i);
		i_stream_unref(&part);
	}
	/* somebody else takes it away meanwhile */
	i_stream_seek(input, 0);
	test_assert(i_stream_read(input) > 0);
	other = test_store_open("blobs");
	test_assert(store_begin(other) == 0);
	test_assert(store_blob_remove(other, num) == 1);
	test_assert(store_commit(other) == 0);
	test_assert(test_stream_equals(input, data, 0, data->used));
	i_stream_unref(&input);
	test_expect_error_string("no such rowid");
	test_assert(store_blob_open(store, num) == NULL);
	test_expect_no_more_errors();
	store_close(&other);
}

static void test_store_move_and_blobs(void)
{
	struct store_pim_folder folder;
	ARRAY_TYPE(store_blob) blobs;
	struct store_item item;
	struct store *store;
	buffer_t *data = t_buffer_create(200000);
	uint32_t id, id2, uid, dest_uid, num, last;
	uint64_t bytes;
	pool_t pool = pool_datastack_create();

	test_begin("store blobs");
	store = test_store_create("blobs");
	id = test_main_folder(store, STORE_KIND_CALENDAR);
	test_assert(store_pim_folder_create(store, STORE_KIND_CALENDAR, 0,
					    "Second", &id2) == 1);
	uid = test_item_add(store, id, "1", "12345");
	while (data->used < 200000)
		buffer_append_c(data, data->used * 7 % 251);

	num = test_blob_add(store, id, uid, data);
	test_blob_read(store, num, data);
	test_folder(store, id, &folder);
	test_assert(folder.bytes == 5);
	/* a number is not used again */
	last = num;
	num = test_blob_add(store, id, uid, data);
	test_assert(num > last);
	test_folder(store, id, &folder);
	test_assert(folder.bytes == 200005);

	/* it goes where its item goes */
	test_assert(store_item_move(store, id, uid, id2, &dest_uid) ==
		    STORE_PUT_OK);
	test_assert(store_item_move(store, id, uid, id2, &dest_uid) ==
		    STORE_PUT_GONE);
	test_assert(store_item_get(store, pool, id2, dest_uid, &item) == 1);
	test_assert_strcmp(item.text, "12345");
	t_array_init(&blobs, 4);
	test_assert(store_blob_list(store, pool, id2, dest_uid, &blobs) == 0);
	test_assert(array_count(&blobs) == 1 &&
		    (array_idx(&blobs, 0))->num == num &&
		    (array_idx(&blobs, 0))->folder == id2 &&
		    (array_idx(&blobs, 0))->uid == dest_uid);
	test_assert_strcmp((array_idx(&blobs, 0))->name, "a.bin");
	test_folder(store, id, &folder);
	test_assert(folder.bytes == 0 && folder.items == 0);
	test_folder(store, id2, &folder);
	test_assert(folder.bytes == 200005 && folder.items == 1);

	test_assert(store_blob_remove(store, num) == 1);
	test_assert(store_blob_remove(store, num) == 0);
	test_assert(store_pim_usage(store, &bytes) == 0 && bytes == 5);
	test_assert(store_item_remove(store, id2, dest_uid) == STORE_PUT_OK);
	test_assert(store_pim_usage(store, &bytes) == 0 && bytes == 0);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_pim_folders,
		test_store_pim_race,
		test_store_items,
		test_store_uids,
		test_store_tombstones,
		test_store_move_and_blobs,
		test_store_dir_deinit,
		NULL
	};
	return test_run(test_functions);
}
