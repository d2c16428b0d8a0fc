/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "istream-base64.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "strnum.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "class-email.h"
#include "eas-class.h"
#include "eas-collection.h"
#include "eas-draft.h"
#include "eas-long-id.h"
#include "eas-multipart.h"
#include "eas-schema-filter.h"
#include "store-blob.h"
#include "sync-mail.h"
#include "cmd-itemoperations.h"

/* A mail is written aside, so that one that fails half-way leaves nothing in the
   answer; up to this in memory. */
#define ITEM_MAX_MEMORY (128 * 1024)

struct fetch_range {
	bool set;
	uoff_t first, last;		/* both included */
};

struct fetch {
	/* what the device asked for, repeated in the answer; NULL = absent */
	const char *collection_id, *server_id, *long_id, *file_reference;
	const struct wbxml_node *options;

	/* where it is */
	const char *folder_id;
	uint32_t uid;
	uint32_t uidvalidity;		/* 0 = that of the device's state */
	const char *part;		/* NULL = the mail */
	struct fetch_range range;
	/* the properties that are wanted, ended by 0; NULL = all */
	const unsigned int *schema;
};

/* The spans of Fetch's elements, in the schema's order. */
static void
fetch_write_head(struct itemoperations_context *ctx,
		 struct wbxml_writer *writer, const struct fetch *fetch,
		 enum itemoperations_status status)
{
	bool item = status == ITEMOPERATIONS_SUCCESS && fetch->part == NULL;

	wbxml_open(writer, EAS_ITEMOPERATIONS_FETCH);
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, status);
	wbxml_text(writer, EAS_AIRSYNC_COLLECTION_ID, fetch->collection_id);
	wbxml_text(writer, EAS_AIRSYNC_SERVER_ID, fetch->server_id);
	wbxml_text(writer, EAS_SEARCH_LONG_ID, fetch->long_id);
	if (item) {
		wbxml_text(writer, EAS_AIRSYNC_CLASS,
			   eas_class_name(ctx->folder->kind));
	}
	wbxml_text(writer, EAS_AIRSYNCBASE_FILE_REFERENCE,
		   fetch->file_reference);
}

void itemoperations_close_folder(struct itemoperations_context *ctx)
{
	/* what the cache has learned is kept */
	if (ctx->trans != NULL)
		(void)mailbox_transaction_commit(&ctx->trans);
	if (ctx->box != NULL)
		mailbox_free(&ctx->box);
	ctx->folder_id = NULL;
}

/* A folder of the store needs no opening. */
static enum itemoperations_status
fetch_open_store(struct itemoperations_context *ctx)
{
	struct store_pim_folder pim;

	switch (store_pim_folder_get(ctx->req->store, ctx->req->pool,
				     ctx->folder->pim_id, &pim)) {
	case 1:
		ctx->uidvalidity = pim.uidvalidity;
		return ITEMOPERATIONS_SUCCESS;
	case 0:
		return ITEMOPERATIONS_NOT_FOUND;
	default:
		return ITEMOPERATIONS_SERVER_ERROR;
	}
}

static enum itemoperations_status
fetch_open_box(struct itemoperations_context *ctx, const char *folder_id)
{
	struct mailbox_status status;
	int ret;

	ret = eas_folder_find(ctx->req, folder_id, &ctx->folder);
	if (ret > 0 && ctx->folder->kind != STORE_KIND_NONE)
		return fetch_open_store(ctx);
	if (ret > 0) {
		ret = eas_folder_mailbox_alloc(ctx->req, ctx->folder, FALSE,
					       &ctx->box);
	}
	if (ret <= 0) {
		return ret < 0 ? ITEMOPERATIONS_SERVER_ERROR :
			ITEMOPERATIONS_NOT_FOUND;
	}
	if (sync_mail_open(ctx->box) < 0) {
		return itemoperations_storage_status(ctx->req, ctx->box,
						     ctx->folder->vname);
	}
	mailbox_get_open_status(ctx->box, STATUS_UIDVALIDITY, &status);
	ctx->uidvalidity = status.uidvalidity;
	ctx->trans = mailbox_transaction_begin(ctx->box, 0, "eas fetch");
	return ITEMOPERATIONS_SUCCESS;
}

static enum itemoperations_status
fetch_open_folder(struct itemoperations_context *ctx, const char *folder_id)
{
	if (ctx->folder_id == NULL || strcmp(ctx->folder_id, folder_id) != 0) {
		itemoperations_close_folder(ctx);
		ctx->folder_id = p_strdup(ctx->req->pool, folder_id);
		ctx->folder_status = fetch_open_box(ctx, folder_id);
	}
	return ctx->folder_status;
}

/* Is the mailbox still the one that the id was of? */
static enum itemoperations_status
fetch_check_uidvalidity(struct itemoperations_context *ctx,
			const struct fetch *fetch)
{
	uint32_t uidvalidity = fetch->uidvalidity;

	if (uidvalidity == 0 &&
	    eas_collection_uidvalidity(ctx->req, fetch->folder_id,
				       &uidvalidity) < 0)
		return ITEMOPERATIONS_SERVER_ERROR;
	return uidvalidity == 0 || uidvalidity == ctx->uidvalidity ?
		ITEMOPERATIONS_SUCCESS : ITEMOPERATIONS_NOT_FOUND;
}

static enum itemoperations_status
fetch_parse_range(const char *text, struct fetch_range *range_r)
{
	const char *p;

	if (str_parse_uoff(text, &range_r->first, &p) < 0 || *p++ != '-' ||
	    str_to_uoff(p, &range_r->last) < 0)
		return ITEMOPERATIONS_PROTOCOL_ERROR;
	if (range_r->first > range_r->last)
		return ITEMOPERATIONS_INVALID_RANGE;
	range_r->set = TRUE;
	return ITEMOPERATIONS_SUCCESS;
}

/* Several Schemas are one. */
static const unsigned int *fetch_parse_schema(const struct wbxml_node *options)
{
	const struct wbxml_node *schema, *node;
	ARRAY(unsigned int) tags;

	t_array_init(&tags, 16);
	for (schema = wbxml_node_child(options, EAS_ITEMOPERATIONS_SCHEMA);
	     schema != NULL; schema = wbxml_node_next_same(schema)) {
		for (node = schema->children; node != NULL; node = node->next) {
			unsigned int tag = node->tag;

			array_push_back(&tags, &tag);
		}
	}
	if (array_is_empty(&tags))
		return NULL;
	array_append_zero(&tags);
	return array_front(&tags);
}

static bool fetch_wants(const struct fetch *fetch, unsigned int tag)
{
	const unsigned int *p;

	if (fetch->schema == NULL)
		return TRUE;
	for (p = fetch->schema; *p != 0; p++) {
		if (*p == tag)
			return TRUE;
	}
	return FALSE;
}

static enum itemoperations_status
fetch_parse_where(struct fetch *fetch)
{
	if (fetch->file_reference != NULL) {
		return eas_file_reference_parse(fetch->file_reference,
			&fetch->folder_id, &fetch->uid, &fetch->part) < 0 ?
			ITEMOPERATIONS_INVALID_ATTACHMENT :
			ITEMOPERATIONS_SUCCESS;
	}
	if (fetch->long_id != NULL) {
		return eas_long_id_parse(fetch->long_id, &fetch->folder_id,
			&fetch->uidvalidity, &fetch->uid) < 0 ?
			ITEMOPERATIONS_NOT_FOUND : ITEMOPERATIONS_SUCCESS;
	}
	if (fetch->collection_id == NULL || fetch->server_id == NULL)
		return ITEMOPERATIONS_PROTOCOL_ERROR;
	if (eas_item_id_parse(fetch->server_id, &fetch->folder_id,
			      &fetch->uid) < 0 ||
	    strcmp(fetch->folder_id, fetch->collection_id) != 0)
		return ITEMOPERATIONS_NOT_FOUND;
	return ITEMOPERATIONS_SUCCESS;
}

static enum itemoperations_status
fetch_parse(const struct wbxml_node *node, struct fetch *fetch_r)
{
	const char *store, *range;

	i_zero(fetch_r);
	fetch_r->collection_id =
		wbxml_child_text(node, EAS_AIRSYNC_COLLECTION_ID);
	fetch_r->server_id = wbxml_child_text(node, EAS_AIRSYNC_SERVER_ID);
	fetch_r->long_id = wbxml_child_text(node, EAS_SEARCH_LONG_ID);
	fetch_r->file_reference =
		wbxml_child_text(node, EAS_AIRSYNCBASE_FILE_REFERENCE);
	fetch_r->options = wbxml_node_child(node, EAS_ITEMOPERATIONS_OPTIONS);

	store = wbxml_child_text(node, EAS_ITEMOPERATIONS_STORE);
	if (store == NULL || *store == '\0')
		return ITEMOPERATIONS_PROTOCOL_ERROR;
	if (strcasecmp(store, "Mailbox") != 0)
		return ITEMOPERATIONS_UNKNOWN_STORE;
	range = wbxml_child_text(fetch_r->options, EAS_ITEMOPERATIONS_RANGE);
	if (range != NULL) {
		enum itemoperations_status status =
			fetch_parse_range(range, &fetch_r->range);

		if (status != ITEMOPERATIONS_SUCCESS)
			return status;
	}
	fetch_r->schema = fetch_parse_schema(fetch_r->options);
	return fetch_parse_where(fetch_r);
}

/* -- mails -- */

/* Returns 1, 0 if it is gone, -1 if it can't be shown. */
static int
fetch_write_store_item(struct itemoperations_context *ctx,
		       const struct fetch *fetch,
		       const struct eas_item_options *options,
		       const struct eas_email_parts *parts,
		       struct wbxml_writer *writer, const char **error_r)
{
	const struct eas_class *class;
	struct eas_class_write write;
	struct store_item item;
	int ret;

	*error_r = "The store failed";
	ret = store_item_get(ctx->req->store, pool_datastack_create(),
			     ctx->folder->pim_id, fetch->uid, &item);
	if (ret <= 0)
		return ret;
	class = eas_class_find(ctx->folder->kind, ctx->req->version);
	i_zero(&write);
	write.req = ctx->req;
	write.options = options;
	write.parts = parts;
	write.folder_id = ctx->folder->id;
	return class->write(&write, &item, writer, error_r) < 0 ? -1 : 1;
}

static int
fetch_write_item(struct itemoperations_context *ctx, const struct fetch *fetch,
		 struct mail *mail, const struct eas_item_options *options,
		 struct wbxml_writer *writer, const char **error_r)
{
	const struct eas_email_parts parts = {
		.add = eas_multipart_add,
		.context = ctx->multipart,
	};
	/* a body that is going to be dropped must not become a part */
	bool with_parts = ctx->multipart != NULL &&
		fetch_wants(fetch, EAS_AIRSYNCBASE_BODY);
	int ret;

	fetch_write_head(ctx, writer, fetch, ITEMOPERATIONS_SUCCESS);
	wbxml_open(writer, EAS_ITEMOPERATIONS_PROPERTIES);
	if (mail == NULL) {
		ret = fetch_write_store_item(ctx, fetch, options,
					     with_parts ? &parts : NULL,
					     writer, error_r);
	} else {
		ret = eas_email_write_parts(ctx->req, ctx->folder, mail,
					    options, EAS_MAIL_WRITE_PROPERTIES,
					    with_parts ? &parts : NULL,
					    writer, error_r);
	}
	if (ret > 0) {
		wbxml_close(writer);
		wbxml_close(writer);
	}
	return ret;
}

static void
fetch_append(struct itemoperations_context *ctx, const struct fetch *fetch,
	     struct ostream **output)
{
	struct eas_schema_filter *filter = NULL;
	const unsigned char *data;
	struct istream *input;
	size_t size;

	if (fetch->schema != NULL) {
		filter = eas_schema_filter_init(ctx->writer,
						EAS_ITEMOPERATIONS_PROPERTIES,
						fetch->schema);
	}
	input = iostream_temp_finish(output, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		if (filter != NULL)
			eas_schema_filter_more(filter, data, size);
		else
			wbxml_writer_append(ctx->writer, data, size);
		i_stream_skip(input, size);
	}
	if (input->stream_errno != 0) {
		e_error(ctx->req->event, "Reading back an item failed: %s",
			i_stream_get_error(input));
		ctx->failed = TRUE;
	}
	i_stream_unref(&input);
	if (filter != NULL && eas_schema_filter_deinit(&filter) < 0 &&
	    !ctx->failed)
		i_panic("An item is no whole fragment");
}

/* Writes the whole element if there is success. mail NULL: an item of the
   store. */
static enum itemoperations_status
fetch_spool_item(struct itemoperations_context *ctx, const struct fetch *fetch,
		 struct mail *mail, const struct eas_item_options *options)
{
	struct wbxml_writer *writer;
	struct ostream *output;
	const char *error = NULL;
	int ret;

	output = iostream_temp_create_sized(
		t_strconcat(ctx->req->req->user->set->roost_spool_dir,
			    "/roost-item.", NULL), 0, "(item)",
		ITEM_MAX_MEMORY);
	writer = wbxml_writer_init_fragment(output);
	ret = fetch_write_item(ctx, fetch, mail, options, writer, &error);
	if (ret > 0 && wbxml_writer_finish(&writer) == 0) {
		fetch_append(ctx, fetch, &output);
		return ITEMOPERATIONS_SUCCESS;
	}
	if (ret > 0) {
		e_error(ctx->req->event, "Writing an item failed: %s",
			o_stream_get_error(output));
		ctx->failed = TRUE;
	} else {
		wbxml_writer_abort(&writer);
		if (ret < 0) {
			e_error(ctx->req->event,
				"Mailbox %s: UID %u can't be shown: %s",
				eas_folder_log_name(ctx->folder), fetch->uid,
				error);
		}
	}
	o_stream_abort(output);
	o_stream_destroy(&output);
	return ret == 0 ? ITEMOPERATIONS_NOT_FOUND :
		ITEMOPERATIONS_CONVERSION_FAILED;
}

static enum itemoperations_status
fetch_mail(struct itemoperations_context *ctx, const struct fetch *fetch)
{
	struct mailbox_header_lookup_ctx *headers;
	struct eas_item_options options;
	enum itemoperations_status ret;
	enum mail_fetch_field fields;
	enum eas_status status;
	struct mail *mail;

	eas_item_options_init(&options, ctx->req->version);
	if (fetch->options != NULL &&
	    eas_item_options_parse(&options, fetch->options, ctx->req->version,
				   &status) < 0) {
		return status == EAS_STATUS_INVALID_XML ?
			ITEMOPERATIONS_PROTOCOL_ERROR :
			(enum itemoperations_status)status;
	}
	if (ctx->folder->kind != STORE_KIND_NONE)
		return fetch_spool_item(ctx, fetch, NULL, &options);
	fields = eas_email_fetch_fields(ctx->box, &options,
					EAS_MAIL_WRITE_PROPERTIES, &headers);
	mail = mail_alloc(ctx->trans, fields, headers);
	if (headers != NULL)
		mailbox_header_lookup_unref(&headers);
	if (!mail_set_uid(mail, fetch->uid))
		ret = ITEMOPERATIONS_NOT_FOUND;
	else
		ret = fetch_spool_item(ctx, fetch, mail, &options);
	mail_free(&mail);
	return ret;
}

/* -- attachments -- */

/* Makes the range one of the content's. */
static enum itemoperations_status
fetch_clip_range(struct fetch_range *range, uoff_t size)
{
	if (!range->set)
		return ITEMOPERATIONS_SUCCESS;
	if (size == 0)
		return ITEMOPERATIONS_FILE_EMPTY;
	if (range->first >= size)
		return ITEMOPERATIONS_INVALID_RANGE;
	range->last = I_MIN(range->last, size - 1);
	return ITEMOPERATIONS_SUCCESS;
}

static void
fetch_write_data(struct itemoperations_context *ctx, struct istream *input,
		 uoff_t size)
{
	struct istream *encoded;

	if (ctx->multipart != NULL) {
		wbxml_uint(ctx->writer, EAS_ITEMOPERATIONS_PART,
			   eas_multipart_add(ctx->multipart, input, size));
		return;
	}
	encoded = i_stream_create_base64_encoder(input, 0, FALSE);
	if (wbxml_text_stream(ctx->writer, EAS_ITEMOPERATIONS_DATA, encoded,
			      UOFF_T_MAX) < 0) {
		e_error(ctx->req->event, "Reading an attachment failed: %s",
			i_stream_get_error(encoded));
		ctx->failed = TRUE;
	}
	i_stream_unref(&encoded);
}

static void
fetch_write_attachment(struct itemoperations_context *ctx,
		       const struct fetch *fetch,
		       const struct fetch_range *range, struct istream *input,
		       uoff_t size, const char *content_type)
{
	uoff_t part_size = !range->set ? size : range->last - range->first + 1;
	struct istream *part;

	fetch_write_head(ctx, ctx->writer, fetch, ITEMOPERATIONS_SUCCESS);
	wbxml_open(ctx->writer, EAS_ITEMOPERATIONS_PROPERTIES);
	if (range->set) {
		wbxml_text(ctx->writer, EAS_ITEMOPERATIONS_RANGE,
			   t_strdup_printf("%"PRIuUOFF_T"-%"PRIuUOFF_T,
					   range->first, range->last));
		wbxml_uint(ctx->writer, EAS_ITEMOPERATIONS_TOTAL, size);
	}
	wbxml_text(ctx->writer, EAS_AIRSYNCBASE_CONTENT_TYPE, content_type);
	part = i_stream_create_range(input, range->first, part_size);
	fetch_write_data(ctx, part, part_size);
	i_stream_unref(&part);
	wbxml_close(ctx->writer);
	wbxml_close(ctx->writer);
}

/* An attachment of an item of the store: its part is the blob's number. */
static enum itemoperations_status
fetch_blob(struct itemoperations_context *ctx, const struct fetch *fetch)
{
	struct fetch_range range = fetch->range;
	enum itemoperations_status status;
	struct istream *input;
	struct store_blob blob;
	uint32_t num;
	int ret;

	if (str_to_uint32(fetch->part, &num) < 0)
		return ITEMOPERATIONS_INVALID_ATTACHMENT;
	ret = store_blob_get(ctx->req->store, pool_datastack_create(), num,
			     &blob);
	if (ret < 0)
		return ITEMOPERATIONS_SERVER_ERROR;
	if (ret == 0 || blob.folder != ctx->folder->pim_id ||
	    blob.uid != fetch->uid)
		return ITEMOPERATIONS_INVALID_ATTACHMENT;
	status = fetch_clip_range(&range, blob.size);
	if (status != ITEMOPERATIONS_SUCCESS)
		return status;
	input = store_blob_open(ctx->req->store, num);
	if (input == NULL)
		return ITEMOPERATIONS_SERVER_ERROR;
	fetch_write_attachment(ctx, fetch, &range, input, blob.size,
			       blob.type == NULL ? "application/octet-stream" :
			       blob.type);
	i_stream_unref(&input);
	return ITEMOPERATIONS_SUCCESS;
}

static enum itemoperations_status
fetch_attachment(struct itemoperations_context *ctx, const struct fetch *fetch)
{
	struct fetch_range range = fetch->range;
	enum itemoperations_status status = ITEMOPERATIONS_INVALID_ATTACHMENT;
	const char *content_type, *filename;
	struct istream *input;
	struct mail *mail;
	uoff_t size;
	int ret;

	if (ctx->folder->kind != STORE_KIND_NONE)
		return fetch_blob(ctx, fetch);
	mail = mail_alloc(ctx->trans, 0, NULL);
	ret = !mail_set_uid(mail, fetch->uid) ? 0 :
		eas_email_open_attachment(mail, fetch->part, &input, &size,
					  &content_type, &filename);
	if (ret < 0) {
		status = ITEMOPERATIONS_SERVER_ERROR;
	} else if (ret > 0) {
		status = fetch_clip_range(&range, size);
		if (status == ITEMOPERATIONS_SUCCESS) {
			fetch_write_attachment(ctx, fetch, &range, input, size,
					       content_type);
		}
		i_stream_unref(&input);
	}
	mail_free(&mail);
	return status;
}

void itemoperations_fetch(struct itemoperations_context *ctx,
			  const struct wbxml_node *node)
{
	enum itemoperations_status status;
	struct fetch fetch;

	status = fetch_parse(node, &fetch);
	if (status == ITEMOPERATIONS_SUCCESS)
		status = fetch_open_folder(ctx, fetch.folder_id);
	if (status == ITEMOPERATIONS_SUCCESS)
		status = fetch_check_uidvalidity(ctx, &fetch);
	/* an edited draft has another UID now */
	if (status == ITEMOPERATIONS_SUCCESS &&
	    eas_draft_resolve_missing(ctx->req, ctx->folder, ctx->box,
				      &fetch.uid, &fetch.part) < 0)
		status = ITEMOPERATIONS_SERVER_ERROR;
	/* ... and this attachment no more */
	if (status == ITEMOPERATIONS_SUCCESS && fetch.part == NULL &&
	    fetch.file_reference != NULL)
		status = ITEMOPERATIONS_INVALID_ATTACHMENT;
	if (status == ITEMOPERATIONS_NOT_FOUND && fetch.part != NULL)
		status = ITEMOPERATIONS_INVALID_ATTACHMENT;
	if (status == ITEMOPERATIONS_SUCCESS) {
		status = fetch.file_reference != NULL ?
			fetch_attachment(ctx, &fetch) :
			fetch_mail(ctx, &fetch);
	}
	if (status != ITEMOPERATIONS_SUCCESS) {
		fetch_write_head(ctx, ctx->writer, &fetch, status);
		wbxml_close(ctx->writer);
	}
}
