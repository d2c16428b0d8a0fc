/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-item.h"
#include "sync-store.h"
#include "test-collection.h"

uint32_t test_rand(uint32_t *seed, uint32_t max)
{
	*seed = *seed * 1103515245 + 12345;
	return (*seed >> 8) % max;
}

void
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

bool
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

void test_collection_init(struct test_collection *tcoll)
{
	i_zero(tcoll);
	tcoll->coll.v = &test_vfuncs;
	tcoll->live.uidvalidity = 1;
	tcoll->live.uidnext = 1;
	tcoll->live.modseq = 1;
	tcoll->log_tail = 1;
}

/* -- a folder of the store -- */

static int
test_store_get_status(struct sync_collection *coll,
		      struct sync_status *status_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->get_status(tcoll->store_coll, status_r);
}

static int
test_store_refresh(struct sync_collection *coll, struct sync_status *status_r,
		   uint32_t *incarnation_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	tcoll->view = tcoll->live;
	return tcoll->store_coll->v->refresh(tcoll->store_coll, status_r,
					     incarnation_r);
}

static int
test_store_get_uids(struct sync_collection *coll, uint32_t first_uid,
		    ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->get_uids(tcoll->store_coll, first_uid,
					      uids);
}

static int
test_store_apply_filter(struct sync_collection *coll,
			const struct sync_filter *filter,
			ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->apply_filter(tcoll->store_coll, filter,
						  uids);
}

static int
test_store_get_changed(struct sync_collection *coll, uint64_t modseq,
		       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->get_changed(tcoll->store_coll, modseq,
						 max_uid, uids);
}

static int
test_store_get_vanished(struct sync_collection *coll, uint64_t modseq,
			uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->get_vanished(tcoll->store_coll, modseq,
						  max_uid, uids);
}

static int
test_store_get_modseq(struct sync_collection *coll, uint32_t uid,
		      uint64_t *modseq_r)
{
	struct test_collection *tcoll =
		container_of(coll, struct test_collection, coll);

	return tcoll->store_coll->v->get_modseq(tcoll->store_coll, uid,
						modseq_r);
}

static const struct sync_collection_vfuncs test_store_vfuncs = {
	.dates_change = TRUE,
	.get_status = test_store_get_status,
	.refresh = test_store_refresh,
	.get_uids = test_store_get_uids,
	.apply_filter = test_store_apply_filter,
	.get_changed = test_store_get_changed,
	.get_vanished = test_store_get_vanished,
	.get_modseq = test_store_get_modseq,
};

void test_collection_init_store(struct test_collection *tcoll, pool_t pool,
				struct store *store, uint32_t folder)
{
	test_collection_init(tcoll);
	tcoll->coll.v = &test_store_vfuncs;
	tcoll->store = store;
	tcoll->folder = folder;
	tcoll->store_coll = sync_store_init(pool, store, folder);
}

const struct test_items *
test_collection_items(const struct test_collection *tcoll)
{
	return tcoll->store != NULL ? &tcoll->live : &tcoll->view;
}

/* Does to the store what was done to the live item. */
static void
test_store_put(struct test_collection *tcoll, uint32_t uid, bool add)
{
	const struct test_item *item = &tcoll->live.item[uid];
	struct store_item_props props;
	const char *text;
	enum store_put put;
	uint32_t new_uid;

	if (tcoll->store == NULL)
		return;
	i_zero(&props);
	props.pim_uid = dec2str(uid);
	props.name = "";
	props.last_day = item->day;
	text = t_strdup_printf("%u %u", item->flags, item->day);
	if (!item->exists) {
		put = store_item_remove(tcoll->store, tcoll->folder, uid);
	} else if (add) {
		put = store_item_add(tcoll->store, tcoll->folder, &props, text,
				     strlen(text), &new_uid, NULL);
		i_assert(new_uid == uid);
	} else {
		put = store_item_change(tcoll->store, tcoll->folder, uid,
					&props, text, strlen(text), NULL);
	}
	i_assert(put == STORE_PUT_OK);
}

uint32_t
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
	test_store_put(tcoll, uid, TRUE);
	return uid;
}

void
test_change(struct test_collection *tcoll, uint32_t uid, unsigned int flags)
{
	struct test_item *item = &tcoll->live.item[uid];

	if (item->exists && item->flags != flags) {
		item->flags = flags;
		item->modseq = ++tcoll->live.modseq;
		test_store_put(tcoll, uid, FALSE);
	}
}

void test_move(struct test_collection *tcoll, uint32_t uid, unsigned int day)
{
	struct test_item *item = &tcoll->live.item[uid];

	i_assert(tcoll->store != NULL);
	if (item->exists && item->day != day) {
		item->day = day;
		item->modseq = ++tcoll->live.modseq;
		test_store_put(tcoll, uid, FALSE);
	}
}

void test_expunge(struct test_collection *tcoll, uint32_t uid)
{
	if (tcoll->live.item[uid].exists) {
		tcoll->live.item[uid].exists = FALSE;
		tcoll->expunged[uid] = ++tcoll->live.modseq;
		test_store_put(tcoll, uid, FALSE);
	}
}

void test_lose_index(struct test_collection *tcoll)
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

void
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
		/* a store has nothing to lose */
		if (test_rand(seed, 8) == 0 && tcoll->store == NULL)
			test_lose_index(tcoll);
		break;
	case 2 ... 15:
		(void)test_add(tcoll, day - test_rand(seed, 8),
			       test_rand(seed, 20));
		break;
	case 16 ... 22:
		if (tcoll->store != NULL) {
			test_move(tcoll, uid, day - test_rand(seed, 8));
			break;
		}
		/* fall through */
	case 23 ... 28:
		test_change(tcoll, uid, test_rand(seed, 16));
		break;
	default:
		test_expunge(tcoll, uid);
		break;
	}
}
