/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "pim-rrule.h"
#include "pim-text.h"
#include "eas-class-ical.h"
#include "class-notes.h"

/* element		property
   Subject		SUMMARY
   LastModifiedDate	LAST-MODIFIED
   MessageClass		X-ROOST-MESSAGE-CLASS, if it is not the usual one
   and Body and Categories as all have them (eas-class-ical.h) */

#define NOTES_COMPONENT "VJOURNAL"
#define NOTES_CLASS "IPM.StickyNote"
#define NOTES_CLASS_MAX 255
#define NOTES_CLASS_PROPERTY "X-ROOST-MESSAGE-CLASS"

static time_t
notes_modified(const struct pim_component *note, const struct store_item *item)
{
	const char *value = pim_component_value(note, "LAST-MODIFIED");
	bool is_date, is_utc;
	int64_t t;

	return value != NULL &&
		pim_ical_time_parse(value, &t, &is_date, &is_utc) == 0 &&
		is_utc ? t : item->changed;
}

static bool notes_class_is_valid(const char *value)
{
	const size_t len = strlen(NOTES_CLASS);

	return strncasecmp(value, NOTES_CLASS, len) == 0 &&
		(value[len] == '\0' || value[len] == '.') &&
		strlen(value) <= NOTES_CLASS_MAX;
}

/* Somebody else's text may have anything there. */
static const char *notes_class(const struct pim_component *note)
{
	const char *value = pim_component_text(note, NOTES_CLASS_PROPERTY);

	return value != NULL && notes_class_is_valid(value) ? value :
		NOTES_CLASS;
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
	wbxml_text(writer, EAS_NOTES_MESSAGE_CLASS, notes_class(note));
	wbxml_text(writer, EAS_NOTES_LAST_MODIFIED_DATE,
		   eas_ical_time(notes_modified(note, item)));
	eas_ical_write_categories(note, writer, EAS_NOTES_CATEGORIES,
				  EAS_NOTES_CATEGORY);
	eas_ical_write_body(write, note, NULL, writer);
}

static int
notes_write(const struct eas_class_write *write, const struct store_item *item,
	    struct wbxml_writer *writer, const char **error_r)
{
	struct eas_ical ical;

	if (eas_ical_parse(write->req, item, NOTES_COMPONENT, &ical,
			   error_r) < 0)
		return -1;
	T_BEGIN {
		notes_write_properties(write, item, ical.item, writer);
	} T_END;
	eas_ical_free(&ical);
	return 0;
}

static int
notes_apply_class(struct pim_component *note, const char *value,
		  const char **error_r)
{
	if (value == NULL)
		return 0;
	if (!notes_class_is_valid(value)) {
		*error_r = "MessageClass is none of notes";
		return -1;
	}
	if (strcmp(value, notes_class(note)) == 0)
		return 0;
	pim_component_set_text(note, NOTES_CLASS_PROPERTY,
			       strcasecmp(value, NOTES_CLASS) == 0 ? NULL :
			       value);
	return 0;
}

static int
notes_apply_elements(struct eas_class_apply *apply, struct pim_component *note)
{
	eas_ical_apply_subject(apply, note, EAS_NOTES_SUBJECT);
	if (notes_apply_class(note, wbxml_child_text(apply->data,
						EAS_NOTES_MESSAGE_CLASS),
			      &apply->error) < 0)
		return -1;
	/* [MS-ASNOTE] 3.2.5.3: categories that are missing are deleted */
	if (eas_ical_apply_categories(apply, note, EAS_NOTES_CATEGORIES,
				      EAS_NOTES_CATEGORY, TRUE) < 0)
		return -1;
	return eas_ical_apply_body(apply, note, NULL);
}

static int notes_apply(struct eas_class_apply *apply)
{
	struct eas_ical ical;
	int ret;

	if (eas_ical_edit(apply, NOTES_COMPONENT, &ical) < 0)
		return -1;
	ret = notes_apply_elements(apply, ical.item);
	if (ret == 0) {
		/* [MS-ASNOTE] 3.2.5.3.1: the device's date is ignored */
		eas_ical_finish(apply, &ical);
	}
	eas_ical_free(&ical);
	return ret < 0 ? -1 : 1;
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
