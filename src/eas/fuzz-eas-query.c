/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unichar.h"
#include "eas-query.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void check_text(const char *text, size_t max_size)
{
	if (text == NULL)
		return;
	i_assert(strlen(text) <= max_size);
	i_assert(uni_utf8_str_is_valid(text));
	for (; *text != '\0'; text++)
		i_assert((unsigned char)*text >= ' ' && *text != 0x7f);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool = pool_alloconly_create("fuzz", 1024);
	struct eas_query query;
	const char *error = NULL;

	T_BEGIN {
		const char *str = t_strndup(data, size);

		if (eas_query_parse(pool, str, &query, &error) < 0) {
			i_assert(error != NULL && *error != '\0');
		} else {
			check_text(query.command, 64);
			check_text(query.device_id, EAS_QUERY_MAX_DEVICE_ID);
			check_text(query.device_type,
				   EAS_QUERY_MAX_DEVICE_TYPE);
			check_text(query.user, EAS_QUERY_MAX_VALUE);
			check_text(query.attachment_name, EAS_QUERY_MAX_VALUE);
			check_text(query.collection_id, EAS_QUERY_MAX_VALUE);
			check_text(query.item_id, EAS_QUERY_MAX_VALUE);
			i_assert(query.version <= 255);
			i_assert(query.command_code >= -1 &&
				 query.command_code <= 255);
		}
	} T_END;
	pool_unref(&pool);
	return 0;
}
