/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-date.h"

/* Years begin in March here, so that the leap day is a year's last; an era
   is 400 years. */
#define DAYS_PER_ERA 146097
#define DAYS_BEFORE_1970 719468

int64_t pim_date_to_days(int year, unsigned int month, unsigned int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;

	return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 -
		year_of_era / 100 + day_of_year - DAYS_BEFORE_1970;
}

void pim_date_from_days(int64_t days, int *year_r, unsigned int *month_r,
			unsigned int *day_r)
{
	int64_t z = days + DAYS_BEFORE_1970;
	int64_t era = (z >= 0 ? z : z - (DAYS_PER_ERA - 1)) / DAYS_PER_ERA;
	int64_t day_of_era = z - era * DAYS_PER_ERA;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 +
			       day_of_era / 36524 -
			       day_of_era / (DAYS_PER_ERA - 1)) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era +
					    year_of_era / 4 -
					    year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	*day_r = day_of_year - (153 * month + 2) / 5 + 1;
	*month_r = month < 10 ? month + 3 : month - 9;
	*year_r = year_of_era + era * 400 + (*month_r <= 2 ? 1 : 0);
}

int64_t pim_days_of(int64_t local)
{
	return local >= 0 ? local / PIM_DAY :
		-((-local + PIM_DAY - 1) / PIM_DAY);
}

int64_t pim_time_clamp(int64_t t)
{
	return I_MIN(I_MAX(t, PIM_TIME_MIN), PIM_TIME_MAX);
}

int pim_year_of(int64_t local)
{
	unsigned int month, day;
	int year;

	pim_date_from_days(pim_days_of(local), &year, &month, &day);
	return year;
}

unsigned int pim_days_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday */
	return ((days + 4) % 7 + 7) % 7;
}

unsigned int pim_month_length(int year, unsigned int month)
{
	static const unsigned char lengths[] = {
		31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31
	};

	i_assert(month >= 1 && month <= 12);
	if (month == 2 && year % 4 == 0 &&
	    (year % 100 != 0 || year % 400 == 0))
		return 29;
	return lengths[month - 1];
}

unsigned int pim_month_nth_weekday(int year, unsigned int month,
				   unsigned int week, unsigned int weekday)
{
	unsigned int first, day;

	i_assert(week >= 1 && week <= 5 && weekday <= 6);
	first = pim_days_weekday(pim_date_to_days(year, month, 1));
	day = 1 + (weekday + 7 - first) % 7 + (week - 1) * 7;
	while (day > pim_month_length(year, month))
		day -= 7;
	return day;
}
