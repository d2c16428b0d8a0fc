/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "str.h"
#include "store-recipient.h"
#include "test-common.h"
#include "test-store-common.h"

#include <math.h>

#define DAY (24*3600)

static void
test_add(struct store *store, const char *address, const char *name, time_t time)
{
	struct store_recipient recipient = { .address = address, .name = name };

	test_assert(store_recipient_add(store, &recipient, 1, time) == 0);
}

/* How many mails of this moment would have given the score, times a hundred. */
static unsigned int
test_count(const struct store_recipient *recipient, time_t now)
{
	double age = now / (30.0*DAY) - recipient->score / 1000000.0;

	return 100 * exp2(-age) + 0.5;
}

/* "address name count|..." at that time */
static const char *test_list(struct store *store, time_t now)
{
	pool_t pool = pool_datastack_create();
	ARRAY_TYPE(store_recipient) list;
	const struct store_recipient *recipient;
	string_t *str = t_str_new(128);

	t_array_init(&list, 8);
	test_assert(store_recipient_list(store, pool, &list) == 0);
	array_foreach(&list, recipient) {
		str_printfa(str, "%s %s %u|", recipient->address,
			    recipient->name == NULL ? "-" : recipient->name,
			    test_count(recipient, now));
	}
	return str_c(str);
}

static void test_recipient_scores(void)
{
	time_t now = 1800000000;
	struct store *store = test_store_create("scores");

	test_begin("store recipient: scores");
	test_assert_strcmp(test_list(store, now), "");
	test_add(store, "a@x.test", NULL, now - 30*DAY);
	test_assert_strcmp(test_list(store, now), "a@x.test - 50|");
	test_add(store, "b@x.test", "B", now);
	test_assert_strcmp(test_list(store, now),
			   "b@x.test B 100|a@x.test - 50|");
	/* a name stays, the spelling is the last one */
	test_add(store, "A@x.test", "Ann", now);
	test_add(store, "a@X.test", NULL, now);
	test_assert_strcmp(test_list(store, now),
			   "a@X.test Ann 250|b@x.test B 100|");
	/* a clock that goes back */
	test_add(store, "b@x.test", NULL, now - 60*DAY);
	test_assert_strcmp(test_list(store, now),
			   "a@X.test Ann 250|b@x.test B 125|");
	store_close(&store);

	store = test_store_open("scores");
	test_assert_strcmp(test_list(store, now),
			   "a@X.test Ann 250|b@x.test B 125|");
	store_close(&store);
	test_end();
}

/* What the sync engine asks for. */
static void test_recipient_numbers(void)
{
	struct store *store = test_store_create("numbers");
	pool_t pool = pool_datastack_create();
	struct store_recipient_status before, after;
	struct store_recipient recipient;
	time_t now = 1800000000;
	unsigned int rank;

	test_begin("store recipient: UIDs, modseqs and ranks");
	test_assert(store_recipient_status(store, &before) == 0);
	test_assert(before.uidvalidity != 0 && before.uidnext == 1 &&
		    before.count == 0);
	test_assert(store_recipient_get(store, pool, 1, &recipient) == 0);
	test_add(store, "a@x.test", NULL, now);
	test_add(store, "b@x.test", NULL, now);
	test_assert(store_recipient_get(store, pool, 1, &recipient) == 1);
	test_assert_strcmp(recipient.address, "a@x.test");
	test_assert(store_recipient_status(store, &after) == 0);
	test_assert(after.uidnext == 3 && after.count == 2 &&
		    after.modseq > before.modseq &&
		    recipient.modseq < after.modseq &&
		    after.uidvalidity == before.uidvalidity);

	/* the first mails make a difference, one of many doesn't */
	rank = store_recipient_rank(&recipient);
	test_add(store, "a@x.test", NULL, now);
	test_assert(store_recipient_get(store, pool, 1, &recipient) == 1);
	test_assert(store_recipient_rank(&recipient) == rank + 4);
	test_assert(recipient.modseq > after.modseq);
	for (unsigned int i = 0; i < 62; i++)
		test_add(store, "a@x.test", NULL, now);
	test_assert(store_recipient_status(store, &before) == 0);
	test_add(store, "a@x.test", NULL, now);
	test_assert(store_recipient_status(store, &after) == 0);
	test_assert(after.modseq == before.modseq && after.uidnext == 3);
	/* but what is shown does */
	test_add(store, "a@x.test", "Ann", now);
	test_assert(store_recipient_status(store, &after) == 0);
	test_assert(after.modseq > before.modseq);
	store_close(&store);
	test_end();
}

static void test_recipient_bounds(void)
{
	struct store *store = test_store_create("bounds");
	struct store_recipient *many =
		t_new(struct store_recipient, STORE_RECIPIENTS_MAX + 50);
	ARRAY_TYPE(store_recipient) list;
	const struct store_recipient *best;
	char *large = t_malloc0(2000);

	test_begin("store recipient: bounds");
	for (unsigned int i = 0; i < STORE_RECIPIENTS_MAX + 50; i++)
		many[i].address = t_strdup_printf("a%u@x.test", i);
	test_add(store, "often@x.test", NULL, 1000*DAY);
	test_assert(store_recipient_add(store, many, STORE_RECIPIENTS_MAX + 50,
					1000*DAY - 1) == 0);
	memset(large, 'x', 1999);
	test_add(store, large, NULL, 1001*DAY);
	test_add(store, "late@x.test", large, 1001*DAY);
	t_array_init(&list, STORE_RECIPIENTS_MAX);
	test_assert(store_recipient_list(store, pool_datastack_create(),
					 &list) == 0);
	test_assert(array_count(&list) == STORE_RECIPIENTS_MAX);
	best = array_front(&list);
	test_assert_strcmp(best[0].address, "late@x.test");
	test_assert(best[0].name == NULL);
	test_assert_strcmp(best[1].address, "often@x.test");
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_recipient_scores,
		test_recipient_numbers,
		test_recipient_bounds,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
