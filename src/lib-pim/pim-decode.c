/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "qp-decoder.h"
#include "pim-decode.h"

static const struct {
	const char *name;
	enum pim_encoding encoding;
} pim_encodings[] = {
	{ "base64", PIM_ENCODING_BASE64 },
	{ "quoted-printable", PIM_ENCODING_QUOTED_PRINTABLE },
	{ "binary", PIM_ENCODING_BINARY },
};

#define B64_SKIP 0
#define B64_PAD 0xff

struct pim_decoder {
	enum pim_encoding encoding;

	struct qp_decoder *qp;
	buffer_t *qp_dest;

	/* base64: the bits of the open group of four */
	uint32_t bits;
	unsigned int count;
};

/* the value plus one */
static const unsigned char b64_values[256] = {
	['A'] = 1, ['B'] = 2, ['C'] = 3, ['D'] = 4, ['E'] = 5, ['F'] = 6,
	['G'] = 7, ['H'] = 8, ['I'] = 9, ['J'] = 10, ['K'] = 11, ['L'] = 12,
	['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16, ['Q'] = 17,
	['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22,
	['W'] = 23, ['X'] = 24, ['Y'] = 25, ['Z'] = 26, ['a'] = 27,
	['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
	['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37,
	['l'] = 38, ['m'] = 39, ['n'] = 40, ['o'] = 41, ['p'] = 42,
	['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47,
	['v'] = 48, ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52,
	['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56, ['4'] = 57,
	['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62,
	['+'] = 63, ['/'] = 64, ['='] = B64_PAD,
};

enum pim_encoding pim_encoding_find(const char *name)
{
	if (name == NULL)
		return PIM_ENCODING_NONE;
	for (unsigned int i = 0; i < N_ELEMENTS(pim_encodings); i++) {
		if (strcasecmp(pim_encodings[i].name, name) == 0)
			return pim_encodings[i].encoding;
	}
	return PIM_ENCODING_NONE;
}

struct pim_decoder *pim_decoder_init(enum pim_encoding encoding)
{
	struct pim_decoder *dec = i_new(struct pim_decoder, 1);

	dec->encoding = encoding;
	if (encoding == PIM_ENCODING_QUOTED_PRINTABLE) {
		dec->qp_dest = buffer_create_dynamic(default_pool, 4096);
		dec->qp = qp_decoder_init(dec->qp_dest);
	}
	return dec;
}

/* The open group ends: what its bits give in whole bytes. */
static void b64_flush(struct pim_decoder *dec, buffer_t *dest)
{
	if (dec->count == 2)
		buffer_append_c(dest, (dec->bits >> 4) & 0xff);
	else if (dec->count == 3) {
		buffer_append_c(dest, (dec->bits >> 10) & 0xff);
		buffer_append_c(dest, (dec->bits >> 2) & 0xff);
	}
	dec->bits = 0;
	dec->count = 0;
}

static void b64_more(struct pim_decoder *dec, const unsigned char *data,
		     size_t size, buffer_t *dest)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char value = b64_values[data[i]];

		if (value == B64_SKIP)
			continue;
		if (value == B64_PAD) {
			/* several encoded pieces may follow one another */
			b64_flush(dec, dest);
			continue;
		}
		dec->bits = dec->bits << 6 | (value - 1);
		if (++dec->count == 4) {
			const unsigned char bytes[] = {
				dec->bits >> 16, dec->bits >> 8, dec->bits
			};

			buffer_append(dest, bytes, sizeof(bytes));
			dec->bits = 0;
			dec->count = 0;
		}
	}
}

void pim_decoder_more(struct pim_decoder *dec, const unsigned char *data,
		      size_t size, buffer_t *dest)
{
	size_t pos;
	const char *error;

	switch (dec->encoding) {
	case PIM_ENCODING_NONE:
	case PIM_ENCODING_BINARY:
		buffer_append(dest, data, size);
		break;
	case PIM_ENCODING_QUOTED_PRINTABLE:
		(void)qp_decoder_more(dec->qp, data, size, &pos, &error);
		buffer_append_buf(dest, dec->qp_dest, 0, SIZE_MAX);
		buffer_set_used_size(dec->qp_dest, 0);
		break;
	case PIM_ENCODING_BASE64:
		b64_more(dec, data, size, dest);
		break;
	}
}

void pim_decoder_finish(struct pim_decoder *dec, buffer_t *dest)
{
	const char *error;

	if (dec->qp != NULL) {
		(void)qp_decoder_finish(dec->qp, &error);
		buffer_append_buf(dest, dec->qp_dest, 0, SIZE_MAX);
		buffer_set_used_size(dec->qp_dest, 0);
	}
	b64_flush(dec, dest);
}

void pim_decoder_deinit(struct pim_decoder **_dec)
{
	struct pim_decoder *dec = *_dec;

	*_dec = NULL;
	if (dec == NULL)
		return;
	if (dec->qp != NULL) {
		qp_decoder_deinit(&dec->qp);
		buffer_free(&dec->qp_dest);
	}
	i_free(dec);
}

uoff_t pim_encoding_estimate(enum pim_encoding encoding, uoff_t size,
			     unsigned int lines)
{
	if (encoding != PIM_ENCODING_BASE64)
		return size;
	/* a cached part tree counts the lines of text only: 76 characters
	   and CRLF is what everybody writes */
	if (lines == 0)
		lines = size / 78;
	if ((uoff_t)lines * 2 < size)
		size -= (uoff_t)lines * 2;
	return size / 4 * 3;
}
