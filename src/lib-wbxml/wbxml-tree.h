#ifndef WBXML_TREE_H
#define WBXML_TREE_H

#include "wbxml.h"

/* Reads a document into a tree in the caller's pool. The input is hostile: depth,
   number of nodes and the bytes kept in memory are bounded, whatever the document
   claims of itself. An opaque value larger than max_inline stays in the input
   (which must then be seekable): the node has its offset and size. */

struct wbxml_limits {
	unsigned int max_depth;		/* nested elements */
	unsigned int max_nodes;		/* elements in all */
	size_t max_text;		/* bytes of text and opaque kept in memory */
	size_t max_inline;		/* larger opaque values stay in the input */
	/* an error leaves root_r at what was read, without an element's text
	   that isn't complete; NULL if nothing was */
	bool partial;
};
extern const struct wbxml_limits wbxml_default_limits;

struct wbxml_node {
	struct wbxml_node *parent, *next, *children, *last_child;
	uint16_t tag;
	/* content came as OPAQUE */
	bool opaque:1;
	/* content stays in the input at [offset, offset+size), data is NULL */
	bool external:1;
	/* Text and opaque content, NUL-terminated behind size; NULL if the
	   element is empty or has only children. Several runs of text are
	   joined. */
	const char *data;
	size_t size;
	uoff_t offset;
};

enum wbxml_error {
	WBXML_ERROR_NONE = 0,
	/* not a WBXML document, or it ends early */
	WBXML_ERROR_SYNTAX,
	/* a token that the code space does not have */
	WBXML_ERROR_UNKNOWN_TAG,
	/* well-formed as far as it was read, but beyond the limits */
	WBXML_ERROR_LIMIT,
	/* the input failed */
	WBXML_ERROR_IO,
};

/* Reads one document from input, which must be a blocking stream that stands at
   the document's start. Unknown tags are an error. Returns 0 and the root element, or
   -1 and the kind and a sentence for the log (no content of the document).
   Everything is allocated from pool. */
int wbxml_tree_read(struct istream *input, const struct wbxml_code_space *space,
		    const struct wbxml_limits *limits, pool_t pool,
		    struct wbxml_node **root_r, enum wbxml_error *kind_r,
		    const char **error_r);

/* The first child with this tag, or NULL (also if node is NULL). */
struct wbxml_node *
wbxml_node_child(const struct wbxml_node *node, unsigned int tag);
/* The next sibling with the same tag as node, or NULL. */
struct wbxml_node *wbxml_node_next_same(const struct wbxml_node *node);
/* The text of the element: "" if empty, NULL if node is NULL. External content
   has no text (NULL). Embedded NULs end it. */
const char *wbxml_node_text(const struct wbxml_node *node);
/* The text of the first child with this tag, or NULL if there is none. */
const char *
wbxml_child_text(const struct wbxml_node *node, unsigned int tag);
/* The child's text as a number. Returns 1, 0 if there is no such child, -1 if it is
   not a decimal number in 0..UINT_MAX. */
int wbxml_child_uint(const struct wbxml_node *node, unsigned int tag,
		     unsigned int *value_r);
/* The child as ActiveSync's boolean: absent = 0 found, empty or "1" = TRUE,
   "0" = FALSE. Returns as wbxml_child_uint(). */
int wbxml_child_bool(const struct wbxml_node *node, unsigned int tag,
		     bool *value_r);
/* The content as a stream, wherever it is. input is what the tree was read from.
   The caller unrefs it. Never NULL. */
struct istream *
wbxml_node_stream(const struct wbxml_node *node, struct istream *input);

/* Appends the tree as indented XML for traces. Content of the tags in blank (sorted
   or not, ended by 0) and every external content is replaced by its size. */
void wbxml_tree_to_xml(const struct wbxml_node *root,
		       const struct wbxml_code_space *space,
		       const uint16_t *blank, string_t *dest);

#endif
