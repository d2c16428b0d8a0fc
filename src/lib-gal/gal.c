/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "pim-vcard.h"
#include "gal-ldap.h"

struct gal_result {
	struct gal_index *index;
	ARRAY_TYPE(uint32_t) items;
	/* or of a directory */
	struct gal_ldap *ldap;
	pool_t ldap_pool;
	ARRAY_TYPE(gal_ldap_entry) ldap_entries;
	/* of the entry that was read last */
	pool_t pool;
	struct pim_lines *doc;
	struct gal_entry entry;
	/* the directory is gone: it isn't waited for with each entry anew */
	bool ldap_failed:1;
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

static int
gal_open_ldap(struct gal *gal, const char *path, const char **error_r)
{
	if (gal->ldap == NULL &&
	    gal_ldap_init(path, &gal->ldap, error_r) < 0)
		return -1;
	return gal_ldap_connect(gal->ldap, error_r);
}

int gal_open(const char *path, struct event *event, struct gal **gal_r,
	     const char **error_r)
{
	struct gal *gal;
	struct gal_index *index;
	uint64_t signature;

	if (*path == '\0')
		return 0;
	if (*path != '/' && strstr(path, "://") != NULL &&
	    !gal_ldap_is_url(path)) {
		/* the rest of it may have a password */
		*error_r = t_strdup_printf("%s is no scheme of LDAP URLs",
					   t_strcut(path, ':'));
		return -1;
	}
	gal = gal_get(path);
	if (gal_ldap_is_url(path)) {
		if (gal_open_ldap(gal, path, error_r) < 0)
			return -1;
		*gal_r = gal;
		return 1;
	}
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
		gal_ldap_deinit(&gal->ldap);
		i_free(gal->path);
		i_free(gal);
	}
}

struct gal *gal_cards_create(gal_card_read_t *read, void *context)
{
	struct gal *gal = i_new(struct gal, 1);

	gal->index = gal_index_create();
	gal->index->read = read;
	gal->index->read_context = context;
	return gal;
}

void gal_cards_add(struct gal *gal, struct pim_component *card, uint64_t id,
		   size_t size)
{
	gal_index_add(gal->index, card, 0, id, size);
}

void gal_cards_finish(struct gal *gal)
{
	gal_index_finish(gal->index);
}

void gal_cards_free(struct gal **_gal)
{
	struct gal *gal = *_gal;

	*_gal = NULL;
	if (gal == NULL)
		return;
	gal_index_unref(&gal->index);
	i_free(gal);
}

static struct gal_result *gal_result_create(void)
{
	struct gal_result *result = i_new(struct gal_result, 1);

	i_array_init(&result->items, 16);
	result->pool = pool_alloconly_create("gal entry", 2048);
	return result;
}

static struct gal_result *
gal_ask_ldap(struct gal *gal, const char *text, bool exact,
	     const char **error_r)
{
	struct gal_result *result = gal_result_create();
	int ret;

	result->ldap = gal->ldap;
	result->ldap_pool = pool_alloconly_create("gal ldap", 4096);
	p_array_init(&result->ldap_entries, result->ldap_pool, 16);
	ret = gal_ldap_search(gal->ldap, text, exact, result->ldap_pool,
			      &result->ldap_entries, error_r);
	if (ret < 0)
		gal_result_free(&result);
	return result;
}

static struct gal_result *
gal_ask(struct gal *gal, const char *text, bool exact, const char **error_r)
{
	struct gal_result *result;

	if (gal->ldap != NULL)
		return gal_ask_ldap(gal, text, exact, error_r);
	result = gal_result_create();
	result->index = gal->index;
	result->index->refcount++;
	T_BEGIN {
		if (exact)
			gal_index_find(result->index, text, &result->items);
		else
			gal_index_search(result->index, text, &result->items);
	} T_END;
	return result;
}

struct gal_result *
gal_search(struct gal *gal, const char *query, const char **error_r)
{
	return gal_ask(gal, query, FALSE, error_r);
}

struct gal_result *
gal_find(struct gal *gal, const char *text, const char **error_r)
{
	return gal_ask(gal, text, TRUE, error_r);
}

void gal_result_free(struct gal_result **_result)
{
	struct gal_result *result = *_result;

	*_result = NULL;
	if (result == NULL)
		return;
	pim_lines_free(&result->doc);
	array_free(&result->items);
	if (result->index != NULL)
		gal_index_unref(&result->index);
	pool_unref(&result->ldap_pool);
	pool_unref(&result->pool);
	i_free(result);
}

unsigned int gal_result_count(const struct gal_result *result)
{
	return result->ldap != NULL ? array_count(&result->ldap_entries) :
		array_count(&result->items);
}

static bool gal_result_has_item(const struct gal_result *result, uint32_t item)
{
	const uint32_t *other;

	array_foreach(&result->items, other) {
		if (*other == item)
			return TRUE;
	}
	return FALSE;
}

static bool gal_result_has_dn(const struct gal_result *result, const char *dn)
{
	const struct gal_ldap_entry *other;

	array_foreach(&result->ldap_entries, other) {
		if (strcmp(other->dn, dn) == 0)
			return TRUE;
	}
	return FALSE;
}

bool gal_result_overlaps(const struct gal_result *result1,
			 const struct gal_result *result2)
{
	const struct gal_ldap_entry *entry;
	const uint32_t *item;

	if (result1->ldap != result2->ldap || result1->index != result2->index)
		return FALSE;
	if (result1->ldap != NULL) {
		array_foreach(&result1->ldap_entries, entry) {
			if (gal_result_has_dn(result2, entry->dn))
				return TRUE;
		}
		return FALSE;
	}
	array_foreach(&result1->items, item) {
		if (gal_result_has_item(result2, *item))
			return TRUE;
	}
	return FALSE;
}

static int gal_result_read_text(const struct gal_index *index,
				const struct gal_item *item, buffer_t *dest)
{
	if (index->read != NULL)
		return index->read(item->offset, dest, index->read_context);
	return gal_source_read_item(index, item, dest);
}

/* Returns the card, or NULL. */
static struct pim_component *
gal_result_read_item(struct gal_result *result, unsigned int idx)
{
	const uint32_t *number = array_idx(&result->items, idx);
	const struct gal_item *item = array_idx(&result->index->items, *number);
	struct pim_component *card = NULL;
	buffer_t *text = buffer_create_dynamic(default_pool, item->size + 1);
	const char *error;

	if (gal_result_read_text(result->index, item, text) == 0 &&
	    pim_lines_parse(text->data, text->used, NULL, &result->doc,
			    &error) == 0)
		card = pim_vcard_first(result->doc);
	buffer_free(&text);
	return card;
}

static struct pim_component *
gal_result_read_ldap(struct gal_result *result, unsigned int idx)
{
	const struct gal_ldap_entry *entry =
		array_idx(&result->ldap_entries, idx);
	const char *error;
	int ret;

	if (result->ldap_failed)
		return NULL;
	ret = gal_ldap_read(result->ldap, entry->dn, &result->doc, &error);
	if (ret < 0) {
		i_error("roost_gal: %s", error);
		result->ldap_failed = TRUE;
	}
	return ret <= 0 ? NULL : pim_vcard_first(result->doc);
}

int gal_result_get(struct gal_result *result, unsigned int idx,
		   const struct gal_entry **entry_r)
{
	struct pim_component *card;

	pim_lines_free(&result->doc);
	p_clear(result->pool);
	card = result->ldap != NULL ? gal_result_read_ldap(result, idx) :
		gal_result_read_item(result, idx);
	if (card == NULL)
		return -1;
	T_BEGIN {
		gal_entry_fill(&result->entry, result->pool, card);
	} T_END;
	*entry_r = &result->entry;
	return 0;
}
