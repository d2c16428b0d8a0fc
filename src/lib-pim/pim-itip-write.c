/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-itip.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-vtimezone.h"

struct itip_writer {
	const struct pim_itip *itip;
	struct pim_component *event;
	/* the times are days */
	bool days;
};

static void
itip_write_utc(struct itip_writer *writer, const char *name, int64_t t)
{
	string_t *value = t_str_new(20);

	pim_ical_time_append(value, t, FALSE, TRUE);
	(void)pim_property_add(writer->event, name, str_c(value));
}

static void
itip_write_time(struct itip_writer *writer, const char *name, int64_t t)
{
	const struct pim_timezone *tz = writer->itip->tz;
	string_t *value = t_str_new(20);
	struct pim_property *prop;

	if (tz == pim_timezone_utc() && !writer->days) {
		itip_write_utc(writer, name, t);
		return;
	}
	pim_ical_time_append(value, pim_timezone_to_local(tz, t),
			     writer->days, FALSE);
	prop = pim_property_add(writer->event, name, str_c(value));
	if (writer->days) {
		pim_property_set_param(prop, "VALUE", "DATE");
		return;
	}
	pim_property_set_param(prop, "TZID", pim_timezone_name(tz));
}

static bool itip_is_midnight(const struct pim_itip *itip, int64_t t)
{
	return pim_timezone_to_local(itip->tz, t) % PIM_DAY == 0;
}

static void itip_write_times(struct itip_writer *writer)
{
	const struct pim_itip *itip = writer->itip;
	string_t *rrule = t_str_new(64);

	itip_write_time(writer, "DTSTART", itip->start);
	itip_write_time(writer, "DTEND", itip->end);
	if (itip->all_day && !writer->days) {
		(void)pim_property_add(writer->event,
				       "X-MICROSOFT-CDO-ALLDAYEVENT", "TRUE");
	}
	if (itip->has_recurrence_id) {
		itip_write_time(writer, "RECURRENCE-ID", itip->recurrence_id);
	} else if (itip->has_recurrence &&
		   pim_recurrence_to_rrule(&itip->recurrence, itip->tz,
					   writer->days, rrule) == 0) {
		(void)pim_property_add(writer->event, "RRULE", str_c(rrule));
	}
}

static void
itip_write_people(struct itip_writer *writer, const char *organizer,
		  const char *attendee)
{
	const struct pim_itip *itip = writer->itip;
	struct pim_property *prop;

	prop = pim_property_add(writer->event, "ORGANIZER",
				t_strconcat("mailto:", organizer, NULL));
	if (itip->organizer_name != NULL)
		pim_property_set_param(prop, "CN", itip->organizer_name);
	prop = pim_property_add(writer->event, "ATTENDEE",
				t_strconcat("mailto:", attendee, NULL));
	pim_property_set_param(prop, "PARTSTAT",
			       pim_partstat_name(itip->partstat));
	if (itip->response_requested)
		pim_property_set_param(prop, "RSVP", "TRUE");
}

static void itip_write_rest(struct itip_writer *writer)
{
	const struct pim_itip *itip = writer->itip;
	struct pim_component *event = writer->event;
	struct pim_trigger trigger;

	if (itip->location != NULL)
		pim_component_set_text(event, "LOCATION", itip->location);
	(void)pim_property_add(event, "CLASS",
			       pim_sensitivity_name(itip->sensitivity));
	(void)pim_property_add(event, "X-MICROSOFT-CDO-INTENDEDSTATUS",
			       pim_busy_status_name(itip->busy_status));
	if (itip->disallow_new_time) {
		(void)pim_property_add(event, "X-MICROSOFT-DISALLOW-COUNTER",
				       "TRUE");
	}
	if (itip->method == PIM_ITIP_CANCEL)
		(void)pim_property_add(event, "STATUS", "CANCELLED");
	if (itip->reminder >= 0) {
		i_zero(&trigger);
		trigger.value = -(int64_t)itip->reminder;
		pim_alarm_set_trigger(pim_alarm_add(event, "Reminder"),
				      &trigger);
	}
}

static void
itip_write_calendar(struct itip_writer *writer, struct pim_component *calendar)
{
	const struct pim_itip *itip = writer->itip;

	writer->days = itip->all_day && itip_is_midnight(itip, itip->start) &&
		itip_is_midnight(itip, itip->end) && itip->end > itip->start;
	(void)pim_property_add(calendar, "PRODID", PIM_ITIP_PRODID);
	(void)pim_property_add(calendar, "VERSION", "2.0");
	(void)pim_property_add(calendar, "METHOD",
			       pim_itip_method_name(itip->method));
	if (itip->tz != pim_timezone_utc() && !writer->days) {
		pim_timezone_add_component(calendar, itip->tz,
			!itip->has_recurrence_id ? itip->start :
			I_MIN(itip->start, itip->recurrence_id));
	}
	writer->event = pim_component_add(calendar, "VEVENT");
}

void pim_itip_write(string_t *dest, const struct pim_itip *itip,
		    const char *summary, const char *organizer,
		    const char *attendee)
{
	struct itip_writer writer = { .itip = itip };
	struct pim_lines *doc = pim_lines_create();

	itip_write_calendar(&writer, pim_component_add(pim_lines_root(doc),
						       "VCALENDAR"));
	pim_component_set_text(writer.event, "UID", itip->uid);
	(void)pim_property_add(writer.event, "SEQUENCE",
			       dec2str(itip->sequence));
	if (itip->stamp != 0)
		itip_write_utc(&writer, "DTSTAMP", itip->stamp);
	if (summary != NULL)
		pim_component_set_text(writer.event, "SUMMARY", summary);
	itip_write_times(&writer);
	itip_write_people(&writer, organizer, attendee);
	itip_write_rest(&writer);
	pim_lines_write(doc, dest);
	pim_lines_free(&doc);
}
