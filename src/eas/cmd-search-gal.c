/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "cmd-search.h"
#include "eas-people.h"

/* [MS-ASCMD] 2.2.1.16, Searching the Global Address List. Results are read one by
   one; one whose card went away since the search is an empty Result, so that
   Range counts right. */

static void
search_gal_write(struct search_request *search, struct eas_people *people,
		 struct gal_picture_limits *limits)
{
	struct wbxml_writer *writer;
	unsigned int total = eas_people_count(people), count = 0;
	unsigned int idx, last;
	struct eas_person person;

	last = I_MIN(search->range.last, search->range.first +
		     search->store->max_results - 1);
	writer = search_begin(search, total > 0 &&
		search->range.first >= total ? SEARCH_END_OF_RANGE :
		SEARCH_SUCCESS);
	for (idx = search->range.first; idx < total && idx <= last; idx++) {
		T_BEGIN {
			wbxml_open(writer, EAS_SEARCH_RESULT);
			if (eas_people_get(people, idx, &person) == 0) {
				wbxml_open(writer, EAS_SEARCH_PROPERTIES);
				eas_people_write(writer, &person, limits);
				wbxml_close(writer);
			}
			wbxml_close(writer);
		} T_END;
		count++;
	}
	if (count == 0)
		wbxml_empty(writer, EAS_SEARCH_RESULT);
	search_end(search, count, total);
}

enum search_status search_gal(struct search_request *search)
{
	const char *query = wbxml_node_text(search->query);
	struct gal_picture_limits limits;
	struct eas_people *people;
	int ret;

	if (query == NULL || search->query->children != NULL)
		return SEARCH_INVALID;
	ret = eas_people_read_picture(search->options, EAS_SEARCH_PICTURE,
				      EAS_SEARCH_MAX_SIZE,
				      EAS_SEARCH_MAX_PICTURES, &limits);
	if (ret < 0)
		return SEARCH_INVALID;
	if (eas_people_search(search->req, FALSE, query, FALSE, &people) < 0)
		return SEARCH_SERVER_ERROR;
	search_gal_write(search, people, ret > 0 &&
			 search->req->version >= EAS_VERSION_14_1 ?
			 &limits : NULL);
	eas_people_free(&people);
	return SEARCH_SUCCESS;
}
