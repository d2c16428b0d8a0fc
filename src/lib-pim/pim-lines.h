#ifndef PIM_LINES_H
#define PIM_LINES_H

/* A document of content lines: what vCard (2.1, RFC 2426, RFC 6350) and
   iCalendar (RFC 5545 3.1; vCalendar 1.0) have in common.

	[group.]NAME;PARAM=value,...:value	folded, escaped
	BEGIN:COMPONENT ... END:COMPONENT	nested

   The document is made to be edited: its text is kept verbatim, and a change
   of one property (or of one field or parameter of it) leaves every other
   line byte for byte as it was, unknown properties, odd foldings and broken
   lines included. A setter that is given what stands there already changes
   nothing at all. So a converter works like this:

	pim_lines_parse(data, size, NULL, &doc, &error);
	card = pim_component_find(pim_lines_root(doc), "VCARD");
	pim_component_set_text(card, "TITLE", "Captain");
	pim_lines_write(doc, buffer);
	pim_lines_free(&doc);

   What is a stranger's: line ends are CRLF or LF (CR alone is made CRLF); a
   component that is not ended ends with the one around it; what is no content line (an empty
   one, one without a colon) is kept and otherwise ignored. A line that is not
   UTF-8 is converted by its CHARSET or else from windows-1252, UTF-16 with a
   byte order mark as a whole. What is returned as value or text is valid
   UTF-8 without characters that XML forbids, whatever stands in the
   document.

   vCard 2.1 and vCalendar 1.0 ("legacy") are recognised by VERSION: their
   folds keep the blank, parameters may come without name, values may be
   QUOTED-PRINTABLE in any charset: pim_property_value() has them decoded.

   Everything belongs to the document: properties, components and strings stay
   until it is freed; those that were removed must not be used any more. Memory
   is a few times the size of the text. Names are compared without case. */

struct pim_lines;
struct pim_component;
struct pim_property;

/* 0 = the default */
struct pim_lines_limits {
	size_t max_size;		/* bytes, 32 MB */
	unsigned int max_lines;		/* unfolded, 1,000,000 */
	unsigned int max_depth;		/* of components, 16 */
};

/* Reads a document; data is copied. limits may be NULL. Returns 0, or -1 and
   a sentence if a limit is exceeded; nothing else is an error. */
int pim_lines_parse(const void *data, size_t size,
		    const struct pim_lines_limits *limits,
		    struct pim_lines **doc_r, const char **error_r);
/* An empty document; new lines end in CRLF. */
struct pim_lines *pim_lines_create(void);
void pim_lines_free(struct pim_lines **doc);
/* Appends the text. */
void pim_lines_write(const struct pim_lines *doc, buffer_t *dest);
/* The number of BEGINs without END and lines that are no content lines (empty
   ones not counted): for a log line or a check. */
unsigned int pim_lines_damage(const struct pim_lines *doc);

/*
 * Components
 */

/* The document itself: a component without name, BEGIN and END. */
struct pim_component *pim_lines_root(struct pim_lines *doc);
/* "VEVENT", as it is written. "" for the root. */
const char *pim_component_name(const struct pim_component *comp);
/* NULL for the root. */
struct pim_component *pim_component_parent(const struct pim_component *comp);
struct pim_lines *pim_component_doc(const struct pim_component *comp);
/* TRUE: vCard 2.1 or vCalendar 1.0. */
bool pim_component_is_legacy(const struct pim_component *comp);
/* The first component directly below comp, the next one beside comp. name
   NULL = any. NULL = none. */
struct pim_component *
pim_component_find(const struct pim_component *comp, const char *name);
struct pim_component *
pim_component_next(const struct pim_component *comp, const char *name);
/* Appends the text of one component. */
void pim_component_write(const struct pim_component *comp, buffer_t *dest);
/* Adds an empty component behind everything else below parent. */
struct pim_component *
pim_component_add(struct pim_component *parent, const char *name);
/* Adds a copy of source (which may be of another document, or stand beside
   it), byte for byte. */
struct pim_component *
pim_component_add_copy(struct pim_component *parent,
		       const struct pim_component *source);
/* Takes comp with all below it out of the document. Not for the root. */
void pim_component_remove(struct pim_component *comp);

/*
 * Properties
 */

/* The first property directly in comp, the next one behind prop. name NULL =
   any. NULL = none. BEGIN and END are no properties. */
struct pim_property *
pim_property_find(const struct pim_component *comp, const char *name);
struct pim_property *
pim_property_next(const struct pim_property *prop, const char *name);
struct pim_component *pim_property_component(const struct pim_property *prop);

/* As written. */
const char *pim_property_name(const struct pim_property *prop);
/* "item1" of "item1.EMAIL", NULL = none */
const char *pim_property_group(const struct pim_property *prop);
/* The value, unfolded and QUOTED-PRINTABLE decoded, but with its escapes:
   for values that are no text (dates, rules, URIs, base64) and for
   pim_value_split(). Never NULL. */
const char *pim_property_value(const struct pim_property *prop);
/* The value as text: unescaped, line breaks are "\n". */
const char *pim_property_text(const struct pim_property *prop);
/* A field of a structured value (N, ADR, ORG), unescaped. Fields are separated by
   ';' and count from 0. "" if there are not so many. */
const char *pim_property_field(const struct pim_property *prop,
			       unsigned int idx);

/* The first value of a parameter, without quotes, RFC 6868 decoded. NULL =
   no such parameter. */
const char *pim_property_param(const struct pim_property *prop,
			       const char *name);
/* All values of it: TYPE=a,b;TYPE=c is a, b, c. Legacy parameters without a
   name are values of TYPE (and of ENCODING, if they are one). NULL-ended, in
   the data stack. */
const char *const *pim_property_params(const struct pim_property *prop,
				       const char *name);
/* Has the parameter this value (without case)? */
bool pim_property_has_param(const struct pim_property *prop, const char *name,
			    const char *value);

/* Writes the value as it is given (escaped where necessary; line breaks in it
   become blanks). Group, name and parameters stay as they are, only those that
   describe the old value's encoding (ENCODING, CHARSET) go. */
void pim_property_set_value(struct pim_property *prop, const char *value);
/* Writes a text: escapes it. In legacy components what needs it becomes
   QUOTED-PRINTABLE. */
void pim_property_set_text(struct pim_property *prop, const char *text);
/* Writes one field of a structured value, the others stay as they are. */
void pim_property_set_field(struct pim_property *prop, unsigned int idx,
			    const char *text);
/* Replaces all occurrences of a parameter by one with this value. NULL removes
   it. Quotes are set where they are needed. */
void pim_property_set_param(struct pim_property *prop, const char *name,
			    const char *value);
/* The same with a list of values (NULL-ended). An empty one removes it. */
void pim_property_set_params(struct pim_property *prop, const char *name,
			     const char *const *values);
/* Adds a property: behind the last one of the same name, else behind the last
   property of the component. The name may have a group ("item1.TEL"). The
   value is as in pim_property_set_value(). */
struct pim_property *
pim_property_add(struct pim_component *comp, const char *name,
		 const char *value);
/* Adds a copy of source, which may be of another document, byte for byte. */
struct pim_property *
pim_property_add_copy(struct pim_component *comp,
		      const struct pim_property *source);
void pim_property_remove(struct pim_property *prop);

/*
 * Properties that stand once
 */

/* The value or text of the first one, NULL = none. */
const char *pim_component_value(const struct pim_component *comp,
				const char *name);
const char *pim_component_text(const struct pim_component *comp,
			       const char *name);
/* Sets the first one, adds it if there is none. NULL removes all of that
   name. */
void pim_component_set_value(struct pim_component *comp, const char *name,
			     const char *value);
void pim_component_set_text(struct pim_component *comp, const char *name,
			    const char *text);
/* Returns their number. */
unsigned int
pim_component_remove_all(struct pim_component *comp, const char *name);

/*
 * Values; results are in the data stack.
 */

/* RFC 5545 3.3.11, RFC 6350 3.4 */
const char *pim_value_escape(const char *text);
const char *pim_value_unescape(const char *value);
/* The parts of a value between unescaped separators (',' or ';'), not
   unescaped. NULL-ended, never empty. */
const char *const *pim_value_split(const char *value, char separator);

#endif
