#ifndef STORE_STATE_H
#define STORE_STATE_H

struct store;

/* What a device holds of one collection, in two steps: *issued* was sent last, *confirmed* is
   what the device surely has. A state is opaque here.

   Life: nothing → issue(epoch, 1) → the device comes back with key (epoch, 1): its issued
   state is thereby confirmed → issue(epoch, 2) makes 1 the confirmed and 2 the issued state → ...
   A device that comes with the confirmed key again (lost answer) is answered from the
   confirmed state, and the issued one is replaced. Both steps of a put are one row, one write.

   collection is any stable text ("h" the hierarchy, "f17" the folder 17, ...). */

struct store_state {
	uint32_t epoch;			/* random per key 0; 0 = no state */
	uint32_t counter;		/* of the issued state */
	/* NULL when there is none */
	const void *confirmed, *issued;
	size_t confirmed_size, issued_size;
	/* how often the confirmed key came again: a loop shows here */
	unsigned int repeats;
};

/* Returns 1, 0 if there is no state, -1. Data is allocated from pool. */
int store_state_get(struct store *store, pool_t pool, uint32_t device_num,
		    const char *collection, struct store_state *state_r);
/* Replaces the row, if it is still as expected (compare and swap on epoch, counter and repeats;
   expected NULL: unconditionally). Returns 1, 0 if somebody else changed it meanwhile
   (nothing was written), -1. */
int store_state_put(struct store *store, uint32_t device_num,
		    const char *collection, const struct store_state *expected,
		    const struct store_state *state);
int store_state_delete(struct store *store, uint32_t device_num,
		       const char *collection);
/* The collections of which the device has a state, with epoch.counter. */
struct store_state_info {
	const char *collection;
	uint32_t epoch, counter;
	unsigned int repeats;
	size_t size;
};
ARRAY_DEFINE_TYPE(store_state_info, struct store_state_info);
int store_state_list(struct store *store, pool_t pool, uint32_t device_num,
		     ARRAY_TYPE(store_state_info) *states);

/* Operations that must not happen twice (a move, a sent mail, a new folder): kind and key name
   the request ("move", "17:200>5"), value is the intent before it and the result after it. They are
   kept for at least max_age seconds given to store_op_expire(). */
int store_op_get(struct store *store, pool_t pool, uint32_t device_num,
		 const char *kind, const char *key, buffer_t **value_r);
int store_op_put(struct store *store, uint32_t device_num, const char *kind,
		 const char *key, const void *value, size_t size);
int store_op_delete(struct store *store, uint32_t device_num,
		    const char *kind, const char *key);
int store_op_expire(struct store *store, unsigned int max_age);

#endif
