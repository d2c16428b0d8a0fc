/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "ostream.h"
#include "mail-storage.h"
#include "class-email.h"
#include "eas-collection.h"
#include "sync-mail.h"
#include "eas-commands.h"

/* GetAttachment ([MS-ASCMD] 2.2.1.7): the content itself is the answer. What can't be had
   is HTTP status 500, as the document wants it. Only mails have attachments in the versions that have
   this command: those of events came with 16.0, where ItemOperations fetches them. */

static int
getattachment_send(struct eas_request *req, struct mail *mail, const char *part)
{
	const char *content_type, *filename;
	struct ostream *output;
	struct istream *input;
	uoff_t size;
	int ret;

	ret = eas_email_open_attachment(mail, part, &input, &size,
					&content_type, &filename);
	if (ret <= 0) {
		return ret < 0 ? eas_request_fail_temp(req) :
			eas_request_fail_http(req, 500, "No such attachment");
	}
	roost_answer_add_header(req->req, "Content-Type", content_type);
	req->req->answer.gzip = TRUE;
	output = roost_answer_output(req->req);
	o_stream_nsend_istream(output, input);
	ret = 1;
	if (input->stream_errno != 0) {
		e_error(req->event, "Reading an attachment failed: %s",
			i_stream_get_error(input));
		ret = eas_request_fail_temp(req);
	}
	i_stream_unref(&input);
	return ret;
}

static int
getattachment_from_box(struct eas_request *req, struct eas_folder *folder,
		       struct mailbox *box, uint32_t uid, const char *part)
{
	struct mailbox_transaction_context *trans;
	struct mailbox_status status;
	uint32_t uidvalidity = 0;
	struct mail *mail;
	int ret;

	if (sync_mail_open(box) < 0) {
		e_error(req->event, "Mailbox %s: %s", folder->vname,
			mailbox_get_last_internal_error(box, NULL));
		return eas_request_fail_temp(req);
	}
	mailbox_get_open_status(box, STATUS_UIDVALIDITY, &status);
	if (eas_collection_uidvalidity(req, folder->id, &uidvalidity) < 0)
		return eas_request_fail_temp(req);
	if (uidvalidity != 0 && uidvalidity != status.uidvalidity)
		return eas_request_fail_http(req, 500, "No such mail");

	trans = mailbox_transaction_begin(box, 0, "eas attachment");
	mail = mail_alloc(trans, 0, NULL);
	ret = mail_set_uid(mail, uid) ? getattachment_send(req, mail, part) :
		eas_request_fail_http(req, 500, "No such mail");
	mail_free(&mail);
	(void)mailbox_transaction_commit(&trans);
	return ret;
}

int eas_cmd_getattachment(struct eas_request *req)
{
	const char *folder_id, *part;
	struct eas_folder *folder;
	struct mailbox *box;
	uint32_t uid;
	int ret;

	if (req->attachment_name == NULL)
		return eas_request_fail_http(req, 400, "No AttachmentName");
	if (eas_file_reference_parse(req->attachment_name, &folder_id, &uid,
				     &part) < 0)
		return eas_request_fail_http(req, 500, "No such attachment");
	ret = eas_folder_find(req, folder_id, &folder);
	if (ret > 0)
		ret = eas_folder_mailbox_alloc(req, folder, FALSE, &box);
	if (ret <= 0) {
		return ret < 0 ? eas_request_fail_temp(req) :
			eas_request_fail_http(req, 500, "No such folder");
	}
	ret = getattachment_from_box(req, folder, box, uid, part);
	mailbox_free(&box);
	return ret;
}
