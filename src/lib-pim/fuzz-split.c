/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "pim-item.h"
#include "pim-split.h"

/* Whatever an import is: it comes to an end, and each piece that is an item is one by itself. A
   piece that is taken apart again is one piece. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

/* How many pieces there are. */
static unsigned int split(const void *data, size_t size, bool deeper)
{
	struct istream *input = i_stream_create_from_data(data, size);
	struct pim_split *ctx = pim_split_init(input);
	struct pim_item_props props;
	const char *text, *error;
	unsigned int count = 0;
	size_t text_size;
	bool more = TRUE;
	int ret;

	do T_BEGIN {
		ret = pim_split_next(ctx, &text, &text_size, &more, &error);
		if (ret > 0) {
			i_assert(strlen(text) <= text_size);
			count++;
			if (deeper &&
			    pim_item_props_read(text, text_size, &props,
						&error) == 0)
				i_assert(split(text, text_size, FALSE) == 1);
		}
		i_assert(count <= size);
	} T_END; while (ret > 0 || (ret < 0 && more));
	pim_split_deinit(&ctx);
	i_stream_unref(&input);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	(void)split(data, size, TRUE);
	return 0;
}
