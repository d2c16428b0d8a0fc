#include "lib.h"
#include "ioloop.h"
#include "test-common.h"
#include "listener-auth-cache.h"

#define KEY_SIZE LISTENER_AUTH_CACHE_KEY_SIZE

static void test_auth_cache_keys(void)
{
	struct listener_auth_cache *cache = listener_auth_cache_init(10, 300);
	struct listener_auth_cache *other = listener_auth_cache_init(10, 300);
	unsigned char key1[KEY_SIZE], key2[KEY_SIZE];

	test_begin("listener auth cache keys");
	listener_auth_cache_key(cache, "Basic x", "192.0.2.1", key1);
	listener_auth_cache_key(cache, "Basic x", "192.0.2.1", key2);
	test_assert(memcmp(key1, key2, KEY_SIZE) == 0);
	listener_auth_cache_key(cache, "Basic y", "192.0.2.1", key2);
	test_assert(memcmp(key1, key2, KEY_SIZE) != 0);
	listener_auth_cache_key(cache, "Basic x", "192.0.2.2", key2);
	test_assert(memcmp(key1, key2, KEY_SIZE) != 0);
	/* another process can't do anything with it */
	listener_auth_cache_key(other, "Basic x", "192.0.2.1", key2);
	test_assert(memcmp(key1, key2, KEY_SIZE) != 0);
	listener_auth_cache_deinit(&cache);
	listener_auth_cache_deinit(&other);
	test_end();
}

static void test_auth_cache_life(void)
{
	struct listener_auth_cache *cache = listener_auth_cache_init(10, 300);
	struct listener_auth_entry entry;
	unsigned char key[KEY_SIZE];

	test_begin("listener auth cache life");
	ioloop_time = 1000;
	listener_auth_cache_key(cache, "Basic x", "192.0.2.1", key);
	test_assert(!listener_auth_cache_lookup(cache, key, &entry));
	test_assert(!listener_auth_cache_was_good(cache, key));
	/* renewing what isn't there changes nothing */
	listener_auth_cache_renew(cache, key, "T0", 100);
	test_assert(listener_auth_cache_count(cache) == 0);

	listener_auth_cache_add(cache, key, "u1", "T1", 100);
	test_assert(listener_auth_cache_lookup(cache, key, &entry));
	test_assert_strcmp(entry.user, "u1");
	test_assert_strcmp(entry.ticket, "T1");

	/* the ticket's life */
	ioloop_time = 1099;
	test_assert(listener_auth_cache_lookup(cache, key, &entry));
	listener_auth_cache_renew(cache, key, "T2", 500);
	ioloop_time = 1100;
	test_assert(listener_auth_cache_lookup(cache, key, &entry));
	test_assert_strcmp(entry.ticket, "T2");
	/* renewing it doesn't make the login younger */
	ioloop_time = 1299;
	test_assert(listener_auth_cache_lookup(cache, key, &entry));
	ioloop_time = 1300;
	test_assert(!listener_auth_cache_lookup(cache, key, &entry));
	test_assert(listener_auth_cache_was_good(cache, key));

	listener_auth_cache_add(cache, key, "u1", "T3", 100);
	test_assert(listener_auth_cache_lookup(cache, key, &entry));
	listener_auth_cache_expire(cache, key);
	test_assert(!listener_auth_cache_lookup(cache, key, &entry));
	test_assert(listener_auth_cache_was_good(cache, key));
	listener_auth_cache_renew(cache, key, "T4", 100);
	test_assert(!listener_auth_cache_lookup(cache, key, &entry));
	listener_auth_cache_remove(cache, key);
	test_assert(!listener_auth_cache_was_good(cache, key));
	listener_auth_cache_remove(cache, key);
	listener_auth_cache_deinit(&cache);

	cache = listener_auth_cache_init(10, 0);
	listener_auth_cache_add(cache, key, "u1", "T1", 100);
	test_assert(listener_auth_cache_count(cache) == 0);
	listener_auth_cache_deinit(&cache);
	test_end();
}

static void test_auth_cache_size(void)
{
	struct listener_auth_cache *cache = listener_auth_cache_init(3, 300);
	struct listener_auth_entry entry;
	unsigned char keys[5][KEY_SIZE];
	unsigned int i;

	test_begin("listener auth cache size");
	ioloop_time = 1000;
	for (i = 0; i < 5; i++) {
		listener_auth_cache_key(cache, t_strdup_printf("Basic %u", i), "192.0.2.1",
			 keys[i]);
	}
	for (i = 0; i < 3; i++)
		listener_auth_cache_add(cache, keys[i], "u", "T", 100);
	/* 0 is used again, so 1 is the one that goes */
	test_assert(listener_auth_cache_lookup(cache, keys[0], &entry));
	listener_auth_cache_add(cache, keys[3], "u", "T", 100);
	test_assert(listener_auth_cache_count(cache) == 3);
	test_assert(listener_auth_cache_lookup(cache, keys[0], &entry));
	test_assert(!listener_auth_cache_was_good(cache, keys[1]));
	test_assert(listener_auth_cache_lookup(cache, keys[2], &entry));
	test_assert(listener_auth_cache_lookup(cache, keys[3], &entry));
	/* the same again takes no place */
	listener_auth_cache_add(cache, keys[3], "u", "T", 100);
	test_assert(listener_auth_cache_count(cache) == 3);
	test_assert(listener_auth_cache_was_good(cache, keys[0]));
	listener_auth_cache_deinit(&cache);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_auth_cache_keys,
		test_auth_cache_life,
		test_auth_cache_size,
		NULL
	};
	return test_run(test_functions);
}
