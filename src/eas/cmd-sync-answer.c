/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "class-email.h"
#include "eas-key.h"
#include "eas-recipients.h"
#include "store-recipient.h"
#include "sync-mail.h"
#include "cmd-sync.h"

/* A window also ends when the answer has become this large: clients wait two minutes
   for it at most. */
#define EAS_SYNC_ANSWER_SOFT_LIMIT (8*1024*1024)
/* an item of up to this size is not written to a file on its way */
#define EAS_SYNC_ITEM_MAX_MEMORY (128*1024)

struct eas_sync_answer {
	struct eas_sync *sync;
	struct eas_sync_collection *coll;
	struct wbxml_writer *writer;
	struct mailbox_transaction_context *trans;
	/* with the fields that an Add and a Change want; made when needed */
	struct mail *mails[2];
	/* items that the global window still admits */
	unsigned int room;
	bool commands_open;
};

static struct mail *
eas_sync_answer_mail(struct eas_sync_answer *ctx,
		     enum eas_mail_write_flags flags)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct mailbox_header_lookup_ctx *headers = NULL;
	enum mail_fetch_field fields;
	struct mail **mailp = &ctx->mails[flags == EAS_MAIL_WRITE_ALL ? 0 : 1];

	if (*mailp != NULL)
		return *mailp;
	if (ctx->trans == NULL) {
		ctx->trans = mailbox_transaction_begin(coll->box, 0, __func__);
	}
	fields = eas_email_fetch_fields(coll->box, &coll->state.options,
					flags, &headers);
	*mailp = mail_alloc(ctx->trans, fields, headers);
	if (headers != NULL)
		mailbox_header_lookup_unref(&headers);
	return *mailp;
}

static void eas_sync_answer_free_mails(struct eas_sync_answer *ctx)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(ctx->mails); i++) {
		if (ctx->mails[i] != NULL)
			mail_free(&ctx->mails[i]);
	}
	/* what the cache learned of the mails is kept */
	if (ctx->trans != NULL)
		(void)mailbox_transaction_commit(&ctx->trans);
}

/* Appends a finished fragment; a large one comes back from its file in pieces. */
static int
eas_sync_answer_append(struct eas_sync_answer *ctx, struct ostream **output)
{
	struct istream *input;
	const unsigned char *data;
	size_t size;
	int ret;

	input = iostream_temp_finish(output, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		wbxml_writer_append(ctx->writer, data, size);
		i_stream_skip(input, size);
	}
	ret = input->stream_errno == 0 ? 0 : -1;
	if (ret < 0) {
		e_error(ctx->sync->req->event, "Reading back an item failed: "
			"%s", i_stream_get_error(input));
	}
	i_stream_unref(&input);
	return ret;
}

/* What an item is written of. */
struct eas_sync_answer_source {
	uint32_t uid;
	struct mail *mail;		/* NULL = an item of the store, */
	struct store_item item;
	/* or, if it has an address, of the recipient information cache */
	struct store_recipient recipient;
};

static int
eas_sync_write_store_item(struct eas_sync_answer *ctx,
			  struct wbxml_writer *writer,
			  const struct eas_sync_answer_source *source,
			  const struct eas_item_options *options,
			  const char **error_r)
{
	struct eas_request *req = ctx->sync->req;
	const struct eas_class *class;
	struct eas_class_write write;

	class = eas_class_find(ctx->coll->folder->kind, req->version);
	i_zero(&write);
	write.req = req;
	write.options = options;
	write.folder_id = ctx->coll->id;
	return class->write(&write, &source->item, writer, error_r) < 0 ?
		-1 : 1;
}

/* Returns 1, 0 if it is gone, -1 (logged). */
static int
eas_sync_answer_get(struct eas_sync_answer *ctx, uint32_t uid,
		    enum eas_mail_write_flags flags,
		    struct eas_sync_answer_source *source_r)
{
	struct eas_sync_collection *coll = ctx->coll;

	i_zero(source_r);
	source_r->uid = uid;
	if (eas_folder_is_recipients(coll->folder)) {
		return store_recipient_get(ctx->sync->req->store,
					   pool_datastack_create(), uid,
					   &source_r->recipient);
	}
	if (coll->folder->kind != STORE_KIND_NONE) {
		return store_item_get(ctx->sync->req->store,
				      pool_datastack_create(),
				      coll->folder->pim_id, uid,
				      &source_r->item);
	}
	if (coll->box == NULL)
		return 0;
	source_r->mail = eas_sync_answer_mail(ctx, flags);
	return sync_mail_set_uid(source_r->mail, uid) ? 1 : 0;
}

/* ApplicationData with all its parents that stand in a fragment with it. */
static int
eas_sync_write_item(struct eas_sync_answer *ctx, struct wbxml_writer *writer,
		    const struct eas_sync_answer_source *source,
		    const struct eas_item_options *options,
		    enum eas_mail_write_flags flags, unsigned int tag,
		    const char **error_r)
{
	struct eas_sync_collection *coll = ctx->coll;
	int ret;

	wbxml_open(writer, tag);
	wbxml_text(writer, EAS_AIRSYNC_SERVER_ID,
		   eas_item_id(coll->id, eas_sync_uid_to_id(&coll->state,
							    source->uid)));
	if (tag == EAS_AIRSYNC_FETCH) {
		wbxml_uint(writer, EAS_AIRSYNC_STATUS,
			   EAS_SYNC_STATUS_SUCCESS);
	}
	wbxml_open(writer, EAS_AIRSYNC_APPLICATION_DATA);
	if (source->recipient.address != NULL) {
		eas_recipient_write(writer, &source->recipient);
		ret = 1;
	} else if (source->mail == NULL) {
		ret = eas_sync_write_store_item(ctx, writer, source, options,
						error_r);
	} else {
		ret = eas_email_write(ctx->sync->req, coll->folder,
				      source->mail, options, flags, writer,
				      error_r);
	}
	if (ret > 0) {
		wbxml_close(writer);
		wbxml_close(writer);
	}
	return ret;
}

enum eas_sync_item_result {
	EAS_SYNC_ITEM_FAILED = -1,	/* the answer as a whole */
	EAS_SYNC_ITEM_GONE,
	EAS_SYNC_ITEM_BROKEN,		/* it can't be shown */
	EAS_SYNC_ITEM_WRITTEN,
};

/* Writes the item aside first: only a whole one comes into the answer. */
static enum eas_sync_item_result
eas_sync_answer_item(struct eas_sync_answer *ctx, uint32_t uid,
		     const struct eas_item_options *options,
		     enum eas_mail_write_flags flags, unsigned int tag)
{
	struct eas_request *req = ctx->sync->req;
	struct eas_sync_answer_source source;
	struct ostream *output;
	struct wbxml_writer *writer;
	const char *error = NULL;
	int ret;

	ret = eas_sync_answer_get(ctx, uid, flags, &source);
	if (ret <= 0)
		return ret < 0 ? EAS_SYNC_ITEM_FAILED : EAS_SYNC_ITEM_GONE;
	output = iostream_temp_create_sized(
		t_strconcat(req->req->user->set->roost_spool_dir,
			    "/roost-item.", NULL), 0, "sync item",
		EAS_SYNC_ITEM_MAX_MEMORY);
	writer = wbxml_writer_init_fragment(output);
	ret = eas_sync_write_item(ctx, writer, &source, options, flags, tag,
				  &error);
	if (ret <= 0) {
		wbxml_writer_abort(&writer);
		if (ret < 0) {
			e_error(req->event, "Mailbox %s: UID %u can't be shown "
				"to devices, skipping it: %s",
				eas_folder_log_name(ctx->coll->folder), uid, error);
		}
		o_stream_abort(output);
		o_stream_destroy(&output);
		return ret < 0 ? EAS_SYNC_ITEM_BROKEN : EAS_SYNC_ITEM_GONE;
	}
	if (wbxml_writer_finish(&writer) < 0) {
		e_error(req->event, "Mailbox %s: Writing UID %u failed: %s",
			eas_folder_log_name(ctx->coll->folder), uid,
			o_stream_get_error(output));
		o_stream_destroy(&output);
		return EAS_SYNC_ITEM_FAILED;
	}
	if (tag != EAS_AIRSYNC_FETCH && !ctx->commands_open) {
		wbxml_open(ctx->writer, EAS_AIRSYNC_COMMANDS);
		ctx->commands_open = TRUE;
	}
	return eas_sync_answer_append(ctx, &output) < 0 ?
		EAS_SYNC_ITEM_FAILED : EAS_SYNC_ITEM_WRITTEN;
}

static enum eas_sync_item_result
eas_sync_answer_delete(struct eas_sync_answer *ctx, uint32_t uid,
		       unsigned int tag)
{
	if (!ctx->commands_open) {
		wbxml_open(ctx->writer, EAS_AIRSYNC_COMMANDS);
		ctx->commands_open = TRUE;
	}
	wbxml_open(ctx->writer, tag);
	wbxml_text(ctx->writer, EAS_AIRSYNC_SERVER_ID,
		   eas_item_id(ctx->coll->id,
			       eas_sync_uid_to_id(&ctx->coll->state, uid)));
	wbxml_close(ctx->writer);
	return EAS_SYNC_ITEM_WRITTEN;
}

static enum eas_sync_item_result
eas_sync_answer_next(struct eas_sync_answer *ctx, const struct sync_item *item)
{
	const struct eas_item_options *options = &ctx->coll->state.options;

	switch (item->kind) {
	case SYNC_DELETE:
		return eas_sync_answer_delete(ctx, item->uid,
					      EAS_AIRSYNC_DELETE);
	case SYNC_SOFT_DELETE:
		return eas_sync_answer_delete(ctx, item->uid,
					      EAS_AIRSYNC_SOFT_DELETE);
	case SYNC_CHANGE:
		/* of a draft everything can change */
		return eas_sync_answer_item(ctx, item->uid, options,
			eas_sync_has_drafts(ctx->sync, ctx->coll) ?
				EAS_MAIL_WRITE_ALL : EAS_MAIL_WRITE_CHANGE,
			EAS_AIRSYNC_CHANGE);
	case SYNC_ADD:
		return eas_sync_answer_item(ctx, item->uid, options,
					    EAS_MAIL_WRITE_ALL,
					    EAS_AIRSYNC_ADD);
	}
	i_unreached();
}

static int eas_sync_answer_commands(struct eas_sync_answer *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	uoff_t start = wbxml_writer_size(ctx->writer);
	enum eas_sync_item_result result;
	struct sync_item item;
	unsigned int window;

	if (!coll->get_changes)
		return 0;
	window = eas_sync_window(ctx->sync, coll, ctx->room);
	while (window > 0 && sync_next(&coll->next.sync, &item) &&
	       wbxml_writer_size(ctx->writer) - start <
			EAS_SYNC_ANSWER_SOFT_LIMIT) {
		T_BEGIN {
			result = eas_sync_is_skipped(ctx->sync, coll, &item) ?
				EAS_SYNC_ITEM_BROKEN :
				eas_sync_answer_next(ctx, &item);
		} T_END;
		switch (result) {
		case EAS_SYNC_ITEM_FAILED:
			return -1;
		case EAS_SYNC_ITEM_GONE:
			sync_skipped(&coll->next.sync, &item);
			break;
		case EAS_SYNC_ITEM_BROKEN:
			sync_broken(&coll->next.sync, &item, eas_sync_today());
			break;
		case EAS_SYNC_ITEM_WRITTEN:
			sync_told(&coll->next.sync, &item);
			window--;
			ctx->room--;
			break;
		}
	}
	if (ctx->commands_open)
		wbxml_close(ctx->writer);
	coll->answer_size = wbxml_writer_size(ctx->writer) - start;
	coll->more_available = sync_next(&coll->next.sync, &item);
	return 0;
}

/* [MS-ASCMD] 2.2.3.67.2: a Fetch is for what was truncated, so it gives the whole. */
static void
eas_sync_fetch_options(const struct eas_item_options *options,
		       struct eas_item_options *whole_r)
{
	unsigned int i;

	*whole_r = *options;
	for (i = 0; i < N_ELEMENTS(whole_r->body); i++)
		whole_r->body[i].truncation_size = UINT32_MAX;
	whole_r->body_part.truncation_size = UINT32_MAX;
	whole_r->truncation = whole_r->mime_truncation = UINT32_MAX;
}

static enum eas_sync_item_result
eas_sync_answer_fetch(struct eas_sync_answer *ctx,
		      const struct eas_sync_response *response)
{
	struct eas_item_options options;

	eas_sync_fetch_options(&ctx->coll->state.options, &options);
	return eas_sync_answer_item(ctx, response->uid, &options,
				    EAS_MAIL_WRITE_ALL, EAS_AIRSYNC_FETCH);
}

/* A draft that the device has made: what the server knows of it, and the device does not. */
static int
eas_sync_answer_added(struct eas_sync_answer *ctx,
		      const struct eas_sync_response *response)
{
	struct eas_sync_collection *coll = ctx->coll;
	struct mail *mail = eas_sync_answer_mail(ctx, EAS_MAIL_WRITE_ALL);
	const char *error;

	wbxml_open(ctx->writer, response->tag);
	wbxml_text(ctx->writer, EAS_AIRSYNC_CLIENT_ID, response->client_id);
	wbxml_text(ctx->writer, EAS_AIRSYNC_SERVER_ID,
		   eas_item_id(coll->id, eas_sync_uid_to_id(&coll->state,
							    response->uid)));
	wbxml_uint(ctx->writer, EAS_AIRSYNC_STATUS, response->status);
	if (sync_mail_set_uid(mail, response->uid) &&
	    eas_email_write_added(ctx->sync->req, coll->folder, mail,
				  &coll->state.options, ctx->writer,
				  &error) < 0) {
		e_error(ctx->sync->req->event, "Mailbox %s: Draft UID %u: %s",
			coll->folder->vname, response->uid, error);
		return -1;
	}
	wbxml_close(ctx->writer);
	return 0;
}

/* The same of an item of the store. */
static int
eas_sync_answer_added_item(struct eas_sync_answer *ctx,
			   const struct eas_sync_response *response)
{
	struct eas_request *req = ctx->sync->req;
	const struct eas_class *class;
	struct eas_class_write write;
	struct store_item item;
	int ret;

	ret = store_item_get(req->store, pool_datastack_create(),
			     ctx->coll->folder->pim_id, response->uid, &item);
	if (ret <= 0)
		return ret;
	class = eas_class_find(ctx->coll->folder->kind, req->version);
	i_zero(&write);
	write.req = req;
	write.options = &ctx->coll->state.options;
	write.folder_id = ctx->coll->id;
	wbxml_open(ctx->writer, EAS_AIRSYNC_APPLICATION_DATA);
	class->write_added(&write, &item, response->data, ctx->writer);
	wbxml_close(ctx->writer);
	return 0;
}

static int
eas_sync_answer_response(struct eas_sync_answer *ctx,
			 const struct eas_sync_response *response)
{
	enum eas_sync_status status = response->status;

	if (response->tag == EAS_AIRSYNC_FETCH &&
	    status == EAS_SYNC_STATUS_SUCCESS) {
		switch (eas_sync_answer_fetch(ctx, response)) {
		case EAS_SYNC_ITEM_FAILED:
			return -1;
		case EAS_SYNC_ITEM_GONE:
			status = EAS_SYNC_STATUS_NOT_FOUND;
			break;
		case EAS_SYNC_ITEM_BROKEN:
			status = EAS_SYNC_STATUS_SERVER_ERROR;
			break;
		case EAS_SYNC_ITEM_WRITTEN:
			return 0;
		}
	}
	if (response->added_draft)
		return eas_sync_answer_added(ctx, response);
	wbxml_open(ctx->writer, response->tag);
	wbxml_text(ctx->writer, EAS_AIRSYNC_CLASS, response->class);
	wbxml_text(ctx->writer, EAS_AIRSYNC_CLIENT_ID, response->client_id);
	wbxml_text(ctx->writer, EAS_AIRSYNC_SERVER_ID, response->server_id);
	/* [MS-ASAIRS] 2.2.2.25 */
	wbxml_text(ctx->writer, EAS_AIRSYNCBASE_INSTANCE_ID,
		   response->instance_id);
	wbxml_uint(ctx->writer, EAS_AIRSYNC_STATUS, status);
	if (response->added_item &&
	    eas_sync_answer_added_item(ctx, response) < 0)
		return -1;
	wbxml_close(ctx->writer);
	return 0;
}

static int eas_sync_answer_responses(struct eas_sync_answer *ctx)
{
	const struct eas_sync_response *response;
	int ret = 0;

	if (array_count(&ctx->coll->responses) == 0)
		return 0;
	wbxml_open(ctx->writer, EAS_AIRSYNC_RESPONSES);
	array_foreach(&ctx->coll->responses, response) {
		T_BEGIN {
			ret = eas_sync_answer_response(ctx, response);
		} T_END;
		if (ret < 0)
			return -1;
	}
	wbxml_close(ctx->writer);
	return 0;
}

static const char *
eas_sync_answer_key(const struct eas_sync_collection *coll)
{
	if (coll->status == EAS_SYNC_STATUS_INVALID_KEY)
		return EAS_SYNC_KEY_INITIAL;
	if (coll->status != EAS_SYNC_STATUS_SUCCESS || !coll->answered)
		return coll->key;
	return eas_sync_key_format(coll->row.stored.epoch,
				   coll->next.counter);
}

static int eas_sync_answer_collection(struct eas_sync_answer *ctx)
{
	struct eas_sync_collection *coll = ctx->coll;
	int ret = 0;

	wbxml_open(ctx->writer, EAS_AIRSYNC_COLLECTION);
	wbxml_text(ctx->writer, EAS_AIRSYNC_CLASS, coll->class);
	wbxml_text(ctx->writer, EAS_AIRSYNC_SYNC_KEY,
		   eas_sync_answer_key(coll));
	wbxml_text(ctx->writer, EAS_AIRSYNC_COLLECTION_ID, coll->id);
	wbxml_uint(ctx->writer, EAS_AIRSYNC_STATUS, coll->status);
	if (coll->status == EAS_SYNC_STATUS_SUCCESS && coll->answered &&
	    !coll->initial) {
		ret = eas_sync_answer_commands(ctx);
		if (ret == 0)
			ret = eas_sync_answer_responses(ctx);
		if (ret == 0 && coll->more_available)
			wbxml_empty(ctx->writer, EAS_AIRSYNC_MORE_AVAILABLE);
	}
	eas_sync_answer_free_mails(ctx);
	if (ret == 0)
		wbxml_close(ctx->writer);
	return ret;
}

/* A collection without changes is left out, where the device knows what that means. */
static bool
eas_sync_answer_wants(const struct eas_sync *sync,
		      const struct eas_sync_collection *coll)
{
	return !coll->unchanged || sync->req->version < EAS_VERSION_12_1;
}

int eas_sync_answer_write(struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;
	struct eas_sync_answer ctx;
	int ret = 0;

	i_zero(&ctx);
	ctx.sync = sync;
	ctx.writer = eas_request_writer(sync->req);
	ctx.room = sync->window != 0 ? sync->window : UINT_MAX;

	wbxml_open(ctx.writer, EAS_AIRSYNC_SYNC);
	wbxml_open(ctx.writer, EAS_AIRSYNC_COLLECTIONS);
	array_foreach(&sync->collections, collp) {
		if (!eas_sync_answer_wants(sync, *collp))
			continue;
		ctx.coll = *collp;
		ctx.commands_open = FALSE;
		ret = eas_sync_answer_collection(&ctx);
		if (ret < 0)
			return -1;
	}
	wbxml_close(ctx.writer);
	wbxml_close(ctx.writer);
	return 0;
}
