#ifndef PIM_COMPOSE_PRIVATE_H
#define PIM_COMPOSE_PRIVATE_H

#include "pim-compose.h"

/* The header fields of a part that comes as content, but for its encoding.
   Returns TRUE if it is an embedded mail. */
bool pim_compose_part_header(string_t *dest,
			     const struct pim_compose_part *part);

#endif
