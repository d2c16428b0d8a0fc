#ifndef EAS_SCHEMA_FILTER_H
#define EAS_SCHEMA_FILTER_H

#include "eas.h"

/* The Schema option of ItemOperations ([MS-ASCMD] 2.2.3.158): of an item's properties only those
   that the device names. Whoever writes an item need not know: the fragment that
   he wrote is filtered on its way into the answer, whatever its size. */

struct eas_schema_filter;

/* tags, ended by 0, are those children of parent_tag that are kept. The filter
   keeps the pointer. What is left goes to writer. */
struct eas_schema_filter *
eas_schema_filter_init(struct wbxml_writer *writer, unsigned int parent_tag,
		       const unsigned int *tags);
/* The same, but tags are those that are dropped. */
struct eas_schema_filter *
eas_schema_filter_init_without(struct wbxml_writer *writer,
			       unsigned int parent_tag,
			       const unsigned int *tags);
/* More bytes of a fragment, cut anywhere. */
void eas_schema_filter_more(struct eas_schema_filter *filter,
			    const unsigned char *data, size_t size);
/* Frees the filter. Returns 0, or -1 if what came was no whole fragment. */
int eas_schema_filter_deinit(struct eas_schema_filter **filter);

#endif
