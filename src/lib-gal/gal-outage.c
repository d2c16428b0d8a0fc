/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "gal-private.h"

/* seconds: a short one costs a user little, and in a long one hardly any request waits */
#define GAL_OUTAGE_MIN 2
#define GAL_OUTAGE_MAX 60

bool gal_outage_is_on(const struct gal_outage *outage, time_t now)
{
	/* (a clock that went back doesn't make it longer) */
	return outage->secs > 0 && now < outage->retry &&
		outage->retry - now <= (time_t)outage->secs;
}

bool gal_outage_failed(struct gal_outage *outage, time_t now,
		       const char *error)
{
	bool news = null_strcmp(outage->said, error) != 0;

	if (outage->secs == 0)
		outage->since = now;
	outage->secs = outage->secs == 0 ? GAL_OUTAGE_MIN :
		I_MIN(outage->secs * 2, GAL_OUTAGE_MAX);
	outage->retry = now + outage->secs;
	if (news) {
		i_free(outage->said);
		outage->said = i_strdup(error);
	}
	return news;
}

bool gal_outage_ended(struct gal_outage *outage, time_t now,
		      unsigned int *secs_r)
{
	if (outage->secs == 0)
		return FALSE;
	*secs_r = now > outage->since ? now - outage->since : 0;
	gal_outage_free(outage);
	return TRUE;
}

void gal_outage_free(struct gal_outage *outage)
{
	i_free(outage->said);
	i_zero(outage);
}
