/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "eas.h"
#include "eas-search-set.h"
#include "test-common.h"

static void make_set(pool_t pool, struct eas_search_set *set_r)
{
	static const struct eas_search_folder folders[] = {
		{ 1, 1234567890 }, { 4294967295, 1 },
	};
	static const struct eas_search_hit hits[] = {
		{ 1, 4294967295 }, { 0, 1 }, { 1, 300 },
	};

	eas_search_set_init(pool, set_r);
	memset(set_r->digest, 'x', sizeof(set_r->digest));
	set_r->created = 1795869296;
	set_r->total = 70000;
	array_append(&set_r->folders, folders, N_ELEMENTS(folders));
	array_append(&set_r->hits, hits, N_ELEMENTS(hits));
}

static void test_eas_search_set_code(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct eas_search_set set, copy;
	struct eas_search_hit *hit;
	buffer_t *buf = t_buffer_create(256), *junk;
	unsigned int i;

	test_begin("eas search set: there and back");
	make_set(pool, &set);
	eas_search_set_encode(&set, buf);
	test_assert(eas_search_set_decode(pool, buf->data, buf->used,
					  &copy) == 0);
	test_assert(memcmp(set.digest, copy.digest, sizeof(set.digest)) == 0);
	test_assert(set.created == copy.created && set.total == copy.total);
	test_assert(array_cmp(&set.folders, &copy.folders));
	test_assert(array_cmp(&set.hits, &copy.hits));
	test_end();

	test_begin("eas search set: damaged");
	for (i = 0; i < buf->used; i++) {
		test_assert_idx(eas_search_set_decode(pool, buf->data, i,
						      &copy) < 0, i);
	}
	junk = t_buffer_create(256);
	buffer_append_buf(junk, buf, 0, SIZE_MAX);
	buffer_append_c(junk, 0);
	test_assert(eas_search_set_decode(pool, junk->data, junk->used,
					  &copy) < 0);
	/* a folder that there is not */
	hit = array_idx_modifiable(&set.hits, 1);
	hit->folder = 2;
	buffer_set_used_size(junk, 0);
	eas_search_set_encode(&set, junk);
	test_assert(eas_search_set_decode(pool, junk->data, junk->used,
					  &copy) < 0);
	test_end();
	pool_unref(&pool);
}

static void test_eas_search_digest(void)
{
	struct wbxml_node child = { .tag = 2, .data = "ab", .size = 2 };
	struct wbxml_node other = { .tag = 3 };
	struct wbxml_node root = { .tag = 1, .children = &child };
	const char *const flat[] = { "flat", NULL };
	const char *const deep[] = { "deep", NULL };
	const char *const split[] = { "fl", "at", NULL };
	unsigned char d1[SHA256_RESULTLEN], d2[SHA256_RESULTLEN];

	test_begin("eas search digest");
	eas_search_digest(&root, flat, d1);
	eas_search_digest(&root, flat, d2);
	test_assert(memcmp(d1, d2, sizeof(d1)) == 0);
	eas_search_digest(&root, deep, d2);
	test_assert(memcmp(d1, d2, sizeof(d1)) != 0);
	eas_search_digest(&root, split, d2);
	test_assert(memcmp(d1, d2, sizeof(d1)) != 0);
	child.data = "ac";
	eas_search_digest(&root, flat, d2);
	test_assert(memcmp(d1, d2, sizeof(d1)) != 0);
	child.data = "ab";
	/* a sibling is no child */
	child.next = &other;
	eas_search_digest(&root, flat, d1);
	child.next = NULL;
	child.children = &other;
	eas_search_digest(&root, flat, d2);
	test_assert(memcmp(d1, d2, sizeof(d1)) != 0);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_search_set_code,
		test_eas_search_digest,
		NULL
	};
	return test_run(test_functions);
}
