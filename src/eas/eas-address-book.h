#ifndef EAS_ADDRESS_BOOK_H
#define EAS_ADDRESS_BOOK_H

#include "eas.h"

struct gal;

/* The user's own contacts, in all folders of them. Every text is read: so many contacts are
   looked at, and no more. */
#define EAS_ADDRESS_BOOK_MAX 20000

/* Those that have an address, to be searched as the operator's address book is (gal.h), whose
   words are the same. They are read once. Returns NULL if they can't be read (logged). */
struct gal *eas_address_book_open(struct eas_request *req);

/* Whom the user knows: to whom he wrote, then the addresses of his contacts, max in all, each
   once. NULL-ended, in req's pool. What can't be read is left out (logged). */
const char *const *
eas_address_book_known(struct eas_request *req, unsigned int max);

#endif
