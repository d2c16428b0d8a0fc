/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "array.h"
#include "pim-date.h"
#include "pim-occurrence.h"
#include "class-calendar-private.h"

/* A series that no pattern has just the occurrences of (the 1st and the 15th, every 31st, two rules,
   more dates). A device is shown a pattern that has them all within a window around today,
   with the days that are none as deleted exceptions: each occurrence is named by its own time,
   whatever window it was shown in, so what a device does to one is done to the right one.

   The rule itself is not the device's to change: its pattern is not what the series has.
   The time of day is, and all other fields. Shown are the occurrences at the series'
   own time of day; of several on one day there is one. */

#define CAL_COVER_PAST (31 * PIM_DAY)
#define CAL_COVER_FUTURE (12 * 366 * PIM_DAY)
#define CAL_COVER_MAX 366
/* room is left for changed ones */
#define CAL_COVER_MAX_DELETED 200

ARRAY_DEFINE_TYPE(cal_day, int64_t);

struct cal_cover_days {
	/* in their order, each once */
	ARRAY_TYPE(cal_day) days;
	int64_t first, last;
};

struct pim_series *cal_series_read(struct cal_doc *doc)
{
	return pim_series_read(doc->pool, doc->master, doc->home);
}

bool cal_series_has(const struct cal_doc *doc, const struct pim_series *series,
		    int64_t key)
{
	struct pim_occurrence occurrence;

	if (doc->start.is_date)
		key = pim_timezone_from_local(doc->home, key);
	return series != NULL && pim_series_find(series, key, &occurrence);
}

/* -- patterns -- */

static bool cal_cover_has(const struct pim_recurrence *rec, int64_t first,
			  int64_t day)
{
	unsigned int month, date, length;
	int year;

	switch (rec->type) {
	case PIM_RECURRENCE_DAILY:
		return (day - first) % rec->interval == 0;
	case PIM_RECURRENCE_WEEKLY:
		return (rec->day_of_week & (1U << pim_days_weekday(day))) != 0;
	default:
		break;
	}
	pim_date_from_days(day, &year, &month, &date);
	length = pim_month_length(year, month);
	if (rec->month_of_year != 0 && rec->month_of_year != month)
		return FALSE;
	if (rec->day_of_month != 0)
		return date == I_MIN(rec->day_of_month, length);
	return (rec->day_of_week & (1U << pim_days_weekday(day))) != 0 &&
		(rec->week_of_month == 5 ? date + 7 > length :
		 (date - 1) / 7 + 1 == rec->week_of_month);
}

/* What may be the pattern, made of the days. */
static void
cal_cover_candidates(const struct cal_cover_days *days,
		     struct pim_recurrence candidates[6])
{
	unsigned int month, date, mask = 0, day_of_month = 0;
	int64_t day, step = 0, a, b;
	int year;

	array_foreach_elem(&days->days, day) {
		mask |= 1U << pim_days_weekday(day);
		pim_date_from_days(day, &year, &month, &date);
		day_of_month = I_MAX(day_of_month, date);
		for (a = day - days->first, b = step; b != 0; ) {
			int64_t rest = a % b;

			a = b;
			b = rest;
		}
		step = a;
	}
	pim_date_from_days(days->first, &year, &month, &date);
	memset(candidates, 0, sizeof(candidates[0]) * 6);
	for (unsigned int i = 0; i < 6; i++)
		candidates[i].interval = 1;
	candidates[0].type = PIM_RECURRENCE_YEARLY;
	candidates[0].month_of_year = month;
	candidates[0].day_of_month = day_of_month;
	candidates[1].type = PIM_RECURRENCE_MONTHLY;
	candidates[1].day_of_month = day_of_month;
	candidates[2].type = PIM_RECURRENCE_MONTHLY_NTH;
	/* of several weekdays the nth is one day, not one of each: no pattern */
	candidates[2].day_of_week = (mask & (mask - 1)) == 0 ? mask : 0;
	candidates[2].week_of_month = (date - 1) / 7 + 1;
	candidates[3] = candidates[2];
	candidates[3].week_of_month = 5;
	candidates[4].type = PIM_RECURRENCE_WEEKLY;
	candidates[4].day_of_week = mask;
	candidates[5].type = PIM_RECURRENCE_DAILY;
	candidates[5].interval = I_MAX(step, 1);
}

/* How far the pattern can be shown. Returns FALSE if it hasn't all days. */
static bool
cal_cover_try(const struct cal_cover_days *days,
	      const struct pim_recurrence *rec, int64_t *until_r,
	      unsigned int *deleted_r)
{
	const int64_t *next = array_front(&days->days);
	const int64_t *end = next + array_count(&days->days);

	*deleted_r = 0;
	*until_r = days->first;
	for (int64_t day = days->first; day <= days->last; day++) {
		bool has = cal_cover_has(rec, days->first, day);

		if (next < end && *next == day) {
			if (!has)
				return FALSE;
			*until_r = day;
			next++;
		} else if (has && ++*deleted_r > CAL_COVER_MAX_DELETED) {
			break;
		}
	}
	return TRUE;
}

static void
cal_cover_choose(const struct cal_cover_days *days, struct cal_cover *cover_r,
		 int64_t *until_r)
{
	struct pim_recurrence candidates[6];
	unsigned int deleted, best = UINT_MAX;
	int64_t until;

	cal_cover_candidates(days, candidates);
	*until_r = INT64_MIN;
	for (unsigned int i = 0; i < N_ELEMENTS(candidates); i++) {
		if (candidates[i].interval > PIM_RECURRENCE_INTERVAL_MAX ||
		    !cal_cover_try(days, &candidates[i], &until, &deleted) ||
		    until < *until_r || (until == *until_r && deleted >= best))
			continue;
		*until_r = until;
		best = deleted;
		cover_r->rec = candidates[i];
	}
	/* weeks have all days */
	i_assert(best != UINT_MAX);
}

/* -- the cover -- */

/* A day at the series' own time, as a key. */
static int64_t cal_cover_key(const struct cal_doc *doc, int64_t day)
{
	int64_t local = day * PIM_DAY + doc->start.local -
		pim_days_of(doc->start.local) * PIM_DAY;

	return doc->start.is_date ? local :
		pim_timezone_from_local(doc->zone, local);
}

/* Is it one at the series' own time of day? */
static bool
cal_cover_is_shown(const struct cal_doc *doc,
		   const struct pim_occurrence *occurrence)
{
	int64_t id = occurrence->id_local, start = doc->start.local;

	return id - pim_days_of(id) * PIM_DAY ==
		start - pim_days_of(start) * PIM_DAY;
}

/* Of those that a RANGE=THISANDFUTURE has changed only the first is when it says. */
static void
cal_cover_set_start(struct cal_doc *doc,
		    const struct pim_occurrence *occurrence,
		    struct cal_exception *exception)
{
	struct cal_time own;

	if (cal_time_read(doc, occurrence->comp, "DTSTART", &own) < 0)
		return;
	exception->has_start = own.is_date ?
		own.local != occurrence->start_local :
		own.utc != occurrence->start;
	if (!exception->has_start)
		return;
	cal_time_make(&own, own.is_date ? occurrence->start_local :
		      occurrence->start, &exception->start);
	if (own.is_date) {
		exception->start.utc = pim_timezone_from_local(doc->zone,
			exception->start.local);
	}
}

static void
cal_cover_add_exceptions(struct cal_doc *doc,
			 const struct cal_cover_days *days, int64_t until,
			 const ARRAY_TYPE(pim_occurrence) *occurrences,
			 struct cal_cover *cover)
{
	const int64_t *next = array_front(&days->days);
	const int64_t *end = next + array_count(&days->days);
	const struct pim_occurrence *occurrence;
	struct cal_exception *exception;

	for (int64_t day = days->first; day <= until; day++) {
		if (next < end && *next == day)
			next++;
		else if (cal_cover_has(&cover->rec, days->first, day)) {
			exception = array_append_space(&cover->exceptions);
			exception->key = cal_cover_key(doc, day);
		}
	}
	array_foreach(occurrences, occurrence) {
		int64_t day = pim_days_of(occurrence->id_local);

		/* one at another time of the day is not the one that is
		   shown there */
		if (!occurrence->changed || day < days->first || day > until ||
		    !cal_cover_is_shown(doc, occurrence))
			continue;
		exception = array_append_space(&cover->exceptions);
		exception->key = cal_cover_key(doc, day);
		exception->comp = occurrence->comp;
		cal_cover_set_start(doc, occurrence, exception);
	}
}

/* Devices are not shown more: what comes after them they must not take for unchanged. */
static void cal_cover_cut(struct cal_cover *cover)
{
	const struct cal_exception *last;
	unsigned int count = array_count(&cover->exceptions);

	if (count <= CAL_MAX_EXCEPTIONS_SHOWN)
		return;
	array_delete(&cover->exceptions, CAL_MAX_EXCEPTIONS_SHOWN,
		     count - CAL_MAX_EXCEPTIONS_SHOWN);
	last = array_back(&cover->exceptions);
	cover->rec.until = last->key;
}

static int cal_day_cmp(const int64_t *d1, const int64_t *d2)
{
	return *d1 < *d2 ? -1 : *d1 > *d2 ? 1 : 0;
}

static void cal_days_unique(ARRAY_TYPE(cal_day) *days)
{
	int64_t *array;
	unsigned int i, count, used = 0;

	array = array_get_modifiable(days, &count);
	for (i = 0; i < count; i++) {
		if (used == 0 || array[used - 1] != array[i])
			array[used++] = array[i];
	}
	array_delete(days, used, count - used);
}

static bool
cal_cover_get_days(struct cal_doc *doc, struct pim_series *series,
		   ARRAY_TYPE(pim_occurrence) *occurrences,
		   struct cal_cover_days *days_r)
{
	const struct pim_occurrence *occurrence;
	int64_t day, from = ioloop_time - CAL_COVER_PAST;

	(void)pim_series_get(series, from, from + CAL_COVER_FUTURE,
			     CAL_COVER_MAX, occurrences);
	p_array_init(&days_r->days, doc->pool, 64);
	array_foreach(occurrences, occurrence) {
		day = pim_days_of(occurrence->id_local);
		if (cal_cover_is_shown(doc, occurrence))
			array_push_back(&days_r->days, &day);
	}
	if (array_count(&days_r->days) == 0)
		return FALSE;
	/* A changed one may stand elsewhere than its day, and two may name the
	   same time in two ways. */
	array_sort(&days_r->days, cal_day_cmp);
	cal_days_unique(&days_r->days);
	days_r->first = *array_front(&days_r->days);
	days_r->last = *array_back(&days_r->days);
	return TRUE;
}

bool cal_cover_make(struct cal_doc *doc, struct cal_cover *cover_r)
{
	struct pim_series *series = cal_series_read(doc);
	ARRAY_TYPE(pim_occurrence) occurrences;
	struct cal_cover_days days;
	int64_t until;

	i_zero(cover_r);
	if (series == NULL)
		return FALSE;
	p_array_init(&occurrences, doc->pool, 64);
	p_array_init(&cover_r->exceptions, doc->pool, 64);
	if (!cal_cover_get_days(doc, series, &occurrences, &days))
		return FALSE;
	cal_time_make(&doc->start, cal_cover_key(doc, days.first),
		      &cover_r->start);
	if (doc->start.is_date) {
		cover_r->start.utc = pim_timezone_from_local(doc->zone,
			cover_r->start.local);
	}
	if (days.first == days.last)
		return TRUE;
	cal_cover_choose(&days, cover_r, &until);
	cover_r->is_series = TRUE;
	cover_r->rec.has_until = TRUE;
	cover_r->rec.until = cal_cover_key(doc, until);
	cal_cover_add_exceptions(doc, &days, until, &occurrences, cover_r);
	array_sort(&cover_r->exceptions, cal_exception_cmp);
	cal_cover_cut(cover_r);
	return TRUE;
}
