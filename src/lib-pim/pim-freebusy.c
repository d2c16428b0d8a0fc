/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-freebusy.h"

/* An event with more occurrences than this in the window (one each second) is
   there until the window ends. */
#define PIM_FREEBUSY_MAX_OCCURRENCES 10000

static const char *const pim_busy_names[] = {
	[PIM_BUSY_FREE] = "FREE",
	[PIM_BUSY_TENTATIVE] = "TENTATIVE",
	[PIM_BUSY_BUSY] = "BUSY",
	[PIM_BUSY_OUT_OF_OFFICE] = "OOF",
	[PIM_BUSY_ELSEWHERE] = "WORKINGELSEWHERE",
};

static bool pim_event_has(const struct pim_component *event, const char *name,
			  const char *value)
{
	const char *found = pim_component_value(event, name);

	return found != NULL && strcasecmp(found, value) == 0;
}

enum pim_busy_status pim_busy_status_get(const struct pim_component *event)
{
	for (unsigned int i = 0; i < N_ELEMENTS(pim_busy_names); i++) {
		if (pim_event_has(event, "X-MICROSOFT-CDO-BUSYSTATUS",
				  pim_busy_names[i]))
			return i;
	}
	if (pim_event_has(event, "TRANSP", "TRANSPARENT"))
		return PIM_BUSY_FREE;
	return pim_event_has(event, "STATUS", "TENTATIVE") ?
		PIM_BUSY_TENTATIVE : PIM_BUSY_BUSY;
}

void pim_freebusy_init(struct pim_freebusy *fb, pool_t pool, int64_t start,
		       int64_t end)
{
	i_assert(end > start);

	i_zero(fb);
	fb->start = start;
	fb->end = end;
	fb->count = (end - start + PIM_FREEBUSY_STEP - 1) / PIM_FREEBUSY_STEP;
	fb->digits = p_malloc(pool, fb->count + 1);
	memset(fb->digits, '0' + PIM_BUSY_FREE, fb->count);
}

static void
pim_freebusy_set(struct pim_freebusy *fb, int64_t start, int64_t end,
		 enum pim_busy_status status)
{
	unsigned int first, last;

	start = I_MAX(start, fb->start);
	end = I_MIN(end, fb->end);
	if (start >= end)
		return;
	first = (start - fb->start) / PIM_FREEBUSY_STEP;
	last = (end - fb->start - 1) / PIM_FREEBUSY_STEP;
	for (unsigned int i = first; i <= last; i++) {
		if (fb->digits[i] < '0' + (char)status)
			fb->digits[i] = '0' + (char)status;
	}
}

/* The user's own answer; what is no meeting is accepted. */
static enum pim_busy_status
pim_freebusy_answered(const struct pim_freebusy_user *user,
		      const struct pim_component *event,
		      enum pim_busy_status status)
{
	const struct pim_property *prop = pim_property_find(event, "ATTENDEE");
	const char *address, *partstat;

	for (; prop != NULL; prop = pim_property_next(prop, "ATTENDEE")) {
		address = pim_property_value(prop);
		if (strncasecmp(address, "mailto:", 7) != 0 ||
		    !user->is_own(address + 7, user->context))
			continue;
		partstat = pim_property_param(prop, "PARTSTAT");
		if (partstat == NULL)
			partstat = "NEEDS-ACTION";
		if (strcasecmp(partstat, "DECLINED") == 0)
			return PIM_BUSY_FREE;
		if (strcasecmp(partstat, "NEEDS-ACTION") == 0 ||
		    strcasecmp(partstat, "TENTATIVE") == 0)
			return I_MIN(status, PIM_BUSY_TENTATIVE);
		break;
	}
	return status;
}

static enum pim_busy_status
pim_freebusy_status(const struct pim_freebusy_user *user,
		    const struct pim_component *event)
{
	enum pim_busy_status status = pim_busy_status_get(event);

	if (status == PIM_BUSY_ELSEWHERE || status == PIM_BUSY_FREE)
		return PIM_BUSY_FREE;
	return pim_freebusy_answered(user, event, status);
}

static void
pim_freebusy_add_series(struct pim_freebusy *fb,
			const struct pim_freebusy_user *user,
			const struct pim_series *series)
{
	ARRAY_TYPE(pim_occurrence) found;
	const struct pim_occurrence *occ, *last = NULL;
	enum pim_busy_status status = PIM_BUSY_FREE;
	const struct pim_component *known = NULL;
	bool whole;

	t_array_init(&found, 32);
	whole = pim_series_get(series, fb->start, fb->end,
			       PIM_FREEBUSY_MAX_OCCURRENCES, &found);
	array_foreach(&found, occ) {
		if (occ->cancelled)
			continue;
		/* mostly it is the series that describes them */
		if (occ->comp != known)
			status = pim_freebusy_status(user, occ->comp);
		known = occ->comp;
		pim_freebusy_set(fb, occ->start, occ->end, status);
		last = occ;
	}
	if (!whole) {
		fb->skipped++;
		if (last != NULL)
			pim_freebusy_set(fb, last->start, fb->end, status);
	}
}

static bool
pim_freebusy_add_doc(struct pim_freebusy *fb,
		     const struct pim_freebusy_user *user,
		     struct pim_lines *doc)
{
	struct pim_component *calendar, *event = NULL;
	const struct pim_series *series;
	pool_t pool;

	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	if (calendar != NULL)
		event = pim_component_find(calendar, "VEVENT");
	if (event == NULL)
		return FALSE;
	pool = pool_alloconly_create("pim freebusy series", 4096);
	series = pim_series_read(pool, event, user->home);
	if (series != NULL) T_BEGIN {
		pim_freebusy_add_series(fb, user, series);
	} T_END;
	pool_unref(&pool);
	return series != NULL;
}

void pim_freebusy_add(struct pim_freebusy *fb,
		      const struct pim_freebusy_user *user,
		      const void *data, size_t size)
{
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(data, size, NULL, &doc, &error) < 0) {
		fb->skipped++;
		return;
	}
	if (!pim_freebusy_add_doc(fb, user, doc))
		fb->skipped++;
	pim_lines_free(&doc);
}
