#ifndef LISTENER_LEARN_H
#define LISTENER_LEARN_H

/* How long a device's requests may wait, where something on the way (a proxy, a
   firewall) closes connections on which nothing happens. Three polls in a row
   that were closed at about the same age, after each of which the device was
   back soon, give a ceiling: from then on its polls are answered somewhat
   earlier. One that lasted longer proves that it wasn't the way. A ceiling is
   put to the test after six hours, by a longer poll: if that is answered the
   ceiling has risen, if it is cut the next test comes after twice the time,
   two days at most.

   Healthy devices are not in the table, which is bounded and forgets at the
   next start: three polls teach it again. */

struct listener_learn;

enum listener_learn_change {
	LISTENER_LEARN_NONE = 0,
	/* there is a ceiling now, or a lower one */
	LISTENER_LEARN_LOWERED,
	/* its test went well */
	LISTENER_LEARN_RAISED,
	/* it has risen above everything that a device may ask for */
	LISTENER_LEARN_GONE,
};

/* A ceiling below min_msecs is not learnt. */
struct listener_learn *listener_learn_init(unsigned int min_msecs);
void listener_learn_deinit(struct listener_learn **learn);

/* A poll of the device is about to wait. Returns how long it may, 0 = as long
   as it asks for. change_r says what was learnt since the one before. */
unsigned int
listener_learn_begin(struct listener_learn *learn, const char *user,
		     const char *device, enum listener_learn_change *change_r);
/* The ceiling that listener_learn_begin() gave last, or 0. */
unsigned int listener_learn_get(const struct listener_learn *learn,
				const char *user, const char *device);
/* The connection was closed at this age of the poll. */
void listener_learn_cut(struct listener_learn *learn, const char *user,
			const char *device, unsigned int msecs);
/* The poll was answered at this age. */
void listener_learn_answered(struct listener_learn *learn, const char *user,
			     const char *device, unsigned int msecs);

unsigned int listener_learn_count(const struct listener_learn *learn);

#endif
