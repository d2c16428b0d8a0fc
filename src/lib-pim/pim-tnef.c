/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "roost-compat.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-text.h"
#include "pim-tnef-private.h"

#include <ctype.h>

/* [MS-OXTNEF]: a signature, a key, and attributes: level, id and type, length,
   data, checksum. Some attributes hold MAPI properties ([MS-OXCDATA]), of the
   message or of an attachment. All numbers are little endian. */
#define TNEF_SIGNATURE 0x223e9f78
#define TNEF_LEVEL_MESSAGE 1
#define TNEF_LEVEL_ATTACHMENT 2
#define TNEF_ATT_BODY 0x0002800c
#define TNEF_ATT_MESSAGE_CLASS 0x00078008
#define TNEF_ATT_MSG_PROPS 0x00069003
#define TNEF_ATT_OEM_CODEPAGE 0x00069007
#define TNEF_ATT_ATTACH_TITLE 0x00018010
#define TNEF_ATT_ATTACH_DATA 0x0006800f
#define TNEF_ATT_ATTACH_TRANSPORT_NAME 0x00069001
#define TNEF_ATT_ATTACH_REND_DATA 0x00069002
#define TNEF_ATT_ATTACH_PROPS 0x00069005

#define TNEF_ATTRIBUTES_MAX 20000
#define TNEF_ATTACHMENTS_MAX 1000
#define TNEF_PROPS_MAX 2000
#define TNEF_VALUES_MAX 10000
/* of a value that is looked at here; an attachment has names only */
#define TNEF_VALUE_MAX 65536
#define TNEF_NAME_MAX 4096

/* PidTagAttachMethod */
#define TNEF_METHOD_MESSAGE 5
/* before a message that is attached: the id of its interface */
#define TNEF_INTERFACE_SIZE 16

/* The sets of named properties, by the first four bytes of their GUIDs. */
enum tnef_set {
	TNEF_SET_NONE = 0,
	TNEF_SET_APPOINTMENT = 0x00062002,
	TNEF_SET_COMMON = 0x00062008,
	TNEF_SET_MEETING = 0x6ed8da90,
};

static const struct {
	enum tnef_set set;
	unsigned int id;
	/* any size: left where it is */
	bool large;
} tnef_props[TNEF_PROP_COUNT] = {
	[TNEF_MESSAGE_CLASS] = { TNEF_SET_NONE, 0x001a, FALSE },
	[TNEF_SENSITIVITY] = { TNEF_SET_NONE, 0x0036, FALSE },
	[TNEF_RESPONSE_REQUESTED] = { TNEF_SET_NONE, 0x0063, FALSE },
	[TNEF_SENDER_NAME] = { TNEF_SET_NONE, 0x0042, FALSE },
	[TNEF_SENDER_MAIL] = { TNEF_SET_NONE, 0x5d02, FALSE },
	[TNEF_START] = { TNEF_SET_APPOINTMENT, 0x820d, FALSE },
	[TNEF_END] = { TNEF_SET_APPOINTMENT, 0x820e, FALSE },
	[TNEF_LOCATION] = { TNEF_SET_APPOINTMENT, 0x8208, FALSE },
	[TNEF_ALL_DAY] = { TNEF_SET_APPOINTMENT, 0x8215, FALSE },
	[TNEF_BUSY_STATUS] = { TNEF_SET_APPOINTMENT, 0x8205, FALSE },
	[TNEF_INTENDED_STATUS] = { TNEF_SET_APPOINTMENT, 0x8224, FALSE },
	[TNEF_SEQUENCE] = { TNEF_SET_APPOINTMENT, 0x8201, FALSE },
	[TNEF_RECURRENCE] = { TNEF_SET_APPOINTMENT, 0x8216, FALSE },
	[TNEF_TIME_ZONE] = { TNEF_SET_APPOINTMENT, 0x8233, FALSE },
	[TNEF_REMINDER] = { TNEF_SET_COMMON, 0x8501, FALSE },
	[TNEF_REMINDER_SET] = { TNEF_SET_COMMON, 0x8503, FALSE },
	[TNEF_STAMP] = { TNEF_SET_MEETING, 0x001a, FALSE },
	[TNEF_OBJ_ID] = { TNEF_SET_MEETING, 0x0003, FALSE },
	[TNEF_CLEAN_OBJ_ID] = { TNEF_SET_MEETING, 0x0023, FALSE },
	[TNEF_SUBJECT] = { TNEF_SET_NONE, 0x0037, FALSE },
	[TNEF_SENT] = { TNEF_SET_NONE, 0x0039, FALSE },
	[TNEF_DISPLAY_TO] = { TNEF_SET_NONE, 0x0e04, FALSE },
	[TNEF_DISPLAY_CC] = { TNEF_SET_NONE, 0x0e03, FALSE },
	[TNEF_FROM_NAME] = { TNEF_SET_NONE, 0x0c1a, FALSE },
	[TNEF_FROM_SMTP] = { TNEF_SET_NONE, 0x5d01, FALSE },
	[TNEF_FROM_MAIL] = { TNEF_SET_NONE, 0x0c1f, FALSE },
	[TNEF_MESSAGE_ID] = { TNEF_SET_NONE, 0x1035, FALSE },
	[TNEF_HTML_CODEPAGE] = { TNEF_SET_NONE, 0x3fde, FALSE },
	[TNEF_BODY] = { TNEF_SET_NONE, 0x1000, TRUE },
	[TNEF_RTF] = { TNEF_SET_NONE, 0x1009, TRUE },
	[TNEF_HTML] = { TNEF_SET_NONE, 0x1013, TRUE },
	[TNEF_DISPLAY_NAME] = { TNEF_SET_NONE, 0x3001, FALSE },
	[TNEF_ATTACH_DATA] = { TNEF_SET_NONE, 0x3701, TRUE },
	[TNEF_ATTACH_FILENAME] = { TNEF_SET_NONE, 0x3704, FALSE },
	[TNEF_ATTACH_METHOD] = { TNEF_SET_NONE, 0x3705, FALSE },
	[TNEF_ATTACH_LONG_FILENAME] = { TNEF_SET_NONE, 0x3707, FALSE },
	[TNEF_ATTACH_MIME_TAG] = { TNEF_SET_NONE, 0x370e, FALSE },
	[TNEF_ATTACH_CONTENT_ID] = { TNEF_SET_NONE, 0x3712, FALSE },
	[TNEF_ATTACH_LOCATION] = { TNEF_SET_NONE, 0x3713, FALSE },
	[TNEF_ATTACH_HIDDEN] = { TNEF_SET_NONE, 0x7ffe, FALSE },
};

/* What is read, up to end. A read beyond it fails, and all that follow. */
struct tnef_reader {
	pool_t pool;
	struct istream *stream;
	uoff_t end;
	bool failed;
};

/* The attachment whose attributes are being read. What is kept of it is copied,
   so that memory grows with the names alone. */
struct tnef_attachment {
	pool_t pool;
	struct tnef_value title, transport_name, data;
	struct tnef_value values[TNEF_PROP_COUNT];
};

static uoff_t tnef_left(const struct tnef_reader *reader)
{
	return reader->failed ? 0 : reader->end - reader->stream->v_offset;
}

static void tnef_skip(struct tnef_reader *reader, uoff_t size)
{
	const unsigned char *data;
	size_t avail;

	if (size > tnef_left(reader))
		reader->failed = TRUE;
	while (size > 0 && !reader->failed) {
		if (i_stream_read_more(reader->stream, &data, &avail) <= 0) {
			reader->failed = TRUE;
			return;
		}
		avail = I_MIN(avail, size);
		i_stream_skip(reader->stream, avail);
		size -= avail;
	}
}

static uint32_t tnef_number(struct tnef_reader *reader, unsigned int size)
{
	const unsigned char *data;
	uint32_t value = 0;
	size_t avail;

	if (size > tnef_left(reader) ||
	    i_stream_read_bytes(reader->stream, &data, &avail, size) <= 0) {
		reader->failed = TRUE;
		return 0;
	}
	for (unsigned int i = size; i > 0; i--)
		value = value << 8 | data[i - 1];
	i_stream_skip(reader->stream, size);
	return value;
}

static const unsigned char *
tnef_copy(struct tnef_reader *reader, size_t size)
{
	unsigned char *copy;
	const unsigned char *data;
	size_t avail, done;

	if (size > tnef_left(reader))
		reader->failed = TRUE;
	if (reader->failed)
		return NULL;
	copy = p_malloc(reader->pool, size + 1);
	for (done = 0; done < size; done += avail) {
		if (i_stream_read_more(reader->stream, &data, &avail) <= 0) {
			reader->failed = TRUE;
			return NULL;
		}
		avail = I_MIN(avail, size - done);
		memcpy(copy + done, data, avail);
		i_stream_skip(reader->stream, avail);
	}
	return copy;
}

static size_t tnef_unit(unsigned int type)
{
	return type == TNEF_TYPE_STRING ? 2 : 1;
}

static bool tnef_is_text(unsigned int type)
{
	return type == TNEF_TYPE_STRING || type == TNEF_TYPE_STRING8;
}

/* Reads a value of known size. value_r NULL = nobody wants it. */
static void
tnef_read_value(struct tnef_reader *reader, unsigned int type, uoff_t size,
		bool large, struct tnef_value *value_r)
{
	size_t unit = tnef_unit(type);

	if (value_r == NULL || (!large && size > TNEF_VALUE_MAX)) {
		tnef_skip(reader, size);
		return;
	}
	value_r->type = type;
	value_r->pos = reader->stream->v_offset;
	value_r->size = size;
	if (!large)
		value_r->data = tnef_copy(reader, size);
	else if (tnef_is_text(type) && size >= unit) {
		tnef_skip(reader, size - unit);
		if (tnef_number(reader, unit) == 0)
			value_r->size -= unit;
	} else {
		tnef_skip(reader, size);
	}
	if (reader->failed)
		i_zero(value_r);
}

static size_t tnef_type_size(unsigned int type)
{
	switch (type) {
	case TNEF_TYPE_INT16: case TNEF_TYPE_INT32: case 0x0004: case 0x000a:
	case TNEF_TYPE_BOOLEAN:
		return 4;
	case 0x0005: case 0x0006: case 0x0007: case 0x0014:
	case TNEF_TYPE_TIME:
		return 8;
	case 0x0048:
		return 16;
	case TNEF_TYPE_OBJECT: case TNEF_TYPE_STRING8: case TNEF_TYPE_STRING:
	case TNEF_TYPE_BINARY:
		/* with its length before it */
		return 0;
	default:
		return (size_t)-1;
	}
}

/* Values are padded to four bytes. Of a property with several the first one
   would do for nothing that is looked for, so those are skipped. */
static void
tnef_read_values(struct tnef_reader *reader, unsigned int type, bool large,
		 struct tnef_value *value_r)
{
	unsigned int base = type & ~0x1000U, count = 1;
	size_t fixed = tnef_type_size(base);
	uoff_t size;

	if (fixed == (size_t)-1) {
		reader->failed = TRUE;
		return;
	}
	if (fixed == 0 || base != type)
		count = tnef_number(reader, 4);
	if (count > TNEF_VALUES_MAX)
		reader->failed = TRUE;
	for (unsigned int i = 0; i < count && !reader->failed; i++) {
		size = fixed != 0 ? fixed : tnef_number(reader, 4);
		tnef_read_value(reader, type, size, large,
				i == 0 && base == type ? value_r : NULL);
		if (size % 4 != 0) {
			tnef_skip(reader, I_MIN(4 - size % 4,
						tnef_left(reader)));
		}
	}
}

static void
tnef_read_prop(struct tnef_reader *reader,
	       struct tnef_value values[TNEF_PROP_COUNT])
{
	unsigned int type = tnef_number(reader, 2);
	unsigned int i, id = tnef_number(reader, 2);
	enum tnef_set set = TNEF_SET_NONE;

	if (id >= 0x8000) {
		set = tnef_number(reader, 4);
		tnef_skip(reader, 12);
		if (tnef_number(reader, 4) == 0)
			id = tnef_number(reader, 4);
		else {
			uoff_t size = tnef_number(reader, 4);

			/* named by a string: none of ours */
			tnef_skip(reader, (size + 3) & ~(uoff_t)3);
			id = 0;
		}
	}
	for (i = 0; i < TNEF_PROP_COUNT; i++) {
		if (tnef_props[i].set == set && tnef_props[i].id == id)
			break;
	}
	if (i < TNEF_PROP_COUNT && values[i].type == 0) {
		tnef_read_values(reader, type, tnef_props[i].large,
				 &values[i]);
	} else {
		tnef_read_values(reader, type, FALSE, NULL);
	}
}

/* What is behind a broken property is not read, what is before it counts. */
static void
tnef_read_props(struct tnef_reader *reader,
		struct tnef_value values[TNEF_PROP_COUNT])
{
	unsigned int count = tnef_number(reader, 4);

	if (count > TNEF_PROPS_MAX)
		reader->failed = TRUE;
	while (count-- > 0 && !reader->failed)
		tnef_read_prop(reader, values);
}

/* -- texts -- */

static const char *
tnef_text(pool_t pool, const struct pim_tnef *tnef,
	  const struct tnef_value *value)
{
	size_t size = 0, unit = tnef_unit(value->type);
	string_t *str;

	if (value->data == NULL || !tnef_is_text(value->type))
		return NULL;
	/* up to its NUL */
	while (size + unit <= value->size &&
	       (value->data[size] != 0 || value->data[size + unit - 1] != 0))
		size += unit;
	str = t_str_new(size + 1);
	pim_charset_to_utf8(unit == 2 ? "utf-16le" : tnef->charset,
			    value->data, size, str);
	return p_strdup_empty(pool, str_c(str));
}

const char *pim_tnef_get_text(pool_t pool, const struct pim_tnef *tnef,
			      enum tnef_prop prop)
{
	return tnef_text(pool, tnef, &tnef->values[prop]);
}

bool pim_tnef_get_time(const struct pim_tnef *tnef, enum tnef_prop prop,
		       int64_t *time_r)
{
	const struct tnef_value *value = &tnef->values[prop];
	uint64_t ticks = 0;

	if (value->data == NULL || value->type != TNEF_TYPE_TIME)
		return FALSE;
	for (unsigned int i = 8; i > 0; i--)
		ticks = ticks << 8 | value->data[i - 1];
	*time_r = (int64_t)(ticks / 10000000) - TNEF_EPOCH;
	/* up to the year 9999 */
	return *time_r <= 253402300799LL;
}

/* -- attachments -- */

static const char *
tnef_attachment_line(const struct pim_tnef *tnef,
		     const struct tnef_value *value)
{
	const char *text = tnef_text(pool_datastack_create(), tnef, value);

	if (text == NULL || strlen(text) > TNEF_NAME_MAX)
		return NULL;
	text = pim_text_clean_line(text);
	return *text == '\0' ? NULL : text;
}

static const char *
tnef_attachment_name(const struct pim_tnef *tnef,
		     const struct tnef_attachment *att, bool message)
{
	const struct tnef_value *const names[] = {
		/* of a message the file name is a short form of this */
		&att->values[message ? TNEF_DISPLAY_NAME :
			     TNEF_ATTACH_LONG_FILENAME],
		&att->transport_name, &att->title,
		&att->values[TNEF_ATTACH_FILENAME],
		&att->values[TNEF_DISPLAY_NAME],
	};
	const char *name = NULL;

	for (unsigned int i = 0; i < N_ELEMENTS(names) && name == NULL; i++)
		name = pim_file_name_clean(tnef_attachment_line(tnef, names[i]));
	return name;
}

/* A type without parameters. NULL = it is none. */
static const char *
tnef_attachment_type(const struct pim_tnef *tnef,
		     const struct tnef_attachment *att)
{
	const char *type = tnef_attachment_line(tnef,
		&att->values[TNEF_ATTACH_MIME_TAG]);
	const char *p, *slash;

	if (type == NULL || strlen(type) > 127)
		return NULL;
	slash = strchr(type, '/');
	if (slash == NULL || slash == type || slash[1] == '\0')
		return NULL;
	for (p = type; *p != '\0'; p++) {
		if (p != slash && !i_isalnum(*p) && strchr("-+._", *p) == NULL)
			return NULL;
	}
	type = t_str_lcase(type);
	/* those are taken apart, and this is no such thing */
	return str_begins_with(type, "multipart/") ||
		str_begins_with(type, "message/") ? NULL : type;
}

static const char *
tnef_attachment_id(const struct pim_tnef *tnef,
		   const struct tnef_attachment *att)
{
	const char *id = tnef_attachment_line(tnef,
		&att->values[TNEF_ATTACH_CONTENT_ID]);
	size_t len;

	if (id == NULL)
		return NULL;
	if (*id == '<')
		id++;
	len = strlen(id);
	if (len > 0 && id[len - 1] == '>')
		len--;
	return len == 0 ? NULL : p_strndup(tnef->pool, id, len);
}

static bool
tnef_attachment_flag(const struct tnef_attachment *att, enum tnef_prop prop,
		     unsigned int number)
{
	const struct tnef_value *value = &att->values[prop];

	return value->data != NULL && value->size >= 4 &&
		(value->data[0] | value->data[1] << 8) == (int)number;
}

/* Where its content is; FALSE = there is none. */
static bool
tnef_attachment_content(const struct tnef_attachment *att,
			struct pim_part *part)
{
	const struct tnef_value *value = &att->values[TNEF_ATTACH_DATA];
	bool object = value->type == TNEF_TYPE_OBJECT &&
		value->size >= TNEF_INTERFACE_SIZE;

	part->message = object &&
		tnef_attachment_flag(att, TNEF_ATTACH_METHOD,
				     TNEF_METHOD_MESSAGE);
	if (!part->message && att->data.type != 0) {
		value = &att->data;
		object = FALSE;
	} else if (!object && value->type != TNEF_TYPE_BINARY)
		return FALSE;
	part->body_pos = value->pos;
	part->body_size = value->size;
	if (object) {
		part->body_pos += TNEF_INTERFACE_SIZE;
		part->body_size -= TNEF_INTERFACE_SIZE;
	}
	part->body_virtual_size = part->body_size;
	return TRUE;
}

static void
tnef_attachment_add(struct pim_tnef *tnef, const struct tnef_attachment *att)
{
	struct pim_part *part;
	const char *type;

	if (array_count(&tnef->attachments) == TNEF_ATTACHMENTS_MAX) {
		tnef->incomplete = TRUE;
		return;
	}
	part = p_new(tnef->pool, struct pim_part, 1);
	if (!tnef_attachment_content(att, part)) {
		tnef->incomplete = TRUE;
		return;
	}
	part->inside = tnef->part;
	part->encoding = PIM_ENCODING_BINARY;
	part->name = p_strdup(tnef->pool,
			      tnef_attachment_name(tnef, att, part->message));
	type = part->message ? "message/rfc822" :
		tnef_attachment_type(tnef, att);
	if (type == NULL)
		type = pim_part_type_of_name(part->name);
	part->type = p_strdup(tnef->pool, type);
	part->content_id = tnef_attachment_id(tnef, att);
	part->content_location = p_strdup(tnef->pool, tnef_attachment_line(tnef,
		&att->values[TNEF_ATTACH_LOCATION]));
	part->is_inline = part->content_id != NULL &&
		str_begins_with(part->type, "image/");
	/* Outlook's own: the exceptions of a series, pictures of contacts */
	if (!part->is_inline &&
	    tnef_attachment_flag(att, TNEF_ATTACH_HIDDEN, 1))
		return;
	part->number = p_strdup_printf(tnef->pool, "%s.%u",
		tnef->part->number, array_count(&tnef->attachments) + 1);
	array_push_back(&tnef->attachments, &part);
}

static void
tnef_attachment_finish(struct pim_tnef *tnef, struct tnef_attachment **_att)
{
	struct tnef_attachment *att = *_att;

	*_att = NULL;
	if (att == NULL)
		return;
	T_BEGIN {
		tnef_attachment_add(tnef, att);
	} T_END;
	pool_unref(&att->pool);
}

static struct tnef_attachment *tnef_attachment_begin(void)
{
	pool_t pool = pool_alloconly_create("pim tnef attachment", 4096);
	struct tnef_attachment *att = p_new(pool, struct tnef_attachment, 1);

	att->pool = pool;
	return att;
}

static void
tnef_read_attachment(struct pim_tnef *tnef, struct tnef_reader *data,
		     uint32_t id, struct tnef_attachment **att)
{
	struct tnef_attachment *cur;

	if (id == TNEF_ATT_ATTACH_REND_DATA)
		tnef_attachment_finish(tnef, att);
	if (*att == NULL)
		*att = tnef_attachment_begin();
	cur = *att;
	data->pool = cur->pool;
	switch (id) {
	case TNEF_ATT_ATTACH_TITLE:
		tnef_read_value(data, TNEF_TYPE_STRING8, tnef_left(data),
				FALSE, &cur->title);
		break;
	case TNEF_ATT_ATTACH_TRANSPORT_NAME:
		tnef_read_value(data, TNEF_TYPE_STRING8, tnef_left(data),
				FALSE, &cur->transport_name);
		break;
	case TNEF_ATT_ATTACH_DATA:
		tnef_read_value(data, TNEF_TYPE_BINARY, tnef_left(data),
				TRUE, &cur->data);
		break;
	case TNEF_ATT_ATTACH_PROPS:
		tnef_read_props(data, cur->values);
		break;
	}
}

/* -- the whole -- */

static void
tnef_read_message(struct pim_tnef *tnef, struct tnef_reader *data, uint32_t id)
{
	const unsigned char *class;
	size_t size;

	switch (id) {
	case TNEF_ATT_MESSAGE_CLASS:
		if (tnef->class != NULL)
			break;
		size = I_MIN(tnef_left(data), TNEF_NAME_MAX);
		class = tnef_copy(data, size);
		if (class != NULL)
			tnef->class = p_strndup(tnef->pool, class, size);
		break;
	case TNEF_ATT_OEM_CODEPAGE:
		tnef->charset = p_strdup(tnef->pool,
			pim_charset_of_codepage(tnef_number(data, 4)));
		break;
	case TNEF_ATT_BODY:
		tnef_read_value(data, TNEF_TYPE_STRING8, tnef_left(data), TRUE,
				&tnef->body);
		break;
	case TNEF_ATT_MSG_PROPS:
		tnef_read_props(data, tnef->values);
		break;
	}
}

/* Returns FALSE at the end. */
static bool
tnef_read_attribute(struct pim_tnef *tnef, struct tnef_reader *reader,
		    struct tnef_attachment **att)
{
	struct tnef_reader data = *reader;
	unsigned int level;
	uint32_t id;
	uoff_t size;

	if (i_stream_read_eof(reader->stream))
		return FALSE;
	level = tnef_number(reader, 1);
	id = tnef_number(reader, 4);
	size = tnef_number(reader, 4);
	if (reader->failed || size > tnef_left(reader)) {
		reader->failed = TRUE;
		return FALSE;
	}
	if (level != TNEF_LEVEL_MESSAGE && level != TNEF_LEVEL_ATTACHMENT) {
		reader->failed = TRUE;
		return FALSE;
	}
	data.end = reader->stream->v_offset + size;
	if (level == TNEF_LEVEL_MESSAGE)
		tnef_read_message(tnef, &data, id);
	else
		tnef_read_attachment(tnef, &data, id, att);
	tnef_skip(reader, data.end - reader->stream->v_offset);
	tnef_skip(reader, 2);
	return !reader->failed;
}

static int
tnef_read(struct pim_tnef *tnef, struct tnef_reader *reader,
	  struct tnef_attachment **att, const char **error_r)
{
	unsigned int count = 0;

	if (tnef_number(reader, 4) != TNEF_SIGNATURE) {
		*error_r = "It is no TNEF";
		return 0;
	}
	tnef_skip(reader, 2);
	while (tnef_read_attribute(tnef, reader, att)) {
		if (++count == TNEF_ATTRIBUTES_MAX) {
			*error_r = "The TNEF has too many attributes";
			return 0;
		}
	}
	/* what was read up to there counts */
	tnef->broken = reader->failed;
	return 1;
}

int pim_tnef_read(pool_t pool, const struct pim_part *part,
		  struct istream *input, struct pim_tnef **tnef_r,
		  const char **error_r)
{
	struct tnef_reader reader = { .pool = pool, .end = UOFF_T_MAX };
	struct pim_tnef *tnef = p_new(pool, struct pim_tnef, 1);
	struct tnef_attachment *att = NULL;
	int ret;

	tnef->pool = pool;
	tnef->part = part;
	tnef->charset = "windows-1252";
	p_array_init(&tnef->attachments, pool, 4);
	reader.stream = pim_part_stream(part, input);
	ret = tnef_read(tnef, &reader, &att, error_r);
	tnef_attachment_finish(tnef, &att);
	if (reader.stream->stream_errno != 0)
		ret = -1;
	i_stream_unref(&reader.stream);
	*tnef_r = tnef;
	return ret;
}

struct pim_part *
pim_tnef_find_part(const struct pim_tnef *tnef, const char *number)
{
	struct pim_part *part;

	array_foreach_elem(&tnef->attachments, part) {
		if (strcmp(part->number, number) == 0)
			return part;
	}
	return NULL;
}
