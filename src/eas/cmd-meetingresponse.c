/* Copyright (c) 2026 Roost authors, see the included COPYING file */

/* MeetingResponse ([MS-ASCMD] 2.2.1.11): the user accepts or declines a meeting, which is a mail in one
   of his mailboxes or an event of a calendar.

     1. store:   one transaction: the event with the answer in the calendar (declined: taken
		 out), from 16.0 on the mail to the organiser in the outbox if the device wants one,
		 and a record of the request with its result
     2. SMTP:    the outbox is sent
     3. mailbox: the invitation is moved to Deleted Items

   A request that is repeated finds its record, though the mail may be gone, and gets the same answer; 2 and
   3 are done again as far as they were not done. The record is that of the last answer to this
   item, so that who changes his mind and changes it back is heard.

   Up to 14.1 the device mails the organiser itself. */

#include "lib.h"
#include "array.h"
#include "ioloop.h"
#include "istream.h"
#include "hex-binary.h"
#include "sha2.h"
#include "str.h"
#include "str-sanitize.h"
#include "mail-storage.h"
#include "store.h"
#include "store-state.h"
#include "sync-mail.h"
#include "eas-class.h"
#include "eas-collection.h"
#include "eas-commands.h"
#include "eas-folders.h"
#include "eas-long-id.h"
#include "eas-meeting.h"
#include "eas-move.h"

/* 2.2.3.177.9 */
enum response_status {
	RESPONSE_SUCCESS = 1,
	RESPONSE_INVALID = 2,
	RESPONSE_MAILBOX_ERROR = 3,
	RESPONSE_SERVER_ERROR = 4,
	/* common ones */
	RESPONSE_TOO_MANY = 103,
	RESPONSE_INVALID_TIME = 104,
	RESPONSE_NOT_RECURRING = 146,
};

#define RESPONSE_OP "meeting"
/* 3.1.5.10 */
#define RESPONSE_MAX_REQUESTS 100
/* 2.2.3.142: and so are ours */
#define RESPONSE_MAX_ID 64
#define RESPONSE_MAX_COMMENT 65536

struct response {
	struct eas_request *req;
	const struct wbxml_node *node;

	/* what the device said */
	const char *request_id, *instance_id;
	const char *folder_id;
	/* uidvalidity: of a LongId, else what the device has seen; 0 = unknown */
	uint32_t uid, uidvalidity;
	struct pim_scheduling_answer answer;
	/* InstanceId */
	struct pim_scheduling_instance instance;
	bool has_instance, send;
	const char *html;

	/* what it is about */
	struct eas_folder *folder;
	bool mail_found;
	struct eas_meeting_mail meeting;

	/* the record: of what request it is, and its result */
	const char *op_key, *op_request;
	uint32_t calendar, calendar_uid;
	enum response_status status;
};

/* -- the request -- */

static enum response_status
response_parse_proposal(struct response *response,
			const struct wbxml_node *send)
{
	const char *start, *end;

	start = wbxml_child_text(send, EAS_MEETINGRESPONSE_PROPOSED_START_TIME);
	end = wbxml_child_text(send, EAS_MEETINGRESPONSE_PROPOSED_END_TIME);
	if (start == NULL && end == NULL)
		return 0;
	/* each needs the other (2.2.3.140) */
	if (start == NULL || end == NULL ||
	    eas_meeting_instance_parse(start,
				&response->answer.proposed_start) < 0 ||
	    eas_meeting_instance_parse(end,
				&response->answer.proposed_end) < 0 ||
	    response->answer.proposed_end < response->answer.proposed_start)
		return RESPONSE_INVALID;
	response->answer.has_proposed = TRUE;
	return 0;
}

/* 16.0 on */
static enum response_status response_parse_send(struct response *response)
{
	struct eas_request *req = response->req;
	const struct wbxml_node *send;
	enum eas_body_type type;
	const char *text;
	int ret;

	send = wbxml_node_child(response->node,
				EAS_MEETINGRESPONSE_SEND_RESPONSE);
	if (send == NULL)
		return 0;
	if (req->version < EAS_VERSION_16_0)
		return RESPONSE_INVALID;
	response->send = TRUE;
	ret = eas_class_read_body(req, send, NULL, &text, &type);
	if (ret < 0)
		return RESPONSE_INVALID;
	if (ret > 0 && strlen(text) <= RESPONSE_MAX_COMMENT) {
		if (type == EAS_BODY_HTML) {
			response->html = text;
			text = p_strdup(req->pool,
					eas_class_html_to_text(text));
		}
		response->answer.comment = text;
	}
	return response_parse_proposal(response, send);
}

static enum response_status response_parse_instance(struct response *response)
{
	const struct wbxml_node *node;

	node = wbxml_node_child(response->node,
				EAS_MEETINGRESPONSE_INSTANCE_ID);
	if (node == NULL)
		return 0;
	if (response->req->version < EAS_VERSION_14_1)
		return RESPONSE_INVALID;
	response->instance_id = wbxml_node_text(node);
	if (response->instance_id == NULL || *response->instance_id == '\0')
		return RESPONSE_INVALID;
	if (eas_meeting_instance_parse(response->instance_id,
				       &response->instance.start) < 0)
		return RESPONSE_INVALID_TIME;
	response->has_instance = TRUE;
	response->answer.instances = &response->instance;
	response->answer.instances_count = 1;
	return 0;
}

static enum response_status response_parse_ids(struct response *response)
{
	const struct wbxml_node *node = response->node;
	const char *collection, *long_id, *id;

	collection = wbxml_child_text(node, EAS_MEETINGRESPONSE_COLLECTION_ID);
	long_id = wbxml_child_text(node, EAS_SEARCH_LONG_ID);
	if (long_id != NULL) {
		if (collection != NULL || response->request_id != NULL ||
		    eas_long_id_parse(long_id, &id, &response->uidvalidity,
				      &response->uid) < 0)
			return RESPONSE_INVALID;
	} else if (response->request_id == NULL ||
		   eas_item_id_parse(response->request_id, &id,
				     &response->uid) < 0 ||
		   (collection != NULL && strcmp(collection, id) != 0)) {
		return RESPONSE_INVALID;
	}
	response->folder_id = p_strdup(response->req->pool, id);
	return 0;
}

static enum response_status response_parse(struct response *response)
{
	static const enum pim_partstat partstats[] = {
		PIM_PARTSTAT_NEEDS_ACTION, PIM_PARTSTAT_ACCEPTED,
		PIM_PARTSTAT_TENTATIVE, PIM_PARTSTAT_DECLINED,
	};
	enum response_status status;
	unsigned int value;

	response->answer.now = ioloop_time;
	if (wbxml_child_uint(response->node, EAS_MEETINGRESPONSE_USER_RESPONSE,
			     &value) <= 0 || value < 1 || value > 3)
		return RESPONSE_INVALID;
	response->answer.partstat = partstats[value];
	if ((status = response_parse_ids(response)) != 0 ||
	    (status = response_parse_instance(response)) != 0)
		return status;
	return response_parse_send(response);
}

/* -- the record -- */

static void response_hash(struct sha256_ctx *hash, struct eas_request *req,
			  const struct wbxml_node *node)
{
	const char *text;

	sha256_loop(hash, &node->tag, sizeof(node->tag));
	text = node->data == NULL && !node->external ? NULL :
		eas_class_read_text(req, node);
	if (text != NULL)
		sha256_loop(hash, text, strlen(text));
	for (node = node->children; node != NULL; node = node->next)
		response_hash(hash, req, node);
	sha256_loop(hash, "", 1);
}

/* Which item of which mailbox, and what about it. Returns 0 or -1. */
static int response_name(struct response *response)
{
	unsigned char digest[SHA256_RESULTLEN];
	struct sha256_ctx hash;
	pool_t pool = response->req->pool;

	/* a RequestId is of the mailbox that the device has seen */
	if (response->uidvalidity == 0 &&
	    eas_collection_uidvalidity(response->req, response->folder_id,
				       &response->uidvalidity) < 0)
		return -1;

	sha256_init(&hash);
	response_hash(&hash, response->req, response->node);
	sha256_result(&hash, digest);
	response->op_request = p_strdup(pool, binary_to_hex(digest, 16));
	response->op_key = p_strdup_printf(pool, "%s:%u:%u %s",
		response->folder_id, response->uidvalidity, response->uid,
		response->instance_id == NULL ? "" : response->instance_id);
	return 0;
}

/* Returns 1 if this very request was done, 0, -1. */
static int response_recall(struct response *response)
{
	struct eas_request *req = response->req;
	const char *const *args;
	buffer_t *value;
	int ret;

	ret = store_op_get(req->store, pool_datastack_create(),
			   req->device->num, RESPONSE_OP, response->op_key,
			   &value);
	if (ret <= 0)
		return ret;
	args = t_strsplit(t_strndup(value->data, value->used), " ");
	if (str_array_length(args) != 3 ||
	    strcmp(args[0], response->op_request) != 0 ||
	    str_to_uint32(args[1], &response->calendar) < 0 ||
	    str_to_uint32(args[2], &response->calendar_uid) < 0)
		return 0;
	return 1;
}

static int response_record(struct response *response)
{
	struct eas_request *req = response->req;
	const char *value = t_strdup_printf("%s %u %u", response->op_request,
		response->calendar, response->calendar_uid);

	return store_op_put(req->store, req->device->num, RESPONSE_OP,
			    response->op_key, value, strlen(value));
}

/* -- the mail -- */

/* Returns 1, 0 if there is no such mail, -1 (logged). */
static int response_open_box(struct response *response, struct mailbox **box_r)
{
	struct eas_request *req = response->req;
	struct mailbox_status status;
	enum mail_error error;
	const char *errstr;
	int ret;

	ret = eas_folder_mailbox_alloc(req, response->folder, FALSE, box_r);
	if (ret <= 0)
		return ret;
	if (sync_mail_open(*box_r) < 0) {
		errstr = mailbox_get_last_internal_error(*box_r, &error);
		if (error == MAIL_ERROR_NOTFOUND || error == MAIL_ERROR_PERM)
			return 0;
		e_error(req->event, "Mailbox %s: %s", response->folder->vname,
			errstr);
		return -1;
	}
	mailbox_get_open_status(*box_r, STATUS_UIDVALIDITY, &status);
	return response->uidvalidity == 0 ||
		response->uidvalidity == status.uidvalidity ? 1 : 0;
}

static enum response_status
response_read_box(struct response *response, struct mailbox *box)
{
	struct eas_request *req = response->req;
	struct mailbox_transaction_context *trans;
	enum response_status status = 0;
	const char *error;
	struct mail *mail;
	int ret;

	trans = mailbox_transaction_begin(box, 0, "eas meeting response");
	mail = mail_alloc(trans, 0, NULL);
	if (!mail_set_uid(mail, response->uid))
		status = RESPONSE_INVALID;
	else {
		response->mail_found = TRUE;
		ret = eas_meeting_mail_read(req, req->pool, mail,
					    &response->meeting, &error);
		if (ret < 0) {
			e_info(req->event, "Mailbox %s: UID %u: The calendar "
			       "can't be read: %s", response->folder->vname,
			       response->uid, error);
		}
		/* 2.2.3.177.9: an item other than a meeting request */
		if (ret <= 0 ||
		    (response->meeting.peek.method != PIM_ITIP_REQUEST &&
		     response->meeting.peek.method != PIM_ITIP_ADD) ||
		    response->has_instance)
			status = RESPONSE_INVALID;
	}
	mail_free(&mail);
	mailbox_transaction_rollback(&trans);
	return status;
}

static enum response_status response_read_mail(struct response *response)
{
	struct mailbox *box = NULL;
	enum response_status status;
	int ret;

	T_BEGIN {
		ret = response_open_box(response, &box);
		if (ret <= 0) {
			status = ret < 0 ? RESPONSE_MAILBOX_ERROR :
				RESPONSE_INVALID;
		} else {
			status = response_read_box(response, box);
		}
	} T_END;
	if (box != NULL)
		mailbox_free(&box);
	return status;
}

static enum response_status response_find(struct response *response)
{
	int ret;

	ret = eas_folder_find(response->req, response->folder_id,
			      &response->folder);
	if (ret <= 0)
		return ret < 0 ? RESPONSE_SERVER_ERROR : RESPONSE_INVALID;
	if (response->folder->kind == STORE_KIND_NONE)
		return response_read_mail(response);
	/* <3> Section 2.2.1.11: up to 14.0 mails only */
	return response->folder->kind == STORE_KIND_CALENDAR &&
		response->req->version >= EAS_VERSION_14_1 ? 0 :
		RESPONSE_INVALID;
}

/* -- the calendar -- */

/* The event that is answered. Returns 1, 0, -1. */
static int response_get_event(struct response *response,
			      struct store_item *item)
{
	struct eas_request *req = response->req;
	pool_t pool = pool_datastack_create();

	if (response->folder->kind == STORE_KIND_CALENDAR) {
		return store_item_get(req->store, pool,
				      response->folder->pim_id, response->uid,
				      item);
	}
	if (eas_meeting_apply(req, &response->meeting,
			      EAS_MEETING_APPLY_ASKED) < 0)
		return -1;
	/* an invitation to some occurrences is no question about the others */
	response->answer.instances = response->meeting.peek.instances;
	response->answer.instances_count =
		response->meeting.peek.instances_count;
	return eas_meeting_find(req, pool, response->meeting.peek.uid, item);
}

static int
response_queue_mail(struct response *response, const char *organizer,
		    const string_t *message)
{
	struct pim_scheduling_person person = { .address = organizer };
	struct eas_outbox_letter letter;

	if (!response->send || *organizer == '\0')
		return 0;
	i_zero(&letter);
	letter.method = response->answer.has_proposed ? PIM_ITIP_COUNTER :
		PIM_ITIP_REPLY;
	letter.partstat = response->answer.partstat;
	letter.people = &person;
	letter.people_count = 1;
	letter.text = t_strndup(str_data(message), str_len(message));
	letter.comment = response->answer.comment;
	letter.html = response->html;
	return eas_outbox_add(response->req, &letter);
}

static int
response_answer_failed(struct response *response,
		       enum pim_scheduling_answer_result result)
{
	switch (result) {
	case PIM_ANSWER_NOT_RECURRING:
		response->status = RESPONSE_NOT_RECURRING;
		break;
	default:
		response->status = RESPONSE_INVALID;
		break;
	}
	return -1;
}

/* Returns 0, or -1 with the status. */
static int response_answer(struct response *response, struct store_item *item)
{
	struct eas_request *req = response->req;
	const struct pim_scheduling_peek *peek = &response->meeting.peek;
	struct pim_scheduling_user user;
	enum pim_scheduling_answer_result result;
	string_t *text = t_str_new(4096), *message = t_str_new(1024);
	const char *organizer;
	unsigned int sequence;
	int64_t stamp;

	eas_meeting_user(req, &user);
	result = pim_scheduling_answer(&user, item->text, item->size,
				       &response->answer, text, message,
				       &organizer);
	if (result != PIM_ANSWER_CHANGED && result != PIM_ANSWER_REMOVED)
		return response_answer_failed(response, result);
	if (!pim_scheduling_address_is_valid(organizer))
		response->send = FALSE;
	response->status = RESPONSE_SERVER_ERROR;
	if (result == PIM_ANSWER_CHANGED) {
		if (eas_meeting_put(req, item, text) <= 0)
			return -1;
		response->calendar = item->folder;
		response->calendar_uid = item->uid;
	} else {
		pim_scheduling_version(item->text, item->size, &sequence,
				       &stamp);
		sequence = I_MAX(sequence, peek->sequence);
		stamp = I_MAX(stamp, peek->stamp);
		if (eas_meeting_remove(req, item, sequence, stamp) < 0)
			return -1;
	}
	/* 2.2.3.18: no CalendarId for what is declined */
	if (response->answer.partstat == PIM_PARTSTAT_DECLINED)
		response->calendar = response->calendar_uid = 0;
	if (response_queue_mail(response, organizer, message) < 0 ||
	    response_record(response) < 0)
		return -1;
	response->status = RESPONSE_SUCCESS;
	return 0;
}

static int response_change_locked(struct response *response)
{
	struct store_item item;
	int ret;

	/* another request may have done it meanwhile */
	ret = response_recall(response);
	if (ret > 0) {
		response->status = RESPONSE_SUCCESS;
		return 0;
	}
	response->status = RESPONSE_SERVER_ERROR;
	if (ret == 0)
		ret = response_get_event(response, &item);
	if (ret == 0)
		response->status = RESPONSE_INVALID;
	return ret <= 0 ? -1 : response_answer(response, &item);
}

static void response_change(struct response *response)
{
	struct store *store = response->req->store;
	int ret;

	if (store_begin(store) < 0) {
		response->status = RESPONSE_SERVER_ERROR;
		return;
	}
	T_BEGIN {
		ret = response_change_locked(response);
	} T_END;
	if (ret < 0)
		store_rollback(store);
	else if (store_commit(store) < 0)
		response->status = RESPONSE_SERVER_ERROR;
	else
		eas_meeting_notify(response->req);
}

/* What is answered is no invitation any more. A failure is logged, no more: the answer
   is given. */
static void response_move_mail(struct response *response)
{
	struct eas_request *req = response->req;
	struct eas_move move = { .uid = response->uid };
	struct eas_folder *trash;

	if (eas_folder_find_type(req, EAS_FOLDER_DELETED_ITEMS, &trash) <= 0 ||
	    strcmp(trash->id, response->folder->id) == 0)
		return;
	(void)eas_move_mails(req, response->folder, trash, &move, 1);
	if (move.result != EAS_MOVE_OK && move.result != EAS_MOVE_NO_SOURCE) {
		e_info(req->event, "Mailbox %s: The invitation with UID %u "
		       "was answered, but not moved to %s",
		       response->folder->vname, response->uid, trash->name);
	}
}

static void response_run(struct response *response)
{
	enum response_status status;
	int ret;

	response->request_id = wbxml_child_text(response->node,
						EAS_MEETINGRESPONSE_REQUEST_ID);
	response->status = response_parse(response);
	if (response->status != 0)
		return;
	ret = response_name(response);
	if (ret == 0)
		ret = response_recall(response);
	if (ret < 0) {
		response->status = RESPONSE_SERVER_ERROR;
		return;
	}
	status = response_find(response);
	if (ret > 0)
		response->status = RESPONSE_SUCCESS;
	else if (status != 0)
		response->status = status;
	else
		response_change(response);
	if (response->status == RESPONSE_SUCCESS && response->mail_found)
		response_move_mail(response);
}

/* -- the answer -- */

static void
response_write(const struct response *response, struct wbxml_writer *writer)
{
	wbxml_open(writer, EAS_MEETINGRESPONSE_RESULT);
	if (response->request_id != NULL &&
	    strlen(response->request_id) <= RESPONSE_MAX_ID) {
		wbxml_text(writer, EAS_MEETINGRESPONSE_REQUEST_ID,
			   response->request_id);
	}
	wbxml_uint(writer, EAS_MEETINGRESPONSE_STATUS, response->status);
	if (response->status == RESPONSE_SUCCESS &&
	    response->calendar_uid != 0) {
		wbxml_text(writer, EAS_MEETINGRESPONSE_CALENDAR_ID,
			   eas_item_id(dec2str(response->calendar),
				       response->calendar_uid));
	}
	if (response->has_instance &&
	    strlen(response->instance_id) == 24) {
		wbxml_text(writer, EAS_MEETINGRESPONSE_INSTANCE_ID,
			   response->instance_id);
	}
	wbxml_close(writer);
}

static void
response_write_too_many(struct eas_request *req, struct wbxml_writer *writer)
{
	struct response response = {
		.req = req, .status = RESPONSE_TOO_MANY,
	};

	wbxml_open(writer, EAS_MEETINGRESPONSE_MEETING_RESPONSE);
	response_write(&response, writer);
	wbxml_close(writer);
}

int eas_cmd_meetingresponse(struct eas_request *req)
{
	const struct wbxml_node *node, *first;
	struct wbxml_writer *writer;
	ARRAY(struct response) responses;
	struct response *response;

	first = wbxml_node_child(req->root, EAS_MEETINGRESPONSE_REQUEST);
	if (first == NULL)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	p_array_init(&responses, req->pool, 4);
	for (node = first; node != NULL; node = wbxml_node_next_same(node)) {
		if (array_count(&responses) == RESPONSE_MAX_REQUESTS) {
			response_write_too_many(req, eas_request_writer(req));
			return 1;
		}
		response = array_append_space(&responses);
		response->req = req;
		response->node = node;
	}
	(void)store_op_expire(req->store, EAS_OP_MAX_AGE);
	array_foreach_modifiable(&responses, response)
		response_run(response);
	eas_outbox_send(req);

	writer = eas_request_writer(req);
	wbxml_open(writer, EAS_MEETINGRESPONSE_MEETING_RESPONSE);
	array_foreach_modifiable(&responses, response)
		response_write(response, writer);
	wbxml_close(writer);
	return 1;
}
