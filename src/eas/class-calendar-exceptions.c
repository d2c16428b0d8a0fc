/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "array.h"
#include "pim-date.h"
#include "pim-values.h"
#include "class-calendar-private.h"

/* Exceptions ([MS-ASCAL] 2.2.2.22) of a series: EXDATEs, and the VEVENTs with a RECURRENCE-ID.
   These stand for themselves, while an Exception has what is different from the series: an element
   that is absent is inherited, one that the occurrence doesn't have is empty (3.2.5.3). */

/* of more exceptions than may be shown, those from this long ago on */
#define CAL_EXCEPTIONS_PAST (30 * PIM_DAY)

int cal_exception_cmp(const struct cal_exception *e1,
		      const struct cal_exception *e2)
{
	if (e1->key != e2->key)
		return e1->key < e2->key ? -1 : 1;
	/* one that is both is changed */
	return (e1->comp == NULL ? 1 : 0) - (e2->comp == NULL ? 1 : 0);
}

static void
cal_exceptions_add_dates(struct cal_doc *doc, const struct pim_property *prop,
			 ARRAY_TYPE(cal_exception) *exceptions)
{
	const char *pos = pim_property_value(prop), *value;
	struct cal_values dates = { .prop = prop };
	struct cal_exception *exception;
	struct cal_time t;

	while (pim_values_next(&pos, &value)) {
		if (cal_time_parse(doc, &dates, value, &t) < 0)
			continue;
		exception = array_append_space(exceptions);
		exception->key = cal_instance_key(doc, &t);
	}
}

void cal_exceptions_get(struct cal_doc *doc,
			ARRAY_TYPE(cal_exception) *exceptions)
{
	struct cal_exception *exception, *prev;
	struct pim_component *comp = NULL;
	struct pim_property *prop;
	struct cal_time t, start;
	unsigned int i, used = 0;

	prop = pim_property_find(doc->master, "EXDATE");
	for (; prop != NULL; prop = pim_property_next(prop, "EXDATE")) T_BEGIN {
		cal_exceptions_add_dates(doc, prop, exceptions);
	} T_END;
	while ((comp = cal_override_next(doc, comp)) != NULL) T_BEGIN {
		if (cal_time_read(doc, comp, "RECURRENCE-ID", &t) == 0 &&
		    cal_time_read(doc, comp, "DTSTART", &start) == 0) {
			exception = array_append_space(exceptions);
			exception->key = cal_instance_key(doc, &t);
			exception->comp = comp;
		}
	} T_END;
	array_sort(exceptions, cal_exception_cmp);
	for (i = 0; i < array_count(exceptions); i++) {
		exception = array_idx_modifiable(exceptions, i);
		prev = used == 0 ? NULL :
			array_idx_modifiable(exceptions, used - 1);
		if (prev == NULL || prev->key != exception->key)
			*array_idx_modifiable(exceptions, used++) = *exception;
	}
	array_delete(exceptions, used, array_count(exceptions) - used);
}

/* The first one that is not before the key. */
static unsigned int
cal_exceptions_pos(const ARRAY_TYPE(cal_exception) *exceptions, int64_t key)
{
	unsigned int left = 0, right, middle;
	const struct cal_exception *array = array_get(exceptions, &right);

	while (left < right) {
		middle = (left + right) / 2;
		if (array[middle].key < key)
			left = middle + 1;
		else
			right = middle;
	}
	return left;
}

const struct cal_exception *
cal_exceptions_find(const ARRAY_TYPE(cal_exception) *exceptions, int64_t key)
{
	unsigned int count, pos = cal_exceptions_pos(exceptions, key);
	const struct cal_exception *array = array_get(exceptions, &count);

	return pos == count || array[pos].key != key ? NULL : &array[pos];
}

void cal_exceptions_put(ARRAY_TYPE(cal_exception) *exceptions, int64_t key,
			struct pim_component *comp)
{
	const struct cal_exception new = { .key = key, .comp = comp };
	unsigned int pos = cal_exceptions_pos(exceptions, key);

	if (cal_exceptions_find(exceptions, key) != NULL)
		*array_idx_modifiable(exceptions, pos) = new;
	else
		array_insert(exceptions, pos, &new, 1);
}

/* Those that matter most, if they are too many. */
static void
cal_exceptions_select(struct cal_doc *doc,
		      ARRAY_TYPE(cal_exception) *exceptions)
{
	const struct cal_exception *exception;
	unsigned int i, count = array_count(exceptions);
	int64_t from = ioloop_time - CAL_EXCEPTIONS_PAST;

	if (count <= CAL_MAX_EXCEPTIONS_SHOWN)
		return;
	for (i = 0; i < count - CAL_MAX_EXCEPTIONS_SHOWN; i++) {
		exception = array_idx(exceptions, i);
		if (exception->key >= from)
			break;
	}
	e_info(doc->req->event, "An event has %u changed and deleted "
	       "occurrences: the device is shown %u of them", count,
	       CAL_MAX_EXCEPTIONS_SHOWN);
	array_delete(exceptions, 0, i);
	array_delete(exceptions, CAL_MAX_EXCEPTIONS_SHOWN,
		     array_count(exceptions) - CAL_MAX_EXCEPTIONS_SHOWN);
}

static void
cal_write_instance(struct cal_doc *doc, int64_t key,
		   struct wbxml_writer *writer)
{
	wbxml_text(writer, doc->req->version >= EAS_VERSION_16_0 ?
		   EAS_AIRSYNCBASE_INSTANCE_ID :
		   EAS_CALENDAR_EXCEPTION_START_TIME,
		   cal_instance_shown(doc, key));
}

/* Can the element say that there is nothing? */
static bool
cal_field_can_be_empty(struct cal_doc *doc, const struct cal_field *field)
{
	switch (field->tag) {
	case EAS_CALENDAR_REMINDER:
		/* 2.2.2.38 */
		return doc->req->version >= EAS_VERSION_14_1;
	case EAS_CALENDAR_RESPONSE_TYPE:
	case EAS_CALENDAR_APPOINTMENT_REPLY_TIME:
		return FALSE;
	default:
		return TRUE;
	}
}

static void
cal_write_exception_fields(struct cal_doc *doc, struct pim_component *comp,
			   struct wbxml_writer *writer)
{
	const struct cal_field *field;
	const char *value, *inherited;

	for (field = cal_fields; field->tag != 0; field++) T_BEGIN {
		if (field->in_exception &&
		    field->min_version <= doc->req->version) {
			value = field->get(doc, comp);
			inherited = cal_field_inherited(doc, field);
			if (null_strcmp(value, inherited) == 0)
				;
			else if (value != NULL)
				wbxml_text(writer, field->tag, value);
			else if (cal_field_can_be_empty(doc, field))
				wbxml_empty(writer, field->tag);
		}
	} T_END;
}

static void
cal_write_exception_attendees(struct cal_doc *doc, struct pim_component *comp,
			      struct wbxml_writer *writer)
{
	/* 2.2.2.4 */
	if (doc->req->version < EAS_VERSION_14_0 ||
	    cal_attendees_equal(doc, comp, doc->master))
		return;
	if (!cal_write_attendees(doc, comp, writer))
		wbxml_empty(writer, EAS_CALENDAR_ATTENDEES);
}

/* 2.2.2.18: absent it is the series'. */
static void
cal_write_exception_stamp(struct cal_doc *doc, struct pim_component *comp,
			  struct wbxml_writer *writer)
{
	struct cal_time stamp;

	if (!cal_values_equal(comp, doc->master, "DTSTAMP") &&
	    cal_time_read(doc, comp, "DTSTAMP", &stamp) == 0) {
		wbxml_text(writer, EAS_CALENDAR_DT_STAMP,
			   eas_ical_time(stamp.utc));
	}
}

static void
cal_write_changed(const struct eas_class_write *write, struct cal_doc *doc,
		  const struct cal_exception *exception,
		  struct wbxml_writer *writer)
{
	struct pim_component *comp = exception->comp, *master = doc->master;

	if (cal_is_all_day(doc, comp) != cal_is_all_day(doc, master)) {
		wbxml_bool(writer, EAS_CALENDAR_ALL_DAY_EVENT,
			   cal_is_all_day(doc, comp));
	}
	cal_write_exception_stamp(doc, comp, writer);
	cal_write_times(doc, comp, exception->has_start ? &exception->start :
			NULL, writer);
	cal_write_exception_fields(doc, comp, writer);
	if (!cal_locations_equal(comp, master))
		cal_write_location(doc, comp, writer);
	if (!cal_values_equal(comp, master, "CATEGORIES")) {
		if (pim_property_find(comp, "CATEGORIES") == NULL)
			wbxml_empty(writer, EAS_CALENDAR_CATEGORIES);
		eas_ical_write_categories(comp, writer,
					  EAS_CALENDAR_CATEGORIES,
					  EAS_CALENDAR_CATEGORY);
	}
	cal_write_exception_attendees(doc, comp, writer);
	if (!cal_values_equal(comp, master, "ATTACH"))
		cal_write_attachments(write, doc, comp, writer);
	if (!cal_values_equal(comp, master, "DESCRIPTION") ||
	    !cal_values_equal(comp, master, "X-ALT-DESC"))
		eas_ical_write_body(write, comp, &cal_body_tags, writer);
}

static void
cal_write_exception(const struct eas_class_write *write, struct cal_doc *doc,
		    const struct cal_exception *exception,
		    struct wbxml_writer *writer)
{
	wbxml_open(writer, EAS_CALENDAR_EXCEPTION);
	/* some devices want these two first */
	if (exception->comp == NULL) {
		wbxml_uint(writer, EAS_CALENDAR_DELETED, 1);
		cal_write_instance(doc, exception->key, writer);
	} else {
		cal_write_instance(doc, exception->key, writer);
		cal_write_changed(write, doc, exception, writer);
	}
	wbxml_close(writer);
}

void cal_write_exceptions(const struct eas_class_write *write,
			  struct cal_doc *doc,
			  ARRAY_TYPE(cal_exception) *exceptions,
			  struct wbxml_writer *writer)
{
	const struct cal_exception *exception;

	if (array_count(exceptions) == 0)
		return;
	cal_exceptions_select(doc, exceptions);
	wbxml_open(writer, EAS_CALENDAR_EXCEPTIONS);
	array_foreach(exceptions, exception) T_BEGIN {
		cal_write_exception(write, doc, exception, writer);
	} T_END;
	wbxml_close(writer);
}
