/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "oof-script.h"

/* The reader of our script, which the user may have changed, and the finder of
   vacation commands in his own. What is read can be written, and is then read as
   the same. */

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const fuzz_addresses[] = { "a@example.org", NULL };
static const char *const fuzz_none[] = { NULL };
static const struct oof_user fuzz_user = { fuzz_addresses, fuzz_none };

int LLVMFuzzerInitialize(int *argc ATTR_UNUSED, char ***argv ATTR_UNUSED)
{
	lib_init();
	return 0;
}

static void fuzz_one(pool_t pool, const char *text)
{
	string_t *first = t_str_new(1024), *second = t_str_new(1024);
	struct oof_script script, again;

	(void)oof_sieve_strip_vacation(first, text);
	i_assert(str_len(first) <= strlen(text));
	str_truncate(first, 0);
	if (!oof_script_read(pool, text, &script))
		return;
	/* one that a device can't set */
	if (script.oof.start < 0 || script.oof.start > INT32_MAX ||
	    script.oof.end < 0 || script.oof.end > INT32_MAX)
		return;
	oof_script_write(first, &script, &fuzz_user);
	if (!oof_script_read(pool, str_c(first), &again))
		i_panic("What was written can't be read: %s", str_c(first));
	oof_script_write(second, &again, &fuzz_user);
	i_assert(str_equals(first, second));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	pool_t pool = pool_alloconly_create("fuzz", 1024);

	T_BEGIN {
		fuzz_one(pool, t_strndup(data, size));
	} T_END;
	pool_unref(&pool);
	return 0;
}
