#ifndef LISTENER_REFUSAL_H
#define LISTENER_REFUSAL_H

/* The listener's own answers: requests that no worker gets to see, or that
   none could answer. */

struct http_server_request;

struct listener_refusal {
	/* 400, 401, 403, 404, 408, 413 or 503 */
	unsigned int status;
	/* the body; NULL for one that says the reason */
	const char *text;
	/* of a 503: when to come again; 0 = the default */
	unsigned int retry_secs;
	/* X-MS-ASThrottle, NULL for none */
	const char *throttle;
	/* close the connection, whatever the status is */
	bool close;
};

const char *listener_refusal_reason(unsigned int status);
/* Answers hreq with it. A 401 names the ways to log in, in fields of their
   own (RFC 7235 4.1). */
void listener_refusal_send(struct http_server_request *hreq,
			   const struct listener_refusal *refusal);

#endif
