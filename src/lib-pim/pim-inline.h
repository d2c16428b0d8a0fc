#ifndef PIM_INLINE_H
#define PIM_INLINE_H

/* Takes the contents that stand in the ATTACHs of a calendar's text (ENCODING=BASE64) out of it, while
   it is read: they go to a temporary file, however large they are, and the ATTACH's value becomes
   PIM_INLINE_SCHEME and a hash of the content. What is no BASE64 stays to the byte. */

#define PIM_INLINE_SCHEME "roost-inline:"

struct istream;
struct pim_inline;

/* No more than max_size is given to a text: what is too large to be read as an item any way. */
struct pim_inline *pim_inline_init(const char *temp_prefix, size_t max_size);
void pim_inline_deinit(struct pim_inline **ctx);
/* Forgets the contents. */
void pim_inline_clear(struct pim_inline *ctx);

/* Takes a line with its end, or (goes_on) a further piece of a long one. What is not a content goes to dest,
   when it is known not to be. */
void pim_inline_more(struct pim_inline *ctx, const unsigned char *data,
		     size_t size, bool goes_on, string_t *dest);
/* No more lines follow. */
void pim_inline_finish(struct pim_inline *ctx, string_t *dest);
/* The temporary file could not be written or read: nothing can be relied on. NULL = it could. */
const char *pim_inline_get_error(const struct pim_inline *ctx);

/* The content of an ATTACH with this value as a stream that knows its size; NULL if it has
   none. It has to be freed before the next one is asked for. */
struct istream *pim_inline_open(struct pim_inline *ctx, const char *value);

#endif
