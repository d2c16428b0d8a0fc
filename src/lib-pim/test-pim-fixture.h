#ifndef TEST_PIM_FIXTURE_H
#define TEST_PIM_FIXTURE_H

#include "pim-message.h"

/* A mail of tests/fixtures/mail, or one made by a test. */
struct test_mail {
	pool_t pool;
	struct istream *input;
	struct message_part *parts;
	struct pim_message *msg;
};

/* Parses the mail; takes input's reference over. */
void test_mail_init(struct test_mail *mail, struct istream *input);
void test_mail_open(struct test_mail *mail, const char *fixture);
void test_mail_deinit(struct test_mail *mail);
/* Whether all of it may be sent as text. */
bool test_text_is_valid(const void *data, size_t size);

#endif
