#ifndef CMD_SYNC_DRAFTS_H
#define CMD_SYNC_DRAFTS_H

#include "eas-draft.h"
#include "cmd-sync.h"

/* What the parts of cmd-sync-drafts.c share:

   cmd-sync-draft-state.c  which UIDs a device's name of a draft stood for
   cmd-sync-draft-save.c   making the mail, saving it, the response
   cmd-sync-draft-send.c   Send
   cmd-sync-draft-change.c Change
   cmd-sync-draft-add.c    Add */

struct istream;
struct store_draft;

struct eas_sync_draft_flags {
	uint32_t uid;
	const struct wbxml_node *data;
};

struct eas_sync_drafts {
	struct eas_sync *sync;
	struct eas_request *req;
	struct eas_sync_collection *coll;
	uint32_t uidvalidity;
	const char *author;
	/* Read, Flag and Categories to be set on what was saved */
	ARRAY(struct eas_sync_draft_flags) flags;
	bool modified;
	/* The request has to come again as it is. */
	bool retry;
};

/* One Add or Change. */
struct eas_sync_draft {
	struct eas_sync_drafts *ctx;
	const struct wbxml_node *node, *data_node;
	struct eas_draft_data data;
	const char *client_id, *digest;
	bool send;
	/* of a Change: the UID in its ServerId, and the mail's now */
	uint32_t id, uid;
	bool exists;
	/* who made the mail of what the device knows; NULL = it is that */
	const char *author, *parts;
};

/* -- the state -- */

/* The last step of the way from one UID to another. Returns 1, 0 if there is
   none, -1. */
int eas_sync_draft_last_step(struct eas_request *req, const char *folder,
			     uint32_t from_uid, uint32_t to_uid,
			     struct store_draft *draft_r);
/* The new mail's attachments that the device has added: it gets their FileReferences with
   their ClientIds. Returns whether there are any. */
bool eas_sync_draft_note_attachments(struct eas_request *req, uint32_t uid,
				     const char *parts);

/* -- making and saving -- */

bool eas_sync_draft_exists(struct eas_sync_drafts *ctx, uint32_t uid);
/* Composes on top of the mail with this UID, 0 = of nothing. */
enum eas_draft_error
eas_sync_draft_compose(struct eas_sync_draft *draft, uint32_t base_uid,
		       const char *marker, const char *message_id,
		       struct istream **mail_r, const char **parts_r);
/* What is found or saved under the key. */
void eas_sync_draft_save_init(struct eas_sync_draft *draft, const char *key,
			      uint32_t replaces,
			      struct eas_draft_save *save_r);
enum eas_draft_error
eas_sync_draft_save(struct eas_sync_draft *draft, const char *key,
		    uint32_t base_uid, uint32_t replaces,
		    struct eas_draft_saved *saved_r);
/* Read, Flag and Categories of the request are for the mail with this UID. */
void eas_sync_draft_note_flags(struct eas_sync_draft *draft, uint32_t uid);

/* Adds a response for the command. */
struct eas_sync_response *
eas_sync_draft_respond(struct eas_sync_draft *draft, unsigned int status);
/* A saved Add: held from the next look on. */
void eas_sync_draft_respond_added(struct eas_sync_draft *draft,
				  const struct eas_draft_saved *saved);
enum eas_sync_status eas_sync_draft_status(enum eas_draft_error error);

/* -- the commands -- */

/* Returns 1, 0, -1. *same_r: and the request says what it said then. */
int eas_sync_draft_was_sent(struct eas_sync_draft *draft, bool *same_r);
/* Returns 0 if it was sent, now or before, or the Status. */
unsigned int
eas_sync_draft_send(struct eas_sync_draft *draft, uint32_t base_uid);
void eas_sync_draft_change(struct eas_sync_draft *draft);
void eas_sync_draft_add(struct eas_sync_draft *draft);

#endif
