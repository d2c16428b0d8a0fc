#ifndef WORKER_USER_H
#define WORKER_USER_H

#include "roost-request.h"

/* The users that this process has open: the last ones stay open (warm) for a while. One
   process serves users of different uids. Between requests it is root with no user's context;
   a user's uid, groups and log prefix are put on by his ioloop context, so that
   his timers get them as well. */

struct worker_users;
struct worker_proof;
struct worker_line;
struct roost_settings;
struct mail_storage_service_ctx;

struct worker_user {
	struct roost_user user;
	pool_t pool;
	struct worker_user *prev, *next;
	struct worker_users *users;

	const char *name;
	/* userdb's, as given when the user was opened */
	const char *const *fields;
	struct mail_storage_service_user *service_user;
	struct ioloop_context *ioloop_ctx;
	const struct roost_settings *set;

	uid_t euid;
	gid_t egid;
	int groups_count;
	gid_t *groups;

	/* the log prefix as the user was opened, with the session that it has */
	const char *open_prefix, *open_session;
	/* the current request's */
	char *log_prefix;
	time_t last_used;
};

struct worker_users *
worker_users_init(struct mail_storage_service_ctx *storage_service,
		  const struct roost_settings *set);
/* Closes all users. */
void worker_users_deinit(struct worker_users **users);

/* Becomes the user that the proof names: opens him or takes the one that is open, unless
   his userdb fields were others. Returns 0 with his context active, until worker_user_leave();
   -1 and a sentence if his mail can't be opened. */
int worker_users_enter(struct worker_users *users,
		       const struct worker_proof *proof,
		       const struct worker_line *line,
		       struct worker_user **user_r, const char **error_r);
/* roost_request_as_user(): leaves current for a while. */
int worker_user_run_as(struct worker_user *current, const char *username,
		       const struct worker_line *line,
		       roost_as_user_callback_t *callback, void *context,
		       const char **error_r);
/* Back to root. The user stays open if the settings want that, unless he is to
   be opened anew. */
void worker_user_leave(struct worker_user **user, bool reopen);

/* Appends the names of the open users, comma-separated. */
void worker_users_append_names(struct worker_users *users, string_t *str);

#endif
