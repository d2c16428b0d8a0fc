#ifndef LISTENER_AUTH_CACHE_H
#define LISTENER_AUTH_CACHE_H

/* Successful logins. The key is an HMAC, with a random key of this process, of
   the Authorization header and the login's origin: neither a password nor
   its hash is kept, and what one address has proved doesn't help another. The
   value is the canonical user name and the worker's sealed ticket. */

struct listener_auth_cache;

#define LISTENER_AUTH_CACHE_KEY_SIZE 32

struct listener_auth_entry {
	const char *user;
	const char *ticket;
};

/* max_entries bounds the memory (about 1 KiB each); the least recently used
   ones go first. */
struct listener_auth_cache *
listener_auth_cache_init(unsigned int max_entries, unsigned int ttl_secs);
void listener_auth_cache_deinit(struct listener_auth_cache **cache);

/* origin: all else on which auth's verdict may depend. */
void listener_auth_cache_key(struct listener_auth_cache *cache,
			     const char *authorization, const char *origin,
			     unsigned char key_r[LISTENER_AUTH_CACHE_KEY_SIZE]);
/* TRUE if these credentials were good less than ttl_secs ago and the ticket
   still lives. The strings live until the cache is next changed. */
bool listener_auth_cache_lookup(struct listener_auth_cache *cache,
				const unsigned char *key,
				struct listener_auth_entry *entry_r);
/* TRUE if these very credentials were good from this address before and have
   not been refused since: no guess, so no reason for a penalty. */
bool listener_auth_cache_was_good(struct listener_auth_cache *cache,
				  const unsigned char *key);
/* After a login: a new entry. */
void listener_auth_cache_add(struct listener_auth_cache *cache,
			     const unsigned char *key, const char *user,
			     const char *ticket, unsigned int ticket_secs);
/* After a request with a ticket: the worker renewed it. The entry doesn't live
   longer for that; auth is asked again ttl_secs after it was asked last. */
void listener_auth_cache_renew(struct listener_auth_cache *cache,
			       const unsigned char *key, const char *ticket,
			       unsigned int ticket_secs);
/* The ticket was refused: ask auth again. */
void listener_auth_cache_expire(struct listener_auth_cache *cache,
				const unsigned char *key);
/* The credentials were refused. */
void listener_auth_cache_remove(struct listener_auth_cache *cache,
				const unsigned char *key);
unsigned int listener_auth_cache_count(struct listener_auth_cache *cache);

#endif
