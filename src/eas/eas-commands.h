#ifndef EAS_COMMANDS_H
#define EAS_COMMANDS_H

#include "eas.h"

/* The table of commands. Only what really works stands in it: it is what
   OPTIONS announces. */
extern const struct eas_command eas_commands[];
extern const unsigned int eas_commands_count;

/* By name (in any case) or by the code of a base64 query; NULL = unknown. */
const struct eas_command *eas_command_find(const char *name);
const struct eas_command *eas_command_find_code(int code);
/* The names of all commands that exist in a version up to version_max, for
   MS-ASProtocolCommands; on the data stack. */
const char *eas_commands_list(unsigned int version_max);

/* One file each: cmd-<name>.c */
int eas_cmd_sync(struct eas_request *req);
int eas_cmd_sendmail(struct eas_request *req);
int eas_cmd_smartforward(struct eas_request *req);
int eas_cmd_smartreply(struct eas_request *req);
int eas_cmd_getattachment(struct eas_request *req);
int eas_cmd_gethierarchy(struct eas_request *req);
int eas_cmd_foldersync(struct eas_request *req);
int eas_cmd_foldercreate(struct eas_request *req);
int eas_cmd_folderdelete(struct eas_request *req);
int eas_cmd_folderupdate(struct eas_request *req);
int eas_cmd_moveitems(struct eas_request *req);
int eas_cmd_getitemestimate(struct eas_request *req);
int eas_cmd_meetingresponse(struct eas_request *req);
int eas_cmd_settings(struct eas_request *req);
int eas_cmd_ping(struct eas_request *req);
int eas_cmd_itemoperations(struct eas_request *req);
int eas_cmd_provision(struct eas_request *req);
int eas_cmd_search(struct eas_request *req);
int eas_cmd_resolverecipients(struct eas_request *req);
int eas_cmd_validatecert(struct eas_request *req);
int eas_cmd_find(struct eas_request *req);

#endif
