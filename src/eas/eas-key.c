/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "randgen.h"
#include "strnum.h"
#include "eas-key.h"

#define COUNTER_DIGITS 10

const char *eas_sync_key_format(uint32_t epoch, uint32_t counter)
{
	i_assert(epoch != 0);
	return t_strdup_printf("%u%0*u", epoch, COUNTER_DIGITS, counter);
}

int eas_sync_key_parse(const char *key, uint32_t *epoch_r, uint32_t *counter_r)
{
	const char *counter;
	size_t len;

	*epoch_r = *counter_r = 0;
	if (key == NULL)
		return -1;
	if (strcmp(key, EAS_SYNC_KEY_INITIAL) == 0)
		return 0;
	len = strlen(key);
	/* no leading zeros: there is one text for each key */
	if (len <= COUNTER_DIGITS || len > COUNTER_DIGITS * 2 || key[0] == '0')
		return -1;
	counter = key + len - COUNTER_DIGITS;
	if (str_to_uint32(t_strdup_until(key, counter), epoch_r) < 0 ||
	    str_to_uint32(counter, counter_r) < 0) {
		*epoch_r = *counter_r = 0;
		return -1;
	}
	return 1;
}

uint32_t eas_sync_key_new_epoch(void)
{
	uint32_t epoch;

	do {
		random_fill(&epoch, sizeof(epoch));
	} while (epoch == 0);
	return epoch;
}
