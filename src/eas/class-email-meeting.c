/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "mail-storage.h"
#include "roost-addresses.h"
#include "eas-folders.h"
#include "eas-home.h"
#include "eas-meeting.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-rrule.h"
#include "pim-text.h"
#include "pim-timezone.h"
#include "pim-tnef.h"
#include "class-email-private.h"

/* MeetingRequest ([MS-ASEMAIL] 2.2.2.48): a mail with a calendar (or Outlook's
   TNEF) that asks for a meeting, changes or cancels it, or answers. */

/* A calendar that is larger as it is encoded is an attachment. */
#define EAS_CALENDAR_SIZE_MAX (6*1024*1024)
#define EAS_LOCATION_MAX 32768
/* xs:unsignedShort */
#define EAS_REMINDER_MAX 65535

/* 2.2.2.39 */
enum eas_instance_type {
	EAS_INSTANCE_SINGLE = 0,
	EAS_INSTANCE_MASTER = 1,
	EAS_INSTANCE_EXCEPTION = 3,
};

static const char *const eas_response_classes[] = {
	[PIM_PARTSTAT_NEEDS_ACTION] = NULL,
	[PIM_PARTSTAT_ACCEPTED] = "IPM.Schedule.Meeting.Resp.Pos",
	[PIM_PARTSTAT_TENTATIVE] = "IPM.Schedule.Meeting.Resp.Tent",
	[PIM_PARTSTAT_DECLINED] = "IPM.Schedule.Meeting.Resp.Neg",
	[PIM_PARTSTAT_DELEGATED] = NULL,
};

const char *eas_email_meeting_class(const struct pim_itip *meeting)
{
	switch (meeting->method) {
	case PIM_ITIP_REQUEST:
	case PIM_ITIP_ADD:
		return "IPM.Schedule.Meeting.Request";
	case PIM_ITIP_CANCEL:
		return "IPM.Schedule.Meeting.Canceled";
	case PIM_ITIP_REPLY:
		return eas_response_classes[meeting->partstat];
	case PIM_ITIP_COUNTER:
		/* a tentative answer with another time */
		return "IPM.Schedule.Meeting.Resp.Tent";
	case PIM_ITIP_DECLINECOUNTER:
	case PIM_ITIP_REFRESH:
	case PIM_ITIP_NONE:
		break;
	}
	return NULL;
}

/* The part's content, a calendar's in UTF-8. Returns 1; 0 and a sentence if it
   is too large; -1 if the mail can't be read. */
static int
eas_calendar_read(struct eas_email_context *ctx, const struct pim_part *part,
		  buffer_t *dest, const char **error_r)
{
	struct ostream *output;
	buffer_t *data;
	int ret;

	if (part->body_size > EAS_CALENDAR_SIZE_MAX) {
		*error_r = t_strdup_printf("It has %"PRIuUOFF_T" bytes",
					   part->body_size);
		return 0;
	}
	data = buffer_create_dynamic(default_pool, 4096);
	output = o_stream_create_buffer(data);
	ret = pim_part_write(part, ctx->input, output);
	if (o_stream_finish(output) < 0)
		ret = -1;
	o_stream_unref(&output);
	if (ret >= 0) {
		pim_charset_to_utf8(part->charset, data->data, data->used,
				    dest);
	}
	buffer_free(&data);
	return ret < 0 ? -1 : 1;
}

/* Google and others attach the object a second time, as a file. */
static int
eas_calendar_is_copy(struct eas_email_context *ctx,
		     const struct pim_part *part, const char **error_r)
{
	buffer_t *text = buffer_create_dynamic(default_pool, 4096);
	const char *uid = NULL;
	int ret;

	ret = eas_calendar_read(ctx, part, text, error_r);
	if (ret > 0)
		uid = pim_itip_uid(text->data, text->used);
	buffer_free(&text);
	if (ret < 0)
		return -1;
	return uid != NULL && strcmp(uid, ctx->meeting->uid) == 0 ? 1 : 0;
}

static int
eas_meeting_hide_calendars(struct eas_email_context *ctx,
			   const char **error_r)
{
	struct pim_message *msg = ctx->msg;
	struct pim_part *const *partp;
	unsigned int i = 0;
	int ret = 0;

	while (i < array_count(&msg->attachments) && ret >= 0) {
		partp = array_idx(&msg->attachments, i);
		ret = 0;
		if (*partp == msg->calendar)
			ret = 1;
		else if (pim_part_is_calendar(*partp)) T_BEGIN {
			ret = eas_calendar_is_copy(ctx, *partp, error_r);
		} T_END;
		if (ret > 0)
			array_delete(&msg->attachments, i, 1);
		else
			i++;
	}
	return ret < 0 ? -1 : 1;
}

/* Of Outlook's TNEF its own words have to do. */
static enum pim_message_type
eas_meeting_type_alone(const struct pim_itip *meeting)
{
	if (meeting->method != PIM_ITIP_REQUEST &&
	    meeting->method != PIM_ITIP_ADD)
		return PIM_MESSAGE_UNSPECIFIED;
	return meeting->sequence > 0 ? PIM_MESSAGE_FULL_UPDATE :
		PIM_MESSAGE_INITIAL;
}

/* 2.2.2.47: what it is now, by the calendar. A calendar that can't be read is none. */
static enum pim_message_type
eas_meeting_type(struct eas_email_context *ctx, const struct pim_part *part,
		 const buffer_t *text)
{
	struct pim_scheduling_mail mail = {
		.data = text->data, .size = text->used, .method = part->method,
	};
	struct pim_scheduling_peek peek;
	struct pim_scheduling_user user;
	struct store_item item;
	const char *error;
	int ret;

	if (ctx->req->version < EAS_VERSION_14_1 ||
	    eas_meeting_type_alone(ctx->meeting) == PIM_MESSAGE_UNSPECIFIED)
		return PIM_MESSAGE_UNSPECIFIED;
	if (pim_scheduling_peek(ctx->pool, eas_home(ctx->req), &mail, &peek,
				&error) <= 0)
		return eas_meeting_type_alone(ctx->meeting);
	i_zero(&item);
	ret = eas_meeting_find(ctx->req, pool_datastack_create(), peek.uid,
			       &item);
	if (ret == 0 && eas_meeting_is_cancelled(ctx->req, &peek) > 0)
		return PIM_MESSAGE_OUTDATED;
	eas_meeting_user(ctx->req, &user);
	return pim_scheduling_message_type(&user, &mail,
					   ret > 0 ? item.text : NULL,
					   ret > 0 ? item.size : 0);
}

static void
eas_meeting_unreadable(struct eas_email_context *ctx,
		       const struct pim_part *part, const char *error)
{
	e_info(ctx->req->event, "Mailbox %s: UID %u: The calendar in part %s "
	       "can't be read, so the mail is shown without its meeting: %s",
	       ctx->folder->name, ctx->mail->uid, part->number, error);
}

static int
eas_meeting_parse(struct eas_email_context *ctx, const char **error_r)
{
	const struct pim_part *part = ctx->msg->calendar;
	buffer_t *text = buffer_create_dynamic(default_pool, 4096);
	const struct pim_timezone *home = eas_home(ctx->req);
	struct pim_itip *itip;
	const char *error;
	int ret, read_ret;

	read_ret = ret = eas_calendar_read(ctx, part, text, &error);
	if (ret > 0) {
		ret = pim_itip_read(ctx->pool, text->data, text->used,
				    part->method, home, &itip, &error);
		if (ret > 0 && eas_email_meeting_class(itip) != NULL) {
			ctx->meeting = itip;
			ctx->meeting_type = eas_meeting_type(ctx, part, text);
		}
	} else if (ret == 0) {
		ret = -1;
	}
	buffer_free(&text);
	if (read_ret < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	if (ret < 0)
		eas_meeting_unreadable(ctx, part, error);
	return 1;
}

static void eas_meeting_parse_tnef(struct eas_email_context *ctx)
{
	struct pim_itip *itip;
	const char *error;
	int ret;

	ret = pim_tnef_meeting(ctx->pool, ctx->tnef, eas_home(ctx->req),
			       &itip, &error);
	if (ret > 0 && eas_email_meeting_class(itip) != NULL) {
		ctx->meeting = itip;
		ctx->meeting_type = eas_meeting_type_alone(itip);
	} else if (ret < 0) {
		eas_meeting_unreadable(ctx, ctx->msg->tnef, error);
	}
}

int eas_email_meeting_read(struct eas_email_context *ctx, const char **error_r)
{
	int ret = 1;

	if ((ctx->msg->calendar == NULL && ctx->tnef == NULL) ||
	    (ctx->msg->kind != PIM_MESSAGE_PLAIN &&
	     ctx->msg->kind != PIM_MESSAGE_PGP))
		return 1;
	/* what the user sends is not an invitation of the user */
	if (ctx->folder->type == EAS_FOLDER_SENT_ITEMS ||
	    ctx->folder->type == EAS_FOLDER_DRAFTS)
		return 1;
	T_BEGIN {
		if (ctx->msg->calendar == NULL)
			eas_meeting_parse_tnef(ctx);
		else
			ret = eas_meeting_parse(ctx, error_r);
	} T_END_PASS_STR_IF(ret <= 0, error_r);
	if (ret <= 0 || ctx->meeting == NULL)
		return ret;
	if (eas_meeting_hide_calendars(ctx, error_r) < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	return 1;
}

/* -- for the calendar -- */

/* Outlook's own form, as the calendar object that it stands for. Who sends it is the
   organizer, or answers the user. Returns 1; 0 if it is no meeting; -1 and a
   sentence. */
static int
eas_meeting_read_tnef(struct eas_email_context *ctx, buffer_t *text,
		      const char *from, const char **error_r)
{
	const char *own = roost_user_primary_address(ctx->req->req->user);
	const char *subject =
		ctx->msg->headers.value[PIM_HEADER_SUBJECT];
	struct pim_itip *itip;
	int ret;

	ret = pim_tnef_read(ctx->pool, ctx->msg->tnef, ctx->input, &ctx->tnef,
			    error_r);
	if (ret < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	if (ret == 0)
		return 0;
	ret = pim_tnef_meeting(ctx->pool, ctx->tnef, eas_home(ctx->req),
			       &itip, error_r);
	if (ret <= 0)
		return ret;
	if (from == NULL || !pim_scheduling_address_is_valid(from)) {
		*error_r = "It has no valid sender";
		return -1;
	}
	subject = subject == NULL ? NULL : pim_header_decode(subject);
	if (itip->method == PIM_ITIP_REPLY) {
		pim_itip_write(text, itip, subject, own, from);
	} else {
		/* not that of an Exchange directory ("/o=...") */
		pim_itip_write(text, itip, subject,
			itip->organizer_mail != NULL &&
			pim_scheduling_address_is_valid(itip->organizer_mail) ?
			itip->organizer_mail : from, own);
	}
	return 1;
}

static int
eas_meeting_read_calendar(struct eas_email_context *ctx, buffer_t *text,
			  const char **error_r)
{
	int ret = eas_calendar_read(ctx, ctx->msg->calendar, text, error_r);

	if (ret < 0)
		return eas_email_input_failed(ctx->mail, ctx->input, error_r);
	return ret == 0 ? -1 : 1;
}

int eas_meeting_mail_read(struct eas_request *req, pool_t pool,
			  struct mail *mail,
			  struct eas_meeting_mail *meeting_r,
			  const char **error_r)
{
	struct eas_email_context ctx = {
		.req = req, .pool = pool, .mail = mail,
	};
	struct pim_scheduling_mail *dest = &meeting_r->mail;
	const struct pim_headers *headers;
	buffer_t *text;
	int ret;

	i_zero(meeting_r);
	if (mail_get_stream(mail, NULL, NULL, &ctx.input) < 0 ||
	    mail_get_parts(mail, &ctx.parts) < 0)
		return eas_email_failed(mail, error_r);
	if (pim_message_read(pool, ctx.input, ctx.parts, &ctx.msg) < 0)
		return eas_email_input_failed(mail, ctx.input, error_r);
	if ((ctx.msg->calendar == NULL && ctx.msg->tnef == NULL) ||
	    ctx.msg->kind != PIM_MESSAGE_PLAIN)
		return 0;
	headers = &ctx.msg->headers;
	dest->from = p_strdup(pool, pim_header_first_address(
		headers->value[PIM_HEADER_FROM]));
	dest->sender = p_strdup(pool, pim_header_first_address(
		headers->value[PIM_HEADER_SENDER]));
	text = buffer_create_dynamic(pool, 4096);
	if (ctx.msg->calendar == NULL) {
		ret = eas_meeting_read_tnef(&ctx, text, dest->from, error_r);
	} else {
		dest->method = ctx.msg->calendar->method;
		ret = eas_meeting_read_calendar(&ctx, text, error_r);
	}
	if (ret <= 0)
		return ret;
	dest->data = text->data;
	dest->size = text->used;
	return pim_scheduling_peek(pool, eas_home(req), dest,
				   &meeting_r->peek, error_r);
}

/* -- for devices -- */

/* Up to 14.1 an all-day event's midnights are in its time zone, from 16.0 on
   they are dates. */
static int64_t
eas_meeting_time(struct eas_email_context *ctx, int64_t t)
{
	if (ctx->meeting->all_day && ctx->req->version >= EAS_VERSION_16_0)
		return pim_timezone_to_local(ctx->meeting->tz, t);
	return t;
}

static void
eas_meeting_write_time(struct eas_email_context *ctx, unsigned int tag,
		       int64_t t)
{
	wbxml_text(ctx->writer, tag, eas_email_time(eas_meeting_time(ctx, t)));
}

/* [MS-ASDTYPE] 2.7.2 */
static void
eas_meeting_write_compact(struct eas_email_context *ctx, unsigned int tag,
			  int64_t t)
{
	string_t *str = t_str_new(20);

	pim_ical_time_append(str, t, FALSE, TRUE);
	wbxml_text(ctx->writer, tag, str_c(str));
}

static void
eas_meeting_write_location(struct eas_email_context *ctx, const char *location)
{
	if (location == NULL)
		return;
	location = t_strndup(location,
		pim_text_cut(location, strlen(location), EAS_LOCATION_MAX));
	if (ctx->req->version < EAS_VERSION_16_0) {
		wbxml_text(ctx->writer, EAS_EMAIL_LOCATION, location);
		return;
	}
	wbxml_open(ctx->writer, EAS_AIRSYNCBASE_LOCATION);
	wbxml_text(ctx->writer, EAS_AIRSYNCBASE_DISPLAY_NAME, location);
	wbxml_close(ctx->writer);
}

static void
eas_meeting_write_organizer(struct eas_email_context *ctx,
			    const struct pim_itip *meeting)
{
	string_t *str;
	const char *p;

	if (meeting->organizer_mail == NULL)
		return;
	str = t_str_new(64);
	if (meeting->organizer_name != NULL) {
		str_append_c(str, '"');
		for (p = meeting->organizer_name; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				str_append_c(str, '\\');
			str_append_c(str, *p == '\n' ? ' ' : *p);
		}
		str_append(str, "\" ");
	}
	str_printfa(str, "<%s>", meeting->organizer_mail);
	wbxml_text(ctx->writer, EAS_EMAIL_ORGANIZER, str_c(str));
}

/* 2.2.2.60; zeros are what the pattern does not say */
static void
eas_meeting_write_recurrence(struct eas_email_context *ctx,
			     const struct pim_recurrence *rec)
{
	struct wbxml_writer *writer = ctx->writer;
	const struct {
		unsigned int tag, value;
	} fields[] = {
		{ EAS_EMAIL_WEEK_OF_MONTH, rec->week_of_month },
		{ EAS_EMAIL_DAY_OF_MONTH, rec->day_of_month },
		{ EAS_EMAIL_DAY_OF_WEEK, rec->day_of_week },
		{ EAS_EMAIL_MONTH_OF_YEAR, rec->month_of_year },
	};

	wbxml_open(writer, EAS_EMAIL_RECURRENCES);
	wbxml_open(writer, EAS_EMAIL_RECURRENCE);
	wbxml_uint(writer, EAS_EMAIL_TYPE, rec->type);
	wbxml_uint(writer, EAS_EMAIL_INTERVAL, rec->interval);
	if (rec->has_until)
		eas_meeting_write_compact(ctx, EAS_EMAIL_UNTIL, rec->until);
	if (rec->occurrences > 0)
		wbxml_uint(writer, EAS_EMAIL_OCCURRENCES, rec->occurrences);
	for (unsigned int i = 0; i < N_ELEMENTS(fields); i++) {
		if (fields[i].value > 0)
			wbxml_uint(writer, fields[i].tag, fields[i].value);
	}
	if (ctx->req->version >= EAS_VERSION_14_0) {
		wbxml_uint(writer, EAS_EMAIL2_CALENDAR_TYPE,
			   rec->calendar_type);
		wbxml_bool(writer, EAS_EMAIL2_IS_LEAP_MONTH,
			   rec->is_leap_month);
	}
	if (ctx->req->version >= EAS_VERSION_14_1) {
		wbxml_uint(writer, EAS_EMAIL2_FIRST_DAY_OF_WEEK,
			   rec->first_day_of_week);
	}
	wbxml_close(writer);
	wbxml_close(writer);
}

/* Without CalendarType (below 14.0) months would be ours. */
static bool
eas_meeting_has_pattern(const struct eas_email_context *ctx,
			const struct pim_itip *meeting)
{
	return meeting->has_recurrence &&
		(meeting->recurrence.calendar_type == 0 ||
		 ctx->req->version >= EAS_VERSION_14_0);
}

static enum eas_instance_type
eas_meeting_instance_type(const struct eas_email_context *ctx,
			  const struct pim_itip *meeting)
{
	if (meeting->has_recurrence_id)
		return EAS_INSTANCE_EXCEPTION;
	return eas_meeting_has_pattern(ctx, meeting) ? EAS_INSTANCE_MASTER :
		EAS_INSTANCE_SINGLE;
}

/* AllDayEvent ... Recurrences */
static void
eas_meeting_write_event(struct eas_email_context *ctx,
			const struct pim_itip *meeting)
{
	struct wbxml_writer *writer = ctx->writer;

	wbxml_bool(writer, EAS_EMAIL_ALL_DAY_EVENT, meeting->all_day);
	eas_meeting_write_time(ctx, EAS_EMAIL_START_TIME, meeting->start);
	wbxml_text(writer, EAS_EMAIL_DT_STAMP,
		   eas_email_time(meeting->stamp != 0 ? meeting->stamp :
				  ctx->received));
	eas_meeting_write_time(ctx, EAS_EMAIL_END_TIME, meeting->end);
	wbxml_uint(writer, EAS_EMAIL_INSTANCE_TYPE,
		   eas_meeting_instance_type(ctx, meeting));
	eas_meeting_write_location(ctx, meeting->location);
	eas_meeting_write_organizer(ctx, meeting);
	if (meeting->has_recurrence_id) {
		eas_meeting_write_time(ctx, EAS_EMAIL_RECURRENCE_ID,
				       meeting->recurrence_id);
	}
	if (meeting->reminder >= 0 && meeting->reminder <= EAS_REMINDER_MAX)
		wbxml_uint(writer, EAS_EMAIL_REMINDER, meeting->reminder);
	wbxml_bool(writer, EAS_EMAIL_RESPONSE_REQUESTED,
		   meeting->response_requested &&
		   (meeting->method == PIM_ITIP_REQUEST ||
		    meeting->method == PIM_ITIP_ADD));
	if (eas_meeting_has_pattern(ctx, meeting))
		eas_meeting_write_recurrence(ctx, &meeting->recurrence);
}

/* Sensitivity ... Forwardees */
static void
eas_meeting_write_rest(struct eas_email_context *ctx,
		       const struct pim_itip *meeting)
{
	struct wbxml_writer *writer = ctx->writer;
	unsigned int version = ctx->req->version;
	unsigned int busy = meeting->busy_status;
	string_t *str = t_str_new(256);

	wbxml_uint(writer, EAS_EMAIL_SENSITIVITY, meeting->sensitivity);
	if (version < EAS_VERSION_16_0 && busy == PIM_BUSY_ELSEWHERE)
		busy = PIM_BUSY_FREE;
	wbxml_uint(writer, EAS_EMAIL_BUSY_STATUS, busy);
	pim_timezone_append_structure(str, meeting->tz, meeting->start);
	wbxml_text(writer, EAS_EMAIL_TIME_ZONE, str_c(str));
	if (version < EAS_VERSION_16_0) {
		str_truncate(str, 0);
		pim_global_obj_id_append(str, meeting->uid,
			meeting->has_recurrence_id,
			pim_timezone_to_local(meeting->tz,
					      meeting->recurrence_id));
		wbxml_text(writer, EAS_EMAIL_GLOBAL_OBJ_ID, str_c(str));
	}
	if (version >= EAS_VERSION_14_0) {
		wbxml_bool(writer, EAS_EMAIL_DISALLOW_NEW_TIME_PROPOSAL,
			   meeting->disallow_new_time);
	}
	if (version >= EAS_VERSION_14_1) {
		wbxml_uint(writer, EAS_EMAIL2_MEETING_MESSAGE_TYPE,
			   ctx->meeting_type);
	}
	if (version < EAS_VERSION_16_0)
		return;
	wbxml_text(writer, EAS_CALENDAR_UID, meeting->uid);
	if (version >= EAS_VERSION_16_1 && meeting->has_proposed) {
		eas_meeting_write_compact(ctx,
			EAS_MEETINGRESPONSE_PROPOSED_START_TIME,
			meeting->proposed_start);
		eas_meeting_write_compact(ctx,
			EAS_MEETINGRESPONSE_PROPOSED_END_TIME,
			meeting->proposed_end);
	}
}

void eas_email_write_meeting(struct eas_email_context *ctx)
{
	if (ctx->meeting == NULL)
		return;
	wbxml_open(ctx->writer, EAS_EMAIL_MEETING_REQUEST);
	eas_meeting_write_event(ctx, ctx->meeting);
	eas_meeting_write_rest(ctx, ctx->meeting);
	wbxml_close(ctx->writer);
}
