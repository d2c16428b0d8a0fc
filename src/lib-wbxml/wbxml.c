#include "lib.h"
#include "sort.h"
#include "wbxml.h"

static int wbxml_tag_cmp(const unsigned int *tag,
			 const struct wbxml_tag_name *row)
{
	return *tag < row->tag ? -1 : (*tag > row->tag ? 1 : 0);
}

const char *
wbxml_tag_name(const struct wbxml_code_space *space, unsigned int tag)
{
	const struct wbxml_tag_name *row;

	row = i_bsearch(&tag, space->tags, space->tags_count,
			sizeof(*space->tags), wbxml_tag_cmp);
	return row == NULL ? NULL : row->name;
}

const char *
wbxml_page_xmlns(const struct wbxml_code_space *space, unsigned int page)
{
	for (unsigned int i = 0; i < space->pages_count; i++) {
		if (space->pages[i].page == page)
			return space->pages[i].xmlns;
	}
	return NULL;
}

unsigned int
wbxml_tag_find(const struct wbxml_code_space *space, const char *xmlns,
	       const char *name)
{
	const struct wbxml_tag_name *row;

	for (unsigned int i = 0; i < space->tags_count; i++) {
		row = &space->tags[i];
		if (strcmp(row->name, name) == 0 &&
		    null_strcmp(wbxml_page_xmlns(space,
				WBXML_TAG_PAGE(row->tag)), xmlns) == 0)
			return row->tag;
	}
	return 0;
}
