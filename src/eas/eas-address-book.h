#ifndef EAS_ADDRESS_BOOK_H
#define EAS_ADDRESS_BOOK_H

#include "eas.h"

struct gal_result;

/* The user's own contacts, in all folders of them. So many of those that match are found, and as many
   are looked at for a list. */
#define EAS_ADDRESS_BOOK_MAX 20000
/* How long one look-up may make the store's index: then those are found that are indexed already */
#define EAS_ADDRESS_BOOK_INDEX_SECS 10

/* Those that have an address, searched as the operator's address book is (gal.h: gal_search(), or
   exact: gal_find()), by the store's index. Returns NULL if they can't be read (logged). The
   result is to be freed before req. */
struct gal_result *
eas_address_book_search(struct eas_request *req, const char *query, bool exact);

/* Whom the user knows: to whom he wrote, then the addresses of his contacts, max in all, each
   once. NULL-ended, in req's pool. What can't be read is left out (logged). */
const char *const *
eas_address_book_known(struct eas_request *req, unsigned int max);

#endif
