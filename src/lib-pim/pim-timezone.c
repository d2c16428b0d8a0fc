/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-tz-structure.h"
#include "pim-timezone-private.h"

#include <time.h>

/* How far a rule is followed to find out which one it is. */
#define PIM_TZ_VOTE_YEARS 10

const char *pim_timezone_name(const struct pim_timezone *tz)
{
	return tz->name;
}

bool pim_timezone_is_known(const struct pim_timezone *tz)
{
	return tz->known;
}

/* The last transition that is not after t. */
static const struct pim_tz_transition *
pim_timezone_find_transition(const struct pim_timezone *tz, int64_t t)
{
	unsigned int left = 0, right = tz->count, middle;

	while (left < right) {
		middle = (left + right) / 2;
		if (tz->transitions[middle].time <= t)
			left = middle + 1;
		else
			right = middle;
	}
	return left == 0 ? NULL : &tz->transitions[left - 1];
}

int pim_timezone_offset(const struct pim_timezone *tz, int64_t t)
{
	const struct pim_tz_transition *transition;

	transition = pim_timezone_find_transition(tz, t);
	if (tz->has_rule && (tz->count == 0 ||
			     t > tz->transitions[tz->count - 1].time))
		return pim_tz_rule_offset(&tz->rule, t);
	return transition == NULL ? tz->first_offset : transition->after;
}

int64_t pim_timezone_to_local(const struct pim_timezone *tz, int64_t t)
{
	return t + pim_timezone_offset(tz, t);
}

int64_t pim_timezone_nearest_day(const struct pim_timezone *tz, int64_t t)
{
	return t % PIM_DAY == 0 ? pim_days_of(t) :
		pim_days_of(pim_timezone_to_local(tz, t) + PIM_DAY / 2);
}

int64_t pim_timezone_from_local(const struct pim_timezone *tz, int64_t local)
{
	/* no clock is changed twice within two days */
	int before = pim_timezone_offset(tz, local - PIM_DAY);
	int after = pim_timezone_offset(tz, local + PIM_DAY);

	if (before != after &&
	    pim_timezone_offset(tz, local - before) != before &&
	    pim_timezone_offset(tz, local - after) == after)
		return local - after;
	return local - before;
}

static bool
pim_tz_in_year(const struct pim_tz_transition *transition, int year)
{
	return pim_year_of(transition->time + transition->before) == year;
}

unsigned int
pim_timezone_year(const struct pim_timezone *tz, int year,
		  struct pim_tz_transition *transitions_r, unsigned int max)
{
	struct pim_tz_transition ruled[2];
	int64_t start = pim_date_to_days(year, 1, 1) * PIM_DAY - 2 * PIM_DAY;
	int64_t last = tz->count == 0 ? INT64_MIN :
		tz->transitions[tz->count - 1].time;
	const struct pim_tz_transition *transition;
	unsigned int count = 0, n;

	transition = pim_timezone_find_transition(tz, start);
	transition = transition == NULL ? tz->transitions : transition + 1;
	for (; transition != NULL && transition < tz->transitions + tz->count &&
	       transition->time < start + 370 * PIM_DAY; transition++) {
		if (pim_tz_in_year(transition, year) && count < max)
			transitions_r[count++] = *transition;
	}
	if (!tz->has_rule)
		return count;
	/* Times like 26:00 may put a change into the year beside. */
	for (int y = year - 1; y <= year + 1; y++) {
		n = pim_tz_rule_year(&tz->rule, y, ruled);
		for (unsigned int i = 0; i < n; i++) {
			if (ruled[i].time > last && count < max &&
			    pim_tz_in_year(&ruled[i], year))
				transitions_r[count++] = ruled[i];
		}
	}
	return count;
}

static bool
pim_timezone_has_edge(const struct pim_timezone *tz, int year,
		      const struct pim_tz_edge *edge,
		      const struct pim_tz_transition *like)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	unsigned int count = pim_timezone_year(tz, year, found,
					       N_ELEMENTS(found));
	int64_t time = pim_tz_edge_time(edge, year, like->before);

	for (unsigned int i = 0; i < count; i++) {
		if (found[i].time == time && found[i].before == like->before &&
		    found[i].after == like->after)
			return TRUE;
	}
	return FALSE;
}

/* For how many years around is the change at this edge? */
static unsigned int
pim_timezone_vote(const struct pim_timezone *tz, int year,
		  const struct pim_tz_edge *edge,
		  const struct pim_tz_transition *transition)
{
	unsigned int votes = 0;
	int y;

	for (y = year + 1; y <= year + PIM_TZ_VOTE_YEARS; y++, votes++) {
		if (!pim_timezone_has_edge(tz, y, edge, transition))
			break;
	}
	for (y = year - 1; y >= year - PIM_TZ_VOTE_YEARS; y--, votes++) {
		if (!pim_timezone_has_edge(tz, y, edge, transition))
			break;
	}
	return votes;
}

/* A day may be the month's last Sunday or its fourth; midnight is a day's
   beginning or the end of the one before. All of them are right in this year,
   what is right most years is meant. */
void pim_timezone_edge(const struct pim_timezone *tz,
		       const struct pim_tz_transition *transition,
		       struct pim_tz_edge *edge_r)
{
	int64_t local = transition->time + transition->before;
	int64_t days = pim_days_of(local);
	unsigned int month, day, votes, best = 0;
	struct pim_tz_edge edge;
	int year, year_of_change = pim_year_of(local);
	bool found = FALSE;

	i_zero(&edge);
	edge.seconds = local - days * PIM_DAY;
	for (unsigned int shift = 0; shift < 2; shift++) {
		if (shift == 1) {
			if (edge.seconds != 0)
				break;
			edge.seconds = PIM_DAY;
			days--;
		}
		pim_date_from_days(days, &year, &month, &day);
		if (year != year_of_change)
			break;
		edge.month = month;
		edge.weekday = pim_days_weekday(days);
		for (edge.week = 5; edge.week > 0; edge.week--) {
			if (pim_month_nth_weekday(year, month, edge.week,
						  edge.weekday) != day)
				continue;
			votes = pim_timezone_vote(tz, year, &edge, transition);
			if (!found || votes > best) {
				*edge_r = edge;
				best = votes;
				found = TRUE;
			}
		}
	}
	i_assert(found);
}

/* Chooses the change to and the change back that t is to be seen with. */
static bool
pim_tz_choose(const struct pim_tz_transition *transitions, unsigned int count,
	      int64_t t, unsigned int *index_r)
{
	unsigned int i;

	if (count == 2)
		i = 0;
	else {
		/* the two around t: Ramadan within the summer */
		for (i = 0; i + 1 < count; i++) {
			if (t < transitions[i + 1].time)
				break;
		}
		if (i + 1 >= count || t < transitions[i].time)
			return FALSE;
	}
	*index_r = i;
	return transitions[i].before == transitions[i + 1].after;
}

void pim_timezone_rule(const struct pim_timezone *tz, int64_t t,
		       struct pim_tz_rule *rule_r)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	const struct pim_tz_transition *on, *off;
	int offset = pim_timezone_offset(tz, t);
	unsigned int count, i;

	i_zero(rule_r);
	rule_r->standard_offset = rule_r->daylight_offset = offset;
	count = pim_timezone_year(tz, pim_year_of(t + offset), found,
				  N_ELEMENTS(found));
	if (count < 2 || !pim_tz_choose(found, count, t, &i))
		return;
	on = &found[i];
	off = &found[i + 1];
	if (on->after < on->before) {
		on = &found[i + 1];
		off = &found[i];
	}
	rule_r->standard_offset = on->before;
	rule_r->daylight_offset = on->after;
	rule_r->has_daylight = TRUE;
	pim_timezone_edge(tz, on, &rule_r->to_daylight);
	pim_timezone_edge(tz, off, &rule_r->to_standard);
}

void pim_timezone_append_structure(string_t *dest,
				   const struct pim_timezone *tz, int64_t t)
{
	const char *standard, *daylight, *p;
	struct pim_tz_rule rule;

	pim_timezone_rule(tz, t, &rule);
	standard = pim_timezone_windows_name(tz);
	if (standard == NULL)
		standard = tz->name;
	daylight = standard;
	if ((p = strstr(standard, " Standard Time")) != NULL) {
		daylight = t_strconcat(t_strdup_until(standard, p),
				       " Daylight Time", NULL);
	}
	pim_tz_structure_append(dest, &rule, standard, daylight);
}

const struct pim_timezone *
pim_timezone_from_rule(pool_t pool, const char *name,
		       const struct pim_tz_rule *rule)
{
	struct pim_timezone *tz = p_new(pool, struct pim_timezone, 1);

	tz->name = p_strdup(pool, name);
	tz->first_offset = rule->standard_offset;
	tz->rule = *rule;
	tz->has_rule = TRUE;
	return tz;
}

/* "UTC+05:30", and what else the rule has: equal rules have equal names. */
static const char *pim_tz_rule_name(const struct pim_tz_rule *rule)
{
	const struct pim_tz_edge *edge;
	string_t *str = t_str_new(64);
	int minutes = rule->standard_offset / 60;

	str_printfa(str, "UTC%c%02d:%02d", minutes < 0 ? '-' : '+',
		    abs(minutes) / 60, abs(minutes) % 60);
	if (!rule->has_daylight)
		return str_c(str);
	minutes = (rule->daylight_offset - rule->standard_offset) / 60;
	str_printfa(str, " DST%+d", minutes);
	for (unsigned int i = 0; i < 2; i++) {
		edge = i == 0 ? &rule->to_daylight : &rule->to_standard;
		str_printfa(str, " %u.%u.%u/%02d:%02d", edge->month,
			    edge->week, edge->weekday, edge->seconds / 3600,
			    edge->seconds / 60 % 60);
	}
	return str_c(str);
}

const struct pim_timezone *
pim_timezone_from_structure(pool_t pool, const char *base64,
			    const struct pim_timezone_hints *hints)
{
	struct pim_timezone_hints own = *hints;
	struct pim_tz_structure structure;
	const struct pim_timezone *tz;

	if (pim_tz_structure_parse(base64, &structure) < 0 || structure.empty)
		return NULL;
	if (*structure.standard_name != '\0')
		own.name = structure.standard_name;
	if ((tz = pim_timezone_match(&structure.rule, &own)) != NULL)
		return tz;
	/* many devices send this year's rule for things of any year */
	own.time = time(NULL);
	if ((tz = pim_timezone_match(&structure.rule, &own)) != NULL)
		return tz;
	return pim_timezone_from_rule(pool, pim_tz_rule_name(&structure.rule),
				      &structure.rule);
}
