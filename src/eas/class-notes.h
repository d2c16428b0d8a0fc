#ifndef CLASS_NOTES_H
#define CLASS_NOTES_H

#include "eas-class.h"

/* Notes ([MS-ASNOTE], 14.0 on) as VJOURNAL (RFC 5545 3.6.3). */
extern const struct eas_class eas_class_notes;

#endif
