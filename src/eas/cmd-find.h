#ifndef CMD_FIND_H
#define CMD_FIND_H

#include "eas-search.h"

/* Find ([MS-ASCMD] 2.2.1.2), 16.1 only. */

/* [MS-ASCMD] 2.2.3.177.2 */
enum find_status {
	FIND_SUCCESS = 1,
	FIND_INVALID = 2,
	FIND_FOLDER_SYNC_REQUIRED = 3,
	/* below Response only */
	FIND_START_WITH_ZERO = 4,
};

struct find_request {
	struct eas_request *req;
	const struct find_store *store;
	const char *search_id;			/* never empty */
	const struct wbxml_node *query;		/* never NULL */
	const struct wbxml_node *options;	/* NULL = none were sent */
	/* last may be beyond the store's max_results */
	struct eas_search_range range;
};

struct find_store {
	unsigned int criterion_tag;
	const char *name;
	/* as many results can be had */
	unsigned int max_results;
	/* as many are sent to who asks for no Range */
	unsigned int default_results;
	/* Writes the results between find_begin() and find_end() and returns
	   FIND_SUCCESS. Any other status, common ones included, becomes the
	   command's (FIND_START_WITH_ZERO the Response's), and what was
	   written is dropped. */
	unsigned int (*run)(struct find_request *find);
};

/* Opens everything down to the Response's Status. Results come next. */
struct wbxml_writer *find_begin(struct find_request *find);
/* Range (unless count is 0) and Total, and the end. count: indexes from
   range.first on that the results stand for. */
void find_end(struct find_request *find, unsigned int count,
	      unsigned int total);

unsigned int find_mailbox(struct find_request *find);
unsigned int find_gal(struct find_request *find);

#endif
