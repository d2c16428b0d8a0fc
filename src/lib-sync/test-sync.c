/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "test-collection.h"
#include "test-common.h"

/* One property of the engine each. */

static pool_t test_pool;

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
		NULL
	};
	int ret;

	test_pool = pool_alloconly_create("test sync", 16384);
	ret = test_run(test_functions);
	pool_unref(&test_pool);
	return ret;
}
