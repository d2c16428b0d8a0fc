/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* A new mail in the place of an old one, in these steps:

     1. store:   BEGUN with the mailbox' UIDNEXT and a token of this request
     2. mailbox: the new mail is saved, not committed
     3. store:   transaction begins: the token is checked, it stays locked
     4. mailbox: the new mail is committed: it is there
     5. store:   SAVED with its UID, and that it took the old one's place; committed
     6. mailbox: the old mail is expunged

   A repeat of the request finds no record (begins with 1), BEGUN (somebody died before 5, or
   is at work still: it writes its own token and looks for the mail by its marker, a header
   field made from the record's key, from the recorded UIDNEXT on), or SAVED (the result is
   known; 6 is made up for). Of two requests at once the later one's token makes the
   earlier one give up in 3, or the later one waits in 1 and finds SAVED.

   Until 6 both mails are there: at no time none is. */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "guid.h"
#include "hex-binary.h"
#include "ioloop.h"
#include "istream.h"
#include "seq-range-array.h"
#include "sha1.h"
#include "str.h"
#include "strescape.h"
#include "strnum.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "store.h"
#include "store-draft.h"
#include "store-state.h"
#include "class-email-private.h"
#include "sync-mail.h"
#include "eas-collection.h"
#include "eas-draft.h"

#define EAS_DRAFT_OP_KIND "draft"
/* as moves are */
#define EAS_DRAFT_RECORD_SECS (7 * 24 * 3600)
/* A device may know an item's old name for as long as it doesn't synchronise. */
#define EAS_DRAFT_SECS (180 * 24 * 3600)
/* more than anybody edits a draft within that time */
#define EAS_DRAFT_STEPS_MAX 10000

/* What is remembered: "<b or s> <uidvalidity> <uid> <token> <digest> <parts>" */
struct eas_draft_record {
	/* step 5 was done */
	bool saved;
	uint32_t uidvalidity;
	/* the mail's, or UIDNEXT before it was saved */
	uint32_t uid;
	const char *token;
	/* of the attempt that made it, or may have made it */
	const char *digest, *parts;
};

static enum eas_draft_error
eas_draft_storage_error(struct eas_request *req, struct mailbox *box,
			const char *what)
{
	enum mail_error error;
	const char *errstr = mailbox_get_last_internal_error(box, &error);

	switch (error) {
	case MAIL_ERROR_PERM:
		return EAS_DRAFT_DENIED;
	case MAIL_ERROR_NOQUOTA:
		return EAS_DRAFT_QUOTA;
	default:
		e_error(req->event, "Mailbox %s: %s a draft failed: %s",
			mailbox_get_vname(box), what, errstr);
		return EAS_DRAFT_FAILED;
	}
}

/* -- records -- */

static int
eas_draft_record_decode(pool_t pool, const char *str,
			struct eas_draft_record *record_r)
{
	const char *const *args;

	i_zero(record_r);
	if ((str[0] != 'b' && str[0] != 's') || str[1] != ' ')
		return -1;
	record_r->saved = str[0] == 's';
	if (str_parse_uint32(str + 2, &record_r->uidvalidity, &str) < 0 ||
	    *str++ != ' ' ||
	    str_parse_uint32(str, &record_r->uid, &str) < 0 || *str++ != ' ')
		return -1;
	args = t_strsplit(str, " ");
	if (str_array_length(args) < 3)
		return -1;
	record_r->token = p_strdup(pool, args[0]);
	record_r->digest = p_strdup(pool, args[1]);
	record_r->parts = p_strdup(pool, t_strarray_join(args + 2, " "));
	return 0;
}

static int
eas_draft_record_get(const struct eas_draft_save *save,
		     struct eas_draft_record *record_r)
{
	struct eas_request *req = save->req;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, pool_datastack_create(),
			   req->device->num, EAS_DRAFT_OP_KIND, save->key,
			   &value);
	if (ret > 0 && eas_draft_record_decode(req->pool,
			t_strndup(value->data, value->used), record_r) < 0) {
		e_error(req->event, "The record of a draft is damaged");
		ret = 0;
	}
	return ret;
}

static int
eas_draft_record_put(const struct eas_draft_save *save,
		     const struct eas_draft_record *record)
{
	const char *value = t_strdup_printf("%c %u %u %s %s %s",
		record->saved ? 's' : 'b', record->uidvalidity, record->uid,
		record->token, record->digest, record->parts);

	return store_op_put(save->req->store, save->req->device->num,
			    EAS_DRAFT_OP_KIND, save->key, value,
			    strlen(value));
}

static uint32_t eas_draft_uidvalidity(struct mailbox *box)
{
	struct mailbox_status status;

	mailbox_get_open_status(box, STATUS_UIDVALIDITY, &status);
	return status.uidvalidity;
}

const char *eas_draft_marker(struct eas_request *req, const char *key)
{
	const char *text = t_strdup_printf("%s %s", req->device->id, key);
	unsigned char digest[SHA1_RESULTLEN];

	sha1_get_digest(text, strlen(text), digest);
	return binary_to_hex(digest, sizeof(digest));
}

/* -- what a draft became -- */

const char *eas_draft_folder(const char *folder_id, uint32_t uidvalidity)
{
	return t_strdup_printf("%s.%u", folder_id, uidvalidity);
}

int eas_draft_resolve(struct eas_request *req, const char *folder_id,
		      uint32_t uidvalidity, uint32_t *uid, const char **part)
{
	const char *folder = eas_draft_folder(folder_id, uidvalidity);
	struct store_draft draft;
	unsigned int steps;
	int ret;

	for (steps = 0; steps < EAS_DRAFT_STEPS_MAX; steps++) {
		ret = store_draft_get(req->store, pool_datastack_create(),
				      folder, *uid, &draft);
		/* a later mail always: there is an end */
		if (ret < 0 || (ret > 0 && draft.uid <= *uid))
			return -1;
		if (ret == 0)
			break;
		*uid = draft.uid;
		if (part != NULL && *part != NULL) {
			*part = eas_draft_parts_map(draft.parts, *part);
			if (*part == NULL)
				return 0;
		}
	}
	return steps > 0 ? 1 : 0;
}

int eas_draft_resolve_missing(struct eas_request *req,
			      struct eas_folder *folder, struct mailbox *box,
			      uint32_t *uid, const char **part)
{
	uint32_t seq1, seq2;

	if (folder->type != EAS_FOLDER_DRAFTS)
		return 0;
	mailbox_get_seq_range(box, *uid, *uid, &seq1, &seq2);
	if (seq1 != 0)
		return 0;
	return eas_draft_resolve(req, folder->id, eas_draft_uidvalidity(box),
				 uid, part);
}

int eas_draft_resolve_device(struct eas_request *req,
			     struct eas_folder *folder, uint32_t *uid)
{
	uint32_t uidvalidity;
	int ret;

	if (folder->type != EAS_FOLDER_DRAFTS)
		return 0;
	ret = eas_collection_uidvalidity(req, folder->id, &uidvalidity);
	if (ret > 0)
		ret = eas_draft_resolve(req, folder->id, uidvalidity, uid,
					NULL);
	return ret < 0 ? -1 : 0;
}

/* -- mailbox -- */

enum eas_draft_error
eas_draft_expunge(struct eas_request *req, struct mailbox *box, uint32_t uid)
{
	struct mailbox_transaction_context *trans;
	struct mail *mail;

	if (mailbox_sync(box, 0) < 0)
		return eas_draft_storage_error(req, box, "Looking for");
	trans = mailbox_transaction_begin(box, 0, __func__);
	mail = mail_alloc(trans, 0, NULL);
	if (sync_mail_set_uid(mail, uid))
		mail_expunge(mail);
	mail_free(&mail);
	if (mailbox_transaction_commit(&trans) < 0 ||
	    mailbox_sync(box, MAILBOX_SYNC_FLAG_EXPUNGE) < 0)
		return eas_draft_storage_error(req, box, "Removing");
	return EAS_DRAFT_OK;
}

/* Looks for the mail of an interrupted attempt. Returns 1, 0, -1. */
static int
eas_draft_search(const struct eas_draft_save *save, uint32_t first_uid,
		 uint32_t *uid_r)
{
	const char *marker = eas_draft_marker(save->req, save->key), *value;
	struct mailbox_transaction_context *trans;
	struct mail_search_args *args;
	struct mail_search_arg *arg;
	struct mail_search_context *ctx;
	struct mail *mail;
	int ret = 0;

	if (mailbox_sync(save->box, 0) < 0)
		return -1;
	args = mail_search_build_init();
	arg = mail_search_build_add(args, SEARCH_UIDSET);
	p_array_init(&arg->value.seqset, args->pool, 1);
	seq_range_array_add_range(&arg->value.seqset, first_uid, (uint32_t)-1);
	trans = mailbox_transaction_begin(save->box, 0, __func__);
	ctx = mailbox_search_init(trans, args, NULL, 0, NULL);
	mail_search_args_unref(&args);
	while (mailbox_search_next(ctx, &mail)) {
		if (mail_get_first_header(mail, EAS_DRAFT_MARKER_HEADER,
					  &value) > 0 &&
		    strcmp(value, marker) == 0) {
			*uid_r = mail->uid;
			ret = 1;
		}
	}
	if (mailbox_search_deinit(&ctx) < 0)
		ret = -1;
	(void)mailbox_transaction_commit(&trans);
	return ret;
}

/* Flags and keywords of the mail that goes; a draft was always read. */
static int
eas_draft_old_flags(const struct eas_draft_save *save,
		    enum mail_flags *flags_r, struct mail_keywords **keywords_r)
{
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	int ret = 0;

	*flags_r = MAIL_DRAFT | MAIL_SEEN;
	*keywords_r = NULL;
	if (save->replaces == 0)
		return 0;
	trans = mailbox_transaction_begin(save->box, 0, __func__);
	mail = mail_alloc(trans, MAIL_FETCH_FLAGS, NULL);
	if (sync_mail_set_uid(mail, save->replaces)) {
		*flags_r = MAIL_DRAFT | (mail_get_flags(mail) &
			(MAIL_SEEN | MAIL_FLAGGED | MAIL_ANSWERED));
		ret = mailbox_keywords_create(save->box,
					      mail_get_keywords(mail),
					      keywords_r);
	}
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return ret;
}

/* Step 2. */
static int
eas_draft_write(const struct eas_draft_save *save, struct istream *input,
		struct mailbox_transaction_context *trans)
{
	struct mail_save_context *ctx;
	struct mail_keywords *keywords;
	enum mail_flags flags;
	ssize_t size;

	if (eas_draft_old_flags(save, &flags, &keywords) < 0)
		return -1;
	ctx = mailbox_save_alloc(trans);
	mailbox_save_set_flags(ctx, flags, keywords);
	mailbox_save_set_received_date(ctx, ioloop_time, 0);
	if (keywords != NULL)
		mailbox_keywords_unref(&keywords);
	if (mailbox_save_begin(&ctx, input) < 0)
		return -1;
	do {
		if (mailbox_save_continue(ctx) < 0) {
			mailbox_save_cancel(&ctx);
			return -1;
		}
		size = i_stream_read(input);
	} while (size > 0);
	if (input->stream_errno != 0) {
		e_error(save->req->event, "Reading back a draft failed: %s",
			i_stream_get_error(input));
		mailbox_save_cancel(&ctx);
		return -1;
	}
	return mailbox_save_finish(&ctx);
}

/* Step 4. Returns the UID, 0 if the storage does not tell. */
static int
eas_draft_commit(struct mailbox_transaction_context **trans, uint32_t *uid_r)
{
	struct mail_transaction_commit_changes changes;
	struct seq_range_iter iter;

	if (mailbox_transaction_commit_get_changes(trans, &changes) < 0)
		return -1;
	seq_range_array_iter_init(&iter, &changes.saved_uids);
	if (!seq_range_array_iter_nth(&iter, 0, uid_r))
		*uid_r = 0;
	pool_unref(&changes.pool);
	return 0;
}

static void
eas_draft_take_record(const struct eas_draft_record *record,
		      struct eas_draft_saved *saved_r)
{
	saved_r->uid = record->uid;
	saved_r->digest = record->digest;
	saved_r->parts = record->parts;
}

/* Step 1; record is what is to be written, and what was. Returns 1 = go on, 2 = look
   first for the mail of an attempt that was begun before, 0 = saved_r is the
   result, -1. */
static int
eas_draft_begin(const struct eas_draft_save *save,
		struct eas_draft_record *record,
		struct eas_draft_saved *saved_r)
{
	struct eas_draft_record old;
	struct mailbox_status status;
	int ret;

	mailbox_get_open_status(save->box, STATUS_UIDVALIDITY | STATUS_UIDNEXT,
				&status);
	record->uidvalidity = status.uidvalidity;
	record->uid = status.uidnext;
	if (store_begin(save->req->store) < 0)
		return -1;
	ret = eas_draft_record_get(save, &old);
	if (ret > 0 && old.uidvalidity != status.uidvalidity)
		ret = 0;
	if (ret > 0 && old.saved) {
		store_rollback(save->req->store);
		eas_draft_take_record(&old, saved_r);
		return 0;
	}
	if (ret > 0) {
		record->uid = old.uid;
		record->digest = old.digest;
		record->parts = old.parts;
	}
	if (ret < 0 || eas_draft_record_put(save, record) < 0) {
		store_rollback(save->req->store);
		return -1;
	}
	if (store_commit(save->req->store) < 0)
		return -1;
	return ret > 0 ? 2 : 1;
}

static int
eas_draft_put_saved(const struct eas_draft_save *save,
		    struct eas_draft_record *record, uint32_t uid)
{
	struct store_draft draft = {
		.uid = uid, .author = save->author, .parts = record->parts,
	};

	record->saved = TRUE;
	record->uid = uid;
	if (eas_draft_record_put(save, record) < 0)
		return -1;
	if (save->replaces == 0)
		return 0;
	return store_draft_put(save->req->store,
		eas_draft_folder(save->folder->id, record->uidvalidity),
		save->replaces, &draft);
}

/* Steps 3 to 5; trans is NULL if the mail is there already. */
static enum eas_draft_error
eas_draft_finish(const struct eas_draft_save *save,
		 struct eas_draft_record *record,
		 struct mailbox_transaction_context **trans, uint32_t *uid)
{
	struct store *store = save->req->store;
	struct eas_draft_record now;
	enum eas_draft_error error = EAS_DRAFT_FAILED;
	int ret;

	if (store_begin(store) < 0)
		return EAS_DRAFT_FAILED;
	ret = eas_draft_record_get(save, &now);
	if (ret <= 0 || now.saved || strcmp(now.token, record->token) != 0) {
		e_debug(save->req->event, "Mailbox %s: another request has "
			"taken the draft over", save->folder->vname);
		ret = -1;
	} else if (trans != NULL) {
		ret = eas_draft_commit(trans, uid);
		if (ret < 0) {
			error = eas_draft_storage_error(save->req, save->box,
							"Saving");
		} else if (*uid == 0) {
			ret = eas_draft_search(save, record->uid, uid) > 0 ?
				0 : -1;
		}
	}
	if (ret < 0 || eas_draft_put_saved(save, record, *uid) < 0) {
		store_rollback(store);
		return error;
	}
	return store_commit(store) < 0 ? EAS_DRAFT_FAILED : EAS_DRAFT_OK;
}

static enum eas_draft_error
eas_draft_save_new(const struct eas_draft_save *save, struct istream *mail,
		   struct eas_draft_record *record, uint32_t *uid_r)
{
	struct mailbox_transaction_context *trans;
	enum eas_draft_error error;

	trans = mailbox_transaction_begin(save->box,
		MAILBOX_TRANSACTION_FLAG_EXTERNAL |
		MAILBOX_TRANSACTION_FLAG_ASSIGN_UIDS, __func__);
	if (eas_draft_write(save, mail, trans) < 0) {
		error = eas_draft_storage_error(save->req, save->box,
						"Saving");
		mailbox_transaction_rollback(&trans);
		return error;
	}
	error = eas_draft_finish(save, record, &trans, uid_r);
	if (trans != NULL)
		mailbox_transaction_rollback(&trans);
	return error;
}

/* The record tells of this attempt from now on, if nobody else has taken over. */
static int
eas_draft_begin_anew(const struct eas_draft_save *save,
		     const struct eas_draft_record *record)
{
	struct eas_draft_record now;

	if (store_begin(save->req->store) < 0)
		return -1;
	if (eas_draft_record_get(save, &now) <= 0 || now.saved ||
	    strcmp(now.token, record->token) != 0 ||
	    eas_draft_record_put(save, record) < 0) {
		store_rollback(save->req->store);
		return -1;
	}
	return store_commit(save->req->store);
}

/* An attempt was begun before: it left its mail, or nothing. */
static enum eas_draft_error
eas_draft_save_again(const struct eas_draft_save *save, struct istream *mail,
		     const struct eas_draft_record *own,
		     struct eas_draft_record *record, uint32_t *uid_r)
{
	int ret = eas_draft_search(save, record->uid, uid_r);

	if (ret < 0) {
		return eas_draft_storage_error(save->req, save->box,
					       "Looking for");
	}
	if (ret > 0)
		return eas_draft_finish(save, record, NULL, uid_r);
	record->digest = own->digest;
	record->parts = own->parts;
	return eas_draft_begin_anew(save, record) < 0 ? EAS_DRAFT_FAILED :
		eas_draft_save_new(save, mail, record, uid_r);
}

static const char *eas_draft_guid(struct mailbox *box, uint32_t uid)
{
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	const char *guid = "";

	trans = mailbox_transaction_begin(box, 0, __func__);
	mail = mail_alloc(trans, 0, NULL);
	if (!sync_mail_set_uid(mail, uid) ||
	    mail_get_special(mail, MAIL_FETCH_GUID, &guid) < 0)
		guid = "";
	guid = t_strdup(guid);
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return guid;
}

/* Step 6, with what the store keeps for the old mail. */
static enum eas_draft_error
eas_draft_remove_old(const struct eas_draft_save *save, uint32_t uid)
{
	const char *old_guid, *new_guid;

	if (save->replaces == 0)
		return EAS_DRAFT_OK;
	if (mailbox_sync(save->box, 0) < 0) {
		return eas_draft_storage_error(save->req, save->box,
					       "Looking for");
	}
	old_guid = eas_draft_guid(save->box, save->replaces);
	if (*old_guid == '\0')
		return EAS_DRAFT_OK;
	/* never without the new one at hand */
	new_guid = eas_draft_guid(save->box, uid);
	if (*new_guid == '\0')
		return EAS_DRAFT_OK;
	if (eas_email_flag_copy(save->req, old_guid, new_guid) < 0)
		return EAS_DRAFT_FAILED;
	return eas_draft_expunge(save->req, save->box, save->replaces);
}

int eas_draft_find_saved(const struct eas_draft_save *save,
			 struct eas_draft_saved *saved_r)
{
	struct eas_draft_record record;
	struct store_draft draft;
	int ret;

	ret = eas_draft_record_get(save, &record);
	if (ret <= 0)
		return ret;
	if (!record.saved ||
	    record.uidvalidity != eas_draft_uidvalidity(save->box))
		return 0;
	eas_draft_take_record(&record, saved_r);
	if (save->replaces == 0)
		return 1;
	ret = store_draft_get(save->req->store, pool_datastack_create(),
			      eas_draft_folder(save->folder->id,
					       record.uidvalidity),
			      save->replaces, &draft);
	if (ret < 0)
		return -1;
	return ret == 0 || draft.uid != record.uid ||
		eas_draft_remove_old(save, record.uid) == EAS_DRAFT_OK ?
		1 : -1;
}

enum eas_draft_error
eas_draft_save(const struct eas_draft_save *save, struct istream *mail,
	       const char *digest, const char *parts,
	       struct eas_draft_saved *saved_r)
{
	struct eas_draft_record own, record;
	enum eas_draft_error error = EAS_DRAFT_OK;
	uint32_t uid = 0;
	guid_128_t guid;
	int ret;

	guid_128_generate(guid);
	i_zero(saved_r);
	i_zero(&own);
	own.token = guid_128_to_string(guid);
	own.digest = digest;
	own.parts = parts;
	record = own;
	ret = eas_draft_begin(save, &record, saved_r);
	if (ret < 0)
		return EAS_DRAFT_FAILED;
	if (ret > 0) {
		error = ret == 1 ?
			eas_draft_save_new(save, mail, &record, &uid) :
			eas_draft_save_again(save, mail, &own, &record, &uid);
		eas_draft_take_record(&record, saved_r);
		saved_r->uid = uid;
	}
	if (error == EAS_DRAFT_OK)
		error = eas_draft_remove_old(save, saved_r->uid);
	(void)store_op_expire(save->req->store, EAS_DRAFT_RECORD_SECS);
	(void)store_draft_expire(save->req->store, EAS_DRAFT_SECS);
	return error;
}
