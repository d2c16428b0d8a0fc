/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store-item.h"
#include "sync-store.h"

struct sync_store {
	struct sync_collection coll;
	struct store *store;
	uint32_t folder;
	/* the view */
	uint32_t uidnext;
	uint64_t modseq;
};

/* One row by its key, whatever the folder holds. */
static int
sync_store_get_status(struct sync_collection *coll,
		      struct sync_status *status_r)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);
	struct store_pim_folder folder;
	int ret;

	T_BEGIN {
		ret = store_pim_folder_get(scoll->store,
					   pool_datastack_create(),
					   scoll->folder, &folder);
	} T_END;
	if (ret <= 0)
		return ret;
	i_zero(status_r);
	status_r->uidvalidity = folder.uidvalidity;
	status_r->uidnext = folder.uidnext;
	status_r->items = folder.items;
	status_r->modseq = folder.modseq;
	return 1;
}

static int
sync_store_refresh(struct sync_collection *coll, struct sync_status *status_r,
		   uint32_t *incarnation_r)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);
	int ret;

	ret = sync_store_get_status(coll, status_r);
	if (ret <= 0)
		return ret;
	scoll->uidnext = status_r->uidnext;
	scoll->modseq = status_r->modseq;
	/* modseqs never lose their meaning: a database that was put back from a
	   backup has the devices' states of that time as well */
	*incarnation_r = 0;
	return 1;
}

static int
sync_store_get_uids(struct sync_collection *coll, uint32_t first_uid,
		    ARRAY_TYPE(seq_range) *uids)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);

	return store_item_uids(scoll->store, scoll->folder, first_uid,
			       scoll->uidnext, 0, uids);
}

static int
sync_store_apply_filter(struct sync_collection *coll,
			const struct sync_filter *filter,
			ARRAY_TYPE(seq_range) *uids)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);
	ARRAY_TYPE(seq_range) inside;
	const struct seq_range *ranges;
	unsigned int count;

	ranges = array_get(uids, &count);
	if (filter->first_day == 0 || count == 0)
		return 0;
	t_array_init(&inside, 64);
	if (store_item_uids(scoll->store, scoll->folder, ranges[0].seq1,
			    I_MIN(scoll->uidnext, ranges[count-1].seq2 + 1),
			    filter->first_day, &inside) < 0)
		return -1;
	seq_range_array_intersect(uids, &inside);
	return 0;
}

static int
sync_store_get_changed(struct sync_collection *coll, uint64_t modseq,
		       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);

	return store_item_changed(scoll->store, scoll->folder, modseq, max_uid,
				  uids);
}

static int
sync_store_get_missing(struct sync_store *scoll, uint32_t max_uid,
		       ARRAY_TYPE(seq_range) *uids)
{
	ARRAY_TYPE(seq_range) missing;

	if (max_uid <= 1)
		return 0;
	t_array_init(&missing, 64);
	if (store_item_uids(scoll->store, scoll->folder, 1, max_uid, 0,
			    &missing) < 0)
		return -1;
	seq_range_array_invert(&missing, 1, max_uid - 1);
	seq_range_array_merge(uids, &missing);
	return 0;
}

static int
sync_store_get_vanished(struct sync_collection *coll, uint64_t modseq,
			uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);
	int ret;

	ret = store_item_vanished(scoll->store, scoll->folder, modseq, max_uid,
				  uids);
	if (ret == 0)
		ret = sync_store_get_missing(scoll, max_uid, uids);
	return ret < 0 ? -1 : 0;
}

/* One that was changed after the look is not in the view: whoever asks would take
   somebody else's change for the one that he knows of. */
static int
sync_store_get_modseq(struct sync_collection *coll, uint32_t uid,
		      uint64_t *modseq_r)
{
	struct sync_store *scoll = container_of(coll, struct sync_store, coll);
	int ret;

	ret = store_item_get_modseq(scoll->store, scoll->folder, uid,
				    modseq_r);
	return ret > 0 && *modseq_r > scoll->modseq ? 0 : ret;
}

static const struct sync_collection_vfuncs sync_store_vfuncs = {
	.dates_change = TRUE,
	.get_status = sync_store_get_status,
	.refresh = sync_store_refresh,
	.get_uids = sync_store_get_uids,
	.apply_filter = sync_store_apply_filter,
	.get_changed = sync_store_get_changed,
	.get_vanished = sync_store_get_vanished,
	.get_modseq = sync_store_get_modseq,
};

struct sync_collection *
sync_store_init(pool_t pool, struct store *store, uint32_t folder)
{
	struct sync_store *scoll = p_new(pool, struct sync_store, 1);

	scoll->coll.v = &sync_store_vfuncs;
	scoll->store = store;
	scoll->folder = folder;
	return &scoll->coll;
}
