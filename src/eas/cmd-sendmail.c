/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "eas-commands.h"
#include "cmd-sendmail.h"

/* SendMail ([MS-ASCMD] 2.2.1.17). Success is an empty answer. */

/* 2.2.3.28.1 */
#define SENDMAIL_MAX_CLIENT_ID 40

/* [MS-ASRM] 2.2.2.19.3: "no template" is an id of zeros. */
static bool sendmail_is_template(const char *id)
{
	return id != NULL && id[strspn(id, "0-")] != '\0';
}

int eas_sendmail_parse_name(struct eas_request *req,
			    struct eas_submission *sub)
{
	sub->client_id = wbxml_child_text(req->root,
					  EAS_COMPOSEMAIL_CLIENT_ID);
	if (sub->client_id == NULL || *sub->client_id == '\0' ||
	    strlen(sub->client_id) > SENDMAIL_MAX_CLIENT_ID)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	/* 2.2.3.3.1: one of those that Settings told of. There are none: the
	   user's account itself has no AccountId. */
	if (wbxml_node_child(req->root, EAS_COMPOSEMAIL_ACCOUNT_ID) != NULL)
		return eas_request_fail(req, EAS_STATUS_INVALID_ACCOUNT_ID);
	if (sendmail_is_template(wbxml_child_text(req->root,
					EAS_RIGHTSMANAGEMENT_TEMPLATE_ID)))
		return eas_request_fail(req, EAS_STATUS_IRM_FEATURE_DISABLED);
	return 0;
}

static int
sendmail_parse_document(struct eas_request *req, struct eas_submission *sub)
{
	const struct wbxml_node *mime;

	mime = wbxml_node_child(req->root, EAS_COMPOSEMAIL_MIME);
	if (mime == NULL || wbxml_node_next_same(mime) != NULL)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	if (eas_sendmail_parse_name(req, sub) < 0)
		return -1;
	if (mime->size == 0)
		return eas_request_fail(req, EAS_STATUS_INVALID_MIME);
	sub->save_in_sent =
		wbxml_node_child(req->root,
				 EAS_COMPOSEMAIL_SAVE_IN_SENT_ITEMS) != NULL;
	/* a mail of 25 MB stays where the request was spooled to */
	sub->input = wbxml_node_stream(mime, req->req->body);
	return 0;
}

int eas_sendmail_parse(struct eas_request *req, struct eas_submission *sub_r)
{
	i_zero(sub_r);
	if (req->root != NULL)
		return sendmail_parse_document(req, sub_r);
	sub_r->save_in_sent = req->save_in_sent;
	sub_r->input = req->req->body;
	i_stream_ref(sub_r->input);
	return 0;
}

int eas_sendmail_run(struct eas_request *req, struct eas_submission *sub)
{
	unsigned int status;

	status = eas_submit_mail(req, sub);
	i_stream_unref(&sub->input);
	if (status == EAS_STATUS_SERVER_ERROR_RETRY_LATER)
		return eas_request_fail_temp(req);
	return status == 0 ? 1 : eas_request_fail(req, status);
}

int eas_cmd_sendmail(struct eas_request *req)
{
	struct eas_submission sub;

	if (eas_sendmail_parse(req, &sub) < 0)
		return -1;
	return eas_sendmail_run(req, &sub);
}
