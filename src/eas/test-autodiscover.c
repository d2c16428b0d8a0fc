#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "str.h"
#include "iostream-temp.h"
#include "ostream.h"
#include "mail-user.h"
#include "test-common.h"
#include "roost-settings.h"
#include "autodiscover-request.h"
#include "autodiscover.h"

#define NS "http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"
#define HEAD "<Autodiscover xmlns=\""NS"requestschema/2006\">"
#define EMAIL "<EMailAddress>ada@example.test</EMailAddress>"
#define SCHEMA(schema) \
	"<AcceptableResponseSchema>"schema"</AcceptableResponseSchema>"
#define REQUEST(schema) \
	HEAD"<Request>"EMAIL SCHEMA(schema)"</Request></Autodiscover>"
#define URL "https://mail.example.test/Microsoft-Server-ActiveSync"

static void test_autodiscover_request_good(void)
{
	static const char *const documents[] = {
		REQUEST(AUTODISCOVER_NS_MOBILESYNC),
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		REQUEST(AUTODISCOVER_NS_MOBILESYNC)"\n<!-- end -->\n",
		/* prefixes, other order, blanks, CDATA, elements we don't know */
		"<a:Autodiscover xmlns:a=\"x\"><a:Request>\n<a:LegacyDN>x<b/>"
		"</a:LegacyDN><a:AcceptableResponseSchema>\n\t"
		AUTODISCOVER_NS_MOBILESYNC"\r\n</a:AcceptableResponseSchema>"
		"<a:EMailAddress><![CDATA[ada@]]>example<!-- x -->.test "
		"</a:EMailAddress></a:Request></a:Autodiscover>",
	};
	struct autodiscover_request request;
	const char *error;
	unsigned int i;
	pool_t pool;

	test_begin("autodiscover request good");
	for (i = 0; i < N_ELEMENTS(documents); i++) {
		pool = pool_alloconly_create("test", 1024);
		test_assert_idx(autodiscover_request_parse(documents[i],
			strlen(documents[i]), pool, &request, &error) == 0, i);
		test_assert_strcmp_idx(request.email, "ada@example.test", i);
		test_assert_strcmp_idx(request.schema,
				       AUTODISCOVER_NS_MOBILESYNC, i);
		pool_unref(&pool);
	}
	test_end();
}

static void test_autodiscover_request_bad(void)
{
	static const char *const documents[] = {
		"", " ", "x", "<", "<Autodiscover>", "<Autodiscover/>",
		"\xff\xfe<\0", "{}", "<html/>",
		HEAD"<Request></Request></Autodiscover>",
		HEAD"<Request>"EMAIL"</Request></Autodiscover>",
		HEAD"<Request>"SCHEMA("x")"</Request></Autodiscover>",
		HEAD"<Request><EMailAddress/>"SCHEMA("x")
			"</Request></Autodiscover>",
		HEAD"<Request>"EMAIL SCHEMA("x")"</Request>"
			"<Request>"EMAIL SCHEMA("x")"</Request></Autodiscover>",
		HEAD"<Other>"EMAIL SCHEMA("x")"</Other></Autodiscover>",
		HEAD"<Request>"EMAIL SCHEMA("x")"</Request>",
		HEAD"<Request>"EMAIL SCHEMA("x")"</Request></Autodiscover>x",
		/* document types and entities */
		"<!DOCTYPE Autodiscover>"REQUEST("x"),
		"<!DOCTYPE a [<!ENTITY e SYSTEM \"file:///etc/passwd\">]>"
			HEAD"<Request><EMailAddress>&e;</EMailAddress>"
			SCHEMA("x")"</Request></Autodiscover>",
		"<!DOCTYPE a [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;\">"
			"<!ENTITY c \"&b;&b;&b;\">]><Autodiscover x=\"&c;\"/>",
		"<!DOCTYPE a SYSTEM \"http://127.0.0.1:1/x.dtd\">"REQUEST("x"),
		HEAD"<Request><EMailAddress>&undeclared;</EMailAddress>"
			SCHEMA("x")"</Request></Autodiscover>",
	};
	struct autodiscover_request request;
	const char *error;
	unsigned int i;
	pool_t pool = pool_alloconly_create("test", 1024);

	test_begin("autodiscover request bad");
	for (i = 0; i < N_ELEMENTS(documents); i++) {
		error = NULL;
		test_assert_idx(autodiscover_request_parse(documents[i],
			strlen(documents[i]), pool, &request, &error) < 0, i);
		test_assert_idx(error != NULL, i);
	}
	pool_unref(&pool);
	test_end();
}

/* Large, long and deep ones cost nothing. */
static void test_autodiscover_request_limits(void)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	struct autodiscover_request request;
	string_t *str = t_str_new(128*1024);
	const char *error;
	unsigned int i;

	test_begin("autodiscover request limits");
	str_append(str, HEAD"<Request>"SCHEMA("x")"<EMailAddress>");
	for (i = 0; i < 1100; i++)
		str_append_c(str, 'a');
	str_append(str, "</EMailAddress></Request></Autodiscover>");
	test_assert(autodiscover_request_parse(str->data, str->used, pool,
					       &request, &error) < 0);

	str_truncate(str, 0);
	for (i = 0; i < 15000; i++)
		str_append(str, "<a>");
	test_assert(autodiscover_request_parse(str->data, str->used, pool,
					       &request, &error) < 0);

	str_truncate(str, 0);
	str_append(str, REQUEST("x"));
	while (str_len(str) < AUTODISCOVER_MAX_REQUEST_SIZE)
		str_append_c(str, ' ');
	test_assert(autodiscover_request_parse(str->data, str->used, pool,
					       &request, &error) == 0);
	str_append_c(str, ' ');
	test_assert(autodiscover_request_parse(str->data, str->used, pool,
					       &request, &error) < 0);
	pool_unref(&pool);
	test_end();
}

struct test_answer {
	const char *username, *setting, *method, *path, *query, *body;
	const char *host;		/* NULL: https://mail.example.test */
	bool disabled, plain;
	unsigned int status;
	const char *contains, *lacks;
};

static const struct test_answer test_answers[] = {
#define XML .path = "/autodiscover/autodiscover.xml", .method = "POST"
#define JSON .path = "/autodiscover/autodiscover.json", .method = "GET"
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .contains = "<Server><Type>MobileSync</Type><Url>"URL"</Url>" },
	/* a name without a domain: what was asked; with one: who it is */
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .contains = "<User><EMailAddress>ada@example.test</EMailAddress>" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .username = "bob@example.test", .lacks = "ada@",
	  .contains = "<User><EMailAddress>bob@example.test</EMailAddress>" },
	{ XML, .body = "", .status = 200, .username = "bob@example.test",
	  .contains = "<EMailAddress>bob@example.test</EMailAddress></User>"
		"<Action><Settings><Server>" },
	/* the public name */
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .setting = "eas.example.org:8443",
	  .contains = "<Url>https://eas.example.org:8443/Microsoft-" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .host = "http://mail.example.test", .plain = TRUE,
	  .contains = "<Url>https://mail.example.test/" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .host = "http://127.0.0.1:8080", .plain = TRUE,
	  .contains = "<Url>http://127.0.0.1:8080/" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 400,
	  .host = "https://a<b>", .lacks = "<b>" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 400,
	  .host = "https://", },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 400,
	  .host = "gopher://x" },
	/* elsewhere */
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .setting = "@other.example", .lacks = "Settings",
	  .contains = "<Action><Redirect>ada@other.example</Redirect>" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .setting = "@EXAMPLE.test", .lacks = "Redirect",
	  .contains = "<Url>"URL"</Url>" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_OUTLOOK), .status = 200,
	  .setting = "@other.example", .contains = "<Action>redirectAddr"
		"</Action><RedirectAddr>ada@other.example</RedirectAddr>" },
	/* errors */
	{ XML, .body = REQUEST(AUTODISCOVER_NS_OUTLOOK), .status = 200,
	  .contains = "<ErrorCode>601</ErrorCode>" },
	{ XML, .body = REQUEST("x"), .status = 200,
	  .contains = "<ErrorCode>601</ErrorCode>" },
	{ XML, .body = "<x/>", .status = 200,
	  .contains = "<ErrorCode>600</ErrorCode>" },
	{ .path = "/Autodiscover/Autodiscover.xml", .method = "GET",
	  .body = "", .status = 200, .contains = "<ErrorCode>600</ErrorCode>" },
	{ XML, .body = REQUEST(AUTODISCOVER_NS_MOBILESYNC), .status = 200,
	  .disabled = TRUE, .contains = "<ErrorCode>601</ErrorCode>" },
	{ .path = "/autodiscover/autodiscover.xml", .method = "PUT",
	  .body = "", .status = 405 },
	/* version 2 */
	{ JSON, .query = "Email=ada%40example.test&Protocol=ActiveSync",
	  .status = 200,
	  .contains = "{\"Protocol\":\"ActiveSync\",\"Url\":\""URL"\"}" },
	{ .path = "/Autodiscover/AutoDiscover.json/v1.0/ada@example.test",
	  .method = "GET", .query = "protocol=activesync&RedirectCount=1",
	  .status = 200, .contains = "{\"Protocol\":\"ActiveSync\"," },
	{ JSON, .query = "Protocol=AutodiscoverV1", .status = 200,
	  .contains = "https://mail.example.test/autodiscover/autodiscover.xml" },
	{ JSON, .query = "Protocol=EWS", .status = 404,
	  .contains = "InvalidProtocol" },
	{ JSON, .query = "Protocol=%22%00", .status = 400, .lacks = "%" },
	{ JSON, .query = "Protocol=%zz", .status = 400 },
	{ JSON, .query = "Protocol=ActiveSync", .disabled = TRUE,
	  .status = 404, .lacks = "Url" },
	{ JSON, .status = 400, .contains = "MandatoryParameterMissing" },
	{ .path = "/autodiscover/autodiscover.json", .method = "POST",
	  .body = "", .status = 405 },
};

static void test_autodiscover_run(const struct test_answer *test,
				  string_t *body_r, unsigned int *status_r)
{
	struct roost_settings set = {
		.roost_spool_dir = "/tmp",
		.roost_enabled = !test->disabled,
		.roost_autodiscover_host =
			test->setting == NULL ? "" : test->setting,
	};
	struct mail_user mail_user = {
		.username = test->username == NULL ? "ada" : test->username,
	};
	struct roost_user user = { .mail_user = &mail_user, .set = &set };
	struct roost_request req;
	struct istream *input;
	const unsigned char *data;
	size_t size;

	i_zero(&req);
	req.pool = pool_alloconly_create("test request", 1024);
	req.event = event_create(NULL);
	req.user = &user;
	req.method = test->method;
	req.path = test->path;
	req.query = test->query;
	req.scheme_host = test->host == NULL ? "https://mail.example.test" :
		test->host;
	req.secured = !test->plain;
	req.answer.status = 200;
	p_array_init(&req.headers, req.pool, 1);
	p_array_init(&req.answer.headers, req.pool, 1);
	if (test->body != NULL && *test->body != '\0') {
		req.body = i_stream_create_from_data(test->body,
						     strlen(test->body));
	}
	test_assert(autodiscover_protocol.run(&req) == 0);
	*status_r = req.answer.status;
	test_assert(o_stream_finish(req.answer.output) > 0);
	input = iostream_temp_finish(&req.answer.output, IO_BLOCK_SIZE);
	while (i_stream_read_more(input, &data, &size) > 0) {
		str_append_data(body_r, data, size);
		i_stream_skip(input, size);
	}
	i_stream_unref(&input);
	i_stream_unref(&req.body);
	event_unref(&req.event);
	pool_unref(&req.pool);
}

static void test_autodiscover_answers(void)
{
	unsigned int i, status;

	test_begin("autodiscover answers");
	for (i = 0; i < N_ELEMENTS(test_answers); i++) T_BEGIN {
		const struct test_answer *test = &test_answers[i];
		string_t *body = t_str_new(1024);

		test_autodiscover_run(test, body, &status);
		test_assert_idx(status == test->status, i);
		test_assert_idx(test->contains == NULL ||
				strstr(str_c(body), test->contains) != NULL, i);
		test_assert_idx(test->lacks == NULL ||
				strstr(str_c(body), test->lacks) == NULL, i);
	} T_END;
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_autodiscover_request_good,
		test_autodiscover_request_bad,
		test_autodiscover_request_limits,
		test_autodiscover_answers,
		NULL
	};
	return test_run(test_functions);
}
