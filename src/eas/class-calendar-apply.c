/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "strnum.h"
#include "class-calendar-private.h"

/* What an absent element means ([MS-ASCMD] 2.2.3.24, 2.2.3.179; [MS-ASCAL] 3.1.5.3):
   - of an event up to 14.1: it is removed, unless it is ghosted. Times, zone, organizer and body
     stay, exceptions too.
   - of an Exception up to 14.1: it is what the series has.
   - from 16.0 on: it stays as it is. */
enum cal_absent {
	CAL_ABSENT_STAYS,
	CAL_ABSENT_REMOVED,
	CAL_ABSENT_INHERITED,
};

static enum cal_absent
cal_absent(const struct eas_class_apply *apply, const struct cal_doc *doc,
	   const struct pim_component *comp, unsigned int tag)
{
	if (apply->req->version >= EAS_VERSION_16_0)
		return CAL_ABSENT_STAYS;
	if (comp != doc->master)
		return CAL_ABSENT_INHERITED;
	return eas_ical_removes(apply, tag) ? CAL_ABSENT_REMOVED :
		CAL_ABSENT_STAYS;
}

static int
cal_apply_field(struct eas_class_apply *apply, struct cal_doc *doc,
		struct pim_component *comp, const struct cal_field *field)
{
	const struct wbxml_node *node;
	const char *value = NULL;

	/* what the device's version doesn't know is not its to remove */
	if (field->set == NULL || field->min_version > apply->req->version ||
	    (comp != doc->master && !field->in_exception))
		return 0;
	node = wbxml_node_child(apply->data, field->tag);
	if (node != NULL)
		value = eas_class_read_text(apply->req, node);
	else switch (cal_absent(apply, doc, comp, field->tag)) {
	case CAL_ABSENT_STAYS:
		return 0;
	case CAL_ABSENT_REMOVED:
		break;
	case CAL_ABSENT_INHERITED:
		value = cal_field_inherited(doc, field);
		if (null_strcmp(value, field->get(doc, comp)) == 0)
			return 0;
		break;
	}
	if (field->set(doc, comp, value) < 0) {
		apply->error = t_strdup_printf(
			"Element 0x%x has a wrong value", field->tag);
		return -1;
	}
	return 0;
}

static int
cal_apply_fields(struct eas_class_apply *apply, struct cal_doc *doc,
		 struct pim_component *comp)
{
	const struct cal_field *field;
	int ret = 0;

	for (field = cal_fields; field->tag != 0 && ret == 0; field++) T_BEGIN {
		ret = cal_apply_field(apply, doc, comp, field);
	} T_END_PASS_STR_IF(ret < 0, &apply->error);
	return ret;
}

static void
cal_inherit(struct cal_doc *doc, struct pim_component *comp, const char *name)
{
	struct pim_property *prop;

	if (cal_values_equal(comp, doc->master, name))
		return;
	(void)pim_component_remove_all(comp, name);
	prop = pim_property_find(doc->master, name);
	for (; prop != NULL; prop = pim_property_next(prop, name))
		(void)pim_property_add(comp, name, pim_property_value(prop));
}

static int
cal_apply_place(struct eas_class_apply *apply, struct cal_doc *doc,
		struct pim_component *comp)
{
	const struct wbxml_node *node;
	unsigned int tag = apply->req->version < EAS_VERSION_16_0 ?
		EAS_CALENDAR_LOCATION : EAS_AIRSYNCBASE_LOCATION;

	node = wbxml_node_child(apply->data, tag);
	if (node == NULL) {
		switch (cal_absent(apply, doc, comp, tag)) {
		case CAL_ABSENT_STAYS:
			return 0;
		case CAL_ABSENT_REMOVED:
			break;
		case CAL_ABSENT_INHERITED:
			cal_inherit(doc, comp, "LOCATION");
			return 0;
		}
	}
	return cal_apply_location(doc, comp, node, &apply->error);
}

static int
cal_apply_categories(struct eas_class_apply *apply, struct cal_doc *doc,
		     struct pim_component *comp)
{
	enum cal_absent absent = cal_absent(apply, doc, comp,
					    EAS_CALENDAR_CATEGORIES);

	if (absent == CAL_ABSENT_INHERITED &&
	    wbxml_node_child(apply->data, EAS_CALENDAR_CATEGORIES) == NULL) {
		cal_inherit(doc, comp, "CATEGORIES");
		return 0;
	}
	return eas_ical_apply_categories(apply, comp, EAS_CALENDAR_CATEGORIES,
					 EAS_CALENDAR_CATEGORY,
					 absent == CAL_ABSENT_REMOVED);
}

/* An event without attendees is no meeting: its organizer goes with them. */
static void
cal_remove_organizer(struct cal_doc *doc, struct pim_component *comp)
{
	if (pim_property_find(comp, "ATTENDEE") == NULL &&
	    cal_is_organizer(doc, comp))
		pim_component_set_value(comp, "ORGANIZER", NULL);
}

static int
cal_apply_people(struct eas_class_apply *apply, struct cal_doc *doc,
		 struct pim_component *comp)
{
	const struct wbxml_node *attendees;
	bool had = pim_property_find(comp, "ATTENDEE") != NULL;

	attendees = wbxml_node_child(apply->data, EAS_CALENDAR_ATTENDEES);
	/* Somebody else's meeting keeps its people, and occurrences of old
	   devices don't speak of them. */
	if (attendees == NULL &&
	    (!cal_is_organizer(doc, comp) || comp != doc->master ||
	     cal_absent(apply, doc, comp, EAS_CALENDAR_ATTENDEES) ==
	     CAL_ABSENT_STAYS))
		return 0;
	if (cal_apply_attendees(doc, comp, attendees, &apply->error) < 0)
		return -1;
	if (had)
		cal_remove_organizer(doc, comp);
	return 0;
}

int cal_apply_elements(struct eas_class_apply *_apply, struct cal_doc *doc,
		       struct pim_component *comp,
		       const struct wbxml_node *data)
{
	struct eas_class_apply apply = *_apply;
	int ret;

	apply.data = data;
	ret = cal_apply_people(&apply, doc, comp) < 0 ||
		cal_apply_fields(&apply, doc, comp) < 0 ||
		cal_apply_place(&apply, doc, comp) < 0 ||
		cal_apply_categories(&apply, doc, comp) < 0 ||
		eas_ical_apply_body(&apply, comp, &cal_body_tags) < 0 ? -1 : 0;
	_apply->error = apply.error;
	return ret;
}

/* RFC 5546 2.1.4: an invitation for another time is a new one. (From 16.0 on the
   server sends it, and counts.) */
static void cal_count_sequence(struct cal_doc *doc)
{
	const char *value = pim_component_value(doc->master, "SEQUENCE");
	unsigned int sequence = 0;

	if (doc->req->version >= EAS_VERSION_16_0 ||
	    pim_property_find(doc->master, "ATTENDEE") == NULL ||
	    !cal_is_organizer(doc, doc->master))
		return;
	if (value != NULL && (str_to_uint(value, &sequence) < 0 ||
			      sequence >= INT_MAX))
		return;
	pim_component_set_value(doc->master, "SEQUENCE",
				t_strdup_printf("%u", sequence + 1));
}

/* Returns 1 if the series is another one, 0 if not, -1. */
static int
cal_apply_pattern(struct eas_class_apply *apply, struct cal_doc *doc)
{
	const struct wbxml_node *recurrence;

	recurrence = wbxml_node_child(apply->data, EAS_CALENDAR_RECURRENCE);
	if (recurrence == NULL &&
	    cal_absent(apply, doc, doc->master, EAS_CALENDAR_RECURRENCE) !=
	    CAL_ABSENT_REMOVED)
		return 0;
	return cal_apply_recurrence(apply, doc, recurrence);
}

bool cal_is_series(const struct cal_doc *doc)
{
	return pim_property_find(doc->master, "RRULE") != NULL ||
		pim_property_find(doc->master, "RDATE") != NULL;
}

/* Times and pattern, and what they mean for the exceptions that are there. */
static int
cal_apply_course(struct eas_class_apply *apply, struct cal_doc *doc)
{
	struct cal_time old = doc->start;
	bool was_series = doc->has_start && cal_is_series(doc);
	int times, pattern;

	times = cal_apply_times(apply, doc, doc->master, apply->data);
	pattern = times < 0 ? -1 : cal_apply_pattern(apply, doc);
	if (pattern < 0)
		return -1;
	if (apply->old != NULL && (times > 0 || pattern > 0))
		cal_count_sequence(doc);
	if (!was_series)
		return 0;
	/* [MS-ASCAL] 2.2.2.22: "In protocol version 16.0, changing the
	   recurrence pattern or the start/end times of a recurring series will
	   delete any exceptions" */
	if (!cal_is_series(doc) ||
	    (apply->req->version >= EAS_VERSION_16_0 &&
	     (times > 0 || pattern > 0)))
		cal_exceptions_remove(doc);
	else if (times > 0)
		cal_exceptions_shift(doc, &old);
	return 0;
}

int cal_apply_event(struct eas_class_apply *apply, struct cal_doc *doc)
{
	const struct wbxml_node *exceptions;

	if (cal_apply_course(apply, doc) < 0 ||
	    cal_apply_elements(apply, doc, doc->master, apply->data) < 0)
		return -1;
	exceptions = wbxml_node_child(apply->data, EAS_CALENDAR_EXCEPTIONS);
	if (exceptions == NULL || !cal_is_series(doc))
		return 1;
	return cal_apply_exceptions(apply, doc, exceptions) < 0 ? -1 : 1;
}
