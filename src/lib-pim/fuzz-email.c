/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "message-parser.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-text.h"

/* A mail, whatever it is, becomes an item: every text is such that XML can
   hold it, every limit holds, every attachment has a name and can be read. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void check_text(const void *data, size_t size)
{
	struct pim_text_check check;

	pim_text_check_init(&check);
	pim_text_check_more(&check, data, size);
	i_assert(pim_text_check_finish(&check, FALSE));
}

static void check_str(const char *str)
{
	if (str != NULL)
		check_text(str, strlen(str));
}

static void check_headers(const struct pim_headers *headers)
{
	string_t *str = t_str_new(256);

	for (unsigned int i = 0; i < PIM_HEADER_COUNT; i++) {
		check_str(pim_header_decode(headers->value[i]));
		str_truncate(str, 0);
		pim_header_addresses(str, headers->value[i], ", ", 1000);
		i_assert(str_len(str) <= 1000);
		check_text(str_data(str), str_len(str));
		str_truncate(str, 0);
		pim_header_display_names(str, headers->value[i], 1000);
		i_assert(str_len(str) <= 1000);
		check_text(str_data(str), str_len(str));
		check_str(pim_header_first_address(headers->value[i]));
	}
}

static void
check_body(const struct pim_message *msg, struct istream *input,
	   enum pim_body_type type, uoff_t max, buffer_t *buf)
{
	struct ostream *output = o_stream_create_buffer(buf);
	struct pim_body_result result;

	o_stream_set_no_error_handling(output, TRUE);
	i_assert(pim_body_write(msg, input, type, max, output, &result) == 0);
	o_stream_unref(&output);
	i_assert(buf->used == result.size && result.size <= max);
	i_assert(result.estimated_size >= result.size);
	check_text(buf->data, buf->used);
}

static void
check_bodies(const struct pim_message *msg, struct istream *input)
{
	buffer_t *whole = buffer_create_dynamic(default_pool, 1024);
	buffer_t *cut = buffer_create_dynamic(default_pool, 1024);

	for (unsigned int i = 0; i < 2; i++) {
		enum pim_body_type type = i == 0 ? PIM_BODY_PLAIN :
			PIM_BODY_HTML;

		buffer_set_used_size(whole, 0);
		buffer_set_used_size(cut, 0);
		check_body(msg, input, type, UOFF_T_MAX, whole);
		check_body(msg, input, type, whole->used / 2, cut);
		i_assert(memcmp(whole->data, cut->data, cut->used) == 0);
	}
	buffer_free(&whole);
	buffer_free(&cut);
}

static void
check_part(const struct pim_part *part, struct istream *input, pool_t pool,
	   const struct message_part *parts)
{
	buffer_t *buf = buffer_create_dynamic(default_pool, 1024);
	struct ostream *output = o_stream_create_buffer(buf);
	const char *name = pim_part_file_name(part, input);
	struct pim_part *found;

	i_assert(*name != '\0' && strlen(name) <= 255);
	i_assert(strpbrk(name, "/\\") == NULL);
	check_str(name);
	check_str(part->content_id);
	check_str(part->content_location);
	o_stream_set_no_error_handling(output, TRUE);
	i_assert(pim_part_write(part, input, output) == 0);
	o_stream_unref(&output);
	buffer_free(&buf);
	/* what is listed can be fetched, unless it lies too deep */
	i_assert(pim_message_find_part(pool, input, parts, part->number,
				       &found) >= 0);
}

static void check_mail(pool_t pool, struct istream *input)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct message_parser_ctx *parser;
	struct message_block block;
	struct message_part *parts;
	struct pim_message *msg;
	struct pim_part *const *partp;

	parser = message_parser_init(pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &parts);
	i_assert(pim_message_read(pool, input, parts, &msg) == 0);

	check_headers(&msg->headers);
	check_bodies(msg, input);
	(void)pim_charset_codepage(pim_body_charset(msg));
	array_foreach(&msg->attachments, partp) T_BEGIN {
		check_part(*partp, input, pool, parts);
	} T_END;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool = pool_alloconly_create("fuzz", 4096);
	struct istream *input = i_stream_create_from_data(data, size);

	T_BEGIN {
		check_mail(pool, input);
	} T_END;
	i_stream_unref(&input);
	pool_unref(&pool);
	return 0;
}
