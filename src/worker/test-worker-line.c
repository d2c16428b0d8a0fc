#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "worker-line.h"

#define TEST_COMMON \
	"user=u1\tsession=abc\tmethod=POST\t" \
	"target=/Microsoft-Server-ActiveSync?Cmd=Sync\thost=https://h\t"
#define TEST_COOKIE "00112233445566778899aabbccddeeff"
#define TEST_LOGIN "login=12 34 56 "TEST_COOKIE

static int
test_line_parse(const char *text, pool_t pool, struct worker_line *line_r,
		const char **error_r)
{
	return worker_line_parse(t_strsplit(text, "\t"), pool, line_r, error_r);
}

static void test_worker_line_good(void)
{
	pool_t pool = pool_alloconly_create("test line", 1024);
	struct worker_line line;
	const struct roost_header *header;
	const char *error;

	test_begin("worker line good");
	test_assert(test_line_parse("7\t5\t0\t"TEST_COMMON TEST_LOGIN
		"\trip=192.0.2.1\trport=1234\tlip=2001:db8::1\tlport=443"
		"\tsecured=1\telapsed=5000\th:User-Agent=x=y\th:Empty=",
		pool, &line, &error) == 0);
	test_assert(line.id == 7 && line.body_size == 5 && !line.body_fd);
	test_assert(line.have_login && line.ticket == NULL);
	test_assert(line.login.auth_pid == 12 && line.login.auth_id == 34 &&
		    line.login.client_pid == 56);
	test_assert(line.login.cookie[0] == 0 && line.login.cookie[15] == 0xff);
	test_assert(line.remote_port == 1234 && line.local_port == 443);
	test_assert(line.remote_ip.family == AF_INET &&
		    line.local_ip.family == AF_INET6);
	test_assert(line.secured && line.elapsed_msecs == 5000);
	test_assert(array_count(&line.headers) == 2);
	header = array_front(&line.headers);
	test_assert_strcmp(header->name, "User-Agent");
	test_assert_strcmp(header->value, "x=y");

	test_assert(test_line_parse("7\t500000\t1\t"TEST_COMMON"ticket=xyz",
				    pool, &line, &error) == 0);
	test_assert(!line.have_login && line.body_fd && !line.secured);
	test_assert_strcmp(line.ticket, "xyz");
	pool_unref(&pool);
	test_end();
}

static void test_worker_line_bad(void)
{
	static const char *const lines[] = {
		"",
		"7",
		"7\t0",
		/* id, size, kind */
		"x\t0\t0\t"TEST_COMMON TEST_LOGIN,
		"-1\t0\t0\t"TEST_COMMON TEST_LOGIN,
		"4294967296\t0\t0\t"TEST_COMMON TEST_LOGIN,
		"7\t-1\t0\t"TEST_COMMON TEST_LOGIN,
		"7\t99999999999999999999999\t1\t"TEST_COMMON TEST_LOGIN,
		"7\t0\t2\t"TEST_COMMON TEST_LOGIN,
		"7\t131073\t0\t"TEST_COMMON TEST_LOGIN,
		"7\t0\t1\t"TEST_COMMON TEST_LOGIN,
		/* no proof, or two */
		"7\t0\t0\t"TEST_COMMON,
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\tticket=x",
		/* logins */
		"7\t0\t0\t"TEST_COMMON"login=",
		"7\t0\t0\t"TEST_COMMON"login=12 34 56",
		"7\t0\t0\t"TEST_COMMON"login=12 34 56 00",
		"7\t0\t0\t"TEST_COMMON"login=12 34 56 "TEST_COOKIE"00",
		"7\t0\t0\t"TEST_COMMON"login=12 34 56 "TEST_COOKIE" 1",
		"7\t0\t0\t"TEST_COMMON"login=12 34 56 x0112233445566778899aabbccddeeff",
		"7\t0\t0\t"TEST_COMMON"login=-1 34 56 "TEST_COOKIE,
		"7\t0\t0\t"TEST_COMMON"login=12 -1 56 "TEST_COOKIE,
		"7\t0\t0\t"TEST_COMMON"login=12 34 99999999999 "TEST_COOKIE,
		/* values */
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\trip=localhost",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\trport=65536",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\tsecured=2",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\tsecured=",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\telapsed=-1",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\telapsed=4294967296",
		/* unknown, doubled, no key, no name */
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\troot=1",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\tuser=u2",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\tuser",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\t",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\th:=x",
		/* control characters */
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\th:X=a\nb",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\th:X=a\rb",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\th:X=a\033b",
		"7\t0\t0\t"TEST_COMMON TEST_LOGIN"\th:X\177=ab",
		/* what is needed */
		"7\t0\t0\tsession=abc\tmethod=POST\ttarget=/\thost=h\t"TEST_LOGIN,
		"7\t0\t0\tuser=\tsession=abc\tmethod=POST\ttarget=/\thost=h\t"TEST_LOGIN,
		"7\t0\t0\tuser=u1\tmethod=POST\ttarget=/\thost=h\t"TEST_LOGIN,
		"7\t0\t0\tuser=u1\tsession=abc\ttarget=/\thost=h\t"TEST_LOGIN,
		"7\t0\t0\tuser=u1\tsession=abc\tmethod=POST\thost=h\t"TEST_LOGIN,
		"7\t0\t0\tuser=u1\tsession=abc\tmethod=POST\ttarget=/\t"TEST_LOGIN,
		"7\t0\t0\tuser=u1\tsession=abc\tmethod=POST\ttarget=x\thost=h\t"TEST_LOGIN,
	};
	struct worker_line line;
	const char *error;
	unsigned int i;

	test_begin("worker line bad");
	for (i = 0; i < N_ELEMENTS(lines); i++) {
		pool_t pool = pool_alloconly_create("test line", 1024);

		error = NULL;
		test_assert_idx(test_line_parse(lines[i], pool, &line,
						&error) < 0, i);
		test_assert_idx(error != NULL, i);
		pool_unref(&pool);
	}
	test_end();
}

static void test_worker_line_limits(void)
{
	pool_t pool = pool_alloconly_create("test line", 1024);
	string_t *str = t_str_new(100000);
	struct worker_line line;
	const char *error;
	unsigned int i;

	test_begin("worker line limits");
	str_append(str, "7\t0\t0\t"TEST_COMMON TEST_LOGIN);
	for (i = 0; i < 200; i++)
		str_printfa(str, "\th:X%u=y", i);
	test_assert(test_line_parse(str_c(str), pool, &line, &error) == 0);
	str_append(str, "\th:One=more");
	test_assert(test_line_parse(str_c(str), pool, &line, &error) < 0);

	str_truncate(str, 0);
	str_append(str, "7\t0\t0\tsession=abc\tmethod=POST\ttarget=/\thost=h\t"
		   TEST_LOGIN"\tuser=");
	for (i = 0; i < 1025; i++)
		str_append_c(str, 'u');
	test_assert(test_line_parse(str_c(str), pool, &line, &error) < 0);
	str_truncate(str, str_len(str) - 1);
	test_assert(test_line_parse(str_c(str), pool, &line, &error) == 0);
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_worker_line_good,
		test_worker_line_bad,
		test_worker_line_limits,
		NULL
	};
	return test_run(test_functions);
}
