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

static void test_answer(void)
{
	struct pim_scheduling_answer answer;
	struct pim_scheduling_instance instance;
	enum pim_scheduling_answer_result result;
	string_t *text, *message;
	const char *organizer;

	test_begin("scheduling: answer");
	for (unsigned int i = 0; i < N_ELEMENTS(answer_tests); i++) T_BEGIN {
		i_zero(&answer);
		answer.partstat = answer_tests[i].partstat;
		answer.comment = answer_tests[i].comment;
		answer.now = test_time("20261128T100000Z");
		answer.instances = &instance;
		answer.instances_count = answer_tests[i].instance != NULL;
		i_zero(&instance);
		if (answer_tests[i].instance != NULL)
			instance.start = test_time(answer_tests[i].instance);
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

static const struct {
	const char *stored, *instance;
	enum pim_scheduling_forward_result result;
	enum pim_itip_method method;
	const char *message;
} forward_tests[] = {
	/* what an attendee knows, in the organiser's version */
	{ STORED(SEQ(3) STAMP(1) AT(10) PEOPLE ALARM "SUMMARY:Talk\r\n"
		 "DESCRIPTION:Known\r\nCATEGORIES:Mine\r\n"
		 "X-ROOST-FIRST:20261120T000000Z\r\nX-MINE:1\r\n"),
	  NULL, PIM_FORWARD_OK, PIM_ITIP_REQUEST,
	  "METHOD:REQUEST|SEQUENCE:3|ORGANIZER;CN=Boss|SUMMARY:Talk|"
	  "DESCRIPTION:Known|!VALARM|!CATEGORIES|!X-ROOST|!X-MINE" },
	/* no meeting */
	{ STORED(SEQ(0) STAMP(1) AT(10) "SUMMARY:Alone\r\n"), NULL,
	  PIM_FORWARD_OK, PIM_ITIP_NONE,
	  "METHOD:PUBLISH|ORGANIZER;CN=Me:mailto:me@example.org|!ATTENDEE|"
	  "SUMMARY:Alone" },
	/* occurrences: as the series has it, none, not a series */
	{ STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 "DURATION:PT30M\r\n" PEOPLE DAILY), "20261203T100000Z",
	  PIM_FORWARD_OK, PIM_ITIP_REQUEST,
	  "RECURRENCE-ID;TZID=Europe/Berlin:20261203T110000|!RRULE|"
	  "DTSTART;TZID=Europe/Berlin:20261203T110000" },
	{ STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 "DURATION:PT30M\r\n" PEOPLE DAILY), NULL,
	  PIM_FORWARD_OK, PIM_ITIP_REQUEST, "RRULE|!RECURRENCE-ID" },
	{ STORED(SEQ(0) STAMP(1) "DTSTART;TZID=Europe/Berlin:20261201T110000\r\n"
		 "DURATION:PT30M\r\n" PEOPLE DAILY), "20261203T101500Z",
	  PIM_FORWARD_NO_INSTANCE, PIM_ITIP_REQUEST, "" },
	{ STORED(SEQ(0) STAMP(1) AT(10) PEOPLE), "20261203T100000Z",
	  PIM_FORWARD_NOT_RECURRING, PIM_ITIP_REQUEST, "" },
	{ "BEGIN:VCARD\r\nEND:VCARD\r\n", NULL, PIM_FORWARD_INVALID,
	  PIM_ITIP_NONE, "" },
};

static void test_forward(void)
{
	enum pim_scheduling_forward_result result;
	enum pim_itip_method method;
	const char *stored;
	string_t *message;
	int64_t instance;

	test_begin("pim scheduling: what is forwarded");
	for (unsigned int i = 0; i < N_ELEMENTS(forward_tests); i++) T_BEGIN {
		stored = forward_tests[i].stored;
		message = t_str_new(256);
		if (forward_tests[i].instance != NULL)
			instance = test_time(forward_tests[i].instance);
		result = pim_scheduling_forward(&test_user, stored,
			strlen(stored), forward_tests[i].instance == NULL ?
			NULL : &instance, message, &method);
		test_assert_idx(result == forward_tests[i].result, i);
		test_assert_idx(method == forward_tests[i].method, i);
		test_assert_idx(test_has(test_unfold(message),
					 forward_tests[i].message), i);
	} T_END;
	test_end();
}

static void test_is_promised(void)
{
#define ANSWERED(partstat) "ORGANIZER:mailto:boss@example.com\r\n" \
	"ATTENDEE;PARTSTAT=" partstat ":mailto:me@alias.example.org\r\n"
	static const struct {
		const char *stored;
		bool promised;
	} tests[] = {
		{ STORED(AT(10) PEOPLE), FALSE },
		{ STORED(AT(10) ANSWERED("DECLINED")), FALSE },
		{ STORED(AT(10) ANSWERED("ACCEPTED")), TRUE },
		{ STORED(AT(10) ANSWERED("TENTATIVE")), TRUE },
		/* one of its occurrences */
		{ CALENDAR("", EVENT(AT(10) DAILY PEOPLE)
			EVENT("RECURRENCE-ID:20261203T100000Z\r\n" AT(10)
			      ANSWERED("ACCEPTED"))), TRUE },
		/* an import, and what came by mail */
		{ STORED(AT(10) "ORGANIZER:mailto:boss@example.com\r\n"), FALSE },
		{ STORED(AT(10) "ORGANIZER:mailto:boss@example.com\r\n"
			 "X-ROOST-STAMP:20261101T080000Z\r\n"), FALSE },
		{ "", FALSE },
	};

	test_begin("scheduling: has the user said that he comes");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(pim_scheduling_is_promised(&test_user,
			tests[i].stored, strlen(tests[i].stored)) ==
			tests[i].promised, i);
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
		test_answer,
		test_forward,
		test_is_promised,
		test_organize,
		test_letter,
		NULL
	};
	int ret = test_run(test_functions);

	pim_timezones_deinit();
	return ret;
}
