#ifndef EAS_SUBMIT_PRIVATE_H
#define EAS_SUBMIT_PRIVATE_H

#include "eas-submit.h"

/* What the files eas-submit*.c share. */

struct smtp_address;
ARRAY_DEFINE_TYPE(eas_submit_rcpt, const struct smtp_address *);

/* How long a repeat is recognised: by its ClientId or its Message-ID, and if it has
   neither by its bytes, which somebody may really want to send twice. */
#define EAS_SUBMIT_REPEAT_SECS (24 * 3600)
#define EAS_SUBMIT_REPEAT_BYTES_SECS (10 * 60)

enum eas_submit_state {
	/* nothing is known of it, or that somebody has begun */
	EAS_SUBMIT_STATE_NEW,
	/* handed over; the copy is not saved yet */
	EAS_SUBMIT_STATE_SENT,
	/* nothing is left to do */
	EAS_SUBMIT_STATE_DONE,
};

/* The record of one mail (store_op_put). */
struct eas_submit_record {
	enum eas_submit_state state;
	time_t time;
	/* of Sent Items before the copy was saved; 0 = unknown */
	uint32_t uidvalidity, uidnext;
	/* what the mail was: see eas_submit_identify() */
	const char *identity;
};

/* The text of a record, and back (-1 = not ours). */
const char *eas_submit_record_encode(const struct eas_submit_record *record);
int eas_submit_record_decode(pool_t pool, const char *str,
			     struct eas_submit_record *record_r);

/* Names the mail: what stays the same when a client writes the same mail again, though it
   may choose other boundaries. *by_bytes_r: it has no Message-ID, so that it is a
   hash of all its bytes. Returns 0, or -1 if input failed. */
int eas_submit_identify(pool_t pool, const struct pim_outgoing *out,
			struct istream *input, const char **identity_r,
			bool *by_bytes_r);

/* One mail's record and the lock on it. */
struct eas_submit_once {
	struct eas_request *req;
	/* the record's keys: by ClientId (NULL = none) and by identity */
	const char *client_key, *identity_key;
	const char *identity;
	unsigned int max_age;
	int lock_fd;
	struct eas_submit_record record;
};

/* Takes the lock and reads the record. Returns 1, 0 if another request is at work on
   the same mail, -1 (logged). */
int eas_submit_once_begin(struct eas_submit_once *once);
/* Writes the record with its state and lets it be found by identity as well if that is
   asked for. Returns 0, or -1 (logged). */
int eas_submit_once_put(struct eas_submit_once *once, bool by_identity);
void eas_submit_once_end(struct eas_submit_once *once);

/* The envelope's recipients: To, Cc and Bcc, each once. Returns 0 or a Status. */
unsigned int
eas_submit_get_rcpts(struct eas_request *req, const struct pim_outgoing *out,
		     ARRAY_TYPE(eas_submit_rcpt) *rcpts);
/* Checks From and Sender, corrects them or refuses. Returns 0 and the envelope's
   sender, or a Status. */
unsigned int
eas_submit_apply_from(struct eas_request *req, struct pim_outgoing *out,
		      const struct smtp_address **mail_from_r);

/* Where the copy will be: fills uidvalidity and uidnext, zeros if that can't be known. */
void eas_submit_sent_look(struct eas_request *req,
			  struct eas_submit_record *record);
/* Saves the copy, unless it is there already. Returns 0 or a Status: 113 or 111;
   what won't get better is logged and 0. */
unsigned int
eas_submit_sent_save(struct eas_request *req, struct istream *input,
		     const char *message_id,
		     const struct eas_submit_record *record, bool repeat);

#endif
