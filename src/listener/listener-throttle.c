#include "lib.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "time-util.h"
#include "listener-throttle.h"

/* Budgets in memory, about 100 bytes and the names each. */
#define THROTTLE_MAX_COUNT 100000
/* Parts of the budget that must be there again to be served, and for the
   episode to be over. */
#define THROTTLE_RESUME_PART 10
#define THROTTLE_OVER_PART 2

/* A budget counts in units: one request costs a period's milliseconds, and each
   millisecond brings as many as the period has requests. So nothing is
   rounded. */
struct throttle_budget {
	/* least recently used first */
	struct throttle_budget *prev, *next;
	uint64_t units;
	/* when units were last added */
	struct timeval filled;
	unsigned int limit;
	unsigned int refused;
	/* NULL: the user's own */
	const char *device;
	/* until the budget has grown to the tenth */
	bool throttled:1;
	bool episode:1;
	/* "user", or "user", a tab and "device" */
	char *key;
};

struct listener_throttle {
	unsigned int device_limit, user_limit;
	uint64_t period_msecs;
	HASH_TABLE(char *, struct throttle_budget *) budgets;
	struct throttle_budget *head, *tail;
};

struct listener_throttle *
listener_throttle_init(unsigned int device_limit, unsigned int user_limit,
		       unsigned int period_secs)
{
	struct listener_throttle *throttle;

	i_assert(period_secs > 0);
	throttle = i_new(struct listener_throttle, 1);
	throttle->device_limit = device_limit;
	throttle->user_limit = user_limit;
	throttle->period_msecs = period_secs * 1000ULL;
	hash_table_create(&throttle->budgets, default_pool, 0, str_hash,
			  strcmp);
	return throttle;
}

static void
throttle_budget_free(struct listener_throttle *throttle,
		     struct throttle_budget *budget)
{
	hash_table_remove(throttle->budgets, budget->key);
	DLLIST2_REMOVE(&throttle->head, &throttle->tail, budget);
	i_free(budget->key);
	i_free(budget);
}

void listener_throttle_deinit(struct listener_throttle **_throttle)
{
	struct listener_throttle *throttle = *_throttle;

	*_throttle = NULL;
	while (throttle->head != NULL)
		throttle_budget_free(throttle, throttle->head);
	hash_table_destroy(&throttle->budgets);
	i_free(throttle);
}

static uint64_t throttle_full(const struct listener_throttle *throttle,
			      const struct throttle_budget *budget)
{
	return budget->limit * throttle->period_msecs;
}

/* What must be there again: the price of a request at least. */
static uint64_t throttle_resume(const struct listener_throttle *throttle,
				const struct throttle_budget *budget)
{
	return I_MAX(throttle_full(throttle, budget) / THROTTLE_RESUME_PART,
		     throttle->period_msecs);
}

static void throttle_fill(const struct listener_throttle *throttle,
			  struct throttle_budget *budget)
{
	uint64_t full = throttle_full(throttle, budget);
	long long msecs = timeval_diff_msecs(&ioloop_timeval, &budget->filled);

	budget->filled = ioloop_timeval;
	/* the clock may have been set back */
	if (msecs > 0) {
		budget->units = (uint64_t)msecs >= throttle->period_msecs ?
			full : I_MIN(full, budget->units +
				     msecs * (uint64_t)budget->limit);
	}
	if (budget->units >= throttle_resume(throttle, budget))
		budget->throttled = FALSE;
	if (budget->units >= full / THROTTLE_OVER_PART)
		budget->episode = FALSE;
}

/* Those that are full are as good as none. */
static void throttle_forget(struct listener_throttle *throttle)
{
	struct throttle_budget *oldest = throttle->head;

	if (oldest == throttle->tail)
		return;
	throttle_fill(throttle, oldest);
	if (oldest->units == throttle_full(throttle, oldest) ||
	    hash_table_count(throttle->budgets) > THROTTLE_MAX_COUNT)
		throttle_budget_free(throttle, oldest);
}

static struct throttle_budget *
throttle_get(struct listener_throttle *throttle, const char *user,
	     const char *device)
{
	struct throttle_budget *budget;
	const char *key = device == NULL ? user :
		t_strconcat(user, "\t", device, NULL);

	budget = hash_table_lookup(throttle->budgets, key);
	if (budget == NULL) {
		budget = i_new(struct throttle_budget, 1);
		budget->key = i_strdup(key);
		budget->limit = device == NULL ? throttle->user_limit :
			throttle->device_limit;
		if (device != NULL)
			budget->device = budget->key + strlen(user) + 1;
		budget->units = throttle_full(throttle, budget);
		budget->filled = ioloop_timeval;
		hash_table_insert(throttle->budgets, budget->key, budget);
	} else {
		DLLIST2_REMOVE(&throttle->head, &throttle->tail, budget);
	}
	DLLIST2_APPEND(&throttle->head, &throttle->tail, budget);
	throttle_fill(throttle, budget);
	return budget;
}

static unsigned int
throttle_retry_secs(const struct listener_throttle *throttle,
		    const struct throttle_budget *budget)
{
	uint64_t resume = throttle_resume(throttle, budget);
	uint64_t msecs = budget->units >= resume ? 0 :
		(resume - budget->units) / budget->limit + 1;

	return I_MAX((msecs + 999) / 1000, 1);
}

/* Returns FALSE if the budget's owner has to wait. */
static bool
throttle_check(const struct listener_throttle *throttle,
	       struct throttle_budget *budget,
	       struct listener_throttle_verdict *verdict_r)
{
	if (!budget->throttled && budget->units >= throttle->period_msecs)
		return TRUE;
	verdict_r->result = budget->device != NULL ?
		LISTENER_THROTTLE_DEVICE : LISTENER_THROTTLE_USER;
	verdict_r->retry_secs = throttle_retry_secs(throttle, budget);
	verdict_r->first = !budget->episode;
	if (verdict_r->first)
		budget->refused = 0;
	budget->refused++;
	budget->throttled = budget->episode = TRUE;
	return FALSE;
}

static void
throttle_get_both(struct listener_throttle *throttle, const char *user,
		  const char *device, struct throttle_budget **user_r,
		  struct throttle_budget **device_r)
{
	*device_r = device == NULL || throttle->device_limit == 0 ? NULL :
		throttle_get(throttle, user, device);
	*user_r = throttle->user_limit == 0 ? NULL :
		throttle_get(throttle, user, NULL);
}

void listener_throttle_take(struct listener_throttle *throttle,
			    const char *user, const char *device,
			    struct listener_throttle_verdict *verdict_r)
{
	struct throttle_budget *ubudget, *dbudget;

	i_zero(verdict_r);
	throttle_forget(throttle);
	throttle_forget(throttle);
	throttle_get_both(throttle, user, device, &ubudget, &dbudget);
	if (dbudget != NULL && !throttle_check(throttle, dbudget, verdict_r))
		return;
	if (ubudget != NULL && !throttle_check(throttle, ubudget, verdict_r))
		return;
	if (dbudget != NULL)
		dbudget->units -= throttle->period_msecs;
	if (ubudget != NULL)
		ubudget->units -= throttle->period_msecs;
}

static void throttle_pay_back(const struct listener_throttle *throttle,
			      struct throttle_budget *budget)
{
	if (budget != NULL) {
		budget->units = I_MIN(budget->units + throttle->period_msecs,
				      throttle_full(throttle, budget));
	}
}

void listener_throttle_refund(struct listener_throttle *throttle,
			      const char *user, const char *device)
{
	struct throttle_budget *ubudget, *dbudget;

	throttle_get_both(throttle, user, device, &ubudget, &dbudget);
	throttle_pay_back(throttle, ubudget);
	throttle_pay_back(throttle, dbudget);
}

void listener_throttle_list(struct listener_throttle *throttle,
	void (*callback)(const struct listener_throttle_info *info,
			 void *context), void *context)
{
	struct throttle_budget *budget;
	struct listener_throttle_info info;

	for (budget = throttle->head; budget != NULL; budget = budget->next) {
		throttle_fill(throttle, budget);
		if (!budget->throttled)
			continue;
		T_BEGIN {
			info.user = t_strcut(budget->key, '\t');
			info.device = budget->device;
			info.retry_secs = throttle_retry_secs(throttle, budget);
			info.refused = budget->refused;
			callback(&info, context);
		} T_END;
	}
}

unsigned int listener_throttle_count(const struct listener_throttle *throttle)
{
	return hash_table_count(throttle->budgets);
}
