#ifndef SYNC_MAIL_H
#define SYNC_MAIL_H

#include "sync-collection.h"

/* A mailbox as a collection (lib-storage). */

struct mail;
struct mailbox;

/* The conversation that a mail belongs to, as a number; 0 = of its own. */
typedef uint64_t sync_mail_conversation_t(struct mail *mail, void *context);

/* Opens a mailbox that was just allocated and brings it up to date. Returns 0, or -1
   (the error is the mailbox'). A process that lives long finds the index still open from
   the last time, and neither mailbox_open() nor the first mailbox_sync() would read what
   others have done since, unless they see new files of mails. */
int sync_mail_open(struct mailbox *box);

/* *box needs not be open; it is opened when it must be. It stays the caller's and has to outlive
   the collection, but may be replaced by another instance of the same mailbox as long
   as no look has succeeded. conversation (may be NULL) is asked when a filter wants
   conversations. */
struct sync_collection *
sync_mail_init(pool_t pool, struct mailbox **box,
	       sync_mail_conversation_t *conversation, void *context);

/* mail_set_uid() for a struct mail that is used for many: after a UID that does not exist,
   Dovecot's would call the next mail expunged, whatever it is. Returns FALSE if
   there is no such mail; the struct is left as it was. */
bool sync_mail_set_uid(struct mail *mail, uint32_t uid);

#endif
