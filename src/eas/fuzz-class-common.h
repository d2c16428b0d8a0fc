#ifndef FUZZ_CLASS_COMMON_H
#define FUZZ_CLASS_COMMON_H

#include "eas-class.h"

/* Anybody's item is shown, and what was shown is sent back, to the item and as
   a new one. What a device sends beside it (what stands behind a NUL in the
   input, WBXML) is applied or refused. Whatever comes of it can be shown. */

void fuzz_class(const struct eas_class *class, unsigned int version,
		const uint8_t *data, size_t size);
/* The same at each version from min_version on. Returns what a fuzz target does. */
int fuzz_class_versions(const struct eas_class *class, unsigned int min_version,
			const uint8_t *data, size_t size);

#define FUZZ_CLASS_VERSIONS 4
/* 2.5, 12.1, 14.1 and 16.1 */
extern const unsigned int fuzz_class_version[FUZZ_CLASS_VERSIONS];
/* Larger inputs only take time. */
#define FUZZ_CLASS_MAX_SIZE 16384

/* libFuzzer's */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
