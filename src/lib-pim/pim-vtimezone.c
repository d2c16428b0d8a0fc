/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-timezone-private.h"

/* VTIMEZONE (RFC 5545 3.6.5) in both directions. */

/* What is read of a description: Outlook's begin in 1601. */
#define PIM_VTIMEZONE_FIRST_YEAR 1970
#define PIM_VTIMEZONE_LAST_YEAR 2100
/* Written are the years of an event and that many more; then the rule of the
   last one goes on, if there is one. */
#define PIM_VTIMEZONE_YEARS 30
#define PIM_OFFSET_MAX (26*60*60)

ARRAY_DEFINE_TYPE(pim_tz_transition, struct pim_tz_transition);

static bool
pim_observance_day(const struct pim_tz_observance *obs, int year,
		   unsigned int start_month, unsigned int start_day,
		   unsigned int *month_r, unsigned int *day_r)
{
	unsigned int month = obs->month != 0 ? obs->month : start_month;
	unsigned int day, length = pim_month_length(year, month);

	*month_r = month;
	if (obs->month_days != 0) {
		for (day = 1; day <= length; day++) {
			int64_t days = pim_date_to_days(year, month, day);

			if ((obs->month_days & (1U << day)) != 0 &&
			    pim_days_weekday(days) == obs->weekday) {
				*day_r = day;
				return TRUE;
			}
		}
		return FALSE;
	}
	if (obs->week > 0) {
		day = pim_month_nth_weekday(year, month, 1, obs->weekday) +
			(obs->week - 1) * 7;
	} else if (obs->week < 0) {
		day = pim_month_nth_weekday(year, month, 5, obs->weekday);
		if (day <= (unsigned int)(-obs->week - 1) * 7)
			return FALSE;
		day -= (-obs->week - 1) * 7;
	} else {
		day = start_day;
	}
	*day_r = day;
	return day <= length;
}

static void
pim_observance_add(ARRAY_TYPE(pim_tz_transition) *transitions,
		   const struct pim_tz_observance *obs, int64_t local)
{
	struct pim_tz_transition *transition;

	if (array_count(transitions) < PIM_TZ_TRANSITIONS_MAX) {
		transition = array_append_space(transitions);
		transition->time = local - obs->before;
		transition->before = obs->before;
		transition->after = obs->after;
	}
}

static void
pim_observance_expand(ARRAY_TYPE(pim_tz_transition) *transitions,
		      const struct pim_tz_observance *obs)
{
	int64_t start_days = pim_days_of(obs->start), local;
	unsigned int start_month, start_day, month, day;
	int year;

	pim_observance_add(transitions, obs, obs->start);
	for (unsigned int i = 0; i < obs->dates_count; i++)
		pim_observance_add(transitions, obs, obs->dates[i]);
	if (!obs->yearly)
		return;
	pim_date_from_days(start_days, &year, &start_month, &start_day);
	if (year < PIM_VTIMEZONE_FIRST_YEAR)
		year = PIM_VTIMEZONE_FIRST_YEAR;
	for (; year <= PIM_VTIMEZONE_LAST_YEAR; year++) {
		if (!pim_observance_day(obs, year, start_month, start_day,
					&month, &day))
			continue;
		local = pim_date_to_days(year, month, day) * PIM_DAY +
			obs->start - start_days * PIM_DAY;
		if (local - obs->before > obs->until)
			break;
		if (local > obs->start)
			pim_observance_add(transitions, obs, local);
	}
}

static int pim_tz_transition_cmp(const struct pim_tz_transition *a,
				 const struct pim_tz_transition *b)
{
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return 0;
}

/* What comes before is what was in force, whatever the description says of
   it; a change to the same is none. */
static unsigned int
pim_transitions_clean(struct pim_tz_transition *transitions,
		      unsigned int count, int first_offset)
{
	unsigned int dest = 0;
	int offset = first_offset;

	for (unsigned int i = 0; i < count; i++) {
		if (transitions[i].after == offset)
			continue;
		if (dest > 0 && transitions[dest-1].time ==
					transitions[i].time)
			continue;
		transitions[dest] = transitions[i];
		transitions[dest].before = offset;
		offset = transitions[dest++].after;
	}
	return dest;
}

const struct pim_timezone *
pim_timezone_from_observances(pool_t pool, const char *name,
			      const struct pim_tz_observance *observances,
			      unsigned int count)
{
	ARRAY_TYPE(pim_tz_transition) transitions;
	const struct pim_tz_transition *first;
	struct pim_timezone *tz;
	struct pim_tz_rule rule;
	unsigned int i, used = 0;

	t_array_init(&transitions, 64);
	for (i = 0; i < count; i++) {
		if (abs(observances[i].before) > PIM_OFFSET_MAX ||
		    abs(observances[i].after) > PIM_OFFSET_MAX)
			continue;
		pim_observance_expand(&transitions, &observances[i]);
		used++;
	}
	if (used == 0)
		return NULL;
	array_sort(&transitions, pim_tz_transition_cmp);
	tz = p_new(pool, struct pim_timezone, 1);
	tz->name = p_strdup(pool, name);
	first = array_idx(&transitions, 0);
	tz->first_offset = first->before;
	tz->count = array_count(&transitions);
	tz->transitions = p_memdup(pool, first, tz->count * sizeof(tz->transitions[0]));
	tz->count = pim_transitions_clean(tz->transitions, tz->count,
					  tz->first_offset);
	if (tz->count > 0) {
		int64_t end = pim_date_to_days(PIM_VTIMEZONE_LAST_YEAR,
					       6, 1) * PIM_DAY;

		pim_timezone_rule(tz, end, &rule);
		tz->rule = rule;
		tz->has_rule = TRUE;
	}
	return tz;
}

/* Changes that are the same every year: one part of the VTIMEZONE. */
struct pim_tz_run {
	struct pim_tz_edge edge;
	struct pim_tz_transition first, last;
	int last_year;
	/* goes on beyond the years that were looked at */
	bool endless;
};
ARRAY_DEFINE_TYPE(pim_tz_run, struct pim_tz_run);

/* iCalendar has no time beyond the day's end, and so no rule for the day after
   the last Thursday. */
static bool pim_tz_edge_is_rule(const struct pim_tz_edge *edge)
{
	return edge->seconds >= 0 && edge->seconds < PIM_DAY;
}

static bool
pim_tz_run_continues(const struct pim_tz_run *run, int year,
		     const struct pim_tz_transition *transition)
{
	return run->last_year == year - 1 &&
		pim_tz_edge_is_rule(&run->edge) &&
		run->first.before == transition->before &&
		run->first.after == transition->after &&
		pim_tz_edge_time(&run->edge, year, transition->before) ==
			transition->time;
}

static void
pim_tz_runs_add(const struct pim_timezone *tz, ARRAY_TYPE(pim_tz_run) *runs,
		int year, const struct pim_tz_transition *transition)
{
	struct pim_tz_run *run;

	array_foreach_modifiable(runs, run) {
		if (pim_tz_run_continues(run, year, transition)) {
			run->last = *transition;
			run->last_year = year;
			return;
		}
	}
	run = array_append_space(runs);
	pim_timezone_edge(tz, transition, &run->edge);
	run->first = run->last = *transition;
	run->last_year = year;
}

static void
pim_tz_runs_find(const struct pim_timezone *tz, int from, int to,
		 ARRAY_TYPE(pim_tz_run) *runs)
{
	struct pim_tz_transition found[PIM_TZ_YEAR_MAX];
	struct pim_tz_run *run;
	unsigned int count;

	for (int year = from; year <= to; year++) {
		count = pim_timezone_year(tz, year, found, N_ELEMENTS(found));
		for (unsigned int i = 0; i < count; i++)
			pim_tz_runs_add(tz, runs, year, &found[i]);
	}
	array_foreach_modifiable(runs, run) {
		run->endless = run->last_year == to && tz->has_rule &&
			tz->rule.has_daylight &&
			pim_tz_edge_is_rule(&run->edge);
	}
}

static void pim_append_local(string_t *dest, int64_t local)
{
	int64_t days = pim_days_of(local);
	int seconds = local - days * PIM_DAY, year;
	unsigned int month, day;

	pim_date_from_days(days, &year, &month, &day);
	str_printfa(dest, "%04d%02u%02uT%02d%02d%02d", year, month, day,
		    seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void pim_append_offset(string_t *dest, const char *name, int offset)
{
	str_printfa(dest, "%s:%c%02d%02d", name, offset < 0 ? '-' : '+',
		    abs(offset) / 3600, abs(offset) / 60 % 60);
	if (abs(offset) % 60 != 0)
		str_printfa(dest, "%02d", abs(offset) % 60);
	str_append(dest, "\r\n");
}

static void pim_tz_run_append(string_t *dest, const struct pim_tz_run *run)
{
	static const char *const days[] = {
		"SU", "MO", "TU", "WE", "TH", "FR", "SA"
	};
	const char *type = run->first.after > run->first.before ?
		"DAYLIGHT" : "STANDARD";

	str_printfa(dest, "BEGIN:%s\r\nDTSTART:", type);
	pim_append_local(dest, run->first.time + run->first.before);
	str_append(dest, "\r\n");
	pim_append_offset(dest, "TZOFFSETFROM", run->first.before);
	pim_append_offset(dest, "TZOFFSETTO", run->first.after);
	if (run->endless || run->last.time > run->first.time) {
		str_printfa(dest, "RRULE:FREQ=YEARLY;BYMONTH=%u;BYDAY=%d%s",
			    run->edge.month,
			    run->edge.week == 5 ? -1 : run->edge.week,
			    days[run->edge.weekday]);
		if (!run->endless) {
			str_append(dest, ";UNTIL=");
			pim_append_local(dest, run->last.time);
			str_append_c(dest, 'Z');
		}
		str_append(dest, "\r\n");
	}
	str_printfa(dest, "END:%s\r\n", type);
}

void pim_timezone_append_vtimezone(string_t *dest,
				   const struct pim_timezone *tz, int64_t t)
{
	int year = pim_year_of(pim_timezone_to_local(tz, t));
	struct pim_tz_run fixed;
	const struct pim_tz_run *run, *first;
	ARRAY_TYPE(pim_tz_run) runs;

	str_printfa(dest, "BEGIN:VTIMEZONE\r\nTZID:%s\r\n", tz->name);
	t_array_init(&runs, 8);
	pim_tz_runs_find(tz, year - 1, year + PIM_VTIMEZONE_YEARS, &runs);
	first = array_count(&runs) == 0 ? NULL : array_idx(&runs, 0);
	if (first == NULL || first->first.time >= t) {
		/* nothing has changed yet */
		i_zero(&fixed);
		fixed.first.before = fixed.first.after =
			pim_timezone_offset(tz, t);
		fixed.first.time = pim_date_to_days(year - 1, 1, 1) * PIM_DAY;
		pim_tz_run_append(dest, &fixed);
	}
	array_foreach(&runs, run)
		pim_tz_run_append(dest, run);
	str_append(dest, "END:VTIMEZONE\r\n");
}
