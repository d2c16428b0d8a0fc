/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Compiled into the module of src/sieve. */
#include "lib.h"
#include "mail-user.h"
#include "roost-compat-sieve.h"

static const char *sieve_user_home(struct mail_user *user)
{
	const char *home;

	return mail_user_get_home(user, &home) > 0 ? home : NULL;
}

#ifdef DOVECOT_2_4

static const char *
sieve_get_homedir(struct sieve_instance *svinst ATTR_UNUSED, void *context)
{
	return sieve_user_home(context);
}

static const struct sieve_callbacks sieve_callbacks = {
	.get_homedir = sieve_get_homedir,
};

struct sieve_instance *
roost_sieve_init(const struct sieve_environment *env, struct mail_user *user)
{
	struct sieve_instance *svinst;

	if (sieve_init(env, &sieve_callbacks, user, FALSE, &svinst) < 0)
		return NULL;
	return svinst;
}

struct sieve_storage *
roost_sieve_storage_create(struct sieve_instance *svinst,
			   struct mail_user *user,
			   enum sieve_storage_flags flags,
			   enum sieve_error *error_code_r)
{
	struct sieve_storage *storage;

	if (sieve_storage_create_personal(svinst, user,
					  SIEVE_SCRIPT_CAUSE_DELIVERY, flags,
					  &storage, error_code_r) < 0)
		return NULL;
	return storage;
}

/* 2.4 fails if there is no active script and the server has no default, and it names a
   default. */
int roost_sieve_active_name(struct sieve_storage *storage, const char **name_r)
{
	struct sieve_script *script;
	enum sieve_error error_code;
	int ret = sieve_storage_active_script_get_name(storage, name_r);

	if (ret < 0) {
		(void)sieve_storage_get_last_error(storage, &error_code);
		return error_code == SIEVE_ERROR_NOT_FOUND ? 0 : -1;
	}
	if (ret == 0)
		return 0;
	*name_r = t_strdup(*name_r);
	/* one that can't be opened is none of the server's */
	if (sieve_storage_active_script_open(storage, &script,
					     &error_code) == 0) {
		if (sieve_script_is_default(script))
			ret = 0;
		sieve_script_unref(&script);
	}
	return ret;
}

struct sieve_script *
roost_sieve_script_open(struct sieve_storage *storage, const char *name,
			enum sieve_error *error_code_r)
{
	struct sieve_script *script;
	int ret;

	if (name == NULL) {
		ret = sieve_storage_active_script_open(storage, &script,
						       error_code_r);
	} else {
		ret = sieve_storage_open_script(storage, name, &script,
						error_code_r);
	}
	return ret < 0 ? NULL : script;
}

struct sieve_binary *
roost_sieve_compile(struct sieve_script *script,
		    struct sieve_error_handler *ehandler,
		    enum sieve_compile_flags flags,
		    enum sieve_error *error_code_r)
{
	struct sieve_binary *sbin;

	if (sieve_compile_script(script, ehandler, flags, &sbin,
				 error_code_r) < 0)
		return NULL;
	return sbin;
}

#else

static const char *sieve_get_homedir(void *context)
{
	return sieve_user_home(context);
}

static const char *sieve_get_setting(void *context, const char *name)
{
	return mail_user_plugin_getenv(context, name);
}

static const struct sieve_callbacks sieve_callbacks = {
	.get_homedir = sieve_get_homedir,
	.get_setting = sieve_get_setting,
};

struct sieve_instance *
roost_sieve_init(const struct sieve_environment *env, struct mail_user *user)
{
	return sieve_init(env, &sieve_callbacks, user, FALSE);
}

struct sieve_storage *
roost_sieve_storage_create(struct sieve_instance *svinst,
			   struct mail_user *user,
			   enum sieve_storage_flags flags,
			   enum sieve_error *error_code_r)
{
	return sieve_storage_create_main(svinst, user, flags, error_code_r);
}

int roost_sieve_active_name(struct sieve_storage *storage, const char **name_r)
{
	int ret = sieve_storage_active_script_get_name(storage, name_r);

	if (ret > 0)
		*name_r = t_strdup(*name_r);
	return ret;
}

struct sieve_script *
roost_sieve_script_open(struct sieve_storage *storage, const char *name,
			enum sieve_error *error_code_r)
{
	return name == NULL ?
		sieve_storage_active_script_open(storage, error_code_r) :
		sieve_storage_open_script(storage, name, error_code_r);
}

struct sieve_binary *
roost_sieve_compile(struct sieve_script *script,
		    struct sieve_error_handler *ehandler,
		    enum sieve_compile_flags flags,
		    enum sieve_error *error_code_r)
{
	return sieve_compile_script(script, ehandler, flags, error_code_r);
}

#endif
