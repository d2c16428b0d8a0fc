#ifndef FUZZ_CLASS_COMMON_H
#define FUZZ_CLASS_COMMON_H

#include "eas-class.h"

/* Anybody's item is shown, and what was shown is sent back, to the item and as
   a new one. What a device sends beside it (what stands behind a NUL in the
   input, WBXML) is applied or refused. Whatever comes of it can be shown. */

void fuzz_class_init(void);
void fuzz_class(const struct eas_class *class, unsigned int version,
		const uint8_t *data, size_t size);

#endif
