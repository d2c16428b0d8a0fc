#ifndef STORE_SECRET_H
#define STORE_SECRET_H

struct store;
struct store_device;

/* Secrets that a device leaves with us (a recovery password), kept as the device's
   parameters: they go with it. They are encrypted (AES-256-GCM) with a key that the
   operator has outside of the users' reach, and bound to the device and the name:
   copied elsewhere in a database they can't be read. */

#define STORE_SECRET_RECOVERY_PASSWORD "recovery-password"

/* the key file's size */
#define STORE_SECRET_KEY_MIN_SIZE 32
#define STORE_SECRET_KEY_MAX_SIZE 4096

/* Reads this process' key from a file, which others than its owner and group must not
   be able to read. Returns 0, or -1 and a sentence: there is no key then. */
int store_secret_key_read(const char *path, const char **error_r);
void store_secret_key_forget(void);
bool store_secret_have_key(void);

/* Both need the key. secret NULL removes it, which needs none. Returns 0 or -1 (logged). */
int store_secret_set(struct store *store, const struct store_device *device,
		     const char *name, const char *secret);
/* Returns 1 and the secret from the pool, 0 if there is none, -1 (logged): also if
   it was kept with another key. */
int store_secret_get(struct store *store, pool_t pool,
		     const struct store_device *device, const char *name,
		     const char **secret_r);

#endif
