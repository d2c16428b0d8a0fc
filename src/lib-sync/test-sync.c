/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "sync.h"
#include "test-common.h"

/* A collection in memory, a device, and between them a server that does as the protocols do.
   Random histories run over them: whatever was lost, repeated, killed or done at the same
   time, in the end both have the same, and on the way nothing was added twice, changed or
   deleted that the device did not have. */

#define TEST_MAX_UID 400
#define TEST_SEEDS 150
#define TEST_STEPS 400

struct test_item {
	bool exists;
	unsigned int flags, day, conversation;
	uint64_t modseq;
};

struct test_items {
	struct test_item item[TEST_MAX_UID + 1];
	uint32_t uidvalidity, uidnext, incarnation;
	uint64_t modseq;
};

struct test_collection {
	struct sync_collection coll;
	struct test_items live, view;
	/* modseq of each expunge; forgotten up to log_tail */
	uint64_t expunged[TEST_MAX_UID + 1];
	uint64_t log_tail;
	bool gone;
	/* nobody but the device does anything any more */
	bool quiet;
	unsigned int looks_at_all;
};

/* of states; cleared between steps */
static pool_t test_pool;

static uint32_t test_rand(uint32_t *seed, uint32_t max)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 8) % max;
}

/* the collection */

static void
test_items_status(const struct test_items *items, struct sync_status *status_r)
{
	uint32_t uid;

	i_zero(status_r);
	status_r->uidvalidity = items->uidvalidity;
	status_r->uidnext = items->uidnext;
	status_r->modseq = items->modseq;
	for (uid = 1; uid < items->uidnext; uid++) {
		if (items->item[uid].exists)
			status_r->items++;
	}
}

static int
test_get_status(struct sync_collection *coll, struct sync_status *status_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	if (tcoll->gone)
		return 0;
	test_items_status(&tcoll->live, status_r);
	return 1;
}

static int
test_refresh(struct sync_collection *coll, struct sync_status *status_r,
	     uint32_t *incarnation_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	if (tcoll->gone)
		return 0;
	tcoll->view = tcoll->live;
	test_items_status(&tcoll->view, status_r);
	*incarnation_r = tcoll->view.incarnation;
	return 1;
}

static int
test_get_uids(struct sync_collection *coll, uint32_t first_uid,
	      ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);
	uint32_t uid;

	if (first_uid <= 1)
		tcoll->looks_at_all++;
	for (uid = first_uid; uid < tcoll->view.uidnext; uid++) {
		if (tcoll->view.item[uid].exists)
			seq_range_array_add(uids, uid);
	}
	return 0;
}

static bool
test_is_inside(const struct test_items *items, const struct sync_filter *filter,
	       const ARRAY_TYPE(seq_range) *uids, uint32_t uid)
{
	const struct test_item *item = &items->item[uid];
	uint32_t uid2;

	if (filter->first_day == 0 || item->day >= filter->first_day)
		return item->exists;
	if (!item->exists || !filter->conversations)
		return FALSE;
	for (uid2 = 1; uid2 < items->uidnext; uid2++) {
		if (items->item[uid2].exists &&
		    seq_range_exists(uids, uid2) &&
		    items->item[uid2].conversation == item->conversation &&
		    items->item[uid2].day >= filter->first_day)
			return TRUE;
	}
	return FALSE;
}

static int
test_apply_filter(struct sync_collection *coll,
		  const struct sync_filter *filter,
		  ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);
	ARRAY_TYPE(seq_range) inside;
	uint32_t uid;

	t_array_init(&inside, 16);
	for (uid = 1; uid < tcoll->view.uidnext; uid++) {
		if (seq_range_exists(uids, uid) &&
		    test_is_inside(&tcoll->view, filter, uids, uid))
			seq_range_array_add(&inside, uid);
	}
	array_clear(uids);
	array_append_array(uids, &inside);
	return 0;
}

static int
test_get_changed(struct sync_collection *coll, uint64_t modseq,
		 uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);
	uint32_t uid;

	for (uid = 1; uid < max_uid; uid++) {
		if (tcoll->view.item[uid].exists &&
		    tcoll->view.item[uid].modseq > modseq)
			seq_range_array_add(uids, uid);
	}
	return 0;
}

static int
test_get_vanished(struct sync_collection *coll, uint64_t modseq,
		  uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);
	uint32_t uid;

	for (uid = 1; uid < max_uid; uid++) {
		if (!tcoll->view.item[uid].exists &&
		    (modseq < tcoll->log_tail ||
		     tcoll->expunged[uid] > modseq))
			seq_range_array_add(uids, uid);
	}
	return 0;
}

static int
test_get_modseq(struct sync_collection *coll, uint32_t uid, uint64_t *modseq_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	if (!tcoll->view.item[uid].exists)
		return 0;
	*modseq_r = tcoll->view.item[uid].modseq;
	return 1;
}

static const struct sync_collection_vfuncs test_vfuncs = {
	.get_status = test_get_status,
	.refresh = test_refresh,
	.get_uids = test_get_uids,
	.apply_filter = test_apply_filter,
	.get_changed = test_get_changed,
	.get_vanished = test_get_vanished,
	.get_modseq = test_get_modseq,
};

static void test_collection_init(struct test_collection *tcoll)
{
	i_zero(tcoll);
	tcoll->coll.v = &test_vfuncs;
	tcoll->live.uidvalidity = 1;
	tcoll->live.uidnext = 1;
	tcoll->live.modseq = 1;
	tcoll->log_tail = 1;
}

/* what anybody may do to it */

static uint32_t
test_add(struct test_collection *tcoll, unsigned int day,
	 unsigned int conversation)
{
	struct test_item *item;
	uint32_t uid = tcoll->live.uidnext;

	if (uid > TEST_MAX_UID)
		return 0;
	tcoll->live.uidnext++;
	item = &tcoll->live.item[uid];
	item->exists = TRUE;
	item->day = day;
	item->conversation = conversation;
	item->modseq = ++tcoll->live.modseq;
	return uid;
}

static void
test_change(struct test_collection *tcoll, uint32_t uid, unsigned int flags)
{
	struct test_item *item = &tcoll->live.item[uid];

	if (item->exists && item->flags != flags) {
		item->flags = flags;
		item->modseq = ++tcoll->live.modseq;
	}
}

static void test_expunge(struct test_collection *tcoll, uint32_t uid)
{
	if (tcoll->live.item[uid].exists) {
		tcoll->live.item[uid].exists = FALSE;
		tcoll->expunged[uid] = ++tcoll->live.modseq;
	}
}

/* "rm dovecot.index*": modseqs begin again */
static void test_lose_index(struct test_collection *tcoll)
{
	uint32_t uid;

	tcoll->live.incarnation++;
	tcoll->live.modseq = 1;
	tcoll->log_tail = 1;
	for (uid = 1; uid <= TEST_MAX_UID; uid++) {
		tcoll->live.item[uid].modseq = 1;
		tcoll->expunged[uid] = 0;
	}
}

static void
test_somebody(struct test_collection *tcoll, uint32_t *seed, unsigned int day)
{
	uint32_t uid = 1 + test_rand(seed, tcoll->live.uidnext);

	if (uid >= tcoll->live.uidnext)
		uid = 1;
	switch (test_rand(seed, 40)) {
	case 0:
		tcoll->log_tail = tcoll->live.modseq;
		break;
	case 1:
		if (test_rand(seed, 8) == 0)
			test_lose_index(tcoll);
		break;
	case 2 ... 15:
		(void)test_add(tcoll, day - test_rand(seed, 8),
			       test_rand(seed, 20));
		break;
	case 16 ... 28:
		test_change(tcoll, uid, test_rand(seed, 16));
		break;
	default:
		test_expunge(tcoll, uid);
		break;
	}
}

/* the device, and the server's half for it */

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

static void
test_server_command(struct test_device *device, struct sync_state *state,
		    bool *retry_r)
{
	const struct test_command *command = &device->command;
	struct test_collection *tcoll = device->tcoll;
	uint32_t uid = command->uid;

	*retry_r = FALSE;
	if (uid == 0 || !sync_device_has(state, uid))
		return;
	if (command->delete) {
		test_expunge(tcoll, uid);
	} else if (tcoll->view.item[uid].exists) {
		if (sync_device_conflicts(state, uid) &&
		    tcoll->view.item[uid].flags != command->flags) {
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
	else if (!conflict && tcoll->view.item[uid].exists &&
		 tcoll->view.item[uid].flags == command->flags)
		test_assert(sync_device_changed(&tcoll->coll, state, uid) == 0);
}

/* One request. Returns FALSE if the device got no answer. */
static bool test_exchange(struct test_device *device, unsigned int window)
{
	struct test_collection *tcoll = device->tcoll;
	struct sync_state state, repeated;
	struct sync_item item;
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
			   tcoll->view.item[item.uid].exists) {
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
				 tcoll->view.item[itemp->uid].flags);
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
		test_assert(test_get_status(&device->tcoll->coll,
					    &status) == 1);
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
	device->filter.conversations = test_rand(device->seed, 4) == 0;
}

static void test_history(uint32_t seed)
{
	struct test_collection *tcoll = i_new(struct test_collection, 1);
	struct test_device *devices = i_new(struct test_device, 2);
	unsigned int i, n;

	test_collection_init(tcoll);
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
			test_collection_init(tcoll);
			tcoll->live.uidvalidity = 2 + i;
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
		test_history(seed);
		if (test_has_failed())
			i_error("failed with seed %u", seed);
	}
	test_end();
}

/* small ones */

static void
test_look(struct test_collection *tcoll, struct sync_state *state)
{
	static const struct sync_filter everything = { .first_day = 0 };

	test_assert(sync_look(&tcoll->coll, state, &everything, NULL) ==
		    SYNC_LOOK_OK);
}

static unsigned int test_tell_all(struct sync_state *state)
{
	struct sync_item item;
	unsigned int count = 0;

	while (sync_next(state, &item)) {
		sync_told(state, &item);
		count++;
	}
	return count;
}

static void test_sync_order(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_state state;
	struct sync_item item;

	test_begin("sync order");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	while (tcoll->live.uidnext <= 10)
		(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	test_assert(sync_count(&state) == 10);
	/* the newest first */
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_ADD && item.uid == 10);
	test_assert(test_tell_all(&state) == 10);

	/* and additions after everything else */
	(void)test_add(tcoll, 1, 0);
	test_change(tcoll, 5, 1);
	test_expunge(tcoll, 6);
	test_look(tcoll, &state);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_DELETE && item.uid == 6);
	sync_told(&state, &item);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_CHANGE && item.uid == 5);
	sync_told(&state, &item);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_ADD && item.uid == 11);
	sync_told(&state, &item);
	test_assert(!sync_next(&state, &item));
	test_end();
}

static void test_sync_echo(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_state state, before, issued;
	struct sync_filter filter = { .first_day = 0 };

	test_begin("sync echo");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	(void)test_add(tcoll, 1, 0);
	(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	(void)test_tell_all(&state);
	sync_state_copy(&before, test_pool, &state);

	/* the device's own change is no news */
	test_change(tcoll, 1, 7);
	test_look(tcoll, &state);
	test_assert(sync_device_conflicts(&state, 1));
	test_assert(sync_device_changed(&tcoll->coll, &state, 1) == 0);
	test_assert(sync_count(&state) == 0);
	sync_state_copy(&issued, test_pool, &state);

	/* nor if the answer was lost and the step is done again */
	sync_state_copy(&state, test_pool, &before);
	test_assert(sync_look(&tcoll->coll, &state, &filter, &issued) ==
		    SYNC_LOOK_OK);
	test_assert(sync_count(&state) == 0);

	/* unless somebody changed the item after it */
	test_change(tcoll, 1, 8);
	sync_state_copy(&state, test_pool, &before);
	test_assert(sync_look(&tcoll->coll, &state, &filter, &issued) ==
		    SYNC_LOOK_OK);
	test_assert(sync_count(&state) == 1);
	test_look(tcoll, &issued);
	test_assert(sync_count(&issued) == 1);
	test_end();
}

static void test_sync_refused(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_state state;
	struct sync_item item;

	test_begin("sync refused");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	(void)test_add(tcoll, 1, 0);
	(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	(void)test_tell_all(&state);

	/* it is told how the item is; not of one that is gone or that it
	   never had */
	test_expunge(tcoll, 2);
	test_look(tcoll, &state);
	sync_device_refused(&state, 1);
	sync_device_refused(&state, 2);
	sync_device_refused(&state, 3);
	test_assert(sync_count(&state) == 2);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_DELETE && item.uid == 2);
	sync_told(&state, &item);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_CHANGE && item.uid == 1);
	sync_told(&state, &item);
	test_assert(sync_count(&state) == 0);
	test_end();
}

static void test_sync_filter(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_filter filter = { .first_day = 10 };
	struct sync_state state;
	struct sync_item item;
	unsigned int day;

	test_begin("sync filter");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	for (day = 8; day < 14; day++)
		(void)test_add(tcoll, day, day % 2);
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_OK);
	test_assert(test_tell_all(&state) == 4);

	/* a day later: only what is held is looked at */
	tcoll->looks_at_all = 0;
	filter.first_day++;
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_OK);
	test_assert(tcoll->looks_at_all == 0);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_SOFT_DELETE && item.uid == 3);
	test_assert(test_tell_all(&state) == 1);

	/* the whole conversation of those */
	filter.conversations = TRUE;
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_OK);
	test_assert(sync_next(&state, &item) &&
		    item.kind == SYNC_ADD && item.uid == 3);
	test_assert(test_tell_all(&state) == 3);
	test_assert(seq_range_count(&state.held) == 6);

	/* everything again */
	filter.first_day = 0;
	filter.conversations = FALSE;
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_OK);
	test_assert(sync_count(&state) == 0);
	test_end();
}

static void test_sync_numbers(void)
{
	static const struct sync_filter all = { .first_day = 0 };
	static const struct sync_filter some = { .first_day = 5 };
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_status seen, now;

	test_begin("sync numbers");
	test_collection_init(tcoll);
	(void)test_add(tcoll, 1, 0);
	test_items_status(&tcoll->live, &seen);
	test_assert(sync_unchanged(&seen, &all, &seen, &all));
	test_assert(!sync_unchanged(&seen, &all, &seen, &some));
	test_assert(!sync_surely_grown(&seen, &seen, &all));

	(void)test_add(tcoll, 1, 0);
	test_items_status(&tcoll->live, &now);
	test_assert(!sync_unchanged(&seen, &all, &now, &all));
	test_assert(sync_surely_grown(&seen, &now, &all));
	/* it may be too old */
	test_assert(!sync_surely_grown(&seen, &now, &some));
	/* it may be the one that is gone again */
	test_expunge(tcoll, 1);
	test_items_status(&tcoll->live, &now);
	test_assert(!sync_surely_grown(&seen, &now, &all));
	test_assert(!sync_unchanged(&seen, &all, &now, &all));
	test_end();
}

static void test_sync_gone(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_filter filter = { .first_day = 0 };
	struct sync_state state;

	test_begin("sync gone");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	tcoll->gone = TRUE;
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_GONE);
	tcoll->gone = FALSE;
	tcoll->live.uidvalidity++;
	test_assert(sync_look(&tcoll->coll, &state, &filter, NULL) ==
		    SYNC_LOOK_UIDVALIDITY);
	/* it was left alone */
	test_assert(sync_count(&state) == 1);
	test_end();
}

static void test_sync_poison(void)
{
	struct test_collection *tcoll = t_new(struct test_collection, 1);
	struct sync_state state;
	struct sync_item item;

	test_begin("sync poison");
	test_collection_init(tcoll);
	sync_state_init(&state, test_pool);
	(void)test_add(tcoll, 1, 0);
	(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	test_assert(sync_next(&state, &item) && item.uid == 2);
	sync_broken(&state, &item, 7);
	test_assert(sync_next(&state, &item) && item.uid == 1);
	sync_told(&state, &item);
	test_assert(!sync_next(&state, &item));
	/* the device hears nothing of it on this day */
	test_change(tcoll, 2, 1);
	test_assert(!sync_retry_broken(&state, 7));
	test_look(tcoll, &state);
	test_assert(sync_count(&state) == 0);
	/* the next day it's still broken, and the day after it is not */
	test_assert(sync_retry_broken(&state, 8));
	test_look(tcoll, &state);
	test_assert(sync_next(&state, &item) && item.uid == 2);
	sync_broken(&state, &item, 8);
	test_assert(!sync_retry_broken(&state, 8));
	test_assert(sync_retry_broken(&state, 9));
	test_look(tcoll, &state);
	test_assert(sync_next(&state, &item) && item.uid == 2 &&
		    item.kind == SYNC_ADD);
	sync_told(&state, &item);
	test_assert(!sync_retry_broken(&state, 10));
	test_look(tcoll, &state);
	test_assert(sync_count(&state) == 0);

	/* one that goes meanwhile is forgotten */
	(void)test_add(tcoll, 1, 0);
	test_look(tcoll, &state);
	test_assert(sync_next(&state, &item) && item.uid == 3);
	sync_broken(&state, &item, 10);
	test_expunge(tcoll, 3);
	test_look(tcoll, &state);
	test_assert(!sync_retry_broken(&state, 11));
	test_assert(sync_count(&state) == 0);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_sync_order,
		test_sync_echo,
		test_sync_refused,
		test_sync_filter,
		test_sync_numbers,
		test_sync_gone,
		test_sync_poison,
		test_sync_random_histories,
		NULL
	};

	int ret;

	test_pool = pool_alloconly_create("test sync", 16384);
	ret = test_run(test_functions);
	pool_unref(&test_pool);
	return ret;
}
