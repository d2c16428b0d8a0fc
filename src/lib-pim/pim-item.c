/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-date.h"
#include "pim-item.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-text.h"

#include <ctype.h>

/* shown in lists only */
#define PIM_ITEM_MAX_NAME 255
/* as far as clocks are from UTC */
#define ITEM_CLOCK_MAX (14*60*60)

static const struct {
	const char *component;
	enum pim_item_type type;
} pim_item_types[] = {
	{ "VEVENT", PIM_ITEM_EVENT },
	{ "VTODO", PIM_ITEM_TASK },
	{ "VJOURNAL", PIM_ITEM_NOTE },
};

/* The day of "20261128" or "20261128T093000". Returns FALSE if it is none. */
static bool item_parse_day(const char *value, int64_t *day_r)
{
	unsigned int i, num = 0;
	unsigned int month, day;

	for (i = 0; i < 8; i++) {
		if (!i_isdigit(value[i]))
			return FALSE;
		num = num * 10 + (value[i] - '0');
	}
	month = num / 100 % 100;
	day = num % 100;
	if (month < 1 || month > 12 || day < 1 || day > 31)
		return FALSE;
	*day_r = pim_date_to_days(num / 10000, month, day);
	return TRUE;
}

static uint32_t item_day(int64_t day)
{
	return day < 0 ? 0 : day >= PIM_ITEM_DAY_EVER ?
		PIM_ITEM_DAY_EVER - 1 : (uint32_t)day;
}

static void
item_event_days(struct pim_component *event, struct pim_item_props *props)
{
	pool_t pool = pool_alloconly_create("pim item series", 4096);
	const struct pim_series *series;
	int64_t first, last, slack;

	series = pim_series_read(pool, event, NULL);
	if (series != NULL) {
		slack = pim_series_is_floating(series) ? ITEM_CLOCK_MAX : 0;
		if (pim_series_get_range(series, &first, &last))
			props->last_day = item_day(pim_days_of(last + slack));
		props->first_day = item_day(pim_days_of(first - slack));
	}
	pool_unref(&pool);
}

static void
item_task_days(const struct pim_component *task, struct pim_item_props *props)
{
	const char *status = pim_component_value(task, "STATUS");
	const char *completed = pim_component_value(task, "COMPLETED");
	const char *due = pim_component_value(task, "DUE");
	int64_t day = 0;

	if (completed == NULL &&
	    (status == NULL || strcasecmp(status, "COMPLETED") != 0))
		return;
	if ((completed == NULL || !item_parse_day(completed, &day)) &&
	    (due == NULL || !item_parse_day(due, &day)))
		day = 0;
	props->last_day = item_day(day);
}

static const char *item_name(const char *text)
{
	if (text == NULL)
		return "";
	text = pim_text_clean_line(text);
	return t_strndup(text, pim_text_cut(text, strlen(text),
					    PIM_ITEM_MAX_NAME));
}

static const char *item_text(const char *text)
{
	return text == NULL ? "" : t_strdup(text);
}

static void
item_read_component(struct pim_component *comp, struct pim_item_props *props_r)
{
	props_r->uid = item_text(pim_component_text(comp, "UID"));
	props_r->name = item_name(pim_component_text(comp, "SUMMARY"));
	if (props_r->type == PIM_ITEM_TASK)
		item_task_days(comp, props_r);
	else if (props_r->type == PIM_ITEM_EVENT)
		item_event_days(comp, props_r);
}

static int
item_read(struct pim_lines *doc, struct pim_item_props *props_r)
{
	struct pim_component *comp, *calendar;
	unsigned int i;

	comp = pim_component_find(pim_lines_root(doc), "VCARD");
	if (comp != NULL) {
		props_r->type = PIM_ITEM_CONTACT;
		props_r->uid = item_text(pim_component_text(comp, "UID"));
		props_r->name = item_name(pim_component_text(comp, "FN"));
		return 0;
	}
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	for (i = 0; calendar != NULL && i < N_ELEMENTS(pim_item_types); i++) {
		comp = pim_component_find(calendar,
					  pim_item_types[i].component);
		if (comp != NULL) {
			props_r->type = pim_item_types[i].type;
			item_read_component(comp, props_r);
			return 0;
		}
	}
	return -1;
}

int pim_item_props_read(const void *data, size_t size,
			struct pim_item_props *props_r, const char **error_r)
{
	struct pim_lines *doc;
	int ret;

	i_zero(props_r);
	props_r->uid = props_r->name = "";
	props_r->last_day = PIM_ITEM_DAY_EVER;
	if (pim_lines_parse(data, size, NULL, &doc, error_r) < 0)
		return -1;
	ret = item_read(doc, props_r);
	if (ret < 0)
		*error_r = "There is no event, task, note or contact in it";
	pim_lines_free(&doc);
	return ret;
}
