#ifndef ROOST_COMPAT_DOVEADM_H
#define ROOST_COMPAT_DOVEADM_H

/* What differs for doveadm's plugins. */

#include "doveadm.h"
#include "doveadm-mail.h"

/* the parameters of struct doveadm_mail_cmd_vfuncs.init */
#ifdef DOVECOT_2_4
#  define ROOST_DOVEADM_INIT_PARAMS \
	struct doveadm_mail_cmd_context *_ctx
#else
#  define ROOST_DOVEADM_INIT_PARAMS \
	struct doveadm_mail_cmd_context *_ctx, \
	const char *const args[] ATTR_UNUSED
#endif

/* Names a mail command's own options, by their letters. Their values are read
   with doveadm_cmd_param_*() in both versions. */
void roost_doveadm_accept_options(struct doveadm_mail_cmd_context *ctx,
				  const char *letters);

/* Call it when the plugin is loaded: makes doveadm read Roost's settings. */
void roost_doveadm_settings_register(void);
/* Path of the key for devices' recovery passwords, "" if there is none; to be
   read before the users are, while doveadm has its privileges. Returns 0, or -1
   and a sentence. */
int roost_doveadm_recovery_key_file(const char **path_r, const char **error_r);
/* Path of the user's store and how to open it (all but busy_msecs), with the
   user's own userdb fields respected. Settings inside protocol roost { } aren't
   seen by doveadm. Returns 0, or -1 and a sentence. */
struct store_settings;
int roost_doveadm_db_path(struct mail_user *user, const char **path_r,
			  struct store_settings *set_r, const char **error_r);

#endif
