#ifndef PIM_OCCURRENCE_H
#define PIM_OCCURRENCE_H

/* The occurrences of a calendar object: of an event that stands once, of a
   series (RRULE, RDATE, EXDATE; EXRULE of RFC 2445) and of its changed
   occurrences (RECURRENCE-ID, RANGE=THISANDFUTURE), RFC 5545 3.8.5.

   DTSTART is always an occurrence, whatever the rule says (and COUNT counts it).
   A changed occurrence stands even if no rule or an EXDATE has its id: nothing
   that somebody wrote is left out. A local time that the clock leaves out is
   read by the clock of before; occurrences that then fall together are one. A
   DTEND is as long on each day; the days of a DURATION are the calendar's.

   Time and memory are bounded: rules are entered where the window begins, and
   given up after 300,000 steps. */

struct pim_component;
struct pim_recurrence;
struct pim_timezone;
struct pim_series;

struct pim_occurrence {
	/* UTC, end >= start; all-day: midnights of the user's clock */
	int64_t start, end;
	/* the same start by the clock of tz */
	int64_t start_local;
	/* NULL = the user's own: floating and all-day */
	const struct pim_timezone *tz;
	/* Where the series has it, which is its name: in UTC, and by the series'
	   clock as RECURRENCE-ID and EXDATE say it. Of what is no series the
	   start. */
	int64_t id, id_local;
	/* what describes it: the series, or the changed occurrence */
	struct pim_component *comp;
	bool all_day:1;
	/* comp has a RECURRENCE-ID */
	bool changed:1;
	/* STATUS:CANCELLED, of the whole or of this one */
	bool cancelled:1;
};
ARRAY_DEFINE_TYPE(pim_occurrence, struct pim_occurrence);

enum pim_series_kind {
	/* one occurrence */
	PIM_SERIES_SINGLE,
	/* one rule that a pattern has just the occurrences of */
	PIM_SERIES_PATTERN,
	/* anything else: FREQ=HOURLY, two rules, RDATE, changed occurrences
	   without their series. A device is shown the occurrences. */
	PIM_SERIES_LIST,
};

/* Reads a series by one of its components (VEVENT, VTODO): the others are those
   of the same name and UID beside it. home is the user's clock, for floating
   and all-day times; NULL = UTC. Everything is allocated from the pool; the
   document has to stay. NULL if there is no start to be read. */
struct pim_series *
pim_series_read(pool_t pool, struct pim_component *comp,
		const struct pim_timezone *home);

/* The component without RECURRENCE-ID; NULL if only changed ones are there. */
struct pim_component *pim_series_master(const struct pim_series *series);
/* The clock of the series; NULL = the user's own. */
const struct pim_timezone *pim_series_timezone(const struct pim_series *series);
bool pim_series_is_all_day(const struct pim_series *series);
/* Does anything in it depend on the user's clock? */
bool pim_series_is_floating(const struct pim_series *series);
/* rec_r (may be NULL) is filled for PIM_SERIES_PATTERN. */
enum pim_series_kind
pim_series_get_kind(const struct pim_series *series,
		    struct pim_recurrence *rec_r);

/* Adds the occurrences that have a moment between the two instants (from <= t <
   to; one without length at its start), in the order of their starts, at most
   max. Returns FALSE if there are or may be more. */
bool pim_series_get(const struct pim_series *series, int64_t from, int64_t to,
		    unsigned int max, ARRAY_TYPE(pim_occurrence) *dest);
/* The occurrence of that id (UTC). FALSE if the series has none. */
bool pim_series_find(const struct pim_series *series, int64_t id,
		     struct pim_occurrence *occurrence_r);
/* When the first begins and the last ends (UTC); EXDATEs are not looked at.
   Returns FALSE if it never ends: last_r is INT64_MAX. */
bool pim_series_get_range(const struct pim_series *series, int64_t *first_r,
			  int64_t *last_r);

#endif
