#ifndef LISTENER_WORKERS_H
#define LISTENER_WORKERS_H

#include "listener-queue.h"

struct listener_answer;

/* The body that goes with a REQUEST: fd, or data if fd is -1. Both stay the
   job's; the fd's offset isn't used. */
struct listener_job_body {
	const unsigned char *data;
	uoff_t size;
	int fd;
};

/* After listener_workers_add() a job is either cancelled or gets exactly one
   of answered, refused and failed; it may be gone after that call. */
struct listener_job_vfuncs {
	/* Appends REQUEST's keys, each with a tab before it. It is called
	   when a worker is ready, and once more if that one stopped before it
	   had read the request. */
	void (*get_request)(struct listener_job *job, string_t *keys,
			    struct listener_job_body *body_r);
	/* That one stopped: the job is in the queue again. NULL: nothing is
	   to be done. */
	void (*requeued)(struct listener_job *job);
	/* ANSWER or PARK. answer lives until the return; its fd is closed then
	   unless it was taken over. */
	void (*answered)(struct listener_job *job,
			 struct listener_answer *answer);
	/* The worker didn't accept the proof, nothing was done. */
	void (*refused)(struct listener_job *job, bool temporary);
	/* The worker died, took too long or spoke nonsense. It is logged. */
	void (*failed)(struct listener_job *job);
};

void listener_workers_init(void);
void listener_workers_deinit(void);

/* Queues the job and gives it to a worker as soon as it is its turn, at the
   earliest after this call has returned. */
void listener_workers_add(struct listener_job *job, const char *user,
			  bool rerun);
/* FALSE if roost_queue_limit new requests are waiting already, or if user has
   as many there as there is room left: then the rest is for the others. */
bool listener_workers_have_room(const char *user);
/* The job's owner goes away: nothing will be called for it anymore. A worker
   that has it already works on, for nobody. */
void listener_workers_cancel(struct listener_job *job);
/* TRUE from add() until the job is finished or cancelled. */
static inline bool listener_job_is_active(const struct listener_job *job)
{
	return job->queued || job->worker != NULL;
}

unsigned int listener_workers_queue_count(void);

#endif
