/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "hex-binary.h"
#include "sha2.h"
#include "unichar.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "store.h"
#include "eas-class.h"
#include "eas-commands.h"
#include "cmd-folder-change.h"

/* FolderCreate, FolderUpdate and FolderDelete ([MS-ASCMD] 2.2.2.2, 2.2.2.3,
   2.2.2.5): a change of a mailbox, and of what the device knows by exactly this
   change. What others changed meanwhile is left to the next FolderSync.

   A request may come again because its answer was lost. An operation record,
   named by the request's key and arguments, is written before the mailbox is
   touched: a mailbox that exists already (or is gone already) is then our own
   work. */

#define FOLDER_CHANGE_MAX_TRIES 3
/* in bytes; lib-storage has its own, larger limit for whole paths */
#define FOLDER_CHANGE_MAX_NAME 255

int folder_change_fail(struct folder_change *change,
		       enum eas_hierarchy_status status)
{
	return eas_request_fail(change->req, status);
}

/* What lib-storage's error is to the device. */
static int
folder_change_fail_storage(struct folder_change *change, struct mailbox *box)
{
	enum mail_error error;
	const char *errstr = mailbox_get_last_internal_error(box, &error);

	switch (error) {
	case MAIL_ERROR_EXISTS:
		return folder_change_fail(change, EAS_HIERARCHY_EXISTS);
	case MAIL_ERROR_PERM:
		return folder_change_fail(change, EAS_HIERARCHY_SPECIAL);
	case MAIL_ERROR_NOTFOUND:
		return folder_change_fail(change, EAS_HIERARCHY_NOT_FOUND);
	case MAIL_ERROR_PARAMS:
	case MAIL_ERROR_NOTPOSSIBLE:
		e_info(change->req->event, "%s of mailbox %s is refused: %s",
		       change->req->cmd->name, mailbox_get_vname(box), errstr);
		return folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
	case MAIL_ERROR_NOQUOTA:
		return eas_request_fail(change->req,
			EAS_STATUS_MAILBOX_QUOTA_EXCEEDED);
	default:
		e_error(change->req->event, "%s of mailbox %s failed: %s",
			change->req->cmd->name, mailbox_get_vname(box),
			errstr);
		return folder_change_fail(change, EAS_HIERARCHY_SERVER_ERROR);
	}
}

static int folder_change_get_folders(struct folder_change *change,
				     const ARRAY_TYPE(eas_folder) **folders_r)
{
	if (eas_folders_get(change->req, folders_r) < 0)
		return folder_change_fail(change, EAS_HIERARCHY_SERVER_ERROR);
	return 0;
}

/* In the whole hierarchy: NULL if there is none. */
int folder_change_find(struct folder_change *change, const char *id,
		       struct eas_folder **folder_r)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;

	*folder_r = NULL;
	if (folder_change_get_folders(change, &folders) < 0)
		return -1;
	array_foreach_elem(folders, folder) {
		if (strcmp(folder->id, id) == 0)
			*folder_r = folder;
	}
	return 0;
}

bool folder_change_name_is_valid(const char *name, char sep)
{
	const char *p;

	if (*name == '\0' || strlen(name) > FOLDER_CHANGE_MAX_NAME ||
	    !uni_utf8_str_is_valid(name))
		return FALSE;
	for (p = name; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f || *p == sep)
			return FALSE;
	}
	return TRUE;
}

/* Finds the parent and the new name. */
static int folder_change_find_dest(struct folder_change *change)
{
	struct mail_user *user = change->req->req->user->mail_user;
	struct eas_folder *parent;
	char sep;

	if (strcmp(change->parent_id, "0") != 0) {
		if (folder_change_find(change, change->parent_id,
				       &change->parent) < 0)
			return -1;
		if (change->parent == NULL) {
			return folder_change_fail(change,
				EAS_HIERARCHY_PARENT_NOT_FOUND);
		}
		if (change->parent->ns == NULL)
			return folder_change_fail(change,
						  EAS_HIERARCHY_SPECIAL);
	}
	parent = change->parent;
	change->dest_ns = parent != NULL ? parent->ns :
		mail_namespace_find_inbox(user->namespaces);
	sep = mail_namespace_get_sep(change->dest_ns);
	if (!folder_change_name_is_valid(change->name, sep))
		return folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
	change->dest_vname = parent == NULL ?
		p_strconcat(change->req->pool, change->dest_ns->prefix,
			    change->name, NULL) :
		p_strdup_printf(change->req->pool, "%s%c%s", parent->vname,
				sep, change->name);
	/* under a root folder of another namespace */
	change->dest_ns = mail_namespace_find(user->namespaces,
					      change->dest_vname);
	return 0;
}

/* A name that the device sees already below the same parent, if only as that of
   a default folder. */
int folder_change_check_sibling(struct folder_change *change)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;

	if (folder_change_get_folders(change, &folders) < 0)
		return -1;
	array_foreach_elem(folders, folder) {
		if ((change->folder == NULL ||
		     strcmp(folder->id, change->folder->id) != 0) &&
		    strcmp(folder->parent_id, change->parent_id) == 0 &&
		    strcasecmp(folder->name, change->name) == 0 &&
		    (folder->special ||
		     strcmp(folder->name, change->name) == 0))
			return folder_change_fail(change,
						  EAS_HIERARCHY_EXISTS);
	}
	return 0;
}

/* The hierarchy after the change: the folder with this name. */
static int folder_change_find_result(struct folder_change *change,
				     struct eas_folder **folder_r)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;

	eas_folders_reset(change->req);
	if (folder_change_get_folders(change, &folders) < 0)
		return -1;
	array_foreach_elem(folders, folder) {
		if (folder->vname != NULL && !folder->missing &&
		    strcmp(folder->vname, change->dest_vname) == 0) {
			*folder_r = folder;
			return 0;
		}
	}
	/* somebody was faster */
	return folder_change_fail(change, EAS_HIERARCHY_SERVER_ERROR);
}

static int folder_create_mailbox(struct folder_change *change)
{
	struct mailbox *box;
	enum mail_error error;
	int ret = 0;

	box = mailbox_alloc(change->dest_ns->list, change->dest_vname, 0);
	if (mailbox_create(box, NULL, FALSE) < 0) {
		(void)mailbox_get_last_error(box, &error);
		if (error != MAIL_ERROR_EXISTS || !change->op_known)
			ret = folder_change_fail_storage(change, box);
	}
	if (ret == 0 && mailbox_set_subscribed(box, TRUE) < 0) {
		e_error(change->req->event,
			"Cannot subscribe to mailbox %s: %s",
			change->dest_vname,
			mailbox_get_last_internal_error(box, NULL));
	}
	mailbox_free(&box);
	return ret;
}

static int folder_create(struct folder_change *change)
{
	struct eas_hierarchy_folder added;
	struct eas_folder *folder;

	if (folder_change_find_dest(change) < 0)
		return -1;
	if (!change->op_known && folder_change_check_sibling(change) < 0)
		return -1;
	if (folder_create_mailbox(change) < 0 ||
	    folder_change_find_result(change, &folder) < 0)
		return -1;
	change->new_id = folder->id;
	if (eas_hierarchy_find(&change->folders, folder->id) == NULL) {
		eas_hierarchy_set(&added, folder);
		array_push_back(&change->folders, &added);
	}
	return 0;
}

static void folder_update_subscriptions(struct folder_change *change,
					struct mailbox *src,
					struct mailbox *dest)
{
	if (mailbox_set_subscribed(src, FALSE) < 0 ||
	    mailbox_set_subscribed(dest, TRUE) < 0) {
		e_error(change->req->event,
			"Cannot move the subscription of mailbox %s to %s: %s",
			mailbox_get_vname(src), mailbox_get_vname(dest),
			mailbox_get_last_internal_error(dest, NULL));
	}
}

static int folder_update_mailbox(struct folder_change *change)
{
	struct mailbox *src, *dest;
	int ret = 0;

	src = mailbox_alloc(change->folder->ns->list, change->folder->vname, 0);
	dest = mailbox_alloc(change->dest_ns->list, change->dest_vname, 0);
	if (mailbox_rename(src, dest) < 0)
		ret = folder_change_fail_storage(change, src);
	else
		folder_update_subscriptions(change, src, dest);
	mailbox_free(&src);
	mailbox_free(&dest);
	return ret;
}

/* Is folder below (or the same as) ancestor_id? folders has parents first. */
bool folder_is_below(const ARRAY_TYPE(eas_folder) *folders,
		     const struct eas_folder *folder,
		     const char *ancestor_id)
{
	struct eas_folder *parent;
	const char *id = folder->id, *parent_id = folder->parent_id;
	unsigned int i = array_count(folders);

	if (strcmp(id, ancestor_id) == 0)
		return TRUE;
	/* one walk from the end to the root */
	while (i-- > 0 && strcmp(parent_id, "0") != 0) {
		parent = array_idx_elem(folders, i);
		if (strcmp(parent->id, parent_id) != 0)
			continue;
		if (strcmp(parent->id, ancestor_id) == 0)
			return TRUE;
		parent_id = parent->parent_id;
	}
	return FALSE;
}

/* A folder cannot move below itself. */
static int folder_update_check_parent(struct folder_change *change)
{
	const ARRAY_TYPE(eas_folder) *folders;

	if (change->parent == NULL)
		return 0;
	if (folder_change_get_folders(change, &folders) < 0)
		return -1;
	return !folder_is_below(folders, change->parent, change->folder->id) ?
		0 : folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
}

static int folder_update(struct folder_change *change)
{
	struct eas_hierarchy_folder *known;
	struct eas_folder *folder;

	if (folder_change_find(change, change->server_id,
			       &change->folder) < 0)
		return -1;
	if (change->folder == NULL)
		return folder_change_fail(change, EAS_HIERARCHY_NOT_FOUND);
	if (change->folder->special) {
		return folder_change_fail(change,
			eas_folder_is_recipients(change->folder) ?
				EAS_HIERARCHY_SPECIAL :
				EAS_HIERARCHY_UPDATE_SPECIAL);
	}
	if (change->folder->kind != STORE_KIND_NONE)
		return folder_update_pim(change);
	if (folder_change_find_dest(change) < 0 ||
	    folder_update_check_parent(change) < 0)
		return -1;
	/* else the answer to this very request was lost, or nothing is to
	   change */
	if (strcmp(change->folder->vname, change->dest_vname) != 0) {
		if (folder_change_check_sibling(change) < 0 ||
		    folder_update_mailbox(change) < 0)
			return -1;
	}
	if (folder_change_find_result(change, &folder) < 0)
		return -1;
	array_foreach_modifiable(&change->folders, known) {
		if (strcmp(known->id, folder->id) == 0)
			eas_hierarchy_set(known, folder);
	}
	return 0;
}

static int folder_delete_mailbox(struct folder_change *change,
				 const struct eas_folder *folder)
{
	struct mailbox *box;
	enum mail_error error;
	int ret = 0;

	box = mailbox_alloc(folder->ns->list, folder->vname, 0);
	if (mailbox_delete(box) < 0) {
		(void)mailbox_get_last_error(box, &error);
		/* a level that was no mailbox goes with its last child */
		if (error != MAIL_ERROR_NOTFOUND && !folder->noselect)
			ret = folder_change_fail_storage(change, box);
	}
	if (ret == 0 && mailbox_set_subscribed(box, FALSE) < 0) {
		e_error(change->req->event,
			"Cannot unsubscribe from mailbox %s: %s",
			folder->vname,
			mailbox_get_last_internal_error(box, NULL));
	}
	mailbox_free(&box);
	return ret;
}

/* A folder goes with all that is below it, as the device shows it. */
static int folder_delete_tree(struct folder_change *change)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;
	const char *id = change->server_id;
	unsigned int i;

	if (folder_change_get_folders(change, &folders) < 0)
		return -1;
	/* children first */
	for (i = array_count(folders); i-- > 0; ) {
		folder = array_idx_elem(folders, i);
		if (folder_is_below(folders, folder, id) &&
		    folder_delete_mailbox(change, folder) < 0)
			return -1;
	}
	return 0;
}

/* What the device knows below id goes from its list. */
void folder_delete_known(struct folder_change *change, const char *id)
{
	const struct eas_hierarchy_folder *known;
	unsigned int i;

	for (i = 0; i < array_count(&change->folders); ) {
		known = array_idx(&change->folders, i);
		if (strcmp(known->id, id) == 0) {
			array_delete(&change->folders, i, 1);
		} else if (strcmp(known->parent_id, id) == 0) {
			folder_delete_known(change, known->id);
			i = 0;
		} else {
			i++;
		}
	}
}

static int folder_delete(struct folder_change *change)
{
	if (folder_change_find(change, change->server_id,
			       &change->folder) < 0)
		return -1;
	if (change->folder == NULL && !change->op_known)
		return folder_change_fail(change, EAS_HIERARCHY_NOT_FOUND);
	if (change->folder != NULL && change->folder->special)
		return folder_change_fail(change, EAS_HIERARCHY_SPECIAL);
	if (change->folder != NULL && change->folder->kind != STORE_KIND_NONE)
		return folder_delete_pim(change);
	if (change->folder != NULL && folder_delete_tree(change) < 0)
		return -1;
	folder_delete_known(change, change->server_id);
	return 0;
}

static int folder_change_begin_op(struct folder_change *change)
{
	struct eas_request *req = change->req;
	buffer_t *value;
	int ret;

	if (change->op_key == NULL)
		return 0;
	ret = store_op_get(req->store, req->pool, req->device->num,
			   req->cmd->name, change->op_key, &value);
	if (ret == 0) {
		ret = store_op_put(req->store, req->device->num,
				   req->cmd->name, change->op_key, "", 0);
	} else if (ret > 0) {
		change->op_known = TRUE;
	}
	return ret < 0 ? eas_request_fail_temp(req) : 0;
}

/* A request that was refused leaves no record: the same may be right later. */
static void folder_change_forget_op(struct folder_change *change)
{
	struct eas_request *req = change->req;

	if (change->op_key != NULL && !change->op_known) {
		(void)store_op_delete(req->store, req->device->num,
				      req->cmd->name, change->op_key);
	}
}

/* Returns 1, 0 = try again, -1 = failed. */
static int folder_change_try(struct folder_change *change)
{
	struct eas_request *req = change->req;
	int ret;

	ret = eas_hierarchy_open(req, change->sync_key, &change->hierarchy);
	if (ret < 0)
		return eas_request_fail_temp(req);
	if (ret == 0 || change->hierarchy.epoch == 0)
		return folder_change_fail(change, EAS_HIERARCHY_INVALID_KEY);
	if (folder_change_begin_op(change) < 0)
		return -1;
	array_clear(&change->folders);
	array_append_array(&change->folders, &change->hierarchy.base);
	if (change->func(change) < 0) {
		folder_change_forget_op(change);
		return -1;
	}
	ret = eas_hierarchy_issue(&change->hierarchy, &change->folders,
				  &change->new_key);
	return ret < 0 ? eas_request_fail_temp(req) : ret;
}

static void folder_change_write(struct folder_change *change)
{
	const struct eas_command *cmd = change->req->cmd;
	struct wbxml_writer *writer = eas_request_writer(change->req);

	wbxml_open(writer, cmd->root_tag);
	wbxml_uint(writer, cmd->status_tag, EAS_HIERARCHY_SUCCESS);
	wbxml_text(writer, EAS_FOLDERHIERARCHY_SYNC_KEY, change->new_key);
	wbxml_text(writer, EAS_FOLDERHIERARCHY_SERVER_ID, change->new_id);
	wbxml_close(writer);
}

static int folder_change_run(struct folder_change *change)
{
	unsigned int try;
	int ret = 0;

	roost_user_close_mailbox(change->req->req->user);
	p_array_init(&change->folders, change->req->pool, 32);
	for (try = 0; try < FOLDER_CHANGE_MAX_TRIES && ret == 0; try++)
		ret = folder_change_try(change);
	if (ret < 0)
		return -1;
	if (ret == 0)
		return eas_request_fail_temp(change->req);
	folder_change_write(change);
	return 1;
}

/* Names the request: of the arguments, whatever their size, only a hash is
   kept. */
static const char *folder_change_get_op_key(const struct folder_change *change,
					    const char *id, const char *name)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	sha256_loop(&ctx, id, strlen(id) + 1);
	sha256_loop(&ctx, name, strlen(name) + 1);
	sha256_result(&ctx, digest);
	return p_strconcat(change->req->pool, change->sync_key, " ",
			   binary_to_hex(digest, sizeof(digest)), NULL);
}

static int
folder_change_init(struct folder_change *change, struct eas_request *req)
{
	i_zero(change);
	change->req = req;
	change->sync_key =
		wbxml_child_text(req->root, EAS_FOLDERHIERARCHY_SYNC_KEY);
	change->server_id =
		wbxml_child_text(req->root, EAS_FOLDERHIERARCHY_SERVER_ID);
	change->parent_id =
		wbxml_child_text(req->root, EAS_FOLDERHIERARCHY_PARENT_ID);
	change->name =
		wbxml_child_text(req->root, EAS_FOLDERHIERARCHY_DISPLAY_NAME);
	return change->sync_key != NULL ? 0 :
		folder_change_fail(change, EAS_HIERARCHY_MALFORMED);
}

int eas_cmd_foldercreate(struct eas_request *req)
{
	struct folder_change change;
	unsigned int type;

	if (folder_change_init(&change, req) < 0)
		return -1;
	/* default folders cannot be made */
	if (change.parent_id == NULL || change.name == NULL ||
	    wbxml_child_uint(req->root, EAS_FOLDERHIERARCHY_TYPE, &type) <= 0)
		return folder_change_fail(&change, EAS_HIERARCHY_MALFORMED);
	change.kind = eas_folder_type_kind(type);
	if (change.kind != STORE_KIND_NONE ?
	    eas_class_find(change.kind, req->version) == NULL :
	    (type != EAS_FOLDER_USER_MAIL && type != EAS_FOLDER_USER_GENERIC))
		return folder_change_fail(&change, EAS_HIERARCHY_MALFORMED);
	change.op_key = folder_change_get_op_key(&change, change.parent_id,
						 change.name);
	change.func = change.kind != STORE_KIND_NONE ? folder_create_pim :
		folder_create;
	return folder_change_run(&change);
}

int eas_cmd_folderupdate(struct eas_request *req)
{
	struct folder_change change;

	if (folder_change_init(&change, req) < 0)
		return -1;
	if (change.server_id == NULL || change.parent_id == NULL ||
	    change.name == NULL)
		return folder_change_fail(&change, EAS_HIERARCHY_MALFORMED);
	change.func = folder_update;
	return folder_change_run(&change);
}

int eas_cmd_folderdelete(struct eas_request *req)
{
	struct folder_change change;

	if (folder_change_init(&change, req) < 0)
		return -1;
	if (change.server_id == NULL)
		return folder_change_fail(&change, EAS_HIERARCHY_MALFORMED);
	change.op_key = folder_change_get_op_key(&change, change.server_id,
						 "");
	change.func = folder_delete;
	return folder_change_run(&change);
}
