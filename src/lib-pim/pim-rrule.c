/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule.h"

#include <ctype.h>

#define PIM_RRULE_LEN_MAX 4096
#define PIM_RRULE_PARTS_MAX 32

static const char *const pim_freqs[] = {
	[PIM_FREQ_SECONDLY] = "SECONDLY",
	[PIM_FREQ_MINUTELY] = "MINUTELY",
	[PIM_FREQ_HOURLY] = "HOURLY",
	[PIM_FREQ_DAILY] = "DAILY",
	[PIM_FREQ_WEEKLY] = "WEEKLY",
	[PIM_FREQ_MONTHLY] = "MONTHLY",
	[PIM_FREQ_YEARLY] = "YEARLY",
};

static const char *const pim_skips[] = {
	[PIM_RRULE_SKIP_OMIT] = "OMIT",
	[PIM_RRULE_SKIP_BACKWARD] = "BACKWARD",
	[PIM_RRULE_SKIP_FORWARD] = "FORWARD",
};

/* The greatest value of our calendar, and of all. */
static const struct {
	const char *name;
	int max, max_rscale;
	bool negative;
} pim_rrule_lists[PIM_RRULE_LIST_COUNT] = {
	[PIM_RRULE_SECOND] = { "BYSECOND", 60, 60, FALSE },
	[PIM_RRULE_MINUTE] = { "BYMINUTE", 59, 59, FALSE },
	[PIM_RRULE_HOUR] = { "BYHOUR", 23, 23, FALSE },
	[PIM_RRULE_MONTH_DAY] = { "BYMONTHDAY", 31, 31, TRUE },
	[PIM_RRULE_YEAR_DAY] = { "BYYEARDAY", 366, 385, TRUE },
	[PIM_RRULE_WEEK_NO] = { "BYWEEKNO", 53, 56, TRUE },
	[PIM_RRULE_MONTH] = { "BYMONTH", 13, 13, FALSE },
	[PIM_RRULE_SET_POS] = { "BYSETPOS", 366, 385, TRUE },
};
#define PIM_RRULE_DAY_WEEKS 53
#define PIM_RRULE_DAY_WEEKS_RSCALE 55

static bool
pim_digits(const char **p, unsigned int count, unsigned int *value_r)
{
	unsigned int value = 0;

	for (unsigned int i = 0; i < count; i++) {
		if (!i_isdigit((*p)[i]))
			return FALSE;
		value = value * 10 + ((*p)[i] - '0');
	}
	*p += count;
	*value_r = value;
	return TRUE;
}

int pim_ical_time_parse(const char *value, int64_t *time_r, bool *is_date_r,
			bool *is_utc_r)
{
	unsigned int year, month, day, hour, minute, second;

	if (!pim_digits(&value, 4, &year) || !pim_digits(&value, 2, &month) ||
	    !pim_digits(&value, 2, &day) || year == 0 ||
	    month < 1 || month > 12 ||
	    day < 1 || day > pim_month_length(year, month))
		return -1;
	*time_r = pim_date_to_days(year, month, day) * PIM_DAY;
	*is_date_r = *value == '\0';
	*is_utc_r = FALSE;
	if (*is_date_r)
		return 0;
	if (*value++ != 'T' || !pim_digits(&value, 2, &hour) ||
	    !pim_digits(&value, 2, &minute) ||
	    !pim_digits(&value, 2, &second) ||
	    hour > 23 || minute > 59 || second > 60)
		return -1;
	*time_r += hour * 3600 + minute * 60 + second;
	*is_utc_r = *value == 'Z';
	if (*is_utc_r)
		value++;
	return *value == '\0' ? 0 : -1;
}

void pim_ical_time_append(string_t *dest, int64_t time, bool is_date,
			  bool is_utc)
{
	unsigned int month, day, seconds;
	int64_t days;
	int year;

	/* a fifth digit of the year can't be read by anybody */
	time = pim_time_clamp(time);
	days = pim_days_of(time);
	seconds = time - days * PIM_DAY;
	pim_date_from_days(days, &year, &month, &day);
	str_printfa(dest, "%04d%02u%02u", year, month, day);
	if (is_date)
		return;
	str_printfa(dest, "T%02u%02u%02u%s", seconds / 3600,
		    seconds / 60 % 60, seconds % 60, is_utc ? "Z" : "");
}

static int pim_weekday_parse(const char *value)
{
	static const char *const days[] = {
		"SU", "MO", "TU", "WE", "TH", "FR", "SA"
	};

	for (unsigned int i = 0; i < N_ELEMENTS(days); i++) {
		if (strcasecmp(value, days[i]) == 0)
			return i;
	}
	return -1;
}

/* A number with a sign, up to max; *value goes behind it. */
static bool
pim_signed_parse(const char **value, int max, bool negative, int *number_r)
{
	const char *p = *value;
	int number = 0;
	bool minus = *p == '-';

	if (*p == '-' || *p == '+')
		p++;
	if (!i_isdigit(*p) || (minus && !negative))
		return FALSE;
	for (; i_isdigit(*p); p++) {
		number = number * 10 + (*p - '0');
		if (number > max)
			return FALSE;
	}
	*number_r = minus ? -number : number;
	*value = p;
	return TRUE;
}

static int
pim_rrule_list_parse(struct pim_rrule *rrule, enum pim_rrule_list list,
		     const char *value)
{
	const char *const *item;
	bool is_leap;
	int number;

	if (*value == '\0')
		return -1;
	for (item = t_strsplit(value, ","); *item != NULL; item++) {
		const char *p = *item;

		if (rrule->list_count[list] >= PIM_RRULE_LIST_MAX ||
		    !pim_signed_parse(&p, pim_rrule_lists[list].max_rscale,
				      pim_rrule_lists[list].negative, &number))
			return -1;
		is_leap = list == PIM_RRULE_MONTH && i_toupper(*p) == 'L';
		if (is_leap)
			p++;
		if (*p != '\0' || (number == 0 && list > PIM_RRULE_HOUR))
			return -1;
		if (rrule->list_count[list]++ == 0)
			rrule->list_first[list] = number;
		rrule->list_last[list] = number;
		if (is_leap) {
			rrule->leap_month = TRUE;
			rrule->leap_months |= 1U << number;
		} else if (number < 0)
			pim_rrule_set(rrule->list_minus[list], -number);
		else
			pim_rrule_set(rrule->list_bits[list], number);
	}
	return 0;
}

static int pim_rrule_days_parse(struct pim_rrule *rrule, const char *value)
{
	struct pim_rrule_day *day;
	const char *const *item;
	int weekday;

	if (*value == '\0')
		return -1;
	for (item = t_strsplit(value, ","); *item != NULL; item++) {
		const char *p = *item;

		if (rrule->days_count == PIM_RRULE_DAYS_MAX)
			return -1;
		day = &rrule->days[rrule->days_count++];
		day->week = 0;
		if (!i_isalpha(*p) &&
		    (!pim_signed_parse(&p, PIM_RRULE_DAY_WEEKS_RSCALE, TRUE,
				       &day->week) ||
		     day->week == 0))
			return -1;
		if ((weekday = pim_weekday_parse(p)) < 0)
			return -1;
		day->weekday = weekday;
	}
	return 0;
}

static int
pim_rrule_part_parse(struct pim_rrule *rrule, const char *name,
		     const char *value)
{
	bool is_date, is_utc;
	unsigned int i;
	int number;

	for (i = 0; i < N_ELEMENTS(pim_rrule_lists); i++) {
		if (strcasecmp(name, pim_rrule_lists[i].name) == 0)
			return pim_rrule_list_parse(rrule, i, value);
	}
	if (strcasecmp(name, "BYDAY") == 0)
		return pim_rrule_days_parse(rrule, value);
	if (strcasecmp(name, "INTERVAL") == 0)
		return str_to_uint(value, &rrule->interval);
	if (strcasecmp(name, "COUNT") == 0)
		return str_to_uint(value, &rrule->count);
	if (strcasecmp(name, "UNTIL") == 0) {
		if (pim_ical_time_parse(value, &rrule->until, &is_date,
					&is_utc) < 0)
			return -1;
		rrule->has_until = TRUE;
		rrule->until_is_date = is_date;
		rrule->until_is_utc = is_utc;
		return 0;
	}
	if (strcasecmp(name, "WKST") == 0) {
		number = pim_weekday_parse(value);
		rrule->week_start = number;
		rrule->has_week_start = TRUE;
		return number < 0 ? -1 : 0;
	}
	if (strcasecmp(name, "RSCALE") == 0) {
		if (strcasecmp(value, "GREGORIAN") != 0)
			rrule->rscale = t_str_ucase(value);
		return 0;
	}
	if (strcasecmp(name, "SKIP") == 0) {
		for (i = 0; i < N_ELEMENTS(pim_skips); i++) {
			if (strcasecmp(value, pim_skips[i]) == 0) {
				rrule->skip = i;
				return 0;
			}
		}
	}
	rrule->has_others = TRUE;
	return 0;
}

/* Our years have no 385 days. */
static bool pim_rrule_is_in_range(const struct pim_rrule *rrule)
{
	if (rrule->rscale != NULL)
		return TRUE;
	for (unsigned int i = 0; i < PIM_RRULE_LIST_COUNT; i++) {
		for (int n = pim_rrule_lists[i].max + 1;
		     n <= pim_rrule_lists[i].max_rscale; n++) {
			if (pim_rrule_has(rrule->list_bits[i], n) ||
			    pim_rrule_has(rrule->list_minus[i], n))
				return FALSE;
		}
	}
	for (unsigned int i = 0; i < rrule->days_count; i++) {
		if (abs(rrule->days[i].week) > PIM_RRULE_DAY_WEEKS)
			return FALSE;
	}
	return TRUE;
}

int pim_rrule_parse(const char *value, struct pim_rrule *rrule_r)
{
	const char *const *part, *p, *name;
	unsigned int i, parts = 0;
	bool has_freq = FALSE;

	i_zero(rrule_r);
	rrule_r->interval = 1;
	rrule_r->week_start = 1;
	if (strlen(value) > PIM_RRULE_LEN_MAX)
		return -1;
	for (part = t_strsplit(value, ";"); *part != NULL; part++) {
		if (**part == '\0')
			continue;
		if (parts++ == PIM_RRULE_PARTS_MAX ||
		    (p = strchr(*part, '=')) == NULL)
			return -1;
		name = t_strdup_until(*part, p++);
		if (strcasecmp(name, "FREQ") != 0) {
			if (pim_rrule_part_parse(rrule_r, name, p) < 0)
				return -1;
			continue;
		}
		for (i = 0; i < N_ELEMENTS(pim_freqs); i++) {
			if (strcasecmp(p, pim_freqs[i]) == 0) {
				rrule_r->freq = i;
				has_freq = TRUE;
			}
		}
	}
	return has_freq && rrule_r->interval > 0 &&
		pim_rrule_is_in_range(rrule_r) ? 0 : -1;
}
