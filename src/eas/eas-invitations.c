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

#define INVITATIONS_MAILBOX "INBOX"
/* mails that are looked at the first time */
#define INVITATIONS_FIRST 300
/* what one request does: the rest is done by the next one */
#define INVITATIONS_MAX_MAILS 2000
#define INVITATIONS_MAX_MSECS 5000

struct invitations {
	struct eas_request *req;
	struct eas_folder *folder;
	struct mailbox *box;
	uint32_t uidvalidity;
	/* the mails are old ones: see above */
	bool old;
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
		strstr(structure, "\"ics\"") != NULL;
}

/* Returns 1 if the mail is to be applied, 0 if another request was faster, -1. */
static int
invitations_advance(struct invitations *ctx, uint32_t uid)
{
	struct store *store = ctx->req->store;
	struct store_mail_seen seen;
	int ret;

	ret = store_mail_seen_get(store, INVITATIONS_MAILBOX, &seen);
	if (ret < 0)
		return -1;
	if (ret > 0 && seen.uidvalidity == ctx->uidvalidity &&
	    seen.uidnext > uid)
		return 0;
	seen.uidvalidity = ctx->uidvalidity;
	seen.uidnext = uid + 1;
	return store_mail_seen_put(store, INVITATIONS_MAILBOX, &seen) < 0 ?
		-1 : 1;
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
		ret = eas_meeting_apply(ctx->req, meeting, ctx->old ?
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

/* seen NULL = never */
static int
invitations_look(struct invitations *ctx, const struct store_mail_seen *seen)
{
	struct mailbox_status status;
	uint32_t first_seq = 1, last_seq, next;

	if (sync_mail_open(ctx->box) < 0) {
		e_error(ctx->req->event, "Mailbox %s: %s", ctx->folder->vname,
			mailbox_get_last_internal_error(ctx->box, NULL));
		return -1;
	}
	mailbox_get_open_status(ctx->box, STATUS_UIDVALIDITY | STATUS_UIDNEXT |
				STATUS_MESSAGES, &status);
	ctx->uidvalidity = status.uidvalidity;
	ctx->old = seen == NULL || seen->uidvalidity != status.uidvalidity;
	if (!ctx->old) {
		mailbox_get_seq_range(ctx->box, seen->uidnext, (uint32_t)-1,
				      &first_seq, &last_seq);
		if (first_seq == 0)
			first_seq = status.messages + 1;
	} else if (status.messages > INVITATIONS_FIRST) {
		first_seq = status.messages - INVITATIONS_FIRST + 1;
	}
	i_gettimeofday(&ctx->started);
	next = invitations_walk(ctx, first_seq, status.messages);
	return invitations_finish(ctx, next != 0 ? next : status.uidnext);
}

static void invitations_run(struct invitations *ctx)
{
	struct store_mail_seen seen;
	struct mailbox_status status;
	int ret;

	ret = store_mail_seen_get(ctx->req->store, INVITATIONS_MAILBOX, &seen);
	if (ret < 0)
		return;
	if (ret > 0 && mailbox_get_status(ctx->box, STATUS_UIDVALIDITY |
					  STATUS_UIDNEXT, &status) == 0 &&
	    seen.uidvalidity == status.uidvalidity &&
	    seen.uidnext >= status.uidnext)
		return;
	(void)invitations_look(ctx, ret > 0 ? &seen : NULL);
	if (ctx->changed)
		eas_meeting_notify(ctx->req);
}

void eas_invitations_check(struct eas_request *req,
			   const struct eas_folder *folder)
{
	struct invitations ctx = { .req = req };

	if (req->invitations_checked ||
	    (folder->kind != STORE_KIND_CALENDAR &&
	     folder->type != EAS_FOLDER_INBOX))
		return;
	req->invitations_checked = TRUE;
	if (req->req->user->set->roost_invitations &&
	    eas_folder_find_type(req, EAS_FOLDER_INBOX, &ctx.folder) > 0 &&
	    eas_folder_mailbox_alloc(req, ctx.folder, FALSE, &ctx.box) > 0) {
		T_BEGIN {
			invitations_run(&ctx);
		} T_END;
		mailbox_free(&ctx.box);
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
