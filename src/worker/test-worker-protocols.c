#include "lib.h"
#include "test-common.h"
#include "roost-request.h"
#include "worker-protocols.h"
#include "worker-answer.h"

static void test_worker_protocols_table(void)
{
	const struct roost_protocol *const *p, *const *q;
	const char *const *path;

	test_begin("worker protocols table");
	for (p = worker_protocols; *p != NULL; p++) {
		test_assert((*p)->run != NULL);
		test_assert((*p)->paths[0] != NULL);
		for (q = p + 1; *q != NULL; q++)
			test_assert(strcmp((*p)->name, (*q)->name) != 0);
		for (path = (*p)->paths; *path != NULL; path++) {
			test_assert((*path)[0] == '/');
			/* none hides another's */
			test_assert(worker_protocols_find(*path) == *p);
		}
	}
	test_end();
}

static void test_worker_protocols_find(void)
{
	static const struct {
		const char *path, *name;
	} tests[] = {
		{ "/Microsoft-Server-ActiveSync", "eas" },
		{ "/microsoft-server-activesync", "eas" },
		{ "/Microsoft-Server-ActiveSync/", NULL },
		{ "/Microsoft-Server-ActiveSync/x", NULL },
		{ "/AutoDiscover/AutoDiscover.xml", "autodiscover" },
		{ "/autodiscover/autodiscover.xml/x", NULL },
		{ "/autodiscover/autodiscover.json", "autodiscover" },
		{ "/Autodiscover/autodiscover.json/v1.0/a@b", "autodiscover" },
		{ "/autodiscover/autodiscover.jsonx", NULL },
		{ "/", NULL },
		{ "", NULL },
	};
	const struct roost_protocol *protocol;
	unsigned int i;

	test_begin("worker protocols find");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		protocol = worker_protocols_find(tests[i].path);
		test_assert_idx((protocol == NULL) == (tests[i].name == NULL),
				i);
		if (protocol != NULL && tests[i].name != NULL)
			test_assert_strcmp_idx(protocol->name, tests[i].name, i);
	}
	test_end();
}

static void test_worker_answer_accepts_gzip(void)
{
	static const struct {
		const char *accept_encoding;
		bool gzip;
	} tests[] = {
		{ NULL, FALSE },
		{ "", FALSE },
		{ "identity", FALSE },
		{ "*", FALSE },
		{ "gzipped", FALSE },
		{ "gzip", TRUE },
		{ "GZip", TRUE },
		{ "x-gzip", TRUE },
		{ "deflate,gzip", TRUE },
		{ "gzip, deflate, br, zstd", TRUE },
		{ "br;q=1.0,gzip;q=0.8", TRUE },
		{ "gzip;q=0.001", TRUE },
		{ "gzip;q=0", FALSE },
		{ "gzip;q=0.0, deflate", FALSE },
		{ "gzip; q=0.5", TRUE },
	};
	unsigned int i;

	test_begin("worker answer accepts gzip");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(worker_answer_accepts_gzip(
			tests[i].accept_encoding) == tests[i].gzip, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_worker_protocols_table,
		test_worker_protocols_find,
		test_worker_answer_accepts_gzip,
		NULL
	};
	return test_run(test_functions);
}
