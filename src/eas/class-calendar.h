#ifndef CLASS_CALENDAR_H
#define CLASS_CALENDAR_H

#include "eas-class.h"

/* Calendar ([MS-ASCAL]): an item is one VCALENDAR with one event, that is one VEVENT, and the
   VEVENTs with a RECURRENCE-ID that belong to it. class-calendar.c is the frame, -time.c has the
   times and zones, -fields.c what has one value, -location.c, -attendees.c, -attachments.c and
   -recurrence.c what has more; -write.c, -exceptions.c and -cover.c have what devices are shown,
   -apply.c, -apply-times.c and -instance.c what they changed. */
extern const struct eas_class eas_class_calendar;

#endif
