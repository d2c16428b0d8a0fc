#ifndef STORE_MEETING_H
#define STORE_MEETING_H

struct store;

/* What has to be known of invitations beside the events themselves. */

/* An event that was cancelled or declined: a message that is older than this does not bring it
   back. */
struct store_meeting_gone {
	unsigned int sequence;
	int64_t stamp;			/* DTSTAMP */
};
/* Returns 1, 0 if nothing is known, -1. */
int store_meeting_gone_get(struct store *store, const char *pim_uid,
			   struct store_meeting_gone *gone_r);
int store_meeting_gone_put(struct store *store, const char *pim_uid,
			   const struct store_meeting_gone *gone);
/* Forgets what is older than max_age seconds. */
int store_meeting_gone_expire(struct store *store, unsigned int max_age);

/* Up to which mail a mailbox was looked through. */
struct store_mail_seen {
	uint32_t uidvalidity, uidnext;
};
/* Returns 1, 0 = never, -1. */
int store_mail_seen_get(struct store *store, const char *mailbox,
			struct store_mail_seen *seen_r);
int store_mail_seen_put(struct store *store, const char *mailbox,
			const struct store_mail_seen *seen);

#endif
