/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "str.h"
#include "roost-compat.h"
#include "eas-draft.h"

static void
eas_draft_parts_word(string_t *parts, const char *name, const char *new_part)
{
	if (str_len(parts) > 0)
		str_append_c(parts, ' ');
	str_printfa(parts, "%s=%s", name, new_part == NULL ? "" : new_part);
}

/* ClientIds may be any text. */
static const char *eas_draft_client_word(const char *client_id)
{
	return t_strconcat("+", binary_to_hex((const void *)client_id,
					      strlen(client_id)), NULL);
}

void eas_draft_parts_add(string_t *parts, const char *old_part,
			 const char *new_part)
{
	eas_draft_parts_word(parts, old_part, new_part);
}

void eas_draft_parts_add_client(string_t *parts, const char *client_id,
				const char *new_part)
{
	eas_draft_parts_word(parts, eas_draft_client_word(client_id), new_part);
}

/* Returns what stands behind the =, NULL if the word is not there. */
static const char *eas_draft_parts_find(const char *parts, const char *name)
{
	const char *const *words = t_strsplit_spaces(parts, " ");
	const char *value;

	for (; *words != NULL; words++) {
		if (roost_str_begins(*words, name, &value) && *value == '=')
			return value + 1;
	}
	return NULL;
}

const char *eas_draft_parts_map(const char *parts, const char *part)
{
	const char *value = eas_draft_parts_find(parts, part);

	if (value == NULL)
		return part;
	return *value == '\0' ? NULL : value;
}

const char *eas_draft_parts_client(const char *parts, const char *client_id)
{
	const char *value;

	value = eas_draft_parts_find(parts, eas_draft_client_word(client_id));
	return value == NULL || *value == '\0' ? NULL : value;
}

const char *const *eas_draft_parts_clients(const char *parts)
{
	const char *const *words = t_strsplit_spaces(parts, " ");
	const char *p, *client_id, *number;
	ARRAY_TYPE(const_string) clients;
	buffer_t *buf;

	t_array_init(&clients, 8);
	for (; *words != NULL; words++) {
		p = strchr(*words, '=');
		if (**words != '+' || p == NULL || p[1] == '\0')
			continue;
		buf = t_buffer_create(64);
		if (hex_to_binary(t_strdup_until(*words + 1, p), buf) < 0)
			continue;
		client_id = t_strndup(buf->data, buf->used);
		number = t_strdup(p + 1);
		array_push_back(&clients, &client_id);
		array_push_back(&clients, &number);
	}
	array_append_zero(&clients);
	return array_front(&clients);
}
