#ifndef PIM_HEADER_H
#define PIM_HEADER_H

/* Header fields as a device shall see them: RFC 2047 and 2231 decoded, raw
   8-bit and mislabelled charsets made valid UTF-8, one line, no control
   characters. All results are in the data stack unless a pool is given. */

struct message_address;
struct istream;

/* The fields of a mail's header that somebody asks for. */
enum pim_header_name {
	PIM_HEADER_TO,
	PIM_HEADER_CC,
	PIM_HEADER_BCC,
	PIM_HEADER_FROM,
	PIM_HEADER_SENDER,
	PIM_HEADER_REPLY_TO,
	PIM_HEADER_SUBJECT,
	PIM_HEADER_DATE,
	PIM_HEADER_MESSAGE_ID,
	PIM_HEADER_IN_REPLY_TO,
	PIM_HEADER_REFERENCES,
	PIM_HEADER_THREAD_TOPIC,
	PIM_HEADER_THREAD_INDEX,
	PIM_HEADER_IMPORTANCE,
	PIM_HEADER_PRIORITY,
	PIM_HEADER_X_PRIORITY,
	PIM_HEADER_X_MSMAIL_PRIORITY,
	PIM_HEADER_CONTENT_TYPE,
	PIM_HEADER_CONTENT_TRANSFER_ENCODING,
	PIM_HEADER_CONTENT_DISPOSITION,
	PIM_HEADER_CONTENT_ID,
	PIM_HEADER_CONTENT_LOCATION,
	PIM_HEADER_CONTENT_DESCRIPTION,
	PIM_HEADER_CONTENT_CLASS,
	PIM_HEADER_MESSAGE_CONTEXT,
	PIM_HEADER_LIST_ID,
	PIM_HEADER_X_CALLING_TELEPHONE_NUMBER,
	PIM_HEADER_X_VOICE_MESSAGE_DURATION,
	PIM_HEADER_X_ATTACHMENT_ORDER,

	PIM_HEADER_COUNT
};

/* Raw values, unfolded; NULL = no such field. Of a field that comes several
   times the first counts, but address fields are joined. */
struct pim_headers {
	const char *value[PIM_HEADER_COUNT];
};

/* The names, for mailbox_header_lookup_init(): PIM_HEADER_COUNT of them,
   then NULL. */
extern const char *const pim_header_names[];

/* Reads a header block from input's current position to the empty line or
   the end of input. A block is read up to 1 MB, a field kept up to 128 KB;
   what is beyond is not there. Returns 0, or -1 if input failed. */
int pim_headers_read(pool_t pool, struct istream *input,
		     struct pim_headers *headers_r);

/* Unstructured text (Subject, a phrase, a file name). NULL gives NULL. */
const char *pim_header_decode(const char *raw);

/* An address list as a device shows it: `"Name" <addr>`, separated by
   separator, whole addresses only, up to max_bytes. Appends nothing if there
   is no address in raw. */
void pim_header_addresses(string_t *dest, const char *raw,
			  const char *separator, size_t max_bytes);
/* The names alone (the address where there is no name), separated by "; ". */
void pim_header_display_names(string_t *dest, const char *raw,
			      size_t max_bytes);
/* The first address alone ("user@domain"), or NULL. */
const char *pim_header_first_address(const char *raw);

/* Parameters of Content-Type and Content-Disposition. */
struct pim_content_value {
	/* "text/plain", "attachment": lower case, never NULL */
	const char *value;
	/* name, value, name, value, ..., NULL */
	const char *const *params;
};
void pim_header_content_parse(const char *raw,
			      struct pim_content_value *value_r);
/* A parameter, decoded (RFC 2231, and RFC 2047, which should not be there
   but is). NULL = none. */
const char *pim_content_param(const struct pim_content_value *value,
			      const char *name);

#endif
