/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "test-common.h"
#include "pim-charset.h"
#include "pim-decode.h"
#include "pim-html.h"
#include "pim-text.h"

static void test_pim_text_cut(void)
{
	static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
	static const unsigned char lengths[] = {
		0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11
	};

	test_begin("pim text: cut");
	for (unsigned int i = 0; i < N_ELEMENTS(lengths); i++) {
		test_assert_idx(pim_text_cut(text, strlen(text), i) ==
				lengths[i], i);
	}
	test_end();
}

static void test_pim_text_check(void)
{
	static const struct {
		const char *text;
		size_t size;
		bool valid, valid_cut;
	} tests[] = {
		{ "", 0, TRUE, TRUE },
		{ "a\r\n\tb", 5, TRUE, TRUE },
		{ "a\0b", 3, FALSE, FALSE },
		{ "\x1b", 1, FALSE, FALSE },
		{ "\xc3\xa9", 2, TRUE, TRUE },
		{ "\xc3", 1, FALSE, TRUE },
		{ "\xf0\x9f\x98", 3, FALSE, TRUE },
		{ "\xf0\x9f\x98\x80", 4, TRUE, TRUE },
		{ "\xe9 ", 2, FALSE, FALSE },
		{ "\xc0\xaf", 2, FALSE, FALSE },
		{ "\xed\xa0\x80", 3, FALSE, FALSE },
		{ "\xef\xbf\xbe", 3, FALSE, FALSE },
		{ "\xef\xbf\xbd", 3, TRUE, TRUE },
		{ "\xff", 1, FALSE, FALSE },
	};
	struct pim_text_check whole, bytes;

	test_begin("pim text: check");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		pim_text_check_init(&whole);
		pim_text_check_more(&whole, (const void *)tests[i].text,
				    tests[i].size);
		pim_text_check_init(&bytes);
		for (size_t j = 0; j < tests[i].size; j++) {
			pim_text_check_more(&bytes,
				(const void *)(tests[i].text + j), 1);
		}
		test_assert_idx(pim_text_check_finish(&whole, FALSE) ==
				tests[i].valid, i);
		test_assert_idx(pim_text_check_finish(&whole, TRUE) ==
				tests[i].valid_cut, i);
		test_assert_idx(pim_text_check_finish(&bytes, FALSE) ==
				tests[i].valid, i);
		test_assert_idx(pim_text_check_finish(&bytes, TRUE) ==
				tests[i].valid_cut, i);
	}
	test_end();
}

static const struct {
	const char *charset, *input;
	size_t size;
	const char *text;
	unsigned int codepage;
} test_charsets[] = {
	{ NULL, "abc", 3, "abc", 20127 },
	{ NULL, "\xfc" "ber", 4, "über", 20127 },
	{ "us-ascii", "\x93\x80\x94", 3, "“€”", 20127 },
	{ "utf-8", "\xc3\xbc", 2, "ü", 65001 },
	/* said UTF-8, is not */
	{ "utf-8", "\xfc" "ber", 4, "über", 65001 },
	/* UTF-8 with one bad byte stays UTF-8 */
	{ "utf-8", "\xc3\xbc \xff \xc3\xbc", 7, "ü \xef\xbf\xbd ü", 65001 },
	{ "utf-8", "\xe2\x82", 2, "â‚", 65001 },
	{ "iso-8859-1", "\x80\xe9", 2, "€é", 28591 },
	{ "iso-8859-15", "\xa4", 1, "€", 28605 },
	{ "windows-1251", "\xcf\xf0", 2, "Пр", 1251 },
	{ "KOI8-R", "\xf0\xd2", 2, "Пр", 20866 },
	{ "shift_jis", "\x89\xef", 2, "会", 932 },
	{ "iso-2022-jp", "\x1b$B2q\x1b(B", 8, "会", 50220 },
	{ "euc-kr", "\xb0\xa1", 2, "가", 51949 },
	{ "big5", "\xa4\xa4", 2, "中", 950 },
	{ "gb2312", "\xd6\xd0", 2, "中", 936 },
	{ "utf-16le", "\xac\x20", 2, "€", 1200 },
	{ "utf-7", "+IKw-", 5, "€", 65000 },
	{ "windows-1255", "\xf9\xec\xe5\xed", 4, "שלום", 1255 },
	{ "windows-1258", "a\xcc", 2, "à", 1258 },
	{ "x-nobody-knows", "\xfc", 1, "ü", 65001 },
	{ "", "a", 1, "a", 65001 },
	{ "iso-8859-2", "a\x01" "b", 3, "a b", 28592 },
};

static void test_pim_charset(void)
{
	struct pim_charset_decoder *dec;
	buffer_t *buf = buffer_create_dynamic(default_pool, 64);

	test_begin("pim charset");
	for (unsigned int i = 0; i < N_ELEMENTS(test_charsets); i++) {
		buffer_set_used_size(buf, 0);
		pim_charset_to_utf8(test_charsets[i].charset,
				    test_charsets[i].input,
				    test_charsets[i].size, buf);
		test_assert_strcmp_idx(str_c(buf), test_charsets[i].text, i);
		test_assert_idx(pim_charset_codepage(test_charsets[i].charset)
				== test_charsets[i].codepage, i);

		/* a byte at a time, twice with the same decoder */
		dec = pim_charset_decoder_init(test_charsets[i].charset);
		for (unsigned int n = 0; n < 2; n++) {
			buffer_set_used_size(buf, 0);
			for (size_t j = 0; j < test_charsets[i].size; j++) {
				pim_charset_decoder_more(dec,
					test_charsets[i].input + j, 1, buf);
			}
			pim_charset_decoder_finish(dec, buf);
			test_assert_strcmp_idx(str_c(buf),
					       test_charsets[i].text, i);
		}
		pim_charset_decoder_deinit(&dec);
	}
	buffer_free(&buf);
	test_end();
}

static void test_pim_decode(void)
{
	static const struct {
		const char *name;
		enum pim_encoding encoding;
		const char *input, *output;
	} tests[] = {
		{ NULL, PIM_ENCODING_NONE, "a=20b", "a=20b" },
		{ "7bit", PIM_ENCODING_NONE, "a", "a" },
		{ "x-unknown", PIM_ENCODING_NONE, "a", "a" },
		{ "Binary", PIM_ENCODING_BINARY, "a", "a" },
		{ "BASE64", PIM_ENCODING_BASE64, "YWJj", "abc" },
		{ "base64", PIM_ENCODING_BASE64, "Y\r\nW !Jj\nZA==\n", "abcd" },
		{ "base64", PIM_ENCODING_BASE64, "YWI", "ab" },
		{ "base64", PIM_ENCODING_BASE64, "YQ", "a" },
		{ "base64", PIM_ENCODING_BASE64, "Y", "" },
		{ "base64", PIM_ENCODING_BASE64, "YQ==YWI=YWJj", "aababc" },
		{ "base64", PIM_ENCODING_BASE64, "====", "" },
		{ "quoted-printable", PIM_ENCODING_QUOTED_PRINTABLE,
		  "a=C3=A9=\r\nb \r\nc", "a\xc3\xa9" "b\r\nc" },
		{ "quoted-printable", PIM_ENCODING_QUOTED_PRINTABLE, "a=ZZb=",
		  "a=ZZb=" },
	};
	struct pim_decoder *dec;
	buffer_t *buf = buffer_create_dynamic(default_pool, 64);

	test_begin("pim decode");
	for (unsigned int i = 0; i < N_ELEMENTS(tests) * 2; i++) {
		unsigned int t = i / 2;
		size_t size = strlen(tests[t].input);
		size_t step = i % 2 == 0 ? I_MAX(size, 1) : 1;

		test_assert_idx(pim_encoding_find(tests[t].name) ==
				tests[t].encoding, t);
		buffer_set_used_size(buf, 0);
		dec = pim_decoder_init(tests[t].encoding);
		for (size_t pos = 0; pos < size; pos += step) {
			pim_decoder_more(dec, (const void *)(tests[t].input +
					 pos), step, buf);
		}
		pim_decoder_finish(dec, buf);
		pim_decoder_deinit(&dec);
		test_assert_strcmp_idx(str_c(buf), tests[t].output, t);
	}
	buffer_free(&buf);
	test_assert(pim_encoding_estimate(PIM_ENCODING_NONE, 100, 5) == 100);
	test_assert(pim_encoding_estimate(PIM_ENCODING_BASE64, 78, 1) == 57);
	test_assert(pim_encoding_estimate(PIM_ENCODING_BASE64, 1, 9) == 0);
	test_end();
}

static void test_pim_text2html(void)
{
	static const struct {
		const char *text, *html;
	} tests[] = {
		{ "", "" },
		{ "a\nb\r\n", "a<br>\r\nb<br>\r\n" },
		{ "a  b   c", "a &nbsp;b &nbsp; c" },
		{ " a\n b", "&nbsp;a<br>\r\n&nbsp;b" },
		{ "<&>\"'", "&lt;&amp;&gt;\"'" },
		{ "é\tx", "é&nbsp;&nbsp;&nbsp; x" },
		{ "> quote", "&gt; quote" },
	};
	struct pim_text2html *conv;
	buffer_t *buf = buffer_create_dynamic(default_pool, 64);

	test_begin("pim text to html");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		buffer_set_used_size(buf, 0);
		conv = pim_text2html_init();
		pim_text2html_more(conv, (const void *)tests[i].text,
				   strlen(tests[i].text), buf);
		pim_text2html_deinit(&conv);
		test_assert_strcmp_idx(str_c(buf), tests[i].html, i);
	}
	buffer_free(&buf);
	test_end();
}

static const struct {
	const char *html, *text;
} test_html[] = {
	{ "", "" },
	{ "plain", "plain\r\n" },
	{ "  a \n b\t", "a b\r\n" },
	{ "a<br>b<br><br>c", "a\r\nb\r\n\r\nc\r\n" },
	{ "<p>a</p><p>b</p>", "a\r\n\r\nb\r\n" },
	{ "<div>a</div><div>b<div>c</div></div>d", "a\r\nb\r\nc\r\nd\r\n" },
	{ "w<b>or</b>d", "word\r\n" },
	{ "a <b> b </b> c", "a b c\r\n" },
	{ "&lt;a&gt; &amp; &eacute; &#8364; &#x20ac; &nbsp;x",
	  "<a> & é € €  x\r\n" },
	{ "a & b &bogus; &", "a & b &bogus; &\r\n" },
	{ "&#0;&#xd800;&#x110000;&#99999999999;",
	  "&#0;&#xd800;&#x110000;&#99999999999;\r\n" },
	{ "a < b", "a < b\r\n" },
	{ "<script>if (a < b) { x = '</p>'; }</script>ok", "ok\r\n" },
	{ "<style>p {}</style >ok<title>t</title>", "ok\r\n" },
	{ "<!-- <p>no</p> -- > --->ok<!DOCTYPE html>", "ok\r\n" },
	{ "<ul><li>a</li><li>b</li></ul>c", "- a\r\n- b\r\nc\r\n" },
	{ "<blockquote>a<blockquote>b</blockquote></blockquote>c",
	  "> a\r\n>> b\r\nc\r\n" },
	{ "<blockquote><p>a</p><p>b</p></blockquote>", "> a\r\n>\r\n> b\r\n" },
	{ "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>",
	  "a\tb\r\nc\r\n" },
	{ "<pre>a\n  b\n\nc</pre>d", "a\r\n  b\r\n\r\nc\r\nd\r\n" },
	{ "<a href=\"http://x.test/?a&amp;b\">here</a>!",
	  "here <http://x.test/?a&b>!\r\n" },
	{ "<a href='http://x.test/'>http://x.test/</a>", "http://x.test/\r\n" },
	{ "<a href=http://x.test/y>here</a>", "here <http://x.test/y>\r\n" },
	{ "<a class=k href = \"https://x.test\" id=z>here</a>",
	  "here <https://x.test>\r\n" },
	{ "<a href=\"mailto:a@b.test\">write</a>", "write\r\n" },
	{ "<a href=\"http://x.test/\"><img src=y></a>", "" },
	{ "<img alt=\"a > b\">c", "c\r\n" },
	{ "a<hr>b", "a\r\n________________________________\r\nb\r\n" },
	{ "<H1>T</H1>x", "T\r\n\r\nx\r\n" },
	{ "<unknown:tag x='<p>'>a</unknown:tag>", "a\r\n" },
	{ "a<", "a\r\n" },
	{ "a<b", "a\r\n" },
	{ "a&amp", "a&\r\n" },
	{ "</blockquote></a></pre>a", "a\r\n" },
};

static void test_pim_html2text(void)
{
	struct pim_html2text *conv;
	buffer_t *buf = buffer_create_dynamic(default_pool, 64);

	test_begin("pim html to text");
	for (unsigned int i = 0; i < N_ELEMENTS(test_html) * 2; i++) {
		unsigned int t = i / 2;
		size_t size = strlen(test_html[t].html);
		size_t step = i % 2 == 0 ? I_MAX(size, 1) : 1;

		buffer_set_used_size(buf, 0);
		conv = pim_html2text_init();
		for (size_t pos = 0; pos < size; pos += step) {
			pim_html2text_more(conv,
				(const void *)(test_html[t].html + pos), step,
				buf);
		}
		pim_html2text_finish(conv, buf);
		pim_html2text_deinit(&conv);
		test_assert_strcmp_idx(str_c(buf), test_html[t].text, t);
	}
	buffer_free(&buf);
	test_end();
}

static void test_pim_html_meta_charset(void)
{
	static const struct {
		const char *html, *charset;
	} tests[] = {
		{ "<meta charset=\"utf-8\">", "utf-8" },
		{ "<META http-equiv=x content='text/html; charset=koi8-r'>",
		  "koi8-r" },
		{ "<meta charset=x-y_1.2/>", "x-y_1.2" },
		{ "<p>charset=utf-8</p>", NULL },
		{ "<meta charset=\"\">", NULL },
		{ "<meta charset=ut", NULL },
		{ "", NULL },
	};
	size_t start, len;

	test_begin("pim html: charset of meta");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *charset = pim_html_meta_charset(
			(const void *)tests[i].html, strlen(tests[i].html),
			&start, &len);

		test_assert_strcmp_idx(charset, tests[i].charset, i);
		if (charset != NULL) {
			test_assert_idx(len == strlen(charset) &&
				memcmp(tests[i].html + start, charset,
				       len) == 0, i);
		}
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_text_cut,
		test_pim_text_check,
		test_pim_charset,
		test_pim_decode,
		test_pim_text2html,
		test_pim_html2text,
		test_pim_html_meta_charset,
		NULL
	};

	return test_run(test_functions);
}
