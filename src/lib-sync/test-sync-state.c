/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "sync-state.h"
#include "test-common.h"

static void test_state_fill(struct sync_state *state)
{
	struct sync_echo *echo;

	state->status.uidvalidity = 1234567890;
	state->status.uidnext = 4000000000U;
	state->status.items = 200000;
	state->status.modseq = 0x1234567890abcdefULL;
	state->incarnation = 0xfedcba98;
	state->filter.first_day = 20000;
	state->filter.conversations = TRUE;
	seq_range_array_add_range(&state->held, 1, 3);
	seq_range_array_add_range(&state->held, 5, 100000);
	seq_range_array_add(&state->held, (uint32_t)-2);
	seq_range_array_add_range(&state->deletes, 5, 6);
	seq_range_array_add(&state->soft_deletes, 9);
	seq_range_array_add(&state->changes, 11);
	seq_range_array_add_range(&state->adds, 200000, 300000);
	seq_range_array_add(&state->broken, 150000);
	state->broken_day = 20001;
	echo = array_append_space(&state->echoes);
	echo->uid = 7;
	echo->modseq = 99;
}

static void test_state_round_trip(bool filled)
{
	struct sync_state state, state2, copy;
	struct sync_status status;
	struct sync_filter filter;
	buffer_t *buf = t_buffer_create(128), *buf2 = t_buffer_create(128);
	bool pending;

	sync_state_init(&state, pool_datastack_create());
	if (filled)
		test_state_fill(&state);
	sync_state_encode(&state, buf);
	test_assert(sync_state_decode(&state2, pool_datastack_create(),
				      buf->data, buf->used) == 0);
	sync_state_copy(&copy, pool_datastack_create(), &state2);
	sync_state_encode(&copy, buf2);
	test_assert(buf->used == buf2->used &&
		    memcmp(buf->data, buf2->data, buf->used) == 0);
	test_assert(copy.status.modseq == state.status.modseq);
	test_assert(seq_range_count(&copy.held) ==
		    seq_range_count(&state.held));
	test_assert(seq_range_exists(&copy.broken, 150000) == filled);
	test_assert(copy.broken_day == state.broken_day);

	test_assert(sync_state_decode_status(buf->data, buf->used, &status,
					     &filter, &pending) == 0);
	test_assert(status.uidvalidity == state.status.uidvalidity);
	test_assert(status.uidnext == state.status.uidnext);
	test_assert(status.items == state.status.items);
	test_assert(status.modseq == state.status.modseq);
	test_assert(filter.first_day == state.filter.first_day);
	test_assert(filter.conversations == filled);
	test_assert(pending == filled);
}

static void test_sync_state_round_trip(void)
{
	test_begin("sync state round trip");
	test_state_round_trip(FALSE);
	test_state_round_trip(TRUE);
	test_end();
}

/* A state is small whatever the mailbox holds. */
static void test_sync_state_size(void)
{
	struct sync_state state;
	buffer_t *buf = t_buffer_create(128);

	test_begin("sync state size");
	sync_state_init(&state, pool_datastack_create());
	seq_range_array_add_range(&state.held, 1, 200000);
	state.status.uidnext = 200001;
	sync_state_encode(&state, buf);
	test_assert(buf->used < 34);
	test_end();
}

/* A damaged row must neither crash nor pass as a state. */
static void test_sync_state_damaged(void)
{
	struct sync_state state;
	buffer_t *buf = t_buffer_create(128);
	static const unsigned char overflow[] = {
		1, 0, 1, 1, 1, 1, 0, 0,
		1, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x01, 0, 0, 0, 0, 0
	};
	size_t i;

	test_begin("sync state damaged");
	sync_state_init(&state, pool_datastack_create());
	test_state_fill(&state);
	sync_state_encode(&state, buf);
	for (i = 0; i < buf->used; i++) {
		test_assert_idx(sync_state_decode(&state,
						  pool_datastack_create(),
						  buf->data, i) < 0, i);
	}
	buffer_append_c(buf, 0);
	test_assert(sync_state_decode(&state, pool_datastack_create(),
				      buf->data, buf->used) < 0);
	buffer_write(buf, 0, "\x7f", 1);
	test_assert(sync_state_decode(&state, pool_datastack_create(),
				      buf->data, buf->used - 1) < 0);
	test_assert(sync_state_decode(&state, pool_datastack_create(),
				      overflow, sizeof(overflow)) < 0);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_sync_state_round_trip,
		test_sync_state_size,
		test_sync_state_damaged,
		NULL
	};

	return test_run(test_functions);
}
