/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "sort.h"
#include "pim-date.h"
#include "pim-rscale.h"
#include "pim-rrule-iter-private.h"

/* RFC 7529. A rule of months or years is walked through period by period as in pim-rrule-iter.c,
   but the months are those of its calendar. Shorter periods are the same in all of them: only which
   days match is asked here. SKIP: a leap month that the year hasn't, then a day that the month
   hasn't, is left out, or is the last one before or the first one behind where it would be. A day
   that is not there is in no week and has no number in its year (RFC 8984 4.3.3.1). */

#define RSCALE_DEFAULT "GREGORIAN"
/* what SKIP may move a day by, and more */
#define RSCALE_SLACK 40

static bool
rscale_has(const struct pim_rrule_iter *iter, enum pim_rrule_list list)
{
	return iter->rule.list_count[list] > 0;
}

/*
 * One day
 */

/* Weeks count as ours do: the first one has at least four days of the year. */
static int64_t
rscale_week_first(const struct pim_rrule_iter *iter, int64_t year_first)
{
	return pim_rrule_week_of(&iter->rule, year_first + 3);
}

static bool
rscale_week_matches(struct pim_rrule_iter *iter,
		    const struct pim_rscale_year *year, int64_t day)
{
	int64_t first = rscale_week_first(iter, year->first);
	int64_t end = rscale_week_first(iter, year->first + year->days);

	if (day < first) {
		/* UINT_MAX is none */
		year = pim_rscale_year_get(iter->rscale, year->idx - 1);
		if (year == NULL)
			return FALSE;
		end = first;
		first = rscale_week_first(iter, year->first);
	} else if (day >= end) {
		year = pim_rscale_year_get(iter->rscale, year->idx + 1);
		if (year == NULL)
			return FALSE;
		first = end;
		end = rscale_week_first(iter, year->first + year->days);
	}
	return pim_rrule_has(iter->rule.list_bits[PIM_RRULE_WEEK_NO],
			     (day - first) / 7 + 1) ||
		pim_rrule_has(iter->rule.list_minus[PIM_RRULE_WEEK_NO],
			      (end - 1 - day) / 7 + 1);
}

/* Counted from 0 on, is that one in the list? */
static bool
rscale_number_matches(const struct pim_rrule_iter *iter,
		      enum pim_rrule_list list, unsigned int number,
		      unsigned int length)
{
	return !rscale_has(iter, list) ||
		pim_rrule_has(iter->rule.list_bits[list], number + 1) ||
		pim_rrule_has(iter->rule.list_minus[list], length - number);
}

/* All but BYMONTH. */
static bool
rscale_day_matches(struct pim_rrule_iter *iter,
		   const struct pim_rscale_year *year,
		   const struct pim_rscale_month *month, int64_t day)
{
	const struct pim_rrule *rule = &iter->rule;
	/* numbers of BYDAY count in the year then */
	bool by_year = rule->freq == PIM_FREQ_YEARLY &&
		!rscale_has(iter, PIM_RRULE_MONTH);
	unsigned int year_day = day - year->first;
	unsigned int month_day = day - month->first;

	if (!rscale_number_matches(iter, PIM_RRULE_MONTH_DAY, month_day,
				   month->days) ||
	    !rscale_number_matches(iter, PIM_RRULE_YEAR_DAY, year_day,
				   year->days))
		return FALSE;
	if (rule->days_count > 0 &&
	    !pim_rrule_weekday_matches(rule, day,
				       by_year ? year_day : month_day,
				       by_year ? year->days : month->days))
		return FALSE;
	return !rscale_has(iter, PIM_RRULE_WEEK_NO) ||
		rscale_week_matches(iter, year, day);
}

static bool
rscale_month_matches(const struct pim_rrule_iter *iter,
		     const struct pim_rscale_month *month)
{
	const struct pim_rrule *rule = &iter->rule;

	if (!rscale_has(iter, PIM_RRULE_MONTH))
		return TRUE;
	return month->leap ? (rule->leap_months & (1U << month->number)) != 0 :
		pim_rrule_has(rule->list_bits[PIM_RRULE_MONTH], month->number);
}

bool pim_rrule_rscale_matches(struct pim_rrule_iter *iter, int64_t day)
{
	const struct pim_rscale_year *year =
		pim_rscale_year_at(iter->rscale, day);
	const struct pim_rscale_month *month;

	if (year == NULL) {
		/* nothing is before the start */
		if (day > pim_days_of(iter->start))
			iter->incomplete = TRUE;
		return FALSE;
	}
	month = pim_rscale_month_at(year, day);
	return rscale_month_matches(iter, month) &&
		rscale_day_matches(iter, year, month, day);
}

/*
 * One period
 */

static void rscale_add(struct pim_rrule_iter *iter, int64_t day)
{
	if (iter->days_count < N_ELEMENTS(iter->days))
		iter->days[iter->days_count++] = day;
}

/* A day that was moved has no number in its month. */
static bool rscale_moved_matches(const struct pim_rrule *rule, int64_t day)
{
	for (unsigned int i = 0; i < rule->days_count; i++) {
		if (rule->days[i].weekday == pim_days_weekday(day))
			return TRUE;
	}
	return rule->days_count == 0;
}

/* Days that the month hasn't. */
static void
rscale_add_skipped(struct pim_rrule_iter *iter,
		   const struct pim_rscale_month *month)
{
	const struct pim_rrule *rule = &iter->rule;
	int64_t day = month->first + month->days;

	if (rule->skip == PIM_RRULE_SKIP_OMIT ||
	    !rscale_has(iter, PIM_RRULE_MONTH_DAY) ||
	    rscale_has(iter, PIM_RRULE_YEAR_DAY) ||
	    rscale_has(iter, PIM_RRULE_WEEK_NO))
		return;
	if (rule->skip == PIM_RRULE_SKIP_BACKWARD)
		day--;
	for (unsigned int i = month->days + 1; i <= 31; i++) {
		if (pim_rrule_has(rule->list_bits[PIM_RRULE_MONTH_DAY], i) &&
		    rscale_moved_matches(rule, day)) {
			rscale_add(iter, day);
			break;
		}
	}
}

static void
rscale_add_month(struct pim_rrule_iter *iter,
		 const struct pim_rscale_year *year, unsigned int idx)
{
	const struct pim_rscale_month *month = &year->months[idx];

	for (unsigned int i = 0; i < month->days; i++) {
		if (rscale_day_matches(iter, year, month, month->first + i))
			rscale_add(iter, month->first + i);
	}
	rscale_add_skipped(iter, month);
}

/* Bits of the year's months. Bit months_count is the next year's first one. */
static unsigned int
rscale_year_months(const struct pim_rrule_iter *iter,
		   const struct pim_rscale_year *year)
{
	const struct pim_rrule *rule = &iter->rule;
	unsigned int bits = 0, missing = rule->leap_months, i, n;

	for (i = 0; i < year->months_count; i++) {
		if (rscale_month_matches(iter, &year->months[i]))
			bits |= 1U << i;
		if (year->months[i].leap)
			missing &= ~(1U << year->months[i].number);
	}
	if (rule->skip == PIM_RRULE_SKIP_OMIT)
		return bits;
	for (n = 1; missing >> n != 0; n++) {
		if ((missing & (1U << n)) == 0)
			continue;
		for (i = 0; i < year->months_count; i++) {
			if (year->months[i].number == n &&
			    !year->months[i].leap)
				break;
		}
		if (i < year->months_count) {
			bits |= 1U << (rule->skip == PIM_RRULE_SKIP_FORWARD ?
				       i + 1 : i);
		}
	}
	return bits;
}

static void
rscale_fill_year(struct pim_rrule_iter *iter,
		 const struct pim_rscale_year *year)
{
	unsigned int bits = rscale_year_months(iter, year);
	const struct pim_rscale_year *next;

	for (unsigned int i = 0; i < year->months_count; i++) {
		if ((bits & (1U << i)) != 0)
			rscale_add_month(iter, year, i);
	}
	if ((bits & (1U << year->months_count)) == 0)
		return;
	next = pim_rscale_year_get(iter->rscale, year->idx + 1);
	if (next != NULL)
		rscale_add_month(iter, next, 0);
}

static int rscale_day_cmp(const int64_t *d1, const int64_t *d2)
{
	return *d1 < *d2 ? -1 : *d1 > *d2 ? 1 : 0;
}

static void rscale_sort_days(struct pim_rrule_iter *iter)
{
	unsigned int used = 0;

	i_qsort(iter->days, iter->days_count, sizeof(iter->days[0]),
		rscale_day_cmp);
	for (unsigned int i = 0; i < iter->days_count; i++) {
		if (used == 0 || iter->days[used - 1] != iter->days[i])
			iter->days[used++] = iter->days[i];
	}
	iter->days_count = used;
}

/*
 * Periods
 */

static void rscale_advance_months(struct pim_rrule_iter *iter)
{
	const struct pim_rscale_year *year = iter->rscale_year;
	unsigned int left = iter->rule.interval;

	while (year != NULL &&
	       left >= year->months_count - iter->rscale_month) {
		left -= year->months_count - iter->rscale_month;
		iter->rscale_month = 0;
		year = pim_rscale_year_get(iter->rscale, year->idx + 1);
	}
	iter->rscale_month += left;
	iter->rscale_year = year;
}

static void rscale_advance(struct pim_rrule_iter *iter)
{
	unsigned int idx = iter->rscale_year->idx;

	if (iter->rule.freq == PIM_FREQ_MONTHLY)
		rscale_advance_months(iter);
	else if (iter->rule.interval > UINT_MAX - idx)
		iter->rscale_year = NULL;
	else {
		iter->rscale_year = pim_rscale_year_get(iter->rscale, idx +
							iter->rule.interval);
	}
}

/* Goes to a period before from. Those of COUNT have to be counted. */
static void rscale_seek(struct pim_rrule_iter *iter)
{
	int64_t day = pim_days_of(iter->from) - RSCALE_SLACK;
	const struct pim_rscale_year *year;
	unsigned int distance, interval = iter->rule.interval;

	if (iter->has_count || day < iter->rscale_year->first +
					iter->rscale_year->days)
		return;
	year = pim_rscale_year_at(iter->rscale, day);
	if (year == NULL) {
		iter->rscale_year = NULL;
		return;
	}
	if (iter->rule.freq == PIM_FREQ_YEARLY) {
		distance = year->idx - iter->rscale_year->idx;
		iter->rscale_year = pim_rscale_year_get(iter->rscale,
			iter->rscale_year->idx + distance - distance % interval);
	} else if (interval == 1) {
		iter->rscale_year = year;
		iter->rscale_month = 0;
	} else {
		while (iter->rscale_year != NULL &&
		       iter->rscale_year->idx < year->idx)
			rscale_advance_months(iter);
	}
}

bool pim_rrule_rscale_fill(struct pim_rrule_iter *iter)
{
	const struct pim_rscale_year *year = iter->rscale_year;

	iter->days_count = 0;
	if (year == NULL) {
		iter->incomplete = TRUE;
		return FALSE;
	}
	if (year->first > pim_days_of(iter->to))
		return FALSE;
	if (iter->rule.freq == PIM_FREQ_YEARLY)
		rscale_fill_year(iter, year);
	else if (rscale_month_matches(iter, &year->months[iter->rscale_month]))
		rscale_add_month(iter, year, iter->rscale_month);
	rscale_sort_days(iter);
	rscale_advance(iter);
	return TRUE;
}

/*
 * The rule
 */

/* What it doesn't say is said by the start. */
static void
rscale_init_days(struct pim_rrule_iter *iter, int64_t start,
		 const struct pim_rscale_month *month)
{
	struct pim_rrule *rule = &iter->rule;

	if (rule->days_count > 0 || rscale_has(iter, PIM_RRULE_MONTH_DAY) ||
	    rscale_has(iter, PIM_RRULE_YEAR_DAY))
		return;
	if (rscale_has(iter, PIM_RRULE_WEEK_NO)) {
		rule->days_count = 1;
		rule->days[0].weekday = pim_days_weekday(start);
		return;
	}
	rule->list_count[PIM_RRULE_MONTH_DAY] = 1;
	pim_rrule_set(rule->list_bits[PIM_RRULE_MONTH_DAY],
		      start - month->first + 1);
	if (rule->freq != PIM_FREQ_YEARLY || rscale_has(iter, PIM_RRULE_MONTH))
		return;
	rule->list_count[PIM_RRULE_MONTH] = 1;
	if (month->leap)
		rule->leap_months |= 1U << month->number;
	else
		pim_rrule_set(rule->list_bits[PIM_RRULE_MONTH], month->number);
}

/* Shorter periods than months. */
static void rscale_init_filter(struct pim_rrule_iter *iter)
{
	iter->to = I_MIN(iter->to, (PIM_RSCALE_DAY_MAX + 1) * (int64_t)PIM_DAY);
	if (iter->from > iter->to)
		iter->incomplete = iter->nothing_more = TRUE;
}

/* Is there anything in the rule that depends on the calendar? */
static bool rscale_matters(const struct pim_rrule_iter *iter)
{
	if (iter->rule.freq >= PIM_FREQ_MONTHLY)
		return iter->rule.rscale != NULL ||
			iter->rule.skip != PIM_RRULE_SKIP_OMIT;
	return iter->rule.rscale != NULL &&
		(rscale_has(iter, PIM_RRULE_MONTH) ||
		 rscale_has(iter, PIM_RRULE_MONTH_DAY) ||
		 rscale_has(iter, PIM_RRULE_YEAR_DAY) ||
		 rscale_has(iter, PIM_RRULE_WEEK_NO));
}

void pim_rrule_rscale_init(struct pim_rrule_iter *iter)
{
	const struct pim_rrule *rule = &iter->rule;
	int64_t start = pim_days_of(iter->start);
	const struct pim_rscale_month *month;

	if (!rscale_matters(iter))
		return;
	iter->rscale = pim_rscale_find(rule->rscale == NULL ?
				       RSCALE_DEFAULT : rule->rscale);
	if (iter->rscale != NULL)
		iter->rscale_year = pim_rscale_year_at(iter->rscale, start);
	if (iter->rscale_year == NULL) {
		iter->incomplete = iter->nothing_more = TRUE;
		return;
	}
	if (rule->freq < PIM_FREQ_MONTHLY) {
		rscale_init_filter(iter);
		return;
	}
	month = pim_rscale_month_at(iter->rscale_year, start);
	iter->rscale_month = month - iter->rscale_year->months;
	rscale_init_days(iter, start, month);
	rscale_seek(iter);
}
