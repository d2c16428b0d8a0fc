#ifndef LISTENER_PARK_PRIVATE_H
#define LISTENER_PARK_PRIVATE_H

#include "listener-budget.h"
#include "listener-client.h"
#include "listener-detach.h"
#include "listener-queue.h"
#include "listener-park.h"

/* What the files of parked requests share: listener-park.c who is parked and
   what notices do, listener-park-run.c waiting and running again,
   listener-park-end.c how it ends, listener-park-data.c the one allocation
   with what is needed for that, listener-park-learn.c how long it may wait. */

enum park_state {
	/* nothing to do until a notice, the timer or the client comes */
	PARK_STATE_WAITING,
	/* is being run again: queued for a worker, or a worker has it */
	PARK_STATE_RUNNING,
	/* is answered or given up, and about to be freed */
	PARK_STATE_DONE,
};

struct park_user {
	char *name;
	struct listener_parked *head, *tail;
	unsigned int count;
};

struct listener_parked {
	struct listener_job job;
	struct listener_budget_waiter waiter;
	/* in user's list */
	struct listener_parked *prev, *next;
	struct park_user *user;

	enum park_state state;
	struct listener_client *client;
	/* one of them: */
	struct listener_request *held;	/* stayed in lib-http */
	struct listener_socket socket;
	struct io *io;			/* of the socket */
	struct timeout *to;
	struct timeval start, deadline;
	/* how long the device's way lets it wait, 0 = not known */
	unsigned int ceiling_msecs;
	struct ip_addr remote_ip;
	/* who pays for the run if it finds nothing, valid if paid; and for the
	   one after it, valid if again */
	uid_t paid_by, again_by;

	/* One allocation: the GUIDs, then the strings and the bodies. */
	void *blob;
	const guid_128_t *watch;
	unsigned int watch_count;
	const char *ticket;		/* for running it again */
	const char *keys;		/* of REQUEST, see request_append_keys() */
	const char *answer_keys;	/* of the time-out's answer, tab-escaped */
	const unsigned char *body, *answer_body;
	uoff_t body_size;
	size_t answer_body_size;
	unsigned int answer_status;
	int body_fd;			/* a large body; body is NULL */

	bool paid:1;
	/* a notice came while it was running, and is paid for */
	bool again:1;
	/* the client sent its next request: not to be parked any longer */
	bool next_request:1;
	/* the client wants the connection to be closed after the answer */
	bool close:1;
};

/* Users have their slot by a hash: others in the same one cost a look too many
   now and then, but what strangers say takes no memory. */
#define PARK_NOTICE_SLOTS 4096

struct listener_park {
	HASH_TABLE(char *, struct park_user *) users;
	struct listener_budget *budget;
	unsigned int count;
	/* notices so far, and the last one of each slot */
	uint64_t notices, last_notice[PARK_NOTICE_SLOTS];
};
/* The process' only one. */
extern struct listener_park park;

/* Asserts that it is a legal transition. */
void park_set_state(struct listener_parked *parked, enum park_state state);
/* Takes it out of the user's list; the last one takes the user with it. */
void park_user_unlink(struct listener_parked *parked);

/* Takes over what the worker says about waiting. keys and body are either
   another's or this blob's own. */
void park_set_blob(struct listener_parked *parked, const char *keys,
		   const unsigned char *body, size_t body_size,
		   const struct listener_answer *answer);
/* The answer for the end of the time; it points into the blob and into the
   data stack. */
void park_get_timeout_answer(struct listener_parked *parked,
			     struct listener_answer *answer_r);
/* The device's id, in the data stack; NULL if it has none. */
const char *park_get_device(struct listener_parked *parked);
/* Milliseconds since the request came. */
unsigned int park_age(const struct listener_parked *parked);
/* Called for each request that gave memory back. */
void park_memory_freed(void);
void park_memory_deinit(void);

/* How it ends; parked is freed by each of them. The time is over, or it can't
   go on waiting: the client hears that nothing has happened, and asks
   again. */
void park_answer_timeout(struct listener_parked *parked);
void park_answer(struct listener_parked *parked,
		 struct listener_answer *answer);
/* The client has closed the connection. */
void park_disconnected(struct listener_parked *parked);

/* Waits for the next look without notice, or for the end; noticed: it is due. */
void park_wait(struct listener_parked *parked, bool noticed);
/* Runs it again; uid pays for that if nothing is found. */
void park_run_paid(struct listener_parked *parked, uid_t uid);
/* There is something to read, or the connection is closed. */
void park_input(struct listener_parked *parked);

/* What listener-learn.h makes of it: before the request begins to wait, and
   when it is answered or cut. */
void park_learn_begin(struct listener_parked *parked, const char *device);
void park_learn_end(struct listener_parked *parked, bool cut);

extern const struct listener_job_vfuncs park_job_vfuncs;

#endif
