/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-alarm.h"
#include "pim-date.h"
#include "class-calendar-private.h"

/* StartTime, EndTime, AllDayEvent and Timezone. What a device sends are moments (of an all-day event
   days): they are written by the clock that DTSTART has, and in its form, as long as the device
   doesn't name another clock. Its Timezone is a rule without name: the event's own zone
   is taken before all others that have this rule. */

#define CAL_ALL_DAY "X-MICROSOFT-CDO-ALLDAYEVENT"
#define CAL_HALF_HOUR (30 * 60)

struct cal_apply_times {
	struct eas_class_apply *apply;
	struct cal_doc *doc;
	struct pim_component *comp;
	const struct wbxml_node *data;
	/* what there is; has_old: it has a valid DTSTART */
	struct cal_time old_start, old_end;
	bool has_old, old_all_day;
	/* what it becomes: UTC, or of an all-day event midnights by no clock */
	int64_t start, end;
	bool has_start, has_end, all_day;
	/* the device named a clock */
	const struct pim_timezone *tz;
};

static void cal_times_read_old(struct cal_apply_times *ctx)
{
	ctx->has_old = cal_time_read(ctx->doc, ctx->comp, "DTSTART",
				     &ctx->old_start) == 0 &&
		cal_end_read(ctx->doc, ctx->comp, &ctx->old_end) == 0;
	ctx->old_all_day = ctx->has_old &&
		cal_is_all_day(ctx->doc, ctx->comp);
	ctx->all_day = ctx->old_all_day;
}

static void cal_times_read_zone(struct cal_apply_times *ctx)
{
	struct pim_timezone_hints hints;
	const char *value;

	value = wbxml_child_text(ctx->data, EAS_CALENDAR_TIMEZONE);
	/* an occurrence has the clock of its series */
	if (value == NULL || ctx->comp != ctx->doc->master ||
	    (ctx->all_day && ctx->doc->req->version >= EAS_VERSION_16_0))
		return;
	i_zero(&hints);
	hints.time = ctx->has_start ? ctx->start : ctx->has_old ?
		ctx->old_start.utc : ctx->apply->now;
	hints.previous = ctx->has_old ? ctx->doc->zone : NULL;
	hints.home = ctx->doc->home;
	ctx->tz = pim_timezone_from_structure(ctx->doc->pool, value, &hints);
}

/* [MS-ASCAL] 3.2.4.4, for an Add */
static int cal_times_default(struct cal_apply_times *ctx)
{
	int64_t now = ctx->apply->now;
	int64_t rounded = (now + CAL_HALF_HOUR - 1) / CAL_HALF_HOUR *
		CAL_HALF_HOUR;

	if (!ctx->has_start && !ctx->has_end) {
		ctx->start = rounded;
		ctx->end = rounded + CAL_HALF_HOUR;
	} else if (!ctx->has_start) {
		if (rounded > ctx->end)
			return -1;
		ctx->start = rounded;
	} else if (!ctx->has_end) {
		if (ctx->start > rounded + CAL_HALF_HOUR)
			return -1;
		ctx->end = rounded + CAL_HALF_HOUR;
	}
	ctx->has_start = ctx->has_end = TRUE;
	return 0;
}

/* A time beyond year 9999 was shown as the last one that can be shown. */
static void
cal_times_unclamp(const struct cal_apply_times *ctx, const struct cal_time *old,
		  int64_t *t)
{
	int64_t shown = cal_time_shown(ctx->doc, old, ctx->old_all_day);

	if (*t == pim_time_clamp(shown))
		*t = shown;
}

/* What the device said, in UTC. */
static int cal_times_parse(struct cal_apply_times *ctx)
{
	int ret_start, ret_end;

	if (wbxml_child_bool(ctx->data, EAS_CALENDAR_ALL_DAY_EVENT,
			     &ctx->all_day) < 0)
		return -1;
	ret_start = eas_child_date_time(ctx->data, EAS_CALENDAR_START_TIME,
					&ctx->start);
	ret_end = eas_child_date_time(ctx->data, EAS_CALENDAR_END_TIME,
				      &ctx->end);
	if (ret_start < 0 || ret_end < 0)
		return -1;
	ctx->has_start = ret_start > 0;
	ctx->has_end = ret_end > 0;
	cal_times_read_zone(ctx);
	if (!ctx->has_old)
		return cal_times_default(ctx);
	if (ctx->has_start)
		cal_times_unclamp(ctx, &ctx->old_start, &ctx->start);
	if (ctx->has_end)
		cal_times_unclamp(ctx, &ctx->old_end, &ctx->end);
	/* 3.2.5.3; of an occurrence that was changed both are optional */
	if (ctx->has_end && !ctx->has_start) {
		if (ctx->comp == ctx->doc->master)
			return -1;
		ctx->start = ctx->old_start.utc;
		ctx->has_start = TRUE;
	}
	return 0;
}

/* The day that a device means. Zones may be 24 hours apart, so that a midnight of the one is
   one of the other: what was shown as midnights of the event's clock comes back as such. */
static int64_t cal_times_day(const struct cal_apply_times *ctx, int64_t t)
{
	bool shown = ctx->old_all_day &&
		pim_timezone_to_local(ctx->doc->zone, t) % PIM_DAY == 0;

	return cal_day_from_device(ctx->doc, t, shown ? NULL : ctx->tz);
}

/* What was not said stays: the start, and how long it lasts. */
static void cal_times_complete(struct cal_apply_times *ctx)
{
	const struct pim_timezone *tz = ctx->tz != NULL ? ctx->tz :
		ctx->doc->zone;

	if (ctx->all_day) {
		ctx->start = ctx->has_start ?
			cal_times_day(ctx, ctx->start) :
			pim_days_of(ctx->old_start.local) * PIM_DAY;
		ctx->end = ctx->has_end ? cal_times_day(ctx, ctx->end) :
			ctx->start + (pim_days_of(ctx->old_end.local) -
				      pim_days_of(ctx->old_start.local)) *
			PIM_DAY;
		/* the same day for both is that day */
		if (ctx->end == ctx->start)
			ctx->end += PIM_DAY;
		return;
	}
	if (!ctx->has_start) {
		ctx->start = ctx->old_all_day ?
			pim_timezone_from_local(tz, ctx->old_start.local) :
			ctx->old_start.utc;
	}
	if (!ctx->has_end) {
		ctx->end = ctx->start +
			(ctx->old_end.utc - ctx->old_start.utc);
	}
}

/* Of a series that no pattern has the device was shown a start within its window: what it
   says is the time of day. */
static void cal_times_keep_day(struct cal_apply_times *ctx)
{
	const struct pim_timezone *tz = ctx->tz != NULL ? ctx->tz :
		ctx->doc->zone;
	int64_t day = pim_days_of(ctx->old_start.local) * PIM_DAY;
	int64_t length = ctx->end - ctx->start, local;

	if (ctx->all_day)
		ctx->start = day;
	else {
		local = pim_timezone_to_local(tz, ctx->start);
		ctx->start = pim_timezone_from_local(tz, day + local -
					pim_days_of(local) * PIM_DAY);
	}
	ctx->end = ctx->start + length;
}

/* The form that DTSTART gets. Returns FALSE if it is the one that it has. */
static bool
cal_times_form(struct cal_apply_times *ctx, struct cal_time *start_r)
{
	struct cal_doc *doc = ctx->doc;
	bool new_zone;

	new_zone = ctx->tz != NULL && ctx->tz != doc->zone && !ctx->all_day;
	if (ctx->has_old && ctx->all_day == ctx->old_all_day && !new_zone) {
		/* Outlook's all-day events have times */
		cal_time_make(&ctx->old_start,
			ctx->all_day && !ctx->old_start.is_date ?
			pim_timezone_from_local(doc->zone, ctx->start) :
			ctx->start, start_r);
		return FALSE;
	}
	if (ctx->all_day && ctx->comp == doc->master &&
	    doc->req->version < EAS_VERSION_16_0 && ctx->tz != NULL)
		cal_doc_set_date_zone(doc, ctx->tz);
	cal_time_form(doc, ctx->tz != NULL ? ctx->tz : doc->zone,
		      ctx->all_day, ctx->start, start_r);
	return TRUE;
}

static void
cal_times_set_end(struct cal_apply_times *ctx, const struct cal_time *start,
		  bool new_form)
{
	struct pim_component *comp = ctx->comp;
	bool stays = !new_form && start->local == ctx->old_start.local;
	struct cal_time end, is;
	string_t *duration;

	cal_time_make(start, ctx->all_day && !start->is_date ?
		      pim_timezone_from_local(ctx->doc->zone, ctx->end) :
		      ctx->end, &end);
	/* a DTEND before the start is read as if it were not there */
	if (!new_form &&
	    (stays || pim_property_find(comp, "DTEND") == NULL ?
	     cal_end_read(ctx->doc, comp, &is) :
	     cal_time_read(ctx->doc, comp, "DTEND", &is)) == 0 &&
	    is.is_date == end.is_date &&
	    (is.is_date ? is.local == end.local : is.utc == end.utc))
		return;
	if (pim_property_find(comp, "DTEND") == NULL && !end.is_date &&
	    pim_property_find(comp, "DURATION") != NULL) {
		duration = t_str_new(32);
		pim_duration_append(duration, end.utc - start->utc);
		pim_component_set_value(comp, "DURATION", str_c(duration));
		return;
	}
	if (!new_form && cal_time_read(ctx->doc, comp, "DTEND", &is) == 0 &&
	    is.is_date == end.is_date)
		cal_time_make(&is, end.is_date ? end.local : end.utc, &end);
	pim_component_set_value(comp, "DURATION", NULL);
	cal_time_set(comp, "DTEND", &end);
}

static void cal_times_set_mark(struct cal_apply_times *ctx)
{
	const char *value = ctx->all_day ? "TRUE" : "FALSE";

	if (pim_component_value(ctx->comp, CAL_ALL_DAY) != NULL &&
	    ctx->all_day != ctx->old_all_day)
		pim_component_set_value(ctx->comp, CAL_ALL_DAY, value);
}

/* Is it another time, or by another clock? */
static bool
cal_times_changed(struct cal_apply_times *ctx, const struct cal_time *start)
{
	struct cal_time end;

	return !ctx->has_old || !cal_time_same_form(start, &ctx->old_start) ||
		start->local != ctx->old_start.local ||
		cal_end_read(ctx->doc, ctx->comp, &end) < 0 ||
		end.local - start->local !=
		ctx->old_end.local - ctx->old_start.local;
}

/* For the device it stays as long before the start, unless it says something else: an alarm at a
   fixed time doesn't by itself. */
static void
cal_times_keep_reminder(struct cal_apply_times *ctx,
			struct pim_component *alarm, int64_t minutes)
{
	int64_t now;

	if (cal_reminder_find(ctx->doc, ctx->comp, &now) != alarm ||
	    now != minutes)
		cal_reminder_set(alarm, minutes);
}

int cal_apply_times(struct eas_class_apply *apply, struct cal_doc *doc,
		    struct pim_component *comp, const struct wbxml_node *data)
{
	struct pim_component *alarm;
	struct cal_apply_times ctx;
	struct cal_time start;
	int64_t minutes;
	bool new_form;

	alarm = cal_reminder_find(doc, comp, &minutes);
	i_zero(&ctx);
	ctx.apply = apply;
	ctx.doc = doc;
	ctx.comp = comp;
	ctx.data = data;
	cal_times_read_old(&ctx);
	if (cal_times_parse(&ctx) < 0) {
		apply->error = "StartTime, EndTime or AllDayEvent is wrong";
		return -1;
	}
	cal_times_complete(&ctx);
	if (comp == doc->master && doc->was_list && ctx.has_start)
		cal_times_keep_day(&ctx);
	if (ctx.end < ctx.start) {
		apply->error = "EndTime is before StartTime";
		return -1;
	}
	new_form = cal_times_form(&ctx, &start);
	cal_time_set(comp, "DTSTART", &start);
	if (comp == doc->master)
		cal_doc_read_start(doc);
	cal_times_set_end(&ctx, &start, new_form);
	cal_times_set_mark(&ctx);
	if (alarm != NULL)
		cal_times_keep_reminder(&ctx, alarm, minutes);
	return cal_times_changed(&ctx, &start) ? 1 : 0;
}
