#include "lib.h"
#include "hash.h"
#include "llist.h"
#include "listener-queue.h"

enum queue_kind {
	QUEUE_KIND_NEW,
	QUEUE_KIND_RERUN,

	QUEUE_KIND_COUNT
};

struct job_list {
	struct listener_job *head, *tail;
};

struct listener_queue_user {
	/* in the ring of users who may be served */
	struct listener_queue_user *prev, *next;
	char *name;
	struct job_list jobs[QUEUE_KIND_COUNT];
	/* jobs that wait */
	unsigned int counts[QUEUE_KIND_COUNT];
	unsigned int running;
	bool in_ring;
};

struct listener_queue {
	HASH_TABLE(char *, struct listener_queue_user *) users;
	struct listener_queue_user *ring_head, *ring_tail;
	unsigned int user_limit;
	unsigned int counts[QUEUE_KIND_COUNT];
};

struct listener_queue *listener_queue_init(void)
{
	struct listener_queue *queue;

	queue = i_new(struct listener_queue, 1);
	queue->user_limit = 1;
	hash_table_create(&queue->users, default_pool, 0, str_hash, strcmp);
	return queue;
}

void listener_queue_deinit(struct listener_queue **_queue)
{
	struct listener_queue *queue = *_queue;

	*_queue = NULL;
	i_assert(hash_table_count(queue->users) == 0);
	hash_table_destroy(&queue->users);
	i_free(queue);
}

static struct listener_job *queue_user_first(struct listener_queue_user *user)
{
	if (user->jobs[QUEUE_KIND_NEW].head != NULL)
		return user->jobs[QUEUE_KIND_NEW].head;
	return user->jobs[QUEUE_KIND_RERUN].head;
}

/* In the ring is who has jobs waiting and may run one more. */
static void
queue_user_update(struct listener_queue *queue,
		  struct listener_queue_user *user)
{
	bool waiting = queue_user_first(user) != NULL;
	bool in_ring = waiting && user->running < queue->user_limit;

	if (in_ring == user->in_ring)
		;
	else if (in_ring)
		DLLIST2_APPEND(&queue->ring_head, &queue->ring_tail, user);
	else
		DLLIST2_REMOVE(&queue->ring_head, &queue->ring_tail, user);
	user->in_ring = in_ring;

	if (!waiting && user->running == 0) {
		hash_table_remove(queue->users, user->name);
		i_free(user->name);
		i_free(user);
	}
}

void listener_queue_set_user_limit(struct listener_queue *queue,
				   unsigned int limit)
{
	struct hash_iterate_context *iter;
	struct listener_queue_user *user;
	char *name;

	i_assert(limit > 0);
	if (queue->user_limit == limit)
		return;
	queue->user_limit = limit;
	iter = hash_table_iterate_init(queue->users);
	while (hash_table_iterate(iter, queue->users, &name, &user))
		queue_user_update(queue, user);
	hash_table_iterate_deinit(&iter);
}

void listener_queue_add(struct listener_queue *queue, struct listener_job *job,
			const char *name, bool rerun)
{
	enum queue_kind kind = rerun ? QUEUE_KIND_RERUN : QUEUE_KIND_NEW;
	struct listener_queue_user *user;

	i_assert(!job->queued && job->user == NULL && job->worker == NULL);

	user = hash_table_lookup(queue->users, name);
	if (user == NULL) {
		user = i_new(struct listener_queue_user, 1);
		user->name = i_strdup(name);
		hash_table_insert(queue->users, user->name, user);
	}
	job->user = user;
	job->rerun = rerun;
	job->queued = TRUE;
	DLLIST2_APPEND(&user->jobs[kind].head, &user->jobs[kind].tail, job);
	queue->counts[kind]++;
	user->counts[kind]++;
	queue_user_update(queue, user);
}

static void
queue_unlink(struct listener_queue *queue, struct listener_job *job)
{
	enum queue_kind kind = job->rerun ? QUEUE_KIND_RERUN : QUEUE_KIND_NEW;
	struct job_list *list = &job->user->jobs[kind];

	i_assert(job->queued);
	DLLIST2_REMOVE(&list->head, &list->tail, job);
	job->queued = FALSE;
	queue->counts[kind]--;
	job->user->counts[kind]--;
}

void listener_queue_remove(struct listener_queue *queue,
			   struct listener_job *job)
{
	struct listener_queue_user *user = job->user;

	queue_unlink(queue, job);
	job->user = NULL;
	queue_user_update(queue, user);
}

struct listener_job *listener_queue_peek(struct listener_queue *queue)
{
	return queue->ring_head == NULL ? NULL :
		queue_user_first(queue->ring_head);
}

void listener_queue_take(struct listener_queue *queue,
			 struct listener_job *job)
{
	struct listener_queue_user *user = job->user;

	queue_unlink(queue, job);
	user->running++;
	/* to the end of the ring */
	i_assert(user->in_ring);
	DLLIST2_REMOVE(&queue->ring_head, &queue->ring_tail, user);
	user->in_ring = FALSE;
	queue_user_update(queue, user);
}

void listener_queue_done(struct listener_queue *queue,
			 struct listener_queue_user **_user)
{
	struct listener_queue_user *user = *_user;

	*_user = NULL;
	i_assert(user->running > 0);
	user->running--;
	queue_user_update(queue, user);
}

const char *listener_queue_user_name(const struct listener_queue_user *user)
{
	return user->name;
}

unsigned int listener_queue_count_user(const struct listener_queue *queue,
				       const char *name)
{
	const struct listener_queue_user *user =
		hash_table_lookup(queue->users, name);

	return user == NULL ? 0 : user->counts[QUEUE_KIND_NEW];
}

unsigned int listener_queue_count_new(const struct listener_queue *queue)
{
	return queue->counts[QUEUE_KIND_NEW];
}

unsigned int listener_queue_count(const struct listener_queue *queue)
{
	return queue->counts[QUEUE_KIND_NEW] + queue->counts[QUEUE_KIND_RERUN];
}
