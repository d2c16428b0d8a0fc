/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-scheduling-private.h"

/* REPLY and COUNTER (RFC 5546 3.2.3, 3.2.7): what attendees answer to the user's own meeting. */

/* Sets what one attendee answers. Returns FALSE if that is known or older. */
static bool
sched_set_answer(struct sched_apply *apply, struct pim_property *attendee,
		 const struct pim_property *answer,
		 const struct pim_component *event)
{
	int64_t stamp = sched_stamp_parse(
		pim_component_value(event, "DTSTAMP"));
	int64_t old_stamp = sched_stamp_parse(
		pim_property_param(attendee, SCHED_STAMP));
	enum pim_partstat partstat = sched_partstat(answer);
	const char *to;

	/* who changes his mind within a second is heard */
	if (old_stamp != 0 && (stamp < old_stamp ||
			       (stamp == old_stamp &&
				partstat == sched_partstat(attendee))))
		return FALSE;
	pim_property_set_param(attendee, "PARTSTAT",
			       pim_partstat_name(partstat));
	pim_property_set_param(attendee, "RSVP", NULL);
	to = pim_property_param(answer, "DELEGATED-TO");
	if (partstat == PIM_PARTSTAT_DELEGATED && to != NULL)
		pim_property_set_param(attendee, "DELEGATED-TO",
				       t_strdup(to));
	pim_property_set_param(attendee, SCHED_STAMP,
			       stamp == 0 ? NULL : sched_stamp_text(stamp));
	apply->changed = TRUE;
	return TRUE;
}

static void
sched_set_proposed(struct sched_apply *apply, struct pim_property *attendee,
		   const struct pim_component *event, bool counter)
{
	struct sched_time start, end;
	const char *value = NULL;

	if (counter && sched_time(&apply->msg, event, "DTSTART", &start) &&
	    sched_end(&apply->msg, event, &end) && !start.is_date &&
	    end.time >= start.time) {
		value = t_strconcat(sched_stamp_text(start.time), "/",
				    sched_stamp_text(end.time), NULL);
	}
	if (null_strcmp(pim_property_param(attendee, SCHED_PROPOSED),
			value) != 0)
		pim_property_set_param(attendee, SCHED_PROPOSED, value);
}

/* Somebody else comes for an attendee who has said so: DELEGATED-TO of what is stored names
   him (RFC 5546 3.2.2.3). */
static struct pim_property *
sched_add_delegate(struct pim_component *old,
		   const struct pim_property *answer, const char *address)
{
	struct pim_property *prop;
	const char *to;

	for (prop = pim_property_find(old, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		to = pim_property_param(prop, "DELEGATED-TO");
		if (to == NULL ||
		    sched_partstat(prop) != PIM_PARTSTAT_DELEGATED)
			continue;
		if (strncasecmp(to, "mailto:", 7) == 0)
			to += 7;
		if (strcasecmp(to, address) == 0)
			return pim_property_add_copy(old, answer);
	}
	return NULL;
}

/* The component that an answer is for; id NULL = the whole. Returns NULL and the
   reason. */
static struct pim_component *
sched_answer_find(struct sched_apply *apply, const struct sched_time *id,
		  const char *address, const char **reason_r)
{
	struct pim_component *master = sched_master(&apply->old), *old;

	*reason_r = "There is no such occurrence";
	if (id == NULL)
		return master;
	old = sched_exception_find(&apply->old, id);
	if (old != NULL) {
		sched_exception_alone(&apply->old, old);
		return old;
	}
	/* only who may come may have an exception made */
	if (master == NULL || sched_attendee(master, address) == NULL) {
		*reason_r = "The attendee is not known";
		return NULL;
	}
	if (array_count(&apply->old.exceptions) >=
	    PIM_SCHEDULING_MAX_EXCEPTIONS) {
		*reason_r = "The series has too many exceptions";
		return NULL;
	}
	return sched_exception_make(&apply->old, id);
}

static const char *
sched_answer_one(struct sched_apply *apply, struct pim_component *event,
		 const struct pim_property *answer,
		 const struct sched_time *id, bool counter)
{
	const char *address = sched_address(answer), *reason;
	struct pim_property *attendee;
	struct pim_component *old;

	old = sched_answer_find(apply, id, address, &reason);
	if (old == NULL)
		return reason;
	if (sched_sequence(event) < sched_sequence(old))
		return "It answers an earlier version of the meeting";
	attendee = sched_attendee(old, address);
	if (attendee == NULL)
		attendee = sched_add_delegate(old, answer, address);
	if (attendee == NULL)
		return "The attendee is not known";
	if (sched_set_answer(apply, attendee, answer, event))
		sched_set_proposed(apply, attendee, event, counter);
	return "It is known already, or older";
}

/* An answer to the series, and to what of it was changed from id on. */
static const char *
sched_answer_series(struct sched_apply *apply, struct pim_component *event,
		    const struct pim_property *answer,
		    const struct sched_time *id)
{
	const struct sched_exception *exception;

	array_foreach(&apply->old.exceptions, exception) T_BEGIN {
		if (exception->id.time >= id->time)
			(void)sched_answer_one(apply, event, answer,
					       &exception->id, FALSE);
	} T_END;
	return sched_answer_one(apply, event, answer, NULL, FALSE);
}

/* What was before it keeps the answer of before: the last ones at least. */
static void
sched_answer_keep_before(struct sched_apply *apply,
			 const struct pim_property *answer,
			 const struct sched_time *id)
{
	struct sched_doc *doc = &apply->old;
	const struct pim_property *attendee =
		sched_attendee(sched_master(doc), sched_address(answer));
	ARRAY_TYPE(sched_time) before;
	unsigned int i;

	if (attendee == NULL ||
	    sched_partstat(attendee) == sched_partstat(answer))
		return;
	t_array_init(&before, 16);
	sched_future_before(doc, id, &before);
	for (i = array_count(&before); i > 0; i--) T_BEGIN {
		const struct sched_time *time = array_idx(&before, i - 1);

		if (sched_exception_find(doc, time) == NULL &&
		    array_count(&doc->exceptions) <
		    PIM_SCHEDULING_MAX_EXCEPTIONS)
			(void)sched_exception_make(doc, time);
	} T_END;
}

/* Is it news for the series? */
static bool
sched_answer_is_news(struct sched_apply *apply, struct pim_component *event,
		     const struct pim_property *answer)
{
	const struct pim_component *master = sched_master(&apply->old);
	const struct pim_property *attendee;
	int64_t old_stamp;

	attendee = sched_attendee(master, sched_address(answer));
	if (attendee == NULL || sched_sequence(event) < sched_sequence(master))
		return FALSE;
	old_stamp = sched_stamp_parse(pim_property_param(attendee,
							 SCHED_STAMP));
	return old_stamp == 0 || sched_stamp_parse(
		pim_component_value(event, "DTSTAMP")) >= old_stamp;
}

/* An answer to one and all that follow. Of a few each has it; if there are too many the series has,
   as it has if that is all of it. */
static const char *
sched_answer_future(struct sched_apply *apply, struct pim_component *event,
		    const struct pim_property *answer,
		    const struct sched_time *id)
{
	const struct sched_time *occurrence;
	const char *reason = "There is no such occurrence";
	struct pim_component *master = sched_master(&apply->old);
	struct sched_future future;
	struct sched_time start;

	if (master != NULL &&
	    sched_time(&apply->old, master, "DTSTART", &start) &&
	    start.time == id->time)
		return sched_answer_series(apply, event, answer, id);
	if (master == NULL || !sched_future_get(apply, master, id, &future))
		return sched_answer_one(apply, event, answer, id, FALSE);
	if (future.more || array_count(&future.occurrences) > future.max) {
		if (sched_answer_is_news(apply, event, answer))
			sched_answer_keep_before(apply, answer, id);
		return sched_answer_series(apply, event, answer, id);
	}
	array_foreach(&future.occurrences, occurrence) T_BEGIN {
		reason = sched_answer_one(apply, event, answer, occurrence,
					  FALSE);
	} T_END;
	return reason;
}

static const char *
sched_answer_event(struct sched_apply *apply, struct pim_component *event,
		   bool counter)
{
	const struct pim_property *answer;
	struct sched_time id;

	answer = pim_property_find(event, "ATTENDEE");
	if (answer == NULL)
		return "It names no attendee";
	if (!sched_is_sender(apply->mail, sched_address(answer)))
		return "It is not from the attendee it names";
	if (pim_property_find(event, "RECURRENCE-ID") == NULL)
		return sched_answer_one(apply, event, answer, NULL, counter);
	if (!sched_stored_id(apply, event, &id))
		return "Its RECURRENCE-ID is no time";
	/* another time is of one meeting */
	return sched_is_future(event) && !counter ?
		sched_answer_future(apply, event, answer, &id) :
		sched_answer_one(apply, event, answer, &id, counter);
}

enum pim_scheduling_result
sched_reply(struct sched_apply *apply, bool counter)
{
	const struct pim_property *organizer;
	struct pim_component *event;
	const char *reason = NULL;

	if (!apply->has_old)
		return sched_nothing(apply, "There is no such event");
	organizer = sched_organizer(&apply->old);
	/* devices may leave out who it is */
	if (organizer != NULL && !sched_is_own(apply->user, organizer)) {
		return sched_refuse(apply,
			"The user doesn't organise the meeting");
	}
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) T_BEGIN {
		reason = sched_answer_event(apply, event, counter);
	} T_END;
	if (apply->changed)
		return PIM_SCHEDULING_CHANGED;
	return strstr(reason, "not from") != NULL ||
		strstr(reason, "not known") != NULL ?
		sched_refuse(apply, reason) : sched_nothing(apply, reason);
}
