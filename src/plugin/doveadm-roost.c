/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "roost-compat-doveadm.h"
#include "doveadm-roost.h"

const char *doveadm_roost_plugin_version = DOVECOT_ABI_VERSION;

void doveadm_roost_plugin_init(struct module *module ATTR_UNUSED)
{
	roost_doveadm_settings_register();
	doveadm_roost_device_register();
	doveadm_roost_who_register();
}

void doveadm_roost_plugin_deinit(void)
{
}
