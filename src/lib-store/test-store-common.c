/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "unlink-directory.h"
#include "test-common.h"
#include "test-store-common.h"

#include <stdlib.h>
#include <unistd.h>

/* a disk that is busy with other things may take its time */
#define TEST_BUSY_MSECS 60000

const struct store_settings test_store_settings = { .busy_msecs = 100 };

static char *test_dir;

void test_store_dir_init(void)
{
	test_dir = i_strdup("/tmp/test-store.XXXXXX");
	if (mkdtemp(test_dir) == NULL)
		i_fatal("mkdtemp(%s) failed: %m", test_dir);
}

void test_store_dir_deinit(void)
{
	const char *error;

	if (unlink_directory(test_dir, UNLINK_DIRECTORY_FLAG_RMDIR,
			     &error) < 0)
		i_error("unlink_directory(%s) failed: %s", test_dir, error);
	i_free(test_dir);
}

const char *test_store_path(const char *name)
{
	return t_strconcat(test_dir, "/", name, NULL);
}

struct store *test_store_open(const char *name)
{
	static const struct store_settings set = {
		.busy_msecs = TEST_BUSY_MSECS,
	};
	struct store *store;
	const char *error;

	if (store_open(test_store_path(name), &set, NULL, &store,
		       &error) < 0)
		i_fatal("store_open() failed: %s", error);
	return store;
}

struct store *test_store_create(const char *name)
{
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(suffixes); i++) {
		const char *path = t_strconcat(test_store_path(name),
					       suffixes[i], NULL);
		if (unlink(path) < 0 && errno != ENOENT)
			i_fatal("unlink(%s) failed: %m", path);
	}
	return test_store_open(name);
}
