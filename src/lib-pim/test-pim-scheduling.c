/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-timezone.h"
#include "pim-scheduling.h"
#include "pim-scheduling-mail.h"
#include "test-pim-scheduling-common.h"

static const struct {
	const char *from, *sender;
	const char *stored, *message;
	enum pim_scheduling_result result;
	const char *words;
} apply_tests[] = {
	/* an invitation */
	{ "boss@example.com", NULL, NULL,
	  REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE ALARM "X-ROOST-GONE:x\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "!METHOD|BUSYSTATUS:TENTATIVE|INTENDEDSTATUS:BUSY|VALARM|"
	  "X-ROOST-STAMP:20261101T080000Z|!X-ROOST-GONE|!X-ROOST-SENDER" },
	/* forwarded by somebody else, or sent by a service without a Sender: nobody
	   can tell. He may change it, and so may the organizer; others may not. */
	{ "friend@example.net", NULL, NULL,
	  REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_SCHEDULING_CHANGED,
	  "BUSYSTATUS:TENTATIVE|X-ROOST-SENDER:friend@example.net" },
	{ "friend@example.net", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE
		 "X-ROOST-SENDER:friend@example.net\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_CHANGED,
	  "T110000Z|X-ROOST-SENDER:friend@example.net" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE
		 "X-ROOST-SENDER:friend@example.net\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_CHANGED,
	  "T110000Z|X-ROOST-SENDER:friend@example.net" },
	{ "eve@example.net", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE
		 "X-ROOST-SENDER:friend@example.net\r\n"),
	  CANCEL(SEQ(1) STAMP(2) AT(10) PEOPLE), PIM_SCHEDULING_REFUSED,
	  "organizer" },
	/* free time stays free */
	{ "boss@example.com", NULL, NULL,
	  REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE "TRANSP:TRANSPARENT\r\n"),
	  PIM_SCHEDULING_CHANGED, "BUSYSTATUS:FREE|TRANSP:TRANSPARENT" },
	/* the user's own comes back */
	{ "me@example.org", NULL, NULL, REQUEST(SEQ(0) STAMP(1) AT(10) OWN),
	  PIM_SCHEDULING_NOTHING, "own invitation" },
	{ "boss@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN),
	  REQUEST(SEQ(5) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_REFUSED,
	  "himself" },
	/* nobody to answer */
	{ "boss@example.com", NULL, NULL, REQUEST(SEQ(0) STAMP(1) AT(10)),
	  PIM_SCHEDULING_INVALID, "ORGANIZER" },
	{ "boss@example.com", NULL, NULL, REQUEST("DTSTAMP:x\r\n" PEOPLE),
	  PIM_SCHEDULING_INVALID, "" },

	/* updates: the same again, an older one, a newer one */
	{ "boss@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(1) STAMP(2) AT(10) PEOPLE), PIM_SCHEDULING_NOTHING,
	  "older" },
	{ "boss@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(0) STAMP(3) AT(11) PEOPLE), PIM_SCHEDULING_NOTHING, "" },
	{ "boss@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(1) STAMP(1) AT(11) PEOPLE), PIM_SCHEDULING_NOTHING, "" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(1) STAMP(2) AT(10) PEOPLE ALARM "CATEGORIES:Mine\r\n"
		 "X-MINE:1\r\nX-THEIRS:old\r\n"),
	  REQUEST(SEQ(1) STAMP(3) AT(11) PEOPLE "CATEGORIES:Theirs\r\n"
		  "X-THEIRS:new\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "DTSTART:20261201T110000Z|TRIGGER:-PT5M|CATEGORIES:Mine|"
	  "!CATEGORIES:Theirs|X-MINE:1|X-THEIRS:new|!old|!METHOD" },
	/* the stamp of the organiser's message counts, not that of an alarm */
	{ "boss@example.com", NULL,
	  STORED(SEQ(1) STAMP(5) "X-ROOST-STAMP:20261102T080000Z\r\n" AT(10)
		 PEOPLE),
	  REQUEST(SEQ(1) STAMP(3) AT(10) PEOPLE "SUMMARY:New\r\n"),
	  PIM_SCHEDULING_CHANGED, "SUMMARY:New|X-ROOST-STAMP:20261103" },
	/* an answer stays if the meeting is at the same time */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10)
		 "ORGANIZER:mailto:boss@example.com\r\n"
		 "ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org\r\n"
		 "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(10) PEOPLE "SUMMARY:New\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "PARTSTAT=ACCEPTED;RSVP=TRUE:mailto:Me@|BUSYSTATUS:OOF|SUMMARY:New" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10)
		 "ORGANIZER:mailto:boss@example.com\r\n"
		 "ATTENDEE;PARTSTAT=ACCEPTED:mailto:me@example.org\r\n"
		 "X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_CHANGED,
	  "PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Me@|"
	  "CDO-BUSYSTATUS:TENTATIVE" },
	/* a stranger's, whatever he writes; through a service and a deputy */
	{ "eve@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(2) STAMP(3) AT(11) PEOPLE), PIM_SCHEDULING_REFUSED,
	  "organizer" },
	{ "eve@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(2) STAMP(3) AT(11)
		  "ORGANIZER:mailto:eve@example.com\r\n"),
	  PIM_SCHEDULING_REFUSED, "organizer" },
	{ "Boss@Example.com", "calendar@example.net",
	  STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(2) STAMP(3) AT(11) PEOPLE), PIM_SCHEDULING_CHANGED,
	  "T110000Z|!X-ROOST-SENDER" },
	{ "anne@example.com", "calendar@google.example", NULL,
	  REQUEST(SEQ(0) STAMP(1) AT(10) "ORGANIZER:mailto:g@group.example\r\n"),
	  PIM_SCHEDULING_CHANGED, "X-ROOST-SENDER:calendar@google.example" },
	{ "bob@example.com", "calendar@google.example",
	  STORED(SEQ(0) STAMP(1) AT(10) "ORGANIZER:mailto:g@group.example\r\n"
		 "X-ROOST-SENDER:calendar@google.example\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(11) "ORGANIZER:mailto:g@group.example\r\n"),
	  PIM_SCHEDULING_CHANGED, "T110000Z|X-ROOST-SENDER:|"
	  "!X-ROOST-SENDER:calendar@google.example\nX-ROOST-SENDER:" },
	/* nobody makes the user an organiser, who would mail to those people */
	{ "boss@example.com", NULL, STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
	  REQUEST(SEQ(2) STAMP(3) AT(10) OWN), PIM_SCHEDULING_REFUSED,
	  "makes the user" },
	{ "boss@example.com", NULL, NULL,
	  CALENDAR("METHOD:REQUEST\r\n", EVENT(SEQ(0) STAMP(1) AT(10) DAILY
		   PEOPLE) EVENT("RECURRENCE-ID:20261203T100000Z\r\n" SEQ(0)
		   STAMP(1) AT(12) OWN)),
	  PIM_SCHEDULING_NOTHING, "own invitation" },
	{ "boss@example.com", NULL, NULL,
	  CALENDAR("METHOD:REQUEST\r\n", EVENT(SEQ(0) STAMP(1) AT(10) DAILY
		   "ATTENDEE:mailto:anne@example.com\r\n")
		   EVENT("RECURRENCE-ID:20261203T100000Z\r\n" SEQ(0)
		   STAMP(1) AT(12) PEOPLE)),
	  PIM_SCHEDULING_CHANGED, "mailto:anne@example.com\nX-ROOST-STAMP:"
	  "20261101T080000Z\nORGANIZER;CN=Boss:mailto:boss@example.com\n" },
	{ "deputy@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) "ORGANIZER;SENT-BY=\"mailto:deputy@"
		 "example.com\":mailto:boss@example.com\r\n"),
	  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_CHANGED, "" },
	{ "boss@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10)),
	  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), PIM_SCHEDULING_REFUSED,
	  "no meeting" },

	/* one occurrence of a series */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY ALARM),
	  REQUEST(SEQ(1) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n"
		  "DTSTART:20261203T150000Z\r\nDTEND:20261203T160000Z\r\n"
		  PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "RRULE|RECURRENCE-ID:20261203T100000Z|DTSTART:20261203T150000Z" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(2) STAMP(3) AT(10) PEOPLE DAILY),
	  REQUEST(SEQ(1) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n"
		  "DTSTART:20261203T150000Z\r\n" PEOPLE),
	  PIM_SCHEDULING_NOTHING, "" },
	/* a series at another time has no exceptions */
	{ "boss@example.com", NULL,
	  CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY
			     "X-ROOST-GONE:20261202T100000Z 0 "
			     "20261101T080000Z\r\n"
			     "EXDATE:20261202T100000Z\r\n")
		   EVENT("RECURRENCE-ID:20261203T100000Z\r\n" STAMP(1)
			 "DTSTART:20261203T150000Z\r\n" PEOPLE)),
	  REQUEST(SEQ(1) STAMP(2) AT(12) PEOPLE DAILY), PIM_SCHEDULING_CHANGED,
	  "T120000Z|!RECURRENCE-ID|!EXDATE|!GONE" },
	/* one at the same time has, and what the user declined stays out */
	{ "boss@example.com", NULL,
	  CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY
			     "X-ROOST-GONE:20261202T100000Z 0 "
			     "20261101T080000Z\r\n"
			     "EXDATE:20261202T100000Z\r\n")
		   EVENT("RECURRENCE-ID:20261203T100000Z\r\n" STAMP(1)
			 "DTSTART:20261203T150000Z\r\n" PEOPLE)),
	  REQUEST(SEQ(1) STAMP(2) AT(10) PEOPLE DAILY "SUMMARY:New\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "SUMMARY:New|RECURRENCE-ID|EXDATE:20261202T100000Z|GONE:20261202" },
	/* what is cancelled does not come back by an older message, but by a
	   newer one */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY
		 "EXDATE:20261204T100000Z,20261203T100000Z\r\n"
		 "X-ROOST-GONE:20261203T100000Z 1 20261103T080000Z\r\n"),
	  REQUEST(SEQ(1) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n"
		  "DTSTART:20261203T150000Z\r\n" PEOPLE),
	  PIM_SCHEDULING_NOTHING, "" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY
		 "EXDATE:20261204T100000Z,20261203T100000Z\r\n"
		 "X-ROOST-GONE:20261203T100000Z 1 20261103T080000Z\r\n"),
	  REQUEST(SEQ(2) STAMP(4) "RECURRENCE-ID:20261203T100000Z\r\n"
		  "DTSTART:20261203T150000Z\r\n" PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID:20261203|EXDATE:20261204T100000Z\n|!,20261203" },
	/* invited to one occurrence only, later to all */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) "RECURRENCE-ID:20261203T100000Z\r\n"
		 "DTSTART:20261203T100000Z\r\n" PEOPLE),
	  REQUEST(SEQ(1) STAMP(2) AT(10) PEOPLE DAILY), PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID|RRULE" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY),
	  CALENDAR("METHOD:ADD\r\n", EVENT(SEQ(1) STAMP(2)
		   "DTSTART:20270101T100000Z\r\nSUMMARY:More\r\n" PEOPLE)),
	  PIM_SCHEDULING_CHANGED,
	  "RDATE:20270101T100000Z|RECURRENCE-ID:20270101T100000Z|More" },

	/* cancelled */
	{ "boss@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) PEOPLE),
	  CANCEL(SEQ(1) STAMP(2) AT(10) PEOPLE "STATUS:CANCELLED\r\n"),
	  PIM_SCHEDULING_REMOVED, "" },
	{ "eve@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) PEOPLE),
	  CANCEL(SEQ(1) STAMP(2) AT(10) PEOPLE "STATUS:CANCELLED\r\n"),
	  PIM_SCHEDULING_REFUSED, "organizer" },
	{ "boss@example.com", NULL, STORED(SEQ(2) STAMP(3) AT(10) PEOPLE),
	  CANCEL(SEQ(1) STAMP(2) AT(10) PEOPLE "STATUS:CANCELLED\r\n"),
	  PIM_SCHEDULING_NOTHING, "older" },
	{ "boss@example.com", NULL, NULL,
	  CANCEL(SEQ(1) STAMP(2) AT(10) PEOPLE), PIM_SCHEDULING_NOTHING, "" },
	/* somebody else was removed */
	{ "boss@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) PEOPLE),
	  CANCEL(SEQ(1) STAMP(2) AT(10) "ORGANIZER:mailto:boss@example.com\r\n"
		 "ATTENDEE:mailto:eve@example.com\r\n"),
	  PIM_SCHEDULING_NOTHING, "" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 PEOPLE DAILY),
	  CANCEL(SEQ(1) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n" PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "EXDATE;TZID=Europe/Berlin:20261203T110000|RRULE|"
	  "X-ROOST-GONE:20261203T100000Z 1 20261102T080000Z" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) "RECURRENCE-ID:20261203T100000Z\r\n"
		 "DTSTART:20261203T100000Z\r\n" PEOPLE),
	  CANCEL(SEQ(1) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n" PEOPLE),
	  PIM_SCHEDULING_REMOVED, "" },

	/* answers */
	{ "anne@example.com", NULL, STORED(SEQ(1) STAMP(1) AT(10) OWN),
	  REPLY(SEQ(1) STAMP(2) "ATTENDEE;PARTSTAT=ACCEPTED:MAILTO:Anne@"
		"example.com\r\nSUMMARY:Hacked\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "PARTSTAT=ACCEPTED;X-ROOST-STAMP=20261102T080000Z:mailto:anne@|"
	  "PARTSTAT=NEEDS-ACTION:mailto:bob@|!Hacked" },
	{ "bob@example.com", NULL, STORED(SEQ(1) STAMP(1) AT(10) OWN),
	  REPLY(SEQ(1) STAMP(2) "ATTENDEE;PARTSTAT=DECLINED:mailto:anne@"
		"example.com\r\n"), PIM_SCHEDULING_REFUSED, "not from" },
	{ "eve@example.com", NULL, STORED(SEQ(1) STAMP(1) AT(10) OWN),
	  REPLY(SEQ(1) STAMP(2) "ATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@"
		"example.com\r\n"), PIM_SCHEDULING_REFUSED, "not known" },
	{ "anne@example.com", NULL, STORED(SEQ(2) STAMP(1) AT(10) OWN),
	  REPLY(SEQ(1) STAMP(2) "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anne@"
		"example.com\r\n"), PIM_SCHEDULING_NOTHING, "earlier version" },
	{ "anne@example.com", NULL,
	  STORED(SEQ(0) AT(10) "ORGANIZER:mailto:me@example.org\r\n"
		 "ATTENDEE;PARTSTAT=ACCEPTED;X-ROOST-STAMP=20261105T080000Z:"
		 "mailto:anne@example.com\r\n"),
	  REPLY(SEQ(0) STAMP(2) "ATTENDEE;PARTSTAT=DECLINED:mailto:anne@"
		"example.com\r\n"), PIM_SCHEDULING_NOTHING, "older" },
	{ "anne@example.com", NULL, STORED(SEQ(1) STAMP(1) AT(10) PEOPLE),
	  REPLY(SEQ(1) STAMP(2) "ATTENDEE;PARTSTAT=ACCEPTED:mailto:anne@"
		"example.com\r\n"), PIM_SCHEDULING_REFUSED, "organise" },
	/* of an occurrence: the series' own state stays */
	{ "bob@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN DAILY),
	  REPLY(SEQ(0) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n"
		"ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID:20261203T100000Z|DTEND:20261203T103000Z|"
	  "PARTSTAT=DECLINED|CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@" },
	{ "eve@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN DAILY),
	  REPLY(SEQ(0) STAMP(2) "RECURRENCE-ID:20261203T100000Z\r\n"
		"ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.com\r\n"),
	  PIM_SCHEDULING_REFUSED, "not known" },
	{ "bob@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN DAILY),
	  REPLY(SEQ(0) STAMP(2) "RECURRENCE-ID:20261203T104500Z\r\n"
		"ATTENDEE;PARTSTAT=DECLINED:mailto:bob@example.com\r\n"),
	  PIM_SCHEDULING_NOTHING, "no such occurrence" },
	/* he sends somebody else, who is known then */
	{ "anne@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN),
	  REPLY(SEQ(0) STAMP(2) "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO="
		"\"mailto:eve@example.com\":mailto:anne@example.com\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:eve@example.com\"" },
	{ "eve@example.com", NULL,
	  STORED(SEQ(0) AT(10) "ORGANIZER:mailto:me@example.org\r\n"
		 "ATTENDEE;PARTSTAT=DELEGATED;DELEGATED-TO=\"mailto:eve@"
		 "example.com\":mailto:anne@example.com\r\n"),
	  REPLY(SEQ(0) STAMP(2) "ATTENDEE;PARTSTAT=ACCEPTED;DELEGATED-FROM="
		"\"mailto:anne@example.com\":mailto:eve@example.com\r\n"),
	  PIM_SCHEDULING_CHANGED, "PARTSTAT=ACCEPTED|mailto:eve@example.com\n" },
	{ "anne@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) OWN),
	  CALENDAR("METHOD:COUNTER\r\n", EVENT(SEQ(0) STAMP(2) AT(14)
		   "ATTENDEE;PARTSTAT=TENTATIVE:mailto:anne@example.com\r\n")),
	  PIM_SCHEDULING_CHANGED,
	  "PARTSTAT=TENTATIVE|X-ROOST-PROPOSED=20261201T140000Z/"
	  "20261201T143000Z|DTSTART:20261201T100000Z|!DTSTART:20261201T14" },
	{ "boss@example.com", NULL, STORED(SEQ(0) STAMP(1) AT(10) PEOPLE),
	  CALENDAR("METHOD:DECLINECOUNTER\r\n", EVENT(SEQ(0) STAMP(2) AT(14)
		   PEOPLE)), PIM_SCHEDULING_NOTHING, "" },
	{ "boss@example.com", NULL,
	  "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:u2\r\nEND:VEVENT\r\n"
	  "END:VCALENDAR\r\n",
	  REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_SCHEDULING_INVALID,
	  "another event" },

	/* this and all that follow: one changed occurrence each, as the clock of the
	   series goes; what is newer of one stays */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE),
	  REQUEST(ONWARDS("20261208") SEQ(1) STAMP(2) ON("20261208", "12")
		  PEOPLE "LOCATION:There\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "RRULE:FREQ=DAILY;COUNT=10|!RANGE|!20261207T12|!20261211T|"
	  "RECURRENCE-ID:20261208T100000Z|DTSTART:20261208T120000Z|"
	  "RECURRENCE-ID:20261209T100000Z|DTSTART:20261209T120000Z|"
	  "RECURRENCE-ID:20261210T100000Z|DTEND:20261210T123000Z" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1)
		 "DTSTART;TZID=Europe/Berlin:20261024T090000\r\n"
		 "DURATION:PT1H\r\nRRULE:FREQ=DAILY;COUNT=3\r\n" PEOPLE),
	  REQUEST("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:"
		  "20261024T090000\r\n" SEQ(1) STAMP(2)
		  "DTSTART:20261024T090000Z\r\nDURATION:PT1H\r\n" PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID;TZID=Europe/Berlin:20261024T090000|"
	  "DTSTART:20261024T090000Z|DTSTART:20261025T100000Z|"
	  "DTSTART:20261026T100000Z" },
	{ "boss@example.com", NULL,
	  CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE
			     "EXDATE:20261209T100000Z\r\n")
		   EVENT("RECURRENCE-ID:20261210T100000Z\r\n" SEQ(3) STAMP(3)
			 ON("20261210", "16") PEOPLE)),
	  REQUEST(ONWARDS("20261208") SEQ(1) STAMP(2) ON("20261208", "12")
		  PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "DTSTART:20261208T120000Z|!20261209T12|DTSTART:20261210T160000Z|"
	  "!20261210T12" },
	/* a series without end: the last one stands for the rest */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) "RRULE:FREQ=DAILY\r\n" PEOPLE),
	  REQUEST(ONWARDS("20261208") SEQ(1) STAMP(2) ON("20261208", "12")
		  PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID;RANGE=THISANDFUTURE:20270625T100000Z|"
	  "DTSTART:20270625T120000Z|RECURRENCE-ID:20270624T100000Z|"
	  "!20270626T" },
	/* there is no such occurrence, and no series */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE),
	  REQUEST(ONWARDS("20270108") SEQ(1) STAMP(2) ON("20270108", "12")
		  PEOPLE),
	  PIM_SCHEDULING_CHANGED, "DTSTART:20270108T120000Z" },
	{ "boss@example.com", NULL, NULL,
	  REQUEST(ONWARDS("20261208") SEQ(1) STAMP(2) ON("20261208", "12")
		  PEOPLE),
	  PIM_SCHEDULING_CHANGED, "DTSTART:20261208T120000Z" },

	/* cancelled from one on: the series ends before */
	{ "boss@example.com", NULL,
	  CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE
			     "RDATE:20261202T150000Z,20270101T100000Z\r\n")
		   EVENT("RECURRENCE-ID:20261209T100000Z\r\n" SEQ(0) STAMP(1)
			 ON("20261209", "16") PEOPLE)),
	  CANCEL(ONWARDS("20261208") SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_CHANGED,
	  "RRULE:FREQ=DAILY;UNTIL=20261207T100000Z|RDATE:20261202T150000Z|"
	  "!20270101|!RECURRENCE-ID|SEQUENCE:1|"
	  "X-ROOST-GONE:20261208T100000Z 1 20261102T080000Z FUTURE" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261024T013000\r\n"
		 "DURATION:PT1H\r\nRRULE:FREQ=DAILY\r\n" PEOPLE),
	  CANCEL("RECURRENCE-ID;RANGE=THISANDFUTURE;TZID=Europe/Berlin:"
		 "20261026T013000\r\n" SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_CHANGED, "UNTIL=20261024T233000Z" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) "DTSTART;VALUE=DATE:20261201\r\n" DAILY PEOPLE),
	  CANCEL("RECURRENCE-ID;RANGE=THISANDFUTURE;VALUE=DATE:20261203\r\n"
		 SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_CHANGED, "UNTIL=20261202" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) "RRULE:FREQ=HOURLY;UNTIL=20261203T000000Z"
		 "\r\n" PEOPLE),
	  CANCEL("RECURRENCE-ID;RANGE=THISANDFUTURE:20261202T100000Z\r\n"
		 SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_CHANGED, "UNTIL=20261202T095959Z" },
	/* all of it; an older message */
	{ "boss@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE),
	  CANCEL(ONWARDS("20261201") SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_REMOVED, "" },
	{ "boss@example.com", NULL,
	  STORED(SEQ(2) STAMP(1) AT(10) DAILY PEOPLE),
	  CANCEL(ONWARDS("20261208") SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_NOTHING, "older" },
	{ "eve@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE),
	  CANCEL(ONWARDS("20261208") SEQ(1) STAMP(2) PEOPLE),
	  PIM_SCHEDULING_REFUSED, "organizer" },
	/* what was cancelled so does not come back by an older one */
	{ "boss@example.com", NULL,
	  STORED(SEQ(1) STAMP(3) AT(10)
		 "RRULE:FREQ=DAILY;UNTIL=20261207T100000Z\r\n" PEOPLE
		 "X-ROOST-GONE:20261208T100000Z 1 20261103T080000Z FUTURE\r\n"),
	  REQUEST("RECURRENCE-ID:20261209T100000Z\r\n" SEQ(1) STAMP(2)
		  ON("20261209", "12") PEOPLE),
	  PIM_SCHEDULING_NOTHING, "older" },

	/* an answer to some of them, to all, to another time of one */
	{ "anne@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY OWN),
	  REPLY(ONWARDS("20261209") SEQ(0) STAMP(2)
		"ATTENDEE;PARTSTAT=DECLINED:mailto:anne@example.com\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "RECURRENCE-ID:20261209T100000Z|RECURRENCE-ID:20261210T100000Z|"
	  "!RECURRENCE-ID:20261208|PARTSTAT=DECLINED;X-ROOST-STAMP|"
	  "PARTSTAT=NEEDS-ACTION:mailto:anne@" },
	{ "anne@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY OWN),
	  REPLY(ONWARDS("20261201") SEQ(0) STAMP(2)
		"ATTENDEE;PARTSTAT=DECLINED:mailto:anne@example.com\r\n"),
	  PIM_SCHEDULING_CHANGED,
	  "!RECURRENCE-ID|PARTSTAT=DECLINED;X-ROOST-STAMP" },
	{ "eve@example.com", NULL,
	  STORED(SEQ(0) STAMP(1) AT(10) DAILY OWN),
	  REPLY(ONWARDS("20261209") SEQ(0) STAMP(2)
		"ATTENDEE;PARTSTAT=DECLINED:mailto:eve@example.com\r\n"),
	  PIM_SCHEDULING_REFUSED, "not known" },
};

static void test_apply(void)
{
	struct pim_scheduling_mail mail;
	enum pim_scheduling_result result;
	const char *reason, *words;
	string_t *text;

	test_begin("scheduling: apply messages");
	for (unsigned int i = 0; i < N_ELEMENTS(apply_tests); i++) T_BEGIN {
		i_zero(&mail);
		mail.data = apply_tests[i].message;
		mail.size = strlen(apply_tests[i].message);
		mail.from = apply_tests[i].from;
		mail.sender = apply_tests[i].sender;
		text = t_str_new(512);
		result = pim_scheduling_apply(&test_user, &mail,
			apply_tests[i].stored, apply_tests[i].stored == NULL ?
			0 : strlen(apply_tests[i].stored), text, &reason);
		test_assert_idx(result == apply_tests[i].result, i);
		words = apply_tests[i].words;
		if (result == PIM_SCHEDULING_CHANGED)
			test_assert_idx(test_has(test_unfold(text), words), i);
		else if (result == PIM_SCHEDULING_NOTHING ||
			 result == PIM_SCHEDULING_REFUSED)
			test_assert_idx(test_has(reason, words), i);
		/* a message that comes twice changes nothing the second time */
		if (result == PIM_SCHEDULING_CHANGED) {
			string_t *again = t_str_new(512);

			test_assert_idx(pim_scheduling_apply(&test_user, &mail,
				str_data(text), str_len(text), again,
				&reason) != PIM_SCHEDULING_CHANGED, i);
		}
	} T_END;
	test_end();
}

#define DECLINED "X-ROOST-GONE:20261203T100000Z 0 20261101T080000Z DECLINED\r\n"
#define CANCELLED "X-ROOST-GONE:20261203T100000Z 0 20261101T080000Z\r\n"
#define WITHOUT "EXDATE:20261203T100000Z\r\n"
#define THIRD "RECURRENCE-ID:20261203T100000Z\r\n"

/* What the user declined comes back if he wants that, not what is cancelled. */
static void test_apply_asked(void)
{
	static const struct {
		const char *gone;
		bool asked, changed;
	} tests[] = {
		{ DECLINED, TRUE, TRUE }, { DECLINED, FALSE, FALSE },
		{ CANCELLED, TRUE, FALSE }, { CANCELLED, FALSE, FALSE },
	};
	static const char *const message =
		REQUEST(THIRD SEQ(0) STAMP(1) AT(12) PEOPLE);
	struct pim_scheduling_mail mail = {
		.data = message, .size = strlen(message),
		.from = "boss@example.com",
	};
	const char *stored, *reason;
	string_t *text = t_str_new(512);

	test_begin("scheduling: apply what the user asks for");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		mail.asked = tests[i].asked;
		stored = t_strconcat("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n"
				     "UID:u1\r\n" SEQ(0) STAMP(1) AT(10) DAILY
				     PEOPLE WITHOUT, tests[i].gone,
				     "END:VEVENT\r\nEND:VCALENDAR\r\n", NULL);
		str_truncate(text, 0);
		test_assert_idx((pim_scheduling_apply(&test_user, &mail, stored,
			strlen(stored), text, &reason) ==
			PIM_SCHEDULING_CHANGED) == tests[i].changed, i);
		test_assert_idx(!tests[i].changed || test_has(test_unfold(text),
			"RECURRENCE-ID:20261203T100000Z|!EXDATE"), i);
	}
	test_end();
}

/* The answer to an invitation to some of a series. */
static void test_answer_future(void)
{
	static const char *const stored = CALENDAR("",
		EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE)
		EVENT("RECURRENCE-ID:20261209T100000Z\r\n" SEQ(1) STAMP(2)
		      ON("20261209", "12") PEOPLE)
		EVENT("RECURRENCE-ID:20261210T100000Z\r\n" SEQ(1) STAMP(2)
		      ON("20261210", "12") PEOPLE));
	const struct pim_scheduling_instance instance = {
		.start = test_time("20261209T100000Z"), .future = TRUE,
	};
	struct pim_scheduling_answer answer = {
		.partstat = PIM_PARTSTAT_ACCEPTED, .now = 1796292000,
		.instances = &instance, .instances_count = 1,
	};
	string_t *text = t_str_new(512), *message = t_str_new(512);
	const char *organizer;

	test_begin("scheduling: answer this and future");
	test_assert(pim_scheduling_answer(&test_user, stored, strlen(stored),
		&answer, text, message, &organizer) == PIM_ANSWER_CHANGED);
	test_assert(test_has(test_unfold(message),
		"RECURRENCE-ID;RANGE=THISANDFUTURE:20261209T100000Z|"
		"PARTSTAT=ACCEPTED:mailto:Me@|!20261210"));
	test_assert(test_has(test_unfold(text),
		"PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Me@|"
		"PARTSTAT=ACCEPTED:mailto:Me@|!RANGE|"
		"RECURRENCE-ID:20261209|RECURRENCE-ID:20261210"));
	test_assert(strstr(strstr(str_c(text), "PARTSTAT=ACCEPTED:mailto:Me@") +
			   1, "PARTSTAT=ACCEPTED:mailto:Me@") != NULL);
	str_truncate(text, 0);
	str_truncate(message, 0);
	answer.partstat = PIM_PARTSTAT_DECLINED;
	test_assert(pim_scheduling_answer(&test_user, stored, strlen(stored),
		&answer, text, message, &organizer) == PIM_ANSWER_CHANGED);
	test_assert(test_has(test_unfold(text),
		"!RECURRENCE-ID|EXDATE:20261209T100000Z|"
		"EXDATE:20261210T100000Z|20261210T100000Z 1 20261102T080000Z "
		"DECLINED|RRULE"));
	test_end();
}

/* What one message makes of a series is bounded. */
static void test_apply_future_bounds(void)
{
	static const char *const stored =
		STORED(SEQ(0) STAMP(1) AT(10) "RRULE:FREQ=DAILY\r\n" PEOPLE);
	string_t *message = t_str_new(1024), *text = t_str_new(1024);
	struct pim_scheduling_mail mail = { .from = "boss@example.com" };
	const char *reason;

	test_begin("scheduling: many messages about all that follow");
	str_append(message, "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n");
	for (unsigned int i = 0; i < 1000; i++) {
		str_printfa(message, "BEGIN:VEVENT\r\nUID:u1\r\n"
			    "RECURRENCE-ID;RANGE=THISANDFUTURE:202%u%02u%02uT"
			    "100000Z\r\n" SEQ(1) STAMP(2) AT(12) PEOPLE
			    "DESCRIPTION:", 7 + i / 336, i / 28 % 12 + 1,
			    i % 28 + 1);
		for (unsigned int j = 0; j < 300; j++)
			str_append(message, "text ");
		str_append(message, "\r\nEND:VEVENT\r\n");
	}
	str_append(message, "END:VCALENDAR\r\n");
	mail.data = str_data(message);
	mail.size = str_len(message);
	test_assert(pim_scheduling_apply(&test_user, &mail, stored,
		strlen(stored), text, &reason) == PIM_SCHEDULING_CHANGED);
	/* those beyond it are there, in the standard's words */
	test_assert(str_len(text) < 2 * str_len(message) + 1024 * 1024);
	test_assert(strstr(str_c(text), "RANGE=THISANDFUTURE:20291016T") !=
		    NULL);
	test_end();
}

/* An invitation to a list without a DTSTAMP. */
static void test_apply_without_stamp(void)
{
	static const char *const message = REQUEST(AT(10)
		"ORGANIZER:mailto:boss@example.com\r\n");
	struct pim_scheduling_mail mail = {
		.data = message, .size = strlen(message),
		.from = "boss@example.com",
	};
	string_t *text = t_str_new(512);
	const char *reason;

	test_begin("scheduling: asked without DTSTAMP");
	test_assert(pim_scheduling_apply(&test_user, &mail, NULL, 0, text,
					 &reason) == PIM_SCHEDULING_CHANGED);
	test_assert(test_has(test_unfold(text),
			     "X-ROOST-STAMP:19700101T000000Z"));
	test_end();
}

#define ANSWERED(partstat, more) \
	"ORGANIZER:mailto:boss@example.com\r\n" \
	"ATTENDEE" more ";PARTSTAT=" partstat ":mailto:me@example.org\r\n"
#define REPLIED(n) "X-MICROSOFT-CDO-REPLYTIME:2026110" #n "T090000Z\r\n"
#define FIRST(n) "X-ROOST-FIRST:2026110" #n "T080000Z\r\n"

static void test_message_type(void)
{
	static const struct {
		const char *stored, *message;
		enum pim_message_type type;
	} tests[] = {
		{ NULL, REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE), 1 },
		{ NULL, REQUEST(SEQ(2) STAMP(1) AT(10) PEOPLE), 2 },
		{ NULL, REQUEST(SEQ(0) STAMP(1) AT(10) ANSWERED("ACCEPTED", "")),
		  3 },
		{ NULL, REQUEST(SEQ(0) STAMP(1) AT(10) OWN), 0 },
		{ NULL, CANCEL(SEQ(0) STAMP(1) AT(10) PEOPLE), 0 },
		{ NULL, REPLY(SEQ(0) STAMP(1) AT(10) PEOPLE), 0 },
		{ NULL, "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n", 0 },
		/* it is in the calendar, or will be */
		{ STORED(SEQ(0) STAMP(1) FIRST(1) AT(10) PEOPLE),
		  REQUEST(SEQ(0) STAMP(1) AT(10) PEOPLE), 1 },
		{ STORED(SEQ(0) STAMP(2) FIRST(1) AT(10) PEOPLE),
		  REQUEST(SEQ(0) STAMP(2) AT(10) PEOPLE), 2 },
		{ STORED(SEQ(0) STAMP(1) FIRST(1) AT(10) PEOPLE),
		  REQUEST(SEQ(1) STAMP(2) AT(11) PEOPLE), 2 },
		/* answered before, and after */
		{ STORED(SEQ(1) STAMP(3) AT(10) ANSWERED("ACCEPTED", "")
			 REPLIED(2)),
		  REQUEST(SEQ(1) STAMP(3) AT(10) PEOPLE), 3 },
		{ STORED(SEQ(1) STAMP(3) AT(10) ANSWERED("TENTATIVE", "")
			 REPLIED(4)),
		  REQUEST(SEQ(1) STAMP(3) AT(10) PEOPLE), 2 },
		{ STORED(SEQ(0) STAMP(1) AT(10) ANSWERED("ACCEPTED", "")
			 REPLIED(2)),
		  REQUEST(SEQ(1) STAMP(3) AT(11) PEOPLE), 2 },
		{ STORED(SEQ(1) STAMP(3) AT(11) ANSWERED("NEEDS-ACTION", "")
			 REPLIED(2)),
		  REQUEST(SEQ(1) STAMP(3) AT(11) PEOPLE), 2 },
		/* something newer came */
		{ STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
		  REQUEST(SEQ(0) STAMP(3) AT(10) PEOPLE), 4 },
		{ STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
		  REQUEST(SEQ(1) STAMP(1) AT(10) PEOPLE), 4 },
		{ STORED(SEQ(1) STAMP(2) AT(10) PEOPLE),
		  REQUEST(SEQ(1) AT(10) PEOPLE), 2 },
		{ STORED(SEQ(0) STAMP(2) AT(10) DAILY PEOPLE),
		  REQUEST(THIRD SEQ(0) STAMP(1) AT(12) PEOPLE), 1 },
		{ STORED(SEQ(1) STAMP(2) AT(10) DAILY PEOPLE),
		  REQUEST(THIRD SEQ(0) STAMP(1) AT(12) PEOPLE), 4 },
		{ STORED(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE CANCELLED),
		  REQUEST(THIRD SEQ(0) STAMP(1) AT(12) PEOPLE), 4 },
		{ CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE)
			   EVENT(THIRD SEQ(1) STAMP(3) AT(13) PEOPLE)),
		  REQUEST(THIRD SEQ(1) STAMP(2) AT(12) PEOPLE), 4 },
		/* the user has set an alarm meanwhile */
		{ STORED(SEQ(1) STAMP(4) AT(10) PEOPLE
			 "X-ROOST-STAMP:20261102T080000Z\r\n"),
		  REQUEST(SEQ(1) STAMP(2) AT(10) PEOPLE), 2 },
		/* somebody else goes */
		{ STORED(SEQ(0) STAMP(1) AT(10) ANSWERED("DELEGATED", "")),
		  REQUEST(SEQ(0) STAMP(2) AT(10) PEOPLE), 6 },
		{ NULL, REQUEST(SEQ(0) STAMP(2) AT(10) ANSWERED("NEEDS-ACTION",
			";DELEGATED-TO=\"mailto:eve@example.com\"")), 5 },
		{ NULL, REQUEST(SEQ(0) STAMP(2) AT(10) ANSWERED("NEEDS-ACTION",
			";DELEGATED-FROM=\"mailto:eve@example.com\"")), 1 },
	};

	test_begin("scheduling: message type");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_scheduling_mail mail = {
			.data = tests[i].message,
			.size = strlen(tests[i].message),
		};

		test_assert_idx(pim_scheduling_message_type(&test_user,
			&mail, tests[i].stored, tests[i].stored == NULL ? 0 :
			strlen(tests[i].stored)) == tests[i].type, i);
	}
	test_end();
}

static void test_peek(void)
{
	static const struct {
		const char *message, *from;
		int ret;
		bool instance, cancels;
	} tests[] = {
		{ REQUEST(SEQ(2) STAMP(1) AT(10) PEOPLE), "boss@example.com",
		  1, FALSE, FALSE },
		{ REQUEST(THIRD SEQ(2) STAMP(1) AT(10) PEOPLE),
		  "boss@example.com", 1, TRUE, FALSE },
		{ CANCEL(SEQ(2) STAMP(1) AT(10) PEOPLE), "BOSS@example.com",
		  1, FALSE, TRUE },
		{ CANCEL(SEQ(2) STAMP(1) AT(10) PEOPLE), "eve@example.com",
		  1, FALSE, FALSE },
		{ CANCEL(THIRD SEQ(2) STAMP(1) AT(10) PEOPLE),
		  "boss@example.com", 1, TRUE, FALSE },
		/* somebody else was removed */
		{ CANCEL(SEQ(2) STAMP(1) "ORGANIZER:mailto:boss@example.com\r\n"
			 "ATTENDEE:mailto:eve@example.com\r\n"),
		  "boss@example.com", 1, FALSE, FALSE },
		{ CANCEL(SEQ(2) STAMP(1) OWN), "me@example.org", 1, FALSE,
		  FALSE },
		{ CALENDAR("METHOD:PUBLISH\r\n", EVENT(SEQ(2) STAMP(1) AT(10)
							PEOPLE)),
		  "boss@example.com", 0, FALSE, FALSE },
	};
	pool_t pool = pool_alloconly_create("test peek", 1024);
	struct pim_scheduling_peek peek;
	const char *error;

	test_begin("scheduling: peek");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_scheduling_mail mail = {
			.data = tests[i].message,
			.size = strlen(tests[i].message),
			.from = tests[i].from,
		};

		test_assert_idx(pim_scheduling_peek(pool, NULL, &mail, &peek,
						    &error) == tests[i].ret, i);
		test_assert_strcmp_idx(peek.uid, "u1", i);
		test_assert_idx(peek.sequence == 2, i);
		test_assert_idx(peek.instances_count ==
				(tests[i].instance ? 1 : 0) &&
				(!tests[i].instance ||
				 peek.instances[0].start == 1796292000), i);
		test_assert_idx(pim_scheduling_is_cancellation(&test_user,
			&mail) == tests[i].cancels, i);
		test_assert_strcmp_idx(peek.organizer,
			pim_scheduling_organizer(mail.data, mail.size), i);
	}
	test_assert_strcmp(peek.organizer, "boss@example.com");
	test_assert_strcmp(pim_scheduling_organizer("x", 1), "");
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_apply,
		test_apply_asked,
		test_apply_without_stamp,
		test_answer_future,
		test_apply_future_bounds,
		test_peek,
		test_message_type,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
