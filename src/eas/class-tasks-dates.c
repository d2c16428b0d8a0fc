/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-vtimezone.h"
#include "class-tasks-private.h"

#include <ctype.h>

#define TASKS_OFFSET_PARAM "X-ROOST-OFFSET"

/* -- the clock's difference to UTC -- */

static int tasks_home_offset_local(const struct eas_ical *ical, int64_t local)
{
	return local - pim_timezone_from_local(ical->home, local);
}

/* "+0100", "-093000" */
static bool tasks_offset_parse(const char *value, int *offset_r)
{
	unsigned int len, num[3] = { 0, 0, 0 };

	if (value == NULL || (*value != '+' && *value != '-'))
		return FALSE;
	len = strlen(value + 1);
	if (len != 4 && len != 6)
		return FALSE;
	for (unsigned int i = 0; i < len; i++) {
		if (!i_isdigit(value[i + 1]))
			return FALSE;
		num[i / 2] = num[i / 2] * 10 + (value[i + 1] - '0');
	}
	*offset_r = num[0] * 3600 + num[1] * 60 + num[2];
	if (*value == '-')
		*offset_r = -*offset_r;
	return TRUE;
}

static const char *tasks_offset(int offset)
{
	unsigned int abs_offset = offset < 0 ? -offset : offset;
	const char *str;

	str = t_strdup_printf("%c%02u%02u", offset < 0 ? '-' : '+',
			      abs_offset / 3600, abs_offset / 60 % 60);
	return abs_offset % 60 == 0 ? str :
		t_strdup_printf("%s%02u", str, abs_offset % 60);
}

void tasks_date_set(const struct eas_ical *ical, struct tasks_date *date,
		    const struct tasks_date *old,
		    const int64_t *local, const int64_t *utc)
{
	date->set = TRUE;
	if (local != NULL && utc != NULL) {
		date->local = *local;
		date->utc = *utc;
	} else if (local != NULL) {
		date->local = *local;
		date->utc = *local - (old->set ? old->local - old->utc :
				      tasks_home_offset_local(ical, *local));
	} else {
		date->utc = *utc;
		date->local = *utc + (old->set ? old->local - old->utc :
				      pim_timezone_offset(ical->home, *utc));
	}
}

/* -- read -- */

static void
tasks_date_read_local(const struct eas_ical *ical, int64_t local,
		      struct tasks_date *date)
{
	struct pim_timezone_hints hints;
	const char *tzid = pim_property_param(date->prop, "TZID");
	int offset;

	date->local = local;
	if (tzid != NULL && !date->is_date) {
		i_zero(&hints);
		hints.time = local;
		date->tz = pim_timezone_from_calendar(
			pool_datastack_create(), ical->calendar, tzid, &hints);
	}
	if (date->tz != NULL) {
		date->utc = pim_timezone_from_local(date->tz, local);
		return;
	}
	date->has_offset = tasks_offset_parse(
		pim_property_param(date->prop, TASKS_OFFSET_PARAM), &offset);
	if (!date->has_offset)
		offset = tasks_home_offset_local(ical, local);
	date->utc = local - offset;
}

static void
tasks_date_read(const struct eas_ical *ical, const char *name,
		struct tasks_date *date_r)
{
	int64_t value;
	int offset;

	i_zero(date_r);
	date_r->prop = pim_property_find(ical->item, name);
	if (date_r->prop == NULL ||
	    pim_ical_time_parse(pim_property_value(date_r->prop), &value,
				&date_r->is_date, &date_r->is_utc) < 0)
		return;
	date_r->set = TRUE;
	if (!date_r->is_utc) {
		tasks_date_read_local(ical, value, date_r);
		return;
	}
	date_r->has_offset = tasks_offset_parse(
		pim_property_param(date_r->prop, TASKS_OFFSET_PARAM), &offset);
	if (!date_r->has_offset)
		offset = pim_timezone_offset(ical->home, value);
	date_r->utc = value;
	date_r->local = value + offset;
}

void tasks_dates_read(const struct eas_ical *ical, struct tasks_dates *dates_r)
{
	const char *duration;
	int64_t secs;

	dates_r->home = ical->home;
	tasks_date_read(ical, "DTSTART", &dates_r->start);
	tasks_date_read(ical, "DUE", &dates_r->due);
	duration = pim_component_value(ical->item, "DURATION");
	if (!dates_r->start.set || dates_r->due.set || duration == NULL ||
	    pim_duration_parse(duration, &secs) < 0 || secs < 0)
		return;
	dates_r->due = dates_r->start;
	dates_r->due.prop = NULL;
	dates_r->due.local += secs;
	dates_r->due.utc += secs;
}

const struct tasks_date *tasks_dates_anchor(const struct tasks_dates *dates)
{
	return dates->start.set ? &dates->start :
		dates->due.set ? &dates->due : NULL;
}

/* -- write -- */

/* How a date is to be written. */
struct tasks_form {
	bool is_date, is_floating;
	/* the text's name of the zone, NULL = none */
	const char *tzid;
};

static bool
tasks_date_fits(const struct tasks_date *old, const struct tasks_date *new)
{
	return old->tz != NULL && old->prop != NULL &&
		pim_timezone_offset(old->tz, new->utc) ==
		new->local - new->utc;
}

static void
tasks_date_put(const struct eas_ical *ical, const char *name,
	       const struct tasks_date *date, const struct tasks_form *form)
{
	struct pim_property *prop = pim_property_find(ical->item, name);
	bool local = form->is_date || form->is_floating || form->tzid != NULL;
	int offset = date->local - date->utc;
	string_t *value = t_str_new(32);

	pim_ical_time_append(value, local ? date->local : date->utc,
			     form->is_date, !local);
	if (prop == NULL)
		prop = pim_property_add(ical->item, name, str_c(value));
	pim_property_set_value(prop, str_c(value));
	pim_property_set_param(prop, "VALUE", form->is_date ? "DATE" : NULL);
	pim_property_set_param(prop, "TZID", form->tzid);
	if (form->tzid != NULL ||
	    offset == (local ? tasks_home_offset_local(ical, date->local) :
		       pim_timezone_offset(ical->home, date->utc)))
		pim_property_set_param(prop, TASKS_OFFSET_PARAM, NULL);
	else {
		pim_property_set_param(prop, TASKS_OFFSET_PARAM,
				       tasks_offset(offset));
	}
}

static bool
tasks_date_equal(const struct tasks_date *d1, const struct tasks_date *d2)
{
	return d1->set == d2->set &&
		(!d1->set || (d1->local == d2->local && d1->utc == d2->utc));
}

/* May the dates be days? One that stays and is a time is none (RFC 5545
   3.8.2.3: both are of one type). */
static bool
tasks_date_is_day(const struct tasks_date *old, const struct tasks_date *new,
		  bool changed)
{
	if (!new->set)
		return TRUE;
	if (new->local % PIM_DAY != 0)
		return FALSE;
	return changed || old->is_date;
}

static void
tasks_date_write(const struct eas_ical *ical, const char *name,
		 const struct tasks_date *old, const struct tasks_date *other,
		 const struct tasks_date *new, bool is_date, bool recurring)
{
	struct tasks_form form;

	i_zero(&form);
	form.is_date = is_date;
	if (!is_date && tasks_date_fits(old, new))
		form.tzid = pim_property_param(old->prop, "TZID");
	else if (!is_date && tasks_date_fits(other, new))
		form.tzid = pim_property_param(other->prop, "TZID");
	else
		form.is_floating = recurring;
	tasks_date_put(ical, name, new, &form);
}

void tasks_dates_write(const struct eas_ical *ical,
		       const struct tasks_dates *old,
		       const struct tasks_dates *new, bool recurring)
{
	bool start = !tasks_date_equal(&old->start, &new->start);
	bool due = !tasks_date_equal(&old->due, &new->due);
	bool is_date;

	/* DURATION counts from the start, and stands beside no DUE */
	if (old->due.set && old->due.prop == NULL && (start || due)) {
		(void)pim_component_remove_all(ical->item, "DURATION");
		due = TRUE;
	}
	/* by the clock's days */
	if (recurring && old->start.set && old->start.is_utc)
		start = TRUE;
	if (recurring && old->due.set && old->due.is_utc)
		due = TRUE;
	if (!start && !due)
		return;
	is_date = tasks_date_is_day(&old->start, &new->start, start) &&
		tasks_date_is_day(&old->due, &new->due, due);
	if (!new->start.set)
		(void)pim_component_remove_all(ical->item, "DTSTART");
	else if (start || old->start.is_date != is_date) {
		tasks_date_write(ical, "DTSTART", &old->start, &old->due,
				 &new->start, is_date, recurring);
	}
	if (!new->due.set)
		(void)pim_component_remove_all(ical->item, "DUE");
	else if (due || old->due.is_date != is_date) {
		tasks_date_write(ical, "DUE", &old->due, &old->start,
				 &new->due, is_date, recurring);
	}
}

/* -- the next occurrence -- */

static void
tasks_date_move(const struct eas_ical *ical, const char *name,
		const struct tasks_date *date, int64_t delta)
{
	struct tasks_date new = *date;
	struct tasks_form form;

	if (!date->set || date->prop == NULL)
		return;
	i_zero(&form);
	form.is_date = date->is_date;
	form.is_floating = !date->is_utc;
	new.local += delta;
	if (date->tz != NULL) {
		form.tzid = pim_property_param(date->prop, "TZID");
		new.utc = pim_timezone_from_local(date->tz, new.local);
	} else if (date->has_offset) {
		new.utc += delta;
	} else {
		new.utc = new.local - tasks_home_offset_local(ical, new.local);
	}
	tasks_date_put(ical, name, &new, &form);
}

void tasks_dates_move(const struct eas_ical *ical, int64_t next)
{
	const struct tasks_date *anchor;
	struct tasks_dates old, new;
	struct pim_component *alarm;
	struct pim_trigger trigger;
	int64_t delta;

	tasks_dates_read(ical, &old);
	anchor = tasks_dates_anchor(&old);
	i_assert(anchor != NULL);
	delta = next - anchor->local;
	tasks_date_move(ical, "DTSTART", &old.start, delta);
	tasks_date_move(ical, "DUE", &old.due, delta);
	alarm = pim_alarm_find(ical->item);
	if (alarm == NULL || pim_alarm_get_trigger(alarm, &trigger) < 0 ||
	    !trigger.absolute)
		return;
	tasks_dates_read(ical, &new);
	trigger.value += trigger.floating ? delta :
		tasks_dates_anchor(&new)->utc - anchor->utc;
	pim_alarm_set_trigger(alarm, &trigger);
}
