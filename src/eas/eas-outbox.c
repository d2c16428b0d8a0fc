/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* Mails that the server sends by itself for the user: invitations, cancellations, answers.

     1. store:   the mail is put in, in the transaction of the change that it tells
		 of: there are both or neither
     2. store:   how often it was tried, with Sent Items' UIDNEXT
	SMTP:    it is handed over, to all recipients or none
     3. store:   SENT
     4. mailbox: the copy is saved
     5. store:   the mail is taken out

   Any request may go on where another one ended or died: in 2 it is sent (again, if somebody was killed between 2
   and 3: SMTP has no way to ask, and the mail has the same Message-ID), in 4 the copy
   is looked for before it is saved. A lock which dies with its process keeps two requests from
   sending at the same time; who doesn't get it leaves it to the other one.

   If one of the recipients is refused, the mail is divided into one for each, so that the others get
   theirs. */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "hostpid.h"
#include "ioloop.h"
#include "istream.h"
#include "message-date.h"
#include "randgen.h"
#include "str.h"
#include "str-sanitize.h"
#include "time-util.h"
#include "smtp-address.h"
#include "store.h"
#include "store-outbox.h"
#include "roost-addresses.h"
#include "roost-compat-storage.h"
#include "roost-submit.h"
#include "pim-scheduling-mail.h"
#include "eas-meeting.h"
#include "eas-submit-private.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

/* that one request sends */
#define OUTBOX_MAX_MAILS 50
/* a server that doesn't answer holds up one request for one mail, not for all */
#define OUTBOX_MAX_MSECS 10000
#define OUTBOX_RETRY_MIN_SECS 60
#define OUTBOX_RETRY_MAX_SECS 3600
#define OUTBOX_GIVE_UP_SECS (5 * 24 * 3600)
/* in the file of eas-submit-record.c, whose places are below */
#define OUTBOX_LOCK_PLACE 0x7fffffffL

/* -- put in -- */

static const char *outbox_message_id(struct eas_request *req)
{
	const char *primary = roost_user_primary_address(req->req->user);
	const char *domain = strrchr(primary, '@');
	unsigned char random[16];

	random_fill(random, sizeof(random));
	return t_strdup_printf("<%s@%s>", binary_to_hex(random, sizeof(random)),
			       domain != NULL ? domain + 1 : my_hostdomain());
}

int eas_outbox_add(struct eas_request *req,
		   const struct eas_outbox_letter *letter)
{
	struct pim_scheduling_user user;
	struct pim_scheduling_letter write;
	struct store_outbox mail;
	string_t *rcpts = t_str_new(256), *text = t_str_new(4096);

	eas_meeting_user(req, &user);
	i_zero(&write);
	write.method = letter->method;
	write.partstat = letter->partstat;
	write.from.address = user.address;
	write.from.name = user.name;
	write.to = letter->people;
	write.to_count = letter->people_count;
	write.message_id = outbox_message_id(req);
	write.date = message_date_create(ioloop_time);
	write.text = letter->text;
	write.home = user.home;
	write.comment = letter->comment;
	write.html = letter->html;
	pim_scheduling_letter_write(&write, text);
	for (unsigned int i = 0; i < letter->people_count; i++) {
		if (i > 0)
			str_append_c(rcpts, '\n');
		str_append(rcpts, letter->people[i].address);
	}
	i_zero(&mail);
	mail.rcpts = str_c(rcpts);
	mail.message_id = write.message_id;
	mail.mail = str_c(text);
	mail.size = str_len(text);
	mail.save = TRUE;
	return store_outbox_add(req->store, &mail);
}

/* -- send -- */

/* Returns the lock, -1 if somebody else has it or it failed (logged). */
static int outbox_lock(struct eas_request *req)
{
	const char *path, *error;
	struct flock lock;
	int fd;

	if (roost_user_db_path(req->req->user->mail_user, req->req->user->set,
			       &path, &error) < 0) {
		e_error(req->event, "%s", error);
		return -1;
	}
	path = t_strconcat(path, ".send", NULL);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd == -1) {
		e_error(req->event, "open(%s) failed: %m", path);
		return -1;
	}
	i_zero(&lock);
	lock.l_type = F_WRLCK;
	lock.l_whence = SEEK_SET;
	lock.l_start = OUTBOX_LOCK_PLACE;
	lock.l_len = 1;
	if (fcntl(fd, F_SETLK, &lock) < 0) {
		if (errno != EAGAIN && errno != EACCES)
			e_error(req->event, "fcntl(%s) failed: %m", path);
		i_close_fd(&fd);
	}
	return fd;
}

static struct istream *outbox_stream(const struct store_outbox *mail)
{
	return i_stream_create_from_data(mail->mail, mail->size);
}

/* Step 2. */
static enum roost_submit_result
outbox_hand_over(struct eas_request *req, const struct store_outbox *mail,
		 const char **error_r)
{
	const char *const *addresses = t_strsplit(mail->rcpts, "\n");
	ARRAY_TYPE(eas_submit_rcpt) rcpts;
	const struct smtp_address *const_address;
	struct smtp_address *address, *mail_from;
	enum roost_submit_result result;
	struct istream *input;
	pool_t pool = pool_datastack_create();

	t_array_init(&rcpts, 16);
	for (; *addresses != NULL; addresses++) {
		if (smtp_address_parse_mailbox(pool, *addresses, 0, &address,
					       error_r) < 0)
			return ROOST_SUBMIT_REFUSED;
		const_address = address;
		array_push_back(&rcpts, &const_address);
	}
	if (smtp_address_parse_mailbox(pool,
			roost_user_primary_address(req->req->user), 0,
			&mail_from, error_r) < 0)
		return ROOST_SUBMIT_REFUSED;
	input = outbox_stream(mail);
	result = roost_submit(req->req->user, req->event, mail_from,
			      array_front(&rcpts), array_count(&rcpts), input,
			      error_r);
	i_stream_unref(&input);
	return result;
}

/* Steps 4 and 5. */
static void
outbox_save(struct eas_request *req, struct store_outbox *mail, bool repeat)
{
	struct eas_submit_record record = {
		.uidvalidity = mail->uidvalidity, .uidnext = mail->uidnext,
	};
	struct istream *input;
	unsigned int status = 0;

	if (mail->save) {
		input = outbox_stream(mail);
		status = eas_submit_sent_save(req, input, mail->message_id,
					      &record, repeat);
		i_stream_unref(&input);
	}
	if (status == 0) {
		(void)store_outbox_remove(req->store, mail->num);
		return;
	}
	if (mail->created + OUTBOX_GIVE_UP_SECS < time(NULL)) {
		e_error(req->event, "Mail %s was sent without a copy",
			mail->message_id);
		(void)store_outbox_remove(req->store, mail->num);
		return;
	}
	mail->next_try = time(NULL) + OUTBOX_RETRY_MAX_SECS;
	(void)store_outbox_update(req->store, mail);
}

/* Steps 3 to 5. */
static void outbox_finish(struct eas_request *req, struct store_outbox *mail)
{
	mail->sent = TRUE;
	if (store_outbox_update(req->store, mail) == 0)
		outbox_save(req, mail, FALSE);
}

static int
outbox_divide_locked(struct eas_request *req, const struct store_outbox *mail,
		     const char *const *addresses)
{
	struct store_outbox single;

	for (unsigned int i = 0; addresses[i] != NULL; i++) {
		single = *mail;
		single.rcpts = addresses[i];
		single.save = i == 0 && mail->save;
		if (store_outbox_add(req->store, &single) < 0)
			return -1;
	}
	return store_outbox_remove(req->store, mail->num);
}

/* Somebody was refused. Returns FALSE if there is nobody else. */
static bool
outbox_divide(struct eas_request *req, const struct store_outbox *mail)
{
	const char *const *addresses = t_strsplit(mail->rcpts, "\n");

	if (str_array_length(addresses) < 2)
		return FALSE;
	if (store_begin(req->store) < 0)
		return TRUE;
	if (outbox_divide_locked(req, mail, addresses) < 0)
		store_rollback(req->store);
	else
		(void)store_commit(req->store);
	return TRUE;
}

static void
outbox_failed(struct eas_request *req, struct store_outbox *mail,
	      enum roost_submit_result result, const char *error)
{
	unsigned int secs = OUTBOX_RETRY_MIN_SECS << I_MIN(mail->tries - 1, 6);
	bool again = result == ROOST_SUBMIT_FAILED &&
		mail->created + OUTBOX_GIVE_UP_SECS > time(NULL);

	if (result == ROOST_SUBMIT_REFUSED && outbox_divide(req, mail))
		return;
	e_warning(req->event, "Mail %s to %s not sent%s: %s", mail->message_id,
		  str_sanitize(t_str_replace(mail->rcpts, '\n', ' '), 256),
		  again ? " yet" : "", error);
	if (!again) {
		/* what the user wanted to be sent is at least in Sent Items */
		outbox_finish(req, mail);
		return;
	}
	mail->next_try = time(NULL) + I_MIN(secs, OUTBOX_RETRY_MAX_SECS);
	(void)store_outbox_update(req->store, mail);
}

static void outbox_send_mail(struct eas_request *req, struct store_outbox *mail)
{
	struct eas_submit_record record;
	enum roost_submit_result result;
	const char *error;

	if (mail->sent) {
		outbox_save(req, mail, TRUE);
		return;
	}
	i_zero(&record);
	if (mail->save)
		eas_submit_sent_look(req, &record);
	mail->tries++;
	mail->uidvalidity = record.uidvalidity;
	mail->uidnext = record.uidnext;
	/* a store that can't be written could not be told that it was sent */
	if (store_outbox_update(req->store, mail) < 0)
		return;
	result = outbox_hand_over(req, mail, &error);
	if (result != ROOST_SUBMIT_OK) {
		outbox_failed(req, mail, result, error);
		return;
	}
	e_info(req->event, "Sent %s to %u recipients", mail->message_id,
	       str_array_length(t_strsplit(mail->rcpts, "\n")));
	outbox_finish(req, mail);
}

static bool outbox_is_time_up(const struct timeval *started)
{
	struct timeval now;

	i_gettimeofday(&now);
	return timeval_diff_msecs(&now, started) > OUTBOX_MAX_MSECS;
}

void eas_outbox_send(struct eas_request *req)
{
	struct store_outbox mail;
	unsigned int count;
	uint32_t after = 0;
	time_t now = time(NULL);
	struct timeval started;
	int fd = -1, ret = 1;

	i_gettimeofday(&started);
	for (count = 0; count < OUTBOX_MAX_MAILS && ret > 0 &&
	     !outbox_is_time_up(&started); count++) T_BEGIN {
		ret = store_outbox_next(req->store, pool_datastack_create(),
					after, now, &mail);
		if (ret > 0 && fd == -1) {
			/* look again: the other one may have sent it */
			fd = outbox_lock(req);
			ret = fd == -1 ? 0 :
				store_outbox_next(req->store,
						  pool_datastack_create(),
						  after, now, &mail);
		}
		if (ret > 0) {
			after = mail.num;
			outbox_send_mail(req, &mail);
		}
	} T_END;
	/* which lets the lock go */
	i_close_fd(&fd);
}
