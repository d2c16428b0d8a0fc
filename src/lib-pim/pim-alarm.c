/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-alarm.h"

#include <ctype.h>

/* 9999 years, so that sums stay numbers */
#define PIM_DURATION_MAX (INT64_C(9999) * 366 * 24 * 3600)

/* ACTION:NONE is what Apple has instead of no alarm. */
static bool pim_alarm_is_reminder(const struct pim_component *alarm)
{
	const char *action = pim_component_value(alarm, "ACTION");

	return action == NULL || strcasecmp(action, "DISPLAY") == 0 ||
		strcasecmp(action, "AUDIO") == 0;
}

struct pim_component *
pim_alarm_next(const struct pim_component *item, struct pim_component *alarm)
{
	alarm = alarm == NULL ? pim_component_find(item, "VALARM") :
		pim_component_next(alarm, "VALARM");
	while (alarm != NULL && !pim_alarm_is_reminder(alarm))
		alarm = pim_component_next(alarm, "VALARM");
	return alarm;
}

struct pim_component *pim_alarm_find(const struct pim_component *item)
{
	struct pim_component *alarm = pim_alarm_next(item, NULL);
	struct pim_trigger trigger;

	while (alarm != NULL && pim_alarm_get_trigger(alarm, &trigger) < 0)
		alarm = pim_alarm_next(item, alarm);
	return alarm;
}

void pim_alarms_remove(struct pim_component *item)
{
	struct pim_component *alarm, *next;

	alarm = pim_component_find(item, "VALARM");
	for (; alarm != NULL; alarm = next) {
		next = pim_component_next(alarm, "VALARM");
		if (pim_alarm_is_reminder(alarm))
			pim_component_remove(alarm);
	}
}

struct pim_component *
pim_alarm_add(struct pim_component *item, const char *text)
{
	struct pim_component *alarm = pim_component_add(item, "VALARM");

	pim_component_set_value(alarm, "ACTION", "DISPLAY");
	pim_component_set_text(alarm, "DESCRIPTION", text);
	return alarm;
}

int pim_alarm_get_trigger(const struct pim_component *alarm,
			  struct pim_trigger *trigger_r)
{
	const struct pim_property *prop = pim_property_find(alarm, "TRIGGER");
	const struct pim_timezone *tz = NULL;
	bool is_date, is_utc;
	const char *tzid;

	i_zero(trigger_r);
	if (prop == NULL)
		return -1;
	/* many leave VALUE out */
	if (pim_ical_time_parse(pim_property_value(prop), &trigger_r->value,
				&is_date, &is_utc) == 0) {
		/* RFC 5545 3.8.6.3 wants UTC, not everybody knows */
		tzid = is_utc ? NULL : pim_property_param(prop, "TZID");
		if (tzid != NULL)
			tz = pim_timezone_find(tzid);
		if (tz != NULL) {
			trigger_r->value = pim_timezone_from_local(
				tz, trigger_r->value);
		}
		trigger_r->absolute = TRUE;
		trigger_r->floating = !is_utc && tz == NULL;
		return 0;
	}
	trigger_r->from_end = pim_property_has_param(prop, "RELATED", "END");
	return pim_duration_parse(pim_property_value(prop),
				  &trigger_r->value);
}

int64_t pim_trigger_before(const struct pim_trigger *trigger,
			   const struct pim_timezone *home, int64_t start,
			   int64_t end)
{
	if (trigger->absolute)
		return start - pim_trigger_time(trigger, home);
	return start - (trigger->value + (trigger->from_end ? end : start));
}

int64_t pim_trigger_time(const struct pim_trigger *trigger,
			 const struct pim_timezone *home)
{
	i_assert(trigger->absolute);
	return trigger->floating ?
		pim_timezone_from_local(home, trigger->value) :
		trigger->value;
}

void pim_alarm_set_trigger(struct pim_component *alarm,
			   const struct pim_trigger *trigger)
{
	struct pim_property *prop = pim_property_find(alarm, "TRIGGER");
	struct pim_trigger old;
	string_t *value = t_str_new(32);

	if (pim_alarm_get_trigger(alarm, &old) == 0 &&
	    old.absolute == trigger->absolute &&
	    old.floating == trigger->floating &&
	    old.value == trigger->value && old.from_end == trigger->from_end)
		return;
	if (trigger->absolute)
		pim_ical_time_append(value, trigger->value, FALSE,
				     !trigger->floating);
	else
		pim_duration_append(value, trigger->value);
	if (prop == NULL)
		prop = pim_property_add(alarm, "TRIGGER", str_c(value));
	pim_property_set_value(prop, str_c(value));
	pim_property_set_param(prop, "TZID", NULL);
	pim_property_set_param(prop, "VALUE", trigger->absolute ?
			       "DATE-TIME" : NULL);
	pim_property_set_param(prop, "RELATED", !trigger->absolute &&
			       trigger->from_end ? "END" : NULL);
}

int pim_duration_parse(const char *value, int64_t *secs_r)
{
	static const struct {
		char unit;
		bool in_time;
		unsigned int secs;
	} units[] = {
		{ 'W', FALSE, 7 * 24 * 3600 },
		{ 'D', FALSE, 24 * 3600 },
		{ 'H', TRUE, 3600 },
		{ 'M', TRUE, 60 },
		{ 'S', TRUE, 1 },
	};
	bool negative = *value == '-', in_time = FALSE;
	int64_t secs = 0, num;
	unsigned int i;

	if (*value == '-' || *value == '+')
		value++;
	if (*value++ != 'P' || *value == '\0')
		return -1;
	while (*value != '\0') {
		if (*value == 'T' && !in_time) {
			in_time = TRUE;
			value++;
			continue;
		}
		if (!i_isdigit(*value))
			return -1;
		for (num = 0; i_isdigit(*value); value++) {
			num = num * 10 + (*value - '0');
			if (num > PIM_DURATION_MAX)
				return -1;
		}
		for (i = 0; i < N_ELEMENTS(units); i++) {
			if (units[i].unit == *value &&
			    units[i].in_time == in_time)
				break;
		}
		if (i == N_ELEMENTS(units) ||
		    num > (PIM_DURATION_MAX - secs) / units[i].secs)
			return -1;
		secs += num * units[i].secs;
		value++;
	}
	*secs_r = negative ? -secs : secs;
	return 0;
}

void pim_duration_append(string_t *dest, int64_t secs)
{
	static const struct {
		char unit;
		unsigned int secs;
	} units[] = { { 'H', 3600 }, { 'M', 60 }, { 'S', 1 } };
	int64_t days;

	if (secs < 0) {
		str_append_c(dest, '-');
		secs = -secs;
	}
	str_append_c(dest, 'P');
	days = secs / (24 * 3600);
	secs %= 24 * 3600;
	if (days > 0)
		str_printfa(dest, "%"PRId64"D", days);
	if (secs == 0) {
		if (days == 0)
			str_append(dest, "T0S");
		return;
	}
	str_append_c(dest, 'T');
	for (unsigned int i = 0; i < N_ELEMENTS(units); i++) {
		if (secs >= units[i].secs) {
			str_printfa(dest, "%"PRId64"%c", secs / units[i].secs,
				    units[i].unit);
			secs %= units[i].secs;
		}
	}
}
