#ifndef TEST_CLASS_TASKS_H
#define TEST_CLASS_TASKS_H

#include "test-class-common.h"

/* Tasks as lines, to be written and compared:

	Subject=Buy milk
	Recurrence(
	Type=1
	Start=2026-11-30T00:00:00.000Z
	)

   A Body is AirSyncBase's from 12.0 on, Html the same in HTML. CRLF in a value is "\r\n" there. */

/* ApplicationData of lines. */
struct wbxml_node *test_tasks_data(struct test_class *test, const char *lines);
/* The lines of ApplicationData, without an empty Body; in the data stack. */
const char *test_tasks_lines(const struct wbxml_node *data);

#endif
