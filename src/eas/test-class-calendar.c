/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strfuncs.h"
#include "test-common.h"
#include "pim-rrule.h"
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
		/* who is not shown: the organizer, and nobody */
		"DTSTART:20261128T093000Z\r\n"
			"ORGANIZER:mailto:Al@example.org\r\n"
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:al@example.org\r\n"
			"ATTENDEE;PARTSTAT=DECLINED:mailto:b@example.org\r\n",
		"DTSTART:20261128T093000Z\r\nATTENDEE;CN=Nobody:mailto:\r\n",
		"DTSTART:20261128T093000Z\r\nDESCRIPTION:Ein Text\\nmehr\r\n"
			"X-ALT-DESC;FMTTYPE=text/html:<p>Ein Text</p>\r\n"
			"BEGIN:VALARM\r\nACTION:AUDIO\r\nTRIGGER:-PT15M\r\n"
			"X-WR-ALARMUID:1\r\nEND:VALARM\r\n"
			"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER;"
			"RELATED=END:PT0S\r\nEND:VALARM\r\n",
		/* series, also those that no pattern has */
		"DTSTART;TZID=Europe/Berlin:20260831T090000\r\n"
			"RRULE:FREQ=WEEKLY;WKST=MO;UNTIL=20271231\r\n"
			"EXDATE;TZID=Europe/Berlin:20260907T090000,"
			"20260914T090000\r\n",
		"DTSTART;VALUE=DATE:20260901\r\nRRULE:FREQ=MONTHLY;"
			"BYMONTHDAY=1;COUNT=20\r\n",
		"DTSTART;TZID=Europe/Berlin:20260901T090000\r\n"
			"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15\r\n",
		"DTSTART;TZID=Europe/Berlin:20260131T233000\r\n"
			"RRULE:FREQ=MONTHLY;BYMONTHDAY=31\r\nDURATION:PT1H\r\n",
		"DTSTART;VALUE=DATE:20260901\r\nRRULE:FREQ=YEARLY;"
			"BYYEARDAY=100,200,300\r\n",
		"DTSTART:20260901T090000Z\r\nRRULE:FREQ=HOURLY;INTERVAL=5\r\n",
		"DTSTART:20261201T090000Z\r\nRDATE:20261203T090000Z,"
			"20270106T090000Z\r\n",
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

/* A series that no pattern has: what is shown, and that a device can delete an
   occurrence of it. */
static void test_calendar_cover(void)
{
	static const struct {
		const char *lines, *start, *type, *instance;
	} tests[] = {
		{ "DTSTART;TZID=Europe/Berlin:20260901T090000\r\n"
		  "RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15\r\n",
		  "20261101T080000Z", "1", "20261215T080000Z" },
		/* short months are deleted exceptions */
		{ "DTSTART:20260131T120000Z\r\n"
		  "RRULE:FREQ=MONTHLY;BYMONTHDAY=31\r\n",
		  "20261031T120000Z", "2", "20261231T120000Z" },
		{ "DTSTART:20260130T120000Z\r\n"
		  "RRULE:FREQ=MONTHLY;BYDAY=5FR\r\n",
		  "20261030T120000Z", "3", "20270129T120000Z" },
		{ "DTSTART:20261201T090000Z\r\n"
		  "RDATE:20261203T090000Z,20270105T090000Z\r\n",
		  "20261201T090000Z", "1", "20270105T090000Z" },
	};
	struct wbxml_node *data, *exceptions;
	struct wbxml_writer *writer;
	struct test_class test;
	const char *text, *changed;

	test_begin("class calendar: series that no pattern has");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		text = t_strconcat(HEAD, tests[i].lines, TAIL, NULL);
		test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
		data = test_class_write(&test, text);
		test_assert_idx(data != NULL, i);
		if (data == NULL)
			break;
		test_assert_strcmp_idx(child(data, EAS_CALENDAR_START_TIME),
				       tests[i].start, i);
		test_assert_strcmp_idx(child(wbxml_node_child(data,
			EAS_CALENDAR_RECURRENCE), EAS_CALENDAR_TYPE),
			tests[i].type, i);
		exceptions = wbxml_node_child(data, EAS_CALENDAR_EXCEPTIONS);
		test_assert_idx(exceptions != NULL, i);
		test_class_deinit(&test);

		/* deleted as old devices do it: the rule is as it was */
		test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
		writer = test_class_data_begin(&test);
		wbxml_text(writer, EAS_CALENDAR_START_TIME, tests[i].start);
		wbxml_open(writer, EAS_CALENDAR_EXCEPTIONS);
		wbxml_open(writer, EAS_CALENDAR_EXCEPTION);
		wbxml_uint(writer, EAS_CALENDAR_DELETED, 1);
		wbxml_text(writer, EAS_CALENDAR_EXCEPTION_START_TIME,
			   tests[i].instance);
		wbxml_close(writer);
		wbxml_close(writer);
		data = test_class_data_end(&test, &writer);
		changed = test_class_apply(&test, text, data);
		test_assert_idx(changed != NULL, i);
		test_assert_idx(changed != NULL &&
				strstr(changed, "\r\nEXDATE") != NULL, i);
		test_assert_idx(changed != NULL &&
				strstr(changed, tests[i].lines) != NULL, i);
		test_class_deinit(&test);
	}
	test_end();
}

/* As the programs export them. */
static const char *const exports[] = {
	"BEGIN:VCALENDAR\r\nCALSCALE:GREGORIAN\r\n"
	"PRODID:-//Apple Inc.//macOS 15.0//EN\r\nVERSION:2.0\r\n"
	"X-APPLE-CALENDAR-COLOR:#FF2968\r\nBEGIN:VTIMEZONE\r\n"
	"TZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
	"DTSTART:19961027T030000\r\nTZNAME:MEZ\r\nTZOFFSETFROM:+0200\r\n"
	"TZOFFSETTO:+0100\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
	"END:STANDARD\r\nBEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\n"
	"TZNAME:MESZ\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
	"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nCREATED:20260101T000000Z\r\n"
	"UID:A-1\r\nX-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC\r\n"
	"DTEND;TZID=Europe/Berlin:20261201T130000\r\n"
	"SUMMARY:Old\r\nLOCATION:Haus\\nStra\303\237e 1\r\n"
	"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-APPLE-RADIUS=70;X-TITLE=\"Ha\r\n"
	" us\":geo:48.5,9.0\r\nDTSTART;TZID=Europe/Berlin:20261201T120000\r\n"
	"SEQUENCE:0\r\nBEGIN:VALARM\r\nX-WR-ALARMUID:B\r\nUID:B\r\n"
	"TRIGGER:-PT15M\r\nATTACH;VALUE=URI:Chord\r\nACTION:AUDIO\r\n"
	"END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	"BEGIN:VCALENDAR\r\nPRODID:-//Google Inc//Google Calendar 70.9054//EN\r\n"
	"VERSION:2.0\r\nX-WR-TIMEZONE:America/New_York\r\nBEGIN:VEVENT\r\n"
	"DTSTART;TZID=America/New_York:20261201T120000\r\n"
	"DTEND;TZID=America/New_York:20261201T130000\r\n"
	"RRULE:FREQ=WEEKLY;WKST=SU;UNTIL=20270302T045959Z;BYDAY=TU\r\n"
	"UID:g@google.com\r\nORGANIZER;CN=Al:mailto:al@example.org\r\n"
	"ATTENDEE;CUTYPE=INDIVIDUAL;ROLE=REQ-PARTICIPANT;PARTSTAT=ACCEPTED;CN=Bo;\r\n"
	" X-NUM-GUESTS=0:mailto:bo@example.org\r\n"
	"X-GOOGLE-CONFERENCE:https://meet.google.com/a\r\nSUMMARY:Old\r\n"
	"TRANSP:OPAQUE\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	"BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0//EN\r\n"
	"VERSION:2.0\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\n"
	"BEGIN:STANDARD\r\nDTSTART:16011028T030000\r\n"
	"RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10\r\nTZOFFSETFROM:+0200\r\n"
	"TZOFFSETTO:+0100\r\nEND:STANDARD\r\nBEGIN:DAYLIGHT\r\n"
	"DTSTART:16010325T020000\r\nRRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3\r\n"
	"TZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\nEND:DAYLIGHT\r\n"
	"END:VTIMEZONE\r\nBEGIN:VEVENT\r\nCLASS:PUBLIC\r\n"
	"DTSTART;TZID=\"W. Europe Standard Time\":20261201T120000\r\n"
	"DTEND;TZID=\"W. Europe Standard Time\":20261201T130000\r\n"
	"PRIORITY:5\r\nSUMMARY;LANGUAGE=de:Old\r\nTRANSP:OPAQUE\r\n"
	"UID:040000008200E00074C5B7101A82E008\r\nX-ALT-DESC;FMTTYPE=text/html:\r\n"
	" <html><body>Hallo</body></html>\r\nDESCRIPTION:Hallo\\n\r\n"
	"X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\nX-MICROSOFT-CDO-IMPORTANCE:1\r\n"
	"X-MS-OLK-AUTOFILLLOCATION:FALSE\r\nBEGIN:VALARM\r\n"
	"TRIGGER:-PT15M\r\nACTION:DISPLAY\r\nDESCRIPTION:Reminder\r\n"
	"END:VALARM\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
	"BEGIN:VCALENDAR\r\nPRODID:-//Ximian//NONSGML Evolution Calendar//EN\r\n"
	"VERSION:2.0\r\nMETHOD:PUBLISH\r\nBEGIN:VEVENT\r\nUID:e\r\n"
	"DTSTAMP:20260101T000000Z\r\n"
	"DTSTART;TZID=/freeassociation.sourceforge.net/Europe/Berlin:\r\n"
	" 20261201T120000\r\nDURATION:PT1H\r\nTRANSP:OPAQUE\r\n"
	"SUMMARY:Old\r\nX-EVOLUTION-CALDAV-HREF:https://x/y.ics\r\n"
	"X-EVOLUTION-ALARM-UID:1\r\nCATEGORIES:Birthday,Work\r\n"
	"END:VEVENT\r\nEND:VCALENDAR\r\n",
	"BEGIN:VCALENDAR\r\nPRODID:-//IDN nextcloud.com//Calendar app 5//EN\r\n"
	"VERSION:2.0\r\nBEGIN:VEVENT\r\nCREATED:20260101T000000Z\r\n"
	"UID:n\r\nDTSTART;VALUE=DATE:20261201\r\nDTEND;VALUE=DATE:20261203\r\n"
	"STATUS:CONFIRMED\r\nSUMMARY:Old\r\nCOLOR:tomato\r\n"
	"ATTACH;FILENAME=/a.pdf;X-NC-FILE-ID=4:/f/4\r\n"
	"X-NEXTCLOUD-BC-FIELD-TYPE:BDAY\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
};

/* How many lines are in text and not in other, the stamps aside. */
static unsigned int count_new_lines(const char *text, const char *other)
{
	const char *const *lines = t_strsplit(text, "\r\n");
	unsigned int count = 0;

	for (; *lines != NULL; lines++) {
		if (strncmp(*lines, "DTSTAMP", 7) != 0 &&
		    strncmp(*lines, "LAST-MODIFIED", 13) != 0 &&
		    !has_line(other, *lines))
			count++;
	}
	return count;
}

static void test_calendar_exports(void)
{
	struct wbxml_node *data, *subject;
	struct test_class test;
	const char *result;

	test_begin("class calendar: one field of other programs' events");
	for (unsigned int i = 0; i < N_ELEMENTS(exports); i++) {
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			unsigned int idx = i * 1000 + versions[j];

			test_class_init(&test, &eas_class_calendar,
					versions[j]);
			data = test_class_write(&test, exports[i]);
			test_assert_idx(data != NULL, idx);
			subject = wbxml_node_child(data, EAS_CALENDAR_SUBJECT);
			test_assert_idx(subject != NULL, idx);
			if (subject != NULL) {
				subject->data = "New";
				subject->size = 3;
			}
			result = test_class_apply(&test, exports[i], data);
			test_assert_idx(result != NULL, idx);
			if (result != NULL) {
				test_assert_idx(count_new_lines(result,
							exports[i]) == 1, idx);
				test_assert_idx(count_new_lines(exports[i],
							result) == 1, idx);
				test_assert_idx(strstr(result, ":New\r\n") !=
						NULL, idx);
			}
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

static void
test_exception(struct wbxml_writer *writer, const char *instance,
	       const char *subject)
{
	wbxml_open(writer, EAS_CALENDAR_EXCEPTION);
	wbxml_text(writer, EAS_CALENDAR_EXCEPTION_START_TIME, instance);
	if (subject == NULL)
		wbxml_uint(writer, EAS_CALENDAR_DELETED, 1);
	else
		wbxml_text(writer, EAS_CALENDAR_SUBJECT, subject);
	wbxml_close(writer);
}

static void test_calendar_exception_twice(void)
{
	const char *text = HEAD "DTSTART:20261201T090000Z\r\n"
		"RRULE:FREQ=DAILY\r\n" TAIL;
	struct wbxml_writer *writer;
	struct wbxml_node *data;
	struct test_class test;

	test_begin("class calendar: an occurrence that is named twice");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	writer = test_class_data_begin(&test);
	wbxml_text(writer, EAS_CALENDAR_START_TIME, "20261201T090000Z");
	wbxml_open(writer, EAS_CALENDAR_RECURRENCE);
	wbxml_uint(writer, EAS_CALENDAR_TYPE, 0);
	wbxml_uint(writer, EAS_CALENDAR_INTERVAL, 1);
	wbxml_close(writer);
	wbxml_open(writer, EAS_CALENDAR_EXCEPTIONS);
	test_exception(writer, "20261203T090000Z", "First");
	test_exception(writer, "20261203T090000Z", NULL);
	test_exception(writer, "20261203T090000Z", "Last");
	test_exception(writer, "20261204T090000Z", "None");
	test_exception(writer, "20261204T090000Z", NULL);
	wbxml_close(writer);
	data = test_class_data_end(&test, &writer);
	text = test_class_apply(&test, text, data);
	test_assert(text != NULL);
	test_assert(text != NULL && has_line(text, "SUMMARY:Last"));
	test_assert(text != NULL && !has_line(text, "SUMMARY:First"));
	test_assert(text != NULL && !has_line(text, "SUMMARY:None"));
	test_assert(text != NULL && !has_line(text, "EXDATE:20261203T090000Z"));
	test_assert(text != NULL && has_line(text, "EXDATE:20261204T090000Z"));
	test_class_deinit(&test);
	test_end();
}

/* Each exception is a copy of the event. */
static void test_calendar_exceptions_large(void)
{
	string_t *text = str_new(default_pool, 2 * 1024 * 1024);
	struct wbxml_writer *writer;
	struct wbxml_node *data;
	struct test_class test;

	test_begin("class calendar: exceptions of a large event");
	str_append(text, HEAD "DTSTART:20261201T090000Z\r\n"
		   "RRULE:FREQ=DAILY\r\nX-LARGE:");
	for (unsigned int i = 0; i < 1024 * 1024; i++)
		str_append_c(text, 'x');
	str_append(text, "\r\n" TAIL);
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	writer = test_class_data_begin(&test);
	wbxml_text(writer, EAS_CALENDAR_START_TIME, "20261201T090000Z");
	wbxml_open(writer, EAS_CALENDAR_RECURRENCE);
	wbxml_uint(writer, EAS_CALENDAR_TYPE, 0);
	wbxml_uint(writer, EAS_CALENDAR_INTERVAL, 1);
	wbxml_close(writer);
	wbxml_open(writer, EAS_CALENDAR_EXCEPTIONS);
	for (unsigned int i = 2; i < 20; i++) {
		test_exception(writer, t_strdup_printf("202612%02uT090000Z", i),
			       "Other");
	}
	wbxml_close(writer);
	data = test_class_data_end(&test, &writer);
	test_assert(test_class_apply(&test, str_c(text), data) == NULL);
	test_assert_strcmp(test.error, "The exceptions are too large");
	test_class_deinit(&test);
	str_free(&text);
	test_end();
}

/* What is changed at another time of day is not the one that is shown. */
static void test_calendar_cover_times(void)
{
	const char *text = HEAD "DTSTART:20261120T090000Z\r\n"
		"RRULE:FREQ=DAILY;BYHOUR=9,15\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261201T150000Z\r\n"
		"DTSTART:20261201T160000Z\r\nSUMMARY:Other\r\n"
		"END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
		"RECURRENCE-ID:20261202T090000Z\r\n"
		"DTSTART:20261202T100000Z\r\nSUMMARY:Mine\r\n" TAIL;
	const struct wbxml_node *node;
	struct wbxml_node *data;
	struct test_class test;
	unsigned int count = 0;

	test_begin("class calendar: changed ones of several on a day");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	data = test_class_write(&test, text);
	test_assert(data != NULL);
	node = wbxml_node_child(wbxml_node_child(data,
			EAS_CALENDAR_EXCEPTIONS), EAS_CALENDAR_EXCEPTION);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (wbxml_node_child(node, EAS_CALENDAR_DELETED) != NULL)
			continue;
		count++;
		test_assert_strcmp(child(node, EAS_CALENDAR_SUBJECT), "Mine");
	}
	test_assert(count == 1);
	test_class_deinit(&test);
	test_end();
}

/* A line for each date, and a meeting of thousands. */
static void test_calendar_many_lines(void)
{
	string_t *text = str_new(default_pool, 4*1024*1024);
	const struct wbxml_node *node;
	struct wbxml_node *data;
	struct test_class test;
	unsigned int count = 0;

	test_begin("class calendar: many lines");
	str_append(text, HEAD "DTSTART:20000101T000000Z\r\n"
		   "RRULE:FREQ=DAILY\r\n"
		   "ORGANIZER:mailto:boss@example.org\r\n");
	for (unsigned int i = 0; i < 100000; i++) {
		str_append(text, "EXDATE:");
		pim_ical_time_append(text, 946684800 + i * 7200, FALSE, TRUE);
		str_append(text, "\r\n");
	}
	for (unsigned int i = 0; i < 5000; i++) {
		str_printfa(text, "ATTENDEE;CN=Number %u;"
			    "PARTSTAT=ACCEPTED:mailto:a%u@example.org\r\n",
			    i, i);
	}
	/* each of them is compared with the series */
	for (unsigned int i = 0; i < 256; i++) {
		str_append(text, "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:u\r\n"
			   "RECURRENCE-ID:");
		pim_ical_time_append(text, 1796083200 + i * 86400, FALSE,
				     TRUE);
		str_append(text, "\r\nSUMMARY:Another\r\nDTSTART:");
		pim_ical_time_append(text, 1796083200 + i * 86400, FALSE,
				     TRUE);
		str_append(text, "\r\n");
	}
	str_append(text, TAIL);
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_16_1);
	data = test_class_write(&test, str_c(text));
	test_assert(data != NULL);
	node = wbxml_node_child(wbxml_node_child(data,
			EAS_CALENDAR_ATTENDEES), EAS_CALENDAR_ATTENDEE);
	for (; node != NULL; node = wbxml_node_next_same(node))
		count++;
	test_assert(count == 5000);
	count = 0;
	node = wbxml_node_child(wbxml_node_child(data,
			EAS_CALENDAR_EXCEPTIONS), EAS_CALENDAR_EXCEPTION);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		test_assert_strcmp(child(node, EAS_CALENDAR_SUBJECT),
				   "Another");
		count++;
	}
	test_assert(count == 256);
	test_class_deinit(&test);
	str_free(&text);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_calendar_shown,
		test_calendar_unchanged,
		test_calendar_cover,
		test_calendar_exports,
		test_calendar_add,
		test_calendar_exception_twice,
		test_calendar_exceptions_large,
		test_calendar_cover_times,
		test_calendar_many_lines,
		NULL
	};

	return test_class_run(test_functions);
}
