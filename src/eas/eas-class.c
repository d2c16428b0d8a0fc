/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas-class.h"
#include "class-calendar.h"
#include "class-contacts.h"
#include "class-notes.h"
#include "class-tasks.h"

/* [MS-ASCMD] 2.2.3.68.2: types for mail */
#define EAS_CLASS_MAX_MAIL_FILTER 5

/* One row per class, in any order. */
const struct eas_class *const eas_classes[] = {
	&eas_class_calendar,
	&eas_class_contacts,
	&eas_class_notes,
	&eas_class_tasks,
	NULL
};

const struct eas_class *
eas_class_find(enum store_kind kind, unsigned int version)
{
	unsigned int i;

	for (i = 0; eas_classes[i] != NULL; i++) {
		if (eas_classes[i]->kind == kind)
			return version < eas_classes[i]->min_version ? NULL :
				eas_classes[i];
	}
	return NULL;
}

const struct eas_class *eas_class_find_name(const char *name)
{
	unsigned int i;

	for (i = 0; eas_classes[i] != NULL; i++) {
		if (strcasecmp(eas_classes[i]->name, name) == 0)
			return eas_classes[i];
	}
	return NULL;
}

const char *eas_class_name(enum store_kind kind)
{
	const struct eas_class *class;

	if (kind == STORE_KIND_NONE)
		return "Email";
	class = eas_class_find(kind, EAS_VERSION_16_1);
	i_assert(class != NULL);
	return class->name;
}

bool eas_class_filter(enum store_kind kind, unsigned int *filter_type)
{
	const struct eas_class *class;

	if (kind == STORE_KIND_NONE)
		return *filter_type <= EAS_CLASS_MAX_MAIL_FILTER;
	class = eas_class_find(kind, EAS_VERSION_16_1);
	i_assert(class != NULL);
	if (class->filter_ignored)
		*filter_type = 0;
	return *filter_type < 32 &&
		((1U << *filter_type) & (class->filter_types | 1)) != 0;
}

bool eas_supported_removes(const struct eas_supported *supported,
			   unsigned int tag)
{
	unsigned int i;

	/* nothing was said: nothing is ghosted */
	if (!supported->given)
		return TRUE;
	for (i = 0; i < supported->count; i++) {
		if (supported->tags[i] == tag)
			return TRUE;
	}
	return FALSE;
}
