#include "lib.h"
#include "array.h"
#include "guid.h"
#include "ioloop.h"
#include "str.h"
#include "strescape.h"
#include "time-util.h"
#include "listener-answer.h"
#include "listener-park-private.h"

#include <malloc.h>

/* Requests leave holes in the heap when they are parked and when they are
   answered. After this many, free memory goes back to the system; that takes
   milliseconds, so it isn't done often. */
#define PARK_TRIM_COUNT 100
#define PARK_TRIM_MSECS 2000
#define PARK_TRIM_INTERVAL_SECS 5

static struct park_memory {
	/* since the last trim */
	unsigned int freed_count;
	time_t last_trim;
	struct timeout *to_trim;
} park_memory;

static void park_trim(void *context ATTR_UNUSED)
{
	timeout_remove(&park_memory.to_trim);
	park_memory.freed_count = 0;
	park_memory.last_trim = ioloop_time;
	(void)malloc_trim(0);
}

void park_memory_freed(void)
{
	unsigned int msecs = PARK_TRIM_MSECS;

	if (++park_memory.freed_count < PARK_TRIM_COUNT || park_memory.to_trim != NULL)
		return;
	if (ioloop_time - park_memory.last_trim < PARK_TRIM_INTERVAL_SECS)
		msecs = PARK_TRIM_INTERVAL_SECS * 1000;
	park_memory.to_trim = timeout_add(msecs, park_trim, NULL);
}

void park_memory_deinit(void)
{
	timeout_remove(&park_memory.to_trim);
}

static const char *park_answer_keys(const struct listener_answer *answer)
{
	string_t *str = t_str_new(256);
	const char *const *keys;

	for (keys = answer->keys; *keys != NULL; keys++) {
		if (!listener_answer_key_is_http(*keys))
			continue;
		if (str_len(str) > 0)
			str_append_c(str, '\t');
		str_append_tabescaped(str, *keys);
	}
	return str_c(str);
}

static const char *blob_add_str(unsigned char **pos, const char *str)
{
	size_t size = strlen(str) + 1;
	const char *dest = (const char *)*pos;

	memcpy(*pos, str, size);
	*pos += size;
	return dest;
}

static const unsigned char *
blob_add_data(unsigned char **pos, const void *data, size_t size)
{
	const unsigned char *dest = *pos;

	if (size == 0)
		return NULL;
	memcpy(*pos, data, size);
	*pos += size;
	return dest;
}

static void
park_set_deadline(struct listener_parked *parked, unsigned int msecs)
{
	struct timeval ceiling = parked->start;

	parked->deadline = ioloop_timeval;
	timeval_add_msecs(&parked->deadline, msecs);
	if (parked->ceiling_msecs == 0)
		return;
	timeval_add_msecs(&ceiling, parked->ceiling_msecs);
	if (timeval_cmp(&ceiling, &parked->deadline) < 0)
		parked->deadline = ceiling;
}

void park_set_blob(struct listener_parked *parked, const char *keys,
		   const unsigned char *body, size_t body_size,
		   const struct listener_answer *answer)
{
	const char *answer_keys = park_answer_keys(answer);
	unsigned int count = array_count(&answer->watch);
	size_t guids_size = count * sizeof(guid_128_t);
	unsigned char *blob, *pos;

	blob = pos = i_malloc(guids_size +
		strlen(answer->park_ticket) + 1 + strlen(keys) + 1 +
		strlen(answer_keys) + 1 + body_size + answer->body_size);
	if (count > 0)
		memcpy(pos, array_front(&answer->watch), guids_size);
	parked->watch = (const void *)pos;
	parked->watch_count = count;
	pos += guids_size;
	parked->ticket = blob_add_str(&pos, answer->park_ticket);
	parked->keys = blob_add_str(&pos, keys);
	parked->answer_keys = blob_add_str(&pos, answer_keys);
	parked->body = blob_add_data(&pos, body, body_size);
	parked->answer_body = blob_add_data(&pos, answer->body,
					    answer->body_size);
	parked->answer_body_size = answer->body_size;
	parked->answer_status = answer->status;
	i_free(parked->blob);
	parked->blob = blob;

	park_set_deadline(parked, answer->park_msecs);
}

void park_get_timeout_answer(struct listener_parked *parked,
				    struct listener_answer *answer_r)
{
	const char *error;

	/* it was parsed before, with the same result */
	if (listener_answer_parse(parked->answer_status,
				  t_strsplit_tabescaped(parked->answer_keys),
				  answer_r, &error) < 0)
		i_unreached();
	answer_r->body = parked->answer_body;
	answer_r->body_size = parked->answer_body_size;
}

const char *park_get_device(struct listener_parked *parked)
{
	struct listener_answer answer;

	park_get_timeout_answer(parked, &answer);
	return answer.device;
}

unsigned int park_age(const struct listener_parked *parked)
{
	/* the clock may have been set back */
	return I_MAX(timeval_diff_msecs(&ioloop_timeval, &parked->start), 0);
}
