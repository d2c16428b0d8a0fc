/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "base64.h"
#include "buffer.h"
#include "hex-binary.h"
#include "unichar.h"
#include "eas-query.h"

/* The longest base64 query whose every field is full: 256 bytes for each of the
   fields and of the known parameters, and then some */
#define EAS_QUERY_MAX_BINARY (16 * 1024)

enum param_type {
	PARAM_STRING,
	/* a string in which '+' stands for itself: user+folder@domain is more
	   common than a blank in a name, and clients don't escape it */
	PARAM_LITERAL_PLUS,
	/* what [MS-ASHTTP] calls a device's id or type */
	PARAM_TOKEN,
	/* "T" or "F" */
	PARAM_BOOL,
	/* OPTION_* */
	PARAM_OPTIONS,
};

#define OPTION_SAVE_IN_SENT 0x01
#define OPTION_ACCEPT_MULTIPART 0x02

struct param {
	const char *name;	/* in a plain query, NULL = not there */
	int tag;		/* in a base64 query, -1 = not there */
	enum param_type type;
	size_t offset;		/* in struct eas_query, if it is a string */
	size_t max_size;
};

/* [MS-ASHTTP] 2.2.1.1.1.1.3 and 2.2.1.1.1.2.5. Tags 2 and 5 are of documents
   before 14.0. */
#define STR(n, t, ptype, field, max) \
	{ n, t, ptype, offsetof(struct eas_query, field), max }
static const struct param params[] = {
	STR("Cmd", -1, PARAM_STRING, command, 64),
	STR("User", 8, PARAM_LITERAL_PLUS, user, EAS_QUERY_MAX_VALUE),
	STR("DeviceId", -1, PARAM_TOKEN, device_id, EAS_QUERY_MAX_DEVICE_ID),
	STR("DeviceType", -1, PARAM_TOKEN, device_type,
	    EAS_QUERY_MAX_DEVICE_TYPE),
	STR("AttachmentName", 0, PARAM_STRING, attachment_name,
	    EAS_QUERY_MAX_VALUE),
	STR("CollectionId", 1, PARAM_STRING, collection_id,
	    EAS_QUERY_MAX_VALUE),
	STR("CollectionName", 2, PARAM_STRING, collection_name,
	    EAS_QUERY_MAX_VALUE),
	STR("ItemId", 3, PARAM_STRING, item_id, EAS_QUERY_MAX_VALUE),
	STR("LongId", 4, PARAM_STRING, long_id, EAS_QUERY_MAX_VALUE),
	STR("ParentId", 5, PARAM_STRING, parent_id, EAS_QUERY_MAX_VALUE),
	STR("Occurrence", 6, PARAM_STRING, occurrence, EAS_QUERY_MAX_VALUE),
	{ NULL, 7, PARAM_OPTIONS, 0, 0 },
	{ "SaveInSent", -1, PARAM_BOOL, 0, EAS_QUERY_MAX_VALUE },
};

static bool token_is_valid(const unsigned char *data, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] <= ' ' || data[i] >= 0x7f || data[i] == ',')
			return FALSE;
	}
	return size > 0;
}

/* The value as a string of the pool; NUL, control characters and what is no
   UTF-8 are refused. */
static int
value_to_string(pool_t pool, const unsigned char *data, size_t size,
		const char **str_r)
{
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] < ' ' || data[i] == 0x7f)
			return -1;
	}
	if (!uni_utf8_data_is_valid(data, size))
		return -1;
	*str_r = p_strndup(pool, data, size);
	return 0;
}

static void
param_set_options(const unsigned char *data, size_t size,
		  struct eas_query *query)
{
	/* One byte. A client that takes it for text writes a digit, whose low bits
	   are the same. */
	unsigned char options = size == 1 ? data[0] : 0;

	if ((options & OPTION_SAVE_IN_SENT) != 0)
		query->save_in_sent = TRUE;
	if ((options & OPTION_ACCEPT_MULTIPART) != 0)
		query->accept_multipart = TRUE;
}

static int
param_set(pool_t pool, const struct param *param, const unsigned char *data,
	  size_t size, struct eas_query *query, const char **error_r)
{
	const char **field, *name;

	name = param->name != NULL ? param->name : "Options";
	switch (param->type) {
	case PARAM_OPTIONS:
		param_set_options(data, size, query);
		return 0;
	case PARAM_BOOL:
		query->save_in_sent = size == 1 &&
			(data[0] == 'T' || data[0] == 't' || data[0] == '1');
		return 0;
	case PARAM_TOKEN:
		if (size > param->max_size || !token_is_valid(data, size))
			return 0;
		break;
	case PARAM_STRING:
	case PARAM_LITERAL_PLUS:
		break;
	}
	field = PTR_OFFSET(query, param->offset);
	if (*field != NULL) {
		/* the first one counts */
		return 0;
	}
	if (size > param->max_size) {
		*error_r = t_strdup_printf("Parameter %s is too long", name);
		return -1;
	}
	if (value_to_string(pool, data, size, field) < 0) {
		*error_r = t_strdup_printf(
			"Parameter %s is no text", name);
		return -1;
	}
	return 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

/* A '%' that no two digits follow stands for itself: some clients write the user's
   name without escaping it. */
static void
url_decode(const char *data, size_t size, bool plus_is_blank, buffer_t *dest)
{
	size_t i;

	for (i = 0; i < size; i++) {
		int high, low;

		if (data[i] == '%' && size - i > 2 &&
		    (high = hex_digit(data[i + 1])) >= 0 &&
		    (low = hex_digit(data[i + 2])) >= 0) {
			buffer_append_c(dest, high << 4 | low);
			i += 2;
		} else if (data[i] == '+' && plus_is_blank) {
			buffer_append_c(dest, ' ');
		} else {
			buffer_append_c(dest, data[i]);
		}
	}
}

static const struct param *param_find_name(const char *name, size_t size)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(params); i++) {
		if (params[i].name != NULL && strlen(params[i].name) == size &&
		    strncasecmp(params[i].name, name, size) == 0)
			return &params[i];
	}
	return NULL;
}

static const struct param *param_find_tag(unsigned int tag)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(params); i++) {
		if (params[i].tag == (int)tag)
			return &params[i];
	}
	return NULL;
}

/* One name=value; parameters that we don't know are none of our business. */
static int
query_parse_plain_param(pool_t pool, const char *data, size_t size,
			struct eas_query *query, const char **error_r)
{
	const struct param *param;
	const char *value = memchr(data, '=', size);
	size_t name_size = value == NULL ? size : (size_t)(value - data);
	buffer_t *decoded;

	param = param_find_name(data, name_size);
	if (param == NULL)
		return 0;
	if (value == NULL) {
		value = data + size;
		size = 0;
	} else {
		value++;
		size -= name_size + 1;
	}
	if (size > param->max_size * 3) {
		*error_r = t_strdup_printf("Parameter %s is too long",
					   param->name);
		return -1;
	}
	decoded = t_buffer_create(size + 1);
	url_decode(value, size, param->type != PARAM_LITERAL_PLUS, decoded);
	return param_set(pool, param, decoded->data, decoded->used, query,
			 error_r);
}

static int
query_parse_plain(pool_t pool, const char *str, struct eas_query *query,
		  const char **error_r)
{
	unsigned int count = 0;

	for (;;) {
		size_t size = strcspn(str, "&");
		int ret;

		if (++count > EAS_QUERY_MAX_PARAMS) {
			*error_r = "Too many parameters";
			return -1;
		}
		T_BEGIN {
			ret = query_parse_plain_param(pool, str, size, query,
						      error_r);
		} T_END_PASS_STR_IF(ret < 0, error_r);
		if (ret < 0)
			return -1;
		if (str[size] == '\0')
			return 0;
		str += size + 1;
	}
}

/* The rest of a base64 query. */
struct field_reader {
	const unsigned char *data;
	size_t size;
};

static int
reader_get(struct field_reader *reader, size_t size,
	   const unsigned char **data_r)
{
	if (reader->size < size)
		return -1;
	*data_r = reader->data;
	reader->data += size;
	reader->size -= size;
	return 0;
}

/* A byte with the size, then so many bytes. */
static int
reader_get_sized(struct field_reader *reader, const unsigned char **data_r,
		 size_t *size_r)
{
	const unsigned char *size;

	if (reader_get(reader, 1, &size) < 0)
		return -1;
	*size_r = *size;
	return reader_get(reader, *size, data_r);
}

static const char *
binary_token(pool_t pool, const unsigned char *data, size_t size, bool is_id)
{
	if (token_is_valid(data, size))
		return p_strndup(pool, data, size);
	/* "a string or a GUID": 16 bytes. Only a GUID is turned into text: other
	   rubbish is a missing id. */
	if (!is_id || size != 16)
		return NULL;
	return p_strdup(pool, binary_to_hex(data, size));
}

/* Some client libraries write 14.1 as 0x91, which is no version. */
static int
query_read_header(pool_t pool, struct field_reader *reader,
		  struct eas_query *query, const char **error_r)
{
	const unsigned char *data;
	size_t size;

	if (reader_get(reader, 4, &data) < 0) {
		*error_r = "Base64 query ends in its header";
		return -1;
	}
	query->version = data[0] == 0x91 ? 141 : data[0];
	query->command_code = data[1];
	query->locale = data[2] | data[3] << 8;

	if (reader_get_sized(reader, &data, &size) < 0) {
		*error_r = "Base64 query ends in the device id";
		return -1;
	}
	query->device_id = binary_token(pool, data, size, TRUE);

	if (reader_get_sized(reader, &data, &size) < 0 ||
	    (size != 0 && size != 4)) {
		*error_r = "Base64 query has an invalid policy key";
		return -1;
	}
	if (size == 4) {
		query->policy_key = data[0] | data[1] << 8 | data[2] << 16 |
			(uint32_t)data[3] << 24;
		query->has_policy_key = TRUE;
	}
	if (reader_get_sized(reader, &data, &size) < 0) {
		*error_r = "Base64 query ends in the device type";
		return -1;
	}
	query->device_type = binary_token(pool, data, size, FALSE);
	return 0;
}

static int
query_read_params(pool_t pool, struct field_reader *reader,
		  struct eas_query *query, const char **error_r)
{
	const struct param *param;
	const unsigned char *tag, *data;
	unsigned int count = 0;
	size_t size;

	while (reader->size > 0) {
		if (++count > EAS_QUERY_MAX_PARAMS) {
			*error_r = "Too many parameters";
			return -1;
		}
		if (reader_get(reader, 1, &tag) < 0 ||
		    reader_get_sized(reader, &data, &size) < 0) {
			*error_r = "Base64 query ends in a parameter";
			return -1;
		}
		param = param_find_tag(*tag);
		if (param != NULL &&
		    param_set(pool, param, data, size, query, error_r) < 0)
			return -1;
	}
	return 0;
}

/* Both alphabets, padded or not, percent-encoded or not. Returns -1 if it isn't
   base64. */
static int query_decode_base64(const char *str, buffer_t *dest)
{
	buffer_t *text = t_buffer_create(strlen(str) + 4);
	char *p;
	size_t i;

	url_decode(str, strlen(str), FALSE, text);
	while (text->used > 0 &&
	       ((const char *)text->data)[text->used - 1] == '=')
		buffer_set_used_size(text, text->used - 1);
	p = buffer_get_modifiable_data(text, NULL);
	for (i = 0; i < text->used; i++) {
		/* a '+' that something on the way took for a blank */
		if (p[i] == '-' || p[i] == ' ')
			p[i] = '+';
		else if (p[i] == '_')
			p[i] = '/';
	}
	return base64_scheme_decode(&base64_scheme,
				    BASE64_DECODE_FLAG_NO_PADDING,
				    text->data, text->used, dest);
}

static int
query_parse_base64(pool_t pool, const char *str, struct eas_query *query,
		   const char **error_r)
{
	struct field_reader reader;
	buffer_t *decoded;

	if (strlen(str) > EAS_QUERY_MAX_BINARY) {
		*error_r = "Base64 query is too long";
		return -1;
	}
	decoded = t_buffer_create(strlen(str) + 4);
	if (query_decode_base64(str, decoded) < 0) {
		*error_r = "Query is neither parameters nor base64";
		return -1;
	}
	reader.data = decoded->data;
	reader.size = decoded->used;
	if (query_read_header(pool, &reader, query, error_r) < 0)
		return -1;
	return query_read_params(pool, &reader, query, error_r);
}

/* In base64 there is no '&', and '=' only at the end. */
static bool query_is_plain(const char *str)
{
	size_t size = strlen(str);

	while (size > 0 && str[size - 1] == '=')
		size--;
	return memchr(str, '&', size) != NULL || memchr(str, '=', size) != NULL;
}

int eas_query_parse(pool_t pool, const char *query,
		    struct eas_query *query_r, const char **error_r)
{
	int ret;

	i_zero(query_r);
	query_r->command_code = -1;
	if (query == NULL || *query == '\0')
		return 0;
	if (query_is_plain(query))
		return query_parse_plain(pool, query, query_r, error_r);
	T_BEGIN {
		ret = query_parse_base64(pool, query, query_r, error_r);
	} T_END_PASS_STR_IF(ret < 0, error_r);
	return ret;
}
