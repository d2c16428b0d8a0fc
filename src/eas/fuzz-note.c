/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "class-notes.h"
#include "fuzz-class-common.h"

/* VJOURNALs, at each version that has notes. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_class_versions(&eas_class_notes, EAS_VERSION_14_0, data,
				   size);
}
