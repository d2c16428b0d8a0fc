/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "eas-meeting.h"

/* From 16.0 on the server mails for the device ([MS-ASCMD] 3.1.5.5): invitations and cancellations for an
   organiser. Up to 14.1 the device does that itself.

   Of an attendee who deletes a meeting the documents say nothing: an answer is mailed if the device wants
   it to (SendResponse, 2.2.1.11), and Sync has nothing to say so by. As a calendar server does it (RFC
   6638 3.2.2.3), who has promised to come tells that he doesn't; who has not answered stays unheard: what
   nobody expects, nobody has to be told, least of all who sends invitations as others do spam. */

int eas_meeting_plan(struct eas_request *req, const struct store_item *old,
		     const string_t *new, struct eas_meeting_plan *plan_r)
{
	struct pim_scheduling_user user;
	const char *error;
	int ret;

	i_zero(plan_r);
	plan_r->text = t_str_new(1024);
	p_array_init(&plan_r->messages, req->pool, 4);
	if (req->version < EAS_VERSION_16_0)
		return 0;
	eas_meeting_user(req, &user);
	ret = pim_scheduling_organize(req->pool, &user,
		old == NULL ? NULL : old->text, old == NULL ? 0 : old->size,
		new == NULL ? NULL : str_data(new),
		new == NULL ? 0 : str_len(new), ioloop_time, plan_r->text,
		&plan_r->messages, &error);
	if (ret < 0) {
		/* too large, or broken: it is stored all the same */
		e_info(req->event, "Nobody is told of an event's change: %s",
		       error);
	}
	return ret <= 0 ? 0 : 1;
}

int eas_meeting_tell(struct eas_request *req,
		     const struct eas_meeting_plan *plan)
{
	const struct pim_scheduling_message *message;
	struct eas_outbox_letter letter;
	int ret = 0;

	array_foreach(&plan->messages, message) {
		if (ret < 0)
			break;
		T_BEGIN {
			i_zero(&letter);
			letter.method = message->method;
			letter.people = array_get(&message->people,
						  &letter.people_count);
			letter.text = message->text;
			ret = eas_outbox_add(req, &letter);
		} T_END;
	}
	return ret;
}

static int
eas_meeting_decline(struct eas_request *req, const struct store_item *item)
{
	struct pim_scheduling_answer answer = {
		.partstat = PIM_PARTSTAT_DECLINED, .now = ioloop_time,
	};
	struct pim_scheduling_person person;
	struct eas_outbox_letter letter;
	struct pim_scheduling_user user;
	string_t *text = t_str_new(128), *message = t_str_new(1024);
	const char *organizer;

	eas_meeting_user(req, &user);
	if (!pim_scheduling_is_promised(&user, item->text, item->size) ||
	    pim_scheduling_is_over(&user, item->text, item->size,
				   ioloop_time) ||
	    pim_scheduling_answer(&user, item->text, item->size, &answer, text,
				  message, &organizer) != PIM_ANSWER_REMOVED ||
	    !pim_scheduling_address_is_valid(organizer))
		return 0;
	i_zero(&person);
	person.address = organizer;
	i_zero(&letter);
	letter.method = PIM_ITIP_REPLY;
	letter.partstat = PIM_PARTSTAT_DECLINED;
	letter.people = &person;
	letter.people_count = 1;
	letter.text = t_strndup(str_data(message), str_len(message));
	return eas_outbox_add(req, &letter);
}

int eas_meeting_deleted(struct eas_request *req, const struct store_item *item)
{
	struct eas_meeting_plan plan;
	unsigned int sequence;
	int64_t stamp;

	/* an old invitation does not bring it back, whatever the version */
	pim_scheduling_version(item->text, item->size, &sequence, &stamp);
	if (eas_meeting_forget(req, item->props.pim_uid, sequence, stamp) < 0)
		return -1;
	if (req->version < EAS_VERSION_16_0)
		return 0;
	(void)eas_meeting_plan(req, item, NULL, &plan);
	if (eas_meeting_tell(req, &plan) < 0)
		return -1;
	return eas_meeting_decline(req, item);
}
