/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "class-notes.h"
#include "fuzz-class-common.h"

/* VJOURNALs, at each version that has notes. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned int versions[] = { EAS_VERSION_14_1, EAS_VERSION_16_1 };

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	fuzz_class_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 16384)
		return 0;
	T_BEGIN {
		for (unsigned int i = 0; i < N_ELEMENTS(versions); i++)
			fuzz_class(&eas_class_notes, versions[i], data, size);
	} T_END;
	return 0;
}
