/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "eas-home.h"
#include "eas-kql.h"
#include "eas-folder-search.h"
#include "cmd-find.h"

#include <time.h>

/* The mailbox of Find. Pages of one SearchId come from one set of results. */

#define FIND_SET_NAME "find"
#define FIND_SET_SECS (24 * 60 * 60)

static unsigned int
find_parse(struct find_request *find, struct eas_folder_search *mails)
{
	struct eas_request *req = find->req;
	const char *text, *class, *error;
	struct eas_term *term;
	bool deep = FALSE;
	int ret;

	class = wbxml_child_text(find->query, EAS_AIRSYNC_CLASS);
	/* [MS-ASCMD] 2.2.3.27.1: no other one is supported */
	if (class != NULL && strcasecmp(class, "Email") != 0)
		return FIND_INVALID;
	text = wbxml_child_text(find->query, EAS_FIND_FREE_TEXT);
	if (text == NULL || wbxml_child_bool(find->options,
			EAS_FIND_DEEP_TRAVERSAL, &deep) < 0 ||
	    find->range.first >= find->store->max_results)
		return FIND_INVALID;
	if (eas_kql_parse(req->pool, text, time(NULL), eas_home(req), &term,
			  &error) < 0) {
		e_info(req->event, "Cannot search: %s", error);
		return FIND_INVALID;
	}
	mails->term = term;
	ret = eas_folder_search_add_folders(mails, find->query, deep);
	if (ret <= 0) {
		return ret < 0 ? EAS_STATUS_SERVER_ERROR_RETRY_LATER :
			FIND_FOLDER_SYNC_REQUIRED;
	}
	return FIND_SUCCESS;
}

static unsigned int
find_search(struct find_request *find, struct eas_folder_search *mails,
	    struct eas_search_set *set)
{
	switch (eas_folder_search_run(mails, set)) {
	case EAS_FOLDER_SEARCH_OK:
		break;
	case EAS_FOLDER_SEARCH_DENIED:
		return EAS_STATUS_ACCESS_DENIED;
	case EAS_FOLDER_SEARCH_TIMED_OUT:
	case EAS_FOLDER_SEARCH_FAILED:
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	/* always: without a set the next page is refused */
	if (eas_search_set_put(find->req, FIND_SET_NAME, set) < 0)
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	return FIND_SUCCESS;
}

static unsigned int
find_get_set(struct find_request *find, struct eas_folder_search *mails,
	     struct eas_search_set *set_r)
{
	const char *const extra[] = {
		find->search_id,
		wbxml_node_child(find->options, EAS_FIND_DEEP_TRAVERSAL) ==
			NULL ? "flat" : "deep",
		NULL
	};
	unsigned char digest[SHA256_RESULTLEN];
	int ret;

	/* the same SearchId and query is the same search, if only repeated */
	eas_search_digest(find->query, extra, digest);
	ret = eas_search_set_get(find->req, FIND_SET_NAME, digest,
				 FIND_SET_SECS, set_r);
	if (ret != 0) {
		return ret > 0 ? FIND_SUCCESS :
			EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	if (find->range.first > 0)
		return FIND_START_WITH_ZERO;
	eas_search_set_init(find->req->pool, set_r);
	memcpy(set_r->digest, digest, sizeof(digest));
	set_r->created = time(NULL);
	return find_search(find, mails, set_r);
}

static int
find_write_result(struct eas_request *req,
		  const struct eas_search_found *found,
		  const struct eas_item_options *options ATTR_UNUSED,
		  struct wbxml_writer *writer, const char **error_r)
{
	int ret;

	wbxml_open(writer, EAS_FIND_RESULT);
	wbxml_text(writer, EAS_AIRSYNC_CLASS, "Email");
	wbxml_text(writer, EAS_AIRSYNC_SERVER_ID,
		   eas_item_id(found->folder->id, found->uid));
	wbxml_text(writer, EAS_AIRSYNC_COLLECTION_ID, found->folder->id);
	wbxml_open(writer, EAS_FIND_PROPERTIES);
	ret = eas_email_write_find(req, found->folder, found->mail, writer,
				   error_r);
	if (ret > 0) {
		wbxml_close(writer);
		wbxml_close(writer);
	}
	return ret;
}

unsigned int find_mailbox(struct find_request *find)
{
	struct eas_folder_search mails = {
		.req = find->req,
		.kinds = EAS_FOLDER_SEARCH_KIND(STORE_KIND_NONE),
		.max_hits = find->store->max_results,
	};
	struct eas_search_set set;
	unsigned int status, hits, count = 0;

	status = find_parse(find, &mails);
	if (status == FIND_SUCCESS)
		status = find_get_set(find, &mails, &set);
	if (status != FIND_SUCCESS)
		return status;
	hits = array_count(&set.hits);
	if (find->range.first < hits) {
		count = I_MIN(find->range.last, hits - 1) -
			find->range.first + 1;
	}
	(void)find_begin(find);
	if (eas_search_page_write(find->req, &set, find->range.first, count,
				  NULL, find_write_result) < 0)
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	/* no more than can be asked for */
	find_end(find, count, I_MIN(set.total, hits));
	return FIND_SUCCESS;
}
