/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "strnum.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-recurrence.h"
#include "pim-rrule.h"
#include "pim-timezone.h"

static int64_t test_time(const char *text)
{
	bool is_date, is_utc;
	int64_t time;

	if (pim_ical_time_parse(text, &time, &is_date, &is_utc) < 0)
		i_panic("bad time in test: %s", text);
	return time;
}

/* A VCALENDAR of these lines (LF), which are VEVENTs or within one. */
static struct pim_lines *test_parse(const char *lines)
{
	string_t *str = t_str_new(512);
	struct pim_lines *doc;
	const char *error;
	bool whole = strncmp(lines, "BEGIN:", 6) == 0;

	str_printfa(str, "BEGIN:VCALENDAR\n%s%s%sEND:VCALENDAR\n",
		    whole ? "" : "BEGIN:VEVENT\nUID:1\n", lines,
		    whole ? "" : "END:VEVENT\n");
	if (pim_lines_parse(str_data(str), str_len(str), NULL, &doc,
			    &error) < 0)
		i_panic("test: %s", error);
	return doc;
}

static struct pim_component *test_event(struct pim_lines *doc)
{
	return pim_component_find(
		pim_component_find(pim_lines_root(doc), "VCALENDAR"), "VEVENT");
}

/* Each one is found by its id. */
static void
test_find(const struct pim_series *series,
	  const ARRAY_TYPE(pim_occurrence) *found)
{
	const struct pim_occurrence *occ;
	struct pim_occurrence one;

	array_foreach(found, occ) {
		test_assert(pim_series_find(series, occ->id, &one));
		test_assert(one.id == occ->id && one.start == occ->start &&
			    one.end == occ->end && one.comp == occ->comp);
	}
}

/* The starts, in UTC: with "+n" behind those that last n minutes and not the
   first one's time, "!" if changed, "-" if cancelled, "..." if there are
   more. */
static const char *
test_expand(const char *lines, const char *home, int64_t from, int64_t to,
	    unsigned int max)
{
	struct pim_lines *doc = test_parse(lines);
	pool_t pool = pool_alloconly_create("test", 4096);
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	const struct pim_series *series;
	string_t *str = t_str_new(256);
	int64_t length = -1;
	bool whole;

	series = pim_series_read(pool, test_event(doc), home == NULL ? NULL :
				 pim_timezone_find(home));
	if (series == NULL) {
		str_append(str, "none");
	} else {
		t_array_init(&found, 8);
		whole = pim_series_get(series, from, to, max, &found);
		test_find(series, &found);
		array_foreach(&found, occ) {
			if (str_len(str) > 0)
				str_append_c(str, ' ');
			pim_ical_time_append(str, occ->start, FALSE, TRUE);
			if (length == -1)
				length = occ->end - occ->start;
			if (occ->end - occ->start != length) {
				str_printfa(str, "+%lld", (long long)
					    (occ->end - occ->start) / 60);
			}
			if (occ->changed)
				str_append_c(str, '!');
			if (occ->cancelled)
				str_append_c(str, '-');
		}
		if (!whole)
			str_append(str, " ...");
	}
	pim_lines_free(&doc);
	pool_unref(&pool);
	return str_c(str);
}

/* In 2026, if not said otherwise. */
static const struct {
	const char *name, *lines, *occurrences;
	const char *home, *from, *to;
	unsigned int max;
} tests[] = {
	{ .name = "one", .lines = "DTSTART:20261128T100000Z\n",
	  .occurrences = "20261128T100000Z" },
	{ .name = "no start", .lines = "SUMMARY:x\n", .occurrences = "none" },
	{ .name = "bad start", .lines = "DTSTART:tomorrow\n",
	  .occurrences = "none" },
	{ .name = "daily across both changes of the clock",
	  .lines = "DTSTART;TZID=Europe/Berlin:20260328T093000\n"
		"RRULE:FREQ=DAILY;COUNT=3\n",
	  .occurrences = "20260328T083000Z 20260329T073000Z "
		"20260330T073000Z" },
	{ .name = "back to standard time",
	  .lines = "DTSTART;TZID=Europe/Berlin:20261024T093000\n"
		"RRULE:FREQ=DAILY;COUNT=3\n",
	  .occurrences = "20261024T073000Z 20261025T083000Z "
		"20261026T083000Z" },
	{ .name = "a time that is left out is read by the clock of before",
	  .lines = "DTSTART;TZID=Europe/Berlin:20260328T023000\n"
		"RRULE:FREQ=DAILY;COUNT=3\n",
	  .occurrences = "20260328T013000Z 20260329T013000Z "
		"20260330T003000Z" },
	{ .name = "hours that come twice are the first ones",
	  .lines = "DTSTART;TZID=Europe/Berlin:20261024T023000\n"
		"RRULE:FREQ=DAILY;COUNT=3\n"
		"EXDATE:20261025T013000Z\n",
	  .occurrences = "20261024T003000Z 20261025T003000Z "
		"20261026T013000Z" },
	{ .name = "hours of a date are none's",
	  .lines = "DTSTART;VALUE=DATE:20261128\n"
		"RRULE:FREQ=DAILY;BYHOUR=9,15;BYMINUTE=1;BYSECOND=1;COUNT=3\n"
		"RRULE:FREQ=HOURLY;COUNT=30\n",
	  .occurrences = "20261128T000000Z 20261129T000000Z 20261130T000000Z" },
	{ .name = "an EXRULE leaves out an RDATE",
	  .lines = "DTSTART:20261101T090000Z\nRDATE:20261103T090000Z,"
		"20261104T090000Z\nEXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\n",
	  .occurrences = "20261104T090000Z" },
	{ .name = "hours that fall together are one",
	  .lines = "DTSTART;TZID=Europe/Berlin:20260329T010000\n"
		"RRULE:FREQ=HOURLY;COUNT=4\n",
	  .occurrences = "20260329T000000Z 20260329T010000Z "
		"20260329T020000Z" },
	{ .name = "DTEND is as long each day, DURATION's days are the calendar's",
	  .lines = "DTSTART;TZID=Europe/Berlin:20260328T120000\n"
		"DURATION:P1DT1H\nRRULE:FREQ=DAILY;COUNT=2\n",
	  .occurrences = "20260328T110000Z 20260329T100000Z+1500" },
	{ .name = "the same with DTEND",
	  .lines = "DTSTART;TZID=Europe/Berlin:20260328T120000\n"
		"DTEND;TZID=Europe/Berlin:20260329T130000\n"
		"RRULE:FREQ=DAILY;COUNT=2\n",
	  .occurrences = "20260328T110000Z 20260329T100000Z" },
	{ .name = "all-day by the user's clock, 23 hours long",
	  .lines = "DTSTART;VALUE=DATE:20260328\nRRULE:FREQ=DAILY;COUNT=3\n",
	  .home = "Europe/Berlin",
	  .occurrences = "20260327T230000Z 20260328T230000Z+1380 "
		"20260329T220000Z" },
	{ .name = "floating by the user's clock",
	  .lines = "DTSTART:20260328T090000\nRRULE:FREQ=DAILY;COUNT=2\n",
	  .home = "America/New_York",
	  .occurrences = "20260328T130000Z 20260329T130000Z" },
	{ .name = "UNTIL in UTC", .lines =
		"DTSTART;TZID=Europe/Berlin:20261023T093000\n"
		"RRULE:FREQ=DAILY;UNTIL=20261025T083000Z\n",
	  .occurrences = "20261023T073000Z 20261024T073000Z "
		"20261025T083000Z" },
	{ .name = "UNTIL in UTC, a second less", .lines =
		"DTSTART;TZID=Europe/Berlin:20261023T093000\n"
		"RRULE:FREQ=DAILY;UNTIL=20261025T082959Z\n",
	  .occurrences = "20261023T073000Z 20261024T073000Z" },
	{ .name = "UNTIL as a date", .lines =
		"DTSTART;TZID=Asia/Tokyo:20261023T003000\n"
		"RRULE:FREQ=DAILY;UNTIL=20261024\n",
	  .occurrences = "20261022T153000Z 20261023T153000Z" },
	{ .name = "UNTIL of an all-day event in UTC", .lines =
		"DTSTART;VALUE=DATE:20261023\n"
		"RRULE:FREQ=DAILY;UNTIL=20261023T220000Z\n",
	  .home = "Europe/Berlin",
	  .occurrences = "20261022T220000Z 20261023T220000Z" },
	{ .name = "UNTIL before the start", .lines =
		"DTSTART:20261023T090000Z\n"
		"RRULE:FREQ=DAILY;UNTIL=20251023T220000Z\n",
	  .occurrences = "20261023T090000Z" },
	{ .name = "the start counts, whatever the rule says", .lines =
		"DTSTART:20261128T090000Z\nRRULE:FREQ=WEEKLY;BYDAY=MO;COUNT=3\n",
	  .occurrences = "20261128T090000Z 20261130T090000Z 20261207T090000Z" },
	{ .name = "EXDATE in UTC, in a zone, as a day", .lines =
		"DTSTART;TZID=Europe/Berlin:20261101T090000\n"
		"RRULE:FREQ=DAILY;COUNT=6\n"
		"EXDATE:20261102T080000Z,20261109T080000Z\n"
		"EXDATE;TZID=America/New_York:20261103T030000\n"
		"EXDATE;VALUE=DATE:20261104,broken,20261105\n",
	  .occurrences = "20261101T080000Z 20261106T080000Z" },
	{ .name = "EXDATE of an all-day event as Exchange writes it", .lines =
		"DTSTART;VALUE=DATE:20261101\nRRULE:FREQ=DAILY;COUNT=4\n"
		"EXDATE:20261101T230000Z\nEXDATE:20261103T000000\n",
	  .home = "Europe/Berlin",
	  .occurrences = "20261031T230000Z 20261103T230000Z" },
	{ .name = "RDATE, with PERIODs", .lines =
		"DTSTART:20261101T090000Z\nDTEND:20261101T100000Z\n"
		"RDATE:20261105T090000Z,20261101T090000Z\n"
		"RDATE;VALUE=PERIOD:20261103T090000Z/PT30M,"
		"20261104T090000Z/20261104T110000Z\n",
	  .occurrences = "20261101T090000Z 20261103T090000Z+30 "
		"20261104T090000Z+120 20261105T090000Z" },
	{ .name = "two rules, one of them twice", .lines =
		"DTSTART:20261101T090000Z\n"
		"RRULE:FREQ=DAILY;COUNT=3\nRRULE:FREQ=DAILY;INTERVAL=2;COUNT=3\n",
	  .occurrences = "20261101T090000Z 20261102T090000Z 20261103T090000Z "
		"20261105T090000Z" },
	{ .name = "EXRULE", .lines =
		"DTSTART:20261101T090000Z\n"
		"RRULE:FREQ=DAILY;COUNT=5\nEXRULE:FREQ=DAILY;INTERVAL=2;COUNT=2\n",
	  .occurrences = "20261102T090000Z 20261104T090000Z 20261105T090000Z" },
	{ .name = "endless, from the middle", .lines =
		"DTSTART:19700101T000000Z\nDTEND:19700101T010000Z\n"
		"RRULE:FREQ=HOURLY;INTERVAL=7\n",
	  .from = "20261128T000000Z", .to = "20261129T000000Z",
	  .occurrences = "20261128T010000Z 20261128T080000Z 20261128T150000Z "
		"20261128T220000Z" },
	{ .name = "each second of a year", .lines =
		"DTSTART:20260101T000000Z\nRRULE:FREQ=SECONDLY\n", .max = 3,
	  .occurrences = "20260101T000000Z 20260101T000001Z "
		"20260101T000002Z ..." },
	{ .name = "a thousand million seconds", .lines =
		"DTSTART:20000101T000000Z\n"
		"RRULE:FREQ=SECONDLY;COUNT=1000000000\n",
	  .from = "20310909T014638Z", .to = "20320101T000000Z",
	  .occurrences = "20310909T014638Z 20310909T014639Z" },
	{ .name = "a rule that never says anything", .lines =
		"DTSTART:20260101T000000Z\n"
		"RRULE:FREQ=SECONDLY;BYMONTH=2;BYMONTHDAY=30\n",
	  .occurrences = "20260101T000000Z" },
	{ .name = "an interval beyond all time", .lines =
		"DTSTART:20260101T000000Z\n"
		"RRULE:FREQ=WEEKLY;INTERVAL=4294967295\n",
	  .occurrences = "20260101T000000Z" },
	{ .name = "all seconds of some days", .lines =
		"DTSTART:20260101T000000Z\n"
		"RRULE:FREQ=SECONDLY;BYHOUR=5;BYMINUTE=7;BYSECOND=9,10\n",
	  .from = "20261130T000000Z", .to = "20261202T000000Z",
	  .occurrences = "20261130T050709Z 20261130T050710Z "
		"20261201T050709Z 20261201T050710Z" },
	{ .name = "positions among all seconds of a year", .lines =
		"DTSTART:20260101T000000Z\n"
		"RRULE:FREQ=YEARLY;BYHOUR=0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,"
		"16,17,18,19,20,21,22,23;BYMONTHDAY=1,2;BYSETPOS=3,-1\n",
	  .occurrences = "20260101T000000Z 20260101T020000Z 20261202T230000Z" },
	{ .name = "29 February", .lines =
		"DTSTART:20240229T090000Z\nRRULE:FREQ=YEARLY;COUNT=3\n",
	  .from = "20200101T000000Z", .to = "20400101T000000Z",
	  .occurrences = "20240229T090000Z 20280229T090000Z 20320229T090000Z" },
	{ .name = "the 31st", .lines =
		"DTSTART:20260131T090000Z\nRRULE:FREQ=MONTHLY;COUNT=4\n",
	  .occurrences = "20260131T090000Z 20260331T090000Z 20260531T090000Z "
		"20260731T090000Z" },
	{ .name = "week 53", .lines =
		"DTSTART:20201228T090000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=53;BYDAY=MO\n",
	  .from = "20200101T000000Z", .to = "20400101T000000Z",
	  .occurrences = "20201228T090000Z 20261228T090000Z "
		"20321227T090000Z 20371228T090000Z" },
	{ .name = "the first week, by its weekday in the start", .lines =
		"DTSTART:20251229T090000Z\nRRULE:FREQ=YEARLY;BYWEEKNO=1\n",
	  .from = "20250101T000000Z", .to = "20280101T000000Z",
	  .occurrences = "20251229T090000Z 20270104T090000Z" },
	{ .name = "weeks from Sunday or Monday (RFC 5545's example)", .lines =
		"DTSTART:19970805T090000Z\n"
		"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO\n",
	  .from = "19970101T000000Z", .to = "19980101T000000Z",
	  .occurrences = "19970805T090000Z 19970810T090000Z "
		"19970819T090000Z 19970824T090000Z" },
	{ .name = "the same from Sunday", .lines =
		"DTSTART:19970805T090000Z\n"
		"RRULE:FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU\n",
	  .from = "19970101T000000Z", .to = "19980101T000000Z",
	  .occurrences = "19970805T090000Z 19970817T090000Z "
		"19970819T090000Z 19970831T090000Z" },
	{ .name = "Friday 13th", .lines =
		"DTSTART:20260213T090000Z\n"
		"RRULE:FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13;COUNT=4\n",
	  .from = "20260101T000000Z", .to = "20290101T000000Z",
	  .occurrences = "20260213T090000Z 20260313T090000Z 20261113T090000Z "
		"20270813T090000Z" },
	{ .name = "20th Monday and the last Sunday of the year", .lines =
		"DTSTART:20260518T090000Z\n"
		"RRULE:FREQ=YEARLY;BYDAY=20MO,-1SU;COUNT=4\n",
	  .from = "20260101T000000Z", .to = "20290101T000000Z",
	  .occurrences = "20260518T090000Z 20261227T090000Z 20270517T090000Z "
		"20271226T090000Z" },
	{ .name = "last day but one, first day of the year's end", .lines =
		"DTSTART:20261230T090000Z\n"
		"RRULE:FREQ=YEARLY;BYYEARDAY=-2,1;COUNT=3\n",
	  .from = "20260101T000000Z", .to = "20290101T000000Z",
	  .occurrences = "20261230T090000Z 20270101T090000Z 20271230T090000Z" },
	{ .name = "no other calendar than ours",
	  .lines = "DTSTART:20261128T100000Z\n"
		"RRULE:RSCALE=ETHIOPIC;FREQ=YEARLY;BYMONTH=13;COUNT=2\n",
	  .occurrences = "20261128T100000Z" },
	{ .name = "what touches the window", .lines =
		"DTSTART:20261101T220000Z\nDTEND:20261102T020000Z\n"
		"RRULE:FREQ=DAILY\n",
	  .from = "20261110T020000Z", .to = "20261112T220000Z",
	  .occurrences = "20261110T220000Z 20261111T220000Z" },
	{ .name = "a second earlier and later", .lines =
		"DTSTART:20261101T220000Z\nDTEND:20261102T020000Z\n"
		"RRULE:FREQ=DAILY\n",
	  .from = "20261110T015959Z", .to = "20261112T220001Z",
	  .occurrences = "20261109T220000Z 20261110T220000Z 20261111T220000Z "
		"20261112T220000Z" },
	{ .name = "changed and cancelled ones", .lines =
		"BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20261101T090000\n"
		"DTEND;TZID=Europe/Berlin:20261101T100000\n"
		"RRULE:FREQ=DAILY;COUNT=4\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261102T080000Z\n"
		"DTSTART:20261102T120000Z\nDTEND:20261102T140000Z\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:2\nRECURRENCE-ID:20261103T080000Z\n"
		"DTSTART:20261102T120000Z\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nSTATUS:CANCELLED\n"
		"RECURRENCE-ID;TZID=Europe/Berlin:20261103T090000\n"
		"DTSTART;TZID=Europe/Berlin:20261103T090000\n"
		"DURATION:PT1H\nEND:VEVENT\n",
	  .occurrences = "20261101T080000Z 20261102T120000Z+120! "
		"20261103T080000Z!- 20261104T080000Z" },
	{ .name = "one moved into the window, one out of it", .lines =
		"BEGIN:VEVENT\nUID:1\nDTSTART:20261001T090000Z\n"
		"RRULE:FREQ=WEEKLY\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20271007T090000Z\n"
		"DTSTART:20261103T090000Z\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261105T090000Z\n"
		"DTSTART:20261203T100000Z\nEND:VEVENT\n",
	  .from = "20261101T000000Z", .to = "20261115T000000Z",
	  .occurrences = "20261103T090000Z! 20261112T090000Z" },
	{ .name = "an occurrence without its series", .lines =
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261105T090000Z\n"
		"DTSTART:20261103T090000Z\nEND:VEVENT\n",
	  .occurrences = "20261103T090000Z!" },
	{ .name = "of two changes of one the later", .lines =
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261105T090000Z\n"
		"SEQUENCE:2\nDTSTART:20261103T100000Z\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261105T090000Z\n"
		"SEQUENCE:1\nDTSTART:20261103T090000Z\nEND:VEVENT\n",
	  .occurrences = "20261103T100000Z!" },
	{ .name = "this and all that follow", .lines =
		"BEGIN:VEVENT\nUID:1\nDTSTART;TZID=Europe/Berlin:20261022T090000\n"
		"DTEND;TZID=Europe/Berlin:20261022T100000\n"
		"RRULE:FREQ=DAILY;COUNT=5\nEND:VEVENT\n"
		"BEGIN:VEVENT\nUID:1\n"
		"RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:"
		"20261024T090000\n"
		"DTSTART;TZID=Europe/Berlin:20261024T110000\n"
		"DTEND;TZID=Europe/Berlin:20261024T130000\nEND:VEVENT\n",
	  .occurrences = "20261022T070000Z 20261023T070000Z "
		"20261024T090000Z+120! 20261025T100000Z+120! "
		"20261026T100000Z+120!" },
	{ .name = "all cancelled", .lines =
		"DTSTART:20261101T090000Z\nSTATUS:CANCELLED\n"
		"RRULE:FREQ=DAILY;COUNT=2\n",
	  .occurrences = "20261101T090000Z- 20261102T090000Z-" },
	{ .name = "half an hour's summer time", .lines =
		"DTSTART;TZID=Australia/Lord_Howe:20261003T090000\n"
		"RRULE:FREQ=DAILY;COUNT=3\n",
	  .occurrences = "20261002T223000Z 20261003T220000Z "
		"20261004T220000Z" },
	{ .name = "a bad rule is none", .lines =
		"DTSTART:20261101T090000Z\nRRULE:FREQ=SOMETIMES\n",
	  .occurrences = "20261101T090000Z" },
};

static void test_pim_occurrences(void)
{
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_begin(t_strdup_printf("pim occurrences: %s",
					   tests[i].name));
		test_assert_strcmp(test_expand(tests[i].lines, tests[i].home,
			test_time(tests[i].from == NULL ? "20260101T000000Z" :
				  tests[i].from),
			test_time(tests[i].to == NULL ? "20270101T000000Z" :
				  tests[i].to),
			tests[i].max == 0 ? 100 : tests[i].max),
			tests[i].occurrences);
		test_end();
	}
}

/*
 * What python-dateutil has (tests/fixtures/recurrence/generate)
 */

/* "rule time time ..."; the first time is DTSTART. */
static bool test_fixture_line(const char *line, unsigned int *count_r)
{
	const char *const *words = t_strsplit(line, " ");
	unsigned int count = str_array_length(words);
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	const struct pim_series *series;
	struct pim_lines *doc;
	pool_t pool;
	string_t *str = t_str_new(256);

	i_assert(count >= 2);
	doc = test_parse(t_strdup_printf("DTSTART:%s\nRRULE:%s\n", words[1],
					 words[0]));
	pool = pool_alloconly_create("test", 4096);
	series = pim_series_read(pool, test_event(doc), NULL);
	t_array_init(&found, 16);
	/* none before, none between, none behind the last one shown */
	(void)pim_series_get(series, test_time(words[1]) - PIM_DAY,
			     test_time(words[count - 1]) + 1, 1000, &found);
	str_append(str, words[0]);
	array_foreach(&found, occ) {
		str_append_c(str, ' ');
		pim_ical_time_append(str, occ->start, FALSE, FALSE);
	}
	*count_r = count - 1;
	pim_lines_free(&doc);
	pool_unref(&pool);
	if (strcmp(str_c(str), line) == 0)
		return TRUE;
	i_error("dateutil: %s", line);
	i_error("   found: %s", str_c(str));
	return FALSE;
}

/* The same from the middle of the series on. */
static bool test_fixture_middle(const char *line)
{
	const char *const *words = t_strsplit(line, " ");
	unsigned int count = str_array_length(words), middle = count / 2 + 1;
	const char *lines = t_strdup_printf("DTSTART:%s\nRRULE:%s\n",
					    words[1], words[0]);
	const char *found;

	if (middle >= count)
		return TRUE;
	found = test_expand(lines, NULL, test_time(words[middle]),
			    test_time(words[count - 1]) + 1, 1000);
	return strcmp(t_strcut(found, 'Z'), words[middle]) == 0 &&
		str_array_length(t_strsplit(found, " ")) == count - middle;
}

/* What is no occurrence is not found. */
static void test_pim_occurrences_find(void)
{
	static const struct {
		const char *lines, *id;
		bool found;
	} tests[] = {
#define DAILY "DTSTART;TZID=Europe/Berlin:20261024T023000\nRRULE:FREQ=DAILY\n"
		{ DAILY, "20261024T003000", TRUE },
		{ DAILY, "20261024T003001", FALSE },
		{ DAILY, "20261023T003000", FALSE },
		{ DAILY, "20261025T003000", TRUE },
		/* that hour is there twice */
		{ DAILY, "20261025T013000", FALSE },
		{ DAILY, "20261026T013000", TRUE },
		/* that hour is not there */
		{ DAILY, "20270328T013000", TRUE },
		{ DAILY, "20270328T003000", FALSE },
		{ DAILY, "20270329T003000", TRUE },
		{ DAILY "EXDATE;TZID=Europe/Berlin:20270328T023000\n",
		  "20270328T013000", FALSE },
		{ DAILY "EXRULE:FREQ=DAILY;INTERVAL=2\n", "20261026T013000",
		  FALSE },
		{ "DTSTART:20261101T090000Z\nRDATE:20261103T090000Z\n"
		  "EXRULE:FREQ=DAILY;INTERVAL=2\n", "20261103T090000", FALSE },
#undef DAILY
	};
	struct pim_occurrence one;

	test_begin("pim occurrences: found by id");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc = test_parse(tests[i].lines);
		pool_t pool = pool_alloconly_create("test", 4096);
		const struct pim_series *series =
			pim_series_read(pool, test_event(doc), NULL);

		test_assert_idx(pim_series_find(series, test_time(tests[i].id),
						&one) == tests[i].found, i);
		pim_lines_free(&doc);
		pool_unref(&pool);
	}
	test_end();
}

static void test_pim_occurrences_fixture(void)
{
	struct istream *input = i_stream_create_file(
		FIXTURES"/../recurrence/rules.txt", 65536);
	unsigned int lines = 0, times = 0, count;
	const char *line;

	test_begin("pim occurrences: random rules");
	while ((line = i_stream_read_next_line(input)) != NULL) T_BEGIN {
		test_assert_idx(test_fixture_line(line, &count), lines);
		test_assert_idx(test_fixture_middle(line), lines);
		lines++;
		times += count;
	} T_END;
	test_assert(input->stream_errno == 0);
	test_assert(lines == 250 && times > 1000);
	i_stream_unref(&input);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_occurrences,
		test_pim_occurrences_find,
		test_pim_occurrences_fixture,
		NULL
	};

	return test_run(test_functions);
}
