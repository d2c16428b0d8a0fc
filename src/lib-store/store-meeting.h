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
/* A meeting that its organizer (his address in lower case) has cancelled: the same, even if the
   user asks for it. There may have been no event. The newest one is kept. */
int store_meeting_cancelled_get(struct store *store, const char *pim_uid,
				const char *organizer,
				struct store_meeting_gone *gone_r);
int store_meeting_cancelled_put(struct store *store, const char *pim_uid,
				const char *organizer,
				const struct store_meeting_gone *gone);
/* Forgets what is older than max_age seconds. */
int store_meeting_gone_expire(struct store *store, unsigned int max_age);

/* Up to which mail a mailbox was looked through. */
struct store_mail_seen {
	uint32_t uidvalidity, uidnext;
	/* mails below this UID had come before it was looked through for the
	   first time */
	uint32_t uidold;
	/* the UID of the mail that is looked at just now, 0 = none; how often
	   that was begun, and when for the first time */
	uint32_t trying;
	unsigned int tries;
	time_t since;
};
/* Returns 1, 0 = never, -1. */
int store_mail_seen_get(struct store *store, const char *mailbox,
			struct store_mail_seen *seen_r);
int store_mail_seen_put(struct store *store, const char *mailbox,
			const struct store_mail_seen *seen);

#endif
