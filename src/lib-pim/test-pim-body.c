/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "test-common.h"
#include "roost-compat.h"
#include "pim-body.h"
#include "test-pim-fixture.h"

/* The whole plain text, and the HTML, or what has to be in it. */
static const struct {
	const char *fixture, *plain, *html, *html_has;
} test_bodies[] = {
	{ "plain",
	  "Dear Ursula,\r\n\r\n"
	  "  the total is 5 < 6 & 7 > 3, see https://example.test/?a=1&b=2.\r\n"
	  "> quoted line\r\nZażółć gęślą jaźń 😀\r\n\r\nMarta\r\n",
	  "<html><head><meta http-equiv=\"Content-Type\" content=\"text/html; "
	  "charset=utf-8\"></head><body>\r\nDear Ursula,<br>\r\n<br>\r\n"
	  "&nbsp; the total is 5 &lt; 6 &amp; 7 &gt; 3, see "
	  "https://example.test/?a=1&amp;b=2.<br>\r\n"
	  "&gt; quoted line<br>\r\nZażółć gęślą jaźń 😀<br>\r\n<br>\r\n"
	  "Marta<br>\r\n</body></html>\r\n", NULL },
	{ "html",
	  "Oferta\r\n\r\nDzień dobry,\r\ndrugi wiersz\r\n\r\n"
	  "- pierwszy\r\n- drugi\r\n> cytat\r\nA\tB\r\n\r\n"
	  "Word & link <https://example.test/?a=1&b=2>.\r\n",
	  NULL, "content=\"text/html; charset=utf-8\">" },
	{ "html", NULL, NULL, "<p>Dzień dobry,<br>" },
	{ "alternative", "The plain version.", NULL,
	  "<p>The <b>HTML</b> version.</p>" },
	{ "alternative-empty-plain", "Only HTML has it.\r\n", NULL,
	  "<p>Only HTML has it.</p>" },
	{ "alternative-mixed", "Before.\r\n\r\nAfter.", NULL,
	  "<p>Before.</p>" },
	{ "alternative-mixed", NULL, NULL, "<p>Before.</p>\r\n<p>After.</p>" },
	{ "smime-encrypted", "", "", NULL },
	{ "smime-signed", "Signed: grüße \r\n\r\ntrailing blanks  \r\n", NULL,
	  NULL },
	{ "pgp-signed", "Signed with PGP. ", NULL, NULL },
	{ "iso-2022-jp", "来週の会議は火曜日です。\r\n", NULL, NULL },
	{ "cp1252-as-ascii", "The “new” price is €50 – naïve?\r\n", NULL,
	  NULL },
	{ "no-charset", "Größe: 12 kB\r\n", NULL, NULL },
	{ "no-charset-utf8", "Größe: 12 kB, 100 €\r\n", NULL, NULL },
	{ "unknown-charset", "Größe\r\n", NULL, NULL },
	{ "utf-16", "Zwölf € 😀\r\n", NULL, NULL },
	{ "hebrew", "שלום", NULL, NULL },
	{ "no-mime", "Just text.\r\n", NULL, NULL },
	{ "broken-base64", "The first half is readable.", NULL, NULL },
	{ "broken-qp", "ok é bad =ZZ end ", NULL, NULL },
	{ "controls", "Bell  , escape  [1m, noncharacter \xef\xbf\xbd, "
	  "NUL by base64 below.\r\n", NULL, NULL },
	{ "nul", "before after\r\n", NULL, NULL },
	{ "names", "Files.\r\nFooter of the list.", NULL, NULL },
	{ "header-only", "", NULL, NULL },
	{ "empty", "", NULL, NULL },
	{ "cut", "The text.", NULL, NULL },
};

static const char *
test_body(struct test_mail *mail, enum pim_body_type type, uoff_t max,
	  struct pim_body_result *result_r)
{
	buffer_t *buf = buffer_create_dynamic(default_pool, 1024);
	struct ostream *output = o_stream_create_buffer(buf);
	const char *ret;

	o_stream_set_no_error_handling(output, TRUE);
	test_assert(pim_body_write(mail->msg, mail->input, type, max, output,
				   result_r) == 0);
	o_stream_unref(&output);
	test_assert(buf->used == result_r->size && result_r->size <= max);
	test_assert(test_text_is_valid(buf->data, buf->used));
	ret = t_strndup(buf->data, buf->used);
	buffer_free(&buf);
	return ret;
}

static void test_pim_body_fixtures(void)
{
	struct test_mail mail;
	struct pim_body_result result;
	const char *text;

	for (unsigned int i = 0; i < N_ELEMENTS(test_bodies); i++) {
		test_begin(t_strdup_printf("pim body: %s",
					   test_bodies[i].fixture));
		test_mail_open(&mail, test_bodies[i].fixture);
		text = test_body(&mail, PIM_BODY_PLAIN, UOFF_T_MAX, &result);
		if (test_bodies[i].plain != NULL)
			test_assert_strcmp(text, test_bodies[i].plain);
		test_assert(!result.truncated &&
			    result.estimated_size == result.size);
		text = test_body(&mail, PIM_BODY_HTML, UOFF_T_MAX, &result);
		if (test_bodies[i].html != NULL)
			test_assert_strcmp(text, test_bodies[i].html);
		if (test_bodies[i].html_has != NULL) {
			test_assert(strstr(text,
					   test_bodies[i].html_has) != NULL);
		}
		test_mail_deinit(&mail);
		test_end();
	}
}

/* At every length what comes is a prefix of the whole that ends between
   characters. */
static void test_pim_body_truncation(void)
{
	static const enum pim_body_type types[] = {
		PIM_BODY_PLAIN, PIM_BODY_HTML
	};
	static const char *const fixtures[] = {
		"plain", "html", "iso-2022-jp", "utf-16", "names"
	};
	struct test_mail mail;
	struct pim_body_result result;
	const char *whole, *text;
	size_t len, max;

	test_begin("pim body: truncation");
	for (unsigned int i = 0; i < N_ELEMENTS(fixtures) * 2; i++) {
		test_mail_open(&mail, fixtures[i / 2]);
		whole = test_body(&mail, types[i % 2], UOFF_T_MAX, &result);
		len = strlen(whole);
		for (max = 0; max <= len + 1; max++) T_BEGIN {
			text = test_body(&mail, types[i % 2], max, &result);
			test_assert_idx(str_begins_with(whole, text), max);
			test_assert_idx(result.truncated == (max < len), max);
			test_assert_idx(max >= len ||
					strlen(text) + 4 > max, max);
			test_assert_idx(result.truncated ?
				result.estimated_size > result.size :
				result.estimated_size == len, max);
		} T_END;
		test_mail_deinit(&mail);
	}
	test_end();
}

static void test_pim_part_write(void)
{
	static const struct {
		const char *fixture, *number;
		const void *data;
		size_t size;
	} tests[] = {
		{ "broken-base64", "2", "\x00\x01\x02\x03\x04\x05\x06\x07", 8 },
		{ "names", "2", "%PDF-1", 6 },
		{ "names", "6", "Notes\r\nwith two lines", 21 },
		{ "cut", "2", "\x00\x01\x02\x03", 4 },
	};
	struct test_mail mail;
	struct pim_part *part;

	test_begin("pim part: content");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		buffer_t *buf = buffer_create_dynamic(default_pool, 64);
		struct ostream *output = o_stream_create_buffer(buf);

		o_stream_set_no_error_handling(output, TRUE);
		test_mail_open(&mail, tests[i].fixture);
		test_assert_idx(pim_message_find_part(mail.pool, mail.input,
			mail.parts, tests[i].number, &part) == 1, i);
		test_assert_idx(pim_part_write(part, mail.input,
					       output) == 0, i);
		test_assert_idx(buf->used == tests[i].size &&
				memcmp(buf->data, tests[i].data,
				       buf->used) == 0, i);
		o_stream_unref(&output);
		buffer_free(&buf);
		test_mail_deinit(&mail);
	}
	test_end();
}

static void test_pim_embedded_message(void)
{
	struct test_mail mail, inner;
	struct pim_part *part;
	buffer_t *buf = buffer_create_dynamic(default_pool, 1024);
	struct ostream *output = o_stream_create_buffer(buf);
	struct pim_body_result result;

	test_begin("pim part: an embedded message is a mail again");
	o_stream_set_no_error_handling(output, TRUE);
	test_mail_open(&mail, "nested");
	test_assert(pim_message_find_part(mail.pool, mail.input, mail.parts,
					  "2", &part) == 1);
	test_assert(pim_part_write(part, mail.input, output) == 0);
	test_mail_init(&inner, i_stream_create_from_data(buf->data,
							 buf->used));
	test_assert_strcmp(test_body(&inner, PIM_BODY_PLAIN, UOFF_T_MAX,
				     &result), "Inner text.");
	test_assert(array_count(&inner.msg->attachments) == 1);
	test_mail_deinit(&inner);
	test_mail_deinit(&mail);
	o_stream_unref(&output);
	buffer_free(&buf);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_body_fixtures,
		test_pim_body_truncation,
		test_pim_part_write,
		test_pim_embedded_message,
		NULL
	};

	return test_run(test_functions);
}
