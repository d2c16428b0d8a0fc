/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "str.h"
#include "oof-script.h"
#include "oof-scripts.h"
#include "roost-compat.h"
#include "test-common.h"

/* Scripts in memory; after a given number of writing steps everything fails, as
   after a crash. */
#define FAKE_MAX 6

struct fake_scripts {
	struct oof_scripts scripts;
	const char *names[FAKE_MAX];
	string_t *texts[FAKE_MAX];
	const char *active;
	const char *default_text;
	unsigned int steps, steps_max;
};

static struct fake_scripts fake;
static pool_t fake_pool;

static int fake_find(const char *name)
{
	for (unsigned int i = 0; i < FAKE_MAX; i++) {
		if (fake.names[i] != NULL && strcmp(fake.names[i], name) == 0)
			return i;
	}
	return -1;
}

static bool fake_step(const char **error_r)
{
	*error_r = "crashed";
	return fake.steps++ < fake.steps_max;
}

static void fake_put(const char *name, const char *text)
{
	int i = fake_find(name);

	if (i < 0) {
		for (i = 0; fake.names[i] != NULL; i++) ;
		fake.names[i] = p_strdup(fake_pool, name);
		fake.texts[i] = str_new(fake_pool, 128);
	}
	str_truncate(fake.texts[i], 0);
	str_append(fake.texts[i], text);
}

static int
fake_get_active(struct oof_scripts *scripts ATTR_UNUSED, const char **name_r,
		const char **error_r ATTR_UNUSED)
{
	*name_r = fake.active;
	return fake.active != NULL || fake.default_text != NULL ? 1 : 0;
}

static int
fake_read(struct oof_scripts *scripts ATTR_UNUSED, const char *name,
	  string_t *text, const char **error_r ATTR_UNUSED)
{
	int i;

	if (name == NULL) {
		str_append(text, fake.default_text);
		return 1;
	}
	if ((i = fake_find(name)) < 0)
		return 0;
	str_append_str(text, fake.texts[i]);
	return 1;
}

static int
fake_save(struct oof_scripts *scripts ATTR_UNUSED, const char *name,
	  const string_t *text, enum oof_error *error_code_r ATTR_UNUSED,
	  const char **error_r)
{
	if (!fake_step(error_r))
		return -1;
	fake_put(name, str_c((string_t *)text));
	return 0;
}

static int
fake_activate(struct oof_scripts *scripts ATTR_UNUSED, const char *name,
	      const char **error_r)
{
	if (name != NULL && fake_find(name) < 0)
		return 0;
	if (!fake_step(error_r))
		return -1;
	fake.active = name == NULL ? NULL : p_strdup(fake_pool, name);
	return 1;
}

static const struct oof_scripts_vfuncs fake_vfuncs = {
	.get_active = fake_get_active,
	.read = fake_read,
	.save = fake_save,
	.activate = fake_activate,
};

static const char *const test_addresses[] = { "anne@example.org", NULL };
static const char *const test_none[] = { NULL };
static const struct oof_user test_user = { test_addresses, test_none };
static const struct oof test_on = {
	.state = OOF_STATE_ON,
	.messages = {
		{ TRUE, FALSE, "away" }, { FALSE, FALSE, "" },
		{ TRUE, FALSE, "gone" },
	},
};
static const struct oof test_off = {
	.messages = {
		{ TRUE, FALSE, "away" }, { FALSE, FALSE, "" },
		{ TRUE, FALSE, "gone" },
	},
};

static void fake_init(const char *own, const char *text)
{
	fake_pool = pool_alloconly_create("fake", 1024);
	i_zero(&fake);
	fake.scripts.v = &fake_vfuncs;
	fake.steps_max = UINT_MAX;
	if (own != NULL) {
		fake_put(own, text);
		fake.active = own;
	}
}

static int fake_set(const struct oof *oof)
{
	enum oof_error error_code;
	const char *error;

	return oof_set(&fake.scripts, oof, &test_user, &error_code, &error);
}

static enum oof_state fake_state(void)
{
	enum oof_error error_code;
	const char *error;
	struct oof oof;

	if (oof_get(&fake.scripts, fake_pool, &oof, &error_code, &error) < 0)
		i_fatal("oof_get() failed: %s", error);
	return oof.state;
}

static bool fake_includes(const char *name)
{
	int i = fake_find(OOF_SCRIPT_NAME);

	return strstr(str_c(fake.texts[i]), t_strdup_printf(
		"\n" ROOST_SIEVE_INCLUDE "\"%s\";\n", name)) != NULL;
}

static void test_oof_on_off(void)
{
	test_begin("oof on and off");
	fake_init("own", "keep;");
	test_assert(fake_state() == OOF_STATE_OFF);
	test_assert(fake_set(&test_on) == 0);
	test_assert_strcmp(fake.active, OOF_SCRIPT_NAME);
	test_assert(fake_includes("own"));
	test_assert(fake_state() == OOF_STATE_ON);
	/* again: nothing is written */
	fake.steps = 0;
	test_assert(fake_set(&test_on) == 0);
	test_assert(fake.steps == 0);
	test_assert(fake_set(&test_off) == 0);
	test_assert_strcmp(fake.active, "own");
	test_assert(fake_state() == OOF_STATE_OFF);
	fake.steps = 0;
	test_assert(fake_set(&test_off) == 0);
	test_assert(fake.steps == 0);
	test_assert_strcmp(str_c(fake.texts[fake_find("own")]), "keep;");
	pool_unref(&fake_pool);

	fake_init(NULL, NULL);
	test_assert(fake_set(&test_on) == 0);
	test_assert_strcmp(fake.active, OOF_SCRIPT_NAME);
	test_assert(fake_set(&test_off) == 0);
	test_assert(fake.active == NULL);
	pool_unref(&fake_pool);
	test_end();
}

static void test_oof_other_script(void)
{
	test_begin("oof and the user's other scripts");
	fake_init("own", "keep;");
	fake_put("other", "discard;");
	test_assert(fake_set(&test_on) == 0);
	/* he activates another one: the replies are off, and stay so */
	fake.active = "other";
	test_assert(fake_state() == OOF_STATE_OFF);
	test_assert(fake_set(&test_off) == 0);
	test_assert_strcmp(fake.active, "other");
	/* on again: beside that one */
	test_assert(fake_set(&test_on) == 0);
	test_assert(fake_includes("other"));
	/* he deletes it: nothing is left to be active */
	fake.names[fake_find("other")] = NULL;
	test_assert(fake_set(&test_off) == 0);
	test_assert(fake.active == NULL);
	pool_unref(&fake_pool);

	/* one of our name that is not ours is not overwritten */
	fake_init("own", "keep;");
	fake_put(OOF_SCRIPT_NAME, "stop;");
	test_assert(fake_set(&test_on) < 0);
	test_assert_strcmp(str_c(fake.texts[fake_find(OOF_SCRIPT_NAME)]),
			   "stop;");
	pool_unref(&fake_pool);
	test_end();
}

static void test_oof_copy(void)
{
	test_begin("oof with a copy of the user's script");
	fake_init("own", "require \"vacation\"; vacation \"x\"; keep;");
	test_assert(fake_set(&test_on) == 0);
	test_assert(fake_includes(OOF_OWN_COPY_NAME));
	test_assert_strcmp(str_c(fake.texts[fake_find(OOF_OWN_COPY_NAME)]),
			   "require \"vacation\";  keep;");
	/* what he changed meanwhile gets in with the next Set */
	fake_put("own", "vacation \"x\"; stop;");
	test_assert(fake_set(&test_on) == 0);
	test_assert_strcmp(str_c(fake.texts[fake_find(OOF_OWN_COPY_NAME)]),
			   " stop;");
	test_assert(fake_set(&test_off) == 0);
	test_assert_strcmp(fake.active, "own");
	pool_unref(&fake_pool);

	/* the server's default goes on as well */
	fake_init(NULL, NULL);
	fake.default_text = "fileinto \"Spam\";";
	test_assert(fake_set(&test_on) == 0);
	test_assert(fake_includes(OOF_OWN_COPY_NAME));
	test_assert(fake_set(&test_on) == 0);
	test_assert(fake_includes(OOF_OWN_COPY_NAME));
	test_assert(fake_set(&test_off) == 0);
	test_assert(fake.active == NULL);
	pool_unref(&fake_pool);
	test_end();
}

/* Whatever step is the last one, the user's script is in force, and the repeated
   request leads to the end. */
static void test_oof_crash(void)
{
	unsigned int i;

	test_begin("oof after a crash");
	for (i = 0; i < 4; i++) {
		fake_init("own", i % 2 == 0 ? "keep;" : "vacation \"x\";");
		fake.steps_max = i;
		(void)fake_set(&test_on);
		test_assert_idx(fake.active != NULL &&
			(strcmp(fake.active, "own") == 0 ||
			 fake_includes("own") ||
			 fake_includes(OOF_OWN_COPY_NAME)), i);
		fake.steps_max = UINT_MAX;
		test_assert_idx(fake_set(&test_on) == 0, i);
		test_assert_idx(fake_state() == OOF_STATE_ON, i);

		fake.steps = 0;
		fake.steps_max = i;
		(void)fake_set(&test_off);
		test_assert_idx(fake.active != NULL, i);
		fake.steps_max = UINT_MAX;
		test_assert_idx(fake_set(&test_off) == 0, i);
		test_assert_idx(fake_state() == OOF_STATE_OFF, i);
		test_assert_strcmp_idx(fake.active, "own", i);
		pool_unref(&fake_pool);
	}
	test_end();
}

int main(void)
{
	static void (*const test_functions[])(void) = {
		test_oof_on_off,
		test_oof_other_script,
		test_oof_copy,
		test_oof_crash,
		NULL
	};
	return test_run(test_functions);
}
