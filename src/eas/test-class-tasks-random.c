/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "class-tasks.h"
#include "eas-class-ical.h"
#include "test-class-tasks.h"
#include "test-common.h"

#include <time.h>

/* Random tasks go from a device of any version to the server, to a device of another version,
   are edited there and come back. Each device sees everything that its version has a word for
   and that the writer's version had one for. */

#define TEST_TASKS 400
#define TEST_SEED 20261128

static const unsigned int versions[] = { 25, 120, 121, 140, 141, 160, 161 };

struct model {
	char subject[64], body[128];
	unsigned int importance, sensitivity, complete;
	bool has_start, has_due, has_reminder, has_recurrence, has_ordinal;
	int64_t start, due, completed, reminder, ordinal;
	int offset;
	unsigned int categories;
	/* Recurrence */
	unsigned int type, occurrences, interval, day_of_week, day_of_month,
		week_of_month, month_of_year, regenerate, dead_occur,
		calendar_type, is_leap_month, first_day_of_week;
	bool has_until, has_first_day_of_week;
	int64_t until, series_start;
};

/* the same numbers everywhere */
static uint32_t random_state;

static unsigned int random_upto(unsigned int limit)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % limit;
}

static bool random_one_of(unsigned int n)
{
	return random_upto(n) == 0;
}

static void random_text(char *dest, unsigned int max, bool lines)
{
	static const char *const pieces[] = {
		"a", "B", "7", ",", ";", "\\", "\"", "ü", "奶", "x y", ":",
		"=", "BEGIN:VTODO", "&", "<b>", "%", "'", "\xf0\x9f\x98\x80",
	};
	unsigned int count = random_upto(6);
	string_t *str = t_str_new(64);

	for (unsigned int i = 0; i < count; i++) {
		if (lines && i > 0 && random_one_of(3))
			str_append(str, "\\r\\n");
		str_append(str, pieces[random_upto(N_ELEMENTS(pieces))]);
	}
	if (i_strocpy(dest, str_c(str), max) < 0)
		i_unreached();
}

/* A day, or a time of a day. */
static int64_t random_time(bool days)
{
	int64_t day = pim_date_to_days(1999 + random_upto(60),
				       1 + random_upto(12),
				       1 + random_upto(28));

	return day * PIM_DAY + (days ? 0 : random_upto(PIM_DAY));
}

static void random_recurrence(struct model *m)
{
	static const unsigned int types[] = { 0, 1, 2, 3, 5, 6 };
	static const unsigned int calendars[] = { 0, 0, 1, 2, 7, 12, 8, 15 };
	bool lunar;

	m->type = types[random_upto(N_ELEMENTS(types))];
	m->interval = random_one_of(2) ? 1 : 1 + random_upto(999);
	if (random_one_of(3))
		m->occurrences = 1 + random_upto(255);
	else if (random_one_of(2)) {
		m->has_until = TRUE;
		m->until = random_time(random_one_of(2));
	}
	m->regenerate = random_one_of(4) ? 1 : 0;
	if (m->complete != 0)
		m->dead_occur = random_one_of(2) ? random_upto(256) : 0;
	m->series_start = random_one_of(2) ? random_time(TRUE) :
		m->has_start ? m->start : m->has_due ? m->due :
		random_time(FALSE);
	if (m->type >= 2) {
		m->calendar_type =
			calendars[random_upto(N_ELEMENTS(calendars))];
	}
	lunar = m->calendar_type == 8 || m->calendar_type == 15;
	switch (m->type) {
	case 1:
		m->day_of_week = 1 + random_upto(127);
		break;
	case 2:
	case 5:
		m->day_of_month = 1 + random_upto(28);
		break;
	case 3:
	case 6:
		m->day_of_week = random_one_of(2) ? 1U << random_upto(7) : 62;
		m->week_of_month = 1 + random_upto(5);
		break;
	}
	if (m->type >= 5) {
		m->month_of_year = 1 + random_upto(12);
		m->is_leap_month = lunar && random_one_of(3) ? 1 : 0;
	}
	if (random_one_of(2)) {
		m->has_first_day_of_week = TRUE;
		m->first_day_of_week = random_upto(7);
	}
}

static void random_model(struct model *m)
{
	static const int offsets[] = {
		3600, 7200, 0, -5 * 3600, 19800, 14 * 3600, -12600
	};
	bool days = random_one_of(2);

	i_zero(m);
	random_text(m->subject, sizeof(m->subject), FALSE);
	random_text(m->body, sizeof(m->body), TRUE);
	m->importance = random_one_of(10) ? random_upto(256) : random_upto(3);
	m->sensitivity = random_upto(4);
	m->complete = random_upto(2);
	m->offset = offsets[random_upto(N_ELEMENTS(offsets))];
	m->has_start = random_one_of(2);
	m->has_due = random_one_of(2);
	m->start = random_time(days);
	m->due = random_time(days && !random_one_of(8));
	m->completed = random_time(FALSE);
	m->has_reminder = random_one_of(2);
	m->reminder = random_time(FALSE);
	m->has_ordinal = random_one_of(3);
	m->ordinal = random_time(FALSE);
	m->categories = random_upto(4);
	m->has_recurrence = random_one_of(2);
	if (m->has_recurrence)
		random_recurrence(m);
}

/* What a device of that version can't say. */
static void model_limit(struct model *m, unsigned int version)
{
	if (version < EAS_VERSION_14_1) {
		m->has_first_day_of_week = FALSE;
		m->first_day_of_week = 0;
	}
	if (version < EAS_VERSION_14_0)
		m->calendar_type = m->is_leap_month = 0;
	if (version < EAS_VERSION_12_0)
		m->has_ordinal = FALSE;
}

static void add_uint(string_t *str, const char *name, unsigned int value)
{
	str_printfa(str, "%s=%u\n", name, value);
}

static void add_time(string_t *str, const char *name, int64_t value)
{
	str_printfa(str, "%s=%s\n", name, eas_date_time(value));
}

static void
add_recurrence(string_t *str, const struct model *m, unsigned int version)
{
	/* a rule in the Gregorian calendar is no picture of one in another */
	if (version < EAS_VERSION_14_0 &&
	    (m->calendar_type == 8 || m->calendar_type == 15))
		return;
	str_append(str, "Recurrence(\n");
	add_uint(str, "Type", m->type);
	add_time(str, "Start", m->series_start);
	if (m->occurrences > 0)
		add_uint(str, "Occurrences", m->occurrences);
	else if (m->has_until)
		add_time(str, "Until", m->until);
	add_uint(str, "Interval", m->interval);
	if (m->day_of_week != 0)
		add_uint(str, "DayOfWeek", m->day_of_week);
	if (m->day_of_month != 0)
		add_uint(str, "DayOfMonth", m->day_of_month);
	if (m->week_of_month != 0)
		add_uint(str, "WeekOfMonth", m->week_of_month);
	if (m->month_of_year != 0)
		add_uint(str, "MonthOfYear", m->month_of_year);
	add_uint(str, "Regenerate", m->regenerate);
	add_uint(str, "DeadOccur", m->dead_occur);
	if (version >= EAS_VERSION_14_0 && m->type >= 2) {
		add_uint(str, "CalendarType", m->calendar_type);
		add_uint(str, "IsLeapMonth", m->is_leap_month);
	}
	if (version >= EAS_VERSION_14_1 &&
	    (m->has_first_day_of_week || m->type == 1)) {
		/* RFC 5545: weeks begin on Mondays */
		add_uint(str, "FirstDayOfWeek", m->has_first_day_of_week ?
			 m->first_day_of_week : 1);
	}
	str_append(str, ")\n");
}

/* How a device of that version sees the task. */
static const char *model_lines(const struct model *m, unsigned int version)
{
	static const char *const categories[] = { "Work", "a,b;c", "日本" };
	string_t *str = t_str_new(1024);

	str_printfa(str, "Subject=%s\n", m->subject);
	if (m->body[0] != '\0')
		str_printfa(str, "Body=%s\n", m->body);
	add_uint(str, "Importance", m->importance);
	if (m->has_start) {
		add_time(str, "UtcStartDate", m->start - m->offset);
		add_time(str, "StartDate", m->start);
	}
	if (m->has_due) {
		add_time(str, "UtcDueDate", m->due - m->offset);
		add_time(str, "DueDate", m->due);
	}
	if (m->categories > 0) {
		str_append(str, "Categories(\n");
		for (unsigned int i = 0; i < m->categories; i++)
			str_printfa(str, "Category=%s\n", categories[i]);
		str_append(str, ")\n");
	}
	if (m->has_recurrence)
		add_recurrence(str, m, version);
	add_uint(str, "Complete", m->complete);
	if (m->complete != 0)
		add_time(str, "DateCompleted", m->completed);
	add_uint(str, "Sensitivity", m->sensitivity);
	if (m->has_reminder)
		add_time(str, "ReminderTime", m->reminder);
	add_uint(str, "ReminderSet", m->has_reminder ? 1 : 0);
	if (m->has_ordinal && version >= EAS_VERSION_12_0) {
		add_time(str, "OrdinalDate", m->ordinal);
		str_printfa(str, "SubOrdinalDate=%"PRId64"\n", m->ordinal);
	}
	return str_c(str);
}

static const char *
device_write(const char *old, const struct model *m, unsigned int version,
	     unsigned int idx)
{
	struct test_class test;
	const char *text;

	test_class_init(&test, &eas_class_tasks, version);
	text = test_class_apply(&test, old, test_tasks_data(&test,
						model_lines(m, version)));
	if (text == NULL)
		i_error("%u at %u: %s\n%s", idx, version, test.error,
			model_lines(m, version));
	test_assert_idx(text != NULL, idx);
	test_assert_idx(test.more == NULL, idx);
	text = t_strdup(text);
	test_class_deinit(&test);
	return text;
}

static void
device_check(const char *text, const struct model *m, unsigned int version,
	     unsigned int idx)
{
	struct test_class test;
	const char *seen, *wanted = model_lines(m, version);

	test_class_init(&test, &eas_class_tasks, version);
	seen = test_tasks_lines(test_class_write(&test, text));
	if (strcmp(seen, wanted) != 0)
		i_error("at %u:\n%s\n%s", version, text, wanted);
	test_assert_strcmp_idx(seen, wanted, idx);
	test_class_deinit(&test);
}

static void test_one(unsigned int idx)
{
	unsigned int v1 = versions[random_upto(N_ELEMENTS(versions))];
	unsigned int v2 = versions[random_upto(N_ELEMENTS(versions))];
	const char *text, *again;
	struct model m, changed;

	random_model(&m);
	model_limit(&m, v1);
	text = device_write(NULL, &m, v1, idx);
	if (text == NULL)
		return;
	for (unsigned int i = 0; i < N_ELEMENTS(versions); i++)
		device_check(text, &m, versions[i], idx);

	/* what a device was shown and sends back is no change */
	again = device_write(text, &m, v2, idx);
	test_assert_strcmp_idx(again, text, idx);

	/* one field of it, whichever version changes it */
	changed = m;
	random_text(changed.subject, sizeof(changed.subject), FALSE);
	again = device_write(text, &changed, v2, idx);
	for (unsigned int i = 0; i < N_ELEMENTS(versions); i++)
		device_check(again, &changed, versions[i], idx);

	/* another task takes its place, and leaves nothing of the first one */
	random_model(&m);
	model_limit(&m, EAS_VERSION_16_1);
	if (changed.complete == 0 && changed.has_recurrence)
		m.complete = 0;
	if (changed.body[0] != '\0' && m.body[0] == '\0')
		memcpy(m.body, changed.body, sizeof(m.body));
	if (!m.has_ordinal) {
		m.has_ordinal = changed.has_ordinal;
		m.ordinal = changed.ordinal;
	}
	again = device_write(again, &m, EAS_VERSION_16_1, idx);
	for (unsigned int i = 0; i < N_ELEMENTS(versions); i++)
		device_check(again, &m, versions[i], idx);
}

static void test_class_tasks_random(void)
{
	test_begin("class tasks: random ones between devices");
	random_state = TEST_SEED;
	for (unsigned int i = 0; i < TEST_TASKS; i++) T_BEGIN {
		test_one(i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_class_tasks_random,
		NULL
	};

	/* days that a device in another zone has set are no midnights here */
	if (setenv("TZ", "Europe/Berlin", 1) < 0)
		i_fatal("setenv() failed: %m");
	tzset();
	return test_run(test_functions);
}
