#include "lib.h"
#include "str.h"
#include "wbxml-tree.h"

/* The tree as a person reads it: for traces. */

static void wbxml_xml_append_text(string_t *dest, const char *data, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = data[i];

		if (c == '<')
			str_append(dest, "&lt;");
		else if (c == '>')
			str_append(dest, "&gt;");
		else if (c == '&')
			str_append(dest, "&amp;");
		else if (c >= 0x20 || c == '\t' || c == '\n')
			str_append_c(dest, c);
		else
			str_printfa(dest, "&#%u;", c);
	}
}

static bool wbxml_xml_is_blanked(const uint16_t *blank, uint16_t tag)
{
	for (; blank != NULL && *blank != 0; blank++) {
		if (*blank == tag)
			return TRUE;
	}
	return FALSE;
}

static void
wbxml_xml_append_content(string_t *dest, const struct wbxml_node *node,
			 const uint16_t *blank)
{
	if (node->external || node->opaque ||
	    wbxml_xml_is_blanked(blank, node->tag))
		str_printfa(dest, "<!-- %zu bytes -->", node->size);
	else
		wbxml_xml_append_text(dest, node->data, node->size);
}

void wbxml_tree_to_xml(const struct wbxml_node *root,
		       const struct wbxml_code_space *space,
		       const uint16_t *blank, string_t *dest)
{
	const struct wbxml_node *node = root;
	unsigned int depth = 0, page;

	while (node != NULL) {
		const char *name = wbxml_tag_name(space, node->tag);

		page = WBXML_TAG_PAGE(node->tag);
		str_printfa(dest, "%*s<%s", (int)depth * 2, "", name);
		if (node == root || page != WBXML_TAG_PAGE(node->parent->tag)) {
			str_printfa(dest, " xmlns=\"%s\"",
				    wbxml_page_xmlns(space, page));
		}
		if (node->children != NULL) {
			str_append(dest, ">\n");
			node = node->children;
			depth++;
			continue;
		}
		if (node->size == 0)
			str_append(dest, "/>\n");
		else {
			str_append_c(dest, '>');
			wbxml_xml_append_content(dest, node, blank);
			str_printfa(dest, "</%s>\n", name);
		}
		while (node != root && node->next == NULL) {
			node = node->parent;
			depth--;
			str_printfa(dest, "%*s</%s>\n", (int)depth * 2, "",
				    wbxml_tag_name(space, node->tag));
		}
		node = node == root ? NULL : node->next;
	}
}
