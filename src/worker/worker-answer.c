#include "lib.h"
#include "array.h"
#include "fdpass.h"
#include "ioloop.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "str.h"
#include "strescape.h"
#include "mail-user.h"
#include "roost-compat.h"
#include "roost-compat-worker.h"
#include "roost-settings.h"
#include "worker-protocol.h"
#include "worker.h"
#include "worker-ticket.h"
#include "worker-user.h"
#include "worker-request.h"
#include "worker-answer.h"

/* below this the gzip header and the time eat up what is won */
#define ANSWER_GZIP_MIN_SIZE 500

bool worker_answer_accepts_gzip(const char *accept_encoding)
{
	const char *const *coding, *const *params;
	bool zero;

	if (accept_encoding == NULL)
		return FALSE;
	for (coding = t_strsplit_spaces(accept_encoding, ", \t");
	     *coding != NULL; coding++) {
		params = t_strsplit(*coding, ";");
		if (strcasecmp(params[0], "gzip") != 0 &&
		    strcasecmp(params[0], "x-gzip") != 0)
			continue;
		/* "gzip;q=0" forbids it */
		zero = params[1] != NULL &&
			strncasecmp(params[1], "q=0", 3) == 0 &&
			params[1][3 + strspn(params[1] + 3, ".0")] == '\0';
		return !zero;
	}
	return FALSE;
}

static bool worker_answer_wants_gzip(struct worker_request *wreq, uoff_t size)
{
	struct roost_request *req = &wreq->req;

	if (!req->answer.gzip || size < ANSWER_GZIP_MIN_SIZE)
		return FALSE;
	roost_answer_add_header(req, "Vary", "Accept-Encoding");
	return worker_answer_accepts_gzip(
		roost_request_header(req, "Accept-Encoding"));
}

/* Replaces body by its compressed form. */
static int
worker_answer_gzip(struct worker_request *wreq, struct worker_body *body)
{
	struct roost_request *req = &wreq->req;
	struct ostream *spool, *output;
	int ret;

	/* the same spool again: input has been taken out of it */
	i_assert(req->answer.output == NULL);
	spool = roost_answer_output(req);
	output = roost_ostream_create_gzip(spool, req->event);
	ret = o_stream_send_istream(output, body->input) ==
		OSTREAM_SEND_ISTREAM_RESULT_FINISHED ? 0 : -1;
	if (ret == 0 && o_stream_finish(output) <= 0)
		ret = -1;
	if (ret < 0) {
		e_error(req->event, "Compressing the answer failed: %s",
			body->input->stream_errno != 0 ?
			i_stream_get_error(body->input) :
			o_stream_get_error(output));
		o_stream_abort(output);
	}
	o_stream_unref(&output);
	i_stream_unref(&body->input);
	if (ret < 0)
		return -1;

	body->size = spool->offset;
	body->input = iostream_temp_finish(&req->answer.output, IO_BLOCK_SIZE);
	roost_answer_add_header(req, "Content-Encoding", "gzip");
	return 0;
}

/* A body must fit into the line's connection or have a file. */
static int
worker_answer_check(struct worker_request *wreq, struct worker_body *body)
{
	struct roost_request *req = &wreq->req;

	if (body->size <= WORKER_PROTOCOL_MAX_INLINE)
		return 0;
	if (req->answer.park != NULL) {
		e_error(req->event, "BUG: A parked answer is too large");
		return -1;
	}
	if (i_stream_get_fd(body->input) == -1) {
		/* iostream-temp has logged why there is no file */
		return -1;
	}
	return 0;
}

static int
worker_answer_try_finish(struct worker_request *wreq, struct worker_body *body)
{
	struct roost_answer *answer = &wreq->req.answer;
	bool gzip;

	if (answer->output == NULL)
		return 0;
	if (o_stream_finish(answer->output) < 0) {
		e_error(wreq->req.event, "write(%s) failed: %s",
			o_stream_get_name(answer->output),
			o_stream_get_error(answer->output));
		return -1;
	}
	body->size = answer->output->offset;
	gzip = worker_answer_wants_gzip(wreq, body->size);
	body->input = iostream_temp_finish(&answer->output, IO_BLOCK_SIZE);
	if (gzip && worker_answer_gzip(wreq, body) < 0)
		return -1;
	return worker_answer_check(wreq, body);
}

int worker_answer_finish(struct worker_request *wreq,
			 struct worker_body *body_r)
{
	i_zero(body_r);
	if (worker_answer_try_finish(wreq, body_r) == 0)
		return 0;
	i_stream_unref(&body_r->input);
	body_r->size = 0;
	roost_answer_reset(&wreq->req);
	wreq->req.answer.status = 500;
	wreq->req.answer.park = NULL;
	return -1;
}

static void ATTR_FORMAT(2, 3)
worker_answer_field(string_t *str, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	str_append_c(str, '\t');
	str_append_tabescaped(str, t_strdup_vprintf(format, args));
	va_end(args);
}

static void
worker_answer_append_common(struct worker_request *wreq, string_t *str)
{
	const struct roost_answer *answer = &wreq->req.answer;
	const struct roost_header *header;
	string_t *names = t_str_new(256);

	if (answer->reason != NULL)
		worker_answer_field(str, "reason=%s", answer->reason);
	array_foreach(&answer->headers, header) {
		worker_answer_field(str, "h:%s=%s", header->name,
				    header->value);
	}
	if (answer->close)
		str_append(str, "\tclose=1");
	worker_users_append_names(wreq->worker->users, names);
	worker_answer_field(str, "users=%s", str_c(names));
}

static void
worker_answer_append_ticket(struct worker_request *wreq,
			    const struct worker_proof *proof, string_t *str)
{
	time_t expires = worker_ticket_due(proof, ioloop_time,
			wreq->worker->set->roost_ticket_lifetime);

	if (expires <= ioloop_time)
		return;
	str_printfa(str, "\tticket=%s\tticket_secs=%"PRIdTIME_T,
		    worker_ticket_seal(wreq->worker->tickets, proof,
				       ioloop_time, expires, NULL),
		    expires - ioloop_time);
}

static void
worker_answer_append_park(struct worker_request *wreq,
			  const struct worker_proof *proof, string_t *str)
{
	const struct roost_request *req = &wreq->req;
	const struct roost_settings *set = wreq->worker->set;
	const guid_128_t *guid;
	time_t expires;

	str_printfa(str, "\tstatus=%u", req->answer.status);
	array_foreach(&req->answer.park->watch, guid)
		str_printfa(str, "\twatch=%s", guid_128_to_string(*guid));
	if (req->log_device != NULL)
		worker_answer_field(str, "device=%s", req->log_device);
	if (req->log_command != NULL)
		worker_answer_field(str, "command=%s", req->log_command);
	if (req->log_version != NULL)
		worker_answer_field(str, "version=%s", req->log_version);
	worker_answer_field(str, "user=%s", proof->user);

	expires = worker_ticket_park_expires(proof, ioloop_time,
		(req->answer.park->msecs + 999) / 1000,
		set->roost_ticket_lifetime, set->roost_heartbeat_max);
	str_printfa(str, "\tpark_ticket=%s",
		    worker_ticket_seal(wreq->worker->tickets, proof,
				       ioloop_time, expires,
				       worker_request_digest(wreq)));
}

static void
worker_answer_send_inline(struct worker_request *wreq, string_t *line,
			  struct worker_body *body)
{
	const unsigned char *data;
	size_t size;
	uoff_t left = body->size;

	o_stream_nsend(wreq->output, str_data(line), str_len(line));
	while (left > 0 && i_stream_read_more(body->input, &data, &size) > 0) {
		size = I_MIN(size, left);
		o_stream_nsend(wreq->output, data, size);
		i_stream_skip(body->input, size);
		left -= size;
	}
	if (left > 0) {
		/* the listener waits for the rest: only closing tells it */
		e_error(wreq->req.event, "Reading the answer's spool failed");
		o_stream_close(wreq->output);
	}
}

static void
worker_answer_send_fd(struct worker_request *wreq, string_t *line,
		      struct worker_body *body)
{
	ssize_t ret = -1;

	/* o_stream_unix_write_fd() never tells when it is done with the fd, and
	   who would close it. Nothing waits in the stream, so send it here. */
	if (o_stream_get_buffer_used_size(wreq->output) == 0) {
		ret = fd_send(o_stream_get_fd(wreq->output),
			      i_stream_get_fd(body->input),
			      str_data(line), str_len(line));
	}
	if (ret <= 0) {
		e_error(wreq->req.event,
			"Sending the answer's spool failed: %m");
		o_stream_close(wreq->output);
		return;
	}
	o_stream_nsend(wreq->output, str_data(line) + ret,
		       str_len(line) - ret);
}

void worker_answer_send(struct worker_request *wreq,
			const struct worker_proof *proof,
			struct worker_body *body)
{
	const struct roost_answer *answer = &wreq->req.answer;
	bool use_fd = body->size > WORKER_PROTOCOL_MAX_INLINE;
	string_t *line = t_str_new(2048);

	if (answer->park == NULL) {
		str_printfa(line, "ANSWER\t%u\t%u\t%"PRIuUOFF_T"\t%u",
			    wreq->line.id, answer->status, body->size,
			    use_fd ? 1 : 0);
	} else {
		str_printfa(line, "PARK\t%u\t%u\t%"PRIuUOFF_T, wreq->line.id,
			    answer->park->msecs, body->size);
		worker_answer_append_park(wreq, proof, line);
	}
	worker_answer_append_common(wreq, line);
	worker_answer_append_ticket(wreq, proof, line);
	str_append_c(line, '\n');
	if (use_fd)
		worker_answer_send_fd(wreq, line, body);
	else
		worker_answer_send_inline(wreq, line, body);
}
