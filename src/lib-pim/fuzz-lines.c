/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "pim-text.h"
#include "pim-vcard.h"

/* Whatever a document is: what it is written as reads the same and is written
   the same again; values are clean text; an edit changes its own property and
   no other. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct pim_lines_limits limits = {
	.max_size = 1024*1024, .max_lines = 10000, .max_depth = 8,
};

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void check_text(const char *text)
{
	struct pim_text_check check;

	pim_text_check_init(&check);
	pim_text_check_more(&check, (const unsigned char *)text, strlen(text));
	i_assert(pim_text_check_finish(&check, FALSE));
}

static void check_property(struct pim_property *prop)
{
	buffer_t *buf = t_buffer_create(128);
	const char *media_type;

	check_text(pim_property_value(prop));
	check_text(pim_property_text(prop));
	check_text(pim_property_field(prop, 1));
	if (pim_property_param(prop, "TYPE") != NULL)
		check_text(pim_property_param(prop, "TYPE"));
	(void)pim_vcard_types(prop);
	(void)pim_vcard_binary(prop, 4096, buf, &media_type);
	i_assert(buf->used <= 4096);
}

/* By its name a property is found where the list of all has it. */
static void check_found(struct pim_component *comp)
{
	struct pim_property *prop = pim_property_find(comp, NULL), *other;
	const char *name;

	for (unsigned int i = 0; i < 100 && prop != NULL; i++) {
		name = pim_property_name(prop);
		other = pim_property_find(comp, NULL);
		while (strcasecmp(pim_property_name(other), name) != 0)
			other = pim_property_next(other, NULL);
		i_assert(pim_property_find(comp, name) == other);
		for (other = pim_property_next(prop, NULL); other != NULL;
		     other = pim_property_next(other, NULL)) {
			if (strcasecmp(pim_property_name(other), name) == 0)
				break;
		}
		i_assert(pim_property_next(prop, name) == other);
		prop = pim_property_next(prop, NULL);
	}
}

static void check_component(struct pim_component *comp)
{
	struct pim_component *child;
	struct pim_property *prop;

	check_found(comp);

	for (prop = pim_property_find(comp, NULL); prop != NULL;
	     prop = pim_property_next(prop, NULL)) T_BEGIN {
		check_property(prop);
	} T_END;
	check_text(pim_vcard_display_name(comp));
	for (child = pim_component_find(comp, NULL); child != NULL;
	     child = pim_component_next(child, NULL))
		check_component(child);
}

static void edit_component(struct pim_component *comp)
{
	static const char text[] = "a;b\"c:d\n\xc3\xbc, e";
	struct pim_component *child;
	struct pim_property *prop, *next;
	const char *next_value = NULL;

	prop = pim_property_find(comp, NULL);
	if (prop != NULL) {
		next = pim_property_next(prop, NULL);
		if (next != NULL)
			next_value = pim_property_value(next);
		pim_property_set_field(prop, 2, text);
		i_assert(strcmp(pim_property_field(prop, 2), text) == 0);
		pim_property_set_text(prop, text);
		i_assert(strcmp(pim_property_text(prop), text) == 0);
		pim_property_set_param(prop, "Q", text);
		i_assert(strcmp(pim_property_param(prop, "Q"), text) == 0);
		i_assert(strcmp(pim_property_text(prop), text) == 0);
		i_assert(next == NULL ||
			 strcmp(pim_property_value(next), next_value) == 0);
	}
	pim_component_set_text(comp, "X-NEW", text);
	for (child = pim_component_find(comp, NULL); child != NULL;
	     child = pim_component_next(child, NULL))
		edit_component(child);
}

/* The document's text; what it is when it was read again is the same. */
static buffer_t *check_stable(const struct pim_lines *doc)
{
	buffer_t *buf1 = t_buffer_create(1024), *buf2 = t_buffer_create(1024);
	const struct pim_lines_limits large = {
		.max_lines = 1000000, .max_depth = 8
	};
	struct pim_lines *again;
	const char *error;

	pim_lines_write(doc, buf1);
	if (pim_lines_parse(buf1->data, buf1->used, &large, &again,
			    &error) < 0)
		i_panic("%s", error);
	check_component(pim_lines_root(again));
	pim_lines_write(again, buf2);
	i_assert(buffer_cmp(buf1, buf2));
	pim_lines_free(&again);
	return buf1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pim_lines *doc;
	const char *error;

	T_BEGIN {
		if (pim_lines_parse(data, size, &limits, &doc, &error) == 0) {
			check_component(pim_lines_root(doc));
			(void)check_stable(doc);
			edit_component(pim_lines_root(doc));
			(void)check_stable(doc);
			pim_lines_free(&doc);
		}
	} T_END;
	return 0;
}
