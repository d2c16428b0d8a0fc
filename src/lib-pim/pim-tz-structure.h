#ifndef PIM_TZ_STRUCTURE_H
#define PIM_TZ_STRUCTURE_H

#include "pim-tz-rule.h"

/* ActiveSync's TimeZone ([MS-ASDTYPE] 2.7.6): Windows' TIME_ZONE_INFORMATION
   of 172 bytes, in base64. */

#define PIM_TZ_STRUCTURE_SIZE 172

struct pim_tz_structure {
	struct pim_tz_rule rule;
	/* what a device says the zone is called, mostly Windows' name or
	   nothing; UTF-8, never NULL */
	const char *standard_name, *daylight_name;
	/* nothing but zeros: the device does not know the zone */
	bool empty;
};

/* Writes a rule with its names, cut to what fits, in base64. */
void pim_tz_structure_append(string_t *dest, const struct pim_tz_rule *rule,
			     const char *standard_name,
			     const char *daylight_name);
/* Reads it; a change at an absolute date becomes the weekday of the month that
   it is. The names are in the data stack. Returns 0, or -1 if it is none. */
int pim_tz_structure_parse(const char *base64,
			   struct pim_tz_structure *structure_r);

#endif
