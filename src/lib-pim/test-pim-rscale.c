/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule-iter.h"
#include "pim-rscale.h"
#include "test-common.h"

/* -- years -- */

static void test_pim_rscale_years(void)
{
	static const struct {
		const char *name;
		unsigned int months, leap_months;	/* at least one has them */
	} tests[] = {
		{ "CHINESE", 12, 13 }, { "DANGI", 12, 13 },
		{ "HEBREW", 12, 13 }, { "ISLAMIC-CIVIL", 12, 12 },
		{ "ISLAMIC", 12, 12 }, { "ISLAMIC-TBLA", 12, 12 }, { "PERSIAN", 12, 12 },
		{ "ETHIOPIC", 13, 13 }, { "INDIAN", 12, 12 },
		{ "GREGORIAN", 12, 12 },
	};
	const struct pim_rscale_year *year, *next;
	struct pim_rscale *rscale;
	unsigned int least, most;

	test_begin("pim rscale: years follow each other");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		rscale = pim_rscale_find(tests[i].name);
		test_assert_idx(rscale != NULL, i);
		if (rscale == NULL)
			continue;
		year = pim_rscale_year_at(rscale, 0);
		least = most = year->months_count;
		for (unsigned int n = 0; n < 60; n++, year = next) {
			int64_t pos = year->first;

			for (unsigned int m = 0; m < year->months_count; m++) {
				test_assert_idx(year->months[m].first == pos,
						i);
				pos += year->months[m].days;
				test_assert_idx(pim_rscale_month_at(year,
					pos - 1) == &year->months[m], i);
			}
			test_assert_idx(pos == year->first + year->days, i);
			test_assert_idx(pim_rscale_year_at(rscale,
							   pos - 1) == year, i);
			next = pim_rscale_year_at(rscale, pos);
			test_assert_idx(next != NULL &&
					next->first == pos &&
					next->idx == year->idx + 1, i);
			if (next == NULL)
				break;
			least = I_MIN(least, next->months_count);
			most = I_MAX(most, next->months_count);
		}
		test_assert_idx(least == tests[i].months &&
				most == tests[i].leap_months, i);
	}
	test_assert(pim_rscale_find("NOTHING") == NULL);
	test_assert(pim_rscale_find("Dangi") == pim_rscale_find("DANGI"));
	test_assert(pim_rscale_find("") == NULL);
	test_assert(pim_rscale_find("a;b") == NULL);
	rscale = pim_rscale_find("CHINESE");
	test_assert(pim_rscale_year_at(rscale, PIM_RSCALE_DAY_MIN - 1) == NULL);
	test_assert(pim_rscale_year_at(rscale, PIM_RSCALE_DAY_MAX + 1) == NULL);
	test_assert(pim_rscale_year_at(rscale, PIM_RSCALE_DAY_MIN) != NULL);
	test_end();
}

/* -- days that people know -- */

static int test_month_day(int64_t days, int year)
{
	unsigned int month, day;
	int found;

	pim_date_from_days(days, &found, &month, &day);
	test_assert(found == year);
	return month * 100 + day;
}

/* The first day of the year and the 15th of the 8th month, as the calendar
   offices of both countries have them. */
static void test_pim_rscale_feasts(void)
{
	static const struct {
		int spring, autumn, seollal, chuseok;
	} feasts[] = {
		/* from 1990 on */
		{ 127, 1003, 127, 1003 }, { 215, 922, 215, 922 },
		{ 204, 911, 204, 911 }, { 123, 930, 123, 930 },
		{ 210, 920, 210, 920 }, { 131, 909, 131, 909 },
		{ 219, 927, 219, 927 }, { 207, 916, 208, 916 },
		{ 128, 1005, 128, 1005 }, { 216, 924, 216, 924 },
		{ 205, 912, 205, 912 }, { 124, 1001, 124, 1001 },
		{ 212, 921, 212, 921 }, { 201, 911, 201, 911 },
		{ 122, 928, 122, 928 }, { 209, 918, 209, 918 },
		{ 129, 1006, 129, 1006 }, { 218, 925, 218, 925 },
		{ 207, 914, 207, 914 }, { 126, 1003, 126, 1003 },
		{ 214, 922, 214, 922 }, { 203, 912, 203, 912 },
		{ 123, 930, 123, 930 }, { 210, 919, 210, 919 },
		{ 131, 908, 131, 908 }, { 219, 927, 219, 927 },
		{ 208, 915, 208, 915 }, { 128, 1004, 128, 1004 },
		{ 216, 924, 216, 924 }, { 205, 913, 205, 913 },
		{ 125, 1001, 125, 1001 }, { 212, 921, 212, 921 },
		{ 201, 910, 201, 910 }, { 122, 929, 122, 929 },
		{ 210, 917, 210, 917 }, { 129, 1006, 129, 1006 },
		{ 217, 925, 217, 925 }, { 206, 915, 207, 915 },
		{ 126, 1003, 127, 1003 }, { 213, 922, 213, 922 },
		{ 203, 912, 203, 912 }, { 123, 1001, 123, 1001 },
		{ 211, 919, 211, 919 }, { 131, 908, 131, 908 },
		{ 219, 927, 219, 927 }, { 208, 916, 208, 916 },
		{ 128, 1004, 128, 1004 }, { 215, 924, 215, 924 },
		{ 204, 913, 204, 913 }, { 124, 1002, 124, 1002 },
		{ 212, 920, 212, 921 }, { 201, 910, 201, 910 },
		{ 122, 928, 122, 928 }, { 210, 917, 210, 917 },
		{ 130, 1005, 130, 1005 }, { 217, 925, 217, 925 },
		{ 206, 915, 206, 915 }, { 126, 1004, 126, 1004 },
		{ 214, 922, 214, 922 }, { 202, 911, 202, 911 },
		{ 123, 930, 123, 930 },
	};
	static const char *const names[] = { "CHINESE", "DANGI" };

	test_begin("pim rscale: feasts of 1990 to 2050");
	for (unsigned int i = 0; i < N_ELEMENTS(feasts); i++) {
		int number = 1990 + (int)i;

		for (unsigned int n = 0; n < N_ELEMENTS(names); n++) {
			struct pim_rscale *rscale = pim_rscale_find(names[n]);
			const struct pim_rscale_year *year;
			unsigned int m = 0;

			year = pim_rscale_year_at(rscale,
				pim_date_to_days(number, 7, 1));
			test_assert_idx(test_month_day(year->first, number) ==
					(n == 0 ? feasts[i].spring :
					 feasts[i].seollal), i);
			while (year->months[m].number < 8)
				m++;
			test_assert_idx(test_month_day(year->months[m].first +
						       14, number) ==
					(n == 0 ? feasts[i].autumn :
					 feasts[i].chuseok), i);
		}
	}
	test_end();
}

/* Leap months, and new moons near midnight. */
static void test_pim_rscale_leap_months(void)
{
	static const struct {
		const char *name;
		int year;
		unsigned int leap, month, day;
	} months[] = {
		{ "CHINESE", 1987, 6, 7, 26 },
		{ "CHINESE", 2006, 7, 8, 24 },
		{ "CHINESE", 2017, 6, 7, 23 },
		{ "CHINESE", 2020, 4, 5, 23 },
		{ "CHINESE", 2023, 2, 3, 22 },
		{ "CHINESE", 2025, 6, 7, 25 },
		{ "CHINESE", 2033, 11, 12, 22 },
		{ "DANGI", 1987, 6, 7, 26 },
		{ "DANGI", 2012, 3, 4, 21 },
		{ "CHINESE", 2012, 4, 5, 21 },
		{ "DANGI", 2017, 5, 6, 24 },
		{ "DANGI", 2020, 4, 5, 23 },
		{ "DANGI", 2023, 2, 3, 22 },
		{ "DANGI", 2025, 6, 7, 25 },
	};
	const struct pim_rscale_year *year;

	test_begin("pim rscale: leap months");
	for (unsigned int i = 0; i < N_ELEMENTS(months); i++) {
		unsigned int m = 0;

		year = pim_rscale_year_at(pim_rscale_find(months[i].name),
			pim_date_to_days(months[i].year, 7, 1));
		test_assert_idx(year->months_count == 13, i);
		while (m < 12 && !year->months[m].leap)
			m++;
		test_assert_idx(year->months[m].leap, i);
		test_assert_ucmp_idx(year->months[m].number, ==,
				     months[i].leap, i);
		test_assert_idx(year->months[m].first ==
				pim_date_to_days(months[i].year,
						 months[i].month,
						 months[i].day), i);
	}
	test_end();
}

/* -- rules -- */

static const char *
test_days(const char *rule, const char *start, const char *from)
{
	struct pim_rrule_iter *iter = t_new(struct pim_rrule_iter, 1);
	string_t *str = t_str_new(128);
	struct pim_rrule rrule;
	bool is_date, is_utc;
	int64_t t, from_t;

	if (pim_rrule_parse(rule, &rrule) < 0 ||
	    pim_ical_time_parse(start, &t, &is_date, &is_utc) < 0 ||
	    pim_ical_time_parse(from, &from_t, &is_date, &is_utc) < 0)
		return "malformed";
	pim_rrule_iter_init(iter, &rrule, t, NULL, from_t, PIM_TIME_MAX);
	for (unsigned int i = 0; i < 5; i++) {
		if (pim_rrule_iter_next(iter, &t) <= 0)
			break;
		if (str_len(str) > 0)
			str_append_c(str, ' ');
		pim_ical_time_append(str, t, TRUE, FALSE);
	}
	if (iter->incomplete)
		str_append(str, " ...");
	return str_c(str);
}

static void test_pim_rscale_rules(void)
{
	static const struct {
		const char *rule, *start, *from, *result;
	} tests[] = {
		/* RFC 7529 5: Chinese New Year, Ethiopic Enkutatash's eve,
		   Purim Katan, the 29th of February */
		{ "RSCALE=CHINESE;FREQ=YEARLY", "20130210", "20130210",
		  "20130210 20140131 20150219 20160208 20170128" },
		{ "RSCALE=ETHIOPIC;FREQ=MONTHLY;BYMONTH=13", "20130906",
		  "20130906", "20130906 20140906 20150906 20160906 20170906" },
		{ "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;"
		  "SKIP=FORWARD", "20140208", "20140208",
		  "20140208 20150227 20160217 20170306 20180223" },
		{ "RSCALE=GREGORIAN;FREQ=YEARLY;SKIP=FORWARD", "20120229",
		  "20120229", "20120229 20130301 20140301 20150301 20160229" },
		{ "RSCALE=GREGORIAN;FREQ=MONTHLY;SKIP=BACKWARD;COUNT=4",
		  "20140131", "20140131", "20140131 20140228 20140331 20140430" },
		/* the leap month alone; the same day of each year */
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=6L;BYMONTHDAY=1",
		  "20170723", "20170723",
		  "20170723 20250725 20360723 20550724 20740724" },
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=8;BYMONTHDAY=15",
		  "20260925", "20260925",
		  "20260925 20270915 20281003 20290922 20300912" },
		/* months, with an interval and in a window */
		{ "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;SKIP=BACKWARD",
		  "20260217", "20260401",
		  "20260217 20260416 20260516 20260614 20260713" },
		{ "RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY;INTERVAL=2;BYMONTH=9;"
		  "BYMONTHDAY=1", "20000101", "20260101",
		  "20000101 20270208 20290116 20301226 20321204" },
		{ "RSCALE=HEBREW;FREQ=MONTHLY;INTERVAL=12;BYMONTHDAY=1;"
		  "UNTIL=20290101", "20250923", "20250923",
		  "20250923 20260912 20270903 20280823" },
		/* the Korean new year of 2027 and 2028 is a day later */
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
		  "20250129", "20250129",
		  "20250129 20260217 20270206 20280126 20290213" },
		{ "RSCALE=DANGI;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
		  "20250129", "20250129",
		  "20250129 20260217 20270207 20280127 20290213" },
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYDAY=1SU;COUNT=3",
		  "20260222", "20260222", "20260222 20270207 20280130" },
		/* days and weeks are everybody's */
		{ "RSCALE=CHINESE;FREQ=WEEKLY;COUNT=3", "20261128", "20261128",
		  "20261128 20261205 20261212" },
		/* but not which of them */
		{ "RSCALE=CHINESE;FREQ=DAILY;BYMONTH=1", "20261128",
		  "20261128", "20261128 20270206 20270207 20270208 20270209" },
		/* days of the year and weeks */
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYYEARDAY=100", "20261128",
		  "20261128", "20261128 20270516 20280504 20290523 20300513" },
		{ "RSCALE=HEBREW;FREQ=YEARLY;BYYEARDAY=-1", "20260911",
		  "20260911", "20260911 20271001 20280920 20290909 20300927" },
		/* what is not known: the start, and perhaps more */
		{ "RSCALE=MAYAN;FREQ=YEARLY", "20261128", "20261128",
		  "20261128 ..." },
		{ "RSCALE=CHINESE;FREQ=YEARLY", "17501128", "17501128",
		  "17501128 ..." },
		/* the week before the first year */
		{ "FREQ=WEEKLY;BYYEARDAY=1;WKST=SU", "00010101", "00010101",
		  "00010101 00020101 00030101 00040101 00050101" },
		{ "FREQ=WEEKLY;BYWEEKNO=1,-1;WKST=SU", "00010101", "00010101",
		  "00010101 00011224 00011231 00021223 00021230" },
		{ "FREQ=YEARLY;BYWEEKNO=53", "99820101", "99820101",
		  "99820101 99880101 99930101 99990101" },
		{ "RSCALE=CHINESE;FREQ=WEEKLY;BYMONTH=12;WKST=SU",
		  "19000101", "19000101",
		  "19000101 19000108 19000115 19000122 19000129" },
		/* what never comes ends nevertheless */
		{ "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;BYDAY=MO;"
		  "BYSETPOS=2", "20130210", "20130210", "20130210 ..." },
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=31;"
		  "INTERVAL=4294967295", "20130210", "20130210",
		  "20130210 ..." },
		{ "RSCALE=HEBREW;FREQ=MONTHLY;INTERVAL=4294967295",
		  "20130210", "20130210", "20130210 ..." },
	};

	test_begin("pim rscale: rules");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		test_assert_strcmp_idx(test_days(tests[i].rule, tests[i].start,
						 tests[i].from),
				       tests[i].result, i);
	} T_END;
	test_end();
}

/* A window has what the whole has of it. */
static void test_pim_rscale_windows(void)
{
	static const char *const rules[] = {
		("RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=5,5L,6L;BYMONTHDAY=1,30;"
			"SKIP=FORWARD"),
		"RSCALE=CHINESE;FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=-1",
		"RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L,6;BYDAY=MO,-1FR",
		"RSCALE=ISLAMIC;FREQ=YEARLY;INTERVAL=3",
		"RSCALE=ISLAMIC;FREQ=YEARLY;COUNT=40",
	};
	struct pim_rrule_iter *all = t_new(struct pim_rrule_iter, 1);
	struct pim_rrule_iter *part = t_new(struct pim_rrule_iter, 1);
	int64_t start = pim_date_to_days(2001, 5, 23) * PIM_DAY, from, t, t2;
	struct pim_rrule rule;
	int ret, ret2;

	test_begin("pim rscale: windows");
	for (unsigned int i = 0; i < N_ELEMENTS(rules); i++) {
		test_assert(pim_rrule_parse(rules[i], &rule) == 0);
		for (int year = 2002; year < 2040; year += 7) {
			from = pim_date_to_days(year, 6, 20) * PIM_DAY;
			pim_rrule_iter_init(all, &rule, start, NULL, start,
					    PIM_TIME_MAX);
			pim_rrule_iter_init(part, &rule, start, NULL, from,
					    from + 2000 * PIM_DAY);
			test_assert(pim_rrule_iter_next(part, &t2) == 1 &&
				    t2 == start);
			do {
				ret = pim_rrule_iter_next(all, &t);
			} while (ret > 0 && t < from);
			while ((ret2 = pim_rrule_iter_next(part, &t2)) > 0) {
				test_assert_idx(ret > 0 && t == t2, i);
				ret = pim_rrule_iter_next(all, &t);
			}
			test_assert_idx(ret == 0 ||
					t > from + 2000 * PIM_DAY, i);
		}
	}
	test_end();
}

/* -- the next one, for tasks -- */

static void test_pim_rrule_next(void)
{
	static const struct {
		const char *rule, *start;
		int offset;
		const char *excluded;
		const char *next;		/* NULL = none */
		unsigned int passed;
	} tests[] = {
		{ "FREQ=DAILY", "20261128T090000", 0, NULL,
		  "20261129T090000", 1 },
		{ "FREQ=DAILY;COUNT=1", "20261128T090000", 0, NULL, NULL, 0 },
		{ "FREQ=DAILY", "20261128T090000", 0, "20261129T090000",
		  "20261130T090000", 2 },
		{ "FREQ=DAILY;COUNT=2", "20261128T090000", 0,
		  "20261129T090000", NULL, 0 },
		{ "FREQ=MONTHLY;BYMONTHDAY=31", "20260131T000000", 0, NULL,
		  "20260331T000000", 1 },
		/* the first one need not be one of them */
		{ "FREQ=WEEKLY;BYDAY=MO", "20261128T000000", 0, NULL,
		  "20261130T000000", 1 },
		{ "FREQ=DAILY;UNTIL=20261128", "20261128T090000", 0, NULL,
		  NULL, 0 },
		{ "FREQ=DAILY;UNTIL=20261129", "20261128T090000", 0, NULL,
		  "20261129T090000", 1 },
		{ "FREQ=DAILY;UNTIL=20261129T000000Z", "20261128T003000",
		  3600, NULL, "20261129T003000", 1 },
		{ "FREQ=DAILY;UNTIL=20261129T000000Z", "20261128T003000", 0,
		  NULL, NULL, 0 },
		{ "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1",
		  "20280126T000000", 0, NULL, "20290213T000000", 1 },
		{ "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;BYDAY=MO;"
		  "BYSETPOS=2", "20130210T000000", 0, NULL, NULL, 0 },
	};
	int64_t start, next, excluded;
	unsigned int passed;
	bool is_date, is_utc;
	string_t *str = t_str_new(32);

	test_begin("pim rrule: the next one");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bool has = tests[i].excluded != NULL;
		int ret;

		(void)pim_ical_time_parse(tests[i].start, &start, &is_date,
					  &is_utc);
		if (has) {
			(void)pim_ical_time_parse(tests[i].excluded,
						  &excluded, &is_date,
						  &is_utc);
		}
		ret = pim_rrule_next(tests[i].rule, start, tests[i].offset,
				     has ? &excluded : NULL, has ? 1 : 0,
				     &next, &passed);
		test_assert_idx(ret == (tests[i].next != NULL ? 1 : 0), i);
		if (ret <= 0 || tests[i].next == NULL)
			continue;
		str_truncate(str, 0);
		pim_ical_time_append(str, next, FALSE, FALSE);
		test_assert_strcmp_idx(str_c(str), tests[i].next, i);
		test_assert_ucmp_idx(passed, ==, tests[i].passed, i);
	}
	test_assert(pim_rrule_next("FREQ=HOURLY", 0, 0, NULL, 0, &next,
				   &passed) == -1);
	test_assert(pim_rrule_next("nothing", 0, 0, NULL, 0, &next,
				   &passed) == -1);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_rscale_years,
		test_pim_rscale_feasts,
		test_pim_rscale_leap_months,
		test_pim_rscale_rules,
		test_pim_rscale_windows,
		test_pim_rrule_next,
		NULL
	};
	int ret = test_run(test_functions);

	pim_rscales_deinit();
	return ret;
}
