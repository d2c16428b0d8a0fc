/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "cmd-find.h"

unsigned int find_mailbox(struct find_request *find ATTR_UNUSED)
{
	return EAS_STATUS_SERVER_ERROR;
}
