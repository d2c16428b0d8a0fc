/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "mail-index-alloc-cache.h"
#include "mail-index-view-private.h"
#include "mail-index-modseq.h"
#include "mail-transaction-log.h"
#include "mail-storage-private.h"
#include "sync-mail.h"

#define SYNC_MAIL_STATUS \
	(STATUS_UIDVALIDITY | STATUS_UIDNEXT | STATUS_MESSAGES | \
	 STATUS_HIGHESTMODSEQ)

struct sync_mail {
	struct sync_collection coll;
	struct mailbox **box;
	sync_mail_conversation_t *conversation;
	void *context;
};

static int sync_mail_failed(struct sync_mail *mcoll, const char *what)
{
	enum mail_error error;
	const char *errstr;

	errstr = mailbox_get_last_internal_error(*mcoll->box, &error);
	if (error == MAIL_ERROR_NOTFOUND || error == MAIL_ERROR_PERM)
		return 0;
	e_error((*mcoll->box)->event, "%s failed: %s", what, errstr);
	return -1;
}

static void
sync_mail_status(const struct mailbox_status *status,
		 struct sync_status *status_r)
{
	status_r->uidvalidity = status->uidvalidity;
	status_r->uidnext = status->uidnext;
	status_r->items = status->messages;
	status_r->modseq = status->highest_modseq;
}

/* A process that lives long keeps indexes open for a while after their use. If their files were
   replaced in the meantime the mailbox seems to be damaged or deleted: ask the files. */
static void sync_mail_reopen(struct sync_mail *mcoll)
{
	struct mailbox *box = *mcoll->box;
	struct mailbox_list *list = box->list;
	enum mailbox_flags flags = box->flags;
	const char *vname = t_strdup(mailbox_get_vname(box));

	mailbox_free(mcoll->box);
	mail_index_alloc_cache_destroy_unrefed();
	*mcoll->box = mailbox_alloc(list, vname, flags);
}

static int
sync_mail_get_status(struct sync_collection *coll, struct sync_status *status_r)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	struct mailbox_status status;

	/* answered from the mailbox list index unless it is out of date */
	if (mailbox_get_status(*mcoll->box, SYNC_MAIL_STATUS, &status) < 0) {
		sync_mail_reopen(mcoll);
		if (mailbox_get_status(*mcoll->box, SYNC_MAIL_STATUS,
				       &status) < 0)
			return sync_mail_failed(mcoll,
						"Getting the mailbox status");
	}
	sync_mail_status(&status, status_r);
	return 1;
}

static int sync_mail_update(struct mailbox *box)
{
	if (mail_index_refresh(box->index) < 0) {
		mailbox_set_index_error(box);
		return -1;
	}
	return mailbox_sync(box, 0);
}

int sync_mail_open(struct mailbox *box)
{
	return mailbox_open(box) < 0 ? -1 : sync_mail_update(box);
}

static int sync_mail_open_and_sync(struct mailbox *box, const char **what_r)
{
	*what_r = "Opening the mailbox";
	if (!box->opened && mailbox_open(box) < 0)
		return -1;
	/* it may be open because somebody asked for its status only */
	*what_r = "Enabling CONDSTORE";
	if ((mailbox_get_enabled_features(box) &
	     MAILBOX_FEATURE_CONDSTORE) == 0 &&
	    mailbox_enable(box, MAILBOX_FEATURE_CONDSTORE) < 0)
		return -1;
	*what_r = "Synchronising the mailbox";
	return sync_mail_update(box);
}

/* Flag changes that this process reads between two syncs of the view go into its map: the flags, and
   with them the highest modseq. Changes are looked for up to where the view was synced
   to; a modseq beyond that would stand for changes that nobody has looked at. */
static void
sync_mail_limit_modseq(struct mailbox *box, struct sync_status *status)
{
	uint64_t synced_modseq = box->view->highest_modseq;

	if (synced_modseq != 0 && synced_modseq < status->modseq)
		status->modseq = synced_modseq;
}

static int
sync_mail_refresh(struct sync_collection *coll, struct sync_status *status_r,
		  uint32_t *incarnation_r)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	struct mailbox_status status;
	const char *what;

	if (sync_mail_open_and_sync(*mcoll->box, &what) < 0) {
		sync_mail_reopen(mcoll);
		if (sync_mail_open_and_sync(*mcoll->box, &what) < 0)
			return sync_mail_failed(mcoll, what);
	}
	mailbox_get_open_status(*mcoll->box, SYNC_MAIL_STATUS, &status);
	sync_mail_status(&status, status_r);
	sync_mail_limit_modseq(*mcoll->box, status_r);
	*incarnation_r = mail_index_get_header((*mcoll->box)->view)->indexid;
	return 1;
}

static int
sync_mail_get_uids(struct sync_collection *coll, uint32_t first_uid,
		   ARRAY_TYPE(seq_range) *uids)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	uint32_t seq, seq1, seq2, uid;

	mailbox_get_seq_range(*mcoll->box, first_uid, (uint32_t)-1,
			      &seq1, &seq2);
	if (seq1 == 0)
		return 0;
	for (seq = seq1; seq <= seq2; seq++) {
		mail_index_lookup_uid((*mcoll->box)->view, seq, &uid);
		seq_range_array_add(uids, uid);
	}
	return 0;
}

bool sync_mail_set_uid(struct mail *mail, uint32_t uid)
{
	uint32_t seq;

	if (!mail_index_lookup_seq(mail->transaction->view, uid, &seq))
		return FALSE;
	mail_set_seq(mail, seq);
	return TRUE;
}

/* One item of a conversation inside is enough: their numbers are collected first. */
struct sync_mail_filter {
	struct sync_mail *mcoll;
	const struct sync_filter *filter;
	struct mail *mail;
	HASH_TABLE(void *, void *) conversations;
	ARRAY_TYPE(seq_range) inside;
};

static void *sync_mail_conversation(struct sync_mail_filter *ctx)
{
	uint64_t id = ctx->mcoll->conversation(ctx->mail,
					       ctx->mcoll->context);

	return POINTER_CAST(id);
}

static int sync_mail_filter_by_day(struct sync_mail_filter *ctx, uint32_t uid)
{
	time_t date;
	void *id;

	if (!sync_mail_set_uid(ctx->mail, uid))
		return 0;
	if (mail_get_received_date(ctx->mail, &date) < 0) {
		/* an unreadable mail counts as old, an expunged one not at
		   all */
		return ctx->mail->expunged ||
			mailbox_get_last_mail_error(*ctx->mcoll->box) ==
				MAIL_ERROR_NOTFOUND ? 0 :
			sync_mail_failed(ctx->mcoll, "Getting a mail's date");
	}
	if (date / (24*60*60) < (time_t)ctx->filter->first_day)
		return 0;
	seq_range_array_add(&ctx->inside, uid);
	if (hash_table_is_created(ctx->conversations)) {
		id = sync_mail_conversation(ctx);
		if (id != NULL)
			hash_table_update(ctx->conversations, id, id);
	}
	return 0;
}

static void
sync_mail_filter_by_conversation(struct sync_mail_filter *ctx, uint32_t uid)
{
	void *id;

	if (seq_range_exists(&ctx->inside, uid) ||
	    !sync_mail_set_uid(ctx->mail, uid))
		return;
	id = sync_mail_conversation(ctx);
	if (id != NULL && hash_table_lookup(ctx->conversations, id) != NULL)
		seq_range_array_add(&ctx->inside, uid);
}

static int
sync_mail_filter_uids(struct sync_mail_filter *ctx,
		      const ARRAY_TYPE(seq_range) *uids)
{
	struct seq_range_iter iter;
	unsigned int n;
	uint32_t uid;
	int ret = 0;

	seq_range_array_iter_init(&iter, uids);
	for (n = 0; ret == 0 && seq_range_array_iter_nth(&iter, n, &uid); n++) {
		T_BEGIN {
			ret = sync_mail_filter_by_day(ctx, uid);
		} T_END;
	}
	if (ret < 0 || !hash_table_is_created(ctx->conversations) ||
	    hash_table_count(ctx->conversations) == 0)
		return ret;

	seq_range_array_iter_init(&iter, uids);
	for (n = 0; seq_range_array_iter_nth(&iter, n, &uid); n++) T_BEGIN {
		sync_mail_filter_by_conversation(ctx, uid);
	} T_END;
	return 0;
}

static int
sync_mail_apply_filter(struct sync_collection *coll,
		       const struct sync_filter *filter,
		       ARRAY_TYPE(seq_range) *uids)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	struct mailbox_transaction_context *trans;
	struct sync_mail_filter ctx;
	int ret;

	if (filter->first_day == 0 || array_count(uids) == 0)
		return 0;
	i_zero(&ctx);
	ctx.mcoll = mcoll;
	ctx.filter = filter;
	i_array_init(&ctx.inside, 32);
	if (filter->conversations && mcoll->conversation != NULL)
		hash_table_create_direct(&ctx.conversations, default_pool, 0);
	trans = mailbox_transaction_begin(*mcoll->box, 0, __func__);
	ctx.mail = mail_alloc(trans, MAIL_FETCH_RECEIVED_DATE, NULL);

	ret = sync_mail_filter_uids(&ctx, uids);
	if (ret == 0) {
		array_clear(uids);
		array_append_array(uids, &ctx.inside);
	}

	mail_free(&ctx.mail);
	/* commits what the mails' cache learned */
	(void)mailbox_transaction_commit(&trans);
	hash_table_destroy(&ctx.conversations);
	array_free(&ctx.inside);
	return ret;
}

static void
sync_mail_add_uids(ARRAY_TYPE(seq_range) *uids, const void *data, size_t size,
		   size_t rec_size)
{
	const struct {
		uint32_t uid1, uid2;
	} *rec;

	for (; size >= rec_size; size -= rec_size) {
		rec = data;
		if (rec->uid1 > 0 && rec->uid1 <= rec->uid2 &&
		    rec->uid2 < (uint32_t)-1) {
			seq_range_array_add_range(uids, rec->uid1, rec->uid2);
		}
		data = CONST_PTR_OFFSET(data, rec_size);
	}
}

static void
sync_mail_add_keyword_uids(ARRAY_TYPE(seq_range) *uids, const void *data,
			   size_t size)
{
	const struct mail_transaction_keyword_update *rec = data;
	size_t offset = (sizeof(*rec) + rec->name_size + 3) & ~(size_t)3;

	if (offset < size) {
		sync_mail_add_uids(uids, CONST_PTR_OFFSET(data, offset),
				   size - offset, sizeof(uint32_t)*2);
	}
}

static void
sync_mail_add_modseq_uids(ARRAY_TYPE(seq_range) *uids, const void *data,
			  size_t size)
{
	const struct mail_transaction_modseq_update *rec = data;

	for (; size >= sizeof(*rec); size -= sizeof(*rec), rec++) {
		if (rec->uid > 0 && rec->uid < (uint32_t)-1)
			seq_range_array_add(uids, rec->uid);
	}
}

static void
sync_mail_add_record(ARRAY_TYPE(seq_range) *uids,
		     const struct mail_transaction_header *hdr,
		     const void *data)
{
	switch (hdr->type & MAIL_TRANSACTION_TYPE_MASK) {
	case MAIL_TRANSACTION_FLAG_UPDATE:
		sync_mail_add_uids(uids, data, hdr->size,
			sizeof(struct mail_transaction_flag_update));
		break;
	case MAIL_TRANSACTION_KEYWORD_UPDATE:
		sync_mail_add_keyword_uids(uids, data, hdr->size);
		break;
	case MAIL_TRANSACTION_KEYWORD_RESET:
		sync_mail_add_uids(uids, data, hdr->size,
			sizeof(struct mail_transaction_keyword_reset));
		break;
	case MAIL_TRANSACTION_MODSEQ_UPDATE:
		sync_mail_add_modseq_uids(uids, data, hdr->size);
		break;
	}
}

/* Reads from the transaction log which mails were touched since modseq, so that the
   cost doesn't depend on the mailbox' size. Returns FALSE if the log doesn't reach
   back that far. */
static bool
sync_mail_scan_log(struct sync_mail *mcoll, uint64_t modseq,
		   ARRAY_TYPE(seq_range) *uids)
{
	struct mail_index_view *view = (*mcoll->box)->view;
	struct mail_transaction_log_view *log_view;
	const struct mail_transaction_header *hdr;
	const void *data;
	const char *reason;
	uint32_t seq;
	uoff_t offset;
	bool reset;
	int ret;

	if (!mail_index_modseq_get_next_log_offset(view, modseq, &seq, &offset))
		return FALSE;
	if (!LOG_IS_BEFORE(seq, offset, view->log_file_head_seq,
			   view->log_file_head_offset))
		return TRUE;
	log_view = mail_transaction_log_view_open((*mcoll->box)->index->log);
	ret = mail_transaction_log_view_set(log_view, seq, offset,
					    view->log_file_head_seq,
					    view->log_file_head_offset,
					    &reset, &reason);
	if (ret > 0) {
		while ((ret = mail_transaction_log_view_next(log_view, &hdr,
							     &data)) > 0)
			sync_mail_add_record(uids, hdr, data);
		if (ret == 0)
			ret = 1;
	}
	mail_transaction_log_view_close(&log_view);
	return ret > 0;
}

static int
sync_mail_get_changed(struct sync_collection *coll, uint64_t modseq,
		      uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	struct mail_index_view *view = (*mcoll->box)->view;
	ARRAY_TYPE(seq_range) touched;
	const struct seq_range *range;
	uint32_t seq, seq1, seq2, uid;

	if (max_uid <= 1 || modseq >= mail_index_modseq_get_highest(view))
		return 0;
	t_array_init(&touched, 32);
	if (!sync_mail_scan_log(mcoll, modseq, &touched)) {
		array_clear(&touched);
		seq_range_array_add_range(&touched, 1, max_uid - 1);
	}
	seq_range_array_remove_range(&touched, max_uid, (uint32_t)-1);
	array_foreach(&touched, range) {
		if (!mail_index_lookup_seq_range(view, range->seq1, range->seq2,
						 &seq1, &seq2))
			continue;
		for (seq = seq1; seq <= seq2; seq++) {
			if (mail_index_modseq_lookup(view, seq) <= modseq)
				continue;
			mail_index_lookup_uid(view, seq, &uid);
			seq_range_array_add(uids, uid);
		}
	}
	return 0;
}

static void
sync_mail_get_missing(struct sync_mail *mcoll, uint32_t max_uid,
		      ARRAY_TYPE(seq_range) *uids)
{
	ARRAY_TYPE(seq_range) missing;
	uint32_t seq, seq1, seq2, uid;

	t_array_init(&missing, 128);
	mailbox_get_seq_range(*mcoll->box, 1, max_uid - 1, &seq1, &seq2);
	for (seq = seq1; seq1 > 0 && seq <= seq2; seq++) {
		mail_index_lookup_uid((*mcoll->box)->view, seq, &uid);
		seq_range_array_add(&missing, uid);
	}
	seq_range_array_invert(&missing, 1, max_uid - 1);
	seq_range_array_merge(uids, &missing);
}

static int
sync_mail_get_vanished(struct sync_collection *coll, uint64_t modseq,
		       uint32_t max_uid, ARRAY_TYPE(seq_range) *uids)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	ARRAY_TYPE(seq_range) known;

	if (max_uid <= 1)
		return 0;
	t_array_init(&known, 1);
	seq_range_array_add_range(&known, 1, max_uid - 1);
	/* FALSE: the log doesn't reach back, what it gave is not all */
	if (modseq == 0 ||
	    !mailbox_get_expunged_uids(*mcoll->box, modseq, &known, uids))
		sync_mail_get_missing(mcoll, max_uid, uids);
	return 0;
}

static int
sync_mail_get_modseq(struct sync_collection *coll, uint32_t uid,
		     uint64_t *modseq_r)
{
	struct sync_mail *mcoll = (struct sync_mail *)coll;
	uint32_t seq;

	if (!mail_index_lookup_seq((*mcoll->box)->view, uid, &seq))
		return 0;
	*modseq_r = mail_index_modseq_lookup((*mcoll->box)->view, seq);
	return 1;
}

static const struct sync_collection_vfuncs sync_mail_vfuncs = {
	.get_status = sync_mail_get_status,
	.refresh = sync_mail_refresh,
	.get_uids = sync_mail_get_uids,
	.apply_filter = sync_mail_apply_filter,
	.get_changed = sync_mail_get_changed,
	.get_vanished = sync_mail_get_vanished,
	.get_modseq = sync_mail_get_modseq,
};

struct sync_collection *
sync_mail_init(pool_t pool, struct mailbox **box,
	       sync_mail_conversation_t *conversation, void *context)
{
	struct sync_mail *mcoll;

	mcoll = p_new(pool, struct sync_mail, 1);
	mcoll->coll.v = &sync_mail_vfuncs;
	mcoll->box = box;
	mcoll->conversation = conversation;
	mcoll->context = context;
	return &mcoll->coll;
}
