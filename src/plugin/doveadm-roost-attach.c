/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "base64.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "pim-attach.h"
#include "pim-lines.h"
#include "store.h"
#include "store-blob.h"
#include "doveadm-roost-attach.h"

/* of a folded line: with the blank before it, 75 at most (RFC 5545 3.1) */
#define ATTACH_LINE_CHARS 72
/* an item that somebody else changes all the time is taken as it was */
#define ATTACH_EXPORT_TRIES 10

/* -- export -- */

/* Opens one of the blobs that the text names. As long as it is open the database looks as at this
   moment. Returns 1, 0 if there is none, -1. */
static int
export_open_any(struct store *store, const struct store_item *item,
		struct istream **view_r)
{
	ARRAY_TYPE(uint32_t) nums;
	struct store_blob blob;
	uint32_t num;
	int ret = 0;

	t_array_init(&nums, 8);
	pim_attach_list(item->text, item->size, &nums);
	array_foreach_elem(&nums, num) {
		ret = store_blob_get(store, pool_datastack_create(), num,
				     &blob);
		if (ret != 0)
			break;
	}
	if (ret <= 0)
		return ret;
	*view_r = store_blob_open(store, num);
	return *view_r == NULL ? -1 : 1;
}

/* Text and blobs have to be of one moment. Returns as doveadm_roost_attach_export() does. */
static int
export_open_view(struct store *store, pool_t pool, struct store_item *item,
		 struct istream **view_r)
{
	uint64_t modseq;
	int ret = 1;

	*view_r = NULL;
	for (unsigned int i = 0; i < ATTACH_EXPORT_TRIES; i++) {
		T_BEGIN {
			ret = export_open_any(store, item, view_r);
		} T_END;
		if (ret >= 0) {
			ret = store_item_get_modseq(store, item->folder,
						    item->uid, &modseq);
		}
		if (ret <= 0 || modseq == item->modseq)
			break;
		i_stream_unref(view_r);
		ret = store_item_get(store, pool, item->folder, item->uid,
				     item);
		if (ret <= 0)
			break;
	}
	if (ret <= 0)
		i_stream_unref(view_r);
	return ret;
}

static void
export_lines(struct ostream *output, buffer_t *base64, size_t min_size,
	     const char *eol)
{
	size_t pos = 0, len;

	while (base64->used - pos >= min_size && base64->used > pos) {
		len = I_MIN(base64->used - pos, ATTACH_LINE_CHARS);
		o_stream_nsend_str(output, eol);
		o_stream_nsend(output, " ", 1);
		o_stream_nsend(output, CONST_PTR_OFFSET(base64->data, pos),
			       len);
		pos += len;
	}
	buffer_delete(base64, 0, pos);
}

static int
export_content(struct store *store, struct istream *input,
	       struct ostream *output, const char *eol)
{
	buffer_t *base64 = buffer_create_dynamic(default_pool, 1024);
	struct base64_encoder encoder;
	const unsigned char *data;
	size_t size;

	base64_encode_init(&encoder, &base64_scheme, 0, 0);
	while (i_stream_read_more(input, &data, &size) > 0) {
		base64_encode_more(&encoder, data, size, NULL, base64);
		i_stream_skip(input, size);
		export_lines(output, base64, ATTACH_LINE_CHARS, eol);
	}
	base64_encode_finish(&encoder, base64);
	export_lines(output, base64, 1, eol);
	o_stream_nsend_str(output, eol);
	buffer_free(&base64);
	if (input->stream_errno == 0)
		return 0;
	e_error(store_get_event(store), "Reading an attachment failed: %s",
		i_stream_get_error(input));
	return -1;
}

/* Returns 1, 0 if it is gone, -1. */
static int
export_attachment(struct store *store, const struct store_item *item,
		  const struct pim_attach *attach, struct ostream *output)
{
	struct store_blob blob;
	struct istream *input;
	const char *eol;
	int ret;

	ret = store_blob_get(store, pool_datastack_create(), attach->num,
			     &blob);
	if (ret <= 0)
		return ret;
	if (blob.folder != item->folder || blob.uid != item->uid)
		return 0;
	input = store_blob_open(store, attach->num);
	if (input == NULL)
		return -1;
	o_stream_nsend_str(output, pim_attach_inline(item->text, attach,
						     blob.type, blob.name,
						     &eol));
	ret = export_content(store, input, output, eol);
	i_stream_unref(&input);
	return ret < 0 ? -1 : 1;
}

int doveadm_roost_attach_export(struct store *store, pool_t pool,
				struct store_item *item,
				struct ostream *output,
				unsigned int *missing_r)
{
	struct pim_attach attach;
	struct istream *view;
	size_t pos = 0;
	int ret = 1;

	*missing_r = 0;
	if (!pim_attach_next(item->text, item->size, 0, &attach)) {
		o_stream_nsend(output, item->text, item->size);
		return 1;
	}
	ret = export_open_view(store, pool, item, &view);
	while (ret > 0 && pim_attach_next(item->text, item->size, pos,
					  &attach)) {
		o_stream_nsend(output, item->text + pos, attach.start - pos);
		pos = attach.end;
		T_BEGIN {
			ret = export_attachment(store, item, &attach, output);
		} T_END;
		if (ret == 0) {
			o_stream_nsend(output, item->text + attach.start,
				       attach.end - attach.start);
			*missing_r += 1;
			ret = 1;
		}
	}
	if (ret > 0)
		o_stream_nsend(output, item->text + pos, item->size - pos);
	i_stream_unref(&view);
	return ret;
}

/* -- put -- */

/* An ATTACH of the text that stands for a blob. */
struct put_attach {
	struct pim_property *prop;
	/* 0 = it has to be added */
	uint32_t num;
	uoff_t size;
};

struct put_context {
	const struct doveadm_roost_put *put;
	pool_t pool;
	uint32_t uid;
	ARRAY(struct put_attach) attachs;
	/* what the item has before, and what its text names of it, in its order */
	ARRAY_TYPE(store_blob) blobs;
	ARRAY_TYPE(uint32_t) old_nums;
	bool changed;
};

static bool put_equals(struct istream *input1, struct istream *input2)
{
	const unsigned char *data1, *data2;
	size_t size1, size2, size;

	while (i_stream_read_more(input1, &data1, &size1) > 0) {
		if (i_stream_read_more(input2, &data2, &size2) <= 0)
			return FALSE;
		size = I_MIN(size1, size2);
		if (memcmp(data1, data2, size) != 0)
			return FALSE;
		i_stream_skip(input1, size);
		i_stream_skip(input2, size);
	}
	return input1->stream_errno == 0 &&
		i_stream_read_more(input2, &data2, &size2) < 0 &&
		input2->stream_errno == 0;
}

/* Several of a component are several blobs, whatever is in them; its occurrences may share one. */
static bool
put_is_taken(struct put_context *ctx, const struct pim_property *prop,
	     uint32_t num)
{
	const struct put_attach *attach;

	array_foreach(&ctx->attachs, attach) {
		if (attach->num == num && pim_property_component(attach->prop) ==
		    pim_property_component(prop))
			return TRUE;
	}
	return FALSE;
}

static const struct store_blob *
put_find_own(struct put_context *ctx, uint32_t num)
{
	const struct store_blob *blob;

	array_foreach(&ctx->blobs, blob) {
		if (blob->num == num)
			return blob;
	}
	return NULL;
}

static bool
put_is_content(struct put_context *ctx, const struct pim_property *prop,
	       uint32_t num, struct istream *content, uoff_t size)
{
	const struct store_blob *blob;
	struct istream *input;
	bool ret;

	blob = put_find_own(ctx, num);
	if (blob == NULL || blob->size != size || put_is_taken(ctx, prop, num))
		return FALSE;
	input = store_blob_open(ctx->put->store, num);
	if (input == NULL)
		return FALSE;
	i_stream_seek(content, 0);
	ret = put_equals(content, input);
	i_stream_unref(&input);
	return ret;
}

/* The item's own blob with this content: that which stood in the same place, if it can be. 0 = none. */
static uint32_t
put_find_blob(struct put_context *ctx, const struct pim_property *prop,
	      struct istream *content, uoff_t size)
{
	unsigned int idx = array_count(&ctx->attachs);
	const struct store_blob *blob;
	uint32_t num;

	if (idx < array_count(&ctx->old_nums)) {
		num = *array_idx(&ctx->old_nums, idx);
		if (put_is_content(ctx, prop, num, content, size))
			return num;
	}
	array_foreach(&ctx->blobs, blob) {
		if (put_is_content(ctx, prop, blob->num, content, size))
			return blob->num;
	}
	return 0;
}

/* Returns 0, or -1 (logged). */
static int put_look(struct put_context *ctx, struct pim_property *prop)
{
	struct put_attach attach = { .prop = prop };
	const char *value = pim_property_value(prop);
	struct istream *content;
	bool is_blob;
	uint32_t num;
	int ret;

	is_blob = pim_attach_is_blob(prop, &num);
	if (is_blob && put_find_own(ctx, num) != NULL) {
		attach.num = num;
		array_push_back(&ctx->attachs, &attach);
		return 0;
	}
	content = ctx->put->open_content(value, ctx->put->context);
	if (content == NULL) {
		if (is_blob) {
			e_warning(store_get_event(ctx->put->store),
				  "An attachment is left out: its content "
				  "is not there");
			pim_property_remove(prop);
			ctx->changed = TRUE;
		}
		return 0;
	}
	ret = i_stream_get_size(content, TRUE, &attach.size);
	if (ret <= 0) {
		e_error(store_get_event(ctx->put->store),
			"Reading an attachment failed: %s",
			i_stream_get_error(content));
		i_stream_unref(&content);
		return -1;
	}
	attach.num = put_find_blob(ctx, prop, content, attach.size);
	i_stream_unref(&content);
	ctx->changed = TRUE;
	array_push_back(&ctx->attachs, &attach);
	return 0;
}

static int put_look_all(struct put_context *ctx, struct pim_component *comp)
{
	struct pim_property *prop, *next;
	struct pim_component *child;
	int ret = 0;

	for (prop = pim_property_find(comp, "ATTACH");
	     prop != NULL && ret == 0; prop = next) {
		next = pim_property_next(prop, "ATTACH");
		T_BEGIN {
			ret = put_look(ctx, prop);
		} T_END;
	}
	for (child = pim_component_find(comp, NULL);
	     child != NULL && ret == 0; child = pim_component_next(child, NULL))
		ret = put_look_all(ctx, child);
	return ret;
}

/* What the text does not name any more makes room first. */
static int put_remove_unnamed(struct put_context *ctx)
{
	const struct put_attach *attach;
	const struct store_blob *blob;
	bool named;

	array_foreach(&ctx->blobs, blob) {
		named = FALSE;
		array_foreach(&ctx->attachs, attach) {
			if (attach->num == blob->num)
				named = TRUE;
		}
		if (!named && store_blob_remove(ctx->put->store,
						blob->num) < 0)
			return -1;
	}
	return 0;
}

static enum store_put
put_add_blob(struct put_context *ctx, struct put_attach *attach)
{
	struct store_blob blob = {
		.folder = ctx->put->folder,
		.uid = ctx->uid,
		.name = pim_attach_file_name(attach->prop),
		.type = pim_property_param(attach->prop, "FMTTYPE"),
	};
	struct istream *content;
	enum store_put put;

	content = ctx->put->open_content(pim_property_value(attach->prop),
					 ctx->put->context);
	if (content == NULL)
		return STORE_PUT_FAILED;
	put = store_blob_add(ctx->put->store, &blob, content);
	i_stream_unref(&content);
	attach->num = blob.num;
	return put;
}

static enum store_put put_blobs(struct put_context *ctx)
{
	struct put_attach *attach;
	enum store_put put = STORE_PUT_OK;
	uint32_t num;

	if (put_remove_unnamed(ctx) < 0)
		return STORE_PUT_FAILED;
	array_foreach_modifiable(&ctx->attachs, attach) {
		if (pim_attach_is_blob(attach->prop, &num) &&
		    num == attach->num)
			continue;
		T_BEGIN {
			if (attach->num == 0)
				put = put_add_blob(ctx, attach);
			if (put == STORE_PUT_OK) {
				pim_attach_set_blob(attach->prop, attach->num,
						    attach->size);
			}
		} T_END;
		if (put != STORE_PUT_OK)
			return put;
	}
	return STORE_PUT_OK;
}

static enum store_put
put_text(struct put_context *ctx, const char *text, size_t size,
	 uint64_t *modseq_r)
{
	const struct doveadm_roost_put *put = ctx->put;

	return ctx->uid == 0 ?
		store_item_add(put->store, put->folder, put->props, text, size,
			       &ctx->uid, modseq_r) :
		store_item_change(put->store, put->folder, ctx->uid,
				  put->props, text, size, modseq_r);
}

static enum store_put
put_parts(struct put_context *ctx, struct pim_lines *doc, uint64_t *modseq_r)
{
	enum store_put put;
	string_t *text;

	/* what blobs are added to has to be there */
	if (ctx->uid == 0) {
		put = put_text(ctx, ctx->put->text, ctx->put->size, modseq_r);
		if (put != STORE_PUT_OK)
			return put;
	}
	put = put_blobs(ctx);
	if (put != STORE_PUT_OK)
		return put;
	text = str_new(default_pool, ctx->put->size + 256);
	pim_lines_write(doc, text);
	put = put_text(ctx, str_c(text), str_len(text), modseq_r);
	str_free(&text);
	return put;
}

static int put_read_old(struct put_context *ctx)
{
	struct store *store = ctx->put->store;
	struct store_item item;
	pool_t pool;
	int ret;

	if (ctx->uid == 0)
		return 0;
	if (store_blob_list(store, ctx->pool, ctx->put->folder, ctx->uid,
			    &ctx->blobs) < 0)
		return -1;
	if (array_count(&ctx->blobs) == 0)
		return 0;
	pool = pool_alloconly_create("roost attach old", 16384);
	ret = store_item_get(store, pool, ctx->put->folder, ctx->uid, &item);
	if (ret > 0)
		pim_attach_list(item.text, item.size, &ctx->old_nums);
	pool_unref(&pool);
	return ret < 0 ? -1 : 0;
}

static enum store_put
put_with_blobs(struct put_context *ctx, struct pim_lines *doc,
	       uint64_t *modseq_r)
{
	struct store *store = ctx->put->store;
	enum store_put put;

	if (put_look_all(ctx, pim_lines_root(doc)) < 0)
		return STORE_PUT_FAILED;
	if (!ctx->changed && array_count(&ctx->blobs) == 0)
		return put_text(ctx, ctx->put->text, ctx->put->size, modseq_r);
	if (store_savepoint(store) < 0)
		return STORE_PUT_FAILED;
	put = put_parts(ctx, doc, modseq_r);
	if (put != STORE_PUT_FAILED &&
	    store_savepoint_end(store, put != STORE_PUT_OK) < 0)
		put = STORE_PUT_FAILED;
	return put;
}

enum store_put doveadm_roost_attach_put(const struct doveadm_roost_put *put,
					uint64_t *modseq_r)
{
	struct put_context ctx = { .put = put, .uid = put->uid };
	enum store_put ret = STORE_PUT_FAILED;
	struct pim_lines *doc;
	const char *error;

	ctx.pool = pool_alloconly_create("roost attach", 1024);
	p_array_init(&ctx.blobs, ctx.pool, 4);
	p_array_init(&ctx.old_nums, ctx.pool, 4);
	p_array_init(&ctx.attachs, ctx.pool, 4);
	if (put_read_old(&ctx) < 0) {
		/* logged */
	} else if ((array_count(&ctx.blobs) == 0 &&
		    !pim_attach_has_any(put->text, put->size)) ||
		   pim_lines_parse(put->text, put->size, NULL, &doc,
				   &error) < 0) {
		ret = put_text(&ctx, put->text, put->size, modseq_r);
	} else {
		ret = put_with_blobs(&ctx, doc, modseq_r);
		pim_lines_free(&doc);
	}
	pool_unref(&ctx.pool);
	return ret;
}
