#ifndef PIM_RRULE_H
#define PIM_RRULE_H

/* An RRULE's value taken apart, nothing computed. */

#define PIM_RRULE_DAYS_MAX 35
/* the longest year of any calendar, a Chinese one */
#define PIM_RRULE_LIST_MAX 385
/* 0 to PIM_RRULE_LIST_MAX */
#define PIM_RRULE_LIST_WORDS 7

enum pim_freq {
	PIM_FREQ_SECONDLY,
	PIM_FREQ_MINUTELY,
	PIM_FREQ_HOURLY,
	PIM_FREQ_DAILY,
	PIM_FREQ_WEEKLY,
	PIM_FREQ_MONTHLY,
	PIM_FREQ_YEARLY,
};

enum pim_rrule_list {
	PIM_RRULE_SECOND,
	PIM_RRULE_MINUTE,
	PIM_RRULE_HOUR,
	PIM_RRULE_MONTH_DAY,
	PIM_RRULE_YEAR_DAY,
	PIM_RRULE_WEEK_NO,
	PIM_RRULE_MONTH,
	PIM_RRULE_SET_POS,

	PIM_RRULE_LIST_COUNT
};

/* RFC 7529: what becomes of a day or leap month that there is not */
enum pim_rrule_skip {
	PIM_RRULE_SKIP_OMIT,
	PIM_RRULE_SKIP_BACKWARD,
	PIM_RRULE_SKIP_FORWARD,
};

struct pim_rrule_day {
	int week;			/* -55 to 55, 0 = each */
	unsigned int weekday;		/* 0 = Sunday */
};

struct pim_rrule {
	enum pim_freq freq;
	unsigned int interval, count;	/* count 0 = none */
	/* by the rule's own clock, or in UTC */
	int64_t until;
	/* BYSECOND ... BYSETPOS: how many values, the first and the last */
	unsigned int list_count[PIM_RRULE_LIST_COUNT];
	int list_first[PIM_RRULE_LIST_COUNT], list_last[PIM_RRULE_LIST_COUNT];
	/* all of them: bits of what is not negative, and of the others without
	   their sign */
	uint64_t list_bits[PIM_RRULE_LIST_COUNT][PIM_RRULE_LIST_WORDS];
	uint64_t list_minus[PIM_RRULE_LIST_COUNT][PIM_RRULE_LIST_WORDS];
	struct pim_rrule_day days[PIM_RRULE_DAYS_MAX];
	unsigned int days_count;
	unsigned int week_start;	/* 0 = Sunday */
	const char *rscale;		/* NULL = Gregorian; upper case */
	bool has_until:1;
	bool until_is_date:1;
	bool until_is_utc:1;
	bool has_week_start:1;
	enum pim_rrule_skip skip;
	/* BYMONTH=5L: bit n is month nL, which is not among list_bits */
	unsigned int leap_months;
	bool leap_month:1;
	/* X-...=: what it does is not known here */
	bool has_others:1;
};

/* Is value (0 to PIM_RRULE_LIST_MAX) in the list's bits? */
static inline bool pim_rrule_has(const uint64_t *bits, unsigned int value)
{
	return (bits[value / 64] & ((uint64_t)1 << (value % 64))) != 0;
}
static inline void pim_rrule_set(uint64_t *bits, unsigned int value)
{
	bits[value / 64] |= (uint64_t)1 << (value % 64);
}

/* Strings are in the data stack. Returns 0 or -1. */
int pim_rrule_parse(const char *value, struct pim_rrule *rrule_r);
/* "20261128", "20261128T170000", "20261128T170000Z" as a number. Returns 0 or
   -1. */
int pim_ical_time_parse(const char *value, int64_t *time_r, bool *is_date_r,
			bool *is_utc_r);
void pim_ical_time_append(string_t *dest, int64_t time, bool is_date,
			  bool is_utc);

#endif
