/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Invitations on arrival: what comes by mail is put into the calendar, as tentative, and updates,
   cancellations and answers are applied to it.

   The worker does that when a device looks at a calendar or at INBOX, not the delivery agent: it has the store open
   and the user's rights, a delivery costs nothing more, and mails that came by other ways (IMAP APPEND, a
   migration) are seen as well. The store knows up to which UID of INBOX it was done; a look at INBOX's
   two numbers says that there is nothing new. Whoever waits for a calendar watches
   INBOX too, so an invitation wakes him.

   Each mail is one transaction of the store: the calendar, and the UID behind the mail. Whoever dies in it has
   done nothing; two requests at once have the write lock one after the other, and the second one
   finds that the UID is behind it. And what is applied twice is known the second time
   (SEQUENCE, DTSTAMP).

   Before it a smaller one says which mail is looked at, for a mail that lets whoever reads it die (or hang, until
   he is ended) must not do so forever: what several have begun in a minute or more without coming to its end
   is left out, and named in the log. Requests that run at the same time may all begin with a mail, but they don't
   take that long.

   The first time, and after a change of UIDVALIDITY, only the newest mails are looked at, and meetings that are over
   stay away. */

#include "lib.h"
#include "ioloop.h"
#include "str.h"
#include "time-util.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "store.h"
#include "store-meeting.h"
#include "sync-mail.h"
#include "eas-folders.h"
#include "eas-meeting.h"
#include "eas-sync-state.h"

#define INVITATIONS_MAILBOX "INBOX"
/* mails that are looked at the first time */
#define INVITATIONS_FIRST 300
/* what one request does: the rest is done by the next one */
#define INVITATIONS_MAX_MAILS 2000
#define INVITATIONS_MAX_MSECS 5000
/* a mail is left out when so many have begun with it in vain, since then */
#define INVITATIONS_TRIES 3
#define INVITATIONS_TRY_SECS 60

struct invitations {
	struct eas_request *req;
	struct eas_folder *folder;
	struct mailbox *box;
	/* mails below uidold are old ones: see above */
	uint32_t uidvalidity, uidold;
	bool changed;
	struct timeval started;
};

/* Is there anything that looks like a calendar? From the cache, where it is. */
static bool invitations_may_have(struct mail *mail)
{
	const char *structure;

	if (mail_get_special(mail, MAIL_FETCH_IMAP_BODYSTRUCTURE,
			     &structure) < 0)
		return FALSE;
	structure = t_str_lcase(structure);
	return strstr(structure, "\"calendar\"") != NULL ||
		strstr(structure, "\"ics\"") != NULL ||
		strstr(structure, "ms-tnef\"") != NULL;
}

/* Returns 1 if the mail is to be looked at, 0 if another request was faster, -1. */
static int
invitations_get(struct invitations *ctx, uint32_t uid,
		struct store_mail_seen *seen_r)
{
	int ret;

	ret = store_mail_seen_get(ctx->req->store, INVITATIONS_MAILBOX, seen_r);
	/* of another mailbox: who has seen that one begins again */
	return ret < 0 ? -1 : ret > 0 &&
		seen_r->uidvalidity == ctx->uidvalidity &&
		seen_r->uidnext <= uid ? 1 : 0;
}

static int
invitations_advance(struct invitations *ctx, uint32_t uid)
{
	struct store_mail_seen seen;
	int ret;

	ret = invitations_get(ctx, uid, &seen);
	if (ret <= 0)
		return ret;
	seen.uidnext = uid + 1;
	seen.trying = 0;
	seen.tries = 0;
	return store_mail_seen_put(ctx->req->store, INVITATIONS_MAILBOX,
				   &seen) < 0 ? -1 : 1;
}

/* Returns 1 if the mail may be looked at, 0 if not, -1. */
static int
invitations_try_locked(struct invitations *ctx, uint32_t uid)
{
	struct store_mail_seen seen;
	int ret;

	ret = invitations_get(ctx, uid, &seen);
	if (ret <= 0)
		return ret;
	if (seen.trying != uid) {
		seen.trying = uid;
		seen.tries = 0;
		seen.since = time(NULL);
	} else if (seen.tries >= INVITATIONS_TRIES &&
		   seen.since + INVITATIONS_TRY_SECS <= time(NULL)) {
		e_error(ctx->req->event, "Mailbox %s: UID %u: The calendar "
			"isn't applied: %u requests have begun with it and "
			"did not come to an end", ctx->folder->vname, uid,
			seen.tries);
		return invitations_advance(ctx, uid) < 0 ? -1 : 0;
	}
	seen.tries++;
	return store_mail_seen_put(ctx->req->store, INVITATIONS_MAILBOX,
				   &seen) < 0 ? -1 : 1;
}

static int invitations_try(struct invitations *ctx, uint32_t uid)
{
	struct store *store = ctx->req->store;
	int ret;

	if (store_begin(store) < 0)
		return -1;
	ret = invitations_try_locked(ctx, uid);
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store) < 0 ? -1 : ret;
}

static int
invitations_apply(struct invitations *ctx, uint32_t uid,
		  const struct eas_meeting_mail *meeting)
{
	struct store *store = ctx->req->store;
	int ret;

	if (store_begin(store) < 0)
		return -1;
	ret = invitations_advance(ctx, uid);
	if (ret > 0) {
		ret = eas_meeting_apply(ctx->req, meeting, uid < ctx->uidold ?
					EAS_MEETING_APPLY_OLD : 0);
		if (ret > 0)
			ctx->changed = TRUE;
	}
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store);
}

/* Returns 0, or -1 if it has to be tried again. */
static int invitations_mail(struct invitations *ctx, struct mail *mail)
{
	struct eas_meeting_mail meeting;
	const char *error;
	pool_t pool;
	int ret;

	if (!invitations_may_have(mail))
		return 0;
	ret = invitations_try(ctx, mail->uid);
	if (ret <= 0)
		return ret;
	pool = pool_alloconly_create("invitation", 8192);
	ret = eas_meeting_mail_read(ctx->req, pool, mail, &meeting, &error);
	if (ret < 0) {
		e_info(ctx->req->event, "Mailbox %s: UID %u: The calendar "
		       "can't be read, so it isn't applied: %s",
		       ctx->folder->vname, mail->uid, error);
		ret = 0;
	} else if (ret > 0) {
		ret = invitations_apply(ctx, mail->uid, &meeting);
	}
	pool_unref(&pool);
	return ret;
}

static bool invitations_is_time_up(const struct invitations *ctx)
{
	struct timeval now;

	i_gettimeofday(&now);
	return timeval_diff_msecs(&now, &ctx->started) > INVITATIONS_MAX_MSECS;
}

/* Returns the UID that was not looked at, 0 = all were. */
static uint32_t
invitations_walk(struct invitations *ctx, uint32_t first_seq,
		 uint32_t messages)
{
	struct mailbox_transaction_context *trans;
	uint32_t seq, next = 0;
	unsigned int count = 0;
	struct mail *mail;
	int ret = 0;

	trans = mailbox_transaction_begin(ctx->box, 0, "eas invitations");
	mail = mail_alloc(trans, MAIL_FETCH_IMAP_BODYSTRUCTURE, NULL);
	for (seq = first_seq; seq <= messages; seq++) {
		mail_set_seq(mail, seq);
		if (count++ >= INVITATIONS_MAX_MAILS ||
		    invitations_is_time_up(ctx))
			ret = -1;
		else T_BEGIN {
			ret = invitations_mail(ctx, mail);
		} T_END;
		if (ret < 0) {
			next = mail->uid;
			break;
		}
	}
	mail_free(&mail);
	/* what was found out of the mails stays in the cache */
	(void)mailbox_transaction_commit(&trans);
	return next;
}

static int
invitations_finish(struct invitations *ctx, uint32_t uidnext)
{
	struct store *store = ctx->req->store;
	int ret;

	if (store_begin(store) < 0)
		return -1;
	ret = invitations_advance(ctx, uidnext - 1);
	if (ret < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store);
}

/* The first mail that is looked at the first time. */
static uint32_t
invitations_first_uid(struct invitations *ctx, uint32_t messages)
{
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	uint32_t uid;

	if (messages <= INVITATIONS_FIRST)
		return 1;
	trans = mailbox_transaction_begin(ctx->box, 0, "eas invitations");
	mail = mail_alloc(trans, 0, NULL);
	mail_set_seq(mail, messages - INVITATIONS_FIRST + 1);
	uid = mail->uid;
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return uid;
}

/* Where to go on, or to begin if the mailbox was never looked through. */
static int
invitations_begin_locked(struct invitations *ctx,
			 const struct mailbox_status *status,
			 struct store_mail_seen *seen_r)
{
	struct store *store = ctx->req->store;
	int ret;

	ret = store_mail_seen_get(store, INVITATIONS_MAILBOX, seen_r);
	if (ret < 0 || (ret > 0 && seen_r->uidvalidity == status->uidvalidity))
		return ret;
	i_zero(seen_r);
	seen_r->uidvalidity = status->uidvalidity;
	seen_r->uidnext = invitations_first_uid(ctx, status->messages);
	seen_r->uidold = status->uidnext;
	return store_mail_seen_put(store, INVITATIONS_MAILBOX, seen_r);
}

static int
invitations_begin(struct invitations *ctx, const struct mailbox_status *status,
		  struct store_mail_seen *seen_r)
{
	struct store *store = ctx->req->store;

	if (store_begin(store) < 0)
		return -1;
	if (invitations_begin_locked(ctx, status, seen_r) < 0) {
		store_rollback(store);
		return -1;
	}
	return store_commit(store);
}

/* seen is zero if it was never looked through */
static int
invitations_look(struct invitations *ctx, struct store_mail_seen *seen)
{
	struct mailbox_status status;
	uint32_t first_seq, last_seq, next;

	if (sync_mail_open(ctx->box) < 0) {
		e_error(ctx->req->event, "Mailbox %s: %s", ctx->folder->vname,
			mailbox_get_last_internal_error(ctx->box, NULL));
		return -1;
	}
	mailbox_get_open_status(ctx->box, STATUS_UIDVALIDITY | STATUS_UIDNEXT |
				STATUS_MESSAGES, &status);
	if (seen->uidvalidity != status.uidvalidity &&
	    invitations_begin(ctx, &status, seen) < 0)
		return -1;
	ctx->uidvalidity = seen->uidvalidity;
	ctx->uidold = seen->uidold;
	mailbox_get_seq_range(ctx->box, seen->uidnext, (uint32_t)-1,
			      &first_seq, &last_seq);
	if (first_seq == 0)
		first_seq = status.messages + 1;
	i_gettimeofday(&ctx->started);
	next = invitations_walk(ctx, first_seq, status.messages);
	return invitations_finish(ctx, next != 0 ? next : status.uidnext);
}

static void invitations_run(struct invitations *ctx)
{
	struct store_mail_seen seen;
	struct mailbox_status status;
	int ret;

	i_zero(&seen);
	ret = store_mail_seen_get(ctx->req->store, INVITATIONS_MAILBOX, &seen);
	if (ret < 0)
		return;
	if (ret > 0 && mailbox_get_status(ctx->box, STATUS_UIDVALIDITY |
					  STATUS_UIDNEXT, &status) == 0 &&
	    seen.uidvalidity == status.uidvalidity &&
	    seen.uidnext >= status.uidnext)
		return;
	(void)invitations_look(ctx, &seen);
	if (ctx->changed)
		eas_meeting_notify(ctx->req);
}

/* As the caller will open it for the device: whoever looks at INBOX then has it. */
static bool invitations_open(struct invitations *ctx)
{
	struct sync_collection *coll;

	return eas_sync_open_folder(ctx->req, ctx->folder, &ctx->box,
				    &coll) == 0 && ctx->box != NULL;
}

void eas_invitations_check(struct eas_request *req,
			   const struct eas_folder *folder)
{
	struct invitations ctx = { .req = req };
	struct roost_user *user = req->req->user;

	if (req->invitations_checked ||
	    (folder->kind != STORE_KIND_CALENDAR &&
	     folder->type != EAS_FOLDER_INBOX))
		return;
	req->invitations_checked = TRUE;
	if (user->set->roost_invitations &&
	    eas_folder_find_type(req, EAS_FOLDER_INBOX, &ctx.folder) > 0 &&
	    invitations_open(&ctx)) {
		T_BEGIN {
			invitations_run(&ctx);
		} T_END;
		roost_user_keep_mailbox(user, &ctx.box);
	}
	eas_outbox_send(req);
}

bool eas_invitations_watch(struct eas_request *req, guid_128_t guid_r)
{
	struct eas_folder *folder;

	if (!req->req->user->set->roost_invitations ||
	    eas_folder_find_type(req, EAS_FOLDER_INBOX, &folder) <= 0)
		return FALSE;
	guid_128_copy(guid_r, folder->guid);
	return TRUE;
}
