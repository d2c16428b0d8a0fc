#ifndef PIM_CONTACT_H
#define PIM_CONTACT_H

#include "array.h"
#include "pim-vcard.h"

/* A contact as Outlook and all who took after it see one ([MS-ASCNTC], SIF-C): a fixed set of
   fields, over a vCard that may have any number of anything. A vCard's property
   is shown as at most one field (pim-contact-map.c has the rules); what is shown as none
   stays in the card untouched: further addresses and numbers, unknown properties
   and parameters.

	contact = pim_contact_init(pool, card);
	pim_contact_set(contact, PIM_CONTACT_JOB_TITLE, "Captain");
	same = pim_contact_finish(contact);
	pim_contact_deinit(&contact);

   A setter that is given what the getter returns changes nothing, whatever the property looks
   like. Strings are in the data stack or the card's. */

enum pim_contact_field {
	/* N, FN, ORG */
	PIM_CONTACT_LAST_NAME,
	PIM_CONTACT_FIRST_NAME,
	PIM_CONTACT_MIDDLE_NAME,
	PIM_CONTACT_TITLE,		/* "Dr." */
	PIM_CONTACT_SUFFIX,
	PIM_CONTACT_FILE_AS,
	PIM_CONTACT_NICK_NAME,
	PIM_CONTACT_COMPANY_NAME,
	PIM_CONTACT_DEPARTMENT,
	PIM_CONTACT_JOB_TITLE,
	PIM_CONTACT_OFFICE_LOCATION,
	PIM_CONTACT_YOMI_LAST_NAME,
	PIM_CONTACT_YOMI_FIRST_NAME,
	PIM_CONTACT_YOMI_COMPANY_NAME,
	/* EMAIL: "\"Name\" <address>", or the address alone; what is no address is as it is */
	PIM_CONTACT_EMAIL1,
	PIM_CONTACT_EMAIL2,
	PIM_CONTACT_EMAIL3,
	/* IMPP and the like */
	PIM_CONTACT_IM1,
	PIM_CONTACT_IM2,
	PIM_CONTACT_IM3,
	/* TEL */
	PIM_CONTACT_BUSINESS_PHONE,
	PIM_CONTACT_BUSINESS2_PHONE,
	PIM_CONTACT_BUSINESS_FAX,
	PIM_CONTACT_HOME_PHONE,
	PIM_CONTACT_HOME2_PHONE,
	PIM_CONTACT_HOME_FAX,
	PIM_CONTACT_MOBILE_PHONE,
	PIM_CONTACT_CAR_PHONE,
	PIM_CONTACT_PAGER,
	PIM_CONTACT_RADIO_PHONE,
	PIM_CONTACT_ASSISTANT_PHONE,
	PIM_CONTACT_COMPANY_PHONE,
	PIM_CONTACT_MMS,
	/* ADR; a street may have several lines */
	PIM_CONTACT_BUSINESS_STREET,
	PIM_CONTACT_BUSINESS_CITY,
	PIM_CONTACT_BUSINESS_STATE,
	PIM_CONTACT_BUSINESS_POSTAL_CODE,
	PIM_CONTACT_BUSINESS_COUNTRY,
	PIM_CONTACT_HOME_STREET,
	PIM_CONTACT_HOME_CITY,
	PIM_CONTACT_HOME_STATE,
	PIM_CONTACT_HOME_POSTAL_CODE,
	PIM_CONTACT_HOME_COUNTRY,
	PIM_CONTACT_OTHER_STREET,
	PIM_CONTACT_OTHER_CITY,
	PIM_CONTACT_OTHER_STATE,
	PIM_CONTACT_OTHER_POSTAL_CODE,
	PIM_CONTACT_OTHER_COUNTRY,
	PIM_CONTACT_WEB_PAGE,
	/* "1980-02-29"; the year 1604 stands for none, as Apple has it */
	PIM_CONTACT_BIRTHDAY,
	PIM_CONTACT_ANNIVERSARY,
	PIM_CONTACT_SPOUSE,
	PIM_CONTACT_MANAGER,
	PIM_CONTACT_ASSISTANT,
	PIM_CONTACT_CUSTOMER_ID,
	PIM_CONTACT_GOVERNMENT_ID,
	PIM_CONTACT_ACCOUNT_NAME,

	PIM_CONTACT_FIELD_COUNT
};

struct pim_contact;

/* The card stays the caller's and must not be changed otherwise until deinit. */
struct pim_contact *
pim_contact_init(pool_t pool, struct pim_component *card);
void pim_contact_deinit(struct pim_contact **contact);

/* Clean text, one line but for the streets. NULL = there is none. */
const char *
pim_contact_get(const struct pim_contact *contact,
		enum pim_contact_field field);
/* NULL and "" remove it. Returns FALSE if it is a date and no valid one. */
bool pim_contact_set(struct pim_contact *contact,
		     enum pim_contact_field field, const char *value);

/* At most max. */
void pim_contact_get_children(const struct pim_contact *contact,
			      unsigned int max,
			      ARRAY_TYPE(const_string) *names);
/* Those beyond max, which get doesn't return, stay. */
void pim_contact_set_children(struct pim_contact *contact, unsigned int max,
			      const ARRAY_TYPE(const_string) *names);

/* After the last setter: brings FN after the name, and sees to it that each field that was set
   is read as that. Returns FALSE if a field shows something now that neither was
   there before nor was set: one is gone, and a further number took its place. Whoever
   believes to know the contact by what he set has to read it again. */
bool pim_contact_finish(struct pim_contact *contact);

/* All addresses of a card, not only those that are shown: at most max, in the data
   stack, added to the array. */
void pim_contact_get_addresses(const struct pim_component *card,
			       unsigned int max,
			       ARRAY_TYPE(const_string) *addresses);

#endif
