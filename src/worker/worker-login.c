#include "lib.h"
#include "ioloop.h"
#include "worker-login.h"
#include "worker-ticket.h"

/* auth answers at once, unless its userdb is slow */
#define WORKER_LOGIN_TIMEOUT_MSECS (60*1000)

struct worker_logins {
	struct login_server_auth *auth;
};

struct worker_login {
	char *claim;
	/* NULL: aborted */
	worker_login_callback_t *callback;
	void *context;
	/* the callback was called */
	bool finished:1;
	/* worker_login_request() is still in the call */
	bool starting:1;
};

struct worker_logins *worker_logins_init(const char *auth_socket_path)
{
	struct worker_logins *logins = i_new(struct worker_logins, 1);

	logins->auth = login_server_auth_init(auth_socket_path, FALSE);
	login_server_auth_set_timeout(logins->auth,
				      WORKER_LOGIN_TIMEOUT_MSECS);
	return logins;
}

void worker_logins_deinit(struct worker_logins **_logins)
{
	struct worker_logins *logins = *_logins;

	*_logins = NULL;
	login_server_auth_deinit(&logins->auth);
	i_free(logins);
}

static void worker_login_free(struct worker_login *login)
{
	i_free(login->claim);
	i_free(login);
}

static void
worker_login_finished(const char *const *auth_args, const char *error,
		      void *context)
{
	struct worker_login *login = context;
	struct worker_proof proof;

	if (login->callback == NULL) {
		/* the connection is gone */
	} else if (error != NULL || auth_args[0] == NULL) {
		login->callback(NULL, login->context);
	} else {
		i_zero(&proof);
		proof.user = auth_args[0];
		proof.claim = login->claim;
		proof.fields = auth_args + 1;
		proof.login_time = ioloop_time;
		login->callback(&proof, login->context);
	}
	login->finished = TRUE;
	if (!login->starting)
		worker_login_free(login);
}

struct worker_login *
worker_login_request(struct worker_logins *logins,
		     const struct login_request *request, const char *claim,
		     worker_login_callback_t *callback, void *context)
{
	struct worker_login *login = i_new(struct worker_login, 1);

	login->claim = i_strdup(claim);
	login->callback = callback;
	login->context = context;
	login->starting = TRUE;
	login_server_auth_request(logins->auth, request,
				  worker_login_finished, login);
	login->starting = FALSE;
	if (login->finished) {
		worker_login_free(login);
		login = NULL;
	}
	return login;
}

void worker_login_abort(struct worker_login **_login)
{
	struct worker_login *login = *_login;

	*_login = NULL;
	/* lib-master can't be told; it frees us when auth has answered */
	login->callback = NULL;
}
