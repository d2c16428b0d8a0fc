#ifndef ROOST_NOTIFY_H
#define ROOST_NOTIFY_H

#include "guid.h"

struct event;

/* Sends change notices to the listener (worker-protocol.h). A notice is a hint:
   it is written without waiting or dropped, nothing is queued, and without a
   running Roost nothing is logged as an error. */
struct roost_notify {
	const char *path;
	int fd;
};

/* path must live as long as the client. Nothing is connected before the first
   notice. */
void roost_notify_init(struct roost_notify *notify, const char *path);
void roost_notify_deinit(struct roost_notify *notify);
/* mailbox_guid NULL: anything of the user may have changed. event is for
   logging. */
void roost_notify_send(struct roost_notify *notify, struct event *event,
		       const char *username, const guid_128_t mailbox_guid);

#endif
