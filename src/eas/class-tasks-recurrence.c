/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-timezone.h"
#include "class-tasks-private.h"

#define TASKS_RRULE_DEAD "X-ROOST-RRULE"
#define TASKS_PARAM_START "X-ROOST-START"
#define TASKS_PARAM_UNTIL "X-ROOST-UNTIL"
#define TASKS_PARAM_REGENERATE "X-ROOST-REGENERATE"
#define TASKS_PARAM_DEAD_OCCUR "X-ROOST-DEAD-OCCUR"
#define TASKS_BYTE_MAX 255

#define TYPE_BIT(type) (1U << PIM_RECURRENCE_##type)
#define TASKS_TYPES_ALL \
	(TYPE_BIT(DAILY) | TYPE_BIT(WEEKLY) | TYPE_BIT(MONTHLY) | \
	 TYPE_BIT(MONTHLY_NTH) | TYPE_BIT(YEARLY) | TYPE_BIT(YEARLY_NTH))
#define TASKS_TYPES_NTH (TYPE_BIT(MONTHLY_NTH) | TYPE_BIT(YEARLY_NTH))
#define TASKS_TYPES_DAY (TYPE_BIT(MONTHLY) | TYPE_BIT(YEARLY))
#define TASKS_TYPES_MONTHS (TASKS_TYPES_NTH | TASKS_TYPES_DAY)

/* [MS-ASTASK] 2.2.2.4 ... 2.2.2.33: in a request of another Type they are Status 6, as are
   values beyond the limits */
static const struct tasks_number {
	unsigned int tag;
	unsigned int types;
	unsigned int min, max;
	size_t offset;
} tasks_numbers[] = {
#define NUMBER(tag, types, min, max, field) \
	{ EAS_TASKS_##tag, types, min, max, \
	  offsetof(struct tasks_recurrence, field) }
	NUMBER(OCCURRENCES, TASKS_TYPES_ALL, 0, TASKS_BYTE_MAX,
	       rec.occurrences),
	NUMBER(INTERVAL, TASKS_TYPES_ALL, 0, PIM_RECURRENCE_INTERVAL_MAX,
	       rec.interval),
	NUMBER(DAY_OF_WEEK, TYPE_BIT(DAILY) | TYPE_BIT(WEEKLY) |
	       TASKS_TYPES_NTH, 1, PIM_WEEKDAY_ALL, rec.day_of_week),
	NUMBER(DAY_OF_MONTH, TASKS_TYPES_DAY, 1, 31, rec.day_of_month),
	NUMBER(WEEK_OF_MONTH, TASKS_TYPES_NTH, 1, 5, rec.week_of_month),
	NUMBER(MONTH_OF_YEAR, TASKS_TYPES_ALL, 1, 12, rec.month_of_year),
	NUMBER(DEAD_OCCUR, TASKS_TYPES_ALL, 0, TASKS_BYTE_MAX, dead_occur),
	NUMBER(CALENDAR_TYPE, TASKS_TYPES_MONTHS, 0, 20, rec.calendar_type),
	NUMBER(FIRST_DAY_OF_WEEK, TASKS_TYPES_ALL, 0, 6,
	       rec.first_day_of_week),
#undef NUMBER
};

/* -- read -- */

struct pim_property *tasks_recurrence_rule(const struct eas_ical *ical)
{
	return pim_property_find(ical->item, "RRULE");
}

/* The rule's own clock: the anchor's. */
static int64_t
tasks_rule_clock(const struct tasks_date *anchor,
		 const struct pim_timezone **tz_r)
{
	*tz_r = anchor->is_utc ? pim_timezone_utc() :
		anchor->is_date ? NULL : anchor->tz;
	return anchor->is_utc ? anchor->utc : anchor->local;
}

static bool
tasks_param_time(const struct pim_property *prop, const char *name,
		 int64_t *time_r)
{
	const char *value = pim_property_param(prop, name);
	bool is_date, is_utc;

	return value != NULL &&
		pim_ical_time_parse(value, time_r, &is_date, &is_utc) == 0;
}

static bool
tasks_param_uint(const struct pim_property *prop, const char *name,
		 unsigned int *value_r)
{
	const char *value = pim_property_param(prop, name);

	return value != NULL && str_to_uint(value, value_r) == 0 &&
		*value_r <= TASKS_BYTE_MAX;
}

static void
tasks_recurrence_read_params(const struct pim_property *prop,
			     struct tasks_recurrence *rec)
{
	unsigned int value;
	int64_t until;

	(void)tasks_param_time(prop, TASKS_PARAM_START, &rec->start);
	/* what it was rounded to must be what the rule says still */
	if (rec->rec.has_until &&
	    tasks_param_time(prop, TASKS_PARAM_UNTIL, &until) &&
	    pim_days_of(until) == pim_days_of(rec->rec.until))
		rec->rec.until = until;
	rec->regenerate = tasks_param_uint(prop, TASKS_PARAM_REGENERATE,
					   &value) && value == 1;
	pim_recurrence_read_type(prop, &rec->rec);
	if (!tasks_param_uint(prop, TASKS_PARAM_DEAD_OCCUR, &rec->dead_occur))
		rec->dead_occur = 0;
}

int tasks_recurrence_read(const struct eas_ical *ical,
			  const struct tasks_dates *dates,
			  unsigned int version, struct tasks_recurrence *rec_r)
{
	const struct tasks_date *anchor = tasks_dates_anchor(dates);
	struct pim_property *prop = tasks_recurrence_rule(ical);
	const struct pim_timezone *tz = NULL;
	int64_t start;

	i_zero(rec_r);
	if (prop == NULL)
		prop = pim_property_find(ical->item, TASKS_RRULE_DEAD);
	if (prop == NULL)
		return 0;
	if (anchor != NULL) {
		rec_r->start = anchor->local;
		start = tasks_rule_clock(anchor, &tz);
	} else if (tasks_param_time(prop, TASKS_PARAM_START, &start)) {
		rec_r->start = start;
	} else {
		return 0;
	}
	if (pim_recurrence_pattern(pim_property_value(prop), start, tz,
				   &rec_r->rec) <= 0 ||
	    rec_r->rec.occurrences > TASKS_BYTE_MAX)
		return 0;
	/* below 14.0 all calendars are Gregorian */
	if (rec_r->rec.calendar_type != 0 && version < EAS_VERSION_14_0)
		return 0;
	tasks_recurrence_read_params(prop, rec_r);
	return 1;
}

void tasks_recurrence_write(const struct tasks_recurrence *rec,
			    unsigned int version, struct wbxml_writer *writer)
{
	const struct pim_recurrence *r = &rec->rec;
	unsigned int type = 1U << r->type;

	wbxml_open(writer, EAS_TASKS_RECURRENCE);
	wbxml_uint(writer, EAS_TASKS_TYPE, r->type);
	wbxml_text(writer, EAS_TASKS_START, eas_date_time(rec->start));
	if (r->occurrences > 0)
		wbxml_uint(writer, EAS_TASKS_OCCURRENCES, r->occurrences);
	else if (r->has_until)
		wbxml_text(writer, EAS_TASKS_UNTIL, eas_date_time(r->until));
	wbxml_uint(writer, EAS_TASKS_INTERVAL, r->interval);
	if (r->day_of_week != 0)
		wbxml_uint(writer, EAS_TASKS_DAY_OF_WEEK, r->day_of_week);
	if (r->day_of_month != 0)
		wbxml_uint(writer, EAS_TASKS_DAY_OF_MONTH, r->day_of_month);
	if (r->week_of_month != 0)
		wbxml_uint(writer, EAS_TASKS_WEEK_OF_MONTH, r->week_of_month);
	if (r->month_of_year != 0)
		wbxml_uint(writer, EAS_TASKS_MONTH_OF_YEAR, r->month_of_year);
	wbxml_bool(writer, EAS_TASKS_REGENERATE, rec->regenerate);
	wbxml_uint(writer, EAS_TASKS_DEAD_OCCUR, rec->dead_occur);
	if (version >= EAS_VERSION_14_0 && (type & TASKS_TYPES_MONTHS) != 0) {
		wbxml_uint(writer, EAS_TASKS_CALENDAR_TYPE, r->calendar_type);
		wbxml_bool(writer, EAS_TASKS_IS_LEAP_MONTH, r->is_leap_month);
	}
	if (version >= EAS_VERSION_14_1 &&
	    (r->has_first_day_of_week || r->type == PIM_RECURRENCE_WEEKLY)) {
		wbxml_uint(writer, EAS_TASKS_FIRST_DAY_OF_WEEK,
			   r->first_day_of_week);
	}
	wbxml_close(writer);
}

/* -- parse -- */

static int
tasks_recurrence_parse_numbers(const struct wbxml_node *node,
			       struct tasks_recurrence *rec)
{
	const struct tasks_number *number;
	unsigned int value;
	int ret;

	for (unsigned int i = 0; i < N_ELEMENTS(tasks_numbers); i++) {
		number = &tasks_numbers[i];
		ret = wbxml_child_uint(node, number->tag, &value);
		if (ret == 0)
			continue;
		if (ret < 0 || value < number->min || value > number->max ||
		    (number->types & (1U << rec->rec.type)) == 0)
			return -1;
		*(unsigned int *)PTR_OFFSET(rec, number->offset) = value;
		if (number->tag == EAS_TASKS_FIRST_DAY_OF_WEEK)
			rec->rec.has_first_day_of_week = TRUE;
	}
	return 0;
}

/* A task that regenerates is done again so many days, weeks, ... after it was done: the rest
   of the pattern says nothing, and may be left out. */
static void tasks_recurrence_complete(struct tasks_recurrence *rec)
{
	struct pim_recurrence *r = &rec->rec;
	int64_t days = pim_days_of(rec->start);
	unsigned int month, day;
	int year;

	pim_date_from_days(days, &year, &month, &day);
	if (r->type == PIM_RECURRENCE_WEEKLY && r->day_of_week == 0)
		r->day_of_week = 1U << pim_days_weekday(days);
	if ((r->type == PIM_RECURRENCE_MONTHLY ||
	     r->type == PIM_RECURRENCE_YEARLY) && r->day_of_month == 0)
		r->day_of_month = day;
	if (r->type == PIM_RECURRENCE_YEARLY && r->month_of_year == 0)
		r->month_of_year = month;
}

static int
tasks_recurrence_parse_node(const struct wbxml_node *node,
			    struct tasks_recurrence *rec)
{
	struct pim_recurrence *r = &rec->rec;
	unsigned int type;
	int ret;

	/* [MS-ASTASK] 2.2.2.29, 3.2.5.3.3 */
	if (wbxml_child_uint(node, EAS_TASKS_TYPE, &type) <= 0 ||
	    type > PIM_RECURRENCE_YEARLY_NTH ||
	    (TASKS_TYPES_ALL & (1U << type)) == 0 ||
	    eas_child_date_time(node, EAS_TASKS_START, &rec->start) <= 0)
		return -1;
	r->type = type;
	if (tasks_recurrence_parse_numbers(node, rec) < 0 ||
	    wbxml_child_bool(node, EAS_TASKS_REGENERATE,
			     &rec->regenerate) < 0 ||
	    wbxml_child_bool(node, EAS_TASKS_IS_LEAP_MONTH,
			     &r->is_leap_month) < 0)
		return -1;
	ret = eas_child_date_time(node, EAS_TASKS_UNTIL, &r->until);
	if (ret < 0)
		return -1;
	/* [MS-ASTASK] 3.2.5.3.4: Occurrences have precedence */
	r->has_until = ret > 0 && r->occurrences == 0;
	if (r->interval == 0)
		r->interval = 1;
	/* some send it with every Type */
	if (type != PIM_RECURRENCE_YEARLY && type != PIM_RECURRENCE_YEARLY_NTH)
		r->month_of_year = 0;
	if (rec->regenerate)
		tasks_recurrence_complete(rec);
	return 0;
}

int tasks_recurrence_parse(struct eas_class_apply *apply,
			   struct tasks_recurrence *rec_r)
{
	const struct wbxml_node *node;

	i_zero(rec_r);
	node = wbxml_node_child(apply->data, EAS_TASKS_RECURRENCE);
	if (node == NULL)
		return 0;
	if (tasks_recurrence_parse_node(node, rec_r) < 0) {
		apply->error = "Recurrence is malformed";
		return -1;
	}
	return 1;
}

bool tasks_recurrence_equal(const struct tasks_recurrence *old,
			    const struct tasks_recurrence *new,
			    unsigned int version)
{
	const struct pim_recurrence *o = &old->rec, *n = &new->rec;

	return old->start == new->start && o->type == n->type &&
		o->interval == n->interval &&
		o->occurrences == n->occurrences &&
		o->has_until == n->has_until &&
		(!o->has_until || o->until == n->until) &&
		o->day_of_week == n->day_of_week &&
		o->day_of_month == n->day_of_month &&
		o->week_of_month == n->week_of_month &&
		o->month_of_year == n->month_of_year &&
		old->regenerate == new->regenerate &&
		old->dead_occur == new->dead_occur &&
		(version < EAS_VERSION_14_0 ||
		 (o->calendar_type == n->calendar_type &&
		  o->is_leap_month == n->is_leap_month)) &&
		(!n->has_first_day_of_week ||
		 o->first_day_of_week == n->first_day_of_week);
}

/* -- set -- */

void tasks_recurrence_remove(const struct eas_ical *ical)
{
	(void)pim_component_remove_all(ical->item, "RRULE");
	(void)pim_component_remove_all(ical->item, TASKS_RRULE_DEAD);
}

static void
tasks_set_param_time(struct pim_property *prop, const char *name, bool set,
		     int64_t value, bool is_utc)
{
	string_t *str = t_str_new(32);

	pim_ical_time_append(str, value, FALSE, is_utc);
	pim_property_set_param(prop, name, set ? str_c(str) : NULL);
}

void tasks_recurrence_set_start(struct pim_property *rule, int64_t start)
{
	tasks_set_param_time(rule, TASKS_PARAM_START, TRUE, start, FALSE);
}

static void
tasks_set_param_uint(struct pim_property *prop, const char *name,
		     unsigned int value)
{
	pim_property_set_param(prop, name, value == 0 ? NULL :
			       dec2str(value));
}

static struct pim_property *
tasks_recurrence_property(const struct eas_ical *ical, const char *name,
			  const char *value)
{
	struct pim_property *prop = pim_property_find(ical->item, name);
	const char *other = strcmp(name, TASKS_RRULE_DEAD) == 0 ?
		"RRULE" : TASKS_RRULE_DEAD;

	(void)pim_component_remove_all(ical->item, other);
	if (prop == NULL)
		prop = pim_property_add(ical->item, name, value);
	pim_property_set_value(prop, value);
	return prop;
}

int tasks_recurrence_set(const struct eas_ical *ical,
			 const struct tasks_dates *dates,
			 const struct tasks_recurrence *rec)
{
	const struct tasks_date *anchor = tasks_dates_anchor(dates);
	const struct pim_timezone *tz = NULL;
	struct pim_recurrence back;
	struct pim_property *prop;
	string_t *rule = t_str_new(64);
	bool is_date = anchor == NULL || anchor->is_date, exact;
	int64_t start = rec->start;

	if (anchor != NULL)
		start = tasks_rule_clock(anchor, &tz);
	if (pim_recurrence_to_rrule(&rec->rec, tz, is_date, rule) < 0)
		return -1;
	prop = tasks_recurrence_property(ical, rec->dead_occur != 0 ?
					 TASKS_RRULE_DEAD : "RRULE",
					 str_c(rule));
	if (pim_recurrence_pattern(str_c(rule), start, tz, &back) <= 0)
		i_zero(&back);
	exact = !rec->rec.has_until || rec->rec.until == back.until;
	tasks_set_param_time(prop, TASKS_PARAM_UNTIL, !exact, rec->rec.until,
			     TRUE);
	tasks_set_param_time(prop, TASKS_PARAM_START, anchor == NULL ||
			     anchor->local != rec->start, rec->start, FALSE);
	tasks_set_param_uint(prop, TASKS_PARAM_REGENERATE,
			     rec->regenerate ? 1 : 0);
	pim_recurrence_write_type(prop, &rec->rec);
	tasks_set_param_uint(prop, TASKS_PARAM_DEAD_OCCUR, rec->dead_occur);
	return 0;
}
