/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-itip.h"
#include "pim-scheduling.h"
#include "pim-timezone.h"
#include "test-pim-scheduling-common.h"

/* One message about several occurrences of a series, without the series (RFC 5546
   3.2.2.1, 3.2.3). */

#define ON_DAY(n, lines) EVENT("RECURRENCE-ID:2026120" n "T100000Z\r\n" \
	STAMP(2) lines)
#define MOVED(n) ON_DAY(n, SEQ(1) ON("2026120" n, "12") PEOPLE)
#define SERIES EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE)

static unsigned int test_count(const char *text, const char *word)
{
	unsigned int count = 0;

	for (; (text = strstr(text, word)) != NULL; text += strlen(word))
		count++;
	return count;
}

static void
test_peek(pool_t pool, const char *data, struct pim_scheduling_peek *peek_r)
{
	struct pim_scheduling_mail mail = {
		.data = data, .size = strlen(data),
	};
	const char *error;

	test_assert(pim_scheduling_peek(pool, NULL, &mail, peek_r,
					&error) == 1);
}

static void test_several_peek(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct pim_scheduling_peek peek;

	test_begin("scheduling: several occurrences in a message");
	test_peek(pool, CALENDAR("METHOD:REQUEST\r\n", MOVED("3")
		EVENT("RECURRENCE-ID;RANGE=THISANDFUTURE:20261205T100000Z\r\n"
		      SEQ(2) STAMP(1) ON("20261205", "12") PEOPLE)
		/* said twice */
		MOVED("3")
		EVENT("RECURRENCE-ID;VALUE=DATE:20261207\r\n" SEQ(2) STAMP(3)
		      "DTSTART;VALUE=DATE:20261207\r\n" PEOPLE)), &peek);
	test_assert(peek.instances_count == 3);
	test_assert(peek.instances[0].start == test_time("20261203T100000Z") &&
		    !peek.instances[0].future && !peek.instances[0].is_date);
	test_assert(peek.instances[1].start == test_time("20261205T100000Z") &&
		    peek.instances[1].future);
	test_assert(peek.instances[2].start == test_time("20261207T000000Z") &&
		    peek.instances[2].is_date);
	/* what is newest of it counts */
	test_assert(peek.sequence == 2);
	test_assert(peek.stamp == test_time("20261103T080000Z"));

	/* with its series it is about the whole */
	test_peek(pool, CALENDAR("METHOD:REQUEST\r\n", MOVED("3") SERIES),
		  &peek);
	test_assert(peek.instances_count == 0 && peek.sequence == 0);
	pool_unref(&pool);
	test_end();
}

static void test_several_too_many(void)
{
	struct pim_scheduling_mail mail = { .from = "boss@example.com" };
	pool_t pool = pool_alloconly_create("test", 1024);
	struct pim_scheduling_peek peek;
	string_t *str = t_str_new(256 * 1024);
	const char *error;

	test_begin("scheduling: too many occurrences in a message");
	str_append(str, "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\n");
	for (unsigned int i = 0; i <= 1000; i++) {
		str_printfa(str, "BEGIN:VEVENT\r\nUID:u1\r\nRECURRENCE-ID:"
			    "20260101T%02u%02u00Z\r\nDTSTART:20260101T100000Z"
			    "\r\nEND:VEVENT\r\n", i / 60, i % 60);
	}
	str_append(str, "END:VCALENDAR\r\n");
	mail.data = str_data(str);
	mail.size = str_len(str);
	test_assert(pim_scheduling_peek(pool, NULL, &mail, &peek,
					&error) == -1);
	test_assert(strstr(error, "too many") != NULL);
	pool_unref(&pool);
	test_end();
}

/* The user answers what the message is about, after it was applied. */
static const struct {
	const char *stored, *message;
	enum pim_partstat partstat;
	bool proposal;
	enum pim_scheduling_answer_result result;
	/* in the stored text, and how often he has answered there */
	const char *text;
	unsigned int answers;
	/* in the answer, and of how many it is */
	const char *reply;
	unsigned int events;
} tests[] = {
	{ CALENDAR("", SERIES), CALENDAR("METHOD:REQUEST\r\n", MOVED("3")
					 MOVED("5")),
	  PIM_PARTSTAT_ACCEPTED, FALSE, PIM_ANSWER_CHANGED,
	  /* the series is not answered */
	  DAILY "|PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:Me@|"
	  "RECURRENCE-ID:20261203T100000Z|RECURRENCE-ID:20261205T100000Z", 2,
	  "METHOD:REPLY|RECURRENCE-ID:20261203T100000Z|"
	  "RECURRENCE-ID:20261205T100000Z|!RRULE|!eve@", 2 },
	/* no to each of them, and to no other one */
	{ CALENDAR("", SERIES), CALENDAR("METHOD:REQUEST\r\n", MOVED("3")
					 MOVED("5")),
	  PIM_PARTSTAT_DECLINED, FALSE, PIM_ANSWER_CHANGED,
	  "EXDATE:20261203T100000Z|EXDATE:20261205T100000Z|!RECURRENCE-ID|"
	  DAILY "|T100000Z 1 20261102T080000Z DECLINED|"
	  "X-ROOST-GONE:20261203T100000Z|X-ROOST-GONE:20261205T100000Z", 0,
	  "RECURRENCE-ID:20261203T100000Z|RECURRENCE-ID:20261205T100000Z|"
	  "PARTSTAT=DECLINED", 2 },
	/* an exception that the message doesn't name stays unanswered */
	{ CALENDAR("", SERIES MOVED("7")),
	  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_TENTATIVE, FALSE, PIM_ANSWER_CHANGED,
	  "RECURRENCE-ID:20261207T100000Z", 2, "!20261207", 2 },
	/* one that isn't there any more is left out */
	{ CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE
		"EXDATE:20261203T100000Z\r\n"
		"X-ROOST-GONE:20261203T100000Z 2 20261103T080000Z\r\n")),
	  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_ACCEPTED, FALSE, PIM_ANSWER_CHANGED,
	  "EXDATE:20261203T100000Z|!RECURRENCE-ID:20261203", 1,
	  "RECURRENCE-ID:20261205T100000Z|!20261203", 1 },
	{ CALENDAR("", EVENT(SEQ(0) STAMP(1) AT(10) DAILY PEOPLE
		"EXDATE:20261203T100000Z,20261205T100000Z\r\n"
		"X-ROOST-GONE:20261203T100000Z 2 20261103T080000Z\r\n"
		"X-ROOST-GONE:20261205T100000Z 2 20261103T080000Z\r\n")),
	  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_ACCEPTED, FALSE, PIM_ANSWER_NO_INSTANCE, "", 0, "", 0 },
	/* he has nothing else of the series */
	{ NULL, CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_ACCEPTED, FALSE, PIM_ANSWER_CHANGED,
	  "RECURRENCE-ID:20261203T100000Z|RECURRENCE-ID:20261205T100000Z", 2,
	  "RECURRENCE-ID:20261203T100000Z|RECURRENCE-ID:20261205T100000Z", 2 },
	{ NULL, CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_DECLINED, FALSE, PIM_ANSWER_REMOVED, "", 0,
	  "RECURRENCE-ID:20261203T100000Z|RECURRENCE-ID:20261205T100000Z", 2 },
	{ CALENDAR("", MOVED("7")),
	  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
	  PIM_PARTSTAT_DECLINED, FALSE, PIM_ANSWER_CHANGED,
	  "RECURRENCE-ID:20261207T100000Z|!20261203|!20261205", 0,
	  "!20261207", 2 },
	/* days, and one of them with all that follow */
	{ CALENDAR("", EVENT(SEQ(0) STAMP(1) "DTSTART;VALUE=DATE:20261201\r\n"
			     DAILY PEOPLE)),
	  CALENDAR("METHOD:REQUEST\r\n",
		EVENT("RECURRENCE-ID;VALUE=DATE:20261203\r\n" SEQ(1) STAMP(2)
		      "DTSTART;VALUE=DATE:20261203\r\n" PEOPLE)
		EVENT("RECURRENCE-ID;VALUE=DATE;RANGE=THISANDFUTURE:20261209"
		      "\r\n" SEQ(1) STAMP(2) "DTSTART;VALUE=DATE:20261209\r\n"
		      PEOPLE)),
	  PIM_PARTSTAT_ACCEPTED, FALSE, PIM_ANSWER_CHANGED,
	  "RECURRENCE-ID;VALUE=DATE:20261203|"
	  "RECURRENCE-ID;VALUE=DATE:20261209|"
	  "RECURRENCE-ID;VALUE=DATE:20261210|!20261204", 3,
	  "RECURRENCE-ID;VALUE=DATE:20261203|RANGE=THISANDFUTURE:20261209|"
	  "!20261210", 2 },
	/* one other time for several of them is nothing that can be said */
	{ CALENDAR("", SERIES), CALENDAR("METHOD:REQUEST\r\n", MOVED("3")
					 MOVED("5")),
	  PIM_PARTSTAT_TENTATIVE, TRUE, PIM_ANSWER_PROPOSAL, "", 0, "", 0 },
	{ CALENDAR("", SERIES), CALENDAR("METHOD:REQUEST\r\n", MOVED("3")),
	  PIM_PARTSTAT_TENTATIVE, TRUE, PIM_ANSWER_CHANGED,
	  "RECURRENCE-ID:20261203T100000Z", 1, "METHOD:COUNTER", 1 },
};

static void test_several_one(unsigned int i)
{
	struct pim_scheduling_mail mail = {
		.from = "boss@example.com", .data = tests[i].message,
		.size = strlen(tests[i].message),
	};
	struct pim_scheduling_answer answer = {
		.partstat = tests[i].partstat,
		.now = test_time("20261128T100000Z"),
		.has_proposed = tests[i].proposal,
		.proposed_start = test_time("20261203T140000Z"),
		.proposed_end = test_time("20261203T150000Z"),
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct pim_scheduling_peek peek;
	string_t *text = t_str_new(1024), *answered = t_str_new(1024);
	string_t *reply = t_str_new(1024);
	const char *reason, *organizer, *event;

	if (pim_scheduling_apply(&test_user, &mail, tests[i].stored,
				 tests[i].stored == NULL ? 0 :
				 strlen(tests[i].stored), text,
				 &reason) != PIM_SCHEDULING_CHANGED)
		str_append(text, tests[i].stored);
	test_peek(pool, tests[i].message, &peek);
	answer.instances = peek.instances;
	answer.instances_count = peek.instances_count;
	test_assert_idx(pim_scheduling_answer(&test_user, str_data(text),
		str_len(text), &answer, answered, reply, &organizer) ==
		tests[i].result, i);
	event = test_unfold(answered);
	test_assert_idx(test_has(event, t_strcut(tests[i].text, '\r')) &&
			test_has(event, strchr(tests[i].text, '\r') == NULL ?
				 "" : strchr(tests[i].text, '\r') + 3), i);
	test_assert_idx(test_count(event, "X-MICROSOFT-CDO-REPLYTIME:") ==
			tests[i].answers, i);
	test_assert_idx(test_has(test_unfold(reply), tests[i].reply), i);
	test_assert_idx(test_count(test_unfold(reply), "BEGIN:VEVENT") ==
			tests[i].events, i);
	test_assert_idx(test_count(test_unfold(reply), "PARTSTAT=") ==
			tests[i].events, i);
	pool_unref(&pool);
}

static void test_several_answer(void)
{
	test_begin("scheduling: answer several occurrences");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) T_BEGIN {
		test_several_one(i);
	} T_END;
	test_end();
}

/* More answers than fit in a hundred exceptions: each of them counts. */
static void test_several_reply(void)
{
	static const char stored[] = CALENDAR("", EVENT(SEQ(0) STAMP(1)
		"DTSTART:20260101T100000Z\r\n"
		"RRULE:FREQ=DAILY;COUNT=300\r\n" OWN));
	struct pim_scheduling_mail mail = { .from = "anne@example.com" };
	string_t *str = t_str_new(64 * 1024), *text = t_str_new(256 * 1024);
	const char *reason, *event;

	test_begin("scheduling: a reply of many occurrences");
	str_append(str, "BEGIN:VCALENDAR\r\nMETHOD:REPLY\r\n");
	for (unsigned int i = 0; i < 240; i++) {
		str_printfa(str, "BEGIN:VEVENT\r\nUID:u1\r\n" STAMP(2)
			"RECURRENCE-ID:2026%02u%02uT100000Z\r\n"
			"ATTENDEE;PARTSTAT=%s:mailto:anne@example.com\r\n"
			"END:VEVENT\r\n", i / 28 + 1, i % 28 + 1,
			i % 2 == 0 ? "ACCEPTED" : "DECLINED");
	}
	str_append(str, "END:VCALENDAR\r\n");
	mail.data = str_data(str);
	mail.size = str_len(str);
	test_assert(pim_scheduling_apply(&test_user, &mail, stored,
		strlen(stored), text, &reason) == PIM_SCHEDULING_CHANGED);
	event = test_unfold(text);
	test_assert(test_count(event, "RECURRENCE-ID:") == 240);
	test_assert(test_count(event, "PARTSTAT=ACCEPTED;X-ROOST") == 120);
	test_assert(test_count(event, "PARTSTAT=DECLINED;X-ROOST") == 120);
	test_assert(test_count(event, "PARTSTAT=NEEDS-ACTION:mailto:anne@") ==
		    1);
	test_end();
}

static void test_several_type(void)
{
	static const struct {
		const char *stored, *message;
		enum pim_message_type type;
	} types[] = {
		{ NULL, CALENDAR("METHOD:REQUEST\r\n",
			ON_DAY("3", SEQ(0) ON("20261203", "12") PEOPLE)
			ON_DAY("5", SEQ(0) ON("20261205", "12") PEOPLE)),
		  PIM_MESSAGE_INITIAL },
		/* one of them is known already, or both */
		{ CALENDAR("", SERIES ON_DAY("3", SEQ(2)
			ON("20261203", "13") PEOPLE)),
		  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
		  PIM_MESSAGE_FULL_UPDATE },
		{ CALENDAR("", SERIES ON_DAY("3", SEQ(2)
			ON("20261203", "13") PEOPLE) ON_DAY("5", SEQ(2)
			ON("20261205", "13") PEOPLE)),
		  CALENDAR("METHOD:REQUEST\r\n", MOVED("3") MOVED("5")),
		  PIM_MESSAGE_OUTDATED },
	};
	struct pim_scheduling_mail mail = { .from = "boss@example.com" };

	test_begin("scheduling: what a message of several is");
	for (unsigned int i = 0; i < N_ELEMENTS(types); i++) {
		mail.data = types[i].message;
		mail.size = strlen(types[i].message);
		test_assert_cmp_idx(pim_scheduling_message_type(&test_user,
			&mail, types[i].stored, types[i].stored == NULL ? 0 :
			strlen(types[i].stored)), ==, types[i].type, i);
	}
	test_end();
}

/* The device shows the first one of them. */
static void test_several_shown(void)
{
	static const char message[] = CALENDAR("METHOD:REQUEST\r\n",
		MOVED("5") MOVED("3") MOVED("7"));
	pool_t pool = pool_alloconly_create("test", 1024);
	struct pim_itip *itip;
	const char *error;

	test_begin("scheduling: several occurrences, as they are shown");
	test_assert(pim_itip_read(pool, message, strlen(message), NULL, NULL,
				  &itip, &error) == 1);
	test_assert(itip->has_recurrence_id && !itip->has_recurrence);
	test_assert(itip->recurrence_id == test_time("20261203T100000Z"));
	test_assert(itip->start == test_time("20261203T120000Z"));
	pool_unref(&pool);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_several_peek,
		test_several_too_many,
		test_several_answer,
		test_several_reply,
		test_several_type,
		test_several_shown,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
