#ifndef EAS_MEETING_H
#define EAS_MEETING_H

#include "eas.h"
#include "pim-scheduling.h"
#include "store-item.h"

/* Meetings (lib-pim/pim-scheduling.h) in the user's calendars and mails. Everything that
   changes the store is done in the transaction that the caller has open;
   the mails that follow from it are put into the store's outbox, in the same one. */

struct mail;
struct eas_folder;

/* The calendar object that a mail carries. */
struct eas_meeting_mail {
	struct pim_scheduling_mail mail;
	struct pim_scheduling_peek peek;
};

/* class-email-meeting.c: reads it. Everything is in pool. Returns 1; 0 if the mail has none that
   changes a calendar, or is gone; -1 and a sentence. */
int eas_meeting_mail_read(struct eas_request *req, pool_t pool,
			  struct mail *mail,
			  struct eas_meeting_mail *meeting_r,
			  const char **error_r);

/* The user as his calendars know him. */
void eas_meeting_user(struct eas_request *req,
		      struct pim_scheduling_user *user_r);

/* An InstanceId: "2016-11-30T16:00:00.000Z" or "20161130T160000Z". Returns 0 or -1. */
int eas_meeting_instance_parse(const char *text, int64_t *time_r);

/* The event with this UID in one of the user's calendars. Returns 1, 0, -1. */
int eas_meeting_find(struct eas_request *req, pool_t pool, const char *uid,
		     struct store_item *item_r);
/* Writes an event's text: a new one into the default calendar if item->uid is 0 (item gets its numbers). Returns
   1, 0 if it can't be stored (no room; logged), -1. */
int eas_meeting_put(struct eas_request *req, struct store_item *item,
		    const string_t *text);
/* Remembers that messages up to these do not bring an event back. */
int eas_meeting_forget(struct eas_request *req, const char *pim_uid,
		       unsigned int sequence, int64_t stamp);
/* The same, and removes it. */
int eas_meeting_remove(struct eas_request *req, const struct store_item *item,
		       unsigned int sequence, int64_t stamp);

enum eas_meeting_apply_flags {
	/* the user asks for it: it does not matter that he declined or removed
	   it before, unless it was cancelled */
	EAS_MEETING_APPLY_ASKED = 0x01,
	/* an old mail: what is over is left alone */
	EAS_MEETING_APPLY_OLD = 0x02,
};
/* Applies a mail to the calendar. Returns 1 if that changed it, 0 if not (logged), -1. */
int eas_meeting_apply(struct eas_request *req,
		      const struct eas_meeting_mail *meeting,
		      enum eas_meeting_apply_flags flags);
/* Has its organizer cancelled the meeting, in a message that is not older? Returns 1, 0, -1. */
int eas_meeting_is_cancelled(struct eas_request *req,
			     const struct pim_scheduling_peek *peek);
/* Wakes those who watch the calendars, after the commit. */
void eas_meeting_notify(struct eas_request *req);

/* eas-outbox.c */

/* A message for people. partstat is that of a REPLY; comment and html may be NULL. */
struct eas_outbox_letter {
	enum pim_itip_method method;
	enum pim_partstat partstat;
	const struct pim_scheduling_person *people;
	unsigned int people_count;
	const char *text, *comment, *html;
};
/* Puts it into the outbox as a mail from the user, in the open transaction. Returns 0 or -1. */
int eas_outbox_add(struct eas_request *req,
		   const struct eas_outbox_letter *letter);
/* Sends what is in the outbox, as far as it can be sent now. What can't is tried again with a later request.
   No transaction may be open. */
void eas_outbox_send(struct eas_request *req);

/* eas-invitations.c: for a request that looks at this folder. If it is a calendar or INBOX, looks through the mails
   that have come to INBOX since the last time, and applies what is there for the calendar; then sends what the
   outbox has. Once for each request; costs a look at two numbers if there is nothing new. */
void eas_invitations_check(struct eas_request *req,
			   const struct eas_folder *folder);
/* INBOX, for those who wait for a change of a calendar. Returns FALSE if it is not known or
   invitations are not wanted. */
bool eas_invitations_watch(struct eas_request *req, guid_128_t guid_r);

/* eas-meeting-organize.c: what has to be told of a change that the user's device makes. */

struct eas_meeting_plan {
	/* what is to be stored instead of the new text */
	string_t *text;
	ARRAY_TYPE(pim_scheduling_message) messages;
};
/* An event is changed from old (NULL = it is new) to new. Returns 1 if there is a plan, 0 if
   new is just to be stored. */
int eas_meeting_plan(struct eas_request *req, const struct store_item *old,
		     const string_t *new, struct eas_meeting_plan *plan_r);
/* Puts the mails into the outbox, when the text was stored. */
int eas_meeting_tell(struct eas_request *req,
		     const struct eas_meeting_plan *plan);
/* The event is deleted: cancellations, or the answer no. */
int eas_meeting_deleted(struct eas_request *req, const struct store_item *item);

#endif
