#ifndef PIM_BODY_H
#define PIM_BODY_H

#include "pim-message.h"

/* The text of a mail as one stream of valid UTF-8 of the type that is asked
   for: transfer encoding and charset decoded, HTML made from text or text
   from HTML where the mail has not got it. Memory does not grow with the
   mail; what lies behind max_bytes is not read. */

struct ostream;

enum pim_body_type {
	/* lines end in CRLF */
	PIM_BODY_PLAIN,
	/* declared as UTF-8 whatever it was */
	PIM_BODY_HTML,
};

struct pim_body_result {
	/* written to the output */
	uoff_t size;
	/* of the whole: exact unless truncated, then estimated from the
	   parts' sizes and always more than size */
	uoff_t estimated_size;
	bool truncated;
};

/* Writes the text to output, at most max_bytes, cut between two characters.
   input is the mail's stream. Returns 0, or -1 if input failed (its error;
   what was written is of no use). */
int pim_body_write(const struct pim_message *msg, struct istream *input,
		   enum pim_body_type type, uoff_t max_bytes,
		   struct ostream *output, struct pim_body_result *result_r);
/* The size in bytes without reading anything: the parts' sizes before
   decoding. */
uoff_t pim_body_estimate(const struct pim_message *msg,
			 enum pim_body_type type);
/* The charset of the first piece of text, NULL = none is declared. */
const char *pim_body_charset(const struct pim_message *msg);

/* The decoded content of a part, as a stream that can seek; lines are not
   changed, and of a message within a TNEF it is the TNEF. part has to outlive
   it. */
struct istream *
pim_part_stream(const struct pim_part *part, struct istream *input);
/* The decoded content of a part (text is not converted) is written to
   output. Returns 0, or -1 if input failed. */
int pim_part_write(const struct pim_part *part, struct istream *input,
		   struct ostream *output);

#endif
