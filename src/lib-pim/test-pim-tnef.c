/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "test-common.h"
#include "pim-body.h"
#include "pim-calendar-text.h"
#include "pim-tnef.h"
#include "test-pim-fixture.h"

#include <stdio.h>

static const char *
test_body(const struct pim_message *msg, struct istream *input,
	  enum pim_body_type type)
{
	string_t *text = str_new(default_pool, 256);
	struct ostream *output = o_stream_create_buffer(text);
	struct pim_body_result result;
	const char *ret;

	test_assert(pim_body_write(msg, input, type, UOFF_T_MAX, output,
				   &result) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	ret = t_strdup(str_c(text));
	str_free(&text);
	return ret;
}

static const char *
test_part(const struct pim_part *part, struct istream *input)
{
	string_t *text = str_new(default_pool, 256);
	struct ostream *output = o_stream_create_buffer(text);
	const char *ret;

	test_assert(pim_part_write(part, input, output) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	ret = t_strdup(str_c(text));
	str_free(&text);
	return ret;
}

/* The attachments, a line each: number, type, name, size, what it is. */
static const char *
test_list(const struct pim_message *msg, struct istream *input)
{
	string_t *str = t_str_new(256);
	struct pim_part *part;

	array_foreach_elem(&msg->attachments, part) {
		str_printfa(str, "%s %s %s %u%s%s%s\n", part->number,
			    part->type, pim_part_file_name(part, input),
			    (unsigned int)part->body_size,
			    part->content_id == NULL ? "" : " ",
			    part->content_id == NULL ? "" : part->content_id,
			    part->is_inline ? " inline" : "");
	}
	return str_c(str);
}

static void test_pim_tnef_html(void)
{
	struct test_mail mail;
	struct pim_tnef *tnef;
	struct pim_part *part;
	const char *error, *text;

	test_begin("pim tnef: html, attachments, messages");
	test_mail_open(&mail, "tnef-html");
	test_assert(pim_tnef_read(mail.pool, mail.msg->tnef, mail.input, &tnef,
				  &error) == 1);
	test_assert(pim_tnef_show(tnef, mail.input, mail.msg, FALSE) == 0);
	test_assert(mail.msg->has_html);
	/* its own text stays */
	test_assert_strcmp(test_body(mail.msg, mail.input, PIM_BODY_PLAIN),
		"Dear Ursula,\r\n\r\nthe figures cost 7 EUR.");
	test_assert_strcmp(test_body(mail.msg, mail.input, PIM_BODY_HTML),
		"<html><head><meta http-equiv=\"Content-Type\" "
		"content=\"text/html; charset=utf-8\"></head><body>"
		"<p>Dear Ursula,</p>\r\n<p>the <b>figures</b> cost 7 "
		"\xe2\x82\xac.</p><img src=\"cid:pixel@fixture.example.test\">"
		"</body></html>\r\n");
	test_assert_strcmp(test_list(mail.msg, mail.input),
		"2.1 application/pdf Figures \xe2\x80\x93 2024.pdf 69\n"
		"2.2 image/png pixel.png 70 pixel@fixture.example.test inline\n"
		"2.3 message/rfc822 Minutes \xe2\x80\x93 draft.eml 822\n");
	test_assert(pim_message_find_part(mail.pool, mail.input, mail.parts,
					  "2.1", &part) == 1);
	test_assert(strncmp(test_part(part, mail.input), "%PDF-1.4\n",
			    9) == 0);
	test_assert(pim_message_find_part(mail.pool, mail.input, mail.parts,
					  "2.3", &part) == 1);
	text = test_part(part, mail.input);
	test_assert(strstr(text, "From: \"Marta Kowalska\" "
			   "<marta@example.test>\r\n") != NULL);
	test_assert(strstr(text, "Date: Tue, 05 Mar 2024 08:30:00 +0000\r\n")
		    != NULL);
	test_assert(strstr(text, "5 =E2=82=AC each.") != NULL);
	test_assert(strstr(text, "filename=\"plan.txt\"") != NULL);
	test_assert(strstr(text, "name=\"winmail.dat\"") != NULL);
	test_assert(pim_message_find_part(mail.pool, mail.input, mail.parts,
					  "2.4", &part) == 0);
	test_assert(pim_message_find_part(mail.pool, mail.input, mail.parts,
					  "1.1", &part) == 0);
	test_mail_deinit(&mail);
	test_end();
}

static void test_pim_tnef_rtf(void)
{
	struct test_mail mail;
	struct pim_tnef *tnef;
	const char *error;

	test_begin("pim tnef: rtf alone");
	test_mail_open(&mail, "tnef-rtf");
	test_assert(pim_tnef_read(mail.pool, mail.msg->tnef, mail.input, &tnef,
				  &error) == 1);
	test_assert(pim_tnef_show(tnef, mail.input, mail.msg, TRUE) == 0);
	test_assert_strcmp(test_body(mail.msg, mail.input, PIM_BODY_HTML),
		"<html><head><meta charset=\"utf-8\"></head><body><p>Rich text "
		"costs 7\xe2\x82\xac &amp; is <b>bold</b>: "
		"\xc5\x82\xc3\xb3\x64\xc5\xba.</p></body></html>");
	/* the part is kept if that is wanted */
	test_assert_strcmp(test_list(mail.msg, mail.input),
		"1.1 text/plain notes.txt 8\n"
		"1 application/ms-tnef winmail.dat 1083\n");
	test_mail_deinit(&mail);
	test_end();
}

/* Returns the size, 0 = there is none. */
static size_t seed_read(const char *name, unsigned char *data, size_t max)
{
	const char *srcdir = getenv("srcdir");
	FILE *file;
	size_t size;

	file = fopen(t_strconcat(srcdir != NULL ? srcdir : SRCDIR,
		"/fuzz-corpus/fuzz-tnef/", name, NULL), "rb");
	test_assert(file != NULL);
	if (file == NULL)
		return 0;
	size = fread(data, 1, max, file);
	fclose(file);
	return size;
}

/* A mail that is nothing but the winmail.dat. */
static struct pim_part *
seed_message(pool_t pool, size_t size, struct pim_message *msg_r)
{
	struct pim_part *part = p_new(pool, struct pim_part, 1);

	i_zero(msg_r);
	p_array_init(&msg_r->sections, pool, 1);
	p_array_init(&msg_r->attachments, pool, 4);
	part->number = "1";
	part->type = "application/ms-tnef";
	part->encoding = PIM_ENCODING_BINARY;
	part->body_size = size;
	array_push_back(&msg_r->attachments, &part);
	return part;
}

/* RTF that was not made of HTML */
static void test_pim_tnef_plain_rtf(void)
{
	pool_t pool = pool_alloconly_create("test", 4096);
	unsigned char data[4096];
	struct pim_message msg;
	struct pim_tnef *tnef;
	struct istream *input;
	struct pim_part *part;
	const char *error;
	size_t size;

	test_begin("pim tnef: rtf is text and simple html");
	size = seed_read("plain-rtf", data, sizeof(data));
	input = i_stream_create_from_data(data, size);
	part = seed_message(pool, size, &msg);
	test_assert(pim_tnef_read(pool, part, input, &tnef, &error) == 1);
	test_assert(pim_tnef_show(tnef, input, &msg, FALSE) == 0);
	test_assert(msg.has_html);
	test_assert_strcmp(test_body(&msg, input, PIM_BODY_PLAIN),
			   "Plain rich text: K\xc3\xb6ln.");
	test_assert(strstr(test_body(&msg, input, PIM_BODY_HTML),
			   "<b>Plain</b> rich text: K\xc3\xb6ln.") != NULL);
	i_stream_unref(&input);
	pool_unref(&pool);
	test_end();
}

/* Cut anywhere it is still a mail, and has its winmail.dat. */
static void test_pim_tnef_cut(void)
{
	static const char *const seeds[] = { "html", "rtf", "plain-rtf" };
	unsigned char data[4096], *copy;
	struct pim_part *part;
	struct pim_message msg;
	struct pim_tnef *tnef;
	struct istream *input;
	const char *error;
	pool_t pool;
	size_t size;

	test_begin("pim tnef: cut");
	for (unsigned int s = 0; s < N_ELEMENTS(seeds); s++) {
		size = seed_read(seeds[s], data, sizeof(data));
		for (size_t i = 0; i < size; i++) T_BEGIN {
			pool = pool_alloconly_create("test", 4096);
			/* the copies find overreads */
			copy = i_malloc(i + 1);
			memcpy(copy, data, i);
			input = i_stream_create_from_data(copy, i);
			part = seed_message(pool, i, &msg);
			if (pim_tnef_read(pool, part, input, &tnef,
					  &error) > 0) {
				test_assert(pim_tnef_show(tnef, input, &msg,
							  FALSE) == 0);
				(void)test_body(&msg, input, PIM_BODY_HTML);
				array_foreach_elem(&msg.attachments, part)
					(void)test_part(part, input);
			} else {
				test_assert_idx(i < 6, i);
			}
			i_stream_unref(&input);
			i_free(copy);
			pool_unref(&pool);
		} T_END;
	}
	test_end();
}

static void test_pim_calendar_show(void)
{
	struct test_mail mail;

	test_begin("pim calendar text: mail");
	test_mail_open(&mail, "calendar-only");
	test_assert(pim_calendar_show(mail.pool, mail.input, mail.msg) == 0);
	test_assert_strcmp(test_body(mail.msg, mail.input, PIM_BODY_PLAIN),
		"Bring your friends, it is open to all.\r\n"
		"See you in K\xc3\xb6ln; Marta");
	test_assert_strcmp(test_body(mail.msg, mail.input, PIM_BODY_HTML),
		"<html><body><p>Bring your <b>friends</b>, it is open to all."
		"</p></body></html>");
	/* once is enough */
	test_assert(pim_calendar_show(mail.pool, mail.input, mail.msg) == 0);
	test_assert(array_count(&mail.msg->sections) == 1);
	test_mail_deinit(&mail);

	test_mail_open(&mail, "invitation");
	test_assert(pim_calendar_show(mail.pool, mail.input, mail.msg) == 0);
	test_assert(array_count(&mail.msg->sections) == 1);
	test_mail_deinit(&mail);
	test_end();
}

/* lines of an event, and the two texts; NULL = it has no such text */
static const struct {
	const char *event, *plain, *html;
} calendar_tests[] = {
	{ "DESCRIPTION:a\\nb", "a\r\nb", NULL },
	{ "DESCRIPTION;ALTREP=\"data:text/html,%3Cb%3Ea%3C%2fb%3e\":abc",
	  "abc", "<b>a</b>" },
	{ "DESCRIPTION;ALTREP=\"data:text/html;charset=utf-8;base64,"
	  "PGI+w7Y8L2I+\":see\xc3\xb6", "see\xc3\xb6", "<b>\xc3\xb6</b>" },
	{ "DESCRIPTION;ALTREP=\"data:text/html;charset=iso-8859-1,%F6\":xyz",
	  "xyz", "\xc3\xb6" },
	{ "DESCRIPTION;ALTREP=\"cid:part1@example.test\":a", "a", NULL },
	{ "DESCRIPTION;ALTREP=\"data:text/htmlx,b\":a", "a", NULL },
	{ "DESCRIPTION;ALTREP=\"data:text/html\":a", "a", NULL },
	{ "X-ALT-DESC;FMTTYPE=text/html:<i>a</i>", "a\r\n", "<i>a</i>" },
	{ "X-ALT-DESC;FMTTYPE=text/rtf:x\r\nDESCRIPTION:a", "a", NULL },
	{ "STYLED-DESCRIPTION;VALUE=TEXT;FMTTYPE=text/html:<i>a</i>\r\n"
	  "DESCRIPTION:bcd", "bcd", "<i>a</i>" },
	{ "SUMMARY:nothing else", NULL, NULL },
	{ "DESCRIPTION: \\n ", NULL, NULL },
};

static void test_pim_calendar_texts(void)
{
	struct test_mail mail;
	const char *text;

	test_begin("pim calendar text: forms");
	for (unsigned int i = 0; i < N_ELEMENTS(calendar_tests); i++) T_BEGIN {
		text = t_strdup_printf("Content-Type: text/calendar\r\n\r\n"
			"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n%s\r\n"
			"END:VEVENT\r\nEND:VCALENDAR\r\n",
			calendar_tests[i].event);
		test_mail_init(&mail, i_stream_create_from_data(text,
								strlen(text)));
		test_assert_idx(pim_calendar_show(mail.pool, mail.input,
						  mail.msg) == 0, i);
		test_assert_idx(array_is_empty(&mail.msg->sections) ==
				(calendar_tests[i].plain == NULL), i);
		test_assert_idx(mail.msg->has_html ==
				(calendar_tests[i].html != NULL), i);
		if (calendar_tests[i].plain != NULL) {
			test_assert_strcmp_idx(
				test_body(mail.msg, mail.input, PIM_BODY_PLAIN),
				calendar_tests[i].plain, i);
		}
		if (calendar_tests[i].html != NULL) {
			test_assert_strcmp_idx(
				test_body(mail.msg, mail.input, PIM_BODY_HTML),
				calendar_tests[i].html, i);
		}
		test_mail_deinit(&mail);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_tnef_html,
		test_pim_tnef_rtf,
		test_pim_tnef_plain_rtf,
		test_pim_tnef_cut,
		test_pim_calendar_show,
		test_pim_calendar_texts,
		NULL
	};

	return test_run(test_functions);
}
