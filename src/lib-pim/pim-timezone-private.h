#ifndef PIM_TIMEZONE_PRIVATE_H
#define PIM_TIMEZONE_PRIVATE_H

#include "pim-timezone.h"

/* Changes that are remembered of a zone. */
#define PIM_TZ_TRANSITIONS_MAX 4000
/* In one year there are never more. */
#define PIM_TZ_YEAR_MAX 16

struct pim_timezone {
	const char *name;
	/* before the first of the transitions, which are in their order and
	   change the offset, each */
	int first_offset;
	struct pim_tz_transition *transitions;
	unsigned int count;
	/* what is after the last of them */
	struct pim_tz_rule rule;
	bool has_rule;
	bool known;
};

/* Reads the file of a zone. NULL if it is none. */
struct pim_timezone *
pim_tzif_read(pool_t pool, const char *name, const char *path);
/* The same of its content, for tests. */
struct pim_timezone *
pim_tzif_parse(pool_t pool, const char *name, const unsigned char *data,
	       size_t size);

/* The edge that a change of the zone is an instance of. */
void pim_timezone_edge(const struct pim_timezone *tz,
		       const struct pim_tz_transition *transition,
		       struct pim_tz_edge *edge_r);

#endif
