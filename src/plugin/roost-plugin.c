/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Tells the listener which user's mailbox changed, from every process that
   touches mail (imap, lmtp, lda, pop3, doveadm, the workers). */
#include "lib.h"
#include "module-context.h"
#include "mail-user.h"
#include "mail-namespace.h"
#include "mail-storage.h"
#include "mail-storage-hooks.h"
#include "notify-plugin.h"
#include "worker-protocol.h"
#include "roost-compat.h"
#include "roost-compat-storage.h"
#include "roost-notify.h"
#include "roost-plugin.h"

#define ROOST_USER_CONTEXT(obj) MODULE_CONTEXT(obj, roost_user_module)

struct roost_user {
	union mail_user_module_context module_ctx;
	struct roost_notify notify;
};

struct roost_transaction {
	struct mailbox *box;
	bool changed;
};

const char *roost_plugin_version = DOVECOT_ABI_VERSION;
const char *roost_plugin_dependencies[] = { "notify", NULL };

static MODULE_CONTEXT_DEFINE_INIT(roost_user_module,
				  &mail_user_module_register);
static struct notify_context *roost_notify_ctx;

static void roost_send(struct mailbox *box, const guid_128_t guid)
{
	struct mail_user *user =
		mail_storage_get_user(mailbox_get_storage(box));
	struct mail_namespace *ns = mailbox_get_namespace(box);
	struct roost_user *ruser = ROOST_USER_CONTEXT(user);

	if (ruser == NULL)
		return;
	roost_notify_send(&ruser->notify, user->event, user->username, guid);
	/* Somebody else's mailbox: the owner's devices hold it too. Who else
	   has it shared isn't known here; their devices see it at the next
	   re-check. */
	if (ns->owner != NULL &&
	    strcmp(ns->owner->username, user->username) != 0) {
		roost_notify_send(&ruser->notify, user->event,
				  ns->owner->username, guid);
	}
}

static void *
roost_mail_transaction_begin(struct mailbox_transaction_context *t)
{
	struct roost_transaction *txn = i_new(struct roost_transaction, 1);

	txn->box = mailbox_transaction_get_mailbox(t);
	return txn;
}

static void roost_mail_save(void *_txn, struct mail *mail ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;

	txn->changed = TRUE;
}

static void roost_mail_copy(void *_txn, struct mail *src ATTR_UNUSED,
			    struct mail *dst ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;

	txn->changed = TRUE;
}

static void roost_mail_expunge(void *_txn, struct mail *mail ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;

	txn->changed = TRUE;
}

static void
roost_mail_update_flags(void *_txn, struct mail *mail ATTR_UNUSED,
			enum mail_flags old_flags ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;

	txn->changed = TRUE;
}

static void
roost_mail_update_keywords(void *_txn, struct mail *mail ATTR_UNUSED,
			   const char *const *old_keywords ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;

	txn->changed = TRUE;
}

static void
roost_mail_transaction_commit(void *_txn,
	struct mail_transaction_commit_changes *changes ATTR_UNUSED)
{
	struct roost_transaction *txn = _txn;
	struct mailbox_metadata metadata;

	if (!txn->changed)
		;
	else if (mailbox_get_metadata(txn->box, MAILBOX_METADATA_GUID,
				      &metadata) == 0)
		roost_send(txn->box, metadata.guid);
	else
		roost_send(txn->box, NULL);
	i_free(txn);
}

static void roost_mail_transaction_rollback(void *_txn)
{
	struct roost_transaction *txn = _txn;

	i_free(txn);
}

/* A change of the hierarchy concerns every parked request of the user. */
static void roost_mailbox_create(struct mailbox *box)
{
	roost_send(box, NULL);
}

static void
roost_mailbox_delete_commit(void *txn ATTR_UNUSED, struct mailbox *box)
{
	roost_send(box, NULL);
}

static void roost_mailbox_rename(struct mailbox *src, struct mailbox *dest)
{
	roost_send(dest, NULL);
	if (mailbox_get_namespace(src) != mailbox_get_namespace(dest))
		roost_send(src, NULL);
}

static const struct notify_vfuncs roost_notify_vfuncs = {
	.mail_transaction_begin = roost_mail_transaction_begin,
	.mail_save = roost_mail_save,
	.mail_copy = roost_mail_copy,
	.mail_expunge = roost_mail_expunge,
	.mail_update_flags = roost_mail_update_flags,
	.mail_update_keywords = roost_mail_update_keywords,
	.mail_transaction_commit = roost_mail_transaction_commit,
	.mail_transaction_rollback = roost_mail_transaction_rollback,
	.mailbox_create = roost_mailbox_create,
	.mailbox_delete_commit = roost_mailbox_delete_commit,
	.mailbox_rename = roost_mailbox_rename,
};

static void roost_user_deinit(struct mail_user *user)
{
	struct roost_user *ruser = ROOST_USER_CONTEXT(user);

	roost_notify_deinit(&ruser->notify);
	ruser->module_ctx.super.deinit(user);
}

static void roost_mail_user_created(struct mail_user *user)
{
	struct mail_user_vfuncs *v = user->vlast;
	struct roost_user *ruser;

	/* the owners of shared namespaces, lmtp's raw user */
	if (user->autocreated)
		return;

	ruser = p_new(user->pool, struct roost_user, 1);
	ruser->module_ctx.super = *v;
	user->vlast = &ruser->module_ctx.super;
	v->deinit = roost_user_deinit;
	roost_notify_init(&ruser->notify,
			  p_strconcat(user->pool, user->set->base_dir,
				      "/"NOTIFY_SOCKET, NULL));
	MODULE_CONTEXT_SET(user, roost_user_module, ruser);
}

static struct mail_storage_hooks roost_mail_storage_hooks = {
	.mail_user_created = roost_mail_user_created,
};

void roost_plugin_init(struct module *module)
{
	roost_notify_ctx = notify_register(&roost_notify_vfuncs);
	mail_storage_hooks_add(module, &roost_mail_storage_hooks);
}

void roost_plugin_deinit(void)
{
	mail_storage_hooks_remove(&roost_mail_storage_hooks);
	roost_notify_unregister(&roost_notify_ctx);
}
