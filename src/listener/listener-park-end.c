#include "lib.h"
#include "array.h"
#include "guid.h"
#include "hash.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "time-util.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-client.h"
#include "listener-request.h"
#include "listener-trace.h"
#include "listener-workers.h"
#include "listener-park-private.h"

static void park_trace_answer(struct listener_parked *parked,
			      const struct listener_answer *answer)
{
	T_BEGIN {
		struct listener_trace_who who = {
			.user = parked->user->name,
			.device = park_get_device(parked),
			.session = parked->client->session_id,
		};

		listener_trace_answer(&who, answer);
	} T_END;
}

/* Leaves client, socket and held to whoever got them before. */
static void park_free(struct listener_parked *parked)
{
	i_assert(parked->state == PARK_STATE_DONE);
	i_assert(!listener_job_is_active(&parked->job));

	listener_budget_remove(&parked->waiter);
	park_user_unlink(parked);
	io_remove(&parked->io);
	timeout_remove(&parked->to);
	i_close_fd(&parked->body_fd);
	i_free(parked->blob);
	i_free(parked);
	park_memory_freed();
}

void park_answer(struct listener_parked *parked, struct listener_answer *answer)
{
	struct listener_request *held = parked->held;
	struct listener_client *client = parked->client;
	struct listener_socket socket = parked->socket;
	bool close = parked->close;

	park_learn_end(parked, FALSE);
	park_set_state(parked, PARK_STATE_DONE);
	listener_workers_cancel(&parked->job);
	/* answer may point into the blob: free it last */
	io_remove(&parked->io);
	if (held != NULL)
		listener_request_answer(held, answer);
	else {
		if (listener.traces != NULL)
			park_trace_answer(parked, answer);
		listener_answer_send(listener_attach(client, &socket, close),
				     answer);
	}
	park_free(parked);
}

static void
park_log_timeout(struct listener_parked *parked,
		 const struct listener_answer *answer)
{
	const char *level = listener.set->roost_log_level;
	const char *device = answer->device == NULL ? "-" : answer->device;
	const char *command = answer->command == NULL ? "-" : answer->command;
	const char *version = answer->version == NULL ? "-" : answer->version;
	/* the clock may have been set back */
	long long usecs = I_MAX(timeval_diff_usecs(&ioloop_timeval,
						   &parked->start), 0);
	struct event *event = event_create(listener.event);
	struct event_passthrough *e;

	/* the same line as a worker's for requests that it answers */
	event_add_str(event, "user", parked->user->name);
	event_add_str(event, "session", parked->client->session_id);
	event_add_str(event, "remote_ip", net_ip2addr(&parked->remote_ip));
	event_add_str(event, "device_id", device);
	event_add_str(event, "cmd", command);
	event_add_str(event, "version", version);
	event_add_str(event, "status", "-");
	event_add_int(event, "http_status", answer->status);
	event_add_int(event, "duration", usecs);
	event_add_int(event, "bytes_in", parked->body_size);
	event_add_int(event, "bytes_out", parked->answer_body_size);
	event_set_append_log_prefix(event, t_strdup_printf("user %s: ",
		str_sanitize(parked->user->name, 128)));

	e = event_create_passthrough(event)->set_name("roost_ping_finished");
	e_debug(e->event(), "Parked request finished");

	event_set_name(event, "roost_request_finished");
	if (strcmp(level, "none") == 0)
		event_set_min_log_level(event, LOG_TYPE_WARNING);
	e_log(event, strcmp(level, "info") == 0 ? LOG_TYPE_INFO :
	      LOG_TYPE_DEBUG, "%s: version=%s, device=%s, status=time-out, "
	      "http=%u, %llu ms, in=%"PRIuUOFF_T", out=%zu",
	      str_sanitize(command, 64), str_sanitize(version, 64),
	      str_sanitize(device, 64), answer->status,
	      (unsigned long long)usecs / 1000, parked->body_size,
	      parked->answer_body_size);
	event_unref(&event);
}

void park_answer_timeout(struct listener_parked *parked)
{
	T_BEGIN {
		struct listener_answer answer;

		park_get_timeout_answer(parked, &answer);
		park_log_timeout(parked, &answer);
		park_answer(parked, &answer);
	} T_END;
}

void park_disconnected(struct listener_parked *parked)
{
	struct listener_client *client = parked->client;
	struct listener_socket socket = parked->socket;

	park_learn_end(parked, TRUE);
	park_set_state(parked, PARK_STATE_DONE);
	listener_workers_cancel(&parked->job);
	park_free(parked);
	listener_socket_close(&socket);
	listener_client_destroy(client);
}

void listener_park_gone(struct listener_parked **_parked)
{
	struct listener_parked *parked = *_parked;

	*_parked = NULL;
	i_assert(parked->held != NULL);
	park_learn_end(parked, TRUE);
	park_set_state(parked, PARK_STATE_DONE);
	listener_workers_cancel(&parked->job);
	park_free(parked);
}
