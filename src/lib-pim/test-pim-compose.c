/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "test-common.h"
#include "pim-body.h"
#include "pim-compose.h"
#include "test-pim-fixture.h"

static struct istream *test_stream(const char *text)
{
	return i_stream_create_from_data(text, strlen(text));
}

static const char *
test_compose_text(struct pim_compose *compose)
{
	buffer_t *buf = t_buffer_create(1024);
	struct ostream *output = o_stream_create_buffer(buf);
	const char *error;

	test_assert(pim_compose_write(compose, output, &error) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	return t_strndup(buf->data, buf->used);
}

static void test_compose_parse(const char *text, struct test_mail *mail)
{
	test_mail_init(mail, test_stream(text));
}

static const char *
test_body(struct test_mail *mail, enum pim_body_type type)
{
	buffer_t *buf = t_buffer_create(256);
	struct ostream *output = o_stream_create_buffer(buf);
	struct pim_body_result result;

	test_assert(pim_body_write(mail->msg, mail->input, type, UOFF_T_MAX,
				   output, &result) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	return t_strndup(buf->data, buf->used);
}

static const char *
test_part(struct test_mail *mail, const struct pim_part *part)
{
	buffer_t *buf = t_buffer_create(256);
	struct ostream *output = o_stream_create_buffer(buf);

	test_assert(pim_part_write(part, mail->input, output) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	return t_strndup(buf->data, buf->used);
}

static void test_pim_compose_unstructured(void)
{
	static const struct {
		const char *value, *line;
	} tests[] = {
		{ "Hello", "Subject: Hello\r\n" },
		{ "", "" },
		{ "a\r\nBcc: x", "Subject: a  Bcc: x\r\n" },
		{ "Gr\xc3\xbc\xc3\x9f" "e", "Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\n" },
		/* what looks encoded would be decoded */
		{ "=?utf-8?q?a?=",
		  "Subject: =?utf-8?b?PT91dGYtOD9xP2E/PQ==?=\r\n" },
		{ "0123456789 0123456789 0123456789 0123456789 0123456789 "
		  "0123456789 0123456789",
		  "Subject: 0123456789 0123456789 0123456789 0123456789 "
		  "0123456789 0123456789\r\n 0123456789\r\n" },
	};
	string_t *str;

	test_begin("pim compose unstructured");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		str = t_str_new(128);
		pim_compose_unstructured(str, "Subject", tests[i].value);
		test_assert_strcmp_idx(str_c(str), tests[i].line, i);
	}
	test_end();
}

static void test_pim_compose_addresses(void)
{
	static const struct {
		const char *value;
		unsigned int count;
		bool valid;
		const char *line;
	} tests[] = {
		{ "a@example.test", 1, TRUE, "To: a@example.test\r\n" },
		{ "\"A, B\" <a@example.test>; c@example.test", 2, TRUE,
		  "To: \"A, B\" <a@example.test>, c@example.test\r\n" },
		{ "\"a;b\" <a@example.test>", 1, TRUE,
		  "To: \"a;b\" <a@example.test>\r\n" },
		{ "\"J\xc3\xbcrgen\" <j@example.test>", 1, TRUE,
		  "To: =?utf-8?b?SsO8cmdlbg==?= <j@example.test>\r\n" },
		{ "joh", 0, FALSE, "To: joh\r\n" },
		{ "a@example.test, joh", 1, FALSE,
		  "To: a@example.test, joh\r\n" },
		{ "a@b@c", 0, FALSE, "To: a@b@c\r\n" },
		{ "Ann Lee <ann@example.test>", 1, TRUE,
		  "To: \"Ann Lee\" <ann@example.test>\r\n" },
		{ "<ann@example.test>,", 1, TRUE, "To: ann@example.test\r\n" },
		{ "ann@", 0, FALSE, "To: ann@\r\n" },
		{ "ann@example..test", 0, FALSE, "To: ann@example..test\r\n" },
		{ "a@example.test\r\nBcc: b@example.test", 0, FALSE,
		  "To: a@example.test  Bcc: b@example.test\r\n" },
		{ "", 0, TRUE, "" },
	};
	unsigned int count;
	string_t *str;

	test_begin("pim compose addresses");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(pim_compose_addresses_valid(tests[i].value,
				&count) == tests[i].valid, i);
		if (tests[i].valid)
			test_assert_idx(count == tests[i].count, i);
		str = t_str_new(128);
		pim_compose_addresses(str, "To", tests[i].value);
		test_assert_strcmp_idx(str_c(str), tests[i].line, i);
	}
	test_end();
}

static void test_pim_compose_copy_header(void)
{
	static const char *const except[] = { "Subject", "To", NULL };
	static const char *header =
		"From: a@example.test\n"
		"subject: old\n still old\n"
		"MIME-Version: 1.0\nContent-Type: text/plain;\n\tcharset=x\n"
		"In-Reply-To: <1@example.test>\r\n"
		"References: <0@example.test>\n <1@example.test>\n"
		"X-Odd  : \xe4\n"
		"\nTo: not a header\n";
	struct istream *input = test_stream(header);
	string_t *str = t_str_new(128);

	test_begin("pim compose copies a header");
	test_assert(pim_compose_copy_header(str, input, except) == 0);
	test_assert_strcmp(str_c(str),
		"From: a@example.test\r\n"
		"In-Reply-To: <1@example.test>\r\n"
		"References: <0@example.test>\r\n <1@example.test>\r\n"
		"X-Odd  : \xe4\r\n");
	i_stream_unref(&input);
	test_end();
}

/* What would end the header or bring in another one is no part of it. */
static void test_pim_compose_copy_broken_header(void)
{
	static const char *const except[] = { "Subject", NULL };
	static const char header[] =
		"b\x10\0x: y\r\n"
		"X-Nul: a\0b\r\n"
		"X-Cr: a\rSubject: b\r\n"
		"X-Last: c";
	struct istream *input =
		i_stream_create_from_data(header, sizeof(header) - 1);
	string_t *str = t_str_new(128);

	test_begin("pim compose copies a broken header");
	test_assert(pim_compose_copy_header(str, input, except) == 0);
	test_assert(strlen(str_c(str)) == str_len(str));
	test_assert_strcmp(str_c(str), "X-Nul: a b\r\n"
			   "X-Cr: a Subject: b\r\nX-Last: c\r\n");
	i_stream_unref(&input);
	test_end();
}

static void test_pim_compose_structure(void)
{
	struct pim_compose compose;
	struct pim_compose_text *text;
	struct pim_compose_part *part;
	struct istream *streams[5];
	struct test_mail mail;
	struct pim_part *const *parts;
	unsigned int count;
	pool_t pool = pool_alloconly_create("test compose", 4096);

	test_begin("pim compose structure");
	streams[0] = test_stream("Hello\nGr\xc3\xbc\xc3\x9f" "e");
	streams[1] = test_stream("<b>Hello</b> <img src=\"cid:pic@x\">");
	streams[2] = test_stream("PNG");
	streams[3] = test_stream("PDF\r\nwith lines\n");
	streams[4] = test_stream("Subject: inner\n\n\xe4 text\n");
	pim_compose_init(&compose, pool);
	pim_compose_unstructured(compose.header, "Subject", "all of it");
	text = pim_compose_add_text(&compose);
	text->plain.content = streams[0];
	text->html.content = streams[1];
	part = pim_compose_add_part(&compose);
	part->content = streams[3];
	part->type = "application/pdf; name=\"x\"";
	part->name = "\xc3\x9c" "bersicht \"1\".pdf";
	part = pim_compose_add_part(&compose);
	part->content = streams[2];
	part->type = "image/png";
	part->name = "pic.png";
	part->content_id = "<pic@x>\r\nX: y";
	part->is_inline = TRUE;
	part = pim_compose_add_part(&compose);
	part->content = streams[4];
	part->type = "message/rfc822";

	test_compose_parse(test_compose_text(&compose), &mail);
	test_assert_strcmp(mail.msg->headers.value[PIM_HEADER_SUBJECT],
			   "all of it");
	test_assert_strcmp(test_body(&mail, PIM_BODY_PLAIN),
			   "Hello\r\nGr\xc3\xbc\xc3\x9f" "e");
	test_assert(strstr(test_body(&mail, PIM_BODY_HTML),
			   "<b>Hello</b> <img src=\"cid:pic@x\">") != NULL);
	parts = array_get(&mail.msg->attachments, &count);
	test_assert(count == 3);
	test_assert_strcmp(parts[0]->number, "1.2.2");
	test_assert(parts[0]->is_inline);
	test_assert_strcmp(parts[0]->content_id, "pic@xX:y");
	test_assert_strcmp(test_part(&mail, parts[0]), "PNG");
	test_assert_strcmp(parts[1]->name, "\xc3\x9c" "bersicht \"1\".pdf");
	test_assert_strcmp(parts[1]->type, "application/pdf");
	test_assert(!parts[1]->is_inline);
	test_assert_strcmp(test_part(&mail, parts[1]), "PDF\r\nwith lines\n");
	test_assert(parts[2]->message);
	test_assert_strcmp(test_part(&mail, parts[2]),
			   "Subject: inner\r\n\r\n\xe4 text\r\n");
	part = array_front_modifiable(&compose.parts);
	for (unsigned int i = 0; i < 3; i++) {
		test_assert_strcmp_idx(part[i].number,
			parts[i == 0 ? 1 : (i == 1 ? 0 : 2)]->number, i);
	}
	test_mail_deinit(&mail);
	for (unsigned int i = 0; i < N_ELEMENTS(streams); i++)
		i_stream_unref(&streams[i]);
	pool_unref(&pool);
	test_end();
}

static void test_pim_compose_empty(void)
{
	struct pim_compose compose;
	struct test_mail mail;
	pool_t pool = pool_alloconly_create("test compose", 1024);

	test_begin("pim compose of nothing");
	pim_compose_init(&compose, pool);
	test_compose_parse(test_compose_text(&compose), &mail);
	test_assert(array_count(&mail.msg->attachments) == 0);
	test_assert_strcmp(test_body(&mail, PIM_BODY_PLAIN), "");
	test_mail_deinit(&mail);
	pool_unref(&pool);
	test_end();
}

/* Entities of another mail: as they are, but for line ends. */
static void test_pim_compose_entities(void)
{
	static const char *original =
		"Subject: old\nContent-Type: multipart/mixed; boundary=b\n\n"
		"--b\nContent-Type: text/plain; charset=latin1\n"
		"Content-Transfer-Encoding: 8bit\nX-Mine: yes\n\n\xe4\n"
		"--b\nContent-Type: image/gif\nMIME-Version: 1.0\n"
		"Content-Transfer-Encoding: base64\n"
		"Content-Description: kept\n\nR0lG\n--b--\n";
	struct pim_compose compose;
	struct pim_compose_part *part;
	struct test_mail mail, copy;
	struct pim_part *const *old;
	const struct pim_section *section;
	struct istream *plain, *gif;
	const char *text;
	pool_t pool = pool_alloconly_create("test compose", 1024);

	test_begin("pim compose of entities");
	test_compose_parse(original, &mail);
	section = array_front(&mail.msg->sections);
	old = array_front(&mail.msg->attachments);
	i_stream_seek(mail.input, section->plain->header_pos);
	plain = i_stream_create_limit(mail.input, section->plain->header_size +
				      section->plain->body_size);
	i_stream_seek(mail.input, (*old)->header_pos);
	gif = i_stream_create_limit(mail.input, (*old)->header_size +
				    (*old)->body_size);
	pim_compose_init(&compose, pool);
	pim_compose_add_text(&compose)->plain.entity = plain;
	part = pim_compose_add_part(&compose);
	part->entity = gif;
	text = test_compose_text(&compose);
	test_assert(strstr(text, "Content-Type: text/plain; charset=latin1\r\n"
		"Content-Transfer-Encoding: 8bit\r\nX-Mine: yes\r\n\r\n"
		"\xe4\r\n--") != NULL);
	test_assert(strstr(text, "Content-Type: image/gif\r\n"
		"Content-Transfer-Encoding: base64\r\n"
		"Content-Description: kept\r\n\r\nR0lG\r\n--") != NULL);
	test_assert_strcmp(part->number, "2");
	test_compose_parse(text, &copy);
	test_assert(array_count(&copy.msg->attachments) == 1);
	test_mail_deinit(&copy);

	/* alone, and of a mail's own header */
	i_stream_seek(mail.input, 0);
	pim_compose_init(&compose, pool);
	part = &pim_compose_add_text(&compose)->plain;
	i_stream_seek(plain, 0);
	part->entity = plain;
	part->entity_is_mail = TRUE;
	test_assert_strcmp(test_compose_text(&compose),
		"MIME-Version: 1.0\r\n"
		"Content-Type: text/plain; charset=latin1\r\n"
		"Content-Transfer-Encoding: 8bit\r\n\r\n\xe4");
	i_stream_unref(&plain);
	i_stream_unref(&gif);
	test_mail_deinit(&mail);
	pool_unref(&pool);
	test_end();
}

static void test_pim_compose_html_to_text(void)
{
	struct istream *html = test_stream("<p>One</p><p>Gr\xc3\xbc\xc3\x9f"
					   "e</p>\xff");
	buffer_t *buf = t_buffer_create(128);
	struct ostream *output = o_stream_create_buffer(buf);

	test_begin("pim compose text of HTML");
	test_assert(pim_compose_html_to_text(html, output) == 0);
	test_assert(o_stream_finish(output) > 0);
	o_stream_unref(&output);
	test_assert(strstr(str_c(buf), "One\r\n") != NULL);
	test_assert(strstr(str_c(buf), "Gr\xc3\xbc\xc3\x9f" "e") != NULL);
	test_assert(test_text_is_valid(buf->data, buf->used));
	i_stream_unref(&html);
	test_end();
}

int main(void)
{
	static void (*const tests[])(void) = {
		test_pim_compose_unstructured,
		test_pim_compose_addresses,
		test_pim_compose_copy_header,
		test_pim_compose_copy_broken_header,
		test_pim_compose_structure,
		test_pim_compose_empty,
		test_pim_compose_entities,
		test_pim_compose_html_to_text,
		NULL
	};

	return test_run(tests);
}
