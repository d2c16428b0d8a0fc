/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "var-expand.h"
#include "settings-parser.h"
#include "mail-user.h"
#include "mail-storage-settings.h"
#include "smtp-submit-settings.h"
#include "roost-settings.h"
#include "roost-compat-storage.h"

#ifdef DOVECOT_2_4
#  include "settings.h"
#endif

#ifdef DOVECOT_2_4

struct mail_storage_service_ctx *
roost_storage_service_init(struct master_service *service,
			   enum mail_storage_service_flags flags)
{
	return mail_storage_service_init(service, flags);
}

void
roost_storage_service_input_init(struct mail_storage_service_input *input_r,
				 const char *username)
{
	i_zero(input_r);
	input_r->service = "roost";
	input_r->protocol = "roost";
	input_r->username = username;
}

int roost_storage_service_lookup_next(
	struct mail_storage_service_ctx *ctx,
	const struct mail_storage_service_input *input,
	struct mail_storage_service_user **service_user_r,
	struct mail_user **user_r, const char **error_r)
{
	int ret;

	ret = mail_storage_service_lookup_next(ctx, input, user_r, error_r);
	if (ret > 0) {
		*service_user_r = (*user_r)->service_user;
		mail_storage_service_user_ref(*service_user_r);
	}
	return ret;
}

int roost_user_settings_get(struct mail_storage_service_user *service_user
								ATTR_UNUSED,
			    struct mail_user *user,
			    const struct roost_settings **set_r,
			    const char **error_r)
{
	return settings_get(user->event, &roost_setting_parser_info, 0,
			    set_r, error_r);
}

int roost_user_expand(struct mail_user *user ATTR_UNUSED, const char *value,
		      const char **value_r, const char **error_r ATTR_UNUSED)
{
	/* settings_get() has done it */
	*value_r = value;
	return 0;
}

const char *roost_user_recipient_delimiter(struct mail_user *user)
{
	const struct mail_storage_settings *set;
	const char *error, *delimiter;

	if (settings_get(user->event, &mail_storage_setting_parser_info, 0,
			 &set, &error) < 0) {
		e_error(user->event, "%s", error);
		return "";
	}
	delimiter = t_strdup(set->recipient_delimiter);
	settings_free(set);
	return delimiter;
}

#else

struct mail_storage_service_ctx *
roost_storage_service_init(struct master_service *service,
			   enum mail_storage_service_flags flags)
{
	static const struct setting_parser_info *set_roots[] = {
		&roost_setting_parser_info,
		&smtp_submit_setting_parser_info,
		NULL
	};

	return mail_storage_service_init(service, set_roots, flags);
}

void
roost_storage_service_input_init(struct mail_storage_service_input *input_r,
				 const char *username)
{
	i_zero(input_r);
	input_r->module = "roost";
	input_r->service = "roost";
	input_r->username = username;
}

int roost_storage_service_lookup_next(
	struct mail_storage_service_ctx *ctx,
	const struct mail_storage_service_input *input,
	struct mail_storage_service_user **service_user_r,
	struct mail_user **user_r, const char **error_r)
{
	return mail_storage_service_lookup_next(ctx, input, service_user_r,
						user_r, error_r);
}

int roost_user_settings_get(struct mail_storage_service_user *service_user,
			    struct mail_user *user ATTR_UNUSED,
			    const struct roost_settings **set_r,
			    const char **error_r ATTR_UNUSED)
{
	/* the mail user's settings come first, then the set_roots */
	void **sets = mail_storage_service_user_get_set(service_user);

	*set_r = sets[1];
	return 0;
}

int roost_user_expand(struct mail_user *user, const char *value,
		      const char **value_r, const char **error_r)
{
	string_t *str = t_str_new(128);

	if (var_expand_with_funcs(str, value,
				  mail_user_var_expand_table(user),
				  mail_user_var_expand_func_table, user,
				  error_r) < 0)
		return -1;
	*value_r = str_c(str);
	return 0;
}

const char *roost_user_recipient_delimiter(struct mail_user *user)
{
	return mail_user_set_get_storage_set(user)->recipient_delimiter;
}

#endif

int roost_user_db_path(struct mail_user *user,
		       const struct roost_settings *set,
		       const char **path_r, const char **error_r)
{
	const char *path, *error;

	if (roost_user_expand(user, set->roost_db_path, &path, &error) < 0) {
		*error_r = t_strdup_printf(
			"Can't expand roost_db_path '%s': %s",
			set->roost_db_path, error);
		return -1;
	}
	if (mail_user_try_home_expand(user, &path) < 0) {
		*error_r = t_strdup_printf(
			"roost_db_path '%s' needs the home directory, "
			"and the user has none", set->roost_db_path);
		return -1;
	}
	*path_r = path;
	return 0;
}
