/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-timezone.h"
#include "pim-scheduling.h"
#include "pim-scheduling-mail.h"

#include <stdio.h>
#include <time.h>

#define CALENDAR(method, events) \
	"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Test//EN\r\n" method \
	events "END:VCALENDAR\r\n"
#define EVENT(lines) "BEGIN:VEVENT\r\nUID:u1\r\n" lines "END:VEVENT\r\n"
#define PEOPLE "ORGANIZER;CN=Boss:mailto:boss@example.com\r\n" \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Me@example.org\r\n" \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:eve@example.com\r\n"
#define OWN "ORGANIZER;CN=Me:mailto:me@example.org\r\n" \
	"ATTENDEE;PARTSTAT=NEEDS-ACTION:mailto:anne@example.com\r\n" \
	"ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@example.com\r\n"
#define STAMP(n) "DTSTAMP:2026110" #n "T080000Z\r\n"
#define SEQ(n) "SEQUENCE:" #n "\r\n"
#define AT(hour) "DTSTART:20261201T" #hour "0000Z\r\n" \
	"DTEND:20261201T" #hour "3000Z\r\n"
#define ON(day, hour) "DTSTART:" day "T" hour "0000Z\r\n" \
	"DTEND:" day "T" hour "3000Z\r\n"
#define ONWARDS(day) "RECURRENCE-ID;RANGE=THISANDFUTURE:" day "T100000Z\r\n"
#define DAILY "RRULE:FREQ=DAILY;COUNT=10\r\n"
#define ALARM "BEGIN:VALARM\r\nACTION:DISPLAY\r\nTRIGGER:-PT5M\r\n" \
	"END:VALARM\r\n"
#define REQUEST(lines) CALENDAR("METHOD:REQUEST\r\n", EVENT(lines))
#define CANCEL(lines) CALENDAR("METHOD:CANCEL\r\n", EVENT(lines))
#define REPLY(lines) CALENDAR("METHOD:REPLY\r\n", EVENT(lines))
#define STORED(lines) CALENDAR("", EVENT(lines))

static bool test_is_own(const char *address, void *context ATTR_UNUSED)
{
	return strcasecmp(address, "me@example.org") == 0 ||
		strcasecmp(address, "me@alias.example.org") == 0;
}

static const struct pim_scheduling_user test_user = {
	.is_own = test_is_own, .address = "me@example.org", .name = "Me",
};

static const char *test_unfold(const string_t *text)
{
	string_t *str = t_str_new(str_len(text));
	const char *p = t_strndup(str_data(text), str_len(text));

	for (; *p != '\0'; p++) {
		if (strncmp(p, "\r\n ", 3) == 0)
			p += 2;
		else if (*p != '\r')
			str_append_c(str, *p);
	}
	return str_c(str);
}

/* words that the text must have, and after '!' those it must not */
static bool test_has(const char *text, const char *words)
{
	const char *const *word;
	bool ok = TRUE;

	for (word = t_strsplit(words, "|"); *word != NULL; word++) {
		if (**word == '\0')
			continue;
		if (**word == '!' ? strstr(text, *word + 1) != NULL :
		    strstr(text, *word) == NULL) {
			i_info("%s: %s", *word, text);
			ok = FALSE;
		}
	}
	return ok;
}

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
	struct pim_scheduling_answer answer = {
		.partstat = PIM_PARTSTAT_ACCEPTED, .now = 1796292000,
		.has_instance = TRUE, .future = TRUE,
		/* 9 December, 10:00 */
		.instance = 1796810400,
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
	test_assert(pim_scheduling_is_asked(&test_user, str_data(text),
					    str_len(text)));
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

		test_assert_idx(pim_scheduling_peek(pool, &mail, &peek,
						    &error) == tests[i].ret, i);
		test_assert_strcmp_idx(peek.uid, "u1", i);
		test_assert_idx(peek.sequence == 2, i);
		test_assert_idx(peek.has_instance == tests[i].instance &&
				(!peek.has_instance ||
				 peek.instance == 1796292000), i);
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

static const struct {
	const char *stored;
	enum pim_partstat partstat;
	const char *instance, *proposed, *comment;
	enum pim_scheduling_answer_result result;
	const char *text, *message;
} answer_tests[] = {
	{ STORED(SEQ(3) STAMP(1) AT(10) PEOPLE ALARM "SUMMARY:Talk\r\n"
		 "DESCRIPTION:Secret\r\nX-MICROSOFT-CDO-BUSYSTATUS:TENTATIVE\r\n"
		 "X-MICROSOFT-CDO-INTENDEDSTATUS:OOF\r\n"),
	  PIM_PARTSTAT_ACCEPTED, NULL, NULL, "Fine, thanks",
	  PIM_ANSWER_CHANGED,
	  "PARTSTAT=ACCEPTED:mailto:Me@|!METHOD|CDO-BUSYSTATUS:OOF|VALARM|"
	  "REPLYTIME:20261128T100000Z|Secret",
	  "METHOD:REPLY|SEQUENCE:3|PARTSTAT=ACCEPTED|mailto:Me@example.org|"
	  "!eve@|!VALARM|!Secret|SUMMARY:Talk|COMMENT:Fine\\, thanks|"
	  "DTSTAMP:20261128T100000Z|ORGANIZER;CN=Boss" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_PARTSTAT_TENTATIVE, NULL,
	  NULL, NULL, PIM_ANSWER_CHANGED,
	  "PARTSTAT=TENTATIVE|CDO-BUSYSTATUS:TENTATIVE",
	  "PARTSTAT=TENTATIVE|!COMMENT" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_PARTSTAT_DECLINED, NULL,
	  NULL, NULL, PIM_ANSWER_REMOVED, "", "METHOD:REPLY|PARTSTAT=DECLINED" },
	/* invited by a list */
	{ STORED(SEQ(0) STAMP(1) AT(10) "ORGANIZER:mailto:boss@example.com\r\n"
		 "ATTENDEE:mailto:list@example.org\r\n"),
	  PIM_PARTSTAT_ACCEPTED, NULL, NULL, NULL, PIM_ANSWER_CHANGED,
	  "ATTENDEE;CN=Me;PARTSTAT=ACCEPTED:mailto:me@example.org|list@",
	  "ATTENDEE;CN=Me;PARTSTAT=ACCEPTED:mailto:me@example.org|!list@" },
	{ STORED(SEQ(0) STAMP(1) AT(10) OWN), PIM_PARTSTAT_ACCEPTED, NULL, NULL,
	  NULL, PIM_ANSWER_ORGANIZER, "", "" },
	{ STORED(SEQ(0) STAMP(1) AT(10)), PIM_PARTSTAT_ACCEPTED, NULL, NULL,
	  NULL, PIM_ANSWER_NO_MEETING, "", "" },
	{ "BEGIN:VCARD\r\nEND:VCARD\r\n", PIM_PARTSTAT_ACCEPTED, NULL, NULL,
	  NULL, PIM_ANSWER_INVALID, "", "" },
	/* another time */
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_PARTSTAT_TENTATIVE, NULL,
	  "20261201T120000Z", NULL, PIM_ANSWER_CHANGED,
	  "DTSTART:20261201T100000Z|PARTSTAT=TENTATIVE",
	  "METHOD:COUNTER|DTSTART:20261201T120000Z|DTEND:20261201T130000Z|"
	  "X-MS-OLK-ORIGINALSTART:20261201T100000Z" },
	/* an occurrence */
	{ STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 "DURATION:PT30M\r\n" PEOPLE DAILY),
	  PIM_PARTSTAT_ACCEPTED, "20261203T100000Z", NULL, NULL,
	  PIM_ANSWER_CHANGED,
	  "RRULE|RECURRENCE-ID;TZID=Europe/Berlin:20261203T110000|"
	  "DTSTART;TZID=Europe/Berlin:20261203T110000",
	  "RECURRENCE-ID;TZID=Europe/Berlin:20261203T110000|!RRULE" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY), PIM_PARTSTAT_DECLINED,
	  "20261203T100000Z", NULL, NULL, PIM_ANSWER_CHANGED,
	  "EXDATE:20261203T100000Z|!RECURRENCE-ID|PARTSTAT=NEEDS-ACTION",
	  "RECURRENCE-ID:20261203T100000Z|PARTSTAT=DECLINED" },
	{ STORED(SEQ(0) STAMP(1) "DTSTART;VALUE=DATE:20261201\r\n" PEOPLE DAILY),
	  PIM_PARTSTAT_DECLINED, "20261202T230000Z", NULL, NULL,
	  PIM_ANSWER_CHANGED, "EXDATE;VALUE=DATE:20261203", "" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY), PIM_PARTSTAT_ACCEPTED,
	  "20261203T104500Z", NULL, NULL, PIM_ANSWER_NO_INSTANCE, "", "" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE DAILY
		 "EXDATE:20261203T100000Z\r\n"), PIM_PARTSTAT_ACCEPTED,
	  "20261203T100000Z", NULL, NULL, PIM_ANSWER_NO_INSTANCE, "", "" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE), PIM_PARTSTAT_ACCEPTED,
	  "20261201T100000Z", NULL, NULL, PIM_ANSWER_NOT_RECURRING, "", "" },
};

static int64_t test_time(const char *value)
{
	int year, month, day, hour, minute;
	struct tm tm;

	if (sscanf(value, "%4d%2d%2dT%2d%2d", &year, &month, &day, &hour,
		   &minute) != 5)
		return 0;
	i_zero(&tm);
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	return timegm(&tm);
}

static void test_answer(void)
{
	struct pim_scheduling_answer answer;
	enum pim_scheduling_answer_result result;
	string_t *text, *message;
	const char *organizer;

	test_begin("scheduling: answer");
	for (unsigned int i = 0; i < N_ELEMENTS(answer_tests); i++) T_BEGIN {
		i_zero(&answer);
		answer.partstat = answer_tests[i].partstat;
		answer.comment = answer_tests[i].comment;
		answer.now = test_time("20261128T100000Z");
		answer.has_instance = answer_tests[i].instance != NULL;
		if (answer.has_instance)
			answer.instance = test_time(answer_tests[i].instance);
		answer.has_proposed = answer_tests[i].proposed != NULL;
		if (answer.has_proposed) {
			answer.proposed_start =
				test_time(answer_tests[i].proposed);
			answer.proposed_end = answer.proposed_start + 3600;
		}
		text = t_str_new(512);
		message = t_str_new(512);
		result = pim_scheduling_answer(&test_user,
			answer_tests[i].stored, strlen(answer_tests[i].stored),
			&answer, text, message, &organizer);
		test_assert_idx(result == answer_tests[i].result, i);
		test_assert_idx(test_has(test_unfold(text),
					 answer_tests[i].text), i);
		test_assert_idx(test_has(test_unfold(message),
					 answer_tests[i].message), i);
		if (result <= PIM_ANSWER_REMOVED) {
			test_assert_strcmp_idx(organizer, "boss@example.com",
					       i);
		}
	} T_END;
	test_end();
}

static void test_is_asked(void)
{
	static const struct {
		const char *stored;
		bool asked;
	} tests[] = {
		{ STORED(AT(10) PEOPLE), TRUE },
		{ STORED(AT(10) "ORGANIZER:mailto:boss@example.com\r\n"
			 "ATTENDEE;PARTSTAT=DECLINED:mailto:me@example.org\r\n"),
		  FALSE },
		/* an import, and what came by mail */
		{ STORED(AT(10) "ORGANIZER:mailto:boss@example.com\r\n"), FALSE },
		{ STORED(AT(10) "ORGANIZER:mailto:boss@example.com\r\n"
			 "X-ROOST-STAMP:20261101T080000Z\r\n"), TRUE },
		{ "", FALSE },
	};

	test_begin("scheduling: is asked");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(pim_scheduling_is_asked(&test_user,
			tests[i].stored, strlen(tests[i].stored)) ==
			tests[i].asked, i);
	}
	test_end();
}

#define THREE "ORGANIZER;CN=Me:mailto:me@example.org\r\n" \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:anne@example.com\r\n" \
	"ATTENDEE;CN=Bob;PARTSTAT=NEEDS-ACTION:mailto:bob@example.com\r\n" \
	"ATTENDEE:mailto:carl@example.com\r\n"
#define ONE "ORGANIZER;CN=Me:mailto:me@example.org\r\n" \
	"ATTENDEE;PARTSTAT=ACCEPTED:mailto:anne@example.com\r\n"
#define TALK "SUMMARY:Talk\r\n"
#define OCCURRENCE(id, lines) EVENT("RECURRENCE-ID:" id "\r\n" lines)

static const struct {
	const char *old, *new;
	/* "REQUEST anne,bob; CANCEL carl" */
	const char *told;
	/* of the first message, of the new text */
	const char *message, *text;
} organize_tests[] = {
	/* nobody is concerned */
	{ NULL, STORED(AT(10) TALK), "", "", "" },
	{ NULL, STORED(AT(10) TALK PEOPLE), "", "", "" },
	{ STORED(AT(10) PEOPLE), STORED(AT(11) PEOPLE), "", "", "" },
	{ STORED(AT(10) PEOPLE), NULL, "", "", "" },
	{ STORED(AT(10) PEOPLE), STORED(AT(10) OWN), "", "", "" },
	{ NULL, STORED(AT(10) "ORGANIZER:mailto:me@example.org\r\n"
		       "ATTENDEE:mailto:me@alias.example.org\r\n"), "", "", "" },
	/* an invitation; what is private stays here */
	{ NULL, STORED(STAMP(1) AT(10) TALK OWN ALARM "CATEGORIES:Mine\r\n"
		       "X-MINE:1\r\nX-MICROSOFT-CDO-BUSYSTATUS:OOF\r\n"
		       "ATTACH:roost-blob:17\r\n"
		       "ATTENDEE:mailto:bad address@x\r\n"),
	  "REQUEST anne,bob",
	  "METHOD:REQUEST|SUMMARY:Talk|!VALARM|!Mine|!X-MINE|!blob|"
	  "SEQUENCE:0|CDO-INTENDEDSTATUS:OOF|!CDO-BUSYSTATUS|"
	  "DTSTAMP:20261128T100000Z|RSVP=TRUE:mailto:anne@",
	  "VALARM|CATEGORIES:Mine|X-MINE|SEQUENCE:0" },
	{ NULL, STORED(AT(10) TALK "ATTENDEE:mailto:anne@example.com\r\n"),
	  "REQUEST anne", "ORGANIZER;CN=Me:mailto:me@example.org",
	  "ORGANIZER;CN=Me:mailto:me@example.org" },
	/* the organiser's own: nobody is told */
	{ STORED(SEQ(0) AT(10) TALK THREE),
	  STORED(SEQ(0) AT(10) TALK THREE ALARM "CATEGORIES:Mine\r\n"
		 "X-MICROSOFT-CDO-BUSYSTATUS:OOF\r\nTRANSP:OPAQUE\r\n"
		 "LAST-MODIFIED:20261128T000000Z\r\nDTSTAMP:20261128T000000Z\r\n"),
	  "", "", "" },
	/* and somebody's answer */
	{ STORED(SEQ(0) AT(10) TALK OWN),
	  STORED(SEQ(0) AT(10) TALK
		 "ORGANIZER;CN=Me:mailto:me@example.org\r\n"
		 "ATTENDEE;PARTSTAT=DECLINED:mailto:anne@example.com\r\n"
		 "ATTENDEE;CN=Bob;PARTSTAT=ACCEPTED:mailto:bob@example.com\r\n"),
	  "", "", "" },
	/* another place: the same answers; another time: new ones */
	{ STORED(SEQ(4) AT(10) TALK THREE),
	  STORED(SEQ(4) AT(10) TALK THREE "LOCATION:There\r\n"),
	  "REQUEST anne,bob,carl", "LOCATION:There|SEQUENCE:4",
	  "PARTSTAT=ACCEPTED:mailto:anne@|SEQUENCE:4" },
	{ STORED(SEQ(4) AT(10) TALK THREE), STORED(SEQ(4) AT(11) TALK THREE),
	  "REQUEST anne,bob,carl", "SEQUENCE:5|PARTSTAT=NEEDS-ACTION",
	  "PARTSTAT=NEEDS-ACTION:mailto:anne@|SEQUENCE:5" },
	/* the same time by another clock */
	{ STORED(SEQ(4) AT(10) TALK THREE),
	  STORED(SEQ(4) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 "DURATION:PT30M\r\n" TALK THREE), "", "", "" },
	/* people come and go */
	{ STORED(SEQ(0) AT(10) TALK ONE), STORED(SEQ(0) AT(10) TALK THREE),
	  "REQUEST bob,carl", "mailto:anne@", "PARTSTAT=ACCEPTED:mailto:anne@" },
	{ STORED(SEQ(0) AT(10) TALK THREE), STORED(SEQ(0) AT(10) TALK ONE),
	  "CANCEL bob,carl", "METHOD:CANCEL|!STATUS|!anne@|mailto:bob@", "" },
	{ STORED(SEQ(0) AT(10) TALK THREE), STORED(SEQ(0) AT(11) TALK ONE),
	  "REQUEST anne; CANCEL bob,carl", "", "" },
	{ STORED(SEQ(0) AT(10) TALK THREE),
	  STORED(SEQ(0) AT(10) TALK), "CANCEL anne,bob,carl", "", "" },
	{ STORED(SEQ(0) AT(10) TALK), STORED(SEQ(0) AT(10) TALK THREE),
	  "REQUEST anne,bob,carl", "", "" },
	/* all of it */
	{ STORED(SEQ(2) AT(10) TALK THREE ALARM), NULL, "CANCEL anne,bob,carl",
	  "METHOD:CANCEL|STATUS:CANCELLED|SEQUENCE:3|!VALARM", "" },
	{ STORED(SEQ(2) "DTSTART:20261101T100000Z\r\n" TALK THREE), NULL, "",
	  "", "" },
	/* an occurrence: changed, taken out, for one more, for one less */
	{ STORED(SEQ(1) AT(10) TALK THREE DAILY),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK THREE DAILY)
		   OCCURRENCE("20261203T100000Z",
			      "DTSTART:20261203T120000Z\r\n"
			      "DTEND:20261203T123000Z\r\n" TALK THREE)),
	  "REQUEST anne,bob,carl",
	  "RECURRENCE-ID:20261203T100000Z|!RRULE|SEQUENCE:2|T120000Z",
	  "PARTSTAT=ACCEPTED:mailto:anne@|PARTSTAT=NEEDS-ACTION:mailto:anne@" },
	{ STORED(SEQ(1) AT(10) TALK THREE DAILY),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK THREE DAILY)
		   OCCURRENCE("20261203T100000Z",
			      "DTSTART:20261203T100000Z\r\n"
			      "DTEND:20261203T103000Z\r\n" TALK THREE ALARM)),
	  "", "", "" },
	{ STORED(SEQ(1) AT(10) TALK THREE DAILY),
	  STORED(SEQ(1) AT(10) TALK THREE DAILY "EXDATE:20261203T100000Z\r\n"),
	  "CANCEL anne,bob,carl",
	  "RECURRENCE-ID:20261203T100000Z|STATUS:CANCELLED|SEQUENCE:2|!RRULE",
	  "SEQUENCE:2|PARTSTAT=ACCEPTED" },
	{ STORED(SEQ(1) AT(10) TALK ONE DAILY),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK ONE DAILY)
		   OCCURRENCE("20261203T100000Z",
			      "DTSTART:20261203T100000Z\r\n"
			      "DTEND:20261203T103000Z\r\n" TALK THREE)),
	  "REQUEST bob,carl", "RECURRENCE-ID", "" },
	{ STORED(SEQ(1) AT(10) TALK THREE DAILY),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK THREE DAILY)
		   OCCURRENCE("20261203T100000Z",
			      "DTSTART:20261203T100000Z\r\n"
			      "DTEND:20261203T103000Z\r\n" TALK ONE)),
	  "CANCEL bob,carl", "RECURRENCE-ID|!STATUS|!anne@", "" },
	/* one that comes to the whole series is told once */
	{ CALENDAR("", EVENT(SEQ(1) AT(10) TALK ONE DAILY)
		   OCCURRENCE("20261203T100000Z", SEQ(2)
			      "DTSTART:20261203T120000Z\r\n" TALK ONE)),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK THREE DAILY)
		   OCCURRENCE("20261203T100000Z", SEQ(2)
			      "DTSTART:20261203T120000Z\r\n" TALK THREE)),
	  "REQUEST bob,carl", "RECURRENCE-ID|RRULE", "" },
	{ CALENDAR("", EVENT(SEQ(1) AT(10) TALK THREE DAILY)
		   OCCURRENCE("20261203T100000Z", SEQ(2)
			      "DTSTART:20261203T120000Z\r\n" TALK THREE)),
	  CALENDAR("", EVENT(SEQ(1) AT(10) TALK ONE DAILY)
		   OCCURRENCE("20261203T100000Z", SEQ(2)
			      "DTSTART:20261203T120000Z\r\n" TALK ONE)),
	  "CANCEL bob,carl", "!RECURRENCE-ID|RRULE", "" },
	/* like the series again: the whole of it */
	{ CALENDAR("", EVENT(SEQ(1) AT(10) TALK ONE DAILY)
		   OCCURRENCE("20261203T100000Z", SEQ(2)
			      "DTSTART:20261203T120000Z\r\n" TALK ONE)),
	  STORED(SEQ(1) AT(10) TALK ONE DAILY), "REQUEST anne",
	  "RRULE|!RECURRENCE-ID", "" },
};

static const char *
test_told(const ARRAY_TYPE(pim_scheduling_message) *messages)
{
	const struct pim_scheduling_message *message;
	const struct pim_scheduling_person *person;
	string_t *str = t_str_new(64);
	bool first;

	array_foreach(messages, message) {
		if (str_len(str) > 0)
			str_append(str, "; ");
		str_append(str, message->method == PIM_ITIP_CANCEL ?
			   "CANCEL" : "REQUEST");
		first = TRUE;
		array_foreach(&message->people, person) {
			str_append_c(str, first ? ' ' : ',');
			str_append(str, t_strcut(person->address, '@'));
			first = FALSE;
		}
	}
	return str_c(str);
}

static void test_organize(void)
{
	ARRAY_TYPE(pim_scheduling_message) messages;
	const struct pim_scheduling_message *message;
	const char *old, *new, *error;
	string_t *text, *again;
	pool_t pool;
	int ret;

	test_begin("scheduling: organize");
	for (unsigned int i = 0; i < N_ELEMENTS(organize_tests); i++) T_BEGIN {
		pool = pool_alloconly_create("test", 4096);
		p_array_init(&messages, pool, 4);
		old = organize_tests[i].old;
		new = organize_tests[i].new;
		text = t_str_new(512);
		ret = pim_scheduling_organize(pool, &test_user, old,
			old == NULL ? 0 : strlen(old), new,
			new == NULL ? 0 : strlen(new),
			test_time("20261128T100000Z"), text, &messages,
			&error);
		test_assert_idx(ret >= 0, i);
		test_assert_strcmp_idx(test_told(&messages),
				       organize_tests[i].told, i);
		if (array_count(&messages) > 0) {
			string_t *str = t_str_new(512);

			message = array_front(&messages);
			str_append(str, message->text);
			test_assert_idx(test_has(test_unfold(str),
				organize_tests[i].message), i);
		}
		if (ret > 0 && new != NULL) {
			test_assert_idx(test_has(test_unfold(text),
				organize_tests[i].text), i);
			/* what was told is not told again */
			array_clear(&messages);
			again = t_str_new(512);
			test_assert_idx(pim_scheduling_organize(pool,
				&test_user, str_data(text), str_len(text),
				str_data(text), str_len(text),
				test_time("20261128T100000Z"), again, &messages,
				&error) == 0, i);
			test_assert_idx(array_count(&messages) == 0, i);
		}
		pool_unref(&pool);
	} T_END;
	test_end();
}

static void test_letter(void)
{
	static const struct pim_scheduling_person to[] = {
		{ "boss@example.com", "The \"Boss\"" },
		{ "eve@example.com", NULL },
	};
	struct pim_scheduling_letter letter = {
		.method = PIM_ITIP_REPLY, .partstat = PIM_PARTSTAT_ACCEPTED,
		.from = { "me@example.org", "M\xc3\xa9" },
		.to = to, .to_count = 2,
		.message_id = "<1@example.org>",
		.date = "Sat, 28 Nov 2026 10:00:00 +0000",
		.text = REPLY(AT(10) TALK ONE),
		.comment = "Yes",
	};
	string_t *mail = t_str_new(1024), *mail2 = t_str_new(1024);

	test_begin("scheduling: mail");
	pim_scheduling_letter_write(&letter, mail);
	test_assert(test_has(str_c(mail),
		"Subject: Accepted: Talk\r\n|Message-ID: <1@example.org>\r\n|"
		"From: =?|<me@example.org>\r\n|"
		"To: \"The \\\"Boss\\\"\" <boss@example.com>, eve@example.com|"
		"text/calendar; charset=utf-8; method=REPLY\r\n|"
		"text/plain; charset=utf-8\r\n|!text/html"));
	pim_scheduling_letter_write(&letter, mail2);
	test_assert(str_equals(mail, mail2));
	letter.method = PIM_ITIP_CANCEL;
	letter.html = "<p>No</p>";
	str_truncate(mail, 0);
	pim_scheduling_letter_write(&letter, mail);
	test_assert(test_has(str_c(mail), "Subject: Canceled: Talk\r\n|"
			     "method=CANCEL|text/html"));
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
		test_answer,
		test_is_asked,
		test_organize,
		test_letter,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
