#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "hostpid.h"
#include "ioloop.h"
#include "istream.h"
#include "net.h"
#include "ostream.h"
#include "sha2.h"
#include "str.h"
#include "str-sanitize.h"
#include "uri-util.h"
#include "process-title.h"
#include "time-util.h"
#include "mail-user.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "worker.h"
#include "worker-ticket.h"
#include "worker-user.h"
#include "worker-protocols.h"
#include "worker-answer.h"
#include "worker-log.h"
#include "worker-request.h"

const char *worker_request_digest(struct worker_request *wreq)
{
	struct sha256_ctx ctx;
	unsigned char digest[SHA256_RESULTLEN];
	const unsigned char *data;
	size_t size;

	sha256_init(&ctx);
	/* with the NULs, so that the strings can't be shifted */
	sha256_loop(&ctx, wreq->line.method, strlen(wreq->line.method) + 1);
	sha256_loop(&ctx, wreq->line.target, strlen(wreq->line.target) + 1);
	if (wreq->body != NULL) {
		i_stream_seek(wreq->body, 0);
		while (i_stream_read_more(wreq->body, &data, &size) > 0) {
			sha256_loop(&ctx, data, size);
			i_stream_skip(wreq->body, size);
		}
		i_stream_seek(wreq->body, 0);
	}
	sha256_result(&ctx, digest);
	return binary_to_hex(digest, sizeof(digest));
}

bool worker_request_check_ticket(struct worker_request *wreq,
				 const struct worker_proof *proof,
				 const char **error_r)
{
	if (strcmp(wreq->line.user, proof->claim) != 0 &&
	    strcmp(wreq->line.user, proof->user) != 0) {
		*error_r = "The ticket is another user's";
		return FALSE;
	}
	if (proof->bound != NULL &&
	    strcmp(proof->bound, worker_request_digest(wreq)) != 0) {
		*error_r = "The ticket is for a parked request, not this one";
		return FALSE;
	}
	return TRUE;
}

void worker_request_refuse(struct worker_request *wreq, const char *reason)
{
	o_stream_nsend_str(wreq->output, t_strdup_printf(
		"REFUSED\t%u\t%s\n", wreq->line.id, reason));
}

void worker_request_deinit(struct worker_request *wreq)
{
	if (wreq->req.answer.output != NULL)
		roost_answer_reset(&wreq->req);
	i_stream_unref(&wreq->body);
	event_unref(&wreq->req.event);
}

/* Splits the target. Returns FALSE if the path can't be decoded. */
static bool worker_request_set_target(struct worker_request *wreq)
{
	struct roost_request *req = &wreq->req;
	const char *query = strchr(wreq->line.target, '?');
	const char *path = wreq->line.target;
	struct uri_parser parser;
	const char *decoded;

	if (query != NULL) {
		path = t_strdup_until(path, query);
		req->query = query + 1;
	}
	if (strchr(path, '%') == NULL) {
		req->path = p_strdup(wreq->pool, path);
		return TRUE;
	}
	uri_parser_init(&parser, wreq->pool, path);
	if (!uri_data_decode(&parser, path, NULL, &decoded))
		return FALSE;
	req->path = p_strdup(wreq->pool, decoded);
	return TRUE;
}

static int
worker_request_as_user(struct roost_request *req, const char *username,
		       roost_as_user_callback_t *callback, void *context,
		       const char **error_r)
{
	struct worker_request *wreq =
		container_of(req, struct worker_request, req);
	struct worker_user *user =
		container_of(req->user, struct worker_user, user);

	return worker_user_run_as(user, username, &wreq->line, callback,
				  context, error_r);
}

static void
worker_request_set_user(struct worker_request *wreq, struct worker_user *user)
{
	struct roost_request *req = &wreq->req;

	req->user = &user->user;
	req->as_user = worker_request_as_user;
	req->event = event_create(user->user.event);
	event_add_str(req->event, "user", user->name);
	event_add_str(req->event, "session", wreq->line.session);
	if (wreq->line.remote_ip.family != 0) {
		event_add_str(req->event, "remote_ip",
			      net_ip2addr(&wreq->line.remote_ip));
	}
}

static void worker_request_init_req(struct worker_request *wreq)
{
	struct roost_request *req = &wreq->req;

	req->pool = wreq->pool;
	req->method = wreq->line.method;
	req->scheme_host = wreq->line.host;
	req->headers = wreq->line.headers;
	req->body = wreq->body;
	req->body_size = wreq->line.body_size;
	req->remote_ip = wreq->line.remote_ip;
	req->secured = wreq->line.secured;
	req->elapsed_msecs = wreq->line.elapsed_msecs;
	req->answer.status = 200;
	p_array_init(&req->answer.headers, wreq->pool, 8);
}

static void worker_request_set_proctitle(struct worker_request *wreq)
{
	const struct roost_request *req = &wreq->req;

	if (!wreq->worker->verbose_proctitle)
		return;
	process_title_set(t_strdup_printf("[%s %s]",
		str_sanitize(wreq->line.user, 64),
		req->log_command == NULL ? req->method :
			str_sanitize(req->log_command, 32)));
}

static void worker_request_call_protocol(struct worker_request *wreq)
{
	struct roost_request *req = &wreq->req;
	const struct roost_protocol *protocol;
	int ret = 0;

	if (!worker_request_set_target(wreq)) {
		roost_answer_fail(req, 400, "Bad Request");
		return;
	}
	protocol = worker_protocols_find(req->path);
	if (protocol == NULL) {
		roost_answer_fail(req, 404, "Not Found");
		return;
	}
	T_BEGIN {
		ret = protocol->run(req);
	} T_END;
	if (ret < 0 && req->answer.status < 400)
		roost_answer_fail(req, 500, "Internal Server Error");
}

static void
worker_request_run_as(struct worker_request *wreq, struct worker_body *body_r)
{
	worker_request_call_protocol(wreq);
	(void)worker_answer_finish(wreq, body_r);
	/* a parked request's line is written when it is answered */
	if (wreq->req.answer.park == NULL)
		worker_log_finished(wreq, body_r->size);
}

void worker_request_run(struct worker_request *wreq,
			const struct worker_proof *proof)
{
	struct worker_user *user;
	struct worker_body body;
	const char *error;

	worker_request_init_req(wreq);
	worker_request_set_proctitle(wreq);
	if (worker_users_enter(wreq->worker->users, proof, &wreq->line,
			       &user, &error) < 0) {
		i_error("roost(%s)<%s><%s>: Can't open the user's mail: %s",
			str_sanitize(proof->user, 128), my_pid,
			str_sanitize(wreq->line.session, 64), error);
		worker_request_refuse(wreq, "temp");
		return;
	}
	worker_request_set_user(wreq, user);
	worker_request_run_as(wreq, &body);
	/* out of the user's context: what is sent from here on waits for the
	   listener's socket, as root */
	worker_user_leave(&user, wreq->req.reopen_user);
	worker_answer_send(wreq, proof, &body);
	i_stream_unref(&body.input);
}
