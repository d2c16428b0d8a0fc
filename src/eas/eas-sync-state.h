#ifndef EAS_SYNC_STATE_H
#define EAS_SYNC_STATE_H

#include "eas-collection.h"
#include "eas-options.h"
#include "store-state.h"
#include "sync.h"

/* The state of one collection of one device as Sync keeps it in the store: the engine's state,
   and what the device said of the collection and need not say again. */

/* What the device calls an item whose UID is another one now (an edited draft). */
struct eas_sync_alias {
	uint32_t uid;
	/* the UID in the device's ServerId */
	uint32_t id;
};

struct eas_sync_state {
	/* which SyncKey it belongs to */
	uint32_t counter;
	struct eas_item_options options;
	bool conversation_mode;
	/* Supported ([MS-ASCMD] 2.2.3.178): sent with key 0 only. Classes that have
	   ghosted properties read the tags. */
	bool has_supported;
	ARRAY(uint16_t) supported;
	/* for few items: looked through */
	ARRAY(struct eas_sync_alias) aliases;
	struct sync_state sync;
};

/* The stored row of a collection and which of its two states a SyncKey names. */
struct eas_sync_row {
	const char *name;		/* in the store */
	bool exists;
	struct store_state stored;
	/* the key was the confirmed one: the answer to it was lost */
	bool repeated;
	/* the state's bytes, in stored */
	const void *base;
	size_t base_size;
};

void eas_sync_state_init(struct eas_sync_state *state, pool_t pool,
			 unsigned int version);
void eas_sync_state_copy(struct eas_sync_state *dest, pool_t pool,
			 const struct eas_sync_state *src);
void eas_sync_state_encode(const struct eas_sync_state *state, buffer_t *dest);
/* Returns 0, or -1 if these bytes are no state of ours. */
int eas_sync_state_decode(struct eas_sync_state *state_r, pool_t pool,
			  unsigned int version, const void *data, size_t size);

/* The UID in the item's ServerId, and back. */
uint32_t eas_sync_uid_to_id(const struct eas_sync_state *state, uint32_t uid);
uint32_t eas_sync_id_to_uid(const struct eas_sync_state *state, uint32_t id);
/* From now on the item of old_uid is the one of new_uid, under its old name. */
void eas_sync_alias(struct eas_sync_state *state, uint32_t old_uid,
		    uint32_t new_uid);

/* Reads the row of the folder. Returns 0, or -1 (logged). */
int eas_sync_row_get(struct eas_request *req, const char *folder_id,
		     struct eas_sync_row *row_r);
/* Finds the state that key names. Returns 1, 0 if the key names none (it is
   the initial key, or an unknown one). */
int eas_sync_row_find(struct eas_sync_row *row, const char *key);

/* Days since the epoch (UTC). */
uint32_t eas_sync_today(void);
/* What the options mean today for the folder, and for its collection (NULL: there is
   none), which is told as well. */
void eas_sync_filter(const struct eas_folder *folder,
		     struct sync_collection *coll,
		     const struct eas_item_options *options,
		     bool conversation_mode, struct sync_filter *filter_r);
/* Makes the mailbox of a folder that has none yet and opens it as
   eas_sync_open_folder() does. Returns 1, 0 if it can't have any, -1 (logged). */
int eas_sync_create_folder(struct eas_request *req, struct eas_folder *folder,
			   struct mailbox **box_r,
			   struct sync_collection **coll_r);
/* The folder as a collection: coll_r is NULL if nothing is in it (Outbox; a folder
   that is not made yet). box_r is its mailbox (has to stay where it is; given back
   by roost_user_keep_mailbox()), NULL if it has none.
   Returns 0, or -1 (logged). */
int eas_sync_open_folder(struct eas_request *req, struct eas_folder *folder,
			 struct mailbox **box_r,
			 struct sync_collection **coll_r);

#endif
