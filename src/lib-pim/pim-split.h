#ifndef PIM_SPLIT_H
#define PIM_SPLIT_H

/* Takes a stream of vCards and iCalendar objects, any number of them, apart into items: a
   card, or all components with one UID, with the time zones that they name. A calendar
   that is one item already comes as it is, to the byte. What is
   outside of cards and calendars is passed over. Memory holds one card or one
   calendar at a time. */

struct istream;
struct pim_split;

struct pim_split *pim_split_init(struct istream *input);
void pim_split_deinit(struct pim_split **split);
/* Contents that stand in calendars are taken out of them (see pim-inline.h), so that memory does not
   hold them: to be said before the first item. */
void pim_split_extract(struct pim_split *split, const char *temp_prefix);
/* Returns 1 and the next item, valid until the next call, 0 at the
   end; -1 and a sentence if the input failed or a piece of it is too large to be read:
   what follows it can be asked for if more_r is set. */
int pim_split_next(struct pim_split *split, const char **text_r,
		   size_t *size_r, bool *more_r, const char **error_r);

/* The content that stood in an ATTACH of the last item, by its value now; as pim_inline_open(). */
struct istream *pim_split_content(struct pim_split *split, const char *value);

/* Gives the text's item a UID made of its content, if it has none: the same text gets the
   same. Returns the text, in the data stack, or text itself. */
const char *pim_split_add_uid(const char *text, size_t *size);

#endif
