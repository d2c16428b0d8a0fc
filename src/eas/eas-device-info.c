/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "store.h"
#include "eas-device.h"
#include "eas-device-info.h"

/* Settings.xsd, DeviceInformationStringType: characters */
#define EAS_DEVICE_INFO_MAX_LEN 1024

static const struct {
	unsigned int tag;
	size_t offset;
} eas_device_info_fields[] = {
#define FIELD(tag_, field) \
	{ EAS_SETTINGS_##tag_, offsetof(struct store_device, field) }
	FIELD(MODEL, model),
	FIELD(IMEI, imei),
	FIELD(FRIENDLY_NAME, friendly_name),
	FIELD(OS, os),
	FIELD(OS_LANGUAGE, os_language),
	FIELD(PHONE_NUMBER, phone_number),
	FIELD(MOBILE_OPERATOR, mobile_operator),
};

static bool eas_device_info_is_valid(const struct wbxml_node *set)
{
	const char *text;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_device_info_fields); i++) {
		text = wbxml_child_text(set, eas_device_info_fields[i].tag);
		if (text != NULL && uni_utf8_strlen(text) >
		    EAS_DEVICE_INFO_MAX_LEN)
			return FALSE;
	}
	return TRUE;
}

enum eas_settings_status
eas_device_info_set(struct eas_request *req, const struct wbxml_node *node,
		    bool *changed_r)
{
	const struct wbxml_node *set;
	const char *text, **value;
	unsigned int i;

	*changed_r = FALSE;
	set = wbxml_node_child(node, EAS_SETTINGS_SET);
	if (set == NULL)
		return EAS_SETTINGS_STATUS_PROTOCOL_ERROR;
	if (!eas_device_info_is_valid(set))
		return EAS_SETTINGS_STATUS_INVALID_ARGUMENTS;
	for (i = 0; i < N_ELEMENTS(eas_device_info_fields); i++) {
		value = PTR_OFFSET(req->device,
				   eas_device_info_fields[i].offset);
		text = wbxml_child_text(set, eas_device_info_fields[i].tag);
		/* what is not said stays; an empty element takes it away */
		if (text == NULL)
			continue;
		if (*text == '\0')
			text = NULL;
		if (null_strcmp(*value, text) != 0) {
			*value = text;
			*changed_r = TRUE;
		}
	}
	return EAS_SETTINGS_STATUS_SUCCESS;
}

int eas_device_info_store(struct eas_request *req,
			  const struct wbxml_node *node,
			  enum eas_settings_status *status_r)
{
	bool changed;

	/* most devices say the same each time: look before the lock */
	*status_r = eas_device_info_set(req, node, &changed);
	if (!changed)
		return 0;
	if (eas_device_update_begin(req) < 0)
		return eas_request_fail_temp(req);
	*status_r = eas_device_info_set(req, node, &changed);
	if (eas_device_update_commit(req) < 0)
		return eas_request_fail_temp(req);
	return 0;
}
