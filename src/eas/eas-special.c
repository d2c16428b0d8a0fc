/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-namespace.h"
#include "mail-user.h"
#include "roost-compat-namespace.h"
#include "eas-special.h"

struct eas_special {
	enum eas_folder_type type;
	const char *name;
	/* RFC 6154; NULL = never looked for */
	const char *special_use;
	/* what it is usually called; the first is made when there is none */
	const char *usual_names[4];
};

static const struct eas_special eas_specials[] = {
	{ .type = EAS_FOLDER_INBOX, .name = "Inbox" },
	{ .type = EAS_FOLDER_DRAFTS, .name = "Drafts",
	  .special_use = "\\Drafts",
	  .usual_names = { "Drafts" } },
	{ .type = EAS_FOLDER_DELETED_ITEMS, .name = "Deleted Items",
	  .special_use = "\\Trash",
	  .usual_names = { "Trash", "Deleted Items", "Deleted Messages" } },
	{ .type = EAS_FOLDER_SENT_ITEMS, .name = "Sent Items",
	  .special_use = "\\Sent",
	  .usual_names = { "Sent", "Sent Items", "Sent Messages" } },
	{ .type = EAS_FOLDER_OUTBOX, .name = "Outbox" },
};

const enum eas_folder_type eas_special_types[] = {
	EAS_FOLDER_DRAFTS, EAS_FOLDER_DELETED_ITEMS, EAS_FOLDER_SENT_ITEMS, 0
};

static const struct eas_special *eas_special_find(enum eas_folder_type type)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_specials); i++) {
		if (eas_specials[i].type == type)
			return &eas_specials[i];
	}
	return NULL;
}

const char *eas_special_name(enum eas_folder_type type)
{
	const struct eas_special *special = eas_special_find(type);

	return special == NULL ? NULL : special->name;
}

/* As the configuration has it: the INBOX' namespace first. */
static void
eas_special_configured(struct mail_user *user, const char *special_use,
		       ARRAY_TYPE(const_string) *vnames)
{
	struct mail_namespace *inbox_ns =
		mail_namespace_find_inbox(user->namespaces);
	struct mail_namespace *ns;

	roost_namespace_special_use(inbox_ns, special_use, vnames);
	for (ns = user->namespaces; ns != NULL; ns = ns->next) {
		if (ns != inbox_ns && ns->alias_for == NULL &&
		    ns->type == MAIL_NAMESPACE_TYPE_PRIVATE)
			roost_namespace_special_use(ns, special_use, vnames);
	}
}

void eas_special_candidates(struct mail_user *user, enum eas_folder_type type,
			    ARRAY_TYPE(const_string) *vnames)
{
	const struct eas_special *special = eas_special_find(type);
	struct mail_namespace *ns = mail_namespace_find_inbox(user->namespaces);
	const char *vname;
	unsigned int i;

	i_assert(special != NULL && special->special_use != NULL);
	eas_special_configured(user, special->special_use, vnames);
	for (i = 0; special->usual_names[i] != NULL; i++) {
		vname = t_strconcat(ns->prefix, special->usual_names[i], NULL);
		array_push_back(vnames, &vname);
	}
}
