/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-occurrence.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-values.h"
#include "pim-scheduling-private.h"

/* RANGE=THISANDFUTURE: a message about an occurrence and all that follow (RFC 5545 3.8.4.4). It is
   applied as the same message would be to each of them, so what is newer of one stays, and every
   device can show and change what comes of it. Of a long series not all can be written down: the last
   that is has the RANGE itself then, so that the rest is the same in the standard's own words, and
   what is done to that one alone hands the RANGE on to the next.
   A cancellation ends the series before. An answer of an attendee that is too long is written the other way
   round: the series has it, and what was before has the one of before. */

/* bytes of the changed occurrences that one message makes; looking for them
   counts as some */
#define SCHED_MAX_FUTURE_SIZE (1024*1024)
#define SCHED_FUTURE_LOOK_SIZE (16*1024)
/* where those before an occurrence are looked for first, and how many at a time */
#define SCHED_BEFORE_FIRST (16 * PIM_DAY)
#define SCHED_BEFORE_MAX 4096

bool sched_is_future(const struct pim_component *event)
{
	const struct pim_property *prop =
		pim_property_find(event, "RECURRENCE-ID");

	return prop != NULL &&
		pim_property_has_param(prop, "RANGE", "THISANDFUTURE");
}

static void
sched_occurrence_id(const struct pim_series *series,
		    const struct pim_occurrence *occurrence,
		    struct sched_time *id_r)
{
	id_r->is_date = pim_series_is_all_day(series);
	id_r->time = id_r->is_date ? occurrence->id_local : occurrence->id;
	id_r->day = pim_days_of(occurrence->id_local);
}

/* The occurrences as the series has them, whatever was changed since. */
static bool
sched_future_find(struct sched_doc *doc, const struct sched_time *id,
		  unsigned int max, struct sched_future *future_r)
{
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	struct pim_occurrence first;
	struct pim_series *series;
	struct pim_lines *lines;
	bool ret = FALSE;

	i_zero(future_r);
	p_array_init(&future_r->occurrences, doc->pool, 16);
	series = sched_series_copy(doc, TRUE, &lines);
	if (series != NULL && sched_series_find(doc, series, id, &first)) {
		p_array_init(&found, doc->pool, 16);
		future_r->more = !pim_series_get(series, first.id,
						 PIM_SCHEDULING_TIME_MAX, max,
						 &found);
		array_foreach(&found, occ) {
			/* one before may last until then */
			if (occ->id < first.id)
				continue;
			sched_occurrence_id(series, occ, array_append_space(
				&future_r->occurrences));
		}
		ret = array_count(&future_r->occurrences) > 0;
	}
	if (lines != NULL)
		pim_lines_free(&lines);
	return ret;
}

/* Windows of twice the length each, until one has enough of them. */
static void
sched_before_find(const struct pim_series *series, int64_t id,
		  ARRAY_TYPE(pim_occurrence) *found)
{
	int64_t length, first, last;

	if (!pim_series_get_range(series, &first, &last) && first > id)
		return;
	for (length = SCHED_BEFORE_FIRST; ; length *= 2) {
		array_clear(found);
		/* so many at a time have no clock's pattern */
		if (!pim_series_get(series, id - length, id,
				    SCHED_BEFORE_MAX, found)) {
			array_clear(found);
			return;
		}
		if (array_count(found) >= SCHED_MAX_FUTURE ||
		    id - length <= first)
			return;
	}
}

void sched_future_before(struct sched_doc *doc, const struct sched_time *id,
			 ARRAY_TYPE(sched_time) *dest)
{
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ;
	struct pim_occurrence first;
	struct pim_series *series;
	struct pim_lines *lines;
	struct sched_time *time;
	unsigned int count;

	series = sched_series_copy(doc, TRUE, &lines);
	if (series != NULL && sched_series_find(doc, series, id, &first)) {
		p_array_init(&found, doc->pool, 64);
		sched_before_find(series, first.id, &found);
		count = array_count(&found);
		if (count > SCHED_MAX_FUTURE)
			array_delete(&found, 0, count - SCHED_MAX_FUTURE);
		array_foreach(&found, occ) {
			time = array_append_space(dest);
			sched_occurrence_id(series, occ, time);
		}
	}
	if (lines != NULL)
		pim_lines_free(&lines);
}

bool sched_future_get(struct sched_apply *apply,
		      const struct pim_component *event,
		      const struct sched_time *id,
		      struct sched_future *future_r)
{
	string_t *text = t_str_new(1024);
	unsigned int max;
	size_t left;

	if (apply->future_size + SCHED_FUTURE_LOOK_SIZE >=
	    SCHED_MAX_FUTURE_SIZE)
		return FALSE;
	apply->future_size += SCHED_FUTURE_LOOK_SIZE;
	left = SCHED_MAX_FUTURE_SIZE - apply->future_size;
	pim_component_write(event, text);
	max = I_MIN(SCHED_MAX_FUTURE, left / I_MAX(str_len(text), 1));
	/* those that are there already may have something newer, which stays */
	if (max == 0 ||
	    !sched_future_find(&apply->old, id, max +
			       array_count(&apply->old.exceptions), future_r))
		return FALSE;
	future_r->max = max;
	apply->future_size += str_len(text) *
		I_MIN(max, array_count(&future_r->occurrences));
	return TRUE;
}

/* -- REQUEST -- */

/* By the clock of the property, or the series' if that is UTC. */
static void
sched_time_shift(const struct sched_doc *doc, struct pim_property *prop,
		 int64_t later)
{
	const struct pim_timezone *tz = doc->form.is_date ? doc->home :
		doc->form.tz;
	string_t *value = t_str_new(20);
	bool is_date, is_utc;
	int64_t t;

	if (pim_ical_time_parse(pim_property_value(prop), &t, &is_date,
				&is_utc) < 0)
		return;
	if (is_utc) {
		t = pim_timezone_from_local(tz, later +
					    pim_timezone_to_local(tz, t));
	} else {
		t += later;
	}
	if (is_date)
		t = pim_days_of(t) * PIM_DAY;
	pim_ical_time_append(value, t, is_date, is_utc);
	pim_property_set_value(prop, str_c(value));
}

void sched_exception_move(struct sched_doc *doc, struct pim_component *event,
			  const struct sched_time *from,
			  const struct sched_time *id)
{
	static const char *const names[] = { "DTSTART", "DTEND" };
	int64_t later = sched_id_local(doc, id) - sched_id_local(doc, from);
	struct pim_property *prop = pim_property_find(event, "RECURRENCE-ID");

	/* of the series itself is its own form, which all others know */
	sched_set_time(doc, prop, pim_property_find(sched_master(doc),
						    "DTSTART"), id->time);
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		prop = pim_property_find(event, names[i]);
		if (prop != NULL)
			sched_time_shift(doc, prop, later);
	}
}

void sched_set_range(struct pim_component *event, bool range)
{
	pim_property_set_param(pim_property_find(event, "RECURRENCE-ID"),
			       "RANGE", range ? "THISANDFUTURE" : NULL);
}

/* A message's event about an occurrence and all that follow, up to the next such event. */
struct sched_future_event {
	struct sched_apply *apply;
	struct pim_component *event;
	const struct sched_time *first;
	int64_t until;
};

static void
sched_future_event_init(struct sched_future_event *future,
			struct sched_apply *apply,
			struct pim_component *event,
			const struct sched_time *first)
{
	const struct sched_exception *exception;
	struct sched_time id;

	future->apply = apply;
	future->event = event;
	future->first = first;
	future->until = INT64_MAX;
	array_foreach(&apply->msg.exceptions, exception) {
		id = exception->id;
		sched_id_adapt(&apply->old, &id);
		if (id.time > first->time && id.time < future->until &&
		    sched_is_future(exception->event))
			future->until = id.time;
	}
}

/* As if the event were about another one of them alone. Returns what it has become, NULL if it is no
   news there, or the message has something else about it. */
static struct pim_component *
sched_future_put(const struct sched_future_event *future,
		 const struct sched_time *id)
{
	struct sched_apply *apply = future->apply;
	const struct pim_component *other =
		sched_exception_find(&apply->msg, id);
	struct pim_component *copy, *put;

	if (other != NULL && other != future->event)
		return NULL;
	copy = pim_component_add_copy(apply->msg.calendar, future->event);
	sched_set_range(copy, FALSE);
	sched_exception_move(&apply->old, copy, future->first, id);
	put = sched_put_exception(apply, copy, id,
				  other != future->event);
	pim_component_remove(copy);
	return put;
}

/* Those behind what was written down that have something of their own already: older things are
   not to stay there. */
static void
sched_future_put_rest(const struct sched_future_event *future,
		      const struct sched_time *last)
{
	const struct sched_exception *exception;
	ARRAY_TYPE(sched_time) ids;
	const struct sched_time *id;

	t_array_init(&ids, 16);
	array_foreach(&future->apply->old.exceptions, exception) {
		if (exception->id.time > last->time &&
		    exception->id.time < future->until)
			array_push_back(&ids, &exception->id);
	}
	array_foreach(&ids, id) T_BEGIN {
		(void)sched_future_put(future, id);
	} T_END;
}

void sched_update_future(struct sched_apply *apply,
			 struct pim_component *event,
			 const struct sched_time *id)
{
	const struct pim_component *master = sched_master(&apply->old);
	struct pim_component *put, *last = NULL;
	struct sched_future_event future_event;
	const struct sched_time *ids;
	struct sched_future future;
	unsigned int i, count, made = 0;

	if (master == NULL || pim_property_find(master, "DTSTART") == NULL ||
	    !sched_future_get(apply, event, id, &future)) {
		/* with its RANGE */
		(void)sched_put_exception(apply, event, id, FALSE);
		return;
	}
	sched_future_event_init(&future_event, apply, event, id);
	ids = array_get(&future.occurrences, &count);
	for (i = 0; i < count && made < future.max; i++) T_BEGIN {
		put = ids[i].time >= future_event.until ? NULL :
			sched_future_put(&future_event, &ids[i]);
		if (put != NULL) {
			last = put;
			made++;
		}
	} T_END;
	/* are they all? */
	if (last == NULL || (i == count && !future.more) ||
	    ids[i - 1].time >= future_event.until)
		return;
	sched_set_range(last, TRUE);
	sched_future_put_rest(&future_event, &ids[i - 1]);
}

struct pim_component *
sched_exception_cover(struct sched_doc *doc, const struct sched_time *id)
{
	const struct sched_exception *exception, *cover = NULL;

	array_foreach(&doc->exceptions, exception) {
		if (exception->id.time < id->time &&
		    (cover == NULL || exception->id.time > cover->id.time) &&
		    sched_is_future(exception->event))
			cover = exception;
	}
	return cover == NULL ? NULL : cover->event;
}

void sched_exception_alone(struct sched_doc *doc, struct pim_component *event)
{
	const struct sched_time *next;
	struct sched_future future;
	struct sched_time id;

	if (!sched_is_future(event))
		return;
	if (sched_time(doc, event, "RECURRENCE-ID", &id)) {
		sched_id_adapt(doc, &id);
		if (!sched_future_find(doc, &id, 2 +
				       array_count(&doc->exceptions), &future))
			p_array_init(&future.occurrences, doc->pool, 1);
		array_foreach(&future.occurrences, next) {
			if (sched_exception_find(doc, next) != NULL)
				continue;
			sched_exception_move(doc, sched_exception_copy(doc,
				next, event), &id, next);
			break;
		}
	}
	sched_set_range(event, FALSE);
}

/* -- CANCEL -- */

/* Where a rule ends that has nothing from a local time on: a day before, so that nobody who
   looks at the date only takes that day for one more. Rules of several times a day end just before. */
static int64_t sched_until(const char *rrule, int64_t local)
{
	static const char *const within_days[] = {
		"HOURLY", "MINUTELY", "SECONDLY", "BYHOUR", "BYMINUTE",
		"BYSECOND",
	};
	int64_t before = PIM_DAY;

	rrule = t_str_ucase(rrule);
	for (unsigned int i = 0; i < N_ELEMENTS(within_days); i++) {
		if (strstr(rrule, within_days[i]) != NULL)
			before = 1;
	}
	return local - before;
}

/* The last moment of UNTIL. FALSE if it can't be read. */
static bool
sched_until_parse(struct sched_doc *doc, const struct pim_property *start,
		  const char *value, int64_t *until_r)
{
	struct sched_time until;

	if (!sched_value_time(doc, start, value, &until))
		return FALSE;
	*until_r = until.is_date && !doc->form.is_date ?
		pim_timezone_from_local(doc->form.tz,
					until.time + PIM_DAY - 1) :
		until.time;
	return TRUE;
}

static void
sched_rule_end(struct sched_doc *doc, struct pim_property *rule,
	       const struct pim_property *start, const struct sched_time *id)
{
	const char *const *parts = t_strsplit(pim_property_value(rule), ";");
	const struct sched_form *form = &doc->form;
	string_t *value = t_str_new(64);
	int64_t until, old = INT64_MAX;

	for (; *parts != NULL; parts++) {
		if (strncasecmp(*parts, "COUNT=", 6) == 0 ||
		    (strncasecmp(*parts, "UNTIL=", 6) == 0 &&
		     sched_until_parse(doc, start, *parts + 6, &old)))
			continue;
		if (str_len(value) > 0)
			str_append_c(value, ';');
		str_append(value, *parts);
	}
	until = sched_until(str_c(value), form->is_date ? id->time :
			    pim_timezone_to_local(form->tz, id->time));
	if (!form->is_date)
		until = pim_timezone_from_local(form->tz, until);
	/* it has ended before */
	if (old <= until)
		return;
	if (form->floating)
		until = pim_timezone_to_local(form->tz, until);
	str_append(value, ";UNTIL=");
	pim_ical_time_append(value, until, form->is_date, !form->floating);
	pim_property_set_value(rule, str_c(value));
}

struct sched_dates_end {
	struct sched_doc *doc;
	const struct sched_time *id;
};

static bool
sched_match_later(const struct pim_property *prop, const char *value,
		  void *context)
{
	struct sched_dates_end *end = context;
	struct sched_time t;

	/* of a period its start */
	if (!sched_value_time(end->doc, prop, t_strcut(value, '/'), &t))
		return FALSE;
	sched_id_adapt(end->doc, &t);
	return t.time >= end->id->time;
}

/* Those that a newer message has changed stay. */
static void
sched_future_remove_exceptions(struct sched_apply *apply,
			       const struct pim_component *event,
			       const struct sched_time *id)
{
	const struct sched_exception *exception;
	unsigned int i = 0;

	while (i < array_count(&apply->old.exceptions)) {
		exception = array_idx(&apply->old.exceptions, i);
		if (exception->id.time >= id->time &&
		    sched_is_newer(event, exception->event))
			sched_exception_remove(&apply->old, exception->event);
		else
			i++;
	}
}

void sched_cancel_future(struct sched_apply *apply,
			 const struct pim_component *event,
			 const struct sched_time *id)
{
	struct pim_component *master = sched_master(&apply->old);
	int64_t stamp = sched_stamp_parse(
		pim_component_value(event, "DTSTAMP"));
	struct sched_dates_end end = { .doc = &apply->old, .id = id };
	struct pim_property *prop;
	struct sched_time start;

	if (sched_sequence(event) < sched_sequence(master) ||
	    !sched_time(&apply->old, master, "DTSTART", &start) ||
	    sched_is_gone(apply, event, id))
		return;
	apply->changed = TRUE;
	sched_future_remove_exceptions(apply, event, id);
	if (id->time <= start.time) {
		/* all of it */
		if (array_count(&apply->old.exceptions) == 0)
			apply->removed = TRUE;
		else
			pim_component_remove(master);
		return;
	}
	for (prop = pim_property_find(master, "RRULE"); prop != NULL;
	     prop = pim_property_next(prop, "RRULE")) T_BEGIN {
		sched_rule_end(&apply->old, prop,
			       pim_property_find(master, "DTSTART"), id);
	} T_END;
	(void)pim_values_remove(master, "RDATE", sched_match_later, &end);
	/* what is older does not make it longer again */
	pim_component_set_value(master, "SEQUENCE",
				dec2str(sched_sequence(event)));
	if (stamp > sched_stamp(master))
		pim_component_set_value(master, SCHED_STAMP,
					sched_stamp_text(stamp));
	sched_master_changed(&apply->old);
	sched_set_gone(&apply->old, master, id, sched_sequence(event), stamp, SCHED_FUTURE);
}
