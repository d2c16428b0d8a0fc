/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-contact-private.h"
#include "pim-text.h"

enum contact_kind {
	KIND_TEXT,
	KIND_DATE,
	KIND_EMAIL,
	KIND_NUMBER,			/* a URI perhaps */
	KIND_FIELD,			/* of N, ORG, ADR */
	KIND_STREET,
};

static const struct {
	enum contact_slot slot;
	enum contact_kind kind;
	unsigned int idx;		/* of KIND_FIELD */
	/* FN goes with it */
	bool name;
} contact_fields[PIM_CONTACT_FIELD_COUNT] = {
#define TEXT(field, slot) \
	[PIM_CONTACT_##field] = { CONTACT_SLOT_##slot, KIND_TEXT, 0, FALSE }
#define NUMBER(field, slot) \
	[PIM_CONTACT_##field] = { CONTACT_SLOT_##slot, KIND_NUMBER, 0, FALSE }
#define FIELD(field, slot, idx, name) \
	[PIM_CONTACT_##field] = { CONTACT_SLOT_##slot, KIND_FIELD, idx, name }
#define ADDRESS(field, slot) \
	[PIM_CONTACT_##field##_STREET] = { slot, KIND_STREET, 0, FALSE }, \
	[PIM_CONTACT_##field##_CITY] = { slot, KIND_FIELD, \
		PIM_VCARD_ADR_LOCALITY, FALSE }, \
	[PIM_CONTACT_##field##_STATE] = { slot, KIND_FIELD, \
		PIM_VCARD_ADR_REGION, FALSE }, \
	[PIM_CONTACT_##field##_POSTAL_CODE] = { slot, KIND_FIELD, \
		PIM_VCARD_ADR_POSTAL_CODE, FALSE }, \
	[PIM_CONTACT_##field##_COUNTRY] = { slot, KIND_FIELD, \
		PIM_VCARD_ADR_COUNTRY, FALSE }

	FIELD(LAST_NAME, N, PIM_VCARD_N_FAMILY, TRUE),
	FIELD(FIRST_NAME, N, PIM_VCARD_N_GIVEN, TRUE),
	FIELD(MIDDLE_NAME, N, PIM_VCARD_N_ADDITIONAL, TRUE),
	FIELD(TITLE, N, PIM_VCARD_N_PREFIX, TRUE),
	FIELD(SUFFIX, N, PIM_VCARD_N_SUFFIX, TRUE),
	TEXT(FILE_AS, FILE_AS),
	TEXT(NICK_NAME, NICK_NAME),
	FIELD(COMPANY_NAME, ORG, PIM_VCARD_ORG_NAME, TRUE),
	FIELD(DEPARTMENT, ORG, PIM_VCARD_ORG_UNIT, FALSE),
	TEXT(JOB_TITLE, JOB_TITLE),
	TEXT(OFFICE_LOCATION, OFFICE),
	TEXT(YOMI_LAST_NAME, YOMI_LAST),
	TEXT(YOMI_FIRST_NAME, YOMI_FIRST),
	TEXT(YOMI_COMPANY_NAME, YOMI_COMPANY),
	[PIM_CONTACT_EMAIL1] = { CONTACT_SLOT_EMAIL1, KIND_EMAIL, 0, FALSE },
	[PIM_CONTACT_EMAIL2] = { CONTACT_SLOT_EMAIL2, KIND_EMAIL, 0, FALSE },
	[PIM_CONTACT_EMAIL3] = { CONTACT_SLOT_EMAIL3, KIND_EMAIL, 0, FALSE },
	TEXT(IM1, IM1),
	TEXT(IM2, IM2),
	TEXT(IM3, IM3),
	NUMBER(BUSINESS_PHONE, TEL_BUSINESS),
	NUMBER(BUSINESS2_PHONE, TEL_BUSINESS2),
	NUMBER(BUSINESS_FAX, TEL_BUSINESS_FAX),
	NUMBER(HOME_PHONE, TEL_HOME),
	NUMBER(HOME2_PHONE, TEL_HOME2),
	NUMBER(HOME_FAX, TEL_HOME_FAX),
	NUMBER(MOBILE_PHONE, TEL_MOBILE),
	NUMBER(CAR_PHONE, TEL_CAR),
	NUMBER(PAGER, TEL_PAGER),
	NUMBER(RADIO_PHONE, TEL_RADIO),
	NUMBER(ASSISTANT_PHONE, TEL_ASSISTANT),
	NUMBER(COMPANY_PHONE, TEL_COMPANY),
	TEXT(MMS, MMS),
	ADDRESS(BUSINESS, CONTACT_SLOT_ADR_BUSINESS),
	ADDRESS(HOME, CONTACT_SLOT_ADR_HOME),
	ADDRESS(OTHER, CONTACT_SLOT_ADR_OTHER),
	TEXT(WEB_PAGE, WEB_PAGE),
	[PIM_CONTACT_BIRTHDAY] = { CONTACT_SLOT_BIRTHDAY, KIND_DATE, 0,
				   FALSE },
	[PIM_CONTACT_ANNIVERSARY] = { CONTACT_SLOT_ANNIVERSARY, KIND_DATE, 0,
				      FALSE },
	TEXT(SPOUSE, SPOUSE),
	TEXT(MANAGER, MANAGER),
	TEXT(ASSISTANT, ASSISTANT),
	TEXT(CUSTOMER_ID, CUSTOMER_ID),
	TEXT(GOVERNMENT_ID, GOVERNMENT_ID),
	TEXT(ACCOUNT_NAME, ACCOUNT_NAME),
#undef TEXT
#undef NUMBER
#undef FIELD
#undef ADDRESS
};

struct pim_contact *
pim_contact_init(pool_t pool, struct pim_component *card)
{
	struct pim_contact *contact = p_new(pool, struct pim_contact, 1);

	contact->pool = pool;
	contact->card = card;
	contact_map_init(&contact->map, pool);
	contact_map_read(&contact->map, card);
	memcpy(contact->first, contact->map.slots, sizeof(contact->first));
	return contact;
}

void pim_contact_deinit(struct pim_contact **contact)
{
	*contact = NULL;
}

static const char *
contact_get_property(enum pim_contact_field field,
		     const struct pim_property *prop)
{
	const char *text = NULL;

	switch (contact_fields[field].kind) {
	case KIND_TEXT:
		text = pim_property_text(prop);
		break;
	case KIND_DATE:
		return contact_date_get(prop);
	case KIND_EMAIL:
		return contact_email_get(prop);
	case KIND_NUMBER:
		text = pim_vcard_address(prop);
		break;
	case KIND_FIELD:
		text = pim_property_field(prop, contact_fields[field].idx);
		break;
	case KIND_STREET:
		return contact_street_get(prop);
	}
	return pim_text_clean_line(text);
}

const char *
pim_contact_get(const struct pim_contact *contact,
		enum pim_contact_field field)
{
	const struct pim_property *prop =
		contact->map.slots[contact_fields[field].slot];
	const char *text = NULL;

	if (prop != NULL)
		text = contact_get_property(field, prop);
	else if (field == PIM_CONTACT_FILE_AS) {
		/* whoever sorts by it needs one */
		prop = contact->map.slots[CONTACT_SLOT_FN];
		if (prop != NULL)
			text = pim_text_clean_line(pim_property_text(prop));
	}
	if (text != NULL && *text != '\0')
		return text;
	return field == PIM_CONTACT_LAST_NAME ?
		contact_name_whole(contact) : NULL;
}

/* -- set -- */

static bool
contact_set_property(struct pim_contact *contact, enum pim_contact_field field,
		     struct pim_property *prop, const char *value)
{
	switch (contact_fields[field].kind) {
	case KIND_TEXT:
	case KIND_NUMBER:
		pim_property_set_text(prop, value);
		break;
	case KIND_DATE:
		return contact_date_set(prop, value);
	case KIND_EMAIL:
		contact_email_set(contact, prop, value);
		break;
	case KIND_FIELD:
		pim_property_set_field(prop, contact_fields[field].idx, value);
		break;
	case KIND_STREET:
		contact_street_set(prop, value);
		break;
	}
	return TRUE;
}

static void
contact_remove(struct pim_contact *contact, enum contact_slot slot)
{
	pim_vcard_remove(contact->map.slots[slot]);
	contact->map.slots[slot] = NULL;
}

/* The field of a property that has others stays with them. */
static void
contact_unset(struct pim_contact *contact, enum pim_contact_field field)
{
	enum contact_slot slot = contact_fields[field].slot;
	struct pim_property *prop = contact->map.slots[slot];

	if (prop == NULL)
		return;
	if (contact_fields[field].kind == KIND_FIELD ||
	    contact_fields[field].kind == KIND_STREET) {
		(void)contact_set_property(contact, field, prop, "");
		if (slot == CONTACT_SLOT_N || contact_has_value(prop))
			return;
	}
	contact_remove(contact, slot);
}

static bool
contact_change(struct pim_contact *contact, enum pim_contact_field field,
	       const char *value)
{
	enum contact_slot slot = contact_fields[field].slot;
	bool added = contact->map.slots[slot] == NULL;

	if (added)
		contact->map.slots[slot] = contact_slot_add(contact->card, slot);
	if (contact_set_property(contact, field, contact->map.slots[slot],
				 value))
		return TRUE;
	if (added)
		contact_remove(contact, slot);
	return FALSE;
}

bool pim_contact_set(struct pim_contact *contact,
		     enum pim_contact_field field, const char *value)
{
	const char *old = pim_contact_get(contact, field);
	bool ret = TRUE;

	if (value == NULL)
		value = "";
	if (field == PIM_CONTACT_FILE_AS)
		contact->file_as = p_strdup(contact->pool, value);
	if (strcmp(old == NULL ? "" : old, value) == 0)
		return TRUE;
	if (!contact->modified)
		contact_name_begin(contact);
	contact->modified = TRUE;
	if (contact_fields[field].name)
		contact_name_changes(contact);
	if (field == PIM_CONTACT_FILE_AS)
		;		/* when it is known what FN becomes */
	else if (*value == '\0')
		contact_unset(contact, field);
	else
		ret = contact_change(contact, field, value);
	return ret;
}

/* -- children -- */

void pim_contact_get_children(const struct pim_contact *contact,
			      unsigned int max,
			      ARRAY_TYPE(const_string) *names)
{
	struct pim_property *prop;
	const char *name;

	array_foreach_elem(&contact->map.children, prop) {
		if (array_count(names) == max)
			break;
		name = pim_text_clean_line(pim_property_text(prop));
		array_push_back(names, &name);
	}
}

void pim_contact_set_children(struct pim_contact *contact, unsigned int max,
			      const ARRAY_TYPE(const_string) *names)
{
	struct pim_property *prop;
	unsigned int i, old = I_MIN(array_count(&contact->map.children), max);
	const char *name;

	for (i = 0; i < array_count(names); i++) {
		if (i < old)
			prop = array_idx_elem(&contact->map.children, i);
		else {
			prop = contact_child_add(contact->card);
			array_insert(&contact->map.children, i, &prop, 1);
		}
		name = array_idx_elem(names, i);
		if (strcmp(pim_text_clean_line(pim_property_text(prop)),
			   name) != 0) {
			contact->modified = TRUE;
			pim_property_set_text(prop, name);
		}
	}
	for (; old > i; old--) {
		prop = array_idx_elem(&contact->map.children, i);
		pim_vcard_remove(prop);
		array_delete(&contact->map.children, i, 1);
		contact->modified = TRUE;
	}
}

/* -- finish -- */

/* Returns TRUE if all that was set is read as that. */
static bool
contact_pin(struct pim_contact *contact,
	    struct pim_property *const *wanted, bool *more_r)
{
	struct contact_map *map = &contact->map;
	enum contact_slot slot;
	bool ret = TRUE;

	*more_r = FALSE;
	for (slot = CONTACT_SLOT_FIRST_OF_MANY; slot < CONTACT_SLOT_COUNT;
	     slot++) {
		if (map->slots[slot] == wanted[slot])
			continue;
		if (wanted[slot] == NULL) {
			*more_r = TRUE;
			continue;
		}
		pim_property_set_param(wanted[slot], CONTACT_PIN_PARAM,
				       contact_slot_name(slot));
		ret = FALSE;
	}
	return ret;
}

bool pim_contact_finish(struct pim_contact *contact)
{
	struct pim_property *wanted[CONTACT_SLOT_COUNT];
	unsigned int i;
	bool more = FALSE;

	contact_name_finish(contact);
	if (!contact->modified)
		return TRUE;
	memcpy(wanted, contact->map.slots, sizeof(wanted));
	/* one that got its place may take another one's */
	for (i = 0; i < CONTACT_SLOT_COUNT; i++) {
		contact_map_read(&contact->map, contact->card);
		if (contact_pin(contact, wanted, &more))
			break;
	}
	return !more;
}

void pim_contact_get_addresses(const struct pim_component *card,
			       unsigned int max,
			       ARRAY_TYPE(const_string) *addresses)
{
	struct pim_property *prop;
	const char *name, *address;

	for (prop = pim_property_find(card, "EMAIL"); prop != NULL && max > 0;
	     prop = pim_property_next(prop, "EMAIL")) {
		address = pim_text_clean_line(pim_vcard_address(prop));
		if (!contact_email_parse(address, &name, &address))
			continue;
		array_push_back(addresses, &address);
		max--;
	}
}
