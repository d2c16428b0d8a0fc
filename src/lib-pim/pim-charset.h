#ifndef PIM_CHARSET_H
#define PIM_CHARSET_H

/* Character sets as mail has them: often mislabelled, so what comes out is
   always valid UTF-8 (and clean as pim_text_clean() leaves it), whatever goes
   in.

   UTF-8, US-ASCII, an unknown and a missing name mean: look. The first byte
   beyond ASCII decides between UTF-8 and windows-1252. Others are converted
   by iconv, under the name that the superset in real use has (ISO-8859-1 is
   windows-1252, GB2312 is GB18030, ...). */

struct pim_charset_decoder;

/* The Windows code page of a MIME charset (InternetCPID); NULL is US-ASCII,
   an unknown name UTF-8. */
unsigned int pim_charset_codepage(const char *charset);

/* The other way round, in the data stack: a name for what follows, which for
   an unknown code page is an unknown name. */
const char *pim_charset_of_codepage(unsigned int codepage);

/* charset may be NULL. Never fails. */
struct pim_charset_decoder *pim_charset_decoder_init(const char *charset);
void pim_charset_decoder_more(struct pim_charset_decoder *dec,
			      const void *data, size_t size, buffer_t *dest);
/* The input ended: a character that is incomplete becomes U+FFFD. The
   decoder may be used again. */
void pim_charset_decoder_finish(struct pim_charset_decoder *dec,
				buffer_t *dest);
void pim_charset_decoder_deinit(struct pim_charset_decoder **dec);

/* A whole text at once. */
void pim_charset_to_utf8(const char *charset, const void *data, size_t size,
			 buffer_t *dest);

#endif
