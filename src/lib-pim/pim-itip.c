/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-vtimezone.h"
#include "pim-itip.h"

/* A meeting with 10,000 people and their parameters fits in. */
static const struct pim_lines_limits pim_itip_limits = {
	.max_size = 4*1024*1024,
	.max_lines = 100000,
	.max_depth = 8,
};

struct pim_itip_reader {
	pool_t pool;
	struct pim_component *calendar, *event;
	struct pim_timezone_hints hints;
	struct pim_itip *itip;
};

static const char *const pim_methods[] = {
	[PIM_ITIP_NONE] = "",
	[PIM_ITIP_REQUEST] = "REQUEST",
	[PIM_ITIP_ADD] = "ADD",
	[PIM_ITIP_CANCEL] = "CANCEL",
	[PIM_ITIP_REPLY] = "REPLY",
	[PIM_ITIP_COUNTER] = "COUNTER",
	[PIM_ITIP_DECLINECOUNTER] = "DECLINECOUNTER",
	[PIM_ITIP_REFRESH] = "REFRESH",
};
static const char *const pim_partstats[] = {
	[PIM_PARTSTAT_NEEDS_ACTION] = "NEEDS-ACTION",
	[PIM_PARTSTAT_ACCEPTED] = "ACCEPTED",
	[PIM_PARTSTAT_TENTATIVE] = "TENTATIVE",
	[PIM_PARTSTAT_DECLINED] = "DECLINED",
	[PIM_PARTSTAT_DELEGATED] = "DELEGATED",
};
static const char *const pim_classes[] = {
	[PIM_SENSITIVITY_NORMAL] = "PUBLIC",
	[PIM_SENSITIVITY_PERSONAL] = "PERSONAL",
	[PIM_SENSITIVITY_PRIVATE] = "PRIVATE",
	[PIM_SENSITIVITY_CONFIDENTIAL] = "CONFIDENTIAL",
};
static const char *const pim_busy[] = {
	[PIM_BUSY_FREE] = "FREE",
	[PIM_BUSY_TENTATIVE] = "TENTATIVE",
	[PIM_BUSY_BUSY] = "BUSY",
	[PIM_BUSY_OUT_OF_OFFICE] = "OOF",
	[PIM_BUSY_ELSEWHERE] = "WORKINGELSEWHERE",
};

static unsigned int
pim_word_find(const char *const *words, unsigned int count, const char *word,
	      unsigned int otherwise)
{
	for (unsigned int i = 0; word != NULL && i < count; i++) {
		if (strcasecmp(words[i], word) == 0)
			return i;
	}
	return otherwise;
}

enum pim_itip_method pim_itip_method_find(const char *name)
{
	return pim_word_find(pim_methods, N_ELEMENTS(pim_methods), name,
			     PIM_ITIP_NONE);
}

const char *pim_itip_method_name(enum pim_itip_method method)
{
	return pim_methods[method];
}

enum pim_partstat pim_partstat_find(const char *name)
{
	return pim_word_find(pim_partstats, N_ELEMENTS(pim_partstats), name,
			     PIM_PARTSTAT_NEEDS_ACTION);
}

const char *pim_partstat_name(enum pim_partstat partstat)
{
	return pim_partstats[partstat];
}

const char *pim_sensitivity_name(enum pim_sensitivity sensitivity)
{
	return pim_classes[sensitivity];
}

const char *pim_busy_status_name(enum pim_busy_status busy_status)
{
	return pim_busy[busy_status];
}

/* A date-time property in UTC. tz_r is its zone, UTC for what has none;
   a floating time is by the user's own clock. */
static int
pim_itip_time(struct pim_itip_reader *reader, const char *name,
	      int64_t *time_r, bool *is_date_r,
	      const struct pim_timezone **tz_r)
{
	const struct pim_property *prop;
	const struct pim_timezone *tz = NULL;
	const char *tzid;
	bool is_utc;

	prop = pim_property_find(reader->event, name);
	if (prop == NULL ||
	    pim_ical_time_parse(pim_property_value(prop), time_r, is_date_r,
				&is_utc) < 0)
		return -1;
	*tz_r = pim_timezone_utc();
	if (is_utc || *is_date_r)
		return 0;
	tzid = pim_property_param(prop, "TZID");
	if (tzid != NULL && *tzid != '\0') {
		reader->hints.time = *time_r;
		tz = pim_timezone_from_calendar(reader->pool, reader->calendar,
						tzid, &reader->hints);
	}
	if (tz == NULL)
		tz = reader->hints.home;
	if (tz != NULL) {
		*tz_r = tz;
		*time_r = pim_timezone_from_local(tz, *time_r);
	}
	return 0;
}

static void pim_itip_end(struct pim_itip_reader *reader, bool is_date)
{
	struct pim_itip *itip = reader->itip;
	const struct pim_timezone *tz;
	const char *duration;
	int64_t seconds;
	bool end_is_date;

	if (pim_itip_time(reader, "DTEND", &itip->end, &end_is_date,
			  &tz) == 0 && itip->end >= itip->start)
		return;
	duration = pim_component_value(reader->event, "DURATION");
	if (duration == NULL || pim_duration_parse(duration, &seconds) < 0 ||
	    seconds < 0)
		seconds = is_date ? PIM_DAY : 0;
	itip->end = itip->start + seconds;
}

static bool pim_itip_flag(struct pim_itip_reader *reader, const char *name)
{
	const char *value = pim_component_value(reader->event, name);

	return value != NULL && strcasecmp(value, "TRUE") == 0;
}

static const char *pim_mailto_strip(const char *uri)
{
	return strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : uri;
}

static void pim_itip_people(struct pim_itip_reader *reader)
{
	struct pim_itip *itip = reader->itip;
	const struct pim_property *prop;

	prop = pim_property_find(reader->event, "ORGANIZER");
	if (prop != NULL) {
		itip->organizer_mail = p_strdup_empty(reader->pool,
			pim_mailto_strip(pim_property_value(prop)));
		itip->organizer_name = p_strdup_empty(reader->pool,
			pim_property_param(prop, "CN"));
	}
	prop = pim_property_find(reader->event, "ATTENDEE");
	if (prop != NULL) {
		/* a reply has one attendee */
		itip->partstat = pim_partstat_find(
			pim_property_param(prop, "PARTSTAT"));
	}
	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		if (pim_property_has_param(prop, "RSVP", "TRUE")) {
			itip->response_requested = TRUE;
			break;
		}
	}
}

static void pim_itip_status(struct pim_itip_reader *reader)
{
	struct pim_component *event = reader->event;
	struct pim_itip *itip = reader->itip;
	const char *value;

	itip->sensitivity = pim_word_find(pim_classes, N_ELEMENTS(pim_classes),
		pim_component_value(event, "CLASS"), PIM_SENSITIVITY_NORMAL);
	value = pim_component_value(event, "TRANSP");
	itip->busy_status = value != NULL &&
		strcasecmp(value, "TRANSPARENT") == 0 ? PIM_BUSY_FREE :
		PIM_BUSY_BUSY;
	/* until it is accepted Outlook calls it tentative, and says here what
	   it is to be */
	value = pim_component_value(event, "X-MICROSOFT-CDO-INTENDEDSTATUS");
	if (value == NULL)
		value = pim_component_value(event,
					    "X-MICROSOFT-CDO-BUSYSTATUS");
	itip->busy_status = pim_word_find(pim_busy, N_ELEMENTS(pim_busy),
					  value, itip->busy_status);
	itip->disallow_new_time =
		pim_itip_flag(reader, "X-MICROSOFT-DISALLOW-COUNTER");
}

static void pim_itip_reminder(struct pim_itip_reader *reader)
{
	const struct pim_timezone *home = reader->hints.home != NULL ?
		reader->hints.home : pim_timezone_utc();
	struct pim_itip *itip = reader->itip;
	struct pim_component *alarm = NULL;
	struct pim_trigger trigger;
	int64_t seconds;

	itip->reminder = -1;
	while ((alarm = pim_alarm_next(reader->event, alarm)) != NULL) {
		/* one at a fixed time is that of one occurrence */
		if (pim_alarm_get_trigger(alarm, &trigger) < 0 ||
		    (trigger.absolute &&
		     pim_property_find(reader->event, "RRULE") != NULL))
			continue;
		seconds = pim_trigger_before(&trigger, home, itip->start,
					     itip->end);
		if (seconds >= 0 && seconds <= INT_MAX) {
			itip->reminder = seconds;
			return;
		}
	}
}

static void pim_itip_recurrence(struct pim_itip_reader *reader)
{
	struct pim_itip *itip = reader->itip;
	const char *rrule = pim_component_value(reader->event, "RRULE");
	const struct pim_timezone *tz;
	bool is_date;

	itip->has_recurrence_id =
		pim_itip_time(reader, "RECURRENCE-ID", &itip->recurrence_id,
			      &is_date, &tz) == 0;
	if (rrule == NULL || itip->has_recurrence_id)
		return;
	/* several rules, and more dates, are no pattern */
	if (pim_property_find(reader->event, "RDATE") != NULL ||
	    pim_property_next(pim_property_find(reader->event, "RRULE"),
			      "RRULE") != NULL)
		return;
	itip->has_recurrence = pim_recurrence_from_rrule(rrule,
		pim_timezone_to_local(itip->tz, itip->start), itip->tz,
		&itip->recurrence) > 0;
}

/* A counter's own times are the proposal; Outlook adds the meeting's. */
static void pim_itip_proposal(struct pim_itip_reader *reader)
{
	struct pim_itip *itip = reader->itip;
	const struct pim_timezone *tz;
	bool is_date;

	if (itip->method != PIM_ITIP_COUNTER)
		return;
	itip->has_proposed = TRUE;
	itip->proposed_start = itip->start;
	itip->proposed_end = itip->end;
	(void)pim_itip_time(reader, "X-MS-OLK-ORIGINALSTART", &itip->start,
			    &is_date, &tz);
	if (pim_itip_time(reader, "X-MS-OLK-ORIGINALEND", &itip->end,
			  &is_date, &tz) < 0 || itip->end < itip->start)
		itip->end = itip->start +
			(itip->proposed_end - itip->proposed_start);
}

static int
pim_itip_event(struct pim_itip_reader *reader, const char **error_r)
{
	struct pim_component *event = reader->event;
	struct pim_itip *itip = reader->itip;
	const char *value, *uid = pim_component_text(event, "UID");
	const struct pim_timezone *tz;
	bool is_date;

	if (uid == NULL || *uid == '\0') {
		*error_r = "The event has no UID";
		return -1;
	}
	itip->uid = p_strdup(reader->pool, uid);
	if (pim_itip_time(reader, "DTSTART", &itip->start, &is_date,
			  &itip->tz) < 0) {
		*error_r = "The event has no valid DTSTART";
		return -1;
	}
	itip->all_day = is_date ||
		pim_itip_flag(reader, "X-MICROSOFT-CDO-ALLDAYEVENT");
	pim_itip_end(reader, is_date);
	if (pim_itip_time(reader, "DTSTAMP", &itip->stamp, &is_date, &tz) < 0)
		itip->stamp = 0;
	value = pim_component_value(event, "SEQUENCE");
	if (value == NULL || str_to_uint(value, &itip->sequence) < 0)
		itip->sequence = 0;
	itip->location = p_strdup_empty(reader->pool,
		pim_component_text(event, "LOCATION"));
	pim_itip_people(reader);
	pim_itip_status(reader);
	pim_itip_reminder(reader);
	pim_itip_recurrence(reader);
	pim_itip_proposal(reader);
	return 0;
}

/* The series itself, if the message has it beside its exceptions, else the first of those
   (by the calendar: their forms are the same). */
static struct pim_component *
pim_itip_event_find(const struct pim_component *calendar)
{
	struct pim_component *event, *first = NULL;
	int64_t id, first_id = INT64_MAX;
	bool is_date, is_utc;
	const char *value;

	for (event = pim_component_find(calendar, "VEVENT"); event != NULL;
	     event = pim_component_next(event, "VEVENT")) {
		value = pim_component_value(event, "RECURRENCE-ID");
		if (value == NULL)
			return event;
		if (pim_ical_time_parse(value, &id, &is_date, &is_utc) < 0)
			id = INT64_MAX;
		if (first == NULL || id < first_id) {
			first = event;
			first_id = id;
		}
	}
	return first;
}

static int
pim_itip_read_doc(struct pim_itip_reader *reader, struct pim_lines *doc,
		  const char *method, const char **error_r)
{
	struct pim_component *root = pim_lines_root(doc);
	enum pim_itip_method known;
	const char *value;

	reader->calendar = pim_component_find(root, "VCALENDAR");
	if (reader->calendar == NULL) {
		*error_r = "It has no VCALENDAR";
		return -1;
	}
	value = pim_component_value(reader->calendar, "METHOD");
	known = pim_itip_method_find(value != NULL ? value : method);
	if (known == PIM_ITIP_NONE)
		return 0;
	reader->event = pim_itip_event_find(reader->calendar);
	if (reader->event == NULL) {
		if (pim_component_find(reader->calendar, "VTODO") != NULL ||
		    pim_component_find(reader->calendar, "VJOURNAL") != NULL ||
		    pim_component_find(reader->calendar, "VFREEBUSY") != NULL)
			return 0;
		*error_r = "It has no VEVENT";
		return -1;
	}
	reader->itip->method = known;
	return pim_itip_event(reader, error_r) < 0 ? -1 : 1;
}

int pim_itip_read(pool_t pool, const void *data, size_t size,
		  const char *method, const struct pim_timezone *home,
		  struct pim_itip **itip_r, const char **error_r)
{
	struct pim_itip_reader reader = {
		.pool = pool, .hints = { .home = home },
	};
	struct pim_lines *doc;
	int ret;

	if (pim_lines_parse(data, size, &pim_itip_limits, &doc, error_r) < 0)
		return -1;
	reader.itip = p_new(pool, struct pim_itip, 1);
	ret = pim_itip_read_doc(&reader, doc, method, error_r);
	pim_lines_free(&doc);
	*itip_r = reader.itip;
	return ret;
}

const char *pim_itip_uid(const void *data, size_t size)
{
	struct pim_component *calendar, *event;
	const char *uid = NULL, *error;
	struct pim_lines *doc;

	if (pim_lines_parse(data, size, &pim_itip_limits, &doc, &error) < 0)
		return NULL;
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	event = calendar == NULL ? NULL : pim_itip_event_find(calendar);
	if (event != NULL)
		uid = t_strdup(pim_component_text(event, "UID"));
	pim_lines_free(&doc);
	return uid;
}

/*
 * GlobalObjId
 */

static const unsigned char pim_class_id[16] = {
	0x04, 0x00, 0x00, 0x00, 0x82, 0x00, 0xe0, 0x00,
	0x74, 0xc5, 0xb7, 0x10, 0x1a, 0x82, 0xe0, 0x08
};
#define PIM_OBJ_ID_DATE_POS 16
#define PIM_OBJ_ID_HEADER_SIZE 40
#define PIM_VCAL_UID "vCal-Uid\x01\x00\x00\x00"
#define PIM_VCAL_UID_SIZE 12

/* A UID that Outlook made is the hexadecimal form of the id. */
static bool pim_uid_is_outlook(const char *uid, buffer_t *dest)
{
	size_t len = strlen(uid);

	if (len < PIM_OBJ_ID_HEADER_SIZE * 2 || len % 2 != 0 ||
	    hex_to_binary(uid, dest) < 0 ||
	    memcmp(dest->data, pim_class_id, sizeof(pim_class_id)) != 0) {
		buffer_set_used_size(dest, 0);
		return FALSE;
	}
	return TRUE;
}

static void pim_append_le32(buffer_t *dest, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		buffer_append_c(dest, (value >> (i * 8)) & 0xff);
}

void pim_global_obj_id_append(string_t *dest, const char *uid,
			      bool has_instance, int64_t instance_local)
{
	buffer_t *id = t_buffer_create(128 + strlen(uid));
	unsigned int month, day;
	unsigned char date[4];
	int year;

	if (!pim_uid_is_outlook(uid, id)) {
		buffer_append(id, pim_class_id, sizeof(pim_class_id));
		/* no date; when it was made is not known; reserved */
		buffer_append_zero(id, 4 + 8 + 8);
		pim_append_le32(id, PIM_VCAL_UID_SIZE + strlen(uid) + 1);
		buffer_append(id, PIM_VCAL_UID, PIM_VCAL_UID_SIZE);
		buffer_append(id, uid, strlen(uid) + 1);
	}
	if (has_instance) {
		pim_date_from_days(pim_days_of(instance_local), &year, &month,
				   &day);
		date[0] = (year >> 8) & 0xff;
		date[1] = year & 0xff;
		date[2] = month;
		date[3] = day;
		buffer_write(id, PIM_OBJ_ID_DATE_POS, date, sizeof(date));
	}
	base64_encode(id->data, id->used, dest);
}
