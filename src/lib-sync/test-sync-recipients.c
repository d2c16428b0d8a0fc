/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store.h"
#include "store-recipient.h"
#include "sync.h"
#include "sync-recipients.h"
#include "test-collection.h"
#include "test-common.h"
#include "../lib-store/test-store-common.h"

#define DAY (24*3600)
#define TEST_ADDRESSES 40
#define TEST_START 1800000000
#define TEST_SEEDS 6
#define TEST_STEPS 250

/* A device: what it was told, by the engine, with whatever window. */
struct test_device {
	struct store *store;
	struct sync_state state;
	unsigned int max;
	/* what it shows of the UIDs that it has */
	unsigned int ranks[2000];
	unsigned int told;
};

static void test_mail(struct store *store, unsigned int address, time_t time)
{
	struct store_recipient recipient = {
		.address = t_strdup_printf("a%u@x.test", address),
	};

	test_assert(store_recipient_add(store, &recipient, 1, time) == 0);
}

/* Returns TRUE if the device has everything now. */
static bool test_sync(struct test_device *device, unsigned int window)
{
	pool_t pool = pool_alloconly_create("test sync", 8192);
	struct sync_collection *coll =
		sync_recipients_init(pool, device->store);
	struct store_recipient recipient;
	struct sync_filter filter;
	struct sync_item item;

	sync_recipients_set_max(coll, device->max);
	sync_recipients_filter(device->max, &filter);
	test_assert(sync_look(coll, &device->state, &filter, NULL) ==
		    SYNC_LOOK_OK);
	for (; window > 0 && sync_next(&device->state, &item); window--) {
		test_assert(item.kind != SYNC_SOFT_DELETE);
		if (item.kind == SYNC_DELETE) {
			test_assert(device->ranks[item.uid] != 0);
			device->ranks[item.uid] = 0;
		} else {
			test_assert((device->ranks[item.uid] != 0) ==
				    (item.kind == SYNC_CHANGE));
			test_assert(store_recipient_get(device->store, pool,
				item.uid, &recipient) == 1);
			device->ranks[item.uid] =
				store_recipient_rank(&recipient);
		}
		device->told++;
		sync_told(&device->state, &item);
	}
	pool_unref(&pool);
	return sync_count(&device->state) == 0;
}

/* Does the device show the best ones as they are, and nobody else? */
static void test_check(struct test_device *device)
{
	ARRAY_TYPE(store_recipient) all;
	const struct store_recipient *recipient;
	unsigned int uid, worst = UINT_MAX, shown = 0, wanted;

	t_array_init(&all, 64);
	test_assert(store_recipient_list(device->store,
					 pool_datastack_create(), &all) == 0);
	for (uid = 0; uid < N_ELEMENTS(device->ranks); uid++) {
		if (device->ranks[uid] != 0) {
			shown++;
			worst = I_MIN(worst, device->ranks[uid]);
		}
	}
	wanted = device->max == 0 ? STORE_RECIPIENTS_MAX : device->max;
	test_assert(shown == I_MIN(array_count(&all), wanted));
	array_foreach(&all, recipient) {
		unsigned int rank = store_recipient_rank(recipient);

		if (device->ranks[recipient->uid] != 0)
			test_assert(device->ranks[recipient->uid] == rank);
		else
			test_assert(rank <= worst);
	}
}

static void test_history(struct store *store, uint32_t seed)
{
	pool_t pool = pool_alloconly_create("test states", 8192);
	struct test_device *devices = i_new(struct test_device, 3);
	time_t now = TEST_START;
	unsigned int i, n;

	for (n = 0; n < 3; n++) {
		devices[n].store = store;
		devices[n].max = n * 7;
		sync_state_init(&devices[n].state, pool);
	}
	for (i = 0; i < TEST_STEPS; i++) T_BEGIN {
		/* some are written to more often than others */
		n = 1 + test_rand(&seed, TEST_ADDRESSES);
		test_mail(store, test_rand(&seed, n), now);
		now += test_rand(&seed, 2*DAY);
		n = test_rand(&seed, 3);
		if (n == 2 && test_rand(&seed, 5) == 0) {
			devices[n].max =
				1 + test_rand(&seed, TEST_ADDRESSES + 5);
		}
		if (test_rand(&seed, 3) == 0 &&
		    test_sync(&devices[n], 1 + test_rand(&seed, 5)))
			test_check(&devices[n]);
	} T_END;
	for (n = 0; n < 3; n++) {
		test_assert(test_sync(&devices[n], UINT_MAX));
		test_check(&devices[n]);
	}
	i_free(devices);
	pool_unref(&pool);
}

static void test_sync_recipients_histories(void)
{
	struct store *store;
	uint32_t seed;

	test_begin("sync recipients: histories");
	for (seed = 1; seed <= TEST_SEEDS && !test_has_failed(); seed++) {
		store = test_store_create(t_strdup_printf("histories-%u",
							  seed));
		test_history(store, seed);
		store_close(&store);
		if (test_has_failed())
			i_error("failed with seed %u", seed);
	}
	test_end();
}

/* Mails that go out every day are not told every day. */
static void test_sync_recipients_churn(void)
{
	struct store *store = test_store_create("churn");
	pool_t pool = pool_alloconly_create("test states", 8192);
	struct test_device device;
	unsigned int day, n;

	test_begin("sync recipients: what is told of many mails");
	i_zero(&device);
	device.store = store;
	sync_state_init(&device.state, pool);
	for (day = 0; day < 180; day++) T_BEGIN {
		for (n = 0; n < 10; n++)
			test_mail(store, n, TEST_START + day*DAY + n);
		test_assert(test_sync(&device, UINT_MAX));
	} T_END;
	test_check(&device);
	/* 1,800 mails: at the beginning the score rises, then four steps a
	   month are left */
	test_assert(device.told < 10 * 60);
	/* as time passes without mails nothing is told */
	device.told = 0;
	test_assert(test_sync(&device, UINT_MAX));
	test_assert(device.told == 0);
	store_close(&store);
	pool_unref(&pool);
	test_end();
}

/* The bound of what is remembered is a bound for devices, too. */
static void test_sync_recipients_expired(void)
{
	struct store *store = test_store_create("expired");
	pool_t pool = pool_alloconly_create("test states", 8192);
	struct test_device device;
	unsigned int n;

	test_begin("sync recipients: more than are remembered");
	i_zero(&device);
	device.store = store;
	sync_state_init(&device.state, pool);
	for (n = 0; n < STORE_RECIPIENTS_MAX + 20; n++) T_BEGIN {
		test_mail(store, n, TEST_START + n*DAY);
		if (n % 100 == 99)
			test_assert(test_sync(&device, UINT_MAX));
	} T_END;
	test_assert(test_sync(&device, UINT_MAX));
	test_check(&device);
	store_close(&store);
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_sync_recipients_histories,
		test_sync_recipients_churn,
		test_sync_recipients_expired,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
