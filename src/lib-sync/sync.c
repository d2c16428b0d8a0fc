/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "sync.h"

/* An older item that a new one makes part of a wanted conversation is looked for among
   this many UIDs before it, so that a delivery's cost does not grow with the mailbox. */
#define SYNC_CONVERSATION_REACH 10000

/* A look's findings, applied to the state when all of them are there. */
struct sync_look {
	struct sync_collection *coll;
	struct sync_state *state;
	struct sync_status status;
	uint32_t incarnation;
	const struct sync_filter *filter;
	/* the state's modseq says nothing about this collection */
	bool first, lost;

	ARRAY_TYPE(seq_range) vanished, changed, added;
	/* filter_all: everything inside, else: of the known ones and of those that changed */
	ARRAY_TYPE(seq_range) inside;
	bool filter_changed, filter_all;
	/* of those that changed: the ones inside the filter */
	ARRAY_TYPE(seq_range) changed_inside;
	bool changed_filtered;
};

static bool
sync_filter_equals(const struct sync_filter *f1, const struct sync_filter *f2)
{
	return f1->first_day == f2->first_day &&
		f1->conversations == f2->conversations;
}

/* Nothing that was outside old can be inside new. */
static bool
sync_filter_is_narrower(const struct sync_filter *new,
			const struct sync_filter *old)
{
	return new->first_day >= old->first_day &&
		new->conversations == old->conversations;
}

bool sync_unchanged(const struct sync_status *seen,
		    const struct sync_filter *seen_filter,
		    const struct sync_status *now,
		    const struct sync_filter *filter)
{
	return seen->uidvalidity == now->uidvalidity &&
		seen->uidnext == now->uidnext &&
		seen->items == now->items &&
		seen->modseq == now->modseq &&
		sync_filter_equals(seen_filter, filter);
}

bool sync_surely_grown(const struct sync_status *seen,
		       const struct sync_status *now,
		       const struct sync_filter *filter)
{
	/* at most uidnext's growth was added: if as many items are more,
	   all of that was added and nothing removed */
	return filter->first_day == 0 &&
		seen->uidvalidity == now->uidvalidity &&
		seen->uidnext > 0 && now->uidnext > seen->uidnext &&
		now->items > seen->items &&
		now->items - seen->items == now->uidnext - seen->uidnext;
}

static bool
sync_is_echo(struct sync_look *look, const struct sync_echo *echo)
{
	uint64_t modseq;

	return look->coll->v->get_modseq(look->coll, echo->uid, &modseq) > 0 &&
		modseq == echo->modseq;
}

static int sync_look_changes(struct sync_look *look,
			     const struct sync_state *repeated)
{
	struct sync_state *state = look->state;
	const struct sync_echo *echo;

	if (look->first)
		return 0;
	if (look->lost) {
		/* which ones changed can't be known: tell all of them */
		array_append_array(&look->changed, &state->held);
		return 0;
	}
	if (look->coll->v->get_changed(look->coll, state->status.modseq,
				       state->status.uidnext,
				       &look->changed) < 0)
		return -1;
	if (repeated == NULL)
		return 0;
	array_foreach(&repeated->echoes, echo) {
		if (seq_range_exists(&look->changed, echo->uid) &&
		    sync_is_echo(look, echo))
			seq_range_array_remove(&look->changed, echo->uid);
	}
	return 0;
}

static int sync_look_added(struct sync_look *look)
{
	uint32_t first_uid = I_MAX(look->state->status.uidnext, 1);

	if (look->coll->v->get_uids(look->coll, first_uid, &look->added) < 0)
		return -1;
	if (array_count(&look->added) == 0)
		return 0;
	if (look->filter->conversations && look->filter->first_day > 0) {
		first_uid = first_uid <= SYNC_CONVERSATION_REACH ? 1 :
			first_uid - SYNC_CONVERSATION_REACH;
		if (look->coll->v->get_uids(look->coll, first_uid,
					    &look->added) < 0)
			return -1;
	}
	return look->coll->v->apply_filter(look->coll, look->filter,
					   &look->added);
}

/* Those that changed may have entered the filter or left it. */
static int sync_look_changed_filter(struct sync_look *look)
{
	if (look->first || look->lost || !look->coll->v->dates_change ||
	    look->filter->first_day == 0 || array_count(&look->changed) == 0)
		return 0;
	look->changed_filtered = TRUE;
	array_append_array(&look->changed_inside, &look->changed);
	return look->coll->v->apply_filter(look->coll, look->filter,
					   &look->changed_inside);
}

static int sync_look_filter(struct sync_look *look)
{
	struct sync_state *state = look->state;

	if (look->lost && look->filter->first_day > 0 &&
	    look->coll->v->dates_change) {
		/* any item may have moved */
		look->filter_changed = look->filter_all = TRUE;
		return look->coll->v->get_uids(look->coll, 1,
					       &look->inside) < 0 ? -1 :
			look->coll->v->apply_filter(look->coll, look->filter,
						    &look->inside);
	}
	if (look->first || !look->filter_changed)
		return 0;
	look->filter_all = !sync_filter_is_narrower(look->filter,
						    &state->filter);
	if (look->filter_all) {
		if (look->coll->v->get_uids(look->coll, 1, &look->inside) < 0)
			return -1;
	} else {
		seq_range_array_merge(&look->inside, &state->held);
		seq_range_array_merge(&look->inside, &state->adds);
		seq_range_array_merge(&look->inside, &state->broken);
		seq_range_array_merge(&look->inside, &look->added);
		seq_range_array_merge(&look->inside, &look->changed);
		seq_range_array_remove_seq_range(&look->inside,
						 &look->vanished);
	}
	return look->coll->v->apply_filter(look->coll, look->filter,
					   &look->inside);
}

static int
sync_look_collect(struct sync_look *look, const struct sync_state *repeated)
{
	struct sync_state *state = look->state;

	if (!look->first &&
	    look->coll->v->get_vanished(look->coll,
					look->lost ? 0 : state->status.modseq,
					state->status.uidnext,
					&look->vanished) < 0)
		return -1;
	if (sync_look_changes(look, repeated) < 0 ||
	    sync_look_changed_filter(look) < 0 ||
	    sync_look_added(look) < 0 ||
	    sync_look_filter(look) < 0)
		return -1;
	return 0;
}

/* The filter moved: what the device holds and is outside now leaves it, and what is inside
   and unknown to it comes. */
static void sync_look_apply_filter(struct sync_look *look)
{
	struct sync_state *state = look->state;
	ARRAY_TYPE(seq_range) tmp;

	t_array_init(&tmp, 32);
	array_append_array(&tmp, &state->held);
	seq_range_array_remove_seq_range(&tmp, &look->inside);
	seq_range_array_remove_seq_range(&tmp, &state->deletes);
	seq_range_array_merge(&state->soft_deletes, &tmp);
	seq_range_array_remove_seq_range(&state->soft_deletes, &look->inside);

	if (look->filter_all) {
		/* those of a collection of the best ones come back: what
		   happened to them as long as they were gone isn't known */
		array_clear(&tmp);
		array_append_array(&tmp, &state->deletes);
		seq_range_array_intersect(&tmp, &look->inside);
		seq_range_array_merge(&state->changes, &tmp);
		seq_range_array_remove_seq_range(&state->deletes,
						 &look->inside);
		array_clear(&state->adds);
		seq_range_array_merge(&state->adds, &look->inside);
		seq_range_array_remove_seq_range(&state->adds, &state->held);
		array_clear(&state->broken);
	} else {
		seq_range_array_intersect(&state->adds, &look->inside);
		seq_range_array_intersect(&state->broken, &look->inside);
	}
}

static void sync_look_apply_changed_filter(struct sync_look *look)
{
	struct sync_state *state = look->state;
	ARRAY_TYPE(seq_range) tmp;

	/* the device has them and they left it */
	t_array_init(&tmp, 32);
	array_append_array(&tmp, &look->changed);
	seq_range_array_remove_seq_range(&tmp, &look->changed_inside);
	seq_range_array_remove_seq_range(&state->adds, &tmp);
	seq_range_array_remove_seq_range(&state->broken, &tmp);
	seq_range_array_intersect(&tmp, &state->held);
	seq_range_array_remove_seq_range(&tmp, &state->deletes);
	seq_range_array_merge(&state->soft_deletes, &tmp);

	/* they are inside, wherever they were, even gone (which only those of
	   a collection of the best ones come back from) */
	seq_range_array_remove_seq_range(&state->deletes,
					 &look->changed_inside);
	seq_range_array_remove_seq_range(&state->soft_deletes,
					 &look->changed_inside);
	seq_range_array_remove_seq_range(&look->changed_inside, &state->held);
	seq_range_array_remove_seq_range(&look->changed_inside,
					 &look->vanished);
	seq_range_array_remove_seq_range(&look->changed_inside,
					 &state->broken);
	seq_range_array_merge(&state->adds, &look->changed_inside);
}

static void sync_look_apply(struct sync_look *look)
{
	struct sync_state *state = look->state;

	seq_range_array_remove_seq_range(&state->adds, &look->vanished);
	seq_range_array_remove_seq_range(&state->broken, &look->vanished);
	seq_range_array_remove_seq_range(&state->soft_deletes,
					 &look->vanished);
	if (look->changed_filtered)
		sync_look_apply_changed_filter(look);
	seq_range_array_intersect(&look->vanished, &state->held);
	seq_range_array_merge(&state->deletes, &look->vanished);

	seq_range_array_intersect(&look->changed, &state->held);
	seq_range_array_merge(&state->changes, &look->changed);
	seq_range_array_remove_seq_range(&state->changes, &state->deletes);

	/* older items among them became part of a wanted conversation */
	seq_range_array_remove_seq_range(&state->soft_deletes, &look->added);
	seq_range_array_remove_seq_range(&look->added, &state->held);
	seq_range_array_remove_seq_range(&look->added, &state->broken);
	seq_range_array_merge(&state->adds, &look->added);

	if (look->filter_changed && !look->first)
		sync_look_apply_filter(look);
	state->status = look->status;
	state->incarnation = look->incarnation;
	state->filter = *look->filter;
}

static enum sync_look_result
sync_look_refresh(struct sync_look *look)
{
	struct sync_state *state = look->state;
	int ret;

	ret = look->coll->v->refresh(look->coll, &look->status,
				     &look->incarnation);
	if (ret <= 0)
		return ret < 0 ? SYNC_LOOK_FAILED : SYNC_LOOK_GONE;
	if (state->status.uidvalidity != 0 &&
	    state->status.uidvalidity != look->status.uidvalidity)
		return SYNC_LOOK_UIDVALIDITY;

	look->first = state->status.uidnext == 0;
	look->lost = !look->first &&
		(state->incarnation != look->incarnation ||
		 state->status.modseq > look->status.modseq ||
		 state->status.uidnext > look->status.uidnext);
	look->filter_changed =
		!sync_filter_equals(&state->filter, look->filter);
	return SYNC_LOOK_OK;
}

enum sync_look_result
sync_look(struct sync_collection *coll, struct sync_state *state,
	  const struct sync_filter *filter, const struct sync_state *repeated)
{
	struct sync_look look;
	enum sync_look_result result;

	i_zero(&look);
	look.coll = coll;
	look.state = state;
	look.filter = filter;

	result = sync_look_refresh(&look);
	if (result != SYNC_LOOK_OK)
		return result;
	T_BEGIN {
		t_array_init(&look.vanished, 16);
		t_array_init(&look.changed, 16);
		t_array_init(&look.added, 16);
		t_array_init(&look.inside, 16);
		t_array_init(&look.changed_inside, 16);
		if (sync_look_collect(&look, repeated) < 0)
			result = SYNC_LOOK_FAILED;
		else
			sync_look_apply(&look);
	} T_END;
	return result;
}

unsigned int sync_count(const struct sync_state *state)
{
	return seq_range_count(&state->deletes) +
		seq_range_count(&state->soft_deletes) +
		seq_range_count(&state->changes) +
		seq_range_count(&state->adds);
}

bool sync_next(const struct sync_state *state, struct sync_item *item_r)
{
	const ARRAY_TYPE(seq_range) *const lists[] = {
		[SYNC_DELETE] = &state->deletes,
		[SYNC_SOFT_DELETE] = &state->soft_deletes,
		[SYNC_CHANGE] = &state->changes,
		[SYNC_ADD] = &state->adds,
	};
	const struct seq_range *ranges;
	unsigned int i, count;

	for (i = 0; i < N_ELEMENTS(lists); i++) {
		ranges = array_get(lists[i], &count);
		if (count > 0) {
			item_r->kind = i;
			item_r->uid = ranges[count-1].seq2;
			return TRUE;
		}
	}
	return FALSE;
}

void sync_told(struct sync_state *state, const struct sync_item *item)
{
	switch (item->kind) {
	case SYNC_DELETE:
		seq_range_array_remove(&state->deletes, item->uid);
		seq_range_array_remove(&state->held, item->uid);
		break;
	case SYNC_SOFT_DELETE:
		/* it stayed on both lists: had it come back into the filter,
		   its change would still be due */
		seq_range_array_remove(&state->soft_deletes, item->uid);
		seq_range_array_remove(&state->changes, item->uid);
		seq_range_array_remove(&state->held, item->uid);
		break;
	case SYNC_CHANGE:
		seq_range_array_remove(&state->changes, item->uid);
		break;
	case SYNC_ADD:
		seq_range_array_remove(&state->adds, item->uid);
		seq_range_array_add(&state->held, item->uid);
		break;
	}
}

void sync_skipped(struct sync_state *state, const struct sync_item *item)
{
	switch (item->kind) {
	case SYNC_DELETE:
	case SYNC_SOFT_DELETE:
		i_unreached();
	case SYNC_CHANGE:
		seq_range_array_remove(&state->changes, item->uid);
		break;
	case SYNC_ADD:
		seq_range_array_remove(&state->adds, item->uid);
		break;
	}
}

void sync_broken(struct sync_state *state, const struct sync_item *item,
		 uint32_t today)
{
	sync_skipped(state, item);
	if (item->kind == SYNC_ADD) {
		seq_range_array_add(&state->broken, item->uid);
		state->broken_day = today;
	}
}

bool sync_retry_broken(struct sync_state *state, uint32_t today)
{
	if (array_count(&state->broken) == 0 || state->broken_day == today)
		return FALSE;
	seq_range_array_merge(&state->adds, &state->broken);
	array_clear(&state->broken);
	return TRUE;
}

bool sync_device_has(const struct sync_state *state, uint32_t uid)
{
	return seq_range_exists(&state->held, uid);
}

bool sync_device_conflicts(const struct sync_state *state, uint32_t uid)
{
	return seq_range_exists(&state->changes, uid);
}

static int
sync_add_echo(struct sync_collection *coll, struct sync_state *state,
	      uint32_t uid)
{
	struct sync_echo *echo;
	uint64_t modseq;
	int ret;

	ret = coll->v->get_modseq(coll, uid, &modseq);
	if (ret <= 0)
		return ret;
	array_foreach_modifiable(&state->echoes, echo) {
		if (echo->uid == uid) {
			echo->modseq = modseq;
			return 0;
		}
	}
	echo = array_append_space(&state->echoes);
	echo->uid = uid;
	echo->modseq = modseq;
	return 0;
}

int sync_device_changed(struct sync_collection *coll, struct sync_state *state,
			uint32_t uid)
{
	seq_range_array_remove(&state->changes, uid);
	return sync_add_echo(coll, state, uid);
}

void sync_device_refused(struct sync_state *state, uint32_t uid)
{
	if (seq_range_exists(&state->held, uid) &&
	    !seq_range_exists(&state->deletes, uid))
		seq_range_array_add(&state->changes, uid);
}

void sync_device_removed(struct sync_state *state, uint32_t uid)
{
	seq_range_array_remove(&state->deletes, uid);
	seq_range_array_remove(&state->soft_deletes, uid);
	seq_range_array_remove(&state->changes, uid);
	seq_range_array_remove(&state->held, uid);
}

void sync_device_lost(struct sync_state *state, uint32_t uid)
{
	sync_device_removed(state, uid);
	seq_range_array_add(&state->adds, uid);
}

void sync_device_vanished(struct sync_state *state, uint32_t uid)
{
	i_assert(seq_range_exists(&state->held, uid));

	seq_range_array_remove(&state->soft_deletes, uid);
	seq_range_array_remove(&state->changes, uid);
	seq_range_array_add(&state->deletes, uid);
}

int sync_device_added(struct sync_collection *coll, struct sync_state *state,
		      uint32_t uid)
{
	seq_range_array_remove(&state->adds, uid);
	seq_range_array_add(&state->held, uid);
	seq_range_array_remove(&state->changes, uid);
	return sync_add_echo(coll, state, uid);
}
