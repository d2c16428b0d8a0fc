/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "istream.h"
#include "istream-concat.h"
#include "pim-outgoing.h"

struct pim_outgoing_field {
	const char *name;
	/* the whole field with its folds, without the last line's end; LFs
	   and CRLFs as they came */
	const char *text;
	size_t len;
	/* of text: where the value begins */
	size_t value_pos;
};

struct pim_outgoing {
	pool_t pool;
	struct istream *input;
	ARRAY(struct pim_outgoing_field) fields;
	uoff_t body_offset;
};

/* Reads up to and including the empty line. Returns 1, 0 if it is too large,
   -1. */
static int
outgoing_read_block(struct istream *input, buffer_t *block, uoff_t *body_r)
{
	uoff_t start = input->v_offset;
	const unsigned char *data;
	size_t i, size;
	bool line_empty = TRUE;

	while (i_stream_read_more(input, &data, &size) > 0) {
		for (i = 0; i < size; i++) {
			if (data[i] == '\n') {
				if (line_empty) {
					buffer_append(block, data, i + 1);
					*body_r = start + block->used;
					return 1;
				}
				line_empty = TRUE;
			} else if (data[i] != '\r') {
				line_empty = FALSE;
			}
		}
		buffer_append(block, data, size);
		i_stream_skip(input, size);
		if (block->used > PIM_OUTGOING_HEADER_MAX)
			return 0;
	}
	*body_r = start + block->used;
	return input->stream_errno == 0 ? 1 : -1;
}

/* The end of the field that begins at pos: behind its last line's LF. */
static size_t
outgoing_field_end(const unsigned char *data, size_t size, size_t pos)
{
	const unsigned char *p;

	do {
		p = memchr(data + pos, '\n', size - pos);
		if (p == NULL)
			return size;
		pos = p - data + 1;
	} while (pos < size && (data[pos] == ' ' || data[pos] == '\t'));
	return pos;
}

/* RFC 5322 2.2: printable characters but the colon; blanks before the colon
   are obsolete syntax. 0 = it is no field. */
static size_t
outgoing_name_len(const unsigned char *data, size_t size, size_t *value_r)
{
	size_t len = 0, colon;

	while (len < size && data[len] > ' ' && data[len] < 0x7f &&
	       data[len] != ':')
		len++;
	colon = len;
	while (colon < size && (data[colon] == ' ' || data[colon] == '\t'))
		colon++;
	if (colon == size || data[colon] != ':')
		return 0;
	*value_r = colon + 1;
	return len;
}

/* NULs cannot be sent, and a CR alone would be a line's end to some. */
static char *
outgoing_clean(pool_t pool, const unsigned char *data, size_t size,
	       size_t *len_r)
{
	char *text = p_malloc(pool, size + 1);
	size_t i;

	for (i = 0; i < size; i++) {
		if (data[i] == '\0' ||
		    (data[i] == '\r' && (i + 1 == size || data[i+1] != '\n')))
			text[i] = ' ';
		else
			text[i] = data[i];
	}
	*len_r = size;
	return text;
}

static void
outgoing_add_field(struct pim_outgoing *out, const unsigned char *data,
		   size_t size)
{
	struct pim_outgoing_field *field;
	size_t name_len, value_pos;

	name_len = outgoing_name_len(data, size, &value_pos);
	if (name_len == 0)
		return;
	if (size > 0 && data[size-1] == '\n')
		size--;
	if (size > 0 && data[size-1] == '\r')
		size--;
	field = array_append_space(&out->fields);
	field->name = p_strndup(out->pool, data, name_len);
	field->text = outgoing_clean(out->pool, data, size, &field->len);
	field->value_pos = value_pos;
}

int pim_outgoing_read(pool_t pool, struct istream *input,
		      struct pim_outgoing **out_r)
{
	struct pim_outgoing *out = p_new(pool, struct pim_outgoing, 1);
	const unsigned char *data;
	buffer_t *block;
	size_t pos, end;
	int ret;

	out->pool = pool;
	out->input = input;
	p_array_init(&out->fields, pool, 32);
	block = buffer_create_dynamic(default_pool, 4096);
	ret = outgoing_read_block(input, block, &out->body_offset);
	data = block->data;
	for (pos = 0; ret > 0 && pos < block->used; pos = end) {
		end = outgoing_field_end(data, block->used, pos);
		outgoing_add_field(out, data + pos, end - pos);
	}
	buffer_free(&block);
	if (ret > 0 && array_is_empty(&out->fields))
		ret = 0;
	*out_r = ret > 0 ? out : NULL;
	return ret;
}

static void
outgoing_append_value(const struct pim_outgoing_field *field, string_t *str)
{
	size_t i;

	for (i = field->value_pos; i < field->len; i++) {
		if (field->text[i] == '\r' || field->text[i] == '\n')
			continue;
		if (str_len(str) == 0 &&
		    (field->text[i] == ' ' || field->text[i] == '\t'))
			continue;
		str_append_c(str, field->text[i]);
	}
}

static const char *
outgoing_get(const struct pim_outgoing *out, const char *name, bool all)
{
	const struct pim_outgoing_field *field;
	string_t *str = NULL, *value;

	array_foreach(&out->fields, field) {
		if (strcasecmp(field->name, name) != 0)
			continue;
		value = t_str_new(256);
		outgoing_append_value(field, value);
		if (str == NULL)
			str = value;
		else if (str_len(value) > 0) {
			if (str_len(str) > 0)
				str_append(str, ", ");
			str_append_str(str, value);
		}
		if (!all)
			break;
	}
	return str == NULL ? NULL : str_c(str);
}

const char *pim_outgoing_value(const struct pim_outgoing *out,
			       const char *name)
{
	return outgoing_get(out, name, FALSE);
}

const char *pim_outgoing_joined(const struct pim_outgoing *out,
				const char *name)
{
	return outgoing_get(out, name, TRUE);
}

/* Takes out the fields whose name is, or begins with, name. Returns the place of
   the first one, UINT_MAX if there was none. */
static unsigned int
outgoing_remove(struct pim_outgoing *out, const char *name, bool prefix)
{
	struct pim_outgoing_field *fields;
	unsigned int i, count, kept = 0, first = UINT_MAX;
	size_t len = strlen(name);

	fields = array_get_modifiable(&out->fields, &count);
	for (i = 0; i < count; i++) {
		if (strncasecmp(fields[i].name, name, len) == 0 &&
		    (prefix || fields[i].name[len] == '\0'))
			first = I_MIN(first, i);
		else
			fields[kept++] = fields[i];
	}
	array_delete(&out->fields, kept, count - kept);
	return first;
}

void pim_outgoing_remove_prefix(struct pim_outgoing *out, const char *prefix)
{
	(void)outgoing_remove(out, prefix, TRUE);
}

void pim_outgoing_remove(struct pim_outgoing *out, const char *name)
{
	(void)outgoing_remove(out, name, FALSE);
}

void pim_outgoing_set(struct pim_outgoing *out, const char *name,
		      const char *value)
{
	struct pim_outgoing_field field;
	unsigned int place = outgoing_remove(out, name, FALSE);

	i_zero(&field);
	field.name = p_strdup(out->pool, name);
	field.text = p_strdup_printf(out->pool, "%s: %s", name, value);
	field.len = strlen(field.text);
	field.value_pos = strlen(name) + 1;
	array_insert(&out->fields, I_MIN(place, array_count(&out->fields)),
		     &field, 1);
}

/* With CRLFs. */
static void
outgoing_write_field(const struct pim_outgoing_field *field, string_t *dest)
{
	size_t i, start = 0;

	for (i = 0; i < field->len; i++) {
		if (field->text[i] == '\n' &&
		    (i == 0 || field->text[i-1] != '\r')) {
			str_append_data(dest, field->text + start, i - start);
			str_append_c(dest, '\r');
			start = i;
		}
	}
	str_append_data(dest, field->text + start, field->len - start);
	str_append(dest, "\r\n");
}

void pim_outgoing_write_header(const struct pim_outgoing *out, string_t *dest,
			       const char *const *without)
{
	const struct pim_outgoing_field *field;

	array_foreach(&out->fields, field) {
		if (without == NULL ||
		    !str_array_icase_find(without, field->name))
			outgoing_write_field(field, dest);
	}
}

struct istream *
pim_outgoing_stream(const struct pim_outgoing *out, const char *prefix,
		    const char *const *without)
{
	struct istream *inputs[3], *result;
	string_t *header = str_new(default_pool, 4096);

	str_append(header, prefix);
	pim_outgoing_write_header(out, header, without);
	str_append(header, "\r\n");
	inputs[0] = i_stream_create_copy_from_data(str_data(header),
						   str_len(header));
	inputs[1] = i_stream_create_range(out->input, out->body_offset,
					  UOFF_T_MAX);
	inputs[2] = NULL;
	result = i_stream_create_concat(inputs);
	i_stream_unref(&inputs[0]);
	i_stream_unref(&inputs[1]);
	str_free(&header);
	return result;
}

uoff_t pim_outgoing_body_offset(const struct pim_outgoing *out)
{
	return out->body_offset;
}
