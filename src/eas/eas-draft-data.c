/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "istream.h"
#include "sha1.h"
#include "eas-options.h"
#include "eas-draft.h"

/* [MS-ASEMAIL] 3.1.5.4, [MS-ASAIRS] 2.2.2.2, 2.2.2.21 */

/* more than anybody sends; every one is a part */
#define EAS_DRAFT_ATTACHMENTS_MAX 500

/* [MS-ASAIRS] 2.2.2.31.1 Method */
#define EAS_DRAFT_METHOD_NORMAL 1
#define EAS_DRAFT_METHOD_MESSAGE 5

static int
eas_draft_parse_add(const struct wbxml_node *node,
		    struct eas_draft_attachment *add_r)
{
	unsigned int method;

	i_zero(add_r);
	add_r->client_id = wbxml_child_text(node, EAS_AIRSYNCBASE_CLIENT_ID);
	add_r->name = wbxml_child_text(node, EAS_AIRSYNCBASE_DISPLAY_NAME);
	add_r->content = wbxml_node_child(node, EAS_AIRSYNCBASE_CONTENT);
	if (add_r->client_id == NULL || *add_r->client_id == '\0' ||
	    add_r->name == NULL || add_r->content == NULL ||
	    wbxml_child_uint(node, EAS_AIRSYNCBASE_METHOD, &method) <= 0)
		return -1;
	switch (method) {
	case EAS_DRAFT_METHOD_NORMAL:
		add_r->type = wbxml_child_text(node,
					       EAS_AIRSYNCBASE_CONTENT_TYPE);
		if (add_r->type == NULL)
			add_r->type = "";
		break;
	case EAS_DRAFT_METHOD_MESSAGE:
		add_r->type = "message/rfc822";
		break;
	default:
		return -1;
	}
	add_r->content_id = wbxml_child_text(node, EAS_AIRSYNCBASE_CONTENT_ID);
	add_r->content_location =
		wbxml_child_text(node, EAS_AIRSYNCBASE_CONTENT_LOCATION);
	/* only pictures can be shown within the text */
	add_r->is_inline =
		wbxml_node_child(node, EAS_AIRSYNCBASE_IS_INLINE) != NULL &&
		add_r->content_id != NULL && *add_r->content_id != '\0';
	return 0;
}

static int
eas_draft_parse_attachments(const struct wbxml_node *attachments,
			    struct eas_draft_data *data)
{
	const struct wbxml_node *node;
	struct eas_draft_attachment add;
	const char *ref;

	if (attachments == NULL)
		return 0;
	for (node = attachments->children; node != NULL; node = node->next) {
		if (array_count(&data->adds) + array_count(&data->deletes) >=
		    EAS_DRAFT_ATTACHMENTS_MAX)
			return -1;
		switch (node->tag) {
		case EAS_AIRSYNCBASE_ADD:
			if (eas_draft_parse_add(node, &add) < 0)
				return -1;
			array_push_back(&data->adds, &add);
			break;
		case EAS_AIRSYNCBASE_DELETE:
			ref = wbxml_child_text(node,
					       EAS_AIRSYNCBASE_FILE_REFERENCE);
			if (ref == NULL)
				return -1;
			array_push_back(&data->deletes, &ref);
			break;
		case EAS_AIRSYNCBASE_ATTACHMENT:
			/* one that is there and stays */
			break;
		default:
			return -1;
		}
	}
	return 0;
}

static int
eas_draft_parse_body(const struct wbxml_node *body, struct eas_draft_data *data)
{
	if (body == NULL)
		return 0;
	/* [MS-ASCMD] 2.2.3.24: without Data the text stays */
	data->body = wbxml_node_child(body, EAS_AIRSYNCBASE_DATA);
	if (data->body == NULL)
		return 0;
	if (wbxml_child_uint(body, EAS_AIRSYNCBASE_TYPE,
			     &data->body_type) <= 0)
		return -1;
	switch (data->body_type) {
	case EAS_BODY_PLAIN:
	case EAS_BODY_HTML:
	case EAS_BODY_MIME:
		return 0;
	default:
		return -1;
	}
}

int eas_draft_data_parse(struct eas_request *req,
			 const struct wbxml_node *application_data,
			 struct eas_draft_data *data_r)
{
	unsigned int importance;
	int ret;

	i_zero(data_r);
	data_r->importance = -1;
	p_array_init(&data_r->adds, req->pool, 4);
	p_array_init(&data_r->deletes, req->pool, 4);
	if (application_data == NULL)
		return 0;
	data_r->to = wbxml_child_text(application_data, EAS_EMAIL_TO);
	data_r->cc = wbxml_child_text(application_data, EAS_EMAIL_CC);
	data_r->bcc = wbxml_child_text(application_data, EAS_EMAIL2_BCC);
	data_r->subject = wbxml_child_text(application_data,
					   EAS_EMAIL_SUBJECT);
	data_r->reply_to = wbxml_child_text(application_data,
					    EAS_EMAIL_REPLY_TO);
	ret = wbxml_child_uint(application_data, EAS_EMAIL_IMPORTANCE,
			       &importance);
	if (ret < 0 || (ret > 0 && importance > 2))
		return -1;
	if (ret > 0)
		data_r->importance = importance;
	if (eas_draft_parse_body(wbxml_node_child(application_data,
					EAS_AIRSYNCBASE_BODY), data_r) < 0 ||
	    eas_draft_parse_attachments(wbxml_node_child(application_data,
					EAS_AIRSYNCBASE_ATTACHMENTS),
					data_r) < 0)
		return -1;
	data_r->has_content = data_r->to != NULL || data_r->cc != NULL ||
		data_r->bcc != NULL || data_r->subject != NULL ||
		data_r->reply_to != NULL || data_r->importance >= 0 ||
		data_r->body != NULL || array_count(&data_r->adds) > 0 ||
		array_count(&data_r->deletes) > 0;
	return 0;
}

static void
eas_draft_digest_node(struct eas_request *req, const struct wbxml_node *node,
		      struct sha1_ctxt *ctx)
{
	const struct wbxml_node *child;
	const unsigned char *data;
	struct istream *input;
	size_t size;

	sha1_loop(ctx, &node->tag, sizeof(node->tag));
	if (node->external || node->data != NULL) {
		input = wbxml_node_stream(node, req->req->body);
		while (i_stream_read_more(input, &data, &size) > 0) {
			sha1_loop(ctx, data, size);
			i_stream_skip(input, size);
		}
		i_stream_unref(&input);
	}
	for (child = node->children; child != NULL; child = child->next)
		eas_draft_digest_node(req, child, ctx);
	sha1_loop(ctx, "", 1);
}

const char *eas_draft_digest(struct eas_request *req,
			     const struct wbxml_node *node)
{
	unsigned char digest[SHA1_RESULTLEN];
	struct sha1_ctxt ctx;

	sha1_init(&ctx);
	eas_draft_digest_node(req, node, &ctx);
	sha1_result(&ctx, digest);
	return binary_to_hex(digest, 8);
}
