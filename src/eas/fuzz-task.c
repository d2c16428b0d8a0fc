/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "pim-timezone.h"
#include "class-tasks.h"
#include "test-class-common.h"

/* Anybody's VTODO is shown, and what was shown is sent back, at each version. What a device sends beside
   it (the other half of the input, WBXML) is applied or refused. Whatever comes of it can be
   shown. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned int versions[] = { 25, 121, 141, 161 };

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	if (setenv("TZ", "Europe/Berlin", 1) < 0)
		i_fatal("setenv() failed: %m");
	return 0;
}

static const struct wbxml_node *
fuzz_tree(struct test_class *test, const char *data, size_t size)
{
	struct istream *input = i_stream_create_from_data(data, size);
	struct wbxml_limits limits = wbxml_default_limits;
	struct wbxml_node *root;
	enum wbxml_error kind;
	const char *error;

	limits.partial = TRUE;
	limits.max_inline = limits.max_text;
	if (wbxml_tree_read(input, &eas_code_space, &limits, test->pool, &root,
			    &kind, &error) < 0 && root == NULL)
		root = NULL;
	i_stream_unref(&input);
	return root;
}

static void fuzz_version(unsigned int version, const char *text,
			 const char *wbxml, size_t wbxml_size)
{
	const struct wbxml_node *shown, *data;
	struct test_class test;
	const char *result;

	test_class_init(&test, &eas_class_tasks, version);
	shown = test_class_write(&test, text);
	if (shown != NULL) {
		result = test_class_apply(&test, text, shown);
		if (result != NULL && test_class_write(&test, result) == NULL)
			i_panic("Can't be shown: %s", test.error);
	}
	data = fuzz_tree(&test, wbxml, wbxml_size);
	if (data != NULL) {
		result = test_class_apply(&test, shown == NULL ? NULL : text,
					  data);
		if (result != NULL && test_class_write(&test, result) == NULL)
			i_panic("Can't be shown: %s", test.error);
		if (test.more != NULL &&
		    test_class_write(&test, test.more) == NULL)
			i_panic("Can't be shown: %s", test.error);
	}
	test_class_deinit(&test);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* the text ends with a NUL */
	const uint8_t *end = memchr(data, '\0', size);
	size_t text_size = end == NULL ? size : (size_t)(end - data);
	const char *text, *wbxml;

	if (size > 16384)
		return 0;
	T_BEGIN {
		text = t_strndup(data, text_size);
		wbxml = end == NULL ? "" : (const char *)end + 1;
		for (unsigned int i = 0; i < N_ELEMENTS(versions); i++) {
			fuzz_version(versions[i], text, wbxml, end == NULL ?
				     0 : size - text_size - 1);
		}
	} T_END;
	return 0;
}
