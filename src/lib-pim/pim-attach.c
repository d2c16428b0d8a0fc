/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strnum.h"
#include "pim-lines-private.h"
#include "pim-attach.h"

#define PIM_ATTACH_NAME "ATTACH"

bool pim_attach_parse_blob(const char *value, uint32_t *num_r)
{
	size_t len = strlen(PIM_ATTACH_BLOB);

	return strncasecmp(value, PIM_ATTACH_BLOB, len) == 0 &&
		str_to_uint32(value + len, num_r) == 0;
}

bool pim_attach_is_blob(const struct pim_property *prop, uint32_t *num_r)
{
	return pim_attach_parse_blob(pim_property_value(prop), num_r);
}

/* The end of the line that begins there, its folds included. */
static size_t attach_line_end(const char *text, size_t size, size_t start)
{
	const char *lf;
	size_t end = start;

	do {
		lf = memchr(text + end, '\n', size - end);
		end = lf == NULL ? size : (size_t)(lf - text) + 1;
	} while (end < size && (text[end] == ' ' || text[end] == '\t'));
	return end;
}

/* Only the line's begin is unfolded: a content that stands in it may be large. */
static bool
attach_line_is_blob(const char *text, size_t start, size_t end, uint32_t *num_r)
{
	const size_t scheme_len = strlen(PIM_ATTACH_BLOB);
	string_t *line = t_str_new(256);
	bool quoted = FALSE;
	size_t value = 0, i;

	for (i = start; i < end && (value == 0 || str_len(line) - value <
				    scheme_len + MAX_INT_STRLEN); i++) {
		if (text[i] == '\r' || text[i] == '\n')
			continue;
		if (i > start && text[i - 1] == '\n')
			continue;
		str_append_c(line, text[i]);
		if (value > 0)
			continue;
		if (text[i] == '"')
			quoted = !quoted;
		else if (text[i] == ':' && !quoted)
			value = str_len(line);
	}
	return value > 0 && i == end &&
		strncasecmp(str_c(line) + value, PIM_ATTACH_BLOB,
			    scheme_len) == 0 &&
		str_to_uint32(str_c(line) + value + scheme_len, num_r) == 0;
}

/* Finds the next ATTACH, whatever it is, and its end. */
static bool
attach_next_line(const char *text, size_t size, size_t *start, size_t *end_r)
{
	const size_t len = strlen(PIM_ATTACH_NAME);

	for (; *start < size; *start = *end_r) {
		*end_r = attach_line_end(text, size, *start);
		if (*end_r - *start > len &&
		    strncasecmp(text + *start, PIM_ATTACH_NAME, len) == 0 &&
		    (text[*start + len] == ';' || text[*start + len] == ':'))
			return TRUE;
	}
	return FALSE;
}

bool pim_attach_next(const char *text, size_t size, size_t from,
		     struct pim_attach *attach_r)
{
	bool found = FALSE;
	size_t end;

	while (!found && attach_next_line(text, size, &from, &end)) {
		T_BEGIN {
			found = attach_line_is_blob(text, from, end,
						    &attach_r->num);
		} T_END;
		attach_r->start = from;
		attach_r->end = from = end;
	}
	return found;
}

bool pim_attach_has_any(const char *text, size_t size)
{
	size_t start = 0, end;

	return attach_next_line(text, size, &start, &end);
}

void pim_attach_list(const char *text, size_t size, ARRAY_TYPE(uint32_t) *nums)
{
	struct pim_attach attach;
	size_t pos = 0;

	while (pim_attach_next(text, size, pos, &attach)) {
		array_push_back(nums, &attach.num);
		pos = attach.end;
	}
}

/* The line as a document with one property. */
static struct pim_property *
attach_parse_line(const char *text, const struct pim_attach *attach,
		  struct pim_lines **doc_r)
{
	struct pim_property *prop;
	const char *error;

	if (pim_lines_parse(text + attach->start, attach->end - attach->start,
			    NULL, doc_r, &error) < 0)
		i_unreached();
	prop = pim_property_find(pim_lines_root(*doc_r), NULL);
	i_assert(prop != NULL);
	return prop;
}

void pim_attach_renumber(const char *text, size_t size, const uint32_t *nums,
			 string_t *dest)
{
	struct pim_attach attach;
	struct pim_property *prop;
	struct pim_lines *doc;
	size_t pos = 0;

	while (pim_attach_next(text, size, pos, &attach)) {
		str_append_data(dest, text + pos, attach.start - pos);
		prop = attach_parse_line(text, &attach, &doc);
		pim_property_set_value(prop, t_strdup_printf(
			PIM_ATTACH_BLOB"%u", *nums++));
		pim_lines_write(doc, dest);
		pim_lines_free(&doc);
		pos = attach.end;
	}
	str_append_data(dest, text + pos, size - pos);
}

static void
attach_set_missing(struct pim_property *prop, const char *name,
		   const char *value)
{
	if (value != NULL && pim_property_param(prop, name) == NULL)
		pim_property_set_param(prop, name, value);
}

const char *pim_attach_inline(const char *text, const struct pim_attach *attach,
			      const char *type, const char *name,
			      const char **eol_r)
{
	size_t size = attach->end - attach->start;
	struct pim_property *prop;
	struct pim_lines *doc;
	string_t *str = t_str_new(size + 128);

	*eol_r = size >= 2 && memcmp(text + attach->end - 2, "\r\n", 2) == 0 ?
		"\r\n" : "\n";
	prop = attach_parse_line(text, attach, &doc);
	pim_property_set_value(prop, "");
	attach_set_missing(prop, "FMTTYPE", type);
	attach_set_missing(prop, "FILENAME", name);
	pim_property_set_param(prop, "ENCODING", "BASE64");
	pim_property_set_param(prop, "VALUE", "BINARY");
	pim_lines_write(doc, str);
	pim_lines_free(&doc);
	while (str_len(str) > 0 &&
	       strchr("\r\n", str_c(str)[str_len(str) - 1]) != NULL)
		str_truncate(str, str_len(str) - 1);
	return str_c(str);
}

const char *pim_attach_file_name(const struct pim_property *prop)
{
	/* the others are what programs used before RFC 8607 */
	static const char *const names[] = {
		"FILENAME", "X-FILENAME", "X-APPLE-FILENAME",
		"X-EVOLUTION-FILENAME", "X-ORACLE-FILENAME",
	};
	const char *value;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		value = pim_property_param(prop, names[i]);
		if (value != NULL && *value != '\0')
			return value;
	}
	return NULL;
}

void pim_attach_set_blob(struct pim_property *prop, uint32_t num, uoff_t size)
{
	pim_property_set_value(prop, t_strdup_printf(PIM_ATTACH_BLOB"%u", num));
	pim_property_set_param(prop, "ENCODING", NULL);
	pim_property_set_param(prop, "VALUE", NULL);
	pim_property_set_param(prop, "FILENAME", pim_attach_file_name(prop));
	pim_property_set_param(prop, "SIZE",
			       t_strdup_printf("%"PRIuUOFF_T, size));
}
