/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas-long-id.h"
#include "eas-move-private.h"
#include "test-common.h"

static void test_eas_move_record(void)
{
	static const struct {
		struct eas_move_record record;
		const char *text;
	} tests[] = {
		{ { .state = EAS_MOVE_RECORD_BEGUN, .uidvalidity = UINT32_MAX,
		    .uid = 7, .token = "t0", .guid = "" }, "b 4294967295 7 t0 " },
		{ { .state = EAS_MOVE_RECORD_BEGUN, .uidvalidity = 1, .uid = 2,
		    .token = "t", .guid = "a guid, with blanks " },
		  "b 1 2 t a guid, with blanks " },
		{ { .state = EAS_MOVE_RECORD_COPIED, .uidvalidity = 5,
		    .uid = UINT32_MAX }, "c 5 4294967295" },
		{ { .state = EAS_MOVE_RECORD_COPIED, .uidvalidity = 5,
		    .uid = 0 }, "c 5 0" },
	};
	static const char *const invalid[] = {
		"", "x", "b", "b ", "b 1", "b 1 ", "b 1 2", "b 1 2 ",
		"b 1 2 t", "b 4294967296 2 t g", "b 1 -2 t g", "c", "c 1",
		"c 1 ", "c 1 2 ", "c 1 2 3", "c 1 4294967296", "b1 2 t g",
	};
	struct eas_move_record record;
	pool_t pool = pool_datastack_create();
	unsigned int i;

	test_begin("eas move record");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(
			eas_move_record_encode(&tests[i].record),
			tests[i].text, i);
		test_assert_idx(eas_move_record_decode(pool, tests[i].text,
						       &record) == 0, i);
		test_assert_idx(record.state == tests[i].record.state &&
				record.uid == tests[i].record.uid &&
				record.uidvalidity ==
					tests[i].record.uidvalidity, i);
		test_assert_strcmp_idx(record.token, tests[i].record.token, i);
		test_assert_strcmp_idx(record.guid, tests[i].record.guid, i);
	}
	for (i = 0; i < N_ELEMENTS(invalid); i++) {
		test_assert_idx(eas_move_record_decode(pool, invalid[i],
						       &record) < 0, i);
	}
	test_assert_strcmp(eas_move_record_key(pool, "17", 1700000000, 200,
					       "5"), "17.1700000000:200>5");
	test_end();
}

static void test_eas_long_id(void)
{
	static const char *const invalid[] = {
		"", ":", "::", "1", "1:", "1:2", "1:2:", ":1:2", "1:0:2",
		"1:2:0", "1:2:3:4", "1:02:3", "1:2:+3", "1:2:3 ",
		"1:4294967296:3", "1:2:4294967296", "1:-2:3",
	};
	const char *folder_id;
	uint32_t uidvalidity, uid;
	unsigned int i;

	test_begin("eas long id");
	test_assert_strcmp(eas_long_id("17", UINT32_MAX, 200),
			   "17:4294967295:200");
	test_assert(eas_long_id_parse("17:4294967295:200", &folder_id,
				      &uidvalidity, &uid) == 0);
	test_assert_strcmp(folder_id, "17");
	test_assert(uidvalidity == UINT32_MAX);
	test_assert(uid == 200);
	for (i = 0; i < N_ELEMENTS(invalid); i++) {
		test_assert_idx(eas_long_id_parse(invalid[i], &folder_id,
						  &uidvalidity, &uid) < 0, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_move_record,
		test_eas_long_id,
		NULL
	};
	return test_run(test_functions);
}
