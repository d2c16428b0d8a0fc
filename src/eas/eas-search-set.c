/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "numpack.h"
#include "eas.h"
#include "eas-search-set.h"

#include <time.h>

#define EAS_SEARCH_SET_VERSION 1
/* nobody stores more; what says so is damaged */
#define EAS_SEARCH_SET_MAX 100000

static void digest_text(struct sha256_ctx *ctx, const void *data, size_t size)
{
	uint64_t length = size;

	sha256_loop(ctx, &length, sizeof(length));
	sha256_loop(ctx, data, size);
}

static void digest_node(struct sha256_ctx *ctx, const struct wbxml_node *node)
{
	static const unsigned char end[] = { 0, 0 };
	const struct wbxml_node *child;

	sha256_loop(ctx, &node->tag, sizeof(node->tag));
	digest_text(ctx, node->data == NULL ? "" : node->data,
		    node->data == NULL ? 0 : node->size);
	for (child = node->children; child != NULL; child = child->next)
		digest_node(ctx, child);
	sha256_loop(ctx, end, sizeof(end));
}

void eas_search_digest(const struct wbxml_node *query,
		       const char *const *extra,
		       unsigned char digest_r[SHA256_RESULTLEN])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	digest_node(&ctx, query);
	for (; *extra != NULL; extra++)
		digest_text(&ctx, *extra, strlen(*extra));
	sha256_result(&ctx, digest_r);
}

void eas_search_set_init(pool_t pool, struct eas_search_set *set_r)
{
	i_zero(set_r);
	p_array_init(&set_r->folders, pool, 8);
	p_array_init(&set_r->hits, pool, 64);
}

void eas_search_set_encode(const struct eas_search_set *set, buffer_t *dest)
{
	const struct eas_search_folder *folder;
	const struct eas_search_hit *hit;

	numpack_encode(dest, EAS_SEARCH_SET_VERSION);
	buffer_append(dest, set->digest, sizeof(set->digest));
	numpack_encode(dest, set->created);
	numpack_encode(dest, set->total);
	numpack_encode(dest, array_count(&set->folders));
	array_foreach(&set->folders, folder) {
		numpack_encode(dest, folder->id);
		numpack_encode(dest, folder->uidvalidity);
	}
	numpack_encode(dest, array_count(&set->hits));
	array_foreach(&set->hits, hit) {
		numpack_encode(dest, hit->folder);
		numpack_encode(dest, hit->uid);
	}
}

static int set_decode_count(const uint8_t **p, const uint8_t *end,
			    uint32_t *count_r)
{
	return numpack_decode32(p, end, count_r) < 0 ||
		*count_r > EAS_SEARCH_SET_MAX ? -1 : 0;
}

static int set_decode_folders(const uint8_t **p, const uint8_t *end,
			      struct eas_search_set *set)
{
	struct eas_search_folder folder;
	uint32_t count;

	if (set_decode_count(p, end, &count) < 0)
		return -1;
	for (; count > 0; count--) {
		if (numpack_decode32(p, end, &folder.id) < 0 ||
		    numpack_decode32(p, end, &folder.uidvalidity) < 0)
			return -1;
		array_push_back(&set->folders, &folder);
	}
	return 0;
}

static int set_decode_hits(const uint8_t **p, const uint8_t *end,
			   struct eas_search_set *set)
{
	struct eas_search_hit hit;
	uint32_t count;

	if (set_decode_count(p, end, &count) < 0)
		return -1;
	for (; count > 0; count--) {
		if (numpack_decode32(p, end, &hit.folder) < 0 ||
		    numpack_decode32(p, end, &hit.uid) < 0 ||
		    hit.folder >= array_count(&set->folders) || hit.uid == 0)
			return -1;
		array_push_back(&set->hits, &hit);
	}
	return 0;
}

int eas_search_set_decode(pool_t pool, const void *data, size_t size,
			  struct eas_search_set *set_r)
{
	const uint8_t *p = data, *end = p + size;
	uint32_t version;
	uint64_t created;

	eas_search_set_init(pool, set_r);
	if (numpack_decode32(&p, end, &version) < 0 ||
	    version != EAS_SEARCH_SET_VERSION ||
	    (size_t)(end - p) < sizeof(set_r->digest))
		return -1;
	memcpy(set_r->digest, p, sizeof(set_r->digest));
	p += sizeof(set_r->digest);
	if (numpack_decode(&p, end, &created) < 0 ||
	    numpack_decode32(&p, end, &set_r->total) < 0 ||
	    set_decode_folders(&p, end, set_r) < 0 ||
	    set_decode_hits(&p, end, set_r) < 0)
		return -1;
	set_r->created = created;
	return p == end ? 0 : -1;
}

int eas_search_set_get(struct eas_request *req, const char *name,
		       const unsigned char digest[SHA256_RESULTLEN],
		       unsigned int max_age, struct eas_search_set *set_r)
{
	time_t now = time(NULL);
	buffer_t *value;
	int ret;

	ret = store_device_param_get(req->store, req->pool, req->device->num,
				     name, &value);
	if (ret <= 0)
		return ret;
	/* another version's is as good as none */
	if (eas_search_set_decode(req->pool, value->data, value->used,
				  set_r) < 0)
		return 0;
	return memcmp(set_r->digest, digest, SHA256_RESULTLEN) == 0 &&
		set_r->created <= now &&
		now - set_r->created <= (time_t)max_age ? 1 : 0;
}

int eas_search_set_put(struct eas_request *req, const char *name,
		       const struct eas_search_set *set)
{
	int ret;

	T_BEGIN {
		buffer_t *value = t_buffer_create(1024);

		eas_search_set_encode(set, value);
		ret = store_device_param_set(req->store, req->device->num,
					     name, value->data, value->used);
	} T_END;
	return ret;
}
