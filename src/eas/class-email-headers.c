/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "mail-storage.h"
#include "message-address.h"
#include "pim-text.h"
#include "roost-addresses.h"
#include "eas-folders.h"
#include "class-email-private.h"

#include <ctype.h>

/* The elements that are made from the mail's header ([MS-ASEMAIL] 2.2.2). */

/* [MS-ASEMAIL] 2.2.2.36, 2.2.2.79: characters; we count bytes. The others
   have no limit there, but nobody reads more. */
#define EAS_EMAIL_ADDRESSES_MAX 32768
/* email2:Bcc in the schema */
#define EAS_EMAIL_BCC_MAX 1024
#define EAS_EMAIL_SUBJECT_MAX 4096
/* recipients among whom the user is looked for */
#define EAS_EMAIL_OWN_MAX 1000

enum eas_importance {
	EAS_IMPORTANCE_LOW = 0,
	EAS_IMPORTANCE_NORMAL = 1,
	EAS_IMPORTANCE_HIGH = 2,
};

/* Headers that say how important the sender thinks it is; the first that
   speaks wins. */
static const struct {
	enum pim_header_name header;
	const char *prefix;
	enum eas_importance importance;
} eas_importances[] = {
	{ PIM_HEADER_IMPORTANCE, "high", EAS_IMPORTANCE_HIGH },
	{ PIM_HEADER_IMPORTANCE, "low", EAS_IMPORTANCE_LOW },
	{ PIM_HEADER_IMPORTANCE, "normal", EAS_IMPORTANCE_NORMAL },
	{ PIM_HEADER_X_PRIORITY, "1", EAS_IMPORTANCE_HIGH },
	{ PIM_HEADER_X_PRIORITY, "2", EAS_IMPORTANCE_HIGH },
	{ PIM_HEADER_X_PRIORITY, "3", EAS_IMPORTANCE_NORMAL },
	{ PIM_HEADER_X_PRIORITY, "4", EAS_IMPORTANCE_LOW },
	{ PIM_HEADER_X_PRIORITY, "5", EAS_IMPORTANCE_LOW },
	{ PIM_HEADER_X_MSMAIL_PRIORITY, "high", EAS_IMPORTANCE_HIGH },
	{ PIM_HEADER_X_MSMAIL_PRIORITY, "low", EAS_IMPORTANCE_LOW },
	{ PIM_HEADER_PRIORITY, "urgent", EAS_IMPORTANCE_HIGH },
	{ PIM_HEADER_PRIORITY, "non-urgent", EAS_IMPORTANCE_LOW },
};

static enum eas_importance
eas_email_importance(const struct pim_headers *headers)
{
	const char *value;

	for (unsigned int i = 0; i < N_ELEMENTS(eas_importances); i++) {
		value = headers->value[eas_importances[i].header];
		if (value != NULL &&
		    strncasecmp(value, eas_importances[i].prefix,
				strlen(eas_importances[i].prefix)) == 0)
			return eas_importances[i].importance;
	}
	return EAS_IMPORTANCE_NORMAL;
}

static void
eas_email_write_addresses(struct eas_email_context *ctx, unsigned int tag,
			  enum pim_header_name header, const char *separator,
			  size_t max)
{
	string_t *str = t_str_new(256);

	pim_header_addresses(str, ctx->msg->headers.value[header], separator,
			     max);
	if (str_len(str) > 0)
		wbxml_text(ctx->writer, tag, str_c(str));
}

static void
eas_email_write_display_names(struct eas_email_context *ctx, unsigned int tag,
			      enum pim_header_name header)
{
	string_t *names = t_str_new(128);

	pim_header_display_names(names, ctx->msg->headers.value[header],
				 EAS_EMAIL_ADDRESSES_MAX);
	if (str_len(names) > 0)
		wbxml_text(ctx->writer, tag, str_c(names));
}

void eas_email_write_from(struct eas_email_context *ctx)
{
	eas_email_write_addresses(ctx, EAS_EMAIL_FROM, PIM_HEADER_FROM, ", ",
				  EAS_EMAIL_ADDRESSES_MAX);
}

static const char *eas_email_subject(struct eas_email_context *ctx)
{
	const char *subject =
		pim_header_decode(ctx->msg->headers.value[PIM_HEADER_SUBJECT]);

	if (subject == NULL)
		return "";
	return t_strndup(subject, pim_text_cut(subject, strlen(subject),
					       EAS_EMAIL_SUBJECT_MAX));
}

/* "Re: ", "AW: ", "Fwd: ", "Re[2]: ": up to three letters before a colon
   ([MS-OXCMSG] 2.2.1.9). Returns how long it is. */
static size_t eas_subject_prefix(const char *subject)
{
	const char *p = subject;

	while (i_isalpha(*p) && p - subject < 3)
		p++;
	if (p == subject)
		return 0;
	if (*p == '[') {
		p++;
		while (i_isdigit(*p))
			p++;
		if (*p++ != ']')
			return 0;
	}
	if (*p++ != ':')
		return 0;
	while (*p == ' ')
		p++;
	return p - subject;
}

static const char *
eas_email_thread_topic(struct eas_email_context *ctx, const char *subject)
{
	const char *topic = pim_header_decode(
		ctx->msg->headers.value[PIM_HEADER_THREAD_TOPIC]);
	size_t len;

	if (topic != NULL && *topic != '\0')
		return t_strndup(topic, pim_text_cut(topic, strlen(topic),
						     EAS_EMAIL_SUBJECT_MAX));
	while ((len = eas_subject_prefix(subject)) > 0)
		subject += len;
	return subject;
}

void eas_email_write_headers(struct eas_email_context *ctx)
{
	const struct pim_headers *headers = &ctx->msg->headers;
	const char *subject = eas_email_subject(ctx);

	eas_email_write_addresses(ctx, EAS_EMAIL_TO, PIM_HEADER_TO, ", ",
				  EAS_EMAIL_ADDRESSES_MAX);
	eas_email_write_addresses(ctx, EAS_EMAIL_CC, PIM_HEADER_CC, ", ",
				  EAS_EMAIL_ADDRESSES_MAX);
	eas_email_write_from(ctx);
	wbxml_text(ctx->writer, EAS_EMAIL_SUBJECT, subject);
	eas_email_write_addresses(ctx, EAS_EMAIL_REPLY_TO, PIM_HEADER_REPLY_TO,
				  "; ", EAS_EMAIL_ADDRESSES_MAX);
	wbxml_text(ctx->writer, EAS_EMAIL_DATE_RECEIVED,
		   eas_email_time(ctx->received));
	eas_email_write_display_names(ctx, EAS_EMAIL_DISPLAY_TO,
				      PIM_HEADER_TO);
	wbxml_text(ctx->writer, EAS_EMAIL_THREAD_TOPIC,
		   eas_email_thread_topic(ctx, subject));
	wbxml_uint(ctx->writer, EAS_EMAIL_IMPORTANCE,
		   eas_email_importance(headers));
}

/* [MS-ASEMAIL] 2.2.2.70: only if somebody else than From sent it */
static void eas_email_write_sender(struct eas_email_context *ctx)
{
	const struct pim_headers *headers = &ctx->msg->headers;
	const char *sender, *from;

	sender = pim_header_first_address(headers->value[PIM_HEADER_SENDER]);
	from = pim_header_first_address(headers->value[PIM_HEADER_FROM]);
	if (sender == NULL || (from != NULL && strcasecmp(sender, from) == 0))
		return;
	eas_email_write_addresses(ctx, EAS_EMAIL2_SENDER, PIM_HEADER_SENDER,
				  ", ", EAS_EMAIL_ADDRESSES_MAX);
}

static bool eas_email_is_draft(struct eas_email_context *ctx)
{
	return (ctx->flags & MAIL_DRAFT) != 0 ||
		ctx->folder->type == EAS_FOLDER_DRAFTS;
}

static bool
eas_email_names_user(struct eas_email_context *ctx, enum pim_header_name header)
{
	const char *value = ctx->msg->headers.value[header];
	const struct message_address *addr;
	bool own = FALSE;

	if (value == NULL)
		return FALSE;
	addr = message_address_parse(ctx->pool, (const unsigned char *)value,
				     strlen(value), EAS_EMAIL_OWN_MAX, 0);
	for (; addr != NULL && !own; addr = addr->next) {
		if (addr->mailbox == NULL || addr->domain == NULL)
			continue;
		T_BEGIN {
			own = roost_address_is_own(ctx->req->req->user,
				t_strconcat(addr->mailbox, "@", addr->domain,
					    NULL));
		} T_END;
	}
	return own;
}

/* None of the user's addresses is among the recipients. A list's mail names the
   list, and what the user has sent himself is no copy. */
static bool eas_email_received_as_bcc(struct eas_email_context *ctx)
{
	const struct pim_headers *headers = &ctx->msg->headers;

	return !eas_email_is_draft(ctx) &&
		ctx->folder->type != EAS_FOLDER_SENT_ITEMS &&
		headers->value[PIM_HEADER_FROM] != NULL &&
		headers->value[PIM_HEADER_LIST_ID] == NULL &&
		!eas_email_names_user(ctx, PIM_HEADER_TO) &&
		!eas_email_names_user(ctx, PIM_HEADER_CC) &&
		!eas_email_names_user(ctx, PIM_HEADER_FROM);
}

void eas_email_write_find_headers(struct eas_email_context *ctx)
{
	wbxml_text(ctx->writer, EAS_EMAIL_SUBJECT, eas_email_subject(ctx));
	wbxml_text(ctx->writer, EAS_EMAIL_DATE_RECEIVED,
		   eas_email_time(ctx->received));
	eas_email_write_display_names(ctx, EAS_EMAIL_DISPLAY_TO,
				      PIM_HEADER_TO);
	eas_email_write_display_names(ctx, EAS_FIND_DISPLAY_CC, PIM_HEADER_CC);
	eas_email_write_display_names(ctx, EAS_FIND_DISPLAY_BCC,
				      PIM_HEADER_BCC);
	wbxml_uint(ctx->writer, EAS_EMAIL_IMPORTANCE,
		   eas_email_importance(&ctx->msg->headers));
	wbxml_bool(ctx->writer, EAS_EMAIL_READ,
		   (ctx->flags & MAIL_SEEN) != 0);
	wbxml_bool(ctx->writer, EAS_EMAIL2_IS_DRAFT, eas_email_is_draft(ctx));
}

void eas_email_write_headers2(struct eas_email_context *ctx)
{
	if (eas_email_received_as_bcc(ctx))
		wbxml_bool(ctx->writer, EAS_EMAIL2_RECEIVED_AS_BCC, TRUE);
	eas_email_write_sender(ctx);
	if (ctx->req->version >= EAS_VERSION_16_0) {
		eas_email_write_addresses(ctx, EAS_EMAIL2_BCC, PIM_HEADER_BCC,
					  ", ", EAS_EMAIL_BCC_MAX);
		wbxml_bool(ctx->writer, EAS_EMAIL2_IS_DRAFT,
			   eas_email_is_draft(ctx));
	}
}
