/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "strnum.h"
#include "message-address.h"
#include "pim-contact-private.h"
#include "pim-date.h"
#include "pim-text.h"

#include <ctype.h>

/* Apple's year for dates that have none */
#define CONTACT_NO_YEAR 1604
#define CONTACT_OMIT_YEAR "X-APPLE-OMIT-YEAR"

/*
 * Dates
 */

static bool
contact_date_digits(const char **p, unsigned int len, unsigned int *number_r)
{
	*number_r = 0;
	for (; len > 0; len--, (*p)++) {
		if (!i_isdigit(**p))
			return FALSE;
		*number_r = *number_r * 10 + (**p - '0');
	}
	return TRUE;
}

/* "1980-02-29", "19800229", "--02-29", "--0229", all with or without a time behind
   it: a day is the same day everywhere. */
static bool
contact_date_parse(const char *value, unsigned int *year_r,
		   unsigned int *month_r, unsigned int *day_r)
{
	const char *p = value;

	*year_r = CONTACT_NO_YEAR;
	if (p[0] == '-' && p[1] == '-')
		p += 2;
	else if (!contact_date_digits(&p, 4, year_r))
		return FALSE;
	else if (*p == '-')
		p++;
	if (!contact_date_digits(&p, 2, month_r))
		return FALSE;
	if (*p == '-')
		p++;
	if (!contact_date_digits(&p, 2, day_r) || i_isdigit(*p))
		return FALSE;
	return *year_r > 0 && *month_r >= 1 && *month_r <= 12 && *day_r >= 1 &&
		*day_r <= pim_month_length(*year_r, *month_r);
}

const char *contact_date_get(const struct pim_property *prop)
{
	unsigned int year, month, day;
	const char *value = pim_property_value(prop);

	while (*value == ' ')
		value++;
	if (!contact_date_parse(value, &year, &month, &day))
		return NULL;
	return t_strdup_printf("%04u-%02u-%02u", year, month, day);
}

bool contact_date_set(struct pim_property *prop, const char *date)
{
	bool v4 = pim_vcard_version(pim_property_component(prop)) ==
		PIM_VCARD_4_0;
	unsigned int year, month, day;

	if (!contact_date_parse(date, &year, &month, &day))
		return FALSE;
	if (v4 && year == CONTACT_NO_YEAR) {
		pim_property_set_value(prop, t_strdup_printf("--%02u%02u",
							     month, day));
	} else {
		pim_property_set_value(prop, v4 ?
			t_strdup_printf("%04u%02u%02u", year, month, day) :
			t_strdup_printf("%04u-%02u-%02u", year, month, day));
	}
	/* it may have been one with a time, or words */
	if (pim_property_param(prop, "VALUE") != NULL)
		pim_property_set_param(prop, "VALUE", v4 ? NULL : "date");
	if (!v4 && year == CONTACT_NO_YEAR)
		pim_property_set_param(prop, CONTACT_OMIT_YEAR, "1604");
	else if (pim_property_param(prop, CONTACT_OMIT_YEAR) != NULL)
		pim_property_set_param(prop, CONTACT_OMIT_YEAR, NULL);
	return TRUE;
}

/*
 * Addresses of mail
 */

bool contact_email_parse(const char *value, const char **name_r,
			 const char **address_r)
{
	const struct message_address *addr;

	/* nothing that can be wrong */
	if (strpbrk(value, "<>\"(), \t") == NULL &&
	    strchr(value, '@') != NULL) {
		*name_r = "";
		*address_r = value;
		return TRUE;
	}
	addr = message_address_parse(pool_datastack_create(),
				     (const unsigned char *)value,
				     strlen(value), 2, 0);
	if (addr == NULL || addr->next != NULL || addr->invalid_syntax ||
	    addr->mailbox == NULL || *addr->mailbox == '\0' ||
	    addr->domain == NULL || *addr->domain == '\0')
		return FALSE;
	*name_r = addr->name == NULL ? "" : pim_text_clean_line(addr->name);
	*address_r = t_strconcat(addr->mailbox, "@", addr->domain, NULL);
	/* "a@b" <a@b> says nothing more */
	if (strcasecmp(*name_r, *address_r) == 0)
		*name_r = "";
	return TRUE;
}

static const char *contact_email_format(const char *name, const char *address)
{
	string_t *str = t_str_new(128);

	str_append_c(str, '"');
	for (; *name != '\0'; name++) {
		if (*name == '"' || *name == '\\')
			str_append_c(str, '\\');
		str_append_c(str, *name);
	}
	str_printfa(str, "\" <%s>", address);
	return str_c(str);
}

const char *contact_email_get(const struct pim_property *prop)
{
	const char *address = pim_text_clean_line(pim_vcard_address(prop));
	const char *name = pim_property_param(prop, CONTACT_NAME_PARAM);

	if (name == NULL || *(name = pim_text_clean_line(name)) == '\0')
		return address;
	return contact_email_format(name, address);
}

void contact_email_set(const struct pim_contact *contact,
		       struct pim_property *prop, const char *value)
{
	const struct pim_property *fn = contact->map.slots[CONTACT_SLOT_FN];
	const char *name, *address, *old;

	old = pim_text_clean_line(pim_vcard_address(prop));
	if (!contact_email_parse(value, &name, &address)) {
		name = "";
		address = value;
	}
	/* the contact's own name is no news */
	if (fn != NULL &&
	    strcasecmp(name, pim_text_clean_line(pim_property_text(fn))) == 0)
		name = "";
	if (strcmp(old, address) != 0)
		pim_property_set_text(prop, address);
	old = pim_property_param(prop, CONTACT_NAME_PARAM);
	if (strcmp(old == NULL ? "" : pim_text_clean_line(old), name) != 0) {
		pim_property_set_param(prop, CONTACT_NAME_PARAM,
				       *name == '\0' ? NULL : name);
	}
}

/*
 * Streets
 */

/* Who has no fields for them sees them as lines of the street. */
static const enum pim_vcard_adr contact_street_fields[] = {
	PIM_VCARD_ADR_EXTENDED, PIM_VCARD_ADR_STREET, PIM_VCARD_ADR_PO_BOX
};

const char *contact_street_get(const struct pim_property *prop)
{
	string_t *str = t_str_new(64);
	const char *field;

	for (unsigned int i = 0; i < N_ELEMENTS(contact_street_fields); i++) {
		field = pim_property_field(prop, contact_street_fields[i]);
		if (*field == '\0')
			continue;
		if (str_len(str) > 0)
			str_append_c(str, '\n');
		str_append(str, field);
	}
	return str_c(str);
}

void contact_street_set(struct pim_property *prop, const char *street)
{
	for (unsigned int i = 0; i < N_ELEMENTS(contact_street_fields); i++) {
		pim_property_set_field(prop, contact_street_fields[i],
			contact_street_fields[i] == PIM_VCARD_ADR_STREET ?
			street : "");
	}
}
