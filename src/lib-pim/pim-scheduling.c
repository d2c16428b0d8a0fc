/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-vtimezone.h"
#include "pim-scheduling-private.h"

/* What all that is done to meetings needs of a calendar object. */

static const struct pim_lines_limits sched_limits = {
	.max_size = PIM_SCHEDULING_MAX_SIZE,
	.max_lines = 200000,
	.max_depth = 8,
};

/* -- the object -- */

/* Without a series it is that of whatever there is. */
static void sched_form_load(struct sched_doc *doc)
{
	struct pim_component *master = sched_master(doc);
	const struct pim_component *event =
		master != NULL ? master : sched_event_first(doc);
	const struct pim_property *start = pim_property_find(event, "DTSTART");
	struct sched_form *form = &doc->form;
	int64_t local, t;
	bool is_utc;

	i_zero(form);
	if (start == NULL ||
	    pim_ical_time_parse(pim_property_value(start), &local,
				&form->is_date, &is_utc) < 0)
		return;
	form->known = form->is_date || master != NULL;
	form->tz = is_utc ? pim_timezone_utc() :
		sched_property_zone(doc, start, local);
	form->floating = !form->is_date && form->tz == NULL;
	if (form->tz == NULL)
		form->tz = doc->home;
	t = is_utc ? local : pim_timezone_from_local(form->tz, local);
	local = pim_timezone_to_local(form->tz, t);
	form->secs = local - pim_days_of(local) * PIM_DAY;
}

void sched_master_changed(struct sched_doc *doc)
{
	struct sched_exception *exception;

	if (doc->plain_doc != NULL)
		pim_lines_free(&doc->plain_doc);
	doc->plain = NULL;
	if (sched_event_first(doc) == NULL)
		return;
	sched_form_load(doc);
	array_foreach_modifiable(&doc->exceptions, exception)
		sched_id_adapt(doc, &exception->id);
}

static void sched_doc_load(struct sched_doc *doc)
{
	struct sched_exception *exception;
	struct pim_component *event;
	struct sched_time id;

	sched_form_load(doc);
	for (event = sched_event_first(doc); event != NULL;
	     event = sched_event_next(doc, event)) {
		if (!sched_time(doc, event, "RECURRENCE-ID", &id))
			continue;
		sched_id_adapt(doc, &id);
		exception = array_append_space(&doc->exceptions);
		exception->id = id;
		exception->event = event;
	}
}

static void sched_doc_init(struct sched_doc *doc, pool_t pool)
{
	i_zero(doc);
	doc->pool = pool;
	doc->home = pim_timezone_utc();
	p_array_init(&doc->zones, pool, 4);
	p_array_init(&doc->exceptions, pool, 8);
	p_array_init(&doc->excluded, pool, 8);
}

int sched_doc_parse(struct sched_doc *doc_r, pool_t pool,
		    const struct pim_timezone *home, const void *data,
		    size_t size, const char **error_r)
{
	struct pim_component *event = NULL;
	const char *uid = NULL;

	sched_doc_init(doc_r, pool);
	if (home != NULL)
		doc_r->home = home;
	if (pim_lines_parse(data, size, &sched_limits, &doc_r->doc,
			    error_r) < 0)
		return -1;
	doc_r->calendar = pim_component_find(pim_lines_root(doc_r->doc),
					     "VCALENDAR");
	if (doc_r->calendar != NULL)
		event = pim_component_find(doc_r->calendar, "VEVENT");
	if (event != NULL)
		uid = pim_component_text(event, "UID");
	if (uid == NULL || *uid == '\0') {
		*error_r = "It has no event with a UID";
		pim_lines_free(&doc_r->doc);
		return -1;
	}
	doc_r->uid = p_strdup(pool, uid);
	sched_doc_load(doc_r);
	return 0;
}

void sched_doc_create(struct sched_doc *doc_r, pool_t pool,
		      const char *method)
{
	sched_doc_init(doc_r, pool);
	doc_r->doc = pim_lines_create();
	doc_r->calendar = pim_component_add(pim_lines_root(doc_r->doc),
					    "VCALENDAR");
	pim_component_set_value(doc_r->calendar, "PRODID", PIM_ITIP_PRODID);
	pim_component_set_value(doc_r->calendar, "VERSION", "2.0");
	pim_component_set_value(doc_r->calendar, "CALSCALE", "GREGORIAN");
	pim_component_set_value(doc_r->calendar, "METHOD", method);
	doc_r->uid = "";
}

void sched_doc_free(struct sched_doc *doc)
{
	if (doc->plain_doc != NULL)
		pim_lines_free(&doc->plain_doc);
	if (doc->doc != NULL)
		pim_lines_free(&doc->doc);
}

void sched_write(const struct sched_doc *doc, string_t *dest)
{
	pim_lines_write(doc->doc, dest);
}

static struct pim_component *
sched_event_check(const struct sched_doc *doc, struct pim_component *event)
{
	while (event != NULL &&
	       null_strcmp(pim_component_text(event, "UID"), doc->uid) != 0)
		event = pim_component_next(event, "VEVENT");
	return event;
}

struct pim_component *sched_event_first(const struct sched_doc *doc)
{
	return sched_event_check(doc, pim_component_find(doc->calendar,
							 "VEVENT"));
}

struct pim_component *
sched_event_next(const struct sched_doc *doc, struct pim_component *event)
{
	return sched_event_check(doc, pim_component_next(event, "VEVENT"));
}

struct pim_component *sched_master(const struct sched_doc *doc)
{
	struct pim_component *event;

	for (event = sched_event_first(doc); event != NULL;
	     event = sched_event_next(doc, event)) {
		if (pim_property_find(event, "RECURRENCE-ID") == NULL)
			return event;
	}
	return NULL;
}

/* -- times -- */

static const struct pim_timezone *
sched_zone(struct sched_doc *doc, const char *tzid, int64_t time)
{
	struct pim_timezone_hints hints = { .time = time };
	struct sched_zone *zone;

	array_foreach_modifiable(&doc->zones, zone) {
		if (strcmp(zone->tzid, tzid) == 0)
			return zone->tz;
	}
	zone = array_append_space(&doc->zones);
	zone->tzid = p_strdup(doc->pool, tzid);
	zone->tz = pim_timezone_from_calendar(doc->pool, doc->calendar, tzid,
					      &hints);
	return zone->tz;
}

const struct pim_timezone *
sched_property_zone(struct sched_doc *doc, const struct pim_property *prop,
		    int64_t time)
{
	const char *tzid = pim_property_param(prop, "TZID");

	return tzid == NULL || *tzid == '\0' ? NULL :
		sched_zone(doc, tzid, time);
}

bool sched_value_time(struct sched_doc *doc, const struct pim_property *prop,
		      const char *value, struct sched_time *time_r)
{
	const struct pim_timezone *tz;
	bool is_utc;

	if (pim_ical_time_parse(value, &time_r->time, &time_r->is_date,
				&is_utc) < 0)
		return FALSE;
	if (is_utc) {
		sched_time_make(doc, time_r->time, time_r);
		return TRUE;
	}
	time_r->day = pim_days_of(time_r->time);
	if (time_r->is_date)
		return TRUE;
	tz = sched_property_zone(doc, prop, time_r->time);
	time_r->time = pim_timezone_from_local(tz != NULL ? tz : doc->home,
					       time_r->time);
	return TRUE;
}

bool sched_time(struct sched_doc *doc, const struct pim_component *event,
		const char *name, struct sched_time *time_r)
{
	const struct pim_property *prop = pim_property_find(event, name);

	return prop != NULL &&
		sched_value_time(doc, prop, pim_property_value(prop), time_r);
}

bool sched_time_equals(const struct sched_time *t1,
		       const struct sched_time *t2)
{
	return t1->is_date == t2->is_date ? t1->time == t2->time :
		t1->day == t2->day;
}

void sched_id_adapt(const struct sched_doc *doc, struct sched_time *id)
{
	const struct sched_form *form = &doc->form;

	if (!form->known || form->is_date == id->is_date)
		return;
	id->is_date = form->is_date;
	id->time = id->day * PIM_DAY;
	if (!form->is_date)
		id->time = pim_timezone_from_local(form->tz,
						   id->time + form->secs);
}

bool sched_end(struct sched_doc *doc, const struct pim_component *event,
	       struct sched_time *time_r)
{
	struct sched_time start;
	const char *duration;
	int64_t seconds;

	if (sched_time(doc, event, "DTEND", time_r))
		return TRUE;
	if (!sched_time(doc, event, "DTSTART", &start))
		return FALSE;
	*time_r = start;
	duration = pim_component_value(event, "DURATION");
	if (duration != NULL && pim_duration_parse(duration, &seconds) == 0)
		time_r->time += seconds;
	else if (start.is_date)
		time_r->time += PIM_DAY;
	return TRUE;
}

int64_t sched_id_local(const struct sched_doc *doc,
		       const struct sched_time *id)
{
	return id->is_date || !doc->form.known ? id->time :
		pim_timezone_to_local(doc->form.tz, id->time);
}

void sched_time_make(const struct sched_doc *doc, int64_t t,
		     struct sched_time *time_r)
{
	time_r->time = t;
	time_r->day = pim_timezone_nearest_day(doc->home, t);
	time_r->is_date = FALSE;
}

void
sched_set_time(struct sched_doc *doc, struct pim_property *prop,
	       const struct pim_property *like, int64_t time)
{
	string_t *value = t_str_new(32);
	const char *tzid = t_strdup(pim_property_param(like, "TZID"));
	const struct pim_timezone *tz;
	bool is_date, is_utc;
	int64_t old;

	if (pim_ical_time_parse(pim_property_value(like), &old, &is_date,
				&is_utc) < 0)
		return;
	if (!is_date && !is_utc) {
		tz = sched_property_zone(doc, like, time);
		time = pim_timezone_to_local(tz != NULL ? tz : doc->home,
					     time);
	}
	pim_ical_time_append(value, time, is_date, is_utc);
	pim_property_set_value(prop, str_c(value));
	pim_property_set_param(prop, "TZID", is_date || is_utc ? NULL : tzid);
	pim_property_set_param(prop, "VALUE", is_date ? "DATE" : NULL);
}

unsigned int sched_sequence(const struct pim_component *event)
{
	const char *value = pim_component_value(event, "SEQUENCE");
	unsigned int sequence;

	return value == NULL || str_to_uint(value, &sequence) < 0 ? 0 :
		sequence;
}

int64_t sched_stamp_parse(const char *value)
{
	bool is_date, is_utc;
	int64_t stamp;

	return value == NULL ||
		pim_ical_time_parse(value, &stamp, &is_date, &is_utc) < 0 ?
		0 : stamp;
}

int64_t sched_stamp(const struct pim_component *event)
{
	const char *value = pim_component_value(event, SCHED_STAMP);

	if (value == NULL)
		value = pim_component_value(event, "DTSTAMP");
	return sched_stamp_parse(value);
}

const char *sched_stamp_text(int64_t stamp)
{
	string_t *str = t_str_new(20);

	pim_ical_time_append(str, stamp, FALSE, TRUE);
	return str_c(str);
}

/* -- from one object to another -- */

static struct pim_component *
sched_zone_find(const struct sched_doc *doc, const char *tzid)
{
	struct pim_component *comp;
	const char *value;

	for (comp = pim_component_find(doc->calendar, "VTIMEZONE");
	     comp != NULL; comp = pim_component_next(comp, "VTIMEZONE")) {
		value = pim_component_text(comp, "TZID");
		if (value != NULL && strcmp(value, tzid) == 0)
			break;
	}
	return comp;
}

static bool
sched_component_equals(const struct pim_component *c1,
		       const struct pim_component *c2)
{
	string_t *text1 = t_str_new(512), *text2 = t_str_new(512);

	pim_component_write(c1, text1);
	pim_component_write(c2, text2);
	return str_equals(text1, text2);
}

/* Renames what event calls tzid. */
static void
sched_zone_rename(struct pim_component *event, const char *tzid,
		  const char *name)
{
	struct pim_property *prop;
	const char *value;

	for (prop = pim_property_find(event, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		value = pim_property_param(prop, "TZID");
		if (value != NULL && strcmp(value, tzid) == 0)
			pim_property_set_param(prop, "TZID", name);
	}
}

/* "Customized Time Zone" is a zone of many definitions: another one than the one
   that is there gets another name. */
static void
sched_copy_zone(struct sched_doc *dest, const struct pim_component *zone,
		struct pim_component *event, const char *tzid)
{
	struct pim_component *there = NULL, *copy;
	const char *name = tzid;
	unsigned int i;

	for (i = 2; i < 10; i++) {
		there = sched_zone_find(dest, name);
		if (there == NULL || sched_component_equals(there, zone))
			break;
		name = t_strdup_printf("%s %u", tzid, i);
		copy = pim_component_add_copy(dest->calendar, zone);
		pim_component_set_text(copy, "TZID", name);
		there = sched_zone_find(dest, name);
		if (there == copy)
			break;
		/* compare with the name that it has here */
		if (sched_component_equals(there, copy)) {
			pim_component_remove(copy);
			break;
		}
		pim_component_remove(copy);
	}
	if (there == NULL)
		(void)pim_component_add_copy(dest->calendar, zone);
	if (name != tzid)
		sched_zone_rename(event, tzid, name);
}

void sched_copy_zones(struct sched_doc *dest, const struct sched_doc *src,
		      struct pim_component *event)
{
	const struct pim_property *prop;
	ARRAY_TYPE(const_string) done;
	struct pim_component *zone;
	const char *tzid, *other;
	bool known;

	t_array_init(&done, 4);
	for (prop = pim_property_find(event, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		tzid = pim_property_param(prop, "TZID");
		if (tzid == NULL || *tzid == '\0')
			continue;
		known = FALSE;
		array_foreach_elem(&done, other) {
			if (strcmp(other, tzid) == 0)
				known = TRUE;
		}
		if (known)
			continue;
		tzid = t_strdup(tzid);
		array_push_back(&done, &tzid);
	}
	array_foreach_elem(&done, tzid) {
		zone = sched_zone_find(src, tzid);
		if (zone != NULL)
			sched_copy_zone(dest, zone, event, tzid);
	}
}
