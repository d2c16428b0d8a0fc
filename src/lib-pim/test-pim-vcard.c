/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "test-common.h"
#include "pim-vcard.h"

static struct pim_component *
test_card(const char *lines, struct pim_lines **doc_r)
{
	const char *text = t_strconcat("BEGIN:VCARD\n", lines, "END:VCARD\n",
				       NULL);
	const char *error;

	if (pim_lines_parse(text, strlen(text), NULL, doc_r, &error) < 0)
		i_fatal("%s", error);
	return pim_vcard_first(*doc_r);
}

static const char *test_write(const struct pim_lines *doc)
{
	buffer_t *buf = t_buffer_create(256);

	pim_lines_write(doc, buf);
	return str_c(buf);
}

static void test_pim_vcard_names(void)
{
	static const struct {
		const char *lines, *name;
	} tests[] = {
		{ "", "" },
		{ "FN:A B\n", "A B" },
		{ "FN: A\\n B \n", "A  B" },
		{ "FN:\nN:Doe;John;Q;Dr.;Jr.\n", "Dr. John Q Doe Jr." },
		{ "N:;;;;\nORG:Acme\\, Inc.;Sales\n", "Acme, Inc." },
		{ "EMAIL:a@b.test\n", "a@b.test" },
		{ "VERSION:2.1\nN;CHARSET=iso-8859-1;"
		  "ENCODING=QUOTED-PRINTABLE:M=FCller;J=F6rg\n",
		  "J\xc3\xb6rg M\xc3\xbcller" },
	};

	test_begin("pim vcard: display name");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc;
		struct pim_component *card = test_card(tests[i].lines, &doc);

		test_assert_strcmp_idx(pim_vcard_display_name(card),
				       tests[i].name, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_vcard_types(void)
{
	static const struct {
		const char *line;
		enum pim_vcard_type types;
	} tests[] = {
		{ "TEL:1\n", 0 },
		{ "TEL;TYPE=home:1\n", PIM_VCARD_TYPE_HOME },
		{ "TEL;TYPE=HOME,FAX:1\n",
		  PIM_VCARD_TYPE_HOME | PIM_VCARD_TYPE_FAX },
		{ "TEL;TYPE=\"work,cell\":1\n",
		  PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_CELL },
		{ "TEL;VERSION;WORK;PREF:1\n",
		  PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_PREF },
		{ "TEL;TYPE=cell;PREF=1:tel:+1\n",
		  PIM_VCARD_TYPE_CELL | PIM_VCARD_TYPE_PREF },
		{ "TEL;TYPE=x-mine:1\n", 0 },
	};

	test_begin("pim vcard: types");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc;
		struct pim_component *card = test_card(tests[i].line, &doc);

		test_assert_idx(pim_vcard_types(pim_property_find(card,
			"TEL")) == tests[i].types, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_vcard_set_types(void)
{
	static const struct {
		const char *version, *old;
		enum pim_vcard_type types;
		const char *new;
	} tests[] = {
		{ "3.0", "TEL;TYPE=home,x-mine:1",
		  PIM_VCARD_TYPE_HOME, "TEL;TYPE=home,x-mine:1" },
		{ "3.0", "TEL;TYPE=home,x-mine:1",
		  PIM_VCARD_TYPE_WORK, "TEL;TYPE=x-mine,WORK:1" },
		{ "3.0", "TEL:1", PIM_VCARD_TYPE_PREF | PIM_VCARD_TYPE_CELL,
		  "TEL;TYPE=PREF,CELL:1" },
		{ "4.0", "TEL:1", PIM_VCARD_TYPE_PREF | PIM_VCARD_TYPE_CELL,
		  "TEL;TYPE=CELL;PREF=1:1" },
		{ "4.0", "TEL;PREF=2:1", 0, "TEL:1" },
		{ "2.1", "TEL;HOME;FAX:1",
		  PIM_VCARD_TYPE_WORK | PIM_VCARD_TYPE_FAX,
		  "TEL;TYPE=WORK;TYPE=FAX:1" },
	};

	test_begin("pim vcard: setting types");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc;
		struct pim_component *card = test_card(t_strdup_printf(
			"VERSION:%s\n%s\n", tests[i].version, tests[i].old),
			&doc);
		struct pim_property *prop = pim_property_find(card, "TEL");

		pim_vcard_set_types(prop, tests[i].types);
		test_assert_idx(pim_vcard_types(prop) == tests[i].types, i);
		test_assert_idx(strstr(test_write(doc), t_strdup_printf(
			"\n%s\n", tests[i].new)) != NULL, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_vcard_find(void)
{
	struct pim_lines *doc;
	struct pim_component *card = test_card(
		"TEL;TYPE=home:1\nTEL;TYPE=work,fax:2\nTEL;TYPE=work:3\n"
		"TEL;TYPE=work,pref:tel:4\nEMAIL;PREF=2:mailto:b\n"
		"EMAIL;PREF=1:a\nEMAIL:c\n", &doc);
	struct pim_property *const *props, *prop;

	test_begin("pim vcard: find and list");
	prop = pim_vcard_find(card, "TEL", PIM_VCARD_TYPE_WORK,
			      PIM_VCARD_TYPE_FAX);
	test_assert_strcmp(pim_vcard_address(prop), "4");
	prop = pim_vcard_find(card, "TEL", PIM_VCARD_TYPE_WORK |
			      PIM_VCARD_TYPE_FAX, 0);
	test_assert_strcmp(pim_vcard_address(prop), "2");
	test_assert(pim_vcard_find(card, "TEL", PIM_VCARD_TYPE_CELL,
				   0) == NULL);
	test_assert(pim_vcard_list(card, "EMAIL", &props) == 3);
	test_assert_strcmp(pim_vcard_address(props[0]), "a");
	test_assert_strcmp(pim_vcard_address(props[1]), "b");
	test_assert_strcmp(pim_vcard_address(props[2]), "c");
	test_assert(props[3] == NULL);
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_vcard_remove(void)
{
	struct pim_lines *doc;
	struct pim_component *card = test_card(
		"item1.TEL:1\nitem1.X-ABLabel:Boat\nitem2.TEL:2\n"
		"item2.X-ABLabel:Car\nTEL:3\nitem3.TEL:4\nitem3.EMAIL:x\n"
		"item3.X-ABLabel:both\n", &doc);
	struct pim_property *prop = pim_property_find(card, "TEL");

	test_begin("pim vcard: removing a labelled property");
	pim_vcard_remove(prop);
	prop = pim_property_next(pim_property_next(pim_property_find(
		card, "TEL"), "TEL"), "TEL");
	pim_vcard_remove(prop);
	test_assert_strcmp(test_write(doc), "BEGIN:VCARD\nitem2.TEL:2\n"
		"item2.X-ABLabel:Car\nTEL:3\nitem3.EMAIL:x\n"
		"item3.X-ABLabel:both\nEND:VCARD\n");
	pim_lines_free(&doc);
	test_end();
}

static void test_pim_vcard_binary(void)
{
	static const struct {
		const char *line, *bytes, *media_type;
	} tests[] = {
		{ "PHOTO;ENCODING=b;TYPE=JPEG:YWJj\n", "abc", "image/jpeg" },
		{ "PHOTO;ENCODING=b:YW\n Jj\n", "abc", NULL },
		{ "VERSION:2.1\nPHOTO;PNG;BASE64:\n YW\n Jj\n\n", "abc",
		  "image/png" },
		{ "PHOTO:data:image/gif;base64,YWJj\n", "abc", "image/gif" },
		{ "PHOTO:data:image/gif\\;base64\\,YWJj\n", "abc",
		  "image/gif" },
		{ "PHOTO:data:,a%62c\n", "abc", NULL },
		{ "PHOTO;VALUE=uri:https://x.test/y.jpg\n", NULL, NULL },
		{ "PHOTO;ENCODING=b:\n", NULL, NULL },
		{ "PHOTO;ENCODING=b:YWJjZGVmZ2hpamtsbW5vcHFyc3Q=\n", NULL,
		  NULL },
	};
	buffer_t *buf = t_buffer_create(64);

	test_begin("pim vcard: binary values");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc;
		struct pim_component *card = test_card(tests[i].line, &doc);
		const char *media_type;
		bool ret;

		buffer_set_used_size(buf, 0);
		ret = pim_vcard_binary(pim_property_find(card, "PHOTO"), 10,
				       buf, &media_type);
		test_assert_idx(ret == (tests[i].bytes != NULL), i);
		if (ret) {
			test_assert_strcmp_idx(str_c(buf), tests[i].bytes, i);
			test_assert_strcmp_idx(media_type,
					       tests[i].media_type, i);
		} else {
			test_assert_idx(buf->used == 0, i);
		}
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_vcard_set_binary(void)
{
	static const struct {
		const char *lines, *new;
	} tests[] = {
		{ "VERSION:3.0\n", "PHOTO;ENCODING=b;TYPE=JPEG:eHl6" },
		{ "VERSION:4.0\n", "PHOTO:data:image/jpeg;base64,eHl6" },
		{ "VERSION:2.1\n", "PHOTO;ENCODING=BASE64;TYPE=JPEG:eHl6" },
		{ "VERSION:3.0\nPHOTO;X-P=1;TYPE=PNG;ENCODING=b:YWJj\n",
		  "PHOTO;X-P=1;ENCODING=b;TYPE=JPEG:eHl6" },
		/* the same bytes stay as they are */
		{ "PHOTO;encoding=B:e\n Hl6\n", "PHOTO;encoding=B:e\n Hl6" },
	};

	test_begin("pim vcard: setting binary values");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		struct pim_lines *doc;
		struct pim_component *card = test_card(tests[i].lines, &doc);

		pim_vcard_set_binary(card, "PHOTO", "xyz", 3, "image/jpeg");
		test_assert_idx(strstr(test_write(doc), t_strdup_printf(
			"\n%s\n", tests[i].new)) != NULL, i);
		pim_vcard_set_binary(card, "PHOTO", NULL, 0, NULL);
		test_assert_idx(strstr(test_write(doc), "PHOTO") == NULL, i);
		pim_lines_free(&doc);
	}
	test_end();
}

static void test_pim_vcard_create(void)
{
	struct pim_lines *doc;
	struct pim_component *card;

	test_begin("pim vcard: new card");
	card = pim_vcard_create(PIM_VCARD_4_0, &doc);
	test_assert(pim_vcard_version(card) == PIM_VCARD_4_0);
	pim_component_set_text(card, "FN", "A, B");
	test_assert_strcmp(test_write(doc),
		"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:A\\, B\r\nEND:VCARD\r\n");
	pim_lines_free(&doc);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_pim_vcard_names,
		test_pim_vcard_types,
		test_pim_vcard_set_types,
		test_pim_vcard_find,
		test_pim_vcard_remove,
		test_pim_vcard_binary,
		test_pim_vcard_set_binary,
		test_pim_vcard_create,
		NULL
	};

	return test_run(test_functions);
}
