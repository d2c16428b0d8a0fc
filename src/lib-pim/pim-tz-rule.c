/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-date.h"
#include "pim-tz-rule.h"

int64_t pim_tz_edge_time(const struct pim_tz_edge *edge, int year,
			 int offset_before)
{
	unsigned int day = pim_month_nth_weekday(year, edge->month,
						 edge->week, edge->weekday);

	return pim_date_to_days(year, edge->month, day) * PIM_DAY +
		edge->seconds - offset_before;
}

unsigned int pim_tz_rule_year(const struct pim_tz_rule *rule, int year,
			      struct pim_tz_transition transitions_r[2])
{
	struct pim_tz_transition on, off;

	if (!rule->has_daylight)
		return 0;
	on.before = off.after = rule->standard_offset;
	on.after = off.before = rule->daylight_offset;
	on.time = pim_tz_edge_time(&rule->to_daylight, year, on.before);
	off.time = pim_tz_edge_time(&rule->to_standard, year, off.before);
	transitions_r[0] = on.time < off.time ? on : off;
	transitions_r[1] = on.time < off.time ? off : on;
	return 2;
}

int pim_tz_rule_offset(const struct pim_tz_rule *rule, int64_t t)
{
	struct pim_tz_transition transitions[2];
	int year = pim_year_of(t + rule->standard_offset);
	int offset = rule->standard_offset;

	/* a change may be just beyond the year's end by another clock */
	for (int y = year - 1; y <= year + 1; y++) {
		unsigned int count = pim_tz_rule_year(rule, y, transitions);

		for (unsigned int i = 0; i < count; i++) {
			if (transitions[i].time > t)
				return offset;
			offset = transitions[i].after;
		}
	}
	return offset;
}

/* Structures hold minutes. */
static int64_t pim_minutes(int64_t seconds)
{
	return seconds >= 0 ? (seconds + 30) / 60 : -((-seconds + 30) / 60);
}

bool pim_tz_rule_equals(const struct pim_tz_rule *a,
			const struct pim_tz_rule *b, int year)
{
	struct pim_tz_transition ta[2], tb[2];
	unsigned int count;

	if (a->has_daylight != b->has_daylight ||
	    pim_minutes(a->standard_offset) !=
	    pim_minutes(b->standard_offset))
		return FALSE;
	if (!a->has_daylight)
		return TRUE;
	count = pim_tz_rule_year(a, year, ta);
	(void)pim_tz_rule_year(b, year, tb);
	for (unsigned int i = 0; i < count; i++) {
		if (pim_minutes(ta[i].time) != pim_minutes(tb[i].time) ||
		    pim_minutes(ta[i].after) != pim_minutes(tb[i].after))
			return FALSE;
	}
	return TRUE;
}
