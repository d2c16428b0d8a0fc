/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "message-date.h"
#include "ostream.h"
#include "str.h"
#include "pim-body.h"
#include "pim-compose.h"
#include "pim-tnef-private.h"

/* A message that is attached within a TNEF is one of MAPI properties. Devices
   know message/rfc822. */

/* More of its text is cut off: it is held in memory. */
#define TNEF_MAIL_TEXT_MAX (4*1024*1024)

bool pim_tnef_part_is_mail(const struct pim_part *part)
{
	return part->inside != NULL && part->message;
}

static void
tnef_mail_addresses(const struct pim_tnef *tnef, string_t *header,
		    const char *name, enum tnef_prop prop)
{
	const char *value = pim_tnef_get_text(tnef->pool, tnef, prop);

	if (value != NULL)
		pim_compose_addresses(header, name, value);
}

static void tnef_mail_from(const struct pim_tnef *tnef, string_t *header)
{
	const char *name = pim_tnef_get_text(tnef->pool, tnef, TNEF_FROM_NAME);
	const char *mail = pim_tnef_get_text(tnef->pool, tnef, TNEF_FROM_SMTP);
	string_t *value = t_str_new(128);

	if (mail == NULL)
		mail = pim_tnef_get_text(tnef->pool, tnef, TNEF_FROM_MAIL);
	/* Exchange's own addresses are none for people */
	if (mail != NULL &&
	    (strchr(mail, '@') == NULL || strpbrk(mail, " <>,;\"") != NULL))
		mail = NULL;
	if (name != NULL) {
		str_append_c(value, '"');
		for (; *name != '\0'; name++) {
			if (*name != '"' && *name != '\\')
				str_append_c(value, *name);
		}
		str_append(value, "\" ");
	}
	if (mail != NULL)
		str_printfa(value, "<%s>", mail);
	if (str_len(value) > 0)
		pim_compose_addresses(header, "From", str_c(value));
}

static void tnef_mail_header(const struct pim_tnef *tnef, string_t *header)
{
	const char *value;
	int64_t sent;

	tnef_mail_from(tnef, header);
	tnef_mail_addresses(tnef, header, "To", TNEF_DISPLAY_TO);
	tnef_mail_addresses(tnef, header, "Cc", TNEF_DISPLAY_CC);
	value = pim_tnef_get_text(tnef->pool, tnef, TNEF_SUBJECT);
	if (value != NULL)
		pim_compose_unstructured(header, "Subject", value);
	if (pim_tnef_get_time(tnef, TNEF_SENT, &sent) && sent >= 0) {
		str_printfa(header, "Date: %s\r\n",
			    message_date_create(sent));
	}
	value = pim_tnef_get_text(tnef->pool, tnef, TNEF_MESSAGE_ID);
	if (value != NULL)
		pim_compose_unstructured(header, "Message-ID", value);
}

static int
tnef_mail_text(const struct pim_message *msg, struct istream *input,
	       enum pim_body_type type, struct istream **text_r)
{
	buffer_t *text = buffer_create_dynamic(default_pool, 4096);
	struct ostream *output = o_stream_create_buffer(text);
	struct pim_body_result result;
	int ret;

	ret = pim_body_write(msg, input, type, TNEF_MAIL_TEXT_MAX, output,
			     &result);
	if (o_stream_finish(output) < 0)
		ret = -1;
	o_stream_unref(&output);
	*text_r = i_stream_create_copy_from_data(text->data, text->used);
	buffer_free(&text);
	return ret;
}

static void
tnef_mail_part(struct pim_compose *compose, const struct pim_part *part,
	       struct istream *input)
{
	struct pim_compose_part *dest = pim_compose_add_part(compose);

	dest->content = pim_part_stream(part, input);
	dest->type = part->message ? "application/ms-tnef" : part->type;
	dest->name = part->message ? "winmail.dat" :
		p_strdup(compose->pool, pim_part_file_name(part, input));
	dest->content_id = part->content_id;
	dest->content_location = part->content_location;
	dest->is_inline = part->is_inline;
}

static int
tnef_mail_build(struct pim_compose *compose, const struct pim_message *msg,
		struct istream *input)
{
	struct pim_compose_text *text = pim_compose_add_text(compose);
	struct pim_part *part;

	if (tnef_mail_text(msg, input, PIM_BODY_PLAIN, &text->plain.content) < 0)
		return -1;
	if (msg->has_html &&
	    tnef_mail_text(msg, input, PIM_BODY_HTML, &text->html.content) < 0)
		return -1;
	array_foreach_elem(&msg->attachments, part)
		tnef_mail_part(compose, part, input);
	return 0;
}

static void tnef_mail_free(struct pim_compose *compose)
{
	struct pim_compose_text *text;
	struct pim_compose_part *part;

	array_foreach_modifiable(&compose->texts, text) {
		i_stream_unref(&text->plain.content);
		i_stream_unref(&text->html.content);
	}
	array_foreach_modifiable(&compose->parts, part)
		i_stream_unref(&part->content);
}

static int
tnef_mail_write(pool_t pool, const struct pim_part *part,
		struct istream *input, struct ostream *output)
{
	/* the message is a TNEF of its own */
	struct pim_part *outer = p_memdup(pool, part, sizeof(*part));
	struct pim_compose compose;
	struct pim_message msg;
	struct pim_tnef *tnef;
	const char *error;
	int ret;

	i_zero(&msg);
	p_array_init(&msg.sections, pool, 1);
	p_array_init(&msg.attachments, pool, 4);
	array_push_back(&msg.attachments, &outer);
	ret = pim_tnef_read(pool, outer, input, &tnef, &error);
	/* one that can't be read is attached as it is */
	if (ret > 0)
		ret = pim_tnef_show(tnef, input, &msg, FALSE);
	if (ret < 0)
		return -1;
	pim_compose_init(&compose, pool);
	tnef_mail_header(tnef, compose.header);
	ret = tnef_mail_build(&compose, &msg, input);
	if (ret == 0)
		ret = pim_compose_write(&compose, output, &error);
	tnef_mail_free(&compose);
	return ret;
}

int pim_tnef_mail_write(const struct pim_part *part, struct istream *input,
			struct ostream *output)
{
	pool_t pool = pool_alloconly_create("pim tnef mail", 4096);
	int ret;

	T_BEGIN {
		ret = tnef_mail_write(pool, part, input, output);
	} T_END;
	pool_unref(&pool);
	return ret;
}
