#ifndef TEST_CLASS_COMMON_H
#define TEST_CLASS_COMMON_H

#include "eas-class.h"

/* A class of items alone, without a server: texts become elements and elements texts.
   Everything is in a pool of the harness. */

struct test_class {
	pool_t pool;
	const struct eas_class *class;
	struct eas_request req;
	struct roost_request roost_req;
	/* as of a device that says nothing; may be changed */
	struct eas_item_options options;
	struct eas_supported supported;
	time_t now;
	/* what the last apply said */
	const char *error;
	/* the other item that it made, NULL = none */
	const char *more;
	bool tell;
	/* of the elements that are being written */
	buffer_t *buf;
	struct ostream *output;
};

void test_class_init(struct test_class *test, const struct eas_class *class,
		     unsigned int version);
void test_class_deinit(struct test_class *test);

/* test_run() with a clock and a zone of its own: 2026-11-28 in Berlin. */
int test_class_run(void (*const test_functions[])(void));

/* A number below the limit. All runs of a program get the same ones. */
unsigned int test_class_pick(unsigned int limit);

/* ApplicationData that a device sends: the caller writes its children between the two. */
struct wbxml_writer *test_class_data_begin(struct test_class *test);
struct wbxml_node *
test_class_data_end(struct test_class *test, struct wbxml_writer **writer);
/* ApplicationData as the server would write it of an item; NULL = the item can't be shown. */
struct wbxml_node *test_class_write(struct test_class *test, const char *text);
/* The text after data was applied to old (NULL = added); NULL = data is wrong. */
const char *test_class_apply(struct test_class *test, const char *old,
			     const struct wbxml_node *data);

#endif
