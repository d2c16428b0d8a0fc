/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "oof-script.h"
#include "roost-compat.h"
#include "test-common.h"

static const char *const test_addresses[] = {
	"anne@example.org", "info@example.net", NULL
};
static const char *const test_known[] = { "bert@example.com", NULL };
static const char *const test_none[] = { NULL };

static const char *const test_texts[] = {
	"", "I am away.", "two\nlines\r\nand a third", "say \"no\" \\ ${x}",
	"\n.\n..\n", "\xc3\xa4\xe2\x82\xac", "# state on\n", "*/ ; } \"",
};

static void test_write_read(const struct oof_script *script,
			    const struct oof_user *user, unsigned int idx)
{
	pool_t pool = pool_alloconly_create("test", 1024);
	string_t *text = t_str_new(1024);
	struct oof_script found;
	unsigned int i;

	oof_script_write(text, script, user);
	test_assert_idx(oof_script_read(pool, str_c(text), &found), idx);
	test_assert_idx(found.oof.state == script->oof.state, idx);
	if (found.oof.state == OOF_STATE_TIMED) {
		test_assert_idx(found.oof.start == script->oof.start, idx);
		test_assert_idx(found.oof.end == script->oof.end, idx);
	}
	test_assert_idx(null_strcmp(found.own, script->own) == 0, idx);
	test_assert_idx(null_strcmp(found.include, script->include) == 0, idx);
	for (i = 0; i < OOF_AUDIENCE_COUNT; i++) {
		const struct oof_message *a = &found.oof.messages[i];
		const struct oof_message *b = &script->oof.messages[i];

		test_assert_idx(a->enabled == b->enabled &&
				a->html == b->html, idx);
		test_assert_strcmp_idx(a->text, b->text, idx);
	}
	pool_unref(&pool);
}

static void test_oof_script_round_trip(void)
{
	const struct oof_user user = { test_addresses, test_known };
	struct oof_script script;
	unsigned int i, count = N_ELEMENTS(test_texts);

	test_begin("oof script round trip");
	for (i = 0; i < count * 3; i++) {
		i_zero(&script);
		script.oof.state = i % 3;
		script.oof.start = 1700000000 + i;
		script.oof.end = 1800000000 + i;
		script.oof.messages[0].text = test_texts[i % count];
		script.oof.messages[0].enabled = TRUE;
		script.oof.messages[1].text = test_texts[(i + 1) % count];
		script.oof.messages[1].html = TRUE;
		script.oof.messages[2].text = test_texts[(i + 2) % count];
		script.own = i % 2 == 0 ? NULL : "my own \"script\"";
		script.include = i % 4 < 2 ? NULL : "\xc3\xa4 b";
		test_write_read(&script, &user, i);
	}
	test_end();
}

static const char *test_commands(const struct oof_script *script,
				 const struct oof_user *user)
{
	string_t *text = t_str_new(1024);
	const char *p;

	oof_script_write(text, script, user);
	p = strstr(str_c(text), "require ");
	return p == NULL ? "" : p;
}

static void test_oof_script_commands(void)
{
	struct oof_user user = { test_addresses, test_none };
	struct oof_script script = {
		.oof = {
			.state = OOF_STATE_ON,
			.messages = {
				{ TRUE, FALSE, "I'm \"away\".\\" },
				{ TRUE, FALSE, "known" },
				{ FALSE, FALSE, "secret" },
			},
		},
		.own = "own", .include = "o\"wn",
	};

	test_begin("oof script commands");
	test_assert_strcmp(test_commands(&script, &user),
"require [\"date\", \"envelope\", \"include\", \"relational\", \"vacation\"];\n"
"if allof (not header :contains \"X-Spam-Flag\" \"YES\") {\n"
"\tif envelope :domain :is \"from\" [\"example.org\", \"example.net\"] {\n"
"\t\tvacation :days 7 :from \"anne@example.org\" :addresses [\"anne@example.org\", \"info@example.net\"] \"I'm \\\"away\\\".\\\\\";\n"
"\t} else {\n"
"\t}\n"
"}\n"
ROOST_SIEVE_INCLUDE "\"o\\\"wn\";\n");

	script.oof.state = OOF_STATE_TIMED;
	script.oof.start = 1796112000;
	script.oof.end = 1796112061;
	script.include = NULL;
	user.known = test_known;
	test_assert_strcmp(test_commands(&script, &user),
"require [\"date\", \"envelope\", \"include\", \"relational\", \"vacation\"];\n"
"if allof (not header :contains \"X-Spam-Flag\" \"YES\",\n"
"\tcurrentdate :zone \"+0000\" :value \"ge\" \"iso8601\" \"2026-12-01T08:00:00\",\n"
"\tcurrentdate :zone \"+0000\" :value \"lt\" \"iso8601\" \"2026-12-01T08:01:01\") {\n"
"\tif envelope :domain :is \"from\" [\"example.org\", \"example.net\"] {\n"
"\t\tvacation :days 7 :from \"anne@example.org\" :addresses [\"anne@example.org\", \"info@example.net\"] \"I'm \\\"away\\\".\\\\\";\n"
"\t} elsif envelope :all :is \"from\" [\"bert@example.com\"] {\n"
"\t\tvacation :days 7 :from \"anne@example.org\" :addresses [\"anne@example.org\", \"info@example.net\"] \"known\";\n"
"\t} else {\n"
"\t}\n"
"}\n");

	/* nothing but comments: no script of somebody else's is touched by it */
	script.oof.state = OOF_STATE_OFF;
	test_assert_strcmp(test_commands(&script, &user), "");
	test_end();
}

static void test_oof_script_mime(void)
{
	struct oof_user user = { test_addresses, test_none };
	struct oof_script script = {
		.oof = {
			.state = OOF_STATE_ON,
			.messages = {
				{ TRUE, TRUE, "<p>I am <b>away</b></p>" },
				{ FALSE, FALSE, "" },
				{ TRUE, FALSE, "" },
			},
		},
	};
	const char *text;
	string_t *line;

	test_begin("oof script mime");
	text = test_commands(&script, &user);
	test_assert(strstr(text, ":mime \"Content-Type: multipart/alternative;") != NULL);
	test_assert(strstr(text, "PHA+SSBhbSA8Yj5hd2F5PC9iPjwvcD4=") != NULL);
	/* no reply without a text */
	test_assert(strstr(strstr(text, "} else {"), "vacation") == NULL);

	line = t_str_new(1024);
	for (unsigned int i = 0; i < 901; i++)
		str_append_c(line, 'x');
	script.oof.messages[0].html = FALSE;
	script.oof.messages[0].text = str_c(line);
	text = test_commands(&script, &user);
	test_assert(strstr(text, ":mime \"Content-Type: text/plain;") != NULL);
	test_end();
}

static void test_oof_script_read_others(void)
{
	static const char *const tests[] = {
		"", "#", "keep;\n", "# roost-oof 1", "# roost-oof 1\n",
		"# roost-oof 2\n# state on\n",
		"# roost-oof 1\n# state\n",
		"# roost-oof 1\n# state maybe\n",
		"# roost-oof 1\n# state on 1\n",
		"# roost-oof 1\n# state timed\n",
		"# roost-oof 1\n# state timed 1\n",
		"# roost-oof 1\n# state timed 1 x\n",
		"# roost-oof 1\n# state timed 1 2 3\n",
		"# roost-oof 1\n# state on\n# own YQ== YQ==\n",
		"# roost-oof 1\n# state on\n# internal\n",
		"# roost-oof 1\n# state on\n# internal on\n",
		"# roost-oof 1\n# state on\n# internal on text /w==\n",
		"# roost-oof 1\n# state on\n# internal on text AA==\n",
		"# roost-oof 1\n# state on\n# internal on text YQ== x\n",
		"# roost-oof 1\nkeep;\n# state on\n",
	};
	pool_t pool = pool_alloconly_create("test", 1024);
	struct oof_script script;
	unsigned int i;

	test_begin("oof script read others");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		test_assert_idx(!oof_script_read(pool, tests[i], &script), i);
	}
	test_assert(oof_script_read(pool, "# roost-oof 1\n# state on",
				    &script));
	pool_unref(&pool);
	test_end();
}

static void test_oof_sieve_strip_vacation(void)
{
	static const struct {
		const char *input, *output;	/* NULL = as it is */
	} tests[] = {
		{ "", NULL },
		{ "keep;", NULL },
		{ "require [\"vacation\"]; keep;", NULL },
		{ "# vacation \"x\";\nkeep;", NULL },
		{ "/* vacation \"x\"; */ keep;", NULL },
		{ "fileinto \"; vacation\";", NULL },
		{ "redirect text:\n; vacation \"x\";\n.\n;", NULL },
		{ "if header \"a\" \"vacation\" { keep; }", NULL },
		{ "vacations \"x\";", NULL },
		{ "vacation \"x\";", "" },
		{ "keep; VACATION :days 1 [\"a;\"] \"\\\";\"; stop;",
		  "keep;  stop;" },
		{ "if true { vacation text:\nhi; }\n..\n.\n; }", "if true {  }" },
		{ "if true {} /* x */ vacation \"a\"; # y\nvacation \"b\";",
		  "if true {} /* x */  # y\n" },
		{ "keep;\nvacation", "keep;\n" },
		{ "vacation \"x", "" },
		{ "vacation text:\nx\n.", "" },
	};
	string_t *str = t_str_new(128);
	unsigned int i;

	test_begin("oof sieve strip vacation");
	for (i = 0; i < N_ELEMENTS(tests); i++) {
		const char *output = tests[i].output != NULL ?
			tests[i].output : tests[i].input;

		str_truncate(str, 0);
		test_assert_idx(oof_sieve_strip_vacation(str, tests[i].input)
				== (tests[i].output != NULL), i);
		test_assert_strcmp_idx(str_c(str), output, i);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_oof_script_round_trip,
		test_oof_script_commands,
		test_oof_script_mime,
		test_oof_script_read_others,
		test_oof_sieve_strip_vacation,
		NULL
	};
	return test_run(test_functions);
}
