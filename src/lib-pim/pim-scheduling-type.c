/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-scheduling-private.h"

/* What an invitation is for the user now, by what his calendar has of it. */

/* The stored component that the message's one is about; NULL = none. */
static struct pim_component *
sched_type_stored(struct sched_apply *apply, struct pim_component *event,
		  struct sched_time *id_r)
{
	struct pim_component *old = NULL;

	if (!apply->has_old)
		return NULL;
	if (sched_stored_id(apply, event, id_r))
		old = sched_exception_find(&apply->old, id_r);
	if (old == NULL)
		old = sched_master(&apply->old);
	return old != NULL ? old : sched_event_first(&apply->old);
}

static bool
sched_type_is_outdated(struct sched_apply *apply, struct pim_component *event,
		       struct pim_component *old, const struct sched_time *id)
{
	bool one = pim_property_find(event, "RECURRENCE-ID") != NULL;
	int64_t stamp = sched_stamp_parse(
		pim_component_value(event, "DTSTAMP"));

	if (one && sched_is_gone(apply, event, id))
		return TRUE;
	/* a newer version of the series says nothing of one occurrence */
	if (sched_sequence(event) != sched_sequence(old) ||
	    (one && pim_property_find(old, "RECURRENCE-ID") == NULL))
		return sched_sequence(event) < sched_sequence(old);
	return stamp != 0 && stamp < sched_stamp(old);
}

static bool sched_has_answered(const struct pim_property *attendee)
{
	enum pim_partstat partstat = attendee == NULL ?
		PIM_PARTSTAT_NEEDS_ACTION : sched_partstat(attendee);

	return partstat == PIM_PARTSTAT_ACCEPTED ||
		partstat == PIM_PARTSTAT_TENTATIVE;
}

static enum pim_message_type
sched_type_delegated(const struct pim_property *attendee)
{
	if (attendee == NULL)
		return PIM_MESSAGE_UNSPECIFIED;
	if (sched_partstat(attendee) == PIM_PARTSTAT_DELEGATED)
		return PIM_MESSAGE_DELEGATED;
	return pim_property_param(attendee, "DELEGATED-TO") != NULL ?
		PIM_MESSAGE_DELEGATORS_COPY : PIM_MESSAGE_UNSPECIFIED;
}

static enum pim_message_type
sched_type_news(struct sched_apply *apply, struct pim_component *event,
		const struct pim_component *old)
{
	bool answered = sched_has_answered(
		sched_own_attendee(apply->user, event));
	int64_t stamp = sched_stamp_parse(
		pim_component_value(event, "DTSTAMP"));
	int64_t first = 0, replied = 0;

	if (old != NULL) {
		first = sched_stamp_parse(pim_component_value(old,
							      SCHED_FIRST));
		replied = sched_stamp_parse(
			pim_component_value(old, SCHED_REPLY_TIME));
		/* his answer stood when this came, and it still stands */
		if (replied != 0 && replied <= stamp &&
		    sched_has_answered(sched_own_attendee(apply->user, old)) &&
		    !sched_moment_changed(apply, old, event))
			answered = TRUE;
	}
	if (answered)
		return PIM_MESSAGE_INFORMATIONAL;
	return sched_sequence(event) > 0 || (first != 0 && stamp > first) ||
		(replied != 0 && replied <= stamp) ?
		PIM_MESSAGE_FULL_UPDATE : PIM_MESSAGE_INITIAL;
}

static enum pim_message_type
sched_type_event(struct sched_apply *apply, struct pim_component *event)
{
	enum pim_message_type delegated;
	struct pim_component *old;
	struct sched_time id;

	i_zero(&id);
	old = sched_type_stored(apply, event, &id);
	if (old != NULL && sched_type_is_outdated(apply, event, old, &id))
		return PIM_MESSAGE_OUTDATED;
	delegated = old == NULL ? PIM_MESSAGE_UNSPECIFIED :
		sched_type_delegated(sched_own_attendee(apply->user, old));
	if (delegated == PIM_MESSAGE_UNSPECIFIED) {
		delegated = sched_type_delegated(
			sched_own_attendee(apply->user, event));
	}
	return delegated != PIM_MESSAGE_UNSPECIFIED ? delegated :
		sched_type_news(apply, event, old);
}

/* Of several occurrences what is to be done about any of them counts. */
static enum pim_message_type sched_type(struct sched_apply *apply)
{
	static const enum pim_message_type ranks[] = {
		PIM_MESSAGE_INITIAL, PIM_MESSAGE_FULL_UPDATE,
		PIM_MESSAGE_DELEGATORS_COPY, PIM_MESSAGE_DELEGATED,
		PIM_MESSAGE_INFORMATIONAL, PIM_MESSAGE_OUTDATED,
	};
	enum pim_itip_method method = sched_method(apply);
	struct pim_component *event = sched_master(&apply->msg);
	enum pim_message_type type;
	unsigned int rank, best = N_ELEMENTS(ranks) - 1;

	if ((method != PIM_ITIP_REQUEST && method != PIM_ITIP_ADD) ||
	    sched_names_user(apply))
		return PIM_MESSAGE_UNSPECIFIED;
	if (event != NULL)
		return sched_type_event(apply, event);
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) T_BEGIN {
		type = sched_type_event(apply, event);
		for (rank = 0; rank < best; rank++) {
			if (ranks[rank] == type)
				best = rank;
		}
	} T_END;
	return ranks[best];
}

enum pim_message_type
pim_scheduling_message_type(const struct pim_scheduling_user *user,
			    const struct pim_scheduling_mail *mail,
			    const void *stored, size_t stored_size)
{
	struct sched_apply apply = { .user = user, .mail = mail };
	pool_t pool = pool_alloconly_create("scheduling type", 2048);
	enum pim_message_type type = PIM_MESSAGE_UNSPECIFIED;
	const char *error;

	if (sched_doc_parse(&apply.msg, pool, user->home, mail->data,
			    mail->size, &error) == 0) {
		apply.has_old = stored != NULL &&
			sched_doc_parse(&apply.old, pool, user->home, stored,
					stored_size, &error) == 0;
		type = sched_type(&apply);
		sched_doc_free(&apply.old);
		sched_doc_free(&apply.msg);
	}
	pool_unref(&pool);
	return type;
}
