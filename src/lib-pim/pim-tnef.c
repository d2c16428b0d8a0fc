/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "str.h"
#include "unichar.h"
#include "pim-charset.h"
#include "pim-date.h"
#include "pim-itip.h"
#include "pim-timezone.h"
#include "pim-tz-structure.h"
#include "pim-tnef.h"

/* [MS-OXTNEF]: a signature, a key, and attributes: level, id and type, length,
   data, checksum. One of the attributes holds MAPI properties ([MS-OXCDATA],
   [MS-OXOCAL]). All numbers are little endian. */
#define TNEF_SIGNATURE 0x223e9f78
#define TNEF_LEVEL_MESSAGE 1
#define TNEF_ATT_MESSAGE_CLASS 0x00078008
#define TNEF_ATT_MSG_PROPS 0x00069003

#define TNEF_PROPS_MAX 2000
#define TNEF_VALUES_MAX 10000
/* seconds from 1601 to 1970 */
#define TNEF_EPOCH 11644473600LL

/* The sets of named properties, by the first four bytes of their GUIDs. */
enum tnef_set {
	TNEF_SET_NONE = 0,
	TNEF_SET_APPOINTMENT = 0x00062002,
	TNEF_SET_COMMON = 0x00062008,
	TNEF_SET_MEETING = 0x6ed8da90,
};

enum tnef_prop {
	TNEF_MESSAGE_CLASS,
	TNEF_SENSITIVITY,
	TNEF_RESPONSE_REQUESTED,
	TNEF_SENDER_NAME,
	TNEF_SENDER_MAIL,
	TNEF_START,
	TNEF_END,
	TNEF_LOCATION,
	TNEF_ALL_DAY,
	TNEF_BUSY_STATUS,
	TNEF_INTENDED_STATUS,
	TNEF_SEQUENCE,
	TNEF_RECURRENCE,
	TNEF_TIME_ZONE,
	TNEF_REMINDER,
	TNEF_REMINDER_SET,
	TNEF_STAMP,
	TNEF_OBJ_ID,
	TNEF_CLEAN_OBJ_ID,

	TNEF_PROP_COUNT
};

static const struct {
	enum tnef_set set;
	unsigned int id;
} tnef_props[TNEF_PROP_COUNT] = {
	[TNEF_MESSAGE_CLASS] = { TNEF_SET_NONE, 0x001a },
	[TNEF_SENSITIVITY] = { TNEF_SET_NONE, 0x0036 },
	[TNEF_RESPONSE_REQUESTED] = { TNEF_SET_NONE, 0x0063 },
	[TNEF_SENDER_NAME] = { TNEF_SET_NONE, 0x0042 },
	[TNEF_SENDER_MAIL] = { TNEF_SET_NONE, 0x5d02 },
	[TNEF_START] = { TNEF_SET_APPOINTMENT, 0x820d },
	[TNEF_END] = { TNEF_SET_APPOINTMENT, 0x820e },
	[TNEF_LOCATION] = { TNEF_SET_APPOINTMENT, 0x8208 },
	[TNEF_ALL_DAY] = { TNEF_SET_APPOINTMENT, 0x8215 },
	[TNEF_BUSY_STATUS] = { TNEF_SET_APPOINTMENT, 0x8205 },
	[TNEF_INTENDED_STATUS] = { TNEF_SET_APPOINTMENT, 0x8224 },
	[TNEF_SEQUENCE] = { TNEF_SET_APPOINTMENT, 0x8201 },
	[TNEF_RECURRENCE] = { TNEF_SET_APPOINTMENT, 0x8216 },
	[TNEF_TIME_ZONE] = { TNEF_SET_APPOINTMENT, 0x8233 },
	[TNEF_REMINDER] = { TNEF_SET_COMMON, 0x8501 },
	[TNEF_REMINDER_SET] = { TNEF_SET_COMMON, 0x8503 },
	[TNEF_STAMP] = { TNEF_SET_MEETING, 0x001a },
	[TNEF_OBJ_ID] = { TNEF_SET_MEETING, 0x0003 },
	[TNEF_CLEAN_OBJ_ID] = { TNEF_SET_MEETING, 0x0023 },
};

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

/* What is left to read. A read beyond the end fails, and all that follow. */
struct tnef_input {
	const unsigned char *p;
	size_t left;
	bool failed;
};

/* data NULL = the message has no such property */
struct tnef_value {
	const unsigned char *data;
	size_t size;
	unsigned int type;
};

struct tnef_message {
	const char *class;
	struct tnef_value values[TNEF_PROP_COUNT];
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

/* Values are padded to four bytes. */
static const unsigned char *
tnef_padded(struct tnef_input *input, size_t size)
{
	const unsigned char *p = tnef_skip(input, size);

	if (p != NULL && size % 4 != 0)
		(void)tnef_skip(input, I_MIN(4 - size % 4, input->left));
	return p;
}

static size_t tnef_type_size(unsigned int type)
{
	switch (type) {
	case 0x0002: case 0x0003: case 0x0004: case 0x000a: case 0x000b:
		return 4;
	case 0x0005: case 0x0006: case 0x0007: case 0x0014: case 0x0040:
		return 8;
	case 0x0048:
		return 16;
	case 0x000d: case 0x001e: case 0x001f: case 0x0102:
		/* with its length before it */
		return 0;
	default:
		return (size_t)-1;
	}
}

static void
tnef_read_values(struct tnef_input *input, unsigned int type,
		 struct tnef_value *value_r)
{
	unsigned int base = type & ~0x1000U, count = 1;
	size_t size = tnef_type_size(base), value_size;
	const unsigned char *p;

	if (size == (size_t)-1) {
		input->failed = TRUE;
		return;
	}
	if (size == 0 || base != type)
		count = tnef_number(input, 4);
	if (count > TNEF_VALUES_MAX)
		input->failed = TRUE;
	for (unsigned int i = 0; i < count && !input->failed; i++) {
		value_size = size != 0 ? size : tnef_number(input, 4);
		p = tnef_padded(input, value_size);
		if (i == 0 && p != NULL && base == type) {
			value_r->data = p;
			value_r->size = value_size;
			value_r->type = type;
		}
	}
}

static void
tnef_read_prop(struct tnef_input *input, struct tnef_message *msg)
{
	unsigned int type = tnef_number(input, 2), id = tnef_number(input, 2);
	enum tnef_set set = TNEF_SET_NONE;
	struct tnef_value value;

	if (id >= 0x8000) {
		set = tnef_number(input, 4);
		(void)tnef_skip(input, 12);
		if (tnef_number(input, 4) == 0)
			id = tnef_number(input, 4);
		else {
			/* named by a string: none of ours */
			(void)tnef_padded(input, tnef_number(input, 4));
			id = 0;
		}
	}
	i_zero(&value);
	tnef_read_values(input, type, &value);
	for (unsigned int i = 0; i < TNEF_PROP_COUNT; i++) {
		if (tnef_props[i].set == set && tnef_props[i].id == id &&
		    value.data != NULL && msg->values[i].data == NULL)
			msg->values[i] = value;
	}
}

static int
tnef_read(struct tnef_input *input, struct tnef_message *msg,
	  const char **error_r)
{
	struct tnef_input data;
	unsigned int level, count;
	uint32_t id;

	if (tnef_number(input, 4) != TNEF_SIGNATURE) {
		*error_r = "It is no TNEF";
		return -1;
	}
	(void)tnef_skip(input, 2);
	while (input->left > 0 && !input->failed) {
		level = tnef_number(input, 1);
		id = tnef_number(input, 4);
		i_zero(&data);
		data.left = tnef_number(input, 4);
		data.p = tnef_skip(input, data.left);
		(void)tnef_skip(input, 2);
		if (data.p == NULL || level != TNEF_LEVEL_MESSAGE)
			continue;
		if (id == TNEF_ATT_MESSAGE_CLASS) {
			msg->class = t_strndup(data.p, data.left);
		} else if (id == TNEF_ATT_MSG_PROPS) {
			count = tnef_number(&data, 4);
			if (count > TNEF_PROPS_MAX)
				data.failed = TRUE;
			while (count-- > 0 && !data.failed)
				tnef_read_prop(&data, msg);
		}
	}
	if (input->failed) {
		*error_r = "The TNEF is cut off";
		return -1;
	}
	return 0;
}

static uint32_t
tnef_get_number(const struct tnef_message *msg, enum tnef_prop prop,
		uint32_t otherwise)
{
	const struct tnef_value *value = &msg->values[prop];
	struct tnef_input input = { .p = value->data, .left = value->size };

	if (value->data == NULL || value->size < 4)
		return otherwise;
	return tnef_number(&input, value->type == 0x0002 ||
			   value->type == 0x000b ? 2 : 4);
}

static bool
tnef_get_time(const struct tnef_message *msg, enum tnef_prop prop,
	      int64_t *time_r)
{
	const struct tnef_value *value = &msg->values[prop];
	struct tnef_input input = { .p = value->data, .left = value->size };
	uint64_t ticks;

	if (value->data == NULL || value->type != 0x0040)
		return FALSE;
	ticks = tnef_number(&input, 4);
	ticks |= (uint64_t)tnef_number(&input, 4) << 32;
	*time_r = (int64_t)(ticks / 10000000) - TNEF_EPOCH;
	/* up to the year 9999 */
	return *time_r <= 253402300799LL;
}

static const char *
tnef_get_text(pool_t pool, const struct tnef_message *msg,
	      enum tnef_prop prop)
{
	const struct tnef_value *value = &msg->values[prop];
	size_t size = 0, unit = value->type == 0x001f ? 2 : 1;
	string_t *str;

	if (value->data == NULL ||
	    (value->type != 0x001e && value->type != 0x001f))
		return NULL;
	/* up to its NUL */
	while (size + unit <= value->size &&
	       (value->data[size] != 0 || value->data[size + unit - 1] != 0))
		size += unit;
	str = t_str_new(size + 1);
	pim_charset_to_utf8(unit == 2 ? "utf-16le" : "windows-1252",
			    value->data, size, str);
	return p_strdup_empty(pool, str_c(str));
}

/* The id in hexadecimal form, or what it has of iCalendar's. */
static const char *tnef_get_uid(pool_t pool, const struct tnef_message *msg)
{
	const struct tnef_value *value = &msg->values[TNEF_CLEAN_OBJ_ID];
	buffer_t *id;

	if (value->data == NULL)
		value = &msg->values[TNEF_OBJ_ID];
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
tnef_get_zone(pool_t pool, const struct tnef_message *msg,
	      const struct pim_timezone_hints *hints)
{
	static const struct {
		unsigned char from, to, size;
	} fields[] = {
		{ 0, 0, 4 }, { 4, 84, 4 }, { 8, 168, 4 },
		{ 14, 68, 16 }, { 32, 152, 16 },
	};
	const struct tnef_value *value = &msg->values[TNEF_TIME_ZONE];
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
tnef_get_recurrence(const struct tnef_message *msg, const struct pim_itip *itip,
		    struct pim_recurrence *rec_r)
{
	const struct tnef_value *value = &msg->values[TNEF_RECURRENCE];
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
tnef_get_instance(const struct tnef_message *msg, struct pim_itip *itip)
{
	const struct tnef_value *value = &msg->values[TNEF_OBJ_ID];
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
tnef_make_itip(pool_t pool, const struct tnef_message *msg,
	       const struct pim_timezone *home, struct pim_itip *itip,
	       const char **error_r)
{
	struct pim_timezone_hints hints = { .home = home };
	string_t *rrule = t_str_new(64);

	itip->uid = tnef_get_uid(pool, msg);
	if (itip->uid == NULL || !tnef_get_time(msg, TNEF_START, &itip->start)) {
		*error_r = "The TNEF's meeting has no id or no start";
		return -1;
	}
	if (!tnef_get_time(msg, TNEF_END, &itip->end) ||
	    itip->end < itip->start)
		itip->end = itip->start;
	if (!tnef_get_time(msg, TNEF_STAMP, &itip->stamp))
		itip->stamp = 0;
	hints.time = itip->start;
	itip->tz = tnef_get_zone(pool, msg, &hints);
	itip->all_day = tnef_get_number(msg, TNEF_ALL_DAY, 0) != 0;
	itip->sequence = tnef_get_number(msg, TNEF_SEQUENCE, 0);
	itip->location = tnef_get_text(pool, msg, TNEF_LOCATION);
	itip->organizer_mail = tnef_get_text(pool, msg, TNEF_SENDER_MAIL);
	itip->organizer_name = tnef_get_text(pool, msg, TNEF_SENDER_NAME);
	itip->response_requested =
		tnef_get_number(msg, TNEF_RESPONSE_REQUESTED, 1) != 0;
	itip->sensitivity = I_MIN(tnef_get_number(msg, TNEF_SENSITIVITY, 0),
				  PIM_SENSITIVITY_CONFIDENTIAL);
	itip->busy_status = I_MIN(tnef_get_number(msg, TNEF_INTENDED_STATUS,
		tnef_get_number(msg, TNEF_BUSY_STATUS, PIM_BUSY_BUSY)),
		PIM_BUSY_ELSEWHERE);
	itip->reminder = -1;
	if (tnef_get_number(msg, TNEF_REMINDER_SET, 0) != 0) {
		/* in minutes; one special value means 15 */
		unsigned int minutes = tnef_get_number(msg, TNEF_REMINDER, 15);

		itip->reminder = (minutes > 60*24*365 ? 15 : minutes) * 60;
	}
	tnef_get_instance(msg, itip);
	itip->has_recurrence = !itip->has_recurrence_id &&
		tnef_get_recurrence(msg, itip, &itip->recurrence) &&
		pim_recurrence_to_rrule(&itip->recurrence, itip->tz, FALSE,
					rrule) == 0;
	return 0;
}

int pim_tnef_read(pool_t pool, const void *data, size_t size,
		  const struct pim_timezone *home, struct pim_itip **itip_r,
		  const char **error_r)
{
	struct tnef_input input = { .p = data, .left = size };
	struct tnef_message msg;
	struct pim_itip *itip;
	const char *class;

	i_zero(&msg);
	if (tnef_read(&input, &msg, error_r) < 0)
		return -1;
	class = msg.class;
	if (class == NULL)
		class = tnef_get_text(pool, &msg, TNEF_MESSAGE_CLASS);
	for (unsigned int i = 0; class != NULL &&
	     i < N_ELEMENTS(tnef_classes); i++) {
		if (strcasecmp(class, tnef_classes[i].class) != 0)
			continue;
		itip = p_new(pool, struct pim_itip, 1);
		itip->method = tnef_classes[i].method;
		itip->partstat = tnef_classes[i].partstat;
		*itip_r = itip;
		return tnef_make_itip(pool, &msg, home, itip, error_r) < 0 ?
			-1 : 1;
	}
	return 0;
}
