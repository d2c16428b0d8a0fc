#ifndef PIM_VTIMEZONE_H
#define PIM_VTIMEZONE_H

struct pim_component;
struct pim_timezone;
struct pim_timezone_hints;

/* The zone that a VTIMEZONE component describes, under its TZID; NULL if it
   describes none. Made in pool. */
const struct pim_timezone *
pim_timezone_from_component(pool_t pool, const struct pim_component *comp);
/* The zone of a TZID in a VCALENDAR: pim_timezone_resolve() with its
   VTIMEZONE, if it has one. */
const struct pim_timezone *
pim_timezone_from_calendar(pool_t pool, const struct pim_component *calendar,
			   const char *tzid,
			   const struct pim_timezone_hints *hints);
/* Adds a VTIMEZONE for things from that time on to a VCALENDAR, unless it has
   one of that name. */
void pim_timezone_add_component(struct pim_component *calendar,
				const struct pim_timezone *tz, int64_t t);

#endif
