#ifndef EAS_MOVE_PRIVATE_H
#define EAS_MOVE_PRIVATE_H

#include "eas-move.h"

/* What is remembered of a move in the store (store_op_*, kind "move"). */
enum eas_move_record_state {
	/* an attempt was begun: the copy may or may not be there */
	EAS_MOVE_RECORD_BEGUN,
	/* the copy is there, the source may still be */
	EAS_MOVE_RECORD_COPIED,
};

struct eas_move_record {
	enum eas_move_record_state state;
	/* of the destination */
	uint32_t uidvalidity;
	/* BEGUN: the destination's UIDNEXT before the first attempt: a copy has this
	   UID or a later one. COPIED: the copy's UID, 0 = unknown. */
	uint32_t uid;
	/* BEGUN: which request is at work, and the mail's GUID ("" = unknown) */
	const char *token, *guid;
};

/* The key of a move's record. UIDs mean nothing without their UIDVALIDITY. */
const char *
eas_move_record_key(pool_t pool, const char *src_id, uint32_t src_uidvalidity,
		    uint32_t uid, const char *dest_id);
/* Returns 1, 0 if there is none, -1 (logged). */
int eas_move_record_get(struct eas_request *req, pool_t pool, const char *key,
			struct eas_move_record *record_r);
int eas_move_record_put(struct eas_request *req, const char *key,
			const struct eas_move_record *record);

/* The text of a record, and back (-1 = not ours). */
const char *eas_move_record_encode(const struct eas_move_record *record);
int eas_move_record_decode(pool_t pool, const char *str,
			   struct eas_move_record *record_r);

#endif
