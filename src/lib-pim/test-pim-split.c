/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "pim-item.h"
#include "pim-attach.h"
#include "pim-inline.h"
#include "pim-lines.h"
#include "pim-split.h"
#include "test-common.h"

#define CARD(uid) "BEGIN:VCARD\r\nUID:" uid "\r\nFN:x\r\nEND:VCARD\r\n"
#define EVENT(uid) "BEGIN:VEVENT\r\nUID:" uid "\r\nSUMMARY:x\r\n" \
	"DTSTART;TZID=Here:20261128T120000\r\nEND:VEVENT\r\n"
#define NOTE(uid) "BEGIN:VJOURNAL\r\nUID:" uid "\r\nEND:VJOURNAL\r\n"
#define CALENDAR(items) "BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" \
	"X-WR-CALNAME:Mine\r\nMETHOD:PUBLISH\r\n" items "END:VCALENDAR\r\n"
#define ZONE(id) "BEGIN:VTIMEZONE\r\nTZID:" id "\r\nEND:VTIMEZONE\r\n"

/* The UIDs of all items, separated by blanks, "!" for an error. */
static const char *
test_uids(const char *data, size_t size, size_t chunk)
{
	struct istream *input = test_istream_create_data(data, size);
	struct pim_split *split;
	struct pim_item_props props;
	const char *text, *error;
	string_t *str = t_str_new(64);
	size_t text_size;
	bool more;
	int ret;

	if (chunk > 0) {
		test_istream_set_allow_eof(input, TRUE);
		test_istream_set_max_buffer_size(input, chunk);
	}
	split = pim_split_init(input);
	i_stream_unref(&input);
	while ((ret = pim_split_next(split, &text, &text_size, &more,
				     &error)) != 0) {
		if (str_len(str) > 0)
			str_append_c(str, ' ');
		if (ret < 0 || pim_item_props_read(text, text_size, &props,
						   &error) < 0)
			str_append_c(str, '!');
		else
			str_append(str, props.uid);
		if (ret < 0 && !more)
			break;
	}
	pim_split_deinit(&split);
	return str_c(str);
}

static void test_pim_split_items(void)
{
	static const struct {
		const char *text, *uids;
	} tests[] = {
		{ "", "" },
		{ "nothing of ours\r\nBEGIN:X\r\nEND:X\r\n", "" },
		{ CARD("a"), "a" },
		{ "\xef\xbb\xbf" CARD("a") "\r\n" CARD("b"), "a b" },
		{ "begin:vcard\nUID:a\nend:VCard \n" CARD("b"), "a b" },
		{ CARD("a") CALENDAR(EVENT("b")) CARD("c"), "a b c" },
		{ CALENDAR(EVENT("a") EVENT("b") NOTE("c")), "a b c" },
		/* occurrences stay with their series */
		{ CALENDAR(EVENT("a") EVENT("b") EVENT("a")), "a b" },
		{ CALENDAR(""), "" },
		{ CALENDAR(ZONE("Here")), "" },
		/* without an end */
		{ "BEGIN:VCARD\r\nUID:a\r\n" CARD("b"), "a b" },
		{ "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n" CARD("b"),
		  "a b" },
		{ CALENDAR("BEGIN:VEVENT\r\nUID:a\r\n") CARD("b"), "a b" },
		{ CARD("a") "BEGIN:VCARD\r\nUID:b", "a b" },
		/* ends of nothing */
		{ "END:VCARD\r\n" CARD("a") "END:VEVENT\r\n" CARD("b"), "a b" },
		/* vCard 2.1 */
		{ "BEGIN:VCARD\r\nUID:a\r\nAGENT:\r\nBEGIN:VCARD\r\nFN:y\r\n"
		  "END:VCARD\r\nEND:VCARD\r\n" CARD("b"), "a b" },
	};
	unsigned int i;

	test_begin("pim split: items");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		size_t size = strlen(tests[i].text);

		test_assert_strcmp_idx(test_uids(tests[i].text, size, 0),
				       tests[i].uids, i);
		test_assert_strcmp_idx(test_uids(tests[i].text, size, 3),
				       tests[i].uids, i);
	}
	test_end();
}

static const char *
test_item(struct pim_split *split, size_t *size_r)
{
	const char *text, *error;
	bool more;

	if (pim_split_next(split, &text, size_r, &more, &error) != 1)
		return "";
	return text;
}

static void test_pim_split_content(void)
{
	static const char one[] = CALENDAR(ZONE("There") EVENT("a"));
	static const char two[] = CALENDAR(ZONE("Here") ZONE("There")
					   EVENT("a") NOTE("b"));
	struct istream *input;
	struct pim_split *split;
	size_t size;

	test_begin("pim split: content");
	/* one item is not touched */
	input = i_stream_create_from_data(one, strlen(one));
	split = pim_split_init(input);
	test_assert_strcmp(test_item(split, &size), one);
	test_assert(size == strlen(one));
	test_assert_strcmp(test_item(split, &size), "");
	pim_split_deinit(&split);
	i_stream_unref(&input);

	input = i_stream_create_from_data(two, strlen(two));
	split = pim_split_init(input);
	test_assert_strcmp(test_item(split, &size),
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" ZONE("Here") EVENT("a")
		"END:VCALENDAR\r\n");
	test_assert_strcmp(test_item(split, &size),
		"BEGIN:VCALENDAR\r\nVERSION:2.0\r\n" NOTE("b")
		"END:VCALENDAR\r\n");
	test_assert_strcmp(test_item(split, &size), "");
	pim_split_deinit(&split);
	i_stream_unref(&input);
	test_end();
}

static void test_pim_split_nul(void)
{
	static const char text[] = "BEGIN:VCARD\r\nFN:a\0b\r\nEND:VCARD\r\n";
	struct istream *input;
	struct pim_split *split;
	const char *item;
	size_t size;

	test_begin("pim split: NUL");
	input = i_stream_create_from_data(text, sizeof(text) - 1);
	split = pim_split_init(input);
	item = test_item(split, &size);
	test_assert(size == sizeof(text) - 1 && memcmp(item, text, size) == 0);
	pim_split_deinit(&split);
	i_stream_unref(&input);
	test_end();
}

static void test_pim_split_large(void)
{
	string_t *str = str_new(default_pool, 40*1024*1024);

	test_begin("pim split: what is too large is passed over");
	str_append(str, CARD("a") "BEGIN:VCARD\r\n");
	while (str_len(str) < 33*1024*1024)
		str_append(str, "NOTE:1234567890123456789012345678901234567\r\n");
	str_append(str, "END:VCARD\r\n" CARD("b"));
	test_assert_strcmp(test_uids(str_c(str), str_len(str), 0), "a ! b");
	str_free(&str);
	test_end();
}

static void test_pim_split_add_uid(void)
{
	static const char card[] = "BEGIN:VCARD\r\nFN:x\r\nEND:VCARD\r\n";
	static const char with[] = CARD("a");
	struct pim_item_props first, second;
	const char *text, *error;
	size_t size;

	test_begin("pim split: UIDs");
	size = strlen(with);
	test_assert(pim_split_add_uid(with, &size) == with);
	size = strlen(card);
	text = pim_split_add_uid(card, &size);
	test_assert(size == strlen(text));
	test_assert(pim_item_props_read(text, size, &first, &error) == 0);
	test_assert(strlen(first.uid) == 40);
	size = strlen(card);
	text = pim_split_add_uid(card, &size);
	test_assert(pim_item_props_read(text, size, &second, &error) == 0);
	test_assert_strcmp(first.uid, second.uid);
	test_end();
}

/* BASE64 of "sound", "hello" and nothing; one is broken, one a link. */
#define INLINE \
	"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n" \
	"attach;VALUE=BINARY;X-A=\":;\";ENCODING=base64:c29\r\n 1b \r\n\tmQ=\r\n" \
	"ATTACH;ENCODING=BASE64;VALUE=BINARY;FILENAME=x\r\n .y:aGVsbG8=\n" \
	"ATTACH;ENCODING=BASE64:\r\n" \
	"ATTACH;ENCODING=BASE64;VALUE=BINARY:aGVs\r\n bG8\r\n" \
	"ATTACH;ENCODING=BASE64\r\n" \
	"ATTACH;FMTTYPE=text/plain:https://example.test/\r\n .y\r\n" \
	"ATTACH;ENCODING=BASE64:aGVsbG8=\r\n" \
	"END:VEVENT\r\nEND:VCALENDAR\r\n"
#define HELLO PIM_INLINE_SCHEME \
	"2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"

static const char *
test_content(struct pim_split *split, const char *value)
{
	struct istream *input = pim_split_content(split, value);
	string_t *str = t_str_new(64);
	const unsigned char *data;
	size_t size;
	uoff_t total;

	if (input == NULL)
		return NULL;
	test_assert(i_stream_get_size(input, TRUE, &total) == 1);
	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(str, data, size);
		i_stream_skip(input, size);
	}
	test_assert(input->stream_errno == 0 && str_len(str) == total);
	i_stream_unref(&input);
	return str_c(str);
}

static void test_pim_split_extract(void)
{
	static const char *const contents[] = {
		"sound", "hello", "", NULL, NULL, "hello",
	};
	struct istream *input;
	struct pim_split *split;
	struct pim_component *event;
	struct pim_property *prop;
	struct pim_lines *doc;
	const char *text, *error;
	unsigned int i;
	size_t size, chunk;

	test_begin("pim split: contents");
	for (chunk = 0; chunk < 4; chunk++) {
		/* the second one has what the first one has, and is by itself */
		input = test_istream_create_data(INLINE INLINE,
						 2 * strlen(INLINE));
		test_istream_set_allow_eof(input, TRUE);
		if (chunk > 0)
			test_istream_set_max_buffer_size(input, chunk);
		split = pim_split_init(input);
		pim_split_extract(split, "/tmp/test-pim-split.");
		i_stream_unref(&input);
		test_item(split, &size);
		text = test_item(split, &size);
		test_assert(strlen(text) == size);
		test_assert(strstr(text, "\r\n bG8\r\nATTACH;ENCODING=BASE64"
				   "\r\nATTACH;FMT") != NULL);
		test_assert(strstr(text, ";FILENAME=x\r\n .y:" HELLO "\n")
			    != NULL);
		test_assert(pim_lines_parse(text, size, NULL, &doc,
					    &error) == 0);
		event = pim_component_find(pim_component_find(
			pim_lines_root(doc), "VCALENDAR"), "VEVENT");
		prop = pim_property_find(event, "ATTACH");
		for (i = 0; i < N_ELEMENTS(contents); i++) {
			test_assert_strcmp_idx(test_content(split,
				pim_property_value(prop)), contents[i], i);
			prop = pim_property_next(prop, "ATTACH");
		}
		test_assert(prop == NULL);
		pim_lines_free(&doc);
		pim_split_deinit(&split);
	}
	test_end();
}

/* Lines that are longer than what is read at once, and pieces that are too large. */
static void test_pim_split_long(void)
{
	string_t *str = str_new(default_pool, 50*1024*1024);
	struct istream *input;
	struct pim_split *split;
	const char *text, *error;
	unsigned int round, i;
	uoff_t total;
	size_t size;
	bool more;

	test_begin("pim split: long lines");
	for (round = 0; round < 2; round++) {
		str_truncate(str, 0);
		str_append(str, "BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:a\r\n"
			   "ATTACH;ENCODING=BASE64:");
		for (i = 0; i < 34*1024*1024 / 16; i++)
			str_append(str, "QUJDREVGR0hJSktM");
		str_append(str, "\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
			   CARD("b"));
		input = i_stream_create_from_data(str_data(str), str_len(str));
		split = pim_split_init(input);
		if (round == 1)
			pim_split_extract(split, "/tmp/test-pim-split.");
		/* it is too large, and nothing of it comes; or not */
		if (round == 0) {
			test_assert(pim_split_next(split, &text, &size, &more,
						   &error) == -1 && more);
		} else {
			text = test_item(split, &size);
			test_assert(size < 300);
			text = strstr(text, PIM_INLINE_SCHEME);
			i_assert(text != NULL);
			text = t_strcut(text, '\r');
			i_stream_unref(&input);
			input = pim_split_content(split, text);
			test_assert(i_stream_get_size(input, TRUE, &total) ==
				    1 && total == 34*1024*1024 / 16 * 12);
		}
		i_stream_unref(&input);
		test_assert(strstr(test_item(split, &size), "UID:b") != NULL);
		pim_split_deinit(&split);
	}
	str_free(&str);
	test_end();
}

static void test_pim_attach(void)
{
	static const char text[] =
		"BEGIN:VEVENT\r\n"
		"ATTACH;FILENAME=\"a:b\";SIZE=3:roost-blob:17\r\n"
		"ATTACH:https://example.test/roost-blob:1\r\n"
		"ATTACHED:roost-blob:2\r\n"
		"DESCRIPTION:x\r\n ATTACH:roost-blob:3\r\n"
		"attach:ROOST-\r\n blob:4\n"
		"ATTACH:roost-blob:x\r\n"
		"ATTACH:roost-blob:99999999999\r\n"
		"ATTACH;X=\"roost-blob:5\r\n"
		"ATTACH:roost-blob:17";
	static const uint32_t wanted[] = { 17, 4, 17 };
	ARRAY_TYPE(uint32_t) nums;
	struct pim_attach attach;
	struct pim_property *prop;
	struct pim_lines *doc;
	const char *eol, *error, *line;
	string_t *str = t_str_new(256);

	test_begin("pim attach");
	t_array_init(&nums, 4);
	pim_attach_list(text, strlen(text), &nums);
	test_assert(array_count(&nums) == N_ELEMENTS(wanted) &&
		    memcmp(array_front(&nums), wanted, sizeof(wanted)) == 0);
	test_assert(pim_attach_has_any(text, strlen(text)));
	test_assert(!pim_attach_has_any("X:ATTACH:\n ATTACH:\n", 20));

	/* with the content, and back */
	test_assert(pim_attach_next(text, strlen(text), 0, &attach));
	line = pim_attach_inline(text, &attach, "text/x", "other", &eol);
	test_assert_strcmp(line, "ATTACH;FILENAME=\"a:b\";SIZE=3;"
			   "FMTTYPE=text/x;ENCODING=BASE64;VALUE=BINARY:");
	test_assert_strcmp(eol, "\r\n");
	line = t_strconcat(line, eol, " YWJj", eol, NULL);
	test_assert(pim_lines_parse(line, strlen(line), NULL, &doc,
				    &error) == 0);
	prop = pim_property_find(pim_lines_root(doc), "ATTACH");
	pim_attach_set_blob(prop, 18, 3);
	pim_lines_write(doc, str);
	test_assert_strcmp(str_c(str), "ATTACH;FILENAME=\"a:b\";SIZE=3;"
			   "FMTTYPE=text/x:roost-blob:18\r\n");
	pim_lines_free(&doc);
	test_assert(pim_attach_next(text, strlen(text), attach.end, &attach) &&
		    attach.num == 4);
	(void)pim_attach_inline(text, &attach, NULL, NULL, &eol);
	test_assert_strcmp(eol, "\n");

	/* other numbers, and nothing else */
	str_truncate(str, 0);
	pim_attach_renumber(text, strlen(text), (const uint32_t[]){ 1, 2, 3 },
			    str);
	array_clear(&nums);
	pim_attach_list(str_c(str), str_len(str), &nums);
	test_assert(array_count(&nums) == 3 && *array_idx(&nums, 0) == 1 &&
		    *array_idx(&nums, 1) == 2 && *array_idx(&nums, 2) == 3);
	test_assert(strstr(str_c(str), "ATTACH:roost-blob:x\r\n"
			   "ATTACH:roost-blob:99999999999\r\n") != NULL);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_split_items,
		test_pim_split_content,
		test_pim_split_extract,
		test_pim_split_long,
		test_pim_attach,
		test_pim_split_nul,
		test_pim_split_large,
		test_pim_split_add_uid,
		NULL
	};
	return test_run(test_functions);
}
