/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* SmartReply and SmartForward of an event in a calendar. The event becomes the mail
   that would invite to it, and that is appended as any original: a forward has the calendar
   object as well, so that who gets it can put it into his calendar and answer its
   organizer, who stays who he is ([MS-ASCMD] 3.1.5.7).

   From 16.0 on a device may just name the Forwardees and say a few words: then the new mail is
   made of the request alone, so that a repeat makes the same one, and is known by its
   ClientId, when the event has changed or is gone. */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "pim-compose.h"
#include "pim-lines.h"
#include "pim-outgoing.h"
#include "pim-scheduling-mail.h"
#include "store-item.h"
#include "eas-class.h"
#include "eas-folders.h"
#include "eas-meeting.h"
#include "cmd-sendmail.h"
#include "cmd-smart.h"

/* -- the new mail -- */

/* 2.2.3.169: what does not go with Forwardees and Body */
static const unsigned int smart_event_excluded[] = {
	EAS_COMPOSEMAIL_MIME, EAS_COMPOSEMAIL_REPLACE_MIME,
	EAS_COMPOSEMAIL_SAVE_IN_SENT_ITEMS, EAS_RIGHTSMANAGEMENT_TEMPLATE_ID,
};

/* "Name <address>"; commas and the like in a name do no harm. */
static bool
smart_event_add_forwardee(const struct wbxml_node *node, string_t *list)
{
	struct pim_scheduling_person person;

	person.address = wbxml_child_text(node,
					  EAS_COMPOSEMAIL_FORWARDEE_EMAIL);
	person.name = wbxml_child_text(node, EAS_COMPOSEMAIL_FORWARDEE_NAME);
	if (node->tag != EAS_COMPOSEMAIL_FORWARDEE || person.address == NULL ||
	    !pim_scheduling_address_is_valid(person.address))
		return FALSE;
	if (str_len(list) > 0)
		str_append(list, ", ");
	pim_scheduling_person_append(list, &person);
	return TRUE;
}

int smart_event_check_forwardees(struct smart_context *ctx)
{
	struct eas_request *req = ctx->req;
	const struct wbxml_node *forwardees, *node;
	string_t *list;

	forwardees = wbxml_node_child(req->root, EAS_COMPOSEMAIL_FORWARDEES);
	if (req->version < EAS_VERSION_16_0 ||
	    (forwardees == NULL &&
	     wbxml_node_child(req->root, EAS_AIRSYNCBASE_BODY) == NULL))
		return 0;
	for (unsigned int i = 0; i < N_ELEMENTS(smart_event_excluded); i++) {
		if (wbxml_node_child(req->root,
				     smart_event_excluded[i]) != NULL) {
			return eas_request_fail(req,
				EAS_STATUS_INVALID_SMART_FORWARD_PARAMETERS);
		}
	}
	list = str_new(req->pool, 256);
	node = forwardees == NULL ? NULL : forwardees->children;
	for (; node != NULL; node = node->next) {
		if (!smart_event_add_forwardee(node, list))
			break;
	}
	if (node != NULL || str_len(list) == 0)
		return eas_request_fail(req, EAS_STATUS_INVALID_FORWARDEES);
	ctx->forwardees = str_c(list);
	return 0;
}

/* Returns 0, or -1 (logged). */
static int
smart_event_write(struct smart_context *ctx, const char *text,
		  enum eas_body_type type, struct istream **input_r)
{
	struct pim_compose compose;
	struct pim_compose_text *body;
	struct pim_compose_part *part;
	struct ostream *output = smart_spool(ctx);
	const char *error;
	int ret;

	pim_compose_init(&compose, ctx->req->pool);
	pim_compose_addresses(compose.header, "To", ctx->forwardees);
	body = pim_compose_add_text(&compose);
	part = type == EAS_BODY_HTML ? &body->html : &body->plain;
	part->content = i_stream_create_from_data(text, strlen(text));
	ret = pim_compose_write(&compose, output, &error);
	i_stream_unref(&part->content);
	if (ret < 0 || o_stream_flush(output) < 0) {
		e_error(ctx->req->event, "Writing a mail failed: %s",
			ret < 0 ? error : o_stream_get_error(output));
		o_stream_abort(output);
		o_stream_destroy(&output);
		return -1;
	}
	*input_r = iostream_temp_finish(&output, IO_BLOCK_SIZE);
	return 0;
}

int smart_event_parse(struct smart_context *ctx, struct eas_submission *sub_r)
{
	struct eas_request *req = ctx->req;
	enum eas_body_type type;
	const char *text;
	int ret;

	i_zero(sub_r);
	if (eas_sendmail_parse_name(req, sub_r) < 0)
		return -1;
	ret = eas_class_read_body(req, req->root, NULL, &text, &type);
	if (ret < 0)
		return eas_request_fail(req, EAS_STATUS_INVALID_FORWARDEES);
	if (ret == 0)
		text = "";
	if (smart_event_write(ctx, text, type, &sub_r->input) < 0)
		return eas_request_fail_temp(req);
	/* nothing else would show that it was sent */
	sub_r->save_in_sent = TRUE;
	return 0;
}

/* -- the event -- */

static void
smart_event_person(pool_t pool, const struct pim_property *prop,
		   struct pim_scheduling_person *person_r)
{
	const char *address = pim_property_value(prop);

	if (strncasecmp(address, "mailto:", 7) == 0)
		address += 7;
	person_r->address = p_strdup(pool, address);
	person_r->name = p_strdup(pool, pim_property_param(prop, "CN"));
}

/* What people see of the event. */
static void
smart_event_describe(struct smart_context *ctx, struct pim_component *event,
		     struct pim_scheduling_letter *letter)
{
	ARRAY_TYPE(pim_scheduling_person) people;
	pool_t pool = ctx->req->pool;
	struct pim_property *prop;

	prop = pim_property_find(event, "ORGANIZER");
	if (prop != NULL)
		smart_event_person(pool, prop, &letter->from);
	p_array_init(&people, pool, 8);
	for (prop = pim_property_find(event, "ATTENDEE"); prop != NULL;
	     prop = pim_property_next(prop, "ATTENDEE")) {
		smart_event_person(pool, prop,
				   array_append_space(&people));
	}
	letter->to = array_get(&people, &letter->to_count);
	letter->comment = p_strdup(pool, pim_component_text(event,
							    "DESCRIPTION"));
}

static void
smart_event_set_subject(struct pim_outgoing *out, const char *summary)
{
	string_t *str = t_str_new(128);
	size_t prefix = strlen("Subject: ");

	pim_compose_unstructured(str, "Subject", t_strconcat("FW: ",
		summary == NULL ? "" : summary, NULL));
	str_truncate(str, str_len(str) - strlen("\r\n"));
	pim_outgoing_set(out, "Subject", str_c(str) + prefix);
}

/* The mail that would invite to it. Returns 0, or -1 if the text can't be read. */
static int
smart_event_letter(struct smart_context *ctx, struct pim_outgoing *out,
		   const struct store_item *item, enum pim_itip_method method,
		   const char *text, string_t *dest)
{
	struct pim_scheduling_letter letter = {
		.method = method, .text = text,
	};
	struct pim_component *calendar, *event = NULL;
	struct pim_lines *doc;
	const char *error;

	if (pim_lines_parse(text, strlen(text), NULL, &doc, &error) < 0)
		return -1;
	calendar = pim_component_find(pim_lines_root(doc), "VCALENDAR");
	if (calendar != NULL)
		event = pim_component_find(calendar, "VEVENT");
	if (event == NULL) {
		pim_lines_free(&doc);
		return -1;
	}
	smart_event_describe(ctx, event, &letter);
	if (ctx->forwardees != NULL) {
		smart_event_set_subject(out, pim_component_text(event,
								"SUMMARY"));
	}
	pim_lines_free(&doc);
	letter.message_id = item->props.pim_uid;
	pim_scheduling_letter_write(&letter, dest);
	return 0;
}

/* Returns 0 and the original, or a Status. */
static unsigned int
smart_event_get(struct smart_context *ctx, struct pim_outgoing *out,
		string_t *mail)
{
	struct eas_request *req = ctx->req;
	struct pim_scheduling_user user;
	struct store_item item;
	enum pim_itip_method method;
	string_t *text = t_str_new(4096);
	int ret;

	ret = store_item_get(req->store, req->pool, ctx->folder->pim_id,
			     ctx->uid, &item);
	if (ret <= 0) {
		return ret < 0 ? EAS_STATUS_SERVER_ERROR_RETRY_LATER :
			EAS_STATUS_ITEM_NOT_FOUND;
	}
	eas_meeting_user(req, &user);
	switch (pim_scheduling_forward(&user, item.text, item.size,
				       ctx->has_instance ? &ctx->instance :
				       NULL, text, &method)) {
	case PIM_FORWARD_OK:
		if (smart_event_letter(ctx, out, &item, method, str_c(text),
				       mail) == 0)
			return 0;
		break;
	case PIM_FORWARD_NO_INSTANCE:
		return EAS_STATUS_ITEM_NOT_FOUND;
	case PIM_FORWARD_NOT_RECURRING:
		return EAS_STATUS_NO_RECURRENCE_IN_CALENDAR;
	case PIM_FORWARD_INVALID:
		break;
	}
	e_info(req->event, "Calendar %s: UID %u can't be read",
	       ctx->folder->name, ctx->uid);
	return EAS_STATUS_MESSAGE_REPLY_FAILED;
}

unsigned int
smart_event_compose(struct smart_context *ctx, struct pim_outgoing *out,
		    struct istream **merged_r)
{
	struct pim_merge_mail original;
	string_t *mail = str_new(ctx->req->pool, 8192);
	struct istream *input;
	unsigned int status;

	status = smart_event_get(ctx, out, mail);
	if (status != 0 || ctx->replace_mime)
		return status;
	input = i_stream_create_from_data(str_data(mail), str_len(mail));
	i_stream_set_name(input, "(event)");
	status = smart_read(ctx, input, &original) < 0 ?
		EAS_STATUS_MESSAGE_REPLY_FAILED :
		smart_merge(ctx, out, &original, merged_r);
	i_stream_unref(&input);
	return status;
}
