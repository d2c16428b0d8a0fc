/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "hash.h"
#include "hex-binary.h"
#include "istream.h"
#include "safe-mkstemp.h"
#include "sha2.h"
#include "str.h"
#include "write-full.h"
#include "pim-lines.h"
#include "pim-inline.h"

#include <unistd.h>

#define PIM_INLINE_NAME "ATTACH"
/* name and parameters; a longer line is none of those */
#define PIM_INLINE_MAX_HEAD (64*1024)
#define PIM_INLINE_BUFFER_SIZE (64*1024)

enum pim_inline_state {
	/* in no line that matters */
	PIM_INLINE_NONE,
	/* in the name and the parameters of an ATTACH */
	PIM_INLINE_HEAD,
	/* in its content */
	PIM_INLINE_VALUE,
};

struct pim_inline_content {
	uoff_t offset, size;
};

struct pim_inline {
	char *temp_prefix, *error;
	size_t max_size;
	enum pim_inline_state state;
	/* the line so far: as it is, and unfolded */
	string_t *raw, *head;
	bool quoted;

	/* the temporary file: contents, and behind them that which is being read, as it is in the text */
	int fd;
	uoff_t end, raw_start, raw_end;
	buffer_t *buffer;
	/* of the file; NULL = none is open */
	struct istream *input;

	pool_t pool;
	HASH_TABLE(char *, struct pim_inline_content *) contents;
};

struct pim_inline *pim_inline_init(const char *temp_prefix, size_t max_size)
{
	struct pim_inline *ctx = i_new(struct pim_inline, 1);

	ctx->temp_prefix = i_strdup(temp_prefix);
	ctx->max_size = max_size;
	ctx->raw = str_new(default_pool, 256);
	ctx->head = str_new(default_pool, 256);
	ctx->buffer = buffer_create_dynamic(default_pool, 1024);
	ctx->fd = -1;
	ctx->pool = pool_alloconly_create("pim inline", 1024);
	hash_table_create(&ctx->contents, default_pool, 0, str_hash, strcmp);
	return ctx;
}

void pim_inline_deinit(struct pim_inline **_ctx)
{
	struct pim_inline *ctx = *_ctx;

	*_ctx = NULL;
	i_stream_unref(&ctx->input);
	hash_table_destroy(&ctx->contents);
	pool_unref(&ctx->pool);
	i_close_fd(&ctx->fd);
	buffer_free(&ctx->buffer);
	str_free(&ctx->raw);
	str_free(&ctx->head);
	i_free(ctx->temp_prefix);
	i_free(ctx->error);
	i_free(ctx);
}

void pim_inline_clear(struct pim_inline *ctx)
{
	i_stream_unref(&ctx->input);
	hash_table_clear(ctx->contents, TRUE);
	p_clear(ctx->pool);
	ctx->state = PIM_INLINE_NONE;
	ctx->end = 0;
	if (ctx->fd != -1 && ftruncate(ctx->fd, 0) < 0 && ctx->error == NULL)
		ctx->error = i_strdup_printf("ftruncate() failed: %m");
}

const char *pim_inline_get_error(const struct pim_inline *ctx)
{
	return ctx->error;
}

/* -- the file -- */

static void
inline_file_failed(struct pim_inline *ctx, const char *func)
{
	if (ctx->error == NULL) {
		ctx->error = i_strdup_printf(
			"%s of a temporary file (%s*) failed: %m", func,
			ctx->temp_prefix);
	}
}

static bool inline_file_open(struct pim_inline *ctx)
{
	string_t *path;

	if (ctx->fd != -1 || ctx->error != NULL)
		return ctx->fd != -1;
	path = t_str_new(256);
	str_append(path, ctx->temp_prefix);
	ctx->fd = safe_mkstemp(path, 0600, (uid_t)-1, (gid_t)-1);
	if (ctx->fd == -1) {
		inline_file_failed(ctx, "safe_mkstemp()");
		return FALSE;
	}
	i_unlink(str_c(path));
	return TRUE;
}

static void
inline_file_write(struct pim_inline *ctx, uoff_t offset, const void *data,
		  size_t size)
{
	if (size > 0 && inline_file_open(ctx) &&
	    pwrite_full(ctx->fd, data, size, (off_t)offset) < 0)
		inline_file_failed(ctx, "pwrite()");
}

static void inline_flush(struct pim_inline *ctx)
{
	inline_file_write(ctx, ctx->raw_end, ctx->buffer->data,
			  ctx->buffer->used);
	ctx->raw_end += ctx->buffer->used;
	buffer_set_used_size(ctx->buffer, 0);
}

/* Reads the content as it stands in the text piece by piece. Returns the size, 0 at the end and if
   it failed. */
static size_t
inline_file_read(struct pim_inline *ctx, uoff_t offset, void *data, size_t size)
{
	ssize_t ret;

	size = I_MIN(size, ctx->raw_end - offset);
	if (ctx->error != NULL || size == 0)
		return 0;
	ret = pread(ctx->fd, data, size, (off_t)offset);
	if (ret == 0)
		errno = EIO;
	if (ret <= 0)
		inline_file_failed(ctx, "pread()");
	return ret <= 0 ? 0 : ret;
}

/* -- a line -- */

/* BASE64 without the blanks that some have within it besides the folds. */
static int
inline_decode(struct base64_decoder *decoder, const unsigned char *data,
	      size_t size, buffer_t *dest)
{
	buffer_t *packed = t_buffer_create(size);

	for (size_t i = 0; i < size; i++) {
		if (strchr(" \t\r\n", data[i]) == NULL)
			buffer_append_c(packed, data[i]);
	}
	return base64_decode_more(decoder, packed->data, packed->used, NULL,
				  dest) < 0 ? -1 : 0;
}

/* Decodes what was read. Returns the hash and the size, NULL if it is no BASE64. With write
   it takes the place of what was read: it is shorter, always. */
static const char *
inline_decode_file(struct pim_inline *ctx, bool write, uoff_t *size_r)
{
	unsigned char data[16*1024], digest[SHA256_RESULTLEN];
	struct base64_decoder decoder;
	struct sha256_ctx hash;
	uoff_t offset = ctx->raw_start;
	buffer_t *content = t_buffer_create(sizeof(data));
	size_t size;
	int ret = 0;

	*size_r = 0;
	sha256_init(&hash);
	base64_decode_init(&decoder, &base64_scheme, 0);
	while (ret == 0 && (size = inline_file_read(ctx, offset, data,
						    sizeof(data))) > 0) T_BEGIN {
		offset += size;
		buffer_set_used_size(content, 0);
		ret = inline_decode(&decoder, data, size, content);
		sha256_loop(&hash, content->data, content->used);
		if (write) {
			inline_file_write(ctx, ctx->raw_start + *size_r,
					  content->data, content->used);
		}
		*size_r += content->used;
	} T_END;
	if (ret < 0 || base64_decode_finish(&decoder) < 0)
		return NULL;
	sha256_result(&hash, digest);
	return binary_to_hex(digest, sizeof(digest));
}

static void
inline_add_content(struct pim_inline *ctx, const char *hash, uoff_t size)
{
	struct pim_inline_content *content;

	if (hash_table_lookup(ctx->contents, hash) != NULL)
		return;
	(void)inline_decode_file(ctx, TRUE, &size);
	content = p_new(ctx->pool, struct pim_inline_content, 1);
	content->offset = ctx->raw_start;
	content->size = size;
	hash_table_insert(ctx->contents, p_strdup(ctx->pool, hash), content);
	ctx->end = ctx->raw_start + size;
}

/* The text gets it back. */
static void inline_copy_raw(struct pim_inline *ctx, string_t *dest)
{
	unsigned char data[16*1024];
	uoff_t offset = ctx->raw_start;
	size_t size;

	while (str_len(dest) <= ctx->max_size &&
	       (size = inline_file_read(ctx, offset, data, sizeof(data))) > 0) {
		str_append_data(dest, data, size);
		offset += size;
	}
}

static void inline_finish_value(struct pim_inline *ctx, string_t *dest)
{
	const char *hash;
	uoff_t size;
	unsigned char last[2];
	size_t len;

	inline_flush(ctx);
	hash = inline_decode_file(ctx, FALSE, &size);
	str_append_str(dest, ctx->raw);
	if (hash == NULL) {
		inline_copy_raw(ctx, dest);
		return;
	}
	len = inline_file_read(ctx, ctx->raw_end - I_MIN(2, ctx->raw_end -
							 ctx->raw_start),
			       last, sizeof(last));
	str_append(dest, PIM_INLINE_SCHEME);
	str_append(dest, hash);
	if (len == 2 && last[0] == '\r')
		str_append_c(dest, '\r');
	if (len > 0 && last[len - 1] == '\n')
		str_append_c(dest, '\n');
	inline_add_content(ctx, hash, size);
}

void pim_inline_finish(struct pim_inline *ctx, string_t *dest)
{
	if (ctx->state == PIM_INLINE_VALUE) T_BEGIN {
		inline_finish_value(ctx, dest);
	} T_END; else if (ctx->state == PIM_INLINE_HEAD) {
		str_append_str(dest, ctx->raw);
	}
	ctx->state = PIM_INLINE_NONE;
}

/* ATTACH with parameters, so far ENCODING=BASE64 may be one of them */
static bool inline_begins(const unsigned char *data, size_t size)
{
	const size_t len = strlen(PIM_INLINE_NAME);

	return size > len && data[len] == ';' &&
		strncasecmp((const char *)data, PIM_INLINE_NAME, len) == 0;
}

static bool inline_head_is_base64(struct pim_inline *ctx)
{
	struct pim_property *prop;
	struct pim_lines *doc;
	const char *error;
	bool ret;

	if (pim_lines_parse(str_data(ctx->head), str_len(ctx->head), NULL,
			    &doc, &error) < 0)
		return FALSE;
	prop = pim_property_find(pim_lines_root(doc), PIM_INLINE_NAME);
	ret = prop != NULL &&
		pim_property_has_param(prop, "ENCODING", "BASE64");
	pim_lines_free(&doc);
	return ret;
}

/* Takes bytes of name and parameters up to the colon. Returns their number. */
static size_t
inline_take_head(struct pim_inline *ctx, const unsigned char *data, size_t size,
		 bool folded)
{
	size_t i;

	for (i = 0; i < size; i++) {
		str_append_c(ctx->raw, data[i]);
		if ((i == 0 && folded) || data[i] == '\r' || data[i] == '\n')
			continue;
		str_append_c(ctx->head, data[i]);
		if (data[i] == '"')
			ctx->quoted = !ctx->quoted;
		else if (data[i] == ':' && !ctx->quoted)
			return i + 1;
	}
	return 0;
}

static void
inline_head_more(struct pim_inline *ctx, const unsigned char *data, size_t size,
		 bool folded, string_t *dest)
{
	size_t len = inline_take_head(ctx, data, size, folded);

	if (len == 0 && str_len(ctx->raw) < PIM_INLINE_MAX_HEAD)
		return;
	if (len > 0 && inline_head_is_base64(ctx)) {
		ctx->state = PIM_INLINE_VALUE;
		ctx->raw_start = ctx->raw_end = ctx->end;
		buffer_append(ctx->buffer, data + len, size - len);
		return;
	}
	ctx->state = PIM_INLINE_NONE;
	str_append_str(dest, ctx->raw);
	if (len > 0)
		str_append_data(dest, data + len, size - len);
}

void pim_inline_more(struct pim_inline *ctx, const unsigned char *data,
		     size_t size, bool goes_on, string_t *dest)
{
	bool folded = !goes_on && size > 0 &&
		(data[0] == ' ' || data[0] == '\t');

	if (!goes_on && !folded) {
		pim_inline_finish(ctx, dest);
		if (inline_begins(data, size)) {
			ctx->state = PIM_INLINE_HEAD;
			ctx->quoted = FALSE;
			str_truncate(ctx->raw, 0);
			str_truncate(ctx->head, 0);
		}
	}
	switch (ctx->state) {
	case PIM_INLINE_NONE:
		str_append_data(dest, data, size);
		break;
	case PIM_INLINE_HEAD: T_BEGIN {
		inline_head_more(ctx, data, size, folded, dest);
	} T_END; break;
	case PIM_INLINE_VALUE:
		buffer_append(ctx->buffer, data, size);
		if (ctx->buffer->used >= PIM_INLINE_BUFFER_SIZE) T_BEGIN {
			inline_flush(ctx);
		} T_END;
		break;
	}
}

/* -- reading -- */

struct istream *pim_inline_open(struct pim_inline *ctx, const char *value)
{
	const size_t len = strlen(PIM_INLINE_SCHEME);
	struct pim_inline_content *content;

	if (strncmp(value, PIM_INLINE_SCHEME, len) != 0)
		return NULL;
	content = hash_table_lookup(ctx->contents, value + len);
	if (content == NULL)
		return NULL;
	if (content->size == 0)
		return i_stream_create_from_data("", 0);
	if (ctx->input == NULL) {
		ctx->input = i_stream_create_fd(ctx->fd, IO_BLOCK_SIZE);
		i_stream_set_name(ctx->input, ctx->temp_prefix);
	}
	return i_stream_create_range(ctx->input, content->offset,
				     content->size);
}
