#ifndef EAS_DEVICE_H
#define EAS_DEVICE_H

#include "eas.h"

/* The device's partnership: its record, whether it may come in, and whether it
   has to provision first. */

/* Finds or creates the record of req->device_id and notes (once an hour) that
   it was seen. Returns 0; -1 = refused, the answer is set. */
int eas_device_open(struct eas_request *req);
/* Block, quarantine, an ordered wipe, the policy ([MS-ASPROV] 3.2.5.1): may the
   device run req->cmd now? Returns 0; -1 = no, the answer is set. */
int eas_device_check_access(struct eas_request *req);

/* A change of the record: begins a write transaction and reads req->device
   anew, so that nothing is overwritten that another process (doveadm, a second
   connection of the device) wrote meanwhile. Between the two, change
   req->device. Both return 0, or -1 (logged; nothing is open any more,
   req->device may be stale). */
int eas_device_update_begin(struct eas_request *req);
int eas_device_update_commit(struct eas_request *req);

#endif
