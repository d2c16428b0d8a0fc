/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "eas-commands.h"

/* The order is that of MS-ASProtocolCommands. Codes: [MS-ASHTTP]
   2.2.1.1.1.1.2. */
const struct eas_command eas_commands[] = {
	{
		.name = "Sync", .code = 0,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_EMPTY_BODY | EAS_COMMAND_LONG_POLL,
		.root_tag = EAS_AIRSYNC_SYNC,
		.status_tag = EAS_AIRSYNC_STATUS,
		.func = eas_cmd_sync,
	},
	{
		.name = "SendMail", .code = 1,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_MIME_BODY,
		.root_tag = EAS_COMPOSEMAIL_SEND_MAIL,
		.status_tag = EAS_COMPOSEMAIL_STATUS,
		.func = eas_cmd_sendmail,
	},
	{
		.name = "SmartForward", .code = 2,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_MIME_BODY,
		.root_tag = EAS_COMPOSEMAIL_SMART_FORWARD,
		.status_tag = EAS_COMPOSEMAIL_STATUS,
		.func = eas_cmd_smartforward,
	},
	{
		.name = "SmartReply", .code = 3,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_MIME_BODY,
		.root_tag = EAS_COMPOSEMAIL_SMART_REPLY,
		.status_tag = EAS_COMPOSEMAIL_STATUS,
		.func = eas_cmd_smartreply,
	},
	{
		.name = "GetAttachment", .code = 4,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_12_1,
		.flags = EAS_COMMAND_EMPTY_BODY | EAS_COMMAND_RAW_BODY |
			EAS_COMMAND_RAW_ANSWER,
		.func = eas_cmd_getattachment,
	},
	{
		/* base64 queries have no code for it */
		.name = "GetHierarchy", .code = -1,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_12_1,
		.flags = EAS_COMMAND_EMPTY_BODY | EAS_COMMAND_RAW_BODY,
		.func = eas_cmd_gethierarchy,
	},
	{
		.name = "FolderSync", .code = 9,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_FOLDERHIERARCHY_FOLDER_SYNC,
		.status_tag = EAS_FOLDERHIERARCHY_STATUS,
		.func = eas_cmd_foldersync,
	},
	{
		.name = "FolderCreate", .code = 10,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_FOLDERHIERARCHY_FOLDER_CREATE,
		.status_tag = EAS_FOLDERHIERARCHY_STATUS,
		.func = eas_cmd_foldercreate,
	},
	{
		.name = "FolderDelete", .code = 11,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_FOLDERHIERARCHY_FOLDER_DELETE,
		.status_tag = EAS_FOLDERHIERARCHY_STATUS,
		.func = eas_cmd_folderdelete,
	},
	{
		.name = "FolderUpdate", .code = 12,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_FOLDERHIERARCHY_FOLDER_UPDATE,
		.status_tag = EAS_FOLDERHIERARCHY_STATUS,
		.func = eas_cmd_folderupdate,
	},
	{
		.name = "MoveItems", .code = 13,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_MOVE_MOVE_ITEMS,
		.status_tag = EAS_MOVE_STATUS,
		.good_status = 3,
		.func = eas_cmd_moveitems,
	},
	{
		.name = "GetItemEstimate", .code = 14,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_GETITEMESTIMATE_GET_ITEM_ESTIMATE,
		.status_tag = EAS_GETITEMESTIMATE_STATUS,
		.func = eas_cmd_getitemestimate,
	},
	{
		.name = "MeetingResponse", .code = 15,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_MEETINGRESPONSE_MEETING_RESPONSE,
		.status_tag = EAS_MEETINGRESPONSE_STATUS,
		.func = eas_cmd_meetingresponse,
	},
	{
		.name = "Search", .code = 16,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_SEARCH_SEARCH,
		.status_tag = EAS_SEARCH_STATUS,
		.func = eas_cmd_search,
	},
	{
		.name = "Settings", .code = 17,
		.min_version = EAS_VERSION_12_0,
		.max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_NO_POLICY,
		.root_tag = EAS_SETTINGS_SETTINGS,
		.status_tag = EAS_SETTINGS_STATUS,
		.func = eas_cmd_settings,
	},
	{
		.name = "Ping", .code = 18,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_EMPTY_BODY | EAS_COMMAND_LONG_POLL |
			EAS_COMMAND_NO_POLICY_KEY,
		.root_tag = EAS_PING_PING,
		.status_tag = EAS_PING_STATUS,
		.func = eas_cmd_ping,
	},
	{
		.name = "ItemOperations", .code = 19,
		.min_version = EAS_VERSION_12_0,
		.max_version = EAS_VERSION_16_1,
		.root_tag = EAS_ITEMOPERATIONS_ITEM_OPERATIONS,
		.status_tag = EAS_ITEMOPERATIONS_STATUS,
		.func = eas_cmd_itemoperations,
	},
	{
		.name = "Provision", .code = 20,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.flags = EAS_COMMAND_NO_POLICY | EAS_COMMAND_EMPTY_BODY,
		.root_tag = EAS_PROVISION_PROVISION,
		.status_tag = EAS_PROVISION_STATUS,
		.func = eas_cmd_provision,
	},
	{
		.name = "ResolveRecipients", .code = 21,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_RESOLVERECIPIENTS_RESOLVE_RECIPIENTS,
		.status_tag = EAS_RESOLVERECIPIENTS_STATUS,
		.func = eas_cmd_resolverecipients,
	},
	{
		.name = "ValidateCert", .code = 22,
		.min_version = EAS_VERSION_2_5, .max_version = EAS_VERSION_16_1,
		.root_tag = EAS_VALIDATECERT_VALIDATE_CERT,
		.status_tag = EAS_VALIDATECERT_STATUS,
		.func = eas_cmd_validatecert,
	},
	{
		.name = "Find", .code = 23,
		.min_version = EAS_VERSION_16_1,
		.max_version = EAS_VERSION_16_1,
		.root_tag = EAS_FIND_FIND,
		.status_tag = EAS_FIND_STATUS,
		.func = eas_cmd_find,
	},
};
const unsigned int eas_commands_count = N_ELEMENTS(eas_commands);

const struct eas_command *eas_command_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < eas_commands_count; i++) {
		if (strcasecmp(eas_commands[i].name, name) == 0)
			return &eas_commands[i];
	}
	return NULL;
}

const struct eas_command *eas_command_find_code(int code)
{
	unsigned int i;

	if (code < 0)
		return NULL;
	for (i = 0; i < eas_commands_count; i++) {
		if (eas_commands[i].code == code)
			return &eas_commands[i];
	}
	return NULL;
}

const char *eas_commands_list(unsigned int version_max)
{
	string_t *str = t_str_new(256);
	unsigned int i;

	for (i = 0; i < eas_commands_count; i++) {
		if (eas_commands[i].min_version > version_max)
			continue;
		if (str_len(str) > 0)
			str_append_c(str, ',');
		str_append(str, eas_commands[i].name);
	}
	return str_c(str);
}
