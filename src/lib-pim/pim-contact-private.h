#ifndef PIM_CONTACT_PRIVATE_H
#define PIM_CONTACT_PRIVATE_H

#include "pim-contact.h"

/* What the pim-contact*.c files share. A slot is a place for one property. */

enum contact_slot {
	CONTACT_SLOT_N,
	CONTACT_SLOT_FN,
	CONTACT_SLOT_FILE_AS,
	CONTACT_SLOT_NICK_NAME,
	CONTACT_SLOT_ORG,
	CONTACT_SLOT_JOB_TITLE,
	CONTACT_SLOT_OFFICE,
	CONTACT_SLOT_YOMI_LAST,
	CONTACT_SLOT_YOMI_FIRST,
	CONTACT_SLOT_YOMI_COMPANY,
	CONTACT_SLOT_BIRTHDAY,
	CONTACT_SLOT_ANNIVERSARY,
	CONTACT_SLOT_SPOUSE,
	CONTACT_SLOT_MANAGER,
	CONTACT_SLOT_ASSISTANT,
	CONTACT_SLOT_MMS,
	CONTACT_SLOT_CUSTOMER_ID,
	CONTACT_SLOT_GOVERNMENT_ID,
	CONTACT_SLOT_ACCOUNT_NAME,
	/* from here on there may be more properties than slots */
	CONTACT_SLOT_WEB_PAGE,
	CONTACT_SLOT_EMAIL1,
	CONTACT_SLOT_EMAIL2,
	CONTACT_SLOT_EMAIL3,
	CONTACT_SLOT_IM1,
	CONTACT_SLOT_IM2,
	CONTACT_SLOT_IM3,
	CONTACT_SLOT_ADR_BUSINESS,
	CONTACT_SLOT_ADR_HOME,
	CONTACT_SLOT_ADR_OTHER,
	CONTACT_SLOT_TEL_BUSINESS,
	CONTACT_SLOT_TEL_BUSINESS2,
	CONTACT_SLOT_TEL_BUSINESS_FAX,
	CONTACT_SLOT_TEL_HOME,
	CONTACT_SLOT_TEL_HOME2,
	CONTACT_SLOT_TEL_HOME_FAX,
	CONTACT_SLOT_TEL_MOBILE,
	CONTACT_SLOT_TEL_CAR,
	CONTACT_SLOT_TEL_PAGER,
	CONTACT_SLOT_TEL_RADIO,
	CONTACT_SLOT_TEL_ASSISTANT,
	CONTACT_SLOT_TEL_COMPANY,

	CONTACT_SLOT_COUNT
};
#define CONTACT_SLOT_FIRST_OF_MANY CONTACT_SLOT_WEB_PAGE

/* A parameter that says which field a property is, where its place and its types don't */
#define CONTACT_PIN_PARAM "X-ROOST-FIELD"
/* The name that a device gave an address, if it is not that of the contact */
#define CONTACT_NAME_PARAM "X-ROOST-NAME"

struct contact_map {
	struct pim_property *slots[CONTACT_SLOT_COUNT];
	ARRAY(struct pim_property *) children;
};

struct pim_contact {
	pool_t pool;
	struct pim_component *card;
	struct contact_map map;
	/* as it was in the beginning */
	struct pim_property *first[CONTACT_SLOT_COUNT];
	/* The fields that names are made of, before they were set */
	const char *old_names[PIM_CONTACT_FIELD_COUNT];
	/* what FILE_AS was set to, "" = removed; NULL = it was not set */
	const char *file_as;
	bool names_changed:1;
	/* FN was made of something that is no name */
	bool fn_stands_in:1;
	/* it was so before */
	bool fn_stood_in:1;
	bool modified:1;
};

/* pim-contact-map.c: gives properties their slots. */
/* NULL, "" and ";;;;" have none. */
bool contact_has_value(const struct pim_property *prop);
void contact_map_init(struct contact_map *map, pool_t pool);
void contact_map_read(struct contact_map *map,
		      const struct pim_component *card);
/* "Email1Address": the value of CONTACT_PIN_PARAM. NULL for slots that need none. */
const char *contact_slot_name(enum contact_slot slot);
/* Adds an empty property to the card that will be read as this slot's. */
struct pim_property *
contact_slot_add(struct pim_component *card, enum contact_slot slot);
/* Another child. */
struct pim_property *contact_child_add(struct pim_component *card);

/* pim-contact-name.c */
/* Something is to be set. */
void contact_name_begin(struct pim_contact *contact);
/* FN is to be kept as it goes with the name. */
void contact_name_changes(struct pim_contact *contact);
void contact_name_finish(struct pim_contact *contact);
/* The last name of a card that has a name, but no parts of it. NULL = no such. */
const char *contact_name_whole(const struct pim_contact *contact);

/* pim-contact-value.c: values that are written in several ways. */
const char *contact_date_get(const struct pim_property *prop);
/* Returns FALSE if it is none. */
bool contact_date_set(struct pim_property *prop, const char *date);
const char *contact_email_get(const struct pim_property *prop);
void contact_email_set(const struct pim_contact *contact,
		       struct pim_property *prop, const char *value);
/* Splits "Name <address>". Returns FALSE if it is not one address. name_r is "" if
   there is none. */
bool contact_email_parse(const char *value, const char **name_r,
			 const char **address_r);
const char *contact_street_get(const struct pim_property *prop);
void contact_street_set(struct pim_property *prop, const char *street);

#endif
