#ifndef PIM_NEXT_H
#define PIM_NEXT_H

/* The occurrence of an RRULE behind the first one, which is at start; both by
   the rule's own clock, which is offset seconds before UTC. Those that are among excluded are left out (EXDATE).
   passed_r: how many of a COUNT are over then. Time is bounded. Returns 1; 0
   if there is none (or none within reach); -1 if it is no rule of days or
   longer that can be computed. */
int pim_rrule_next(const char *rrule, int64_t start, int offset,
		   const int64_t *excluded, unsigned int excluded_count,
		   int64_t *next_r, unsigned int *passed_r);

#endif
