/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "eas.h"
#include "eas-version.h"

/* Ascending: some clients take the last one that they know. */
static const struct {
	unsigned int version;
	const char *text;
} eas_versions[] = {
	{ EAS_VERSION_2_5, "2.5" },
	{ EAS_VERSION_12_0, "12.0" },
	{ EAS_VERSION_12_1, "12.1" },
	{ EAS_VERSION_14_0, "14.0" },
	{ EAS_VERSION_14_1, "14.1" },
	{ EAS_VERSION_16_0, "16.0" },
	{ EAS_VERSION_16_1, "16.1" },
};

int eas_version_parse(const char *str, unsigned int *version_r)
{
	unsigned int i, major_digits, minor_digits;

	*version_r = 0;
	for (i = 0; i < N_ELEMENTS(eas_versions); i++) {
		if (strcmp(eas_versions[i].text, str) == 0) {
			*version_r = eas_versions[i].version;
			return 1;
		}
	}
	major_digits = strspn(str, "0123456789");
	if (major_digits == 0 || str[major_digits] != '.')
		return -1;
	minor_digits = strspn(str + major_digits + 1, "0123456789");
	if (minor_digits == 0 || str[major_digits + 1 + minor_digits] != '\0')
		return -1;
	return 0;
}

const char *eas_version_to_string(unsigned int version)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_versions); i++) {
		if (eas_versions[i].version == version)
			return eas_versions[i].text;
	}
	return NULL;
}

const char *eas_versions_list(unsigned int max)
{
	string_t *str = t_str_new(64);
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_versions); i++) {
		if (eas_versions[i].version > max)
			break;
		if (i > 0)
			str_append_c(str, ',');
		str_append(str, eas_versions[i].text);
	}
	return str_c(str);
}
