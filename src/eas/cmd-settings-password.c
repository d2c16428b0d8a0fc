/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "store-secret.h"
#include "eas-device.h"
#include "eas-policy.h"
#include "cmd-settings.h"

/* Settings, DevicePassword ([MS-ASCMD] 2.2.3.46): a password that opens the device if
   its user forgot the other one. doveadm roost device password shows it. One write
   sets it: after a lost answer the device sends the same one again, which
   replaces it. */

/* 2.2.3.122.3: characters */
#define SETTINGS_PASSWORD_MAX 255

static enum eas_settings_status
cmd_settings_password_set(struct eas_request *req, const struct wbxml_node *set)
{
	const struct wbxml_node *node = set == NULL ? NULL :
		wbxml_node_child(set, EAS_SETTINGS_PASSWORD);
	const char *password;

	if (node == NULL)
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	if (!store_secret_have_key() || !eas_policy_flag(req->req->user,
				EAS_PROVISION_PASSWORD_RECOVERY_ENABLED))
		return EAS_SETTINGS_STATUS_DENIED_BY_POLICY;
	password = wbxml_node_text(node);
	/* nothing in it: to be forgotten */
	if (node->size == 0)
		password = NULL;
	else if (password == NULL || !uni_utf8_str_is_valid(password))
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	else if (uni_utf8_strlen(password) > SETTINGS_PASSWORD_MAX)
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	if (store_secret_set(req->store, req->device,
			     STORE_SECRET_RECOVERY_PASSWORD, password) < 0)
		return EAS_SETTINGS_STATUS_UNAVAILABLE;
	e_info(req->event, "Device %s %s its recovery password",
	       req->device->id, password == NULL ? "took back" : "left");
	return EAS_SETTINGS_STATUS_SUCCESS;
}

int cmd_settings_device_password(struct eas_request *req,
				 const struct wbxml_node *node)
{
	cmd_settings_write_status(req, node->tag, cmd_settings_password_set(
		req, wbxml_node_child(node, EAS_SETTINGS_SET)));
	return 0;
}
