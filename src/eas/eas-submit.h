#ifndef EAS_SUBMIT_H
#define EAS_SUBMIT_H

#include "eas.h"

/* Sends a mail as the user: SendMail, SmartReply, SmartForward, and a draft that is
   sent by Sync (16.x). The envelope is made of To, Cc and Bcc; Bcc is not on the wire;
   From must be the user's own (roost_submit_from); Message-ID and Date are added where they are
   missing; a copy goes to Sent Items if it is wanted. The steps, and what a
   repeat, a lost answer and a kill -9 do to each, stand in eas-submit.c. */

struct istream;
struct pim_outgoing;

struct eas_submission {
	/* The mail as the client wrote it: blocking and seekable, at its
	   start; the caller's. */
	struct istream *input;
	/* What the client calls this mail (ClientId), so that a repeat is
	   known; NULL = by what is in it. */
	const char *client_id;
	bool save_in_sent;

	/* NULL, or called when the mail is really going to be sent or saved, to
	   complete it: out is its header, which may be changed. *merged_r is the
	   mail to be sent instead (at its start, given to the submission, which
	   reads its header anew), or NULL. Returns 0, or the Status that the
	   request fails with. */
	unsigned int (*compose)(struct eas_request *req,
				struct pim_outgoing *out,
				struct istream **merged_r, void *context);
	void *compose_context;
};

/* Returns 0 if the mail is on its way (now, or by an earlier request that this one
   repeats), else the Status to answer (enum eas_status; what is ours was logged). Other
   than EAS_STATUS_MAILBOX_QUOTA_EXCEEDED (sent, but there is no room for the copy:
   a repeat tries just that again) and EAS_STATUS_SERVER_ERROR_RETRY_LATER
   nothing was sent. */
unsigned int
eas_submit_mail(struct eas_request *req, const struct eas_submission *sub);

#endif
