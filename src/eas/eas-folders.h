#ifndef EAS_FOLDERS_H
#define EAS_FOLDERS_H

#include "eas.h"
#include "store-pim.h"

struct mailbox;
struct mail_namespace;

/* The user's folder hierarchy as a device sees it, and the way from a
   CollectionId to a mailbox. ids are the store's numbers as decimal text,
   stable across renames; the recipient information cache is "RI". */

/* [MS-ASCMD] 2.2.3.30.6 */
#define EAS_FOLDER_ID_RECIPIENTS "RI"

/* [MS-ASCMD] 2.2.3.186.3 Type (FolderSync) */
enum eas_folder_type {
	EAS_FOLDER_USER_GENERIC = 1,
	EAS_FOLDER_INBOX = 2,
	EAS_FOLDER_DRAFTS = 3,
	EAS_FOLDER_DELETED_ITEMS = 4,
	EAS_FOLDER_SENT_ITEMS = 5,
	EAS_FOLDER_OUTBOX = 6,
	EAS_FOLDER_TASKS = 7,
	EAS_FOLDER_CALENDAR = 8,
	EAS_FOLDER_CONTACTS = 9,
	EAS_FOLDER_NOTES = 10,
	EAS_FOLDER_USER_MAIL = 12,
	EAS_FOLDER_USER_CALENDAR = 13,
	EAS_FOLDER_USER_CONTACTS = 14,
	EAS_FOLDER_USER_TASKS = 15,
	EAS_FOLDER_USER_NOTES = 17,
	EAS_FOLDER_RECIPIENTS = 19,
};

struct eas_folder {
	const char *id;			/* ServerId / CollectionId */
	/* "0" = root; NULL if the folder was found by its name alone
	   (eas_folder_find) */
	const char *parent_id;
	const char *name;		/* display name, UTF-8, never empty */
	enum eas_folder_type type;
	guid_128_t guid;
	/* one of the store's folders (store-pim.h): its number; there is no
	   mailbox then */
	enum store_kind kind;
	uint32_t pim_id;
	/* the mailbox: NULL ns = one of the store's, or a folder that exists
	   for devices only (Outbox, the recipient information cache) */
	struct mail_namespace *ns;
	const char *vname;
	/* the mailbox does not exist yet (no Trash, ...): made on first write
	   by eas_folder_mailbox_alloc(.., TRUE) */
	bool missing:1;
	/* cannot be opened: a level of the hierarchy (\Noselect), or no right
	   to read. To a device it is a folder without items. */
	bool noselect:1;
	/* special: may be neither renamed nor deleted */
	bool special:1;
};
ARRAY_DEFINE_TYPE(eas_folder, struct eas_folder *);

/* The whole hierarchy, parents before children. Cached in req. Returns 0 or -1
   (logged). */
int eas_folders_get(struct eas_request *req,
		    const ARRAY_TYPE(eas_folder) **folders_r);
/* Forgets the cache, after a change of the hierarchy. */
void eas_folders_reset(struct eas_request *req);
/* By id, without walking the whole list when the hint holds. Returns 1, 0 no
   such folder (or no right to see it), -1 temporary failure (logged). */
int eas_folder_find(struct eas_request *req, const char *id,
		    struct eas_folder **folder_r);
/* The special folder of that type. Returns 1, 0, -1 as above. */
int eas_folder_find_type(struct eas_request *req, enum eas_folder_type type,
			 struct eas_folder **folder_r);
/* Allocates the folder's mailbox (not opened); creates a missing one if create.
   The caller frees it. Returns 1, 0 if there is none (Outbox, missing,
   noselect), -1 (logged). */
int eas_folder_mailbox_alloc(struct eas_request *req, struct eas_folder *folder,
			     bool create, struct mailbox **box_r);

/* The kind of folder that a device makes with this type; STORE_KIND_NONE if
   it is no type of the store's folders. */
enum store_kind eas_folder_type_kind(unsigned int type);
/* The recipient information cache ([MS-ASCNTC] 3.1.4.4; eas-recipients.h): to all commands that
   don't ask for it, it is a folder without mailbox. */
bool eas_folder_is_recipients(const struct eas_folder *folder);
/* Of the class of its items. */
enum store_kind eas_folder_class_kind(const struct eas_folder *folder);
/* What the log calls it. */
const char *eas_folder_log_name(const struct eas_folder *folder);

/* ServerIds of mails and items: "<folder id>:<uid>". */
const char *eas_item_id(const char *folder_id, uint32_t uid);
/* Returns 0, or -1 if it has not that form. folder_id_r is on the data
   stack. */
int eas_item_id_parse(const char *id, const char **folder_id_r,
		      uint32_t *uid_r);

#endif
