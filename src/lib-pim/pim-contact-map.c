/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "pim-contact-private.h"

#include <ctype.h>

/* Which property is shown as which field.

   What can stand once is found by its name; of several that mean the same the first one in
   the card that has a value is it. Telephone numbers, addresses and the like go through
   three rounds: those that say which field they are (CONTACT_PIN_PARAM), those whose
   types say it, and what is left over takes free places where it does no harm
   (a number without type). In each round the preferred ones come first, then those that
   stand first. */

/* More of one name are not looked at. */
#define CONTACT_MAX_MANY 64
/* For each of Apple's labelled ones the label has to be looked for. */
#define CONTACT_MAX_LABELLED 400

enum contact_rule {
	RULE_ONE,			/* one slot, the first one wins */
	RULE_TEL,
	RULE_EMAIL,
	RULE_IM,
	RULE_ADR,
	RULE_URL,
	RULE_CHILD,
	RULE_RELATED,			/* RFC 6350 6.6.6 */
	RULE_AB_NAME,			/* Apple's, with a label beside it */
	RULE_AB_DATE,
};

struct contact_name {
	const char *name;
	enum contact_rule rule;
	enum contact_slot slot;
};

/* Sorted by name. */
static const struct contact_name contact_names[] = {
	{ "ADR", RULE_ADR, 0 },
	{ "ANNIVERSARY", RULE_ONE, CONTACT_SLOT_ANNIVERSARY },
	{ "BDAY", RULE_ONE, CONTACT_SLOT_BIRTHDAY },
	{ "EMAIL", RULE_EMAIL, 0 },
	{ "FN", RULE_ONE, CONTACT_SLOT_FN },
	{ "IMPP", RULE_IM, 0 },
	{ "N", RULE_ONE, CONTACT_SLOT_N },
	{ "NICKNAME", RULE_ONE, CONTACT_SLOT_NICK_NAME },
	{ "ORG", RULE_ONE, CONTACT_SLOT_ORG },
	{ "RELATED", RULE_RELATED, 0 },
	{ "TEL", RULE_TEL, 0 },
	{ "TITLE", RULE_ONE, CONTACT_SLOT_JOB_TITLE },
	{ "URL", RULE_URL, 0 },
	{ "X-ABDATE", RULE_AB_DATE, 0 },
	{ "X-ABRELATEDNAMES", RULE_AB_NAME, 0 },
	{ "X-AIM", RULE_IM, 0 },
	{ "X-ANNIVERSARY", RULE_ONE, CONTACT_SLOT_ANNIVERSARY },
	{ "X-ASSISTANT", RULE_ONE, CONTACT_SLOT_ASSISTANT },
	{ "X-EVOLUTION-ANNIVERSARY", RULE_ONE, CONTACT_SLOT_ANNIVERSARY },
	{ "X-EVOLUTION-ASSISTANT", RULE_ONE, CONTACT_SLOT_ASSISTANT },
	{ "X-EVOLUTION-FILE-AS", RULE_ONE, CONTACT_SLOT_FILE_AS },
	{ "X-EVOLUTION-MANAGER", RULE_ONE, CONTACT_SLOT_MANAGER },
	{ "X-EVOLUTION-SPOUSE", RULE_ONE, CONTACT_SLOT_SPOUSE },
	{ "X-GADUGADU", RULE_IM, 0 },
	{ "X-GOOGLE-TALK", RULE_IM, 0 },
	{ "X-GROUPWISE", RULE_IM, 0 },
	{ "X-ICQ", RULE_IM, 0 },
	{ "X-JABBER", RULE_IM, 0 },
	{ "X-KADDRESSBOOK-X-ANNIVERSARY", RULE_ONE,
	  CONTACT_SLOT_ANNIVERSARY },
	{ "X-KADDRESSBOOK-X-ASSISTANTSNAME", RULE_ONE,
	  CONTACT_SLOT_ASSISTANT },
	{ "X-KADDRESSBOOK-X-MANAGERSNAME", RULE_ONE, CONTACT_SLOT_MANAGER },
	{ "X-KADDRESSBOOK-X-OFFICE", RULE_ONE, CONTACT_SLOT_OFFICE },
	{ "X-KADDRESSBOOK-X-SPOUSESNAME", RULE_ONE, CONTACT_SLOT_SPOUSE },
	{ "X-MANAGER", RULE_ONE, CONTACT_SLOT_MANAGER },
	{ "X-MS-ANNIVERSARY", RULE_ONE, CONTACT_SLOT_ANNIVERSARY },
	{ "X-MS-ASSISTANT", RULE_ONE, CONTACT_SLOT_ASSISTANT },
	{ "X-MS-CHILD", RULE_CHILD, 0 },
	{ "X-MS-IMADDRESS", RULE_IM, 0 },
	{ "X-MS-MANAGER", RULE_ONE, CONTACT_SLOT_MANAGER },
	{ "X-MS-SPOUSE", RULE_ONE, CONTACT_SLOT_SPOUSE },
	{ "X-MS-TEL", RULE_TEL, 0 },
	{ "X-MSN", RULE_IM, 0 },
	{ "X-PHONETIC-FIRST-NAME", RULE_ONE, CONTACT_SLOT_YOMI_FIRST },
	{ "X-PHONETIC-LAST-NAME", RULE_ONE, CONTACT_SLOT_YOMI_LAST },
	{ "X-PHONETIC-ORG", RULE_ONE, CONTACT_SLOT_YOMI_COMPANY },
	{ "X-QQ", RULE_IM, 0 },
	{ "X-ROOST-ACCOUNT-NAME", RULE_ONE, CONTACT_SLOT_ACCOUNT_NAME },
	{ "X-ROOST-CUSTOMER-ID", RULE_ONE, CONTACT_SLOT_CUSTOMER_ID },
	{ "X-ROOST-FILE-AS", RULE_ONE, CONTACT_SLOT_FILE_AS },
	{ "X-ROOST-GOVERNMENT-ID", RULE_ONE, CONTACT_SLOT_GOVERNMENT_ID },
	{ "X-ROOST-MMS", RULE_ONE, CONTACT_SLOT_MMS },
	{ "X-ROOST-OFFICE", RULE_ONE, CONTACT_SLOT_OFFICE },
	{ "X-SKYPE", RULE_IM, 0 },
	{ "X-SKYPE-USERNAME", RULE_IM, 0 },
	{ "X-SPOUSE", RULE_ONE, CONTACT_SLOT_SPOUSE },
	{ "X-YAHOO", RULE_IM, 0 },
};

/* What is written where there is nothing yet, and the names of the fields of which there may be
   many. */
static const struct {
	const char *property, *property4;
	const char *field;
	enum pim_vcard_type types;
} contact_slots[CONTACT_SLOT_COUNT] = {
	[CONTACT_SLOT_N] = { "N", NULL, NULL, 0 },
	[CONTACT_SLOT_FN] = { "FN", NULL, NULL, 0 },
	[CONTACT_SLOT_FILE_AS] = { "X-ROOST-FILE-AS", NULL, NULL, 0 },
	[CONTACT_SLOT_NICK_NAME] = { "NICKNAME", NULL, NULL, 0 },
	[CONTACT_SLOT_ORG] = { "ORG", NULL, NULL, 0 },
	[CONTACT_SLOT_JOB_TITLE] = { "TITLE", NULL, NULL, 0 },
	[CONTACT_SLOT_OFFICE] = { "X-ROOST-OFFICE", NULL, NULL, 0 },
	[CONTACT_SLOT_YOMI_LAST] = { "X-PHONETIC-LAST-NAME", NULL, NULL, 0 },
	[CONTACT_SLOT_YOMI_FIRST] = { "X-PHONETIC-FIRST-NAME", NULL, NULL, 0 },
	[CONTACT_SLOT_YOMI_COMPANY] = { "X-PHONETIC-ORG", NULL, NULL, 0 },
	[CONTACT_SLOT_BIRTHDAY] = { "BDAY", NULL, NULL, 0 },
	[CONTACT_SLOT_ANNIVERSARY] = { "X-ANNIVERSARY", "ANNIVERSARY",
				       NULL, 0 },
	[CONTACT_SLOT_SPOUSE] = { "X-SPOUSE", NULL, NULL, 0 },
	[CONTACT_SLOT_MANAGER] = { "X-MANAGER", NULL, NULL, 0 },
	[CONTACT_SLOT_ASSISTANT] = { "X-ASSISTANT", NULL, NULL, 0 },
	[CONTACT_SLOT_MMS] = { "X-ROOST-MMS", NULL, NULL, 0 },
	[CONTACT_SLOT_CUSTOMER_ID] = { "X-ROOST-CUSTOMER-ID", NULL, NULL, 0 },
	[CONTACT_SLOT_GOVERNMENT_ID] = { "X-ROOST-GOVERNMENT-ID", NULL,
					 NULL, 0 },
	[CONTACT_SLOT_ACCOUNT_NAME] = { "X-ROOST-ACCOUNT-NAME", NULL,
					NULL, 0 },
	[CONTACT_SLOT_WEB_PAGE] = { "URL", NULL, "WebPage", 0 },
	[CONTACT_SLOT_EMAIL1] = { "EMAIL", NULL, "Email1Address", 0 },
	[CONTACT_SLOT_EMAIL2] = { "EMAIL", NULL, "Email2Address", 0 },
	[CONTACT_SLOT_EMAIL3] = { "EMAIL", NULL, "Email3Address", 0 },
	[CONTACT_SLOT_IM1] = { "X-MS-IMADDRESS", NULL, "IMAddress", 0 },
	[CONTACT_SLOT_IM2] = { "X-MS-IMADDRESS", NULL, "IMAddress2", 0 },
	[CONTACT_SLOT_IM3] = { "X-MS-IMADDRESS", NULL, "IMAddress3", 0 },
	[CONTACT_SLOT_ADR_BUSINESS] = { "ADR", NULL, "BusinessAddress",
					PIM_VCARD_TYPE_WORK },
	[CONTACT_SLOT_ADR_HOME] = { "ADR", NULL, "HomeAddress",
				    PIM_VCARD_TYPE_HOME },
	[CONTACT_SLOT_ADR_OTHER] = { "ADR", NULL, "OtherAddress", 0 },
	[CONTACT_SLOT_TEL_BUSINESS] = { "TEL", NULL, "BusinessPhoneNumber",
		PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_VOICE },
	[CONTACT_SLOT_TEL_BUSINESS2] = { "TEL", NULL, "Business2PhoneNumber",
		PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_VOICE },
	[CONTACT_SLOT_TEL_BUSINESS_FAX] = { "TEL", NULL, "BusinessFaxNumber",
		PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_FAX },
	[CONTACT_SLOT_TEL_HOME] = { "TEL", NULL, "HomePhoneNumber",
		PIM_VCARD_TYPE_HOME | PIM_VCARD_TYPE_VOICE },
	[CONTACT_SLOT_TEL_HOME2] = { "TEL", NULL, "Home2PhoneNumber",
		PIM_VCARD_TYPE_HOME | PIM_VCARD_TYPE_VOICE },
	[CONTACT_SLOT_TEL_HOME_FAX] = { "TEL", NULL, "HomeFaxNumber",
		PIM_VCARD_TYPE_HOME | PIM_VCARD_TYPE_FAX },
	[CONTACT_SLOT_TEL_MOBILE] = { "TEL", NULL, "MobilePhoneNumber",
		PIM_VCARD_TYPE_CELL },
	[CONTACT_SLOT_TEL_CAR] = { "TEL", NULL, "CarPhoneNumber",
		PIM_VCARD_TYPE_CAR },
	[CONTACT_SLOT_TEL_PAGER] = { "TEL", NULL, "PagerNumber",
		PIM_VCARD_TYPE_PAGER },
	[CONTACT_SLOT_TEL_RADIO] = { "TEL", NULL, "RadioPhoneNumber",
		PIM_VCARD_TYPE_RADIO },
	[CONTACT_SLOT_TEL_ASSISTANT] = { "TEL", NULL, "AssistantPhoneNumber",
		PIM_VCARD_TYPE_ASSISTANT },
	[CONTACT_SLOT_TEL_COMPANY] = { "TEL", NULL, "CompanyMainPhone",
		PIM_VCARD_TYPE_COMPANY },
};

/* Apple's labels and the types of RFC 6350 */
static const struct {
	const char *label, *type;
	int slot;			/* -1 = a child */
} contact_relations[] = {
	{ "_$!<Spouse>!$_", "spouse", CONTACT_SLOT_SPOUSE },
	{ "_$!<Partner>!$_", NULL, CONTACT_SLOT_SPOUSE },
	{ "_$!<Manager>!$_", NULL, CONTACT_SLOT_MANAGER },
	{ "_$!<Assistant>!$_", NULL, CONTACT_SLOT_ASSISTANT },
	{ "_$!<Child>!$_", "child", -1 },
	{ "_$!<Son>!$_", NULL, -1 },
	{ "_$!<Daughter>!$_", NULL, -1 },
};
#define APPLE_ANNIVERSARY "_$!<Anniversary>!$_"

/* One property of which there may be many. */
struct contact_many {
	struct pim_property *prop;
	enum pim_vcard_type types;
	enum contact_slot pin;		/* CONTACT_SLOT_COUNT = none */
	unsigned int idx;
	bool used;
};
ARRAY_DEFINE_TYPE(contact_many, struct contact_many);

struct contact_mapper {
	const struct pim_component *card;
	struct contact_map *map;
	/* by rule */
	ARRAY_TYPE(contact_many) many[RULE_URL + 1];
	unsigned int labelled;
};

static int contact_name_cmp(const char *name, const struct contact_name *row)
{
	return strcasecmp(name, row->name);
}

static const struct contact_name *contact_name_find(const char *name)
{
	unsigned int idx, left = 0, right = N_ELEMENTS(contact_names);
	int cmp;

	while (left < right) {
		idx = (left + right) / 2;
		cmp = contact_name_cmp(name, &contact_names[idx]);
		if (cmp == 0)
			return &contact_names[idx];
		if (cmp > 0)
			left = idx + 1;
		else
			right = idx;
	}
	return NULL;
}

const char *contact_slot_name(enum contact_slot slot)
{
	return contact_slots[slot].field;
}

static enum contact_slot contact_pin(const struct pim_property *prop)
{
	const char *param = pim_property_param(prop, CONTACT_PIN_PARAM);
	enum contact_slot slot;

	for (slot = CONTACT_SLOT_FIRST_OF_MANY;
	     param != NULL && slot < CONTACT_SLOT_COUNT; slot++) {
		if (strcasecmp(contact_slots[slot].field, param) == 0)
			return slot;
	}
	return CONTACT_SLOT_COUNT;
}

/* Apple's label of a property, "" = none. */
static const char *
contact_label(struct contact_mapper *mapper, const struct pim_property *prop)
{
	const char *group = pim_property_group(prop);
	struct pim_property *label;

	if (group == NULL || mapper->labelled == CONTACT_MAX_LABELLED)
		return "";
	mapper->labelled++;
	label = pim_property_find(mapper->card, "X-ABLABEL");
	for (; label != NULL;
	     label = pim_property_next(label, "X-ABLABEL")) {
		if (pim_property_group(label) != NULL &&
		    strcasecmp(pim_property_group(label), group) == 0)
			return pim_property_text(label);
	}
	return "";
}

bool contact_has_value(const struct pim_property *prop)
{
	const char *value = prop == NULL ? "" : pim_property_value(prop);

	return value[strspn(value, "; \t")] != '\0';
}

static void
contact_map_one(struct contact_mapper *mapper, enum contact_slot slot,
		struct pim_property *prop)
{
	struct pim_property **dest = &mapper->map->slots[slot];

	/* an empty one is better than none, since it can be filled */
	if (*dest == NULL ||
	    (!contact_has_value(*dest) && contact_has_value(prop)))
		*dest = prop;
}

static void
contact_map_relation(struct contact_mapper *mapper, struct pim_property *prop,
		     int slot)
{
	if (slot >= 0)
		contact_map_one(mapper, slot, prop);
	else
		array_push_back(&mapper->map->children, &prop);
}

static void
contact_map_labelled(struct contact_mapper *mapper, struct pim_property *prop)
{
	const char *label = contact_label(mapper, prop);

	for (unsigned int i = 0; i < N_ELEMENTS(contact_relations); i++) {
		if (strcasecmp(contact_relations[i].label, label) == 0) {
			contact_map_relation(mapper, prop,
					     contact_relations[i].slot);
			break;
		}
	}
}

/* A name of a person; a reference to another card is none. */
static void
contact_map_related(struct contact_mapper *mapper, struct pim_property *prop)
{
	if (!pim_property_has_param(prop, "VALUE", "text"))
		return;
	for (unsigned int i = 0; i < N_ELEMENTS(contact_relations); i++) {
		if (contact_relations[i].type != NULL &&
		    pim_property_has_param(prop, "TYPE",
					   contact_relations[i].type)) {
			contact_map_relation(mapper, prop,
					     contact_relations[i].slot);
			break;
		}
	}
}

static void
contact_map_many(struct contact_mapper *mapper, enum contact_rule rule,
		 struct pim_property *prop)
{
	ARRAY_TYPE(contact_many) *list = &mapper->many[rule];
	struct contact_many *many;

	if (!array_is_created(list))
		t_array_init(list, 8);
	if (array_count(list) == CONTACT_MAX_MANY || !contact_has_value(prop))
		return;
	many = array_append_space(list);
	many->prop = prop;
	many->types = pim_vcard_types(prop);
	many->pin = contact_pin(prop);
	many->idx = array_count(list);
}

static void
contact_map_property(struct contact_mapper *mapper, struct pim_property *prop)
{
	const struct contact_name *name =
		contact_name_find(pim_property_name(prop));

	if (name == NULL)
		return;
	switch (name->rule) {
	case RULE_ONE:
		contact_map_one(mapper, name->slot, prop);
		break;
	case RULE_TEL:
	case RULE_EMAIL:
	case RULE_IM:
	case RULE_ADR:
	case RULE_URL:
		contact_map_many(mapper, name->rule, prop);
		break;
	case RULE_CHILD:
		array_push_back(&mapper->map->children, &prop);
		break;
	case RULE_RELATED:
		contact_map_related(mapper, prop);
		break;
	case RULE_AB_NAME:
		contact_map_labelled(mapper, prop);
		break;
	case RULE_AB_DATE:
		if (strcasecmp(contact_label(mapper, prop),
			       APPLE_ANNIVERSARY) == 0) {
			contact_map_one(mapper, CONTACT_SLOT_ANNIVERSARY,
					prop);
		}
		break;
	}
}

/* -- those of which there may be many -- */

static int contact_many_cmp(const struct contact_many *m1,
			    const struct contact_many *m2)
{
	bool pref1 = (m1->types & PIM_VCARD_TYPE_PREF) != 0;
	bool pref2 = (m2->types & PIM_VCARD_TYPE_PREF) != 0;

	if (pref1 != pref2)
		return pref1 ? -1 : 1;
	return m1->idx < m2->idx ? -1 : 1;
}

/* Takes the first free one of slots (ended by CONTACT_SLOT_COUNT). */
static void
contact_many_take(struct contact_mapper *mapper, struct contact_many *many,
		  const enum contact_slot *slots)
{
	for (; *slots != CONTACT_SLOT_COUNT; slots++) {
		if (mapper->map->slots[*slots] == NULL) {
			mapper->map->slots[*slots] = many->prop;
			many->used = TRUE;
			return;
		}
	}
}

/* What the types of a number say. NULL = nothing. */
static const enum contact_slot *contact_tel_slots(enum pim_vcard_type types)
{
	static const struct {
		enum pim_vcard_type with;
		enum contact_slot slots[3];
	} rules[] = {
#define RULE(with, slot1, slot2) { with, { slot1, slot2, CONTACT_SLOT_COUNT } }
#define NONE CONTACT_SLOT_COUNT
		RULE(PIM_VCARD_TYPE_FAX | PIM_VCARD_TYPE_WORK,
		     CONTACT_SLOT_TEL_BUSINESS_FAX, NONE),
		RULE(PIM_VCARD_TYPE_FAX | PIM_VCARD_TYPE_HOME,
		     CONTACT_SLOT_TEL_HOME_FAX, NONE),
		RULE(PIM_VCARD_TYPE_FAX, NONE, NONE),
		RULE(PIM_VCARD_TYPE_PAGER, CONTACT_SLOT_TEL_PAGER, NONE),
		RULE(PIM_VCARD_TYPE_CAR, CONTACT_SLOT_TEL_CAR, NONE),
		RULE(PIM_VCARD_TYPE_RADIO, CONTACT_SLOT_TEL_RADIO, NONE),
		RULE(PIM_VCARD_TYPE_ASSISTANT, CONTACT_SLOT_TEL_ASSISTANT,
		     NONE),
		RULE(PIM_VCARD_TYPE_COMPANY, CONTACT_SLOT_TEL_COMPANY, NONE),
		RULE(PIM_VCARD_TYPE_CELL, CONTACT_SLOT_TEL_MOBILE, NONE),
		RULE(PIM_VCARD_TYPE_MODEM, NONE, NONE),
		RULE(PIM_VCARD_TYPE_WORK, CONTACT_SLOT_TEL_BUSINESS,
		     CONTACT_SLOT_TEL_BUSINESS2),
		RULE(PIM_VCARD_TYPE_HOME, CONTACT_SLOT_TEL_HOME,
		     CONTACT_SLOT_TEL_HOME2),
#undef NONE
#undef RULE
	};

	for (unsigned int i = 0; i < N_ELEMENTS(rules); i++) {
		if ((types & rules[i].with) == rules[i].with)
			return rules[i].slots;
	}
	return NULL;
}

/* What is left over */
static const enum contact_slot *
contact_tel_spare_slots(enum pim_vcard_type types)
{
	static const enum contact_slot none[] = { CONTACT_SLOT_COUNT };
	static const enum contact_slot fax[] = {
		CONTACT_SLOT_TEL_BUSINESS_FAX, CONTACT_SLOT_TEL_HOME_FAX,
		CONTACT_SLOT_COUNT
	};
	static const enum contact_slot cell_work[] = {
		CONTACT_SLOT_TEL_BUSINESS, CONTACT_SLOT_TEL_BUSINESS2,
		CONTACT_SLOT_COUNT
	};
	static const enum contact_slot any[] = {
		CONTACT_SLOT_TEL_HOME, CONTACT_SLOT_TEL_HOME2,
		CONTACT_SLOT_TEL_BUSINESS, CONTACT_SLOT_TEL_BUSINESS2,
		CONTACT_SLOT_TEL_MOBILE, CONTACT_SLOT_COUNT
	};

	if ((types & PIM_VCARD_TYPE_FAX) != 0) {
		return (types & (PIM_VCARD_TYPE_WORK |
				 PIM_VCARD_TYPE_HOME)) != 0 ? none : fax;
	}
	if ((types & (PIM_VCARD_TYPE_PAGER | PIM_VCARD_TYPE_CAR |
		      PIM_VCARD_TYPE_RADIO | PIM_VCARD_TYPE_ASSISTANT |
		      PIM_VCARD_TYPE_COMPANY | PIM_VCARD_TYPE_MODEM)) != 0)
		return none;
	if ((types & PIM_VCARD_TYPE_CELL) != 0)
		return (types & PIM_VCARD_TYPE_WORK) != 0 ? cell_work : any;
	return (types & (PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_HOME)) != 0 ?
		none : any;
}

static const enum contact_slot *
contact_many_slots(enum contact_rule rule, enum pim_vcard_type types,
		   bool spare)
{
	static const enum contact_slot email[] = {
		CONTACT_SLOT_EMAIL1, CONTACT_SLOT_EMAIL2, CONTACT_SLOT_EMAIL3,
		CONTACT_SLOT_COUNT
	};
	static const enum contact_slot im[] = {
		CONTACT_SLOT_IM1, CONTACT_SLOT_IM2, CONTACT_SLOT_IM3,
		CONTACT_SLOT_COUNT
	};
	static const enum contact_slot url[] = {
		CONTACT_SLOT_WEB_PAGE, CONTACT_SLOT_COUNT
	};
	static const enum contact_slot work[] = {
		CONTACT_SLOT_ADR_BUSINESS, CONTACT_SLOT_COUNT
	};
	static const enum contact_slot home[] = {
		CONTACT_SLOT_ADR_HOME, CONTACT_SLOT_COUNT
	};
	static const enum contact_slot other[] = {
		CONTACT_SLOT_ADR_OTHER, CONTACT_SLOT_COUNT
	};

	switch (rule) {
	case RULE_TEL:
		return spare ? contact_tel_spare_slots(types) :
			contact_tel_slots(types);
	case RULE_EMAIL:
		return spare ? NULL : email;
	case RULE_IM:
		return spare ? NULL : im;
	case RULE_URL:
		return spare ? NULL : url;
	case RULE_ADR:
		if (spare)
			return other;
		return (types & PIM_VCARD_TYPE_WORK) != 0 ? work :
			(types & PIM_VCARD_TYPE_HOME) != 0 ? home : NULL;
	default:
		break;
	}
	return NULL;
}

static bool contact_slot_is_of(enum contact_slot slot, enum contact_rule rule)
{
	switch (rule) {
	case RULE_TEL:
		return slot >= CONTACT_SLOT_TEL_BUSINESS;
	case RULE_EMAIL:
		return slot >= CONTACT_SLOT_EMAIL1 &&
			slot <= CONTACT_SLOT_EMAIL3;
	case RULE_IM:
		return slot >= CONTACT_SLOT_IM1 && slot <= CONTACT_SLOT_IM3;
	case RULE_ADR:
		return slot >= CONTACT_SLOT_ADR_BUSINESS &&
			slot <= CONTACT_SLOT_ADR_OTHER;
	case RULE_URL:
		return slot == CONTACT_SLOT_WEB_PAGE;
	default:
		break;
	}
	return FALSE;
}

static void
contact_map_rule(struct contact_mapper *mapper, enum contact_rule rule)
{
	ARRAY_TYPE(contact_many) *list = &mapper->many[rule];
	struct contact_many *many;
	const enum contact_slot *slots;
	enum contact_slot pinned[2] = { 0, CONTACT_SLOT_COUNT };

	if (!array_is_created(list))
		return;
	array_sort(list, contact_many_cmp);
	array_foreach_modifiable(list, many) {
		if (!contact_slot_is_of(many->pin, rule))
			continue;
		pinned[0] = many->pin;
		contact_many_take(mapper, many, pinned);
	}
	for (unsigned int spare = 0; spare <= 1; spare++) {
		array_foreach_modifiable(list, many) {
			if (many->used)
				continue;
			slots = contact_many_slots(rule, many->types,
						   spare != 0);
			if (slots != NULL)
				contact_many_take(mapper, many, slots);
		}
	}
}

void contact_map_init(struct contact_map *map, pool_t pool)
{
	i_zero(map);
	p_array_init(&map->children, pool, 4);
}

void contact_map_read(struct contact_map *map, const struct pim_component *card)
{
	struct contact_mapper mapper;
	struct pim_property *prop;
	enum contact_rule rule;

	memset(map->slots, 0, sizeof(map->slots));
	array_clear(&map->children);
	i_zero(&mapper);
	mapper.card = card;
	mapper.map = map;
	for (prop = pim_property_find(card, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL))
		contact_map_property(&mapper, prop);
	for (rule = RULE_TEL; rule <= RULE_URL; rule++)
		contact_map_rule(&mapper, rule);
}

struct pim_property *
contact_slot_add(struct pim_component *card, enum contact_slot slot)
{
	struct pim_property *prop;
	const char *name = contact_slots[slot].property;

	if (contact_slots[slot].property4 != NULL &&
	    pim_vcard_version(card) == PIM_VCARD_4_0)
		name = contact_slots[slot].property4;
	prop = pim_property_add(card, name, slot == CONTACT_SLOT_N ? ";;;;" :
		contact_slot_is_of(slot, RULE_ADR) ? ";;;;;;" : "");
	if (contact_slots[slot].types != 0)
		pim_vcard_set_types(prop, contact_slots[slot].types);
	return prop;
}

struct pim_property *contact_child_add(struct pim_component *card)
{
	return pim_property_add(card, "X-MS-CHILD", "");
}
