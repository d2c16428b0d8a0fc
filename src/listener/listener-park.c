#include "lib.h"
#include "array.h"
#include "guid.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "str.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "time-util.h"
#include "http-server.h"
#include "roost-compat.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-budget.h"
#include "listener-client.h"
#include "listener-detach.h"
#include "listener-request.h"
#include "listener-workers.h"
#include "listener-park.h"

#include <malloc.h>
#include <unistd.h>

/* Budget of a uid for change notices after which nothing was found. */
#define PARK_BUDGET_BURST 10000
#define PARK_BUDGET_PER_SEC 200
/* ioloop's timers may fire a little early: not worth running it again. */
#define PARK_SLACK_MSECS 10
/* Requests leave holes in the heap when they are parked and when they are
   answered. After this many, free memory goes back to the system; that takes
   milliseconds, so it isn't done often. */
#define PARK_TRIM_COUNT 100
#define PARK_TRIM_MSECS 2000
#define PARK_TRIM_INTERVAL_SECS 5

enum park_state {
	/* nothing to do until a notice, the timer or the client comes */
	PARK_STATE_WAITING,
	/* is being run again: queued for a worker, or a worker has it */
	PARK_STATE_RUNNING,
	/* is answered or given up, and about to be freed */
	PARK_STATE_DONE,
};

struct park_user {
	char *name;
	struct listener_parked *head, *tail;
	unsigned int count;
};

struct listener_parked {
	struct listener_job job;
	struct listener_budget_waiter waiter;
	/* in user's list */
	struct listener_parked *prev, *next;
	struct park_user *user;

	enum park_state state;
	struct listener_client *client;
	/* one of them: */
	struct listener_request *held;	/* stayed in lib-http */
	struct listener_socket socket;
	struct io *io;			/* of the socket */
	struct timeout *to;
	struct timeval start, deadline;
	struct ip_addr remote_ip;
	/* who pays for the run if it finds nothing, valid if paid; and for the
	   one after it, valid if again */
	uid_t paid_by, again_by;

	/* One allocation: the GUIDs, then the strings and the bodies. */
	void *blob;
	const guid_128_t *watch;
	unsigned int watch_count;
	const char *ticket;		/* for running it again */
	const char *keys;		/* of REQUEST, see request_append_keys() */
	const char *answer_keys;	/* of the time-out's answer, tab-escaped */
	const unsigned char *body, *answer_body;
	uoff_t body_size;
	size_t answer_body_size;
	unsigned int answer_status;
	int body_fd;			/* a large body; body is NULL */

	bool paid:1;
	/* a notice came while it was running, and is paid for */
	bool again:1;
	/* the client sent its next request: not to be parked any longer */
	bool next_request:1;
	/* the client wants the connection to be closed after the answer */
	bool close:1;
};

static struct listener_park {
	HASH_TABLE(char *, struct park_user *) users;
	struct listener_budget *budget;
	unsigned int count;
	/* since the last trim */
	unsigned int freed_count;
	time_t last_trim;
	struct timeout *to_trim;
} park;

static const struct listener_job_vfuncs park_job_vfuncs;

static void park_input(struct listener_parked *parked);
static void park_timeout(struct listener_parked *parked);

static void
park_set_state(struct listener_parked *parked, enum park_state state)
{
	static const unsigned int transitions[] = {
		[PARK_STATE_WAITING] = (1U << PARK_STATE_RUNNING) |
			(1U << PARK_STATE_DONE),
		[PARK_STATE_RUNNING] = (1U << PARK_STATE_WAITING) |
			(1U << PARK_STATE_DONE),
		[PARK_STATE_DONE] = 0,
	};

	i_assert((transitions[parked->state] & (1U << state)) != 0);
	parked->state = state;
}

/* -- memory -- */

static void park_trim(void *context ATTR_UNUSED)
{
	timeout_remove(&park.to_trim);
	park.freed_count = 0;
	park.last_trim = ioloop_time;
	(void)malloc_trim(0);
}

static void park_memory_freed(void)
{
	unsigned int msecs = PARK_TRIM_MSECS;

	if (++park.freed_count < PARK_TRIM_COUNT || park.to_trim != NULL)
		return;
	if (ioloop_time - park.last_trim < PARK_TRIM_INTERVAL_SECS)
		msecs = PARK_TRIM_INTERVAL_SECS * 1000;
	park.to_trim = timeout_add(msecs, park_trim, NULL);
}

static void park_user_link(struct listener_parked *parked, const char *name)
{
	struct park_user *user = hash_table_lookup(park.users, name);

	if (user == NULL) {
		user = i_new(struct park_user, 1);
		user->name = i_strdup(name);
		hash_table_insert(park.users, user->name, user);
	}
	parked->user = user;
	DLLIST2_APPEND(&user->head, &user->tail, parked);
	user->count++;
	park.count++;
	listener_refresh_proctitle();
}

static void park_user_unlink(struct listener_parked *parked)
{
	struct park_user *user = parked->user;

	DLLIST2_REMOVE(&user->head, &user->tail, parked);
	if (--user->count == 0) {
		hash_table_remove(park.users, user->name);
		i_free(user->name);
		i_free(user);
	}
	park.count--;
	listener_refresh_proctitle();
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

static const char *park_answer_keys(const struct listener_answer *answer)
{
	string_t *str = t_str_new(256);
	const char *const *keys;

	for (keys = answer->keys; *keys != NULL; keys++) {
		if (!listener_answer_key_is_http(*keys))
			continue;
		if (str_len(str) > 0)
			str_append_c(str, '\t');
		str_append_tabescaped(str, *keys);
	}
	return str_c(str);
}

static const char *blob_add_str(unsigned char **pos, const char *str)
{
	size_t size = strlen(str) + 1;
	const char *dest = (const char *)*pos;

	memcpy(*pos, str, size);
	*pos += size;
	return dest;
}

static const unsigned char *
blob_add_data(unsigned char **pos, const void *data, size_t size)
{
	const unsigned char *dest = *pos;

	if (size == 0)
		return NULL;
	memcpy(*pos, data, size);
	*pos += size;
	return dest;
}

/* Takes over what the worker says about waiting. keys and body are either
   another's or this blob's own. */
static void
park_set_blob(struct listener_parked *parked, const char *keys,
	      const unsigned char *body, size_t body_size,
	      const struct listener_answer *answer)
{
	const char *answer_keys = park_answer_keys(answer);
	unsigned int count = array_count(&answer->watch);
	size_t guids_size = count * sizeof(guid_128_t);
	unsigned char *blob, *pos;

	blob = pos = i_malloc(guids_size +
		strlen(answer->park_ticket) + 1 + strlen(keys) + 1 +
		strlen(answer_keys) + 1 + body_size + answer->body_size);
	if (count > 0)
		memcpy(pos, array_front(&answer->watch), guids_size);
	parked->watch = (const void *)pos;
	parked->watch_count = count;
	pos += guids_size;
	parked->ticket = blob_add_str(&pos, answer->park_ticket);
	parked->keys = blob_add_str(&pos, keys);
	parked->answer_keys = blob_add_str(&pos, answer_keys);
	parked->body = blob_add_data(&pos, body, body_size);
	parked->answer_body = blob_add_data(&pos, answer->body,
					    answer->body_size);
	parked->answer_body_size = answer->body_size;
	parked->answer_status = answer->status;
	i_free(parked->blob);
	parked->blob = blob;

	parked->deadline = ioloop_timeval;
	timeval_add_msecs(&parked->deadline, answer->park_msecs);
}

/* -- the end -- */

static void
park_answer(struct listener_parked *parked, struct listener_answer *answer)
{
	struct listener_request *held = parked->held;
	struct listener_client *client = parked->client;
	struct listener_socket socket = parked->socket;
	bool close = parked->close;

	park_set_state(parked, PARK_STATE_DONE);
	listener_workers_cancel(&parked->job);
	/* answer may point into the blob: free it last */
	io_remove(&parked->io);
	if (held != NULL)
		listener_request_answer(held, answer);
	else {
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

static void park_get_timeout_answer(struct listener_parked *parked,
				    struct listener_answer *answer_r)
{
	const char *error;

	/* it was parsed before, with the same result */
	if (listener_answer_parse(parked->answer_status,
				  t_strsplit_tabescaped(parked->answer_keys),
				  answer_r, &error) < 0)
		i_unreached();
	answer_r->body = parked->answer_body;
	answer_r->body_size = parked->answer_body_size;
}

/* The time is over, or it can't go on waiting: the client hears that nothing
   has happened, and asks again. */
static void park_answer_timeout(struct listener_parked *parked)
{
	T_BEGIN {
		struct listener_answer answer;

		park_get_timeout_answer(parked, &answer);
		park_log_timeout(parked, &answer);
		park_answer(parked, &answer);
	} T_END;
}

static void park_disconnected(struct listener_parked *parked)
{
	struct listener_client *client = parked->client;
	struct listener_socket socket = parked->socket;

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
	park_set_state(parked, PARK_STATE_DONE);
	listener_workers_cancel(&parked->job);
	park_free(parked);
}

/* -- waiting and running again -- */

static bool park_is_over(const struct listener_parked *parked)
{
	return parked->next_request || listener.stopping ||
		timeval_diff_msecs(&parked->deadline, &ioloop_timeval) <=
			PARK_SLACK_MSECS;
}

static void park_wait(struct listener_parked *parked)
{
	long long msecs = timeval_diff_msecs(&parked->deadline,
					     &ioloop_timeval);
	long long recheck = listener.set->roost_recheck_interval * 1000LL;

	if (recheck > 0 && msecs > recheck)
		msecs = recheck;
	timeout_remove(&parked->to);
	parked->to = timeout_add(I_MAX(msecs, 1), park_timeout, parked);
}

static void park_run(struct listener_parked *parked)
{
	unsigned int msecs = listener.set->roost_queue_timeout * 1000;

	park_set_state(parked, PARK_STATE_RUNNING);
	listener_budget_remove(&parked->waiter);
	listener_workers_add(&parked->job, parked->user->name, TRUE);

	/* if there is no worker for it before its time is over, it ends as if
	   nothing had happened; a worker gets a little more time */
	msecs += I_MAX(timeval_diff_msecs(&parked->deadline,
					  &ioloop_timeval), 0);
	timeout_remove(&parked->to);
	parked->to = timeout_add(msecs, park_timeout, parked);
}

static void
park_run_paid(struct listener_parked *parked, uid_t uid)
{
	parked->paid = TRUE;
	parked->paid_by = uid;
	park_run(parked);
}

static void park_timeout(struct listener_parked *parked)
{
	if (parked->state == PARK_STATE_RUNNING || park_is_over(parked))
		park_answer_timeout(parked);
	else
		park_run(parked);
}

static void park_input(struct listener_parked *parked)
{
	switch (listener_socket_check(&parked->socket)) {
	case 0:
		return;
	case -1:
		park_disconnected(parked);
		return;
	default:
		break;
	}
	io_remove(&parked->io);
	parked->next_request = TRUE;
	if (parked->state == PARK_STATE_WAITING)
		park_answer_timeout(parked);
}

static void
park_job_get_request(struct listener_job *job, string_t *str,
		     struct listener_job_body *body_r)
{
	struct listener_parked *parked =
		container_of(job, struct listener_parked, job);
	long long msecs = timeval_diff_msecs(&ioloop_timeval, &parked->start);

	str_append(str, "\tticket=");
	str_append_tabescaped(str, parked->ticket);
	str_append(str, parked->keys);
	str_printfa(str, "\telapsed=%lld", I_MAX(msecs, 1));
	body_r->data = parked->body;
	body_r->size = parked->body_size;
	body_r->fd = parked->body_fd;
}

static void park_again(struct listener_parked *parked,
		       const struct listener_answer *answer)
{
	park_set_blob(parked, parked->keys, parked->body,
		      parked->body == NULL ? 0 : parked->body_size, answer);
	park_set_state(parked, PARK_STATE_WAITING);
	if (park_is_over(parked))
		park_answer_timeout(parked);
	else if (parked->again) {
		parked->again = FALSE;
		park_run_paid(parked, parked->again_by);
	} else {
		park_wait(parked);
	}
}

static void park_job_answered(struct listener_job *job,
			      struct listener_answer *answer)
{
	struct listener_parked *parked =
		container_of(job, struct listener_parked, job);

	if (answer->park) {
		parked->paid = FALSE;
		park_again(parked, answer);
		return;
	}
	if (parked->paid)
		listener_budget_refund(park.budget, parked->paid_by);
	if (parked->again)
		listener_budget_refund(park.budget, parked->again_by);
	park_answer(parked, answer);
}

static void park_job_refused(struct listener_job *job,
			     bool temporary ATTR_UNUSED)
{
	struct listener_parked *parked =
		container_of(job, struct listener_parked, job);

	/* the ticket is too old or the user is gone; the client's next
	   request comes with its password and finds out */
	park_answer_timeout(parked);
}

static void park_job_failed(struct listener_job *job)
{
	static const char *const keys[] = {
		"reason=Service Unavailable", "h:Retry-After=10", NULL
	};
	struct listener_parked *parked =
		container_of(job, struct listener_parked, job);
	struct listener_answer answer = {
		.status = 503,
		.reason = "Service Unavailable",
		.keys = keys,
		.body_fd = -1,
	};

	park_answer(parked, &answer);
}

static const struct listener_job_vfuncs park_job_vfuncs = {
	.get_request = park_job_get_request,
	.answered = park_job_answered,
	.refused = park_job_refused,
	.failed = park_job_failed,
};

/* -- notices -- */

static bool park_watches(const struct listener_parked *parked,
			 const guid_128_t guid)
{
	unsigned int i;

	if (guid == NULL || parked->watch_count == 0)
		return TRUE;
	for (i = 0; i < parked->watch_count; i++) {
		if (guid_128_equals(parked->watch[i], guid))
			return TRUE;
	}
	return FALSE;
}

/* uid has paid for a look. */
static void park_look(struct listener_parked *parked, uid_t uid)
{
	if (parked->state == PARK_STATE_WAITING) {
		park_run_paid(parked, uid);
	} else {
		/* the look that is under way may have been before the change */
		parked->again = TRUE;
		parked->again_by = uid;
	}
}

static void park_budget_wake(struct listener_budget_waiter *waiter, uid_t uid)
{
	struct listener_parked *parked =
		container_of(waiter, struct listener_parked, waiter);

	park_look(parked, uid);
}

void listener_park_notice(const char *name, const guid_128_t guid, uid_t uid)
{
	struct park_user *user = hash_table_lookup(park.users, name);
	struct listener_parked *parked;

	if (user == NULL)
		return;
	for (parked = user->head; parked != NULL; parked = parked->next) {
		if (!park_watches(parked, guid))
			continue;
		if (parked->job.queued || parked->again) {
			/* will see the change when its turn comes */
		} else if (listener_budget_pay(park.budget, uid,
					       &parked->waiter)) {
			park_look(parked, uid);
		}
	}
}

/* -- the beginning -- */

bool listener_park_has_room(const char *name)
{
	unsigned int limit = listener.set->roost_parked_limit;
	const struct park_user *user = hash_table_lookup(park.users, name);

	return limit == 0 || user == NULL || user->count < limit;
}

struct listener_parked *
listener_park_add(const struct listener_park_input *input,
		  const struct listener_answer *answer)
{
	struct listener_parked *parked;

	parked = i_new(struct listener_parked, 1);
	parked->job.v = &park_job_vfuncs;
	parked->client = input->client;
	parked->start = input->start;
	parked->remote_ip = input->remote_ip;
	parked->close = input->close;
	parked->socket.fd = -1;
	parked->body_fd = input->body->fd;
	parked->body_size = input->body->size;
	park_user_link(parked, answer->user);
	park_set_blob(parked, input->keys, input->body->data,
		      input->body->fd != -1 ? 0 : input->body->size, answer);
	park_wait(parked);

	if (!listener_detach(input->client, input->hreq, &parked->socket)) {
		parked->held = input->request;
		return parked;
	}
	park_memory_freed();
	parked->io = io_add(parked->socket.fd, IO_READ, park_input, parked);
	return NULL;
}

void listener_park_answer_all(void)
{
	struct hash_iterate_context *iter;
	struct park_user *user;
	ARRAY(struct listener_parked *) all;
	struct listener_parked *parked;
	char *name;

	/* answering changes the table */
	i_array_init(&all, park.count + 1);
	iter = hash_table_iterate_init(park.users);
	while (hash_table_iterate(iter, park.users, &name, &user)) {
		for (parked = user->head; parked != NULL;
		     parked = parked->next)
			array_push_back(&all, &parked);
	}
	hash_table_iterate_deinit(&iter);
	array_foreach_elem(&all, parked)
		park_answer_timeout(parked);
	array_free(&all);
}

unsigned int listener_park_count(void)
{
	return park.count;
}

static void
park_list_user(const struct park_user *user,
	       void (*callback)(const struct listener_park_info *info,
				void *context), void *context)
{
	struct listener_parked *parked;
	struct listener_park_info info;
	struct listener_answer answer;
	long long left;

	for (parked = user->head; parked != NULL; parked = parked->next) T_BEGIN {
		park_get_timeout_answer(parked, &answer);
		i_zero(&info);
		info.user = user->name;
		info.device = answer.device == NULL ? "" : answer.device;
		info.command = answer.command == NULL ? "" : answer.command;
		info.version = answer.version == NULL ? "" : answer.version;
		info.remote_ip = net_ip2addr(&parked->remote_ip);
		info.parked_secs = ioloop_time - parked->start.tv_sec;
		left = timeval_diff_msecs(&parked->deadline, &ioloop_timeval);
		info.left_secs = I_MAX(left, 0) / 1000;
		callback(&info, context);
	} T_END;
}

void listener_park_list(const char *name,
			void (*callback)(const struct listener_park_info *info,
					 void *context), void *context)
{
	struct hash_iterate_context *iter;
	struct park_user *user;
	char *key;

	if (name != NULL) {
		user = hash_table_lookup(park.users, name);
		if (user != NULL)
			park_list_user(user, callback, context);
		return;
	}
	iter = hash_table_iterate_init(park.users);
	while (hash_table_iterate(iter, park.users, &key, &user))
		park_list_user(user, callback, context);
	hash_table_iterate_deinit(&iter);
}

void listener_park_init(void)
{
	hash_table_create(&park.users, default_pool, 0, str_hash, strcmp);
	park.budget = listener_budget_init(PARK_BUDGET_BURST,
					   PARK_BUDGET_PER_SEC,
					   park_budget_wake);
}

void listener_park_deinit(void)
{
	i_assert(park.count == 0);
	timeout_remove(&park.to_trim);
	listener_budget_deinit(&park.budget);
	hash_table_destroy(&park.users);
}
