#include "lib.h"
#include "ioloop.h"
#include "test-common.h"
#include "listener-budget.h"

#define BURST 5
/* slow enough that nothing is added while a test looks */
#define PER_SEC 20

static unsigned int woken_count;
static uid_t woken_uid;

static void
test_wake(struct listener_budget_waiter *waiter, uid_t uid)
{
	test_assert(waiter->uid == NULL);
	woken_count++;
	woken_uid = uid;
	if (woken_count == 3)
		io_loop_stop(current_ioloop);
}

static void test_budget_burst(void)
{
	struct listener_budget *budget;
	struct listener_budget_waiter waiters[8];
	struct ioloop *ioloop = io_loop_create();
	unsigned int i;

	test_begin("listener budget burst");
	i_zero(&waiters);
	budget = listener_budget_init(BURST, PER_SEC, test_wake);
	for (i = 0; i < BURST; i++)
		test_assert_idx(listener_budget_pay(budget, 1000, &waiters[i]), i);
	/* used up: waits, and once only */
	test_assert(!listener_budget_pay(budget, 1000, &waiters[5]));
	test_assert(!listener_budget_pay(budget, 1000, &waiters[5]));
	test_assert(waiters[5].uid != NULL);
	/* another uid is not concerned, and takes over who waits */
	test_assert(listener_budget_pay(budget, 1001, &waiters[6]));
	test_assert(listener_budget_pay(budget, 1001, &waiters[5]));
	test_assert(waiters[5].uid == NULL);
	/* what found something is paid back */
	listener_budget_refund(budget, 1000);
	test_assert(listener_budget_pay(budget, 1000, &waiters[7]));
	test_assert(!listener_budget_pay(budget, 1000, &waiters[7]));
	listener_budget_remove(&waiters[7]);
	listener_budget_remove(&waiters[7]);
	/* root and a uid that isn't known are uids as well */
	test_assert(listener_budget_pay(budget, 0, &waiters[7]));
	test_assert(listener_budget_pay(budget, (uid_t)-1, &waiters[7]));
	listener_budget_deinit(&budget);
	io_loop_destroy(&ioloop);
	test_end();
}

static void test_budget_wait(void)
{
	struct listener_budget *budget;
	struct listener_budget_waiter waiters[8];
	struct ioloop *ioloop = io_loop_create();
	unsigned int i;

	test_begin("listener budget wait");
	i_zero(&waiters);
	woken_count = 0;
	budget = listener_budget_init(BURST, PER_SEC, test_wake);
	for (i = 0; i < 8; i++) {
		test_assert_idx(listener_budget_pay(budget, 1000, &waiters[i]) ==
				(i < BURST), i);
	}
	io_loop_run(ioloop);
	test_assert(woken_count == 3 && woken_uid == 1000);
	listener_budget_deinit(&budget);
	io_loop_destroy(&ioloop);
	test_end();
}

static void test_budget_clock(void)
{
	struct listener_budget *budget;
	struct listener_budget_waiter waiter;
	struct timeval now = ioloop_timeval;
	unsigned int i;

	test_begin("listener budget when the clock is set back");
	i_zero(&waiter);
	ioloop_timeval.tv_sec += 3600;
	budget = listener_budget_init(BURST, PER_SEC, test_wake);
	for (i = 0; i < BURST; i++)
		test_assert_idx(listener_budget_pay(budget, 1000, &waiter), i);
	ioloop_timeval = now;
	/* this one notices it, and a second later there is a new budget */
	listener_budget_refund(budget, 1000);
	test_assert(listener_budget_pay(budget, 1000, &waiter));
	ioloop_timeval.tv_sec++;
	test_assert(listener_budget_pay(budget, 1000, &waiter));
	ioloop_timeval = now;
	listener_budget_deinit(&budget);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_budget_burst,
		test_budget_wait,
		test_budget_clock,
		NULL
	};
	return test_run(test_functions);
}
