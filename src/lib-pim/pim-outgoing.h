#ifndef PIM_OUTGOING_H
#define PIM_OUTGOING_H

/* A mail that somebody wants to send: its header is read as fields that can be taken
   out, replaced and added to, its body is left where it is. What is not
   asked for stays as it was, byte for byte. */

struct istream;
struct pim_outgoing;

/* The largest header that is read. */
#define PIM_OUTGOING_HEADER_MAX (1024*1024)

/* Reads the header of input, which must be blocking, seekable and stand at the
   mail's start; it has to outlive *out_r. Lines that are no fields are dropped, an
   mbox' "From " line too. Returns 1, 0 if there is no field at all or the header
   is too large, -1 if input failed. */
int pim_outgoing_read(pool_t pool, struct istream *input,
		      struct pim_outgoing **out_r);

/* The raw value of the first field of that name, unfolded; NULL = there is
   none. Of address fields (To, Cc, Bcc) use pim_outgoing_joined(). */
const char *pim_outgoing_value(const struct pim_outgoing *out,
			       const char *name);
/* The values of all fields of that name, joined by commas; NULL = none. */
const char *pim_outgoing_joined(const struct pim_outgoing *out,
				const char *name);

/* Takes all fields of that name out. */
void pim_outgoing_remove(struct pim_outgoing *out, const char *name);
/* Takes out every field whose name begins with prefix. */
void pim_outgoing_remove_prefix(struct pim_outgoing *out, const char *prefix);
/* The one field of that name, in the place of the first one there was, else behind
   the others. value must be ASCII, without line breaks except folds. */
void pim_outgoing_set(struct pim_outgoing *out, const char *name,
		      const char *value);

/* The mail as it stands now, with CRLFs in the header: prefix (whole fields with CRLF, may
   be ""), then the fields without those of the NULL-ended list (may be NULL),
   then the body as it was. The caller unrefs it. */
struct istream *
pim_outgoing_stream(const struct pim_outgoing *out, const char *prefix,
		    const char *const *without);
/* Where the body begins in the input. */
uoff_t pim_outgoing_body_offset(const struct pim_outgoing *out);
/* The fields as text, as pim_outgoing_stream() would write them, without the empty
   line. */
void pim_outgoing_write_header(const struct pim_outgoing *out, string_t *dest,
			       const char *const *without);

#endif
