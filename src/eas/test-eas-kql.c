/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-timezone.h"
#include "eas-kql.h"
#include "eas-term.h"
#include "mail-search.h"
#include "test-common.h"

/* Saturday, 2026-11-28 12:34:56 UTC */
#define NOW 1795869296
#define DAY (24 * 60 * 60)
/* 2026-11-28 00:00:00 */
#define TODAY (NOW - 12 * 3600 - 34 * 60 - 56)

static const struct pim_timezone *home;

static void dump(string_t *dest, const struct eas_term *term)
{
	static const char *const names[] = {
		[EAS_TERM_AND] = "and",
		[EAS_TERM_OR] = "or",
		[EAS_TERM_ANYWHERE] = "text",
		[EAS_TERM_BODY] = "body",
		[EAS_TERM_HEADER] = "header",
		[EAS_TERM_FILE_NAME] = "file",
		[EAS_TERM_HAS_ATTACHMENT] = "attachment",
		[EAS_TERM_SINCE] = "since",
		[EAS_TERM_BEFORE] = "before",
		[EAS_TERM_SENT_SINCE] = "sent-since",
		[EAS_TERM_SENT_BEFORE] = "sent-before",
		[EAS_TERM_SEEN] = "seen",
		[EAS_TERM_FLAGGED] = "flagged",
		[EAS_TERM_ALL] = "all",
	};
	const struct eas_term *child;

	if (term->not)
		str_append_c(dest, '!');
	str_append(dest, term->header != NULL ? term->header :
		   names[term->type]);
	if (term->text != NULL)
		str_printfa(dest, "=%s", term->text);
	if (term->time != 0)
		str_printfa(dest, "=%"PRIdTIME_T, term->time - TODAY);
	if (term->children == NULL)
		return;
	str_append_c(dest, '(');
	for (child = term->children; child != NULL; child = child->next) {
		dump(dest, child);
		if (child->next != NULL)
			str_append_c(dest, ' ');
	}
	str_append_c(dest, ')');
}

static const char *dump_str(const struct eas_term *term)
{
	string_t *str = t_str_new(128);

	dump(str, term);
	return str_c(str);
}

static const struct {
	const char *query;
	const char *result;
} kql_tests[] = {
	{ "hello", "text=hello" },
	{ "  hello  ", "text=hello" },
	{ "hello world", "and(text=hello text=world)" },
	{ "\"hello world\"", "text=hello world" },
	{ "\xe2\x80\x9chello world\xe2\x80\x9d", "text=hello world" },
	{ "hel*", "text=hel" },
	{ "*", "all" },
	{ "gr\xc3\xbc\xc3\x9f" "e", "text=gr\xc3\xbc\xc3\x9f" "e" },
	{ "a AND b", "and(text=a text=b)" },
	{ "a OR b", "or(text=a text=b)" },
	{ "a or b", "and(text=a text=or text=b)" },
	{ "a OR b c", "or(text=a and(text=b text=c))" },
	{ "a b OR c", "or(and(text=a text=b) text=c)" },
	{ "a (b OR c)", "and(text=a or(text=b text=c))" },
	{ "(a)(b)", "and(text=a text=b)" },
	{ "a NOT b", "and(text=a !text=b)" },
	{ "a AND NOT b", "and(text=a !text=b)" },
	{ "NOT NOT a", "text=a" },
	{ "-a +b", "and(!text=a text=b)" },
	{ "-(a b)", "!and(text=a text=b)" },
	{ "a - b", "and(text=a text=- text=b)" },
	{ "NOT(a OR b)", "!or(text=a text=b)" },
	{ "ORANGE ANDREA NOTE", "and(text=ORANGE text=ANDREA text=NOTE)" },
	{ "AND a", "and(text=AND text=a)" },
	{ "from:ada", "FROM=ada" },
	{ "FROM:ada", "FROM=ada" },
	{ "from=ada", "FROM=ada" },
	{ "from<>ada", "!FROM=ada" },
	{ "from: ada", "FROM=ada" },
	{ "from:\"Ada L\" to:bob@example.org",
	  "and(FROM=Ada L TO=bob@example.org)" },
	{ "cc:x bcc:y", "and(CC=x BCC=y)" },
	{ "subject:a*", "SUBJECT=a" },
	{ "subject:(a OR b) c", "and(or(SUBJECT=a SUBJECT=b) text=c)" },
	{ "subject:(a from:b) c",
	  "and(and(SUBJECT=a FROM=b) text=c)" },
	{ "subject<>(a b)", "!and(SUBJECT=a SUBJECT=b)" },
	{ "recipients:x", "or(TO=x CC=x BCC=x)" },
	{ "participants:x", "or(FROM=x TO=x CC=x BCC=x)" },
	{ "-participants:x", "!or(FROM=x TO=x CC=x BCC=x)" },
	{ "body:x attachment:report.pdf",
	  "and(body=x file=report.pdf)" },
	{ "http://example.org/?a=b", "text=http://example.org/?a=b" },
	{ "re:x", "text=re:x" },
	{ "hasattachment:true", "attachment" },
	{ "hasattachment:no", "!attachment" },
	{ "hasattachment<>true", "!attachment" },
	{ "isread:false isflagged:YES", "and(!seen flagged)" },
	{ "received:today", "and(since=0 before=86400)" },
	{ "received:2026-11-28", "and(since=0 before=86400)" },
	{ "received:11/28/2026", "and(since=0 before=86400)" },
	{ "received=yesterday", "and(since=-86400 before=0)" },
	{ "received<>today", "!and(since=0 before=86400)" },
	{ "received>=today", "since=0" },
	{ "received>today", "since=86400" },
	{ "received<today", "before=0" },
	{ "received<=today", "before=86400" },
	/* Saturday is the sixth day */
	{ "received:\"this week\"", "and(since=-432000 before=172800)" },
	{ "received:\"last week\"", "and(since=-1036800 before=-432000)" },
	{ "received:\"this month\"", "and(since=-2332800 before=259200)" },
	{ "received:2026-11", "and(since=-2332800 before=259200)" },
	{ "received:2026-11-01..2026-11-30",
	  "and(since=-2332800 before=259200)" },
	{ "received:\"2026-11-01\"..\"2026-11-30\"",
	  "and(since=-2332800 before=259200)" },
	{ "received:yesterday..today", "and(since=-86400 before=86400)" },
	{ "received>=2026-11-28T01:00:00Z", "since=3600" },
	{ "received>=2026-11-28T01:00:00.000Z", "since=3600" },
	{ "received>=2026-11-28T01:00:00+01:00", "since=0" },
	{ "received:\"this year\"", "and(since=-28598400 before=2937600)" },
	{ "received:2026", "and(since=-28598400 before=2937600)" },
	{ "sent>today", "sent-since=86400" },
	{ "sent:today", "and(sent-since=0 sent-before=86400)" },
	{ "received>=2026-11-01 received<=2026-11-30",
	  "and(since=-2332800 before=259200)" },

	{ "", NULL },
	{ "   ", NULL },
	{ "()", NULL },
	{ "(", NULL },
	{ ")", NULL },
	{ "(a", NULL },
	{ "a)", NULL },
	{ "a OR", NULL },
	{ "a AND", NULL },
	{ "a OR OR", "or(text=a text=OR)" },
	{ "NOT", NULL },
	{ "\"a", NULL },
	{ "\"\"", NULL },
	{ "from:", NULL },
	{ "from:\"\"", NULL },
	{ "from:()", NULL },
	{ "from:\"a", NULL },
	{ "from>a", NULL },
	{ "from>(a)", NULL },
	{ "received:", NULL },
	{ "received:sometime", NULL },
	{ "received:2026-13-01", NULL },
	{ "received:2026-11-32", NULL },
	{ "received:2026-11-28x", NULL },
	{ "received:1..", NULL },
	{ "received:..", NULL },
	{ "received:(today)", NULL },
	{ "received>=today..today", NULL },
	{ "received:\"today", NULL },
	{ "hasattachment:maybe", NULL },
	{ "hasattachment>true", NULL },
	{ "isread:", NULL },
	{ "a\xff", NULL },
	{ "\xc3", NULL },
};

static void test_eas_kql(void)
{
	unsigned int i;

	test_begin("eas kql");
	for (i = 0; i < N_ELEMENTS(kql_tests); i++) {
		pool_t pool = pool_alloconly_create("test", 1024);
		struct mail_search_args *args;
		struct eas_term *term;
		const char *error = NULL;
		int ret;

		ret = eas_kql_parse(pool, kql_tests[i].query, NOW, home, &term,
				    &error);
		test_assert_idx((ret == 0) == (kql_tests[i].result != NULL),
				i);
		if (ret < 0) {
			test_assert_idx(error != NULL, i);
		} else {
			test_assert_strcmp_idx(dump_str(term),
					       kql_tests[i].result, i);
			args = eas_term_build(term);
			mail_search_args_simplify(args);
			test_assert_idx(args->args != NULL, i);
			mail_search_args_unref(&args);
		}
		pool_unref(&pool);
	}
	test_end();
}

static int parse_only(const char *query)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct eas_term *term;
	const char *error;
	int ret;

	ret = eas_kql_parse(pool, query, NOW, home, &term, &error);
	pool_unref(&pool);
	return ret;
}

static const char *repeat(const char *text, unsigned int count)
{
	string_t *str = t_str_new(128);

	for (; count > 0; count--)
		str_append(str, text);
	return str_c(str);
}

static void test_eas_kql_limits(void)
{
	test_begin("eas kql: limits");
	test_assert(parse_only(repeat("a ", EAS_KQL_MAX_TERMS)) == 0);
	test_assert(parse_only(repeat("a ", EAS_KQL_MAX_TERMS + 1)) < 0);
	test_assert(parse_only(repeat("a", EAS_KQL_MAX_SIZE)) == 0);
	test_assert(parse_only(repeat("a", EAS_KQL_MAX_SIZE + 1)) < 0);
	test_assert(parse_only(t_strconcat(repeat("(", EAS_KQL_MAX_DEPTH), "a",
		repeat(")", EAS_KQL_MAX_DEPTH), NULL)) == 0);
	test_assert(parse_only(t_strconcat(repeat("(", EAS_KQL_MAX_DEPTH + 1),
		"a", repeat(")", EAS_KQL_MAX_DEPTH + 1), NULL)) < 0);
	test_assert(parse_only(repeat("NOT ", 1000)) < 0);
	test_assert(parse_only(t_strconcat(repeat("NOT ", 1000), "a",
					   NULL)) == 0);
	/* depth is left again */
	test_assert(parse_only(repeat("(a)", EAS_KQL_MAX_DEPTH + 1)) == 0);
	test_end();
}

static void test_eas_words(void)
{
	static const struct {
		const char *text, *result;
	} tests[] = {
		{ "hello", "text=hello" },
		{ " hello  world ", "and(text=hello text=world)" },
		{ "a b c", "and(text=a text=b text=c)" },
		{ "\"a b\" c", "and(text=a b text=c)" },
		{ "a\"b c\"d", "and(text=a text=b c text=d)" },
		{ "a \"b", "and(text=a text=b)" },
		{ "from:x OR (y)", "and(text=from:x text=OR text=(y))" },
		{ "", NULL },
		{ "  ", NULL },
		{ "\"", NULL },
		{ "\"\"", NULL },
		{ "\xff", NULL },
	};
	unsigned int i;

	test_begin("eas words");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		pool_t pool = pool_alloconly_create("test", 1024);
		struct eas_term *term;
		const char *error = NULL;
		int ret;

		ret = eas_words_parse(pool, tests[i].text, &term, &error);
		test_assert_idx((ret == 0) == (tests[i].result != NULL), i);
		if (ret == 0) {
			test_assert_strcmp_idx(dump_str(term),
					       tests[i].result, i);
		} else {
			test_assert_idx(error != NULL, i);
		}
		pool_unref(&pool);
	}
	test_end();
}

static void test_eas_kql_summer_time(void)
{
	const struct pim_timezone *tz = pim_timezone_find("Europe/Berlin");
	time_t start, end;

	test_begin("eas kql: days of 23 and 25 hours");
	test_assert(eas_kql_date_parse("2026-03-29", NOW, tz, &start, &end) == 0);
	test_assert(end - start == 23 * 3600);
	test_assert(eas_kql_date_parse("2026-10-25", NOW, tz, &start, &end) == 0);
	test_assert(end - start == 25 * 3600);
	test_end();
}

/* By one clock it is Sunday already, by the other one still Saturday. */
static void test_eas_kql_days_of_users(void)
{
	const struct pim_timezone *tz = pim_timezone_find("Pacific/Auckland");
	time_t start, end;

	test_begin("eas kql: days are those of the user's clock");
	test_assert(eas_kql_date_parse("today", NOW, tz, &start, &end) == 0);
	test_assert(start == TODAY + 11 * 3600 && end == start + DAY);
	test_assert(eas_kql_date_parse("this week", NOW, tz, &start,
				       &end) == 0);
	test_assert(end == TODAY + 35 * 3600 && end - start == 7 * DAY);
	test_assert(eas_kql_date_parse("last month", NOW, tz, &start,
				       &end) == 0);
	test_assert(end - start == 31 * DAY);
	tz = pim_timezone_find("Pacific/Honolulu");
	test_assert(eas_kql_date_parse("11/28/2026", NOW, tz, &start,
				       &end) == 0);
	test_assert(start == TODAY + 10 * 3600 && end == start + DAY);
	test_assert(eas_kql_date_parse("2026", NOW, tz, &start, &end) == 0);
	test_assert(end - start == 365 * DAY);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_kql,
		test_eas_kql_limits,
		test_eas_words,
		test_eas_kql_summer_time,
		test_eas_kql_days_of_users,
		NULL
	};
	int ret;

	home = pim_timezone_utc();
	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
