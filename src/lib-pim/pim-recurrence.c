/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-date.h"
#include "pim-lines.h"
#include "pim-rrule.h"
#include "pim-rscale.h"
#include "pim-timezone.h"
#include "pim-recurrence.h"

/* [MS-ASCAL] 2.2.2.10 and RFC 7529's calendars (CLDR's names). Calendars that
   only count the years differently have Gregorian months. Windows' Hijri
   calendar is counted from a Thursday on. The Japanese lunar calendar has no name of
   its own there: its months are made as the Korean ones, and by the same clock.
   Of one name the first one is what an RRULE is. */
static const struct pim_calendar_type {
	unsigned int type;
	const char *rscale;
} pim_calendar_types[] = {
	{ 6, "ISLAMIC-TBLA" },
	{ 8, "HEBREW" },
	{ 15, "CHINESE" },
	{ 20, "DANGI" },
	{ 14, "DANGI" },
};
/* Default, Gregorian (1, 2, 9 to 12), Japan, Taiwan, Korea, Thai */
#define PIM_CALENDARS_GREGORIAN \
	(1U << 0 | 1U << 1 | 1U << 2 | 1U << 3 | 1U << 4 | 1U << 5 | \
	 1U << 7 | 1U << 9 | 1U << 10 | 1U << 11 | 1U << 12)
#define PIM_CALENDAR_TYPE_MAX 20
/* which one of those that are one RRULE */
#define PIM_RRULE_PARAM_TYPE "X-ROOST-CALENDAR-TYPE"

struct pim_start {
	int64_t days;
	int seconds;
	int year;
	unsigned int month, day, weekday;
};

static bool pim_calendar_is_gregorian(unsigned int type)
{
	return type <= PIM_CALENDAR_TYPE_MAX &&
		(PIM_CALENDARS_GREGORIAN & (1U << type)) != 0;
}

static unsigned int pim_rrule_weekdays(const struct pim_rrule *rrule)
{
	unsigned int mask = 0;

	for (unsigned int i = 0; i < rrule->days_count; i++)
		mask |= 1U << rrule->days[i].weekday;
	return mask;
}

/* BYDAY without numbers */
static bool pim_rrule_days_plain(const struct pim_rrule *rrule)
{
	for (unsigned int i = 0; i < rrule->days_count; i++) {
		if (rrule->days[i].week != 0)
			return FALSE;
	}
	return TRUE;
}

/* Is the list absent, or just what DTSTART says anyway? */
static bool
pim_rrule_list_is(const struct pim_rrule *rrule, enum pim_rrule_list list,
		  unsigned int value)
{
	return rrule->list_count[list] == 0 ||
		(rrule->list_count[list] == 1 &&
		 rrule->list_first[list] == (int)value);
}

static bool pim_week_of(int week, unsigned int *week_r)
{
	/* The fifth is not the last: months may have none. */
	if (week == -1)
		*week_r = 5;
	else if (week >= 1 && week <= 4)
		*week_r = week;
	else
		return FALSE;
	return TRUE;
}

/* The nth weekday of a month: 2TU, or BYDAY with BYSETPOS. */
static bool pim_rrule_nth(const struct pim_rrule *rrule,
			  struct pim_recurrence *rec)
{
	if (rrule->days_count == 0)
		return FALSE;
	rec->day_of_week = pim_rrule_weekdays(rrule);
	if (rrule->list_count[PIM_RRULE_SET_POS] == 0) {
		/* a list of them is no pattern, "each Tuesday" neither */
		return rrule->days_count == 1 &&
			pim_week_of(rrule->days[0].week, &rec->week_of_month);
	}
	return rrule->list_count[PIM_RRULE_SET_POS] == 1 &&
		pim_rrule_days_plain(rrule) &&
		pim_week_of(rrule->list_first[PIM_RRULE_SET_POS],
			    &rec->week_of_month);
}

/* BYMONTHDAY=28,29,30;BYSETPOS=-1: a day that shorter months have on their last,
   as pim_append_month_day() writes it. */
static bool pim_rrule_late_day(const struct pim_rrule *rrule)
{
	int last = rrule->list_last[PIM_RRULE_MONTH_DAY];

	return rrule->list_count[PIM_RRULE_SET_POS] == 1 &&
		rrule->list_first[PIM_RRULE_SET_POS] == -1 &&
		rrule->list_first[PIM_RRULE_MONTH_DAY] == 28 && last > 28 &&
		rrule->list_count[PIM_RRULE_MONTH_DAY] ==
		(unsigned int)last - 27;
}

/* Monthly, and yearly with its month: a day or the nth weekday. */
static bool
pim_rrule_month(const struct pim_rrule *rrule, const struct pim_start *start,
		enum pim_recurrence_type day_type,
		enum pim_recurrence_type nth_type, struct pim_recurrence *rec)
{
	unsigned int days = rrule->list_count[PIM_RRULE_MONTH_DAY];
	int day = days == 0 ? (int)start->day :
		rrule->list_first[PIM_RRULE_MONTH_DAY];

	if (rrule->days_count > 0) {
		rec->type = nth_type;
		return days == 0 && pim_rrule_nth(rrule, rec);
	}
	if (pim_rrule_late_day(rrule)) {
		rec->type = day_type;
		rec->day_of_month = rrule->list_last[PIM_RRULE_MONTH_DAY];
		return TRUE;
	}
	if (days > 1 || rrule->list_count[PIM_RRULE_SET_POS] > 0)
		return FALSE;
	if (day == -1) {
		/* the last day: the last of all weekdays */
		rec->type = nth_type;
		rec->day_of_week = PIM_WEEKDAY_ALL;
		rec->week_of_month = 5;
		return TRUE;
	}
	/* months of other calendars have up to 30 days, and their own names */
	if (rrule->rscale != NULL) {
		rec->type = day_type;
		rec->day_of_month = day;
		return day >= 1 && day <= 30 &&
			(day == 30) == (rrule->skip != PIM_RRULE_SKIP_OMIT);
	}
	/* Devices show the 31st of shorter months on their last day, RRULE
	   leaves these months out. A year's month always has it, but for
	   February. */
	if (day < 1 ||
	    (day > 28 && (day_type == PIM_RECURRENCE_MONTHLY ||
			  (unsigned int)day >
			  pim_month_length(2001, rec->month_of_year))))
		return FALSE;
	rec->type = day_type;
	rec->day_of_month = day;
	return TRUE;
}

static bool
pim_rrule_daily(const struct pim_rrule *rrule, struct pim_recurrence *rec)
{
	if (rrule->list_count[PIM_RRULE_MONTH] > 0 ||
	    rrule->list_count[PIM_RRULE_MONTH_DAY] > 0 ||
	    rrule->list_count[PIM_RRULE_SET_POS] > 0)
		return FALSE;
	rec->type = PIM_RECURRENCE_DAILY;
	if (rrule->days_count == 0)
		return TRUE;
	/* "every working day" is a week's pattern */
	rec->type = PIM_RECURRENCE_WEEKLY;
	rec->day_of_week = pim_rrule_weekdays(rrule);
	return rrule->interval == 1 && pim_rrule_days_plain(rrule);
}

static bool
pim_rrule_weekly(const struct pim_rrule *rrule, const struct pim_start *start,
		 struct pim_recurrence *rec)
{
	if (rrule->list_count[PIM_RRULE_MONTH] > 0 ||
	    rrule->list_count[PIM_RRULE_SET_POS] > 0 ||
	    !pim_rrule_days_plain(rrule))
		return FALSE;
	rec->type = PIM_RECURRENCE_WEEKLY;
	rec->day_of_week = rrule->days_count == 0 ? 1U << start->weekday :
		pim_rrule_weekdays(rrule);
	return TRUE;
}

static bool
pim_rrule_yearly(const struct pim_rrule *rrule, const struct pim_start *start,
		 struct pim_recurrence *rec)
{
	unsigned int months = rrule->list_count[PIM_RRULE_MONTH];

	if (months > 1)
		return FALSE;
	/* without a month BYDAY and BYMONTHDAY are about the whole year */
	if (months == 0 && (rrule->days_count > 0 ||
			    rrule->list_count[PIM_RRULE_MONTH_DAY] > 0))
		return FALSE;
	rec->month_of_year = months == 0 ? start->month :
		(unsigned int)rrule->list_first[PIM_RRULE_MONTH];
	if (rec->month_of_year > 12 && rrule->rscale == NULL)
		return FALSE;
	if (rrule->rscale != NULL && rec->month_of_year > 12)
		return FALSE;
	return pim_rrule_month(rrule, start, PIM_RECURRENCE_YEARLY,
			       PIM_RECURRENCE_YEARLY_NTH, rec);
}

static bool
pim_rrule_calendar(const struct pim_rrule *rrule, struct pim_recurrence *rec)
{
	if (rrule->rscale == NULL)
		return !rrule->leap_month && rrule->skip == PIM_RRULE_SKIP_OMIT;
	/* as devices do it with the 31st */
	if (rrule->skip != PIM_RRULE_SKIP_OMIT &&
	    (rrule->skip != PIM_RRULE_SKIP_BACKWARD || rrule->leap_month))
		return FALSE;
	/* DTSTART is a Gregorian date: nothing can be taken from it */
	if (rrule->freq != PIM_FREQ_YEARLY && rrule->freq != PIM_FREQ_MONTHLY)
		return FALSE;
	if (rrule->list_count[PIM_RRULE_MONTH_DAY] == 0 &&
	    rrule->days_count == 0)
		return FALSE;
	if (rrule->freq == PIM_FREQ_YEARLY &&
	    rrule->list_count[PIM_RRULE_MONTH] == 0)
		return FALSE;
	for (unsigned int i = 0; i < N_ELEMENTS(pim_calendar_types); i++) {
		if (strcmp(rrule->rscale, pim_calendar_types[i].rscale) == 0) {
			rec->calendar_type = pim_calendar_types[i].type;
			rec->is_leap_month = rrule->leap_month;
			return TRUE;
		}
	}
	return FALSE;
}

/* UNTIL as the last moment in UTC. */
static void
pim_rrule_until(const struct pim_rrule *rrule, const struct pim_start *start,
		const struct pim_timezone *tz, struct pim_recurrence *rec)
{
	int64_t until = rrule->until;

	if (!rrule->has_until)
		return;
	/* a date means the occurrence on that day */
	if (rrule->until_is_date)
		until += start->seconds;
	if (!rrule->until_is_utc && tz != NULL)
		until = pim_timezone_from_local(tz, until);
	rec->has_until = TRUE;
	rec->until = until;
}

/* Is the month's day the nth of the weekdays? */
static bool
pim_start_is_nth(const struct pim_start *start,
		 const struct pim_recurrence *rec, unsigned int month_day,
		 unsigned int length)
{
	unsigned int bit = 1U << start->weekday, day, nth = 0;

	if ((rec->day_of_week & bit) == 0)
		return FALSE;
	for (day = month_day; day >= 1; day--) {
		bit = 1U << pim_days_weekday(start->days - (month_day - day));
		nth += (rec->day_of_week & bit) != 0 ? 1 : 0;
	}
	if (rec->week_of_month != 5)
		return nth == rec->week_of_month;
	for (day = month_day + 1; day <= length; day++) {
		bit = 1U << pim_days_weekday(start->days + (day - month_day));
		if ((rec->day_of_week & bit) != 0)
			return FALSE;
	}
	return TRUE;
}

/* The same of a calendar that is not ours. One whose days are not known may be
   right. */
static bool
pim_start_matches_rscale(const struct pim_rrule *rrule,
			 const struct pim_start *start,
			 const struct pim_recurrence *rec)
{
	struct pim_rscale *rscale = pim_rscale_find(rrule->rscale);
	const struct pim_rscale_year *year = rscale == NULL ? NULL :
		pim_rscale_year_at(rscale, start->days);
	const struct pim_rscale_month *month;
	unsigned int day;

	if (year == NULL)
		return TRUE;
	month = pim_rscale_month_at(year, start->days);
	day = start->days - month->first + 1;
	if (rec->month_of_year != 0 &&
	    (rec->month_of_year != month->number ||
	     rec->is_leap_month != month->leap))
		return FALSE;
	if (rec->day_of_month != 0)
		return day == I_MIN(rec->day_of_month, month->days);
	return pim_start_is_nth(start, rec, day, month->days);
}

/* DTSTART is an occurrence whatever the rule says; a pattern has only those
   that it says. */
static bool
pim_start_matches(const struct pim_rrule *rrule, const struct pim_start *start,
		  const struct pim_recurrence *rec)
{
	unsigned int length;

	if (!pim_calendar_is_gregorian(rec->calendar_type))
		return pim_start_matches_rscale(rrule, start, rec);
	if (rec->month_of_year != 0 && rec->month_of_year != start->month)
		return FALSE;
	length = pim_month_length(start->year, start->month);
	switch (rec->type) {
	case PIM_RECURRENCE_DAILY:
		return TRUE;
	case PIM_RECURRENCE_WEEKLY:
		return (rec->day_of_week & (1U << start->weekday)) != 0;
	case PIM_RECURRENCE_MONTHLY:
	case PIM_RECURRENCE_YEARLY:
		return I_MIN(rec->day_of_month, length) == start->day;
	case PIM_RECURRENCE_MONTHLY_NTH:
	case PIM_RECURRENCE_YEARLY_NTH:
		break;
	}
	return pim_start_is_nth(start, rec, start->day, length);
}

static bool
pim_rrule_pattern(const struct pim_rrule *rrule, const struct pim_start *start,
		  struct pim_recurrence *rec)
{
	if (rrule->has_others ||
	    rrule->list_count[PIM_RRULE_YEAR_DAY] > 0 ||
	    rrule->list_count[PIM_RRULE_WEEK_NO] > 0 ||
	    !pim_rrule_list_is(rrule, PIM_RRULE_HOUR,
			       start->seconds / 3600) ||
	    !pim_rrule_list_is(rrule, PIM_RRULE_MINUTE,
			       start->seconds / 60 % 60) ||
	    !pim_rrule_list_is(rrule, PIM_RRULE_SECOND, start->seconds % 60) ||
	    rrule->interval > PIM_RECURRENCE_INTERVAL_MAX ||
	    !pim_rrule_calendar(rrule, rec))
		return FALSE;
	switch (rrule->freq) {
	case PIM_FREQ_SECONDLY:
	case PIM_FREQ_MINUTELY:
	case PIM_FREQ_HOURLY:
		return FALSE;
	case PIM_FREQ_DAILY:
		return pim_rrule_daily(rrule, rec);
	case PIM_FREQ_WEEKLY:
		return rrule->list_count[PIM_RRULE_MONTH_DAY] == 0 &&
			pim_rrule_weekly(rrule, start, rec);
	case PIM_FREQ_MONTHLY:
		return rrule->list_count[PIM_RRULE_MONTH] == 0 &&
			pim_rrule_month(rrule, start, PIM_RECURRENCE_MONTHLY,
					PIM_RECURRENCE_MONTHLY_NTH, rec);
	case PIM_FREQ_YEARLY:
		return pim_rrule_yearly(rrule, start, rec);
	}
	i_unreached();
}

static int
pim_recurrence_read(const char *value, int64_t start_time,
		    const struct pim_timezone *tz, bool exact,
		    struct pim_recurrence *rec_r)
{
	struct pim_rrule rrule;
	struct pim_start start;

	i_zero(rec_r);
	if (pim_rrule_parse(value, &rrule) < 0)
		return -1;
	start.days = pim_days_of(start_time);
	start.seconds = start_time - start.days * PIM_DAY;
	start.weekday = pim_days_weekday(start.days);
	pim_date_from_days(start.days, &start.year, &start.month, &start.day);
	if (!pim_rrule_pattern(&rrule, &start, rec_r) ||
	    (exact && !pim_start_matches(&rrule, &start, rec_r)))
		return 0;
	rec_r->interval = rrule.interval;
	rec_r->occurrences = rrule.count;
	pim_rrule_until(&rrule, &start, tz, rec_r);
	rec_r->first_day_of_week = rrule.week_start;
	rec_r->has_first_day_of_week = rrule.has_week_start;
	return 1;
}

int pim_recurrence_from_rrule(const char *rrule, int64_t start,
			      const struct pim_timezone *tz,
			      struct pim_recurrence *rec_r)
{
	return pim_recurrence_read(rrule, start, tz, TRUE, rec_r);
}

int pim_recurrence_pattern(const char *rrule, int64_t start,
			   const struct pim_timezone *tz,
			   struct pim_recurrence *rec_r)
{
	return pim_recurrence_read(rrule, start, tz, FALSE, rec_r);
}

static void pim_append_days(string_t *dest, unsigned int mask)
{
	static const char days[] = "SUMOTUWETHFRSA";
	const char *sep = "";

	for (unsigned int i = 0; i < 7; i++) {
		if ((mask & (1U << i)) != 0) {
			str_printfa(dest, "%s%.2s", sep, days + i * 2);
			sep = ",";
		}
	}
}

static void
pim_append_nth(string_t *dest, const struct pim_recurrence *rec)
{
	int week = rec->week_of_month == 5 ? -1 : (int)rec->week_of_month;

	if (rec->day_of_week == PIM_WEEKDAY_ALL) {
		/* the nth day, the last day */
		str_printfa(dest, ";BYMONTHDAY=%d", week);
		return;
	}
	str_append(dest, ";BYDAY=");
	if ((rec->day_of_week & (rec->day_of_week - 1)) == 0) {
		str_printfa(dest, "%d", week);
		pim_append_days(dest, rec->day_of_week);
	} else {
		pim_append_days(dest, rec->day_of_week);
		str_printfa(dest, ";BYSETPOS=%d", week);
	}
}

/* The 31st of a shorter month is its last day. */
static void
pim_append_month_day(string_t *dest, const struct pim_recurrence *rec)
{
	unsigned int day = rec->day_of_month, safe = 28;

	if (rec->month_of_year >= 1 && rec->month_of_year <= 12 &&
	    pim_calendar_is_gregorian(rec->calendar_type))
		safe = pim_month_length(2001, rec->month_of_year);
	if (!pim_calendar_is_gregorian(rec->calendar_type)) {
		/* the last day of a month that has no 30th */
		str_printfa(dest, ";BYMONTHDAY=%u%s", I_MIN(day, 30),
			    day >= 30 && !rec->is_leap_month ?
			    ";SKIP=BACKWARD" : "");
	} else if (day <= safe) {
		str_printfa(dest, ";BYMONTHDAY=%u", day);
	} else if (day == 31 || safe != 28) {
		str_append(dest, ";BYMONTHDAY=-1");
	} else {
		/* the last one that is there of 28, 29, 30 */
		str_append(dest, ";BYMONTHDAY=28");
		for (unsigned int i = 29; i <= day; i++)
			str_printfa(dest, ",%u", i);
		str_append(dest, ";BYSETPOS=-1");
	}
}

static bool pim_recurrence_is_valid(const struct pim_recurrence *rec)
{
	bool nth = FALSE, yearly = FALSE;

	switch (rec->type) {
	case PIM_RECURRENCE_DAILY:
		return rec->day_of_week <= PIM_WEEKDAY_ALL;
	case PIM_RECURRENCE_WEEKLY:
		return rec->day_of_week >= 1 &&
			rec->day_of_week <= PIM_WEEKDAY_ALL;
	case PIM_RECURRENCE_MONTHLY:
		break;
	case PIM_RECURRENCE_MONTHLY_NTH:
		nth = TRUE;
		break;
	case PIM_RECURRENCE_YEARLY:
		yearly = TRUE;
		break;
	case PIM_RECURRENCE_YEARLY_NTH:
		nth = yearly = TRUE;
		break;
	default:
		return FALSE;
	}
	if (yearly && (rec->month_of_year < 1 || rec->month_of_year > 12))
		return FALSE;
	if (!nth)
		return rec->day_of_month >= 1 && rec->day_of_month <= 31;
	return rec->week_of_month >= 1 && rec->week_of_month <= 5 &&
		rec->day_of_week >= 1 && rec->day_of_week <= PIM_WEEKDAY_ALL;
}

static const char *pim_calendar_rscale(unsigned int type)
{
	for (unsigned int i = 0; i < N_ELEMENTS(pim_calendar_types); i++) {
		if (pim_calendar_types[i].type == type)
			return pim_calendar_types[i].rscale;
	}
	return NULL;
}

static void
pim_append_pattern(string_t *dest, const struct pim_recurrence *rec)
{
	static const char *const freqs[] = {
		"DAILY", "WEEKLY", "MONTHLY", "MONTHLY", NULL, "YEARLY",
		"YEARLY"
	};
	bool weekdays = rec->type == PIM_RECURRENCE_DAILY &&
		rec->day_of_week != 0 && rec->day_of_week != PIM_WEEKDAY_ALL;

	str_printfa(dest, "FREQ=%s", weekdays ? "WEEKLY" : freqs[rec->type]);
	if (rec->interval > 1)
		str_printfa(dest, ";INTERVAL=%u", rec->interval);
	if (rec->type == PIM_RECURRENCE_YEARLY ||
	    rec->type == PIM_RECURRENCE_YEARLY_NTH) {
		str_printfa(dest, ";BYMONTH=%u%s", rec->month_of_year,
			    rec->is_leap_month &&
			    !pim_calendar_is_gregorian(rec->calendar_type) ?
			    "L" : "");
	}
	if (rec->type == PIM_RECURRENCE_WEEKLY || weekdays) {
		str_append(dest, ";BYDAY=");
		pim_append_days(dest, rec->day_of_week);
	} else if (rec->type == PIM_RECURRENCE_MONTHLY ||
		   rec->type == PIM_RECURRENCE_YEARLY) {
		pim_append_month_day(dest, rec);
	} else if (rec->type != PIM_RECURRENCE_DAILY) {
		pim_append_nth(dest, rec);
	}
}

int pim_recurrence_to_rrule(const struct pim_recurrence *rec,
			    const struct pim_timezone *tz, bool all_day,
			    string_t *dest)
{
	static const char days[] = "SUMOTUWETHFRSA";
	const char *rscale = pim_calendar_rscale(rec->calendar_type);
	int64_t until = rec->until;

	if (!pim_recurrence_is_valid(rec) || rec->first_day_of_week > 6 ||
	    rec->interval > PIM_RECURRENCE_INTERVAL_MAX ||
	    (rscale == NULL && !pim_calendar_is_gregorian(rec->calendar_type)))
		return -1;
	/* days and weeks are everybody's */
	if (rscale != NULL && rec->type > PIM_RECURRENCE_WEEKLY)
		str_printfa(dest, "RSCALE=%s;", rscale);
	pim_append_pattern(dest, rec);
	if (rec->has_first_day_of_week) {
		str_printfa(dest, ";WKST=%.2s",
			    days + rec->first_day_of_week * 2);
	}
	if (rec->occurrences > 0)
		str_printfa(dest, ";COUNT=%u", rec->occurrences);
	else if (rec->has_until) {
		if (all_day && tz != NULL)
			until = pim_timezone_to_local(tz, until);
		str_append(dest, ";UNTIL=");
		pim_ical_time_append(dest, until, all_day, tz != NULL);
	}
	return 0;
}

/*
 * Calendar types that are one RRULE
 */

bool pim_calendar_types_equal(unsigned int type1, unsigned int type2)
{
	const char *rscale1 = pim_calendar_rscale(type1);
	const char *rscale2 = pim_calendar_rscale(type2);

	if (rscale1 == NULL || rscale2 == NULL) {
		return pim_calendar_is_gregorian(type1) &&
			pim_calendar_is_gregorian(type2);
	}
	return strcmp(rscale1, rscale2) == 0;
}

void pim_recurrence_read_type(const struct pim_property *rrule,
			      struct pim_recurrence *rec)
{
	const char *value = pim_property_param(rrule, PIM_RRULE_PARAM_TYPE);
	unsigned int type;

	if (rec->type > PIM_RECURRENCE_WEEKLY && value != NULL &&
	    str_to_uint(value, &type) == 0 &&
	    pim_calendar_types_equal(type, rec->calendar_type))
		rec->calendar_type = type;
}

void pim_recurrence_write_type(struct pim_property *rrule,
			       const struct pim_recurrence *rec)
{
	unsigned int usual = 0;

	for (unsigned int i = N_ELEMENTS(pim_calendar_types); i > 0; i--) {
		if (pim_calendar_types_equal(pim_calendar_types[i - 1].type,
					     rec->calendar_type))
			usual = pim_calendar_types[i - 1].type;
	}
	pim_property_set_param(rrule, PIM_RRULE_PARAM_TYPE,
			       rec->type <= PIM_RECURRENCE_WEEKLY ||
			       rec->calendar_type == usual ? NULL :
			       dec2str(rec->calendar_type));
}
