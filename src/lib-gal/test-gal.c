/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "array.h"
#include "buffer.h"
#include "ioloop.h"
#include "str.h"
#include "unlink-directory.h"
#include "write-full.h"
#include "test-common.h"
#include "roost-compat.h"
#include "pim-vcard.h"
#include "gal-ldap.h"

#include <fcntl.h>
#include <unistd.h>
#include <sys/stat.h>

#define TEST_DIR ".test-gal"

static struct event *test_event;

static const char test_cards[] =
	"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Zo\xc3\xab M\xc3\xbcller\r\n"
	"N:M\xc3\xbcller;Zo\xc3\xab;;;\r\n"
	"EMAIL;TYPE=pref:zoe.mueller@example.test\r\nEMAIL:zm@example.test\r\n"
	"NICKNAME:zoe\r\nORG:Acme\\, Inc.;Sales\r\nTITLE:Captain\r\n"
	"TEL;TYPE=work:1\r\nTEL;TYPE=home:2\r\nTEL;TYPE=cell:3\r\n"
	"TEL;TYPE=work,fax:4\r\nADR;TYPE=work:;Room 5;;;;;\r\n"
	"PHOTO;ENCODING=b;TYPE=JPEG:YWJj\r\nEND:VCARD\r\n"
	"BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Michael Alexander\r\n"
	"EMAIL:michael@example.test\r\nEND:VCARD\r\n"
	"garbage\r\n"
	"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Michael Allen\r\nKIND:group\r\n"
	"MEMBER:mailto:a@example.test\r\nMEMBER:mailto:b@example.test\r\n"
	"EMAIL:allen@example.test\r\nEND:VCARD\r\n"
	"BEGIN:VCARD\r\nNOTE:nameless\r\nEND:VCARD\r\n"
	"BEGIN:VCARD\r\nFN:Not ended\r\n";

static void test_write(const char *name, const char *text)
{
	const char *path = t_strconcat(TEST_DIR"/", name, NULL);
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);

	if (fd == -1 || write_full(fd, text, strlen(text)) < 0)
		i_fatal("write(%s) failed: %m", path);
	i_close_fd(&fd);
}

static void test_init(void)
{
	const char *error;

	test_event = event_create(NULL);
	event_set_min_log_level(test_event, LOG_TYPE_ERROR);
	(void)unlink_directory(TEST_DIR, UNLINK_DIRECTORY_FLAG_RMDIR, &error);
	if (mkdir(TEST_DIR, 0700) < 0)
		i_fatal("mkdir(%s) failed: %m", TEST_DIR);
}

static void test_deinit(void)
{
	const char *error;

	gal_deinit_all();
	event_unref(&test_event);
	(void)unlink_directory(TEST_DIR, UNLINK_DIRECTORY_FLAG_RMDIR, &error);
}

static struct gal *test_open(const char *path)
{
	const char *error;
	struct gal *gal;

	if (gal_open(path, test_event, NULL, &gal, &error) <= 0)
		i_fatal("%s", error);
	return gal;
}

/* The names found, separated by | */
static const char *test_names(struct gal_result *result)
{
	const struct gal_entry *entry;
	string_t *names = t_str_new(128);

	for (unsigned int i = 0; i < gal_result_count(result); i++) {
		if (gal_result_get(result, i, &entry) < 0)
			i_fatal("gal_result_get() failed");
		if (i > 0)
			str_append_c(names, '|');
		str_append(names, entry->display_name);
	}
	gal_result_free(&result);
	return str_c(names);
}

static void test_gal_fold(void)
{
	static const struct {
		const char *text, *folded, *words;
	} tests[] = {
		{ "", "", "" },
		{ "  a\t B ", "A B", "A|B" },
		{ "M\xc3\xbcller", "MULLER", "MULLER" },
		{ "O'Neill-Smith", "O'NEILL-SMITH", "O|NEILL|SMITH" },
		{ "a.b@c.test", "A.B@C.TEST", "A|B|C|TEST" },
	};

	test_begin("gal: folding");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		const char *folded = gal_fold(tests[i].text);

		test_assert_strcmp_idx(folded, tests[i].folded, i);
		test_assert_strcmp_idx(t_strarray_join(gal_words(folded), "|"),
				       tests[i].words, i);
	}
	test_end();
}

static void test_gal_ldap_filter(void)
{
	static const struct {
		const char *text, *part;
		bool exact;
	} tests[] = {
		{ "ann", "(cn=ann*)", FALSE },
		{ "ann", "(cn=* ann*)", FALSE },
		{ "ann", "(proxyAddresses=smtp:ann*)", FALSE },
		{ "ann b", "(sn=b*)", FALSE },
		{ "ann b", "(mail=ann b)", TRUE },
		{ "*", "(mail=\\2a*)", FALSE },
		{ "a)(uid=*", "(mail=a\\29\\28uid=\\2a*)", FALSE },
		{ "\\2a", "(mail=\\5c2a)", TRUE },
		{ "x\001y", "(mail=x\\01y*)", FALSE },
	};
	const char *filter;

	test_begin("gal: LDAP filters");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		filter = gal_ldap_filter("(o=x)", tests[i].text,
					 tests[i].exact);
		test_assert_idx(str_begins_with(filter, "(&(o=x)(|"), i);
		test_assert_idx(strstr(filter, tests[i].part) != NULL, i);
		/* every other one in it is escaped */
		int depth = 0;
		for (const char *p = filter; *p != '\0'; p++) {
			if (*p == '(')
				depth++;
			else if (*p == ')' && --depth == 0)
				test_assert_idx(p[1] == '\0', i);
		}
		test_assert_idx(depth == 0, i);
	}
	/* as many words as are of use */
	filter = gal_ldap_filter("(o=x)", "1 2 3 4 5 6 7 8 9", FALSE);
	test_assert(strstr(filter, "(cn=8*)") != NULL &&
		    strstr(filter, "(cn=9*)") == NULL);
	test_end();
}

static void test_gal_ldap_url(void)
{
	static const struct {
		const char *url, *error;
	} tests[] = {
		{ "ldap://127.0.0.1:1/ou=x", "127.0.0.1:1" },
		{ "ldap://127.0.0.1:1/ou=x??sub?(a=b)?"
		  "bindname=cn=a%2cou=x,x-bindpw=secret", "127.0.0.1:1" },
		{ "ldapi://%2fnonexistent%2fsocket/ou=x", "nonexistent" },
		{ "ldap://127.0.0.1:1/ou=x??sub?(a=b)?rubbish=secret",
		  "rubbish" },
		{ "ldap://127.0.0.1:1/ou=x??nonsense", "URL" },
		{ "ldpas://127.0.0.1:1/ou=x????x-bindpw=secret", "ldpas" },
	};
	struct gal *gal;
	const char *error;

	test_begin("gal: LDAP URLs");
	test_assert(!gal_ldap_is_url("/etc/ldap://x"));
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		/* a good URL is found out about when it is used */
		test_assert_idx(gal_open(tests[i].url, NULL, NULL, &gal,
					 &error) < 0 ||
				gal_search(gal, "x", &error) == NULL, i);
#ifdef ROOST_HAVE_LDAP
		test_assert_idx(strstr(error, tests[i].error) != NULL, i);
#endif
		test_assert_idx(strstr(error, "secret") == NULL, i);
	}
	gal_deinit_all();
	test_end();
}

#ifdef ROOST_HAVE_LDAP
/* It is said once that nobody is there, and nobody is asked for a while. */
static void test_gal_ldap_outage(void)
{
	const char *const url = "ldap://127.0.0.1:1/ou=y";
	struct gal *gal;
	const char *error;

	test_begin("gal: a directory that is not there");
	test_assert(gal_open(url, NULL, NULL, &gal, &error) == 1);
	test_assert(gal_search(gal, "x", &error) == NULL && error != NULL);
	test_assert(gal_outage_is_on(&gal->outage, gal->outage.retry - 1));
	gal->outage.retry = time(NULL) + gal->outage.secs;
	test_assert(gal_find(gal, "x", &error) == NULL && error == NULL);
	/* its time has come, and it is the same */
	gal->outage.retry = time(NULL) - 1;
	test_assert(gal_search(gal, "x", &error) == NULL && error == NULL);
	test_assert(gal->outage.secs == 4);
	gal_deinit_all();
	test_end();
}
#endif

static void test_gal_outage(void)
{
	struct gal_outage outage = { .secs = 0 };
	unsigned int secs, i;
	time_t now = 1000, start;

	test_begin("gal: outages");
	test_assert(!gal_outage_is_on(&outage, now));
	test_assert(!gal_outage_ended(&outage, now, &secs));
	test_assert(gal_outage_failed(&outage, now, "one"));
	test_assert(gal_outage_is_on(&outage, now + 1));
	test_assert(!gal_outage_is_on(&outage, now + 2));
	test_assert(!gal_outage_is_on(&outage, now - 3600));
	/* longer each time, up to a limit */
	for (i = 0, start = now; i < 10; i++) {
		now = outage.retry;
		test_assert(!gal_outage_is_on(&outage, now));
		test_assert(!gal_outage_failed(&outage, now, "one"));
	}
	test_assert(outage.retry - now == 60);
	/* another reason is news */
	test_assert(gal_outage_failed(&outage, now, "two"));
	test_assert(!gal_outage_failed(&outage, now, "two"));
	test_assert(gal_outage_ended(&outage, now + 5, &secs));
	test_assert(secs == now + 5 - start);
	test_assert(!gal_outage_ended(&outage, now + 6, &secs));
	test_assert(gal_outage_failed(&outage, now + 7, "two"));
	gal_outage_free(&outage);
	test_end();
}

static struct gal_result *test_search(struct gal *gal, const char *query)
{
	const char *error;

	return gal_search(gal, query, &error);
}

static struct gal_result *test_find(struct gal *gal, const char *text)
{
	const char *error;

	return gal_find(gal, text, &error);
}

static void test_gal_search(void)
{
	static const struct {
		const char *query, *names;
	} tests[] = {
		{ "", "" },
		{ "...", "" },
		{ "m", "Michael Alexander|Michael Allen|Zo\xc3\xab M\xc3\xbcller" },
		{ "Michael A.", "Michael Alexander|Michael Allen" },
		{ "al mich", "Michael Alexander|Michael Allen" },
		{ "mich alex", "Michael Alexander" },
		{ "muller", "Zo\xc3\xab M\xc3\xbcller" },
		{ "M\xc3\x9cL", "Zo\xc3\xab M\xc3\xbcller" },
		{ "zoe.m", "Zo\xc3\xab M\xc3\xbcller" },
		{ "zm@ex", "Zo\xc3\xab M\xc3\xbcller" },
		{ "m@ex", "" },
		{ "acme", "Zo\xc3\xab M\xc3\xbcller" },
		{ "Not", "" },
		{ "nameless", "" },
		{ "ichael", "" },
	};
	struct gal *gal;

	test_begin("gal: search");
	test_write("a.vcf", test_cards);
	gal = test_open(TEST_DIR"/a.vcf");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_strcmp_idx(test_names(test_search(gal,
			tests[i].query)), tests[i].names, i);
	}
	test_assert(gal->index->skipped == 2);
	test_end();
}

static void test_gal_find(void)
{
	struct gal *gal = test_open(TEST_DIR"/a.vcf");

	test_begin("gal: find exactly");
	test_assert_strcmp(test_names(test_find(gal, "ZM@Example.test")),
			   "Zo\xc3\xab M\xc3\xbcller");
	test_assert_strcmp(test_names(test_find(gal, "michael  allen")),
			   "Michael Allen");
	test_assert_strcmp(test_names(test_find(gal, "michael")),
			   "Michael Alexander");
	test_assert_strcmp(test_names(test_find(gal, "michael@example")), "");
	test_end();
}

static void test_gal_entry(void)
{
	struct gal *gal = test_open(TEST_DIR"/a.vcf");
	struct gal_result *result = test_find(gal, "zoe");
	struct gal_picture_limits limits = { .max_size = 3, .max_pictures = 1 };
	const struct gal_entry *entry = NULL;
	buffer_t *buf = t_buffer_create(16);

	test_begin("gal: entry");
	test_assert(gal_result_count(result) == 1 &&
		    gal_result_get(result, 0, &entry) == 0);
	test_assert_strcmp(entry->alias, "zoe");
	test_assert_strcmp(entry->email, "zoe.mueller@example.test");
	test_assert_strcmp(entry->emails[1], "zm@example.test");
	test_assert_strcmp(entry->first_name, "Zo\xc3\xab");
	test_assert_strcmp(entry->last_name, "M\xc3\xbcller");
	test_assert_strcmp(entry->title, "Captain");
	test_assert_strcmp(entry->company, "Acme, Inc.");
	test_assert_strcmp(entry->office, "Room 5");
	test_assert_strcmp(entry->phone, "1");
	test_assert_strcmp(entry->home_phone, "2");
	test_assert_strcmp(entry->mobile_phone, "3");
	test_assert(entry->members == 0);

	test_assert(gal_entry_picture(entry, &limits, buf) == GAL_PICTURE_OK);
	test_assert(buf->used == 3 && memcmp(buf->data, "abc", 3) == 0);
	buffer_set_used_size(buf, 0);
	test_assert(gal_entry_picture(entry, &limits, buf) ==
		    GAL_PICTURE_LIMIT);
	buffer_set_used_size(buf, 0);
	limits.max_size = 2;
	test_assert(gal_entry_picture(entry, &limits, buf) ==
		    GAL_PICTURE_TOO_LARGE);
	gal_result_free(&result);

	result = test_find(gal, "Michael Allen");
	test_assert(gal_result_get(result, 0, &entry) == 0);
	test_assert(entry->members == 2);
	buffer_set_used_size(buf, 0);
	test_assert(gal_entry_picture(entry, &limits, buf) == GAL_PICTURE_NONE);
	gal_result_free(&result);
	test_end();
}

static void test_gal_texts(void)
{
	static const struct {
		const char *text, *query;
		bool matches, equals;
	} tests[] = {
		{ "ann.lee@x.test Ann Lee", "lee a", TRUE, FALSE },
		{ "ann.lee@x.test Ann Lee", "ann.lee@x", TRUE, FALSE },
		{ "ann.lee@x.test Ann Lee", "lee@x", FALSE, FALSE },
		{ "ann.lee@x.test Ann Lee", "", FALSE, FALSE },
		{ "J\xc3\xb6rg", "jorg", TRUE, TRUE },
	};

	test_begin("gal: texts in no book");
	for (unsigned int i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(gal_text_matches(tests[i].text,
			tests[i].query) == tests[i].matches, i);
		test_assert_idx(gal_text_equals(tests[i].text,
			tests[i].query) == tests[i].equals, i);
	}
	test_end();
}

/* A changed file is read anew; who is reading goes on with the old index. */
static void test_gal_change(void)
{
	struct gal *gal = test_open(TEST_DIR"/a.vcf");
	struct gal_result *result = test_search(gal, "zoe");
	const struct gal_entry *entry;

	test_begin("gal: the file changes");
	test_write("a.vcf", "BEGIN:VCARD\nFN:New One\nEND:VCARD\n");
	gal = test_open(TEST_DIR"/a.vcf");
	test_assert_strcmp(test_names(test_search(gal, "n")), "New One");
	test_assert_strcmp(test_names(test_search(gal, "m")), "");
	test_assert(gal_result_get(result, 0, &entry) < 0);
	gal_result_free(&result);
	test_end();
}

static void test_gal_folder(void)
{
	struct gal *gal;

	test_begin("gal: folder");
	test_write("b.vcf", "BEGIN:VCARD\nFN:Second One\nEND:VCARD\n");
	test_write("c.txt", "BEGIN:VCARD\nFN:Third One\nEND:VCARD\n");
	gal = test_open(TEST_DIR);
	test_assert_strcmp(test_names(test_search(gal, "one")),
			   "New One|Second One");
	test_write("d.vcf", "BEGIN:VCARD\nFN:Fourth One\nEND:VCARD\n");
	gal->checked = 0;
	gal = test_open(TEST_DIR);
	test_assert_strcmp(test_names(test_search(gal, "one")),
			   "Fourth One|New One|Second One");
	test_end();
}

static void test_gal_errors(void)
{
	struct gal *gal;
	const char *error = NULL;
	string_t *large = str_new(default_pool, 3*1024*1024);

	test_begin("gal: sources that can't be read");
	test_assert(gal_open("", test_event, NULL, &gal, &error) == 0);
	test_assert(gal_open(TEST_DIR"/none", test_event, NULL, &gal, &error) < 0);
	test_assert(error != NULL);
	test_assert(gal_open("/dev/null", test_event, NULL, &gal, &error) < 0);

	/* a line without end costs only itself */
	str_append(large, "BEGIN:VCARD\nFN:Large\nNOTE:");
	while (str_len(large) < 2*1024*1024)
		str_append(large, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
	str_append(large, "\nEND:VCARD\nBEGIN:VCARD\nFN:Small\nEND:VCARD\n");
	test_write("large.vcf", str_c(large));
	gal = test_open(TEST_DIR"/large.vcf");
	test_assert_strcmp(test_names(test_search(gal, "s")), "Small");
	test_assert_strcmp(test_names(test_search(gal, "l")), "");
	str_free(&large);
	test_end();
}

/* A look-up in a large book does not look at each card. */
static const char *const test_kept[] = {
	"BEGIN:VCARD\r\nFN:Zed\r\nEMAIL:z@example.test\r\nEND:VCARD\r\n",
	"BEGIN:VCARD\r\nFN:Ann Zed\r\nEMAIL:a@example.test\r\nEND:VCARD\r\n",
	"BEGIN:VCARD\r\nEND:VCARD\r\n",
};

static int test_kept_read(uint64_t id, buffer_t *dest, void *context)
{
	const uint64_t *gone = context;

	if (id == *gone)
		return -1;
	buffer_append(dest, test_kept[id - 100], strlen(test_kept[id - 100]));
	return 0;
}

/* As an index of somebody's own would: asks each card's keys. */
static struct gal_result *
test_kept_ask(const char *query, bool exact, uint64_t *gone)
{
	struct gal_result *result = gal_result_create_kept(test_kept_read,
							   gone);
	ARRAY_TYPE(const_string) parts;
	const char *const *partp;
	struct pim_lines *doc;
	const char *error;

	t_array_init(&parts, 4);
	gal_query_keys(query, exact, &parts);
	for (unsigned int i = 0; i < N_ELEMENTS(test_kept); i++) {
		string_t *keys = t_str_new(64);
		bool all = !array_is_empty(&parts);

		test_assert(pim_lines_parse(test_kept[i], strlen(test_kept[i]),
					    NULL, &doc, &error) == 0);
		if (!gal_card_keys(pim_vcard_first(doc), strlen(test_kept[i]),
				   keys))
			all = FALSE;
		pim_lines_free(&doc);
		array_foreach(&parts, partp) {
			if (strstr(str_c(keys), *partp) == NULL)
				all = FALSE;
		}
		if (all)
			gal_result_add(result, str_c(keys), 100 + i);
	}
	gal_result_finish(result);
	return result;
}

static void test_gal_kept(void)
{
	uint64_t gone = 0;
	const struct gal_entry *entry;
	struct gal_result *result, *other;

	test_begin("gal: cards that somebody else keeps");
	result = test_kept_ask("zed", FALSE, &gone);
	test_assert(gal_result_count(result) == 2);
	test_assert(gal_result_get(result, 0, &entry) == 0);
	test_assert_strcmp(entry->display_name, "Ann Zed");
	gone = 100;
	test_assert(gal_result_get(result, 1, &entry) < 0);
	other = test_kept_ask("a@example.test", TRUE, &gone);
	test_assert(gal_result_count(other) == 1);
	test_assert(gal_result_overlaps(result, other));
	gal_result_free(&result);
	gone = 0;
	result = test_kept_ask("ZED", TRUE, &gone);
	test_assert(gal_result_count(result) == 1);
	test_assert(!gal_result_overlaps(result, other));
	test_assert(gal_result_get(result, 0, &entry) == 0);
	test_assert_strcmp(entry->email, "z@example.test");
	gal_result_free(&result);
	gal_result_free(&other);
	result = test_kept_ask(" ,", FALSE, &gone);
	test_assert(gal_result_count(result) == 0);
	gal_result_free(&result);
	test_end();
}

/* Whoever asks the keys gets what the address book finds. */
static void test_gal_keys_same(void)
{
	static const char *const queries[] = {
		"zed", "ze", "z", "ann", "ann zed", "zed, ann", "a@", "a@ex",
		"a@example.test", "z@example.test", "example", "test zed",
		"Ann Zed", "ed", "@", "<z@example.test>", "\xc3\x84nn", "",
		"a", "none",
	};
	struct gal_result *result;
	uint64_t gone = 0;
	struct gal *gal;

	test_begin("gal: keys find the same");
	test_write("kept.vcf", t_strconcat(test_kept[0], test_kept[1],
					   test_kept[2], NULL));
	gal = test_open(TEST_DIR"/kept.vcf");
	for (unsigned int i = 0; i < N_ELEMENTS(queries) * 2; i++) T_BEGIN {
		const char *query = queries[i / 2], *names;
		bool exact = i % 2 != 0;

		result = exact ? test_find(gal, query) :
			test_search(gal, query);
		names = test_names(result);
		test_assert_strcmp_idx(test_names(test_kept_ask(query, exact,
							       &gone)),
				       names, i);
	} T_END;
	test_end();
}

static void test_gal_large(void)
{
	string_t *text = str_new(default_pool, 16*1024*1024);
	struct gal_result *result;
	struct gal *gal;

	test_begin("gal: 50,000 cards");
	for (unsigned int i = 0; i < 50000; i++) {
		str_printfa(text, "BEGIN:VCARD\nFN:Person N%06u\n"
			"EMAIL:p%06u@example.test\nEND:VCARD\n", i, i);
	}
	test_write("many.vcf", str_c(text));
	str_free(&text);
	gal = test_open(TEST_DIR"/many.vcf");
	result = test_search(gal, "person");
	test_assert(gal_result_count(result) == 50000);
	gal_result_free(&result);
	test_assert_strcmp(test_names(test_find(gal, "p031415@example.test")),
			   "Person N031415");
	test_assert_strcmp(test_names(test_search(gal, "n03141 pers p031415@")),
			   "Person N031415");
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_init,
		test_gal_fold,
		test_gal_search,
		test_gal_find,
		test_gal_ldap_filter,
		test_gal_ldap_url,
#ifdef ROOST_HAVE_LDAP
		test_gal_ldap_outage,
#endif
		test_gal_outage,
		test_gal_entry,
		test_gal_texts,
		test_gal_change,
		test_gal_folder,
		test_gal_errors,
		test_gal_kept,
		test_gal_keys_same,
		test_gal_large,
		test_deinit,
		NULL
	};

	return test_run(test_functions);
}
