/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-charset.h"
#include "pim-decode.h"
#include "pim-text.h"
#include "pim-lines-private.h"

#include <ctype.h>

/*
 * Lines
 */

static bool line_name_char(unsigned char c)
{
	return i_isalnum(c) || c == '-' || c == '_';
}

size_t pim_line_find_colon(const unsigned char *line, size_t size)
{
	const unsigned char *colon;
	bool quoted = FALSE;
	size_t i;

	for (i = 0; i < size; i++) {
		if (line[i] == '"')
			quoted = !quoted;
		else if (line[i] == ':' && !quoted)
			return i;
	}
	/* a quote that nobody closed */
	colon = memchr(line, ':', size);
	return colon == NULL ? size : (size_t)(colon - line);
}

size_t pim_line_parse_name(const unsigned char *line, size_t size,
			   size_t *group_len_r)
{
	size_t i, start = 0;

	*group_len_r = 0;
	for (i = 0; i < size; i++) {
		if (line[i] == '.' && i > start) {
			*group_len_r = i;
			start = i + 1;
		} else if (!line_name_char(line[i])) {
			break;
		}
	}
	if (i == start || i == size || (line[i] != ':' && line[i] != ';'))
		return 0;
	return pim_line_find_colon(line, size) == size ? 0 : i;
}

void pim_line_unfold(const struct pim_raw *raw, bool legacy, size_t quoted_from,
		     buffer_t *dest)
{
	const unsigned char *pos = raw->data, *end = pos + raw->size, *next;
	bool first = TRUE, soft_break = FALSE;
	size_t len, start = dest->used;

	for (; pos < end; pos = next, first = FALSE) {
		next = memchr(pos, '\n', end - pos);
		next = next == NULL ? end : next + 1;
		len = next - pos;
		while (len > 0 && (pos[len-1] == '\n' || pos[len-1] == '\r'))
			len--;
		if (!first && !soft_break && !legacy && len > 0 &&
		    (*pos == ' ' || *pos == '\t')) {
			pos++;
			len--;
		}
		buffer_append(dest, pos, len);
		soft_break = len > 0 && pos[len-1] == '=' &&
			dest->used - start > quoted_from;
		if (soft_break)
			buffer_set_used_size(dest, dest->used - 1);
	}
}

/*
 * Parameters
 */

/* Legacy parameters without a name; others are of TYPE. */
static const struct {
	const char *value, *name;
} nameless_params[] = {
	{ "QUOTED-PRINTABLE", "ENCODING" },
	{ "BASE64", "ENCODING" },
	{ "8BIT", "ENCODING" },
	{ "7BIT", "ENCODING" },
	{ "URL", "VALUE" },
	{ "CONTENT-ID", "VALUE" },
	{ "CID", "VALUE" },
	{ "INLINE", "VALUE" },
};

static const char *nameless_param_name(const char *value)
{
	for (unsigned int i = 0; i < N_ELEMENTS(nameless_params); i++) {
		if (strcasecmp(nameless_params[i].value, value) == 0)
			return nameless_params[i].name;
	}
	return "TYPE";
}

/* RFC 6868 */
static const char *param_decode(const char *value, size_t len)
{
	string_t *str = t_str_new(len);

	for (size_t i = 0; i < len; i++) {
		char next = value[i] == '^' && i + 1 < len ? value[i+1] : '\0';

		if (next == 'n')
			str_append_c(str, '\n');
		else if (next == '^')
			str_append_c(str, '^');
		else if (next == '\'')
			str_append_c(str, '"');
		else {
			str_append_c(str, value[i]);
			continue;
		}
		i++;
	}
	return str_c(str);
}

/* Behind the value at pos. Quotes in the middle of it hide separators as well: so they
   do colons. */
static size_t param_value_end(const char *line, size_t pos, size_t end)
{
	const char *quote;

	for (; pos < end && line[pos] != ',' && line[pos] != ';'; pos++) {
		if (line[pos] != '"')
			continue;
		quote = memchr(line + pos + 1, '"', end - pos - 1);
		if (quote != NULL)
			pos = quote - line;
	}
	return pos;
}

/* One value from pos on; sets *pos behind it. */
static const char *
param_parse_value(const char *line, size_t *pos, size_t end)
{
	const char *quote;
	size_t start = *pos;

	*pos = param_value_end(line, start, end);
	if (start < end && line[start] == '"') {
		quote = memchr(line + start + 1, '"', end - start - 1);
		/* what stands behind the quote belongs to nothing */
		if (quote != NULL) {
			return param_decode(line + start + 1,
					    quote - line - start - 1);
		}
	}
	return param_decode(line + start, *pos - start);
}

void pim_property_parse_params(const struct pim_property *prop,
			       ARRAY_TYPE(pim_param) *params)
{
	const char *line, *value;
	size_t pos, end;

	pim_property_unfold(prop);
	line = prop->line;
	end = prop->value - 1;
	for (pos = prop->params; pos < end; ) {
		struct pim_param *param = array_append_space(params);
		ARRAY_TYPE(const_string) values;
		size_t name = pos + 1, len = 0;

		t_array_init(&values, 2);
		param->start = pos;
		while (name + len < end && line_name_char(line[name + len]))
			len++;
		if (name + len < end && line[name + len] == '=') {
			param->name = t_strndup(line + name, len);
			pos = name + len + 1;
		} else {
			pos = name;
		}
		for (;;) {
			value = param_parse_value(line, &pos, end);
			array_push_back(&values, &value);
			if (pos >= end || line[pos] == ';')
				break;
			pos++;
		}
		param->end = pos;
		if (param->name == NULL)
			param->name = nameless_param_name(value);
		array_append_zero(&values);
		param->values = array_front(&values);
	}
}

const char *const *pim_property_params(const struct pim_property *prop,
				       const char *name)
{
	ARRAY_TYPE(pim_param) params;
	ARRAY_TYPE(const_string) values;
	const struct pim_param *param;

	t_array_init(&params, 4);
	t_array_init(&values, 4);
	pim_property_parse_params(prop, &params);
	array_foreach(&params, param) {
		if (strcasecmp(param->name, name) != 0)
			continue;
		array_append(&values, param->values,
			     str_array_length(param->values));
	}
	array_append_zero(&values);
	return array_front(&values);
}

const char *pim_property_param(const struct pim_property *prop,
			       const char *name)
{
	return pim_property_params(prop, name)[0];
}

bool pim_property_has_param(const struct pim_property *prop, const char *name,
			    const char *value)
{
	return str_array_icase_find(pim_property_params(prop, name), value);
}

/*
 * Values
 */

/* Returns FALSE if it is no content line that way, or a fold is inside of a
   character. */
static bool
pim_property_unfold_as(struct pim_property *prop, bool legacy, buffer_t *buf)
{
	const struct pim_raw *raw = &prop->node.raw;
	size_t colon, group_len;
	const char *head;

	buffer_set_used_size(buf, 0);
	pim_line_unfold(raw, legacy, PIM_LINE_NOT_QUOTED, buf);
	colon = pim_line_find_colon(buf->data, buf->used);
	head = t_str_ucase(t_strndup(buf->data, colon));
	if (strstr(head, "QUOTED-PRINTABLE") != NULL) {
		/* its soft breaks are no text */
		buffer_set_used_size(buf, 0);
		pim_line_unfold(raw, legacy, colon, buf);
	}
	if (!uni_utf8_data_is_valid(buf->data, buf->used))
		return FALSE;
	pim_text_clean(buf, 0);
	prop->params = pim_line_parse_name(buf->data, buf->used, &group_len);
	prop->value = pim_line_find_colon(buf->data, buf->used) + 1;
	return prop->params > 0;
}

void pim_property_unfold(const struct pim_property *_prop)
{
	struct pim_property *prop = (struct pim_property *)_prop;
	buffer_t *buf;

	if (prop->line != NULL)
		return;
	buf = buffer_create_dynamic(default_pool, prop->node.raw.size + 1);
	T_BEGIN {
		/* a fold in a name that was read before VERSION was known */
		if (!pim_property_unfold_as(prop, prop->node.parent->legacy,
					    buf) &&
		    !pim_property_unfold_as(prop, FALSE, buf))
			i_unreached();
	} T_END;
	prop->line = p_strndup(prop->node.parent->doc->pool, buf->data,
			       buf->used);
	buffer_free(&buf);
}

/* Line breaks are one character. */
static char *value_strdup(pool_t pool, const char *value, size_t len)
{
	char *dest = p_malloc(pool, len + 1);
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		if (value[i] == '\r') {
			if (i + 1 < len && value[i+1] == '\n')
				continue;
			dest[used++] = '\n';
		} else {
			dest[used++] = value[i];
		}
	}
	return dest;
}

/* The value without its transfer encoding. */
static void pim_property_decode(struct pim_property *prop)
{
	const char *value = prop->line + prop->value;
	struct pim_decoder *dec;
	buffer_t *bytes, *text;

	bytes = buffer_create_dynamic(default_pool, strlen(value) + 1);
	text = buffer_create_dynamic(default_pool, strlen(value) + 1);
	dec = pim_decoder_init(PIM_ENCODING_QUOTED_PRINTABLE);
	pim_decoder_more(dec, (const unsigned char *)value, strlen(value),
			 bytes);
	pim_decoder_finish(dec, bytes);
	pim_decoder_deinit(&dec);
	pim_charset_to_utf8(pim_property_param(prop, "CHARSET"), bytes->data,
			    bytes->used, text);
	prop->decoded = value_strdup(prop->node.parent->doc->pool, text->data,
				     text->used);
	buffer_free(&bytes);
	buffer_free(&text);
}

const char *pim_property_value(const struct pim_property *_prop)
{
	struct pim_property *prop = (struct pim_property *)_prop;

	pim_property_unfold(prop);
	if (prop->decoded == NULL) T_BEGIN {
		if (pim_property_has_param(prop, "ENCODING",
					   "QUOTED-PRINTABLE"))
			pim_property_decode(prop);
		else
			prop->decoded = prop->line + prop->value;
	} T_END;
	return prop->decoded;
}

/* Legacy values know no \n, and a backslash before anything but these is
   one. */
static const char *value_unescape(const char *value, bool legacy)
{
	string_t *str;

	if (strchr(value, '\\') == NULL)
		return value;
	str = t_str_new(strlen(value) + 1);
	for (; *value != '\0'; value++) {
		if (*value != '\\' || value[1] == '\0')
			str_append_c(str, *value);
		else if (!legacy && (value[1] == 'n' || value[1] == 'N')) {
			str_append_c(str, '\n');
			value++;
		} else if (strchr("\\;,:\"", value[1]) != NULL) {
			str_append_c(str, *++value);
		} else {
			str_append_c(str, *value);
		}
	}
	return str_c(str);
}

const char *pim_value_unescape(const char *value)
{
	return value_unescape(value, FALSE);
}

const char *pim_value_escape(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 16);

	for (; *text != '\0'; text++) {
		switch (*text) {
		case '\\':
		case ';':
		case ',':
			str_append_c(str, '\\');
			str_append_c(str, *text);
			break;
		case '\r':
			if (text[1] == '\n')
				break;
			/* fall through */
		case '\n':
			str_append(str, "\\n");
			break;
		default:
			str_append_c(str, *text);
		}
	}
	return str_c(str);
}

const char *const *pim_value_split(const char *value, char separator)
{
	ARRAY_TYPE(const_string) parts;
	const char *part, *p;

	t_array_init(&parts, 8);
	for (p = value; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == separator) {
			part = t_strdup_until(value, p);
			array_push_back(&parts, &part);
			value = p + 1;
		}
	}
	part = t_strdup(value);
	array_push_back(&parts, &part);
	array_append_zero(&parts);
	return array_front(&parts);
}

/* Results stay as long as the document. */
static const char *
pim_property_keep(const struct pim_property *prop, const char *value,
		  const char *text)
{
	return text == value ? value :
		p_strdup(prop->node.parent->doc->pool, text);
}

const char *pim_property_text(const struct pim_property *prop)
{
	const char *value = pim_property_value(prop), *text;

	T_BEGIN {
		text = pim_property_keep(prop, value, value_unescape(value,
			prop->node.parent->legacy));
	} T_END;
	return text;
}

const char *
pim_property_field(const struct pim_property *prop, unsigned int idx)
{
	const char *const *fields, *field = "";

	T_BEGIN {
		fields = pim_value_split(pim_property_value(prop), ';');
		if (idx < str_array_length(fields)) {
			field = p_strdup(prop->node.parent->doc->pool,
				value_unescape(fields[idx],
					prop->node.parent->legacy));
		}
	} T_END;
	return field;
}
