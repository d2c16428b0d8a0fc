#ifndef CLASS_CALENDAR_PRIVATE_H
#define CLASS_CALENDAR_PRIVATE_H

#include "hash.h"
#include "eas-class-ical.h"
#include "pim-recurrence.h"
#include "pim-timezone.h"
#include "class-calendar.h"

/* [MS-ASCAL] 2.2.2.21 */
#define CAL_MAX_EXCEPTIONS_SHOWN 256
/* what is taken of a device: the schema's limit */
#define CAL_MAX_EXCEPTIONS 1000
#define CAL_MAX_ATTENDEES 10000
/* VTIMEZONEs that are read of one event; times of more are the user's own */
#define CAL_MAX_ZONES 64
#define CAL_MAX_UID 300

/* A date or time as a property has it. */
struct cal_time {
	/* by its own clock; of a date its midnight */
	int64_t local;
	/* of a date: midnight by the event's clock */
	int64_t utc;
	/* NULL = its clock is the user's own (floating), or it is a date */
	const struct pim_timezone *tz;
	const char *tzid;		/* NULL = none */
	bool is_date, is_utc;
};

/* An event's text, opened. */
struct cal_doc {
	struct eas_request *req;
	pool_t pool;
	/* the store's number of the item; 0 = it is not there yet */
	uint32_t uid;
	struct eas_ical ical;
	/* ical's; master is the event itself: the one without RECURRENCE-ID, or if there is
	   none the first one */
	struct pim_component *calendar, *master;
	/* the user's own clock, for times that have none; never NULL */
	const struct pim_timezone *home;
	/* the clock of the event (of an all-day event the one whose midnights up to
	   14.1 are shown); never NULL. Set by cal_doc_read_start(). */
	const struct pim_timezone *zone;
	/* the event's DTSTART, as it was when it was read last */
	struct cal_time start;
	bool has_start;
	/* it was a series that no pattern has before it is edited */
	bool was_list;
	/* TZIDs that were looked for; made with the first one */
	HASH_TABLE(char *, struct cal_zone *) zones;
	/* the user's own; NULL before they are asked for */
	const char *const *addresses;
	/* cal_field_inherited()'s answers */
	struct cal_inherited *inherited;
};

struct cal_zone {
	const char *tzid;
	const struct pim_timezone *tz;
};

/* The times of one property: its zone is looked up once for all of them. Set
   prop, and zero the rest. */
struct cal_values {
	const struct pim_property *prop;
	/* NULL = it has no TZID, or that was not asked for yet */
	const struct cal_zone *zone;
	bool has_zone;
};

/* -- class-calendar.c -- */

int cal_doc_open(struct eas_request *req, const struct store_item *item,
		 struct cal_doc *doc_r, const char **error_r);
/* The same of what is to be changed, or a new one. Returns 0 or -1. */
int cal_doc_edit(struct eas_class_apply *apply, struct cal_doc *doc_r);
void cal_doc_close(struct cal_doc *doc);
/* The next event after comp that replaces an occurrence (comp NULL: the first
   one). */
struct pim_component *
cal_override_next(const struct cal_doc *doc, struct pim_component *comp);

/* Do both have the same values of a property (in the same order)? */
bool cal_values_equal(const struct pim_component *comp1,
		      const struct pim_component *comp2, const char *name);

/* -- class-calendar-time.c -- */

/* Has to be called when the event's DTSTART was changed. */
void cal_doc_read_start(struct cal_doc *doc);
/* The event has dates, and this clock. */
void cal_doc_set_date_zone(struct cal_doc *doc, const struct pim_timezone *tz);
/* value is one of them. Returns 0, or -1 if it is no time. */
int cal_time_parse(struct cal_doc *doc, struct cal_values *values,
		   const char *value, struct cal_time *time_r);
int cal_time_read(struct cal_doc *doc, const struct pim_component *comp,
		  const char *name, struct cal_time *time_r);
/* DTEND, or DTSTART with DURATION or what RFC 5545 3.6.1 says of none. */
int cal_end_read(struct cal_doc *doc, const struct pim_component *comp,
		 struct cal_time *end_r);
bool cal_is_all_day(const struct cal_doc *doc,
		    const struct pim_component *comp);
/* The number that a device is shown (or named an instance by). */
int64_t cal_time_shown(const struct cal_doc *doc, const struct cal_time *t,
		       bool all_day);
/* The day (midnight as a number) that a device means by a time of an all-day
   event; tz NULL: it did not say what clock it has. */
int64_t cal_day_from_device(const struct cal_doc *doc, int64_t t,
			    const struct pim_timezone *tz);

/* The moment or the date in the form of like. */
void cal_time_make(const struct cal_time *like, int64_t t,
		   struct cal_time *time_r);
/* A new form: a date; UTC; a time of the zone (whose VTIMEZONE is added). */
void cal_time_form(struct cal_doc *doc, const struct pim_timezone *tz,
		   bool is_date, int64_t t, struct cal_time *time_r);
bool cal_time_same_form(const struct cal_time *t1, const struct cal_time *t2);
const char *cal_time_value(const struct cal_time *t);
/* Writes value and form, if the property has others. */
void cal_time_write(struct pim_property *prop, const struct cal_time *t);
/* The same of comp's first one of that name, added if there is none. */
void cal_time_set(struct pim_component *comp, const char *name,
		  const struct cal_time *t);
/* Which occurrence it is: equal numbers are the same one. Of series of dates
   it is the day. */
int64_t cal_instance_key(struct cal_doc *doc, const struct cal_time *t);
/* The key that a device names by an ExceptionStartTime or InstanceId. Returns 0
   or -1. */
int cal_instance_parse(struct cal_doc *doc, const char *value, int64_t *key_r);
/* The device's form of a key. */
const char *cal_instance_shown(struct cal_doc *doc, int64_t key);

/* -- class-calendar-fields.c -- */

/* The alarm that is a reminder: so many minutes before the start. NULL = none. */
struct pim_component *
cal_reminder_find(struct cal_doc *doc, const struct pim_component *comp,
		  int64_t *minutes_r);
void cal_reminder_set(struct pim_component *alarm, int64_t minutes);

/* Elements that have one value and one home. */
struct cal_field {
	unsigned int tag, min_version;
	/* The element's value, NULL = none. In the data stack or doc's. */
	const char *(*get)(struct cal_doc *doc, struct pim_component *comp);
	/* Sets it; NULL or "" = none. Returns 0, or -1 if the value is wrong. */
	int (*set)(struct cal_doc *doc, struct pim_component *comp,
		   const char *value);
	/* is a child of Exception as well */
	bool in_exception;
	/* written for an event that has none */
	const char *otherwise;
};
extern const struct cal_field cal_fields[];
/* The event's value of one of them, for its exceptions. It is read once: the event must not
   be changed between them. In doc's pool. */
const char *
cal_field_inherited(struct cal_doc *doc, const struct cal_field *field);

/* The organizer's address; NULL = none. */
const char *cal_organizer(const struct pim_component *comp);
/* Is the user the organizer (TRUE also if there is none)? */
bool cal_is_organizer(struct cal_doc *doc, const struct pim_component *comp);
/* The user's own ATTENDEE, NULL = none. */
struct pim_property *
cal_own_attendee(struct cal_doc *doc, const struct pim_component *comp);
bool cal_is_own_address(struct cal_doc *doc, const char *address);
const char *cal_mailto_strip(const char *uri);

/* -- class-calendar-attendees.c -- */

/* All but the organizer. Returns FALSE if there is nobody: nothing is written. */
bool cal_write_attendees(struct cal_doc *doc, struct pim_component *comp,
			 struct wbxml_writer *writer);
bool cal_attendees_equal(struct cal_doc *doc, struct pim_component *comp1,
			 struct pim_component *comp2);
/* attendees is Attendees, NULL = none are left. Returns 0, or -1 and a
   sentence. */
int cal_apply_attendees(struct cal_doc *doc, struct pim_component *comp,
			const struct wbxml_node *attendees,
			const char **error_r);

/* -- class-calendar-location.c -- */

void cal_write_location(struct cal_doc *doc, struct pim_component *comp,
			struct wbxml_writer *writer);
bool cal_has_location(const struct pim_component *comp);
bool cal_locations_equal(struct pim_component *comp1,
			 struct pim_component *comp2);
/* Location of either namespace; NULL = it is to be removed. */
int cal_apply_location(struct cal_doc *doc, struct pim_component *comp,
		       const struct wbxml_node *location,
		       const char **error_r);

/* -- class-calendar-recurrence.c -- */

/* What is shown of a series. Returns 1, 0 if it is no series, -1 if it is one
   that no pattern has. */
int cal_recurrence_read(struct cal_doc *doc, struct pim_recurrence *rec_r);
/* That is, a series that no pattern has. */
bool cal_is_list(struct cal_doc *doc);
void cal_write_recurrence(struct cal_doc *doc,
			  const struct pim_recurrence *rec,
			  struct wbxml_writer *writer);
/* recurrence NULL or empty: it is a single event. A series that no pattern has stays as it
   is. Returns 1 if that was changed, 0 if not, -1 (apply->error). */
int cal_apply_recurrence(struct eas_class_apply *apply, struct cal_doc *doc,
			 const struct wbxml_node *recurrence);

/* -- class-calendar-exceptions.c -- */

struct cal_exception {
	int64_t key;
	/* NULL = the occurrence is deleted */
	struct pim_component *comp;
	/* comp is that of an earlier one (RANGE=THISANDFUTURE): when this one
	   is */
	bool has_start;
	struct cal_time start;
};
ARRAY_DEFINE_TYPE(cal_exception, struct cal_exception);

int cal_exception_cmp(const struct cal_exception *e1,
		      const struct cal_exception *e2);
/* All changed and deleted occurrences, each once, in their order. */
void cal_exceptions_get(struct cal_doc *doc,
			ARRAY_TYPE(cal_exception) *exceptions);
const struct cal_exception *
cal_exceptions_find(const ARRAY_TYPE(cal_exception) *exceptions, int64_t key);
/* Adds one, or replaces that of the same key. */
void cal_exceptions_put(ARRAY_TYPE(cal_exception) *exceptions, int64_t key,
			struct pim_component *comp);
/* Writes these; nothing if there are none. */
void cal_write_exceptions(const struct eas_class_write *write,
			  struct cal_doc *doc,
			  ARRAY_TYPE(cal_exception) *exceptions,
			  struct wbxml_writer *writer);

/* -- class-calendar-cover.c -- */

struct pim_series;

/* What is shown of a series that no pattern has. */
struct cal_cover {
	/* the first occurrence that is shown */
	struct cal_time start;
	/* FALSE: it is the only one, and there is nothing else */
	bool is_series;
	struct pim_recurrence rec;
	ARRAY_TYPE(cal_exception) exceptions;
};

/* Returns FALSE if there is nothing to be shown but the event as it stands. */
bool cal_cover_make(struct cal_doc *doc, struct cal_cover *cover_r);
/* The event as it stands now, in doc's pool; NULL = it has no start. */
struct pim_series *cal_series_read(struct cal_doc *doc);
/* series may be NULL */
bool cal_series_has(const struct cal_doc *doc, const struct pim_series *series,
		    int64_t key);

/* -- class-calendar-write.c -- */

extern const struct eas_class_body_tags cal_body_tags;

void cal_write_uid(struct cal_doc *doc, struct wbxml_writer *writer);
/* StartTime and EndTime; shown: of this occurrence, NULL = comp's own */
void cal_write_times(struct cal_doc *doc, const struct pim_component *comp,
		     const struct cal_time *shown, struct wbxml_writer *writer);
void cal_write_event(const struct eas_class_write *write,
		     const struct store_item *item, struct cal_doc *doc,
		     struct wbxml_writer *writer);

/* -- class-calendar-apply.c -- */

/* The elements of an event, an Exception or an instance but for its times. Returns 0, or -1
   (apply->error). */
int cal_apply_elements(struct eas_class_apply *apply, struct cal_doc *doc,
		       struct pim_component *comp,
		       const struct wbxml_node *data);
bool cal_is_series(const struct cal_doc *doc);
/* Returns 1 or -1. */
int cal_apply_event(struct eas_class_apply *apply, struct cal_doc *doc);

/* -- class-calendar-apply-times.c -- */

/* StartTime, EndTime, AllDayEvent and Timezone of data. Returns 1 if the start, the
   end or the clock are others now, 0 if not, -1 (apply->error). */
int cal_apply_times(struct eas_class_apply *apply, struct cal_doc *doc,
		    struct pim_component *comp, const struct wbxml_node *data);

/* -- class-calendar-instance.c -- */

void cal_exdate_add(struct cal_doc *doc, int64_t key);
void cal_exdate_remove(struct cal_doc *doc, int64_t key);
/* Removes all changed and deleted occurrences: the series is as its pattern says. */
void cal_exceptions_remove(struct cal_doc *doc);
/* The series' start or clock was changed: changed and deleted occurrences stay what they
   are. old is the start that it had. */
void cal_exceptions_shift(struct cal_doc *doc, const struct cal_time *old);
/* The VEVENT of a changed occurrence, NULL = it is not changed. */
struct pim_component *cal_override_find(struct cal_doc *doc, int64_t key);
/* Has one of them changed all that follow as well (RANGE=THISANDFUTURE)? */
bool cal_has_range(const struct cal_doc *doc);
/* The same for a VEVENT that is to be changed or deleted: if it is that of all that follow as
   well (RANGE=THISANDFUTURE), those get it and the occurrence a copy. */
struct pim_component *
cal_override_alone(struct cal_doc *doc, struct pim_component *comp);
/* Makes one: a copy of what the occurrence is now, with its times. */
struct pim_component *cal_override_create(struct cal_doc *doc, int64_t key);
void cal_occurrence_delete(struct cal_doc *doc, int64_t key);
/* Exceptions of an event. Returns 0, or -1 (apply->error). */
int cal_apply_exceptions(struct eas_class_apply *apply, struct cal_doc *doc,
			 const struct wbxml_node *exceptions);
/* The occurrence of apply->instance_id. Returns 1 or -1. */
int cal_apply_instance(struct eas_class_apply *apply, struct cal_doc *doc);

/* -- class-calendar-attachments.c -- */

void cal_write_attachments(const struct eas_class_write *write,
			   const struct cal_doc *doc,
			   const struct pim_component *comp,
			   struct wbxml_writer *writer);
int cal_attach(struct eas_class_apply *apply, enum store_put *put_r);
void cal_write_added(const struct eas_class_write *write,
		     const struct store_item *item,
		     const struct wbxml_node *data,
		     struct wbxml_writer *writer);

#endif
