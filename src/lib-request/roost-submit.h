#ifndef ROOST_SUBMIT_H
#define ROOST_SUBMIT_H

/* Hands a mail over for delivery, with Dovecot's own settings: to submission_host
   if there is one, else to sendmail_path, as the user. It knows nothing of what
   is in the mail: From, Bcc and so on are the caller's. */

struct event;
struct istream;
struct roost_user;
struct smtp_address;

enum roost_submit_result {
	/* it was taken for all recipients */
	ROOST_SUBMIT_OK = 0,
	/* a server said no and would say so again */
	ROOST_SUBMIT_REFUSED,
	/* later it may go; nobody has got it, unless the connection was lost
	   just when the server had taken it */
	ROOST_SUBMIT_FAILED,
};

/* input is blocking and may have LFs or CRLFs; it is read to its end and stays
   the caller's. All recipients or none: one who is refused fails the whole
   before any of the mail is sent, so that a repeat doubles nothing. (With sendmail_path it is
   the program that has to see to that.) error_r says what was the matter, on the
   data stack. Blocks for as long as the other side takes, at most
   submission_timeout for one answer. */
enum roost_submit_result
roost_submit(struct roost_user *user, struct event *event,
	     const struct smtp_address *mail_from,
	     const struct smtp_address *const *rcpts, unsigned int rcpts_count,
	     struct istream *input, const char **error_r);

#endif
