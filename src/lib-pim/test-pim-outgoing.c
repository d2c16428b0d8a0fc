/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "test-common.h"
#include "pim-outgoing.h"

static const char *read_all(struct istream *input)
{
	const unsigned char *data;
	string_t *str = t_str_new(256);
	size_t size;

	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(str, data, size);
		i_stream_skip(input, size);
	}
	i_stream_unref(&input);
	return str_c(str);
}

static int
outgoing_read(pool_t pool, const char *text, bool bytewise,
	      struct istream **input_r, struct pim_outgoing **out_r)
{
	*input_r = bytewise ? test_istream_create(text) :
		i_stream_create_from_data(text, strlen(text));
	return pim_outgoing_read(pool, *input_r, out_r);
}

static const struct {
	const char *in, *out;
} unchanged[] = {
	{ "A: b\r\n\r\nbody\nlines\r\n", "A: b\r\n\r\nbody\nlines\r\n" },
	{ "A: b\n\nbody\n", "A: b\r\n\r\nbody\n" },
	{ "A: b\n c\n\td\nE:f\n\n", "A: b\r\n c\r\n\td\r\nE:f\r\n\r\n" },
	/* no body, no end of the last line */
	{ "A: b", "A: b\r\n\r\n" },
	{ "A: b\r\n", "A: b\r\n\r\n" },
	/* what is no field goes, with its folds */
	{ "From x@y Sat Nov 28\nA: b\n\n", "A: b\r\n\r\n" },
	{ "nonsense\n more\nA : b\n: c\n\nx", "A : b\r\n\r\nx" },
	/* no line breaks of somebody's own making */
	{ "A: b\rBcc: c\n\n", "A: b Bcc: c\r\n\r\n" },
};

static void test_pim_outgoing_unchanged(void)
{
	struct pim_outgoing *out;
	struct istream *input;
	unsigned int i, bytewise;
	pool_t pool;

	test_begin("pim outgoing: unchanged");
	for (i = 0; i < N_ELEMENTS(unchanged); i++) {
		for (bytewise = 0; bytewise < 2; bytewise++) {
			pool = pool_alloconly_create("test", 1024);
			test_assert_idx(outgoing_read(pool, unchanged[i].in,
						      bytewise != 0, &input,
						      &out) == 1, i);
			test_assert_strcmp_idx(read_all(
				pim_outgoing_stream(out, "", NULL)),
				unchanged[i].out, i);
			i_stream_unref(&input);
			pool_unref(&pool);
		}
	}
	test_end();
}

static void test_pim_outgoing_edits(void)
{
	static const char *const without[] = { "Bcc", NULL };
	struct pim_outgoing *out;
	struct istream *input;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("pim outgoing: edits");
	test_assert(outgoing_read(pool,
		"To: a@b,\n c@d\nFrom: x\nbcc: e@f\nCONTENT-Type: y\n"
		"to: g@h\nContent-Length: 1\n\nbody", FALSE, &input,
		&out) == 1);
	test_assert_strcmp(pim_outgoing_value(out, "to"), "a@b, c@d");
	test_assert_strcmp(pim_outgoing_joined(out, "TO"), "a@b, c@d, g@h");
	test_assert(pim_outgoing_value(out, "Cc") == NULL);
	pim_outgoing_set(out, "From", "z");
	pim_outgoing_set(out, "Date", "now");
	pim_outgoing_remove_prefix(out, "content-");
	test_assert_strcmp(read_all(pim_outgoing_stream(out, "R: 1\r\n",
							without)),
		"R: 1\r\nTo: a@b,\r\n c@d\r\nFrom: z\r\nto: g@h\r\n"
		"Date: now\r\n\r\nbody");
	/* any number of streams of one mail */
	test_assert(strstr(read_all(pim_outgoing_stream(out, "", NULL)),
			   "bcc: e@f\r\n") != NULL);
	pim_outgoing_remove(out, "to");
	test_assert(pim_outgoing_value(out, "To") == NULL);
	i_stream_unref(&input);
	pool_unref(&pool);
	test_end();
}

static void test_pim_outgoing_none(void)
{
	static const char *const none[] = { "", "\r\nA: b\r\n", "text", ":\n" };
	struct pim_outgoing *out;
	struct istream *input;
	unsigned int i;
	pool_t pool;
	char *large;

	test_begin("pim outgoing: no header");
	for (i = 0; i < N_ELEMENTS(none); i++) {
		pool = pool_alloconly_create("test", 1024);
		test_assert_idx(outgoing_read(pool, none[i], FALSE, &input,
					      &out) == 0, i);
		i_stream_unref(&input);
		pool_unref(&pool);
	}
	large = i_malloc(PIM_OUTGOING_HEADER_MAX + 100);
	memset(large, 'a', PIM_OUTGOING_HEADER_MAX + 99);
	pool = pool_alloconly_create("test", 1024);
	test_assert(outgoing_read(pool, large, FALSE, &input, &out) == 0);
	i_stream_unref(&input);
	pool_unref(&pool);
	i_free(large);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_outgoing_unchanged,
		test_pim_outgoing_edits,
		test_pim_outgoing_none,
		NULL
	};

	return test_run(test_functions);
}
