#ifndef EAS_FREEBUSY_H
#define EAS_FREEBUSY_H

#include "eas.h"
#include "pim-freebusy.h"

/* When a user of this server is free, from all of his calendars.

   Another user's calendars are read as him: the worker puts the request's user aside,
   looks the other one up in userdb and takes his uid, opens his
   roost.db, and comes back (roost_request_as_user()). So file permissions are
   what they are for his own requests, home directories and userdb fields
   included, and nothing is published or copied. What comes back is digits, and
   only if his setting roost_free_busy allows it to who asks. */

enum eas_freebusy_result {
	EAS_FREEBUSY_OK,
	/* no user of ours, nothing is known of him, or he doesn't allow it:
	   who asks can't tell these apart */
	EAS_FREEBUSY_NONE,
	/* temporary, or it took too long (logged) */
	EAS_FREEBUSY_FAILED,
};

/* Adds the times of whose address that is to fb. Gives up after the deadline: what
   another user has in his calendar must not hold up who asks. */
enum eas_freebusy_result
eas_freebusy_read(struct eas_request *req, const char *address,
		  time_t deadline, struct pim_freebusy *fb);

#endif
