#ifndef EAS_H
#define EAS_H

#include "roost-request.h"
#include "eas-tags.h"
#include "wbxml-tree.h"
#include "wbxml-writer.h"
#include "store-device.h"

/* ActiveSync's request: what the command functions work with. One table of
   commands (eas-commands.c), one dispatcher (eas-request.c), one file per
   command (cmd-*.c), one per item class (class-*.c). Protocol versions are
   numbers: 25, 120, 121, 140, 141, 160, 161. */

#define EAS_VERSION_2_5		25
#define EAS_VERSION_12_0	120
#define EAS_VERSION_12_1	121
#define EAS_VERSION_14_0	140
#define EAS_VERSION_14_1	141
#define EAS_VERSION_16_0	160
#define EAS_VERSION_16_1	161

#define EAS_CONTENT_TYPE "application/vnd.ms-sync.wbxml"
#define EAS_CONTENT_TYPE_MULTIPART "application/vnd.ms-sync.multipart"

/* How long what is recorded with store_op_put() is kept: a device that has lost an
   answer comes again within minutes, or when it is next in reach. */
#define EAS_OP_MAX_AGE (7 * 24 * 3600)

/* [MS-ASCMD] 2.2.2 Common Status Codes (those we use). Commands' own small
   numbers stand in their files. */
enum eas_status {
	EAS_STATUS_SUCCESS = 1,
	EAS_STATUS_INVALID_CONTENT = 101,
	EAS_STATUS_INVALID_WBXML = 102,
	EAS_STATUS_INVALID_XML = 103,
	EAS_STATUS_INVALID_DATE_TIME = 104,
	EAS_STATUS_INVALID_COMBINATION_OF_IDS = 105,
	EAS_STATUS_INVALID_IDS = 106,
	EAS_STATUS_INVALID_MIME = 107,
	EAS_STATUS_DEVICE_ID_MISSING_OR_INVALID = 108,
	EAS_STATUS_DEVICE_TYPE_MISSING_OR_INVALID = 109,
	EAS_STATUS_SERVER_ERROR = 110,
	EAS_STATUS_SERVER_ERROR_RETRY_LATER = 111,
	EAS_STATUS_MAILBOX_QUOTA_EXCEEDED = 113,
	EAS_STATUS_SEND_QUOTA_EXCEEDED = 115,
	EAS_STATUS_MESSAGE_RECIPIENT_UNRESOLVED = 116,
	EAS_STATUS_MESSAGE_PREVIOUSLY_SENT = 118,
	EAS_STATUS_MESSAGE_HAS_NO_RECIPIENT = 119,
	EAS_STATUS_MAIL_SUBMISSION_FAILED = 120,
	EAS_STATUS_MESSAGE_REPLY_FAILED = 121,
	EAS_STATUS_ATTACHMENT_IS_TOO_LARGE = 122,
	EAS_STATUS_USER_DISABLED_FOR_SYNC = 126,
	EAS_STATUS_DEVICE_IS_BLOCKED_FOR_THIS_USER = 129,
	EAS_STATUS_ACCESS_DENIED = 130,
	EAS_STATUS_SYNC_STATE_NOT_FOUND = 132,
	EAS_STATUS_SYNC_STATE_CORRUPT = 134,
	EAS_STATUS_VERSION_NOT_SUPPORTED = 138,
	EAS_STATUS_DEVICE_NOT_FULLY_PROVISIONABLE = 139,
	EAS_STATUS_REMOTE_WIPE_REQUESTED = 140,
	EAS_STATUS_LEGACY_DEVICE_ON_STRICT_POLICY = 141,
	EAS_STATUS_DEVICE_NOT_PROVISIONED = 142,
	EAS_STATUS_POLICY_REFRESH = 143,
	EAS_STATUS_INVALID_POLICY_KEY = 144,
	EAS_STATUS_EXTERNALLY_MANAGED_DEVICES_NOT_ALLOWED = 145,
	EAS_STATUS_NO_RECURRENCE_IN_CALENDAR = 146,
	EAS_STATUS_UNEXPECTED_ITEM_CLASS = 147,
	EAS_STATUS_INVALID_STORED_REQUEST = 149,
	EAS_STATUS_ITEM_NOT_FOUND = 150,
	EAS_STATUS_TOO_MANY_FOLDERS = 151,
	EAS_STATUS_BODY_PART_PREFERENCE_TYPE_NOT_SUPPORTED = 164,
	EAS_STATUS_INVALID_ACCOUNT_ID = 166,
	EAS_STATUS_IRM_FEATURE_DISABLED = 168,
	EAS_STATUS_TOO_MANY_DEVICES = 177,
	EAS_STATUS_INVALID_SMART_FORWARD_PARAMETERS = 178,
	EAS_STATUS_INVALID_FORWARDEES = 179,
	EAS_STATUS_INVALID_RECIPIENTS = 183,
};

struct eas_request;
struct eas_folders;

enum eas_command_flags {
	/* allowed before the device is provisioned, blocked devices included */
	EAS_COMMAND_NO_POLICY		= 0x01,
	/* the body may be empty */
	EAS_COMMAND_EMPTY_BODY		= 0x02,
	/* may be parked */
	EAS_COMMAND_LONG_POLL		= 0x04,
	/* the body is no WBXML (none for GetAttachment) */
	EAS_COMMAND_RAW_BODY		= 0x08,
	/* the answer is no WBXML */
	EAS_COMMAND_RAW_ANSWER		= 0x10,
	/* a provisioned device does not send its policy key with it */
	EAS_COMMAND_NO_POLICY_KEY	= 0x20,
	/* below 14.0 the body is message/rfc822 */
	EAS_COMMAND_MIME_BODY		= 0x40,
};

struct eas_command {
	const char *name;
	/* [MS-ASHTTP] 2.2.1.1.1.1.2, for base64 query strings; -1 = none */
	int code;
	unsigned int min_version, max_version;
	enum eas_command_flags flags;
	/* Root tag of request and answer, and the tag for a Status below it:
	   the dispatcher answers <root><status>N</status></root> for a command
	   that failed. 0 = none */
	unsigned int root_tag, status_tag;
	/* The Status that says that all is well, for the log; 0 = 1, as nearly
	   everywhere */
	unsigned int good_status;
	/* Returns 1 = the answer is complete, 0 = the request was parked, -1 =
	   failed: either req->status is set (Status answer) or the HTTP answer
	   is (eas_request_fail_http). */
	int (*func)(struct eas_request *req);
};

/* An attachment that this request has added to a draft. */
struct eas_added_attachment {
	uint32_t uid;
	const char *part;		/* IMAP part number */
	const char *client_id;		/* what the device calls it */
};

struct eas_request {
	struct roost_request *req;
	pool_t pool;			/* req's */
	struct event *event;
	const struct eas_command *cmd;
	unsigned int version;
	const char *device_id, *device_type, *user_agent;
	/* the partnership; saved already */
	struct store_device *device;
	struct store *store;
	const struct eas_quirks *quirks;
	uint32_t policy_key;		/* 0 = none or "0" */
	bool has_policy_key:1;		/* the device sent one, if only "0" */
	bool accept_multipart:1;
	bool save_in_sent:1;
	/* query parameters, NULL when absent */
	const char *attachment_name, *collection_id, *collection_name,
		*item_id, *long_id, *parent_id, *occurrence;
	struct wbxml_node *root;	/* NULL: no WBXML body */
	enum eas_status status;		/* for func's return -1 */
	/* created with the first one */
	ARRAY(struct eas_added_attachment) added_attachments;
	/* eas-folders.c's cache */
	struct eas_folders *folders;
	struct wbxml_writer *writer;
	/* eas_request_fail_http() was called */
	bool http_failed:1;
	/* eas_invitations_check() was called */
	bool invitations_checked:1;
};

/* The writer of the answer's document: the first call sets the content type and
   writes the header. Owned by req; the dispatcher finishes it. */
struct wbxml_writer *eas_request_writer(struct eas_request *req);
/* Drops everything that was written to the answer. */
void eas_request_reset_answer(struct eas_request *req);
/* Sets an HTTP error answer and returns -1. */
int eas_request_fail_http(struct eas_request *req, unsigned int status,
			  const char *reason);
/* Sets req->status and returns -1: the dispatcher answers <root><status> with
   HTTP 200. The common status codes above 100 become the HTTP status that
   [MS-ASCMD] 2.2.2 has for them when the version is below 14.0 or the command
   has no root. */
int eas_request_fail(struct eas_request *req, unsigned int status);
/* The same for a temporary failure of ours (already logged): Status 111, or 503
   with Retry-After. */
int eas_request_fail_temp(struct eas_request *req);
/* Adds MS-ASProtocolVersions, MS-ASProtocolCommands and X-MS-RP to the answer:
   for a device that starts its synchronization anew ([MS-ASHTTP] 3.2.5.1). */
void eas_request_add_versions(struct eas_request *req);

/* The protocol's entry, in the table of the worker. */
extern const struct roost_protocol eas_protocol;
extern const struct roost_protocol autodiscover_protocol;

/* Device peculiarities: table in eas-quirks.c. */
struct eas_quirks {
	/* matched as a prefix of DeviceType or User-Agent, or both; NULL =
	   any */
	const char *device_type, *user_agent;
	/* no OPAQUE in answers: text even for ConversationId */
	bool no_opaque:1;
	const char *comment;
};
/* Never NULL: the last row matches everything. */
const struct eas_quirks *
eas_quirks_find(const char *device_type, const char *user_agent);

#endif
