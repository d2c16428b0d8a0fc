#include "lib.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "time-util.h"
#include "listener-budget.h"

#define BUDGET_TIMER_MSECS 50

struct listener_budget_uid {
	/* least recently used first */
	struct listener_budget_uid *prev, *next;
	uid_t uid;
	unsigned int tokens;
	/* when tokens were last added */
	struct timeval filled;
	struct listener_budget_waiter *head, *tail;
};

struct listener_budget {
	unsigned int burst, per_sec;
	void (*wake)(struct listener_budget_waiter *waiter, uid_t uid);
	HASH_TABLE(void *, struct listener_budget_uid *) uids;
	struct listener_budget_uid *head, *tail;
	/* runs while somebody waits */
	struct timeout *to;
};

struct listener_budget *
listener_budget_init(unsigned int burst, unsigned int per_sec,
		     void (*wake)(struct listener_budget_waiter *waiter,
				  uid_t uid))
{
	struct listener_budget *budget;

	budget = i_new(struct listener_budget, 1);
	budget->burst = burst;
	budget->per_sec = per_sec;
	budget->wake = wake;
	hash_table_create_direct(&budget->uids, default_pool, 0);
	return budget;
}

/* no uid may become a NULL key */
static void *budget_uid_key(uid_t uid)
{
	return POINTER_CAST((uintptr_t)uid + 1);
}

static void
budget_uid_free(struct listener_budget *budget,
		struct listener_budget_uid *buid)
{
	i_assert(buid->head == NULL);
	hash_table_remove(budget->uids, budget_uid_key(buid->uid));
	DLLIST2_REMOVE(&budget->head, &budget->tail, buid);
	i_free(buid);
}

void listener_budget_deinit(struct listener_budget **_budget)
{
	struct listener_budget *budget = *_budget;

	*_budget = NULL;
	timeout_remove(&budget->to);
	while (budget->head != NULL)
		budget_uid_free(budget, budget->head);
	hash_table_destroy(&budget->uids);
	i_free(budget);
}

static void
budget_uid_fill(struct listener_budget *budget,
		struct listener_budget_uid *buid)
{
	long long msecs, add;

	msecs = timeval_diff_msecs(&ioloop_timeval, &buid->filled);
	if (msecs < 0) {
		/* the clock was set back */
		buid->filled = ioloop_timeval;
		return;
	}
	add = msecs * budget->per_sec / 1000;
	if (add <= 0)
		return;
	buid->filled = ioloop_timeval;
	buid->tokens = add > budget->burst - buid->tokens ? budget->burst :
		buid->tokens + add;
}

static struct listener_budget_uid *
budget_uid_get(struct listener_budget *budget, uid_t uid)
{
	struct listener_budget_uid *buid;

	buid = hash_table_lookup(budget->uids, budget_uid_key(uid));
	if (buid == NULL) {
		buid = i_new(struct listener_budget_uid, 1);
		buid->uid = uid;
		buid->tokens = budget->burst;
		buid->filled = ioloop_timeval;
		hash_table_insert(budget->uids, budget_uid_key(uid), buid);
	} else {
		DLLIST2_REMOVE(&budget->head, &budget->tail, buid);
	}
	DLLIST2_APPEND(&budget->head, &budget->tail, buid);

	/* one that has all it can have is as good as none: this keeps the
	   table at the uids of the last few seconds */
	if (budget->head != buid) {
		budget_uid_fill(budget, budget->head);
		if (budget->head->tokens == budget->burst &&
		    budget->head->head == NULL)
			budget_uid_free(budget, budget->head);
	}
	budget_uid_fill(budget, buid);
	return buid;
}

static void budget_timeout(struct listener_budget *budget)
{
	struct listener_budget_uid *buid, *next;
	struct listener_budget_waiter *waiter;
	bool waiting = FALSE;

	for (buid = budget->head; buid != NULL; buid = next) {
		next = buid->next;
		budget_uid_fill(budget, buid);
		while (buid->head != NULL && buid->tokens > 0) {
			buid->tokens--;
			waiter = buid->head;
			listener_budget_remove(waiter);
			budget->wake(waiter, buid->uid);
		}
		if (buid->head != NULL)
			waiting = TRUE;
	}
	if (!waiting)
		timeout_remove(&budget->to);
}

bool listener_budget_pay(struct listener_budget *budget, uid_t uid,
			 struct listener_budget_waiter *waiter)
{
	struct listener_budget_uid *buid = budget_uid_get(budget, uid);

	if (buid->tokens > 0 && buid->head == NULL) {
		buid->tokens--;
		listener_budget_remove(waiter);
		return TRUE;
	}
	if (waiter->uid == NULL) {
		waiter->uid = buid;
		DLLIST2_APPEND(&buid->head, &buid->tail, waiter);
		if (budget->to == NULL) {
			budget->to = timeout_add_short(
				BUDGET_TIMER_MSECS,
				budget_timeout, budget);
		}
	}
	return FALSE;
}

void listener_budget_refund(struct listener_budget *budget, uid_t uid)
{
	struct listener_budget_uid *buid = budget_uid_get(budget, uid);

	if (buid->tokens < budget->burst)
		buid->tokens++;
}

void listener_budget_remove(struct listener_budget_waiter *waiter)
{
	struct listener_budget_uid *buid = waiter->uid;

	if (buid == NULL)
		return;
	waiter->uid = NULL;
	DLLIST2_REMOVE(&buid->head, &buid->tail, waiter);
}
