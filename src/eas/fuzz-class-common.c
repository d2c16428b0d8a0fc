/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream.h"
#include "fuzz-class-common.h"
#include "test-class-common.h"

const unsigned int fuzz_class_version[FUZZ_CLASS_VERSIONS] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1
};

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	if (setenv("TZ", "Europe/Berlin", 1) < 0)
		i_fatal("setenv() failed: %m");
	return 0;
}

static const struct wbxml_node *
fuzz_tree(struct test_class *test, const void *data, size_t size)
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

static void fuzz_shown(struct test_class *test, const char *text)
{
	if (text != NULL && test_class_write(test, text) == NULL)
		i_panic("Can't be shown: %s", test->error);
}

static void fuzz_apply(struct test_class *test, const char *old,
		       const struct wbxml_node *data)
{
	const char *text = test_class_apply(test, old, data);
	const char *more = text == NULL ? NULL : test->more;

	fuzz_shown(test, text);
	fuzz_shown(test, more);
}

void fuzz_class(const struct eas_class *class, unsigned int version,
		const uint8_t *data, size_t size)
{
	/* the text ends with a NUL */
	const uint8_t *end = memchr(data, '\0', size);
	size_t text_size = end == NULL ? size : (size_t)(end - data);
	const char *text = t_strndup(data, text_size);
	const struct wbxml_node *shown, *sent = NULL;
	struct test_class test;

	test_class_init(&test, class, version);
	shown = test_class_write(&test, text);
	if (shown != NULL) {
		fuzz_apply(&test, text, shown);
		fuzz_apply(&test, NULL, shown);
	}
	if (end != NULL)
		sent = fuzz_tree(&test, end + 1, size - text_size - 1);
	if (sent != NULL)
		fuzz_apply(&test, shown == NULL ? NULL : text, sent);
	test_class_deinit(&test);
}

int fuzz_class_versions(const struct eas_class *class, unsigned int min_version,
			const uint8_t *data, size_t size)
{
	if (size > FUZZ_CLASS_MAX_SIZE)
		return 0;
	T_BEGIN {
		for (unsigned int i = 0; i < FUZZ_CLASS_VERSIONS; i++) {
			if (fuzz_class_version[i] >= min_version)
				fuzz_class(class, fuzz_class_version[i], data,
					   size);
		}
	} T_END;
	return 0;
}
