/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "roost-compat.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "message-part.h"
#include "pim-text.h"
#include "pim-tnef.h"
#include "pim-message.h"

/* lib-mail's parser stops at 100 levels; this is the limit for cached trees
   of unknown origin */
#define PIM_MESSAGE_DEPTH_MAX 120
#define PIM_MESSAGE_PARTS_MAX 1000
#define PIM_MESSAGE_SECTIONS_MAX 50
#define PIM_FILE_NAME_MAX 255

struct pim_walk {
	pool_t pool;
	struct istream *input;
	struct pim_message *msg;
	/* more HTML of the alternative that is being read */
	ARRAY_TYPE(pim_section) more_html;
	unsigned int parts_left;
	int ret;
};

/* What a part is to the multipart it stands in. */
enum pim_role {
	/* text is shown, the rest is attached */
	PIM_ROLE_MIXED,
	/* text is collected as one section's alternatives */
	PIM_ROLE_ALTERNATIVE,
	/* attached whatever it is */
	PIM_ROLE_ATTACHED,
	/* attached, and referred to by the text */
	PIM_ROLE_RELATED,
};

static void
pim_walk_part(struct pim_walk *walk, const struct message_part *mpart,
	      const char *number, enum pim_role role,
	      struct pim_section *section, unsigned int depth);

bool pim_part_is_calendar(const struct pim_part *part)
{
	return strcmp(part->type, "text/calendar") == 0 ||
		strcmp(part->type, "application/ics") == 0;
}

bool pim_part_is_tnef(const struct pim_part *part)
{
	return strcmp(part->type, "application/ms-tnef") == 0 ||
		strcmp(part->type, "application/vnd.ms-tnef") == 0;
}

static const char *pim_angle_strip(pool_t pool, const char *id)
{
	size_t len;

	if (id == NULL)
		return NULL;
	id = pim_header_decode(id);
	if (*id == '<')
		id++;
	len = strlen(id);
	if (len > 0 && id[len-1] == '>')
		len--;
	return len == 0 ? NULL : p_strndup(pool, id, len);
}

const char *pim_file_name_clean(const char *name)
{
	string_t *str;
	const char *p;
	size_t len, ext_len, cut;

	if (name == NULL)
		return NULL;
	str = t_str_new(64);
	for (p = name; *p != '\0'; p++)
		str_append_c(str, *p == '/' || *p == '\\' ? '_' : *p);
	/* "." and ".." and hidden files are no names */
	p = str_c(str);
	while (*p == '.' || *p == ' ')
		p++;
	len = strlen(p);
	if (len <= PIM_FILE_NAME_MAX)
		return len == 0 ? NULL : p;

	/* too long: the extension stays */
	name = strrchr(p, '.');
	ext_len = name == NULL ? 0 : strlen(name);
	if (ext_len > 20)
		ext_len = 0;
	cut = pim_text_cut(p, len, PIM_FILE_NAME_MAX - ext_len);
	return t_strconcat(t_strndup(p, cut), ext_len == 0 ? NULL : name,
			   NULL);
}

static const char *pim_part_name(const struct pim_content_value *type,
				 const struct pim_content_value *disposition)
{
	const char *name;

	name = pim_file_name_clean(pim_content_param(disposition, "filename"));
	if (name == NULL)
		name = pim_file_name_clean(pim_content_param(type, "name"));
	return name;
}

static void
pim_part_fill(pool_t pool, struct pim_part *part,
	      const struct message_part *mpart,
	      const struct pim_headers *headers,
	      struct pim_content_value *type_r)
{
	struct pim_content_value disposition, encoding;

	pim_header_content_parse(headers->value[PIM_HEADER_CONTENT_TYPE],
				 type_r);
	pim_header_content_parse(
		headers->value[PIM_HEADER_CONTENT_DISPOSITION], &disposition);
	pim_header_content_parse(
		headers->value[PIM_HEADER_CONTENT_TRANSFER_ENCODING],
		&encoding);
	if (strchr(type_r->value, '/') == NULL) {
		/* RFC 2045 5.2, and multipart/digest's default */
		type_r->value =
			(mpart->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0 ?
			"message/rfc822" : "text/plain";
	}
	part->type = p_strdup(pool, type_r->value);
	part->message =
		(mpart->flags & MESSAGE_PART_FLAG_MESSAGE_RFC822) != 0 ||
		strcmp(part->type, "message/rfc822") == 0 ||
		strcmp(part->type, "message/global") == 0;
	part->charset = p_strdup_empty(pool,
				       pim_content_param(type_r, "charset"));
	if (pim_part_is_calendar(part)) {
		part->method = p_strdup_empty(pool,
			pim_content_param(type_r, "method"));
	}
	part->name = p_strdup(pool, pim_part_name(type_r, &disposition));
	part->content_id = pim_angle_strip(pool,
		headers->value[PIM_HEADER_CONTENT_ID]);
	part->content_location = p_strdup(pool, pim_header_decode(
		headers->value[PIM_HEADER_CONTENT_LOCATION]));
	part->encoding = pim_encoding_find(encoding.value);
	part->attachment = strcmp(disposition.value, "attachment") == 0;
	part->disposition_inline = strcmp(disposition.value, "inline") == 0;
	part->header_pos = mpart->physical_pos;
	part->header_size = mpart->header_size.physical_size;
	part->body_pos = mpart->physical_pos + part->header_size;
	part->body_size = mpart->body_size.physical_size;
	part->body_virtual_size = mpart->body_size.virtual_size;
	part->body_lines = mpart->body_size.lines;
}

static int
pim_part_read(pool_t pool, struct istream *input,
	      const struct message_part *mpart, const char *number,
	      struct pim_headers *headers_r, struct pim_content_value *type_r,
	      struct pim_part **part_r)
{
	struct pim_part *part = p_new(pool, struct pim_part, 1);
	struct istream *header;
	int ret;

	i_stream_seek(input, mpart->physical_pos);
	header = i_stream_create_limit(input,
				       mpart->header_size.physical_size);
	ret = pim_headers_read(pool, header, headers_r);
	i_stream_unref(&header);
	part->number = p_strdup(pool, number);
	pim_part_fill(pool, part, mpart, headers_r, type_r);
	*part_r = part;
	return ret;
}

static void pim_walk_attach(struct pim_walk *walk, struct pim_part *part)
{
	array_push_back(&walk->msg->attachments, &part);
}

static bool
pim_walk_text(struct pim_walk *walk, struct pim_part *part,
	      enum pim_role role, struct pim_section *section)
{
	struct pim_section *more;
	bool html = strcmp(part->type, "text/html") == 0 ||
		strcmp(part->type, "application/xhtml+xml") == 0;

	if ((!html && strcmp(part->type, "text/plain") != 0) ||
	    part->attachment || role == PIM_ROLE_ATTACHED ||
	    role == PIM_ROLE_RELATED)
		return FALSE;
	if (section == NULL) {
		/* a text file is attached, even if it says "inline" */
		if (part->name != NULL &&
		    array_count(&walk->msg->sections) > 0)
			return FALSE;
		if (array_count(&walk->msg->sections) >=
					PIM_MESSAGE_SECTIONS_MAX)
			return FALSE;
		section = array_append_space(&walk->msg->sections);
	}
	if (html && section->html == NULL)
		section->html = part;
	else if (!html && section->plain == NULL)
		section->plain = part;
	else if (html && part->name == NULL &&
		 array_count(&walk->more_html) < PIM_MESSAGE_SECTIONS_MAX) {
		more = array_append_space(&walk->more_html);
		more->html = part;
		more->html_only = section->plain != NULL;
	} else
		return FALSE;
	return TRUE;
}

/* Devices do not list what is inline: only pictures that the text can show. */
static bool pim_part_is_inline(const struct pim_part *part, enum pim_role role)
{
	if (!str_begins_with(part->type, "image/") || part->attachment)
		return FALSE;
	if (role == PIM_ROLE_RELATED)
		return part->content_id != NULL ||
			part->content_location != NULL;
	return part->disposition_inline && part->content_id != NULL;
}

static void
pim_walk_leaf(struct pim_walk *walk, struct pim_part *part,
	      enum pim_role role, struct pim_section *section)
{
	struct pim_message *msg = walk->msg;

	if (msg->calendar == NULL && pim_part_is_calendar(part))
		msg->calendar = part;
	if (msg->tnef == NULL && pim_part_is_tnef(part))
		msg->tnef = part;
	if (msg->report == NULL &&
	    (strcmp(part->type, "message/delivery-status") == 0 ||
	     strcmp(part->type, "message/global-delivery-status") == 0 ||
	     strcmp(part->type, "message/disposition-notification") == 0))
		msg->report = part;
	if (pim_walk_text(walk, part, role, section))
		return;
	part->is_inline = pim_part_is_inline(part, role);
	pim_walk_attach(walk, part);
}

static bool pim_param_is(const struct pim_content_value *type,
			 const char *name, const char *const *values)
{
	const char *value = pim_content_param(type, name);

	return value != NULL && str_array_icase_find(values, value);
}

static void
pim_walk_kind(struct pim_walk *walk, const struct pim_part *part,
	      const struct pim_content_value *type)
{
	static const char *const pkcs7_signature[] = {
		"application/pkcs7-signature", "application/x-pkcs7-signature",
		NULL
	};
	static const char *const pgp[] = {
		"application/pgp-signature", "application/pgp-encrypted", NULL
	};
	static const char *const delivery[] = { "delivery-status", NULL };
	static const char *const disposition[] = {
		"disposition-notification", NULL
	};
	static const char *const certs_only[] = { "certs-only", NULL };
	struct pim_message *msg = walk->msg;

	if (strcmp(part->type, "application/pkcs7-mime") == 0 ||
	    strcmp(part->type, "application/x-pkcs7-mime") == 0) {
		if (!pim_param_is(type, "smime-type", certs_only))
			msg->kind = PIM_MESSAGE_SMIME;
	} else if (strcmp(part->type, "multipart/signed") == 0) {
		if (pim_param_is(type, "protocol", pkcs7_signature))
			msg->kind = PIM_MESSAGE_SMIME_SIGNED;
		else if (pim_param_is(type, "protocol", pgp))
			msg->kind = PIM_MESSAGE_PGP;
	} else if (strcmp(part->type, "multipart/encrypted") == 0) {
		if (pim_param_is(type, "protocol", pgp))
			msg->kind = PIM_MESSAGE_PGP;
	} else if (strcmp(part->type, "multipart/report") == 0) {
		if (pim_param_is(type, "report-type", delivery))
			msg->kind = PIM_MESSAGE_REPORT_DELIVERY;
		else if (pim_param_is(type, "report-type", disposition))
			msg->kind = PIM_MESSAGE_REPORT_DISPOSITION;
	}
}

/* The role that the index'th child has in this multipart. */
static enum pim_role
pim_child_role(const char *type, enum pim_role role, unsigned int index)
{
	if (role == PIM_ROLE_ATTACHED || role == PIM_ROLE_RELATED)
		return role;
	if (strcmp(type, "multipart/alternative") == 0)
		return PIM_ROLE_ALTERNATIVE;
	if (strcmp(type, "multipart/related") == 0)
		return index == 0 ? role : PIM_ROLE_RELATED;
	if (strcmp(type, "multipart/signed") == 0 ||
	    strcmp(type, "multipart/report") == 0)
		return index == 0 ? role : PIM_ROLE_ATTACHED;
	if (strcmp(type, "multipart/encrypted") == 0)
		return PIM_ROLE_ATTACHED;
	return role;
}

static void
pim_walk_children(struct pim_walk *walk, const struct message_part *mpart,
		  const struct pim_part *part, const char *number,
		  enum pim_role role, struct pim_section *section,
		  unsigned int depth)
{
	const struct message_part *child = mpart->children;
	struct pim_section own, *used = section;
	unsigned int index = 0;
	bool alternative = section == NULL &&
		strcmp(part->type, "multipart/alternative") == 0;

	if (alternative) {
		i_zero(&own);
		used = &own;
	}
	for (; child != NULL && walk->ret == 0; child = child->next) {
		const char *child_number = *number == '\0' ?
			t_strdup_printf("%u", index + 1) :
			t_strdup_printf("%s.%u", number, index + 1);

		pim_walk_part(walk, child, child_number,
			      pim_child_role(part->type, role, index), used,
			      depth + 1);
		index++;
	}
	if (alternative && (own.plain != NULL || own.html != NULL)) {
		array_push_back(&walk->msg->sections, &own);
		array_append_array(&walk->msg->sections, &walk->more_html);
		array_clear(&walk->more_html);
	}
}

static void
pim_walk_part(struct pim_walk *walk, const struct message_part *mpart,
	      const char *number, enum pim_role role,
	      struct pim_section *section, unsigned int depth)
{
	struct pim_headers headers;
	struct pim_content_value type;
	struct pim_part *part;
	/* one that wasn't taken apart because it is too deep is attached */
	bool multipart = mpart->children != NULL &&
		(mpart->flags & MESSAGE_PART_FLAG_MULTIPART) != 0;

	if (depth > PIM_MESSAGE_DEPTH_MAX || walk->parts_left == 0) {
		walk->msg->incomplete = TRUE;
		return;
	}
	walk->parts_left--;
	if (pim_part_read(walk->pool, walk->input, mpart,
			  *number == '\0' && !multipart ? "1" : number,
			  &headers, &type, &part) < 0) {
		walk->ret = -1;
		return;
	}
	if (depth == 0) {
		walk->msg->headers = headers;
		pim_walk_kind(walk, part, &type);
	}
	if (multipart) {
		pim_walk_children(walk, mpart, part, number, role, section,
				  depth);
	} else {
		pim_walk_leaf(walk, part, role, section);
	}
}

int pim_message_read(pool_t pool, struct istream *input,
		     const struct message_part *parts,
		     struct pim_message **msg_r)
{
	struct pim_message *msg = p_new(pool, struct pim_message, 1);
	struct pim_walk walk = {
		.pool = pool, .input = input, .msg = msg,
		.parts_left = PIM_MESSAGE_PARTS_MAX,
	};
	const struct pim_section *section;

	p_array_init(&msg->sections, pool, 4);
	p_array_init(&msg->attachments, pool, 4);
	p_array_init(&walk.more_html, pool, 1);
	T_BEGIN {
		pim_walk_part(&walk, parts, "", PIM_ROLE_MIXED, NULL, 0);
	} T_END;
	array_foreach(&msg->sections, section) {
		if (section->html != NULL)
			msg->has_html = TRUE;
	}
	*msg_r = msg;
	return walk.ret;
}

/* The part at an IMAP part number, without descending into embedded
   messages. */
static const struct message_part *
message_part_by_number(const struct message_part *part, const char *number)
{
	unsigned int index;
	const char *p = number;

	if ((part->flags & MESSAGE_PART_FLAG_MULTIPART) == 0)
		return strcmp(number, "1") == 0 ? part : NULL;
	for (;;) {
		if ((part->flags & MESSAGE_PART_FLAG_MULTIPART) == 0 ||
		    str_parse_uint(p, &index, &p) < 0 || index == 0)
			return NULL;
		part = part->children;
		for (; part != NULL && index > 1; index--)
			part = part->next;
		if (part == NULL || *p == '\0')
			return part;
		if (*p++ != '.')
			return NULL;
	}
}

static int
pim_message_read_part(pool_t pool, struct istream *input,
		      const struct message_part *parts, const char *number,
		      struct pim_part **part_r)
{
	const struct message_part *mpart;
	struct pim_headers headers;
	struct pim_content_value type;

	mpart = message_part_by_number(parts, number);
	if (mpart == NULL || (mpart->flags & MESSAGE_PART_FLAG_MULTIPART) != 0)
		return 0;
	if (pim_part_read(pool, input, mpart, number, &headers, &type,
			  part_r) < 0)
		return -1;
	return 1;
}

/* "2.1" where 2 is no multipart, but a TNEF */
static int
pim_message_find_inside(pool_t pool, struct istream *input,
			const struct message_part *parts, const char *number,
			struct pim_part **part_r)
{
	const char *error, *dot = strrchr(number, '.');
	struct pim_part *part;
	struct pim_tnef *tnef;
	int ret;

	if (dot == NULL)
		return 0;
	ret = pim_message_read_part(pool, input, parts,
				    t_strdup_until(number, dot), &part);
	if (ret <= 0 || !pim_part_is_tnef(part))
		return ret < 0 ? -1 : 0;
	ret = pim_tnef_read(pool, part, input, &tnef, &error);
	if (ret <= 0)
		return ret;
	*part_r = pim_tnef_find_part(tnef, number);
	return *part_r == NULL ? 0 : 1;
}

int pim_message_find_part(pool_t pool, struct istream *input,
			  const struct message_part *parts, const char *number,
			  struct pim_part **part_r)
{
	int ret = pim_message_read_part(pool, input, parts, number, part_r);

	return ret != 0 ? ret :
		pim_message_find_inside(pool, input, parts, number, part_r);
}

/* Extensions for attachments without a name. */
static const struct {
	const char *type, *ext;
} pim_extensions[] = {
	{ "text/plain", "txt" },
	{ "text/html", "html" },
	{ "text/html", "htm" },
	{ "text/calendar", "ics" },
	{ "text/vcard", "vcf" },
	{ "text/rfc822-headers", "txt" },
	{ "message/delivery-status", "txt" },
	{ "message/disposition-notification", "txt" },
	{ "image/jpeg", "jpg" },
	{ "image/jpeg", "jpeg" },
	{ "image/png", "png" },
	{ "image/gif", "gif" },
	{ "image/svg+xml", "svg" },
	{ "application/pdf", "pdf" },
	{ "application/zip", "zip" },
	{ "application/pkcs7-mime", "p7m" },
	{ "application/x-pkcs7-mime", "p7m" },
	{ "application/pkcs7-signature", "p7s" },
	{ "application/x-pkcs7-signature", "p7s" },
	{ "application/pgp-signature", "asc" },
	{ "application/pgp-encrypted", "asc" },
	{ "application/ms-tnef", "dat" },
	{ "application/octet-stream", "bin" },
};

const char *pim_part_type_of_name(const char *name)
{
	const char *ext = name == NULL ? NULL : strrchr(name, '.');

	for (unsigned int i = 0; ext != NULL &&
	     i < N_ELEMENTS(pim_extensions); i++) {
		if (strcasecmp(pim_extensions[i].ext, ext + 1) == 0 &&
		    strcmp(pim_extensions[i].type, "application/ms-tnef") != 0)
			return pim_extensions[i].type;
	}
	return "application/octet-stream";
}

static const char *
pim_embedded_subject(const struct pim_part *part, struct istream *input)
{
	struct pim_headers headers;
	struct istream *body;
	const char *subject = NULL;
	pool_t pool = pool_alloconly_create("pim embedded header", 4096);

	i_stream_seek(input, part->body_pos);
	body = i_stream_create_limit(input, part->body_size);
	if (pim_headers_read(pool, body, &headers) == 0) {
		subject = pim_file_name_clean(pim_header_decode(
			headers.value[PIM_HEADER_SUBJECT]));
	}
	i_stream_unref(&body);
	subject = t_strdup(subject);
	pool_unref(&pool);
	return subject;
}

static const char *pim_message_file_name(const char *name)
{
	size_t len = strlen(name);

	/* MS-ASAIRS 2.2.2.31.2: an embedded message has this extension */
	if (len >= 4 && strcasecmp(name + len - 4, ".eml") == 0)
		return name;
	len = pim_text_cut(name, len, PIM_FILE_NAME_MAX - 4);
	return t_strconcat(t_strndup(name, len), ".eml", NULL);
}

const char *pim_part_file_name(const struct pim_part *part,
			       struct istream *input)
{
	const char *name = part->name;

	if (part->message) {
		if (name == NULL && part->encoding == PIM_ENCODING_NONE)
			name = pim_embedded_subject(part, input);
		if (name == NULL)
			name = t_strconcat("message-", part->number, NULL);
		return pim_message_file_name(name);
	}
	if (name != NULL)
		return name;
	for (unsigned int i = 0; i < N_ELEMENTS(pim_extensions); i++) {
		if (strcmp(pim_extensions[i].type, part->type) == 0) {
			return t_strdup_printf("attachment-%s.%s",
				part->number, pim_extensions[i].ext);
		}
	}
	return t_strdup_printf("attachment-%s.bin", part->number);
}
