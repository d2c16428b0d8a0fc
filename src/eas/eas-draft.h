#ifndef EAS_DRAFT_H
#define EAS_DRAFT_H

#include "eas-folders.h"
#include "class-email.h"

/* Drafts of versions 16.x: a device makes and edits mails in the folder Drafts.

   To IMAP a mail never changes: an edited draft is a new mail, and the old one goes. To a
   device it is one item all the time. What ties the two together is in the store
   (store-draft.h): what took the old mail's place, and what became of its parts. */

/* eas-draft-data.c: what a device says */

struct eas_draft_attachment {
	/* never NULL but content_id, content_location */
	const char *client_id, *type, *name;
	const char *content_id, *content_location;
	const struct wbxml_node *content;
	bool is_inline;
};

struct eas_draft_data {
	/* NULL = nothing said, "" = removed */
	const char *to, *cc, *bcc, *reply_to, *subject;
	int importance;			/* -1 = nothing said */
	/* 0 = nothing said */
	unsigned int body_type;
	const struct wbxml_node *body;
	ARRAY(struct eas_draft_attachment) adds;
	/* FileReferences */
	ARRAY_TYPE(const_string) deletes;
	/* there is anything of the above */
	bool has_content:1;
};

/* Returns 0, or -1 if it is malformed. Everything is in the request's pool. */
int eas_draft_data_parse(struct eas_request *req,
			 const struct wbxml_node *application_data,
			 struct eas_draft_data *data_r);
/* A number for what the element says: a repeat says the same. In the data
   stack. */
const char *eas_draft_digest(struct eas_request *req,
			     const struct wbxml_node *node);

/* eas-draft-parts.c: what became of a mail's parts, as text. Words are "2=3" (part 2
   is 3 now), "2=" (removed), "+<ClientId>=4" (added). What isn't named kept its number. */

void eas_draft_parts_add(string_t *parts, const char *old_part,
			 const char *new_part);
void eas_draft_parts_add_client(string_t *parts, const char *client_id,
				const char *new_part);
/* The part's number now, NULL if it was removed. */
const char *eas_draft_parts_map(const char *parts, const char *part);
/* The number that the attachment added with this ClientId has, NULL if there was
   none. */
const char *eas_draft_parts_client(const char *parts, const char *client_id);
/* For each that was added: ClientId and number by turns, NULL-ended. */
const char *const *eas_draft_parts_clients(const char *parts);

/* eas-draft-compose.c */

/* What the new mail is made from. */
struct eas_draft_base {
	struct istream *input;		/* NULL = nothing */
	struct message_part *parts;
	/* to recognise its FileReferences */
	const char *folder_id;
	uint32_t uidvalidity, uid;
	/* The device says again, and more, what it said before: attachments
	   with these ClientIds are there already. NULL = it doesn't. */
	const char *earlier_parts;
	/* The new Message-ID's left side, if there is none yet: a mail that
	   is sent has the same one when the request is repeated. NULL = any */
	const char *message_id;
};

enum eas_draft_error {
	EAS_DRAFT_OK = 0,
	/* what the device said is malformed */
	EAS_DRAFT_INVALID,
	/* temporary (logged) */
	EAS_DRAFT_FAILED,
	EAS_DRAFT_QUOTA,
	EAS_DRAFT_DENIED,
};

/* Makes the mail. marker is for eas_draft_save(), NULL if the mail is to be sent. Returns the
   mail, which the caller unrefs, and what became of base's parts. What the device
   can't express of base stays as it is. */
enum eas_draft_error
eas_draft_compose(struct eas_request *req, const struct eas_draft_data *data,
		  const struct eas_draft_base *base, const char *marker,
		  struct istream **mail_r, const char **parts_r);

/* eas-draft-save.c */

struct eas_draft_save {
	struct eas_request *req;
	struct eas_folder *folder;
	struct mailbox *box;
	/* names what is done: a repeat finds its result by it */
	const char *key;
	/* who does it, for store_draft.author */
	const char *author;
	/* the mail that goes, 0 = none */
	uint32_t replaces;
};

struct eas_draft_saved {
	uint32_t uid;
	/* of the request that made it; a repeat may say more by now */
	const char *digest, *parts;
};

/* Was this done before? Returns 1, 0, -1 (logged). If it replaced a mail which is there
   still, that goes. */
int eas_draft_find_saved(const struct eas_draft_save *save,
			 struct eas_draft_saved *saved_r);
/* Puts the mail into the mailbox and removes the one that it replaces. */
enum eas_draft_error
eas_draft_save(const struct eas_draft_save *save, struct istream *mail,
	       const char *digest, const char *parts,
	       struct eas_draft_saved *saved_r);
/* Removes the mail from the folder for good. */
enum eas_draft_error
eas_draft_expunge(struct eas_request *req, struct mailbox *box, uint32_t uid);
/* The value of the header that eas_draft_save() recognises its mail by. */
const char *eas_draft_marker(struct eas_request *req, const char *key);
#define EAS_DRAFT_MARKER_HEADER "X-Roost-Draft"

/* store_draft's name of the mailbox. */
const char *eas_draft_folder(const char *folder_id, uint32_t uidvalidity);
/* What is the draft now that had this UID? Sets uid, and part (may be NULL, or point to
   NULL) to what became of it. Returns 1, 0 if nothing is known of another mail, or the
   part was removed, -1. Whether the mail still exists is for the caller to see. */
int eas_draft_resolve(struct eas_request *req, const char *folder_id,
		      uint32_t uidvalidity, uint32_t *uid, const char **part);
/* The same for a folder that may be any: a UID that the mailbox hasn't is replaced, if it
   was a draft. */
int eas_draft_resolve_missing(struct eas_request *req,
			      struct eas_folder *folder, struct mailbox *box,
			      uint32_t *uid, const char **part);

/* The same for a ServerId of a device, whose UIDVALIDITY is that of its state. Returns 0,
   or -1. */
int eas_draft_resolve_device(struct eas_request *req,
			     struct eas_folder *folder, uint32_t *uid);

#endif
