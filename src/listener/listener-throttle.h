#ifndef LISTENER_THROTTLE_H
#define LISTENER_THROTTLE_H

/* How many requests a device and a user may send. Each has a budget that is
   full at first and grows back over a period; one that has used it up is
   refused until a tenth of it is there again. What is refused costs nothing of
   it, so a device that doesn't stop gets its share all the same. A user's
   budget is what his devices use together: a mad one can't take the others'
   unless it may have as much as he. The table is bounded: a budget that is
   full again is forgotten. Every operation takes constant time. */

struct listener_throttle;

enum listener_throttle_result {
	LISTENER_THROTTLE_OK,
	/* the device has sent too much */
	LISTENER_THROTTLE_DEVICE,
	/* the user's devices have, all together */
	LISTENER_THROTTLE_USER,
};

struct listener_throttle_verdict {
	enum listener_throttle_result result;
	/* not OK: when to come back, at least 1 */
	unsigned int retry_secs;
	/* not OK: an episode begins. It ends when half of the budget is there
	   again. */
	bool first;
};

/* Requests per period_secs; 0 = any number. */
struct listener_throttle *
listener_throttle_init(unsigned int device_limit, unsigned int user_limit,
		       unsigned int period_secs);
void listener_throttle_deinit(struct listener_throttle **throttle);

/* A request has come. device is NULL if it names none. */
void listener_throttle_take(struct listener_throttle *throttle,
			    const char *user, const char *device,
			    struct listener_throttle_verdict *verdict_r);
/* The request that was taken doesn't count after all. */
void listener_throttle_refund(struct listener_throttle *throttle,
			      const char *user, const char *device);

/* Those that are refused now: device is NULL if it is the user as a whole. */
struct listener_throttle_info {
	const char *user, *device;
	unsigned int retry_secs;
	/* in this episode */
	unsigned int refused;
};
void listener_throttle_list(struct listener_throttle *throttle,
	void (*callback)(const struct listener_throttle_info *info,
			 void *context), void *context);

unsigned int listener_throttle_count(const struct listener_throttle *throttle);

#endif
