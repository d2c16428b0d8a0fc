/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas-item-search.h"
#include "eas-kql.h"
#include "eas-term.h"
#include "test-common.h"

#define TEXT "LUNCH WITH ADA\nGRUN\nADA@EXAMPLE.TEST\n"

static const struct {
	const char *query;
	bool matches;
} tests[] = {
	{ "lunch", TRUE },
	{ "unc", TRUE },
	{ "ada lunch", TRUE },
	{ "ada dinner", FALSE },
	{ "\"lunch with\"", TRUE },
	{ "\"lunch  with\"", TRUE },
	{ "\"with lunch\"", FALSE },
	/* not over the end of a text */
	{ "\"ada gr\"", FALSE },
	{ "gr\xc3\xbcn", TRUE },
	{ "gru\xcc\x88n", TRUE },
	{ "grun", TRUE },
	{ "ada@example", TRUE },
	/* accents alone are no word */
	{ "\xcc\x88", FALSE },
	{ "lunch OR dinner", TRUE },
	{ "supper OR dinner", FALSE },
	{ "lunch NOT dinner", TRUE },
	{ "lunch NOT ada", FALSE },
	{ "(dinner OR lunch) ada", TRUE },
	/* what only mails have */
	{ "subject:lunch", FALSE },
	{ "isread:true", FALSE },
	{ "hasattachment:true", FALSE },
};

static void test_eas_item_search_words(void)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	struct eas_term *term;
	const char *error;

	test_begin("eas item search: words");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(eas_kql_parse(pool, tests[i].query, 1000, NULL,
					      &term, &error) == 0, i);
		test_assert_idx(eas_item_search_matches(term, TEXT, 1000) ==
				tests[i].matches, i);
	}
	pool_unref(&pool);
	test_end();
}

static void test_eas_item_search_times(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct eas_term *since = eas_term_new_time(pool, EAS_TERM_SINCE, 1000);
	struct eas_term *before =
		eas_term_new_time(pool, EAS_TERM_BEFORE, 1000);

	test_begin("eas item search: times");
	test_assert(!eas_item_search_matches(since, "", 999));
	test_assert(eas_item_search_matches(since, "", 1000));
	test_assert(eas_item_search_matches(before, "", 999));
	test_assert(!eas_item_search_matches(before, "", 1000));
	before->not = TRUE;
	test_assert(eas_item_search_matches(before, "", 1000));
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_item_search_words,
		test_eas_item_search_times,
		NULL
	};
	return test_run(test_functions);
}
