/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-values.h"
#include "pim-vtimezone.h"

#include <ctype.h>

#define PIM_OBSERVANCES_MAX 200
#define PIM_RDATES_MAX 200

/* +hhmm[ss] */
static int pim_offset_parse(const char *value, int *offset_r)
{
	unsigned int digits = 0, parts[3] = { 0, 0, 0 };
	int sign;

	if (value == NULL || (*value != '+' && *value != '-'))
		return -1;
	sign = *value++ == '-' ? -1 : 1;
	for (; i_isdigit(value[digits]) && digits < 6; digits++)
		parts[digits / 2] = parts[digits / 2] * 10 +
			(value[digits] - '0');
	if (value[digits] != '\0' || (digits != 4 && digits != 6) ||
	    parts[0] > 24 || parts[1] > 59 || parts[2] > 59)
		return -1;
	*offset_r = sign * (int)(parts[0] * 3600 + parts[1] * 60 + parts[2]);
	return 0;
}

static void
pim_observance_rule(const char *value, struct pim_tz_observance *obs)
{
	struct pim_rrule rrule;

	if (pim_rrule_parse(value, &rrule) < 0 ||
	    rrule.freq != PIM_FREQ_YEARLY || rrule.interval != 1 ||
	    rrule.days_count > 1 || rrule.list_count[PIM_RRULE_MONTH] > 1 ||
	    rrule.list_count[PIM_RRULE_YEAR_DAY] > 0 ||
	    rrule.list_count[PIM_RRULE_WEEK_NO] > 0 || rrule.rscale != NULL)
		return;
	obs->yearly = TRUE;
	obs->until = INT64_MAX;
	/* said in UTC, and by some in local time */
	if (rrule.has_until)
		obs->until = rrule.until - (rrule.until_is_utc ? 0 :
					    obs->before);
	obs->month = rrule.list_first[PIM_RRULE_MONTH];
	if (obs->month > 12)
		obs->month = 0;
	if (rrule.days_count == 0)
		return;
	obs->weekday = rrule.days[0].weekday;
	obs->week = rrule.days[0].week;
	if (obs->week < -5 || obs->week > 5 || obs->week == 0)
		obs->week = 1;
	if (rrule.list_count[PIM_RRULE_SET_POS] == 1)
		obs->week = rrule.list_first[PIM_RRULE_SET_POS] < 0 ? -1 :
			I_MIN(rrule.list_first[PIM_RRULE_SET_POS], 5);
	if (rrule.list_count[PIM_RRULE_MONTH_DAY] > 0 &&
	    rrule.list_first[PIM_RRULE_MONTH_DAY] > 0) {
		for (int day = rrule.list_first[PIM_RRULE_MONTH_DAY];
		     day <= rrule.list_last[PIM_RRULE_MONTH_DAY]; day++)
			obs->month_days |= 1U << day;
	}
}

static void
pim_observance_dates(const struct pim_component *comp,
		     struct pim_tz_observance *obs)
{
	struct pim_property *prop = pim_property_find(comp, "RDATE");
	const char *pos, *value;
	ARRAY(int64_t) dates;
	bool is_date, is_utc;
	int64_t time;

	t_array_init(&dates, 8);
	for (; prop != NULL; prop = pim_property_next(prop, "RDATE")) {
		pos = pim_property_value(prop);
		while (array_count(&dates) < PIM_RDATES_MAX &&
		       pim_values_next(&pos, &value)) {
			if (pim_ical_time_parse(value, &time, &is_date,
						&is_utc) < 0)
				continue;
			if (is_utc)
				time += obs->before;
			array_push_back(&dates, &time);
		}
	}
	obs->dates = array_get(&dates, &obs->dates_count);
}

static bool
pim_observance_parse(const struct pim_component *comp,
		     struct pim_tz_observance *obs_r)
{
	const char *start = pim_component_value(comp, "DTSTART");
	const char *rrule = pim_component_value(comp, "RRULE");
	bool is_date, is_utc;

	i_zero(obs_r);
	if (start == NULL ||
	    pim_ical_time_parse(start, &obs_r->start, &is_date, &is_utc) < 0 ||
	    pim_offset_parse(pim_component_value(comp, "TZOFFSETFROM"),
			     &obs_r->before) < 0 ||
	    pim_offset_parse(pim_component_value(comp, "TZOFFSETTO"),
			     &obs_r->after) < 0)
		return FALSE;
	if (rrule != NULL)
		pim_observance_rule(rrule, obs_r);
	pim_observance_dates(comp, obs_r);
	return TRUE;
}

const struct pim_timezone *
pim_timezone_from_component(pool_t pool, const struct pim_component *comp)
{
	const char *tzid = pim_component_text(comp, "TZID");
	struct pim_component *part = pim_component_find(comp, NULL);
	ARRAY(struct pim_tz_observance) observances;
	struct pim_tz_observance obs;

	t_array_init(&observances, 4);
	for (; part != NULL; part = pim_component_next(part, NULL)) {
		if (array_count(&observances) < PIM_OBSERVANCES_MAX &&
		    pim_observance_parse(part, &obs))
			array_push_back(&observances, &obs);
	}
	if (array_count(&observances) == 0)
		return NULL;
	return pim_timezone_from_observances(pool, tzid == NULL ? "" : tzid,
		array_idx(&observances, 0), array_count(&observances));
}

const struct pim_timezone *
pim_timezone_from_calendar(pool_t pool, const struct pim_component *calendar,
			   const char *tzid,
			   const struct pim_timezone_hints *hints)
{
	const struct pim_timezone *described = NULL;
	struct pim_component *comp;
	const char *name;

	comp = pim_component_find(calendar, "VTIMEZONE");
	for (; comp != NULL; comp = pim_component_next(comp, "VTIMEZONE")) {
		name = pim_component_text(comp, "TZID");
		if (name != NULL && strcmp(name, tzid) == 0) {
			described = pim_timezone_from_component(pool, comp);
			break;
		}
	}
	return pim_timezone_resolve(tzid, described, hints);
}

void pim_timezone_add_component(struct pim_component *calendar,
				const struct pim_timezone *tz, int64_t t)
{
	struct pim_component *comp;
	struct pim_lines *lines;
	const char *tzid, *error;
	string_t *text;

	comp = pim_component_find(calendar, "VTIMEZONE");
	for (; comp != NULL; comp = pim_component_next(comp, "VTIMEZONE")) {
		tzid = pim_component_text(comp, "TZID");
		if (null_strcmp(tzid, pim_timezone_name(tz)) == 0)
			return;
	}
	text = t_str_new(1024);
	pim_timezone_append_vtimezone(text, tz, t);
	if (pim_lines_parse(str_data(text), str_len(text), NULL, &lines,
			    &error) < 0)
		i_panic("A VTIMEZONE of ours: %s", error);
	comp = pim_component_find(pim_lines_root(lines), "VTIMEZONE");
	i_assert(comp != NULL);
	(void)pim_component_add_copy(calendar, comp);
	pim_lines_free(&lines);
}
