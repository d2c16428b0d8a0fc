/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-rrule.h"
#include "pim-text.h"
#include "eas-class-ical.h"
#include "eas-home.h"

#include <ctype.h>

#define ICAL_PRODID "-//Roost//Roost//EN"
/* the schemas' limit */
#define ICAL_MAX_CATEGORIES 300
/* Of PRIORITY: an Importance that is none of the three ([MS-ASTASK] 2.2.2.14) */
#define ICAL_IMPORTANCE_PARAM "X-ROOST-IMPORTANCE"
#define ICAL_IMPORTANCE_MAX 255

enum ical_importance {
	ICAL_IMPORTANCE_LOW = 0,
	ICAL_IMPORTANCE_NORMAL = 1,
	ICAL_IMPORTANCE_HIGH = 2,
};

/* in the order of Sensitivity */
static const char *const ical_classes[] = {
	"PUBLIC", "X-PERSONAL", "PRIVATE", "CONFIDENTIAL"
};
#define ICAL_CLASS_PRIVATE 2

/* -- the text -- */

static struct pim_component *
ical_find_item(struct pim_component *calendar, const char *name)
{
	struct pim_component *first, *item;

	first = calendar == NULL ? NULL : pim_component_find(calendar, name);
	for (item = first; item != NULL; item = pim_component_next(item, name)) {
		if (pim_property_find(item, "RECURRENCE-ID") == NULL)
			return item;
	}
	return first;
}

int eas_ical_parse(const struct eas_request *req, const struct store_item *item,
		   const char *name, struct eas_ical *ical_r,
		   const char **error_r)
{
	ical_r->home = eas_home(req);
	if (pim_lines_parse(item->text, item->size, NULL, &ical_r->doc,
			    error_r) < 0)
		return -1;
	ical_r->calendar = pim_component_find(pim_lines_root(ical_r->doc),
					      "VCALENDAR");
	ical_r->item = ical_find_item(ical_r->calendar, name);
	if (ical_r->item == NULL) {
		*error_r = t_strconcat("There is no ", name, " in it", NULL);
		pim_lines_free(&ical_r->doc);
		return -1;
	}
	return 0;
}

static void
ical_create(const struct eas_class_apply *apply, const char *name,
	    struct eas_ical *ical_r)
{
	const char *now = eas_ical_time(apply->now);

	ical_r->home = eas_home(apply->req);
	ical_r->doc = pim_lines_create();
	ical_r->calendar = pim_component_add(pim_lines_root(ical_r->doc),
					     "VCALENDAR");
	pim_component_set_value(ical_r->calendar, "VERSION", "2.0");
	pim_component_set_value(ical_r->calendar, "PRODID", ICAL_PRODID);
	ical_r->item = pim_component_add(ical_r->calendar, name);
	pim_component_set_value(ical_r->item, "UID", apply->new_uid);
	pim_component_set_value(ical_r->item, "DTSTAMP", now);
	pim_component_set_value(ical_r->item, "CREATED", now);
}

int eas_ical_edit(struct eas_class_apply *apply, const char *name,
		  struct eas_ical *ical_r)
{
	if (apply->old != NULL) {
		return eas_ical_parse(apply->req, apply->old, name, ical_r,
				      &apply->error);
	}
	ical_create(apply, name, ical_r);
	return 0;
}

static bool ical_is_old(const struct eas_class_apply *apply)
{
	return apply->old != NULL &&
		apply->old->size == str_len(apply->text) &&
		memcmp(apply->old->text, str_data(apply->text),
		       str_len(apply->text)) == 0;
}

void eas_ical_finish(struct eas_class_apply *apply, struct eas_ical *ical)
{
	pim_lines_write(ical->doc, apply->text);
	if (ical_is_old(apply))
		return;
	pim_component_set_value(ical->item, "LAST-MODIFIED",
				eas_ical_time(apply->now));
	str_truncate(apply->text, 0);
	pim_lines_write(ical->doc, apply->text);
}

void eas_ical_free(struct eas_ical *ical)
{
	pim_lines_free(&ical->doc);
}

/* -- times -- */

const char *eas_ical_time(int64_t t)
{
	string_t *str = t_str_new(32);

	pim_ical_time_append(str, t, FALSE, TRUE);
	return str_c(str);
}

const char *eas_date_time(int64_t t)
{
	unsigned int secs, month, day;
	int64_t days;
	int year;

	t = pim_time_clamp(t);
	days = pim_days_of(t);
	secs = t - days * PIM_DAY;
	pim_date_from_days(days, &year, &month, &day);
	return t_strdup_printf("%04d-%02u-%02uT%02u:%02u:%02u.000Z", year,
			       month, day, secs / 3600, secs / 60 % 60,
			       secs % 60);
}

int eas_date_time_parse(const char *value, int64_t *time_r)
{
	string_t *compact = t_str_new(32);
	bool is_date, is_utc;

	if (strlen(value) > 64)
		return -1;
	for (; *value != '\0' && *value != '.'; value++) {
		if (*value != '-' && *value != ':')
			str_append_c(compact, *value);
	}
	if (*value == '.') {
		for (value++; i_isdigit(*value); value++) ;
		str_append(compact, value);
	}
	return pim_ical_time_parse(str_c(compact), time_r, &is_date, &is_utc);
}

int eas_child_date_time(const struct wbxml_node *node, unsigned int tag,
			int64_t *value_r)
{
	const char *value = wbxml_child_text(node, tag);

	if (value == NULL || *value == '\0')
		return 0;
	return eas_date_time_parse(value, value_r) < 0 ? -1 : 1;
}

/* -- bodies -- */

bool eas_ical_removes(const struct eas_class_apply *apply, unsigned int tag)
{
	return apply->old != NULL &&
		eas_supported_removes(apply->supported, tag);
}

/* The HTML version of the body. */
static struct pim_property *ical_find_html(const struct pim_component *item)
{
	struct pim_property *prop = pim_property_find(item, "X-ALT-DESC");

	while (prop != NULL &&
	       !pim_property_has_param(prop, "FMTTYPE", "text/html"))
		prop = pim_property_next(prop, "X-ALT-DESC");
	return prop;
}

static const char *ical_body_name(const struct pim_component *item)
{
	return strcasecmp(pim_component_name(item), "VCARD") == 0 ?
		"NOTE" : "DESCRIPTION";
}

void eas_ical_write_body(const struct eas_class_write *write,
			 struct pim_component *item,
			 const struct eas_class_body_tags *tags,
			 struct wbxml_writer *writer)
{
	struct pim_property *html = ical_find_html(item);
	const char *text;

	if (html != NULL) {
		text = pim_property_text(html);
		eas_class_write_body(write, writer, tags, text, strlen(text),
				     EAS_BODY_HTML);
		return;
	}
	text = pim_component_text(item, ical_body_name(item));
	if (text == NULL)
		text = "";
	eas_class_write_body(write, writer, tags, text, strlen(text),
			     EAS_BODY_PLAIN);
}

enum eas_body_type eas_ical_body_type(const struct pim_component *item)
{
	return ical_find_html(item) != NULL ? EAS_BODY_HTML : EAS_BODY_PLAIN;
}

static void ical_set_html(struct pim_component *item, const char *html)
{
	struct pim_property *prop = ical_find_html(item);

	if (prop == NULL) {
		prop = pim_property_add(item, "X-ALT-DESC", "");
		pim_property_set_param(prop, "FMTTYPE", "text/html");
	}
	pim_property_set_text(prop, html);
	pim_component_set_text(item, ical_body_name(item),
			       eas_class_html_to_text(html));
}

static void
ical_set_body(const struct eas_class_apply *apply, struct pim_component *item,
	      const char *text, enum eas_body_type type)
{
	struct pim_property *html = ical_find_html(item);
	const char *old = html != NULL ? pim_property_text(html) :
		pim_component_text(item, ical_body_name(item));

	if (eas_class_body_is_shown(apply, old == NULL ? "" : old,
				    html != NULL ? EAS_BODY_HTML :
				    EAS_BODY_PLAIN, text, type))
		return;
	if (type == EAS_BODY_HTML) {
		ical_set_html(item, text);
		return;
	}
	if (html != NULL)
		pim_property_remove(html);
	pim_component_set_text(item, ical_body_name(item), text);
}

int eas_ical_apply_body(struct eas_class_apply *apply,
			struct pim_component *item,
			const struct eas_class_body_tags *tags)
{
	enum eas_body_type type;
	const char *text;

	switch (eas_class_read_body(apply->req, apply->data, tags, &text,
				    &type)) {
	case -1:
		apply->error = "Body is malformed";
		return -1;
	case 1:
		ical_set_body(apply, item, text, type);
	}
	return 0;
}

/* -- categories -- */

static void
ical_get_categories(const struct pim_component *item, unsigned int max,
		    ARRAY_TYPE(const_string) *categories)
{
	struct pim_property *prop;
	const char *const *parts, *category;

	for (prop = pim_property_find(item, "CATEGORIES"); prop != NULL;
	     prop = pim_property_next(prop, "CATEGORIES")) {
		parts = pim_value_split(pim_property_value(prop), ',');
		for (; *parts != NULL; parts++) {
			category = pim_text_clean_line(
				pim_value_unescape(*parts));
			if (*category == '\0')
				continue;
			if (array_count(categories) == max)
				return;
			array_push_back(categories, &category);
		}
	}
}

void eas_ical_write_categories(struct pim_component *item,
			       struct wbxml_writer *writer,
			       unsigned int categories_tag,
			       unsigned int category_tag)
{
	ARRAY_TYPE(const_string) categories;
	const char *category;

	t_array_init(&categories, 8);
	ical_get_categories(item, ICAL_MAX_CATEGORIES, &categories);
	if (array_count(&categories) == 0)
		return;
	wbxml_open(writer, categories_tag);
	array_foreach_elem(&categories, category)
		wbxml_text(writer, category_tag, category);
	wbxml_close(writer);
}

/* Are the first ones of old those of new, and are there no more that were shown? */
static bool
ical_categories_equal(const ARRAY_TYPE(const_string) *old,
		      const ARRAY_TYPE(const_string) *new)
{
	unsigned int i;

	if (I_MIN(array_count(old), ICAL_MAX_CATEGORIES) != array_count(new))
		return FALSE;
	for (i = 0; i < array_count(new); i++) {
		if (strcmp(array_idx_elem(old, i), array_idx_elem(new, i)) != 0)
			return FALSE;
	}
	return TRUE;
}

static int
ical_read_categories(struct eas_class_apply *apply,
		     const struct wbxml_node *node,
		     ARRAY_TYPE(const_string) *categories)
{
	const char *category;

	for (; node != NULL; node = wbxml_node_next_same(node)) {
		category = eas_class_read_text(apply->req, node);
		category = pim_text_clean_line(category);
		if (*category == '\0')
			continue;
		if (array_count(categories) == ICAL_MAX_CATEGORIES) {
			apply->error = "There are too many categories";
			return -1;
		}
		array_push_back(categories, &category);
	}
	return 0;
}

int eas_ical_apply_categories(struct eas_class_apply *apply,
			      struct pim_component *item,
			      unsigned int categories_tag,
			      unsigned int category_tag, bool removes)
{
	ARRAY_TYPE(const_string) old, new;
	const struct wbxml_node *node;
	const char *category;
	string_t *value;
	unsigned int i;

	node = wbxml_node_child(apply->data, categories_tag);
	if (node == NULL && !removes)
		return 0;
	t_array_init(&old, 8);
	t_array_init(&new, 8);
	if (ical_read_categories(apply, wbxml_node_child(node, category_tag),
				 &new) < 0)
		return -1;
	ical_get_categories(item, UINT_MAX, &old);
	if (ical_categories_equal(&old, &new))
		return 0;
	/* those that no device was shown nobody has removed */
	for (i = ICAL_MAX_CATEGORIES; i < array_count(&old); i++)
		array_push_back(&new, array_idx(&old, i));
	(void)pim_component_remove_all(item, "CATEGORIES");
	if (array_count(&new) == 0)
		return 0;
	value = t_str_new(128);
	array_foreach_elem(&new, category) {
		if (str_len(value) > 0)
			str_append_c(value, ',');
		str_append(value, pim_value_escape(category));
	}
	(void)pim_property_add(item, "CATEGORIES", str_c(value));
	return 0;
}

/* -- single values -- */

void eas_ical_apply_subject(struct eas_class_apply *apply,
			    struct pim_component *item, unsigned int tag)
{
	const struct wbxml_node *subject = wbxml_node_child(apply->data, tag);
	const char *text, *old;

	if (subject == NULL)
		return;
	text = eas_class_read_text(apply->req, subject);
	text = pim_text_clean_line(text);
	/* a SUMMARY of several lines was shown as one */
	old = pim_component_text(item, "SUMMARY");
	if (strcmp(old == NULL ? "" : pim_text_clean_line(old), text) != 0)
		pim_component_set_text(item, "SUMMARY", text);
}

unsigned int eas_ical_get_importance(const struct pim_component *item)
{
	const struct pim_property *prop = pim_property_find(item, "PRIORITY");
	const char *param;
	unsigned int priority, value;

	if (prop == NULL ||
	    str_to_uint(pim_property_value(prop), &priority) < 0 ||
	    priority == 0 || priority > 9)
		return ICAL_IMPORTANCE_NORMAL;
	if (priority != 5)
		return priority < 5 ? ICAL_IMPORTANCE_HIGH :
			ICAL_IMPORTANCE_LOW;
	param = pim_property_param(prop, ICAL_IMPORTANCE_PARAM);
	return param != NULL && str_to_uint(param, &value) == 0 &&
		value > ICAL_IMPORTANCE_HIGH && value <= ICAL_IMPORTANCE_MAX ?
		value : ICAL_IMPORTANCE_NORMAL;
}

void eas_ical_set_importance(struct pim_component *item,
			     unsigned int importance)
{
	/* in the order of Importance */
	static const char *const priorities[] = { "9", NULL, "1" };
	struct pim_property *prop;

	if (eas_ical_get_importance(item) == importance)
		return;
	if (importance < N_ELEMENTS(priorities)) {
		pim_component_set_value(item, "PRIORITY",
					priorities[importance]);
		prop = pim_property_find(item, "PRIORITY");
		if (prop != NULL)
			pim_property_set_param(prop, ICAL_IMPORTANCE_PARAM,
					       NULL);
		return;
	}
	pim_component_set_value(item, "PRIORITY", "5");
	prop = pim_property_find(item, "PRIORITY");
	pim_property_set_param(prop, ICAL_IMPORTANCE_PARAM,
			       dec2str(importance));
}

unsigned int eas_ical_get_sensitivity(const struct pim_component *item)
{
	const char *value = pim_component_value(item, "CLASS");
	unsigned int i;

	if (value == NULL)
		return 0;
	for (i = 0; i < N_ELEMENTS(ical_classes); i++) {
		if (strcasecmp(value, ical_classes[i]) == 0)
			return i;
	}
	/* RFC 5545 3.8.1.3 */
	return ICAL_CLASS_PRIVATE;
}

void eas_ical_set_sensitivity(struct pim_component *item,
			      unsigned int sensitivity)
{
	i_assert(sensitivity < N_ELEMENTS(ical_classes));
	if (eas_ical_get_sensitivity(item) == sensitivity)
		return;
	pim_component_set_value(item, "CLASS", sensitivity == 0 ? NULL :
				ical_classes[sensitivity]);
}
