#ifndef CMD_SMART_H
#define CMD_SMART_H

#include "pim-merge.h"
#include "eas-submit.h"

/* What the files cmd-smart*.c share. */

struct smart_context {
	struct eas_request *req;
	bool forward, replace_mime;
	/* of the client's mail, while it is completed */
	struct istream *input;

	/* which mail or event it is about */
	const char *folder_id;
	uint32_t uid, uidvalidity;	/* 0 = that of the device's state */
	/* of an event: one occurrence of it */
	bool has_instance;
	int64_t instance;
	/* the server writes the mail to these: what stands in To, NULL = none */
	const char *forwardees;

	struct eas_folder *folder;
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
};

/* Makes a stream to put a mail into; context is the struct smart_context. */
struct ostream *smart_spool(void *context);
/* Takes a mail apart. Returns 0, -1 (logged). */
int smart_read(struct smart_context *ctx, struct istream *input,
	       struct pim_merge_mail *mail_r);
/* Makes one mail of ctx->input, whose header is out, and the original. Returns 0 or
   a Status. */
unsigned int
smart_merge(struct smart_context *ctx, struct pim_outgoing *out,
	    const struct pim_merge_mail *original, struct istream **merged_r);

/* cmd-smart-event.c */

/* Is the server to write the mail? Fills ctx->forwardees. Returns 0, or -1 (eas_request_fail()). */
int smart_event_check_forwardees(struct smart_context *ctx);
/* Writes it, as far as the request says what is in it. As eas_sendmail_parse(). */
int smart_event_parse(struct smart_context *ctx, struct eas_submission *sub_r);
/* Completes the mail with the event. Returns 0 or a Status. */
unsigned int
smart_event_compose(struct smart_context *ctx, struct pim_outgoing *out,
		    struct istream **merged_r);

#endif
