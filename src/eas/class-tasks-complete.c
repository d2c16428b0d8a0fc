/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule-iter.h"
#include "pim-values.h"
#include "class-tasks-private.h"

/* A recurring task is one item whose dates are those of the occurrence to be done next. Many
   devices do both steps of a completion themselves: they move the task on and add a
   completed one with DeadOccur. One that only says Complete leaves it to the server, as Exchange
   does it. What others see is the same either way: an open task with the next
   date, and a completed one without a rule. */

ARRAY_DEFINE_TYPE(tasks_time, int64_t);

/* EXDATEs that are looked at */
#define TASKS_EXCLUDED_MAX 1000

bool tasks_is_complete(const struct pim_component *task)
{
	const char *status = pim_component_value(task, "STATUS");

	/* as pim-item.c, which FilterType 8 relies on */
	return pim_property_find(task, "COMPLETED") != NULL ||
		(status != NULL && strcasecmp(status, "COMPLETED") == 0);
}

int64_t tasks_completed(const struct pim_component *task, int64_t unknown)
{
	static const char *const names[] = { "COMPLETED", "LAST-MODIFIED" };
	const char *value;
	bool is_date, is_utc;
	int64_t t;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		value = pim_component_value(task, names[i]);
		if (value != NULL &&
		    pim_ical_time_parse(value, &t, &is_date, &is_utc) == 0)
			return t;
	}
	return unknown;
}

void tasks_set_complete(struct pim_component *task, int64_t completed,
			time_t now)
{
	bool was_complete = tasks_is_complete(task);

	if (was_complete &&
	    (completed == 0 || completed == tasks_completed(task, now)))
		return;
	pim_component_set_value(task, "COMPLETED",
				eas_ical_time(completed == 0 ? now :
					      completed));
	if (was_complete)
		return;
	pim_component_set_value(task, "STATUS", "COMPLETED");
	pim_component_set_value(task, "PERCENT-COMPLETE", "100");
}

void tasks_set_open(struct pim_component *task)
{
	if (!tasks_is_complete(task))
		return;
	(void)pim_component_remove_all(task, "COMPLETED");
	(void)pim_component_remove_all(task, "PERCENT-COMPLETE");
	pim_component_set_value(task, "STATUS", "NEEDS-ACTION");
}

/* -- the occurrence that was done -- */

static void
tasks_copy_strip(struct eas_ical *copy)
{
	static const char *const names[] = {
		"RRULE", "RDATE", "EXDATE", "EXRULE", "RECURRENCE-ID"
	};
	struct pim_component *comp, *next;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++)
		(void)pim_component_remove_all(copy->item, names[i]);
	comp = pim_component_find(copy->item, "VALARM");
	for (; comp != NULL; comp = next) {
		next = pim_component_next(comp, "VALARM");
		pim_component_remove(comp);
	}
	comp = pim_component_find(copy->calendar, "VTODO");
	for (; comp != NULL; comp = next) {
		next = pim_component_next(comp, "VTODO");
		if (comp != copy->item)
			pim_component_remove(comp);
	}
}

/* The task as it is now, done and without its rule. Its UID is the same if the same occurrence
   is done again. NULL = it is too large to be read again. */
static string_t *
tasks_copy(struct eas_class_apply *apply, const struct eas_ical *ical,
	   const struct tasks_date *anchor, int64_t completed)
{
	struct store_item item;
	struct eas_ical copy;
	string_t *text = t_str_new(1024), *uid = t_str_new(64);
	const char *error, *old_uid = pim_component_text(ical->item, "UID");

	pim_lines_write(ical->doc, text);
	i_zero(&item);
	item.text = str_c(text);
	item.size = str_len(text);
	if (eas_ical_parse(apply->req, &item, "VTODO", &copy, &error) < 0)
		return NULL;
	str_append(uid, old_uid == NULL ? apply->new_uid : old_uid);
	str_append_c(uid, '-');
	pim_ical_time_append(uid, anchor->local, FALSE, FALSE);
	tasks_copy_strip(&copy);
	pim_component_set_text(copy.item, "UID", str_c(uid));
	pim_component_set_value(copy.item, "LAST-MODIFIED",
				eas_ical_time(apply->now));
	tasks_set_complete(copy.item, completed, apply->now);
	str_truncate(text, 0);
	pim_lines_write(copy.doc, text);
	eas_ical_free(&copy);
	return text;
}

/* -- the next one -- */

static void
tasks_excluded(const struct eas_ical *ical, int offset,
	       ARRAY_TYPE(tasks_time) *excluded)
{
	struct pim_property *prop = pim_property_find(ical->item, "EXDATE");
	const char *pos, *value;
	bool is_date, is_utc;
	int64_t t;

	for (; prop != NULL; prop = pim_property_next(prop, "EXDATE")) {
		pos = pim_property_value(prop);
		while (pim_values_next(&pos, &value)) {
			if (array_count(excluded) == TASKS_EXCLUDED_MAX)
				return;
			if (pim_ical_time_parse(value, &t, &is_date,
						&is_utc) < 0)
				continue;
			if (is_utc)
				t += offset;
			array_push_back(excluded, &t);
		}
	}
}

static int64_t tasks_add_months(int64_t days, unsigned int months)
{
	unsigned int month, day;
	int year;

	pim_date_from_days(days, &year, &month, &day);
	month += months - 1;
	year += month / 12;
	month = month % 12 + 1;
	return pim_date_to_days(year, month,
				I_MIN(day, pim_month_length(year, month)));
}

/* So many days, weeks, ... after it was done. */
static int64_t
tasks_regenerated(const struct pim_rrule *rrule,
		  const struct tasks_date *anchor, int64_t completed)
{
	int64_t days = pim_days_of(completed + (anchor->local - anchor->utc));
	unsigned int interval = I_MIN(rrule->interval,
				      PIM_RECURRENCE_INTERVAL_MAX);

	switch (rrule->freq) {
	case PIM_FREQ_WEEKLY:
		days += (int64_t)interval * 7;
		break;
	case PIM_FREQ_MONTHLY:
		days = tasks_add_months(days, interval);
		break;
	case PIM_FREQ_YEARLY:
		days = tasks_add_months(days, interval * 12);
		break;
	default:
		days += interval;
		break;
	}
	return days * PIM_DAY +
		(anchor->local - pim_days_of(anchor->local) * PIM_DAY);
}

/* Takes passed ones off COUNT. Returns FALSE if none is left. */
static bool tasks_rule_count(const char *rule, unsigned int passed,
			     string_t *dest)
{
	const char *const *parts = t_strsplit(rule, ";");
	unsigned int count;

	for (; *parts != NULL; parts++) {
		if (str_len(dest) > 0)
			str_append_c(dest, ';');
		if (strncasecmp(*parts, "COUNT=", 6) != 0 ||
		    str_to_uint(*parts + 6, &count) < 0) {
			str_append(dest, *parts);
			continue;
		}
		if (count <= passed)
			return FALSE;
		str_printfa(dest, "COUNT=%u", count - passed);
	}
	return TRUE;
}

/* Returns 1, 0 if that was the last one, -1 if it can't be computed. */
static int
tasks_find_next(const struct eas_ical *ical, const struct tasks_date *anchor,
		const struct tasks_recurrence *rec, int64_t completed,
		string_t *rule, int64_t *next_r)
{
	const char *value = pim_property_value(tasks_recurrence_rule(ical));
	/* the rule's own clock */
	int64_t start = anchor->is_utc ? anchor->utc : anchor->local;
	int offset = start - anchor->utc, ret;
	ARRAY_TYPE(tasks_time) excluded;
	struct pim_rrule rrule;
	unsigned int passed = 1;

	if (pim_rrule_parse(value, &rrule) < 0)
		return -1;
	if (rec->regenerate) {
		*next_r = tasks_regenerated(&rrule, anchor, completed);
		if ((rrule.has_until && *next_r > rrule.until) ||
		    *next_r > PIM_TIME_MAX)
			return 0;
	} else {
		t_array_init(&excluded, 8);
		tasks_excluded(ical, offset, &excluded);
		ret = pim_rrule_next(value, start, offset,
				     array_count(&excluded) == 0 ? NULL :
				     array_front(&excluded),
				     array_count(&excluded), next_r, &passed);
		if (ret <= 0)
			return ret;
		*next_r += anchor->local - start;
	}
	return tasks_rule_count(value, passed, rule) ? 1 : 0;
}

bool tasks_complete_occurrence(struct eas_class_apply *apply,
			       const struct eas_ical *ical, int64_t completed)
{
	const struct tasks_date *anchor;
	struct tasks_recurrence rec;
	struct tasks_dates dates;
	struct pim_property *prop = tasks_recurrence_rule(ical);
	string_t *rule = t_str_new(64);
	int64_t next;

	tasks_dates_read(ical, &dates);
	anchor = tasks_dates_anchor(&dates);
	if (anchor == NULL)
		return FALSE;
	if (completed == 0)
		completed = apply->now;
	/* one that this version can't show is a rule all the same */
	if (tasks_recurrence_read(ical, &dates, EAS_VERSION_16_1, &rec) == 0)
		rec.start = anchor->local;
	if (tasks_find_next(ical, anchor, &rec, completed, rule, &next) <= 0)
		return FALSE;
	apply->more = tasks_copy(apply, ical, anchor, completed);
	if (apply->more == NULL)
		return FALSE;
	apply->tell = TRUE;
	pim_property_set_value(prop, str_c(rule));
	tasks_recurrence_set_start(prop, rec.start);
	tasks_dates_move(ical, next);
	tasks_set_open(ical->item);
	return TRUE;
}
