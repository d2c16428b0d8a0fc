#ifndef PIM_DATE_H
#define PIM_DATE_H

/* The Gregorian calendar, as days since 1970-01-01. Local times are numbers as
   UTC's are: the seconds since 1970-01-01 00:00 on that clock. */

#define PIM_DAY (24*60*60)

int64_t pim_date_to_days(int year, unsigned int month, unsigned int day);
void pim_date_from_days(int64_t days, int *year_r, unsigned int *month_r,
			unsigned int *day_r);
/* The day that a local time is in. */
int64_t pim_days_of(int64_t local);
int pim_year_of(int64_t local);
/* 0 = Sunday */
unsigned int pim_days_weekday(int64_t days);
unsigned int pim_month_length(int year, unsigned int month);
/* The day of the month that is its week'th weekday (1 to 4, 5 = the last). */
unsigned int pim_month_nth_weekday(int year, unsigned int month,
				   unsigned int week, unsigned int weekday);

/* What four digits can say: years 1 to 9999. */
#define PIM_TIME_MIN (-INT64_C(62135596800))
#define PIM_TIME_MAX INT64_C(253402300799)
/* The nearest time that has a year of four digits. */
int64_t pim_time_clamp(int64_t t);

#endif
