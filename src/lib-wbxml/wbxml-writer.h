#ifndef WBXML_WRITER_H
#define WBXML_WRITER_H

#include "wbxml.h"

/* Writes a document as a stream: nothing is held back but the ostream's own buffer.
   Errors of the ostream are kept and returned by finish(), so that callers need not look
   at each step. Text is written as STR_I; bytes that are not valid UTF-8 and
   characters that XML forbids are replaced by U+FFFD. */

struct wbxml_writer;

/* Starts a document: header 03 01 6A 00. The writer refs output. */
struct wbxml_writer *wbxml_writer_init(struct ostream *output);
/* Starts a fragment that will be appended with wbxml_writer_append(): no header. Its
   code page is unknown, so its first tag always says SWITCH_PAGE. */
struct wbxml_writer *wbxml_writer_init_fragment(struct ostream *output);
/* Ends the document (asserts that every element is closed), frees the writer. Returns 0,
   or -1 if output failed (its error is in the stream). */
int wbxml_writer_finish(struct wbxml_writer **writer);
/* Frees the writer without ending anything. */
void wbxml_writer_abort(struct wbxml_writer **writer);

/* <tag> with content to come; must be matched by wbxml_close(). An element that is closed
   without content is written as an empty one. */
void wbxml_open(struct wbxml_writer *writer, unsigned int tag);
void wbxml_close(struct wbxml_writer *writer);
/* <tag/> */
void wbxml_empty(struct wbxml_writer *writer, unsigned int tag);
/* <tag>text</tag>; an empty text writes <tag/>. NULL writes nothing. */
void wbxml_text(struct wbxml_writer *writer, unsigned int tag,
		const char *text);
void wbxml_uint(struct wbxml_writer *writer, unsigned int tag, uint64_t value);
/* <tag>1</tag> or <tag>0</tag> */
void wbxml_bool(struct wbxml_writer *writer, unsigned int tag, bool value);
void wbxml_opaque(struct wbxml_writer *writer, unsigned int tag,
		  const void *data, size_t size);
/* <tag> with the next size bytes of input as OPAQUE. If the input ends early or fails
   the rest is filled with blanks and the writer's error is set. */
void wbxml_opaque_stream(struct wbxml_writer *writer, unsigned int tag,
			 struct istream *input, uoff_t size);
/* <tag> with all that input gives as one inline text; blocking input. max_bytes
   limits what is written (cut at a character's border, UOFF_T_MAX = all). Returns
   the number of bytes written, or -1 if input failed (element is closed all the same). */
int64_t wbxml_text_stream(struct wbxml_writer *writer, unsigned int tag,
			  struct istream *input, uoff_t max_bytes);
/* Text in pieces: begin, any number of adds, end. */
void wbxml_text_begin(struct wbxml_writer *writer, unsigned int tag);
void wbxml_text_add(struct wbxml_writer *writer, const void *data, size_t size);
void wbxml_text_end(struct wbxml_writer *writer);
/* Appends what a fragment writer wrote, as children of the open element. */
void wbxml_writer_append(struct wbxml_writer *writer, const void *data,
			 size_t size);
/* Remembers what wbxml_uint() writes for this tag, a Status. Appended fragments don't count. */
void wbxml_writer_watch(struct wbxml_writer *writer, unsigned int tag,
			unsigned int good);
/* The first value of the watched tag that wasn't good; good if all were; 0 = there was none. */
uint64_t wbxml_writer_watched(const struct wbxml_writer *writer);
/* Bytes written so far, header included. */
uoff_t wbxml_writer_size(const struct wbxml_writer *writer);

#endif
