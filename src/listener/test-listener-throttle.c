#include "lib.h"
#include "ioloop.h"
#include "time-util.h"
#include "test-common.h"
#include "listener-throttle.h"

/* 10 of a device, 25 of a user, in 100 seconds: a device gets one more each ten
   seconds */
#define DEVICE_LIMIT 10
#define USER_LIMIT 25
#define PERIOD_SECS 100

static void test_pass(unsigned int msecs)
{
	timeval_add_msecs(&ioloop_timeval, msecs);
	ioloop_time = ioloop_timeval.tv_sec;
}

/* How many of count requests are served. */
static unsigned int
test_take(struct listener_throttle *throttle, const char *user,
	  const char *device, unsigned int count,
	  struct listener_throttle_verdict *verdict_r)
{
	unsigned int i, served = 0;

	for (i = 0; i < count; i++) {
		listener_throttle_take(throttle, user, device, verdict_r);
		if (verdict_r->result == LISTENER_THROTTLE_OK)
			served++;
	}
	return served;
}

static void test_throttle_device(void)
{
	struct listener_throttle *throttle;
	struct listener_throttle_verdict verdict;

	test_begin("listener throttle device");
	throttle = listener_throttle_init(DEVICE_LIMIT, USER_LIMIT,
					  PERIOD_SECS);
	test_assert(test_take(throttle, "u", "mad", 10, &verdict) == 10);
	listener_throttle_take(throttle, "u", "mad", &verdict);
	test_assert(verdict.result == LISTENER_THROTTLE_DEVICE);
	test_assert(verdict.first);
	test_assert(verdict.retry_secs == 10 || verdict.retry_secs == 11);
	/* it goes on, and is told the same, once */
	test_assert(test_take(throttle, "u", "mad", 1000, &verdict) == 0);
	test_assert(!verdict.first);
	/* his other device isn't hurt, nor one of that name of another user */
	test_assert(test_take(throttle, "u", "good", 10, &verdict) == 10);
	test_assert(test_take(throttle, "v", "mad", 10, &verdict) == 10);
	/* nor what names no device */
	test_assert(test_take(throttle, "u", NULL, 5, &verdict) == 5);
	listener_throttle_deinit(&throttle);
	test_end();
}

static void test_throttle_resume(void)
{
	struct listener_throttle *throttle;
	struct listener_throttle_verdict verdict;

	test_begin("listener throttle resume");
	throttle = listener_throttle_init(DEVICE_LIMIT, 0, PERIOD_SECS);
	test_assert(test_take(throttle, "u", "d", 11, &verdict) == 10);
	test_assert(verdict.first);
	test_pass(9900);
	test_assert(test_take(throttle, "u", "d", 5, &verdict) == 0);
	test_assert(verdict.retry_secs == 1);
	test_pass(100);
	test_assert(test_take(throttle, "u", "d", 5, &verdict) == 1);
	/* still the same episode */
	test_assert(!verdict.first);
	test_pass(10000);
	test_assert(test_take(throttle, "u", "d", 5, &verdict) == 1);
	test_assert(!verdict.first);
	/* half of it is there again: another one */
	test_pass(50000);
	listener_throttle_take(throttle, "u", "d", &verdict);
	test_assert(verdict.result == LISTENER_THROTTLE_OK);
	test_assert(test_take(throttle, "u", "d", 4, &verdict) == 4);
	listener_throttle_take(throttle, "u", "d", &verdict);
	test_assert(verdict.result == LISTENER_THROTTLE_DEVICE);
	test_assert(verdict.first);
	/* the clock is set back: nothing is given, nothing breaks */
	ioloop_timeval.tv_sec -= 100000;
	ioloop_time = ioloop_timeval.tv_sec;
	test_assert(test_take(throttle, "u", "d", 5, &verdict) == 0);
	test_pass(PERIOD_SECS * 1000);
	test_assert(test_take(throttle, "u", "d", 20, &verdict) == 10);
	listener_throttle_deinit(&throttle);
	test_end();
}

static void test_throttle_user(void)
{
	struct listener_throttle *throttle;
	struct listener_throttle_verdict verdict;

	test_begin("listener throttle user");
	throttle = listener_throttle_init(DEVICE_LIMIT, USER_LIMIT,
					  PERIOD_SECS);
	test_assert(test_take(throttle, "u", "a", 10, &verdict) == 10);
	test_assert(test_take(throttle, "u", "b", 10, &verdict) == 10);
	test_assert(test_take(throttle, "u", "c", 10, &verdict) == 5);
	test_assert(verdict.result == LISTENER_THROTTLE_USER);
	/* a new name of a device is no way round it */
	listener_throttle_take(throttle, "u", "d", &verdict);
	test_assert(verdict.result == LISTENER_THROTTLE_USER);
	test_assert(!verdict.first);
	test_assert(test_take(throttle, "v", "a", 10, &verdict) == 10);
	listener_throttle_deinit(&throttle);
	test_end();
}

static void test_throttle_off_and_refund(void)
{
	struct listener_throttle *throttle;
	struct listener_throttle_verdict verdict;
	unsigned int i;

	test_begin("listener throttle off, refund");
	throttle = listener_throttle_init(0, 0, PERIOD_SECS);
	test_assert(test_take(throttle, "u", "d", 100000, &verdict) == 100000);
	test_assert(listener_throttle_count(throttle) == 0);
	listener_throttle_deinit(&throttle);

	/* what is parked doesn't count */
	throttle = listener_throttle_init(DEVICE_LIMIT, USER_LIMIT,
					  PERIOD_SECS);
	for (i = 0; i < 1000; i++) {
		listener_throttle_take(throttle, "u", "d", &verdict);
		test_assert_idx(verdict.result == LISTENER_THROTTLE_OK, i);
		listener_throttle_refund(throttle, "u", "d");
	}
	test_assert(test_take(throttle, "u", "d", 20, &verdict) == 10);
	listener_throttle_deinit(&throttle);
	test_end();
}

static void
test_throttle_info(const struct listener_throttle_info *info, void *context)
{
	unsigned int *count = context;

	*count += 1;
	test_assert_strcmp(info->user, "u");
	test_assert_strcmp(info->device, "d");
	test_assert(info->refused == 5);
	test_assert(info->retry_secs == 10 || info->retry_secs == 11);
}

static void test_throttle_table(void)
{
	struct listener_throttle *throttle;
	struct listener_throttle_verdict verdict;
	unsigned int i, count = 0;

	test_begin("listener throttle table");
	throttle = listener_throttle_init(DEVICE_LIMIT, 1000000, PERIOD_SECS);
	(void)test_take(throttle, "u", "d", 15, &verdict);
	listener_throttle_list(throttle, test_throttle_info, &count);
	test_assert(count == 1);
	/* any number of names: the table is bounded */
	for (i = 0; i < 120000; i++) T_BEGIN {
		listener_throttle_take(throttle, "u", t_strdup_printf("%u", i),
				       &verdict);
	} T_END;
	test_assert(listener_throttle_count(throttle) <= 100001);
	/* what is full again goes, two at a time */
	test_pass(PERIOD_SECS * 1000);
	for (i = 0; i < 60000; i++)
		listener_throttle_take(throttle, "u", "x", &verdict);
	test_assert(listener_throttle_count(throttle) <= 2);
	listener_throttle_deinit(&throttle);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_throttle_device,
		test_throttle_resume,
		test_throttle_user,
		test_throttle_off_and_refund,
		test_throttle_table,
		NULL
	};

	ioloop_timeval.tv_sec = 1000000;
	return test_run(test_functions);
}
