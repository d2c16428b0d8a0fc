/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-occurrence.h"
#include "pim-values.h"
#include "store-item.h"
#include "class-calendar-private.h"

/* The occurrences of a series that are changed (a VEVENT with RECURRENCE-ID) or deleted (EXDATE). They
   are what devices up to 14.1 send as Exceptions, and later ones by InstanceId. */

/* a few seconds: 1,000 occurrences that are changed or deleted among 5,000 */
#define CAL_MAX_SEARCHED 5000000

/* What only the series itself has */
static const char *const cal_series_properties[] = {
	"RRULE", "RDATE", "EXDATE", "EXRULE", "X-ROOST-TZID",
};

/* -- EXDATE -- */

void cal_exdate_add(struct cal_doc *doc, int64_t key)
{
	struct cal_time t;

	cal_time_make(&doc->start, key, &t);
	cal_time_write(pim_property_add(doc->master, "EXDATE", ""), &t);
}

struct cal_exdate_match {
	struct cal_doc *doc;
	/* the zone of a line is looked up once */
	struct cal_values dates;
	int64_t key;
};

static bool
cal_exdate_match(const struct pim_property *prop, const char *value,
		 void *context)
{
	struct cal_exdate_match *match = context;
	struct cal_time t;

	if (match->dates.prop != prop) {
		i_zero(&match->dates);
		match->dates.prop = prop;
	}
	return cal_time_parse(match->doc, &match->dates, value, &t) == 0 &&
		cal_instance_key(match->doc, &t) == match->key;
}

void cal_exdate_remove(struct cal_doc *doc, int64_t key)
{
	struct cal_exdate_match match = { .doc = doc, .key = key };

	(void)pim_values_remove(doc->master, "EXDATE", cal_exdate_match,
				&match);
}

/* -- all of them -- */

void cal_exceptions_remove(struct cal_doc *doc)
{
	struct pim_component *comp, *next;

	(void)pim_component_remove_all(doc->master, "EXDATE");
	for (comp = cal_override_next(doc, NULL); comp != NULL; comp = next) {
		next = cal_override_next(doc, comp);
		pim_component_remove(comp);
	}
}

/* A time of the series by its new clock: as far from the series' start as it was. */
static void
cal_shift_time(struct cal_doc *doc, const struct cal_time *old,
	       struct cal_time *t)
{
	int64_t moved = t->local - old->local;

	/* by its own form, if that is none of the series' */
	if (!cal_time_same_form(t, old)) {
		if (t->is_date != old->is_date)
			return;
		moved = pim_timezone_to_local(doc->zone, t->utc) -
			pim_timezone_to_local(doc->zone, old->utc);
	}
	*t = doc->start;
	t->local += moved;
}

static void
cal_shift_dates(struct cal_doc *doc, const struct cal_time *old,
		struct pim_property *prop)
{
	const char *pos = pim_property_value(prop), *value;
	struct cal_values dates = { .prop = prop };
	string_t *shifted = t_str_new(128);
	struct cal_time t;

	while (pim_values_next(&pos, &value)) {
		/* periods of RDATE stay */
		if (cal_time_parse(doc, &dates, value, &t) < 0)
			return;
		cal_shift_time(doc, old, &t);
		if (str_len(shifted) > 0)
			str_append_c(shifted, ',');
		str_append(shifted, cal_time_value(&t));
	}
	pim_property_set_value(prop, str_c(shifted));
	pim_property_set_param(prop, "TZID", doc->start.tzid);
	pim_property_set_param(prop, "VALUE", doc->start.is_date ? "DATE" :
			       NULL);
}

void cal_exceptions_shift(struct cal_doc *doc, const struct cal_time *old)
{
	static const char *const names[] = { "EXDATE", "RDATE" };
	struct pim_component *comp = NULL;
	struct pim_property *prop;
	struct cal_time t;

	if (cal_time_same_form(old, &doc->start) &&
	    old->local == doc->start.local)
		return;
	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		prop = pim_property_find(doc->master, names[i]);
		for (; prop != NULL; prop = pim_property_next(prop, names[i]))
		T_BEGIN {
			cal_shift_dates(doc, old, prop);
		} T_END;
	}
	while ((comp = cal_override_next(doc, comp)) != NULL) T_BEGIN {
		if (cal_time_read(doc, comp, "RECURRENCE-ID", &t) == 0) {
			cal_shift_time(doc, old, &t);
			cal_time_set(comp, "RECURRENCE-ID", &t);
		}
	} T_END;
}

/* -- one of them -- */

struct pim_component *cal_override_find(struct cal_doc *doc, int64_t key)
{
	struct pim_component *comp = NULL;
	struct cal_time t;

	while ((comp = cal_override_next(doc, comp)) != NULL) {
		if (cal_time_read(doc, comp, "RECURRENCE-ID", &t) == 0 &&
		    cal_instance_key(doc, &t) == key)
			break;
	}
	return comp;
}

/* The times that the series gives the occurrence. */
static void
cal_override_set_times(struct cal_doc *doc, struct pim_component *comp,
		       int64_t key)
{
	struct cal_time start, end;

	cal_time_make(&doc->start, key, &start);
	if (pim_property_find(doc->master, "DTEND") != NULL &&
	    cal_end_read(doc, doc->master, &end) == 0) {
		if (cal_time_same_form(&end, &doc->start)) {
			end.local += start.local - doc->start.local;
		} else {
			cal_time_make(&end, end.utc + (start.utc -
						       doc->start.utc), &end);
		}
		cal_time_set(comp, "DTEND", &end);
	}
	cal_time_set(comp, "DTSTART", &start);
}

/* -- RANGE=THISANDFUTURE -- */

static bool cal_is_range(const struct pim_component *comp)
{
	return pim_property_has_param(pim_property_find(comp, "RECURRENCE-ID"),
				      "RANGE", "THISANDFUTURE");
}

bool cal_has_range(const struct cal_doc *doc)
{
	struct pim_component *comp = NULL;

	while ((comp = cal_override_next(doc, comp)) != NULL) {
		if (cal_is_range(comp))
			return TRUE;
	}
	return FALSE;
}

static void
cal_range_set_time(struct cal_doc *doc, struct pim_component *comp,
		   const char *name, int64_t t, int64_t local)
{
	struct cal_time like, made;

	if (pim_property_find(comp, name) == NULL ||
	    cal_time_read(doc, comp, name, &like) < 0)
		return;
	cal_time_make(&like, like.is_date ? local : t, &made);
	cal_time_set(comp, name, &made);
}

/* The component becomes that of the occurrence. */
static void
cal_range_set_times(struct cal_doc *doc, struct pim_component *comp,
		    const struct pim_occurrence *occurrence)
{
	int64_t length = occurrence->end - occurrence->start;

	cal_range_set_time(doc, comp, "DTSTART", occurrence->start,
			   occurrence->start_local);
	cal_range_set_time(doc, comp, "DTEND", occurrence->end,
			   occurrence->start_local + length);
}

/* What a RANGE has made of an unchanged occurrence; FALSE = nothing. */
static bool
cal_range_find(struct cal_doc *doc, int64_t key,
	       struct pim_occurrence *occurrence_r)
{
	struct pim_series *series;

	if (!doc->was_list)
		return FALSE;
	series = cal_series_read(doc);
	if (doc->start.is_date)
		key = pim_timezone_from_local(doc->home, key);
	return series != NULL && pim_series_find(series, key, occurrence_r) &&
		occurrence_r->changed;
}

/* The next one that comp stands for. Returns FALSE if there is none. */
static bool
cal_range_next(struct cal_doc *doc, const struct pim_component *comp,
	       struct pim_occurrence *next_r)
{
	struct pim_series *series = cal_series_read(doc);
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occurrence;
	struct cal_time start;

	if (series == NULL || cal_time_read(doc, comp, "DTSTART", &start) < 0)
		return FALSE;
	p_array_init(&found, doc->pool, 16);
	/* others may have been changed one by one */
	(void)pim_series_get(series, start.utc + 1, INT64_MAX / 4,
			     CAL_MAX_EXCEPTIONS, &found);
	array_foreach(&found, occurrence) {
		if (occurrence->comp == comp &&
		    occurrence->start > start.utc) {
			*next_r = *occurrence;
			return TRUE;
		}
	}
	return FALSE;
}

struct pim_component *
cal_override_alone(struct cal_doc *doc, struct pim_component *comp)
{
	struct pim_component *alone;
	struct pim_occurrence next;
	struct cal_time id, old;

	if (!cal_is_range(comp))
		return comp;
	/* one that would have the same name is no other one */
	if (cal_time_read(doc, comp, "RECURRENCE-ID", &old) < 0 ||
	    !cal_range_next(doc, comp, &next) ||
	    (cal_time_make(&doc->start, doc->start.is_date ? next.id_local :
			   next.id, &id),
	     cal_instance_key(doc, &id) <= cal_instance_key(doc, &old))) {
		pim_property_set_param(pim_property_find(comp,
			"RECURRENCE-ID"), "RANGE", NULL);
		return comp;
	}
	alone = pim_component_add_copy(doc->calendar, comp);
	pim_property_set_param(pim_property_find(alone, "RECURRENCE-ID"),
			       "RANGE", NULL);
	cal_time_set(comp, "RECURRENCE-ID", &id);
	cal_range_set_times(doc, comp, &next);
	return alone;
}

struct pim_component *cal_override_create(struct cal_doc *doc, int64_t key)
{
	struct pim_occurrence occurrence;
	struct pim_component *comp;
	struct cal_time id;

	if (cal_range_find(doc, key, &occurrence)) {
		comp = pim_component_add_copy(doc->calendar, occurrence.comp);
		cal_range_set_times(doc, comp, &occurrence);
		cal_time_make(&doc->start, key, &id);
		cal_time_set(comp, "RECURRENCE-ID", &id);
		pim_property_set_param(pim_property_find(comp,
			"RECURRENCE-ID"), "RANGE", NULL);
		return comp;
	}
	comp = pim_component_add_copy(doc->calendar, doc->master);
	for (unsigned int i = 0; i < N_ELEMENTS(cal_series_properties); i++) {
		(void)pim_component_remove_all(comp,
					       cal_series_properties[i]);
	}
	cal_time_make(&doc->start, key, &id);
	cal_time_set(comp, "RECURRENCE-ID", &id);
	cal_override_set_times(doc, comp, key);
	return comp;
}

void cal_occurrence_delete(struct cal_doc *doc, int64_t key)
{
	struct pim_component *comp;

	while ((comp = cal_override_find(doc, key)) != NULL)
		pim_component_remove(cal_override_alone(doc, comp));
	cal_exdate_remove(doc, key);
	cal_exdate_add(doc, key);
}

/* -- Exceptions -- */

/* An Exception's times: absent ones are the series' ([MS-ASCAL] 2.2.2.42). */
static int
cal_apply_exception_times(struct eas_class_apply *apply, struct cal_doc *doc,
			  struct pim_component *comp, int64_t key,
			  const struct wbxml_node *node)
{
	if (apply->req->version < EAS_VERSION_16_0 &&
	    wbxml_node_child(node, EAS_CALENDAR_START_TIME) == NULL &&
	    wbxml_node_child(node, EAS_CALENDAR_END_TIME) == NULL)
		cal_override_set_times(doc, comp, key);
	return cal_apply_times(apply, doc, comp, node);
}

struct cal_apply_exceptions {
	struct eas_class_apply *apply;
	struct cal_doc *doc;
	/* what there is, and what became of it */
	ARRAY_TYPE(cal_exception) exceptions;
	/* of a series that no pattern has, else NULL */
	struct pim_series *series;
	/* bytes of the event, once they are known, and of its copies */
	size_t size, copied;
	/* exceptions that were looked at to change or delete one */
	uint64_t searched;
};

/* Returns 0, or -1 if it takes too long (apply->error). */
static int cal_apply_search(struct cal_apply_exceptions *ctx)
{
	ctx->searched += array_count(&ctx->exceptions);
	if (ctx->searched <= CAL_MAX_SEARCHED)
		return 0;
	ctx->apply->error = "There are too many exceptions";
	return -1;
}

static int
cal_apply_deleted(struct cal_apply_exceptions *ctx,
		  const struct cal_exception *old, int64_t key)
{
	if (old != NULL && old->comp == NULL)
		return 0;
	if (old == NULL)
		cal_exdate_add(ctx->doc, key);
	else if (cal_apply_search(ctx) < 0)
		return -1;
	else
		cal_occurrence_delete(ctx->doc, key);
	cal_exceptions_put(&ctx->exceptions, key, NULL);
	return 0;
}

/* The VEVENT of the occurrence, a new one if it has none; NULL = error. Each is
   a copy of the whole event: a short request must not make a text without end. */
static struct pim_component *
cal_apply_changed(struct cal_apply_exceptions *ctx,
		  const struct cal_exception *old, int64_t key)
{
	struct pim_component *comp;
	string_t *text;

	if (old != NULL && old->comp != NULL) {
		comp = cal_override_alone(ctx->doc, old->comp);
		if (comp != old->comp)
			cal_exceptions_put(&ctx->exceptions, key, comp);
		return comp;
	}
	if (ctx->size == 0) {
		text = str_new(default_pool, 4096);
		pim_component_write(ctx->doc->master, text);
		ctx->size = str_len(text);
		str_free(&text);
	}
	ctx->copied += ctx->size;
	if (ctx->copied > STORE_ITEM_MAX_SIZE) {
		ctx->apply->error = "The exceptions are too large";
		return NULL;
	}
	if (old != NULL) {
		if (cal_apply_search(ctx) < 0)
			return NULL;
		cal_exdate_remove(ctx->doc, key);
	}
	comp = cal_override_create(ctx->doc, key);
	cal_exceptions_put(&ctx->exceptions, key, comp);
	return comp;
}

/* When the device changed it ([MS-ASCAL] 2.2.2.18); not from 16.0 on. */
static void
cal_apply_exception_stamp(struct cal_doc *doc, struct pim_component *comp,
			  const struct wbxml_node *node)
{
	struct cal_time old;
	int64_t stamp;

	if (doc->req->version < EAS_VERSION_16_0 &&
	    eas_child_date_time(node, EAS_CALENDAR_DT_STAMP, &stamp) > 0 &&
	    (cal_time_read(doc, comp, "DTSTAMP", &old) < 0 ||
	     old.utc != stamp)) {
		pim_component_set_value(comp, "DTSTAMP",
					eas_ical_time(stamp));
	}
}

static int
cal_apply_exception(struct cal_apply_exceptions *ctx,
		    const struct wbxml_node *node)
{
	struct eas_class_apply *apply = ctx->apply;
	const struct cal_exception *old;
	struct pim_component *comp;
	const char *value;
	bool deleted = FALSE;
	int64_t key;

	value = wbxml_child_text(node, EAS_CALENDAR_EXCEPTION_START_TIME);
	if (value == NULL)
		value = wbxml_child_text(node, EAS_AIRSYNCBASE_INSTANCE_ID);
	if (value == NULL || cal_instance_parse(ctx->doc, value, &key) < 0 ||
	    wbxml_child_bool(node, EAS_CALENDAR_DELETED, &deleted) < 0) {
		apply->error = "An Exception is malformed";
		return -1;
	}
	old = cal_exceptions_find(&ctx->exceptions, key);
	/* a day that the pattern has which was shown, and the series hasn't */
	if (old == NULL && ctx->series != NULL &&
	    !cal_series_has(ctx->doc, ctx->series, key))
		return 0;
	if (deleted)
		return cal_apply_deleted(ctx, old, key);
	comp = cal_apply_changed(ctx, old, key);
	if (comp == NULL)
		return -1;
	cal_apply_exception_stamp(ctx->doc, comp, node);
	return cal_apply_exception_times(apply, ctx->doc, comp, key,
					 node) < 0 ||
		cal_apply_elements(apply, ctx->doc, comp, node) < 0 ? -1 : 0;
}

int cal_apply_exceptions(struct eas_class_apply *apply, struct cal_doc *doc,
			 const struct wbxml_node *exceptions)
{
	struct cal_apply_exceptions ctx = { .apply = apply, .doc = doc };
	const struct wbxml_node *node;
	unsigned int count = 0;
	int ret = 0;

	p_array_init(&ctx.exceptions, doc->pool, 16);
	cal_exceptions_get(doc, &ctx.exceptions);
	if (cal_is_list(doc))
		ctx.series = cal_series_read(doc);
	node = wbxml_node_child(exceptions, EAS_CALENDAR_EXCEPTION);
	for (; node != NULL && ret == 0; node = wbxml_node_next_same(node)) {
		if (++count > CAL_MAX_EXCEPTIONS) {
			apply->error = "There are too many exceptions";
			ret = -1;
		} else T_BEGIN {
			ret = cal_apply_exception(&ctx, node);
		} T_END_PASS_STR_IF(ret < 0, &apply->error);
	}
	return ret;
}

/* [MS-ASCMD] 2.2.3.24: from 16.0 on an occurrence is changed and deleted by its InstanceId. */
int cal_apply_instance(struct eas_class_apply *apply, struct cal_doc *doc)
{
	struct pim_component *comp;
	int64_t key;

	if (!cal_is_series(doc) ||
	    cal_instance_parse(doc, apply->instance_id, &key) < 0 ||
	    !cal_series_has(doc, cal_series_read(doc), key)) {
		apply->error = "There is no occurrence of that InstanceId";
		return -1;
	}
	if (apply->data == NULL) {
		cal_occurrence_delete(doc, key);
		return 1;
	}
	comp = cal_override_find(doc, key);
	comp = comp == NULL ? cal_override_create(doc, key) :
		cal_override_alone(doc, comp);
	return cal_apply_times(apply, doc, comp, apply->data) < 0 ||
		cal_apply_elements(apply, doc, comp, apply->data) < 0 ? -1 : 1;
}
