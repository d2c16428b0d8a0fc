#ifndef STORE_DEVICE_H
#define STORE_DEVICE_H

struct store;

/* A device's partnership. */

enum store_device_access {
	STORE_DEVICE_ALLOWED = 0,
	STORE_DEVICE_QUARANTINED,
	STORE_DEVICE_BLOCKED,
};

enum store_device_wipe {
	STORE_DEVICE_WIPE_NONE = 0,
	STORE_DEVICE_WIPE_ORDERED,	/* by the operator or the owner */
	STORE_DEVICE_WIPE_SENT,		/* the device was told */
	STORE_DEVICE_WIPE_DONE,		/* the device confirmed: never told again */
};

struct store_device {
	/* the store's own number: key of states and operations; 0 = not saved yet */
	uint32_t num;
	const char *protocol;		/* "eas" */
	const char *id;			/* as the device names itself */
	const char *type;		/* DeviceType */
	const char *user_agent;
	/* [MS-ASCMD] DeviceInformation: NULL = never told */
	const char *model, *imei, *friendly_name, *os, *os_language,
		*phone_number, *mobile_operator;
	unsigned int version;		/* last used, 141 = 14.1 */
	unsigned int version_max;	/* ceiling for this device, 0 = none */
	time_t first_seen, last_seen;
	enum store_device_access access;
	enum store_device_wipe wipe;
	bool wipe_account_only;
	/* [MS-ASPROV]: key of the acknowledged policy (0 = none), of the one that was handed
	   out and waits for its acknowledgement, and a hash of the acknowledged document */
	uint32_t policy_key, policy_key_pending;
	const char *policy_hash;	/* NULL = none */
	/* heartbeat that the last Ping used, seconds; 0 = none */
	unsigned int heartbeat;

	/* The store's own: the record as it was read. It must live as long as the
	   device; NULL in a device that did not come from the store. */
	struct store_device *loaded;
};
ARRAY_DEFINE_TYPE(store_device, struct store_device *);

/* Finds a device by its protocol and id. Returns 1, 0 unknown, -1. */
int store_device_get(struct store *store, pool_t pool, const char *protocol,
		     const char *id, struct store_device **device_r);
/* Inserts (num == 0, then num is set) or updates what the caller changed since it read
   the device: what others changed meanwhile (an ordered wipe) stays, and is
   seen in the device afterwards if it is no text. Nothing is written if nothing
   changed; last_seen alone counts only if it is STORE_DEVICE_SEEN_SECS newer. A device
   that was removed meanwhile stays removed. Returns 0 or -1. */
#define STORE_DEVICE_SEEN_SECS 600
int store_device_save(struct store *store, struct store_device *device);
/* All devices, oldest first. */
int store_device_list(struct store *store, pool_t pool,
		      ARRAY_TYPE(store_device) *devices);
/* Number of devices of all protocols. Returns 0 or -1. */
int store_device_count(struct store *store, unsigned int *count_r);
/* Forgets the device with its states, operations and parameters. */
int store_device_remove(struct store *store, uint32_t num);
/* Drops the device's states only: it synchronises everything anew. */
int store_device_resync(struct store *store, uint32_t num);

/* Named small values of a device (cached Ping and Sync requests, ...). value NULL deletes.
   get returns 1 and a buffer from pool, 0 none, -1. */
int store_device_param_get(struct store *store, pool_t pool, uint32_t num,
			   const char *name, buffer_t **value_r);
int store_device_param_set(struct store *store, uint32_t num,
			   const char *name, const void *value, size_t size);

#endif
