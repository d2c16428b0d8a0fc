/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "roost-settings.h"
#include "cmd-sync.h"

/* The remembered request ([MS-ASCMD] 2.2.1.21.1): lines of tab-escaped fields,
     S <window> <wait seconds>
     C <id> <key> <flags> <window>	one per collection
   Options are not in it, they are in the collections' states. */
#define EAS_SYNC_PARAM "sync"
#define EAS_SYNC_DEFAULT_WINDOW 100
#define EAS_SYNC_MAX_WINDOW 512
/* [MS-ASCMD] 3.1.5.10 lets a server choose; it bounds the work of one request */
#define EAS_SYNC_MAX_COMMANDS 512

static struct eas_sync_collection *
eas_sync_collection_find(struct eas_sync *sync, const char *id)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp) {
		if (strcmp((*collp)->id, id) == 0)
			return *collp;
	}
	return NULL;
}

static struct eas_sync_collection *
eas_sync_collection_add(struct eas_sync *sync, const char *id)
{
	struct eas_sync_collection *coll;

	coll = p_new(sync->req->pool, struct eas_sync_collection, 1);
	coll->id = id;
	coll->status = EAS_SYNC_STATUS_SUCCESS;
	coll->conversation_mode = -1;
	coll->deletes_as_moves = TRUE;
	coll->get_changes = TRUE;
	p_array_init(&coll->responses, sync->req->pool, 4);
	array_push_back(&sync->collections, &coll);
	return coll;
}

/* [MS-ASCMD] 2.2.3.193: 0 and everything above 512 mean 512 */
static int
eas_sync_read_window(const struct wbxml_node *node, unsigned int *window_r)
{
	int ret;

	ret = wbxml_child_uint(node, EAS_AIRSYNC_WINDOW_SIZE, window_r);
	if (ret > 0 && (*window_r == 0 || *window_r > EAS_SYNC_MAX_WINDOW))
		*window_r = EAS_SYNC_MAX_WINDOW;
	return ret;
}

/* There may be an Options element for each class: ours is the one that is not for SMS
   ([MS-ASCMD] 2.2.3.125.6). Each class only once, and no others together. */
static int
eas_sync_read_options(const struct wbxml_node *node,
		      struct eas_sync_collection *coll)
{
	const struct wbxml_node *options;
	const char *class;
	bool sms = FALSE;

	options = wbxml_node_child(node, EAS_AIRSYNC_OPTIONS);
	for (; options != NULL; options = wbxml_node_next_same(options)) {
		class = wbxml_child_text(options, EAS_AIRSYNC_CLASS);
		if (class != NULL && strcasecmp(class, "SMS") == 0) {
			if (sms)
				return -1;
			sms = TRUE;
			continue;
		}
		if (coll->options != NULL)
			return -1;
		if (class != NULL && *class != '\0' &&
		    strcasecmp(class, "Email") != 0 &&
		    eas_class_find_name(class) == NULL)
			return -1;
		coll->options_class = class;
		coll->options = options;
	}
	return 0;
}

static int
eas_sync_read_collection(struct eas_sync *sync, const struct wbxml_node *node)
{
	struct eas_sync_collection *coll;
	const char *id, *key;
	bool initial, value;

	id = wbxml_child_text(node, EAS_AIRSYNC_COLLECTION_ID);
	key = wbxml_child_text(node, EAS_AIRSYNC_SYNC_KEY);
	if (id == NULL || *id == '\0' || key == NULL || *key == '\0')
		return -1;

	coll = eas_sync_collection_find(sync, id);
	if (coll == NULL)
		coll = eas_sync_collection_add(sync, id);
	else if (coll->key != NULL)
		return -1;
	coll->key = key;
	initial = strcmp(key, "0") == 0;

	/* 2.2.3.84: nothing to get before there is a key */
	coll->get_changes = !initial;
	switch (wbxml_child_bool(node, EAS_AIRSYNC_GET_CHANGES, &value)) {
	case -1:
		return -1;
	case 1:
		if (initial && value)
			return -1;
		coll->get_changes = value;
	}
	coll->deletes_as_moves = TRUE;
	if (wbxml_child_bool(node, EAS_AIRSYNC_DELETES_AS_MOVES,
			     &coll->deletes_as_moves) < 0)
		return -1;
	coll->window = 0;
	if (eas_sync_read_window(node, &coll->window) < 0)
		return -1;
	switch (wbxml_child_bool(node, EAS_AIRSYNC_CONVERSATION_MODE, &value)) {
	case -1:
		return -1;
	case 1:
		coll->conversation_mode = value ? 1 : 0;
	}
	coll->supported = wbxml_node_child(node, EAS_AIRSYNC_SUPPORTED);
	coll->commands = wbxml_node_child(node, EAS_AIRSYNC_COMMANDS);
	if (initial && coll->commands != NULL)
		return -1;
	/* 2.2.3.7.2: nobody changes the recipient information cache, and its
	   items are never truncated */
	if (coll->commands != NULL &&
	    strcmp(id, EAS_FOLDER_ID_RECIPIENTS) == 0)
		return -1;
	if (sync->req->version < EAS_VERSION_12_1) {
		coll->class = wbxml_child_text(node, EAS_AIRSYNC_CLASS);
		if (coll->class == NULL)
			coll->class = "Email";
	}
	return eas_sync_read_options(node, coll);
}

static bool eas_sync_has_too_many(const struct eas_sync *sync)
{
	return array_count(&sync->collections) >
		sync->req->req->user->set->roost_ping_max_folders;
}

static int
eas_sync_read_collections(struct eas_sync *sync, const struct wbxml_node *root)
{
	const struct wbxml_node *node;
	struct eas_sync_collection *const *collp;
	unsigned int commands = 0;

	node = wbxml_node_child(root, EAS_AIRSYNC_COLLECTIONS);
	node = wbxml_node_child(node, EAS_AIRSYNC_COLLECTION);
	/* one too many is enough to refuse them */
	for (; node != NULL && !eas_sync_has_too_many(sync);
	     node = wbxml_node_next_same(node)) {
		if (eas_sync_read_collection(sync, node) < 0)
			return -1;
	}
	array_foreach(&sync->collections, collp)
		commands += eas_sync_commands_count((*collp)->commands);
	return commands > EAS_SYNC_MAX_COMMANDS ? -1 : 0;
}

/* [MS-ASCMD] 2.2.3.192 Wait is in minutes, 2.2.3.83.2 HeartbeatInterval in seconds. */
static int
eas_sync_read_wait(struct eas_sync *sync, const struct wbxml_node *root,
		   enum eas_sync_status *status_r)
{
	const struct roost_settings *set = sync->req->req->user->set;
	unsigned int value, unit, min, max;
	int wait, heartbeat;

	wait = wbxml_child_uint(root, EAS_AIRSYNC_WAIT, &value);
	heartbeat = wait != 0 ? 0 :
		wbxml_child_uint(root, EAS_AIRSYNC_HEARTBEAT_INTERVAL, &value);
	if (wait == 0 && heartbeat == 0)
		return 0;
	*status_r = EAS_SYNC_STATUS_PROTOCOL_ERROR;
	if (wait < 0 || heartbeat < 0 ||
	    (wait != 0 && wbxml_node_child(root,
				EAS_AIRSYNC_HEARTBEAT_INTERVAL) != NULL))
		return -1;

	unit = wait != 0 ? 60 : 1;
	min = I_MAX((set->roost_heartbeat_min + unit - 1) / unit, 1);
	max = I_MAX(set->roost_heartbeat_max / unit, min);
	if (value < min || value > max) {
		sync->limit = value < min ? min : max;
		*status_r = EAS_SYNC_STATUS_INVALID_INTERVAL;
		return -1;
	}
	sync->wait_secs = value * unit;
	return 0;
}

static int
eas_sync_recall_line(struct eas_sync *sync, const char *const *args)
{
	struct eas_sync_collection *coll;
	unsigned int count = str_array_length(args);

	if (count == 3 && strcmp(args[0], "S") == 0) {
		return str_to_uint(args[1], &sync->window) < 0 ||
			str_to_uint(args[2], &sync->wait_secs) < 0 ? -1 : 0;
	}
	if (count != 5 || strcmp(args[0], "C") != 0)
		return -1;
	coll = eas_sync_collection_add(sync,
				       p_strdup(sync->req->pool, args[1]));
	coll->key = p_strdup(sync->req->pool, args[2]);
	coll->get_changes = strchr(args[3], 'g') != NULL;
	coll->deletes_as_moves = strchr(args[3], 'm') != NULL;
	return str_to_uint(args[4], &coll->window);
}

/* Returns 1, 0 if nothing is remembered, -1 */
static int eas_sync_recall(struct eas_sync *sync)
{
	struct eas_request *req = sync->req;
	const char *const *lines;
	buffer_t *value;
	int ret;

	ret = store_device_param_get(req->store, req->pool, req->device->num,
				     EAS_SYNC_PARAM, &value);
	if (ret <= 0)
		return ret;
	lines = t_strsplit(t_strndup(value->data, value->used), "\n");
	for (; *lines != NULL; lines++) {
		if (eas_sync_recall_line(sync, t_strsplit_tabescaped(*lines)) < 0) {
			e_error(req->event, "The remembered Sync request "
				"is malformed, ignoring it");
			array_clear(&sync->collections);
			return 0;
		}
	}
	return array_count(&sync->collections) > 0 ? 1 : 0;
}

static int
eas_sync_recall_or_fail(struct eas_sync *sync, enum eas_sync_status *status_r)
{
	switch (eas_sync_recall(sync)) {
	case 1:
		return 0;
	case 0:
		*status_r = EAS_SYNC_STATUS_INCOMPLETE;
		return -1;
	default:
		*status_r = EAS_SYNC_STATUS_SERVER_ERROR;
		return -1;
	}
}

/* Partial: what it doesn't mention is as it was in the remembered request. */
static int
eas_sync_read_partial(struct eas_sync *sync, const struct wbxml_node *root,
		      enum eas_sync_status *status_r)
{
	struct eas_sync_collection *const *collp;
	ARRAY(const char *) keys;
	const char *key;
	unsigned int i = 0;

	if (root->children == NULL || root->children->next == NULL)
		return -1;
	if (eas_sync_recall_or_fail(sync, status_r) < 0)
		return -1;
	/* a collection that has a key was read already: that would be a second
	   mention of it */
	t_array_init(&keys, array_count(&sync->collections));
	array_foreach(&sync->collections, collp) {
		array_push_back(&keys, &(*collp)->key);
		(*collp)->key = NULL;
	}
	if (eas_sync_read_collections(sync, root) < 0)
		return -1;
	array_foreach_elem(&keys, key) {
		collp = array_idx(&sync->collections, i++);
		if ((*collp)->key == NULL)
			(*collp)->key = key;
	}
	return 0;
}

int eas_sync_request_read(struct eas_sync *sync,
			  enum eas_sync_status *status_r)
{
	const struct roost_settings *set = sync->req->req->user->set;
	const struct wbxml_node *root = sync->req->root;
	int ret;

	p_array_init(&sync->collections, sync->req->pool, 4);
	if (root == NULL)
		return eas_sync_recall_or_fail(sync, status_r);

	*status_r = EAS_SYNC_STATUS_PROTOCOL_ERROR;
	if (wbxml_node_child(root, EAS_AIRSYNC_PARTIAL) != NULL)
		ret = eas_sync_read_partial(sync, root, status_r);
	else
		ret = eas_sync_read_collections(sync, root);
	if (ret < 0 || eas_sync_read_window(root, &sync->window) < 0)
		return -1;
	if (eas_sync_read_wait(sync, root, status_r) < 0)
		return -1;
	if (array_count(&sync->collections) == 0)
		return -1;
	if (eas_sync_has_too_many(sync)) {
		sync->limit = set->roost_ping_max_folders;
		*status_r = EAS_SYNC_STATUS_TOO_MANY_COLLECTIONS;
		return -1;
	}
	return 0;
}

/* Commands are not to be done again by an empty request. */
static bool eas_sync_may_be_remembered(const struct eas_sync *sync)
{
	struct eas_sync_collection *const *collp;

	array_foreach(&sync->collections, collp) {
		if ((*collp)->commands != NULL ||
		    (*collp)->status != EAS_SYNC_STATUS_SUCCESS)
			return FALSE;
	}
	return TRUE;
}

int eas_sync_request_remember(struct eas_sync *sync)
{
	struct eas_request *req = sync->req;
	struct eas_sync_collection *const *collp;
	string_t *str = t_str_new(256);
	buffer_t *value;
	int ret;

	str_printfa(str, "S\t%u\t%u", sync->window, sync->wait_secs);
	array_foreach(&sync->collections, collp) {
		str_append(str, "\nC\t");
		str_append_tabescaped(str, (*collp)->id);
		str_append_c(str, '\t');
		str_append_tabescaped(str, (*collp)->key);
		str_append_c(str, '\t');
		if ((*collp)->get_changes)
			str_append_c(str, 'g');
		if ((*collp)->deletes_as_moves)
			str_append_c(str, 'm');
		str_printfa(str, "\t%u", (*collp)->window);
	}
	ret = store_device_param_get(req->store, req->pool, req->device->num,
				     EAS_SYNC_PARAM, &value);
	if (ret < 0)
		return -1;
	if (!eas_sync_may_be_remembered(sync)) {
		return ret == 0 ? 0 :
			store_device_param_set(req->store, req->device->num,
					       EAS_SYNC_PARAM, NULL, 0);
	}
	if (ret > 0 && value->used == str_len(str) &&
	    memcmp(value->data, str_data(str), str_len(str)) == 0)
		return 0;
	return store_device_param_set(req->store, req->device->num,
				      EAS_SYNC_PARAM, str_data(str),
				      str_len(str));
}

unsigned int eas_sync_window(const struct eas_sync *sync,
			     const struct eas_sync_collection *coll,
			     unsigned int room)
{
	const struct eas_request *req = sync->req;
	unsigned int repeats = coll->row.repeated ?
		coll->row.stored.repeats : 0;
	unsigned int window;

	window = coll->window != 0 ? coll->window : EAS_SYNC_DEFAULT_WINDOW;
	window = I_MIN(window, req->req->user->set->roost_window_max);
	/* A device that asks for the same again and again may not be able to
	   receive that much in its time. */
	if (repeats >= 2)
		window >>= I_MIN(repeats - 1, 10);
	return I_MIN(I_MAX(window, 1), room);
}
