#ifndef PIM_HTML_H
#define PIM_HTML_H

/* Text to HTML and back, as streams. Input is valid UTF-8 in pieces that do
   not cut characters; so is the output. */

struct pim_text2html;
struct pim_html2text;

struct pim_text2html *pim_text2html_init(void);
/* Everything but the document's frame. */
void pim_text2html_more(struct pim_text2html *conv, const unsigned char *data,
			size_t size, buffer_t *dest);
void pim_text2html_deinit(struct pim_text2html **conv);
extern const char pim_text2html_head[], pim_text2html_tail[];

/* Lines end in CRLF. Block elements begin lines, lists get dashes, quotes
   ">", a link's address follows its text. Scripts, styles and comments are
   dropped. Memory is bounded, time linear. */
struct pim_html2text *pim_html2text_init(void);
void pim_html2text_more(struct pim_html2text *conv, const unsigned char *data,
			size_t size, buffer_t *dest);
void pim_html2text_finish(struct pim_html2text *conv, buffer_t *dest);
void pim_html2text_deinit(struct pim_html2text **conv);

/* The charset that the beginning of a document declares in a <meta>: in the
   data stack, NULL if it says none. *start_r and *len_r: where the name
   stands. */
const char *pim_html_meta_charset(const unsigned char *data, size_t size,
				  size_t *start_r, size_t *len_r);

#endif
