/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-rrule-iter.h"
#include "pim-rscale.h"

/* Random rules of all calendars, compared with what RFC 5545 3.3.10 and RFC
   7529 say, asked of each day (or second) for itself. */

#define TEST_RULES 6000
#define TEST_VALUES_MAX 4

struct test_list {
	unsigned int count;
	int values[TEST_VALUES_MAX];
	bool leap[TEST_VALUES_MAX];
};

struct test_rule {
	enum pim_freq freq;
	unsigned int interval, week_start, count;
	enum pim_rrule_skip skip;
	const char *rscale;
	struct pim_rscale *calendar;
	struct test_list lists[PIM_RRULE_LIST_COUNT];
	struct pim_rrule_day days[TEST_VALUES_MAX];
	unsigned int days_count;
	int64_t start, until, end;
};

/* -- the definition -- */

struct test_date {
	const struct pim_rscale_year *year;
	const struct pim_rscale_month *month;
	int64_t day;
};
ARRAY_DEFINE_TYPE(test_time, int64_t);

static bool test_has(const struct test_list *list, int value)
{
	for (unsigned int i = 0; i < list->count; i++) {
		if (list->values[i] == value && !list->leap[i])
			return TRUE;
	}
	return FALSE;
}

/* value counts from 1 on, last is the greatest one */
static bool
test_counts(const struct test_list *list, int64_t value, int64_t last)
{
	return list->count == 0 || test_has(list, value) ||
		test_has(list, value - last - 1);
}

static void
test_date_get(const struct test_rule *rule, int64_t day,
	      struct test_date *date_r)
{
	date_r->day = day;
	date_r->year = pim_rscale_year_at(rule->calendar, day);
	i_assert(date_r->year != NULL);
	date_r->month = pim_rscale_month_at(date_r->year, day);
}

static bool
test_month_is(const struct test_rule *rule,
	      const struct pim_rscale_month *month)
{
	const struct test_list *list = &rule->lists[PIM_RRULE_MONTH];

	for (unsigned int i = 0; i < list->count; i++) {
		if (list->values[i] == (int)month->number &&
		    list->leap[i] == month->leap)
			return TRUE;
	}
	return list->count == 0;
}

/* The week's fourth day says what year it is of. */
static bool test_week_is(const struct test_rule *rule, int64_t day)
{
	struct test_date middle;
	int64_t year_last;

	test_date_get(rule, day - (day + 4 + 70000 * 7 -
				   rule->week_start) % 7 + 3, &middle);
	year_last = middle.year->first + middle.year->days - 1;
	return test_has(&rule->lists[PIM_RRULE_WEEK_NO],
			(middle.day - middle.year->first) / 7 + 1) ||
		test_has(&rule->lists[PIM_RRULE_WEEK_NO],
			 -((year_last - middle.day) / 7 + 1));
}

static bool
test_weekday_is(const struct test_rule *rule, const struct test_date *date,
		bool numbers)
{
	bool by_year = rule->freq == PIM_FREQ_YEARLY &&
		rule->lists[PIM_RRULE_MONTH].count == 0;
	int64_t first = by_year ? date->year->first : date->month->first;
	int64_t last = first + (by_year ? date->year->days :
				date->month->days) - 1;
	unsigned int weekday = (date->day + 4 + 70000 * 7) % 7;

	for (unsigned int i = 0; i < rule->days_count; i++) {
		int week = rule->days[i].week;

		if (rule->days[i].weekday == weekday &&
		    (week == 0 || !numbers ||
		     week == (date->day - first) / 7 + 1 ||
		     -week == (last - date->day) / 7 + 1))
			return TRUE;
	}
	return rule->days_count == 0;
}

/* All but BYMONTH. */
static bool
test_day_is(const struct test_rule *rule, const struct test_date *date)
{
	const struct pim_rscale_year *year = date->year;
	const struct pim_rscale_month *month = date->month;

	return test_counts(&rule->lists[PIM_RRULE_MONTH_DAY],
			   date->day - month->first + 1, month->days) &&
		test_counts(&rule->lists[PIM_RRULE_YEAR_DAY],
			    date->day - year->first + 1, year->days) &&
		(rule->lists[PIM_RRULE_WEEK_NO].count == 0 ||
		 test_week_is(rule, date->day)) &&
		test_weekday_is(rule, date,
				rule->freq >= PIM_FREQ_MONTHLY);
}

/* Days that a month hasn't. */
static void
test_add_moved(const struct test_rule *rule,
	       const struct pim_rscale_month *month,
	       ARRAY_TYPE(test_time) *days)
{
	struct test_date date;

	if (rule->skip == PIM_RRULE_SKIP_OMIT ||
	    rule->lists[PIM_RRULE_YEAR_DAY].count > 0 ||
	    rule->lists[PIM_RRULE_WEEK_NO].count > 0)
		return;
	test_date_get(rule, rule->skip == PIM_RRULE_SKIP_FORWARD ?
		      month->first + month->days :
		      month->first + month->days - 1, &date);
	for (int i = month->days + 1; i <= 31; i++) {
		if (test_has(&rule->lists[PIM_RRULE_MONTH_DAY], i) &&
		    test_weekday_is(rule, &date, FALSE))
			array_push_back(days, &date.day);
	}
}

/* A leap month that the year hasn't is its neighbour. */
static void
test_add_leap(const struct test_rule *rule, const struct pim_rscale_year *year,
	      unsigned int number, ARRAY_TYPE(test_time) *days)
{
	struct test_date date;
	int64_t day = 0;

	for (unsigned int i = 0; i < year->months_count; i++) {
		if (year->months[i].number != number)
			continue;
		if (year->months[i].leap)
			return;
		day = year->months[i].first;
		if (rule->skip == PIM_RRULE_SKIP_FORWARD)
			day += year->months[i].days;
	}
	if (day == 0)
		return;
	test_date_get(rule, day, &date);
	test_add_moved(rule, date.month, days);
	for (unsigned int i = 0; i < date.month->days; i++) {
		date.day = day + i;
		if (test_day_is(rule, &date))
			array_push_back(days, &date.day);
	}
}

/* The period that a day is in: where it begins, and its number. */
static int64_t
test_period(const struct test_rule *rule, const struct test_date *date,
	    int64_t *number_r)
{
	const struct pim_rscale_year *year = date->year;

	switch (rule->freq) {
	case PIM_FREQ_YEARLY:
		*number_r = year->idx;
		return year->first;
	case PIM_FREQ_MONTHLY:
		*number_r = date->month - year->months;
		for (unsigned int i = 0; i < year->idx; i++) {
			*number_r += pim_rscale_year_get(rule->calendar,
							 i)->months_count;
		}
		return date->month->first;
	case PIM_FREQ_WEEKLY:
		*number_r = (date->day + 4 + 70000 * 7 -
			     rule->week_start) / 7;
		return *number_r * 7 + rule->week_start - 4 - 70000 * 7;
	default:
		*number_r = date->day;
		return date->day;
	}
}

static int test_time_cmp(const int64_t *t1, const int64_t *t2)
{
	return *t1 < *t2 ? -1 : *t1 > *t2 ? 1 : 0;
}

static void test_unique(ARRAY_TYPE(test_time) *times)
{
	const int64_t *prev;

	array_sort(times, test_time_cmp);
	for (unsigned int i = array_count(times); i > 1; i--) {
		prev = array_idx(times, i - 2);
		if (*prev == *array_idx(times, i - 1))
			array_delete(times, i - 1, 1);
	}
}

/* The times of a period by BYSETPOS. */
static void
test_add_period(const struct test_rule *rule, ARRAY_TYPE(test_time) *times,
		ARRAY_TYPE(test_time) *dest)
{
	const int64_t *t;
	unsigned int count;

	test_unique(times);
	count = array_count(times);
	array_foreach(times, t) {
		if (test_counts(&rule->lists[PIM_RRULE_SET_POS],
				array_foreach_idx(times, t) + 1, count))
			array_push_back(dest, t);
	}
}

/* Each second of [from, to) that the BY... of times allow. */
static void
test_add_times(const struct test_rule *rule, int64_t from, int64_t to,
	       ARRAY_TYPE(test_time) *times)
{
	const struct test_list *lists = rule->lists;

	for (int64_t t = from; t < to; ) {
		unsigned int secs = (t + 70000 * INT64_C(86400)) % 86400;

		if (lists[PIM_RRULE_HOUR].count > 0 &&
		    !test_has(&lists[PIM_RRULE_HOUR], secs / 3600)) {
			t += 3600 - secs % 3600;
			continue;
		}
		if (lists[PIM_RRULE_MINUTE].count > 0 &&
		    !test_has(&lists[PIM_RRULE_MINUTE], secs / 60 % 60)) {
			t += 60 - secs % 60;
			continue;
		}
		if (lists[PIM_RRULE_SECOND].count == 0 ||
		    test_has(&lists[PIM_RRULE_SECOND], secs % 60))
			array_push_back(times, &t);
		t++;
	}
}

static void
test_period_days(const struct test_rule *rule, int64_t first, int64_t number,
		 int64_t *next_r, ARRAY_TYPE(test_time) *days)
{
	const struct test_list *months = &rule->lists[PIM_RRULE_MONTH];
	struct test_date date, begin;
	int64_t found;

	test_date_get(rule, first, &begin);
	for (date = begin; ; test_date_get(rule, date.day + 1, &date)) {
		(void)test_period(rule, &date, &found);
		if (found != number)
			break;
		if (!test_month_is(rule, date.month))
			continue;
		if (test_day_is(rule, &date))
			array_push_back(days, &date.day);
		if (rule->freq >= PIM_FREQ_MONTHLY &&
		    date.day == date.month->first)
			test_add_moved(rule, date.month, days);
	}
	*next_r = date.day;
	if (rule->freq != PIM_FREQ_YEARLY ||
	    rule->skip == PIM_RRULE_SKIP_OMIT)
		return;
	for (unsigned int i = 0; i < months->count; i++) {
		if (months->leap[i]) {
			test_add_leap(rule, begin.year, months->values[i],
				      days);
		}
	}
}

static void
test_define_days(const struct test_rule *rule, ARRAY_TYPE(test_time) *dest)
{
	ARRAY_TYPE(test_time) days, times;
	int64_t day, first_number, number, next, one;
	struct test_date date;

	t_array_init(&days, 64);
	t_array_init(&times, 64);
	test_date_get(rule, pim_days_of(rule->start), &date);
	day = test_period(rule, &date, &first_number);
	number = first_number;
	while (day <= pim_days_of(rule->end)) {
		array_clear(&days);
		array_clear(&times);
		test_period_days(rule, day, number, &next, &days);
		test_unique(&days);
		if ((number - first_number) % rule->interval == 0) {
			array_foreach_elem(&days, one) {
				test_add_times(rule, one * 86400,
					       one * 86400 + 86400, &times);
			}
			test_add_period(rule, &times, dest);
		}
		day = next;
		number++;
	}
}

static void
test_define_times(const struct test_rule *rule, ARRAY_TYPE(test_time) *dest)
{
	int64_t unit = rule->freq == PIM_FREQ_HOURLY ? 3600 :
		rule->freq == PIM_FREQ_MINUTELY ? 60 : 1;
	int64_t t = rule->start - (rule->start + 70000 * INT64_C(86400)) % unit;
	ARRAY_TYPE(test_time) times;
	struct test_date date;

	t_array_init(&times, 64);
	for (; t <= rule->end; t += unit * rule->interval) {
		test_date_get(rule, pim_days_of(t), &date);
		if (!test_month_is(rule, date.month) ||
		    !test_day_is(rule, &date))
			continue;
		array_clear(&times);
		test_add_times(rule, t, t + unit, &times);
		test_add_period(rule, &times, dest);
	}
}

/* What a rule doesn't say is said by the start. */
static void test_set_default(struct test_list *list, int value, bool leap)
{
	if (list->count == 0) {
		list->count = 1;
		list->values[0] = value;
		list->leap[0] = leap;
	}
}

static void test_set_defaults(struct test_rule *rule)
{
	unsigned int secs = (rule->start + 70000 * INT64_C(86400)) % 86400;
	struct test_list *lists = rule->lists;
	struct test_date date;

	test_date_get(rule, pim_days_of(rule->start), &date);
	if (rule->freq > PIM_FREQ_SECONDLY)
		test_set_default(&lists[PIM_RRULE_SECOND], secs % 60, FALSE);
	if (rule->freq > PIM_FREQ_MINUTELY) {
		test_set_default(&lists[PIM_RRULE_MINUTE], secs / 60 % 60,
				 FALSE);
	}
	if (rule->freq > PIM_FREQ_HOURLY)
		test_set_default(&lists[PIM_RRULE_HOUR], secs / 3600, FALSE);
	if (rule->freq < PIM_FREQ_WEEKLY || rule->days_count > 0 ||
	    lists[PIM_RRULE_MONTH_DAY].count > 0 ||
	    lists[PIM_RRULE_YEAR_DAY].count > 0)
		return;
	if (rule->freq == PIM_FREQ_WEEKLY ||
	    lists[PIM_RRULE_WEEK_NO].count > 0) {
		rule->days_count = 1;
		rule->days[0].week = 0;
		rule->days[0].weekday = pim_days_weekday(date.day);
		return;
	}
	if (rule->freq == PIM_FREQ_YEARLY) {
		test_set_default(&lists[PIM_RRULE_MONTH], date.month->number,
				 date.month->leap);
	}
	test_set_default(&lists[PIM_RRULE_MONTH_DAY],
			 date.day - date.month->first + 1, FALSE);
}

static void
test_define(const struct test_rule *said, ARRAY_TYPE(test_time) *dest)
{
	struct test_rule rule = *said;
	ARRAY_TYPE(test_time) all;
	int64_t t;

	test_set_defaults(&rule);
	t_array_init(&all, 64);
	if (rule.freq < PIM_FREQ_DAILY)
		test_define_times(&rule, &all);
	else
		test_define_days(&rule, &all);
	test_unique(&all);
	array_push_back(dest, &rule.start);
	array_foreach_elem(&all, t) {
		if (t > rule.start && t <= rule.until && t <= rule.end &&
		    (rule.count == 0 || array_count(dest) < rule.count))
			array_push_back(dest, &t);
	}
}

/* -- random rules -- */

static uint64_t test_seed = 1;

static uint32_t test_rand(uint32_t limit)
{
	test_seed = test_seed * UINT64_C(6364136223846793005) +
		UINT64_C(1442695040888963407);
	return (test_seed >> 33) % limit;
}

/* 1 in n */
static bool test_rarely(unsigned int n)
{
	return test_rand(n) == 0;
}

static int test_number(int max, bool negative)
{
	int number = 1 + (int)test_rand(max);

	return negative && test_rarely(3) ? -number : number;
}

static void
test_make_list(struct test_rule *rule, enum pim_rrule_list list,
	       int min, int max, bool negative)
{
	struct test_list *dest = &rule->lists[list];

	dest->count = 1 + test_rand(TEST_VALUES_MAX);
	for (unsigned int i = 0; i < dest->count; i++) {
		dest->values[i] = min +
			test_number(max - min + 1, negative) - 1;
		if (dest->values[i] < min && dest->values[i] >= 0)
			dest->values[i] = max;
		if (negative && dest->values[i] == 0)
			dest->values[i] = -1;
		dest->leap[i] = list == PIM_RRULE_MONTH &&
			strcmp(rule->rscale, "GREGORIAN") != 0 &&
			test_rarely(3);
	}
}

static void test_make_days(struct test_rule *rule)
{
	rule->days_count = 1 + test_rand(TEST_VALUES_MAX);
	for (unsigned int i = 0; i < rule->days_count; i++) {
		rule->days[i].weekday = test_rand(7);
		rule->days[i].week = 0;
		if (rule->freq >= PIM_FREQ_MONTHLY &&
		    rule->lists[PIM_RRULE_WEEK_NO].count == 0 &&
		    test_rarely(2)) {
			rule->days[i].week = test_number(
				rule->freq == PIM_FREQ_YEARLY &&
				rule->lists[PIM_RRULE_MONTH].count == 0 ?
				53 : 5, TRUE);
		}
	}
}

static void test_make_times(struct test_rule *rule)
{
	if (test_rarely(4))
		test_make_list(rule, PIM_RRULE_HOUR, 0, 23, FALSE);
	if (test_rarely(6))
		test_make_list(rule, PIM_RRULE_MINUTE, 0, 59, FALSE);
	if (test_rarely(6))
		test_make_list(rule, PIM_RRULE_SECOND, 0, 59, FALSE);
}

static void test_make_by(struct test_rule *rule)
{
	bool chinese = strcmp(rule->rscale, "CHINESE") == 0 ||
		strcmp(rule->rscale, "DANGI") == 0;

	if (test_rarely(3)) {
		test_make_list(rule, PIM_RRULE_MONTH, 1,
			       strcmp(rule->rscale, "ETHIOPIC") == 0 ? 13 : 12,
			       FALSE);
	}
	if (rule->freq != PIM_FREQ_WEEKLY && test_rarely(3))
		test_make_list(rule, PIM_RRULE_MONTH_DAY, 1, 31, TRUE);
	if (rule->freq == PIM_FREQ_YEARLY && test_rarely(5)) {
		test_make_list(rule, PIM_RRULE_YEAR_DAY, 1,
			       chinese ? 385 : 366, TRUE);
	}
	if (rule->freq == PIM_FREQ_YEARLY && test_rarely(4)) {
		test_make_list(rule, PIM_RRULE_WEEK_NO, 1,
			       test_rarely(2) ? 2 : chinese ? 56 : 53, TRUE);
	}
	if (test_rarely(3))
		test_make_days(rule);
	test_make_times(rule);
	if (test_rarely(4)) {
		test_make_list(rule, PIM_RRULE_SET_POS, 1,
			       test_rarely(2) ? 3 : 30, TRUE);
	}
}

/* How long to look: about as far for each frequency. */
static const int test_window_days[] = {
	[PIM_FREQ_SECONDLY] = 1,
	[PIM_FREQ_MINUTELY] = 3,
	[PIM_FREQ_HOURLY] = 60,
	[PIM_FREQ_DAILY] = 500,
	[PIM_FREQ_WEEKLY] = 1000,
	[PIM_FREQ_MONTHLY] = 2000,
	[PIM_FREQ_YEARLY] = 6000,
};

static void test_make_rule(struct test_rule *rule)
{
	static const char *const calendars[] = {
		"GREGORIAN", "GREGORIAN", "CHINESE", "DANGI", "HEBREW",
		"ISLAMIC-CIVIL", "ETHIOPIC", "PERSIAN",
	};

	i_zero(rule);
	rule->rscale = calendars[test_rand(N_ELEMENTS(calendars))];
	rule->calendar = pim_rscale_find(rule->rscale);
	i_assert(rule->calendar != NULL);
	rule->freq = test_rarely(10) ? test_rand(PIM_FREQ_DAILY) :
		PIM_FREQ_DAILY + test_rand(4);
	rule->interval = test_rarely(2) ? 1 : 1 + test_rand(5);
	rule->week_start = test_rand(7);
	rule->skip = test_rand(3);
	rule->start = (int64_t)test_rand(70000) * PIM_DAY -
		20000 * (int64_t)PIM_DAY + test_rand(PIM_DAY);
	rule->end = rule->start +
		test_window_days[rule->freq] * (int64_t)PIM_DAY;
	rule->until = PIM_TIME_MAX;
	if (test_rarely(3))
		rule->count = 1 + test_rand(20);
	else if (test_rarely(3)) {
		rule->until = rule->start +
			test_rand(rule->end - rule->start);
	}
	test_make_by(rule);
}

static void
test_append_list(string_t *dest, const char *name,
		 const struct test_list *list)
{
	for (unsigned int i = 0; i < list->count; i++) {
		str_printfa(dest, "%s%d%s", i == 0 ?
			    t_strdup_printf(";%s=", name) : ",",
			    list->values[i], list->leap[i] ? "L" : "");
	}
}

static const char *test_rule_text(const struct test_rule *rule)
{
	static const char *const freqs[] = {
		"SECONDLY", "MINUTELY", "HOURLY", "DAILY", "WEEKLY",
		"MONTHLY", "YEARLY"
	};
	static const char *const lists[] = {
		"BYSECOND", "BYMINUTE", "BYHOUR", "BYMONTHDAY", "BYYEARDAY",
		"BYWEEKNO", "BYMONTH", "BYSETPOS"
	};
	static const char *const skips[] = { "OMIT", "BACKWARD", "FORWARD" };
	static const char weekdays[] = "SUMOTUWETHFRSA";
	string_t *str = t_str_new(256);

	str_printfa(str, "FREQ=%s;INTERVAL=%u;WKST=%.2s;SKIP=%s",
		    freqs[rule->freq], rule->interval,
		    weekdays + rule->week_start * 2, skips[rule->skip]);
	for (unsigned int i = 0; i < PIM_RRULE_LIST_COUNT; i++)
		test_append_list(str, lists[i], &rule->lists[i]);
	for (unsigned int i = 0; i < rule->days_count; i++) {
		str_append(str, i == 0 ? ";BYDAY=" : ",");
		if (rule->days[i].week != 0)
			str_printfa(str, "%d", rule->days[i].week);
		str_append_data(str, weekdays + rule->days[i].weekday * 2, 2);
	}
	if (rule->count > 0)
		str_printfa(str, ";COUNT=%u", rule->count);
	if (rule->until != PIM_TIME_MAX) {
		str_append(str, ";UNTIL=");
		pim_ical_time_append(str, rule->until, FALSE, FALSE);
	}
	str_printfa(str, ";RSCALE=%s", rule->rscale);
	return str_c(str);
}

/* -- both -- */

static const char *test_times_text(const ARRAY_TYPE(test_time) *times)
{
	string_t *str = t_str_new(256);
	int64_t t;

	array_foreach_elem(times, t) {
		pim_ical_time_append(str, t, FALSE, FALSE);
		str_append_c(str, ' ');
		if (str_len(str) > 800)
			break;
	}
	return str_c(str);
}

static void
test_expand(const char *text, int64_t start, int64_t from, int64_t end,
	    ARRAY_TYPE(test_time) *dest)
{
	struct pim_rrule_iter *iter = t_new(struct pim_rrule_iter, 1);
	struct pim_rrule rule;
	int64_t t;
	int ret;

	if (pim_rrule_parse(text, &rule) < 0) {
		test_assert(FALSE);
		return;
	}
	pim_rrule_iter_init(iter, &rule, start, NULL, from, end);
	while ((ret = pim_rrule_iter_next(iter, &t)) > 0)
		array_push_back(dest, &t);
	test_assert(ret == 0 && !iter->incomplete);
}

/* All of it, and from the middle on (the start always comes). */
static bool test_one(const struct test_rule *rule, unsigned int *count)
{
	const char *text = test_rule_text(rule);
	ARRAY_TYPE(test_time) defined, found;
	bool ok;

	t_array_init(&defined, 64);
	t_array_init(&found, 64);
	test_define(rule, &defined);
	test_expand(text, rule->start, rule->start, rule->end, &found);
	ok = array_cmp(&defined, &found);
	*count += array_count(&defined);
	if (ok && array_count(&defined) > 2) {
		unsigned int middle = array_count(&defined) / 2;
		int64_t from = *array_idx(&defined, middle);

		array_clear(&found);
		test_expand(text, rule->start, from, rule->end, &found);
		array_delete(&defined, 1, middle - 1);
		ok = array_cmp(&defined, &found);
	}
	if (!ok) {
		i_error("%s", text);
		i_error(" defined %s", test_times_text(&defined));
		i_error("   found %s", test_times_text(&found));
	}
	return ok;
}

static void test_pim_rrule_random(void)
{
	struct test_rule rule;
	unsigned int times = 0;

	test_begin("pim rrule: random rules of all calendars");
	for (unsigned int i = 0; i < TEST_RULES; i++) T_BEGIN {
		test_make_rule(&rule);
		test_assert_idx(test_one(&rule, &times), i);
	} T_END;
	test_assert(times > TEST_RULES * 5);
	test_end();
}

/* Another number is another set of rules. */
int main(int argc, char *argv[])
{
	static void (*const test_functions[])(void) = {
		test_pim_rrule_random,
		NULL
	};
	int ret;

	if (argc > 1 && str_to_uint64(argv[1], &test_seed) < 0)
		i_fatal("Not a number: %s", argv[1]);
	ret = test_run(test_functions);
	pim_rscales_deinit();
	return ret;
}
