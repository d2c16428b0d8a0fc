/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "sort.h"
#include "pim-date.h"
#include "pim-timezone.h"
#include "pim-rrule-iter-private.h"

/* RFC 5545 3.3.10. A rule is walked through period by period (of its FREQ). A
   period's days are those that no BYMONTH, BYWEEKNO, BYYEARDAY, BYMONTHDAY and
   BYDAY forbids, what the rule doesn't say being DTSTART's; each of them has
   the same times of day, which are not multiplied out before they are asked
   for. BYSETPOS is a choice of numbers of them.

   BYWEEKNO's weeks that lie in two years belong with each of their days to the
   year that the day is in. */

static const unsigned int pim_freq_seconds[] = {
	[PIM_FREQ_SECONDLY] = 1,
	[PIM_FREQ_MINUTELY] = 60,
	[PIM_FREQ_HOURLY] = 3600,
	[PIM_FREQ_DAILY] = PIM_DAY,
	[PIM_FREQ_WEEKLY] = 7 * PIM_DAY,
};

static bool
pim_iter_has_list(const struct pim_rrule_iter *iter, enum pim_rrule_list list)
{
	return iter->rule.list_count[list] > 0;
}

/*
 * Which days
 */

int64_t pim_rrule_week_of(const struct pim_rrule *rule, int64_t day)
{
	return day - (pim_days_weekday(day) + 7 - rule->week_start) % 7;
}

/* Week 1 has at least four days of the year. */
static int64_t pim_iter_week_first(const struct pim_rrule_iter *iter, int year)
{
	return pim_rrule_week_of(&iter->rule, pim_date_to_days(year, 1, 4));
}

static void pim_iter_set_year(struct pim_rrule_iter *iter, int year)
{
	if (iter->year == year)
		return;
	iter->year = year;
	iter->year_first = pim_date_to_days(year, 1, 1);
	iter->year_days = pim_date_to_days(year + 1, 1, 1) - iter->year_first;
	iter->week_first = pim_iter_week_first(iter, year);
	iter->weeks = (pim_iter_week_first(iter, year + 1) -
		       iter->week_first) / 7;
}

static bool pim_iter_week_matches(struct pim_rrule_iter *iter, int64_t day)
{
	const uint64_t *bits = iter->rule.list_bits[PIM_RRULE_WEEK_NO];
	const uint64_t *minus = iter->rule.list_minus[PIM_RRULE_WEEK_NO];
	unsigned int week, weeks = iter->weeks;

	if (day < iter->week_first) {
		/* the last one of the year before */
		weeks = (iter->week_first -
			 pim_iter_week_first(iter, iter->year - 1)) / 7;
		week = weeks;
	} else {
		week = (day - iter->week_first) / 7 + 1;
		if (week > weeks) {
			/* the first one of the next year */
			weeks = (pim_iter_week_first(iter, iter->year + 2) -
				 pim_iter_week_first(iter, iter->year + 1)) / 7;
			week = 1;
		}
	}
	return pim_rrule_has(bits, week) ||
		pim_rrule_has(minus, weeks + 1 - week);
}

bool pim_rrule_weekday_matches(const struct pim_rrule *rule, int64_t day,
			       unsigned int number, unsigned int length)
{
	unsigned int weekday = pim_days_weekday(day);
	int week = number / 7 + 1, last = (length - 1 - number) / 7 + 1;

	for (unsigned int i = 0; i < rule->days_count; i++) {
		if (rule->days[i].weekday != weekday)
			continue;
		/* numbers are months' and years' only */
		if (rule->days[i].week == 0 ||
		    rule->freq < PIM_FREQ_MONTHLY ||
		    rule->days[i].week == week || rule->days[i].week == -last)
			return TRUE;
	}
	return FALSE;
}

static bool
pim_iter_day_matches(struct pim_rrule_iter *iter, int64_t day,
		     unsigned int month, unsigned int month_day,
		     unsigned int length)
{
	const struct pim_rrule *rule = &iter->rule;
	unsigned int year_day = day - iter->year_first;

	if (pim_iter_has_list(iter, PIM_RRULE_MONTH) &&
	    !pim_rrule_has(rule->list_bits[PIM_RRULE_MONTH], month))
		return FALSE;
	if (pim_iter_has_list(iter, PIM_RRULE_MONTH_DAY) &&
	    !pim_rrule_has(rule->list_bits[PIM_RRULE_MONTH_DAY], month_day) &&
	    !pim_rrule_has(rule->list_minus[PIM_RRULE_MONTH_DAY],
			   length + 1 - month_day))
		return FALSE;
	if (pim_iter_has_list(iter, PIM_RRULE_YEAR_DAY) &&
	    !pim_rrule_has(rule->list_bits[PIM_RRULE_YEAR_DAY], year_day + 1) &&
	    !pim_rrule_has(rule->list_minus[PIM_RRULE_YEAR_DAY],
			   iter->year_days - year_day))
		return FALSE;
	if (rule->days_count > 0) {
		bool by_year = rule->freq == PIM_FREQ_YEARLY &&
			!pim_iter_has_list(iter, PIM_RRULE_MONTH);

		if (!pim_rrule_weekday_matches(rule, day, by_year ? year_day :
					       month_day - 1, by_year ?
					       iter->year_days : length))
			return FALSE;
	}
	return !pim_iter_has_list(iter, PIM_RRULE_WEEK_NO) ||
		pim_iter_week_matches(iter, day);
}

static void pim_iter_add_month(struct pim_rrule_iter *iter, unsigned int month)
{
	unsigned int length = pim_month_length(iter->year, month);
	int64_t first = pim_date_to_days(iter->year, month, 1);

	if (pim_iter_has_list(iter, PIM_RRULE_MONTH) &&
	    !pim_rrule_has(iter->rule.list_bits[PIM_RRULE_MONTH], month))
		return;
	for (unsigned int day = 1; day <= length; day++) {
		if (pim_iter_day_matches(iter, first + day - 1, month, day,
					 length))
			iter->days[iter->days_count++] = first + day - 1;
	}
}

static bool pim_iter_add_day(struct pim_rrule_iter *iter, int64_t day)
{
	unsigned int month, month_day;
	int year;

	if (iter->rscale != NULL) {
		if (!pim_rrule_rscale_matches(iter, day))
			return FALSE;
		iter->days[iter->days_count++] = day;
		return TRUE;
	}
	pim_date_from_days(day, &year, &month, &month_day);
	pim_iter_set_year(iter, year);
	if (!pim_iter_day_matches(iter, day, month, month_day,
				  pim_month_length(year, month)))
		return FALSE;
	iter->days[iter->days_count++] = day;
	return TRUE;
}

/*
 * Periods
 */

/* Periods are numbered: years and months as such, all others by their first
   second. */
static int64_t pim_iter_period_of(const struct pim_rrule_iter *iter, int64_t t)
{
	unsigned int month, day, secs;
	int64_t days = pim_days_of(t);
	int year;

	switch (iter->rule.freq) {
	case PIM_FREQ_YEARLY:
		return pim_year_of(t);
	case PIM_FREQ_MONTHLY:
		pim_date_from_days(days, &year, &month, &day);
		return (int64_t)year * 12 + month - 1;
	case PIM_FREQ_WEEKLY:
		return pim_rrule_week_of(&iter->rule, days) * PIM_DAY;
	default:
		break;
	}
	secs = pim_freq_seconds[iter->rule.freq];
	return t - (t - days * PIM_DAY) % secs;
}

/* The number of the next period's distance. */
static int64_t pim_iter_step(const struct pim_rrule_iter *iter)
{
	int64_t unit = iter->rule.freq >= PIM_FREQ_MONTHLY ? 1 :
		pim_freq_seconds[iter->rule.freq];

	return unit * iter->rule.interval;
}

/* Goes to the first period that is not before the one that t is in. */
static void pim_iter_seek(struct pim_rrule_iter *iter, int64_t t)
{
	int64_t distance = pim_iter_period_of(iter, t) -
		pim_iter_period_of(iter, iter->start);
	int64_t step = pim_iter_step(iter);

	if (distance > 0)
		iter->period = (distance + step - 1) / step;
}

/* How far it is from value to the next one of the list, or to the end of all
   values. */
static unsigned int
pim_iter_next_in_list(const struct pim_rrule_iter *iter,
		      enum pim_rrule_list list, unsigned int value,
		      unsigned int end)
{
	unsigned int next = value;

	if (!pim_iter_has_list(iter, list))
		return 0;
	while (next < end && !pim_rrule_has(iter->rule.list_bits[list], next))
		next++;
	return next - value;
}

/* The period of a rule that repeats within a day. Returns how many seconds
   have to be passed at least until one can match, 0 if this one does. */
static unsigned int
pim_iter_fill_time(struct pim_rrule_iter *iter, int64_t t)
{
	int64_t day = pim_days_of(t);
	unsigned int secs = t - day * PIM_DAY, distance;

	if (!pim_iter_add_day(iter, day))
		return PIM_DAY - secs;
	distance = pim_iter_next_in_list(iter, PIM_RRULE_HOUR, secs / 3600,
					 24);
	if (distance > 0)
		return distance * 3600 - secs % 3600;
	iter->hours[0] = secs / 3600;
	if (iter->rule.freq == PIM_FREQ_HOURLY)
		return 0;
	distance = pim_iter_next_in_list(iter, PIM_RRULE_MINUTE,
					 secs / 60 % 60, 60);
	if (distance > 0)
		return distance * 60 - secs % 60;
	iter->minutes[0] = secs / 60 % 60;
	if (iter->rule.freq == PIM_FREQ_MINUTELY)
		return 0;
	iter->seconds[0] = secs % 60;
	return pim_iter_next_in_list(iter, PIM_RRULE_SECOND, secs % 60, 60);
}

static void pim_iter_fill_positions(struct pim_rrule_iter *iter)
{
	const uint64_t *bits = iter->rule.list_bits[PIM_RRULE_SET_POS];
	const uint64_t *minus = iter->rule.list_minus[PIM_RRULE_SET_POS];
	uint64_t all = iter->total;

	iter->positions_count = 0;
	for (unsigned int i = 1; i <= PIM_RRULE_LIST_MAX && i <= all; i++) {
		if (pim_rrule_has(bits, i))
			iter->positions[iter->positions_count++] = i - 1;
		if (pim_rrule_has(minus, i) &&
		    (all - i >= PIM_RRULE_LIST_MAX ||
		     !pim_rrule_has(bits, all - i + 1)))
			iter->positions[iter->positions_count++] = all - i;
	}
	i_qsort(iter->positions, iter->positions_count,
		sizeof(*iter->positions), uint64_cmp);
	iter->total = iter->positions_count;
}

/* Fills the period that the number stands for. Returns the distance to the
   next one that may have something, in periods; 0 if there is none. */
static uint64_t pim_iter_fill_period(struct pim_rrule_iter *iter)
{
	int64_t step = pim_iter_step(iter), number;
	unsigned int distance = 0;
	int64_t start = pim_iter_period_of(iter, iter->start);

	iter->days_count = 0;
	/* from year 1 to 9999 are not so many seconds */
	if (iter->period > (uint64_t)(2 * PIM_TIME_MAX / step))
		return 0;
	number = start + (int64_t)iter->period * step;
	switch (iter->rule.freq) {
	case PIM_FREQ_YEARLY:
		if (number > pim_year_of(iter->to))
			return 0;
		pim_iter_set_year(iter, number);
		for (unsigned int month = 1; month <= 12; month++)
			pim_iter_add_month(iter, month);
		break;
	case PIM_FREQ_MONTHLY:
		if (number / 12 > pim_year_of(iter->to))
			return 0;
		pim_iter_set_year(iter, number / 12);
		pim_iter_add_month(iter, number % 12 + 1);
		break;
	case PIM_FREQ_WEEKLY:
		if (number > iter->to)
			return 0;
		for (unsigned int i = 0; i < 7; i++)
			(void)pim_iter_add_day(iter, number / PIM_DAY + i);
		break;
	case PIM_FREQ_DAILY:
		if (number > iter->to)
			return 0;
		(void)pim_iter_add_day(iter, pim_days_of(number));
		break;
	default:
		if (number > iter->to)
			return 0;
		distance = pim_iter_fill_time(iter, number);
		if (distance > 0)
			iter->days_count = 0;
		break;
	}
	return I_MAX((distance + step - 1) / step, 1);
}

/* Are its periods another calendar's? */
static bool pim_iter_walks_rscale(const struct pim_rrule_iter *iter)
{
	return iter->rscale != NULL && iter->rule.freq >= PIM_FREQ_MONTHLY;
}

static uint64_t pim_iter_fill(struct pim_rrule_iter *iter)
{
	uint64_t distance;

	iter->next = iter->total = 0;
	distance = !pim_iter_walks_rscale(iter) ? pim_iter_fill_period(iter) :
		pim_rrule_rscale_fill(iter) ? 1 : 0;
	if (distance == 0)
		return 0;
	iter->total = (uint64_t)iter->days_count * iter->hours_count *
		iter->minutes_count * iter->seconds_count;
	if (pim_iter_has_list(iter, PIM_RRULE_SET_POS))
		pim_iter_fill_positions(iter);
	return distance;
}

/*
 * Times
 */

static unsigned int
pim_iter_fill_list(const struct pim_rrule_iter *iter, enum pim_rrule_list list,
		   unsigned int start, unsigned int end, unsigned char *values)
{
	unsigned int count = 0;

	if (!pim_iter_has_list(iter, list)) {
		values[0] = start;
		return 1;
	}
	for (unsigned int i = 0; i < end; i++) {
		if (pim_rrule_has(iter->rule.list_bits[list], i))
			values[count++] = i;
	}
	return count;
}

/* The times of a day. What is shorter than the rule's period is the period's
   own, and put in there. */
static void pim_iter_init_times(struct pim_rrule_iter *iter)
{
	enum pim_freq freq = iter->rule.freq;
	unsigned int secs = iter->start - pim_days_of(iter->start) * PIM_DAY;

	iter->hours_count = freq <= PIM_FREQ_HOURLY ? 1 :
		pim_iter_fill_list(iter, PIM_RRULE_HOUR, secs / 3600, 24,
				   iter->hours);
	iter->minutes_count = freq <= PIM_FREQ_MINUTELY ? 1 :
		pim_iter_fill_list(iter, PIM_RRULE_MINUTE, secs / 60 % 60, 60,
				   iter->minutes);
	iter->seconds_count = freq <= PIM_FREQ_SECONDLY ? 1 :
		pim_iter_fill_list(iter, PIM_RRULE_SECOND, secs % 60, 61,
				   iter->seconds);
}

static unsigned int pim_iter_times(const struct pim_rrule_iter *iter)
{
	return iter->hours_count * iter->minutes_count * iter->seconds_count;
}

static int64_t pim_iter_get(const struct pim_rrule_iter *iter, uint64_t idx)
{
	unsigned int times = pim_iter_times(iter), rest = idx % times;
	unsigned int second = rest % iter->seconds_count;

	rest /= iter->seconds_count;
	return iter->days[idx / times] * PIM_DAY +
		iter->hours[rest / iter->minutes_count] * 3600 +
		iter->minutes[rest % iter->minutes_count] * 60 +
		iter->seconds[second];
}

/*
 * The rule
 */

static void
pim_iter_set_list(struct pim_rrule *rule, enum pim_rrule_list list,
		  unsigned int value)
{
	rule->list_count[list] = 1;
	pim_rrule_set(rule->list_bits[list], value);
}

/* What the rule doesn't say of the days is said by the start. */
static void pim_iter_init_days(struct pim_rrule_iter *iter)
{
	struct pim_rrule *rule = &iter->rule;
	bool weeks = pim_iter_has_list(iter, PIM_RRULE_WEEK_NO);
	unsigned int month, day;
	int year;

	if (rule->freq < PIM_FREQ_WEEKLY || rule->days_count > 0 ||
	    pim_iter_has_list(iter, PIM_RRULE_MONTH_DAY) ||
	    pim_iter_has_list(iter, PIM_RRULE_YEAR_DAY))
		return;
	if (weeks || rule->freq == PIM_FREQ_WEEKLY) {
		rule->days_count = 1;
		rule->days[0].week = 0;
		rule->days[0].weekday =
			pim_days_weekday(pim_days_of(iter->start));
		return;
	}
	pim_date_from_days(pim_days_of(iter->start), &year, &month, &day);
	pim_iter_set_list(rule, PIM_RRULE_MONTH_DAY, day);
	if (rule->freq == PIM_FREQ_YEARLY &&
	    !pim_iter_has_list(iter, PIM_RRULE_MONTH))
		pim_iter_set_list(rule, PIM_RRULE_MONTH, month);
}

/* Has each period just one time, the start's? Then occurrences are counted
   without looking at them. */
static bool pim_iter_is_plain(const struct pim_rrule_iter *iter)
{
	const struct pim_rrule *rule = &iter->rule;

	for (unsigned int i = 0; i < PIM_RRULE_LIST_COUNT; i++) {
		if (rule->list_count[i] > 0)
			return FALSE;
	}
	return rule->days_count == 0 && rule->freq <= PIM_FREQ_WEEKLY;
}

static void pim_iter_init_until(struct pim_rrule_iter *iter)
{
	const struct pim_rrule *rule = &iter->rule;

	iter->until = PIM_TIME_MAX;
	if (!rule->has_until)
		return;
	iter->until = rule->until;
	if (rule->until_is_date)
		iter->until += PIM_DAY - 1;
	else if (rule->until_is_utc && iter->tz != NULL)
		iter->until = pim_timezone_to_local(iter->tz, rule->until);
}

/* An UNTIL in UTC near a change of the clock is compared there. */
static bool pim_iter_is_over(const struct pim_rrule_iter *iter, int64_t t)
{
	if (iter->rule.has_until && iter->rule.until_is_utc &&
	    iter->tz != NULL && t < iter->until + PIM_DAY &&
	    t > iter->until - PIM_DAY)
		return pim_timezone_from_local(iter->tz, t) > iter->rule.until;
	return t > iter->until;
}

void pim_rrule_iter_init(struct pim_rrule_iter *iter,
			 const struct pim_rrule *rule, int64_t start,
			 const struct pim_timezone *tz,
			 int64_t from, int64_t to)
{
	bool plain;

	i_zero(iter);
	iter->rule = *rule;
	iter->tz = tz;
	iter->start = start;
	iter->from = from;
	iter->to = I_MIN(to, PIM_TIME_MAX);
	/* a week may begin in the year 0 */
	iter->year = INT_MIN;
	iter->has_count = rule->count > 0;
	iter->count = rule->count;
	plain = pim_iter_is_plain(iter);
	pim_iter_init_until(iter);
	pim_iter_init_times(iter);
	iter->last = start;
	pim_rrule_rscale_init(iter);
	if (pim_iter_walks_rscale(iter))
		return;
	pim_iter_init_days(iter);
	if (from > start && from <= iter->to &&
	    (plain || !iter->has_count)) {
		pim_iter_seek(iter, from);
		/* the start is counted as it is given */
		if (iter->has_count && iter->period > 0) {
			iter->count = iter->count <= iter->period ? 1 :
				iter->count - (iter->period - 1);
		}
	}
}

/* Passes all times of the day that is next, if the window begins later. */
static bool pim_iter_skip_day(struct pim_rrule_iter *iter)
{
	unsigned int times = pim_iter_times(iter);
	int64_t day;

	if (pim_iter_has_list(iter, PIM_RRULE_SET_POS) ||
	    iter->next % times != 0)
		return FALSE;
	day = iter->days[iter->next / times];
	if ((day + 1) * PIM_DAY >= iter->from ||
	    day <= pim_days_of(iter->start))
		return FALSE;
	iter->next += times;
	if (iter->has_count)
		iter->count = iter->count <= times ? 0 : iter->count - times;
	return TRUE;
}

/* Returns 1, 0 at the end of the rule, -1 if t is not to be shown. */
static int pim_iter_check(struct pim_rrule_iter *iter, int64_t t)
{
	/* SKIP may put two together */
	if (t <= iter->last)
		return -1;
	if (t > iter->to || (iter->has_count && iter->count == 0) ||
	    pim_iter_is_over(iter, t))
		return 0;
	iter->last = t;
	if (iter->has_count)
		iter->count--;
	return t < iter->from ? -1 : 1;
}

static int pim_iter_start(struct pim_rrule_iter *iter, int64_t *local_r)
{
	iter->started = TRUE;
	if (iter->has_count)
		iter->count--;
	*local_r = iter->start;
	return 1;
}

int pim_rrule_iter_next(struct pim_rrule_iter *iter, int64_t *local_r)
{
	uint64_t distance;
	int ret;

	if (!iter->started)
		return pim_iter_start(iter, local_r);
	if (iter->nothing_more)
		return 0;
	while (iter->steps++ < PIM_RRULE_STEPS_MAX) {
		if (iter->next == iter->total) {
			if (iter->has_count && iter->count == 0)
				return 0;
			distance = pim_iter_fill(iter);
			if (distance == 0)
				return 0;
			iter->period += distance;
			continue;
		}
		if (pim_iter_skip_day(iter))
			continue;
		*local_r = pim_iter_get(iter,
			pim_iter_has_list(iter, PIM_RRULE_SET_POS) ?
			iter->positions[iter->next] : iter->next);
		iter->next++;
		ret = pim_iter_check(iter, *local_r);
		if (ret >= 0)
			return ret;
	}
	return -1;
}

/*
 * The next one
 */

static bool
pim_next_excluded(int64_t t, const int64_t *excluded, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		if (excluded[i] == t)
			return TRUE;
	}
	return FALSE;
}

int pim_rrule_next(const char *rrule, int64_t start, int offset,
		   const int64_t *excluded, unsigned int excluded_count,
		   int64_t *next_r, unsigned int *passed_r)
{
	struct pim_rrule_iter *iter = t_new(struct pim_rrule_iter, 1);
	struct pim_rrule rule;
	int64_t t;

	if (pim_rrule_parse(rrule, &rule) < 0 || rule.freq < PIM_FREQ_DAILY)
		return -1;
	if (rule.until_is_utc) {
		rule.until += offset;
		rule.until_is_utc = FALSE;
	}
	pim_rrule_iter_init(iter, &rule, start, NULL, start, PIM_TIME_MAX);
	/* each one that is excluded may be one of them */
	for (unsigned int i = 0; i <= excluded_count + 1; i++) {
		if (pim_rrule_iter_next(iter, &t) <= 0)
			return 0;
		if (i > 0 && !pim_next_excluded(t, excluded, excluded_count)) {
			*next_r = t;
			*passed_r = i;
			return 1;
		}
	}
	return 0;
}
