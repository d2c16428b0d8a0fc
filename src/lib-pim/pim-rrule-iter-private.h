#ifndef PIM_RRULE_ITER_PRIVATE_H
#define PIM_RRULE_ITER_PRIVATE_H

#include "pim-rrule-iter.h"

/* BYDAY; the day's number (from 0) in the month or year that numbers count
   in */
bool pim_rrule_weekday_matches(const struct pim_rrule *rule, int64_t day,
			       unsigned int number, unsigned int length);

/* The first day of the week that a day is in. */
int64_t pim_rrule_week_of(const struct pim_rrule *rule, int64_t day);

/* pim-rrule-rscale.c: other calendars. Sets iter->rscale if the rule depends on one, and
   iter->incomplete if that is not known. */
void pim_rrule_rscale_init(struct pim_rrule_iter *iter);
/* Is it a day of the rule? */
bool pim_rrule_rscale_matches(struct pim_rrule_iter *iter, int64_t day);
/* Fills the days of the period (months and years) that is next. Returns FALSE at the end. */
bool pim_rrule_rscale_fill(struct pim_rrule_iter *iter);

#endif
