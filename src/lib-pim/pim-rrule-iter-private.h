#ifndef PIM_RRULE_ITER_PRIVATE_H
#define PIM_RRULE_ITER_PRIVATE_H

#include "pim-rrule-iter.h"

/* BYDAY; the day's number (from 0) in the month or year that numbers count
   in */
bool pim_rrule_weekday_matches(const struct pim_rrule *rule, int64_t day,
			       unsigned int number, unsigned int length);

/* pim-rrule-rscale.c: periods of other calendars. Sets iter->rscale if the rule is one of
   months or years of such, and iter->incomplete if it can't be walked
   through. */
void pim_rrule_rscale_init(struct pim_rrule_iter *iter);
/* Fills the days of the period that is next. Returns FALSE at the end. */
bool pim_rrule_rscale_fill(struct pim_rrule_iter *iter);

#endif
