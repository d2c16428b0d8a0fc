#ifndef PIM_SCHEDULING_H
#define PIM_SCHEDULING_H

#include "pim-itip.h"

struct pim_timezone;

/* Meetings between people's calendars (RFC 5546), as functions of texts: the text of a
   stored event, and the text of a message. Nothing is read or written anywhere
   else, so whoever calls them decides about storage, transactions and mails.

   What is stored carries, beside the standard's properties, a few of our own; those that
   begin with X-ROOST- are never sent to anybody:

     X-ROOST-STAMP	in a component: the DTSTAMP of the organiser's message that it is
			from, 1970 if that had none. (DTSTAMP itself changes when the user
			sets an alarm.)
     X-ROOST-FIRST	in a component: the DTSTAMP of the first invitation
     X-ROOST-GONE	in the series: "<RECURRENCE-ID> <SEQUENCE> <DTSTAMP>" of an
			occurrence (in UTC, of a floating series by its clock)
			that was cancelled or declined: an older message
			does not bring it back. "DECLINED" behind it: the user's own
			wish does; "FUTURE": with all that follow.
     X-ROOST-SENDER	in a component: who mails for an organiser that has no mailbox
			(a calendar of a group), or has forwarded the invitation
     X-ROOST-STAMP	parameter of an ATTENDEE: the DTSTAMP of the last answer
     X-ROOST-PROPOSED	parameter of an ATTENDEE: "<start>/<end>" in UTC that he
			has proposed (COUNTER)

   and Outlook's X-MICROSOFT-CDO-BUSYSTATUS (what the user's time is now) and
   X-MICROSOFT-CDO-INTENDEDSTATUS (what it will be if he accepts),
   X-MICROSOFT-CDO-REPLYTIME (when he answered). */

/* The one whose calendar it is. */
struct pim_scheduling_user {
	bool (*is_own)(const char *address, void *context);
	void *context;
	/* what he signs with; name may be NULL */
	const char *address, *name;
	/* his clock: that of floating times and of dates. NULL = UTC */
	const struct pim_timezone *home;
};

/*
 * What comes in
 */

enum pim_scheduling_result {
	/* the stored text stays as it is: old news, or nothing for a
	   calendar */
	PIM_SCHEDULING_NOTHING,
	/* there is a new text */
	PIM_SCHEDULING_CHANGED,
	/* the event is gone */
	PIM_SCHEDULING_REMOVED,
	/* whoever sent it may not do that */
	PIM_SCHEDULING_REFUSED,
	/* it can't be read */
	PIM_SCHEDULING_INVALID,
};

/* Larger messages and stored events are not read. */
#define PIM_SCHEDULING_MAX_SIZE (4*1024*1024)
/* Answers to single occurrences make an exception of each; not more of them in
   one series than this. */
#define PIM_SCHEDULING_MAX_EXCEPTIONS 1000

struct pim_scheduling_mail {
	const void *data;		/* the calendar object, UTF-8 */
	size_t size;
	const char *method;		/* Content-Type's, NULL = none */
	/* addresses of the mail's From and Sender, NULL = none */
	const char *from, *sender;
	/* the user asks for it: what he declined comes back */
	bool asked;
};

/* An occurrence of a series. */
struct pim_scheduling_instance {
	/* its original start: UTC, or of a date its midnight as if it were
	   UTC's */
	int64_t start;
	bool is_date;
	/* this and all that follow */
	bool future;
};

/* What a message is about, before it is applied. */
struct pim_scheduling_peek {
	enum pim_itip_method method;
	const char *uid;		/* never empty */
	/* the series', or the newest ones of its occurrences */
	unsigned int sequence;
	int64_t stamp;			/* DTSTAMP, 0 = none */
	const char *organizer;		/* in lower case, "" = none */
	/* it is about these occurrences only, each of which is there once;
	   0 = about the whole */
	const struct pim_scheduling_instance *instances;
	unsigned int instances_count;
};
/* Returns 1, 0 if it changes no calendar, -1 and a sentence if it can't be read. Strings are allocated from
   pool. home is as the user's. */
int pim_scheduling_peek(pool_t pool, const struct pim_timezone *home,
			const struct pim_scheduling_mail *mail,
			struct pim_scheduling_peek *peek_r,
			const char **error_r);

/* What a message is for the user. The numbers are ActiveSync's ([MS-ASEMAIL] 2.2.2.47). */
enum pim_message_type {
	/* no invitation, or the user's own */
	PIM_MESSAGE_UNSPECIFIED = 0,
	PIM_MESSAGE_INITIAL = 1,
	/* he has not answered yet, or it is at another time */
	PIM_MESSAGE_FULL_UPDATE = 2,
	/* the answer that he has given before still stands */
	PIM_MESSAGE_INFORMATIONAL = 3,
	/* something newer is in the calendar, or it was cancelled */
	PIM_MESSAGE_OUTDATED = 4,
	/* somebody else is to come for him (DELEGATED-TO) */
	PIM_MESSAGE_DELEGATORS_COPY = 5,
	/* he has said that somebody else comes: there is nothing to be answered */
	PIM_MESSAGE_DELEGATED = 6,
};
/* stored is as in pim_scheduling_apply(): whether the message was applied to it yet makes no
   difference. */
enum pim_message_type
pim_scheduling_message_type(const struct pim_scheduling_user *user,
			    const struct pim_scheduling_mail *mail,
			    const void *stored, size_t stored_size);

/* Does the message cancel the whole event for the user, and is it from the organizer whom it
   names? Of a stored event pim_scheduling_apply() knows who that is. */
bool pim_scheduling_is_cancellation(const struct pim_scheduling_user *user,
				    const struct pim_scheduling_mail *mail);

/* Applies a message to the event of that UID in the user's calendar (stored NULL =
   there is none). text gets the new text. A sentence for the log stands in reason_r (data stack) for
   everything but CHANGED and REMOVED.

   - The stored event is older or the message has no effect: by SEQUENCE, then
     DTSTAMP, for each RECURRENCE-ID by itself (RFC 5546 2.1.5).
   - A REQUEST, ADD or CANCEL counts from the stored event's organiser only, whatever the
     message calls him: it must be the mail's From or Sender. A REPLY or COUNTER
     counts from the attendee that it names.
   - What is the user's own stays: alarms, categories, X- properties, how busy he
     is, his answer if the meeting is still at the same time.
   - Nobody overwrites an event that the user organises, and no answer adds people. */
enum pim_scheduling_result
pim_scheduling_apply(const struct pim_scheduling_user *user,
		     const struct pim_scheduling_mail *mail,
		     const void *stored, size_t stored_size,
		     string_t *text, const char **reason_r);

/*
 * The user's answer
 */

struct pim_scheduling_answer {
	/* ACCEPTED, TENTATIVE or DECLINED */
	enum pim_partstat partstat;
	/* of these occurrences only, as far as there are such (future: those
	   that follow as far as they were changed); 0 = of the whole */
	const struct pim_scheduling_instance *instances;
	unsigned int instances_count;
	/* what he writes, UTF-8, NULL = nothing */
	const char *comment;
	/* another time, UTC; of the whole, or of one occurrence */
	bool has_proposed;
	int64_t proposed_start, proposed_end;
	int64_t now;
};

enum pim_scheduling_answer_result {
	PIM_ANSWER_CHANGED,		/* there is a new text */
	PIM_ANSWER_REMOVED,		/* declined: the event is gone */
	PIM_ANSWER_NO_MEETING,		/* nobody has asked */
	PIM_ANSWER_ORGANIZER,		/* it is the user's own meeting */
	PIM_ANSWER_NO_INSTANCE,		/* the series has none of them */
	PIM_ANSWER_NOT_RECURRING,
	PIM_ANSWER_PROPOSAL,		/* another time for several of them */
	PIM_ANSWER_INVALID,		/* the text can't be read */
};

/* Writes the event with the user's answer to text, and the message for the organiser (REPLY
   with a component for each occurrence, or COUNTER) to message, with whose address in organizer_r (data stack). */
enum pim_scheduling_answer_result
pim_scheduling_answer(const struct pim_scheduling_user *user,
		      const void *stored, size_t stored_size,
		      const struct pim_scheduling_answer *answer,
		      string_t *text, string_t *message,
		      const char **organizer_r);

/* Has the user said that he comes, or may come, to any of it? Who was only asked owes nobody a no,
   and of an event that was imported the organiser may know nothing. */
bool pim_scheduling_is_promised(const struct pim_scheduling_user *user,
				const void *stored, size_t stored_size);
/* The highest SEQUENCE of a stored event, and the latest DTSTAMP of its organiser. */
void pim_scheduling_version(const void *stored, size_t stored_size,
			    unsigned int *sequence_r, int64_t *stamp_r);
/* The organizer's address in lower case, "" = none. Data stack. */
const char *pim_scheduling_organizer(const void *stored, size_t stored_size);
/* Is the event over, with all its occurrences? */
bool pim_scheduling_is_over(const struct pim_scheduling_user *user,
			    const void *stored, size_t stored_size,
			    int64_t now);
/* Is it an address that a mail can be sent to? */
bool pim_scheduling_address_is_valid(const char *address);

/*
 * The organiser
 */

struct pim_scheduling_person {
	const char *address, *name;	/* name NULL = none */
};
ARRAY_DEFINE_TYPE(pim_scheduling_person, struct pim_scheduling_person);

struct pim_scheduling_message {
	enum pim_itip_method method;
	/* it changes what they know already */
	bool update;
	ARRAY_TYPE(pim_scheduling_person) people;
	const char *text;		/* the calendar object */
};
ARRAY_DEFINE_TYPE(pim_scheduling_message, struct pim_scheduling_message);

/* The user has changed an event from old (NULL = he made it) to new (NULL = he deleted
   it). Whom must he tell what? Nobody, if he is not the organiser or it is nobody's business. text gets
   the text to be stored instead of new, with ORGANIZER, SEQUENCE and DTSTAMP as RFC
   5546 2.1.4 wants them; attendees' answers to a meeting at another time are reset. Messages and
   their people are allocated from pool. Returns 1; 0 if nothing has to be told and new stays as it is; -1 and a
   sentence if a text can't be read. */
int pim_scheduling_organize(pool_t pool, const struct pim_scheduling_user *user,
			    const void *old, size_t old_size,
			    const void *new, size_t new_size, int64_t now,
			    string_t *text,
			    ARRAY_TYPE(pim_scheduling_message) *messages,
			    const char **error_r);

/*
 * Forwarding (RFC 5546 3.2.2.6)
 */

enum pim_scheduling_forward_result {
	PIM_FORWARD_OK,
	PIM_FORWARD_NO_INSTANCE,
	PIM_FORWARD_NOT_RECURRING,
	PIM_FORWARD_INVALID,		/* the text can't be read */
};

/* Somebody who was not invited is shown an event: message gets a REQUEST, whose organizer stays
   who he is, or of an event that is no meeting a PUBLISH (*method_r is PIM_ITIP_NONE). It
   has all that an attendee may know. instance is NULL, or the one occurrence's original
   start, UTC. */
enum pim_scheduling_forward_result
pim_scheduling_forward(const struct pim_scheduling_user *user,
		       const void *stored, size_t stored_size,
		       const int64_t *instance, string_t *message,
		       enum pim_itip_method *method_r);

#endif
