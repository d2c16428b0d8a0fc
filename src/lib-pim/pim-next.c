/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-next.h"

#include <libical/ical.h>

/* occurrences that are looked at */
#define PIM_NEXT_MAX 1000

static struct icaltimetype pim_next_icaltime(int64_t t)
{
	struct icaltimetype it = icaltime_null_time();
	int64_t days = pim_days_of(t);
	unsigned int secs = t - days * PIM_DAY, month, day;

	pim_date_from_days(days, &it.year, &month, &day);
	it.month = month;
	it.day = day;
	it.hour = secs / 3600;
	it.minute = secs / 60 % 60;
	it.second = secs % 60;
	return it;
}

static bool
pim_next_excluded(int64_t t, const int64_t *excluded, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (excluded[i] == t)
			return TRUE;
	}
	return FALSE;
}

/* The last moment of UNTIL by the rule's clock. */
static int64_t pim_next_until(const struct pim_rrule *rrule, int offset)
{
	if (!rrule->has_until)
		return INT64_MAX;
	if (rrule->until_is_date)
		return rrule->until + PIM_DAY - 1;
	return rrule->until + (rrule->until_is_utc ? offset : 0);
}

static int
pim_next_iterate(icalrecur_iterator *iter, int64_t start, int64_t until,
		 const int64_t *excluded, unsigned int excluded_count,
		 int64_t *next_r, unsigned int *passed_r)
{
	struct icaltimetype it;
	int64_t t;

	for (unsigned int i = 0; i < PIM_NEXT_MAX; i++) {
		it = icalrecur_iterator_next(iter);
		if (icaltime_is_null_time(it))
			return 0;
		t = pim_date_to_days(it.year, it.month, it.day) * PIM_DAY +
			it.hour * 3600 + it.minute * 60 + it.second;
		if (t > until)
			return 0;
		if (t > start &&
		    !pim_next_excluded(t, excluded, excluded_count)) {
			*next_r = t;
			*passed_r = I_MAX(i, 1);
			return 1;
		}
	}
	return 0;
}

int pim_rrule_next(const char *rrule, int64_t start, int offset,
		   const int64_t *excluded, unsigned int excluded_count,
		   int64_t *next_r, unsigned int *passed_r)
{
	struct icalrecurrencetype recur;
	icalrecur_iterator *iter;
	struct pim_rrule parsed;
	int ret;

	/* steps of a second could be counted for hours */
	if (pim_rrule_parse(rrule, &parsed) < 0 ||
	    parsed.freq < PIM_FREQ_DAILY)
		return -1;
	icalerror_set_errors_are_fatal(0);
	recur = icalrecurrencetype_from_string(rrule);
	recur.until = icaltime_null_time();
	iter = recur.freq == ICAL_NO_RECURRENCE ? NULL :
		icalrecur_iterator_new(recur, pim_next_icaltime(start));
	ret = iter == NULL ? -1 :
		pim_next_iterate(iter, start, pim_next_until(&parsed, offset),
				 excluded, excluded_count, next_r, passed_r);
	if (iter != NULL)
		icalrecur_iterator_free(iter);
	free(recur.rscale);
	icalmemory_free_ring();
	return ret;
}
