#include "lib.h"
#include "array.h"
#include "guid.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "time-util.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-workers.h"
#include "listener-park-private.h"

/* Budget of a uid for change notices after which nothing was found. */
#define PARK_BUDGET_BURST 10000
#define PARK_BUDGET_PER_SEC 200

struct listener_park park;

void park_set_state(struct listener_parked *parked, enum park_state state)
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

void park_user_unlink(struct listener_parked *parked)
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

static uint64_t *park_notice_slot(const char *name)
{
	return &park.last_notice[str_hash(name) % PARK_NOTICE_SLOTS];
}

uint64_t listener_park_now(void)
{
	return park.notices;
}

void listener_park_notice(const char *name, const guid_128_t guid, uid_t uid)
{
	struct park_user *user = hash_table_lookup(park.users, name);
	struct listener_parked *parked;

	*park_notice_slot(name) = ++park.notices;
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
	park_learn_begin(parked, answer->device);
	park_set_blob(parked, input->keys, input->body->data,
		      input->body->fd != -1 ? 0 : input->body->size, answer);
	park_wait(parked, *park_notice_slot(answer->user) > input->looked);

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
		info.ceiling_secs = parked->ceiling_msecs / 1000;
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
	park_memory_deinit();
	listener_budget_deinit(&park.budget);
	hash_table_destroy(&park.users);
}
