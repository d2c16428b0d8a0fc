/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "pim-itip.h"
#include "pim-timezone.h"

/* A calendar object: what is read of it can be said to a device. */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(pool_t pool, const uint8_t *data, size_t size)
{
	struct pim_itip *itip;
	const char *error;
	string_t *str = t_str_new(256);

	(void)pim_itip_uid(data, size);
	if (pim_itip_read(pool, data, size, "REQUEST", NULL, &itip,
			  &error) <= 0)
		return;
	i_assert(*itip->uid != '\0' && itip->tz != NULL);
	i_assert(itip->end >= itip->start);
	pim_global_obj_id_append(str, itip->uid, itip->has_recurrence_id,
		pim_timezone_to_local(itip->tz, itip->recurrence_id));
	pim_timezone_append_structure(str, itip->tz, itip->start);
	pim_timezone_append_vtimezone(str, itip->tz, itip->start);
	if (itip->has_recurrence)
		(void)pim_recurrence_to_rrule(&itip->recurrence, itip->tz,
					      FALSE, str);
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
