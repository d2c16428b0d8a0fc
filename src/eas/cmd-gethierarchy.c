/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "eas-commands.h"
#include "eas-folders.h"

/* GetHierarchy ([MS-ASCMD] 2.2.1.8): all folders at once, without a SyncKey. It has no
   Status, so it fails with an HTTP status. */
int eas_cmd_gethierarchy(struct eas_request *req)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *const *folderp;
	struct wbxml_writer *writer;

	if (eas_folders_get(req, &folders) < 0)
		return eas_request_fail_temp(req);

	writer = eas_request_writer(req);
	wbxml_open(writer, EAS_FOLDERHIERARCHY_FOLDERS);
	array_foreach(folders, folderp) {
		wbxml_open(writer, EAS_FOLDERHIERARCHY_FOLDER);
		wbxml_text(writer, EAS_FOLDERHIERARCHY_DISPLAY_NAME,
			   (*folderp)->name);
		wbxml_text(writer, EAS_FOLDERHIERARCHY_SERVER_ID,
			   (*folderp)->id);
		wbxml_uint(writer, EAS_FOLDERHIERARCHY_TYPE, (*folderp)->type);
		wbxml_text(writer, EAS_FOLDERHIERARCHY_PARENT_ID,
			   (*folderp)->parent_id);
		wbxml_close(writer);
	}
	wbxml_close(writer);
	return 1;
}
