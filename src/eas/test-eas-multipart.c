/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "roost-settings.h"
#include "eas-multipart.h"
#include "test-common.h"

static struct roost_settings test_set = { .roost_spool_dir = "/tmp" };

static void test_request_init(struct eas_request *req, pool_t pool)
{
	struct roost_user *user = p_new(pool, struct roost_user, 1);

	i_zero(req);
	user->set = &test_set;
	req->pool = pool;
	req->event = event_create(NULL);
	req->req = p_new(pool, struct roost_request, 1);
	req->req->pool = pool;
	req->req->user = user;
	p_array_init(&req->req->answer.headers, pool, 4);
}

static void test_request_deinit(struct eas_request *req)
{
	if (req->req->answer.output != NULL)
		o_stream_destroy(&req->req->answer.output);
	event_unref(&req->event);
	pool_unref(&req->pool);
}

static uint32_t get_uint32(const unsigned char *data)
{
	return data[0] | data[1] << 8 | data[2] << 16 |
		(uint32_t)data[3] << 24;
}

/* The whole answer. */
static buffer_t *test_answer(struct eas_request *req)
{
	buffer_t *buf = buffer_create_dynamic(req->pool, 1024);
	const unsigned char *data;
	struct istream *input;
	size_t size;

	test_assert(o_stream_finish(req->req->answer.output) > 0);
	input = iostream_temp_finish(&req->req->answer.output, 4096);
	while (i_stream_read_more(input, &data, &size) > 0) {
		buffer_append(buf, data, size);
		i_stream_skip(input, size);
	}
	test_assert(input->stream_errno == 0);
	i_stream_unref(&input);
	return buf;
}

static void
test_part(const buffer_t *answer, unsigned int part, const void *expected,
	  size_t expected_size)
{
	const unsigned char *data = answer->data;
	size_t offset = get_uint32(data + 4 + part * 8);
	size_t size = get_uint32(data + 8 + part * 8);

	test_assert_idx(size == expected_size, part);
	test_assert_idx(offset <= answer->used && size <= answer->used - offset,
			part);
	test_assert_idx(memcmp(data + offset, expected, expected_size) == 0,
			part);
}

static unsigned int
test_add(struct eas_multipart *multipart, const void *data, size_t size,
	 size_t part_size)
{
	struct istream *input = i_stream_create_from_data(data, size);
	unsigned int part = eas_multipart_add(multipart, input, part_size);

	i_stream_unref(&input);
	return part;
}

static void test_eas_multipart(void)
{
	static const unsigned char document[] = {
		0x03, 0x01, 0x6a, 0x00, 0x00, 0x14, 0x05
	};
	/* more than is kept in memory */
	const size_t large_size = 300 * 1024;
	unsigned char *large = i_malloc(large_size);
	pool_t pool = pool_alloconly_create("test", 1024);
	struct eas_multipart *multipart;
	struct eas_request req;
	const struct roost_header *header;
	const buffer_t *answer;
	size_t i;

	test_begin("eas multipart");
	for (i = 0; i < large_size; i++)
		large[i] = i * 7 + i / 256;
	test_request_init(&req, pool);
	multipart = eas_multipart_init(&req);
	wbxml_empty(eas_multipart_writer(multipart),
		    EAS_ITEMOPERATIONS_ITEM_OPERATIONS);
	test_assert(test_add(multipart, "first and more", 14, 5) == 1);
	test_assert(test_add(multipart, "", 0, 0) == 2);
	test_assert(test_add(multipart, large, large_size, large_size) == 3);
	test_assert(eas_multipart_finish(multipart) == 0);
	eas_multipart_deinit(&multipart);
	test_assert(multipart == NULL);

	answer = test_answer(&req);
	test_assert(get_uint32(answer->data) == 4);
	test_assert(answer->used == 4 + 4 * 8 + sizeof(document) + 5 +
		    large_size);
	test_part(answer, 0, document, sizeof(document));
	test_part(answer, 1, "first", 5);
	test_part(answer, 2, "", 0);
	test_part(answer, 3, large, large_size);
	test_assert(array_count(&req.req->answer.headers) == 1);
	header = array_front(&req.req->answer.headers);
	test_assert_strcmp(header->value, EAS_CONTENT_TYPE_MULTIPART);
	test_request_deinit(&req);
	i_free(large);
	test_end();
}

static void test_eas_multipart_failures(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct eas_multipart *multipart;
	struct eas_request req;

	test_begin("eas multipart: failures");
	test_request_init(&req, pool);
	/* a part that is shorter than was said */
	multipart = eas_multipart_init(&req);
	wbxml_empty(eas_multipart_writer(multipart),
		    EAS_ITEMOPERATIONS_ITEM_OPERATIONS);
	test_expect_error_string("ends early");
	test_assert(test_add(multipart, "short", 5, 6) == 1);
	test_expect_no_more_errors();
	test_assert(eas_multipart_finish(multipart) < 0);
	eas_multipart_deinit(&multipart);

	/* given up half-way */
	multipart = eas_multipart_init(&req);
	wbxml_open(eas_multipart_writer(multipart),
		   EAS_ITEMOPERATIONS_ITEM_OPERATIONS);
	test_assert(test_add(multipart, "x", 1, 1) == 1);
	eas_multipart_deinit(&multipart);
	test_assert(req.req->answer.output == NULL);
	test_request_deinit(&req);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_multipart,
		test_eas_multipart_failures,
		NULL
	};
	return test_run(test_functions);
}
