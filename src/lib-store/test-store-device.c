/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "store-private.h"
#include "store-device.h"
#include "store-mail.h"
#include "store-state.h"
#include "test-common.h"
#include "test-store-common.h"

static const struct store_device full_device = {
	.protocol = "eas", .id = "v140Device", .type = "SP", .user_agent = "a",
	.model = "m", .imei = "i", .friendly_name = "J\xc3\xb6rg's", .os = "o",
	.os_language = "l", .phone_number = "p", .mobile_operator = "mo",
	.version = 161, .version_max = 141, .first_seen = 1000,
	.last_seen = 2000, .access = STORE_DEVICE_QUARANTINED,
	.wipe = STORE_DEVICE_WIPE_SENT, .wipe_account_only = TRUE,
	.policy_key = UINT32_MAX, .policy_key_pending = 1, .policy_hash = "h",
	.heartbeat = 3540,
};

static void
test_device_equals(const struct store_device *d1, const struct store_device *d2)
{
	test_assert_strcmp(d1->protocol, d2->protocol);
	test_assert_strcmp(d1->id, d2->id);
	test_assert_strcmp(d1->type, d2->type);
	test_assert_strcmp(d1->user_agent, d2->user_agent);
	test_assert_strcmp(d1->model, d2->model);
	test_assert_strcmp(d1->imei, d2->imei);
	test_assert_strcmp(d1->friendly_name, d2->friendly_name);
	test_assert_strcmp(d1->os, d2->os);
	test_assert_strcmp(d1->os_language, d2->os_language);
	test_assert_strcmp(d1->phone_number, d2->phone_number);
	test_assert_strcmp(d1->mobile_operator, d2->mobile_operator);
	test_assert(d1->version == d2->version);
	test_assert(d1->version_max == d2->version_max);
	test_assert(d1->first_seen == d2->first_seen);
	test_assert(d1->last_seen == d2->last_seen);
	test_assert(d1->access == d2->access);
	test_assert(d1->wipe == d2->wipe);
	test_assert(d1->wipe_account_only == d2->wipe_account_only);
	test_assert(d1->policy_key == d2->policy_key);
	test_assert(d1->policy_key_pending == d2->policy_key_pending);
	test_assert_strcmp(d1->policy_hash, d2->policy_hash);
	test_assert(d1->heartbeat == d2->heartbeat);
}

static struct store_device *test_device_get(struct store *store, const char *id)
{
	struct store_device *device = NULL;

	test_assert(store_device_get(store, pool_datastack_create(), "eas", id,
				     &device) == 1);
	return device;
}

/* Rows that the store has written: shows whether a save was one. */
static int test_total_changes(struct store *store)
{
	return sqlite3_total_changes(store->db);
}

static void test_store_device_save(void)
{
	static const struct store_device empty_device = {
		.protocol = "eas", .id = "2",
	};
	struct store_device copy, *device;
	struct store *store = test_store_create("save");
	int changes;

	test_begin("store device: save and get");
	test_assert(store_device_get(store, pool_datastack_create(), "eas",
				     "v140Device", &device) == 0);
	copy = full_device;
	test_assert(store_device_save(store, &copy) == 0);
	test_assert(copy.num != 0);
	device = test_device_get(store, "v140Device");
	test_assert(device->num == copy.num);
	test_device_equals(device, &full_device);
	/* the protocol is a part of the name */
	test_assert(store_device_get(store, pool_datastack_create(), "syncml",
				     "v140Device", &device) == 0);

	copy = empty_device;
	test_assert(store_device_save(store, &copy) == 0);
	device = test_device_get(store, "2");
	test_device_equals(device, &empty_device);

	/* only a change is written */
	device = test_device_get(store, "v140Device");
	changes = test_total_changes(store);
	test_assert(store_device_save(store, device) == 0);
	device->last_seen += STORE_DEVICE_SEEN_SECS - 1;
	test_assert(store_device_save(store, device) == 0);
	test_assert(test_total_changes(store) == changes);
	device->last_seen++;
	test_assert(store_device_save(store, device) == 0);
	test_assert(test_total_changes(store) == changes + 1);
	test_assert(store_device_save(store, device) == 0);
	test_assert(test_total_changes(store) == changes + 1);
	device->heartbeat = 60;
	device->model = NULL;
	test_assert(store_device_save(store, device) == 0);
	test_assert(test_total_changes(store) == changes + 2);

	copy = full_device;
	copy.heartbeat = 60;
	copy.model = NULL;
	copy.last_seen += STORE_DEVICE_SEEN_SECS;
	test_device_equals(test_device_get(store, "v140Device"), &copy);
	store_close(&store);
	test_end();
}

static void test_store_device_merge(void)
{
	struct store *store = test_store_create("merge");
	struct store_device copy = full_device, *ours, *theirs;

	test_begin("store device: changes of others stay");
	copy.wipe = STORE_DEVICE_WIPE_NONE;
	test_assert(store_device_save(store, &copy) == 0);
	ours = test_device_get(store, copy.id);
	theirs = test_device_get(store, copy.id);
	theirs->wipe = STORE_DEVICE_WIPE_ORDERED;
	theirs->friendly_name = "theirs";
	test_assert(store_device_save(store, theirs) == 0);
	ours->policy_key = 77;
	ours->os = "ours";
	test_assert(store_device_save(store, ours) == 0);
	/* the order reaches the one that did not know of it */
	test_assert(ours->wipe == STORE_DEVICE_WIPE_ORDERED);

	ours = test_device_get(store, copy.id);
	test_assert(ours->wipe == STORE_DEVICE_WIPE_ORDERED);
	test_assert_strcmp(ours->friendly_name, "theirs");
	test_assert(ours->policy_key == 77);
	test_assert_strcmp(ours->os, "ours");

	/* the same in a transaction of the caller's */
	theirs = test_device_get(store, copy.id);
	theirs->wipe = STORE_DEVICE_WIPE_DONE;
	test_assert(store_device_save(store, theirs) == 0);
	ours->heartbeat = 61;
	test_assert(store_begin(store) == 0);
	test_assert(store_device_save(store, ours) == 0);
	test_assert(store_commit(store) == 0);
	test_assert(test_device_get(store, copy.id)->wipe ==
		    STORE_DEVICE_WIPE_DONE);

	/* two workers add the same device */
	copy = full_device;
	copy.num = 0;
	copy.policy_key = 5;
	test_assert(store_device_save(store, &copy) == 0);
	test_assert(copy.num == ours->num);
	test_assert(test_device_get(store, copy.id)->policy_key == 77);

	/* a device that is gone is not brought back */
	ours = test_device_get(store, copy.id);
	test_assert(store_device_remove(store, ours->num) == 0);
	ours->heartbeat = 62;
	test_assert(store_device_save(store, ours) == 0);
	test_assert(store_device_get(store, pool_datastack_create(), "eas",
				     copy.id, &ours) == 0);
	store_close(&store);
	test_end();
}

static void test_store_device_list(void)
{
	struct store *store = test_store_create("list");
	ARRAY_TYPE(store_device) devices;
	struct store_device device, *const *devp;
	unsigned int count, i;
	uint32_t last_num;

	test_begin("store device: list, count, numbers");
	test_assert(store_device_count(store, &count) == 0);
	test_assert(count == 0);
	for (i = 0; i < 3; i++) {
		device = full_device;
		device.id = t_strdup_printf("id%u", 9 - i);
		test_assert(store_device_save(store, &device) == 0);
	}
	t_array_init(&devices, 4);
	test_assert(store_device_list(store, pool_datastack_create(),
				      &devices) == 0);
	test_assert(array_count(&devices) == 3);
	i = 0;
	array_foreach(&devices, devp) {
		test_assert_strcmp((*devp)->id, t_strdup_printf("id%u", 9 - i));
		i++;
	}
	test_assert(store_device_count(store, &count) == 0);
	test_assert(count == 3);

	/* a number is never used again */
	last_num = device.num;
	test_assert(store_device_remove(store, last_num) == 0);
	device.num = 0;
	test_assert(store_device_save(store, &device) == 0);
	test_assert(device.num > last_num);
	store_close(&store);
	test_end();
}

static void test_store_device_dependants(void)
{
	struct store *store = test_store_create("dependants");
	struct store_device device1 = full_device, device2 = full_device;
	const struct store_state state = {
		.epoch = 1, .counter = 1, .issued = "x", .issued_size = 1,
	};
	pool_t pool = pool_datastack_create();
	struct store_state got;
	buffer_t *value;

	test_begin("store device: dependants");
	device2.id = "2";
	test_assert(store_device_save(store, &device1) == 0);
	test_assert(store_device_save(store, &device2) == 0);
	test_assert(store_state_put(store, device1.num, "h", NULL, &state) == 1);
	test_assert(store_state_put(store, device2.num, "h", NULL, &state) == 1);
	test_assert(store_op_put(store, device1.num, "move", "k", "v", 1) == 0);
	test_assert(store_device_param_set(store, device1.num, "p", "v",
					   1) == 0);

	test_assert(store_device_resync(store, device1.num) == 0);
	test_assert(store_state_get(store, pool, device1.num, "h", &got) == 0);
	test_assert(store_op_get(store, pool, device1.num, "move", "k",
				 &value) == 1);
	test_assert(store_device_param_get(store, pool, device1.num, "p",
					   &value) == 1);

	test_assert(store_state_put(store, device1.num, "h", NULL, &state) == 1);
	test_assert(store_device_remove(store, device1.num) == 0);
	test_assert(store_state_get(store, pool, device1.num, "h", &got) == 0);
	test_assert(store_op_get(store, pool, device1.num, "move", "k",
				 &value) == 0);
	test_assert(store_device_param_get(store, pool, device1.num, "p",
					   &value) == 0);
	test_assert(store_state_get(store, pool, device2.num, "h", &got) == 1);

	/* nothing can be written for it any more */
	test_assert(store_state_put(store, device1.num, "h", NULL, &state) == 0);
	test_expect_error_string("was removed");
	test_assert(store_op_put(store, device1.num, "move", "k", "v", 1) < 0);
	test_expect_no_more_errors();
	test_expect_error_string("was removed");
	test_assert(store_device_param_set(store, device1.num, "p", "v",
					   1) < 0);
	test_expect_no_more_errors();
	store_close(&store);
	test_end();
}

static void test_store_device_params(void)
{
	struct store *store = test_store_create("params");
	struct store_device device = full_device;
	pool_t pool = pool_datastack_create();
	buffer_t *value;

	test_begin("store device: parameters");
	test_assert(store_device_save(store, &device) == 0);
	test_assert(store_device_param_get(store, pool, device.num, "ping",
					   &value) == 0);
	test_assert(store_device_param_set(store, device.num, "ping", "a\0b",
					   3) == 0);
	test_assert(store_device_param_get(store, pool, device.num, "ping",
					   &value) == 1);
	test_assert(value->used == 3 && memcmp(value->data, "a\0b", 3) == 0);
	test_assert(store_device_param_set(store, device.num, "ping", "",
					   0) == 0);
	test_assert(store_device_param_get(store, pool, device.num, "ping",
					   &value) == 1);
	test_assert(value->used == 0);
	test_assert(store_device_param_set(store, device.num, "ping", NULL,
					   0) == 0);
	test_assert(store_device_param_get(store, pool, device.num, "ping",
					   &value) == 0);
	store_close(&store);
	test_end();
}

static void test_store_mail_param(void)
{
	struct store *store = test_store_open("mail");
	pool_t pool = pool_datastack_create();
	buffer_t *value;

	test_begin("store mail: parameters");
	test_assert(store_mail_param_get(store, pool, "g1", "flag",
					 &value) == 0);
	test_assert(store_mail_param_set(store, "g1", "flag", NULL, 0) == 0);
	test_assert(store_mail_param_set(store, "g1", "flag", "a", 1) == 0);
	test_assert(store_mail_param_set(store, "g1", "flag", "bc", 2) == 0);
	test_assert(store_mail_param_set(store, "g2", "flag", "", 0) == 0);
	test_assert(store_mail_param_set(store, "g1", "other", "d", 1) == 0);
	test_assert(store_mail_param_get(store, pool, "g1", "flag",
					 &value) == 1);
	test_assert(value->used == 2 && memcmp(value->data, "bc", 2) == 0);
	test_assert(store_mail_param_get(store, pool, "g2", "flag",
					 &value) == 1);
	test_assert(value->used == 0);
	test_assert(store_mail_param_set(store, "g1", "flag", NULL, 0) == 0);
	test_assert(store_mail_param_get(store, pool, "g1", "flag",
					 &value) == 0);
	test_assert(store_mail_param_get(store, pool, "g1", "other",
					 &value) == 1);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_store_device_save,
		test_store_device_merge,
		test_store_device_list,
		test_store_device_dependants,
		test_store_device_params,
		test_store_mail_param,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
