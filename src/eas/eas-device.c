/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "ioloop.h"
#include "roost-settings.h"
#include "store.h"
#include "eas-device.h"
#include "eas-policy.h"
#include "eas-version.h"

#define EAS_PROTOCOL "eas"
/* The record is written for the time alone at most this often: a request that
   changes nothing must not cost a synced write. */
#define LAST_SEEN_INTERVAL_SECS 3600

static bool eas_device_is_outdated(const struct eas_request *req)
{
	const struct store_device *device = req->device;

	return device->version != req->version ||
		null_strcmp(device->type, req->device_type) != 0 ||
		device->last_seen + LAST_SEEN_INTERVAL_SECS <= ioloop_time ||
		/* the clock was set back */
		device->last_seen > ioloop_time + LAST_SEEN_INTERVAL_SECS;
}

static void eas_device_set_seen(struct eas_request *req)
{
	struct store_device *device = req->device;

	device->version = req->version;
	device->type = req->device_type;
	device->user_agent = req->user_agent;
	device->last_seen = ioloop_time;
}

int eas_device_update_begin(struct eas_request *req)
{
	struct store_device *device;
	int ret;

	if (store_begin(req->store) < 0)
		return -1;
	ret = store_device_get(req->store, req->pool, EAS_PROTOCOL,
			       req->device_id, &device);
	if (ret > 0) {
		req->device = device;
		return 0;
	}
	store_rollback(req->store);
	if (ret == 0) {
		e_info(req->event, "Device %s was removed during its request",
		       req->device_id);
	}
	return -1;
}

int eas_device_update_commit(struct eas_request *req)
{
	if (store_device_save(req->store, req->device) < 0) {
		store_rollback(req->store);
		return -1;
	}
	return store_commit(req->store);
}

static int eas_device_touch(struct eas_request *req)
{
	if (!eas_device_is_outdated(req))
		return 0;
	if (eas_device_update_begin(req) < 0)
		return eas_request_fail_temp(req);
	eas_device_set_seen(req);
	if (eas_device_update_commit(req) < 0)
		return eas_request_fail_temp(req);
	return 0;
}

static void eas_device_log_added(struct eas_request *req)
{
	const struct store_device *device = req->device;
	const char *version = eas_version_to_string(req->version);
	struct event_passthrough *e =
		event_create_passthrough(req->event)->
		set_name("roost_device_added")->
		add_str("device_id", device->id)->
		add_str("device_type", device->type)->
		add_str("user_agent", device->user_agent)->
		add_str("version", version)->
		add_str("access", device->access == STORE_DEVICE_ALLOWED ?
			"allowed" : "quarantined");

	e_info(e->event(), "New device %s (%s)%s", device->id, device->type,
	       device->access == STORE_DEVICE_ALLOWED ? "" :
	       ", in quarantine until it is allowed");
}

/* In an open transaction, so that two first requests at once make one record
   and cannot both take the last free place. Returns 1 created, 0 it exists by
   now, -1 refused. */
static int eas_device_create_locked(struct eas_request *req)
{
	const struct roost_settings *set = req->req->user->set;
	struct store_device *device;
	unsigned int count;
	int ret;

	ret = store_device_get(req->store, req->pool, EAS_PROTOCOL,
			       req->device_id, &req->device);
	if (ret != 0)
		return ret < 0 ? eas_request_fail_temp(req) : 0;
	if (set->roost_max_devices > 0) {
		if (store_device_count(req->store, &count) < 0)
			return eas_request_fail_temp(req);
		if (count >= set->roost_max_devices) {
			e_info(req->event, "Refused the new device %s: "
			       "roost_max_devices=%u is reached",
			       req->device_id, set->roost_max_devices);
			return eas_request_fail(req,
				EAS_STATUS_TOO_MANY_DEVICES);
		}
	}
	device = p_new(req->pool, struct store_device, 1);
	device->protocol = EAS_PROTOCOL;
	device->id = req->device_id;
	device->first_seen = ioloop_time;
	device->access = set->roost_quarantine ? STORE_DEVICE_QUARANTINED :
		STORE_DEVICE_ALLOWED;
	req->device = device;
	eas_device_set_seen(req);
	return store_device_save(req->store, device) < 0 ?
		eas_request_fail_temp(req) : 1;
}

static int eas_device_create(struct eas_request *req)
{
	int ret;

	if (store_begin(req->store) < 0)
		return eas_request_fail_temp(req);
	ret = eas_device_create_locked(req);
	if (ret <= 0) {
		store_rollback(req->store);
		return ret;
	}
	if (store_commit(req->store) < 0)
		return eas_request_fail_temp(req);
	eas_device_log_added(req);
	return 0;
}

int eas_device_open(struct eas_request *req)
{
	int ret;

	ret = store_device_get(req->store, req->pool, EAS_PROTOCOL,
			       req->device_id, &req->device);
	if (ret < 0)
		return eas_request_fail_temp(req);
	return ret > 0 ? eas_device_touch(req) : eas_device_create(req);
}

static int eas_device_check_wipe(struct eas_request *req)
{
	const struct store_device *device = req->device;

	if (device->wipe != STORE_DEVICE_WIPE_ORDERED &&
	    device->wipe != STORE_DEVICE_WIPE_SENT)
		return 0;
	/* An account-only wipe cannot be told below 16.1, and must never become
	   a full one: the device just gets nothing any more. */
	if (device->wipe_account_only && req->version < EAS_VERSION_16_1) {
		return eas_request_fail(req,
			EAS_STATUS_DEVICE_IS_BLOCKED_FOR_THIS_USER);
	}
	/* [MS-ASCMD] 2.2.2: a client without any policy key gets 403 */
	if (req->version < EAS_VERSION_14_0 && !req->has_policy_key)
		return eas_request_fail_http(req, 403, "Remote wipe requested");
	return eas_request_fail(req, EAS_STATUS_REMOTE_WIPE_REQUESTED);
}

static int eas_device_check_policy(struct eas_request *req)
{
	const struct roost_settings *set = req->req->user->set;
	const struct store_device *device = req->device;

	if (req->policy_key == 0) {
		if (strcmp(set->roost_provisioning, "required") != 0)
			return 0;
		/* [MS-ASPROV] 3.1.5.1: Ping carries no key */
		if (!req->has_policy_key && device->policy_key != 0 &&
		    (req->cmd->flags & EAS_COMMAND_NO_POLICY_KEY) != 0)
			return 0;
		return eas_request_fail(req, EAS_STATUS_DEVICE_NOT_PROVISIONED);
	}
	if (req->policy_key != device->policy_key)
		return eas_request_fail(req, EAS_STATUS_INVALID_POLICY_KEY);
	if (null_strcmp(device->policy_hash,
			eas_policy_hash(req->req->user, req->version)) != 0)
		return eas_request_fail(req, EAS_STATUS_POLICY_REFRESH);
	return 0;
}

int eas_device_check_access(struct eas_request *req)
{
	if ((req->cmd->flags & EAS_COMMAND_NO_POLICY) != 0)
		return 0;
	/* a wipe reaches blocked devices too */
	if (eas_device_check_wipe(req) < 0)
		return -1;
	if (req->device->access != STORE_DEVICE_ALLOWED) {
		return eas_request_fail(req,
			EAS_STATUS_DEVICE_IS_BLOCKED_FOR_THIS_USER);
	}
	return eas_device_check_policy(req);
}
