/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "cmd-search.h"

enum search_status search_mailbox(struct search_request *search ATTR_UNUSED)
{
	return SEARCH_SERVER_ERROR;
}
