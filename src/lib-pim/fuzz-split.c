/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "pim-attach.h"
#include "pim-inline.h"
#include "pim-item.h"
#include "pim-split.h"

/* Whatever an import is: it comes to an end, and each piece that is an item is one by itself. A
   piece that is taken apart again is one piece. The same, with the contents of attachments taken out of
   it, has the same pieces. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

/* What stands for a content has one; what names a blob is found by either way. */
static void
look_at_contents(struct pim_split *ctx, const char *text, size_t size)
{
	struct istream *input;
	struct pim_attach attach;
	const char *eol, *p = text;
	uoff_t content_size;
	size_t pos = 0;

	while ((p = strstr(p, PIM_INLINE_SCHEME)) != NULL) {
		input = pim_split_content(ctx, t_strcut(p, '\r'));
		if (input != NULL) {
			i_assert(i_stream_get_size(input, TRUE,
						   &content_size) == 1);
			i_stream_unref(&input);
		}
		p++;
	}
	while (pim_attach_next(text, size, pos, &attach)) {
		i_assert(attach.start >= pos && attach.end > attach.start &&
			 attach.end <= size);
		(void)pim_attach_inline(text, &attach, NULL, NULL, &eol);
		pos = attach.end;
	}
}

/* How many pieces there are. */
static unsigned int split(const void *data, size_t size, bool deeper,
			  bool extract)
{
	struct istream *input = i_stream_create_from_data(data, size);
	struct pim_split *ctx = pim_split_init(input);
	struct pim_item_props props;
	const char *text, *error;
	unsigned int count = 0;
	size_t text_size;
	bool more = TRUE;
	int ret;

	if (extract)
		pim_split_extract(ctx, "/tmp/fuzz-split.");
	do T_BEGIN {
		ret = pim_split_next(ctx, &text, &text_size, &more, &error);
		if (ret > 0) {
			i_assert(strlen(text) <= text_size);
			count++;
			if (extract)
				look_at_contents(ctx, text, text_size);
			if (deeper &&
			    pim_item_props_read(text, text_size, &props,
						&error) == 0)
				i_assert(split(text, text_size, FALSE,
					       FALSE) == 1);
		}
		i_assert(count <= size);
	} T_END; while (ret > 0 || (ret < 0 && more));
	pim_split_deinit(&ctx);
	i_stream_unref(&input);
	return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned int count = split(data, size, TRUE, FALSE);

	i_assert(split(data, size, FALSE, TRUE) == count);
	return 0;
}
