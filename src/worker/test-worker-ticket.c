#include "lib.h"
#include "str.h"
#include "test-common.h"
#include "worker-ticket.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEST_NOW 1700000000
#define TEST_LIFE 600

static const char *const test_fields[] = {
	"uid=5001", "home=/home/u 1", "master_user=admin", "tab=a\tb\001c\n",
	NULL
};
static const struct worker_proof test_proof = {
	.user = "u1@example.test",
	.claim = "u1",
	.fields = test_fields,
	.login_time = TEST_NOW,
};

static const char *test_key_path(const char *suffix)
{
	return t_strdup_printf("/tmp/test-worker-ticket.%s.%s",
			       dec2str(getpid()), suffix);
}

static void test_ticket_key(void)
{
	const char *path = test_key_path("key");
	struct worker_tickets *first, *second, *other;
	const struct worker_proof *proof;
	const char *ticket, *error;
	struct stat st;

	test_begin("worker ticket key");
	first = worker_tickets_init(path);
	test_assert(stat(path, &st) == 0);
	test_assert((st.st_mode & 07777) == 0600);
	test_assert(st.st_size == 32);
	second = worker_tickets_init(path);
	other = worker_tickets_init(test_key_path("other"));

	ticket = worker_ticket_seal(first, &test_proof, TEST_NOW,
				    TEST_NOW + TEST_LIFE, NULL);
	test_assert(worker_ticket_unseal(second, ticket, TEST_NOW, &proof,
					 &error) > 0);
	/* the ticket of another instance */
	test_assert(worker_ticket_unseal(other, ticket, TEST_NOW, &proof,
					 &error) < 0);
	worker_tickets_deinit(&first);
	worker_tickets_deinit(&second);
	worker_tickets_deinit(&other);
	i_unlink(path);
	i_unlink(test_key_path("other"));
	test_end();
}

static void test_ticket_content(struct worker_tickets *tickets)
{
	const struct worker_proof *proof, *again;
	const char *ticket, *error;
	unsigned int i;

	test_begin("worker ticket content");
	ticket = worker_ticket_seal(tickets, &test_proof, TEST_NOW + 5,
				    TEST_NOW + TEST_LIFE, "digest");
	/* something too long to be in base64 by chance */
	test_assert(strstr(ticket, "example") == NULL);
	test_assert(worker_ticket_unseal(tickets, ticket, TEST_NOW + 10,
					 &proof, &error) > 0);
	test_assert_strcmp(proof->user, test_proof.user);
	test_assert_strcmp(proof->claim, test_proof.claim);
	test_assert_strcmp(proof->bound, "digest");
	test_assert(proof->login_time == TEST_NOW);
	test_assert(proof->issued == TEST_NOW + 5);
	test_assert(proof->expires == TEST_NOW + TEST_LIFE);
	for (i = 0; test_fields[i] != NULL; i++)
		test_assert_strcmp_idx(proof->fields[i], test_fields[i], i);
	test_assert(proof->fields[i] == NULL);

	/* the second time it comes from the cache */
	test_assert(worker_ticket_unseal(tickets, ticket, TEST_NOW + 11,
					 &again, &error) > 0);
	test_assert(again == proof);
	/* two tickets for the same are never the same */
	test_assert(strcmp(ticket, worker_ticket_seal(tickets, &test_proof,
		TEST_NOW + 5, TEST_NOW + TEST_LIFE, "digest")) != 0);
	test_end();
}

static void test_ticket_tampered(struct worker_tickets *tickets)
{
	static const char *const forged[] = {
		"", "A", "AAAA", "=", "a b", "\xc3\xa9",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	const struct worker_proof *proof;
	const char *error;
	unsigned int i, len;
	char *ticket;

	test_begin("worker ticket tampered");
	ticket = i_strdup(worker_ticket_seal(tickets, &test_proof, TEST_NOW,
					     TEST_NOW + TEST_LIFE, NULL));
	len = strlen(ticket);
	/* the last character's lowest bits may be padding */
	for (i = 0; i < len - 1; i++) {
		char orig = ticket[i];

		ticket[i] = orig == 'A' ? 'B' : 'A';
		test_assert_idx(worker_ticket_unseal(tickets, ticket, TEST_NOW,
						     &proof, &error) < 0, i);
		ticket[i] = orig;
	}
	/* cut and lengthened */
	test_assert(worker_ticket_unseal(tickets, ticket + 4, TEST_NOW,
					 &proof, &error) < 0);
	test_assert(worker_ticket_unseal(tickets,
			t_strndup(ticket, len / 4 * 4 - 4), TEST_NOW,
			&proof, &error) < 0);
	test_assert(worker_ticket_unseal(tickets,
			t_strconcat(t_strndup(ticket, len / 4 * 4), "AAAA",
				    NULL), TEST_NOW, &proof, &error) < 0);
	for (i = 0; i < N_ELEMENTS(forged); i++) {
		test_assert_idx(worker_ticket_unseal(tickets, forged[i],
				TEST_NOW, &proof, &error) < 0, i);
	}
	test_assert(worker_ticket_unseal(tickets, ticket, TEST_NOW,
					 &proof, &error) > 0);
	i_free(ticket);
	test_end();
}

static void test_ticket_expiry(struct worker_tickets *tickets)
{
	const struct worker_proof *proof;
	const char *ticket, *error;

	test_begin("worker ticket expiry");
	ticket = worker_ticket_seal(tickets, &test_proof, TEST_NOW,
				    TEST_NOW + TEST_LIFE, NULL);
	test_assert(worker_ticket_unseal(tickets, ticket,
			TEST_NOW + TEST_LIFE - 1, &proof, &error) > 0);
	/* from the cache, and when it is opened anew */
	test_assert(worker_ticket_unseal(tickets, ticket,
			TEST_NOW + TEST_LIFE, &proof, &error) == 0);
	test_assert(worker_ticket_unseal(tickets, ticket,
			TEST_NOW + TEST_LIFE, &proof, &error) == 0);
	test_assert_strcmp(error, "The ticket has expired");
	test_end();
}

/* more tickets than are remembered, and one that is too long for that */
static void test_ticket_cache(struct worker_tickets *tickets)
{
	struct worker_proof many = test_proof;
	const char *fields[] = { NULL, NULL };
	const struct worker_proof *proof;
	const char *ticket, *error;
	unsigned int i, round;
	string_t *str;

	test_begin("worker ticket cache");
	for (i = 0; i < 1000; i++) T_BEGIN {
		many.user = t_strdup_printf("user%u", i);
		ticket = worker_ticket_seal(tickets, &many, TEST_NOW,
					    TEST_NOW + TEST_LIFE, NULL);
		for (round = 0; round < 2; round++) {
			test_assert_idx(worker_ticket_unseal(tickets, ticket,
				TEST_NOW, &proof, &error) > 0, i);
			test_assert_strcmp_idx(proof->user, many.user, i);
		}
	} T_END;
	str = t_str_new(100000);
	while (str_len(str) < 100000)
		str_append(str, "field=");
	fields[0] = str_c(str);
	many.fields = fields;
	ticket = worker_ticket_seal(tickets, &many, TEST_NOW,
				    TEST_NOW + TEST_LIFE, NULL);
	for (round = 0; round < 3; round++) {
		test_assert_idx(worker_ticket_unseal(tickets, ticket, TEST_NOW,
					&proof, &error) > 0, round);
		test_assert_strcmp_idx(proof->fields[0], fields[0], round);
	}
	test_end();
}

static void test_ticket_life(void)
{
	struct worker_proof proof = test_proof;

	test_begin("worker ticket life");
	/* a login gets one */
	test_assert(worker_ticket_due(&proof, TEST_NOW, TEST_LIFE) ==
		    TEST_NOW + TEST_LIFE);
	/* nothing lives longer than its login allows */
	proof.issued = TEST_NOW;
	proof.expires = TEST_NOW + TEST_LIFE;
	test_assert(worker_ticket_due(&proof, TEST_NOW + 599, TEST_LIFE) == 0);
	/* the life was made longer */
	test_assert(worker_ticket_due(&proof, TEST_NOW + 299, 900) == 0);
	test_assert(worker_ticket_due(&proof, TEST_NOW + 300, 900) ==
		    TEST_NOW + 900);
	/* a parked request's ticket stays one */
	proof.bound = "digest";
	test_assert(worker_ticket_due(&proof, TEST_NOW + 599, 900) == 0);

	test_assert(worker_ticket_park_expires(&proof, TEST_NOW + 100, 480,
			TEST_LIFE, 3540) == TEST_NOW + 100 + 480 + 60);
	test_assert(worker_ticket_park_expires(&proof, TEST_NOW + 599, 3540,
			TEST_LIFE, 3540) == TEST_NOW + TEST_LIFE + 3540);
	test_assert(worker_ticket_park_expires(&proof, TEST_NOW + 4000, 3540,
			TEST_LIFE, 3540) == TEST_NOW + TEST_LIFE + 3540);
	test_end();
}

static void test_tickets(void)
{
	const char *path = test_key_path("key");
	struct worker_tickets *tickets = worker_tickets_init(path);

	test_ticket_content(tickets);
	test_ticket_tampered(tickets);
	test_ticket_expiry(tickets);
	test_ticket_cache(tickets);
	worker_tickets_deinit(&tickets);
	i_unlink(path);
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_ticket_key,
		test_tickets,
		test_ticket_life,
		NULL
	};
	return test_run(test_functions);
}
