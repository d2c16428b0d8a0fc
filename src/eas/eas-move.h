#ifndef EAS_MOVE_H
#define EAS_MOVE_H

#include "eas-folders.h"

/* Moves mails so that a repeat of the request, a lost answer or a kill -9 neither doubles nor
   loses one: the intent is recorded (store_op_put) with the destination's UIDNEXT before the
   copy, the new UID after it; a repeat finds the result, or the copy that was made and
   not recorded, before it copies again. Used by MoveItems, Sync's DeletesAsMoves, ItemOperations. */

enum eas_move_result {
	EAS_MOVE_OK = 0,
	EAS_MOVE_NO_SOURCE,		/* no such mail, and no earlier move of it */
	EAS_MOVE_SAME_FOLDER,
	EAS_MOVE_NO_DESTINATION,
	EAS_MOVE_DENIED,		/* ACL */
	EAS_MOVE_QUOTA,
	EAS_MOVE_FAILED,		/* temporary, logged */
};

struct eas_move {
	uint32_t uid;			/* in: in the source */
	enum eas_move_result result;	/* out */
	uint32_t dest_uid;		/* out: in the destination, 0 = unknown */
};

/* The same between two of the store's folders of one kind (eas-move-store.c). */
int eas_move_items(struct eas_request *req, struct eas_folder *src,
		   struct eas_folder *dest, struct eas_move *moves,
		   unsigned int count);
/* Moves a batch from src to dest; folders of the store included. Each element gets its own result; returns -1 only if
   nothing could be done at all (then every result is set as well). */
int eas_move_mails(struct eas_request *req, struct eas_folder *src,
		   struct eas_folder *dest, struct eas_move *moves,
		   unsigned int count);

#endif
