#include "lib.h"
#include "hash.h"
#include "ioloop.h"
#include "llist.h"
#include "listener-learn.h"

/* Devices in memory, about 120 bytes and the names each. */
#define LEARN_MAX_COUNT 50000
/* So many cuts in a row make a ceiling. */
#define LEARN_CUTS 3
/* A device that comes later wasn't waiting: its user, or itself, ended it. */
#define LEARN_BACK_SECS 30
/* Cuts differ by up to a twentieth of their age, or by this. */
#define LEARN_TOLERANCE_PART 20
#define LEARN_TOLERANCE_MIN_MSECS 2000
/* The ceiling is a tenth below the cuts' age, or this much. */
#define LEARN_MARGIN_PART 10
#define LEARN_MARGIN_MAX_MSECS (60*1000)
/* A test's poll is longer by this part. */
#define LEARN_TEST_PART 4
#define LEARN_TEST_FIRST_SECS (6*60*60)
#define LEARN_TEST_MAX_SECS (48*60*60)
/* ioloop's timers, and a worker's time */
#define LEARN_SLACK_MSECS 1000
/* The most that ActiveSync knows ([MS-ASCMD] 2.2.3.79.1). */
#define LEARN_MAX_MSECS (3540*1000)

struct learn_device {
	/* least recently used first */
	struct learn_device *prev, *next;
	/* the lowest age of the last cuts, and how many there were in a row */
	unsigned int cut_msecs, cut_count;
	/* a cut after which the device hasn't come back yet; 0 = none */
	unsigned int pending_msecs;
	time_t pending_time;
	/* 0 = none; and that of the test that is under way */
	unsigned int ceiling_msecs, test_msecs;
	time_t test_time;
	unsigned int test_wait_secs;
	/* to be told by the next begin() */
	enum listener_learn_change change;
	/* "user", a tab and "device" */
	char *key;
};

struct listener_learn {
	unsigned int min_msecs;
	HASH_TABLE(char *, struct learn_device *) devices;
	struct learn_device *head, *tail;
};

struct listener_learn *listener_learn_init(unsigned int min_msecs)
{
	struct listener_learn *learn = i_new(struct listener_learn, 1);

	learn->min_msecs = min_msecs;
	hash_table_create(&learn->devices, default_pool, 0, str_hash, strcmp);
	return learn;
}

static void
learn_device_free(struct listener_learn *learn, struct learn_device *device)
{
	hash_table_remove(learn->devices, device->key);
	DLLIST2_REMOVE(&learn->head, &learn->tail, device);
	i_free(device->key);
	i_free(device);
}

void listener_learn_deinit(struct listener_learn **_learn)
{
	struct listener_learn *learn = *_learn;

	*_learn = NULL;
	while (learn->head != NULL)
		learn_device_free(learn, learn->head);
	hash_table_destroy(&learn->devices);
	i_free(learn);
}

static struct learn_device *
learn_find(const struct listener_learn *learn, const char *user,
	   const char *device)
{
	/* most often there is nobody to look for */
	if (learn->head == NULL)
		return NULL;
	return hash_table_lookup(learn->devices,
				 t_strconcat(user, "\t", device, NULL));
}

static struct learn_device *
learn_get(struct listener_learn *learn, const char *user, const char *name)
{
	struct learn_device *device = learn_find(learn, user, name);
	const char *key;

	if (device != NULL) {
		DLLIST2_REMOVE(&learn->head, &learn->tail, device);
	} else {
		if (hash_table_count(learn->devices) >= LEARN_MAX_COUNT)
			learn_device_free(learn, learn->head);
		key = t_strconcat(user, "\t", name, NULL);
		device = i_new(struct learn_device, 1);
		device->key = i_strdup(key);
		hash_table_insert(learn->devices, device->key, device);
	}
	DLLIST2_APPEND(&learn->head, &learn->tail, device);
	return device;
}

static unsigned int learn_tolerance(unsigned int msecs)
{
	return I_MAX(msecs / LEARN_TOLERANCE_PART, LEARN_TOLERANCE_MIN_MSECS);
}

static bool learn_is_same_age(unsigned int a, unsigned int b)
{
	return I_MAX(a, b) - I_MIN(a, b) <= learn_tolerance(I_MIN(a, b));
}

static void learn_schedule_test(struct learn_device *device, unsigned int secs)
{
	device->test_msecs = 0;
	device->test_wait_secs = I_MIN(secs, LEARN_TEST_MAX_SECS);
	device->test_time = ioloop_time + device->test_wait_secs;
}

/* The device is back soon after a cut: it was waiting. */
static void
learn_count_cut(struct listener_learn *learn, struct learn_device *device)
{
	unsigned int msecs = device->pending_msecs;
	unsigned int margin, ceiling;

	if (device->test_msecs > 0 && msecs > device->ceiling_msecs) {
		learn_schedule_test(device, device->test_wait_secs * 2);
		return;
	}
	if (device->cut_count > 0 &&
	    learn_is_same_age(msecs, device->cut_msecs)) {
		device->cut_count++;
		device->cut_msecs = I_MIN(device->cut_msecs, msecs);
	} else {
		device->cut_count = 1;
		device->cut_msecs = msecs;
	}
	margin = I_MIN(device->cut_msecs / LEARN_MARGIN_PART,
		       LEARN_MARGIN_MAX_MSECS);
	ceiling = device->cut_msecs - margin;
	if (device->cut_count < LEARN_CUTS || ceiling < learn->min_msecs ||
	    (device->ceiling_msecs > 0 && ceiling >= device->ceiling_msecs))
		return;
	device->ceiling_msecs = ceiling;
	device->cut_count = 0;
	device->change = LISTENER_LEARN_LOWERED;
	learn_schedule_test(device, LEARN_TEST_FIRST_SECS);
}

unsigned int
listener_learn_begin(struct listener_learn *learn, const char *user,
		     const char *name, enum listener_learn_change *change_r)
{
	struct learn_device *device = learn_find(learn, user, name);

	*change_r = LISTENER_LEARN_NONE;
	if (device == NULL)
		return 0;
	if (device->pending_msecs > 0 &&
	    ioloop_time - device->pending_time <= LEARN_BACK_SECS)
		learn_count_cut(learn, device);
	device->pending_msecs = 0;

	*change_r = device->change;
	device->change = LISTENER_LEARN_NONE;
	if (*change_r == LISTENER_LEARN_GONE) {
		learn_device_free(learn, device);
		return 0;
	}
	if (device->ceiling_msecs > 0 && device->test_msecs == 0 &&
	    ioloop_time >= device->test_time) {
		device->test_msecs = device->ceiling_msecs +
			device->ceiling_msecs / LEARN_TEST_PART;
	}
	return I_MAX(device->ceiling_msecs, device->test_msecs);
}

unsigned int listener_learn_get(const struct listener_learn *learn,
				const char *user, const char *name)
{
	const struct learn_device *device = learn_find(learn, user, name);

	return device == NULL ? 0 :
		I_MAX(device->ceiling_msecs, device->test_msecs);
}

void listener_learn_cut(struct listener_learn *learn, const char *user,
			const char *name, unsigned int msecs)
{
	struct learn_device *device;

	if (msecs < learn->min_msecs)
		return;
	device = learn_get(learn, user, name);
	device->pending_msecs = I_MAX(msecs, 1);
	device->pending_time = ioloop_time;
}

void listener_learn_answered(struct listener_learn *learn, const char *user,
			     const char *name, unsigned int msecs)
{
	struct learn_device *device = learn_find(learn, user, name);

	if (device == NULL)
		return;
	if (device->test_msecs > 0 &&
	    msecs + LEARN_SLACK_MSECS >= device->test_msecs) {
		device->ceiling_msecs = device->test_msecs;
		/* the next test at once, and by small steps again once one of
		   them fails */
		learn_schedule_test(device, LEARN_TEST_FIRST_SECS);
		device->test_time = ioloop_time;
		device->change = device->ceiling_msecs >= LEARN_MAX_MSECS ?
			LISTENER_LEARN_GONE : LISTENER_LEARN_RAISED;
	}
	if (device->cut_count > 0 && msecs > device->cut_msecs +
					learn_tolerance(device->cut_msecs)) {
		device->cut_count = 0;
		if (device->ceiling_msecs == 0 && device->pending_msecs == 0)
			learn_device_free(learn, device);
	}
}

unsigned int listener_learn_count(const struct listener_learn *learn)
{
	return hash_table_count(learn->devices);
}
