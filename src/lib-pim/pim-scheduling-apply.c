/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-scheduling-private.h"

/* What comes in is applied to a text (RFC 5546 3.2). */

/* that one message may have */
#define SCHED_MAX_EVENTS 1000
#define SCHED_MAX_ANSWERS 100

struct sched_apply {
	const struct pim_scheduling_user *user;
	const struct pim_scheduling_mail *mail;
	struct sched_doc msg, old;
	bool has_old, changed, removed;
	const char *reason;
};

static enum pim_scheduling_result
sched_nothing(struct sched_apply *apply, const char *reason)
{
	apply->reason = reason;
	return PIM_SCHEDULING_NOTHING;
}

static enum pim_scheduling_result
sched_refuse(struct sched_apply *apply, const char *reason)
{
	apply->reason = reason;
	return PIM_SCHEDULING_REFUSED;
}

static bool
sched_is_sender(const struct pim_scheduling_mail *mail, const char *address)
{
	return *address != '\0' &&
		((mail->from != NULL &&
		  strcasecmp(mail->from, address) == 0) ||
		 (mail->sender != NULL &&
		  strcasecmp(mail->sender, address) == 0));
}

/* -- who may -- */

/* Whoever mailed for an organiser without a mailbox may do it again. */
static bool sched_is_deputy(struct sched_apply *apply)
{
	const struct pim_component *event;
	const char *value;

	for (event = sched_event_first(&apply->old); event != NULL;
	     event = pim_component_next(event, "VEVENT")) {
		value = pim_component_text(event, SCHED_SENDER);
		if (value != NULL && sched_is_sender(apply->mail, value))
			return TRUE;
	}
	return FALSE;
}

/* Is it from the organiser of what is stored? */
static enum pim_scheduling_result
sched_check_organizer(struct sched_apply *apply)
{
	const struct pim_property *organizer = sched_organizer(&apply->old);
	const char *sent_by;

	if (organizer == NULL)
		return sched_refuse(apply, "The stored event is no meeting");
	if (sched_is_own(apply->user, organizer)) {
		return sched_refuse(apply,
			"The user himself organises the meeting");
	}
	if (sched_is_sender(apply->mail, sched_address(organizer)))
		return PIM_SCHEDULING_CHANGED;
	/* what is stored names who writes for him */
	sent_by = pim_property_param(organizer, "SENT-BY");
	if (sent_by != NULL && strncasecmp(sent_by, "mailto:", 7) == 0)
		sent_by += 7;
	if ((sent_by != NULL && sched_is_sender(apply->mail, sent_by)) ||
	    sched_is_deputy(apply))
		return PIM_SCHEDULING_CHANGED;
	return sched_refuse(apply, "It is not from the meeting's organizer");
}

/* -- older, newer -- */

/* Is event news for somebody who has old? */
static bool
sched_is_newer(const struct pim_component *event,
	       const struct pim_component *old)
{
	unsigned int sequence = sched_sequence(event);
	unsigned int old_sequence = sched_sequence(old);
	int64_t stamp, old_stamp;

	if (sequence != old_sequence)
		return sequence > old_sequence;
	stamp = sched_stamp_parse(pim_component_value(event, "DTSTAMP"));
	old_stamp = sched_stamp(old);
	return stamp == 0 || old_stamp == 0 || stamp > old_stamp;
}

static struct pim_property *
sched_gone_find(struct sched_apply *apply, const struct sched_time *id)
{
	struct pim_component *master = sched_master(&apply->old);
	struct pim_property *prop;
	const char *value;

	if (master == NULL)
		return NULL;
	for (prop = pim_property_find(master, SCHED_GONE); prop != NULL;
	     prop = pim_property_next(prop, SCHED_GONE)) {
		value = t_strcut(pim_property_value(prop), ' ');
		if (sched_stamp_parse(value) == id->time)
			break;
	}
	return prop;
}

/* Was the occurrence taken out by something newer? */
static bool
sched_is_gone(struct sched_apply *apply, const struct pim_component *event,
	      const struct sched_time *id)
{
	const struct pim_property *prop = sched_gone_find(apply, id);
	unsigned int sequence, gone_sequence;
	const char *const *args;

	if (prop == NULL)
		return FALSE;
	args = t_strsplit(pim_property_value(prop), " ");
	if (str_array_length(args) != 3 ||
	    str_to_uint(args[1], &gone_sequence) < 0)
		return FALSE;
	sequence = sched_sequence(event);
	return sequence < gone_sequence ||
		(sequence == gone_sequence &&
		 sched_stamp_parse(pim_component_value(event, "DTSTAMP")) <=
		 sched_stamp_parse(args[2]));
}

void sched_set_gone(struct pim_component *master, const struct sched_time *id,
		    unsigned int sequence, int64_t stamp)
{
	struct pim_property *prop, *next;
	const char *value;

	for (prop = pim_property_find(master, SCHED_GONE); prop != NULL;
	     prop = next) {
		next = pim_property_next(prop, SCHED_GONE);
		value = t_strcut(pim_property_value(prop), ' ');
		if (sched_stamp_parse(value) == id->time)
			pim_property_remove(prop);
	}
	value = t_strdup_printf("%s %u %s", sched_stamp_text(id->time),
				sequence, sched_stamp_text(stamp));
	(void)pim_property_add(master, SCHED_GONE, value);
}

/* -- what stays the user's -- */

static bool
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

/* An exception that is new: is it at another time than the series says? */
static bool
sched_exception_moved(struct sched_apply *apply,
		      const struct pim_component *master,
		      const struct pim_component *new)
{
	struct sched_time from, to, id, start, end;

	if (!sched_time(&apply->msg, new, "RECURRENCE-ID", &id) ||
	    !sched_time(&apply->msg, new, "DTSTART", &start) ||
	    !sched_end(&apply->msg, new, &end) ||
	    !sched_time(&apply->old, master, "DTSTART", &from) ||
	    !sched_end(&apply->old, master, &to))
		return TRUE;
	return id.time != start.time ||
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
			keep = TRUE;
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
				sched_partstat_name(PIM_PARTSTAT_NEEDS_ACTION));
	}
	if (own != NULL)
		partstat = sched_partstat(own);
	if (partstat == PIM_PARTSTAT_NEEDS_ACTION && !moved) {
		partstat = old_partstat;
		if (own != NULL && partstat != PIM_PARTSTAT_NEEDS_ACTION)
			pim_property_set_param(own, "PARTSTAT",
					       sched_partstat_name(partstat));
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
	const char *stamp, *address;
	const struct pim_property *organizer;

	stamp = t_strdup(pim_component_value(event, "DTSTAMP"));
	sched_strip_own(event);
	if (sched_stamp_parse(stamp) != 0)
		pim_component_set_value(event, SCHED_STAMP, stamp);
	organizer = pim_property_find(event, "ORGANIZER");
	if (organizer == NULL || apply->mail->from == NULL ||
	    apply->mail->sender == NULL ||
	    strcasecmp(apply->mail->from, apply->mail->sender) == 0)
		return;
	/* sent by somebody for somebody, neither of whom is the organizer */
	address = sched_address(organizer);
	if (!sched_is_sender(apply->mail, address)) {
		pim_component_set_text(event, SCHED_SENDER,
				       apply->mail->sender);
	}
}

static bool sched_is_cancelled(const struct pim_component *event)
{
	const char *status = pim_component_value(event, "STATUS");

	return status != NULL && strcasecmp(status, "CANCELLED") == 0;
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
		own = sched_own_attendee(apply->user, event);
		sched_set_busy(event, own == NULL ? PIM_PARTSTAT_NEEDS_ACTION :
			       sched_partstat(own));
		any = TRUE;
	}
	return any ? PIM_SCHEDULING_CHANGED :
		sched_nothing(apply, "There is no such event");
}

static void
sched_update_exception(struct sched_apply *apply, struct pim_component *event,
		       const struct sched_time *id)
{
	struct pim_component *master = sched_master(&apply->old);
	struct pim_component *old = sched_exception_find(&apply->old, id);
	struct pim_component *base = old != NULL ? old : master, *new;
	bool moved = TRUE;

	if (old != NULL ? !sched_is_newer(event, old) :
	    (master != NULL &&
	     sched_sequence(event) < sched_sequence(master)))
		return;
	if (sched_is_gone(apply, event, id))
		return;
	if (old != NULL)
		moved = sched_moment_changed(apply, old, event);
	else if (master != NULL)
		moved = sched_exception_moved(apply, master, event);
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
sched_keep_excluded(struct sched_apply *apply, struct pim_component *new,
		    const struct pim_component *old)
{
	const struct pim_property *prop;

	for (prop = pim_property_find(old, SCHED_GONE); prop != NULL;
	     prop = pim_property_next(prop, SCHED_GONE)) T_BEGIN {
		struct sched_time id = {
			.time = sched_stamp_parse(
				t_strcut(pim_property_value(prop), ' ')),
		};

		if (id.time != 0)
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
	array_clear(&apply->old.excluded);
	apply->old.excluded_loaded = FALSE;
	if (!moved)
		sched_keep_excluded(apply, new, old);
	pim_component_remove(old);
	apply->changed = TRUE;
}

static void
sched_cancel_event(struct sched_apply *apply, struct pim_component *event);

static enum pim_scheduling_result sched_request(struct sched_apply *apply)
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
		if (sched_is_own(apply->user, organizer)) {
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
		else if (sched_time(&apply->msg, event, "RECURRENCE-ID", &id) &&
			 pim_property_find(event, "DTSTART") != NULL)
			sched_update_exception(apply, event, &id);
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
	struct pim_property *rdate, *id_prop;
	struct sched_time id;

	if (start == NULL || !sched_time(&apply->msg, event, "DTSTART", &id) ||
	    sched_sequence(event) < sched_sequence(master) ||
	    sched_exception_find(&apply->old, &id) != NULL)
		return;
	rdate = pim_property_add(master, "RDATE", pim_property_value(start));
	pim_property_set_param(rdate, "TZID", t_strdup(
		pim_property_param(start, "TZID")));
	pim_property_set_param(rdate, "VALUE", t_strdup(
		pim_property_param(start, "VALUE")));
	new = sched_exception_copy(&apply->old, &id, event);
	sched_clean(apply, new);
	id_prop = pim_property_add(new, "RECURRENCE-ID",
				   pim_property_value(start));
	pim_property_set_param(id_prop, "TZID", t_strdup(
		pim_property_param(start, "TZID")));
	pim_property_set_param(id_prop, "VALUE", t_strdup(
		pim_property_param(start, "VALUE")));
	sched_keep_alarms(new, master);
	sched_set_busy(new, PIM_PARTSTAT_NEEDS_ACTION);
	sched_copy_zones(&apply->old, &apply->msg, new);
	sched_copy_zones(&apply->old, &apply->msg, master);
	apply->changed = TRUE;
}

static enum pim_scheduling_result sched_add(struct sched_apply *apply)
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

/* -- CANCEL -- */

static void
sched_cancel_exception(struct sched_apply *apply, struct pim_component *event,
		       const struct sched_time *id)
{
	struct pim_component *master = sched_master(&apply->old);
	struct pim_component *old = sched_exception_find(&apply->old, id);
	const struct pim_component *base = old != NULL ? old : master;

	if (base == NULL || sched_sequence(event) < sched_sequence(base) ||
	    (old != NULL && !sched_is_newer(event, old)) ||
	    sched_is_gone(apply, event, id))
		return;
	if (old != NULL)
		sched_exception_remove(&apply->old, old);
	if (master == NULL) {
		apply->changed = TRUE;
		apply->removed = sched_event_first(&apply->old) == NULL;
		return;
	}
	if (!sched_exclude(&apply->old, master, id) && old == NULL)
		return;
	sched_set_gone(master, id, sched_sequence(event),
		       sched_stamp_parse(pim_component_value(event,
							     "DTSTAMP")));
	apply->changed = TRUE;
}

static void
sched_cancel_event(struct sched_apply *apply, struct pim_component *event)
{
	const struct pim_component *old;
	struct sched_time id;

	if (pim_property_find(event, "RECURRENCE-ID") != NULL) {
		if (sched_time(&apply->msg, event, "RECURRENCE-ID", &id))
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
static bool sched_cancel_is_for_user(struct sched_apply *apply,
				     const struct pim_component *event)
{
	const struct pim_component *old = sched_event_first(&apply->old);

	return sched_is_cancelled(event) ||
		pim_property_find(event, "ATTENDEE") == NULL ||
		sched_own_attendee(apply->user, event) != NULL ||
		old == NULL || sched_own_attendee(apply->user, old) == NULL;
}

static enum pim_scheduling_result sched_cancel(struct sched_apply *apply)
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

/* -- REPLY, COUNTER -- */

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
			       sched_partstat_name(partstat));
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

static const char *
sched_answer_event(struct sched_apply *apply, struct pim_component *event,
		   bool counter)
{
	struct pim_component *old = sched_master(&apply->old);
	const struct pim_property *answer;
	struct pim_property *attendee;
	const char *address;
	struct sched_time id;

	answer = pim_property_find(event, "ATTENDEE");
	if (answer == NULL)
		return "It names no attendee";
	address = sched_address(answer);
	if (!sched_is_sender(apply->mail, address))
		return "It is not from the attendee it names";
	if (pim_property_find(event, "RECURRENCE-ID") != NULL) {
		if (!sched_time(&apply->msg, event, "RECURRENCE-ID", &id))
			return "Its RECURRENCE-ID is no time";
		old = sched_exception_find(&apply->old, &id);
		if (old == NULL) {
			/* only who may come may have an exception made */
			if (sched_master(&apply->old) == NULL ||
			    sched_attendee(sched_master(&apply->old),
					   address) == NULL)
				return "The attendee is not known";
			if (array_count(&apply->old.exceptions) >=
			    PIM_SCHEDULING_MAX_EXCEPTIONS)
				return "The series has too many exceptions";
			old = sched_exception_make(&apply->old, &id);
		}
	}
	if (old == NULL)
		return "There is no such occurrence";
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

static enum pim_scheduling_result
sched_reply(struct sched_apply *apply, bool counter)
{
	const struct pim_property *organizer;
	struct pim_component *event;
	const char *reason = NULL;
	unsigned int count = 0;

	if (!apply->has_old)
		return sched_nothing(apply, "There is no such event");
	organizer = sched_organizer(&apply->old);
	/* devices may leave out who it is */
	if (organizer != NULL && !sched_is_own(apply->user, organizer)) {
		return sched_refuse(apply,
			"The user doesn't organise the meeting");
	}
	for (event = sched_event_first(&apply->msg);
	     event != NULL && count < SCHED_MAX_ANSWERS;
	     event = sched_event_next(&apply->msg, event), count++) T_BEGIN {
		reason = sched_answer_event(apply, event, counter);
	} T_END;
	if (apply->changed)
		return PIM_SCHEDULING_CHANGED;
	return strstr(reason, "not from") != NULL ||
		strstr(reason, "not known") != NULL ?
		sched_refuse(apply, reason) : sched_nothing(apply, reason);
}

/* -- all -- */

static enum pim_scheduling_result
sched_dispatch(struct sched_apply *apply, enum pim_itip_method method)
{
	switch (method) {
	case PIM_ITIP_REQUEST:
		return sched_request(apply);
	case PIM_ITIP_ADD:
		return sched_add(apply);
	case PIM_ITIP_CANCEL:
		return sched_cancel(apply);
	case PIM_ITIP_REPLY:
		return sched_reply(apply, FALSE);
	case PIM_ITIP_COUNTER:
		return sched_reply(apply, TRUE);
	case PIM_ITIP_DECLINECOUNTER:
	case PIM_ITIP_REFRESH:
	case PIM_ITIP_NONE:
		break;
	}
	return sched_nothing(apply, "It changes no calendar");
}

static bool sched_has_too_many_events(const struct sched_doc *doc)
{
	const struct pim_component *event;
	unsigned int count = 0;

	for (event = pim_component_find(doc->calendar, "VEVENT");
	     event != NULL; event = pim_component_next(event, "VEVENT"))
		count++;
	return count > SCHED_MAX_EVENTS;
}

/* The object's own METHOD comes first. */
static enum pim_itip_method sched_method(struct sched_apply *apply)
{
	const char *method = pim_component_value(apply->msg.calendar, "METHOD");

	return pim_itip_method_find(method != NULL ? method :
				    apply->mail->method);
}

static enum pim_scheduling_result
sched_run(struct sched_apply *apply, string_t *text)
{
	enum pim_scheduling_result result;

	if (sched_has_too_many_events(&apply->msg)) {
		apply->reason = "It has too many events";
		return PIM_SCHEDULING_INVALID;
	}
	if (apply->has_old && strcmp(apply->old.uid, apply->msg.uid) != 0) {
		apply->reason = "It is about another event";
		return PIM_SCHEDULING_INVALID;
	}
	result = sched_dispatch(apply, sched_method(apply));
	if (result != PIM_SCHEDULING_CHANGED)
		return result;
	if (apply->removed || (apply->has_old &&
			       sched_event_first(&apply->old) == NULL))
		return PIM_SCHEDULING_REMOVED;
	sched_write(apply->has_old ? &apply->old : &apply->msg, text);
	return PIM_SCHEDULING_CHANGED;
}

static enum pim_scheduling_result
sched_parse_and_run(struct sched_apply *apply, pool_t pool,
		    const void *stored, size_t stored_size, string_t *text)
{
	const struct pim_scheduling_mail *mail = apply->mail;
	enum pim_scheduling_result result = PIM_SCHEDULING_INVALID;

	if (sched_doc_parse(&apply->msg, pool, mail->data, mail->size,
			    &apply->reason) < 0)
		return result;
	if (stored != NULL &&
	    sched_doc_parse(&apply->old, pool, stored, stored_size,
			    &apply->reason) == 0)
		apply->has_old = TRUE;
	if (stored == NULL || apply->has_old)
		result = sched_run(apply, text);
	sched_doc_free(&apply->old);
	sched_doc_free(&apply->msg);
	return result;
}

enum pim_scheduling_result
pim_scheduling_apply(const struct pim_scheduling_user *user,
		     const struct pim_scheduling_mail *mail,
		     const void *stored, size_t stored_size,
		     string_t *text, const char **reason_r)
{
	struct sched_apply apply = { .user = user, .mail = mail };
	pool_t pool = pool_alloconly_create("scheduling", 4096);
	enum pim_scheduling_result result;

	result = sched_parse_and_run(&apply, pool, stored, stored_size, text);
	*reason_r = t_strdup(apply.reason != NULL ? apply.reason :
			     "It is malformed");
	pool_unref(&pool);
	return result;
}

int pim_scheduling_peek(pool_t pool, const struct pim_scheduling_mail *mail,
			struct pim_scheduling_peek *peek_r,
			const char **error_r)
{
	struct sched_apply apply = { .mail = mail };
	const struct pim_component *event;

	i_zero(peek_r);
	if (sched_doc_parse(&apply.msg, pool, mail->data, mail->size,
			    error_r) < 0)
		return -1;
	peek_r->method = sched_method(&apply);
	peek_r->uid = apply.msg.uid;
	event = sched_master(&apply.msg);
	if (event == NULL)
		event = sched_event_first(&apply.msg);
	peek_r->sequence = sched_sequence(event);
	peek_r->stamp = sched_stamp_parse(
		pim_component_value(event, "DTSTAMP"));
	sched_doc_free(&apply.msg);
	return peek_r->method == PIM_ITIP_NONE ? 0 : 1;
}
