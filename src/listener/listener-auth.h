#ifndef LISTENER_AUTH_H
#define LISTENER_AUTH_H

#include "net.h"
#include "listener-auth-cache.h"

/* Authentication of requests by Dovecot's auth, as a login process does it.
   There is one auth-client in the process (auth refuses a second one). */

struct listener_auth_request;

enum listener_auth_result {
	/* the user is known, and there is a proof for the worker */
	LISTENER_AUTH_RESULT_OK,
	/* 401 */
	LISTENER_AUTH_RESULT_REFUSED,
	/* 503: auth can't tell now */
	LISTENER_AUTH_RESULT_TEMPFAIL,
	/* 403: the password is right, but the user may not log in here */
	LISTENER_AUTH_RESULT_DENIED,
	/* 403: no credentials may be sent over this connection */
	LISTENER_AUTH_RESULT_INSECURE,
};

struct listener_auth_input {
	const char *authorization;	/* the header, NULL if there is none */
	const char *query;		/* the target's, NULL if there is none */
	const char *session_id;
	struct ip_addr remote_ip, local_ip, real_remote_ip, real_local_ip;
	in_port_t remote_port, local_port, real_remote_port, real_local_port;
	bool secured:1;			/* nobody could listen on the way */
	bool https:1;			/* as the client sees it */
	bool tls:1;			/* because TLS ends here */
	/* don't use what is remembered: the worker refused its ticket */
	bool ignore_cache:1;
};

/* What the worker is shown. */
struct listener_proof {
	const char *user;	/* auth's name for him */
	const char *ticket;	/* of a remembered login; NULL: a fresh login */
	unsigned int auth_pid, auth_id;
	const char *cookie;
};

typedef void listener_auth_callback_t(enum listener_auth_result result,
				      const struct listener_proof *proof,
				      void *context);

void listener_auth_init(void);
void listener_auth_deinit(void);

/* Whether auth has a mechanism for tokens. Basic is always offered. */
bool listener_auth_offers_bearer(void);

/* Calls callback once: at once if the login is remembered or the header is of
   no use (then NULL is returned), or later. proof and its strings live during
   the callback, proof is NULL unless the result is OK. */
struct listener_auth_request *
listener_auth_start(const struct listener_auth_input *input,
		    listener_auth_callback_t *callback, void *context);
/* The callback isn't wanted anymore. Whatever auth answers is given back. */
void listener_auth_abort(struct listener_auth_request **request);
/* The worker won't be asked about this login: lets auth forget it. */
void listener_auth_cancel(const struct listener_proof *proof);

/* What the worker's answers tell about the credentials. */
void listener_auth_ticket_received(const struct listener_auth_input *input,
				   const struct listener_proof *proof,
				   const char *ticket, unsigned int secs);
void listener_auth_ticket_refused(const struct listener_auth_input *input);

#endif
