/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-date.h"
#include "pim-recurrence.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "class-calendar.h"
#include "test-class-common.h"

/* Round trips by property: events that a device may send, made at random (always the same ones). */

#define EVENTS 600

static const unsigned int versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_0, EAS_VERSION_14_1,
	EAS_VERSION_16_0, EAS_VERSION_16_1
};
static const char *const zones[] = {
	"Europe/Berlin", "America/New_York", "Asia/Kolkata", "Asia/Kathmandu",
	"Pacific/Auckland", "America/St_Johns", "Africa/Lagos",
	"America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Kiritimati",
	"Etc/UTC", "America/Phoenix", "Europe/London", "Africa/Casablanca",
};
static const char *const words[] = {
	"Besprechung", "Lunch; with, Ümläüt", "日本語の会議", "a\\b",
	"\"quoted\"", "x", "<tag> & more", "semi;colon:colon",
};

static const char *pick_word(void)
{
	return words[test_class_pick(N_ELEMENTS(words))];
}

struct random_event {
	const struct pim_timezone *tz;
	unsigned int version;
	bool all_day, series;
	/* by the event's clock */
	int64_t start, length;
	struct pim_recurrence rec;
};

static const char *
event_time(const struct random_event *event, int64_t local)
{
	string_t *str = t_str_new(20);

	if (!event->all_day || event->version < EAS_VERSION_16_0)
		local = pim_timezone_from_local(event->tz, local);
	pim_ical_time_append(str, local, FALSE, TRUE);
	return str_c(str);
}

static void
write_fields(const struct random_event *event, struct wbxml_writer *writer)
{
	wbxml_text(writer, EAS_CALENDAR_SUBJECT, pick_word());
	wbxml_uint(writer, EAS_CALENDAR_SENSITIVITY, test_class_pick(4));
	wbxml_uint(writer, EAS_CALENDAR_BUSY_STATUS, test_class_pick(4));
	if (test_class_pick(2) == 0)
		wbxml_uint(writer, EAS_CALENDAR_REMINDER,
			   test_class_pick(3) * 15);
	if (test_class_pick(2) == 0 && event->version < EAS_VERSION_16_0)
		wbxml_text(writer, EAS_CALENDAR_LOCATION, pick_word());
	if (test_class_pick(2) == 0 && event->version >= EAS_VERSION_16_0) {
		wbxml_open(writer, EAS_AIRSYNCBASE_LOCATION);
		wbxml_text(writer, EAS_AIRSYNCBASE_DISPLAY_NAME, pick_word());
		if (test_class_pick(2) == 0) {
			wbxml_text(writer, EAS_AIRSYNCBASE_LATITUDE, "48.52");
			wbxml_text(writer, EAS_AIRSYNCBASE_LONGITUDE, "-9.05");
			wbxml_text(writer, EAS_AIRSYNCBASE_CITY, pick_word());
		}
		wbxml_close(writer);
	}
	if (test_class_pick(3) == 0) {
		wbxml_open(writer, EAS_CALENDAR_CATEGORIES);
		wbxml_text(writer, EAS_CALENDAR_CATEGORY, "a,b");
		wbxml_text(writer, EAS_CALENDAR_CATEGORY, pick_word());
		wbxml_close(writer);
	}
	if (test_class_pick(3) == 0 && event->version >= EAS_VERSION_12_0) {
		wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
		wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, EAS_BODY_PLAIN);
		wbxml_text(writer, EAS_AIRSYNCBASE_DATA,
			   t_strconcat(pick_word(), "\r\n", pick_word(), NULL));
		wbxml_close(writer);
	}
}

/* What an Exception hasn't. */
static void
write_series_fields(const struct random_event *event,
		    struct wbxml_writer *writer)
{
	if (event->version < EAS_VERSION_16_0) {
		wbxml_text(writer, EAS_CALENDAR_ORGANIZER_EMAIL,
			   "o@example.org");
		wbxml_text(writer, EAS_CALENDAR_ORGANIZER_NAME, pick_word());
		wbxml_uint(writer, EAS_CALENDAR_MEETING_STATUS,
			   test_class_pick(2) * 2 + 1);
	}
	if (event->version >= EAS_VERSION_14_0) {
		wbxml_uint(writer, EAS_CALENDAR_RESPONSE_REQUESTED,
			   test_class_pick(2));
		wbxml_uint(writer, EAS_CALENDAR_DISALLOW_NEW_TIME_PROPOSAL,
			   test_class_pick(2));
	}
}

static void
write_attendees(const struct random_event *event, struct wbxml_writer *writer)
{
	unsigned int count = test_class_pick(4);

	wbxml_open(writer, EAS_CALENDAR_ATTENDEES);
	for (unsigned int i = 0; i <= count; i++) {
		wbxml_open(writer, EAS_CALENDAR_ATTENDEE);
		wbxml_text(writer, EAS_CALENDAR_EMAIL,
			   t_strdup_printf("p%u@example.org", i));
		wbxml_text(writer, EAS_CALENDAR_NAME, pick_word());
		if (event->version >= EAS_VERSION_12_0) {
			if (event->version < EAS_VERSION_16_0) {
				wbxml_uint(writer,
					   EAS_CALENDAR_ATTENDEE_STATUS,
					   2 + test_class_pick(4));
			}
			wbxml_uint(writer, EAS_CALENDAR_ATTENDEE_TYPE,
				   1 + test_class_pick(3));
		}
		wbxml_close(writer);
	}
	wbxml_close(writer);
}

/* A pattern that the start is the first occurrence of. */
static void pick_pattern(struct random_event *event)
{
	struct pim_recurrence *rec = &event->rec;
	int64_t days = pim_days_of(event->start);
	unsigned int month, day;
	int year;

	pim_date_from_days(days, &year, &month, &day);
	i_zero(rec);
	rec->interval = 1 + test_class_pick(3);
	switch (test_class_pick(6)) {
	case 0:
		rec->type = PIM_RECURRENCE_DAILY;
		break;
	case 1:
		rec->type = PIM_RECURRENCE_WEEKLY;
		rec->day_of_week = 1U << pim_days_weekday(days) |
			1U << test_class_pick(7);
		break;
	case 2:
		rec->type = PIM_RECURRENCE_MONTHLY;
		rec->day_of_month = day;
		break;
	case 3:
		rec->type = PIM_RECURRENCE_YEARLY;
		rec->day_of_month = day;
		rec->month_of_year = month;
		break;
	case 4:
	case 5:
		rec->type = test_class_pick(2) == 0 ?
			PIM_RECURRENCE_MONTHLY_NTH : PIM_RECURRENCE_YEARLY_NTH;
		if (rec->type == PIM_RECURRENCE_YEARLY_NTH)
			rec->month_of_year = month;
		rec->day_of_week = 1U << pim_days_weekday(days);
		rec->week_of_month = day > 28 ? 5 : (day - 1) / 7 + 1;
		break;
	}
	if (test_class_pick(3) == 0)
		rec->occurrences = 2 + test_class_pick(30);
}

static void
write_pattern(const struct random_event *event, struct wbxml_writer *writer)
{
	const struct pim_recurrence *rec = &event->rec;
	const struct {
		unsigned int tag, value;
	} fields[] = {
		{ EAS_CALENDAR_OCCURRENCES, rec->occurrences },
		{ EAS_CALENDAR_WEEK_OF_MONTH, rec->week_of_month },
		{ EAS_CALENDAR_DAY_OF_WEEK, rec->day_of_week },
		{ EAS_CALENDAR_MONTH_OF_YEAR, rec->month_of_year },
		{ EAS_CALENDAR_DAY_OF_MONTH, rec->day_of_month },
	};

	wbxml_open(writer, EAS_CALENDAR_RECURRENCE);
	wbxml_uint(writer, EAS_CALENDAR_TYPE, rec->type);
	wbxml_uint(writer, EAS_CALENDAR_INTERVAL, rec->interval);
	for (unsigned int i = 0; i < N_ELEMENTS(fields); i++) {
		if (fields[i].value > 0)
			wbxml_uint(writer, fields[i].tag, fields[i].value);
	}
	if (rec->occurrences == 0 && test_class_pick(2) == 0) {
		wbxml_text(writer, EAS_CALENDAR_UNTIL,
			   event_time(event, event->start + 900 * PIM_DAY));
	}
	wbxml_close(writer);
}

/* The occurrences of a daily series are known. */
static void
write_exceptions(const struct random_event *event, struct wbxml_writer *writer)
{
	wbxml_open(writer, EAS_CALENDAR_EXCEPTIONS);
	for (unsigned int i = 1; i < 6; i++) {
		int64_t local = event->start +
			(int64_t)i * event->rec.interval * PIM_DAY;

		if (test_class_pick(2) == 0)
			continue;
		wbxml_open(writer, EAS_CALENDAR_EXCEPTION);
		if (test_class_pick(2) == 0)
			wbxml_uint(writer, EAS_CALENDAR_DELETED, 1);
		else {
			if (!event->all_day && test_class_pick(2) == 0) {
				wbxml_text(writer, EAS_CALENDAR_START_TIME,
					   event_time(event, local + 1800));
				wbxml_text(writer, EAS_CALENDAR_END_TIME,
					   event_time(event, local + 3600));
			}
			write_fields(event, writer);
			if (event->version < EAS_VERSION_16_0) {
				wbxml_text(writer, EAS_CALENDAR_DT_STAMP,
					   "20260102T030405Z");
			}
		}
		wbxml_text(writer, event->version >= EAS_VERSION_16_0 ?
			   EAS_AIRSYNCBASE_INSTANCE_ID :
			   EAS_CALENDAR_EXCEPTION_START_TIME,
			   event_time(event, local));
		wbxml_close(writer);
	}
	wbxml_close(writer);
}

static struct wbxml_node *random_data(struct test_class *test)
{
	struct random_event event;
	struct wbxml_writer *writer;
	string_t *structure = t_str_new(256);

	i_zero(&event);
	event.version = test->req.version;
	event.tz = pim_timezone_find(
		zones[test_class_pick(N_ELEMENTS(zones))]);
	event.all_day = test_class_pick(3) == 0;
	event.start = PIM_DAY *
		pim_date_to_days(2020 + test_class_pick(15), 1, 1) +
		(int64_t)test_class_pick(366) * PIM_DAY;
	event.length = (int64_t)(1 + test_class_pick(3)) * PIM_DAY;
	if (!event.all_day) {
		/* not when clocks are changed */
		event.start += (int64_t)(8 + test_class_pick(10)) * 3600;
		event.length = (int64_t)test_class_pick(8) * 900;
	}
	event.series = test_class_pick(2) == 0;

	writer = test_class_data_begin(test);
	if (!event.all_day || event.version < EAS_VERSION_16_0) {
		pim_timezone_append_structure(structure, event.tz,
			pim_timezone_from_local(event.tz, event.start));
		wbxml_text(writer, EAS_CALENDAR_TIMEZONE, str_c(structure));
	}
	wbxml_bool(writer, EAS_CALENDAR_ALL_DAY_EVENT, event.all_day);
	wbxml_text(writer, EAS_CALENDAR_START_TIME,
		   event_time(&event, event.start));
	wbxml_text(writer, EAS_CALENDAR_END_TIME,
		   event_time(&event, event.start + event.length));
	write_fields(&event, writer);
	if (test_class_pick(3) == 0) {
		write_attendees(&event, writer);
		write_series_fields(&event, writer);
	}
	if (event.series) {
		pick_pattern(&event);
		write_pattern(&event, writer);
		if (event.rec.type == PIM_RECURRENCE_DAILY)
			write_exceptions(&event, writer);
	}
	return test_class_data_end(test, &writer);
}

/* Not what the server adds, what is about the moment of the test, or what devices don't say from
   16.0 on. */
static bool is_compared(unsigned int tag)
{
	return tag != EAS_CALENDAR_ATTENDEE_STATUS &&
		tag != EAS_CALENDAR_RESPONSE_REQUESTED &&
		tag != EAS_CALENDAR_DT_STAMP && tag != EAS_CALENDAR_UID &&
		tag != EAS_CALENDAR_TIMEZONE;
}

static bool nodes_equal(const struct wbxml_node *n1, const struct wbxml_node *n2)
{
	if (n1->tag != n2->tag ||
	    strcmp(wbxml_node_text(n1), wbxml_node_text(n2)) != 0)
		return FALSE;
	n1 = n1->children;
	n2 = n2->children;
	for (;;) {
		while (n1 != NULL && !is_compared(n1->tag))
			n1 = n1->next;
		while (n2 != NULL && !is_compared(n2->tag))
			n2 = n2->next;
		if (n1 == NULL || n2 == NULL)
			return n1 == n2;
		if (!nodes_equal(n1, n2))
			return FALSE;
		n1 = n1->next;
		n2 = n2->next;
	}
}

/* What the device has said of the event itself is shown to it again. */
static bool
is_shown(const struct wbxml_node *said, const struct wbxml_node *shown)
{
	const struct wbxml_node *node, *found;

	for (node = said->children; node != NULL; node = node->next) {
		if (!is_compared(node->tag) || node->children != NULL ||
		    node->tag == EAS_CALENDAR_EXCEPTIONS)
			continue;
		found = wbxml_node_child(shown, node->tag);
		if (found == NULL || strcmp(wbxml_node_text(node),
					    wbxml_node_text(found)) != 0) {
			i_error("element 0x%x: said %s, shown %s", node->tag,
				wbxml_node_text(node), found == NULL ? "" :
				wbxml_node_text(found));
			return FALSE;
		}
	}
	return TRUE;
}

static unsigned int count_stamps(const struct wbxml_node *data)
{
	const struct wbxml_node *node;
	unsigned int count = 0;

	node = wbxml_node_child(wbxml_node_child(data,
		EAS_CALENDAR_EXCEPTIONS), EAS_CALENDAR_EXCEPTION);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (wbxml_node_child(node, EAS_CALENDAR_DT_STAMP) != NULL)
			count++;
	}
	return count;
}

static void report(const char *what, const char *text)
{
	i_error("%s:\n%s", what, text);
}

/* -- one field -- */

static void
write_node(const struct wbxml_node *node, struct wbxml_writer *writer)
{
	const struct wbxml_node *child = node->children;

	if (child == NULL) {
		wbxml_text(writer, node->tag, wbxml_node_text(node));
		return;
	}
	wbxml_open(writer, node->tag);
	for (; child != NULL; child = child->next)
		write_node(child, writer);
	wbxml_close(writer);
}

/* The event as it was shown, with another subject. */
static struct wbxml_node *
edit_subject(struct test_class *test, const struct wbxml_node *shown)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const struct wbxml_node *node;

	for (node = shown->children; node != NULL; node = node->next) {
		if (node->tag == EAS_CALENDAR_SUBJECT)
			wbxml_text(writer, node->tag, "another one");
		else
			write_node(node, writer);
	}
	return test_class_data_end(test, &writer);
}

/* The lines that must not change with the subject. */
static const char *other_lines(const char *text)
{
	static const char *const names[] = {
		"SUMMARY:", "DTSTAMP:", "LAST-MODIFIED:", NULL
	};
	const char *const *lines = t_strsplit(text, "\n");
	string_t *str = t_str_new(strlen(text));

	for (; *lines != NULL; lines++) {
		unsigned int i = 0;

		while (names[i] != NULL &&
		       strncmp(*lines, names[i], strlen(names[i])) != 0)
			i++;
		if (names[i] == NULL)
			str_append(str, *lines);
	}
	return str_c(str);
}

static void
test_edit(struct test_class *test, const char *text,
	  const struct wbxml_node *shown, unsigned int n)
{
	const char *edited;

	edited = test_class_apply(test, text, edit_subject(test, shown));
	test_assert_idx(edited != NULL, n);
	if (edited == NULL)
		return;
	test_assert_idx(strstr(edited, "SUMMARY:another one") != NULL, n);
	if (strcmp(other_lines(text), other_lines(edited)) != 0) {
		test_assert_idx(FALSE, n);
		report(t_strdup_printf("%u edited", test->req.version), text);
		report("into", edited);
	}
}

static void test_one(unsigned int n)
{
	struct test_class first, second;
	struct wbxml_node *said, *shown, *other, *again;
	const char *text, *same, *copy;
	unsigned int from, to;

	from = versions[test_class_pick(N_ELEMENTS(versions))];
	to = versions[test_class_pick(N_ELEMENTS(versions))];
	test_class_init(&first, &eas_class_calendar, from);
	test_class_init(&second, &eas_class_calendar, to);

	said = random_data(&first);
	text = test_class_apply(&first, NULL, said);
	test_assert_idx(text != NULL, n);
	shown = text == NULL ? NULL : test_class_write(&first, text);
	test_assert_idx(shown != NULL, n);
	if (shown != NULL && !is_shown(said, shown)) {
		test_assert_idx(FALSE, n);
		report("stored", text);
	}
	/* the other device sends back what it is shown: nothing changes */
	other = text == NULL ? NULL : test_class_write(&second, text);
	test_assert_idx(other != NULL, n);
	if (other != NULL) {
		/* those that it changed have a time of their own */
		if (from < EAS_VERSION_16_0) {
			test_assert_idx(count_stamps(said) ==
					count_stamps(other), n);
		}
		same = test_class_apply(&second, text, other);
		if (null_strcmp(same, text) != 0) {
			test_assert_idx(FALSE, n);
			report(t_strdup_printf("%u to %u changed", from, to),
			       text);
			report("into", same == NULL ? second.error : same);
		}
		test_edit(&second, text, other, n);
		/* it copies the event: what it shows is the same */
		copy = test_class_apply(&second, NULL, other);
		again = copy == NULL ? NULL : test_class_write(&second, copy);
		test_assert_idx(again != NULL, n);
		if (again != NULL && !nodes_equal(other, again)) {
			test_assert_idx(FALSE, n);
			report(t_strdup_printf("%u to %u copied", from, to),
			       text);
			report("as", copy);
		}
	}
	test_class_deinit(&first);
	test_class_deinit(&second);
}

static void test_calendar_random(void)
{
	test_begin("class calendar: round trips of random events");
	for (unsigned int i = 0; i < EVENTS && !test_has_failed(); i++) T_BEGIN {
		test_one(i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_calendar_random,
		NULL
	};
	int ret;

	(void)setenv("TZ", "Europe/Berlin", 1);
	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
