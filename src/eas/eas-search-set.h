#ifndef EAS_SEARCH_SET_H
#define EAS_SEARCH_SET_H

#include "sha2.h"

struct eas_request;
struct wbxml_node;

/* What a search has found, newest first, for all its pages: searching costs much,
   and a page that was searched anew would miss or repeat mails. A device has
   one set of Search and one of Find in the user's database, as [MS-ASCMD]
   2.2.3.145 has a search folder; the next query takes its place. It holds only
   where the mails are, so one that is gone by the time of its page is found
   missing then. A set is a cache: whatever happens to it, searching again
   makes another. */

struct eas_search_folder {
	uint32_t id;			/* CollectionId */
	uint32_t uidvalidity;
};

struct eas_search_hit {
	uint32_t folder;		/* index of folders */
	uint32_t uid;
};

struct eas_search_set {
	/* of the query that it answers */
	unsigned char digest[SHA256_RESULTLEN];
	time_t created;
	/* how many there are, of which hits are the newest */
	unsigned int total;
	ARRAY(struct eas_search_folder) folders;
	ARRAY(struct eas_search_hit) hits;
};

/* What makes two queries the same: their trees and what else is in extra (NULL
   ends it). */
void eas_search_digest(const struct wbxml_node *query,
		       const char *const *extra,
		       unsigned char digest_r[SHA256_RESULTLEN]);

void eas_search_set_init(pool_t pool, struct eas_search_set *set_r);
/* The set that is stored under name, if it is of this query and not older than
   max_age seconds. Returns 1, 0 there is none, -1 (logged). */
int eas_search_set_get(struct eas_request *req, const char *name,
		       const unsigned char digest[SHA256_RESULTLEN],
		       unsigned int max_age, struct eas_search_set *set_r);
/* Returns 0 or -1 (logged). */
int eas_search_set_put(struct eas_request *req, const char *name,
		       const struct eas_search_set *set);

void eas_search_set_encode(const struct eas_search_set *set, buffer_t *dest);
/* Returns 0, or -1 if it is no set. */
int eas_search_set_decode(pool_t pool, const void *data, size_t size,
			  struct eas_search_set *set_r);

#endif
