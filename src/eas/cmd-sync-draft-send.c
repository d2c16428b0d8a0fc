/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "mail-user.h"
#include "store.h"
#include "store-state.h"
#include "pim-compose.h"
#include "pim-header.h"
#include "eas-draft.h"
#include "eas-submit.h"
#include "cmd-sync-drafts.h"

/* Sending a draft: why a repeat is harmless stands in cmd-sync-drafts.c. */

#define EAS_SYNC_SENT_OP_KIND "draftsent"

static const char *
eas_sync_draft_send_key(struct eas_sync_draft *draft)
{
	return draft->client_id != NULL ?
		t_strdup_printf("%s+%s/%s", draft->ctx->coll->id,
				draft->ctx->coll->key, draft->client_id) :
		t_strdup_printf("%s:%u/%s", draft->ctx->coll->id, draft->id,
				draft->ctx->coll->key);
}

/* [MS-ASCMD] 2.2.2 status 183 */
static int
eas_sync_draft_check_recipients(struct eas_sync_draft *draft,
				struct istream *mail, unsigned int *status_r)
{
	static const enum pim_header_name names[] = {
		PIM_HEADER_TO, PIM_HEADER_CC, PIM_HEADER_BCC,
	};
	struct pim_headers headers;
	unsigned int i, count, total = 0;

	if (pim_headers_read(draft->ctx->req->pool, mail, &headers) < 0) {
		*status_r = EAS_SYNC_STATUS_SERVER_ERROR;
		return -1;
	}
	i_stream_seek(mail, 0);
	*status_r = EAS_STATUS_INVALID_RECIPIENTS;
	for (i = 0; i < N_ELEMENTS(names); i++) {
		if (!pim_compose_addresses_valid(headers.value[names[i]],
						 &count))
			return -1;
		total += count;
	}
	return total > 0 ? 0 : -1;
}

static unsigned int
eas_sync_draft_submit_mail(struct eas_sync_draft *draft, struct istream *mail)
{
	struct eas_submission sub;
	unsigned int status;

	if (eas_sync_draft_check_recipients(draft, mail, &status) < 0)
		return status;
	i_zero(&sub);
	sub.input = mail;
	sub.client_id = t_strdup_printf("draft %s",
					eas_sync_draft_send_key(draft));
	sub.save_in_sent = TRUE;
	status = eas_submit_mail(draft->ctx->req, &sub);
	/* without its copy it is sent all the same */
	return status == EAS_STATUS_MAILBOX_QUOTA_EXCEEDED ? 0 : status;
}

/* Returns 0 if the mail is on its way, or the Status. */
static unsigned int
eas_sync_draft_submit(struct eas_sync_draft *draft, uint32_t base_uid)
{
	struct eas_request *req = draft->ctx->req;
	const char *parts, *id;
	enum eas_draft_error error;
	struct istream *mail;
	unsigned int status;

	id = eas_draft_marker(req, t_strdup_printf("%s %s",
		req->req->user->mail_user->username,
		eas_sync_draft_send_key(draft)));
	error = eas_sync_draft_compose(draft, base_uid, NULL, id, &mail,
				       &parts);
	if (error != EAS_DRAFT_OK)
		return eas_sync_draft_status(error);
	status = eas_sync_draft_submit_mail(draft, mail);
	i_stream_unref(&mail);
	return status;
}

int eas_sync_draft_was_sent(struct eas_sync_draft *draft, bool *same_r)
{
	struct eas_request *req = draft->ctx->req;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, req->pool,
			   req->device->num, EAS_SYNC_SENT_OP_KIND,
			   eas_sync_draft_send_key(draft), &value);
	*same_r = ret > 0 && strcmp(t_strndup(value->data, value->used),
				    draft->digest) == 0;
	return ret;
}

unsigned int
eas_sync_draft_send(struct eas_sync_draft *draft, uint32_t base_uid)
{
	struct eas_request *req = draft->ctx->req;
	unsigned int status;
	bool same;
	int ret;

	ret = eas_sync_draft_was_sent(draft, &same);
	if (ret > 0)
		return same ? 0 : EAS_STATUS_MESSAGE_PREVIOUSLY_SENT;
	status = ret < 0 ? EAS_STATUS_SERVER_ERROR_RETRY_LATER :
		eas_sync_draft_submit(draft, base_uid);
	if (status == 0 &&
	    store_op_put(req->store, req->device->num, EAS_SYNC_SENT_OP_KIND,
			 eas_sync_draft_send_key(draft), draft->digest,
			 strlen(draft->digest)) < 0)
		status = EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	if (status == EAS_STATUS_SERVER_ERROR_RETRY_LATER)
		draft->ctx->retry = TRUE;
	return status;
}
