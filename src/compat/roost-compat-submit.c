/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#ifndef _GNU_SOURCE
#  define _GNU_SOURCE /* for setresuid() */
#endif
#include "lib.h"
#include "settings-parser.h"
#include "mail-user.h"
#include "mail-storage-service.h"
#include "iostream-ssl.h"
#include "smtp-client.h"
#include "roost-compat-submit.h"

#include <unistd.h>

#ifdef DOVECOT_2_4

#include "settings.h"

int roost_submit_settings_get(struct mail_user *user, pool_t pool ATTR_UNUSED,
			      const struct smtp_submit_settings **set_r,
			      const char **error_r)
{
	return settings_get(user->event, &smtp_submit_setting_parser_info, 0,
			    set_r, error_r);
}

void roost_submit_settings_free(const struct smtp_submit_settings **_set)
{
	const struct smtp_submit_settings *set = *_set;

	*_set = NULL;
	settings_free(set);
}

/* 2.4 starts programs as it is itself: with the user's effective ids, but root's
   real ones, by which the program (and any shell script, at once) would become root.
   The real ids are the user's for as long as it runs; exec() makes the saved
   ones the same in the program, while we keep root's to come back. */
int roost_sendmail_run(struct smtp_submit *submit, const char **error_r)
{
	bool drop = getuid() == 0 && geteuid() != 0;
	uid_t uid = geteuid();
	gid_t gid = getegid(), old_gid = getgid();
	int ret;

	if (drop && (setresgid(gid, gid, old_gid) < 0 ||
		     setresuid(uid, uid, 0) < 0))
		i_fatal("Dropping privileges for sendmail failed: %m");
	ret = smtp_submit_run(submit, error_r);
	if (drop && (setresuid(0, uid, 0) < 0 ||
		     setresgid(old_gid, gid, old_gid) < 0))
		i_fatal("Restoring privileges after sendmail failed: %m");
	return ret;
}

#else

int roost_submit_settings_get(struct mail_user *user, pool_t pool,
			      const struct smtp_submit_settings **set_r,
			      const char **error_r)
{
	/* mail user, then the set_roots of roost_storage_service_init() */
	void **sets = mail_storage_service_user_get_set(user->_service_user);
	struct smtp_submit_settings *set;
	const char *error;
	int ret;

	/* they can be expanded only once: a copy each time */
	set = settings_dup(&smtp_submit_setting_parser_info, sets[2], pool);
	ret = settings_var_expand_with_funcs(&smtp_submit_setting_parser_info,
		set, pool, mail_user_var_expand_table(user),
		mail_user_var_expand_func_table, user, &error);
	if (ret <= 0) {
		*error_r = t_strdup_printf(
			"Can't expand the settings for outgoing mail: %s",
			error);
		return -1;
	}
	*set_r = set;
	return 0;
}

void roost_submit_settings_free(const struct smtp_submit_settings **set)
{
	*set = NULL;
}

int roost_sendmail_run(struct smtp_submit *submit, const char **error_r)
{
	/* drops them by itself */
	return smtp_submit_run(submit, error_r);
}

#endif

struct smtp_client *
roost_smtp_client_init(struct mail_user *user ATTR_UNUSED,
		       const struct smtp_submit_settings *set,
		       struct event *event)
{
	struct smtp_client_settings smtp_set;

	i_zero(&smtp_set);
#ifndef DOVECOT_2_4
	struct ssl_iostream_settings ssl_set;

	mail_user_init_ssl_client_settings(user, &ssl_set);
	smtp_set.ssl = &ssl_set;
#endif
	smtp_set.my_hostname = set->hostname;
	smtp_set.connect_timeout_msecs = set->submission_timeout * 1000;
	smtp_set.command_timeout_msecs = set->submission_timeout * 1000;
	smtp_set.debug = set->mail_debug;
	smtp_set.event_parent = event;
	return smtp_client_init(&smtp_set);
}

struct smtp_submit *
roost_sendmail_init(struct mail_user *user ATTR_UNUSED,
		    const struct smtp_submit_settings *set,
		    const struct smtp_address *mail_from, struct event *event)
{
	struct smtp_submit_settings copy = *set;
	struct smtp_submit_input input;

	i_zero(&input);
	copy.submission_host = "";
	input.event_parent = event;
	return smtp_submit_init_simple(&input, &copy, mail_from);
}
