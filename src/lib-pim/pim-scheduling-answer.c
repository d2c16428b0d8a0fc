/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-scheduling-private.h"

/* The user's answer to an invitation (RFC 5546 3.2.3, 3.2.7). */

struct sched_answer {
	const struct pim_scheduling_user *user;
	const struct pim_scheduling_answer *answer;
	struct sched_doc doc;
	/* the series or the only event; NULL = the user was asked to single
	   occurrences only */
	struct pim_component *master;
	/* what the organiser is told */
	struct sched_doc message;
};

/* What an answer tells of the event, the rest is not the organiser's business. */
static const char *const sched_answer_properties[] = {
	"UID", "RECURRENCE-ID", "SEQUENCE", "ORGANIZER", "DTSTART", "DTEND",
	"DURATION", "SUMMARY", "LOCATION", "CREATED", NULL
};

/* -- the message -- */

static void
sched_answer_strip(struct pim_component *event)
{
	struct pim_property *prop, *next;

	sched_strip_alarms(event);
	for (prop = pim_property_find(event, NULL); prop != NULL; prop = next) {
		next = pim_property_next(prop, NULL);
		if (!str_array_icase_find(sched_answer_properties,
					  pim_property_name(prop)))
			pim_property_remove(prop);
	}
}

static void
sched_answer_add_attendee(struct sched_answer *ctx,
			  struct pim_component *dest,
			  const struct pim_property *own)
{
	const struct pim_scheduling_user *user = ctx->user;
	struct pim_property *attendee;

	attendee = pim_property_add(dest, "ATTENDEE", own != NULL ?
		pim_property_value(own) :
		t_strconcat("mailto:", user->address, NULL));
	if (own != NULL && pim_property_param(own, "CN") != NULL) {
		pim_property_set_param(attendee, "CN", t_strdup(
			pim_property_param(own, "CN")));
	} else if (user->name != NULL) {
		pim_property_set_param(attendee, "CN", user->name);
	}
	pim_property_set_param(attendee, "PARTSTAT",
			       pim_partstat_name(ctx->answer->partstat));
}

/* A COUNTER is the event as the user wants it; Outlook looks for the times that it has
   now. */
static void
sched_answer_propose(struct sched_answer *ctx, struct pim_component *event,
		     const struct pim_component *source)
{
	const struct pim_scheduling_answer *answer = ctx->answer;
	struct sched_time start, end;

	(void)pim_component_remove_all(event, "DURATION");
	(void)pim_component_remove_all(event, "DTSTART");
	(void)pim_component_remove_all(event, "DTEND");
	pim_component_set_value(event, "DTSTART",
				sched_stamp_text(answer->proposed_start));
	pim_component_set_value(event, "DTEND",
				sched_stamp_text(answer->proposed_end));
	if (!sched_time(&ctx->doc, source, "DTSTART", &start) ||
	    !sched_end(&ctx->doc, source, &end))
		return;
	pim_component_set_value(event, "X-MS-OLK-ORIGINALSTART",
				sched_stamp_text(start.time));
	pim_component_set_value(event, "X-MS-OLK-ORIGINALEND",
				sched_stamp_text(end.time));
}

/* source is the event or occurrence that is answered. */
static void
sched_answer_write(struct sched_answer *ctx,
		   const struct pim_component *source, bool future)
{
	const struct pim_scheduling_answer *answer = ctx->answer;
	struct pim_component *event;

	event = pim_component_add_copy(ctx->message.calendar, source);
	sched_answer_strip(event);
	if (answer->has_proposed)
		sched_answer_propose(ctx, event, source);
	if (future) {
		pim_property_set_param(pim_property_find(event,
			"RECURRENCE-ID"), "RANGE", "THISANDFUTURE");
	}
	sched_answer_add_attendee(ctx, event,
				  sched_own_attendee(ctx->user, source));
	pim_component_set_value(event, "DTSTAMP",
				sched_stamp_text(answer->now));
	if (answer->comment != NULL && *answer->comment != '\0')
		pim_component_set_text(event, "COMMENT", answer->comment);
	sched_copy_zones(&ctx->message, &ctx->doc, event);
}

/* -- the stored event -- */

static void
sched_answer_event(struct sched_answer *ctx, struct pim_component *event)
{
	const struct pim_scheduling_user *user = ctx->user;
	enum pim_partstat partstat = ctx->answer->partstat;
	struct pim_property *own = sched_own_attendee(user, event);

	if (own == NULL) {
		/* invited through a list, or by somebody who forwarded it */
		own = pim_property_add(event, "ATTENDEE", t_strconcat(
			"mailto:", user->address, NULL));
		pim_property_set_param(own, "CN", user->name);
	}
	pim_property_set_param(own, "PARTSTAT", pim_partstat_name(partstat));
	pim_property_set_param(own, "RSVP", NULL);
	sched_set_busy(event, partstat);
	pim_component_set_value(event, SCHED_REPLY_TIME,
				sched_stamp_text(ctx->answer->now));
}

/* The whole of it: exceptions as well, except those that were answered with no. */
static enum pim_scheduling_answer_result
sched_answer_all(struct sched_answer *ctx)
{
	struct pim_component *event = ctx->master;

	if (event == NULL)
		event = sched_event_first(&ctx->doc);
	sched_answer_write(ctx, event, FALSE);
	if (ctx->answer->partstat == PIM_PARTSTAT_DECLINED)
		return PIM_ANSWER_REMOVED;
	for (event = sched_event_first(&ctx->doc); event != NULL;
	     event = sched_event_next(&ctx->doc, event)) T_BEGIN {
		sched_answer_event(ctx, event);
	} T_END;
	return PIM_ANSWER_CHANGED;
}

static void
sched_decline_instance(struct sched_answer *ctx, const struct sched_time *id,
		       struct pim_component *event)
{
	unsigned int sequence = sched_sequence(event);
	int64_t stamp = sched_stamp(event);

	sched_exception_remove(&ctx->doc, event);
	if (ctx->master == NULL)
		return;
	(void)sched_exclude(&ctx->doc, ctx->master, id);
	sched_set_gone(&ctx->doc, ctx->master, id, sequence, stamp, SCHED_DECLINED);
}

/* What follows an occurrence was made of the same message. */
static void
sched_answer_following(struct sched_answer *ctx,
		       const struct sched_time *instance)
{
	const struct sched_exception *exception;
	struct sched_time id;
	unsigned int i = 0;

	while (i < array_count(&ctx->doc.exceptions)) {
		exception = array_idx(&ctx->doc.exceptions, i);
		id = exception->id;
		/* what stands for more than itself is not taken out */
		if (id.time > instance->time &&
		    ctx->answer->partstat == PIM_PARTSTAT_DECLINED &&
		    !sched_is_future(exception->event)) {
			sched_decline_instance(ctx, &id, exception->event);
			continue;
		}
		if (id.time > instance->time)
			sched_answer_event(ctx, exception->event);
		i++;
	}
}

static bool sched_is_recurring(const struct sched_answer *ctx)
{
	return ctx->master != NULL &&
		(pim_property_find(ctx->master, "RRULE") != NULL ||
		 pim_property_find(ctx->master, "RDATE") != NULL);
}

/* Returns FALSE if there is no such occurrence (any more). */
static bool
sched_answer_instance(struct sched_answer *ctx,
		      const struct pim_scheduling_instance *instance)
{
	struct pim_component *event;
	struct sched_time id;

	sched_time_make(&ctx->doc, instance->start, &id);
	if (instance->is_date) {
		id.day = pim_days_of(instance->start);
		id.is_date = TRUE;
	}
	sched_id_adapt(&ctx->doc, &id);
	event = sched_exception_find(&ctx->doc, &id);
	if (event == NULL && sched_is_recurring(ctx))
		event = sched_exception_make(&ctx->doc, &id);
	if (event == NULL)
		return FALSE;
	if (!instance->future)
		sched_exception_alone(&ctx->doc, event);
	sched_answer_write(ctx, event, instance->future);
	if (ctx->answer->partstat == PIM_PARTSTAT_DECLINED)
		sched_decline_instance(ctx, &id, event);
	else
		sched_answer_event(ctx, event);
	if (instance->future)
		sched_answer_following(ctx, &id);
	return TRUE;
}

static enum pim_scheduling_answer_result
sched_answer_instances(struct sched_answer *ctx)
{
	const struct pim_scheduling_answer *answer = ctx->answer;
	bool found = FALSE;

	if (answer->has_proposed && answer->instances_count > 1)
		return PIM_ANSWER_PROPOSAL;
	for (unsigned int i = 0; i < answer->instances_count; i++) T_BEGIN {
		if (sched_answer_instance(ctx, &answer->instances[i]))
			found = TRUE;
	} T_END;
	if (!found) {
		return ctx->master != NULL && !sched_is_recurring(ctx) ?
			PIM_ANSWER_NOT_RECURRING : PIM_ANSWER_NO_INSTANCE;
	}
	return sched_event_first(&ctx->doc) == NULL ? PIM_ANSWER_REMOVED :
		PIM_ANSWER_CHANGED;
}

static enum pim_scheduling_answer_result
sched_answer_run(struct sched_answer *ctx, string_t *text, string_t *message,
		 const char **organizer_r)
{
	const struct pim_property *organizer = sched_organizer(&ctx->doc);
	enum pim_scheduling_answer_result result;

	if (organizer == NULL)
		return PIM_ANSWER_NO_MEETING;
	if (sched_is_own(ctx->user, organizer))
		return PIM_ANSWER_ORGANIZER;
	*organizer_r = sched_address(organizer);
	ctx->master = sched_master(&ctx->doc);
	sched_doc_create(&ctx->message, ctx->doc.pool,
			 ctx->answer->has_proposed ? "COUNTER" : "REPLY");
	result = ctx->answer->instances_count == 0 ? sched_answer_all(ctx) :
		sched_answer_instances(ctx);
	if (result == PIM_ANSWER_CHANGED)
		sched_write(&ctx->doc, text);
	if (result == PIM_ANSWER_CHANGED || result == PIM_ANSWER_REMOVED)
		sched_write(&ctx->message, message);
	sched_doc_free(&ctx->message);
	return result;
}

enum pim_scheduling_answer_result
pim_scheduling_answer(const struct pim_scheduling_user *user,
		      const void *stored, size_t stored_size,
		      const struct pim_scheduling_answer *answer,
		      string_t *text, string_t *message,
		      const char **organizer_r)
{
	struct sched_answer ctx = { .user = user, .answer = answer };
	pool_t pool = pool_alloconly_create("scheduling answer", 4096);
	enum pim_scheduling_answer_result result = PIM_ANSWER_INVALID;
	const char *error;

	*organizer_r = NULL;
	if (sched_doc_parse(&ctx.doc, pool, user->home, stored, stored_size,
			    &error) == 0) {
		result = sched_answer_run(&ctx, text, message, organizer_r);
		sched_doc_free(&ctx.doc);
	}
	pool_unref(&pool);
	return result;
}

bool pim_scheduling_is_promised(const struct pim_scheduling_user *user,
				const void *stored, size_t stored_size)
{
	pool_t pool = pool_alloconly_create("scheduling promised", 1024);
	const struct pim_property *own;
	enum pim_partstat partstat;
	struct pim_component *event;
	struct sched_doc doc;
	const char *error;
	bool promised = FALSE;

	if (sched_doc_parse(&doc, pool, NULL, stored, stored_size,
			    &error) == 0) {
		for (event = sched_event_first(&doc);
		     event != NULL && !promised;
		     event = sched_event_next(&doc, event)) {
			own = sched_own_attendee(user, event);
			partstat = own == NULL ? PIM_PARTSTAT_NEEDS_ACTION :
				sched_partstat(own);
			promised = partstat == PIM_PARTSTAT_ACCEPTED ||
				partstat == PIM_PARTSTAT_TENTATIVE;
		}
		sched_doc_free(&doc);
	}
	pool_unref(&pool);
	return promised;
}

void pim_scheduling_version(const void *stored, size_t stored_size,
			    unsigned int *sequence_r, int64_t *stamp_r)
{
	pool_t pool = pool_alloconly_create("scheduling version", 1024);
	struct pim_component *event;
	struct sched_doc doc;
	const char *error;

	*sequence_r = 0;
	*stamp_r = 0;
	if (sched_doc_parse(&doc, pool, NULL, stored, stored_size, &error) == 0) {
		for (event = sched_event_first(&doc); event != NULL;
		     event = sched_event_next(&doc, event)) {
			*sequence_r = I_MAX(*sequence_r,
					    sched_sequence(event));
			*stamp_r = I_MAX(*stamp_r, sched_stamp(event));
		}
		sched_doc_free(&doc);
	}
	pool_unref(&pool);
}

bool pim_scheduling_is_over(const struct pim_scheduling_user *user,
			    const void *stored, size_t stored_size,
			    int64_t now)
{
	pool_t pool = pool_alloconly_create("scheduling over", 4096);
	const struct pim_series *series;
	struct sched_doc doc;
	int64_t first, last;
	const char *error;
	bool over = FALSE;

	if (sched_doc_parse(&doc, pool, user->home, stored, stored_size,
			    &error) == 0) {
		series = pim_series_read(pool, sched_event_first(&doc),
					 user->home);
		over = series != NULL &&
			pim_series_get_range(series, &first, &last) &&
			last <= now;
		sched_doc_free(&doc);
	}
	pool_unref(&pool);
	return over;
}
