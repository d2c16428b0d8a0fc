#ifndef ROOST_COMPAT_SIEVE_H
#define ROOST_COMPAT_SIEVE_H

/* What differs for the module that links Pigeonhole's library. */

#include "sieve.h"
#include "sieve-error.h"
#include "sieve-script.h"
#include "sieve-storage.h"

struct mail_user;

/* An instance for the user's scripts, NULL if there can't be one. */
struct sieve_instance *
roost_sieve_init(const struct sieve_environment *env, struct mail_user *user);
/* NULL if it failed. */
struct sieve_storage *
roost_sieve_storage_create(struct sieve_instance *svinst,
			   struct mail_user *user,
			   enum sieve_storage_flags flags,
			   enum sieve_error *error_code_r);
/* The name of the active script, on the data stack. Returns 1, 0 if there is none, or one
   without a name, or the server's default; -1. */
int roost_sieve_active_name(struct sieve_storage *storage, const char **name_r);
/* A script by its name, or with NULL the active one. NULL if it failed. */
struct sieve_script *
roost_sieve_script_open(struct sieve_storage *storage, const char *name,
			enum sieve_error *error_code_r);
struct sieve_binary *
roost_sieve_compile(struct sieve_script *script,
		    struct sieve_error_handler *ehandler,
		    enum sieve_compile_flags flags,
		    enum sieve_error *error_code_r);

#endif
