/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "notify-plugin.h"
#include "roost-compat-storage.h"

void roost_notify_unregister(struct notify_context **ctx)
{
#ifdef DOVECOT_2_4
	notify_unregister(ctx);
#else
	notify_unregister(*ctx);
	*ctx = NULL;
#endif
}
