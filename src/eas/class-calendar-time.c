/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-vtimezone.h"
#include "class-calendar-private.h"

/* An all-day event is a date (VALUE=DATE), or with Outlook's mark times at midnight. Up to 14.1
   devices are shown midnights of a zone as moments, from 16.0 on the date alone, written
   as if it were UTC ([MS-ASCAL] 2.2.2.1). The zone is where the device was that made the event
   (this property; dates have no TZID), or the user's own. */
#define CAL_DATE_ZONE_PROPERTY "X-ROOST-TZID"

void cal_doc_read_start(struct cal_doc *doc)
{
	const struct pim_timezone *tz;
	const char *name;

	doc->zone = doc->home;
	doc->has_start = cal_time_read(doc, doc->master, "DTSTART",
				       &doc->start) == 0;
	if (!doc->has_start)
		return;
	if (!doc->start.is_date) {
		if (doc->start.tz != NULL)
			doc->zone = doc->start.tz;
		return;
	}
	name = pim_component_value(doc->master, CAL_DATE_ZONE_PROPERTY);
	if (name == NULL || (tz = pim_timezone_find(name)) == NULL)
		return;
	doc->zone = tz;
	doc->start.utc = pim_timezone_from_local(tz, doc->start.local);
}

void cal_doc_set_date_zone(struct cal_doc *doc, const struct pim_timezone *tz)
{
	doc->zone = tz;
	/* zones that nobody else knows can't be said here */
	pim_component_set_value(doc->master, CAL_DATE_ZONE_PROPERTY,
				tz == doc->home || !pim_timezone_is_known(tz) ?
				NULL : pim_timezone_name(tz));
}

static const struct cal_zone *
cal_find_zone(struct cal_doc *doc, const char *tzid, int64_t local)
{
	struct pim_timezone_hints hints;
	struct cal_zone *zone;

	if (!hash_table_is_created(doc->zones))
		hash_table_create(&doc->zones, doc->pool, 0, str_hash, strcmp);
	zone = hash_table_lookup(doc->zones, tzid);
	if (zone != NULL)
		return zone;
	i_zero(&hints);
	hints.time = local;
	hints.home = doc->home;
	zone = p_new(doc->pool, struct cal_zone, 1);
	zone->tzid = p_strdup(doc->pool, tzid);
	zone->tz = hash_table_count(doc->zones) >= CAL_MAX_ZONES ? doc->home :
		pim_timezone_from_calendar(doc->pool, doc->calendar, tzid,
					   &hints);
	hash_table_insert(doc->zones, p_strdup(doc->pool, tzid), zone);
	return zone;
}

static const struct cal_zone *
cal_values_zone(struct cal_doc *doc, struct cal_values *values, int64_t local)
{
	const char *tzid;

	if (!values->has_zone) {
		tzid = pim_property_param(values->prop, "TZID");
		if (tzid != NULL && *tzid != '\0')
			values->zone = cal_find_zone(doc, tzid, local);
		values->has_zone = TRUE;
	}
	return values->zone;
}

int cal_time_parse(struct cal_doc *doc, struct cal_values *values,
		   const char *value, struct cal_time *time_r)
{
	const struct cal_zone *zone;

	i_zero(time_r);
	if (pim_ical_time_parse(value, &time_r->local, &time_r->is_date,
				&time_r->is_utc) < 0)
		return -1;
	time_r->utc = time_r->local;
	if (time_r->is_utc) {
		time_r->tz = pim_timezone_utc();
		return 0;
	}
	if (time_r->is_date) {
		time_r->utc = pim_timezone_from_local(doc->zone,
						      time_r->local);
		return 0;
	}
	zone = cal_values_zone(doc, values, time_r->local);
	if (zone != NULL) {
		/* that of an unknown zone stays, too */
		time_r->tzid = zone->tzid;
		time_r->tz = zone->tz;
	}
	time_r->utc = pim_timezone_from_local(
		time_r->tz != NULL ? time_r->tz : doc->home, time_r->local);
	return 0;
}

int cal_time_read(struct cal_doc *doc, const struct pim_component *comp,
		  const char *name, struct cal_time *time_r)
{
	struct cal_values values = { .prop = pim_property_find(comp, name) };

	return values.prop == NULL ? -1 :
		cal_time_parse(doc, &values, pim_property_value(values.prop),
			       time_r);
}

int cal_end_read(struct cal_doc *doc, const struct pim_component *comp,
		 struct cal_time *end_r)
{
	struct cal_time start;
	const char *value;
	int64_t seconds;

	if (cal_time_read(doc, comp, "DTSTART", &start) < 0)
		return -1;
	if (cal_time_read(doc, comp, "DTEND", end_r) == 0 &&
	    end_r->is_date == start.is_date && end_r->utc >= start.utc)
		return 0;
	value = pim_component_value(comp, "DURATION");
	if (value == NULL || pim_duration_parse(value, &seconds) < 0 ||
	    seconds < 0)
		seconds = start.is_date ? PIM_DAY : 0;
	cal_time_make(&start, (start.is_date ? start.local : start.utc) +
		      seconds, end_r);
	if (start.is_date) {
		end_r->local = pim_days_of(end_r->local) * PIM_DAY;
		end_r->utc = pim_timezone_from_local(doc->zone, end_r->local);
	} else if (start.tz == NULL) {
		end_r->local = pim_timezone_to_local(doc->home, end_r->utc);
	}
	return 0;
}

bool cal_is_all_day(const struct cal_doc *doc ATTR_UNUSED,
		    const struct pim_component *comp)
{
	const struct pim_property *start;
	const char *value;

	start = pim_property_find(comp, "DTSTART");
	if (start == NULL)
		return FALSE;
	value = pim_property_value(start);
	if (strchr(value, 'T') == NULL)
		return TRUE;
	value = pim_component_value(comp, "X-MICROSOFT-CDO-ALLDAYEVENT");
	return value != NULL && strcasecmp(value, "TRUE") == 0;
}

int64_t cal_time_shown(const struct cal_doc *doc, const struct cal_time *t,
		       bool all_day)
{
	if (all_day && doc->req->version >= EAS_VERSION_16_0)
		return pim_days_of(t->local) * PIM_DAY;
	return t->utc;
}

int64_t cal_day_from_device(const struct cal_doc *doc, int64_t t,
			    const struct pim_timezone *tz)
{
	const struct pim_timezone *const zones[] = {
		tz, doc->zone, pim_timezone_utc(), doc->home
	};
	int64_t local;

	if (doc->req->version >= EAS_VERSION_16_0)
		return pim_days_of(t) * PIM_DAY;
	for (unsigned int i = 0; i < N_ELEMENTS(zones); i++) {
		if (zones[i] == NULL)
			continue;
		local = pim_timezone_to_local(zones[i], t);
		if (local % PIM_DAY == 0)
			return local;
	}
	/* no midnight of anybody: the nearest one */
	local = pim_timezone_to_local(tz != NULL ? tz : doc->zone, t);
	return pim_days_of(local + PIM_DAY / 2) * PIM_DAY;
}

void cal_time_make(const struct cal_time *like, int64_t t,
		   struct cal_time *time_r)
{
	*time_r = *like;
	time_r->local = time_r->utc = t;
	if (like->is_date || like->is_utc)
		return;
	if (like->tz != NULL)
		time_r->local = pim_timezone_to_local(like->tz, t);
	else {
		/* the difference is that of the time it is like */
		time_r->local = like->local + (t - like->utc);
	}
}

void cal_time_form(struct cal_doc *doc, const struct pim_timezone *tz,
		   bool is_date, int64_t t, struct cal_time *time_r)
{
	i_zero(time_r);
	time_r->local = time_r->utc = t;
	time_r->is_date = is_date;
	if (is_date) {
		time_r->utc = pim_timezone_from_local(doc->zone, t);
		return;
	}
	time_r->tz = tz;
	if (tz == pim_timezone_utc()) {
		time_r->is_utc = TRUE;
		return;
	}
	time_r->tzid = pim_timezone_name(tz);
	time_r->local = pim_timezone_to_local(tz, t);
	pim_timezone_add_component(doc->calendar, tz, t);
}

bool cal_time_same_form(const struct cal_time *t1, const struct cal_time *t2)
{
	return t1->is_date == t2->is_date && t1->is_utc == t2->is_utc &&
		null_strcmp(t1->tzid, t2->tzid) == 0;
}

const char *cal_time_value(const struct cal_time *t)
{
	string_t *str = t_str_new(20);

	pim_ical_time_append(str, t->local, t->is_date, t->is_utc);
	return str_c(str);
}

void cal_time_write(struct pim_property *prop, const struct cal_time *t)
{
	const char *old;

	pim_property_set_value(prop, cal_time_value(t));
	old = pim_property_param(prop, "VALUE");
	if (t->is_date)
		pim_property_set_param(prop, "VALUE", "DATE");
	else if (old != NULL && strcasecmp(old, "DATE-TIME") != 0)
		pim_property_set_param(prop, "VALUE", NULL);
	pim_property_set_param(prop, "TZID", t->tzid);
}

void cal_time_set(struct pim_component *comp, const char *name,
		  const struct cal_time *t)
{
	struct pim_property *prop = pim_property_find(comp, name);

	cal_time_write(prop != NULL ? prop : pim_property_add(comp, name, ""),
		       t);
}

/* -- instances -- */

int64_t cal_instance_key(struct cal_doc *doc, const struct cal_time *t)
{
	if (!doc->has_start || doc->start.is_date == t->is_date)
		return t->is_date ? t->local : t->utc;
	/* some name an occurrence by its day, or a day by its midnight */
	if (doc->start.is_date) {
		return PIM_DAY * (t->is_utc ?
			pim_timezone_nearest_day(doc->zone, t->utc) :
			pim_days_of(t->local));
	}
	return pim_timezone_from_local(doc->zone, t->local + doc->start.local -
		pim_days_of(doc->start.local) * PIM_DAY);
}

int cal_instance_parse(struct cal_doc *doc, const char *value, int64_t *key_r)
{
	if (eas_date_time_parse(value, key_r) < 0)
		return -1;
	if (!doc->has_start)
		return 0;
	if (doc->start.is_date)
		*key_r = cal_day_from_device(doc, *key_r, NULL);
	else if (cal_is_all_day(doc, doc->master) &&
		 doc->req->version >= EAS_VERSION_16_0)
		*key_r = pim_timezone_from_local(doc->zone, *key_r);
	return 0;
}

const char *cal_instance_shown(struct cal_doc *doc, int64_t key)
{
	struct cal_time t;

	if (!doc->has_start)
		return eas_ical_time(key);
	cal_time_make(&doc->start, key, &t);
	if (t.is_date)
		t.utc = pim_timezone_from_local(doc->zone, key);
	return eas_ical_time(cal_time_shown(doc, &t, cal_is_all_day(doc,
							doc->master)));
}
