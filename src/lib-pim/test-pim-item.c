/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "pim-item.h"
#include "pim-item-text.h"
#include "pim-text.h"
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

static const struct {
	const char *text, *folded;
} text_tests[] = {
	{ EVENT("DESCRIPTION:Soup\\n and  bread\r\nLOCATION:Gr\xc3\xbc" "n\r\n"
		"ATTENDEE;CN=\"Ada, L.\":mailto:ada@example.test\r\n"
		"ATTACH;FILENAME=menu.pdf:roost-blob:1\r\n"
		"BEGIN:VALARM\r\nDESCRIPTION:Ring\r\nEND:VALARM\r\n"
		"X-UNSEEN:x\r\nEND:VEVENT\r\nBEGIN:VEVENT\r\nUID:e1\r\n"
		"RECURRENCE-ID:20261128T120000Z\r\nSUMMARY:Dinner\r\n"),
	  "LUNCH, LATE|SOUP AND BREAD|GRUN|ADA, L.|ADA@EXAMPLE.TEST|MENU.PDF|"
	  "DINNER|" },
	{ EVENT("X-ALT-DESC;FMTTYPE=text/html:<p>So <b>up</b></p>\r\n"),
	  "LUNCH, LATE|SO UP|" },
	{ EVENT("DESCRIPTION:Soup\r\n"
		"X-ALT-DESC;FMTTYPE=text/html:<p>Bread</p>\r\n"),
	  "LUNCH, LATE|SOUP|" },
	{ TASK("CATEGORIES:Home,Work\n"), "DO|HOME,WORK|" },
	{ "BEGIN:VCALENDAR\nBEGIN:VJOURNAL\nSUMMARY:\nDESCRIPTION: \n"
	  "COMMENT:c\nEND:VJOURNAL\nEND:VCALENDAR\n", "C|" },
	{ "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Lee;Ann;;;\r\nFN:Ann Lee\r\n"
	  "TEL:+49 (221) 12-3\r\nTEL:110\r\nADR:;;1 Road\\, left;K\xc3\xb6ln;;;\r\n"
	  "PHOTO;ENCODING=b:QUJD\r\nUID:c1\r\nNOTE:n\r\n"
	  "RELATED:urn:uuid:1\r\nRELATED;VALUE=text:Bob\r\nEND:VCARD\r\n",
	  "LEE|ANN|ANN LEE|+49 (221) 12-3|49221123|110|1 ROAD, LEFT|KOLN|N|"
	  "BOB|" },
	{ "SUMMARY:outside\r\n", "" },
};

static void test_pim_item_text(void)
{
	string_t *dest = str_new(default_pool, 256);
	struct pim_lines *doc;
	const char *error;

	test_begin("pim item: what people see");
	for (unsigned int i = 0; i < N_ELEMENTS(text_tests); i++) {
		const char *text = text_tests[i].text;

		test_assert_idx(pim_lines_parse(text, strlen(text), NULL, &doc,
						&error) == 0, i);
		str_truncate(dest, 0);
		pim_item_text_fold(doc, dest);
		test_assert_strcmp_idx(t_str_replace(str_c(dest), '\n', '|'),
				       text_tests[i].folded, i);
		pim_lines_free(&doc);
	}
	str_free(&dest);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_item_props,
		test_pim_item_text,
		NULL
	};
	return test_run(test_functions);
}
