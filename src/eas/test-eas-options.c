/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "istream.h"
#include "ostream.h"
#include "buffer.h"
#include "eas-options.h"
#include "test-common.h"

/* An Options element written as "tag=text" pairs; a tag of 0 ends, a pair
   with text NULL opens a container, TAG_CLOSE closes it. */
#define TAG_CLOSE 0xffff
struct element {
	unsigned int tag;
	const char *text;
};

#define BODY_PREFERENCE(type) \
	{ EAS_AIRSYNCBASE_BODY_PREFERENCE, NULL }, \
	{ EAS_AIRSYNCBASE_TYPE, type }
#define BODY_PART_PREFERENCE(type) \
	{ EAS_AIRSYNCBASE_BODY_PART_PREFERENCE, NULL }, \
	{ EAS_AIRSYNCBASE_TYPE, type }
#define TRUNCATION_SIZE(size) { EAS_AIRSYNCBASE_TRUNCATION_SIZE, size }
#define ALL_OR_NONE(value) { EAS_AIRSYNCBASE_ALL_OR_NONE, value }
#define PREVIEW(value) { EAS_AIRSYNCBASE_PREVIEW, value }
#define CLOSE { TAG_CLOSE, NULL }

static pool_t test_pool;

static struct wbxml_node *options_node(const struct element *elements)
{
	buffer_t *buf = buffer_create_dynamic(test_pool, 256);
	struct ostream *output = o_stream_create_buffer(buf);
	struct wbxml_writer *writer = wbxml_writer_init(output);
	struct wbxml_node *root;
	struct istream *input;
	enum wbxml_error kind;
	const char *error;

	wbxml_open(writer, EAS_AIRSYNC_OPTIONS);
	for (; elements->tag != 0; elements++) {
		if (elements->tag == TAG_CLOSE)
			wbxml_close(writer);
		else if (elements->text == NULL)
			wbxml_open(writer, elements->tag);
		else
			wbxml_text(writer, elements->tag, elements->text);
	}
	wbxml_close(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);

	input = i_stream_create_from_data(buf->data, buf->used);
	if (wbxml_tree_read(input, &eas_code_space, &wbxml_default_limits,
			    test_pool, &root, &kind, &error) < 0)
		i_fatal("test document: %s", error);
	i_stream_unref(&input);
	return root;
}

static void test_eas_options_parse(void)
{
	/* encoded form says what was understood */
	static const struct {
		unsigned int version;
		struct element elements[12];
		const char *expected;
	} tests[] = {
		{ 161, { { 0, NULL } }, "1" },
		{ 121, { { EAS_AIRSYNC_FILTER_TYPE, "3" },
			 { EAS_AIRSYNC_CLASS, "Email" },
			 BODY_PREFERENCE("2"), TRUNCATION_SIZE("200000"), CLOSE,
			 { EAS_AIRSYNC_MIME_SUPPORT, "2" } },
		  "1 b2,200000,0,0 f3 m2" },
		{ 141, { BODY_PREFERENCE("1"), TRUNCATION_SIZE("0"),
			 ALL_OR_NONE("1"), PREVIEW("255"), CLOSE,
			 BODY_PREFERENCE("4"), CLOSE },
		  "1 b1,0,1,255 b4,4294967295,0,0" },
		/* AllOrNone says nothing without TruncationSize, nor with the
		   largest one */
		{ 141, { BODY_PREFERENCE("2"), ALL_OR_NONE("1"), CLOSE },
		  "1 b2,4294967295,0,0" },
		{ 141, { BODY_PREFERENCE("2"), TRUNCATION_SIZE("4294967295"),
			 ALL_OR_NONE("1"), CLOSE },
		  "1 b2,4294967295,0,0" },
		/* Preview is of 14.0, BodyPartPreference of 14.1 */
		{ 121, { BODY_PREFERENCE("2"), PREVIEW("100"), CLOSE },
		  "1 b2,4294967295,0,0" },
		{ 140, { BODY_PART_PREFERENCE("2"), CLOSE }, "1" },
		{ 140, { BODY_PART_PREFERENCE("1"), CLOSE }, "1" },
		{ 141, { BODY_PART_PREFERENCE("2"), TRUNCATION_SIZE("5120"),
			 ALL_OR_NONE("1"), PREVIEW("90"), CLOSE },
		  "1 b5,5120,1,90" },
		{ 161, { { EAS_AIRSYNC_CONFLICT, "0" },
			 { EAS_AIRSYNC_MAX_ITEMS, "100" } }, "1 c0 n100" },
		/* rights management is not supported, so it is not wanted */
		{ 161, { { EAS_RIGHTSMANAGEMENT_RIGHTS_MANAGEMENT_SUPPORT,
			   "1" } }, "1" },
		/* 2.5 */
		{ 25, { { EAS_AIRSYNC_TRUNCATION, "0" },
			{ EAS_AIRSYNC_MIME_TRUNCATION, "0" } }, "1 t0 M0" },
		{ 25, { { EAS_AIRSYNC_TRUNCATION, "7" },
			{ EAS_AIRSYNC_MIME_TRUNCATION, "7" },
			{ EAS_AIRSYNC_RTF_TRUNCATION, "4" } },
		  "1 b3,5120,0,0 t51200 M102400" },
		{ 25, { { EAS_AIRSYNC_TRUNCATION, "9" },
			{ EAS_AIRSYNC_MIME_TRUNCATION, "8" } }, "1" },
		{ 25, { BODY_PREFERENCE("2"), CLOSE }, "1" },
	};
	struct eas_item_options options, decoded;
	enum eas_status status;
	string_t *str = t_str_new(128);
	unsigned int i;

	test_begin("eas options: parse, encode, decode");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		/* leftovers of earlier options must go */
		memset(&options, 0xff, sizeof(options));
		test_assert_idx(eas_item_options_parse(&options,
			options_node(tests[i].elements), tests[i].version,
			&status) == 0, i);
		str_truncate(str, 0);
		eas_item_options_encode(&options, str);
		test_assert_strcmp_idx(str_c(str), tests[i].expected, i);

		memset(&decoded, 0xff, sizeof(decoded));
		test_assert_idx(eas_item_options_decode(&decoded,
							str_c(str)) == 0, i);
		str_truncate(str, 0);
		eas_item_options_encode(&decoded, str);
		test_assert_strcmp_idx(str_c(str), tests[i].expected, i);
	}
	test_end();
}

static void test_eas_options_invalid(void)
{
	static const struct {
		unsigned int version;
		struct element elements[6];
		enum eas_status status;
	} tests[] = {
		{ 121, { { EAS_AIRSYNC_FILTER_TYPE, "9" } }, 103 },
		{ 121, { { EAS_AIRSYNC_FILTER_TYPE, "" } }, 103 },
		{ 121, { { EAS_AIRSYNC_FILTER_TYPE, "-1" } }, 103 },
		{ 121, { { EAS_AIRSYNC_FILTER_TYPE, "1x" } }, 103 },
		{ 121, { { EAS_AIRSYNC_CONFLICT, "2" } }, 103 },
		{ 121, { { EAS_AIRSYNC_MIME_SUPPORT, "3" } }, 103 },
		{ 121, { { EAS_AIRSYNC_MIME_TRUNCATION, "9" } }, 103 },
		{ 25, { { EAS_AIRSYNC_TRUNCATION, "10" } }, 103 },
		{ 25, { { EAS_AIRSYNC_RTF_TRUNCATION, "10" } }, 103 },
		{ 25, { { EAS_AIRSYNC_RTF_TRUNCATION, "" } }, 103 },
		{ 161, { { EAS_AIRSYNC_MAX_ITEMS, "4294967296" } }, 103 },
		{ 141, { { EAS_AIRSYNCBASE_BODY_PREFERENCE, NULL },
			 TRUNCATION_SIZE("1"), CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("0"), CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("5"), CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("x"), CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("1"), TRUNCATION_SIZE("4294967296"),
			 CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("1"), ALL_OR_NONE("2"), CLOSE }, 103 },
		{ 141, { BODY_PREFERENCE("1"), PREVIEW("256"), CLOSE }, 103 },
		{ 141, { BODY_PART_PREFERENCE("1"), CLOSE }, 164 },
		{ 141, { { EAS_AIRSYNCBASE_BODY_PART_PREFERENCE, NULL },
			 CLOSE }, 103 },
	};
	static const char *const texts[] = {
		"", "2", "1 x1", "1 f", "1 fx", "1 b1,2,3,4", "1 b1,2,0",
		"1 b0,2,0,0", "1 b6,2,0,0", "1 ", "f1",
	};
	struct eas_item_options options;
	enum eas_status status;
	unsigned int i;

	test_begin("eas options: invalid");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		status = 0;
		test_assert_idx(eas_item_options_parse(&options,
			options_node(tests[i].elements), tests[i].version,
			&status) < 0, i);
		test_assert_idx(status == tests[i].status, i);
	}
	for (i = 0; i < N_ELEMENTS(texts); i++) {
		test_assert_idx(eas_item_options_decode(&options,
							texts[i]) < 0, i);
	}
	test_end();
}

static void test_eas_options_defaults(void)
{
	struct eas_item_options options;

	test_begin("eas options: defaults");
	memset(&options, 0xff, sizeof(options));
	eas_item_options_init(&options, 161);
	test_assert(!options.body[EAS_BODY_PLAIN].set &&
		    !options.body[EAS_BODY_HTML].set &&
		    !options.body[EAS_BODY_RTF].set &&
		    !options.body[EAS_BODY_MIME].set && !options.body_part.set);
	test_assert(options.mime_support == 0);
	test_assert(options.filter_type == 0);
	test_assert(options.conflict == 1);
	test_assert(options.truncation == UINT32_MAX);
	test_assert(options.mime_truncation == UINT32_MAX);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_options_parse,
		test_eas_options_invalid,
		test_eas_options_defaults,
		NULL
	};
	int ret;

	test_pool = pool_alloconly_create("test", 4096);
	ret = test_run(test_functions);
	pool_unref(&test_pool);
	return ret;
}
