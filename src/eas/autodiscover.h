#ifndef AUTODISCOVER_H
#define AUTODISCOVER_H

#include "roost-request.h"

/* Where a client finds ActiveSync: Autodiscover version 1 (XML, [MS-ASCMD] 2.2.1.1) and
   version 2 (JSON). The answer is always for the user who logged in. */

extern const struct roost_protocol autodiscover_protocol;

/* The base of our URLs, on the data stack: "https://" and the host of roost_autodiscover_host, or the one
   that the client asked. NULL if the client's is no host name. */
const char *autodiscover_base_url(const struct roost_request *req);

#endif
