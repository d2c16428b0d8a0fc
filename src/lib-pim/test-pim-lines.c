/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "test-common.h"
#include "pim-lines.h"

static struct pim_lines *test_parse(const char *text)
{
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(text, strlen(text), NULL, &doc, &error) < 0)
		i_fatal("%s", error);
	return doc;
}

static const char *test_write(const struct pim_lines *doc)
{
	buffer_t *buf = t_buffer_create(256);

	pim_lines_write(doc, buf);
	return str_c(buf);
}

/* Whatever is read is written as it was. */
static void test_pim_lines_verbatim(void)
{
	static const struct {
		const char *text;
		unsigned int damage;
	} tests[] = {
		{ "", 0 },
		{ "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nEND:VCARD\r\n", 0 },
		{ "BEGIN:VCARD\nFN:no end of line\nEND:VCARD", 0 },
		{ "begin:vcard\nfn;x=\"a:b\":c\nend:vCard\n", 0 },
		{ "\r\nBEGIN:A\r\n\r\nX:1\r\n\r\nEND:A\r\n\r\n", 0 },
		{ "BEGIN:A\nX:fol\n ded\n\tline\n  two blanks\nEND:A\n", 0 },
		{ "\xef\xbb\xbf" "BEGIN:A\nEND:A\n", 0 },
		{ "BEGIN:A\nno colon\n:no name\n=:\nX:1\nEND:A\n", 3 },
		{ "BEGIN:A\nBEGIN:B\nX:1\nEND:A\n", 1 },
		{ "BEGIN:A\nX:1\n", 1 },
		{ "END:A\nBEGIN:A\nEND:B\nEND:A\n", 2 },
		{ " folded from the start\nX:1\n", 1 },
		{ "X:\x01\x02\x7f\n", 0 },
		{ "BEGIN:VCARD\nVERSION:2.1\nNOTE;QUOTED-PRINTABLE:a=\nb=\n"
		  " c\nFN:x\nEND:VCARD\n", 0 },
		{ "A;QUOTED-PRINTABLE:a=\n\nFN:x\n", 0 },
		{ "PHOTO;BASE64:AAAA\nBBBB\n\nFN:x\n", 0 },
		{ "PHOTO;ENCODING=b:AAAA\nBBBB\n", 1 },
	};

	test_begin("pim lines: verbatim");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc = test_parse(tests[i].text);

		test_assert_strcmp_idx(test_write(doc), tests[i].text, i);
		test_assert_idx(pim_lines_damage(doc) == tests[i].damage, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_lines_values(void)
{
	static const struct {
		const char *line, *value, *text, *field1;
	} tests[] = {
		{ "X:", "", "", "" },
		{ "X:a", "a", "a", "" },
		{ "X: a ", " a ", " a ", "" },
		{ "X:fol\r\n ded", "folded", "folded", "" },
		{ "X:fol\r\n  ded", "fol ded", "fol ded", "" },
		{ "X\r\n :a", "a", "a", "" },
		{ "X:G\xc3\r\n \xbc", "G\xc3\xbc", "G\xc3\xbc", "" },
		{ "X:a\\nb\\, c\\; d\\\\e\\x", "a\\nb\\, c\\; d\\\\e\\x",
		  "a\nb, c; d\\e\\x", "" },
		{ "X:a\\;b;c\\Nd;e", "a\\;b;c\\Nd;e", "a;b;c\nd;e", "c\nd" },
		{ "X:tail\\", "tail\\", "tail\\", "" },
		{ "X;P=\"a:b;c\":v:w", "v:w", "v:w", "" },
		{ "X;P=\"open:v;w", "v;w", "v;w", "w" },
		{ "X:a\x01" "b", "a b", "a b", "" },
		/* latin 1, and a line that says what it is */
		{ "X:\xfc", "\xc3\xbc", "\xc3\xbc", "" },
		{ "X;CHARSET=iso-8859-2:\xb1", "\xc4\x85", "\xc4\x85", "" },
		{ "X;CHARSET=\"iso-8859-2\":\xb1", "\xc4\x85", "\xc4\x85",
		  "" },
		{ "X;ENCODING=QUOTED-PRINTABLE:a=3Bb;c=0D=0Ad=\r\n e",
		  "a;b;c\nd e", "a;b;c\nd e", "b" },
		{ "X;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:=FC",
		  "\xc3\xbc", "\xc3\xbc", "" },
		{ "X;QUOTED-PRINTABLE:=C3=BC=\r\nz", "\xc3\xbcz", "\xc3\xbcz",
		  "" },
	};

	test_begin("pim lines: values");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc = test_parse(tests[i].line);
		struct pim_property *prop =
			pim_property_find(pim_lines_root(doc), "x");

		test_assert_idx(prop != NULL, i);
		test_assert_strcmp_idx(pim_property_value(prop),
				       tests[i].value, i);
		test_assert_strcmp_idx(pim_property_text(prop),
				       tests[i].text, i);
		test_assert_strcmp_idx(pim_property_field(prop, 1),
				       tests[i].field1, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_lines_params(void)
{
	static const struct {
		const char *line, *name, *values;
	} tests[] = {
		{ "X:1", "TYPE", "" },
		{ "X;TYPE=a:1", "type", "a" },
		{ "X;type=a,b;Q=1;TYPE=c:1", "TYPE", "a|b|c" },
		{ "X;CN=\"A; B: C, D\":1", "CN", "A; B: C, D" },
		{ "X;CN=\"a\",\"b\":1", "CN", "a|b" },
		{ "X;CN=a^nb^^c^'d^e:1", "CN", "a\nb^c\"d^e" },
		{ "X;HOME;FAX;BASE64:1", "TYPE", "HOME|FAX" },
		{ "X;HOME;FAX;BASE64:1", "ENCODING", "BASE64" },
		{ "X;E=:1", "E", "" },
		{ "X;:1", "TYPE", "" },
		{ "X;P=\"open:1", "P", "\"open" },
		{ "X;P=\"a\"b;Q=c:1", "Q", "c" },
		{ "X;P=a\"b,c;\";Q=d:1", "P", "a\"b,c;\"" },
		{ "X;P=a\"b,c;\";Q=d:1", "Q", "d" },
	};

	test_begin("pim lines: parameters");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc = test_parse(tests[i].line);
		struct pim_property *prop =
			pim_property_find(pim_lines_root(doc), "X");

		test_assert_strcmp_idx(
			t_strarray_join(pim_property_params(prop,
							    tests[i].name),
					"|"), tests[i].values, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static const char test_card[] =
	"BEGIN:VCARD\r\n"
	"VERSION:3.0\r\n"
	"X-Odd;p = 1 :kept; as\\ it is\r\n"
	"fn:Old\r\n"
	"N:Doe;John;;Dr\\.;\r\n"
	"item1.TEL;type=CELL;type=pref:+1\r\n"
	"broken\r\n"
	"NOTE:lo\r\n ng\r\n"
	"END:VCARD\r\n";

enum test_edit {
	SET_VALUE, SET_TEXT, SET_FIELD2, SET_PARAM, ADD, REMOVE
};

static void
test_edit_run(struct pim_component *card, enum test_edit edit,
	      const char *name, const char *value)
{
	struct pim_property *prop = pim_property_find(card, name);

	switch (edit) {
	case SET_VALUE:
		pim_component_set_value(card, name, value);
		break;
	case SET_TEXT:
		pim_component_set_text(card, name, value);
		break;
	case SET_FIELD2:
		pim_property_set_field(prop, 2, value);
		break;
	case SET_PARAM:
		pim_property_set_param(prop, "TYPE", value);
		break;
	case ADD:
		(void)pim_property_add(card, name, value);
		break;
	case REMOVE:
		pim_property_remove(prop);
		break;
	}
}

/* Each edit changes one line of the card: old becomes new. */
static void test_pim_lines_edit(void)
{
	static const struct {
		enum test_edit edit;
		const char *name, *value, *old, *new;
	} tests[] = {
		{ SET_TEXT, "FN", "Old", "", "" },
		{ SET_TEXT, "FN", "New, N\nx", "fn:Old", "fn:New\\, N\\nx" },
		{ SET_TEXT, "NOTE", "long", "", "" },
		{ SET_TEXT, "NOTE", "short", "NOTE:lo\r\n ng", "NOTE:short" },
		{ SET_TEXT, "NOTE", NULL, "NOTE:lo\r\n ng\r\n", "" },
		{ SET_TEXT, "TITLE", NULL, "", "" },
		{ SET_TEXT, "TITLE", "T;", "ng\r\n", "ng\r\nTITLE:T\\;\r\n" },
		{ SET_VALUE, "FN", "a\nb", "fn:Old", "fn:a b" },
		{ SET_FIELD2, "N", "", "", "" },
		{ SET_FIELD2, "N", "Q;", "John;;", "John;Q\\;;" },
		{ SET_FIELD2, "FN", "Q", "fn:Old", "fn:Old;;Q" },
		{ SET_PARAM, "TEL", "HOME", ";type=CELL;type=pref",
		  ";TYPE=HOME" },
		{ SET_PARAM, "TEL", NULL, ";type=CELL;type=pref", "" },
		{ SET_PARAM, "NOTE", "a;b\"", "NOTE:lo\r\n ng",
		  "NOTE;TYPE=\"a;b^'\":long" },
		{ ADD, "TEL", "+2", "+1\r\n", "+1\r\nTEL:+2\r\n" },
		{ ADD, "item2.TEL", "+2", "+1\r\n", "+1\r\nitem2.TEL:+2\r\n" },
		{ ADD, "URL", "u", "ng\r\n", "ng\r\nURL:u\r\n" },
		{ REMOVE, "TEL", NULL, "item1.TEL;type=CELL;type=pref:+1\r\n",
		  "" },
	};

	test_begin("pim lines: edits");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc = test_parse(test_card);
		struct pim_component *card =
			pim_component_find(pim_lines_root(doc), "vcard");
		const char *p = strstr(test_card, tests[i].old);

		test_assert_idx(p != NULL, i);
		test_edit_run(card, tests[i].edit, tests[i].name,
			      tests[i].value);
		test_assert_strcmp_idx(test_write(doc),
			t_strconcat(t_strdup_until(test_card, p), tests[i].new,
				    p + strlen(tests[i].old), NULL), i);
		pim_lines_free(&doc);
	}
	test_end();
}

/* What a setter wrote is what a getter reads, in a new reading as well. */
static void test_pim_lines_round_trip(void)
{
	static const char *const texts[] = {
		"", "plain", " blanks ", "a;b,c\\d\ne", "\\n", "a:b\"c\"",
		"Gr\xc3\xbc\xc3\x9f-e", "=41=", "tab\tx", "x\n",
	};
	static const char *const cards[] = {
		"BEGIN:VCARD\nVERSION:4.0\nX;P=\"open:1\nEND:VCARD",
		"BEGIN:VCARD\r\nVERSION:2.1\r\nX;HOME:1\r\nEND:VCARD\r\n",
		"BEGIN:VCARD\r\nVERSION:2.1\r\n"
		"X;ENCODING=QUOTED-PRINTABLE;CHARSET=iso-8859-1:=FC\r\n"
		"END:VCARD\r\n",
	};
	string_t *text = t_str_new(1024);

	test_begin("pim lines: round trip");
	for (unsigned int c = 0; c < N_ELEMENTS(cards); c++)
	for (unsigned int i = 0; i < N_ELEMENTS(texts) * 20; i++) T_BEGIN {
		struct pim_lines *doc = test_parse(cards[c]);
		struct pim_component *card =
			pim_component_find(pim_lines_root(doc), NULL);
		const char *written;

		str_truncate(text, 0);
		for (unsigned int j = 0; j <= i / N_ELEMENTS(texts); j++)
			str_append(text, texts[i % N_ELEMENTS(texts)]);
		pim_component_set_text(card, "X", str_c(text));
		test_assert_strcmp_idx(pim_component_text(card, "X"),
				       str_c(text), i);
		pim_property_set_param(pim_property_find(card, "X"), "Q",
				       "a, \"b\"");
		written = test_write(doc);
		pim_lines_free(&doc);

		doc = test_parse(written);
		card = pim_component_find(pim_lines_root(doc), NULL);
		test_assert_strcmp_idx(pim_component_text(card, "X"),
				       str_c(text), i);
		test_assert_strcmp_idx(pim_property_param(
			pim_property_find(card, "X"), "Q"), "a, \"b\"", i);
		test_assert_idx(pim_lines_damage(doc) == 0, i);
		test_assert_strcmp_idx(test_write(doc), written, i);
		pim_lines_free(&doc);
	} T_END;
	test_end();
}

/* No line has more than 75 octets, no character is cut. */
static void test_pim_lines_invalid_utf8(void)
{
	struct pim_lines *doc = test_parse("X:1");
	struct pim_component *root = pim_lines_root(doc);
	struct pim_property *prop;

	test_begin("pim lines: what is no UTF-8");
	prop = pim_property_add(root, "Y", "mailto:bo@exampl\xa3""e.org");
	test_assert_strcmp(pim_property_value(prop), "mailto:bo@exampl"
			   UNICODE_REPLACEMENT_CHAR_UTF8 "e.org");
	pim_property_set_param(prop, "CN", "B\xf6");
	test_assert_strcmp(pim_property_param(prop, "CN"),
			   "B" UNICODE_REPLACEMENT_CHAR_UTF8);
	pim_property_set_text(prop, "\xe4,\xc3\xa4");
	test_assert_strcmp(pim_property_text(prop),
			   UNICODE_REPLACEMENT_CHAR_UTF8 ",\xc3\xa4");
	test_assert_strcmp(pim_property_value(
		pim_property_find(root, "X")), "1");
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_lines_fold(void)
{
	struct pim_lines *doc = test_parse("BEGIN:A\nEND:A\n");
	struct pim_component *comp =
		pim_component_find(pim_lines_root(doc), "A");
	string_t *text = t_str_new(4096);
	const char *const *lines;

	test_begin("pim lines: folding");
	for (unsigned int i = 0; i < 500; i++)
		str_append(text, i % 7 == 0 ? " " : "\xe2\x82\xac");
	pim_component_set_text(comp, "X", str_c(text));
	lines = t_strsplit(test_write(doc), "\n");
	test_assert(str_array_length(lines) > 15);
	for (; *lines != NULL; lines++)
		test_assert(strlen(*lines) <= 75);
	test_assert_strcmp(pim_component_text(comp, "X"), str_c(text));
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_lines_components(void)
{
	struct pim_lines *doc = test_parse(
		"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nBEGIN:VALARM\r\n"
		"X:1\r\nEND:VALARM\r\nSUMMARY:s\r\nEND:VEVENT\r\n"
		"BEGIN:VTODO\r\nEND:VTODO\r\nEND:VCALENDAR");
	struct pim_lines *other = test_parse("BEGIN:C\nX:1");
	struct pim_component *cal, *event, *copy;
	buffer_t *buf1 = t_buffer_create(128), *buf2 = t_buffer_create(128);

	test_begin("pim lines: components");
	cal = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	event = pim_component_find(cal, "VEVENT");
	test_assert(pim_component_next(event, "VEVENT") == NULL);
	test_assert_strcmp(pim_component_name(
		pim_component_next(event, NULL)), "VTODO");
	test_assert_strcmp(pim_component_text(event, "SUMMARY"), "s");
	test_assert(pim_component_text(event, "X") == NULL);

	copy = pim_component_add_copy(cal, event);
	pim_component_write(event, buf1);
	pim_component_write(copy, buf2);
	test_assert(buffer_cmp(buf1, buf2));
	pim_component_set_text(copy, "SUMMARY", "t");
	test_assert_strcmp(pim_component_text(event, "SUMMARY"), "s");
	pim_component_remove(event);
	pim_component_remove(pim_component_find(cal, "VTODO"));
	(void)pim_component_add_copy(cal,
		pim_component_find(pim_lines_root(other), "C"));
	pim_component_set_text(pim_component_add(cal, "D"), "Y", "2");
	test_assert_strcmp(test_write(doc),
		"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:1\r\nBEGIN:VALARM\r\n"
		"X:1\r\nEND:VALARM\r\nSUMMARY:t\r\nEND:VEVENT\r\n"
		"BEGIN:C\nX:1\r\nEND:C\r\n"
		"BEGIN:D\r\nY:2\r\nEND:D\r\nEND:VCALENDAR");
	pim_component_set_text(pim_lines_root(doc), "Z", "3");
	pim_lines_free(&other);
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_lines_charsets(void)
{
	static const unsigned char utf16[] =
		"\xff\xfe" "X\0:\0\xfc\0\r\0\n\0";
	static const unsigned char utf16_cr[] = "\xfe\xff" "\0X\0:\0a\0\r";
	struct pim_lines *doc;
	const char *error;

	test_begin("pim lines: character sets and line ends");
	test_assert(pim_lines_parse(utf16, sizeof(utf16) - 1, NULL, &doc,
				    &error) == 0);
	test_assert_strcmp(test_write(doc), "X:\xc3\xbc\r\n");
	pim_lines_free(&doc);
	test_assert(pim_lines_parse(utf16_cr, sizeof(utf16_cr) - 1, NULL, &doc,
				    &error) == 0);
	test_assert_strcmp(test_write(doc), "X:a\r\n");
	pim_lines_free(&doc);

	doc = test_parse("A:\xc3\xbc\nB;CHARSET=latin1:\xfc\nC:\xfc\n");
	test_assert_strcmp(test_write(doc),
		"A:\xc3\xbc\nB;CHARSET=UTF-8:\xc3\xbc\nC:\xc3\xbc\n");
	pim_lines_free(&doc);

	/* no charset takes the line end */
	doc = test_parse("A;CHARSET=utf-16le:\xfc\r\nB:2\r\n"
			 "\xfc;CHARSET=la\n");
	test_assert_strcmp(test_write(doc), "A;CHARSET=UTF-8:\xef\xbf\xbd\r\n"
			   "B:2\r\n\xc3\xbc;CHARSET=UTF-8\n");
	pim_lines_free(&doc);

	/* a fold of vCard 2.1 keeps its blank, but not inside of a character */
	doc = test_parse("BEGIN:VCARD\nVERSION:2.1\nX:\xc3\n \xbc\nY:\xfc\n"
			 "END:VCARD\n");
	test_assert_strcmp(pim_component_value(pim_component_find(
				pim_lines_root(doc), "VCARD"), "X"),
			   "\xc3\xbc");
	pim_lines_free(&doc);

	/* a line stays one */
	doc = test_parse("A:1\n\x19" "B:\xfc\n");
	test_assert_strcmp(test_write(doc), "A:1\n?B:\xc3\xbc\n");
	pim_lines_free(&doc);

	doc = test_parse("A:1\rB:2\r 3\r");
	test_assert_strcmp(test_write(doc), "A:1\r\nB:2\r\n 3\r\n");
	pim_lines_free(&doc);

	/* NUL ends nothing */
	test_assert(pim_lines_parse("A:x\0y\nB:2\n", 10, NULL, &doc,
				    &error) == 0);
	test_assert_strcmp(pim_component_value(pim_lines_root(doc), "A"),
			   "x y");
	test_assert_strcmp(pim_component_value(pim_lines_root(doc), "B"), "2");
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_lines_legacy(void)
{
	struct pim_lines *doc = test_parse(
		"BEGIN:VCARD\r\nVERSION:2.1\r\nNOTE:two\r\n words\\n\r\n"
		"N:a\\;b;c\r\nEND:VCARD\r\n");
	struct pim_component *card =
		pim_component_find(pim_lines_root(doc), NULL);

	test_begin("pim lines: vCard 2.1");
	test_assert(pim_component_is_legacy(card));
	test_assert_strcmp(pim_component_text(card, "NOTE"), "two words\\n");
	test_assert_strcmp(pim_property_field(pim_property_find(card, "N"), 0),
			   "a;b");
	pim_component_set_text(card, "NOTE", "\xc3\xbc\nx");
	test_assert(strstr(test_write(doc),
		"NOTE;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:"
		"=C3=BC=0D=0Ax\r\n") != NULL);
	pim_component_set_text(card, "NOTE", "plain");
	test_assert(strstr(test_write(doc), "\r\nNOTE:plain\r\n") != NULL);
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_lines_limits(void)
{
	static const struct {
		struct pim_lines_limits limits;
		const char *text;
		int ret;
	} tests[] = {
		{ { .max_size = 4 }, "X:1\n", 0 },
		{ { .max_size = 4 }, "X:12\n", -1 },
		{ { .max_lines = 2 }, "X:1\n 2\nX:3\n", 0 },
		{ { .max_lines = 2 }, "X:1\nX:2\nX:3\n", -1 },
		{ { .max_depth = 2 }, "BEGIN:A\nBEGIN:B\nEND:B\nBEGIN:B\n", 0 },
		{ { .max_depth = 2 }, "BEGIN:A\nBEGIN:B\nBEGIN:C\n", -1 },
	};
	struct pim_lines *doc;
	const char *error;

	test_begin("pim lines: limits");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		error = NULL;
		test_assert_idx(pim_lines_parse(tests[i].text,
			strlen(tests[i].text), &tests[i].limits, &doc,
			&error) == tests[i].ret, i);
		test_assert_idx((error != NULL) == (tests[i].ret < 0), i);
		pim_lines_free(&doc);
	}
	test_end();
}

/* 5 MB in one value, soft breaks and all, are read once. */
static void test_pim_lines_large(void)
{
	string_t *text = str_new(default_pool, 6*1024*1024);
	struct pim_lines *doc;

	test_begin("pim lines: large values");
	str_append(text, "A;ENCODING=QUOTED-PRINTABLE:");
	while (str_len(text) < 2*1024*1024)
		str_append(text, "xxxxxxxxxxxxxxxxxxxxxxxxxxxx=\r\n");
	str_append(text, "\r\nB;ENCODING=BASE64:AAAA\r\n");
	while (str_len(text) < 4*1024*1024)
		str_append(text, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n");
	str_append(text, "C:1\r\n");
	doc = test_parse(str_c(text));
	test_assert_strcmp(pim_component_value(pim_lines_root(doc), "C"), "1");
	test_assert(strlen(pim_component_value(pim_lines_root(doc), "A")) >
		    1024*1024);
	test_assert(strlen(pim_component_value(pim_lines_root(doc), "B")) >
		    1024*1024);
	pim_lines_free(&doc);
	str_free(&text);
	test_end();
}

/* -- many lines -- */

static void test_names_check(struct pim_component *comp, const char *name)
{
	struct pim_property *prop = pim_property_find(comp, name), *other;

	for (other = pim_property_find(comp, NULL); other != NULL;
	     other = pim_property_next(other, NULL)) {
		if (strcasecmp(pim_property_name(other), name) != 0)
			continue;
		test_assert(prop == other);
		if (prop == NULL)
			return;
		prop = pim_property_next(prop, name);
	}
	test_assert(prop == NULL);
}

/* What is looked up is what is there, whatever was added and removed. */
/* A number below max; the same ones in each run. */
static uint32_t test_rand(uint32_t max)
{
	static uint32_t seed = 1;

	seed = seed * 1103515245 + 12345;
	return (seed >> 8) % max;
}

static void test_pim_lines_names(void)
{
	static const char *const names[] = {
		"EXDATE", "ATTENDEE", "Summary", "x-a", "X-B", "RRULE", "UID"
	};
	struct pim_lines *doc = pim_lines_create();
	struct pim_component *comp, *alarm;
	struct pim_property *prop;
	unsigned int i, n;

	test_begin("pim lines: lookups in large components");
	comp = pim_component_add(pim_lines_root(doc), "VEVENT");
	alarm = pim_component_add(comp, "VALARM");
	for (i = 0; i < 2000; i++) T_BEGIN {
		const char *name = names[test_rand(N_ELEMENTS(names))];

		n = test_rand(10);
		prop = pim_property_find(comp, name);
		if (n < 6 || prop == NULL) {
			prop = pim_property_add(comp, n < 3 ?
						t_str_lcase(name) : name,
						dec2str(i));
			/* behind the others of its name */
			test_assert(pim_property_next(prop, name) == NULL);
		} else if (n < 9) {
			/* any of them */
			while (pim_property_next(prop, name) != NULL &&
			       test_rand(3) != 0)
				prop = pim_property_next(prop, name);
			pim_property_remove(prop);
		} else {
			(void)pim_component_remove_all(comp, name);
			test_assert(pim_property_find(comp, name) == NULL);
		}
		for (n = 0; i % 10 == 0 && n < N_ELEMENTS(names); n++)
			test_names_check(comp, names[n]);
	} T_END;
	test_assert(pim_component_find(comp, "VALARM") == alarm);
	pim_component_remove(alarm);
	test_assert(pim_component_find(comp, "valarm") == NULL);
	test_assert(pim_component_find(comp, NULL) == NULL);
	pim_lines_free(&doc);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_lines_verbatim,
		test_pim_lines_values,
		test_pim_lines_params,
		test_pim_lines_edit,
		test_pim_lines_round_trip,
		test_pim_lines_invalid_utf8,
		test_pim_lines_fold,
		test_pim_lines_components,
		test_pim_lines_charsets,
		test_pim_lines_legacy,
		test_pim_lines_limits,
		test_pim_lines_large,
		test_pim_lines_names,
		NULL
	};

	return test_run(test_functions);
}
