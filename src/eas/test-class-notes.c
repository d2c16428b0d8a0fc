/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "class-notes.h"
#include "test-class-common.h"

#define HEAD "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//example//EN\r\n" \
	"BEGIN:VJOURNAL\r\nUID:u\r\nDTSTAMP:20260101T000000Z\r\n"
#define TAIL "END:VJOURNAL\r\nEND:VCALENDAR\r\n"

static const unsigned int versions[] = { 140, 141, 160, 161 };

static const char *child(const struct wbxml_node *data, unsigned int tag)
{
	const char *text = wbxml_child_text(data, tag);

	return text == NULL ? "(none)" : text;
}

static const struct wbxml_node *child_body(const struct wbxml_node *data)
{
	return wbxml_node_child(data, EAS_AIRSYNCBASE_BODY);
}

static const char *categories_of(const struct wbxml_node *data)
{
	const struct wbxml_node *node;
	string_t *str = t_str_new(64);

	node = wbxml_node_child(wbxml_node_child(data, EAS_NOTES_CATEGORIES),
				EAS_NOTES_CATEGORY);
	for (; node != NULL; node = wbxml_node_next_same(node))
		str_printfa(str, "<%s>", wbxml_node_text(node));
	return str_c(str);
}

/* What a device sends; NULL = the element is left out. */
struct test_note {
	const char *subject, *class, *body;
	unsigned int body_type;
	const char *const *categories;
};

static struct wbxml_node *
note_data(struct test_class *test, const struct test_note *note)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const char *const *category = note->categories;

	if (note->subject != NULL)
		wbxml_text(writer, EAS_NOTES_SUBJECT, note->subject);
	if (note->body != NULL) {
		wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
		wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, note->body_type);
		wbxml_text(writer, EAS_AIRSYNCBASE_DATA, note->body);
		wbxml_close(writer);
	}
	if (category != NULL) {
		wbxml_open(writer, EAS_NOTES_CATEGORIES);
		for (; *category != NULL; category++)
			wbxml_text(writer, EAS_NOTES_CATEGORY, *category);
		wbxml_close(writer);
	}
	if (note->class != NULL)
		wbxml_text(writer, EAS_NOTES_MESSAGE_CLASS, note->class);
	wbxml_text(writer, EAS_NOTES_LAST_MODIFIED_DATE, "19990101T000000Z");
	return test_class_data_end(test, &writer);
}

/* -- what is shown -- */

static void test_notes_shown(void)
{
	static const struct {
		const char *lines;
		unsigned int tag;
		const char *value;
	} tests[] = {
		{ "SUMMARY:Einkauf\\, Samstag\r\n", EAS_NOTES_SUBJECT,
		  "Einkauf, Samstag" },
		{ "SUMMARY:two\\nlines\r\n", EAS_NOTES_SUBJECT, "two lines" },
		{ "", EAS_NOTES_SUBJECT, "" },
		{ "", EAS_NOTES_MESSAGE_CLASS, "IPM.StickyNote" },
		{ "X-ROOST-MESSAGE-CLASS:IPM.StickyNote.Blue\r\n",
		  EAS_NOTES_MESSAGE_CLASS, "IPM.StickyNote.Blue" },
		/* what is none of notes is no device's business */
		{ "X-ROOST-MESSAGE-CLASS:IPM.Note\r\n",
		  EAS_NOTES_MESSAGE_CLASS, "IPM.StickyNote" },
		{ "LAST-MODIFIED:20260203T040506Z\r\n",
		  EAS_NOTES_LAST_MODIFIED_DATE, "20260203T040506Z" },
		/* when it was stored */
		{ "", EAS_NOTES_LAST_MODIFIED_DATE, "20261128T093000Z" },
		{ "LAST-MODIFIED:20260203\r\n",
		  EAS_NOTES_LAST_MODIFIED_DATE, "20261128T093000Z" },
	};
	struct wbxml_node *data;
	struct test_class test;

	test_begin("class notes: what is shown");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_notes, versions[j]);
			data = test_class_write(&test, t_strconcat(HEAD,
				tests[i].lines, TAIL, NULL));
			test_assert_idx(data != NULL, i);
			test_assert_strcmp_idx(child(data, tests[i].tag),
					       tests[i].value, i);
			test_class_deinit(&test);
		}
	}
	test_class_init(&test, &eas_class_notes, 141);
	data = test_class_write(&test, HEAD "CATEGORIES:a\\,b,c\r\n"
		"CATEGORIES:d\r\nDESCRIPTION:one\\ntwo\r\n" TAIL);
	test_assert_strcmp(categories_of(data), "<a,b><c><d>");
	test_assert_strcmp(child(child_body(data), EAS_AIRSYNCBASE_DATA),
			   "one\r\ntwo");
	test_assert(test_class_write(&test, "BEGIN:VCALENDAR\r\n"
		"BEGIN:VTODO\r\nUID:u\r\nEND:VTODO\r\n"
		"END:VCALENDAR\r\n") == NULL);
	test_class_deinit(&test);
	test_end();
}

/* -- what comes back as it was shown -- */

static void test_notes_unchanged(void)
{
	static const char *const notes[] = {
		"SUMMARY:a\r\nDESCRIPTION:b\r\n",
		"SUMMARY;LANGUAGE=de:\xc3\x9c\\nzwei Zeilen\r\n"
			"DESCRIPTION;ALTREP=\"cid:1\":text\\nmore\r\n"
			"DTSTART;VALUE=DATE:20261128\r\n"
			"ATTACH:https://example.org/1\r\nX-FOO;X=y:z\r\n",
		"CATEGORIES;X-A=1:One,Two\r\nCATEGORIES:a\\,b\r\n"
			"STATUS:DRAFT\r\nCLASS:PRIVATE\r\n",
		"DESCRIPTION:rich\r\n"
			"X-ALT-DESC;FMTTYPE=text/html:<b>rich</b>\r\n",
		"X-ROOST-MESSAGE-CLASS:IPM.StickyNote.Blue\r\n",
		"X-ROOST-MESSAGE-CLASS:IPM.Note\r\nSUMMARY:odd\r\n",
		"RRULE:FREQ=DAILY\r\nBEGIN:X-PART\r\nA:1\r\nEND:X-PART\r\n",
		"",
	};
	struct wbxml_node *data;
	struct test_class test;
	const char *text, *result;

	test_begin("class notes: what comes back as it was shown");
	for (unsigned int i = 0; i < N_ELEMENTS(notes); i++) {
		text = t_strconcat(HEAD, notes[i], TAIL, NULL);
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_notes, versions[j]);
			data = test_class_write(&test, text);
			result = data == NULL ? NULL :
				test_class_apply(&test, text, data);
			test_assert_idx(result != NULL, i);
			if (result != NULL)
				test_assert_strcmp_idx(result, text, i);
			test_class_deinit(&test);
		}
	}
	test_end();
}

/* -- one field -- */

static void test_notes_changed(void)
{
	static const char *const none[] = { NULL };
	static const char *const two[] = { "x", "y;z", NULL };
#define KEPT "X-FOO;X=y:z\r\nATTACH:https://example.org/1\r\n"
#define MODIFIED "LAST-MODIFIED:20261128T093000Z\r\n"
	static const struct {
		const char *lines;
		struct test_note sent;
		const char *result;
	} tests[] = {
		/* what is absent stays, but for categories ([MS-ASNOTE]
		   3.2.5.3) */
		{ "SUMMARY:a\r\nCATEGORIES:c\r\nDESCRIPTION:d\r\n" KEPT,
		  { .subject = "new" },
		  "SUMMARY:new\r\nDESCRIPTION:d\r\n" KEPT MODIFIED },
		{ "SUMMARY:a\r\nDESCRIPTION:d\r\n" KEPT,
		  { .categories = two },
		  "SUMMARY:a\r\nDESCRIPTION:d\r\n" KEPT
		  "CATEGORIES:x,y\\;z\r\n" MODIFIED },
		{ "CATEGORIES:c\r\n" KEPT, { .categories = none },
		  KEPT MODIFIED },
		{ "SUMMARY:a\r\nDESCRIPTION:d\r\n",
		  { .body = "one\r\ntwo", .body_type = 1 },
		  "SUMMARY:a\r\nDESCRIPTION:one\\ntwo\r\n" MODIFIED },
		{ "SUMMARY:a\r\nDESCRIPTION:d\r\n",
		  { .body = "<i>e</i>", .body_type = 2 },
		  "SUMMARY:a\r\nDESCRIPTION:e\\n\r\n"
		  "X-ALT-DESC;FMTTYPE=text/html:<i>e</i>\r\n" MODIFIED },
		/* the text alone is another one: then there is no HTML */
		{ "DESCRIPTION:rich\r\n"
		  "X-ALT-DESC;FMTTYPE=text/html:<b>rich</b>\r\n",
		  { .body = "poor", .body_type = 1 },
		  "DESCRIPTION:poor\r\n" MODIFIED },
		{ "SUMMARY:a\r\n", { .class = "ipm.stickynote.Blue" },
		  "SUMMARY:a\r\n"
		  "X-ROOST-MESSAGE-CLASS:ipm.stickynote.Blue\r\n" MODIFIED },
		{ "SUMMARY:a\r\nX-ROOST-MESSAGE-CLASS:IPM.StickyNote.Blue\r\n",
		  { .class = "IPM.StickyNote" }, "SUMMARY:a\r\n" MODIFIED },
	};
	struct test_class test;
	const char *result;

	test_begin("class notes: one field");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		for (unsigned int j = 0; j < N_ELEMENTS(versions); j++) {
			test_class_init(&test, &eas_class_notes, versions[j]);
			result = test_class_apply(&test, t_strconcat(HEAD,
				tests[i].lines, TAIL, NULL),
				note_data(&test, &tests[i].sent));
			test_assert_idx(result != NULL, i);
			if (result != NULL) {
				test_assert_strcmp_idx(result, t_strconcat(
					HEAD, tests[i].result, TAIL, NULL), i);
			}
			test_class_deinit(&test);
		}
	}
	test_end();
}

/* -- what is refused -- */

static void test_notes_refused(void)
{
	static const char *const classes[] = {
		"IPM.Note", "IPM.StickyNotes", "IPM", "", "IPM.StickyNote ",
	};
	struct test_note note = { .subject = "a" };
	struct test_class test;
	string_t *str = t_str_new(512);
	const char **categories;

	test_begin("class notes: what is refused");
	for (unsigned int i = 0; i < N_ELEMENTS(classes); i++) {
		test_class_init(&test, &eas_class_notes, EAS_VERSION_14_1);
		note.class = classes[i];
		test_assert_idx(test_class_apply(&test, NULL,
			note_data(&test, &note)) == NULL, i);
		test_assert_idx(test.error != NULL, i);
		test_class_deinit(&test);
	}
	test_class_init(&test, &eas_class_notes, EAS_VERSION_14_1);
	str_append(str, "IPM.StickyNote.");
	for (unsigned int i = 0; i < 300; i++)
		str_append_c(str, 'x');
	note.class = str_c(str);
	test_assert(test_class_apply(&test, NULL,
				     note_data(&test, &note)) == NULL);
	note.class = NULL;
	categories = t_new(const char *, 302);
	for (unsigned int i = 0; i < 301; i++)
		categories[i] = t_strdup_printf("c%u", i);
	note.categories = categories;
	test_assert(test_class_apply(&test, NULL,
				     note_data(&test, &note)) == NULL);
	categories[300] = NULL;
	test_assert(test_class_apply(&test, NULL,
				     note_data(&test, &note)) != NULL);
	test_class_deinit(&test);
	test_end();
}

/* -- random ones -- */

static const char *random_text(bool lines)
{
	static const char *const parts[] = {
		"a", "Zettel", " ", "\\", ";", ",", ":", "\"", "\xc3\xbc",
		"\xf0\x9f\x98\x80", "=", "&", "<", ">", "0", "'", "%", "\n",
		"BEGIN:VJOURNAL", "\\n", "END",
	};
	string_t *str = t_str_new(128);
	unsigned int count = test_class_pick(20) + 1;

	str_append_c(str, 'x');
	while (count-- > 0) {
		const char *part = parts[test_class_pick(N_ELEMENTS(parts))];

		if (*part != '\n' || lines)
			str_append(str, part);
	}
	str_append_c(str, 'x');
	return str_c(str);
}

/* A note goes to the server, to another device, back from there, and is the same. */
static void test_notes_random_one(unsigned int n)
{
	struct test_note note = {
		.subject = random_text(FALSE), .body = random_text(TRUE),
		.body_type = 1,
	};
	const char **categories = t_new(const char *, 6);
	const struct wbxml_node *data;
	struct test_class test;
	const char *text, *again, *expected, *body;
	string_t *str = t_str_new(64);

	for (unsigned int i = 0; i < n % 6; i++) {
		categories[i] = random_text(FALSE);
		str_printfa(str, "<%s>", categories[i]);
	}
	expected = str_c(str);
	note.categories = categories;
	if (n % 3 == 0)
		note.class = "IPM.StickyNote.Yellow";
	test_class_init(&test, &eas_class_notes,
			versions[n % N_ELEMENTS(versions)]);
	text = test_class_apply(&test, NULL, note_data(&test, &note));
	test_assert_idx(text != NULL, n);
	if (text == NULL) {
		test_class_deinit(&test);
		return;
	}
	test.req.version = versions[(n / 4) % N_ELEMENTS(versions)];
	data = test_class_write(&test, text);
	test_assert_idx(data != NULL, n);
	test_assert_strcmp_idx(child(data, EAS_NOTES_SUBJECT), note.subject,
			       n);
	test_assert_strcmp_idx(categories_of(data), expected, n);
	body = child(child_body(data), EAS_AIRSYNCBASE_DATA);
	test_assert_strcmp_idx(t_str_replace(body, '\r', ' '),
		t_str_replace(eas_class_crlf(note.body), '\r', ' '), n);
	test_assert_strcmp_idx(child(data, EAS_NOTES_MESSAGE_CLASS),
			       note.class == NULL ? "IPM.StickyNote" :
			       note.class, n);
	again = test_class_apply(&test, text, data);
	test_assert_idx(again != NULL && strcmp(again, text) == 0, n);
	/* on another server it is the same but for its names and times */
	again = test_class_apply(&test, NULL, data);
	test_assert_idx(again != NULL && strcmp(again, text) == 0, n);
	test_class_deinit(&test);
}

static void test_notes_random(void)
{
	test_begin("class notes: random ones come back as they were");
	for (unsigned int i = 0; i < 300; i++) T_BEGIN {
		test_notes_random_one(i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_notes_shown,
		test_notes_unchanged,
		test_notes_changed,
		test_notes_refused,
		test_notes_random,
		NULL
	};

	return test_run(test_functions);
}
