/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "sha2.h"
#include "store-state.h"
#include "cmd-sync-store.h"

#define EAS_SYNC_JOURNAL "items"

static int
journal_load_line(struct eas_sync_store *ctx, const char *const *args)
{
	struct eas_sync_journal_entry *entry;

	if (str_array_length(args) != 5)
		return -1;
	entry = array_append_space(&ctx->journal);
	entry->name = p_strdup(ctx->sync->req->pool, args[0]);
	entry->loaded = TRUE;
	entry->tell = args[4][0] == '1';
	return str_to_uint32(args[1], &entry->uid) < 0 ||
		str_to_uint64(args[2], &entry->modseq) < 0 ||
		str_to_uint64(args[3], &entry->hash) < 0 ? -1 : 0;
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
	const struct eas_sync_journal_entry *entry;
	string_t *str;

	if (!ctx->journal_changed)
		return 0;
	str = t_str_new(1024);
	str_append(str, ctx->coll->key);
	array_foreach(&ctx->journal, entry) {
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
	struct eas_sync_journal_entry *entry;

	array_foreach_modifiable(&ctx->journal, entry) {
		if (strcmp(entry->name, name) == 0 &&
		    (uid == 0 || entry->uid == uid))
			return entry;
	}
	return NULL;
}

uint64_t eas_sync_journal_modseq(struct eas_sync_store *ctx, uint32_t uid)
{
	const struct eas_sync_journal_entry *entry;
	uint64_t modseq = 0;

	array_foreach(&ctx->journal, entry) {
		if (entry->uid == uid)
			modseq = I_MAX(modseq, entry->modseq);
	}
	return modseq;
}

void eas_sync_journal_put(struct eas_sync_store *ctx, const char *name,
			  uint32_t uid, uint64_t modseq, uint64_t hash,
			  bool tell)
{
	struct eas_sync_journal_entry *entry;

	entry = eas_sync_journal_find(ctx, name, uid);
	if (entry == NULL) {
		entry = array_append_space(&ctx->journal);
		entry->name = name;
		entry->uid = uid;
	}
	entry->modseq = modseq;
	entry->hash = hash;
	entry->tell = tell;
	entry->loaded = FALSE;
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
