/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "test-common.h"
#include "pim-header.h"
#include "test-pim-fixture.h"

static void test_pim_header_decode(void)
{
	static const struct {
		const char *raw, *text;
	} tests[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "  a \t b\r\n c  ", "a   b   c" },
		{ "=?utf-8?Q?Gr=C3=BC=C3=9Fe?=", "Grüße" },
		{ "=?iso-8859-1?Q?Gr=FC=DFe?= =?utf-8?B?8J+YgA==?=",
		  "Grüße😀" },
		/* a character in two words of the same charset */
		{ "=?utf-8?B?Y2Fmww==?= =?UTF-8?B?qQ==?=", "café" },
		{ "=?utf-8*en?Q?a?=", "a" },
		/* words and text */
		{ "Re: =?utf-8?Q?=C3=A9?= x", "Re: é x" },
		/* unknown charset, unknown encoding, open word */
		{ "=?x-unknown?Q?=FCber?=", "über" },
		{ "=?utf-8?X?abc?=", "=?utf-8?X?abc?=" },
		{ "=?utf-8?Q?open", "=?utf-8?Q?open" },
		/* a byte that belongs to nothing */
		{ "=?utf-8?Q?=C3=A9=C3?=", "é\xef\xbf\xbd" },
		/* raw 8-bit: windows-1252 and UTF-8 */
		{ "Gr\xfc\xdf" "e \x80", "Grüße €" },
		{ "Gr\xc3\xbc\xc3\x9f" "e", "Grüße" },
		/* control and noncharacters */
		{ "a\x01" "b\x7f", "a b\x7f" },
		{ "a\xef\xbf\xbf", "a\xef\xbf\xbd" },
		{ "=?utf-8?Q?a=00b?=", "a b" },
		/* what iconv holds back */
		{ "=?windows-1255?B?+ezl7Q==?=", "שלום" },
		{ "=?ISO-2022-JP?B?GyRCMnE1RBsoQg==?=", "会議" },
		{ "=?gb2312?B?xOO6ww==?=", "你好" },
	};

	test_begin("pim header: decoding");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(pim_header_decode(tests[i].raw),
				       tests[i].text, i);
	}
	test_assert(pim_header_decode(NULL) == NULL);
	test_end();
}

static void test_pim_header_addresses(void)
{
	static const struct {
		const char *raw, *addresses, *names, *first;
	} tests[] = {
		{ "", "", "", NULL },
		{ "a@b.test", "a@b.test", "a@b.test", "a@b.test" },
		{ "A B <a@b.test>, c@d.test", "\"A B\" <a@b.test>, c@d.test",
		  "A B; c@d.test", "a@b.test" },
		{ "\"Doe, \\\"J\\\"\" <j@b.test>",
		  "\"Doe, \\\"J\\\"\" <j@b.test>", "Doe, \"J\"", "j@b.test" },
		{ "=?utf-8?Q?=22Doe=2C_J=C3=B6rg=22?= <j@b.test>",
		  "\"\\\"Doe, Jörg\\\"\" <j@b.test>", "\"Doe, Jörg\"",
		  "j@b.test" },
		{ "undisclosed-recipients:;", "", "", NULL },
		{ "Group: a@b.test, C <c@b.test>;",
		  "a@b.test, \"C\" <c@b.test>", "a@b.test; C", "a@b.test" },
		{ "\"O'Neill\" <g@b.test>", "\"O'Neill\" <g@b.test>", "O'Neill",
		  "g@b.test" },
		{ "J\xfcrgen <j@b.test>", "\"Jürgen\" <j@b.test>", "Jürgen",
		  "j@b.test" },
		{ "nobody", "nobody", "nobody", "nobody" },
		{ "\"a b\"@c.test", "\"a b\"@c.test", "\"a b\"@c.test",
		  "\"a b\"@c.test" },
		{ "<>", "", "", NULL },
	};
	string_t *str = t_str_new(64);

	test_begin("pim header: addresses");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		str_truncate(str, 0);
		pim_header_addresses(str, tests[i].raw, ", ", 1024);
		test_assert_strcmp_idx(str_c(str), tests[i].addresses, i);
		str_truncate(str, 0);
		pim_header_display_names(str, tests[i].raw, 1024);
		test_assert_strcmp_idx(str_c(str), tests[i].names, i);
		test_assert_strcmp_idx(pim_header_first_address(tests[i].raw),
				       tests[i].first, i);
	}
	str_truncate(str, 0);
	pim_header_addresses(str, NULL, ", ", 1024);
	test_assert(str_len(str) == 0 &&
		    pim_header_first_address(NULL) == NULL);
	test_end();
}

/* 2,000 recipients: whole addresses up to the limit */
static void test_pim_header_addresses_many(void)
{
	string_t *raw = t_str_new(131072), *str = t_str_new(32768);

	test_begin("pim header: 2000 recipients");
	for (unsigned int i = 0; i < 2000; i++) {
		str_printfa(raw, "%sPerson %u <p%u@example.test>",
			    i == 0 ? "" : ",\r\n ", i, i);
	}
	pim_header_addresses(str, str_c(raw), ", ", 32768);
	test_assert(str_len(str) <= 32768 && str_len(str) > 32768 - 64);
	test_assert(str_c(str)[str_len(str)-1] == '>');
	test_end();
}

static void test_pim_headers_read(void)
{
	static const char input_data[] =
		"From:x@y.test\r\n"
		"to: one@a.test,\r\n\ttwo@a.test\r\n"
		"TO: three@a.test\r\n"
		"Subject: first\r\n"
		"Subject: second\r\n"
		"X-Other: no\r\n"
		"broken line\r\n"
		"References: <a@b>\r\n  <c@d>\r\n"
		"\r\n"
		"Cc: in the body\r\n";
	struct istream *input = test_istream_create(input_data);
	struct pim_headers headers;
	pool_t pool = pool_alloconly_create("test headers", 1024);

	test_begin("pim header: block");
	test_assert(pim_headers_read(pool, input, &headers) == 0);
	test_assert_strcmp(headers.value[PIM_HEADER_FROM], "x@y.test");
	test_assert_strcmp(headers.value[PIM_HEADER_TO],
			   "one@a.test, two@a.test, three@a.test");
	test_assert_strcmp(headers.value[PIM_HEADER_SUBJECT], "first");
	test_assert_strcmp(headers.value[PIM_HEADER_REFERENCES],
			   "<a@b>  <c@d>");
	test_assert(headers.value[PIM_HEADER_CC] == NULL);
	i_stream_unref(&input);
	pool_unref(&pool);
	test_end();
}

/* A header of 40 MB without end costs 1 MB. */
static void test_pim_headers_read_large(void)
{
	size_t size = 3 * 1024 * 1024;
	char *data = i_malloc(size);
	struct istream *input;
	struct pim_headers headers;
	pool_t pool = pool_alloconly_create("test headers", 1024);

	test_begin("pim header: no end");
	memset(data, 'x', size);
	memcpy(data, "Subject: ", 9);
	input = i_stream_create_from_data(data, size);
	test_assert(pim_headers_read(pool, input, &headers) == 0);
	test_assert(headers.value[PIM_HEADER_SUBJECT] == NULL ||
		    strlen(headers.value[PIM_HEADER_SUBJECT]) <= 128 * 1024);
	i_stream_unref(&input);
	pool_unref(&pool);
	i_free(data);
	test_end();
}

static void test_pim_content(void)
{
	static const struct {
		const char *raw, *value, *name, *param;
	} tests[] = {
		{ "text/plain", "text/plain", "charset", NULL },
		{ "TEXT / Plain ; CharSet=UTF-8", "text/plain", "charset",
		  "UTF-8" },
		{ "text/plain; charset=\"utf-8\" (comment)", "text/plain",
		  "charset", "utf-8" },
		{ "attachment; filename=\"a;b.txt\"", "attachment", "filename",
		  "a;b.txt" },
		{ "attachment; filename*=iso-8859-1'de'%DCbung.txt",
		  "attachment", "filename", "Übung.txt" },
		{ "attachment; filename*0*=utf-8''%E2%82; filename*1*=%AC;"
		  " filename*2=\".txt\"", "attachment", "filename", "€.txt" },
		{ "attachment; filename=\"=?utf-8?Q?=C3=BC?=.txt\"",
		  "attachment", "filename", "ü.txt" },
		{ "attachment; filename=plain.txt; filename*=utf-8''%C3%BC",
		  "attachment", "filename", "ü" },
		{ "", "", "x", NULL },
		{ ";;;", "", "x", NULL },
		{ "a/b; x", "a/b", "x", NULL },
	};
	struct pim_content_value value;

	test_begin("pim header: content values");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		pim_header_content_parse(tests[i].raw, &value);
		test_assert_strcmp_idx(value.value, tests[i].value, i);
		test_assert_strcmp_idx(pim_content_param(&value,
							 tests[i].name),
				       tests[i].param, i);
	}
	pim_header_content_parse(NULL, &value);
	test_assert_strcmp(value.value, "");
	test_end();
}

static void test_pim_header_fixtures(void)
{
	struct test_mail mail;
	string_t *str = t_str_new(128);

	test_begin("pim header: fixtures");
	test_mail_open(&mail, "headers-8bit");
	test_assert_strcmp(pim_header_decode(
		mail.msg->headers.value[PIM_HEADER_SUBJECT]),
		"Grüße und   mehr");
	pim_header_addresses(str, mail.msg->headers.value[PIM_HEADER_FROM],
			     ", ", 1000);
	test_assert_strcmp(str_c(str),
			   "\"Jürgen Müller\" <juergen@example.test>");
	str_truncate(str, 0);
	pim_header_addresses(str, mail.msg->headers.value[PIM_HEADER_TO],
			     ", ", 1000);
	test_assert_strcmp(str_c(str), "\"Zürich €\" <zh@example.test>");
	test_mail_deinit(&mail);

	test_mail_open(&mail, "headers-words");
	test_assert_strcmp(pim_header_decode(
		mail.msg->headers.value[PIM_HEADER_SUBJECT]),
		"Grüße😀 und über=?utf-8?Q?_broken");
	str_truncate(str, 0);
	pim_header_display_names(str, mail.msg->headers.value[PIM_HEADER_TO],
				 1000);
	test_assert_strcmp(str_c(str), "café; a@example.test; B");
	test_mail_deinit(&mail);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_header_decode,
		test_pim_header_addresses,
		test_pim_header_addresses_many,
		test_pim_headers_read,
		test_pim_headers_read_large,
		test_pim_content,
		test_pim_header_fixtures,
		NULL
	};

	return test_run(test_functions);
}
