/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "str.h"
#include "mail-user.h"
#include "mail-storage-settings.h"
#include "roost-compat-sieve.h"
#include "oof-scripts.h"
#include "roost-sieve-plugin.h"

/* what Pigeonhole renames a plain file to when another script is activated in
   its place */
#define SIEVE_RESCUED_NAME "dovecot.orig"
/* no script of a user is larger */
#define SIEVE_MAX_SIZE (8 * 1024 * 1024)

struct sieve_scripts {
	struct oof_scripts scripts;
	struct sieve_instance *svinst;
	/* NULL = he has none yet */
	struct sieve_storage *storage;
};

const char *roost_sieve_plugin_version = DOVECOT_ABI_VERSION;

static const char *sieve_last_error(struct sieve_storage *storage)
{
	enum sieve_error error_code;

	return t_strdup(sieve_storage_get_last_error(storage, &error_code));
}

static void sieve_scripts_close(struct oof_scripts *_scripts)
{
	struct sieve_scripts *scripts =
		container_of(_scripts, struct sieve_scripts, scripts);

	if (scripts->storage != NULL)
		sieve_storage_unref(&scripts->storage);
	if (scripts->svinst != NULL)
		sieve_deinit(&scripts->svinst);
	i_free(scripts);
}

static int
sieve_scripts_open(struct mail_user *user, bool write,
		   struct oof_scripts **scripts_r, const char **error_r)
{
	struct sieve_environment env = {
		.username = user->username,
		.base_dir = user->set->base_dir,
		.event_parent = user->event,
		.flags = SIEVE_FLAG_HOME_RELATIVE,
	};
	struct sieve_scripts *scripts;
	enum sieve_error error_code;

	if (mail_user_get_home(user, &env.home_dir) < 0) {
		*error_r = "The user's home directory is not known";
		return -1;
	}
	scripts = i_new(struct sieve_scripts, 1);
	scripts->scripts.v = &roost_sieve_scripts;
	scripts->svinst = roost_sieve_init(&env, user);
	if (scripts->svinst == NULL) {
		sieve_scripts_close(&scripts->scripts);
		*error_r = "sieve_init() failed";
		return -1;
	}
	scripts->storage = roost_sieve_storage_create(scripts->svinst, user,
		write ? SIEVE_STORAGE_FLAG_READWRITE : 0, &error_code);
	if (scripts->storage != NULL) {
		/* that of a user who has none of his own */
		if (sieve_storage_is_default(scripts->storage))
			sieve_storage_unref(&scripts->storage);
	} else if (error_code != SIEVE_ERROR_NOT_FOUND || write) {
		sieve_scripts_close(&scripts->scripts);
		if (error_code != SIEVE_ERROR_TEMP_FAILURE)
			return 0;
		*error_r = "Opening the user's Sieve scripts failed";
		return -1;
	}
	*scripts_r = &scripts->scripts;
	return 1;
}

static int
sieve_scripts_get_active(struct oof_scripts *_scripts, const char **name_r,
			 const char **error_r)
{
	struct sieve_scripts *scripts =
		container_of(_scripts, struct sieve_scripts, scripts);
	struct sieve_script *script;
	enum sieve_error error_code;
	int ret;

	*name_r = NULL;
	if (scripts->storage == NULL)
		return 0;
	ret = roost_sieve_active_name(scripts->storage, name_r);
	if (ret < 0)
		*error_r = sieve_last_error(scripts->storage);
	if (ret != 0)
		return ret;
	/* a plain file, or the server's default */
	*name_r = NULL;
	script = roost_sieve_script_open(scripts->storage, NULL, &error_code);
	if (script == NULL)
		return 0;
	if (!sieve_script_is_default(script))
		*name_r = SIEVE_RESCUED_NAME;
	sieve_script_unref(&script);
	return 1;
}

static int
sieve_scripts_read_stream(struct sieve_script *script, string_t *text)
{
	struct istream *input;
	enum sieve_error error_code;
	const unsigned char *data;
	size_t size;

	/* it belongs to the script */
	if (sieve_script_get_stream(script, &input, &error_code) < 0)
		return -1;
	while (i_stream_read_more(input, &data, &size) > 0) {
		if (size > SIEVE_MAX_SIZE - I_MIN(str_len(text),
						  SIEVE_MAX_SIZE))
			return -1;
		str_append_data(text, data, size);
		i_stream_skip(input, size);
	}
	return input->stream_errno != 0 ? -1 : 0;
}

static int
sieve_scripts_read(struct oof_scripts *_scripts, const char *name,
		   string_t *text, const char **error_r)
{
	struct sieve_scripts *scripts =
		container_of(_scripts, struct sieve_scripts, scripts);
	struct sieve_script *script;
	enum sieve_error error_code;
	int ret;

	if (scripts->storage == NULL)
		return 0;
	/* a plain file that was not renamed yet */
	if (name != NULL && strcmp(name, SIEVE_RESCUED_NAME) == 0) {
		const char *active;

		if (roost_sieve_active_name(scripts->storage, &active) == 0)
			name = NULL;
	}
	script = roost_sieve_script_open(scripts->storage, name, &error_code);
	if (script == NULL) {
		if (error_code == SIEVE_ERROR_NOT_FOUND)
			return 0;
		*error_r = sieve_last_error(scripts->storage);
		return -1;
	}
	ret = sieve_scripts_read_stream(script, text);
	sieve_script_unref(&script);
	if (ret < 0) {
		*error_r = t_strdup_printf("Reading the Sieve script '%s' "
			"failed", name == NULL ? "(active)" : name);
		return -1;
	}
	return 1;
}

/* Our texts are right, but Pigeonhole may be set up without what they need. */
static int
sieve_scripts_check(struct sieve_scripts *scripts,
		    struct sieve_storage_save_context *save,
		    const char **error_r)
{
	const enum sieve_compile_flags flags = SIEVE_COMPILE_FLAG_NOGLOBAL |
		SIEVE_COMPILE_FLAG_UPLOADED | SIEVE_COMPILE_FLAG_ACTIVATED;
	string_t *errors = t_str_new(256);
	struct sieve_error_handler *ehandler;
	struct sieve_script *script;
	struct sieve_binary *sbin = NULL;
	enum sieve_error error_code;

	script = sieve_storage_save_get_tempscript(save);
	if (script == NULL) {
		*error_r = sieve_last_error(scripts->storage);
		return -1;
	}
	ehandler = sieve_strbuf_ehandler_create(scripts->svinst, errors, FALSE,
						10);
	sbin = roost_sieve_compile(script, ehandler, flags, &error_code);
	sieve_error_handler_unref(&ehandler);
	if (sbin == NULL) {
		*error_r = t_strdup_printf("The script for the replies can't "
			"be compiled: %s", str_c(errors));
		return -1;
	}
	sieve_close(&sbin);
	return 0;
}

static int
sieve_scripts_save_input(struct sieve_scripts *scripts, const char *name,
			 struct istream *input, const char **error_r)
{
	struct sieve_storage_save_context *save;
	int ret = 0;

	save = sieve_storage_save_init(scripts->storage, name, input);
	if (save != NULL) {
		do {
			if (sieve_storage_save_continue(save) < 0) {
				ret = -1;
				break;
			}
		} while (i_stream_read(input) > 0);
		if (sieve_storage_save_finish(save) < 0)
			ret = -1;
		if (ret == 0 && sieve_scripts_check(scripts, save,
						    error_r) < 0) {
			sieve_storage_save_cancel(&save);
			return -1;
		}
		if (ret == 0)
			ret = sieve_storage_save_commit(&save);
		else
			sieve_storage_save_cancel(&save);
	} else {
		ret = -1;
	}
	if (ret < 0)
		*error_r = sieve_last_error(scripts->storage);
	return ret;
}

static int
sieve_scripts_save(struct oof_scripts *_scripts, const char *name,
		   const string_t *text, enum oof_error *error_code_r,
		   const char **error_r)
{
	struct sieve_scripts *scripts =
		container_of(_scripts, struct sieve_scripts, scripts);
	enum sieve_storage_quota quota;
	struct istream *input;
	uint64_t limit;
	int ret;

	*error_code_r = OOF_ERROR_DENIED;
	ret = sieve_storage_quota_havespace(scripts->storage, name,
					    str_len(text), &quota, &limit);
	if (ret == 0) {
		*error_r = t_strdup_printf("The user's quota for Sieve scripts "
			"(%"PRIu64") has no room for '%s'", limit, name);
		return -1;
	}
	if (ret < 0) {
		*error_code_r = OOF_ERROR_TEMP;
		*error_r = sieve_last_error(scripts->storage);
		return -1;
	}
	input = i_stream_create_from_data(str_data(text), str_len(text));
	ret = sieve_scripts_save_input(scripts, name, input, error_r);
	i_stream_unref(&input);
	return ret;
}

static int
sieve_scripts_activate(struct oof_scripts *_scripts, const char *name,
		       const char **error_r)
{
	struct sieve_scripts *scripts =
		container_of(_scripts, struct sieve_scripts, scripts);
	struct sieve_script *script;
	enum sieve_error error_code;
	int ret;

	if (name == NULL) {
		ret = sieve_storage_deactivate(scripts->storage, (time_t)-1);
	} else {
		script = roost_sieve_script_open(scripts->storage, name,
						 &error_code);
		if (script == NULL && error_code == SIEVE_ERROR_NOT_FOUND)
			return 0;
		ret = script == NULL ? -1 :
			sieve_script_activate(script, (time_t)-1);
		if (script != NULL)
			sieve_script_unref(&script);
	}
	if (ret < 0) {
		*error_r = sieve_last_error(scripts->storage);
		return -1;
	}
	return 1;
}

const struct oof_scripts_vfuncs roost_sieve_scripts = {
	.open = sieve_scripts_open,
	.close = sieve_scripts_close,
	.get_active = sieve_scripts_get_active,
	.read = sieve_scripts_read,
	.save = sieve_scripts_save,
	.activate = sieve_scripts_activate,
};

void roost_sieve_plugin_init(struct module *module ATTR_UNUSED)
{
}

void roost_sieve_plugin_deinit(void)
{
}
