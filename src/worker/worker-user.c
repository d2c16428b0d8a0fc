#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "llist.h"
#include "str.h"
#include "mail-user.h"
#include "roost-compat.h"
#include "roost-compat-storage.h"
#include "roost-compat-worker.h"
#include "roost-settings.h"
#include "worker-line.h"
#include "worker-ticket.h"
#include "worker-user.h"

#include <unistd.h>
#include <grp.h>

/* the mailbox that was used last stays open this long */
#define WORKER_MAILBOX_SECS 10

struct worker_users {
	struct mail_storage_service_ctx *storage_service;
	const struct roost_settings *set;
	/* most recently used first */
	struct worker_user *head, *tail;
	unsigned int count;
	struct timeout *to, *to_mailbox;
};

static struct event_category event_category_roost = {
	.name = "roost",
};

static void worker_become_root(void)
{
	if (geteuid() != 0 && seteuid(0) < 0)
		i_fatal("seteuid(0) failed: %m");
}

static void worker_user_activated(struct worker_user *user)
{
	i_set_failure_prefix("%s", user->log_prefix);
	if (geteuid() == user->euid && getegid() == user->egid)
		return;
	worker_become_root();
	if (setgroups(user->groups_count, user->groups) < 0)
		i_fatal("setgroups(%s) failed: %m", user->name);
	if (setegid(user->egid) < 0) {
		i_fatal("setegid(%s) failed for %s: %m",
			dec2str(user->egid), user->name);
	}
	if (seteuid(user->euid) < 0) {
		i_fatal("seteuid(%s) failed for %s: %m",
			dec2str(user->euid), user->name);
	}
}

static void worker_user_deactivated(struct worker_user *user ATTR_UNUSED)
{
	worker_become_root();
}

static void worker_user_deactivate(struct worker_user *user)
{
	mail_storage_service_io_deactivate_user(user->service_user);
	/* a context's callbacks aren't called while it is the one in which they
	   were added: so do it here as well */
	worker_become_root();
}

static void worker_user_set_session(struct worker_user *user,
				    const char *session)
{
	const char *p;
	string_t *prefix = t_str_new(128);

	/* mail_log_prefix is expanded only when the user is opened */
	p = *user->open_session == '\0' ? NULL :
		strstr(user->open_prefix, user->open_session);
	if (p == NULL)
		str_append(prefix, user->open_prefix);
	else {
		str_append_data(prefix, user->open_prefix,
				p - user->open_prefix);
		str_append(prefix, session);
		str_append(prefix, p + strlen(user->open_session));
	}
	i_free(user->log_prefix);
	user->log_prefix = i_strdup(str_c(prefix));
	/* what lib-storage logs about the user */
	event_replace_log_prefix(user->user.mail_user->event,
				 user->log_prefix);
}

static void worker_user_free(struct worker_user *user)
{
	struct worker_users *users = user->users;

	DLLIST2_REMOVE(&users->head, &users->tail, user);
	users->count--;
	i_free(user->log_prefix);
	pool_unref(&user->pool);
}

/* The user's context must not be active. */
static void worker_user_close(struct worker_user *user)
{
	mail_storage_service_io_activate_user(user->service_user);
	roost_user_close_mailbox(&user->user);
	roost_user_close_store(&user->user);
	event_unref(&user->user.event);
	if (user->set != NULL)
		roost_settings_free(&user->set);
	mail_user_deinit(&user->user.mail_user);
	worker_user_deactivate(user);
	/* the context may live longer than the user, if something process-wide
	   (a connection to auth) was made in it */
	io_loop_context_remove_callbacks(user->ioloop_ctx,
					 worker_user_activated,
					 worker_user_deactivated, user);
	mail_storage_service_user_unref(&user->service_user);
	worker_user_free(user);
}

static void worker_user_get_ids(struct worker_user *user)
{
	user->euid = geteuid();
	user->egid = getegid();
	user->groups_count = getgroups(0, NULL);
	if (user->groups_count < 0)
		i_fatal("getgroups() failed: %m");
	user->groups = p_new(user->pool, gid_t, user->groups_count + 1);
	user->groups_count = getgroups(user->groups_count, user->groups);
	if (user->groups_count < 0)
		i_fatal("getgroups() failed: %m");
}

static int
worker_user_lookup(struct worker_users *users, const struct worker_proof *proof,
		   const struct worker_line *line, struct worker_user *user,
		   const char **error_r)
{
	struct mail_storage_service_input input;
	int ret;

	roost_storage_service_input_init(&input, proof->user);
	input.session_id = line->session;
	input.remote_ip = line->remote_ip;
	input.remote_port = line->remote_port;
	input.local_ip = line->local_ip;
	input.local_port = line->local_port;
	if (line->secured)
		roost_storage_service_input_set_tls(&input);
	if (proof->fields != NULL) {
		/* auth has looked them up with the login */
		input.userdb_fields = proof->fields;
		input.no_userdb_lookup = TRUE;
	} else {
		/* another user's store only */
		input.flags_override_add =
			MAIL_STORAGE_SERVICE_FLAG_NO_NAMESPACES;
	}

	ret = roost_storage_service_lookup_next(users->storage_service, &input,
						&user->service_user,
						&user->user.mail_user, error_r);
	if (ret == 0)
		*error_r = "Unknown user";
	return ret;
}

static void
worker_user_opened(struct worker_user *user, const struct worker_line *line)
{
	worker_user_get_ids(user);
	user->open_session = p_strdup(user->pool, line->session);
	user->open_prefix = p_strdup(user->pool,
		mail_storage_service_user_get_log_prefix(user->service_user));
	user->log_prefix = i_strdup(user->open_prefix);
	user->user.event = event_create(user->user.mail_user->event);
	event_add_category(user->user.event, &event_category_roost);
	user->ioloop_ctx = io_loop_get_current_context(current_ioloop);
	io_loop_context_add_callbacks(user->ioloop_ctx, worker_user_activated,
				      worker_user_deactivated, user);
}

/* Returns 1, 0 if there is no such user, -1. */
static int
worker_user_open(struct worker_users *users, const struct worker_proof *proof,
		 const struct worker_line *line, struct worker_user **user_r,
		 const char **error_r)
{
	struct worker_user *user;
	pool_t pool;
	int ret;

	pool = pool_alloconly_create("worker user", 2048);
	user = p_new(pool, struct worker_user, 1);
	user->pool = pool;
	user->users = users;
	user->name = p_strdup(pool, proof->user);
	user->fields = proof->fields == NULL ? NULL :
		p_strarray_dup(pool, proof->fields);
	DLLIST2_PREPEND(&users->head, &users->tail, user);
	users->count++;

	ret = worker_user_lookup(users, proof, line, user, error_r);
	if (ret <= 0) {
		worker_become_root();
		worker_user_free(user);
		return ret < 0 ? -1 : 0;
	}
	worker_user_opened(user, line);
	if (roost_user_settings_get(user->service_user, user->user.mail_user,
				    &user->set, error_r) < 0) {
		worker_user_deactivate(user);
		worker_user_close(user);
		return -1;
	}
	user->user.set = user->set;
	*user_r = user;
	return 1;
}

static bool
worker_user_equals(const struct worker_user *user,
		   const struct worker_proof *proof)
{
	const char *const *fields = user->fields;
	unsigned int i;

	for (i = 0; fields[i] != NULL && proof->fields[i] != NULL; i++) {
		if (strcmp(fields[i], proof->fields[i]) != 0)
			return FALSE;
	}
	return fields[i] == NULL && proof->fields[i] == NULL;
}

static struct worker_user *
worker_users_find(struct worker_users *users, const char *name)
{
	struct worker_user *user;

	for (user = users->head; user != NULL; user = user->next) {
		if (strcmp(user->name, name) == 0)
			return user;
	}
	return NULL;
}

/* Only the user who was here last may have one. */
static void worker_users_close_mailbox(struct worker_users *users)
{
	struct worker_user *user = users->head;

	timeout_remove(&users->to_mailbox);
	if (user == NULL || user->user.mailbox == NULL)
		return;
	mail_storage_service_io_activate_user(user->service_user);
	roost_user_close_mailbox(&user->user);
	worker_user_deactivate(user);
}

static void worker_users_mailbox_timeout(struct worker_users *users)
{
	if (users->head == NULL ||
	    users->head->last_used + WORKER_MAILBOX_SECS <= ioloop_time)
		worker_users_close_mailbox(users);
}

int worker_users_enter(struct worker_users *users,
		       const struct worker_proof *proof,
		       const struct worker_line *line,
		       struct worker_user **user_r, const char **error_r)
{
	struct worker_user *user = worker_users_find(users, proof->user);

	i_assert(io_loop_get_current_context(current_ioloop) == NULL);

	if (user != users->head)
		worker_users_close_mailbox(users);
	if (user != NULL && !worker_user_equals(user, proof)) {
		worker_user_close(user);
		user = NULL;
	}
	if (user == NULL) {
		return worker_user_open(users, proof, line, user_r,
					error_r) > 0 ? 0 : -1;
	}

	worker_user_set_session(user, line->session);
	DLLIST2_REMOVE(&users->head, &users->tail, user);
	DLLIST2_PREPEND(&users->head, &users->tail, user);
	mail_storage_service_io_activate_user(user->service_user);
	*user_r = user;
	return 0;
}

/* The lookup and everything of the other user happens as between two requests:
   with nobody's context, from root. He is closed again at once, so that he is
   never found as an open user for a request of his own, which needs the fields of
   his login. */
int worker_user_run_as(struct worker_user *current, const char *username,
		       const struct worker_line *line,
		       roost_as_user_callback_t *callback, void *context,
		       const char **error_r)
{
	const struct worker_proof proof = { .user = username };
	struct worker_user *user;
	int ret;

	worker_user_deactivate(current);
	i_assert(io_loop_get_current_context(current_ioloop) == NULL);
	ret = worker_user_open(current->users, &proof, line, &user, error_r);
	if (ret > 0) {
		callback(&user->user, context);
		worker_user_deactivate(user);
		worker_user_close(user);
	}
	mail_storage_service_io_activate_user(current->service_user);
	return ret;
}

static void worker_users_schedule(struct worker_users *users);

static void worker_users_timeout(struct worker_users *users)
{
	timeout_remove(&users->to);
	while (users->tail != NULL &&
	       users->tail->last_used + (time_t)users->set->roost_warm_time <=
	       ioloop_time)
		worker_user_close(users->tail);
	worker_users_schedule(users);
}

static void worker_users_schedule(struct worker_users *users)
{
	time_t secs;

	if (users->to != NULL || users->tail == NULL)
		return;
	secs = users->tail->last_used + users->set->roost_warm_time -
		ioloop_time;
	/* not in a user's context, or it would run with his uid */
	i_assert(io_loop_get_current_context(current_ioloop) == NULL);
	users->to = timeout_add(I_MAX(secs, 1) * 1000, worker_users_timeout,
				users);
}

void worker_user_leave(struct worker_user **_user, bool reopen)
{
	struct worker_user *user = *_user;
	struct worker_users *users = user->users;

	*_user = NULL;
	worker_user_deactivate(user);
	user->last_used = ioloop_time;
	if (reopen || users->set->roost_warm_time == 0)
		worker_user_close(user);
	while (users->count > users->set->roost_warm_users)
		worker_user_close(users->tail);
	worker_users_schedule(users);
	if (users->to_mailbox == NULL && users->head != NULL &&
	    users->head->user.mailbox != NULL) {
		users->to_mailbox = timeout_add(WORKER_MAILBOX_SECS * 1000,
						worker_users_mailbox_timeout,
						users);
	}
}

void worker_users_append_names(struct worker_users *users, string_t *str)
{
	struct worker_user *user;

	for (user = users->head; user != NULL; user = user->next) {
		if (strchr(user->name, ',') != NULL)
			continue;
		if (str_len(str) > 0)
			str_append_c(str, ',');
		str_append(str, user->name);
	}
}

struct worker_users *
worker_users_init(struct mail_storage_service_ctx *storage_service,
		  const struct roost_settings *set)
{
	struct worker_users *users = i_new(struct worker_users, 1);

	users->storage_service = storage_service;
	users->set = set;
	return users;
}

void worker_users_deinit(struct worker_users **_users)
{
	struct worker_users *users = *_users;

	*_users = NULL;
	timeout_remove(&users->to);
	timeout_remove(&users->to_mailbox);
	while (users->tail != NULL)
		worker_user_close(users->tail);
	i_free(users);
}
