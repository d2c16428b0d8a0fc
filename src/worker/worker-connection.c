#include "lib.h"
#include "buffer.h"
#include "connection.h"
#include "hostpid.h"
#include "ioloop.h"
#include "istream.h"
#include "istream-unix.h"
#include "llist.h"
#include "master-service.h"
#include "ostream.h"
#include "process-title.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "time-util.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "worker-protocol.h"
#include "worker.h"
#include "worker-login.h"
#include "worker-ticket.h"
#include "worker-request.h"
#include "worker-connection.h"

#include <unistd.h>
#include <sys/stat.h>

enum worker_connection_state {
	/* the next line is a request */
	WORKER_CONNECTION_STATE_IDLE = 0,
	/* its body is being read */
	WORKER_CONNECTION_STATE_BODY,
	/* auth is asked about its login; no input is read */
	WORKER_CONNECTION_STATE_LOGIN,
	/* the login is confirmed or the ticket checked, and the command runs */
	WORKER_CONNECTION_STATE_RUN,
};

struct worker_connection {
	struct connection conn;
	struct worker *worker;
	enum worker_connection_state state;

	/* cleared after each request */
	pool_t pool;
	struct worker_request *wreq;
	buffer_t *body;
	struct worker_login *login;
};

static struct connection_list *worker_connections;
static struct worker *worker_connections_worker;

static const struct connection_vfuncs worker_connection_vfuncs,
	worker_connection_body_vfuncs;

static void
worker_connection_set_state(struct worker_connection *wconn,
			    enum worker_connection_state state)
{
	static const unsigned int from[] = {
		[WORKER_CONNECTION_STATE_IDLE] =
			BIT(WORKER_CONNECTION_STATE_RUN),
		[WORKER_CONNECTION_STATE_BODY] =
			BIT(WORKER_CONNECTION_STATE_IDLE),
		[WORKER_CONNECTION_STATE_LOGIN] =
			BIT(WORKER_CONNECTION_STATE_IDLE) |
			BIT(WORKER_CONNECTION_STATE_BODY),
		[WORKER_CONNECTION_STATE_RUN] =
			BIT(WORKER_CONNECTION_STATE_IDLE) |
			BIT(WORKER_CONNECTION_STATE_BODY) |
			BIT(WORKER_CONNECTION_STATE_LOGIN),
	};

	i_assert((from[state] & BIT(wconn->state)) != 0);
	wconn->state = state;
}

static void worker_connection_request_free(struct worker_connection *wconn)
{
	if (wconn->wreq == NULL)
		return;
	worker_request_deinit(wconn->wreq);
	wconn->wreq = NULL;
	p_clear(wconn->pool);
	/* a large one isn't kept while we idle */
	if (wconn->body != NULL && buffer_get_size(wconn->body) > IO_BLOCK_SIZE)
		buffer_free(&wconn->body);
}

static void worker_connection_destroy(struct connection *conn)
{
	struct worker_connection *wconn =
		container_of(conn, struct worker_connection, conn);

	if (wconn->login != NULL)
		worker_login_abort(&wconn->login);
	worker_connection_request_free(wconn);
	connection_deinit(conn);
	buffer_free(&wconn->body);
	pool_unref(&wconn->pool);
	i_free(wconn);
	master_service_client_connection_destroyed(master_service);
}

/* No more requests after this one: master wants us to go, or the answer could
   not be sent whole, which only a disconnect tells the listener. */
static bool worker_connection_is_over(const struct worker_connection *wconn)
{
	return wconn->worker->dying || wconn->conn.output->closed;
}

static void worker_connection_finished(struct worker_connection *wconn)
{
	worker_connection_request_free(wconn);
	worker_connection_set_state(wconn, WORKER_CONNECTION_STATE_IDLE);
	if (wconn->worker->verbose_proctitle)
		process_title_set("[idling]");
}

static void
worker_connection_run(struct worker_connection *wconn,
		      const struct worker_proof *proof)
{
	worker_request_run(wconn->wreq, proof);
	worker_connection_finished(wconn);
}

static void
worker_connection_login_finished(const struct worker_proof *proof,
				 void *context)
{
	struct worker_connection *wconn = context;
	struct ostream *output = wconn->conn.output;
	/* else worker_login_request() has called us, with the connection's
	   input function below it */
	bool delayed = wconn->login != NULL;

	wconn->login = NULL;
	worker_connection_set_state(wconn, WORKER_CONNECTION_STATE_RUN);
	o_stream_cork(output);
	if (proof != NULL)
		worker_connection_run(wconn, proof);
	else {
		/* The listener had a good answer from auth: if that isn't
		   confirmed, something is wrong that no password mends. */
		worker_request_refuse(wconn->wreq, "temp");
		worker_connection_finished(wconn);
	}
	o_stream_uncork(output);
	connection_input_resume(&wconn->conn);
	if (delayed && worker_connection_is_over(wconn))
		worker_connection_destroy(&wconn->conn);
}

static void worker_connection_start_login(struct worker_connection *wconn)
{
	struct worker_request *wreq = wconn->wreq;
	struct worker_login *login;

	worker_connection_set_state(wconn, WORKER_CONNECTION_STATE_LOGIN);
	connection_input_halt(&wconn->conn);
	login = worker_login_request(wconn->worker->logins, &wreq->line.login,
				     wreq->line.user,
				     worker_connection_login_finished, wconn);
	if (login != NULL)
		wconn->login = login;
}

static void worker_connection_start_ticket(struct worker_connection *wconn)
{
	struct worker_request *wreq = wconn->wreq;
	const struct worker_proof *proof;
	const char *error;
	int ret;

	worker_connection_set_state(wconn, WORKER_CONNECTION_STATE_RUN);
	ret = worker_ticket_unseal(wconn->worker->tickets, wreq->line.ticket,
				   ioloop_time, &proof, &error);
	if (ret > 0 && !worker_request_check_ticket(wreq, proof, &error))
		ret = -1;
	if (ret > 0) {
		worker_connection_run(wconn, proof);
		return;
	}
	if (ret < 0) {
		/* a listener in its right mind doesn't */
		e_error(wconn->conn.event, "Ticket refused "
			"(user %s, session %s): %s",
			str_sanitize(wreq->line.user, 128),
			str_sanitize(wreq->line.session, 64), error);
	}
	worker_request_refuse(wreq, "auth");
	worker_connection_finished(wconn);
}

/* The request is here with its body. */
static void worker_connection_start(struct worker_connection *wconn)
{
	if (wconn->wreq->line.have_login)
		worker_connection_start_login(wconn);
	else
		worker_connection_start_ticket(wconn);
}

static void worker_connection_use_buffer(struct worker_connection *wconn)
{
	if (wconn->body != NULL && wconn->body->used > 0) {
		wconn->wreq->body =
			i_stream_create_from_buffer(wconn->body);
	}
}

/* Moves what has come of the body. Returns TRUE when all is here. */
static bool worker_connection_take_body(struct worker_connection *wconn)
{
	struct istream *input = wconn->conn.input;
	size_t wanted = wconn->wreq->line.body_size - wconn->body->used;
	const unsigned char *data;
	size_t size;

	data = i_stream_get_data(input, &size);
	size = I_MIN(size, wanted);
	buffer_append(wconn->body, data, size);
	i_stream_skip(input, size);
	return size == wanted;
}

static void worker_connection_body_input(struct connection *conn)
{
	struct worker_connection *wconn =
		container_of(conn, struct worker_connection, conn);
	struct ostream *output = conn->output;
	int ret;

	while ((ret = connection_input_read(conn)) > 0) {
		if (worker_connection_take_body(wconn))
			break;
	}
	if (ret <= 0)
		return;
	connection_set_handlers(conn, &worker_connection_vfuncs);
	worker_connection_use_buffer(wconn);
	o_stream_ref(output);
	o_stream_cork(output);
	T_BEGIN {
		worker_connection_start(wconn);
	} T_END;
	o_stream_uncork(output);
	o_stream_unref(&output);
	if (wconn->state == WORKER_CONNECTION_STATE_IDLE &&
	    worker_connection_is_over(wconn))
		worker_connection_destroy(conn);
}

static int worker_connection_start_body(struct worker_connection *wconn)
{
	if (wconn->wreq->line.body_size > 0) {
		if (wconn->body == NULL) {
			wconn->body = buffer_create_dynamic(default_pool,
				wconn->wreq->line.body_size);
		}
		buffer_set_used_size(wconn->body, 0);
		if (!worker_connection_take_body(wconn)) {
			worker_connection_set_state(wconn,
				WORKER_CONNECTION_STATE_BODY);
			connection_set_handlers(&wconn->conn,
				&worker_connection_body_vfuncs);
			return 0;
		}
		worker_connection_use_buffer(wconn);
	}
	worker_connection_start(wconn);
	return wconn->state == WORKER_CONNECTION_STATE_IDLE ? 1 : 0;
}

/* The listener could send anything. What we read from must not block, and must be as long as
   it says now (reading stops with an error if it is cut later). */
static int
worker_connection_check_fd(int fd, uoff_t size, const char **error_r)
{
	struct stat st;
	char c;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink != 0) {
		*error_r = "The body's fd is not an unlinked file";
		return -1;
	}
	if (pread(fd, &c, 1, 0) < 0) {
		*error_r = "The body's fd can't be read";
		return -1;
	}
	if (st.st_size < 0 || (uoff_t)st.st_size < size) {
		*error_r = "The body's file is too short";
		return -1;
	}
	return 0;
}

static int
worker_connection_start_fd(struct worker_connection *wconn, int fd,
			   const char **error_r)
{
	struct worker_request *wreq = wconn->wreq;
	struct istream *file;

	if (fd == -1) {
		*error_r = "The body's fd wasn't sent";
		return -1;
	}
	if (wreq->line.body_size > wconn->worker->set->roost_max_request_size) {
		*error_r = "The body is too large";
		i_close_fd(&fd);
		return -1;
	}
	if (worker_connection_check_fd(fd, wreq->line.body_size,
				       error_r) < 0) {
		i_close_fd(&fd);
		return -1;
	}
	file = i_stream_create_fd_autoclose(&fd, IO_BLOCK_SIZE);
	i_stream_seek(file, 0);
	wreq->body = i_stream_create_limit(file, wreq->line.body_size);
	i_stream_unref(&file);
	worker_connection_start(wconn);
	return wconn->state == WORKER_CONNECTION_STATE_IDLE ? 1 : 0;
}

/* Takes the fd that came with the line: -1 if none did. */
static int worker_connection_take_fd(struct worker_connection *wconn)
{
	int fd = i_stream_unix_get_read_fd(wconn->conn.input);

	if (fd != -1)
		i_stream_unix_set_read_fd(wconn->conn.input);
	return fd;
}

static int
worker_connection_request(struct worker_connection *wconn,
			  const char *const *args, const char **error_r)
{
	struct worker_request *wreq;
	int fd = worker_connection_take_fd(wconn);

	wreq = p_new(wconn->pool, struct worker_request, 1);
	wreq->pool = wconn->pool;
	wreq->worker = wconn->worker;
	wreq->output = wconn->conn.output;
	i_gettimeofday(&wreq->started);
	wconn->wreq = wreq;
	if (worker_line_parse(args, wconn->pool, &wreq->line, error_r) < 0) {
		i_close_fd(&fd);
		return -1;
	}
	if (wreq->line.body_fd)
		return worker_connection_start_fd(wconn, fd, error_r);
	if (fd != -1) {
		i_close_fd(&fd);
		*error_r = "A fd was sent, but the body is inline";
		return -1;
	}
	return worker_connection_start_body(wconn);
}

static int
worker_connection_input_args(struct connection *conn, const char *const *args)
{
	struct worker_connection *wconn =
		container_of(conn, struct worker_connection, conn);
	const char *error;
	int ret;

	i_assert(wconn->state == WORKER_CONNECTION_STATE_IDLE);
	if (strcmp(args[0], "REQUEST") != 0) {
		e_error(conn->event, "Unknown command: %s",
			str_sanitize(args[0], 32));
		return -1;
	}
	if (o_stream_get_buffer_used_size(conn->output) > 0) {
		/* also bounds what we buffer */
		o_stream_uncork(conn->output);
		o_stream_cork(conn->output);
		if (o_stream_get_buffer_used_size(conn->output) > 0) {
			e_error(conn->event, "The listener sent a request "
				"without having read the last answer");
			return -1;
		}
	}
	ret = worker_connection_request(wconn, args + 1, &error);
	if (ret < 0)
		e_error(conn->event, "Invalid request: %s", error);
	return ret > 0 && worker_connection_is_over(wconn) ? -1 : ret;
}

static const struct connection_vfuncs worker_connection_vfuncs = {
	.destroy = worker_connection_destroy,
	.input_args = worker_connection_input_args,
};

static const struct connection_vfuncs worker_connection_body_vfuncs = {
	.destroy = worker_connection_destroy,
	.input = worker_connection_body_input,
};

static const struct connection_settings worker_connection_set = {
	.service_name_in = WORKER_PROTOCOL_NAME_LISTENER,
	.service_name_out = WORKER_PROTOCOL_NAME_WORKER,
	.major_version = WORKER_PROTOCOL_MAJOR,
	.minor_version = WORKER_PROTOCOL_MINOR,
	.input_max_size = WORKER_PROTOCOL_MAX_LINE,
	/* an answer's line and inline body; bounded by reading one request
	   at a time */
	.output_max_size = SIZE_MAX,
};

void worker_connection_create(int fd)
{
	struct worker_connection *wconn = i_new(struct worker_connection, 1);

	wconn->worker = worker_connections_worker;
	wconn->pool = pool_alloconly_create(MEMPOOL_GROWING"worker request",
					    8192);
	wconn->conn.unix_socket = TRUE;
	connection_init_server(worker_connections, &wconn->conn, "listener",
			       fd, fd);
	i_stream_unix_set_read_fd(wconn->conn.input);
	o_stream_nsend_str(wconn->conn.output, t_strdup_printf("HELLO\t%u\n",
		master_service_get_process_limit(master_service)));
}

void worker_connections_die(void)
{
	struct connection *conn, *next;

	worker_connections_worker->dying = TRUE;
	for (conn = worker_connections->connections; conn != NULL; conn = next) {
		struct worker_connection *wconn =
			container_of(conn, struct worker_connection, conn);

		next = conn->next;
		if (wconn->state == WORKER_CONNECTION_STATE_IDLE)
			worker_connection_destroy(conn);
	}
}

void worker_connections_init(struct worker *worker)
{
	worker_connections_worker = worker;
	worker_connections = connection_list_init(&worker_connection_set,
						  &worker_connection_vfuncs);
}

void worker_connections_deinit(void)
{
	connection_list_deinit(&worker_connections);
}
