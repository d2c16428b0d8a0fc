/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-recurrence.h"
#include "pim-rrule.h"
#include "pim-timezone.h"

/* type/interval, then what is said: d = DayOfWeek, m = DayOfMonth,
   w = WeekOfMonth, M = MonthOfYear, c = CalendarType, f = FirstDayOfWeek,
   n = Occurrences, u = Until, L = IsLeapMonth */
static const char *test_text(int ret, const struct pim_recurrence *rec)
{
	string_t *str = t_str_new(64);

	if (ret <= 0)
		return ret == 0 ? "no" : "bad";
	str_printfa(str, "%u/%u", rec->type, rec->interval);
	if (rec->day_of_week != 0)
		str_printfa(str, " d%u", rec->day_of_week);
	if (rec->day_of_month != 0)
		str_printfa(str, " m%u", rec->day_of_month);
	if (rec->week_of_month != 0)
		str_printfa(str, " w%u", rec->week_of_month);
	if (rec->month_of_year != 0)
		str_printfa(str, " M%u", rec->month_of_year);
	if (rec->calendar_type != 0)
		str_printfa(str, " c%u", rec->calendar_type);
	if (rec->is_leap_month)
		str_append(str, " L");
	if (rec->has_first_day_of_week)
		str_printfa(str, " f%u", rec->first_day_of_week);
	if (rec->occurrences != 0)
		str_printfa(str, " n%u", rec->occurrences);
	if (rec->has_until) {
		str_append(str, " u");
		pim_ical_time_append(str, rec->until, FALSE, TRUE);
	}
	return str_c(str);
}

/* DTSTART is Friday 2026-11-27 09:30 in Berlin, the fourth Friday and the last
   of the month, if not said otherwise. back: the rule made of the pattern,
   NULL = the same. */
static const struct {
	const char *start, *rrule, *pattern, *back;
} tests[] = {
	{ NULL, "FREQ=DAILY", "0/1", NULL },
	{ NULL, "FREQ=DAILY;INTERVAL=3;COUNT=10", "0/3 n10", NULL },
	{ NULL, "FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", "1/1 d62",
	  "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
	{ NULL, "FREQ=DAILY;INTERVAL=2;BYDAY=FR", "no", NULL },
	{ NULL, "FREQ=WEEKLY", "1/1 d32", "FREQ=WEEKLY;BYDAY=FR" },
	{ NULL, "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,FR;WKST=SU",
	  "1/2 d34 f0", NULL },
	{ NULL, "FREQ=WEEKLY;BYDAY=FR;WKST=MO;UNTIL=20261231T083000Z",
	  "1/1 d32 f1 u20261231T083000Z", NULL },
	/* UNTIL by the local clock, and as a date */
	{ NULL, "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231T093000",
	  "1/1 d32 u20261231T083000Z",
	  "FREQ=WEEKLY;BYDAY=FR;UNTIL=20261231T083000Z" },
	{ NULL, "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270702",
	  "1/1 d32 u20270702T073000Z",
	  "FREQ=WEEKLY;BYDAY=FR;UNTIL=20270702T073000Z" },
	/* the first one is not one of the others */
	{ NULL, "FREQ=WEEKLY;BYDAY=MO", "no", NULL },
	{ NULL, "FREQ=WEEKLY;BYDAY=1FR", "no", NULL },
	{ NULL, "FREQ=MONTHLY", "2/1 m27", "FREQ=MONTHLY;BYMONTHDAY=27" },
	{ NULL, "FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=27", "2/2 m27", NULL },
	{ NULL, "FREQ=MONTHLY;BYMONTHDAY=15", "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYMONTHDAY=1,27", "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYMONTHDAY=-4", "no", NULL },
	{ "20261130T093000", "FREQ=MONTHLY;BYMONTHDAY=-1", "3/1 d127 w5",
	  NULL },
	/* no month without the day may get one */
	{ "20261031T093000", "FREQ=MONTHLY;BYMONTHDAY=31", "no", NULL },
	{ "20261031T093000", "FREQ=MONTHLY", "no", NULL },
	/* but this says that they do */
	{ "20261130T093000", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
	  "2/1 m30", NULL },
	{ "20260228T093000", "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1",
	  "2/1 m30", NULL },
	{ "20261128T093000", "FREQ=MONTHLY;BYMONTHDAY=28,30;BYSETPOS=-1",
	  "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=4FR", "3/1 d32 w4", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=-1FR", "3/1 d32 w5", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=FR;BYSETPOS=-1", "3/1 d32 w5",
	  "FREQ=MONTHLY;BYDAY=-1FR" },
	{ NULL, "FREQ=MONTHLY;BYDAY=-2FR", "no", NULL },
	{ "20261029T093000", "FREQ=MONTHLY;BYDAY=5TH", "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=FR", "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=4FR,2FR", "no", NULL },
	{ "20261130T093000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1",
	  "3/1 d62 w5", NULL },
	{ "20261201T093000", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
	  "3/1 d62 w1", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", "no", NULL },
	{ "20261102T093000", "FREQ=MONTHLY;BYDAY=SU,MO,TU,WE,TH,FR,SA;"
	  "BYSETPOS=2", "3/1 d127 w2", "FREQ=MONTHLY;BYMONTHDAY=2" },
	{ NULL, "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=27", "no", NULL },
	{ NULL, "FREQ=MONTHLY;BYMONTH=11", "no", NULL },
	{ NULL, "FREQ=YEARLY", "5/1 m27 M11",
	  "FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=27" },
	{ NULL, "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYMONTHDAY=27;COUNT=3",
	  "5/4 m27 M11 n3", NULL },
	{ NULL, "FREQ=YEARLY;BYMONTH=11;BYDAY=4FR", "6/1 d32 w4 M11", NULL },
	{ NULL, "FREQ=YEARLY;BYMONTH=11;BYDAY=FR;BYSETPOS=4",
	  "6/1 d32 w4 M11", "FREQ=YEARLY;BYMONTH=11;BYDAY=4FR" },
	{ NULL, "FREQ=YEARLY;BYDAY=47FR", "no", NULL },
	{ NULL, "FREQ=YEARLY;BYMONTHDAY=27", "no", NULL },
	{ NULL, "FREQ=YEARLY;BYMONTH=11,12", "no", NULL },
	{ NULL, "FREQ=YEARLY;BYWEEKNO=48", "no", NULL },
	{ NULL, "FREQ=YEARLY;BYYEARDAY=331", "no", NULL },
	{ "20261231T093000", "FREQ=YEARLY", "5/1 m31 M12",
	  "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31" },
	{ "20240229T093000", "FREQ=YEARLY", "no", NULL },
	{ "20240229T093000", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=-1",
	  "6/1 d127 w5 M2", NULL },
	/* the time of day that it has anyway */
	{ NULL, "FREQ=DAILY;BYHOUR=9;BYMINUTE=30", "0/1", "FREQ=DAILY" },
	{ NULL, "FREQ=DAILY;BYHOUR=9,17", "no", NULL },
	{ NULL, "FREQ=HOURLY", "no", NULL },
	{ NULL, "FREQ=SECONDLY;COUNT=1000000000", "no", NULL },
	/* other calendars, on their days */
	{ "20140208T093000", "RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;"
	  "BYMONTHDAY=8", "5/1 m8 M5 c8 L", NULL },
	{ "20140131T093000", "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;"
	  "BYMONTHDAY=1", "5/1 m1 M1 c15", NULL },
	{ NULL, "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1", "no",
	  NULL },
	{ "20260416T093000", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30;"
	  "SKIP=BACKWARD", "2/1 m30 c15", NULL },
	{ "20260318T093000", "RSCALE=CHINESE;FREQ=MONTHLY;BYMONTHDAY=30",
	  "no", NULL },
	{ "20270207T093000", "RSCALE=DANGI;FREQ=YEARLY;BYMONTH=1;"
	  "BYMONTHDAY=1", "5/1 m1 M1 c20", NULL },
	{ "20270206T093000", "RSCALE=DANGI;FREQ=YEARLY;BYMONTH=1;"
	  "BYMONTHDAY=1", "no", NULL },
	/* Windows counts the Hijri calendar a day before others */
	{ "20260217T093000", "RSCALE=ISLAMIC-TBLA;FREQ=YEARLY;BYMONTH=9;"
	  "BYMONTHDAY=1", "5/1 m1 M9 c6", NULL },
	{ "20260218T093000", "RSCALE=ISLAMIC-CIVIL;FREQ=YEARLY;BYMONTH=9;"
	  "BYMONTHDAY=1", "no", NULL },
	{ "20260222T093000", "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=1;"
	  "BYDAY=1SU", "6/1 d1 w1 M1 c15", NULL },
	{ NULL, "RSCALE=GREGORIAN;FREQ=DAILY", "0/1", "FREQ=DAILY" },
	{ NULL, "RSCALE=ETHIOPIC;FREQ=YEARLY;BYMONTH=13;BYMONTHDAY=1", "no",
	  NULL },
	{ NULL, "FREQ=DAILY;SKIP=FORWARD", "no", NULL },
	{ NULL, "freq=daily;interval=2", "0/2", "FREQ=DAILY;INTERVAL=2" },
	{ NULL, "", "bad", NULL },
	{ NULL, "FREQ=NEVER", "bad", NULL },
	{ NULL, "INTERVAL=2", "bad", NULL },
	{ NULL, "FREQ=DAILY;INTERVAL=0", "bad", NULL },
	{ NULL, "FREQ=DAILY;INTERVAL=-1", "bad", NULL },
	{ NULL, "FREQ=DAILY;INTERVAL=1000", "no", NULL },
	{ NULL, "FREQ=DAILY;UNTIL=tomorrow", "bad", NULL },
	{ NULL, "FREQ=DAILY;UNTIL=20261332", "bad", NULL },
	{ NULL, "FREQ=WEEKLY;BYDAY=XX", "bad", NULL },
	{ NULL, "FREQ=WEEKLY;BYDAY=", "bad", NULL },
	{ NULL, "FREQ=MONTHLY;BYMONTHDAY=32", "bad", NULL },
	{ NULL, "FREQ=MONTHLY;BYDAY=0FR", "bad", NULL },
	{ NULL, "FREQ", "bad", NULL },
};

static void test_pim_recurrence_rrule(void)
{
	const struct pim_timezone *tz = pim_timezone_find("Europe/Berlin");
	struct pim_recurrence rec, again;
	bool is_date, is_utc;
	int64_t start;
	string_t *str = t_str_new(64);
	int ret;

	test_begin("pim recurrence from and to RRULE");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(pim_ical_time_parse(
			tests[i].start == NULL ? "20261127T093000" :
			tests[i].start, &start, &is_date, &is_utc) == 0, i);
		ret = pim_recurrence_from_rrule(tests[i].rrule, start, tz,
						&rec);
		test_assert_strcmp_idx(test_text(ret, &rec), tests[i].pattern,
				       i);
		if (ret <= 0)
			continue;
		str_truncate(str, 0);
		test_assert_idx(pim_recurrence_to_rrule(&rec, tz, FALSE,
							str) == 0, i);
		test_assert_strcmp_idx(str_c(str), tests[i].back != NULL ?
				       tests[i].back : tests[i].rrule, i);
		/* and what was made of it says the same */
		if (rec.day_of_week == 127 && rec.week_of_month != 5)
			continue;
		ret = pim_recurrence_from_rrule(str_c(str), start, tz, &again);
		test_assert_strcmp_idx(test_text(ret, &again),
				       tests[i].pattern, i);
	}
	test_end();
}

static void test_pim_recurrence_device(void)
{
	static const struct {
		struct pim_recurrence rec;
		bool all_day;
		const char *rrule;
	} recs[] = {
		/* devices mean the last day by the 31st */
		{ { .type = PIM_RECURRENCE_MONTHLY, .day_of_month = 31 },
		  FALSE, "FREQ=MONTHLY;BYMONTHDAY=-1" },
		{ { .type = PIM_RECURRENCE_MONTHLY, .day_of_month = 30 },
		  FALSE, "FREQ=MONTHLY;BYMONTHDAY=28,29,30;BYSETPOS=-1" },
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 31,
		    .month_of_year = 12 },
		  FALSE, "FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=31" },
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 29,
		    .month_of_year = 2 },
		  FALSE, "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=28,29;BYSETPOS=-1" },
		{ { .type = PIM_RECURRENCE_DAILY, .day_of_week = 62,
		    .interval = 1 },
		  FALSE, "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" },
		{ { .type = PIM_RECURRENCE_DAILY, .interval = 2,
		    .has_until = TRUE, .until = 1798671600 },
		  TRUE, "FREQ=DAILY;INTERVAL=2;UNTIL=20261231" },
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 5,
		    .month_of_year = 3, .calendar_type = 7 },
		  FALSE, "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5" },
		/* no RRULE knows the Japanese lunar calendar by its name */
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 5,
		    .month_of_year = 3, .calendar_type = 14 }, FALSE,
		  "RSCALE=DANGI;FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5" },
		{ { .type = PIM_RECURRENCE_MONTHLY, .day_of_month = 30,
		    .calendar_type = 20 }, FALSE,
		  "RSCALE=DANGI;FREQ=MONTHLY;BYMONTHDAY=30;SKIP=BACKWARD" },
		{ { .type = PIM_RECURRENCE_YEARLY_NTH, .day_of_week = 1,
		    .week_of_month = 5, .month_of_year = 6,
		    .calendar_type = 15, .is_leap_month = TRUE }, FALSE,
		  "RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=6L;BYDAY=-1SU" },
		/* ours has no leap months */
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 5,
		    .month_of_year = 3, .is_leap_month = TRUE }, FALSE,
		  "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=5" },
		/* days and weeks are everybody's */
		{ { .type = PIM_RECURRENCE_WEEKLY, .day_of_week = 2,
		    .calendar_type = 15 }, FALSE, "FREQ=WEEKLY;BYDAY=MO" },
		{ { .type = PIM_RECURRENCE_WEEKLY }, FALSE, NULL },
		{ { .type = PIM_RECURRENCE_WEEKLY, .day_of_week = 128 },
		  FALSE, NULL },
		{ { .type = PIM_RECURRENCE_MONTHLY }, FALSE, NULL },
		{ { .type = PIM_RECURRENCE_MONTHLY_NTH, .day_of_week = 1 },
		  FALSE, NULL },
		{ { .type = PIM_RECURRENCE_MONTHLY_NTH, .day_of_week = 1,
		    .week_of_month = 6 }, FALSE, NULL },
		{ { .type = PIM_RECURRENCE_YEARLY, .day_of_month = 1 },
		  FALSE, NULL },
		{ { .type = 4, .day_of_month = 1 }, FALSE, NULL },
		{ { .type = PIM_RECURRENCE_DAILY, .calendar_type = 99 },
		  FALSE, NULL },
	};
	const struct pim_timezone *tz = pim_timezone_find("Europe/Berlin");
	string_t *str = t_str_new(64);
	int ret;

	test_begin("pim recurrence of devices");
	for (unsigned int i = 0; i < N_ELEMENTS(recs); i++) {
		str_truncate(str, 0);
		ret = pim_recurrence_to_rrule(&recs[i].rec, tz,
					      recs[i].all_day, str);
		test_assert_strcmp_idx(ret < 0 ? NULL : str_c(str),
				       recs[i].rrule, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_recurrence_rrule,
		test_pim_recurrence_device,
		NULL
	};

	return test_run(test_functions);
}
