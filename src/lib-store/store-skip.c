/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "str.h"
#include "strnum.h"
#include "store-private.h"
#include "store-device.h"
#include "store-skip.h"
#include "store-state.h"

/* A parameter of the device for each collection: "<uidvalidity> <uid>:<time>...", or "retry
   <epoch> <counter>" */
#define SKIP_PARAM_PREFIX "skip."
#define SKIP_RETRY "retry"

static const char *skip_param_name(const char *collection)
{
	return t_strconcat(SKIP_PARAM_PREFIX, collection, NULL);
}

static int
skip_parse_retry(const char *const *args, struct store_skips *skips)
{
	skips->retry = TRUE;
	return str_array_length(args) == 3 &&
		str_to_uint32(args[1], &skips->retry_epoch) == 0 &&
		str_to_uint32(args[2], &skips->retry_counter) == 0 ? 0 : -1;
}

static int skip_parse(const char *value, struct store_skips *skips)
{
	const char *const *args = t_strsplit_spaces(value, " ");
	struct store_skip skip;
	const char *p;

	if (args[0] == NULL)
		return -1;
	if (strcmp(args[0], SKIP_RETRY) == 0)
		return skip_parse_retry(args, skips);
	if (str_to_uint32(*args, &skips->uidvalidity) < 0)
		return -1;
	for (args++; *args != NULL; args++) {
		if (str_parse_uint32(*args, &skip.uid, &p) < 0 || *p != ':' ||
		    str_to_time(p + 1, &skip.time) < 0)
			return -1;
		array_push_back(&skips->uids, &skip);
	}
	return 0;
}

int store_skips_get(struct store *store, pool_t pool, uint32_t device_num,
		    const char *collection, struct store_skips *skips_r)
{
	buffer_t *value;
	int ret;

	i_zero(skips_r);
	p_array_init(&skips_r->uids, pool, 1);
	ret = store_device_param_get(store, pool_datastack_create(), device_num,
				     skip_param_name(collection), &value);
	if (ret <= 0)
		return ret;
	if (skip_parse(t_strndup(value->data, value->used), skips_r) < 0) {
		e_error(store->event, "Skipped items of %s can't be read, "
			"forgetting them", collection);
		i_zero(skips_r);
		p_array_init(&skips_r->uids, pool, 1);
		return 0;
	}
	return 1;
}

int store_skips_put(struct store *store, uint32_t device_num,
		    const char *collection, const struct store_skips *skips)
{
	string_t *str = t_str_new(128);
	const struct store_skip *skip;

	if (skips->retry) {
		str_printfa(str, SKIP_RETRY" %u %u", skips->retry_epoch,
			    skips->retry_counter);
	} else {
		str_printfa(str, "%u", skips->uidvalidity);
		array_foreach(&skips->uids, skip) {
			str_printfa(str, " %u:%"PRIdTIME_T, skip->uid,
				    skip->time);
		}
	}
	return store_device_param_set(store, device_num,
				      skip_param_name(collection),
				      str_data(str), str_len(str));
}

bool store_skips_has(const struct store_skips *skips, uint32_t uid)
{
	const struct store_skip *skip;

	array_foreach(&skips->uids, skip) {
		if (skip->uid == uid)
			return TRUE;
	}
	return FALSE;
}

void store_skips_add(struct store_skips *skips, uint32_t uid, time_t now)
{
	struct store_skip *skip;

	skips->retry = FALSE;
	if (store_skips_has(skips, uid))
		return;
	if (array_count(&skips->uids) >= STORE_SKIPS_MAX)
		array_pop_front(&skips->uids);
	skip = array_append_space(&skips->uids);
	skip->uid = uid;
	skip->time = now;
}

static int
skip_retry_collection(struct store *store, uint32_t device_num,
		      const char *collection)
{
	struct store_skips skips;
	unsigned int count;
	int ret;

	ret = store_skips_get(store, pool_datastack_create(), device_num,
			      collection, &skips);
	count = array_count(&skips.uids);
	if (ret <= 0 || count == 0)
		return ret < 0 ? -1 : 0;
	i_zero(&skips);
	skips.retry = TRUE;
	ret = store_skips_put(store, device_num, collection, &skips);
	return ret < 0 ? -1 : (int)count;
}

static int
skip_foreach(struct store *store, uint32_t device_num,
	     int (*func)(struct store *store, uint32_t device_num,
			 const char *collection))
{
	ARRAY_TYPE(store_state_info) states;
	const struct store_state_info *state;
	int ret, sum = 0;

	t_array_init(&states, 32);
	if (store_state_list(store, pool_datastack_create(), device_num,
			     &states) < 0)
		return -1;
	array_foreach(&states, state) {
		ret = func(store, device_num, state->collection);
		if (ret < 0)
			return -1;
		sum += ret;
	}
	return sum;
}

int store_skips_retry(struct store *store, uint32_t device_num)
{
	return skip_foreach(store, device_num, skip_retry_collection);
}

static int
skip_clear_collection(struct store *store, uint32_t device_num,
		      const char *collection)
{
	return store_device_param_set(store, device_num,
				      skip_param_name(collection), NULL, 0);
}

int store_skips_clear(struct store *store, uint32_t device_num)
{
	return skip_foreach(store, device_num, skip_clear_collection);
}
