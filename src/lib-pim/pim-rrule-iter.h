#ifndef PIM_RRULE_ITER_H
#define PIM_RRULE_ITER_H

#include "pim-rrule.h"

/* The times that an RRULE says, by the clock of its DTSTART. */

struct pim_timezone;

/* steps (results, and periods without one) after which a rule is given up */
#define PIM_RRULE_STEPS_MAX 300000
/* BYSETPOS, positive and negative */
#define PIM_RRULE_POSITIONS_MAX (2*366)

struct pim_rrule_iter {
	struct pim_rrule rule;
	const struct pim_timezone *tz;
	int64_t start, from, to;
	int64_t until;			/* of the same clock */
	uint64_t count;			/* left, if the rule has COUNT */
	uint64_t period;
	unsigned int steps;

	/* the period's days, each with all times of the day */
	int64_t days[366];
	unsigned int days_count;
	unsigned char hours[24], minutes[60], seconds[61];
	unsigned int hours_count, minutes_count, seconds_count;
	/* BYSETPOS' choice of them */
	uint64_t positions[PIM_RRULE_POSITIONS_MAX];
	unsigned int positions_count;
	uint64_t next, total;

	int year;			/* what is known of it: */
	int64_t year_first, week_first;
	unsigned int year_days, weeks;
	bool has_count:1;
	bool started:1;
};

/* From and to are by the clock of start; what is earlier than from is left out,
   what is later than to ends it. The start itself always comes. tz (NULL = UTC)
   is for an UNTIL in UTC. Rules of other calendars (RSCALE) have the start only. */
void pim_rrule_iter_init(struct pim_rrule_iter *iter,
			 const struct pim_rrule *rule, int64_t start,
			 const struct pim_timezone *tz,
			 int64_t from, int64_t to);
/* In ascending order, each once. Returns 1; 0 at the end; -1 if it is given
   up. */
int pim_rrule_iter_next(struct pim_rrule_iter *iter, int64_t *local_r);

#endif
