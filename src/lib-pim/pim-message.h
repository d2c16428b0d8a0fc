#ifndef PIM_MESSAGE_H
#define PIM_MESSAGE_H

#include "pim-decode.h"
#include "pim-header.h"

/* What a mail consists of, as a mail reader shows it: the text, the
   attachments. Made from lib-mail's part tree and the headers of the parts,
   read from the mail's stream; the bodies are not touched. Depth and number
   of parts are bounded. */

struct message_part;

enum pim_message_kind {
	PIM_MESSAGE_PLAIN = 0,
	/* multipart/signed with a PKCS7 signature */
	PIM_MESSAGE_SMIME_SIGNED,
	/* application/pkcs7-mime: encrypted or opaquely signed */
	PIM_MESSAGE_SMIME,
	/* multipart/signed or multipart/encrypted with PGP */
	PIM_MESSAGE_PGP,
	/* multipart/report: delivery status, disposition notification */
	PIM_MESSAGE_REPORT_DELIVERY,
	PIM_MESSAGE_REPORT_DISPOSITION,
};

struct pim_part {
	const char *number;		/* IMAP's: "2.1" */
	const char *type;		/* "text/plain", lower case */
	const char *charset;		/* NULL = not said */
	const char *method;		/* of a calendar, NULL = not said */
	/* the file name, cleaned, NULL = none */
	const char *name;
	const char *content_id;		/* without <> */
	const char *content_location;
	enum pim_encoding encoding;
	/* NULL = it stands in the mail. Else in the decoded content of this part,
	   where it has no header. */
	const struct pim_part *inside;
	/* NULL, or the content itself, which we have made: UTF-8 */
	const void *made;
	/* in the mail's stream */
	uoff_t header_pos, header_size;
	uoff_t body_pos, body_size;
	/* with CRLFs */
	uoff_t body_virtual_size;
	unsigned int body_lines;
	/* Content-Disposition */
	bool attachment:1;
	bool disposition_inline:1;
	/* a picture that is shown within the text */
	bool is_inline:1;
	/* message/rfc822 */
	bool message:1;
};
ARRAY_DEFINE_TYPE(pim_part, struct pim_part *);

/* A piece of the text. A mail has several when text and attachments
   alternate. At least one of the two is there. */
struct pim_section {
	struct pim_part *plain, *html;
	/* the HTML alternative goes on here; an earlier section's plain text
	   has it already */
	bool html_only:1;
};
ARRAY_DEFINE_TYPE(pim_section, struct pim_section);

struct pim_message {
	enum pim_message_kind kind;
	struct pim_headers headers;
	ARRAY_TYPE(pim_section) sections;
	ARRAY_TYPE(pim_part) attachments;
	/* the first text/calendar or application/ics, NULL = none; it is listed in
	   attachments as well */
	struct pim_part *calendar;
	/* the first application/ms-tnef, NULL = none; an attachment as well */
	struct pim_part *tnef;
	/* message/delivery-status or message/disposition-notification */
	struct pim_part *report;
	/* some section has HTML */
	bool has_html:1;
	/* there were more parts than are listed */
	bool incomplete:1;
};

/* Everything is allocated from pool. Returns 0, or -1 if input failed (its
   error). */
int pim_message_read(pool_t pool, struct istream *input,
		     const struct message_part *parts,
		     struct pim_message **msg_r);
/* Finds a part by its number below parts, and reads its header; also an
   attachment within a TNEF. Returns 1, 0 if there is none, -1 if input failed. */
int pim_message_find_part(pool_t pool, struct istream *input,
			  const struct message_part *parts, const char *number,
			  struct pim_part **part_r);
/* text/calendar or application/ics? */
bool pim_part_is_calendar(const struct pim_part *part);
/* application/ms-tnef? */
bool pim_part_is_tnef(const struct pim_part *part);
/* A name without what no file name should have, at most 255 bytes; NULL =
   nothing is left. In the data stack. */
const char *pim_file_name_clean(const char *name);
/* The type that a file of that name (may be NULL) has; never NULL. */
const char *pim_part_type_of_name(const char *name);
/* The name an attachment is shown with: never empty, at most 255 bytes,
   without control characters and path separators; made up where the mail has
   none. For an embedded message input is read for its subject. In the data
   stack. */
const char *pim_part_file_name(const struct pim_part *part,
			       struct istream *input);

#endif
