#ifndef EAS_MULTIPART_H
#define EAS_MULTIPART_H

#include "eas.h"

/* The multipart form of an answer ([MS-ASCMD] 2.2.1.10.1): the document first, then the data
   that it refers to by number. The table of sizes stands before all of it, so
   both are spooled until the answer is finished. */

struct eas_multipart;

struct eas_multipart *eas_multipart_init(struct eas_request *req);
void eas_multipart_deinit(struct eas_multipart **multipart);
/* The writer of the document, owned by multipart. */
struct wbxml_writer *eas_multipart_writer(struct eas_multipart *multipart);
/* Takes size bytes of input as the next part; returns its number for the Part
   element. Errors are kept and returned by finish. The context is the multipart: fits struct
   eas_email_parts. */
unsigned int eas_multipart_add(void *context, struct istream *input,
			       uoff_t size);
/* Writes all to the request's answer. Returns 0, or -1 (logged): the answer has to be
   dropped. */
int eas_multipart_finish(struct eas_multipart *multipart);

#endif
