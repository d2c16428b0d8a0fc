/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "class-contacts.h"
#include "fuzz-class-common.h"

/* VCARDs, at each version. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return fuzz_class_versions(&eas_class_contacts, EAS_VERSION_2_5, data,
				   size);
}
