/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-recipient.h"
#include "sync-recipients.h"

struct sync_recipient {
	uint32_t uid;
	unsigned int rank;
	uint64_t modseq;
};
ARRAY_DEFINE_TYPE(sync_recipient, struct sync_recipient);

struct sync_recipients {
	struct sync_collection coll;
	struct store *store;
	unsigned int max;
	/* the view: the best first */
	ARRAY_TYPE(sync_recipient) view;
};

static int
sync_recipients_get_status(struct sync_collection *coll,
			   struct sync_status *status_r)
{
	struct sync_recipients *rcoll =
		container_of(coll, struct sync_recipients, coll);
	struct store_recipient_status status;

	i_zero(status_r);
	if (store_recipient_status(rcoll->store, &status) < 0)
		return -1;
	status_r->uidvalidity = status.uidvalidity;
	status_r->uidnext = status.uidnext;
	status_r->items = I_MIN(status.count, rcoll->max);
	status_r->modseq = status.modseq;
	return 1;
}

/* What makes a difference here changes the modseq, too: nobody moves without. */
static int sync_recipient_cmp(const struct sync_recipient *r1,
			      const struct sync_recipient *r2)
{
	if (r1->rank != r2->rank)
		return r1->rank > r2->rank ? -1 : 1;
	return r1->uid > r2->uid ? -1 : 1;
}

static int
sync_recipients_load(struct sync_recipients *rcoll, uint32_t uidnext)
{
	ARRAY_TYPE(store_recipient) all;
	const struct store_recipient *recipient;
	struct sync_recipient *entry;

	t_array_init(&all, 64);
	if (store_recipient_list(rcoll->store, pool_datastack_create(),
				 &all) < 0)
		return -1;
	array_clear(&rcoll->view);
	array_foreach(&all, recipient) {
		/* added since */
		if (recipient->uid >= uidnext)
			continue;
		entry = array_append_space(&rcoll->view);
		entry->uid = recipient->uid;
		entry->rank = store_recipient_rank(recipient);
		entry->modseq = recipient->modseq;
	}
	array_sort(&rcoll->view, sync_recipient_cmp);
	if (array_count(&rcoll->view) > rcoll->max) {
		array_delete(&rcoll->view, rcoll->max,
			     array_count(&rcoll->view) - rcoll->max);
	}
	return 0;
}

static int
sync_recipients_refresh(struct sync_collection *coll,
			struct sync_status *status_r, uint32_t *incarnation_r)
{
	struct sync_recipients *rcoll =
		container_of(coll, struct sync_recipients, coll);
	int ret;

	*incarnation_r = 0;
	ret = sync_recipients_get_status(coll, status_r);
	if (ret > 0) T_BEGIN {
		if (sync_recipients_load(rcoll, status_r->uidnext) < 0)
			ret = -1;
	} T_END;
	return ret;
}

static int
sync_recipients_get_uids(struct sync_collection *coll, uint32_t first_uid,
			 ARRAY_TYPE(seq_range) *uids)
{
	struct sync_recipients *rcoll =
		container_of(coll, struct sync_recipients, coll);
	const struct sync_recipient *entry;

	array_foreach(&rcoll->view, entry) {
		if (entry->uid >= first_uid)
			seq_range_array_add(uids, entry->uid);
	}
	return 0;
}

/* The view is what is inside. */
static int
sync_recipients_apply_filter(struct sync_collection *coll,
			     const struct sync_filter *filter ATTR_UNUSED,
			     ARRAY_TYPE(seq_range) *uids)
{
	ARRAY_TYPE(seq_range) inside;

	t_array_init(&inside, 64);
	(void)sync_recipients_get_uids(coll, 1, &inside);
	seq_range_array_intersect(uids, &inside);
	return 0;
}

static int
sync_recipients_get_changed(struct sync_collection *coll, uint64_t modseq,
			    uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct sync_recipients *rcoll =
		container_of(coll, struct sync_recipients, coll);
	const struct sync_recipient *entry;

	array_foreach(&rcoll->view, entry) {
		if (entry->modseq > modseq && entry->uid < max_uid)
			seq_range_array_add(uids, entry->uid);
	}
	return 0;
}

static int
sync_recipients_get_vanished(struct sync_collection *coll,
			     uint64_t modseq ATTR_UNUSED, uint32_t max_uid,
			     ARRAY_TYPE(seq_range) *uids)
{
	ARRAY_TYPE(seq_range) missing;

	if (max_uid <= 1)
		return 0;
	t_array_init(&missing, 64);
	(void)sync_recipients_get_uids(coll, 1, &missing);
	seq_range_array_remove_range(&missing, max_uid, UINT32_MAX);
	seq_range_array_invert(&missing, 1, max_uid - 1);
	seq_range_array_merge(uids, &missing);
	return 0;
}

static int
sync_recipients_get_modseq(struct sync_collection *coll, uint32_t uid,
			   uint64_t *modseq_r)
{
	struct sync_recipients *rcoll =
		container_of(coll, struct sync_recipients, coll);
	const struct sync_recipient *entry;

	array_foreach(&rcoll->view, entry) {
		if (entry->uid == uid) {
			*modseq_r = entry->modseq;
			return 1;
		}
	}
	return 0;
}

static const struct sync_collection_vfuncs sync_recipients_vfuncs = {
	.dates_change = TRUE,
	.get_status = sync_recipients_get_status,
	.refresh = sync_recipients_refresh,
	.get_uids = sync_recipients_get_uids,
	.apply_filter = sync_recipients_apply_filter,
	.get_changed = sync_recipients_get_changed,
	.get_vanished = sync_recipients_get_vanished,
	.get_modseq = sync_recipients_get_modseq,
};

struct sync_collection *
sync_recipients_init(pool_t pool, struct store *store)
{
	struct sync_recipients *rcoll = p_new(pool, struct sync_recipients, 1);

	rcoll->coll.v = &sync_recipients_vfuncs;
	rcoll->store = store;
	rcoll->max = STORE_RECIPIENTS_MAX;
	p_array_init(&rcoll->view, pool, 16);
	return &rcoll->coll;
}

static unsigned int sync_recipients_max(unsigned int max)
{
	return max == 0 ? STORE_RECIPIENTS_MAX :
		I_MIN(max, STORE_RECIPIENTS_MAX);
}

void sync_recipients_set_max(struct sync_collection *coll, unsigned int max)
{
	struct sync_recipients *rcoll;

	if (coll->v != &sync_recipients_vfuncs)
		return;
	rcoll = container_of(coll, struct sync_recipients, coll);
	rcoll->max = sync_recipients_max(max);
}

void sync_recipients_filter(unsigned int max, struct sync_filter *filter_r)
{
	i_zero(filter_r);
	/* at least 1: with 0 nothing would be looked at again */
	filter_r->first_day =
		STORE_RECIPIENTS_MAX + 1 - sync_recipients_max(max);
}
