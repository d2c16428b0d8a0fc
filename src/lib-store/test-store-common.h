#ifndef TEST_STORE_COMMON_H
#define TEST_STORE_COMMON_H

#include "store.h"

/* for store_open(): waits a tenth of a second for a lock */
extern const struct store_settings test_store_settings;

/* A directory of the test's own, removed with what is in it by deinit: the first
   and the last of the functions that test_run() is given, since it ends the
   library as well. */
void test_store_dir_init(void);
void test_store_dir_deinit(void);
/* A path in it. On the data stack. */
const char *test_store_path(const char *name);
/* Opens the store of that name; the test fails if it can't be opened. */
struct store *test_store_open(const char *name);
/* Opens it for a new, empty database. */
struct store *test_store_create(const char *name);

#endif
