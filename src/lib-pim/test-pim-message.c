/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "test-common.h"
#include "test-pim-fixture.h"

/* sections: number of the plain and the HTML part, "-" = none; attachments:
   number, name, type; "@cid" behind an inline one, "#" behind an embedded
   message */
static const struct {
	const char *fixture;
	enum pim_message_kind kind;
	const char *sections, *attachments;
} test_mails[] = {
	{ "plain", PIM_MESSAGE_PLAIN, "1/-", "" },
	{ "html", PIM_MESSAGE_PLAIN, "-/1", "" },
	{ "alternative", PIM_MESSAGE_PLAIN, "1/2", "" },
	{ "alternative-mixed", PIM_MESSAGE_PLAIN, "1/2.1 -/2.3!",
	  "2.2 between.pdf application/pdf" },
	{ "related", PIM_MESSAGE_PLAIN, "1.1/1.2",
	  "2 one.png image/png@one@example.test, "
	  "3 attachment-3.png image/png@" },
	{ "nested", PIM_MESSAGE_PLAIN, "1/-",
	  "2 Inner: Grüße.eml message/rfc822#" },
	{ "digest", PIM_MESSAGE_PLAIN, "",
	  "1 First.eml message/rfc822#, 2 Second.eml message/rfc822#" },
	{ "smime-signed", PIM_MESSAGE_SMIME_SIGNED, "1/-",
	  "2 smime.p7s application/pkcs7-signature" },
	{ "smime-encrypted", PIM_MESSAGE_SMIME, "",
	  "1 smime.p7m application/pkcs7-mime" },
	{ "smime-opaque", PIM_MESSAGE_SMIME, "",
	  "1 smime.p7m application/pkcs7-mime" },
	{ "pgp-encrypted", PIM_MESSAGE_PGP, "",
	  "1 attachment-1.asc application/pgp-encrypted, "
	  "2 encrypted.asc application/octet-stream" },
	{ "pgp-signed", PIM_MESSAGE_PGP, "1/-",
	  "2 signature.asc application/pgp-signature" },
	{ "tnef", PIM_MESSAGE_PLAIN, "1/-",
	  "2 winmail.dat application/ms-tnef" },
	{ "invitation", PIM_MESSAGE_PLAIN, "1/-",
	  "2 attachment-2.ics text/calendar" },
	{ "dsn", PIM_MESSAGE_REPORT_DELIVERY, "1/-",
	  "2 attachment-2.txt message/delivery-status, "
	  "3 Hello.eml message/rfc822#" },
	{ "read-receipt", PIM_MESSAGE_REPORT_DISPOSITION, "1/-",
	  "2 attachment-2.txt message/disposition-notification" },
	{ "names", PIM_MESSAGE_PLAIN, "1/- 7/-",
	  "2 € rates and more.pdf application/pdf, "
	  "3 Übersicht.bin application/octet-stream, "
	  "4 _.._etc_pa_sswd application/octet-stream, "
	  "5 attachment-5.jpg image/jpeg, "
	  "6 notes.txt text/plain" },
	{ "header-only", PIM_MESSAGE_PLAIN, "1/-", "" },
	{ "empty", PIM_MESSAGE_PLAIN, "1/-", "" },
	{ "no-mime", PIM_MESSAGE_PLAIN, "1/-", "" },
	{ "cut", PIM_MESSAGE_PLAIN, "1/-",
	  "2 half.bin application/octet-stream" },
};

static const char *test_part_number(const struct pim_part *part)
{
	return part == NULL ? "-" : part->number;
}

static const char *test_sections(const struct pim_message *msg)
{
	const struct pim_section *section;
	string_t *str = t_str_new(64);

	array_foreach(&msg->sections, section) {
		str_printfa(str, "%s%s/%s%s", str_len(str) == 0 ? "" : " ",
			    test_part_number(section->plain),
			    test_part_number(section->html),
			    section->html_only ? "!" : "");
	}
	return str_c(str);
}

static const char *test_attachments(const struct test_mail *mail)
{
	struct pim_part *const *partp;
	string_t *str = t_str_new(64);

	array_foreach(&mail->msg->attachments, partp) {
		str_printfa(str, "%s%s %s %s", str_len(str) == 0 ? "" : ", ",
			    (*partp)->number,
			    pim_part_file_name(*partp, mail->input),
			    (*partp)->type);
		if ((*partp)->is_inline) {
			str_printfa(str, "@%s", (*partp)->content_id == NULL ?
				    "" : (*partp)->content_id);
		}
		if ((*partp)->message)
			str_append_c(str, '#');
	}
	return str_c(str);
}

static void test_pim_message_fixtures(void)
{
	struct test_mail mail;

	for (unsigned int i = 0; i < N_ELEMENTS(test_mails); i++) {
		test_begin(t_strdup_printf("pim message: %s",
					   test_mails[i].fixture));
		test_mail_open(&mail, test_mails[i].fixture);
		test_assert_cmp(mail.msg->kind, ==, test_mails[i].kind);
		test_assert_strcmp(test_sections(mail.msg),
				   test_mails[i].sections);
		test_assert_strcmp(test_attachments(&mail),
				   test_mails[i].attachments);
		test_mail_deinit(&mail);
		test_end();
	}
}

static void test_pim_message_special_parts(void)
{
	struct test_mail mail;

	test_begin("pim message: calendar and report parts");
	test_mail_open(&mail, "invitation");
	test_assert_strcmp(mail.msg->calendar->number, "2");
	test_assert(mail.msg->report == NULL);
	test_mail_deinit(&mail);
	test_mail_open(&mail, "dsn");
	test_assert_strcmp(mail.msg->report->number, "2");
	test_assert(mail.msg->calendar == NULL);
	test_mail_deinit(&mail);
	test_end();
}

/* 150 multiparts in one another: lib-mail's parser stops at 100. */
static void test_pim_message_deep(void)
{
	struct test_mail mail;
	string_t *str = t_str_new(32768);
	unsigned int i;

	test_begin("pim message: 150 levels");
	for (i = 0; i < 150; i++) {
		str_printfa(str, "Content-Type: multipart/mixed; "
			    "boundary=b%03u\n\n--b%03u\n", i, i);
	}
	str_append(str, "Content-Type: text/plain\n\ndeep\n");
	for (; i > 0; i--)
		str_printfa(str, "--b%03u--\n", i - 1);
	test_mail_init(&mail, i_stream_create_copy_from_data(str_data(str),
							     str_len(str)));
	test_assert(array_count(&mail.msg->sections) +
		    array_count(&mail.msg->attachments) == 1);
	test_mail_deinit(&mail);
	test_end();
}

static void test_pim_message_many_parts(void)
{
	struct test_mail mail;
	string_t *str = t_str_new(65536);

	test_begin("pim message: 5000 parts");
	str_append(str, "Content-Type: multipart/mixed; boundary=b\n\n");
	for (unsigned int i = 0; i < 5000; i++) {
		str_append(str, "--b\nContent-Type: application/x-a\n\n"
			   "a\n");
	}
	str_append(str, "--b--\n");
	test_mail_init(&mail, i_stream_create_copy_from_data(str_data(str),
							     str_len(str)));
	test_assert_cmp(array_count(&mail.msg->attachments), ==, 999);
	test_assert(mail.msg->incomplete);
	test_mail_deinit(&mail);
	test_end();
}

static void test_pim_message_find(void)
{
	static const struct {
		const char *fixture, *number, *type;
	} tests[] = {
		{ "plain", "1", "text/plain" },
		{ "plain", "2", NULL },
		{ "plain", "1.1", NULL },
		{ "related", "1.2", "text/html" },
		{ "related", "1", NULL },
		{ "related", "3", "image/png" },
		{ "related", "0", NULL },
		{ "related", "", NULL },
		{ "related", "1.", NULL },
		{ "related", "1..2", NULL },
		{ "related", "4294967296", NULL },
		{ "related", "x", NULL },
		{ "nested", "2", "message/rfc822" },
		/* not inside of embedded messages */
		{ "nested", "2.1", NULL },
	};
	struct test_mail mail;
	struct pim_part *part;
	int ret;

	test_begin("pim message: parts by number");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_mail_open(&mail, tests[i].fixture);
		ret = pim_message_find_part(mail.pool, mail.input, mail.parts,
					    tests[i].number, &part);
		test_assert_idx(ret == (tests[i].type == NULL ? 0 : 1), i);
		if (ret > 0)
			test_assert_strcmp(part->type, tests[i].type);
		test_mail_deinit(&mail);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_message_fixtures,
		test_pim_message_special_parts,
		test_pim_message_deep,
		test_pim_message_many_parts,
		test_pim_message_find,
		NULL
	};

	return test_run(test_functions);
}
