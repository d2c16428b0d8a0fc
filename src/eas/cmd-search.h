#ifndef CMD_SEARCH_H
#define CMD_SEARCH_H

#include "eas-search.h"

/* Search ([MS-ASCMD] 2.2.1.16): one request names one store. */

/* [MS-ASCMD] 2.2.3.177.13, below Store */
enum search_status {
	SEARCH_SUCCESS = 1,
	SEARCH_INVALID = 2,
	SEARCH_SERVER_ERROR = 3,
	SEARCH_BAD_LINK = 4,
	SEARCH_ACCESS_DENIED = 5,
	SEARCH_TOO_COMPLEX = 8,
	SEARCH_TIMED_OUT = 10,
	SEARCH_FOLDER_SYNC_REQUIRED = 11,
	SEARCH_END_OF_RANGE = 12,
	SEARCH_ACCESS_BLOCKED = 13,
};

struct search_request {
	struct eas_request *req;
	const struct search_store *store;
	const struct wbxml_node *query;		/* never NULL */
	const struct wbxml_node *options;	/* NULL = none were sent */
	/* last may be beyond the store's max_results */
	struct eas_search_range range;
};

struct search_store {
	const char *name;
	unsigned int min_version;
	/* [MS-ASCMD] 2.2.3.143.3: as many results can be had, and are sent to
	   who asks for no Range */
	unsigned int max_results;
	/* Writes the results between search_begin() and search_end() and
	   returns SEARCH_SUCCESS. Any other status becomes the Store's, and
	   what was written is dropped. */
	enum search_status (*run)(struct search_request *search);
};

/* Opens everything down to the Store, whose Status is SEARCH_SUCCESS or the
   warning SEARCH_END_OF_RANGE. Results come next. */
struct wbxml_writer *
search_begin(struct search_request *search, enum search_status status);
/* Range (unless count is 0) and Total, and the end. count: indexes from
   range.first on that the results stand for. */
void search_end(struct search_request *search, unsigned int count,
		unsigned int total);

enum search_status search_mailbox(struct search_request *search);
enum search_status search_gal(struct search_request *search);

#endif
