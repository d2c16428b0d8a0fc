#ifndef EAS_HIERARCHY_H
#define EAS_HIERARCHY_H

#include "store-state.h"
#include "eas-folders.h"

/* The folder hierarchy as a device knows it: state "h" of the store, in the two
   steps that store-state.h describes, and the SyncKeys of FolderSync,
   FolderCreate, FolderUpdate and FolderDelete. */

/* [MS-ASCMD] 2.2.3.177.3 to 2.2.3.177.6 */
enum eas_hierarchy_status {
	EAS_HIERARCHY_SUCCESS = 1,
	EAS_HIERARCHY_EXISTS = 2,
	/* of FolderUpdate as well: Status 2 says both */
	EAS_HIERARCHY_UPDATE_SPECIAL = 2,
	EAS_HIERARCHY_SPECIAL = 3,
	EAS_HIERARCHY_NOT_FOUND = 4,
	EAS_HIERARCHY_PARENT_NOT_FOUND = 5,
	EAS_HIERARCHY_SERVER_ERROR = 6,
	EAS_HIERARCHY_INVALID_KEY = 9,
	EAS_HIERARCHY_MALFORMED = 10,
};

struct eas_hierarchy_folder {
	const char *id, *parent_id, *name;
	unsigned int type;
};
ARRAY_DEFINE_TYPE(eas_hierarchy, struct eas_hierarchy_folder);

struct eas_hierarchy {
	struct eas_request *req;
	/* what the device has, by its key; empty for the key 0 */
	ARRAY_TYPE(eas_hierarchy) base;

	/* the device's key; epoch 0 = the key 0 */
	uint32_t epoch, counter;
	struct store_state stored;
	/* the device came with the confirmed key again */
	bool repeated:1;
};

/* Finds what the device with this SyncKey has. Returns 1, 0 = the key is not
   valid (any more), -1 = failed (logged). */
int eas_hierarchy_open(struct eas_request *req, const char *sync_key,
		       struct eas_hierarchy *hierarchy_r);
/* Makes folders what the device will have, and gives the SyncKey of that.
   Nothing is written, and the key stays, if the device has them already. May be
   called in an open transaction of the store. Returns 1, 0 = another request of
   the device was faster: open anew, -1 = failed (logged). */
int eas_hierarchy_issue(struct eas_hierarchy *hierarchy,
			const ARRAY_TYPE(eas_hierarchy) *folders,
			const char **sync_key_r);

/* Has the device the hierarchy as it is now (or never asked for one)? Walks the mailbox list.
   Returns 1, 0, -1 (logged). */
int eas_hierarchy_is_current(struct eas_request *req);

/* Appends the hierarchy as the server has it. Returns 0, or -1 (logged). */
int eas_hierarchy_get_current(struct eas_request *req,
			      ARRAY_TYPE(eas_hierarchy) *folders);
void eas_hierarchy_set(struct eas_hierarchy_folder *dest,
		       const struct eas_folder *folder);
/* NULL if there is none. */
const struct eas_hierarchy_folder *
eas_hierarchy_find(const ARRAY_TYPE(eas_hierarchy) *folders, const char *id);
bool eas_hierarchy_folder_equals(const struct eas_hierarchy_folder *f1,
				 const struct eas_hierarchy_folder *f2);

/* The stored form, and back (-1: not ours; strings are allocated from pool). */
void eas_hierarchy_encode(const ARRAY_TYPE(eas_hierarchy) *folders,
			  buffer_t *dest);
int eas_hierarchy_decode(pool_t pool, const void *data, size_t size,
			 ARRAY_TYPE(eas_hierarchy) *folders);

#endif
