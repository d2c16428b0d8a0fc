/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-contact-private.h"
#include "pim-text.h"

/* FN is the name as a whole, which every card must have and many programs show. Nothing of
   ActiveSync is it, so it goes with the parts: if it was made of them, in one of the usual
   ways, it is made again in the same way; if it is a person's own, what changed is changed
   in it. FILE_AS is stored only where it is something else than FN. */

#define NAME_END -1

/* Ways to make FN, fields in their order */
static const struct {
	const char *separator;
	int fields[6];
} contact_forms[] = {
	{ " ", { PIM_CONTACT_TITLE, PIM_CONTACT_FIRST_NAME,
		 PIM_CONTACT_MIDDLE_NAME, PIM_CONTACT_LAST_NAME,
		 PIM_CONTACT_SUFFIX, NAME_END } },
	{ " ", { PIM_CONTACT_FIRST_NAME, PIM_CONTACT_MIDDLE_NAME,
		 PIM_CONTACT_LAST_NAME, PIM_CONTACT_SUFFIX, NAME_END } },
	{ " ", { PIM_CONTACT_TITLE, PIM_CONTACT_FIRST_NAME,
		 PIM_CONTACT_MIDDLE_NAME, PIM_CONTACT_LAST_NAME, NAME_END } },
	{ " ", { PIM_CONTACT_FIRST_NAME, PIM_CONTACT_MIDDLE_NAME,
		 PIM_CONTACT_LAST_NAME, NAME_END } },
	{ " ", { PIM_CONTACT_FIRST_NAME, PIM_CONTACT_LAST_NAME, NAME_END } },
	{ ", ", { PIM_CONTACT_LAST_NAME, PIM_CONTACT_FIRST_NAME, NAME_END } },
	{ " ", { PIM_CONTACT_LAST_NAME, PIM_CONTACT_FIRST_NAME, NAME_END } },
	{ "", { PIM_CONTACT_LAST_NAME, PIM_CONTACT_FIRST_NAME, NAME_END } },
	{ "", { PIM_CONTACT_COMPANY_NAME, NAME_END } },
};

static const enum pim_contact_field contact_name_fields[] = {
	PIM_CONTACT_TITLE, PIM_CONTACT_FIRST_NAME, PIM_CONTACT_MIDDLE_NAME,
	PIM_CONTACT_LAST_NAME, PIM_CONTACT_SUFFIX, PIM_CONTACT_COMPANY_NAME,
};

/* What to call a contact that has no name, the first one that is there */
static const enum pim_contact_field contact_name_others[] = {
	PIM_CONTACT_COMPANY_NAME, PIM_CONTACT_NICK_NAME, PIM_CONTACT_EMAIL1,
	PIM_CONTACT_EMAIL2, PIM_CONTACT_EMAIL3, PIM_CONTACT_MOBILE_PHONE,
};

/* NULL = there is none */
static const char *
contact_name_other(const struct pim_contact *contact, unsigned int idx)
{
	const char *value = pim_contact_get(contact, contact_name_others[idx]);
	const char *name, *address;

	return value != NULL && contact_email_parse(value, &name, &address) ?
		address : value;
}

static const char *contact_fn(const struct pim_contact *contact)
{
	const struct pim_property *fn = contact->map.slots[CONTACT_SLOT_FN];

	return fn == NULL ? "" : pim_text_clean_line(pim_property_text(fn));
}

const char *contact_name_whole(const struct pim_contact *contact)
{
	const char *fn, *value;

	if (contact_has_value(contact->map.slots[CONTACT_SLOT_N]))
		return NULL;
	fn = contact_fn(contact);
	if (*fn == '\0')
		return NULL;
	/* what only stands in for a name */
	if (contact->map.slots[CONTACT_SLOT_FILE_AS] != NULL &&
	    strcmp(fn, pim_contact_get(contact, PIM_CONTACT_FILE_AS)) == 0)
		return NULL;
	for (unsigned int i = 0; i < N_ELEMENTS(contact_name_others); i++) {
		value = contact_name_other(contact, i);
		if (value != NULL && strcmp(value, fn) == 0)
			return NULL;
	}
	return fn;
}

void contact_name_begin(struct pim_contact *contact)
{
	contact->fn_stood_in =
		!contact_has_value(contact->map.slots[CONTACT_SLOT_N]) &&
		*contact_fn(contact) != '\0' &&
		contact_name_whole(contact) == NULL;
}

static const char *
contact_name_make(const char *const names[], unsigned int form)
{
	string_t *str = t_str_new(64);
	const int *field = contact_forms[form].fields;

	for (; *field != NAME_END; field++) {
		if (names[*field] == NULL)
			continue;
		if (str_len(str) > 0)
			str_append(str, contact_forms[form].separator);
		str_append(str, names[*field]);
	}
	return str_c(str);
}

void contact_name_changes(struct pim_contact *contact)
{
	const char *whole;
	unsigned int i;

	if (contact->names_changed)
		return;
	contact->names_changed = TRUE;
	for (i = 0; i < N_ELEMENTS(contact_name_fields); i++) {
		enum pim_contact_field field = contact_name_fields[i];

		contact->old_names[field] = p_strdup(contact->pool,
			pim_contact_get(contact, field));
	}
	/* it was shown as a part of N: now it is one */
	whole = contact_name_whole(contact);
	if (whole == NULL)
		return;
	whole = t_strdup(whole);
	if (contact->map.slots[CONTACT_SLOT_N] == NULL) {
		contact->map.slots[CONTACT_SLOT_N] =
			contact_slot_add(contact->card, CONTACT_SLOT_N);
	}
	pim_property_set_field(contact->map.slots[CONTACT_SLOT_N],
			       PIM_VCARD_N_FAMILY, whole);
}

/* FN was a person's own: the parts that changed are changed in it. */
static const char *
contact_name_replace(const struct pim_contact *contact, const char *fn,
		     const char *const names[])
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(contact_name_fields); i++) {
		enum pim_contact_field field = contact_name_fields[i];
		const char *old = contact->old_names[field], *pos;

		if (old == NULL || null_strcmp(old, names[field]) == 0)
			continue;
		pos = strstr(fn, old);
		if (pos == NULL)
			continue;
		fn = t_strconcat(t_strdup_until(fn, pos),
				 names[field] == NULL ? "" : names[field],
				 pos + strlen(old), NULL);
	}
	return pim_text_clean_line(fn);
}

static const char *contact_name_stand_in(const struct pim_contact *contact)
{
	const char *name;

	if (contact->file_as != NULL && *contact->file_as != '\0')
		return contact->file_as;
	for (unsigned int i = 0; i < N_ELEMENTS(contact_name_others); i++) {
		name = contact_name_other(contact, i);
		if (name != NULL)
			return name;
	}
	return "";
}

/* "" = there is no name. */
static const char *contact_name_new(const struct pim_contact *contact)
{
	const char *names[PIM_CONTACT_FIELD_COUNT];
	const char *fn = contact->fn_stood_in ? "" : contact_fn(contact);
	unsigned int i;

	i_zero(&names);
	for (i = 0; i < N_ELEMENTS(contact_name_fields); i++) {
		enum pim_contact_field field = contact_name_fields[i];

		names[field] = pim_contact_get(contact, field);
	}
	/* that would be FN itself */
	if (contact_name_whole(contact) != NULL)
		names[PIM_CONTACT_LAST_NAME] = NULL;
	for (i = 0; *fn != '\0' && i < N_ELEMENTS(contact_forms); i++) {
		if (strcmp(contact_name_make(contact->old_names, i), fn) != 0)
			continue;
		fn = contact_name_make(names, i);
		if (*fn == '\0')
			fn = contact_name_make(names, 0);
		break;
	}
	if (*fn == '\0')
		fn = contact_name_make(names, 0);
	else if (i == N_ELEMENTS(contact_forms))
		fn = contact_name_replace(contact, fn, names);
	return fn;
}

static void contact_name_set(struct pim_contact *contact, const char *fn)
{
	struct pim_property **prop = &contact->map.slots[CONTACT_SLOT_FN];

	if (*prop == NULL)
		*prop = contact_slot_add(contact->card, CONTACT_SLOT_FN);
	pim_property_set_text(*prop, fn);
}

static void contact_file_as_set(struct pim_contact *contact)
{
	struct pim_property **prop = &contact->map.slots[CONTACT_SLOT_FILE_AS];
	const char *file_as = contact->file_as;
	bool same, needless, ours;

	if (file_as == NULL || !contact->modified)
		return;
	same = *prop != NULL &&
		strcmp(pim_text_clean_line(pim_property_text(*prop)),
		       file_as) == 0;
	/* one beside a FN that is nobody's name says that it is none */
	needless = *file_as == '\0' ||
		(strcmp(file_as, contact_fn(contact)) == 0 &&
		 !contact->fn_stands_in && (!same || contact->names_changed));
	ours = *prop == NULL || strcasecmp(pim_property_name(*prop),
					   "X-ROOST-FILE-AS") == 0;
	if (needless && (ours || *file_as == '\0')) {
		if (*prop != NULL)
			pim_vcard_remove(*prop);
		*prop = NULL;
	} else if (!same) {
		if (*prop == NULL) {
			*prop = contact_slot_add(contact->card,
						 CONTACT_SLOT_FILE_AS);
		}
		pim_property_set_text(*prop, file_as);
	}
}

void contact_name_finish(struct pim_contact *contact)
{
	struct pim_property *const *fn_prop =
		&contact->map.slots[CONTACT_SLOT_FN];
	const char *fn;

	if (contact->modified &&
	    (contact->names_changed || contact->fn_stood_in ||
	     *contact_fn(contact) == '\0')) {
		fn = contact_name_new(contact);
		if (*fn == '\0') {
			fn = contact_name_stand_in(contact);
			contact->fn_stands_in = TRUE;
		}
		if (*fn_prop == NULL || strcmp(fn, contact_fn(contact)) != 0)
			contact_name_set(contact, fn);
	}
	contact_file_as_set(contact);
}
