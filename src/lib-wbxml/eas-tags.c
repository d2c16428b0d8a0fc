#include "lib.h"
#include "eas-tags.h"

static const struct wbxml_page eas_pages[] = {
#define EAS_PAGE(number, name, namespace) \
	{ .page = number, .xmlns = namespace },
#define EAS_TAG(number, token, name, tag_name, old)
#include "eas-tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

static const struct wbxml_tag_name eas_tags[] = {
#define EAS_PAGE(number, name, namespace)
#define EAS_TAG(number, token, symbol, tag_name, old) \
	{ .tag = EAS_##symbol, .name = tag_name, .legacy = old },
#include "eas-tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

const struct wbxml_code_space eas_code_space = {
	.name = "ActiveSync",
	.pages = eas_pages,
	.pages_count = N_ELEMENTS(eas_pages),
	.tags = eas_tags,
	.tags_count = N_ELEMENTS(eas_tags),
};
