#include "lib.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "time-util.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "worker-request.h"
#include "worker-log.h"

/* what comes from the device is cut to this */
#define LOG_VALUE_MAX 64

static const char *worker_log_value(const char *value)
{
	return value == NULL ? "-" : str_sanitize(value, LOG_VALUE_MAX);
}

static void
worker_log_add_fields(struct worker_request *wreq, unsigned long long usecs,
		      uoff_t bytes_out)
{
	const struct roost_request *req = &wreq->req;

	event_add_str(req->event, "cmd", worker_log_value(req->log_command));
	event_add_str(req->event, "version",
		      worker_log_value(req->log_version));
	event_add_str(req->event, "device_id",
		      worker_log_value(req->log_device));
	event_add_str(req->event, "status", worker_log_value(req->log_status));
	event_add_int(req->event, "http_status", req->answer.status);
	event_add_int(req->event, "duration", usecs);
	event_add_int(req->event, "bytes_in", req->body_size);
	event_add_int(req->event, "bytes_out", bytes_out);
}

void worker_log_finished(struct worker_request *wreq, uoff_t bytes_out)
{
	const struct roost_request *req = &wreq->req;
	const char *level = req->user->set->roost_log_level;
	unsigned long long usecs;
	struct timeval now;
	string_t *text;

	/* ioloop_time stands still while a request runs */
	i_gettimeofday(&now);
	usecs = timeval_diff_usecs(&now, &wreq->started) +
		req->elapsed_msecs * 1000ULL;
	worker_log_add_fields(wreq, usecs, bytes_out);

	text = t_str_new(256);
	str_printfa(text, "%s: version=%s, device=%s, status=%s, http=%u, "
		    "%llu ms, in=%"PRIuUOFF_T", out=%"PRIuUOFF_T,
		    worker_log_value(req->log_command),
		    worker_log_value(req->log_version),
		    worker_log_value(req->log_device),
		    worker_log_value(req->log_status), req->answer.status,
		    usecs / 1000, req->body_size, bytes_out);
	if (req->elapsed_msecs > 0) {
		struct event_passthrough *e =
			event_create_passthrough(req->event)->
			set_name("roost_ping_finished");
		e_debug(e->event(), "Parked request finished");
	}
	event_set_name(req->event, "roost_request_finished");
	if (strcmp(level, "info") == 0)
		e_info(req->event, "%s", str_c(text));
	else {
		/* "none" is not even shown when debugging, but the event goes
		   to the statistics */
		if (strcmp(level, "none") == 0)
			event_set_min_log_level(req->event, LOG_TYPE_WARNING);
		e_debug(req->event, "%s", str_c(text));
	}
}
