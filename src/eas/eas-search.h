#ifndef EAS_SEARCH_H
#define EAS_SEARCH_H

#include "eas.h"

/* What Search and Find have in common, whatever they search. */

/* Range ([MS-ASCMD] 2.2.3.143.1, .3): the first and the last index, both
   included, as they were asked for. */
struct eas_search_range {
	unsigned int first, last;
};

/* Reads the Range below options (may be NULL), 0 to max - 1 if there is none.
   Returns 0, or -1 if it is no range. */
int eas_search_range_read(const struct wbxml_node *options, unsigned int tag,
			  unsigned int max, struct eas_search_range *range_r);
/* Writes "m-n". */
void eas_search_range_write(struct wbxml_writer *writer, unsigned int tag,
			    unsigned int first, unsigned int last);

#endif
