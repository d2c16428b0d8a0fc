#ifndef LISTENER_QUEUE_H
#define LISTENER_QUEUE_H

/* Requests that wait for a worker. The users take turns, and none of them may
   hold all workers while others wait; within a user a new request comes before
   parked ones that are run again, each kind in order of arrival. Every
   operation takes constant time. */

struct listener_queue;
struct listener_queue_user;

struct listener_job {
	struct listener_job *prev, *next;
	const struct listener_job_vfuncs *v;
	/* set from add() to done() or remove() */
	struct listener_queue_user *user;
	/* the connection that works on it, see listener-workers.c */
	struct listener_worker *worker;
	bool rerun:1;			/* of a parked request */
	bool queued:1;			/* waits: added and not taken yet */
	bool retried:1;			/* the first worker left it unread */
};

struct listener_queue *listener_queue_init(void);
/* Everything must have been removed or done. */
void listener_queue_deinit(struct listener_queue **queue);

/* How many jobs of one user may be taken and not done. */
void listener_queue_set_user_limit(struct listener_queue *queue,
				   unsigned int limit);
/* job must stay until it is removed, or taken and done. */
void listener_queue_add(struct listener_queue *queue, struct listener_job *job,
			const char *user, bool rerun);
/* A job that waits is no longer wanted. */
void listener_queue_remove(struct listener_queue *queue,
			   struct listener_job *job);
/* The next job's turn, without taking it; NULL if none may run now. */
struct listener_job *listener_queue_peek(struct listener_queue *queue);
/* Takes what peek() returned. */
void listener_queue_take(struct listener_queue *queue,
			 struct listener_job *job);
/* A job that was taken is finished, or its owner is gone. Clears job->user. */
void listener_queue_done(struct listener_queue *queue,
			 struct listener_queue_user **user);
const char *listener_queue_user_name(const struct listener_queue_user *user);

/* New requests of this user that wait. */
unsigned int listener_queue_count_user(const struct listener_queue *queue,
				       const char *name);
/* Jobs waiting: new requests, and all. */
unsigned int listener_queue_count_new(const struct listener_queue *queue);
unsigned int listener_queue_count(const struct listener_queue *queue);

#endif
