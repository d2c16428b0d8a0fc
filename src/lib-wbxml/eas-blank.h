#ifndef EAS_BLANK_H
#define EAS_BLANK_H

#include "eas-tags.h"

/* The elements whose content nobody but their user should read: bodies,
   attachments, pictures, passwords. For wbxml_tree_to_xml(), ended by 0. */
extern const uint16_t eas_blank_tags[];

#endif
