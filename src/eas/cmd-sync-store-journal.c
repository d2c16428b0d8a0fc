/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "hash.h"
#include "istream.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "sha2.h"
#include "store-state.h"
#include "roost-compat.h"
#include "cmd-sync-store.h"

#define EAS_SYNC_JOURNAL "items"

/* -- look-ups: a request may have thousands of commands -- */

/* An Add has no UID before it is done, and its ClientId stands for one item. */
static uint32_t journal_key_uid(const struct eas_sync_journal_entry *entry)
{
	return *entry->name == '\0' ||
		str_begins_with(entry->name, EAS_SYNC_JOURNAL_INSTANCE) ?
		entry->uid : 0;
}

static unsigned int journal_hash(const struct eas_sync_journal_entry *entry)
{
	return str_hash(entry->name) ^ journal_key_uid(entry);
}

static int
journal_cmp(const struct eas_sync_journal_entry *entry1,
	    const struct eas_sync_journal_entry *entry2)
{
	return strcmp(entry1->name, entry2->name) == 0 &&
		journal_key_uid(entry1) == journal_key_uid(entry2) ? 0 : 1;
}

void eas_sync_journal_init(struct eas_sync_store *ctx)
{
	pool_t pool = ctx->sync->req->pool;

	/* they grow within the commands' data stack frames */
	p_array_init(&ctx->journal, pool, 16);
	p_array_init(&ctx->results, pool, 16);
	hash_table_create(&ctx->names, pool, 0, journal_hash, journal_cmp);
	hash_table_create_direct(&ctx->items, pool, 0);
}

void eas_sync_journal_deinit(struct eas_sync_store *ctx)
{
	hash_table_destroy(&ctx->names);
	hash_table_destroy(&ctx->items);
}

struct eas_sync_store_item *
eas_sync_store_item_get(struct eas_sync_store *ctx, uint32_t uid)
{
	void *key = POINTER_CAST(uid);
	struct eas_sync_store_item *item = hash_table_lookup(ctx->items, key);

	if (item == NULL) {
		item = p_new(ctx->sync->req->pool, struct eas_sync_store_item,
			     1);
		hash_table_insert(ctx->items, key, item);
	}
	return item;
}

/* Takes the values over; name is req->pool's. */
static void
journal_set(struct eas_sync_store *ctx,
	    const struct eas_sync_journal_entry *values)
{
	struct eas_sync_store_item *item =
		eas_sync_store_item_get(ctx, values->uid);
	struct eas_sync_journal_entry *entry;

	item->modseq = I_MAX(item->modseq, values->modseq);
	entry = hash_table_lookup(ctx->names, values);
	if (entry != NULL) {
		*entry = *values;
		return;
	}
	entry = p_memdup(ctx->sync->req->pool, values, sizeof(*values));
	hash_table_insert(ctx->names, entry, entry);
	array_push_back(&ctx->journal, &entry);
}

/* -- the record -- */

static int
journal_load_line(struct eas_sync_store *ctx, const char *const *args)
{
	struct eas_sync_journal_entry entry = { .loaded = TRUE };

	if (str_array_length(args) != 5 ||
	    str_to_uint32(args[1], &entry.uid) < 0 || entry.uid == 0 ||
	    str_to_uint64(args[2], &entry.modseq) < 0 ||
	    str_to_uint64(args[3], &entry.hash) < 0)
		return -1;
	entry.name = p_strdup(ctx->sync->req->pool, args[0]);
	entry.tell = args[4][0] == '1';
	journal_set(ctx, &entry);
	return 0;
}

int eas_sync_journal_load(struct eas_sync_store *ctx)
{
	struct eas_request *req = ctx->sync->req;
	const char *const *lines;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, pool_datastack_create(),
			   req->device->num, EAS_SYNC_JOURNAL,
			   ctx->coll->row.name, &value);
	if (ret <= 0)
		return ret;
	lines = t_strsplit(t_strndup(value->data, value->used), "\n");
	/* that of another request is of no use any more */
	if (strcmp(lines[0], ctx->coll->key) != 0)
		return 0;
	for (lines++; *lines != NULL; lines++) {
		if (journal_load_line(ctx, t_strsplit_tabescaped(*lines)) < 0) {
			e_error(req->event, "The journal of folder %s is "
				"malformed", ctx->coll->id);
			return -1;
		}
	}
	return 0;
}

int eas_sync_journal_save(struct eas_sync_store *ctx)
{
	struct eas_request *req = ctx->sync->req;
	struct eas_sync_journal_entry *entry;
	string_t *str;

	if (!ctx->journal_changed)
		return 0;
	str = t_str_new(1024);
	str_append(str, ctx->coll->key);
	array_foreach_elem(&ctx->journal, entry) {
		str_append_c(str, '\n');
		str_append_tabescaped(str, entry->name);
		str_printfa(str, "\t%u\t%"PRIu64"\t%"PRIu64"\t%u",
			    entry->uid, entry->modseq, entry->hash,
			    entry->tell ? 1 : 0);
	}
	return store_op_put(req->store, req->device->num, EAS_SYNC_JOURNAL,
			    ctx->coll->row.name, str_data(str), str_len(str));
}

struct eas_sync_journal_entry *
eas_sync_journal_find(struct eas_sync_store *ctx, const char *name,
		      uint32_t uid)
{
	struct eas_sync_journal_entry key = { .name = name, .uid = uid };

	return hash_table_lookup(ctx->names, &key);
}

uint64_t eas_sync_journal_modseq(struct eas_sync_store *ctx, uint32_t uid)
{
	const struct eas_sync_store_item *item =
		hash_table_lookup(ctx->items, POINTER_CAST(uid));

	return item == NULL ? 0 : item->modseq;
}

void eas_sync_journal_put(struct eas_sync_store *ctx, const char *name,
			  uint32_t uid, uint64_t modseq, uint64_t hash,
			  bool tell)
{
	struct eas_sync_journal_entry entry = {
		.name = name, .uid = uid, .modseq = modseq, .hash = hash,
		.tell = tell,
	};

	journal_set(ctx, &entry);
	ctx->journal_changed = TRUE;
}

static void
content_hash_node(struct sha256_ctx *hash, const struct wbxml_node *node,
		  struct istream *body)
{
	const unsigned char *data;
	struct istream *input;
	size_t size;

	sha256_loop(hash, &node->tag, sizeof(node->tag));
	if (node->external) {
		input = wbxml_node_stream(node, body);
		while (i_stream_read_more(input, &data, &size) > 0) {
			sha256_loop(hash, data, size);
			i_stream_skip(input, size);
		}
		i_stream_unref(&input);
	} else if (node->data != NULL) {
		sha256_loop(hash, node->data, node->size);
	}
	for (node = node->children; node != NULL; node = node->next)
		content_hash_node(hash, node, body);
	sha256_loop(hash, "", 1);
}

uint64_t eas_sync_content_hash(struct eas_sync_store *ctx,
			       const struct wbxml_node *data)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx hash;
	uint64_t value;

	sha256_init(&hash);
	content_hash_node(&hash, data, ctx->sync->req->req->body);
	sha256_result(&hash, digest);
	memcpy(&value, digest, sizeof(value));
	/* SQLite and the engine know signed numbers only */
	return value >> 1;
}
