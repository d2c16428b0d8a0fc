#include "lib.h"
#include "ioloop.h"
#include "time-util.h"
#include "test-common.h"
#include "listener-learn.h"

#define HOUR (60*60)

static struct listener_learn *learn;
static enum listener_learn_change change;

static void test_pass(unsigned int secs)
{
	ioloop_timeval.tv_sec += secs;
	ioloop_time = ioloop_timeval.tv_sec;
}

static unsigned int test_begin_poll(void)
{
	return listener_learn_begin(learn, "u", "d", &change);
}

/* A poll that is closed at this age; the device is back after back secs. */
static void test_cut(unsigned int secs, unsigned int back)
{
	(void)test_begin_poll();
	test_pass(secs);
	listener_learn_cut(learn, "u", "d", secs * 1000);
	test_pass(back);
}

static void test_answered(unsigned int secs)
{
	test_pass(secs);
	listener_learn_answered(learn, "u", "d", secs * 1000);
}

static void test_learn_cuts(void)
{
	static const unsigned int ages[] = { 20, 60, 300, 3000 };
	static const unsigned int ceilings[] = { 18, 54, 270, 2940 };
	unsigned int i;

	test_begin("listener learn cuts");
	for (i = 0; i < N_ELEMENTS(ages); i++) {
		learn = listener_learn_init(15000);
		test_assert_idx(test_begin_poll() == 0, i);
		test_cut(ages[i], 1);
		test_cut(ages[i] + 1, 1);
		test_assert_idx(test_begin_poll() == 0, i);
		test_pass(ages[i]);
		listener_learn_cut(learn, "u", "d", ages[i] * 1000);
		test_assert_idx(test_begin_poll() == ceilings[i] * 1000, i);
		test_assert_idx(change == LISTENER_LEARN_LOWERED, i);
		/* told once, kept */
		test_assert_idx(test_begin_poll() == ceilings[i] * 1000, i);
		test_assert_idx(change == LISTENER_LEARN_NONE, i);
		test_assert_idx(listener_learn_get(learn, "u", "d") ==
				ceilings[i] * 1000, i);
		/* nobody else's */
		test_assert_idx(listener_learn_get(learn, "u", "e") == 0, i);
		test_assert_idx(listener_learn_get(learn, "v", "d") == 0, i);
		listener_learn_deinit(&learn);
	}
	test_end();
}

static void test_learn_nothing(void)
{
	unsigned int i;

	test_begin("listener learn nothing");
	learn = listener_learn_init(15000);
	/* healthy: not in the table */
	for (i = 0; i < 10; i++) {
		(void)test_begin_poll();
		test_answered(600);
	}
	test_assert(listener_learn_count(learn) == 0);
	/* random ages: a phone that changes its network */
	for (i = 0; i < 10; i++)
		test_cut(100 + (i % 2) * 50 + i * 7, 1);
	test_assert(test_begin_poll() == 0);
	/* the same age, but nobody is waiting for more */
	for (i = 0; i < 10; i++)
		test_cut(60, 31);
	test_assert(test_begin_poll() == 0);
	/* one that lasts longer is among them */
	for (i = 0; i < 10; i++) {
		test_cut(60, 1);
		test_cut(60, 1);
		(void)test_begin_poll();
		test_answered(90);
	}
	test_assert(test_begin_poll() == 0);
	test_assert(listener_learn_count(learn) == 0);
	/* shorter than polls should be */
	for (i = 0; i < 10; i++)
		test_cut(16, 1);
	test_assert(test_begin_poll() == 0);
	for (i = 0; i < 10; i++)
		test_cut(3, 1);
	test_assert(test_begin_poll() == 0);
	listener_learn_deinit(&learn);
	test_end();
}

static void test_learn_short_answers_prove_nothing(void)
{
	test_begin("listener learn among mails");
	learn = listener_learn_init(15000);
	test_cut(60, 1);
	test_begin_poll();
	test_answered(10);
	test_cut(60, 1);
	test_begin_poll();
	test_answered(59);
	test_cut(60, 1);
	test_assert(test_begin_poll() == 54000);
	/* another path, shorter still */
	test_cut(30, 1);
	test_cut(30, 1);
	test_cut(30, 1);
	test_assert(test_begin_poll() == 27000);
	test_assert(change == LISTENER_LEARN_LOWERED);
	listener_learn_deinit(&learn);
	test_end();
}

static void test_learn_raise(void)
{
	unsigned int i, msecs;

	test_begin("listener learn raise");
	learn = listener_learn_init(15000);
	for (i = 0; i < 3; i++)
		test_cut(60, 1);
	test_assert(test_begin_poll() == 54000);
	test_answered(54);
	test_pass(6 * HOUR - 55);
	test_assert(test_begin_poll() == 54000);
	test_pass(2);
	/* the test: cut, and back to what is known to do */
	test_assert(test_begin_poll() == 67500);
	test_pass(60);
	listener_learn_cut(learn, "u", "d", 60000);
	test_assert(test_begin_poll() == 54000);
	test_assert(change == LISTENER_LEARN_NONE);
	/* the next one after twice the time */
	test_pass(12 * HOUR - 61);
	test_assert(test_begin_poll() == 54000);
	test_pass(100);
	test_assert(test_begin_poll() == 67500);
	/* mail comes: that says nothing of the time after it */
	test_answered(10);
	test_assert(test_begin_poll() == 67500);
	test_assert(change == LISTENER_LEARN_NONE);
	test_answered(67);
	/* the way is better now: longer each time, until nothing is left */
	msecs = test_begin_poll();
	test_assert(change == LISTENER_LEARN_RAISED);
	test_assert(msecs == 84375);
	for (i = 0; i < 100 && msecs > 0; i++) {
		test_answered(msecs / 1000);
		msecs = test_begin_poll();
	}
	test_assert(i > 10 && i < 30);
	test_assert(change == LISTENER_LEARN_GONE);
	test_assert(listener_learn_count(learn) == 0);
	listener_learn_deinit(&learn);
	test_end();
}

static void test_learn_table(void)
{
	unsigned int i;

	test_begin("listener learn table");
	learn = listener_learn_init(15000);
	for (i = 0; i < 60000; i++) T_BEGIN {
		listener_learn_cut(learn, "u", t_strdup_printf("%u", i), 60000);
	} T_END;
	test_assert(listener_learn_count(learn) == 50000);
	listener_learn_deinit(&learn);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_learn_cuts,
		test_learn_nothing,
		test_learn_short_answers_prove_nothing,
		test_learn_raise,
		test_learn_table,
		NULL
	};

	ioloop_timeval.tv_sec = ioloop_time = 1000000;
	return test_run(test_functions);
}
