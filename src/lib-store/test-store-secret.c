/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "buffer.h"
#include "hex-binary.h"
#include "write-full.h"
#include "test-common.h"
#include "store-device.h"
#include "store-secret.h"
#include "test-store-common.h"

#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>

#define NAME STORE_SECRET_RECOVERY_PASSWORD

static const char *
test_key_file(const char *name, size_t size, char fill, mode_t mode)
{
	const char *path = test_store_path(name);
	char *data = t_malloc0(size + 1);
	int fd;

	memset(data, fill, size);
	fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
	test_assert(fd != -1 && write_full(fd, data, size) == 0 &&
		    fchmod(fd, mode) == 0);
	i_close_fd(&fd);
	return path;
}

static void test_store_secret_key(void)
{
	static const struct {
		size_t size;
		mode_t mode;
		int ret;
	} tests[] = {
		{ 31, 0600, -1 },
		{ 32, 0600, 0 },
		{ 32, 0640, 0 },
		{ 32, 0644, -1 },
		{ 4096, 0400, 0 },
		{ 4097, 0400, -1 },
	};
	const char *error;

	test_begin("store secret: key file");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *path = test_key_file("key", tests[i].size, 'a',
						 tests[i].mode);

		test_assert_idx(store_secret_key_read(path, &error) ==
				tests[i].ret, i);
		test_assert_idx(store_secret_have_key() ==
				(tests[i].ret == 0), i);
		i_unlink(path);
	}
	test_assert(store_secret_key_read(test_store_path("nokey"),
					  &error) < 0);
	test_assert(strstr(error, "nokey") != NULL);
	test_assert(!store_secret_have_key());
	test_end();
}

static struct store_device *
test_device(struct store *store, const char *id)
{
	struct store_device *device = t_new(struct store_device, 1);

	device->protocol = "eas";
	device->id = id;
	test_assert(store_device_save(store, device) == 0);
	return device;
}

static void test_store_secret_keep(void)
{
	static const char *const secrets[] = {
		"1234", "", "p\xc3\xa4ssword", "1234", NULL
	};
	struct store *store = test_store_create("secret");
	struct store_device *device = test_device(store, "D1");
	pool_t pool = pool_datastack_create();
	buffer_t *value, *before = NULL;
	const char *secret, *error;

	test_begin("store secret: keep");
	test_assert(store_secret_key_read(test_key_file("k", 32, 'k', 0600),
					  &error) == 0);
	test_assert(store_secret_get(store, pool, device, NAME, &secret) == 0);
	for (unsigned int i = 0; secrets[i] != NULL; i++) {
		test_assert_idx(store_secret_set(store, device, NAME,
						 secrets[i]) == 0, i);
		test_assert_idx(store_secret_get(store, pool, device, NAME,
						 &secret) == 1, i);
		test_assert_strcmp_idx(secret, secrets[i], i);
		test_assert_idx(store_device_param_get(store, pool,
			device->num, NAME, &value) == 1, i);
		/* not to be seen in it, nor that it is the same again */
		test_assert_idx(secrets[i][0] == '\0' || strstr(
			binary_to_hex(value->data, value->used),
			binary_to_hex((const unsigned char *)secrets[i],
				      strlen(secrets[i]))) == NULL, i);
		test_assert_idx(before == NULL ||
				!buffer_cmp(before, value), i);
		if (i == 0)
			before = value;
	}
	test_assert(store_secret_set(store, device, NAME, NULL) == 0);
	test_assert(store_secret_get(store, pool, device, NAME, &secret) == 0);
	store_close(&store);
	test_end();
}

static void
test_unreadable(struct store *store, const struct store_device *device,
		const char *name)
{
	const char *secret;

	test_expect_error_string("another key");
	test_assert(store_secret_get(store, pool_datastack_create(), device,
				     name, &secret) < 0);
	test_expect_no_more_errors();
}

static void test_store_secret_tamper(void)
{
	struct store *store = test_store_create("tamper");
	struct store_device *device = test_device(store, "D1");
	struct store_device *other = test_device(store, "D2");
	pool_t pool = pool_datastack_create();
	buffer_t *value;
	const char *secret, *error;
	unsigned char *data;

	test_begin("store secret: nobody else's, nothing changed");
	test_assert(store_secret_key_read(test_key_file("k", 32, 'k', 0600),
					  &error) == 0);
	test_assert(store_secret_set(store, device, NAME, "secret") == 0);
	test_assert(store_device_param_get(store, pool, device->num, NAME,
					   &value) == 1);
	/* in another device's name, and under another one */
	test_assert(store_device_param_set(store, other->num, NAME,
					   value->data, value->used) == 0);
	test_unreadable(store, other, NAME);
	test_assert(store_device_param_set(store, device->num, "other",
					   value->data, value->used) == 0);
	test_unreadable(store, device, "other");
	/* every byte, every length */
	data = buffer_get_modifiable_data(value, NULL);
	for (size_t i = 0; i < value->used; i++) T_BEGIN {
		data[i] ^= 0x40;
		test_assert(store_device_param_set(store, device->num, NAME,
						   data, value->used) == 0);
		test_unreadable(store, device, NAME);
		data[i] ^= 0x40;
		test_assert(store_device_param_set(store, device->num, NAME,
						   data, i) == 0);
		test_unreadable(store, device, NAME);
	} T_END;
	test_assert(store_device_param_set(store, device->num, NAME, data,
					   value->used) == 0);
	test_assert(store_secret_get(store, pool, device, NAME, &secret) == 1);
	test_assert(store_secret_key_read(test_key_file("k", 32, 'l', 0600),
					  &error) == 0);
	test_unreadable(store, device, NAME);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_secret_key,
		test_store_secret_keep,
		test_store_secret_tamper,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
