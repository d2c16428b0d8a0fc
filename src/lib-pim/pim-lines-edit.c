/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "unichar.h"
#include "pim-text.h"
#include "pim-lines-private.h"

/* RFC 5545 3.1: octets without the line break */
#define PIM_LINE_MAX 75

/*
 * What it is
 */

const char *pim_component_name(const struct pim_component *comp)
{
	return comp->node.name;
}

struct pim_component *pim_component_parent(const struct pim_component *comp)
{
	return comp->node.parent;
}

struct pim_lines *pim_component_doc(const struct pim_component *comp)
{
	return comp->doc;
}

bool pim_component_is_legacy(const struct pim_component *comp)
{
	return comp->legacy;
}

struct pim_component *pim_property_component(const struct pim_property *prop)
{
	return prop->node.parent;
}

const char *pim_property_name(const struct pim_property *prop)
{
	return prop->node.name;
}

const char *pim_property_group(const struct pim_property *prop)
{
	return prop->group;
}

/*
 * Components
 */

static void
pim_raw_set(struct pim_lines *doc, struct pim_raw *raw, const void *data,
	    size_t size)
{
	raw->data = p_memdup(doc->pool, data, size);
	raw->size = size;
}

static void
pim_raw_set_line(struct pim_lines *doc, struct pim_raw *raw, const char *line)
{
	line = t_strconcat(line, doc->eol, NULL);
	pim_raw_set(doc, raw, line, strlen(line));
}

struct pim_component *
pim_component_add(struct pim_component *parent, const char *name)
{
	struct pim_lines *doc = parent->doc;
	struct pim_component *comp =
		pim_component_alloc(parent, p_strdup(doc->pool, name));

	T_BEGIN {
		pim_raw_set_line(doc, &comp->node.raw,
				 t_strconcat("BEGIN:", name, NULL));
		pim_raw_set_line(doc, &comp->end,
				 t_strconcat("END:", name, NULL));
	} T_END;
	pim_node_insert(parent, parent->tail, &comp->node);
	return comp;
}

struct pim_component *
pim_component_add_copy(struct pim_component *parent,
		       const struct pim_component *source)
{
	struct pim_lines *doc = parent->doc;
	const struct pim_node *node;
	struct pim_component *comp =
		pim_component_alloc(parent,
				    p_strdup(doc->pool, source->node.name));

	i_assert(source->node.parent != NULL);
	comp->legacy = source->legacy;
	pim_raw_set(doc, &comp->node.raw, source->node.raw.data,
		    source->node.raw.size);
	if (source->end.size > 0) {
		pim_raw_set(doc, &comp->end, source->end.data,
			    source->end.size);
	} else T_BEGIN {
		pim_raw_set_line(doc, &comp->end,
				 t_strconcat("END:", source->node.name, NULL));
	} T_END;
	for (node = source->head; node != NULL; node = node->next) {
		struct pim_node *copy;

		if (node->type == PIM_NODE_COMPONENT) {
			(void)pim_component_add_copy(comp, container_of(node,
				const struct pim_component, node));
		} else {
			if (node->type == PIM_NODE_JUNK) {
				copy = p_new(doc->pool, struct pim_node, 1);
				copy->type = PIM_NODE_JUNK;
				copy->name = "";
			} else {
				const struct pim_property *prop =
					container_of(node,
						const struct pim_property,
						node);
				copy = &pim_property_alloc(comp,
					p_strdup(doc->pool, prop->group),
					p_strdup(doc->pool, node->name))->node;
			}
			pim_raw_set(doc, &copy->raw, node->raw.data,
				    node->raw.size);
			pim_node_insert(comp, comp->tail, copy);
		}
	}
	pim_node_insert(parent, parent->tail, &comp->node);
	return comp;
}

void pim_component_remove(struct pim_component *comp)
{
	i_assert(comp->node.parent != NULL);
	pim_node_remove(&comp->node);
}

/*
 * Writing lines
 */

/* Control characters would end the line, or the document for some reader. */
static void line_append_value(string_t *line, const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char c = *value;

		str_append_c(line, c < 0x20 && c != '\t' ? ' ' : c);
	}
}

static void
property_write_raw(struct pim_property *prop, const string_t *line, bool fold)
{
	struct pim_lines *doc = prop->node.parent->doc;
	const unsigned char *data = str_data(line);
	size_t size = str_len(line), len, max = PIM_LINE_MAX;
	string_t *raw = str_new(default_pool, size + size / 32 + 16);

	while (fold && size > max) {
		len = pim_text_cut(data, size, max);
		if (len == 0)
			break;
		str_append_data(raw, data, len);
		str_append(raw, doc->eol);
		str_append_c(raw, ' ');
		data += len;
		size -= len;
		max = PIM_LINE_MAX - 1;
	}
	str_append_data(raw, data, size);
	str_append(raw, doc->eol);
	pim_raw_set(doc, &prop->node.raw, str_data(raw), str_len(raw));
	str_free(&raw);
	prop->line = NULL;
	prop->decoded = NULL;
}

static void
property_write(struct pim_property *prop, const string_t *line, bool fold)
{
	buffer_t *valid;

	/* what a device sends may be no UTF-8 */
	valid = buffer_create_dynamic(default_pool, 64);
	if (!uni_utf8_get_valid_data(str_data(line), str_len(line), valid))
		line = valid;
	property_write_raw(prop, line, fold);
	buffer_free(&valid);
}

static bool value_needs_qp(const char *value)
{
	for (; *value != '\0'; value++) {
		unsigned char c = *value;

		if ((c < 0x20 && c != '\t') || c >= 0x7f)
			return TRUE;
	}
	return FALSE;
}

/* RFC 2045 6.7, with soft breaks; column is where it begins */
static void
line_append_qp(string_t *line, const char *value, size_t column,
	       const char *eol)
{
	for (; *value != '\0'; value++) {
		unsigned char c = *value;
		bool literal = (c > 0x20 && c < 0x7f && c != '=') ||
			(c == ' ' && value[1] != '\0');

		if (column + 3 > PIM_LINE_MAX - 1) {
			str_append_c(line, '=');
			str_append(line, eol);
			column = 0;
		}
		if (c == '\n') {
			str_append(line, "=0D=0A");
			column += 6;
		} else if (literal) {
			str_append_c(line, c);
			column++;
		} else {
			str_printfa(line, "=%02X", c);
			column += 3;
		}
	}
}

/* Quotes stand around whole values, and a colon between them. */
static bool param_is_sound(const char *text, size_t size)
{
	bool quoted = FALSE;

	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"') {
			if (!quoted && text[i-1] != '=' && text[i-1] != ',')
				return FALSE;
			quoted = !quoted;
		} else if (text[i] == ':' && !quoted) {
			return FALSE;
		}
	}
	return !quoted;
}

/* A parameter as it is. But one with a quote that nobody closed was read by
   guessing, and beside another parameter or value the guess would be another
   one: it loses what misleads. */
static void
line_append_old_param(string_t *line, const struct pim_property *prop,
		      const struct pim_param *param)
{
	const char *text = prop->line + param->start;
	size_t size = param->end - param->start;

	if (param_is_sound(text, size)) {
		str_append_data(line, text, size);
		return;
	}
	for (size_t i = 0; i < size; i++) {
		if (text[i] != '"')
			str_append_c(line, text[i] == ':' ? ' ' : text[i]);
	}
}

static bool param_is_encoding(const struct pim_param *param)
{
	return strcasecmp(param->name, "ENCODING") == 0 ||
		strcasecmp(param->name, "CHARSET") == 0;
}

/* line has name and parameters, without those that describe the encoding */
static void
property_finish(struct pim_property *prop, string_t *line, const char *value)
{
	bool legacy = prop->node.parent->legacy;

	if (legacy && value_needs_qp(value)) {
		str_append(line, ";CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:");
		line_append_qp(line, value, str_len(line),
			       prop->node.parent->doc->eol);
	} else {
		str_append_c(line, ':');
		line_append_value(line, value);
	}
	property_write(prop, line, !legacy);
}

static void property_assign(struct pim_property *prop, const char *value)
{
	string_t *line = t_str_new(256);
	ARRAY_TYPE(pim_param) params;
	const struct pim_param *param;

	t_array_init(&params, 4);
	pim_property_parse_params(prop, &params);
	str_append_data(line, prop->line, prop->params);
	array_foreach(&params, param) {
		if (!param_is_encoding(param))
			line_append_old_param(line, prop, param);
	}
	property_finish(prop, line, value);
}

void pim_property_set_value(struct pim_property *prop, const char *value)
{
	if (strcmp(pim_property_value(prop), value) != 0) T_BEGIN {
		property_assign(prop, value);
	} T_END;
}

static const char *
property_escape(const struct pim_property *prop, const char *text)
{
	string_t *str;

	if (!prop->node.parent->legacy)
		return pim_value_escape(text);
	str = t_str_new(strlen(text) + 16);
	for (; *text != '\0'; text++) {
		if (*text == ';' || *text == '\\')
			str_append_c(str, '\\');
		if (*text != '\r')
			str_append_c(str, *text);
	}
	return str_c(str);
}

void pim_property_set_text(struct pim_property *prop, const char *text)
{
	if (strcmp(pim_property_text(prop), text) != 0) T_BEGIN {
		property_assign(prop, property_escape(prop, text));
	} T_END;
}

/* A backslash at the end of a value escapes nothing; before a separator it
   would. */
static void line_append_field(string_t *line, const char *field)
{
	size_t len = strlen(field), count = 0;

	while (count < len && field[len - 1 - count] == '\\')
		count++;
	str_append(line, field);
	if (count % 2 != 0)
		str_append_c(line, '\\');
}

void pim_property_set_field(struct pim_property *prop, unsigned int idx,
			    const char *text)
{
	const char *const *fields;
	unsigned int count;
	string_t *value;

	if (strcmp(pim_property_field(prop, idx), text) == 0)
		return;
	T_BEGIN {
		fields = pim_value_split(pim_property_value(prop), ';');
		count = str_array_length(fields);
		value = t_str_new(128);
		for (unsigned int i = 0; i < I_MAX(count, idx + 1); i++) {
			if (i > 0)
				str_append_c(value, ';');
			if (i == idx)
				str_append(value, property_escape(prop, text));
			else if (i < count)
				line_append_field(value, fields[i]);
		}
		property_assign(prop, str_c(value));
	} T_END;
}

/* RFC 6868 */
static void line_append_param_value(string_t *line, const char *value)
{
	bool quote = *value == '\0' || strpbrk(value, ",;: ") != NULL;

	if (quote)
		str_append_c(line, '"');
	for (; *value != '\0'; value++) {
		switch (*value) {
		case '^':
			str_append(line, "^^");
			break;
		case '"':
			str_append(line, "^'");
			break;
		case '\n':
			str_append(line, "^n");
			break;
		default:
			str_append_c(line, (unsigned char)*value < 0x20 ?
				     ' ' : *value);
		}
	}
	if (quote)
		str_append_c(line, '"');
}

static void
line_append_param(string_t *line, const char *name, const char *const *values,
		  bool legacy)
{
	for (unsigned int i = 0; values[i] != NULL; i++) {
		if (i == 0 || legacy) {
			str_append_c(line, ';');
			str_append(line, name);
			str_append_c(line, '=');
		} else {
			str_append_c(line, ',');
		}
		line_append_param_value(line, values[i]);
	}
}

static void
property_assign_params(struct pim_property *prop, const char *name,
		       const char *const *values)
{
	bool legacy = prop->node.parent->legacy, done = FALSE;
	/* then the value is written anew */
	bool qp = pim_property_value(prop) != prop->line + prop->value;
	string_t *line = t_str_new(256);
	ARRAY_TYPE(pim_param) params;
	const struct pim_param *param;

	t_array_init(&params, 4);
	pim_property_parse_params(prop, &params);
	str_append_data(line, prop->line, prop->params);
	array_foreach(&params, param) {
		if (strcasecmp(param->name, name) == 0) {
			if (!done)
				line_append_param(line, name, values, legacy);
			done = TRUE;
		} else if (!qp || !param_is_encoding(param)) {
			line_append_old_param(line, prop, param);
		}
	}
	if (!done)
		line_append_param(line, name, values, legacy);
	if (qp) {
		property_finish(prop, line, pim_property_value(prop));
		return;
	}
	str_append_c(line, ':');
	str_append(line, prop->line + prop->value);
	property_write(prop, line, !legacy);
}

static bool
values_equal(const char *const *values1, const char *const *values2)
{
	unsigned int i;

	for (i = 0; values1[i] != NULL && values2[i] != NULL; i++) {
		if (strcmp(values1[i], values2[i]) != 0)
			return FALSE;
	}
	return values1[i] == NULL && values2[i] == NULL;
}

void pim_property_set_params(struct pim_property *prop, const char *name,
			     const char *const *values)
{
	T_BEGIN {
		if (!values_equal(pim_property_params(prop, name), values))
			property_assign_params(prop, name, values);
	} T_END;
}

void pim_property_set_param(struct pim_property *prop, const char *name,
			    const char *value)
{
	const char *values[] = { value, NULL };

	pim_property_set_params(prop, name, values);
}

/*
 * Adding and removing
 */

struct pim_property *
pim_property_add(struct pim_component *comp, const char *name,
		 const char *value)
{
	const char *dot = strrchr(name, '.'), *group = NULL;
	pool_t pool = comp->doc->pool;
	struct pim_property *prop;

	if (dot != NULL)
		group = p_strdup_until(pool, name, dot);
	prop = pim_property_alloc(comp, group,
		p_strdup(pool, dot == NULL ? name : dot + 1));
	pim_node_insert(comp, pim_property_place(comp, prop->node.name),
			&prop->node);
	T_BEGIN {
		pim_raw_set_line(comp->doc, &prop->node.raw,
				 t_strconcat(name, ":", NULL));
		property_assign(prop, value);
	} T_END;
	return prop;
}

struct pim_property *
pim_property_add_copy(struct pim_component *comp,
		      const struct pim_property *source)
{
	pool_t pool = comp->doc->pool;
	struct pim_property *prop;

	prop = pim_property_alloc(comp, p_strdup(pool, source->group),
				  p_strdup(pool, source->node.name));
	pim_raw_set(comp->doc, &prop->node.raw, source->node.raw.data,
		    source->node.raw.size);
	pim_node_insert(comp, pim_property_place(comp, prop->node.name),
			&prop->node);
	return prop;
}

void pim_property_remove(struct pim_property *prop)
{
	pim_node_remove(&prop->node);
}

const char *
pim_component_value(const struct pim_component *comp, const char *name)
{
	struct pim_property *prop = pim_property_find(comp, name);

	return prop == NULL ? NULL : pim_property_value(prop);
}

const char *
pim_component_text(const struct pim_component *comp, const char *name)
{
	struct pim_property *prop = pim_property_find(comp, name);

	return prop == NULL ? NULL : pim_property_text(prop);
}

void pim_component_set_value(struct pim_component *comp, const char *name,
			     const char *value)
{
	struct pim_property *prop = pim_property_find(comp, name);

	if (value == NULL)
		(void)pim_component_remove_all(comp, name);
	else if (prop != NULL)
		pim_property_set_value(prop, value);
	else
		(void)pim_property_add(comp, name, value);
}

void pim_component_set_text(struct pim_component *comp, const char *name,
			    const char *text)
{
	struct pim_property *prop = pim_property_find(comp, name);

	if (text == NULL) {
		(void)pim_component_remove_all(comp, name);
		return;
	}
	if (prop == NULL)
		prop = pim_property_add(comp, name, "");
	pim_property_set_text(prop, text);
}

unsigned int
pim_component_remove_all(struct pim_component *comp, const char *name)
{
	struct pim_property *prop, *next;
	unsigned int count = 0;

	for (prop = pim_property_find(comp, name); prop != NULL; prop = next) {
		next = pim_property_next(prop, name);
		pim_property_remove(prop);
		count++;
	}
	return count;
}
