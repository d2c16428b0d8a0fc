#ifndef PIM_ITEM_TEXT_H
#define PIM_ITEM_TEXT_H

#include "pim-lines.h"

/* What people see of an item, for who looks for words in it: the texts of its
   events (changed occurrences as well), tasks, notes and cards, with people, places,
   addresses and telephone numbers; nothing that only programs read.

   Appends each of them, as pim_text_fold() makes it, and a line feed, which is
   in no folded text. dest must not be of the data stack. */
void pim_item_text_fold(struct pim_lines *doc, buffer_t *dest);

#endif
