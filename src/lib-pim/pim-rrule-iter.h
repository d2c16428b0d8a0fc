#ifndef PIM_RRULE_ITER_H
#define PIM_RRULE_ITER_H

#include "pim-rrule.h"

/* The times that an RRULE says, by the clock of its DTSTART. */

struct pim_rscale;
struct pim_rscale_year;
struct pim_timezone;

/* steps (results, and periods without one) after which a rule is given up */
#define PIM_RRULE_STEPS_MAX 300000
/* days of a period: a Chinese year has up to 385, SKIP may add others */
#define PIM_RRULE_DAYS_PERIOD_MAX 440
/* BYSETPOS, positive and negative */
#define PIM_RRULE_POSITIONS_MAX (2*PIM_RRULE_LIST_MAX)

struct pim_rrule_iter {
	struct pim_rrule rule;
	const struct pim_timezone *tz;
	int64_t start, from, to;
	int64_t until;			/* of the same clock */
	uint64_t count;			/* left, if the rule has COUNT */
	uint64_t period;
	unsigned int steps;

	/* the period's days, each with all times of the day */
	int64_t days[PIM_RRULE_DAYS_PERIOD_MAX];
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
	/* RSCALE or SKIP: the period's year, and its month if periods are
	   months. rscale_year NULL = the end */
	struct pim_rscale *rscale;
	const struct pim_rscale_year *rscale_year;
	unsigned int rscale_month;
	int64_t last;			/* what came last */

	bool has_count:1;
	bool started:1;
	/* there may be more than comes: another calendar's rule that is not
	   known here, or beyond its known years */
	bool incomplete:1;
	/* the start is all that comes */
	bool nothing_more:1;
};

/* From and to are by the clock of start; what is earlier than from is left out,
   what is later than to ends it. The start itself always comes. tz (NULL = UTC)
   is for an UNTIL in UTC. Of other calendars (RSCALE) the years 1900 to 2199 are
   known; of a calendar that is not, the start is all that comes. */
void pim_rrule_iter_init(struct pim_rrule_iter *iter,
			 const struct pim_rrule *rule, int64_t start,
			 const struct pim_timezone *tz,
			 int64_t from, int64_t to);
/* In ascending order, each once. Returns 1; 0 at the end; -1 if it is given
   up. */
int pim_rrule_iter_next(struct pim_rrule_iter *iter, int64_t *local_r);

/* The occurrence of an RRULE behind the first one, which is at start; both by
   the rule's own clock, which is offset seconds before UTC. Those that are among
   excluded are left out (EXDATE). passed_r: how many of a COUNT are over then.
   Returns 1; 0 if there is none (or none within reach); -1 if it is no rule of
   days or longer. */
int pim_rrule_next(const char *rrule, int64_t start, int offset,
		   const int64_t *excluded, unsigned int excluded_count,
		   int64_t *next_r, unsigned int *passed_r);

#endif
