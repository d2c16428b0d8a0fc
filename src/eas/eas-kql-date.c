/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "iso8601-date.h"
#include "pim-date.h"
#include "pim-timezone.h"
#include "eas-kql.h"

#include <ctype.h>

/* Dates in queries: by the user's clock, since nothing says where the device
   is. */

#define KQL_YEAR_MIN 1900
#define KQL_YEAR_MAX 9999

enum kql_unit {
	KQL_DAY,
	KQL_WEEK,
	KQL_MONTH,
	KQL_YEAR,
};

/* [MS-KQL] 2.1.3: names for intervals */
static const struct {
	const char *name;
	enum kql_unit unit;
	int offset;
} kql_intervals[] = {
	{ "today", KQL_DAY, 0 },
	{ "yesterday", KQL_DAY, -1 },
	{ "tomorrow", KQL_DAY, 1 },
	{ "this week", KQL_WEEK, 0 },
	{ "last week", KQL_WEEK, -1 },
	{ "this month", KQL_MONTH, 0 },
	{ "last month", KQL_MONTH, -1 },
	{ "this year", KQL_YEAR, 0 },
	{ "last year", KQL_YEAR, -1 },
};

/* The start of the unit that is offset units from the one of the day. */
static time_t kql_unit_start(const struct pim_timezone *home, int64_t day,
			     enum kql_unit unit, int offset)
{
	unsigned int month, month_day;
	int year, months;

	pim_date_from_days(day, &year, &month, &month_day);
	switch (unit) {
	case KQL_DAY:
		day += offset;
		break;
	case KQL_WEEK:
		day += 7 * offset - (int)((pim_days_weekday(day) + 6) % 7);
		break;
	case KQL_MONTH:
		months = year * 12 + (int)month - 1 + offset;
		day = pim_date_to_days(months / 12, months % 12 + 1, 1);
		break;
	case KQL_YEAR:
		day = pim_date_to_days(year + offset, 1, 1);
		break;
	}
	return pim_timezone_from_local(home, day * PIM_DAY);
}

static void
kql_interval(const struct pim_timezone *home, int64_t day, enum kql_unit unit,
	     int offset, time_t *start_r, time_t *end_r)
{
	*start_r = kql_unit_start(home, day, unit, offset);
	*end_r = kql_unit_start(home, day, unit, offset + 1);
}

/* A number of min to max digits. */
static int kql_number(const char **p, unsigned int min, unsigned int max,
		      int *value_r)
{
	unsigned int count;

	*value_r = 0;
	for (count = 0; count < max && i_isdigit(**p); count++, (*p)++)
		*value_r = *value_r * 10 + (**p - '0');
	return count < min ? -1 : 0;
}

static bool kql_date_is_valid(int year, int month, int day)
{
	static const int days[] = {
		31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	return year >= KQL_YEAR_MIN && year <= KQL_YEAR_MAX &&
		month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

/* 2026, 2026-11, 2026-11-28 */
static int kql_date_iso(const char *p, int64_t *day_r, enum kql_unit *unit_r)
{
	int year, month = 1, day = 1;

	*unit_r = KQL_YEAR;
	if (kql_number(&p, 4, 4, &year) < 0)
		return -1;
	if (*p == '-') {
		p++;
		*unit_r = KQL_MONTH;
		if (kql_number(&p, 1, 2, &month) < 0)
			return -1;
		if (*p == '-') {
			p++;
			*unit_r = KQL_DAY;
			if (kql_number(&p, 1, 2, &day) < 0)
				return -1;
		}
	}
	if (*p != '\0' || !kql_date_is_valid(year, month, day))
		return -1;
	*day_r = pim_date_to_days(year, month, day);
	return 0;
}

/* 11/28/2026 */
static int kql_date_us(const char *p, int64_t *day_r)
{
	int year, month, day;

	if (kql_number(&p, 1, 2, &month) < 0 || *p++ != '/' ||
	    kql_number(&p, 1, 2, &day) < 0 || *p++ != '/' ||
	    kql_number(&p, 4, 4, &year) < 0 || *p != '\0' ||
	    !kql_date_is_valid(year, month, day))
		return -1;
	*day_r = pim_date_to_days(year, month, day);
	return 0;
}

int eas_kql_date_parse(const char *value, time_t now,
		       const struct pim_timezone *home, time_t *start_r,
		       time_t *end_r)
{
	int64_t day = pim_days_of(pim_timezone_to_local(home, now));
	enum kql_unit unit = KQL_DAY;
	unsigned int i;
	int tz;

	for (i = 0; i < N_ELEMENTS(kql_intervals); i++) {
		if (strcasecmp(kql_intervals[i].name, value) == 0) {
			kql_interval(home, day, kql_intervals[i].unit,
				     kql_intervals[i].offset, start_r, end_r);
			return 0;
		}
	}
	if (iso8601_date_parse((const unsigned char *)value, strlen(value),
			       start_r, &tz)) {
		*end_r = *start_r + 1;
		return 0;
	}
	if (kql_date_iso(value, &day, &unit) < 0) {
		unit = KQL_DAY;
		if (kql_date_us(value, &day) < 0)
			return -1;
	}
	kql_interval(home, day, unit, 0, start_r, end_r);
	return 0;
}
