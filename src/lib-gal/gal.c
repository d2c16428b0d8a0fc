/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "pim-vcard.h"
#include "gal-private.h"

struct gal_result {
	struct gal_index *index;
	ARRAY_TYPE(uint32_t) items;
	/* of the entry that was read last */
	pool_t pool;
	struct pim_lines *doc;
	struct gal_entry entry;
};

/* One per path; operators have few. */
static struct gal *gals;

static struct gal *gal_get(const char *path)
{
	struct gal *gal;

	for (gal = gals; gal != NULL; gal = gal->next) {
		if (strcmp(gal->path, path) == 0)
			return gal;
	}
	gal = i_new(struct gal, 1);
	gal->path = i_strdup(path);
	gal->next = gals;
	gals = gal;
	return gal;
}

int gal_open(const char *path, struct event *event, struct gal **gal_r,
	     const char **error_r)
{
	struct gal *gal;
	struct gal_index *index;
	uint64_t signature;

	if (*path == '\0')
		return 0;
	gal = gal_get(path);
	if (gal_source_signature(gal, &signature, error_r) < 0)
		return -1;
	if (gal->index == NULL || gal->signature != signature) {
		if (gal_source_read(gal, &index, error_r) < 0)
			return -1;
		gal_index_unref(&gal->index);
		gal->index = index;
		gal->signature = signature;
		if (index->skipped > 0) {
			e_warning(event, "%s: Left out %u cards and files that "
				  "have no name, are too large or damaged",
				  path, index->skipped);
		}
		e_debug(event, "%s: %u cards", path,
			array_count(&index->items));
	}
	*gal_r = gal;
	return 1;
}

void gal_deinit_all(void)
{
	struct gal *gal;

	while ((gal = gals) != NULL) {
		gals = gal->next;
		gal_index_unref(&gal->index);
		i_free(gal->path);
		i_free(gal);
	}
}

static struct gal_result *gal_result_create(struct gal *gal)
{
	struct gal_result *result = i_new(struct gal_result, 1);

	result->index = gal->index;
	result->index->refcount++;
	i_array_init(&result->items, 16);
	result->pool = pool_alloconly_create("gal entry", 2048);
	return result;
}

struct gal_result *gal_search(struct gal *gal, const char *query)
{
	struct gal_result *result = gal_result_create(gal);

	T_BEGIN {
		gal_index_search(result->index, query, &result->items);
	} T_END;
	return result;
}

struct gal_result *gal_find(struct gal *gal, const char *text)
{
	struct gal_result *result = gal_result_create(gal);

	T_BEGIN {
		gal_index_find(result->index, text, &result->items);
	} T_END;
	return result;
}

void gal_result_free(struct gal_result **_result)
{
	struct gal_result *result = *_result;

	*_result = NULL;
	if (result == NULL)
		return;
	pim_lines_free(&result->doc);
	array_free(&result->items);
	gal_index_unref(&result->index);
	pool_unref(&result->pool);
	i_free(result);
}

unsigned int gal_result_count(const struct gal_result *result)
{
	return array_count(&result->items);
}

int gal_result_get(struct gal_result *result, unsigned int idx,
		   const struct gal_entry **entry_r)
{
	const uint32_t *number = array_idx(&result->items, idx);
	const struct gal_item *item = array_idx(&result->index->items, *number);
	struct pim_component *card = NULL;
	buffer_t *text = buffer_create_dynamic(default_pool, item->size + 1);
	const char *error;
	int ret;

	pim_lines_free(&result->doc);
	p_clear(result->pool);
	ret = gal_source_read_item(result->index, item, text);
	if (ret == 0 && pim_lines_parse(text->data, text->used, NULL,
					&result->doc, &error) == 0)
		card = pim_vcard_first(result->doc);
	buffer_free(&text);
	if (card == NULL)
		return -1;
	T_BEGIN {
		gal_entry_fill(&result->entry, result->pool, card);
	} T_END;
	*entry_r = &result->entry;
	return 0;
}
