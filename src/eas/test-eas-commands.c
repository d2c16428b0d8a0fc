/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "eas-commands.h"
#include "eas-version.h"
#include "test-common.h"

/* [MS-ASHTTP] 2.2.1.1.1.1.2, and the first version with the command */
static const struct {
	const char *name;
	int code;
	unsigned int min_version, max_version;
} published[] = {
	{ "Sync", 0, 25, 161 },
	{ "SendMail", 1, 25, 161 },
	{ "SmartForward", 2, 25, 161 },
	{ "SmartReply", 3, 25, 161 },
	{ "GetAttachment", 4, 25, 121 },
	{ "GetHierarchy", -1, 25, 121 },
	{ "FolderSync", 9, 25, 161 },
	{ "FolderCreate", 10, 25, 161 },
	{ "FolderDelete", 11, 25, 161 },
	{ "FolderUpdate", 12, 25, 161 },
	{ "MoveItems", 13, 25, 161 },
	{ "GetItemEstimate", 14, 25, 161 },
	{ "MeetingResponse", 15, 25, 161 },
	{ "Search", 16, 25, 161 },
	{ "Settings", 17, 120, 161 },
	{ "Ping", 18, 25, 161 },
	{ "ItemOperations", 19, 120, 161 },
	{ "Provision", 20, 25, 161 },
	{ "ResolveRecipients", 21, 25, 161 },
	{ "ValidateCert", 22, 25, 161 },
	{ "Find", 23, 161, 161 },
};

static void test_eas_commands_table(void)
{
	const struct eas_command *cmd;
	unsigned int i, j;

	test_begin("eas commands: the table is as published");
	test_assert(eas_commands_count > 0);
	for (i = 0; i < eas_commands_count; i++) {
		cmd = &eas_commands[i];
		for (j = 0; j < N_ELEMENTS(published); j++) {
			if (strcmp(published[j].name, cmd->name) == 0)
				break;
		}
		test_assert_idx(j < N_ELEMENTS(published), i);
		if (j == N_ELEMENTS(published))
			continue;
		test_assert_idx(cmd->code == published[j].code, i);
		test_assert_idx(cmd->min_version == published[j].min_version,
				i);
		test_assert_idx(cmd->max_version == published[j].max_version,
				i);
		test_assert_idx(cmd->func != NULL, i);
		/* a Status needs its place; the root is the command's name */
		test_assert_idx((cmd->root_tag == 0) == (cmd->status_tag == 0),
				i);
		if (cmd->root_tag != 0) {
			test_assert_strcmp_idx(cmd->name, wbxml_tag_name(
				&eas_code_space, cmd->root_tag), i);
			test_assert_strcmp_idx("Status", wbxml_tag_name(
				&eas_code_space, cmd->status_tag), i);
			test_assert_idx(WBXML_TAG_PAGE(cmd->root_tag) ==
					WBXML_TAG_PAGE(cmd->status_tag), i);
		} else {
			/* its body is not read, so it cannot be wrong */
			test_assert_idx((cmd->flags &
					 EAS_COMMAND_RAW_BODY) != 0, i);
		}
	}
	test_end();
}

static void test_eas_commands_find(void)
{
	unsigned int i;

	test_begin("eas commands: found by name and code");
	for (i = 0; i < eas_commands_count; i++) {
		const struct eas_command *cmd = &eas_commands[i];

		/* the first of its name is it: so it is there once */
		test_assert_idx(eas_command_find(cmd->name) == cmd, i);
		test_assert_idx(eas_command_find(t_str_lcase(cmd->name)) == cmd,
				i);
		test_assert_idx(eas_command_find_code(cmd->code) ==
				(cmd->code < 0 ? NULL : cmd), i);
	}
	test_assert(eas_command_find("") == NULL);
	test_assert(eas_command_find("Syn") == NULL);
	test_assert(eas_command_find("Syncs") == NULL);
	test_assert(eas_command_find_code(-1) == NULL);
	test_assert(eas_command_find_code(255) == NULL);
	test_end();
}

static void test_eas_commands_list(void)
{
	const char *const *names;
	const struct eas_command *cmd;
	const char *list;
	unsigned int i;

	test_begin("eas commands: list");
	list = eas_commands_list(EAS_VERSION_16_1);
	test_assert(strchr(list, ' ') == NULL);
	names = t_strsplit(list, ",");
	test_assert(str_array_length(names) == eas_commands_count);
	names = t_strsplit(eas_commands_list(EAS_VERSION_2_5), ",");
	for (i = 0; names[i] != NULL; i++) {
		cmd = eas_command_find(names[i]);
		test_assert_idx(cmd != NULL &&
				cmd->min_version == EAS_VERSION_2_5, i);
	}
	test_assert(!str_array_find(names, "ItemOperations"));
	test_end();
}

static void test_eas_version(void)
{
	static const struct {
		const char *text;
		int ret;
		unsigned int version;
	} tests[] = {
		{ "2.5", 1, 25 }, { "12.0", 1, 120 }, { "12.1", 1, 121 },
		{ "14.0", 1, 140 }, { "14.1", 1, 141 }, { "16.0", 1, 160 },
		{ "16.1", 1, 161 },
		{ "1.0", 0, 0 }, { "2.1", 0, 0 }, { "14.10", 0, 0 },
		{ "99999999999999999999.0", 0, 0 }, { "014.1", 0, 0 },
		{ "", -1, 0 }, { ".", -1, 0 }, { "14", -1, 0 },
		{ "14.", -1, 0 }, { ".1", -1, 0 }, { "14.1 ", -1, 0 },
		{ " 14.1", -1, 0 }, { "14.1.1", -1, 0 }, { "14,1", -1, 0 },
		{ "-1.0", -1, 0 }, { "x", -1, 0 },
	};
	unsigned int i, version;

	test_begin("eas version");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(eas_version_parse(tests[i].text, &version) ==
				tests[i].ret, i);
		test_assert_idx(version == tests[i].version, i);
		if (tests[i].ret > 0) {
			test_assert_strcmp_idx(eas_version_to_string(version),
					       tests[i].text, i);
		}
	}
	test_assert(eas_version_to_string(0) == NULL);
	test_assert(eas_version_to_string(142) == NULL);
	test_assert_strcmp(eas_versions_list(EAS_VERSION_16_1),
			   "2.5,12.0,12.1,14.0,14.1,16.0,16.1");
	test_assert_strcmp(eas_versions_list(EAS_VERSION_12_0), "2.5,12.0");
	test_assert_strcmp(eas_versions_list(0), "");
	test_end();
}

static void test_eas_quirks(void)
{
	static const struct {
		const char *device_type, *user_agent;
		bool no_opaque;
	} tests[] = {
		/* EAS-4-TbSync */
		{ "TbSync", "Thunderbird ActiveSync", TRUE },
		{ "TbSync", NULL, TRUE },
		{ "tbsync2", "x", TRUE },
		{ "TbSyn", "TbSync", FALSE },
		/* the others have none */
		{ "iPhone", "Apple-iPhone14C2/2005.70", FALSE },
		{ "Android", "Android-Mail/2025.11", FALSE },
		{ "WindowsOutlook15", "Outlook/16.0", FALSE },
		{ NULL, NULL, FALSE },
		{ "", "", FALSE },
	};
	const struct eas_quirks *quirks;
	unsigned int i;

	test_begin("eas quirks");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		quirks = eas_quirks_find(tests[i].device_type,
					 tests[i].user_agent);
		test_assert_idx(quirks->no_opaque == tests[i].no_opaque, i);
		test_assert_idx(quirks->comment != NULL, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_commands_table,
		test_eas_commands_find,
		test_eas_commands_list,
		test_eas_version,
		test_eas_quirks,
		NULL
	};
	return test_run(test_functions);
}
