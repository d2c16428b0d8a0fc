/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-alarm.h"
#include "pim-text.h"
#include "class-tasks-private.h"

/* element		property
   Subject		SUMMARY
   StartDate, UtcStartDate	DTSTART (class-tasks-dates.c)
   DueDate, UtcDueDate	DUE, or DURATION
   Recurrence		RRULE (class-tasks-recurrence.c)
   Complete		STATUS, with PERCENT-COMPLETE
   DateCompleted	COMPLETED
   ReminderSet, -Time	the first VALARM that shows or sounds
   OrdinalDate		X-ROOST-ORDINAL-DATE
   SubOrdinalDate	X-ROOST-SUB-ORDINAL-DATE
   and Body, Categories, Importance and Sensitivity as all have them (eas-class-ical.h)

   [MS-ASCMD] 2.2.3.24: what is absent in a Change is deleted, but for Body, Importance,
   ReminderSet ([MS-ASTASK] 3.2.5.3), what the device does not manage (Supported), and what it
   was not shown. Every device shows a Subject and sends it back: a Change without one is of
   a device that only ticks a task off, and deletes nothing. */

#define TASKS_COMPONENT "VTODO"
#define TASKS_ORDINAL_DATE "X-ROOST-ORDINAL-DATE"
#define TASKS_SUB_ORDINAL_DATE "X-ROOST-SUB-ORDINAL-DATE"
/* [MS-ASCMD] 2.2.3.68.2: open tasks only */
#define TASKS_FILTER_OPEN 8
#define TASKS_SENSITIVITY_MAX 3
#define TASKS_IMPORTANCE_MAX 255
/* 1601 and 4501: "no date" */
#define TASKS_TIME_MIN INT64_C(-11644387200)
#define TASKS_TIME_MAX INT64_C(79870665600)
/* the clocks of the world */
#define TASKS_OFFSET_MAX (26 * 3600)

static const struct eas_class_body_tags tasks_body_tags = {
	.body = EAS_TASKS_BODY,
	.size = EAS_TASKS_BODY_SIZE,
	.truncated = EAS_TASKS_BODY_TRUNCATED,
	.rtf = EAS_TASKS_COMPRESSED_RTF,
};

/* -- reminder -- */

/* When the alarm goes off. */
static bool
tasks_alarm_time(const struct pim_component *alarm,
		 const struct tasks_dates *dates, int64_t *time_r)
{
	const struct tasks_date *base, *other;
	struct pim_trigger trigger;

	if (alarm == NULL || pim_alarm_get_trigger(alarm, &trigger) < 0)
		return FALSE;
	if (trigger.absolute) {
		*time_r = pim_trigger_time(&trigger, dates->home);
		return TRUE;
	}
	*time_r = trigger.value;
	base = trigger.from_end ? &dates->due : &dates->start;
	other = trigger.from_end ? &dates->start : &dates->due;
	if (!base->set)
		base = other;
	*time_r += base->utc;
	return base->set;
}

static void
tasks_set_reminder(struct pim_component *task, const struct tasks_dates *dates,
		   const struct pim_trigger *trigger)
{
	struct pim_component *alarm = pim_alarm_find(task);
	const char *subject;
	int64_t shown;

	if (tasks_alarm_time(alarm, dates, &shown) &&
	    (!trigger->absolute || shown == trigger->value))
		return;
	if (alarm == NULL) {
		subject = pim_component_text(task, "SUMMARY");
		alarm = pim_alarm_add(task, subject == NULL ? "" : subject);
	}
	pim_alarm_set_trigger(alarm, trigger);
}

static int
tasks_apply_reminder(struct eas_class_apply *apply, struct pim_component *task,
		     const struct tasks_dates *dates)
{
	struct pim_trigger trigger;
	bool set = FALSE;
	int ret, ret_time;
	int64_t shown;

	i_zero(&trigger);
	ret = wbxml_child_bool(apply->data, EAS_TASKS_REMINDER_SET, &set);
	ret_time = eas_child_date_time(apply->data, EAS_TASKS_REMINDER_TIME,
				       &trigger.value);
	if (ret < 0 || ret_time < 0) {
		apply->error = "The reminder is malformed";
		return -1;
	}
	if (ret > 0 && !set) {
		if (tasks_alarm_time(pim_alarm_find(task), dates, &shown))
			pim_alarms_remove(task);
		return 0;
	}
	if (ret_time > 0)
		trigger.absolute = TRUE;
	else if (tasks_dates_anchor(dates) == NULL)
		return 0;
	else
		trigger.from_end = dates->due.set;
	if (ret > 0)
		tasks_set_reminder(task, dates, &trigger);
	return 0;
}

/* -- write -- */

static void
tasks_write_date(struct wbxml_writer *writer, unsigned int utc_tag,
		 unsigned int local_tag, const struct tasks_date *date)
{
	if (!date->set)
		return;
	wbxml_text(writer, utc_tag, eas_date_time(date->utc));
	wbxml_text(writer, local_tag, eas_date_time(date->local));
}

static void
tasks_write_ordinal(const struct pim_component *task,
		    struct wbxml_writer *writer)
{
	const char *value = pim_component_value(task, TASKS_ORDINAL_DATE);
	int64_t t;

	if (value != NULL && eas_date_time_parse(value, &t) == 0)
		wbxml_text(writer, EAS_TASKS_ORDINAL_DATE, eas_date_time(t));
	wbxml_text(writer, EAS_TASKS_SUB_ORDINAL_DATE,
		   pim_component_text(task, TASKS_SUB_ORDINAL_DATE));
}

static void
tasks_write_reminder(const struct pim_component *task,
		     const struct tasks_dates *dates,
		     struct wbxml_writer *writer)
{
	int64_t t;
	bool set = tasks_alarm_time(pim_alarm_find(task), dates, &t);

	if (set)
		wbxml_text(writer, EAS_TASKS_REMINDER_TIME, eas_date_time(t));
	wbxml_bool(writer, EAS_TASKS_REMINDER_SET, set);
}

static void
tasks_write_elements(const struct eas_class_write *write,
		     const struct store_item *item,
		     const struct eas_ical *ical, struct wbxml_writer *writer)
{
	unsigned int version = write->req->version;
	struct pim_component *task = ical->item;
	struct tasks_recurrence rec;
	struct tasks_dates dates;
	bool complete = tasks_is_complete(task);
	const char *value;

	tasks_dates_read(ical, &dates);
	value = pim_component_text(task, "SUMMARY");
	wbxml_text(writer, EAS_TASKS_SUBJECT, value == NULL ? "" :
		   pim_text_clean_line(value));
	eas_ical_write_body(write, task, &tasks_body_tags, writer);
	wbxml_uint(writer, EAS_TASKS_IMPORTANCE,
		   eas_ical_get_importance(task));
	tasks_write_date(writer, EAS_TASKS_UTC_START_DATE,
			 EAS_TASKS_START_DATE, &dates.start);
	tasks_write_date(writer, EAS_TASKS_UTC_DUE_DATE, EAS_TASKS_DUE_DATE,
			 &dates.due);
	eas_ical_write_categories(task, writer, EAS_TASKS_CATEGORIES,
				  EAS_TASKS_CATEGORY);
	if (tasks_recurrence_read(ical, &dates, version, &rec) > 0)
		tasks_recurrence_write(&rec, version, writer);
	wbxml_bool(writer, EAS_TASKS_COMPLETE, complete);
	if (complete) {
		wbxml_text(writer, EAS_TASKS_DATE_COMPLETED, eas_date_time(
				tasks_completed(task, item->changed)));
	}
	wbxml_uint(writer, EAS_TASKS_SENSITIVITY,
		   eas_ical_get_sensitivity(task));
	tasks_write_reminder(task, &dates, writer);
	if (version >= EAS_VERSION_12_0)
		tasks_write_ordinal(task, writer);
}

static int
tasks_write(const struct eas_class_write *write, const struct store_item *item,
	    struct wbxml_writer *writer, const char **error_r)
{
	struct eas_ical ical;

	if (eas_ical_parse(write->req, item, TASKS_COMPONENT, &ical,
			   error_r) < 0)
		return -1;
	T_BEGIN {
		tasks_write_elements(write, item, &ical, writer);
	} T_END;
	eas_ical_free(&ical);
	return 0;
}

/* -- apply -- */

/* Is an absent element's value to go? */
static bool
tasks_removes(const struct eas_class_apply *apply, unsigned int tag)
{
	return wbxml_node_child(apply->data, EAS_TASKS_SUBJECT) != NULL &&
		eas_ical_removes(apply, tag);
}

static int
tasks_apply_numbers(struct eas_class_apply *apply, struct pim_component *task)
{
	unsigned int value;
	int ret;

	/* [MS-ASTASK] 2.2.2.14, 3.2.5.3.1: others than the three are kept, an
	   absent one as well */
	ret = wbxml_child_uint(apply->data, EAS_TASKS_IMPORTANCE, &value);
	if (ret < 0 || (ret > 0 && value > TASKS_IMPORTANCE_MAX)) {
		apply->error = "Importance is no byte";
		return -1;
	}
	if (ret > 0)
		eas_ical_set_importance(task, value);
	ret = wbxml_child_uint(apply->data, EAS_TASKS_SENSITIVITY, &value);
	if (ret < 0 || (ret > 0 && value > TASKS_SENSITIVITY_MAX)) {
		apply->error = "Sensitivity is none of 0 to 3";
		return -1;
	}
	if (ret > 0)
		eas_ical_set_sensitivity(task, value);
	else if (tasks_removes(apply, EAS_TASKS_SENSITIVITY))
		eas_ical_set_sensitivity(task, 0);
	return 0;
}

static int
tasks_apply_ordinal(struct eas_class_apply *apply, struct pim_component *task)
{
	const struct wbxml_node *node;
	const char *text, *old;
	int64_t t, old_time;
	int ret;

	ret = eas_child_date_time(apply->data, EAS_TASKS_ORDINAL_DATE, &t);
	if (ret < 0) {
		apply->error = "OrdinalDate is malformed";
		return -1;
	}
	old = pim_component_value(task, TASKS_ORDINAL_DATE);
	if (ret > 0 && (old == NULL ||
			eas_date_time_parse(old, &old_time) < 0 ||
			old_time != t)) {
		pim_component_set_value(task, TASKS_ORDINAL_DATE,
					eas_ical_time(t));
	}
	node = wbxml_node_child(apply->data, EAS_TASKS_SUB_ORDINAL_DATE);
	text = node == NULL ? NULL : eas_class_read_text(apply->req, node);
	if (text != NULL) {
		pim_component_set_text(task, TASKS_SUB_ORDINAL_DATE,
				       *text == '\0' ? NULL :
				       pim_text_clean_line(text));
	}
	return 0;
}

/* A pair of dates. One of them is enough: the clock is then the one it was. */
static int
tasks_parse_date(struct eas_class_apply *apply, const struct eas_ical *ical,
		 unsigned int utc_tag, unsigned int local_tag, const struct tasks_date *old,
		 struct tasks_date *new)
{
	int64_t utc, local;
	int utc_ret, local_ret;

	utc_ret = eas_child_date_time(apply->data, utc_tag, &utc);
	local_ret = eas_child_date_time(apply->data, local_tag, &local);
	if (utc_ret < 0 || local_ret < 0) {
		apply->error = "A date is malformed";
		return -1;
	}
	if (utc_ret == 0 && local_ret == 0) {
		if (wbxml_node_child(apply->data, utc_tag) != NULL ||
		    wbxml_node_child(apply->data, local_tag) != NULL ||
		    (tasks_removes(apply, utc_tag) &&
		     tasks_removes(apply, local_tag)))
			new->set = FALSE;
		return 0;
	}
	if (utc_ret > 0 && local_ret > 0 &&
	    (local - utc > TASKS_OFFSET_MAX || utc - local > TASKS_OFFSET_MAX))
		utc_ret = 0;
	tasks_date_set(ical, new, old, local_ret > 0 ? &local : NULL,
		       utc_ret > 0 ? &utc : NULL);
	/* unless somebody's date is that far away: it was shown */
	if ((new->local < TASKS_TIME_MIN || new->local >= TASKS_TIME_MAX) &&
	    !(old->set && old->local == new->local))
		new->set = FALSE;
	return 0;
}

static int
tasks_apply_recurrence(struct eas_class_apply *apply,
		       const struct eas_ical *ical,
		       const struct tasks_dates *dates, bool shown, int given,
		       struct tasks_recurrence *new)
{
	unsigned int version = apply->req->version;
	struct tasks_recurrence old;

	if (given == 0) {
		if (shown && tasks_removes(apply, EAS_TASKS_RECURRENCE))
			tasks_recurrence_remove(ical);
		return 0;
	}
	/* the dates are new already: a rule may say less than the device was
	   shown, and take the rest from them */
	shown = tasks_recurrence_read(ical, dates, version, &old) > 0;
	if (shown && tasks_recurrence_equal(&old, new, version))
		return 0;
	/* what the device does not know it does not change */
	if (shown && version < EAS_VERSION_14_1 &&
	    !new->rec.has_first_day_of_week) {
		new->rec.has_first_day_of_week =
			old.rec.has_first_day_of_week;
		new->rec.first_day_of_week = old.rec.first_day_of_week;
	}
	if (tasks_recurrence_set(ical, dates, new) < 0) {
		apply->error = "Recurrence is malformed";
		return -1;
	}
	return 0;
}

static int
tasks_apply_complete(struct eas_class_apply *apply,
		     const struct eas_ical *ical, bool recurring)
{
	struct pim_component *task = ical->item;
	bool complete = FALSE;
	int64_t completed = 0;
	int ret;

	ret = wbxml_child_bool(apply->data, EAS_TASKS_COMPLETE, &complete);
	if (ret < 0 || eas_child_date_time(apply->data,
					   EAS_TASKS_DATE_COMPLETED,
					   &completed) < 0) {
		apply->error = "Complete is malformed";
		return -1;
	}
	if (ret == 0)
		return 0;
	if (!complete) {
		tasks_set_open(task);
		return 0;
	}
	if (recurring && !tasks_is_complete(task) &&
	    tasks_recurrence_rule(ical) != NULL &&
	    tasks_complete_occurrence(apply, ical, completed))
		return 0;
	tasks_set_complete(task, completed, apply->now);
	return 0;
}

static int
tasks_apply_times(struct eas_class_apply *apply, const struct eas_ical *ical)
{
	struct tasks_recurrence old_rec, new_rec;
	struct tasks_dates old, new;
	bool shown;
	int given;

	tasks_dates_read(ical, &old);
	new = old;
	if (tasks_parse_date(apply, ical, EAS_TASKS_UTC_START_DATE,
			     EAS_TASKS_START_DATE, &old.start,
			     &new.start) < 0 ||
	    tasks_parse_date(apply, ical, EAS_TASKS_UTC_DUE_DATE,
			     EAS_TASKS_DUE_DATE, &old.due, &new.due) < 0)
		return -1;
	given = tasks_recurrence_parse(apply, &new_rec);
	if (given < 0)
		return -1;
	shown = tasks_recurrence_read(ical, &old, apply->req->version,
				      &old_rec) > 0;
	tasks_dates_write(ical, &old, &new, given > 0 && !shown);
	tasks_dates_read(ical, &new);
	if (tasks_apply_recurrence(apply, ical, &new, shown, given,
				   &new_rec) < 0)
		return -1;
	return tasks_apply_reminder(apply, ical->item, &new);
}

static int
tasks_apply_elements(struct eas_class_apply *apply, const struct eas_ical *ical)
{
	struct pim_component *task = ical->item;
	bool recurring = tasks_recurrence_rule(ical) != NULL;

	eas_ical_apply_subject(apply, task, EAS_TASKS_SUBJECT);
	if (eas_ical_apply_body(apply, task, &tasks_body_tags) < 0 ||
	    eas_ical_apply_categories(apply, task, EAS_TASKS_CATEGORIES,
				      EAS_TASKS_CATEGORY,
				      tasks_removes(apply,
						EAS_TASKS_CATEGORIES)) < 0 ||
	    tasks_apply_numbers(apply, task) < 0 ||
	    tasks_apply_ordinal(apply, task) < 0 ||
	    tasks_apply_times(apply, ical) < 0)
		return -1;
	return tasks_apply_complete(apply, ical, recurring);
}

static int tasks_apply(struct eas_class_apply *apply)
{
	struct eas_ical ical;
	int ret;

	if (eas_ical_edit(apply, TASKS_COMPONENT, &ical) < 0)
		return -1;
	ret = tasks_apply_elements(apply, &ical);
	if (ret == 0)
		eas_ical_finish(apply, &ical);
	eas_ical_free(&ical);
	return ret < 0 ? -1 : 1;
}

const struct eas_class eas_class_tasks = {
	.name = "Tasks",
	.kind = STORE_KIND_TASKS,
	.min_version = EAS_VERSION_2_5,
	.filter_types = 1U << TASKS_FILTER_OPEN,
	.write = tasks_write,
	.apply = tasks_apply,
};
