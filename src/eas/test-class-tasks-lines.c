/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-class-tasks.h"

static unsigned int tasks_tag(const char *name)
{
	unsigned int tag;

	for (tag = EAS_TASKS_BODY; tag <= EAS_TASKS_FIRST_DAY_OF_WEEK; tag++) {
		if (strcmp(wbxml_tag_name(&eas_code_space, tag), name) == 0)
			return tag;
	}
	i_panic("No such element: %s", name);
}

static const char *
replace_all(const char *value, const char *from, const char *to)
{
	string_t *str = t_str_new(128);
	size_t len = strlen(from);

	for (; *value != '\0'; value++) {
		if (strncmp(value, from, len) == 0) {
			str_append(str, to);
			value += len - 1;
		} else {
			str_append_c(str, *value);
		}
	}
	return str_c(str);
}

static void
write_body(struct wbxml_writer *writer, unsigned int type, const char *value)
{
	wbxml_open(writer, EAS_AIRSYNCBASE_BODY);
	wbxml_uint(writer, EAS_AIRSYNCBASE_TYPE, type);
	wbxml_text(writer, EAS_AIRSYNCBASE_DATA, value);
	wbxml_close(writer);
}

struct wbxml_node *test_tasks_data(struct test_class *test, const char *lines)
{
	struct wbxml_writer *writer = test_class_data_begin(test);
	const char *const *line, *p, *name, *value;

	for (line = t_strsplit(lines, "\n"); *line != NULL; line++) {
		if (**line == '\0')
			continue;
		if (strcmp(*line, ")") == 0) {
			wbxml_close(writer);
			continue;
		}
		p = strpbrk(*line, "=(");
		i_assert(p != NULL);
		name = t_strdup_until(*line, p);
		value = replace_all(p + 1, "\\r\\n", "\r\n");
		if (*p == '(')
			wbxml_open(writer, tasks_tag(name));
		else if (strcmp(name, "Html") == 0)
			write_body(writer, EAS_BODY_HTML, value);
		else if (strcmp(name, "Body") == 0 &&
			 test->req.version >= EAS_VERSION_12_0)
			write_body(writer, EAS_BODY_PLAIN, value);
		else
			wbxml_text(writer, tasks_tag(name), value);
	}
	return test_class_data_end(test, &writer);
}

static void append_body(string_t *str, const struct wbxml_node *node)
{
	const char *data = wbxml_child_text(node, EAS_AIRSYNCBASE_DATA);
	unsigned int type = 0;

	(void)wbxml_child_uint(node, EAS_AIRSYNCBASE_TYPE, &type);
	if (data != NULL && *data != '\0') {
		str_printfa(str, "%s=%s\n", type == EAS_BODY_HTML ?
			    "Html" : "Body",
			    replace_all(data, "\r\n", "\\r\\n"));
	}
}

static void append_lines(string_t *str, const struct wbxml_node *node)
{
	for (node = node->children; node != NULL; node = node->next) {
		if (node->tag == EAS_AIRSYNCBASE_BODY) {
			append_body(str, node);
			continue;
		}
		/* of 2.5; says the same as the text */
		if (node->tag == EAS_TASKS_BODY_SIZE ||
		    node->tag == EAS_TASKS_BODY_TRUNCATED)
			continue;
		str_append(str, wbxml_tag_name(&eas_code_space, node->tag));
		if (node->children != NULL) {
			str_append(str, "(\n");
			append_lines(str, node);
			str_append(str, ")\n");
		} else {
			str_printfa(str, "=%s\n", replace_all(
				wbxml_node_text(node), "\r\n", "\\r\\n"));
		}
	}
}

const char *test_tasks_lines(const struct wbxml_node *data)
{
	string_t *str = t_str_new(1024);

	append_lines(str, data);
	return str_c(str);
}
