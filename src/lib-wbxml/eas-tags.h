#ifndef EAS_TAGS_H
#define EAS_TAGS_H

#include "wbxml.h"

/* ActiveSync's code space ([MS-ASWBXML] 2.1.2.1), made from eas-tags.def:
   EAS_AIRSYNC_SYNC, EAS_FOLDERHIERARCHY_STATUS, ... */
enum eas_tag {
#define EAS_PAGE(page, name, xmlns)
#define EAS_TAG(page, token, name, tag, legacy) \
	EAS_##name = WBXML_TAG(page, token),
#include "eas-tags.def"
#undef EAS_PAGE
#undef EAS_TAG
};

extern const struct wbxml_code_space eas_code_space;

#endif
