/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "istream.h"
#include "ostream.h"
#include "str.h"
#include "message-parser.h"
#include "pim-body.h"
#include "pim-charset.h"
#include "pim-compose.h"
#include "pim-message.h"
#include "pim-outgoing.h"

/* What a device says of a draft becomes a mail: fields, texts, an attachment, a
   part and fields of an older mail. The input is flags and, separated by NULs,
   what is in enum fuzz_piece. No field gets into the mail through another one,
   and each part is there by its number, as it was given. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum fuzz_piece {
	FUZZ_SUBJECT,
	FUZZ_TO,
	FUZZ_NAME,
	FUZZ_TYPE,
	FUZZ_CONTENT_ID,
	FUZZ_LOCATION,
	FUZZ_PLAIN,
	FUZZ_HTML,
	FUZZ_CONTENT,
	FUZZ_ENTITY,
	FUZZ_PIECE_COUNT
};

enum fuzz_flags {
	FUZZ_HAS_PLAIN = 0x01,
	FUZZ_HAS_HTML = 0x02,
	FUZZ_HAS_CONTENT = 0x04,
	FUZZ_HAS_ENTITY = 0x08,
	FUZZ_INLINE = 0x10,
	FUZZ_ENTITY_IS_MAIL = 0x20,
	FUZZ_COPY_HEADER = 0x40,
};

struct fuzz_piece_data {
	const unsigned char *data;
	size_t size;
};

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void
fuzz_split(const uint8_t *data, size_t size,
	   struct fuzz_piece_data pieces_r[FUZZ_PIECE_COUNT])
{
	const uint8_t *end;

	memset(pieces_r, 0, sizeof(*pieces_r) * FUZZ_PIECE_COUNT);
	for (unsigned int i = 0; i < FUZZ_PIECE_COUNT; i++) {
		end = i + 1 == FUZZ_PIECE_COUNT || size == 0 ? NULL :
			memchr(data, '\0', size);
		pieces_r[i].data = data;
		pieces_r[i].size = end == NULL ? size : (size_t)(end - data);
		if (end == NULL)
			size = 0;
		else {
			size -= end + 1 - data;
			data = end + 1;
		}
	}
}

/* Texts of a document are UTF-8. */
static const char *fuzz_text(const struct fuzz_piece_data *piece)
{
	string_t *str = t_str_new(piece->size + 1);

	pim_charset_to_utf8("utf-8", piece->data, piece->size, str);
	return str_c(str);
}

static struct istream *fuzz_stream(const struct fuzz_piece_data *piece)
{
	return i_stream_create_from_data(piece->size == 0 ? (const void *)"" :
					 piece->data, piece->size);
}

static void
fuzz_header(struct pim_compose *compose,
	    const struct fuzz_piece_data pieces[FUZZ_PIECE_COUNT],
	    unsigned int flags)
{
	static const char *const except[] = {
		"Subject", "To", "Bcc", NULL
	};
	struct istream *old;
	unsigned int count;

	pim_compose_unstructured(compose->header, "Subject",
				 fuzz_text(&pieces[FUZZ_SUBJECT]));
	pim_compose_addresses(compose->header, "To",
			      fuzz_text(&pieces[FUZZ_TO]));
	(void)pim_compose_addresses_valid(fuzz_text(&pieces[FUZZ_TO]), &count);
	if ((flags & FUZZ_COPY_HEADER) != 0) {
		old = fuzz_stream(&pieces[FUZZ_ENTITY]);
		i_assert(pim_compose_copy_header(compose->header, old,
						 except) == 0);
		i_stream_unref(&old);
	}
}

static void
fuzz_parts(struct pim_compose *compose,
	   const struct fuzz_piece_data pieces[FUZZ_PIECE_COUNT],
	   unsigned int flags)
{
	struct pim_compose_text *text;
	struct pim_compose_part *part;

	if ((flags & (FUZZ_HAS_PLAIN | FUZZ_HAS_HTML)) != 0) {
		text = pim_compose_add_text(compose);
		if ((flags & FUZZ_HAS_PLAIN) != 0)
			text->plain.content = fuzz_stream(&pieces[FUZZ_PLAIN]);
		if ((flags & FUZZ_HAS_HTML) != 0)
			text->html.content = fuzz_stream(&pieces[FUZZ_HTML]);
	}
	if ((flags & FUZZ_HAS_CONTENT) != 0) {
		part = pim_compose_add_part(compose);
		part->content = fuzz_stream(&pieces[FUZZ_CONTENT]);
		part->type = fuzz_text(&pieces[FUZZ_TYPE]);
		part->name = fuzz_text(&pieces[FUZZ_NAME]);
		part->content_id = fuzz_text(&pieces[FUZZ_CONTENT_ID]);
		part->content_location = fuzz_text(&pieces[FUZZ_LOCATION]);
		part->is_inline = (flags & FUZZ_INLINE) != 0;
	}
	if ((flags & FUZZ_HAS_ENTITY) != 0) {
		part = pim_compose_add_part(compose);
		part->entity = fuzz_stream(&pieces[FUZZ_ENTITY]);
		part->entity_is_mail = (flags & FUZZ_ENTITY_IS_MAIL) != 0;
		part->is_inline = (flags & FUZZ_INLINE) != 0;
	}
}

static void
fuzz_check_content(const struct pim_part *part, struct istream *input,
		   const struct fuzz_piece_data *piece)
{
	buffer_t *content = buffer_create_dynamic(default_pool, 256);
	struct ostream *output = o_stream_create_buffer(content);

	i_assert(pim_part_write(part, input, output) == 0);
	i_assert(o_stream_finish(output) >= 0);
	o_stream_unref(&output);
	i_assert(content->used == piece->size &&
		 (piece->size == 0 ||
		  memcmp(content->data, piece->data, piece->size) == 0));
	buffer_free(&content);
}

/* What somebody reads who gets the mail. */
static void
fuzz_check(const struct pim_compose *compose, const buffer_t *mail,
	   const struct fuzz_piece_data pieces[FUZZ_PIECE_COUNT])
{
	const struct message_parser_settings set = { .hdr_flags = 0 };
	struct istream *input = i_stream_create_from_data(mail->data,
							  mail->used);
	const struct pim_compose_part *dest;
	struct message_parser_ctx *parser;
	struct message_block block;
	struct message_part *parts;
	struct pim_outgoing *out;
	struct pim_part *part;

	i_assert(pim_outgoing_read(compose->pool, input, &out) == 1);
	i_assert(pim_outgoing_value(out, "Bcc") == NULL);
	i_assert(pim_outgoing_value(out, "MIME-Version") != NULL);
	i_stream_seek(input, 0);
	parser = message_parser_init(compose->pool, input, &set);
	while (message_parser_parse_next_block(parser, &block) > 0) ;
	message_parser_deinit(&parser, &parts);
	array_foreach(&compose->parts, dest) {
		/* an entity is a stranger's: a multipart has no content */
		if (dest->content == NULL)
			continue;
		i_assert(pim_message_find_part(compose->pool, input, parts,
					       dest->number, &part) == 1);
		if (!part->message)
			fuzz_check_content(part, input, &pieces[FUZZ_CONTENT]);
	}
	i_stream_unref(&input);
}

static void fuzz_free(struct pim_compose *compose)
{
	struct pim_compose_text *text;
	struct pim_compose_part *part;

	array_foreach_modifiable(&compose->texts, text) {
		i_stream_unref(&text->plain.content);
		i_stream_unref(&text->html.content);
	}
	array_foreach_modifiable(&compose->parts, part) {
		i_stream_unref(&part->content);
		i_stream_unref(&part->entity);
	}
}

static void fuzz_compose(pool_t pool, const uint8_t *data, size_t size)
{
	struct fuzz_piece_data pieces[FUZZ_PIECE_COUNT];
	unsigned int flags = data[0];
	struct pim_compose compose;
	buffer_t *mail = buffer_create_dynamic(default_pool, 1024);
	struct ostream *output = o_stream_create_buffer(mail);
	const char *error;

	fuzz_split(data + 1, size - 1, pieces);
	pim_compose_init(&compose, pool);
	fuzz_header(&compose, pieces, flags);
	fuzz_parts(&compose, pieces, flags);
	if (pim_compose_write(&compose, output, &error) < 0)
		i_panic("%s", error);
	i_assert(o_stream_finish(output) >= 0);
	o_stream_unref(&output);
	fuzz_check(&compose, mail, pieces);
	fuzz_free(&compose);
	buffer_free(&mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool;

	if (size == 0 || size > 65536)
		return 0;
	pool = pool_alloconly_create("fuzz", 4096);
	T_BEGIN {
		fuzz_compose(pool, data, size);
	} T_END;
	pool_unref(&pool);
	return 0;
}
