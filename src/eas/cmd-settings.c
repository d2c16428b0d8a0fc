/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "roost-addresses.h"
#include "eas-commands.h"
#include "cmd-settings.h"

/* Settings ([MS-ASCMD] 2.2.1.18). Each part is answered with a Status of its own,
   so that the other parts of the request are heard. */

/* 2.2.3.4, 2.2.3.181: characters */
#define SETTINGS_ACCOUNT_NAME_MAX 512

static int cmd_settings_device_information(struct eas_request *req,
					   const struct wbxml_node *node)
{
	struct wbxml_writer *writer = eas_request_writer(req);
	enum eas_settings_status status;

	if (eas_device_info_store(req, node, &status) < 0)
		return -1;
	wbxml_open(writer, EAS_SETTINGS_DEVICE_INFORMATION);
	wbxml_uint(writer, EAS_SETTINGS_STATUS, status);
	wbxml_close(writer);
	return 0;
}

static void cmd_settings_addresses(struct eas_request *req)
{
	struct wbxml_writer *writer = eas_request_writer(req);
	const char *const *addresses = roost_user_addresses(req->req->user);
	const char *primary = addresses[0];

	wbxml_open(writer, EAS_SETTINGS_EMAIL_ADDRESSES);
	for (; *addresses != NULL; addresses++)
		wbxml_text(writer, EAS_SETTINGS_SMTP_ADDRESS, *addresses);
	if (req->version >= EAS_VERSION_14_1) {
		wbxml_text(writer, EAS_SETTINGS_PRIMARY_SMTP_ADDRESS,
			   primary);
	}
	wbxml_close(writer);
}

static void
cmd_settings_account_text(struct eas_request *req, unsigned int tag,
			  const char *text)
{
	unsigned int i;
	size_t size = 0;
	unichar_t chr;
	int ret;

	/* (the writer replaces what isn't UTF-8) */
	for (i = 0; i < SETTINGS_ACCOUNT_NAME_MAX && text[size] != '\0'; i++) {
		ret = uni_utf8_get_char(text + size, &chr);
		size += ret > 0 ? ret : 1;
	}
	wbxml_text(eas_request_writer(req), tag, t_strndup(text, size));
}

/* The one account that there is, the primary one: it has no AccountId
   (2.2.3.3.2). It is named as users know it, by its address. */
static void cmd_settings_account(struct eas_request *req)
{
	struct roost_user *user = req->req->user;
	struct wbxml_writer *writer = eas_request_writer(req);
	const char *name = roost_user_display_name(user);

	wbxml_open(writer, EAS_SETTINGS_ACCOUNTS);
	wbxml_open(writer, EAS_SETTINGS_ACCOUNT);
	cmd_settings_account_text(req, EAS_SETTINGS_ACCOUNT_NAME,
				  roost_user_primary_address(user));
	if (name != NULL) {
		cmd_settings_account_text(req, EAS_SETTINGS_USER_DISPLAY_NAME,
					  name);
	}
	wbxml_bool(writer, EAS_SETTINGS_SEND_DISABLED,
		   eas_command_find("SendMail") == NULL);
	cmd_settings_addresses(req);
	wbxml_close(writer);
	wbxml_close(writer);
}

static int cmd_settings_user_information(struct eas_request *req,
					 const struct wbxml_node *node)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_open(writer, EAS_SETTINGS_USER_INFORMATION);
	if (wbxml_node_child(node, EAS_SETTINGS_GET) == NULL) {
		wbxml_uint(writer, EAS_SETTINGS_STATUS,
			   EAS_SETTINGS_STATUS_PROTOCOL_ERROR);
		wbxml_close(writer);
		return 0;
	}
	wbxml_uint(writer, EAS_SETTINGS_STATUS, EAS_SETTINGS_STATUS_SUCCESS);
	wbxml_open(writer, EAS_SETTINGS_GET);
	if (req->version >= EAS_VERSION_14_1)
		cmd_settings_account(req);
	else
		cmd_settings_addresses(req);
	wbxml_close(writer);
	wbxml_close(writer);
	return 0;
}

void cmd_settings_write_status(struct eas_request *req, unsigned int tag,
			       enum eas_settings_status status)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_open(writer, tag);
	wbxml_uint(writer, EAS_SETTINGS_STATUS, status);
	wbxml_close(writer);
}

/* There are no templates ([MS-ASRM] 2.2.2.16). */
static int cmd_settings_rights_management(struct eas_request *req,
					  const struct wbxml_node *node)
{
	struct wbxml_writer *writer = eas_request_writer(req);

	wbxml_open(writer, node->tag);
	wbxml_uint(writer, EAS_SETTINGS_STATUS, EAS_SETTINGS_STATUS_SUCCESS);
	wbxml_open(writer, EAS_SETTINGS_GET);
	wbxml_empty(writer,
		    EAS_RIGHTSMANAGEMENT_RIGHTS_MANAGEMENT_TEMPLATES);
	wbxml_close(writer);
	wbxml_close(writer);
	return 0;
}

static const struct {
	unsigned int tag;
	unsigned int min_version;
	int (*func)(struct eas_request *req, const struct wbxml_node *node);
} cmd_settings_parts[] = {
	{ EAS_SETTINGS_OOF, EAS_VERSION_12_0, cmd_settings_oof },
	{ EAS_SETTINGS_DEVICE_INFORMATION, EAS_VERSION_12_0,
	  cmd_settings_device_information },
	{ EAS_SETTINGS_DEVICE_PASSWORD, EAS_VERSION_12_0,
	  cmd_settings_device_password },
	{ EAS_SETTINGS_USER_INFORMATION, EAS_VERSION_12_0,
	  cmd_settings_user_information },
	{ EAS_SETTINGS_RIGHTS_MANAGEMENT_INFORMATION, EAS_VERSION_14_1,
	  cmd_settings_rights_management },
};

static int
cmd_settings_part(struct eas_request *req, const struct wbxml_node *node)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(cmd_settings_parts); i++) {
		if (cmd_settings_parts[i].tag == node->tag &&
		    cmd_settings_parts[i].min_version <= req->version)
			return cmd_settings_parts[i].func(req, node);
	}
	/* a part of another version */
	return 0;
}

int eas_cmd_settings(struct eas_request *req)
{
	struct wbxml_writer *writer;
	const struct wbxml_node *node;

	if (req->root->children == NULL) {
		return eas_request_fail(req,
			EAS_SETTINGS_STATUS_PROTOCOL_ERROR);
	}
	writer = eas_request_writer(req);
	wbxml_open(writer, EAS_SETTINGS_SETTINGS);
	wbxml_uint(writer, EAS_SETTINGS_STATUS, EAS_SETTINGS_STATUS_SUCCESS);
	/* 2.2.1.18: in the order of the request; each part once, whatever it
	   repeats */
	for (node = req->root->children; node != NULL; node = node->next) {
		if (wbxml_node_child(req->root, node->tag) == node &&
		    cmd_settings_part(req, node) < 0)
			return -1;
	}
	wbxml_close(writer);
	return 1;
}
