/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-scheduling-private.h"

/* CANCEL (RFC 5546 3.2.5). */

bool sched_is_cancelled(const struct pim_component *event)
{
	const char *status = pim_component_value(event, "STATUS");

	return status != NULL && strcasecmp(status, "CANCELLED") == 0;
}

static void
sched_cancel_exception(struct sched_apply *apply, struct pim_component *event,
		       const struct sched_time *id)
{
	struct pim_component *master = sched_master(&apply->old);
	struct pim_component *old = sched_exception_find(&apply->old, id);
	const struct pim_component *base = old;

	if (base == NULL)
		base = sched_exception_cover(&apply->old, id);
	if (base == NULL)
		base = master;
	if (base == NULL || sched_sequence(event) < sched_sequence(base) ||
	    (old != NULL && !sched_is_newer(event, old)) ||
	    sched_is_gone(apply, event, id))
		return;
	if (old != NULL) {
		sched_exception_alone(&apply->old, old);
		sched_exception_remove(&apply->old, old);
	}
	if (master == NULL) {
		apply->changed = TRUE;
		apply->removed = sched_event_first(&apply->old) == NULL;
		return;
	}
	if (!sched_exclude(&apply->old, master, id) && old == NULL)
		return;
	sched_set_gone(&apply->old, master, id, sched_sequence(event),
		       sched_stamp_parse(pim_component_value(event,
							     "DTSTAMP")),
		       NULL);
	apply->changed = TRUE;
}

void sched_cancel_event(struct sched_apply *apply, struct pim_component *event)
{
	const struct pim_component *old;
	struct sched_time id;

	if (pim_property_find(event, "RECURRENCE-ID") != NULL) {
		if (!sched_stored_id(apply, event, &id))
			return;
		if (sched_is_future(event) &&
		    sched_master(&apply->old) != NULL)
			sched_cancel_future(apply, event, &id);
		else
			sched_cancel_exception(apply, event, &id);
		return;
	}
	old = sched_master(&apply->old);
	if (old == NULL)
		old = sched_event_first(&apply->old);
	if (old != NULL && sched_is_newer(event, old))
		apply->removed = TRUE;
}

/* One who was removed gets a CANCEL with his name in it; the others are not meant. */
bool sched_cancel_is_for_user(struct sched_apply *apply,
			      const struct pim_component *event)
{
	const struct pim_component *old;

	if (sched_is_cancelled(event) ||
	    pim_property_find(event, "ATTENDEE") == NULL ||
	    sched_own_attendee(apply->user, event) != NULL)
		return TRUE;
	old = apply->has_old ? sched_event_first(&apply->old) : NULL;
	return old != NULL && sched_own_attendee(apply->user, old) == NULL;
}

enum pim_scheduling_result sched_cancel(struct sched_apply *apply)
{
	struct pim_component *event;
	enum pim_scheduling_result result;

	if (!apply->has_old)
		return sched_nothing(apply, "There is no such event");
	result = sched_check_organizer(apply);
	if (result != PIM_SCHEDULING_CHANGED)
		return result;
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) T_BEGIN {
		if (sched_cancel_is_for_user(apply, event))
			sched_cancel_event(apply, event);
	} T_END;
	return apply->changed || apply->removed ? PIM_SCHEDULING_CHANGED :
		sched_nothing(apply, "It is known already, or older");
}
