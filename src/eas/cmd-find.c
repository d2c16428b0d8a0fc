/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas-commands.h"
#include "cmd-find.h"

static const struct find_store find_stores[] = {
	{ EAS_FIND_MAIL_BOX_SEARCH_CRITERION, "Mailbox", 1000, 100,
	  find_mailbox },
	{ EAS_FIND_GAL_SEARCH_CRITERION, "GAL", 1000, 100, find_gal },
};

static struct wbxml_writer *
find_open(struct find_request *find, enum find_status status)
{
	struct wbxml_writer *writer = eas_request_writer(find->req);

	wbxml_open(writer, EAS_FIND_FIND);
	wbxml_uint(writer, EAS_FIND_STATUS, FIND_SUCCESS);
	wbxml_open(writer, EAS_FIND_RESPONSE);
	wbxml_text(writer, EAS_ITEMOPERATIONS_STORE, find->store->name);
	wbxml_uint(writer, EAS_FIND_STATUS, status);
	return writer;
}

static void find_close(struct eas_request *req)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_close(writer);
	wbxml_close(writer);
}

struct wbxml_writer *find_begin(struct find_request *find)
{
	return find_open(find, FIND_SUCCESS);
}

void find_end(struct find_request *find, unsigned int count,
	      unsigned int total)
{
	struct wbxml_writer *writer = eas_request_writer(find->req);

	if (count > 0) {
		eas_search_range_write(writer, EAS_FIND_RANGE,
				       find->range.first,
				       find->range.first + count - 1);
	}
	wbxml_uint(writer, EAS_FIND_TOTAL, total);
	find_close(find->req);
}

/* The criterion that there is; NULL if there are none or two. */
static const struct wbxml_node *
find_criterion(struct find_request *find, const struct wbxml_node *execute)
{
	const struct wbxml_node *node, *found = NULL;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(find_stores); i++) {
		node = wbxml_node_child(execute, find_stores[i].criterion_tag);
		if (node == NULL)
			continue;
		if (found != NULL || wbxml_node_next_same(node) != NULL)
			return NULL;
		found = node;
		find->store = &find_stores[i];
	}
	return found;
}

static unsigned int find_run(struct find_request *find)
{
	const struct wbxml_node *root = find->req->root, *node;

	node = find_criterion(find,
		wbxml_node_child(root, EAS_FIND_EXECUTE_SEARCH));
	find->search_id = wbxml_child_text(root, EAS_FIND_SEARCH_ID);
	find->query = wbxml_node_child(node, EAS_FIND_QUERY);
	find->options = wbxml_node_child(node, EAS_FIND_OPTIONS);
	if (find->search_id == NULL || *find->search_id == '\0' ||
	    find->query == NULL ||
	    eas_search_range_read(find->options, EAS_FIND_RANGE,
				  find->store->default_results,
				  &find->range) < 0)
		return FIND_INVALID;
	return find->store->run(find);
}

int eas_cmd_find(struct eas_request *req)
{
	struct find_request find = { .req = req };
	unsigned int status = find_run(&find);

	if (status == FIND_SUCCESS)
		return 1;
	if (status != FIND_START_WITH_ZERO)
		return eas_request_fail(req, status);
	eas_request_reset_answer(req);
	(void)find_open(&find, status);
	find_close(req);
	return 1;
}
