/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strfuncs.h"
#include "test-common.h"
#include "pim-timezone.h"
#include "class-calendar.h"
#include "test-class-common.h"

#define BERLIN "xP///1cALgAgAEUAdQByAG8AcABlACAAUwB0AGEAbgBkAGEAcgBkACAAVABpAG0AZQAA" \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAoAAAAFAAMAAAAAAAAAAAAAAFcALgAgAEUAdQBy" \
	"AG8AcABlACAARABhAHkAbABpAGcAaAB0ACAAVABpAG0AZQAAAAAAAAAAAAAAAAAAAAAA" \
	"AAAAAAMAAAAFAAIAAAAAAAAAxP///w=="

static const unsigned int versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1
};

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n" \
	"DTSTAMP:20260101T000000Z\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

static const char *
child(const struct wbxml_node *data, unsigned int tag)
{
	const char *text = wbxml_child_text(data, tag);

	return text == NULL ? "(none)" : text;
}

/* What stands in the text once for each line of it. */
static bool has_line(const char *text, const char *line)
{
	const char *const *lines = t_strsplit(text, "\n");

	for (; *lines != NULL; lines++) {
		if (strcmp(t_str_rtrim(*lines, "\r"), line) == 0)
			return TRUE;
	}
	return FALSE;
}

static void test_calendar_shown(void)
{
	static const struct {
		const char *lines;
		unsigned int version, tag;
		const char *value;
	} tests[] = {
		{ "DTSTART:20261128T093000Z\r\n", 25,
		  EAS_CALENDAR_START_TIME, "20261128T093000Z" },
		{ "DTSTART;TZID=Europe/Berlin:20261128T093000\r\n", 141,
		  EAS_CALENDAR_START_TIME, "20261128T083000Z" },
		{ "DTSTART;TZID=W. Europe Standard Time:20260701T093000\r\n",
		  141, EAS_CALENDAR_START_TIME, "20260701T073000Z" },
		{ "DTSTART:20261128T093000Z\r\nDURATION:PT45M\r\n", 141,
		  EAS_CALENDAR_END_TIME, "20261128T101500Z" },
		{ "DTSTART:20261128T093000Z\r\n", 141,
		  EAS_CALENDAR_END_TIME, "20261128T093000Z" },
		{ "DTSTART;VALUE=DATE:20261128\r\n", 161,
		  EAS_CALENDAR_START_TIME, "20261128T000000Z" },
		{ "DTSTART;VALUE=DATE:20261128\r\n", 161,
		  EAS_CALENDAR_END_TIME, "20261129T000000Z" },
		{ "DTSTART;VALUE=DATE:20261128\r\n", 161,
		  EAS_CALENDAR_TIMEZONE, "(none)" },
		{ "DTSTART;VALUE=DATE:20261128\r\n"
		  "X-ROOST-TZID:America/New_York\r\n", 141,
		  EAS_CALENDAR_START_TIME, "20261128T050000Z" },
		{ "DTSTART;VALUE=DATE:20261128\r\n"
		  "X-ROOST-TZID:America/New_York\r\n", 161,
		  EAS_CALENDAR_START_TIME, "20261128T000000Z" },
		{ "DTSTART;VALUE=DATE:20261128\r\n", 25,
		  EAS_CALENDAR_ALL_DAY_EVENT, "1" },
		{ "DTSTART;TZID=Europe/Berlin:20261128T000000\r\n"
		  "DTEND;TZID=Europe/Berlin:20261129T000000\r\n"
		  "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n", 161,
		  EAS_CALENDAR_START_TIME, "20261128T000000Z" },
		{ "DTSTART:20261128T093000Z\r\n", 25,
		  EAS_CALENDAR_BUSY_STATUS, "2" },
		{ "DTSTART:20261128T093000Z\r\nTRANSP:TRANSPARENT\r\n", 25,
		  EAS_CALENDAR_BUSY_STATUS, "0" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n", 25,
		  EAS_CALENDAR_BUSY_STATUS, "3" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n", 141,
		  EAS_CALENDAR_BUSY_STATUS, "0" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n", 161,
		  EAS_CALENDAR_BUSY_STATUS, "4" },
		{ "DTSTART:20261128T093000Z\r\nCLASS:CONFIDENTIAL\r\n", 25,
		  EAS_CALENDAR_SENSITIVITY, "3" },
		{ "DTSTART:20261128T093000Z\r\nSUMMARY:A\\, b\r\n", 25,
		  EAS_CALENDAR_SUBJECT, "A, b" },
		{ "DTSTART:20261128T093000Z\r\n", 25, EAS_CALENDAR_SUBJECT,
		  "" },
		{ "DTSTART:20261128T093000Z\r\nLOCATION:Room 1\r\n", 141,
		  EAS_CALENDAR_LOCATION, "Room 1" },
		{ "DTSTART:20261128T093000Z\r\nLOCATION:Room 1\r\n", 161,
		  EAS_CALENDAR_LOCATION, "(none)" },
		{ "DTSTART:20261128T093000Z\r\nBEGIN:VALARM\r\n"
		  "ACTION:EMAIL\r\nTRIGGER:-PT5M\r\nEND:VALARM\r\n"
		  "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\n"
		  "END:VALARM\r\n", 141, EAS_CALENDAR_REMINDER, "60" },
		{ "DTSTART:20261128T093000Z\r\n", 141, EAS_CALENDAR_REMINDER,
		  "(none)" },
		{ "DTSTART:20261128T093000Z\r\n", 141,
		  EAS_CALENDAR_MEETING_STATUS, "0" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "ATTENDEE:mailto:bob@example.org\r\n", 141,
		  EAS_CALENDAR_MEETING_STATUS, "1" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "ORGANIZER:mailto:bob@example.org\r\n", 141,
		  EAS_CALENDAR_MEETING_STATUS, "3" },
		{ "DTSTART:20261128T093000Z\r\nSTATUS:CANCELLED\r\n"
		  "ORGANIZER:mailto:bob@example.org\r\n", 141,
		  EAS_CALENDAR_MEETING_STATUS, "7" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "ORGANIZER;CN=Bob:MAILTO:bob@example.org\r\n", 25,
		  EAS_CALENDAR_ORGANIZER_EMAIL, "bob@example.org" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "ORGANIZER;CN=Bob:MAILTO:bob@example.org\r\n", 25,
		  EAS_CALENDAR_ORGANIZER_NAME, "Bob" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n", 140,
		  EAS_CALENDAR_DISALLOW_NEW_TIME_PROPOSAL, "1" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\n", 121,
		  EAS_CALENDAR_DISALLOW_NEW_TIME_PROPOSAL, "(none)" },
		{ "DTSTART:20261128T093000Z\r\n"
		  "CONFERENCE;VALUE=URI:https://example.org/1\r\n", 141,
		  EAS_CALENDAR_ONLINE_MEETING_EXTERNAL_LINK,
		  "https://example.org/1" },
		{ "DTSTART:20261128T093000Z\r\n", 25, EAS_CALENDAR_DT_STAMP,
		  "20260101T000000Z" },
		{ "DTSTART:20261128T093000Z\r\n", 161, EAS_CALENDAR_UID, "u" },
	};
	struct wbxml_node *data;
	struct test_class test;

	test_begin("class calendar: what is shown");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_class_init(&test, &eas_class_calendar, tests[i].version);
		data = test_class_write(&test, t_strconcat(HEAD,
						tests[i].lines, TAIL, NULL));
		test_assert_idx(data != NULL, i);
		if (data != NULL)
			test_assert_strcmp_idx(child(data, tests[i].tag),
					       tests[i].value, i);
		test_class_deinit(&test);
	}
	test_end();
}

/* What a device was shown comes back: nothing changes, at any version. */
static void test_calendar_unchanged(void)
{
	static const char *const events[] = {
		"DTSTART:20261128T093000Z\r\nDTEND:20261128T100000Z\r\n",
		"DTSTART;TZID=Europe/Berlin:20261128T093000\r\n"
			"DURATION:PT90M\r\nCONFERENCE:https://x.example/1\r\n",
		"DTSTART;TZID=\"W. Europe Standard Time\":20260701T093000\r\n"
			"DTEND;TZID=\"W. Europe Standard Time\":"
			"20260701T093000\r\nX-FOO;X=y:z\r\n",
		"DTSTART:20261128T093000\r\nDTEND:20261128T100000\r\n",
		"DTSTART;TZID=Nowhere:20261128T093000\r\n"
			"DTEND;TZID=Nowhere:20261128T103000\r\n",
		"DTSTART;VALUE=DATE:20261128\r\n",
		"DTSTART;VALUE=DATE:20261128\r\nDTEND;VALUE=DATE:20261205\r\n"
			"X-ROOST-TZID:Pacific/Auckland\r\n",
		"DTSTART;VALUE=DATE:20261128\r\nDURATION:P2D\r\n",
		"DTSTART;TZID=America/New_York:20261128T000000\r\n"
			"DTEND;TZID=America/New_York:20261130T000000\r\n"
			"X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r\n",
		"DTSTART:20261128T093000Z\r\nCLASS:X-ODD\r\n"
			"TRANSP:OPAQUE\r\nSTATUS:TENTATIVE\r\nPRIORITY:3\r\n"
			"SUMMARY;LANGUAGE=de:Über\\nzwei Zeilen\r\n",
		"DTSTART:20261128T093000Z\r\n"
			"X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\r\n"
			"LOCATION:Haus\\, Raum 5\r\nGEO:48.5;9.05\r\n"
			"X-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:1,2\r\n"
			"CATEGORIES:One,Two\r\nCATEGORIES:a\\,b\r\n",
		"DTSTART:20261128T093000Z\r\n"
			"ORGANIZER;CN=Al;SENT-BY=\"mailto:b@x.org\":"
			"mailto:al@example.org\r\n"
			"ATTENDEE;CUTYPE=ROOM;PARTSTAT=ACCEPTED;X-NUM=0:"
			"mailto:room@example.org\r\n"
			"ATTENDEE;ROLE=NON-PARTICIPANT;PARTSTAT=DELEGATED;"
			"CN=\"B, C\":mailto:Bc@example.org\r\n"
			"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:"
			"mailto:d@example.org\r\n",
		"DTSTART:20261128T093000Z\r\nDESCRIPTION:Ein Text\\nmehr\r\n"
			"X-ALT-DESC;FMTTYPE=text/html:<p>Ein Text</p>\r\n"
			"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT15M\r\n"
			"X-WR-ALARMUID:1\r\nEND:VALARM\r\n"
			"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;"
			"RELATED=END:PT0S\r\nEND:VALARM\r\n",
	};
	struct wbxml_node *data;
	struct test_class test;
	const char *text, *result;

	test_begin("class calendar: what comes back as it was shown");
	for (unsigned int i = 0; i < N_ELEMENTS(events); i++) {
		text = t_strconcat(HEAD, events[i], TAIL, NULL);
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_calendar,
					versions[j]);
			data = test_class_write(&test, text);
			test_assert_idx(data != NULL, i);
			if (data == NULL)
				continue;
			result = test_class_apply(&test, text, data);
			test_assert_idx(result != NULL, i * 1000 +
					versions[j]);
			if (result != NULL)
				test_assert_strcmp_idx(result, text, i * 1000 +
						       versions[j]);
			test_class_deinit(&test);
		}
	}
	test_end();
}

static void test_calendar_add(void)
{
	static const char *const lines[] = {
		"SUMMARY:Lunch", "UID:u1", "LOCATION:Mensa", "CLASS:PRIVATE",
		"DTSTART;TZID=Europe/Berlin:20261201T120000",
		"DTEND;TZID=Europe/Berlin:20261201T130000",
		"TRANSP:TRANSPARENT", "TRIGGER:-PT15M", "TZID:Europe/Berlin",
		"CATEGORIES:Work",
	};
	struct wbxml_writer *writer;
	struct wbxml_node *data;
	struct test_class test;
	const char *text;

	test_begin("class calendar: added by a device");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	writer = test_class_data_begin(&test);
	wbxml_text(writer, EAS_CALENDAR_TIMEZONE, BERLIN);
	wbxml_text(writer, EAS_CALENDAR_UID, "u1");
	wbxml_text(writer, EAS_CALENDAR_SUBJECT, "Lunch");
	wbxml_text(writer, EAS_CALENDAR_LOCATION, "Mensa");
	wbxml_text(writer, EAS_CALENDAR_START_TIME, "20261201T110000Z");
	wbxml_text(writer, EAS_CALENDAR_END_TIME, "20261201T120000Z");
	wbxml_uint(writer, EAS_CALENDAR_BUSY_STATUS, 0);
	wbxml_uint(writer, EAS_CALENDAR_SENSITIVITY, 2);
	wbxml_uint(writer, EAS_CALENDAR_REMINDER, 15);
	wbxml_open(writer, EAS_CALENDAR_CATEGORIES);
	wbxml_text(writer, EAS_CALENDAR_CATEGORY, "Work");
	wbxml_close(writer);
	data = test_class_data_end(&test, &writer);
	text = test_class_apply(&test, NULL, data);
	test_assert(text != NULL);
	for (unsigned int i = 0; text != NULL && i < N_ELEMENTS(lines); i++)
		test_assert_idx(has_line(text, lines[i]), i);
	test_class_deinit(&test);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_calendar_shown,
		test_calendar_unchanged,
		test_calendar_add,
		NULL
	};
	int ret;

	(void)setenv("TZ", "Europe/Berlin", 1);
	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
