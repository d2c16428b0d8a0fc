/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "dict.h"
#include "mail-user.h"
#include "roost-compat-dict.h"
#include "gal-private.h"

/* where a book's cards are */
#define GAL_DICT_FOLDER DICT_PATH_SHARED"roost/gal/"
#define GAL_DICT_FILTER "roost_gal_dict"

bool gal_dict_is_name(const char *path)
{
	return strncmp(path, GAL_DICT_PREFIX, strlen(GAL_DICT_PREFIX)) == 0;
}

int gal_dict_open(struct gal *gal, struct mail_user *user,
		  struct gal_dict *dict_r, const char **error_r)
{
	const char *name = gal->path + strlen(GAL_DICT_PREFIX), *folder;

	i_assert(gal_dict_is_name(gal->path));
	i_zero(dict_r);
	if (roost_dict_init(user, gal->event, GAL_DICT_FILTER, name,
			    &dict_r->dict, &folder, error_r) < 0)
		return -1;
	dict_r->folder = i_strconcat(GAL_DICT_FOLDER, folder, NULL);
	dict_r->username = i_strdup(user == NULL ? "" : user->username);
	return 0;
}

void gal_dict_close(struct gal_dict *dict)
{
	if (dict->dict != NULL)
		dict_deinit(&dict->dict);
	i_free(dict->folder);
	i_free(dict->username);
}

static void
gal_dict_add(struct gal_index *index, const char *key, const char *value)
{
	buffer_t text;

	if (strlen(value) > GAL_MAX_CARD) {
		index->skipped++;
		return;
	}
	key = p_strdup(index->pool, key);
	array_push_back(&index->files, &key);
	buffer_create_from_const_data(&text, value, strlen(value));
	gal_source_add_card(index, &text, array_count(&index->files) - 1, 0);
}

int gal_dict_read(struct gal_dict *dict, struct gal_index **index_r,
		  const char **error_r)
{
	const struct dict_op_settings set = { .username = dict->username };
	struct gal_index *index = gal_index_create();
	struct dict_iterate_context *iter;
	const char *key, *value;

	iter = dict_iterate_init(dict->dict, &set, dict->folder,
				 DICT_ITERATE_FLAG_RECURSE);
	dict_iterate_set_limit(iter, GAL_MAX_ENTRIES);
	while (dict_iterate(iter, &key, &value)) T_BEGIN {
		gal_dict_add(index, key, value);
	} T_END;
	if (dict_iterate_deinit(&iter, error_r) < 0) {
		gal_index_unref(&index);
		return -1;
	}
	gal_index_finish(index);
	*index_r = index;
	return 0;
}

int gal_dict_read_item(struct gal_dict *dict, const struct gal_index *index,
		       const struct gal_item *item, buffer_t *dest,
		       const char **error_r)
{
	const struct dict_op_settings set = { .username = dict->username };
	const char *key = array_idx_elem(&index->files, item->file), *value;
	int ret;

	ret = dict_lookup(dict->dict, &set, pool_datastack_create(), key,
			  &value, error_r);
	if (ret > 0)
		buffer_append(dest, value, strlen(value));
	return ret;
}
