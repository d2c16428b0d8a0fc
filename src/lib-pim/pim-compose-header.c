/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "roost-compat.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "str.h"
#include "message-address.h"
#include "message-header-encode.h"
#include "message-header-parser.h"
#include "pim-text.h"
#include "pim-compose-private.h"

#include <ctype.h>

#define PIM_COMPOSE_ADDRESSES_MAX 10000
/* RFC 5322 2.1.1 recommends it */
#define PIM_COMPOSE_LINE 76
/* tspecials of RFC 2045 5.1 and what RFC 2231 has beside them */
#define PIM_COMPOSE_NOT_TOKEN "()<>@,;:\\\"/[]?=*'%"

static bool pim_compose_is_ascii(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text >= 0x7f || (unsigned char)*text < ' ')
			return FALSE;
	}
	return TRUE;
}

/* Folds at blanks what can be folded. */
static void pim_compose_fold(string_t *dest, size_t line_len, const char *text)
{
	const char *word, *p;
	bool first = TRUE;

	for (word = text; *word != '\0'; word = p) {
		p = word;
		while (*p == ' ')
			p++;
		p = strchr(p, ' ');
		if (p == NULL)
			p = word + strlen(word);
		if (!first && *word == ' ' &&
		    line_len + (p - word) > PIM_COMPOSE_LINE) {
			str_append(dest, "\r\n");
			line_len = 0;
		}
		str_append_data(dest, word, p - word);
		line_len += p - word;
		first = FALSE;
	}
}

static void
pim_compose_text_value(string_t *dest, const char *name, const char *value)
{
	string_t *encoded = t_str_new(128);
	const char *p;

	if (pim_compose_is_ascii(value) && strstr(value, "=?") == NULL) {
		pim_compose_fold(dest, strlen(name) + 2, value);
		return;
	}
	message_header_encode_b((const unsigned char *)value, strlen(value),
				encoded, strlen(name) + 2);
	/* its line ends are bare ones */
	for (p = str_c(encoded); *p != '\0'; p++) {
		if (*p == '\n' && (p == str_c(encoded) || p[-1] != '\r'))
			str_append_c(dest, '\r');
		str_append_c(dest, *p);
	}
}

void pim_compose_unstructured(string_t *dest, const char *name,
			      const char *value)
{
	value = pim_text_clean_line(value);
	if (*value == '\0')
		return;
	str_printfa(dest, "%s: ", name);
	pim_compose_text_value(dest, name, value);
	str_append(dest, "\r\n");
}

struct pim_compose_address {
	const char *name;		/* NULL = none */
	const char *spec;		/* "user@domain" */
};
ARRAY_DEFINE_TYPE(pim_compose_address, struct pim_compose_address);

/* The next piece of a list; commas and semicolons in quotes, comments and
   angle brackets separate nothing. */
static const char *pim_compose_next_piece(const char **list)
{
	const char *start = *list, *p;
	unsigned int depth = 0;
	bool quoted = FALSE;

	for (p = start; *p != '\0'; p++) {
		if (*p == '\\' && p[1] != '\0')
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (quoted)
			continue;
		else if (*p == '(' || *p == '<')
			depth++;
		else if ((*p == ')' || *p == '>') && depth > 0)
			depth--;
		else if ((*p == ',' || *p == ';') && depth == 0)
			break;
	}
	*list = *p == '\0' ? p : p + 1;
	return t_str_trim(t_strdup_until(start, p), " ");
}

static bool pim_compose_spec_valid(const char *spec)
{
	const char *domain = strrchr(spec, '@'), *p;
	size_t len;

	if (domain == NULL || domain == spec)
		return FALSE;
	for (p = spec; *p != '\0'; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return FALSE;
	}
	if (spec[0] != '"' &&
	    strcspn(spec, "()<>,;:\\\"@") != (size_t)(domain - spec))
		return FALSE;
	domain++;
	len = strlen(domain);
	return len > 0 && len < 256 && domain[0] != '.' &&
		domain[len-1] != '.' && strstr(domain, "..") == NULL &&
		strcspn(domain, "()<>,;:\\\"") == len;
}

/* What Dovecot's parser makes of it has to be what stands there: it forgives
   much that no server would. */
static bool
pim_compose_address_parse(const char *piece, struct pim_compose_address *addr_r)
{
	const struct message_address *addr;
	const char *spec = piece, *p;

	addr = message_address_parse(pool_datastack_create(),
				     (const unsigned char *)piece,
				     strlen(piece), 2, 0);
	if (addr == NULL || addr->next != NULL || addr->invalid_syntax ||
	    addr->mailbox == NULL || addr->domain == NULL)
		return FALSE;
	p = strrchr(piece, '<');
	if (p != NULL && piece[strlen(piece) - 1] == '>')
		spec = t_strdup_until(p + 1, piece + strlen(piece) - 1);
	addr_r->spec = spec;
	addr_r->name = addr->name;
	return pim_compose_spec_valid(spec);
}

/* Returns FALSE if something of it is no address. */
static bool
pim_compose_parse(const char *value, ARRAY_TYPE(pim_compose_address) *addrs)
{
	struct pim_compose_address addr;
	const char *piece;

	value = pim_text_clean_line(value);
	while (*value != '\0') {
		piece = pim_compose_next_piece(&value);
		if (*piece == '\0')
			continue;
		if (!pim_compose_address_parse(piece, &addr) ||
		    array_count(addrs) == PIM_COMPOSE_ADDRESSES_MAX)
			return FALSE;
		array_push_back(addrs, &addr);
	}
	return TRUE;
}

bool pim_compose_addresses_valid(const char *value, unsigned int *count_r)
{
	ARRAY_TYPE(pim_compose_address) addrs;
	bool valid;

	*count_r = 0;
	if (value == NULL)
		return TRUE;
	t_array_init(&addrs, 16);
	valid = pim_compose_parse(value, &addrs);
	*count_r = array_count(&addrs);
	return valid;
}

/* A phrase: atoms, a quoted string, or encoded words. */
static const char *pim_compose_phrase(const char *name)
{
	string_t *str = t_str_new(64);

	if (!pim_compose_is_ascii(name) || strstr(name, "=?") != NULL) {
		message_header_encode_b((const unsigned char *)name,
					strlen(name), str, 0);
		return t_str_replace(t_str_replace(str_c(str), '\r', ' '),
				     '\n', ' ');
	}
	str_append_c(str, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			str_append_c(str, '\\');
		str_append_c(str, *name);
	}
	str_append_c(str, '"');
	return str_c(str);
}

void pim_compose_addresses(string_t *dest, const char *name,
			   const char *value)
{
	ARRAY_TYPE(pim_compose_address) addrs;
	const struct pim_compose_address *addr;
	const char *text;
	size_t start, line_len = strlen(name) + 2;

	t_array_init(&addrs, 16);
	if (!pim_compose_parse(value, &addrs)) {
		pim_compose_unstructured(dest, name, value);
		return;
	}
	if (array_count(&addrs) == 0)
		return;
	str_printfa(dest, "%s: ", name);
	start = str_len(dest);
	array_foreach(&addrs, addr) {
		text = addr->name == NULL || *addr->name == '\0' ?
			addr->spec : t_strdup_printf("%s <%s>",
				pim_compose_phrase(addr->name), addr->spec);
		if (str_len(dest) > start) {
			str_append(dest, ", ");
			line_len += 2;
		}
		if (str_len(dest) > start &&
		    line_len + strlen(text) > PIM_COMPOSE_LINE) {
			str_append(dest, "\r\n ");
			line_len = 1;
		}
		str_append(dest, text);
		line_len += strlen(text);
	}
	str_append(dest, "\r\n");
}

static bool
pim_compose_header_wanted(const char *name, const char *const *except)
{
	return strncasecmp(name, "Content-", 8) != 0 &&
		strcasecmp(name, "MIME-Version") != 0 &&
		!str_array_icase_find(except, name);
}

/* A NUL would end the whole header, and a CR alone is a line's end to some. */
static void
pim_compose_copy_lines(string_t *dest, const unsigned char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (data[i] == '\n' && (i == 0 || data[i-1] != '\r'))
			str_append_c(dest, '\r');
		if (data[i] == '\0' ||
		    (data[i] == '\r' && (i + 1 == size || data[i+1] != '\n')))
			str_append_c(dest, ' ');
		else
			str_append_c(dest, data[i]);
	}
}

/* RFC 5322 2.2 */
static bool pim_compose_is_field_name(const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)name[i] <= ' ' ||
		    (unsigned char)name[i] >= 0x7f)
			return FALSE;
	}
	return len > 0;
}

int pim_compose_copy_header(string_t *dest, struct istream *input,
			    const char *const *except)
{
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	bool wanted = FALSE;

	parser = message_parse_header_init(input, NULL, 0);
	while (message_parse_header_next(parser, &hdr) > 0) {
		if (hdr->eoh)
			break;
		if (!hdr->continued) {
			wanted = hdr->middle_len > 0 &&
				pim_compose_is_field_name(hdr->name,
							  hdr->name_len) &&
				pim_compose_header_wanted(hdr->name, except);
			if (wanted) {
				str_append_data(dest, hdr->name,
						hdr->name_len);
				str_append_data(dest, hdr->middle,
						hdr->middle_len);
			}
		}
		if (!wanted)
			continue;
		pim_compose_copy_lines(dest, hdr->value, hdr->value_len);
		if (!hdr->no_newline)
			str_append(dest, "\r\n");
	}
	message_parse_header_deinit(&parser);
	/* a header that ended in the middle of a line */
	if (str_len(dest) > 0 && str_c(dest)[str_len(dest) - 1] != '\n')
		str_append(dest, "\r\n");
	return input->stream_errno == 0 ? 0 : -1;
}

static bool pim_compose_is_token(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)text[i] <= ' ' ||
		    (unsigned char)text[i] >= 0x7f ||
		    strchr(PIM_COMPOSE_NOT_TOKEN, text[i]) != NULL)
			return FALSE;
	}
	return len > 0;
}

/* The type without parameters; multiparts cannot be made of one content. */
static const char *pim_compose_type(const char *type)
{
	const char *slash;
	size_t len;

	if (type == NULL)
		return "application/octet-stream";
	len = strcspn(type, "; ");
	type = t_str_lcase(t_strndup(type, len));
	slash = strchr(type, '/');
	if (slash == NULL || !pim_compose_is_token(type, slash - type) ||
	    !pim_compose_is_token(slash + 1, strlen(slash + 1)) || len > 127 ||
	    str_begins_with(type, "multipart/"))
		return "application/octet-stream";
	return type;
}

/* RFC 2231 7, and a quoted string if that is enough */
static void
pim_compose_param(string_t *dest, const char *param, const char *value)
{
	const char *p;

	if (pim_compose_is_ascii(value)) {
		str_printfa(dest, ";\r\n %s=\"", param);
		for (p = value; *p != '\0'; p++) {
			if (*p == '"' || *p == '\\')
				str_append_c(dest, '\\');
			str_append_c(dest, *p);
		}
		str_append_c(dest, '"');
		return;
	}
	str_printfa(dest, ";\r\n %s*=utf-8''", param);
	for (p = value; *p != '\0'; p++) {
		if (pim_compose_is_token(p, 1))
			str_append_c(dest, *p);
		else
			str_printfa(dest, "%%%02X", (unsigned char)*p);
	}
}

/* Cleaned and cut to what a header's line can hold. */
static const char *pim_compose_param_clean(const char *value)
{
	value = pim_text_clean_line(value);
	return t_strndup(value, pim_text_cut(value, strlen(value), 255));
}

/* What stands between angle brackets or is a URI has no blanks. */
static const char *pim_compose_id(const char *value)
{
	string_t *str = t_str_new(64);

	for (; *value != '\0' && str_len(str) < 900; value++) {
		if ((unsigned char)*value > ' ' && *value != '<' &&
		    *value != '>' && (unsigned char)*value < 0x7f)
			str_append_c(str, *value);
	}
	return str_c(str);
}

bool pim_compose_part_header(string_t *dest,
			     const struct pim_compose_part *part)
{
	const char *type = pim_compose_type(part->type), *name = NULL, *id;

	if (part->name != NULL) {
		name = pim_compose_param_clean(part->name);
		if (*name == '\0')
			name = NULL;
	}
	str_printfa(dest, "Content-Type: %s", type);
	if (name != NULL)
		pim_compose_param(dest, "name", name);
	str_printfa(dest, "\r\nContent-Disposition: %s",
		    part->is_inline ? "inline" : "attachment");
	if (name != NULL)
		pim_compose_param(dest, "filename", name);
	str_append(dest, "\r\n");
	if (part->content_id != NULL) {
		id = pim_compose_id(part->content_id);
		if (*id != '\0')
			str_printfa(dest, "Content-ID: <%s>\r\n", id);
	}
	if (part->content_location != NULL) {
		id = pim_compose_id(part->content_location);
		if (*id != '\0')
			str_printfa(dest, "Content-Location: %s\r\n", id);
	}
	return strcmp(type, "message/rfc822") == 0;
}
