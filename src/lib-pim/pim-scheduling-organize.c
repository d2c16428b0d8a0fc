/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "str.h"
#include "pim-scheduling-private.h"

/* The organiser's side (RFC 5546 3.2.2, 3.2.5): who has to be told what of a
   change.

   Those who stay invited get a REQUEST if what they see of the meeting has changed: the
   whole of it, or only the occurrences that have. Those who come new get the whole,
   those who are not invited any more a CANCEL. Occurrences that were taken out are
   cancelled. Everything else is the organiser's own: alarms, categories, how busy
   he is, and the answers that came in. */

/* More changed occurrences than this are told in one message with the whole series. */
#define SCHED_MAX_SINGLE 10
/* A DTSTAMP that is further ahead is that of a clock that is wrong. */
#define SCHED_MAX_AHEAD 3600

/* what people see of a meeting, beside its times */
static const char *const sched_details[] = {
	"SUMMARY", "LOCATION", "DESCRIPTION", "X-ALT-DESC", "URL", "ATTACH",
	"CONFERENCE", "CLASS", "X-MICROSOFT-DISALLOW-COUNTER",
};
/* RFC 5546 2.1.4, beside DTSTART, DTEND and EXDATE */
static const char *const sched_rules[] = { "RRULE", "RDATE", "STATUS" };

/* -- what has changed -- */

static bool
sched_values_differ(const struct pim_component *c1,
		    const struct pim_component *c2, const char *name)
{
	const struct pim_property *p1 = pim_property_find(c1, name);
	const struct pim_property *p2 = pim_property_find(c2, name);

	while (p1 != NULL && p2 != NULL &&
	       strcmp(pim_property_value(p1), pim_property_value(p2)) == 0) {
		p1 = pim_property_next(p1, name);
		p2 = pim_property_next(p2, name);
	}
	return p1 != NULL || p2 != NULL;
}

static bool
sched_details_differ(const struct pim_component *c1,
		     const struct pim_component *c2)
{
	for (unsigned int i = 0; i < N_ELEMENTS(sched_details); i++) {
		if (sched_values_differ(c1, c2, sched_details[i]))
			return TRUE;
	}
	return FALSE;
}

static bool
sched_length(struct sched_doc *doc, const struct pim_component *event,
	     struct sched_time *start_r, int64_t *length_r)
{
	struct sched_time end;

	if (!sched_time(doc, event, "DTSTART", start_r) ||
	    !sched_end(doc, event, &end))
		return FALSE;
	*length_r = end.time - start_r->time;
	return TRUE;
}

/* At another time? */
static bool
sched_times_differ(struct sched_organize *org, const struct pim_component *old,
		   const struct pim_component *new)
{
	struct sched_time start1, start2;
	int64_t length1, length2;

	if (!sched_length(&org->old, old, &start1, &length1) ||
	    !sched_length(&org->new, new, &start2, &length2))
		return TRUE;
	if (start1.time != start2.time || start1.is_date != start2.is_date ||
	    length1 != length2)
		return TRUE;
	for (unsigned int i = 0; i < N_ELEMENTS(sched_rules); i++) {
		if (sched_values_differ(old, new, sched_rules[i]))
			return TRUE;
	}
	return FALSE;
}

/* An exception that was none: is it otherwise than the series? */
static bool
sched_exception_differs(struct sched_organize *org,
			const struct pim_component *event,
			const struct sched_time *id, bool *moved_r)
{
	struct sched_time start, series_start;
	int64_t length, series_length;
	const char *status = pim_component_value(event, "STATUS");

	*moved_r = org->new_master == NULL ||
		!sched_length(&org->new, event, &start, &length) ||
		!sched_length(&org->new, org->new_master, &series_start,
			      &series_length) ||
		start.time != id->time || length != series_length ||
		(status != NULL && strcasecmp(status, "CANCELLED") == 0);
	return *moved_r || sched_details_differ(event, org->new_master);
}

/* -- the stored text -- */

static void
sched_put_sequence(struct sched_organize *org, struct pim_component *event,
		   unsigned int sequence)
{
	if (pim_property_find(event, "SEQUENCE") != NULL &&
	    sched_sequence(event) == sequence)
		return;
	pim_component_set_value(event, "SEQUENCE", dec2str(sequence));
	org->changed = TRUE;
}

/* They accepted another time. */
static void
sched_reset_answers(struct sched_organize *org, struct pim_component *event)
{
	static const char *const params[] = { SCHED_STAMP, SCHED_PROPOSED };
	struct pim_property *prop;

	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		if (sched_is_own(org->user, prop))
			continue;
		for (unsigned int i = 0; i < N_ELEMENTS(params); i++) {
			if (pim_property_param(prop, params[i]) != NULL)
				pim_property_set_param(prop, params[i], NULL);
		}
		if (sched_partstat(prop) == PIM_PARTSTAT_NEEDS_ACTION)
			continue;
		pim_property_set_param(prop, "PARTSTAT",
			pim_partstat_name(PIM_PARTSTAT_NEEDS_ACTION));
		org->changed = TRUE;
	}
}

static void sched_put_organizer(struct sched_organize *org)
{
	struct pim_component *event;

	for (event = sched_event_first(&org->new); event != NULL;
	     event = sched_event_next(&org->new, event)) {
		if (pim_property_find(event, "ORGANIZER") == NULL) {
			sched_add_organizer(org->user, event);
			org->changed = TRUE;
		}
		if (pim_property_find(event, "SEQUENCE") == NULL) {
			pim_component_set_value(event, "SEQUENCE", "0");
			org->changed = TRUE;
		}
	}
}

/* -- a change -- */

static void sched_compare_excluded(struct sched_organize *org)
{
	const struct sched_time *id;

	sched_excluded_load(&org->old, org->old_master);
	sched_excluded_load(&org->new, org->new_master);
	array_foreach(&org->new.excluded, id) {
		if (!sched_is_excluded(&org->old, org->old_master, id))
			array_push_back(&org->excluded, id);
		if (array_count(&org->excluded) > SCHED_MAX_SINGLE) {
			org->full = TRUE;
			break;
		}
	}
	array_foreach(&org->old.excluded, id) {
		if (org->full)
			break;
		if (!sched_is_excluded(&org->new, org->new_master, id))
			org->full = TRUE;
	}
}

static void
sched_compare_exception(struct sched_organize *org,
			const struct sched_exception *exception)
{
	struct pim_component *event = exception->event, *old;
	unsigned int sequence;
	bool moved, differs;

	old = sched_exception_find(&org->old, &exception->id);
	if (old != NULL) {
		moved = sched_times_differ(org, old, event);
		differs = moved || sched_details_differ(old, event);
	} else {
		differs = sched_exception_differs(org, event, &exception->id,
						  &moved);
	}
	sequence = old != NULL ? sched_sequence(old) :
		org->old_master != NULL ? sched_sequence(org->old_master) : 0;
	if (org->new_master != NULL)
		sequence = I_MAX(sequence, sched_sequence(org->new_master));
	if (moved) {
		sequence++;
		sched_reset_answers(org, event);
	}
	sched_put_sequence(org, event, sequence);
	if (differs)
		array_push_back(&org->changed_ids, &exception->id);
}

static void sched_compare_exceptions(struct sched_organize *org)
{
	const struct sched_exception *exception;

	array_foreach(&org->new.exceptions, exception) T_BEGIN {
		sched_compare_exception(org, exception);
	} T_END;
	if (array_count(&org->changed_ids) > SCHED_MAX_SINGLE)
		org->full = TRUE;
	/* those that are like the series again */
	array_foreach(&org->old.exceptions, exception) {
		if (sched_exception_find(&org->new, &exception->id) == NULL &&
		    (org->new_master == NULL ||
		     !sched_is_excluded(&org->new, org->new_master,
					&exception->id)))
			org->full = TRUE;
	}
}

static void sched_compare(struct sched_organize *org)
{
	unsigned int sequence;

	if (org->old_master == NULL || org->new_master == NULL) {
		org->full = org->old_master != org->new_master;
		org->master_moved = org->full;
	} else {
		org->master_moved = sched_times_differ(org, org->old_master,
						       org->new_master);
		org->full = org->master_moved ||
			sched_details_differ(org->old_master, org->new_master);
		sched_compare_excluded(org);
	}
	if (org->new_master != NULL) {
		sequence = org->old_master == NULL ? 0 :
			sched_sequence(org->old_master);
		if (org->master_moved || array_count(&org->excluded) > 0)
			sequence++;
		sched_put_sequence(org, org->new_master, sequence);
		if (org->master_moved)
			sched_reset_answers(org, org->new_master);
	}
	sched_compare_exceptions(org);
}

/* -- all -- */

/* Is it the user's meeting? An event without ORGANIZER is whose calendar it is in. */
static bool
sched_is_organized(struct sched_organize *org, const struct sched_doc *doc)
{
	const struct pim_property *organizer = sched_organizer(doc), *prop;
	const struct pim_component *event;

	if (organizer != NULL && !sched_is_own(org->user, organizer))
		return FALSE;
	for (event = sched_event_first(doc); event != NULL;
	     event = pim_component_next(event, "VEVENT")) {
		for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
		     prop = pim_property_next(prop, "ATTENDEE")) {
			if (!sched_is_own(org->user, prop))
				return TRUE;
		}
	}
	return FALSE;
}

static void sched_read_people(struct sched_organize *org)
{
	HASH_TABLE_TYPE(sched_people) *const tables[] = {
		&org->old_people, &org->new_people, &org->came, &org->left,
		&org->nobody,
	};

	for (unsigned int i = 0; i < N_ELEMENTS(tables); i++)
		hash_table_create(tables[i], org->tmp_pool, 0, str_hash, strcmp);
	sched_people_read(org, org->old_people, org->old_master);
	sched_people_read(org, org->new_people, org->new_master);
	sched_people_add(org->came, org->new_people, org->old_people);
	sched_people_add(org->left, org->old_people, org->new_people);
}

static void sched_free_people(struct sched_organize *org)
{
	hash_table_destroy(&org->old_people);
	hash_table_destroy(&org->new_people);
	hash_table_destroy(&org->came);
	hash_table_destroy(&org->left);
	hash_table_destroy(&org->nobody);
}

/* Two changes within a second have to be told apart by their DTSTAMPs. */
static void sched_advance_stamp(struct sched_organize *org)
{
	const struct pim_component *event;
	int64_t stamp, last = 0;

	for (event = sched_event_first(&org->old); event != NULL;
	     event = pim_component_next(event, "VEVENT")) {
		stamp = sched_stamp_parse(
			pim_component_value(event, "DTSTAMP"));
		last = I_MAX(last, stamp);
	}
	if (last >= org->now && last < org->now + SCHED_MAX_AHEAD)
		org->now = last + 1;
}

static void sched_put_stamp(struct sched_organize *org)
{
	struct pim_component *event = org->new_master;
	const char *stamp = sched_stamp_text(org->now);

	if (event == NULL)
		event = sched_event_first(&org->new);
	if (null_strcmp(pim_component_value(event, "DTSTAMP"), stamp) == 0)
		return;
	pim_component_set_value(event, "DTSTAMP", stamp);
	org->changed = TRUE;
}

static void
sched_organize_run(struct sched_organize *org, const void *old, size_t old_size)
{
	if (org->has_old) {
		org->old_master = sched_master(&org->old);
		sched_advance_stamp(org);
	}
	if (org->has_new) {
		org->new_master = sched_master(&org->new);
		sched_put_organizer(org);
	}
	p_array_init(&org->excluded, org->tmp_pool, 8);
	p_array_init(&org->changed_ids, org->tmp_pool, 8);
	sched_read_people(org);
	if (!org->has_old)
		sched_tell_created(org);
	else if (org->has_new) {
		sched_compare(org);
		sched_tell_change(org);
	} else if (!pim_scheduling_is_over(org->user, old, old_size,
					   org->now)) {
		/* nobody needs to know that what is over is not kept */
		sched_tell_deleted(org);
	}
	if (org->has_new && array_count(org->messages) > 0)
		sched_put_stamp(org);
	sched_free_people(org);
}

static int
sched_organize_parse(struct sched_organize *org, const void *old,
		     size_t old_size, const void *new, size_t new_size,
		     const char **error_r)
{
	if (old != NULL) {
		if (sched_doc_parse(&org->old, org->tmp_pool, org->user->home,
				    old, old_size, error_r) < 0)
			return -1;
		org->has_old = TRUE;
	}
	if (new != NULL) {
		if (sched_doc_parse(&org->new, org->tmp_pool, org->user->home,
				    new, new_size, error_r) < 0)
			return -1;
		org->has_new = TRUE;
	}
	if (org->has_old && !sched_is_organized(org, &org->old)) {
		const struct pim_property *organizer =
			sched_organizer(&org->old);

		/* somebody else's stays his, whatever a device makes of it */
		if (organizer != NULL && !sched_is_own(org->user, organizer))
			return 0;
		if (!org->has_new || !sched_is_organized(org, &org->new))
			return 0;
	} else if (!org->has_old &&
		   (!org->has_new || !sched_is_organized(org, &org->new))) {
		return 0;
	}
	return 1;
}

int pim_scheduling_organize(pool_t pool, const struct pim_scheduling_user *user,
			    const void *old, size_t old_size,
			    const void *new, size_t new_size, int64_t now,
			    string_t *text,
			    ARRAY_TYPE(pim_scheduling_message) *messages,
			    const char **error_r)
{
	struct sched_organize org = {
		.pool = pool, .user = user, .now = now, .messages = messages,
	};
	int ret;

	org.tmp_pool = pool_alloconly_create("scheduling organize", 8192);
	ret = sched_organize_parse(&org, old, old_size, new, new_size, error_r);
	if (ret > 0) {
		T_BEGIN {
			sched_organize_run(&org, old, old_size);
		} T_END;
		if (org.has_new && org.changed)
			sched_write(&org.new, text);
		else if (org.has_new)
			str_append_data(text, new, new_size);
		if (array_count(messages) == 0 && !org.changed)
			ret = 0;
	}
	sched_doc_free(&org.old);
	sched_doc_free(&org.new);
	pool_unref(&org.tmp_pool);
	return ret;
}
