/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-values.h"
#include "test-common.h"

static struct pim_lines *
test_parse(const char *lines, struct pim_component **event_r)
{
	const char *text = t_strconcat("BEGIN:VEVENT\r\n", lines,
				       "END:VEVENT\r\n", NULL), *error;
	struct pim_lines *doc;

	test_assert(pim_lines_parse(text, strlen(text), NULL, &doc,
				    &error) == 0);
	*event_r = pim_component_find(pim_lines_root(doc), "VEVENT");
	return doc;
}

static void test_pim_values_next(void)
{
	static const struct {
		const char *values, *found;
	} tests[] = {
		{ "", "" },
		{ ",", "" },
		{ "a", "a." },
		{ "a,b,c", "a.b.c." },
		{ ",a,,b,", "a.b." },
		{ "20261201T100000/PT1H,20261202", "20261201T100000/PT1H."
			"20261202." },
	};
	const char *pos, *value;
	string_t *str = t_str_new(64);

	test_begin("pim values: one after the other");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		str_truncate(str, 0);
		pos = tests[i].values;
		while (pim_values_next(&pos, &value))
			str_printfa(str, "%s.", value);
		test_assert_strcmp_idx(str_c(str), tests[i].found, i);
		/* and there it stays */
		test_assert_idx(!pim_values_next(&pos, &value), i);
	}
	test_end();
}

struct test_match {
	const char *value, *tzid;
	unsigned int calls;
};

static bool
test_match(const struct pim_property *prop, const char *value, void *context)
{
	struct test_match *match = context;

	match->calls++;
	return strcmp(value, match->value) == 0 &&
		(match->tzid == NULL ||
		 null_strcmp(pim_property_param(prop, "TZID"),
			     match->tzid) == 0);
}

static void test_pim_values_remove(void)
{
	static const struct {
		const char *lines, *value, *tzid, *left;
		unsigned int removed, calls;
	} tests[] = {
		{ "", "a", NULL, "", 0, 0 },
		{ "EXDATE:a\r\n", "a", NULL, "", 1, 1 },
		{ "EXDATE:a,b,c\r\n", "b", NULL, "EXDATE:a,c\r\n", 1, 3 },
		{ "EXDATE:b,b\r\nEXDATE;TZID=Z:a,b\r\nexdate:b\r\n", "b", NULL,
		  "EXDATE;TZID=Z:a\r\n", 4, 5 },
		/* what stays is not written anew */
		{ "EXDATE;VALUE=DATE;X-A=\"1\":a,,c\r\n", "b", NULL,
		  "EXDATE;VALUE=DATE;X-A=\"1\":a,,c\r\n", 0, 2 },
		{ "EXDATE;VALUE=DATE;X-A=\"1\":a,,c\r\n", "a", NULL,
		  "EXDATE;VALUE=DATE;X-A=\"1\":c\r\n", 1, 2 },
		/* of the one zone, and no other property */
		{ "EXDATE;TZID=Y:a,b\r\nEXDATE;TZID=Z:b\r\nRDATE:b\r\n", "b", "Z",
		  "EXDATE;TZID=Y:a,b\r\nRDATE:b\r\n", 1, 3 },
	};
	struct test_match match;
	struct pim_component *event;
	struct pim_lines *doc;
	string_t *str = t_str_new(128);
	unsigned int removed;

	test_begin("pim values: removed");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		i_zero(&match);
		match.value = tests[i].value;
		match.tzid = tests[i].tzid;
		doc = test_parse(tests[i].lines, &event);
		removed = pim_values_remove(event, "EXDATE", test_match,
					    &match);
		test_assert_ucmp_idx(removed, ==, tests[i].removed, i);
		test_assert_ucmp_idx(match.calls, ==, tests[i].calls, i);
		str_truncate(str, 0);
		pim_component_write(event, str);
		test_assert_strcmp_idx(str_c(str),
			t_strconcat("BEGIN:VEVENT\r\n", tests[i].left,
				    "END:VEVENT\r\n", NULL), i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_values_many(void)
{
	string_t *str = t_str_new(700000);
	struct test_match match = { .value = "99999" };
	struct pim_component *event;
	struct pim_lines *doc;

	test_begin("pim values: a hundred thousand in a line");
	str_append(str, "EXDATE:0");
	for (unsigned int i = 1; i < 100000; i++)
		str_printfa(str, ",%u", i);
	str_append(str, "\r\n");
	doc = test_parse(str_c(str), &event);
	test_assert(pim_values_remove(event, "EXDATE", test_match,
				      &match) == 1);
	test_assert(match.calls == 100000);
	test_assert(strlen(pim_component_value(event, "EXDATE")) ==
		    str_len(str) - strlen("EXDATE:\r\n") - strlen(",99999"));
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_values_add_like(void)
{
	struct pim_component *event;
	struct pim_lines *doc;
	string_t *str = t_str_new(256);

	test_begin("pim values: written like another one");
	doc = test_parse("DTSTART;TZID=Europe/Berlin;X-A=1:20261201T100000\r\n"
			 "DUE;VALUE=DATE:20261201\r\n", &event);
	(void)pim_values_add_like(event, "RDATE",
				  pim_property_find(event, "DTSTART"));
	(void)pim_values_add_like(event, "EXDATE",
				  pim_property_find(event, "DUE"));
	pim_component_write(event, str);
	test_assert(strstr(str_c(str), "\r\nRDATE;TZID=Europe/Berlin:"
			   "20261201T100000\r\n") != NULL);
	test_assert(strstr(str_c(str), "\r\nEXDATE;VALUE=DATE:20261201\r\n") !=
		    NULL);
	pim_lines_free(&doc);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_values_next,
		test_pim_values_remove,
		test_pim_values_many,
		test_pim_values_add_like,
		NULL
	};

	return test_run(test_functions);
}
