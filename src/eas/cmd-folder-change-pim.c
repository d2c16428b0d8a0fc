/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "store.h"
#include "store-pim.h"
#include "cmd-folder-change.h"

/* A change of the store's folder is one transaction; what repeats a request finds it done, as
   with mailboxes. */

static int folder_change_fail_temp(struct folder_change *change)
{
	return folder_change_fail(change, EAS_HIERARCHY_SERVER_ERROR);
}

/* The new parent: the root or one of the store's folders. */
static int
folder_pim_find_dest(struct folder_change *change, uint32_t *parent_r)
{
	*parent_r = 0;
	if (strcmp(change->parent_id, "0") != 0) {
		if (folder_change_find(change, change->parent_id,
				       &change->parent) < 0)
			return -1;
		if (change->parent != NULL &&
		    eas_folder_is_recipients(change->parent)) {
			return folder_change_fail(change,
						  EAS_HIERARCHY_SPECIAL);
		}
		if (change->parent == NULL ||
		    change->parent->kind == STORE_KIND_NONE) {
			return folder_change_fail(change,
				EAS_HIERARCHY_PARENT_NOT_FOUND);
		}
		*parent_r = change->parent->pim_id;
	}
	return folder_change_name_is_valid(change->name, '\0') ? 0 :
		folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
}

/* The hierarchy after the change goes to what the device will have. */
static int folder_pim_set_known(struct folder_change *change, const char *id)
{
	struct eas_hierarchy_folder *known, added;
	struct eas_folder *folder;

	eas_folders_reset(change->req);
	if (folder_change_find(change, id, &folder) < 0)
		return -1;
	if (folder == NULL)
		return folder_change_fail_temp(change);
	array_foreach_modifiable(&change->folders, known) {
		if (strcmp(known->id, id) == 0) {
			eas_hierarchy_set(known, folder);
			return 0;
		}
	}
	eas_hierarchy_set(&added, folder);
	array_push_back(&change->folders, &added);
	return 0;
}

/* The folder that this very request made before its answer was lost. */
static int
folder_pim_find_made(struct folder_change *change, uint32_t parent,
		     uint32_t *id_r)
{
	ARRAY_TYPE(store_pim_folder) pims;
	const struct store_pim_folder *pim;

	t_array_init(&pims, 16);
	if (store_pim_folder_list(change->req->store, pool_datastack_create(),
				  &pims) < 0)
		return -1;
	array_foreach(&pims, pim) {
		if (pim->kind == change->kind && pim->parent == parent &&
		    !pim->main && strcmp(pim->name, change->name) == 0) {
			*id_r = pim->id;
			return 1;
		}
	}
	return 0;
}

int folder_create_pim(struct folder_change *change)
{
	uint32_t parent, id;
	int ret = 0;

	if (folder_pim_find_dest(change, &parent) < 0)
		return -1;
	if (change->op_known)
		ret = folder_pim_find_made(change, parent, &id);
	if (ret == 0) {
		if (folder_change_check_sibling(change) < 0)
			return -1;
		ret = store_pim_folder_create(change->req->store, change->kind,
					      parent, change->name, &id);
		if (ret == 0) {
			return folder_change_fail(change,
						  EAS_HIERARCHY_EXISTS);
		}
	}
	if (ret < 0)
		return folder_change_fail_temp(change);
	change->new_id = p_strdup_printf(change->req->pool, "%u", id);
	return folder_pim_set_known(change, change->new_id);
}

/* A folder cannot move below itself. */
static int folder_pim_check_parent(struct folder_change *change)
{
	const ARRAY_TYPE(eas_folder) *folders;

	if (change->parent == NULL)
		return 0;
	if (eas_folders_get(change->req, &folders) < 0)
		return folder_change_fail_temp(change);
	return !folder_is_below(folders, change->parent, change->folder->id) ?
		0 : folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
}

int folder_update_pim(struct folder_change *change)
{
	uint32_t parent;
	int ret;

	if (folder_pim_find_dest(change, &parent) < 0 ||
	    folder_pim_check_parent(change) < 0)
		return -1;
	if (strcmp(change->folder->name, change->name) != 0 ||
	    strcmp(change->folder->parent_id, change->parent_id) != 0) {
		if (folder_change_check_sibling(change) < 0)
			return -1;
		ret = store_pim_folder_update(change->req->store,
					      change->folder->pim_id, parent,
					      change->name);
		if (ret <= 0) {
			return folder_change_fail(change, ret < 0 ?
				EAS_HIERARCHY_SERVER_ERROR :
				EAS_HIERARCHY_EXISTS);
		}
	}
	return folder_pim_set_known(change, change->folder->id);
}

/* With all that is below it, as the device shows it. */
static int
folder_pim_delete_tree(struct folder_change *change,
		       const ARRAY_TYPE(eas_folder) *folders)
{
	struct eas_folder *folder;
	unsigned int i;

	for (i = array_count(folders); i-- > 0; ) {
		folder = array_idx_elem(folders, i);
		if (folder->kind != STORE_KIND_NONE && !folder->special &&
		    folder_is_below(folders, folder, change->server_id) &&
		    store_pim_folder_delete(change->req->store,
					    folder->pim_id) < 0)
			return -1;
	}
	return 0;
}

int folder_delete_pim(struct folder_change *change)
{
	struct store *store = change->req->store;
	const ARRAY_TYPE(eas_folder) *folders;
	int ret;

	if (eas_folders_get(change->req, &folders) < 0 ||
	    store_begin(store) < 0)
		return folder_change_fail_temp(change);
	ret = folder_pim_delete_tree(change, folders);
	if (ret < 0)
		store_rollback(store);
	else
		ret = store_commit(store);
	if (ret < 0)
		return folder_change_fail_temp(change);
	folder_delete_known(change, change->server_id);
	return 0;
}
