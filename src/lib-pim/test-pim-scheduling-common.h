#ifndef TEST_PIM_SCHEDULING_COMMON_H
#define TEST_PIM_SCHEDULING_COMMON_H

/* What the tests of the iTIP engine share: texts of meetings, and the user
   me@example.org. */

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

extern const struct pim_scheduling_user test_user;

/* The text without its folds, with LFs; in the data stack. */
const char *test_unfold(const string_t *text);
/* words ("a|b|!c") that the text must have, and after '!' those it must not */
bool test_has(const char *text, const char *words);
/* of "20261128T100000Z" */
int64_t test_time(const char *value);

#endif
