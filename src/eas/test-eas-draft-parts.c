/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "eas-draft.h"

static void test_eas_draft_parts(void)
{
	string_t *parts = t_str_new(64);
	const char *const *clients;

	test_begin("eas draft parts");
	test_assert_strcmp(eas_draft_parts_map("", "2"), "2");
	test_assert(*eas_draft_parts_clients("") == NULL);
	eas_draft_parts_add(parts, "2", "3");
	eas_draft_parts_add(parts, "2.1", NULL);
	eas_draft_parts_add_client(parts, "a =b", "4");
	eas_draft_parts_add_client(parts, "a", "5.1");
	test_assert_strcmp(eas_draft_parts_map(str_c(parts), "2"), "3");
	test_assert(eas_draft_parts_map(str_c(parts), "2.1") == NULL);
	test_assert_strcmp(eas_draft_parts_map(str_c(parts), "1"), "1");
	test_assert_strcmp(eas_draft_parts_client(str_c(parts), "a"), "5.1");
	test_assert_strcmp(eas_draft_parts_client(str_c(parts), "a =b"), "4");
	test_assert(eas_draft_parts_client(str_c(parts), "b") == NULL);
	clients = eas_draft_parts_clients(str_c(parts));
	test_assert_strcmp(clients[0], "a =b");
	test_assert_strcmp(clients[1], "4");
	test_assert_strcmp(clients[2], "a");
	test_assert_strcmp(clients[3], "5.1");
	test_assert(clients[4] == NULL);
	/* damaged */
	test_assert(*eas_draft_parts_clients("+ +1 +zz=1 = 2") == NULL);
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_eas_draft_parts,
		NULL
	};

	return test_run(tests);
}
