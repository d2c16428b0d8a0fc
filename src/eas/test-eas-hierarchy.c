/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "store.h"
#include "unlink-directory.h"
#include "eas-hierarchy.h"
#include "eas-key.h"
#include "test-common.h"

#define TEST_DIR ".test-eas-hierarchy"

static pool_t pool;
static struct eas_request req;
static struct store_device device;

/* "id parent type name, ..." */
static void
test_folders(ARRAY_TYPE(eas_hierarchy) *folders, const char *text)
{
	const char *const *items = t_strsplit(text, ",");
	struct eas_hierarchy_folder folder;

	p_array_init(folders, pool, 8);
	for (; *items != NULL && **items != '\0'; items++) {
		char **args = p_strsplit(pool, *items, " ");

		folder.id = args[0];
		folder.parent_id = args[1];
		folder.type = atoi(args[2]);
		folder.name = args[3];
		array_push_back(folders, &folder);
	}
}

static bool test_folders_are(const ARRAY_TYPE(eas_hierarchy) *folders,
			     const char *text)
{
	ARRAY_TYPE(eas_hierarchy) wanted;
	unsigned int i;

	test_folders(&wanted, text);
	if (array_count(&wanted) != array_count(folders))
		return FALSE;
	for (i = 0; i < array_count(folders); i++) {
		if (!eas_hierarchy_folder_equals(array_idx(folders, i),
						 array_idx(&wanted, i)))
			return FALSE;
	}
	return TRUE;
}

static void test_eas_hierarchy_code(void)
{
	ARRAY_TYPE(eas_hierarchy) folders, decoded;
	struct eas_hierarchy_folder *folder;
	buffer_t *blob = buffer_create_dynamic(pool, 256);
	size_t i;

	test_begin("eas hierarchy: stored form");
	test_folders(&folders, "1 0 2 Inbox,2 0 12 x,17 2 12 y");
	folder = array_idx_modifiable(&folders, 1);
	folder->name = "tab\tand\nnewline\001 \xc3\xa4";
	eas_hierarchy_encode(&folders, blob);
	p_array_init(&decoded, pool, 8);
	test_assert(eas_hierarchy_decode(pool, blob->data, blob->used,
					 &decoded) == 0);
	test_assert(array_count(&decoded) == 3);
	for (i = 0; i < array_count(&decoded); i++) {
		test_assert_idx(eas_hierarchy_folder_equals(
			array_idx(&decoded, i), array_idx(&folders, i)), i);
	}
	/* cut anywhere within a line it is none */
	for (i = 0; i < blob->used; i++) {
		if (i > 0 && ((const char *)blob->data)[i - 1] == '\n')
			continue;
		array_clear(&decoded);
		test_assert_idx(eas_hierarchy_decode(pool, blob->data, i,
						     &decoded) == -1, i);
	}
	/* an empty hierarchy is one */
	array_clear(&folders);
	buffer_set_used_size(blob, 0);
	eas_hierarchy_encode(&folders, blob);
	array_clear(&decoded);
	test_assert(eas_hierarchy_decode(pool, blob->data, blob->used,
					 &decoded) == 0);
	test_assert(array_count(&decoded) == 0);
	test_end();
}

static void test_eas_hierarchy_decode_wrong(void)
{
	static const char *const tests[] = {
		"x\n", "h2\n", "h1\n1\t0\t2\n", "h1\n1\t0\tx\tInbox\n",
		"h1\n1\t0\t2\tInbox\textra\n", "h1\n\n",
	};
	ARRAY_TYPE(eas_hierarchy) decoded;
	unsigned int i;

	test_begin("eas hierarchy: stored form of others");
	p_array_init(&decoded, pool, 8);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(eas_hierarchy_decode(pool, tests[i],
			strlen(tests[i]), &decoded) == -1, i);
	}
	test_end();
}

/* The device comes with the key, and has to have base; then it is given the
   folders. Returns the new key. */
static const char *
test_round(const char *key, const char *base, const char *text)
{
	ARRAY_TYPE(eas_hierarchy) folders;
	struct eas_hierarchy hierarchy;
	const char *new_key = NULL;

	test_folders(&folders, text);
	test_assert(eas_hierarchy_open(&req, key, &hierarchy) == 1);
	test_assert(test_folders_are(&hierarchy.base, base));
	test_assert(eas_hierarchy_issue(&hierarchy, &folders, &new_key) == 1);
	return p_strdup(pool, new_key);
}

static bool test_key_is_dead(const char *key)
{
	struct eas_hierarchy hierarchy;

	return eas_hierarchy_open(&req, key, &hierarchy) == 0;
}

static void test_eas_hierarchy_life(void)
{
	const char *a = "1 0 2 Inbox", *ab = "1 0 2 Inbox,2 0 12 Work",
		*b = "2 0 12 Work";
	const char *key1, *key2, *key3, *other;

	test_begin("eas hierarchy: life of a key");
	key1 = test_round("0", "", a);
	/* nothing new: the key stays */
	test_assert_strcmp(test_round(key1, a, a), key1);
	key2 = test_round(key1, a, ab);
	test_assert(strcmp(key1, key2) != 0);
	/* the answer got lost: same again, and with what came between */
	test_assert_strcmp(test_round(key1, a, ab), key2);
	test_assert_strcmp(test_round(key1, a, b), key2);
	/* now the device has that */
	key3 = test_round(key2, b, ab);
	test_assert(test_key_is_dead(key1));
	test_assert_strcmp(test_round(key3, ab, ab), key3);
	/* the one before still counts, as its answer may have been lost */
	test_assert_strcmp(test_round(key2, b, ab), key3);
	/* with the old state nothing is new either: it stays with it */
	test_assert_strcmp(test_round(key2, b, b), key2);
	test_assert_strcmp(test_round(key2, b, ab), key3);

	/* a new start ends the old life */
	other = test_round("0", "", a);
	test_assert(test_key_is_dead(key3));
	test_assert(test_key_is_dead(key2));
	test_assert_strcmp(test_round(other, a, a), other);
	test_end();
}

static void test_eas_hierarchy_keys(void)
{
	const char *key = test_round("0", "", "1 0 2 Inbox");
	uint32_t epoch, counter;

	test_begin("eas hierarchy: wrong keys");
	test_assert(eas_sync_key_parse(key, &epoch, &counter) == 1);
	test_assert(counter == 1);
	test_assert(test_key_is_dead(eas_sync_key_format(epoch, 0)));
	test_assert(test_key_is_dead(eas_sync_key_format(epoch, 2)));
	test_assert(test_key_is_dead(eas_sync_key_format(epoch, UINT32_MAX)));
	test_assert(test_key_is_dead(eas_sync_key_format(epoch ^ 1, 1)));
	test_assert(test_key_is_dead(""));
	test_assert(test_key_is_dead("1"));
	test_assert(test_key_is_dead("nonsense"));
	test_assert(!test_key_is_dead(key));
	test_end();
}

static void test_eas_hierarchy_race(void)
{
	const char *a = "1 0 2 Inbox", *ab = "1 0 2 Inbox,2 0 12 Work",
		*key = test_round("0", "", a), *key1, *key2;
	ARRAY_TYPE(eas_hierarchy) folders;
	struct eas_hierarchy first, second;

	test_begin("eas hierarchy: two requests at once");
	test_folders(&folders, ab);
	test_assert(eas_hierarchy_open(&req, key, &first) == 1);
	test_assert(eas_hierarchy_open(&req, key, &second) == 1);
	test_assert(eas_hierarchy_issue(&first, &folders, &key1) == 1);
	test_assert(eas_hierarchy_issue(&second, &folders, &key2) == 0);
	/* the slower one looks again, and says the same */
	test_assert(eas_hierarchy_open(&req, key, &second) == 1);
	test_assert(eas_hierarchy_issue(&second, &folders, &key2) == 1);
	test_assert_strcmp(key1, key2);
	test_end();
}

static void test_eas_hierarchy_damaged(void)
{
	const char *key = test_round("0", "", "1 0 2 Inbox");
	struct store_state state;

	test_begin("eas hierarchy: damaged state");
	test_assert(store_state_get(req.store, pool, device.num, "h",
				    &state) == 1);
	state.issued = "garbage";
	state.issued_size = 7;
	test_assert(store_state_put(req.store, device.num, "h", NULL,
				    &state) == 1);
	test_expect_error_string("is damaged");
	test_assert(test_key_is_dead(key));
	test_expect_no_more_errors();
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_hierarchy_code,
		test_eas_hierarchy_decode_wrong,
		test_eas_hierarchy_life,
		test_eas_hierarchy_keys,
		test_eas_hierarchy_race,
		test_eas_hierarchy_damaged,
		NULL
	};
	static const struct store_settings set = { .busy_msecs = 1000 };
	const char *error;
	int ret;

	lib_init();
	(void)unlink_directory(TEST_DIR, UNLINK_DIRECTORY_FLAG_RMDIR, &error);
	pool = pool_alloconly_create("test eas hierarchy", 65536);
	req.pool = pool;
	req.event = event_create(NULL);
	req.device = &device;
	req.device_id = device.id = "test";
	device.protocol = "eas";
	device.type = "Test";
	if (store_open(TEST_DIR"/roost.db", &set, req.event, &req.store,
		       &error) < 0)
		i_fatal("%s", error);
	if (store_device_save(req.store, &device) < 0)
		i_fatal("Cannot save the device");
	ret = test_run(test_functions);
	store_close(&req.store);
	event_unref(&req.event);
	pool_unref(&pool);
	if (unlink_directory(TEST_DIR, UNLINK_DIRECTORY_FLAG_RMDIR,
			     &error) < 0)
		i_fatal("%s", error);
	return ret;
}
