/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "pim-item.h"
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

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_split_items,
		test_pim_split_content,
		test_pim_split_nul,
		test_pim_split_large,
		test_pim_split_add_uid,
		NULL
	};
	return test_run(test_functions);
}
