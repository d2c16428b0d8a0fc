/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bsearch-insert-pos.h"
#include "store-pim.h"
#include "eas-class.h"
#include "eas-folders-private.h"

/* [MS-ASCMD] 2.2.3.186.3 */
static const struct {
	enum eas_folder_type main, user;
} eas_pim_types[STORE_KIND_COUNT] = {
	[STORE_KIND_CALENDAR] = { EAS_FOLDER_CALENDAR,
				  EAS_FOLDER_USER_CALENDAR },
	[STORE_KIND_CONTACTS] = { EAS_FOLDER_CONTACTS,
				  EAS_FOLDER_USER_CONTACTS },
	[STORE_KIND_TASKS] = { EAS_FOLDER_TASKS, EAS_FOLDER_USER_TASKS },
	[STORE_KIND_NOTES] = { EAS_FOLDER_NOTES, EAS_FOLDER_USER_NOTES },
};

enum store_kind eas_folder_type_kind(unsigned int type)
{
	enum store_kind kind;

	for (kind = STORE_KIND_NONE + 1; kind < STORE_KIND_COUNT; kind++) {
		if (eas_pim_types[kind].user == type)
			return kind;
	}
	return STORE_KIND_NONE;
}

/* NULL: this version of the protocol does not know such a folder. */
static struct eas_folder *
eas_folder_new_pim(struct eas_request *req,
		   const struct store_pim_folder *pim)
{
	struct eas_folder *folder;

	if (pim->kind == STORE_KIND_NONE ||
	    eas_class_find(pim->kind, req->version) == NULL)
		return NULL;
	folder = p_new(req->pool, struct eas_folder, 1);
	folder->id = p_strdup_printf(req->pool, "%u", pim->id);
	folder->parent_id = p_strdup_printf(req->pool, "%u", pim->parent);
	folder->name = pim->name;
	folder->kind = pim->kind;
	folder->pim_id = pim->id;
	folder->type = pim->main ? eas_pim_types[pim->kind].main :
		eas_pim_types[pim->kind].user;
	folder->special = pim->main;
	guid_128_copy(folder->guid, pim->guid);
	return folder;
}

static int eas_folder_id_cmp(struct eas_folder *const *f1,
			     struct eas_folder *const *f2)
{
	return strcmp((*f1)->id, (*f2)->id);
}

void eas_folders_add(struct eas_folders *folders, struct eas_folder *folder)
{
	unsigned int idx;

	(void)array_bsearch_insert_pos(&folders->by_id, &folder,
				       eas_folder_id_cmp, &idx);
	array_insert(&folders->by_id, idx, &folder, 1);
	array_push_back(&folders->list, &folder);
}

static struct eas_folder *
eas_folders_find_pim(const ARRAY_TYPE(eas_folder) *folders, uint32_t pim_id)
{
	struct eas_folder *folder;

	array_foreach_elem(folders, folder) {
		if (folder->pim_id == pim_id)
			return folder;
	}
	return NULL;
}

/* Parents before children. A parent that is not shown, and a circle (two devices that
   moved folders at once), leave the root. */
static void
eas_folders_add_tree(struct eas_folders *folders,
		     ARRAY_TYPE(eas_folder) *pending, uint32_t parent)
{
	struct eas_folder *folder;
	unsigned int i;

	for (i = 0; i < array_count(pending); ) {
		uint32_t folder_parent;

		folder = array_idx_elem(pending, i);
		if (str_to_uint32(folder->parent_id, &folder_parent) < 0 ||
		    folder_parent != parent) {
			i++;
			continue;
		}
		array_delete(pending, i, 1);
		eas_folders_add(folders, folder);
		eas_folders_add_tree(folders, pending, folder->pim_id);
		i = 0;
	}
}

int eas_folders_add_pim(struct eas_request *req)
{
	struct eas_folders *folders = eas_folders_cache(req);
	ARRAY_TYPE(store_pim_folder) pims;
	ARRAY_TYPE(eas_folder) pending;
	const struct store_pim_folder *pim;
	struct eas_folder *folder;

	t_array_init(&pims, 16);
	t_array_init(&pending, 16);
	if (store_pim_folder_list(req->store, req->pool, &pims) < 0)
		return -1;
	array_foreach(&pims, pim) {
		folder = eas_folder_new_pim(req, pim);
		if (folder != NULL)
			array_push_back(&pending, &folder);
	}
	array_foreach_elem(&pending, folder) {
		uint32_t parent;

		if (str_to_uint32(folder->parent_id, &parent) < 0 ||
		    (parent != 0 &&
		     eas_folders_find_pim(&pending, parent) == NULL))
			folder->parent_id = "0";
	}
	eas_folders_add_tree(folders, &pending, 0);
	while (array_count(&pending) > 0) {
		folder = array_idx_elem(&pending, 0);
		folder->parent_id = "0";
		eas_folders_add_tree(folders, &pending, 0);
	}
	return 0;
}

int eas_folder_find_pim(struct eas_request *req, uint32_t id,
			struct eas_folder **folder_r)
{
	struct store_pim_folder pim;
	int ret;

	ret = store_pim_folder_get(req->store, req->pool, id, &pim);
	if (ret <= 0)
		return ret;
	*folder_r = eas_folder_new_pim(req, &pim);
	if (*folder_r == NULL)
		return 0;
	/* whether the parent is shown was not looked at */
	(*folder_r)->parent_id = NULL;
	return 1;
}
