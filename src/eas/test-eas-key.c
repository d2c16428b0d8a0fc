/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "test-common.h"
#include "eas-key.h"

static void test_eas_key_round_trip(void)
{
	static const struct {
		uint32_t epoch, counter;
		const char *text;
	} tests[] = {
		{ 1, 0, "10000000000" },
		{ 1, 1, "10000000001" },
		{ 7, 4294967295U, "74294967295" },
		{ 4294967295U, 12, "42949672950000000012" },
		{ 4294967295U, 4294967295U, "42949672954294967295" },
	};
	uint32_t epoch, counter;
	unsigned int i;

	test_begin("eas key round trip");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *key = eas_sync_key_format(tests[i].epoch,
						      tests[i].counter);

		test_assert_strcmp_idx(key, tests[i].text, i);
		test_assert_idx(eas_sync_key_parse(key, &epoch, &counter) == 1,
				i);
		test_assert_idx(epoch == tests[i].epoch &&
				counter == tests[i].counter, i);
	}
	test_end();
}

static void test_eas_key_foreign(void)
{
	static const char *const tests[] = {
		NULL, "", "00", "1", "0000000000", "1000000000",
		"00000000001", "01000000000000", "1x000000000", "-10000000000",
		"+10000000000", " 10000000001", "10000000001 ",
		/* numbers beyond 32 bits */
		"42949672960000000001", "14294967296",
		"100000000010000000001",
		"{7BC5F5A9-0F2A-4E2C-9A3F-0D6B0E7F3C11}5",
		"999999999999999999999999999999999999999999999999999999999999",
	};
	uint32_t epoch, counter;
	unsigned int i;

	test_begin("eas key foreign");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(eas_sync_key_parse(tests[i], &epoch,
						   &counter) == -1, i);
		test_assert_idx(epoch == 0 && counter == 0, i);
	}
	test_assert(eas_sync_key_parse("0", &epoch, &counter) == 0);
	test_assert(epoch == 0 && counter == 0);
	test_end();
}

static void test_eas_key_new_epoch(void)
{
	test_begin("eas key new epoch");
	test_assert(eas_sync_key_new_epoch() != 0);
	/* 1 : 2^32 that a good generator fails here */
	test_assert(eas_sync_key_new_epoch() != eas_sync_key_new_epoch());
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_key_round_trip,
		test_eas_key_foreign,
		test_eas_key_new_epoch,
		NULL
	};
	return test_run(test_functions);
}
