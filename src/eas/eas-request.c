/* Copyright (c) 2026 Roost authors, see the included COPYING file */

#include "lib.h"
#include "istream.h"
#include "ostream.h"
#include "strnum.h"
#include "roost-settings.h"
#include "eas-commands.h"
#include "eas-device.h"
#include "eas-query.h"
#include "eas-version.h"

/* An implementation's own text ([MS-ASHTTP] 2.2.2.1.2.5), but some clients take
   a number of Exchange's for granted: 15.2 is the one that speaks 16.1. */
#define EAS_SERVER_VERSION "15.2"
#define EAS_RETRY_AFTER_SECS "60"
/* the first byte of WBXML 1.0 to 1.3 */
#define EAS_WBXML_MAX_VERSION 0x03
/* of a User-Agent, in bytes */
#define EAS_MAX_USER_AGENT 256

/* [MS-ASCMD] 2.2.2: what stands for a common status where there is no Status */
static const struct {
	enum eas_status status;
	unsigned int http_status;
	const char *reason;
} eas_http_statuses[] = {
	{ EAS_STATUS_INVALID_CONTENT, 400, "Invalid content" },
	{ EAS_STATUS_INVALID_WBXML, 400, "Invalid WBXML" },
	{ EAS_STATUS_INVALID_XML, 400, "Invalid XML" },
	{ EAS_STATUS_INVALID_DATE_TIME, 400, "Invalid time" },
	{ EAS_STATUS_INVALID_COMBINATION_OF_IDS, 400, "Invalid parameters" },
	{ EAS_STATUS_INVALID_IDS, 400, "Invalid ids" },
	{ EAS_STATUS_INVALID_MIME, 400, "Invalid MIME" },
	{ EAS_STATUS_DEVICE_ID_MISSING_OR_INVALID, 400, "Invalid DeviceId" },
	{ EAS_STATUS_DEVICE_TYPE_MISSING_OR_INVALID, 400,
	  "Invalid DeviceType" },
	{ EAS_STATUS_SERVER_ERROR, 500, "Internal server error" },
	{ EAS_STATUS_SERVER_ERROR_RETRY_LATER, 503, "Try again later" },
	{ EAS_STATUS_MAILBOX_QUOTA_EXCEEDED, 507, "Quota exceeded" },
	{ EAS_STATUS_SEND_QUOTA_EXCEEDED, 500, "Beyond the sending limits" },
	{ EAS_STATUS_MESSAGE_RECIPIENT_UNRESOLVED, 500, "Invalid recipient" },
	{ EAS_STATUS_MESSAGE_PREVIOUSLY_SENT, 409, "Sent already" },
	{ EAS_STATUS_MESSAGE_HAS_NO_RECIPIENT, 500, "No recipient" },
	{ EAS_STATUS_MAIL_SUBMISSION_FAILED, 500, "Submission failed" },
	{ EAS_STATUS_MESSAGE_REPLY_FAILED, 500, "Cannot make a reply" },
	{ EAS_STATUS_ATTACHMENT_IS_TOO_LARGE, 500, "Message is too large" },
	{ EAS_STATUS_USER_DISABLED_FOR_SYNC, 403, "User is disabled" },
	{ EAS_STATUS_DEVICE_IS_BLOCKED_FOR_THIS_USER, 403,
	  "Device is blocked" },
	{ EAS_STATUS_ACCESS_DENIED, 403, "Access denied" },
	{ EAS_STATUS_SYNC_STATE_NOT_FOUND, 403, "State not found" },
	{ EAS_STATUS_SYNC_STATE_CORRUPT, 403, "State is corrupt" },
	{ EAS_STATUS_VERSION_NOT_SUPPORTED, 400,
	  "Command is not in this version" },
	{ EAS_STATUS_DEVICE_NOT_FULLY_PROVISIONABLE, 403,
	  "Policy cannot be applied" },
	{ EAS_STATUS_REMOTE_WIPE_REQUESTED, 449,
	  "Retry after sending a PROVISION command" },
	{ EAS_STATUS_LEGACY_DEVICE_ON_STRICT_POLICY, 449,
	  "Retry after sending a PROVISION command" },
	{ EAS_STATUS_DEVICE_NOT_PROVISIONED, 449,
	  "Retry after sending a PROVISION command" },
	{ EAS_STATUS_POLICY_REFRESH, 449,
	  "Retry after sending a PROVISION command" },
	{ EAS_STATUS_INVALID_POLICY_KEY, 449,
	  "Retry after sending a PROVISION command" },
	{ EAS_STATUS_EXTERNALLY_MANAGED_DEVICES_NOT_ALLOWED, 403,
	  "Externally managed devices are not allowed" },
	{ EAS_STATUS_UNEXPECTED_ITEM_CLASS, 400, "Unexpected class" },
	{ EAS_STATUS_INVALID_STORED_REQUEST, 400, "Invalid stored request" },
	{ EAS_STATUS_ITEM_NOT_FOUND, 500, "Item not found" },
	{ EAS_STATUS_TOO_MANY_FOLDERS, 403, "Too many folders" },
	{ EAS_STATUS_TOO_MANY_DEVICES, 403, "Too many devices" },
};

struct wbxml_writer *eas_request_writer(struct eas_request *req)
{
	if (req->writer == NULL) {
		roost_answer_add_header(req->req, "Content-Type",
					EAS_CONTENT_TYPE);
		req->req->answer.gzip = TRUE;
		req->writer = wbxml_writer_init(roost_answer_output(req->req));
		wbxml_writer_watch(req->writer, req->cmd->status_tag,
				   I_MAX(req->cmd->good_status,
					 EAS_STATUS_SUCCESS));
	}
	return req->writer;
}

void eas_request_reset_answer(struct eas_request *req)
{
	if (req->writer != NULL)
		wbxml_writer_abort(&req->writer);
	roost_answer_reset(req->req);
}

int eas_request_fail_http(struct eas_request *req, unsigned int status,
			  const char *reason)
{
	if (req->writer != NULL)
		wbxml_writer_abort(&req->writer);
	roost_answer_fail(req->req, status, reason);
	if (status == 503) {
		roost_answer_add_header(req->req, "Retry-After",
					EAS_RETRY_AFTER_SECS);
	}
	req->http_failed = TRUE;
	return -1;
}

int eas_request_fail(struct eas_request *req, unsigned int status)
{
	req->status = status;
	return -1;
}

int eas_request_fail_temp(struct eas_request *req)
{
	req->req->reopen_user = TRUE;
	return eas_request_fail(req, EAS_STATUS_SERVER_ERROR_RETRY_LATER);
}

static unsigned int eas_request_version_max(const struct eas_request *req)
{
	unsigned int max;

	if (eas_version_parse(req->req->user->set->roost_eas_version_max,
			      &max) <= 0)
		max = EAS_VERSION_16_1;
	if (req->device != NULL && req->device->version_max != 0)
		max = I_MIN(max, req->device->version_max);
	return max;
}

static void eas_request_add_offer(struct eas_request *req)
{
	unsigned int max = eas_request_version_max(req);

	roost_answer_add_header(req->req, "MS-ASProtocolVersions",
				eas_versions_list(max));
	roost_answer_add_header(req->req, "MS-ASProtocolCommands",
				eas_commands_list(max));
}

void eas_request_add_versions(struct eas_request *req)
{
	eas_request_add_offer(req);
	roost_answer_add_header(req->req, "X-MS-RP",
		eas_versions_list(eas_request_version_max(req)));
}

static void eas_request_send_http_status(struct eas_request *req)
{
	unsigned int i;

	for (i = 0; i < N_ELEMENTS(eas_http_statuses); i++) {
		if (eas_http_statuses[i].status == req->status) {
			(void)eas_request_fail_http(req,
				eas_http_statuses[i].http_status,
				eas_http_statuses[i].reason);
			return;
		}
	}
	/* [MS-ASCMD] 2.2.2: some 4xx */
	(void)eas_request_fail_http(req, 400, "Request failed");
}

/* Answers a failed command, see eas_request_fail(). */
static void eas_request_send_status(struct eas_request *req)
{
	const struct eas_command *cmd = req->cmd;
	struct wbxml_writer *writer;

	i_assert(req->status != 0);
	req->req->log_status = p_strdup_printf(req->pool, "%u", req->status);
	eas_request_reset_answer(req);
	if (req->status > 100 &&
	    (req->version < EAS_VERSION_14_0 || cmd->root_tag == 0)) {
		eas_request_send_http_status(req);
		return;
	}
	i_assert(cmd->root_tag != 0);
	writer = eas_request_writer(req);
	wbxml_open(writer, cmd->root_tag);
	wbxml_uint(writer, cmd->status_tag, req->status);
	wbxml_close(writer);
}

static int eas_request_options(struct eas_request *req)
{
	if (!req->req->user->set->roost_enabled)
		return eas_request_fail_http(req, 403, "User is disabled");
	eas_request_add_offer(req);
	roost_answer_add_header(req->req, "Allow", "OPTIONS, POST");
	roost_answer_add_header(req->req, "Public", "OPTIONS, POST");
	return 0;
}

static int
eas_request_find_version(struct eas_request *req, const struct eas_query *query)
{
	const char *header;
	int ret = 1;

	if (query->version != 0) {
		req->version = query->version;
		if (eas_version_to_string(req->version) == NULL)
			ret = 0;
	} else {
		/* required beside a plain query ([MS-ASHTTP] 2.2.1.1.2) */
		header = roost_request_header(req->req, "MS-ASProtocolVersion");
		ret = header == NULL ? -1 :
			eas_version_parse(header, &req->version);
	}
	if (ret < 0) {
		return eas_request_fail_http(req, 400,
			"MS-ASProtocolVersion is missing or malformed");
	}
	if (ret == 0 || req->version > eas_request_version_max(req)) {
		eas_request_fail_http(req, 501, "Unknown protocol version");
		/* a hint for clients that asked once and never again */
		eas_request_add_versions(req);
		return -1;
	}
	req->req->log_version = eas_version_to_string(req->version);
	return 0;
}

static int
eas_request_find_command(struct eas_request *req, const struct eas_query *query)
{
	if (query->command != NULL)
		req->cmd = eas_command_find(query->command);
	else
		req->cmd = eas_command_find_code(query->command_code);
	if (req->cmd != NULL) {
		req->req->log_command = req->cmd->name;
		return 0;
	}
	if (query->command == NULL && query->command_code == -1)
		return eas_request_fail_http(req, 400, "No command");
	return eas_request_fail_http(req, 501, "Unknown command");
}

static void eas_request_find_policy_key(struct eas_request *req,
					const struct eas_query *query)
{
	const char *header;

	if (query->has_policy_key) {
		req->has_policy_key = TRUE;
		req->policy_key = query->policy_key;
		return;
	}
	header = roost_request_header(req->req, "X-MS-PolicyKey");
	if (header == NULL)
		return;
	req->has_policy_key = TRUE;
	/* what is no number is no key of ours: as good as none */
	if (str_to_uint32(header, &req->policy_key) < 0)
		req->policy_key = 0;
}

static void
eas_request_copy_query(struct eas_request *req, const struct eas_query *query)
{
	const char *header;

	req->device_id = query->device_id;
	req->device_type = query->device_type;
	req->attachment_name = query->attachment_name;
	req->collection_id = query->collection_id;
	req->collection_name = query->collection_name;
	req->item_id = query->item_id;
	req->long_id = query->long_id;
	req->parent_id = query->parent_id;
	req->occurrence = query->occurrence;
	req->save_in_sent = query->save_in_sent;
	req->accept_multipart = query->accept_multipart;

	header = roost_request_header(req->req, "MS-ASAcceptMultiPart");
	if (header != NULL && strcasecmp(header, "T") == 0)
		req->accept_multipart = TRUE;
	header = roost_request_header(req->req, "User-Agent");
	if (header != NULL)
		req->user_agent = p_strndup(req->pool, header,
					    EAS_MAX_USER_AGENT);
	eas_request_find_policy_key(req, query);
}

/* The request line: -1 = it cannot even get a Status. */
static int eas_request_parse_line(struct eas_request *req)
{
	struct eas_query query;
	const char *error;

	if (eas_query_parse(req->pool, req->req->query, &query, &error) < 0) {
		e_debug(req->event, "Malformed request line: %s", error);
		return eas_request_fail_http(req, 400,
					     "Malformed request line");
	}
	eas_request_copy_query(req, &query);
	req->req->log_device = req->device_id;
	event_add_str(req->event, "device_id", req->device_id);
	event_add_str(req->event, "device_type", req->device_type);
	if (eas_request_find_command(req, &query) < 0 ||
	    eas_request_find_version(req, &query) < 0)
		return -1;
	event_add_str(req->event, "cmd", req->cmd->name);
	event_add_str(req->event, "version",
		      eas_version_to_string(req->version));
	return 0;
}

/* The user and the device: may they? */
static int eas_request_admit(struct eas_request *req)
{
	const char *error;

	if (!req->req->user->set->roost_enabled) {
		return eas_request_fail(req,
			EAS_STATUS_USER_DISABLED_FOR_SYNC);
	}
	if (req->version < req->cmd->min_version ||
	    req->version > req->cmd->max_version)
		return eas_request_fail(req, EAS_STATUS_VERSION_NOT_SUPPORTED);
	if (req->device_id == NULL) {
		return eas_request_fail(req,
			EAS_STATUS_DEVICE_ID_MISSING_OR_INVALID);
	}
	if (req->device_type == NULL) {
		return eas_request_fail(req,
			EAS_STATUS_DEVICE_TYPE_MISSING_OR_INVALID);
	}
	if (roost_user_get_store(req->req->user, &req->store, &error) < 0) {
		e_error(req->event, "%s", error);
		return eas_request_fail_temp(req);
	}
	if (eas_device_open(req) < 0)
		return -1;
	req->quirks = eas_quirks_find(req->device_type, req->user_agent);
	if (req->version > eas_request_version_max(req)) {
		eas_request_fail_http(req, 501, "Unknown protocol version");
		eas_request_add_versions(req);
		return -1;
	}
	return eas_device_check_access(req);
}

/* [MS-ASCMD] 2.2.1.17: a mail as it is below 14.0, in WBXML from there on. No
   header begins with the first byte of WBXML, so that it tells more than
   Content-Type. Returns 1 if the body is WBXML, 0 if it is not, -1 if it is the
   wrong one. */
static int eas_request_check_mime_body(struct eas_request *req)
{
	const unsigned char *data;
	size_t size;
	bool is_wbxml;

	if (i_stream_read_more(req->req->body, &data, &size) < 0) {
		e_error(req->event, "Cannot read request: %s",
			i_stream_get_error(req->req->body));
		return eas_request_fail_temp(req);
	}
	is_wbxml = data[0] <= EAS_WBXML_MAX_VERSION;
	if (is_wbxml == (req->version >= EAS_VERSION_14_0))
		return is_wbxml ? 1 : 0;
	return eas_request_fail(req, EAS_STATUS_INVALID_CONTENT);
}

static int eas_request_read_body(struct eas_request *req)
{
	enum wbxml_error kind;
	const char *error;
	int ret;

	if ((req->cmd->flags & EAS_COMMAND_RAW_BODY) != 0)
		return 0;
	if (req->req->body == NULL || req->req->body_size == 0) {
		if ((req->cmd->flags & EAS_COMMAND_EMPTY_BODY) != 0)
			return 0;
		return eas_request_fail(req, EAS_STATUS_INVALID_CONTENT);
	}
	if ((req->cmd->flags & EAS_COMMAND_MIME_BODY) != 0) {
		ret = eas_request_check_mime_body(req);
		if (ret <= 0)
			return ret;
	}
	if (wbxml_tree_read(req->req->body, &eas_code_space,
			    &wbxml_default_limits, req->pool, &req->root,
			    &kind, &error) < 0) {
		switch (kind) {
		case WBXML_ERROR_UNKNOWN_TAG:
			e_info(req->event, "Cannot understand request: %s",
			       error);
			return eas_request_fail(req, EAS_STATUS_INVALID_WBXML);
		case WBXML_ERROR_IO:
			e_error(req->event, "Cannot read request: %s", error);
			return eas_request_fail_temp(req);
		default:
			e_info(req->event, "Malformed request: %s", error);
			return eas_request_fail_http(req, 400,
						     "Malformed document");
		}
	}
	if (req->root->tag != req->cmd->root_tag)
		return eas_request_fail(req, EAS_STATUS_INVALID_XML);
	return 0;
}

static int eas_request_run(struct eas_request *req)
{
	int ret;

	if (eas_request_admit(req) < 0 ||
	    eas_request_read_body(req) < 0)
		return -1;
	ret = req->cmd->func(req);
	i_assert(ret != 0 || (req->cmd->flags & EAS_COMMAND_LONG_POLL) != 0);
	return ret;
}

static int eas_request_dispatch(struct eas_request *req)
{
	if (strcmp(req->req->method, "OPTIONS") == 0) {
		req->req->log_command = "OPTIONS";
		return eas_request_options(req);
	}
	if (strcmp(req->req->method, "POST") != 0) {
		/* [MS-ASHTTP] 2.2.2.1.1 wants 501 for a method that the
		   server does not support for any resource */
		eas_request_fail_http(req, 501, "Unsupported method");
		roost_answer_add_header(req->req, "Allow", "OPTIONS, POST");
		return -1;
	}
	if (eas_request_parse_line(req) < 0)
		return -1;
	if (eas_request_run(req) < 0 && !req->http_failed)
		eas_request_send_status(req);
	return 0;
}

/* For the log: what the device was told. */
static void eas_request_log_status(struct eas_request *req)
{
	uint64_t status = wbxml_writer_watched(req->writer);

	if (status != 0) {
		req->req->log_status =
			p_strdup_printf(req->pool, "%"PRIu64, status);
	}
}

static int eas_run(struct roost_request *rreq)
{
	struct eas_request *req;
	int ret = 0;

	req = p_new(rreq->pool, struct eas_request, 1);
	req->req = rreq;
	req->pool = rreq->pool;
	req->event = rreq->event;
	roost_answer_add_header(rreq, "MS-Server-ActiveSync",
				EAS_SERVER_VERSION);
	roost_answer_add_header(rreq, "Cache-Control", "private");

	T_BEGIN {
		(void)eas_request_dispatch(req);
	} T_END;
	if (req->writer != NULL)
		eas_request_log_status(req);
	if (req->writer != NULL && wbxml_writer_finish(&req->writer) < 0) {
		e_error(req->event, "Cannot write answer: %s",
			o_stream_get_error(rreq->answer.output));
		eas_request_reset_answer(req);
		ret = -1;
	}
	return ret;
}

static const char *const eas_paths[] = {
	"/Microsoft-Server-ActiveSync",
	NULL
};

const struct roost_protocol eas_protocol = {
	.name = "eas",
	.paths = eas_paths,
	.run = eas_run,
};
