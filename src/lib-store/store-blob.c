/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "istream-private.h"
#include "store-private.h"
#include "store-blob.h"

/* a blob is read in pieces of this size */
#define STORE_BLOB_BUFFER_SIZE (64*1024)

static void
blob_read_row(sqlite3_stmt *stmt, pool_t pool, struct store_blob *blob_r)
{
	i_zero(blob_r);
	blob_r->num = store_column_uint(stmt, 0);
	blob_r->folder = store_column_uint(stmt, 1);
	blob_r->uid = store_column_uint(stmt, 2);
	blob_r->name = store_column_strdup(stmt, 3, pool);
	blob_r->type = store_column_strdup(stmt, 4, pool);
	blob_r->size = store_column_uint64(stmt, 5);
}

static int
blob_open(struct store *store, const char *table, uint64_t rowid, bool write,
	  sqlite3_blob **blob_r)
{
	if (sqlite3_blob_open(store->db, "main", table, "data", rowid,
			      write ? 1 : 0, blob_r) == SQLITE_OK)
		return 0;
	e_error(store->event, "Opening %s %"PRIu64" failed: %s", table, rowid,
		sqlite3_errmsg(store->db));
	(void)sqlite3_blob_close(*blob_r);
	return -1;
}

/* Returns 0, or -1 (logged) */
static int
blob_write(struct store *store, sqlite3_blob *blob, struct istream *input,
	   uoff_t size)
{
	const unsigned char *data;
	uoff_t offset = 0;
	size_t len;

	while (offset < size && i_stream_read_more(input, &data, &len) > 0) {
		len = I_MIN(len, size - offset);
		if (sqlite3_blob_write(blob, data, (int)len,
				       (int)offset) != SQLITE_OK) {
			e_error(store->event, "Writing a blob failed: %s",
				sqlite3_errmsg(store->db));
			return -1;
		}
		i_stream_skip(input, len);
		offset += len;
	}
	if (input->stream_errno != 0 || offset < size) {
		e_error(store->event, "Reading the data of a blob failed: %s",
			input->stream_errno != 0 ? i_stream_get_error(input) :
			"it ended early");
		return -1;
	}
	return 0;
}

static enum store_put
blob_add(struct store *store, struct store_blob *info, struct istream *input)
{
	struct store_pim_numbers numbers;
	sqlite3_stmt *stmt;
	sqlite3_blob *blob;
	unsigned int changes;
	int ret;

	ret = store_pim_numbers_get(store, info->folder, &numbers);
	if (ret <= 0)
		return ret < 0 ? STORE_PUT_FAILED : STORE_PUT_GONE;
	ret = store_quota_has_room(store, info->size);
	if (ret <= 0)
		return ret < 0 ? STORE_PUT_FAILED : STORE_PUT_NOQUOTA;

	stmt = store_sql_get(store, STORE_SQL_BLOB_INSERT);
	if (stmt == NULL)
		return STORE_PUT_FAILED;
	store_bind_uint(stmt, 1, store_item_id(info->folder, info->uid));
	store_bind_text(stmt, 2, info->name);
	store_bind_text(stmt, 3, info->type);
	(void)sqlite3_bind_zeroblob64(stmt, 4, info->size);
	if (store_sql_run(store, stmt, &changes) < 0)
		return STORE_PUT_FAILED;
	if (changes == 0)
		return STORE_PUT_GONE;
	info->num = (uint32_t)sqlite3_last_insert_rowid(store->db);
	if (blob_open(store, "blob", info->num, TRUE, &blob) < 0)
		return STORE_PUT_FAILED;
	ret = blob_write(store, blob, input, info->size);
	(void)sqlite3_blob_close(blob);
	numbers.bytes += info->size;
	if (ret < 0 || store_pim_numbers_set(store, info->folder, &numbers) < 0)
		return STORE_PUT_FAILED;
	return STORE_PUT_OK;
}

enum store_put store_blob_add(struct store *store, struct store_blob *blob,
			      struct istream *input)
{
	i_assert(store->in_transaction);

	if (i_stream_get_size(input, TRUE, &blob->size) <= 0) {
		e_error(store->event, "Size of a blob is not known: %s",
			i_stream_get_error(input));
		return STORE_PUT_FAILED;
	}
	if (blob->size > INT_MAX)
		return STORE_PUT_TOO_LARGE;
	return blob_add(store, blob, input);
}

int store_blob_get(struct store *store, pool_t pool, uint32_t num,
		   struct store_blob *blob_r)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_BLOB_GET);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, num);
	ret = store_sql_step(store, stmt);
	if (ret > 0)
		blob_read_row(stmt, pool, blob_r);
	store_sql_done(stmt);
	return ret;
}

int store_blob_list(struct store *store, pool_t pool, uint32_t folder,
		    uint32_t uid, ARRAY_TYPE(store_blob) *blobs)
{
	sqlite3_stmt *stmt = store_sql_get(store, STORE_SQL_BLOB_LIST);
	int ret;

	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, store_item_id(folder, uid));
	while ((ret = store_sql_step(store, stmt)) > 0)
		blob_read_row(stmt, pool, array_append_space(blobs));
	store_sql_done(stmt);
	return ret;
}

/* -- reading -- */

/* SQLite finds a place in a blob by following the chain of its pages; it remembers the chain as
   long as the blob is open. */
struct store_blob_istream {
	struct istream_private istream;
	sqlite3_blob *blob;
	uoff_t size;
};

static ssize_t blob_stream_read(struct istream_private *stream)
{
	struct store_blob_istream *bstream =
		container_of(stream, struct store_blob_istream, istream);
	uoff_t offset = stream->istream.v_offset + (stream->pos - stream->skip);
	size_t size;

	if (offset >= bstream->size) {
		stream->istream.eof = TRUE;
		return -1;
	}
	if (!i_stream_try_alloc(stream, stream->max_buffer_size, &size))
		return -2;
	size = I_MIN(size, bstream->size - offset);
	if (sqlite3_blob_read(bstream->blob, stream->w_buffer + stream->pos,
			      (int)size, (int)offset) != SQLITE_OK) {
		io_stream_set_error(&stream->iostream,
				    "Reading the blob failed");
		stream->istream.stream_errno = EIO;
		return -1;
	}
	stream->pos += size;
	return size;
}

static void
blob_stream_seek(struct istream_private *stream, uoff_t v_offset,
		 bool mark ATTR_UNUSED)
{
	stream->istream.v_offset = v_offset;
	stream->skip = stream->pos = 0;
}

static void
blob_stream_close(struct iostream_private *stream,
		  bool close_parent ATTR_UNUSED)
{
	struct store_blob_istream *bstream =
		container_of(stream, struct store_blob_istream,
			     istream.iostream);

	(void)sqlite3_blob_close(bstream->blob);
	bstream->blob = NULL;
}

struct istream *store_blob_open(struct store *store, uint32_t num)
{
	return store_blob_open_table(store, "blob", num);
}

struct istream *
store_blob_open_table(struct store *store, const char *table, uint64_t rowid)
{
	struct store_blob_istream *bstream;
	struct istream *input;
	sqlite3_blob *blob;

	if (blob_open(store, table, rowid, FALSE, &blob) < 0)
		return NULL;
	bstream = i_new(struct store_blob_istream, 1);
	bstream->blob = blob;
	bstream->size = sqlite3_blob_bytes(blob);
	bstream->istream.iostream.close = blob_stream_close;
	bstream->istream.max_buffer_size = STORE_BLOB_BUFFER_SIZE;
	bstream->istream.read = blob_stream_read;
	bstream->istream.seek = blob_stream_seek;
	bstream->istream.istream.readable_fd = FALSE;
	bstream->istream.istream.blocking = TRUE;
	bstream->istream.istream.seekable = TRUE;
	input = i_stream_create(&bstream->istream, NULL, -1, 0);
	bstream->istream.statbuf.st_size = bstream->size;
	return input;
}

static int blob_remove(struct store *store, const struct store_blob *blob)
{
	struct store_pim_numbers numbers;
	sqlite3_stmt *stmt;

	if (store_pim_numbers_get(store, blob->folder, &numbers) <= 0)
		return -1;
	stmt = store_sql_get(store, STORE_SQL_BLOB_DELETE);
	if (stmt == NULL)
		return -1;
	store_bind_uint(stmt, 1, blob->num);
	numbers.bytes -= I_MIN(numbers.bytes, blob->size);
	if (store_sql_run(store, stmt, NULL) < 0 ||
	    store_pim_numbers_set(store, blob->folder, &numbers) < 0)
		return -1;
	return 1;
}

int store_blob_remove(struct store *store, uint32_t num)
{
	struct store_blob blob;
	bool own;
	int ret;

	if (store_change_begin(store, &own) < 0)
		return -1;
	ret = store_blob_get(store, pool_datastack_create(), num, &blob);
	if (ret > 0)
		ret = blob_remove(store, &blob);
	return store_change_end(store, own, ret);
}
