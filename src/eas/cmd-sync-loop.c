/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "ioloop.h"
#include "roost-settings.h"
#include "store.h"
#include "cmd-sync.h"

/* A device that stumbles over an item comes with the same key again and again. The window
   (eas_sync_window()) shrinks until the item stands alone; if the device comes all the same,
   the item is skipped for this device, and named.

   A device whose answers are lost on a bad network looks just like that, so time decides: at
   least EAS_SYNC_LOOP_ROUNDS repeats of the answer with that single item, each
   roost_skip_after / EAS_SYNC_LOOP_ROUNDS or more after the one that was counted before. A burst
   of repeats counts once. If the answer is large, so that it may really not come through, all
   of it takes EAS_SYNC_LOOP_LARGE_FACTOR times as long. Anything that the device confirms
   of the folder ends the count.

   What is counted and what is skipped is stored in the transaction that stores the answer's
   state: the answer of a request that was not recorded is not known to the device either. */
#define EAS_SYNC_LOOP_ROUNDS 8
#define EAS_SYNC_LOOP_LARGE_SIZE (256*1024)
#define EAS_SYNC_LOOP_LARGE_FACTOR 12

/* Parameter of the device: "<epoch> <counter> <uid> <rounds> <time> <size>" */
static const char *eas_sync_loop_param(const struct eas_sync_collection *coll)
{
	return t_strconcat("loop.", coll->row.name, NULL);
}

static void
eas_sync_load_skips(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	struct store_skips *skips = &coll->skips;
	uint32_t uidvalidity = coll->state.sync.status.uidvalidity;

	if (coll->skips_loaded)
		return;
	coll->skips_loaded = TRUE;
	/* an error was logged; the others shall not wait for that */
	if (store_skips_get(req->store, req->pool, req->device->num,
			    coll->row.name, skips) < 0 ||
	    skips->uidvalidity != uidvalidity)
		array_clear(&skips->uids);
	skips->uidvalidity = uidvalidity;
}

bool eas_sync_is_skipped(struct eas_sync *sync,
			 struct eas_sync_collection *coll,
			 const struct sync_item *item)
{
	if (item->kind != SYNC_ADD && item->kind != SYNC_CHANGE)
		return FALSE;
	eas_sync_load_skips(sync, coll);
	return store_skips_has(&coll->skips, item->uid);
}

void eas_sync_retry_skipped(struct eas_sync *sync,
			    struct eas_sync_collection *coll)
{
	struct store_skips *skips = &coll->skips;
	uint32_t epoch = coll->row.stored.epoch;
	uint32_t counter = coll->state.counter;

	/* only who has skipped something asks the store */
	if (array_count(&coll->state.sync.broken) == 0)
		return;
	eas_sync_load_skips(sync, coll);
	if (!skips->retry)
		return;
	if (skips->retry_epoch == 0) {
		skips->retry_epoch = epoch;
		skips->retry_counter = counter;
		coll->skips_changed = TRUE;
	}
	/* a lost answer is computed again from the same state */
	if (skips->retry_epoch == epoch && skips->retry_counter == counter)
		(void)sync_retry_broken(&coll->state.sync, 0);
}

/* Returns 1, 0 if nothing was counted for this state and item yet, -1. */
static int
eas_sync_loop_get(struct eas_sync *sync, struct eas_sync_collection *coll,
		  uint32_t uid, struct eas_sync_loop *loop_r)
{
	struct eas_request *req = sync->req;
	const char *const *args;
	uint32_t epoch, counter;
	buffer_t *value;
	int ret;

	i_zero(loop_r);
	loop_r->uid = uid;
	ret = store_device_param_get(req->store, pool_datastack_create(),
				     req->device->num,
				     eas_sync_loop_param(coll), &value);
	if (ret <= 0)
		return ret;
	args = t_strsplit(t_strndup(value->data, value->used), " ");
	if (str_array_length(args) != 6 ||
	    str_to_uint32(args[0], &epoch) < 0 ||
	    str_to_uint32(args[1], &counter) < 0 ||
	    str_to_uint32(args[2], &loop_r->uid) < 0 ||
	    str_to_uint(args[3], &loop_r->rounds) < 0 ||
	    str_to_time(args[4], &loop_r->time) < 0 ||
	    str_to_uoff(args[5], &loop_r->size) < 0 ||
	    epoch != coll->row.stored.epoch ||
	    counter != coll->state.counter || loop_r->uid != uid) {
		i_zero(loop_r);
		loop_r->uid = uid;
		return 0;
	}
	return 1;
}

static void
eas_sync_skip(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	uint32_t uid = coll->loop.uid;
	/* the store's folders are no mailboxes */
	bool mailbox = coll->folder->vname != NULL;
	const char *name = mailbox ? coll->folder->vname : coll->folder->name;
	struct event_passthrough *e =
		event_create_passthrough(req->event)->
		set_name("roost_item_skipped")->
		add_str("mailbox", name)->
		add_int("uid", uid);

	eas_sync_load_skips(sync, coll);
	store_skips_add(&coll->skips, uid, ioloop_time);
	coll->skips_changed = TRUE;
	coll->loop.uid = 0;
	e_warning(e->event(), "%s %s: Device %s asked for UID %u again "
		  "and again, skipping it from now on (roost_skip_after)",
		  mailbox ? "Mailbox" : "Folder", name, req->device_id, uid);
}

/* The item that stands alone in the answer; FALSE if it isn't one that can be left out. */
static bool
eas_sync_loop_item(struct eas_sync *sync, struct eas_sync_collection *coll,
		   struct sync_item *item_r)
{
	if (!coll->row.repeated || !coll->get_changes ||
	    coll->row.stored.repeats < 2 ||
	    eas_sync_window(sync, coll, UINT_MAX) > 1)
		return FALSE;
	return sync_next(&coll->state.sync, item_r) &&
		(item_r->kind == SYNC_ADD || item_r->kind == SYNC_CHANGE) &&
		!eas_sync_is_skipped(sync, coll, item_r);
}

void eas_sync_check_loop(struct eas_sync *sync,
			 struct eas_sync_collection *coll)
{
	unsigned int secs = sync->req->req->user->set->roost_skip_after;
	struct eas_sync_loop *loop = &coll->loop;
	struct sync_item item;
	int ret;

	if (secs == 0 || !eas_sync_loop_item(sync, coll, &item))
		return;
	T_BEGIN {
		ret = eas_sync_loop_get(sync, coll, item.uid, loop);
	} T_END;
	coll->loop_counts = ret >= 0;
	if (ret <= 0) {
		loop->time = ioloop_time;
		return;
	}
	if (loop->size > EAS_SYNC_LOOP_LARGE_SIZE)
		secs *= EAS_SYNC_LOOP_LARGE_FACTOR;
	/* a clock that was set back begins the round anew */
	if (loop->time > ioloop_time)
		loop->time = ioloop_time;
	if (ioloop_time - loop->time <
	    (time_t)I_MAX(secs / EAS_SYNC_LOOP_ROUNDS, 1))
		return;
	loop->time = ioloop_time;
	if (++loop->rounds >= EAS_SYNC_LOOP_ROUNDS)
		eas_sync_skip(sync, coll);
}

int eas_sync_store_loop(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	const struct eas_sync_loop *loop = &coll->loop;
	const char *value;

	if (coll->skips_changed &&
	    store_skips_put(req->store, req->device->num, coll->row.name,
			    &coll->skips) < 0)
		return -1;
	if (!coll->loop_counts)
		return 0;
	if (loop->uid == 0) {
		return store_device_param_set(req->store, req->device->num,
			eas_sync_loop_param(coll), NULL, 0);
	}
	value = t_strdup_printf("%u %u %u %u %"PRIdTIME_T" %"PRIuUOFF_T,
		coll->row.stored.epoch, coll->state.counter, loop->uid,
		loop->rounds, loop->time, coll->answer_size);
	return store_device_param_set(req->store, req->device->num,
				      eas_sync_loop_param(coll), value,
				      strlen(value));
}
