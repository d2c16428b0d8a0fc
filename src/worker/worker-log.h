#ifndef WORKER_LOG_H
#define WORKER_LOG_H

struct worker_request;

/* The request's line in the log and its named events (doc/events.md). Call it when the
   answer is final, in the user's context. */
void worker_log_finished(struct worker_request *wreq, uoff_t bytes_out);

#endif
