#ifndef OOF_SCRIPTS_H
#define OOF_SCRIPTS_H

#include "oof.h"

/* The user's Sieve scripts. Pigeonhole's library is behind it (src/sieve), in a
   module that is loaded when it is first asked for: Roost runs without
   Pigeonhole. */

struct mail_user;
struct event;

struct oof_scripts {
	const struct oof_scripts_vfuncs *v;
};

struct oof_scripts_vfuncs {
	/* Returns 1, 0 if the user can't have scripts, or -1. With write unset
	   nothing is made on disk. */
	int (*open)(struct mail_user *user, bool write,
		    struct oof_scripts **scripts_r, const char **error_r);
	void (*close)(struct oof_scripts *scripts);
	/* The script that is run for the user's mail. Returns 1 and its name
	   (on the data stack; NULL if it is none of his own, but the
	   server's default), 0 none, or -1. */
	int (*get_active)(struct oof_scripts *scripts, const char **name_r,
			  const char **error_r);
	/* Appends the text of a script, NULL = the active one. Returns 1, 0 if
	   there is none, or -1. */
	int (*read)(struct oof_scripts *scripts, const char *name,
		    string_t *text, const char **error_r);
	/* Checks the script and puts it in place at once. */
	int (*save)(struct oof_scripts *scripts, const char *name,
		    const string_t *text, enum oof_error *error_code_r,
		    const char **error_r);
	/* NULL = none of the user's. Returns 1, 0 if there is no such script,
	   or -1. */
	int (*activate)(struct oof_scripts *scripts, const char *name,
			const char **error_r);
};

/* The symbol that the module has. */
#define OOF_SCRIPTS_SYMBOL "roost_sieve_scripts"

/* Opens the user's scripts. Returns 1, 0 if there can't be any (no Pigeonhole,
   Sieve is off for the user), or -1 and a sentence. */
int oof_scripts_open(struct mail_user *user, bool write,
		     struct oof_scripts **scripts_r, const char **error_r);
void oof_scripts_close(struct oof_scripts **scripts);

#endif
