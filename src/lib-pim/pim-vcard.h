#ifndef PIM_VCARD_H
#define PIM_VCARD_H

#include "pim-lines.h"

/* A vCard (2.1, RFC 2426, RFC 6350) as typed properties over pim-lines.h: a card is
   its component VCARD, and whoever edits it edits that; what stands here
   knows what the versions write differently. Text fields are pim_component_text() and
   pim_property_text(), fields of N, ADR and ORG pim_property_field() with the
   numbers below. Strings are the document's, arrays the data stack's. */

enum pim_vcard_version {
	PIM_VCARD_2_1,
	PIM_VCARD_3_0,
	PIM_VCARD_4_0,
};

/* RFC 6350 6.2.2 */
enum pim_vcard_n {
	PIM_VCARD_N_FAMILY,
	PIM_VCARD_N_GIVEN,
	PIM_VCARD_N_ADDITIONAL,
	PIM_VCARD_N_PREFIX,
	PIM_VCARD_N_SUFFIX,
};

/* RFC 6350 6.3.1 */
enum pim_vcard_adr {
	PIM_VCARD_ADR_PO_BOX,
	PIM_VCARD_ADR_EXTENDED,
	PIM_VCARD_ADR_STREET,
	PIM_VCARD_ADR_LOCALITY,
	PIM_VCARD_ADR_REGION,
	PIM_VCARD_ADR_POSTAL_CODE,
	PIM_VCARD_ADR_COUNTRY,
};

/* RFC 6350 6.6.4; further fields are units below units */
enum pim_vcard_org {
	PIM_VCARD_ORG_NAME,
	PIM_VCARD_ORG_UNIT,
};

/* Values of TYPE; names in pim-vcard.c */
enum pim_vcard_type {
	PIM_VCARD_TYPE_HOME		= 0x0001,
	PIM_VCARD_TYPE_WORK		= 0x0002,
	PIM_VCARD_TYPE_PREF		= 0x0004,	/* also PREF=1 */
	PIM_VCARD_TYPE_VOICE		= 0x0008,
	PIM_VCARD_TYPE_FAX		= 0x0010,
	PIM_VCARD_TYPE_CELL		= 0x0020,
	PIM_VCARD_TYPE_PAGER		= 0x0040,
	PIM_VCARD_TYPE_CAR		= 0x0080,
	PIM_VCARD_TYPE_VIDEO		= 0x0100,
	PIM_VCARD_TYPE_MSG		= 0x0200,
	PIM_VCARD_TYPE_TEXT		= 0x0400,
	PIM_VCARD_TYPE_MODEM		= 0x0800,
	PIM_VCARD_TYPE_ISDN		= 0x1000,
	PIM_VCARD_TYPE_MAIN		= 0x2000,	/* Apple's */
	PIM_VCARD_TYPE_OTHER		= 0x4000,
	PIM_VCARD_TYPE_X400		= 0x8000,
	PIM_VCARD_TYPE_RADIO		= 0x10000,
	PIM_VCARD_TYPE_ASSISTANT	= 0x20000,
	PIM_VCARD_TYPE_COMPANY		= 0x40000,
};

/* The first card of a document (those directly in it); the next one is
   pim_component_next(card, "VCARD"). */
struct pim_component *pim_vcard_first(struct pim_lines *doc);
/* A new document with one empty card. */
struct pim_component *
pim_vcard_create(enum pim_vcard_version version, struct pim_lines **doc_r);
/* Without VERSION it is 3.0. */
enum pim_vcard_version pim_vcard_version(const struct pim_component *card);

/* What to call it: FN, else made of N, ORG, NICKNAME, EMAIL. "" = no name. */
const char *pim_vcard_display_name(const struct pim_component *card);

/* The types of a property. Unknown ones are not in it. */
enum pim_vcard_type pim_vcard_types(const struct pim_property *prop);
/* Sets these types of those named above; other values (X-..., INTERNET) stay. */
void pim_vcard_set_types(struct pim_property *prop, enum pim_vcard_type types);
/* Of the properties of that name whose types contain all of with and none of
   without: the preferred one, else the first. NULL = none. */
struct pim_property *
pim_vcard_find(const struct pim_component *card, const char *name,
	       enum pim_vcard_type with, enum pim_vcard_type without);
/* All of that name, the preferred ones first (PREF, TYPE=pref), otherwise in
   their order. */
unsigned int
pim_vcard_list(const struct pim_component *card, const char *name,
	       struct pim_property *const **props_r);
/* A telephone number or an address, without the scheme of a URI (tel:,
   mailto:). */
const char *pim_vcard_address(const struct pim_property *prop);
/* Removes the property, and what only names it (Apple's item1.X-ABLabel). */
void pim_vcard_remove(struct pim_property *prop);

/* The bytes of PHOTO, KEY, LOGO, SOUND: base64, or a data: URI. *media_type_r is
   "image/jpeg", or NULL if nobody said. Returns FALSE if the value is
   something else (a URI that would have to be fetched) or has more than
   max_size bytes. */
bool pim_vcard_binary(const struct pim_property *prop, size_t max_size,
		      buffer_t *dest, const char **media_type_r);
/* Sets the first property of that name to these bytes, as the card's version
   writes them, or adds it. The same bytes change nothing. size 0 removes all
   of that name. */
void pim_vcard_set_binary(struct pim_component *card, const char *name,
			  const void *data, size_t size,
			  const char *media_type);

#endif
