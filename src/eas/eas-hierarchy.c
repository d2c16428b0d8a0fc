/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "store.h"
#include "eas-hierarchy.h"
#include "eas-key.h"

#define EAS_HIERARCHY_COLLECTION "h"
/* first line of the stored form */
#define EAS_HIERARCHY_FORMAT "h1"

void eas_hierarchy_encode(const ARRAY_TYPE(eas_hierarchy) *folders,
			  buffer_t *dest)
{
	const struct eas_hierarchy_folder *folder;

	str_append(dest, EAS_HIERARCHY_FORMAT"\n");
	array_foreach(folders, folder) {
		str_append_tabescaped(dest, folder->id);
		str_append_c(dest, '\t');
		str_append_tabescaped(dest, folder->parent_id);
		str_printfa(dest, "\t%u\t", folder->type);
		str_append_tabescaped(dest, folder->name);
		str_append_c(dest, '\n');
	}
}

static int eas_hierarchy_decode_line(pool_t pool, const char *line,
				     struct eas_hierarchy_folder *folder_r)
{
	const char *const *args = t_strsplit_tabescaped(line);

	if (str_array_length(args) != 4 ||
	    str_to_uint(args[2], &folder_r->type) < 0)
		return -1;
	folder_r->id = p_strdup(pool, args[0]);
	folder_r->parent_id = p_strdup(pool, args[1]);
	folder_r->name = p_strdup(pool, args[3]);
	return 0;
}

int eas_hierarchy_decode(pool_t pool, const void *data, size_t size,
			 ARRAY_TYPE(eas_hierarchy) *folders)
{
	const char *line, *p = data, *end = p + size, *eol;
	struct eas_hierarchy_folder folder;
	bool first = TRUE;
	int ret = 0;

	for (; p < end && ret == 0; p = eol + 1) {
		eol = memchr(p, '\n', end - p);
		if (eol == NULL)
			return -1;
		T_BEGIN {
			line = t_strdup_until(p, eol);
			if (first) {
				first = FALSE;
				if (strcmp(line, EAS_HIERARCHY_FORMAT) != 0)
					ret = -1;
			} else {
				ret = eas_hierarchy_decode_line(pool, line,
								&folder);
				if (ret == 0)
					array_push_back(folders, &folder);
			}
		} T_END;
	}
	return first ? -1 : ret;
}

const struct eas_hierarchy_folder *
eas_hierarchy_find(const ARRAY_TYPE(eas_hierarchy) *folders, const char *id)
{
	const struct eas_hierarchy_folder *folder;

	array_foreach(folders, folder) {
		if (strcmp(folder->id, id) == 0)
			return folder;
	}
	return NULL;
}

bool eas_hierarchy_folder_equals(const struct eas_hierarchy_folder *f1,
				 const struct eas_hierarchy_folder *f2)
{
	return strcmp(f1->id, f2->id) == 0 &&
		strcmp(f1->parent_id, f2->parent_id) == 0 &&
		strcmp(f1->name, f2->name) == 0 && f1->type == f2->type;
}

void eas_hierarchy_set(struct eas_hierarchy_folder *dest,
		       const struct eas_folder *folder)
{
	dest->id = folder->id;
	dest->parent_id = folder->parent_id;
	dest->name = folder->name;
	dest->type = folder->type;
}

int eas_hierarchy_get_current(struct eas_request *req,
			      ARRAY_TYPE(eas_hierarchy) *folders)
{
	const ARRAY_TYPE(eas_folder) *list;
	struct eas_folder *folder;

	if (eas_folders_get(req, &list) < 0)
		return -1;
	array_foreach_elem(list, folder)
		eas_hierarchy_set(array_append_space(folders), folder);
	return 0;
}

static int eas_hierarchy_id_cmp(const struct eas_hierarchy_folder *f1,
				const struct eas_hierarchy_folder *f2)
{
	return strcmp(f1->id, f2->id);
}

/* The order of the folders says nothing. */
static bool eas_hierarchy_equals(const ARRAY_TYPE(eas_hierarchy) *folders1,
				 const ARRAY_TYPE(eas_hierarchy) *folders2)
{
	ARRAY_TYPE(eas_hierarchy) sorted1, sorted2;
	unsigned int i;

	if (array_count(folders1) != array_count(folders2))
		return FALSE;
	t_array_init(&sorted1, array_count(folders1) + 1);
	t_array_init(&sorted2, array_count(folders2) + 1);
	array_append_array(&sorted1, folders1);
	array_append_array(&sorted2, folders2);
	array_sort(&sorted1, eas_hierarchy_id_cmp);
	array_sort(&sorted2, eas_hierarchy_id_cmp);
	for (i = 0; i < array_count(&sorted1); i++) {
		if (!eas_hierarchy_folder_equals(array_idx(&sorted1, i),
						 array_idx(&sorted2, i)))
			return FALSE;
	}
	return TRUE;
}

/* Which of the two stored steps the key names: 1, or 0 if none. */
static int eas_hierarchy_find_base(struct eas_hierarchy *hierarchy)
{
	const struct store_state *stored = &hierarchy->stored;
	const void *data;
	size_t size;

	if (hierarchy->epoch != stored->epoch || hierarchy->counter == 0)
		return 0;
	if (hierarchy->counter == stored->counter) {
		data = stored->issued;
		size = stored->issued_size;
	} else if (hierarchy->counter + 1 == stored->counter &&
		   stored->confirmed != NULL) {
		data = stored->confirmed;
		size = stored->confirmed_size;
		hierarchy->repeated = TRUE;
	} else {
		return 0;
	}
	if (data == NULL ||
	    eas_hierarchy_decode(hierarchy->req->pool, data, size,
				 &hierarchy->base) < 0) {
		e_error(hierarchy->req->event,
			"The stored folder hierarchy of device %s is damaged: "
			"it has to start anew", hierarchy->req->device_id);
		return 0;
	}
	return 1;
}

int eas_hierarchy_open(struct eas_request *req, const char *sync_key,
		       struct eas_hierarchy *hierarchy_r)
{
	int ret;

	i_zero(hierarchy_r);
	hierarchy_r->req = req;
	p_array_init(&hierarchy_r->base, req->pool, 32);
	ret = eas_sync_key_parse(sync_key, &hierarchy_r->epoch,
				 &hierarchy_r->counter);
	if (ret < 0)
		return 0;
	if (ret == 0)
		return 1;
	ret = store_state_get(req->store, req->pool, req->device->num,
			      EAS_HIERARCHY_COLLECTION, &hierarchy_r->stored);
	return ret <= 0 ? ret : eas_hierarchy_find_base(hierarchy_r);
}

int eas_hierarchy_is_current(struct eas_request *req)
{
	ARRAY_TYPE(eas_hierarchy) issued, current;
	struct store_state state;
	int ret;

	ret = store_state_get(req->store, req->pool, req->device->num,
			      EAS_HIERARCHY_COLLECTION, &state);
	if (ret < 0)
		return -1;
	p_array_init(&issued, req->pool, 32);
	p_array_init(&current, req->pool, 32);
	if (ret == 0 || state.issued == NULL ||
	    eas_hierarchy_decode(req->pool, state.issued, state.issued_size,
				 &issued) < 0)
		return 1;
	if (eas_hierarchy_get_current(req, &current) < 0)
		return -1;
	return eas_hierarchy_equals(&issued, &current) ? 1 : 0;
}

static bool
eas_hierarchy_was_issued(struct eas_hierarchy *hierarchy, const buffer_t *blob)
{
	return hierarchy->repeated &&
		hierarchy->stored.issued_size == blob->used &&
		memcmp(hierarchy->stored.issued, blob->data, blob->used) == 0;
}

/* The first answer: whatever was before is forgotten. */
static int eas_hierarchy_issue_first(struct eas_hierarchy *hierarchy,
				     const buffer_t *blob,
				     const char **sync_key_r)
{
	struct eas_request *req = hierarchy->req;
	struct store_state state;

	i_zero(&state);
	state.epoch = eas_sync_key_new_epoch();
	state.counter = 1;
	state.issued = blob->data;
	state.issued_size = blob->used;
	*sync_key_r = eas_sync_key_format(state.epoch, state.counter);
	return store_state_put(req->store, req->device->num,
			       EAS_HIERARCHY_COLLECTION, NULL, &state) < 0 ?
		-1 : 1;
}

int eas_hierarchy_issue(struct eas_hierarchy *hierarchy,
			const ARRAY_TYPE(eas_hierarchy) *folders,
			const char **sync_key_r)
{
	struct eas_request *req = hierarchy->req;
	struct store_state state;
	buffer_t *blob, *base;

	blob = t_buffer_create(1024);
	eas_hierarchy_encode(folders, blob);
	if (hierarchy->epoch == 0)
		return eas_hierarchy_issue_first(hierarchy, blob, sync_key_r);

	if (eas_hierarchy_equals(&hierarchy->base, folders)) {
		*sync_key_r = eas_sync_key_format(hierarchy->epoch,
						  hierarchy->counter);
		return 1;
	}
	*sync_key_r = eas_sync_key_format(hierarchy->epoch,
					  hierarchy->counter + 1);
	if (eas_hierarchy_was_issued(hierarchy, blob))
		return 1;
	base = t_buffer_create(1024);
	eas_hierarchy_encode(&hierarchy->base, base);
	i_zero(&state);
	state.epoch = hierarchy->epoch;
	state.counter = hierarchy->counter + 1;
	state.confirmed = base->data;
	state.confirmed_size = base->used;
	state.issued = blob->data;
	state.issued_size = blob->used;
	if (hierarchy->repeated)
		state.repeats = hierarchy->stored.repeats + 1;
	return store_state_put(req->store, req->device->num,
			       EAS_HIERARCHY_COLLECTION, &hierarchy->stored,
			       &state);
}
