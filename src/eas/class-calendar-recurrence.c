/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "class-calendar-private.h"

/* Recurrence ([MS-ASCAL] 2.2.2.37) and RRULE. What comes back from a device as it was shown
   leaves the RRULE as it is, with its odd but equal ways to say things. */

/* 2.2.2.10: values that must not be used; 23 is the last one */
#define CAL_CALENDAR_TYPES_RESERVED \
	(1U << 13 | 1U << 16 | 1U << 17 | 1U << 18 | 1U << 19 | 1U << 21 | \
	 1U << 22 | 1U << 23)

/* The types in whose recurrences an element stands: bit n is Type n. */
static const struct {
	unsigned int tag, types;
	unsigned int min, max;
} cal_recurrence_elements[] = {
	{ EAS_CALENDAR_DAY_OF_MONTH, 1U << 2 | 1U << 5, 1, 31 },
	{ EAS_CALENDAR_DAY_OF_WEEK, 1U << 0 | 1U << 1 | 1U << 3 | 1U << 6,
	  1, 127 },
	{ EAS_CALENDAR_MONTH_OF_YEAR, 1U << 5 | 1U << 6, 1, 12 },
	{ EAS_CALENDAR_WEEK_OF_MONTH, 1U << 3 | 1U << 6, 1, 5 },
};

/* The series' clock for pim_recurrence: dates have none. */
static const struct pim_timezone *cal_rule_zone(const struct cal_doc *doc)
{
	return doc->start.is_date ? NULL : doc->zone;
}

int cal_recurrence_read(struct cal_doc *doc, struct pim_recurrence *rec_r)
{
	struct pim_property *rule = pim_property_find(doc->master, "RRULE");

	i_zero(rec_r);
	if (rule == NULL)
		return pim_property_find(doc->master, "RDATE") != NULL ? -1 : 0;
	if (pim_property_find(doc->master, "RDATE") != NULL ||
	    pim_property_find(doc->master, "EXRULE") != NULL ||
	    pim_property_next(rule, "RRULE") != NULL || !doc->has_start ||
	    cal_has_range(doc))
		return -1;
	if (pim_recurrence_from_rrule(pim_property_value(rule),
				      doc->start.local, cal_rule_zone(doc),
				      rec_r) <= 0)
		return -1;
	/* 2.2.2.10: all months are ours there */
	if (rec_r->calendar_type != 0 && doc->req->version < EAS_VERSION_14_0)
		return -1;
	pim_recurrence_read_type(rule, rec_r);
	return 1;
}

/* Until as the device is shown it: of all-day series a date or a midnight. */
static int64_t
cal_until_shown(struct cal_doc *doc, const struct pim_recurrence *rec)
{
	struct cal_time until;

	i_zero(&until);
	if (doc->start.is_date) {
		until.local = pim_days_of(rec->until) * PIM_DAY;
		until.utc = pim_timezone_from_local(doc->zone, until.local);
	} else {
		until.utc = rec->until;
		until.local = pim_timezone_to_local(doc->zone, rec->until);
	}
	return cal_time_shown(doc, &until, cal_is_all_day(doc, doc->master));
}

/* The reverse. */
static int64_t cal_until_read(struct cal_doc *doc, int64_t until)
{
	int64_t day;

	if (!cal_is_all_day(doc, doc->master))
		return until;
	day = cal_day_from_device(doc, until, doc->zone);
	return doc->start.is_date ? day : pim_timezone_from_local(doc->zone, day);
}

/* Types with a month have a calendar (2.2.2.10). */
static bool cal_type_has_calendar(const struct pim_recurrence *rec)
{
	return rec->type != PIM_RECURRENCE_DAILY &&
		rec->type != PIM_RECURRENCE_WEEKLY;
}

void cal_write_recurrence(struct cal_doc *doc,
			  const struct pim_recurrence *rec,
			  struct wbxml_writer *writer)
{
	const struct {
		unsigned int tag, value;
	} fields[] = {
		{ EAS_CALENDAR_WEEK_OF_MONTH, rec->week_of_month },
		{ EAS_CALENDAR_DAY_OF_WEEK, rec->day_of_week },
		{ EAS_CALENDAR_MONTH_OF_YEAR, rec->month_of_year },
		{ EAS_CALENDAR_DAY_OF_MONTH, rec->day_of_month },
	};
	unsigned int version = doc->req->version;

	wbxml_open(writer, EAS_CALENDAR_RECURRENCE);
	wbxml_uint(writer, EAS_CALENDAR_TYPE, rec->type);
	wbxml_uint(writer, EAS_CALENDAR_INTERVAL, rec->interval);
	if (rec->occurrences > 0) {
		wbxml_uint(writer, EAS_CALENDAR_OCCURRENCES,
			   I_MIN(rec->occurrences, 65535));
	} else if (rec->has_until) {
		wbxml_text(writer, EAS_CALENDAR_UNTIL,
			   eas_ical_time(cal_until_shown(doc, rec)));
	}
	for (unsigned int i = 0; i < N_ELEMENTS(fields); i++) {
		if (fields[i].value > 0)
			wbxml_uint(writer, fields[i].tag, fields[i].value);
	}
	if (version >= EAS_VERSION_14_0 && cal_type_has_calendar(rec)) {
		wbxml_uint(writer, EAS_CALENDAR_CALENDAR_TYPE,
			   rec->calendar_type);
		if (rec->is_leap_month)
			wbxml_uint(writer, EAS_CALENDAR_IS_LEAP_MONTH, 1);
	}
	/* 3.2.5: always for weeks */
	if (version >= EAS_VERSION_14_1 &&
	    rec->type == PIM_RECURRENCE_WEEKLY) {
		/* RFC 5545 3.3.10: Monday if nothing is said */
		wbxml_uint(writer, EAS_CALENDAR_FIRST_DAY_OF_WEEK,
			   rec->has_first_day_of_week ?
			   rec->first_day_of_week : 1);
	}
	wbxml_close(writer);
}

/* -- apply -- */

static int
cal_recurrence_parse_elements(const struct wbxml_node *node,
			      struct pim_recurrence *rec,
			      const char **error_r)
{
	unsigned int *const values[] = {
		&rec->day_of_month, &rec->day_of_week, &rec->month_of_year,
		&rec->week_of_month
	};
	int ret;

	for (unsigned int i = 0; i < N_ELEMENTS(cal_recurrence_elements); i++) {
		ret = wbxml_child_uint(node, cal_recurrence_elements[i].tag,
				       values[i]);
		if (ret == 0)
			continue;
		/* 3.2.5.3 */
		if (ret < 0 ||
		    (cal_recurrence_elements[i].types &
		     (1U << rec->type)) == 0 ||
		    *values[i] < cal_recurrence_elements[i].min ||
		    *values[i] > cal_recurrence_elements[i].max) {
			*error_r = "Recurrence has an element that its Type "
				"doesn't have, or a wrong value";
			return -1;
		}
	}
	return 0;
}

static int
cal_recurrence_parse_end(struct cal_doc *doc, const struct wbxml_node *node,
			 struct pim_recurrence *rec)
{
	const char *until = wbxml_child_text(node, EAS_CALENDAR_UNTIL);
	int ret;

	ret = wbxml_child_uint(node, EAS_CALENDAR_OCCURRENCES,
			       &rec->occurrences);
	if (ret < 0 || (ret > 0 && rec->occurrences == 0))
		return -1;
	/* 3.2.5.3: Occurrences come first */
	if (ret > 0 || until == NULL || *until == '\0')
		return 0;
	if (eas_date_time_parse(until, &rec->until) < 0)
		return -1;
	rec->until = cal_until_read(doc, rec->until);
	rec->has_until = TRUE;
	return 0;
}

static int
cal_recurrence_parse_rest(const struct wbxml_node *node,
			  struct pim_recurrence *rec)
{
	int ret;

	rec->interval = 1;
	if (wbxml_child_uint(node, EAS_CALENDAR_INTERVAL,
			     &rec->interval) < 0 ||
	    rec->interval > PIM_RECURRENCE_INTERVAL_MAX)
		return -1;
	if (rec->interval == 0)
		rec->interval = 1;
	if (wbxml_child_uint(node, EAS_CALENDAR_CALENDAR_TYPE,
			     &rec->calendar_type) < 0 ||
	    rec->calendar_type > 20 ||
	    ((1U << rec->calendar_type) & CAL_CALENDAR_TYPES_RESERVED) != 0 ||
	    wbxml_child_bool(node, EAS_CALENDAR_IS_LEAP_MONTH,
			     &rec->is_leap_month) < 0)
		return -1;
	ret = wbxml_child_uint(node, EAS_CALENDAR_FIRST_DAY_OF_WEEK,
			       &rec->first_day_of_week);
	rec->has_first_day_of_week = ret > 0;
	return ret < 0 || rec->first_day_of_week > 6 ? -1 : 0;
}

/* Returns 0, or -1 and a sentence. */
static int
cal_recurrence_parse(struct cal_doc *doc, const struct wbxml_node *node,
		     struct pim_recurrence *rec_r, const char **error_r)
{
	unsigned int type;

	i_zero(rec_r);
	if (wbxml_child_uint(node, EAS_CALENDAR_TYPE, &type) <= 0 ||
	    type > 6 || type == 4) {
		*error_r = "Recurrence has no valid Type";
		return -1;
	}
	rec_r->type = type;
	if (cal_recurrence_parse_elements(node, rec_r, error_r) < 0)
		return -1;
	if (cal_recurrence_parse_end(doc, node, rec_r) < 0 ||
	    cal_recurrence_parse_rest(node, rec_r) < 0) {
		*error_r = "Recurrence has a wrong value";
		return -1;
	}
	if (doc->req->version < EAS_VERSION_14_0)
		rec_r->calendar_type = 0;
	return 0;
}

/* What a calendar is of no matter to days and weeks. */
static bool
cal_calendar_equals(const struct pim_recurrence *old,
		    const struct pim_recurrence *new)
{
	if (!cal_type_has_calendar(old))
		return TRUE;
	/* 2.2.2.26: ours has no leap months */
	return pim_calendar_types_equal(old->calendar_type,
					new->calendar_type) &&
		(pim_calendar_types_equal(old->calendar_type, 0) ||
		 old->is_leap_month == new->is_leap_month);
}

/* Daily with days is weekly (2.2.2.37.1). */
static enum pim_recurrence_type
cal_recurrence_type(const struct pim_recurrence *rec)
{
	return rec->type == PIM_RECURRENCE_DAILY && rec->day_of_week != 0 &&
		rec->day_of_week != PIM_WEEKDAY_ALL ? PIM_RECURRENCE_WEEKLY :
		rec->type;
}

static bool
cal_recurrence_equals(const struct pim_recurrence *old,
		      const struct pim_recurrence *new)
{
	if (cal_recurrence_type(old) != cal_recurrence_type(new) ||
	    old->interval != new->interval ||
	    old->occurrences != new->occurrences ||
	    old->day_of_month != new->day_of_month ||
	    old->week_of_month != new->week_of_month ||
	    old->month_of_year != new->month_of_year ||
	    !cal_calendar_equals(old, new) ||
	    old->has_until != new->has_until ||
	    (old->has_until && old->until != new->until))
		return FALSE;
	if (cal_recurrence_type(old) != PIM_RECURRENCE_DAILY &&
	    old->day_of_week != new->day_of_week)
		return FALSE;
	/* it matters to weeks that are not all of them */
	return cal_recurrence_type(old) != PIM_RECURRENCE_WEEKLY ||
		!new->has_first_day_of_week ||
		(old->has_first_day_of_week ? old->first_day_of_week : 1) ==
		new->first_day_of_week;
}

/* Up to 14.0 nobody speaks of the week's first day: it stays. */
static void
cal_recurrence_keep(const struct pim_recurrence *old,
		    struct pim_recurrence *rec)
{
	if (!rec->has_first_day_of_week && old->has_first_day_of_week) {
		rec->has_first_day_of_week = TRUE;
		rec->first_day_of_week = old->first_day_of_week;
	}
}

/* An event that doesn't begin on a day of its own pattern begins on the next one: a
   pattern has only the days that it names, while a DTSTART is always one. */
static void
cal_move_to_pattern(struct cal_doc *doc, const char *rule)
{
	struct cal_time end, moved = doc->start;
	struct pim_recurrence rec;

	if (cal_end_read(doc, doc->master, &end) < 0)
		return;
	for (unsigned int days = 0; days <= PIM_RRULE_LIST_MAX; days++) {
		moved.local = doc->start.local + (int64_t)days * PIM_DAY;
		if (pim_recurrence_from_rrule(rule, moved.local,
					      cal_rule_zone(doc), &rec) <= 0)
			continue;
		if (days == 0)
			return;
		cal_time_set(doc->master, "DTSTART", &moved);
		if (pim_property_find(doc->master, "DTEND") != NULL) {
			end.local += (int64_t)days * PIM_DAY;
			cal_time_set(doc->master, "DTEND", &end);
		}
		cal_doc_read_start(doc);
		return;
	}
}

static int
cal_set_recurrence(struct cal_doc *doc, const struct pim_recurrence *rec,
		   const char **error_r)
{
	string_t *rule = t_str_new(128);

	if (!doc->has_start ||
	    pim_recurrence_to_rrule(rec, cal_rule_zone(doc),
				    doc->start.is_date, rule) < 0) {
		*error_r = "Recurrence is no pattern";
		return -1;
	}
	(void)pim_component_remove_all(doc->master, "RDATE");
	(void)pim_component_remove_all(doc->master, "EXRULE");
	if (pim_component_value(doc->master, "RRULE") == NULL ||
	    pim_property_next(pim_property_find(doc->master, "RRULE"),
			      "RRULE") != NULL)
		(void)pim_component_remove_all(doc->master, "RRULE");
	pim_component_set_value(doc->master, "RRULE", str_c(rule));
	pim_recurrence_write_type(pim_property_find(doc->master, "RRULE"), rec);
	cal_move_to_pattern(doc, str_c(rule));
	return 1;
}

bool cal_is_list(struct cal_doc *doc)
{
	struct pim_recurrence rec;

	return cal_recurrence_read(doc, &rec) < 0;
}

/* The series stays: does the device know it as it is? */
static int
cal_keep_list(struct eas_class_apply *apply, struct cal_doc *doc,
	      const struct wbxml_node *recurrence)
{
	struct pim_recurrence rec;
	struct cal_cover cover;
	bool covered = cal_cover_make(doc, &cover) && cover.is_series;

	if (recurrence == NULL || recurrence->children == NULL) {
		apply->tell = apply->tell || covered;
		return 0;
	}
	if (cal_recurrence_parse(doc, recurrence, &rec, &apply->error) < 0)
		return -1;
	/* its window is of another day */
	rec.has_until = cover.rec.has_until = FALSE;
	rec.occurrences = 0;
	if (!covered || !cal_recurrence_equals(&cover.rec, &rec))
		apply->tell = TRUE;
	return 0;
}

/* The same days by another CalendarType are no other series. */
static void
cal_recurrence_choose(struct cal_doc *doc, const struct wbxml_node *node,
		      const struct pim_recurrence *old,
		      const struct pim_recurrence *rec)
{
	if (wbxml_child_text(node, EAS_CALENDAR_CALENDAR_TYPE) == NULL ||
	    old->calendar_type == rec->calendar_type)
		return;
	pim_recurrence_write_type(pim_property_find(doc->master, "RRULE"), rec);
}

int cal_apply_recurrence(struct eas_class_apply *apply, struct cal_doc *doc,
			 const struct wbxml_node *recurrence)
{
	struct pim_recurrence old, rec;
	int ret;

	ret = cal_recurrence_read(doc, &old);
	if (ret < 0 && apply->old != NULL && doc->was_list)
		return cal_keep_list(apply, doc, recurrence);
	if (recurrence == NULL || recurrence->children == NULL) {
		if (ret == 0)
			return 0;
		(void)pim_component_remove_all(doc->master, "RRULE");
		(void)pim_component_remove_all(doc->master, "RDATE");
		(void)pim_component_remove_all(doc->master, "EXRULE");
		return 1;
	}
	if (cal_recurrence_parse(doc, recurrence, &rec, &apply->error) < 0)
		return -1;
	if (ret > 0 && cal_recurrence_equals(&old, &rec)) {
		cal_recurrence_choose(doc, recurrence, &old, &rec);
		return 0;
	}
	if (ret > 0)
		cal_recurrence_keep(&old, &rec);
	return cal_set_recurrence(doc, &rec, &apply->error);
}
