#include "lib.h"
#include "buffer.h"
#include "unichar.h"
#include "istream.h"
#include "ostream.h"
#include "wbxml-writer.h"
#include "wbxml-private.h"

/* The start of an element is held back until it is known whether it has content: that is
   all the state beside the code page and the number of open elements. Text passes
   through one filter, which lets through only what XML may hold and knows
   where characters begin, so that it can also cut text to a size. */

#define WBXML_NO_PAGE UINT_MAX
#define WBXML_MAX_DEPTH 64

struct wbxml_writer {
	struct ostream *output;
	uoff_t size;
	unsigned int page;
	unsigned int depth;
	/* the innermost element's tag is not written yet; 0 = it is */
	unsigned int pending_tag;

	/* the text filter: what may still be written, and the
	   beginning of a character whose rest comes with the next piece */
	uoff_t text_left;
	unsigned char partial[8];
	unsigned int partial_size;

	/* 0 = nothing is watched */
	unsigned int watch_tag, watch_good;
	uint64_t watched;

	bool in_text:1;
	bool failed:1;
};

static struct wbxml_writer *
wbxml_writer_alloc(struct ostream *output)
{
	struct wbxml_writer *writer = i_new(struct wbxml_writer, 1);

	writer->output = output;
	o_stream_ref(output);
	return writer;
}

static void
wbxml_send(struct wbxml_writer *writer, const void *data, size_t size)
{
	o_stream_nsend(writer->output, data, size);
	writer->size += size;
}

static void wbxml_send_byte(struct wbxml_writer *writer, unsigned char byte)
{
	wbxml_send(writer, &byte, 1);
}

struct wbxml_writer *wbxml_writer_init(struct ostream *output)
{
	static const unsigned char header[] = {
		WBXML_VERSION_1_3, WBXML_PUBLIC_ID_UNKNOWN, WBXML_CHARSET_UTF8,
		0 /* no string table */
	};
	struct wbxml_writer *writer = wbxml_writer_alloc(output);

	/* the code page is 0 at a document's start */
	wbxml_send(writer, header, sizeof(header));
	return writer;
}

struct wbxml_writer *wbxml_writer_init_fragment(struct ostream *output)
{
	struct wbxml_writer *writer = wbxml_writer_alloc(output);

	writer->page = WBXML_NO_PAGE;
	return writer;
}

void wbxml_writer_abort(struct wbxml_writer **_writer)
{
	struct wbxml_writer *writer = *_writer;

	*_writer = NULL;
	o_stream_unref(&writer->output);
	i_free(writer);
}

int wbxml_writer_finish(struct wbxml_writer **_writer)
{
	struct wbxml_writer *writer = *_writer;
	int ret;

	i_assert(writer->depth == 0);
	i_assert(!writer->in_text);
	ret = o_stream_flush(writer->output) < 0 || writer->failed ? -1 : 0;
	wbxml_writer_abort(_writer);
	return ret;
}

static void wbxml_send_mb_uint32(struct wbxml_writer *writer, uint32_t value)
{
	unsigned char bytes[5];
	unsigned int i = sizeof(bytes);

	bytes[--i] = value & 0x7f;
	while ((value >>= 7) > 0)
		bytes[--i] = 0x80 | (value & 0x7f);
	wbxml_send(writer, bytes + i, sizeof(bytes) - i);
}

static void
wbxml_send_tag(struct wbxml_writer *writer, unsigned int tag, bool content)
{
	unsigned int page = WBXML_TAG_PAGE(tag);

	if (page != writer->page) {
		wbxml_send_byte(writer, WBXML_SWITCH_PAGE);
		wbxml_send_byte(writer, page);
		writer->page = page;
	}
	wbxml_send_byte(writer, WBXML_TAG_TOKEN(tag) |
			(content ? WBXML_HAS_CONTENT : 0));
}

/* Content follows: writes the start that was held back. */
static void wbxml_start_content(struct wbxml_writer *writer)
{
	i_assert(!writer->in_text);
	if (writer->pending_tag != 0) {
		wbxml_send_tag(writer, writer->pending_tag, TRUE);
		writer->pending_tag = 0;
	}
}

void wbxml_open(struct wbxml_writer *writer, unsigned int tag)
{
	i_assert(WBXML_TAG_TOKEN(tag) >= WBXML_FIRST_TAG_TOKEN);
	i_assert(writer->depth < WBXML_MAX_DEPTH);
	wbxml_start_content(writer);
	writer->pending_tag = tag;
	writer->depth++;
}

void wbxml_close(struct wbxml_writer *writer)
{
	i_assert(writer->depth > 0);
	i_assert(!writer->in_text);
	writer->depth--;
	if (writer->pending_tag == 0)
		wbxml_send_byte(writer, WBXML_END);
	else {
		wbxml_send_tag(writer, writer->pending_tag, FALSE);
		writer->pending_tag = 0;
	}
}

void wbxml_empty(struct wbxml_writer *writer, unsigned int tag)
{
	wbxml_open(writer, tag);
	wbxml_close(writer);
}

/* Characters of XML 1.0 (2.2 Char) */
static bool wbxml_char_is_allowed(unichar_t chr)
{
	return chr >= 0x20 ? (chr != 0xfffe && chr != 0xffff) :
		(chr == '\t' || chr == '\n' || chr == '\r');
}

/* Sends as much of text (of whole, allowed characters) as may still be written. */
static void
wbxml_text_send(struct wbxml_writer *writer, const unsigned char *data,
		size_t size)
{
	if (size > writer->text_left) {
		size = writer->text_left;
		while (size > 0 && (data[size] & 0xc0) == 0x80)
			size--;
		/* nothing more may come after a cut */
		writer->text_left = size;
	}
	wbxml_send(writer, data, size);
	writer->text_left -= size;
}

static void wbxml_text_replace(struct wbxml_writer *writer, bool invalid)
{
	static const unsigned char blank = ' ';

	if (invalid) {
		wbxml_text_send(writer, utf8_replacement_char,
				UTF8_REPLACEMENT_CHAR_LEN);
	} else {
		wbxml_text_send(writer, &blank, 1);
	}
}

/* ASCII that is always let through: nearly all of most text. */
static inline bool wbxml_is_plain(unsigned char c)
{
	return (c >= 0x20 && c < 0x80) || c == '\n' || c == '\r' || c == '\t';
}

/* How many bytes at the beginning are plain: eight at a time, since every byte that goes to
   a device passes here. */
static size_t wbxml_skip_plain(const unsigned char *data, size_t size)
{
	const uint64_t ones = ~(uint64_t)0 / 255;
	uint64_t word;
	size_t pos = 0;

	while (pos < size) {
		if (size - pos >= sizeof(word)) {
			memcpy(&word, data + pos, sizeof(word));
			/* no byte has its high bit set or is below 0x20 */
			if (((word | (word - ones * 0x20)) &
			     (ones * 0x80)) == 0) {
				pos += sizeof(word);
				continue;
			}
		}
		if (!wbxml_is_plain(data[pos]))
			break;
		pos++;
	}
	return pos;
}

/* Filters data; returns how much of it was used: all but the beginning of a
   character at its end, unless final. */
static size_t
wbxml_text_filter(struct wbxml_writer *writer, const unsigned char *data,
		  size_t size, bool final)
{
	size_t start = 0, pos = 0;
	unichar_t chr;
	int ret;

	while (pos < size && writer->text_left > 0) {
		pos += wbxml_skip_plain(data + pos, size - pos);
		if (pos == size)
			break;
		ret = uni_utf8_get_char_n(data + pos, size - pos, &chr);
		/* a NUL behind it is no end either, the next bytes are there */
		if (ret == 0 && !final &&
		    memchr(data + pos, '\0', size - pos) == NULL)
			break;
		if (ret > 0 && wbxml_char_is_allowed(chr)) {
			pos += ret;
			continue;
		}
		wbxml_text_send(writer, data + start, pos - start);
		wbxml_text_replace(writer, ret <= 0);
		pos += ret > 0 ? ret : 1;
		start = pos;
	}
	wbxml_text_send(writer, data + start, pos - start);
	return writer->text_left == 0 ? size : pos;
}

static void
wbxml_text_begin_limited(struct wbxml_writer *writer, unsigned int tag,
			 uoff_t max_bytes)
{
	wbxml_open(writer, tag);
	wbxml_start_content(writer);
	wbxml_send_byte(writer, WBXML_STR_I);
	writer->text_left = max_bytes;
	writer->partial_size = 0;
	writer->in_text = TRUE;
}

void wbxml_text_begin(struct wbxml_writer *writer, unsigned int tag)
{
	wbxml_text_begin_limited(writer, tag, UOFF_T_MAX);
}

void wbxml_text_add(struct wbxml_writer *writer, const void *_data, size_t size)
{
	const unsigned char *data = _data;
	size_t used;

	i_assert(writer->in_text);
	/* complete the character that began in an earlier piece */
	while (writer->partial_size > 0 && size > 0) {
		writer->partial[writer->partial_size++] = *data++;
		size--;
		used = wbxml_text_filter(writer, writer->partial,
			writer->partial_size,
			writer->partial_size == sizeof(writer->partial));
		writer->partial_size -= used;
		memmove(writer->partial, writer->partial + used,
			writer->partial_size);
	}
	if (size == 0)
		return;
	used = wbxml_text_filter(writer, data, size, FALSE);
	i_assert(size - used < sizeof(writer->partial));
	memcpy(writer->partial, data + used, size - used);
	writer->partial_size = size - used;
}

void wbxml_text_end(struct wbxml_writer *writer)
{
	i_assert(writer->in_text);
	(void)wbxml_text_filter(writer, writer->partial, writer->partial_size,
				TRUE);
	writer->partial_size = 0;
	writer->in_text = FALSE;
	wbxml_send_byte(writer, '\0');
	wbxml_close(writer);
}

void wbxml_text(struct wbxml_writer *writer, unsigned int tag, const char *text)
{
	if (text == NULL)
		return;
	if (*text == '\0') {
		wbxml_empty(writer, tag);
		return;
	}
	wbxml_text_begin(writer, tag);
	wbxml_text_add(writer, text, strlen(text));
	wbxml_text_end(writer);
}

int64_t wbxml_text_stream(struct wbxml_writer *writer, unsigned int tag,
			  struct istream *input, uoff_t max_bytes)
{
	const unsigned char *data;
	size_t size;
	uoff_t start;
	int64_t written;

	wbxml_text_begin_limited(writer, tag, max_bytes);
	start = writer->size;
	while (writer->text_left > 0 &&
	       i_stream_read_more(input, &data, &size) > 0) {
		wbxml_text_add(writer, data, size);
		i_stream_skip(input, size);
	}
	(void)wbxml_text_filter(writer, writer->partial, writer->partial_size,
				TRUE);
	writer->partial_size = 0;
	written = writer->size - start;
	wbxml_text_end(writer);
	return input->stream_errno != 0 ? -1 : written;
}

void wbxml_uint(struct wbxml_writer *writer, unsigned int tag, uint64_t value)
{
	char number[MAX_INT_STRLEN];

	wbxml_text(writer, tag, dec2str_buf(number, value));
	if (tag == writer->watch_tag &&
	    (writer->watched == 0 || writer->watched == writer->watch_good))
		writer->watched = value;
}

void wbxml_writer_watch(struct wbxml_writer *writer, unsigned int tag,
			unsigned int good)
{
	writer->watch_tag = tag;
	writer->watch_good = good;
	writer->watched = 0;
}

uint64_t wbxml_writer_watched(const struct wbxml_writer *writer)
{
	return writer->watched;
}

void wbxml_bool(struct wbxml_writer *writer, unsigned int tag, bool value)
{
	wbxml_text(writer, tag, value ? "1" : "0");
}

static void
wbxml_opaque_begin(struct wbxml_writer *writer, unsigned int tag, uint32_t size)
{
	wbxml_open(writer, tag);
	wbxml_start_content(writer);
	wbxml_send_byte(writer, WBXML_OPAQUE);
	wbxml_send_mb_uint32(writer, size);
}

void wbxml_opaque(struct wbxml_writer *writer, unsigned int tag,
		  const void *data, size_t size)
{
	i_assert(size <= UINT32_MAX);
	wbxml_opaque_begin(writer, tag, size);
	wbxml_send(writer, data, size);
	wbxml_close(writer);
}

void wbxml_opaque_stream(struct wbxml_writer *writer, unsigned int tag,
			 struct istream *input, uoff_t size)
{
	static const char blanks[] = "                ";
	const unsigned char *data;
	size_t avail;

	i_assert(size <= UINT32_MAX);
	wbxml_opaque_begin(writer, tag, size);
	while (size > 0 && i_stream_read_more(input, &data, &avail) > 0) {
		avail = I_MIN(avail, size);
		wbxml_send(writer, data, avail);
		i_stream_skip(input, avail);
		size -= avail;
	}
	if (size > 0)
		writer->failed = TRUE;
	while (size > 0) {
		avail = I_MIN(sizeof(blanks) - 1, size);
		wbxml_send(writer, blanks, avail);
		size -= avail;
	}
	wbxml_close(writer);
}

void wbxml_writer_append(struct wbxml_writer *writer, const void *data,
			 size_t size)
{
	if (size == 0)
		return;
	wbxml_start_content(writer);
	wbxml_send(writer, data, size);
	/* the fragment switched to pages of its own */
	writer->page = WBXML_NO_PAGE;
}

uoff_t wbxml_writer_size(const struct wbxml_writer *writer)
{
	return writer->size;
}
