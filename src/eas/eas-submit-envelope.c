/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hash.h"
#include "str.h"
#include "str-sanitize.h"
#include "strescape.h"
#include "message-address.h"
#include "message-header-encode.h"
#include "smtp-address.h"
#include "roost-addresses.h"
#include "roost-settings.h"
#include "pim-header.h"
#include "pim-outgoing.h"
#include "eas-submit-private.h"

/* Who sends a mail and who gets it. */

static const char *const rcpt_headers[] = { "To", "Cc", "Bcc", NULL };

static const struct message_address *
envelope_parse(const char *value)
{
	if (value == NULL)
		return NULL;
	return message_address_parse(pool_datastack_create(),
				     (const unsigned char *)value,
				     strlen(value), UINT_MAX, 0);
}

static bool envelope_is_ascii(const char *str)
{
	for (; *str != '\0'; str++) {
		if ((unsigned char)*str <= ' ' || (unsigned char)*str >= 0x7f)
			return FALSE;
	}
	return TRUE;
}

/* Returns NULL if nobody can be reached there: no domain, no syntax, or
   characters that need SMTPUTF8. */
static const struct smtp_address *
envelope_address(pool_t pool, const struct message_address *addr)
{
	struct smtp_address *smtp;

	if (addr->invalid_syntax || addr->domain == NULL ||
	    *addr->domain == '\0' || *addr->mailbox == '\0' ||
	    !envelope_is_ascii(addr->domain) ||
	    !envelope_is_ascii(addr->mailbox) ||
	    smtp_address_create_from_msg(pool, addr, &smtp) < 0)
		return NULL;
	return smtp;
}

struct rcpts_context {
	struct eas_request *req;
	HASH_TABLE(char *, void *) seen;
	ARRAY_TYPE(eas_submit_rcpt) *rcpts;
	unsigned int max;
};

static unsigned int
rcpts_add(struct rcpts_context *ctx, const struct message_address *addr)
{
	const struct smtp_address *smtp;
	char *key;

	smtp = envelope_address(ctx->req->pool, addr);
	if (smtp == NULL) {
		e_info(ctx->req->event, "Mail not sent: "
		       "'%s' is no address to send to", str_sanitize(
			message_address_first_to_string(addr), 128));
		return EAS_STATUS_MESSAGE_RECIPIENT_UNRESOLVED;
	}
	key = p_strdup(ctx->req->pool, smtp_address_encode(smtp));
	str_lcase(key);
	if (hash_table_lookup(ctx->seen, key) != NULL)
		return 0;
	if (ctx->max != 0 && array_count(ctx->rcpts) == ctx->max) {
		e_info(ctx->req->event, "Mail not sent: "
		       "It has more than %u recipients "
		       "(roost_submit_max_recipients)", ctx->max);
		return EAS_STATUS_SEND_QUOTA_EXCEEDED;
	}
	hash_table_insert(ctx->seen, key, POINTER_CAST(1));
	array_push_back(ctx->rcpts, &smtp);
	return 0;
}

static unsigned int
rcpts_add_header(struct rcpts_context *ctx, const char *value)
{
	const struct message_address *addr;
	unsigned int status = 0;

	addr = envelope_parse(value);
	for (; addr != NULL && status == 0; addr = addr->next) {
		/* the beginning and the end of a group are no addresses */
		if (addr->mailbox != NULL && addr->domain != NULL)
			status = rcpts_add(ctx, addr);
	}
	return status;
}

unsigned int
eas_submit_get_rcpts(struct eas_request *req, const struct pim_outgoing *out,
		     ARRAY_TYPE(eas_submit_rcpt) *rcpts)
{
	struct rcpts_context ctx;
	unsigned int i, status = 0;

	i_zero(&ctx);
	ctx.req = req;
	ctx.rcpts = rcpts;
	ctx.max = req->req->user->set->roost_submit_max_recipients;
	hash_table_create(&ctx.seen, default_pool, 0, str_hash, strcmp);
	for (i = 0; rcpt_headers[i] != NULL && status == 0; i++) T_BEGIN {
		status = rcpts_add_header(&ctx,
			pim_outgoing_joined(out, rcpt_headers[i]));
	} T_END;
	hash_table_destroy(&ctx.seen);
	if (status == 0 && array_is_empty(rcpts))
		return EAS_STATUS_MESSAGE_HAS_NO_RECIPIENT;
	return status;
}

/* Are all of them the user's? *first_r is the first one that can be sent from. */
static bool
from_is_own(struct eas_request *req, const struct message_address *addr,
	    const struct smtp_address **first_r)
{
	const struct smtp_address *smtp;
	unsigned int count = 0;

	*first_r = NULL;
	for (; addr != NULL; addr = addr->next) {
		if (addr->mailbox == NULL || addr->domain == NULL)
			continue;
		smtp = envelope_address(req->pool, addr);
		if (smtp == NULL ||
		    !roost_address_is_own(req->req->user,
					  smtp_address_encode(smtp)))
			return FALSE;
		if (*first_r == NULL)
			*first_r = smtp;
		count++;
	}
	return count > 0;
}

/* "Name <address>", as a header's value. */
static const char *from_format(const char *raw_name, const char *address)
{
	const char *p, *name = pim_header_decode(raw_name);
	string_t *str;

	if (name == NULL || *name == '\0')
		return address;
	for (p = name; *p != '\0' && (unsigned char)*p < 0x7f; p++) ;
	if (*p == '\0')
		return t_strdup_printf("\"%s\" <%s>", str_escape(name), address);
	str = t_str_new(128);
	message_header_encode(name, str);
	str_printfa(str, " <%s>", address);
	return str_c(str);
}

/* The name that the client gave, without its address. */
static const char *from_name(struct eas_request *req,
			     const struct message_address *addr)
{
	for (; addr != NULL; addr = addr->next) {
		if (addr->mailbox != NULL && addr->name != NULL &&
		    *addr->name != '\0')
			return addr->name;
	}
	return roost_user_display_name(req->req->user);
}

static unsigned int
from_correct(struct eas_request *req, struct pim_outgoing *out,
	     const struct message_address *from,
	     const struct smtp_address **mail_from_r)
{
	const char *primary = roost_user_primary_address(req->req->user);
	struct smtp_address *smtp;
	const char *error;

	if (smtp_address_parse_mailbox(req->pool, primary, 0, &smtp,
				       &error) < 0) {
		e_error(req->event, "Can't send as %s: %s", primary, error);
		return EAS_STATUS_MAIL_SUBMISSION_FAILED;
	}
	pim_outgoing_set(out, "From", from_format(from_name(req, from),
						  primary));
	*mail_from_r = smtp;
	return 0;
}

unsigned int
eas_submit_apply_from(struct eas_request *req, struct pim_outgoing *out,
		      const struct smtp_address **mail_from_r)
{
	const struct message_address *from, *sender;
	const struct smtp_address *smtp;
	const char *primary = roost_user_primary_address(req->req->user);
	unsigned int status;

	from = envelope_parse(pim_outgoing_joined(out, "From"));
	sender = envelope_parse(pim_outgoing_joined(out, "Sender"));
	if (from_is_own(req, from, mail_from_r)) {
		if (sender != NULL && !from_is_own(req, sender, &smtp))
			pim_outgoing_remove(out, "Sender");
		return 0;
	}
	if (from == NULL) {
		pim_outgoing_remove(out, "Sender");
		return from_correct(req, out, NULL, mail_from_r);
	}
	if (strcmp(req->req->user->set->roost_submit_from, "refuse") == 0) {
		e_info(req->event, "Mail not sent: "
		       "From is '%s', which is none of the user's addresses "
		       "(roost_submit_from)", str_sanitize(
			message_address_first_to_string(from), 128));
		return EAS_STATUS_MAIL_SUBMISSION_FAILED;
	}
	status = from_correct(req, out, from, mail_from_r);
	if (status == 0)
		pim_outgoing_set(out, "Sender", primary);
	return status;
}
