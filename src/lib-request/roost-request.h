#ifndef ROOST_REQUEST_H
#define ROOST_REQUEST_H

#include "net.h"
#include "guid.h"

/* A request as the protocols see it: an authenticated user, a method and a target, headers, a
   body, and an answer to be filled. Protocols know nothing of sockets, processes or parking;
   the worker knows nothing of protocols. This folder is what stands between the two. */

struct istream;
struct ostream;
struct mail_user;
struct mailbox;
struct mailbox_list;
struct store;
struct roost_settings;
struct roost_request;

/* A warm user: kept by the worker between requests. */
struct roost_user {
	struct mail_user *mail_user;
	const struct roost_settings *set;	/* with userdb's overrides */
	struct event *event;
	/* opened on first use by roost_user_get_store() */
	struct store *store;
	/* the mailbox that was used last, see roost_user_take_mailbox() */
	struct mailbox *mailbox, *mailbox_taken;
	time_t mailbox_opened, mailbox_taken_opened;
};

/* The user's roost.db, opened when it is first asked for, and anew if the file
   was replaced: to be asked for once per request. The store belongs to user.
   Returns 0, or -1 and a sentence for the log. */
int roost_user_get_store(struct roost_user *user, struct store **store_r,
			 const char **error_r);
/* Closes the store, if it is open. */
void roost_user_close_store(struct roost_user *user);
/* Like mailbox_alloc(), but if it is the mailbox that was used last it is open already, and
   synchronised: opening one reads a list of all its mails, which would be done for each
   page of a Sync. Give it back with roost_user_keep_mailbox(), on all ways. */
struct mailbox *
roost_user_take_mailbox(struct roost_user *user, struct mailbox_list *list,
			const char *vname);
/* Keeps an open mailbox for the next request instead of the one that was kept so far, or frees it.
   No transactions or mails may be open. *box is NULL afterwards, and may be before. */
void roost_user_keep_mailbox(struct roost_user *user, struct mailbox **box);
/* Closes the mailbox that was kept, if any. */
void roost_user_close_mailbox(struct roost_user *user);
/* A change to a folder that no Dovecot process sees (the store's own folders, device
   records): wakes this user's parked requests that watch guid. A hint: failure is silent. */
void roost_user_notify(struct roost_user *user, const guid_128_t guid);

struct roost_header {
	const char *name, *value;
};
ARRAY_DEFINE_TYPE(roost_header, struct roost_header);

/* The request is not answered but parked: see roost_answer_park(). */
struct roost_park {
	unsigned int msecs;		/* from now */
	ARRAY_TYPE(guid_128_t) watch;	/* empty: any change of the user's mail */
};

struct roost_answer {
	unsigned int status;		/* HTTP status, 200 by default */
	const char *reason;		/* never variable text */
	ARRAY_TYPE(roost_header) headers;
	/* NULL until roost_answer_output() is called; a spool in memory and then
	   in an unlinked file, so its size is bounded by the disk only */
	struct ostream *output;
	bool gzip:1;			/* the protocol allows compression */
	bool close:1;			/* close the connection after this */
	struct roost_park *park;	/* NULL: answer now */
};

/* Called as another user: with his rights, his home, his settings. */
typedef void roost_as_user_callback_t(struct roost_user *user, void *context);

struct roost_request {
	pool_t pool;
	struct event *event;		/* child of user->event; add fields freely */
	struct roost_user *user;
	const char *method;		/* "POST" */
	const char *path;		/* decoded, without query */
	const char *query;		/* undecoded, without '?'; NULL if none */
	const char *scheme_host;	/* "https://mail.example.com" as the client called us */
	ARRAY_TYPE(roost_header) headers;
	struct istream *body;		/* blocking and seekable; NULL if empty */
	uoff_t body_size;
	struct ip_addr remote_ip;
	bool secured:1;
	/* Milliseconds since the request came first: larger than 0 if it was parked and is
	   run again because something may have changed. */
	unsigned int elapsed_msecs;

	/* Set by the protocol when the user's mail failed in a way that may last as
	   long as he is open (indexes that went away): he is opened anew for the
	   next request. */
	bool reopen_user;

	/* the worker's part of roost_request_as_user(); NULL = it can't */
	int (*as_user)(struct roost_request *req, const char *username,
		       roost_as_user_callback_t *callback, void *context,
		       const char **error_r);

	struct roost_answer answer;

	/* for the request's log line, set by the protocol; in pool or static */
	const char *log_device, *log_command, *log_version, *log_status;
};

/* A request's header by name in any case, NULL if it has none. */
const char *roost_request_header(const struct roost_request *req,
				 const char *name);
/* Puts the request's user aside, becomes another user of this server, runs callback and comes
   back, whatever happens. The other one is looked up in userdb by the name and
   opened for this once, without his mailboxes: only his store may be used. What he
   allows to whom is the callback's to find out, from his own settings. The request
   must not be answered meanwhile. Returns 1; 0 if there is no such user; -1 and a
   sentence if he can't be opened. */
int roost_request_as_user(struct roost_request *req, const char *username,
			  roost_as_user_callback_t *callback, void *context,
			  const char **error_r);
/* Adds a header to the answer. name is static; value is copied, control characters
   in it are replaced. */
void roost_answer_add_header(struct roost_request *req, const char *name,
			     const char *value);
/* The stream for the answer's body. The same one each time. */
struct ostream *roost_answer_output(struct roost_request *req);
/* Drops what was written so far and the Content-* headers, status to 200. */
void roost_answer_reset(struct roost_request *req);
/* An HTTP-level error answer with a short text of ours. Drops what was written. */
void roost_answer_fail(struct roost_request *req, unsigned int status,
		       const char *reason);
/* Parks the request: it is run again (with elapsed_msecs set) when one of the watched
   mailboxes may have changed, at the slow re-check interval, or when msecs have passed; in the last case
   the answer as it is filled now is sent without asking the worker. watch is copied. */
void roost_answer_park(struct roost_request *req, unsigned int msecs,
		       const guid_128_t *watch, unsigned int watch_count);

/* A protocol: the paths it serves and its entry. run() fills the answer; -1 = internal
   error that was logged (the worker answers 500 if nothing better was set). */
struct roost_protocol {
	const char *name;		/* "eas" */
	/* compared case-insensitively, NULL-ended; one that ends with a slash stands for
	   all paths below it */
	const char *const *paths;
	int (*run)(struct roost_request *req);
};

#endif
