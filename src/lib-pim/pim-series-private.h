#ifndef PIM_SERIES_PRIVATE_H
#define PIM_SERIES_PRIVATE_H

#include "pim-occurrence.h"
#include "pim-rrule.h"

/* RRULEs and EXRULEs of one series; more are not looked at */
#define PIM_SERIES_RULES_MAX 16

ARRAY_DEFINE_TYPE(pim_int64, int64_t);
ARRAY_DEFINE_TYPE(pim_rrule, struct pim_rrule);

/* days of the calendar, then seconds */
struct pim_length {
	int64_t days, secs;
};

struct pim_series_date {
	int64_t id_local;
	struct pim_length length;
	bool has_length;
};

/* a component with RECURRENCE-ID */
struct pim_series_change {
	int64_t id, id_local;
	int64_t start, start_local, end;
	const struct pim_timezone *tz;	/* NULL = home */
	struct pim_component *comp;
	/* of THISANDFUTURE: how much later all begin than their ids say, and
	   how long they last */
	int64_t shift;
	struct pim_length length;
	unsigned int sequence;
	bool all_day:1;
	bool cancelled:1;
	bool future:1;
};

struct pim_series {
	pool_t pool;
	struct pim_component *calendar, *master;
	/* never NULL */
	const struct pim_timezone *home;
	/* NULL = home */
	const struct pim_timezone *tz;
	int64_t start_local;
	struct pim_length length;
	ARRAY_TYPE(pim_rrule) rules, exrules;
	ARRAY(struct pim_series_date) rdates;
	/* sorted: EXDATE as UTC, and as days by the series' clock */
	ARRAY_TYPE(pim_int64) exdates, exdays;
	/* sorted by id, each id once */
	ARRAY(struct pim_series_change) changes;
	/* those of them with THISANDFUTURE, sorted too */
	ARRAY(struct pim_series_change) futures;
	/* how much before a window an occurrence that touches it may have its
	   id, and how much behind it */
	int64_t reach_back, reach_ahead;
	bool all_day:1;
	bool cancelled:1;
	/* home was asked for a time */
	bool floating:1;
	/* one RRULE, nothing that a pattern with exceptions hasn't */
	bool simple:1;
};

static inline const struct pim_timezone *
pim_series_clock(const struct pim_series *series)
{
	return series->tz == NULL ? series->home : series->tz;
}

int64_t pim_series_to_utc(const struct pim_series *series, int64_t local);
/* When it ends (UTC) that begins then. */
int64_t pim_length_end(const struct pim_length *length,
		       const struct pim_timezone *tz, int64_t start,
		       int64_t start_local);

#endif
