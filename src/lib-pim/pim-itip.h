#ifndef PIM_ITIP_H
#define PIM_ITIP_H

#include "pim-recurrence.h"

/* What a meeting message says (RFC 5546): the text/calendar part of a mail. It
   is read once, within limits; what is not understood is left out, so that
   every meeting that has a UID and a start is shown. */

struct pim_timezone;

enum pim_itip_method {
	/* none, PUBLISH and what nobody knows: no meeting message */
	PIM_ITIP_NONE = 0,
	PIM_ITIP_REQUEST,
	PIM_ITIP_ADD,
	PIM_ITIP_CANCEL,
	PIM_ITIP_REPLY,
	PIM_ITIP_COUNTER,
	PIM_ITIP_DECLINECOUNTER,
	PIM_ITIP_REFRESH,
};

enum pim_partstat {
	PIM_PARTSTAT_NEEDS_ACTION = 0,
	PIM_PARTSTAT_ACCEPTED,
	PIM_PARTSTAT_TENTATIVE,
	PIM_PARTSTAT_DECLINED,
	PIM_PARTSTAT_DELEGATED,
};

/* The numbers are ActiveSync's. */
enum pim_sensitivity {
	PIM_SENSITIVITY_NORMAL = 0,
	PIM_SENSITIVITY_PERSONAL = 1,
	PIM_SENSITIVITY_PRIVATE = 2,
	PIM_SENSITIVITY_CONFIDENTIAL = 3,
};
enum pim_busy_status {
	PIM_BUSY_FREE = 0,
	PIM_BUSY_TENTATIVE = 1,
	PIM_BUSY_BUSY = 2,
	PIM_BUSY_OUT_OF_OFFICE = 3,
	PIM_BUSY_ELSEWHERE = 4,
};

struct pim_itip {
	enum pim_itip_method method;
	const char *uid;		/* never empty */
	unsigned int sequence;
	/* all times are UTC; 0 = none for stamp */
	int64_t stamp, start, end;
	int64_t recurrence_id;
	/* a COUNTER's start and end, which are what is proposed: start and end are
	   then those of the meeting, if they are known */
	int64_t proposed_start, proposed_end;
	/* of the start; UTC if it has none. An all-day event's times are
	   midnights there. */
	const struct pim_timezone *tz;
	const char *location;		/* NULL = none */
	const char *organizer_mail, *organizer_name;	/* NULL = none */
	/* seconds before the start, -1 = none */
	int reminder;
	enum pim_partstat partstat;	/* of a REPLY */
	enum pim_sensitivity sensitivity;
	enum pim_busy_status busy_status;
	struct pim_recurrence recurrence;
	bool all_day:1;
	bool has_recurrence_id:1;
	bool has_recurrence:1;
	bool has_proposed:1;
	bool response_requested:1;
	bool disallow_new_time:1;
};

/* Text is UTF-8; method is the Content-Type's parameter, NULL = none: the
   object's own METHOD comes first. Zones are looked for with home. Everything is
   allocated from pool. Returns 1; 0 if it is no message about an event; -1
   and a sentence if it can't be read. */
int pim_itip_read(pool_t pool, const void *data, size_t size,
		  const char *method, const struct pim_timezone *home,
		  struct pim_itip **itip_r, const char **error_r);
/* The PRODID of messages that are written here. */
#define PIM_ITIP_PRODID "-//Roost//Calendar//EN"
/* Appends the calendar object of a message that came in another form (TNEF):
   pim_itip_read() reads it so. organizer and attendee (who is
   invited, or whose answer it is) are addresses; summary may be NULL. */
void pim_itip_write(string_t *dest, const struct pim_itip *itip,
		    const char *summary, const char *organizer,
		    const char *attendee);
/* "REQUEST" in any case; NULL and what is not known is PIM_ITIP_NONE. */
enum pim_itip_method pim_itip_method_find(const char *name);
/* The same the other way; "" for PIM_ITIP_NONE. */
const char *pim_itip_method_name(enum pim_itip_method method);
/* CLASS, and Outlook's word for the status. */
const char *pim_sensitivity_name(enum pim_sensitivity sensitivity);
const char *pim_busy_status_name(enum pim_busy_status busy_status);
/* PARTSTAT: NULL and what is not known is NEEDS-ACTION. */
enum pim_partstat pim_partstat_find(const char *name);
const char *pim_partstat_name(enum pim_partstat partstat);
/* The first event's UID, NULL = none. In the data stack. */
const char *pim_itip_uid(const void *data, size_t size);

/* [MS-ASEMAIL] 2.2.2.37: the binary form of a UID, with the instance's date if
   there is one, in base64. */
void pim_global_obj_id_append(string_t *dest, const char *uid,
			      bool has_instance, int64_t instance_local);

#endif
