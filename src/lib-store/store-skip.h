#ifndef STORE_SKIP_H
#define STORE_SKIP_H

struct store;

/* Items of one collection that a device isn't told of any more, since it asked for the
   same again and again when it was. They are few: of more than STORE_SKIPS_MAX the oldest
   are forgotten. They go with the device, and with its states (store_device_resync()). */

#define STORE_SKIPS_MAX 100

struct store_skip {
	uint32_t uid;
	time_t time;
};
ARRAY_DEFINE_TYPE(store_skip, struct store_skip);

struct store_skips {
	/* other UIDs than these are meant if it is another one now */
	uint32_t uidvalidity;
	ARRAY_TYPE(store_skip) uids;
	/* They are to be told once more: uids is empty. epoch and counter are of the
	   state for which this was done, 0 until it is. */
	bool retry;
	uint32_t retry_epoch, retry_counter;
};

/* Returns 1, 0 if there is nothing (skips_r is empty then), -1. */
int store_skips_get(struct store *store, pool_t pool, uint32_t device_num,
		    const char *collection, struct store_skips *skips_r);
int store_skips_put(struct store *store, uint32_t device_num,
		    const char *collection, const struct store_skips *skips);
bool store_skips_has(const struct store_skips *skips, uint32_t uid);
void store_skips_add(struct store_skips *skips, uint32_t uid, time_t now);

/* For all of the device's collections: what is skipped is to be told once more. Returns how
   many items there were, or -1. */
int store_skips_retry(struct store *store, uint32_t device_num);
/* Forgets all of them. */
int store_skips_clear(struct store *store, uint32_t device_num);

#endif
