/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-timezone.h"
#include "pim-values.h"
#include "pim-scheduling-private.h"

/* Occurrences of a series: which there are, and those that are written down by
   themselves or left out. */

/* bytes of the exceptions that are made for one message or answer */
#define SCHED_MAX_MADE_SIZE (1024*1024)

struct pim_component *
sched_exception_find(struct sched_doc *doc, const struct sched_time *id)
{
	const struct sched_exception *exception;

	array_foreach(&doc->exceptions, exception) {
		if (sched_time_equals(&exception->id, id))
			return exception->event;
	}
	return NULL;
}

struct pim_component *
sched_exception_copy(struct sched_doc *doc, const struct sched_time *id,
		     const struct pim_component *event)
{
	struct sched_exception *exception =
		array_append_space(&doc->exceptions);

	exception->id = *id;
	exception->event = pim_component_add_copy(doc->calendar, event);
	return exception->event;
}

void sched_exception_remove(struct sched_doc *doc, struct pim_component *event)
{
	const struct sched_exception *exception;

	array_foreach(&doc->exceptions, exception) {
		if (exception->event == event) {
			array_delete(&doc->exceptions,
				array_foreach_idx(&doc->exceptions, exception),
				1);
			break;
		}
	}
	pim_component_remove(event);
}

struct pim_series *
sched_series_copy(struct sched_doc *doc, bool excluded,
		  struct pim_lines **lines_r)
{
	struct pim_component *master = sched_master(doc), *copy;
	struct sched_doc dest;

	*lines_r = NULL;
	if (master == NULL)
		return NULL;
	sched_doc_create(&dest, doc->pool, "PUBLISH");
	copy = pim_component_add_copy(dest.calendar, master);
	if (!excluded)
		(void)pim_component_remove_all(copy, "EXDATE");
	sched_copy_zones(&dest, doc, copy);
	*lines_r = dest.doc;
	return pim_series_read(doc->pool, copy, doc->home);
}

bool sched_series_find(const struct sched_doc *doc,
		       const struct pim_series *series,
		       const struct sched_time *id,
		       struct pim_occurrence *occurrence_r)
{
	int64_t t = id->time;

	if (pim_series_is_all_day(series))
		t = pim_timezone_from_local(doc->home, id->day * PIM_DAY);
	return pim_series_find(series, t, occurrence_r);
}

bool sched_has_occurrence(struct sched_doc *doc, const struct sched_time *id)
{
	struct pim_component *master = sched_master(doc);
	struct pim_occurrence occurrence;

	if (master == NULL)
		return FALSE;
	if (doc->plain_doc == NULL)
		doc->plain = sched_series_copy(doc, FALSE,
						&doc->plain_doc);
	return doc->plain != NULL && !sched_is_excluded(doc, master, id) &&
		sched_series_find(doc, doc->plain, id, &occurrence);
}

/* Each is a copy of the whole event. */
static bool
sched_may_make(struct sched_doc *doc, const struct pim_component *master)
{
	string_t *text;

	if (doc->master_size == 0) {
		text = str_new(default_pool, 4096);
		pim_component_write(master, text);
		doc->master_size = str_len(text);
		str_free(&text);
	}
	doc->made_size += doc->master_size;
	return doc->made_size == doc->master_size ||
		doc->made_size <= SCHED_MAX_MADE_SIZE;
}

/* Of what stands for all that follow. */
static struct pim_component *
sched_exception_make_like(struct sched_doc *doc, const struct sched_time *id,
			  const struct pim_component *cover)
{
	struct pim_component *event = sched_exception_copy(doc, id, cover);
	struct sched_time from;

	if (sched_time(doc, cover, "RECURRENCE-ID", &from)) {
		sched_id_adapt(doc, &from);
		sched_exception_move(doc, event, &from, id);
	}
	sched_set_range(event, FALSE);
	return event;
}

struct pim_component *
sched_exception_make(struct sched_doc *doc, const struct sched_time *id)
{
	static const char *const series[] = {
		"RRULE", "RDATE", "EXDATE", "EXRULE", "X-ROOST-TZID",
		SCHED_GONE,
	};
	struct pim_component *master = sched_master(doc), *event;
	const struct pim_property *start;
	struct pim_property *end;
	struct sched_time from, to;

	if (master == NULL || !sched_has_occurrence(doc, id) ||
	    !sched_time(doc, master, "DTSTART", &from) ||
	    !sched_end(doc, master, &to) || !sched_may_make(doc, master))
		return NULL;
	event = sched_exception_cover(doc, id);
	if (event != NULL)
		return sched_exception_make_like(doc, id, event);
	event = sched_exception_copy(doc, id, master);
	for (unsigned int i = 0; i < N_ELEMENTS(series); i++)
		(void)pim_component_remove_all(event, series[i]);
	start = pim_property_find(master, "DTSTART");
	sched_set_time(doc, pim_property_add(event, "RECURRENCE-ID", ""),
		       start, id->time);
	sched_set_time(doc, pim_property_find(event, "DTSTART"), start,
		       id->time);
	end = pim_property_find(event, "DTEND");
	if (end != NULL) {
		sched_set_time(doc, end, pim_property_find(master, "DTEND"),
			       id->time + (to.time - from.time));
	}
	return event;
}

void sched_excluded_load(struct sched_doc *doc,
			 const struct pim_component *master)
{
	const struct pim_property *prop;
	const char *pos, *value;
	struct sched_time time;

	if (doc->excluded_loaded)
		return;
	doc->excluded_loaded = TRUE;
	for (prop = pim_property_find(master, "EXDATE"); prop != NULL;
	     prop = pim_property_next(prop, "EXDATE")) T_BEGIN {
		pos = pim_property_value(prop);
		while (pim_values_next(&pos, &value)) {
			if (!sched_value_time(doc, prop, value, &time))
				continue;
			sched_id_adapt(doc, &time);
			array_push_back(&doc->excluded, &time);
		}
	} T_END;
}

bool sched_is_excluded(struct sched_doc *doc,
		       const struct pim_component *master,
		       const struct sched_time *id)
{
	const struct sched_time *time;

	sched_excluded_load(doc, master);
	array_foreach(&doc->excluded, time) {
		if (sched_time_equals(time, id))
			return TRUE;
	}
	return FALSE;
}

bool sched_exclude(struct sched_doc *doc, struct pim_component *master,
		   const struct sched_time *id)
{
	const struct pim_property *start = pim_property_find(master, "DTSTART");

	if (start == NULL || sched_is_excluded(doc, master, id))
		return FALSE;
	array_push_back(&doc->excluded, id);
	sched_set_time(doc, pim_property_add(master, "EXDATE", ""), start,
		       id->time);
	return TRUE;
}

struct sched_match {
	struct sched_doc *doc;
	const struct sched_time *id;
};

static bool
sched_match_id(const struct pim_property *prop, const char *value,
	       void *context)
{
	struct sched_match *match = context;
	struct sched_time time;

	if (!sched_value_time(match->doc, prop, value, &time))
		return FALSE;
	sched_id_adapt(match->doc, &time);
	return sched_time_equals(&time, match->id);
}

void sched_include(struct sched_doc *doc, struct pim_component *master,
		   const struct sched_time *id)
{
	struct sched_match match = { .doc = doc, .id = id };

	if (!sched_is_excluded(doc, master, id))
		return;
	(void)pim_values_remove(master, "EXDATE", sched_match_id, &match);
	array_clear(&doc->excluded);
	doc->excluded_loaded = FALSE;
}
