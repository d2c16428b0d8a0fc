#ifndef SYNC_MAIL_H
#define SYNC_MAIL_H

#include "sync-collection.h"

/* A mailbox as a collection (lib-storage). */

struct mail;
struct mailbox;

/* The conversation that a mail belongs to, as a number; 0 = of its own. */
typedef uint64_t sync_mail_conversation_t(struct mail *mail, void *context);

/* The mailbox needs not be open; it is opened when it must be, and stays the caller's: it has
   to outlive the collection. conversation (may be NULL) is asked when a filter wants
   conversations. */
struct sync_collection *
sync_mail_init(pool_t pool, struct mailbox *box,
	       sync_mail_conversation_t *conversation, void *context);

#endif
