#ifndef STORE_RECIPIENT_H
#define STORE_RECIPIENT_H

/* To whom the user writes: the recipients of his sent mails with a score, the
   STORE_RECIPIENTS_MAX best. A mail counts 1 when it is sent and half of it each
   30 days later.

   The score of a recipient is log2 of the sum of 2^(t/30 days) over the mails'
   times t, times a million: it orders recipients as they would be at any later
   time, so nothing has to be recalculated as time passes.

   They are a collection as well (sync-recipients.h): each has a UID that is
   never used again, and a modseq. A device is shown a rank, which is the score
   in coarse steps: it changes when the recipient gets a mail, and then not
   with each one, so that devices don't have to hear of each mail that goes out.

   All recipients of a mail are added in one transaction: a mail counts once or,
   if we die before, not at all. A mail that is sent twice because of that
   counts twice, which is harmless. */

struct store;

#define STORE_RECIPIENTS_MAX 500

struct store_recipient {
	/* as it was written last; compared without case */
	const char *address;
	/* NULL = none was ever given */
	const char *name;
	/* not used by store_recipient_add() */
	uint64_t score;
	uint32_t uid;
	/* of the last change of what a device is shown */
	uint64_t modseq;
};
ARRAY_DEFINE_TYPE(store_recipient, struct store_recipient);

struct store_recipient_status {
	uint32_t uidvalidity, uidnext, count;
	uint64_t modseq;		/* the highest one */
};

/* Counts a mail sent at that time. */
int store_recipient_add(struct store *store,
			const struct store_recipient *recipients,
			unsigned int count, time_t time);
/* The best first. */
int store_recipient_list(struct store *store, pool_t pool,
			 ARRAY_TYPE(store_recipient) *recipients);
/* Returns 1, 0 if there is none, -1. */
int store_recipient_get(struct store *store, pool_t pool, uint32_t uid,
			struct store_recipient *recipient_r);
int store_recipient_status(struct store *store,
			   struct store_recipient_status *status_r);
/* Higher is better. Four steps are twice as many mails, or 30 days. */
unsigned int store_recipient_rank(const struct store_recipient *recipient);

#endif
