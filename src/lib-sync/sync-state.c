/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "numpack.h"
#include "sync-state.h"

#define SYNC_STATE_VERSION 1

enum sync_state_flags {
	SYNC_STATE_FLAG_PENDING = 0x01,
	SYNC_STATE_FLAG_CONVERSATIONS = 0x02,
};

static ARRAY_TYPE(seq_range) *
state_list(struct sync_state *state, unsigned int idx)
{
	ARRAY_TYPE(seq_range) *const lists[] = {
		&state->held, &state->deletes, &state->soft_deletes,
		&state->changes, &state->adds,
	};

	return idx < N_ELEMENTS(lists) ? lists[idx] : NULL;
}

void sync_state_init(struct sync_state *state, pool_t pool)
{
	ARRAY_TYPE(seq_range) *list;
	unsigned int i;

	i_zero(state);
	for (i = 0; (list = state_list(state, i)) != NULL; i++)
		p_array_init(list, pool, 8);
	p_array_init(&state->broken, pool, 1);
	p_array_init(&state->echoes, pool, 4);
}

void sync_state_copy(struct sync_state *dest, pool_t pool,
		     const struct sync_state *src)
{
	struct sync_state tmp = *src;
	ARRAY_TYPE(seq_range) *list;
	unsigned int i;

	sync_state_init(dest, pool);
	dest->status = src->status;
	dest->incarnation = src->incarnation;
	dest->filter = src->filter;
	for (i = 0; (list = state_list(dest, i)) != NULL; i++)
		array_append_array(list, state_list(&tmp, i));
	array_append_array(&dest->broken, &src->broken);
	dest->broken_day = src->broken_day;
	array_append_array(&dest->echoes, &src->echoes);
}

static void
encode_ranges(const ARRAY_TYPE(seq_range) *ranges, buffer_t *dest)
{
	const struct seq_range *range;
	uint32_t next = 1;

	numpack_encode(dest, array_count(ranges));
	array_foreach(ranges, range) {
		numpack_encode(dest, range->seq1 - next);
		numpack_encode(dest, range->seq2 - range->seq1);
		next = range->seq2 + 1;
	}
}

void sync_state_encode(const struct sync_state *state, buffer_t *dest)
{
	struct sync_state tmp = *state;
	const struct sync_echo *echo;
	const ARRAY_TYPE(seq_range) *list;
	unsigned int i;
	uint8_t flags = 0;

	for (i = 1; (list = state_list(&tmp, i)) != NULL; i++) {
		if (array_count(list) > 0)
			flags |= SYNC_STATE_FLAG_PENDING;
	}
	if (state->filter.conversations)
		flags |= SYNC_STATE_FLAG_CONVERSATIONS;

	buffer_append_c(dest, SYNC_STATE_VERSION);
	buffer_append_c(dest, flags);
	numpack_encode(dest, state->status.uidvalidity);
	numpack_encode(dest, state->status.uidnext);
	numpack_encode(dest, state->status.items);
	numpack_encode(dest, state->status.modseq);
	numpack_encode(dest, state->filter.first_day);
	numpack_encode(dest, state->incarnation);
	for (i = 0; (list = state_list(&tmp, i)) != NULL; i++)
		encode_ranges(list, dest);
	encode_ranges(&state->broken, dest);
	numpack_encode(dest, state->broken_day);
	numpack_encode(dest, array_count(&state->echoes));
	array_foreach(&state->echoes, echo) {
		numpack_encode(dest, echo->uid);
		numpack_encode(dest, echo->modseq);
	}
}

static int
decode_head(const uint8_t **p, const uint8_t *end, struct sync_status *status_r,
	    struct sync_filter *filter_r, bool *pending_r)
{
	uint8_t flags;

	if (end - *p < 2 || (*p)[0] != SYNC_STATE_VERSION)
		return -1;
	flags = (*p)[1];
	*p += 2;
	*pending_r = (flags & SYNC_STATE_FLAG_PENDING) != 0;
	filter_r->conversations = (flags & SYNC_STATE_FLAG_CONVERSATIONS) != 0;
	if (numpack_decode32(p, end, &status_r->uidvalidity) < 0 ||
	    numpack_decode32(p, end, &status_r->uidnext) < 0 ||
	    numpack_decode32(p, end, &status_r->items) < 0 ||
	    numpack_decode(p, end, &status_r->modseq) < 0 ||
	    numpack_decode32(p, end, &filter_r->first_day) < 0)
		return -1;
	return 0;
}

static int
decode_ranges(const uint8_t **p, const uint8_t *end,
	      ARRAY_TYPE(seq_range) *ranges)
{
	struct seq_range *range;
	uint32_t count, gap, more;
	uint64_t next = 1;

	/* a range takes two bytes at least */
	if (numpack_decode32(p, end, &count) < 0 ||
	    count > (size_t)(end - *p) / 2)
		return -1;
	for (; count > 0; count--) {
		if (numpack_decode32(p, end, &gap) < 0 ||
		    numpack_decode32(p, end, &more) < 0)
			return -1;
		if (next + gap + more >= (uint32_t)-1)
			return -1;
		range = array_append_space(ranges);
		range->seq1 = next + gap;
		range->seq2 = range->seq1 + more;
		next = (uint64_t)range->seq2 + 1;
	}
	return 0;
}

static int
decode_echoes(const uint8_t **p, const uint8_t *end,
	      ARRAY_TYPE(sync_echo) *echoes)
{
	struct sync_echo *echo;
	uint32_t count;

	if (numpack_decode32(p, end, &count) < 0 ||
	    count > (size_t)(end - *p) / 2)
		return -1;
	for (; count > 0; count--) {
		echo = array_append_space(echoes);
		if (numpack_decode32(p, end, &echo->uid) < 0 ||
		    numpack_decode(p, end, &echo->modseq) < 0)
			return -1;
	}
	return 0;
}

int sync_state_decode(struct sync_state *state_r, pool_t pool,
		      const void *data, size_t size)
{
	const uint8_t *p = data, *end = p + size;
	ARRAY_TYPE(seq_range) *list;
	unsigned int i;
	bool pending;

	sync_state_init(state_r, pool);
	if (decode_head(&p, end, &state_r->status, &state_r->filter,
			&pending) < 0 ||
	    numpack_decode32(&p, end, &state_r->incarnation) < 0)
		return -1;
	for (i = 0; (list = state_list(state_r, i)) != NULL; i++) {
		if (decode_ranges(&p, end, list) < 0)
			return -1;
	}
	if (decode_ranges(&p, end, &state_r->broken) < 0 ||
	    numpack_decode32(&p, end, &state_r->broken_day) < 0 ||
	    decode_echoes(&p, end, &state_r->echoes) < 0 || p != end)
		return -1;
	return 0;
}

int sync_state_decode_status(const void *data, size_t size,
			     struct sync_status *status_r,
			     struct sync_filter *filter_r, bool *pending_r)
{
	const uint8_t *p = data;

	i_zero(status_r);
	i_zero(filter_r);
	return decode_head(&p, p + size, status_r, filter_r, pending_r);
}
