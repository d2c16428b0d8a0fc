/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-scheduling.h"
#include "pim-timezone.h"
#include "test-pim-scheduling-common.h"

#include <stdio.h>

/* RANGE=THISANDFUTURE in a series without an end: what is written down for each occurrence ends
   somewhere, what holds for it does not. Each test looks at every day of two years. */

#define DAYS 730
#define ENDLESS "RRULE:FREQ=DAILY\r\n"
#define ID(day) "RECURRENCE-ID:" day "T100000Z\r\n"

static string_t *test_text;
static const char *test_reason;

static enum pim_scheduling_result
test_apply(const char *from, const char *message)
{
	struct pim_scheduling_mail mail = {
		.from = from, .data = message, .size = strlen(message),
	};
	string_t *text = str_new(default_pool, 4096);
	enum pim_scheduling_result result;

	result = pim_scheduling_apply(&test_user, &mail, str_data(test_text),
				      str_len(test_text), text, &test_reason);
	if (result == PIM_SCHEDULING_CHANGED) {
		str_truncate(test_text, 0);
		str_append_str(test_text, text);
	}
	str_free(&text);
	return result;
}

static void test_stored(const char *text)
{
	str_truncate(test_text, 0);
	str_append(test_text, text);
}

/* What is known of each day: the hour at which it begins, and somebody's PARTSTAT as a letter, '-' if
   there is nothing on that day. */
static void test_days(const char *address, char hours_r[DAYS + 1],
		      char answers_r[DAYS + 1])
{
	pool_t pool = pool_alloconly_create("test days", 65536);
	struct pim_component *event;
	struct pim_property *prop;
	struct pim_occurrence occ;
	struct pim_series *series;
	struct pim_lines *doc;
	int64_t first = test_time("20261201T100000Z");
	const char *error, *partstat;

	test_assert(pim_lines_parse(str_data(test_text), str_len(test_text),
				    NULL, &doc, &error) == 0);
	event = pim_component_find(pim_component_find(pim_lines_root(doc),
						      "VCALENDAR"), "VEVENT");
	series = pim_series_read(pool, event, NULL);
	memset(hours_r, '-', DAYS);
	memset(answers_r, '-', DAYS);
	hours_r[DAYS] = answers_r[DAYS] = '\0';
	for (unsigned int i = 0; i < DAYS; i++) {
		if (!pim_series_find(series, first + i * PIM_DAY, &occ))
			continue;
		/* that it stands on its day */
		test_assert(pim_days_of(occ.start) ==
			    pim_days_of(first) + i);
		hours_r[i] = 'a' + (occ.start % PIM_DAY) / 3600;
		prop = pim_property_find(occ.comp, "ATTENDEE");
		while (prop != NULL &&
		       strcasecmp(pim_property_value(prop), address) != 0)
			prop = pim_property_next(prop, "ATTENDEE");
		partstat = prop == NULL ? NULL :
			pim_property_param(prop, "PARTSTAT");
		answers_r[i] = partstat == NULL ? '?' : *partstat;
	}
	pim_lines_free(&doc);
	pool_unref(&pool);
}

/* days: "<first day>-<last day>=<letter>"; what is named last counts */
static void test_check(const char *found, const char *wanted, const char *name)
{
	char days[DAYS + 1];
	const char *const *words;
	unsigned int from, to;
	char letter;

	for (words = t_strsplit(wanted, " "); *words != NULL; words++) {
		if (sscanf(*words, "%u-%u=%c", &from, &to, &letter) != 3)
			i_panic("%s", *words);
		memset(days + from, letter, to - from + 1);
	}
	days[DAYS] = '\0';
	if (memcmp(found, days, DAYS) == 0)
		return;
	for (from = 0; found[from] == days[from]; from++) ;
	i_info("%s: day %u is %c, not %c", name, from, found[from],
	       days[from]);
	test_assert(FALSE);
}

static void test_look(const char *hours, const char *answers)
{
	char found_hours[DAYS + 1], found_answers[DAYS + 1];

	test_days("mailto:Me@example.org", found_hours, found_answers);
	test_check(found_hours, hours, "hours");
	if (answers != NULL)
		test_check(found_answers, answers, "answers");
}

static unsigned int test_ranges(void)
{
	const char *p = str_c(test_text);
	unsigned int count = 0;

	while ((p = strstr(p, "RANGE=THISANDFUTURE")) != NULL) {
		count++;
		p++;
	}
	return count;
}

/* 10:00 is 'k', 12:00 'm', 14:00 'o', 15:00 'p' */
#define SERIES STORED(SEQ(0) STAMP(1) AT(10) ENDLESS PEOPLE)
#define FROM_8TH REQUEST(ONWARDS("20261208") SEQ(1) STAMP(2) \
	ON("20261208", "12") PEOPLE)

static void test_range_rest(void)
{
	test_begin("scheduling range: what was changed before, far behind");
	/* day 300 has an older change, day 400 a newer one */
	test_stored(CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) ENDLESS PEOPLE)
		EVENT(ID("20270927") SEQ(0) STAMP(1) ON("20270927", "14")
		      PEOPLE)
		EVENT(ID("20280105") SEQ(2) STAMP(3) ON("20280105", "15")
		      PEOPLE)));
	test_look("0-729=k 300-300=o 400-400=p", NULL);
	test_assert(test_apply("boss@example.com", FROM_8TH) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m 400-400=p", NULL);
	test_assert(test_ranges() == 1);
	test_assert(test_apply("boss@example.com", FROM_8TH) ==
		    PIM_SCHEDULING_NOTHING);
	test_end();
}

static void test_range_newer(void)
{
	string_t *str = t_str_new(65536);
	unsigned int month, day;
	int year;

	test_begin("scheduling range: newer changes where it would stand");
	/* 300 days from the 8th on, all newer */
	str_append(str, "BEGIN:VCALENDAR\r\n"
		   EVENT(SEQ(0) STAMP(1) AT(10) ENDLESS PEOPLE));
	for (unsigned int i = 0; i < 300; i++) {
		pim_date_from_days(pim_days_of(test_time("20261208T100000Z")) +
				   i, &year, &month, &day);
		str_printfa(str, "BEGIN:VEVENT\r\nUID:u1\r\n" SEQ(2) STAMP(3)
			"RECURRENCE-ID:%04d%02u%02uT100000Z\r\n"
			"DTSTART:%04d%02u%02uT150000Z\r\n" PEOPLE
			"END:VEVENT\r\n", year, month, day, year, month, day);
	}
	str_append(str, "END:VCALENDAR\r\n");
	test_stored(str_c(str));
	test_assert(test_apply("boss@example.com", FROM_8TH) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-306=p 307-729=m", NULL);
	test_end();
}

static void test_range_others(void)
{
	static const char both[] = CALENDAR("METHOD:REQUEST\r\n",
		EVENT(ONWARDS("20261208") SEQ(1) STAMP(2)
		      ON("20261208", "12") PEOPLE)
		/* one within what is written down, one behind it */
		EVENT(ID("20261210") SEQ(1) STAMP(2) ON("20261210", "14")
		      PEOPLE)
		EVENT(ID("20280105") SEQ(1) STAMP(2) ON("20280105", "14")
		      PEOPLE));
	static const char two[] = CALENDAR("METHOD:REQUEST\r\n",
		EVENT(ONWARDS("20261208") SEQ(1) STAMP(2)
		      ON("20261208", "12") PEOPLE)
		EVENT(ONWARDS("20261220") SEQ(1) STAMP(2)
		      ON("20261220", "14") PEOPLE)
		EVENT(ONWARDS("20280105") SEQ(1) STAMP(2)
		      ON("20280105", "15") PEOPLE));

	test_begin("scheduling range: with others in one message");
	test_stored(SERIES);
	test_assert(test_apply("boss@example.com", both) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m 9-9=o 400-400=o", NULL);
	test_assert(test_apply("boss@example.com", both) ==
		    PIM_SCHEDULING_NOTHING);

	test_stored(SERIES);
	test_assert(test_apply("boss@example.com", two) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-18=m 19-399=o 400-729=p", NULL);
	test_assert(test_apply("boss@example.com", two) ==
		    PIM_SCHEDULING_NOTHING);
	/* and a later one of all */
	test_assert(test_apply("boss@example.com",
		REQUEST(ONWARDS("20261210") SEQ(2) STAMP(3)
			ON("20261210", "12") PEOPLE)) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m", NULL);
	test_end();
}

/* The last one that is written down stands for the rest. What is done to it alone is not done to
   the rest. It is that of 25 June, day 206. */
static void test_range_holder(void)
{
	test_begin("scheduling range: the one that stands for the rest");
	test_stored(SERIES);
	(void)test_apply("boss@example.com", FROM_8TH);
	test_assert(strstr(str_c(test_text), "RANGE=THISANDFUTURE:20270625") !=
		    NULL);
	test_assert(test_apply("boss@example.com",
		REQUEST(ID("20270625") SEQ(2) STAMP(3) ON("20270625", "14")
			PEOPLE)) == PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m 206-206=o", NULL);
	test_assert(test_apply("boss@example.com",
		CANCEL(ID("20270626") SEQ(3) STAMP(4) PEOPLE)) ==
		    PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m 206-206=o 207-207=-", NULL);
	/* one of the rest; it is older than what stands for it */
	test_assert(test_apply("boss@example.com",
		REQUEST(ID("20280105") SEQ(0) STAMP(1) ON("20280105", "14")
			PEOPLE)) == PIM_SCHEDULING_NOTHING);
	test_assert(test_apply("boss@example.com",
		REQUEST(ID("20280105") SEQ(2) STAMP(3) ON("20280105", "14")
			PEOPLE)) == PIM_SCHEDULING_CHANGED);
	test_look("0-6=k 7-729=m 206-206=o 207-207=- 400-400=o", NULL);
	test_assert(test_ranges() == 1);
	test_end();
}

static void test_answer(enum pim_partstat partstat, const char *day,
			bool future)
{
	struct pim_scheduling_instance instance = {
		.start = test_time(day), .future = future,
	};
	struct pim_scheduling_answer answer = {
		.partstat = partstat, .instances = &instance,
		.instances_count = 1, .now = test_time("20261128T100000Z"),
	};
	string_t *text = str_new(default_pool, 4096);
	const char *organizer;

	test_assert(pim_scheduling_answer(&test_user, str_data(test_text),
		str_len(test_text), &answer, text, t_str_new(512),
		&organizer) == PIM_ANSWER_CHANGED);
	str_truncate(test_text, 0);
	str_append_str(test_text, text);
	str_free(&text);
}

static void test_range_answer(void)
{
	test_begin("scheduling range: the user's own answer");
	test_stored(SERIES);
	(void)test_apply("boss@example.com", FROM_8TH);
	test_look("0-6=k 7-729=m", "0-729=N");
	test_answer(PIM_PARTSTAT_ACCEPTED, "20261208T100000Z", TRUE);
	test_look("0-6=k 7-729=m", "0-6=N 7-729=A");
	/* to the one that stands for the rest, to one of the rest */
	test_answer(PIM_PARTSTAT_TENTATIVE, "20270625T100000Z", FALSE);
	test_look("0-6=k 7-729=m", "0-6=N 7-729=A 206-206=T");
	test_answer(PIM_PARTSTAT_TENTATIVE, "20280105T100000Z", FALSE);
	test_look("0-6=k 7-729=m", "0-6=N 7-729=A 206-206=T 400-400=T");
	test_answer(PIM_PARTSTAT_DECLINED, "20270626T100000Z", FALSE);
	test_answer(PIM_PARTSTAT_DECLINED, "20280106T100000Z", FALSE);
	test_look("0-6=k 7-729=m 207-207=- 401-401=-",
		  "0-6=N 7-729=A 206-206=T 400-400=T 207-207=- 401-401=-");
	test_end();
}

#define ANNE "mailto:anne@example.com"
#define FROM_ANNE(id, stamp, partstat) REPLY(id SEQ(0) stamp \
	"ATTENDEE;PARTSTAT=" partstat ":" ANNE "\r\n")

static void test_look_answers(const char *wanted)
{
	char hours[DAYS + 1], answers[DAYS + 1];

	test_days(ANNE, hours, answers);
	test_check(answers, wanted, "answers");
}

/* An attendee's answer, to more than can be written down. */
static void test_range_reply(void)
{
	test_begin("scheduling range: an attendee's answer");
	test_stored(STORED(SEQ(0) STAMP(1) AT(10) ENDLESS OWN));
	test_assert(test_apply("anne@example.com",
		FROM_ANNE("", STAMP(2), "ACCEPTED")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-729=A");
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ONWARDS("20261211"), STAMP(4), "DECLINED")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-9=A 10-729=D");
	/* again; an older one; a newer one to one of them, and to one before */
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ONWARDS("20261211"), STAMP(4), "DECLINED")) ==
		    PIM_SCHEDULING_NOTHING);
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ONWARDS("20261209"), STAMP(3), "TENTATIVE")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-7=A 8-9=T 10-729=D");
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ID("20280105"), STAMP(5), "TENTATIVE")) ==
		    PIM_SCHEDULING_CHANGED);
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ID("20261203"), STAMP(5), "TENTATIVE")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-9=A 2-2=T 8-9=T 10-729=D 400-400=T");
	/* from the first one on it is the series */
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ONWARDS("20261201"), STAMP(6), "ACCEPTED")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-729=A");
	/* of those before the last 200 keep what they had */
	test_assert(test_apply("anne@example.com",
		FROM_ANNE(ONWARDS("20271026"), STAMP(7), "DECLINED")) ==
		    PIM_SCHEDULING_CHANGED);
	test_look_answers("0-728=D 129-328=A 0-9=A 400-400=D 729-729=D");
	/* somebody else's stays, and nobody else's counts */
	test_assert(strstr(str_c(test_text), "PARTSTAT=NEEDS-ACTION:mailto:bob"
			   "@example.com") != NULL);
	test_assert(test_apply("eve@example.com", REPLY(ONWARDS("20261211")
		SEQ(0) STAMP(8) "ATTENDEE;PARTSTAT=DECLINED:"
		"mailto:eve@example.com\r\n")) == PIM_SCHEDULING_REFUSED);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_range_rest,
		test_range_newer,
		test_range_others,
		test_range_holder,
		test_range_answer,
		test_range_reply,
		NULL
	};
	int ret;

	test_text = str_new(default_pool, 65536);
	ret = test_run(test_functions);
	str_free(&test_text);
	pim_timezones_deinit();
	return ret;
}
