/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "ostream.h"
#include "iostream-temp.h"
#include "mail-storage.h"
#include "roost-settings.h"
#include "store-item.h"
#include "sync-mail.h"
#include "eas-folder-search.h"
#include "eas-schema-filter.h"

/* The newest mails of many folders alternate: so many mailboxes are open at
   once. */
#define PAGE_MAX_OPEN 8
/* a result of up to this size is not written to a file on its way */
#define PAGE_ITEM_MAX_MEMORY (128 * 1024)

/* Top-level elements that the published schema of Search's answer has not:
   ItemOperations shows them. */
static const unsigned int page_no_search[] = {
	EAS_CALENDAR_CATEGORIES,
	EAS_CALENDAR_CLIENT_UID,
	EAS_CALENDAR_ONLINE_MEETING_CONF_LINK,
	EAS_CALENDAR_ONLINE_MEETING_EXTERNAL_LINK,
	EAS_TASKS_ORDINAL_DATE,
	EAS_TASKS_SUB_ORDINAL_DATE,
	0
};

struct page_box {
	/* index of the set's folders */
	uint32_t idx;
	/* it is there, and the same as when it was searched */
	bool ok;
	struct eas_folder *folder;
	/* NULL = one of the store's */
	struct mailbox *box;
	struct mailbox_transaction_context *trans;
	struct mail *mail;
	unsigned int used;		/* when it was used last */
};

struct page {
	struct eas_request *req;
	const struct eas_search_set *set;
	const struct eas_item_options *options;
	eas_search_write_t *write;
	struct page_box boxes[PAGE_MAX_OPEN];
	unsigned int boxes_count, clock;
};

static void page_box_close(struct page_box *pbox)
{
	if (pbox->mail != NULL)
		mail_free(&pbox->mail);
	/* what the cache has learned is kept */
	if (pbox->trans != NULL)
		(void)mailbox_transaction_commit(&pbox->trans);
	if (pbox->box != NULL)
		mailbox_free(&pbox->box);
	i_zero(pbox);
}

static bool page_box_check(struct page *page, struct page_box *pbox)
{
	const struct eas_search_folder *folder =
		array_idx(&page->set->folders, pbox->idx);
	struct mailbox_status status;
	enum mail_error error;
	const char *errstr;

	if (sync_mail_open(pbox->box) < 0) {
		errstr = mailbox_get_last_internal_error(pbox->box, &error);
		if (error != MAIL_ERROR_NOTFOUND && error != MAIL_ERROR_PERM) {
			e_error(page->req->event, "Opening mailbox %s failed: "
				"%s", pbox->folder->vname, errstr);
		}
		return FALSE;
	}
	mailbox_get_open_status(pbox->box, STATUS_UIDVALIDITY, &status);
	return status.uidvalidity == folder->uidvalidity;
}

static void page_box_open_mail(struct page *page, struct page_box *pbox)
{
	struct mailbox_header_lookup_ctx *headers = NULL;
	enum mail_fetch_field fields;

	if (eas_folder_mailbox_alloc(page->req, pbox->folder, FALSE,
				     &pbox->box) <= 0)
		return;
	pbox->ok = page_box_check(page, pbox);
	if (!pbox->ok)
		return;
	fields = page->options == NULL ? eas_email_find_fetch_fields() :
		eas_email_fetch_fields(pbox->box, page->options,
				       EAS_MAIL_WRITE_PROPERTIES, &headers);
	pbox->trans = mailbox_transaction_begin(pbox->box, 0, "eas search");
	pbox->mail = mail_alloc(pbox->trans, fields, headers);
	if (headers != NULL)
		mailbox_header_lookup_unref(&headers);
}

static void page_box_open(struct page *page, struct page_box *pbox)
{
	const struct eas_search_folder *folder =
		array_idx(&page->set->folders, pbox->idx);
	struct store_pim_folder pim;

	if (eas_folder_find(page->req, dec2str(folder->id),
			    &pbox->folder) <= 0)
		return;
	if (pbox->folder->kind == STORE_KIND_NONE) {
		page_box_open_mail(page, pbox);
		return;
	}
	pbox->ok = store_pim_folder_get(page->req->store, page->req->pool,
					pbox->folder->pim_id, &pim) > 0 &&
		pim.uidvalidity == folder->uidvalidity;
}

static struct page_box *page_get_box(struct page *page, uint32_t idx)
{
	struct page_box *pbox = NULL;
	unsigned int i;

	page->clock++;
	for (i = 0; i < page->boxes_count; i++) {
		if (page->boxes[i].idx == idx) {
			page->boxes[i].used = page->clock;
			return &page->boxes[i];
		}
		if (pbox == NULL || page->boxes[i].used < pbox->used)
			pbox = &page->boxes[i];
	}
	if (page->boxes_count < PAGE_MAX_OPEN)
		pbox = &page->boxes[page->boxes_count++];
	else
		page_box_close(pbox);
	pbox->idx = idx;
	pbox->used = page->clock;
	page_box_open(page, pbox);
	return pbox;
}

static int page_append(struct page *page, struct ostream **output, bool item)
{
	struct wbxml_writer *writer = eas_request_writer(page->req);
	struct eas_schema_filter *filter = NULL;
	struct istream *input;
	const unsigned char *data;
	size_t size;
	int ret;

	if (item) {
		filter = eas_schema_filter_init_without(writer,
			EAS_SEARCH_PROPERTIES, page_no_search);
	}
	input = iostream_temp_finish(output, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		if (filter != NULL)
			eas_schema_filter_more(filter, data, size);
		else
			wbxml_writer_append(writer, data, size);
		i_stream_skip(input, size);
	}
	ret = input->stream_errno == 0 ? 0 : -1;
	if (ret < 0) {
		e_error(page->req->event, "Reading back a result failed: %s",
			i_stream_get_error(input));
	}
	i_stream_unref(&input);
	if (filter != NULL && eas_schema_filter_deinit(&filter) < 0 && ret == 0)
		i_panic("A result is no whole fragment");
	return ret;
}

/* Writes the result aside first: only a whole one comes into the answer. */
static int
page_write_found(struct page *page, const struct eas_search_found *found)
{
	struct eas_request *req = page->req;
	struct wbxml_writer *writer;
	struct ostream *output;
	const char *error;
	int ret;

	output = iostream_temp_create_sized(
		t_strconcat(req->req->user->set->roost_spool_dir,
			    "/roost-item.", NULL), 0, "search result",
		PAGE_ITEM_MAX_MEMORY);
	writer = wbxml_writer_init_fragment(output);
	ret = page->write(req, found, page->options, writer, &error);
	if (ret > 0 && wbxml_writer_finish(&writer) == 0)
		return page_append(page, &output, found->item != NULL);
	if (ret > 0) {
		e_error(req->event, "Writing a result failed: %s",
			o_stream_get_error(output));
		o_stream_destroy(&output);
		return -1;
	}
	if (ret < 0) {
		e_error(req->event, "Mailbox %s: UID %u can't be shown "
			"to devices, skipping it: %s",
			eas_folder_log_name(found->folder), found->uid, error);
	}
	wbxml_writer_abort(&writer);
	o_stream_abort(output);
	o_stream_destroy(&output);
	return 0;
}

static int page_write_hit(struct page *page, const struct eas_search_hit *hit)
{
	const struct eas_search_folder *folder =
		array_idx(&page->set->folders, hit->folder);
	struct page_box *pbox = page_get_box(page, hit->folder);
	struct eas_search_found found = {
		.folder = pbox->folder, .uidvalidity = folder->uidvalidity,
		.uid = hit->uid, .mail = pbox->mail,
	};
	struct store_item item;
	int ret;

	if (!pbox->ok)
		return 0;
	if (pbox->mail != NULL) {
		return !sync_mail_set_uid(pbox->mail, hit->uid) ? 0 :
			page_write_found(page, &found);
	}
	ret = store_item_get(page->req->store, pool_datastack_create(),
			     pbox->folder->pim_id, hit->uid, &item);
	if (ret <= 0)
		return ret;
	found.item = &item;
	return page_write_found(page, &found);
}

int eas_search_page_write(struct eas_request *req,
			  const struct eas_search_set *set,
			  unsigned int first, unsigned int count,
			  const struct eas_item_options *options,
			  eas_search_write_t *write)
{
	struct page page = {
		.req = req, .set = set, .options = options, .write = write,
	};
	const struct eas_search_hit *hits;
	unsigned int i, hits_count;
	int ret = 0;

	hits = array_get(&set->hits, &hits_count);
	i_assert(first + count <= hits_count);
	for (i = first; i < first + count && ret == 0; i++) T_BEGIN {
		ret = page_write_hit(&page, &hits[i]);
	} T_END;
	for (i = 0; i < page.boxes_count; i++)
		page_box_close(&page.boxes[i]);
	return ret;
}
