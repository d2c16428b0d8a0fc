/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-timezone.h"
#include "pim-values.h"
#include "pim-vtimezone.h"
#include "pim-series-private.h"

/* Reads a series. What can't be read is left out. */

/* TZIDs of one series; times of more are the user's own */
#define PIM_SERIES_ZONES_MAX 64

/* nothing lasts longer than a hundred years */
#define PIM_LENGTH_MAX (36525 * (int64_t)PIM_DAY)

struct pim_series_zone {
	const char *tzid;
	const struct pim_timezone *tz;
};

struct pim_series_reader {
	struct pim_series *series;
	struct pim_timezone_hints hints;
	ARRAY(struct pim_series_zone) zones;
	/* whose TZID was looked up last: a line may have a hundred thousand
	   times */
	const struct pim_property *prop;
	const struct pim_timezone *prop_zone;
};

/* A time as it is written. */
struct pim_series_time {
	int64_t local, utc;
	const struct pim_timezone *tz;	/* NULL = floating, or a date */
	bool is_date;
};

/* Lines name the same zone again and again. */
static const struct pim_timezone *
pim_reader_zone(struct pim_series_reader *reader, const char *tzid,
		int64_t time)
{
	struct pim_series_zone zone;
	const struct pim_series_zone *known;

	array_foreach(&reader->zones, known) {
		if (strcmp(known->tzid, tzid) == 0)
			return known->tz;
	}
	if (array_count(&reader->zones) == PIM_SERIES_ZONES_MAX)
		return NULL;
	reader->hints.time = time;
	zone.tzid = p_strdup(reader->series->pool, tzid);
	zone.tz = pim_timezone_from_calendar(reader->series->pool,
					     reader->series->calendar, tzid,
					     &reader->hints);
	array_push_back(&reader->zones, &zone);
	return zone.tz;
}

static const struct pim_timezone *
pim_reader_property_zone(struct pim_series_reader *reader,
			 const struct pim_property *prop, int64_t time)
{
	const char *tzid;

	if (reader->prop == prop)
		return reader->prop_zone;
	tzid = pim_property_param(prop, "TZID");
	reader->prop = prop;
	reader->prop_zone = tzid == NULL || *tzid == '\0' ? NULL :
		pim_reader_zone(reader, tzid, time);
	return reader->prop_zone;
}

static int
pim_reader_time(struct pim_series_reader *reader,
		const struct pim_property *prop, const char *value,
		struct pim_series_time *time_r)
{
	bool is_utc;

	if (pim_ical_time_parse(value, &time_r->local, &time_r->is_date,
				&is_utc) < 0)
		return -1;
	time_r->tz = NULL;
	if (is_utc)
		time_r->tz = pim_timezone_utc();
	else if (!time_r->is_date) {
		time_r->tz = pim_reader_property_zone(reader, prop,
						      time_r->local);
	}
	if (time_r->tz == NULL)
		reader->series->floating = TRUE;
	time_r->utc = pim_timezone_from_local(time_r->tz == NULL ?
					      reader->series->home :
					      time_r->tz, time_r->local);
	return 0;
}

static int
pim_reader_property(struct pim_series_reader *reader,
		    const struct pim_component *comp, const char *name,
		    struct pim_series_time *time_r)
{
	const struct pim_property *prop = pim_property_find(comp, name);

	return prop == NULL ? -1 :
		pim_reader_time(reader, prop, pim_property_value(prop), time_r);
}

/* By the series' clock. Of an all-day series it is the day that the time is
   in by the clock that it is written for; one in UTC is a midnight. A date in
   another one means its time on that day. */
static int64_t
pim_series_local(const struct pim_series *series,
		 const struct pim_series_time *time)
{
	int64_t secs;

	if (series->all_day) {
		return PIM_DAY * (time->tz != pim_timezone_utc() ?
			pim_days_of(time->local) :
			pim_timezone_nearest_day(series->home, time->utc));
	}
	if (time->is_date) {
		secs = series->start_local -
			pim_days_of(series->start_local) * PIM_DAY;
		return time->local + secs;
	}
	if (time->tz == series->tz)
		return time->local;
	return pim_timezone_to_local(pim_series_clock(series), time->utc);
}

static void
pim_length_limit(struct pim_length *length)
{
	length->days = I_MIN(I_MAX(length->days, 0), PIM_LENGTH_MAX / PIM_DAY);
	length->secs = I_MIN(I_MAX(length->secs, 0), PIM_LENGTH_MAX);
}

/* Returns 0 or -1. */
static int
pim_length_parse(const char *value, struct pim_length *length_r)
{
	int64_t secs, days;

	if (pim_duration_parse(value, &secs) < 0 || secs < 0)
		return -1;
	/* the days are the calendar's, the hours those of a clock that is
	   never changed */
	if (pim_duration_parse(t_strcut(value, 'T'), &days) < 0)
		days = 0;
	length_r->days = days / PIM_DAY;
	length_r->secs = secs - days;
	return 0;
}

/* From DTEND (DUE of a task), DURATION or the kind of the start. */
static void
pim_reader_length(struct pim_series_reader *reader,
		  const struct pim_component *comp,
		  const struct pim_series_time *start,
		  struct pim_length *length_r)
{
	const char *value = pim_component_value(comp, "DURATION");
	struct pim_series_time end;

	i_zero(length_r);
	if (pim_reader_property(reader, comp, "DTEND", &end) == 0 ||
	    pim_reader_property(reader, comp, "DUE", &end) == 0) {
		if (start->is_date) {
			length_r->days = pim_days_of(end.local) -
				pim_days_of(start->local);
		} else
			length_r->secs = end.utc - start->utc;
	} else if (value != NULL)
		(void)pim_length_parse(value, length_r);
	pim_length_limit(length_r);
	if (start->is_date) {
		length_r->days += length_r->secs / PIM_DAY;
		length_r->secs = 0;
		length_r->days = I_MAX(length_r->days, 1);
	}
}

static bool pim_component_is_cancelled(const struct pim_component *comp)
{
	const char *value = pim_component_value(comp, "STATUS");

	return value != NULL && strcasecmp(value, "CANCELLED") == 0;
}

/* A task without a start begins when it is due. */
static int
pim_reader_start(struct pim_series_reader *reader,
		 const struct pim_component *comp,
		 struct pim_series_time *start_r)
{
	if (pim_reader_property(reader, comp, "DTSTART", start_r) == 0)
		return 0;
	return pim_reader_property(reader, comp, "DUE", start_r);
}

/*
 * The series
 */

/* RFC 5545 3.3.10: dates have no times of day, whatever a rule says. Returns FALSE if it is one
   of hours. */
static bool pim_rule_make_days(struct pim_rrule *rule)
{
	static const enum pim_rrule_list lists[] = {
		PIM_RRULE_HOUR, PIM_RRULE_MINUTE, PIM_RRULE_SECOND
	};

	for (unsigned int i = 0; i < N_ELEMENTS(lists); i++)
		rule->list_count[lists[i]] = 0;
	return rule->freq >= PIM_FREQ_DAILY;
}

static void
pim_reader_rules(struct pim_series *series, const char *name,
		 ARRAY_TYPE(pim_rrule) *rules)
{
	const struct pim_property *prop = pim_property_find(series->master,
							    name);
	struct pim_rrule rule;

	for (; prop != NULL; prop = pim_property_next(prop, name)) {
		if (array_count(rules) == PIM_SERIES_RULES_MAX)
			break;
		if (pim_rrule_parse(pim_property_value(prop), &rule) < 0 ||
		    (series->all_day && !pim_rule_make_days(&rule))) {
			series->simple = FALSE;
			continue;
		}
		rule.rscale = p_strdup(series->pool, rule.rscale);
		array_push_back(rules, &rule);
	}
}

/* A PERIOD's second half: an end or a length. */
static bool
pim_reader_period(struct pim_series_reader *reader,
		  const struct pim_property *prop, const char *value,
		  const struct pim_series_time *start,
		  struct pim_length *length_r)
{
	struct pim_series_time end;

	i_zero(length_r);
	if (*value == 'P' || *value == '+') {
		if (pim_length_parse(value, length_r) < 0)
			return FALSE;
	} else if (pim_reader_time(reader, prop, value, &end) < 0)
		return FALSE;
	else
		length_r->secs = end.utc - start->utc;
	pim_length_limit(length_r);
	return TRUE;
}

static void
pim_reader_rdate(struct pim_series_reader *reader,
		 const struct pim_property *prop, const char *value)
{
	struct pim_series *series = reader->series;
	const char *slash = strchr(value, '/');
	struct pim_series_date date;
	struct pim_series_time time;

	i_zero(&date);
	if (slash != NULL)
		value = t_strdup_until(value, slash++);
	if (pim_reader_time(reader, prop, value, &time) < 0)
		return;
	date.id_local = pim_series_local(series, &time);
	date.has_length = slash != NULL && !series->all_day &&
		pim_reader_period(reader, prop, slash, &time, &date.length);
	array_push_back(&series->rdates, &date);
}

static void
pim_reader_exdate(struct pim_series_reader *reader,
		  const struct pim_property *prop, const char *value)
{
	struct pim_series *series = reader->series;
	struct pim_series_time time;
	int64_t day;

	if (pim_reader_time(reader, prop, value, &time) < 0)
		return;
	if (series->all_day || time.is_date) {
		day = pim_days_of(pim_series_local(series, &time));
		array_push_back(&series->exdays, &day);
	} else
		array_push_back(&series->exdates, &time.utc);
}

static void
pim_reader_dates(struct pim_series_reader *reader, const char *name,
		 void (*add)(struct pim_series_reader *reader,
			     const struct pim_property *prop,
			     const char *value))
{
	const struct pim_property *prop =
		pim_property_find(reader->series->master, name);
	const char *pos, *value;
	bool more;

	for (; prop != NULL; prop = pim_property_next(prop, name)) {
		pos = pim_property_value(prop);
		more = TRUE;
		while (more) T_BEGIN {
			more = pim_values_next(&pos, &value);
			if (more)
				add(reader, prop, value);
		} T_END;
	}
}

static int
pim_int64_sort_cmp(const int64_t *a, const int64_t *b)
{
	return *a < *b ? -1 : (*a > *b ? 1 : 0);
}

static int pim_reader_master(struct pim_series_reader *reader,
			     struct pim_component *master)
{
	struct pim_series *series = reader->series;
	struct pim_series_time start;

	if (pim_reader_start(reader, master, &start) < 0)
		return -1;
	series->master = master;
	series->start_local = start.local;
	series->tz = start.tz;
	series->all_day = start.is_date;
	series->cancelled = pim_component_is_cancelled(master);
	pim_reader_length(reader, master, &start, &series->length);
	pim_reader_rules(series, "RRULE", &series->rules);
	pim_reader_rules(series, "EXRULE", &series->exrules);
	pim_reader_dates(reader, "RDATE", pim_reader_rdate);
	pim_reader_dates(reader, "EXDATE", pim_reader_exdate);
	array_sort(&series->exdates, pim_int64_sort_cmp);
	array_sort(&series->exdays, pim_int64_sort_cmp);
	return 0;
}

/*
 * Its changed occurrences
 */

static void
pim_reader_future(const struct pim_series *series,
		  const struct pim_property *id_prop,
		  struct pim_series_change *change)
{
	int64_t local = change->start_local;

	if (!pim_property_has_param(id_prop, "RANGE", "THISANDFUTURE") ||
	    series->master == NULL)
		return;
	change->future = TRUE;
	if (change->tz != series->tz && !change->all_day) {
		local = pim_timezone_to_local(pim_series_clock(series),
					      change->start);
	}
	change->shift = local - change->id_local;
}

static void
pim_reader_change(struct pim_series_reader *reader, struct pim_component *comp)
{
	const struct pim_property *prop =
		pim_property_find(comp, "RECURRENCE-ID");
	const char *sequence = pim_component_value(comp, "SEQUENCE");
	struct pim_series *series = reader->series;
	struct pim_series_change change;
	struct pim_series_time id, start;
	const struct pim_timezone *clock;

	if (prop == NULL ||
	    pim_reader_time(reader, prop, pim_property_value(prop), &id) < 0)
		return;
	i_zero(&change);
	change.comp = comp;
	change.id_local = series->master == NULL ? id.local :
		pim_series_local(series, &id);
	change.id = series->master == NULL ? id.utc :
		pim_series_to_utc(series, change.id_local);
	if (pim_reader_start(reader, comp, &start) < 0) {
		start.local = change.id_local;
		start.utc = change.id;
		start.tz = series->tz;
		start.is_date = series->all_day;
	}
	change.start = start.utc;
	change.start_local = start.local;
	change.tz = start.tz;
	change.all_day = start.is_date;
	change.cancelled = pim_component_is_cancelled(comp);
	if (sequence == NULL || str_to_uint(sequence, &change.sequence) < 0)
		change.sequence = 0;
	pim_reader_length(reader, comp, &start, &change.length);
	clock = change.tz == NULL ? series->home : change.tz;
	change.end = pim_length_end(&change.length, clock, change.start,
				    change.start_local);
	pim_reader_future(series, prop, &change);
	array_push_back(&series->changes, &change);
}

/* Of several of one id the one with the highest SEQUENCE is first. */
static int
pim_change_cmp(const struct pim_series_change *a,
	       const struct pim_series_change *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->sequence != b->sequence)
		return a->sequence > b->sequence ? -1 : 1;
	return 0;
}

static void pim_series_sort_changes(struct pim_series *series)
{
	struct pim_series_change *changes;
	unsigned int count, i, used = 0;

	array_sort(&series->changes, pim_change_cmp);
	changes = array_get_modifiable(&series->changes, &count);
	for (i = 0; i < count; i++) {
		if (used > 0 && changes[used - 1].id == changes[i].id)
			continue;
		changes[used++] = changes[i];
		if (changes[i].future)
			array_push_back(&series->futures, &changes[i]);
	}
	array_delete(&series->changes, used, count - used);
}

static void
pim_series_add_reach(struct pim_series *series,
		     const struct pim_length *length, int64_t shift)
{
	int64_t back = length->days * PIM_DAY + length->secs + shift;

	/* a day may have more hours */
	if (length->days > 0)
		back += PIM_DAY;
	series->reach_back = I_MAX(series->reach_back, back);
	series->reach_ahead = I_MAX(series->reach_ahead, -shift);
}

static void pim_series_set_reach(struct pim_series *series)
{
	const struct pim_series_change *future;

	pim_series_add_reach(series, &series->length, 0);
	array_foreach(&series->futures, future)
		pim_series_add_reach(series, &future->length, future->shift);
}

static struct pim_series *
pim_series_create(pool_t pool, struct pim_component *comp,
		  const struct pim_timezone *home)
{
	struct pim_series *series = p_new(pool, struct pim_series, 1);

	series->pool = pool;
	series->calendar = pim_component_parent(comp);
	series->home = home == NULL ? pim_timezone_utc() : home;
	p_array_init(&series->rules, pool, 1);
	p_array_init(&series->exrules, pool, 1);
	p_array_init(&series->rdates, pool, 1);
	p_array_init(&series->exdates, pool, 8);
	p_array_init(&series->exdays, pool, 1);
	p_array_init(&series->changes, pool, 4);
	p_array_init(&series->futures, pool, 1);
	return series;
}

static bool
pim_reader_is_other(const struct pim_component *comp, const char *uid)
{
	return null_strcmp(pim_component_text(comp, "UID"), uid) == 0;
}

struct pim_series *
pim_series_read(pool_t pool, struct pim_component *comp,
		const struct pim_timezone *home)
{
	struct pim_series_reader reader = { .hints = { .home = home } };
	struct pim_component *other, *calendar = pim_component_parent(comp);
	const char *name = pim_component_name(comp);
	const char *uid = pim_component_text(comp, "UID");
	struct pim_series *series = pim_series_create(pool, comp, home);

	reader.series = series;
	p_array_init(&reader.zones, pool, 2);
	series->simple = TRUE;
	other = pim_component_find(calendar, name);
	for (; other != NULL; other = pim_component_next(other, name)) {
		if (pim_property_find(other, "RECURRENCE-ID") == NULL &&
		    pim_reader_is_other(other, uid) &&
		    pim_reader_master(&reader, other) == 0)
			break;
	}
	other = pim_component_find(calendar, name);
	for (; other != NULL; other = pim_component_next(other, name)) {
		if (pim_property_find(other, "RECURRENCE-ID") != NULL &&
		    pim_reader_is_other(other, uid))
			pim_reader_change(&reader, other);
	}
	if (series->master == NULL && array_count(&series->changes) == 0)
		return NULL;
	pim_series_sort_changes(series);
	pim_series_set_reach(series);
	if (array_count(&series->rules) > 1 ||
	    array_count(&series->exrules) > 0 ||
	    array_count(&series->rdates) > 0 ||
	    array_count(&series->futures) > 0)
		series->simple = FALSE;
	return series;
}
