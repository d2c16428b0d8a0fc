#ifndef STORE_OUTBOX_H
#define STORE_OUTBOX_H

struct store;

/* Mails that have to be sent because of what was stored: put here in the transaction of that
   change, so that there are both or neither, and sent after it. */

struct store_outbox {
	uint32_t num;
	/* the envelope's recipients, separated by newlines */
	const char *rcpts;
	const char *message_id;		/* "<...>", as in the mail */
	const char *mail;
	size_t size;
	/* a copy belongs into Sent Items */
	bool save;

	/* It was handed over, or was given up; only the copy is missing. uidvalidity and uidnext are
	   those of Sent Items from before. */
	bool sent;
	uint32_t uidvalidity, uidnext;
	/* how often it was tried, when it may be next; when it was put in */
	unsigned int tries;
	time_t next_try, created;
};

/* Puts one in: num, next_try and created are set. Returns 0 or -1. */
int store_outbox_add(struct store *store, struct store_outbox *mail);
/* The first one with a higher number that may be tried now. Returns 1, 0 if there is none,
   -1. */
int store_outbox_next(struct store *store, pool_t pool, uint32_t after,
		      time_t now, struct store_outbox *mail_r);
/* Stores sent, uidvalidity, uidnext, tries, next_try. */
int store_outbox_update(struct store *store, const struct store_outbox *mail);
int store_outbox_remove(struct store *store, uint32_t num);

#endif
