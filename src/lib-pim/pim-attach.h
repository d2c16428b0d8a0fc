#ifndef PIM_ATTACH_H
#define PIM_ATTACH_H

/* ATTACHs whose content is kept apart from the text: their value is a number ("roost-blob:17"), and the
   parameters of RFC 8607 (FMTTYPE, FILENAME, SIZE) say what it is. Wherever the text leaves us it has to
   have the content in it (RFC 5545 3.8.1.1: ENCODING=BASE64;VALUE=BINARY). */

#include "array-decl.h"

#define PIM_ATTACH_BLOB "roost-blob:"

struct pim_property;

/* One such line of a text. */
struct pim_attach {
	/* with its folds and its end */
	size_t start, end;
	uint32_t num;
};

/* Does a value name a blob? */
bool pim_attach_parse_blob(const char *value, uint32_t *num_r);
/* Is it such a line? */
bool pim_attach_is_blob(const struct pim_property *prop, uint32_t *num_r);
/* Finds the first such line from an offset (that of a line's beginning) on. */
bool pim_attach_next(const char *text, size_t size, size_t from,
		     struct pim_attach *attach_r);
/* Has the text any ATTACH at all? */
bool pim_attach_has_any(const char *text, size_t size);
/* The numbers that a text names, in its order, repetitions included. */
void pim_attach_list(const char *text, size_t size, ARRAY_TYPE(uint32_t) *nums);

/* The line up to its content, as it has to be with the content in it: BASE64 in lines that each begin
   with eol_r and a blank follows, and eol_r ends it. type and name (NULL = unknown) are set if the
   line has none. */
const char *pim_attach_inline(const char *text, const struct pim_attach *attach,
			      const char *type, const char *name,
			      const char **eol_r);
/* Writes the text with other numbers: those of pim_attach_list(), in its order, become nums. */
void pim_attach_renumber(const char *text, size_t size, const uint32_t *nums,
			 string_t *dest);
/* NULL = it has none */
const char *pim_attach_file_name(const struct pim_property *prop);
/* Makes a line with content (or another number) one that names this. */
void pim_attach_set_blob(struct pim_property *prop, uint32_t num, uoff_t size);

#endif
