/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "strnum.h"
#include "time-util.h"
#include "mail-storage.h"
#include "mail-search-build.h"
#include "roost-settings.h"
#include "sync-mail.h"
#include "eas-item-search.h"
#include "eas-term.h"
#include "eas-folder-search.h"

/* A hit while the search runs. */
struct search_hit {
	time_t received;
	struct eas_search_hit hit;
};

struct folder_search_run {
	struct eas_folder_search *search;
	struct eas_search_set *set;
	uint64_t deadline;		/* of i_microseconds() */
	/* up to twice max_hits, then the older half goes */
	ARRAY(struct search_hit) hits;
	/* folders by what became of them */
	unsigned int searched, denied, failed;
	bool timed_out;
};

/* -- which folders -- */

static void search_add_folder(struct eas_folder_search *search,
			      struct eas_folder *folder)
{
	struct eas_folder *old;

	array_foreach_elem(&search->folders, old) {
		if (strcmp(old->id, folder->id) == 0)
			return;
	}
	array_push_back(&search->folders, &folder);
}

static int search_add_all(struct eas_folder_search *search)
{
	const ARRAY_TYPE(eas_folder) *folders;

	if (eas_folders_get(search->req, &folders) < 0)
		return -1;
	array_clear(&search->folders);
	array_append_array(&search->folders, folders);
	return 1;
}

/* Parents come before their children, so one pass finds all. */
static int search_add_below(struct eas_folder_search *search, const char *id)
{
	const ARRAY_TYPE(eas_folder) *folders;
	struct eas_folder *folder;
	const char *const *parents;
	ARRAY_TYPE(const_string) ids;
	unsigned int i, count;
	int ret = 0;

	if (eas_folders_get(search->req, &folders) < 0)
		return -1;
	t_array_init(&ids, 16);
	array_push_back(&ids, &id);
	array_foreach_elem(folders, folder) {
		if (strcmp(folder->id, id) == 0) {
			search_add_folder(search, folder);
			ret = 1;
			continue;
		}
		parents = array_get(&ids, &count);
		for (i = 0; i < count; i++) {
			if (strcmp(folder->parent_id, parents[i]) == 0) {
				search_add_folder(search, folder);
				array_push_back(&ids, &folder->id);
				break;
			}
		}
	}
	return ret;
}

static int search_add_id(struct eas_folder_search *search, const char *id,
			 bool deep)
{
	struct eas_folder *folder;
	int ret;

	if (id == NULL)
		return 0;
	if (strcmp(id, "0") == 0)
		return search_add_all(search);
	if (deep)
		return search_add_below(search, id);
	ret = eas_folder_find(search->req, id, &folder);
	if (ret > 0)
		search_add_folder(search, folder);
	return ret;
}

int eas_folder_search_add_folders(struct eas_folder_search *search,
				  const struct wbxml_node *node, bool deep)
{
	int ret;

	p_array_init(&search->folders, search->req->pool, 16);
	node = wbxml_node_child(node, EAS_AIRSYNC_COLLECTION_ID);
	if (node == NULL)
		return search_add_all(search);
	for (; node != NULL; node = wbxml_node_next_same(node)) {
		T_BEGIN {
			ret = search_add_id(search, wbxml_node_text(node),
					    deep);
		} T_END;
		if (ret <= 0)
			return ret;
	}
	return 1;
}

/* -- one mailbox -- */

static int
search_hit_cmp(const struct search_hit *h1, const struct search_hit *h2)
{
	if (h1->received != h2->received)
		return h1->received > h2->received ? -1 : 1;
	if (h1->hit.folder != h2->hit.folder)
		return h1->hit.folder < h2->hit.folder ? -1 : 1;
	return h1->hit.uid > h2->hit.uid ? -1 :
		(h1->hit.uid < h2->hit.uid ? 1 : 0);
}

static void run_keep_newest(struct folder_search_run *run)
{
	unsigned int max = run->search->max_hits;

	array_sort(&run->hits, search_hit_cmp);
	if (array_count(&run->hits) > max)
		array_delete(&run->hits, max, array_count(&run->hits) - max);
}

static bool run_wants_mail(struct folder_search_run *run, struct mail *mail)
{
	uint8_t id[EAS_CONVERSATION_ID_SIZE];
	const char *error;

	if (!run->search->has_conversation)
		return TRUE;
	return eas_conversation_id(mail, id, &error) > 0 &&
		memcmp(id, run->search->conversation, sizeof(id)) == 0;
}

/* Of the folder that was added to the set last. */
static void
run_add_hit(struct folder_search_run *run, uint32_t uid, time_t received)
{
	struct search_hit hit = { .received = received };

	hit.hit.folder = array_count(&run->set->folders) - 1;
	hit.hit.uid = uid;
	array_push_back(&run->hits, &hit);
	run->set->total++;
	if (array_count(&run->hits) >= 2 * run->search->max_hits)
		run_keep_newest(run);
}

static void run_add_mail(struct folder_search_run *run, struct mail *mail)
{
	time_t received;

	/* one that is just gone will be missing on its page */
	if (run_wants_mail(run, mail) &&
	    mail_get_received_date(mail, &received) == 0)
		run_add_hit(run, mail->uid, received);
}

/* Looks at the clock every quarter of a second, however little is found, and
   while a full text index is brought up to date. */
static int run_mails(struct folder_search_run *run,
		     struct mail_search_context *ctx)
{
	struct mail *mail;
	bool found, again;

	do {
		found = FALSE;
		T_BEGIN {
			found = mailbox_search_next_nonblock(ctx, &mail,
							     &again);
			if (found)
				run_add_mail(run, mail);
		} T_END;
		if (i_microseconds() >= run->deadline) {
			run->timed_out = found || again;
			break;
		}
	} while (found || again);
	return mailbox_search_deinit(&ctx);
}

static int run_box(struct folder_search_run *run, struct mailbox *box)
{
	struct mailbox_header_lookup_ctx *headers = NULL;
	struct mailbox_transaction_context *trans;
	struct mail_search_context *ctx;
	struct mail_search_args *args;
	int ret;

	if (run->search->has_conversation)
		headers = eas_conversation_headers(box);
	args = eas_term_build(run->search->term);
	mail_search_args_init(args, box, FALSE, NULL);
	trans = mailbox_transaction_begin(box, 0, "eas search");
	ctx = mailbox_search_init(trans, args, NULL, MAIL_FETCH_RECEIVED_DATE,
				  headers);
	if (headers != NULL)
		mailbox_header_lookup_unref(&headers);
	ret = run_mails(run, ctx);
	mail_search_args_deinit(args);
	mail_search_args_unref(&args);
	/* what the cache has learned is kept */
	(void)mailbox_transaction_commit(&trans);
	return ret;
}

static void
run_add_folder(struct folder_search_run *run, const struct eas_folder *folder,
	       uint32_t uidvalidity)
{
	struct eas_search_folder *set_folder;

	set_folder = array_append_space(&run->set->folders);
	if (str_to_uint32(folder->id, &set_folder->id) < 0)
		i_unreached();
	set_folder->uidvalidity = uidvalidity;
}

static int run_open_box(struct folder_search_run *run,
			struct eas_folder *folder, struct mailbox *box)
{
	struct mailbox_status status;

	if (sync_mail_open(box) < 0)
		return -1;
	mailbox_get_open_status(box, STATUS_UIDVALIDITY, &status);
	run_add_folder(run, folder, status.uidvalidity);
	return run_box(run, box);
}

static void run_folder_failed(struct folder_search_run *run,
			      struct eas_folder *folder, struct mailbox *box)
{
	enum mail_error error;
	const char *errstr = mailbox_get_last_internal_error(box, &error);

	switch (error) {
	case MAIL_ERROR_NOTFOUND:
		/* deleted just now */
		break;
	case MAIL_ERROR_PERM:
		run->denied++;
		break;
	case MAIL_ERROR_INUSE:
		/* the full text index is not ready and will not be in time */
		run->timed_out = TRUE;
		break;
	default:
		e_error(run->search->req->event, "Searching mailbox %s failed: "
			"%s", folder->vname, errstr);
		run->failed++;
	}
}

static void
run_mailbox(struct folder_search_run *run, struct eas_folder *folder)
{
	struct mailbox *box;
	int ret;

	ret = eas_folder_mailbox_alloc(run->search->req, folder, FALSE, &box);
	if (ret <= 0) {
		if (ret < 0)
			run->failed++;
		return;
	}
	if (run_open_box(run, folder, box) < 0)
		run_folder_failed(run, folder, box);
	else
		run->searched++;
	mailbox_free(&box);
}

/* -- one folder of the store -- */

static void run_add_item(uint32_t uid, time_t received, void *context)
{
	struct folder_search_run *run = context;

	run_add_hit(run, uid, received);
}

static void
run_items(struct folder_search_run *run, struct eas_folder *folder)
{
	struct eas_request *req = run->search->req;
	struct store_pim_folder pim;
	int ret;

	/* items are in no conversation */
	if (run->search->has_conversation)
		return;
	ret = store_pim_folder_get(req->store, req->pool, folder->pim_id, &pim);
	if (ret > 0) {
		run_add_folder(run, folder, pim.uidvalidity);
		ret = eas_item_search_folder(req->store, folder->pim_id,
					     run->search->term, run->deadline,
					     run_add_item, run);
		if (ret == 0)
			run->timed_out = TRUE;
		else if (ret > 0)
			run->searched++;
	}
	/* one that was deleted just now has no items */
	if (ret < 0)
		run->failed++;
}

/* -- all of them -- */

static void run_finish(struct folder_search_run *run)
{
	const struct search_hit *hit;

	run_keep_newest(run);
	array_foreach(&run->hits, hit)
		array_push_back(&run->set->hits, &hit->hit);
}

static enum eas_folder_search_result
run_result(const struct folder_search_run *run)
{
	if (array_count(&run->set->hits) > 0)
		return EAS_FOLDER_SEARCH_OK;
	if (run->timed_out)
		return EAS_FOLDER_SEARCH_TIMED_OUT;
	if (run->failed > 0)
		return EAS_FOLDER_SEARCH_FAILED;
	return run->denied > 0 && run->searched == 0 ?
		EAS_FOLDER_SEARCH_DENIED : EAS_FOLDER_SEARCH_OK;
}

static void run_folders(struct folder_search_run *run, bool items)
{
	struct eas_folder *folder;
	unsigned int kind;

	array_foreach_elem(&run->search->folders, folder) {
		kind = EAS_FOLDER_SEARCH_KIND(folder->kind);
		if ((folder->kind != STORE_KIND_NONE) != items ||
		    (run->search->kinds & kind) == 0)
			continue;
		if (i_microseconds() >= run->deadline)
			run->timed_out = TRUE;
		if (run->timed_out)
			break;
		T_BEGIN {
			if (items)
				run_items(run, folder);
			else
				run_mailbox(run, folder);
		} T_END;
	}
}

enum eas_folder_search_result
eas_folder_search_run(struct eas_folder_search *search,
		      struct eas_search_set *set)
{
	struct folder_search_run run = { .search = search, .set = set };
	unsigned int timeout =
		search->req->req->user->set->roost_search_timeout;

	run.deadline = i_microseconds() + timeout * 1000000ULL;
	i_array_init(&run.hits, 128);
	/* the fewer first: mails can take all the time that there is */
	run_folders(&run, TRUE);
	run_folders(&run, FALSE);
	run_finish(&run);
	array_free(&run.hits);
	if (run.timed_out) {
		e_info(search->req->event, "A search took longer than %u "
		       "seconds: %u of %u folders searched, %u results",
		       timeout, run.searched, array_count(&search->folders),
		       set->total);
	}
	return run_result(&run);
}
