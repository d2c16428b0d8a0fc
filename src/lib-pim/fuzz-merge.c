/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "iostream-temp.h"
#include "message-parser.h"
#include "pim-merge.h"
#include "pim-message.h"
#include "pim-outgoing.h"

/* Two mails, whatever they are, become one: the input is the new one and, behind the
   first NUL, the original. A header is read and written again. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static struct ostream *fuzz_spool(void *context ATTR_UNUSED)
{
	return iostream_temp_create("/tmp/roost-fuzz.", 0);
}

static void
fuzz_read(pool_t pool, struct istream *input, struct pim_merge_mail *mail_r)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct message_parser_ctx *parser;
	struct message_block block;
	struct message_part *parts;
	struct pim_message *msg;

	parser = message_parser_init(pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &parts);
	if (pim_message_read(pool, input, parts, &msg) < 0)
		i_unreached();
	mail_r->input = input;
	mail_r->msg = msg;
}

static void fuzz_outgoing(pool_t pool, struct istream *input)
{
	static const char *const without[] = { "Bcc", NULL };
	struct pim_outgoing *out, *again;
	struct istream *result;

	i_stream_seek(input, 0);
	if (pim_outgoing_read(pool, input, &out) <= 0)
		return;
	pim_outgoing_set(out, "From", "a@b");
	pim_outgoing_remove_prefix(out, "Content-");
	result = pim_outgoing_stream(out, "", without);
	/* nobody can bring a field in through another one */
	i_assert(pim_outgoing_read(pool, result, &again) == 1);
	i_assert(pim_outgoing_value(again, "Bcc") == NULL);
	i_assert(strcmp(pim_outgoing_joined(again, "From"), "a@b") == 0);
	i_stream_unref(&result);
}

static void
fuzz_merge(pool_t pool, struct istream *new_mail, struct istream *original,
	   bool forward)
{
	struct pim_merge merge;
	struct ostream *output;
	const char *error;

	i_zero(&merge);
	merge.pool = pool;
	merge.forward = forward;
	merge.header = str_new(pool, 64);
	merge.spool = fuzz_spool;
	i_stream_seek(new_mail, 0);
	i_stream_seek(original, 0);
	fuzz_read(pool, new_mail, &merge.new_mail);
	fuzz_read(pool, original, &merge.original);
	if (!pim_merge_is_possible(&merge))
		return;
	output = fuzz_spool(NULL);
	if (pim_merge_write(&merge, output, &error) < 0)
		i_panic("%s", error);
	o_stream_abort(output);
	o_stream_destroy(&output);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *p = size == 0 ? NULL : memchr(data, '\0', size);
	size_t new_size = p == NULL ? size : (size_t)(p - data);
	struct istream *new_mail, *original;
	pool_t pool = pool_alloconly_create("fuzz", 4096);

	new_mail = i_stream_create_from_data(data, new_size);
	original = i_stream_create_from_data(p == NULL ? data : p + 1,
		p == NULL ? 0 : size - new_size - 1);
	T_BEGIN {
		fuzz_outgoing(pool, new_mail);
		fuzz_merge(pool, new_mail, original, FALSE);
		fuzz_merge(pool, new_mail, original, TRUE);
	} T_END;
	i_stream_unref(&new_mail);
	i_stream_unref(&original);
	pool_unref(&pool);
	return 0;
}
