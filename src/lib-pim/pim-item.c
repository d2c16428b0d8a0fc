/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-item.h"
#include "pim-lines.h"
#include "pim-text.h"

#include <ctype.h>

/* shown in lists only */
#define PIM_ITEM_MAX_NAME 255
#define SECS_PER_DAY (24*60*60)
/* no COUNT is believed beyond this */
#define PIM_ITEM_MAX_COUNT 100000

static const struct {
	const char *component;
	enum pim_item_type type;
} pim_item_types[] = {
	{ "VEVENT", PIM_ITEM_EVENT },
	{ "VTODO", PIM_ITEM_TASK },
	{ "VJOURNAL", PIM_ITEM_NOTE },
};

/* Days from 1970-01-01 to a date of the proleptic Gregorian calendar. */
static int64_t days_from_date(int year, unsigned int month, unsigned int day)
{
	int64_t y = (int64_t)year - (month <= 2 ? 1 : 0);
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	unsigned int yoe = y - era * 400;
	unsigned int doy = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 +
		day - 1;
	unsigned int doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;

	return era * 146097 + (int64_t)doe - 719468;
}

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
	*day_r = days_from_date(num / 10000, month, day);
	return TRUE;
}

static uint32_t item_day(int64_t day)
{
	return day < 0 ? 0 : day >= PIM_ITEM_DAY_EVER ?
		PIM_ITEM_DAY_EVER - 1 : (uint32_t)day;
}

/* "P1DT2H" in days, rounded up. */
static int64_t item_duration_days(const char *value)
{
	uint64_t secs = 0, num = 0;

	for (; *value != '\0'; value++) {
		if (i_isdigit(*value)) {
			num = I_MIN(num * 10 + (*value - '0'), 10000000);
			continue;
		}
		switch (*value) {
		case 'W':
			secs += num * 7 * SECS_PER_DAY;
			break;
		case 'D':
			secs += num * SECS_PER_DAY;
			break;
		case 'H':
			secs += num * 3600;
			break;
		case 'M':
			secs += num * 60;
			break;
		}
		num = 0;
	}
	return (secs + SECS_PER_DAY - 1) / SECS_PER_DAY;
}

static const char *item_rule_part(const char *rule, const char *name)
{
	const char *const *part = t_strsplit(rule, ";");
	size_t len = strlen(name);

	for (; *part != NULL; part++) {
		if (strncasecmp(*part, name, len) == 0 && (*part)[len] == '=')
			return *part + len + 1;
	}
	return NULL;
}

/* The longest time between two occurrences, in days: 29 February and the 31st skip
   years and months. */
static int64_t item_rule_period(const char *rule)
{
	const char *freq = item_rule_part(rule, "FREQ");
	const char *interval_str = item_rule_part(rule, "INTERVAL");
	unsigned int interval = 1, days;

	if (interval_str != NULL &&
	    (str_to_uint(interval_str, &interval) < 0 || interval == 0))
		interval = 1;
	if (freq == NULL)
		days = 366;
	else if (strcasecmp(freq, "YEARLY") == 0)
		days = 8 * 366;
	else if (strcasecmp(freq, "MONTHLY") == 0)
		days = 12 * 62;
	else if (strcasecmp(freq, "WEEKLY") == 0)
		days = 7;
	else
		days = item_rule_part(rule, "BYMONTH") != NULL ||
			item_rule_part(rule, "BYMONTHDAY") != NULL ? 366 : 1;
	return (int64_t)days * I_MIN(interval, 10000);
}

/* The last day on which an occurrence may begin; FALSE: there is no last one. */
static bool
item_rule_last_day(const char *rule, int64_t start, int64_t *last_r)
{
	const char *value;
	unsigned int count;

	value = item_rule_part(rule, "UNTIL");
	if (value != NULL)
		return item_parse_day(value, last_r);
	value = item_rule_part(rule, "COUNT");
	if (value == NULL || str_to_uint(value, &count) < 0 ||
	    count > PIM_ITEM_MAX_COUNT)
		return FALSE;
	*last_r = start + item_rule_period(rule) * count;
	return TRUE;
}

/* Of one component: it may be the series or a changed occurrence of it. */
static void
item_event_days(const struct pim_component *event, bool first,
		struct pim_item_props *props)
{
	const struct pim_property *prop;
	const char *value, *const *parts;
	int64_t start, end, last, day;
	bool ever = FALSE;

	value = pim_component_value(event, "DTSTART");
	if (value == NULL || !item_parse_day(value, &start)) {
		props->first_day = 0;
		props->last_day = PIM_ITEM_DAY_EVER;
		return;
	}
	value = pim_component_value(event, "DTEND");
	if (value == NULL || !item_parse_day(value, &end) || end < start) {
		value = pim_component_value(event, "DURATION");
		end = start + (value == NULL ? 0 : item_duration_days(value));
	}
	last = start;
	for (prop = pim_property_find(event, "RRULE"); prop != NULL;
	     prop = pim_property_next(prop, "RRULE")) {
		if (!item_rule_last_day(pim_property_value(prop), start, &day))
			ever = TRUE;
		else
			last = I_MAX(last, day);
	}
	for (prop = pim_property_find(event, "RDATE"); prop != NULL;
	     prop = pim_property_next(prop, "RDATE")) {
		parts = t_strsplit(pim_property_value(prop), ",");
		for (; *parts != NULL; parts++) {
			if (item_parse_day(*parts, &day))
				last = I_MAX(last, day);
		}
	}
	/* the zones were not looked at: a day is added on both sides */
	last += end - start + 1;
	start--;
	if (first || item_day(start) < props->first_day)
		props->first_day = item_day(start);
	if (ever)
		props->last_day = PIM_ITEM_DAY_EVER;
	else if (first || item_day(last) > props->last_day)
		props->last_day = item_day(last);
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
	struct pim_component *other;
	const char *uid = pim_component_text(comp, "UID");

	props_r->uid = item_text(uid);
	props_r->name = item_name(pim_component_text(comp, "SUMMARY"));
	if (props_r->type == PIM_ITEM_TASK)
		item_task_days(comp, props_r);
	if (props_r->type != PIM_ITEM_EVENT)
		return;
	item_event_days(comp, TRUE, props_r);
	for (other = pim_component_next(comp, "VEVENT"); other != NULL;
	     other = pim_component_next(other, "VEVENT")) {
		if (null_strcmp(pim_component_text(other, "UID"), uid) == 0)
			item_event_days(other, FALSE, props_r);
	}
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
