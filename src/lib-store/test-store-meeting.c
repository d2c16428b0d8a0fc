/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "store-meeting.h"
#include "store-outbox.h"
#include "test-common.h"
#include "test-store-common.h"

#include <time.h>

static void test_outbox(void)
{
	struct store *store = test_store_create("outbox");
	pool_t pool = pool_datastack_create();
	struct store_outbox mail = {
		.rcpts = "a@example.org\nb@example.org",
		.message_id = "<1@example.org>", .mail = "To: a\r\n\r\nText",
		.size = 14, .save = TRUE,
	}, next;
	time_t now = time(NULL) + 1;

	test_begin("store outbox");
	test_assert(store_outbox_next(store, pool, 0, now, &next) == 0);
	/* nothing stays of a change that was not made */
	test_assert(store_begin(store) == 0);
	test_assert(store_outbox_add(store, &mail) == 0);
	store_rollback(store);
	test_assert(store_outbox_next(store, pool, 0, now, &next) == 0);

	test_assert(store_outbox_add(store, &mail) == 0);
	test_assert(store_outbox_next(store, pool, 0, now, &next) == 1);
	test_assert(next.num == mail.num && !next.sent && next.save &&
		    next.tries == 0 && next.created == mail.created);
	test_assert(next.size == mail.size &&
		    memcmp(next.mail, mail.mail, mail.size) == 0);
	test_assert_strcmp(next.rcpts, mail.rcpts);
	test_assert_strcmp(next.message_id, mail.message_id);
	test_assert(store_outbox_next(store, pool, mail.num, now, &next) == 0);

	/* later */
	mail.sent = TRUE;
	mail.uidvalidity = 5;
	mail.uidnext = 6;
	mail.tries = 2;
	mail.next_try = now + 100;
	test_assert(store_outbox_update(store, &mail) == 0);
	test_assert(store_outbox_next(store, pool, 0, now, &next) == 0);
	test_assert(store_outbox_next(store, pool, 0, now + 100, &next) == 1);
	test_assert(next.sent && next.uidvalidity == 5 && next.uidnext == 6 &&
		    next.tries == 2);
	test_assert(store_outbox_remove(store, mail.num) == 0);
	test_assert(store_outbox_next(store, pool, 0, now + 100, &next) == 0);
	store_close(&store);
	test_end();
}

static void test_meeting(void)
{
	struct store *store = test_store_create("meeting");
	struct store_meeting_gone gone = { .sequence = 3, .stamp = 1795860000 };
	struct store_mail_seen seen = {
		.uidvalidity = 7, .uidnext = 8, .uidold = 5, .trying = 8,
		.tries = 2, .since = 1795860000,
	};

	test_begin("store meeting");
	test_assert(store_meeting_gone_get(store, "u1", &gone) == 0);
	test_assert(store_meeting_gone_put(store, "u1", &gone) == 0);
	i_zero(&gone);
	test_assert(store_meeting_gone_get(store, "u1", &gone) == 1);
	test_assert(gone.sequence == 3 && gone.stamp == 1795860000);
	gone.sequence = 4;
	test_assert(store_meeting_gone_put(store, "u1", &gone) == 0);
	i_zero(&gone);
	test_assert(store_meeting_gone_get(store, "u1", &gone) == 1);
	test_assert(gone.sequence == 4);

	/* of each organizer the newest one */
	test_assert(store_meeting_cancelled_get(store, "u1", "a@x",
						&gone) == 0);
	test_assert(store_meeting_cancelled_put(store, "u1", "a@x",
						&gone) == 0);
	gone.sequence = 9;
	test_assert(store_meeting_cancelled_put(store, "u1", "b@x",
						&gone) == 0);
	gone.sequence = 3;
	gone.stamp += 100;
	test_assert(store_meeting_cancelled_put(store, "u1", "a@x",
						&gone) == 0);
	gone.sequence = 4;
	test_assert(store_meeting_cancelled_put(store, "u1", "a@x",
						&gone) == 0);
	gone.stamp--;
	test_assert(store_meeting_cancelled_put(store, "u1", "a@x",
						&gone) == 0);
	i_zero(&gone);
	test_assert(store_meeting_cancelled_get(store, "u1", "a@x",
						&gone) == 1);
	test_assert(gone.sequence == 4 && gone.stamp == 1795860100);
	test_assert(store_meeting_cancelled_get(store, "u1", "b@x",
						&gone) == 1);
	test_assert(gone.sequence == 9);
	test_assert(store_meeting_gone_expire(store, 100) == 0);
	test_assert(store_meeting_gone_get(store, "u1", &gone) == 1);
	test_assert(store_meeting_cancelled_get(store, "u1", "a@x",
						&gone) == 1);

	test_assert(store_mail_seen_get(store, "INBOX", &seen) == 0);
	test_assert(store_mail_seen_put(store, "INBOX", &seen) == 0);
	i_zero(&seen);
	test_assert(store_mail_seen_get(store, "INBOX", &seen) == 1);
	test_assert(seen.uidvalidity == 7 && seen.uidnext == 8);
	test_assert(seen.uidold == 5 && seen.trying == 8 && seen.tries == 2 &&
		    seen.since == 1795860000);
	store_close(&store);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_store_dir_init,
		test_outbox,
		test_meeting,
		test_store_dir_deinit,
		NULL
	};

	return test_run(test_functions);
}
