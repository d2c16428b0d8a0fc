#ifndef PIM_TIMEZONE_H
#define PIM_TIMEZONE_H

#include "pim-tz-rule.h"

/* Time zones: those of the installed tz database, under their own names and
   Windows', and those that only a calendar object describes. Zones of the
   database are read once and belong to the process; the others belong to the
   pool they were made in. */

struct pim_timezone;

/* A part of a VTIMEZONE: STANDARD or DAYLIGHT (RFC 5545 3.6.5). */
struct pim_tz_observance {
	int64_t start;			/* the first change, local time */
	int before, after;		/* TZOFFSETFROM, TZOFFSETTO */
	/* Repeated every year until this time (UTC, INT64_MAX = for ever). */
	bool yearly;
	int64_t until;
	/* BYMONTH; 0 = start's */
	unsigned int month;
	/* BYDAY: week -5 to 5 and day (0 = Sunday), 0 = none */
	int week;
	unsigned int weekday;
	/* BYMONTHDAY with BYDAY ("the first Sunday from the 8th on"): bit n
	   is day n; 0 = none */
	uint32_t month_days;
	/* RDATE, local times */
	const int64_t *dates;
	unsigned int dates_count;
};

/* What a zone may be taken for, if several are right. */
struct pim_timezone_hints {
	/* around this time the zone's rule is what is known of it */
	int64_t time;
	/* the zone that the item had; the user's own; NULL = none */
	const struct pim_timezone *previous, *home;
	/* what it is called, NULL = nothing */
	const char *name;
};

/* A zone of the tz database by its name, a former name of it, or a name that
   ends with it ("/example.org/20260101/Europe/Berlin"), in any case. NULL if there
   is none. */
const struct pim_timezone *pim_timezone_find(const char *name);
/* The same by Windows' name. */
const struct pim_timezone *pim_timezone_find_windows(const char *name);
const struct pim_timezone *pim_timezone_utc(void);
/* The machine's own: TZ, or /etc/localtime; UTC if that is nothing. */
const struct pim_timezone *pim_timezone_home(void);
/* Frees all zones of the database. */
void pim_timezones_deinit(void);

/* The zone with the rule. Without daylight saving and transitions it is this
   offset for ever. */
const struct pim_timezone *
pim_timezone_from_rule(pool_t pool, const char *name,
		       const struct pim_tz_rule *rule);
/* The zone that a VTIMEZONE describes; NULL if that is nothing. */
const struct pim_timezone *
pim_timezone_from_observances(pool_t pool, const char *name,
			      const struct pim_tz_observance *observances,
			      unsigned int count);

/* The zone of the database that has this rule, in the order: previous, home,
   the one of that name, the ones most people live in, all that Windows knows.
   NULL if none has. */
const struct pim_timezone *
pim_timezone_match(const struct pim_tz_rule *rule,
		   const struct pim_timezone_hints *hints);
/* What a TZID with its VTIMEZONE (described, NULL = there is none) stands for:
   the database's zone of that name; Windows' unless its rule is another one;
   the zone with that rule, if it has daylight saving or a hint says so; else
   described itself. NULL only if there is none and the name is unknown. */
const struct pim_timezone *
pim_timezone_resolve(const char *tzid, const struct pim_timezone *described,
		     const struct pim_timezone_hints *hints);
/* The zone of a device's TimeZone, NULL if the text is malformed or empty (all
   zeros). One that no zone has is made in pool. */
const struct pim_timezone *
pim_timezone_from_structure(pool_t pool, const char *base64,
			    const struct pim_timezone_hints *hints);

const char *pim_timezone_name(const struct pim_timezone *tz);
/* Is it the tz database's? Else its name means nothing to anybody else. */
bool pim_timezone_is_known(const struct pim_timezone *tz);
/* NULL = it has none. */
const char *pim_timezone_windows_name(const struct pim_timezone *tz);

int pim_timezone_offset(const struct pim_timezone *tz, int64_t t);
int64_t pim_timezone_to_local(const struct pim_timezone *tz, int64_t t);
/* A time that is there twice is the first one; one that is left out is read by
   the clock of before (RFC 5545 3.3.5). */
int64_t pim_timezone_from_local(const struct pim_timezone *tz, int64_t local);
/* The day that a moment stands for which somebody wrote instead of a date: a
   midnight, UTC's, this zone's or the nearest one to that. */
int64_t pim_timezone_nearest_day(const struct pim_timezone *tz, int64_t t);
/* The changes within a year, by the clock of before. Returns how many,
   at most max. */
unsigned int
pim_timezone_year(const struct pim_timezone *tz, int year,
		  struct pim_tz_transition *transitions_r, unsigned int max);
/* The rule that is in force at a time: what happens in that year, if one
   change to and one back do it; else just the offset of that time. */
void pim_timezone_rule(const struct pim_timezone *tz, int64_t t,
		       struct pim_tz_rule *rule_r);
/* ActiveSync's TimeZone for something at that time. */
void pim_timezone_append_structure(string_t *dest,
				   const struct pim_timezone *tz, int64_t t);
/* A VTIMEZONE for things from that time on, lines with CRLF. */
void pim_timezone_append_vtimezone(string_t *dest,
				   const struct pim_timezone *tz, int64_t t);

#endif
