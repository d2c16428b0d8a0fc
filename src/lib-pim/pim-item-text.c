/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "pim-html.h"
#include "pim-item-text.h"
#include "pim-text.h"
#include "pim-vcard.h"

#include <ctype.h>

enum text_form {
	TEXT_PLAIN,
	/* fields with ';' between them */
	TEXT_FIELDS,
	/* an address without its scheme; digits without what is between them */
	TEXT_ADDRESS,
	TEXT_PHONE,
	/* an address, and the name that CN has */
	TEXT_PERSON,
	/* what a parameter says: of the file, of the place */
	TEXT_FILE,
	TEXT_PLACE,
	TEXT_HTML,
	/* a name, if it is no reference to another card */
	TEXT_RELATED,
};

struct text_property {
	const char *name;
	enum text_form form;
};

/* All are sorted by name. */
static const struct text_property ical_texts[] = {
	{ "ATTACH", TEXT_FILE },
	{ "ATTENDEE", TEXT_PERSON },
	{ "CATEGORIES", TEXT_PLAIN },
	{ "COMMENT", TEXT_PLAIN },
	{ "CONTACT", TEXT_PLAIN },
	{ "DESCRIPTION", TEXT_PLAIN },
	{ "LOCATION", TEXT_PLAIN },
	{ "ORGANIZER", TEXT_PERSON },
	{ "RESOURCES", TEXT_PLAIN },
	{ "SUMMARY", TEXT_PLAIN },
	{ "URL", TEXT_PLAIN },
	{ "X-ALT-DESC", TEXT_HTML },
	{ "X-APPLE-STRUCTURED-LOCATION", TEXT_PLACE },
	{ "X-ROOST-LOCATION", TEXT_PLACE },
};

static const struct text_property vcard_texts[] = {
	{ "ADR", TEXT_FIELDS },
	{ "CATEGORIES", TEXT_PLAIN },
	{ "EMAIL", TEXT_ADDRESS },
	{ "FN", TEXT_PLAIN },
	{ "IMPP", TEXT_ADDRESS },
	{ "LABEL", TEXT_PLAIN },
	{ "N", TEXT_FIELDS },
	{ "NICKNAME", TEXT_PLAIN },
	{ "NOTE", TEXT_PLAIN },
	{ "ORG", TEXT_FIELDS },
	{ "RELATED", TEXT_RELATED },
	{ "ROLE", TEXT_PLAIN },
	{ "TEL", TEXT_PHONE },
	{ "TITLE", TEXT_PLAIN },
	{ "URL", TEXT_PLAIN },
	{ "X-ABRELATEDNAMES", TEXT_PLAIN },
	{ "X-AIM", TEXT_PLAIN },
	{ "X-ASSISTANT", TEXT_PLAIN },
	{ "X-EVOLUTION-ASSISTANT", TEXT_PLAIN },
	{ "X-EVOLUTION-FILE-AS", TEXT_PLAIN },
	{ "X-EVOLUTION-MANAGER", TEXT_PLAIN },
	{ "X-EVOLUTION-SPOUSE", TEXT_PLAIN },
	{ "X-GADUGADU", TEXT_PLAIN },
	{ "X-GOOGLE-TALK", TEXT_PLAIN },
	{ "X-GROUPWISE", TEXT_PLAIN },
	{ "X-ICQ", TEXT_PLAIN },
	{ "X-JABBER", TEXT_PLAIN },
	{ "X-KADDRESSBOOK-X-ASSISTANTSNAME", TEXT_PLAIN },
	{ "X-KADDRESSBOOK-X-MANAGERSNAME", TEXT_PLAIN },
	{ "X-KADDRESSBOOK-X-OFFICE", TEXT_PLAIN },
	{ "X-KADDRESSBOOK-X-SPOUSESNAME", TEXT_PLAIN },
	{ "X-MANAGER", TEXT_PLAIN },
	{ "X-MS-ASSISTANT", TEXT_PLAIN },
	{ "X-MS-CHILD", TEXT_PLAIN },
	{ "X-MS-IMADDRESS", TEXT_PLAIN },
	{ "X-MS-MANAGER", TEXT_PLAIN },
	{ "X-MS-SPOUSE", TEXT_PLAIN },
	{ "X-MS-TEL", TEXT_PHONE },
	{ "X-MSN", TEXT_PLAIN },
	{ "X-PHONETIC-FIRST-NAME", TEXT_PLAIN },
	{ "X-PHONETIC-LAST-NAME", TEXT_PLAIN },
	{ "X-PHONETIC-ORG", TEXT_PLAIN },
	{ "X-QQ", TEXT_PLAIN },
	{ "X-ROOST-ACCOUNT-NAME", TEXT_PLAIN },
	{ "X-ROOST-CUSTOMER-ID", TEXT_PLAIN },
	{ "X-ROOST-FILE-AS", TEXT_PLAIN },
	{ "X-ROOST-GOVERNMENT-ID", TEXT_PLAIN },
	{ "X-ROOST-MMS", TEXT_PLAIN },
	{ "X-ROOST-OFFICE", TEXT_PLAIN },
	{ "X-SKYPE", TEXT_PLAIN },
	{ "X-SKYPE-USERNAME", TEXT_PLAIN },
	{ "X-SPOUSE", TEXT_PLAIN },
	{ "X-YAHOO", TEXT_PLAIN },
};

static const struct {
	const char *name;
	const struct text_property *texts;
	unsigned int count;
} text_components[] = {
	{ "VCARD", vcard_texts, N_ELEMENTS(vcard_texts) },
	{ "VEVENT", ical_texts, N_ELEMENTS(ical_texts) },
	{ "VJOURNAL", ical_texts, N_ELEMENTS(ical_texts) },
	{ "VTODO", ical_texts, N_ELEMENTS(ical_texts) },
};

static const char *const file_params[] = { "FILENAME", "X-FILENAME", NULL };
static const char *const place_params[] = {
	"X-TITLE", "X-ADDRESS", "X-ANNOTATION", "X-STREET", "X-CITY",
	"X-STATE", "X-COUNTRY", "X-POSTAL-CODE", NULL
};

static int
text_property_cmp(const char *name, const struct text_property *text)
{
	return strcasecmp(name, text->name);
}

static const struct text_property *
text_property_find(const struct text_property *texts, unsigned int count,
		   const char *name)
{
	unsigned int left = 0, right = count, mid;
	int cmp;

	while (left < right) {
		mid = left + (right - left) / 2;
		cmp = text_property_cmp(name, &texts[mid]);
		if (cmp == 0)
			return &texts[mid];
		if (cmp < 0)
			right = mid;
		else
			left = mid + 1;
	}
	return NULL;
}

static void text_add(buffer_t *dest, const char *text)
{
	size_t start = dest->used;

	if (text != NULL)
		pim_text_fold(text, strlen(text), dest);
	if (dest->used > start)
		buffer_append_c(dest, '\n');
}

static void text_add_fields(buffer_t *dest, const struct pim_property *prop)
{
	const char *const *parts =
		pim_value_split(pim_property_value(prop), ';');

	for (; *parts != NULL; parts++)
		text_add(dest, pim_value_unescape(*parts));
}

static void text_add_phone(buffer_t *dest, const struct pim_property *prop)
{
	const char *number = pim_vcard_address(prop), *p;
	string_t *digits = t_str_new(32);

	text_add(dest, number);
	for (p = number; *p != '\0'; p++) {
		if (i_isdigit(*p))
			str_append_c(digits, *p);
	}
	if (strcmp(str_c(digits), number) != 0)
		text_add(dest, str_c(digits));
}

static void
text_add_params(buffer_t *dest, const struct pim_property *prop,
		const char *const *names)
{
	for (; *names != NULL; names++)
		text_add(dest, pim_property_param(prop, *names));
}

static void text_add_html(buffer_t *dest, const struct pim_property *prop)
{
	const char *html = pim_property_text(prop);
	struct pim_html2text *conv;
	string_t *text;

	/* it says the same */
	if (pim_component_value(pim_property_component(prop),
				"DESCRIPTION") != NULL ||
	    !pim_property_has_param(prop, "FMTTYPE", "text/html"))
		return;
	text = t_str_new(256);
	conv = pim_html2text_init();
	pim_html2text_more(conv, (const unsigned char *)html, strlen(html),
			   text);
	pim_html2text_finish(conv, text);
	pim_html2text_deinit(&conv);
	text_add(dest, str_c(text));
}

static void text_add_property(buffer_t *dest, const struct pim_property *prop,
			      enum text_form form)
{
	switch (form) {
	case TEXT_PLAIN:
		text_add(dest, pim_property_text(prop));
		break;
	case TEXT_FIELDS:
		text_add_fields(dest, prop);
		break;
	case TEXT_PERSON:
		text_add(dest, pim_property_param(prop, "CN"));
		/* fall through */
	case TEXT_ADDRESS:
		text_add(dest, pim_vcard_address(prop));
		break;
	case TEXT_PHONE:
		text_add_phone(dest, prop);
		break;
	case TEXT_FILE:
		text_add_params(dest, prop, file_params);
		break;
	case TEXT_PLACE:
		text_add_params(dest, prop, place_params);
		break;
	case TEXT_HTML:
		text_add_html(dest, prop);
		break;
	case TEXT_RELATED:
		if (pim_property_has_param(prop, "VALUE", "text"))
			text_add(dest, pim_property_text(prop));
		break;
	}
}

static void
text_add_component(const struct pim_component *comp, buffer_t *dest,
		   const struct text_property *texts, unsigned int count)
{
	const struct text_property *text;
	struct pim_property *prop;

	for (prop = pim_property_find(comp, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) {
		text = text_property_find(texts, count,
					  pim_property_name(prop));
		if (text == NULL)
			continue;
		T_BEGIN {
			text_add_property(dest, prop, text->form);
		} T_END;
	}
}

static void
text_add_below(const struct pim_component *parent, buffer_t *dest)
{
	struct pim_component *comp;
	unsigned int i;

	for (comp = pim_component_find(parent, NULL); comp != NULL;
	     comp = pim_component_next(comp, NULL)) {
		for (i = 0; i < N_ELEMENTS(text_components); i++) {
			if (strcasecmp(pim_component_name(comp),
				       text_components[i].name) != 0)
				continue;
			text_add_component(comp, dest,
					   text_components[i].texts,
					   text_components[i].count);
		}
		if (strcasecmp(pim_component_name(comp), "VCALENDAR") == 0)
			text_add_below(comp, dest);
	}
}

void pim_item_text_fold(struct pim_lines *doc, buffer_t *dest)
{
	text_add_below(pim_lines_root(doc), dest);
}
