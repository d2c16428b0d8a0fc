/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "roost-settings.h"
#include "pim-timezone.h"
#include "eas.h"
#include "eas-home.h"

const struct pim_timezone *eas_user_home(const struct roost_user *user)
{
	const struct pim_timezone *tz = NULL;

	/* the settings' check knows the name, unless the database has lost it
	   since */
	if (user->set->roost_timezone[0] != '\0')
		tz = pim_timezone_find(user->set->roost_timezone);
	return tz != NULL ? tz : pim_timezone_home();
}

const struct pim_timezone *eas_home(const struct eas_request *req)
{
	/* unit tests have no user */
	return req->req->user == NULL ? pim_timezone_home() :
		eas_user_home(req->req->user);
}
