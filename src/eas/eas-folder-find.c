/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "strnum.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "mailbox-list-iter.h"
#include "store.h"
#include "eas-folders-private.h"
#include "eas-special.h"

/* One look-up costs a look at the store and at the list index; beyond a few the
   whole hierarchy is cheaper. */
#define EAS_FOLDERS_MAX_FINDS 16

/* One mailbox by name, as LIST shows it (so that ACLs count). Returns 1, 0 if
   there is no such mailbox that can be opened, -1. */
static int eas_folder_lookup(struct eas_request *req,
			     struct mail_namespace *ns, const char *vname)
{
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	int ret = 0;

	if ((ns->type & eas_folders_namespaces(req)) == 0)
		return 0;
	iter = mailbox_list_iter_init(ns->list, vname, 0);
	/* the name may contain wildcards */
	while ((info = mailbox_list_iter_next(iter)) != NULL) {
		if (strcmp(info->vname, vname) == 0) {
			if ((info->flags & (MAILBOX_NOSELECT |
					    MAILBOX_NONEXISTENT)) == 0)
				ret = 1;
			break;
		}
	}
	if (mailbox_list_iter_deinit(&iter) < 0) {
		e_error(req->event, "Looking up mailbox %s failed: %s", vname,
			mailbox_list_get_last_internal_error(ns->list, NULL));
		return -1;
	}
	return ret;
}

/* The first existing mailbox of those that may be the default folder. Returns
   1, 0, -1; vname_r is on the data stack. */
static int
eas_folder_find_special(struct eas_request *req, enum eas_folder_type type,
			const char **vname_r)
{
	struct mail_user *user = req->req->user->mail_user;
	ARRAY_TYPE(const_string) vnames;
	const char *vname;
	int ret;

	t_array_init(&vnames, 8);
	eas_special_candidates(user, type, &vnames);
	array_foreach_elem(&vnames, vname) {
		struct mail_namespace *ns =
			mail_namespace_find(user->namespaces, vname);

		ret = eas_folder_lookup(req, ns, vname);
		if (ret != 0) {
			*vname_r = vname;
			return ret;
		}
	}
	return 0;
}

static int eas_folder_get_type(struct eas_request *req,
			       struct mail_namespace *ns, const char *vname,
			       enum eas_folder_type *type_r)
{
	struct mail_user *user = req->req->user->mail_user;
	ARRAY_TYPE(const_string) vnames;
	const char *best;
	unsigned int i;
	int ret;

	*type_r = EAS_FOLDER_USER_MAIL;
	if (eas_folder_is_inbox(ns, vname)) {
		*type_r = EAS_FOLDER_INBOX;
		return 0;
	}
	if (ns->type != MAIL_NAMESPACE_TYPE_PRIVATE)
		return 0;
	for (i = 0; eas_special_types[i] != 0; i++) {
		t_array_init(&vnames, 8);
		eas_special_candidates(user, eas_special_types[i], &vnames);
		array_push_back(&vnames, &(const char *) { NULL });
		if (!str_array_find(array_front(&vnames), vname))
			continue;
		ret = eas_folder_find_special(req, eas_special_types[i],
					      &best);
		if (ret < 0)
			return -1;
		if (ret > 0 && strcmp(best, vname) == 0) {
			*type_r = eas_special_types[i];
			return 0;
		}
	}
	return 0;
}

/* A mailbox that exists. */
static int
eas_folder_make(struct eas_request *req, struct mail_namespace *ns,
		const char *vname, const guid_128_t guid, uint32_t num,
		struct eas_folder **folder_r)
{
	struct eas_folder *folder = p_new(req->pool, struct eas_folder, 1);

	if (eas_folder_get_type(req, ns, vname, &folder->type) < 0)
		return -1;
	folder->id = p_strdup_printf(req->pool, "%u", num);
	folder->ns = ns;
	folder->vname = p_strdup(req->pool, vname);
	guid_128_copy(folder->guid, guid);
	folder->special = folder->type != EAS_FOLDER_USER_MAIL;
	folder->name = eas_special_name(folder->type);
	if (folder->name == NULL)
		folder->name = eas_folder_own_name(req->pool, ns, vname);
	*folder_r = folder;
	return 1;
}

/* Returns 1, 0 if the hint leads to no mailbox or to another one, -1. */
static int
eas_folder_find_hint(struct eas_request *req, const struct store_folder *known,
		     struct eas_folder **folder_r)
{
	struct mail_user *user = req->req->user->mail_user;
	const char *vname = known->vname_hint;
	struct mail_namespace *ns;
	guid_128_t guid;
	int ret;

	/* a reserved number has no mailbox yet */
	if (vname == NULL || *vname == '\n')
		return 0;
	ns = mail_namespace_find(user->namespaces, vname);
	ret = eas_folder_lookup(req, ns, vname);
	if (ret <= 0)
		return ret;
	ret = eas_folder_get_guid(req, ns, vname, guid);
	if (ret <= 0)
		return ret;
	if (!guid_128_equals(guid, known->guid))
		return 0;
	return eas_folder_make(req, ns, vname, guid, known->id, folder_r);
}

/* In the whole hierarchy. */
static int eas_folder_find_listed(struct eas_request *req, const char *id,
				  struct eas_folder **folder_r)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;

	if (eas_folders_get(req, &folders) < 0)
		return -1;
	array_foreach_elem(folders, folder) {
		if (strcmp(folder->id, id) == 0) {
			*folder_r = folder;
			return 1;
		}
	}
	return 0;
}

static int eas_folder_find_unlisted(struct eas_request *req, const char *id,
				    struct eas_folder **folder_r)
{
	struct store_folder known;
	uint32_t num;
	int ret;

	/* only the text that we write */
	if (str_to_uint32(id, &num) < 0 || strcmp(dec2str(num), id) != 0)
		return 0;
	ret = store_folder_get(req->store, req->pool, num, &known);
	if (ret <= 0)
		return ret;
	if (known.vname_hint == NULL) {
		/* a mailbox has one */
		ret = eas_folder_find_pim(req, num, folder_r);
		if (ret != 0)
			return ret;
	}
	ret = eas_folder_find_hint(req, &known, folder_r);
	if (ret != 0)
		return ret;
	/* renamed, virtual or gone */
	return eas_folder_find_listed(req, id, folder_r);
}

int eas_folder_find(struct eas_request *req, const char *id,
		    struct eas_folder **folder_r)
{
	struct eas_folders *folders = eas_folders_cache(req);
	int ret;

	*folder_r = NULL;
	if (strcmp(id, EAS_FOLDER_ID_RECIPIENTS) == 0) {
		*folder_r = eas_folder_new_recipients(req);
		return *folder_r == NULL ? 0 : 1;
	}
	if (folders->loaded || folders->finds++ >= EAS_FOLDERS_MAX_FINDS)
		return eas_folder_find_listed(req, id, folder_r);
	T_BEGIN {
		ret = eas_folder_find_unlisted(req, id, folder_r);
	} T_END;
	return ret;
}

static int
eas_folder_find_type_listed(struct eas_request *req, enum eas_folder_type type,
			    struct eas_folder **folder_r)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;

	if (eas_folders_get(req, &folders) < 0)
		return -1;
	array_foreach_elem(folders, folder) {
		if (folder->type == type && folder->special) {
			*folder_r = folder;
			return 1;
		}
	}
	return 0;
}

static int
eas_folder_find_type_unlisted(struct eas_request *req,
			      enum eas_folder_type type,
			      struct eas_folder **folder_r)
{
	struct mail_user *user = req->req->user->mail_user;
	struct mail_namespace *ns;
	const char *vname;
	guid_128_t guid;
	uint32_t num;
	int ret;

	if (type == EAS_FOLDER_INBOX)
		vname = "INBOX";
	else {
		ret = eas_folder_find_special(req, type, &vname);
		if (ret <= 0)
			return ret;
	}
	ns = mail_namespace_find(user->namespaces, vname);
	ret = eas_folder_get_guid(req, ns, vname, guid);
	if (ret <= 0)
		return ret;
	if (store_folder_get_id(req->store, guid, vname, &num) < 0)
		return -1;
	if (eas_folder_make(req, ns, vname, guid, num, folder_r) < 0)
		return -1;
	/* a mailbox that is configured for two uses has the first */
	return (*folder_r)->type == type ? 1 : 0;
}

int eas_folder_find_type(struct eas_request *req, enum eas_folder_type type,
			 struct eas_folder **folder_r)
{
	int ret = 0;

	*folder_r = NULL;
	if (!eas_folders_cache(req)->loaded && type != EAS_FOLDER_OUTBOX) {
		T_BEGIN {
			ret = eas_folder_find_type_unlisted(req, type,
							    folder_r);
		} T_END;
	}
	return ret != 0 ? ret :
		eas_folder_find_type_listed(req, type, folder_r);
}

/* Makes a default folder under the guid that its number is reserved for. */
static int eas_folder_create_missing(struct eas_request *req,
				     struct eas_folder *folder,
				     struct mailbox *box)
{
	struct mailbox_update update;
	enum mail_error error;
	uint32_t num;
	int ret;

	i_zero(&update);
	guid_128_copy(update.mailbox_guid, folder->guid);
	if (mailbox_create(box, &update, FALSE) < 0) {
		const char *errstr =
			mailbox_get_last_internal_error(box, &error);

		if (error != MAIL_ERROR_EXISTS) {
			e_error(req->event, "Cannot create mailbox %s: %s",
				folder->vname, errstr);
			return -1;
		}
	}
	if (mailbox_set_subscribed(box, TRUE) < 0) {
		e_error(req->event, "Cannot subscribe to mailbox %s: %s",
			folder->vname,
			mailbox_get_last_internal_error(box, NULL));
	}
	/* somebody else may have been faster, with another guid */
	ret = eas_folder_get_guid(req, folder->ns, folder->vname,
				  folder->guid);
	if (ret <= 0)
		return -1;
	if (store_folder_get_id(req->store, folder->guid, folder->vname,
				&num) < 0)
		return -1;
	folder->missing = FALSE;
	return 0;
}

int eas_folder_mailbox_alloc(struct eas_request *req, struct eas_folder *folder,
			     bool create, struct mailbox **box_r)
{
	struct mailbox *box;

	*box_r = NULL;
	if (folder->ns == NULL || folder->noselect ||
	    (folder->missing && !create))
		return 0;
	box = mailbox_alloc(folder->ns->list, folder->vname, 0);
	if (folder->missing &&
	    eas_folder_create_missing(req, folder, box) < 0) {
		mailbox_free(&box);
		return -1;
	}
	*box_r = box;
	return 1;
}

const char *eas_item_id(const char *folder_id, uint32_t uid)
{
	return t_strdup_printf("%s:%u", folder_id, uid);
}

int eas_item_id_parse(const char *id, const char **folder_id_r,
		      uint32_t *uid_r)
{
	const char *p = strchr(id, ':');

	if (p == NULL || p == id || str_to_uint32(p + 1, uid_r) < 0 ||
	    *uid_r == 0 || strcmp(dec2str(*uid_r), p + 1) != 0)
		return -1;
	*folder_id_r = t_strdup_until(id, p);
	return 0;
}
