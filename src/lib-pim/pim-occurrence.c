/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "sort.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-recurrence.h"
#include "pim-rrule-iter.h"
#include "pim-timezone.h"
#include "pim-series-private.h"

/* ids of an EXRULE within one window */
#define PIM_EXRULE_MAX 100000
/* so near a change of the clock both times are looked at */
#define PIM_CLOCK_SLACK (2 * PIM_DAY)

struct pim_series_window {
	const struct pim_series *series;
	int64_t from, to;
	unsigned int max;
	/* where occurrences begin that touch it, by the series' clock */
	int64_t local_from, local_to;
	struct pim_rrule_iter *iter;
	ARRAY_TYPE(pim_int64) excluded;
	ARRAY_TYPE(pim_occurrence) found;
	/* something was not looked at */
	bool cut;
};

/*
 * Times
 */

int64_t pim_series_to_utc(const struct pim_series *series, int64_t local)
{
	return pim_timezone_from_local(pim_series_clock(series), local);
}

int64_t pim_length_end(const struct pim_length *length,
		       const struct pim_timezone *tz, int64_t start,
		       int64_t start_local)
{
	int64_t end = start;

	if (length->days != 0) {
		end = pim_timezone_from_local(tz, start_local +
					      length->days * PIM_DAY);
	}
	end += length->secs;
	return I_MAX(end, start);
}

static int pim_int64_cmp(const int64_t *a, const int64_t *b)
{
	return *a < *b ? -1 : (*a > *b ? 1 : 0);
}

static bool pim_int64_find(const ARRAY_TYPE(pim_int64) *values, int64_t value)
{
	unsigned int count;
	const int64_t *array = array_get(values, &count);

	return i_bsearch(&value, array, count, sizeof(*array),
			 pim_int64_cmp) != NULL;
}

static int
pim_change_id_cmp(const int64_t *id, const struct pim_series_change *change)
{
	return pim_int64_cmp(id, &change->id);
}

static int
pim_occurrence_cmp(const struct pim_occurrence *a,
		   const struct pim_occurrence *b)
{
	int ret = pim_int64_cmp(&a->start, &b->start);

	return ret != 0 ? ret : pim_int64_cmp(&a->id, &b->id);
}

/*
 * One occurrence
 */

static bool
pim_series_is_excluded(const struct pim_series *series, int64_t id,
		       int64_t id_local)
{
	return pim_int64_find(&series->exdates, id) ||
		pim_int64_find(&series->exdays, pim_days_of(id_local));
}

static const struct pim_series_change *
pim_series_find_change(const struct pim_series *series, int64_t id)
{
	unsigned int count;
	const struct pim_series_change *changes =
		array_get(&series->changes, &count);

	return i_bsearch(&id, changes, count, sizeof(*changes),
			 pim_change_id_cmp);
}

/* The last RANGE=THISANDFUTURE at or before an id. */
static const struct pim_series_change *
pim_series_find_future(const struct pim_series *series, int64_t id)
{
	unsigned int left = 0, right, middle;
	const struct pim_series_change *futures =
		array_get(&series->futures, &right);

	while (left < right) {
		middle = (left + right) / 2;
		if (futures[middle].id <= id)
			left = middle + 1;
		else
			right = middle;
	}
	return left == 0 ? NULL : &futures[left - 1];
}

static void
pim_series_make_changed(const struct pim_series *series,
			const struct pim_series_change *change,
			struct pim_occurrence *occ_r)
{
	i_zero(occ_r);
	occ_r->id = change->id;
	occ_r->id_local = change->id_local;
	occ_r->start = change->start;
	occ_r->start_local = change->start_local;
	occ_r->end = change->end;
	occ_r->tz = change->tz;
	occ_r->comp = change->comp;
	occ_r->all_day = change->all_day;
	occ_r->changed = TRUE;
	occ_r->cancelled = change->cancelled || series->cancelled;
}

/* An occurrence as the series says it, or from one on which changed all that
   follow. rdate: of one with its own length, else NULL. */
static void
pim_series_make(const struct pim_series *series, int64_t id, int64_t id_local,
		const struct pim_length *length, struct pim_occurrence *occ_r)
{
	const struct pim_series_change *future =
		pim_series_find_future(series, id);
	const struct pim_timezone *tz;

	i_zero(occ_r);
	occ_r->id = id;
	occ_r->id_local = id_local;
	occ_r->start_local = id_local;
	occ_r->tz = series->tz;
	occ_r->comp = series->master;
	occ_r->all_day = series->all_day;
	occ_r->cancelled = series->cancelled;
	if (length == NULL)
		length = &series->length;
	if (future != NULL) {
		occ_r->start_local += future->shift;
		occ_r->comp = future->comp;
		occ_r->all_day = future->all_day;
		occ_r->changed = TRUE;
		occ_r->cancelled |= future->cancelled;
		if (occ_r->all_day) {
			occ_r->tz = NULL;
			occ_r->start_local = PIM_DAY *
				pim_days_of(occ_r->start_local);
		} else if (occ_r->tz == NULL)
			occ_r->tz = future->tz;
		length = &future->length;
	}
	tz = occ_r->tz == NULL ? series->home : occ_r->tz;
	occ_r->start = pim_timezone_from_local(tz, occ_r->start_local);
	occ_r->end = pim_length_end(length, tz, occ_r->start,
				    occ_r->start_local);
}

/*
 * A window
 */

static bool
pim_window_has(const struct pim_series_window *window,
	       const struct pim_occurrence *occ)
{
	if (occ->start >= window->to)
		return FALSE;
	return occ->end > window->from || occ->start >= window->from;
}

/* Adds what the series has at that time, unless it is excluded or changed. */
static void
pim_window_add(struct pim_series_window *window, int64_t id_local,
	       const struct pim_length *length)
{
	const struct pim_series *series = window->series;
	int64_t id = pim_series_to_utc(series, id_local);
	struct pim_occurrence occ;

	if (pim_series_is_excluded(series, id, id_local) ||
	    pim_series_find_change(series, id) != NULL ||
	    pim_int64_find(&window->excluded, id))
		return;
	pim_series_make(series, id, id_local, length, &occ);
	if (pim_window_has(window, &occ))
		array_push_back(&window->found, &occ);
}

/* Of each rule one more than max is enough to know that there are more. */
static void
pim_window_add_rule(struct pim_series_window *window,
		    const struct pim_rrule *rule)
{
	const struct pim_series *series = window->series;
	unsigned int before = array_count(&window->found);
	int64_t local;
	int ret;

	pim_rrule_iter_init(window->iter, rule, series->start_local,
			    pim_series_clock(series), window->local_from,
			    window->local_to);
	while ((ret = pim_rrule_iter_next(window->iter, &local)) > 0) {
		pim_window_add(window, local, NULL);
		if (array_count(&window->found) - before > window->max)
			break;
	}
	if (ret != 0)
		window->cut = TRUE;
}

static void pim_window_add_master(struct pim_series_window *window)
{
	const struct pim_series *series = window->series;
	const struct pim_series_date *date;
	const struct pim_rrule *rule;

	if (series->master == NULL)
		return;
	array_foreach(&series->rules, rule)
		pim_window_add_rule(window, rule);
	if (array_count(&series->rules) == 0)
		pim_window_add(window, series->start_local, NULL);
	array_foreach(&series->rdates, date) {
		pim_window_add(window, date->id_local,
			       date->has_length ? &date->length : NULL);
	}
}

static void pim_window_add_changes(struct pim_series_window *window)
{
	const struct pim_series_change *change;
	struct pim_occurrence occ;

	array_foreach(&window->series->changes, change) {
		pim_series_make_changed(window->series, change, &occ);
		if (pim_window_has(window, &occ))
			array_push_back(&window->found, &occ);
	}
}

static void pim_window_exclude(struct pim_series_window *window)
{
	const struct pim_series *series = window->series;
	const struct pim_rrule *rule;
	int64_t local, id;

	t_array_init(&window->excluded, 16);
	array_foreach(&series->exrules, rule) {
		pim_rrule_iter_init(window->iter, rule, series->start_local,
				    pim_series_clock(series),
				    window->local_from, window->local_to);
		while (array_count(&window->excluded) < PIM_EXRULE_MAX &&
		       pim_rrule_iter_next(window->iter, &local) > 0) {
			id = pim_series_to_utc(series, local);
			array_push_back(&window->excluded, &id);
		}
	}
	array_sort(&window->excluded, pim_int64_cmp);
}

static bool
pim_window_finish(struct pim_series_window *window,
		  ARRAY_TYPE(pim_occurrence) *dest)
{
	const struct pim_occurrence *occ, *prev = NULL;
	unsigned int count = 0;

	array_sort(&window->found, pim_occurrence_cmp);
	array_foreach(&window->found, occ) {
		/* two rules may say the same, and the clock may put two
		   together */
		if (prev != NULL && prev->start == occ->start &&
		    (prev->id == occ->id || (!prev->changed && !occ->changed)))
			continue;
		prev = occ;
		if (count++ == window->max)
			return FALSE;
		array_push_back(dest, occ);
	}
	return !window->cut;
}

/* A time by the series' clock, the latest or earliest that may be meant. */
static int64_t
pim_series_window_local(const struct pim_series *series, int64_t t, bool latest)
{
	const struct pim_timezone *clock = pim_series_clock(series);
	int offset = pim_timezone_offset(clock, t), other;

	for (int i = -1; i <= 1; i += 2) {
		other = pim_timezone_offset(clock, t + i * PIM_CLOCK_SLACK);
		if (latest ? other > offset : other < offset)
			offset = other;
	}
	return t + offset;
}

bool pim_series_get(const struct pim_series *series, int64_t from, int64_t to,
		    unsigned int max, ARRAY_TYPE(pim_occurrence) *dest)
{
	struct pim_series_window window = {
		.series = series,
		.from = pim_time_clamp(from),
		.to = pim_time_clamp(to),
		.max = max,
		.iter = t_new(struct pim_rrule_iter, 1),
	};

	window.local_from = pim_series_window_local(series, window.from -
						    series->reach_back, FALSE);
	window.local_to = pim_series_window_local(series, window.to +
						  series->reach_ahead, TRUE);
	t_array_init(&window.found, 32);
	pim_window_exclude(&window);
	pim_window_add_master(&window);
	pim_window_add_changes(&window);
	return pim_window_finish(&window, dest);
}

/*
 * One id
 */

/* Does a rule say this time? */
static bool
pim_rules_have(const struct pim_series *series,
	       const ARRAY_TYPE(pim_rrule) *rules, int64_t local)
{
	struct pim_rrule_iter *iter = t_new(struct pim_rrule_iter, 1);
	const struct pim_rrule *rule;
	int64_t next;

	array_foreach(rules, rule) {
		pim_rrule_iter_init(iter, rule, series->start_local,
				    pim_series_clock(series), local, local);
		while (pim_rrule_iter_next(iter, &next) > 0) {
			if (next == local)
				return TRUE;
		}
	}
	return FALSE;
}

static bool
pim_series_leaves_out(const struct pim_series *series, int64_t id,
		      int64_t id_local)
{
	return pim_series_is_excluded(series, id, id_local) ||
		pim_rules_have(series, &series->exrules, id_local);
}

/* Is the id an occurrence by that local time? */
static bool
pim_series_says(const struct pim_series *series, int64_t id, int64_t id_local)
{
	return pim_series_to_utc(series, id_local) == id &&
		(id_local == series->start_local ||
		 pim_rules_have(series, &series->rules, id_local)) &&
		!pim_series_leaves_out(series, id, id_local);
}

static bool
pim_series_find_date(const struct pim_series *series, int64_t id,
		     struct pim_occurrence *occurrence_r)
{
	const struct pim_series_date *date;

	array_foreach(&series->rdates, date) {
		if (pim_series_to_utc(series, date->id_local) != id)
			continue;
		if (pim_series_leaves_out(series, id, date->id_local))
			return FALSE;
		pim_series_make(series, id, date->id_local, date->has_length ?
				&date->length : NULL, occurrence_r);
		return TRUE;
	}
	return FALSE;
}

bool pim_series_find(const struct pim_series *series, int64_t id,
		     struct pim_occurrence *occurrence_r)
{
	const struct pim_timezone *clock = pim_series_clock(series);
	const struct pim_series_change *change;
	int64_t local, before;
	bool found;

	change = pim_series_find_change(series, id);
	if (change != NULL) {
		pim_series_make_changed(series, change, occurrence_r);
		return TRUE;
	}
	if (id < PIM_TIME_MIN || id > PIM_TIME_MAX || series->master == NULL)
		return FALSE;
	local = pim_timezone_to_local(clock, id);
	/* a time that a change of the clock leaves out is read by that of
	   before */
	before = id + pim_timezone_offset(clock, id - PIM_CLOCK_SLACK);
	T_BEGIN {
		found = pim_series_says(series, id, local);
		if (!found && before != local) {
			local = before;
			found = pim_series_says(series, id, local);
		}
		if (found) {
			pim_series_make(series, id, local, NULL,
					occurrence_r);
		} else {
			found = pim_series_find_date(series, id, occurrence_r);
		}
	} T_END;
	return found;
}

/*
 * The whole
 */

/* The last time that a rule says; an UNTIL itself if that can't be found.
   Returns FALSE if there is none. */
static bool
pim_rule_last(const struct pim_series *series, const struct pim_rrule *rule,
	      int64_t *last_r)
{
	struct pim_rrule_iter *iter = t_new(struct pim_rrule_iter, 1);
	int64_t local;
	int ret;

	if (rule->count == 0 && !rule->has_until)
		return FALSE;
	pim_rrule_iter_init(iter, rule, series->start_local,
			    pim_series_clock(series), PIM_TIME_MIN,
			    PIM_TIME_MAX);
	*last_r = series->start_local;
	while ((ret = pim_rrule_iter_next(iter, &local)) > 0)
		*last_r = local;
	if (ret == 0 && !iter->incomplete)
		return TRUE;
	/* the day is one too many rather than one too few */
	*last_r = I_MAX(series->start_local, rule->until + PIM_DAY);
	return rule->has_until;
}

/* The end of one that begins at that local time. */
static int64_t
pim_series_end_at(const struct pim_series *series, int64_t id_local,
		  const struct pim_length *length)
{
	struct pim_occurrence occ;

	pim_series_make(series, pim_series_to_utc(series, id_local), id_local,
			length, &occ);
	return occ.end;
}

bool pim_series_get_range(const struct pim_series *series, int64_t *first_r,
			  int64_t *last_r)
{
	const struct pim_series_change *change;
	const struct pim_series_date *date;
	const struct pim_rrule *rule;
	int64_t first = INT64_MAX, last = INT64_MIN, local, start;
	bool ends = TRUE;

	if (series->master != NULL) {
		first = pim_series_to_utc(series, series->start_local);
		last = pim_series_end_at(series, series->start_local, NULL);
	}
	array_foreach(&series->rules, rule) T_BEGIN {
		if (!pim_rule_last(series, rule, &local))
			ends = FALSE;
		else {
			last = I_MAX(last, pim_series_end_at(series, local,
							     NULL));
		}
	} T_END;
	array_foreach(&series->rdates, date) {
		start = pim_series_to_utc(series, date->id_local);
		first = I_MIN(first, start);
		last = I_MAX(last, pim_series_end_at(series, date->id_local,
			date->has_length ? &date->length : NULL));
	}
	array_foreach(&series->changes, change) {
		first = I_MIN(first, change->start);
		last = I_MAX(last, change->end);
	}
	*first_r = first;
	*last_r = ends ? last : INT64_MAX;
	return ends;
}

/*
 * What it is
 */

struct pim_component *pim_series_master(const struct pim_series *series)
{
	return series->master;
}

const struct pim_timezone *pim_series_timezone(const struct pim_series *series)
{
	return series->tz;
}

bool pim_series_is_all_day(const struct pim_series *series)
{
	return series->all_day;
}

bool pim_series_is_floating(const struct pim_series *series)
{
	return series->floating;
}

enum pim_series_kind
pim_series_get_kind(const struct pim_series *series,
		    struct pim_recurrence *rec_r)
{
	struct pim_recurrence rec;
	const char *value;

	if (series->master == NULL) {
		return array_count(&series->changes) == 1 ?
			PIM_SERIES_SINGLE : PIM_SERIES_LIST;
	}
	value = pim_component_value(series->master, "RRULE");
	if (value == NULL && array_count(&series->rdates) == 0)
		return array_count(&series->changes) == 0 ?
			PIM_SERIES_SINGLE : PIM_SERIES_LIST;
	if (value == NULL || !series->simple ||
	    pim_recurrence_from_rrule(value, series->start_local, series->tz,
				      rec_r == NULL ? &rec : rec_r) <= 0)
		return PIM_SERIES_LIST;
	return PIM_SERIES_PATTERN;
}
