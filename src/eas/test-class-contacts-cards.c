/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "test-class-common.h"
#include "class-contacts.h"

/* Cards as other programs write them: a device is shown them, sends all of it back
   with one element changed, and nothing else in the card is another than it was. */

struct test_element {
	unsigned int tag;
	const char *value;
};

static const struct {
	const char *card;
	/* what is shown, besides FileAs; ended by 0 */
	struct test_element shown[24];
	/* the change, NULL = the element is left out */
	struct test_element change;
	/* the lines of the card that are others afterwards; NULL = gone or new */
	const char *old_line, *new_line;
} cards[] = {
	/* Apple */
	{ "BEGIN:VCARD\r\nVERSION:3.0\r\nPRODID:-//Apple Inc.//iOS 17//EN\r\n"
	  "N:Müller;Anna;;;\r\nFN:Anna Müller\r\n"
	  "ORG:Acme GmbH;\r\n"
	  "item1.EMAIL;type=INTERNET;type=pref:anna@acme.example\r\n"
	  "item1.X-ABLabel:Büro\r\n"
	  "EMAIL;type=INTERNET;type=HOME:anna@home.example\r\n"
	  "EMAIL;type=INTERNET:third@x.example\r\n"
	  "EMAIL;type=INTERNET:fourth@x.example\r\n"
	  "TEL;type=CELL;type=VOICE;type=pref:+49 170 1\r\n"
	  "TEL;type=IPHONE;type=CELL;type=VOICE:+49 170 2\r\n"
	  "TEL;type=MAIN:+49 30 3\r\n"
	  "item2.ADR;type=HOME;type=pref:;;Weg 1\\nHinterhaus;Berlin;;10115;De\r\n utschland\r\n"
	  "item2.X-ABADR:de\r\n"
	  "item3.X-ABRELATEDNAMES;type=pref:Max\r\n"
	  "item3.X-ABLabel:_$!<Spouse>!$_\r\n"
	  "item4.X-ABDATE;type=pref:2001-05-06\r\n"
	  "item4.X-ABLabel:_$!<Anniversary>!$_\r\n"
	  "BDAY;X-APPLE-OMIT-YEAR=1604:1604-02-29\r\n"
	  "X-SOCIALPROFILE;type=twitter:http://twitter.example/anna\r\n"
	  "UID:apple-1\r\nX-ABUID:5AD3:ABPerson\r\nEND:VCARD\r\n",
	  { { EAS_CONTACTS_LAST_NAME, "Müller" },
	    { EAS_CONTACTS_FIRST_NAME, "Anna" },
	    { EAS_CONTACTS_COMPANY_NAME, "Acme GmbH" },
	    { EAS_CONTACTS_EMAIL1_ADDRESS, "anna@acme.example" },
	    { EAS_CONTACTS_EMAIL2_ADDRESS, "anna@home.example" },
	    { EAS_CONTACTS_EMAIL3_ADDRESS, "third@x.example" },
	    { EAS_CONTACTS_MOBILE_PHONE_NUMBER, "+49 170 1" },
	    { EAS_CONTACTS_HOME_PHONE_NUMBER, "+49 170 2" },
	    { EAS_CONTACTS_HOME2_PHONE_NUMBER, "+49 30 3" },
	    { EAS_CONTACTS_HOME_ADDRESS_STREET, "Weg 1\r\nHinterhaus" },
	    { EAS_CONTACTS_HOME_ADDRESS_CITY, "Berlin" },
	    { EAS_CONTACTS_HOME_ADDRESS_POSTAL_CODE, "10115" },
	    { EAS_CONTACTS_HOME_ADDRESS_COUNTRY, "Deutschland" },
	    { EAS_CONTACTS_SPOUSE, "Max" },
	    { EAS_CONTACTS_ANNIVERSARY, "2001-05-06T11:59:00.000Z" },
	    { EAS_CONTACTS_BIRTHDAY, "1604-02-29T11:59:00.000Z" },
	    { 0, NULL } },
	  { EAS_CONTACTS_EMAIL1_ADDRESS, "new@acme.example" },
	  "item1.EMAIL;type=INTERNET;type=pref:anna@acme.example",
	  "item1.EMAIL;type=INTERNET;type=pref:new@acme.example" },
	/* Google */
	{ "BEGIN:VCARD\nVERSION:3.0\nFN:Dr. Bob B. Builder Jr.\n"
	  "N:Builder;Bob;B.;Dr.;Jr.\nNICKNAME:Bobby\n"
	  "EMAIL;TYPE=INTERNET;TYPE=WORK:bob@build.example\n"
	  "TEL;TYPE=WORK:+1 555 1\nTEL;TYPE=WORK:+1 555 2\n"
	  "TEL;TYPE=WORK:+1 555 3\nTEL;TYPE=HOMEFAX:+1 555 4\n"
	  "ADR;TYPE=WORK:PO 7;Suite 5;1 Main St;Springfield;IL;62701;USA\n"
	  "ORG:Build Inc.;Works\nTITLE:Foreman\nBDAY:19700131\n"
	  "item1.URL:https://build.example\nitem1.X-ABLabel:Website\n"
	  "URL;TYPE=HOME:https://bob.example\n"
	  "IMPP;X-SERVICE-TYPE=XMPP:xmpp:bob@build.example\n"
	  "NOTE:line one\\nline two\nCATEGORIES:myContacts,Work\n"
	  "X-PHONETIC-FIRST-NAME:Bobu\nEND:VCARD\n",
	  { { EAS_CONTACTS_LAST_NAME, "Builder" },
	    { EAS_CONTACTS_FIRST_NAME, "Bob" },
	    { EAS_CONTACTS_MIDDLE_NAME, "B." },
	    { EAS_CONTACTS_TITLE, "Dr." },
	    { EAS_CONTACTS_SUFFIX, "Jr." },
	    { EAS_CONTACTS2_NICK_NAME, "Bobby" },
	    { EAS_CONTACTS_EMAIL1_ADDRESS, "bob@build.example" },
	    { EAS_CONTACTS_BUSINESS_PHONE_NUMBER, "+1 555 1" },
	    { EAS_CONTACTS_BUSINESS2_PHONE_NUMBER, "+1 555 2" },
	    { EAS_CONTACTS_HOME_PHONE_NUMBER, "+1 555 4" },
	    { EAS_CONTACTS_BUSINESS_ADDRESS_STREET,
	      "Suite 5\r\n1 Main St\r\nPO 7" },
	    { EAS_CONTACTS_BUSINESS_ADDRESS_CITY, "Springfield" },
	    { EAS_CONTACTS_BUSINESS_ADDRESS_STATE, "IL" },
	    { EAS_CONTACTS_BUSINESS_ADDRESS_POSTAL_CODE, "62701" },
	    { EAS_CONTACTS_BUSINESS_ADDRESS_COUNTRY, "USA" },
	    { EAS_CONTACTS_COMPANY_NAME, "Build Inc." },
	    { EAS_CONTACTS_DEPARTMENT, "Works" },
	    { EAS_CONTACTS_JOB_TITLE, "Foreman" },
	    { EAS_CONTACTS_BIRTHDAY, "1970-01-31T11:59:00.000Z" },
	    { EAS_CONTACTS_WEB_PAGE, "https://build.example" },
	    { EAS_CONTACTS2_IM_ADDRESS, "xmpp:bob@build.example" },
	    { EAS_CONTACTS_YOMI_FIRST_NAME, "Bobu" },
	    { 0, NULL } },
	  { EAS_CONTACTS_JOB_TITLE, "Boss" }, "TITLE:Foreman", "TITLE:Boss" },
	/* Outlook, in Latin-1 */
	{ "BEGIN:VCARD\r\nVERSION:2.1\r\n"
	  "N;LANGUAGE=de;CHARSET=ISO-8859-1:J\xe4ger;J\xfcrgen\r\n"
	  "FN;CHARSET=ISO-8859-1:J\xfcrgen J\xe4ger\r\n"
	  "ORG:Forst;Wald\r\n"
	  "TEL;WORK;VOICE:1\r\nTEL;HOME;VOICE:2\r\nTEL;CELL;VOICE:3\r\n"
	  "TEL;WORK;FAX:4\r\nTEL;PAGER;VOICE:5\r\nTEL;CAR;VOICE:6\r\n"
	  "X-MS-TEL;VOICE;ASSISTANT:7\r\nX-MS-TEL;VOICE;COMPANY:8\r\n"
	  "ADR;HOME;PREF;ENCODING=QUOTED-PRINTABLE:;;Im Forst=0D=0A=\r\nHaus 2;K=F6ln\r\n"
	  "X-MS-SPOUSE:Eva\r\nX-MS-MANAGER:Chef\r\nX-MS-ASSISTANT:Helfer\r\n"
	  "X-MS-CHILD:Kim\r\n"
	  "X-MS-ANNIVERSARY;VALUE=DATE:19990909\r\n"
	  "X-MS-IMADDRESS:jj@im.example\r\n"
	  "EMAIL;PREF;INTERNET:jj@forst.example\r\n"
	  "X-MS-OL-DESIGN;CHARSET=utf-8:<card xmlns=\"x\"/>\r\n"
	  "REV:20240101T000000Z\r\nEND:VCARD\r\n",
	  { { EAS_CONTACTS_LAST_NAME, "Jäger" },
	    { EAS_CONTACTS_FIRST_NAME, "Jürgen" },
	    { EAS_CONTACTS_COMPANY_NAME, "Forst" },
	    { EAS_CONTACTS_DEPARTMENT, "Wald" },
	    { EAS_CONTACTS_BUSINESS_PHONE_NUMBER, "1" },
	    { EAS_CONTACTS_HOME_PHONE_NUMBER, "2" },
	    { EAS_CONTACTS_MOBILE_PHONE_NUMBER, "3" },
	    { EAS_CONTACTS_BUSINESS_FAX_NUMBER, "4" },
	    { EAS_CONTACTS_PAGER_NUMBER, "5" },
	    { EAS_CONTACTS_CAR_PHONE_NUMBER, "6" },
	    { EAS_CONTACTS_ASSISTANT_PHONE_NUMBER, "7" },
	    { EAS_CONTACTS2_COMPANY_MAIN_PHONE, "8" },
	    { EAS_CONTACTS_HOME_ADDRESS_STREET, "Im Forst\r\nHaus 2" },
	    { EAS_CONTACTS_HOME_ADDRESS_CITY, "Köln" },
	    { EAS_CONTACTS_SPOUSE, "Eva" },
	    { EAS_CONTACTS2_MANAGER_NAME, "Chef" },
	    { EAS_CONTACTS_ASSISTANT_NAME, "Helfer" },
	    { EAS_CONTACTS_ANNIVERSARY, "1999-09-09T11:59:00.000Z" },
	    { EAS_CONTACTS2_IM_ADDRESS, "jj@im.example" },
	    { EAS_CONTACTS_EMAIL1_ADDRESS, "jj@forst.example" },
	    { 0, NULL } },
	  { EAS_CONTACTS_PAGER_NUMBER, NULL }, "TEL;PAGER;VOICE:5", NULL },
	/* Evolution */
	{ "BEGIN:VCARD\r\nVERSION:3.0\r\nUID:pas-id-1\r\n"
	  "X-EVOLUTION-FILE-AS:Ng\\, Li\r\nFN:Li Ng\r\nN:Ng;Li;;;\r\n"
	  "X-EVOLUTION-SPOUSE:Bo\r\nX-EVOLUTION-MANAGER:Ma\r\n"
	  "X-EVOLUTION-ANNIVERSARY:2010-10-10\r\n"
	  "EMAIL;TYPE=WORK;X-EVOLUTION-UI-SLOT=1:li@ng.example\r\n"
	  "TEL;X-EVOLUTION-UI-SLOT=1;TYPE=\"WORK,VOICE\":10\r\n"
	  "TEL;TYPE=X-EVOLUTION-RADIO:11\r\n"
	  "X-JABBER;X-EVOLUTION-UI-SLOT=1;TYPE=HOME:li@jabber.example\r\n"
	  "X-EVOLUTION-BLOG-URL:http://ng.example/blog\r\n"
	  "END:VCARD\r\n",
	  { { EAS_CONTACTS_LAST_NAME, "Ng" },
	    { EAS_CONTACTS_FIRST_NAME, "Li" },
	    { EAS_CONTACTS_SPOUSE, "Bo" },
	    { EAS_CONTACTS2_MANAGER_NAME, "Ma" },
	    { EAS_CONTACTS_ANNIVERSARY, "2010-10-10T11:59:00.000Z" },
	    { EAS_CONTACTS_EMAIL1_ADDRESS, "li@ng.example" },
	    { EAS_CONTACTS_BUSINESS_PHONE_NUMBER, "10" },
	    { EAS_CONTACTS_RADIO_PHONE_NUMBER, "11" },
	    { EAS_CONTACTS2_IM_ADDRESS, "li@jabber.example" },
	    { 0, NULL } },
	  { EAS_CONTACTS_FILE_AS, "Li Ng (work)" },
	  "X-EVOLUTION-FILE-AS:Ng\\, Li",
	  "X-EVOLUTION-FILE-AS:Li Ng (work)" },
	/* Nextcloud */
	{ "BEGIN:VCARD\nVERSION:4.0\nPRODID:-//Nextcloud Contacts v5\n"
	  "UID:urn:uuid:4fbe8971-0bc3-424c-9c26-36c3e1eff6b1\n"
	  "FN:Zoë\nADR;TYPE=HOME:;;Street;Town;;1000;\n"
	  "EMAIL;TYPE=HOME;PREF=1:zoe@z.example\n"
	  "TEL;TYPE=\"HOME,VOICE\";VALUE=uri:tel:+31-20-1\n"
	  "RELATED;TYPE=spouse;VALUE=text:Yan\n"
	  "RELATED;TYPE=child;VALUE=text:Xi\n"
	  "BDAY:--0412\nANNIVERSARY:20200202\nGENDER:F\n"
	  "X-MANAGERSNAME:Boss\nCLOUD:zoe@cloud.example\nEND:VCARD\n",
	  { { EAS_CONTACTS_LAST_NAME, "Zoë" },
	    { EAS_CONTACTS_HOME_ADDRESS_STREET, "Street" },
	    { EAS_CONTACTS_HOME_ADDRESS_CITY, "Town" },
	    { EAS_CONTACTS_HOME_ADDRESS_POSTAL_CODE, "1000" },
	    { EAS_CONTACTS_EMAIL1_ADDRESS, "zoe@z.example" },
	    { EAS_CONTACTS_HOME_PHONE_NUMBER, "+31-20-1" },
	    { EAS_CONTACTS_SPOUSE, "Yan" },
	    { EAS_CONTACTS_BIRTHDAY, "1604-04-12T11:59:00.000Z" },
	    { EAS_CONTACTS_ANNIVERSARY, "2020-02-02T11:59:00.000Z" },
	    { 0, NULL } },
	  { EAS_CONTACTS_MOBILE_PHONE_NUMBER, "+31 6 1" },
	  NULL, "TEL;TYPE=CELL:+31 6 1" },
};

/* The ApplicationData that a device sends back: what it was shown, one thing changed. */
static struct wbxml_node *
test_send_back(struct test_class *test, const struct wbxml_node *shown,
	       const struct test_element *change)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const struct wbxml_node *node, *child;

	for (node = shown->children; node != NULL; node = node->next) {
		if (node->tag == change->tag)
			continue;
		if (node->children == NULL) {
			wbxml_text(writer, node->tag, wbxml_node_text(node));
			continue;
		}
		wbxml_open(writer, node->tag);
		for (child = node->children; child != NULL;
		     child = child->next)
			wbxml_text(writer, child->tag, wbxml_node_text(child));
		wbxml_close(writer);
	}
	if (change->value != NULL)
		wbxml_text(writer, change->tag, change->value);
	return test_class_data_end(test, &writer);
}

/* The card without a line; REV's value is left out of both. */
static const char *test_without(const char *card, const char *line)
{
	const char *const *lines = t_strsplit(card, "\n");
	string_t *str = t_str_new(1024);

	for (; *lines != NULL; lines++) {
		const char *text = t_str_rtrim(*lines, "\r");

		if (line != NULL && strcmp(text, line) == 0)
			line = NULL;
		else if (strncmp(text, "REV:", 4) == 0)
			str_append(str, "REV\n");
		else {
			str_append(str, *lines);
			str_append_c(str, '\n');
		}
	}
	test_assert(line == NULL);
	return str_c(str);
}

/* As it is in the store after an import: UTF-8. */
static const char *test_import(const char *card)
{
	string_t *str = t_str_new(1024);
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(card, strlen(card), NULL, &doc, &error) < 0)
		i_unreached();
	pim_lines_write(doc, str);
	pim_lines_free(&doc);
	return str_c(str);
}

static void test_contacts_card(struct test_class *test, unsigned int i)
{
	const struct test_element none = { 0, NULL }, *elem;
	const char *text, *card = test_import(cards[i].card);
	struct wbxml_node *shown;

	shown = test_class_write(test, card);
	test_assert_idx(shown != NULL, i);
	for (elem = cards[i].shown; elem->tag != 0; elem++) {
		test_assert_strcmp_idx(wbxml_child_text(shown, elem->tag),
				       elem->value, elem->tag);
	}
	/* nothing changed */
	text = test_class_apply(test, card,
				test_send_back(test, shown, &none));
	test_assert_strcmp_idx(text, card, i);
	/* one thing did */
	text = test_class_apply(test, card,
		test_send_back(test, shown, &cards[i].change));
	test_assert_strcmp_idx(test_without(text, cards[i].new_line),
			       test_without(card, cards[i].old_line), i);
	/* and is shown so */
	shown = test_class_write(test, text);
	test_assert_strcmp_idx(wbxml_child_text(shown, cards[i].change.tag),
			       cards[i].change.value, i);
	/* FileAs apart, everything was looked at */
	for (elem = cards[i].shown; elem->tag != 0; elem++) {
		if (elem->tag != cards[i].change.tag) {
			test_assert_strcmp_idx(
				wbxml_child_text(shown, elem->tag),
				elem->value, i);
		}
	}
}

static void test_contacts_cards(void)
{
	static const unsigned int versions[] = {
		EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1,
		EAS_VERSION_16_1
	};
	struct test_class test;

	test_begin("eas contacts: one change leaves the rest of a card alone");
	for (unsigned int v = 0; v < N_ELEMENTS(versions); v++) {
		for (unsigned int i = 0; i < N_ELEMENTS(cards); i++) T_BEGIN {
			test_class_init(&test, &eas_class_contacts,
					versions[v]);
			test_contacts_card(&test, i);
			test_class_deinit(&test);
		} T_END;
	}
	test_end();
}

static void test_contacts_broken(void)
{
	static const char *const broken[] = {
		"", "nonsense", "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
	};
	struct test_class test;

	test_begin("eas contacts: what is no contact");
	test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
	for (unsigned int i = 0; i < N_ELEMENTS(broken); i++) {
		test_assert_idx(test_class_write(&test, broken[i]) == NULL, i);
		test_assert_idx(test.error != NULL, i);
	}
	/* without anything in it, or without end, it is one */
	test_assert(test_class_write(&test,
		"BEGIN:VCARD\r\nEND:VCARD\r\n") != NULL);
	test_assert(test_class_write(&test, "BEGIN:VCARD\r\nN:a") != NULL);
	test_class_deinit(&test);
	test_end();
}

/* Each label is looked for in all of the card: that of a few only. */
static void test_contacts_labels(void)
{
	struct test_class test;
	const struct wbxml_node *shown;
	string_t *card;

	test_begin("eas contacts: so many labels are looked at");
	for (unsigned int others = 399; others <= 400; others++) T_BEGIN {
		card = t_str_new(65536);
		str_append(card, "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n");
		for (unsigned int i = 0; i <= others; i++) {
			str_printfa(card, "item%u.X-ABRELATEDNAMES:N%u\r\n"
				    "item%u.X-ABLabel:%s\r\n", i, i, i,
				    i < others ? "Friend" :
				    "_$!<Spouse>!$_");
		}
		str_append(card, "END:VCARD\r\n");
		test_class_init(&test, &eas_class_contacts, EAS_VERSION_14_1);
		shown = test_class_write(&test, str_c(card));
		test_assert_strcmp_idx(
			wbxml_child_text(shown, EAS_CONTACTS_SPOUSE),
			others < 400 ? "N399" : NULL, others);
		test_class_deinit(&test);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_contacts_cards,
		test_contacts_broken,
		test_contacts_labels,
		NULL
	};

	return test_run(test_functions);
}
