/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "strnum.h"
#include "eas-search.h"

int eas_search_range_read(const struct wbxml_node *options, unsigned int tag,
			  unsigned int max, struct eas_search_range *range_r)
{
	const struct wbxml_node *node = wbxml_node_child(options, tag);
	const char *p;

	range_r->first = 0;
	range_r->last = max - 1;
	if (node == NULL)
		return 0;
	p = wbxml_node_text(node);
	if (p == NULL || str_parse_uint(p, &range_r->first, &p) < 0 ||
	    *p++ != '-' || str_to_uint(p, &range_r->last) < 0 ||
	    range_r->first > range_r->last ||
	    /* [MS-ASCMD] 2.2.3.143.1 leaves more than one undefined */
	    wbxml_node_next_same(node) != NULL)
		return -1;
	return 0;
}

void eas_search_range_write(struct wbxml_writer *writer, unsigned int tag,
			    unsigned int first, unsigned int last)
{
	wbxml_text(writer, tag, t_strdup_printf("%u-%u", first, last));
}
