#ifndef WBXML_H
#define WBXML_H

/* WBXML documents (WAP-192-WBXML 1.3): the grammar that every code space shares.
   A code space (ActiveSync, SyncML, ...) is a table of code pages; this library
   knows no protocol.

   A tag is one number everywhere: code page << 8 | token, the token without its
   content and attribute bits (0x05 to 0x3F). */

struct istream;
struct ostream;

#define WBXML_TAG(page, token) (((page) << 8) | (token))
#define WBXML_TAG_PAGE(tag) ((tag) >> 8)
#define WBXML_TAG_TOKEN(tag) ((tag) & 0xff)

struct wbxml_tag_name {
	uint16_t tag;
	const char *name;
	/* only written for old peers; always understood */
	bool legacy;
};

struct wbxml_page {
	uint8_t page;
	const char *xmlns;
};

/* One code space. Both arrays are sorted (by tag, by page). */
struct wbxml_code_space {
	const char *name;
	const struct wbxml_page *pages;
	unsigned int pages_count;
	const struct wbxml_tag_name *tags;
	unsigned int tags_count;
};

/* The name of a tag, or NULL if the code space has no such tag. */
const char *
wbxml_tag_name(const struct wbxml_code_space *space, unsigned int tag);
/* The namespace of a code page, or NULL. */
const char *
wbxml_page_xmlns(const struct wbxml_code_space *space, unsigned int page);
/* The tag with this local name in the page with this namespace, 0 if none. */
unsigned int
wbxml_tag_find(const struct wbxml_code_space *space, const char *xmlns,
	       const char *name);

#endif
