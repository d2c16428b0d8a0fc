#define _GNU_SOURCE /* O_TMPFILE */
#include "lib.h"
#include "buffer.h"
#include "hex-binary.h"
#include "ioloop.h"
#include "istream.h"
#include "randgen.h"
#include "write-full.h"
#include "http-server-private.h"
#include "worker-protocol.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-body.h"

#include <fcntl.h>
#include <unistd.h>

/* roost_request_timeout is for each this many bytes: a large body over a slow
   line is fine, a body that trickles isn't. */
#define BODY_TIMEOUT_BYTES (256*1024)
/* Bytes taken from one client before the others have their turn. */
#define BODY_READ_ROUND (256*1024)

struct listener_body {
	struct http_server_request *hreq;
	struct istream *input;	/* NULL when it is read or abandoned */
	struct io *io;
	struct timeout *to;
	buffer_t *data;		/* NULL when it is in fd */
	int fd;
	uoff_t size, timeout_size;
	listener_body_callback_t *callback;
	void *context;
};

struct listener_body *listener_body_init(struct http_server_request *hreq)
{
	struct listener_body *body;

	body = i_new(struct listener_body, 1);
	body->hreq = hreq;
	body->fd = -1;
	http_server_request_halt_payload(hreq);
	body->input = http_server_request_get_payload_input(hreq, FALSE);
	return body;
}

static void body_stop(struct listener_body *body)
{
	io_remove(&body->io);
	timeout_remove(&body->to);
	/* lib-http notices this */
	i_stream_unref(&body->input);
}

void listener_body_deinit(struct listener_body **_body)
{
	struct listener_body *body = *_body;

	*_body = NULL;
	body_stop(body);
	buffer_free(&body->data);
	i_close_fd(&body->fd);
	i_free(body);
}

int listener_spool_create(void)
{
	unsigned char random[16];
	const char *name;
	int fd;

	if (listener.spool_fd == -1) {
		errno = ENOENT;
		fd = -1;
	} else {
		fd = openat(listener.spool_fd, ".",
			    O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	}
	if (fd == -1 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		/* the file system can't: name it and take the name away */
		random_fill(random, sizeof(random));
		name = t_strconcat("roost.",
			binary_to_hex(random, sizeof(random)), NULL);
		fd = openat(listener.spool_fd, name,
			    O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
		if (fd != -1 && unlinkat(listener.spool_fd, name, 0) < 0) {
			e_error(listener.event, "unlink(%s/%s) failed: %m",
				listener.set->roost_spool_dir, name);
		}
	}
	if (fd == -1) {
		e_error(listener.event, "Can't create a file in %s: %m "
			"(roost_spool_dir)", listener.set->roost_spool_dir);
	}
	return fd;
}

static int body_write_file(struct listener_body *body,
			   const unsigned char *data, size_t size)
{
	if (write_full(body->fd, data, size) < 0) {
		e_error(listener.event, "write() to a file in %s failed: %m "
			"(roost_spool_dir)", listener.set->roost_spool_dir);
		return -1;
	}
	return 0;
}

static int body_add(struct listener_body *body, const unsigned char *data,
		    size_t size)
{
	body->size += size;
	if (body->fd != -1)
		return body_write_file(body, data, size);
	if (body->data == NULL)
		body->data = buffer_create_dynamic(default_pool, 1024);
	if (body->size <= WORKER_PROTOCOL_MAX_INLINE) {
		buffer_append(body->data, data, size);
		return 0;
	}
	body->fd = listener_spool_create();
	if (body->fd == -1 ||
	    body_write_file(body, body->data->data, body->data->used) < 0)
		return -1;
	buffer_free(&body->data);
	return body_write_file(body, data, size);
}

static void body_finish(struct listener_body *body,
			enum listener_body_result result)
{
	body_stop(body);
	body->callback(result, body->context);
}

static enum listener_body_result
body_stream_result(const struct istream *input)
{
	switch (input->stream_errno) {
	case 0:
		return LISTENER_BODY_RESULT_OK;
	case EMSGSIZE:
		return LISTENER_BODY_RESULT_TOO_LARGE;
	case ETIMEDOUT:
		return LISTENER_BODY_RESULT_TIMEOUT;
	default:
		return LISTENER_BODY_RESULT_BROKEN;
	}
}

static void body_input(struct listener_body *body)
{
	const unsigned char *data;
	size_t size;
	uoff_t round_end = body->size + BODY_READ_ROUND;

	while (body->size < round_end &&
	       i_stream_read_more(body->input, &data, &size) > 0) {
		if (body->size + size > listener.set->roost_max_request_size) {
			body_finish(body, LISTENER_BODY_RESULT_TOO_LARGE);
			return;
		}
		if (body_add(body, data, size) < 0) {
			body_finish(body, LISTENER_BODY_RESULT_ERROR);
			return;
		}
		i_stream_skip(body->input, size);
	}
	if (body->input->stream_errno != 0 ||
	    (body->input->eof && i_stream_get_data_size(body->input) == 0)) {
		body_finish(body, body_stream_result(body->input));
		return;
	}
	if (body->size >= round_end)
		i_stream_set_input_pending(body->input, TRUE);
	if (body->size - body->timeout_size >= BODY_TIMEOUT_BYTES) {
		body->timeout_size = body->size;
		timeout_reset(body->to);
	}
}

static void body_timeout(struct listener_body *body)
{
	body_finish(body, LISTENER_BODY_RESULT_TIMEOUT);
}

void listener_body_read(struct listener_body *body,
			listener_body_callback_t *callback, void *context)
{
	struct http_server_request *hreq = body->hreq;

	i_assert(body->input != NULL && body->io == NULL);

	body->callback = callback;
	body->context = context;
	/* http_server_request_continue_payload() may be called only inside of
	   handle_request(), but the password is checked after it */
	hreq->payload_halted = FALSE;
	if (listener_body_is_withheld(body))
		http_server_connection_output_trigger(hreq->conn);

	body->to = timeout_add(listener.set->roost_request_timeout * 1000,
			       body_timeout, body);
	body->io = io_add_istream(body->input, body_input, body);
	body_input(body);
}

bool listener_body_is_withheld(const struct listener_body *body)
{
	return body->input != NULL && body->hreq->req.expect_100_continue &&
		!body->hreq->sent_100_continue;
}

void listener_body_abandon(struct listener_body *body)
{
	body_stop(body);
}

void listener_body_get(const struct listener_body *body,
		       const unsigned char **data_r, uoff_t *size_r, int *fd_r)
{
	*data_r = body->data == NULL ? NULL : body->data->data;
	*size_r = body->size;
	*fd_r = body->fd;
}

void listener_body_forget_fd(struct listener_body *body)
{
	body->fd = -1;
}
