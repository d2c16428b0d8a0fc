#ifndef WORKER_LOGIN_H
#define WORKER_LOGIN_H

#include "roost-compat-login.h"

/* Has logins confirmed by Dovecot's auth, as imap does after imap-login: auth knows the login's id
   once only, for the client that made it. */

struct worker_logins;
struct worker_login;
struct worker_proof;

/* proof is NULL if auth didn't confirm the login (logged by lib-master), else valid during the
   call. */
typedef void worker_login_callback_t(const struct worker_proof *proof,
				     void *context);

struct worker_logins *worker_logins_init(const char *auth_socket_path);
/* Calls the callbacks of those who still wait. */
void worker_logins_deinit(struct worker_logins **logins);

/* Asks auth. The callback may be called before this returns, NULL is then returned. claim is the
   name that the listener gave. */
struct worker_login *
worker_login_request(struct worker_logins *logins,
		     const struct login_request *request, const char *claim,
		     worker_login_callback_t *callback, void *context);
/* The callback won't be called. */
void worker_login_abort(struct worker_login **login);

#endif
