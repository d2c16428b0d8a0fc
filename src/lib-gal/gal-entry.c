/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "pim-text.h"
#include "pim-vcard.h"
#include "gal-private.h"

/* NULL for nothing and for an empty text. */
static const char *entry_text(pool_t pool, const char *text)
{
	if (text == NULL)
		return NULL;
	text = pim_text_clean_line(text);
	return *text == '\0' ? NULL : p_strdup(pool, text);
}

static const char *
entry_field(pool_t pool, struct pim_component *card, const char *name,
	    unsigned int idx)
{
	struct pim_property *prop = pim_property_find(card, name);

	return prop == NULL ? NULL :
		entry_text(pool, pim_property_field(prop, idx));
}

static const char *
entry_phone(pool_t pool, struct pim_component *card, enum pim_vcard_type with,
	    enum pim_vcard_type without)
{
	struct pim_property *prop;

	prop = pim_vcard_find(card, "TEL", with, without |
			      PIM_VCARD_TYPE_FAX | PIM_VCARD_TYPE_PAGER);
	return prop == NULL ? NULL :
		entry_text(pool, pim_vcard_address(prop));
}

static void entry_fill_phones(struct gal_entry *entry, pool_t pool,
			      struct pim_component *card)
{
	entry->phone = entry_phone(pool, card, PIM_VCARD_TYPE_WORK,
				   PIM_VCARD_TYPE_CELL);
	if (entry->phone == NULL)
		entry->phone = entry_phone(pool, card, 0, PIM_VCARD_TYPE_CELL |
					   PIM_VCARD_TYPE_HOME);
	entry->home_phone = entry_phone(pool, card, PIM_VCARD_TYPE_HOME,
					PIM_VCARD_TYPE_CELL);
	entry->mobile_phone = entry_phone(pool, card, PIM_VCARD_TYPE_CELL, 0);
}

static void entry_fill_emails(struct gal_entry *entry, pool_t pool,
			      struct pim_component *card)
{
	ARRAY_TYPE(const_string) emails;
	struct pim_property *const *props;
	unsigned int count;

	count = pim_vcard_list(card, "EMAIL", &props);
	p_array_init(&emails, pool, count + 1);
	for (unsigned int i = 0; i < count; i++) {
		const char *email = entry_text(pool,
					       pim_vcard_address(props[i]));

		if (email != NULL)
			array_push_back(&emails, &email);
	}
	array_append_zero(&emails);
	entry->emails = array_front(&emails);
	entry->email = entry->emails[0];
}

static const char *
entry_alias(pool_t pool, struct pim_component *card, const char *email)
{
	const char *alias = entry_field(pool, card, "NICKNAME", 0), *at;

	if (alias != NULL || email == NULL)
		return alias;
	at = strchr(email, '@');
	return at == NULL ? email : p_strdup_until(pool, email, at);
}

/* Where the desk is. vCard has no property for it: some write their own, others
   the extended address of work. */
static const char *entry_office(pool_t pool, struct pim_component *card)
{
	static const char *const names[] = { "X-OFFICE", "X-EVOLUTION-OFFICE" };
	struct pim_property *prop;
	const char *office;

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++) {
		office = entry_text(pool, pim_component_text(card, names[i]));
		if (office != NULL)
			return office;
	}
	prop = pim_vcard_find(card, "ADR", PIM_VCARD_TYPE_WORK, 0);
	return prop == NULL ? NULL : entry_text(pool,
		pim_property_field(prop, PIM_VCARD_ADR_EXTENDED));
}

static unsigned int entry_members(struct pim_component *card)
{
	const char *kind = pim_component_text(card, "KIND");
	struct pim_property *prop;
	unsigned int count = 0;

	if (kind == NULL)
		kind = pim_component_text(card, "X-ADDRESSBOOKSERVER-KIND");
	if (kind == NULL || strcasecmp(kind, "group") != 0)
		return 0;
	for (prop = pim_property_find(card, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		const char *name = pim_property_name(prop);

		if (strcasecmp(name, "MEMBER") == 0 ||
		    strcasecmp(name, "X-ADDRESSBOOKSERVER-MEMBER") == 0)
			count++;
	}
	return count;
}

void gal_entry_fill(struct gal_entry *entry, pool_t pool,
		    struct pim_component *card)
{
	i_zero(entry);
	entry->card = card;
	entry->display_name = p_strdup(pool, pim_vcard_display_name(card));
	entry_fill_emails(entry, pool, card);
	entry_fill_phones(entry, pool, card);
	entry->alias = entry_alias(pool, card, entry->email);
	entry->first_name = entry_field(pool, card, "N", PIM_VCARD_N_GIVEN);
	entry->last_name = entry_field(pool, card, "N", PIM_VCARD_N_FAMILY);
	entry->title = entry_text(pool, pim_component_text(card, "TITLE"));
	entry->company = entry_field(pool, card, "ORG", PIM_VCARD_ORG_NAME);
	entry->office = entry_office(pool, card);
	entry->members = entry_members(card);
}

enum gal_picture_status
gal_entry_picture(const struct gal_entry *entry,
		  struct gal_picture_limits *limits, buffer_t *dest)
{
	struct pim_property *prop = pim_property_find(entry->card, "PHOTO");
	const char *media_type;

	if (prop == NULL ||
	    !pim_vcard_binary(prop, GAL_MAX_CARD, dest, &media_type))
		return GAL_PICTURE_NONE;
	if (dest->used > limits->max_size)
		return GAL_PICTURE_TOO_LARGE;
	if (limits->count >= limits->max_pictures)
		return GAL_PICTURE_LIMIT;
	limits->count++;
	return GAL_PICTURE_OK;
}
