/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "bsearch-insert-pos.h"
#include "str-sanitize.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-user.h"
#include "mailbox-list-iter.h"
#include "roost-settings.h"
#include "store.h"
#include "eas-folders-private.h"
#include "eas-special.h"

/* [MS-ASCMD] 2.2.3.48: characters of a DisplayName */
#define EAS_MAX_DISPLAY_NAME 256

/* A folder while the hierarchy is made. */
struct eas_folder_node {
	struct eas_folder folder;
	struct eas_folder_node *parent;
	unsigned int depth;
	/* it is in eas_folder_build.nodes */
	bool queued:1;
};

struct eas_folder_build {
	struct eas_request *req;
	/* every mailbox that LIST knows, and the parents they need; sorted by
	   vname */
	ARRAY(struct eas_folder_node *) by_vname;
	/* what the device is to see */
	ARRAY(struct eas_folder_node *) nodes;
	/* the store's numbers, sorted by guid */
	ARRAY_TYPE(store_folder) known;
	/* a transaction of the store is open */
	bool writing:1;
};

static int eas_folder_node_cmp(struct eas_folder_node *const *n1,
			       struct eas_folder_node *const *n2)
{
	return strcmp((*n1)->folder.vname, (*n2)->folder.vname);
}

static int eas_folder_vname_cmp(const char *vname,
				struct eas_folder_node *const *node)
{
	return strcmp(vname, (*node)->folder.vname);
}

static int store_folder_guid_cmp(const struct store_folder *f1,
				 const struct store_folder *f2)
{
	return memcmp(f1->guid, f2->guid, sizeof(f1->guid));
}

static struct eas_folder_node *
eas_folder_build_find(struct eas_folder_build *build, const char *vname)
{
	struct eas_folder_node *const *nodep;

	nodep = array_bsearch(&build->by_vname, vname, eas_folder_vname_cmp);
	return nodep == NULL ? NULL : *nodep;
}

static struct eas_folder_node *
eas_folder_node_new(struct eas_folder_build *build, struct mail_namespace *ns,
		    const char *vname)
{
	struct eas_folder_node *node;

	node = p_new(build->req->pool, struct eas_folder_node, 1);
	node->folder.ns = ns;
	node->folder.vname = p_strdup(build->req->pool, vname);
	node->folder.type = EAS_FOLDER_USER_MAIL;
	return node;
}

static void eas_folder_node_queue(struct eas_folder_build *build,
				  struct eas_folder_node *node)
{
	if (node->queued)
		return;
	node->queued = TRUE;
	array_push_back(&build->nodes, &node);
}

enum mail_namespace_type eas_folders_namespaces(struct eas_request *req)
{
	return req->req->user->set->roost_shared_folders ?
		MAIL_NAMESPACE_TYPE_MASK_ALL : MAIL_NAMESPACE_TYPE_PRIVATE;
}

bool eas_folder_is_inbox(struct mail_namespace *ns, const char *vname)
{
	return (ns->flags & NAMESPACE_FLAG_INBOX_USER) != 0 &&
		strcmp(vname, "INBOX") == 0;
}

static int eas_folder_build_list(struct eas_folder_build *build)
{
	static const char *const patterns[] = { "*", NULL };
	struct mail_user *user = build->req->req->user->mail_user;
	struct mailbox_list_iterate_context *iter;
	const struct mailbox_info *info;
	struct eas_folder_node *node;

	iter = mailbox_list_iter_init_namespaces(user->namespaces, patterns,
		eas_folders_namespaces(build->req),
		MAILBOX_LIST_ITER_SKIP_ALIASES);
	while ((info = mailbox_list_iter_next(iter)) != NULL) {
		node = eas_folder_node_new(build, info->ns, info->vname);
		node->folder.noselect = (info->flags &
			(MAILBOX_NOSELECT | MAILBOX_NONEXISTENT)) != 0;
		if (eas_folder_is_inbox(info->ns, info->vname)) {
			node->folder.type = EAS_FOLDER_INBOX;
			node->folder.special = TRUE;
		}
		array_push_back(&build->by_vname, &node);
	}
	if (mailbox_list_iter_deinit(&iter) < 0) {
		e_error(build->req->event, "Listing mailboxes failed: %s",
			mailbox_list_get_last_internal_error(
				user->namespaces->list, NULL));
		return -1;
	}
	array_sort(&build->by_vname, eas_folder_node_cmp);
	return 0;
}

void eas_folder_noselect_guid(const char *vname, guid_128_t guid_r)
{
	mail_generate_guid_128_hash(
		t_strconcat("roost noselect ", vname, NULL), guid_r);
}

/* An index of the list may know a GUID of mailboxes that this user has no right to
   read: only opening one asks the ACL. One's own need not be asked. */
static int
eas_folder_get_metadata(struct mailbox *box, struct mailbox_metadata *metadata)
{
	if (mailbox_get_metadata(box, MAILBOX_METADATA_GUID, metadata) < 0)
		return -1;
	if (mailbox_get_namespace(box)->type == MAIL_NAMESPACE_TYPE_PRIVATE)
		return 0;
	return mailbox_open(box);
}

int eas_folder_get_guid(struct eas_request *req, struct mail_namespace *ns,
			const char *vname, guid_128_t guid_r)
{
	struct mailbox *box = mailbox_alloc(ns->list, vname, 0);
	struct mailbox_metadata metadata;
	const char *errstr;
	enum mail_error error;
	int ret = 1;

	if (eas_folder_get_metadata(box, &metadata) == 0) {
		guid_128_copy(guid_r, metadata.guid);
	} else {
		errstr = mailbox_get_last_internal_error(box, &error);
		if (error == MAIL_ERROR_NOTFOUND || error == MAIL_ERROR_PERM) {
			ret = 0;
		} else {
			e_error(req->event, "Cannot get GUID of %s: %s",
				vname, errstr);
			req->req->reopen_user = TRUE;
			ret = -1;
		}
	}
	mailbox_free(&box);
	return ret;
}

/* A mailbox that cannot be asked for the moment must not vanish from the device
   with all its mail: the number that it had is good enough. */
static bool
eas_folder_build_guid_by_hint(struct eas_folder_build *build,
			      struct eas_folder *folder)
{
	const struct store_folder *known;

	array_foreach(&build->known, known) {
		if (null_strcmp(known->vname_hint, folder->vname) == 0) {
			guid_128_copy(folder->guid, known->guid);
			return TRUE;
		}
	}
	return FALSE;
}

static void eas_folder_build_guids(struct eas_folder_build *build)
{
	struct eas_folder_node *node;
	struct eas_folder *folder;
	int ret;

	array_foreach_elem(&build->by_vname, node) {
		folder = &node->folder;
		if (!folder->noselect) T_BEGIN {
			ret = eas_folder_get_guid(build->req, folder->ns,
						  folder->vname, folder->guid);
			if (ret < 0 &&
			    !eas_folder_build_guid_by_hint(build, folder))
				ret = 0;
			/* what may be seen but not read is of no use to a
			   device, unless it has children */
			folder->noselect = ret == 0;
		} T_END;
		if (folder->noselect) {
			eas_folder_noselect_guid(folder->vname, folder->guid);
		} else {
			eas_folder_node_queue(build, node);
		}
	}
}

static bool eas_folder_node_can_be_special(const struct eas_folder_node *node)
{
	return !node->folder.noselect && !node->folder.special &&
		node->folder.ns->type == MAIL_NAMESPACE_TYPE_PRIVATE;
}

/* NULL if every mailbox that could be it is something else already. */
static struct eas_folder_node *
eas_folder_build_find_special(struct eas_folder_build *build,
			      enum eas_folder_type type)
{
	struct mail_user *user = build->req->req->user->mail_user;
	ARRAY_TYPE(const_string) vnames;
	struct eas_folder_node *node;
	const char *vname, *free_vname = NULL;

	t_array_init(&vnames, 8);
	eas_special_candidates(user, type, &vnames);
	array_foreach_elem(&vnames, vname) {
		node = eas_folder_build_find(build, vname);
		if (node != NULL && eas_folder_node_can_be_special(node))
			return node;
		/* one mailbox may be configured for two uses */
		if (free_vname == NULL &&
		    (node == NULL || !node->folder.special))
			free_vname = vname;
	}
	/* there is none yet */
	if (free_vname == NULL)
		return NULL;
	vname = free_vname;
	node = eas_folder_build_find(build, vname);
	if (node == NULL) {
		node = eas_folder_node_new(build,
			mail_namespace_find(user->namespaces, vname), vname);
	}
	node->folder.noselect = FALSE;
	node->folder.missing = TRUE;
	return node;
}

static void eas_folder_build_specials(struct eas_folder_build *build)
{
	struct eas_folder_node *node;
	unsigned int i;

	for (i = 0; eas_special_types[i] != 0; i++) T_BEGIN {
		node = eas_folder_build_find_special(build,
						     eas_special_types[i]);
		if (node != NULL) {
			node->folder.type = eas_special_types[i];
			node->folder.special = TRUE;
			eas_folder_node_queue(build, node);
		}
	} T_END;

	node = p_new(build->req->pool, struct eas_folder_node, 1);
	node->folder.type = EAS_FOLDER_OUTBOX;
	node->folder.special = TRUE;
	node->folder.missing = TRUE;
	eas_folder_node_queue(build, node);
}

/* The name of the parent on the data stack, NULL = the root. The prefix of the
   INBOX' namespace is no folder: "INBOX.Work" is Work. */
static const char *eas_folder_parent_vname(const struct eas_folder *folder)
{
	const char *p, *rel = folder->vname;
	char sep;

	/* default folders stand at the root, as devices expect them */
	if (folder->special)
		return NULL;
	if ((folder->ns->flags & NAMESPACE_FLAG_INBOX_USER) != 0 &&
	    strncmp(rel, folder->ns->prefix, folder->ns->prefix_len) == 0)
		rel += folder->ns->prefix_len;
	sep = mail_namespace_get_sep(folder->ns);
	p = strrchr(rel, sep);
	return p == NULL || p == rel ? NULL :
		t_strdup_until(folder->vname, p);
}

/* A level of the hierarchy that is no mailbox. */
static struct eas_folder_node *
eas_folder_build_add_noselect(struct eas_folder_build *build,
			      struct mail_namespace *ns, const char *vname)
{
	struct eas_folder_node *node = eas_folder_node_new(build, ns, vname);
	unsigned int idx;

	node->folder.noselect = TRUE;
	eas_folder_noselect_guid(vname, node->folder.guid);
	(void)array_bsearch_insert_pos(&build->by_vname, &node,
				       eas_folder_node_cmp, &idx);
	array_insert(&build->by_vname, idx, &node, 1);
	return node;
}

static void eas_folder_build_parents(struct eas_folder_build *build)
{
	struct eas_folder_node *node, *parent;
	const char *vname;
	unsigned int i;

	/* the list grows while it is walked */
	for (i = 0; i < array_count(&build->nodes); i++) T_BEGIN {
		node = array_idx_elem(&build->nodes, i);
		vname = eas_folder_parent_vname(&node->folder);
		if (vname != NULL) {
			parent = eas_folder_build_find(build, vname);
			if (parent == NULL) {
				parent = eas_folder_build_add_noselect(build,
					node->folder.ns, vname);
			}
			eas_folder_node_queue(build, parent);
			node->parent = parent;
		}
	} T_END;
}

const char *eas_folder_reserved_hint(enum eas_folder_type type)
{
	/* no mailbox can have such a name */
	return t_strdup_printf("\nmissing %u", type);
}

/* The guid that a default folder will have when it is made: a new mailbox under
   the number that devices know already. */
static void
eas_folder_build_reserve(struct eas_folder_build *build,
			 struct eas_folder *folder, const char *hint)
{
	const struct store_folder *known, *best = NULL;

	array_foreach(&build->known, known) {
		if (null_strcmp(known->vname_hint, hint) == 0 &&
		    (best == NULL || known->id < best->id))
			best = known;
	}
	if (best != NULL)
		guid_128_copy(folder->guid, best->guid);
	else
		guid_128_generate(folder->guid);
}

static int eas_folder_build_number(struct eas_folder_build *build,
				   struct eas_folder *folder)
{
	struct store *store = build->req->store;
	const struct store_folder *known;
	struct store_folder key;
	const char *hint = folder->vname;
	uint32_t id;

	if (folder->missing) {
		hint = eas_folder_reserved_hint(folder->type);
		eas_folder_build_reserve(build, folder, hint);
	}
	guid_128_copy(key.guid, folder->guid);
	known = array_bsearch(&build->known, &key, store_folder_guid_cmp);
	if (known != NULL && null_strcmp(known->vname_hint, hint) == 0) {
		id = known->id;
	} else {
		if (!build->writing) {
			if (store_begin(store) < 0)
				return -1;
			build->writing = TRUE;
		}
		if (store_folder_get_id(store, folder->guid, hint, &id) < 0)
			return -1;
	}
	folder->id = p_strdup_printf(build->req->pool, "%u", id);
	return 0;
}

static int eas_folder_build_numbers(struct eas_folder_build *build)
{
	struct eas_folder_node *node;
	int ret = 0;

	array_foreach_elem(&build->nodes, node) {
		T_BEGIN {
			ret = eas_folder_build_number(build, &node->folder);
		} T_END;
		if (ret < 0)
			break;
	}
	if (build->writing) {
		build->writing = FALSE;
		if (ret == 0)
			ret = store_commit(build->req->store);
		else
			store_rollback(build->req->store);
	}
	return ret;
}

const char *eas_folder_own_name(pool_t pool, struct mail_namespace *ns,
				const char *vname)
{
	const char *p = strrchr(vname, mail_namespace_get_sep(ns));
	const char *name = p == NULL ? vname : p + 1;

	if (*name == '\0')
		return "_";
	return p_strdup(pool, str_sanitize_utf8(name, EAS_MAX_DISPLAY_NAME));
}

static bool
eas_folder_build_root_has(struct eas_folder_build *build, const char *name)
{
	struct eas_folder_node *node;

	array_foreach_elem(&build->nodes, node) {
		if (!node->folder.special && node->parent == NULL &&
		    strcasecmp(node->folder.name, name) == 0)
			return TRUE;
	}
	return FALSE;
}

static void eas_folder_build_names(struct eas_folder_build *build)
{
	pool_t pool = build->req->pool;
	struct eas_folder_node *node, *parent;
	struct eas_folder *folder;

	array_foreach_elem(&build->nodes, node) {
		folder = &node->folder;
		folder->parent_id = node->parent == NULL ? "0" :
			node->parent->folder.id;
		for (parent = node->parent; parent != NULL;
		     parent = parent->parent)
			node->depth++;
		if (folder->vname != NULL) T_BEGIN {
			folder->name = eas_folder_own_name(pool, folder->ns,
							   folder->vname);
		} T_END;
	}
	/* Default folders have the names that scripts look for, unless that
	   makes two of one name: then the mailbox' own. */
	array_foreach_elem(&build->nodes, node) {
		const char *name = eas_special_name(node->folder.type);

		if (name != NULL && (node->folder.name == NULL ||
				     !eas_folder_build_root_has(build, name)))
			node->folder.name = name;
	}
}

static int eas_folder_order_cmp(struct eas_folder_node *const *n1,
				struct eas_folder_node *const *n2)
{
	const struct eas_folder *f1 = &(*n1)->folder, *f2 = &(*n2)->folder;

	if ((*n1)->depth != (*n2)->depth)
		return (*n1)->depth < (*n2)->depth ? -1 : 1;
	if (f1->special != f2->special)
		return f1->special ? -1 : 1;
	if (f1->special && f1->type != f2->type)
		return f1->type < f2->type ? -1 : 1;
	return strcmp(f1->vname, f2->vname);
}

static int eas_folder_id_cmp(struct eas_folder *const *f1,
			     struct eas_folder *const *f2)
{
	return strcmp((*f1)->id, (*f2)->id);
}

/* The same mailbox may be reached by two names (symlinks, shared namespaces
   that lead back to the user): the device sees the first. */
static void eas_folder_build_finish(struct eas_folder_build *build)
{
	struct eas_folders *folders = build->req->folders;
	struct eas_folder_node *node;
	struct eas_folder *folder;
	unsigned int idx;

	array_sort(&build->nodes, eas_folder_order_cmp);
	array_foreach_elem(&build->nodes, node) {
		folder = &node->folder;
		if (array_bsearch_insert_pos(&folders->by_id, &folder,
					     eas_folder_id_cmp, &idx)) {
			e_debug(build->req->event,
				"Mailbox %s is the same as %s", folder->vname,
				array_idx_elem(&folders->by_id, idx)->vname);
			continue;
		}
		array_insert(&folders->by_id, idx, &folder, 1);
		array_push_back(&folders->list, &folder);
	}
}

static int eas_folders_load(struct eas_request *req)
{
	struct eas_folder_build build;
	struct eas_folder *recipients;

	i_zero(&build);
	build.req = req;
	t_array_init(&build.by_vname, 64);
	t_array_init(&build.nodes, 64);
	t_array_init(&build.known, 64);
	if (store_folder_list(req->store, req->pool, &build.known) < 0)
		return -1;
	array_sort(&build.known, store_folder_guid_cmp);
	if (eas_folder_build_list(&build) < 0)
		return -1;
	eas_folder_build_guids(&build);
	eas_folder_build_specials(&build);
	eas_folder_build_parents(&build);
	if (eas_folder_build_numbers(&build) < 0)
		return -1;
	eas_folder_build_names(&build);
	eas_folder_build_finish(&build);
	recipients = eas_folder_new_recipients(req);
	if (recipients != NULL)
		eas_folders_add(req->folders, recipients);
	return eas_folders_add_pim(req);
}

struct eas_folders *eas_folders_cache(struct eas_request *req)
{
	if (req->folders == NULL) {
		req->folders = p_new(req->pool, struct eas_folders, 1);
		p_array_init(&req->folders->list, req->pool, 32);
		p_array_init(&req->folders->by_id, req->pool, 32);
	}
	return req->folders;
}

int eas_folders_get(struct eas_request *req,
		    const ARRAY_TYPE(eas_folder) **folders_r)
{
	struct eas_folders *folders = eas_folders_cache(req);
	int ret = 0;

	if (!folders->loaded) {
		/* data stack frame: what is returned is in the pool */
		T_BEGIN {
			ret = eas_folders_load(req);
		} T_END;
		folders->loaded = ret == 0;
	}
	*folders_r = &folders->list;
	return ret;
}

const char *eas_folder_log_name(const struct eas_folder *folder)
{
	return folder->vname != NULL ? folder->vname : folder->name;
}

void eas_folders_reset(struct eas_request *req)
{
	req->folders = NULL;
}
