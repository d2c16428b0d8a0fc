#include "lib.h"
#include "hostpid.h"
#include "ioloop.h"
#include "llist.h"
#include "safe-memset.h"
#include "str.h"
#include "str-sanitize.h"
#include "auth-client.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-credentials.h"
#include "listener-auth.h"

#include <unistd.h>

/* relative to base_dir/login, our chroot */
#define AUTH_SOCKET "login"
/* Requests that come while auth isn't there wait this long for it. */
#define AUTH_CONNECT_WAIT_MSECS (20*1000)
#define AUTH_CACHE_MAX_ENTRIES 20000

enum auth_state {
	/* auth isn't connected yet */
	AUTH_STATE_WAITING,
	/* auth has been asked */
	AUTH_STATE_ASKED,
	/* nobody wants to know anymore, but auth's answer is still to come:
	   lib-auth logs an error if a request is gone then */
	AUTH_STATE_ORPHAN,
};

struct listener_auth_request {
	/* in auth.waiting while WAITING */
	struct listener_auth_request *prev, *next;
	pool_t pool;
	enum auth_state state;
	struct listener_auth_input input;
	char *authorization;
	/* WAITING */
	struct timeout *to;

	/* the attempt of listener_credentials that has been sent */
	unsigned int login_idx;
	unsigned int attempts;
	const char *login_user, *mech;

	unsigned char cache_key[LISTENER_AUTH_CACHE_KEY_SIZE];
	listener_auth_callback_t *callback;
	void *context;
};

/* OK's and FAIL's arguments that matter to us. The others may hold secrets
   and are never logged. */
struct auth_reply {
	const char *user, *reason;
	bool nologin, proxy, tempfail;
};

static struct listener_auth {
	struct auth_client *client;
	struct listener_auth_cache *cache;
	struct listener_auth_request *waiting;
	bool allow_cleartext;
} auth;

static bool auth_request_send(struct listener_auth_request *request);

static void auth_request_free(struct listener_auth_request *request)
{
	if (request->state == AUTH_STATE_WAITING)
		DLLIST_REMOVE(&auth.waiting, request);
	timeout_remove(&request->to);
	safe_memset(request->authorization, 0,
		    strlen(request->authorization));
	pool_unref(&request->pool);
}

static void
auth_request_finish(struct listener_auth_request *request,
		    enum listener_auth_result result,
		    const struct listener_proof *proof)
{
	i_assert(request->state != AUTH_STATE_ORPHAN);
	request->callback(result, proof, request->context);
	auth_request_free(request);
}

static void
auth_log(const struct listener_auth_input *input, const char *user,
	 const char *mech, const char *text)
{
	/* the form of the login processes' lines, for fail2ban and the like */
	e_info(listener.event,
	       "%s: user=<%s>, method=%s, rip=%s, lip=%s%s, session=<%s>",
	       text, str_sanitize(user, 128), mech,
	       net_ip2addr(&input->remote_ip), net_ip2addr(&input->local_ip),
	       input->tls ? ", TLS" : (input->secured ? ", secured" : ""),
	       input->session_id);
}

static void
auth_request_log(struct listener_auth_request *request, const char *text)
{
	auth_log(&request->input, request->login_user, request->mech, text);
}

static void auth_reply_parse(const char *const *args,
			     struct auth_reply *reply_r)
{
	const char *value;

	i_zero(reply_r);
	for (; args != NULL && *args != NULL; args++) {
		if (roost_str_begins(*args, "user=", &value))
			reply_r->user = value;
		else if (roost_str_begins(*args, "reason=", &value))
			reply_r->reason = value;
		else if (strcmp(*args, "nologin") == 0 ||
			 str_begins_with(*args, "nologin="))
			reply_r->nologin = TRUE;
		else if (strcmp(*args, "proxy") == 0 ||
			 strcmp(*args, "proxy_maybe") == 0 ||
			 str_begins_with(*args, "proxy="))
			reply_r->proxy = TRUE;
		else if (strcmp(*args, "temp") == 0 ||
			 strcmp(*args, "code="
				AUTH_CLIENT_FAIL_CODE_TEMPFAIL) == 0)
			reply_r->tempfail = TRUE;
	}
}

static void
auth_reply_ok(struct listener_auth_request *request,
	      struct auth_client_request *areq,
	      const struct auth_reply *reply)
{
	struct listener_proof proof = { .user = reply->user };

	if (reply->nologin || reply->proxy) {
		/* auth has forgotten such a login already */
		auth_request_log(request, reply->proxy ?
			"Login refused, roost doesn't proxy users" :
			"Login refused, passdb says nologin");
		auth_request_finish(request, LISTENER_AUTH_RESULT_DENIED,
				    NULL);
		return;
	}
	if (reply->user == NULL) {
		e_error(listener.event, "auth sent OK without a user name");
		auth_request_finish(request, LISTENER_AUTH_RESULT_TEMPFAIL,
				    NULL);
		return;
	}
	proof.auth_pid = auth_client_request_get_server_pid(areq);
	proof.auth_id = auth_client_request_get_id(areq);
	proof.cookie = auth_client_request_get_cookie(areq);
	auth_request_finish(request, LISTENER_AUTH_RESULT_OK, &proof);
}

static void
auth_reply_fail(struct listener_auth_request *request,
		const struct auth_reply *reply)
{
	if (reply->tempfail) {
		auth_request_finish(request, LISTENER_AUTH_RESULT_TEMPFAIL,
				    NULL);
		return;
	}
	request->login_idx++;
	if (auth_client_is_connected(auth.client) &&
	    auth_request_send(request))
		return;
	listener_auth_cache_remove(auth.cache, request->cache_key);
	auth_request_log(request, "Login failed");
	auth_request_finish(request, LISTENER_AUTH_RESULT_REFUSED, NULL);
}

static void
auth_callback(struct auth_client_request *areq,
	      enum auth_request_status status,
	      const char *data_base64 ATTR_UNUSED, const char *const *args,
	      void *context)
{
	struct listener_auth_request *request = context;
	struct auth_reply reply;

	if (status == AUTH_REQUEST_STATUS_CONTINUE) {
		/* only a refused token is answered with a challenge, which
		   says why; ^A is the answer that ends it */
		auth_client_request_continue(areq, "AQ==");
		return;
	}
	if (request->state == AUTH_STATE_ORPHAN) {
		if (status == AUTH_REQUEST_STATUS_OK) {
			auth_client_send_cancel(auth.client,
				auth_client_request_get_id(areq));
		}
		auth_request_free(request);
		return;
	}
	auth_reply_parse(args, &reply);
	switch (status) {
	case AUTH_REQUEST_STATUS_OK:
		auth_reply_ok(request, areq, &reply);
		break;
	case AUTH_REQUEST_STATUS_FAIL:
		auth_reply_fail(request, &reply);
		break;
	default:
		/* auth is gone */
		auth_request_finish(request, LISTENER_AUTH_RESULT_TEMPFAIL,
				    NULL);
		break;
	}
}

static void
auth_request_get_info(struct listener_auth_request *request,
		      const struct listener_login *login,
		      struct auth_request_info *info_r)
{
	const struct listener_auth_input *input = &request->input;

	i_zero(info_r);
	info_r->mech = login->mech;
	ROOST_AUTH_INFO_PROTOCOL(info_r) = "roost";
	info_r->session_id = input->session_id;
	info_r->remote_ip = input->remote_ip;
	info_r->remote_port = input->remote_port;
	info_r->local_ip = input->local_ip;
	info_r->local_port = input->local_port;
	info_r->real_remote_ip = input->real_remote_ip;
	info_r->real_remote_port = input->real_remote_port;
	info_r->real_local_ip = input->real_local_ip;
	info_r->real_local_port = input->real_local_port;
	info_r->initial_resp_base64 = login->initial_resp_base64;
	if (input->secured)
		info_r->flags |= AUTH_REQUEST_FLAG_CONN_SECURED;
	if (input->tls)
		info_r->flags |= AUTH_REQUEST_FLAG_CONN_SECURED_TLS;
	/* The penalty counts guesses of an address. The second form of a name
	   is no second guess, and neither is what was right before. */
	if (request->attempts > 0 ||
	    listener_auth_cache_was_good(auth.cache, request->cache_key))
		info_r->flags |= AUTH_REQUEST_FLAG_NO_PENALTY;
}

/* Sends the attempt at login_idx, or the first after it whose mechanism auth
   offers. Returns FALSE if there is none. */
static bool auth_request_send(struct listener_auth_request *request)
{
	struct listener_credentials cred;
	struct auth_request_info info;
	const struct listener_login *login = NULL;
	unsigned int *idx = &request->login_idx;

	if (listener_credentials_parse(request->authorization,
				       request->input.query, &cred) < 0)
		i_unreached();
	/* one token, one attempt: whichever form auth offers */
	if (cred.bearer && request->attempts > 0)
		return FALSE;
	for (; *idx < cred.logins_count; (*idx)++) {
		login = &cred.logins[*idx];
		if (auth_client_find_mech(auth.client, login->mech) != NULL)
			break;
	}
	if (*idx >= cred.logins_count) {
		if (request->attempts == 0) {
			request->login_user = p_strdup(request->pool,
						       cred.logins[0].user);
			request->mech = p_strdup(request->pool,
						 cred.logins[0].mech);
		}
		return FALSE;
	}
	request->login_user = p_strdup(request->pool, login->user);
	request->mech = p_strdup(request->pool, login->mech);
	auth_request_get_info(request, login, &info);
	request->attempts++;
	request->state = AUTH_STATE_ASKED;
	(void)auth_client_request_new(auth.client, &info, auth_callback,
				      request);
	return TRUE;
}

static void auth_waiting_timeout(struct listener_auth_request *request)
{
	e_error(listener.event, "auth isn't there, request fails");
	auth_request_finish(request, LISTENER_AUTH_RESULT_TEMPFAIL, NULL);
}

static void auth_connected(struct auth_client *client ATTR_UNUSED,
			   bool connected, void *context ATTR_UNUSED)
{
	struct listener_auth_request *request;

	if (!connected)
		return;
	while (auth.waiting != NULL) T_BEGIN {
		request = auth.waiting;
		DLLIST_REMOVE(&auth.waiting, request);
		request->state = AUTH_STATE_ASKED;
		timeout_remove(&request->to);
		if (!auth_request_send(request)) {
			auth_request_log(request, "Login failed, "
					 "auth doesn't offer the mechanism");
			auth_request_finish(request,
				LISTENER_AUTH_RESULT_REFUSED, NULL);
		}
	} T_END;
}

/* cred is what input's header holds. */
static void
auth_cache_key(const struct listener_auth_input *input,
	       const struct listener_credentials *cred, unsigned char *key_r)
{
	/* A token may be good for several users: the request says for whom.
	   passdb may also look at where the client connected to, and how. */
	const char *origin = t_strdup_printf("%s %s %d %s",
		net_ip2addr(&input->remote_ip), net_ip2addr(&input->local_ip),
		input->secured ? 1 : 0, cred->bearer ? cred->logins[0].user : "");

	listener_auth_cache_key(auth.cache, input->authorization, origin,
				key_r);
}

static bool
auth_try_cache(const struct listener_auth_input *input,
	       const struct listener_credentials *cred,
	       listener_auth_callback_t *callback, void *context,
	       unsigned char *key_r)
{
	struct listener_auth_entry entry;
	struct listener_proof proof;

	auth_cache_key(input, cred, key_r);
	if (input->ignore_cache ||
	    !listener_auth_cache_lookup(auth.cache, key_r, &entry))
		return FALSE;
	i_zero(&proof);
	proof.user = t_strdup(entry.user);
	proof.ticket = t_strdup(entry.ticket);
	callback(LISTENER_AUTH_RESULT_OK, &proof, context);
	return TRUE;
}

static struct listener_auth_request *
auth_request_new(const struct listener_auth_input *input,
		 listener_auth_callback_t *callback, void *context)
{
	struct listener_auth_request *request;
	pool_t pool;

	pool = pool_alloconly_create("listener auth request", 1024);
	request = p_new(pool, struct listener_auth_request, 1);
	request->pool = pool;
	request->input = *input;
	request->authorization = p_strdup(pool, input->authorization);
	request->input.authorization = request->authorization;
	request->input.query = p_strdup(pool, input->query);
	request->input.session_id = p_strdup(pool, input->session_id);
	request->callback = callback;
	request->context = context;
	return request;
}

/* What login processes do with LOGINDISABLED: a client without credentials
   isn't asked for any, and those that it sends nevertheless go nowhere. */
static bool auth_refuse_insecure(const struct listener_auth_input *input)
{
	struct listener_credentials cred;

	if (input->secured || auth.allow_cleartext)
		return FALSE;
	if (input->authorization != NULL &&
	    listener_credentials_parse(input->authorization, input->query,
				       &cred) == 0) {
		auth_log(input, cred.logins[0].user, cred.logins[0].mech,
			 "Login refused, cleartext authentication disallowed");
	}
	return TRUE;
}

struct listener_auth_request *
listener_auth_start(const struct listener_auth_input *input,
		    listener_auth_callback_t *callback, void *context)
{
	struct listener_auth_request *request;
	struct listener_credentials cred;
	unsigned char key[LISTENER_AUTH_CACHE_KEY_SIZE];

	if (auth_refuse_insecure(input)) {
		callback(LISTENER_AUTH_RESULT_INSECURE, NULL, context);
		return NULL;
	}
	if (input->authorization == NULL ||
	    listener_credentials_parse(input->authorization, input->query,
				       &cred) < 0) {
		callback(LISTENER_AUTH_RESULT_REFUSED, NULL, context);
		return NULL;
	}
	if (auth_try_cache(input, &cred, callback, context, key))
		return NULL;

	request = auth_request_new(input, callback, context);
	memcpy(request->cache_key, key, sizeof(key));
	if (auth_client_is_connected(auth.client)) {
		request->state = AUTH_STATE_ASKED;
		if (auth_request_send(request))
			return request;
		auth_request_log(request, "Login failed, "
				 "auth doesn't offer the mechanism");
		auth_request_finish(request, LISTENER_AUTH_RESULT_REFUSED,
				    NULL);
		return NULL;
	}
	request->state = AUTH_STATE_WAITING;
	DLLIST_PREPEND(&auth.waiting, request);
	request->to = timeout_add(AUTH_CONNECT_WAIT_MSECS,
				  auth_waiting_timeout, request);
	if (auth_client_is_disconnected(auth.client))
		auth_client_connect(auth.client);
	return request;
}

void listener_auth_abort(struct listener_auth_request **_request)
{
	struct listener_auth_request *request = *_request;

	*_request = NULL;
	switch (request->state) {
	case AUTH_STATE_WAITING:
		auth_request_free(request);
		break;
	case AUTH_STATE_ASKED:
		request->state = AUTH_STATE_ORPHAN;
		break;
	case AUTH_STATE_ORPHAN:
		i_unreached();
	}
}

void listener_auth_cancel(const struct listener_proof *proof)
{
	unsigned int pid, uid;

	if (proof->ticket != NULL || !auth_client_is_connected(auth.client))
		return;
	/* an auth that was restarted knows nothing of it */
	auth_client_get_connect_id(auth.client, &pid, &uid);
	if (pid == proof->auth_pid)
		auth_client_send_cancel(auth.client, proof->auth_id);
}

void listener_auth_ticket_received(const struct listener_auth_input *input,
				   const struct listener_proof *proof,
				   const char *ticket, unsigned int secs)
{
	struct listener_credentials cred;
	unsigned char key[LISTENER_AUTH_CACHE_KEY_SIZE];

	/* these credentials were good: they can be parsed */
	if (listener_credentials_parse(input->authorization, input->query,
				       &cred) < 0)
		i_unreached();
	auth_cache_key(input, &cred, key);
	if (proof->ticket != NULL) {
		listener_auth_cache_renew(auth.cache, key, ticket, secs);
	} else {
		listener_auth_cache_add(auth.cache, key, proof->user, ticket,
					secs);
	}
}

void listener_auth_ticket_refused(const struct listener_auth_input *input)
{
	struct listener_credentials cred;
	unsigned char key[LISTENER_AUTH_CACHE_KEY_SIZE];

	if (listener_credentials_parse(input->authorization, input->query,
				       &cred) < 0)
		i_unreached();
	auth_cache_key(input, &cred, key);
	listener_auth_cache_expire(auth.cache, key);
}

bool listener_auth_offers_bearer(void)
{
	return auth_client_find_mech(auth.client, "OAUTHBEARER") != NULL ||
		auth_client_find_mech(auth.client, "XOAUTH2") != NULL;
}

void listener_auth_init(void)
{
	auth.allow_cleartext =
		ROOST_SETTING_CLEARTEXT_ALLOWED(listener.set->cleartext) &&
		strcmp(listener.set->ssl, "required") != 0;
	auth.cache = listener_auth_cache_init(AUTH_CACHE_MAX_ENTRIES,
		listener.set->roost_auth_cache_ttl);
	auth.client = auth_client_init(AUTH_SOCKET, getpid(), FALSE);
	auth_client_set_connect_notify(auth.client, auth_connected, NULL);
	auth_client_connect(auth.client);
}

void listener_auth_deinit(void)
{
	i_assert(auth.waiting == NULL);
	auth_client_deinit(&auth.client);
	listener_auth_cache_deinit(&auth.cache);
}
