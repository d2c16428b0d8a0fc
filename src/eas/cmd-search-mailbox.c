/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "iso8601-date.h"
#include "mail-storage.h"
#include "eas-class.h"
#include "eas-kql.h"
#include "eas-long-id.h"
#include "eas-folder-search.h"
#include "eas-term.h"
#include "cmd-search.h"

#include <time.h>

/* The store Mailbox of Search. Query has one And ([MS-ASCMD] 2.2.3.142.2); what
   stands elsewhere is too complex, as the documents want it. */

#define SEARCH_SET_NAME "search"
/* A first page shows what is there now, but for a request that is repeated. */
#define SEARCH_FIRST_PAGE_SECS 60
#define SEARCH_SET_SECS (24 * 60 * 60)
/* in one And; FreeText is defined once ([MS-ASCMD] 2.2.3.80.2), and each of its
   words is looked for in each mail */
#define SEARCH_MAX_ELEMENTS 1000
#define SEARCH_MAX_TEXTS 8

struct search_mail_query {
	struct search_request *search;
	struct eas_folder_search mails;
	struct eas_term *term;
	struct eas_item_options options;
	unsigned int texts;
	bool deep, rebuild;
};

/* -- Query -- */

static enum search_status
search_parse_text(struct search_mail_query *query,
		  const struct wbxml_node *node)
{
	pool_t pool = query->search->req->pool;
	const char *text = wbxml_node_text(node), *error;
	struct eas_term *term;

	if (text == NULL)
		return SEARCH_INVALID;
	if (++query->texts > SEARCH_MAX_TEXTS)
		return SEARCH_TOO_COMPLEX;
	if (eas_words_parse(pool, text, &term, &error) < 0) {
		e_info(query->search->req->event, "Cannot search: %s", error);
		return strlen(text) > EAS_KQL_MAX_SIZE ?
			SEARCH_TOO_COMPLEX : SEARCH_INVALID;
	}
	query->term = eas_term_and(pool, query->term, term);
	return SEARCH_SUCCESS;
}

/* GreaterThan and LessThan: DateReceived, then Value */
static enum search_status
search_parse_date(struct search_mail_query *query,
		  const struct wbxml_node *node)
{
	pool_t pool = query->search->req->pool;
	const struct wbxml_node *date = node->children;
	const struct wbxml_node *value = date == NULL ? NULL : date->next;
	bool greater = node->tag == EAS_SEARCH_GREATER_THAN;
	const char *text = wbxml_node_text(value);
	struct eas_term *term;
	time_t time;
	int tz;

	if (value == NULL || date->tag != EAS_EMAIL_DATE_RECEIVED ||
	    value->tag != EAS_SEARCH_VALUE || value->next != NULL ||
	    text == NULL ||
	    !iso8601_date_parse((const unsigned char *)text, strlen(text),
				&time, &tz) ||
	    wbxml_node_next_same(node) != NULL)
		return SEARCH_INVALID;
	term = greater ? eas_term_new_time(pool, EAS_TERM_SINCE, time + 1) :
		eas_term_new_time(pool, EAS_TERM_BEFORE, time);
	query->term = eas_term_and(pool, query->term, term);
	return SEARCH_SUCCESS;
}

static enum search_status
search_parse_conversation(struct search_mail_query *query,
			  const struct wbxml_node *node)
{
	struct eas_folder_search *mails = &query->mails;

	/* [MS-ASCMD] 2.2.3.35.2: more than one is an error */
	if (mails->has_conversation ||
	    eas_conversation_id_parse(node, mails->conversation) < 0)
		return SEARCH_INVALID;
	mails->has_conversation = TRUE;
	return SEARCH_SUCCESS;
}

/* Adds a class. SMS is one of which nobody has anything. Returns FALSE if there is no such
   class in this version. */
static bool
search_add_class(struct search_mail_query *query, const char *name)
{
	const struct eas_class *class;
	unsigned int version = query->search->req->version;

	if (name == NULL)
		return FALSE;
	if (strcasecmp(name, "Email") == 0) {
		query->mails.kinds |= EAS_FOLDER_SEARCH_KIND(STORE_KIND_NONE);
		return TRUE;
	}
	if (strcasecmp(name, "SMS") == 0)
		return version >= EAS_VERSION_14_0;
	class = eas_class_find_name(name);
	if (class == NULL || version < class->min_version)
		return FALSE;
	query->mails.kinds |= EAS_FOLDER_SEARCH_KIND(class->kind);
	return TRUE;
}

/* [MS-ASCMD] 2.2.3.27.5: one that stands anywhere but in And (or the Schema that nobody
   uses) is too complex. */
static bool search_has_stray_class(const struct wbxml_node *parent)
{
	const struct wbxml_node *node;

	if (parent == NULL || parent->tag == EAS_SEARCH_SCHEMA)
		return FALSE;
	for (node = parent->children; node != NULL; node = node->next) {
		if (node->tag == EAS_AIRSYNC_CLASS ?
		    parent->tag != EAS_SEARCH_AND :
		    search_has_stray_class(node))
			return TRUE;
	}
	return FALSE;
}

/* The classes that are wanted, all if there are none. */
static enum search_status
search_parse_classes(struct search_mail_query *query,
		     const struct wbxml_node *and)
{
	const struct wbxml_node *node =
		wbxml_node_child(and, EAS_AIRSYNC_CLASS);

	if (node == NULL)
		query->mails.kinds = EAS_FOLDER_SEARCH_ALL;
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (!search_add_class(query, wbxml_node_text(node)))
			return SEARCH_INVALID;
	}
	return SEARCH_SUCCESS;
}

static enum search_status
search_parse_element(struct search_mail_query *query,
		     const struct wbxml_node *node)
{
	switch (node->tag) {
	case EAS_SEARCH_FREE_TEXT:
		return search_parse_text(query, node);
	case EAS_SEARCH_GREATER_THAN:
	case EAS_SEARCH_LESS_THAN:
		return search_parse_date(query, node);
	case EAS_SEARCH_CONVERSATION_ID:
		return search_parse_conversation(query, node);
	case EAS_AIRSYNC_CLASS:
	case EAS_AIRSYNC_COLLECTION_ID:
		return SEARCH_SUCCESS;
	case EAS_SEARCH_AND:
	case EAS_SEARCH_OR:
	case EAS_SEARCH_EQUAL_TO:
		return SEARCH_TOO_COMPLEX;
	default:
		return SEARCH_INVALID;
	}
}

static enum search_status
search_parse_query(struct search_mail_query *query,
		   const struct wbxml_node **and_r)
{
	const struct wbxml_node *and = query->search->query->children, *node;
	enum search_status status;
	unsigned int count = 0;

	if (and == NULL)
		return SEARCH_INVALID;
	if (and->tag != EAS_SEARCH_AND || and->next != NULL)
		return SEARCH_TOO_COMPLEX;
	for (node = and->children; node != NULL; node = node->next) {
		if (++count > SEARCH_MAX_ELEMENTS)
			return SEARCH_TOO_COMPLEX;
		T_BEGIN {
			status = search_parse_element(query, node);
		} T_END;
		if (status != SEARCH_SUCCESS)
			return status;
	}
	/* something must be looked for */
	if (query->term == NULL && !query->mails.has_conversation)
		return SEARCH_INVALID;
	*and_r = and;
	return search_parse_classes(query, and);
}

static enum search_status search_parse_options(struct search_mail_query *query)
{
	const struct wbxml_node *options = query->search->options;
	unsigned int version = query->search->req->version;
	enum eas_status status;
	bool has_body = FALSE;

	eas_item_options_init(&query->options, version);
	if (options != NULL &&
	    (eas_item_options_parse(&query->options, options, version,
				    &status) < 0 ||
	     wbxml_child_bool(options, EAS_SEARCH_DEEP_TRAVERSAL,
			      &query->deep) < 0 ||
	     wbxml_child_bool(options, EAS_SEARCH_REBUILD_RESULTS,
			      &query->rebuild) < 0))
		return SEARCH_INVALID;
	/* [MS-ASCMD] 2.2.3.125.5 */
	if (query->options.body_part.set && !query->mails.has_conversation)
		return SEARCH_INVALID;
	for (unsigned int i = 0; i < N_ELEMENTS(query->options.body); i++) {
		if (query->options.body[i].set)
			has_body = TRUE;
	}
	/* who says nothing of bodies wants a list */
	if (!has_body && !query->options.body_part.set) {
		query->options.body[EAS_BODY_PLAIN].set = TRUE;
		query->options.body[EAS_BODY_PLAIN].truncation_size = 0;
	}
	return SEARCH_SUCCESS;
}

/* -- results -- */

static int
search_write_properties(struct eas_request *req,
			const struct eas_search_found *found,
			const struct eas_item_options *options,
			struct wbxml_writer *writer, const char **error_r)
{
	const struct eas_class_write write = {
		.req = req, .options = options, .folder_id = found->folder->id,
	};
	const struct eas_class *class;

	if (found->mail != NULL) {
		return eas_email_write(req, found->folder, found->mail,
				       options, EAS_MAIL_WRITE_PROPERTIES,
				       writer, error_r);
	}
	class = eas_class_find(found->folder->kind, req->version);
	return class->write(&write, found->item, writer, error_r) < 0 ? -1 : 1;
}

static int
search_write_result(struct eas_request *req,
		    const struct eas_search_found *found,
		    const struct eas_item_options *options,
		    struct wbxml_writer *writer, const char **error_r)
{
	const struct eas_folder *folder = found->folder;
	int ret;

	wbxml_open(writer, EAS_SEARCH_RESULT);
	wbxml_text(writer, EAS_AIRSYNC_CLASS, eas_class_name(folder->kind));
	wbxml_text(writer, EAS_SEARCH_LONG_ID,
		   eas_long_id(folder->id, found->uidvalidity, found->uid));
	wbxml_text(writer, EAS_AIRSYNC_COLLECTION_ID, folder->id);
	wbxml_open(writer, EAS_SEARCH_PROPERTIES);
	ret = search_write_properties(req, found, options, writer, error_r);
	if (ret > 0) {
		wbxml_close(writer);
		wbxml_close(writer);
	}
	return ret;
}

static enum search_status
search_find(struct search_mail_query *query, struct eas_search_set *set)
{
	struct eas_request *req = query->search->req;
	unsigned int last = query->search->range.last;
	enum eas_folder_search_result result;

	query->mails.term = query->term;
	result = eas_folder_search_run(&query->mails, set);
	switch (result) {
	case EAS_FOLDER_SEARCH_OK:
		break;
	case EAS_FOLDER_SEARCH_TIMED_OUT:
		return SEARCH_TIMED_OUT;
	case EAS_FOLDER_SEARCH_DENIED:
		return SEARCH_ACCESS_DENIED;
	case EAS_FOLDER_SEARCH_FAILED:
		return SEARCH_SERVER_ERROR;
	}
	/* one page needs no set; another query's is of no use any more, but does
	   no harm */
	if (last < array_count(&set->hits) &&
	    eas_search_set_put(req, SEARCH_SET_NAME, set) < 0)
		return SEARCH_SERVER_ERROR;
	return SEARCH_SUCCESS;
}

static enum search_status
search_get_set(struct search_mail_query *query, struct eas_search_set *set_r)
{
	struct search_request *search = query->search;
	const char *const extra[] = { query->deep ? "deep" : "flat", NULL };
	unsigned char digest[SHA256_RESULTLEN];
	int ret;

	eas_search_digest(search->query, extra, digest);
	if (!query->rebuild) {
		ret = eas_search_set_get(search->req, SEARCH_SET_NAME, digest,
			search->range.first == 0 ? SEARCH_FIRST_PAGE_SECS :
			SEARCH_SET_SECS, set_r);
		if (ret != 0) {
			return ret > 0 ? SEARCH_SUCCESS :
				SEARCH_SERVER_ERROR;
		}
	}
	eas_search_set_init(search->req->pool, set_r);
	memcpy(set_r->digest, digest, sizeof(digest));
	set_r->created = time(NULL);
	return search_find(query, set_r);
}

static enum search_status
search_answer(struct search_mail_query *query, const struct eas_search_set *set)
{
	struct search_request *search = query->search;
	const struct eas_search_range *range = &search->range;
	unsigned int hits = array_count(&set->hits), count = 0;
	enum search_status status = SEARCH_SUCCESS;
	struct wbxml_writer *writer;

	if (range->first > 0 && range->first >= hits)
		return SEARCH_END_OF_RANGE;
	/* [MS-ASCMD] 2.2.3.143.3: a warning beside what can be had */
	if (range->last >= search->store->max_results)
		status = SEARCH_END_OF_RANGE;
	if (hits > 0)
		count = I_MIN(range->last, hits - 1) - range->first + 1;
	writer = search_begin(search, status);
	if (count == 0) {
		/* [MS-ASCMD] 2.2.3.155.3 */
		wbxml_empty(writer, EAS_SEARCH_RESULT);
	}
	if (eas_search_page_write(search->req, set, range->first, count,
				  &query->options, search_write_result) < 0)
		return SEARCH_SERVER_ERROR;
	search_end(search, count, set->total);
	return SEARCH_SUCCESS;
}

enum search_status search_mailbox(struct search_request *search)
{
	struct search_mail_query query = {
		.search = search,
		.mails = {
			.req = search->req,
			.max_hits = search->store->max_results,
		},
	};
	const struct wbxml_node *and;
	struct eas_search_set set;
	enum search_status status;
	int ret;

	status = search_has_stray_class(search->query) ||
		search_has_stray_class(search->options) ? SEARCH_TOO_COMPLEX :
		search_parse_query(&query, &and);
	if (status == SEARCH_SUCCESS)
		status = search_parse_options(&query);
	if (status != SEARCH_SUCCESS)
		return status;
	ret = eas_folder_search_add_folders(&query.mails, and, query.deep);
	if (ret <= 0) {
		return ret < 0 ? SEARCH_SERVER_ERROR :
			SEARCH_FOLDER_SYNC_REQUIRED;
	}
	status = search_get_set(&query, &set);
	return status != SEARCH_SUCCESS ? status : search_answer(&query, &set);
}
