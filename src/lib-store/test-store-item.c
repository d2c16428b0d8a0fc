/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "store-private.h"
#include "store-blob.h"
#include "store-conflict.h"
#include "store-item.h"
#include "store-maint.h"
#include "test-common.h"
#include "test-store-common.h"

#include <sys/wait.h>
#include <unistd.h>

static struct store_item_props
test_props(const char *pim_uid, uint32_t first_day, uint32_t last_day)
{
	return (struct store_item_props) {
		.pim_uid = pim_uid,
		.name = "name",
		.first_day = first_day,
		.last_day = last_day,
	};
}

static uint32_t test_add(struct store *store, uint32_t folder,
			 const char *pim_uid, const char *text)
{
	struct store_item_props props = test_props(pim_uid, 0, STORE_DAY_EVER);
	uint32_t uid;

	test_assert(store_item_add(store, folder, &props, text, strlen(text),
				   &uid, NULL) == STORE_PUT_OK);
	return uid;
}

static uint32_t test_main_folder(struct store *store, enum store_kind kind)
{
	struct store_pim_folder folder;

	test_assert(store_pim_folder_get_main(store, pool_datastack_create(),
					      kind, &folder) == 0);
	test_assert(folder.kind == kind && folder.main);
	return folder.id;
}

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
	item = test_add(store, id2, "x", "text");
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
	struct store_item_props props = test_props("uid-2", 5, 9);
	struct store_pim_folder folder;
	struct store_item item;
	struct store *store;
	uint64_t modseq, modseq2;
	uint32_t id, uid1, uid2, uid3, found, found_folder;
	pool_t pool = pool_datastack_create();

	test_begin("store items");
	store = test_store_create("items");
	id = test_main_folder(store, STORE_KIND_NOTES);
	uid1 = test_add(store, id, "uid-1", text);
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
	uid2 = test_add(store, id, "uid-3", "22");
	test_assert(uid2 == 2);
	test_assert(store_item_remove(store, id, uid2) == STORE_PUT_OK);
	test_assert(store_item_remove(store, id, uid2) == STORE_PUT_GONE);
	test_assert(store_item_change(store, id, uid2, &props, "x", 1,
				      NULL) == STORE_PUT_GONE);
	uid3 = test_add(store, id, "uid-4", "333");
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
	(void)test_add(store, id, "uid-5", "4444");
	store_rollback(store);
	test_assert(store_item_get_modseq(store, id, 4, &modseq) == 0);
	test_assert(test_add(store, id, "uid-6", "55555") == 4);
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
		props = test_props(dec2str(i), i * 10,
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
	props = test_props("2", 1, 2);
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
	uid = test_add(store, id, "1", "x");
	test_assert(store_item_remove(store, id, uid) == STORE_PUT_OK);
	test_assert(store_pim_numbers_get(store, id, &numbers) == 1);
	numbers.modseq += 30000;
	test_assert(store_pim_numbers_set(store, id, &numbers) == 0);
	t_array_init(&uids, 8);
	/* it is still there, but others may be gone */
	test_assert(store_item_vanished(store, id, 2, 10, &uids) == 0);
	uid = test_add(store, id, "2", "x");
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

static uint32_t
test_blob_add(struct store *store, uint32_t id, uint32_t uid,
	      const buffer_t *data)
{
	struct store_blob blob;
	struct istream *input;

	i_zero(&blob);
	blob.folder = id;
	blob.uid = uid;
	blob.name = "a.bin";
	input = i_stream_create_from_buffer(data);
	test_assert(store_begin(store) == 0);
	test_assert(store_blob_add(store, &blob, input) == STORE_PUT_OK);
	test_assert(store_commit(store) == 0);
	i_stream_unref(&input);
	test_assert(blob.size == data->used && blob.num != 0);
	return blob.num;
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
	uid = test_add(store, id, "1", "12345");
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

static void test_store_quota(void)
{
	static const struct store_settings set = {
		.busy_msecs = 100, .quota = 100, .journal = "delete",
	};
	struct store_item_props props = test_props("1", 0, STORE_DAY_EVER);
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
	uid = test_add(store, id, "1", "won");
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
	struct store_item_props props = test_props("1", 0, STORE_DAY_EVER);
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
		(void)seq_range_array_iter_nth(&iter, i_rand_limit(
			usage->count), &uid);
	}
	return uid;
}

static void test_usage_step(struct test_usage *usage)
{
	static char text[4096];
	struct store *store = usage->store;
	struct store_item_props props = test_props("1", 0, STORE_DAY_EVER);
	struct store_conflict conflict = { .won = "w\xc3\xa4", .lost = "lost" };
	uint32_t folder = usage->folders[i_rand_limit(3)], uid, dest, num;
	ARRAY_TYPE(store_blob) blobs;
	ARRAY_TYPE(uint32_t) nums;
	size_t size = i_rand_limit(sizeof(text));
	buffer_t *data = t_buffer_create(4096);

	memset(text, 'a' + i_rand_limit(20), sizeof(text));
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
	switch (i_rand_limit(12)) {
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
		dest = usage->folders[i_rand_limit(3)];
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
		if (i_rand_limit(4) == 0) {
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
		test_store_pim_folders,
		test_store_pim_race,
		test_store_items,
		test_store_uids,
		test_store_tombstones,
		test_store_move_and_blobs,
		test_store_quota,
		test_store_conflicts,
		test_store_conflict_bounds,
		test_store_usage,
		test_store_dir_deinit,
		NULL
	};
	return test_run(test_functions);
}
