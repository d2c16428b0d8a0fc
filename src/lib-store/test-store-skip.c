/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-device.h"
#include "store-skip.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

static uint32_t test_skip_device(struct store *store)
{
	struct store_device device = { .protocol = "eas", .id = "1" };
	struct store_state state = { .epoch = 1, .counter = 1 };

	test_assert(store_device_save(store, &device) == 0);
	test_assert(store_state_put(store, device.num, "f1", NULL,
				    &state) == 1);
	return device.num;
}

static void test_store_skip(void)
{
	struct store *store = test_store_create("skip");
	uint32_t num = test_skip_device(store);
	pool_t pool = pool_alloconly_create("test", 1024);
	struct store_skips skips, got;
	unsigned int i;

	test_begin("store skip");
	test_assert(store_skips_get(store, pool, num, "f1", &skips) == 0);
	test_assert(array_count(&skips.uids) == 0);
	skips.uidvalidity = 7;
	store_skips_add(&skips, 20, 1000);
	store_skips_add(&skips, 10, 1001);
	store_skips_add(&skips, 20, 1002);
	test_assert(store_skips_put(store, num, "f1", &skips) == 0);
	test_assert(store_skips_get(store, pool, num, "f1", &got) == 1);
	test_assert(got.uidvalidity == 7 && !got.retry);
	test_assert(array_count(&got.uids) == 2);
	test_assert(store_skips_has(&got, 10) && store_skips_has(&got, 20));
	test_assert(!store_skips_has(&got, 11));
	test_assert(store_skips_get(store, pool, num, "f2", &got) == 0);

	/* few: the oldest are forgotten */
	for (i = 0; i < 1000; i++)
		store_skips_add(&skips, 100 + i, 2000);
	test_assert(array_count(&skips.uids) == STORE_SKIPS_MAX);
	test_assert(!store_skips_has(&skips, 20));
	test_assert(store_skips_has(&skips, 1099));

	/* once more */
	test_assert(store_skips_retry(store, num) == 2);
	test_assert(store_skips_retry(store, num) == 0);
	test_assert(store_skips_get(store, pool, num, "f1", &got) == 1);
	test_assert(got.retry && got.retry_epoch == 0);
	test_assert(array_count(&got.uids) == 0);
	got.retry_epoch = 3;
	got.retry_counter = 4;
	test_assert(store_skips_put(store, num, "f1", &got) == 0);
	test_assert(store_skips_get(store, pool, num, "f1", &got) == 1);
	test_assert(got.retry && got.retry_epoch == 3 &&
		    got.retry_counter == 4);
	/* what is skipped then counts again */
	got.uidvalidity = 7;
	store_skips_add(&got, 20, 1003);
	test_assert(store_skips_put(store, num, "f1", &got) == 0);
	test_assert(store_skips_get(store, pool, num, "f1", &got) == 1);
	test_assert(!got.retry && store_skips_has(&got, 20));

	/* it goes with the states */
	test_assert(store_device_resync(store, num) == 0);
	test_assert(store_skips_get(store, pool, num, "f1", &got) == 0);
	pool_unref(&pool);
	store_close(&store);
	test_end();
}

static void test_store_skip_rubbish(void)
{
	static const char *const values[] = {
		"", "x", "7 5", "7 5:", "7 :5", "retry", "retry 1", "7 5:6x",
	};
	struct store *store = test_store_create("skip-rubbish");
	uint32_t num = test_skip_device(store);
	pool_t pool = pool_alloconly_create("test", 1024);
	struct store_skips got;
	unsigned int i;

	test_begin("store skip rubbish");
	for (i = 0; i < N_ELEMENTS(values); i++) {
		test_assert_idx(store_device_param_set(store, num, "skip.f1",
			values[i], strlen(values[i])) == 0, i);
		test_expect_error_string("can't be read");
		test_assert_idx(store_skips_get(store, pool, num, "f1",
						&got) == 0, i);
		test_expect_no_more_errors();
		test_assert_idx(array_count(&got.uids) == 0 && !got.retry, i);
	}
	pool_unref(&pool);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_skip,
		test_store_skip_rubbish,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
