#ifndef CMD_FOLDER_CHANGE_H
#define CMD_FOLDER_CHANGE_H

#include "eas-hierarchy.h"

/* What cmd-folder-change.c (the commands, and mailboxes) and cmd-folder-change-pim.c (the
   store's folders) share. */

struct folder_change {
	struct eas_request *req;
	struct eas_hierarchy hierarchy;
	/* for store_op_*(); op_key NULL = a repeat needs no record to be seen
	   as one */
	const char *op_key;
	bool op_known;

	/* the request; what the command does not have is NULL */
	const char *sync_key, *server_id, *parent_id, *name;

	/* of a folder that is made: not a mailbox, but one of the store's */
	enum store_kind kind;

	/* the folder that is changed or deleted, its new parent (NULL =
	   root) */
	struct eas_folder *folder, *parent;
	struct mail_namespace *dest_ns;
	const char *dest_vname;

	/* what the device will have */
	ARRAY_TYPE(eas_hierarchy) folders;
	const char *new_key, *new_id;

	/* Changes the mailbox and then folders. Returns 0, or -1 with the
	   Status set. */
	int (*func)(struct folder_change *change);
};

/* Sets the Status and returns -1. */
int folder_change_fail(struct folder_change *change,
		       enum eas_hierarchy_status status);
/* In the whole hierarchy: *folder_r is NULL if there is none. Returns 0, or
   -1 with the Status set. */
int folder_change_find(struct folder_change *change, const char *id,
		       struct eas_folder **folder_r);
/* Can a folder be called so? sep '\0' = the store's. */
bool folder_change_name_is_valid(const char *name, char sep);
/* Refuses a name that the device sees already below the same parent. */
int folder_change_check_sibling(struct folder_change *change);
/* Takes what is below id off the list of what the device will have. */
void folder_delete_known(struct folder_change *change, const char *id);
/* Is folder below (or the same as) ancestor_id? folders has parents first. */
bool folder_is_below(const ARRAY_TYPE(eas_folder) *folders,
		     const struct eas_folder *folder,
		     const char *ancestor_id);

/* The three commands for the store's folders; each is func of the change. */
int folder_create_pim(struct folder_change *change);
int folder_update_pim(struct folder_change *change);
int folder_delete_pim(struct folder_change *change);

#endif
