/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-item.h"
#include "test-common.h"

#define EVENT(lines) "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:e1\r\n" \
	"SUMMARY:Lunch\\, late\r\n" lines "END:VEVENT\r\nEND:VCALENDAR\r\n"
#define TASK(lines) "BEGIN:VCALENDAR\nBEGIN:VTODO\nUID:t1\nSUMMARY:Do\n" \
	lines "END:VTODO\nEND:VCALENDAR\n"
#define EVER PIM_ITEM_DAY_EVER

/* 2026-11-28 is day 20785 */
static const struct {
	const char *text;
	enum pim_item_type type;
	const char *uid, *name;
	uint32_t first_day, last_day;
} tests[] = {
	{ EVENT("DTSTART:20261128T120000Z\r\nDTEND:20261128T130000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, 20785 },
	{ EVENT("DTSTART;VALUE=DATE:20261128\r\nDTEND;VALUE=DATE:20261130\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20784, 20787 },
	{ EVENT("DTSTART:20261128T120000\r\nDURATION:P1DT1H\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20784, 20787 },
	{ EVENT("DTSTART:20261128T120000Z\r\nRRULE:FREQ=DAILY\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, EVER },
	{ EVENT("DTSTART:20261128T120000Z\r\n"
		"RRULE:FREQ=DAILY;UNTIL=20261205T120000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, 20792 },
	{ EVENT("DTSTART:20261128T120000Z\r\n"
		"RRULE:FREQ=DAILY;INTERVAL=2;COUNT=10\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, 20803 },
	{ EVENT("DTSTART:20261128T120000Z\r\n"
		"RDATE:20261129T000000Z,20270101T000000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, 20819 },
	/* a changed occurrence reaches further; another event does not count */
	{ EVENT("DTSTART:20261128T120000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
		"UID:e1\r\nRECURRENCE-ID:20261128T120000Z\r\n"
		"DTSTART:20270101T120000Z\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\n"
		"UID:e2\r\nDTSTART:20280101T120000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 20785, 20819 },
	{ EVENT("DTSTART:nonsense\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 0, EVER },
	{ EVENT("DTSTART:20261301T000000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 0, EVER },
	{ EVENT("DTSTART:19600101T000000Z\r\n"),
	  PIM_ITEM_EVENT, "e1", "Lunch, late", 0, 0 },
	{ TASK(""), PIM_ITEM_TASK, "t1", "Do", 0, EVER },
	{ TASK("STATUS:NEEDS-ACTION\nDUE:20261128\n"),
	  PIM_ITEM_TASK, "t1", "Do", 0, EVER },
	{ TASK("STATUS:COMPLETED\nDUE:20261128\n"),
	  PIM_ITEM_TASK, "t1", "Do", 0, 20785 },
	{ TASK("COMPLETED:20261129T000000Z\n"),
	  PIM_ITEM_TASK, "t1", "Do", 0, 20786 },
	{ TASK("STATUS:COMPLETED\n"), PIM_ITEM_TASK, "t1", "Do", 0, 0 },
	{ "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n B\r\nUID:c1\r\nEND:VCARD\r\n",
	  PIM_ITEM_CONTACT, "c1", "AB", 0, EVER },
	{ "BEGIN:VCARD\r\nEND:VCARD\r\n", PIM_ITEM_CONTACT, "", "", 0, EVER },
	{ "BEGIN:VCALENDAR\r\nBEGIN:VJOURNAL\r\nUID:n1\r\nEND:VJOURNAL\r\n",
	  PIM_ITEM_NOTE, "n1", "", 0, EVER },
};

static void test_pim_item_props(void)
{
	static const char *const wrong[] = {
		"", "x", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
		"BEGIN:VEVENT\r\nEND:VEVENT\r\n",
	};
	struct pim_item_props props;
	const char *error;
	unsigned int i;

	test_begin("pim item: what is extracted");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(pim_item_props_read(tests[i].text,
						    strlen(tests[i].text),
						    &props, &error) == 0, i);
		test_assert_idx(props.type == tests[i].type, i);
		test_assert_strcmp_idx(props.uid, tests[i].uid, i);
		test_assert_strcmp_idx(props.name, tests[i].name, i);
		test_assert_idx(props.first_day == tests[i].first_day, i);
		test_assert_idx(props.last_day == tests[i].last_day, i);
	}
	for (i = 0; i < N_ELEMENTS(wrong); i++) {
		test_assert_idx(pim_item_props_read(wrong[i], strlen(wrong[i]),
						    &props, &error) < 0, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_item_props,
		NULL
	};
	return test_run(test_functions);
}
