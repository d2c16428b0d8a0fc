#ifndef EAS_HOME_H
#define EAS_HOME_H

/* The user's own clock (setting roost_timezone, else the machine's): that of floating
   times, of dates, and of what a device says without a zone. */

struct eas_request;
struct pim_timezone;
struct roost_user;

/* Never NULL. It belongs to the process. */
const struct pim_timezone *eas_home(const struct eas_request *req);
/* The same of somebody else. */
const struct pim_timezone *eas_user_home(const struct roost_user *user);

#endif
