#ifndef PIM_MERGE_HTML_H
#define PIM_MERGE_HTML_H

struct istream;

/* Two HTML documents become one: before the first one's </body> stand head (HTML) and the
   second one's content: the styles of its head, and its body as a <div> with the same
   attributes. Nothing is changed otherwise. Both streams must be seekable
   and blocking; they are referenced by the result. */
struct istream *
pim_merge_html_join(struct istream *first, const char *head,
		    struct istream *second);
/* Text as HTML. */
void pim_merge_html_escape(string_t *dest, const char *text);

#endif
