/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "roost-settings.h"
#include "eas-collection.h"
#include "eas-commands.h"
#include "eas-hierarchy.h"
#include "eas-meeting.h"

/* The Ping command ([MS-ASCMD] 2.2.1.13): it is parked until one of the folders has something
   that the device does not. "Something" is whatever its next Sync would bring, by the
   same code: a Ping that says more than Sync sends the device round in circles. */

/* The remembered parameters: heartbeat and folder ids, tab-escaped */
#define EAS_PING_PARAM "ping"

/* 2.2.3.177.11 Status (Ping) */
enum eas_ping_status {
	EAS_PING_STATUS_EXPIRED = 1,
	EAS_PING_STATUS_CHANGES = 2,
	EAS_PING_STATUS_MISSING_PARAMETERS = 3,
	EAS_PING_STATUS_SYNTAX_ERROR = 4,
	EAS_PING_STATUS_INVALID_INTERVAL = 5,
	EAS_PING_STATUS_TOO_MANY_FOLDERS = 6,
	EAS_PING_STATUS_HIERARCHY_CHANGED = 7,
	EAS_PING_STATUS_SERVER_ERROR = 8,
};

struct eas_ping {
	struct eas_request *req;
	unsigned int heartbeat;
	ARRAY_TYPE(const_string) ids;
	bool heartbeat_given, ids_given;
	/* as stored, NULL if nothing is */
	const char *remembered;

	ARRAY_TYPE(guid_128_t) watch;
	ARRAY_TYPE(const_string) changed;
};

static bool eas_ping_has_id(const struct eas_ping *ping, const char *id)
{
	const char *const *idp;

	array_foreach(&ping->ids, idp) {
		if (strcmp(*idp, id) == 0)
			return TRUE;
	}
	return FALSE;
}

static int
eas_ping_read(struct eas_ping *ping, const struct wbxml_node *root)
{
	unsigned int max = ping->req->req->user->set->roost_ping_max_folders;
	const struct wbxml_node *folders, *node;
	const char *id;

	if (root == NULL)
		return 0;
	switch (wbxml_child_uint(root, EAS_PING_HEARTBEAT_INTERVAL,
				 &ping->heartbeat)) {
	case -1:
		return -1;
	case 1:
		ping->heartbeat_given = TRUE;
	}
	folders = wbxml_node_child(root, EAS_PING_FOLDERS);
	if (folders == NULL)
		return 0;
	ping->ids_given = TRUE;
	node = wbxml_node_child(folders, EAS_PING_FOLDER);
	/* one too many is enough to refuse them */
	for (; node != NULL && array_count(&ping->ids) <= max;
	     node = wbxml_node_next_same(node)) {
		id = wbxml_child_text(node, EAS_PING_ID);
		if (id == NULL || *id == '\0' || eas_ping_has_id(ping, id))
			return -1;
		array_push_back(&ping->ids, &id);
	}
	return array_count(&ping->ids) > 0 ? 0 : -1;
}

/* What the request doesn't say is as it was (3.1.5.8). Returns 0 or -1. */
static int eas_ping_recall(struct eas_ping *ping)
{
	struct eas_request *req = ping->req;
	const char *const *args;
	unsigned int heartbeat;
	buffer_t *value;
	int ret;

	ret = store_device_param_get(req->store, req->pool, req->device->num,
				     EAS_PING_PARAM, &value);
	if (ret <= 0)
		return ret;
	ping->remembered = p_strndup(req->pool, value->data, value->used);
	args = (const char *const *)p_strsplit_tabescaped(req->pool,
							   ping->remembered);
	if (args[0] == NULL || str_to_uint(args[0], &heartbeat) < 0)
		return 0;
	if (!ping->heartbeat_given) {
		ping->heartbeat = heartbeat;
		ping->heartbeat_given = TRUE;
	}
	if (!ping->ids_given) {
		for (args++; *args != NULL; args++)
			array_push_back(&ping->ids, args);
	}
	return 0;
}

static int eas_ping_remember(struct eas_ping *ping)
{
	struct eas_request *req = ping->req;
	string_t *str = t_str_new(128);
	const char *const *idp;

	str_printfa(str, "%u", ping->heartbeat);
	array_foreach(&ping->ids, idp) {
		str_append_c(str, '\t');
		str_append_tabescaped(str, *idp);
	}
	if (ping->remembered != NULL &&
	    strcmp(ping->remembered, str_c(str)) == 0)
		return 0;
	if (store_device_param_set(req->store, req->device->num, EAS_PING_PARAM,
				   str_data(str), str_len(str)) < 0)
		return -1;
	if (req->device->heartbeat == ping->heartbeat)
		return 0;
	req->device->heartbeat = ping->heartbeat;
	return store_device_save(req->store, req->device);
}

static void
eas_ping_write(struct eas_ping *ping, enum eas_ping_status status)
{
	const struct roost_settings *set = ping->req->req->user->set;
	struct wbxml_writer *writer = eas_request_writer(ping->req);
	const char *const *idp;

	wbxml_open(writer, EAS_PING_PING);
	wbxml_uint(writer, EAS_PING_STATUS, status);
	if (status == EAS_PING_STATUS_CHANGES) {
		wbxml_open(writer, EAS_PING_FOLDERS);
		array_foreach(&ping->changed, idp)
			wbxml_text(writer, EAS_PING_FOLDER, *idp);
		wbxml_close(writer);
	}
	if (status == EAS_PING_STATUS_TOO_MANY_FOLDERS) {
		wbxml_uint(writer, EAS_PING_MAX_FOLDERS,
			   set->roost_ping_max_folders);
	}
	if (status == EAS_PING_STATUS_INVALID_INTERVAL) {
		wbxml_uint(writer, EAS_PING_HEARTBEAT_INTERVAL,
			   ping->heartbeat < set->roost_heartbeat_min ?
			   set->roost_heartbeat_min :
			   set->roost_heartbeat_max);
	}
	wbxml_close(writer);
}

/* Returns 0, or -1 with the Status of a request that can't be served. */
static int
eas_ping_check(struct eas_ping *ping, enum eas_ping_status *status_r)
{
	const struct roost_settings *set = ping->req->req->user->set;

	if (eas_ping_read(ping, ping->req->root) < 0) {
		*status_r = EAS_PING_STATUS_SYNTAX_ERROR;
		return -1;
	}
	if (eas_ping_recall(ping) < 0) {
		*status_r = EAS_PING_STATUS_SERVER_ERROR;
		return -1;
	}
	if (!ping->heartbeat_given || array_count(&ping->ids) == 0)
		*status_r = EAS_PING_STATUS_MISSING_PARAMETERS;
	else if (ping->heartbeat < set->roost_heartbeat_min ||
		 ping->heartbeat > set->roost_heartbeat_max)
		*status_r = EAS_PING_STATUS_INVALID_INTERVAL;
	else if (array_count(&ping->ids) > set->roost_ping_max_folders)
		*status_r = EAS_PING_STATUS_TOO_MANY_FOLDERS;
	else
		return 0;
	return -1;
}

static enum eas_ping_status
eas_ping_look_folder(struct eas_ping *ping, const char *id)
{
	struct eas_folder *folder;
	guid_128_t inbox;
	int ret;

	ret = eas_folder_find(ping->req, id, &folder);
	if (ret <= 0) {
		return ret < 0 ? EAS_PING_STATUS_SERVER_ERROR :
			EAS_PING_STATUS_HIERARCHY_CHANGED;
	}
	eas_invitations_check(ping->req, folder);
	switch (eas_collection_has_changes(ping->req, folder)) {
	case 1:
	case -1:
		/* a folder that was never synchronised has something new, too */
		array_push_back(&ping->changed, &folder->id);
		return EAS_PING_STATUS_CHANGES;
	case 0:
		array_push_back(&ping->watch, &folder->guid);
		/* an invitation comes there first */
		if (folder->kind == STORE_KIND_CALENDAR &&
		    eas_invitations_watch(ping->req, inbox))
			array_push_back(&ping->watch, &inbox);
		return EAS_PING_STATUS_EXPIRED;
	case -2:
		return EAS_PING_STATUS_HIERARCHY_CHANGED;
	default:
		return EAS_PING_STATUS_SERVER_ERROR;
	}
}

/* Looks at all of them: each that changed is reported. A hierarchy that changed comes before
   that, the device needs it to understand the rest. */
static enum eas_ping_status eas_ping_look(struct eas_ping *ping)
{
	enum eas_ping_status status, worst = EAS_PING_STATUS_EXPIRED;
	const char *const *idp;

	array_foreach(&ping->ids, idp) {
		T_BEGIN {
			status = eas_ping_look_folder(ping, *idp);
		} T_END;
		worst = I_MAX(worst, status);
	}
	if (worst == EAS_PING_STATUS_SERVER_ERROR &&
	    array_count(&ping->changed) > 0) {
		/* one folder's trouble does not keep the others' mail back */
		worst = EAS_PING_STATUS_CHANGES;
	}
	return worst;
}

/* Before it is parked. A run that finds mail answers without this, so that a delivery which
   wakes thousands doesn't walk the list of mailboxes for each of them. */
static enum eas_ping_status eas_ping_look_hierarchy(struct eas_ping *ping)
{
	switch (eas_hierarchy_is_current(ping->req)) {
	case 1:
		return EAS_PING_STATUS_EXPIRED;
	case 0:
		return EAS_PING_STATUS_HIERARCHY_CHANGED;
	default:
		return EAS_PING_STATUS_SERVER_ERROR;
	}
}

static int eas_ping_run(struct eas_ping *ping)
{
	struct roost_request *rreq = ping->req->req;
	enum eas_ping_status status;
	unsigned int msecs;

	if (eas_ping_check(ping, &status) < 0) {
		eas_ping_write(ping, status);
		return 1;
	}
	if (eas_ping_remember(ping) < 0)
		status = EAS_PING_STATUS_SERVER_ERROR;
	else
		status = eas_ping_look(ping);
	if (status == EAS_PING_STATUS_EXPIRED)
		status = eas_ping_look_hierarchy(ping);
	eas_ping_write(ping, status);
	msecs = ping->heartbeat * 1000;
	if (status != EAS_PING_STATUS_EXPIRED || rreq->elapsed_msecs >= msecs)
		return 1;
	/* what was written is the answer for the end of the heartbeat */
	roost_answer_park(rreq, msecs - rreq->elapsed_msecs,
			  array_front(&ping->watch),
			  array_count(&ping->watch));
	return 0;
}

int eas_cmd_ping(struct eas_request *req)
{
	struct eas_ping ping;

	i_zero(&ping);
	ping.req = req;
	p_array_init(&ping.ids, req->pool, 16);
	p_array_init(&ping.watch, req->pool, 16);
	p_array_init(&ping.changed, req->pool, 4);
	return eas_ping_run(&ping);
}
