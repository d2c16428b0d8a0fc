#ifndef PIM_ALARM_H
#define PIM_ALARM_H

/* VALARM (RFC 5545 3.6.6) as devices know it: one reminder. An item may have
   more of them, and some that run programs or send mails: those are left
   alone. */

struct pim_component;
struct pim_timezone;

struct pim_trigger {
	/* UTC, or the seconds behind the item's start or end */
	int64_t value;
	bool absolute;
	/* absolute, and by the user's clock instead of UTC */
	bool floating;
	bool from_end;
};

/* The alarm that is a device's reminder: the first one that shows or sounds,
   NULL = none. */
struct pim_component *pim_alarm_find(const struct pim_component *item);
/* The next one after alarm (NULL: the first) that shows or sounds, whatever its trigger is. */
struct pim_component *
pim_alarm_next(const struct pim_component *item, struct pim_component *alarm);
/* Removes all that show or sound. */
void pim_alarms_remove(struct pim_component *item);
/* Adds one that shows text. Its trigger has to be set. */
struct pim_component *
pim_alarm_add(struct pim_component *item, const char *text);
/* Returns 0, or -1 if it has none that can be read. */
int pim_alarm_get_trigger(const struct pim_component *alarm,
			  struct pim_trigger *trigger_r);
/* How many seconds before the start of something it goes off, all times UTC: negative if it does
   after that. */
int64_t pim_trigger_before(const struct pim_trigger *trigger,
			   const struct pim_timezone *home, int64_t start,
			   int64_t end);
/* The moment of an absolute one. */
int64_t pim_trigger_time(const struct pim_trigger *trigger,
			 const struct pim_timezone *home);
/* Changes nothing if the trigger is this one already. */
void pim_alarm_set_trigger(struct pim_component *alarm,
			   const struct pim_trigger *trigger);

/* "-PT15M" in seconds. Returns 0 or -1. */
int pim_duration_parse(const char *value, int64_t *secs_r);
void pim_duration_append(string_t *dest, int64_t secs);

#endif
