#ifndef PIM_TZ_RULE_H
#define PIM_TZ_RULE_H

/* A rule for the clock that is the same every year: what Windows, ActiveSync
   and POSIX know of a time zone. */

/* When the clock is changed, by the clock of before. */
struct pim_tz_edge {
	unsigned char month;		/* 1 to 12 */
	unsigned char week;		/* 1 to 4, 5 = the last */
	unsigned char weekday;		/* 0 = Sunday */
	/* since that day's midnight; beyond the day in POSIX rules, and
	   24:00:00 in others */
	int seconds;
};

struct pim_tz_rule {
	/* seconds east of Greenwich; without daylight saving both are the
	   same */
	int standard_offset, daylight_offset;
	bool has_daylight;
	struct pim_tz_edge to_daylight, to_standard;
};

struct pim_tz_transition {
	int64_t time;
	int before, after;		/* offsets */
};

/* In UTC. */
int64_t pim_tz_edge_time(const struct pim_tz_edge *edge, int year,
			 int offset_before);
/* The changes of a year, in their order. Returns how many: 0 or 2. */
unsigned int pim_tz_rule_year(const struct pim_tz_rule *rule, int year,
			      struct pim_tz_transition transitions_r[2]);
int pim_tz_rule_offset(const struct pim_tz_rule *rule, int64_t t);
/* Do both say the same in this year, to the minute? */
bool pim_tz_rule_equals(const struct pim_tz_rule *a,
			const struct pim_tz_rule *b, int year);

#endif
