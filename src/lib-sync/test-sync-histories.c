/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "store.h"
#include "store-pim.h"
#include "test-collection.h"
#include "test-store-common.h"
#include "test-common.h"

/* A collection, a device, and between them a server that does as the protocols do.
   Random histories run over them: whatever was lost, repeated, killed or done at the same
   time, in the end both have the same, and on the way nothing was added twice, changed or
   deleted that the device did not have. */

#define TEST_SEEDS 150
#define TEST_STEPS 400
/* a database is slower than memory */
#define TEST_STORE_SEEDS 100

/* of states; cleared between steps */
static pool_t test_pool;
/* of a folder's collection */
static pool_t test_store_pool;
static unsigned int test_folders;

struct test_command {
	uint32_t uid;			/* 0 = none */
	bool delete;
	unsigned int flags;
};

struct test_device {
	struct test_collection *tcoll;
	uint32_t *seed;

	/* the device */
	bool has[TEST_MAX_UID + 1];
	unsigned int flags[TEST_MAX_UID + 1];
	unsigned int key;
	struct test_command command;
	struct sync_filter filter;

	/* the server's row */
	buffer_t *confirmed, *issued;
	unsigned int confirmed_key, issued_key;

	unsigned int day;
	bool restart;			/* told to start anew */
	unsigned int told, conflicts;
};

static void test_device_start(struct test_device *device)
{
	struct sync_state state;

	memset(device->has, 0, sizeof(device->has));
	i_zero(&device->command);
	buffer_set_used_size(device->confirmed, 0);
	buffer_set_used_size(device->issued, 0);
	sync_state_init(&state, test_pool);
	sync_state_encode(&state, device->issued);
	device->confirmed_key = 0;
	device->key = ++device->issued_key;
	device->restart = FALSE;
}

static void
test_device_init(struct test_device *device, struct test_collection *tcoll,
		 uint32_t *seed)
{
	i_zero(device);
	device->tcoll = tcoll;
	device->seed = seed;
	device->day = 100;
	device->confirmed = buffer_create_dynamic(default_pool, 256);
	device->issued = buffer_create_dynamic(default_pool, 256);
	test_device_start(device);
}

static void test_device_deinit(struct test_device *device)
{
	buffer_free(&device->confirmed);
	buffer_free(&device->issued);
}

static void
test_device_take(struct test_device *device, const struct sync_item *item,
		 unsigned int flags)
{
	switch (item->kind) {
	case SYNC_DELETE:
	case SYNC_SOFT_DELETE:
		test_assert(device->has[item->uid]);
		device->has[item->uid] = FALSE;
		break;
	case SYNC_CHANGE:
		test_assert(device->has[item->uid]);
		device->flags[item->uid] = flags;
		break;
	case SYNC_ADD:
		test_assert(!device->has[item->uid]);
		device->has[item->uid] = TRUE;
		device->flags[item->uid] = flags;
		break;
	}
	device->told++;
}

/* Somebody else is active at the same time. */
static void test_interrupt(struct test_device *device)
{
	if (!device->tcoll->quiet && test_rand(device->seed, 4) == 0)
		test_somebody(device->tcoll, device->seed, device->day);
}

/* The view has the item as it is. */
static bool test_is_seen(struct test_collection *tcoll, uint32_t uid)
{
	uint64_t modseq;

	return tcoll->coll.v->get_modseq(&tcoll->coll, uid, &modseq) > 0;
}

static void
test_server_command(struct test_device *device, struct sync_state *state,
		    bool *retry_r)
{
	const struct test_command *command = &device->command;
	struct test_collection *tcoll = device->tcoll;
	const struct test_item *item;
	uint32_t uid = command->uid;

	*retry_r = FALSE;
	if (uid == 0 || !sync_device_has(state, uid))
		return;
	item = &test_collection_items(tcoll)->item[uid];
	if (command->delete) {
		test_expunge(tcoll, uid);
	} else if (item->exists) {
		if ((sync_device_conflicts(state, uid) ||
		     !test_is_seen(tcoll, uid)) &&
		    item->flags != command->flags) {
			device->conflicts++;
			return;
		}
		test_change(tcoll, uid, command->flags);
	}
	test_interrupt(device);
	if (test_rand(device->seed, 10) == 0) {
		/* killed after the commit */
		*retry_r = TRUE;
		return;
	}
	bool conflict = sync_device_conflicts(state, uid);
	if (sync_look(&tcoll->coll, state, &device->filter, NULL) !=
	    SYNC_LOOK_OK) {
		*retry_r = TRUE;
		return;
	}
	if (command->delete)
		sync_device_removed(state, uid);
	else if (!conflict && item->exists && item->flags == command->flags &&
		 test_is_seen(tcoll, uid))
		test_assert(sync_device_changed(&tcoll->coll, state, uid) == 0);
}

/* One request. Returns FALSE if the device got no answer. */
static bool test_exchange(struct test_device *device, unsigned int window)
{
	struct test_collection *tcoll = device->tcoll;
	struct sync_state state, repeated;
	struct sync_item item;
	const struct test_items *items = test_collection_items(tcoll);
	ARRAY(struct sync_item) answer;
	buffer_t *base;
	bool repeat = device->key != device->issued_key, retry, lost;
	enum sync_look_result result;

	test_assert(!repeat || device->key == device->confirmed_key);
	base = repeat ? device->confirmed : device->issued;
	test_assert(sync_state_decode(&state, test_pool,
				      base->data, base->used) == 0);
	array_clear(&state.echoes);
	if (repeat) {
		test_assert(sync_state_decode(&repeated,
			test_pool, device->issued->data,
			device->issued->used) == 0);
	}
	(void)sync_retry_broken(&state, tcoll->quiet ? (uint32_t)-1 :
				device->day);
	result = sync_look(&tcoll->coll, &state, &device->filter,
			   repeat ? &repeated : NULL);
	if (result == SYNC_LOOK_UIDVALIDITY) {
		device->restart = TRUE;
		return TRUE;
	}
	test_assert(result == SYNC_LOOK_OK);
	test_interrupt(device);
	test_server_command(device, &state, &retry);
	if (retry)
		return FALSE;

	t_array_init(&answer, 32);
	while (window > 0 && sync_next(&state, &item)) {
		if (item.kind == SYNC_ADD && !tcoll->quiet &&
		    test_rand(device->seed, 20) == 0) {
			sync_broken(&state, &item, device->day);
		} else if (item.kind == SYNC_DELETE ||
			   item.kind == SYNC_SOFT_DELETE ||
			   items->item[item.uid].exists) {
			array_push_back(&answer, &item);
			sync_told(&state, &item);
			window--;
		} else {
			sync_skipped(&state, &item);
		}
	}
	if (test_rand(device->seed, 12) == 0)
		return FALSE;		/* killed before the commit */

	buffer_t *new = t_buffer_create(256);
	sync_state_encode(&state, new);
	if (!repeat) {
		buffer_set_used_size(device->confirmed, 0);
		buffer_append_buf(device->confirmed, device->issued, 0, SIZE_MAX);
		device->confirmed_key = device->key;
	}
	buffer_set_used_size(device->issued, 0);
	buffer_append_buf(device->issued, new, 0, SIZE_MAX);
	device->issued_key++;

	lost = test_rand(device->seed, 6) == 0;
	if (lost)
		return FALSE;
	const struct sync_item *itemp;
	array_foreach(&answer, itemp) {
		test_device_take(device, itemp,
				 items->item[itemp->uid].flags);
	}
	device->key = device->issued_key;
	i_zero(&device->command);
	return TRUE;
}

/* What the user does on the device, unless it still waits for an answer. */
static void test_device_act(struct test_device *device)
{
	struct test_command *command = &device->command;
	uint32_t uid = 1 + test_rand(device->seed, TEST_MAX_UID);
	unsigned int i;

	if (command->uid != 0 || test_rand(device->seed, 3) == 0)
		return;
	for (i = 0; i < TEST_MAX_UID && !device->has[uid]; i++)
		uid = uid % TEST_MAX_UID + 1;
	if (!device->has[uid])
		return;
	command->uid = uid;
	command->delete = test_rand(device->seed, 5) == 0;
	command->flags = test_rand(device->seed, 16);
	if (command->delete)
		device->has[uid] = FALSE;
	else
		device->flags[uid] = command->flags;
}

static void test_device_settle(struct test_device *device)
{
	struct sync_state state;
	struct sync_status status;
	unsigned int i;

	/* answers are still lost, and requests killed */
	for (i = 0; i < 10000; i++) T_BEGIN {
		bool answered;

		p_clear(test_pool);
		answered = test_exchange(device, 50);
		if (answered && device->restart)
			test_device_start(device);
		test_assert(sync_state_decode(&state, test_pool,
					      device->issued->data,
					      device->issued->used) == 0);
		test_assert(device->tcoll->coll.v->get_status(
				&device->tcoll->coll, &status) == 1);
		if (answered && device->command.uid == 0 &&
		    sync_count(&state) == 0 &&
		    sync_unchanged(&state.status, &state.filter, &status,
				   &device->filter))
			i = 20000;
	} T_END;
	test_assert(i > 10000);
}

static void test_device_compare(struct test_device *device)
{
	const struct test_items *items = &device->tcoll->live;
	ARRAY_TYPE(seq_range) all;
	uint32_t uid;
	bool inside;

	t_array_init(&all, 2);
	seq_range_array_add_range(&all, 1, TEST_MAX_UID);
	for (uid = 1; uid <= TEST_MAX_UID; uid++) {
		inside = uid < items->uidnext &&
			test_is_inside(items, &device->filter, &all, uid);
		if (device->filter.conversations && device->has[uid] &&
		    items->item[uid].exists) {
			/* A conversation's older items may stay for a while
			   when the newer ones are gone. */
			inside = TRUE;
		}
		test_assert_idx(device->has[uid] == inside, uid);
		test_assert_idx(!inside ||
				device->flags[uid] == items->item[uid].flags,
				uid);
	}
}

static void test_device_new_filter(struct test_device *device)
{
	if (test_rand(device->seed, 3) == 0)
		device->filter.first_day = 0;
	else {
		device->filter.first_day =
			device->day - test_rand(device->seed, 10);
	}
	device->filter.conversations = test_rand(device->seed, 4) == 0 &&
		device->tcoll->store == NULL;
}

/* A new, empty collection; of the store, if there is one. */
static void test_start(struct test_collection *tcoll, struct store *store)
{
	uint32_t folder;

	if (store == NULL) {
		test_collection_init(tcoll);
		return;
	}
	if (store_pim_folder_create(store, STORE_KIND_TASKS, 0, t_strdup_printf(
			"folder %u", ++test_folders), &folder) != 1)
		i_fatal("store_pim_folder_create() failed");
	test_collection_init_store(tcoll, test_store_pool, store, folder);
}

static void test_history(uint32_t seed, struct store *store)
{
	struct test_collection *tcoll = i_new(struct test_collection, 1);
	struct test_device *devices = i_new(struct test_device, 2);
	unsigned int i, n;

	test_start(tcoll, store);
	for (n = 0; n < 2; n++)
		test_device_init(&devices[n], tcoll, &seed);
	for (i = 0; i < TEST_STEPS; i++) T_BEGIN {
		struct test_device *device = &devices[test_rand(&seed, 2)];

		p_clear(test_pool);
		for (n = test_rand(&seed, 4); n > 0; n--)
			test_somebody(tcoll, &seed, device->day);
		test_device_act(device);
		if (test_rand(&seed, 30) == 0) {
			/* a day turns */
			for (n = 0; n < 2; n++) {
				devices[n].day++;
				if (devices[n].filter.first_day != 0)
					devices[n].filter.first_day++;
			}
		}
		if (test_rand(&seed, 50) == 0)
			test_device_new_filter(device);
		if (test_rand(&seed, 150) == 0) {
			/* the mailbox was deleted and made again */
			test_start(tcoll, store);
			tcoll->live.uidvalidity = 2 + i;
			/* a folder's id is never used again: it is
			   another collection to the devices */
			for (n = 0; n < 2 && store != NULL; n++)
				test_device_start(&devices[n]);
		}
		(void)test_exchange(device, 1 + test_rand(&seed, 20));
		if (device->restart)
			test_device_start(device);
	} T_END;
	tcoll->quiet = TRUE;
	for (n = 0; n < 4; n++)
		test_device_settle(&devices[n % 2]);
	for (n = 0; n < 2; n++) {
		test_device_compare(&devices[n]);
		test_device_deinit(&devices[n]);
	}
	i_free(devices);
	i_free(tcoll);
}

static void test_sync_random_histories(void)
{
	uint32_t seed;

	test_begin("sync random histories");
	for (seed = 1; seed <= TEST_SEEDS && !test_has_failed(); seed++) {
		test_history(seed, NULL);
		if (test_has_failed())
			i_error("failed with seed %u", seed);
	}
	test_end();
}

static void test_sync_random_histories_store(void)
{
	struct store *store;
	uint32_t seed;

	test_begin("sync random histories of a store");
	store = test_store_create("histories");
	/* nobody waits for the disk */
	test_assert(store_begin(store) == 0);
	for (seed = 1; seed <= TEST_STORE_SEEDS && !test_has_failed();
	     seed++) {
		p_clear(test_store_pool);
		test_history(seed, store);
		if (test_has_failed())
			i_error("failed with seed %u", seed);
	}
	store_rollback(store);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_sync_random_histories,
		test_sync_random_histories_store,
		test_store_dir_deinit,
		NULL
	};
	int ret;

	test_pool = pool_alloconly_create("test sync", 16384);
	test_store_pool = pool_alloconly_create("test store", 1024);
	ret = test_run(test_functions);
	pool_unref(&test_store_pool);
	pool_unref(&test_pool);
	return ret;
}
