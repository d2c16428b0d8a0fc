/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "eas-commands.h"
#include "eas-hierarchy.h"

/* Two requests of a device at once is rare, three is none that we know. */
#define FOLDERSYNC_MAX_TRIES 3

struct foldersync {
	struct eas_request *req;
	struct eas_hierarchy hierarchy;
	ARRAY_TYPE(eas_hierarchy) current;
	const char *new_key;

	ARRAY_TYPE(eas_hierarchy) updates, deletes, adds;
};

static int foldersync_id_cmp(const struct eas_hierarchy_folder *f1,
			     const struct eas_hierarchy_folder *f2)
{
	return strcmp(f1->id, f2->id);
}

static void foldersync_diff(struct foldersync *sync)
{
	ARRAY_TYPE(eas_hierarchy) old, new;
	const struct eas_hierarchy_folder *folder, *other;

	p_array_init(&sync->updates, sync->req->pool, 8);
	p_array_init(&sync->deletes, sync->req->pool, 8);
	p_array_init(&sync->adds, sync->req->pool, 32);
	t_array_init(&old, array_count(&sync->hierarchy.base) + 1);
	t_array_init(&new, array_count(&sync->current) + 1);
	array_append_array(&old, &sync->hierarchy.base);
	array_append_array(&new, &sync->current);
	array_sort(&old, foldersync_id_cmp);
	array_sort(&new, foldersync_id_cmp);

	/* in the order of the hierarchy: parents first */
	array_foreach(&sync->current, folder) {
		other = array_bsearch(&old, folder, foldersync_id_cmp);
		if (other == NULL)
			array_push_back(&sync->adds, folder);
		else if (!eas_hierarchy_folder_equals(folder, other))
			array_push_back(&sync->updates, folder);
	}
	array_foreach(&sync->hierarchy.base, folder) {
		if (array_bsearch(&new, folder, foldersync_id_cmp) == NULL)
			array_push_back(&sync->deletes, folder);
	}
}

static void
foldersync_write_folder(struct wbxml_writer *writer, unsigned int tag,
			const struct eas_hierarchy_folder *folder)
{
	wbxml_open(writer, tag);
	wbxml_text(writer, EAS_FOLDERHIERARCHY_SERVER_ID, folder->id);
	if (tag != EAS_FOLDERHIERARCHY_DELETE) {
		wbxml_text(writer, EAS_FOLDERHIERARCHY_PARENT_ID,
			   folder->parent_id);
		wbxml_text(writer, EAS_FOLDERHIERARCHY_DISPLAY_NAME,
			   folder->name);
		wbxml_uint(writer, EAS_FOLDERHIERARCHY_TYPE, folder->type);
	}
	wbxml_close(writer);
}

static void foldersync_write(struct foldersync *sync)
{
	struct wbxml_writer *writer = eas_request_writer(sync->req);
	const struct eas_hierarchy_folder *folder;

	wbxml_open(writer, EAS_FOLDERHIERARCHY_FOLDER_SYNC);
	wbxml_uint(writer, EAS_FOLDERHIERARCHY_STATUS, EAS_HIERARCHY_SUCCESS);
	wbxml_text(writer, EAS_FOLDERHIERARCHY_SYNC_KEY, sync->new_key);
	wbxml_open(writer, EAS_FOLDERHIERARCHY_CHANGES);
	wbxml_uint(writer, EAS_FOLDERHIERARCHY_COUNT,
		   array_count(&sync->updates) + array_count(&sync->deletes) +
		   array_count(&sync->adds));
	array_foreach(&sync->updates, folder) {
		foldersync_write_folder(writer, EAS_FOLDERHIERARCHY_UPDATE,
					folder);
	}
	array_foreach(&sync->deletes, folder) {
		foldersync_write_folder(writer, EAS_FOLDERHIERARCHY_DELETE,
					folder);
	}
	array_foreach(&sync->adds, folder) {
		foldersync_write_folder(writer, EAS_FOLDERHIERARCHY_ADD,
					folder);
	}
	wbxml_close(writer);
	wbxml_close(writer);
}

/* Returns 1, 0 = try again, -1 = failed. */
static int foldersync_try(struct foldersync *sync, const char *key)
{
	int ret;

	ret = eas_hierarchy_open(sync->req, key, &sync->hierarchy);
	if (ret < 0)
		return eas_request_fail_temp(sync->req);
	if (ret == 0)
		return eas_request_fail(sync->req, EAS_HIERARCHY_INVALID_KEY);
	ret = eas_hierarchy_issue(&sync->hierarchy, &sync->current,
				  &sync->new_key);
	return ret < 0 ? eas_request_fail_temp(sync->req) : ret;
}

/* FolderSync ([MS-ASCMD] 2.2.2.4) */
int eas_cmd_foldersync(struct eas_request *req)
{
	struct foldersync sync;
	unsigned int try;
	const char *key;
	int ret = 0;

	key = wbxml_child_text(req->root, EAS_FOLDERHIERARCHY_SYNC_KEY);
	if (key == NULL)
		return eas_request_fail(req, EAS_HIERARCHY_MALFORMED);

	i_zero(&sync);
	sync.req = req;
	p_array_init(&sync.current, req->pool, 32);
	if (eas_hierarchy_get_current(req, &sync.current) < 0)
		return eas_request_fail(req, EAS_HIERARCHY_SERVER_ERROR);
	for (try = 0; try < FOLDERSYNC_MAX_TRIES && ret == 0; try++)
		ret = foldersync_try(&sync, key);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return eas_request_fail_temp(req);
	if (sync.hierarchy.epoch == 0)
		eas_request_add_versions(req);
	foldersync_diff(&sync);
	foldersync_write(&sync);
	return 1;
}
