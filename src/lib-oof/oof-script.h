#ifndef OOF_SCRIPT_H
#define OOF_SCRIPT_H

#include "oof.h"

/* The text of our script. What the user wants stands in comments at its
   beginning, from which it is read back; the commands below do it. */

struct oof_script {
	struct oof oof;
	/* the script that is active while the replies are off, NULL = none */
	const char *own;
	/* the script that stands for it in ours, NULL = none */
	const char *include;
};

void oof_script_write(string_t *dest, const struct oof_script *script,
		      const struct oof_user *user);
/* Reads it back, strings are from pool. Returns FALSE if it is none of ours. */
bool oof_script_read(pool_t pool, const char *text,
		     struct oof_script *script_r);

/* Appends a string as Sieve has it. */
void oof_sieve_append_string(string_t *dest, const char *text);
/* Appends a script without its vacation commands: a mail gets one vacation
   reply only, and a second such command would end the user's script with an
   error. Returns TRUE if there was one. */
bool oof_sieve_strip_vacation(string_t *dest, const char *text);

#endif
