#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "listener-queue.h"

struct test_job {
	struct listener_job job;
	char name[8];
};

static void
test_add(struct listener_queue *queue, struct test_job *job, const char *user,
	 const char *name, bool rerun)
{
	i_zero(job);
	i_strocpy(job->name, name, sizeof(job->name));
	listener_queue_add(queue, &job->job, user, rerun);
}

/* Takes and finishes everything that may run; returns the names. */
static const char *test_run_all(struct listener_queue *queue)
{
	struct listener_job *job;
	struct test_job *test;
	string_t *str = t_str_new(64);

	while ((job = listener_queue_peek(queue)) != NULL) {
		listener_queue_take(queue, job);
		test = container_of(job, struct test_job, job);
		str_append(str, test->name);
		str_append_c(str, ' ');
		listener_queue_done(queue, &job->user);
	}
	return str_c(str);
}

static void test_queue_order(void)
{
	struct listener_queue *queue = listener_queue_init();
	struct test_job jobs[8];

	test_begin("listener queue order");
	test_assert(listener_queue_peek(queue) == NULL);
	/* a user with many doesn't hold up the others, and his new request
	   comes before his parked ones */
	test_add(queue, &jobs[0], "a", "a1", TRUE);
	test_add(queue, &jobs[1], "a", "a2", TRUE);
	test_add(queue, &jobs[2], "a", "a3", TRUE);
	test_add(queue, &jobs[3], "b", "b1", FALSE);
	test_add(queue, &jobs[4], "a", "a4", FALSE);
	test_add(queue, &jobs[5], "c", "c1", TRUE);
	test_add(queue, &jobs[6], "b", "b2", FALSE);
	test_assert(listener_queue_count(queue) == 7);
	test_assert(listener_queue_count_new(queue) == 3);
	test_assert_strcmp(test_run_all(queue), "a4 b1 c1 a1 b2 a2 a3 ");
	test_assert(listener_queue_count(queue) == 0);

	/* removed from the middle and as the last of a user */
	test_add(queue, &jobs[0], "a", "a1", FALSE);
	test_add(queue, &jobs[1], "a", "a2", FALSE);
	test_add(queue, &jobs[2], "a", "a3", FALSE);
	test_add(queue, &jobs[3], "b", "b1", FALSE);
	listener_queue_remove(queue, &jobs[1].job);
	listener_queue_remove(queue, &jobs[3].job);
	test_assert(!jobs[1].job.queued && jobs[1].job.user == NULL);
	test_assert_strcmp(test_run_all(queue), "a1 a3 ");
	listener_queue_deinit(&queue);
	test_end();
}

static void test_queue_user_limit(void)
{
	struct listener_queue *queue = listener_queue_init();
	struct listener_queue_user *users[4];
	struct listener_job *job;
	struct test_job jobs[6];
	unsigned int i;

	test_begin("listener queue user limit");
	listener_queue_set_user_limit(queue, 2);
	for (i = 0; i < 4; i++)
		test_add(queue, &jobs[i], "a", "a", FALSE);
	for (i = 0; i < 2; i++) {
		job = listener_queue_peek(queue);
		test_assert(job == &jobs[i].job);
		listener_queue_take(queue, job);
		users[i] = job->user;
	}
	test_assert(listener_queue_peek(queue) == NULL);
	test_assert(listener_queue_count(queue) == 2);
	/* another user may */
	test_add(queue, &jobs[4], "b", "b", FALSE);
	test_assert(listener_queue_peek(queue) == &jobs[4].job);
	listener_queue_take(queue, &jobs[4].job);
	users[2] = jobs[4].job.user;
	test_assert_strcmp(listener_queue_user_name(users[2]), "b");
	listener_queue_done(queue, &users[2]);
	/* one is finished, so one more */
	listener_queue_done(queue, &users[0]);
	test_assert(users[0] == NULL);
	test_assert(listener_queue_peek(queue) == &jobs[2].job);
	listener_queue_take(queue, &jobs[2].job);
	test_assert(listener_queue_peek(queue) == NULL);
	listener_queue_set_user_limit(queue, 3);
	test_assert(listener_queue_peek(queue) == &jobs[3].job);
	listener_queue_remove(queue, &jobs[3].job);
	listener_queue_done(queue, &jobs[2].job.user);
	listener_queue_done(queue, &users[1]);
	listener_queue_deinit(&queue);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_queue_order,
		test_queue_user_limit,
		NULL
	};
	return test_run(test_functions);
}
