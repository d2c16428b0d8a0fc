/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-timezone.h"
#include "class-tasks.h"
#include "test-class-tasks.h"
#include "test-common.h"

#define VTODO(lines) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VTODO\r\n" \
	"UID:1\r\n" lines "END:VTODO\r\nEND:VCALENDAR\r\n"
#define REST "Complete=0\nSensitivity=0\n"
#define NO_REMINDER "ReminderSet=0\n"

/* What texts of others look like to a device of 16.1 (in Europe/Berlin). */
static const struct {
	const char *text, *lines;
} test_shown[] = {
	{ VTODO("SUMMARY:a\\n b\r\n"),
	  "Subject=a  b\nImportance=1\n" REST NO_REMINDER },
	{ VTODO("DUE;VALUE=DATE:20260701\r\nPRIORITY:9\r\nCLASS:X-PERSONAL\r\n"),
	  "Subject=\nImportance=0\nUtcDueDate=2026-06-30T22:00:00.000Z\n"
	  "DueDate=2026-07-01T00:00:00.000Z\nComplete=0\nSensitivity=1\n"
	  NO_REMINDER },
	{ VTODO("DTSTART:20261128T090000Z\r\nDURATION:PT90M\r\nPRIORITY:4\r\n"
		"CLASS:SECRET\r\n"),
	  "Subject=\nImportance=2\nUtcStartDate=2026-11-28T09:00:00.000Z\n"
	  "StartDate=2026-11-28T10:00:00.000Z\n"
	  "UtcDueDate=2026-11-28T10:30:00.000Z\n"
	  "DueDate=2026-11-28T11:30:00.000Z\nComplete=0\nSensitivity=2\n"
	  NO_REMINDER },
	{ VTODO("DUE;TZID=America/New_York:20261128T090000\r\n"
		"RRULE:FREQ=MONTHLY;BYDAY=-1SA;COUNT=3\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT1H\r\n"
		"END:VALARM\r\n"),
	  "Subject=\nImportance=1\nUtcDueDate=2026-11-28T14:00:00.000Z\n"
	  "DueDate=2026-11-28T09:00:00.000Z\nRecurrence(\nType=3\n"
	  "Start=2026-11-28T09:00:00.000Z\nOccurrences=3\nInterval=1\n"
	  "DayOfWeek=64\nWeekOfMonth=5\nRegenerate=0\nDeadOccur=0\n"
	  "CalendarType=0\nIsLeapMonth=0\n)\n" REST
	  "ReminderTime=2026-11-28T13:00:00.000Z\nReminderSet=1\n" },
	/* no pattern has these; a changed occurrence is not the task */
	{ "BEGIN:VCALENDAR\r\nBEGIN:VTODO\r\nUID:1\r\nSUMMARY:changed\r\n"
	  "RECURRENCE-ID;VALUE=DATE:20261129\r\nEND:VTODO\r\n"
	  "BEGIN:VTODO\r\nUID:1\r\nSUMMARY:series\r\n"
	  "DTSTART;VALUE=DATE:20261128\r\nRRULE:FREQ=HOURLY\r\n"
	  "END:VTODO\r\nEND:VCALENDAR\r\n",
	  "Subject=series\nImportance=1\n"
	  "UtcStartDate=2026-11-27T23:00:00.000Z\n"
	  "StartDate=2026-11-28T00:00:00.000Z\n" REST NO_REMINDER },
	{ VTODO("STATUS:COMPLETED\r\nLAST-MODIFIED:20261101T101112Z\r\n"),
	  "Subject=\nImportance=1\nComplete=1\n"
	  "DateCompleted=2026-11-01T10:11:12.000Z\nSensitivity=0\n"
	  NO_REMINDER },
	{ VTODO("DUE:nonsense\r\nRRULE:FREQ=NEVER\r\nPRIORITY:x\r\n"
		"COMPLETED:never\r\nBEGIN:VALARM\r\nTRIGGER:-PT5M\r\n"
		"END:VALARM\r\n"),
	  "Subject=\nImportance=1\nComplete=1\n"
	  "DateCompleted=2026-11-28T09:30:00.000Z\nSensitivity=0\n"
	  NO_REMINDER },
};

static void test_class_tasks_shown(void)
{
	struct test_class test;

	test_begin("class tasks: what others have written");
	test_class_init(&test, &eas_class_tasks, EAS_VERSION_16_1);
	for (unsigned int i = 0; i < N_ELEMENTS(test_shown); i++) {
		test_assert_strcmp_idx(test_tasks_lines(test_class_write(
				&test, test_shown[i].text)),
			test_shown[i].lines, i);
	}
	test_assert(test_class_write(&test, "BEGIN:VCARD\r\n") == NULL);
	test_assert(test.error != NULL);
	test_class_deinit(&test);
	test_end();
}

/* In the styles of those who write them. */
static const char *const test_fixtures[] = {
	/* Apple's Reminders */
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	"PRODID:-//Apple Inc.//iOS 18.1//EN\r\nCALSCALE:GREGORIAN\r\n"
	"BEGIN:VTIMEZONE\r\nTZID:Europe/Berlin\r\nBEGIN:STANDARD\r\n"
	"TZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\n"
	"DTSTART:19961027T030000\r\nRRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU\r\n"
	"END:STANDARD\r\nBEGIN:DAYLIGHT\r\nTZOFFSETFROM:+0100\r\n"
	"TZOFFSETTO:+0200\r\nDTSTART:19810329T020000\r\n"
	"RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nEND:DAYLIGHT\r\n"
	"END:VTIMEZONE\r\nBEGIN:VTODO\r\nUID:A1B2\r\n"
	"CREATED:20261101T100000Z\r\nDTSTAMP:20261101T100000Z\r\n"
	"LAST-MODIFIED:20261101T100000Z\r\nSUMMARY:Zahnarzt anrufen\r\n"
	"DTSTART;TZID=Europe/Berlin:20261130T090000\r\n"
	"DUE;TZID=Europe/Berlin:20261130T090000\r\nPRIORITY:5\r\n"
	"STATUS:NEEDS-ACTION\r\nX-APPLE-SORT-ORDER:654321\r\nSEQUENCE:0\r\n"
	"BEGIN:VALARM\r\nUID:C3\r\nX-WR-ALARMUID:C3\r\n"
	"TRIGGER;VALUE=DATE-TIME:20261130T080000Z\r\n"
	"DESCRIPTION:Event reminder\r\nACTION:DISPLAY\r\n"
	"ACKNOWLEDGED:20261101T100000Z\r\nEND:VALARM\r\n"
	"BEGIN:VALARM\r\nUID:D4\r\nX-APPLE-PROXIMITY:ARRIVE\r\n"
	"TRIGGER;VALUE=DATE-TIME:19760401T005545Z\r\n"
	"X-APPLE-STRUCTURED-LOCATION;VALUE=URI;X-TITLE=Praxis:geo:52.5,13.4\r\n"
	"ACTION:DISPLAY\r\nEND:VALARM\r\nEND:VTODO\r\nEND:VCALENDAR\r\n",
	/* Tasks.org */
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n"
	"PRODID:+//IDN tasks.org//android-140500//EN\r\nBEGIN:VTODO\r\n"
	"DTSTAMP:20261101T100000Z\r\nUID:5551234\r\nCREATED:20261101T095959Z\r\n"
	"LAST-MODIFIED:20261101T100000Z\r\nSUMMARY:Blumen\r\n"
	"DESCRIPTION:nur die \\nim Hof\r\nPRIORITY:9\r\nDUE;VALUE=DATE:20261202\r\n"
	"RRULE:FREQ=WEEKLY;INTERVAL=2\r\nRELATED-TO:4441234\r\n"
	"CATEGORIES:Haus,Garten\r\nX-APPLE-SORT-ORDER:1\r\n"
	"BEGIN:VALARM\r\nTRIGGER;RELATED=END:PT9H\r\nACTION:DISPLAY\r\n"
	"DESCRIPTION:Default Tasks.org description\r\nEND:VALARM\r\n"
	"END:VTODO\r\nEND:VCALENDAR\r\n",
	/* Outlook: LF, quoted parameters, HTML beside text */
	"BEGIN:VCALENDAR\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\n"
	"VERSION:2.0\nMETHOD:PUBLISH\nBEGIN:VTODO\nCLASS:CONFIDENTIAL\n"
	"CREATED:20261101T100000Z\nDESCRIPTION:Text\\n\n"
	"DUE;VALUE=DATE:20261205\nDTSTART;VALUE=DATE:20261201\n"
	"PERCENT-COMPLETE:25\nPRIORITY:1\n"
	"SUMMARY;LANGUAGE=de:Bericht\nSTATUS:IN-PROCESS\nUID:040000008200E000\n"
	"X-ALT-DESC;FMTTYPE=text/html:<html><body><p>Text</p></body></html>\n"
	"X-MICROSOFT-CDO-IMPORTANCE:2\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\n"
	"END:VTODO\nEND:VCALENDAR\n",
	/* Evolution */
	"BEGIN:VCALENDAR\r\nCALSCALE:GREGORIAN\r\n"
	"PRODID:-//Ximian//NONSGML Evolution Calendar//EN\r\nVERSION:2.0\r\n"
	"BEGIN:VTODO\r\nUID:20261101T100000Z-1@host\r\nDTSTAMP:20261101T100000Z\r\n"
	"SUMMARY:Long summary that is folded after a number of bytes as RFC 5545\r\n"
	"  wants it\r\nDUE;TZID=/freeassociation.sourceforge.net/Europe/Berlin:\r\n"
	" 20261204T120000\r\nPRIORITY:7\r\nPERCENT-COMPLETE:0\r\nCLASS:PUBLIC\r\n"
	"SEQUENCE:3\r\nURL:https://example.org/\r\nX-EVOLUTION-CALDAV-ETAG:1\r\n"
	"ORGANIZER:mailto:a@example.org\r\nATTACH:file:///tmp/a\r\n"
	"END:VTODO\r\nEND:VCALENDAR\r\n",
	/* Nextcloud Tasks */
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Nextcloud Tasks v0.16.1\r\n"
	"BEGIN:VTODO\r\nUID:0f0f\r\nCREATED:20261101T100000\r\n"
	"LAST-MODIFIED:20261101T100000\r\nDTSTAMP:20261101T100000\r\n"
	"SUMMARY:Steuer\r\nSTATUS:COMPLETED\r\nCOMPLETED:20261120T120000\r\n"
	"PERCENT-COMPLETE:100\r\nPRIORITY:0\r\nDUE:20261122T180000\r\n"
	"RELATED-TO:abcd\r\nPINNED:true\r\nX-OC-HIDESUBTASKS:0\r\n"
	"END:VTODO\r\nEND:VCALENDAR\r\n",
};

static const char *test_without(const char *text, const char *name)
{
	const char *const *lines = t_strsplit(text, "\n");
	string_t *str = t_str_new(1024);

	for (; *lines != NULL; lines++) {
		if (strncmp(*lines, name, strlen(name)) != 0)
			str_printfa(str, "%s\n", *lines);
	}
	return str_c(str);
}

static const char *
test_replace(const char *text, const char *from, const char *to)
{
	const char *p = strstr(text, from);

	i_assert(p != NULL);
	return t_strconcat(t_strdup_until(text, p), to, p + strlen(from),
			   NULL);
}

static void test_class_tasks_fixtures(void)
{
	static const unsigned int versions[] = { 25, 121, 141, 161 };
	const char *text, *lines, *result;
	struct test_class test;
	unsigned int i, v;

	test_begin("class tasks: one field of others' texts");
	for (i = 0; i < N_ELEMENTS(test_fixtures); i++)
	for (v = 0; v < N_ELEMENTS(versions); v++) {
		text = test_fixtures[i];
		test_class_init(&test, &eas_class_tasks, versions[v]);
		lines = test_tasks_lines(test_class_write(&test, text));
		/* as it was shown */
		result = test_class_apply(&test, text,
					  test_tasks_data(&test, lines));
		test_assert_strcmp_idx(result, text, i);
		/* a tick touches what belongs to it only */
		lines = test_replace(lines, "Sensitivity=",
				     "Sensitivity=2\nOldSensitivity=");
		lines = test_without(lines, "OldSensitivity");
		result = test_class_apply(&test, text,
					  test_tasks_data(&test, lines));
		test_assert_strcmp_idx(
			test_without(test_without(result, "LAST-MODIFIED"),
				     "CLASS"),
			test_without(test_without(text, "LAST-MODIFIED"),
				     "CLASS"), i);
		test_assert_idx(strstr(result, "CLASS:PRIVATE") != NULL, i);
		test_class_deinit(&test);
	}
	test_end();
}

/* An old text, what a device says, and lines that the new text has or (with '-') has not. */
static const struct {
	const char *text, *lines, *wanted[8];
} test_changes[] = {
	/* beyond what devices may say, and shown all the same */
	{ VTODO("DUE;VALUE=DATE:99981231\r\n"),
	  "Subject=x\nDueDate=9998-12-31T00:00:00.000Z\n"
	  "UtcDueDate=9998-12-30T23:00:00.000Z\n",
	  { "SUMMARY:x", "DUE;VALUE=DATE:99981231" } },
	{ VTODO("DTSTART;VALUE=DATE:20261101\r\nDURATION:P2D\r\n"),
	  "Subject=x\nStartDate=2026-11-01T00:00:00.000Z\n"
	  "UtcStartDate=2026-10-31T23:00:00.000Z\n"
	  "DueDate=2026-11-05T00:00:00.000Z\n"
	  "UtcDueDate=2026-11-04T23:00:00.000Z\n",
	  { "DTSTART;VALUE=DATE:20261101", "DUE;VALUE=DATE:20261105",
	    "-DURATION" } },
	/* one of the two is enough */
	{ VTODO("DUE;TZID=America/New_York:20261128T090000\r\n"),
	  "Subject=x\nUtcDueDate=2026-11-28T15:00:00.000Z\n",
	  { "DUE;TZID=America/New_York:20261128T100000" } },
	{ VTODO("DUE;TZID=America/New_York:20261128T090000\r\n"),
	  "Subject=x\nDueDate=2026-07-01T09:30:00.000Z\n"
	  "UtcDueDate=2026-07-01T13:30:00.000Z\n",
	  { "DUE;TZID=America/New_York:20260701T093000" } },
	/* a time beside a day: both are times then */
	{ VTODO("DTSTART;VALUE=DATE:20261101\r\n"),
	  "Subject=x\nStartDate=2026-11-01T00:00:00.000Z\n"
	  "UtcStartDate=2026-10-31T23:00:00.000Z\n"
	  "DueDate=2026-11-05T12:00:00.000Z\n"
	  "UtcDueDate=2026-11-05T11:00:00.000Z\n",
	  { "DTSTART:20261031T230000Z", "DUE:20261105T110000Z" } },
	/* an empty date, none, and "no date" */
	{ VTODO("DUE;VALUE=DATE:20261101\r\n"), "DueDate=\n", { "-DUE" } },
	{ VTODO("DUE;VALUE=DATE:20261101\r\n"), "Subject=x\n", { "-DUE" } },
	{ VTODO("DUE;VALUE=DATE:20261101\r\n"), "Complete=0\n",
	  { "DUE;VALUE=DATE:20261101" } },
	{ VTODO("DUE;VALUE=DATE:20261101\r\n"),
	  "Subject=x\nDueDate=4501-01-01T00:00:00.000Z\n"
	  "UtcDueDate=4501-01-01T00:00:00.000Z\n", { "-DUE" } },
	/* what was not shown is not deleted */
	{ VTODO("DTSTART:20261101T100000Z\r\nRRULE:FREQ=HOURLY\r\n"),
	  "Subject=x\nUtcStartDate=2026-11-01T10:00:00.000Z\n"
	  "StartDate=2026-11-01T11:00:00.000Z\n",
	  { "RRULE:FREQ=HOURLY", "DTSTART:20261101T100000Z" } },
	{ VTODO("STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n"),
	  "Subject=x\nComplete=0\n",
	  { "STATUS:IN-PROCESS", "PERCENT-COMPLETE:40", "-COMPLETED" } },
	{ VTODO("STATUS:IN-PROCESS\r\nPERCENT-COMPLETE:40\r\n"),
	  "Complete=1\n",
	  { "STATUS:COMPLETED", "PERCENT-COMPLETE:100",
	    "COMPLETED:20261128T093000Z" } },
	{ VTODO("STATUS:COMPLETED\r\nPERCENT-COMPLETE:100\r\n"
		"COMPLETED:20261101T000000Z\r\n"), "Complete=0\n",
	  { "STATUS:NEEDS-ACTION", "-PERCENT-COMPLETE", "-COMPLETED:" } },
	/* 31st of shorter months; regenerated tasks need not say the day */
	{ VTODO(""), "Subject=x\nStartDate=2026-01-31T00:00:00.000Z\n"
	  "UtcStartDate=2026-01-30T23:00:00.000Z\nRecurrence(\nType=2\n"
	  "Start=2026-01-31T00:00:00.000Z\nDayOfMonth=31\n)\n",
	  { "RRULE:FREQ=MONTHLY;BYMONTHDAY=-1" } },
	{ VTODO(""), "Subject=x\nStartDate=2026-11-30T00:00:00.000Z\n"
	  "UtcStartDate=2026-11-29T23:00:00.000Z\nRecurrence(\nType=1\n"
	  "Start=2026-11-30T00:00:00.000Z\nRegenerate=1\n)\n",
	  { "RRULE;X-ROOST-REGENERATE=1:FREQ=WEEKLY;BYDAY=MO" } },
	/* Occurrences and Until */
	{ VTODO(""), "Subject=x\nStartDate=2026-11-30T00:00:00.000Z\n"
	  "UtcStartDate=2026-11-29T23:00:00.000Z\nRecurrence(\nType=0\n"
	  "Start=2026-11-30T00:00:00.000Z\nOccurrences=3\n"
	  "Until=2027-01-01T00:00:00.000Z\n)\n",
	  { "RRULE:FREQ=DAILY;COUNT=3" } },
	/* the reminder goes with its alarm, others stay */
	{ VTODO("BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n"
		"BEGIN:VALARM\r\nACTION:DISPLAY\r\n"
		"TRIGGER;VALUE=DATE-TIME:20261101T000000Z\r\nEND:VALARM\r\n"),
	  "ReminderSet=0\n", { "ACTION:EMAIL", "-ACTION:DISPLAY" } },
	{ VTODO("BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:-P1D\r\nEND:VALARM\r\n"),
	  "ReminderSet=1\nReminderTime=2026-11-02T00:00:00.000Z\n",
	  { "ACTION:EMAIL", "ACTION:DISPLAY",
	    "TRIGGER;VALUE=DATE-TIME:20261102T000000Z" } },
};

static void test_class_tasks_changes(void)
{
	const char *const *wanted, *text;
	struct test_class test;
	bool found;

	test_begin("class tasks: changes");
	for (unsigned int i = 0; i < N_ELEMENTS(test_changes); i++) {
		test_class_init(&test, &eas_class_tasks, EAS_VERSION_16_1);
		text = test_class_apply(&test, test_changes[i].text,
			test_tasks_data(&test, test_changes[i].lines));
		test_assert_idx(text != NULL, i);
		wanted = test_changes[i].wanted;
		for (; text != NULL && *wanted != NULL; wanted++) {
			found = **wanted == '-' ?
				strstr(text, t_strconcat("\r\n", *wanted + 1,
							 NULL)) == NULL :
				strstr(text, t_strconcat("\r\n", *wanted,
							 "\r\n", NULL)) != NULL;
			if (!found)
				i_error("%s:\n%s", *wanted, text);
			test_assert_idx(found, i);
		}
		test_class_deinit(&test);
	}
	test_end();
}

/* Each CalendarType ([MS-ASTASK] 2.2.2.4): which RRULE it becomes. */
static void test_class_tasks_calendars(void)
{
	static const char *const rscales[] = {
		"", "", "", "", "", "", "ISLAMIC-TBLA", "", "HEBREW", "", "",
		"", "", NULL, "DANGI", "CHINESE", NULL, NULL, NULL, NULL,
		"DANGI", NULL, NULL, NULL
	};
	struct test_class test;
	const char *text, *shown, *rule;

	test_begin("class tasks: each CalendarType");
	for (unsigned int i = 0; i < N_ELEMENTS(rscales); i++) T_BEGIN {
		bool param = i == 14 || (i > 0 && rscales[i] != NULL &&
					 *rscales[i] == '\0');

		test_class_init(&test, &eas_class_tasks, EAS_VERSION_14_1);
		text = test_class_apply(&test, VTODO(""), test_tasks_data(&test,
			t_strdup_printf("Subject=x\n"
				"StartDate=2026-10-10T00:00:00.000Z\n"
				"UtcStartDate=2026-10-09T22:00:00.000Z\n"
				"Recurrence(\nType=5\n"
				"Start=2026-10-10T00:00:00.000Z\nInterval=1\n"
				"DayOfMonth=1\nMonthOfYear=9\n"
				"CalendarType=%u\nIsLeapMonth=0\n)\n", i)));
		test_assert_idx((text != NULL) == (rscales[i] != NULL), i);
		if (text != NULL && rscales[i] != NULL) {
			rule = t_strdup_printf("\r\nRRULE%s:%s%s%sFREQ=YEARLY;"
				"BYMONTH=9;", param ?
				t_strdup_printf(";X-ROOST-CALENDAR-TYPE=%u",
						i) : "",
				*rscales[i] != '\0' ? "RSCALE=" : "",
				rscales[i], *rscales[i] != '\0' ? ";" : "");
			test_assert_idx(strstr(text, rule) != NULL, i);
			shown = test_tasks_lines(test_class_write(&test, text));
			test_assert_idx(strstr(shown, t_strdup_printf(
				"\nCalendarType=%u\n", i)) != NULL, i);
		}
		test_class_deinit(&test);
	} T_END;
	test_end();
}

static void test_class_tasks_supported(void)
{
	static const uint16_t tags[] = { EAS_TASKS_CATEGORIES };
	static const char text_full[] = VTODO("DUE;VALUE=DATE:20261101\r\n"
		"CATEGORIES:a\r\nCLASS:PRIVATE\r\nRRULE:FREQ=DAILY\r\n");
	struct test_class test;
	const char *text;

	test_begin("class tasks: Supported");
	test_class_init(&test, &eas_class_tasks, EAS_VERSION_12_1);
	test.supported.given = TRUE;
	test.supported.tags = tags;
	test.supported.count = N_ELEMENTS(tags);
	text = test_class_apply(&test, text_full,
				test_tasks_data(&test, "Subject=x\n"));
	test_assert(strstr(text, "CATEGORIES") == NULL);
	test_assert(strstr(text, "DUE;") != NULL);
	test_assert(strstr(text, "CLASS:PRIVATE") != NULL);
	test_assert(strstr(text, "RRULE") != NULL);
	test_class_deinit(&test);
	test_end();
}

/* A rule, and the dates of one completion after the other. */
static const struct {
	const char *text;
	const char *dates[6];
} test_series[] = {
	{ VTODO("DUE;VALUE=DATE:20260131\r\nRRULE:FREQ=MONTHLY;BYMONTHDAY=-1\r\n"),
	  { "DUE;VALUE=DATE:20260228", "DUE;VALUE=DATE:20260331" } },
	{ VTODO("DTSTART;VALUE=DATE:20240229\r\nDUE;VALUE=DATE:20240302\r\n"
		"RRULE:FREQ=YEARLY\r\n"),
	  { "DTSTART;VALUE=DATE:20280229", "DTSTART;VALUE=DATE:20320229" } },
	/* the clock stays when summer time ends */
	{ VTODO("DUE;TZID=Europe/Berlin:20261024T090000\r\nRRULE:FREQ=DAILY\r\n"),
	  { "DUE;TZID=Europe/Berlin:20261025T090000",
	    "DUE;TZID=Europe/Berlin:20261026T090000" } },
	{ VTODO("DUE;VALUE=DATE:20261128\r\nRRULE:FREQ=DAILY;COUNT=4\r\n"
		"EXDATE;VALUE=DATE:20261129\r\n"),
	  { "DUE;VALUE=DATE:20261130", "DUE;VALUE=DATE:20261201",
	    "STATUS:COMPLETED" } },
	{ VTODO("DUE;VALUE=DATE:20261128\r\n"
		"RRULE:FREQ=DAILY;UNTIL=20261130\r\n"),
	  { "DUE;VALUE=DATE:20261129", "DUE;VALUE=DATE:20261130",
	    "STATUS:COMPLETED" } },
	/* what no pattern has goes on as well */
	{ VTODO("DUE;VALUE=DATE:20261128\r\n"
		"RRULE:FREQ=MONTHLY;BYMONTHDAY=1,15\r\n"),
	  { "DUE;VALUE=DATE:20261201", "DUE;VALUE=DATE:20261215" } },
	/* 2026-11-28 is the day it is done on */
	{ VTODO("DUE;VALUE=DATE:20261101\r\n"
		"RRULE;X-ROOST-REGENERATE=1:FREQ=MONTHLY;BYMONTHDAY=1\r\n"),
	  { "DUE;VALUE=DATE:20261228" } },
	/* nothing goes on that can't be computed */
	{ VTODO("DUE;VALUE=DATE:20261128\r\nRRULE:FREQ=SECONDLY\r\n"),
	  { "STATUS:COMPLETED" } },
	{ VTODO("DUE;VALUE=DATE:20261128\r\n"
		"RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\r\n"),
	  { "STATUS:COMPLETED" } },
	{ VTODO("RRULE:FREQ=DAILY\r\n"), { "STATUS:COMPLETED" } },
};

static void test_class_tasks_series(void)
{
	const char *text;
	struct test_class test;
	unsigned int i, n;
	bool last;

	test_begin("class tasks: occurrences that are done");
	for (i = 0; i < N_ELEMENTS(test_series); i++) {
		test_class_init(&test, &eas_class_tasks, EAS_VERSION_14_1);
		text = test_series[i].text;
		for (n = 0; test_series[i].dates[n] != NULL; n++) {
			text = test_class_apply(&test, text,
				test_tasks_data(&test, "Complete=1\n"));
			last = strcmp(test_series[i].dates[n],
				      "STATUS:COMPLETED") == 0;
			if (strstr(text, test_series[i].dates[n]) == NULL)
				i_error("%s", text);
			test_assert_idx(strstr(text,
				test_series[i].dates[n]) != NULL, i);
			test_assert_idx((test.more == NULL) == last, i);
			if (last)
				continue;
			test_assert_idx(strstr(text, "COMPLETED") == NULL, i);
			test_assert_idx(strstr(test.more, "RRULE") == NULL, i);
			test_assert_idx(strstr(test.more,
					       "STATUS:COMPLETED") != NULL, i);
			test_assert_idx(strstr(test.more,
					       "UID:1-20") != NULL, i);
		}
		test_class_deinit(&test);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_class_tasks_shown,
		test_class_tasks_fixtures,
		test_class_tasks_changes,
		test_class_tasks_calendars,
		test_class_tasks_supported,
		test_class_tasks_series,
		NULL
	};
	int ret;

	/* days that nobody has said the clock of */
	if (setenv("TZ", "Europe/Berlin", 1) < 0)
		i_fatal("setenv() failed: %m");
	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
