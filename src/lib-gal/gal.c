/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "pim-vcard.h"
#include "gal-ldap.h"

#include <time.h>

struct gal_result {
	struct gal *gal;
	struct gal_index *index;
	ARRAY_TYPE(uint32_t) items;
	/* opened with the first card that is read */
	struct gal_dict dict;
	/* or of a directory */
	struct gal_ldap *ldap;
	pool_t ldap_pool;
	ARRAY_TYPE(gal_ldap_entry) ldap_entries;
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

/* What sentences call it: of a dict only the driver, its URI may have a password. */
static const char *gal_name(const char *path)
{
	size_t len = strlen(GAL_DICT_PREFIX);

	if (!gal_dict_is_name(path))
		return path;
	return t_strconcat(GAL_DICT_PREFIX, t_strcut(path + len, ':'), NULL);
}

/* The source didn't answer. *error stays a sentence if that is news. */
static void gal_failed(struct gal *gal, const char **error)
{
	if (!gal_outage_failed(&gal->outage, time(NULL), *error))
		*error = NULL;
}

static void gal_answered(struct gal *gal)
{
	unsigned int secs;

	if (gal_outage_ended(&gal->outage, time(NULL), &secs)) {
		e_info(gal->event, "roost_gal: The address book answers again "
		       "after %u seconds", secs);
	}
}

/* Is it not to be asked now? */
static bool gal_is_out(const struct gal *gal, const char **error_r)
{
	*error_r = NULL;
	return gal_outage_is_on(&gal->outage, time(NULL));
}

static void gal_set_index(struct gal *gal, struct gal_index *index)
{
	gal_index_unref(&gal->index);
	gal->index = index;
	if (index->skipped > 0) {
		e_warning(gal->event, "%s: Left out %u cards and files that "
			  "have no name, are too large or damaged",
			  gal_name(gal->path), index->skipped);
	}
	e_debug(gal->event, "%s: %u cards", gal_name(gal->path),
		array_count(&index->items));
}

static int gal_read_dict(struct gal *gal, const char **error_r)
{
	struct gal_index *index;
	struct gal_dict dict;
	int ret;

	ret = gal_dict_open(gal, gal->user, &dict, error_r);
	if (ret == 0)
		ret = gal_dict_read(&dict, &index, error_r);
	if (ret == 0) {
		gal->checked = time(NULL);
		gal_set_index(gal, index);
	}
	gal_dict_close(&dict);
	return ret;
}

static int gal_open_dict(struct gal *gal, const char **error_r)
{
	if (gal->index != NULL &&
	    gal->checked + GAL_DICT_CHECK_SECS > time(NULL))
		return 0;
	if (gal_is_out(gal, error_r))
		return gal->index == NULL ? -1 : 0;
	if (gal_read_dict(gal, error_r) == 0) {
		gal_answered(gal);
		return 0;
	}
	*error_r = t_strdup_printf("%s: %s", gal_name(gal->path), *error_r);
	gal_failed(gal, error_r);
	if (gal->index == NULL)
		return -1;
	/* what there was is better than nothing */
	if (*error_r != NULL)
		e_error(gal->event, "roost_gal: %s", *error_r);
	return 0;
}

static int gal_open_source(struct gal *gal, const char **error_r)
{
	struct gal_index *index;
	uint64_t signature;

	if (gal_ldap_is_url(gal->path)) {
		/* it is connected to when it is asked */
		return gal->ldap != NULL ? 0 :
			gal_ldap_init(gal->path, &gal->ldap, error_r);
	}
	if (gal_dict_is_name(gal->path))
		return gal_open_dict(gal, error_r);
	if (gal_source_signature(gal, &signature, error_r) < 0)
		return -1;
	if (gal->index == NULL || gal->signature != signature) {
		if (gal_source_read(gal, &index, error_r) < 0)
			return -1;
		gal->signature = signature;
		gal_set_index(gal, index);
	}
	return 0;
}

int gal_open(const char *path, struct event *event, struct mail_user *user,
	     struct gal **gal_r, const char **error_r)
{
	struct gal *gal;

	if (*path == '\0')
		return 0;
	if (*path != '/' && strstr(path, "://") != NULL &&
	    !gal_ldap_is_url(path) && !gal_dict_is_name(path)) {
		/* the rest of it may have a password */
		*error_r = t_strdup_printf("%s is no scheme of LDAP URLs",
					   t_strcut(path, ':'));
		return -1;
	}
	gal = gal_get(path);
	gal->event = event;
	gal->user = user;
	if (gal_open_source(gal, error_r) < 0)
		return -1;
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
		gal_outage_free(&gal->outage);
		i_free(gal->path);
		i_free(gal);
	}
}

static struct gal_result *gal_result_create(struct gal *gal)
{
	struct gal_result *result = i_new(struct gal_result, 1);

	result->gal = gal;
	i_array_init(&result->items, 16);
	result->pool = pool_alloconly_create("gal entry", 2048);
	return result;
}

struct gal_result *
gal_result_create_kept(gal_card_read_t *read, void *context)
{
	struct gal_result *result = gal_result_create(NULL);

	result->index = gal_index_create();
	result->index->read = read;
	result->index->read_context = context;
	return result;
}

void gal_result_add(struct gal_result *result, const char *keys, uint64_t id)
{
	gal_index_add_item(result->index, keys, 0, id, 0);
}

void gal_result_finish(struct gal_result *result)
{
	uint32_t count = array_count(&result->index->items);

	gal_index_finish(result->index);
	for (uint32_t i = 0; i < count; i++)
		array_push_back(&result->items, &i);
}

static struct gal_result *
gal_ask_ldap(struct gal *gal, const char *text, bool exact,
	     const char **error_r)
{
	struct gal_result *result;
	int ret;

	if (gal_is_out(gal, error_r))
		return NULL;
	result = gal_result_create(gal);
	result->ldap = gal->ldap;
	result->ldap_pool = pool_alloconly_create("gal ldap", 4096);
	p_array_init(&result->ldap_entries, result->ldap_pool, 16);
	ret = gal_ldap_search(gal->ldap, text, exact, result->ldap_pool,
			      &result->ldap_entries, error_r);
	if (ret == 0) {
		gal_answered(gal);
		return result;
	}
	if (ret == GAL_LDAP_GONE)
		gal_failed(gal, error_r);
	gal_result_free(&result);
	return NULL;
}

static struct gal_result *
gal_ask(struct gal *gal, const char *text, bool exact, const char **error_r)
{
	struct gal_result *result;

	if (gal->ldap != NULL)
		return gal_ask_ldap(gal, text, exact, error_r);
	result = gal_result_create(gal);
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
	gal_dict_close(&result->dict);
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

static bool gal_result_has_kept(const struct gal_result *result, uint64_t id)
{
	const struct gal_item *item;

	array_foreach(&result->index->items, item) {
		if (item->offset == id)
			return TRUE;
	}
	return FALSE;
}

static bool gal_result_is_kept(const struct gal_result *result)
{
	return result->index != NULL && result->index->read != NULL;
}

static bool gal_result_overlaps_kept(const struct gal_result *result1,
				     const struct gal_result *result2)
{
	const struct gal_item *item;

	array_foreach(&result1->index->items, item) {
		if (gal_result_has_kept(result2, item->offset))
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

	if (gal_result_is_kept(result1) && gal_result_is_kept(result2))
		return gal_result_overlaps_kept(result1, result2);
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

/* A failure to read one entry, for which nothing else is said. */
static void gal_result_failed(struct gal_result *result, const char *error,
			      bool gone)
{
	if (gone)
		gal_failed(result->gal, &error);
	if (error != NULL)
		e_error(result->gal->event, "roost_gal: %s", error);
}

/* Returns 0, or -1 if it is gone or can't be read (logged). */
static int
gal_result_read_dict(struct gal_result *result, const struct gal_item *item,
		     buffer_t *text)
{
	struct gal *gal = result->gal;
	const char *error;
	int ret = 0;

	if (gal_is_out(gal, &error))
		return -1;
	if (result->dict.dict == NULL)
		ret = gal_dict_open(gal, gal->user, &result->dict, &error);
	if (ret == 0) {
		ret = gal_dict_read_item(&result->dict, result->index, item,
					 text, &error);
	}
	if (ret < 0) {
		gal_result_failed(result, t_strdup_printf("%s: %s",
			gal_name(gal->path), error), TRUE);
	} else {
		gal_answered(gal);
	}
	return ret > 0 ? 0 : -1;
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
	int ret;

	if (result->index->read != NULL) {
		ret = result->index->read(item->offset, text,
					  result->index->read_context);
	} else if (gal_dict_is_name(result->gal->path)) {
		ret = gal_result_read_dict(result, item, text);
	} else {
		ret = gal_source_read_item(result->index, item, text);
	}
	if (ret == 0 && pim_lines_parse(text->data, text->used, NULL,
					&result->doc, &error) == 0)
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

	/* it isn't waited for with each entry anew */
	if (gal_is_out(result->gal, &error))
		return NULL;
	ret = gal_ldap_read(result->ldap, entry->dn, &result->doc, &error);
	if (ret < 0)
		gal_result_failed(result, error, ret == GAL_LDAP_GONE);
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
