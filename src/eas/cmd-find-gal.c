/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "cmd-find.h"
#include "eas-people.h"

/* [MS-ASCMD] 2.2.1.2, Searching the Global Address List. */

static void
find_gal_write(struct find_request *find, struct eas_people *people,
	       struct gal_picture_limits *limits)
{
	struct wbxml_writer *writer = find_begin(find);
	unsigned int total = eas_people_count(people), count = 0;
	unsigned int idx, last;
	struct eas_person person;

	last = I_MIN(find->range.last, find->range.first +
		     find->store->default_results - 1);
	for (idx = find->range.first; idx < total && idx <= last; idx++) {
		count++;
		if (eas_people_get(people, idx, &person) < 0)
			continue;
		T_BEGIN {
			wbxml_open(writer, EAS_FIND_RESULT);
			wbxml_open(writer, EAS_FIND_PROPERTIES);
			eas_people_write(writer, &person, limits);
			wbxml_close(writer);
			wbxml_close(writer);
		} T_END;
	}
	find_end(find, count, total);
}

unsigned int find_gal(struct find_request *find)
{
	const char *query = wbxml_node_text(find->query);
	struct gal_picture_limits limits;
	struct eas_people *people;
	int ret;

	if (query == NULL || find->query->children != NULL)
		return FIND_INVALID;
	ret = eas_people_read_picture(find->options, EAS_FIND_PICTURE,
				      EAS_FIND_MAX_SIZE, EAS_FIND_MAX_PICTURES,
				      &limits);
	if (ret < 0)
		return FIND_INVALID;
	if (eas_people_search(find->req, FALSE, query, FALSE, &people) < 0)
		return EAS_STATUS_SERVER_ERROR;
	find_gal_write(find, people, ret > 0 ? &limits : NULL);
	eas_people_free(&people);
	return FIND_SUCCESS;
}
