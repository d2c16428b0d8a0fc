#ifndef CMD_SYNC_H
#define CMD_SYNC_H

#include "eas-class.h"
#include "eas-sync-state.h"
#include "store-skip.h"

/* The Sync command ([MS-ASCMD] 2.2.1.21): cmd-sync.c has its course and its states,
   cmd-sync-request.c what was asked (also by an empty or partial request), cmd-sync-commands.c what
   the device did to mails, cmd-sync-draft*.c to drafts (cmd-sync-drafts.h), cmd-sync-store*.c to the
   store's items (cmd-sync-store.h), cmd-sync-answer.c what it is told, cmd-sync-loop.c what
   it isn't told any more. */

/* [MS-ASCMD] 2.2.3.177.17 Status (Sync) */
enum eas_sync_status {
	EAS_SYNC_STATUS_SUCCESS = 1,
	EAS_SYNC_STATUS_INVALID_KEY = 3,
	EAS_SYNC_STATUS_PROTOCOL_ERROR = 4,
	EAS_SYNC_STATUS_SERVER_ERROR = 5,
	EAS_SYNC_STATUS_INVALID_ITEM = 6,
	EAS_SYNC_STATUS_CONFLICT = 7,
	EAS_SYNC_STATUS_NOT_FOUND = 8,
	EAS_SYNC_STATUS_NO_SPACE = 9,
	EAS_SYNC_STATUS_HIERARCHY_CHANGED = 12,
	EAS_SYNC_STATUS_INCOMPLETE = 13,
	EAS_SYNC_STATUS_INVALID_INTERVAL = 14,
	EAS_SYNC_STATUS_TOO_MANY_COLLECTIONS = 15,
	EAS_SYNC_STATUS_RETRY = 16,
};

/* An element of Responses. */
struct eas_sync_response {
	/* EAS_AIRSYNC_ADD, _CHANGE, _DELETE, _FETCH */
	unsigned int tag;
	const char *class;		/* SMS, else NULL */
	const char *client_id, *server_id;
	enum eas_sync_status status;
	/* a Fetch that succeeds, a draft that was added: the mail */
	uint32_t uid;
	bool added_draft;
	/* an item of the store: uid is its, and data what the device sent */
	bool added_item;
	const struct wbxml_node *data;
	/* of an occurrence, else NULL */
	const char *instance_id;
};

/* An item that stands alone in an answer that the device asked for again. */
struct eas_sync_loop {
	uint32_t uid;			/* 0 = none: forget it */
	unsigned int rounds;
	time_t time;			/* of the last round */
	uoff_t size;			/* of the answer */
};

struct eas_sync_collection {
	/* what was asked */
	const char *id, *key;
	const char *class;		/* below 12.1 only, else NULL */
	bool get_changes, deletes_as_moves;
	unsigned int window;		/* 0 = not given */
	int conversation_mode;		/* -1 = not given */
	const char *options_class;	/* in Options, else NULL */
	const struct wbxml_node *options, *supported, *commands;

	/* the outcome; != SUCCESS: nothing else is done with it */
	enum eas_sync_status status;
	bool initial;			/* key 0 */

	struct eas_folder *folder;
	struct mailbox *box;		/* NULL: there is none */
	struct sync_collection *coll;	/* NULL: it is empty */
	struct eas_sync_row row;
	/* The state that the device confirmed, with everything that was
	   found and done since */
	struct eas_sync_state state;
	/* row.repeated: what was issued when it came with this key before */
	struct eas_sync_state *issued;
	struct sync_filter filter;
	ARRAY(struct eas_sync_response) responses;

	/* the options are others than the state's */
	bool options_changed;
	/* a look found that nothing happened */
	bool unchanged;
	/* the state differs from the stored one in numbers only */
	bool stale_numbers;

	/* the answer: a copy of state that the written items were taken off */
	bool answered;
	struct eas_sync_state next;
	bool more_available;
	uoff_t answer_size;

	/* cmd-sync-loop.c's: loop is to be stored if it counts */
	struct eas_sync_loop loop;
	bool loop_counts;
	struct store_skips skips;
	bool skips_loaded, skips_changed;
};

struct eas_sync {
	struct eas_request *req;
	ARRAY(struct eas_sync_collection *) collections;
	unsigned int window;		/* of the whole answer */
	unsigned int wait_secs;		/* 0 = answer at once */
	/* 14, 15: the value for Limit */
	unsigned int limit;
	/* every answer gets a key that was not issued before */
	bool new_keys;
	/* there may be mails in the outbox */
	bool meetings_changed;
};

/* Reads the request, or takes it from the one that is remembered. Returns 0, or -1 with a
   Status for the whole command (sync->limit may be set). */
int eas_sync_request_read(struct eas_sync *sync,
			  enum eas_sync_status *status_r);
/* Remembers the request for an empty or partial one, if it differs from what
   is remembered. Returns 0 or -1 (logged). */
int eas_sync_request_remember(struct eas_sync *sync);

/* Does what the device's Commands say. Returns 0, or -1 if the collection can't go on (its
   status is set) and the device has to repeat all of it. */
int eas_sync_commands_run(struct eas_sync *sync,
			  struct eas_sync_collection *coll);
/* The same for a folder of the store (cmd-sync-store.c). */
int eas_sync_store_commands_run(struct eas_sync *sync,
				struct eas_sync_collection *coll);
/* Number of commands below node (may be NULL). */
unsigned int eas_sync_commands_count(const struct wbxml_node *commands);

/* Is the item one that the device is not told of any more? */
bool eas_sync_is_skipped(struct eas_sync *sync,
			 struct eas_sync_collection *coll,
			 const struct sync_item *item);
/* Before the look: brings back what the operator wants to be told again. */
void eas_sync_retry_skipped(struct eas_sync *sync,
			    struct eas_sync_collection *coll);
/* After the look: does the device loop on a single item? Counts that, and decides to skip
   it. */
void eas_sync_check_loop(struct eas_sync *sync,
			 struct eas_sync_collection *coll);
/* Stores what the two have decided, in the transaction with the state. Returns 0 or -1. */
int eas_sync_store_loop(struct eas_sync *sync,
			struct eas_sync_collection *coll);
/* Are there drafts in the collection that the device may write? */
bool eas_sync_has_drafts(const struct eas_sync *sync,
			 const struct eas_sync_collection *coll);
/* Is it a command that makes, edits or sends one? eas_sync_drafts_run() does it. */
bool eas_sync_is_draft_command(const struct eas_sync *sync,
			       const struct eas_sync_collection *coll,
			       const struct wbxml_node *node);
/* Who has made an edit: this device with this SyncKey. In the data stack. */
const char *
eas_sync_draft_author(const struct eas_sync *sync,
		      const struct eas_sync_collection *coll);
/* To be called after each look: drafts that became other mails are the same items still.
   Returns 0, or -1 (logged). */
int eas_sync_drafts_rebase(struct eas_sync *sync,
			   struct eas_sync_collection *coll);
/* Does all such commands. No transactions may be open. Returns 0, or -1 (logged). */
int eas_sync_drafts_run(struct eas_sync *sync,
			struct eas_sync_collection *coll, bool *modified_r);
/* After the look that follows: the drafts that were added are the device's. */
void eas_sync_drafts_verify(struct eas_sync_collection *coll);

/* How many items the answer of the collection may have. */
unsigned int eas_sync_window(const struct eas_sync *sync,
			     const struct eas_sync_collection *coll,
			     unsigned int room);
/* Writes the whole answer. Returns 0, or -1 if it failed in the middle: a temporary failure,
   nothing of it must reach the device. */
int eas_sync_answer_write(struct eas_sync *sync);

#endif
