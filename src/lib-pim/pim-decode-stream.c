/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "istream-private.h"
#include "pim-decode.h"

struct pim_decoder_istream {
	struct istream_private istream;
	enum pim_encoding encoding;
	struct pim_decoder *decoder;
	/* decoded bytes; those before buf_pos are in the stream's buffer */
	buffer_t *buf;
	size_t buf_pos;
	bool finished;
};

static struct pim_decoder_istream *
pim_decoder_istream(struct istream_private *stream)
{
	return container_of(stream, struct pim_decoder_istream, istream);
}

static void
i_stream_pim_decoder_close(struct iostream_private *iostream, bool close_parent)
{
	struct pim_decoder_istream *dstream =
		container_of(iostream, struct pim_decoder_istream,
			     istream.iostream);

	if (dstream->decoder != NULL)
		pim_decoder_deinit(&dstream->decoder);
	buffer_free(&dstream->buf);
	if (close_parent)
		i_stream_close(dstream->istream.parent);
}

/* Returns 1 if buf has something to read now, else what read() returns. */
static ssize_t i_stream_pim_decoder_fill(struct pim_decoder_istream *dstream)
{
	struct istream_private *stream = &dstream->istream;
	const unsigned char *data;
	size_t size;
	int ret;

	while (dstream->buf_pos == dstream->buf->used) {
		buffer_set_used_size(dstream->buf, 0);
		dstream->buf_pos = 0;
		if (dstream->finished) {
			stream->istream.eof = TRUE;
			return -1;
		}
		ret = i_stream_read_more(stream->parent, &data, &size);
		if (ret > 0) {
			pim_decoder_more(dstream->decoder, data, size,
					 dstream->buf);
			i_stream_skip(stream->parent, size);
		} else if (ret == 0 || stream->parent->stream_errno != 0) {
			stream->istream.stream_errno =
				stream->parent->stream_errno;
			stream->istream.eof = stream->parent->eof;
			return ret;
		} else {
			pim_decoder_finish(dstream->decoder, dstream->buf);
			dstream->finished = TRUE;
		}
	}
	return 1;
}

static ssize_t i_stream_pim_decoder_read(struct istream_private *stream)
{
	struct pim_decoder_istream *dstream = pim_decoder_istream(stream);
	size_t size, avail;
	ssize_t ret;

	if ((ret = i_stream_pim_decoder_fill(dstream)) <= 0)
		return ret;
	if (!i_stream_try_alloc(stream, 1, &avail))
		return -2;
	size = I_MIN(avail, dstream->buf->used - dstream->buf_pos);
	memcpy(stream->w_buffer + stream->pos,
	       CONST_PTR_OFFSET(dstream->buf->data, dstream->buf_pos), size);
	stream->pos += size;
	dstream->buf_pos += size;
	return size;
}

static void
i_stream_pim_decoder_seek(struct istream_private *stream, uoff_t v_offset,
			  bool mark)
{
	struct pim_decoder_istream *dstream = pim_decoder_istream(stream);

	if (v_offset < stream->istream.v_offset) {
		/* from the beginning on again */
		stream->parent_expected_offset = stream->parent_start_offset;
		stream->skip = stream->pos = 0;
		stream->istream.v_offset = 0;
		i_stream_seek(stream->parent, stream->parent_start_offset);
		pim_decoder_deinit(&dstream->decoder);
		dstream->decoder = pim_decoder_init(dstream->encoding);
		dstream->finished = FALSE;
		buffer_set_used_size(dstream->buf, 0);
		dstream->buf_pos = 0;
	}
	i_stream_default_seek_nonseekable(stream, v_offset, mark);
}

struct istream *
i_stream_create_pim_decoder(struct istream *input, enum pim_encoding encoding)
{
	struct pim_decoder_istream *dstream =
		i_new(struct pim_decoder_istream, 1);

	dstream->encoding = encoding;
	dstream->decoder = pim_decoder_init(encoding);
	dstream->buf = buffer_create_dynamic(default_pool, 8192);
	dstream->istream.max_buffer_size =
		input->real_stream->max_buffer_size;
	dstream->istream.iostream.close = i_stream_pim_decoder_close;
	dstream->istream.read = i_stream_pim_decoder_read;
	dstream->istream.seek = i_stream_pim_decoder_seek;
	dstream->istream.istream.readable_fd = FALSE;
	dstream->istream.istream.blocking = input->blocking;
	dstream->istream.istream.seekable = input->seekable;
	return i_stream_create(&dstream->istream, input,
			       i_stream_get_fd(input), 0);
}
