#ifndef PIM_LINES_PRIVATE_H
#define PIM_LINES_PRIVATE_H

#include "pim-lines.h"

/* What the pim-lines*.c files share. A document is a tree: a component has an
   ordered list of nodes, which are properties, components, and lines that
   are neither. Each line has its raw bytes, with its folds and its line end;
   writing the document is writing those. An edit gives a property other
   raw bytes. */

enum pim_node_type {
	PIM_NODE_PROPERTY,
	PIM_NODE_COMPONENT,
	/* no content line */
	PIM_NODE_JUNK,
};

struct pim_raw {
	const unsigned char *data;
	size_t size;
};

struct pim_node {
	struct pim_node *prev, *next;
	struct pim_component *parent;
	enum pim_node_type type;
	/* a component's: its BEGIN line */
	struct pim_raw raw;
	/* spelled as it is; stays once the node is in a component */
	const char *name;
	/* of a component with names: the list of its name */
	struct pim_node *same_prev, *same_next;
	unsigned int name_list;
};

struct pim_property {
	struct pim_node node;
	const char *group;
	/* made when first asked for: the unfolded line, where its parameters
	   (from the ';' on, empty if there are none) and its value begin,
	   and the value decoded */
	char *line;
	size_t params, value;
	char *decoded;
};

struct pim_component {
	struct pim_node node;
	struct pim_lines *doc;
	struct pim_node *head, *tail;
	unsigned int nodes_count;
	/* NULL = there are so few that they are looked at */
	struct pim_names *names;
	/* size 0: the line is missing */
	struct pim_raw end;
	bool legacy;
};

struct pim_lines {
	pool_t pool;
	struct pim_component root;
	/* a byte order mark */
	struct pim_raw prefix;
	const char *eol;
	unsigned int damage;
	/* the text is valid UTF-8 as a whole */
	bool valid:1;
};

/* pim-lines.c */
struct pim_property *
pim_property_alloc(struct pim_component *parent, const char *group,
		   const char *name);
struct pim_component *
pim_component_alloc(struct pim_component *parent, const char *name);
/* Puts node behind after (NULL: first). */
void pim_node_insert(struct pim_component *parent, struct pim_node *after,
		     struct pim_node *node);
void pim_node_remove(struct pim_node *node);

/* pim-lines-find.c: to be told by the two */
void pim_names_inserted(struct pim_node *node);
void pim_names_removed(struct pim_node *node);
/* What a new property goes behind: the last one of its name, else the last
   one; NULL = nothing. */
struct pim_node *
pim_property_place(const struct pim_component *comp, const char *name);

/* pim-lines-value.c */

/* One parameter of a line. */
struct pim_param {
	/* from the ';' on */
	size_t start, end;
	/* "" = it has none (legacy) */
	const char *name;
	const char *const *values;
};
ARRAY_DEFINE_TYPE(pim_param, struct pim_param);

/* Splits "[group.]name" off line. Returns the length, 0 if it is no content
   line: then it has no name, or no colon behind its parameters. */
size_t pim_line_parse_name(const unsigned char *line, size_t size,
			   size_t *group_len_r);
#define PIM_LINE_NOT_QUOTED SIZE_MAX
/* Removes folds and the line end; behind the first quoted_from bytes of the result
   also the soft breaks of QUOTED-PRINTABLE. */
void pim_line_unfold(const struct pim_raw *raw, bool legacy, size_t quoted_from,
		     buffer_t *dest);
/* The offset of the ':' that ends name and parameters, size if none. */
size_t pim_line_find_colon(const unsigned char *line, size_t size);
/* Makes prop->line. */
void pim_property_unfold(const struct pim_property *prop);
/* prop's parameters, in the data stack. */
void pim_property_parse_params(const struct pim_property *prop,
			       ARRAY_TYPE(pim_param) *params);

#endif
