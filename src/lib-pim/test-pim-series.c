/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-recurrence.h"
#include "pim-rrule.h"
#include "pim-timezone.h"

#include <stdlib.h>
#include <time.h>

/* Properties of series, compared with other ways to get the same: the C
   library's clocks, and a walk through all days. */

#define TEST_PATTERNS 1500
#define TEST_YEARS 12

static const char *const test_zones[] = {
	"Europe/Berlin", "Europe/London", "Europe/Lisbon", "Europe/Helsinki",
	"Europe/Moscow", "Europe/Istanbul", "Europe/Dublin", "Europe/Chisinau",
	"America/New_York", "America/Chicago", "America/Denver",
	"America/Phoenix", "America/Los_Angeles", "America/Anchorage",
	"America/St_Johns", "America/Halifax", "America/Sao_Paulo",
	"America/Santiago", "America/Asuncion", "America/Havana",
	"America/Caracas", "America/Bogota", "America/Mexico_City",
	"Africa/Cairo", "Africa/Casablanca", "Africa/Johannesburg",
	"Africa/Lagos", "Asia/Tehran", "Asia/Kolkata", "Asia/Kathmandu",
	"Asia/Beirut", "Asia/Gaza", "Asia/Tokyo", "Asia/Pyongyang",
	"Australia/Sydney", "Australia/Adelaide", "Australia/Lord_Howe",
	"Pacific/Auckland", "Pacific/Chatham", "Pacific/Apia",
	"Pacific/Marquesas", "UTC",
};

static const struct pim_series *
test_series(pool_t pool, const char *lines, const struct pim_timezone *home,
	    struct pim_lines **doc_r)
{
	const char *error, *text = t_strdup_printf(
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n%sEND:VEVENT\n"
		"END:VCALENDAR\n", lines);

	if (pim_lines_parse(text, strlen(text), NULL, doc_r, &error) < 0)
		i_panic("test: %s", error);
	return pim_series_read(pool, pim_component_find(
		pim_component_find(pim_lines_root(*doc_r), "VCALENDAR"),
		"VEVENT"), home);
}

static const char *test_local(int64_t local)
{
	string_t *str = t_str_new(32);

	pim_ical_time_append(str, local, FALSE, FALSE);
	return str_c(str);
}

/* What the C library's clock of TZ shows. */
static int64_t test_libc_local(int64_t utc)
{
	time_t t = utc;
	struct tm tm;

	if (localtime_r(&t, &tm) == NULL)
		i_panic("localtime_r(): %m");
	return timegm(&tm);
}

/* Is the time of these that the C library has the occurrence's, or does that
   local time not exist? The latter only where the clock is put forward. */
static bool
test_occurrence_at(const struct pim_occurrence *occ, int64_t local)
{
	int64_t shown = test_libc_local(occ->start);
	int64_t before = test_libc_local(occ->start - PIM_DAY) + PIM_DAY;

	return occ->start_local == local &&
		(shown == local ||
		 /* by the clock of before */
		 (before == local && shown != before));
}

static unsigned int
test_zone_series(const char *name, unsigned int hour, bool all_day)
{
	const struct pim_timezone *tz = pim_timezone_find(name);
	int64_t first = pim_date_to_days(2010, 1, 1) * PIM_DAY + hour * 3600 +
		(all_day ? 0 : 30 * 60);
	int64_t last = pim_date_to_days(2030, 1, 1) * PIM_DAY;
	pool_t pool = pool_alloconly_create("test series", 4096);
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	const struct pim_series *series;
	struct pim_lines *doc;
	unsigned int wrong = 0, count;
	int64_t local = first;

	series = test_series(pool, all_day ?
		"DTSTART;VALUE=DATE:20100101\nRRULE:FREQ=DAILY\n" :
		t_strdup_printf("DTSTART;TZID=%s:%s\nRRULE:FREQ=DAILY\n",
				name, test_local(first)),
		all_day ? tz : NULL, &doc);
	p_array_init(&found, pool, 8192);
	if (!pim_series_get(series, pim_timezone_from_local(tz, first),
			    pim_timezone_from_local(tz, last), 10000, &found))
		wrong++;
	array_foreach(&found, occ) {
		/* a whole day that the clock leaves out (Samoa's 30 December
		   2011) falls together with the next one */
		if (occ->start_local != local &&
		    occ->start_local == local + PIM_DAY)
			local += PIM_DAY;
		if (!test_occurrence_at(occ, local))
			wrong++;
		/* all-day: until the next midnight, however far that is */
		if (all_day && occ->end != pim_timezone_from_local(tz,
							local + PIM_DAY))
			wrong++;
		local += PIM_DAY;
	}
	count = array_count(&found);
	pim_lines_free(&doc);
	pool_unref(&pool);
	return count < 7304 || count > 7305 ? 1000 : wrong;
}

static void test_pim_series_zones(void)
{
	const char *old = t_strdup(getenv("TZ"));

	test_begin("pim series: each day of 20 years in 42 zones");
	for (unsigned int i = 0; i < N_ELEMENTS(test_zones); i++) T_BEGIN {
		setenv("TZ", test_zones[i], 1);
		tzset();
		/* clocks are changed at midnight, at 1, at 2 and at 3 */
		for (unsigned int hour = 0; hour < 4; hour++) {
			test_assert_idx(test_zone_series(test_zones[i], hour,
							 FALSE) == 0, i);
		}
		test_assert_idx(test_zone_series(test_zones[i], 0, TRUE) == 0,
				i);
	} T_END;
	if (old == NULL)
		unsetenv("TZ");
	else
		setenv("TZ", old, 1);
	tzset();
	test_end();
}

/*
 * Patterns
 */

static int64_t test_week(const struct pim_recurrence *rec, int64_t day)
{
	return day - (pim_days_weekday(day) + 7 - rec->first_day_of_week) % 7;
}

/* Is it the nth (5 = the last) of the month's days that are in the mask? */
static bool
test_is_nth(const struct pim_recurrence *rec, int year, unsigned int month,
	    unsigned int day)
{
	unsigned int found[31], count = 0, n;

	for (unsigned int i = 1; i <= pim_month_length(year, month); i++) {
		if ((rec->day_of_week & (1U << pim_days_weekday(
				pim_date_to_days(year, month, i)))) != 0)
			found[count++] = i;
	}
	n = rec->week_of_month == 5 ? count : rec->week_of_month;
	return n >= 1 && n <= count && found[n - 1] == day;
}

/* [MS-ASCAL] 2.2.2.37, word by word */
static bool
test_pattern_has(const struct pim_recurrence *rec, int64_t first, int64_t day)
{
	unsigned int month, first_month, month_day, first_day;
	int year, first_year, months;

	pim_date_from_days(day, &year, &month, &month_day);
	pim_date_from_days(first, &first_year, &first_month, &first_day);
	months = (year - first_year) * 12 + (int)month - (int)first_month;
	switch (rec->type) {
	case PIM_RECURRENCE_DAILY:
		return (day - first) % rec->interval == 0;
	case PIM_RECURRENCE_WEEKLY:
		return (rec->day_of_week & (1U << pim_days_weekday(day))) != 0 &&
			(test_week(rec, day) - test_week(rec, first)) / 7 %
			rec->interval == 0;
	case PIM_RECURRENCE_MONTHLY:
		return months % (int)rec->interval == 0 &&
			month_day == I_MIN(rec->day_of_month,
					   pim_month_length(year, month));
	case PIM_RECURRENCE_MONTHLY_NTH:
		return months % (int)rec->interval == 0 &&
			test_is_nth(rec, year, month, month_day);
	case PIM_RECURRENCE_YEARLY:
		return (year - first_year) % (int)rec->interval == 0 &&
			month == rec->month_of_year &&
			month_day == I_MIN(rec->day_of_month,
					   pim_month_length(year, month));
	case PIM_RECURRENCE_YEARLY_NTH:
		return (year - first_year) % (int)rec->interval == 0 &&
			month == rec->month_of_year &&
			test_is_nth(rec, year, month, month_day);
	}
	i_unreached();
}

/* Each run has the same patterns. */
static unsigned int test_rand(void)
{
	static uint32_t state = 4711;

	state = state * 1103515245 + 12345;
	return (state >> 16) & 0x7fff;
}

static void test_pattern_make(struct pim_recurrence *rec_r)
{
	static const enum pim_recurrence_type types[] = {
		PIM_RECURRENCE_DAILY, PIM_RECURRENCE_WEEKLY,
		PIM_RECURRENCE_MONTHLY, PIM_RECURRENCE_MONTHLY_NTH,
		PIM_RECURRENCE_YEARLY, PIM_RECURRENCE_YEARLY_NTH,
	};
	enum pim_recurrence_type type = types[(int)test_rand() % N_ELEMENTS(types)];

	i_zero(rec_r);
	rec_r->type = type;
	rec_r->interval = 1 + (int)test_rand() % (type >= PIM_RECURRENCE_YEARLY ? 3 : 5);
	rec_r->has_first_day_of_week = TRUE;
	rec_r->first_day_of_week = (int)test_rand() % 7;
	if (type == PIM_RECURRENCE_WEEKLY)
		rec_r->day_of_week = 1 + (int)test_rand() % PIM_WEEKDAY_ALL;
	if (type == PIM_RECURRENCE_MONTHLY || type == PIM_RECURRENCE_YEARLY)
		rec_r->day_of_month = 1 + (int)test_rand() % 31;
	if (type == PIM_RECURRENCE_MONTHLY_NTH ||
	    type == PIM_RECURRENCE_YEARLY_NTH) {
		/* each day, working days, weekend, one day, any of them */
		static const unsigned int masks[] = { 127, 62, 65 };
		unsigned int kind = (int)test_rand() % 8;

		rec_r->day_of_week = kind < N_ELEMENTS(masks) ? masks[kind] :
			kind < 7 ? 1U << test_rand() % 7 :
			1U + test_rand() % PIM_WEEKDAY_ALL;
		rec_r->week_of_month = 1 + (int)test_rand() % 5;
	}
	if (type >= PIM_RECURRENCE_YEARLY)
		rec_r->month_of_year = 1 + (int)test_rand() % 12;
}

/* The local times of the pattern's occurrences in TEST_YEARS. */
static void
test_pattern_expand(const struct pim_recurrence *rec, int64_t start,
		    const struct pim_timezone *tz, ARRAY_TYPE(pim_occurrence) *dest)
{
	int64_t first = pim_days_of(start), day, local;
	struct pim_occurrence occ;
	unsigned int count = 0;

	i_zero(&occ);
	for (day = first; day < first + TEST_YEARS * 366; day++) {
		if (!test_pattern_has(rec, first, day))
			continue;
		local = start + (day - first) * PIM_DAY;
		if ((rec->occurrences != 0 && count == rec->occurrences) ||
		    (rec->has_until &&
		     pim_timezone_from_local(tz, local) > rec->until))
			break;
		count++;
		occ.start_local = local;
		array_push_back(dest, &occ);
	}
}

static bool
test_occurrences_equal(const ARRAY_TYPE(pim_occurrence) *a,
		       const ARRAY_TYPE(pim_occurrence) *b)
{
	const struct pim_occurrence *first, *second;
	unsigned int first_count, second_count;

	first = array_get(a, &first_count);
	second = array_get(b, &second_count);
	if (first_count != second_count)
		return FALSE;
	for (unsigned int i = 0; i < first_count; i++) {
		if (first[i].start_local != second[i].start_local)
			return FALSE;
	}
	return TRUE;
}

/* The same by the RRULE that it is written as; and as a pattern again. */
static bool
test_pattern_check(const struct pim_recurrence *rec, int64_t start,
		   const struct pim_timezone *tz)
{
	pool_t pool = pool_alloconly_create("test pattern", 4096);
	ARRAY_TYPE(pim_occurrence) expected, found;
	struct pim_recurrence again;
	const struct pim_series *series;
	struct pim_lines *doc;
	string_t *rrule = t_str_new(64);
	unsigned int count;
	bool ok;

	if (pim_recurrence_to_rrule(rec, tz, FALSE, rrule) < 0)
		return FALSE;
	p_array_init(&expected, pool, 64);
	p_array_init(&found, pool, 64);
	test_pattern_expand(rec, start, tz, &expected);
	series = test_series(pool, t_strdup_printf(
		"DTSTART;TZID=%s:%s\nRRULE:%s\n", pim_timezone_name(tz),
		test_local(start), str_c(rrule)), NULL, &doc);
	(void)pim_series_get(series, pim_timezone_from_local(tz, start),
			     pim_timezone_from_local(tz, start + TEST_YEARS *
						     366 * (int64_t)PIM_DAY),
			     10000, &found);
	count = array_count(&expected);
	ok = test_occurrences_equal(&expected, &found) &&
		pim_series_get_kind(series, &again) == PIM_SERIES_PATTERN;
	if (ok) {
		array_clear(&expected);
		test_pattern_expand(&again, start, tz, &expected);
		ok = test_occurrences_equal(&expected, &found);
	}
	if (!ok) {
		i_error("%s of %s in %s: %u expected, %u found",
			str_c(rrule), test_local(start), pim_timezone_name(tz),
			count, array_count(&found));
	}
	pim_lines_free(&doc);
	pool_unref(&pool);
	return ok;
}

static void test_pim_series_patterns(void)
{
	const struct pim_timezone *tz;
	struct pim_recurrence rec;
	int64_t day, start;

	test_begin("pim series: each pattern has its RRULE's occurrences");
	for (unsigned int i = 0; i < TEST_PATTERNS; i++) T_BEGIN {
		tz = pim_timezone_find(test_zones[(int)test_rand() %
						  N_ELEMENTS(test_zones)]);
		test_pattern_make(&rec);
		/* the first day from a random one on that is of the pattern */
		day = pim_date_to_days(2012, 1, 1) + (int)test_rand() % (8 * 366);
		while (!test_pattern_has(&rec, day, day))
			day++;
		start = day * PIM_DAY + (int)test_rand() % 48 * 1800;
		switch ((int)test_rand() % 3) {
		case 0:
			rec.occurrences = 1 + (int)test_rand() % 30;
			break;
		case 1:
			rec.has_until = TRUE;
			rec.until = pim_timezone_from_local(tz, start) +
				(int)test_rand() % (3 * 366) * (int64_t)PIM_DAY +
				(int)test_rand() % 48 * 1800;
			break;
		}
		test_assert_idx(test_pattern_check(&rec, start, tz), i);
	} T_END;
	test_end();
}

/* The zone of a line is that of all its times: it is not read for each. */
static void test_pim_series_long(void)
{
	string_t *text = str_new(default_pool, 4 * 1024 * 1024);
	struct pim_series *series;
	struct pim_lines *doc;
	const char *error;
	pool_t pool;
	clock_t start;

	test_begin("pim series: many dates and a long TZID");
	str_append(text, "BEGIN:VCALENDAR\nBEGIN:VEVENT\n"
		   "DTSTART:20260101T100000Z\nRRULE:FREQ=DAILY\nEXDATE;TZID=");
	for (unsigned int i = 0; i < 300000; i++)
		str_append_c(text, 'A' + i % 26);
	str_append_c(text, ':');
	for (unsigned int i = 0; i < 200000; i++)
		str_append(text, "20260102T100000,");
	str_append(text, "20260103T100000\nEND:VEVENT\nEND:VCALENDAR\n");
	test_assert(pim_lines_parse(str_data(text), str_len(text), NULL, &doc,
				    &error) == 0);
	pool = pool_alloconly_create("test", 1024);
	start = clock();
	series = pim_series_read(pool, pim_component_find(pim_component_find(
		pim_lines_root(doc), "VCALENDAR"), "VEVENT"), NULL);
	test_assert(series != NULL);
	/* minutes otherwise */
	test_assert((clock() - start) / CLOCKS_PER_SEC < 15);
	pool_unref(&pool);
	pim_lines_free(&doc);
	str_free(&text);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_series_zones,
		test_pim_series_patterns,
		test_pim_series_long,
		NULL
	};

	return test_run(test_functions);
}
