/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mail-user.h"
#include "store.h"
#include "worker-protocol.h"
#include "roost-compat-doveadm.h"
#include "roost-notify.h"
#include "doveadm-roost.h"

#include <sys/stat.h>

/* how long to wait for a device's request that writes at the moment */
#define DOVEADM_BUSY_MSECS (10*1000)

const char *doveadm_roost_plugin_version = DOVECOT_ABI_VERSION;

void doveadm_roost_notify(struct mail_user *user)
{
	struct roost_notify notify;

	roost_notify_init(&notify, t_strconcat(doveadm_settings->base_dir,
					       "/"NOTIFY_SOCKET, NULL));
	roost_notify_send(&notify, user->event, user->username, NULL);
	roost_notify_deinit(&notify);
}

const char *doveadm_roost_path(const struct doveadm_mail_cmd_context *ctx,
			       const struct mail_user *user, const char *path)
{
	char *name, *p;

	if (ctx->iterate_single_user)
		return path;
	name = t_strdup_noconst(user->username);
	for (p = name; *p != '\0'; p++) {
		if (*p == '/' || (*p == '.' && p == name))
			*p = '_';
	}
	return t_strdup_printf("%s/%s", path, name);
}

int doveadm_roost_open(struct doveadm_mail_cmd_context *ctx,
		       struct mail_user *user, bool create,
		       struct store **store_r)
{
	struct store_settings set;
	const char *path, *error;
	struct stat st;

	if (roost_doveadm_db_path(user, &path, &set, &error) < 0) {
		i_error("%s", error);
		ctx->exit_code = EX_CONFIG;
		return -1;
	}
	if (!create && stat(path, &st) < 0 &&
	    (errno == ENOENT || errno == ENOTDIR))
		return 0;
	set.busy_msecs = DOVEADM_BUSY_MSECS;
	if (store_open(path, &set, user->event, store_r, &error) < 0) {
		i_error("%s", error);
		doveadm_mail_failed_error(ctx, MAIL_ERROR_TEMP);
		return -1;
	}
	return 1;
}

void doveadm_roost_plugin_init(struct module *module ATTR_UNUSED)
{
	roost_doveadm_settings_register();
	doveadm_roost_device_register();
	doveadm_roost_who_register();
	doveadm_roost_items_register();
	doveadm_roost_db_register();
	doveadm_roost_conflict_register();
	doveadm_roost_trace_register();
}

void doveadm_roost_plugin_deinit(void)
{
}
