#include "lib.h"
#include "array.h"
#include "guid.h"
#include "test-common.h"
#include "listener-answer.h"

#define GUID1 "0123456789abcdef0123456789abcdef"
#define GUID2 "00000000000000000000000000000001"

static int test_parse(unsigned int status, const char *keys,
		      struct listener_answer *answer_r)
{
	const char *error;

	return listener_answer_parse(status, t_strsplit(keys, "\t"), answer_r,
				     &error);
}

static void test_answer_parse(void)
{
	struct listener_answer answer;

	test_begin("listener answer parse");
	test_assert(test_parse(404, "reason=Not here\th:A=b=c\tclose=1\t"
		"ticket=T\tticket_secs=60\tusers=a,b\tnew=x\tnokey",
		&answer) == 0);
	test_assert(answer.status == 404 && !answer.park && answer.close);
	test_assert_strcmp(answer.reason, "Not here");
	test_assert_strcmp(answer.ticket, "T");
	test_assert(answer.ticket_secs == 60);
	test_assert_strcmp(answer.users, "a,b");
	test_assert(answer.body == NULL && answer.body_fd == -1);

	test_assert(test_parse(0, "status=503\tuser=u1\tpark_ticket=P\t"
		"watch="GUID1"\twatch="GUID2"\tdevice=d\tcommand=Ping\t"
		"version=14.1", &answer) == 0);
	test_assert(answer.status == 503 && answer.park && !answer.close);
	test_assert_strcmp(answer.user, "u1");
	test_assert_strcmp(answer.park_ticket, "P");
	test_assert_strcmp(answer.device, "d");
	test_assert_strcmp(answer.command, "Ping");
	test_assert_strcmp(answer.version, "14.1");
	test_assert(array_count(&answer.watch) == 2);
	test_assert_strcmp(guid_128_to_string(*array_idx(&answer.watch, 1)),
			   GUID2);
	test_assert(test_parse(0, "user=u\tpark_ticket=P", &answer) == 0);
	test_assert(answer.status == 200);
	test_end();
}

static void test_answer_parse_bad(void)
{
	static const struct {
		unsigned int status;
		const char *keys;
	} tests[] = {
		{ 100, "" },
		{ 199, "" },
		{ 600, "" },
		{ 200, "ticket_secs=" },
		{ 200, "ticket_secs=-1" },
		{ 200, "watch=12" },
		{ 200, "watch=" GUID1 "0" },
		{ 0, "" },
		{ 0, "user=u" },
		{ 0, "park_ticket=P" },
		{ 0, "user=u\tpark_ticket=P\tstatus=x" },
		{ 0, "user=u\tpark_ticket=P\tstatus=42" },
	};
	struct listener_answer answer;
	unsigned int i;

	test_begin("listener answer parse bad");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(test_parse(tests[i].status, tests[i].keys,
					   &answer) < 0, i);
	}
	test_end();
}

static void test_answer_keys(void)
{
	test_begin("listener answer keys");
	/* what the time-out's answer and its log line need */
	test_assert(listener_answer_key_is_http("h:Content-Type=x"));
	test_assert(listener_answer_key_is_http("reason=OK"));
	test_assert(listener_answer_key_is_http("close=1"));
	test_assert(listener_answer_key_is_http("device=d"));
	test_assert(listener_answer_key_is_http("unknown"));
	/* secrets and bulk */
	test_assert(!listener_answer_key_is_http("ticket=T"));
	test_assert(!listener_answer_key_is_http("park_ticket=T"));
	test_assert(!listener_answer_key_is_http("users=a"));
	test_assert(!listener_answer_key_is_http("watch="GUID1));
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_answer_parse,
		test_answer_parse_bad,
		test_answer_keys,
		NULL
	};
	return test_run(test_functions);
}
