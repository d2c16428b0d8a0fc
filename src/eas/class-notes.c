/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-lines.h"
#include "pim-text.h"
#include "class-notes.h"

#include <ctype.h>
#include <time.h>

/* element		property
   Subject		SUMMARY
   Body, plain		DESCRIPTION
   Body, HTML		X-ALT-DESC;FMTTYPE=text/html, and its text as DESCRIPTION
   Categories		CATEGORIES
   LastModifiedDate	LAST-MODIFIED
   MessageClass		X-ROOST-MESSAGE-CLASS, if it is not the usual one */

#define NOTES_CLASS "IPM.StickyNote"
#define NOTES_CLASS_PROPERTY "X-ROOST-MESSAGE-CLASS"
/* the schema's limit */
#define NOTES_MAX_CATEGORIES 300
#define NOTES_PRODID "-//Roost//Notes//EN"

static struct pim_component *notes_find(struct pim_lines *doc)
{
	struct pim_component *calendar;

	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	return calendar == NULL ? NULL :
		pim_component_find(calendar, "VJOURNAL");
}

/* The HTML version of the body. */
static struct pim_property *notes_find_html(struct pim_component *note)
{
	struct pim_property *prop = pim_property_find(note, "X-ALT-DESC");

	while (prop != NULL &&
	       !pim_property_has_param(prop, "FMTTYPE", "text/html"))
		prop = pim_property_next(prop, "X-ALT-DESC");
	return prop;
}

static void
notes_get_categories(struct pim_component *note,
		     ARRAY_TYPE(const_string) *categories)
{
	struct pim_property *prop;
	const char *const *parts, *category;

	for (prop = pim_property_find(note, "CATEGORIES"); prop != NULL;
	     prop = pim_property_next(prop, "CATEGORIES")) {
		parts = pim_value_split(pim_property_value(prop), ',');
		for (; *parts != NULL; parts++) {
			category = pim_text_clean_line(
				pim_value_unescape(*parts));
			if (*category != '\0' &&
			    array_count(categories) < NOTES_MAX_CATEGORIES)
				array_push_back(categories, &category);
		}
	}
}

/* -- write -- */

static const char *notes_time(time_t t)
{
	struct tm tm;

	if (gmtime_r(&t, &tm) == NULL)
		i_zero(&tm);
	return t_strdup_printf("%04d%02d%02dT%02d%02d%02dZ",
			       tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
			       tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* "20261128T093000Z", which is ActiveSync's form as well */
static bool notes_time_is_valid(const char *value)
{
	unsigned int i;

	if (strlen(value) != 16 || value[8] != 'T' || value[15] != 'Z')
		return FALSE;
	for (i = 0; i < 15; i++) {
		if (i != 8 && !i_isdigit(value[i]))
			return FALSE;
	}
	return TRUE;
}

static void
notes_write_categories(struct pim_component *note, struct wbxml_writer *writer)
{
	ARRAY_TYPE(const_string) categories;
	const char *category;

	t_array_init(&categories, 8);
	notes_get_categories(note, &categories);
	if (array_count(&categories) == 0)
		return;
	wbxml_open(writer, EAS_NOTES_CATEGORIES);
	array_foreach_elem(&categories, category)
		wbxml_text(writer, EAS_NOTES_CATEGORY, category);
	wbxml_close(writer);
}

static void
notes_write_body(const struct eas_class_write *write,
		 struct pim_component *note, struct wbxml_writer *writer)
{
	struct pim_property *html = notes_find_html(note);
	const char *text;

	if (html != NULL) {
		text = pim_property_text(html);
		eas_class_write_body(write, writer, NULL, text, strlen(text),
				     EAS_BODY_HTML);
		return;
	}
	text = pim_component_text(note, "DESCRIPTION");
	if (text == NULL)
		text = "";
	eas_class_write_body(write, writer, NULL, text, strlen(text),
			     EAS_BODY_PLAIN);
}

static void
notes_write_properties(const struct eas_class_write *write,
		       const struct store_item *item,
		       struct pim_component *note, struct wbxml_writer *writer)
{
	const char *value;

	value = pim_component_text(note, "SUMMARY");
	wbxml_text(writer, EAS_NOTES_SUBJECT, value == NULL ? "" :
		   pim_text_clean_line(value));
	value = pim_component_text(note, NOTES_CLASS_PROPERTY);
	wbxml_text(writer, EAS_NOTES_MESSAGE_CLASS,
		   value == NULL ? NOTES_CLASS : value);
	value = pim_component_value(note, "LAST-MODIFIED");
	wbxml_text(writer, EAS_NOTES_LAST_MODIFIED_DATE,
		   value != NULL && notes_time_is_valid(value) ? value :
		   notes_time(item->changed));
	notes_write_categories(note, writer);
	notes_write_body(write, note, writer);
}

static int
notes_write(const struct eas_class_write *write, const struct store_item *item,
	    struct wbxml_writer *writer, const char **error_r)
{
	struct pim_lines *doc;
	struct pim_component *note;

	if (pim_lines_parse(item->text, item->size, NULL, &doc, error_r) < 0)
		return -1;
	note = notes_find(doc);
	if (note == NULL)
		*error_r = "There is no VJOURNAL in it";
	else T_BEGIN {
		notes_write_properties(write, item, note, writer);
	} T_END;
	pim_lines_free(&doc);
	return note == NULL ? -1 : 0;
}

/* -- apply -- */

static int
notes_apply_class(struct pim_component *note, const char *value,
		  const char **error_r)
{
	const size_t len = strlen(NOTES_CLASS);

	if (value == NULL)
		return 0;
	if (strncasecmp(value, NOTES_CLASS, len) != 0 ||
	    (value[len] != '\0' && value[len] != '.') ||
	    strlen(value) > 255) {
		*error_r = "MessageClass is none of notes";
		return -1;
	}
	pim_component_set_text(note, NOTES_CLASS_PROPERTY,
			       value[len] == '\0' ? NULL : value);
	return 0;
}

static bool
notes_categories_equal(const ARRAY_TYPE(const_string) *c1,
		       const ARRAY_TYPE(const_string) *c2)
{
	unsigned int i;

	if (array_count(c1) != array_count(c2))
		return FALSE;
	for (i = 0; i < array_count(c1); i++) {
		if (strcmp(array_idx_elem(c1, i), array_idx_elem(c2, i)) != 0)
			return FALSE;
	}
	return TRUE;
}

/* [MS-ASNOTE] 3.2.5.3: what is missing is deleted */
static int
notes_apply_categories(struct pim_component *note,
		       const struct wbxml_node *data, const char **error_r)
{
	ARRAY_TYPE(const_string) old, new;
	const struct wbxml_node *node;
	const char *category;
	string_t *value = t_str_new(128);

	t_array_init(&old, 8);
	t_array_init(&new, 8);
	node = wbxml_node_child(data, EAS_NOTES_CATEGORIES);
	node = wbxml_node_child(node, EAS_NOTES_CATEGORY);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		category = wbxml_node_text(node);
		category = category == NULL ? "" :
			pim_text_clean_line(category);
		if (*category == '\0')
			continue;
		if (array_count(&new) == NOTES_MAX_CATEGORIES) {
			*error_r = "There are too many categories";
			return -1;
		}
		array_push_back(&new, &category);
		if (str_len(value) > 0)
			str_append_c(value, ',');
		str_append(value, pim_value_escape(category));
	}
	notes_get_categories(note, &old);
	if (notes_categories_equal(&old, &new))
		return 0;
	(void)pim_component_remove_all(note, "CATEGORIES");
	if (array_count(&new) > 0)
		(void)pim_property_add(note, "CATEGORIES", str_c(value));
	return 0;
}

static void notes_set_html(struct pim_component *note, const char *html)
{
	struct pim_property *prop = notes_find_html(note);

	if (prop == NULL) {
		prop = pim_property_add(note, "X-ALT-DESC", "");
		pim_property_set_param(prop, "FMTTYPE", "text/html");
	}
	pim_property_set_text(prop, html);
	pim_component_set_text(note, "DESCRIPTION",
			       eas_class_html_to_text(html));
}

static void
notes_set_body(const struct eas_class_apply *apply, struct pim_component *note,
	       const char *text, enum eas_body_type type)
{
	struct pim_property *html = notes_find_html(note);
	const char *old = html != NULL ? pim_property_text(html) :
		pim_component_text(note, "DESCRIPTION");

	if (eas_class_body_is_shown(apply, old == NULL ? "" : old,
				    html != NULL ? EAS_BODY_HTML :
				    EAS_BODY_PLAIN, text, type))
		return;
	if (type == EAS_BODY_HTML) {
		notes_set_html(note, text);
		return;
	}
	if (html != NULL)
		pim_property_remove(html);
	pim_component_set_text(note, "DESCRIPTION", text);
}

static int
notes_apply_elements(struct eas_class_apply *apply, struct pim_component *note)
{
	const struct wbxml_node *subject;
	enum eas_body_type type;
	const char *text;

	subject = wbxml_node_child(apply->data, EAS_NOTES_SUBJECT);
	if (subject != NULL) {
		text = eas_class_read_text(apply->req, subject);
		pim_component_set_text(note, "SUMMARY",
				       pim_text_clean_line(text));
	}
	if (notes_apply_class(note, wbxml_child_text(apply->data,
						EAS_NOTES_MESSAGE_CLASS),
			      &apply->error) < 0 ||
	    notes_apply_categories(note, apply->data, &apply->error) < 0)
		return -1;
	switch (eas_class_read_body(apply->req, apply->data, NULL, &text,
				    &type)) {
	case -1:
		apply->error = "Body is malformed";
		return -1;
	case 1:
		notes_set_body(apply, note, text, type);
	}
	return 1;
}

static struct pim_lines *
notes_create(const struct eas_class_apply *apply, struct pim_component **note_r)
{
	struct pim_lines *doc = pim_lines_create();
	struct pim_component *calendar;

	calendar = pim_component_add(pim_lines_root(doc), "VCALENDAR");
	pim_component_set_value(calendar, "VERSION", "2.0");
	pim_component_set_value(calendar, "PRODID", NOTES_PRODID);
	*note_r = pim_component_add(calendar, "VJOURNAL");
	pim_component_set_value(*note_r, "UID", apply->new_uid);
	pim_component_set_value(*note_r, "DTSTAMP", notes_time(apply->now));
	pim_component_set_value(*note_r, "CREATED", notes_time(apply->now));
	return doc;
}

static int notes_parse_old(struct eas_class_apply *apply,
			   struct pim_lines **doc_r,
			   struct pim_component **note_r)
{
	if (pim_lines_parse(apply->old->text, apply->old->size, NULL, doc_r,
			    &apply->error) < 0)
		return -1;
	*note_r = notes_find(*doc_r);
	if (*note_r == NULL) {
		apply->error = "The stored note has no VJOURNAL";
		pim_lines_free(doc_r);
		return -1;
	}
	return 0;
}

static int notes_apply(struct eas_class_apply *apply)
{
	struct pim_component *note;
	struct pim_lines *doc;
	int ret;

	if (apply->old == NULL)
		doc = notes_create(apply, &note);
	else if (notes_parse_old(apply, &doc, &note) < 0)
		return -1;
	ret = notes_apply_elements(apply, note);
	if (ret > 0) {
		pim_lines_write(doc, apply->text);
		if (apply->old == NULL ||
		    apply->old->size != str_len(apply->text) ||
		    memcmp(apply->old->text, str_data(apply->text),
			   str_len(apply->text)) != 0) {
			/* [MS-ASNOTE] 3.2.5.3.1: the device's date is ignored */
			pim_component_set_value(note, "LAST-MODIFIED",
						notes_time(apply->now));
			str_truncate(apply->text, 0);
			pim_lines_write(doc, apply->text);
		}
	}
	pim_lines_free(&doc);
	return ret;
}

const struct eas_class eas_class_notes = {
	.name = "Notes",
	.kind = STORE_KIND_NOTES,
	.min_version = EAS_VERSION_14_0,
	.filter_ignored = TRUE,
	.no_supported = TRUE,
	.write = notes_write,
	.apply = notes_apply,
};
