/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "eas-commands.h"
#include "cmd-search.h"

static enum search_status search_document_library(struct search_request *search)
{
	const struct wbxml_node *equal =
		wbxml_node_child(search->query, EAS_SEARCH_EQUAL_TO);

	if (wbxml_node_child(equal, EAS_DOCUMENTLIBRARY_LINK_ID) == NULL)
		return SEARCH_INVALID;
	/* there is none: as a server whose operator lets nobody at them */
	return SEARCH_ACCESS_BLOCKED;
}

static const struct search_store search_stores[] = {
	{ "Mailbox", EAS_VERSION_12_0, 100, search_mailbox },
	{ "GAL", EAS_VERSION_2_5, 100, search_gal },
	{ "DocumentLibrary", EAS_VERSION_12_0, 1000, search_document_library },
	/* the same, as [MS-ASCMD] 2.2.3.117.2 has it too */
	{ "Document Library", EAS_VERSION_12_0, 1000, search_document_library },
};

static const struct search_store *
search_store_find(const struct eas_request *req, const char *name)
{
	unsigned int i;

	if (name == NULL)
		return NULL;
	for (i = 0; i < N_ELEMENTS(search_stores); i++) {
		if (strcasecmp(search_stores[i].name, name) == 0 &&
		    req->version >= search_stores[i].min_version)
			return &search_stores[i];
	}
	return NULL;
}

struct wbxml_writer *
search_begin(struct search_request *search, enum search_status status)
{
	struct wbxml_writer *writer = eas_request_writer(search->req);

	wbxml_open(writer, EAS_SEARCH_SEARCH);
	wbxml_uint(writer, EAS_SEARCH_STATUS, SEARCH_SUCCESS);
	wbxml_open(writer, EAS_SEARCH_RESPONSE);
	wbxml_open(writer, EAS_SEARCH_STORE);
	wbxml_uint(writer, EAS_SEARCH_STATUS, status);
	return writer;
}

static void search_close(struct eas_request *req)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_close(writer);
	wbxml_close(writer);
	wbxml_close(writer);
}

void search_end(struct search_request *search, unsigned int count,
		unsigned int total)
{
	struct wbxml_writer *writer = eas_request_writer(search->req);

	if (count > 0) {
		eas_search_range_write(writer, EAS_SEARCH_RANGE,
				       search->range.first,
				       search->range.first + count - 1);
	}
	wbxml_uint(writer, EAS_SEARCH_TOTAL, total);
	search_close(search->req);
}

static enum search_status
search_run(struct search_request *search, const struct wbxml_node *node)
{
	search->query = wbxml_node_child(node, EAS_SEARCH_QUERY);
	search->options = wbxml_node_child(node, EAS_SEARCH_OPTIONS);
	search->store = search_store_find(search->req,
		wbxml_child_text(node, EAS_SEARCH_NAME));
	if (search->query == NULL || search->store == NULL)
		return SEARCH_INVALID;
	if (eas_search_range_read(search->options, EAS_SEARCH_RANGE,
				  search->store->max_results,
				  &search->range) < 0)
		return SEARCH_INVALID;
	return search->store->run(search);
}

int eas_cmd_search(struct eas_request *req)
{
	struct search_request search = { .req = req };
	const struct wbxml_node *node;
	enum search_status status;

	node = wbxml_node_child(req->root, EAS_SEARCH_STORE);
	if (node == NULL || wbxml_node_next_same(node) != NULL)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	status = search_run(&search, node);
	if (status != SEARCH_SUCCESS) {
		eas_request_reset_answer(req);
		(void)search_begin(&search, status);
		search_close(req);
	}
	return 1;
}
