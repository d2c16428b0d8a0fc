#ifndef LISTENER_BUDGET_H
#define LISTENER_BUDGET_H

#include <sys/types.h>

/* Everybody on the machine may send change notices, and each makes a worker
   look. So each uid has a budget of looks that found nothing: a look that
   found something is paid back. Who has used it up is served more slowly, in
   order, and nobody else is slower for that. */

struct listener_budget;
struct listener_budget_uid;

/* Part of what is woken. */
struct listener_budget_waiter {
	struct listener_budget_waiter *prev, *next;
	/* whose budget it waits for, NULL if it doesn't wait */
	struct listener_budget_uid *uid;
};

/* burst looks at once, then per_sec. wake is called when a waiter's time has
   come; it is removed before. */
struct listener_budget *
listener_budget_init(unsigned int burst, unsigned int per_sec,
		     void (*wake)(struct listener_budget_waiter *waiter,
				  uid_t uid));
/* No waiter may be left. */
void listener_budget_deinit(struct listener_budget **budget);

/* TRUE: the look is paid for, do it. FALSE: waiter is queued. A waiter that
   waits for another uid's budget stops that if this one can pay. */
bool listener_budget_pay(struct listener_budget *budget, uid_t uid,
			 struct listener_budget_waiter *waiter);
void listener_budget_refund(struct listener_budget *budget, uid_t uid);
/* Not to be woken anymore. */
void listener_budget_remove(struct listener_budget_waiter *waiter);

#endif
