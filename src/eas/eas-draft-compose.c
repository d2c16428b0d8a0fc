/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "guid.h"
#include "ioloop.h"
#include "istream.h"
#include "istream-base64.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "str.h"
#include "message-date.h"
#include "message-parser.h"
#include "roost-addresses.h"
#include "pim-compose.h"
#include "pim-message.h"
#include "class-email-private.h"
#include "eas-class.h"
#include "eas-draft.h"

/* A draft is made from what the device says and from the draft that it edits. Fields that it
   says nothing of are copied with all that no device knows of (In-Reply-To, a client's own
   fields). If it says nothing of text and attachments, all of the old mail's content is
   taken over as it is; else a new structure is made of the old parts that stay, each as it
   is, and the new ones. */

struct eas_draft_composer {
	struct eas_request *req;
	pool_t pool;
	const struct eas_draft_data *data;
	const struct eas_draft_base *base;

	/* What fields and parts come from: base, or the device's MIME */
	struct istream *input;
	struct message_part *input_parts;
	struct pim_message *msg;
	bool input_is_mime;

	struct pim_compose compose;
	/* parts of base that stay, in the order of compose.parts: NULL = a new
	   one, which is adds' next */
	ARRAY(const struct pim_part *) kept;
	ARRAY(const struct eas_draft_attachment *) added;
	ARRAY(struct istream *) streams;
	enum eas_draft_error error;
};

static struct istream *
eas_draft_own(struct eas_draft_composer *ctx, struct istream *input)
{
	array_push_back(&ctx->streams, &input);
	return input;
}

static int
eas_draft_fail(struct eas_draft_composer *ctx, enum eas_draft_error error)
{
	ctx->error = error;
	return -1;
}

static int
eas_draft_read_input(struct eas_draft_composer *ctx)
{
	if (pim_message_read(ctx->pool, ctx->input, ctx->input_parts,
			     &ctx->msg) == 0)
		return 0;
	e_error(ctx->req->event, "Reading a draft failed: %s",
		i_stream_get_error(ctx->input));
	return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
}

/* Body of type 4: the device's own mail takes the old one's place. */
static int eas_draft_read_mime(struct eas_draft_composer *ctx)
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct message_parser_ctx *parser;
	struct message_block block;

	ctx->input_is_mime = TRUE;
	ctx->input = eas_draft_own(ctx, wbxml_node_stream(ctx->data->body,
						ctx->req->req->body));
	parser = message_parser_init(ctx->pool, ctx->input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &ctx->input_parts);
	return eas_draft_read_input(ctx);
}

static int eas_draft_open(struct eas_draft_composer *ctx)
{
	if (ctx->data->body_type == EAS_BODY_MIME)
		return eas_draft_read_mime(ctx);
	if (ctx->base->input == NULL)
		return 0;
	ctx->input = ctx->base->input;
	ctx->input_parts = ctx->base->parts;
	return eas_draft_read_input(ctx);
}

/* -- header -- */

static const char *eas_draft_from(struct eas_draft_composer *ctx)
{
	const char *name = roost_user_display_name(ctx->req->req->user);
	const char *address = roost_user_primary_address(ctx->req->req->user);

	if (name == NULL || *name == '\0')
		return address;
	return t_strdup_printf("\"%s\" <%s>", t_str_replace(
		t_str_replace(name, '"', '\''), '\\', '/'), address);
}

static void
eas_draft_new_message_id(struct eas_draft_composer *ctx, string_t *header)
{
	const char *address = roost_user_primary_address(ctx->req->req->user);
	const char *domain = strrchr(address, '@');
	const char *id = ctx->base->message_id;
	guid_128_t guid;

	if (id == NULL) {
		guid_128_generate(guid);
		id = guid_128_to_string(guid);
	}
	str_printfa(header, "Message-ID: <%s%s>\r\n", id,
		    domain == NULL ? "@localhost" : domain);
}

/* A field of the old draft that the device's MIME has no room for. */
static void
eas_draft_inherit(struct eas_draft_composer *ctx, const struct pim_message *old,
		  enum pim_header_name name)
{
	if (ctx->msg->headers.value[name] == NULL &&
	    old->headers.value[name] != NULL) {
		pim_compose_unstructured(ctx->compose.header,
					 pim_header_names[name],
					 old->headers.value[name]);
	}
}

static int eas_draft_inherit_all(struct eas_draft_composer *ctx)
{
	struct pim_message *old;

	if (!ctx->input_is_mime || ctx->base->input == NULL)
		return 0;
	if (pim_message_read(ctx->pool, ctx->base->input, ctx->base->parts,
			     &old) < 0)
		return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
	eas_draft_inherit(ctx, old, PIM_HEADER_IN_REPLY_TO);
	eas_draft_inherit(ctx, old, PIM_HEADER_REFERENCES);
	eas_draft_inherit(ctx, old, PIM_HEADER_MESSAGE_ID);
	return 0;
}

static int
eas_draft_copy_header(struct eas_draft_composer *ctx, const char *const *except)
{
	if (ctx->input == NULL)
		return 0;
	i_stream_seek(ctx->input, 0);
	if (pim_compose_copy_header(ctx->compose.header, ctx->input,
				    except) == 0)
		return 0;
	e_error(ctx->req->event, "Reading a draft's header failed: %s",
		i_stream_get_error(ctx->input));
	return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
}

static bool
eas_draft_has_header(struct eas_draft_composer *ctx, enum pim_header_name name)
{
	return ctx->msg != NULL && ctx->msg->headers.value[name] != NULL;
}

static int
eas_draft_write_header(struct eas_draft_composer *ctx, const char *marker)
{
	static const char *const always[] = {
		"Date", EAS_DRAFT_MARKER_HEADER,
	};
	/* what other clients note in their drafts, for themselves */
	static const char *const notes[] = {
		"X-Mozilla-Draft-Info", "X-Mozilla-Keys", "X-Mozilla-Status",
		"X-Mozilla-Status2", "X-Identity-Key", "X-Account-Key",
		"X-Unsent", "Fcc",
	};
	static const char *const priorities[] = {
		"Importance", "X-Priority", "X-MSMail-Priority", "Priority",
	};
	static const char *const importances[] = { "low", NULL, "high" };
	const struct eas_draft_data *data = ctx->data;
	bool mime = ctx->input_is_mime;
	const struct {
		const char *name, *value;
		bool addresses;
	} fields[] = {
		{ "To", mime ? NULL : data->to, TRUE },
		{ "Cc", mime ? NULL : data->cc, TRUE },
		{ "Bcc", mime ? NULL : data->bcc, TRUE },
		{ "Reply-To", mime ? NULL : data->reply_to, TRUE },
		{ "Subject", mime ? NULL : data->subject, FALSE },
	};
	string_t *header = ctx->compose.header;
	ARRAY_TYPE(const_string) except;
	unsigned int i;

	t_array_init(&except, 16);
	array_append(&except, always, N_ELEMENTS(always));
	if (marker == NULL)
		array_append(&except, notes, N_ELEMENTS(notes));
	for (i = 0; i < N_ELEMENTS(fields); i++) {
		if (fields[i].value != NULL)
			array_push_back(&except, &fields[i].name);
	}
	if (data->importance >= 0)
		array_append(&except, priorities, N_ELEMENTS(priorities));
	array_append_zero(&except);

	if (eas_draft_copy_header(ctx, array_front(&except)) < 0 ||
	    eas_draft_inherit_all(ctx) < 0)
		return -1;
	str_printfa(header, "Date: %s\r\n", message_date_create(ioloop_time));
	if (!eas_draft_has_header(ctx, PIM_HEADER_FROM))
		pim_compose_addresses(header, "From", eas_draft_from(ctx));
	if (!eas_draft_has_header(ctx, PIM_HEADER_MESSAGE_ID) &&
	    strstr(str_c(header), "\r\nMessage-ID: ") == NULL)
		eas_draft_new_message_id(ctx, header);
	for (i = 0; i < N_ELEMENTS(fields); i++) {
		if (fields[i].value == NULL)
			continue;
		if (fields[i].addresses)
			pim_compose_addresses(header, fields[i].name,
					      fields[i].value);
		else
			pim_compose_unstructured(header, fields[i].name,
						 fields[i].value);
	}
	if (data->importance >= 0 && importances[data->importance] != NULL) {
		str_printfa(header, "Importance: %s\r\n",
			    importances[data->importance]);
	}
	if (marker != NULL) {
		str_printfa(header, EAS_DRAFT_MARKER_HEADER": %s\r\n",
			    marker);
	}
	return 0;
}

/* -- content -- */

static struct istream *
eas_draft_entity(struct eas_draft_composer *ctx, const struct pim_part *part)
{
	return eas_draft_own(ctx, i_stream_create_range(ctx->input,
		part->header_pos, part->header_size + part->body_size));
}

static void
eas_draft_take_entity(struct eas_draft_composer *ctx,
		      const struct pim_part *part,
		      struct pim_compose_part *dest)
{
	dest->entity = eas_draft_entity(ctx, part);
	dest->entity_is_mail = part->header_pos == 0;
	dest->is_inline = part->is_inline;
}

/* The text as it was. */
static void eas_draft_keep_texts(struct eas_draft_composer *ctx)
{
	const struct pim_section *section;
	struct pim_compose_text *text;

	if (ctx->msg == NULL)
		return;
	array_foreach(&ctx->msg->sections, section) {
		text = pim_compose_add_text(&ctx->compose);
		if (section->plain != NULL)
			eas_draft_take_entity(ctx, section->plain,
					      &text->plain);
		if (section->html != NULL)
			eas_draft_take_entity(ctx, section->html, &text->html);
	}
}

static int eas_draft_add_text(struct eas_draft_composer *ctx)
{
	struct pim_compose_text *text = pim_compose_add_text(&ctx->compose);
	struct ostream *output;
	struct istream *body;
	int ret;

	body = eas_draft_own(ctx, wbxml_node_stream(ctx->data->body,
						    ctx->req->req->body));
	if (ctx->data->body_type == EAS_BODY_PLAIN) {
		text->plain.content = body;
		return 0;
	}
	text->html.content = body;
	/* who reads no HTML gets its text */
	output = eas_email_spool(ctx->req);
	ret = pim_compose_html_to_text(body, output);
	if (ret < 0 || o_stream_flush(output) < 0) {
		e_error(ctx->req->event, "Spooling a draft's text failed: %s",
			ret < 0 ? i_stream_get_error(body) :
			o_stream_get_error(output));
		o_stream_abort(output);
		o_stream_unref(&output);
		return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
	}
	i_stream_seek(body, 0);
	text->plain.content = eas_draft_own(ctx,
		iostream_temp_finish(&output, IO_BLOCK_SIZE));
	return 0;
}

/* Which parts of the base the device removes, by their numbers in it. */
static void
eas_draft_find_deletes(struct eas_draft_composer *ctx,
		       ARRAY_TYPE(const_string) *numbers)
{
	const struct eas_draft_base *base = ctx->base;
	const char *ref, *folder_id, *part;
	uint32_t uid;

	array_foreach_elem(&ctx->data->deletes, ref) {
		/* what isn't there needs no removal */
		if (eas_file_reference_parse(ref, &folder_id, &uid,
					     &part) < 0 ||
		    strcmp(folder_id, base->folder_id) != 0)
			continue;
		if (uid != base->uid &&
		    (eas_draft_resolve(ctx->req, folder_id, base->uidvalidity,
				       &uid, &part) <= 0 || uid != base->uid))
			continue;
		array_push_back(numbers, &part);
	}
}

/* A signature is of a text that is no more. */
static bool
eas_draft_is_stale_signature(struct eas_draft_composer *ctx,
			     const struct pim_part *part)
{
	return ctx->data->body != NULL &&
		(ctx->msg->kind == PIM_MESSAGE_SMIME_SIGNED ||
		 ctx->msg->kind == PIM_MESSAGE_PGP) &&
		(strcmp(part->type, "application/pkcs7-signature") == 0 ||
		 strcmp(part->type, "application/x-pkcs7-signature") == 0 ||
		 strcmp(part->type, "application/pgp-signature") == 0);
}

static void eas_draft_keep_parts(struct eas_draft_composer *ctx)
{
	ARRAY_TYPE(const_string) deletes;
	struct pim_part *const *partp;
	const struct pim_part *part;

	if (ctx->msg == NULL)
		return;
	t_array_init(&deletes, 8);
	if (!ctx->input_is_mime)
		eas_draft_find_deletes(ctx, &deletes);
	array_append_zero(&deletes);
	array_foreach(&ctx->msg->attachments, partp) {
		part = *partp;
		if (str_array_find(array_front(&deletes), part->number) ||
		    (!ctx->input_is_mime &&
		     eas_draft_is_stale_signature(ctx, part)))
			continue;
		eas_draft_take_entity(ctx, part,
				      pim_compose_add_part(&ctx->compose));
		array_push_back(&ctx->kept, &part);
	}
}

static int
eas_draft_content(struct eas_draft_composer *ctx,
		  const struct wbxml_node *node, struct istream **content_r)
{
	struct istream *input;

	if (eas_class_read_bytes(ctx->req, node, &input) < 0)
		return eas_draft_fail(ctx, EAS_DRAFT_INVALID);
	*content_r = eas_draft_own(ctx, input);
	return 0;
}

static bool
eas_draft_is_there(struct eas_draft_composer *ctx, const char *client_id)
{
	return ctx->base->earlier_parts != NULL && !ctx->input_is_mime &&
		eas_draft_parts_client(ctx->base->earlier_parts,
				       client_id) != NULL;
}

static int eas_draft_add_parts(struct eas_draft_composer *ctx)
{
	const struct eas_draft_attachment *add;
	struct pim_compose_part *part;

	array_foreach(&ctx->data->adds, add) {
		if (eas_draft_is_there(ctx, add->client_id))
			continue;
		part = pim_compose_add_part(&ctx->compose);
		part->type = add->type;
		part->name = add->name;
		part->content_id = add->content_id;
		part->content_location = add->content_location;
		part->is_inline = add->is_inline;
		if (eas_draft_content(ctx, add->content, &part->content) < 0)
			return -1;
		array_push_back(&ctx->added, &add);
	}
	return 0;
}

/* All of the old mail's content in one piece. */
static void eas_draft_keep_content(struct eas_draft_composer *ctx)
{
	struct pim_compose_part *entity =
		&pim_compose_add_text(&ctx->compose)->plain;

	entity->entity = eas_draft_own(ctx,
		i_stream_create_range(ctx->input, 0, UOFF_T_MAX));
	entity->entity_is_mail = TRUE;
}

static bool eas_draft_is_whole(struct eas_draft_composer *ctx)
{
	return ctx->input != NULL && array_count(&ctx->data->adds) == 0 &&
		(ctx->input_is_mime || (ctx->data->body == NULL &&
		 array_count(&ctx->data->deletes) == 0));
}

static int eas_draft_build(struct eas_draft_composer *ctx)
{
	if (eas_draft_is_whole(ctx)) {
		eas_draft_keep_content(ctx);
		return 0;
	}
	if (ctx->data->body != NULL && !ctx->input_is_mime) {
		if (eas_draft_add_text(ctx) < 0)
			return -1;
	} else {
		eas_draft_keep_texts(ctx);
	}
	eas_draft_keep_parts(ctx);
	return eas_draft_add_parts(ctx);
}

/* -- the parts' numbers -- */

static void
eas_draft_map_kept(struct eas_draft_composer *ctx, string_t *parts)
{
	const struct pim_compose_part *part =
		array_count(&ctx->kept) == 0 ? NULL :
		array_front(&ctx->compose.parts);
	const struct pim_part *const *kept;
	struct pim_part *const *old;
	unsigned int i = 0, count;

	kept = array_get(&ctx->kept, &count);
	array_foreach(&ctx->msg->attachments, old) {
		if (i < count && kept[i] == *old) {
			eas_draft_parts_add(parts, (*old)->number,
					    part[i].number);
			i++;
		} else {
			eas_draft_parts_add(parts, (*old)->number, NULL);
		}
	}
}

/* The ClientIds of an earlier attempt, by the numbers of now. */
static void
eas_draft_map_earlier(struct eas_draft_composer *ctx, string_t *parts)
{
	const char *const *clients, *number;
	const char *map = t_strdup(str_c(parts));

	if (ctx->base->earlier_parts == NULL || ctx->input_is_mime)
		return;
	clients = eas_draft_parts_clients(ctx->base->earlier_parts);
	for (; *clients != NULL; clients += 2) {
		number = eas_draft_parts_map(map, clients[1]);
		if (number != NULL)
			eas_draft_parts_add_client(parts, clients[0], number);
	}
}

static void
eas_draft_map_parts(struct eas_draft_composer *ctx, const char **parts_r)
{
	const struct eas_draft_attachment *const *added;
	const struct pim_compose_part *part;
	string_t *parts = t_str_new(128);
	unsigned int i, count;

	if (!eas_draft_is_whole(ctx) && !ctx->input_is_mime &&
	    ctx->msg != NULL)
		eas_draft_map_kept(ctx, parts);
	eas_draft_map_earlier(ctx, parts);
	added = array_get(&ctx->added, &count);
	part = count == 0 ? NULL : array_idx(&ctx->compose.parts,
					     array_count(&ctx->kept));
	for (i = 0; i < count; i++) {
		eas_draft_parts_add_client(parts, added[i]->client_id,
					   part[i].number);
	}
	*parts_r = p_strdup(ctx->req->pool, str_c(parts));
}

static int
eas_draft_run(struct eas_draft_composer *ctx, const char *marker,
	      struct istream **mail_r)
{
	struct ostream *output;
	const char *error;

	if (eas_draft_open(ctx) < 0 ||
	    eas_draft_write_header(ctx, marker) < 0 ||
	    eas_draft_build(ctx) < 0)
		return -1;
	output = eas_email_spool(ctx->req);
	if (pim_compose_write(&ctx->compose, output, &error) < 0) {
		e_error(ctx->req->event, "Making a draft failed: %s", error);
		o_stream_abort(output);
		o_stream_unref(&output);
		return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
	}
	if (o_stream_finish(output) < 0) {
		e_error(ctx->req->event, "Spooling a draft failed: %s",
			o_stream_get_error(output));
		o_stream_unref(&output);
		return eas_draft_fail(ctx, EAS_DRAFT_FAILED);
	}
	*mail_r = iostream_temp_finish(&output, IO_BLOCK_SIZE);
	return 0;
}

enum eas_draft_error
eas_draft_compose(struct eas_request *req, const struct eas_draft_data *data,
		  const struct eas_draft_base *base, const char *marker,
		  struct istream **mail_r, const char **parts_r)
{
	struct eas_draft_composer ctx = {
		.req = req, .data = data, .base = base,
	};
	struct istream *input;

	ctx.pool = pool_alloconly_create("eas draft", 4096);
	pim_compose_init(&ctx.compose, ctx.pool);
	p_array_init(&ctx.kept, ctx.pool, 8);
	p_array_init(&ctx.added, ctx.pool, 8);
	p_array_init(&ctx.streams, ctx.pool, 16);
	T_BEGIN {
		if (eas_draft_run(&ctx, marker, mail_r) == 0)
			eas_draft_map_parts(&ctx, parts_r);
	} T_END;
	array_foreach_elem(&ctx.streams, input)
		i_stream_unref(&input);
	pool_unref(&ctx.pool);
	return ctx.error;
}
