/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "class-calendar-private.h"

const struct eas_class_body_tags cal_body_tags = {
	.body = EAS_CALENDAR_BODY,
	.truncated = EAS_CALENDAR_BODY_TRUNCATED,
	.rtf = EAS_CALENDAR_COMPRESSED_RTF,
};

static void
cal_write_time(struct cal_doc *doc, const struct pim_component *comp,
	       unsigned int tag, const struct cal_time *t,
	       struct wbxml_writer *writer)
{
	wbxml_text(writer, tag, eas_ical_time(cal_time_shown(doc, t,
				cal_is_all_day(doc, comp))));
}

void cal_write_times(struct cal_doc *doc, const struct pim_component *comp,
		     const struct cal_time *shown, struct wbxml_writer *writer)
{
	struct cal_time start, end;

	if (cal_time_read(doc, comp, "DTSTART", &start) < 0 ||
	    cal_end_read(doc, comp, &end) < 0)
		return;
	if (shown != NULL) {
		/* as long as the first one */
		end.local += shown->local - start.local;
		end.utc = end.is_date ?
			pim_timezone_from_local(doc->zone, end.local) :
			end.utc + (shown->utc - start.utc);
		start = *shown;
	}
	cal_write_time(doc, comp, EAS_CALENDAR_START_TIME, &start, writer);
	cal_write_time(doc, comp, EAS_CALENDAR_END_TIME, &end, writer);
}

/* [MS-ASCAL] 2.2.2.1: from 16.0 on dates have no zone */
static void cal_write_zone(struct cal_doc *doc, int64_t start,
			   struct wbxml_writer *writer)
{
	string_t *str;

	if (doc->req->version >= EAS_VERSION_16_0 &&
	    cal_is_all_day(doc, doc->master))
		return;
	str = t_str_new(256);
	pim_timezone_append_structure(str, doc->zone, start);
	wbxml_text(writer, EAS_CALENDAR_TIMEZONE, str_c(str));
}

static void
cal_write_stamp(struct cal_doc *doc, const struct pim_component *comp,
		int64_t otherwise, struct wbxml_writer *writer)
{
	struct cal_time stamp;

	wbxml_text(writer, EAS_CALENDAR_DT_STAMP, eas_ical_time(
		cal_time_read(doc, comp, "DTSTAMP", &stamp) == 0 ? stamp.utc :
		otherwise));
}

void cal_write_uid(struct cal_doc *doc, struct wbxml_writer *writer)
{
	const char *uid = pim_component_text(doc->master, "UID");

	if (uid == NULL || *uid == '\0')
		return;
	/* longer ones are against the schema: devices throw the answer away */
	wbxml_text(writer, EAS_CALENDAR_UID, t_strndup(uid, CAL_MAX_UID));
}

static void cal_write_fields(struct cal_doc *doc, struct wbxml_writer *writer)
{
	const struct cal_field *field;
	const char *value;

	for (field = cal_fields; field->tag != 0; field++) T_BEGIN {
		value = field->min_version > doc->req->version ? NULL :
			field->get(doc, doc->master);
		if (value == NULL && field->min_version <= doc->req->version)
			value = field->otherwise;
		/* NULL writes nothing */
		wbxml_text(writer, field->tag, value);
	} T_END;
}

static void
cal_write_body(const struct eas_class_write *write, struct cal_doc *doc,
	       struct wbxml_writer *writer)
{
	eas_ical_write_body(write, doc->master, &cal_body_tags, writer);
	if (doc->req->version >= EAS_VERSION_12_0) {
		wbxml_uint(writer, EAS_AIRSYNCBASE_NATIVE_BODY_TYPE,
			   eas_ical_body_type(doc->master));
	}
}

void cal_write_event(const struct eas_class_write *write,
		     const struct store_item *item, struct cal_doc *doc,
		     struct wbxml_writer *writer)
{
	struct pim_component *event = doc->master;
	ARRAY_TYPE(cal_exception) exceptions;
	struct pim_recurrence rec;
	struct cal_cover cover;
	int series = cal_recurrence_read(doc, &rec);
	bool covered = series < 0 && cal_cover_make(doc, &cover);

	cal_write_zone(doc, covered ? cover.start.utc : doc->start.utc,
		       writer);
	wbxml_bool(writer, EAS_CALENDAR_ALL_DAY_EVENT,
		   cal_is_all_day(doc, event));
	cal_write_stamp(doc, event, item->changed, writer);
	cal_write_times(doc, event, covered ? &cover.start : NULL, writer);
	cal_write_uid(doc, writer);
	cal_write_fields(doc, writer);
	if (cal_has_location(event))
		cal_write_location(doc, event, writer);
	(void)cal_write_attendees(doc, event, writer);
	cal_write_attachments(write, doc, event, writer);
	eas_ical_write_categories(event, writer, EAS_CALENDAR_CATEGORIES,
				  EAS_CALENDAR_CATEGORY);
	if (series > 0) {
		cal_write_recurrence(doc, &rec, writer);
		p_array_init(&exceptions, doc->pool, 16);
		cal_exceptions_get(doc, &exceptions);
		cal_write_exceptions(write, doc, &exceptions, writer);
	} else if (covered && cover.is_series) {
		cal_write_recurrence(doc, &cover.rec, writer);
		cal_write_exceptions(write, doc, &cover.exceptions, writer);
	}
	cal_write_body(write, doc, writer);
}
