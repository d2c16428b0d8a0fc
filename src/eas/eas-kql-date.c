/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "iso8601-date.h"
#include "eas-kql.h"

#include <ctype.h>
#include <time.h>

/* Dates in queries: local time of the server, since nothing says where the
   device is. */

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

/* The start of the unit that is offset units from the one of tm. */
static time_t kql_unit_start(const struct tm *tm, enum kql_unit unit,
			     int offset)
{
	struct tm start = *tm;

	start.tm_sec = start.tm_min = start.tm_hour = 0;
	start.tm_isdst = -1;
	switch (unit) {
	case KQL_DAY:
		start.tm_mday += offset;
		break;
	case KQL_WEEK:
		start.tm_mday += 7 * offset - (tm->tm_wday + 6) % 7;
		break;
	case KQL_MONTH:
		start.tm_mday = 1;
		start.tm_mon += offset;
		break;
	case KQL_YEAR:
		start.tm_mday = 1;
		start.tm_mon = 0;
		start.tm_year += offset;
		break;
	}
	return mktime(&start);
}

static void kql_interval(const struct tm *tm, enum kql_unit unit, int offset,
			 time_t *start_r, time_t *end_r)
{
	*start_r = kql_unit_start(tm, unit, offset);
	*end_r = kql_unit_start(tm, unit, offset + 1);
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
static int kql_date_iso(const char *p, struct tm *tm, enum kql_unit *unit_r)
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
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

/* 11/28/2026 */
static int kql_date_us(const char *p, struct tm *tm)
{
	int year, month, day;

	if (kql_number(&p, 1, 2, &month) < 0 || *p++ != '/' ||
	    kql_number(&p, 1, 2, &day) < 0 || *p++ != '/' ||
	    kql_number(&p, 4, 4, &year) < 0 || *p != '\0' ||
	    !kql_date_is_valid(year, month, day))
		return -1;
	tm->tm_year = year - 1900;
	tm->tm_mon = month - 1;
	tm->tm_mday = day;
	return 0;
}

int eas_kql_date_parse(const char *value, time_t now, time_t *start_r,
		       time_t *end_r)
{
	struct tm tm = *localtime(&now);
	enum kql_unit unit = KQL_DAY;
	unsigned int i;
	int tz;

	for (i = 0; i < N_ELEMENTS(kql_intervals); i++) {
		if (strcasecmp(kql_intervals[i].name, value) == 0) {
			kql_interval(&tm, kql_intervals[i].unit,
				     kql_intervals[i].offset, start_r, end_r);
			return 0;
		}
	}
	if (iso8601_date_parse((const unsigned char *)value, strlen(value),
			       start_r, &tz)) {
		*end_r = *start_r + 1;
		return 0;
	}
	i_zero(&tm);
	if (kql_date_iso(value, &tm, &unit) < 0) {
		unit = KQL_DAY;
		if (kql_date_us(value, &tm) < 0)
			return -1;
	}
	kql_interval(&tm, unit, 0, start_r, end_r);
	return 0;
}
