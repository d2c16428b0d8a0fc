#ifndef STORE_RECIPIENT_H
#define STORE_RECIPIENT_H

/* To whom the user writes: the recipients of his sent mails with a score, the
   STORE_RECIPIENTS_MAX best. A mail counts 1 when it is sent and half of it each
   30 days later.

   The score of a recipient is log2 of the sum of 2^(t/30 days) over the mails'
   times t, times a million: it orders recipients as they would be at any later
   time, so nothing has to be recalculated as time passes.

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
	/* only in lists */
	uint64_t score;
};
ARRAY_DEFINE_TYPE(store_recipient, struct store_recipient);

/* Counts a mail sent at that time. */
int store_recipient_add(struct store *store,
			const struct store_recipient *recipients,
			unsigned int count, time_t time);
/* The best first. */
int store_recipient_list(struct store *store, pool_t pool,
			 ARRAY_TYPE(store_recipient) *recipients);
/* What a device shows first: 1000 for each mail of this moment. */
unsigned int store_recipient_rank(const struct store_recipient *recipient,
				  time_t now);

#endif
