/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-timezone.h"
#include "class-calendar.h"
#include "test-class-common.h"

/* Where numbers, zones and days end. */

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n" \
	"DTSTAMP:20260101T000000Z\r\n"
#define TAIL "END:VEVENT\r\nEND:VCALENDAR\r\n"

static const unsigned int versions[] = { 25, 121, 141, 161 };

static const char *child(const struct wbxml_node *data, unsigned int tag)
{
	const char *text = wbxml_child_text(data, tag);

	return text == NULL ? "(none)" : text;
}

/* The text without the stamps of its last change. */
static const char *unstamped(const char *text)
{
	const char *const *lines = t_strsplit(text, "\r\n");
	string_t *str = t_str_new(1024);

	for (; *lines != NULL; lines++) {
		if (strncmp(*lines, "DTSTAMP:", 8) != 0 &&
		    strncmp(*lines, "LAST-MODIFIED:", 14) != 0)
			str_printfa(str, "%s\n", *lines);
	}
	return str_c(str);
}

/* -- zones that are a day apart -- */

static struct wbxml_node *
times_data(struct test_class *test, const char *zone, const char *start,
	   const char *end, const char *subject)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	string_t *structure = t_str_new(256);

	pim_timezone_append_structure(structure, pim_timezone_find(zone),
				      test->now);
	wbxml_text(writer, EAS_CALENDAR_TIMEZONE, str_c(structure));
	wbxml_bool(writer, EAS_CALENDAR_ALL_DAY_EVENT, TRUE);
	wbxml_text(writer, EAS_CALENDAR_START_TIME, start);
	wbxml_text(writer, EAS_CALENDAR_END_TIME, end);
	wbxml_text(writer, EAS_CALENDAR_SUBJECT, subject);
	return test_class_data_end(test, &writer);
}

static void test_calendar_zones_apart(void)
{
	static const struct {
		const char *made, *other;
		const char *start, *end, *later, *later_end;
	} tests[] = {
		{ "Pacific/Kiritimati", "Pacific/Honolulu", "20261127T100000Z",
		  "20261128T100000Z", "20261129T100000Z", "20261130T100000Z" },
		{ "Pacific/Honolulu", "Pacific/Kiritimati", "20261128T100000Z",
		  "20261129T100000Z", "20261130T100000Z", "20261201T100000Z" },
		{ "Pacific/Tongatapu", "Pacific/Pago_Pago", "20261127T110000Z",
		  "20261128T110000Z", "20261129T110000Z", "20261130T110000Z" },
	};
	struct test_class test;
	const char *text, *result;

	test_begin("class calendar: zones that are 24 hours apart");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
		text = test_class_apply(&test, NULL, times_data(&test,
			tests[i].made, tests[i].start, tests[i].end, "a"));
		test_assert_idx(text != NULL && strstr(text,
			"DTSTART;VALUE=DATE:20261128\r\n") != NULL, i);
		/* a device with the other clock has seen it */
		result = test_class_apply(&test, text, times_data(&test,
			tests[i].other, tests[i].start, tests[i].end, "b"));
		test_assert_idx(result != NULL && strstr(result,
			"DTSTART;VALUE=DATE:20261128\r\n") != NULL, i);
		test_assert_idx(strstr(result, "SUMMARY:b\r\n") != NULL, i);
		/* and moves it by two days */
		result = test_class_apply(&test, text, times_data(&test,
			tests[i].other, tests[i].later, tests[i].later_end,
			"b"));
		test_assert_idx(result != NULL && strstr(result,
			"DTSTART;VALUE=DATE:20261130\r\n") != NULL, i);
		test_assert_idx(strstr(result,
			"DTEND;VALUE=DATE:20261201\r\n") != NULL, i);
		test_class_deinit(&test);
	}
	test_end();
}

/* -- years of five digits -- */

static void test_calendar_years(void)
{
	static const char *const events[] = {
		"DTSTART;VALUE=DATE:99991231\r\n",
		"DTSTART;VALUE=DATE:99991229\r\nDURATION:P9D\r\n",
		"DTSTART;VALUE=DATE:99991231\r\n"
			"X-ROOST-TZID:America/Los_Angeles\r\n",
		"DTSTART;TZID=America/New_York:99991231T233000\r\n"
			"DTEND;TZID=America/New_York:99991231T234500\r\n",
		"DTSTART:99991231T235900Z\r\nDURATION:PT2H\r\n",
		"DTSTART;VALUE=DATE:99900101\r\nRRULE:FREQ=YEARLY\r\n",
		"DTSTART;TZID=Asia/Tokyo:00010101T000000\r\n"
			"DTEND;TZID=Asia/Tokyo:00010101T030000\r\n",
		"DTSTART;VALUE=DATE:00010101\r\n",
	};
	static const unsigned int tags[] = {
		EAS_CALENDAR_START_TIME, EAS_CALENDAR_END_TIME
	};
	struct wbxml_node *data;
	struct test_class test;
	const char *text, *result;

	test_begin("class calendar: the first and the last year");
	for (unsigned int i = 0; i < N_ELEMENTS(events); i++) {
		text = t_strconcat(HEAD, events[i], TAIL, NULL);
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_calendar,
					versions[j]);
			data = test_class_write(&test, text);
			test_assert_idx(data != NULL, i);
			for (unsigned int k = 0; k < N_ELEMENTS(tags); k++) {
				test_assert_ucmp_idx(strlen(child(data,
					tags[k])), ==, 16, i);
			}
			/* nothing of it is another time for that */
			result = test_class_apply(&test, text, data);
			test_assert_idx(result != NULL, i);
			if (result != NULL) {
				test_assert_strcmp_idx(unstamped(result),
						       unstamped(text), i);
			}
			test_class_deinit(&test);
		}
	}
	test_end();
}

/* -- two names of one time -- */

static void test_calendar_cover_twice(void)
{
	/* changed occurrences without their series, of which one says that it
	   is one */
	const char *text = HEAD "RECURRENCE-ID:20261201T090000Z\r\n"
		"RDATE:20261207T090000Z\r\n"
		"DTSTART:20261201T090000Z\r\nSUMMARY:a\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:u\r\n"
		"RECURRENCE-ID;TZID=Europe/Berlin:20261201T090000\r\n"
		"DTSTART:20261201T093000Z\r\nSUMMARY:b\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261203T090000Z\r\n"
		"DTSTART:20261203T090000Z\r\nSUMMARY:c\r\nEND:VEVENT\r\n"
		"BEGIN:VEVENT\r\nUID:u\r\nRECURRENCE-ID:20261205T090000Z\r\n"
		"DTSTART:20261205T090000Z\r\nSUMMARY:d\r\n" TAIL;
	const struct wbxml_node *node, *data;
	struct test_class test;
	bool deleted;

	test_begin("class calendar: one occurrence of two names");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	data = test_class_write(&test, text);
	test_assert(data != NULL);
	node = wbxml_node_child(data, EAS_CALENDAR_RECURRENCE);
	test_assert_strcmp(child(node, EAS_CALENDAR_UNTIL),
			   "20261205T090000Z");
	node = wbxml_node_child(wbxml_node_child(data,
			EAS_CALENDAR_EXCEPTIONS), EAS_CALENDAR_EXCEPTION);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		deleted = wbxml_node_child(node, EAS_CALENDAR_DELETED) != NULL;
		test_assert(!deleted);
	}
	test_class_deinit(&test);
	test_end();
}

/* -- more categories than may be shown -- */

static struct wbxml_node *
categories_data(struct test_class *test, unsigned int first,
		unsigned int count, const char *more)
{
	struct wbxml_writer *writer = test_class_data_begin(test);

	wbxml_text(writer, EAS_CALENDAR_SUBJECT, "edited");
	wbxml_open(writer, EAS_CALENDAR_CATEGORIES);
	for (unsigned int i = first; i < first + count; i++) {
		wbxml_text(writer, EAS_CALENDAR_CATEGORY,
			   t_strdup_printf("c%u", i));
	}
	if (more != NULL)
		wbxml_text(writer, EAS_CALENDAR_CATEGORY, more);
	wbxml_close(writer);
	return test_class_data_end(test, &writer);
}

static unsigned int count_categories(const char *text)
{
	const char *p = strstr(text, "CATEGORIES:");
	unsigned int count = 0;

	/* folded lines begin with a space */
	for (; p != NULL && *p != '\0'; p++) {
		if (p[0] == '\r' && p[2] != ' ')
			break;
		if (*p == ':' || *p == ',')
			count++;
	}
	return count;
}

static void test_calendar_categories(void)
{
	const struct wbxml_node *node;
	string_t *text = t_str_new(8192);
	struct wbxml_node *data;
	struct test_class test;
	const char *result;
	unsigned int count = 0;

	test_begin("class calendar: more categories than are shown");
	str_append(text, HEAD "DTSTART:20261128T093000Z\r\nCATEGORIES:c0");
	for (unsigned int i = 1; i < 500; i++)
		str_printfa(text, "%s,c%u", i % 10 == 0 ? "\r\n " : "", i);
	str_append(text, "\r\n" TAIL);
	for (unsigned int i = 0; i < N_ELEMENTS(versions); i++) {
		test_class_init(&test, &eas_class_calendar, versions[i]);
		data = test_class_write(&test, str_c(text));
		node = wbxml_node_child(wbxml_node_child(data,
			EAS_CALENDAR_CATEGORIES), EAS_CALENDAR_CATEGORY);
		for (count = 0; node != NULL;
		     node = wbxml_node_next_same(node))
			count++;
		test_assert(count == 300);
		/* as they were shown; one less; one instead of another */
		result = test_class_apply(&test, str_c(text),
					  categories_data(&test, 0, 300,
							  NULL));
		test_assert(result != NULL &&
			    count_categories(result) == 500 &&
			    strstr(result, "SUMMARY:edited") != NULL);
		result = test_class_apply(&test, str_c(text),
					  categories_data(&test, 1, 299,
							  NULL));
		test_assert(result != NULL &&
			    count_categories(result) == 499);
		test_assert(result != NULL && strstr(result, "c499") != NULL);
		result = test_class_apply(&test, str_c(text),
					  categories_data(&test, 1, 299,
							  "new"));
		test_assert(result != NULL &&
			    count_categories(result) == 500);
		test_class_deinit(&test);
	}
	test_end();
}

/* -- other calendars -- */

/* Rosh Hashanah: a pattern for who knows it, days for the others. */
static void test_calendar_rscale(void)
{
	const char *text = HEAD "DTSTART;VALUE=DATE:20140925\r\n"
		"RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=1;BYMONTHDAY=1\r\n"
		TAIL;
	const struct wbxml_node *data, *node;
	struct test_class test;
	unsigned int version;
	const char *result;

	test_begin("class calendar: a pattern of another calendar");
	for (unsigned int i = 0; i < N_ELEMENTS(versions); i++) {
		version = versions[i];
		test_class_init(&test, &eas_class_calendar, version);
		data = test_class_write(&test, text);
		test_assert_idx(data != NULL, i);
		node = wbxml_node_child(data, EAS_CALENDAR_RECURRENCE);
		if (version >= EAS_VERSION_14_0) {
			test_assert_strcmp_idx(child(node,
				EAS_CALENDAR_CALENDAR_TYPE), "8", i);
			test_assert_strcmp_idx(child(node,
				EAS_CALENDAR_MONTH_OF_YEAR), "1", i);
			test_assert_strcmp_idx(child(node,
				EAS_CALENDAR_UNTIL), "(none)", i);
		} else {
			/* by the clock of Berlin */
			test_assert_strcmp_idx(child(data,
				EAS_CALENDAR_START_TIME), "20271001T220000Z",
				i);
			test_assert_idx(node == NULL || strcmp(child(node,
				EAS_CALENDAR_UNTIL), "(none)") != 0, i);
		}
		result = test_class_apply(&test, text, data);
		test_assert_idx(result != NULL, i);
		test_assert_strcmp_idx(unstamped(result), unstamped(text), i);
		test_class_deinit(&test);
	}
	test_end();
}

/* Each CalendarType ([MS-ASCAL] 2.2.2.10): which RRULE it becomes, on the first
   day of its ninth month. */
static const struct {
	unsigned int type;
	const char *start, *rrule;	/* NULL = it must not be used */
} test_types[] = {
#define GREGORIAN(type, param) \
	{ type, "20260901", \
	  "RRULE" param ":FREQ=YEARLY;BYMONTH=9;" }
#define PARAM(type) ";X-ROOST-CALENDAR-TYPE=" type
	GREGORIAN(0, ""),
	GREGORIAN(1, PARAM("1")),
	GREGORIAN(2, PARAM("2")),
	GREGORIAN(3, PARAM("3")),
	GREGORIAN(4, PARAM("4")),
	GREGORIAN(5, PARAM("5")),
	{ 6, "20260217", "RRULE:RSCALE=ISLAMIC-TBLA;FREQ=YEARLY;BYMONTH=9;" },
	GREGORIAN(7, PARAM("7")),
	{ 8, "20260517", "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=9;" },
	GREGORIAN(9, PARAM("9")),
	GREGORIAN(10, PARAM("10")),
	GREGORIAN(11, PARAM("11")),
	GREGORIAN(12, PARAM("12")),
	{ 13, NULL, NULL },
	{ 14, "20261011", "RRULE" PARAM("14") ":RSCALE=DANGI;FREQ=YEARLY;"
	  "BYMONTH=9;" },
	{ 15, "20261010", "RRULE:RSCALE=CHINESE;FREQ=YEARLY;BYMONTH=9;" },
	{ 16, NULL, NULL }, { 17, NULL, NULL }, { 18, NULL, NULL },
	{ 19, NULL, NULL },
	{ 20, "20261011", "RRULE:RSCALE=DANGI;FREQ=YEARLY;BYMONTH=9;" },
	{ 21, NULL, NULL }, { 22, NULL, NULL }, { 23, NULL, NULL },
	{ 24, NULL, NULL }, { 255, NULL, NULL },
};

static const struct wbxml_node *
test_typed(struct test_class *test, const char *start, unsigned int type)
{
	struct wbxml_writer *writer = test_class_data_begin(test);

	wbxml_text(writer, EAS_CALENDAR_START_TIME,
		   t_strconcat(start, "T090000Z", NULL));
	wbxml_text(writer, EAS_CALENDAR_END_TIME,
		   t_strconcat(start, "T100000Z", NULL));
	wbxml_open(writer, EAS_CALENDAR_RECURRENCE);
	wbxml_uint(writer, EAS_CALENDAR_TYPE, 5);
	wbxml_uint(writer, EAS_CALENDAR_INTERVAL, 1);
	wbxml_uint(writer, EAS_CALENDAR_MONTH_OF_YEAR, 9);
	wbxml_uint(writer, EAS_CALENDAR_DAY_OF_MONTH, 1);
	wbxml_uint(writer, EAS_CALENDAR_CALENDAR_TYPE, type);
	wbxml_close(writer);
	return test_class_data_end(test, &writer);
}

/* What a device added comes back to devices of all versions. */
static void
test_calendar_type(unsigned int version, unsigned int idx, const char *text)
{
	const struct wbxml_node *data, *node;
	unsigned int type = test_types[idx].type;
	struct test_class test;
	const char *result;

	test_class_init(&test, &eas_class_calendar, version);
	data = test_class_write(&test, text);
	test_assert_idx(data != NULL, idx);
	node = wbxml_node_child(data, EAS_CALENDAR_RECURRENCE);
	if (version >= EAS_VERSION_14_0) {
		test_assert_strcmp_idx(child(node, EAS_CALENDAR_CALENDAR_TYPE),
				       dec2str(type), idx);
		test_assert_strcmp_idx(child(node, EAS_CALENDAR_MONTH_OF_YEAR),
				       "9", idx);
	} else {
		/* single days, if their months are not ours */
		test_assert_strcmp_idx(child(node, EAS_CALENDAR_CALENDAR_TYPE),
				       "(none)", idx);
		test_assert_idx((strcmp(child(node, EAS_CALENDAR_UNTIL),
					"(none)") == 0) ==
				(strstr(text, "RSCALE") == NULL), idx);
	}
	result = test_class_apply(&test, text, data);
	test_assert_idx(result != NULL, idx);
	test_assert_strcmp_idx(unstamped(result), unstamped(text), idx);
	test_class_deinit(&test);
}

static void test_calendar_types(void)
{
	struct test_class test;
	const char *text;

	test_begin("class calendar: each CalendarType");
	for (unsigned int i = 0; i < N_ELEMENTS(test_types); i++) T_BEGIN {
		const char *start = test_types[i].start;

		test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
		text = test_class_apply(&test, NULL,
			test_typed(&test, start == NULL ? "20260901" : start,
				   test_types[i].type));
		test_assert_idx((text != NULL) == (start != NULL), i);
		if (text != NULL && start != NULL) {
			/* a long line is folded behind that */
			test_assert_idx(strstr(text, t_strconcat(
				"\n", test_types[i].rrule, NULL)) != NULL, i);
			test_assert_idx(strstr(text, t_strconcat(
				":", start, "T", NULL)) != NULL, i);
			for (unsigned int v = 0; v < N_ELEMENTS(versions); v++)
				test_calendar_type(versions[v], i, text);
		}
		test_class_deinit(&test);
	} T_END;
	/* another name for the same days is no other series */
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_16_1);
	text = test_class_apply(&test, HEAD "DTSTART:20260901T090000Z\r\n"
		"DTEND:20260901T100000Z\r\n"
		"RRULE:FREQ=YEARLY\r\nEXDATE:20270901T090000Z\r\n" TAIL,
		test_typed(&test, "20260901", 3));
	test_assert(text != NULL && strstr(text,
		"RRULE;X-ROOST-CALENDAR-TYPE=3:FREQ=YEARLY\r\n") != NULL);
	test_assert(text != NULL && strstr(text, "EXDATE") != NULL);
	test_class_deinit(&test);
	/* 12.1 has no CalendarType */
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_12_1);
	text = test_class_apply(&test, NULL, test_typed(&test, "20260901", 15));
	test_assert(text != NULL && strstr(text,
		"RRULE:FREQ=YEARLY;BYMONTH=9;BYMONTHDAY=1\r\n") != NULL);
	test_class_deinit(&test);
	test_end();
}

/* -- attendees -- */

static void test_calendar_attendees(void)
{
	string_t *text = str_new(default_pool, 512*1024);
	struct wbxml_node *data;
	struct test_class test;
	const char *result;

	test_begin("class calendar: more attendees than are shown");
	str_append(text, HEAD "DTSTART:20261128T093000Z\r\n");
	for (unsigned int i = 0; i < 10010; i++)
		str_printfa(text, "ATTENDEE:mailto:p%u@x.org\r\n", i);
	str_append(text, TAIL);
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	data = test_class_write(&test, str_c(text));
	test_assert(data != NULL);
	result = data == NULL ? NULL :
		test_class_apply(&test, str_c(text), data);
	test_assert(result != NULL && strcmp(result, str_c(text)) == 0);
	test_class_deinit(&test);
	str_free(&text);
	test_end();
}

/* -- BusyStatus -- */

static struct wbxml_node *busy_data(struct test_class *test, const char *value)
{
	struct wbxml_writer *writer = test_class_data_begin(test);

	wbxml_text(writer, EAS_CALENDAR_SUBJECT, "x");
	wbxml_text(writer, EAS_CALENDAR_BUSY_STATUS, value);
	return test_class_data_end(test, &writer);
}

static void test_calendar_busy(void)
{
	static const char text[] = HEAD "DTSTART:20261128T093000Z\r\n"
		"TRANSP:TRANSPARENT\r\n" TAIL;
	struct test_class test;
	const char *result;

	test_begin("class calendar: BusyStatus that is unknown");
	test_class_init(&test, &eas_class_calendar, EAS_VERSION_14_1);
	result = test_class_apply(&test, text, busy_data(&test, "-1"));
	test_assert(result != NULL &&
		    strstr(result, "TRANSP:TRANSPARENT") != NULL);
	test_assert(test_class_apply(&test, NULL,
				     busy_data(&test, "-1")) != NULL);
	test_assert(test_class_apply(&test, NULL,
				     busy_data(&test, "-2")) == NULL);
	test_class_deinit(&test);
	test_end();
}

/* -- Supported -- */

/* [MS-ASCMD] 2.2.3.179: what must be in it, and what may be left out */
static void test_calendar_supported(void)
{
	static const uint16_t required[] = {
		EAS_CALENDAR_DT_STAMP, EAS_CALENDAR_CATEGORIES,
		EAS_CALENDAR_SENSITIVITY, EAS_CALENDAR_BUSY_STATUS,
		EAS_CALENDAR_UID, EAS_CALENDAR_TIMEZONE,
		EAS_CALENDAR_START_TIME, EAS_CALENDAR_SUBJECT,
		EAS_CALENDAR_LOCATION, EAS_CALENDAR_END_TIME,
		EAS_CALENDAR_RECURRENCE, EAS_CALENDAR_ALL_DAY_EVENT,
		EAS_CALENDAR_REMINDER, EAS_CALENDAR_EXCEPTIONS,
	};
	static const char text[] = HEAD "DTSTART:20261128T093000Z\r\n"
		"SUMMARY:old\r\nX-KEEP:1\r\nDESCRIPTION:text\r\n"
		"CLASS:PRIVATE\r\nTRANSP:TRANSPARENT\r\nLOCATION:here\r\n"
		"CATEGORIES:one\r\nRRULE:FREQ=DAILY\r\n"
		"ATTENDEE:mailto:b@example.org\r\n"
		"X-MICROSOFT-DISALLOW-COUNTER:TRUE\r\nBEGIN:VALARM\r\n"
		"ACTION:DISPLAY\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n" TAIL;
#define ALWAYS "X-KEEP,DESCRIPTION"
#define REQUIRED ",CLASS,TRANSP:TRANSPARENT,LOCATION,CATEGORIES,RRULE," \
	"TRIGGER"
	static const struct {
		unsigned int version, count;
		bool given;
		/* what there is after a Change with nothing but Subject */
		const char *left;
	} tests[] = {
		{ 25, 0, FALSE, ALWAYS ",X-MICROSOFT-DISALLOW-COUNTER" },
		{ 121, 0, FALSE, ALWAYS ",X-MICROSOFT-DISALLOW-COUNTER" },
		{ 141, 0, FALSE, ALWAYS },
		{ 161, 0, FALSE, ALWAYS REQUIRED
		  ",ATTENDEE,X-MICROSOFT-DISALLOW-COUNTER" },
		{ 141, N_ELEMENTS(required), TRUE, ALWAYS
		  ",ATTENDEE,X-MICROSOFT-DISALLOW-COUNTER" },
		{ 141, 0, TRUE, ALWAYS REQUIRED
		  ",ATTENDEE,X-MICROSOFT-DISALLOW-COUNTER" },
	};
	static const char *const names[] = {
		"X-KEEP", "DESCRIPTION", "CLASS", "TRANSP:TRANSPARENT",
		"LOCATION", "CATEGORIES", "RRULE", "TRIGGER", "ATTENDEE",
		"X-MICROSOFT-DISALLOW-COUNTER",
	};
	const char *const *left;
	struct wbxml_writer *writer;
	struct test_class test;
	const char *result;

	test_begin("class calendar: what is ghosted");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_class_init(&test, &eas_class_calendar, tests[i].version);
		test.supported.given = tests[i].given;
		test.supported.tags = required;
		test.supported.count = tests[i].count;
		writer = test_class_data_begin(&test);
		wbxml_text(writer, EAS_CALENDAR_SUBJECT, "new");
		result = test_class_apply(&test, text,
					  test_class_data_end(&test, &writer));
		test_assert_idx(result != NULL &&
				strstr(result, "SUMMARY:new") != NULL, i);
		left = t_strsplit(tests[i].left, ",");
		for (unsigned int j = 0; result != NULL &&
		     j < N_ELEMENTS(names); j++) {
			bool is = strstr(result, t_strconcat("\n", names[j],
						NULL)) != NULL;

			test_assert_idx(is == str_array_find(left, names[j]),
					i * 100 + j);
		}
		test_class_deinit(&test);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_calendar_zones_apart,
		test_calendar_years,
		test_calendar_cover_twice,
		test_calendar_categories,
		test_calendar_rscale,
		test_calendar_types,
		test_calendar_attendees,
		test_calendar_busy,
		test_calendar_supported,
		NULL
	};

	return test_class_run(test_functions);
}
