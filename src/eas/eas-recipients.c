/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "mail-storage.h"
#include "pim-text.h"
#include "store-recipient.h"
#include "eas-folders-private.h"
#include "eas-recipients.h"

/* what Exchange calls it */
#define EAS_RECIPIENTS_NAME "RecipientInfo"

struct eas_folder *eas_folder_new_recipients(struct eas_request *req)
{
	struct eas_folder *folder;

	if (req->version < EAS_VERSION_14_0)
		return NULL;
	folder = p_new(req->pool, struct eas_folder, 1);
	folder->id = EAS_FOLDER_ID_RECIPIENTS;
	folder->parent_id = "0";
	folder->name = EAS_RECIPIENTS_NAME;
	folder->type = EAS_FOLDER_RECIPIENTS;
	folder->special = TRUE;
	/* nobody sends notices of it: the user has just sent a mail, and
	   doesn't want his devices to wake up for that */
	mail_generate_guid_128_hash("roost recipients", folder->guid);
	return folder;
}

bool eas_folder_is_recipients(const struct eas_folder *folder)
{
	return folder->type == EAS_FOLDER_RECIPIENTS;
}

enum store_kind eas_folder_class_kind(const struct eas_folder *folder)
{
	return eas_folder_is_recipients(folder) ? STORE_KIND_CONTACTS :
		folder->kind;
}

void eas_recipient_write(struct wbxml_writer *writer,
			 const struct store_recipient *recipient)
{
	const char *address = pim_text_clean_line(recipient->address);
	const char *name = recipient->name == NULL ? "" :
		pim_text_clean_line(recipient->name);

	wbxml_text(writer, EAS_CONTACTS_EMAIL1_ADDRESS, address);
	wbxml_text(writer, EAS_CONTACTS_FILE_AS,
		   *name == '\0' ? address : name);
	wbxml_uint(writer, EAS_CONTACTS_WEIGHTED_RANK,
		   store_recipient_rank(recipient));
}
