#ifndef PIM_RTF_H
#define PIM_RTF_H

/* Rich Text Format, as devices of the time of protocol 2.5 and Outlook send
   bodies: what it says as text. The functions read hostile input in bounded time and memory. */

/* What a body may have when it is unpacked. */
#define PIM_RTF_MAX_SIZE (16*1024*1024)

/* [MS-OXRTFCP]: is this the packed form? */
bool pim_rtf_is_compressed(const void *data, size_t size);
/* Unpacks it. Appends to dest. Returns 0, or -1 and a sentence if it is malformed or
   larger than PIM_RTF_MAX_SIZE; dest has then what could be read. */
int pim_rtf_decompress(const void *data, size_t size, buffer_t *dest,
		       const char **error_r);

/* Appends the text: clean UTF-8, lines end in LF; a line break at the end, which each
   document has, is left out. What is no RTF has no text. Never fails. */
void pim_rtf_to_text(const void *data, size_t size, buffer_t *dest);
/* [MS-OXRTFEX]: appends the HTML that the document was made of, as UTF-8. FALSE
   = it was made of none, and nothing is appended. */
bool pim_rtf_to_html(const void *data, size_t size, buffer_t *dest);
/* Of a document that was made of none: appends HTML, as UTF-8, that shows its lines, bold, italic,
   underlined, struck out and coloured text, and links. FALSE = the text alone says as
   much, or pim_rtf_to_html() says more; nothing is appended. */
bool pim_rtf_to_simple_html(const void *data, size_t size, buffer_t *dest);

#endif
