/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "pim-date.h"
#include "pim-text.h"
#include "pim-timezone.h"
#include "eas-class-ical.h"
#include "eas-home.h"
#include "class-contacts.h"

/* What becomes of a field in the vCard is in pim-contact.h; Body and Categories are as those of
   other classes (eas-class-ical.h), the body's property is NOTE. Alias and WeightedRank belong
   to the recipient information cache alone. */

/* [MS-ASCNTC] 2.2.2.22 */
#define CONTACTS_MAX_CHILDREN 300

const struct eas_contacts_element eas_contacts_elements[] = {
	{ EAS_CONTACTS_FILE_AS, PIM_CONTACT_FILE_AS },
	{ EAS_CONTACTS_FIRST_NAME, PIM_CONTACT_FIRST_NAME },
	{ EAS_CONTACTS_MIDDLE_NAME, PIM_CONTACT_MIDDLE_NAME },
	{ EAS_CONTACTS_LAST_NAME, PIM_CONTACT_LAST_NAME },
	{ EAS_CONTACTS_SUFFIX, PIM_CONTACT_SUFFIX },
	{ EAS_CONTACTS_TITLE, PIM_CONTACT_TITLE },
	{ EAS_CONTACTS_COMPANY_NAME, PIM_CONTACT_COMPANY_NAME },
	{ EAS_CONTACTS_DEPARTMENT, PIM_CONTACT_DEPARTMENT },
	{ EAS_CONTACTS_JOB_TITLE, PIM_CONTACT_JOB_TITLE },
	{ EAS_CONTACTS_OFFICE_LOCATION, PIM_CONTACT_OFFICE_LOCATION },
	{ EAS_CONTACTS_EMAIL1_ADDRESS, PIM_CONTACT_EMAIL1 },
	{ EAS_CONTACTS_EMAIL2_ADDRESS, PIM_CONTACT_EMAIL2 },
	{ EAS_CONTACTS_EMAIL3_ADDRESS, PIM_CONTACT_EMAIL3 },
	{ EAS_CONTACTS_BUSINESS_PHONE_NUMBER, PIM_CONTACT_BUSINESS_PHONE },
	{ EAS_CONTACTS_BUSINESS2_PHONE_NUMBER, PIM_CONTACT_BUSINESS2_PHONE },
	{ EAS_CONTACTS_BUSINESS_FAX_NUMBER, PIM_CONTACT_BUSINESS_FAX },
	{ EAS_CONTACTS_HOME_PHONE_NUMBER, PIM_CONTACT_HOME_PHONE },
	{ EAS_CONTACTS_HOME2_PHONE_NUMBER, PIM_CONTACT_HOME2_PHONE },
	{ EAS_CONTACTS_HOME_FAX_NUMBER, PIM_CONTACT_HOME_FAX },
	{ EAS_CONTACTS_MOBILE_PHONE_NUMBER, PIM_CONTACT_MOBILE_PHONE },
	{ EAS_CONTACTS_CAR_PHONE_NUMBER, PIM_CONTACT_CAR_PHONE },
	{ EAS_CONTACTS_PAGER_NUMBER, PIM_CONTACT_PAGER },
	{ EAS_CONTACTS_RADIO_PHONE_NUMBER, PIM_CONTACT_RADIO_PHONE },
	{ EAS_CONTACTS_ASSISTANT_PHONE_NUMBER, PIM_CONTACT_ASSISTANT_PHONE },
	{ EAS_CONTACTS_BUSINESS_ADDRESS_STREET, PIM_CONTACT_BUSINESS_STREET },
	{ EAS_CONTACTS_BUSINESS_ADDRESS_CITY, PIM_CONTACT_BUSINESS_CITY },
	{ EAS_CONTACTS_BUSINESS_ADDRESS_STATE, PIM_CONTACT_BUSINESS_STATE },
	{ EAS_CONTACTS_BUSINESS_ADDRESS_POSTAL_CODE,
	  PIM_CONTACT_BUSINESS_POSTAL_CODE },
	{ EAS_CONTACTS_BUSINESS_ADDRESS_COUNTRY,
	  PIM_CONTACT_BUSINESS_COUNTRY },
	{ EAS_CONTACTS_HOME_ADDRESS_STREET, PIM_CONTACT_HOME_STREET },
	{ EAS_CONTACTS_HOME_ADDRESS_CITY, PIM_CONTACT_HOME_CITY },
	{ EAS_CONTACTS_HOME_ADDRESS_STATE, PIM_CONTACT_HOME_STATE },
	{ EAS_CONTACTS_HOME_ADDRESS_POSTAL_CODE,
	  PIM_CONTACT_HOME_POSTAL_CODE },
	{ EAS_CONTACTS_HOME_ADDRESS_COUNTRY, PIM_CONTACT_HOME_COUNTRY },
	{ EAS_CONTACTS_OTHER_ADDRESS_STREET, PIM_CONTACT_OTHER_STREET },
	{ EAS_CONTACTS_OTHER_ADDRESS_CITY, PIM_CONTACT_OTHER_CITY },
	{ EAS_CONTACTS_OTHER_ADDRESS_STATE, PIM_CONTACT_OTHER_STATE },
	{ EAS_CONTACTS_OTHER_ADDRESS_POSTAL_CODE,
	  PIM_CONTACT_OTHER_POSTAL_CODE },
	{ EAS_CONTACTS_OTHER_ADDRESS_COUNTRY, PIM_CONTACT_OTHER_COUNTRY },
	{ EAS_CONTACTS_WEB_PAGE, PIM_CONTACT_WEB_PAGE },
	{ EAS_CONTACTS_BIRTHDAY, PIM_CONTACT_BIRTHDAY },
	{ EAS_CONTACTS_ANNIVERSARY, PIM_CONTACT_ANNIVERSARY },
	{ EAS_CONTACTS_SPOUSE, PIM_CONTACT_SPOUSE },
	{ EAS_CONTACTS_ASSISTANT_NAME, PIM_CONTACT_ASSISTANT },
	{ EAS_CONTACTS_YOMI_FIRST_NAME, PIM_CONTACT_YOMI_FIRST_NAME },
	{ EAS_CONTACTS_YOMI_LAST_NAME, PIM_CONTACT_YOMI_LAST_NAME },
	{ EAS_CONTACTS_YOMI_COMPANY_NAME, PIM_CONTACT_YOMI_COMPANY_NAME },
	{ EAS_CONTACTS2_CUSTOMER_ID, PIM_CONTACT_CUSTOMER_ID },
	{ EAS_CONTACTS2_GOVERNMENT_ID, PIM_CONTACT_GOVERNMENT_ID },
	{ EAS_CONTACTS2_IM_ADDRESS, PIM_CONTACT_IM1 },
	{ EAS_CONTACTS2_IM_ADDRESS2, PIM_CONTACT_IM2 },
	{ EAS_CONTACTS2_IM_ADDRESS3, PIM_CONTACT_IM3 },
	{ EAS_CONTACTS2_MANAGER_NAME, PIM_CONTACT_MANAGER },
	{ EAS_CONTACTS2_COMPANY_MAIN_PHONE, PIM_CONTACT_COMPANY_PHONE },
	{ EAS_CONTACTS2_ACCOUNT_NAME, PIM_CONTACT_ACCOUNT_NAME },
	{ EAS_CONTACTS2_NICK_NAME, PIM_CONTACT_NICK_NAME },
	{ EAS_CONTACTS2_MMS, PIM_CONTACT_MMS },
	{ 0, 0 }
};

static const struct eas_class_body_tags contacts_body = {
	.body = EAS_CONTACTS_BODY,
	.size = EAS_CONTACTS_BODY_SIZE,
	.truncated = EAS_CONTACTS_BODY_TRUNCATED,
	.rtf = EAS_CONTACTS_COMPRESSED_RTF,
};

static bool contacts_is_date(enum pim_contact_field field)
{
	return field == PIM_CONTACT_BIRTHDAY ||
		field == PIM_CONTACT_ANNIVERSARY;
}

static bool contacts_is_street(enum pim_contact_field field)
{
	return field == PIM_CONTACT_BUSINESS_STREET ||
		field == PIM_CONTACT_HOME_STREET ||
		field == PIM_CONTACT_OTHER_STREET;
}

bool eas_contacts_read_date(const char *value, const struct pim_timezone *home,
			    const char **date_r)
{
	unsigned int month, day;
	int64_t t, local;
	int year;

	if (eas_date_time_parse(value, &t) < 0)
		return FALSE;
	local = pim_timezone_to_local(home, t);
	if (local % PIM_DAY != 0)
		local = t + PIM_DAY / 2;
	pim_date_from_days(pim_days_of(local), &year, &month, &day);
	if (year < 1 || year > 9999)
		return FALSE;
	*date_r = t_strdup_printf("%04d-%02u-%02u", year, month, day);
	return TRUE;
}

const char *eas_contacts_write_date(const char *date)
{
	return t_strconcat(date, "T11:59:00.000Z", NULL);
}

/* -- write -- */

static void
contacts_write_fields(const struct pim_contact *contact,
		      struct wbxml_writer *writer)
{
	const struct eas_contacts_element *elem = eas_contacts_elements;
	const char *value;

	for (; elem->tag != 0; elem++) T_BEGIN {
		value = pim_contact_get(contact, elem->field);
		if (value == NULL)
			;
		else if (contacts_is_date(elem->field)) {
			wbxml_text(writer, elem->tag,
				   eas_contacts_write_date(value));
		} else {
			wbxml_text(writer, elem->tag, eas_class_crlf(value));
		}
	} T_END;
}

static void
contacts_write_children(const struct pim_contact *contact,
			struct wbxml_writer *writer)
{
	ARRAY_TYPE(const_string) names;
	const char *name;

	t_array_init(&names, 8);
	pim_contact_get_children(contact, CONTACTS_MAX_CHILDREN, &names);
	if (array_count(&names) == 0)
		return;
	wbxml_open(writer, EAS_CONTACTS_CHILDREN);
	array_foreach_elem(&names, name)
		wbxml_text(writer, EAS_CONTACTS_CHILD, name);
	wbxml_close(writer);
}

static void
contacts_write_card(const struct eas_class_write *write,
		    struct pim_component *card, struct wbxml_writer *writer)
{
	struct pim_contact *contact;

	contact = pim_contact_init(pool_datastack_create(), card);
	contacts_write_fields(contact, writer);
	contacts_write_children(contact, writer);
	eas_ical_write_categories(card, writer, EAS_CONTACTS_CATEGORIES,
				  EAS_CONTACTS_CATEGORY);
	eas_contacts_write_picture(writer, card);
	eas_ical_write_body(write, card, &contacts_body, writer);
	pim_contact_deinit(&contact);
}

static int
contacts_write(const struct eas_class_write *write,
	       const struct store_item *item, struct wbxml_writer *writer,
	       const char **error_r)
{
	struct pim_component *card;
	struct pim_lines *doc;

	if (pim_lines_parse(item->text, item->size, NULL, &doc, error_r) < 0)
		return -1;
	card = pim_vcard_first(doc);
	if (card == NULL)
		*error_r = "There is no VCARD in it";
	else T_BEGIN {
		contacts_write_card(write, card, writer);
	} T_END;
	pim_lines_free(&doc);
	return card == NULL ? -1 : 0;
}

/* -- apply -- */

static const char *contacts_trim_lines(const char *text)
{
	string_t *str = t_str_new(strlen(text) + 1);

	while (*text == '\r' || *text == '\n' || *text == ' ')
		text++;
	for (; *text != '\0'; text++) {
		if (*text != '\r')
			str_append_c(str, *text);
		else if (text[1] != '\n')
			str_append_c(str, '\n');
	}
	while (str_len(str) > 0 &&
	       strchr("\n ", str_c(str)[str_len(str) - 1]) != NULL)
		str_truncate(str, str_len(str) - 1);
	return str_c(str);
}

/* value_r "" = it is removed. Returns 1, 0 if nothing is said, -1. */
static int
contacts_read_field(struct eas_class_apply *apply,
		    const struct eas_contacts_element *elem,
		    const char **value_r)
{
	const struct wbxml_node *node;
	const char *text;

	*value_r = "";
	node = wbxml_node_child(apply->data, elem->tag);
	if (node == NULL)
		return eas_ical_removes(apply, elem->tag) ? 1 : 0;
	if (node->data == NULL && !node->external)
		return 1;
	text = eas_class_read_text(apply->req, node);
	if (contacts_is_street(elem->field)) {
		*value_r = contacts_trim_lines(text);
		return 1;
	}
	text = pim_text_clean_line(text);
	if (!contacts_is_date(elem->field) || *text == '\0') {
		*value_r = text;
		return 1;
	}
	return eas_contacts_read_date(text, eas_home(apply->req), value_r) ? 1 : -1;
}

static int
contacts_apply_fields(struct eas_class_apply *apply,
		      struct pim_contact *contact)
{
	const struct eas_contacts_element *elem = eas_contacts_elements;
	const char *value;
	int ret = 0;

	for (; elem->tag != 0 && ret == 0; elem++) T_BEGIN {
		ret = contacts_read_field(apply, elem, &value);
		if (ret > 0) {
			ret = pim_contact_set(contact, elem->field, value) ?
				0 : -1;
		}
	} T_END;
	if (ret < 0)
		apply->error = "A date is malformed";
	return ret;
}

static int
contacts_apply_children(struct eas_class_apply *apply,
			struct pim_contact *contact)
{
	ARRAY_TYPE(const_string) names;
	const struct wbxml_node *node;
	const char *name;

	node = wbxml_node_child(apply->data, EAS_CONTACTS_CHILDREN);
	if (node == NULL && !eas_ical_removes(apply, EAS_CONTACTS_CHILDREN))
		return 0;
	t_array_init(&names, 8);
	node = wbxml_node_child(node, EAS_CONTACTS_CHILD);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		name = eas_class_read_text(apply->req, node);
		name = pim_text_clean_line(name);
		if (*name == '\0')
			continue;
		if (array_count(&names) == CONTACTS_MAX_CHILDREN) {
			apply->error = "There are too many children";
			return -1;
		}
		array_push_back(&names, &name);
	}
	pim_contact_set_children(contact, CONTACTS_MAX_CHILDREN, &names);
	return 0;
}

static int
contacts_apply_card(struct eas_class_apply *apply, struct pim_component *card)
{
	pool_t pool = pool_alloconly_create("contact", 2048);
	struct pim_contact *contact;
	int ret;

	contact = pim_contact_init(pool, card);
	ret = contacts_apply_fields(apply, contact);
	if (ret == 0)
		ret = contacts_apply_children(apply, contact);
	if (ret == 0) {
		apply->tell = !pim_contact_finish(contact);
		ret = eas_ical_apply_categories(apply, card,
			EAS_CONTACTS_CATEGORIES, EAS_CONTACTS_CATEGORY,
			eas_ical_removes(apply, EAS_CONTACTS_CATEGORIES));
	}
	if (ret == 0)
		ret = eas_contacts_apply_picture(apply, card);
	if (ret == 0)
		ret = eas_ical_apply_body(apply, card, &contacts_body);
	pim_contact_deinit(&contact);
	pool_unref(&pool);
	return ret;
}

/* Returns NULL if the stored text is no contact. */
static struct pim_component *
contacts_edit(struct eas_class_apply *apply, struct pim_lines **doc_r)
{
	struct pim_component *card;

	if (apply->old == NULL) {
		card = pim_vcard_create(PIM_VCARD_3_0, doc_r);
		pim_component_set_text(card, "UID", apply->new_uid);
		return card;
	}
	if (pim_lines_parse(apply->old->text, apply->old->size, NULL, doc_r,
			    &apply->error) < 0)
		return NULL;
	card = pim_vcard_first(*doc_r);
	if (card == NULL) {
		apply->error = "The stored contact has no VCARD";
		pim_lines_free(doc_r);
	}
	return card;
}

/* A date of the last change is kept right where there is one. */
static void
contacts_finish(struct eas_class_apply *apply, struct pim_lines *doc,
		struct pim_component *card)
{
	pim_lines_write(doc, apply->text);
	if (apply->old == NULL ||
	    pim_property_find(card, "REV") == NULL ||
	    (apply->old->size == str_len(apply->text) &&
	     memcmp(apply->old->text, str_data(apply->text),
		    str_len(apply->text)) == 0))
		return;
	pim_component_set_value(card, "REV", eas_ical_time(apply->now));
	str_truncate(apply->text, 0);
	pim_lines_write(doc, apply->text);
}

static int contacts_apply(struct eas_class_apply *apply)
{
	struct pim_component *card;
	struct pim_lines *doc;
	int ret;

	card = contacts_edit(apply, &doc);
	if (card == NULL)
		return -1;
	ret = contacts_apply_card(apply, card);
	if (ret == 0)
		contacts_finish(apply, doc, card);
	pim_lines_free(&doc);
	return ret < 0 ? -1 : 1;
}

const struct eas_class eas_class_contacts = {
	.name = "Contacts",
	.kind = STORE_KIND_CONTACTS,
	.min_version = EAS_VERSION_2_5,
	.filter_ignored = TRUE,
	.write = contacts_write,
	.apply = contacts_apply,
};
