/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "pim-scheduling-private.h"

/* What comes in is applied to a text (RFC 5546 3.2): who may, what is news. */

/* that one message may have */
#define SCHED_MAX_EVENTS 1000
#define SCHED_TOO_MANY_EVENTS "It has too many events"

enum pim_scheduling_result
sched_nothing(struct sched_apply *apply, const char *reason)
{
	apply->reason = reason;
	return PIM_SCHEDULING_NOTHING;
}

enum pim_scheduling_result
sched_refuse(struct sched_apply *apply, const char *reason)
{
	apply->reason = reason;
	return PIM_SCHEDULING_REFUSED;
}

bool
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

bool sched_names_user(struct sched_apply *apply)
{
	const struct pim_property *organizer;
	struct pim_component *event;

	for (event = sched_event_first(&apply->msg); event != NULL;
	     event = sched_event_next(&apply->msg, event)) {
		organizer = pim_property_find(event, "ORGANIZER");
		if (organizer != NULL && sched_is_own(apply->user, organizer))
			return TRUE;
	}
	return FALSE;
}

/* Is it from the organiser of what is stored? */
enum pim_scheduling_result
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
	if (sched_names_user(apply)) {
		return sched_refuse(apply,
			"It makes the user the meeting's organizer");
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

bool sched_stored_id(struct sched_apply *apply,
		     const struct pim_component *event,
		     struct sched_time *id_r)
{
	if (!sched_time(&apply->msg, event, "RECURRENCE-ID", id_r))
		return FALSE;
	if (apply->has_old)
		sched_id_adapt(&apply->old, id_r);
	return TRUE;
}

/* -- older, newer -- */

/* Is event news for somebody who has old? */
bool
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
	struct sched_time gone;
	const char *value, *how;

	if (master == NULL)
		return NULL;
	for (prop = pim_property_find(master, SCHED_GONE); prop != NULL;
	     prop = pim_property_next(prop, SCHED_GONE)) {
		value = pim_property_value(prop);
		if (!sched_gone_id(&apply->old, value, &gone))
			continue;
		how = strrchr(value, ' ');
		if (sched_time_equals(&gone, id) ||
		    (gone.time < id->time && how != NULL &&
		     strcmp(how + 1, SCHED_FUTURE) == 0))
			break;
	}
	return prop;
}

/* Was the occurrence taken out by something newer? */
bool
sched_is_gone(struct sched_apply *apply, const struct pim_component *event,
	      const struct sched_time *id)
{
	const struct pim_property *prop = sched_gone_find(apply, id);
	unsigned int sequence, gone_sequence;
	const char *const *args;

	if (prop == NULL)
		return FALSE;
	args = t_strsplit(pim_property_value(prop), " ");
	if (str_array_length(args) < 3 ||
	    str_to_uint(args[1], &gone_sequence) < 0)
		return FALSE;
	if (apply->mail->asked && null_strcmp(args[3], SCHED_DECLINED) == 0)
		return FALSE;
	sequence = sched_sequence(event);
	return sequence < gone_sequence ||
		(sequence == gone_sequence &&
		 sched_stamp_parse(pim_component_value(event, "DTSTAMP")) <=
		 sched_stamp_parse(args[2]));
}

bool sched_gone_id(const struct sched_doc *doc, const char *value,
		   struct sched_time *id_r)
{
	bool is_date, is_utc;
	int64_t t;

	if (pim_ical_time_parse(t_strcut(value, ' '), &t, &is_date,
				&is_utc) < 0)
		return FALSE;
	if (!is_utc && !is_date)
		t = pim_timezone_from_local(doc->home, t);
	sched_time_make(doc, t, id_r);
	sched_id_adapt(doc, id_r);
	return TRUE;
}

/* What the user's clock says stays the same if he moves to another one. */
static const char *
sched_gone_text(const struct sched_doc *doc, const struct sched_time *id)
{
	string_t *str = t_str_new(20);

	pim_ical_time_append(str, doc->form.floating ?
			     pim_timezone_to_local(doc->home, id->time) :
			     id->time, FALSE, !doc->form.floating);
	return str_c(str);
}

void sched_set_gone(struct sched_doc *doc, struct pim_component *master,
		    const struct sched_time *id, unsigned int sequence,
		    int64_t stamp, const char *how)
{
	struct pim_property *prop, *next;
	struct sched_time gone;
	const char *value;

	for (prop = pim_property_find(master, SCHED_GONE); prop != NULL;
	     prop = next) {
		next = pim_property_next(prop, SCHED_GONE);
		if (sched_gone_id(doc, pim_property_value(prop), &gone) &&
		    sched_time_equals(&gone, id))
			pim_property_remove(prop);
	}
	value = t_strdup_printf("%s %u %s%s", sched_gone_text(doc, id),
				sequence, sched_stamp_text(stamp),
				how == NULL ? "" : t_strconcat(" ", how, NULL));
	(void)pim_property_add(master, SCHED_GONE, value);
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

enum pim_itip_method sched_method(struct sched_apply *apply)
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
		apply->reason = SCHED_TOO_MANY_EVENTS;
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

	if (sched_doc_parse(&apply->msg, pool, apply->user->home, mail->data,
			    mail->size, &apply->reason) < 0)
		return result;
	if (stored != NULL &&
	    sched_doc_parse(&apply->old, pool, apply->user->home, stored,
			    stored_size, &apply->reason) == 0)
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

/* Is it about single occurrences? */
static void
sched_peek_instances(struct sched_doc *msg, struct pim_scheduling_peek *peek)
{
	ARRAY(struct pim_scheduling_instance) instances;
	const struct sched_exception *exception, *known;
	struct pim_scheduling_instance *instance;

	p_array_init(&instances, msg->pool, 4);
	array_foreach(&msg->exceptions, exception) {
		array_foreach(&msg->exceptions, known) {
			if (sched_time_equals(&known->id, &exception->id))
				break;
		}
		instance = known != exception ? NULL :
			array_append_space(&instances);
		if (instance == NULL)
			continue;
		instance->start = exception->id.time;
		instance->is_date = exception->id.is_date;
		instance->future = sched_is_future(exception->event);
	}
	peek->instances = array_get(&instances, &peek->instances_count);
}

static void
sched_peek_version(const struct pim_component *event,
		   struct pim_scheduling_peek *peek)
{
	unsigned int sequence = sched_sequence(event);
	int64_t stamp = sched_stamp_parse(pim_component_value(event,
							      "DTSTAMP"));

	if (sequence > peek->sequence)
		peek->stamp = stamp;
	else if (sequence == peek->sequence)
		peek->stamp = I_MAX(peek->stamp, stamp);
	peek->sequence = I_MAX(peek->sequence, sequence);
}

static void
sched_peek_events(struct sched_doc *msg, struct pim_scheduling_peek *peek)
{
	struct pim_component *event = sched_master(msg);

	if (event != NULL) {
		sched_peek_version(event, peek);
		return;
	}
	for (event = sched_event_first(msg); event != NULL;
	     event = sched_event_next(msg, event))
		sched_peek_version(event, peek);
	sched_peek_instances(msg, peek);
}

static const char *
sched_organizer_key(const struct sched_doc *doc)
{
	const struct pim_property *organizer = sched_organizer(doc);

	return organizer == NULL ? "" : t_str_lcase(sched_address(organizer));
}

int pim_scheduling_peek(pool_t pool, const struct pim_timezone *home,
			const struct pim_scheduling_mail *mail,
			struct pim_scheduling_peek *peek_r,
			const char **error_r)
{
	struct sched_apply apply = { .mail = mail };

	i_zero(peek_r);
	if (sched_doc_parse(&apply.msg, pool, home, mail->data, mail->size,
			    error_r) < 0)
		return -1;
	if (sched_has_too_many_events(&apply.msg)) {
		*error_r = SCHED_TOO_MANY_EVENTS;
		sched_doc_free(&apply.msg);
		return -1;
	}
	peek_r->method = sched_method(&apply);
	peek_r->uid = apply.msg.uid;
	peek_r->organizer = p_strdup(pool, sched_organizer_key(&apply.msg));
	sched_peek_events(&apply.msg, peek_r);
	sched_doc_free(&apply.msg);
	return peek_r->method == PIM_ITIP_NONE ? 0 : 1;
}

bool pim_scheduling_is_cancellation(const struct pim_scheduling_user *user,
				    const struct pim_scheduling_mail *mail)
{
	struct sched_apply apply = { .user = user, .mail = mail };
	pool_t pool = pool_alloconly_create("scheduling cancellation", 1024);
	const struct pim_component *event;
	const char *error;
	bool ret = FALSE;

	if (sched_doc_parse(&apply.msg, pool, user->home, mail->data,
			    mail->size, &error) == 0) {
		event = sched_master(&apply.msg);
		ret = event != NULL &&
			sched_method(&apply) == PIM_ITIP_CANCEL &&
			!sched_names_user(&apply) &&
			sched_cancel_is_for_user(&apply, event) &&
			sched_is_sender(mail, sched_organizer_key(&apply.msg));
		sched_doc_free(&apply.msg);
	}
	pool_unref(&pool);
	return ret;
}

const char *pim_scheduling_organizer(const void *stored, size_t stored_size)
{
	pool_t pool = pool_alloconly_create("scheduling organizer", 1024);
	const char *error, *organizer = "";
	struct sched_doc doc;

	if (sched_doc_parse(&doc, pool, NULL, stored, stored_size, &error) == 0) {
		organizer = sched_organizer_key(&doc);
		sched_doc_free(&doc);
	}
	pool_unref(&pool);
	return organizer;
}
