#ifndef EAS_DEVICE_INFO_H
#define EAS_DEVICE_INFO_H

#include "eas.h"

/* [MS-ASCMD] 2.2.3.177.15: Status below Settings and its children */
enum eas_settings_status {
	EAS_SETTINGS_STATUS_SUCCESS = 1,
	EAS_SETTINGS_STATUS_PROTOCOL_ERROR = 2,
	EAS_SETTINGS_STATUS_ACCESS_DENIED = 3,
	EAS_SETTINGS_STATUS_UNAVAILABLE = 4,
	EAS_SETTINGS_STATUS_INVALID_ARGUMENTS = 5,
	EAS_SETTINGS_STATUS_CONFLICTING_ARGUMENTS = 6,
	EAS_SETTINGS_STATUS_DENIED_BY_POLICY = 7,
};

/* Takes a <settings:DeviceInformation> of Settings or Provision into
   req->device, which the caller saves if changed_r is set. */
enum eas_settings_status
eas_device_info_set(struct eas_request *req, const struct wbxml_node *node,
		    bool *changed_r);
/* Reads the device's record anew, takes the node into it and saves it if that
   changes anything. Returns 0 and the Status, or -1 (the answer is set). */
int eas_device_info_store(struct eas_request *req,
			  const struct wbxml_node *node,
			  enum eas_settings_status *status_r);

#endif
