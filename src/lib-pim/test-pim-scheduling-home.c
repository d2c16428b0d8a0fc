/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-scheduling.h"
#include "pim-timezone.h"
#include "test-pim-scheduling-common.h"

/* Times without a zone are by the user's clock, and what is an all-day event's day may be
   written as somebody's midnight. */

#define FLOATING "DTSTART:20261201T100000\r\nDTEND:20261201T103000\r\n"
#define DAYS "DTSTART;VALUE=DATE:20261201\r\n"
#define ID(value) "RECURRENCE-ID" value "\r\n"
#define GONE(value) "X-ROOST-GONE:" value " 1 20261102T080000Z\n"

static struct pim_scheduling_user test_user_at(const char *zone)
{
	struct pim_scheduling_user user = test_user;

	user.home = pim_timezone_find(zone);
	test_assert(user.home != NULL);
	return user;
}

static const struct {
	const char *home, *start, *id, *words;
} cancel_tests[] = {
	/* of a floating series its own clock is the user's */
	{ "America/New_York", FLOATING, ID(":20261203T150000Z"),
	  "EXDATE:20261203T100000\n|" GONE("20261203T100000") },
	{ "Europe/Berlin", FLOATING, ID(":20261203T090000Z"),
	  "EXDATE:20261203T100000\n|" GONE("20261203T100000") },
	{ "Europe/Berlin", FLOATING,
	  ID(";TZID=America/New_York:20261203T040000"),
	  "EXDATE:20261203T100000\n" },
	{ "Europe/Berlin", FLOATING, ID(":20261203T100000"),
	  "EXDATE:20261203T100000\n" },
	{ "Europe/Berlin", FLOATING, ID(":20261203T100000Z"), NULL },
	/* and of a series that has a clock one that hasn't */
	{ "America/New_York", AT(15), ID(":20261203T100000"),
	  "EXDATE:20261203T150000Z\n|" GONE("20261203T150000Z") },
	{ "America/New_York", AT(15), ID(":20261203T150000"), NULL },
	/* an occurrence by its day */
	{ "Europe/Berlin", FLOATING, ID(";VALUE=DATE:20261203"),
	  "EXDATE:20261203T100000\n" },
	{ "Europe/Berlin",
	  "DTSTART;TZID=America/New_York:20261201T200000\r\n",
	  ID(";VALUE=DATE:20261203"),
	  "EXDATE;TZID=America/New_York:20261203T200000\n|"
	  GONE("20261204T010000Z") },
	/* a day by a midnight: by its own name, by UTC's, by that of here and
	   of elsewhere */
	{ "America/New_York", DAYS, ID(";VALUE=DATE:20261203"),
	  "EXDATE;VALUE=DATE:20261203\n|" GONE("20261203T000000Z") },
	{ "America/New_York", DAYS, ID(":20261203T000000Z"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "Pacific/Auckland", DAYS, ID(":20261203T000000Z"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "America/New_York", DAYS, ID(":20261203T000000"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "America/New_York", DAYS, ID(":20261203T050000Z"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "Pacific/Auckland", DAYS, ID(":20261202T110000Z"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "America/New_York", DAYS, ID(":20261202T230000Z"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	{ "America/New_York", DAYS,
	  ID(";TZID=Pacific/Auckland:20261203T000000"),
	  "EXDATE;VALUE=DATE:20261203\n" },
	/* and all that follow: by the series' clock as well */
	{ "America/New_York", FLOATING,
	  ID(";RANGE=THISANDFUTURE:20261203T150000Z"),
	  "RRULE:FREQ=DAILY;UNTIL=20261202T100000\n|"
	  "X-ROOST-GONE:20261203T100000 1 20261102T080000Z FUTURE" },
	{ "Pacific/Auckland", DAYS,
	  ID(";RANGE=THISANDFUTURE:20261202T110000Z"),
	  "RRULE:FREQ=DAILY;UNTIL=20261202\n" },
};

static void test_home_cancel(void)
{
	struct pim_scheduling_mail mail = { .from = "boss@example.com" };
	struct pim_scheduling_user user;
	const char *stored, *reason;
	string_t *text;
	enum pim_scheduling_result result;

	test_begin("scheduling: which occurrence is meant");
	for (unsigned int i = 0; i < N_ELEMENTS(cancel_tests); i++) T_BEGIN {
		user = test_user_at(cancel_tests[i].home);
		stored = t_strconcat("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
			"UID:u1\r\n" SEQ(0) STAMP(1), cancel_tests[i].start,
			"RRULE:FREQ=DAILY;COUNT=10\r\n" PEOPLE
			"END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		mail.data = t_strconcat("BEGIN:VCALENDAR\r\nMETHOD:CANCEL\r\n"
			"BEGIN:VEVENT\r\nUID:u1\r\n" SEQ(1) STAMP(2),
			cancel_tests[i].id, PEOPLE
			"END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		mail.size = strlen(mail.data);
		text = t_str_new(512);
		result = pim_scheduling_apply(&user, &mail, stored,
			strlen(stored), text, &reason);
		test_assert_idx(result == PIM_SCHEDULING_CHANGED, i);
		/* an id that the series hasn't takes nothing out of it */
		test_assert_idx(test_has(test_unfold(text),
			cancel_tests[i].words != NULL ?
			cancel_tests[i].words :
			"!EXDATE:20261203T100000\n|!EXDATE:20261203T150000Z"),
			i);
		/* what was taken out is known again */
		test_assert_idx(pim_scheduling_apply(&user, &mail,
			str_data(text), str_len(text), t_str_new(512),
			&reason) == PIM_SCHEDULING_NOTHING, i);
	} T_END;
	test_end();
}

/* The same moment in another form is no other time: the answer still stands. */
static void test_home_moment(void)
{
	static const struct {
		const char *home, *old, *new;
		bool moved;
	} tests[] = {
		{ "America/New_York", FLOATING,
		  "DTSTART:20261201T150000Z\r\nDTEND:20261201T153000Z\r\n",
		  FALSE },
		{ "Europe/Berlin", FLOATING,
		  "DTSTART:20261201T150000Z\r\nDTEND:20261201T153000Z\r\n",
		  TRUE },
		{ "Europe/Berlin",
		  "DTSTART;TZID=Europe/Berlin:20261201T100000\r\n"
		  "DTEND;TZID=Europe/Berlin:20261201T103000\r\n",
		  FLOATING, FALSE },
		{ "Europe/Berlin",
		  "DTSTART:20261201T100000Z\r\nDTEND:20261201T103000Z\r\n",
		  FLOATING, TRUE },
	};
	struct pim_scheduling_mail mail = { .from = "boss@example.com" };
	struct pim_scheduling_user user;
	const char *stored, *reason;
	string_t *text;

	test_begin("scheduling: a moment in another form");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		user = test_user_at(tests[i].home);
		stored = t_strconcat("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
			"UID:u1\r\n" SEQ(0) STAMP(1), tests[i].old,
			"ORGANIZER:mailto:boss@example.com\r\n"
			"ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org\r\n"
			"END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		mail.data = t_strconcat("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n"
			"BEGIN:VEVENT\r\nUID:u1\r\n" SEQ(1) STAMP(2),
			tests[i].new, PEOPLE
			"END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		mail.size = strlen(mail.data);
		text = t_str_new(512);
		test_assert_idx(pim_scheduling_apply(&user, &mail, stored,
			strlen(stored), text, &reason) ==
			PIM_SCHEDULING_CHANGED, i);
		test_assert_idx(test_has(test_unfold(text), tests[i].moved ?
			"PARTSTAT=NEEDS-ACTION" : "PARTSTAT=ACCEPTED;"
			"RSVP=TRUE:mailto:Me@|!NEEDS-ACTION"), i);
	} T_END;
	test_end();
}

static void test_home_is_over(void)
{
	static const struct {
		const char *home, *lines, *last, *over;
	} tests[] = {
		{ "America/New_York", FLOATING,
		  "20261201T152900Z", "20261201T153000Z" },
		{ "Europe/Berlin", FLOATING,
		  "20261201T092900Z", "20261201T093000Z" },
		{ "Pacific/Auckland", DAYS,
		  "20261201T105900Z", "20261201T110000Z" },
		{ "America/New_York", DAYS,
		  "20261202T045900Z", "20261202T050000Z" },
		{ "America/New_York", FLOATING DAILY,
		  "20261210T152900Z", "20261210T153000Z" },
		{ "America/New_York", AT(10),
		  "20261201T102900Z", "20261201T103000Z" },
	};
	struct pim_scheduling_user user;
	const char *stored;

	test_begin("scheduling: over by the user's clock");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		user = test_user_at(tests[i].home);
		stored = t_strconcat("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
			"UID:u1\r\n", tests[i].lines,
			"END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		test_assert_idx(!pim_scheduling_is_over(&user, stored,
			strlen(stored), test_time(tests[i].last)), i);
		test_assert_idx(pim_scheduling_is_over(&user, stored,
			strlen(stored), test_time(tests[i].over)), i);
	} T_END;
	/* one that can't be read, and one that never ends */
	user = test_user_at("Europe/Berlin");
	test_assert(!pim_scheduling_is_over(&user, "x", 1, INT64_MAX / 8));
	stored = STORED(AT(10) "RRULE:FREQ=DAILY\r\n");
	test_assert(!pim_scheduling_is_over(&user, stored, strlen(stored),
					    INT64_MAX / 8));
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_home_cancel,
		test_home_moment,
		test_home_is_over,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
