/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-class-common.h"
#include "class-contacts.h"

/* Whatever a card is: what a device is shown of it changes nothing when it comes back, and an
   edit is shown as what it was. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct wbxml_node *
copy(struct test_class *test, const struct wbxml_node *shown,
     unsigned int tag, const char *value)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const struct wbxml_node *node, *child;

	for (node = shown->children; node != NULL; node = node->next) {
		if (node->tag == tag)
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
	wbxml_text(writer, tag, value);
	return test_class_data_end(test, &writer);
}

static void check(struct test_class *test, const char *card)
{
	static const struct {
		unsigned int tag;
		const char *value;
	} edits[] = {
		{ EAS_CONTACTS_LAST_NAME, "L; a" },
		{ EAS_CONTACTS_EMAIL2_ADDRESS, "x@y.example" },
		{ EAS_CONTACTS_HOME_ADDRESS_CITY, "C" },
		{ EAS_CONTACTS_BUSINESS2_PHONE_NUMBER, "1" },
		{ EAS_CONTACTS_BIRTHDAY, "1980-02-29T11:59:00.000Z" },
	};
	struct wbxml_node *shown;
	const char *text, *again, *value;

	shown = test_class_write(test, card);
	if (shown == NULL)
		return;
	/* it is stored once as it is, and does not change any more */
	text = test_class_apply(test, card, copy(test, shown, 0, NULL));
	i_assert(text != NULL);
	again = test_class_apply(test, text, copy(test, shown, 0, NULL));
	i_assert(again != NULL && strcmp(again, text) == 0);
	for (unsigned int i = 0; i < N_ELEMENTS(edits); i++) {
		text = test_class_apply(test, card, copy(test, shown,
					edits[i].tag, edits[i].value));
		i_assert(text != NULL);
		value = wbxml_child_text(test_class_write(test, text),
					 edits[i].tag);
		i_assert(value != NULL && strcmp(value, edits[i].value) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const unsigned int versions[] = {
		EAS_VERSION_2_5, EAS_VERSION_14_1
	};
	struct test_class test;

	if (size == 0)
		return 0;
	if (!lib_is_initialized())
		lib_init();
	test_class_init(&test, &eas_class_contacts,
			versions[data[size - 1] % N_ELEMENTS(versions)]);
	T_BEGIN {
		check(&test, t_strndup(data, size));
	} T_END;
	test_class_deinit(&test);
	return 0;
}
