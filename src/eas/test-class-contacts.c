/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "test-class-common.h"
#include "class-contacts.h"

/* Elements that are no field of a contact */
static const uint16_t other_elements[] = {
	EAS_CONTACTS_BODY, EAS_CONTACTS_BODY_SIZE, EAS_CONTACTS_BODY_TRUNCATED,
	EAS_CONTACTS_COMPRESSED_RTF, EAS_CONTACTS_CATEGORIES,
	EAS_CONTACTS_CATEGORY, EAS_CONTACTS_CHILDREN, EAS_CONTACTS_CHILD,
	EAS_CONTACTS_PICTURE,
	/* of the recipient information cache */
	EAS_CONTACTS_ALIAS, EAS_CONTACTS_WEIGHTED_RANK,
};

static const uint16_t all_tags[] = {
#define EAS_PAGE(page, name, xmlns)
#define EAS_TAG(page, token, name, tag, legacy) \
	page == 1 || page == 12 ? WBXML_TAG(page, token) : 0,
#include "eas-tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

static bool test_is_other(uint16_t tag)
{
	for (unsigned int i = 0; i < N_ELEMENTS(other_elements); i++) {
		if (other_elements[i] == tag)
			return TRUE;
	}
	return FALSE;
}

static void test_contacts_elements(void)
{
	const struct eas_contacts_element *elem;
	unsigned int i, j, fields[PIM_CONTACT_FIELD_COUNT];

	test_begin("eas contacts: every element is a field");
	i_zero(&fields);
	for (elem = eas_contacts_elements; elem->tag != 0; elem++) {
		test_assert_idx(!test_is_other(elem->tag), elem->tag);
		fields[elem->field]++;
	}
	for (i = 0; i < PIM_CONTACT_FIELD_COUNT; i++)
		test_assert_idx(fields[i] == 1, i);
	for (i = 0; i < N_ELEMENTS(all_tags); i++) {
		if (all_tags[i] == 0 || test_is_other(all_tags[i]))
			continue;
		for (j = 0; eas_contacts_elements[j].tag != 0; j++) {
			if (eas_contacts_elements[j].tag == all_tags[i])
				break;
		}
		test_assert_idx(eas_contacts_elements[j].tag != 0,
				all_tags[i]);
	}
	test_end();
}

static void test_contacts_dates(void)
{
	static const struct {
		const char *value, *date;
	} tests[] = {
		/* midnight in Berlin, London, Los Angeles, Honolulu, Auckland */
		{ "1980-02-28T23:00:00.000Z", "1980-02-29" },
		{ "1980-02-29T00:00:00.000Z", "1980-02-29" },
		{ "1980-02-29T08:00:00.000Z", "1980-02-29" },
		{ "1980-02-29T10:00:00.000Z", "1980-02-29" },
		{ "1980-02-28T12:00:00.000Z", "1980-02-29" },
		{ "1980-02-28T18:30:00.000Z", "1980-02-29" },
		/* Outlook, Exchange */
		{ "1980-02-29T11:59:00.000Z", "1980-02-29" },
		{ "1980-02-29T11:59:00Z", "1980-02-29" },
		{ "19800229T115900Z", "1980-02-29" },
		{ "1980-02-29", "1980-02-29" },
		{ "1899-12-31T23:00:00.000Z", "1900-01-01" },
		{ "1604-02-29T11:59:00.000Z", "1604-02-29" },
		{ "1980-02-30T00:00:00.000Z", NULL },
		{ "yesterday", NULL },
		{ "1980", NULL },
	};
	const char *date;

	test_begin("eas contacts: a birthday is one day everywhere");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bool ret = eas_contacts_read_date(tests[i].value, &date);

		test_assert_idx(ret == (tests[i].date != NULL), i);
		if (ret && tests[i].date != NULL)
			test_assert_strcmp_idx(date, tests[i].date, i);
	}
	test_assert_strcmp(eas_contacts_write_date("1980-02-29"),
			   "1980-02-29T11:59:00.000Z");
	test_end();
}

/* -- elements that are written to a text and read from it -- */

struct test_value {
	unsigned int tag;
	const char *value;
};

static struct wbxml_node *
test_data(struct test_class *test, const struct test_value *values)
{
	struct wbxml_writer *writer = test_class_data_begin(test);

	for (; values->tag != 0; values++)
		wbxml_text(writer, values->tag, values->value);
	return test_class_data_end(test, &writer);
}

static void
test_shown(struct test_class *test, const char *text,
	   const struct test_value *values, unsigned int idx)
{
	struct wbxml_node *data = test_class_write(test, text);
	const struct wbxml_node *child;
	unsigned int count = 0, shown = 0;

	test_assert_idx(data != NULL, idx);
	if (data == NULL)
		return;
	for (; values->tag != 0; values++, count++) {
		test_assert_strcmp_idx(wbxml_child_text(data, values->tag),
				       values->value, idx);
	}
	for (child = data->children; child != NULL; child = child->next) {
		if (child->tag != EAS_AIRSYNCBASE_BODY)
			shown++;
	}
	test_assert_idx(shown == count, idx);
}

static void test_contacts_add(void)
{
	static const struct test_value values[] = {
		{ EAS_CONTACTS_FILE_AS, "Doe, John" },
		{ EAS_CONTACTS_FIRST_NAME, "John" },
		{ EAS_CONTACTS_MIDDLE_NAME, "Q" },
		{ EAS_CONTACTS_LAST_NAME, "Doe; Jr" },
		{ EAS_CONTACTS_SUFFIX, "III" },
		{ EAS_CONTACTS_TITLE, "Dr." },
		{ EAS_CONTACTS_EMAIL1_ADDRESS, "john@example.com" },
		{ EAS_CONTACTS_EMAIL3_ADDRESS,
		  "\"Jo \\\"the\\\" D\" <jd@example.com>" },
		{ EAS_CONTACTS_BUSINESS2_PHONE_NUMBER, "2" },
		{ EAS_CONTACTS_HOME_FAX_NUMBER, "3" },
		{ EAS_CONTACTS_MOBILE_PHONE_NUMBER, "4" },
		{ EAS_CONTACTS_OTHER_ADDRESS_STREET, "One\r\nTwo" },
		{ EAS_CONTACTS_OTHER_ADDRESS_CITY, "Paris" },
		{ EAS_CONTACTS_BIRTHDAY, "1980-02-29T11:59:00.000Z" },
		{ EAS_CONTACTS2_IM_ADDRESS2, "xmpp:jd@example.com" },
		{ EAS_CONTACTS2_MANAGER_NAME, "Ms. M" },
		{ 0, NULL }
	};
	struct test_class test;
	const char *text;

	test_begin("eas contacts: add");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_16_1);
	text = test_class_apply(&test, NULL, test_data(&test, values));
	test_assert_strcmp(text,
		"BEGIN:VCARD\r\n"
		"VERSION:3.0\r\n"
		"UID:00000000000000000000000000000001\r\n"
		"N:Doe\\; Jr;John;Q;Dr.;III\r\n"
		"EMAIL:john@example.com\r\n"
		"EMAIL;X-ROOST-NAME=\"Jo ^'the^' D\";X-ROOST-FIELD=Email3Address:jd@example.co\r\n m\r\n"
		"TEL;TYPE=WORK,VOICE;X-ROOST-FIELD=Business2PhoneNumber:2\r\n"
		"TEL;TYPE=HOME,FAX:3\r\n"
		"TEL;TYPE=CELL:4\r\n"
		"ADR:;;One\\nTwo;Paris;;;\r\n"
		"BDAY:1980-02-29\r\n"
		"X-MS-IMADDRESS;X-ROOST-FIELD=IMAddress2:xmpp:jd@example.com\r\n"
		"X-MANAGER:Ms. M\r\n"
		"FN:Dr. John Q Doe\\; Jr III\r\n"
		"X-ROOST-FILE-AS:Doe\\, John\r\n"
		"END:VCARD\r\n");
	test_shown(&test, text, values, 0);
	test_class_deinit(&test);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_contacts_elements,
		test_contacts_dates,
		test_contacts_add,
		NULL
	};

	return test_run(test_functions);
}
