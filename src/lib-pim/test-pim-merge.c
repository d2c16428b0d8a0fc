/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "iostream-temp.h"
#include "test-common.h"
#include "pim-merge.h"
#include "pim-merge-html.h"
#include "test-pim-fixture.h"

static const char *read_all(struct istream *input)
{
	const unsigned char *data;
	string_t *str = t_str_new(1024);
	size_t size;

	i_stream_seek(input, 0);
	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(str, data, size);
		i_stream_skip(input, size);
	}
	test_assert(input->stream_errno == 0);
	return str_c(str);
}

static const struct {
	const char *first, *second, *result;
} joins[] = {
	{ "<html><body>a</body></html>", "<html><body>b</body></html>",
	  "<html><body>a|<div>b</div>\r\n</body></html>" },
	{ "<P>a</P>", "<p>b</p>", "<P>a</P>|<div><p>b</p></div>\r\n" },
	{ "<html>a</html>", "b", "<html>a|<div>b</div>\r\n</html>" },
	/* attributes and styles come along, the rest of the head does not */
	{ "a</BODY >", "<head><title>t</title><STYLE>p{}</STYLE></head>"
	  "<Body class=x>b</body>",
	  "a|<STYLE>p{}</STYLE><div class=x>b</div>\r\n</BODY >" },
	/* a longer name is another one; the last end counts */
	{ "a</bodyguard>b</body>c</body>d", "<bodyx><<body>b",
	  "a</bodyguard>b</body>c|<div>b</div>\r\n</body>d" },
	{ "", "", "|<div></div>\r\n" },
	/* the document ends within the tag */
	{ "a</bod", "<body", "a</bod|<div><body</div>\r\n" },
};

static void test_pim_merge_html(void)
{
	struct istream *first, *second, *result;
	unsigned int i, bytewise;

	test_begin("pim merge: html");
	for (i = 0; i < N_ELEMENTS(joins); i++) {
		for (bytewise = 0; bytewise < 2; bytewise++) {
			if (bytewise != 0) {
				first = test_istream_create(joins[i].first);
				second = test_istream_create(joins[i].second);
			} else {
				first = i_stream_create_from_data(
					joins[i].first, strlen(joins[i].first));
				second = i_stream_create_from_data(
					joins[i].second,
					strlen(joins[i].second));
			}
			result = pim_merge_html_join(first, "|", second);
			test_assert_strcmp_idx(read_all(result),
					       joins[i].result, i);
			i_stream_unref(&result);
			i_stream_unref(&first);
			i_stream_unref(&second);
		}
	}
	test_end();
}

static struct ostream *test_spool(void *context ATTR_UNUSED)
{
	return iostream_temp_create("/tmp/roost-test.", 0);
}

/* NULL = it can't be merged. */
static const char *
merge(const char *new_text, const char *fixture, bool forward)
{
	struct pim_merge merge;
	struct test_mail new_mail, original;
	struct ostream *output;
	struct istream *input;
	const char *error, *result = NULL;

	test_mail_init(&new_mail, i_stream_create_from_data(
		new_text, strlen(new_text)));
	test_mail_open(&original, fixture);
	i_zero(&merge);
	merge.pool = new_mail.pool;
	merge.new_mail.input = new_mail.input;
	merge.new_mail.msg = new_mail.msg;
	merge.original.input = original.input;
	merge.original.msg = original.msg;
	merge.forward = forward;
	merge.header = str_new(new_mail.pool, 64);
	str_append(merge.header, "Subject: s\r\n");
	merge.spool = test_spool;
	if (pim_merge_is_possible(&merge)) {
		output = test_spool(NULL);
		test_assert(pim_merge_write(&merge, output, &error) == 0);
		input = iostream_temp_finish(&output, IO_BLOCK_SIZE);
		result = read_all(input);
		i_stream_unref(&input);
	}
	test_mail_deinit(&original);
	test_mail_deinit(&new_mail);
	return result;
}

#define PLAIN "Subject: s\r\n\r\nNew text.\r\n"
#define HTML "Content-Type: text/html\r\n\r\n<b>New text.</b>\r\n"
#define SIGNED "Content-Type: multipart/signed; boundary=b; " \
	"protocol=\"application/pkcs7-signature\"\r\n\r\n" \
	"--b\r\n\r\nSigned  \r\n--b\r\n" \
	"Content-Type: application/pkcs7-signature\r\n\r\nx\r\n--b--\r\n"
#define ENCRYPTED "Content-Type: application/pkcs7-mime; " \
	"smime-type=enveloped-data\r\n\r\nx\r\n"

static void test_pim_merge_forms(void)
{
	const char *result;

	test_begin("pim merge: forms");
	result = merge(PLAIN, "plain", FALSE);
	test_assert(strstr(result, "New text.") != NULL);
	test_assert(strstr(result, "-----Original Message-----") != NULL);
	test_assert(strstr(result, "multipart") == NULL);
	test_assert(strncmp(result, "Subject: s\r\n", 12) == 0);

	result = merge(PLAIN, "html", FALSE);
	test_assert(strstr(result, "multipart/alternative") != NULL);
	result = merge(HTML, "plain", FALSE);
	test_assert(strstr(result, "text/plain") == NULL);
	result = merge(HTML, "related", FALSE);
	test_assert(strstr(result, "multipart/related") != NULL);
	test_end();
}

static void test_pim_merge_secure(void)
{
	const char *result;

	test_begin("pim merge: signed and encrypted");
	test_assert(merge(SIGNED, "plain", FALSE) == NULL);
	test_assert(merge(ENCRYPTED, "plain", FALSE) == NULL);
	test_assert(merge(ENCRYPTED, "plain", TRUE) == NULL);
	result = merge(SIGNED, "plain", TRUE);
	test_assert(strstr(result, "--b\r\n\r\nSigned  \r\n--b\r\n") != NULL);
	test_assert(strstr(result, "message/rfc822") != NULL);
	result = merge(PLAIN, "smime-signed", FALSE);
	test_assert(strstr(result, "message/rfc822") != NULL);
	result = merge(PLAIN, "pgp-encrypted", TRUE);
	test_assert(strstr(result, "message/rfc822") != NULL);
	result = merge(PLAIN, "dsn", TRUE);
	test_assert(strstr(result, "message/rfc822") != NULL);
	test_end();
}

static void test_pim_merge_fixtures(void)
{
	static const char *const fixtures[] = {
		"alternative", "alternative-mixed", "broken-base64",
		"broken-qp", "cut", "digest", "empty", "header-only",
		"headers-8bit", "hebrew", "invitation", "iso-2022-jp",
		"nested", "no-charset", "nul", "tnef", "unknown-charset",
		"utf-16",
	};
	unsigned int i;

	test_begin("pim merge: fixtures");
	for (i = 0; i < N_ELEMENTS(fixtures); i++) T_BEGIN {
		const char *result = merge(PLAIN, fixtures[i], TRUE);

		test_assert_idx(strstr(result, "New text.") != NULL, i);
		test_assert_idx(merge(HTML, fixtures[i], FALSE) != NULL, i);
	} T_END;
	test_end();
}

/* What stands in the original once is there once. */
static void test_pim_merge_calendar(void)
{
	const char *result, *pos;
	unsigned int forward;

	test_begin("pim merge: calendar");
	for (forward = 0; forward < 2; forward++) {
		result = merge(PLAIN, "invitation", forward != 0);
		pos = strstr(result, "BEGIN:VCALENDAR");
		test_assert_idx((pos != NULL) == (forward != 0), forward);
		test_assert_idx(pos == NULL || strstr(pos + 1,
			"BEGIN:VCALENDAR") == NULL, forward);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_merge_html,
		test_pim_merge_forms,
		test_pim_merge_secure,
		test_pim_merge_fixtures,
		test_pim_merge_calendar,
		NULL
	};

	return test_run(test_functions);
}
