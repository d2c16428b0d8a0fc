/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "class-calendar.h"
#include "fuzz-class-common.h"

/* VEVENTs, at the version that the input's first byte says. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const unsigned int versions[] = {
	EAS_VERSION_2_5, EAS_VERSION_12_1, EAS_VERSION_14_1, EAS_VERSION_16_1
};

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	fuzz_class_init();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > 16384)
		return 0;
	T_BEGIN {
		fuzz_class(&eas_class_calendar,
			   versions[data[0] % N_ELEMENTS(versions)],
			   data + 1, size - 1);
	} T_END;
	return 0;
}
