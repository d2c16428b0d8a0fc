#include "lib.h"
#include "hash.h"
#include "hmac.h"
#include "ioloop.h"
#include "llist.h"
#include "randgen.h"
#include "safe-memset.h"
#include "sha2.h"
#include "listener-auth-cache.h"

struct cache_entry {
	/* least recently used first */
	struct cache_entry *prev, *next;
	unsigned char key[LISTENER_AUTH_CACHE_KEY_SIZE];
	char *user;
	/* NULL once it has expired: then the entry only tells that the
	   credentials were good */
	char *ticket;
	time_t expires, ticket_expires;
};

struct listener_auth_cache {
	unsigned char secret[32];
	unsigned int max_entries, ttl_secs;
	HASH_TABLE(unsigned char *, struct cache_entry *) entries;
	struct cache_entry *head, *tail;
};

/* The keys are HMACs: any four bytes of them are a hash. */
static unsigned int cache_key_hash(const unsigned char *key)
{
	unsigned int hash;

	memcpy(&hash, key, sizeof(hash));
	return hash;
}

static int cache_key_cmp(const unsigned char *key1, const unsigned char *key2)
{
	return memcmp(key1, key2, LISTENER_AUTH_CACHE_KEY_SIZE);
}

struct listener_auth_cache *
listener_auth_cache_init(unsigned int max_entries, unsigned int ttl_secs)
{
	struct listener_auth_cache *cache;

	cache = i_new(struct listener_auth_cache, 1);
	cache->max_entries = max_entries;
	cache->ttl_secs = ttl_secs;
	random_fill(cache->secret, sizeof(cache->secret));
	hash_table_create(&cache->entries, default_pool, 0,
			  cache_key_hash, cache_key_cmp);
	return cache;
}

static void cache_entry_forget_ticket(struct cache_entry *entry)
{
	if (entry->ticket == NULL)
		return;
	safe_memset(entry->ticket, 0, strlen(entry->ticket));
	i_free(entry->ticket);
}

static void
cache_entry_free(struct listener_auth_cache *cache, struct cache_entry *entry)
{
	unsigned char *key = entry->key;

	hash_table_remove(cache->entries, key);
	DLLIST2_REMOVE(&cache->head, &cache->tail, entry);
	cache_entry_forget_ticket(entry);
	i_free(entry->user);
	i_free(entry);
}

void listener_auth_cache_deinit(struct listener_auth_cache **_cache)
{
	struct listener_auth_cache *cache = *_cache;

	*_cache = NULL;
	while (cache->head != NULL)
		cache_entry_free(cache, cache->head);
	hash_table_destroy(&cache->entries);
	safe_memset(cache->secret, 0, sizeof(cache->secret));
	i_free(cache);
}

void listener_auth_cache_key(struct listener_auth_cache *cache,
			     const char *authorization, const char *origin,
			     unsigned char key_r[LISTENER_AUTH_CACHE_KEY_SIZE])
{
	struct hmac_context ctx;

	hmac_init(&ctx, cache->secret, sizeof(cache->secret),
		  &hash_method_sha256);
	hmac_update(&ctx, origin, strlen(origin) + 1);
	hmac_update(&ctx, authorization, strlen(authorization));
	hmac_final(&ctx, key_r);
}

bool listener_auth_cache_lookup(struct listener_auth_cache *cache,
				const unsigned char *key,
				struct listener_auth_entry *entry_r)
{
	struct cache_entry *entry;

	entry = hash_table_lookup(cache->entries, key);
	if (entry == NULL || entry->ticket == NULL)
		return FALSE;
	if (entry->expires <= ioloop_time ||
	    entry->ticket_expires <= ioloop_time) {
		cache_entry_forget_ticket(entry);
		return FALSE;
	}
	DLLIST2_REMOVE(&cache->head, &cache->tail, entry);
	DLLIST2_APPEND(&cache->head, &cache->tail, entry);
	entry_r->user = entry->user;
	entry_r->ticket = entry->ticket;
	return TRUE;
}

bool listener_auth_cache_was_good(struct listener_auth_cache *cache,
				  const unsigned char *key)
{
	return hash_table_lookup(cache->entries, key) != NULL;
}

static void
cache_entry_set_ticket(struct cache_entry *entry, const char *ticket,
		       unsigned int ticket_secs)
{
	cache_entry_forget_ticket(entry);
	entry->ticket = i_strdup(ticket);
	entry->ticket_expires = ioloop_time + (time_t)ticket_secs;
}

void listener_auth_cache_add(struct listener_auth_cache *cache,
			     const unsigned char *key, const char *user,
			     const char *ticket, unsigned int ticket_secs)
{
	struct cache_entry *entry;
	unsigned char *entry_key;

	if (cache->ttl_secs == 0 || cache->max_entries == 0)
		return;
	listener_auth_cache_remove(cache, key);
	while (hash_table_count(cache->entries) >= cache->max_entries)
		cache_entry_free(cache, cache->head);

	entry = i_new(struct cache_entry, 1);
	memcpy(entry->key, key, sizeof(entry->key));
	entry->user = i_strdup(user);
	entry->expires = ioloop_time + (time_t)cache->ttl_secs;
	cache_entry_set_ticket(entry, ticket, ticket_secs);
	entry_key = entry->key;
	hash_table_insert(cache->entries, entry_key, entry);
	DLLIST2_APPEND(&cache->head, &cache->tail, entry);
}

void listener_auth_cache_renew(struct listener_auth_cache *cache,
			       const unsigned char *key, const char *ticket,
			       unsigned int ticket_secs)
{
	struct cache_entry *entry;

	entry = hash_table_lookup(cache->entries, key);
	if (entry != NULL && entry->ticket != NULL)
		cache_entry_set_ticket(entry, ticket, ticket_secs);
}

void listener_auth_cache_expire(struct listener_auth_cache *cache,
				const unsigned char *key)
{
	struct cache_entry *entry;

	entry = hash_table_lookup(cache->entries, key);
	if (entry != NULL)
		cache_entry_forget_ticket(entry);
}

void listener_auth_cache_remove(struct listener_auth_cache *cache,
				const unsigned char *key)
{
	struct cache_entry *entry;

	entry = hash_table_lookup(cache->entries, key);
	if (entry != NULL)
		cache_entry_free(cache, entry);
}

unsigned int listener_auth_cache_count(struct listener_auth_cache *cache)
{
	return hash_table_count(cache->entries);
}
