#ifndef PIM_RSCALE_H
#define PIM_RSCALE_H

/* Other calendars than ours, for RSCALE (RFC 7529): their years as months of days. The Chinese and
   the Korean one are tables (scripts/lunar-months), the others are computed by ICU when a year is
   first asked for, and kept. Only the 300 years are known in which the people live whose calendars
   these are. */

/* days since 1970-01-01: 1900-01-01, 2200-01-01 */
#define PIM_RSCALE_DAY_MIN (-25567)
#define PIM_RSCALE_DAY_MAX 84006
#define PIM_RSCALE_MONTHS_MAX 14

struct pim_rscale;

struct pim_rscale_month {
	int64_t first;
	unsigned int days;
	/* as RFC 7529 counts them: the leap month 5L has the number 5 */
	unsigned int number;
	bool leap;
};

struct pim_rscale_year {
	/* counted from the first one that is known */
	unsigned int idx;
	int64_t first;
	unsigned int days, months_count;
	struct pim_rscale_month months[PIM_RSCALE_MONTHS_MAX];
};

/* By CLDR's name in any case; NULL if it is not known. Belongs to the process. */
struct pim_rscale *pim_rscale_find(const char *name);
/* Frees all of them. */
void pim_rscales_deinit(void);

/* NULL if it is not known. Belongs to the calendar. */
const struct pim_rscale_year *
pim_rscale_year_get(struct pim_rscale *rscale, unsigned int idx);
/* The year that a day is in. */
const struct pim_rscale_year *
pim_rscale_year_at(struct pim_rscale *rscale, int64_t day);
/* The month of a year's day. */
const struct pim_rscale_month *
pim_rscale_month_at(const struct pim_rscale_year *year, int64_t day);

#endif
