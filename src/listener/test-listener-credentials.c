#include "lib.h"
#include "base64.h"
#include "buffer.h"
#include "str.h"
#include "test-common.h"
#include "listener-credentials.h"

static const char *t_base64(const char *prefix, const void *data, size_t size)
{
	string_t *str = t_str_new(128);

	str_append(str, prefix);
	base64_encode(data, size, str);
	return str_c(str);
}

/* The SASL response with NUL and ^A made visible. */
static const char *login_resp(const struct listener_login *login)
{
	const buffer_t *buf = t_base64_decode_str(login->initial_resp_base64);
	const unsigned char *data = buf->data;
	string_t *str = t_str_new(128);
	size_t i;

	for (i = 0; i < buf->used; i++) {
		if (data[i] == '\0')
			str_append_c(str, '|');
		else if (data[i] == '\001')
			str_append_c(str, '!');
		else
			str_append_c(str, data[i]);
	}
	return str_c(str);
}

static void test_credentials_basic(void)
{
	static const struct {
		const char *plain;
		const char *resp1, *resp2;
	} tests[] = {
		{ "user:pass", "|user|pass", NULL },
		{ "user:", "|user|", NULL },
		{ "user:a:b:", "|user|a:b:", NULL },
		{ "user@example.test:p", "|user@example.test|p", NULL },
		{ "EXAMPLE\\user:p\\q", "|user|p\\q", NULL },
		{ "EXAMPLE/user:p", "|user|p", NULL },
		{ "\\user:p", "|user|p", NULL },
		{ "EXAMPLE\\user@example.test:p", "|user@example.test|p", NULL },
		{ "example.test\\user:p", "|user@example.test|p", "|user|p" },
		{ "example.test/user:p", "|user@example.test|p", "|user|p" },
		{ "a.b\\user@example.test:p", "|user@example.test|p", NULL },
		{ "a\\b\\user:p", "|b\\user|p", NULL },
		/* UTF-8, and what can be nothing but ISO-8859-1 */
		{ "j\xc3\xbcrgen:gr\xc3\xbc\xc3\x9f",
		  "|j\xc3\xbcrgen|gr\xc3\xbc\xc3\x9f", NULL },
		{ "j\xfcrgen:gr\xfc\xdf",
		  "|j\xc3\xbcrgen|gr\xc3\xbc\xc3\x9f", NULL },
	};
	struct listener_credentials cred;
	unsigned int i;

	test_begin("listener credentials basic");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *auth = t_base64("Basic ", tests[i].plain,
					    strlen(tests[i].plain));

		test_assert_idx(listener_credentials_parse(auth, NULL,
							   &cred) == 0, i);
		test_assert_idx(!cred.bearer, i);
		test_assert_idx(cred.logins_count ==
				(tests[i].resp2 == NULL ? 1 : 2), i);
		test_assert_strcmp_idx(cred.logins[0].mech, "PLAIN", i);
		test_assert_strcmp_idx(login_resp(&cred.logins[0]),
				       tests[i].resp1, i);
		if (tests[i].resp2 != NULL) {
			test_assert_strcmp_idx(login_resp(&cred.logins[1]),
					       tests[i].resp2, i);
		}
	}
	test_assert(listener_credentials_parse("bASIC   dTpw", NULL,
					       &cred) == 0);
	test_assert_strcmp(cred.logins[0].user, "u");
	test_end();
}

static void test_credentials_basic_bad(void)
{
	static const struct {
		const char *plain;
		size_t size;
	} plains[] = {
		{ "", 0 },
		{ "user", 4 },
		{ ":pass", 5 },
		{ "user\0:pass", 10 },
		{ "user:pa\0ss", 10 },
		{ "DOMAIN\\:pass", 12 },
		{ "a.b/:pass", 9 },
	};
	static const char *const headers[] = {
		"", "Basic", "Basic ", "Basic !", "Basic dTpw dTpw", "Basic dTp*",
		"dTpw", "Digest dTpw", "BasicdTpw", " Basic dTpw",
	};
	struct listener_credentials cred;
	unsigned int i;

	test_begin("listener credentials basic bad");
	for (i = 0; i < N_ELEMENTS(plains); i++) {
		test_assert_idx(listener_credentials_parse(t_base64("Basic ",
			plains[i].plain, plains[i].size), NULL, &cred) < 0, i);
	}
	for (i = 0; i < N_ELEMENTS(headers); i++) {
		test_assert_idx(listener_credentials_parse(headers[i], NULL,
							   &cred) < 0, i);
	}
	test_end();
}

static void test_credentials_bearer(void)
{
	static const struct {
		const char *token, *query, *user;
	} tests[] = {
		{ "abc", "Cmd=Sync&User=u1&DeviceId=x", "u1" },
		{ "abc", "user=u%40example.test", "u@example.test" },
		{ "abc", "User=a%20b+c", "a b c" },
		/* of a JWT's claims, if there is no User= */
		{ "{\"sub\":\"s1\",\"email\" : \"e1\"}", "jwt", "e1" },
		{ "{\"sub\":\"s1\",\"email\":\"\"}", "jwt", "s1" },
		{ "{\"sub\":\"s\\u00311\",\"upn\":\"n1\"}", "jwt", "n1" },
		/* nobody */
		{ "abc", NULL, NULL },
		{ "abc", "Cmd=Sync", NULL },
		{ "abc", "User=", NULL },
		{ "abc", "User=%", NULL },
		{ "abc", "User=%4", NULL },
		{ "abc", "User=%zz", NULL },
		{ "abc", "User=u%00x", NULL },
		{ "abc", "User=u%01x", NULL },
		{ "abc", "User=u%ff", NULL },
		{ "a.b.c", NULL, NULL },
		{ "a b", "User=u1", NULL },
		{ "", "User=u1", NULL },
		{ "{\"email\":5}", "jwt", NULL },
		{ "{\"email\":\"", "jwt", NULL },
		{ "{\"email\"", "jwt", NULL },
	};
	struct listener_credentials cred;
	const char *token, *query;
	unsigned int i;

	test_begin("listener credentials bearer");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		token = tests[i].token;
		query = tests[i].query;
		if (null_strcmp(query, "jwt") == 0) {
			string_t *str = t_str_new(128);

			base64url_encode(BASE64_ENCODE_FLAG_NO_PADDING,
					 SIZE_MAX, token, strlen(token), str);
			token = t_strconcat("e30.", str_c(str), ".sig", NULL);
			query = NULL;
		}
		if (tests[i].user == NULL) {
			test_assert_idx(listener_credentials_parse(
				t_strconcat("Bearer ", token, NULL), query,
				&cred) < 0, i);
			continue;
		}
		test_assert_idx(listener_credentials_parse(
			t_strconcat("Bearer ", token, NULL), query,
			&cred) == 0, i);
		test_assert_idx(cred.bearer && cred.logins_count == 2, i);
		test_assert_strcmp_idx(cred.logins[0].user, tests[i].user, i);
		test_assert_strcmp_idx(cred.logins[0].mech, "OAUTHBEARER", i);
		test_assert_strcmp_idx(login_resp(&cred.logins[0]),
			t_strdup_printf("n,a=%s,!auth=Bearer %s!!",
					tests[i].user, token), i);
		test_assert_strcmp_idx(cred.logins[1].mech, "XOAUTH2", i);
		test_assert_strcmp_idx(login_resp(&cred.logins[1]),
			t_strdup_printf("user=%s!auth=Bearer %s!!",
					tests[i].user, token), i);
	}
	test_assert(listener_credentials_parse("Bearer t", "User=a%2Cb%3Dc",
					       &cred) == 0);
	test_assert_strcmp(login_resp(&cred.logins[0]),
			   "n,a=a=2Cb=3Dc,!auth=Bearer t!!");
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_credentials_basic,
		test_credentials_basic_bad,
		test_credentials_bearer,
		NULL
	};
	return test_run(test_functions);
}
