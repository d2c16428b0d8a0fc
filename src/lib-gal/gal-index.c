/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "gal-private.h"

struct gal_index *gal_index_create(void)
{
	pool_t pool = pool_alloconly_create("gal index", 65536);
	struct gal_index *index = p_new(pool, struct gal_index, 1);

	index->pool = pool;
	index->refcount = 1;
	i_array_init(&index->items, 1024);
	i_array_init(&index->words, 8192);
	i_array_init(&index->exact, 4096);
	i_array_init(&index->files, 16);
	return index;
}

void gal_index_unref(struct gal_index **_index)
{
	struct gal_index *index = *_index;

	*_index = NULL;
	if (index == NULL || --index->refcount > 0)
		return;
	array_free(&index->items);
	array_free(&index->words);
	array_free(&index->exact);
	array_free(&index->files);
	pool_unref(&index->pool);
}

static void
index_add_key(struct gal_index *index, ARRAY_TYPE(gal_key) *keys,
	      const char *word)
{
	struct gal_key *key;

	if (*word == '\0')
		return;
	key = array_append_space(keys);
	key->word = p_strdup(index->pool, word);
	key->item = array_count(&index->items) - 1;
}

static void gal_index_add_keys(struct gal_index *index, const char *keys)
{
	const char *const *lines = t_strsplit(keys, "\n");

	for (; *lines != NULL; lines++) {
		if (**lines == '\t')
			index_add_key(index, &index->exact, *lines + 1);
		else
			index_add_key(index, &index->words, *lines);
	}
}

void gal_index_add(struct gal_index *index, struct pim_component *card,
		   unsigned int file, uoff_t offset, size_t size)
{
	string_t *keys = t_str_new(256);

	if (array_count(&index->items) >= GAL_MAX_ENTRIES ||
	    !gal_card_keys(card, size, keys)) {
		index->skipped++;
		return;
	}
	gal_index_add_item(index, str_c(keys), file, offset, size);
	gal_index_add_keys(index, str_c(keys));
}

void gal_index_add_item(struct gal_index *index, const char *keys,
			unsigned int file, uoff_t offset, size_t size)
{
	struct gal_item *item = array_append_space(&index->items);

	/* the first key is the display name */
	i_assert(keys[0] == '\n' && keys[1] == '\t');
	item->sort = p_strdup_until(index->pool, keys + 2,
				    strchr(keys + 2, '\n'));
	item->file = file;
	item->offset = offset;
	item->size = size;
}

struct gal_order {
	const char *sort;
	unsigned int old;
};

static int
gal_order_cmp(const struct gal_order *o1, const struct gal_order *o2)
{
	int ret = strcmp(o1->sort, o2->sort);

	if (ret != 0)
		return ret;
	return o1->old < o2->old ? -1 : (o1->old > o2->old ? 1 : 0);
}

static int gal_key_cmp(const struct gal_key *k1, const struct gal_key *k2)
{
	int ret = strcmp(k1->word, k2->word);

	if (ret != 0)
		return ret;
	return k1->item < k2->item ? -1 : (k1->item > k2->item ? 1 : 0);
}

static void
index_renumber(ARRAY_TYPE(gal_key) *keys, const unsigned int *numbers)
{
	struct gal_key *key;

	array_foreach_modifiable(keys, key)
		key->item = numbers[key->item];
	array_sort(keys, gal_key_cmp);
}

/* Items in the order of their names, keys in that of their words. */
void gal_index_finish(struct gal_index *index)
{
	unsigned int count = array_count(&index->items), i;
	const struct gal_item *items;
	unsigned int *numbers;
	ARRAY(struct gal_order) orders;
	ARRAY_TYPE(gal_item) sorted;
	struct gal_order *order;

	if (count == 0)
		return;
	items = array_front(&index->items);
	numbers = i_new(unsigned int, count);
	i_array_init(&orders, count);
	i_array_init(&sorted, count);
	for (i = 0; i < count; i++) {
		order = array_append_space(&orders);
		order->sort = items[i].sort;
		order->old = i;
	}
	array_sort(&orders, gal_order_cmp);
	i = 0;
	array_foreach_modifiable(&orders, order) {
		numbers[order->old] = i++;
		array_push_back(&sorted, &items[order->old]);
	}
	array_clear(&index->items);
	array_append_array(&index->items, &sorted);
	index_renumber(&index->words, numbers);
	index_renumber(&index->exact, numbers);
	array_free(&orders);
	array_free(&sorted);
	i_free(numbers);
}

/* The first key at or behind word. */
static unsigned int
index_lower_bound(const ARRAY_TYPE(gal_key) *keys, const char *word)
{
	unsigned int left = 0, right, mid;
	const struct gal_key *all = array_get(keys, &right);

	while (left < right) {
		mid = left + (right - left) / 2;
		if (strcmp(all[mid].word, word) < 0)
			left = mid + 1;
		else
			right = mid;
	}
	return left;
}

static void
index_mark(const ARRAY_TYPE(gal_key) *keys, const char *word, bool prefix,
	   unsigned char *marks, unsigned char level)
{
	unsigned int count, idx = index_lower_bound(keys, word);
	size_t len = strlen(word) + (prefix ? 0 : 1);
	const struct gal_key *all = array_get(keys, &count);

	for (; idx < count && strncmp(all[idx].word, word, len) == 0; idx++) {
		if (marks[all[idx].item] == level)
			marks[all[idx].item] = level + 1;
	}
}

static void
index_collect(const struct gal_index *index, const unsigned char *marks,
	      unsigned char level, ARRAY_TYPE(uint32_t) *items)
{
	uint32_t count = array_count(&index->items);

	for (uint32_t i = 0; i < count; i++) {
		if (marks[i] == level)
			array_push_back(items, &i);
	}
}

void gal_index_search(const struct gal_index *index, const char *query,
		      ARRAY_TYPE(uint32_t) *items)
{
	const char *const *words = gal_query_words(query);
	unsigned char *marks, level;

	if (*words == NULL || array_count(&index->items) == 0)
		return;
	marks = i_malloc(array_count(&index->items));
	for (level = 0; words[level] != NULL; level++)
		index_mark(&index->words, words[level], TRUE, marks, level);
	index_collect(index, marks, level, items);
	i_free(marks);
}

void gal_index_find(const struct gal_index *index, const char *text,
		    ARRAY_TYPE(uint32_t) *items)
{
	const char *folded = gal_fold(text);
	unsigned int count, idx = index_lower_bound(&index->exact, folded);
	const struct gal_key *all = array_get(&index->exact, &count);
	uint32_t last = UINT32_MAX;

	/* keys of one word are in the order of their items */
	for (; idx < count && strcmp(all[idx].word, folded) == 0; idx++) {
		if (all[idx].item != last) {
			last = all[idx].item;
			array_push_back(items, &last);
		}
	}
}

bool gal_text_matches(const char *text, const char *query)
{
	const char *folded = gal_fold(text);
	const char *const *query_word = gal_query_words(query), *const *word;
	const char *const *parts = t_strsplit(folded, " ");

	if (*query_word == NULL)
		return FALSE;
	for (; *query_word != NULL; query_word++) {
		size_t len = strlen(*query_word);

		word = strchr(*query_word, '@') != NULL ? parts :
			gal_words(folded);
		while (*word != NULL && strncmp(*word, *query_word, len) != 0)
			word++;
		if (*word == NULL)
			return FALSE;
	}
	return TRUE;
}

bool gal_text_equals(const char *text1, const char *text2)
{
	return strcmp(gal_fold(text1), gal_fold(text2)) == 0;
}
