/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "istream.h"
#include "ostream.h"
#include "wbxml-tree.h"
#include "wbxml-writer.h"
#include "eas-blank.h"
#include "test-common.h"

#define SECRET "Tell nobody."

/* The answer's XML: the element with SECRET, after one that is open. */
static const char *blank_xml(unsigned int tag, bool opaque, size_t cut)
{
	struct wbxml_limits limits = wbxml_default_limits;
	buffer_t *data = t_buffer_create(128);
	struct ostream *output = o_stream_create_buffer(data);
	struct wbxml_writer *writer = wbxml_writer_init(output);
	pool_t pool = pool_alloconly_create("blank", 1024);
	string_t *xml = t_str_new(256);
	struct istream *input;
	struct wbxml_node *root;
	enum wbxml_error kind;
	const char *error;

	wbxml_open(writer, EAS_AIRSYNC_SYNC);
	wbxml_text(writer, EAS_AIRSYNC_SYNC_KEY, "key");
	if (opaque)
		wbxml_opaque(writer, tag, SECRET, strlen(SECRET));
	else
		wbxml_text(writer, tag, SECRET);
	wbxml_close(writer);
	test_assert(wbxml_writer_finish(&writer) == 0);
	o_stream_destroy(&output);

	limits.partial = TRUE;
	input = i_stream_create_from_data(data->data, data->used - cut);
	test_assert((wbxml_tree_read(input, &eas_code_space, &limits, pool,
				     &root, &kind, &error) < 0) == (cut > 0));
	test_assert(root != NULL);
	if (root != NULL) {
		wbxml_tree_to_xml(root, &eas_code_space, eas_blank_tags, xml);
	}
	i_stream_destroy(&input);
	pool_unref(&pool);
	return str_c(xml);
}

static void test_eas_blank_table(void)
{
	const uint16_t *tag;

	test_begin("eas blank: every element of the table");
	for (tag = eas_blank_tags; *tag != 0; tag++) T_BEGIN {
		const char *name = wbxml_tag_name(&eas_code_space, *tag);
		const char *xml = blank_xml(*tag, FALSE, 0);

		test_assert_idx(name != NULL, *tag);
		test_assert_idx(strstr(xml, SECRET) == NULL, *tag);
		test_assert_idx(strstr(xml, t_strconcat("<", name, NULL)) !=
				NULL, *tag);
		test_assert_idx(strstr(xml, ">key</SyncKey>") != NULL, *tag);
		test_assert_idx(strstr(xml, "<!-- 12 bytes -->") != NULL,
				*tag);
	} T_END;
	test_end();
}

static bool blank_has(uint16_t tag)
{
	const uint16_t *p = eas_blank_tags;

	while (*p != 0 && *p != tag)
		p++;
	return *p == tag;
}

/* By its name, so that a page that is added can't be forgotten. */
static void test_eas_blank_names(void)
{
	static const char *const names[] = {
		"Body", "Data", "MIMEData", "Mime", "Password",
		"DevicePassword", "Preview", "Picture", "Content",
		"ReplyMessage", "CompressedRTF",
	};
	unsigned int i, j;

	test_begin("eas blank: every element of such a name");
	for (i = 0; i < eas_code_space.tags_count; i++) {
		const struct wbxml_tag_name *tag = &eas_code_space.tags[i];

		/* policies */
		if (tag->tag == EAS_PROVISION_DATA)
			continue;
		for (j = 0; j < N_ELEMENTS(names); j++) {
			if (strcmp(tag->name, names[j]) == 0)
				test_assert_idx(blank_has(tag->tag), tag->tag);
		}
	}
	test_end();
}

static void test_eas_blank_others(void)
{
	const char *xml;

	test_begin("eas blank: others, opaque and cut ones");
	xml = blank_xml(EAS_EMAIL_SUBJECT, FALSE, 0);
	test_assert(strstr(xml, SECRET) != NULL);
	xml = blank_xml(EAS_EMAIL_SUBJECT, TRUE, 0);
	test_assert(strstr(xml, SECRET) == NULL);
	for (size_t cut = 1; cut < 16; cut++) T_BEGIN {
		xml = blank_xml(EAS_AIRSYNCBASE_DATA, FALSE, cut);
		test_assert_idx(strstr(xml, "Tell") == NULL, cut);
		test_assert_idx(strstr(xml, ">key</SyncKey>") != NULL, cut);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_blank_table,
		test_eas_blank_names,
		test_eas_blank_others,
		NULL
	};
	return test_run(test_functions);
}
