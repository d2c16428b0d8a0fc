/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strnum.h"
#include "pim-alarm.h"
#include "pim-freebusy.h"
#include "pim-text.h"
#include "roost-addresses.h"
#include "roost-compat-storage.h"
#include "class-calendar-private.h"

/* element			property
   Subject			SUMMARY
   Sensitivity			CLASS
   BusyStatus			X-MICROSOFT-CDO-BUSYSTATUS, else TRANSP
   Reminder			TRIGGER of the first VALARM that goes off before
				the start, whatever it counts from
   MeetingStatus		ORGANIZER, ATTENDEE and STATUS
   OrganizerName, -Email	ORGANIZER
   ResponseRequested		RSVP of the attendees
   ResponseType			PARTSTAT of the user's own ATTENDEE
   AppointmentReplyTime		X-MICROSOFT-CDO-REPLYTIME
   DisallowNewTimeProposal	X-MICROSOFT-DISALLOW-COUNTER
   OnlineMeetingConfLink	X-MICROSOFT-ONLINEMEETINGCONFLINK
   OnlineMeetingExternalLink	X-MICROSOFT-ONLINEMEETINGEXTERNALLINK,
				CONFERENCE */

#define CAL_BUSY "X-MICROSOFT-CDO-BUSYSTATUS"
#define CAL_RSVP "X-ROOST-RESPONSE-REQUESTED"
#define CAL_MEETING "X-ROOST-MEETING-STATUS"
#define CAL_NO_COUNTER "X-MICROSOFT-DISALLOW-COUNTER"
/* two years */
#define CAL_MAX_REMINDER (2*366*24*60)

/* [MS-ASCAL] 2.2.2.28 */
#define CAL_MEETING_MEETING 1
#define CAL_MEETING_RECEIVED 2
#define CAL_MEETING_CANCELLED 4

static const char *const cal_busy_names[] = {
	[PIM_BUSY_FREE] = "FREE",
	[PIM_BUSY_TENTATIVE] = "TENTATIVE",
	[PIM_BUSY_BUSY] = "BUSY",
	[PIM_BUSY_OUT_OF_OFFICE] = "OOF",
	[PIM_BUSY_ELSEWHERE] = "WORKINGELSEWHERE",
};

static bool cal_has_value(const struct pim_component *comp, const char *name,
			  const char *value)
{
	const char *found = pim_component_value(comp, name);

	return found != NULL && strcasecmp(found, value) == 0;
}

/* The value of an element as a number up to max. Returns 0 or -1. */
static int
cal_number(const char *value, unsigned int max, unsigned int *number_r)
{
	return str_to_uint(value, number_r) < 0 || *number_r > max ? -1 : 0;
}

/* -- SUMMARY -- */

static const char *
cal_get_subject(struct cal_doc *doc ATTR_UNUSED, struct pim_component *comp)
{
	const char *text = pim_component_text(comp, "SUMMARY");

	return text == NULL ? NULL : pim_text_clean_line(text);
}

static int cal_set_subject(struct cal_doc *doc, struct pim_component *comp,
			   const char *value)
{
	const char *old = cal_get_subject(doc, comp);

	value = value == NULL ? "" : pim_text_clean_line(value);
	/* a SUMMARY of several lines was shown as one */
	if (strcmp(value, old == NULL ? "" : old) != 0) {
		pim_component_set_text(comp, "SUMMARY",
				       *value == '\0' ? NULL : value);
	}
	return 0;
}

/* -- CLASS -- */

static const char *cal_get_sensitivity(struct cal_doc *doc ATTR_UNUSED,
				       struct pim_component *comp)
{
	return t_strdup_printf("%u", eas_ical_get_sensitivity(comp));
}

static int cal_set_sensitivity(struct cal_doc *doc ATTR_UNUSED,
			       struct pim_component *comp, const char *value)
{
	unsigned int number = PIM_SENSITIVITY_NORMAL;

	if (value != NULL && *value != '\0' &&
	    cal_number(value, PIM_SENSITIVITY_CONFIDENTIAL, &number) < 0)
		return -1;
	eas_ical_set_sensitivity(comp, number);
	return 0;
}

/* -- TRANSP -- */

static unsigned int
cal_busy_shown(const struct cal_doc *doc, unsigned int busy)
{
	return busy == PIM_BUSY_ELSEWHERE &&
		doc->req->version < EAS_VERSION_16_0 ? PIM_BUSY_FREE : busy;
}

static const char *
cal_get_busy(struct cal_doc *doc, struct pim_component *comp)
{
	return t_strdup_printf("%u", cal_busy_shown(doc,
		pim_busy_status_get(comp)));
}

static int cal_set_busy(struct cal_doc *doc, struct pim_component *comp,
			const char *value)
{
	unsigned int number = PIM_BUSY_BUSY, old = pim_busy_status_get(comp);

	/* 2.2.2.9: "Status Unknown" */
	if (null_strcmp(value, "-1") == 0)
		return 0;
	if (value != NULL && *value != '\0' &&
	    cal_number(value, PIM_BUSY_ELSEWHERE, &number) < 0)
		return -1;
	/* what was shown as something else stays */
	if (number == cal_busy_shown(doc, old))
		return 0;
	if (number == PIM_BUSY_FREE)
		pim_component_set_value(comp, "TRANSP", "TRANSPARENT");
	else if (pim_component_value(comp, "TRANSP") != NULL)
		pim_component_set_value(comp, "TRANSP", "OPAQUE");
	pim_component_set_value(comp, CAL_BUSY, NULL);
	if (pim_busy_status_get(comp) != number)
		pim_component_set_value(comp, CAL_BUSY,
					cal_busy_names[number]);
	return 0;
}

/* -- VALARM -- */

/* An alarm at a fixed time is of one occurrence: not of a series, nor of an exception that has just
   got a copy of it. */
static bool
cal_alarm_is_of(const struct cal_doc *doc, const struct pim_component *comp,
		const struct pim_trigger *trigger)
{
	struct pim_component *alarm = NULL;
	struct pim_trigger other;

	if (!trigger->absolute || !cal_is_series(doc))
		return TRUE;
	if (comp == doc->master)
		return FALSE;
	while ((alarm = pim_alarm_next(doc->master, alarm)) != NULL) {
		if (pim_alarm_get_trigger(alarm, &other) == 0 &&
		    other.absolute && other.value == trigger->value)
			return FALSE;
	}
	return TRUE;
}

struct pim_component *
cal_reminder_find(struct cal_doc *doc, const struct pim_component *comp,
		  int64_t *minutes_r)
{
	struct pim_component *alarm = NULL;
	struct pim_trigger trigger;
	struct cal_time start, end;
	int64_t seconds;

	if (cal_time_read(doc, comp, "DTSTART", &start) < 0 ||
	    cal_end_read(doc, comp, &end) < 0)
		start.utc = end.utc = 0;
	while ((alarm = pim_alarm_next(comp, alarm)) != NULL) {
		if (pim_alarm_get_trigger(alarm, &trigger) < 0 ||
		    !cal_alarm_is_of(doc, comp, &trigger))
			continue;
		seconds = pim_trigger_before(&trigger, doc->home, start.utc,
					     end.utc);
		if (seconds >= 0 && seconds <= CAL_MAX_REMINDER * 60) {
			*minutes_r = seconds / 60;
			return alarm;
		}
	}
	return NULL;
}

void cal_reminder_set(struct pim_component *alarm, int64_t minutes)
{
	struct pim_trigger trigger = { .value = -minutes * 60 };

	pim_alarm_set_trigger(alarm, &trigger);
}

static const char *
cal_get_reminder(struct cal_doc *doc, struct pim_component *comp)
{
	int64_t minutes;

	return cal_reminder_find(doc, comp, &minutes) == NULL ? NULL :
		t_strdup_printf("%"PRId64, minutes);
}

static int
cal_set_reminder(struct cal_doc *doc, struct pim_component *comp,
		 const char *value)
{
	struct pim_component *alarm;
	unsigned int number;
	int64_t minutes = -1;

	alarm = cal_reminder_find(doc, comp, &minutes);
	if (value == NULL || *value == '\0') {
		if (alarm != NULL)
			pim_component_remove(alarm);
		return 0;
	}
	if (cal_number(value, CAL_MAX_REMINDER, &number) < 0)
		return -1;
	if (alarm != NULL && number == minutes)
		return 0;
	if (alarm == NULL)
		alarm = pim_alarm_add(comp, "Reminder");
	cal_reminder_set(alarm, number);
	return 0;
}

/* -- ORGANIZER -- */

const char *cal_mailto_strip(const char *uri)
{
	return strncasecmp(uri, "mailto:", 7) == 0 ? uri + 7 : uri;
}

const char *cal_organizer(const struct pim_component *comp)
{
	const char *value = pim_component_value(comp, "ORGANIZER");

	if (value == NULL)
		return NULL;
	value = cal_mailto_strip(value);
	return *value == '\0' ? NULL : value;
}

bool cal_is_own_address(struct cal_doc *doc, const char *address)
{
	struct roost_user *user = doc->req->req->user;

	if (user == NULL)
		return FALSE;
	/* attendees are many */
	if (doc->addresses == NULL) {
		doc->addresses = p_strarray_dup(doc->pool,
						roost_user_addresses(user));
	}
	return roost_addresses_have(doc->addresses,
		roost_user_recipient_delimiter(user->mail_user), address);
}

bool cal_is_organizer(struct cal_doc *doc, const struct pim_component *comp)
{
	const char *organizer = cal_organizer(comp);

	return organizer == NULL || cal_is_own_address(doc, organizer);
}

struct pim_property *
cal_own_attendee(struct cal_doc *doc, const struct pim_component *comp)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE");

	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		if (cal_is_own_address(doc, cal_mailto_strip(
					pim_property_value(prop))))
			break;
	}
	return prop;
}

static const char *cal_get_organizer_mail(struct cal_doc *doc ATTR_UNUSED,
					  struct pim_component *comp)
{
	return cal_organizer(comp);
}

static int cal_set_organizer_mail(struct cal_doc *doc ATTR_UNUSED,
				  struct pim_component *comp, const char *value)
{
	const char *old = cal_organizer(comp);

	/* An event that has one keeps it: devices leave out what they don't show. It goes with the
	   attendees. */
	if (value == NULL || *value == '\0' ||
	    (old != NULL && strcasecmp(old, value) == 0))
		return 0;
	pim_component_set_value(comp, "ORGANIZER",
		t_strconcat("mailto:", pim_text_clean_line(value), NULL));
	return 0;
}

static const char *cal_get_organizer_name(struct cal_doc *doc ATTR_UNUSED,
					  struct pim_component *comp)
{
	struct pim_property *prop = pim_property_find(comp, "ORGANIZER");
	const char *name;

	if (prop == NULL)
		return NULL;
	name = pim_property_param(prop, "CN");
	return name == NULL || *name == '\0' ? NULL :
		pim_text_clean_line(name);
}

static int cal_set_organizer_name(struct cal_doc *doc,
				  struct pim_component *comp, const char *value)
{
	struct pim_property *prop = pim_property_find(comp, "ORGANIZER");
	const char *old = cal_get_organizer_name(doc, comp);

	if (prop == NULL || value == NULL || *value == '\0' ||
	    null_strcmp(old, value) == 0)
		return 0;
	pim_property_set_param(prop, "CN", pim_text_clean_line(value));
	return 0;
}

/* -- STATUS -- */

/* What the other properties say, if the device didn't say anything else. */
static unsigned int
cal_meeting_derived(struct cal_doc *doc, const struct pim_component *comp)
{
	unsigned int status = 0;

	if (pim_property_find(comp, "ATTENDEE") != NULL ||
	    !cal_is_organizer(doc, comp))
		status |= CAL_MEETING_MEETING;
	if (status != 0 && !cal_is_organizer(doc, comp))
		status |= CAL_MEETING_RECEIVED;
	return status;
}

static unsigned int
cal_meeting_status(struct cal_doc *doc, const struct pim_component *comp)
{
	const char *value = pim_component_value(comp, CAL_MEETING);
	unsigned int status;

	if (value == NULL || cal_number(value, 3, &status) < 0 || status == 2)
		status = cal_meeting_derived(doc, comp);
	/* there is none that is cancelled and no meeting */
	if ((status & CAL_MEETING_MEETING) != 0 &&
	    cal_has_value(comp, "STATUS", "CANCELLED"))
		status |= CAL_MEETING_CANCELLED;
	return status;
}

static const char *
cal_get_meeting_status(struct cal_doc *doc, struct pim_component *comp)
{
	return t_strdup_printf("%u", cal_meeting_status(doc, comp));
}

static int
cal_set_meeting_status(struct cal_doc *doc, struct pim_component *comp,
		       const char *value)
{
	unsigned int status, kind;

	if (value == NULL || *value == '\0')
		return 0;
	if (cal_number(value, 15, &status) < 0)
		return -1;
	/* 2.2.2.28: 9 to 15 are the same as 1 to 7 */
	status &= CAL_MEETING_MEETING | CAL_MEETING_RECEIVED |
		CAL_MEETING_CANCELLED;
	if ((status & CAL_MEETING_MEETING) == 0)
		status = 0;
	if (status == cal_meeting_status(doc, comp))
		return 0;
	if ((status & CAL_MEETING_CANCELLED) != 0)
		pim_component_set_value(comp, "STATUS", "CANCELLED");
	else if (cal_has_value(comp, "STATUS", "CANCELLED"))
		pim_component_set_value(comp, "STATUS", NULL);
	kind = status & (CAL_MEETING_MEETING | CAL_MEETING_RECEIVED);
	pim_component_set_value(comp, CAL_MEETING,
		kind == cal_meeting_derived(doc, comp) ? NULL :
		t_strdup_printf("%u", kind));
	return 0;
}

/* -- RSVP -- */

static bool
cal_response_requested(struct cal_doc *doc, const struct pim_component *comp)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE");

	if (prop == NULL)
		return cal_has_value(comp, CAL_RSVP, "TRUE");
	if (!cal_is_organizer(doc, comp)) {
		prop = cal_own_attendee(doc, comp);
		return prop != NULL &&
			pim_property_has_param(prop, "RSVP", "TRUE");
	}
	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		if (pim_property_has_param(prop, "RSVP", "TRUE"))
			return TRUE;
	}
	return FALSE;
}

static const char *
cal_get_response_requested(struct cal_doc *doc, struct pim_component *comp)
{
	return cal_response_requested(doc, comp) ? "1" : "0";
}

static int cal_set_response_requested(struct cal_doc *doc,
				      struct pim_component *comp,
				      const char *value)
{
	struct pim_property *prop = pim_property_find(comp, "ATTENDEE");
	bool requested = value != NULL && strcmp(value, "1") == 0;

	/* what the organizer wants is not the attendee's to change */
	if (value == NULL || *value == '\0' || !cal_is_organizer(doc, comp) ||
	    requested == cal_response_requested(doc, comp))
		return 0;
	if (prop == NULL) {
		pim_component_set_value(comp, CAL_RSVP,
					requested ? "TRUE" : NULL);
		return 0;
	}
	pim_component_set_value(comp, CAL_RSVP, NULL);
	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		pim_property_set_param(prop, "RSVP",
				       requested ? "TRUE" : NULL);
	}
	return 0;
}

/* -- PARTSTAT of the user -- */

/* [MS-ASCAL] 2.2.2.40 */
static const char *
cal_get_response_type(struct cal_doc *doc, struct pim_component *comp)
{
	static const struct {
		const char *partstat, *type;
	} types[] = {
		{ "TENTATIVE", "2" },
		{ "ACCEPTED", "3" },
		{ "DECLINED", "4" },
		{ "NEEDS-ACTION", "5" },
	};
	const struct pim_property *own;
	unsigned int status = cal_meeting_status(doc, comp);

	if ((status & CAL_MEETING_MEETING) == 0)
		return NULL;
	if ((status & CAL_MEETING_RECEIVED) == 0)
		return "1";
	own = cal_own_attendee(doc, comp);
	for (unsigned int i = 0; own != NULL && i < N_ELEMENTS(types); i++) {
		if (pim_property_has_param(own, "PARTSTAT",
					   types[i].partstat))
			return types[i].type;
	}
	return own == NULL ? "0" : "5";
}

/* Not before there was an answer (3.2.5). */
static const char *
cal_get_reply_time(struct cal_doc *doc, struct pim_component *comp)
{
	const char *value, *type = cal_get_response_type(doc, comp);
	int64_t t;

	if (type == NULL || strchr("234", *type) == NULL)
		return NULL;
	value = pim_component_value(comp, "X-MICROSOFT-CDO-REPLYTIME");
	return value == NULL || eas_date_time_parse(value, &t) < 0 ? NULL :
		eas_ical_time(t);
}

/* -- X-MICROSOFT- -- */

static const char *
cal_get_no_counter(struct cal_doc *doc ATTR_UNUSED, struct pim_component *comp)
{
	return cal_has_value(comp, CAL_NO_COUNTER, "TRUE") ? "1" : "0";
}

static int cal_set_no_counter(struct cal_doc *doc, struct pim_component *comp,
			      const char *value)
{
	if (value == NULL || *value == '\0')
		value = "0";
	if (strcmp(value, cal_get_no_counter(doc, comp)) != 0) {
		pim_component_set_value(comp, CAL_NO_COUNTER,
			strcmp(value, "1") == 0 ? "TRUE" : NULL);
	}
	return 0;
}

static const char *
cal_get_conf_link(struct cal_doc *doc ATTR_UNUSED, struct pim_component *comp)
{
	return pim_component_value(comp, "X-MICROSOFT-ONLINEMEETINGCONFLINK");
}

/* "If a value exists, it SHOULD be a valid URL" */
static const char *cal_get_external_link(struct cal_doc *doc ATTR_UNUSED,
					 struct pim_component *comp)
{
	static const char *const names[] = {
		"X-MICROSOFT-ONLINEMEETINGEXTERNALLINK",
		"X-MICROSOFT-SKYPETEAMSMEETINGURL",
		"X-GOOGLE-CONFERENCE",
		"CONFERENCE",
	};
	const char *value;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		value = pim_component_value(comp, names[i]);
		if (value != NULL && (strncasecmp(value, "https:", 6) == 0 ||
				      strncasecmp(value, "http:", 5) == 0))
			return value;
	}
	return NULL;
}

/* In the order in which they are written; ended by a 0. */
const struct cal_field cal_fields[] = {
	{ EAS_CALENDAR_SUBJECT, 0, cal_get_subject, cal_set_subject, TRUE, "" },
	{ EAS_CALENDAR_ORGANIZER_EMAIL, 0, cal_get_organizer_mail,
	  cal_set_organizer_mail, FALSE, NULL },
	{ EAS_CALENDAR_ORGANIZER_NAME, 0, cal_get_organizer_name,
	  cal_set_organizer_name, FALSE, NULL },
	{ EAS_CALENDAR_SENSITIVITY, 0, cal_get_sensitivity,
	  cal_set_sensitivity, TRUE, NULL },
	{ EAS_CALENDAR_BUSY_STATUS, 0, cal_get_busy, cal_set_busy, TRUE,
	  NULL },
	{ EAS_CALENDAR_REMINDER, 0, cal_get_reminder, cal_set_reminder, TRUE,
	  NULL },
	{ EAS_CALENDAR_MEETING_STATUS, 0, cal_get_meeting_status,
	  cal_set_meeting_status, TRUE, NULL },
	{ EAS_CALENDAR_RESPONSE_REQUESTED, EAS_VERSION_14_0,
	  cal_get_response_requested, cal_set_response_requested, FALSE,
	  NULL },
	{ EAS_CALENDAR_RESPONSE_TYPE, EAS_VERSION_14_0, cal_get_response_type,
	  NULL, TRUE, NULL },
	{ EAS_CALENDAR_APPOINTMENT_REPLY_TIME, EAS_VERSION_14_0,
	  cal_get_reply_time, NULL, TRUE, NULL },
	{ EAS_CALENDAR_DISALLOW_NEW_TIME_PROPOSAL, EAS_VERSION_14_0,
	  cal_get_no_counter, cal_set_no_counter, FALSE, NULL },
	{ EAS_CALENDAR_ONLINE_MEETING_CONF_LINK, EAS_VERSION_14_1,
	  cal_get_conf_link, NULL, TRUE, NULL },
	{ EAS_CALENDAR_ONLINE_MEETING_EXTERNAL_LINK, EAS_VERSION_14_1,
	  cal_get_external_link, NULL, TRUE, NULL },
	{ .tag = 0 }
};

struct cal_inherited {
	const char *value;
	bool known;
};

const char *
cal_field_inherited(struct cal_doc *doc, const struct cal_field *field)
{
	struct cal_inherited *inherited;

	if (doc->inherited == NULL) {
		doc->inherited = p_new(doc->pool, struct cal_inherited,
				       N_ELEMENTS(cal_fields));
	}
	inherited = &doc->inherited[field - cal_fields];
	if (!inherited->known) {
		inherited->value = p_strdup(doc->pool,
					    field->get(doc, doc->master));
		inherited->known = TRUE;
	}
	return inherited->value;
}
