/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "test-common.h"
#include "pim-timezone.h"
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
	static const struct {
		const char *zone, *value, *date;
	} homes[] = {
		/* midnights of summer and winter time */
		{ "Pacific/Auckland", "1980-02-28T11:00:00Z", "1980-02-29" },
		{ "Pacific/Auckland", "1985-06-30T12:00:00Z", "1985-07-01" },
		{ "Pacific/Kiritimati", "2005-02-27T10:00:00Z", "2005-02-28" },
		/* 24 hours from there */
		{ "Pacific/Honolulu", "2005-02-27T10:00:00Z", "2005-02-27" },
		{ "Pacific/Pago_Pago", "2005-02-27T11:00:00Z", "2005-02-27" },
		/* what is shown, and others' midnights */
		{ "Pacific/Auckland", "1980-02-29T11:59:00Z", "1980-02-29" },
		{ "Pacific/Auckland", "1980-02-28T23:00:00Z", "1980-02-29" },
	};
	const char *date;

	test_begin("eas contacts: a birthday is one day everywhere");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		bool ret = eas_contacts_read_date(tests[i].value,
			pim_timezone_utc(), &date);

		test_assert_idx(ret == (tests[i].date != NULL), i);
		if (ret && tests[i].date != NULL)
			test_assert_strcmp_idx(date, tests[i].date, i);
	}
	for (unsigned int i = 0; i < N_ELEMENTS(homes); i++) {
		test_assert_idx(eas_contacts_read_date(homes[i].value,
			pim_timezone_find(homes[i].zone), &date), i);
		test_assert_strcmp_idx(date, homes[i].date, i);
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

/* -- what is absent, what makes room -- */

static const char test_card[] =
	"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:A B\r\nN:B;A;;;\r\n"
	"EMAIL:1@x.example\r\nEMAIL:2@x.example\r\nEMAIL:3@x.example\r\n"
	"EMAIL:4@x.example\r\nTITLE:T\r\nX-MS-CHILD:K\r\nNOTE:note\r\n"
	"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nCATEGORIES:c\r\n"
	"END:VCARD\r\n";

static void test_contacts_ghosted(void)
{
	static const struct test_value values[] = {
		{ EAS_CONTACTS_FIRST_NAME, "A" },
		{ EAS_CONTACTS_LAST_NAME, "B" },
		{ EAS_CONTACTS_JOB_TITLE, "U" },
		{ EAS_CONTACTS_EMAIL1_ADDRESS, "1@x.example" },
		{ EAS_CONTACTS_EMAIL2_ADDRESS, "2@x.example" },
		{ 0, NULL }
	};
	static const uint16_t tags[] = {
		EAS_CONTACTS_CHILDREN, EAS_CONTACTS_EMAIL3_ADDRESS
	};
	struct test_class test;
	const struct wbxml_node *data;
	const char *text;

	test_begin("eas contacts: absent elements");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	data = test_data(&test, values);
	/* all are ghosted */
	test.supported.given = TRUE;
	text = test_class_apply(&test, test_card, data);
	test_assert(strstr(text, "EMAIL:3@") != NULL &&
		    strstr(text, "CHILD:K") != NULL &&
		    strstr(text, "CATEGORIES:c") != NULL &&
		    strstr(text, "TITLE:U") != NULL);
	/* two are not */
	test.supported.tags = tags;
	test.supported.count = N_ELEMENTS(tags);
	text = test_class_apply(&test, test_card, data);
	test_assert(strstr(text, "EMAIL:3@") == NULL &&
		    strstr(text, "EMAIL:4@") != NULL &&
		    strstr(text, "CHILD") == NULL &&
		    strstr(text, "CATEGORIES:c") != NULL);
	/* none is; Body and Picture stay all the same */
	i_zero(&test.supported);
	text = test_class_apply(&test, test_card, data);
	test_assert_strcmp(text,
		"BEGIN:VCARD\r\nVERSION:3.0\r\nUID:1\r\nFN:A B\r\n"
		"N:B;A;;;\r\nEMAIL:1@x.example\r\nEMAIL:2@x.example\r\n"
		"EMAIL:4@x.example\r\nTITLE:U\r\nNOTE:note\r\n"
		"PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\nEND:VCARD\r\n");
	/* the fourth address took the place: the device has to know */
	test_assert(test.tell);
	test_class_deinit(&test);
	test_end();
}

static void test_contacts_places(void)
{
	static const struct test_value values[] = {
		{ EAS_CONTACTS_EMAIL1_ADDRESS, "1@x.example" },
		{ EAS_CONTACTS_EMAIL3_ADDRESS, "3@x.example" },
		{ EAS_CONTACTS_LAST_NAME, "B" },
		{ EAS_CONTACTS_FILE_AS, "B" },
		{ 0, NULL }
	};
	static const char card[] = "BEGIN:VCARD\r\nVERSION:3.0\r\n"
		"FN:B\r\nN:B;;;;\r\nEMAIL:1@x.example\r\n"
		"EMAIL:2@x.example\r\nEMAIL:3@x.example\r\nEND:VCARD\r\n";
	struct test_class test;
	const struct wbxml_node *data;
	const char *text;

	test_begin("eas contacts: addresses keep their places");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	data = test_data(&test, values);
	text = test_class_apply(&test, card, data);
	test_assert(!test.tell);
	test_shown(&test, text, values, 0);
	/* and then nothing changes any more */
	test_assert_strcmp(test_class_apply(&test, text, data), text);
	test_class_deinit(&test);
	test_end();
}

static void test_contacts_names(void)
{
	static const struct {
		const char *fn, *n;
		const char *first, *last, *file_as;
		const char *new_fn;
	} tests[] = {
		{ "John Doe", "N:Doe;John;;;\r\n", "Jim", "Doe", NULL, "Jim Doe" },
		{ "Doe, John", "N:Doe;John;;;\r\n", "Jim", "Doe", NULL,
		  "Doe, Jim" },
		{ "Doe John", "N:Doe;John;;;\r\n", "John", "Roe", NULL,
		  "Roe John" },
		/* a person's own */
		{ "Uncle John (Doe)", "N:Doe;John;;;\r\n", "Jim", "Doe", NULL,
		  "Uncle Jim (Doe)" },
		{ "The boss", "N:Doe;John;;;\r\n", "Jim", "Doe", NULL, "The boss" },
		/* only FN */
		{ "Whole Name", "", NULL, "Whole Name", NULL,
		  "Whole Name" },
		{ "Whole Name", "", "Jim", "Doe", NULL, "Jim Doe" },
		{ "John Doe", "N:Doe;John;;;\r\n", NULL, NULL, "Filed", "Filed" },
	};
	struct test_class test;
	struct wbxml_writer *writer;
	const char *text, *card;

	test_begin("eas contacts: FN goes with the name");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		card = t_strdup_printf("BEGIN:VCARD\r\nVERSION:3.0\r\n"
			"FN:%s\r\n%sEND:VCARD\r\n",
			pim_value_escape(tests[i].fn), tests[i].n);
		writer = test_class_data_begin(&test);
		wbxml_text(writer, EAS_CONTACTS_FIRST_NAME, tests[i].first);
		wbxml_text(writer, EAS_CONTACTS_LAST_NAME, tests[i].last);
		wbxml_text(writer, EAS_CONTACTS_FILE_AS, tests[i].file_as);
		text = test_class_apply(&test, card,
				test_class_data_end(&test, &writer));
		test_assert_idx(strstr(text, t_strconcat("FN:",
			pim_value_escape(tests[i].new_fn), "\r\n",
			NULL)) != NULL, i);
	}
	test_class_deinit(&test);
	test_end();
}

static void test_contacts_picture(void)
{
	static const struct {
		const char *picture;
		const char *line;	/* NULL = refused */
	} tests[] = {
		{ "/9j/4AAQ", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n" },
		{ "/9j/\r\n4AAQ\r\n", "PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ\r\n" },
		{ "iVBORwAA", "PHOTO;ENCODING=b;TYPE=PNG:iVBORwAA\r\n" },
		{ "not base64!", NULL },
		{ "/9j/4A", NULL },
	};
	struct test_class test;
	struct wbxml_writer *writer;
	string_t *large = t_str_new(60000), *photo = t_str_new(60000);
	const struct wbxml_node *data;
	const char *text;

	test_begin("eas contacts: pictures");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		writer = test_class_data_begin(&test);
		wbxml_text(writer, EAS_CONTACTS_PICTURE, tests[i].picture);
		text = test_class_apply(&test, NULL,
				test_class_data_end(&test, &writer));
		test_assert_idx((text == NULL) == (tests[i].line == NULL), i);
		if (text != NULL && tests[i].line != NULL) {
			test_assert_idx(strstr(text, tests[i].line) != NULL,
					i);
			data = test_class_write(&test, text);
			test_assert_idx(wbxml_node_child(data,
				EAS_CONTACTS_PICTURE) != NULL, i);
		}
	}
	/* [MS-ASCNTC] 2.2.2.58 */
	while (str_len(large) <= 48*1024)
		str_append(large, "/9j/4AAQ");
	writer = test_class_data_begin(&test);
	wbxml_text(writer, EAS_CONTACTS_PICTURE, str_c(large));
	test_assert(test_class_apply(&test, NULL,
			test_class_data_end(&test, &writer)) == NULL);
	/* one that is not shown is not taken away */
	str_printfa(photo, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:x\r\n"
		    "N:x;;;;\r\nPHOTO;ENCODING=b:%s\r\nEND:VCARD\r\n",
		    str_c(large));
	data = test_class_write(&test, str_c(photo));
	test_assert(wbxml_node_child(data, EAS_CONTACTS_PICTURE) == NULL);
	writer = test_class_data_begin(&test);
	wbxml_empty(writer, EAS_CONTACTS_PICTURE);
	wbxml_text(writer, EAS_CONTACTS_LAST_NAME, "x");
	data = test_class_data_end(&test, &writer);
	test_assert_strcmp(test_class_apply(&test, str_c(photo), data),
			   str_c(photo));
	text = test_class_apply(&test, test_card, data);
	test_assert(strstr(text, "PHOTO") == NULL);
	test_class_deinit(&test);
	test_end();
}

static void test_contacts_refused(void)
{
	struct test_class test;
	struct wbxml_writer *writer;
	const struct test_value bad[] = {
		{ EAS_CONTACTS_BIRTHDAY, "soon" }, { 0, NULL }
	};

	test_begin("eas contacts: what is refused");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	test_assert(test_class_apply(&test, NULL,
				     test_data(&test, bad)) == NULL);
	test_assert(test.error != NULL);
	writer = test_class_data_begin(&test);
	wbxml_open(writer, EAS_CONTACTS_CHILDREN);
	for (unsigned int i = 0; i <= 300; i++)
		wbxml_text(writer, EAS_CONTACTS_CHILD, "x");
	wbxml_close(writer);
	test_assert(test_class_apply(&test, NULL,
			test_class_data_end(&test, &writer)) == NULL);
	test_assert(test_class_apply(&test, "nonsense",
				     test_data(&test, bad + 1)) == NULL);
	test_class_deinit(&test);
	test_end();
}

/* -- random contacts -- */

static const char *test_random_text(unsigned int max)
{
	static const char *const parts[] = {
		"a", "B", "1", " ", ",", ";", ":", "\\", "\"", "'", "ä", "ß",
		"日", "\xf0\x9f\x98\x80", "=", "<", "&", "^", "@", ".", "%",
		"long words to be folded somewhere in the middle of a line",
	};
	string_t *str = t_str_new(64);
	unsigned int i, count = 1 + test_class_pick(max);

	str_append_c(str, 'x');
	for (i = 0; i < count; i++) {
		str_append(str, parts[test_class_pick(max == 1 ? 2 :
					N_ELEMENTS(parts))]);
	}
	str_append_c(str, 'y');
	return str_c(str);
}

static const char *test_random_value(const struct eas_contacts_element *elem)
{
	switch (elem->field) {
	case PIM_CONTACT_BIRTHDAY:
	case PIM_CONTACT_ANNIVERSARY:
		return t_strdup_printf("%u-%02u-%02uT11:59:00.000Z",
				       1604 + test_class_pick(500),
				       1 + test_class_pick(12),
				       1 + test_class_pick(28));
	case PIM_CONTACT_EMAIL1:
	case PIM_CONTACT_EMAIL2:
	case PIM_CONTACT_EMAIL3:
		if (test_class_pick(2) == 0)
			return t_strdup_printf("u%u@x.example",
					       test_class_pick(1U << 24));
		return t_strdup_printf("\"N%u ä, B.\" <u%u@x.example>",
				       test_class_pick(1U << 24),
				       test_class_pick(1U << 24));
	case PIM_CONTACT_BUSINESS_STREET:
	case PIM_CONTACT_HOME_STREET:
	case PIM_CONTACT_OTHER_STREET:
		return t_strdup_printf("%s\r\n%s", test_random_text(10),
				       test_random_text(10));
	default:
		break;
	}
	return test_random_text(20);
}

static void
test_random_list(struct wbxml_writer *writer, unsigned int list,
		 unsigned int entry)
{
	unsigned int i, count = 1 + test_class_pick(4);

	wbxml_open(writer, list);
	for (i = 0; i < count; i++)
		wbxml_text(writer, entry, test_random_text(10));
	wbxml_close(writer);
}

static struct wbxml_node *test_random_data(struct test_class *test)
{
	const struct eas_contacts_element *elem = eas_contacts_elements;
	struct wbxml_writer *writer = test_class_data_begin(test);
	unsigned int density = 1 + test_class_pick(8);
	const char *body = t_strdup_printf("%s\r\n\r\n%s",
		test_random_text(40), test_random_text(40));

	/* one without is given one */
	wbxml_text(writer, elem->tag, test_random_value(elem));
	for (elem++; elem->tag != 0; elem++) {
		if (test_class_pick(8) < density)
			wbxml_text(writer, elem->tag, test_random_value(elem));
	}
	if (test_class_pick(2) == 0)
		test_random_list(writer, EAS_CONTACTS_CHILDREN,
				 EAS_CONTACTS_CHILD);
	if (test_class_pick(2) == 0)
		test_random_list(writer, EAS_CONTACTS_CATEGORIES,
				 EAS_CONTACTS_CATEGORY);
	if (test_class_pick(4) == 0)
		wbxml_text(writer, EAS_CONTACTS_PICTURE, "/9j/4AAQ");
	if (test->req.version == EAS_VERSION_2_5) {
		wbxml_text(writer, EAS_CONTACTS_BODY, body);
	} else {
		wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
		wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, EAS_BODY_PLAIN);
		wbxml_text(writer, EAS_AIRSYNCBASE_DATA, body);
		wbxml_close(writer);
	}
	return test_class_data_end(test, &writer);
}

static const char *test_body(const struct wbxml_node *data)
{
	const char *text = wbxml_child_text(data, EAS_CONTACTS_BODY);

	return text != NULL ? text : wbxml_child_text(
		wbxml_node_child(data, EAS_AIRSYNCBASE_BODY),
		EAS_AIRSYNCBASE_DATA);
}

static void
test_compare(const struct wbxml_node *sent, const struct wbxml_node *shown,
	     unsigned int tag, unsigned int idx)
{
	const struct wbxml_node *n1 = wbxml_node_child(sent, tag);
	const struct wbxml_node *n2 = wbxml_node_child(shown, tag);

	test_assert_idx((n1 == NULL) == (n2 == NULL), tag);
	if (n1 == NULL || n2 == NULL)
		return;
	if (n1->children == NULL) {
		test_assert_strcmp_idx(wbxml_node_text(n1),
				       wbxml_node_text(n2), idx);
		return;
	}
	n1 = n1->children;
	n2 = n2->children;
	for (; n1 != NULL && n2 != NULL; n1 = n1->next, n2 = n2->next) {
		test_assert_strcmp_idx(wbxml_node_text(n1),
				       wbxml_node_text(n2), idx);
	}
	test_assert_idx(n1 == NULL && n2 == NULL, idx);
}

static void
test_compare_all(const struct wbxml_node *sent, const struct wbxml_node *shown,
		 unsigned int idx)
{
	const struct eas_contacts_element *elem = eas_contacts_elements;

	for (; elem->tag != 0; elem++)
		test_compare(sent, shown, elem->tag, idx);
	test_compare(sent, shown, EAS_CONTACTS_CHILDREN, idx);
	test_compare(sent, shown, EAS_CONTACTS_CATEGORIES, idx);
	test_compare(sent, shown, EAS_CONTACTS_PICTURE, idx);
	test_assert_strcmp_idx(test_body(sent), test_body(shown), idx);
}

static const unsigned int test_versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1
};

static void test_contacts_random_one(unsigned int idx)
{
	struct wbxml_node *first, *second;
	struct test_class test;
	const char *text, *text2;

	test_class_init(&test, &eas_class_contacts,
			test_versions[test_class_pick(4)]);
	first = test_random_data(&test);
	text = test_class_apply(&test, NULL, first);
	test_assert_idx(text != NULL && !test.tell, idx);
	for (unsigned int i = 0; i < N_ELEMENTS(test_versions); i++) {
		test.req.version = test_versions[i];
		second = test_class_write(&test, text);
		test_compare_all(first, second, idx);
		/* sent back as it is */
		text2 = test_class_apply(&test, text, second);
		test_assert_strcmp_idx(text2, text, idx);
		/* and replaced by another one */
		second = test_random_data(&test);
		text2 = test_class_apply(&test, text, second);
		test_assert_idx(text2 != NULL && !test.tell, idx);
		first = test_class_write(&test, text2);
		if (wbxml_node_child(second, EAS_CONTACTS_PICTURE) != NULL)
			test_compare_all(second, first, idx);
		text = text2;
	}
	test_class_deinit(&test);
}

static void test_contacts_random(void)
{
	test_begin("eas contacts: random ones come back as they were");
	for (unsigned int i = 0; i < 300; i++) T_BEGIN {
		test_contacts_random_one(i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_contacts_elements,
		test_contacts_dates,
		test_contacts_add,
		test_contacts_ghosted,
		test_contacts_places,
		test_contacts_names,
		test_contacts_picture,
		test_contacts_refused,
		test_contacts_random,
		NULL
	};
	int ret;

	ret = test_run(test_functions);
	pim_timezones_deinit();
	return ret;
}
