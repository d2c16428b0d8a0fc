/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-scheduling-private.h"

/* An event for somebody who was not invited. He is not among the ATTENDEEs: that is the
   organiser's to say, who hears of him when he answers. */

struct sched_forward {
	const struct pim_scheduling_user *user;
	struct sched_doc doc, msg;
	bool meeting;
};

static void
sched_forward_event(struct sched_forward *forward,
		    const struct pim_component *source)
{
	struct pim_component *event =
		pim_component_add_copy(forward->msg.calendar, source);
	int64_t stamp = sched_stamp(source);

	sched_set_busy(event, PIM_PARTSTAT_ACCEPTED);
	sched_strip_private(event);
	/* the organiser's own: his next message is newer */
	if (stamp != 0) {
		pim_component_set_value(event, "DTSTAMP",
					sched_stamp_text(stamp));
	}
	if (!forward->meeting)
		sched_add_organizer(forward->user, event);
	sched_copy_zones(&forward->msg, &forward->doc, event);
}

/* Returns NULL and the result if there is no such occurrence. */
static struct pim_component *
sched_forward_instance(struct sched_forward *forward, int64_t instance,
		       enum pim_scheduling_forward_result *result_r)
{
	struct pim_component *master = sched_master(&forward->doc), *event;
	struct sched_time id;

	sched_time_make(&forward->doc, instance, &id);
	sched_id_adapt(&forward->doc, &id);
	event = sched_exception_find(&forward->doc, &id);
	if (event == NULL && master != NULL &&
	    pim_property_find(master, "RRULE") == NULL &&
	    pim_property_find(master, "RDATE") == NULL) {
		*result_r = PIM_FORWARD_NOT_RECURRING;
		return NULL;
	}
	if (event == NULL)
		event = sched_exception_make(&forward->doc, &id);
	*result_r = event == NULL ? PIM_FORWARD_NO_INSTANCE : PIM_FORWARD_OK;
	return event;
}

static enum pim_scheduling_forward_result
sched_forward_run(struct sched_forward *forward, const int64_t *instance)
{
	enum pim_scheduling_forward_result result;
	struct pim_component *event;

	if (instance != NULL) {
		event = sched_forward_instance(forward, *instance, &result);
		if (event != NULL)
			sched_forward_event(forward, event);
		return result;
	}
	for (event = sched_event_first(&forward->doc); event != NULL;
	     event = sched_event_next(&forward->doc, event))
		sched_forward_event(forward, event);
	return PIM_FORWARD_OK;
}

enum pim_scheduling_forward_result
pim_scheduling_forward(const struct pim_scheduling_user *user,
		       const void *stored, size_t stored_size,
		       const int64_t *instance, string_t *message,
		       enum pim_itip_method *method_r)
{
	struct sched_forward forward = { .user = user };
	pool_t pool = pool_alloconly_create("scheduling forward", 4096);
	enum pim_scheduling_forward_result result = PIM_FORWARD_INVALID;
	const char *error;

	*method_r = PIM_ITIP_NONE;
	if (sched_doc_parse(&forward.doc, pool, user->home, stored, stored_size,
			    &error) == 0) {
		forward.meeting = sched_organizer(&forward.doc) != NULL;
		if (forward.meeting)
			*method_r = PIM_ITIP_REQUEST;
		sched_doc_create(&forward.msg, pool,
				 forward.meeting ? "REQUEST" : "PUBLISH");
		result = sched_forward_run(&forward, instance);
		if (result == PIM_FORWARD_OK)
			sched_write(&forward.msg, message);
		sched_doc_free(&forward.msg);
		sched_doc_free(&forward.doc);
	}
	pool_unref(&pool);
	return result;
}
