/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "strnum.h"
#include "eas-long-id.h"

const char *eas_long_id(const char *folder_id, uint32_t uidvalidity,
			uint32_t uid)
{
	return t_strdup_printf("%s:%u:%u", folder_id, uidvalidity, uid);
}

int eas_long_id_parse(const char *id, const char **folder_id_r,
		      uint32_t *uidvalidity_r, uint32_t *uid_r)
{
	const char *p = strchr(id, ':');
	const char *numbers;

	if (p == NULL || p == id)
		return -1;
	numbers = ++p;
	if (str_parse_uint32(p, uidvalidity_r, &p) < 0 || *p++ != ':' ||
	    str_to_uint32(p, uid_r) < 0 || *uidvalidity_r == 0 || *uid_r == 0)
		return -1;
	/* one mail has one id */
	if (strcmp(numbers, t_strdup_printf("%u:%u", *uidvalidity_r,
					    *uid_r)) != 0)
		return -1;
	*folder_id_r = t_strdup_until(id, numbers - 1);
	return 0;
}
