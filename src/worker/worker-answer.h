#ifndef WORKER_ANSWER_H
#define WORKER_ANSWER_H

struct worker_request;
struct worker_proof;

/* A finished body. */
struct worker_body {
	struct istream *input;		/* NULL: empty */
	uoff_t size;
};

/* Ends the spool of the request's answer, compresses it where that is worth it and allowed,
   and adds the headers for that. Call it in the user's context (the spool is his). Returns 0,
   or -1 if the spool failed: logged, the answer is then a 500 without a body. The caller
   unrefs body_r->input. */
int worker_answer_finish(struct worker_request *wreq,
			 struct worker_body *body_r);
/* Writes ANSWER, or PARK if the answer is parked, to the listener. Call it as root. */
void worker_answer_send(struct worker_request *wreq,
			const struct worker_proof *proof,
			struct worker_body *body);

/* TRUE if an Accept-Encoding header (NULL: none) allows gzip. */
bool worker_answer_accepts_gzip(const char *accept_encoding);

#endif
