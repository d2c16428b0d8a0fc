/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "master-service.h"
#include "settings-parser.h"
#include "mail-user.h"
#include "roost-settings.h"
#include "store.h"
#include "roost-compat-doveadm.h"
#include "roost-compat-storage.h"

#ifdef DOVECOT_2_4
#  include "settings.h"
#endif

#ifdef DOVECOT_2_4

void roost_doveadm_accept_options(struct doveadm_mail_cmd_context *ctx
								ATTR_UNUSED,
				  const char *letters ATTR_UNUSED)
{
}

void roost_doveadm_settings_register(void)
{
}

int roost_doveadm_recovery_key_file(const char **path_r, const char **error_r)
{
	const struct roost_settings *set;

	if (settings_get(master_service_get_event(master_service),
			 &roost_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_EXPAND, &set, error_r) < 0)
		return -1;
	*path_r = t_strdup(set->roost_recovery_key_file);
	settings_free(set);
	return 0;
}

int roost_doveadm_db_path(struct mail_user *user, const char **path_r,
			  struct store_settings *set_r, const char **error_r)
{
	const struct roost_settings *set;
	const char *path;
	int ret;

	/* an invalid setting of the user's doesn't keep the operator out */
	if (settings_get(user->event, &roost_setting_parser_info,
			 SETTINGS_GET_FLAG_NO_CHECK, &set, error_r) < 0)
		return -1;
	ret = roost_user_db_path(user, set, &path, error_r);
	if (ret == 0) {
		*path_r = t_strdup(path);
		i_zero(set_r);
		set_r->journal = t_strdup(set->roost_db_journal);
		set_r->quota = set->roost_db_quota;
		set_r->conflicts_keep = set->roost_conflicts_keep;
	}
	settings_free(set);
	return ret;
}

#else

/* 2.3 refuses an option that nobody takes here */
static bool
roost_doveadm_parse_arg(struct doveadm_mail_cmd_context *ctx, int c)
{
	return strchr(ctx->getopt_args, c) != NULL;
}

void roost_doveadm_accept_options(struct doveadm_mail_cmd_context *ctx,
				  const char *letters)
{
	ctx->getopt_args = letters;
	ctx->v.parse_arg = roost_doveadm_parse_arg;
}

void roost_doveadm_settings_register(void)
{
	doveadm_setting_roots_add(&roost_setting_parser_info);
}

int roost_doveadm_recovery_key_file(const char **path_r,
				    const char **error_r ATTR_UNUSED)
{
	const struct roost_settings *set =
		doveadm_setting_roots_get_settings(&roost_setting_parser_info);

	*path_r = set->roost_recovery_key_file;
	return 0;
}

int roost_doveadm_db_path(struct mail_user *user, const char **path_r,
			  struct store_settings *set_r, const char **error_r)
{
	const struct roost_settings *global =
		doveadm_setting_roots_get_settings(&roost_setting_parser_info);
	struct roost_settings set = *global;
	const char *override;

	/* doveadm's users know nothing of our settings, so that a userdb field
	   of ours becomes a plugin setting */
	override = mail_user_plugin_getenv(user, "roost_db_path");
	if (override != NULL)
		set.roost_db_path = override;
	i_zero(set_r);
	set_r->journal = mail_user_plugin_getenv(user, "roost_db_journal");
	if (set_r->journal == NULL)
		set_r->journal = set.roost_db_journal;
	set_r->quota = set.roost_db_quota;
	override = mail_user_plugin_getenv(user, "roost_db_quota");
	if (override != NULL &&
	    settings_get_size(override, &set_r->quota, error_r) < 0)
		return -1;
	set_r->conflicts_keep = set.roost_conflicts_keep;
	override = mail_user_plugin_getenv(user, "roost_conflicts_keep");
	if (override != NULL &&
	    settings_get_time(override, &set_r->conflicts_keep, error_r) < 0)
		return -1;
	return roost_user_db_path(user, &set, path_r, error_r);
}

#endif
