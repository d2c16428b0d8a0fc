/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-values.h"
#include "pim-scheduling-private.h"

/* REQUEST and ADD (RFC 5546 3.2.2, 3.2.4): what is new is put into the stored text, what
   is the user's own stays. */

/* -- what stays the user's -- */

bool
sched_moment_changed(struct sched_apply *apply,
		     const struct pim_component *old,
		     const struct pim_component *new)
{
	struct sched_time t1, t2;
	bool has1, has2;

	has1 = sched_time(&apply->old, old, "DTSTART", &t1);
	has2 = sched_time(&apply->msg, new, "DTSTART", &t2);
	if (has1 != has2 || (has1 && t1.time != t2.time))
		return TRUE;
	has1 = sched_end(&apply->old, old, &t1);
	has2 = sched_end(&apply->msg, new, &t2);
	if (has1 != has2 || (has1 && t1.time != t2.time))
		return TRUE;
	return null_strcmp(pim_component_value(old, "RRULE"),
			   pim_component_value(new, "RRULE")) != 0;
}

/* An exception that is new: is it at another time than what it was like, the series or what
   stands for all that follow? */
static bool
sched_exception_moved(struct sched_apply *apply,
		      const struct pim_component *base,
		      const struct pim_component *new)
{
	struct sched_time from, to, base_id, id, start, end;

	if (!sched_time(&apply->msg, new, "RECURRENCE-ID", &id) ||
	    !sched_time(&apply->msg, new, "DTSTART", &start) ||
	    !sched_end(&apply->msg, new, &end) ||
	    !sched_time(&apply->old, base, "DTSTART", &from) ||
	    !sched_end(&apply->old, base, &to))
		return TRUE;
	if (!sched_time(&apply->old, base, "RECURRENCE-ID", &base_id))
		base_id = from;
	return start.time - id.time != from.time - base_id.time ||
		end.time - start.time != to.time - from.time;
}

static void
sched_keep_alarms(struct pim_component *new, const struct pim_component *old)
{
	const struct pim_component *comp;

	sched_strip_alarms(new);
	for (comp = pim_component_find(old, NULL); comp != NULL;
	     comp = pim_component_next(comp, NULL))
		(void)pim_component_add_copy(new, comp);
}

/* event is the message's component that new was made of. */
static void
sched_keep_properties(struct pim_component *new,
		      const struct pim_component *event,
		      const struct pim_component *old)
{
	static const char *const from_organizer[] = {
		SCHED_STAMP, SCHED_INTENDED, SCHED_BUSY, NULL
	};
	const struct pim_property *prop;
	const char *name;
	bool keep;

	(void)pim_component_remove_all(new, "CATEGORIES");
	for (prop = pim_property_find(old, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		name = pim_property_name(prop);
		if (strncasecmp(name, SCHED_OWN_PREFIX,
				strlen(SCHED_OWN_PREFIX)) == 0)
			keep = strcasecmp(name, SCHED_SENDER) != 0 ||
				pim_property_find(new, SCHED_SENDER) == NULL;
		else if (strncasecmp(name, "X-", 2) == 0)
			keep = pim_property_find(event, name) == NULL;
		else
			keep = strcasecmp(name, "CATEGORIES") == 0;
		if (keep && !str_array_icase_find(from_organizer, name))
			(void)pim_property_add_copy(new, prop);
	}
}

/* The user's answer, as it is after an update. */
static void
sched_keep_answer(struct sched_apply *apply, struct pim_component *new,
		  const struct pim_component *old, bool moved)
{
	struct pim_property *own = sched_own_attendee(apply->user, new);
	const struct pim_property *old_own =
		sched_own_attendee(apply->user, old);
	enum pim_partstat partstat = PIM_PARTSTAT_NEEDS_ACTION, old_partstat;
	const char *busy;

	old_partstat = old_own == NULL ? PIM_PARTSTAT_NEEDS_ACTION :
		sched_partstat(old_own);
	if (own == NULL && old_own != NULL) {
		/* it came to him by another way than the list of attendees */
		own = pim_property_add_copy(new, old_own);
		if (moved)
			pim_property_set_param(own, "PARTSTAT",
				pim_partstat_name(PIM_PARTSTAT_NEEDS_ACTION));
	}
	if (own != NULL)
		partstat = sched_partstat(own);
	if (partstat == PIM_PARTSTAT_NEEDS_ACTION && !moved) {
		partstat = old_partstat;
		if (own != NULL && partstat != PIM_PARTSTAT_NEEDS_ACTION)
			pim_property_set_param(own, "PARTSTAT",
					       pim_partstat_name(partstat));
	}
	sched_set_busy(new, partstat);
	busy = pim_component_value(old, SCHED_BUSY);
	if (partstat != PIM_PARTSTAT_NEEDS_ACTION &&
	    partstat == old_partstat && busy != NULL) {
		/* he may have chosen another one */
		pim_component_set_value(new, SCHED_BUSY, t_strdup(busy));
		pim_component_set_value(new, "TRANSP",
			strcasecmp(busy, "FREE") == 0 ? "TRANSPARENT" :
			"OPAQUE");
	}
}

/* -- REQUEST -- */

/* A component as it comes from outside. */
static void sched_clean(struct sched_apply *apply, struct pim_component *event)
{
	const struct pim_scheduling_mail *mail = apply->mail;
	const struct pim_property *organizer;
	const char *sender;
	int64_t stamp;

	stamp = sched_stamp_parse(pim_component_value(event, "DTSTAMP"));
	sched_strip_own(event);
	/* without one as well: it says that the user was asked */
	pim_component_set_value(event, SCHED_STAMP, sched_stamp_text(stamp));
	organizer = pim_property_find(event, "ORGANIZER");
	if (organizer == NULL && sched_organizer(&apply->msg) != NULL) {
		/* what has none is the user's own */
		organizer = pim_property_add_copy(event,
			sched_organizer(&apply->msg));
	}
	/* neither who sent it nor for whom he did is the organizer. Whoever it is, he might
	   have made up the whole meeting. */
	sender = mail->sender != NULL ? mail->sender : mail->from;
	if (organizer != NULL && sender != NULL &&
	    !sched_is_sender(mail, sched_address(organizer)))
		pim_component_set_text(event, SCHED_SENDER, sender);
}

static void sched_set_first(struct pim_component *event)
{
	const char *stamp = t_strdup(pim_component_value(event, SCHED_STAMP));

	pim_component_set_value(event, SCHED_FIRST, stamp);
}

/* There is nothing of it yet: the message without its METHOD. */
static enum pim_scheduling_result sched_request_new(struct sched_apply *apply)
{
	struct pim_component *event, *comp, *next;
	const struct pim_property *own;
	bool any = FALSE;

	for (comp = pim_component_find(apply->msg.calendar, NULL);
	     comp != NULL; comp = next) {
		next = pim_component_next(comp, NULL);
		if (strcasecmp(pim_component_name(comp), "VTIMEZONE") == 0)
			continue;
		if (strcasecmp(pim_component_name(comp), "VEVENT") != 0 ||
		    null_strcmp(pim_component_text(comp, "UID"),
				apply->msg.uid) != 0 ||
		    sched_is_cancelled(comp))
			pim_component_remove(comp);
	}
	(void)pim_component_remove_all(apply->msg.calendar, "METHOD");
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) {
		if (pim_property_find(event, "DTSTART") == NULL)
			return PIM_SCHEDULING_INVALID;
		sched_clean(apply, event);
		sched_set_first(event);
		own = sched_own_attendee(apply->user, event);
		sched_set_busy(event, own == NULL ? PIM_PARTSTAT_NEEDS_ACTION :
			       sched_partstat(own));
		any = TRUE;
	}
	return any ? PIM_SCHEDULING_CHANGED :
		sched_nothing(apply, "There is no such event");
}

/* Is event older than what stands for its occurrence and others? Of one message both count, but not what
   was only made of the event for an earlier one. */
static bool
sched_is_covered(const struct pim_component *event,
		 const struct pim_component *cover, bool made)
{
	int64_t stamp = sched_stamp(event), old_stamp = sched_stamp(cover);

	if (made || sched_sequence(event) != sched_sequence(cover))
		return !sched_is_newer(event, cover);
	return stamp != 0 && stamp < old_stamp;
}

struct pim_component *
sched_put_exception(struct sched_apply *apply, struct pim_component *event,
		    const struct sched_time *id, bool made)
{
	struct pim_component *master = sched_master(&apply->old);
	struct pim_component *old = sched_exception_find(&apply->old, id);
	struct pim_component *base = old, *new;
	bool moved = TRUE;

	if (old != NULL && !sched_is_newer(event, old))
		return NULL;
	if (base == NULL) {
		base = sched_exception_cover(&apply->old, id);
		if (base != NULL && sched_is_covered(event, base, made))
			return NULL;
	}
	if (base == NULL && master != NULL &&
	    sched_sequence(event) < sched_sequence(master))
		return NULL;
	if (base == NULL)
		base = master;
	if (sched_is_gone(apply, event, id))
		return NULL;
	if (old != NULL)
		moved = sched_moment_changed(apply, old, event);
	else if (base != NULL)
		moved = sched_exception_moved(apply, base, event);
	if (master != NULL)
		sched_include(&apply->old, master, id);
	new = sched_exception_copy(&apply->old, id, event);
	sched_clean(apply, new);
	if (base != NULL) {
		sched_keep_alarms(new, base);
		sched_keep_properties(new, event, base);
		(void)pim_component_remove_all(new, SCHED_GONE);
		sched_keep_answer(apply, new, base, moved);
	} else {
		sched_set_busy(new, PIM_PARTSTAT_NEEDS_ACTION);
	}
	sched_copy_zones(&apply->old, &apply->msg, new);
	if (old != NULL)
		sched_exception_remove(&apply->old, old);
	apply->changed = TRUE;
	return new;
}

/* Of that one alone. */
static void
sched_update_exception(struct sched_apply *apply, struct pim_component *event,
		       const struct sched_time *id)
{
	struct pim_component *old = sched_exception_find(&apply->old, id);

	if (old != NULL && sched_is_newer(event, old))
		sched_exception_alone(&apply->old, old);
	(void)sched_put_exception(apply, event, id, FALSE);
}

/* A series at another time has no use for its exceptions, and what was declined of it
   is asked for again. */
static void sched_forget_exceptions(struct sched_apply *apply)
{
	const struct sched_exception *exception;

	while (array_count(&apply->old.exceptions) > 0) {
		exception = array_idx(&apply->old.exceptions, 0);
		sched_exception_remove(&apply->old, exception->event);
	}
}

/* What the user took out of the series himself. */
static void
sched_keep_excluded(struct sched_apply *apply, struct pim_component *new)
{
	const struct pim_property *prop;

	for (prop = pim_property_find(new, SCHED_GONE); prop != NULL;
	     prop = pim_property_next(prop, SCHED_GONE)) T_BEGIN {
		const char *value = pim_property_value(prop);
		struct sched_time id;

		/* how long the series is is said by the update */
		if (sched_gone_id(&apply->old, value, &id) &&
		    strstr(value, " "SCHED_FUTURE) == NULL)
			(void)sched_exclude(&apply->old, new, &id);
	} T_END;
}

static void
sched_update_master(struct sched_apply *apply, struct pim_component *event)
{
	struct pim_component *old = sched_master(&apply->old), *new;
	bool moved;

	if (old == NULL) {
		new = pim_component_add_copy(apply->old.calendar, event);
		sched_clean(apply, new);
		sched_set_busy(new, PIM_PARTSTAT_NEEDS_ACTION);
		sched_copy_zones(&apply->old, &apply->msg, new);
		sched_master_changed(&apply->old);
		apply->changed = TRUE;
		return;
	}
	if (!sched_is_newer(event, old))
		return;
	moved = sched_moment_changed(apply, old, event);
	if (moved)
		sched_forget_exceptions(apply);
	new = pim_component_add_copy(apply->old.calendar, event);
	sched_clean(apply, new);
	sched_keep_alarms(new, old);
	sched_keep_properties(new, event, old);
	if (moved)
		(void)pim_component_remove_all(new, SCHED_GONE);
	sched_keep_answer(apply, new, old, moved);
	sched_copy_zones(&apply->old, &apply->msg, new);
	pim_component_remove(old);
	array_clear(&apply->old.excluded);
	apply->old.excluded_loaded = FALSE;
	sched_master_changed(&apply->old);
	if (!moved)
		sched_keep_excluded(apply, new);
	apply->changed = TRUE;
}

enum pim_scheduling_result sched_request(struct sched_apply *apply)
{
	const struct pim_property *organizer = sched_organizer(&apply->msg);
	struct pim_component *event;
	enum pim_scheduling_result result;
	struct sched_time id;

	if (organizer == NULL || *sched_address(organizer) == '\0') {
		apply->reason = "It has no ORGANIZER";
		return PIM_SCHEDULING_INVALID;
	}
	if (!apply->has_old) {
		if (sched_names_user(apply)) {
			return sched_nothing(apply,
				"It is the user's own invitation");
		}
		return sched_request_new(apply);
	}
	result = sched_check_organizer(apply);
	if (result != PIM_SCHEDULING_CHANGED)
		return result;
	/* the series first, what was changed of it belongs to it */
	event = sched_master(&apply->msg);
	if (event != NULL && !sched_is_cancelled(event)) {
		if (pim_property_find(event, "DTSTART") == NULL)
			return PIM_SCHEDULING_INVALID;
		sched_update_master(apply, event);
	}
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) T_BEGIN {
		if (sched_is_cancelled(event))
			sched_cancel_event(apply, event);
		else if (sched_stored_id(apply, event, &id) &&
			 pim_property_find(event, "DTSTART") != NULL) {
			if (sched_is_future(event))
				sched_update_future(apply, event, &id);
			else
				sched_update_exception(apply, event, &id);
		}
	} T_END;
	return apply->changed || apply->removed ? PIM_SCHEDULING_CHANGED :
		sched_nothing(apply, "It is known already, or older");
}

/* -- ADD: more occurrences of a series (RFC 5546 3.2.4) -- */

static void
sched_add_event(struct sched_apply *apply, struct pim_component *event)
{
	struct pim_component *master = sched_master(&apply->old), *new;
	const struct pim_property *start = pim_property_find(event, "DTSTART");
	struct sched_time id;

	if (start == NULL || !sched_time(&apply->msg, event, "DTSTART", &id))
		return;
	sched_id_adapt(&apply->old, &id);
	if (sched_sequence(event) < sched_sequence(master) ||
	    sched_exception_find(&apply->old, &id) != NULL)
		return;
	(void)pim_values_add_like(master, "RDATE", start);
	sched_master_changed(&apply->old);
	new = sched_exception_copy(&apply->old, &id, event);
	sched_clean(apply, new);
	(void)pim_values_add_like(new, "RECURRENCE-ID", start);
	sched_keep_alarms(new, master);
	sched_set_busy(new, PIM_PARTSTAT_NEEDS_ACTION);
	sched_copy_zones(&apply->old, &apply->msg, new);
	sched_copy_zones(&apply->old, &apply->msg, master);
	apply->changed = TRUE;
}

enum pim_scheduling_result sched_add(struct sched_apply *apply)
{
	struct pim_component *event;
	enum pim_scheduling_result result;

	if (!apply->has_old || sched_master(&apply->old) == NULL)
		return sched_nothing(apply, "There is no such series");
	result = sched_check_organizer(apply);
	if (result != PIM_SCHEDULING_CHANGED)
		return result;
	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) T_BEGIN {
		sched_add_event(apply, event);
	} T_END;
	return apply->changed ? PIM_SCHEDULING_CHANGED :
		sched_nothing(apply, "It is known already, or older");
}
