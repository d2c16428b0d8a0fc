/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "class-calendar.h"
#include "fuzz-class-common.h"

/* VEVENTs, at the version that the input's first byte says. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > FUZZ_CLASS_MAX_SIZE)
		return 0;
	T_BEGIN {
		fuzz_class(&eas_class_calendar,
			   fuzz_class_version[data[0] % FUZZ_CLASS_VERSIONS],
			   data + 1, size - 1);
	} T_END;
	return 0;
}
