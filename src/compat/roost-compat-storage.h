#ifndef ROOST_COMPAT_STORAGE_H
#define ROOST_COMPAT_STORAGE_H

/* What differs for code that links lib-storage. */

#include "mail-storage-service.h"

struct master_service;
struct mail_user;
struct notify_context;
struct roost_settings;

/* Call roost_service_settings_read() first. */
struct mail_storage_service_ctx *
roost_storage_service_init(struct master_service *service,
			   enum mail_storage_service_flags flags);
/* Clears input and names service and protocol "roost". */
void
roost_storage_service_input_init(struct mail_storage_service_input *input_r,
				 const char *username);
/* As mail_storage_service_lookup_next(): 1, 0 unknown user, -1, -2 invalid
   settings of this user. On 1 both are the caller's: mail_user_deinit(),
   mail_storage_service_user_unref(). */
int roost_storage_service_lookup_next(
	struct mail_storage_service_ctx *ctx,
	const struct mail_storage_service_input *input,
	struct mail_storage_service_user **service_user_r,
	struct mail_user **user_r, const char **error_r);

/* Roost's settings of a user whom a worker has looked up, with what his userdb
   fields override. Free them with roost_settings_free() before the user.
   Returns 0, or -1 and a sentence. */
int roost_user_settings_get(struct mail_storage_service_user *service_user,
			    struct mail_user *user,
			    const struct roost_settings **set_r,
			    const char **error_r);
/* Path of the user's store: roost_db_path with variables and ~/ expanded.
   Returns 0, or -1 and a sentence (no home directory). */
int roost_user_db_path(struct mail_user *user,
		       const struct roost_settings *set,
		       const char **path_r, const char **error_r);
/* Expands the variables of a setting of the user. Returns 0 and the value (on
   the data stack, or the setting itself), or -1 and a sentence. */
int roost_user_expand(struct mail_user *user, const char *value,
		      const char **value_r, const char **error_r);
/* The setting recipient_delimiter, on the data stack. */
const char *roost_user_recipient_delimiter(struct mail_user *user);

void roost_notify_unregister(struct notify_context **ctx);

#endif
