#ifndef PIM_FREEBUSY_H
#define PIM_FREEBUSY_H

#include "pim-itip.h"

/* [MS-ASCMD] 2.2.3.107 MergedFreeBusy: a digit for each half hour from the
   start on, the highest of what is in it. A last one that is shorter counts. */

#define PIM_FREEBUSY_STEP (30*60)

struct pim_component;
struct pim_timezone;

struct pim_freebusy {
	int64_t start, end;
	/* those of enum pim_busy_status; count of them, then NUL */
	char *digits;
	unsigned int count;
	/* something was left out: a broken event, or one that is too long */
	unsigned int skipped;
};

/* Whose calendar it is. */
struct pim_freebusy_user {
	bool (*is_own)(const char *address, void *context);
	void *context;
	const struct pim_timezone *home;	/* NULL = UTC */
};

/* All free. end > start. */
void pim_freebusy_init(struct pim_freebusy *fb, pool_t pool, int64_t start,
		       int64_t end);
/* Adds an event of the user's calendar with all its occurrences; of several
   people's, too: the highest digit stays. What is
   cancelled, or declined by the user, takes no time; where he works elsewhere he is
   free; what he was invited to without having answered is tentative. */
void pim_freebusy_add(struct pim_freebusy *fb,
		      const struct pim_freebusy_user *user,
		      const void *data, size_t size);
/* [MS-ASCAL] 2.2.2.8: Outlook's X-MICROSOFT-CDO-BUSYSTATUS, else TRANSP and
   STATUS. */
enum pim_busy_status pim_busy_status_get(const struct pim_component *event);

#endif
