/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "istream.h"
#include "istream-concat.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "pim-body.h"
#include "pim-compose.h"
#include "pim-message.h"
#include "pim-tnef.h"
#include "pim-merge.h"
#include "pim-merge-html.h"

/* of each line that tells what the original was */
#define PIM_MERGE_LINE_MAX 1000

/* What the reader is told of the original, as every mail client does it. */
static const struct {
	const char *label;
	enum pim_header_name header;
	bool addresses;
} merge_lines[] = {
	{ "From", PIM_HEADER_FROM, TRUE },
	{ "Sent", PIM_HEADER_DATE, FALSE },
	{ "To", PIM_HEADER_TO, TRUE },
	{ "Cc", PIM_HEADER_CC, TRUE },
	{ "Subject", PIM_HEADER_SUBJECT, FALSE },
};

static const char *
merge_line_value(const struct pim_message *msg, unsigned int i)
{
	const char *raw = msg->headers.value[merge_lines[i].header];
	string_t *str;

	if (raw == NULL)
		return NULL;
	if (!merge_lines[i].addresses)
		return pim_header_decode(raw);
	str = t_str_new(128);
	pim_header_addresses(str, raw, ", ", PIM_MERGE_LINE_MAX);
	return str_len(str) == 0 ? NULL : str_c(str);
}

static void merge_head_plain(const struct pim_message *msg, string_t *dest)
{
	const char *value;
	unsigned int i;

	str_append(dest, "\r\n\r\n-----Original Message-----\r\n");
	for (i = 0; i < N_ELEMENTS(merge_lines); i++) {
		value = merge_line_value(msg, i);
		if (value != NULL) {
			str_printfa(dest, "%s: %s\r\n", merge_lines[i].label,
				    value);
		}
	}
	str_append(dest, "\r\n");
}

static void merge_head_html(const struct pim_message *msg, string_t *dest)
{
	const char *value;
	unsigned int i;

	str_append(dest, "<br><hr><div>\r\n");
	for (i = 0; i < N_ELEMENTS(merge_lines); i++) {
		value = merge_line_value(msg, i);
		if (value == NULL)
			continue;
		str_printfa(dest, "<b>%s:</b> ", merge_lines[i].label);
		pim_merge_html_escape(dest, value);
		str_append(dest, "<br>\r\n");
	}
	str_append(dest, "</div><br>\r\n");
}

/* -- texts -- */

static int
merge_spool_failed(struct ostream **output, const char **error_r)
{
	*error_r = t_strdup_printf("Spooling a text failed: %s",
				   o_stream_get_error(*output));
	o_stream_abort(*output);
	o_stream_destroy(output);
	return -1;
}

static int
merge_write_body(const struct pim_merge_mail *mail, enum pim_body_type type,
		 struct ostream *output, const char **error_r)
{
	struct pim_body_result result;

	if (pim_body_write(mail->msg, mail->input, type, UOFF_T_MAX, output,
			   &result) == 0)
		return 0;
	*error_r = t_strdup_printf("Reading %s failed: %s",
				   i_stream_get_name(mail->input),
				   i_stream_get_error(mail->input));
	return -1;
}

/* What was written, as a stream; if ret < 0 it was not, and *error_r says why.
   NULL = failed. */
static struct istream *
merge_spool_finish(struct ostream *output, int ret, const char **error_r)
{
	if (ret < 0) {
		o_stream_abort(output);
		o_stream_destroy(&output);
		return NULL;
	}
	if (o_stream_flush(output) < 0) {
		(void)merge_spool_failed(&output, error_r);
		return NULL;
	}
	return iostream_temp_finish(&output, IO_BLOCK_SIZE);
}

/* The text of one mail, as a stream. NULL = failed. */
static struct istream *
merge_spool_body(struct pim_merge *merge, const struct pim_merge_mail *mail,
		 enum pim_body_type type, const char **error_r)
{
	struct ostream *output = merge->spool(merge->spool_context);

	return merge_spool_finish(output, merge_write_body(mail, type, output,
							   error_r), error_r);
}

static struct istream *merge_stream_from_str(const string_t *str)
{
	return i_stream_create_copy_from_data(str_data(str), str_len(str));
}

static struct istream *
merge_plain(struct pim_merge *merge, bool with_original, const char **error_r)
{
	struct istream *inputs[4], *result;
	string_t *head = t_str_new(512);
	unsigned int i;

	i_zero(&inputs);
	inputs[0] = merge_spool_body(merge, &merge->new_mail, PIM_BODY_PLAIN,
				     error_r);
	if (inputs[0] == NULL || !with_original)
		return inputs[0];
	inputs[2] = merge_spool_body(merge, &merge->original, PIM_BODY_PLAIN,
				     error_r);
	if (inputs[2] == NULL) {
		i_stream_unref(&inputs[0]);
		return NULL;
	}
	merge_head_plain(merge->original.msg, head);
	inputs[1] = merge_stream_from_str(head);
	result = i_stream_create_concat(inputs);
	for (i = 0; i < 3; i++)
		i_stream_unref(&inputs[i]);
	return result;
}

static struct istream *
merge_html(struct pim_merge *merge, bool with_original, const char **error_r)
{
	struct istream *new_html, *original, *result;
	string_t *head = t_str_new(512);

	new_html = merge_spool_body(merge, &merge->new_mail, PIM_BODY_HTML,
				    error_r);
	if (new_html == NULL || !with_original)
		return new_html;
	original = merge_spool_body(merge, &merge->original, PIM_BODY_HTML,
				    error_r);
	if (original == NULL) {
		i_stream_unref(&new_html);
		return NULL;
	}
	merge_head_html(merge->original.msg, head);
	result = pim_merge_html_join(new_html, str_c(head), original);
	i_stream_unref(&new_html);
	i_stream_unref(&original);
	return result;
}

static bool merge_has_plain(const struct pim_message *msg)
{
	const struct pim_section *section;

	array_foreach(&msg->sections, section) {
		if (section->plain != NULL)
			return TRUE;
	}
	return array_is_empty(&msg->sections);
}

/* -- parts -- */

static void
merge_add_entity(struct pim_compose *compose, const struct pim_merge_mail *mail,
		 const struct pim_part *part, bool is_inline)
{
	struct pim_compose_part *dest = pim_compose_add_part(compose);

	dest->entity = i_stream_create_range(mail->input, part->header_pos,
		part->body_pos + part->body_size - part->header_pos);
	dest->is_inline = is_inline;
	dest->content_id = part->content_id;
}

/* A client that puts a picture of the original into the new mail by itself needs no
   second one under the same name. */
static bool
merge_has_content_id(const struct pim_message *msg, const char *content_id)
{
	struct pim_part *part;

	if (content_id == NULL)
		return FALSE;
	array_foreach_elem(&msg->attachments, part) {
		if (part->content_id != NULL &&
		    strcmp(part->content_id, content_id) == 0)
			return TRUE;
	}
	return FALSE;
}

static void merge_add_new_parts(struct pim_merge *merge,
				struct pim_compose *compose)
{
	const struct pim_message *msg = merge->new_mail.msg;
	struct pim_part *part;

	array_foreach_elem(&msg->attachments, part) {
		merge_add_entity(compose, &merge->new_mail, part,
				 part->is_inline);
	}
}

/* A message within a TNEF, as a mail. NULL = failed. */
static struct istream *
merge_spool_mail(struct pim_merge *merge, const struct pim_part *part,
		 const char **error_r)
{
	struct istream *input = merge->original.input;
	struct ostream *output = merge->spool(merge->spool_context);

	int ret = pim_part_write(part, input, output);

	if (ret < 0) {
		*error_r = t_strdup_printf("Reading %s failed: %s",
					   i_stream_get_name(input),
					   i_stream_get_error(input));
	}
	return merge_spool_finish(output, ret, error_r);
}

/* What stands within a TNEF leaves it: nobody but Outlook would find it. */
static int
merge_add_inside(struct pim_merge *merge, struct pim_compose *compose,
		 const struct pim_part *part, bool is_inline,
		 const char **error_r)
{
	struct istream *input = merge->original.input;
	struct pim_compose_part *dest = pim_compose_add_part(compose);

	dest->content = pim_tnef_part_is_mail(part) ?
		merge_spool_mail(merge, part, error_r) :
		pim_part_stream(part, input);
	dest->type = part->type;
	dest->name = p_strdup(merge->pool, pim_part_file_name(part, input));
	dest->content_id = part->content_id;
	dest->content_location = part->content_location;
	dest->is_inline = is_inline;
	return dest->content == NULL ? -1 : 0;
}

static int
merge_add_original_parts(struct pim_merge *merge, struct pim_compose *compose,
			 bool html, const char **error_r)
{
	const struct pim_message *msg = merge->original.msg;
	struct pim_part *part;
	bool is_inline;

	array_foreach_elem(&msg->attachments, part) {
		is_inline = part->is_inline && html;
		if ((!is_inline && !merge->forward) ||
		    merge_has_content_id(merge->new_mail.msg,
					 part->content_id))
			continue;
		if (part->inside == NULL) {
			merge_add_entity(compose, &merge->original, part,
					 is_inline);
		} else if (merge_add_inside(merge, compose, part, is_inline,
					    error_r) < 0)
			return -1;
	}
	return 0;
}

/* The whole original as message/rfc822. */
static void
merge_attach_original(struct pim_merge *merge, struct pim_compose *compose)
{
	static const char *head =
		"Content-Type: message/rfc822\r\n"
		"Content-Disposition: attachment; "
			"filename=\"original.eml\"\r\n\r\n";
	struct istream *inputs[3];
	unsigned int i;

	inputs[0] = i_stream_create_from_data(head, strlen(head));
	inputs[1] = i_stream_create_range(merge->original.input, 0,
					  UOFF_T_MAX);
	inputs[2] = NULL;
	pim_compose_add_part(compose)->entity = i_stream_create_concat(inputs);
	for (i = 0; i < 2; i++)
		i_stream_unref(&inputs[i]);
}

/* -- the whole -- */

/* Is it signed in a way that other parts can stand beside it? */
static bool merge_is_signed(const struct pim_message *msg)
{
	struct pim_content_value value;

	pim_header_content_parse(msg->headers.value[PIM_HEADER_CONTENT_TYPE],
				 &value);
	return strcmp(value.value, "multipart/signed") == 0;
}

static bool merge_is_secure(const struct pim_message *msg)
{
	return msg->kind == PIM_MESSAGE_SMIME ||
		msg->kind == PIM_MESSAGE_SMIME_SIGNED ||
		msg->kind == PIM_MESSAGE_PGP;
}

bool pim_merge_is_possible(const struct pim_merge *merge)
{
	const struct pim_message *msg = merge->new_mail.msg;

	if (msg->incomplete)
		return FALSE;
	return !merge_is_secure(msg) ||
		(merge->forward && merge_is_signed(msg));
}

/* Is the original to be attached as it is rather than taken apart? */
static bool merge_keeps_original(const struct pim_merge *merge)
{
	const struct pim_message *msg = merge->original.msg;

	return merge_is_secure(msg) || msg->incomplete ||
		(merge->forward && msg->report != NULL);
}

static int
merge_add_texts(struct pim_merge *merge, struct pim_compose *compose,
		bool original, bool *html_r, const char **error_r)
{
	const struct pim_message *msg = merge->new_mail.msg;
	struct pim_compose_text *text = pim_compose_add_text(compose);

	*html_r = msg->has_html || (original && merge->original.msg->has_html);
	if (merge_has_plain(msg)) {
		text->plain.content = merge_plain(merge, original, error_r);
		if (text->plain.content == NULL)
			return -1;
	}
	if (*html_r) {
		text->html.content = merge_html(merge, original, error_r);
		if (text->html.content == NULL)
			return -1;
	}
	return 0;
}

static int
merge_build(struct pim_merge *merge, struct pim_compose *compose,
	    const char **error_r)
{
	struct pim_compose_part *part;
	bool html, keeps = merge_keeps_original(merge);

	if (merge_is_secure(merge->new_mail.msg)) {
		part = pim_compose_add_part(compose);
		part->entity = i_stream_create_range(merge->new_mail.input, 0,
						     UOFF_T_MAX);
		part->entity_is_mail = TRUE;
		merge_attach_original(merge, compose);
		return 0;
	}
	if (merge_add_texts(merge, compose, !keeps, &html, error_r) < 0)
		return -1;
	merge_add_new_parts(merge, compose);
	if (!keeps)
		return merge_add_original_parts(merge, compose, html, error_r);
	merge_attach_original(merge, compose);
	return 0;
}

static void merge_free_part(struct pim_compose_part *part)
{
	i_stream_unref(&part->content);
	i_stream_unref(&part->entity);
}

int pim_merge_write(struct pim_merge *merge, struct ostream *output,
		    const char **error_r)
{
	struct pim_compose compose;
	struct pim_compose_text *text;
	struct pim_compose_part *part;
	int ret;

	pim_compose_init(&compose, merge->pool);
	str_append_str(compose.header, merge->header);
	ret = merge_build(merge, &compose, error_r);
	if (ret == 0)
		ret = pim_compose_write(&compose, output, error_r);
	array_foreach_modifiable(&compose.texts, text) {
		merge_free_part(&text->plain);
		merge_free_part(&text->html);
	}
	array_foreach_modifiable(&compose.parts, part)
		merge_free_part(part);
	return ret;
}
