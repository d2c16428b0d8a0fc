#ifndef CLASS_TASKS_H
#define CLASS_TASKS_H

#include "eas-class.h"

/* Tasks ([MS-ASTASK]) as VTODO (RFC 5545 3.6.2). */
extern const struct eas_class eas_class_tasks;

#endif
