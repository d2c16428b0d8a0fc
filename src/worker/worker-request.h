#ifndef WORKER_REQUEST_H
#define WORKER_REQUEST_H

#include "roost-request.h"
#include "worker-line.h"

struct worker;
struct worker_proof;

/* One request: the listener's line and what becomes of it. Allocated from its pool. */
struct worker_request {
	pool_t pool;
	struct worker *worker;
	struct worker_line line;
	struct istream *body;		/* NULL: empty */
	struct timeval started;

	/* Where the answer goes: corked while it is written. */
	struct ostream *output;

	struct roost_request req;
	const struct roost_protocol *protocol;
};

/* Runs the request for the user that proof names, and answers it. */
void worker_request_run(struct worker_request *wreq,
			const struct worker_proof *proof);
/* Answers REFUSED. reason is "auth" or "temp". */
void worker_request_refuse(struct worker_request *wreq, const char *reason);
/* TRUE if the ticket of proof may be used for this request: for the name that it was given
   for and, if it is a parked request's, for that one. Returns FALSE and a sentence. */
bool worker_request_check_ticket(struct worker_request *wreq,
				 const struct worker_proof *proof,
				 const char **error_r);
/* What a parked request's ticket is bound to: method, target and body, in hex. */
const char *worker_request_digest(struct worker_request *wreq);
/* Unrefs the body and drops what is left of the answer. */
void worker_request_deinit(struct worker_request *wreq);

#endif
