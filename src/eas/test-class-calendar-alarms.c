/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "class-calendar.h"
#include "test-class-common.h"

/* Reminder: minutes before the start, whatever the alarm counts from; and what a device's edit does to
   the alarms. */

static const unsigned int versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1
};

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n" \
	"DTSTAMP:20260101T000000Z\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define HOUR "DTSTART:20261128T093000Z\r\nDTEND:20261128T103000Z\r\n"
#define SERIES "RRULE:FREQ=DAILY;COUNT=5\r\n"
#define ALARM(trigger) "BEGIN:VALARM\r\nACTION:DISPLAY\r\nX-KEEP:1\r\n" \
	"TRIGGER" trigger "\r\nEND:VALARM\r\n"
#define AT(time) ALARM(";VALUE=DATE-TIME:" time)
#define END(duration) ALARM(";RELATED=END:" duration)
#define MAIL "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-PT5M\r\n" \
	"ATTENDEE:mailto:a@example.org\r\nEND:VALARM\r\n"

static const char *
test_reminder(const struct wbxml_node *data)
{
	const char *text = wbxml_child_text(data, EAS_CALENDAR_REMINDER);

	return text == NULL ? "(none)" : text;
}

static void test_alarms_shown(void)
{
	static const struct {
		const char *lines, *shown;
	} tests[] = {
		/* from the start, from the end, at a time */
		{ HOUR ALARM(":-PT15M"), "15" },
		{ HOUR END("-PT75M"), "15" },
		{ HOUR END("-PT1H"), "0" },
		{ HOUR END("PT0S"), "(none)" },
		{ "DTSTART:20261128T093000Z\r\nDURATION:PT2H\r\n"
		  END("-P1D"), "1320" },
		{ HOUR AT("20261128T090000Z"), "30" },
		{ HOUR ALARM(":20261128T090000Z"), "30" },
		{ HOUR AT("20261128T093000Z"), "0" },
		{ HOUR AT("20261128T093100Z"), "(none)" },
		{ HOUR AT("20261128T085930Z"), "30" },
		/* by the user's clock, which is Berlin's */
		{ HOUR AT("20261128T100000"), "30" },
		{ "DTSTART;TZID=America/New_York:20261128T093000\r\n"
		  AT("20261128T140000Z"), "30" },
		{ "DTSTART;VALUE=DATE:20261128\r\n" AT("20261127T200000Z"),
		  "180" },
		{ "DTSTART;VALUE=DATE:20261128\r\n" END("-PT25H"), "60" },
		/* too long ago */
		{ HOUR AT("20201128T090000Z"), "(none)" },
		{ HOUR AT("16010101T000000Z"), "(none)" },
		/* the first one that can be shown */
		{ HOUR MAIL ALARM(":PT5M") AT("20261128T093100Z") END("-PT90M")
		  ALARM(":-PT15M"), "30" },
		{ HOUR ALARM(":nonsense") ALARM(":-PT15M"), "15" },
		/* a series has the length of each, but not the time */
		{ HOUR SERIES END("-PT75M"), "15" },
		{ HOUR SERIES AT("20261128T090000Z"), "(none)" },
		{ HOUR SERIES AT("20261128T090000Z") ALARM(":-PT15M"), "15" },
	};
	struct wbxml_node *data;
	struct test_class test;
	const char *text, *result;

	test_begin("class calendar alarms: shown, and back again");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		text = t_strconcat(HEAD, tests[i].lines, TAIL, NULL);
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_calendar,
					versions[j]);
			data = test_class_write(&test, text);
			test_assert_idx(data != NULL, i);
			if (data == NULL)
				continue;
			test_assert_strcmp_idx(test_reminder(data),
					       tests[i].shown, i);
			result = test_class_apply(&test, text, data);
			test_assert_strcmp_idx(result, text, i);
			test_class_deinit(&test);
		}
	}
	test_end();
}

static void test_alarms_changed(void)
{
	static const struct {
		const char *lines;
		/* NULL = it does not say; "" = none */
		const char *reminder, *start, *end;
		/* the alarms that come of it */
		const char *alarms;
	} tests[] = {
		/* another reminder: that alarm and no other */
		{ HOUR MAIL AT("20261128T090000Z") ALARM(":-PT5M"), "45", NULL,
		  NULL, MAIL ALARM(":-PT45M") ALARM(":-PT5M") },
		{ HOUR END("-PT75M") MAIL, "30", NULL, NULL,
		  ALARM(":-PT30M") MAIL },
		/* none */
		{ HOUR MAIL AT("20261128T090000Z") AT("20261128T100000Z"), "",
		  NULL, NULL, MAIL AT("20261128T100000Z") },
		/* that of a series stays beside the one that it gets */
		{ HOUR SERIES AT("20261128T090000Z"), "15", NULL, NULL,
		  AT("20261128T090000Z") "BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
		  "DESCRIPTION:Reminder\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n" },
		{ HOUR SERIES AT("20261128T090000Z"), "", NULL, NULL,
		  AT("20261128T090000Z") },
		/* at another time: for the device it is as long before */
		{ HOUR AT("20261128T090000Z"), NULL, "20261130T093000Z",
		  "20261130T103000Z", ALARM(":-PT30M") },
		{ HOUR AT("20261128T090000Z"), "30", "20261130T093000Z",
		  "20261130T103000Z", ALARM(":-PT30M") },
		{ HOUR END("-PT75M"), NULL, "20261128T093000Z",
		  "20261128T113000Z", ALARM(":-PT15M") },
		/* and from the end if that does the same */
		{ HOUR END("-PT75M"), NULL, "20261130T093000Z",
		  "20261130T103000Z", END("-PT75M") },
		{ HOUR ALARM(":-PT15M") AT("20261128T090000Z"), NULL,
		  "20261130T093000Z", "20261130T103000Z",
		  ALARM(":-PT15M") AT("20261128T090000Z") },
	};
	struct wbxml_writer *writer;
	struct wbxml_node *data;
	struct test_class test;
	const char *text, *result, *alarms;

	test_begin("class calendar alarms: changed");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		text = t_strconcat(HEAD, tests[i].lines, TAIL, NULL);
		test_class_init(&test, &eas_class_calendar, EAS_VERSION_16_1);
		writer = test_class_data_begin(&test);
		if (tests[i].start != NULL) {
			wbxml_text(writer, EAS_CALENDAR_START_TIME,
				   tests[i].start);
			wbxml_text(writer, EAS_CALENDAR_END_TIME,
				   tests[i].end);
		}
		if (tests[i].reminder != NULL) {
			wbxml_text(writer, EAS_CALENDAR_REMINDER,
				   tests[i].reminder);
		}
		data = test_class_data_end(&test, &writer);
		result = test_class_apply(&test, text, data);
		test_assert_idx(result != NULL, i);
		alarms = result == NULL ? NULL :
			strstr(result, "BEGIN:VALARM");
		test_assert_strcmp_idx(alarms == NULL ? "" : alarms,
			t_strconcat(tests[i].alarms, TAIL, NULL), i);
		test_class_deinit(&test);
	}
	test_end();
}

/* An exception that is a copy of its series has not the series' time of the alarm; one that has its
   own does. */
static void test_alarms_exception(void)
{
	static const char *const text = HEAD HOUR SERIES AT("20261128T090000Z")
		"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
		"RECURRENCE-ID:20261129T093000Z\r\n"
		"DTSTART:20261129T093000Z\r\nDTEND:20261129T103000Z\r\n"
		"SUMMARY:A\r\n" AT("20261128T090000Z")
		"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
		"RECURRENCE-ID:20261130T093000Z\r\n"
		"DTSTART:20261130T093000Z\r\nDTEND:20261130T103000Z\r\n"
		"SUMMARY:B\r\n" AT("20261130T091000Z") TAIL;
	struct wbxml_node *data, *node;
	struct test_class test;

	test_begin("class calendar alarms: of exceptions");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	data = test_class_write(&test, text);
	test_assert_strcmp(test_reminder(data), "(none)");
	node = wbxml_node_child(data, EAS_CALENDAR_EXCEPTIONS);
	node = wbxml_node_child(node, EAS_CALENDAR_EXCEPTION);
	test_assert_strcmp(test_reminder(node), "(none)");
	node = wbxml_node_next_same(node);
	test_assert_strcmp(test_reminder(node), "20");
	test_assert_strcmp(test_class_apply(&test, text, data), text);
	test_class_deinit(&test);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_alarms_shown,
		test_alarms_changed,
		test_alarms_exception,
		NULL
	};

	return test_class_run(test_functions);
}
