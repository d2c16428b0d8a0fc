/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "seq-range-array.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "sync-mail.h"
#include "eas-folders.h"
#include "eas-submit-private.h"

#include <time.h>

/* The copy in Sent Items. */

void eas_submit_sent_look(struct eas_request *req,
			  struct eas_submit_record *record)
{
	struct mailbox_status status;
	struct eas_folder *folder;
	struct mailbox *box;

	record->uidvalidity = record->uidnext = 0;
	if (eas_folder_find_type(req, EAS_FOLDER_SENT_ITEMS, &folder) <= 0 ||
	    eas_folder_mailbox_alloc(req, folder, FALSE, &box) <= 0)
		return;
	if (mailbox_get_status(box, STATUS_UIDVALIDITY | STATUS_UIDNEXT,
			       &status) == 0) {
		record->uidvalidity = status.uidvalidity;
		record->uidnext = status.uidnext;
	}
	mailbox_free(&box);
}

/* Is the copy there already? Returns 1, 0, -1. */
static int
sent_search(struct mailbox *box, const char *message_id,
	    const struct eas_submit_record *record)
{
	struct mailbox_transaction_context *trans;
	struct mail_search_args *args;
	struct mail_search_arg *arg;
	struct mail_search_context *ctx;
	struct mailbox_status status;
	struct mail *mail;
	uint32_t first_uid;
	int ret;

	mailbox_get_open_status(box, STATUS_UIDVALIDITY, &status);
	/* of another mailbox the number tells nothing */
	first_uid = status.uidvalidity == record->uidvalidity ?
		I_MAX(record->uidnext, 1) : 1;

	args = mail_search_build_init();
	arg = mail_search_build_add(args, SEARCH_UIDSET);
	p_array_init(&arg->value.seqset, args->pool, 1);
	seq_range_array_add_range(&arg->value.seqset, first_uid, (uint32_t)-1);
	arg = mail_search_build_add(args, SEARCH_HEADER);
	arg->hdr_field_name = "Message-ID";
	arg->value.str = p_strdup(args->pool, message_id);
	trans = mailbox_transaction_begin(box, 0, "eas submit");
	ctx = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	ret = mailbox_search_next(ctx, &mail) ? 1 : 0;
	if (mailbox_search_deinit(&ctx) < 0)
		ret = -1;
	mailbox_transaction_rollback(&trans);
	return ret;
}

static int sent_copy(struct mailbox *box, struct istream *input)
{
	struct mailbox_transaction_context *trans;
	struct mail_save_context *ctx;
	int ret;

	trans = mailbox_transaction_begin(box,
		MAILBOX_TRANSACTION_FLAG_EXTERNAL, "eas submit");
	ctx = mailbox_save_alloc(trans);
	mailbox_save_set_flags(ctx, MAIL_SEEN, NULL);
	mailbox_save_set_received_date(ctx, time(NULL), 0);
	ret = mailbox_save_begin(&ctx, input);
	if (ret == 0) {
		do {
			ret = mailbox_save_continue(ctx);
		} while (ret == 0 && i_stream_read(input) > 0);
		if (ret < 0 || input->stream_errno != 0) {
			mailbox_save_cancel(&ctx);
			ret = -1;
		} else {
			ret = mailbox_save_finish(&ctx);
		}
	}
	if (ret < 0) {
		mailbox_transaction_rollback(&trans);
		return -1;
	}
	return mailbox_transaction_commit(&trans);
}

static unsigned int
sent_failed(struct eas_request *req, const char *vname, struct mailbox *box,
	    struct istream *input)
{
	enum mail_error error;
	const char *errstr;

	if (input->stream_errno != 0) {
		e_error(req->event, "Mail was sent, but reading it for the "
			"copy in %s failed: %s", vname,
			i_stream_get_error(input));
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	errstr = mailbox_get_last_internal_error(box, &error);
	switch (error) {
	case MAIL_ERROR_NOQUOTA:
		e_warning(req->event, "Mail was sent, but there is no room for "
			  "the copy in %s: %s", vname, errstr);
		return EAS_STATUS_MAILBOX_QUOTA_EXCEEDED;
	case MAIL_ERROR_TEMP:
	case MAIL_ERROR_INUSE:
	case MAIL_ERROR_LIMIT:
		e_error(req->event, "Mail was sent, but saving the copy in %s "
			"failed: %s", vname, errstr);
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	default:
		/* it won't go the next time either: the device must not try
		   for ever */
		e_error(req->event, "Mail was sent without a copy in %s: %s",
			vname, errstr);
		return 0;
	}
}

unsigned int
eas_submit_sent_save(struct eas_request *req, struct istream *input,
		     const char *message_id,
		     const struct eas_submit_record *record, bool repeat)
{
	struct eas_folder *folder;
	struct mailbox *box;
	unsigned int status = 0;
	int ret;

	ret = eas_folder_find_type(req, EAS_FOLDER_SENT_ITEMS, &folder);
	if (ret > 0)
		ret = eas_folder_mailbox_alloc(req, folder, TRUE, &box);
	if (ret <= 0) {
		if (ret == 0) {
			e_error(req->event, "Mail was sent without a copy: "
				"There is no folder for it");
		}
		return ret == 0 ? 0 : EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	ret = sync_mail_open(box);
	if (ret == 0 && repeat)
		ret = sent_search(box, message_id, record);
	if (ret == 0)
		ret = sent_copy(box, input);
	if (ret < 0)
		status = sent_failed(req, folder->vname, box, input);
	mailbox_free(&box);
	return status;
}
