/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strfuncs.h"
#include "roost-addresses.h"
#include "test-common.h"

static void test_roost_address_is_valid(void)
{
	static const struct {
		const char *word;
		bool valid;
	} tests[] = {
		{ "anne@example.org", TRUE },
		{ "anne+lists@example.org", TRUE },
		{ "o'hara=x/y@[192.0.2.1]", TRUE },
		{ "\xc3\xa4nne@example.org", TRUE },
		{ "", FALSE },
		{ "anne", FALSE },
		{ "@example.org", FALSE },
		{ "anne@", FALSE },
		{ "anne@example@org", FALSE },
		{ "<anne@example.org>", FALSE },
		{ "\"anne\"@example.org", FALSE },
		{ "an ne@example.org", FALSE },
		{ "anne@example.org\x7f", FALSE },
	};
	unsigned int i;
	string_t *str;

	test_begin("roost address is valid");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(roost_address_is_valid(tests[i].word) ==
				tests[i].valid, i);
	}
	str = t_str_new(512);
	str_append(str, "anne@");
	while (str_len(str) < 254)
		str_append_c(str, 'x');
	test_assert(roost_address_is_valid(str_c(str)));
	str_append_c(str, 'x');
	test_assert(!roost_address_is_valid(str_c(str)));
	test_end();
}

static void test_roost_addresses_parse(void)
{
	static const struct {
		const char *list, *username, *result;
	} tests[] = {
		{ "", "anne", "anne@mail.example.org" },
		{ "", "anne@example.org", "anne@example.org" },
		{ "  ,; ", "anne", "anne@mail.example.org" },
		{ "anne@example.net", "anne", "anne@example.net" },
		{ "a@x.org b@x.org,c@x.org;d@x.org,  e@x.org\n", "anne",
		  "a@x.org|b@x.org|c@x.org|d@x.org|e@x.org" },
		/* each once, as it was written first */
		{ "Anne@x.org b@x.org anne@X.ORG b@x.org", "anne",
		  "Anne@x.org|b@x.org" },
		{ "a@x.org a@x.org.uk a@x", "anne",
		  "a@x.org|a@x.org.uk|a@x" },
		/* what is none is left out */
		{ "anne <b@x.org> c@x.org", "anne", "c@x.org" },
		{ "anne", "anne", "anne@mail.example.org" },
	};
	unsigned int i;

	test_begin("roost addresses parse");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(t_strarray_join(roost_addresses_parse(
			tests[i].list, tests[i].username,
			"mail.example.org"), "|"), tests[i].result, i);
	}
	test_end();
}

static void test_roost_addresses_have(void)
{
	static const char *const addresses[] = {
		"anne@example.org", "a+b@example.net", NULL
	};
	static const struct {
		const char *delimiters, *address;
		bool own;
	} tests[] = {
		{ "+", "anne@example.org", TRUE },
		{ "", "ANNE@Example.ORG", TRUE },
		{ "+", "anne@example.org.uk", FALSE },
		{ "+", "ann@example.org", FALSE },
		{ "+", "anne@example.or", FALSE },
		{ "+", "anne", FALSE },
		{ "+", "", FALSE },
		{ "+", "Anne+lists@example.org", TRUE },
		{ "+", "anne+@example.org", TRUE },
		{ "+", "anne+a+b@example.org", TRUE },
		{ "+", "+anne@example.org", FALSE },
		{ "+", "anne@example.org+x", FALSE },
		{ "", "anne+lists@example.org", FALSE },
		{ "-", "anne+lists@example.org", FALSE },
		{ "-+", "anne+lists@example.org", TRUE },
		{ "-+", "anne-lists@example.org", TRUE },
		{ "+", "a+b@example.net", TRUE },
		{ "+", "a@example.net", FALSE },
	};
	unsigned int i;

	test_begin("roost addresses have");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(roost_addresses_have(addresses,
			tests[i].delimiters, tests[i].address) ==
			tests[i].own, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_roost_address_is_valid,
		test_roost_addresses_parse,
		test_roost_addresses_have,
		NULL
	};
	return test_run(test_functions);
}
