/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "store-private.h"
#include "store-device.h"
#include "store-draft.h"
#include "store-folder.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

static uint32_t test_device(struct store *store)
{
	struct store_device device = { .protocol = "eas", .id = "1" };

	test_assert(store_device_save(store, &device) == 0);
	return device.num;
}

static struct store_state
test_state(uint32_t epoch, uint32_t counter, const char *confirmed,
	   const char *issued)
{
	struct store_state state = {
		.epoch = epoch, .counter = counter,
		.confirmed = confirmed, .issued = issued,
	};

	state.confirmed_size = confirmed == NULL ? 0 : strlen(confirmed);
	state.issued_size = issued == NULL ? 0 : strlen(issued);
	return state;
}

static void
test_state_equals(const struct store_state *s1, const struct store_state *s2)
{
	test_assert(s1->epoch == s2->epoch && s1->counter == s2->counter &&
		    s1->repeats == s2->repeats);
	test_assert((s1->confirmed == NULL) == (s2->confirmed == NULL));
	test_assert((s1->issued == NULL) == (s2->issued == NULL));
	test_assert(s1->confirmed_size == s2->confirmed_size &&
		    s1->issued_size == s2->issued_size);
	test_assert(s1->confirmed_size == 0 ||
		    memcmp(s1->confirmed, s2->confirmed,
			   s1->confirmed_size) == 0);
	test_assert(s1->issued_size == 0 ||
		    memcmp(s1->issued, s2->issued, s1->issued_size) == 0);
}

static void test_store_state_put(void)
{
	struct store *store = test_store_create("state");
	pool_t pool = pool_datastack_create();
	uint32_t num = test_device(store);
	struct store_state none, first, second, third, got;

	test_begin("store state: compare and swap");
	test_assert(store_state_get(store, pool, num, "f17", &none) == 0);
	test_assert(none.epoch == 0 && none.issued == NULL);

	/* the first one: of two that saw nothing, one wins */
	first = test_state(0xffffffff, 1, NULL, "first");
	second = test_state(5, 1, NULL, "late");
	test_assert(store_state_put(store, num, "f17", &none, &first) == 1);
	test_assert(store_state_put(store, num, "f17", &none, &second) == 0);
	test_assert(store_state_get(store, pool, num, "f17", &got) == 1);
	test_state_equals(&got, &first);

	second = test_state(0xffffffff, 2, "first", "");
	third = test_state(0xffffffff, 2, "first", "other");
	test_assert(store_state_put(store, num, "f17", &first, &second) == 1);
	test_assert(store_state_put(store, num, "f17", &first, &third) == 0);
	test_assert(store_state_get(store, pool, num, "f17", &got) == 1);
	test_state_equals(&got, &second);
	test_assert(got.issued != NULL && got.issued_size == 0);

	/* a repeat changes nothing but the count, and that is compared too */
	third = second;
	third.repeats = 1;
	test_assert(store_state_put(store, num, "f17", &second, &third) == 1);
	test_assert(store_state_put(store, num, "f17", &second, &third) == 0);
	/* so is the epoch */
	got = third;
	got.epoch = 1;
	test_assert(store_state_put(store, num, "f17", &got, &first) == 0);

	/* unconditionally */
	first = test_state(9, 1, NULL, NULL);
	test_assert(store_state_put(store, num, "f17", NULL, &first) == 1);
	test_assert(store_state_get(store, pool, num, "f17", &got) == 1);
	test_state_equals(&got, &first);
	test_assert(store_state_put(store, num, "h", NULL, &third) == 1);

	test_assert(store_state_delete(store, num, "f17") == 0);
	test_assert(store_state_get(store, pool, num, "f17", &got) == 0);
	/* a state that is gone can't be swapped */
	test_assert(store_state_put(store, num, "f17", &first, &second) == 0);
	test_assert(store_state_get(store, pool, num, "h", &got) == 1);
	store_close(&store);
	test_end();
}

static void test_store_state_large(void)
{
	const size_t size = 3 * 1024 * 1024;
	struct store *store = test_store_create("large");
	uint32_t num = test_device(store);
	unsigned char *data = i_malloc(size);
	struct store_state state, got;
	pool_t pool = pool_alloconly_create("test", 1024);
	size_t i;

	test_begin("store state: large");
	for (i = 0; i < size; i++)
		data[i] = (unsigned char)(i * 7 + i / 256);
	i_zero(&state);
	state.epoch = 1;
	state.issued = data;
	state.issued_size = size;
	test_assert(store_state_put(store, num, "f1", NULL, &state) == 1);
	test_assert(store_state_get(store, pool, num, "f1", &got) == 1);
	test_state_equals(&got, &state);
	pool_unref(&pool);
	i_free(data);
	store_close(&store);
	test_end();
}

static void test_store_state_list(void)
{
	struct store *store = test_store_create("list");
	uint32_t num = test_device(store);
	struct store_state state = test_state(7, 8, "12", "345");
	ARRAY_TYPE(store_state_info) infos;
	const struct store_state_info *info;

	test_begin("store state: list");
	state.repeats = 2;
	test_assert(store_state_put(store, num, "h", NULL, &state) == 1);
	state = test_state(9, 1, NULL, "6");
	test_assert(store_state_put(store, num, "f1", NULL, &state) == 1);
	t_array_init(&infos, 2);
	test_assert(store_state_list(store, pool_datastack_create(), num,
				     &infos) == 0);
	test_assert(array_count(&infos) == 2);
	info = array_idx(&infos, 0);
	test_assert_strcmp(info->collection, "f1");
	test_assert(info->epoch == 9 && info->counter == 1 &&
		    info->repeats == 0 && info->size == 1);
	info = array_idx(&infos, 1);
	test_assert_strcmp(info->collection, "h");
	test_assert(info->epoch == 7 && info->counter == 8 &&
		    info->repeats == 2 && info->size == 5);
	array_clear(&infos);
	test_assert(store_state_list(store, pool_datastack_create(), num + 1,
				     &infos) == 0);
	test_assert(array_count(&infos) == 0);
	store_close(&store);
	test_end();
}

static void test_store_op(void)
{
	struct store *store = test_store_create("op");
	pool_t pool = pool_datastack_create();
	uint32_t num = test_device(store);
	buffer_t *value;
	int changes;

	test_begin("store operations");
	test_assert(store_op_get(store, pool, num, "move", "17:1>5",
				 &value) == 0);
	test_assert(store_op_put(store, num, "move", "17:1>5", "intent",
				 6) == 0);
	test_assert(store_op_get(store, pool, num, "move", "17:1>5",
				 &value) == 1);
	test_assert(value->used == 6 && memcmp(value->data, "intent", 6) == 0);
	test_assert(store_op_put(store, num, "move", "17:1>5", NULL, 0) == 0);
	test_assert(store_op_get(store, pool, num, "move", "17:1>5",
				 &value) == 1);
	test_assert(value->used == 0);
	test_assert(store_op_get(store, pool, num, "send", "17:1>5",
				 &value) == 0);
	test_assert(store_op_delete(store, num, "move", "17:1>5") == 0);
	test_assert(store_op_get(store, pool, num, "move", "17:1>5",
				 &value) == 0);

	/* what is not old stays, and nothing is written to find out */
	test_assert(store_op_put(store, num, "move", "new", "x", 1) == 0);
	test_assert(store_op_put(store, num, "move", "old", "x", 1) == 0);
	changes = sqlite3_total_changes(store->db);
	test_assert(store_op_expire(store, 100) == 0);
	test_assert(store_op_expire(store, UINT_MAX) == 0);
	test_assert(sqlite3_total_changes(store->db) == changes);
	test_assert(sqlite3_exec(store->db, "UPDATE op SET time = time - 101 "
				 "WHERE key='old'", NULL, NULL,
				 NULL) == SQLITE_OK);
	test_assert(store_op_expire(store, 100) == 0);
	test_assert(store_op_get(store, pool, num, "move", "old", &value) == 0);
	test_assert(store_op_get(store, pool, num, "move", "new", &value) == 1);
	store_close(&store);
	test_end();
}

static void test_store_folder(void)
{
	struct store *store = test_store_create("folder");
	pool_t pool = pool_datastack_create();
	ARRAY_TYPE(store_folder) folders;
	const struct store_folder *f;
	struct store_folder folder;
	guid_128_t guids[3];
	uint32_t ids[3], id;
	unsigned int i;
	int changes;

	test_begin("store folder numbers");
	for (i = 0; i < 3; i++) {
		guid_128_generate(guids[i]);
		test_assert(store_folder_get_id(store, guids[i],
			i == 0 ? NULL : t_strdup_printf("box%u", i),
			&ids[i]) == 0);
		test_assert(ids[i] != 0);
	}
	test_assert(ids[0] < ids[1] && ids[1] < ids[2]);

	/* known ones cost no write, a new name one */
	changes = sqlite3_total_changes(store->db);
	for (i = 0; i < 3; i++) {
		test_assert(store_folder_get_id(store, guids[i], NULL,
						&id) == 0);
		test_assert(id == ids[i]);
	}
	test_assert(store_folder_get_id(store, guids[1], "box1", &id) == 0);
	test_assert(sqlite3_total_changes(store->db) == changes);
	test_assert(store_folder_get_id(store, guids[1], "renamed", &id) == 0);
	test_assert(id == ids[1]);
	test_assert(sqlite3_total_changes(store->db) == changes + 1);

	test_assert(store_folder_get(store, pool, ids[1], &folder) == 1);
	test_assert(folder.id == ids[1]);
	test_assert(guid_128_equals(folder.guid, guids[1]));
	test_assert_strcmp(folder.vname_hint, "renamed");
	test_assert(store_folder_get(store, pool, ids[0], &folder) == 1);
	test_assert(folder.vname_hint == NULL);
	test_assert(store_folder_get(store, pool, ids[2] + 1, &folder) == 0);

	t_array_init(&folders, 4);
	test_assert(store_folder_list(store, pool, &folders) == 0);
	test_assert(array_count(&folders) == 3);
	f = array_idx(&folders, 2);
	test_assert(f->id == ids[2] && guid_128_equals(f->guid, guids[2]));
	test_assert_strcmp(f->vname_hint, "box2");
	store_close(&store);
	test_end();
}

static void test_store_draft(void)
{
	struct store *store = test_store_create("draft");
	pool_t pool = pool_datastack_create();
	struct store_draft draft = { 9, "1/2", "2=3" }, got;

	test_begin("store drafts");
	test_assert(store_draft_get(store, pool, "5.1", 7, &got) == 0);
	test_assert(store_draft_put(store, "5.1", 7, &draft) == 0);
	test_assert(store_draft_get(store, pool, "5.2", 7, &got) == 0);
	test_assert(store_draft_get(store, pool, "5.1", 9, &got) == 0);
	test_assert(store_draft_get(store, pool, "5.1", 7, &got) == 1);
	test_assert(got.uid == 9);
	test_assert_strcmp(got.author, "1/2");
	test_assert_strcmp(got.parts, "2=3");

	draft.uid = 12;
	test_assert(store_draft_put(store, "5.1", 7, &draft) == 0);
	test_assert(store_draft_get(store, pool, "5.1", 7, &got) == 1);
	test_assert(got.uid == 12);

	test_assert(store_draft_expire(store, 60) == 0);
	test_assert(store_draft_get(store, pool, "5.1", 7, &got) == 1);
	test_assert(sqlite3_exec(store->db, "UPDATE draft SET time=time-100",
				 NULL, NULL, NULL) == SQLITE_OK);
	test_assert(store_draft_expire(store, 60) == 0);
	test_assert(store_draft_get(store, pool, "5.1", 7, &got) == 0);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_state_put,
		test_store_state_large,
		test_store_state_list,
		test_store_op,
		test_store_folder,
		test_store_draft,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
