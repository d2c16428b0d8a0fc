#ifndef LISTENER_ANSWER_H
#define LISTENER_ANSWER_H

#include "guid.h"

struct http_server_request;

/* ANSWER and PARK of worker-protocol.h, parsed. Everything points into what
   was parsed and lives as long. */
struct listener_answer {
	unsigned int status;
	const char *reason;
	/* the keys as they came, NULL-ended; h:<Name>=<value> are read from it */
	const char *const *keys;
	const unsigned char *body;	/* NULL if body_fd is used */
	uoff_t body_size;
	int body_fd;			/* -1 = none; taken over by whom uses it */
	const char *users;		/* NULL = none given */
	const char *ticket;		/* NULL = none given */
	unsigned int ticket_secs;

	/* PARK only */
	unsigned int park_msecs;
	const char *user, *park_ticket;
	const char *device, *command, *version;
	ARRAY_TYPE(guid_128_t) watch;	/* in the data stack */

	bool park:1;
	bool close:1;
};

/* keys are ANSWER's or PARK's after the body's size and flag; status is
   ANSWER's, 0 for PARK, which has it among the keys. Fills everything but body
   and body_fd. Returns 0, or -1 and a sentence. */
int listener_answer_parse(unsigned int status, const char *const *keys,
			  struct listener_answer *answer_r,
			  const char **error_r);
/* TRUE if key must be kept for a time-out's answer: the others concern only
   the parking. */
bool listener_answer_key_is_http(const char *key);

/* Answers hreq with it. body is copied, body_fd taken over. */
void listener_answer_send(struct http_server_request *hreq,
			  struct listener_answer *answer);

#endif
