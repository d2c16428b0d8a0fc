/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "sha2.h"
#include "str.h"
#include "hex-binary.h"
#include "message-date.h"
#include "mail-storage.h"
#include "class-email-private.h"

/* Conversations ([MS-ASCON] 2.2.2.3, 2.2.2.4).

   The id is a digest of the Message-ID of the thread's first mail, as every
   mail's References (or In-Reply-To) name it: the answer of any mailer to
   any mailer lands in the same conversation, in whichever folder, without
   looking at other mails. Thread-Index (Exchange's own) says which thread
   only where a reply has no References. */

/* [MS-OXOMSG] 2.2.1.3: 1 reserved byte, 5 bytes of FILETIME, GUID, then 5
   bytes for each reply */
#define THREAD_INDEX_TIME_POS 1
#define THREAD_INDEX_TIME_SIZE 5
#define THREAD_INDEX_GUID_POS 6
#define THREAD_INDEX_HEADER_SIZE 22
#define THREAD_INDEX_LEVEL_SIZE 5
#define THREAD_INDEX_LEVELS_MAX 200

/* seconds from 1601 to 1970 */
#define FILETIME_EPOCH 11644473600LL

/* The first <id> of a header, NULL = none. */
static const char *first_message_id(const char *value)
{
	const char *end;

	if (value == NULL || (value = strchr(value, '<')) == NULL)
		return NULL;
	end = strchr(value, '>');
	return end == NULL || end == value + 1 ? NULL :
		t_strdup_until(value + 1, end);
}

static const buffer_t *thread_index_decode(const char *value)
{
	buffer_t *buf;

	if (value == NULL)
		return NULL;
	buf = t_base64_decode_str(value);
	return buf->used < THREAD_INDEX_HEADER_SIZE ? NULL : buf;
}

static void
conversation_digest(const char *kind, const void *data, size_t size,
		    uint8_t id_r[EAS_CONVERSATION_ID_SIZE])
{
	struct sha256_ctx ctx;
	unsigned char digest[SHA256_RESULTLEN];

	sha256_init(&ctx);
	sha256_loop(&ctx, kind, strlen(kind) + 1);
	sha256_loop(&ctx, data, size);
	sha256_result(&ctx, digest);
	memcpy(id_r, digest, EAS_CONVERSATION_ID_SIZE);
}

static void
conversation_id_from(const char *const values[PIM_HEADER_COUNT],
		     uint8_t id_r[EAS_CONVERSATION_ID_SIZE])
{
	const buffer_t *index =
		thread_index_decode(values[PIM_HEADER_THREAD_INDEX]);
	static const enum pim_header_name alone[] = {
		PIM_HEADER_FROM, PIM_HEADER_DATE, PIM_HEADER_SUBJECT,
	};
	const char *root, *p;
	string_t *str;

	root = first_message_id(values[PIM_HEADER_REFERENCES]);
	if (root == NULL)
		root = first_message_id(values[PIM_HEADER_IN_REPLY_TO]);
	if (root == NULL && index != NULL &&
	    index->used > THREAD_INDEX_HEADER_SIZE) {
		/* a reply that forgot its References */
		memcpy(id_r, CONST_PTR_OFFSET(index->data,
					      THREAD_INDEX_GUID_POS),
		       EAS_CONVERSATION_ID_SIZE);
		return;
	}
	if (root == NULL)
		root = first_message_id(values[PIM_HEADER_MESSAGE_ID]);
	if (root != NULL) {
		conversation_digest("id", root, strlen(root), id_r);
		return;
	}
	/* alone, but the same wherever it is moved to */
	str = t_str_new(256);
	for (unsigned int i = 0; i < N_ELEMENTS(alone); i++) {
		/* folding differs by where a header comes from */
		for (p = values[alone[i]]; p != NULL && *p != '\0'; p++) {
			if ((unsigned char)*p > ' ')
				str_append_c(str, *p);
		}
		str_append_c(str, '\n');
	}
	conversation_digest("mail", str_data(str), str_len(str), id_r);
}

/* ConversationIndex: the FILETIME, then the replies' levels ([MS-ASCON]
   2.2.2.4) */
static void
conversation_index(struct eas_email_context *ctx, buffer_t *dest)
{
	const char *const *values = ctx->msg->headers.value;
	const buffer_t *index =
		thread_index_decode(values[PIM_HEADER_THREAD_INDEX]);
	const char *date = values[PIM_HEADER_DATE];
	time_t t = ctx->received;
	size_t levels;
	uint64_t filetime;
	int tz;

	if (index != NULL) {
		buffer_append(dest, CONST_PTR_OFFSET(index->data,
						     THREAD_INDEX_TIME_POS),
			      THREAD_INDEX_TIME_SIZE);
		levels = (index->used - THREAD_INDEX_HEADER_SIZE) /
			THREAD_INDEX_LEVEL_SIZE;
		levels = I_MIN(levels, THREAD_INDEX_LEVELS_MAX);
		buffer_append(dest, CONST_PTR_OFFSET(index->data,
						     THREAD_INDEX_HEADER_SIZE),
			      levels * THREAD_INDEX_LEVEL_SIZE);
		return;
	}
	if (date != NULL &&
	    !message_date_parse((const unsigned char *)date, strlen(date),
				&t, &tz))
		t = ctx->received;
	if (t < 0)
		t = 0;
	filetime = ((uint64_t)t + FILETIME_EPOCH) * 10000000ULL;
	/* the highest byte is 01 for centuries, the lowest two are left out */
	for (int shift = 48; shift >= 16; shift -= 8)
		buffer_append_c(dest, (filetime >> shift) & 0xff);
}

static void
write_bytes(struct eas_email_context *ctx, unsigned int tag, const void *data,
	    size_t size)
{
	string_t *str;

	if (!ctx->req->quirks->no_opaque) {
		wbxml_opaque(ctx->writer, tag, data, size);
		return;
	}
	str = t_str_new(MAX_BASE64_ENCODED_SIZE(size));
	base64_encode(data, size, str);
	wbxml_text(ctx->writer, tag, str_c(str));
}

void eas_email_write_conversation(struct eas_email_context *ctx)
{
	uint8_t id[EAS_CONVERSATION_ID_SIZE];
	buffer_t *index = t_buffer_create(64);

	conversation_id_from(ctx->msg->headers.value, id);
	write_bytes(ctx, EAS_EMAIL2_CONVERSATION_ID, id, sizeof(id));
	conversation_index(ctx, index);
	write_bytes(ctx, EAS_EMAIL2_CONVERSATION_INDEX, index->data,
		    index->used);
}

int eas_conversation_id(struct mail *mail,
			uint8_t id_r[EAS_CONVERSATION_ID_SIZE],
			const char **error_r)
{
	static const enum pim_header_name headers[] = {
		PIM_HEADER_REFERENCES, PIM_HEADER_IN_REPLY_TO,
		PIM_HEADER_THREAD_INDEX, PIM_HEADER_MESSAGE_ID,
		PIM_HEADER_FROM, PIM_HEADER_DATE, PIM_HEADER_SUBJECT,
	};
	const char *values[PIM_HEADER_COUNT];

	i_zero(&values);
	for (unsigned int i = 0; i < N_ELEMENTS(headers); i++) {
		if (mail_get_first_header(mail, pim_header_names[headers[i]],
					  &values[headers[i]]) < 0)
			return eas_email_failed(mail, error_r);
		/* what makes the difference comes first: mostly it is cached */
		if (headers[i] == PIM_HEADER_REFERENCES &&
		    first_message_id(values[PIM_HEADER_REFERENCES]) != NULL)
			break;
		if (headers[i] == PIM_HEADER_MESSAGE_ID &&
		    first_message_id(values[PIM_HEADER_MESSAGE_ID]) != NULL)
			break;
	}
	conversation_id_from(values, id_r);
	return 1;
}

struct mailbox_header_lookup_ctx *eas_conversation_headers(struct mailbox *box)
{
	static const char *const headers[] = {
		"References", "In-Reply-To", "Thread-Index", "Message-ID", NULL
	};

	return mailbox_header_lookup_init(box, headers);
}

/* {01234567-89ab-...}: digits with what may stand between them */
static bool conversation_id_from_hex(const char *text, buffer_t *dest)
{
	string_t *digits = t_str_new(2 * EAS_CONVERSATION_ID_SIZE + 1);

	for (; *text != '\0'; text++) {
		if (strchr("{-}", *text) == NULL)
			str_append_c(digits, *text);
	}
	return str_len(digits) == 2 * EAS_CONVERSATION_ID_SIZE &&
		hex_to_binary(str_c(digits), dest) == 0;
}

int eas_conversation_id_parse(const struct wbxml_node *node,
			      uint8_t id_r[EAS_CONVERSATION_ID_SIZE])
{
	buffer_t *id = t_buffer_create(EAS_CONVERSATION_ID_SIZE);
	const char *text;

	if (node->opaque) {
		if (node->external || node->size != EAS_CONVERSATION_ID_SIZE)
			return -1;
		memcpy(id_r, node->data, EAS_CONVERSATION_ID_SIZE);
		return 0;
	}
	text = wbxml_node_text(node);
	if (text == NULL)
		return -1;
	if (!conversation_id_from_hex(text, id))
		id = t_base64_decode_str(text);
	if (id->used != EAS_CONVERSATION_ID_SIZE)
		return -1;
	memcpy(id_r, id->data, EAS_CONVERSATION_ID_SIZE);
	return 0;
}
