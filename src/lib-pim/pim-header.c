/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream.h"
#include "str.h"
#include "hex-dec.h"
#include "message-address.h"
#include "message-header-decode.h"
#include "message-header-parser.h"
#include "rfc822-parser.h"
#include "pim-charset.h"
#include "pim-text.h"
#include "pim-header.h"

#include <ctype.h>

#define PIM_HEADER_BLOCK_MAX (1024*1024)
#define PIM_HEADER_FIELD_MAX (128*1024)
/* more people than anybody scrolls through; the text is limited in bytes too */
#define PIM_HEADER_ADDRESSES_MAX 10000
/* of a content header, continuations counted */
#define PIM_PARAMS_MAX 200

const char *const pim_header_names[] = {
	[PIM_HEADER_TO] = "To",
	[PIM_HEADER_CC] = "Cc",
	[PIM_HEADER_BCC] = "Bcc",
	[PIM_HEADER_FROM] = "From",
	[PIM_HEADER_SENDER] = "Sender",
	[PIM_HEADER_REPLY_TO] = "Reply-To",
	[PIM_HEADER_SUBJECT] = "Subject",
	[PIM_HEADER_DATE] = "Date",
	[PIM_HEADER_MESSAGE_ID] = "Message-ID",
	[PIM_HEADER_IN_REPLY_TO] = "In-Reply-To",
	[PIM_HEADER_REFERENCES] = "References",
	[PIM_HEADER_THREAD_TOPIC] = "Thread-Topic",
	[PIM_HEADER_THREAD_INDEX] = "Thread-Index",
	[PIM_HEADER_IMPORTANCE] = "Importance",
	[PIM_HEADER_PRIORITY] = "Priority",
	[PIM_HEADER_X_PRIORITY] = "X-Priority",
	[PIM_HEADER_X_MSMAIL_PRIORITY] = "X-MSMail-Priority",
	[PIM_HEADER_CONTENT_TYPE] = "Content-Type",
	[PIM_HEADER_CONTENT_TRANSFER_ENCODING] = "Content-Transfer-Encoding",
	[PIM_HEADER_CONTENT_DISPOSITION] = "Content-Disposition",
	[PIM_HEADER_CONTENT_ID] = "Content-ID",
	[PIM_HEADER_CONTENT_LOCATION] = "Content-Location",
	[PIM_HEADER_CONTENT_DESCRIPTION] = "Content-Description",
	[PIM_HEADER_CONTENT_CLASS] = "Content-Class",
	[PIM_HEADER_MESSAGE_CONTEXT] = "Message-Context",
	[PIM_HEADER_LIST_ID] = "List-Id",
	[PIM_HEADER_X_CALLING_TELEPHONE_NUMBER] = "X-CallingTelephoneNumber",
	[PIM_HEADER_X_VOICE_MESSAGE_DURATION] = "X-VoiceMessageDuration",
	[PIM_HEADER_X_ATTACHMENT_ORDER] = "X-AttachmentOrder",
	NULL
};

static void
pim_headers_add(pool_t pool, struct pim_headers *headers,
		const struct message_header_line *hdr)
{
	const char **valuep;
	string_t *joined;

	for (unsigned int i = 0; i < PIM_HEADER_COUNT; i++) {
		if (strcasecmp(pim_header_names[i], hdr->name) != 0)
			continue;
		valuep = &headers->value[i];
		if (*valuep == NULL) {
			*valuep = message_header_strdup(pool, hdr->full_value,
				I_MIN(hdr->full_value_len,
				      PIM_HEADER_FIELD_MAX));
		} else if (i <= PIM_HEADER_BCC &&
			   strlen(*valuep) + hdr->full_value_len <
						PIM_HEADER_FIELD_MAX) {
			joined = t_str_new(256);
			str_printfa(joined, "%s, ", *valuep);
			str_append_data(joined, hdr->full_value,
					hdr->full_value_len);
			*valuep = message_header_strdup(pool,
				str_data(joined), str_len(joined));
		}
		return;
	}
}

int pim_headers_read(pool_t pool, struct istream *input,
		     struct pim_headers *headers_r)
{
	struct message_header_parser_ctx *parser;
	struct message_header_line *hdr;
	struct istream *limited;
	int ret;

	i_zero(headers_r);
	limited = i_stream_create_limit(input, PIM_HEADER_BLOCK_MAX);
	parser = message_parse_header_init(limited, NULL,
		MESSAGE_HEADER_PARSER_FLAG_SKIP_INITIAL_LWSP |
		MESSAGE_HEADER_PARSER_FLAG_CLEAN_ONELINE);
	while (message_parse_header_next(parser, &hdr) > 0) {
		if (hdr->eoh)
			break;
		if (hdr->continues)
			hdr->use_full_value = TRUE;
		else T_BEGIN {
			pim_headers_add(pool, headers_r, hdr);
		} T_END;
	}
	message_parse_header_deinit(&parser);
	ret = limited->stream_errno == 0 ? 0 : -1;
	i_stream_unref(&limited);
	return ret;
}

/* Decoded words in the same charset belong together: a character may be cut
   between two. */
struct pim_header_decode_context {
	string_t *dest;
	char *charset;
	buffer_t *run;
};

static void pim_header_decode_flush(struct pim_header_decode_context *ctx)
{
	if (ctx->run->used > 0) {
		pim_charset_to_utf8(ctx->charset, ctx->run->data,
				    ctx->run->used, ctx->dest);
	}
	buffer_set_used_size(ctx->run, 0);
	i_free(ctx->charset);
}

static bool
pim_header_decode_block(const unsigned char *data, size_t size,
			const char *charset, void *context)
{
	struct pim_header_decode_context *ctx = context;

	if (charset != NULL) {
		/* RFC 2231: charset*language */
		charset = t_strcut(charset, '*');
		if (ctx->charset == NULL ||
		    strcasecmp(ctx->charset, charset) != 0) {
			pim_header_decode_flush(ctx);
			ctx->charset = i_strdup(charset);
		}
	} else if (ctx->charset != NULL) {
		pim_header_decode_flush(ctx);
	}
	buffer_append(ctx->run, data, size);
	return TRUE;
}

const char *pim_header_decode(const char *raw)
{
	struct pim_header_decode_context ctx;

	if (raw == NULL)
		return NULL;
	i_zero(&ctx);
	ctx.dest = t_str_new(128);
	ctx.run = buffer_create_dynamic(default_pool, 128);
	message_header_decode((const unsigned char *)raw, strlen(raw),
			      pim_header_decode_block, &ctx);
	pim_header_decode_flush(&ctx);
	buffer_free(&ctx.run);
	return pim_text_clean_line(str_c(ctx.dest));
}

/* A quoted-string's content, RFC 5322 3.2.4. (str_escape() escapes apostrophes as
   well, which devices show with the backslash.) */
static const char *pim_quoted_content(const char *text)
{
	string_t *str = t_str_new(64);

	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			str_append_c(str, '\\');
		str_append_c(str, *text);
	}
	return str_c(str);
}

static const char *pim_address_spec(const struct message_address *addr)
{
	string_t *str = t_str_new(64), *utf8 = t_str_new(64);
	const char *p;

	for (p = addr->mailbox; *p != '\0'; p++) {
		if (!IS_ATEXT(*p) && *p != '.')
			break;
	}
	if (*p != '\0')
		str_printfa(str, "\"%s\"", pim_quoted_content(addr->mailbox));
	else
		str_append(str, addr->mailbox);
	if (addr->domain[0] != '\0')
		str_printfa(str, "@%s", addr->domain);
	pim_charset_to_utf8(NULL, str_data(str), str_len(str), utf8);
	return pim_text_clean_line(str_c(utf8));
}

static const char *pim_address_name(const struct message_address *addr)
{
	const char *name = addr->name;

	return name == NULL || *name == '\0' ? NULL : pim_header_decode(name);
}

static bool pim_address_is_real(const struct message_address *addr)
{
	/* a group's beginning and end have no domain, what isn't an
	   address at all has an empty one */
	return addr->domain != NULL && addr->mailbox != NULL &&
		(addr->mailbox[0] != '\0' || addr->domain[0] != '\0');
}

static struct message_address *pim_addresses_parse(const char *raw)
{
	return message_address_parse(pool_datastack_create(),
				     (const unsigned char *)raw, strlen(raw),
				     PIM_HEADER_ADDRESSES_MAX, 0);
}

static void
pim_addresses_write(string_t *dest, const char *raw, const char *separator,
		    size_t max_bytes, bool names_only)
{
	const struct message_address *addr;
	const char *name, *spec, *text;
	size_t start = str_len(dest), old_len;
	bool fits = TRUE;

	if (raw == NULL)
		return;
	addr = pim_addresses_parse(raw);
	for (; addr != NULL && fits; addr = addr->next) {
		if (!pim_address_is_real(addr))
			continue;
		old_len = str_len(dest);
		name = pim_address_name(addr);
		spec = pim_address_spec(addr);
		if (name == NULL || *name == '\0')
			text = spec;
		else if (names_only)
			text = name;
		else {
			text = t_strdup_printf("\"%s\" <%s>",
					       pim_quoted_content(name), spec);
		}
		if (old_len > start)
			str_append(dest, separator);
		str_append(dest, text);
		if (str_len(dest) - start > max_bytes) {
			str_truncate(dest, old_len);
			fits = FALSE;
		}
	}
}

void pim_header_addresses(string_t *dest, const char *raw,
			  const char *separator, size_t max_bytes)
{
	pim_addresses_write(dest, raw, separator, max_bytes, FALSE);
}

void pim_header_display_names(string_t *dest, const char *raw,
			      size_t max_bytes)
{
	pim_addresses_write(dest, raw, "; ", max_bytes, TRUE);
}

const char *pim_header_first_address(const char *raw)
{
	const struct message_address *addr;

	if (raw == NULL)
		return NULL;
	addr = pim_addresses_parse(raw);
	for (; addr != NULL; addr = addr->next) {
		if (pim_address_is_real(addr))
			return pim_address_spec(addr);
	}
	return NULL;
}

/* Name and value by turns, NULL-terminated, as they stand there: continued and
   extended ones (RFC 2231) are put together by pim_content_param(). Dovecot's
   rfc2231_parse() does that differently in each version. */
static const char *const *
pim_params_parse(struct rfc822_parser_context *parser)
{
	ARRAY_TYPE(const_string) params;
	string_t *value = t_str_new(64);
	const char *key, *dup;
	int ret;

	t_array_init(&params, 16);
	while ((ret = rfc822_parse_content_param(parser, &key, value)) != 0) {
		if (ret < 0) {
			/* go on behind what is broken */
			if (parser->data >= parser->end)
				break;
			parser->data++;
			continue;
		}
		if (array_count(&params) >= PIM_PARAMS_MAX * 2)
			break;
		dup = t_strdup(str_c(value));
		array_push_back(&params, &key);
		array_push_back(&params, &dup);
	}
	array_append_zero(&params);
	return array_front(&params);
}

void pim_header_content_parse(const char *raw,
			      struct pim_content_value *value_r)
{
	static const char *const no_params[] = { NULL };
	struct rfc822_parser_context parser;
	string_t *value = t_str_new(64);
	size_t i;

	value_r->value = "";
	value_r->params = no_params;
	if (raw == NULL)
		return;
	/* a token up to the first parameter; more lenient than RFC 2045 */
	for (i = 0; raw[i] != '\0' && raw[i] != ';'; i++) {
		if (!i_isspace(raw[i]))
			str_append_c(value, i_tolower(raw[i]));
	}
	value_r->value = str_c(value);
	if (raw[i] == '\0')
		return;
	rfc822_parser_init(&parser, (const unsigned char *)raw + i,
			   strlen(raw + i), NULL);
	value_r->params = pim_params_parse(&parser);
	rfc822_parser_deinit(&parser);
}

/* Appends the bytes that %41%42 (RFC 2231 4) stands for. */
static void pim_param_append_extended(string_t *raw, const char *p)
{
	for (; *p != '\0'; p++) {
		if (p[0] == '%' && i_isxdigit(p[1]) && i_isxdigit(p[2])) {
			str_append_c(raw, hex2dec((const void *)(p + 1), 2));
			p += 2;
		} else {
			str_append_c(raw, *p);
		}
	}
}

/* Splits charset'language'text. */
static const char *
pim_param_split_charset(const char *value, const char **charset_r)
{
	const char *p, *lang;

	if ((p = strchr(value, '\'')) == NULL ||
	    (lang = strchr(p + 1, '\'')) == NULL)
		return value;
	if (p > value)
		*charset_r = t_strdup_until(value, p);
	return lang + 1;
}

static const char *pim_param_find(const struct pim_content_value *value,
				  const char *key)
{
	const char *const *p;

	for (p = value->params; p[0] != NULL; p += 2) {
		if (strcasecmp(p[0], key) == 0)
			return p[1];
	}
	return NULL;
}

/* name*0*=, name*1=, ... (RFC 2231 3): a character may be split between two
   of them, so the bytes are put together first. */
static bool
pim_param_join(const struct pim_content_value *value, const char *name,
	       string_t *raw, const char **charset_r)
{
	const char *segment;
	unsigned int idx;

	for (idx = 0; ; idx++) {
		segment = pim_param_find(value,
			t_strdup_printf("%s*%u*", name, idx));
		if (segment != NULL) {
			if (idx == 0) {
				segment = pim_param_split_charset(segment,
								  charset_r);
			}
			pim_param_append_extended(raw, segment);
			continue;
		}
		segment = pim_param_find(value,
			t_strdup_printf("%s*%u", name, idx));
		if (segment == NULL)
			return idx > 0;
		str_append(raw, segment);
	}
}

const char *pim_content_param(const struct pim_content_value *value,
			      const char *name)
{
	string_t *raw = t_str_new(64), *dest = t_str_new(64);
	const char *extended, *charset = NULL;

	/* the extended form is the full one where both are given (RFC 6266
	   4.3) */
	extended = pim_param_find(value, t_strconcat(name, "*", NULL));
	if (extended != NULL) {
		extended = pim_param_split_charset(extended, &charset);
		pim_param_append_extended(raw, extended);
	} else if (!pim_param_join(value, name, raw, &charset)) {
		return pim_header_decode(pim_param_find(value, name));
	}
	pim_charset_to_utf8(charset, str_data(raw), str_len(raw), dest);
	return pim_text_clean_line(str_c(dest));
}
