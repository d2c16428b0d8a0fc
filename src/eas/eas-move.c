/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* A move is a copy in one mailbox and an expunge in another, which no mailbox format
   does in one step. The record of it in the store ties them together:

     1. store:   BEGUN with the destination's UIDNEXT, the mail's GUID and a
		 token of this request (one transaction for the batch)
     2. mailbox: the copies are made, not committed
     3. store:   transaction begins: tokens are checked, it stays locked
     4. mailbox: the destination is committed: the copies are there
     5. store:   COPIED with the new UIDs; committed
     6. mailbox: the source is committed: the mails are gone from there

   The device repeats what was not answered. A request that finds
     no record:		begins with 1, if there is such a mail.
     BEGUN:		somebody died between 1 and 5, or is at work still. It writes
			its own token and then looks for the copy by its GUID, from the
			recorded UIDNEXT on: if it is there (died after 4) this becomes 5,
			otherwise a copy is made.
     COPIED:		died after 5, or only the answer was lost. The result is known;
			a source that still exists is expunged, as long as the copy
			exists: a mail is never expunged without its copy at hand.
			Both mailboxes are looked at after the record was read, with
			the store locked: it may have been written a moment ago.

   Two requests at once (the device gave up waiting, the worker did not): the later one
   has written its token in 1, so the earlier one finds a stranger's in 3 and
   gives up its copies. If the earlier one was in 3 to 5 then, it has the
   store's lock, the later one waits in 1 and finds COPIED. Nobody waits for the store
   while he holds a mailbox that the one in 4 needs: what locks at all during 2 (mbox)
   locks both out of 2.

   A crash within 4 may leave copies in a Maildir that have no entry in its index
   yet; they get a UID later but their GUID is another one. So copies are
   recognised by Message-ID, size and date received as well. Somebody else's copy
   of the same mail may be taken for ours: then one copy is there where two
   could be, and nothing is lost. */

#include "lib.h"
#include "array.h"
#include "guid.h"
#include "hash.h"
#include "sort.h"
#include "seq-range-array.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "store.h"
#include "store-state.h"
#include "sync-mail.h"
#include "eas-collection.h"
#include "eas-move-private.h"

enum move_todo {
	/* result (and dest_uid) is set */
	MOVE_FINISHED,
	/* an attempt was begun: look for the copy */
	MOVE_SEARCH,
	MOVE_COPY,
	/* the copy is made, but not committed */
	MOVE_COPYING,
	/* the copy is there: record it, then expunge the source */
	MOVE_RECORD,
	/* the copy is recorded: expunge the source */
	MOVE_EXPUNGE,
};

struct move_item {
	struct eas_move *move;
	enum move_todo todo;
	const char *key, *guid;
	/* where the search for the copy begins */
	uint32_t uidnext;
	bool source_exists:1;
	/* by this request */
	bool copied:1;
};

struct eas_mover {
	struct eas_request *req;
	pool_t pool;
	struct eas_folder *src, *dest;
	struct mailbox *src_box, *dest_box;
	struct mailbox_transaction_context *src_trans, *dest_trans;
	struct mail *src_mail;
	struct mailbox_status src_status, dest_status;
	const char *token;
	/* ascending by UID, each UID once */
	ARRAY(struct move_item) items;
};

static enum eas_move_result
mover_storage_error(struct eas_mover *mover, struct mailbox *box,
		    const char *what, enum eas_move_result not_found)
{
	enum mail_error error;
	const char *errstr = mailbox_get_last_internal_error(box, &error);

	switch (error) {
	case MAIL_ERROR_NOTFOUND:
	case MAIL_ERROR_EXPUNGED:
		return not_found;
	case MAIL_ERROR_PERM:
		return EAS_MOVE_DENIED;
	case MAIL_ERROR_NOQUOTA:
		return EAS_MOVE_QUOTA;
	default:
		e_error(mover->req->event, "Move from %s to %s: %s failed: %s",
			mover->src->vname, mover->dest->vname, what, errstr);
		return EAS_MOVE_FAILED;
	}
}

static void
item_finish(struct move_item *item, enum eas_move_result result,
	    uint32_t dest_uid)
{
	item->todo = MOVE_FINISHED;
	item->move->result = result;
	item->move->dest_uid = dest_uid;
}

/* Gives all that are to do this the result. */
static void
mover_finish_all(struct eas_mover *mover, enum move_todo todo,
		 enum eas_move_result result)
{
	struct move_item *item;

	array_foreach_modifiable(&mover->items, item) {
		if (item->todo == todo)
			item_finish(item, result, 0);
	}
}

static bool mover_has(struct eas_mover *mover, enum move_todo todo)
{
	const struct move_item *item;

	array_foreach(&mover->items, item) {
		if (item->todo == todo)
			return TRUE;
	}
	return FALSE;
}

static int
mover_open_box(struct eas_mover *mover, struct eas_folder *folder, bool create,
	       struct mailbox **box_r, struct mailbox_status *status_r,
	       enum eas_move_result not_found, enum eas_move_result *result_r)
{
	int ret;

	ret = eas_folder_mailbox_alloc(mover->req, folder, create, box_r);
	if (ret <= 0) {
		*result_r = ret == 0 ? not_found : EAS_MOVE_FAILED;
		return -1;
	}
	if (sync_mail_open(*box_r) < 0) {
		*result_r = mover_storage_error(mover, *box_r, "opening",
						not_found);
		return -1;
	}
	mailbox_get_open_status(*box_r, STATUS_UIDVALIDITY | STATUS_UIDNEXT,
				status_r);
	return 0;
}

/* The device's UIDs are those of the mailbox that it has synchronised. */
static int
mover_check_uidvalidity(struct eas_mover *mover, enum eas_move_result *result_r)
{
	uint32_t uidvalidity;
	int ret;

	ret = eas_collection_uidvalidity(mover->req, mover->src->id,
					 &uidvalidity);
	if (ret > 0 && uidvalidity != 0 &&
	    uidvalidity != mover->src_status.uidvalidity) {
		*result_r = EAS_MOVE_NO_SOURCE;
		return -1;
	}
	return ret < 0 ? -1 : 0;
}

static int
mover_open(struct eas_mover *mover, enum eas_move_result *result_r)
{
	if (mover_open_box(mover, mover->src, FALSE, &mover->src_box,
			   &mover->src_status, EAS_MOVE_NO_SOURCE,
			   result_r) < 0 ||
	    mover_check_uidvalidity(mover, result_r) < 0 ||
	    mover_open_box(mover, mover->dest, TRUE, &mover->dest_box,
			   &mover->dest_status, EAS_MOVE_NO_DESTINATION,
			   result_r) < 0)
		return -1;
	return 0;
}

static void mover_close(struct eas_mover *mover)
{
	if (mover->src_mail != NULL)
		mail_free(&mover->src_mail);
	if (mover->dest_trans != NULL)
		mailbox_transaction_rollback(&mover->dest_trans);
	if (mover->src_trans != NULL)
		mailbox_transaction_rollback(&mover->src_trans);
	if (mover->src_box != NULL)
		mailbox_free(&mover->src_box);
	if (mover->dest_box != NULL)
		mailbox_free(&mover->dest_box);
}

static bool mover_set_source(struct eas_mover *mover,
			     const struct move_item *item)
{
	return sync_mail_set_uid(mover->src_mail, item->move->uid);
}

static const char *mail_guid(struct mail *mail)
{
	const char *guid;

	return mail_get_special(mail, MAIL_FETCH_GUID, &guid) < 0 ? "" : guid;
}

/* What tells a mail from others when GUIDs can't; NULL = nothing does. */
static const char *mail_signature(struct mail *mail)
{
	const char *message_id;
	uoff_t size;
	time_t received;

	if (mail_get_first_header(mail, "Message-ID", &message_id) <= 0 ||
	    mail_get_physical_size(mail, &size) < 0 ||
	    mail_get_received_date(mail, &received) < 0)
		return NULL;
	return t_strdup_printf("%"PRIuUOFF_T" %s %s", size,
			       dec2str(received), message_id);
}

static bool mover_copy_exists(struct eas_mover *mover, uint32_t uid)
{
	uint32_t seq1, seq2;

	if (uid == 0)
		return FALSE;
	mailbox_get_seq_range(mover->dest_box, uid, uid, &seq1, &seq2);
	return seq1 != 0;
}

/* Step 1 for one mail; record is NULL if there is none. */
static int
mover_begin_item(struct eas_mover *mover, struct move_item *item,
		 const struct eas_move_record *record)
{
	struct eas_move_record begun;

	if (record != NULL && record->state == EAS_MOVE_RECORD_COPIED) {
		if (!item->source_exists) {
			item_finish(item, EAS_MOVE_OK, record->uid);
			return 0;
		}
		if (mover_copy_exists(mover, record->uid)) {
			item->todo = MOVE_EXPUNGE;
			item->move->dest_uid = record->uid;
			return 0;
		}
		/* the copy was expunged before the source was */
		record = NULL;
	}
	if (record != NULL) {
		item->todo = MOVE_SEARCH;
		item->uidnext = record->uid;
		if (*item->guid == '\0')
			item->guid = record->guid;
	} else if (item->source_exists) {
		item->todo = MOVE_COPY;
		item->uidnext = mover->dest_status.uidnext;
	} else {
		item_finish(item, EAS_MOVE_NO_SOURCE, 0);
		return 0;
	}
	i_zero(&begun);
	begun.state = EAS_MOVE_RECORD_BEGUN;
	begun.uidvalidity = mover->dest_status.uidvalidity;
	begun.uid = item->uidnext;
	begun.token = mover->token;
	begun.guid = item->guid;
	return eas_move_record_put(mover->req, item->key, &begun);
}

static void mover_look_at_sources(struct eas_mover *mover)
{
	struct move_item *item;

	mover->src_trans = mailbox_transaction_begin(mover->src_box, 0,
						     "eas move");
	mover->src_mail = mail_alloc(mover->src_trans, 0, NULL);
	array_foreach_modifiable(&mover->items, item) T_BEGIN {
		item->source_exists = mover_set_source(mover, item);
		item->guid = !item->source_exists ? "" :
			p_strdup(mover->pool, mail_guid(mover->src_mail));
	} T_END;
}

/* What was open before the store was locked is older than what the records tell of. */
static int mover_refresh(struct eas_mover *mover)
{
	mail_free(&mover->src_mail);
	mailbox_transaction_rollback(&mover->src_trans);
	if (mailbox_sync(mover->src_box, 0) < 0 ||
	    mailbox_sync(mover->dest_box, 0) < 0) {
		e_error(mover->req->event, "Move from %s to %s: "
			"syncing failed", mover->src->vname,
			mover->dest->vname);
		return -1;
	}
	mailbox_get_open_status(mover->dest_box, STATUS_UIDVALIDITY |
				STATUS_UIDNEXT, &mover->dest_status);
	mover_look_at_sources(mover);
	return 0;
}

/* Step 1 with the store locked. */
static int mover_begin_locked(struct eas_mover *mover)
{
	struct eas_move_record *records;
	bool *found, any = FALSE;
	struct move_item *items;
	unsigned int i, count;
	int ret;

	items = array_get_modifiable(&mover->items, &count);
	records = p_new(mover->pool, struct eas_move_record, count);
	found = p_new(mover->pool, bool, count);
	for (i = 0; i < count; i++) {
		ret = eas_move_record_get(mover->req, mover->pool,
					  items[i].key, &records[i]);
		if (ret < 0)
			return -1;
		/* of another mailbox its UIDs tell nothing */
		found[i] = ret > 0 && records[i].uidvalidity ==
			mover->dest_status.uidvalidity;
		any = any || found[i];
	}
	if (any && mover_refresh(mover) < 0)
		return -1;
	for (i = 0; i < count; i++) {
		if (mover_begin_item(mover, &items[i],
				     found[i] ? &records[i] : NULL) < 0)
			return -1;
	}
	return 0;
}

/* Step 1. */
static int mover_begin(struct eas_mover *mover)
{
	struct move_item *item;

	array_foreach_modifiable(&mover->items, item) {
		item->key = eas_move_record_key(mover->pool, mover->src->id,
						mover->src_status.uidvalidity,
						item->move->uid,
						mover->dest->id);
	}
	/* takes a while with some formats: before the store is locked */
	mover_look_at_sources(mover);
	if (store_begin(mover->req->store) < 0)
		return -1;
	if (mover_begin_locked(mover) < 0) {
		store_rollback(mover->req->store);
		return -1;
	}
	return store_commit(mover->req->store);
}

HASH_TABLE_DEFINE_TYPE(move_item, char *, struct move_item *);

static void
mover_search_key(struct eas_mover *mover, HASH_TABLE_TYPE(move_item) table,
		 const char *key, struct move_item *item)
{
	char *key_dup;

	if (key == NULL || *key == '\0' || hash_table_lookup(table, key) != NULL)
		return;
	key_dup = p_strdup(mover->pool, key);
	hash_table_insert(table, key_dup, item);
}

/* Puts those that have to be searched into a table by GUID and by signature. Returns the
   UID to begin with, 0 = nothing to search. */
static uint32_t
mover_search_table(struct eas_mover *mover, HASH_TABLE_TYPE(move_item) table)
{
	struct move_item *item;
	uint32_t first_uid = 0;

	array_foreach_modifiable(&mover->items, item) {
		if (item->todo != MOVE_SEARCH)
			continue;
		if (first_uid == 0 || first_uid > item->uidnext)
			first_uid = item->uidnext;
		mover_search_key(mover, table, item->guid, item);
		if (mover_set_source(mover, item)) T_BEGIN {
			mover_search_key(mover, table,
					 mail_signature(mover->src_mail), item);
		} T_END;
	}
	return first_uid;
}

static void
mover_search_compare(HASH_TABLE_TYPE(move_item) table, struct mail *mail)
{
	struct move_item *item;
	const char *sig;

	item = hash_table_lookup(table, mail_guid(mail));
	if (item == NULL && (sig = mail_signature(mail)) != NULL)
		item = hash_table_lookup(table, sig);
	if (item != NULL && item->todo == MOVE_SEARCH &&
	    mail->uid >= item->uidnext) {
		item->todo = MOVE_RECORD;
		item->move->dest_uid = mail->uid;
	}
}

static int
mover_search_box(struct eas_mover *mover, HASH_TABLE_TYPE(move_item) table,
		 uint32_t first_uid)
{
	struct mailbox_transaction_context *trans;
	struct mail_search_args *args;
	struct mail_search_arg *arg;
	struct mail_search_context *ctx;
	struct mail *mail;
	int ret = 0;

	if (mailbox_sync(mover->dest_box, 0) < 0)
		return -1;
	args = mail_search_build_init();
	arg = mail_search_build_add(args, SEARCH_UIDSET);
	p_array_init(&arg->value.seqset, args->pool, 1);
	seq_range_array_add_range(&arg->value.seqset, first_uid, (uint32_t)-1);
	trans = mailbox_transaction_begin(mover->dest_box, 0, "eas move");
	ctx = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	while (mailbox_search_next(ctx, &mail)) T_BEGIN {
		mover_search_compare(table, mail);
	} T_END;
	if (mailbox_search_deinit(&ctx) < 0)
		ret = -1;
	mailbox_transaction_rollback(&trans);
	return ret;
}

/* Looks for the copies of interrupted attempts. */
static int mover_search(struct eas_mover *mover)
{
	HASH_TABLE_TYPE(move_item) table;
	uint32_t first_uid;
	int ret = 0;

	hash_table_create(&table, mover->pool, 0, str_hash, strcmp);
	first_uid = mover_search_table(mover, table);
	if (first_uid != 0)
		ret = mover_search_box(mover, table, first_uid);
	hash_table_destroy(&table);
	return ret;
}

static void mover_search_finish(struct eas_mover *mover)
{
	struct move_item *item;

	if (!mover_has(mover, MOVE_SEARCH))
		return;
	if (mover_search(mover) < 0) {
		mover_finish_all(mover, MOVE_SEARCH, mover_storage_error(
			mover, mover->dest_box, "searching", EAS_MOVE_FAILED));
		return;
	}
	array_foreach_modifiable(&mover->items, item) {
		if (item->todo != MOVE_SEARCH)
			continue;
		if (item->source_exists)
			item->todo = MOVE_COPY;
		else
			item_finish(item, EAS_MOVE_NO_SOURCE, 0);
	}
}

/* Step 2 for one mail: what fails here leaves nothing behind. */
static void mover_copy_item(struct eas_mover *mover, struct move_item *item)
{
	struct mail_save_context *save_ctx;

	if (!mover_set_source(mover, item)) {
		item_finish(item, EAS_MOVE_NO_SOURCE, 0);
		return;
	}
	if (mover->dest_trans == NULL) {
		mover->dest_trans = mailbox_transaction_begin(
			mover->dest_box, MAILBOX_TRANSACTION_FLAG_EXTERNAL |
			MAILBOX_TRANSACTION_FLAG_ASSIGN_UIDS, "eas move");
	}
	save_ctx = mailbox_save_alloc(mover->dest_trans);
	mailbox_save_copy_flags(save_ctx, mover->src_mail);
	if (mailbox_move(&save_ctx, mover->src_mail) == 0)
		item->todo = MOVE_COPYING;
	else if (mover->src_mail->expunged)
		item_finish(item, EAS_MOVE_NO_SOURCE, 0);
	else {
		item_finish(item, mover_storage_error(
			mover, mover->dest_box, "copying",
			EAS_MOVE_NO_SOURCE), 0);
	}
}

static void mover_copy(struct eas_mover *mover)
{
	struct move_item *item;

	array_foreach_modifiable(&mover->items, item) {
		if (item->todo == MOVE_COPY) T_BEGIN {
			mover_copy_item(mover, item);
		} T_END;
	}
}

/* Step 3: are they still ours? Returns 1, 0 if not, -1. */
static int mover_check_tokens(struct eas_mover *mover)
{
	struct eas_move_record record;
	const struct move_item *item;
	int ret = 1;

	array_foreach(&mover->items, item) {
		if (item->todo != MOVE_COPYING && item->todo != MOVE_RECORD)
			continue;
		ret = eas_move_record_get(mover->req, mover->pool, item->key,
					  &record);
		if (ret < 0)
			return -1;
		if (ret == 0 || record.state != EAS_MOVE_RECORD_BEGUN ||
		    strcmp(record.token, mover->token) != 0)
			return 0;
	}
	return ret;
}

/* Step 4. */
static int mover_commit_dest(struct eas_mover *mover)
{
	struct mail_transaction_commit_changes changes;
	struct seq_range_iter iter;
	struct move_item *item;
	unsigned int n = 0;
	bool known = TRUE;

	if (mover->dest_trans == NULL)
		return 0;
	if (mailbox_transaction_commit_get_changes(&mover->dest_trans,
						   &changes) < 0) {
		mover_finish_all(mover, MOVE_COPYING, mover_storage_error(
			mover, mover->dest_box, "committing copies",
			EAS_MOVE_NO_DESTINATION));
		return -1;
	}
	seq_range_array_iter_init(&iter, &changes.saved_uids);
	array_foreach_modifiable(&mover->items, item) {
		if (item->todo != MOVE_COPYING)
			continue;
		item->todo = MOVE_RECORD;
		item->copied = TRUE;
		if (!seq_range_array_iter_nth(&iter, n++,
					      &item->move->dest_uid))
			known = FALSE;
	}
	if (!known || seq_range_array_iter_nth(&iter, n, &(uint32_t){ 0 })) {
		/* a storage that does not tell which UID it gave to whom */
		array_foreach_modifiable(&mover->items, item) {
			if (item->todo == MOVE_RECORD && item->copied) {
				item->todo = MOVE_SEARCH;
				item->move->dest_uid = 0;
			}
		}
		(void)mover_search(mover);
		array_foreach_modifiable(&mover->items, item) {
			if (item->todo == MOVE_SEARCH)
				item->todo = MOVE_RECORD;
		}
	}
	pool_unref(&changes.pool);
	return 0;
}

/* Step 5 without its commit. */
static int mover_record(struct eas_mover *mover)
{
	struct eas_move_record record;
	const struct move_item *item;

	array_foreach(&mover->items, item) {
		if (item->todo != MOVE_RECORD)
			continue;
		i_zero(&record);
		record.state = EAS_MOVE_RECORD_COPIED;
		record.uidvalidity = mover->dest_status.uidvalidity;
		record.uid = item->move->dest_uid;
		if (eas_move_record_put(mover->req, item->key, &record) < 0)
			return -1;
	}
	return 0;
}

/* Steps 3 to 5. On failure no source may be expunged. */
static int mover_commit_copies(struct eas_mover *mover)
{
	int ret;

	if (!mover_has(mover, MOVE_COPYING) && !mover_has(mover, MOVE_RECORD))
		return 0;
	if (store_begin(mover->req->store) < 0)
		return -1;
	ret = mover_check_tokens(mover);
	if (ret == 0) {
		e_debug(mover->req->event, "Move from %s to %s: "
			"another request has taken over", mover->src->vname,
			mover->dest->vname);
		ret = -1;
	}
	if (ret < 0 || mover_commit_dest(mover) < 0 ||
	    mover_record(mover) < 0) {
		store_rollback(mover->req->store);
		return -1;
	}
	return store_commit(mover->req->store);
}

/* Step 6. The copies' sources are in the transaction already. */
static void mover_expunge(struct eas_mover *mover)
{
	enum eas_move_result result = EAS_MOVE_OK;
	struct move_item *item;

	array_foreach_modifiable(&mover->items, item) {
		if ((item->todo == MOVE_EXPUNGE || item->todo == MOVE_RECORD) &&
		    mover_set_source(mover, item))
			mail_expunge(mover->src_mail);
	}
	mail_free(&mover->src_mail);
	if (mailbox_transaction_commit(&mover->src_trans) < 0 ||
	    mailbox_sync(mover->src_box, MAILBOX_SYNC_FLAG_EXPUNGE) < 0) {
		/* the repeated request will find COPIED and try again */
		result = mover_storage_error(mover, mover->src_box, "expunging",
					     EAS_MOVE_FAILED);
	}
	array_foreach_modifiable(&mover->items, item) {
		if (item->todo == MOVE_EXPUNGE || item->todo == MOVE_RECORD)
			item_finish(item, result, item->move->dest_uid);
	}
}

static int mover_run(struct eas_mover *mover)
{
	enum eas_move_result result = EAS_MOVE_FAILED;
	struct move_item *item;

	if (mover_open(mover, &result) < 0 || mover_begin(mover) < 0) {
		array_foreach_modifiable(&mover->items, item)
			item_finish(item, result, 0);
		return -1;
	}
	mover_search_finish(mover);
	mover_copy(mover);
	if (mover_commit_copies(mover) < 0) {
		mover_finish_all(mover, MOVE_COPYING, EAS_MOVE_FAILED);
		mover_finish_all(mover, MOVE_RECORD, EAS_MOVE_FAILED);
		mover_finish_all(mover, MOVE_EXPUNGE, EAS_MOVE_FAILED);
		return -1;
	}
	if (mover_has(mover, MOVE_EXPUNGE) || mover_has(mover, MOVE_RECORD))
		mover_expunge(mover);
	(void)store_op_expire(mover->req->store, EAS_OP_MAX_AGE);
	return 0;
}

static int eas_move_cmp(struct eas_move *const *m1, struct eas_move *const *m2)
{
	return (*m1)->uid < (*m2)->uid ? -1 : ((*m1)->uid > (*m2)->uid ? 1 : 0);
}

/* The moves in the order of their UIDs, as the copies will be; a UID that comes twice
   is moved once and gets its result twice. */
static int
mover_run_sorted(struct eas_mover *mover, struct eas_move *moves,
		 unsigned int count)
{
	struct eas_move **sorted = p_new(mover->pool, struct eas_move *, count);
	struct move_item *item;
	unsigned int i;
	int ret;

	for (i = 0; i < count; i++)
		sorted[i] = &moves[i];
	i_qsort(sorted, count, sizeof(*sorted), eas_move_cmp);
	for (i = 0; i < count; i++) {
		if (i > 0 && sorted[i]->uid == sorted[i - 1]->uid)
			continue;
		item = array_append_space(&mover->items);
		item->move = sorted[i];
	}
	ret = mover_run(mover);
	for (i = 1; i < count; i++) {
		if (sorted[i]->uid == sorted[i - 1]->uid) {
			sorted[i]->result = sorted[i - 1]->result;
			sorted[i]->dest_uid = sorted[i - 1]->dest_uid;
		}
	}
	return ret;
}

int eas_move_mails(struct eas_request *req, struct eas_folder *src,
		   struct eas_folder *dest, struct eas_move *moves,
		   unsigned int count)
{
	struct eas_mover mover;
	guid_128_t token;
	unsigned int i;
	int ret;

	if (strcmp(src->id, dest->id) == 0) {
		for (i = 0; i < count; i++) {
			moves[i].result = EAS_MOVE_SAME_FOLDER;
			moves[i].dest_uid = moves[i].uid;
		}
		return -1;
	}
	if (count == 0)
		return 0;
	if (src->kind != STORE_KIND_NONE || dest->kind != STORE_KIND_NONE)
		return eas_move_items(req, src, dest, moves, count);

	guid_128_generate(token);
	i_zero(&mover);
	mover.req = req;
	mover.pool = pool_alloconly_create("eas move", 1024);
	mover.src = src;
	mover.dest = dest;
	mover.token = p_strdup(mover.pool, guid_128_to_string(token));
	p_array_init(&mover.items, mover.pool, count);

	ret = mover_run_sorted(&mover, moves, count);
	mover_close(&mover);
	pool_unref(&mover.pool);
	return ret;
}
