#include "lib.h"
#include "array.h"
#include "guid.h"
#include "ioloop.h"
#include "str.h"
#include "strescape.h"
#include "time-util.h"
#include "roost-settings.h"
#include "listener.h"
#include "listener-answer.h"
#include "listener-workers.h"
#include "listener-park-private.h"

/* ioloop's timers may fire a little early: not worth running it again. */
#define PARK_SLACK_MSECS 10

static void park_timeout(struct listener_parked *parked);

static bool park_is_over(const struct listener_parked *parked)
{
	return parked->next_request || listener.stopping ||
		timeval_diff_msecs(&parked->deadline, &ioloop_timeval) <=
			PARK_SLACK_MSECS;
}

void park_wait(struct listener_parked *parked, bool noticed)
{
	long long msecs = timeval_diff_msecs(&parked->deadline,
					     &ioloop_timeval);
	long long recheck = listener.set->roost_recheck_interval * 1000LL;

	if (noticed)
		msecs = 0;
	else if (recheck > 0 && msecs > recheck)
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

void park_run_paid(struct listener_parked *parked, uid_t uid)
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

void park_input(struct listener_parked *parked)
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
		park_wait(parked, FALSE);
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

const struct listener_job_vfuncs park_job_vfuncs = {
	.get_request = park_job_get_request,
	.answered = park_job_answered,
	.refused = park_job_refused,
	.failed = park_job_failed,
};
