/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* A mail is sent in these steps:

     1. lock:   no other request is at work on this mail
     2. store:  is there a record of it? If not: BEGUN, so that a store which can't be
		written to is noticed before anything is sent
     3. SMTP:   it is handed over, to all recipients or none
     4. store:  SENT, with Sent Items' UIDNEXT from before 3
     5. mailbox: the copy is saved
     6. store:  DONE

   The device repeats what was not answered. A request that finds
     the lock taken:	somebody is in 1 to 6 now: it is told to come again.
     no record, BEGUN:	begins with 3.
     SENT:		died in 5, or the copy could not be saved (quota). It looks for
			the copy by its Message-ID, from the recorded UIDNEXT on, and
			saves it if it is not there. Nothing is sent.
			If 4 fails as well (a full disk), there is no copy and
			the answer is good: a repeat would send it again.
     DONE:		only the answer was lost: it gets the same again.

   What fails in 3 leaves nothing, and is answered with 120. A kill -9 between 3 and 4,
   or a connection that is lost after the server took the mail and before it
   said so, sends it again with the repeat: SMTP has no way to ask. The other
   order, a record before 3, would lose the mail in the same place, and a mail that
   comes twice is better than one that never comes. Between 3 and 4 there is
   nothing but the one write; and the repeat has the same Message-ID even if it was
   made here, so that who receives both can tell.

   A record counts for a day. Clients name their mails (ClientId, from 14.0 on); others, and
   a name that was used again for another mail (118), are told apart by
   eas_submit_identify(). */

#include "lib.h"
#include "array.h"
#include "hex-binary.h"
#include "hostpid.h"
#include "istream.h"
#include "message-date.h"
#include "sha2.h"
#include "str.h"
#include "str-sanitize.h"
#include "smtp-address.h"
#include "mail-user.h"
#include "store-state.h"
#include "roost-addresses.h"
#include "roost-settings.h"
#include "roost-submit.h"
#include "pim-outgoing.h"
#include "eas-people.h"
#include "eas-submit-private.h"

#include <time.h>

struct eas_submitter {
	struct eas_request *req;
	const struct eas_submission *sub;
	/* what is to be sent; merged is NULL or owned */
	struct istream *input, *merged;
	struct pim_outgoing *out;
	struct eas_submit_once once;

	const char *message_id;
	const struct smtp_address *mail_from;
	ARRAY_TYPE(eas_submit_rcpt) rcpts;
};

static const char *const bcc_headers[] = { "Bcc", "Resent-Bcc", NULL };
/* what only those may write who carry the mail */
static const char *const foreign_headers[] = { "Return-Path", "Delivered-To" };

static unsigned int
submitter_read(struct eas_submitter *submitter, struct istream *input)
{
	int ret;

	submitter->input = input;
	i_stream_seek(input, 0);
	ret = pim_outgoing_read(submitter->req->pool, input, &submitter->out);
	if (ret < 0) {
		e_error(submitter->req->event, "Reading a mail failed: %s",
			i_stream_get_error(input));
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	if (ret == 0) {
		e_info(submitter->req->event, "Mail not sent: "
		       "It has no header, or one that is too large");
		return EAS_STATUS_INVALID_MIME;
	}
	return 0;
}

static unsigned int submitter_identify(struct eas_submitter *submitter)
{
	struct eas_submit_once *once = &submitter->once;
	struct eas_request *req = submitter->req;
	bool by_bytes;

	if (eas_submit_identify(req->pool, submitter->out, submitter->input,
				&once->identity, &by_bytes) < 0) {
		e_error(req->event, "Reading a mail failed: %s",
			i_stream_get_error(submitter->input));
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	once->req = req;
	once->max_age = EAS_SUBMIT_REPEAT_SECS;
	if (submitter->sub->client_id != NULL) {
		once->client_key = p_strconcat(req->pool, "c",
			submitter->sub->client_id, NULL);
	} else if (by_bytes)
		once->max_age = EAS_SUBMIT_REPEAT_BYTES_SECS;
	once->identity_key = p_strconcat(req->pool, "m", once->identity, NULL);
	return 0;
}

/* The same for the same mail, and nobody else's. */
static const char *submitter_new_message_id(struct eas_submitter *submitter)
{
	struct eas_request *req = submitter->req;
	const struct eas_submit_once *once = &submitter->once;
	const char *primary = roost_user_primary_address(req->req->user);
	const char *domain = strrchr(primary, '@');
	unsigned char digest[SHA256_RESULTLEN];
	const char *text;

	text = t_strdup_printf("%s\n%s\n%s\n%s",
			       req->req->user->mail_user->username,
			       req->device_id,
			       once->client_key == NULL ? "" : once->client_key,
			       once->identity);
	sha256_get_digest(text, strlen(text), digest);
	return t_strdup_printf("<%s@%s>", binary_to_hex(digest, 16),
			       domain != NULL ? domain + 1 :
			       my_hostdomain());
}

/* Adds what every mail has to have. */
static void submitter_complete(struct eas_submitter *submitter)
{
	struct pim_outgoing *out = submitter->out;
	const char *value;
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(foreign_headers); i++)
		pim_outgoing_remove(out, foreign_headers[i]);
	value = pim_outgoing_value(out, "Date");
	if (value == NULL || *value == '\0')
		pim_outgoing_set(out, "Date", message_date_create(time(NULL)));
	value = pim_outgoing_value(out, "Message-ID");
	if (value == NULL || *value == '\0') {
		value = submitter_new_message_id(submitter);
		pim_outgoing_set(out, "Message-ID", value);
	}
	submitter->message_id = p_strdup(submitter->req->pool, value);
}

static unsigned int submitter_compose(struct eas_submitter *submitter)
{
	const struct eas_submission *sub = submitter->sub;
	unsigned int status;

	if (sub->compose == NULL)
		return 0;
	status = sub->compose(submitter->req, submitter->out,
			      &submitter->merged, sub->compose_context);
	if (status == 0 && submitter->merged != NULL)
		status = submitter_read(submitter, submitter->merged);
	return status;
}

static unsigned int submitter_check_size(struct eas_submitter *submitter)
{
	uoff_t max = submitter->req->req->user->set->roost_submit_max_size;
	uoff_t size;

	if (max == 0 ||
	    i_stream_get_size(submitter->input, TRUE, &size) <= 0 ||
	    size <= max)
		return 0;
	e_info(submitter->req->event, "Mail not sent: "
	       "It has %"PRIuUOFF_T" bytes, more than %"PRIuUOFF_T
	       " (roost_submit_max_size)", size, max);
	return EAS_STATUS_ATTACHMENT_IS_TOO_LARGE;
}

/* Everything up to step 3. */
static unsigned int submitter_prepare(struct eas_submitter *submitter)
{
	unsigned int status;

	status = submitter_check_size(submitter);
	if (status == 0)
		status = submitter_compose(submitter);
	if (status == 0 && submitter->merged != NULL)
		status = submitter_check_size(submitter);
	if (status == 0) {
		status = eas_submit_get_rcpts(submitter->req, submitter->out,
					      &submitter->rcpts);
	}
	if (status == 0) T_BEGIN {
		status = eas_submit_apply_from(submitter->req, submitter->out,
					       &submitter->mail_from);
	} T_END;
	if (status == 0)
		submitter_complete(submitter);
	return status;
}

/* RFC 5321 4.4, without the client's address: where somebody is when he writes is
   nobody's business. The session leads to the line in the log. */
static const char *submitter_trace(struct eas_submitter *submitter)
{
	struct eas_request *req = submitter->req;
	const char *session = event_find_field_recursive_str(req->event, "session");

	return t_strdup_printf("Received: by %s (Roost) with HTTP id %s;\r\n"
			       "\t%s\r\n", my_hostdomain(),
			       session == NULL || *session == '\0' ? "-" :
			       session, message_date_create(time(NULL)));
}

/* Step 3. */
static unsigned int submitter_hand_over(struct eas_submitter *submitter)
{
	struct eas_request *req = submitter->req;
	enum roost_submit_result result;
	struct istream *input;
	const char *error;

	input = pim_outgoing_stream(submitter->out, submitter_trace(submitter),
				    bcc_headers);
	result = roost_submit(req->req->user, req->event, submitter->mail_from,
			      array_front(&submitter->rcpts),
			      array_count(&submitter->rcpts), input, &error);
	i_stream_unref(&input);
	switch (result) {
	case ROOST_SUBMIT_OK:
		e_info(req->event, "Sent %s to %u recipients",
		       str_sanitize(submitter->message_id, 256),
		       array_count(&submitter->rcpts));
		return 0;
	case ROOST_SUBMIT_REFUSED:
		e_info(req->event, "Mail %s not sent: %s",
		       str_sanitize(submitter->message_id, 256), error);
		break;
	case ROOST_SUBMIT_FAILED:
		e_warning(req->event, "Mail %s not sent: %s",
			  str_sanitize(submitter->message_id, 256), error);
		break;
	}
	return EAS_STATUS_MAIL_SUBMISSION_FAILED;
}

/* Step 2, 4 or 6. What can't be recorded then may be doubled by a repeat; the answer is
   good all the same, so that there will hardly be one. Returns 0 or -1. */
static int
submitter_record(struct eas_submitter *submitter, enum eas_submit_state state,
		 bool by_identity)
{
	submitter->once.record.state = state;
	return eas_submit_once_put(&submitter->once, by_identity);
}

/* Steps 5 and 6. */
static unsigned int
submitter_save(struct eas_submitter *submitter, bool repeat)
{
	struct istream *input;
	unsigned int status;

	input = pim_outgoing_stream(submitter->out, "", NULL);
	status = eas_submit_sent_save(submitter->req, input,
				      submitter->message_id,
				      &submitter->once.record, repeat);
	i_stream_unref(&input);
	if (status == 0) {
		(void)submitter_record(submitter, EAS_SUBMIT_STATE_DONE,
				       repeat);
	} else if (!repeat) {
		/* the device believes that it was not sent */
		if (submitter_record(submitter, EAS_SUBMIT_STATE_SENT,
				     TRUE) < 0) {
			/* a full disk fails both: who is told that it failed
			   would have it sent again and again */
			e_error(submitter->req->event, "Mail was sent without "
				"a copy: That it was sent can't be recorded");
			return 0;
		}
	}
	return status;
}

/* To whom the user writes: once for each mail, since a repeat does not come here.
   A kill -9 before it loses one count. */
static void submitter_count_recipients(struct eas_submitter *submitter)
{
	static const char *const names[] = { "To", "Cc", "Bcc" };
	const char *headers[N_ELEMENTS(names)];

	for (unsigned int i = 0; i < N_ELEMENTS(names); i++)
		headers[i] = pim_outgoing_joined(submitter->out, names[i]);
	eas_people_add_recipients(submitter->req, headers, N_ELEMENTS(names));
}

/* Steps 3 to 6. */
static unsigned int submitter_send(struct eas_submitter *submitter)
{
	bool save = submitter->sub->save_in_sent;
	unsigned int status;

	status = submitter_prepare(submitter);
	if (status != 0)
		return status;
	if (save) T_BEGIN {
		eas_submit_sent_look(submitter->req, &submitter->once.record);
	} T_END;
	if (submitter_record(submitter, EAS_SUBMIT_STATE_NEW, FALSE) < 0)
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	T_BEGIN {
		status = submitter_hand_over(submitter);
	} T_END;
	if (status != 0)
		return status;
	(void)submitter_record(submitter, save ? EAS_SUBMIT_STATE_SENT :
			       EAS_SUBMIT_STATE_DONE, FALSE);
	/* From here on the mail is sent. */
	submitter_count_recipients(submitter);
	return save ? submitter_save(submitter, FALSE) : 0;
}

/* Step 5 for one that was sent by an earlier request. */
static unsigned int submitter_resume(struct eas_submitter *submitter)
{
	unsigned int status;

	status = submitter_prepare(submitter);
	if (status == 0)
		return submitter_save(submitter, TRUE);
	if (status == EAS_STATUS_SERVER_ERROR_RETRY_LATER)
		return status;
	/* the original is gone, a setting has changed */
	e_error(submitter->req->event, "Mail was sent without a copy: "
		"It can't be made any more");
	(void)submitter_record(submitter, EAS_SUBMIT_STATE_DONE, TRUE);
	return 0;
}

static unsigned int submitter_run(struct eas_submitter *submitter)
{
	struct eas_submit_once *once = &submitter->once;

	switch (once->record.state) {
	case EAS_SUBMIT_STATE_NEW:
		return submitter_send(submitter);
	case EAS_SUBMIT_STATE_SENT:
		if (strcmp(once->record.identity, once->identity) == 0)
			return submitter_resume(submitter);
		break;
	case EAS_SUBMIT_STATE_DONE:
		if (strcmp(once->record.identity, once->identity) == 0) {
			e_debug(submitter->req->event, "Mail was sent already");
			return 0;
		}
		break;
	}
	e_info(submitter->req->event, "Mail not sent: "
	       "Its ClientId was that of another mail");
	return EAS_STATUS_MESSAGE_PREVIOUSLY_SENT;
}

unsigned int
eas_submit_mail(struct eas_request *req, const struct eas_submission *sub)
{
	struct eas_submitter submitter;
	unsigned int status;
	int ret;

	i_zero(&submitter);
	submitter.req = req;
	submitter.sub = sub;
	p_array_init(&submitter.rcpts, req->pool, 16);
	(void)store_op_expire(req->store, EAS_OP_MAX_AGE);

	status = submitter_read(&submitter, sub->input);
	if (status == 0)
		status = submitter_identify(&submitter);
	if (status != 0)
		return status;
	ret = eas_submit_once_begin(&submitter.once);
	if (ret <= 0) {
		if (ret == 0) {
			e_info(req->event, "Mail not sent: "
			       "An earlier request is sending it");
		}
		return EAS_STATUS_SERVER_ERROR_RETRY_LATER;
	}
	status = submitter_run(&submitter);
	eas_submit_once_end(&submitter.once);
	if (submitter.merged != NULL)
		i_stream_unref(&submitter.merged);
	return status;
}
