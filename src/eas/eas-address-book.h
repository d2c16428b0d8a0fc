#ifndef EAS_ADDRESS_BOOK_H
#define EAS_ADDRESS_BOOK_H

#include "eas.h"

/* The user's own contacts, in all folders of them. Every text is read: so many contacts are
   looked at, and no more. */
#define EAS_ADDRESS_BOOK_MAX 20000

/* Whom the user knows: to whom he wrote, then the addresses of his contacts, max in all, each
   once. NULL-ended, in req's pool. What can't be read is left out (logged). */
const char *const *
eas_address_book_known(struct eas_request *req, unsigned int max);

#endif
