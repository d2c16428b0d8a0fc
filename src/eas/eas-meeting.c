/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "str.h"
#include "str-sanitize.h"
#include "pim-item.h"
#include "pim-rrule.h"
#include "store-meeting.h"
#include "roost-addresses.h"
#include "eas-home.h"
#include "eas-meeting.h"

/* How long an event that is gone is remembered. */
#define EAS_MEETING_GONE_SECS (400 * 24 * 3600)
/* Cancellations of events that are not there are kept if their UIDs are no
   longer. */
#define EAS_MEETING_UID_MAX 1024

static bool eas_meeting_is_own(const char *address, void *context)
{
	struct eas_request *req = context;

	return roost_address_is_own(req->req->user, address);
}

void eas_meeting_user(struct eas_request *req,
		      struct pim_scheduling_user *user_r)
{
	struct roost_user *user = req->req->user;

	i_zero(user_r);
	user_r->is_own = eas_meeting_is_own;
	user_r->context = req;
	user_r->home = eas_home(req);
	user_r->address = p_strdup(req->pool,
				   roost_user_primary_address(user));
	user_r->name = p_strdup(req->pool, roost_user_display_name(user));
}

int eas_meeting_instance_parse(const char *text, int64_t *time_r)
{
	string_t *str = t_str_new(20);
	bool is_date, is_utc;

	for (; *text != '\0' && *text != '.'; text++) {
		if (*text != '-' && *text != ':')
			str_append_c(str, *text);
	}
	if (*text == '.') {
		text += strspn(text + 1, "0123456789") + 1;
		if (strcmp(text, "Z") != 0)
			return -1;
		str_append_c(str, 'Z');
	}
	return pim_ical_time_parse(str_c(str), time_r, &is_date, &is_utc) < 0 ||
		is_date || !is_utc ? -1 : 0;
}

int eas_meeting_find(struct eas_request *req, pool_t pool, const char *uid,
		     struct store_item *item_r)
{
	uint32_t folder, item_uid;
	int ret;

	ret = store_item_find_kind(req->store, STORE_KIND_CALENDAR, uid,
				   &folder, &item_uid);
	return ret <= 0 ? ret :
		store_item_get(req->store, pool, folder, item_uid, item_r);
}

static int
eas_meeting_put_result(struct eas_request *req, enum store_put put)
{
	switch (put) {
	case STORE_PUT_OK:
		return 1;
	case STORE_PUT_NOQUOTA:
		e_info(req->event, "Meeting not stored: "
		       "There is no room (roost_db_quota)");
		break;
	case STORE_PUT_TOO_LARGE:
		e_info(req->event, "Meeting not stored: It is too large");
		break;
	case STORE_PUT_GONE:
		e_info(req->event, "Meeting not stored: The event is gone");
		break;
	case STORE_PUT_FAILED:
		return -1;
	}
	return 0;
}

int eas_meeting_put(struct eas_request *req, struct store_item *item,
		    const string_t *text)
{
	struct store_item_props props;
	struct pim_item_props read;
	struct store_pim_folder folder;
	enum store_put put;
	const char *error;

	if (pim_item_props_read(str_data(text), str_len(text), &read,
				&error) < 0) {
		e_error(req->event, "Meeting not stored: %s", error);
		return 0;
	}
	props.pim_uid = read.uid;
	props.name = read.name;
	props.first_day = read.first_day;
	props.last_day = read.last_day;
	if (item->uid != 0) {
		put = store_item_change(req->store, item->folder, item->uid,
					&props, (const void *)str_data(text),
					str_len(text), NULL);
		return eas_meeting_put_result(req, put);
	}
	if (store_pim_folder_get_main(req->store, pool_datastack_create(),
				      STORE_KIND_CALENDAR, &folder) < 0)
		return -1;
	item->folder = folder.id;
	put = store_item_add(req->store, folder.id, &props,
			     (const void *)str_data(text), str_len(text),
			     &item->uid, NULL);
	return eas_meeting_put_result(req, put);
}

int eas_meeting_forget(struct eas_request *req, const char *pim_uid,
		       unsigned int sequence, int64_t stamp)
{
	struct store_meeting_gone gone = {
		.sequence = sequence, .stamp = stamp,
	};

	if (*pim_uid == '\0')
		return 0;
	return store_meeting_gone_expire(req->store,
					 EAS_MEETING_GONE_SECS) < 0 ?
		-1 : store_meeting_gone_put(req->store, pim_uid, &gone);
}

int eas_meeting_remove(struct eas_request *req, const struct store_item *item,
		       unsigned int sequence, int64_t stamp)
{
	if (eas_meeting_forget(req, item->props.pim_uid, sequence, stamp) < 0)
		return -1;
	return store_item_remove(req->store, item->folder, item->uid) ==
		STORE_PUT_FAILED ? -1 : 0;
}

static bool
eas_meeting_is_older(const struct pim_scheduling_peek *peek,
		     const struct store_meeting_gone *gone)
{
	return peek->sequence < gone->sequence ||
		(peek->sequence == gone->sequence &&
		 peek->stamp <= gone->stamp);
}

int eas_meeting_is_cancelled(struct eas_request *req,
			     const struct pim_scheduling_peek *peek)
{
	struct store_meeting_gone gone;
	int ret;

	if (*peek->organizer == '\0')
		return 0;
	ret = store_meeting_cancelled_get(req->store, peek->uid,
					  peek->organizer, &gone);
	return ret <= 0 ? ret : eas_meeting_is_older(peek, &gone) ? 1 : 0;
}

/* Was it cancelled since, or (unless the user asks for it) declined? Returns 1, 0, -1. */
static int
eas_meeting_is_gone(struct eas_request *req,
		    const struct pim_scheduling_peek *peek, bool asked)
{
	struct store_meeting_gone gone;
	int ret;

	ret = eas_meeting_is_cancelled(req, peek);
	if (ret != 0 || asked)
		return ret;
	ret = store_meeting_gone_get(req->store, peek->uid, &gone);
	return ret <= 0 ? ret : eas_meeting_is_older(peek, &gone) ? 1 : 0;
}

static int
eas_meeting_put_cancelled(struct eas_request *req,
			  const struct pim_scheduling_peek *peek,
			  const char *organizer)
{
	struct store_meeting_gone gone = {
		.sequence = peek->sequence, .stamp = peek->stamp,
	};

	if (!pim_scheduling_address_is_valid(organizer) ||
	    strlen(peek->uid) > EAS_MEETING_UID_MAX)
		return 0;
	return store_meeting_gone_expire(req->store,
					 EAS_MEETING_GONE_SECS) < 0 ?
		-1 : store_meeting_cancelled_put(req->store, peek->uid,
						 organizer, &gone);
}

/* There is no such event: it was declined, or the invitation is still to come. */
static int
eas_meeting_apply_nothing(struct eas_request *req,
			  const struct pim_scheduling_user *user,
			  const struct eas_meeting_mail *meeting)
{
	if (!pim_scheduling_is_cancellation(user, &meeting->mail))
		return 0;
	return eas_meeting_put_cancelled(req, &meeting->peek,
					 meeting->peek.organizer);
}

int eas_meeting_apply(struct eas_request *req,
		      const struct eas_meeting_mail *meeting,
		      enum eas_meeting_apply_flags flags)
{
	const struct pim_scheduling_peek *peek = &meeting->peek;
	struct pim_scheduling_mail mail = meeting->mail;
	struct pim_scheduling_user user;
	struct store_item item;
	enum pim_scheduling_result result;
	string_t *text = t_str_new(4096);
	const char *reason;
	int ret, gone;

	mail.asked = (flags & EAS_MEETING_APPLY_ASKED) != 0;
	i_zero(&item);
	ret = eas_meeting_find(req, pool_datastack_create(), peek->uid, &item);
	if (ret < 0)
		return -1;
	if (ret == 0) {
		gone = eas_meeting_is_gone(req, peek, mail.asked);
		if (gone != 0)
			return gone < 0 ? -1 : 0;
	}
	eas_meeting_user(req, &user);
	if (ret == 0 && eas_meeting_apply_nothing(req, &user, meeting) < 0)
		return -1;
	result = pim_scheduling_apply(&user, &mail,
				      ret > 0 ? item.text : NULL,
				      ret > 0 ? item.size : 0, text, &reason);
	switch (result) {
	case PIM_SCHEDULING_CHANGED:
		if (ret == 0 && (flags & EAS_MEETING_APPLY_OLD) != 0 &&
		    pim_scheduling_is_over(&user, str_data(text),
					   str_len(text), ioloop_time))
			return 0;
		return eas_meeting_put(req, &item, text);
	case PIM_SCHEDULING_REMOVED:
		if (eas_meeting_put_cancelled(req, peek,
				pim_scheduling_organizer(item.text,
							 item.size)) < 0)
			return -1;
		return eas_meeting_remove(req, &item, peek->sequence,
					  peek->stamp) < 0 ? -1 : 1;
	case PIM_SCHEDULING_NOTHING:
		e_debug(req->event, "Meeting message about %s not applied: %s",
			str_sanitize(peek->uid, 128), reason);
		return 0;
	case PIM_SCHEDULING_REFUSED:
	case PIM_SCHEDULING_INVALID:
		e_info(req->event, "Meeting message about %s not applied: %s",
		       str_sanitize(peek->uid, 128), reason);
		return 0;
	}
	i_unreached();
}

void eas_meeting_notify(struct eas_request *req)
{
	ARRAY_TYPE(store_pim_folder) folders;
	const struct store_pim_folder *folder;

	t_array_init(&folders, 8);
	if (store_pim_folder_list(req->store, pool_datastack_create(),
				  &folders) < 0)
		return;
	array_foreach(&folders, folder) {
		if (folder->kind == STORE_KIND_CALENDAR)
			roost_user_notify(req->req->user, folder->guid);
	}
}
