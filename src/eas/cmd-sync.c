/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "mail-storage.h"
#include "store.h"
#include "eas-commands.h"
#include "eas-key.h"
#include "eas-meeting.h"
#include "cmd-sync.h"

/* Supported: all elements of a class are less than a hundred. The list is part of the
   collection's state, and is looked through for each element that a Change leaves out. */
#define EAS_SYNC_MAX_SUPPORTED 256

/* The course of a Sync command, and why it may die at any instruction:

   1. Each collection's stored state is read: the one that the device's key names. That
      the device has this key confirms the state.
   2. A look brings the state up to date, in memory.
   3. The device's commands are done to the mailbox and committed there. From here on the
      mailbox is ahead of the store. A repeat of the request finds the same stored state
      and does the same commands again, to no further effect.
   4. The answer is written, into the worker's spool.
   5. All new states are stored in one transaction. From here on a repeat of the
      request is a lost answer: it comes with the key that was confirmed in 1, and
      the same is computed again.
   6. The answer goes to the device.

   Two requests with the same key at the same time: only the first one's step 5 succeeds, the
   other one is told to try again. */

static enum eas_sync_status
eas_sync_status_gone(const struct eas_sync *sync)
{
	return sync->req->version < EAS_VERSION_12_1 ?
		EAS_SYNC_STATUS_NOT_FOUND : EAS_SYNC_STATUS_HIERARCHY_CHANGED;
}

/* Options stay until they are replaced as a whole (2.2.3.125.6). */
static void
eas_sync_take_options(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_sync_state *state = &coll->state;
	struct eas_item_options options = state->options;
	string_t *before = t_str_new(128), *after = t_str_new(128);
	enum eas_status status;

	eas_item_options_encode(&options, before);
	if (coll->options != NULL) {
		eas_item_options_init(&options, sync->req->version);
		if (eas_item_options_parse(&options, coll->options,
					   sync->req->version, &status) < 0) {
			coll->status = status == EAS_STATUS_INVALID_XML ?
				EAS_SYNC_STATUS_PROTOCOL_ERROR :
				(enum eas_sync_status)status;
			return;
		}
		if (!eas_class_filter(eas_folder_class_kind(coll->folder),
				      &options.filter_type)) {
			coll->status = EAS_SYNC_STATUS_PROTOCOL_ERROR;
			return;
		}
	}
	eas_item_options_encode(&options, after);
	coll->options_changed = !str_equals(before, after);
	state->options = options;
	if (coll->conversation_mode >= 0) {
		if (state->conversation_mode != (coll->conversation_mode > 0))
			coll->options_changed = TRUE;
		state->conversation_mode = coll->conversation_mode > 0;
	}
	eas_sync_filter(coll->folder, coll->coll, &state->options,
			state->conversation_mode, &coll->filter);
}

static void eas_sync_take_supported(struct eas_sync_collection *coll)
{
	const struct wbxml_node *node;

	if (coll->supported == NULL)
		return;
	coll->state.has_supported = TRUE;
	for (node = coll->supported->children; node != NULL &&
	     array_count(&coll->state.supported) < EAS_SYNC_MAX_SUPPORTED;
	     node = node->next)
		array_push_back(&coll->state.supported, &node->tag);
}

static void
eas_sync_load_state(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	struct eas_sync_row *row = &coll->row;

	if (eas_sync_row_get(req, coll->id, row) < 0) {
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
		return;
	}
	if (eas_sync_row_find(row, coll->key) == 0) {
		coll->status = EAS_SYNC_STATUS_INVALID_KEY;
		return;
	}
	if (row->repeated) {
		coll->issued = p_new(req->pool, struct eas_sync_state, 1);
		if (eas_sync_state_decode(coll->issued, req->pool, req->version,
					  row->stored.issued,
					  row->stored.issued_size) < 0)
			coll->issued = NULL;
	}
	if (eas_sync_state_decode(&coll->state, req->pool, req->version,
				  row->base, row->base_size) < 0) {
		e_error(req->event, "State of folder %s is corrupted, "
			"starting anew", coll->id);
		coll->status = EAS_SYNC_STATUS_INVALID_KEY;
		return;
	}
	/* they belong to the step that is confirmed now */
	array_clear(&coll->state.sync.echoes);
}

static void
eas_sync_start_state(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	struct sync_status status;

	coll->initial = TRUE;
	coll->row.name = p_strconcat(req->pool, "f", coll->id, NULL);
	coll->row.stored.epoch = eas_sync_key_new_epoch();
	eas_sync_state_init(&coll->state, req->pool, req->version);
	eas_sync_take_supported(coll);
	if (coll->coll == NULL)
		return;
	switch (coll->coll->v->get_status(coll->coll, &status)) {
	case 1:
		/* item ids of another UIDVALIDITY will be refused */
		coll->state.sync.status.uidvalidity = status.uidvalidity;
		break;
	case 0:
		coll->status = eas_sync_status_gone(sync);
		break;
	default:
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
		break;
	}
}

/* What is asked for a folder of another class, or for a class that has it not. */
static bool eas_sync_is_for_class(const struct eas_sync_collection *coll)
{
	const struct eas_class *class;

	if (coll->options_class != NULL && *coll->options_class != '\0' &&
	    strcasecmp(coll->options_class,
		       eas_class_name(eas_folder_class_kind(
						coll->folder))) != 0)
		return FALSE;
	if (coll->folder->kind == STORE_KIND_NONE || coll->supported == NULL)
		return TRUE;
	class = eas_class_find_name(eas_class_name(coll->folder->kind));
	return !class->no_supported;
}

static void
eas_sync_prepare(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	int ret;

	ret = eas_folder_find(req, coll->id, &coll->folder);
	if (ret > 0)
		eas_invitations_check(req, coll->folder);
	if (ret == 0)
		coll->status = eas_sync_status_gone(sync);
	else if (ret < 0 || eas_sync_open_folder(req, coll->folder, &coll->box,
						 &coll->coll) < 0)
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
	else if (!eas_sync_is_for_class(coll))
		coll->status = EAS_SYNC_STATUS_PROTOCOL_ERROR;
	else if (strcmp(coll->key, EAS_SYNC_KEY_INITIAL) == 0)
		eas_sync_start_state(sync, coll);
	else
		eas_sync_load_state(sync, coll);
	if (coll->folder != NULL && coll->class != NULL)
		coll->class = eas_class_name(coll->folder->kind);
	if (coll->status == EAS_SYNC_STATUS_SUCCESS)
		eas_sync_take_options(sync, coll);
}

/* The cheap case, and by far the most frequent one: nothing happened. */
static bool eas_sync_is_unchanged(struct eas_sync_collection *coll)
{
	const struct sync_state *state = &coll->state.sync;
	struct sync_status status;

	if (coll->commands != NULL || coll->options_changed ||
	    coll->row.repeated)
		return FALSE;
	if (!coll->get_changes)
		return TRUE;
	if (sync_count(state) > 0)
		return FALSE;
	if (coll->coll == NULL)
		return state->status.uidnext == 0;
	return coll->coll->v->get_status(coll->coll, &status) > 0 &&
		sync_unchanged(&state->status, &state->filter,
			       &status, &coll->filter);
}

static void
eas_sync_look(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	if (coll->coll == NULL) {
		/* its mailbox is gone, and may come back with other mails */
		if (coll->state.sync.status.uidnext != 0)
			coll->status = EAS_SYNC_STATUS_INVALID_KEY;
		return;
	}
	switch (sync_look(coll->coll, &coll->state.sync, &coll->filter,
			  coll->issued == NULL ? NULL : &coll->issued->sync)) {
	case SYNC_LOOK_OK:
		break;
	case SYNC_LOOK_FAILED:
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
		break;
	case SYNC_LOOK_GONE:
		coll->status = eas_sync_status_gone(sync);
		break;
	case SYNC_LOOK_UIDVALIDITY:
		e_info(sync->req->event, "UIDVALIDITY of mailbox %s changed, "
		       "the device has to start anew",
		       eas_folder_log_name(coll->folder));
		coll->status = EAS_SYNC_STATUS_INVALID_KEY;
		break;
	}
}

static void
eas_sync_process(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	if (coll->status != EAS_SYNC_STATUS_SUCCESS || coll->initial)
		return;
	(void)sync_retry_broken(&coll->state.sync, eas_sync_today());
	eas_sync_retry_skipped(sync, coll);
	if (eas_sync_is_unchanged(coll)) {
		coll->unchanged = TRUE;
		return;
	}
	eas_sync_look(sync, coll);
	if (coll->status != EAS_SYNC_STATUS_SUCCESS)
		return;
	if (eas_sync_drafts_rebase(sync, coll) < 0) {
		coll->status = EAS_SYNC_STATUS_SERVER_ERROR;
		return;
	}
	eas_sync_check_loop(sync, coll);
	if (coll->commands != NULL) {
		if (coll->folder->kind != STORE_KIND_NONE)
			(void)eas_sync_store_commands_run(sync, coll);
		else
			(void)eas_sync_commands_run(sync, coll);
		return;
	}
	if (!coll->options_changed &&
	    (!coll->get_changes || sync_count(&coll->state.sync) == 0)) {
		coll->unchanged = TRUE;
		/* saves the next look */
		coll->stale_numbers = !coll->row.repeated;
	}
}

/* What the answer will be if every item can be told. */
static bool
eas_sync_plan_is_issued(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_sync_state plan;
	struct sync_item item;
	unsigned int window;
	buffer_t *buf = t_buffer_create(256);

	eas_sync_state_copy(&plan, pool_datastack_create(), &coll->state);
	plan.counter = coll->row.stored.counter;
	window = eas_sync_window(sync, coll, UINT_MAX);
	while (coll->get_changes && window > 0 &&
	       sync_next(&plan.sync, &item)) {
		if (eas_sync_is_skipped(sync, coll, &item)) {
			sync_broken(&plan.sync, &item, eas_sync_today());
		} else {
			sync_told(&plan.sync, &item);
			window--;
		}
	}
	eas_sync_state_encode(&plan, buf);
	return buf->used == coll->row.stored.issued_size &&
		memcmp(buf->data, coll->row.stored.issued, buf->used) == 0;
}

/* Takes the key for the answer. If a lost answer is going to be the same again it has the same
   key. Otherwise it must not: the lost one might still have arrived, and its key must
   never stand for what was not in it. */
static void
eas_sync_take_key(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	coll->answered = coll->status == EAS_SYNC_STATUS_SUCCESS &&
		!coll->unchanged;
	coll->more_available = FALSE;
	if (!coll->answered)
		return;
	eas_sync_state_copy(&coll->next, sync->req->pool, &coll->state);
	coll->next.counter = coll->row.stored.counter + 1;
	if (!coll->row.repeated || sync->new_keys)
		return;
	T_BEGIN {
		if (eas_sync_plan_is_issued(sync, coll))
			coll->next.counter = coll->row.stored.counter;
	} T_END;
}

static int
eas_sync_store_stale(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct store_state stored = coll->row.stored;
	buffer_t *buf = t_buffer_create(256);

	if (stored.counter != coll->state.counter)
		return 0;
	eas_sync_state_encode(&coll->state, buf);
	stored.issued = buf->data;
	stored.issued_size = buf->used;
	/* 0 = another request was faster: it knows better */
	return store_state_put(sync->req->store, sync->req->device->num,
			       coll->row.name, &coll->row.stored, &stored) < 0 ?
		-1 : 0;
}

/* Returns 1, 0 if another request of the device was faster, -1. */
static int
eas_sync_store_state(struct eas_sync *sync, struct eas_sync_collection *coll)
{
	struct eas_request *req = sync->req;
	const struct store_state *old = &coll->row.stored;
	struct store_state stored;
	buffer_t *buf = t_buffer_create(256);

	eas_sync_state_encode(&coll->next, buf);
	i_zero(&stored);
	stored.epoch = old->epoch;
	stored.counter = coll->next.counter;
	stored.confirmed = coll->row.base;
	stored.confirmed_size = coll->row.base_size;
	stored.issued = buf->data;
	stored.issued_size = buf->used;
	if (coll->row.repeated)
		stored.repeats = old->repeats + 1;
	if (eas_sync_store_loop(sync, coll) < 0)
		return -1;
	return store_state_put(req->store, req->device->num, coll->row.name,
			       coll->initial ? NULL : old, &stored);
}

static int eas_sync_store_all(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;
	int ret = 1;

	array_foreach(&sync->collections, collp) {
		T_BEGIN {
			if ((*collp)->answered)
				ret = eas_sync_store_state(sync, *collp);
			else if ((*collp)->stale_numbers)
				ret = eas_sync_store_stale(sync, *collp) < 0 ?
					-1 : 1;
		} T_END;
		if (ret <= 0)
			return ret;
	}
	return eas_sync_request_remember(sync) < 0 ? -1 : 1;
}

static bool eas_sync_has_to_store(const struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp) {
		if ((*collp)->answered || (*collp)->stale_numbers)
			return TRUE;
	}
	return FALSE;
}

static int eas_sync_store(struct eas_sync *sync)
{
	struct eas_request *req = sync->req;
	int ret;

	if (!eas_sync_has_to_store(sync))
		ret = eas_sync_request_remember(sync) < 0 ? -1 : 1;
	else if (store_begin(req->store) < 0)
		ret = -1;
	else {
		ret = eas_sync_store_all(sync);
		if (ret <= 0)
			store_rollback(req->store);
		else if (store_commit(req->store) < 0)
			ret = -1;
	}
	if (ret > 0)
		return 0;
	return eas_request_fail(req, ret < 0 ||
				req->version < EAS_VERSION_12_1 ?
				EAS_SYNC_STATUS_SERVER_ERROR :
				EAS_SYNC_STATUS_RETRY);
}

/* Was the same key kept for what became another answer after all? */
static bool eas_sync_kept_wrong_key(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;
	const struct store_state *stored;
	bool wrong = FALSE;

	array_foreach(&sync->collections, collp) T_BEGIN {
		buffer_t *buf = t_buffer_create(256);

		stored = &(*collp)->row.stored;
		if ((*collp)->answered && (*collp)->row.repeated &&
		    (*collp)->next.counter == stored->counter) {
			eas_sync_state_encode(&(*collp)->next, buf);
			if (buf->used != stored->issued_size ||
			    memcmp(buf->data, stored->issued, buf->used) != 0)
				wrong = TRUE;
		}
	} T_END;
	return wrong;
}

static int eas_sync_answer(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	do {
		if (sync->req->writer != NULL) {
			eas_request_reset_answer(sync->req);
			sync->new_keys = TRUE;
		}
		array_foreach(&sync->collections, collp)
			eas_sync_take_key(sync, *collp);
		if (eas_sync_answer_write(sync) < 0)
			return eas_request_fail(sync->req,
						EAS_SYNC_STATUS_SERVER_ERROR);
	} while (eas_sync_kept_wrong_key(sync));
	return 0;
}

/* Is there anything that a waiting device has to hear? */
static bool eas_sync_has_news(const struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp) {
		if (!(*collp)->unchanged)
			return TRUE;
	}
	return FALSE;
}

/* Returns TRUE if the request was parked. */
static bool eas_sync_park(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;
	ARRAY_TYPE(guid_128_t) watch;
	bool calendar = FALSE;
	guid_128_t inbox;
	unsigned int msecs = sync->wait_secs * 1000;
	unsigned int elapsed = sync->req->req->elapsed_msecs;

	if (elapsed >= msecs)
		return FALSE;
	t_array_init(&watch, array_count(&sync->collections) + 1);
	array_foreach(&sync->collections, collp) {
		if ((*collp)->coll == NULL)
			continue;
		array_push_back(&watch, &(*collp)->folder->guid);
		if ((*collp)->folder->kind == STORE_KIND_CALENDAR)
			calendar = TRUE;
	}
	if (calendar && eas_invitations_watch(sync->req, inbox))
		array_push_back(&watch, &inbox);
	roost_answer_park(sync->req->req, msecs - elapsed,
			  array_front(&watch), array_count(&watch));
	return TRUE;
}

/* Nothing happened: an empty answer says so where the device knows that (2.2.1.21.2). */
static int eas_sync_nothing(struct eas_sync *sync)
{
	struct eas_request *req = sync->req;

	if (eas_sync_store(sync) < 0)
		return -1;
	if (req->version < EAS_VERSION_12_1) {
		if (eas_sync_answer_write(sync) < 0)
			return eas_request_fail(req,
						EAS_SYNC_STATUS_SERVER_ERROR);
	}
	return eas_sync_park(sync) ? 0 : 1;
}

static int eas_sync_run(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp) {
		eas_sync_prepare(sync, *collp);
		eas_sync_process(sync, *collp);
	}
	if (!eas_sync_has_news(sync))
		return eas_sync_nothing(sync);
	if (eas_sync_answer(sync) < 0 || eas_sync_store(sync) < 0)
		return -1;
	return 1;
}

/* The whole command failed; Limit says what would do (2.2.3.92). */
static int
eas_sync_fail(struct eas_sync *sync, enum eas_sync_status status)
{
	struct wbxml_writer *writer;

	if (sync->limit == 0)
		return eas_request_fail(sync->req, status);
	writer = eas_request_writer(sync->req);
	wbxml_open(writer, EAS_AIRSYNC_SYNC);
	wbxml_uint(writer, EAS_AIRSYNC_STATUS, status);
	wbxml_uint(writer, EAS_AIRSYNC_LIMIT, sync->limit);
	wbxml_close(writer);
	return 1;
}

static void eas_sync_deinit(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp)
		roost_user_keep_mailbox(sync->req->req->user, &(*collp)->box);
}

int eas_cmd_sync(struct eas_request *req)
{
	struct eas_sync sync;
	enum eas_sync_status status;
	int ret;

	i_zero(&sync);
	sync.req = req;
	if (eas_sync_request_read(&sync, &status) < 0)
		ret = eas_sync_fail(&sync, status);
	else
		ret = eas_sync_run(&sync);
	if (sync.meetings_changed)
		eas_outbox_send(req);
	eas_sync_deinit(&sync);
	return ret;
}
