#include "lib.h"
#include "array.h"
#include "hostpid.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "http-server-private.h"
#include "http-url.h"
#include "eas-query.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-auth.h"
#include "listener-body.h"
#include "listener-client.h"
#include "listener-park.h"
#include "listener-refusal.h"
#include "listener-throttle.h"
#include "listener-trace.h"
#include "listener-workers.h"
#include "listener-request.h"

/* auth keeps a login for the worker's question for 150 secs (2.3's
   MASTER_AUTH_SERVER_TIMEOUT_SECS) and then logs an error. If the body takes
   longer than this, the login is given back and made again after it. */
#define REQUEST_LOGIN_MAX_SECS 75
/* RFC 1035 allows 255, and a port comes with it. Workers refuse 512. */
#define REQUEST_MAX_HOST_LEN 300

enum request_state {
	/* the headers are here */
	REQUEST_STATE_NEW,
	/* auth checks the password; the body isn't read yet */
	REQUEST_STATE_AUTH,
	/* the client sends the body */
	REQUEST_STATE_BODY,
	/* waits for a worker */
	REQUEST_STATE_QUEUED,
	/* a worker has it */
	REQUEST_STATE_WORKING,
	/* parked; the connection may be in lib-http still */
	REQUEST_STATE_PARKED,
	/* lib-http has the answer and sends it */
	REQUEST_STATE_ANSWERING,
	/* the answer is sent, or the client is gone */
	REQUEST_STATE_DONE,

	REQUEST_STATE_COUNT
};

#define TO(state) (1U << REQUEST_STATE_##state)
static const unsigned int request_transitions[REQUEST_STATE_COUNT] = {
	[REQUEST_STATE_NEW] = TO(AUTH) | TO(ANSWERING),
	/* the body may have been read before, see REQUEST_LOGIN_MAX_SECS */
	[REQUEST_STATE_AUTH] = TO(BODY) | TO(QUEUED) | TO(ANSWERING) | TO(DONE),
	[REQUEST_STATE_BODY] = TO(AUTH) | TO(QUEUED) | TO(ANSWERING) | TO(DONE),
	[REQUEST_STATE_QUEUED] = TO(WORKING) | TO(ANSWERING) | TO(DONE),
	/* AUTH: the worker refused the remembered login. QUEUED: it stopped
	   without having read the request, another one gets it. */
	[REQUEST_STATE_WORKING] = TO(AUTH) | TO(QUEUED) | TO(PARKED) |
		TO(ANSWERING) | TO(DONE),
	[REQUEST_STATE_PARKED] = TO(ANSWERING) | TO(DONE),
	[REQUEST_STATE_ANSWERING] = TO(DONE),
	[REQUEST_STATE_DONE] = 0,
};
#undef TO

struct listener_request {
	struct listener_job job;
	pool_t pool;
	enum request_state state;
	struct listener_client *client;
	struct http_server_request *hreq;
	struct timeval start;

	struct listener_auth_input auth_input;
	struct listener_auth_request *auth;
	/* from AUTH on; its strings are in pool */
	struct listener_proof proof;
	/* the query's DeviceId, in pool; NULL if there is none */
	const char *device;
	/* WORKING: listener_park_now() before that */
	uint64_t looked;
	/* of the refusal: see struct listener_refusal */
	unsigned int retry_secs;
	const char *throttle_header;

	struct listener_body *body;
	/* QUEUED: roost_queue_timeout; BODY: REQUEST_LOGIN_MAX_SECS;
	   ANSWERING with an error: roost_request_timeout */
	struct timeout *to;
	/* PARKED in lib-http */
	struct listener_parked *parked;

	bool body_read:1;
	/* those who trace have seen it */
	bool traced:1;
	/* it has been weighed by listener.throttle */
	bool counted:1;
	/* proof is a login which no worker has been shown yet */
	bool login_unused:1;
	/* the worker refused a ticket once: not again */
	bool ticket_refused:1;
};

/* one that ends with a slash stands for all paths below it */
static const char *const request_paths[] = {
	"/Microsoft-Server-ActiveSync",
	"/autodiscover/autodiscover.xml",
	"/autodiscover/autodiscover.json",
	"/autodiscover/autodiscover.json/",
};

/* Beginnings of the headers' names that a parked request keeps: what a command
   may look at when it is run again. */
static const char *const request_kept_headers[] = {
	"Accept", "Content-Type", "MS-", "User-Agent", "X-MS-",
};

static void request_start_auth(struct listener_request *req);
static void request_queue_timeout(struct listener_request *req);

static void
request_set_state(struct listener_request *req, enum request_state state)
{
	i_assert((request_transitions[req->state] & (1U << state)) != 0);
	req->state = state;
}

/* -- tracing -- */

static void
request_trace_who(struct listener_request *req, struct listener_trace_who *who_r)
{
	who_r->user = req->proof.user;
	who_r->device = req->device;
	who_r->session = req->client->session_id;
}

/* Once; body is NULL if it isn't read. */
static void request_trace(struct listener_request *req,
			  const struct listener_job_body *body)
{
	struct listener_trace_who who;

	if (req->traced || req->proof.user == NULL)
		return;
	req->traced = TRUE;
	request_trace_who(req, &who);
	listener_trace_request(&who, http_server_request_get(req->hreq), body);
}

static void
request_trace_failed(struct listener_request *req, unsigned int status)
{
	struct listener_trace_who who;

	if (req->proof.user == NULL)
		return;
	request_trace(req, NULL);
	request_trace_who(req, &who);
	listener_trace_failed(&who, status,
			      listener_refusal_reason(status));
}

static bool request_is_traced(struct listener_request *req)
{
	struct listener_trace_who who;

	request_trace_who(req, &who);
	return listener_trace_wants(&who);
}

static void request_fail_timeout(struct listener_request *req)
{
	struct http_server_connection *conn = req->client->http_conn;

	timeout_remove(&req->to);
	/* destroys req */
	http_server_connection_close(&conn,
		"Timed out while a refused request was coming");
}

static void request_fail_text(struct listener_request *req,
			      unsigned int status, const char *text)
{
	struct listener_refusal refusal = {
		.status = status,
		.text = text,
		.retry_secs = req->retry_secs,
		.throttle = req->throttle_header,
		/* A client that waits for "100 Continue" may send its body or
		   its next request now: only a new connection makes that
		   clear. */
		.close = listener_body_is_withheld(req->body),
	};

	request_set_state(req, REQUEST_STATE_ANSWERING);
	if (listener.traces != NULL)
		request_trace_failed(req, status);
	listener_body_abandon(req->body);
	/* lib-http skips what comes of the body nevertheless, and would do that
	   for as long as a byte comes now and then */
	timeout_remove(&req->to);
	req->to = timeout_add(listener.set->roost_request_timeout * 1000,
			      request_fail_timeout, req);
	/* lib-http may have answered a broken body by itself just now */
	if (http_server_request_get_response(req->hreq) == NULL)
		listener_refusal_send(req->hreq, &refusal);
}

static void request_fail(struct listener_request *req, unsigned int status)
{
	request_fail_text(req, status, NULL);
}

static void request_login_done(struct listener_request *req)
{
	if (!req->login_unused)
		return;
	req->login_unused = FALSE;
	listener_auth_cancel(&req->proof);
}

/* lib-http is done with the request: answered, or the connection is closed. */
static void request_destroyed(struct listener_request *req)
{
	struct listener_client *client = req->client;

	if (req->auth != NULL)
		listener_auth_abort(&req->auth);
	listener_workers_cancel(&req->job);
	request_login_done(req);
	timeout_remove(&req->to);
	if (req->parked != NULL)
		listener_park_gone(&req->parked);
	request_set_state(req, REQUEST_STATE_DONE);
	listener_body_deinit(&req->body);
	http_server_request_unref(&req->hreq);
	pool_unref(&req->pool);
	listener_client_request_ends(client);
}

/* -- the worker's side -- */

static void request_warn_limit(const char *text)
{
	static time_t last_warning;

	if (ioloop_time - last_warning < 10)
		return;
	last_warning = ioloop_time;
	e_warning(listener.event, "Answering 503: %s", text);
}

static void
request_append_key(string_t *str, const char *name, const char *value)
{
	str_printfa(str, "\t%s=", name);
	str_append_tabescaped(str, value);
}

static bool request_header_is_kept(const char *name)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(request_kept_headers); i++) {
		if (strncasecmp(request_kept_headers[i], name,
				strlen(request_kept_headers[i])) == 0)
			return TRUE;
	}
	return FALSE;
}

static bool request_header_is_sent(const struct http_header_field *field)
{
	const unsigned char *p;

	if (http_header_field_is(field, "Authorization") ||
	    http_header_field_is(field, "Cookie"))
		return FALSE;
	/* lib-http lets DEL pass; the worker wants no control characters */
	for (p = (const unsigned char *)field->value; *p != '\0'; p++) {
		if ((*p < ' ' && *p != '\t') || *p == '\177')
			return FALSE;
	}
	return strlen(field->value) == field->size;
}

/* Everything about the request but its proof; only the kept headers if it is
   to be parked. */
static void request_append_keys(struct listener_request *req, bool park,
				string_t *str)
{
	const struct http_request *hreq = http_server_request_get(req->hreq);
	const struct listener_auth_input *origin = &req->auth_input;
	const struct http_header_field *field;
	bool traced = listener.traces != NULL && request_is_traced(req);

	request_append_key(str, "user", req->proof.user);
	request_append_key(str, "rip", net_ip2addr(&origin->remote_ip));
	str_printfa(str, "\trport=%u", origin->remote_port);
	request_append_key(str, "lip", net_ip2addr(&origin->local_ip));
	str_printfa(str, "\tlport=%u", origin->local_port);
	request_append_key(str, "session", origin->session_id);
	request_append_key(str, "secured", origin->https ? "1" : "0");
	request_append_key(str, "method", hreq->method);
	request_append_key(str, "target", hreq->target_raw[0] == '/' ?
			   hreq->target_raw :
			   http_url_create_target(hreq->target.url));
	request_append_key(str, "host",
		listener_client_get_host(req->client, hreq, origin->https));
	array_foreach(http_request_header_get_fields(hreq), field) {
		/* an answer that is traced shall be readable */
		if (traced && http_header_field_is(field, "Accept-Encoding"))
			continue;
		if (request_header_is_sent(field) &&
		    (!park || request_header_is_kept(field->name))) {
			str_append(str, "\th:");
			str_append_tabescaped(str, field->name);
			str_append_c(str, '=');
			str_append_tabescaped(str, field->value);
		}
	}
}

static void
request_get_body(struct listener_request *req, struct listener_job_body *body_r)
{
	listener_body_get(req->body, &body_r->data, &body_r->size,
			  &body_r->fd);
}

static void
request_job_get_request(struct listener_job *job, string_t *str,
			struct listener_job_body *body_r)
{
	struct listener_request *req =
		container_of(job, struct listener_request, job);
	const struct listener_proof *proof = &req->proof;

	request_set_state(req, REQUEST_STATE_WORKING);
	req->looked = listener_park_now();
	timeout_remove(&req->to);
	req->login_unused = FALSE;
	if (proof->ticket != NULL) {
		request_append_key(str, "ticket", proof->ticket);
	} else {
		str_printfa(str, "\tlogin=%u %u %s %s", proof->auth_pid,
			    proof->auth_id, my_pid, proof->cookie);
	}
	request_append_keys(req, FALSE, str);
	request_get_body(req, body_r);
}

static void request_set_queued(struct listener_request *req)
{
	request_set_state(req, REQUEST_STATE_QUEUED);
	req->to = timeout_add(listener.set->roost_queue_timeout * 1000,
			      request_queue_timeout, req);
}

static void request_job_requeued(struct listener_job *job)
{
	struct listener_request *req =
		container_of(job, struct listener_request, job);

	/* a login that wasn't shown to the worker is still good */
	req->login_unused = req->proof.ticket == NULL;
	request_set_queued(req);
}

void listener_request_answer(struct listener_request *req,
			     struct listener_answer *answer)
{
	request_set_state(req, REQUEST_STATE_ANSWERING);
	req->parked = NULL;
	if (listener.traces != NULL) {
		struct listener_trace_who who;

		request_trace_who(req, &who);
		listener_trace_answer(&who, answer);
	}
	listener_answer_send(req->hreq, answer);
}

static void request_park(struct listener_request *req,
			 struct listener_answer *answer)
{
	string_t *keys = t_str_new(1024);
	struct listener_job_body body;
	struct listener_park_input input = {
		.client = req->client,
		.request = req,
		.hreq = req->hreq,
		.body = &body,
		.remote_ip = req->auth_input.remote_ip,
		.start = req->start,
		.close = http_server_request_get(req->hreq)->connection_close,
		.looked = req->looked,
	};
	struct listener_parked *parked;

	if (listener.traces != NULL) {
		struct listener_trace_who who;

		request_trace_who(req, &who);
		listener_trace_parked(&who, answer->park_msecs);
	}
	/* a waiting device is no mad one */
	listener_throttle_refund(listener.throttle, req->proof.user,
				 req->device);
	request_set_state(req, REQUEST_STATE_PARKED);
	request_append_keys(req, TRUE, keys);
	request_get_body(req, &body);
	/* it is the parked request's from here on */
	listener_body_forget_fd(req->body);
	input.keys = str_c(keys);
	parked = listener_park_add(&input, answer);
	/* NULL: it is in the parked request's hands, and req is gone */
	if (parked != NULL)
		req->parked = parked;
}

static void request_job_answered(struct listener_job *job,
				 struct listener_answer *answer)
{
	struct listener_request *req =
		container_of(job, struct listener_request, job);

	if (answer->ticket != NULL && answer->ticket_secs > 0) {
		listener_auth_ticket_received(&req->auth_input, &req->proof,
			answer->ticket, answer->ticket_secs);
	}
	if (!answer->park || listener.stopping)
		listener_request_answer(req, answer);
	else if (listener_park_has_room(answer->user))
		request_park(req, answer);
	else {
		request_warn_limit(t_strdup_printf(
			"user %s has too many parked requests "
			"(roost_parked_limit)",
			str_sanitize(answer->user, 128)));
		request_fail(req, 503);
	}
}

static void request_job_refused(struct listener_job *job, bool temporary)
{
	struct listener_request *req =
		container_of(job, struct listener_request, job);

	if (temporary) {
		request_fail(req, 503);
	} else if (req->proof.ticket != NULL && !req->ticket_refused) {
		/* it expired or the keys changed: a new login helps */
		req->ticket_refused = TRUE;
		listener_auth_ticket_refused(&req->auth_input);
		request_start_auth(req);
	} else {
		request_fail(req, 401);
	}
}

static void request_job_failed(struct listener_job *job)
{
	struct listener_request *req =
		container_of(job, struct listener_request, job);

	request_fail(req, 503);
}

static const struct listener_job_vfuncs request_job_vfuncs = {
	.get_request = request_job_get_request,
	.requeued = request_job_requeued,
	.answered = request_job_answered,
	.refused = request_job_refused,
	.failed = request_job_failed,
};

/* -- from the headers to the queue -- */

static void request_queue_timeout(struct listener_request *req)
{
	timeout_remove(&req->to);
	request_warn_limit("no worker became free in time "
			   "(roost_queue_timeout, process_limit)");
	listener_workers_cancel(&req->job);
	request_login_done(req);
	request_fail(req, 503);
}

static void request_queue(struct listener_request *req)
{
	if (!listener_workers_have_room(req->proof.user)) {
		request_warn_limit("too many requests wait for a worker "
				   "(roost_queue_limit)");
		request_login_done(req);
		request_fail(req, 503);
		return;
	}
	if (listener.traces != NULL) {
		struct listener_job_body body;

		request_get_body(req, &body);
		request_trace(req, &body);
	}
	request_set_queued(req);
	listener_workers_add(&req->job, req->proof.user, FALSE);
}

static void
request_body_callback(enum listener_body_result result, void *context)
{
	static const unsigned int statuses[] = {
		[LISTENER_BODY_RESULT_TIMEOUT] = 408,
		[LISTENER_BODY_RESULT_TOO_LARGE] = 413,
		[LISTENER_BODY_RESULT_BROKEN] = 400,
		[LISTENER_BODY_RESULT_ERROR] = 503,
	};
	struct listener_request *req = context;

	timeout_remove(&req->to);
	if (result != LISTENER_BODY_RESULT_OK) {
		request_login_done(req);
		request_fail(req, statuses[result]);
		return;
	}
	req->body_read = TRUE;
	if (req->proof.ticket == NULL && !req->login_unused)
		request_start_auth(req);
	else
		request_queue(req);
}

static void
request_set_proof(struct listener_request *req,
		  const struct listener_proof *proof)
{
	req->proof = *proof;
	req->proof.user = p_strdup(req->pool, proof->user);
	req->proof.ticket = p_strdup(req->pool, proof->ticket);
	req->proof.cookie = p_strdup(req->pool, proof->cookie);
	req->login_unused = proof->ticket == NULL;
}

/* -- too many requests -- */

/* [MS-ASHTTP] 2.2.2.1.2.13: the header; its values are those of Exchange's
   autoblock thresholds. */
static const struct {
	const char *limit, *header, *setting;
} request_throttles[] = {
	[LISTENER_THROTTLE_OK] = { NULL, NULL, NULL },
	[LISTENER_THROTTLE_DEVICE] = {
		"device", "CommandFrequency", "roost_throttle_device"
	},
	[LISTENER_THROTTLE_USER] = {
		"user", "OutOfBudgets", "roost_throttle_user"
	},
};

static const char *request_get_device(struct listener_request *req)
{
	pool_t pool = pool_alloconly_create("query", 1024);
	struct eas_query query;
	const char *error, *device = NULL;

	/* a worker refuses what can't be parsed */
	if (eas_query_parse(pool, req->auth_input.query, &query, &error) == 0)
		device = p_strdup(req->pool, query.device_id);
	pool_unref(&pool);
	return device;
}

static void
request_log_throttled(struct listener_request *req,
		      const struct listener_throttle_verdict *verdict)
{
	const char *user = req->proof.user;
	const char *device = req->device == NULL ? "-" : req->device;
	struct event_passthrough *e =
		event_create_passthrough(listener.event)->
		set_name("roost_throttled")->
		add_str("user", user)->
		add_str("session", req->auth_input.session_id)->
		add_str("remote_ip", net_ip2addr(&req->auth_input.remote_ip))->
		add_str("device_id", device)->
		add_str("limit", request_throttles[verdict->result].limit);

	e_warning(e->event(), "user %s: Device %s sends too many requests, "
		  "answering 503 (%s)", str_sanitize(user, 128),
		  str_sanitize(device, 64),
		  request_throttles[verdict->result].setting);
}

/* Returns FALSE if it was refused. A request is counted once, however often it
   is authenticated. */
static bool request_is_admitted(struct listener_request *req)
{
	struct listener_throttle_verdict verdict;

	if (req->counted)
		return TRUE;
	req->counted = TRUE;
	req->device = request_get_device(req);
	listener_throttle_take(listener.throttle, req->proof.user,
			       req->device, &verdict);
	if (verdict.result == LISTENER_THROTTLE_OK)
		return TRUE;
	if (verdict.first)
		request_log_throttled(req, &verdict);
	req->throttle_header = request_throttles[verdict.result].header;
	req->retry_secs = verdict.retry_secs;
	request_login_done(req);
	request_fail(req, 503);
	return FALSE;
}

static void request_login_timeout(struct listener_request *req)
{
	timeout_remove(&req->to);
	request_login_done(req);
}

static void
request_auth_callback(enum listener_auth_result result,
		      const struct listener_proof *proof, void *context)
{
	struct listener_request *req = context;

	req->auth = NULL;
	switch (result) {
	case LISTENER_AUTH_RESULT_OK:
		request_set_proof(req, proof);
		if (!request_is_admitted(req))
			break;
		if (req->body_read) {
			request_queue(req);
			break;
		}
		request_set_state(req, REQUEST_STATE_BODY);
		if (req->login_unused) {
			req->to = timeout_add(REQUEST_LOGIN_MAX_SECS * 1000,
					      request_login_timeout, req);
		}
		listener_body_read(req->body, request_body_callback, req);
		break;
	case LISTENER_AUTH_RESULT_REFUSED:
		request_fail(req, 401);
		break;
	case LISTENER_AUTH_RESULT_DENIED:
		request_fail(req, 403);
		break;
	case LISTENER_AUTH_RESULT_INSECURE:
		request_fail_text(req, 403, "Authentication is disallowed on "
				  "connections without TLS.\r\n");
		break;
	case LISTENER_AUTH_RESULT_TEMPFAIL:
		request_fail(req, 503);
		break;
	}
}

static void request_start_auth(struct listener_request *req)
{
	struct listener_auth_request *auth;
	struct listener_auth_input *input = &req->auth_input;

	request_set_state(req, REQUEST_STATE_AUTH);
	input->ignore_cache = req->ticket_refused;
	auth = listener_auth_start(input, request_auth_callback, req);
	/* NULL: the callback has been called, even req may be gone */
	if (auth != NULL)
		req->auth = auth;
}

static bool request_path_is_ours(const char *path)
{
	unsigned int i;
	size_t len;

	for (i = 0; i < N_ELEMENTS(request_paths); i++) {
		len = strlen(request_paths[i]);
		if (request_paths[i][len - 1] == '/' ?
		    strncasecmp(request_paths[i], path, len) == 0 :
		    strcasecmp(request_paths[i], path) == 0)
			return TRUE;
	}
	return FALSE;
}

void listener_request_handle(struct listener_client *client,
			     struct http_server_request *hreq)
{
	const struct http_request *request = http_server_request_get(hreq);
	struct listener_request *req;
	pool_t pool = http_server_request_get_pool(hreq);

	pool_ref(pool);
	req = p_new(pool, struct listener_request, 1);
	req->job.v = &request_job_vfuncs;
	req->pool = pool;
	req->client = client;
	req->hreq = hreq;
	req->start = ioloop_timeval;
	http_server_request_ref(hreq);
	http_server_request_set_destroy_callback(hreq, request_destroyed, req);
	req->body = listener_body_init(hreq);

	if (request->target.format == HTTP_REQUEST_TARGET_FORMAT_ASTERISK ||
	    request->target.url == NULL || request->target.url->path == NULL ||
	    !request_path_is_ours(request->target.url->path)) {
		request_fail(req, 404);
		return;
	}
	if (strlen(http_url_create_authority(request->target.url)) >
	    REQUEST_MAX_HOST_LEN) {
		request_fail(req, 400);
		return;
	}
	listener_client_get_origin(client, request, &req->auth_input);
	req->auth_input.authorization =
		http_request_header_get(request, "Authorization");
	req->auth_input.query = request->target.url->enc_query;
	request_start_auth(req);
}
