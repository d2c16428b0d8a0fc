/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "str.h"
#include "pim-charset.h"
#include "pim-date.h"
#include "pim-itip.h"
#include "pim-timezone.h"
#include "pim-tz-structure.h"
#include "pim-tnef-private.h"

/* The meeting that a TNEF is about ([MS-OXOCAL]). */

/* The class of the attribute, and of the property. */
static const struct {
	const char *class;
	enum pim_itip_method method;
	enum pim_partstat partstat;
} tnef_classes[] = {
	{ "IPM.Microsoft Schedule.MtgReq", PIM_ITIP_REQUEST, 0 },
	{ "IPM.Microsoft Schedule.MtgCncl", PIM_ITIP_CANCEL, 0 },
	{ "IPM.Microsoft Schedule.MtgRespP", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_ACCEPTED },
	{ "IPM.Microsoft Schedule.MtgRespN", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_DECLINED },
	{ "IPM.Microsoft Schedule.MtgRespA", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_TENTATIVE },
	{ "IPM.Schedule.Meeting.Request", PIM_ITIP_REQUEST, 0 },
	{ "IPM.Schedule.Meeting.Canceled", PIM_ITIP_CANCEL, 0 },
	{ "IPM.Schedule.Meeting.Resp.Pos", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_ACCEPTED },
	{ "IPM.Schedule.Meeting.Resp.Neg", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_DECLINED },
	{ "IPM.Schedule.Meeting.Resp.Tent", PIM_ITIP_REPLY,
	  PIM_PARTSTAT_TENTATIVE },
};

/* What is left to read of a value. A read beyond the end fails, and all that
   follow. */
struct tnef_input {
	const unsigned char *p;
	size_t left;
	bool failed;
};

static const unsigned char *tnef_skip(struct tnef_input *input, size_t size)
{
	const unsigned char *p = input->p;

	if (input->failed || size > input->left) {
		input->failed = TRUE;
		return NULL;
	}
	input->p += size;
	input->left -= size;
	return p;
}

static uint32_t tnef_number(struct tnef_input *input, unsigned int size)
{
	const unsigned char *p = tnef_skip(input, size);
	uint32_t value = 0;

	if (p == NULL)
		return 0;
	for (unsigned int i = size; i > 0; i--)
		value = value << 8 | p[i - 1];
	return value;
}

static uint32_t
tnef_get_number(const struct pim_tnef *tnef, enum tnef_prop prop,
		uint32_t otherwise)
{
	const struct tnef_value *value = &tnef->values[prop];
	struct tnef_input input = { .p = value->data, .left = value->size };

	if (value->data == NULL || value->size < 4)
		return otherwise;
	return tnef_number(&input, value->type == TNEF_TYPE_INT16 ||
			   value->type == TNEF_TYPE_BOOLEAN ? 2 : 4);
}

/* The id in hexadecimal form, or what it has of iCalendar's. */
static const char *tnef_get_uid(pool_t pool, const struct pim_tnef *tnef)
{
	const struct tnef_value *value = &tnef->values[TNEF_CLEAN_OBJ_ID];
	buffer_t *id;

	if (value->data == NULL)
		value = &tnef->values[TNEF_OBJ_ID];
	if (value->data == NULL || value->size < 40 || value->size > 4096)
		return NULL;
	if (value->size >= 53 && memcmp(value->data + 40, "vCal-Uid", 8) == 0) {
		string_t *uid = t_str_new(128);

		pim_charset_to_utf8("utf-8", value->data + 52,
			strnlen((const char *)value->data + 52,
				value->size - 52), uid);
		return p_strdup_empty(pool, str_c(uid));
	}
	id = t_buffer_create(value->size);
	buffer_append(id, value->data, value->size);
	buffer_write(id, 16, "\0\0\0\0", 4);
	return p_strdup(pool, binary_to_hex_ucase(id->data, id->used));
}

/* PidLidTimeZoneStruct has the fields of ActiveSync's structure in another
   order. */
static const struct pim_timezone *
tnef_get_zone(pool_t pool, const struct pim_tnef *tnef,
	      const struct pim_timezone_hints *hints)
{
	static const struct {
		unsigned char from, to, size;
	} fields[] = {
		{ 0, 0, 4 }, { 4, 84, 4 }, { 8, 168, 4 },
		{ 14, 68, 16 }, { 32, 152, 16 },
	};
	const struct tnef_value *value = &tnef->values[TNEF_TIME_ZONE];
	unsigned char structure[PIM_TZ_STRUCTURE_SIZE];
	const struct pim_timezone *tz = NULL;
	string_t *str = t_str_new(256);

	if (value->data != NULL && value->size >= 48) {
		memset(structure, 0, sizeof(structure));
		for (unsigned int i = 0; i < N_ELEMENTS(fields); i++) {
			memcpy(structure + fields[i].to,
			       value->data + fields[i].from, fields[i].size);
		}
		base64_encode(structure, sizeof(structure), str);
		tz = pim_timezone_from_structure(pool, str_c(str), hints);
	}
	if (tz == NULL)
		tz = hints->home;
	return tz != NULL ? tz : pim_timezone_utc();
}

/* RecurrencePattern ([MS-OXOCAL] 2.2.1.44.1) */
static bool
tnef_get_recurrence(const struct pim_tnef *tnef, const struct pim_itip *itip,
		    struct pim_recurrence *rec_r)
{
	const struct tnef_value *value = &tnef->values[TNEF_RECURRENCE];
	struct tnef_input input = { .p = value->data, .left = value->size };
	unsigned int freq, pattern, period, end_type, day;
	int64_t local = pim_timezone_to_local(itip->tz, itip->start);
	int year;
	bool yearly;

	i_zero(rec_r);
	if (value->data == NULL || tnef_number(&input, 2) != 0x3004)
		return FALSE;
	(void)tnef_skip(&input, 2);
	freq = tnef_number(&input, 2);
	pattern = tnef_number(&input, 2);
	rec_r->calendar_type = tnef_number(&input, 2);
	(void)tnef_skip(&input, 4);
	period = tnef_number(&input, 4);
	(void)tnef_skip(&input, 4);
	yearly = freq == 0x200d;
	switch (pattern) {
	case 0:
		rec_r->type = PIM_RECURRENCE_DAILY;
		period /= 24 * 60;
		break;
	case 1:
		rec_r->type = PIM_RECURRENCE_WEEKLY;
		rec_r->day_of_week = tnef_number(&input, 4);
		break;
	case 2:
		rec_r->type = yearly ? PIM_RECURRENCE_YEARLY :
			PIM_RECURRENCE_MONTHLY;
		rec_r->day_of_month = tnef_number(&input, 4);
		break;
	case 3:
		rec_r->type = yearly ? PIM_RECURRENCE_YEARLY_NTH :
			PIM_RECURRENCE_MONTHLY_NTH;
		rec_r->day_of_week = tnef_number(&input, 4);
		rec_r->week_of_month = tnef_number(&input, 4);
		break;
	default:
		return FALSE;
	}
	if (yearly) {
		pim_date_from_days(pim_days_of(local), &year,
				   &rec_r->month_of_year, &day);
		period /= 12;
	}
	rec_r->interval = period;
	end_type = tnef_number(&input, 4);
	rec_r->occurrences = tnef_number(&input, 4);
	rec_r->first_day_of_week = tnef_number(&input, 4);
	rec_r->has_first_day_of_week = TRUE;
	if (end_type != 0x2022)
		rec_r->occurrences = 0;
	if (end_type == 0x2021) {
		(void)tnef_skip(&input, (size_t)tnef_number(&input, 4) * 4);
		(void)tnef_skip(&input, (size_t)tnef_number(&input, 4) * 4);
		(void)tnef_skip(&input, 4);
		/* the last day, in minutes; at the meeting's time */
		rec_r->until = pim_timezone_from_local(itip->tz,
			(int64_t)tnef_number(&input, 4) * 60 - TNEF_EPOCH +
			local - pim_days_of(local) * PIM_DAY);
		rec_r->has_until = TRUE;
	}
	return !input.failed && rec_r->interval >= 1 &&
		rec_r->first_day_of_week <= 6;
}

/* The id of an exception has the date that it had. */
static void
tnef_get_instance(const struct pim_tnef *tnef, struct pim_itip *itip)
{
	const struct tnef_value *value = &tnef->values[TNEF_OBJ_ID];
	int64_t local = pim_timezone_to_local(itip->tz, itip->start);
	unsigned int year, month, day;

	if (value->data == NULL || value->size < 40)
		return;
	year = value->data[16] << 8 | value->data[17];
	month = value->data[18];
	day = value->data[19];
	if (year < 1601 || year > 9999 || month < 1 || month > 12 ||
	    day < 1 || day > pim_month_length(year, month))
		return;
	itip->has_recurrence_id = TRUE;
	itip->recurrence_id = pim_timezone_from_local(itip->tz,
		pim_date_to_days(year, month, day) * PIM_DAY +
		local - pim_days_of(local) * PIM_DAY);
}

static int
tnef_make_itip(pool_t pool, const struct pim_tnef *tnef,
	       const struct pim_timezone *home, struct pim_itip *itip,
	       const char **error_r)
{
	struct pim_timezone_hints hints = { .home = home };
	string_t *rrule = t_str_new(64);

	itip->uid = tnef_get_uid(pool, tnef);
	if (itip->uid == NULL || !pim_tnef_get_time(tnef, TNEF_START, &itip->start)) {
		*error_r = "The TNEF's meeting has no id or no start";
		return -1;
	}
	if (!pim_tnef_get_time(tnef, TNEF_END, &itip->end) ||
	    itip->end < itip->start)
		itip->end = itip->start;
	if (!pim_tnef_get_time(tnef, TNEF_STAMP, &itip->stamp))
		itip->stamp = 0;
	hints.time = itip->start;
	itip->tz = tnef_get_zone(pool, tnef, &hints);
	itip->all_day = tnef_get_number(tnef, TNEF_ALL_DAY, 0) != 0;
	itip->sequence = tnef_get_number(tnef, TNEF_SEQUENCE, 0);
	itip->location = pim_tnef_get_text(pool, tnef, TNEF_LOCATION);
	itip->organizer_mail = pim_tnef_get_text(pool, tnef, TNEF_SENDER_MAIL);
	itip->organizer_name = pim_tnef_get_text(pool, tnef, TNEF_SENDER_NAME);
	itip->response_requested =
		tnef_get_number(tnef, TNEF_RESPONSE_REQUESTED, 1) != 0;
	itip->sensitivity = I_MIN(tnef_get_number(tnef, TNEF_SENSITIVITY, 0),
				  PIM_SENSITIVITY_CONFIDENTIAL);
	itip->busy_status = I_MIN(tnef_get_number(tnef, TNEF_INTENDED_STATUS,
		tnef_get_number(tnef, TNEF_BUSY_STATUS, PIM_BUSY_BUSY)),
		PIM_BUSY_ELSEWHERE);
	itip->reminder = -1;
	if (tnef_get_number(tnef, TNEF_REMINDER_SET, 0) != 0) {
		/* in minutes; one special value means 15 */
		unsigned int minutes = tnef_get_number(tnef, TNEF_REMINDER, 15);

		itip->reminder = (minutes > 60*24*365 ? 15 : minutes) * 60;
	}
	tnef_get_instance(tnef, itip);
	itip->has_recurrence = !itip->has_recurrence_id &&
		tnef_get_recurrence(tnef, itip, &itip->recurrence) &&
		pim_recurrence_to_rrule(&itip->recurrence, itip->tz, FALSE,
					rrule) == 0;
	return 0;
}

int pim_tnef_meeting(pool_t pool, const struct pim_tnef *tnef,
		     const struct pim_timezone *home,
		     struct pim_itip **itip_r, const char **error_r)
{
	const char *class = tnef->class;
	struct pim_itip *itip;

	if (class == NULL)
		class = pim_tnef_get_text(pool, tnef, TNEF_MESSAGE_CLASS);
	for (unsigned int i = 0; class != NULL &&
	     i < N_ELEMENTS(tnef_classes); i++) {
		if (strcasecmp(class, tnef_classes[i].class) != 0)
			continue;
		if (tnef->broken) {
			*error_r = "The TNEF is cut off";
			return -1;
		}
		itip = p_new(pool, struct pim_itip, 1);
		itip->method = tnef_classes[i].method;
		itip->partstat = tnef_classes[i].partstat;
		*itip_r = itip;
		return tnef_make_itip(pool, tnef, home, itip, error_r) < 0 ?
			-1 : 1;
	}
	return 0;
}
