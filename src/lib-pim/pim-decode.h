#ifndef PIM_DECODE_H
#define PIM_DECODE_H

/* Content-Transfer-Encodings, decoded leniently (RFC 2045 6.7, 6.8): what is
   no part of the encoding is skipped or passed through, damage is never an
   error. */

enum pim_encoding {
	/* 7bit, 8bit, and whatever nobody knows */
	PIM_ENCODING_NONE = 0,
	PIM_ENCODING_BINARY,
	PIM_ENCODING_QUOTED_PRINTABLE,
	PIM_ENCODING_BASE64,
};

struct istream;
struct pim_decoder;

/* By the name in the header; NULL is 7bit. */
enum pim_encoding pim_encoding_find(const char *name);

struct pim_decoder *pim_decoder_init(enum pim_encoding encoding);
void pim_decoder_more(struct pim_decoder *dec, const unsigned char *data,
		      size_t size, buffer_t *dest);
void pim_decoder_finish(struct pim_decoder *dec, buffer_t *dest);
void pim_decoder_deinit(struct pim_decoder **dec);

/* The decoded bytes as a stream, which seeks if input does. */
struct istream *
i_stream_create_pim_decoder(struct istream *input, enum pim_encoding encoding);

/* What size encoded bytes in that many lines (CRLFs counted in size; 0 =
   unknown) come to. */
uoff_t pim_encoding_estimate(enum pim_encoding encoding, uoff_t size,
			     unsigned int lines);

#endif
