#ifndef LISTENER_TRACE_H
#define LISTENER_TRACE_H

struct ostream;
struct http_request;
struct http_server_request;
struct listener_answer;
struct listener_job_body;
struct listener_trace;

/* doveadm roost trace: copies a user's requests and answers to a connection of
   the control socket, see worker-protocol.h for the lines. A reader that is too
   slow loses events, and is told how many. While nobody traces,
   listener.traces is NULL: callers look at that first. */

/* Whose event it is. */
struct listener_trace_who {
	const char *user;
	const char *device;	/* NULL = none known */
	const char *session;
};

/* Begins to write what concerns user, and device unless it is NULL, to output,
   which must outlive the trace. Returns NULL if there are too many. */
struct listener_trace *
listener_trace_add(struct ostream *output, const char *user,
		   const char *device);
void listener_trace_remove(struct listener_trace **trace);

/* TRUE if somebody traces who. */
bool listener_trace_wants(const struct listener_trace_who *who);

/* Never a header that isn't in the list of those that are traced. body is NULL
   if it wasn't read. */
void listener_trace_request(const struct listener_trace_who *who,
			    const struct http_request *request,
			    const struct listener_job_body *body);
/* The request waits, for msecs at most. */
void listener_trace_parked(const struct listener_trace_who *who,
			   unsigned int msecs);
void listener_trace_answer(const struct listener_trace_who *who,
			   const struct listener_answer *answer);
/* The listener's own answer. */
void listener_trace_failed(const struct listener_trace_who *who,
			   unsigned int status, const char *reason);

#endif
