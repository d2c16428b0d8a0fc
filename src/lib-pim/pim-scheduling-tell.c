/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "str.h"
#include "pim-attach.h"
#include "pim-scheduling-private.h"

/* The messages of an organiser's change: what is in them, and who gets them. */

/* nobody else's business */
static const char *const sched_private[] = {
	"CATEGORIES", "COMMENT", "COLOR", "REQUEST-STATUS", "LAST-MODIFIED",
};
/* the X- properties that say something to others */
static const char *const sched_public_x[] = {
	"X-ALT-DESC", SCHED_INTENDED, "X-MICROSOFT-CDO-ALLDAYEVENT",
	"X-MICROSOFT-DISALLOW-COUNTER", "X-MICROSOFT-CDO-IMPORTANCE", NULL
};
static const char *const sched_cancel_properties[] = {
	"UID", "RECURRENCE-ID", "SEQUENCE", "ORGANIZER", "ATTENDEE", "DTSTART",
	"DTEND", "DURATION", "RRULE", "SUMMARY", "LOCATION", "CREATED", NULL
};

/* -- people -- */

void sched_people_read(struct sched_organize *org,
		       HASH_TABLE_TYPE(sched_people) people,
		       const struct pim_component *event)
{
	struct pim_property *prop;
	char *key;

	for (prop = event == NULL ? NULL : pim_property_find(event, "ATTENDEE");
	     prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) T_BEGIN {
		key = p_strdup(org->tmp_pool,
			       t_str_lcase(sched_address(prop)));
		if (pim_scheduling_address_is_valid(key) &&
		    !sched_is_own(org->user, prop) &&
		    hash_table_lookup(people, key) == NULL)
			hash_table_insert(people, key, prop);
	} T_END;
}

static struct pim_scheduling_message *
sched_message_add(struct sched_organize *org, enum pim_itip_method method,
		  bool update)
{
	struct pim_scheduling_message *message =
		array_append_space(org->messages);

	message->method = method;
	message->update = update;
	p_array_init(&message->people, org->pool, 8);
	return message;
}

static void
sched_message_add_person(struct sched_organize *org,
			 struct pim_scheduling_message *message,
			 const struct pim_property *prop)
{
	struct pim_scheduling_person *person =
		array_append_space(&message->people);

	person->address = p_strdup(org->pool, sched_address(prop));
	person->name = p_strdup_empty(org->pool,
				      pim_property_param(prop, "CN"));
}

/* Adds event's attendees that are not to be skipped, each once. Returns how many. */
static unsigned int
sched_message_people(struct sched_organize *org,
		     struct pim_scheduling_message *message,
		     const struct pim_component *event,
		     HASH_TABLE_TYPE(sched_people) skip)
{
	HASH_TABLE_TYPE(sched_people) people;
	const struct pim_property *prop;
	const char *key;

	hash_table_create(&people, org->tmp_pool, 0, str_hash, strcmp);
	sched_people_read(org, people, event);
	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) T_BEGIN {
		key = t_str_lcase(sched_address(prop));
		if (hash_table_lookup(people, key) == prop &&
		    hash_table_lookup(skip, key) == NULL)
			sched_message_add_person(org, message, prop);
	} T_END;
	hash_table_destroy(&people);
	return array_count(&message->people);
}

static void sched_message_drop(struct sched_organize *org)
{
	array_pop_back(org->messages);
}

/* -- what a message has in it -- */

void sched_strip_private(struct pim_component *event)
{
	struct pim_property *prop, *next;
	const char *name;
	uint32_t num;
	bool strip;

	sched_strip_alarms(event);
	sched_strip_own(event);
	for (unsigned int i = 0; i < N_ELEMENTS(sched_private); i++)
		(void)pim_component_remove_all(event, sched_private[i]);
	for (prop = pim_property_find(event, NULL); prop != NULL; prop = next) {
		next = pim_property_next(prop, NULL);
		name = pim_property_name(prop);
		strip = strncasecmp(name, "X-", 2) == 0 &&
			!str_array_icase_find(sched_public_x, name);
		/* what only the user can read */
		if (strcasecmp(name, "ATTACH") == 0 &&
		    pim_attach_is_blob(prop, &num))
			strip = TRUE;
		if (strip)
			pim_property_remove(prop);
	}
}

/* Who has not answered is asked to, unless the organiser said that he wants no
   answers. */
static void sched_ask(struct pim_component *event)
{
	struct pim_property *prop;

	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		if (pim_property_param(prop, "RSVP") == NULL &&
		    sched_partstat(prop) == PIM_PARTSTAT_NEEDS_ACTION) {
			pim_property_set_param(prop, "PARTSTAT",
				pim_partstat_name(PIM_PARTSTAT_NEEDS_ACTION));
			pim_property_set_param(prop, "RSVP", "TRUE");
		}
	}
}

static void
sched_message_event(struct sched_organize *org, struct sched_doc *msg,
		    const struct sched_doc *src,
		    const struct pim_component *source)
{
	struct pim_component *event =
		pim_component_add_copy(msg->calendar, source);

	sched_set_busy(event, PIM_PARTSTAT_ACCEPTED);
	sched_strip_private(event);
	sched_ask(event);
	pim_component_set_value(event, "DTSTAMP", sched_stamp_text(org->now));
	if (pim_property_find(event, "SEQUENCE") == NULL)
		pim_component_set_value(event, "SEQUENCE", "0");
	sched_copy_zones(msg, src, event);
}

static const char *
sched_message_text(struct sched_organize *org, struct sched_doc *msg)
{
	string_t *str = str_new(default_pool, 1024);
	const char *text;

	sched_write(msg, str);
	text = p_strdup(org->pool, str_c(str));
	str_free(&str);
	sched_doc_free(msg);
	return text;
}

/* The series with its exceptions, or one occurrence. */
static const char *
sched_request_text(struct sched_organize *org, struct pim_component *only)
{
	struct pim_component *event;
	struct sched_doc msg;

	sched_doc_create(&msg, org->tmp_pool, "REQUEST");
	if (only != NULL)
		sched_message_event(org, &msg, &org->new, only);
	for (event = only != NULL ? NULL : sched_event_first(&org->new);
	     event != NULL; event = sched_event_next(&org->new, event))
		sched_message_event(org, &msg, &org->new, event);
	return sched_message_text(org, &msg);
}

void sched_add_organizer(const struct pim_scheduling_user *user,
			 struct pim_component *event)
{
	struct pim_property *prop;

	prop = pim_property_add(event, "ORGANIZER", t_strconcat(
		"mailto:", user->address, NULL));
	if (user->name != NULL && *user->name != '\0')
		pim_property_set_param(prop, "CN", user->name);
}

static void sched_cancel_strip(struct pim_component *event)
{
	struct pim_property *prop, *next;

	sched_strip_alarms(event);
	sched_strip_own(event);
	for (prop = pim_property_find(event, NULL); prop != NULL; prop = next) {
		next = pim_property_next(prop, NULL);
		if (!str_array_icase_find(sched_cancel_properties,
					  pim_property_name(prop)))
			pim_property_remove(prop);
	}
}

/* people: of those who are not invited any more only they are named; NULL = the whole
   event is cancelled. */
static const char *
sched_cancel_text(struct sched_organize *org, const struct sched_doc *src,
		  const struct pim_component *source, unsigned int sequence,
		  const ARRAY_TYPE(pim_scheduling_person) *people)
{
	const struct pim_scheduling_person *person;
	struct pim_component *event;
	struct pim_property *prop;
	struct sched_doc msg;

	sched_doc_create(&msg, org->tmp_pool, "CANCEL");
	event = pim_component_add_copy(msg.calendar, source);
	sched_cancel_strip(event);
	pim_component_set_value(event, "DTSTAMP", sched_stamp_text(org->now));
	pim_component_set_value(event, "SEQUENCE", dec2str(sequence));
	if (pim_property_find(event, "ORGANIZER") == NULL)
		sched_add_organizer(org->user, event);
	if (people == NULL)
		pim_component_set_value(event, "STATUS", "CANCELLED");
	else {
		(void)pim_component_remove_all(event, "ATTENDEE");
		array_foreach(people, person) {
			prop = pim_property_add(event, "ATTENDEE", t_strconcat(
				"mailto:", person->address, NULL));
			if (person->name != NULL)
				pim_property_set_param(prop, "CN",
						       person->name);
		}
	}
	sched_copy_zones(&msg, src, event);
	return sched_message_text(org, &msg);
}

/* -- the messages of a change -- */

/* text of only (NULL = all) for the people of event */
static void
sched_tell_request(struct sched_organize *org, bool update,
		   const struct pim_component *event,
		   HASH_TABLE_TYPE(sched_people) skip,
		   struct pim_component *only)
{
	struct pim_scheduling_message *message =
		sched_message_add(org, PIM_ITIP_REQUEST, update);

	if (sched_message_people(org, message, event, skip) == 0)
		sched_message_drop(org);
	else
		message->text = sched_request_text(org, only);
}

struct sched_cancel {
	/* what is cancelled, of which object */
	const struct sched_doc *doc;
	const struct pim_component *source;
	unsigned int sequence;
	/* whose attendees are told */
	const struct pim_component *event;
	/* for nobody any more; else for those only who are told */
	bool for_all;
};

static void
sched_tell_cancel(struct sched_organize *org, const struct sched_cancel *cancel,
		  HASH_TABLE_TYPE(sched_people) skip)
{
	struct pim_scheduling_message *message =
		sched_message_add(org, PIM_ITIP_CANCEL, TRUE);

	if (sched_message_people(org, message, cancel->event, skip) == 0) {
		sched_message_drop(org);
		return;
	}
	message->text = sched_cancel_text(org, cancel->doc, cancel->source,
		cancel->sequence, cancel->for_all ? NULL : &message->people);
}

void sched_people_add(HASH_TABLE_TYPE(sched_people) dest,
		      HASH_TABLE_TYPE(sched_people) more,
		      HASH_TABLE_TYPE(sched_people) except)
{
	struct hash_iterate_context *iter;
	struct pim_property *prop;
	char *key;

	iter = hash_table_iterate_init(more);
	while (hash_table_iterate(iter, more, &key, &prop)) {
		if (hash_table_lookup(except, key) == NULL &&
		    hash_table_lookup(dest, key) == NULL)
			hash_table_insert(dest, key, prop);
	}
	hash_table_iterate_deinit(&iter);
}

/* An occurrence that is changed, or that others are invited to than before. */
static void
sched_tell_exception(struct sched_organize *org,
		     const struct sched_exception *exception, bool differs)
{
	struct pim_component *old =
		sched_exception_find(&org->old, &exception->id);
	struct sched_cancel cancel = {
		.doc = &org->new, .source = exception->event,
		.sequence = sched_sequence(exception->event),
		.event = old != NULL ? old : org->old_master,
	};
	HASH_TABLE_TYPE(sched_people) skip;

	/* who has got the whole knows it */
	hash_table_create(&skip, org->tmp_pool, 0, str_hash, strcmp);
	sched_people_add(skip, org->came, org->nobody);
	if (org->full)
		sched_people_add(skip, org->new_people, org->nobody);
	if (!differs)
		sched_people_read(org, skip, cancel.event);
	sched_tell_request(org, TRUE, exception->event, skip,
			   exception->event);
	hash_table_clear(skip, FALSE);
	sched_people_add(skip, org->left, org->nobody);
	sched_people_read(org, skip, exception->event);
	if (cancel.event != NULL)
		sched_tell_cancel(org, &cancel, skip);
	hash_table_destroy(&skip);
}

static void sched_tell_exceptions(struct sched_organize *org)
{
	const struct sched_exception *exception;
	const struct sched_time *id;
	bool differs;

	array_foreach(&org->new.exceptions, exception) T_BEGIN {
		differs = FALSE;
		array_foreach(&org->changed_ids, id) {
			if (sched_time_equals(id, &exception->id))
				differs = TRUE;
		}
		sched_tell_exception(org, exception, differs);
	} T_END;
}

static void
sched_tell_excluded(struct sched_organize *org, const struct sched_time *id)
{
	struct sched_cancel cancel = { .doc = &org->old, .for_all = TRUE };
	struct pim_component *source;

	source = sched_exception_find(&org->old, id);
	if (source == NULL)
		source = sched_exception_make(&org->old, id);
	if (source == NULL)
		return;
	cancel.source = cancel.event = source;
	cancel.sequence = sched_sequence(org->new_master);
	sched_tell_cancel(org, &cancel, org->left);
}

void sched_tell_change(struct sched_organize *org)
{
	struct pim_component *old = org->old_master, *new = org->new_master;
	struct sched_cancel cancel = {
		.doc = &org->old, .source = old, .event = old,
	};
	const struct sched_time *id;

	if (new != NULL)
		sched_tell_request(org, org->full &&
				   hash_table_count(org->old_people) > 0, new,
				   org->full ? org->nobody : org->old_people,
				   NULL);
	if (old != NULL && new != NULL) {
		cancel.sequence = sched_sequence(new);
		sched_tell_cancel(org, &cancel, org->new_people);
	}
	sched_tell_exceptions(org);
	if (org->full || new == NULL)
		return;
	array_foreach(&org->excluded, id) T_BEGIN {
		sched_tell_excluded(org, id);
	} T_END;
}

void sched_tell_deleted(struct sched_organize *org)
{
	struct sched_cancel cancel = { .doc = &org->old, .for_all = TRUE };
	const struct sched_exception *exception;

	if (org->old_master != NULL) {
		cancel.source = cancel.event = org->old_master;
		cancel.sequence = sched_sequence(org->old_master) + 1;
		sched_tell_cancel(org, &cancel, org->nobody);
	}
	/* those who were invited to single occurrences only */
	array_foreach(&org->old.exceptions, exception) T_BEGIN {
		cancel.source = cancel.event = exception->event;
		cancel.sequence = sched_sequence(exception->event) + 1;
		sched_tell_cancel(org, &cancel, org->old_people);
	} T_END;
}

void sched_tell_created(struct sched_organize *org)
{
	const struct sched_exception *exception;

	if (org->new_master != NULL) {
		sched_tell_request(org, FALSE, org->new_master, org->nobody,
				   NULL);
	}
	array_foreach(&org->new.exceptions, exception) T_BEGIN {
		sched_tell_request(org, FALSE, exception->event,
				   org->new_people, exception->event);
	} T_END;
}
