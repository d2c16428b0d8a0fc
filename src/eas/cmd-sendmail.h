#ifndef CMD_SENDMAIL_H
#define CMD_SENDMAIL_H

#include "eas-submit.h"

/* What SendMail, SmartReply and SmartForward have in common. */

/* Reads the request: ClientId, SaveInSentItems and Mime of the document, or below
   14.0 the query and the body. sub_r->input is the caller's to unref. Returns
   0, or -1 (eas_request_fail()). */
int eas_sendmail_parse(struct eas_request *req, struct eas_submission *sub_r);
/* What a document has beside Mime: ClientId, and that AccountId and rights management ask for nothing
   that there isn't. Returns 0, or -1. */
int eas_sendmail_parse_name(struct eas_request *req,
			    struct eas_submission *sub);
/* Sends it and unrefs its input. Returns as command functions do. */
int eas_sendmail_run(struct eas_request *req, struct eas_submission *sub);

#endif
