#include "lib.h"
#include "array.h"
#include "connection.h"
#include "fdpass.h"
#include "hash.h"
#include "ioloop.h"
#include "istream.h"
#include "istream-unix.h"
#include "llist.h"
#include "ostream.h"
#include "str.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "time-util.h"
#include "worker-protocol.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-workers.h"

#include <unistd.h>

/* An idle connection keeps a worker process alive; after this time its users
   have long been closed. */
#define WORKER_IDLE_MSECS (5*60*1000)
/* Wait this long after a connect() that failed. */
#define WORKER_RECONNECT_MSECS 1000

enum worker_state {
	/* connected, or in the socket's backlog: no HELLO yet */
	WORKER_STATE_CONNECTING,
	/* waits for a request */
	WORKER_STATE_IDLE,
	/* has a request; the answer's line hasn't come */
	WORKER_STATE_BUSY,
	/* has a request; its answer's inline body is being read */
	WORKER_STATE_BODY,
};

struct listener_worker {
	struct connection conn;
	/* in workers.idle, the one used last first */
	struct listener_worker *prev, *next;
	enum worker_state state;
	unsigned int request_id;
	/* NULL while BUSY or BODY: its owner went away */
	struct listener_job *job;
	/* whose turn it is, while BUSY or BODY */
	struct listener_queue_user *user;
	/* roost_worker_timeout, or the end of an idle connection */
	struct timeout *to;
	/* hashes of the names of the users it keeps open */
	ARRAY(unsigned int) warm_users;

	/* BODY: the answer's line, and how many bytes are to follow */
	char *answer_line;
	size_t body_size;

	/* the request with its fd couldn't be sent */
	bool unsent:1;
};

static struct listener_workers {
	struct connection_list *list;
	struct listener_queue *queue;
	struct listener_worker *idle_head, *idle_tail;
	unsigned int connecting;
	/* of processes, from HELLO; 1 until it is known */
	unsigned int limit;
	struct timeout *to_reconnect, *to_run;
	unsigned int request_id;
} workers;

static void workers_run(void *context);

static void workers_run_later(void)
{
	if (workers.to_run == NULL)
		workers.to_run = timeout_add_short(0, workers_run, NULL);
}

/* -- a worker's states -- */

static void worker_idle_timeout(struct listener_worker *worker)
{
	worker->conn.v.destroy(&worker->conn);
}

static void worker_busy_timeout(struct listener_worker *worker)
{
	e_error(worker->conn.event, "Request took over %u secs, "
		"disconnecting (roost_worker_timeout)",
		listener.set->roost_worker_timeout);
	worker->conn.v.destroy(&worker->conn);
}

static void
worker_set_state(struct listener_worker *worker, enum worker_state state)
{
	if (worker->state == WORKER_STATE_IDLE) {
		DLLIST2_REMOVE(&workers.idle_head, &workers.idle_tail, worker);
	} else if (worker->state == WORKER_STATE_CONNECTING) {
		i_assert(workers.connecting > 0);
		workers.connecting--;
	}
	switch (state) {
	case WORKER_STATE_CONNECTING:
		i_unreached();
	case WORKER_STATE_IDLE:
		i_assert(worker->user == NULL && worker->job == NULL);
		DLLIST2_PREPEND(&workers.idle_head, &workers.idle_tail,
				worker);
		timeout_remove(&worker->to);
		worker->to = timeout_add(WORKER_IDLE_MSECS,
					 worker_idle_timeout, worker);
		break;
	case WORKER_STATE_BUSY:
		i_assert(worker->state == WORKER_STATE_IDLE);
		timeout_remove(&worker->to);
		worker->to = timeout_add(
			listener.set->roost_worker_timeout * 1000,
			worker_busy_timeout, worker);
		break;
	case WORKER_STATE_BODY:
		i_assert(worker->state == WORKER_STATE_BUSY);
		break;
	}
	worker->state = state;
}

static bool worker_is_working(const struct listener_worker *worker)
{
	return worker->state == WORKER_STATE_BUSY ||
		worker->state == WORKER_STATE_BODY;
}

/* The request is over: the job, if it still has an owner. */
static struct listener_job *worker_take_job(struct listener_worker *worker)
{
	struct listener_job *job = worker->job;

	worker->job = NULL;
	listener_queue_done(workers.queue, &worker->user);
	if (job != NULL) {
		job->worker = NULL;
		job->user = NULL;
	}
	return job;
}

/* -- what the worker says -- */

static void
worker_set_warm_users(struct listener_worker *worker, const char *users)
{
	const char *const *names;
	unsigned int hash;

	if (users == NULL)
		return;
	array_clear(&worker->warm_users);
	for (names = t_strsplit(users, ","); *names != NULL; names++) {
		hash = str_hash(t_str_tabunescape(t_strdup_noconst(*names)));
		array_push_back(&worker->warm_users, &hash);
	}
}

static bool
worker_has_user(const struct listener_worker *worker, unsigned int hash)
{
	unsigned int user_hash;

	array_foreach_elem(&worker->warm_users, user_hash) {
		if (user_hash == hash)
			return TRUE;
	}
	return FALSE;
}

static int worker_input_hello(struct listener_worker *worker,
			      const char *const *args)
{
	unsigned int limit;

	if (strcmp(args[0], "HELLO") != 0 || args[1] == NULL ||
	    str_to_uint(args[1], &limit) < 0 || limit == 0) {
		e_error(worker->conn.event, "Sent no valid HELLO");
		return -1;
	}
	workers.limit = limit;
	/* three quarters of the workers: a user with many slow requests
	   always leaves some to the others */
	listener_queue_set_user_limit(workers.queue,
				      I_MAX(limit - limit / 4, 1));
	worker_set_state(worker, WORKER_STATE_IDLE);
	return 1;
}

/* Checks line and fields before the body, so that its size can be trusted. */
static int
worker_parse_answer(const char *const *args, struct listener_answer *answer_r,
		    uoff_t *size_r, bool *body_fd_r, const char **error_r)
{
	unsigned int status, flag = 0;
	uoff_t msecs;
	int ret;

	if (strcmp(args[0], "ANSWER") == 0) {
		if (str_array_length(args) < 5 ||
		    str_to_uint(args[2], &status) < 0 || status == 0 ||
		    str_to_uoff(args[3], size_r) < 0 ||
		    str_to_uint(args[4], &flag) < 0 || flag > 1) {
			*error_r = "Invalid ANSWER";
			return -1;
		}
		ret = listener_answer_parse(status, args + 5, answer_r,
					    error_r);
	} else {
		if (str_array_length(args) < 4 ||
		    str_to_uoff(args[2], &msecs) < 0 || msecs > INT_MAX ||
		    str_to_uoff(args[3], size_r) < 0) {
			*error_r = "Invalid PARK";
			return -1;
		}
		ret = listener_answer_parse(0, args + 4, answer_r, error_r);
		answer_r->park_msecs = msecs;
	}
	if (ret == 0 && flag == 0 && *size_r > WORKER_PROTOCOL_MAX_INLINE) {
		*error_r = "Inline body is too large";
		ret = -1;
	}
	answer_r->body_size = *size_r;
	*body_fd_r = flag == 1;
	return ret;
}

static int
worker_finish_answer(struct listener_worker *worker,
		     struct listener_answer *answer)
{
	struct listener_job *job;

	worker_set_warm_users(worker, answer->users);
	i_free(worker->answer_line);
	job = worker_take_job(worker);
	/* first this worker's state: the job may add another one at once */
	worker_set_state(worker, WORKER_STATE_IDLE);
	workers_run_later();
	if (job != NULL)
		job->v->answered(job, answer);
	i_close_fd(&answer->body_fd);
	return 1;
}

static int worker_input_answer(struct listener_worker *worker,
			       const char *line, const char *const *args)
{
	struct listener_answer answer;
	const char *error;
	bool body_fd;
	uoff_t size;
	int fd;

	if (worker_parse_answer(args, &answer, &size, &body_fd, &error) < 0) {
		e_error(worker->conn.event, "%s", error);
		return -1;
	}
	fd = i_stream_unix_get_read_fd(worker->conn.input);
	if (fd != -1)
		i_stream_unix_set_read_fd(worker->conn.input);
	if (body_fd != (fd != -1)) {
		e_error(worker->conn.event, body_fd ?
			"Answer's fd is missing" : "Answer has a stray fd");
		i_close_fd(&fd);
		return -1;
	}
	if (!body_fd && size > 0) {
		worker->answer_line = i_strdup(line);
		worker->body_size = size;
		worker_set_state(worker, WORKER_STATE_BODY);
		return 1;
	}
	answer.body_fd = fd;
	return worker_finish_answer(worker, &answer);
}

/* Returns 1 if the body was complete, 0 if more is needed. */
static int worker_input_body(struct listener_worker *worker)
{
	struct listener_answer answer;
	const char *const *args, *error;
	const unsigned char *data;
	size_t size;
	uoff_t body_size;
	bool body_fd;
	int ret;

	data = i_stream_get_data(worker->conn.input, &size);
	if (size < worker->body_size)
		return 0;
	args = t_strsplit_tabescaped(worker->answer_line);
	if (worker_parse_answer(args, &answer, &body_size, &body_fd,
				&error) < 0)
		i_unreached();
	/* the data must outlive what the job does to this connection */
	answer.body = p_memdup(unsafe_data_stack_pool, data,
			       worker->body_size);
	i_stream_skip(worker->conn.input, worker->body_size);
	ret = worker_finish_answer(worker, &answer);
	return ret;
}

static int worker_input_refused(struct listener_worker *worker,
				const char *const *args)
{
	struct listener_job *job;
	bool temporary;

	if (args[1] == NULL || args[2] == NULL) {
		e_error(worker->conn.event, "Invalid REFUSED");
		return -1;
	}
	temporary = strcmp(args[2], "auth") != 0;
	job = worker_take_job(worker);
	worker_set_state(worker, WORKER_STATE_IDLE);
	workers_run_later();
	if (job != NULL)
		job->v->refused(job, temporary);
	return 1;
}

static int worker_input_line(struct listener_worker *worker, const char *line)
{
	const char *const *args = t_strsplit_tabescaped(line);
	unsigned int id;

	if (args[0] == NULL) {
		e_error(worker->conn.event, "Sent an empty line");
		return -1;
	}
	if (!worker->conn.version_received)
		return connection_handshake_args_default(&worker->conn, args);
	if (worker->state == WORKER_STATE_CONNECTING)
		return worker_input_hello(worker, args);
	if (worker->state != WORKER_STATE_BUSY) {
		e_error(worker->conn.event, "Sent %s without a request",
			str_sanitize(args[0], 32));
		return -1;
	}
	if (args[1] == NULL || str_to_uint(args[1], &id) < 0 ||
	    id != worker->request_id) {
		e_error(worker->conn.event, "Answered another request");
		return -1;
	}
	if (strcmp(args[0], "ANSWER") == 0 || strcmp(args[0], "PARK") == 0)
		return worker_input_answer(worker, line, args);
	if (strcmp(args[0], "REFUSED") == 0)
		return worker_input_refused(worker, args);
	e_error(worker->conn.event, "Sent unknown command %s",
		str_sanitize(args[0], 32));
	return -1;
}

static void worker_input(struct connection *conn)
{
	struct listener_worker *worker =
		container_of(conn, struct listener_worker, conn);
	const char *line;
	int ret = 1;

	if (connection_input_read(conn) < 0)
		return;
	while (ret > 0) T_BEGIN {
		if (worker->state == WORKER_STATE_BODY)
			ret = worker_input_body(worker);
		else if ((line = i_stream_next_line(conn->input)) != NULL)
			ret = worker_input_line(worker, line);
		else
			ret = 0;
	} T_END;
	if (ret < 0)
		conn->v.destroy(conn);
	else
		workers_run(NULL);
}

/* The worker closed the connection without having read the whole request, as
   one does that is told to stop while it is idle: nothing has been done. */
static bool worker_left_request_unread(const struct connection *conn)
{
	const struct listener_worker *worker =
		container_of(conn, const struct listener_worker, conn);

	if (worker->unsent)
		return TRUE;
	return conn->disconnect_reason == CONNECTION_DISCONNECT_CONN_CLOSED &&
		(conn->input->stream_errno == ECONNRESET ||
		 conn->output->stream_errno == EPIPE ||
		 o_stream_get_buffer_used_size(conn->output) > 0);
}

/* Returns the job that has failed. */
static struct listener_job *worker_give_up_job(struct listener_worker *worker)
{
	const char *user = t_strdup(listener_queue_user_name(worker->user));
	bool unread = worker_left_request_unread(&worker->conn);
	const char *reason = connection_disconnect_reason(&worker->conn);
	struct listener_job *job = worker_take_job(worker);

	if (unread && job != NULL && !job->retried) {
		job->retried = TRUE;
		listener_queue_add(workers.queue, job, user, job->rerun);
		if (job->v->requeued != NULL)
			job->v->requeued(job);
		return NULL;
	}
	e_error(worker->conn.event, "Worker is gone during a request of "
		"user %s: %s", str_sanitize(user, 128), reason);
	return job;
}

static void worker_destroy(struct connection *conn)
{
	struct listener_worker *worker =
		container_of(conn, struct listener_worker, conn);
	struct listener_job *job = NULL;

	if (worker_is_working(worker)) {
		job = worker_give_up_job(worker);
	} else if (worker->state == WORKER_STATE_IDLE) {
		DLLIST2_REMOVE(&workers.idle_head, &workers.idle_tail, worker);
	} else {
		i_assert(workers.connecting > 0);
		workers.connecting--;
	}
	timeout_remove(&worker->to);
	connection_deinit(conn);
	array_free(&worker->warm_users);
	i_free(worker->answer_line);
	i_free(worker);
	if (job != NULL)
		job->v->failed(job);
	workers_run_later();
}

static const struct connection_settings worker_connection_set = {
	.service_name_in = WORKER_PROTOCOL_NAME_WORKER,
	.service_name_out = WORKER_PROTOCOL_NAME_LISTENER,
	.major_version = WORKER_PROTOCOL_MAJOR,
	.minor_version = WORKER_PROTOCOL_MINOR,
	.input_max_size = WORKER_PROTOCOL_MAX_LINE + WORKER_PROTOCOL_MAX_INLINE,
	.output_max_size = SIZE_MAX,
	.client = TRUE,
};

static const struct connection_vfuncs worker_connection_vfuncs = {
	.destroy = worker_destroy,
	.input = worker_input,
};

/* -- what the worker is told -- */

static void worker_reconnect(void *context ATTR_UNUSED)
{
	timeout_remove(&workers.to_reconnect);
	workers_run(NULL);
}

static void worker_connect(void)
{
	struct listener_worker *worker;

	worker = i_new(struct listener_worker, 1);
	worker->conn.event_parent = listener.event;
	i_array_init(&worker->warm_users, 8);
	workers.connecting++;
	connection_init_client_unix(workers.list, &worker->conn,
				    WORKER_SOCKET_LISTENER);
	if (connection_client_connect(&worker->conn) == 0) {
		i_stream_unix_set_read_fd(worker->conn.input);
		return;
	}
	/* EAGAIN: the backlog is full, all workers have much to do */
	if (errno != EAGAIN) {
		e_error(worker->conn.event, "connect(%s) failed: %m",
			WORKER_SOCKET_LISTENER);
	}
	workers.to_reconnect = timeout_add(WORKER_RECONNECT_MSECS,
					   worker_reconnect, NULL);
	worker->conn.disconnect_reason = CONNECTION_DISCONNECT_DEINIT;
	worker_destroy(&worker->conn);
}

static struct listener_worker *workers_find_idle(const char *user)
{
	unsigned int hash = str_hash(user);
	struct listener_worker *worker;

	for (worker = workers.idle_head; worker != NULL; worker = worker->next) {
		if (worker_has_user(worker, hash))
			return worker;
	}
	return workers.idle_head;
}

/* Sends the beginning of line with fd. The stream isn't used for that: it would
   keep fd for later if it had to, and close it with the connection, although it
   is the job's. Returns how much was sent, or -1. */
static ssize_t
worker_send_fd(struct listener_worker *worker, const string_t *line, int fd)
{
	/* an idle worker has read all that it was sent */
	if (o_stream_get_buffer_used_size(worker->conn.output) > 0)
		return -1;
	return fd_send(worker->conn.fd_out, fd, str_data(line), str_len(line));
}

static void
worker_send(struct listener_worker *worker, struct listener_job *job)
{
	struct listener_job_body body = { .fd = -1 };
	string_t *line = t_str_new(2048), *keys = t_str_new(2048);
	ssize_t sent = 0;

	worker_set_state(worker, WORKER_STATE_BUSY);
	worker->request_id = ++workers.request_id;
	worker->job = job;
	worker->user = job->user;
	job->worker = worker;

	job->v->get_request(job, keys, &body);
	str_printfa(line, "REQUEST\t%u\t%"PRIuUOFF_T"\t%d",
		    worker->request_id, body.size, body.fd != -1 ? 1 : 0);
	str_append_str(line, keys);
	str_append_c(line, '\n');
	if (body.fd == -1)
		str_append_data(line, body.data, body.size);
	else if ((sent = worker_send_fd(worker, line, body.fd)) <= 0) {
		worker->unsent = TRUE;
		worker->conn.disconnect_reason =
			CONNECTION_DISCONNECT_CONN_CLOSED;
		worker_destroy(&worker->conn);
		return;
	}
	o_stream_nsend(worker->conn.output, str_data(line) + sent,
		       str_len(line) - sent);
}

/* Gives jobs to idle workers, and connects to more workers for the rest. */
static void workers_run(void *context ATTR_UNUSED)
{
	struct listener_worker *worker;
	struct listener_job *job;
	unsigned int want;

	timeout_remove(&workers.to_run);
	while (workers.idle_head != NULL &&
	       (job = listener_queue_peek(workers.queue)) != NULL) T_BEGIN {
		worker = workers_find_idle(
			listener_queue_user_name(job->user));
		listener_queue_take(workers.queue, job);
		worker_send(worker, job);
	} T_END;

	want = listener_queue_count(workers.queue);
	while (workers.to_reconnect == NULL && workers.connecting < want &&
	       workers.list->connections_count < workers.limit)
		worker_connect();
}

void listener_workers_add(struct listener_job *job, const char *user,
			  bool rerun)
{
	job->retried = FALSE;
	listener_queue_add(workers.queue, job, user, rerun);
	workers_run_later();
}

bool listener_workers_have_room(const char *user)
{
	unsigned int limit = listener.set->roost_queue_limit;
	unsigned int count = listener_queue_count_new(workers.queue);

	return count < limit && listener_queue_count_user(workers.queue,
							  user) < limit - count;
}

void listener_workers_cancel(struct listener_job *job)
{
	if (job->queued) {
		listener_queue_remove(workers.queue, job);
	} else if (job->worker != NULL) {
		job->worker->job = NULL;
		job->worker = NULL;
		job->user = NULL;
	}
}

unsigned int listener_workers_queue_count(void)
{
	return listener_queue_count(workers.queue);
}

void listener_workers_init(void)
{
	workers.limit = 1;
	workers.queue = listener_queue_init();
	workers.list = connection_list_init(&worker_connection_set,
					    &worker_connection_vfuncs);
}

void listener_workers_deinit(void)
{
	while (workers.list->connections != NULL) {
		workers.list->connections->disconnect_reason =
			CONNECTION_DISCONNECT_DEINIT;
		worker_destroy(workers.list->connections);
	}
	connection_list_deinit(&workers.list);
	timeout_remove(&workers.to_reconnect);
	timeout_remove(&workers.to_run);
	listener_queue_deinit(&workers.queue);
}
