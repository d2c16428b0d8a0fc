/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-date.h"
#include "pim-rscale.h"

#include <unicode/ucal.h>

#define RSCALE_GREGORIAN "GREGORIAN"
#define RSCALE_YEARS_MAX 320
#define RSCALE_LUNAR_YEARS 301
#define RSCALE_NAME_MAX 32
#define RSCALE_YEAR_TRIES 10
#define RSCALE_MONTH_USUAL 29
#define RSCALE_MONTH_MAX 33
/* of a year, in thousandths; Muslims' are shorter */
#define RSCALE_DAYS_LUNAR 354367
#define RSCALE_DAYS_SOLAR 365243

/* Calendars that are observed: what ICU makes of them is not always the day that
   people have, and depends on which of them it was asked for before. */
struct pim_rscale_lunar {
	int first;
	unsigned int years[RSCALE_LUNAR_YEARS];
};
#include "pim-rscale-lunar.inc"

static const struct {
	const char *name;
	const struct pim_rscale_lunar *table;
} rscale_tables[] = {
	{ "CHINESE", &pim_rscale_chinese },
	{ "DANGI", &pim_rscale_dangi },
};

struct pim_rscale {
	char *name;
	/* both NULL = Gregorian */
	UCalendar *cal;
	const struct pim_rscale_lunar *table;
	bool hebrew, lunar;
	/* ICU's number of the year that 1900-01-01 is in, and its first day */
	int base_year;
	int64_t base_first;
	struct pim_rscale_year *years[RSCALE_YEARS_MAX];
};
static ARRAY(struct pim_rscale *) pim_rscales;

/*
 * ICU
 */

struct rscale_day {
	int year;
	/* from 1 on; month is ICU's from 0 on */
	unsigned int month, day_of_month, day_of_year;
	bool leap;
};

static int rscale_field(struct pim_rscale *rscale, UCalendarDateFields field,
			UErrorCode *error)
{
	return ucal_get(rscale->cal, field, error);
}

static bool
rscale_day_get(struct pim_rscale *rscale, int64_t day, struct rscale_day *day_r)
{
	UErrorCode error = U_ZERO_ERROR;

	ucal_setMillis(rscale->cal, (double)day * PIM_DAY * 1000, &error);
	day_r->year = rscale_field(rscale, UCAL_EXTENDED_YEAR, &error);
	day_r->month = rscale_field(rscale, UCAL_MONTH, &error);
	day_r->leap = rscale_field(rscale, UCAL_IS_LEAP_MONTH, &error) != 0;
	day_r->day_of_month = rscale_field(rscale, UCAL_DAY_OF_MONTH, &error);
	day_r->day_of_year = rscale_field(rscale, UCAL_DAY_OF_YEAR, &error);
	return U_SUCCESS(error) && day_r->day_of_month >= 1 &&
		day_r->day_of_month <= 31 && day_r->day_of_year >= 1;
}

static UCalendar *rscale_open(const char *name)
{
	static const UChar utc[] = { 'E', 't', 'c', '/', 'U', 'T', 'C', 0 };
	UErrorCode error = U_ZERO_ERROR;
	UCalendar *cal;

	cal = ucal_open(utc, -1, t_strconcat("und@calendar=", name, NULL),
			UCAL_DEFAULT, &error);
	/* an unknown one is another one */
	if (U_SUCCESS(error) &&
	    strcmp(ucal_getType(cal, &error), name) == 0 && U_SUCCESS(error))
		return cal;
	if (cal != NULL)
		ucal_close(cal);
	return NULL;
}

/*
 * Years
 */

static unsigned int rscale_year_length(const struct pim_rscale *rscale)
{
	return rscale->lunar ? RSCALE_DAYS_LUNAR : RSCALE_DAYS_SOLAR;
}

static void
rscale_month_set(struct pim_rscale *rscale, const struct rscale_day *day,
		 struct pim_rscale_month *month)
{
	month->number = day->month + 1;
	month->leap = day->leap;
	if (rscale->hebrew && day->month >= 5) {
		/* ICU has Adar I in each year */
		month->number--;
		month->leap = day->month == 5;
	}
}

static bool
rscale_same_month(const struct rscale_day *d1, const struct rscale_day *d2)
{
	return d1->year == d2->year && d1->month == d2->month &&
		d1->leap == d2->leap;
}

/* How long the month is that begins with day at pos; day becomes the one behind
   it. Returns 0 if that can't be found. */
static unsigned int
rscale_month_length(struct pim_rscale *rscale, int64_t pos,
		    struct rscale_day *day)
{
	unsigned int length = RSCALE_MONTH_USUAL;
	struct rscale_day next;

	do {
		if (length > RSCALE_MONTH_MAX ||
		    !rscale_day_get(rscale, pos + length, &next))
			return 0;
		length++;
	} while (rscale_same_month(day, &next));
	length--;
	/* a month of 5 days ends long before */
	if (length < next.day_of_month)
		return 0;
	length -= next.day_of_month - 1;
	return rscale_day_get(rscale, pos + length, day) ? length : 0;
}

static bool
rscale_year_fill(struct pim_rscale *rscale, int64_t first,
		 struct pim_rscale_year *year)
{
	struct pim_rscale_month *month;
	struct rscale_day day;

	year->first = first;
	if (!rscale_day_get(rscale, first, &day))
		return FALSE;
	do {
		if (year->months_count == PIM_RSCALE_MONTHS_MAX)
			return FALSE;
		month = &year->months[year->months_count++];
		month->first = first + year->days;
		rscale_month_set(rscale, &day, month);
		month->days = rscale_month_length(rscale, month->first, &day);
		if (month->days == 0)
			return FALSE;
		year->days += month->days;
	} while (day.day_of_year != 1);
	return TRUE;
}

static bool
rscale_year_find(struct pim_rscale *rscale, unsigned int idx, int64_t *first_r)
{
	int64_t length = rscale_year_length(rscale);
	int wanted = rscale->base_year + (int)idx;
	int64_t guess = rscale->base_first + (idx * length + length / 2) / 1000;
	struct rscale_day day;

	for (unsigned int i = 0; i < RSCALE_YEAR_TRIES; i++) {
		if (!rscale_day_get(rscale, guess, &day))
			return FALSE;
		if (day.year == wanted) {
			*first_r = guess - ((int64_t)day.day_of_year - 1);
			return TRUE;
		}
		guess += ((int64_t)wanted - day.year) * length / 1000;
	}
	return FALSE;
}

static void
rscale_year_fill_gregorian(unsigned int idx, struct pim_rscale_year *year)
{
	int number = 1900 + (int)idx;
	struct pim_rscale_month *month;

	year->first = pim_date_to_days(number, 1, 1);
	for (unsigned int i = 1; i <= 12; i++) {
		month = &year->months[year->months_count++];
		month->number = i;
		month->first = year->first + year->days;
		month->days = pim_month_length(number, i);
		year->days += month->days;
	}
}

static unsigned int
rscale_lunar_months(unsigned int bits, unsigned int *lengths_r)
{
	unsigned int count = bits >> 13 == 0 ? 12 : 13;

	for (unsigned int i = 0; i < count; i++)
		lengths_r[i] = 29 + ((bits >> i) & 1);
	return count;
}

static bool
rscale_year_fill_lunar(const struct pim_rscale_lunar *table, unsigned int idx,
		       struct pim_rscale_year *year)
{
	unsigned int lengths[13], count, leap, number = 0;
	struct pim_rscale_month *month;

	if (idx >= N_ELEMENTS(table->years))
		return FALSE;
	year->first = table->first;
	for (unsigned int i = 0; i < idx; i++) {
		count = rscale_lunar_months(table->years[i], lengths);
		for (unsigned int n = 0; n < count; n++)
			year->first += lengths[n];
	}
	leap = table->years[idx] >> 13;
	year->months_count = rscale_lunar_months(table->years[idx], lengths);
	for (unsigned int i = 0; i < year->months_count; i++) {
		month = &year->months[i];
		month->leap = leap != 0 && i == leap;
		month->number = month->leap ? number : ++number;
		month->first = year->first + year->days;
		month->days = lengths[i];
		year->days += month->days;
	}
	return TRUE;
}

const struct pim_rscale_year *
pim_rscale_year_get(struct pim_rscale *rscale, unsigned int idx)
{
	struct pim_rscale_year *year;
	int64_t first;
	bool ok = TRUE;

	if (idx >= RSCALE_YEARS_MAX)
		return NULL;
	if (rscale->years[idx] != NULL)
		return rscale->years[idx];
	year = i_new(struct pim_rscale_year, 1);
	year->idx = idx;
	if (rscale->table != NULL)
		ok = rscale_year_fill_lunar(rscale->table, idx, year);
	else if (rscale->cal == NULL)
		rscale_year_fill_gregorian(idx, year);
	else {
		ok = rscale_year_find(rscale, idx, &first) &&
			rscale_year_fill(rscale, first, year);
	}
	if (!ok || year->first > PIM_RSCALE_DAY_MAX)
		i_free(year);
	rscale->years[idx] = year;
	return year;
}

const struct pim_rscale_year *
pim_rscale_year_at(struct pim_rscale *rscale, int64_t day)
{
	const struct pim_rscale_year *year;
	int64_t idx;

	if (day < PIM_RSCALE_DAY_MIN || day > PIM_RSCALE_DAY_MAX)
		return NULL;
	idx = (day - rscale->base_first) * 1000 / rscale_year_length(rscale);
	/* it may be one of its neighbours */
	for (int64_t i = I_MAX(idx - 1, 0); i <= idx + 1; i++) {
		year = pim_rscale_year_get(rscale, i);
		if (year != NULL && day >= year->first &&
		    day < year->first + year->days)
			return year;
	}
	return NULL;
}

const struct pim_rscale_month *
pim_rscale_month_at(const struct pim_rscale_year *year, int64_t day)
{
	unsigned int i = year->months_count - 1;

	i_assert(day >= year->first && day < year->first + year->days);
	while (day < year->months[i].first)
		i--;
	return &year->months[i];
}

/*
 * Calendars
 */

static struct pim_rscale *rscale_create(const char *name)
{
	struct pim_rscale *rscale = i_new(struct pim_rscale, 1);
	const char *lower = t_str_lcase(name);
	struct rscale_day day;

	rscale->name = i_strdup(t_str_ucase(name));
	rscale->base_year = 1900;
	rscale->base_first = PIM_RSCALE_DAY_MIN;
	if (strcmp(rscale->name, RSCALE_GREGORIAN) == 0)
		return rscale;
	for (unsigned int i = 0; i < N_ELEMENTS(rscale_tables); i++) {
		if (strcmp(rscale->name, rscale_tables[i].name) == 0) {
			rscale->table = rscale_tables[i].table;
			rscale->base_first = rscale->table->first;
			return rscale;
		}
	}
	rscale->hebrew = strcmp(lower, "hebrew") == 0;
	rscale->lunar = strncmp(lower, "islamic", 7) == 0;
	rscale->cal = rscale_open(lower);
	if (rscale->cal != NULL &&
	    rscale_day_get(rscale, PIM_RSCALE_DAY_MIN, &day)) {
		rscale->base_year = day.year;
		rscale->base_first -= (int64_t)day.day_of_year - 1;
		return rscale;
	}
	if (rscale->cal != NULL)
		ucal_close(rscale->cal);
	i_free(rscale->name);
	i_free(rscale);
	return NULL;
}

struct pim_rscale *pim_rscale_find(const char *name)
{
	struct pim_rscale *rscale;

	if (!array_is_created(&pim_rscales))
		i_array_init(&pim_rscales, 4);
	array_foreach_elem(&pim_rscales, rscale) {
		if (strcasecmp(rscale->name, name) == 0)
			return rscale;
	}
	/* letters and '-' are CLDR's; others would say more than a name */
	if (strlen(name) > RSCALE_NAME_MAX ||
	    strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		   "0123456789-") != strlen(name))
		return NULL;
	T_BEGIN {
		rscale = rscale_create(name);
	} T_END;
	if (rscale != NULL)
		array_push_back(&pim_rscales, &rscale);
	return rscale;
}

void pim_rscales_deinit(void)
{
	struct pim_rscale *rscale;

	if (!array_is_created(&pim_rscales))
		return;
	array_foreach_elem(&pim_rscales, rscale) {
		for (unsigned int i = 0; i < RSCALE_YEARS_MAX; i++)
			i_free(rscale->years[i]);
		if (rscale->cal != NULL)
			ucal_close(rscale->cal);
		i_free(rscale->name);
		i_free(rscale);
	}
	array_free(&pim_rscales);
}
