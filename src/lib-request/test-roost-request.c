#include "lib.h"
#include "array.h"
#include "str.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "test-common.h"
#include "roost-settings.h"
#include "roost-request.h"

#include <unistd.h>

static struct roost_settings test_set = { .roost_spool_dir = "/tmp" };
static struct roost_user test_user = { .set = &test_set };

static struct roost_request *test_request_init(void)
{
	pool_t pool = pool_alloconly_create("test request", 1024);
	struct roost_request *req = p_new(pool, struct roost_request, 1);

	req->pool = pool;
	req->user = &test_user;
	req->answer.status = 200;
	p_array_init(&req->headers, pool, 4);
	p_array_init(&req->answer.headers, pool, 4);
	return req;
}

static void test_request_deinit(struct roost_request *req)
{
	pool_t pool = req->pool;

	roost_answer_reset(req);
	pool_unref(&pool);
}

/* what the answer's stream holds; the stream is closed by that */
static const char *test_answer_body(struct roost_request *req)
{
	struct istream *input;
	const unsigned char *data;
	string_t *str = t_str_new(256);
	size_t size;

	test_assert(o_stream_finish(req->answer.output) > 0);
	input = iostream_temp_finish(&req->answer.output, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(str, data, size);
		i_stream_skip(input, size);
	}
	test_assert(input->stream_errno == 0);
	i_stream_unref(&input);
	return str_c(str);
}

static void test_roost_request_header(void)
{
	struct roost_request *req = test_request_init();
	struct roost_header *header;

	test_begin("roost request header");
	header = array_append_space(&req->headers);
	header->name = "X-MS-PolicyKey";
	header->value = "17";
	test_assert_strcmp(roost_request_header(req, "x-ms-policykey"), "17");
	test_assert(roost_request_header(req, "X-MS-Policy") == NULL);
	test_request_deinit(req);
	test_end();
}

static void test_roost_answer_headers(void)
{
	struct roost_request *req = test_request_init();
	const struct roost_header *header;
	char value[] = "a\r\nSet-Cookie: b\177\t\xc3\xa9";

	test_begin("roost answer headers");
	roost_answer_add_header(req, "X-One", value);
	value[0] = 'x';
	header = array_front(&req->answer.headers);
	test_assert_strcmp(header->value, "a  Set-Cookie: b  \xc3\xa9");
	roost_answer_add_header(req, "content-type", "text/html");
	roost_answer_add_header(req, "Content-Length", "3");
	roost_answer_add_header(req, "X-Two", "2");
	req->answer.status = 500;
	roost_answer_reset(req);
	test_assert(array_count(&req->answer.headers) == 2);
	test_assert(req->answer.status == 200);
	header = array_idx(&req->answer.headers, 1);
	test_assert_strcmp(header->name, "X-Two");
	test_request_deinit(req);
	test_end();
}

static void test_roost_answer_output(void)
{
	struct roost_request *req = test_request_init();
	struct ostream *output;

	test_begin("roost answer output");
	output = roost_answer_output(req);
	o_stream_nsend_str(output, "first");
	test_assert(roost_answer_output(req) == output);
	test_assert_strcmp(test_answer_body(req), "first");

	o_stream_nsend_str(roost_answer_output(req), "dropped");
	roost_answer_reset(req);
	o_stream_nsend_str(roost_answer_output(req), "second");
	test_assert_strcmp(test_answer_body(req), "second");

	o_stream_nsend_str(roost_answer_output(req), "dropped");
	roost_answer_park(req, 1000, NULL, 0);
	roost_answer_fail(req, 503, "Try again later");
	test_assert(req->answer.status == 503);
	test_assert(req->answer.park == NULL);
	test_assert_strcmp(req->answer.reason, "Try again later");
	test_assert_strcmp(test_answer_body(req), "Try again later\n");
	test_request_deinit(req);
	test_end();
}

/* A large answer goes to a file that has no name any more, a small one does not. */
static void test_roost_answer_spool(void)
{
	struct roost_request *req = test_request_init();
	struct ostream *output;
	struct istream *input;
	unsigned char block[4096];
	unsigned int i;
	uoff_t size;

	test_begin("roost answer spool");
	memset(block, 'x', sizeof(block));
	output = roost_answer_output(req);
	for (i = 0; i < 32; i++)
		o_stream_nsend(output, block, sizeof(block));
	test_assert(o_stream_get_fd(output) == -1);
	for (i = 0; i < 1024; i++)
		o_stream_nsend(output, block, sizeof(block));
	test_assert(o_stream_get_fd(output) != -1);
	test_assert(o_stream_finish(req->answer.output) > 0);
	input = iostream_temp_finish(&req->answer.output, IO_BLOCK_SIZE);
	test_assert(i_stream_get_size(input, TRUE, &size) > 0);
	test_assert(size == 1056 * sizeof(block));
	test_assert(i_stream_get_fd(input) != -1);
	i_stream_unref(&input);
	test_request_deinit(req);
	test_end();
}

static void test_roost_answer_park(void)
{
	struct roost_request *req = test_request_init();
	guid_128_t watch[2];

	test_begin("roost answer park");
	memset(watch[0], 1, sizeof(watch[0]));
	memset(watch[1], 2, sizeof(watch[1]));
	roost_answer_park(req, 5000, watch, 2);
	memset(watch, 3, sizeof(watch));
	test_assert(req->answer.park->msecs == 5000);
	test_assert(array_count(&req->answer.park->watch) == 2);
	test_assert((*array_idx(&req->answer.park->watch, 1))[0] == 2);
	roost_answer_park(req, 6000, NULL, 0);
	test_assert(array_count(&req->answer.park->watch) == 0);
	test_request_deinit(req);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_roost_request_header,
		test_roost_answer_headers,
		test_roost_answer_output,
		test_roost_answer_spool,
		test_roost_answer_park,
		NULL
	};
	return test_run(test_functions);
}
