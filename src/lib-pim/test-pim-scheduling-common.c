/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "pim-scheduling.h"
#include "test-pim-scheduling-common.h"

#include <stdio.h>
#include <time.h>

static bool test_is_own(const char *address, void *context ATTR_UNUSED)
{
	return strcasecmp(address, "me@example.org") == 0 ||
		strcasecmp(address, "me@alias.example.org") == 0;
}

const struct pim_scheduling_user test_user = {
	.is_own = test_is_own, .address = "me@example.org", .name = "Me",
};

const char *test_unfold(const string_t *text)
{
	string_t *str = t_str_new(str_len(text));
	const char *p = t_strndup(str_data(text), str_len(text));

	for (; *p != '\0'; p++) {
		if (strncmp(p, "\r\n ", 3) == 0)
			p += 2;
		else if (*p != '\r')
			str_append_c(str, *p);
	}
	return str_c(str);
}

bool test_has(const char *text, const char *words)
{
	const char *const *word;
	bool ok = TRUE;

	for (word = t_strsplit(words, "|"); *word != NULL; word++) {
		if (**word == '\0')
			continue;
		if (**word == '!' ? strstr(text, *word + 1) != NULL :
		    strstr(text, *word) == NULL) {
			i_info("%s: %s", *word, text);
			ok = FALSE;
		}
	}
	return ok;
}

int64_t test_time(const char *value)
{
	int year, month, day, hour, minute;
	struct tm tm;

	if (sscanf(value, "%4d%2d%2dT%2d%2d", &year, &month, &day, &hour,
		   &minute) != 5)
		return 0;
	i_zero(&tm);
	tm.tm_year = year - 1900;
	tm.tm_mon = month - 1;
	tm.tm_mday = day;
	tm.tm_hour = hour;
	tm.tm_min = minute;
	return timegm(&tm);
}
