/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "hex-binary.h"
#include "test-common.h"
#include "pim-html.h"
#include "pim-rtf.h"

/* [MS-OXRTFCP] 4 has the first two */
static const struct {
	const char *hex;
	const char *rtf;		/* NULL = malformed */
} packed_tests[] = {
	{ "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af320"
	  "68656c090020627705b06c647d0a800fa0",
	  "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n" },
	/* a reference into what it is just writing */
	{ "1a0000001c0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0",
	  "{\\rtf1 WXYZWXYZWXYZWXYZWXYZ}" },
	/* not packed, and it ends early */
	{ "0f0000000a0000004d454c41000000007b5c7274", NULL },
	/* wrong checksum */
	{ "1a0000001c0000004c5a4675e2d44b50410004205758595a0d6e7d010eb0",
	  NULL },
	/* the text is longer than the data */
	{ "1a0000001d0000004c5a4675e2d44b51410004205758595a0d6e7d010eb0",
	  NULL },
	/* larger than anything */
	{ "1a000000ffffffff4c5a4675e2d44b51410004205758595a0d6e7d010eb0",
	  NULL },
	{ "00000000", NULL },
	{ "ffffffff1c0000004c5a467500000000", NULL },
};

static void test_pim_rtf_decompress(void)
{
	const char *error;
	buffer_t *data, *rtf;

	test_begin("pim rtf: decompress");
	for (unsigned int i = 0; i < N_ELEMENTS(packed_tests); i++) {
		data = t_buffer_create(128);
		rtf = t_buffer_create(128);
		(void)hex_to_binary(packed_tests[i].hex, data);
		error = NULL;
		test_assert_idx(pim_rtf_decompress(data->data, data->used, rtf,
						   &error) ==
				(packed_tests[i].rtf == NULL ? -1 : 0), i);
		test_assert_idx((error != NULL) == (packed_tests[i].rtf == NULL),
				i);
		if (packed_tests[i].rtf != NULL) {
			test_assert_strcmp_idx(str_c(rtf), packed_tests[i].rtf,
					       i);
		}
	}
	test_end();
}

/* The uncompressed form */
static void test_pim_rtf_plain(void)
{
	static const char text[] = "{\\rtf1 A}";
	static const unsigned char header[] = {
		12 + sizeof(text) - 1, 0, 0, 0, sizeof(text) - 1, 0, 0, 0,
		0x4d, 0x45, 0x4c, 0x41, 0, 0, 0, 0
	};
	buffer_t *data = t_buffer_create(64), *rtf = t_buffer_create(64);
	const char *error;

	test_begin("pim rtf: not packed");
	buffer_append(data, header, sizeof(header));
	buffer_append(data, text, sizeof(text) - 1);
	test_assert(pim_rtf_is_compressed(data->data, data->used));
	test_assert(pim_rtf_decompress(data->data, data->used, rtf,
				       &error) == 0);
	test_assert_strcmp(str_c(rtf), text);
	test_end();
}

static const struct {
	const char *rtf, *text;
} text_tests[] = {
	{ "", "" },
	{ "no rtf", "" },
	{ "{\\rtf1\\ansi\\ansicpg1252\\pard hello world\\par}\r\n",
	  "hello world" },
	{ "{\\rtf1 a\\par b\\line c\\tab d\\~e\\_f\\-g}",
	  "a\nb\nc\td\xc2\xa0" "e-fg" },
	{ "{\\rtf1 one\\par\r\ntwo\\par\r\n\\par\r\n}", "one\ntwo\n" },
	{ "{\\rtf1 \\{a\\}\\\\}", "{a}\\" },
	/* code pages */
	{ "{\\rtf1\\ansi K\\'e4se \\'80}", "K\xc3\xa4se \xe2\x82\xac" },
	{ "{\\rtf1\\ansi\\ansicpg1251 \\'cc\\'e8\\'f0}",
	  "\xd0\x9c\xd0\xb8\xd1\x80" },
	{ "{\\rtf1\\ansi{\\fonttbl{\\f0\\fswiss Arial;}"
	  "{\\f1\\fnil\\fcharset204 Arial Cyr;}}\\f0 A\\'e4 "
	  "{\\f1 \\'cc\\'e8\\'f0} \\'e4}",
	  "A\xc3\xa4 \xd0\x9c\xd0\xb8\xd1\x80 \xc3\xa4" },
	{ "{\\rtf1\\ansi{\\fonttbl{\\f2\\fcharset128 MS;}}\\f2 \\'93\\'fa}",
	  "\xe6\x97\xa5" },
	{ "{\\rtf1\\ansi \\'zz\\'4}", "zz4" },
	/* Unicode with what stands for it */
	{ "{\\rtf1\\ansi \\u228?\\u-10179?\\u-8704?!}",
	  "\xc3\xa4\xf0\x9f\x98\x80!" },
	{ "{\\rtf1\\ansi\\uc2 \\u8364\\'80\\'80x}", "\xe2\x82\xacx" },
	{ "{\\rtf1\\ansi\\uc0 \\u8364x\\u55357 y}",
	  "\xe2\x82\xacx\xef\xbf\xbdy" },
	/* what is not for people */
	{ "{\\rtf1{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}"
	  "{\\stylesheet{Normal;}}{\\info{\\author me}}{\\*\\generator X;}"
	  "{\\pict\\bin5 }}}}}}text}", "text" },
	{ "{\\rtf1\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf \\par\\htmlrtf0 "
	  "seen{\\v not}}", "seen" },
	{ "{\\rtf1 \\lquote a\\rquote\\emdash}",
	  "\xe2\x80\x98" "a\xe2\x80\x99\xe2\x80\x94" },
	/* broken */
	{ "{\\rtf1 a}}}}b", "ab" },
	{ "{\\rtf1 a\\", "a" },
	{ "{\\rtf1 a\\u", "a" },
	{ "{\\rtf1\\bin99999999999999999 abc", "" },
	{ "{\\rtf1\\ansicpg99999 a\\ansicpg77 b}", "ab" },
};

static void test_pim_rtf_to_text(void)
{
	string_t *text;

	test_begin("pim rtf: text");
	for (unsigned int i = 0; i < N_ELEMENTS(text_tests); i++) {
		text = t_str_new(128);
		pim_rtf_to_text(text_tests[i].rtf, strlen(text_tests[i].rtf),
				text);
		test_assert_strcmp_idx(str_c(text), text_tests[i].text, i);
	}
	test_end();
}

/* html NULL = it was made of none */
static const struct {
	const char *rtf, *html;
} html_tests[] = {
	{ "{\\rtf1\\fromhtml1{\\*\\htmltag64 <p>}\\htmlrtf \\par\\htmlrtf0 "
	  "seen{\\*\\mhtmltag72 <i>}{\\*\\htmltag72 </p>}}", "<p>seen</p>" },
	{ "{\\rtf1\\fromhtml1{\\*\\htmltag64 a\\par\\tab b\\'e4}}",
	  "a\n\tb\xc3\xa4" },
	/* not within what is skipped as a whole */
	{ "{\\rtf1\\fromhtml1{\\*\\foo{\\*\\htmltag <b>}}{\\htmltag x}}",
	  "x" },
	{ "{\\rtf1\\fromhtml1 {\\*\\htmltag", "" },
	{ "{\\rtf1\\ansi text}", NULL },
	{ "no RTF", NULL },
};

static void test_pim_rtf_to_html(void)
{
	string_t *text;
	bool ret;

	test_begin("pim rtf: html");
	for (unsigned int i = 0; i < N_ELEMENTS(html_tests); i++) {
		text = t_str_new(128);
		ret = pim_rtf_to_html(html_tests[i].rtf,
				      strlen(html_tests[i].rtf), text);
		test_assert_idx(ret == (html_tests[i].html != NULL), i);
		test_assert_strcmp_idx(str_c(text), ret ?
				       html_tests[i].html : "", i);
	}
	test_end();
}

/* html NULL = there is nothing to be shown but the text */
static const struct {
	const char *rtf, *html;
} simple_tests[] = {
	{ "no RTF", NULL },
	{ "{\\rtf1 plain\\par text\\cf0 \\cf7 .}", NULL },
	{ "{\\rtf1\\fromhtml1 {\\b x}}", NULL },
	{ "{\\rtf1 a {\\b b\\i c\\b0 d} e\\par f}",
	  "a <b>b</b><b><i>c</i></b><i>d</i> e<br>\r\nf" },
	{ "{\\rtf1 {\\ul 1 < 2 & \\'e4 \\u8364?}{\\strike x}\\b\\ulw y\\plain z}",
	  "<u>1 &lt; 2 &amp; \xc3\xa4 \xe2\x82\xac</u><s>x</s>"
	  "<b><u>y</u></b>z" },
	/* no tags for what isn't seen */
	{ "{\\rtf1 {\\b}{\\i {\\v no}}\\ul a\\ul0 b\\ul c\\ulnone d}",
	  "<u>a</u>b<u>c</u>d" },
	{ "{\\rtf1{\\colortbl;\\red255\\green0\\blue0;\\red0\\green0\\blue0;}"
	  "\\cf1 r\\cf2 b\\cf0 a\\cf99 n}",
	  "<span style=\"color:#ff0000\">r</span>ban" },
	{ "{\\rtf1 s {\\field{\\*\\fldinst{HYPERLINK \"http://example.test/?a&b\"}}"
	  "{\\fldrslt{\\ul here}}}, e}",
	  "s <a href=\"http://example.test/?a&amp;b\"><u>here</u></a>, e" },
	{ "{\\rtf1 {\\field{\\*\\fldinst HYPERLINK mailto:a@b}{\\fldrslt a@b}}}",
	  "<a href=\"mailto:a@b\">a@b</a>" },
	/* links that nobody should follow */
	{ "{\\rtf1 {\\field{\\*\\fldinst{HYPERLINK \"javascript:x\"}}{\\fldrslt j}}"
	  "{\\field{\\*\\fldinst{HYPERLINK \\\\l \"x\"}}{\\fldrslt l}}"
	  "{\\field{\\*\\fldinst{HYPERLINK \"http://a'b\\'22c\"}}{\\fldrslt q}}"
	  "{\\field{\\*\\fldinst{PAGE}}{\\fldrslt 1}}{\\b b}}",
	  "jl<a href=\"http://a'b\">q</a>1<b>b</b>" },
	{ "{\\rtf1 {\\b a", "<b>a</b>" },
};

static void test_pim_rtf_to_simple_html(void)
{
	const char *expected;
	string_t *text;
	bool ret;

	test_begin("pim rtf: simple html");
	for (unsigned int i = 0; i < N_ELEMENTS(simple_tests); i++) T_BEGIN {
		text = t_str_new(128);
		ret = pim_rtf_to_simple_html(simple_tests[i].rtf,
					     strlen(simple_tests[i].rtf), text);
		test_assert_idx(ret == (simple_tests[i].html != NULL), i);
		expected = simple_tests[i].html == NULL ? "" :
			t_strconcat(pim_text2html_head, simple_tests[i].html,
				    pim_text2html_tail, NULL);
		test_assert_strcmp_idx(str_c(text), expected, i);
	} T_END;
	test_end();
}

static void test_pim_rtf_depth(void)
{
	string_t *rtf = t_str_new(1024), *text = t_str_new(64);
	unsigned int i;

	test_begin("pim rtf: depth");
	str_append(rtf, "{\\rtf1 a");
	for (i = 0; i < 100000; i++)
		str_append_c(rtf, '{');
	str_append_c(rtf, 'b');
	for (i = 0; i < 100000; i++)
		str_append_c(rtf, '}');
	str_append(rtf, "c}");
	pim_rtf_to_text(str_data(rtf), str_len(rtf), text);
	test_assert_strcmp(str_c(text), "abc");
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_rtf_decompress,
		test_pim_rtf_plain,
		test_pim_rtf_to_text,
		test_pim_rtf_to_html,
		test_pim_rtf_to_simple_html,
		test_pim_rtf_depth,
		NULL
	};

	return test_run(test_functions);
}
