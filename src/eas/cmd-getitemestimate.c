/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "eas-class.h"
#include "eas-commands.h"
#include "eas-key.h"
#include "eas-meeting.h"
#include "eas-sync-state.h"

/* [MS-ASCMD] 3.1.5.10 */
#define EAS_ESTIMATE_MAX_COLLECTIONS 1000
/* 2.2.3.68.1 */
#define EAS_ESTIMATE_MAX_FILTER 8

/* 2.2.3.177.6 Status (GetItemEstimate) */
enum eas_estimate_status {
	EAS_ESTIMATE_STATUS_SUCCESS = 1,
	EAS_ESTIMATE_STATUS_INVALID_COLLECTION = 2,
	EAS_ESTIMATE_STATUS_NOT_PRIMED = 3,
	EAS_ESTIMATE_STATUS_INVALID_KEY = 4,
};

struct eas_estimate {
	const char *id, *key;
	const char *class;
	unsigned int filter_type;
	bool conversation_mode;
	unsigned int max_items;
	bool has_max_items;
	unsigned int count;
};

/* MaxItems is for the recipient information cache only (2.2.3.103.1). Returns 0 or -1. */
static int
eas_estimate_read_max_items(const struct wbxml_node *options,
			    struct eas_estimate *estimate)
{
	int ret = wbxml_child_uint(options, EAS_AIRSYNC_MAX_ITEMS,
				   &estimate->max_items);

	if (ret > 0)
		estimate->has_max_items = TRUE;
	return ret < 0 ? -1 : 0;
}

/* FilterType stands in the Collection up to 12.1, in Options from 14.0 on (there may be
   a second Options, for SMS). Returns 0 or -1. */
static int
eas_estimate_read_filter(const struct wbxml_node *node,
			 struct eas_estimate *estimate)
{
	const struct wbxml_node *options;
	const char *class;

	if (wbxml_child_uint(node, EAS_AIRSYNC_FILTER_TYPE,
			     &estimate->filter_type) < 0)
		return -1;
	options = wbxml_node_child(node, EAS_AIRSYNC_OPTIONS);
	for (; options != NULL; options = wbxml_node_next_same(options)) {
		class = wbxml_child_text(options, EAS_AIRSYNC_CLASS);
		if (class != NULL && strcasecmp(class, "SMS") == 0)
			continue;
		if (wbxml_child_uint(options, EAS_AIRSYNC_FILTER_TYPE,
				     &estimate->filter_type) < 0 ||
		    eas_estimate_read_max_items(options, estimate) < 0)
			return -1;
	}
	return wbxml_child_bool(node, EAS_AIRSYNC_CONVERSATION_MODE,
				&estimate->conversation_mode) < 0 ? -1 : 0;
}

static int
eas_estimate_read(const struct wbxml_node *node, struct eas_estimate *estimate)
{
	i_zero(estimate);
	estimate->id = wbxml_child_text(node, EAS_GETITEMESTIMATE_COLLECTION_ID);
	if (estimate->id == NULL) {
		/* some clients take the element of the other namespace */
		estimate->id = wbxml_child_text(node,
						EAS_AIRSYNC_COLLECTION_ID);
	}
	estimate->key = wbxml_child_text(node, EAS_AIRSYNC_SYNC_KEY);
	estimate->class = wbxml_child_text(node, EAS_GETITEMESTIMATE_CLASS);
	if (estimate->id == NULL || estimate->key == NULL ||
	    eas_estimate_read_filter(node, estimate) < 0 ||
	    estimate->filter_type > EAS_ESTIMATE_MAX_FILTER)
		return -1;
	return 0;
}

static unsigned int
eas_estimate_look(struct eas_request *req, struct eas_folder *folder,
		  struct eas_sync_state *state, struct eas_estimate *estimate)
{
	struct mailbox *box;
	struct sync_collection *coll;
	struct sync_filter filter;
	enum sync_look_result result;

	if (eas_sync_open_folder(req, folder, &box, &coll) < 0)
		return EAS_STATUS_SERVER_ERROR;
	if (coll == NULL)
		return EAS_ESTIMATE_STATUS_SUCCESS;
	state->options.filter_type = estimate->filter_type;
	if (estimate->has_max_items)
		state->options.max_items = estimate->max_items;
	eas_sync_filter(folder, coll, &state->options,
			estimate->conversation_mode, &filter);
	result = sync_look(coll, &state->sync, &filter, NULL);
	roost_user_keep_mailbox(req->req->user, &box);
	switch (result) {
	case SYNC_LOOK_OK:
		estimate->count = sync_count(&state->sync);
		return EAS_ESTIMATE_STATUS_SUCCESS;
	case SYNC_LOOK_UIDVALIDITY:
		return EAS_ESTIMATE_STATUS_INVALID_KEY;
	case SYNC_LOOK_GONE:
		return EAS_ESTIMATE_STATUS_INVALID_COLLECTION;
	case SYNC_LOOK_FAILED:
		break;
	}
	return EAS_STATUS_SERVER_ERROR;
}

/* Returns the Status of the Response. The state is looked at, not changed. */
static unsigned int
eas_estimate_count(struct eas_request *req, struct eas_estimate *estimate)
{
	struct eas_folder *folder;
	struct eas_sync_row row;
	struct eas_sync_state state;
	int ret;

	ret = eas_folder_find(req, estimate->id, &folder);
	if (ret <= 0) {
		return ret < 0 ? EAS_STATUS_SERVER_ERROR :
			EAS_ESTIMATE_STATUS_INVALID_COLLECTION;
	}
	eas_invitations_check(req, folder);
	if (estimate->has_max_items && !eas_folder_is_recipients(folder))
		return EAS_ESTIMATE_STATUS_INVALID_COLLECTION;
	if (!eas_class_filter(eas_folder_class_kind(folder),
			      &estimate->filter_type))
		return EAS_STATUS_SERVER_ERROR;
	if (req->version < EAS_VERSION_12_1)
		estimate->class = eas_class_name(folder->kind);
	if (eas_sync_row_get(req, estimate->id, &row) < 0)
		return EAS_STATUS_SERVER_ERROR;
	if (!row.exists || strcmp(estimate->key, EAS_SYNC_KEY_INITIAL) == 0)
		return EAS_ESTIMATE_STATUS_NOT_PRIMED;
	if (eas_sync_row_find(&row, estimate->key) == 0 ||
	    eas_sync_state_decode(&state, req->pool, req->version,
				  row.base, row.base_size) < 0)
		return EAS_ESTIMATE_STATUS_INVALID_KEY;
	return eas_estimate_look(req, folder, &state, estimate);
}

static void
eas_estimate_write(struct eas_request *req, const struct eas_estimate *estimate,
		   unsigned int status)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	/* common status codes exist from 14.0 on (2.2.2) */
	if (status > 100 && req->version < EAS_VERSION_14_0)
		status = EAS_ESTIMATE_STATUS_INVALID_COLLECTION;
	wbxml_open(writer, EAS_GETITEMESTIMATE_RESPONSE);
	wbxml_uint(writer, EAS_GETITEMESTIMATE_STATUS, status);
	wbxml_open(writer, EAS_GETITEMESTIMATE_COLLECTION);
	if (req->version < EAS_VERSION_12_1) {
		wbxml_text(writer, EAS_GETITEMESTIMATE_CLASS,
			   estimate->class != NULL ? estimate->class : "Email");
	}
	wbxml_text(writer, EAS_GETITEMESTIMATE_COLLECTION_ID, estimate->id);
	if (status == EAS_ESTIMATE_STATUS_SUCCESS) {
		wbxml_uint(writer, EAS_GETITEMESTIMATE_ESTIMATE,
			   estimate->count);
	}
	wbxml_close(writer);
	wbxml_close(writer);
}

/* Each folder once, and not too many of them. */
static bool eas_estimate_is_valid(const struct wbxml_node *node)
{
	struct eas_estimate estimate;
	ARRAY_TYPE(const_string) ids;
	const char *id;

	t_array_init(&ids, 16);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		if (eas_estimate_read(node, &estimate) < 0 ||
		    array_count(&ids) == EAS_ESTIMATE_MAX_COLLECTIONS)
			return FALSE;
		array_foreach_elem(&ids, id) {
			if (strcmp(id, estimate.id) == 0)
				return FALSE;
		}
		array_push_back(&ids, &estimate.id);
	}
	return TRUE;
}

int eas_cmd_getitemestimate(struct eas_request *req)
{
	const struct wbxml_node *first, *node;
	struct eas_estimate estimate;
	unsigned int status;

	node = wbxml_node_child(req->root, EAS_GETITEMESTIMATE_COLLECTIONS);
	first = wbxml_node_child(node, EAS_GETITEMESTIMATE_COLLECTION);
	if (first == NULL || !eas_estimate_is_valid(first))
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);

	wbxml_open(eas_request_writer(req),
		   EAS_GETITEMESTIMATE_GET_ITEM_ESTIMATE);
	for (node = first; node != NULL; node = wbxml_node_next_same(node)) {
		T_BEGIN {
			(void)eas_estimate_read(node, &estimate);
			status = eas_estimate_count(req, &estimate);
			eas_estimate_write(req, &estimate, status);
		} T_END;
	}
	wbxml_close(eas_request_writer(req));
	return 1;
}
