/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "message-parser.h"
#include "pim-text.h"
#include "test-pim-fixture.h"

void test_mail_init(struct test_mail *mail, struct istream *input)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct message_parser_ctx *parser;
	struct message_block block;

	i_zero(mail);
	mail->pool = pool_alloconly_create("test mail", 4096);
	mail->input = input;
	parser = message_parser_init(mail->pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &mail->parts);
	if (pim_message_read(mail->pool, input, mail->parts, &mail->msg) < 0)
		i_fatal("%s: %s", i_stream_get_name(input),
			i_stream_get_error(input));
}

void test_mail_open(struct test_mail *mail, const char *fixture)
{
	const char *path = t_strdup_printf("%s/%s.eml", FIXTURES, fixture);

	test_mail_init(mail, i_stream_create_file(path, IO_BLOCK_SIZE));
}

void test_mail_deinit(struct test_mail *mail)
{
	i_stream_unref(&mail->input);
	pool_unref(&mail->pool);
}

bool test_text_is_valid(const void *data, size_t size)
{
	struct pim_text_check check;

	pim_text_check_init(&check);
	pim_text_check_more(&check, data, size);
	return pim_text_check_finish(&check, FALSE);
}
