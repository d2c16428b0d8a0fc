#ifndef ROOST_COMPAT_SUBMIT_H
#define ROOST_COMPAT_SUBMIT_H

/* Dovecot's own settings for outgoing mail (hostname, submission_host,
   submission_ssl, submission_timeout, sendmail_path), and its SMTP client. */

#include "smtp-submit.h"

struct event;
struct mail_user;
struct smtp_client;

/* The user's settings, with variables expanded, for as long as pool lives (no
   data stack). Free them with roost_submit_settings_free(). Returns 0, or -1
   and a sentence. */
int roost_submit_settings_get(struct mail_user *user, pool_t pool,
			      const struct smtp_submit_settings **set_r,
			      const char **error_r);
void roost_submit_settings_free(const struct smtp_submit_settings **set);

/* An SMTP client with these settings, and with those of the user for TLS. */
struct smtp_client *
roost_smtp_client_init(struct mail_user *user,
		       const struct smtp_submit_settings *set,
		       struct event *event);
/* lib-smtp-submit with sendmail_path only. */
struct smtp_submit *
roost_sendmail_init(struct mail_user *user,
		    const struct smtp_submit_settings *set,
		    const struct smtp_address *mail_from, struct event *event);
/* smtp_submit_run(): the program has the user's rights and nobody else's. */
int roost_sendmail_run(struct smtp_submit *submit, const char **error_r);

#endif
