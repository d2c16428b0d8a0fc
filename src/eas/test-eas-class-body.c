/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "test-class-common.h"

static const struct eas_class_body_tags test_tags = {
	.body = EAS_TASKS_BODY,
	.size = EAS_TASKS_BODY_SIZE,
	.truncated = EAS_TASKS_BODY_TRUNCATED,
	.rtf = EAS_TASKS_COMPRESSED_RTF,
};
/* as calendars */
static const struct eas_class_body_tags test_tags_small = {
	.body = EAS_CALENDAR_BODY,
	.truncated = EAS_CALENDAR_BODY_TRUNCATED,
};

static struct wbxml_node *
test_write(struct test_class *test, const struct eas_class_body_tags *tags,
	   const char *text, enum eas_body_type type)
{
	struct eas_class_write write;
	struct wbxml_writer *writer;

	i_zero(&write);
	write.req = &test->req;
	write.options = &test->options;
	writer = test_class_data_begin(test);
	eas_class_write_body(&write, writer, tags, text, strlen(text), type);
	return test_class_data_end(test, &writer);
}

static void test_eas_class_body_write(void)
{
	struct test_class test;
	struct wbxml_node *data, *body;

	test_begin("eas class: bodies that are shown");
	test_class_init(&test, NULL, EAS_VERSION_2_5);
	data = test_write(&test, &test_tags, "a\nb", EAS_BODY_PLAIN);
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY), "a\r\nb");
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY_SIZE), "4");
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY_TRUNCATED),
			   "0");
	test.options.truncation = 3;
	data = test_write(&test, &test_tags, "\xc3\xa4\xc3\xb6",
			  EAS_BODY_PLAIN);
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY), "\xc3\xa4");
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY_SIZE), "4");
	test_assert_strcmp(wbxml_child_text(data, EAS_TASKS_BODY_TRUNCATED),
			   "1");
	data = test_write(&test, &test_tags_small, "<p>abcd</p>",
			  EAS_BODY_HTML);
	test_assert_strcmp(wbxml_child_text(data, EAS_CALENDAR_BODY), "abc");
	test_assert(data->children->next != NULL &&
		    data->children->next->next == NULL);
	test_assert(test_write(&test, &test_tags, "",
			       EAS_BODY_PLAIN)->children == NULL);

	test.req.version = EAS_VERSION_12_1;
	data = test_write(&test, &test_tags, "a\nb", EAS_BODY_PLAIN);
	body = wbxml_node_child(data, EAS_AIRSYNCBASE_BODY);
	test_assert_strcmp(wbxml_child_text(body, EAS_AIRSYNCBASE_DATA),
			   "a\r\nb");
	test_class_deinit(&test);
	test_end();
}

/* [MS-OXRTFCP] 4.1 */
#define TEST_RTF "LQAAACsAAABMWkZ18cXHpwMACgByY3BnMTI1QjIK8yBoZWwJACBidwWw" \
	"bGR9CoAPoA=="

static const struct {
	const char *body, *rtf;
	const char *text;		/* NULL = malformed, "-" = none */
} read_tests[] = {
	{ NULL, NULL, "-" },
	{ "", NULL, "" },
	{ "a\r\nb\rc", NULL, "a\nb\nc" },
	{ NULL, TEST_RTF, "hello world" },
	{ "", TEST_RTF, "hello world" },
	{ "text", TEST_RTF, "text" },
	{ "", "", "" },
	{ NULL, "e1xydGYxIGF9", "a" },
	{ NULL, "{\\rtf1 b}", "b" },
	{ NULL, "nonsense", NULL },
	{ NULL, "LQAAACsAAABMWkZ18cXHpwMACgByY3Bn", NULL },
};

static int
test_read(struct test_class *test, const char *body, const char *rtf,
	  const char **text_r)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	enum eas_body_type type;
	int ret;

	if (test->req.version == EAS_VERSION_2_5) {
		wbxml_text(writer, EAS_TASKS_BODY, body);
		wbxml_text(writer, EAS_TASKS_COMPRESSED_RTF, rtf);
	} else if (rtf != NULL) {
		wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
		wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, EAS_BODY_RTF);
		wbxml_text(writer, EAS_AIRSYNCBASE_DATA, rtf);
		wbxml_close(writer);
	}
	ret = eas_class_read_body(&test->req,
				  test_class_data_end(test, &writer),
				  &test_tags, text_r, &type);
	test_assert(ret < 0 || type == EAS_BODY_PLAIN);
	return ret;
}

static void test_eas_class_body_read(void)
{
	struct test_class test;
	const char *text;
	int ret;

	test_begin("eas class: bodies that are sent");
	test_class_init(&test, NULL, EAS_VERSION_2_5);
	for (unsigned int i = 0; i < N_ELEMENTS(read_tests); i++) {
		const char *want = read_tests[i].text;

		ret = test_read(&test, read_tests[i].body, read_tests[i].rtf,
				&text);
		test_assert_idx(ret == (want == NULL ? -1 :
					strcmp(want, "-") == 0 ? 0 : 1), i);
		if (ret > 0)
			test_assert_strcmp_idx(text, want, i);
	}
	/* RTF within AirSyncBase:Body */
	test.req.version = EAS_VERSION_12_0;
	test_assert(test_read(&test, NULL, TEST_RTF, &text) == 1);
	test_assert_strcmp(text, "hello world");
	test_assert(test_read(&test, NULL, "nonsense", &text) == -1);
	test_class_deinit(&test);
	test_end();
}

static void test_eas_class_body_is_shown(void)
{
	static const char html[] = "<html><body><p>one</p></body></html>";
	struct eas_class_apply apply;
	struct test_class test;

	test_begin("eas class: what was shown is no edit");
	test_class_init(&test, NULL, EAS_VERSION_14_1);
	i_zero(&apply);
	apply.req = &test.req;
	apply.options = &test.options;
	test_assert(eas_class_body_is_shown(&apply, "a\nb", EAS_BODY_PLAIN,
					    "a\nb", EAS_BODY_PLAIN));
	test_assert(!eas_class_body_is_shown(&apply, "a\nb", EAS_BODY_PLAIN,
					     "a", EAS_BODY_PLAIN));
	test_assert(eas_class_body_is_shown(&apply, html, EAS_BODY_HTML,
		eas_class_html_to_text(html), EAS_BODY_PLAIN));
	test.options.body[EAS_BODY_PLAIN].set = TRUE;
	test.options.body[EAS_BODY_PLAIN].truncation_size = 4;
	test_assert(eas_class_body_is_shown(&apply, "a\nbcd",
		EAS_BODY_PLAIN, "a\nb", EAS_BODY_PLAIN));
	test_assert(!eas_class_body_is_shown(&apply, "a\nbcd",
		EAS_BODY_PLAIN, "a\nbc", EAS_BODY_PLAIN));
	/* at 2.5 it is another option */
	test.req.version = EAS_VERSION_2_5;
	test.options.truncation = 2;
	test_assert(eas_class_body_is_shown(&apply, "abc", EAS_BODY_PLAIN,
					    "ab", EAS_BODY_PLAIN));
	test_class_deinit(&test);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_class_body_write,
		test_eas_class_body_read,
		test_eas_class_body_is_shown,
		NULL
	};

	return test_run(test_functions);
}
