/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "pim-rtf.h"
#include "pim-text.h"

/* Whatever the bytes are: what is unpacked stays within its limit, and its text is
   clean and not longer than it can be. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_clean(const buffer_t *text)
{
	struct pim_text_check check;

	pim_text_check_init(&check);
	pim_text_check_more(&check, text->data, text->used);
	i_assert(pim_text_check_finish(&check, FALSE));
}

static void check_text(const buffer_t *text, size_t size)
{
	/* one byte of input is at most one character */
	i_assert(text->used <= size * 3 + 3);
	check_clean(text);
}

static void check(const void *data, size_t size)
{
	buffer_t *text = t_buffer_create(1024);

	pim_rtf_to_text(data, size, text);
	check_text(text, size);
	buffer_set_used_size(text, 0);
	(void)pim_rtf_to_html(data, size, text);
	check_text(text, size);
	buffer_set_used_size(text, 0);
	if (!pim_rtf_to_simple_html(data, size, text))
		i_assert(text->used == 0);
	i_assert(text->used <= PIM_RTF_MAX_SIZE + size * 24 + 4096);
	check_clean(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *error;
	buffer_t *rtf;

	if (!lib_is_initialized())
		lib_init();
	T_BEGIN {
		rtf = t_buffer_create(1024);
		check(data, size);
		if (pim_rtf_is_compressed(data, size)) {
			(void)pim_rtf_decompress(data, size, rtf, &error);
			i_assert(rtf->used <= PIM_RTF_MAX_SIZE);
			check(rtf->data, rtf->used);
		}
	} T_END;
	return 0;
}
