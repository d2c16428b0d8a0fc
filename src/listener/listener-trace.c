#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "llist.h"
#include "ostream.h"
#include "str.h"
#include "strescape.h"
#include "http-server.h"
#include "http-request.h"
#include "http-url.h"
#include "roost-compat.h"
#include "worker-protocol.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-workers.h"
#include "listener-trace.h"

#include <unistd.h>

/* Of one reader: what it hasn't read yet. Beyond that events are lost. */
#define TRACE_MAX_BUFFER (1024*1024)
#define TRACE_MAX_COUNT 16

struct listener_trace {
	struct listener_trace *prev, *next;
	struct ostream *output;
	char *user, *device;
	/* events since the last one that it got */
	unsigned int lost;
};

/* Beginnings of the headers' names that are shown. Whatever could prove who
   somebody is is not among them. */
static const char *const trace_headers[] = {
	"Accept", "Content-", "MS-", "Retry-After", "User-Agent", "X-MS-",
};

struct listener_trace *
listener_trace_add(struct ostream *output, const char *user,
		   const char *device)
{
	struct listener_trace *trace;
	unsigned int count = 0;

	for (trace = listener.traces; trace != NULL; trace = trace->next)
		count++;
	if (count >= TRACE_MAX_COUNT)
		return NULL;
	trace = i_new(struct listener_trace, 1);
	trace->output = output;
	trace->user = i_strdup(user);
	trace->device = i_strdup(device);
	DLLIST_PREPEND(&listener.traces, trace);
	return trace;
}

void listener_trace_remove(struct listener_trace **_trace)
{
	struct listener_trace *trace = *_trace;

	*_trace = NULL;
	DLLIST_REMOVE(&listener.traces, trace);
	i_free(trace->user);
	i_free(trace->device);
	i_free(trace);
}

static bool trace_matches(const struct listener_trace *trace,
			  const struct listener_trace_who *who)
{
	if (strcmp(trace->user, who->user) != 0)
		return FALSE;
	return trace->device == NULL ||
		(who->device != NULL &&
		 strcasecmp(trace->device, who->device) == 0);
}

bool listener_trace_wants(const struct listener_trace_who *who)
{
	const struct listener_trace *trace;

	for (trace = listener.traces; trace != NULL; trace = trace->next) {
		if (trace_matches(trace, who))
			return TRUE;
	}
	return FALSE;
}

static void trace_send(struct listener_trace *trace, const string_t *event)
{
	if (o_stream_get_buffer_used_size(trace->output) + str_len(event) >
	    TRACE_MAX_BUFFER) {
		trace->lost++;
		return;
	}
	if (trace->lost > 0) {
		o_stream_nsend_str(trace->output,
				   t_strdup_printf("LOST\t%u\n", trace->lost));
		trace->lost = 0;
	}
	o_stream_nsend(trace->output, str_data(event), str_len(event));
}

static void
trace_send_all(const struct listener_trace_who *who, const string_t *event)
{
	struct listener_trace *trace;

	for (trace = listener.traces; trace != NULL; trace = trace->next) {
		if (trace_matches(trace, who))
			trace_send(trace, event);
	}
}

static void trace_append(string_t *event, const char *value)
{
	str_append_c(event, '\t');
	str_append_tabescaped(event, value);
}

static string_t *
trace_begin(const char *type, const struct listener_trace_who *who)
{
	string_t *event = t_str_new(1024);

	str_append(event, type);
	str_printfa(event, "\t%"PRIdTIME_T".%03u", ioloop_timeval.tv_sec,
		    (unsigned int)(ioloop_timeval.tv_usec / 1000));
	trace_append(event, who->session);
	trace_append(event, who->device == NULL ? "-" : who->device);
	return event;
}

static bool trace_header_is_shown(const char *name)
{
	for (unsigned int i = 0; i < N_ELEMENTS(trace_headers); i++) {
		if (strncasecmp(trace_headers[i], name,
				strlen(trace_headers[i])) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Reads the beginning of a file without moving its offset. */
static const unsigned char *trace_read_file(int fd, size_t *size)
{
	unsigned char *data = t_malloc_no0(*size + 1);
	ssize_t ret = pread(fd, data, *size, 0);

	*size = ret < 0 ? 0 : ret;
	return data;
}

/* Ends the line, after which the beginning of the body comes. */
static void trace_end(string_t *event, size_t insert_pos,
		      const unsigned char *data, uoff_t size, int fd)
{
	size_t copied = I_MIN(size, CONTROL_TRACE_MAX_BODY);

	if (fd != -1 && copied > 0)
		data = trace_read_file(fd, &copied);
	str_insert(event, insert_pos, t_strdup_printf(
		"\t%"PRIuUOFF_T"\t%zu", size, copied));
	str_append_c(event, '\n');
	if (copied > 0)
		str_append_data(event, data, copied);
}

static void trace_request(const struct listener_trace_who *who,
			  const struct http_request *request,
			  const struct listener_job_body *body)
{
	string_t *event = trace_begin("REQUEST", who);
	size_t pos = str_len(event);
	const struct http_header_field *field;

	trace_append(event, request->method);
	trace_append(event, request->target_raw[0] == '/' ?
		     request->target_raw :
		     http_url_create_target(request->target.url));
	array_foreach(http_request_header_get_fields(request), field) {
		if (trace_header_is_shown(field->name)) {
			trace_append(event, t_strconcat(field->name, ": ",
							field->value, NULL));
		}
	}
	if (body == NULL)
		trace_end(event, pos, NULL, 0, -1);
	else
		trace_end(event, pos, body->data, body->size, body->fd);
	trace_send_all(who, event);
}

void listener_trace_request(const struct listener_trace_who *who,
			    const struct http_request *request,
			    const struct listener_job_body *body)
{
	if (!listener_trace_wants(who))
		return;
	T_BEGIN {
		trace_request(who, request, body);
	} T_END;
}

void listener_trace_parked(const struct listener_trace_who *who,
			   unsigned int msecs)
{
	T_BEGIN {
		string_t *event = trace_begin("PARK", who);

		str_printfa(event, "\t%u\n", msecs);
		trace_send_all(who, event);
	} T_END;
}

static void trace_answer(const struct listener_trace_who *who,
			 const struct listener_answer *answer)
{
	string_t *event = trace_begin("ANSWER", who);
	size_t pos = str_len(event);
	const char *const *keys, *name, *value;

	str_printfa(event, "\t%u", answer->status);
	trace_append(event, answer->reason == NULL ? "" : answer->reason);
	for (keys = answer->keys; *keys != NULL; keys++) {
		if (!roost_str_begins(*keys, "h:", &name) ||
		    (value = strchr(name, '=')) == NULL ||
		    !trace_header_is_shown(name))
			continue;
		trace_append(event, t_strconcat(t_strdup_until(name, value),
						": ", value + 1, NULL));
	}
	trace_end(event, pos, answer->body, answer->body_size,
		  answer->body_fd);
	trace_send_all(who, event);
}

void listener_trace_answer(const struct listener_trace_who *who,
			   const struct listener_answer *answer)
{
	if (!listener_trace_wants(who))
		return;
	T_BEGIN {
		trace_answer(who, answer);
	} T_END;
}

void listener_trace_failed(const struct listener_trace_who *who,
			   unsigned int status, const char *reason)
{
	static const char *const no_keys[] = { NULL };
	struct listener_answer answer = {
		.status = status,
		.reason = reason,
		.keys = no_keys,
		.body_fd = -1,
	};

	listener_trace_answer(who, &answer);
}
