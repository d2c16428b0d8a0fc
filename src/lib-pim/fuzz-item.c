/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "str.h"
#include "pim-item.h"
#include "pim-item-text.h"
#include "pim-split.h"
#include "pim-text.h"

/* Whatever an item is: what is extracted of it is clean, in order, and the same with a UID; so is
   what is searched in it. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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

static void check_folded(const uint8_t *data, size_t size)
{
	struct pim_lines *doc;
	string_t *folded;
	const char *error;

	if (pim_lines_parse(data, size, NULL, &doc, &error) < 0)
		return;
	folded = str_new(default_pool, 256);
	pim_item_text_fold(doc, folded);
	check_text(str_c(folded));
	i_assert(strlen(str_c(folded)) == str_len(folded));
	i_assert(strstr(str_c(folded), "\n\n") == NULL);
	i_assert(strpbrk(str_c(folded), "\r\t") == NULL);
	str_free(&folded);
	pim_lines_free(&doc);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pim_item_props props, again;
	const char *error, *text;
	char *copy;

	T_BEGIN {
		check_folded(data, size);
		if (pim_item_props_read(data, size, &props, &error) == 0) {
			check_text(props.uid);
			check_text(props.name);
			i_assert(strpbrk(props.name, "\r\n") == NULL);
			i_assert(props.first_day <= props.last_day);
			/* there may be NULs in it, and behind it is one */
			copy = t_malloc0(size + 1);
			memcpy(copy, data, size);
			text = pim_split_add_uid(copy, &size);
			if (pim_item_props_read(text, size, &again,
						&error) == 0) {
				i_assert(*props.uid == '\0' ||
					 strcmp(props.uid, again.uid) == 0);
			}
		}
	} T_END;
	return 0;
}
