#ifndef CMD_SETTINGS_H
#define CMD_SETTINGS_H

#include "eas.h"
#include "eas-device-info.h"

/* The parts of Settings. Each writes its element, with a Status first. Returns
   0, or -1 (the answer is set). */
int cmd_settings_oof(struct eas_request *req, const struct wbxml_node *node);
int cmd_settings_device_password(struct eas_request *req,
				 const struct wbxml_node *node);

/* <tag><Status>status</Status></tag> */
void cmd_settings_write_status(struct eas_request *req, unsigned int tag,
			       enum eas_settings_status status);

#endif
