/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-timezone.h"
#include "pim-timezone-private.h"
#include "pim-tz-structure.h"

#include <stdio.h>

/* shows the text */
#define zone_failed(text) test_assert_strcmp(text, NULL)

static int64_t at(int year, unsigned int month, unsigned int day,
		  unsigned int hour)
{
	return pim_date_to_days(year, month, day) * PIM_DAY + hour * 3600;
}

static void test_pim_date(void)
{
	unsigned int month, day;
	int year;

	test_begin("pim date");
	test_assert(pim_date_to_days(1970, 1, 1) == 0);
	test_assert(pim_date_to_days(2000, 3, 1) == 11017);
	test_assert(pim_date_to_days(1601, 1, 1) == -134774);
	for (int64_t days = -800000; days < 800000; days += 13) {
		pim_date_from_days(days, &year, &month, &day);
		if (pim_date_to_days(year, month, day) != days ||
		    day < 1 || day > pim_month_length(year, month)) {
			test_assert_idx(FALSE, days);
			break;
		}
	}
	test_assert(pim_days_weekday(pim_date_to_days(2026, 11, 28)) == 6);
	test_assert(pim_days_weekday(pim_date_to_days(1601, 1, 1)) == 1);
	test_assert(pim_days_of(-1) == -1 && pim_days_of(-PIM_DAY) == -1 &&
		    pim_days_of(-PIM_DAY - 1) == -2);
	test_assert(pim_month_nth_weekday(2026, 3, 5, 0) == 29);
	test_assert(pim_month_nth_weekday(2026, 2, 4, 0) == 22);
	test_assert(pim_month_nth_weekday(2026, 2, 5, 0) == 22);
	test_assert(pim_month_length(2100, 2) == 28 &&
		    pim_month_length(2000, 2) == 29);
	test_end();
}

/* What the structure says of a zone in a year: minutes, and month.week.weekday
   hh:mm of each change. */
static const struct {
	const char *zone;
	int year, month;
	const char *rule;
} test_rules[] = {
	{ "Europe/Berlin", 2024, 7, "-60 60 3.5.0/02:00 10.5.0/03:00" },
	/* the last Sunday is the fourth in these years */
	{ "Europe/Berlin", 2027, 7, "-60 60 3.5.0/02:00 10.5.0/03:00" },
	{ "Europe/Berlin", 1995, 7, "-60 60 3.5.0/02:00 9.5.0/03:00" },
	{ "Europe/London", 2024, 1, "0 60 3.5.0/01:00 10.5.0/02:00" },
	{ "Europe/Dublin", 2024, 1, "0 60 3.5.0/01:00 10.5.0/02:00" },
	{ "America/New_York", 2024, 7, "300 60 3.2.0/02:00 11.1.0/02:00" },
	{ "America/New_York", 2006, 7, "300 60 4.1.0/02:00 10.5.0/02:00" },
	{ "Australia/Lord_Howe", 2024, 7,
	  "-630 30 10.1.0/02:00 4.1.0/02:00" },
	{ "Australia/Adelaide", 2024, 7,
	  "-570 60 10.1.0/02:00 4.1.0/03:00" },
	{ "Pacific/Chatham", 2024, 7, "-765 60 9.5.0/02:45 4.1.0/03:45" },
	{ "America/St_Johns", 2024, 7, "210 60 3.2.0/02:00 11.1.0/02:00" },
	{ "Asia/Kolkata", 2024, 7, "-330" },
	{ "Asia/Kathmandu", 2024, 7, "-345" },
	{ "Asia/Tokyo", 2024, 7, "-540" },
	{ "Etc/UTC", 2024, 7, "0" },
	/* the end of Thursday, not the beginning of Friday */
	{ "Africa/Cairo", 2025, 7, "-120 60 4.5.5/00:00 10.5.4/24:00" },
	{ "Asia/Beirut", 2024, 7, "-120 60 3.5.0/00:00 10.5.0/00:00" },
	{ "America/Asuncion", 2020, 7, "240 60 10.1.0/00:00 3.4.0/00:00" },
	/* the Friday before the last Sunday: just this year's date */
	{ "Asia/Jerusalem", 2024, 7, "-120 60 3.5.5/02:00 10.5.0/02:00" },
	/* summer time all year but in Ramadan */
	{ "Africa/Casablanca", 2024, 7, "0 60 4.2.0/02:00 3.2.0/03:00" },
	/* the year when daylight saving ended for ever */
	{ "Europe/Istanbul", 2016, 7, "-180" },
	{ "Europe/Istanbul", 2016, 2, "-120" },
	{ "Europe/Istanbul", 2024, 7, "-180" },
	{ "America/Sao_Paulo", 2019, 1, "120" },
	{ "America/Sao_Paulo", 2019, 7, "180" },
	/* twice: Ramadan in the summer */
	{ "Africa/Cairo", 2014, 6, "-120 60 5.3.5/00:00 6.5.5/00:00" },
	/* after the last year of the compiled file */
	{ "Europe/Berlin", 2080, 7, "-60 60 3.5.0/02:00 10.5.0/03:00" },
};

static void test_append_edge(string_t *str, const struct pim_tz_edge *edge)
{
	str_printfa(str, " %u.%u.%u/%02d:%02d", edge->month, edge->week,
		    edge->weekday, edge->seconds / 3600,
		    edge->seconds / 60 % 60);
}

static const char *test_rule_text(const struct pim_tz_rule *rule)
{
	string_t *str = t_str_new(64);

	str_printfa(str, "%d", -rule->standard_offset / 60);
	if (rule->has_daylight) {
		str_printfa(str, " %d", (rule->daylight_offset -
					 rule->standard_offset) / 60);
		test_append_edge(str, &rule->to_daylight);
		test_append_edge(str, &rule->to_standard);
	}
	return str_c(str);
}

static void test_pim_timezone_rules(void)
{
	struct pim_tz_structure structure;
	const struct pim_timezone *tz;
	string_t *str = t_str_new(256);

	test_begin("pim timezone rules");
	for (unsigned int i = 0; i < N_ELEMENTS(test_rules); i++) {
		tz = pim_timezone_find(test_rules[i].zone);
		test_assert_idx(tz != NULL, i);
		if (tz == NULL)
			continue;
		str_truncate(str, 0);
		pim_timezone_append_structure(str, tz,
			at(test_rules[i].year, test_rules[i].month, 15, 12));
		test_assert_idx(str_len(str) == 232, i);
		test_assert_idx(pim_tz_structure_parse(str_c(str),
						       &structure) == 0, i);
		test_assert_strcmp_idx(test_rule_text(&structure.rule),
				       test_rules[i].rule, i);
	}
	test_end();
}

static const char *test_structure(const unsigned char *data, size_t size)
{
	string_t *str = t_str_new(256);

	base64_encode(data, size, str);
	return str_c(str);
}

static void test_pim_timezone_structure(void)
{
	const struct pim_timezone_hints hints = { .time = at(2024, 7, 1, 0) };
	struct pim_tz_structure structure;
	const struct pim_timezone *tz;
	unsigned char data[PIM_TZ_STRUCTURE_SIZE + 1];
	pool_t pool = pool_alloconly_create("test", 1024);
	string_t *str = t_str_new(256);

	test_begin("pim timezone structure");
	/* the bytes */
	pim_timezone_append_structure(str, pim_timezone_find("Europe/Berlin"),
				      at(2024, 7, 1, 0));
	test_assert_strcmp(str_c(str),
		"xP///1cALgAgAEUAdQByAG8AcABlACAAUwB0AGEAbgBkAGEAcgBkACAAVABp"
		"AG0AZQAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAFcA"
		"LgAgAEUAdQByAG8AcABlACAARABhAHkAbABpAGcAaAB0ACAAVABpAG0AZQAA"
		"AAAAAAAAAAAAAAAAAAAAAAAAAAMAAAAFAAIAAAAAAAAAxP///w==");

	memset(data, 0, sizeof(data));
	test_assert(pim_tz_structure_parse(test_structure(data, 172),
					   &structure) == 0);
	test_assert(structure.empty && !structure.rule.has_daylight);
	test_assert(pim_timezone_from_structure(
			pool, test_structure(data, 172), &hints) == NULL);
	test_assert(pim_tz_structure_parse(test_structure(data, 171),
					   &structure) < 0);
	test_assert(pim_tz_structure_parse(test_structure(data, 173),
					   &structure) < 0);
	test_assert(pim_tz_structure_parse("", &structure) < 0);
	test_assert(pim_tz_structure_parse("not base64!", &structure) < 0);

	/* what a client leaves where no change is is not read */
	data[0] = 0xa6; data[1] = data[2] = data[3] = 0xff;	/* -90 */
	memset(data + 70, 0xc7, 12);
	test_assert(pim_tz_structure_parse(test_structure(data, 172),
					   &structure) == 0);
	test_assert(!structure.empty && !structure.rule.has_daylight &&
		    structure.rule.standard_offset == 5400);
	/* no zone is that: it is kept */
	tz = pim_timezone_from_structure(pool, test_structure(data, 172),
					 &hints);
	test_assert(tz != NULL && !pim_timezone_is_known(tz));
	test_assert_strcmp(pim_timezone_name(tz), "UTC+01:30");
	test_assert(pim_timezone_offset(tz, 0) == 5400);
	/* with a change there it must be one */
	data[154] = 3; data[158] = 5;
	test_assert(pim_tz_structure_parse(test_structure(data, 172),
					   &structure) < 0);

	/* an absolute date: the fourth Sunday of March 2024 */
	memset(data + 68, 0, 16);
	data[70] = 10; data[74] = 5; data[76] = 3;
	memset(data + 152, 0, 16);
	data[152] = 0xe8; data[153] = 0x07; data[154] = 3; data[158] = 24;
	data[168] = 0xc4; data[169] = data[170] = data[171] = 0xff;
	test_assert(pim_tz_structure_parse(test_structure(data, 172),
					   &structure) == 0);
	test_assert_strcmp(test_rule_text(&structure.rule),
			   "-90 60 3.4.0/00:00 10.5.0/03:00");
	tz = pim_timezone_from_structure(pool, test_structure(data, 172),
					 &hints);
	test_assert_strcmp(pim_timezone_name(tz),
			   "UTC+01:30 DST+60 3.4.0/00:00 10.5.0/03:00");
	pool_unref(&pool);
	test_end();
}

static void test_pim_timezone_names(void)
{
	static const struct {
		const char *name, *zone, *windows;
	} tests[] = {
		{ "Europe/Berlin", "Europe/Berlin",
		  "W. Europe Standard Time" },
		{ "europe/berlin", "Europe/Berlin",
		  "W. Europe Standard Time" },
		{ "/freeassociation.sourceforge.net/Europe/Paris",
		  "Europe/Paris", "Romance Standard Time" },
		{ "/mozilla.org/20050126_1/America/Argentina/Salta",
		  "America/Argentina/Salta", "Argentina Standard Time" },
		/* former names */
		{ "Asia/Calcutta", "Asia/Kolkata", "India Standard Time" },
		{ "US/Pacific", "America/Los_Angeles",
		  "Pacific Standard Time" },
		{ "UTC", "Etc/UTC", "UTC" },
		{ "Antarctica/Troll", "Antarctica/Troll", NULL },
		{ "W. Europe Standard Time", NULL, NULL },
		{ "Europe/Atlantis", NULL, NULL },
		{ "../../etc/passwd", NULL, NULL },
		{ "Europe/../Europe/Berlin", "Europe/Berlin",
		  "W. Europe Standard Time" },
		{ "tzdata.zi", NULL, NULL },
		{ "Europe", NULL, NULL },
		{ "", NULL, NULL },
		{ "/", NULL, NULL },
	};
	const struct pim_timezone *tz;

	test_begin("pim timezone names");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		tz = pim_timezone_find(tests[i].name);
		test_assert_strcmp_idx(tz == NULL ? NULL :
				       pim_timezone_name(tz),
				       tests[i].zone, i);
		if (tz != NULL && tests[i].windows != NULL) {
			test_assert_strcmp_idx(pim_timezone_windows_name(tz),
					       tests[i].windows, i);
		}
	}
	tz = pim_timezone_find_windows("w. europe standard time");
	test_assert(tz == pim_timezone_find("Europe/Berlin"));
	test_assert(pim_timezone_find_windows("Mars Standard Time") == NULL);
	test_assert(pim_timezone_utc() == pim_timezone_find("UTC"));
	test_end();
}

static void test_pim_timezone_local(void)
{
	const struct pim_timezone *tz = pim_timezone_find("Europe/Berlin");

	test_begin("pim timezone local times");
	test_assert(pim_timezone_offset(tz, at(2024, 3, 31, 1) - 1) == 3600);
	test_assert(pim_timezone_offset(tz, at(2024, 3, 31, 1)) == 7200);
	test_assert(pim_timezone_offset(tz, at(2024, 10, 27, 1) - 1) == 7200);
	test_assert(pim_timezone_offset(tz, at(2024, 10, 27, 1)) == 3600);
	test_assert(pim_timezone_offset(tz, at(2090, 7, 1, 0)) == 7200);
	test_assert(pim_timezone_from_local(tz, at(2024, 1, 1, 12)) ==
		    at(2024, 1, 1, 11));
	test_assert(pim_timezone_from_local(tz, at(2024, 7, 1, 12)) ==
		    at(2024, 7, 1, 10));
	/* left out: 02:30 is 01:30 UTC, shown as 03:30 */
	test_assert(pim_timezone_from_local(tz, at(2024, 3, 31, 2) + 1800) ==
		    at(2024, 3, 31, 1) + 1800);
	/* there twice */
	test_assert(pim_timezone_from_local(tz, at(2024, 10, 27, 2) + 1800) ==
		    at(2024, 10, 27, 0) + 1800);
	test_assert(pim_timezone_from_local(tz, at(2024, 10, 27, 3)) ==
		    at(2024, 10, 27, 2));
	test_end();
}

static bool
test_same_year(const struct pim_timezone *tz, const struct pim_timezone *other,
	       int year)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	unsigned int count = pim_timezone_year(tz, year, found,
					       N_ELEMENTS(found));

	for (unsigned int i = 0; i < count; i++) {
		if (pim_timezone_offset(other, found[i].time - 1) !=
						found[i].before ||
		    pim_timezone_offset(other, found[i].time) !=
						found[i].after)
			return FALSE;
	}
	for (unsigned int month = 1; month <= 12; month++) {
		int64_t t = at(year, month, 10, 12);

		if (pim_timezone_offset(tz, t) !=
					pim_timezone_offset(other, t))
			return FALSE;
	}
	return TRUE;
}

/* Can the structure say what the zone does in that year? */
static bool test_year_is_regular(const struct pim_timezone *tz, int year)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	unsigned int count = pim_timezone_year(tz, year, found,
					       N_ELEMENTS(found));

	return count == 0 || (count == 2 &&
			      found[0].before == found[1].after);
}

static unsigned int test_zone_years(pool_t pool, const struct pim_timezone *tz)
{
	const struct pim_timezone *other;
	string_t *str = t_str_new(256);
	unsigned int checked = 0;

	for (int year = 2007; year <= 2040; year++) {
		struct pim_timezone_hints hints = {
			.time = at(year, 6, 15, 12), .previous = tz,
		};
		str_truncate(str, 0);
		pim_timezone_append_structure(str, tz, hints.time);
		other = pim_timezone_from_structure(pool, str_c(str), &hints);
		if (other == NULL) {
			/* nothing but the name of UTC is said of it */
			test_assert(FALSE);
			continue;
		}
		/* the item's zone stays */
		if (other != tz)
			zone_failed(t_strdup_printf("%s %d became %s",
				pim_timezone_name(tz), year,
				pim_timezone_name(other)));
		/* without knowing it the year is right */
		hints.previous = NULL;
		other = pim_timezone_from_structure(pool, str_c(str), &hints);
		if (test_year_is_regular(tz, year) &&
		    !test_same_year(tz, other, year))
			zone_failed(t_strdup_printf("%s %d is not %s",
				pim_timezone_name(tz), year,
				pim_timezone_name(other)));
		checked++;
	}
	return checked;
}

/* Every zone of the tz database, 34 years of it. */
static void test_pim_timezone_all(void)
{
	const struct pim_timezone *tz;
	const char *const *words;
	pool_t pool;
	unsigned int zones = 0, years = 0;
	char line[256];
	FILE *file = fopen("/usr/share/zoneinfo/zone.tab", "r");

	test_begin("pim timezone all zones and years");
	test_assert(file != NULL);
	while (file != NULL && fgets(line, sizeof(line), file) != NULL) T_BEGIN {
		if (line[0] != '#') {
			words = t_strsplit(t_strcut(line, '\n'), "\t");
			tz = str_array_length(words) < 3 ? NULL :
				pim_timezone_find(words[2]);
			if (tz == NULL)
				zone_failed(line);
			else {
				pool = pool_alloconly_create("test", 1024);
				years += test_zone_years(pool, tz);
				pool_unref(&pool);
				zones++;
			}
		}
	} T_END;
	if (file != NULL)
		fclose(file);
	test_assert(zones > 300 && years == zones * 34);
	test_end();
}

static void test_pim_timezone_match(void)
{
	static const struct {
		const char *zone, *previous, *home, *name;
		const char *matched;
	} tests[] = {
		{ "Europe/Zurich", NULL, NULL, NULL, "Europe/Berlin" },
		{ "Europe/Zurich", "Europe/Rome", "Europe/Oslo", NULL,
		  "Europe/Rome" },
		{ "Europe/Zurich", "Asia/Tokyo", "Europe/Oslo",
		  "Romance Standard Time", "Europe/Oslo" },
		{ "Europe/Zurich", "Asia/Tokyo", "Europe/London",
		  "Romance Standard Time", "Europe/Paris" },
		{ "Europe/Zurich", NULL, NULL, "Tokyo Standard Time",
		  "Europe/Berlin" },
		{ "Asia/Colombo", NULL, NULL, NULL, "Asia/Kolkata" },
		{ "Australia/Lord_Howe", NULL, NULL, NULL,
		  "Australia/Lord_Howe" },
		{ "Antarctica/Troll", NULL, NULL, NULL, "Antarctica/Troll" },
		{ "Africa/Abidjan", NULL, NULL, NULL, "Etc/UTC" },
	};
	struct pim_timezone_hints hints = { .time = at(2024, 7, 1, 0) };
	const struct pim_timezone *tz;
	struct pim_tz_rule rule;

	test_begin("pim timezone match");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		pim_timezone_rule(pim_timezone_find(tests[i].zone),
				  hints.time, &rule);
		hints.previous = tests[i].previous == NULL ? NULL :
			pim_timezone_find(tests[i].previous);
		hints.home = tests[i].home == NULL ? NULL :
			pim_timezone_find(tests[i].home);
		hints.name = tests[i].name;
		tz = pim_timezone_match(&rule, &hints);
		test_assert_strcmp_idx(tz == NULL ? NULL :
				       pim_timezone_name(tz),
				       tests[i].matched, i);
	}
	test_end();
}

/* Outlook's: since 1601, last Sundays. */
static const struct pim_tz_observance test_outlook[] = {
	{ .start = -11644473600 + 10800, .before = 7200, .after = 3600,
	  .yearly = TRUE, .until = INT64_MAX, .month = 10, .week = -1 },
	{ .start = -11644473600 + 7200, .before = 3600, .after = 7200,
	  .yearly = TRUE, .until = INT64_MAX, .month = 3, .week = -1 },
};
/* Nobody's. */
static const struct pim_tz_observance test_invented[] = {
	{ .start = -11644473600 + 10800, .before = 7200, .after = 3600,
	  .yearly = TRUE, .until = INT64_MAX, .month = 11, .week = 2,
	  .weekday = 3 },
	{ .start = -11644473600 + 7200, .before = 3600, .after = 7200,
	  .yearly = TRUE, .until = INT64_MAX, .month = 2, .weekday = 2,
	  /* the first Tuesday from the 8th on */
	  .month_days = 0x7f00 },
};
static const struct pim_tz_observance test_fixed[] = {
	{ .start = 0, .before = 3600, .after = 3600 },
};

static void test_pim_timezone_resolve(void)
{
	static const struct {
		const char *tzid, *resolved;
		const struct pim_tz_observance *observances;
		unsigned int count;
		const char *home;
	} tests[] = {
		{ "Europe/Oslo", "Europe/Oslo", NULL, 0, NULL },
		{ "Europe/Oslo", "Europe/Oslo", test_outlook, 2, NULL },
		{ "W. Europe Standard Time", "Europe/Berlin", test_outlook, 2,
		  NULL },
		{ "W. Europe Standard Time", "Europe/Berlin", NULL, 0, NULL },
		/* Windows' name with another rule */
		{ "Eastern Standard Time", "Europe/Berlin", test_outlook, 2,
		  NULL },
		{ "Customized Time Zone", "Europe/Berlin", test_outlook, 2,
		  NULL },
		{ "Customized Time Zone", "Europe/Vienna", test_outlook, 2,
		  "Europe/Vienna" },
		{ "EST", "Europe/Berlin", test_outlook, 2, NULL },
		{ "Customized Time Zone", "Customized Time Zone",
		  test_invented, 2, NULL },
		{ "Office", "Office", test_fixed, 1, NULL },
		{ "Office", "Africa/Algiers", test_fixed, 1,
		  "Africa/Algiers" },
		{ "Office", NULL, NULL, 0, NULL },
	};
	struct pim_timezone_hints hints = { .time = at(2024, 7, 1, 0) };
	const struct pim_timezone *tz, *described;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("pim timezone resolve");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		described = tests[i].count == 0 ? NULL :
			pim_timezone_from_observances(pool, tests[i].tzid,
				tests[i].observances, tests[i].count);
		hints.home = tests[i].home == NULL ? NULL :
			pim_timezone_find(tests[i].home);
		tz = pim_timezone_resolve(tests[i].tzid, described, &hints);
		test_assert_strcmp_idx(tz == NULL ? NULL :
				       pim_timezone_name(tz),
				       tests[i].resolved, i);
	}
	tz = pim_timezone_from_observances(pool, "x", test_invented, 2);
	/* the second Wednesday of November, the second Tuesday of February */
	test_assert(pim_timezone_offset(tz, at(2024, 2, 13, 1) - 1) == 3600);
	test_assert(pim_timezone_offset(tz, at(2024, 2, 13, 1)) == 7200);
	test_assert(pim_timezone_offset(tz, at(2024, 11, 13, 1) - 1) == 7200);
	test_assert(pim_timezone_offset(tz, at(2024, 11, 13, 1)) == 3600);
	test_assert(pim_timezone_offset(tz, at(2190, 7, 1, 0)) == 7200);
	test_assert(pim_timezone_from_observances(pool, "x", NULL, 0) == NULL);
	pool_unref(&pool);
	test_end();
}

static void test_pim_timezone_vtimezone(void)
{
	string_t *str = t_str_new(1024);

	test_begin("pim timezone vtimezone");
	pim_timezone_append_vtimezone(str, pim_timezone_find("Europe/Berlin"),
				      at(2024, 7, 1, 0));
	test_assert_strcmp(str_c(str),
		"BEGIN:VTIMEZONE\r\n"
		"TZID:Europe/Berlin\r\n"
		"BEGIN:DAYLIGHT\r\n"
		"DTSTART:20230326T020000\r\n"
		"TZOFFSETFROM:+0100\r\n"
		"TZOFFSETTO:+0200\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\n"
		"END:DAYLIGHT\r\n"
		"BEGIN:STANDARD\r\n"
		"DTSTART:20231029T030000\r\n"
		"TZOFFSETFROM:+0200\r\n"
		"TZOFFSETTO:+0100\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
		"END:STANDARD\r\n"
		"END:VTIMEZONE\r\n");
	str_truncate(str, 0);
	pim_timezone_append_vtimezone(str, pim_timezone_find("Asia/Kolkata"),
				      at(2024, 7, 1, 0));
	test_assert_strcmp(str_c(str),
		"BEGIN:VTIMEZONE\r\n"
		"TZID:Asia/Kolkata\r\n"
		"BEGIN:STANDARD\r\n"
		"DTSTART:20230101T053000\r\n"
		"TZOFFSETFROM:+0530\r\n"
		"TZOFFSETTO:+0530\r\n"
		"END:STANDARD\r\n"
		"END:VTIMEZONE\r\n");
	str_truncate(str, 0);
	pim_timezone_append_vtimezone(str,
		pim_timezone_find("America/New_York"), at(2005, 7, 1, 0));
	test_assert(strstr(str_c(str), "DTSTART:20040404T020000\r\n"
		"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;"
		"UNTIL=20060402T070000Z\r\n") != NULL);
	test_assert(strstr(str_c(str), "DTSTART:20070311T020000\r\n"
		"TZOFFSETFROM:-0500\r\nTZOFFSETTO:-0400\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU\r\n") != NULL);
	test_end();
}

static void test_pim_tzif_broken(void)
{
	unsigned char data[16*1024];
	pool_t pool = pool_alloconly_create("test", 1024*64);
	FILE *file = fopen("/usr/share/zoneinfo/Europe/Berlin", "rb");
	size_t size = 0;

	test_begin("pim tzif broken");
	if (file != NULL) {
		size = fread(data, 1, sizeof(data), file);
		fclose(file);
	}
	test_assert(size > 100);
	test_assert(pim_tzif_parse(pool, "x", data, size) != NULL);
	/* cut anywhere it is an error, or just without the rule */
	for (size_t i = 0; i < size; i++) {
		unsigned char *copy = i_malloc(i + 1);
		const struct pim_timezone *tz;

		memcpy(copy, data, i);
		tz = pim_tzif_parse(pool, "x", copy, i);
		test_assert_idx(tz == NULL || !tz->has_rule, i);
		i_free(copy);
	}
	pool_unref(&pool);
	test_end();
}

static void test_pim_timezone_deinit(void)
{
	test_begin("pim timezone deinit");
	pim_timezones_deinit();
	test_assert(pim_timezone_find("Europe/Berlin") != NULL);
	pim_timezones_deinit();
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_date,
		test_pim_timezone_rules,
		test_pim_timezone_structure,
		test_pim_timezone_names,
		test_pim_timezone_local,
		test_pim_timezone_all,
		test_pim_timezone_match,
		test_pim_timezone_resolve,
		test_pim_timezone_vtimezone,
		test_pim_tzif_broken,
		test_pim_timezone_deinit,
		NULL
	};

	return test_run(test_functions);
}
