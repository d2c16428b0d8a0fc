#ifndef LISTENER_PARK_H
#define LISTENER_PARK_H

#include "guid.h"
#include "net.h"

struct listener_client;
struct listener_request;
struct listener_answer;
struct listener_parked;
struct listener_job_body;
struct http_server_request;

/* Requests that wait for a change or for the end of their time. Such a request
   is one allocation with what a worker needs to run it again, and its socket:
   lib-http's connection, request, buffers and events are given up. If that
   can't be done now the request stays in lib-http, which costs more memory
   and is the same otherwise. */

void listener_park_init(void);
void listener_park_deinit(void);

/* What the request leaves behind. Everything is copied, but the body's fd is
   taken over. */
struct listener_park_input {
	struct listener_client *client;
	struct listener_request *request;
	struct http_server_request *hreq;
	/* REQUEST's keys, each with a tab before it, without proof, elapsed */
	const char *keys;
	const struct listener_job_body *body;
	struct ip_addr remote_ip;
	struct timeval start;		/* of the request */
	bool close;			/* the client will close it then */
	/* listener_park_now() before a worker began to look */
	uint64_t looked;
};

/* Parks the request as answer (a PARK) says. The request is destroyed in this
   call, or it stays in lib-http: then the parked request is returned, which
   answers it by listener_request_answer() or is told by listener_park_gone()
   that it doesn't exist anymore. */
struct listener_parked *
listener_park_add(const struct listener_park_input *input,
		  const struct listener_answer *answer);
/* FALSE if user has roost_parked_limit parked requests already. */
bool listener_park_has_room(const char *user);
void listener_park_gone(struct listener_parked **parked);

/* A number for the notices so far. What comes between it and the parking makes
   the request run again at once: its worker may have looked before the change. */
uint64_t listener_park_now(void);
/* uid says: something may have changed in the user's mailbox. guid is NULL if
   it isn't known which. The requests that watch it are run again, within the
   budget of uid. */
void listener_park_notice(const char *user, const guid_128_t guid, uid_t uid);

/* We are going to stop: answers all of them as if their time had passed. */
void listener_park_answer_all(void);

unsigned int listener_park_count(void);
/* Calls callback for each parked request, or only for this user's. */
struct listener_park_info {
	const char *user, *device, *command, *version, *remote_ip;
	unsigned int parked_secs, left_secs;
	/* the longest that this device is let wait, 0 = as it likes */
	unsigned int ceiling_secs;
};
void listener_park_list(const char *user,
			void (*callback)(const struct listener_park_info *info,
					 void *context), void *context);

#endif
