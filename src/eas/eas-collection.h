#ifndef EAS_COLLECTION_H
#define EAS_COLLECTION_H

#include "eas-folders.h"

/* What commands other than Sync need to know of a device's state of a collection. */

/* The UIDVALIDITY that the item ids which this device has of the folder refer to. Returns 1, 0 if
   it has no state of the folder, -1. A command that takes an item id must refuse it (item not found)
   when the mailbox' UIDVALIDITY is another one. */
int eas_collection_uidvalidity(struct eas_request *req, const char *folder_id,
			       uint32_t *uidvalidity_r);

/* Changes of a collection as Ping and Sync's waiting see them: has the folder anything that the
   device's current state does not? Returns 1 yes, 0 no, -1 state unknown (the device has to
   synchronise first), -2 the folder is gone, -3 temporary failure. Costs one look at two
   numbers when there is nothing. */
int eas_collection_has_changes(struct eas_request *req,
			       struct eas_folder *folder);

#endif
