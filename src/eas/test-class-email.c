/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "test-common.h"
#include "class-email-private.h"

static void test_eas_categories(void)
{
	/* what a device writes, the keyword it becomes */
	static const struct {
		const char *category, *keyword;
	} tests[] = {
		{ "Work", "Work" },
		{ "two words", "two_words" },
		{ "under_score", "under=5Fscore" },
		{ "a=b", "a=3Db" },
		{ "=41", "=3D41" },
		{ "Größe", "Gr&APYA3w-e" },
		{ "R&D", "R&-D" },
		{ "(x) {y} 5% * \"q\" \\ [z]",
		  "=28x=29_=7By}_5=25_=2A_=22q=22_=5C_[z=5D" },
		/* not one that a program would take for its own */
		{ "Junk", "=4Aunk" },
		{ "nonjunk", "=6Eonjunk" },
		{ "$Label", "=24Label" },
		{ "\\Seen", "=5CSeen" },
		{ "日本", "&ZeVnLA-" },
	};
	/* keywords of other programs that are no encoding of ours */
	static const struct {
		const char *keyword, *category;
	} foreign[] = {
		{ "from_imap", "from imap" },
		{ "a=b", "a=b" },
		{ "a=zz", "a=zz" },
		{ "R&D", "R&D" },
		{ "bad=FFbyte", "bad=FFbyte" },
	};

	test_begin("eas class email: categories");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(
			eas_category_to_keyword(tests[i].category),
			tests[i].keyword, i);
		test_assert_strcmp_idx(
			eas_category_from_keyword(tests[i].keyword),
			tests[i].category, i);
	}
	for (unsigned int i = 0; i < N_ELEMENTS(foreign); i++) {
		test_assert_strcmp_idx(
			eas_category_from_keyword(foreign[i].keyword),
			foreign[i].category, i);
	}
	test_assert(eas_category_to_keyword("bad \xff") == NULL);
	test_end();
}

static void test_eas_file_reference(void)
{
	static const struct {
		const char *ref, *folder_id, *part;
		uint32_t uid;
	} tests[] = {
		{ "17:200:2.1", "17", "2.1", 200 },
		{ "1:4294967295:1", "1", "1", 4294967295U },
		{ "", NULL, NULL, 0 },
		{ "17", NULL, NULL, 0 },
		{ "17:200", NULL, NULL, 0 },
		{ "17:200:", NULL, NULL, 0 },
		{ "17:200:x", NULL, NULL, 0 },
		{ "17:200:1/../2", NULL, NULL, 0 },
		{ "17:0:1", NULL, NULL, 0 },
		{ "17:4294967296:1", NULL, NULL, 0 },
		{ ":200:1", NULL, NULL, 0 },
	};
	const char *folder_id, *part;
	uint32_t uid;

	test_begin("eas class email: file references");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		int ret = eas_file_reference_parse(tests[i].ref, &folder_id,
						   &uid, &part);

		test_assert_idx(ret == (tests[i].part == NULL ? -1 : 0), i);
		if (ret < 0)
			continue;
		test_assert_strcmp_idx(folder_id, tests[i].folder_id, i);
		test_assert_strcmp_idx(part, tests[i].part, i);
		test_assert_idx(uid == tests[i].uid, i);
	}
	test_end();
}

static void test_eas_email_time(void)
{
	test_begin("eas class email: times");
	test_assert_strcmp(eas_email_time(0), "1970-01-01T00:00:00.000Z");
	test_assert_strcmp(eas_email_time(1709627400),
			   "2024-03-05T08:30:00.000Z");
	test_end();
}

static void test_eas_conversation_id_parse(void)
{
	static const char bytes[] = "0123456789abcde";
	static const struct {
		const char *data;
		size_t size;
		bool opaque, ok;
	} tests[] = {
		{ bytes, 16, TRUE, TRUE },
		{ bytes, 15, TRUE, FALSE },
		{ "", 0, TRUE, FALSE },
		{ "MDEyMzQ1Njc4OWFiY2RlAA==", 24, FALSE, TRUE },
		{ "30313233343536373839616263646500", 32, FALSE, TRUE },
		{ "{30313233-3435-3637-3839-616263646500}", 38, FALSE, TRUE },
		{ "3031323334353637383961626364650g", 32, FALSE, FALSE },
		{ "303132333435363738396162636465", 30, FALSE, FALSE },
		{ "rubbish", 7, FALSE, FALSE },
		{ "", 0, FALSE, FALSE },
	};
	uint8_t id[EAS_CONVERSATION_ID_SIZE];

	test_begin("eas class email: ConversationIds of devices");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct wbxml_node node = {
			.data = tests[i].data, .size = tests[i].size,
			.opaque = tests[i].opaque,
		};

		test_assert_idx((eas_conversation_id_parse(&node, id) == 0) ==
				tests[i].ok, i);
		if (tests[i].ok)
			test_assert_idx(memcmp(id, bytes, 16) == 0, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_categories,
		test_eas_file_reference,
		test_eas_email_time,
		test_eas_conversation_id_parse,
		NULL
	};

	return test_run(test_functions);
}
