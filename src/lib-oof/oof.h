#ifndef OOF_H
#define OOF_H

/* Out-of-office replies: what the user wants (struct oof), kept as a Sieve
   script among his own (oof-script.h), which is the only place where it stands.

   Our script is active while the replies are on; it includes the user's own
   one, whose name it knows. Off means that his own is the active one again, and
   ours stays beside it for the texts. So if he activates another script
   meanwhile the replies are off as well, and he has what he asked for.

   Each step is atomic and leaves mail delivered as the user wants it: to turn
   on, ours is written and then activated; to turn off, his own is activated and
   then ours is written. Whatever is repeated after a crash or a lost answer
   finds what is done already and does the rest. */

struct oof_scripts;

/* the numbers of [MS-ASCMD] 2.2.3.118 OofState */
enum oof_state {
	OOF_STATE_OFF = 0,
	OOF_STATE_ON = 1,
	OOF_STATE_TIMED = 2,
};

enum oof_audience {
	OOF_INTERNAL = 0,
	OOF_EXTERNAL_KNOWN,
	OOF_EXTERNAL_UNKNOWN,

	OOF_AUDIENCE_COUNT
};

struct oof_message {
	bool enabled;
	bool html;
	const char *text;	/* valid UTF-8, never NULL */
};

struct oof {
	enum oof_state state;
	/* of OOF_STATE_TIMED: from start on, up to end */
	time_t start, end;
	struct oof_message messages[OOF_AUDIENCE_COUNT];
};

/* Whom the replies are for. */
struct oof_user {
	/* the user's own addresses, ended by NULL, the primary one first;
	   senders in their domains are internal */
	const char *const *addresses;
	/* external senders that the user knows, ended by NULL */
	const char *const *known;
};

/* A message may have this many bytes. */
#define OOF_MESSAGE_MAX_SIZE (64 * 1024)
/* Our script, as the user sees it among his own. */
#define OOF_SCRIPT_NAME "roost-out-of-office"
/* His own one without its vacation commands, while ours includes that. */
#define OOF_OWN_COPY_NAME "roost-own-script"

enum oof_error {
	OOF_ERROR_TEMP = 0,
	/* no right or no room to do it */
	OOF_ERROR_DENIED,
};

/* What is there; strings are from pool. Returns 0, or -1, the kind of trouble
   and a sentence. */
int oof_get(struct oof_scripts *scripts, pool_t pool, struct oof *oof_r,
	    enum oof_error *error_code_r, const char **error_r);
/* Makes it so. May be repeated. */
int oof_set(struct oof_scripts *scripts, const struct oof *oof,
	    const struct oof_user *user, enum oof_error *error_code_r,
	    const char **error_r);

#endif
