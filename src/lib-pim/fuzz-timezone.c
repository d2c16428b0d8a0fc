/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "pim-timezone.h"
#include "pim-timezone-private.h"
#include "pim-tz-structure.h"

/* A device's TimeZone structure (the first byte is 0) or a zone's file: what is
   made of it can be asked, written and read again. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_zone(pool_t pool, const struct pim_timezone *tz)
{
	static const int64_t times[] = {
		0, 1700000000, 4000000000, -5000000000, 253402300800
	};
	const struct pim_timezone_hints hints = { .time = 1700000000 };
	string_t *str = t_str_new(512);

	for (unsigned int i = 0; i < N_ELEMENTS(times); i++) {
		(void)pim_timezone_offset(tz, times[i]);
		(void)pim_timezone_from_local(tz, times[i]);
		str_truncate(str, 0);
		pim_timezone_append_structure(str, tz, times[i]);
		(void)pim_timezone_from_structure(pool, str_c(str), &hints);
		pim_timezone_append_vtimezone(str, tz, times[i]);
	}
}

static void check(pool_t pool, const unsigned char *data, size_t size)
{
	const struct pim_timezone_hints hints = { .time = 1700000000 };
	const struct pim_timezone *tz;
	string_t *str;

	if (size == 0)
		return;
	if (data[0] != 0) {
		tz = pim_tzif_parse(pool, "Fuzz/Zone", data, size);
	} else {
		str = t_str_new(MAX_BASE64_ENCODED_SIZE(size));
		base64_encode(data + 1, size - 1, str);
		tz = pim_timezone_from_structure(pool, str_c(str), &hints);
	}
	if (tz != NULL)
		check_zone(pool, tz);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool;

	if (!lib_is_initialized())
		lib_init();
	pool = pool_alloconly_create("fuzz", 4096);

	T_BEGIN {
		check(pool, data, size);
	} T_END;
	pool_unref(&pool);
	return 0;
}
