#ifndef CLASS_TASKS_PRIVATE_H
#define CLASS_TASKS_PRIVATE_H

#include "eas-class-ical.h"
#include "pim-recurrence.h"
#include "class-tasks.h"

struct pim_timezone;

/* -- dates (class-tasks-dates.c) --

   ActiveSync has each date twice, by the person's clock and in UTC, and no time zone. Most
   are days: midnight by the clock. A VTODO has them so:

	DTSTART, DUE;VALUE=DATE		all of them are midnights
	;TZID=...			the text has a zone that fits
	...Z				else
	floating			the same of a recurring task: its days of
					the week are those of the clock

   DUE may be DURATION. What is not said there (the clock's difference to UTC) is that of the
   server's own zone, or, where a device has said another one, the parameter
   X-ROOST-OFFSET. */

struct tasks_date {
	bool set;
	int64_t local, utc;
	/* the property; NULL = none, or DURATION */
	struct pim_property *prop;
	const struct pim_timezone *tz;
	bool is_date, is_utc, has_offset;
};

struct tasks_dates {
	struct tasks_date start, due;
	/* the user's own clock */
	const struct pim_timezone *home;
};

void tasks_dates_read(const struct eas_ical *ical, struct tasks_dates *dates_r);
/* Makes start and due of new (set, local and utc count) those of the task. Properties that
   have them already stay as they are. recurring: the task has got a new
   recurrence. old is what was read. */
void tasks_dates_write(const struct eas_ical *ical,
		       const struct tasks_dates *old,
		       const struct tasks_dates *new, bool recurring);
/* Moves both so that the recurrence's next one begins at that local time. */
void tasks_dates_move(const struct eas_ical *ical, int64_t next);
/* The date of which a device has said one or both; old has the clock of the one that is NULL. */
void tasks_date_set(const struct eas_ical *ical, struct tasks_date *date,
		    const struct tasks_date *old,
		    const int64_t *local, const int64_t *utc);
/* The date that the recurrence begins with; NULL = there is none. */
const struct tasks_date *tasks_dates_anchor(const struct tasks_dates *dates);

/* -- recurrence (class-tasks-recurrence.c) --

   RRULE, with parameters for what it has no words for: X-ROOST-START (the series' start, if it
   is another one than the task's), X-ROOST-REGENERATE, X-ROOST-CALENDAR-TYPE,
   X-ROOST-UNTIL (to the second). A DeadOccur that is not 0 says that the task is a single one which a series
   has left behind: others must not take it for a series, so the rule is then
   X-ROOST-RRULE;X-ROOST-DEAD-OCCUR=. */

struct tasks_recurrence {
	struct pim_recurrence rec;
	int64_t start;
	unsigned int dead_occur;
	bool regenerate;
};

/* Returns 1; 0 if there is none that this version can show. */
int tasks_recurrence_read(const struct eas_ical *ical,
			  const struct tasks_dates *dates,
			  unsigned int version, struct tasks_recurrence *rec_r);
void tasks_recurrence_write(const struct tasks_recurrence *rec,
			    unsigned int version, struct wbxml_writer *writer);
/* Returns 1, 0 if there is no Recurrence, -1 (apply->error). */
int tasks_recurrence_parse(struct eas_class_apply *apply,
			   struct tasks_recurrence *rec_r);
/* Are they the same to a device that speaks this version? */
bool tasks_recurrence_equal(const struct tasks_recurrence *old,
			    const struct tasks_recurrence *new,
			    unsigned int version);
/* dates are those that the task has now. Returns 0, or -1 if there is no such RRULE. */
int tasks_recurrence_set(const struct eas_ical *ical,
			 const struct tasks_dates *dates,
			 const struct tasks_recurrence *rec);
/* Where the series began, of a rule whose task moves on. */
void tasks_recurrence_set_start(struct pim_property *rule, int64_t start);
void tasks_recurrence_remove(const struct eas_ical *ical);
/* NULL = the task does not recur (any more). */
struct pim_property *tasks_recurrence_rule(const struct eas_ical *ical);

/* -- completion (class-tasks-complete.c) -- */

bool tasks_is_complete(const struct pim_component *task);
/* When it was; unknown if nothing says it. */
int64_t tasks_completed(const struct pim_component *task, int64_t unknown);
/* completed 0 = not said */
void tasks_set_complete(struct pim_component *task, int64_t completed,
			time_t now);
void tasks_set_open(struct pim_component *task);
/* A device says that an open recurring task is done. What is done is one occurrence: it becomes a
   task of its own (apply->more), and the task moves on to the next one. Returns FALSE if there is
   no next one. */
bool tasks_complete_occurrence(struct eas_class_apply *apply,
			       const struct eas_ical *ical, int64_t completed);

#endif
