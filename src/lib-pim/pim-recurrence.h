#ifndef PIM_RECURRENCE_H
#define PIM_RECURRENCE_H

/* Recurrences: RRULE (RFC 5545 3.3.10, RFC 7529) and ActiveSync's patterns
   ([MS-ASCAL] 2.2.2.37, [MS-ASEMAIL] 2.2.2.60, [MS-ASTASK] 2.2.2.18). */

struct pim_property;
struct pim_timezone;

enum pim_recurrence_type {
	PIM_RECURRENCE_DAILY = 0,
	PIM_RECURRENCE_WEEKLY = 1,
	PIM_RECURRENCE_MONTHLY = 2,
	PIM_RECURRENCE_MONTHLY_NTH = 3,
	PIM_RECURRENCE_YEARLY = 5,
	PIM_RECURRENCE_YEARLY_NTH = 6,
};

#define PIM_WEEKDAY_ALL 127
#define PIM_RECURRENCE_INTERVAL_MAX 999

/* What is 0 is not said, but for first_day_of_week. */
struct pim_recurrence {
	enum pim_recurrence_type type;
	unsigned int interval;		/* 1 to PIM_RECURRENCE_INTERVAL_MAX */
	unsigned int occurrences;
	/* UTC; the last occurrence is not later */
	int64_t until;
	unsigned int day_of_week;	/* bits: Sunday 1 ... Saturday 64 */
	unsigned int day_of_month;	/* 1 to 31 */
	unsigned int week_of_month;	/* 1 to 4, 5 = the last */
	unsigned int month_of_year;	/* 1 to 12 (13 in some calendars) */
	unsigned int calendar_type;	/* [MS-ASCAL] 2.2.2.10; 0 = Gregorian */
	unsigned int first_day_of_week;	/* 0 = Sunday */
	bool has_until;
	bool has_first_day_of_week;
	bool is_leap_month;
};

/* The pattern of an RRULE's value. Start is DTSTART by its own clock, tz that
   clock (NULL = floating, and all-day: until is then as if that were UTC).
   Returns 1; 0 if no pattern has just these occurrences; -1 if it is no
   RRULE. */
int pim_recurrence_from_rrule(const char *rrule, int64_t start,
			      const struct pim_timezone *tz,
			      struct pim_recurrence *rec_r);
/* The same for what shows its pattern only and no occurrences (tasks): start
   need not be one. */
int pim_recurrence_pattern(const char *rrule, int64_t start,
			   const struct pim_timezone *tz,
			   struct pim_recurrence *rec_r);
/* The RRULE's value; all_day: UNTIL is a date. Returns 0, or -1 if the pattern
   is malformed or in a calendar that RRULEs don't know. */
int pim_recurrence_to_rrule(const struct pim_recurrence *rec,
			    const struct pim_timezone *tz, bool all_day,
			    string_t *dest);

/* CalendarTypes that have the same days (all that only count the years differently; the
   Japanese and the Korean lunar calendar) are one RRULE: which one a device chose is a
   parameter of it. */
bool pim_calendar_types_equal(unsigned int type1, unsigned int type2);
/* Sets the type to that of the parameter, if that has the same days. */
void pim_recurrence_read_type(const struct pim_property *rrule,
			      struct pim_recurrence *rec);
void pim_recurrence_write_type(struct pim_property *rrule,
			       const struct pim_recurrence *rec);

#endif
