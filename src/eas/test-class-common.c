/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "ioloop.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "pim-timezone.h"
#include "test-common.h"
#include "test-class-common.h"

#define TEST_CLASS_NOW 1795858200	/* 2026-11-28 09:30 */

void test_class_init(struct test_class *test, const struct eas_class *class,
		     unsigned int version)
{
	i_zero(test);
	test->pool = pool_alloconly_create("test class", 65536);
	test->class = class;
	test->req.pool = test->pool;
	test->req.req = &test->roost_req;
	test->req.version = version;
	test->req.event = event_create(NULL);
	test->now = TEST_CLASS_NOW;
	eas_item_options_init(&test->options, version);
}

void test_class_deinit(struct test_class *test)
{
	event_unref(&test->req.event);
	pool_unref(&test->pool);
}

unsigned int test_class_pick(unsigned int limit)
{
	static uint32_t state = 20261128;

	state = state * 1664525 + 1013904223;
	return (state >> 8) % limit;
}

struct wbxml_writer *test_class_data_begin(struct test_class *test)
{
	struct wbxml_writer *writer;

	test->buf = buffer_create_dynamic(default_pool, 4096);
	test->output = o_stream_create_buffer(test->buf);
	writer = wbxml_writer_init(test->output);
	wbxml_open(writer, EAS_AIRSYNC_APPLICATION_DATA);
	return writer;
}

struct wbxml_node *
test_class_data_end(struct test_class *test, struct wbxml_writer **writer)
{
	struct istream *input;
	struct wbxml_node *root;
	enum wbxml_error kind;
	struct wbxml_limits limits = wbxml_default_limits;
	const char *error;

	wbxml_close(*writer);
	if (wbxml_writer_finish(writer) < 0)
		i_unreached();
	o_stream_destroy(&test->output);
	/* nothing is left in the input, which goes away */
	limits.max_inline = limits.max_text;
	input = i_stream_create_from_data(test->buf->data, test->buf->used);
	if (wbxml_tree_read(input, &eas_code_space, &limits, test->pool, &root,
			    &kind, &error) < 0)
		i_fatal("%s", error);
	i_stream_unref(&input);
	buffer_free(&test->buf);
	return root;
}

struct wbxml_node *test_class_write(struct test_class *test, const char *text)
{
	struct eas_class_write write;
	struct store_item item;
	struct wbxml_writer *writer;
	struct wbxml_node *root;
	int ret;

	i_zero(&write);
	write.req = &test->req;
	write.options = &test->options;
	i_zero(&item);
	item.text = text;
	item.size = strlen(text);
	item.changed = test->now;
	writer = test_class_data_begin(test);
	T_BEGIN {
		ret = test->class->write(&write, &item, writer, &test->error);
		test->error = p_strdup(test->pool, test->error);
	} T_END;
	root = test_class_data_end(test, &writer);
	return ret < 0 ? NULL : root;
}

const char *test_class_apply(struct test_class *test, const char *old,
			     const struct wbxml_node *data)
{
	struct eas_class_apply apply;
	struct store_item item;
	int ret;

	i_zero(&item);
	item.text = old;
	item.size = old == NULL ? 0 : strlen(old);
	i_zero(&apply);
	apply.req = &test->req;
	apply.old = old == NULL ? NULL : &item;
	apply.data = data;
	apply.supported = &test->supported;
	apply.options = &test->options;
	apply.now = test->now;
	apply.new_uid = "00000000000000000000000000000001";
	apply.text = str_new(test->pool, 1024);
	T_BEGIN {
		ret = test->class->apply(&apply);
		test->error = p_strdup(test->pool, apply.error);
		test->more = apply.more == NULL ? NULL :
			p_strdup(test->pool, str_c(apply.more));
		test->tell = apply.tell;
	} T_END;
	return ret < 0 ? NULL : str_c(apply.text);
}

int test_class_run(void (*const test_functions[])(void))
{
	int ret;

	ioloop_time = TEST_CLASS_NOW;
	(void)setenv("TZ", "Europe/Berlin", 1);
	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
