/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-freebusy.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-timezone.h"

#define OTHER "ATTENDEE;PARTSTAT=DECLINED:mailto:you@example.test\n"

static bool test_is_own(const char *address, void *context ATTR_UNUSED)
{
	return strcasecmp(address, "me@example.test") == 0;
}

static int64_t test_time(const char *text)
{
	bool is_date, is_utc;
	int64_t time;

	if (pim_ical_time_parse(text, &time, &is_date, &is_utc) < 0)
		i_panic("bad time in test: %s", text);
	return time;
}

static const char *test_calendar(const char *lines)
{
	return t_strdup_printf("BEGIN:VCALENDAR\nBEGIN:VEVENT\nUID:1\n%s"
			       "END:VEVENT\nEND:VCALENDAR\n", lines);
}

/* Of 2026-11-28, from 12:00 to 15:00 UTC if not said otherwise. */
static const struct {
	const char *lines, *digits, *from, *to;
} tests[] = {
	/* [MS-ASCMD] 2.2.3.107: out of office from 12:00 to 12:05 */
#define OOF "DTSTART:20261128T120000Z\nDTEND:20261128T120500Z\n" \
	"X-MICROSOFT-CDO-BUSYSTATUS:OOF\n"
	{ OOF, "30", "20261128T120000Z", "20261128T130000Z" },
	{ OOF, "30", "20261128T120459Z", "20261128T130000Z" },
	{ OOF, "00", "20261128T120500Z", "20261128T130000Z" },
	{ OOF, "3", "20261128T120000Z", "20261128T123000Z" },
	{ OOF, "30", "20261128T115959Z", "20261128T123000Z" },
	{ OOF, "30", "20261128T120000Z", "20261128T123001Z" },
#define EVENT "DTSTART:20261128T123000Z\nDTEND:20261128T133000Z\n"
	{ EVENT, "022000", NULL, NULL },
	{ EVENT "TRANSP:TRANSPARENT\n", "000000", NULL, NULL },
	{ EVENT "STATUS:TENTATIVE\n", "011000", NULL, NULL },
	{ EVENT "STATUS:CANCELLED\n", "000000", NULL, NULL },
	{ EVENT "TRANSP:OPAQUE\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\n", "000000",
	  NULL, NULL },
	{ EVENT "X-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\n", "011000", NULL,
	  NULL },
	{ EVENT "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE\n", "000000",
	  NULL, NULL },
	{ EVENT OTHER "ATTENDEE;PARTSTAT=DECLINED:mailto:Me@Example.test\n",
	  "000000", NULL, NULL },
	{ EVENT OTHER "ATTENDEE;PARTSTAT=ACCEPTED:mailto:Me@Example.test\n",
	  "022000", NULL, NULL },
	{ EVENT OTHER "ATTENDEE:mailto:Me@Example.test\n", "011000", NULL,
	  NULL },
	{ EVENT "ATTENDEE;PARTSTAT=TENTATIVE:mailto:Me@Example.test\n",
	  "011000", NULL, NULL },
	{ EVENT OTHER, "022000", NULL, NULL },
	/* before, behind and across the window; without any length */
	{ "DTSTART:20261128T110000Z\nDTEND:20261128T120000Z\n", "000000", NULL,
	  NULL },
	{ "DTSTART:20261128T150000Z\nDTEND:20261128T160000Z\n", "000000", NULL,
	  NULL },
	{ "DTSTART:20261127T150000Z\nDTEND:20261129T160000Z\n", "222222", NULL,
	  NULL },
	{ "DTSTART:20261128T120000Z\n", "000000", NULL, NULL },
	/* by the user's clock */
	{ "DTSTART:20261128T140000\nDTEND:20261128T150000\n", "002200", NULL,
	  NULL },
	{ "DTSTART;VALUE=DATE:20261128\n", "2200",
	  "20261128T220000Z", "20261129T000000Z" },
	/* a series, an occurrence of it declined, one moved */
	{ "DTSTART:20261101T120000Z\nDTEND:20261101T123000Z\n"
	  "RRULE:FREQ=HOURLY\nEND:VEVENT\nBEGIN:VEVENT\nUID:1\n"
	  "RECURRENCE-ID:20261128T130000Z\nDTSTART:20261128T130000Z\n"
	  "DURATION:PT1H\n"
	  "ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.test\n"
	  "END:VEVENT\nBEGIN:VEVENT\nUID:1\n"
	  "RECURRENCE-ID:20261128T140000Z\nDTSTART:20261128T143000Z\n"
	  "DURATION:PT30M\nSTATUS:TENTATIVE\n", "200001", NULL, NULL },
	/* more of them than anybody wants to see */
	{ "DTSTART:20261128T123000Z\nDTEND:20261128T123001Z\n"
	  "RRULE:FREQ=SECONDLY\n", "022222222222",
	  "20261128T120000Z", "20261128T180000Z" },
};

static void test_pim_freebusy_digits(void)
{
	const struct pim_freebusy_user user = {
		.is_own = test_is_own,
		.home = pim_timezone_find("Europe/Berlin"),
	};
	struct pim_freebusy fb;
	const char *text;

	test_begin("pim freebusy: digits of events");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		pim_freebusy_init(&fb, pool_datastack_create(),
			test_time(tests[i].from == NULL ? "20261128T120000Z" :
				  tests[i].from),
			test_time(tests[i].to == NULL ? "20261128T150000Z" :
				  tests[i].to));
		text = test_calendar(tests[i].lines);
		pim_freebusy_add(&fb, &user, text, strlen(text));
		test_assert_strcmp_idx(fb.digits, tests[i].digits, i);
		test_assert_idx(fb.skipped ==
				(strstr(text, "SECONDLY") != NULL ? 1 : 0), i);
	} T_END;
	test_end();
}

static void test_pim_freebusy_several(void)
{
	const struct pim_freebusy_user user = { .is_own = test_is_own };
	static const char *const broken[] = {
		"", "x", "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
		"BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:x\nEND:VEVENT\n",
	};
	int64_t from = test_time("20261128T120000Z");
	struct pim_freebusy fb;
	const char *text;

	test_begin("pim freebusy: several events, broken ones");
	pim_freebusy_init(&fb, pool_datastack_create(), from, from + 7200);
	for (unsigned int i = 0; i < N_ELEMENTS(broken); i++) {
		pim_freebusy_add(&fb, &user, broken[i], strlen(broken[i]));
		test_assert_idx(fb.skipped == i + 1, i);
	}
	test_assert_strcmp(fb.digits, "0000");
	text = test_calendar("DTSTART:20261128T123000Z\nDURATION:PT1H\n");
	pim_freebusy_add(&fb, &user, text, strlen(text));
	text = test_calendar("DTSTART:20261128T123000Z\nDURATION:PT31M\n"
			     "STATUS:TENTATIVE\n");
	pim_freebusy_add(&fb, &user, text, strlen(text));
	test_assert_strcmp(fb.digits, "0220");
	text = test_calendar("DTSTART:20261128T130000Z\nDURATION:PT31M\n"
			     "X-MICROSOFT-CDO-BUSYSTATUS:OOF\n");
	pim_freebusy_add(&fb, &user, text, strlen(text));
	test_assert_strcmp(fb.digits, "0233");
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_freebusy_digits,
		test_pim_freebusy_several,
		NULL
	};

	return test_run(test_functions);
}
