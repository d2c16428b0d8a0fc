#ifndef EAS_CLASS_ICAL_H
#define EAS_CLASS_ICAL_H

#include "eas-class.h"
#include "pim-lines.h"

/* What the classes whose texts are iCalendar objects share. Body and Categories are
   those of contacts as well (NOTE of a vCard).

   element		property
   Body, plain		DESCRIPTION
   Body, HTML		X-ALT-DESC;FMTTYPE=text/html, its text as DESCRIPTION
   Categories		CATEGORIES
   Importance		PRIORITY: 1 to 4 are 2, 6 to 9 are 0
   Sensitivity		CLASS: PUBLIC, X-PERSONAL ([MS-OXCICAL]), PRIVATE,
			CONFIDENTIAL

   Whatever is set to what it is already leaves the text as it is: a device
   sends the elements back that it was shown. */

/* An item's text while it is read or edited. */
struct eas_ical {
	struct pim_lines *doc;
	struct pim_component *calendar;
	/* the item: the first one that is no changed occurrence of another */
	struct pim_component *item;
	/* the user's own clock */
	const struct pim_timezone *home;
};

/* Reads a text whose item is a component of that name ("VTODO"). Returns 0, or
   -1 and a sentence. */
int eas_ical_parse(const struct eas_request *req, const struct store_item *item,
		   const char *name, struct eas_ical *ical_r,
		   const char **error_r);
/* apply's old text, or a new one with UID, DTSTAMP and CREATED. Returns 0 or -1. */
int eas_ical_edit(struct eas_class_apply *apply, const char *name,
		  struct eas_ical *ical_r);
/* Writes the edited text to apply->text, with a new LAST-MODIFIED if anything
   in it has changed. */
void eas_ical_finish(struct eas_class_apply *apply, struct eas_ical *ical);
void eas_ical_free(struct eas_ical *ical);

/* -- times -- */

/* "20261128T093000Z" */
const char *eas_ical_time(int64_t t);
/* "2026-11-28T09:30:00.000Z", [MS-ASDTYPE] 2.3 */
const char *eas_date_time(int64_t t);
/* Either of the two, with or without fractions of seconds. Returns 0 or -1. */
int eas_date_time_parse(const char *value, int64_t *time_r);
/* The same of a child. Returns 1, 0 if there is none, -1. value_r is set if it
   returns 1; an empty element is none. */
int eas_child_date_time(const struct wbxml_node *node, unsigned int tag,
			int64_t *value_r);

/* -- elements -- */

/* An absent element in a Change: TRUE = it is to be removed. One of an Add has
   nothing to remove. */
bool eas_ical_removes(const struct eas_class_apply *apply, unsigned int tag);

void eas_ical_write_body(const struct eas_class_write *write,
			 struct pim_component *item,
			 const struct eas_class_body_tags *tags,
			 struct wbxml_writer *writer);
/* Of the body as it is stored. */
enum eas_body_type eas_ical_body_type(const struct pim_component *item);
/* Returns 0, or -1 (apply->error). An absent one changes nothing. */
int eas_ical_apply_body(struct eas_class_apply *apply,
			struct pim_component *item,
			const struct eas_class_body_tags *tags);

/* Writes nothing if there are none. */
void eas_ical_write_categories(struct pim_component *item,
			       struct wbxml_writer *writer,
			       unsigned int categories_tag,
			       unsigned int category_tag);
/* Absent Categories remove them, if removes is set. Returns 0 or -1. */
int eas_ical_apply_categories(struct eas_class_apply *apply,
			      struct pim_component *item,
			      unsigned int categories_tag,
			      unsigned int category_tag, bool removes);

void eas_ical_apply_subject(struct eas_class_apply *apply,
			    struct pim_component *item, unsigned int tag);

unsigned int eas_ical_get_importance(const struct pim_component *item);
void eas_ical_set_importance(struct pim_component *item,
			     unsigned int importance);
/* 0 to 3 */
unsigned int eas_ical_get_sensitivity(const struct pim_component *item);
void eas_ical_set_sensitivity(struct pim_component *item,
			      unsigned int sensitivity);

#endif
