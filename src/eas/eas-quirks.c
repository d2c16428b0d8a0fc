/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas.h"

/* The first row that matches counts. Only what some code honours stands
   here. */
static const struct eas_quirks eas_quirks[] = {
	{
		.device_type = "TbSync",
		.no_opaque = TRUE,
		.comment = "EAS-4-TbSync takes the token OPAQUE for STR_I",
	},
	{ .comment = "everything else" },
};

static bool eas_quirk_matches(const char *prefix, const char *value)
{
	return prefix == NULL ||
		(value != NULL &&
		 strncasecmp(value, prefix, strlen(prefix)) == 0);
}

const struct eas_quirks *
eas_quirks_find(const char *device_type, const char *user_agent)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_quirks); i++) {
		if (eas_quirk_matches(eas_quirks[i].device_type,
				      device_type) &&
		    eas_quirk_matches(eas_quirks[i].user_agent, user_agent))
			return &eas_quirks[i];
	}
	i_unreached();
}
