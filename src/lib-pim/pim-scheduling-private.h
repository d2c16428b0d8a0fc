#ifndef PIM_SCHEDULING_PRIVATE_H
#define PIM_SCHEDULING_PRIVATE_H

#include "hash.h"
#include "pim-lines.h"
#include "pim-occurrence.h"
#include "pim-scheduling.h"

/* What the files pim-scheduling*.c share. */

#define SCHED_STAMP "X-ROOST-STAMP"
#define SCHED_FIRST "X-ROOST-FIRST"
#define SCHED_GONE "X-ROOST-GONE"
#define SCHED_SENDER "X-ROOST-SENDER"
/* in X-ROOST-GONE: by the user's no; with all that follow */
#define SCHED_DECLINED "DECLINED"
#define SCHED_FUTURE "FUTURE"
/* changed occurrences that one message makes */
#define SCHED_MAX_FUTURE 200
#define PIM_SCHEDULING_TIME_MAX (INT64_MAX / 4)
#define SCHED_PROPOSED "X-ROOST-PROPOSED"
#define SCHED_OWN_PREFIX "X-ROOST-"
#define SCHED_BUSY "X-MICROSOFT-CDO-BUSYSTATUS"
#define SCHED_INTENDED "X-MICROSOFT-CDO-INTENDEDSTATUS"
#define SCHED_REPLY_TIME "X-MICROSOFT-CDO-REPLYTIME"

struct sched_apply;

struct sched_zone {
	const char *tzid;
	const struct pim_timezone *tz;
};

/* A moment of a property. */
struct sched_time {
	/* UTC; of a date its midnight as if that were UTC's */
	int64_t time;
	/* the day that it is for a series of dates, as a number */
	int64_t day;
	bool is_date;
};

/* What the series' DTSTART is like. */
struct sched_form {
	bool known, is_date, floating;
	/* of a series that is not of dates: its clock, and its time of day */
	const struct pim_timezone *tz;
	int64_t secs;
};

ARRAY_DEFINE_TYPE(sched_time, struct sched_time);

struct sched_exception {
	struct sched_time id;
	struct pim_component *event;
};

/* A calendar object that is worked with. */
struct sched_doc {
	pool_t pool;
	/* the user's clock, never NULL */
	const struct pim_timezone *home;
	struct pim_lines *doc;
	struct pim_component *calendar;
	struct sched_form form;
	/* the series as if nothing was changed or taken out of it: read
	   when first asked for */
	struct pim_lines *plain_doc;
	struct pim_series *plain;
	const char *uid;		/* of its first event */
	/* each TZID is looked up once */
	ARRAY(struct sched_zone) zones;
	/* the events with RECURRENCE-ID, and the master's EXDATEs: read when
	   first asked for, so that a look-up parses nothing */
	ARRAY(struct sched_exception) exceptions;
	ARRAY(struct sched_time) excluded;
	bool excluded_loaded;
	/* bytes of the series, and of the exceptions that were made of it */
	size_t master_size, made_size;
};

/* Returns 0, or -1 and a sentence; pool holds zones and strings. home NULL = UTC. */
int sched_doc_parse(struct sched_doc *doc_r, pool_t pool,
		    const struct pim_timezone *home, const void *data,
		    size_t size, const char **error_r);
void sched_doc_free(struct sched_doc *doc);

/* The events of doc's UID. */
struct pim_component *sched_event_first(const struct sched_doc *doc);
struct pim_component *
sched_event_next(const struct sched_doc *doc, struct pim_component *event);
/* The one without RECURRENCE-ID; NULL = there is none. */
struct pim_component *sched_master(const struct sched_doc *doc);
/* Has to be called when the series was replaced, or its rule or dates were changed. */
void sched_master_changed(struct sched_doc *doc);

/* Returns FALSE if there is none. value is one of the property's values. */
bool sched_value_time(struct sched_doc *doc, const struct pim_property *prop,
		      const char *value, struct sched_time *time_r);
bool sched_time(struct sched_doc *doc, const struct pim_component *event,
		const char *name, struct sched_time *time_r);
bool sched_time_equals(const struct sched_time *t1,
		       const struct sched_time *t2);
/* Brings the id of an occurrence into the form that the series' own are in: some write
   that of an all-day one as a midnight, or name an occurrence by its day. */
void sched_id_adapt(const struct sched_doc *doc, struct sched_time *id);
/* DTEND, whatever it is said by. */
bool sched_end(struct sched_doc *doc, const struct pim_component *event,
	       struct sched_time *time_r);
/* The changed occurrence. */
struct pim_component *
sched_exception_find(struct sched_doc *doc, const struct sched_time *id);

/* The one before with RANGE=THISANDFUTURE, which the occurrence is like if it has nothing of
   its own; NULL = none. */
struct pim_component *
sched_exception_cover(struct sched_doc *doc, const struct sched_time *id);

/* Adds an exception for an occurrence of the series, as the series has it. NULL if it has no
   such occurrence, or those that were made would be too much together. */
struct pim_component *
sched_exception_make(struct sched_doc *doc, const struct sched_time *id);
/* Adds a copy of an exception of another object, removes one. */
struct pim_component *
sched_exception_copy(struct sched_doc *doc, const struct sched_time *id,
		     const struct pim_component *event);
void sched_exception_remove(struct sched_doc *doc,
			    struct pim_component *event);
/* Makes it an EXDATE of the series. Returns FALSE if it was one already. */
bool sched_exclude(struct sched_doc *doc, struct pim_component *master,
		   const struct sched_time *id);
/* Fills doc->excluded, unless it is. */
void sched_excluded_load(struct sched_doc *doc,
			 const struct pim_component *master);
bool sched_is_excluded(struct sched_doc *doc,
		       const struct pim_component *master,
		       const struct sched_time *id);
/* Takes the EXDATE out again. */
void sched_include(struct sched_doc *doc, struct pim_component *master,
		   const struct sched_time *id);
/* Writes a time as another property has its own: a date, UTC, or by the clock of a
   zone. */
void sched_set_time(struct sched_doc *doc, struct pim_property *prop,
		    const struct pim_property *like, int64_t time);
/* By the series' clock. */
int64_t sched_id_local(const struct sched_doc *doc,
		       const struct sched_time *id);
/* Has the series this occurrence? */
bool sched_has_occurrence(struct sched_doc *doc, const struct sched_time *id);
/* Copies the series into another object, without its exceptions (excluded: but with its
   EXDATEs), and reads it. NULL if there is none; lines_r has to be freed if it
   is not NULL. */
struct pim_series *
sched_series_copy(struct sched_doc *doc, bool excluded,
		  struct pim_lines **lines_r);
/* The occurrence of that id. */
bool sched_series_find(const struct sched_doc *doc,
		       const struct pim_series *series,
		       const struct sched_time *id,
		       struct pim_occurrence *occurrence_r);
/* The zone of its TZID, NULL = none. */
const struct pim_timezone *
sched_property_zone(struct sched_doc *doc, const struct pim_property *prop,
		    int64_t time);
/* What a device calls an occurrence is a moment; that of an all-day series is a
   date, which up to 14.1 is said as a midnight somewhere. */
void sched_time_make(const struct sched_doc *doc, int64_t t,
		     struct sched_time *time_r);
/* The id of the occurrence that a message's event is about, as what is stored has it. FALSE if it has
   no RECURRENCE-ID that can be read. */
bool sched_stored_id(struct sched_apply *apply,
		     const struct pim_component *event,
		     struct sched_time *id_r);

/* Remembers that an occurrence was taken out (X-ROOST-GONE), by a message of
   that SEQUENCE and DTSTAMP. how is NULL, SCHED_DECLINED or SCHED_FUTURE. */
void sched_set_gone(struct sched_doc *doc, struct pim_component *master,
		    const struct sched_time *id, unsigned int sequence,
		    int64_t stamp, const char *how);
/* The occurrence's time in X-ROOST-GONE's value. FALSE if there is none. */
bool sched_gone_id(const struct sched_doc *doc, const char *value,
		   struct sched_time *id_r);

unsigned int sched_sequence(const struct pim_component *event);
/* The organiser's DTSTAMP, 0 = unknown. */
int64_t sched_stamp(const struct pim_component *event);
/* "20261128T093000Z" */
const char *sched_stamp_text(int64_t stamp);
/* 0 if it is none */
int64_t sched_stamp_parse(const char *value);

/* The address of ORGANIZER or ATTENDEE. Never NULL; data stack. */
const char *sched_address(const struct pim_property *prop);
struct pim_property *
sched_attendee(const struct pim_component *event, const char *address);
struct pim_property *
sched_own_attendee(const struct pim_scheduling_user *user,
		   const struct pim_component *event);
bool sched_is_own(const struct pim_scheduling_user *user,
		  const struct pim_property *prop);
/* ORGANIZER of any of the events; NULL = none */
struct pim_property *sched_organizer(const struct sched_doc *doc);
enum pim_partstat sched_partstat(const struct pim_property *attendee);

/* What the organiser means, and what it is for somebody with this answer. */
void sched_set_busy(struct pim_component *event, enum pim_partstat partstat);

/* Takes out everything of these prefixes, parameters of attendees included. */
void sched_strip_own(struct pim_component *event);
/* Takes out components below the event. */
void sched_strip_alarms(struct pim_component *event);
/* Copies VTIMEZONEs from another object as far as event names them and they
   are not there. */
void sched_copy_zones(struct sched_doc *dest, const struct sched_doc *src,
		      struct pim_component *event);
/* An empty object with a METHOD. */
void sched_doc_create(struct sched_doc *doc_r, pool_t pool,
		      const char *method);
void sched_write(const struct sched_doc *doc, string_t *dest);

/*
 * A message that is applied (pim-scheduling-apply.c)
 */

struct sched_apply {
	const struct pim_scheduling_user *user;
	const struct pim_scheduling_mail *mail;
	struct sched_doc msg, old;
	bool has_old, changed, removed;
	/* bytes of what was made of RANGE=THISANDFUTURE */
	size_t future_size;
	const char *reason;
};

/* The object's own METHOD comes first. */
enum pim_itip_method sched_method(struct sched_apply *apply);
/* Is the message's event at another time than the stored one? */
bool sched_moment_changed(struct sched_apply *apply,
			  const struct pim_component *old,
			  const struct pim_component *new);
/* Both set the reason, a constant sentence, and return the result of their name. */
enum pim_scheduling_result
sched_nothing(struct sched_apply *apply, const char *reason);
enum pim_scheduling_result
sched_refuse(struct sched_apply *apply, const char *reason);

/* Is it the mail's From or Sender? */
bool sched_is_sender(const struct pim_scheduling_mail *mail,
		     const char *address);
/* Does it say that the user himself organises it, or one of its occurrences? What he organises
   he sends mails about: nobody else gets him to. */
bool sched_names_user(struct sched_apply *apply);
/* CHANGED if the mail is from the organiser of what is stored, otherwise REFUSED. */
enum pim_scheduling_result sched_check_organizer(struct sched_apply *apply);
/* Is event news for somebody who has old? */
bool sched_is_newer(const struct pim_component *event,
		    const struct pim_component *old);
/* Was the occurrence taken out by something newer? */
bool sched_is_gone(struct sched_apply *apply,
		   const struct pim_component *event,
		   const struct sched_time *id);
bool sched_is_cancelled(const struct pim_component *event);
/* Is the user one of those for whom a CANCEL's event is cancelled? */
bool sched_cancel_is_for_user(struct sched_apply *apply,
			      const struct pim_component *event);

/* Puts a changed occurrence into what is stored, if it is news. Returns what is stored of it, NULL
   if it is none. One that stands for others with RANGE=THISANDFUTURE is replaced with
   all of them. made: event was made of that of an earlier occurrence. */
struct pim_component *
sched_put_exception(struct sched_apply *apply, struct pim_component *event,
		    const struct sched_time *id, bool made);

/* pim-scheduling-future.c */

/* An occurrence and those that follow. */
struct sched_future {
	ARRAY_TYPE(sched_time) occurrences;
	/* there are more than were asked for */
	bool more;
	/* of how many copies may be made */
	unsigned int max;
};
/* The last SCHED_MAX_FUTURE occurrences of the series before id, in their order. */
void sched_future_before(struct sched_doc *doc, const struct sched_time *id,
			 ARRAY_TYPE(sched_time) *dest);
/* RANGE=THISANDFUTURE */
bool sched_is_future(const struct pim_component *event);
/* Makes an exception, which was copied from that of another occurrence, one of this: as many days
   later, by the series' clock. */
void sched_exception_move(struct sched_doc *doc, struct pim_component *event,
			  const struct sched_time *from,
			  const struct sched_time *id);
void sched_set_range(struct pim_component *event, bool range);
/* An exception with the RANGE is to be changed: the next one gets it. */
void sched_exception_alone(struct sched_doc *doc, struct pim_component *event);
/* The stored series' occurrences from id on, at least as many as there may be copies of event. Returns
   FALSE if it has none with that id, or the message has made too many already. */
bool sched_future_get(struct sched_apply *apply,
		      const struct pim_component *event,
		      const struct sched_time *id,
		      struct sched_future *future_r);
/* The same for an occurrence and all that follow. */
void sched_update_future(struct sched_apply *apply,
			 struct pim_component *event,
			 const struct sched_time *id);
/* Takes them out of the series that is stored. */
void sched_cancel_future(struct sched_apply *apply,
			 const struct pim_component *event,
			 const struct sched_time *id);

/* One for each method. CHANGED stands for REMOVED as well, if apply->removed. */
enum pim_scheduling_result sched_request(struct sched_apply *apply);
enum pim_scheduling_result sched_add(struct sched_apply *apply);
enum pim_scheduling_result sched_cancel(struct sched_apply *apply);
enum pim_scheduling_result
sched_reply(struct sched_apply *apply, bool counter);
/* One cancelled event, which a REQUEST may have in it as well. */
void sched_cancel_event(struct sched_apply *apply,
			struct pim_component *event);

/*
 * A change that the organiser makes (pim-scheduling-organize.c)
 */

/* by their addresses in lower case */
HASH_TABLE_DEFINE_TYPE(sched_people, char *, struct pim_property *);

struct sched_organize {
	pool_t pool, tmp_pool;
	const struct pim_scheduling_user *user;
	int64_t now;
	struct sched_doc old, new;
	bool has_old, has_new, changed;
	ARRAY_TYPE(pim_scheduling_message) *messages;

	/* of the series, or the only event */
	struct pim_component *old_master, *new_master;
	HASH_TABLE_TYPE(sched_people) old_people, new_people;
	/* who is in one of the two only: he is told of the whole */
	HASH_TABLE_TYPE(sched_people) came, left;
	HASH_TABLE_TYPE(sched_people) nobody;
	/* occurrences that were taken out, that are changed */
	ARRAY(struct sched_time) excluded;
	ARRAY(struct sched_time) changed_ids;
	bool master_moved, full;
};

/* pim-scheduling-tell.c */

/* Adds event's attendees (NULL = none), but for the user himself. */
void sched_people_read(struct sched_organize *org,
		       HASH_TABLE_TYPE(sched_people) people,
		       const struct pim_component *event);
/* Adds those of more who are not in except. */
void sched_people_add(HASH_TABLE_TYPE(sched_people) dest,
		      HASH_TABLE_TYPE(sched_people) more,
		      HASH_TABLE_TYPE(sched_people) except);
void sched_add_organizer(const struct pim_scheduling_user *user,
			 struct pim_component *event);
/* Takes out what is nobody else's business: alarms, categories, notes of our own. */
void sched_strip_private(struct pim_component *event);
/* Each adds its messages: of a new meeting, of one that was compared with what it was,
   of one that is gone. */
void sched_tell_created(struct sched_organize *org);
void sched_tell_change(struct sched_organize *org);
void sched_tell_deleted(struct sched_organize *org);

#endif
