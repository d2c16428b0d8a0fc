/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "base64.h"
#include "buffer.h"
#include "eas-query.h"
#include "test-common.h"

static pool_t test_pool;

struct query_test {
	const char *query;
	struct eas_query expected;
};

static const struct query_test valid_tests[] = {
	{ NULL, { .command_code = -1 } },
	{ "", { .command_code = -1 } },
	{ "Cmd=Sync&User=rmjones&DeviceId=v140Device&DeviceType=SmartPhone",
	  { .command_code = -1, .command = "Sync", .user = "rmjones",
	    .device_id = "v140Device", .device_type = "SmartPhone" } },
	/* any order, any case, percent and plus, an empty and an unknown one */
	{ "devicetype=a%2Db&&CMD=GetAttachment&x=%00&=&deviceid=D%31"
	  "&attachmentname=5%3a7%3A2.1+x&USER=",
	  { .command_code = -1, .command = "GetAttachment", .user = "",
	    .device_id = "D1", .device_type = "a-b",
	    .attachment_name = "5:7:2.1 x" } },
	/* user names as clients write them */
	{ "Cmd=Ping&User=EXAMPLE\\jo+folder@example.com&DeviceId=1&DeviceType=2",
	  { .command_code = -1, .command = "Ping",
	    .user = "EXAMPLE\\jo+folder@example.com",
	    .device_id = "1", .device_type = "2" } },
	{ "User=a%2Bb%40c%zz%4&Cmd=Ping",
	  { .command_code = -1, .command = "Ping", .user = "a+b@c%zz%4" } },
	{ "User=J%C3%B6rg",
	  { .command_code = -1, .user = "J\xc3\xb6rg" } },
	/* the first one counts */
	{ "Cmd=Sync&Cmd=SendMail",
	  { .command_code = -1, .command = "Sync" } },
	{ "Cmd=SmartReply&ItemId=7%3A200&CollectionId=7&SaveInSent=T&LongId=l"
	  "&ParentId=p&Occurrence=o&CollectionName=n",
	  { .command_code = -1, .command = "SmartReply", .item_id = "7:200",
	    .collection_id = "7", .save_in_sent = TRUE, .long_id = "l",
	    .parent_id = "p", .occurrence = "o", .collection_name = "n" } },
	{ "Cmd=SendMail&SaveInSent=F",
	  { .command_code = -1, .command = "SendMail" } },
	{ "Cmd=Sync&SaveInSent",
	  { .command_code = -1, .command = "Sync" } },
	/* ids that are none */
	{ "Cmd=Sync&DeviceId=a,b&DeviceType=a%20b",
	  { .command_code = -1, .command = "Sync" } },
	{ "Cmd=Sync&DeviceId=&DeviceType=%C3%B6",
	  { .command_code = -1, .command = "Sync" } },
	{ "Cmd=Sync&DeviceId=a%0Ab&DeviceType=%7F",
	  { .command_code = -1, .command = "Sync" } },

	/* the document's example */
	{ "jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l",
	  { .version = 140, .command_code = 0, .locale = 0x0409,
	    .device_id = "v140Device", .device_type = "SmartPhone" } },
	/* unpadded and without a device, as a client library sends it */
	{ "kRQJBBVnby1hY3RpdmVzeW5jLWV4YW1wbGUAClNtYXJ0UGhvbmUIA3U0NQ",
	  { .version = 141, .command_code = 20, .locale = 0x0409,
	    .device_id = "go-activesync-example",
	    .device_type = "SmartPhone", .user = "u45" } },
};

static void test_query_equals(const struct eas_query *query,
			      const struct eas_query *expected)
{
#define TEST_STR(field) \
	test_assert_strcmp(query->field, expected->field)
	test_assert_cmp(query->version, ==, expected->version);
	test_assert_cmp(query->command_code, ==, expected->command_code);
	test_assert_cmp(query->locale, ==, expected->locale);
	test_assert_cmp(query->policy_key, ==, expected->policy_key);
	test_assert(query->has_policy_key == expected->has_policy_key);
	test_assert(query->save_in_sent == expected->save_in_sent);
	test_assert(query->accept_multipart == expected->accept_multipart);
	TEST_STR(command);
	TEST_STR(device_id);
	TEST_STR(device_type);
	TEST_STR(user);
	TEST_STR(attachment_name);
	TEST_STR(collection_id);
	TEST_STR(collection_name);
	TEST_STR(item_id);
	TEST_STR(long_id);
	TEST_STR(parent_id);
	TEST_STR(occurrence);
}

static void test_eas_query_valid(void)
{
	struct eas_query query;
	const char *error = NULL;
	unsigned int i;

	test_begin("eas query: valid");
	for (i = 0; i < N_ELEMENTS(valid_tests); i++) {
		test_assert_idx(eas_query_parse(test_pool,
						valid_tests[i].query, &query,
						&error) == 0, i);
		test_query_equals(&query, &valid_tests[i].expected);
	}
	test_end();
}

/* A base64 query of raw bytes. */
static const char *
base64_query(const void *data, size_t size, bool url_safe, bool padding)
{
	const struct base64_scheme *scheme =
		url_safe ? &base64url_scheme : &base64_scheme;
	buffer_t *dest = t_buffer_create(size * 2);

	base64_scheme_encode(scheme, padding ? 0 :
			     BASE64_ENCODE_FLAG_NO_PADDING, SIZE_MAX,
			     data, size, dest);
	return str_c(dest);
}

static void test_eas_query_base64_forms(void)
{
	/* everything there is, with bytes that give '+' and '/' */
	static const char bytes[] =
		"\x79\x13\x07\x04" "\x10" "\xfb\xef\xbe\xff\xff\xff\x00\x01"
		"\x02\x03\x04\x05\x06\x07\x08\x09" "\x04\xff\xfe\xfd\xfc"
		"\x02SP" "\x00\x03" "a:b" "\x01\x01" "7" "\x02\x01" "n"
		"\x03\x02" "77" "\x04\x01" "l" "\x05\x01" "p" "\x06\x01" "o"
		"\x07\x01\x03" "\x08\x04" "j?\xc3\xb6" "\x63\x00";
	static const struct eas_query expected = {
		.version = 121, .command_code = 19, .locale = 0x0407,
		.device_id = "fbefbeffffff00010203040506070809",
		.device_type = "SP", .has_policy_key = TRUE,
		.policy_key = 0xfcfdfeff, .attachment_name = "a:b",
		.collection_id = "7", .collection_name = "n", .item_id = "77",
		.long_id = "l", .parent_id = "p", .occurrence = "o",
		.save_in_sent = TRUE, .accept_multipart = TRUE,
		.user = "j?\xc3\xb6",
	};
	struct eas_query query;
	const char *error = NULL, *str, *p;
	string_t *escaped = t_str_new(256);
	unsigned int i;

	test_begin("eas query: forms of base64");
	for (i = 0; i < 4; i++) {
		str = base64_query(bytes, sizeof(bytes) - 1, (i & 1) != 0,
				   (i & 2) != 0);
		test_assert_idx(eas_query_parse(test_pool, str,
						&query, &error) == 0, i);
		test_query_equals(&query, &expected);
	}
	str = base64_query(bytes, sizeof(bytes) - 1, FALSE, TRUE);
	test_assert(strchr(str, '+') != NULL && strchr(str, '/') != NULL);
	for (p = str; *p != '\0'; p++)
		str_printfa(escaped, "%%%02X", (unsigned char)*p);
	test_assert(eas_query_parse(test_pool, str_c(escaped),
				    &query, &error) == 0);
	test_query_equals(&query, &expected);
	test_end();
}

static void test_eas_query_base64_cut(void)
{
	static const unsigned char bytes[] =
		"\x79\x13\x07\x04" "\x02" "id" "\x04\x01\x00\x00\x00"
		"\x02SP" "\x08\x02" "ab";
	/* where a query may end: before and behind its parameter */
	const size_t full = sizeof(bytes) - 1, bare = full - 4;
	struct eas_query query;
	const char *error;
	size_t size;

	test_begin("eas query: base64 that ends early");
	for (size = 1; size <= full; size++) {
		const char *str = base64_query(bytes, size, FALSE, FALSE);
		int ret = eas_query_parse(test_pool, str, &query,
					  &error);

		test_assert_idx((ret == 0) == (size == bare || size == full),
				size);
	}
	test_end();
}

static void test_eas_query_invalid(void)
{
	static const struct {
		const void *bytes;
		size_t size;
	} binary[] = {
		/* policy key of 3 bytes */
		{ "\x79\x13\x07\x04\x01i\x03\x01\x02\x03\x01T", 12 },
		/* NUL and control characters in text */
		{ "\x79\x13\x07\x04\x01i\x00\x01T\x08\x02" "a\x00", 13 },
		{ "\x79\x13\x07\x04\x01i\x00\x01T\x08\x02" "a\n", 13 },
		/* no UTF-8 */
		{ "\x79\x13\x07\x04\x01i\x00\x01T\x08\x01\xff", 12 },
	};
	static const char *const plain[] = {
		"Cmd", "!", "a.b", "Cmd=%00", "Cmd=a%0Ab", "User=%FF",
		"User=%ED%A0%80", "AAAAA",
	};
	struct eas_query query;
	const char *error;
	string_t *str;
	unsigned int i;

	test_begin("eas query: invalid");
	for (i = 0; i < N_ELEMENTS(binary); i++) {
		error = NULL;
		test_assert_idx(eas_query_parse(test_pool,
			base64_query(binary[i].bytes, binary[i].size, FALSE,
				     TRUE), &query, &error) < 0, i);
		test_assert_idx(error != NULL, i);
	}
	for (i = 0; i < N_ELEMENTS(plain); i++) {
		error = NULL;
		test_assert_idx(eas_query_parse(test_pool,
						plain[i], &query, &error) < 0, i);
		test_assert_idx(error != NULL, i);
	}

	/* limits */
	str = t_str_new(256);
	for (i = 0; i < EAS_QUERY_MAX_PARAMS; i++)
		str_append(str, "x=1&");
	str_truncate(str, str_len(str) - 1);
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) == 0);
	str_append(str, "&x=1");
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) < 0);

	str_truncate(str, 0);
	str_append(str, "ItemId=");
	for (i = 0; i < EAS_QUERY_MAX_VALUE; i++)
		str_append_c(str, 'x');
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) == 0);
	test_assert(strlen(query.item_id) == EAS_QUERY_MAX_VALUE);
	str_append_c(str, 'x');
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) < 0);

	str_truncate(str, 0);
	for (i = 0; i < 1024 * 1024; i++)
		str_append_c(str, 'A');
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) < 0);

	str_truncate(str, 0);
	str_append(str, "DeviceId=");
	for (i = 0; i < EAS_QUERY_MAX_DEVICE_ID; i++)
		str_append_c(str, 'x');
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) == 0);
	test_assert(query.device_id != NULL);
	str_append_c(str, 'x');
	test_assert(eas_query_parse(test_pool, str_c(str),
				    &query, &error) == 0);
	test_assert(query.device_id == NULL);
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_eas_query_valid,
		test_eas_query_base64_forms,
		test_eas_query_base64_cut,
		test_eas_query_invalid,
		NULL
	};
	int ret;

	test_pool = pool_alloconly_create("test", 4096);
	ret = test_run(test_functions);
	pool_unref(&test_pool);
	return ret;
}
