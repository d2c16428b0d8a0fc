/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-rtf.h"
#include "pim-tnef-private.h"

/* A TNEF becomes parts of the mail that it is in. Its text is there in one to
   three forms: HTML as it is, RTF that was made of HTML, RTF, plain. */

/* An RTF that is larger before it is unpacked is not looked at. */
#define TNEF_RTF_MAX PIM_RTF_MAX_SIZE

static struct pim_part *
tnef_text_part(struct pim_tnef *tnef, const char *type)
{
	struct pim_part *part = p_new(tnef->pool, struct pim_part, 1);

	part->number = tnef->part->number;
	part->type = type;
	part->encoding = PIM_ENCODING_BINARY;
	return part;
}

/* A text that is left where it is. charset is that of 8-bit text. */
static struct pim_part *
tnef_text_at(struct pim_tnef *tnef, const struct tnef_value *value,
	     const char *type, const char *charset)
{
	struct pim_part *part;

	if (value->type != TNEF_TYPE_STRING &&
	    value->type != TNEF_TYPE_STRING8 &&
	    value->type != TNEF_TYPE_BINARY)
		return NULL;
	if (value->size == 0)
		return NULL;
	part = tnef_text_part(tnef, type);
	part->inside = tnef->part;
	part->charset = value->type == TNEF_TYPE_STRING ? "utf-16le" :
		p_strdup(tnef->pool, charset);
	part->body_pos = value->pos;
	part->body_size = part->body_virtual_size = value->size;
	return part;
}

static struct pim_part *
tnef_text_made(struct pim_tnef *tnef, const buffer_t *text, const char *type)
{
	struct pim_part *part;

	if (text->used == 0)
		return NULL;
	part = tnef_text_part(tnef, type);
	part->charset = "utf-8";
	part->made = p_memdup(tnef->pool, text->data, text->used);
	part->body_size = part->body_virtual_size = text->used;
	return part;
}

static int
tnef_read_all(const struct pim_part *part, struct istream *input,
	      buffer_t *dest)
{
	struct istream *stream = pim_part_stream(part, input);
	const unsigned char *data;
	size_t size;
	int ret;

	while (i_stream_read_more(stream, &data, &size) > 0) {
		buffer_append(dest, data, size);
		i_stream_skip(stream, size);
	}
	ret = stream->stream_errno == 0 ? 0 : -1;
	i_stream_unref(&stream);
	return ret;
}

static void
tnef_show_rtf_text(struct pim_tnef *tnef, const buffer_t *rtf,
		   struct pim_section *section)
{
	buffer_t *text = buffer_create_dynamic(default_pool, rtf->used + 1);

	if (pim_rtf_to_html(rtf->data, rtf->used, text)) {
		section->html = tnef_text_made(tnef, text, "text/html");
		buffer_free(&text);
		return;
	}
	if (pim_rtf_to_simple_html(rtf->data, rtf->used, text))
		section->html = tnef_text_made(tnef, text, "text/html");
	if (section->plain == NULL) {
		buffer_set_used_size(text, 0);
		pim_rtf_to_text(rtf->data, rtf->used, text);
		section->plain = tnef_text_made(tnef, text, "text/plain");
	}
	buffer_free(&text);
}

/* What a broken one has up to there counts. */
static int
tnef_show_rtf(struct pim_tnef *tnef, struct istream *input,
	      struct pim_section *section)
{
	const struct pim_part *part;
	buffer_t *packed, *rtf;
	const char *error;

	part = tnef_text_at(tnef, &tnef->values[TNEF_RTF], "text/rtf", NULL);
	if (part == NULL || part->body_size > TNEF_RTF_MAX)
		return 0;
	packed = buffer_create_dynamic(default_pool, part->body_size);
	if (tnef_read_all(part, input, packed) < 0) {
		buffer_free(&packed);
		return -1;
	}
	rtf = buffer_create_dynamic(default_pool, packed->used * 2 + 1);
	T_BEGIN {
		(void)pim_rtf_decompress(packed->data, packed->used, rtf,
					 &error);
	} T_END;
	tnef_show_rtf_text(tnef, rtf, section);
	buffer_free(&packed);
	buffer_free(&rtf);
	return 0;
}

static const char *tnef_html_charset(const struct pim_tnef *tnef)
{
	const struct tnef_value *value = &tnef->values[TNEF_HTML_CODEPAGE];

	/* else the document says it, or it is looked at */
	return value->type != TNEF_TYPE_INT32 || value->data == NULL ? NULL :
		pim_charset_of_codepage(value->data[0] | value->data[1] << 8);
}

static int
tnef_show_text(struct pim_tnef *tnef, struct istream *input,
	       struct pim_message *msg)
{
	struct pim_section *first, section;

	i_zero(&section);
	section.plain = tnef_text_at(tnef, &tnef->values[TNEF_BODY],
				     "text/plain", tnef->charset);
	if (section.plain == NULL) {
		section.plain = tnef_text_at(tnef, &tnef->body, "text/plain",
					     tnef->charset);
	}
	first = array_is_empty(&msg->sections) ? NULL :
		array_front_modifiable(&msg->sections);
	/* an empty one only says that this is a mail */
	if (first != NULL && first->plain != NULL &&
	    first->plain->body_size > 2)
		section.plain = first->plain;
	section.html = tnef_text_at(tnef, &tnef->values[TNEF_HTML],
				    "text/html", tnef_html_charset(tnef));
	if (section.html == NULL && tnef_show_rtf(tnef, input, &section) < 0)
		return -1;
	if (first != NULL) {
		if (section.plain != NULL)
			first->plain = section.plain;
		first->html = section.html;
	} else if (section.plain != NULL || section.html != NULL)
		array_push_back(&msg->sections, &section);
	if (section.html != NULL)
		msg->has_html = TRUE;
	return 0;
}

static void
tnef_show_attachments(struct pim_tnef *tnef, struct pim_message *msg,
		      bool keep_part)
{
	struct pim_part *const *parts;
	struct pim_part *part;
	unsigned int i, count;

	parts = array_get(&msg->attachments, &count);
	for (i = 0; i < count; i++) {
		if (parts[i] == tnef->part)
			break;
	}
	array_foreach_elem(&tnef->attachments, part) {
		/* nothing else shows a picture */
		if (!msg->has_html)
			part->is_inline = FALSE;
		array_insert(&msg->attachments, i++, &part, 1);
	}
	if (i < array_count(&msg->attachments) && !keep_part &&
	    !tnef->incomplete && !tnef->broken)
		array_delete(&msg->attachments, i, 1);
}

int pim_tnef_show(struct pim_tnef *tnef, struct istream *input,
		  struct pim_message *msg, bool keep_part)
{
	/* a mail with HTML of its own has all of the text */
	if (!msg->has_html && tnef_show_text(tnef, input, msg) < 0)
		return -1;
	tnef_show_attachments(tnef, msg, keep_part);
	return 0;
}
