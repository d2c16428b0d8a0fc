/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "mail-storage.h"
#include "eas-folders.h"
#include "class-email-private.h"

enum mail_fetch_field eas_email_find_fetch_fields(void)
{
	return MAIL_FETCH_FLAGS | MAIL_FETCH_RECEIVED_DATE |
		MAIL_FETCH_MESSAGE_PARTS | MAIL_FETCH_STREAM_HEADER |
		MAIL_FETCH_BODY_SNIPPET;
}

static bool eas_email_has_attachments(struct eas_email_context *ctx)
{
	struct pim_part *part;

	array_foreach_elem(&ctx->msg->attachments, part) {
		if (!part->is_inline)
			return TRUE;
	}
	return FALSE;
}

int eas_email_write_find(struct eas_request *req, struct eas_folder *folder,
			 struct mail *mail, struct wbxml_writer *writer,
			 const char **error_r)
{
	struct eas_email_context ctx = {
		.req = req, .folder = folder, .mail = mail, .writer = writer,
	};
	int ret;

	*error_r = NULL;
	ctx.pool = pool_alloconly_create("eas email find", 2048);
	ret = eas_email_open(&ctx, error_r);
	if (ret > 0) {
		eas_email_write_find_headers(&ctx);
		wbxml_text(writer, EAS_FIND_PREVIEW,
			   eas_email_preview(&ctx, EAS_EMAIL_PREVIEW_MAX));
		wbxml_bool(writer, EAS_FIND_HAS_ATTACHMENTS,
			   eas_email_has_attachments(&ctx));
		eas_email_write_from(&ctx);
	}
	pool_unref(&ctx.pool);
	return ret;
}
