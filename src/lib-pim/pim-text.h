#ifndef PIM_TEXT_H
#define PIM_TEXT_H

/* Text on its way to a device: valid UTF-8, without the characters that XML
   1.0 forbids. */

/* The largest length of at most max bytes that does not cut a character of
   the valid UTF-8 text in two. */
size_t pim_text_cut(const void *data, size_t size, size_t max);
/* Replaces the control characters that XML forbids by blanks and the two
   noncharacters by U+FFFD, from offset start on. Lengths do not change. The
   text has to be valid UTF-8. */
void pim_text_clean(buffer_t *text, size_t start);
/* As pim_text_clean(), and line breaks and tabs become blanks as well;
   blanks at both ends go. What isn't UTF-8 becomes U+FFFD. Returns text in the
   data stack. */
const char *pim_text_clean_line(const char *text);

/* Appends the text as it is compared with others: no case, no accents, one
   blank for each row of blanks and line breaks, none at the ends. It has to be valid UTF-8. */
void pim_text_fold(const char *text, size_t size, buffer_t *dest);

/* Are the bytes of a stream such a text? Given in any pieces. */
struct pim_text_check {
	unsigned char pending[8];
	unsigned int pending_len;
	bool bad;
};
void pim_text_check_init(struct pim_text_check *check);
void pim_text_check_more(struct pim_text_check *check,
			 const unsigned char *data, size_t size);
/* cut: the stream was cut off anywhere, so that a last character may be
   incomplete */
bool pim_text_check_finish(const struct pim_text_check *check, bool cut);

#endif
