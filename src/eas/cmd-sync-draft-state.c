/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store.h"
#include "store-draft.h"
#include "eas-draft.h"
#include "cmd-sync-drafts.h"

/* A draft that is edited becomes another mail: the state keeps the device's name of it
   (cmd-sync-drafts.c). */

int
eas_sync_draft_last_step(struct eas_request *req, const char *folder,
			 uint32_t from_uid, uint32_t to_uid,
			 struct store_draft *draft_r)
{
	int ret;

	while (from_uid < to_uid) {
		ret = store_draft_get(req->store, req->pool, folder, from_uid,
				      draft_r);
		if (ret <= 0 || draft_r->uid == to_uid)
			return ret;
		if (draft_r->uid <= from_uid)
			return 0;
		from_uid = draft_r->uid;
	}
	return 0;
}

bool
eas_sync_draft_note_attachments(struct eas_request *req, uint32_t uid,
				const char *parts)
{
	struct eas_added_attachment added;
	const char *const *clients = eas_draft_parts_clients(parts);
	bool any = *clients != NULL;

	if (!array_is_created(&req->added_attachments))
		p_array_init(&req->added_attachments, req->pool, 8);
	for (; *clients != NULL; clients += 2) {
		added.uid = uid;
		added.client_id = p_strdup(req->pool, clients[0]);
		added.part = p_strdup(req->pool, clients[1]);
		array_push_back(&req->added_attachments, &added);
	}
	return any;
}

static int
eas_sync_draft_rebase(struct eas_sync *sync, struct eas_sync_collection *coll,
		      uint32_t old_uid)
{
	struct sync_state *state = &coll->state.sync;
	const char *folder = eas_draft_folder(coll->folder->id,
					      state->status.uidvalidity);
	struct store_draft draft;
	uint32_t uid = old_uid;
	uint64_t modseq;
	int ret;

	ret = eas_draft_resolve(sync->req, coll->folder->id,
				state->status.uidvalidity, &uid, NULL);
	if (ret <= 0)
		return ret;
	ret = coll->coll->v->get_modseq(coll->coll, uid, &modseq);
	if (ret <= 0 || sync_device_has(state, uid))
		return ret;
	ret = eas_sync_draft_last_step(sync->req, folder, old_uid, uid, &draft);
	if (ret <= 0)
		return ret;
	sync_device_removed(state, old_uid);
	if (sync_device_added(coll->coll, state, uid) < 0)
		return -1;
	eas_sync_alias(&coll->state, old_uid, uid);
	if (strcmp(draft.author, eas_sync_draft_author(sync, coll)) != 0 ||
	    eas_sync_draft_note_attachments(sync->req, uid, draft.parts))
		sync_device_refused(state, uid);
	return 0;
}

const char *
eas_sync_draft_author(const struct eas_sync *sync,
		      const struct eas_sync_collection *coll)
{
	return t_strdup_printf("%u/%s", sync->req->device->num, coll->key);
}

int eas_sync_drafts_rebase(struct eas_sync *sync,
			   struct eas_sync_collection *coll)
{
	ARRAY_TYPE(seq_range) deletes;
	struct seq_range_iter iter;
	unsigned int n = 0;
	uint32_t uid;
	int ret = 0;

	if (!eas_sync_has_drafts(sync, coll) || coll->coll == NULL)
		return 0;
	t_array_init(&deletes, 8);
	array_append_array(&deletes, &coll->state.sync.deletes);
	seq_range_array_iter_init(&iter, &deletes);
	while (ret >= 0 && seq_range_array_iter_nth(&iter, n++, &uid)) T_BEGIN {
		ret = eas_sync_draft_rebase(sync, coll, uid);
	} T_END;
	return ret < 0 ? -1 : 0;
}
