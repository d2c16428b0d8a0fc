#ifndef STORE_DRAFT_H
#define STORE_DRAFT_H

struct store;

/* Drafts that became other mails. Whoever edits a draft puts a new mail into the
   mailbox and removes the old one, but to devices it is the same item still: what
   has become of the mail with that UID? Whole mailboxes are named by folder (any
   text that is never used again for another mailbox or UIDVALIDITY). */
struct store_draft {
	/* the mail that took its place; never itself */
	uint32_t uid;
	/* who did that, and what became of the old mail's parts: opaque here */
	const char *author, *parts;
};

/* What took the place of the mail? Only one step: ask again with that UID. Returns 1,
   0 if nothing did, -1. */
int store_draft_get(struct store *store, pool_t pool, const char *folder,
		    uint32_t uid, struct store_draft *draft_r);
int store_draft_put(struct store *store, const char *folder, uint32_t uid,
		    const struct store_draft *draft);
/* Forgets what is older than max_age seconds. */
int store_draft_expire(struct store *store, unsigned int max_age);

#endif
