/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "eas-schema-filter.h"
#include "test-common.h"

static const char test_long_text[] =
	"a text that is longer than the pieces in which it comes";

/* A Fetch as the command writes it. */
static const buffer_t *test_fragment(pool_t pool)
{
	buffer_t *buf = buffer_create_dynamic(pool, 256);
	struct ostream *output = o_stream_create_buffer(buf);
	struct wbxml_writer *writer = wbxml_writer_init_fragment(output);

	wbxml_open(writer, EAS_ITEMOPERATIONS_FETCH);
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, 1);
	wbxml_text(writer, EAS_AIRSYNC_SERVER_ID, "7:1");
	wbxml_open(writer, EAS_ITEMOPERATIONS_PROPERTIES);
	wbxml_text(writer, EAS_EMAIL_TO, "to");
	wbxml_text(writer, EAS_EMAIL_SUBJECT, test_long_text);
	wbxml_bool(writer, EAS_EMAIL_READ, TRUE);
	wbxml_empty(writer, EAS_EMAIL_FLAG);
	wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
	wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, 1);
	wbxml_text(writer, EAS_AIRSYNCBASE_DATA, "body");
	wbxml_close(writer);
	wbxml_opaque(writer, EAS_EMAIL2_CONVERSATION_ID, "\x01\x00\x03", 3);
	wbxml_opaque(writer, EAS_EMAIL2_CONVERSATION_INDEX, "", 0);
	wbxml_close(writer);
	wbxml_close(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	return buf;
}

/* The names of what is left of the fragment, when it comes in pieces. */
static const char *
test_filter(pool_t pool, const buffer_t *fragment, const unsigned int *tags,
	    bool without, size_t piece)
{
	static const uint16_t blank[] = { 0 };
	buffer_t *buf = buffer_create_dynamic(pool, 256);
	struct ostream *output = o_stream_create_buffer(buf);
	struct wbxml_writer *writer = wbxml_writer_init(output);
	struct eas_schema_filter *filter;
	struct wbxml_node *root;
	struct istream *input;
	enum wbxml_error kind;
	const char *error;
	string_t *str = t_str_new(256);
	size_t pos;

	wbxml_open(writer, EAS_ITEMOPERATIONS_RESPONSE);
	filter = (without ? eas_schema_filter_init_without :
		  eas_schema_filter_init)(writer, EAS_ITEMOPERATIONS_PROPERTIES,
					  tags);
	for (pos = 0; pos < fragment->used; pos += piece) {
		eas_schema_filter_more(filter,
			CONST_PTR_OFFSET(fragment->data, pos),
			I_MIN(piece, fragment->used - pos));
	}
	test_assert(eas_schema_filter_deinit(&filter) == 0);
	/* what comes after it is not confused */
	wbxml_uint(writer, EAS_ITEMOPERATIONS_STATUS, 7);
	wbxml_close(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);

	input = i_stream_create_from_data(buf->data, buf->used);
	if (wbxml_tree_read(input, &eas_code_space, &wbxml_default_limits,
			    pool, &root, &kind, &error) < 0)
		i_fatal("filtered document: %s", error);
	i_stream_unref(&input);
	wbxml_tree_to_xml(root, &eas_code_space, blank, str);
	return p_strdup(pool, str_c(str));
}

static unsigned int test_count(const char *xml, const char *name)
{
	unsigned int count = 0;

	for (; (xml = strstr(xml, name)) != NULL; xml++)
		count++;
	return count;
}

static void test_eas_schema_filter(void)
{
	static const struct {
		unsigned int tags[4];
		const char *kept[5];
	} tests[] = {
		{ { EAS_EMAIL_SUBJECT }, { "Subject", test_long_text } },
		{ { EAS_AIRSYNCBASE_BODY }, { "Body", "Type", "body" } },
		{ { EAS_EMAIL_FLAG, EAS_EMAIL2_CONVERSATION_ID },
		  { "Flag", "ConversationId" } },
		{ { EAS_EMAIL2_CONVERSATION_INDEX, EAS_EMAIL_TO },
		  { "ConversationIndex", "To" } },
		{ { EAS_CONTACTS_WEB_PAGE }, { NULL } },
		/* not a property but a child of one */
		{ { EAS_AIRSYNCBASE_TYPE }, { NULL } },
	};
	static const char *const names[] = {
		"Subject", "Read", "Flag", "Body", "Type", "Data",
		"ConversationId", "ConversationIndex", "To",
	};
	static const size_t pieces[] = { 1, 2, 7, 10000 };
	pool_t pool = pool_alloconly_create("test", 4096);
	const buffer_t *fragment;
	unsigned int i, j, k;

	test_begin("eas schema filter");
	fragment = test_fragment(pool);
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *first = NULL;

		for (j = 0; j < N_ELEMENTS(pieces); j++) {
			const char *xml = test_filter(pool, fragment,
						      tests[i].tags, FALSE,
						      pieces[j]);

			if (first == NULL)
				first = xml;
			test_assert_strcmp_idx(xml, first, i);
		}
		/* what stands outside of Properties stays */
		test_assert_idx(test_count(first, "<ServerId") == 1, i);
		test_assert_idx(test_count(first, "<Properties") == 1, i);
		for (j = 0; tests[i].kept[j] != NULL; j++) {
			test_assert_idx(strstr(first, tests[i].kept[j]) != NULL,
					i);
		}
		for (j = 0; j < N_ELEMENTS(names); j++) {
			bool kept = FALSE;

			for (k = 0; tests[i].kept[k] != NULL; k++) {
				if (strcmp(tests[i].kept[k], names[j]) == 0 ||
				    strcmp(tests[i].kept[0], "Body") == 0)
					kept = TRUE;
			}
			test_assert_idx(kept || test_count(first,
				t_strconcat("<", names[j], ">", NULL)) == 0, i);
		}
	}
	pool_unref(&pool);
	test_end();
}

static void test_eas_schema_filter_broken(void)
{
	static const struct {
		const char *data;
		size_t size;
	} tests[] = {
		{ "\x05", 1 },			/* no page */
		{ "\x00\x14\x45", 3 },		/* not closed */
		{ "\x01", 1 },			/* nothing to close */
		{ "\x00\x14\x45\x03" "ab", 6 },	/* text without end */
		{ "\x00\x14\x45\xc3\x05" "ab", 7 },
		{ "\x00\x14\x45\x02\x01", 5 },	/* entities are not written */
	};
	static const unsigned int no_tags[] = { 0 };
	unsigned int i;

	test_begin("eas schema filter: broken fragments");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		buffer_t *buf = t_buffer_create(64);
		struct ostream *output = o_stream_create_buffer(buf);
		struct wbxml_writer *writer = wbxml_writer_init(output);
		struct eas_schema_filter *filter;

		wbxml_open(writer, EAS_ITEMOPERATIONS_RESPONSE);
		filter = eas_schema_filter_init(writer,
			EAS_ITEMOPERATIONS_PROPERTIES, no_tags);
		eas_schema_filter_more(filter,
				       (const unsigned char *)tests[i].data,
				       tests[i].size);
		test_assert_idx(eas_schema_filter_deinit(&filter) < 0, i);
		wbxml_writer_abort(&writer);
		o_stream_destroy(&output);
	}
	test_end();
}

static void test_eas_schema_filter_without(void)
{
	static const unsigned int tags[] = {
		EAS_EMAIL_SUBJECT, EAS_AIRSYNCBASE_BODY,
		EAS_AIRSYNCBASE_TYPE, EAS_AIRSYNC_SERVER_ID, 0
	};
	static const char *const kept[] = {
		"<ServerId", "<Properties", "<To", "<Read", "<Flag",
		"<ConversationId", "<ConversationIndex",
	};
	pool_t pool = pool_alloconly_create("test", 4096);
	const buffer_t *fragment = test_fragment(pool);
	const char *xml;

	test_begin("eas schema filter: all but some");
	for (size_t piece = 1; piece < 20; piece += 3) {
		xml = test_filter(pool, fragment, tags, TRUE, piece);
		for (unsigned int i = 0; i < N_ELEMENTS(kept); i++)
			test_assert_idx(test_count(xml, kept[i]) == 1, i);
		test_assert(strstr(xml, "<Subject") == NULL);
		test_assert(strstr(xml, "<Body") == NULL);
		test_assert(strstr(xml, "<Type") == NULL);
	}
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_schema_filter,
		test_eas_schema_filter_without,
		test_eas_schema_filter_broken,
		NULL
	};
	return test_run(test_functions);
}
